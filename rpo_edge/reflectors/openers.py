"""What the sentences of a window begin with, so that no opener is put in beside its like ("But it rained. But we went")."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping

from rpo_edge.records import Edit
from rpo_edge.reflectors.base import Window
from rpo_edge.segment import WORD, iter_sentence_starts

_OPENERS = frozenset(["additionally", "also", "and", "as", "but", "however", "maybe", "so", "then", "therefore", "thus", "well"])
"""First words of what a reflector puts at the start of a sentence ("As a result,")."""
_NEW_SENTENCE = re.compile(r"[.!?] (?=\w)")
_CARRY = "opened: "


class Openers:
    """First words of a window's sentences and of their neighbours, as edits change them."""

    def __init__(self, window: Window) -> None:
        self._text, self._shift = f"{window.before}{window.text}{window.after}", len(window.before)
        self._end = self._shift + len(window.text)
        self._starts = [*iter_sentence_starts(self._text)]
        self._firsts = {start: _first(self._text[start : start + _REACH]) for start in self._starts}
        put_before = [name.removeprefix(_CARRY) for name in window.carry if name.startswith(_CARRY)]
        earlier = bisect_left(self._starts, self._shift)
        if put_before and earlier:
            self._firsts[self._starts[earlier - 1]] = put_before[0]

    @property
    def carry(self) -> Mapping[str, float]:
        """What the last sentence begins with, for the next window of the draft, by a name of its own."""
        last = bisect_left(self._starts, self._end) - 1
        first = self._firsts[self._starts[last]] if last >= 0 and self._starts[last] >= self._shift else ""
        return {f"{_CARRY}{first}": 1.0} if first in _OPENERS else {}

    def take(self, edit: Edit) -> bool:
        """Whether an edit of the window puts no opener beside its like; it then counts for those that come after it."""
        start = self._shift + edit.start
        new = _NEW_SENTENCE.search(edit.after)
        at = bisect_left(self._starts, start + bool(new))
        if new is None and self._starts[at : at + 1] != [start]:
            return True
        following = self._text[self._shift + edit.end :][:_REACH]
        first = _first(edit.after[new.end() if new else 0 :] + following)
        beside = [*self._starts[max(0, at - 1) : at], *self._starts[at if new else at + 1 :][:1]]
        if first in _OPENERS and first != self._firsts.get(start) and first in (self._firsts[one] for one in beside):
            return False
        if new:
            start += 1  # the sentence may begin where the edit does
            self._starts.insert(at, start)
        self._firsts[start] = first
        return True


_REACH = 40  # code points; no first word is longer


def _first(text: str) -> str:
    found = WORD.search(text)
    return found[0].lower() if found else ""


def without_openers(carry: Mapping[str, float]) -> dict[str, float]:
    """What a window carries but for the opener before it."""
    return {name: part for name, part in carry.items() if not name.startswith(_CARRY)}
