"""Fidelity and style out of the figures.json that `python -m training evaluate --out FOLDER` writes: a file, since export and training meet on disk alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rpo_edge.errors import InputError

FIGURES = {
    "fidelity": ("llm-drafts", "drafts", "fidelity"),
    "attribution": ("llm-drafts", "attribution", "named the user"),
    "distance closed": ("restore",),
}
"""What is told: where it stands, before the name of the reflector's kind. fidelity: share of real drafts that lost or invented nothing;
attribution: share of real drafts by which a classifier names their user; distance closed: of flattened texts to their authors' own words."""


def read(path: Path) -> dict[str, Any]:
    """ "about" of the run: reflector and authors; and each figure that it has, an interval (mean, low, high). Raises InputError."""
    try:
        said = json.loads(path.read_text("utf-8"))
        about = said["about"]
        facts = {"reflector": str(about["reflector"]), "authors": str(about["authors"])}
        return facts | dict(_figures(said, str(about["kind"])))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is no figures.json of `python -m training evaluate --out`: {error!r}") from error


def _figures(said: Mapping[str, Any], kind: str) -> Iterator[tuple[str, list[float]]]:
    for name, place in FIGURES.items():
        found: Any = said
        for step in (*place, kind):
            found = found.get(step, {})
        if found:
            yield name, [round(float(value), 4) for value in found]


def is_of(evaluation: Mapping[str, Any], sha256: str) -> bool:
    """Whether it evaluated the model folder with this digest: a report names the digest's beginning."""
    return str(evaluation["reflector"]).endswith(sha256[:12])
