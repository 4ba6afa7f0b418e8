"""History: the user's texts in one SQLite file that never leaves the device.

Reading (search, profile) uses the standard library's sqlite3; migrating goes through sqlite-utils, imported when first needed. The file
is made with mode 0600 where the system has modes. A file that may not be written is read as it is: nothing is brought up to date in it.

Storing goes in two passes. The first stores texts, index and document frequencies, in transactions of up to 20,000 items; the second
measures what has no counts yet (see `counting.py`), and whoever asks for a profile first has the rest of it done.

What it is made of lies in `rpo_edge/store/`.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rpo_edge.errors import InputError, StoreError
from rpo_edge.records import HistoryItem, StyleProfile
from rpo_edge.segment import plain_words
from rpo_edge.store.counting import AT_ONCE, SIDES, Counter, counted, measure_missing, measured_habits, unmeasured
from rpo_edge.store.files import LARGEST, OPEN_FILES, check_key, connect, default_path, keep_log, make, needed_key, translated, writing
from rpo_edge.store.items import COLUMNS, checked_date, item_of, put
from rpo_edge.store.keys import Ask, find_key
from rpo_edge.store.search import checked, count_again, found
from rpo_edge.store.states import KeptStates, drop_states

if TYPE_CHECKING:
    from rpo_edge.store.forgetting import Receipt
    from rpo_edge.store.part import Part
    from rpo_edge.store.timeline import Timeline

__all__ = ["SIDES", "Counter", "History", "default_path"]

_SCHEMA = 7  # equals migrations.LATEST, which is not imported here: it costs 150 ms; a test holds them together
_BATCH, _CHARACTERS = 20_000, 16_000_000  # of a transaction; small ones leave the index many pieces, which are merged at a cost
_PAGE = 100  # items that are in memory at once where all are read
_MANY = 1_000  # items; from here on, SQLite gets more memory to store them


class History:
    """A store of history items. Use `History.open(path)`; close it, or use it in a `with` block.

    Adding a text that is already there (same source, same words) returns the id it has. Closing twice is fine.
    Several threads may use it: one call at a time has the store.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, key: str | None = None, file: Path | None = None) -> None:
        self._connection = connection
        self.path = path
        self.encrypted = key is not None
        self._file = file  # as OPEN_FILES knows it; None: in memory
        self._leave = weakref.finalize(self, OPEN_FILES.leave, file) if file is not None else None  # also where nobody closes it
        self._lock = threading.RLock()  # SQLite's transactions are a connection's, not a thread's
        self._connect = lambda other: connect(other, key)  # the key stands in no attribute, so that nothing prints it

    @classmethod
    def open(
        cls, path: str | os.PathLike[str] | None = None, *, create: bool = True, key: str | None = None, ask: Ask | None = None
    ) -> Self:
        """Open the store at `path` (None: the platform's place), making it if it is not there.

        create: False makes no file; an absent store then is an empty one, and what is added to it goes when it is closed.
        key: of an encrypted store; a new store is made encrypted with it. Without, `rpo_edge.store.keys.find_key` looks for one where a
        store needs it; ask: asks the user for it in the end.
        Raises StoreError if the file is damaged, is not a store, was written by a newer version, does not open with the key, or is not
        encrypted though a key was given; InputError for the path ":memory:", which SQLite takes for no file, unless create is False;
        OptionalDependencyError if it is encrypted and sqlcipher3 is not installed.
        """
        where = Path(path) if path is not None else default_path()
        with translated(where):
            absent = not where.exists() or (where.is_file() and where.stat().st_size == 0)
            if absent and not create:
                history = cls(connect(":memory:"), where)
            else:
                if absent:
                    if str(where) == ":memory:":
                        raise InputError("a history in memory is opened by create=False; this would make a file named :memory:")
                    make(where)
                history = cls._of_file(where, key, ask)
            try:
                history._prepare()
            except BaseException:
                history.close()
                raise
        return history

    @classmethod
    def _of_file(cls, where: Path, key: str | None, ask: Ask | None) -> Self:
        file = where.resolve()
        OPEN_FILES.enter(file)
        try:
            key = needed_key(file, key, lambda: find_key(where, ask))
            connection = connect(where, key)
            check_key(connection, where, key)
        except BaseException:
            OPEN_FILES.leave(file)
            raise
        return cls(connection, where, key, file)

    def _prepare(self) -> None:
        (read_only,) = self._connection.execute("pragma query_only").fetchone()
        version = self._version()
        if version < _SCHEMA:
            (tables,) = self._connection.execute("select count(*) from sqlite_master").fetchone()
            if tables and not self._connection.execute("select 1 from sqlite_master where name = '_sqlite_migrations'").fetchone():
                raise StoreError(f"{self.path} is a SQLite file, but no rpo-edge history")
            if read_only:
                raise StoreError(f"the history {self.path} was written by an older rpo-edge and may not be written, so it cannot be used")
            keep_log(self._connection)
            self._migrate()
        elif not read_only and self._connection.execute("pragma journal_mode").fetchone()[0] == "delete":
            keep_log(self._connection)  # a conversion that was killed left the store without

    def _version(self) -> int:
        (version,) = self._connection.execute("pragma user_version").fetchone()
        if version > _SCHEMA:
            raise StoreError(f"the history {self.path} was written by a newer rpo-edge; please upgrade")
        return int(version)

    def _migrate(self) -> None:
        """All steps in one transaction. Another process may have made them while this one waited for the lock."""
        from rpo_edge.store.migrations import migrate

        database = self._database()
        with self._writing():
            if self._version() < _SCHEMA:
                migrate(database)
                count_again(self._connection)

    def _database(self) -> Any:  # sqlite_utils.Database; named Any to keep the import off the read path
        from sqlite_utils import Database

        return Database(self._connection)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock, writing(self._connection, self.path):
            yield

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock, translated(self.path):
            yield

    # -- writing ---------------------------------------------------------------------------------------------------

    def add(self, text: str, source: str = "manual", date: str | None = None, title: str | None = None) -> int:
        """Store one text and return its id. date: in ISO 8601, of a year, month or day, with a time or without.

        Raises InputError if the text is empty or the date is none.
        """
        ids = self.extend([HistoryItem(text, source, date, title)])
        return ids[0]

    def extend(self, items: Iterable[HistoryItem], *, measure: bool = True, stored: Callable[[int], object] | None = None) -> list[int]:
        """Store items in large transactions, measure them, and return their ids in order. A few are measured at once, as they are
        stored; where others still wait for it, they wait with them, so that adding one text is quick.

        measure: False leaves many unmeasured, for `measure` or for whoever asks for a profile first. stored: told after each transaction
        how many of its items were not there yet. Dates are kept in the form in which they sort (`iso_date`).

        Raises InputError for an empty text, or a date that is none.
        """
        ids: list[int] = []
        tell = stored or (lambda new: None)
        batch: list[HistoryItem] = []
        size = 0
        for item in items:
            if not item.text.strip():
                raise InputError("an empty text cannot be added to the history")
            batch.append(replace(item, date=checked_date(item.date)))
            size += len(item.text)
            if len(batch) == _BATCH or size > _CHARACTERS:
                ids += self._store(batch, tell)
                batch, size = [], 0
        ids += self._store(batch, tell)
        if measure and len(ids) > AT_ONCE:
            self.measure()
        return ids

    def measure(self, most: int | None = None, *, measured: Callable[[int], object] | None = None) -> None:
        """Measure what has no counts yet, or about `most` items of it. It goes on where an earlier call was broken off, by a kill for one.

        measured: told after each transaction how many items it measured. A profile asks for all of it anyway. A store that may not be
        written stays as it is, and its profile is right all the same.
        """
        with self._lock:
            measure_missing(self._connection, self.path, most, measured or (lambda done: None))

    def _store(self, batch: Sequence[HistoryItem], tell: Callable[[int], object]) -> list[int]:
        """Items of one transaction; those that are there already have the id they had."""
        if not batch:
            return []
        if len(batch) > _MANY:
            with self._reading():
                self._connection.execute("pragma cache_size = -65536")  # KiB: digests come in no order
        with self._writing():
            ids, new = put(self._connection, batch)
        tell(new)
        return ids

    def forget(self, ids: Iterable[int] = (), *, source: str | None = None, everything: bool = False) -> Receipt:
        """Delete items by id, by source, or all, from the file's every corner; the receipt says how that was checked.

        The whole store is written anew, so forgetting one item takes nearly as long as forgetting many. Where that could not be done
        (the receipt is incomplete), the next call does it, also one that has nothing to forget. See `rpo_edge.store.forgetting`.
        """
        from rpo_edge.store.forgetting import Receipt, Runs, delete, now, sweep, unfinished

        with self._reading():
            with self._writing():
                gone = self._chosen(ids, source, everything)
                runs = delete(self._connection, gone) if gone else Runs.none()
            if not gone and not unfinished(self._connection):
                return Receipt((), now())
            return sweep(self._connection, self._file, gone, runs, self.encrypted)

    def _chosen(self, ids: Iterable[int], source: str | None, everything: bool) -> list[int]:
        """The ids that are there, of those that are meant."""
        if everything or source is not None:
            rows = self._connection.execute("select id from items where ? or source = ? order by id", [everything, source])
            return [number for (number,) in rows]
        meant = sorted({number for number in ids if 0 <= number <= LARGEST})
        return [number for number in meant if self._connection.execute("select 1 from items where id = ?", [number]).fetchone()]

    def backup(self, path: str | os.PathLike[str]) -> None:
        """Copy the store to a new file while others may read and write it; the copy is encrypted as the store is. See `copies.py`."""
        from rpo_edge.store.copies import backup

        with self._lock:
            backup(self._connection, self._connect, Path(path))

    def set_preference(self, key: str, value: str) -> None:
        """State a preference. Raises InputError for one that there is not; `rpo_edge.steps.preferences` has the keys and their values."""
        from rpo_edge.steps.preferences import check

        check(key, value)
        with self._writing():
            drop_states(self._connection)
            self._connection.execute("insert or replace into facts values (?, ?)", [f"pref:{key}", value])

    def unset_preference(self, key: str) -> bool:
        """Take a preference back; False if it was not stated."""
        with self._writing():
            drop_states(self._connection)
            return self._connection.execute("delete from facts where key = ?", [f"pref:{key}"]).rowcount > 0

    def states(self) -> KeptStates | None:
        """Where a model keeps what it computes of what is read after this call, for other processes; None for a store in memory."""
        with self._reading():
            return None if self._file is None else KeptStates(self._connection, self.path, self._lock)

    # -- reading ---------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        with self._reading():
            return int(self._connection.execute("select value from facts where key = 'items'").fetchone()[0])

    def __iter__(self) -> Iterator[HistoryItem]:
        """All items, oldest id first; of what others add or forget meanwhile, what lies ahead is seen.

        A page at a time, so that memory does not grow with the store, and nobody waits for the store while the caller works on an item.
        """
        last = -1
        while rows := self._page(last):
            yield from map(item_of, rows)
            last = rows[-1][0]

    def _page(self, last: int) -> list[Any]:
        sql = f"select {COLUMNS} from items where id > ? order by id limit ?"
        with self._reading():
            return self._connection.execute(sql, [last, _PAGE]).fetchall()

    def get(self, number: int) -> HistoryItem | None:
        """The item with this id, or None."""
        if not 0 <= number <= LARGEST:
            return None
        with self._reading():
            row = self._connection.execute(f"select {COLUMNS} from items where id = ?", [number]).fetchone()
        return item_of(row) if row else None

    def search(self, query: str, k: int = 10) -> list[HistoryItem]:
        """The k best items for the words of `query` by BM25 (FTS5), best first; newer ones win ties. See `rpo_edge.store.search`.

        Raises InputError for a k below 0.
        """
        with self._reading():
            numbers = found(self._connection, query, checked(k))
            return [item for number in numbers if (item := self.get(number)) is not None]

    def recent(self, k: int) -> list[HistoryItem]:
        """The k newest items by date, then by id. Raises InputError for a k below 0."""
        sql = f"select {COLUMNS} from items order by date desc, id desc limit ?"
        with self._reading():
            return [item_of(row) for row in self._connection.execute(sql, [min(checked(k), LARGEST)])]

    def contains_phrase(self, run: Sequence[str]) -> bool:
        """Whether some item has these words in this order, regardless of case and punctuation."""
        phrase = " ".join(run).replace('"', " ")
        wanted = " ".join(plain_words(phrase))
        sql = "select items.text from items_fts join items on items.id = items_fts.rowid where items_fts match ?"
        with self._reading():
            # FTS stems words ("running" finds "run") and parts them at marks, so what it finds is looked at once more.
            found = self._connection.execute(sql, [f'"{phrase}"'])
            return any(f" {wanted} " in f" {' '.join(plain_words(text))} " for (text,) in found)

    def sources(self) -> dict[str, int]:
        """Number of items by source."""
        with self._reading():
            return dict(self._connection.execute("select source, count(*) from items group by source order by source"))

    def unmeasured(self) -> int:
        """How many items `measure` would measure, some milliseconds each: those that many were stored with, or all after an upgrade that
        measures otherwise. 0 in a store that may not be written.
        """
        with self._lock:
            return unmeasured(self._connection, self.path)

    def kinds(self) -> dict[str, int]:
        """Number of items by kind, of those that have one."""
        with self._reading():
            return dict(self._connection.execute("select kind, count(*) from items where kind is not null group by kind order by kind"))

    def part(self, name: str) -> Part:
        """The items of this source or kind, as a history to read: `Personalizer(history.part("email"))` goes by mail alone.

        Raises InputError where there are none.
        """
        from rpo_edge.store.part import Part

        part = Part(self, self._connection, self.path, self._lock, name)
        if not len(part):
            there = [f"{of} ({n})" for of, n in {**self.sources(), **self.kinds()}.items()]
            raise InputError(f"the history has no texts of a source or kind {name!r}; it has {', '.join(there) or 'no texts'}")
        return part

    def preferences(self) -> dict[str, str]:
        """The stated preferences."""
        with self._reading():
            rows = self._connection.execute("select substr(key, 6), value from facts where key like 'pref:%' order by key")
            return dict(rows)

    def profile(self, counter: Counter | None = None) -> StyleProfile:
        """The user's habits and preferences, from sums: the time does not grow with the number of items, once all are measured.

        counter: what else is to be counted, under the feature SIDES; items that it has not counted yet are counted now.
        """
        from rpo_edge.steps.profile import make_profile

        with self._lock:
            shown = measured_habits(self._connection, self.path)
            if counter is not None:
                shown[SIDES] = counted(self._connection, self.path, counter)
            return make_profile(shown, self.preferences(), len(self))

    def timeline(self) -> Timeline:
        """How the habits moved, read when it is asked. See `rpo_edge.store.timeline`."""
        from rpo_edge.store.timeline import Timeline

        self.measure()
        return Timeline(self._connection, self.path, self._lock)

    # -- closing ---------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the file, when no other thread is at it; twice is fine. Calls that come later raise StoreError."""
        with self._lock:
            self._connection.close()
            if self._leave is not None:
                self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
