"""retrieve: the k history items that matter for a draft; never the whole store.

Three things make an item worth reading: it is near to the draft in its words (relevance: BM25, `Searchable.search`), it is new
(recency: habits drift), and it shows how the user writes where the draft has a choice (coverage).

    value(S) = sum of fused(i) for i in S + COVERAGE * share of the draft's places that S shows and chance would leave unshown
    fused(i) = FIRST * (1 / (CONSTANT + rank by relevance) + RECENCY / (CONSTANT + rank by date)), 0 for a rank that i does not have

`fused` is reciprocal rank fusion (Cormack, Clarke and Büttcher 2009, doi 10.1145/1571941.1572114), scaled so that the nearest item has 1;
it needs no scores that could be compared. A sum of values plus covered shares is monotone submodular (Lin and Bilmes 2011, ACL Anthology P11-1052), so taking
one best item after another comes within 1 - 1/e of the best set (Nemhauser, Wolsey and Fisher 1978). That also does what maximal
marginal relevance (Carbonell and Goldstein 1998, doi 10.1145/290941.291025) does, with "says the same" read as "shows the same habits".

Which items show a variant is what the profile's evidence says: a few ids each, the newest. Other items may show it, too; how likely that is,
the counts say: of a variant that stands n times in N items, k items by chance show none with probability exp(-k n / N) (Poisson; a variant whose uses
crowd in few items looks commoner than it is). So what stands in every other text takes nobody's seat, and what is rare brings its item in.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from rpo_edge.records import Evidence, HistoryItem, StyleProfile
from rpo_edge.segment import plain_words
from rpo_edge.steps.preferences import stated_rates
from rpo_edge.steps.private import PRIVATE_RUN
from rpo_edge.steps.profile import backoffs, distribution, free_sites
from rpo_edge.store.search import MOST_WORDS, words_of

COVERAGE = 5.0
"""What showing all places is worth, in nearest items; `training/LOG.md`, section 7, has other weights beside it."""
RECENCY = 0.05
"""Of the newest item against the nearest one: it settles what relevance leaves close, and the newest fill up. More costs relevance (there, too)."""
CONSTANT = 60.0  # Cormack et al. 2009
FIRST = CONSTANT + 1  # so that the nearest item has 1

_HEAD = 2000  # code points of a draft that steer the search
_PLACES = 800  # code points of a draft whose places are looked at: some 5 ms for each 1,000
_POOL = 4  # times k items are ranked by relevance and by date, so that one that has both can come up


class Searchable(Protocol):
    """What is needed of a history; its items have ids."""

    def search(self, query: str, k: int) -> list[HistoryItem]: ...
    def recent(self, k: int) -> list[HistoryItem]: ...
    def get(self, number: int) -> HistoryItem | None: ...


@dataclass(frozen=True, slots=True)
class Mix:
    """What an item may be chosen for; each can be switched off, to see what it brings. With all off, nothing is retrieved."""

    relevance: bool = True
    recency: bool = True
    coverage: bool = True


ALL = Mix()


@dataclass(frozen=True, slots=True)
class Want:
    """Places of a draft, all with one feature key: the variant that the user writes more often than the draft does.

    places: how many; other: how many of them show another variant. missed: the chance that k items by lot do not show it.
    shown_by: ids of items that do.
    """

    key: str
    variant: str
    places: int
    other: int
    missed: float
    shown_by: frozenset[int]


def retrieve(
    history: Searchable, draft: str, query: str | None = None, k: int = 8, profile: StyleProfile | None = None, mix: Mix = ALL
) -> Evidence:
    """At most k items, best first, by the formula above: each adds most to those before it, so a reader with less room takes the first ones.

    profile: the user's; without it there is no coverage. An item that is the draft itself, holds it whole or is a part of it (of six
    words or more) says nothing of how the user would put it, and is left out; so is what repeats another's text.
    """
    if k < 1:
        return Evidence((), query)
    near = history.search(_steer(query, draft[:_HEAD]), k * _POOL) if mix.relevance else []
    new = history.recent(k * _POOL) if mix.recency else []
    wanted = wants(draft[:_PLACES], profile, k) if mix.coverage and profile else []
    items = {item.id: item for item in [*near, *new] if item.id is not None}
    for number in sorted({number for want in wanted for number in want.shown_by} - items.keys()):
        item = history.get(number)
        if item is not None:  # None: forgotten by another process since the profile was read
            items[number] = item
    is_new = _New(draft)
    chosen = _greedy(_fused(near, new), wanted, items, lambda number: is_new(items[number]))
    return Evidence(tuple(items[number] for number in islice(chosen, min(k, len(items)))), query)


def _steer(query: str | None, draft: str) -> str:
    """What is searched for: of the words that a search reads, half are the query's and half the draft's, and one has what the other leaves."""
    if not query:
        return draft
    about = words_of(draft)
    return " ".join([*words_of(query)[: max(MOST_WORDS // 2, MOST_WORDS - len(about))], *about])


def wants(draft: str, profile: StyleProfile, k: int = 8) -> list[Want]:
    """For each feature key of the draft's free places that can be changed, what the user would rather have there.

    Nothing where the user stated a preference (no text is needed to show it) or was seen too seldom to have a habit.
    """
    stated = stated_rates(profile.preferences)
    names = frozenset(name for key in profile.habits if (name := key.partition(":")[0]) not in stated)
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for site in free_sites(draft, features=names):
        if site.options:
            seen[site.key][site.variant] += 1
    known = {name: [key for key in profile.habits if key.partition(":")[0] == name] for name in {key.partition(":")[0] for key in seen}}
    counts = {key: profile.habits[key].counts for keys in known.values() for key in keys}
    totals = backoffs(counts)
    found = []
    for key, shown in seen.items():
        rates = distribution(key, counts, totals)
        if rates is not None:
            variant = _lacking(rates, shown)
            number, ids = _support(profile, key, known[key.partition(":")[0]], variant)
            places = shown.total()
            missed = math.exp(-k * number / max(1, profile.items))
            found.append(Want(key, variant, places, places - shown[variant], missed, ids))
    return found


def _lacking(rates: Mapping[str, float], shown: Counter[str]) -> str:
    """The variant by whose rate the user is farthest above the draft; where they agree, the user's commonest."""
    return max(sorted(rates), key=lambda variant: (rates[variant] - shown[variant] / shown.total(), rates[variant]))


def _support(profile: StyleProfile, key: str, keys: Sequence[str], variant: str) -> tuple[float, frozenset[int]]:
    """How often the variant was seen, and items that show it: of this very key, or else of its whole feature."""
    for some in ([key] if key in profile.habits else [], keys):
        habits = [profile.habits[one] for one in some]
        number = sum(habit.counts.get(variant, 0.0) for habit in habits)
        if number:
            return number, frozenset(i for habit in habits for i in habit.evidence.get(variant, ()))
    return 0.0, frozenset()


def _fused(near: Sequence[HistoryItem], new: Sequence[HistoryItem]) -> dict[int, float]:
    """Value by id of all that was ranked."""
    scores: dict[int, float] = {}
    for weight, items in ((1.0, near), (RECENCY, new)):
        for rank, item in enumerate(items, 1):
            if item.id is not None:
                scores[item.id] = scores.get(item.id, 0.0) + FIRST * weight / (CONSTANT + rank)
    return scores


class _New:
    """Says whether an item is neither the draft's own words nor those of an item that was asked about before."""

    def __init__(self, draft: str) -> None:
        self._draft = _spaced(draft)
        self._before: set[str] = set()

    def __call__(self, item: HistoryItem) -> bool:
        words = _spaced(item.text)
        shorter, longer = sorted((words, self._draft), key=len)
        if words in self._before or words == self._draft or (len(shorter.split()) >= PRIVATE_RUN and shorter in longer):
            return False
        self._before.add(words)
        return True


def _spaced(text: str) -> str:
    """Its words, each between blanks, so that one text can be looked for in another."""
    return f" {' '.join(plain_words(text))} "


def _greedy(fused: Mapping[int, float], wanted: Sequence[Want], ids: Iterable[int], is_new: Callable[[int], bool]) -> Iterator[int]:
    """Ids, each adding most to what those before it are worth; of equals, the later id, which is the newer text."""
    total = sum(want.places for want in wanted)
    left, free = list(wanted), set(ids)
    while free:
        gains: dict[int, float] = defaultdict(float)
        for want in left:
            for number in want.shown_by & free:
                gains[number] += COVERAGE * want.places * want.missed / total
        best = max(free, key=lambda number: (fused.get(number, 0.0) + gains[number], number))
        if not fused.get(best) and not gains[best]:
            return
        free.remove(best)
        if is_new(best):
            yield best
            left = [want for want in left if best not in want.shown_by]
