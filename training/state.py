"""The state of a run on disk, from which the same command goes on."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch


def keep(values: dict[str, Any], path: Path) -> None:
    """Whole or not at all: a killed run finds the state before."""
    new = path.with_suffix(".new")
    torch.save(values, new)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(path)


_BEGINNING = 1 << 20  # bytes of a file that tell it: a base may have many gigabytes


def fingerprint(folder: Path, *patterns: str) -> str:
    """Tells folders apart: by name, size and first mebibyte of the files that match."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in patterns for path in folder.glob(pattern)):
        digest.update(f"{path.name} {path.stat().st_size} ".encode())
        with path.open("rb") as file:
            digest.update(file.read(_BEGINNING))
    return digest.hexdigest()


def belongs(path: Path, facts: dict[str, Any], goes_on: bool) -> None:
    """Keep in `path` what a run depends on, where it begins. Raises ValueError where one that goes on depends on something else."""
    text = json.dumps(facts, indent=1) + "\n"
    if not goes_on:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}")  # several processes may write the same
        new.write_text(text, "utf-8")
        new.replace(path)
    elif path.exists() and path.read_text("utf-8") != text:  # older runs have none
        kept = json.loads(path.read_text("utf-8"))
        other = [name for name, value in json.loads(text).items() if kept.get(name) != value]
        raise ValueError(f"{path.parent} is of a run with another {' and '.join(other)}; take another folder or the same options")
