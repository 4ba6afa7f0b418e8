"""What every builder starts from and gives: authors with their texts, and trajectories."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rpo_edge.edits import align
from rpo_edge.records import Edit
from rpo_edge.segment import sentences
from training import data


@dataclass(frozen=True)
class Author:
    """One writer; `source` is the place their texts come from, so that others of the same place can be told."""

    name: str
    source: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Trajectory:
    """A draft, the author's own words for it, and which of the author's texts (by index) may be seen.

    text: index of the author's text that holds the target, None if it is none of them; it is never in `history`.
    edits: of the draft, as `align` finds them; applying them gives the target.
    """

    builder: str
    neutraliser: str
    author: str
    source: str
    draft: str
    target: str
    text: int | None
    history: tuple[int, ...]

    @property
    def edits(self) -> list[Edit]:
        """Edits that lead from the draft to the target."""
        return align(self.draft, self.target)

    def as_row(self) -> dict[str, Any]:
        """The JSON object."""
        return {
            "builder": self.builder,
            "neutraliser": self.neutraliser,
            "author": self.author,
            "source": self.source,
            "draft": self.draft,
            "target": self.target,
            "text": self.text,
            "history": list(self.history),
            "edits": [[edit.start, edit.end, edit.after] for edit in self.edits],
        }


def passage(text: str, longest: int, rng: random.Random) -> str:
    """A run of whole sentences of `text`, beginning anywhere, of about `longest` code points at most."""
    spans = sentences(text)
    first = rng.randrange(len(spans)) if len(text) > longest else 0
    last = first
    while last + 1 < len(spans) and spans[last + 1].end - spans[first].start <= longest:
        last += 1
    return text[spans[first].start : spans[last].end].strip()


def authors(split: str) -> Iterator[Author]:
    """Authors of a split, in the order of the files."""
    texts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for group in data.HISTORIES:
        for row in data.rows(f"histories/{group}", split):
            texts[row["author"], row.get("source") or group].append(row["text"])
    for (name, source), group_texts in texts.items():
        yield Author(name, source, tuple(group_texts))
