"""What an export has to pass before its artifact is put in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from export.parity import edits, storage
from export.parity.choices import choices
from export.parity.figures import Parity
from export.parity.golden import drafts
from export.parity.limits import judged
from export.parity.measuring import AT_EXPORT, Artifact, measured
from export.parity.strings import strings
from rpo_edge.errors import OptionalDependencyError
from rpo_edge.pipeline import windows
from rpo_edge.steps.freeze import freeze

FORCE = "write it even if it is too far from the checkpoint, or what runs it is not installed; its manifest says so"
_DRAFTS = 12  # real answers, read by an edit model


def causal(checkpoint: Path, path: Path, name: str, quantization: str, force: bool) -> Parity:
    """A few golden prompts, and every string. Raises InputError beyond the limits, OptionalDependencyError where it cannot be run."""
    try:
        (found,) = measured(checkpoint, [Artifact.of(path, quantization)], AT_EXPORT)
    except OptionalDependencyError as error:
        if not force:
            raise
        bits = storage.bits(path, "gguf", checkpoint)
        return Parity(name, quantization, storage.size(path), bits, missed=(f"not measured: {error}",))
    return judged(replace(found, artifact=name), force)


def adapter(figures: Callable[[], Parity], path: Path, force: bool) -> Parity:
    """figures: what `adapted.figures` finds of the adapter at `path`; it writes a GGUF file, whose module needs this one. Raises as `causal` does."""
    try:
        return judged(figures(), force)
    except OptionalDependencyError as error:
        if not force:
            raise
        return Parity(path.name, "f16", path.stat().st_size, 32.0, missed=(f"not measured: {error}",))


def edit(checkpoint: Path, folder: Path, name: str, quantization: str, force: bool) -> Parity:
    """Edits of real answers by float32 and by the artifact. Raises InputError beyond the limit."""
    return judged(edit_figures(checkpoint, folder, name, quantization), force)


def edit_figures(checkpoint: Path, folder: Path, name: str, quantization: str, most: int = _DRAFTS) -> Parity:
    """What `edit` judges. most: real answers, at most."""
    real = list(islice(drafts(), most))
    texts = [window.text for draft in real for window in windows(draft, freeze(draft))]
    found = Parity(name, quantization, storage.size(folder), storage.bits(folder, "edit", checkpoint))
    return replace(
        found,
        ids=edits.ids(checkpoint, folder, strings(())),
        edits=edits.agreement(checkpoint, folder, texts),
        choices=choices(checkpoint, folder, real),
        applied=edits.applied(checkpoint, folder, real),
    )
