"""What an importer is: one file format, read item by item.

An importer streams: memory does not grow with the file. Bad items are reported and skipped, good ones are
kept; a file that is not UTF-8 is read up to the bad byte. Only errors of arguments are raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rpo_edge.records import HistoryItem


@dataclass(slots=True)
class Problems:
    """Collects what was wrong, a line each: `file:line: what`."""

    lines: list[str] = field(default_factory=list)

    def __call__(self, path: Path, line: int, what: str) -> None:
        self.lines.append(f"{path}:{line}: {what}")


@dataclass(frozen=True, slots=True)
class Importer:
    """One row of the table: name, file extensions, and the function that reads a file."""

    name: str
    extensions: tuple[str, ...]
    read: Callable[[Path, Problems], Iterator[HistoryItem]]


ITEM_CHARACTERS = 1000
"""Running text is cut into items of about this many characters, at paragraph borders."""


def lines(path: Path, report: Problems) -> Iterator[tuple[int, str]]:
    """Numbered lines without their line ends. What cannot be read is reported and ends the iteration."""
    number = 0
    try:
        with path.open("rb") as file:
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
