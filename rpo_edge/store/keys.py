"""Where the key of an encrypted store comes from: the system's keyring, a file, or somebody who is asked, in this order.

The keyring (package keyring) has an entry for each store, named by its path. Keys stand in no message and no log.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rpo_edge.errors import OptionalDependencyError, StoreError

PASSPHRASE_FILE = "RPO_EDGE_PASSPHRASE_FILE"
"""Environment variable: a file whose first line is the passphrase, for machines without a keyring."""

_SERVICE = "rpo-edge"

Ask = Callable[[Path], str | None]
"""Asks somebody for the passphrase of the store at a path; None: nobody answered."""


def new_key() -> str:
    """A random key of 256 bits, written as SQLCipher takes it without deriving it first (which costs a tenth of a second)."""
    import secrets

    return f"x'{secrets.token_hex(32)}'"


def find_key(path: Path, ask: Ask | None = None) -> str:
    """The key of the store at `path`. Raises StoreError where none is found."""
    key = _from_keyring(path) or passphrase_from_file() or (ask(path) if ask is not None else None)
    if not key:
        raise StoreError(
            f"the history {path} is encrypted (or damaged), and there is no key: none in the keyring, none by {PASSPHRASE_FILE}"
        )
    return key


def remember_key(path: Path, key: str) -> bool:
    """Put the key into the keyring; False where the system has none, so that the user must keep it."""
    keyring = _keyring()
    if keyring is None:
        raise OptionalDependencyError("keyring", "encrypted")
    try:
        keyring.set_password(_SERVICE, _entry(path), key)
    except _refusals(keyring):
        return False
    return True


def drop_key(path: Path) -> bool:
    """Take the key out of the keyring; False where it has none."""
    keyring = _keyring()
    if keyring is None:
        return False
    try:
        keyring.delete_password(_SERVICE, _entry(path))
    except _refusals(keyring):
        return False
    return True


def _from_keyring(path: Path) -> str | None:
    keyring = _keyring()
    if keyring is None:
        return None
    try:
        found: str | None = keyring.get_password(_SERVICE, _entry(path))
    except _refusals(keyring):
        return None
    return found


def passphrase_from_file() -> str | None:
    """The first line of the file that PASSPHRASE_FILE names; None where it names none. Raises StoreError for one that cannot be read."""
    name = os.environ.get(PASSPHRASE_FILE)
    if not name:
        return None
    try:
        lines = Path(name).read_text("utf-8-sig").splitlines()  # Windows' editors put a mark first
    except UnicodeDecodeError:
        raise StoreError(f"{PASSPHRASE_FILE}: {name} is not UTF-8") from None  # the cause would show bytes of the key
    except OSError as error:
        raise StoreError(f"{PASSPHRASE_FILE}: {name}: {(error.strerror or str(error)).lower()}") from error
    return lines[0] if lines else None


def _entry(path: Path) -> str:
    return str(path.resolve())


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
