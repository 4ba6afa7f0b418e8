"""What the commands share: the application's parts, the store, and the three streams.

Results go to stdout, everything said about them to stderr.
"""

from __future__ import annotations

import os
import sys
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from enum import StrEnum
from getpass import getpass
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO, cast

import typer

from rpo_edge.errors import InputError, StoreError
from rpo_edge.history import History, default_path

if TYPE_CHECKING:
    from rpo_edge.pipeline import Personalizer
    from rpo_edge.store.part import Part

MARK = "\ufeff"  # byte order mark
MANY, SOME = 1000, 100
"""Texts, from which on it is felt that a model counts them, and that they are measured, which takes ten times as long."""

_BLOCK = 256  # bytes that are read at once: a sentence or two, so that the first need not wait for a page


class ListFormat(StrEnum):
    """How lists are printed."""

    text = "text"
    json = "json"


def group(text: str) -> typer.Typer:
    return typer.Typer(help=text, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def _named(source: str | None) -> str | None:
    if source is not None and not source.strip():
        raise InputError("--source needs a name")
    return source


Source = Annotated[str | None, typer.Option("--source", help="Name of the place the texts come from.", callback=_named)]
Like = Annotated[
    str | None, typer.Option("--like", metavar="NAME", help="Go by your texts of this source or kind alone, such as email or chat.")
]
Number = Annotated[int, typer.Option("-k", min=0, help="History items to read.")]


def place(context: typer.Context) -> Path:
    """Where the store is."""
    return Path(context.obj) if context.obj else default_path()


def ask(path: Path) -> str | None:
    """The passphrase of an encrypted store, from whoever sits at the terminal; None where there is none."""
    return getpass(f"Passphrase of {path}: ") if sys.stdin is not None and sys.stdin.isatty() else None


def open_store(context: typer.Context, create: bool = False) -> History:
    """The store; only commands that put something in make its file."""
    return History.open(place(context), create=create, ask=ask)


def manner(history: History, like: str | None) -> History | Part:
    """The texts to go by. Raises InputError for a source or kind that no text has."""
    return history if like is None else history.part(like)


def measure(history: History) -> None:
    """Measure what waits for it, and show that on a terminal."""
    from rpo_edge.progress import bar

    if waiting := history.unmeasured():
        with bar("measuring", waiting, "texts") as progress:
            history.measure(measured=progress)


def prepare(personalizer: Personalizer) -> None:
    """Count for its model, and show that on a terminal."""
    from rpo_edge.progress import bar

    with bar("counting", None):
        personalizer.prepare()


def get_ready(history: History, personalizer: Personalizer) -> None:
    """Measure and count what a first rewrite would wait for, and say so: after an import that was broken off, or an upgrade that measures
    otherwise. Few texts are left to the rewrite, and what goes wrong, which comes again there, is told by it.
    """
    with suppress(StoreError):
        if (waiting := history.unmeasured()) < SOME:
            return
        from rpo_edge.progress import shown

        if waiting >= MANY and not shown():
            say(f"rpo-edge: measuring {waiting:,} texts, once")
        measure(history)
        prepare(personalizer)


def read(name: str) -> str:
    """A file's or (-) standard input's text. Newlines stay as they are."""
    return "".join(chunks(name))


def chunks(name: str) -> Iterator[str]:
    """The same as it comes. Raises InputError after everything that could be read."""
    place = "standard input" if name == "-" else name
    if name == "-" and sys.stdin is None:
        raise InputError(f"{place} is closed")
    decoder, before = getincrementaldecoder("utf-8")(), 0
    for data in chain(_blocks(name, place), [b""]):
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            yield error.object[: error.start].decode("utf-8")
            waited = len(error.object) - len(data)  # bytes of a character that had begun
            raise InputError(f"{place} is not UTF-8 (byte {before - waited + error.start})") from error
        yield text
        before += len(data)


def _blocks(name: str, place: str) -> Iterator[bytes]:
    try:
        with nullcontext(cast(BufferedReader, sys.stdin.buffer)) if name == "-" else Path(name).open("rb") as file:
            while data := file.read1(_BLOCK):
                yield data
    except OSError as error:
        raise InputError(f"{place}: {(error.strerror or str(error)).lower()}") from error


def write(text: str) -> None:
    """To stdout byte for byte: no newline added, none translated. Only paths may hold what is not UTF-8; it is shown escaped."""
    if sys.stdout is None:
        raise InputError("standard output is closed")
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def write_new(path: Path, *parts: str) -> None:
    """To a new file, as private as the store itself; an existing file is not overwritten."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline="\n") as file:
            file.writelines(parts)
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from error


def on_terminal() -> bool:
    """Whether stdout is one."""
    return sys.stdout is not None and sys.stdout.isatty()


def say(text: str) -> None:
    """To stderr. That nobody reads it must not cost the result."""
    try:
        typer.echo(text, err=True)
    except OSError:
        discard(sys.stderr)


def discard(stream: TextIO | None) -> None:
    """What could not be written is not tried again when Python ends, which would complain."""
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
