"""The rows of items: how a text is put in, once, and read again.

Rows are put in by executemany and the index is filled by one statement afterwards: sqlite-utils writes rows in statements of a hundred,
which the triggers make FTS5 write to the file one by one.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence

from rpo_edge.errors import InputError
from rpo_edge.records import HistoryItem, iso_date
from rpo_edge.store.counting import added
from rpo_edge.store.search import note

COLUMNS = "items.id, items.text, items.source, items.date, items.title, items.kind, items.origin"
"""What `item_of` reads."""

_STORED = "id, text, source, date, title, kind, origin, digest"
_KNOWN = "select digest, id from items where digest in (select value from json_each(?))"
_Row = tuple[int, str, str, str | None, str | None, str | None, str | None, str]  # as _STORED


def item_of(row: tuple[int, str, str, str | None, str | None, str | None, str | None]) -> HistoryItem:
    """The item of a row of `COLUMNS`."""
    number, text, source, date, title, kind, origin = row
    return HistoryItem(text, source, date, title, number, kind, origin)


def checked_date(date: str | None) -> str | None:
    """A date in the form in which it is kept, which sorts. Raises InputError for what is none."""
    kept = None if date is None else iso_date(date)
    if kept is None and date is not None:
        raise InputError(f"{date!r} is no ISO 8601 date")
    return kept


def put(connection: sqlite3.Connection, items: Sequence[HistoryItem]) -> tuple[list[int], int]:
    """Store items, in a transaction: their ids in order, and how many were not there yet. Those that are there have the id they had."""
    digests = [_digest(item) for item in items]
    known = dict(connection.execute(_KNOWN, [json.dumps(digests)]).fetchall())
    (last,) = connection.execute("select coalesce(max(id), 0) from items").fetchone()
    rows: list[_Row] = []
    for item, digest in zip(items, digests, strict=True):
        if digest not in known:
            known[digest] = last + len(rows) + 1
            rows.append((known[digest], item.text, item.source, item.date, item.title, item.kind, item.origin, digest))
    if rows:
        _insert(connection, rows, last)
    return [known[digest] for digest in digests], len(rows)


def _digest(item: HistoryItem) -> str:
    return hashlib.blake2b(f"{item.source}\0{item.text}".encode(), digest_size=16).hexdigest()


def _insert(connection: sqlite3.Connection, rows: Sequence[_Row], last: int) -> None:
    """New rows, with ids after `last`; the fact `bulk` keeps the triggers still."""
    connection.execute("insert into facts values ('bulk', '')")
    connection.executemany(f"insert into items({_STORED}) values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute("insert into items_fts(rowid, title, text) select id, title, text from items where id > ?", [last])
    connection.execute("update facts set value = value + ? where key = 'items'", [len(rows)])
    connection.execute("delete from facts where key = 'bulk'")
    note(connection, ((row[0], row[4], row[1]) for row in rows))
    added(connection, [(row[0], row[1], row[5]) for row in rows], last)
