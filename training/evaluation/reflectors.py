"""What is evaluated: a model folder (with a manifest), or the float32 checkpoint of an edit reflector."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rpo_edge.errors import ModelError
from rpo_edge.manifest import Manifest, embedded
from rpo_edge.reflectors.edit import EditReflector, Encoder
from rpo_edge.usage import Array

_CHECKPOINT = ("training.json", "operations.json")
_KEPT = 64  # drafts' chunks whose logits are remembered, at most 0.3 MB each


class Remembering(EditReflector):
    """An edit reflector that runs its encoder once a draft: the encoder reads the draft alone, whoever the user is."""

    def __init__(self, encoder: Encoder, *parts: Any) -> None:
        super().__init__(remembered(encoder), *parts)


def remembered(encoder: Encoder) -> Encoder:
    """The same encoder, asked once for the same input; the last _KEPT answers are kept."""
    known: OrderedDict[bytes, Array] = OrderedDict()

    def run(ids: Array, mask: Array, shapes: Array) -> Array:
        key = b"".join(array.tobytes() for array in (ids, mask, shapes))
        if key not in known:
            known[key] = encoder(ids, mask, shapes)
            if len(known) > _KEPT:
                known.popitem(last=False)
        known.move_to_end(key)
        return known[key]

    return run


def _exported(folder: Path) -> EditReflector:
    return Remembering.load(Manifest.load(folder))


EXPORTED: dict[str, Callable[[Path], EditReflector]] = {"edit": _exported}
"""Kind of model folder -> what loads it here."""


def default() -> Path | None:
    """The embedded edit model's folder, where this build has one."""
    return next((path for path in embedded() if Manifest.load(path).kind == "edit"), None)


def is_checkpoint(path: Path) -> bool:
    """Whether it is a float32 checkpoint's folder."""
    return not (path / "manifest.json").exists() and all((path / name).exists() for name in _CHECKPOINT)


def kind(path: Path) -> str:
    """The kind of reflector, of which every byte is checked if it is a model folder. Raises ModelError where it is neither or not known."""
    if is_checkpoint(path):
        return "edit"
    manifest = Manifest.load(path)
    if manifest.kind not in EXPORTED:
        raise ModelError(f"the model at {path} is of kind {manifest.kind!r}; evaluated are: {', '.join(EXPORTED)}")
    manifest.verify()
    return manifest.kind


def named(path: Path) -> str:
    """Name and digest, for a report. A checkpoint is told by its weights."""
    if is_checkpoint(path):
        with (path / "model.safetensors").open("rb") as file:
            return f"checkpoint {path.name}, {hashlib.file_digest(file, 'sha256').hexdigest()[:12]}"
    manifest = Manifest.load(path)
    return f"{manifest.name}, {manifest.quantization}, {manifest.sha256[:12]}"


def load(path: Path) -> EditReflector:
    """The reflector of a folder that `kind` has passed."""
    return _checkpoint(path) if is_checkpoint(path) else EXPORTED[kind(path)](path)


def _checkpoint(path: Path) -> EditReflector:
    """In float32, on one thread: the evaluation's processes share the cores already."""
    import torch

    from training.edit.calibrate import float_encoder, reflector

    torch.set_num_threads(1)
    return reflector(path, remembered(float_encoder(path)))
