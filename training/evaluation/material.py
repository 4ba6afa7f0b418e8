"""What the parts of the evaluation share: rows, users with their counts, and each process's reflectors."""

from __future__ import annotations

import importlib.util
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from rpo_edge.records import Edit, Evidence, Habit, StyleProfile
from rpo_edge.reflectors.base import Reflector
from training import data
from training.evaluation import reflectors
from training.evaluation.reflectors import KINDS
from training.users import Author, Known, another, authors, history_rows, rewritten

SEED = 21
FIXTURE = Path(__file__).resolve().parents[2] / "examples" / "eval"


@dataclass(frozen=True)
class Names:
    """Rows of the tables, by the kinds of what is evaluated and of what it is held against."""

    kind: str
    former: str | None = None

    def row(self, control: str) -> str:
        """What is evaluated, told something else."""
        return f"{self.kind}, {control}"

    @property
    def anothers(self) -> str:
        """The control that tells what is the user's own."""
        return self.row("another user's history")

    @property
    def nobodys(self) -> str:
        """Without any history."""
        return self.row("no history")

    @property
    def before(self) -> str:
        """What it is held against."""
        return f"{self.former}, before"

    @property
    def polished(self) -> str:
        """The embedded edit model, after it."""
        return f"edit after {self.kind}"

    def over(self, control: str) -> str:
        """A paired difference."""
        return f"{self.kind} over {control}"

    @property
    def reads(self) -> bool:
        """Whether texts have to be retrieved for somebody."""
        return any(KINDS[kind].reads for kind in (self.kind, self.former) if kind)


@dataclass(frozen=True)
class Material:
    """What is evaluated on: rows to restore, authors' texts, real drafts, and papers with titles (`pairs` rows).

    queries: what the drafts answer, where that is known.
    """

    restore: list[data.Row]
    histories: list[data.Row]
    drafts: list[str]
    papers: list[data.Row] = field(default_factory=list)
    queries: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ground:
    """What a part stands on. texts: of an author to restore, at most; drafts: real ones, and questions."""

    found: Material
    pool: ProcessPoolExecutor
    names: Names
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
    restore = list(_flattened(histories)) if final else list(data.flattened())
    drafts = [row for row in data.rows("drafts/00", split) if "```" not in row["response"]]
    queries = {row["response"]: row["query"] for row in drafts if row["query"]}
    return Material(restore, histories, [row["response"] for row in drafts], list(data.rows("pairs/arxiv", split)), queries)


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


@dataclass(frozen=True)
class _Loaded:
    """A process's reflectors, and the names of their rows: what is evaluated, and beside it what else is asked with the right history."""

    names: Names
    reflector: Reflector
    beside: dict[str, Reflector]


_loaded: _Loaded  # one a process: `start` makes it


def start(folder: Path, against: Path | None = None) -> None:
    """Load a process's reflectors: what is evaluated, what it is held against, and the embedded one where it polishes."""
    global _loaded
    found = Names(reflectors.kind(folder), reflectors.kind(against) if against else None)
    reflector = reflectors.load(folder)
    beside = {found.before: reflectors.load(against)} if against else {}
    embedded = reflectors.default() if KINDS[found.kind].polished else None
    if embedded:
        beside[found.polished] = reflectors.Chain(reflector, reflectors.load(embedded))
    _loaded = _Loaded(found, reflector, beside)


def naming() -> Names:
    """Of the process's rows."""
    return _loaded.names


def told(draft: str, known: Known) -> tuple[str, list[Edit]]:
    """The draft as what is evaluated leaves it for a user of whom this is known, and the edits."""
    found = rewritten(_loaded.reflector, draft, *known)
    return found.text, found.edits


def asked() -> dict[str, Reflector]:
    """By the names of their rows, all that are asked with the right history; what is evaluated comes first."""
    return {_loaded.names.kind: _loaded.reflector} | _loaded.beside


def _sides(texts: tuple[str, ...]) -> list[dict[str, float]]:
    """Text by text. How often a side stands there does not depend on the vocabulary, so two vocabularies' counts make one."""
    counters = [reflector.counter for reflector in asked().values() if reflector.counter]
    found = ([counter.count(text) for counter in counters] for text in texts)
    return [{side: n for counts in of_text for side, n in counts.items()} for of_text in found]


def users(histories: Iterable[data.Row], pool: ProcessPoolExecutor) -> dict[str, Author]:
    """Authors whose counts hold the sides of the models' operations too."""
    people = authors(histories, pool)
    counted = pool.map(_sides, [person.texts for person in people.values()], chunksize=4)
    return {
        person.name: replace(person, counts=tuple({**c, "sides": s} for c, s in zip(person.counts, sides, strict=True)))
        for person, sides in zip(people.values(), counted, strict=True)
    }


def nobody(query: str | None = None) -> Known:
    """A user without texts, for whom a reflector still runs. query: what the draft answers."""
    return Known(StyleProfile({"sides": Habit("sides", {})}), set(), Evidence(query=query))
