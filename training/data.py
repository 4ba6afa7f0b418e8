"""Reads the research data: xz-packed JSON lines in `../shared` beside the repository, or in RPO_EDGE_SHARED.

The data is not part of this project; its own README says what it is and under which licences.
"""

from __future__ import annotations

import json
import lzma
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SHARED = Path(os.environ.get("RPO_EDGE_SHARED", Path(__file__).resolve().parents[2] / "shared"))

HISTORIES = ("blogs", "commits", "gutenberg", "proposals", "rails")
"""The groups of histories whose authors write in a manner of their own; "arxiv" texts have many hands each."""

PERMITTED = ("mistral", "phi", "qwen1.5")
"""Makers whose terms allow training on their models' answers; nothing that ships is trained on others'."""

Row = dict[str, Any]


def available() -> bool:
    """Whether the data is there."""
    return (SHARED / "data").is_dir()


def rows(group: str, split: str) -> Iterator[Row]:
    """Rows of one split of a group ("drafts/00", "histories/blogs"), shard after shard."""
    folder, _, stem = group.partition("/")
    for path in sorted((SHARED / "data" / folder).glob(f"{stem}*.jsonl.xz")):
        yield from (row for row in read(path) if row["split"] == split)


def permitted(split: str) -> Iterator[Row]:
    """Answers of PERMITTED models."""
    return (row for row in rows("drafts/00", split) if row["model"].lower().startswith(PERMITTED))


def read(path: Path) -> Iterator[Row]:
    """Every row of one file."""
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as file:
        yield from map(json.loads, file)
