"""History: the user's texts in one SQLite file that never leaves the device.

Reading (search, profile) uses the standard library's sqlite3; writing and migrating go through
sqlite-utils, imported when first needed. The file is made with mode 0600 where the system has modes. A file
that may not be written is read as it is: nothing is brought up to date in it.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from rpo_edge.errors import InputError, StoreError
from rpo_edge.records import Habit, HistoryItem, StyleProfile
from rpo_edge.segment import plain_words

_SCHEMA = 3  # equals migrations.LATEST, which is not imported here: it costs 150 ms; a test holds them together
_COLUMNS = "items.id, items.text, items.source, items.date, items.title, items.kind, items.origin"
_BATCH = 500
_EVIDENCE = 3  # ids kept for each variant of a habit
_LARGEST = 2**63 - 1  # SQLite's integers end here


SIDES = "sides"
"""The feature under which a `Counter`'s counts stand."""


class Counter(Protocol):
    """Counts something in texts for a reflector; counts of texts add up. Every text has a count of "" (its words)."""

    @property
    def digest(self) -> str:
        """Names what is counted: with another digest, everything is counted again."""
        ...

    def count(self, text: str) -> Mapping[str, float]:
        """Counts by name; names that do not occur may be left out."""
        ...


def default_path() -> Path:
    """The store in the platform's folder for user data."""
    from platformdirs import user_data_dir

    return Path(user_data_dir("rpo-edge", appauthor=False)) / "history.db"


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """sqlite3's exceptions become StoreError here and nowhere else; InputError for text that is none."""
    try:
        yield
    except UnicodeEncodeError as error:
        half = error.object[error.start : error.end]
        raise InputError(f"{half!r} is no character: bytes that are not UTF-8, or half a surrogate pair, cannot be stored") from error
    except sqlite3.Error as error:
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
    def open(cls, path: str | os.PathLike[str] | None = None, *, create: bool = True) -> Self:
        """Open the store at `path` (None: the platform's place), making it if it is not there.

        create: False makes no file; an absent store then is an empty one, and what is added to it goes when it is closed.
        Raises StoreError if the file is damaged, is not a store, or was written by a newer version.
        """
        where = Path(path) if path is not None else default_path()
        with _translated(where):
            empty = not where.exists() or (where.is_file() and where.stat().st_size == 0)
            if empty and create:
                _make(where)
            connection = _connect(":memory:" if empty and not create else where)
            try:
                history = cls(connection, where)
                history._prepare()
            except BaseException:
                connection.close()
                raise
        return history

    def _prepare(self) -> None:
        self._connection.execute("pragma foreign_keys = on")
        (read_only,) = self._connection.execute("pragma query_only").fetchone()
        (version,) = self._connection.execute("pragma user_version").fetchone()
        if version > _SCHEMA:
            raise StoreError(f"the history {self.path} was written by a newer rpo-edge; please upgrade")
        if version < _SCHEMA:
            (tables,) = self._connection.execute("select count(*) from sqlite_master").fetchone()
            if tables and not self._connection.execute("select 1 from sqlite_master where name = '_sqlite_migrations'").fetchone():
                raise StoreError(f"{self.path} is a SQLite file, but no rpo-edge history")
            if read_only:
                raise StoreError(f"the history {self.path} was written by an older rpo-edge and may not be written, so it cannot be used")
            from rpo_edge.migrations import migrate

            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma secure_delete = on")
            migrate(self._database())
        if not read_only:
            self._measure_again_if_needed()

    def _database(self) -> Any:  # sqlite_utils.Database; named Any to keep the import off the read path
        from sqlite_utils import Database

        self._connection.execute("pragma secure_delete = on")
        return Database(self._connection)

    def _measure_again_if_needed(self) -> None:
        from rpo_edge.features import VERSION

        row = self._connection.execute("select value from facts where key = 'features'").fetchone()
        if row is not None and row[0] == str(VERSION):
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
                    values = {name: value for name, value in asdict(item).items() if name != "id"}
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
                there = {n for n in ids if 0 <= n <= _LARGEST}
                gone = sum(self._connection.execute("delete from items where id = ?", [n]).rowcount for n in there)
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
        if not 0 <= number <= _LARGEST:
            return None
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
            return [_item(row) for row in self._connection.execute(sql, [match, min(k, _LARGEST)])]

    def recent(self, k: int) -> list[HistoryItem]:
        """The k newest items by date, then by id."""
        sql = f"select {_COLUMNS} from items order by date desc, id desc limit ?"
        with _translated(self.path):
            return [_item(row) for row in self._connection.execute(sql, [min(max(k, 0), _LARGEST)])]

    def contains_phrase(self, run: Sequence[str]) -> bool:
        """Whether some item has these words in this order, regardless of case and punctuation."""
        phrase = " ".join(run).replace('"', " ")
        wanted = " ".join(plain_words(phrase))
        sql = "select items.text from items_fts join items on items.id = items_fts.rowid where items_fts match ?"
        with _translated(self.path):
            # FTS stems words ("running" finds "run") and parts them at marks, so what it finds is looked at once more.
            found = self._connection.execute(sql, [f'"{phrase}"'])
            return any(f" {wanted} " in f" {' '.join(plain_words(text))} " for (text,) in found)

    def sources(self) -> dict[str, int]:
        """Number of items by source."""
        with _translated(self.path):
            return dict(self._connection.execute("select source, count(*) from items group by source order by source"))

    def preferences(self) -> dict[str, str]:
        """The stated preferences."""
        with _translated(self.path):
            rows = self._connection.execute("select substr(key, 6), value from facts where key like 'pref:%' order by key")
            return dict(rows)

    def profile(self, counter: Counter | None = None) -> StyleProfile:
        """The user's habits and preferences, from sums: the time does not grow with the number of items.

        counter: what else is to be counted, under the feature SIDES; items that it has not counted yet are counted now.
        """
        from rpo_edge.steps.profile import make_profile

        habits = self._habits("feature <> ?")
        if counter is not None:
            habits[SIDES] = self._counted(counter)
        return make_profile(habits, self.preferences(), len(self))

    def _habits(self, which: str) -> dict[str, Habit]:
        """Habits of the features for which a condition on SIDES holds."""
        sql = f"""select feature, variant, n, (select group_concat(item_id) from (select item_id from measures m
                  where m.feature = t.feature and m.variant = t.variant order by item_id desc limit {_EVIDENCE}))
                  from totals t where {which} order by feature, variant"""
        counts: dict[str, dict[str, float]] = {}
        evidence: dict[str, dict[str, tuple[int, ...]]] = {}
        with _translated(self.path):
            for feature, variant, n, ids in self._connection.execute(sql, [SIDES]):
                counts.setdefault(feature, {})[variant] = _number(n, self.path)
                evidence.setdefault(feature, {})[variant] = tuple(int(i) for i in ids.split(",")) if ids else ()
        return {feature: Habit(feature, counts[feature], evidence[feature]) for feature in counts}

    def _counted(self, counter: Counter) -> Habit:
        """The counts of one counter at a time are kept; a store that may not be written is counted as it is read."""
        if self._connection.execute("pragma query_only").fetchone()[0]:
            total: dict[str, float] = {}
            shown: dict[str, tuple[int, ...]] = {}
            for item in self:
                for side, n in counter.count(item.text).items():
                    total[side] = total.get(side, 0.0) + n
                    shown[side] = (item.id or 0, *shown.get(side, ()))[:_EVIDENCE] if n else shown.get(side, ())
            return Habit(SIDES, total, shown)
        with _translated(self.path):
            row = self._connection.execute("select value from facts where key = ?", [SIDES]).fetchone()
            done = self._connection.execute("select count(*) from measures where feature = ? and variant = ''", [SIDES]).fetchone()[0]
        if row is None or row[0] != counter.digest or done != len(self):
            self._count(counter, afresh=row is None or row[0] != counter.digest)
        return self._habits("feature = ?").get(SIDES, Habit(SIDES, {}))

    def _count(self, counter: Counter, afresh: bool) -> None:
        with self._writing():
            if afresh:
                self._connection.execute("delete from measures where feature = ?", [SIDES])
            missing = """select id, text from items where not exists
                         (select 1 from measures where feature = ? and variant = '' and item_id = items.id)"""
            for number, text in self._connection.execute(missing, [SIDES]).fetchall():
                rows = [(SIDES, side, number, n) for side, n in counter.count(text).items()]
                self._connection.executemany("insert into measures values (?, ?, ?, ?)", rows)
            self._connection.execute("insert or replace into facts values (?, ?)", [SIDES, counter.digest])

    # -- closing ---------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the file; twice is fine."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _number(value: Any, path: Path) -> float:
    if not isinstance(value, int | float):  # SQLite keeps any text in a column of numbers
        raise StoreError(f"the history {path} cannot be used: {value!r} stands where a count should be")
    return value


def _make(path: Path) -> None:
    """An empty file that only its owner may read; one that is there is made so."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)


def _connect(where: Path | str) -> sqlite3.Connection:
    """Where the file or its folder (SQLite puts its log there) may not be written, it is opened for reading only."""
    if isinstance(where, str) or (os.access(where, os.W_OK) and os.access(where.parent, os.W_OK)):
        return sqlite3.connect(where, timeout=30, isolation_level=None, check_same_thread=False)
    # `immutable` reads without the log's shared memory, which could not be made; where a log lies, its writer made that too.
    log = where.with_name(where.name + "-wal")
    uri = where.absolute().as_uri() + ("?mode=ro" if log.exists() else "?mode=ro&immutable=1")
    connection = sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None, check_same_thread=False)
    connection.execute("pragma query_only = on")
    return connection


def _item(row: tuple[int, str, str, str | None, str | None, str | None, str | None]) -> HistoryItem:
    number, text, source, date, title, kind, origin = row
    return HistoryItem(text, source, date, title, number, kind, origin)


def _digest(item: HistoryItem) -> str:
    return hashlib.blake2b(f"{item.source}\0{item.text}".encode(), digest_size=16).hexdigest()
