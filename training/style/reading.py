"""How the style encoder reads a text: word pieces with the shapes of words, in windows, content words hidden if asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from rpo_edge.lexicon import BRITISH_AMERICAN, FORMAL_PLAIN, FUNCTION_WORDS
from rpo_edge.reflectors.chunks import shape
from rpo_edge.segment import WORD
from rpo_edge.usage import Array
from rpo_edge.wordpiece import WordPiece

MASK = 103
"""Id of [MASK] in the vocabulary of every published uncased BERT."""
SHAPES = 3


@dataclass(frozen=True)
class Pieces:
    """The word pieces of one text, each array (pieces,): ids, shapes (0, 1, 2), and whether they belong to a word of content."""

    ids: Array
    shapes: Array
    content: Array

    def __len__(self) -> int:
        return len(self.ids)

    def hidden(self) -> Pieces:
        """The same text with [MASK] for each piece of content: length, case and marks stay."""
        return Pieces(np.where(self.content, MASK, self.ids), self.shapes, self.content)

    def window(self, start: int, length: int) -> Pieces:
        """`length` pieces at most, from `start` on."""
        part = slice(start, start + length)
        return Pieces(self.ids[part], self.shapes[part], self.content[part])


def pieces(text: str, tokenizer: WordPiece) -> Pieces:
    """A text as the encoder sees it; none for a blank one."""
    of_content = np.zeros(len(text) + 1, dtype=bool)
    for match in WORD.finditer(text):
        of_content[match.start() : match.end()] = is_content(match[0])
    found = tokenizer(text)
    return Pieces(
        np.array([piece.id for piece in found], dtype=np.int64),
        np.array([shape(text[piece.start : piece.end]) for piece in found], dtype=np.int64),
        np.array([of_content[piece.start] for piece in found], dtype=bool),
    )


def is_content(word: str) -> bool:
    """Whether a word tells what is written about; not so grammar, numbers, and words with a twin that somebody else would write."""
    plain = word.lower().replace("’", "'")
    return not (plain in _manner() or plain.partition("'")[0] in FUNCTION_WORDS | {"i"} or plain[0].isdigit())


@cache
def _manner() -> frozenset[str]:
    twins = {form for formal, plain, _ in FORMAL_PLAIN for form in (*formal, *plain)} | {form for pair in BRITISH_AMERICAN for form in pair}
    return frozenset(FUNCTION_WORDS | {word for form in twins for word in form.lower().split()})


def windows(text: Pieces, room: int) -> Iterator[Pieces]:
    """The whole text in windows of `room` pieces at most, of about the same length; one empty window for an empty text."""
    count = max(1, -(-len(text) // room))
    borders = [len(text) * i // count for i in range(count + 1)]
    for start, end in pairwise(borders):
        yield text.window(start, end - start)


def batch(found: Sequence[Pieces], tokenizer: WordPiece) -> tuple[Array, Array, Array]:
    """Ids, mask and shapes, each (windows, longest + 2) int64 with [CLS] and [SEP], filled up with 0."""
    result = np.zeros((3, len(found), max(map(len, found)) + 2), dtype=np.int64)
    for i, window in enumerate(found):
        end = len(window) + 1
        result[0, i, : end + 1] = [tokenizer.cls_id, *window.ids, tokenizer.sep_id]
        result[1, i, : end + 1] = 1
        result[2, i, 1:end] = window.shapes
    return result[0], result[1], result[2]
