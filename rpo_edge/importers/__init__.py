"""History enters here: one file a format, one row in IMPORTERS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from rpo_edge.errors import InputError
from rpo_edge.importers.base import Importer, Problems
from rpo_edge.importers.jsonl import JSONL
from rpo_edge.importers.markdown import MARKDOWN
from rpo_edge.importers.text import TEXT
from rpo_edge.records import HistoryItem

IMPORTERS: tuple[Importer, ...] = (JSONL, TEXT, MARKDOWN)

_BY_EXTENSION = {extension: importer for importer in IMPORTERS for extension in importer.extensions}


def read_paths(paths: Iterable[Path], source: str | None, report: Problems) -> Iterator[HistoryItem]:
    """Items of files and folders (read in sorted order, hidden ones left out), under `source` if one is given.

    Raises InputError, before anything is read, for a path that is not there or a file of unknown format.
    """
    files = [file for path in paths for file in _files(path)]
    return _items(files, source, report)


def _items(files: list[Path], source: str | None, report: Problems) -> Iterator[HistoryItem]:
    for file in files:
        for item in _BY_EXTENSION[file.suffix.lower()].read(file, report):
            yield replace(item, source=source) if source else item


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        inside = sorted(file for file in path.rglob("*") if file.is_file() and file.suffix.lower() in _BY_EXTENSION)
        return [file for file in inside if not any(part.startswith(".") for part in file.relative_to(path).parts)]
    if not path.exists():
        raise InputError(f"no such file: {path}")
    if path.suffix.lower() not in _BY_EXTENSION:
        raise InputError(f"{path}: unknown format; there are: {', '.join(_BY_EXTENSION)} and folders")
    return [path]


__all__ = ["IMPORTERS", "Importer", "Problems", "read_paths"]
