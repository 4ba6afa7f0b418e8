"""Encryption at rest: a plain store becomes SQLCipher's, and back, and from one key to another.

Every change writes a whole new file beside the store, waits until it is on disk and checks it, then puts it in the store's place in
one step: whoever pulls the plug finds the old store or the new one. (The unfinished file, PATH-new, goes with the next conversion; of a
decryption it holds plain words, and after a kill at the last moment the old file is not overwritten.) The store must be closed
everywhere else.

What was there before is overwritten with zeros: the old file, and its log before that. This is as far as a program can go. Solid-state
disks write to other cells than those that held the old bytes; copy-on-write and journalling file systems, snapshots, backups and
swapped-out memory may keep them too. Who needs certainty encrypts the disk, or a store before the first text is in it.

SQLCipher 4: AES-256 in CBC mode with an HMAC-SHA512 for each page; a passphrase is stretched by PBKDF2-HMAC-SHA512, 256,000 rounds
(https://www.zetetic.net/sqlcipher/design/).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rpo_edge.errors import InputError, StoreError
from rpo_edge.history import History
from rpo_edge.store.copies import synced
from rpo_edge.store.files import OPEN_FILES, connect, database_errors, files_of, is_encrypted, keep_log, make, quoted, translated

_BLOCK = 1 << 20
_OTHERS = 2000  # milliseconds that other processes have to end what they are at


def encrypt(path: Path, key: str) -> None:
    """Make the plain store at `path` an encrypted one. Raises StoreError if it is encrypted already or open elsewhere.

    The key is not kept: see `rpo_edge.store.keys.remember_key`, which comes before, so that no crash can lose it.
    """
    quoted(key)
    _convert(path, None, key)


def decrypt(path: Path, key: str) -> None:
    """Make the encrypted store at `path` a plain one."""
    quoted(key)
    _convert(path, key, None)


def rekey(path: Path, old: str, new: str) -> None:
    """Encrypt the store at `path` with another key. Raises InputError if it is the same."""
    quoted(old)
    quoted(new)
    if old == new:
        raise InputError(f"the new key of the history {path} is the one that it has")
    _convert(path, old, new)


def check_state(path: Path, *, encrypted: bool) -> None:
    """Raises StoreError unless there is a store at `path` that is encrypted, or is not.

    The first bytes of the file say so: no key is needed.
    """
    file = path.resolve()
    with translated(path), OPEN_FILES.entered(file):
        found = is_encrypted(file) if file.is_file() else None
    if found is None:
        raise StoreError(f"there is no history at {path}")
    if found != encrypted:
        raise StoreError(f"the history {path} is {'encrypted already' if found else 'not encrypted'}")


def _convert(path: Path, old: str | None, new: str | None) -> None:
    path = path.resolve()  # the file itself is replaced, not a link to it
    check_state(path, encrypted=old is not None)
    with translated(path):
        _check(path, old)
        fresh = path.with_name(path.name + "-new")
        with _alone(path, old) as (connection, before), _beside(fresh):
            _copy(connection, fresh, new)
            synced(fresh)
            if before is None:
                connection.close()
            fresh.replace(path)
            synced(path.parent)
            if before is not None:
                _overwrite(before)


def _check(path: Path, key: str | None) -> None:
    """A wrong key, or a file that is none, is told by opening it, which also brings an old store up to date."""
    if OPEN_FILES.connections(path):
        raise StoreError(f"the history {path} is in use; close it first")
    log = None
    try:
        with History.open(path, create=False, key=key):
            log = _log_of(path)
        if log is not None and os.fstat(log).st_nlink == 0:  # SQLite has removed it; where another process is at it, it is still there
            _overwrite(log)
    finally:
        if log is not None:
            os.close(log)


def _log_of(path: Path) -> int | None:
    """A descriptor of the log, which is there while the store is open."""
    log = path.with_name(path.name + "-wal")
    return os.open(log, os.O_RDWR) if os.name == "posix" and log.exists() else None


@contextmanager
def _alone(path: Path, key: str | None) -> Iterator[tuple[sqlite3.Connection, int | None]]:
    """A connection that nobody else can work beside, and a descriptor of the old file, which outlives its name.

    Windows replaces no file that is open: there is no descriptor there, so the old file is removed, not overwritten.
    """
    before = os.open(path, os.O_RDWR) if os.name == "posix" else None
    connection = connect(path, key, cipher=True)
    try:
        connection.execute(f"pragma busy_timeout = {_OTHERS}")
        try:
            _lock(connection)
        except database_errors() as error:
            raise StoreError(f"the history {path} is in use; close it everywhere else ({error})") from error
        yield connection, before
    finally:
        connection.close()
        if before is not None:
            os.close(before)  # last, because closing it drops the locks


def _lock(connection: sqlite3.Connection) -> None:
    """Take the file for this connection alone, without a log: what is written now is in the file itself.

    A journal on disk would be the old file's first page, and stay there after a kill; all that is journaled here is two bytes of a header.
    """
    connection.execute("pragma locking_mode = exclusive")
    connection.execute("begin exclusive")
    connection.execute("commit")  # in this mode, the lock stays
    connection.execute("pragma journal_mode = memory")
    connection.execute("begin exclusive")
    connection.execute("commit")


def _overwrite(descriptor: int) -> None:
    """Zeros over a whole file, on disk when this returns."""
    size = os.fstat(descriptor).st_size
    os.lseek(descriptor, 0, os.SEEK_SET)
    for start in range(0, size, _BLOCK):
        os.write(descriptor, bytes(min(_BLOCK, size - start)))
    os.fsync(descriptor)


@contextmanager
def _beside(fresh: Path) -> Iterator[None]:
    """An empty private file for the time of the body; whatever is left of it (or of a run that was killed) goes."""
    for file in files_of(fresh):
        file.unlink(missing_ok=True)
    make(fresh)
    try:
        yield
    finally:
        for file in files_of(fresh):
            file.unlink(missing_ok=True)


def _copy(connection: sqlite3.Connection, fresh: Path, key: str | None) -> None:
    """Write the store to `fresh` and compare the two."""
    (version,) = connection.execute("pragma user_version").fetchone()
    (count,) = connection.execute("select count(*) from items").fetchone()
    connection.execute("attach ? as fresh key ?", [str(fresh), key or ""])
    connection.execute("pragma fresh.journal_mode = off")
    connection.execute("select sqlcipher_export('fresh')").fetchone()
    connection.execute(f"pragma fresh.user_version = {version}")
    connection.execute("detach fresh")
    copy = connect(fresh, key)
    try:
        whole = copy.execute("pragma integrity_check").fetchall() == [("ok",)]
        if not whole or copy.execute("select count(*) from items").fetchone() != (count,):
            raise StoreError(f"the copy {fresh} is not what it should be; the history stays as it is")
        keep_log(copy)
    finally:
        copy.close()
