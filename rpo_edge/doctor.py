"""What `rpo-edge doctor` looks at."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from rpo_edge import __version__
from rpo_edge.errors import OptionalDependencyError, RpoEdgeError
from rpo_edge.history import History
from rpo_edge.manifest import Manifest, embedded
from rpo_edge.reflectors import DEFAULT
from rpo_edge.runtimes.ort import onnxruntime
from rpo_edge.shelf import RULES, Shelf, unknown
from rpo_edge.store.files import translated
from rpo_edge.store.keys import Ask


class Check(NamedTuple):
    """One line of the report."""

    name: str
    ok: bool
    detail: str


def checks(store: Path, ask: Ask | None = None) -> Iterator[Check]:
    """Version, store (ask: for its passphrase), models and the default one, onnxruntime, llama.cpp where a model needs it.

    No store is made where there is none, or an empty file; one of an older version is brought up to date, as every command does.
    """
    yield Check("rpo-edge", True, f"{__version__}, Python {sys.version.split()[0]}")
    yield _store(store, ask)
    shelf = Shelf()
    folders = [*embedded()]
    try:
        folders += [shelf.folder / name for name in shelf.names()]
    except RpoEdgeError as error:
        yield Check("your models", False, str(error))
    yield from map(_model, folders)
    yield _default(shelf)
    yield _onnxruntime()
    if any(map(_is_gguf, folders)):
        yield _llama()


def _store(path: Path, ask: Ask | None) -> Check:
    try:
        with translated(path):
            if not path.exists():
                return Check("history", True, f"none yet at {path}")
        with History.open(path, create=False, ask=ask) as history:
            count, encrypted = len(history), history.encrypted
    except RpoEdgeError as error:
        return Check("history", False, str(error))
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        return Check("history", False, f"{path} can be read by others (mode {mode:o}); run: chmod 600 {path}")
    return Check("history", True, f"{count} items in {path}{', encrypted' if encrypted else ''}")


def _model(folder: Path) -> Check:
    try:
        Manifest.load(folder).verify()
    except RpoEdgeError as error:
        return Check(f"model {folder.name}", False, str(error))
    return Check(f"model {folder.name}", True, "as its manifest says")


def _is_gguf(folder: Path) -> bool:
    try:
        return any(name.endswith(".gguf") for name in Manifest.load(folder).files)
    except RpoEdgeError:
        return False


def _default(shelf: Shelf) -> Check:
    try:
        name = shelf.default or DEFAULT
    except RpoEdgeError as error:
        return Check("default reflector", False, str(error))
    known = name in (RULES, DEFAULT) or shelf.find(name) is not None
    return Check("default reflector", known, name if known else f"{unknown(name)}; to set it back: rpo-edge models use {DEFAULT}")


def _llama() -> Check:
    """Without importing it, which takes long."""
    if find_spec("llama_cpp") is None:
        return Check("llama.cpp", False, str(OptionalDependencyError("llama-cpp-python", "gguf")))
    try:
        found = version("llama-cpp-python")
    except PackageNotFoundError:  # built by hand
        found = "of unknown version"
    return Check("llama.cpp", True, found)


def _onnxruntime() -> Check:
    try:
        found = onnxruntime().__version__
    except RpoEdgeError as error:
        return Check("onnxruntime", False, str(error))
    return Check("onnxruntime", True, f"{found}, telemetry off")
