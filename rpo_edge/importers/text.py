"""Plain text: paragraphs, joined to items."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rpo_edge.importers.base import Importer, Options, Report, joined, lines, stem, with_extension
from rpo_edge.records import HistoryItem


def _paragraphs(path: Path, report: Report) -> Iterator[str]:
    current: list[str] = []
    for _, line in lines(path, report):
        if line.strip():
            current.append(line)
        elif current:
            yield "\n".join(current)
            current = []
    if current:
        yield "\n".join(current)


def _read(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    for text in joined(_paragraphs(path, report)):
        yield HistoryItem(text, stem(path), title=stem(path))


TEXT = Importer("text", "plain text", with_extension(".txt"), _read)
