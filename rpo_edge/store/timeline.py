"""How habits move: counts by month, the newest texts against all others, and sentences that show a habit.

All is read from the store as it is, by SQL over `measures` and `items.date`; nothing is kept for it. Dates are read in the extended form of
ISO 8601 ("2024-05-06…"); an item without one, or with one that lies in the future, counts in the whole and in no month.

    months    by month, for a page: reads the counts of every item
    latest    the last 30 days: reads the counts of at most `MOST_RECENT` items, however many there are
    recent    how many items came in lately: reads the dates of those alone
    samples   sentences: reads the few items that the profile names as evidence
"""

from __future__ import annotations

import re
import sqlite3
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from math import sqrt
from pathlib import Path
from typing import NamedTuple

from rpo_edge.features import CHOICES, LABELS
from rpo_edge.features.framing import STOCK
from rpo_edge.records import StyleProfile
from rpo_edge.segment import Span, sentences
from rpo_edge.steps.profile import Counts, counts_of, free_sites, totals_by_name
from rpo_edge.store.counting import SIDES
from rpo_edge.store.files import translated

DAYS = 30
"""What "lately" means."""

MOST_RECENT = 100
"""Items whose counts are read for what is new: some 10,000 words of blog posts, and a few milliseconds."""

MINIMUM = 20.0
"""Fewer sites than this, then or now, and nothing is said about a change."""

USUAL = 1.96
"""Standard errors on either side of a 95% interval."""

SURE = 3.29
"""Of a 99.9% interval. A profile has some forty rates, and sites of one text are more alike than chance alone would have them."""

SPREADS = frozenset(["sentence_words", "paragraph_words"])
"""Features with a mean instead of shares."""

PER_WORD = frozenset(["lexical", "question", "parenthesis", "structure"])
"""Features that are counted against words; all others are shares of their own sites."""

ABSENT = frozenset(
    {(name, "none") for name in (*STOCK, "addition", "greeting", "sign_off", "emoji")}
    | {
        ("bold", "plain"),
        ("exclamation", "."),
        ("sentence_case", "upper"),
        ("pronoun_case", "upper"),
        ("ampersand", "and"),
        ("semicolon", "full stop"),
    }
)
"""Feature and variant that say that something is not there: any sentence shows them."""

_DAY = "date glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'"
_OLDEST = "1000"  # what is dated before was dated wrongly
_MONTH = f"""case when date > '{_OLDEST}' and date glob '[0-9][0-9][0-9][0-9]-[01][0-9]*' and substr(date, 6, 2) between '01' and '12'
             then substr(date, 1, 7) end"""
_LONGEST = 120  # characters of a sentence shown on either side of what it is shown for


# -- rates -------------------------------------------------------------------------------------------------------------


class Estimate(NamedTuple):
    """A rate from 0 to 1 (or a mean, in words) with its interval; `of`: how many sites (or words, sentences, paragraphs) it is of."""

    value: float
    low: float
    high: float
    of: float


def wilson(seen: float, of: float, z: float = USUAL) -> Estimate:
    """The share of `seen` with Wilson's score interval (E. B. Wilson, JASA 22, 1927), which holds for shares near 0 and 1 too. of > 0."""
    of = max(of, seen)
    share, square = seen / of, z * z / of
    centre = (share + square / 2) / (1 + square)
    half = z / (1 + square) * sqrt(share * (1 - share) / of + square / (4 * of))
    return Estimate(share, max(0.0, centre - half), min(1.0, centre + half), of)


def mean(counts: Mapping[str, float], z: float = USUAL) -> Estimate:
    """The mean of n lengths of which `sum` and sum of `squares` are known, with its normal interval."""
    n, value = counts["n"], counts["sum"] / counts["n"]
    half = z * sqrt(max(0.0, counts["squares"] / n - value * value) / n)
    return Estimate(value, max(0.0, value - half), value + half, n)


def estimates(name: str, counts: Mapping[str, float], words: float, z: float = USUAL) -> dict[str, Estimate]:
    """The estimates of one feature by variant ("mean" for spreads), commonest first; {} where nothing was counted.

    counts: of the whole feature by variant; words: of the same texts.
    """
    if name in SPREADS:
        return {"mean": mean(counts, z)} if counts.get("n", 0) > 0 else {}
    seen = {variant: n for variant, n in counts.items() if n > 0 and (name, variant) != ("lexical", "words")}
    of = words if name in PER_WORD else sum(seen.values())
    return {variant: wilson(n, of, z) for variant, n in sorted(seen.items(), key=lambda pair: (-pair[1], pair[0]))} if of > 0 else {}


def words_of(counts: Counts) -> float:
    """Words are one of the measures."""
    return counts.get("lexical", {}).get("words", 0.0)


def beyond_chance(one: Estimate, other: Estimate) -> bool:
    """Whether the interval of the difference, made of the two intervals, leaves out 0.

    For shares this is Newcombe's hybrid score interval (R. G. Newcombe, Statistics in Medicine 17, 1998, 873-890, method 10); the
    same for means (G. Y. Zou and A. Donner, Statistics in Medicine 27, 2008, 1693-1702). It is as sure as the two intervals are.
    """
    if one.value < other.value:
        one, other = other, one
    return one.value - other.value > sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)


# -- what is read ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Month:
    """The items dated in one month; counts by feature name and variant."""

    items: int
    counts: Counts

    @property
    def words(self) -> float:
        """Of all items."""
        return words_of(self.counts)


@dataclass(frozen=True, slots=True)
class Change:
    """A variant that is more or less common than it was; for spreads the variant is "mean"."""

    variant: str
    before: Estimate
    now: Estimate


@dataclass(frozen=True, slots=True)
class Latest:
    """Counts of the newest items, and of all others. since: the first day of the newest ones."""

    since: str
    items: int
    now: Counts
    before: Counts

    def changes(self) -> dict[str, Change]:
        """The greatest change of each feature in which there is one that is no chance (see `beyond_chance`, `SURE`, `MINIMUM`)."""
        found = {name: _change(name, self.before, self.now) for name in LABELS}
        return {name: change for name, change in found.items() if change is not None}


def _change(name: str, before: Counts, now: Counts) -> Change | None:
    """The variant that moved furthest; of two that moved as far, one that says that something is there, and the one that grew."""
    then, lately = (estimates(name, counts.get(name, {}), words_of(counts), SURE) for counts in (before, now))
    sides = [next(iter(side.values())).of if side else 0.0 for side in (then, lately)]
    if min(sides) < MINIMUM:
        return None
    changes = [
        Change(variant, then.get(variant, wilson(0, sides[0], SURE)), lately.get(variant, wilson(0, sides[1], SURE)))
        for variant in {**then, **lately}
    ]
    sure = [change for change in changes if beyond_chance(change.now, change.before)]
    return max(sure, key=lambda c: (_distance(c), (name, c.variant) not in ABSENT, c.now.value), default=None)


def _distance(change: Change) -> float:
    """Of two variants that make up the whole, both moved as far, but for what floating point numbers add."""
    return round(abs(change.now.value - change.before.value), 9)


@dataclass(frozen=True, slots=True)
class Sample:
    """A sentence in three parts on one line: `shown` is the place, in whole words. item: its id; date: as stored."""

    before: str
    shown: str
    after: str
    item: int
    date: str | None


Places = dict[tuple[str, str], Sample]
"""The first place of each feature key and variant in one text."""


@dataclass(frozen=True)
class Timeline:
    """Reads what an open store has counted by now (`History.profile` counts what is left). today: what is dated later is not believed.

    lock: the store's, held while it is read, or another thread's transaction would be seen before it is done.
    """

    connection: sqlite3.Connection
    path: Path
    lock: threading.RLock
    today: date = field(default_factory=date.today)
    _places: dict[int, Places] = field(default_factory=dict, repr=False)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self.lock, translated(self.path):
            yield

    def months(self) -> dict[str, Month]:
        """The months that have items, oldest first, by name ("2024-05")."""
        latest = f"{self.today:%Y-%m}"
        dated = f"select id, {_MONTH} as month from items"
        # Looked up row by row, the dates would take as long again; `limit` keeps the months together in a table of their own.
        counted = f"""select month, feature, variant, sum(n) from measures cross join ({dated} where month <= ? limit -1) dated
                      on dated.id = item_id where feature <> ? group by feature, variant, month"""
        with self._reading():
            items = self.connection.execute(
                f"select month, count(*) from ({dated}) where month <= ? group by month order by month", [latest]
            )
            sizes = dict(items.fetchall())
            counts: dict[str, dict[str, dict[str, float]]] = {}
            for month, feature, variant, n in self.connection.execute(counted, [latest, SIDES]):
                counts.setdefault(month, {}).setdefault(feature, {})[variant] = n
        return {month: Month(n, totals_by_name(counts.get(month, {}))) for month, n in sizes.items()}

    def latest(self, profile: StyleProfile) -> Latest | None:
        """The items of the 30 days up to the newest one, or the newest `MOST_RECENT` of these, against all others, dated or not.

        profile: of the whole store. None where no item has a date.
        """
        since = self._since()
        if since is None:
            return None
        newest = f"select id, date from items where date >= ? and date < ? and {_DAY} order by date desc, id desc limit {MOST_RECENT}"
        counted = (
            f"select feature, variant, sum(n) from measures where item_id in (select id from ({newest})) and feature <> ? group by 1, 2"
        )
        now: dict[str, dict[str, float]] = {}
        with self._reading():
            rows = self.connection.execute(newest, [since, self._tomorrow]).fetchall()
            for feature, variant, n in self.connection.execute(counted, [since, self._tomorrow, SIDES]):
                now.setdefault(feature, {})[variant] = n
        lately = totals_by_name(now)
        return Latest(rows[-1][1][:10], len(rows), lately, _less(totals_by_name(counts_of(profile)), lately))

    def recent(self) -> dict[str, int]:
        """Items of the 30 days up to the newest one, by source."""
        sql = f"select source, count(*) from items where date >= ? and date < ? and {_DAY} group by source"
        since = self._since()
        with self._reading():
            return dict(self.connection.execute(sql, [since, self._tomorrow]).fetchall()) if since else {}

    def year(self) -> dict[str, int]:
        """Items of each of the twelve months up to the newest item's, empty ones too, by name."""
        since = self._since(0)
        if since is None:
            return {}
        last = int(since[:4]) * 12 + int(since[5:7]) - 1
        names = [month_name(number) for number in range(last - 11, last + 1)]
        sql = "select substr(date, 1, 7), count(*) from items where date >= ? and date < ? group by 1"
        with self._reading():
            counts = dict(self.connection.execute(sql, [names[0], self._tomorrow]).fetchall())
        return {name: counts.get(name, 0) for name in names}

    @property
    def _tomorrow(self) -> str:
        """The first text that is greater than any moment of tomorrow's: it is tomorrow already east of here."""
        return (self.today + timedelta(days=2)).isoformat()

    def _since(self, days: int = DAYS) -> str | None:
        """The day that lies so many days before the newest item's."""
        day = "substr(date, 1, 10)"
        sql = f"select {day} from items where date > '{_OLDEST}' and date < ? and {_DAY} and date({day}) = {day}"  # no 30th of February
        with self._reading():
            row = self.connection.execute(f"{sql} order by date desc limit 1", [self._tomorrow]).fetchone()
        return (date.fromisoformat(row[0]) - timedelta(days=days)).isoformat() if row else None

    def samples(self, profile: StyleProfile, name: str, variant: str, k: int = 3) -> list[Sample]:
        """Up to k different sentences of different items that show this variant of a feature with sites; [] for those of `ABSENT`."""
        if (name, variant) in ABSENT or not any(choice.name == name for choice in CHOICES):
            return []
        found = (self._shown(item).get((key, variant)) for key, item in _evidence(profile, name, variant))
        different = _different(sample for sample in found if sample is not None)
        return list(islice(different, k))

    def _shown(self, item: int) -> Places:
        if item not in self._places:
            with self._reading():
                row = self.connection.execute("select text, date from items where id = ?", [item]).fetchone()
            self._places[item] = _places(item, *row) if row else {}
        return self._places[item]


def month_name(number: int) -> str:
    """The name of a month from its number since the year 0."""
    return f"{number // 12:04}-{number % 12 + 1:02}"


def month_number(name: str) -> int:
    """The other way round."""
    return int(name[:4]) * 12 + int(name[5:7]) - 1


def _less(whole: Counts, part: Counts) -> dict[str, dict[str, float]]:
    return {name: {v: max(0.0, n - part.get(name, {}).get(v, 0.0)) for v, n in counts.items()} for name, counts in whole.items()}


def _evidence(profile: StyleProfile, name: str, variant: str) -> Iterator[tuple[str, int]]:
    """Keys and items that show the variant: the newest of each of the feature's details, commonest detail first; then the next ones."""
    own = [habit for key, habit in profile.habits.items() if key.partition(":")[0] == name and habit.counts.get(variant, 0) > 0]
    own.sort(key=lambda habit: -habit.counts[variant])
    seen: set[int] = set()
    for rank in range(max((len(habit.evidence.get(variant, ())) for habit in own), default=0)):
        for habit in own:
            for item in habit.evidence.get(variant, ())[rank : rank + 1]:
                if item not in seen:
                    seen.add(item)
                    yield habit.feature, item


def _different(samples: Iterable[Sample]) -> Iterator[Sample]:
    seen: set[str] = set()
    for sample in samples:
        sentence = sample.before + sample.shown + sample.after
        if sentence not in seen:
            seen.add(sentence)
            yield sample


def _places(item: int, text: str, day: str | None) -> Places:
    """What is frozen shows nothing, as it does not count."""
    found: Places = {}
    spans = sentences(text)
    starts = [span.start for span in spans]
    for site in free_sites(text):
        if (site.key, site.variant) not in found:
            first, last = (spans[max(0, bisect_right(starts, place) - 1)] for place in (site.start, max(site.start, site.end - 1)))
            parts = _parts(text, Span(first.start, max(last.end, site.end)), site.start, site.end)
            found[site.key, site.variant] = Sample(*parts, item, day)
    return found


def _parts(text: str, sentence: Span, start: int, end: int) -> tuple[str, str, str]:
    """The sentence before, at and after a place, which grows to whole words: a missing comma is not seen otherwise."""
    while start > sentence.start and not text[start - 1].isspace():
        start -= 1
    while end < sentence.end and not text[end].isspace():
        end += 1
    first, last = max(sentence.start, start - _LONGEST), min(sentence.end, end + _LONGEST)
    before = ("…" if first > sentence.start else "") + text[first:start]
    after = text[end:last] + ("…" if last < sentence.end else "")
    lines = [re.sub(r"\s+", " ", part) for part in (before, text[start:end], after)]
    return lines[0].lstrip(), lines[1], lines[2].rstrip()
