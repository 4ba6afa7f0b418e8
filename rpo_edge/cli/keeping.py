"""Commands that keep the store: forget, export, backup, encryption."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from rpo_edge.cli.common import ask, open_store, place, say, write, write_new
from rpo_edge.cli.history import app as history_app
from rpo_edge.cli.history import no_item
from rpo_edge.errors import InputError
from rpo_edge.history import History
from rpo_edge.store.keys import NEW_PASSPHRASE_FILE, PASSPHRASE_FILE

app = history_app
"""These are commands of `history` too."""

_WHAT = "say what to forget: ids, or --source NAME, or --all"

Passphrase = Annotated[bool, typer.Option("--passphrase", help="Ask for the new passphrase at the terminal, and keep it nowhere.")]


@app.command("forget")
def forget(
    context: typer.Context,
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID...")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Forget all texts from there.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Forget all texts. What you stated stays: see `profile unset`.")] = False,
    receipt: Annotated[Path | None, typer.Option("--receipt", metavar="FILE", help="Write what was done and checked as JSON.")] = None,
) -> None:
    """Delete texts for good, then search the store's files for what is left of them. Exit code 1: it could not be made sure. Without
    arguments, it does what an earlier call could not do.
    """
    named = bool(ids) + (source is not None) + everything
    if named > 1:
        raise InputError(_WHAT)
    with _kept(receipt) as keep:
        with open_store(context) as history:
            absent = [number for number in dict.fromkeys(ids or ()) if history.get(number) is None]
            done = history.forget(ids or (), source=source, everything=everything)
        if not done.scanned and (absent or not named):  # nor was anything left undone
            raise InputError(no_item(*absent) if absent else _WHAT)
        unwritten = keep(done.as_json() + "\n")
    if done.ids or not done.scanned:
        say(f"{done.forgotten} items forgotten; {done.scanned} bytes searched for {done.runs} runs of theirs, {done.found} found")
    elif done.complete:
        say("0 items forgotten; the files are written anew, which an earlier call could not do")
    if absent:
        say(f"rpo-edge: {no_item(*absent)}")
    if unwritten:
        say(f"rpo-edge: {unwritten}")
    if done.incomplete:
        say(f"rpo-edge: incomplete: {done.incomplete}")
    if done.incomplete or unwritten:
        raise typer.Exit(1)


@contextmanager
def _kept(path: Path | None) -> Iterator[Callable[[str], str | None]]:
    """What writes a receipt to a new file, or to stdout if that fails after all, and returns why.

    The file is made before the body deletes anything, because nobody can have the receipt of what is gone once more. It goes again if
    nothing was written.
    """
    if path is None:
        yield lambda text: None
        return
    write_new(path)
    file, written = path.open("r+", encoding="utf-8", newline="\n"), False

    def keep(text: str) -> str | None:
        nonlocal written
        try:
            with file:
                file.write(text)
        except OSError as error:
            write(text)
            return f"{path}: {(error.strerror or str(error)).lower()}; the receipt is on standard output"
        written = True
        return None

    try:
        yield keep
    finally:
        file.close()
        if not written:
            with suppress(OSError):
                path.unlink()


@app.command("export")
def export(context: typer.Context, path: Annotated[str, typer.Argument(metavar="PATH", help="A .jsonl file; - is stdout.")]) -> None:
    """Write all texts and stated preferences as JSON lines, as `import` reads them."""
    from rpo_edge.store.copies import export_rows

    with open_store(context) as history:
        rows = (json.dumps(row, ensure_ascii=False) + "\n" for row in export_rows(history))
        if path != "-":
            write_new(Path(path), *rows)
            return
        for row in rows:
            write(row)


@app.command("backup")
def backup(context: typer.Context, path: Annotated[Path, typer.Argument(metavar="PATH", help="A new file.")]) -> None:
    """Copy the store as it is now; others may go on writing. An encrypted store's copy has the same key."""
    with open_store(context) as history:
        history.backup(path)


@app.command("encrypt")
def encrypt(context: typer.Context, passphrase: Passphrase = False) -> None:
    """Encrypt the store. The key is made by lot and kept in the system's keyring, or is a passphrase of yours."""
    from rpo_edge.store import encryption

    where = place(context)
    encryption.check_state(where, encrypted=False)
    with _new_key(where, passphrase, NEW_PASSPHRASE_FILE, PASSPHRASE_FILE) as key:
        encryption.encrypt(where, key)


@app.command("decrypt")
def decrypt(context: typer.Context) -> None:
    """Make an encrypted store a plain one again. Its key stays in the keyring, because backups need it."""
    from rpo_edge.store import encryption
    from rpo_edge.store.keys import find_key

    where = place(context)
    encryption.check_state(where, encrypted=True)
    encryption.decrypt(where, find_key(where, ask))


@app.command("rekey")
def rekey(context: typer.Context, passphrase: Passphrase = False) -> None:
    """Encrypt the store with another key. The old one stays in the keyring, because backups need it."""
    from rpo_edge.store import encryption
    from rpo_edge.store.keys import find_key

    where = place(context)
    encryption.check_state(where, encrypted=True)
    old = find_key(where, ask)
    with _new_key(where, passphrase, NEW_PASSPHRASE_FILE) as new:
        encryption.rekey(where, old, new)


@app.command("key")
def key(context: typer.Context) -> None:
    """Print the key of an encrypted store, so that a copy of it opens on another machine."""
    from rpo_edge.store import encryption
    from rpo_edge.store.keys import find_key

    where = place(context)
    encryption.check_state(where, encrypted=True)
    found = find_key(where, ask)
    History.open(where, create=False, key=found).close()  # a wrong passphrase is not shown as the key
    say(f"rpo-edge: whoever has this key can read {where} and its backups")
    write(found + "\n")


@contextmanager
def _new_key(where: Path, passphrase: bool, *variables: str) -> Iterator[str]:
    """The key that the body is to give to the store. One made by lot is in the keyring before, and goes again if the store has not got it.

    Where the keyring has no place for a key, a passphrase that somebody knows is the only one that is not lost.

    variables: of the environment; they name files with a passphrase, and the first that is set counts.
    """
    from rpo_edge.store.keys import drop_unused, new_key, passphrase_from_file, remember_key

    given = None if passphrase else next(filter(None, map(passphrase_from_file, variables)), None)
    if given or passphrase:
        yield given or _typed()
        return
    by_lot = new_key()
    if not remember_key(by_lot):
        say("rpo-edge: there is no keyring here, so that a passphrase is needed; it is kept nowhere")
        yield _typed()
        return
    try:
        yield by_lot
    except BaseException:
        drop_unused(where, by_lot)
        raise


def _typed() -> str:
    """A passphrase, typed twice."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise InputError(f"there is no terminal to ask for a new passphrase; name a file with one by {NEW_PASSPHRASE_FILE}")
    first = getpass("New passphrase: ")
    if not first or first != getpass("Once more: "):
        raise InputError("the passphrase is empty, or the two are not the same")
    return first
