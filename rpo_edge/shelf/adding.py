"""Putting models on the shelf: a GGUF file, of which a manifest is made, or a whole model folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from rpo_edge.errors import InputError, ModelError
from rpo_edge.manifest import CHAT, TRAJECTORY, Manifest, digest
from rpo_edge.prompt import PROMPT_VERSION
from rpo_edge.reflectors import REFLECTORS
from rpo_edge.reflectors.generative import ONNX, weights
from rpo_edge.runtimes.inspection import Inspected, inspected, inspected_adapter
from rpo_edge.shelf import Shelf, translated

WEIGHTS, ADAPTER = "model.gguf", "adapter.gguf"

_BLOCK = 1 << 20  # bytes

Progress = Callable[[int], object]
"""Is told how many bytes were done since the last time."""


class Way(StrEnum):
    """How a file comes to the shelf."""

    copy = "copy"
    link = "link"  # a symbolic link: the file stays where it is
    move = "move"


def add(shelf: Shelf, path: Path, name: str, way: Way, progress: Progress, adapter: Path | None = None) -> None:
    """Put a GGUF file or a model folder on the shelf under a name that is free (see `Shelf.free_name`), with a LoRA adapter over it.

    Raises InputError where a file cannot be read or written, ModelError for what is no model or is altered.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or directory")
    with translated(path), shelf.new(name) as folder:
        if path.is_dir():
            _put_folder(path, folder, way, progress)
        else:
            _put_file(path, folder, way, progress)
        if adapter:
            _put_adapter(adapter, folder, way, progress)


def size(path: Path) -> int:
    """Bytes that `add` will go through."""
    if path.is_dir():
        return sum(found.stat().st_size for found in (path / name for name in Manifest.load(path).files) if found.is_file())
    return path.stat().st_size if path.is_file() else 0


def describe(folder: Path, about: Inspected) -> Manifest:
    """The manifest of a GGUF file, by what its header says; it names no files yet."""
    return Manifest(
        folder,
        about.name or about.architecture,
        "generative",
        {},
        base=about.architecture,
        licence=about.licence or "unknown",
        quantization=about.quantization,
        prompt_version=PROMPT_VERSION if about.trained else 0,
        prompt=TRAJECTORY if about.trained else CHAT,
    )


def _put_file(path: Path, folder: Path, way: Way, progress: Progress) -> None:
    about = inspected(path)
    manifest = describe(folder, about)
    if manifest.prompt == CHAT and not about.template:
        raise ModelError(f"{path} has no chat template; an instruct model is needed")
    replace(manifest, files={WEIGHTS: _put(path, folder / WEIGHTS, way, progress)}).save()


def _put_folder(source: Path, folder: Path, way: Way, progress: Progress) -> None:
    manifest = Manifest.load(source)
    if manifest.kind not in REFLECTORS:
        raise ModelError(f"the model at {source} is of kind {manifest.kind!r}, which rewrites nothing")
    manifest.verify()
    for name in manifest.files:
        _put(source / name, folder / name, way, progress)
    shutil.copyfile(source / "manifest.json", folder / "manifest.json")
    Manifest.load(folder).verify()


def _put_adapter(path: Path, folder: Path, way: Way, progress: Progress) -> None:
    manifest = Manifest.load(folder)
    if manifest.kind != "generative" or manifest.adapter or ADAPTER in manifest.files or ONNX in manifest.files:
        raise InputError(f"{manifest.name} cannot have an adapter, or has one")
    items = inspected_adapter(path, inspected(weights(manifest)).architecture)
    said = json.loads((folder / "manifest.json").read_text("utf-8"))
    if items is not None:
        said["items"] = items
    said["files"][ADAPTER], said["adapter"] = _put(path, folder / ADAPTER, way, progress), ADAPTER
    (folder / "manifest.json").write_text(json.dumps(said, indent=2, ensure_ascii=False), "utf-8")


def _put(source: Path, target: Path, way: Way, progress: Progress) -> str:
    """The sha256 of what now stands at the target."""
    if way is Way.link:
        target.symlink_to(source.resolve())
        return digest(target)
    if way is Way.move:
        source.replace(target)
        return digest(target)
    found = hashlib.sha256()
    with source.open("rb") as old, target.open("xb") as new:
        while block := old.read(_BLOCK):
            new.write(block)
            found.update(block)
            progress(len(block))
    return found.hexdigest()
