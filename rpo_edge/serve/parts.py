"""A text part of a streamed answer: its pieces go into a `Stream` of the Personalizer, and what that lets go comes out.

Two things make a part pass as it is. Text that begins like JSON, behind the model's reasoning if it has that, is no prose. And when work
waits too long (`late`), what the stream holds is let out and the next sentences pass, in order and counted, until a paragraph begins in
better times. What goes wrong in a stream is the stream's to make good: it passes the sentence as it is, and its result says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from rpo_edge.segment import FENCE, THOUGHT, THOUGHT_ENDS, answer_start, may_think, sentences
from rpo_edge.steps.cut import MARKS

_PARAGRAPH = re.compile(r"\n[ \t]*\r?\n")
_FENCE = re.compile(rf"^[ \t]*(?:{FENCE.pattern})", re.MULTILINE)
_THOUGHT = re.compile(rf"^{THOUGHT.pattern}|{'|'.join(THOUGHT_ENDS)}", re.MULTILINE)
_TAG = max(map(len, THOUGHT_ENDS))
_SURROGATE = re.compile("[\ud800-\udfff]")


class Outcome(Protocol):
    """What the proxy wants to know of a `Rewrite`."""

    @property
    def changed(self) -> bool:
        """Whether the text differs from the draft."""

    @property
    def failed(self) -> bool:
        """Whether a reflector failed."""

    @property
    def notices(self) -> tuple[str, ...]:
        """Why a draft was left alone."""


class TextStream(Protocol):
    """What rewrites a part: see `Personalizer.streaming`."""

    def feed(self, text: str) -> str:
        """Text goes in, text that may leave comes out."""

    def finish(self) -> str:
        """The rest."""

    @property
    def result(self) -> Outcome:
        """Of the whole, after `finish`."""


class Part:
    """One text. `given` and `sent` are all of it so far; `passed` counts sentences that overload left as they were."""

    def __init__(self, begin: Callable[[], TextStream], off: bool = False) -> None:
        self._begin = begin
        self._stream: TextStream | None = None
        self._off, self._begun, self._half = off, False, ""
        self._thinks = False  # whether all that came is the model's reasoning, and that goes on
        self._passing: str | None = None
        self.given, self.sent = "", ""
        self.passed = 0
        self.outcomes: list[Outcome] = []

    def feed(self, text: str, late: bool) -> str:
        """The next piece; returns what may leave now."""
        text, self._half = _joined(self._half + text)
        self.given += text
        if self._is_no_prose(text):
            self._off = True
        out = self._take(text, late)
        self.sent += out
        return out

    def end(self) -> str:
        """No piece follows, or none for now; returns what was held."""
        out = self._let_go() + self._half
        self.given, self.sent, self._half = self.given + self._half, self.sent + out, ""
        self._count()
        return out

    def is_quiet(self, text: str) -> bool:
        """Whether no sentence ends with the next piece: there is no mark in it, and none right before it."""
        return self.given != "" and not any(mark in self.given[-4:] + text for mark in MARKS)

    def _is_no_prose(self, text: str) -> bool:
        if self._begun or (self._thinks and not _closes(self.given[-len(text) - _TAG :])):
            return _SURROGATE.search(text) is not None
        start = answer_start(self.given)
        here = bool(self.given[start:].strip())
        self._thinks = start > 0 and not here and not self.given.rstrip().endswith(THOUGHT_ENDS)
        self._begun = here and not may_think(self.given[start:].lstrip())
        return not is_prose(self.given)

    def _take(self, text: str, late: bool) -> str:
        if self._off:
            return self._let_go() + text
        if late:
            out = self._let_go() + text
            self._passing = (self._passing or "") + text
            return out
        if self._passing is None:
            return self._rewrite(text)
        at = self._paragraph(len(text))
        self._passing += text[:at]
        if at is None:
            return text
        self._count()
        return text[:at] + self._rewrite(text[at:])

    def _paragraph(self, length: int) -> int | None:
        """Where in the last `length` characters a paragraph begins that is not inside a code block or reasoning."""
        start = len(self.given) - length
        for found in _PARAGRAPH.finditer(self.given, max(0, start - 8)):
            if found.end() >= start and not self._is_within(found.end()):
                return found.end() - start
        return None

    def _is_within(self, place: int) -> bool:
        """Whether code or the model's reasoning is open at a place."""
        thoughts = _THOUGHT.findall(self.given, 0, place)
        return len(_FENCE.findall(self.given, 0, place)) % 2 == 1 or thoughts[-1:] not in ([], [""])

    def _count(self) -> None:
        if self._passing is not None and self._passing.strip():
            self.passed += len(sentences(self._passing))
        self._passing = None

    def _rewrite(self, text: str) -> str:
        if not text:
            return ""
        self._stream = self._stream or self._begin()
        return self._stream.feed(text)

    def _let_go(self) -> str:
        """End the stream, if there is one."""
        stream, self._stream = self._stream, None
        if stream is None:
            return ""
        out = stream.finish()
        self.outcomes.append(stream.result)
        return out


def is_prose(text: str) -> bool:
    """Whether a text may be worked on: its answer does not begin like JSON, and no half of a surrogate pair is without the other."""
    return not text[answer_start(text) :].lstrip().startswith(("{", "[")) and not _SURROGATE.search(text)


def _closes(text: str) -> bool:
    return any(tag in text for tag in THOUGHT_ENDS)


def _joined(text: str) -> tuple[str, str]:
    """Surrogate pairs that JSON escapes or chunks took apart, as the characters they are;
    and a first half at the end, for the next piece.
    """
    if not _SURROGATE.search(text):
        return text, ""
    half = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
    whole = text.removesuffix(half) if half else text
    return whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass"), half
