"""What is written appears under its own name once it is whole, and was found good; until then it lies in a hidden folder beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rpo_edge.errors import InputError

LAST = "manifest.json"
"""Nothing is a model without it, so what broke off half way is none."""


@contextmanager
def whole_file(out: Path) -> Iterator[Path]:
    """A file to write beside `out`, which becomes `out` if nothing was raised. Raises InputError where the disk does not have it."""
    if out.is_dir():
        raise InputError(f"{out} is a folder; the name of a file is needed")
    try:
        with TemporaryDirectory(dir=out.parent, prefix=".export-") as folder:
            yield Path(folder) / out.name
            (Path(folder) / out.name).replace(out)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror or error}") from error


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A folder to write in, which becomes `out` if nothing was raised. Raises InputError where `out` is in use, or the disk full."""
    free(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=out.parent, prefix=".export-") as folder:
            yield Path(folder)
            out.mkdir(exist_ok=True)
            for path in sorted(Path(folder).iterdir(), key=lambda path: path.name == LAST):
                path.replace(out / path.name)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror or error}") from error


def free(out: Path) -> None:
    """Raises InputError where something lies at `out` already."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is not an empty folder")
