"""Gemini: "My Activity" of "Gemini Apps" from Google Takeout, as JSON (`MyActivity.json`), alone or in the zip.

JSON must be chosen in Takeout ("My Activity", "Multiple formats"): by default it writes a page. There the end of a prompt, the date and
the beginning of the answer can only be told apart by the way that a language writes dates, so pages are refused with this advice.

An entry is one thing that the user did; a prompt is told by the words before it, which depend on the account's language. Entries
without such words that are known here ("Created Gemini Canvas …", or another language) are left out and counted. Entries know
nothing of conversations, so items have no title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rpo_edge.importers.base import Importer, Options, Report
from rpo_edge.importers.exports import Export, date_of, label, names_inside, own_words, rows, words
from rpo_edge.records import HistoryItem

EXPORT = Export(
    re.compile(r"(?:^|/)[^/]*(?:Gemini|Bard)[^/]*/[^/]+\.json$"),
    (re.compile(rb'"header"\s*:\s*"[^"]*(?:Gemini|Bard)'), re.compile(rb'"title"\s*:'), re.compile(rb'"time"\s*:')),
)

_PAGE = re.compile(r"(?:^|/)Takeout/[^/]+/[^/]*(?:Gemini|Bard)[^/]*/[^/]+\.html$")
_GEMINI = re.compile("Gemini|Bard")  # the name until February 2024
# English, German and Japanese, as real exports have them; a space may be a no-break one.
_PROMPT = re.compile(r"(?:Prompted\s|Eingegebener\sPrompt:|送信したメッセージ[:：])\s*")
_ATTACHED = re.compile(r"\s+Attached \d+ files?\.\s*$")


def _recognises(path: Path, head: bytes) -> bool:
    return EXPORT.recognises(path, head) or bool(_pages(path))


def _pages(path: Path) -> list[str]:
    """Pages in the place of data: the file, or files inside a zip."""
    suffix = path.suffix.lower()
    names = names_inside(path) if suffix == ".zip" else [path.as_posix()] if suffix == ".html" else []
    return [page for page in names if _PAGE.search(page)]


def _read(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    pages = _pages(path)
    for page in pages:
        report(path, page, "a page that cannot be read; order the Takeout again with JSON chosen for My Activity")
    if pages:
        return
    for entry, complain in EXPORT.objects(path, report):
        prompt = _PROMPT.match(words(entry.get("title")))
        if not _of_gemini(entry):
            report.skip("activity elsewhere")
        elif not prompt:
            report.skip("activity that is not known to be a prompt")
        else:
            yield from own_words(_item(entry, prompt.end()), report, complain)


def _of_gemini(entry: dict[str, Any]) -> bool:
    return any(_GEMINI.search(words(label)) for label in [entry.get("header"), *rows(entry.get("products"))])


def _item(entry: dict[str, Any], begin: int) -> HistoryItem:
    """An entry whose prompt begins at a code point of its title."""
    text = _ATTACHED.sub("", words(entry.get("title"))[begin:])
    return HistoryItem(text, "gemini", date_of(entry.get("time")), kind="chat", origin=label(entry.get("time")) or None)


GEMINI = Importer("gemini", "Gemini's activity from Google Takeout (JSON, or the zip)", _recognises, _read)
