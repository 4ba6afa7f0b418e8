"""What the exports of assistants have in common: long lists of JSON objects, in a file or inside a zip, read one object at a time."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Any

import ijson

from rpo_edge.importers.base import HEAD, UNREADABLE, Report, Watched, joined, opened
from rpo_edge.importers.markdown import prose
from rpo_edge.importers.stream import HALF, events, sound, unread
from rpo_edge.records import HistoryItem

Complain = Callable[[str], None]
"""Reports a problem with the object that it came with."""

NOT_SHOWN = "on branches that are not shown"


@dataclass(frozen=True, slots=True)
class Export:
    """What tells one assistant's export from another's.

    names: of the files inside a zip that are read. marks: keys that stand in the first HEAD bytes of such a file. JSON escapes the
    quotes inside a text, so what a pattern with bare quotes finds is never something that somebody said.
    """

    names: re.Pattern[str]
    marks: tuple[re.Pattern[bytes], ...]

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether a file, or one inside a zip, is such an export. Of a folder the files are asked one by one."""
        return self._inside(path) if head.startswith(b"PK") else self._begins(head)

    def _begins(self, head: bytes) -> bool:
        is_list = head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
        return is_list and all(mark.search(head) for mark in self.marks)

    def _inside(self, path: Path) -> bool:
        try:
            with zipfile.ZipFile(path) as archive:
                return any(self._begins(_head(archive, name)) for name in self._named(archive))
        except UNREADABLE:
            return False

    def _named(self, archive: zipfile.ZipFile) -> list[str]:
        return sorted(name for name in archive.namelist() if self.names.search(name))

    def objects(self, path: Path, report: Report) -> Iterator[tuple[dict[str, Any], Complain]]:
        """The objects of a file's list, or of the lists inside a zip; memory holds one of them."""
        try:
            if zipfile.is_zipfile(path):
                yield from self._unzipped(path, report)
            else:
                with opened(path, report) as file:
                    yield from _objects(file, lambda number, what: report(path, f"item {number}", what))
        except UNREADABLE as error:
            report(path, 0, _reason(error))

    def _unzipped(self, path: Path, report: Report) -> Iterator[tuple[dict[str, Any], Complain]]:
        with zipfile.ZipFile(path) as archive:
            names = self._named(archive)
            if not names:
                report(path, 0, "no such export in this zip")
            for name in names:
                with _member(archive, name, report) as file:
                    yield from _objects(file, partial(_report_inside, report, path, name))


def names_inside(path: Path) -> list[str]:
    """Names of the files in a zip; none where it cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except UNREADABLE:
        return []


def _head(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        return file.read(HEAD)


def _member(archive: zipfile.ZipFile, name: str, report: Report) -> IO[bytes]:
    """A file inside a zip. Progress is told in bytes of the zip, which are fewer than those that are read."""
    info = archive.getinfo(name)
    share = info.compress_size / max(info.file_size, 1)
    return io.BufferedReader(Watched(archive.open(info), lambda read: report.progress(round(read * share))), HEAD)


def _report_inside(report: Report, path: Path, name: str, number: int, what: str) -> None:
    report(path, f"{name}, item {number}", what)


def _objects(file: IO[bytes], complain: Callable[[int, str], None]) -> Iterator[tuple[dict[str, Any], Complain]]:
    """Objects of a JSON list, numbered from 1. What cannot be read is reported and ends the iteration."""
    number = 0
    try:
        chunks = sound(file)
        first = next(chunks, b"")
        if first[:1] not in (b"", b"["):
            complain(1, "not a JSON list")
        if first[:1] != b"[":
            return
        for number, found in enumerate(ijson.items(events(chain([first], chunks)), "item"), 1):
            if isinstance(found, dict):
                yield found, partial(complain, number)
            else:
                complain(number, "not an object")
    except (ijson.JSONError, ValueError) as error:
        complain(number + 1, unread(error))
    except UNREADABLE as error:
        complain(number + 1, f"{_reason(error)}; the rest of the file is skipped")


def _reason(error: Exception) -> str:
    return ((error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__).lower()


def table(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def words(value: Any) -> str:
    """The value if it is a text, else none."""
    return value if isinstance(value, str) else ""


def label(value: Any) -> str:
    """A title or an id, without what is no character: a title is no reason to lose what stands below it."""
    return words(value).replace(HALF, "").strip()


def date_of(value: Any) -> str | None:
    """A time of an export, given in ISO 8601 or in seconds since 1970, as ISO 8601 in UTC to the second; None for what is no time."""
    try:
        if isinstance(value, str):
            time = datetime.fromisoformat(value)
        elif type(value) in (int, float, Decimal) and value > 0:  # a bool is an int too
            time = datetime.fromtimestamp(float(value), UTC)
        else:
            return None
        return (time.astimezone(UTC) if time.tzinfo else time).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return None


def own_words(message: HistoryItem, report: Report, complain: Complain) -> Iterator[HistoryItem]:
    """A message of the user's as items of its prose: code, quotes and tables that Markdown marks were pasted, or nobody's sentences."""
    if HALF in message.text:
        complain(f"message {message.origin} has half a surrogate pair, which is no character")
        return
    texts = list(joined(prose(message.text.replace("\r\n", "\n").split("\n"))))
    if not texts:
        report.skip("without words of their own")
    for text in texts:
        yield replace(message, text=text)
