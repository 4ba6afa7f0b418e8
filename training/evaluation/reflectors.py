"""What is evaluated: a model folder (with a manifest), or the checkpoint of a reflector's training. A kind of reflector is a row of KINDS."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rpo_edge.edits import align, apply
from rpo_edge.errors import ModelError
from rpo_edge.manifest import Manifest, embedded
from rpo_edge.records import Evidence, ReflectorInfo, StyleProfile
from rpo_edge.reflectors.base import Reflection, Reflector, Window
from rpo_edge.reflectors.edit import EditReflector, Encoder
from rpo_edge.reflectors.generative import GenerativeReflector, opened
from rpo_edge.steps.freeze import freeze
from rpo_edge.usage import Array
from training.evaluation import causal

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


class Chain:
    """One reflector after another, which reads what the first one wrote; a window's edits lead to what the second left."""

    def __init__(self, first: Reflector, second: Reflector) -> None:
        self.info, self.counter = second.info, second.counter
        self._both = first, second

    def reflect(self, window: Window, evidence: Evidence, profile: StyleProfile) -> Reflection:
        """The first one's observations; nothing cites, since edits of edits are none of either's."""
        first, second = self._both
        before = first.reflect(window, evidence, profile)
        text = apply(window.text, before.edits)
        frozen = tuple((span.start, span.end, span.kind) for span in freeze(text))
        after = second.reflect(replace(window, text=text, frozen=frozen), evidence, profile)
        return Reflection(before.observations, tuple(align(window.text, apply(text, after.edits)))) if after.edits else before


@dataclass(frozen=True)
class Kind:
    """How the reflectors of one kind are loaded here. checkpoint: files by which its checkpoint is known.

    reads: whether it reads texts of the history, not only what was counted in them; then they are retrieved for every draft.
    polished: whether the embedded edit model may go over what it wrote, for a row of its own.
    """

    exported: Callable[[Path], Reflector]
    trained: Callable[[Path], Reflector]
    checkpoint: tuple[str, ...]
    reads: bool = False
    polished: bool = False


def _exported_edit(folder: Path) -> Reflector:
    return Remembering.load(Manifest.load(folder))


def _trained_edit(path: Path) -> Reflector:
    """In float32, on one thread: the evaluation's processes share the cores already."""
    import torch

    from training.edit.calibrate import float_encoder, reflector

    torch.set_num_threads(1)
    return reflector(path, remembered(float_encoder(path)))


def _exported_generative(folder: Path) -> Reflector:
    manifest = Manifest.load(folder)
    runtime, form = opened(manifest, threads=1)  # the evaluation's processes share the cores already
    return GenerativeReflector(causal.Remembered(runtime), ReflectorInfo(manifest.name, manifest.sha256), form, manifest.items)


def _trained_generative(path: Path) -> Reflector:
    runtime = causal.TorchRuntime(path)
    items = json.loads((path / "training.json").read_text("utf-8")).get("items")
    return GenerativeReflector(causal.Remembered(runtime), ReflectorInfo("checkpoint"), runtime.form, items)


KINDS = {
    "edit": Kind(_exported_edit, _trained_edit, ("training.json", "operations.json")),
    "generative": Kind(_exported_generative, _trained_generative, ("training.json", "tokenizer.json"), reads=True, polished=True),
}
"""By the name that a manifest gives it. No checkpoint has the files of two kinds."""


def default() -> Path | None:
    """The embedded edit model's folder, where this build has one."""
    return next((path for path in embedded() if Manifest.load(path).kind == "edit"), None)


def trained(path: Path) -> str | None:
    """The kind of a checkpoint's folder; None where it is none."""
    if (path / "manifest.json").exists():
        return None
    return next((name for name, kind in KINDS.items() if all((path / file).exists() for file in kind.checkpoint)), None)


def kind(path: Path) -> str:
    """The kind of reflector, of which every byte is checked if it is a model folder. Raises ModelError where it is neither or not known."""
    if name := trained(path):
        return name
    manifest = Manifest.load(path)
    if manifest.kind not in KINDS:
        raise ModelError(f"the model at {path} is of kind {manifest.kind!r}; evaluated are: {', '.join(KINDS)}")
    manifest.verify()
    return manifest.kind


def named(path: Path) -> str:
    """Name and digest, for a report. A checkpoint is told by its weights."""
    if trained(path):
        digest = hashlib.sha256()
        for part in sorted(path.glob("*.safetensors")):
            with part.open("rb") as file:
                hashlib.file_digest(file, lambda: digest)
        return f"checkpoint {path.name}, {digest.hexdigest()[:12]}"
    manifest = Manifest.load(path)
    return f"{manifest.name}, {manifest.quantization}, {manifest.sha256[:12]}"


def load(path: Path) -> Reflector:
    """The reflector of a folder that `kind` has passed."""
    row = KINDS[kind(path)]
    return row.trained(path) if trained(path) else row.exported(path)
