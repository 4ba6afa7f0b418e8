"""Pairs: a language model's summary of a paper, and the abstract that its author wrote. For reflectors that write freely.

The history of a pair is the author's earlier abstracts (arXiv, CC0; the summaries Apache-2.0). The summary was written from the
abstract, so content leaks through it, and the third person turns to "we" for everybody: compare with another author's history.

Which of DeepSeek's models wrote a summary is not recorded, nor under which terms: weights that ship are not to be trained on these (`makers.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from training import data
from training.trajectories.base import Author, Pair

_LICENCE = "CC0-1.0 (abstract), Apache-2.0 (summary)"
_MODEL = "DeepSeek"


@dataclass(frozen=True)
class Options:
    """split: of the rows; earlier: how many earlier abstracts an author must have; authors: at most."""

    split: str = "train"
    earlier: int = 3
    authors: int | None = None


def build(people: list[Author], pool: ProcessPoolExecutor, options: Options) -> Iterator[tuple[Author, list[Pair]]]:
    """Authors of abstracts, whoever `people` are."""
    texts: dict[str, list[data.Row]] = defaultdict(list)
    pairs: dict[str, list[data.Row]] = defaultdict(list)
    for group, rows in (("histories/arxiv", texts), ("pairs/arxiv", pairs)):
        for row in data.rows(group, options.split):
            rows[row["author"]].append(row)
    for name in sorted(pairs)[: options.authors]:
        own = sorted(texts[name], key=lambda row: (row["date"], row["title"]))
        found = []
        for row in pairs[name]:
            earlier = tuple(i for i, other in enumerate(own) if other["date"] < row["date"] and other["text"] != row["text"])
            if len(earlier) >= options.earlier:
                found.append(Pair("pairs", row["generic"], row["text"], earlier, row["title"], _LICENCE, model=_MODEL))
        if found:
            yield Author(name, "arxiv", tuple(row["text"] for row in own), data.LICENCES["arxiv"]), found
