"""Reflectors that run a model: one file a kind of model, one row in REFLECTORS. (`rules` needs none.)"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

from rpo_edge.errors import ModelError
from rpo_edge.manifest import Manifest
from rpo_edge.reflectors.base import Reflector

DEFAULT = "edit"
"""What rewrites unless another is named. It restores more of what people wrote than `rules`, and is below it on no suite (docs/models.md); where a build
has no embedded model, `rules` takes its place."""

REFLECTORS = {
    "edit": ("rpo_edge.reflectors.edit", "EditReflector"),
    "generative": ("rpo_edge.reflectors.generative", "GenerativeReflector"),
}
"""Kind of model -> module, class. A module is imported when its kind is wanted: what runs models is slow to import."""


def load(manifest: Manifest) -> Reflector:
    """The reflector that runs a model folder, every byte of which is checked first. Raises ModelError."""
    if manifest.kind not in REFLECTORS:
        raise ModelError(f"the model at {manifest.folder} is of kind {manifest.kind!r}, which this version cannot run")
    module, name = REFLECTORS[manifest.kind]
    with ThreadPoolExecutor(1) as beside:  # hashing leaves the interpreter free for the imports
        checked = beside.submit(manifest.verify)
        kind = getattr(import_module(module), name)
        checked.result()
    reflector: Reflector = kind.load(manifest)
    return reflector
