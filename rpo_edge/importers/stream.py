"""JSON as a stream: events of a file that is read in chunks, in which nothing that somebody wrote can break the reading.

Read by ijson, which holds one event at a time; what it makes of half a surrogate pair and of endless nesting is why this file is here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import IO, Any

import ijson

from rpo_edge.importers.base import HEAD

DEEPEST = 100
"""Levels of nesting. A parser keeps what it is inside of: a file of brackets alone takes a gigabyte at 20,000 levels."""

HALF = "\ufdd0"
"""Stands for half a surrogate pair. It is a noncharacter, which Unicode keeps for such uses (Unicode 16, section 23.7)."""

_HEX = b"[0-9a-fA-F]"
# A pair of escapes that makes one character (group 1: its second half), or a half without the other. Escaped backslashes are found
# too, so that none of theirs can begin an escape.
_SURROGATE = re.compile(rb"\\(?:\\|u[dD][89abAB]XX(\\u[dD][c-fC-F]XX)?|u[dD][c-fC-F]XX)".replace(b"X", _HEX))
# What may go on after the end of a chunk: an escape that is not whole, or a first half whose second half may follow.
_OPEN_END = re.compile(rb"(?<!\\)(?:\\\\)*(\\(?:u(?:X{0,3}|[dD][89abAB]XX(?:\\(?:uX{0,3})?)?)?)?)\Z".replace(b"X", _HEX))
_LONGEST_OPEN_END = 11


class TooDeepError(ValueError):
    """Nested beyond DEEPEST."""


def events(chunks: Iterable[bytes]) -> Iterator[tuple[str, str, Any]]:
    """ijson's (prefix, event, value) of chunks of which the first is not empty. Raises ijson.JSONError or ValueError: see `unread`."""
    return iter(ijson.parse(_shallow(ijson.basic_parse(ijson.from_iter(iter(chunks))))))


def _shallow(basic: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    depth = 0
    for event in basic:
        if event[0].startswith("start_"):
            depth += 1
            if depth > DEEPEST:
                raise TooDeepError(f"nested more than {DEEPEST} deep")
        elif event[0].startswith("end_"):
            depth -= 1
        yield event


def unread(error: Exception) -> str:
    """What is said of a file whose reading ended with an error of `events`."""
    what = str(error) if isinstance(error, TooDeepError) else "cut off, or not JSON in UTF-8"
    return f"{what}; the rest of the file is skipped"


def sound(file: IO[bytes]) -> Iterator[bytes]:
    """A JSON file in chunks, none empty, without byte order mark and leading white space, and with HALF for each half of a pair.

    Parsers in C make something else of a half: a question mark, another character, or an error that ends the reading.
    """
    pending = b""
    begun = False
    while data := file.read(HEAD):
        pending += data
        if not begun:
            pending = pending.removeprefix(b"\xef\xbb\xbf").lstrip()
            begun = bool(pending)
        ready, pending = _parted(pending)
        if ready:
            yield _marked(ready)
    if pending:
        yield _marked(pending)


def _parted(data: bytes) -> tuple[bytes, bytes]:
    """The data up to an escape that may go on after its end, and that escape."""
    begin = len(data[:-_LONGEST_OPEN_END].rstrip(b"\\"))  # never between two backslashes, of which the first may escape the second
    found = _OPEN_END.search(data, begin)
    end = found.start(1) if found else len(data)
    return data[:end], data[end:]


def _marked(data: bytes) -> bytes:
    if b"\\ud" not in data and b"\\uD" not in data:
        return data
    return _SURROGATE.sub(lambda found: found[0] if found[1] or found[0] == b"\\\\" else b"\\ufdd0", data)
