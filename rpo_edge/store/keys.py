"""Where the key of an encrypted store comes from: the system's keyring, a file, or somebody who is asked, in this order.

A key that is made here brings the store's salt, which are the first 16 bytes of the file, and its entry in the keyring (package keyring)
is named by that salt. So a store that was moved, its copies and its backups are opened by the entry; the entry of a new key takes no
other's place, and may be written before the store has the key; and an entry that no file needs any more is in nobody's way. Entries are not
taken out when a store gets another key or none, because backups may have the old one. Keys stand in no message and no log.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rpo_edge.errors import OptionalDependencyError, StoreError
from rpo_edge.store.files import OPEN_FILES, check_key, connect, translated

PASSPHRASE_FILE = "RPO_EDGE_PASSPHRASE_FILE"
"""Environment variable: a file whose first line is the passphrase, for machines without a keyring.

A key that was made here will do, too.
"""

NEW_PASSPHRASE_FILE = "RPO_EDGE_NEW_PASSPHRASE_FILE"
"""Environment variable: a file whose first line is the passphrase that a store is to have from now on."""

_SERVICE = "rpo-edge"
_KEY, _SALT = 32, 16  # bytes

Ask = Callable[[Path], str | None]
"""Asks somebody for the passphrase of the store at a path; None: nobody answered."""


def new_key() -> str:
    """A random key of 256 bits and a random salt, written as SQLCipher takes them without deriving a key first (which costs a tenth of a
    second).

    https://www.zetetic.net/sqlcipher/sqlcipher-api/#key
    """
    import secrets

    return f"x'{secrets.token_hex(_KEY + _SALT)}'"


def find_key(path: Path, ask: Ask | None = None) -> str:
    """The key of the encrypted store at `path`. Raises StoreError where none is found."""
    key = _get(_salt_of(path)) or _by_path(path) or passphrase_from_file() or (ask(path) if ask is not None else None)
    if not key:
        raise StoreError(
            f"the history {path} is encrypted (or damaged), and there is no key: none in the keyring, none by {PASSPHRASE_FILE}"
        )
    return key


def remember_key(key: str) -> bool:
    """Put a key that `new_key` made into the keyring; False where the system has none, or one that keeps nothing,
    so that the user must keep it.
    """
    keyring = _keyring()
    if keyring is None:
        raise OptionalDependencyError("keyring", "encrypted")
    try:
        keyring.set_password(_SERVICE, _salt_in(key), key)
    except _refusals(keyring):
        return False
    return _get(_salt_in(key)) == key


def drop_unused(path: Path, key: str) -> None:
    """Take a key that `new_key` made out of the keyring, unless the store at `path` has it."""
    keyring = _keyring()
    if keyring is None or _salt_of(path) == _salt_in(key):
        return
    try:
        keyring.delete_password(_SERVICE, _salt_in(key))
    except _refusals(keyring):
        pass  # it opens nothing


def passphrase_from_file(variable: str = PASSPHRASE_FILE) -> str | None:
    """The first line of the file that an environment variable names; None where it names none. Raises StoreError for one without."""
    name = os.environ.get(variable)
    if not name:
        return None
    try:
        lines = Path(name).read_text("utf-8-sig").splitlines()  # Windows' editors put a mark first
    except UnicodeDecodeError:
        raise StoreError(f"{variable}: {name} is not UTF-8") from None  # the cause would show bytes of the key
    except OSError as error:
        raise StoreError(f"{variable}: {name}: {(error.strerror or str(error)).lower()}") from error
    if not lines or not lines[0]:
        raise StoreError(f"{variable}: the first line of {name} is empty")
    return lines[0]


def _salt_of(path: Path) -> str:
    """The salt of an encrypted store, in hexadecimal."""
    file = path.resolve()
    with translated(path), OPEN_FILES.entered(file):
        return OPEN_FILES.head(file, _SALT).hex()


def _salt_in(key: str) -> str:
    """The salt that a key of `new_key` brings, which stands at its end."""
    return key.removesuffix("'")[-2 * _SALT :]


def _by_path(path: Path) -> str | None:
    """Earlier versions named entries by the store's path, and left them there; another key may have come since."""
    key = _get(str(path.resolve()))
    return key if key is not None and _opens(path, key) else None


def _opens(path: Path, key: str) -> bool:
    file = path.resolve()
    with OPEN_FILES.entered(file), translated(path):
        connection = connect(file, key)
        try:
            check_key(connection, path, key)
        except StoreError:
            return False
        connection.close()
    return True


def _get(entry: str) -> str | None:
    keyring = _keyring()
    if keyring is None:
        return None
    try:
        found: str | None = keyring.get_password(_SERVICE, entry)
    except _refusals(keyring):
        return None
    return found


def _keyring() -> Any:
    """The package; None where it is not installed."""
    try:
        import keyring
    except ImportError:
        return None
    return keyring


def _refusals(keyring: Any) -> tuple[type[Exception], ...]:
    """What a keyring raises that is absent, locked or without the entry; systems without one raise OSError too."""
    return (keyring.errors.KeyringError, OSError)
