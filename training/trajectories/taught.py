"""A teacher's drafts: a person's own text is the target, and the draft is what `python -m training teacher drafts` wrote for it.

    [[trajectories.build]]
    builder = "teacher"
    drafts = "drafts.jsonl"            # the teacher's OUT
    reflections = "reflections.jsonl"  # optional: the teacher's OUT of `reflections` for those drafts
    texts = "texts.jsonl"              # optional: more texts of the same authors, such as the teacher's IN

A row needs "author" beside what the teacher writes; "source", "licence", "query" and "split" are taken where they are there, and rows of another
split are not. The history is an author's other texts: of these files, and of the research data where the author is one of its own; who has no
other text is left out. A reflection stands for the one that would be computed where it is of the very same text and draft.

Which drafts are fit was decided when they were written (`tasks.py`); nothing is dropped here.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rpo_edge.records import Observation
from training import makers
from training.data import Row
from training.trajectories import lines
from training.trajectories.base import SEED, Author, Pair, some

_DRAFT, _REFLECTION, _TEXT = ("text", "draft", "teacher", "author"), ("text", "draft", "teacher"), ("text", "author")
_SOURCE, _LICENCE = "own", "not stated"

Name = tuple[str, str]  # author and source


@dataclass(frozen=True)
class Options:
    """The files, see above. split: of the rows that say theirs. Raises ValueError where a file is not there."""

    drafts: str
    reflections: str = ""
    texts: str = ""
    split: str = "train"

    def __post_init__(self) -> None:
        for name in filter(None, (self.drafts, self.reflections, self.texts)):
            if not Path(name).is_file():
                raise ValueError(f"there is no file {name}; `python -m training teacher` writes one (see training/trajectories/taught.py)")


def build(people: list[Author], pool: ProcessPoolExecutor, options: Options) -> Iterator[tuple[Author, list[Pair]]]:
    """Authors who have a draft and another text. Raises InputError for a line that is none, ValueError where no author is left."""
    drafts = _by_author(options.drafts, _DRAFT, options.split)
    more = _by_author(options.texts, _TEXT, options.split) if options.texts else {}
    known = {(author.name, author.source): author for author in people}
    reflections = _reflections(options.reflections) if options.reflections else {}
    found = False
    for name, rows in sorted(drafts.items()):
        author = _author(name, [*more.get(name, ()), *rows], known.get(name))
        pairs = [pair for row in rows if (pair := _pair(row, author, reflections))]
        if pairs:
            found = True
            yield author, pairs
    if not found:
        raise ValueError(f"{options.drafts} has no draft of the split {options.split} by whose author there is another text")


def _by_author(path: str, texts: tuple[str, ...], split: str) -> dict[Name, list[Row]]:
    found: dict[Name, list[Row]] = defaultdict(list)
    for _, row in lines.read(Path(path), texts):
        if row.get("split", split) == split:
            found[row["author"], row.get("source") or _SOURCE].append(row)
    return found


def _reflections(path: str) -> dict[str, tuple[Observation, ...]]:
    """By text and draft."""
    rows = (row for _, row in lines.read(Path(path), _REFLECTION, ("reflection",)))
    return {lines.identity(row, ("text", "draft")): tuple(Observation(**said) for said in row["reflection"]) for row in rows}


def _author(name: Name, rows: list[Row], known: Author | None) -> Author:
    """With each text once, those of the research data first."""
    texts = dict.fromkeys([*(known.texts if known else ()), *(row["text"] for row in rows)])
    licences = dict.fromkeys(row.get("licence") or _LICENCE for row in rows)
    return Author(*name, tuple(texts), known.licence if known else "; ".join(licences))


def _pair(row: Row, author: Author, reflections: dict[str, tuple[Observation, ...]]) -> Pair | None:
    """None where the author has no other text."""
    others = [i for i, text in enumerate(author.texts) if text != row["text"]]
    if not others:
        return None
    history = some(others, random.Random(f"{SEED}{author.name}{row['text']}"))
    observations = reflections.get(lines.identity(row, ("text", "draft")))
    model = makers.plain_name(row["teacher"])
    return Pair("teacher", row["draft"].strip(), row["text"].strip(), history, row.get("query"), model=model, observations=observations)
