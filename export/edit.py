"""A trained edit reflector to a model folder.

    python -m export edit CHECKPOINT OUT [--name edit-minilm] [--metrics FILE.json] [--recipe mixed] [--force]

CHECKPOINT is what training leaves: config.json and model.safetensors of a BertForTokenClassification, vocab.txt,
operations.json, user.npz and training.json (base, licence, data, commit, command, configuration, curve, metrics). OUT, which must not exist or be
empty, becomes the folder that `rpo_edge.manifest.Manifest` reads. `--metrics` adds to, and wins over, training's own.
It appears once its edits of real answers have been held against those of the checkpoint in float32.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from export import arguments, inputs
from export import folder as folders
from export.formats import onnx
from export.outputs import whole_folder
from export.parity import gate
from export.parity.figures import Parity
from export.quantize import RECIPES, quantize
from export.stages import stages
from rpo_edge.errors import InputError
from rpo_edge.manifest import Manifest

COPIED = ("vocab.txt", "operations.json", "user.npz")
FILES = ("model.onnx", *COPIED)


def main(given: list[str]) -> None:
    """Export, verify what was written, and say how large it is."""
    parser = arguments.parser("edit", __doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--name", default="edit-minilm")
    parser.add_argument("--metrics", type=Path)
    parser.add_argument("--recipe", choices=RECIPES, default="mixed")
    parser.add_argument("--force", action="store_true", help=gate.FORCE)
    options = parser.parse_args(given)
    metrics = inputs.read_json(options.metrics) if options.metrics else {}
    found = export(options.checkpoint, options.out, options.name, metrics, options.recipe, options.force)
    for name in FILES:
        print(f"{(options.out / name).stat().st_size / 1e6:8.2f} MB  {name}")
    print(found)


def write(checkpoint: Path, out: Path, name: str, metrics: Mapping[str, Any], recipe: str = "mixed", force: bool = False) -> Manifest:
    """See `export`; returns the manifest of the verified folder."""
    export(checkpoint, out, name, metrics, recipe, force)
    return Manifest.load(out)


def export(checkpoint: Path, out: Path, name: str, metrics: Mapping[str, Any], recipe: str, force: bool) -> Parity:
    """The whole export. Raises InputError if either folder cannot be used, or what was written is too far from the checkpoint."""
    config, training = inputs.read_json(checkpoint / "config.json"), inputs.read_json(checkpoint / "training.json")
    check(checkpoint)
    with whole_folder(out) as unfinished:
        with TemporaryDirectory() as folder:
            source = onnx.export(checkpoint, Path(folder) / "float32.onnx")
            quantize(source, unfinished / "model.onnx", RECIPES[recipe], config["num_attention_heads"], config["hidden_size"])
        for file in COPIED:
            shutil.copyfile(checkpoint / file, unfinished / file)
        found = gate.edit(checkpoint, unfinished, name, "int8", force)
        folders.describe(unfinished, name, "edit", facts(training, metrics, found))
        Manifest.load(unfinished).verify()
    return found


def check(checkpoint: Path) -> None:
    """Refuse before minutes of work: a checkpoint that lacks a file, arrays that are not plain float32."""
    missing = [name for name in COPIED if not (checkpoint / name).is_file()]
    if missing:
        raise InputError(f"{checkpoint} is no checkpoint of an edit reflector: {', '.join(missing)} not there")
    inputs.files(checkpoint)
    try:
        with np.load(checkpoint / "user.npz", allow_pickle=False) as arrays:  # a pickle could run code on every device
            kinds = {name: arrays[name].dtype for name in arrays.files}
    except (OSError, ValueError) as error:
        raise InputError(f"{checkpoint / 'user.npz'} cannot be read: {error}") from error
    odd = sorted(name for name, kind in kinds.items() if kind != np.float32)
    if odd:
        raise InputError(f"{checkpoint / 'user.npz'}: {', '.join(odd)} not float32")


def facts(training: Mapping[str, Any], metrics: Mapping[str, Any], found: Parity) -> dict[str, Any]:
    """What the manifest says besides: where the model comes from, and how near it is."""
    learnt = stages(training)
    try:
        return {
            "base": training["base"],
            "licence": training["licence"],
            "quantization": found.quantization,
            "bits_per_weight": round(found.bits, 3),
            "prompt_version": 0,  # it reads no prompts
            "data": training["data"],
            "commit": training["commit"],
            **{key: training[key] for key in ("command", "calibration") if key in training},
            **({"training": learnt} if learnt else {}),
            "metrics": {**training.get("metrics", {}), **metrics},
            "parity": found.as_json(),
        }
    except KeyError as error:
        raise InputError(f"training.json lacks {error}") from error
