"""Copies of a store: rows that a person can read and `import` takes back, and backups that are the store itself.

Neither has the states of models (`states.py`): they are computed again when they are missed, are larger than most histories, and were made
from texts that may be forgotten by the time that a copy is read.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rpo_edge.errors import StoreError
from rpo_edge.store.files import translated
from rpo_edge.store.states import drop_states

if TYPE_CHECKING:
    from rpo_edge.history import History

PREFERENCE, VALUE = "preference", "value"
"""The keys of a row that is a stated preference."""

_GAPS = 10
"""A copy is written anew where less than this many times its free pages is in use: a large one would take memory of its size."""


def export_rows(history: History) -> Iterator[dict[str, str]]:
    """Everything that the user put in, a row each: items, oldest id first, then stated preferences.

    An item's row has `text`, `source` and what else is known of date, title, kind and origin; a preference's has `preference` and
    `value`. Imported in this order into an empty store, they make the same store (ids are counted afresh; counts are measured again;
    a date that is none, as older versions took one, is left out and told).
    """
    for item in history:
        yield {name: value for name, value in asdict(item).items() if name != "id" and value is not None}
    for key, value in history.preferences().items():
        yield {PREFERENCE: key, VALUE: value}


def backup(source: sqlite3.Connection, connect: Callable[[Path], sqlite3.Connection], path: Path) -> None:
    """Copy a store by SQLite's online backup: one moment's state, while others go on writing. Mode 0600; nothing is overwritten.

    connect: opens the copy, with the store's key where it has one. Raises StoreError.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    try:
        with translated(path):
            copy = connect(path)
            try:
                source.backup(copy)
                _without_states(copy)
            finally:
                copy.close()
            synced(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _without_states(copy: sqlite3.Connection) -> None:
    """`secure_delete` leaves zeros where they were; they go where they are much of the file."""
    drop_states(copy)
    (free,), (pages,) = (copy.execute(f"pragma {name}").fetchone() for name in ("freelist_count", "page_count"))
    if free * _GAPS > pages:
        copy.execute("vacuum")


def synced(*paths: Path) -> None:
    """Wait until files, and on POSIX folders, are on disk."""
    for path in paths:
        if path.is_dir() and os.name != "posix":
            continue
        descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
