"""Edit operations: what an editor may do at a word, each with the words that it replaces.

An operation names what stands there before and after, so it fits a place only as a whole: "do not" -> "don't" is one
operation, and a half of it ("don't not") cannot be written. It is anchored at a word: either it replaces text that
begins with the word ("" before: it is put in front of it), or it replaces the marks that follow the word. Letters are
compared without case, and what is put in place takes the case of what it replaces; where an operation moves the start of
a sentence ("However, the" -> "The", ". It" -> "; it") the letter there changes with it, or it does not fit. A word that is put in never
doubles its neighbour ("so so"), nor one conjunction another ("so but").

Training and serving share this file: `operation` reads an operation off an edit, `Vocabulary.mask` finds the places
of a draft where operations fit, and what is read off one draft fits that draft, doubled words aside. Case alone and the kind of apostrophe
are no operations; apostrophes are straight here, and the reflector puts the user's kind in their place.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from rpo_edge.errors import ModelError
from rpo_edge.features.base import like
from rpo_edge.features.context import CONJUNCTIONS, listed
from rpo_edge.lexicon import FUNCTION_WORDS
from rpo_edge.records import Edit
from rpo_edge.segment import WORD, iter_sentence_starts, straight

Mask = np.ndarray[Any, np.dtype[np.bool_]]

LONGEST = 40
"""Code points that either side of an operation may have; longer changes are no operations."""

_BEFORE_COMMA = listed("and or but so because which who then that when where if while as than though although since")
"""A comma before one of these is a habit of its own."""
_ENDS = (".", "!", "?")
_MARKS = (",", ";", ":", *_ENDS)
_ARTICLES = {"a": False, "an": True}


@dataclass(frozen=True, slots=True, order=True)
class Operation:
    """Replace `before` by `after`.

    marks: among the marks after the word, else from the word's first letter on. initial: only where a sentence begins.
    following: the word that must come next (marks only; "": any).
    """

    marks: bool
    before: str
    after: str
    initial: bool = False
    following: str = ""

    @property
    def anchored(self) -> bool:
        """Whether it hangs on certain words or marks; any other may be put in beside any word."""
        return bool(self.before or self.following)


class Word(NamedTuple):
    """Where a word stands (half-open code points), and whether a sentence begins with it."""

    start: int
    end: int
    initial: bool


def words_of(text: str) -> list[Word]:
    """The words of a text, in order."""
    starts = set(iter_sentence_starts(text))
    return [Word(*match.span(), match.start() in starts) for match in WORD.finditer(text)]


def operation(edit: Edit, draft: str, words: Sequence[Word]) -> tuple[int, Operation] | None:
    """The word (its index) and operation that make `edit`, or None where an operation cannot say it."""
    if max(len(edit.before), len(edit.after)) > LONGEST:
        return None
    for i, word in enumerate(words):
        if edit.start == word.start:
            found = _of_word(edit, draft, word)
            return (i, found) if found else None
        if edit.start < word.end:
            return None
        following = words[i + 1].start if i + 1 < len(words) else len(draft)
        if edit.start < following or edit.start == len(draft):
            found = _of_marks(edit, draft, words, i) if edit.start == word.end else None
            return (i, found) if found else None
    return None


def _of_word(edit: Edit, draft: str, word: Word) -> Operation | None:
    before, after = straight(edit.before), straight(edit.after)
    if word.initial and before != after:
        before, after = _without_last_word(before, after)
    if before.lower() == after.lower():
        return None
    return Operation(False, before.lower(), _folded(before or draft[word.start : word.end], after), word.initial)


def _without_last_word(before: str, after: str) -> tuple[str, str]:
    """Both sides without the word that both end with, if only its case differs: "However, the", "The" -> "However, ", ""."""
    old, new = list(WORD.finditer(before)), list(WORD.finditer(after))
    if old and new and old[-1][0].lower() == new[-1][0].lower() and len(old) != len(new) and old[-1].end() == len(before):
        return before[: old[-1].start()], after[: new[-1].start()]
    return before, after


def _of_marks(edit: Edit, draft: str, words: Sequence[Word], i: int) -> Operation | None:
    following = words[i + 1] if i + 1 < len(words) else None
    if following is None or edit.end <= following.start:
        context = draft[following.start : following.end].lower() if following else ""
        pure = {edit.before, edit.after} == {"", ","}
        return Operation(True, edit.before, edit.after, following=context if pure and context in _BEFORE_COMMA else "")
    if edit.end == following.end and edit.after.lower().endswith(edit.before[following.start - edit.start :].lower()):
        length = following.end - following.start
        return Operation(True, edit.before[:-length], edit.after[:-length])
    return None


def _folded(written: str, after: str) -> str:
    """`after` in lower case where `like` gives its case back."""
    return after.lower() if like(written, after.lower()) == after else after


class Vocabulary:
    """Operations by number; 0 is to keep. Finds those that fit a place in a draft."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.operations: tuple[Operation, ...] = tuple(operations)
        self._index: Mapping[Operation, int] = {op: i for i, op in enumerate(self.operations, 1)}
        self._by_head: dict[str, list[int]] = defaultdict(list)  # by the word that they begin with
        self._by_mark: dict[str, list[int]] = defaultdict(list)  # by the first of the marks that they replace
        self._after_one: dict[str, list[int]] = defaultdict(list)  # marks put in, by the word that must follow
        self._after_any, self._put_first = (np.zeros(len(self), dtype=np.bool_) for _ in range(2))
        self._not_before: dict[str, list[int]] = defaultdict(list)  # words put in, by a word that must not follow
        self._not_after: dict[str, list[int]] = defaultdict(list)  # the same, by one that must not come before
        self._put_in: dict[bool | None, Mask] = {kind: np.zeros(len(self), dtype=np.bool_) for kind in (None, False, True)}
        for i, op in enumerate(self.operations, 1):
            self._sort_in(i, op)

    def _sort_in(self, i: int, op: Operation) -> None:
        """Most operations hang on a word or mark; those that only put something in fit so widely that masks are kept of them."""
        if op.before:
            head = WORD.match(op.before)
            (self._by_mark[op.before[0]] if op.marks or head is None else self._by_head[head[0]]).append(i)
        elif op.marks and op.following:
            self._after_one[op.following].append(i)
        elif op.marks:
            self._after_any[i] = True
        elif op.initial:
            self._put_first[i] = True
        else:
            vowel = op.after[:1] in "aeiou"
            self._put_in[None][i] = True
            self._put_in[vowel][i] = True
        put_in = WORD.findall(op.after) if not op.before and not op.marks else []
        if put_in:
            for word in _clashing(put_in[-1]):
                self._not_before[word].append(i)
            for word in _clashing(put_in[0]):
                self._not_after[word].append(i)

    def __len__(self) -> int:
        """Operations, keeping included."""
        return len(self.operations) + 1

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote. Raises ModelError if it is not of that form."""
        try:
            return cls(Operation(*row) for row in json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise ModelError(f"{path} cannot be read as a vocabulary of operations") from error

    def save(self, path: Path) -> None:
        """One JSON list an operation: marks, before, after, initial, following."""
        rows = ",\n".join(json.dumps(astuple(op), ensure_ascii=False) for op in self.operations)
        path.write_text(f"[\n{rows}\n]\n", "utf-8", newline="\n")

    def number(self, op: Operation) -> int | None:
        """The operation's number; one that holds anywhere stands for one at the start of a sentence. None: not there."""
        found = self._index.get(op)
        if found is None and op.initial:
            found = self._index.get(Operation(op.marks, op.before, op.after, False, op.following))
        return found

    def mask(self, draft: str, words: Sequence[Word]) -> Mask:
        """(words, operations) booleans: whether `edit` gives one; column 0, to keep, is False."""
        mask = np.zeros((len(words), len(self)), dtype=np.bool_)
        for i, word in enumerate(words):
            row = mask[i]
            if self._gap(draft, words, i) in (" ", ""):
                row |= self._after_any
            if not word.initial:
                row |= self._put_in[_article(draft, words, i)]
            elif _lowered(draft[word.start : word.end]):
                row |= self._put_first
            row[self._doubling(draft, words, i)] = False
        for i, number, _ in self.anchored(draft, words):
            mask[i, number] = True
        return mask

    def anchored(self, draft: str, words: Sequence[Word], wanted: Container[int] | None = None) -> Iterator[tuple[int, int, Edit]]:
        """What `mask` finds of anchored operations: (word, operation, edit). wanted: those that are looked for; all of them if None."""
        for i, word in enumerate(words):
            gap = self._gap(draft, words, i)
            numbers = [*self._by_head.get(straight(draft[word.start : word.end].lower()), ()), *self._by_mark.get(gap[:1], ())]
            if gap == " " and i + 1 < len(words):
                numbers += self._after_one.get(draft[words[i + 1].start : words[i + 1].end].lower(), ())
            for number in numbers:
                if (wanted is None or number in wanted) and (edit := self.edit(number, draft, words, i)) is not None:
                    yield i, number, edit

    @staticmethod
    def _gap(draft: str, words: Sequence[Word], i: int) -> str:
        """What stands between a word and the next, or the end."""
        return draft[words[i].end : words[i + 1].start if i + 1 < len(words) else None]

    def _doubling(self, draft: str, words: Sequence[Word], i: int) -> list[int]:
        """Operations that would put a word beside its like."""
        found = self._not_before.get(_plain(draft, words[i]), [])
        return found if not i or words[i].initial else found + self._not_after.get(_plain(draft, words[i - 1]), [])

    def edit(self, number: int, draft: str, words: Sequence[Word], i: int) -> Edit | None:
        """The edit that an operation makes at a word, None where it does not fit or changes nothing."""
        op = self.operations[number - 1]
        if op.initial and not words[i].initial:
            return None
        if not op.before and not op.marks and number in self._doubling(draft, words, i):
            return None
        edit = _at_marks(op, draft, words, i) if op.marks else _at_word(op, draft, words, i)
        return edit if edit and edit.after != straight(edit.before) else None


def _plain(draft: str, word: Word) -> str:
    return straight(draft[word.start : word.end].lower())


def _clashing(word: str) -> Collection[str]:
    """Words that must not be its neighbours."""
    word = word.lower()
    return CONJUNCTIONS if word in CONJUNCTIONS else (word,)


def _edit(draft: str, start: int, end: int, after: str) -> Edit:
    return Edit(start, end, draft[start:end], after, "operation")


def _at_word(op: Operation, draft: str, words: Sequence[Word], i: int) -> Edit | None:
    word = words[i]
    end = word.start + len(op.before)
    written = draft[word.start : end]
    if straight(written.lower()) != op.before or (op.before and draft[end - 1].isalnum() and draft[end : end + 1].isalnum()):
        return None
    if not op.before and op.initial:
        first = _lowered(draft[word.start : word.end])
        start = op.after[:1].upper() + op.after[1:]
        return _edit(draft, word.start, word.end, start + first) if first else None
    if not op.after and word.initial:
        letter = draft[end : end + 1]
        return _edit(draft, word.start, end + 1, letter.upper()) if letter.isalpha() else None
    if not op.after and not draft[end : end + 1].isalpha():
        return None
    if op.before and op.after.endswith(_MARKS) and draft[end : end + 1] in _MARKS:
        return None  # no "therefore,," for "so,"
    after = like(written or draft[word.start : word.end], op.after) if not word.initial or op.before else None
    if after is None or not _article_agrees(draft, words, i, (after + draft[end : end + 1])[:1]):
        return None
    return _edit(draft, word.start, end, after)


def _at_marks(op: Operation, draft: str, words: Sequence[Word], i: int) -> Edit | None:
    start = words[i].end
    end = start + len(op.before)
    if not draft.startswith(op.before, start):
        return None
    following = words[i + 1] if i + 1 < len(words) else None
    if end > (following.start if following else len(draft)):
        return None
    if op.following and (following is None or draft[following.start : following.end].lower() != op.following or draft[end] != " "):
        return None
    if not op.before and draft[end : following.start if following else len(draft)] not in (" ", ""):
        return None  # no comma before a dash or a bracket
    if not (op.before.endswith(" ") and op.after.endswith(" ")) or op.before.startswith(_ENDS) == op.after.startswith(_ENDS):
        # "." does not fit where "..." stands, nor "," in the middle of "),"
        return None if op.before and draft[end : end + 1] == op.before[-1] else _edit(draft, start, end, op.after)
    if following is None or following.start != end:
        return None
    first = draft[following.start : following.end]
    first = first[:1].upper() + first[1:] if op.after.startswith(_ENDS) else _lowered(first)
    return _edit(draft, start, following.end, op.after + first) if first else None


def _lowered(word: str) -> str:
    """A sentence's first word as it stands inside one; "" where it may be a name."""
    if word == "I" or word.startswith(("I'", "I’")) or word.islower():
        return word
    return word[:1].lower() + word[1:] if straight(word.lower()) in FUNCTION_WORDS else ""


def _article(draft: str, words: Sequence[Word], i: int) -> bool | None:
    """Whether "an" (True) or "a" (False) stands right before a word; None: neither."""
    if not i or draft[words[i - 1].end : words[i].start] != " ":
        return None
    return _ARTICLES.get(draft[words[i - 1].start : words[i - 1].end].lower())


def _article_agrees(draft: str, words: Sequence[Word], i: int, letter: str) -> bool:
    """No "a obvious": after an article, a word gives way only to one with a like beginning."""
    article = _article(draft, words, i)
    return article is None or article == (letter.lower() in "aeiou")
