"""History: the user's texts in one SQLite file that never leaves the device.

Reading (search, profile) uses the standard library's sqlite3; writing and migrating go through
sqlite-utils, imported when first needed. The file is made with mode 0600 where the system has modes.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rpo_edge.errors import InputError, StoreError
from rpo_edge.records import Habit, HistoryItem, StyleProfile

_SCHEMA = 2  # equals migrations.LATEST, which is not imported here: it costs 150 ms; a test holds them together
_COLUMNS = "items.id, items.text, items.source, items.date, items.title"
_BATCH = 500
_EVIDENCE = 3  # ids kept for each variant of a habit


def default_path() -> Path:
    """The store in the platform's folder for user data."""
    from platformdirs import user_data_dir

    return Path(user_data_dir("rpo-edge", appauthor=False)) / "history.db"


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """sqlite3's exceptions become StoreError here and nowhere else."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StoreError(f"the history {path} cannot be used: {error}") from error
    except OSError as error:
        raise StoreError(f"the history {path} cannot be used: {error.strerror or error}") from error


class History:
    """A store of history items. Use `History.open(path)`; close it, or use it in a `with` block.

    Adding a text that is already there (same source, same words) returns the id it has. Closing twice is fine.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    @classmethod
    def open(cls, path: str | os.PathLike[str] | None = None) -> Self:
        """Open the store at `path` (None: the platform's place), making it if it is not there.

        Raises StoreError if the file is damaged, is not a store, or was written by a newer version.
        """
        where = Path(path) if path is not None else default_path()
        with _translated(where):
            if not where.exists():
                where.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                os.close(os.open(where, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            connection = sqlite3.connect(where, timeout=30, isolation_level=None, check_same_thread=False)
            try:
                history = cls(connection, where)
                history._prepare()
            except BaseException:
                connection.close()
                raise
        return history

    def _prepare(self) -> None:
        self._connection.execute("pragma foreign_keys = on")
        (version,) = self._connection.execute("pragma user_version").fetchone()
        if version > _SCHEMA:
            raise StoreError(f"the history {self.path} was written by a newer rpo-edge; please upgrade")
        if version < _SCHEMA:
            (tables,) = self._connection.execute("select count(*) from sqlite_master").fetchone()
            if tables and not self._connection.execute("select 1 from sqlite_master where name = '_sqlite_migrations'").fetchone():
                raise StoreError(f"{self.path} is a SQLite file, but no rpo-edge history")
            from rpo_edge.migrations import migrate

            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma secure_delete = on")
            migrate(self._database())
        self._measure_again_if_needed()

    def _database(self) -> Any:  # sqlite_utils.Database; named Any to keep the import off the read path
        from sqlite_utils import Database

        self._connection.execute("pragma secure_delete = on")
        return Database(self._connection)

    def _measure_again_if_needed(self) -> None:
        from rpo_edge.features import VERSION

        row = self._connection.execute("select value from facts where key = 'features'").fetchone()
        if row is not None and int(row[0]) == VERSION:
            return
        with self._writing():
            self._connection.execute("delete from measures")
            for number, text in self._connection.execute("select id, text from items").fetchall():
                self._measure(number, text)
            self._connection.execute("insert or replace into facts values ('features', ?)", [str(VERSION)])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction that takes the write lock at once, so that two writers wait and never clash."""
        with _translated(self.path):
            self._connection.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    # -- writing ---------------------------------------------------------------------------------------------------

    def add(self, text: str, source: str = "manual", date: str | None = None, title: str | None = None) -> int:
        """Store one text and return its id. Raises InputError if it is empty."""
        ids = self.extend([HistoryItem(text, source, date, title)])
        return ids[0]

    def extend(self, items: Iterable[HistoryItem]) -> list[int]:
        """Store items in transactions of a few hundred, and return their ids in order."""
        ids: list[int] = []
        batch: list[HistoryItem] = []
        for item in items:
            if not item.text.strip():
                raise InputError("an empty text cannot be added to the history")
            batch.append(item)
            if len(batch) == _BATCH:
                ids += self._store(batch)
                batch = []
        return ids + self._store(batch)

    def _store(self, batch: Sequence[HistoryItem]) -> list[int]:
        ids: list[int] = []
        if not batch:
            return ids
        table = self._database().table("items")
        with self._writing():
            for item in batch:
                digest = _digest(item)
                row = self._connection.execute("select id from items where digest = ?", [digest]).fetchone()
                if row is None:
                    values = {"text": item.text, "source": item.source, "date": item.date, "title": item.title}
                    ids.append(int(table.insert(values | {"digest": digest}).last_pk))
                    self._measure(ids[-1], item.text)
                else:
                    ids.append(int(row[0]))
        return ids

    def _measure(self, number: int, text: str) -> None:
        from rpo_edge.steps.profile import measure

        rows = [(key, variant, number, n) for key, counts in measure(text).items() for variant, n in counts.items()]
        self._connection.executemany("insert into measures values (?, ?, ?, ?)", rows)

    def forget(self, ids: Iterable[int] = (), *, source: str | None = None, everything: bool = False) -> int:
        """Delete items by id, by source, or all; returns how many went. Their words are overwritten in the file."""
        clause, values = ("1", []) if everything else ("source = ?", [source]) if source is not None else ("", [])
        with self._writing():
            self._connection.execute("pragma secure_delete = on")
            if clause:
                gone = self._connection.execute(f"delete from items where {clause}", values).rowcount
            else:
                gone = sum(self._connection.execute("delete from items where id = ?", [n]).rowcount for n in set(ids))
        with _translated(self.path):
            self._connection.execute("insert into items_fts(items_fts) values('optimize')")
            self._connection.execute("pragma wal_checkpoint(truncate)")
        return int(gone)

    def set_preference(self, key: str, value: str) -> None:
        """State a preference (see `rpo_edge.steps.preferences` for the keys)."""
        with self._writing():
            self._connection.execute("insert or replace into facts values (?, ?)", [f"pref:{key}", value])

    def unset_preference(self, key: str) -> bool:
        """Take a preference back; False if it was not stated."""
        with self._writing():
            return self._connection.execute("delete from facts where key = ?", [f"pref:{key}"]).rowcount > 0

    # -- reading ---------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        with _translated(self.path):
            return int(self._connection.execute("select count(*) from items").fetchone()[0])

    def __iter__(self) -> Iterator[HistoryItem]:
        """All items, oldest id first."""
        with _translated(self.path):
            for row in self._connection.execute(f"select {_COLUMNS} from items order by id"):
                yield _item(row)

    def get(self, number: int) -> HistoryItem | None:
        """The item with this id, or None."""
        with _translated(self.path):
            row = self._connection.execute(f"select {_COLUMNS} from items where id = ?", [number]).fetchone()
        return _item(row) if row else None

    def search(self, query: str, k: int = 10) -> list[HistoryItem]:
        """The k best items for the words of `query` by BM25 (FTS5), best first; newer ones win ties."""
        terms = list(dict.fromkeys(re.findall(r"\w+", query.lower())))[:64]
        if not terms or k < 1:
            return []
        match = " OR ".join(f'"{term}"' for term in terms)
        sql = f"select {_COLUMNS} from items_fts join items on items.id = items_fts.rowid where items_fts match ? order by bm25(items_fts), items.date desc, items.id desc limit ?"
        with _translated(self.path):
            return [_item(row) for row in self._connection.execute(sql, [match, k])]

    def recent(self, k: int) -> list[HistoryItem]:
        """The k newest items by date, then by id."""
        sql = f"select {_COLUMNS} from items order by date desc, id desc limit ?"
        with _translated(self.path):
            return [_item(row) for row in self._connection.execute(sql, [max(k, 0)])]

    def contains_phrase(self, run: Sequence[str]) -> bool:
        """Whether some item has these words in this order, regardless of case and punctuation."""
        phrase = " ".join(run).replace('"', " ")
        sql = f"select {_COLUMNS} from items_fts join items on items.id = items_fts.rowid where items_fts match ? limit 20"
        with _translated(self.path):
            # FTS stems words ("running" finds "run"), so what it finds is looked at once more.
            found = self._connection.execute(sql, [f'"{phrase}"']).fetchall()
        wanted = " ".join(_plain_words(phrase))
        return any(f" {wanted} " in f" {' '.join(_plain_words(row[1]))} " for row in found)

    def sources(self) -> dict[str, int]:
        """Number of items by source."""
        with _translated(self.path):
            return dict(self._connection.execute("select source, count(*) from items group by source order by source"))

    def preferences(self) -> dict[str, str]:
        """The stated preferences."""
        with _translated(self.path):
            rows = self._connection.execute("select substr(key, 6), value from facts where key like 'pref:%' order by key")
            return dict(rows)

    def profile(self) -> StyleProfile:
        """The user's habits and preferences, from sums: the time does not grow with the number of items."""
        from rpo_edge.steps.profile import make_profile

        sql = f"""select feature, variant, n, (select group_concat(item_id) from (select item_id from measures m
                  where m.feature = t.feature and m.variant = t.variant order by item_id desc limit {_EVIDENCE}))
                  from totals t order by feature, variant"""
        counts: dict[str, dict[str, float]] = {}
        evidence: dict[str, dict[str, tuple[int, ...]]] = {}
        with _translated(self.path):
            for feature, variant, n, ids in self._connection.execute(sql):
                counts.setdefault(feature, {})[variant] = n
                evidence.setdefault(feature, {})[variant] = tuple(int(i) for i in ids.split(",")) if ids else ()
        habits = {feature: Habit(feature, counts[feature], evidence[feature]) for feature in counts}
        return make_profile(habits, self.preferences(), len(self))

    # -- closing ---------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the file; twice is fine."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _item(row: tuple[int, str, str, str | None, str | None]) -> HistoryItem:
    number, text, source, date, title = row
    return HistoryItem(text, source, date, title, number)


def _digest(item: HistoryItem) -> str:
    return hashlib.blake2b(f"{item.source}\0{item.text}".encode(), digest_size=16).hexdigest()


def _plain_words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
