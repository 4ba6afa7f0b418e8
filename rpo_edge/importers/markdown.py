"""Markdown: the writer's own prose, with the marks that show habits (bold, lists, inline code).

Front matter gives date and title; code blocks, quotes, tables, headings, comments and link targets are not
the writer's sentences and are cut. Read line by line: a Markdown parser would hand back a tree without the
marks as they were written, and the profile measures just those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from rpo_edge.importers.base import Importer, Options, Report, joined, lines, stem, with_extension
from rpo_edge.records import HistoryItem

_IMAGE = re.compile(r"!\[[^\]]{0,300}\]\([^)]{0,500}\)")
_LINK = re.compile(r"\[([^\]]{1,300})\](?:\([^)]{0,500}\)|\[[^\]]{0,100}\])")
_COMMENT = re.compile(r"<!--.*?-->")
_FENCE = re.compile(r"\s*(```+|~~~+)")
_CUT = re.compile(r"\s*(?:>|\||\[[^\]]+\]:\s)")
_HEADING = re.compile(r"#{1,6}\s|(?:=+|-{3,}|\*{3,})\s*$")


class _Reader:
    """One pass over a file's lines; keeps what the front matter says."""

    def __init__(self, path: Path, report: Report) -> None:
        self.date: str | None = None
        self.title: str | None = None
        self._lines = lines(path, report)

    def paragraphs(self) -> Iterator[str]:
        """Paragraphs of prose; an empty string where a heading parts the text."""
        current: list[str] = []
        fence: str | None = None
        for number, line in self._lines:
            if number == 1 and line.strip() == "---":
                self._front_matter()
                continue
            mark = _FENCE.match(line)
            if fence or mark:
                fence = _next_fence(fence, mark[1] if mark else "")
            elif line.strip() and not _HEADING.match(line):
                if not _CUT.match(line) and (kept := _COMMENT.sub("", _LINK.sub(r"\1", _IMAGE.sub("", line)))).strip():
                    current.append(kept)
                continue
            if current:
                yield "\n".join(current)
                current = []
            if _HEADING.match(line) and not fence:
                yield ""
        if current:
            yield "\n".join(current)

    def _front_matter(self) -> None:
        for _, line in self._lines:
            if line.strip() == "---":
                return
            key, _, value = line.partition(":")
            value = value.strip().strip("\"'")
            if key == "date" and _is_date(value):
                self.date = value
            elif key == "title" and value:
                self.title = value


def _next_fence(open_fence: str | None, mark: str) -> str | None:
    """The fence that is open after a line with `mark`: closed only by as long a run of the same character."""
    if open_fence is None:
        return mark
    return None if mark.startswith(open_fence) else open_fence


def _is_date(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _read(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    reader = _Reader(path, report)
    for text in joined(reader.paragraphs()):
        yield HistoryItem(text, stem(path), reader.date, reader.title or stem(path))


MARKDOWN = Importer("markdown", "Markdown", with_extension(".md", ".markdown"), _read)
