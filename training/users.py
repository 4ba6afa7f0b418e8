"""The users of the evaluation: authors whose texts are measured once, so that any part of their history makes a profile."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from difflib import SequenceMatcher

from rpo_edge.edits import apply
from rpo_edge.pipeline import own_phrases, reflect
from rpo_edge.records import Edit, Evidence, StyleProfile
from rpo_edge.reflectors.base import Reflector
from rpo_edge.segment import plain_words
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.guard import PRIVATE_RUN, guard
from rpo_edge.steps.profile import Counts, measure
from training import data, oracle
from training.trajectories.base import profile_of, summed

Runs = set[tuple[str, ...]]


@dataclass(frozen=True)
class Author:
    """One dev author: texts, and their counts text by text."""

    name: str
    source: str
    texts: tuple[str, ...]
    counts: tuple[Counts, ...]
    inverses: tuple[tuple[tuple[int, int], ...], ...]  # text by text, (generic, own) for each of the oracle's INVERSES

    def profile(self, without: str | None = None, only: Collection[str] | None = None) -> StyleProfile:
        """The profile of all texts but one, or of some of them only."""
        chosen = set(self.texts if only is None else only) - {without}
        kept = [counts for text, counts in zip(self.texts, self.counts, strict=True) if text in chosen]
        return profile_of(summed(kept), len(kept))

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
                tokens = plain_words(text)
                found.update(zip(*(tokens[i:] for i in range(PRIVATE_RUN)), strict=False))
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


def another(name: str, people: Mapping[str, Author], seed: int) -> Author | None:
    """One of the author's peers by lot, the same for the same seed; None where there is none."""
    near = peers(name, people)
    return people[random.Random(f"{seed}{name}").choice(near)] if near else None


def rewritten(reflector: Reflector, draft: str, profile: StyleProfile, runs: Runs) -> tuple[str, list[Edit], int]:
    """The text, the edits that the guard let through, and how many sentences it took back."""
    _, proposed = reflect(reflector, draft, freeze(draft), Evidence(), profile)
    kept, verdict = guard(draft, proposed, lambda run: tuple(run) in runs, own_phrases(profile))
    return apply(draft, kept), kept, len(verdict.reverted)


def similarity(a: str, b: str) -> float:
    """difflib ratio over whitespace tokens."""
    return SequenceMatcher(None, a.split(), b.split(), autojunk=False).ratio()
