"""The manifest of what an export made: what is in it, where it comes from, and how near it is to its checkpoint.

Of a folder it is manifest.json inside; of a file by itself, FILE.json beside it, which counts only as long as it is of that very file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from export.outputs import LAST as MANIFEST
from rpo_edge.manifest import digest

_NUMBERS = re.compile(r"\[\n\s+([-+.\dEe]+(?:,\n\s+[-+.\dEe]+)*)\n\s+\]")  # no string has a line's end in it


def describe(folder: Path, name: str, kind: str, facts: Mapping[str, Any]) -> None:
    """Write it, with the sha256 of every file that lies in the folder."""
    files = {path.name: digest(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST}
    save(folder, {"name": name, "kind": kind, "files": files, **facts})


def describe_file(path: Path, name: str, kind: str, facts: Mapping[str, Any]) -> str:
    """Write that of a file by itself; returns its sha256."""
    found = digest(path)
    save(path, {"name": name, "kind": kind, "files": {path.name: found}, **facts})
    return found


def read(path: Path) -> dict[str, Any]:
    """What that of a folder or file says; nothing where there is none, or it is of another file than lies there now."""
    beside = place(path)
    said = dict(json.loads(beside.read_text("utf-8"))) if beside.is_file() else {}
    if path.is_file() and said.get("files") != {path.name: digest(path)}:
        return {}
    return said


def place(path: Path) -> Path:
    """Where that of a folder or file lies."""
    return path.with_name(f"{path.name}.json") if path.is_file() else path / MANIFEST


def save(path: Path, said: Mapping[str, Any]) -> None:
    """In place of an older one, if there is one; of the files nothing changes, so their sums stay right. Numbers of a list share a line."""
    beside = place(path)
    unfinished = beside.with_name(f".{beside.name}")
    text = _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", json.dumps(said, indent=2, ensure_ascii=False))
    unfinished.write_text(text + "\n", "utf-8")
    unfinished.replace(beside)
