"""The state of a run on disk, from which the same command goes on."""

from __future__ import annotations

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
