"""The `generative` reflector: a causal language model reads profile, history and draft, writes a reflection, then the rewrite.

The rewrite is aligned with the draft, so that it comes out as edits like any other reflector's, and the guard takes back the sentences
that it must. Where the model writes no rewrite that can be read, a window stays as it is, and an observation says so.
"""

from __future__ import annotations

from dataclasses import replace

from rpo_edge.edits import align, shift
from rpo_edge.manifest import Manifest
from rpo_edge.prompt import END, fitted, parse
from rpo_edge.records import Evidence, Observation, ReflectorInfo, StyleProfile
from rpo_edge.reflectors.base import Reflection, Window
from rpo_edge.runtimes.base import Options, Runtime
from rpo_edge.runtimes.gguf import GgufRuntime

_REFLECTION = 160
"""Tokens that a reflection may have; a rewrite may have half as many again as its draft."""


class GenerativeReflector:
    """See the module's text. Holds no state between windows."""

    counter = None

    def __init__(self, runtime: Runtime, info: ReflectorInfo) -> None:
        self.info = info
        self._runtime = runtime

    @classmethod
    def load(cls, manifest: Manifest) -> GenerativeReflector:
        """From the files of a model folder that was checked. Raises ModelError, or OptionalDependencyError without llama-cpp-python."""
        return cls(GgufRuntime.open(manifest.folder / "model.gguf"), ReflectorInfo(manifest.name, manifest.sha256))

    def reflect(self, window: Window, evidence: Evidence, profile: StyleProfile) -> Reflection:
        """What the model observes in one window, and edits that lead to its rewrite."""
        draft = window.text.strip()
        if not draft or not (profile.habits or profile.preferences):
            return Reflection()
        tokens = _REFLECTION + self._runtime.count(draft) * 3 // 2
        room = self._runtime.room - tokens
        prompt = fitted(draft, profile, evidence.items, evidence.query, lambda prompt: self._runtime.count(prompt) <= room)
        if prompt is None:
            return _unread("the window is too long for the model")
        pieces = list(self._runtime.generate(prompt, Options(tokens, stop=(END,))))
        if len(pieces) >= tokens:
            return _unread("the model did not come to an end")
        try:
            observations, rewrite = parse("".join(piece.text for piece in pieces) + END)
        except ValueError as error:
            return _unread(str(error))
        before = window.text.index(draft)
        edits = (replace(edit, reason="rewritten", evidence=evidence.ids) for edit in align(draft, rewrite.strip()))
        return Reflection(observations, tuple(shift(edit, before) for edit in edits))


def _unread(reason: str) -> Reflection:
    return Reflection((Observation("reflection", "", "", f"none: {reason}"),))
