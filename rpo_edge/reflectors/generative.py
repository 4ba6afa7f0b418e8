"""The `generative` reflector: a causal language model reads profile, history and draft, writes a reflection, then the rewrite.

The rewrite is aligned with the draft, so that it comes out as edits like any other reflector's, and the guard takes back the sentences
that it must. Where the model writes no rewrite that can be read, a window stays as it is, and an observation says so.

A model that was trained for it reads and writes a trajectory (`prompt.py`); any other instruct model gets the same content through its own
chat template (`chat.py`). The manifest says which, and nothing else differs.

A draft of any length is read window by window, each with what stands next to it. A window for which the model has no room (a paragraph may be
longer than any window) is parted between two sentences, and its halves are each other's neighbours, until they fit. A model that writes what
stands beside a window into its rewrite would have it said twice: such a window is asked about again, alone.

With a strength below 1, some sentences become what the model wrote and the others stay: see `of_strength`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from rpo_edge.chat import Chat
from rpo_edge.edits import align, shift
from rpo_edge.errors import ModelError, OptionalDependencyError
from rpo_edge.manifest import AUTO, CHAT, TRAJECTORY, Manifest
from rpo_edge.prompt import ALONE, END, ITEM, PROMPT_VERSION, REWRITE, Around, complete, escape, fitted, front, parse
from rpo_edge.records import Edit, Evidence, HistoryItem, Observation, ReflectorInfo, StyleProfile
from rpo_edge.reflectors.base import Reflection, Window
from rpo_edge.runtimes.base import Options, Runtime, States
from rpo_edge.runtimes.gguf import GgufRuntime
from rpo_edge.runtimes.inspection import Inspected, inspected, inspected_adapter
from rpo_edge.runtimes.onnx import OnnxRuntime
from rpo_edge.runtimes.template import frame
from rpo_edge.segment import Span, plain_words, sentences
from rpo_edge.steps.private import runs

ONNX = "model.onnx"
FORM = "chat.json"
"""The chat template of an ONNX folder's model, in pieces; a GGUF file has its own inside."""

_REFLECTION = 160
"""Tokens that a reflection may have; a rewrite may have half as many again as its draft."""

_CONTEXT = 4096
"""Tokens that a foreign model is given: a window with its items has about half, and what some models could take fills gigabytes."""


class Form(Protocol):
    """How prompt and answer look."""

    @property
    def stop(self) -> tuple[str, ...]:
        """Strings that end the answer."""
        ...

    @property
    def begins(self) -> str:
        """What stands before the rewrite."""
        ...

    def escape(self, text: str) -> str:
        """How a text is written in prompt and answer."""
        ...

    def front(self, profile: StyleProfile) -> str:
        """What all prompts of a user of this profile begin with, as they do."""
        ...

    def fitted(
        self,
        draft: str,
        profile: StyleProfile,
        history: Sequence[HistoryItem],
        query: str | None,
        fits: Callable[[str], bool],
        around: Around = ALONE,
    ) -> str | None:
        """The prompt with as many of the best items as fit, then without what stands around; None where the draft alone does not fit."""
        ...

    def complete(self, observations: Sequence[Observation], rewrite: str) -> str:
        """What a model is trained to answer."""
        ...

    def read(self, answer: str, draft: str) -> tuple[tuple[Observation, ...], str]:
        """Observations and rewrite of an answer that came to its end. Raises ValueError."""
        ...


class TrajectoryForm:
    """The form that our models are trained on."""

    stop, begins = (END,), REWRITE
    escape, front, fitted, complete = staticmethod(escape), staticmethod(front), staticmethod(fitted), staticmethod(complete)

    def read(self, answer: str, draft: str) -> tuple[tuple[Observation, ...], str]:
        """By `prompt.parse`."""
        return parse(answer + END)


class GenerativeReflector:
    """See the module's text. Holds no state between windows."""

    counter = None

    def __init__(self, runtime: Runtime, info: ReflectorInfo, form: Form | None = None, items: int | None = None) -> None:
        """items: of the history, that a prompt shows at most; as many as fit if None."""
        self.info = info
        self._runtime, self._form, self._items = runtime, form or TrajectoryForm(), items

    @classmethod
    def load(cls, manifest: Manifest, threads: int | None = None) -> GenerativeReflector:
        """From the files of a model folder that was checked; see `opened`."""
        runtime, form = opened(manifest, threads)
        return cls(runtime, ReflectorInfo(manifest.name, manifest.sha256), form, manifest.items)

    def reflect(self, window: Window, evidence: Evidence, profile: StyleProfile) -> Reflection:
        """What the model observes in one window, and edits that lead to its rewrite."""
        draft = window.text.strip()
        if not draft or not (profile.habits or profile.preferences) or window.strength <= 0:
            return Reflection()
        evidence = replace(evidence, items=evidence.items[: self._items])
        tokens = _REFLECTION + self._runtime.count(draft) * 3 // 2
        room, around = self._runtime.room - tokens, Around(window.before, window.after)
        prompt = self._form.fitted(
            draft, profile, evidence.items, evidence.query, lambda prompt: self._runtime.count(prompt) <= room, around
        )
        if prompt is None:
            return self._in_halves(window, evidence, profile)
        pieces = list(self._runtime.generate(prompt, self._options(tokens, window, evidence, profile)))
        answer = "".join(piece.text for piece in pieces)
        if _strays(answer, draft, around):
            return self.reflect(replace(window, before="", after=""), evidence, profile)
        if len(pieces) >= tokens:
            return _unread("the model did not come to an end")
        return self._read(answer, draft, window, evidence)

    def remember(self, states: States | None) -> None:
        """See `Runtime`."""
        self._runtime.remember(states)

    def close(self) -> None:
        """Free the model."""
        self._runtime.close()

    def _read(self, answer: str, draft: str, window: Window, evidence: Evidence) -> Reflection:
        try:
            observations, rewrite = self._form.read(answer, draft)
        except ValueError as error:
            return _unread(str(error))
        start = window.text.index(draft)
        edits = (replace(edit, reason="rewritten", evidence=evidence.ids) for edit in align(draft, rewrite.strip()))
        return Reflection(observations, of_strength(window, [shift(edit, start) for edit in edits]))

    def _in_halves(self, window: Window, evidence: Evidence, profile: StyleProfile) -> Reflection:
        parts = halves(window)
        if parts is None:
            return _unread("the window is too long for the model")
        one, other = (self.reflect(part, evidence, profile) for part in parts)
        edits = (shift(edit, len(parts[0].text)) for edit in other.edits)
        return Reflection((*one.observations, *other.observations), (*one.edits, *edits))

    def _options(self, tokens: int, window: Window, evidence: Evidence, profile: StyleProfile) -> Options:
        """The draft is what will be copied, the items what may be quoted, and its frozen spans what has to come out as it is."""
        written = self._form.escape
        kept = tuple(written(window.text[start:end].strip()) for start, end, _ in window.frozen)
        others = tuple(written(item.text[:ITEM]) for item in evidence.items)
        return Options(
            tokens,
            stop=self._form.stop,
            source=written(window.text.strip()),
            others=others,
            kept=kept,
            begins=self._form.begins,
            front=self._form.front(profile),
        )


def of_strength(window: Window, edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Those of so large a part of the sentences as the window's strength says, on average: of each whose lot is below it.

    A sentence's lot depends on its words alone, so what has changed stays so with more strength, and a stream chooses as a whole does.
    Sentences go together where an edit touches the end of the first, which may lead into the next.
    """
    if window.strength >= 1:
        return tuple(edits)
    kept: list[Edit] = []
    for start, end in _units(window, edits):
        if _lot(window.text[start:end]) < window.strength:
            kept += [edit for edit in edits if start <= edit.start and (edit.start < end or end == len(window.text))]
    return tuple(kept)


def _units(window: Window, edits: Sequence[Edit]) -> list[Span]:
    """The sentences of a window, in one where an edit touches the end of the first."""
    units: list[Span] = []
    touched = False
    for span in sentences(window.text, [(start, end) for start, end, _ in window.frozen]):
        units.append(Span(units.pop().start, span.end) if touched else span)
        said = span.start + len(window.text[span.start : span.end].rstrip())
        touched = any(edit.start < span.end and edit.end >= said for edit in edits)
    return units


def _lot(text: str) -> float:
    """In [0, 1)."""
    digest = hashlib.blake2b(text.strip().encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def halves(window: Window) -> tuple[Window, Window] | None:
    """Both parts of a window, cut where a sentence ends nearest to its middle; None where it is one sentence."""
    text = window.text
    ends = [span.end for span in sentences(text, [(start, end) for start, end, _ in window.frozen])[:-1]]
    if not ends:
        return None
    cut = min(ends, key=lambda end: abs(2 * end - len(text)))
    inside = [(start, min(end, cut), kind) for start, end, kind in window.frozen if start < cut]
    beyond = [(max(start - cut, 0), end - cut, kind) for start, end, kind in window.frozen if end > cut]
    return (
        replace(window, text=text[:cut], after=text[cut:], frozen=tuple(inside), last=False),
        replace(window, text=text[cut:], start=window.start + cut, before=text[:cut], frozen=tuple(beyond)),
    )


def opened(manifest: Manifest, threads: int | None = None) -> tuple[Runtime, Form]:
    """What runs a model folder, and the form of its prompts: model.onnx with its tokenizer, or one GGUF file.

    threads: of the processor; as many as there are if None.
    Raises ModelError, or OptionalDependencyError where what runs the format is not installed.
    """
    if manifest.prompt == TRAJECTORY and manifest.prompt_version != PROMPT_VERSION:
        raise ModelError(
            f"the model at {manifest.folder} was trained on prompts of version {manifest.prompt_version}; this version writes {PROMPT_VERSION}"
        )
    if ONNX not in manifest.files:
        return _llama(manifest, threads)
    form = _onnx_form(manifest)
    context = 0 if isinstance(form, TrajectoryForm) else _CONTEXT
    return OnnxRuntime.open(manifest.folder, threads, context, digest=manifest.sha256), form


def chat_of(tokenizer: Any) -> Chat | None:
    """The chat template of a tokenizer of Hugging Face's in pieces, for training and export; None where it has none, or one that cannot be told
    apart. Tokens that a text must not be able to write are the special ones, and what looks like one but is not said to be."""
    found = tokenizer.chat_template
    template = found.get("default", "") if isinstance(found, dict) else found or ""
    if not template.strip():
        return None
    bare, whole = (tokenizer("a", add_special_tokens=special).input_ids for special in (False, True))
    pieces = frame(template, str(tokenizer.bos_token or ""), str(tokenizer.eos_token or ""), begins=bare[:1] != whole[:1])
    special = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special} | set(tokenizer.all_special_tokens)
    looks = {token for token in tokenizer.get_vocab() if re.fullmatch(r"<\|.*\|>", token)}
    return None if pieces is None else Chat(pieces, tuple(sorted(token for token in special | looks if len(token) > 1)))


def _onnx_form(manifest: Manifest) -> Form:
    if manifest.prompt == TRAJECTORY:
        return TrajectoryForm()
    if manifest.prompt != CHAT or FORM not in manifest.files:
        raise ModelError(f"the model at {manifest.folder} wants prompts of form {manifest.prompt!r}, and has no {FORM} that would say them")
    return Chat.load(manifest.folder / FORM)


def _llama(manifest: Manifest, threads: int | None) -> tuple[Runtime, Form]:
    """llama.cpp gets the weights only if their header passes `inspected`."""
    if find_spec("llama_cpp") is None:
        raise OptionalDependencyError("llama-cpp-python", "gguf")
    path = weights(manifest)
    about = inspected(path)
    form = form_of(manifest.prompt, about, path)
    context = 0 if isinstance(form, TrajectoryForm) else min(about.context or _CONTEXT, _CONTEXT)
    runtime = GgufRuntime.open(path, threads, context, digest=manifest.sha256)
    if manifest.adapter:
        inspected_adapter(manifest.folder / manifest.adapter, about.architecture)
        runtime.adapt(manifest.folder / manifest.adapter)
    return runtime, form


def weights(manifest: Manifest) -> Path:
    """The one GGUF file of a model folder that is no adapter. Raises ModelError."""
    files = [name for name in manifest.files if name != manifest.adapter]
    names = [name for name in files if name.lower().endswith(".gguf") or len(files) == 1]
    if len(names) != 1:
        raise ModelError(f"the model at {manifest.folder} is damaged: it has {len(names)} GGUF files")
    return manifest.folder / names[0]


def form_of(prompt: str, about: Inspected, path: Path) -> Form:
    """The form that a manifest names; AUTO is told by the file. Raises ModelError where the model cannot have it."""
    if prompt == AUTO:
        prompt = TRAJECTORY if about.trained else CHAT
    if prompt == TRAJECTORY:
        return TrajectoryForm()
    if prompt != CHAT:
        raise ModelError(f"{path} wants prompts of form {prompt!r}, which this version does not know")
    if not about.template:
        raise ModelError(f"{path} has no chat template; an instruct model is needed")
    if about.frame is None:
        raise ModelError(f"{path} has a chat template that cannot be used")
    return Chat(about.frame, about.control)


def _strays(answer: str, draft: str, around: Around) -> bool:
    """Whether an answer says some of what stands around the draft: as many words in a row as the guard takes for somebody's own."""
    before, after, own, said = (runs(plain_words(text)) for text in (around.before, around.after, draft, answer))
    return not ((before | after) - own).isdisjoint(said)


def _unread(reason: str) -> Reflection:
    return Reflection((Observation("reflection", "", "", f"none: {reason}"),))
