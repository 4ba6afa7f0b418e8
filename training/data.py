"""Reads the research data: xz-packed JSON lines in `../shared` beside the repository, or in RPO_EDGE_SHARED.

The data is not part of this project; its own README says what it is and under which licences. What is read of it raises InputError where a
file of it is not there: a run without one of its sources would be another run.
"""

from __future__ import annotations

import json
import lzma
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rpo_edge.errors import InputError
from training import makers

SHARED = Path(os.environ.get("RPO_EDGE_SHARED", Path(__file__).resolve().parents[2] / "shared"))

HISTORIES = ("blogs", "commits", "gutenberg", "proposals", "rails")
"""The groups of histories whose authors write in a manner of their own; "arxiv" texts have many hands each."""

LICENCES = {"gutenberg": "public domain", "rails": "MIT", "arxiv": "CC0-1.0"}
"""Of groups whose rows do not say it themselves."""

Row = dict[str, Any]


def available() -> bool:
    """Whether the data is there."""
    return (SHARED / "data").is_dir()


def rows(group: str, split: str) -> Iterator[Row]:
    """Rows of one split of a group ("drafts/00", "histories/blogs"), shard after shard."""
    for path in _paths(group):
        yield from (row for row in read(path) if row["split"] == split)


def all_rows(group: str) -> Iterator[Row]:
    """Rows of a group that has no splits ("pretrain/wiki")."""
    for path in _paths(group):
        yield from read(path)


def flattened() -> Iterator[Row]:
    """Texts of dev authors, and what the evaluation's own flattener made of them."""
    yield from read(SHARED / "eval" / "restore-dev.jsonl.xz")


def _paths(group: str) -> list[Path]:
    """Where there is none, what was looked for, which `read` refuses."""
    folder, _, stem = group.partition("/")
    pattern = f"{stem}*.jsonl.xz"
    return sorted((SHARED / "data" / folder).glob(pattern)) or [SHARED / "data" / folder / pattern]


def permitted(split: str) -> Iterator[Row]:
    """Answers of models that `makers` permits; none to a question that has another split elsewhere."""
    splits: dict[str, set[str]] = defaultdict(set)
    found = []
    for row in (row for group in ("00", "extra") for path in _paths(f"drafts/{group}") for row in read(path)):
        if row["query"]:
            splits[row["query"]].add(row["split"])
        if row["split"] == split and makers.permitted(row["model"]):
            found.append(row)
    yield from (row for row in found if len(splits[row["query"]]) <= 1)


def read(path: Path) -> Iterator[Row]:
    """Every row of one file. Raises InputError where it is not there."""
    if not path.exists():
        raise InputError(f"the research data is not here: no {path} (RPO_EDGE_SHARED names another folder)")
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as file:
        yield from map(json.loads, file)
