"""JSON lines: one object a line with `text`, and optionally `date` (ISO 8601, else it is left out), `source`, `title`, `kind` and `origin`;
or one preference, as `history export` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rpo_edge.errors import InputError
from rpo_edge.importers.base import Importer, Options, Report, is_unicode, lines, stem
from rpo_edge.records import HistoryItem, iso_date
from rpo_edge.steps.preferences import check
from rpo_edge.store.copies import PREFERENCE, VALUE

_OTHERS = ("date", "source", "title", "kind", "origin")
_decoded = json.JSONDecoder().decode


def _read(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    source = stem(path)
    for number, line in lines(path, report):
        if not line or line.isspace():
            continue
        try:
            row = _decoded(line)
            if isinstance(row, dict) and PREFERENCE in row and row.keys() == {PREFERENCE, VALUE}:
                report.preferences |= _stated(row)
            else:
                item = _item(row, source, "\\u" in line and "\\ud" in line.lower())
                if item.date is not None:
                    date = iso_date(item.date)
                    if date is None:
                        report(path, number, f"{item.date!r} is no ISO 8601 date; the text is kept without it")
                    item = replace(item, date=date)
                yield item
        except (ValueError, RecursionError, InputError) as error:
            what = "not JSON" if isinstance(error, json.JSONDecodeError) else str(error)
            report(path, number, what)


def _stated(row: dict[str, Any]) -> dict[str, str]:
    """Raises ValueError or InputError for what is no preference."""
    key, value = row[PREFERENCE], row[VALUE]
    if not isinstance(key, str) or not isinstance(value, str):
        raise ValueError("a preference is a name and a value")
    check(key, value)
    return {key: value}


def _item(row: Any, source: str, escaped: bool) -> HistoryItem:
    """Raises ValueError, with what is wrong, for a row that is no item. escaped: whether it may have half a surrogate pair at all.

    Lines are UTF-8, so it could only be written as an escape; looking for one in every text would take longer than reading it.
    """
    if not isinstance(row, dict):
        raise ValueError("not an object")
    text = row.get("text")
    if not isinstance(text, str) or not text or text.isspace():
        raise ValueError("no text")
    if len(row) == 1 and not escaped:
        return HistoryItem(text, source)
    _check(row, escaped)
    own, date = row.get("source"), row.get("date") or None
    return HistoryItem(text, source if own is None else own, date, row.get("title"), None, row.get("kind"), row.get("origin"))


def _check(row: dict[str, Any], escaped: bool) -> None:
    """Raises ValueError for what the fields cannot be."""
    for name in _OTHERS:
        value = row.get(name)
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{name} is not a text")
        if value and escaped and not is_unicode(value):
            raise ValueError(f"{name} has half a surrogate pair, which is no character")
    if escaped and not is_unicode(row["text"]):
        raise ValueError("text has half a surrogate pair, which is no character")


def _recognises(path: Path, head: bytes) -> bool:
    if path.is_dir():
        return False
    first = next((line for line in head.splitlines() if line.strip()), b"")
    try:
        row = json.loads(first)
    except (ValueError, RecursionError):
        return path.suffix.lower() == ".jsonl"
    return (isinstance(row, dict) and ("text" in row or row.keys() == {PREFERENCE, VALUE})) or path.suffix.lower() == ".jsonl"


JSONL = Importer("jsonl", "JSON lines, an object with `text` a line", _recognises, _read)
