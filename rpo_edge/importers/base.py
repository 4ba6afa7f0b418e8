"""What an importer is: one file format, read item by item.

An importer streams: memory does not grow with the file. Bad items are reported and passed over, good ones are
kept; a file that is not UTF-8 is read up to the bad byte. Only errors of arguments are raised.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from rpo_edge.records import HistoryItem

HEAD = 65_536
"""Bytes of a file that a format is recognised by."""

UNREADABLE = (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
"""What reading a file or a zip may raise; RuntimeError is for a password or an unknown compression, ValueError for names."""


@dataclass(slots=True)
class Report:
    """What an import has to say besides its items.

    problems: a line each, `file:position: what`; with one the command ends with 1. left_out: items that are there and were
    passed over for a good reason, by reason ("written by others"). preferences: that the user once stated, and an export of ours kept.
    progress: is told the bytes that were read.
    """

    problems: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    preferences: dict[str, str] = field(default_factory=dict)
    progress: Callable[[int], None] = lambda read: None

    def __call__(self, path: Path, position: int | str, what: str) -> None:
        """Something could not be read; position: a line, or whatever finds the place in the file."""
        self.problems.append(f"{path}:{position}: {what}")

    def skip(self, why: str) -> None:
        """One item was left out."""
        self.left_out[why] += 1


@dataclass(frozen=True, slots=True)
class Options:
    """me: the user's own names and addresses, as a format writes them (compared without case); the one question most formats have."""

    me: frozenset[str] = frozenset()

    def mine(self, name: str) -> bool:
        """Whether this is the user."""
        return name.strip().casefold() in self.me


@dataclass(frozen=True, slots=True)
class Importer:
    """One row of the table. recognises: whether a file, with its first HEAD bytes, or a folder (with b"") is of this format."""

    name: str
    about: str
    recognises: Callable[[Path, bytes], bool]
    read: Callable[[Path, Options, Report], Iterator[HistoryItem]]
    asks_me: bool = False  # whether nothing can be read without `Options.me`


ITEM_CHARACTERS = 1000
"""Running text is cut into items of about this many characters, at paragraph borders."""


class Watched(io.RawIOBase):
    """A file that tells how much of it was read."""

    def __init__(self, file: IO[bytes], progress: Callable[[int], None]) -> None:
        self._file, self._progress = file, progress

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As io.RawIOBase has it."""
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._progress(len(data))
        return len(data)

    def close(self) -> None:
        """Close both."""
        self._file.close()
        super().close()


def opened(path: Path, report: Report) -> io.BufferedReader:
    """A file to be read from its start, bytes counted for the report. Raises OSError."""
    return io.BufferedReader(Watched(path.open("rb"), report.progress), HEAD)


def lines(path: Path, report: Report) -> Iterator[tuple[int, str]]:
    """Numbered lines without their line ends. What cannot be read is reported and ends the iteration."""
    number = 0
    try:
        with opened(path, report) as file:
            for number, raw in enumerate(file, 1):
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
                yield number, text.rstrip("\r\n")
    except UnicodeDecodeError as error:
        report(path, number, f"not UTF-8 (byte {error.start} of the line); the rest of the file is skipped")
    except OSError as error:
        report(path, number, (error.strerror or str(error)).lower())


def stem(path: Path) -> str:
    """A file's name without its extension, as text; bytes of it that are not UTF-8 become question marks."""
    return path.stem.encode("utf-8", "replace").decode("utf-8")


def is_unicode(text: str) -> bool:
    """JSON can escape what UTF-8 cannot hold: a lone "\\ud800"."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def with_extension(*extensions: str) -> Callable[[Path, bytes], bool]:
    """Recognises files by the ends of their names, for formats that have nothing else."""
    return lambda path, head: path.suffix.lower() in extensions and not path.is_dir()


def joined(paragraphs: Iterator[str]) -> Iterator[str]:
    """Paragraphs joined to texts of about ITEM_CHARACTERS; an empty paragraph ends a text."""
    pending: list[str] = []
    size = 0
    for paragraph in paragraphs:
        if pending and (not paragraph or size + len(paragraph) > ITEM_CHARACTERS):
            yield "\n\n".join(pending)
            pending, size = [], 0
        if paragraph:
            pending.append(paragraph)
            size += len(paragraph)
    if pending:
        yield "\n\n".join(pending)
