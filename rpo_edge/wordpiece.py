r"""BERT's uncased WordPiece in the standard library, so that an encoder needs no tokenizer package.

The result is that of the Hugging Face `tokenizers` pipeline BertNormalizer (all four steps on), BertPreTokenizer,
WordPiece (100 characters a word), ids and offsets alike, with one difference on purpose: what looks like a special token
in a text is text, so nobody can write `[MASK]` into a draft and have the model see a mask.

    text   "A naïve co-op"                          one regex: runs without blanks, ASCII marks or Chinese characters
    run    "naïve", "co", "-", "op"                 memoised, with offsets that count from the start of the run
    letters "naive" and, for each, where it stood    controls dropped, NFD, accents dropped, lower case
    word   "naive" -> "naive"; "op" -> "op"          cut at the other punctuation, then the longest piece first

A run can stand alone because no step looks across its border: blanks, ASCII marks and Chinese characters neither
combine with what stands before them nor move.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Self
from unicodedata import category, combining, normalize

from rpo_edge.errors import ModelError

_LONGEST_WORD = 100  # characters; `max_input_chars_per_word` of every published BERT, longer words are [UNK]
_LONGEST_MEMO = 64  # characters; longer runs are addresses and keys, seldom seen twice
_MEMO = 16384  # runs, some 8 MB when full; English prose of 100,000 words has about 10,000

# White_Space less U+000B, U+000C and U+0085, which count as control characters and go before blanks are looked for.
_BLANK = r"\t\n\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_MARK = r"!-/:-@\[-`{-~"
# The ranges of `tokenizers`, whose 2B920 is a slip for 2B820: the 256 characters between are cut as letters there.
_CHINESE = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002b81f\U0002b920-\U0002ceaf\U0002f800-\U0002fa1f"
_RUN = re.compile(f"[{_MARK}{_CHINESE}]|[^{_BLANK}{_MARK}{_CHINESE}]+")

# `tokenizers` 0.22 has the categories of Unicode 8 and takes what came later for letters. These ranges hold each later
# mark, punctuation or format character of Unicode 14 to 18 (so Python's own version does not matter) and none from before.
_LATER = re.compile(
    r"[\u05c8\u05c9\u061d\u07fd\u0890-\u08e2\u09fd\u09fe\u0a76\u0afa-\u0aff\u0b53-\u0b55\u0c04-\u0c3c\u0c77\u0c84\u0d00\u0d3b\u0d3c"
    r"\u0d81\u0eba\u0ece\u180f-\u1886\u1abf-\u1af0\u1b4e\u1b4f\u1b7d-\u1b7f\u1df6-\u1dfb\u2e43-\u2e63\ua82c\ua8c5\ua8ff\ua9bd"
    r"\U00010d24-\U00010f89\U00011070-\U00011074\U000110c2-\U000110cd\U000111cf\U0001123e-\U00011241\U0001133b\U00011375-\U0001145e"
    r"\U00011660-\U0001166c\U000116b9\U0001182f-\U00011fff\U00012ff1-\U0001612f\U00016d6d-\U00016f4f\U00016fe2-\U00016fe4"
    r"\U0001cf00-\U0001d128\U0001d25b\U0001d25c\U0001e000-\U0001e6f5\U0001e944-\U0001e95f]"
)
# The same for combining classes, which it has from Unicode 9.
_UNORDERED = re.compile(
    r"[\u05c8\u05c9\u07fd\u0897-\u08d3\u09fe\u0c3c\u0d3b\u0d3c\u0eba\u1715\u1abf-\u1af0\u1df6-\u1dfa\ua82c"
    r"\U00010d24-\U00010f85\U00011070\U0001133b\U000113ce-\U000113d0\U0001145e\U00011839-\U00011a99\U00011d42-\U0001612f"
    r"\U00016ff0\U00016ff1\U0001d127\U0001d128\U0001d250-\U0001d281\U0001e08f-\U0001e6f5]"
)
_MOVED = {"\u166d": "Po", "\U000111c9": "Po", "\u1734": "Mn", "\U0001171e": "Mn"}  # characters whose category has changed since


class Piece(NamedTuple):
    """One piece of a text: its line in the vocabulary, and the half-open range of code points that it stands for."""

    id: int
    start: int
    end: int


class WordPiece:
    """Cuts text into the pieces of one vocabulary; the line number of a piece is its id.

    An empty or blank text has no pieces; text of any length is cut whole, for the caller to shorten. Runs that were seen
    are remembered, up to a bound. A lone surrogate is dropped as a control character is. Raises `ModelError` where the
    vocabulary lacks [UNK], [CLS] or [SEP].
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._ids = dict(zip(vocabulary, range(len(vocabulary)), strict=True))
        self._longest = max(map(len, vocabulary), default=0)
        try:
            self._unknown, self.cls_id, self.sep_id = (self._ids[piece] for piece in ("[UNK]", "[CLS]", "[SEP]"))
        except KeyError as error:
            raise ModelError(f"the WordPiece vocabulary lacks {error.args[0]}") from None
        self._remembered = lru_cache(_MEMO)(self._cut_run)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a `vocab.txt`, UTF-8 with one piece a line; raises `ModelError` where that cannot be done."""
        try:
            # Not `splitlines`, which also breaks at U+2028 and its like, and those may be pieces.
            return cls(path.read_text(encoding="utf-8").removesuffix("\n").split("\n"))
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(f"cannot read the vocabulary {path}: {error}") from error

    def __call__(self, text: str) -> list[Piece]:
        """The pieces of `text` in order, without [CLS] and [SEP]; ranges count code points of `text` as it was given."""
        pieces = []
        for match in _RUN.finditer(text):
            run, offset = match[0], match.start()
            for number, start, end in self._cut_run(run) if len(run) > _LONGEST_MEMO else self._remembered(run):
                pieces.append(Piece(number, offset + start, offset + end))
        return pieces

    def _cut_run(self, run: str) -> list[tuple[int, int, int]]:
        letters, origins = _letters(run)
        return [
            (number, origins[first + start], origins[first + end - 1] + 1)
            for first, last in _words(letters)
            for number, start, end in self._cut_word(letters[first:last])
        ]

    def _cut_word(self, word: str) -> list[tuple[int, int, int]]:
        """The longest piece that fits, again and again; [UNK] for the whole word where at some point none does."""
        whole = [(self._unknown, 0, len(word))]
        if len(word) > _LONGEST_WORD:
            return whole
        pieces, start = [], 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(min(len(word), start + self._longest), start, -1):
                if (number := self._ids.get(prefix + word[start:end])) is not None:
                    break
            else:
                return whole
            pieces.append((number, start, end))
            start = end
        return pieces


def _letters(run: str) -> tuple[str, Sequence[int]]:
    """The run without controls and accents in lower case, and for each character left the index of the one it came from."""
    if run.isascii() and run.isalnum():
        return run.lower(), range(len(run))
    kept = [(index, character) for index, character in enumerate(run) if not _is_control(character)]
    parts = [(part, nth > 0) for _, character in kept for nth, part in enumerate(_decomposed(character))]
    letters, origins, used = [], [], 0
    for part, added in _reordered(parts):
        used += not added  # `tokenizers` counts so: what NFD added belongs to whatever character was used up last
        if _category(part) != "Mn":
            letters.append(part.lower())  # one at a time, since Python lowers a final sigma by its neighbours
            origins.append(kept[used - 1][0])
    return "".join(letters), origins


def _reordered(parts: list[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    """Canonical order: between two starters (class 0, which stay as they are) the combining classes rise (Unicode 3.11, D109)."""
    for _, group in groupby(parts, key=lambda part: _combining(part[0]) > 0):
        yield from sorted(group, key=lambda part: _combining(part[0]))


def _words(letters: str) -> Iterator[tuple[int, int]]:
    """Ranges of the words, and of each punctuation character between them."""
    start = 0
    for index, character in enumerate(letters):
        if character in string.punctuation or _category(character)[0] == "P":
            if start < index:
                yield start, index
            yield index, index + 1
            start = index + 1
    if start < len(letters):
        yield start, len(letters)


def _decomposed(character: str) -> str:
    return character if _LATER.match(character) else normalize("NFD", character)


@lru_cache(4096)
def _combining(character: str) -> int:
    return 0 if _UNORDERED.match(character) else combining(character)


def _is_control(character: str) -> bool:
    return character == "\ufffd" or _category(character) in ("Cc", "Cf", "Co", "Cs")


@lru_cache(4096)
def _category(character: str) -> str:
    """The general category as `tokenizers` sees it."""
    return "Lo" if _LATER.match(character) else _MOVED.get(character) or category(character)
