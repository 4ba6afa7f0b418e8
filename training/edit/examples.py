"""From trajectories to what a token classifier learns: examples with their labels, and the counts of their authors."""

from __future__ import annotations

import hashlib
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from rpo_edge.operations import Vocabulary, operation
from rpo_edge.reflectors.chunks import chunks
from rpo_edge.usage import Array, Usage
from training.minilm import tokenizer
from training.trajectories.base import Author
from training.trajectories.files import Row, from_line


@dataclass(frozen=True)
class Example:
    """One chunk of a draft: pieces, where words begin, what fits (packed bits), (word, operation) that is right, and whose it is.

    draft: (n, 2) sides that the whole draft has, by number, and how often.
    """

    ids: Array
    shapes: Array
    heads: Array
    fits: Array
    labels: Array
    author: tuple[str, str]  # name and source: somebody may write in two places
    history: tuple[int, ...]
    draft: Array


def prepare(line: Row, vocabulary: Vocabulary, usage: Usage, longest: int, unchanged: float, seed: int) -> list[Example]:
    """Examples of a line of a trajectory, a chunk of up to `longest` pieces each; of those without edits, the share `unchanged`."""
    row = from_line(line)
    found = []
    rng = random.Random(f"{seed}{row.draft}")
    draft = sides_of(row.draft, usage)
    for chunk in chunks(row.draft, tokenizer(), longest):
        if not chunk.words:
            continue
        mask = vocabulary.mask(chunk.text, chunk.words)
        labels = []
        for edit in row.edits:
            if chunk.start <= edit.start and edit.end <= chunk.start + len(chunk.text):
                moved = type(edit)(edit.start - chunk.start, edit.end - chunk.start, edit.before, edit.after, edit.reason)
                place = operation(moved, chunk.text, chunk.words)
                number = vocabulary.number(place[1]) if place else None
                if place and number and mask[place[0], number]:
                    labels.append((place[0], number))
        if not labels and rng.random() > unchanged:
            continue
        found.append(
            Example(
                np.array(chunk.ids, dtype=np.int32),
                np.array(chunk.shapes, dtype=np.int8),
                np.array(chunk.heads, dtype=np.int16),
                np.packbits(mask, axis=1),
                np.array(labels, dtype=np.int32).reshape(-1, 2),
                (row.author, row.source),
                row.seen,
                draft,
            )
        )
    return found


def sides_of(text: str, usage: Usage) -> Array:
    """(n, 2) int32: sides that a text has, by number, and how often."""
    vector = usage.vector(usage.count(text))
    found = np.flatnonzero(vector)
    return np.stack([found, vector[found]], axis=1).astype(np.int32)


def columns_of(example: Example, user: Array, usage: Usage) -> tuple[Array, Array]:
    """What `usage` reads of a user, (sides,), and the example's draft."""
    draft = np.zeros(len(usage.sides), dtype=np.float32)
    draft[example.draft[:, 0]] = example.draft[:, 1]
    return usage.columns(user, draft)


def _counted(texts: list[str], usage: Usage) -> Any:
    return sparse.csr_matrix(np.stack([usage.vector(usage.count(text)) for text in texts]))


class Users:
    """Counts of every author's texts, text by text."""

    def __init__(self, authors: list[Author], usage: Usage, pool: ProcessPoolExecutor) -> None:
        counted = pool.map(partial(_counted, usage=usage), [list(author.texts) for author in authors], chunksize=4)
        self._texts = dict(zip([(author.name, author.source) for author in authors], counted, strict=True))
        self._nobody = np.zeros(len(usage.sides), dtype=np.float32)

    def vector(self, author: tuple[str, str], history: tuple[int, ...]) -> Array:
        """Sums over the texts of a history; zeros for none."""
        return np.asarray(self._texts[author][list(history)].sum(axis=0)).ravel() if history else self._nobody


def held_back(author: tuple[str, str]) -> bool:
    """One author in forty is for validation."""
    return hashlib.sha1(author[0].encode()).digest()[0] % 40 == 0
