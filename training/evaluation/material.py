"""What the parts of the evaluation share: rows, users with their counts, and each process's reflectors."""

from __future__ import annotations

import importlib.util
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from pathlib import Path

from rpo_edge.records import Habit, StyleProfile
from rpo_edge.reflectors.edit import EditReflector
from training import data
from training.evaluation import reflectors
from training.users import Author, another, authors, history_rows

SEED = 21
FIXTURE = Path(__file__).resolve().parents[2] / "examples" / "eval"

EDIT, BEFORE, ANOTHERS = "edit", "edit, before", "edit, another user's history"
"""Rows of the tables: what is evaluated, what it is held against, and the control that tells what is the user's own."""


@dataclass(frozen=True)
class Material:
    """What is evaluated on: rows to restore, authors' texts, real drafts, and papers with titles (`pairs` rows)."""

    restore: list[data.Row]
    histories: list[data.Row]
    drafts: list[str]
    papers: list[data.Row] = field(default_factory=list)


@dataclass(frozen=True)
class Ground:
    """What a part stands on. kind: of reflector; texts: of an author to restore, at most; drafts: real ones, and questions."""

    found: Material
    pool: ProcessPoolExecutor
    kind: str
    texts: int
    drafts: int

    @cached_property
    def people(self) -> dict[str, Author]:
        """By name, measured when first asked for: it takes longer than some parts do, which need none of them."""
        return users(self.found.histories, self.pool)

    def pairs_of_users(self) -> list[tuple[Author, Author]]:
        """Each user who has a peer, with the peer whose history is the control."""
        found = ((person, another(name, self.people, SEED)) for name, person in sorted(self.people.items()))
        return [(person, other) for person, other in found if other]


def read(final: bool, fixture: bool) -> Material:
    """From the fixture, or from the research data's dev (or test) split."""
    if fixture:
        rows = {name: list(_lines(FIXTURE / f"{name}.jsonl")) for name in ("restore", "histories", "drafts")}
        return Material(rows["restore"], rows["histories"], [row["response"] for row in rows["drafts"]])
    split = "test" if final else "dev"
    histories = list(history_rows(data.HISTORIES, split))
    restore = list(_flattened(histories)) if final else list(data.read(data.SHARED / "eval" / "restore-dev.jsonl.xz"))
    drafts = [row["response"] for row in data.rows("drafts/00", split) if "```" not in row["response"]]
    return Material(restore, histories, drafts, list(data.rows("pairs/arxiv", split)))


def _lines(path: Path) -> Iterator[data.Row]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _flattened(histories: Iterable[data.Row], each: int = 25) -> Iterator[data.Row]:
    """What the evaluation's `build` does for dev authors, for others."""
    specification = importlib.util.spec_from_file_location("flatten", data.SHARED / "eval" / "flatten.py")
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    texts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in histories:
        texts[row["source"], row["author"]].append(row["text"])
    for (source, author), items in sorted(texts.items()):
        rng = random.Random(f"{SEED}{author}")
        for text in rng.sample(items, min(each, len(items))):
            pieces = re.split(r"(?<=[.!?])\s+", text)
            first = rng.randrange(len(pieces))
            last = first + 1
            while last < len(pieces) and len(" ".join(pieces[first:last])) < 160:
                last += 1
            target = " ".join(pieces[first:last])
            flat = module.flatten(target)
            if flat != target and 60 <= len(target) <= 700:
                yield {"author": author, "source": source, "flat": flat, "target": target, "text": text}


_edit: EditReflector  # one a process: `start` loads it
_before: EditReflector | None = None


def start(folder: Path, against: Path | None = None) -> None:
    """Load a process's reflectors: what is evaluated, and what it is held against."""
    global _edit, _before
    _edit = reflectors.load(folder)
    _before = reflectors.load(against) if against else None


def edit() -> EditReflector:
    """The process's reflector."""
    return _edit


def before() -> EditReflector | None:
    """The process's second reflector, where there is one."""
    return _before


def both() -> dict[str, EditReflector]:
    """By the name of their rows."""
    return {EDIT: _edit} | ({BEFORE: _before} if _before else {})


def _sides(texts: tuple[str, ...]) -> list[Counter[str]]:
    """Text by text. How often a side stands there does not depend on the vocabulary, so two vocabularies' counts make one."""
    counters = [reflector.counter for reflector in both().values()]
    return [reduce(Counter.__or__, (counter.count(text) for counter in counters)) for text in texts]


def users(histories: Iterable[data.Row], pool: ProcessPoolExecutor) -> dict[str, Author]:
    """Authors whose counts hold the sides of the models' operations too."""
    people = authors(histories, pool)
    counted = pool.map(_sides, [person.texts for person in people.values()], chunksize=4)
    return {
        person.name: replace(person, counts=tuple({**c, "sides": s} for c, s in zip(person.counts, sides, strict=True)))
        for person, sides in zip(people.values(), counted, strict=True)
    }


def crossed(habits: StyleProfile, counts: StyleProfile) -> StyleProfile:
    """The habits that rules reads of one user, the counts of sides of another."""
    return replace(habits, habits={**habits.habits, "sides": counts.habits["sides"]})


def nobody() -> StyleProfile:
    """A profile of no texts, on which the encoder still runs."""
    return StyleProfile({"sides": Habit("sides", {})})
