"""Where a checkpoint comes from, as a manifest says it.

What is stated (`--base`, `--licence`) counts first, then training.json, then the checkpoint's model card: "base_model" and "license" in the YAML
before README.md's text, as cards on the hub have them. What none of them says is "unknown", and a terminal is told so: a licence is never guessed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import metadata_load

from export import inputs
from export.stages import stages
from rpo_edge.errors import InputError

UNKNOWN = "unknown"
CARD, TRAINING = "README.md", "training.json"
_RECIPE = ("data", "commit", "command", "calibration")  # of training.json; a manifest has them as they are


@dataclass(frozen=True, slots=True)
class Origin:
    """base: what the checkpoint was made from; licence: of the weights, an SPDX identifier where there is one; recipe: what else a manifest says
    of their training."""

    base: str
    licence: str
    recipe: Mapping[str, Any]

    @property
    def facts(self) -> dict[str, Any]:
        """For a manifest."""
        return {"base": self.base, "licence": self.licence, **self.recipe}


def options(parser: argparse.ArgumentParser) -> None:
    """Both statements."""
    parser.add_argument("--base", metavar="NAME", help="what the checkpoint was made from, where it does not say so, or not rightly")
    licence(parser)


def licence(parser: argparse.ArgumentParser) -> None:
    """The statement that all exports have."""
    parser.add_argument(
        "--licence", metavar="SPDX", help="of the weights, as Apache-2.0, where the checkpoint does not say so, or not rightly"
    )


def say(origin: Origin) -> None:
    """Print both, and how to state what is not known."""
    for name, value in (("base", origin.base), ("licence", origin.licence)):
        print(f"{name} {value}{f': the checkpoint does not say it, --{name} does' if value == UNKNOWN else ''}")


def of(folder: Path, base: str | None = None, licence: str | None = None) -> Origin:
    """Of a checkpoint folder. base, licence: stated by whoever exports. Raises InputError for an empty statement, or a file that cannot be read."""
    for name, value in (("base", base), ("licence", licence)):
        if value is not None and not value.strip():
            raise InputError(f"--{name} is empty; leave it out where it is not known")
    training = inputs.read_json(folder / TRAINING) if (folder / TRAINING).is_file() else {}
    written = card(folder)
    learnt = stages(training)
    recipe = {key: training[key] for key in _RECIPE if training.get(key)} | ({"training": learnt} if learnt else {})
    return Origin(
        base or _said(training.get("base")) or _said(written.get("base_model")) or UNKNOWN,
        licence or _said(training.get("licence")) or _said(written.get("license_name") or written.get("license")) or UNKNOWN,
        recipe,
    )


def of_adapter(base: Path, trained: Path, licence: str | None = None) -> Origin:
    """Of an adapter over the checkpoint `base`. trained: the folder that has its training.json, if any has; the base's own name and licence count where
    that says nothing. Raises as `of`."""
    own, under = of(trained, None, licence), of(base)
    name = next((said for said in (own.base, named(base)) if said != UNKNOWN), UNKNOWN)
    return Origin(name, under.licence if own.licence == UNKNOWN else own.licence, own.recipe)


def named(folder: Path) -> str:
    """A checkpoint's own name: as its card has it, else its folder's."""
    return _said(card(folder).get("model_name")) or folder.resolve().name


def card(folder: Path) -> dict[str, Any]:
    """The YAML of a model card; nothing where there is none. Raises InputError."""
    path = folder / CARD
    if not path.is_file():
        return {}
    with inputs.reading(path):
        return dict(metadata_load(path) or {})


def write_card(folder: Path, said: Mapping[str, str], text: str) -> None:
    """A card of these fields; those that are empty are left out."""
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in said.items() if value]  # JSON is YAML
    head = "\n".join(["---", *lines, "---", ""]) if lines else ""
    (folder / CARD).write_text(f"{head}\n{text}\n", "utf-8")


def _said(value: Any) -> str:
    """A name as a card has it, the first of several; of a folder, its own name: where it lay is nobody's business."""
    first = value[0] if isinstance(value, list) and value else value
    name = first.strip() if isinstance(first, str) else ""
    return Path(name).name if Path(name).is_absolute() else name
