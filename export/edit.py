"""A trained edit reflector to a model folder.

    python -m export edit CHECKPOINT OUT [--name edit-minilm] [--metrics FILE.json] [--recipe dynamic]

CHECKPOINT is what training leaves: config.json and model.safetensors of a BertForTokenClassification, vocab.txt,
operations.json, user.npz and training.json (base, licence, data, commit, command, metrics). OUT, which must not exist or be
empty, becomes the folder that `rpo_edge.manifest.Manifest` reads. `--metrics` adds to, and wins over, training's own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from export.formats import onnx
from export.quantize import RECIPES, quantize
from rpo_edge.errors import InputError
from rpo_edge.manifest import Manifest
from rpo_edge.prompt import PROMPT_VERSION

COPIED = ("vocab.txt", "operations.json", "user.npz")
FILES = ("model.onnx", *COPIED)


def main(arguments: list[str]) -> None:
    """Export, verify what was written, and say how large it is."""
    parser = argparse.ArgumentParser(prog="python -m export edit")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--name", default="edit-minilm")
    parser.add_argument("--metrics", type=Path)
    parser.add_argument("--recipe", choices=RECIPES, default="dynamic")
    options = parser.parse_args(arguments)
    metrics = read(options.metrics) if options.metrics else {}
    write(options.checkpoint, options.out, options.name, metrics, options.recipe)
    for name in FILES:
        print(f"{(options.out / name).stat().st_size / 1e6:8.2f} MB  {name}")


def write(checkpoint: Path, out: Path, name: str, metrics: Mapping[str, Any], recipe: str = "dynamic") -> Manifest:
    """The whole export; returns the manifest of the verified folder. Raises InputError if either folder cannot be used."""
    config, training = read(checkpoint / "config.json"), read(checkpoint / "training.json")
    check(checkpoint, out)
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        source = onnx.export(checkpoint, Path(folder) / "float32.onnx")
        quantize(source, out / "model.onnx", RECIPES[recipe], config["num_attention_heads"], config["hidden_size"])
    for file in COPIED:
        shutil.copyfile(checkpoint / file, out / file)
    described = manifest(out, name, training, metrics)
    (out / "manifest.json").write_text(json.dumps(described, indent=2, ensure_ascii=False) + "\n", "utf-8")
    loaded = Manifest.load(out)
    loaded.verify()
    return loaded


def check(checkpoint: Path, out: Path) -> None:
    """Refuse before minutes of work: a checkpoint that lacks a file, arrays that are not plain float32, an OUT in use."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is not an empty folder")
    missing = [name for name in COPIED if not (checkpoint / name).is_file()]
    if missing:
        raise InputError(f"{checkpoint} is no checkpoint of an edit reflector: {', '.join(missing)} not there")
    try:
        with np.load(checkpoint / "user.npz", allow_pickle=False) as arrays:  # a pickle could run code on every device
            kinds = {name: arrays[name].dtype for name in arrays.files}
    except (OSError, ValueError) as error:
        raise InputError(f"{checkpoint / 'user.npz'} cannot be read: {error}") from error
    odd = sorted(name for name, kind in kinds.items() if kind != np.float32)
    if odd:
        raise InputError(f"{checkpoint / 'user.npz'}: {', '.join(odd)} not float32")


def manifest(out: Path, name: str, training: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, Any]:
    """What `Manifest` reads, then where the model comes from, which it passes over."""
    try:
        return {
            "name": name,
            "kind": "edit",
            "files": {file: hashlib.sha256((out / file).read_bytes()).hexdigest() for file in FILES},
            "base": training["base"],
            "licence": training["licence"],
            "quantization": "int8",
            "prompt_version": PROMPT_VERSION,
            "data": training["data"],
            "commit": training["commit"],
            "metrics": {**training.get("metrics", {}), **metrics},
        }
    except KeyError as error:
        raise InputError(f"training.json lacks {error}") from error


def read(path: Path) -> dict[str, Any]:
    """A JSON object. Raises InputError."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} is not a JSON object")
    return found
