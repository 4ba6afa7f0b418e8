"""The users of the evaluation: authors whose texts are measured once, so that any part of their history makes a profile."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from rpo_edge.edits import apply, shift
from rpo_edge.engine import guarded
from rpo_edge.history import History
from rpo_edge.pipeline import read, reflect
from rpo_edge.records import EVIDENCE_IDS, Edit, Evidence, Habit, HistoryItem, StyleProfile
from rpo_edge.reflectors.base import Reflector
from rpo_edge.reflectors.observed import Observed
from rpo_edge.segment import plain_words
from rpo_edge.steps.private import runs
from rpo_edge.steps.profile import Counts, make_profile, measure
from training import data, oracle
from training.trajectories.base import profile_of, summed

Runs = set[tuple[str, ...]]
NO_TEXTS = Evidence()


class Known(NamedTuple):
    """What there is of a user for one draft: the profile, what the guard must not let through, and the texts that were retrieved."""

    profile: StyleProfile
    runs: Runs
    evidence: Evidence = NO_TEXTS


class Hiding:
    """Finds what a store holds, but for some items (`rpo_edge.steps.retrieve.Searchable`). Whoever inherits it says which."""

    history: History
    without: frozenset[int]

    def search(self, query: str, k: int) -> list[HistoryItem]:
        """The k best by BM25 of what may be found."""
        return self.kept(self.history.search(query, k + len(self.without)), k)

    def recent(self, k: int) -> list[HistoryItem]:
        """The k newest."""
        return self.kept(self.history.recent(k + len(self.without)), k)

    def get(self, number: int) -> HistoryItem | None:
        """The item, if it may be found."""
        return None if number in self.without else self.history.get(number)

    def kept(self, items: Sequence[HistoryItem], k: int) -> list[HistoryItem]:
        """The first k that may be found."""
        return [item for item in items if item.id not in self.without][:k]


@dataclass
class Shelf(Hiding):
    """A store, without these items."""

    history: History
    without: frozenset[int] = frozenset()


def stored(texts: Sequence[str]) -> tuple[History, list[int]]:
    """A store in memory, whose items are not measured, and the texts' ids; texts that are alike have one."""
    history = History.open(Path(":memory:"), create=False)
    return history, history.extend((HistoryItem(text) for text in texts), measure=False)


def cited(counts: Sequence[Counts], ids: Sequence[int]) -> StyleProfile:
    """The profile of texts so counted, oldest first, as the store makes it that knows them by these ids: habits name items that show them."""
    shown: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for one, number in zip(reversed(counts), reversed(ids), strict=True):
        for key, variants in one.items():
            for variant in variants:
                shown[key][variant].append(number)
    habits = {
        key: Habit(key, variants, {variant: tuple(shown[key][variant][:EVIDENCE_IDS]) for variant in variants})
        for key, variants in summed(counts).items()
    }
    return make_profile(habits, {}, len(counts))


@dataclass(frozen=True)
class Author:
    """One dev author: texts, and their counts text by text."""

    name: str
    source: str
    texts: tuple[str, ...]
    counts: tuple[Counts, ...]
    inverses: tuple[tuple[tuple[int, int], ...], ...]  # text by text, (generic, own) for each of the oracle's INVERSES

    def profile(self, without: str | None = None, only: Collection[str] | None = None, ids: Sequence[int] | None = None) -> StyleProfile:
        """The profile of all texts but one, or of some of them only. ids: of the texts in a store, which it then cites."""
        chosen = set(self.texts if only is None else only) - {without}
        kept = [i for i, text in enumerate(self.texts) if text in chosen]
        counts = [self.counts[i] for i in kept]
        return profile_of(summed(counts), len(counts)) if ids is None else cited(counts, [ids[i] for i in kept])

    def own_rates(self, without: str | None = None) -> list[float]:
        """For each of the oracle's INVERSES: how often the author's form stands where either could."""
        kept = [pairs for text, pairs in zip(self.texts, self.inverses, strict=True) if text != without]
        sums = [(sum(pairs[i][0] for pairs in kept), sum(pairs[i][1] for pairs in kept)) for i in range(len(oracle.INVERSES))]
        return [own / (generic + own) if own else 0.0 for generic, own in sums]

    def runs(self, without: str | None = None) -> Runs:
        """Runs of words that the guard must not let through."""
        found: Runs = set()
        for text in self.texts:
            if text != without:
                found |= runs(plain_words(text))
        return found


def _counted(text: str) -> tuple[Counts, tuple[tuple[int, int], ...]]:
    return measure(text), oracle.count(text)


def authors(rows: Iterable[data.Row], pool: ProcessPoolExecutor) -> dict[str, Author]:
    """Authors of history rows (author, source, text), measured on all cores."""
    texts: dict[str, list[str]] = defaultdict(list)
    origin: dict[str, str] = {}
    for row in rows:
        texts[row["author"]].append(row["text"])
        origin[row["author"]] = row["source"]
    counted = iter(pool.map(_counted, [text for group in texts.values() for text in group], chunksize=50))
    found = {}
    for name, group in texts.items():
        pairs = [next(counted) for _ in group]
        found[name] = Author(name, origin[name], tuple(group), tuple(c for c, _ in pairs), tuple(i for _, i in pairs))
    return found


def history_rows(groups: Iterable[str], split: str) -> Iterator[data.Row]:
    """Rows of history files; where a file is one source, its name is the source."""
    for group in groups:
        for row in data.rows(f"histories/{group}", split):
            yield row if row.get("source") else row | {"source": group}


def peers(name: str, people: Mapping[str, Author]) -> list[str]:
    """Other authors of the same source, else of the same kind of source (the name tells it)."""
    same = [n for n in sorted(people) if n != name and people[n].source == people[name].source]
    return same or [n for n in sorted(people) if n != name and n.partition("-")[0] == name.partition("-")[0]]


def another(name: str, people: Mapping[str, Author], seed: int, but: Collection[str] = ()) -> Author | None:
    """One of the author's peers by lot, the same for the same seed; None where there is none. but: names of those who are not asked for."""
    near = [peer for peer in peers(name, people) if peer not in but]
    return people[random.Random(f"{seed}{name}").choice(near)] if near else None


class Rewritten(NamedTuple):
    """A draft's rewrite, the edits that the guard let through, how many sentences it took back; what was observed, and proposed to the guard."""

    text: str
    edits: list[Edit]
    reverted: int
    observed: Observed
    proposed: list[Edit]


def rewritten(reflector: Reflector, draft: str, profile: StyleProfile, private: Runs, evidence: Evidence = NO_TEXTS) -> Rewritten:
    """What `Personalizer.rewrite` makes of a draft with paragraphs for windows, for a user of whom this is known. private: runs of their words."""
    seen = read(draft)
    if not seen.english:
        return Rewritten(draft, [], 0, Observed(), [])
    observed, proposed = reflect(reflector, seen.answer, seen.frozen, evidence, profile)
    kept, verdict = guarded(seen.answer, proposed, profile, lambda run: tuple(run) in private)
    kept, proposed = ([shift(edit, seen.start) for edit in edits] for edits in (kept, proposed))
    return Rewritten(apply(draft, kept), kept, len(verdict.reverted), observed, proposed)


def similarity(a: str, b: str) -> float:
    """difflib ratio over whitespace tokens."""
    return SequenceMatcher(None, a.split(), b.split(), autojunk=False).ratio()
