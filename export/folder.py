"""The manifest of a folder that an export made: what is in it, where it comes from, and how near it is to its checkpoint."""

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


def read(folder: Path) -> dict[str, Any]:
    """What it says; nothing where there is none."""
    path = folder / MANIFEST
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}


def save(folder: Path, said: Mapping[str, Any]) -> None:
    """In place of an older one, if there is one; of the files nothing changes, so their sums stay right. Numbers of a list share a line."""
    unfinished = folder / f".{MANIFEST}"
    text = _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", json.dumps(said, indent=2, ensure_ascii=False))
    unfinished.write_text(text + "\n", "utf-8")
    unfinished.replace(folder / MANIFEST)
