"""States of models: what one has computed of a prompt's beginning, kept in the store so that it is computed once for all processes.

They are a copy of what can be computed again, so nothing that goes wrong with them, a store that may not be written, is locked or full,
ever fails a rewrite. A few are kept, the ones used last.

A state is made from private texts: it lies in the store, so it is encrypted with it, and all of them go whenever something is forgotten or
a stated preference changes. What was read before that (a profile, evidence) may be the beginning of a prompt afterwards; so `KeptStates`
belongs to what is read after it was made, and keeps nothing more once states were dropped, by whatever process.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rpo_edge.errors import StoreError
from rpo_edge.store.files import patience, translated, writing

BYTES, MANY = 64 << 20, 8
"""All states together have so many bytes at most, and are so many."""

_WAIT = 0.1  # seconds that keeping one waits for another writer; computing it again may be as quick
_DROPPED = "dropped"  # the fact that counts it
_NEXT = "(select coalesce(max(used), 0) + 1 from states)"

_TOO_MANY = """delete from states where key in (select key from (
    select key, sum(length(data)) over newest as bytes, row_number() over newest as place from states window newest as (order by used desc))
    where bytes > ? or place > ?)"""


class KeptStates:
    """See `rpo_edge.runtimes.base.States`. Several threads may use one; neither method raises."""

    def __init__(self, connection: sqlite3.Connection, path: Path, lock: threading.RLock) -> None:
        self._connection, self._path, self._lock = connection, path, lock
        self._before = _dropped(connection)

    def get(self, key: str) -> bytes | None:
        """The state of this key, which counts as used."""
        sql = "select data, used < (select max(used) from states) from states where key = ?"
        try:
            with self._lock, translated(self._path):
                row = self._connection.execute(sql, [key]).fetchone()
        except StoreError:
            return None
        if row is None or not isinstance(row[0], bytes):
            return None
        if row[1]:
            self._try(lambda: self._connection.execute(f"update states set used = {_NEXT} where key = ?", [key]))
        return row[0]

    def put(self, key: str, data: bytes) -> None:
        """Keep a state, in place of one that has this key and of those not used for longest."""
        if len(data) <= BYTES:
            self._try(lambda: self._keep(key, data))

    def _keep(self, key: str, data: bytes) -> None:
        if _dropped(self._connection) == self._before:
            self._connection.execute("delete from states where key = ?", [key])
            self._connection.execute(_TOO_MANY, [BYTES - len(data), MANY - 1])
            self._connection.execute(f"insert into states select ?, {_NEXT}, ?", [key, data])

    def _try(self, change: Callable[[], object]) -> None:
        """In a transaction, unless the store cannot be written or others keep it too long."""
        with self._lock, suppress(StoreError), patience(self._connection, self._path, _WAIT), writing(self._connection, self._path):
            change()


def drop_states(connection: sqlite3.Connection) -> None:
    """All of them, and those that are being made."""
    connection.execute("delete from states")
    connection.execute("insert into facts values (?, '1') on conflict(key) do update set value = value + 1", [_DROPPED])


def _dropped(connection: sqlite3.Connection) -> int:
    row = connection.execute("select value from facts where key = ?", [_DROPPED]).fetchone()
    return int(row[0]) if row else 0
