"""LaMP's question files (arXiv 2304.11406): `[{"id", "input", "profile": [{"id", "text", …}]}]`, a user's texts under each question.

A file has many users, and a question's id is all that tells them apart: `--me ID` says whose profile is taken; without it a file of
one question is read. An item's text is its "text" (LaMP-2 in its older version, 3, 4, 6, 7), "abstract" (1 and 5) or "description"
(2); its title is its "title", or else the tag or category that the user gave it. A score (3) is no words and is not kept. Note that
the films of LaMP-2 are described by others: only the tag is the user's own. A date may be a year alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import ijson

from rpo_edge.importers.base import Importer, Options, Report, opened, stem
from rpo_edge.importers.stream import HALF, events, sound, unread
from rpo_edge.records import HistoryItem, iso_date

_KINDS = {"abstract": "paper", "description": "film", "text": "post"}


def _read(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    read = matched = 0
    held: Any = None
    for read, question in enumerate(_questions(path, report), 1):
        key = str(question.get("id"))
        if options.me:
            if options.mine(key):
                matched += 1
                yield from _profile(question, key, path, report)
            else:
                report.left_out["written by others"] += len(_list(question))
        elif read == 1:
            held = question
        else:
            report(path, "question 2", "many users' texts are in it: say which question has yours, --me ID")
            return
    if held is not None:
        yield from _profile(held, str(held.get("id")), path, report)
    if options.me and read and not matched:
        report(path, "questions", f"none of {read} has the id {' or '.join(sorted(options.me))}")


def _profile(question: dict[str, Any], key: str, path: Path, report: Report) -> Iterator[HistoryItem]:
    for number, row in enumerate(_list(question), 1):
        try:
            item = _item(row, f"{key}/{_text(row, 'id') or number}", stem(path))
        except ValueError as error:
            report(path, f"question {key}, item {number}", str(error))
            continue
        if item:
            yield item
        else:
            report.skip("without words of their own")


def _list(question: dict[str, Any]) -> list[Any]:
    profile = question.get("profile")
    return profile if isinstance(profile, list) else []


def _item(row: Any, origin: str, source: str) -> HistoryItem | None:
    """None where there is no text. Raises ValueError for what is no item."""
    field = next((name for name in _KINDS if _text(row, name)), None)
    if field is None:
        return None
    text = _text(row, field) or ""
    title = next((value for name in ("title", "tag", "category") if (value := _text(row, name))), None)
    if any(HALF in one for one in (text, title or "", origin)):
        raise ValueError("half a surrogate pair, which is no character")
    kind = "review" if "score" in row else _KINDS[field]
    return HistoryItem(text, source, iso_date(_text(row, "date") or ""), title, kind=kind, origin=origin)


def _text(row: Any, name: str) -> str | None:
    """What stands under a name, numbers as text; None where nothing does. Raises ValueError for what is neither."""
    value = row.get(name) if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(value, str | int | Decimal | None):
        raise ValueError("not an object" if not isinstance(row, dict) else f"{name} is not a text")
    return (str(value).strip() or None) if value is not None else None


def _questions(path: Path, report: Report) -> Iterator[dict[str, Any]]:
    """The file's objects one after another; what cannot be read is reported and ends the iteration."""
    number = 0
    try:
        with opened(path, report) as file:
            chunks = sound(file)
            first = next(chunks, b"")
            if not first:
                return
            for number, question in enumerate(ijson.items(events(chain([first], chunks)), "item"), 1):
                if isinstance(question, dict):
                    yield question
                else:
                    report(path, f"question {number}", "not an object")
    except (ijson.JSONError, ValueError) as error:
        report(path, f"question {number + 1}", unread(error))
    except OSError as error:
        report(path, f"question {number + 1}", (error.strerror or str(error)).lower())


def _recognises(path: Path, head: bytes) -> bool:
    if path.is_dir():
        return False
    begins = re.match(rb"(?:\xef\xbb\xbf)?\s*\[\s*\{", head)
    return begins is not None and all(re.search(key, head) for key in (rb'"id"\s*:', rb'"input"\s*:\s*"', rb'"profile"\s*:\s*\['))


LAMP = Importer("lamp", "LaMP's question files (of several questions, --me is the id of the one with your texts)", _recognises, _read)
