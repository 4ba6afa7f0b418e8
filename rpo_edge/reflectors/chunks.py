"""What the encoder of `edit` reads at once: runs of whole sentences, as ids and word shapes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rpo_edge.operations import Word, words_of
from rpo_edge.segment import sentences
from rpo_edge.usage import Array
from rpo_edge.wordpiece import Piece, WordPiece

LONGEST = 160
"""Word pieces that the encoder reads at once, [CLS] and [SEP] included; a longer window is cut between sentences."""


@dataclass(frozen=True)
class Chunk:
    """A run of whole sentences that fits the encoder: words, and for each the number of its first piece ([CLS] is 0)."""

    start: int
    text: str
    words: list[Word]
    heads: list[int]
    ids: list[int]
    shapes: list[int]


def shape(word: str) -> int:
    """What an uncased encoder does not see: 0 lower case or no letter, 1 capitalised, 2 other capitals."""
    if word == word.lower():
        return 0
    return 1 if word[1:] == word[1:].lower() else 2


def chunks(text: str, tokenizer: WordPiece, longest: int = LONGEST, wanted: Collection[int] | None = None) -> Iterator[Chunk]:
    """Runs of sentences of `longest` pieces at most; of a longer sentence, the rest is left out.

    wanted: places of the text; sentences without any of them are left out. None: all is read.
    """
    pending: tuple[int, int, list[Piece]] | None = None
    places = None if wanted is None else sorted(wanted)
    for start, end in sentences(text):
        if places is not None and bisect_left(places, start) == bisect_left(places, end):
            if pending:
                yield _chunk(text, *pending, tokenizer, longest)
            pending = None
            continue
        pieces = [Piece(piece.id, start + piece.start, start + piece.end) for piece in tokenizer(text[start:end])]
        if pending and len(pending[2]) + len(pieces) > longest - 2:
            yield _chunk(text, *pending, tokenizer, longest)
            pending = None
        pending = (pending[0], end, pending[2] + pieces) if pending else (start, end, pieces)
    if pending:
        yield _chunk(text, *pending, tokenizer, longest)


def _chunk(text: str, start: int, end: int, pieces: list[Piece], tokenizer: WordPiece, longest: int) -> Chunk:
    pieces = pieces[: longest - 2]
    part = text[start:end]
    number = {piece.start - start: i for i, piece in enumerate(pieces, 1)}
    words = [word for word in words_of(part) if word.start in number]
    shapes = [0] * (len(pieces) + 2)
    for word in words:
        shapes[number[word.start]] = shape(part[word.start : word.end])
    ids = [tokenizer.cls_id, *(piece.id for piece in pieces), tokenizer.sep_id]
    return Chunk(start, part, words, [number[word.start] for word in words], ids, shapes)


def batch(found: Sequence[Chunk]) -> tuple[Array, Array, Array]:
    """Ids, mask and shapes of chunks, each (chunks, longest) int64, filled up with 0."""
    result = np.zeros((3, len(found), max(len(chunk.ids) for chunk in found)), dtype=np.int64)
    for i, chunk in enumerate(found):
        result[0, i, : len(chunk.ids)] = chunk.ids
        result[1, i, : len(chunk.ids)] = 1
        result[2, i, : len(chunk.ids)] = chunk.shapes
    return result[0], result[1], result[2]
