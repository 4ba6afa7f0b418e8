"""Tables (CSV, TSV): a row a text, in the column `text`, `body`, `message` or `content`; `date`, `title` and `source` may stand beside it.

The header says what separates the cells, a comma, tab, semicolon or bar: guessing it from prose, which is full of commas and quotation
marks, goes wrong. A column that names writers ("author", "sender", "from", "user") makes it a table of many people, of which only
the rows of `--me` are read. A date in an order that is not sure ("01/02/2024") is left out, which is said once.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

from rpo_edge.importers.base import Importer, Options, Report, lines, stem
from rpo_edge.records import HistoryItem, iso_date

TEXTS = ("text", "body", "message", "content")
WRITERS = ("author", "sender", "from", "user", "username")
_OTHERS = ("date", "title", "source")
_SEPARATORS = (",", "\t", ";", "|")


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where in a row what stands; width: cells of the header."""

    width: int
    text: int
    writer: int | None
    others: dict[str, int]

    def other(self, row: list[str], name: str) -> str | None:
        """A cell that need not be there."""
        place = self.others.get(name)
        return (row[place].strip() or None) if place is not None and place < len(row) else None


def _columns(header: list[str]) -> _Columns | None:
    """None where no column is known to hold texts."""
    names = [cell.strip().casefold() for cell in header]
    text = next((names.index(name) for name in TEXTS if name in names), None)
    if text is None:
        return None
    writer = next((names.index(name) for name in WRITERS if name in names), None)
    return _Columns(len(names), text, writer, {name: names.index(name) for name in _OTHERS if name in names})


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:  # a cell beyond the limit of the csv module, or a carriage return within
        return []


def _separator(header: str) -> str:
    """Of those that show a column of texts, or else of all, the one that cuts most cells."""
    return max(_SEPARATORS, key=lambda one: (_columns(_cells(header, one)) is not None, len(_cells(header, one))))


class _Table:
    """One pass over a file. number: of the line that was read last; header: the first line with anything in it."""

    def __init__(self, path: Path, report: Report) -> None:
        self._path, self._report = path, report
        self._lines = lines(path, report)
        self.number = 0
        self.header = next((line for line in self._numbered() if line.strip()), "")
        self._separator = _separator(self.header)
        self.columns = _columns(_cells(self.header, self._separator))

    def rows(self) -> Iterator[list[str]]:
        """Rows below the header that are not empty."""
        reader = csv.reader(self._numbered(), delimiter=self._separator)
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                self._report(self._path, self.number, str(error))
                continue
            if row is None:
                return
            if any(cell.strip() for cell in row):
                yield row

    def _numbered(self) -> Iterator[str]:
        for number, line in self._lines:
            self.number = number
            yield line + "\n"


class _Reader:
    """Rows to items, for one file and one user."""

    def __init__(self, path: Path, options: Options, report: Report) -> None:
        self._path, self._options, self._report = path, options, report
        self._strange_date = False

    def items(self) -> Iterator[HistoryItem]:
        """Items of the user's rows; what is wrong is reported."""
        table = _Table(self._path, self._report)
        columns = table.columns
        if columns is None:
            if table.header:
                self._report(self._path, table.number, f"no column of the header is called {', '.join(TEXTS[:-1])} or {TEXTS[-1]}")
        elif columns.writer is not None and not self._options.me:
            self._report(self._path, table.number, "a column names the writers of the rows: say which are yours, --me NAME")
        else:
            for row in table.rows():
                if (item := self._item(row, columns, table.number)) is not None:
                    yield item

    def _item(self, row: list[str], columns: _Columns, number: int) -> HistoryItem | None:
        if len(row) <= columns.text or any(cell.strip() for cell in row[columns.width :]):
            self._report(self._path, number, f"{len(row)} cells, the header has {columns.width}")
            return None
        if columns.writer is not None and not (columns.writer < len(row) and self._options.mine(row[columns.writer])):
            self._report.skip("written by others")
            return None
        text = row[columns.text].strip()
        if not text:
            self._report.skip("without words of their own")
            return None
        date = self._date(columns.other(row, "date"), number)
        source = columns.other(row, "source") or stem(self._path)
        return HistoryItem(text, source, date, columns.other(row, "title"), origin=f"line {number}")

    def _date(self, value: str | None, number: int) -> str | None:
        date = sure_date(value) if value else None
        if value and not date and not self._strange_date:
            self._strange_date = True
            self._report(self._path, number, f"{value!r} is no date that can be read for sure; dates like it are left out")
        return date


def sure_date(value: str) -> str | None:
    """ISO 8601 of a date that is written so, with other marks in its order ("2024/01/02 10:00"), or as in a mail's header; else None."""
    if date := iso_date(value) or iso_date(re.sub(r"(?<=\d)[/.](?=\d)", "-", value, count=2)):
        return date
    try:
        return parsedate_to_datetime(value).isoformat()
    except (ValueError, IndexError, OverflowError):
        return None


def _read(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    return _Reader(path, options, report).items()


def _recognises(path: Path, head: bytes) -> bool:
    """By the end of its name, or by a header with a column of texts and another that is known."""
    if path.is_dir():
        return False
    first = next((line for line in head.decode("utf-8-sig", "replace").splitlines() if line.strip()), "")
    columns = _columns(_cells(first, _separator(first)))
    known = columns is not None and (columns.writer is not None or bool(columns.others))
    return path.suffix.lower() in (".csv", ".tsv", ".tab") or known


TABLE = Importer("table", "CSV or TSV with a column `text`, `body`, `message` or `content`", _recognises, _read)
