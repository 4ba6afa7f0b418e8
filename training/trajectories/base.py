"""What every builder starts from and gives: authors with their texts, and pairs of a draft and the author's own words for it; and the trajectory
that is made of a pair."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rpo_edge.prompt import ALONE, Around, beginning, ending
from rpo_edge.records import Edit, Habit, HistoryItem, Observation, StyleProfile
from rpo_edge.segment import sentences
from rpo_edge.steps.profile import Counts, make_profile
from training import data

SEED = 3
LONGEST = 560
"""Code points of a passage: about 120 words, as many as a window has."""
_HISTORY = (3, 80)  # texts of the author that a trajectory may show: drawn from the logarithm, as users have few or many


@dataclass(frozen=True)
class Author:
    """One writer; `source` is the place their texts come from, so that others of the same place can be told."""

    name: str
    source: str
    texts: tuple[str, ...]
    licence: str = ""


@dataclass(frozen=True)
class Pair:
    """A draft and the author's own words for it, and which of the author's texts (by index) a reflector may see.

    builder: its name, and after a colon how it made the draft. licence: of draft and target, where it is not the author's. around: what
    stands around the draft, in the draft's manner: a device has the rest of the draft there, so anything of the author's would give them away.
    model: as a trajectory has it. observations: somebody's own; those of `observe` if None.
    """

    builder: str
    draft: str
    target: str
    history: tuple[int, ...]
    query: str | None = None
    licence: str | None = None
    around: Around = ALONE
    model: str = ""
    observations: tuple[Observation, ...] | None = None


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A structured rewriting trajectory: what a reflector was given, what it observed, and what it wrote.

    history: the items it may read, best first. seen: ids of all items that the profile was measured over.
    edits: from the draft to the rewrite. author: whose manner it is; source: where their texts are from. before, after: what stands around the
    draft in a longer text, in the draft's manner, not the author's; "" where it is a whole. model: which wrote the draft, or what the draft was
    made of; "" where no model did.
    """

    draft: str
    rewrite: str
    profile: StyleProfile
    observations: tuple[Observation, ...]
    edits: tuple[Edit, ...]
    history: tuple[HistoryItem, ...]
    seen: tuple[int, ...]
    query: str | None
    author: str
    source: str
    licence: str
    split: str  # "train", "dev" or "test"
    builder: str  # and how it made the draft, after a colon: "neutralise:spoken"
    before: str = ""
    after: str = ""
    model: str = ""


class Excerpt(NamedTuple):
    """A passage of a text, and of what stands around it there as much as a prompt shows."""

    text: str
    around: Around


def passage(text: str, longest: int, rng: random.Random) -> str:
    """A run of whole sentences of `text`, beginning anywhere, of about `longest` code points at most."""
    return excerpt(text, longest, rng).text


def excerpt(text: str, longest: int, rng: random.Random) -> Excerpt:
    """`passage` with what stands around it."""
    spans = sentences(text)
    first = rng.randrange(len(spans)) if len(text) > longest else 0
    last = first
    while last + 1 < len(spans) and spans[last + 1].end - spans[first].start <= longest:
        last += 1
    start, end = spans[first].start, spans[last].end
    return Excerpt(text[start:end].strip(), Around(ending(text[:start]), beginning(text[end:])))


def authors(split: str) -> Iterator[Author]:
    """Authors of a split, in the order of the files; each once, with all their licences."""
    texts: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for group in data.HISTORIES:
        for row in data.rows(f"histories/{group}", split):
            texts[row["author"], row.get("source") or group][row["text"]] = row.get("licence") or data.LICENCES[group]
    for (name, source), licences in texts.items():
        yield Author(name, source, tuple(licences), "; ".join(dict.fromkeys(licences.values())))


def some(others: Sequence[int], rng: random.Random) -> tuple[int, ...]:
    """Of an author's other texts (by index) so many as a user may have, by lot."""
    size = round(math.exp(rng.uniform(*map(math.log, _HISTORY))))
    return tuple(sorted(rng.sample(others, min(size, len(others)))))


def strangers(people: Sequence[Author], n: int) -> dict[tuple[str, str], tuple[str, ...]]:
    """For each author (name and source: somebody may write in two places) `n` texts, by lot, of other people of the same source (of anybody, where it
    has nobody else)."""
    found = {}
    for author in people:
        others = [one for one in people if one.name != author.name]
        texts = [text for one in others if one.source == author.source for text in one.texts] or [t for one in others for t in one.texts]
        found[author.name, author.source] = tuple(random.Random(f"{SEED}{author.name} strangers").sample(texts, min(n, len(texts))))
    return found


def permitted_drafts() -> list[str]:
    """Train-split answers of language models; generic rates are of them alone."""
    return [row["response"] for row in data.permitted("train")]


def summed(counted: Iterable[Counts]) -> dict[str, dict[str, float]]:
    """Counts of several texts, added up."""
    total: dict[str, dict[str, float]] = {}
    for counts in counted:
        for key, variants in counts.items():
            sums = total.setdefault(key, {})
            for variant, n in variants.items():
                sums[variant] = sums.get(variant, 0.0) + n
    return total


def profile_of(counts: Counts, items: int) -> StyleProfile:
    """The profile of a user of whom so many texts were counted, without evidence."""
    return make_profile({key: Habit(key, variants) for key, variants in counts.items()}, {}, items)
