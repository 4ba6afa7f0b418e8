"""The store's file: how it is opened, locked and written, in the clear or encrypted.

Plain files go through the standard library's sqlite3. A file whose first bytes are not SQLite's is one of SQLCipher's, which package
sqlcipher3 opens with a key (`pip install '.[encrypted]'`); its connections and sqlite3's have the same methods.
Many processes may have the file open: the write-ahead log lets all read while one writes, and who has to wait waits up to `PATIENCE`.
"""

from __future__ import annotations

import importlib
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rpo_edge.errors import InputError, OptionalDependencyError, StoreError

PATIENCE = 120.0
"""Seconds that a writer waits for others; compacting a store of gigabytes takes as long."""

LARGEST = 2**63 - 1
"""SQLite's integers end here, ids and limits among them."""

_PLAIN = b"SQLite format 3\0"
_PAGE = 4096  # bytes; SQLCipher's files are whole pages of it
_RETRY = 0.02  # seconds
_DEAF = 500  # milliseconds that SQLite may wait by itself for a write lock: it hears no Ctrl-C meanwhile


def default_path() -> Path:
    """The store in the platform's folder for user data."""
    from platformdirs import user_data_dir

    return Path(user_data_dir("rpo-edge", appauthor=False)) / "history.db"


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """The databases' exceptions become StoreError here and nowhere else; InputError for text that is none."""
    try:
        yield
    except UnicodeEncodeError as error:
        half = error.object[error.start : error.end]
        raise InputError(f"{half!r} is no character: bytes that are not UTF-8, or half a surrogate pair, cannot be stored") from error
    except database_errors() as error:
        raise StoreError(f"the history {path} cannot be used: {error}") from error
    except OSError as error:
        raise StoreError(f"the history {path} cannot be used: {error.strerror or error}") from error


def database_errors() -> tuple[type[Exception], ...]:
    """sqlite3's exceptions, and SQLCipher's where it is in use."""
    cipher = sys.modules.get("sqlcipher3.dbapi2")
    return (sqlite3.Error,) if cipher is None else (sqlite3.Error, cipher.Error)


def make(path: Path) -> None:
    """An empty file that only its owner may read; one that is there is made so, but not opened (see `OpenFiles`)."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        path.chmod(0o600)


# -- connections -------------------------------------------------------------------------------------------------------


def connect(where: Path | str, key: str | None = None, *, cipher: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode; for reading only where the file or its folder (the log lies there) may not be written.

    key: opens an encrypted file, or makes an empty one encrypted. Nothing is read yet, so a wrong key shows later.
    cipher: SQLCipher opens a plain file, too; never together with connections of sqlite3 in one process, which it knows nothing of.
    """
    driver = _driver(cipher or key is not None)
    if isinstance(where, str) or (os.access(where, os.W_OK) and os.access(where.parent, os.W_OK)):
        connection: sqlite3.Connection = driver.connect(where, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        _prepare(connection, key)
        return connection
    # `immutable` reads without the log's shared memory, which could not be made; where a log lies, its writer made that too.
    log = where.with_name(where.name + "-wal")
    uri = where.absolute().as_uri() + ("?mode=ro" if log.exists() else "?mode=ro&immutable=1")
    connection = driver.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    _prepare(connection, key)
    connection.execute("pragma query_only = on")
    return connection


def _driver(cipher: bool) -> Any:
    if not cipher:
        return sqlite3
    try:
        return importlib.import_module("sqlcipher3.dbapi2")
    except ImportError as error:
        raise OptionalDependencyError("sqlcipher3", "encrypted") from error


def _prepare(connection: sqlite3.Connection, key: str | None) -> None:
    """The settings that every connection has. Temporary tables stay in memory: no words of the user's in files that nobody knows."""
    if key is not None:
        connection.execute("pragma cipher_log_level = none")  # it writes to stderr what is translated here anyway
        connection.execute(f"pragma key = {quoted(key)}")
    for setting in ("temp_store = memory", "secure_delete = on", "foreign_keys = on"):
        connection.execute(f"pragma {setting}")


def quoted(key: str) -> str:
    """The key as SQL has it. Raises InputError for what cannot be one; the message does not show it."""
    if not key or "\0" in key or any("\ud800" <= letter <= "\udfff" for letter in key):
        raise InputError("a key is at least one character, and text that is valid Unicode")
    return "'" + key.replace("'", "''") + "'"


def needed_key(path: Path, key: str | None, find: Callable[[], str]) -> str | None:
    """The key that opens the file at `path`, which `OPEN_FILES` knows of; None for a plain one. An empty file gets the key given.

    find: called for an encrypted file where none is given. Raises StoreError for a file of another kind, and for a plain one if a key is
    given.
    """
    encrypted = is_encrypted(path)
    if encrypted is False and key is not None:
        raise StoreError(f"the history {path} is not encrypted, though a key was given")
    return find() if encrypted and key is None else key


def is_encrypted(path: Path) -> bool | None:
    """What the first bytes of the file at `path` say, which `OPEN_FILES` knows of; None: it is empty.

    Raises StoreError for another kind.
    """
    head = OPEN_FILES.head(path, len(_PLAIN))
    if not head:
        return None
    if head != _PLAIN and path.stat().st_size % _PAGE:
        raise StoreError(f"the history {path} cannot be used: file is not a database")
    return head != _PLAIN


def check_key(connection: sqlite3.Connection, path: Path, key: str | None) -> None:
    """Read a first page. Raises StoreError where the key is wrong; the connection is closed then.

    Then up to 16 MiB of the file may stay in memory, eight times SQLite's measure, for searches of large stores; setting that reads a page,
    too.
    """
    try:
        connection.execute("select count(*) from sqlite_master").fetchone()
        connection.execute("pragma cache_size = -16384")
    except database_errors() as error:
        connection.close()
        if key is not None and "not a database" in str(error):
            raise StoreError(f"the key does not open the history {path} (or the file is damaged)") from None
        raise


# -- transactions ------------------------------------------------------------------------------------------------------


@contextmanager
def writing(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """One transaction that takes the write lock at once, so that two writers wait and never clash."""
    with translated(path):
        _begin(connection)
        try:
            yield
        except BaseException:
            if connection.in_transaction:  # a full disk, for one, has ended it already
                connection.execute("rollback")
            raise
        connection.execute("commit")


def _begin(connection: sqlite3.Connection) -> None:
    """Wait for the write lock as long as the connection's patience is, but never long in one call."""
    (whole,) = connection.execute("pragma busy_timeout").fetchone()
    end = time.monotonic() + whole / 1000
    connection.execute(f"pragma busy_timeout = {min(whole, _DEAF)}")
    try:
        while True:
            try:
                connection.execute("begin immediate")
                return
            except database_errors() as error:
                if "locked" not in str(error) or time.monotonic() >= end:
                    raise
    finally:
        connection.execute(f"pragma busy_timeout = {whole}")


@contextmanager
def patience(connection: sqlite3.Connection, path: Path, seconds: float) -> Iterator[None]:
    """Another patience with other writers for what is done inside."""
    with translated(path):
        connection.execute(f"pragma busy_timeout = {int(1000 * seconds)}")
    try:
        yield
    finally:
        with translated(path):
            connection.execute(f"pragma busy_timeout = {int(1000 * PATIENCE)}")


def keep_log(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on. SQLite does not wait here while others open the same new file, so this does."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("pragma journal_mode = wal").fetchone()
            return
        except database_errors() as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
        time.sleep(_RETRY)


# -- the bytes on disk -------------------------------------------------------------------------------------------------


class OpenFiles:
    """Reads the files of a store that SQLite has open in this process, too.

    Closing any descriptor of a file drops all locks that the process has on it (POSIX), SQLite's included; another process could
    then remove the log under us (https://www.sqlite.org/howtocorrupt.html, 2.2). So descriptors made here are closed only
    when no connection of this process to the store is left: every connection is announced by `enter`, before the file is touched,
    and `leave`. Paths are real ones (`Path.resolve`).

    The garbage collector may close a store, and so call `leave`, in the middle of any method here, in the same thread: the lock lets it in,
    and a connection is one item of a list, which comes and goes in one step; a sum would be read before and written after.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._connections: dict[str, list[None]] = {}  # a list stays when it is empty, because somebody may be about to add to it
        self._descriptors: dict[str, dict[tuple[int, int], int]] = {}

    def enter(self, path: Path) -> None:
        """A connection to the store at `path` is going to be made."""
        with self._lock:
            self._connections.setdefault(str(path), []).append(None)

    def leave(self, path: Path) -> None:
        """It is closed, or could not be made."""
        with self._lock:
            connections = self._connections[str(path)]
            connections.pop()
            if not connections:
                for descriptor in self._descriptors.pop(str(path), {}).values():
                    os.close(descriptor)

    @contextmanager
    def entered(self, path: Path) -> Iterator[None]:
        """For the time of the body, so that its descriptors are closed after it where no connection is left."""
        self.enter(path)
        try:
            yield
        finally:
            self.leave(path)

    def head(self, path: Path, size: int) -> bytes:
        """The first bytes of the database."""
        return _at(self._descriptor(path, path), 0, size)

    def connections(self, path: Path) -> int:
        """How many are there."""
        return len(self._connections.get(str(path), ()))

    def blocks(self, path: Path, size: int, overlap: int) -> Iterator[bytes]:
        """The bytes of the store's files, in blocks; the last `overlap` bytes of each begin the next one of the same file."""
        for file in files_of(path):
            try:
                descriptor = self._descriptor(path, file)
            except FileNotFoundError:
                continue
            position, rest = 0, b""
            while block := _at(descriptor, position, size):
                yield rest + block
                position += len(block)
                rest = (rest + block)[-overlap:]

    def _descriptor(self, path: Path, file: Path) -> int:
        with self._lock:
            known = self._descriptors.setdefault(str(path), {})
            there = file.stat()
            name = (there.st_dev, there.st_ino)
            if name not in known:
                known[name] = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            return known[name]


def _at(descriptor: int, position: int, size: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(descriptor, size, position)
    os.lseek(descriptor, position, os.SEEK_SET)
    return os.read(descriptor, size)


OPEN_FILES = OpenFiles()
"""Of this process."""


def files_of(path: Path) -> list[Path]:
    """Database, log, the log's shared memory and rollback journal: every file that SQLite makes for a store."""
    return [path.with_name(path.name + end) for end in ("", "-wal", "-shm", "-journal")]
