"""What a manifest says of how a model was trained: each stage of its training.json with configuration and curve, the curve in a few rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from rpo_edge.errors import InputError

ROWS = 12
"""Of a curve, at most."""
NAMES = ("step", "loss", "validation", "spread")
"""Columns of a curve whose rows bear no names, as far as they go. spread: standard deviation of an encoder's logits over the words."""
_AT_STEP = ("step", "validation", "spread")  # measured then; others are means since the row before


def stages(training: Mapping[str, Any]) -> list[dict[str, Any]]:
    """For the manifest's "training", and for the card. An older manifest's own come first: its model was trained on from. Raises InputError."""
    try:
        found = [dict(stage) for stage in training.get("training", ())]
        return found + [_stage(name, said) for name, said in _told(training) if said]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"training.json: its curve or configuration cannot be read: {error!r}") from error


def _told(training: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "training", {name: training[name] for name in ("config", "curve") if training.get(name)}
    yield "reinforcement", training.get("rl", {})


def _stage(name: str, said: Mapping[str, Any]) -> dict[str, Any]:
    rows = said.get("curve", ())
    if rows and isinstance(rows[0], Mapping):
        columns: Sequence[str] = ("step", *rows[0])
        rows = [(number, *row.values()) for number, row in enumerate(rows, 1)]
    else:
        columns = NAMES[: len(rows[0])] if rows else ()
    config = {key: value for key, value in said.get("config", {}).items() if value is not None}
    return {"stage": name, "config": config, "curve": {"columns": list(columns), "rows": thinned(columns, rows)}}


def thinned(columns: Sequence[str], rows: Sequence[Sequence[float]], most: int = ROWS) -> list[list[float]]:
    """Rows of which each stands for as many, the last one always for the end; four digits."""
    ends = [len(rows) * i // most for i in range(1, most + 1)] if len(rows) > most else range(1, len(rows) + 1)
    found = []
    for begin, end in zip((0, *ends), ends, strict=False):
        group = rows[begin:end]
        cells = [group[-1][i] if name in _AT_STEP else fmean(row[i] for row in group) for i, name in enumerate(columns)]
        found.append([cell if isinstance(cell, int) else float(f"{cell:.4g}") for cell in cells])
    return found
