"""Markdown: the writer's own prose, with the marks that show habits (bold, lists, inline code).

Front matter gives date and title; code blocks, quotes, tables, headings, comments and link targets are not
the writer's sentences and are cut. Read line by line: a Markdown parser would hand back a tree without the
marks as they were written, and the profile measures just those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from rpo_edge.importers.base import Importer, Options, Report, joined, lines, stem, with_extension
from rpo_edge.records import HistoryItem, iso_date
from rpo_edge.segment import FENCE

_IMAGE = re.compile(r"!\[[^\]]{0,300}\]\([^)]{0,500}\)")
_LINK = re.compile(r"\[([^\]]{1,300})\](?:\([^)]{0,500}\)|\[[^\]]{0,100}\])")
_COMMENT = re.compile(r"<!--.*?-->")
_FENCE = re.compile(rf"\s*({FENCE.pattern})")
_CUT = re.compile(r"\s*(?:>|\||\[[^\]]+\]:\s)")
_KEY = re.compile(r"[\"']?\w[\w .-]{0,60}[\"']?:(?:\s|$)")
_YAML = re.compile(rf"{_KEY.pattern}|\s|-(?:\s|$)|[#\]}}]|$")
"""A line of front matter: a key, or what belongs to the one above it."""
_LONGEST_FRONT = 200  # lines; lists of tags and aliases are long
_HEADING = re.compile(r"#{1,6}\s|(?:=+|-{3,}|\*{3,})\s*$")


class _Reader:
    """One pass over a file's lines; keeps what the front matter says."""

    def __init__(self, path: Path, report: Report) -> None:
        self.date: str | None = None
        self.title: str | None = None
        self._lines = lines(path, report)

    def body(self) -> Iterator[str]:
        """The lines after the front matter."""
        for number, line in self._lines:
            if number == 1 and line.strip() == "---":
                yield from self._front_matter(line)
            else:
                yield line

    def _front_matter(self, mark: str) -> list[str]:
        """Read what follows the mark; the lines are given back where they are no front matter, because a rule stands above prose too."""
        ahead: list[str] = []
        for _, line in islice(self._lines, _LONGEST_FRONT):
            if line.strip() in ("---", "...") and ahead:
                self._keep(ahead)
                return []
            ahead.append(line)
            if not (_YAML if ahead[1:] else _KEY).match(line):
                break
        return [mark, *ahead]

    def _keep(self, front: Iterable[str]) -> None:
        for line in front:
            key, _, value = line.partition(":")
            value = value.strip().strip("\"'")
            if key == "date":
                self.date = iso_date(value)
            elif key == "title" and value:
                self.title = value


def prose(body: Iterable[str]) -> Iterator[str]:
    """Paragraphs of prose in lines of Markdown; an empty string where a heading parts the text."""
    current: list[str] = []
    fence: str | None = None
    for line in body:
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


_TAG = r"(?<![\w/#&])#(?=[\w/-]*[^\W\d_])([\w/-]+)"
_TAGS_ALONE = re.compile(rf"(?:^\s*(?:[-*+]\s)?|(?<=[.!?…]))(?:\s*{_TAG},?)+\s*$")
_FIELD = re.compile(r"^\s*(?:[-*+]\s)?\w[\w -]{0,40}::(?:\s.*)?$|[\[(]\w[\w -]{0,40}::\s[^\])]{0,200}[\])]")
_TASK = re.compile(r"^(\s*(?:[-*+]|\d+[.)])\s)\[[^\]]\]\s")
_CALLOUT = re.compile(r"\s{0,3}((?:>\s?)+)\[!([\w-]+)[^\]]*\]")
_SHOWN = (
    (re.compile(r"!\[\[[^\]]{1,300}\]\]"), ""),
    (re.compile(r"\[\[[^\]|]{0,300}\|([^\]]{1,300})\]\]"), r"\1"),
    (re.compile(r"\[\[(?:[^\]|#]{0,200}/)?([^\]|#/]{1,200})(?:#[^\]|]{0,200})?\]\]|\[\[#([^\]|]{1,200})\]\]"), r"\1\2"),
    (re.compile(_TAG), r"\1"),
)
"""Embeds, links with words of their own, links that show a page's or a heading's name, and tags amid a sentence."""


def _obsidian(body: Iterable[str]) -> Iterator[str]:
    """Lines as Obsidian shows them, without what it keeps for itself: comments, tags on their own, fields, block ids, boxes of tasks.

    A callout is the writer's own, unless it is one for quotations; its title is a heading. Inline code stays as it is.
    """
    fence: str | None = None
    depth, hidden = 0, False
    for raw in body:
        line, depth = _uncalled(raw, depth)
        mark = None if hidden else _FENCE.match(line)
        if fence or mark:
            fence = _next_fence(fence, mark[1] if mark else "")
        else:
            line, hidden = _uncommented(line, hidden)
            line = _shown(line)
        yield line


def _uncalled(line: str, depth: int) -> tuple[str, int]:
    """A line without the `>` of the callout that it stands in, and how deep that is; 0 outside of one."""
    begins = _CALLOUT.match(line)
    if begins:
        return "", 0 if begins[2].lower() in ("quote", "cite") else begins[1].count(">")
    if not depth or not line.lstrip().startswith(">"):
        return line, 0
    return re.sub(rf"^\s{{0,3}}(?:>\s?){{1,{depth}}}", "", line), depth


def _uncommented(line: str, hidden: bool) -> tuple[str, bool]:
    """A line without `%%comments%%`, and whether a comment that began a line goes on."""
    if hidden:
        _, mark, rest = line.partition("%%")
        return rest, not mark
    line = re.sub(r"%%.*?%%", "", line)
    return ("", True) if line.lstrip().startswith("%%") else (line, False)


def _shown(line: str) -> str:
    kept = _FIELD.sub("", _TAGS_ALONE.sub("", re.sub(r"\s\^[\w-]+$", "", line)))
    parts = re.split(r"(`[^`]*`)", _TASK.sub(r"\1", kept))
    for mark, words in _SHOWN:
        parts[::2] = [mark.sub(words, part) for part in parts[::2]]
    shown = "".join(parts)
    return "" if shown != line and not re.search(r"\w", shown) else shown


def _next_fence(open_fence: str | None, mark: str) -> str | None:
    """The fence that is open after a line with `mark`: closed only by as long a run of the same character."""
    if open_fence is None:
        return mark
    return None if mark.startswith(open_fence) else open_fence


def _read(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    reader = _Reader(path, report)
    for text in joined(prose(_obsidian(reader.body()))):
        yield HistoryItem(text, stem(path), reader.date, reader.title or stem(path))


MARKDOWN = Importer("markdown", "Markdown", with_extension(".md", ".markdown"), _read)
