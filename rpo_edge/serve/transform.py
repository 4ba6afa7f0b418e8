"""A streamed answer: bytes in, bytes out, in steps that each let one piece of rewritten text go.

Pure of any network. An event that is not changed goes as the bytes it came in. A text piece goes with what its part lets go in its place;
one that gets nothing waits for the next event, so that what its part lets go at its end can go in it, or is left out. What ends a part
goes after what the part held. After an event that cannot be read nothing is known of the rest, which goes as it comes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rpo_edge.serve.dialects.base import Dialect, Json, Key, Reading, Text
from rpo_edge.serve.outcome import HEADER, Summary
from rpo_edge.serve.parts import Part, TextStream
from rpo_edge.serve.sse import Event, Parser

SMALL = 4096  # bytes of a chunk of which it is worth to know at once whether it is quiet
LARGEST = 64 * 2**20  # bytes of an event (images come as one) or a whole answer; larger ones pass as they come
_DONE = b"[DONE]"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part's last event: what to copy when there is more to say."""

    event: Event
    content: Json
    text: Text
    bare: bool


@dataclass(frozen=True, slots=True)
class _Parsed:
    """An event, and what its dialect reads in it; neither where it has no JSON, or none that can be read (`nonsense`)."""

    event: Event
    content: Any = None
    reading: Reading | None = None
    nonsense: bool = False


class Transform:
    """For one answer. `begin` begins a stream of the Personalizer.

    `take` a chunk, then `step` until it returns None; at the end `close`. One thread at a time. Where `take` says that a chunk is quiet, no
    sentence can end in it, and its steps are not worth another thread.
    """

    def __init__(self, dialect: Dialect, begin: Callable[[], TextStream]) -> None:
        self._dialect, self._begin = dialect, begin
        self._parser = Parser()
        self._parts: dict[Key, Part] = {}
        self._pieces: dict[Key, _Piece] = {}  # of parts that have not ended
        self._waiting: _Piece | None = None
        self._events: Iterator[_Parsed] = iter(())
        self._reason: str | None = None
        self._late = self._let_go = False

    @property
    def summary(self) -> Summary:
        """What was done so far."""
        parts = self._parts.values()
        outcomes = tuple(outcome for part in parts for outcome in part.outcomes)
        return Summary(outcomes, sum(part.passed for part in parts), reason=self._reason)

    def take(self, chunk: bytes) -> bool:
        """The next bytes of the answer. Returns whether they are quiet."""
        self._events = map(self._parsed, self._parser.feed(chunk))
        if len(chunk) > SMALL:
            return False
        parsed = list(self._events)
        self._events = iter(parsed)
        return all(self._is_quiet(one) for one in parsed)

    def step(self, late: bool) -> bytes | None:
        """What may leave of the chunk, up to the first piece of text; None when there is no more. late: rewrite nothing now."""
        self._late, self._let_go = late, False
        out = b""
        for event in self._events:
            out += self._one(event)
            if self._let_go:
                return out
        if self._reason or len(self._parser) > LARGEST:
            out += self._give_up() + self._parser.drain()
        return out or None

    def close(self, whole: bool) -> bytes:
        """What is left, and the comment unless the answer broke off."""
        out = self._ended(self._pieces) + self._released()
        if whole:
            out += f": {HEADER}: {self.summary}\n\n".encode("ascii")
        return out + self._parser.drain()

    def _parsed(self, event: Event) -> _Parsed:
        data = event.data
        if self._reason or data is None or data.strip() == _DONE:
            return _Parsed(event)
        try:
            content = json.loads(data.decode())
            return _Parsed(event, content, self._dialect.read(content) if isinstance(content, dict) else Reading(ends_all=True))
        except (ValueError, TypeError, RecursionError):  # no UTF-8, no JSON, or JSON of no sense
            return _Parsed(event, nonsense=True)

    def _is_quiet(self, one: _Parsed) -> bool:
        reading = one.reading
        if reading is None or reading.ends_all or reading.ends or reading.wholes or reading.off:
            return False
        return all(text.key in self._parts and self._parts[text.key].is_quiet(text.value) for text in reading.deltas)

    def _one(self, one: _Parsed) -> bytes:
        event = one.event
        if self._reason:
            return event.raw
        if one.nonsense:
            return self._give_up() + event.raw
        if one.reading is None:
            return (self._ended(self._pieces) + self._released() if event.data is not None else b"") + event.raw  # [DONE], or no data
        return self._read(event, one.content, one.reading)

    def _read(self, event: Event, content: Json, reading: Reading) -> bytes:
        now = {text.key for text in reading.deltas}
        over = set(self._pieces) if reading.ends_all else reading.ends
        out = self._ended(over - now) + self._released()
        self._parts.update((key, Part(self._begin, off=True)) for key in reading.off)
        changed = [self._put(event, content, reading, text) for text in reading.deltas] + [self._repeat(text) for text in reading.wholes]
        if len(now) == 1 and not over and not reading.deltas[0].value:
            (self._waiting,) = (self._pieces[key] for key in now)
            return out
        return out + (event.with_data(_dumped(content)) if any(changed) else event.raw)

    def _put(self, event: Event, content: Json, reading: Reading, text: Text) -> bool:
        """A part's next piece. Returns whether the text is another now."""
        part, given = self._parts.setdefault(text.key, Part(self._begin)), text.value
        self._pieces[text.key] = _Piece(event, content, text, reading.bare)
        text.put(part.feed(given, self._late))
        if text.key in reading.ends:
            del self._pieces[text.key]
            text.put(text.value + part.end())
        self._let_go |= text.value != ""
        return text.value != given

    def _repeat(self, text: Text) -> bool:
        """A whole part's text again: it becomes what was sent of the part."""
        part = self._parts.get(text.key)
        if part is None or part.given != text.value:
            return False
        text.put(part.sent)
        return part.sent != part.given

    def _ended(self, keys: Iterable[Key]) -> bytes:
        """What these parts held, in copies of their last events."""
        return b"".join(self._end(key) for key in list(keys) if key in self._pieces)

    def _end(self, key: Key) -> bytes:
        piece, rest = self._pieces.pop(key), self._parts[key].end()
        if piece is self._waiting:
            piece.text.put(rest)
            return b"" if not rest else self._released(force=True)
        if not rest:
            return b""
        piece.text.put(rest)
        return piece.event.with_data(_dumped(self._dialect.alone(piece.content, key)))

    def _released(self, force: bool = False) -> bytes:
        """The event that waited, unless it has nothing to say."""
        piece, self._waiting = self._waiting, None
        if piece is None or (piece.bare and not force):
            return b""
        return piece.event.with_data(_dumped(piece.content))

    def _give_up(self) -> bytes:
        out = self._ended(self._pieces) + self._released()
        self._reason = "unreadable"
        return out


def _dumped(content: Json) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode("ascii")
