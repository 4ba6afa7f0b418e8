"""What `rpo-edge doctor` looks at."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rpo_edge import __version__
from rpo_edge.errors import RpoEdgeError
from rpo_edge.history import History
from rpo_edge.manifest import Manifest, embedded
from rpo_edge.runtimes.ort import onnxruntime
from rpo_edge.store.keys import Ask


class Check(NamedTuple):
    """One line of the report."""

    name: str
    ok: bool
    detail: str


def checks(store: Path, ask: Ask | None = None) -> Iterator[Check]:
    """Version, store (ask: for its passphrase), models, onnxruntime. The store is not made where there is none."""
    yield Check("rpo-edge", True, f"{__version__}, Python {sys.version.split()[0]}")
    yield _store(store, ask)
    for folder in embedded():
        yield _model(folder)
    yield _onnxruntime()


def _store(path: Path, ask: Ask | None) -> Check:
    if not path.exists():
        return Check("history", True, f"none yet at {path}")
    try:
        with History.open(path, ask=ask) as history:
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


def _onnxruntime() -> Check:
    try:
        version = onnxruntime().__version__
    except RpoEdgeError as error:
        return Check("onnxruntime", False, str(error))
    return Check("onnxruntime", True, f"{version}, telemetry off")
