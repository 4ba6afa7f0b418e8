"""Event streams (https://html.spec.whatwg.org/multipage/server-sent-events.html), with each event's bytes as they came.

Lines end with LF, CR LF or CR, chunks anywhere, inside a character too. The bytes of all events and of `drain` are the bytes that were fed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_END = re.compile(rb"\r\n|\n|\r(?=[^\n])")  # a CR that ends a chunk may be half an end
_LINE = re.compile(rb"([^\r\n]*)(\r\n|\r|\n)")
_MARK = b"\xef\xbb\xbf"  # a byte order mark may stand before the first line


@dataclass(frozen=True, slots=True)
class Event:
    """An event, or a comment, with the blank line that ends it."""

    raw: bytes

    @property
    def data(self) -> bytes | None:
        """Its data lines, joined; None if it has none."""
        lines = [line for line, _ in _LINE.findall(self.raw.removeprefix(_MARK)) if _is_data(line)]
        return b"\n".join(line[5:].removeprefix(b" ") for line in lines) if lines else None

    def with_data(self, data: bytes) -> bytes:
        """The event with other data, of one line; every other line stays."""
        done, put = [], False
        for line, end in _LINE.findall(self.raw):
            if not _is_data(line.removeprefix(_MARK)):
                done.append(line + end)
            elif not put:
                done.append(b"data: " + data + end)
                put = True
        return b"".join(done)


def _is_data(line: bytes) -> bool:
    return line == b"data" or line.startswith(b"data:")


class Parser:
    """Chunks in, events out."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._line = self._seen = 0  # where the last line begins; up to where no end of it was found

    def __len__(self) -> int:
        """Bytes that no blank line has ended yet."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that the chunk completes. Take them all before feeding again."""
        self._buffer += chunk
        while found := _END.search(self._buffer, self._seen):
            blank = found.start() == self._line
            self._line = self._seen = found.end()
            if blank:
                yield Event(self._cut())
        self._seen = len(self._buffer) - self._buffer.endswith(b"\r")

    def drain(self) -> bytes:
        """What no blank line has ended yet; it is then not given again."""
        self._line = len(self._buffer)
        return self._cut()

    def _cut(self) -> bytes:
        raw = bytes(self._buffer[: self._line])
        del self._buffer[: self._line]
        self._line = self._seen = 0
        return raw
