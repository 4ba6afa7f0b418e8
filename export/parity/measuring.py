"""An artifact's figures: the same texts through the checkpoint and through it."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from export import inputs
from export.parity import storage
from export.parity.figures import SURE, Greedy, Logits, Parity, Speed, compared
from export.parity.golden import Golden, golden
from export.parity.reference import Reference
from export.parity.strings import strings
from export.parity.ways import way_of
from rpo_edge.errors import InputError, OptionalDependencyError
from rpo_edge.runtimes.decoding import common
from rpo_edge.runtimes.inspection import inspected

Array = np.ndarray[Any, Any]
ROOT = Path(__file__).resolve().parents[2]
_TIMED = 8  # tokens; of fewer no speed is told
_LONGEST = 7200  # seconds of one task; what takes longer hangs
_ROWS = 64  # of logits that are compared at once: a vocabulary may be large


@dataclass(frozen=True, slots=True)
class Effort:
    """prompts: golden ones; length: tokens of a text that are compared at most (an error of positions shows in long texts alone); tokens: of
    greedy text; rounds: of timing, 0 for none."""

    prompts: int
    length: int
    tokens: int
    rounds: int


AT_EXPORT = Effort(prompts=4, length=768, tokens=16, rounds=0)
FULL = Effort(prompts=12, length=768, tokens=64, rounds=3)


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file or folder, and what it says it is."""

    path: Path
    way: str
    quantization: str

    @classmethod
    def of(cls, path: Path, quantization: str = "") -> Artifact:
        """A GGUF file, an ONNX folder, or a model folder that holds either. Raises InputError; ModelError for a GGUF file that is no whole model."""
        inside = sorted(path.glob("*.gguf")) if path.is_dir() else []
        found = inside[0].resolve() if len(inside) == 1 else path.resolve()
        way = way_of(found)
        if way == "gguf":
            inspected(found)  # in a process with limits, before any other parser sees a file that may be anybody's
            if find_spec("llama_cpp") is None:
                raise OptionalDependencyError("llama-cpp-python", "gguf")
        return cls(found, way, quantization or storage.quantization(found, way))


def measured(checkpoint: Path, artifacts: Sequence[Artifact], effort: Effort, asked: Sequence[Golden] = ()) -> list[Parity]:
    """Figures of each, in their order. asked: prompts in place of the golden ones. Raises InputError where one cannot be run."""
    reference = Reference(checkpoint)
    questions = Questions.of(reference, asked or golden(effort.prompts, inputs.form(checkpoint)), effort)
    with TemporaryDirectory() as folder:
        for i, ids in enumerate(questions.texts):
            np.save(Path(folder) / f"{i}.npy", reference.logits(ids))
        known = [np.load(Path(folder) / f"{i}.npy", mmap_mode="r") for i in range(len(questions.texts))]
        found = [_compared(checkpoint, artifact, reference, questions, known) for artifact in artifacts]
    return _timed(found, artifacts, questions, effort.rounds)


@dataclass(frozen=True, slots=True)
class Questions:
    """What all artifacts are asked, and what float32 says of it. texts: ids of prompt and answer; prompts: those that leave room for an answer."""

    strings: Sequence[str]
    ids: Sequence[list[int]]
    texts: Sequence[list[int]]
    prompts: Sequence[str]
    greedy: Sequence[list[int]]
    tokens: int
    context: int

    @classmethod
    def of(cls, reference: Reference, asked: Sequence[Golden], effort: Effort) -> Questions:
        """Raises InputError where no prompt fits the model."""
        longest = min(reference.context, effort.length)
        texts = [ids for one in asked if len(ids := reference.ids(one.text)[:longest]) > 1]
        prompts = [one.prompt for one in asked if 0 < len(reference.ids(one.prompt)) <= reference.context - effort.tokens]
        if not texts or not prompts:
            raise InputError(f"no prompt fits a model of {reference.context} tokens")
        every = strings(reference.special)
        greedy = [reference.greedy(reference.ids(prompt), effort.tokens) for prompt in prompts]
        context = max(len(reference.ids(prompt)) for prompt in prompts) + effort.tokens + 1
        return cls(every, [reference.ids(text) for text in every], texts, prompts, greedy, effort.tokens, min(context, reference.context))


def _compared(checkpoint: Path, artifact: Artifact, reference: Reference, questions: Questions, known: Sequence[Array]) -> Parity:
    """All but speed."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        run(artifact.path, folder, {"task": "answer", "way": artifact.way, "strings": questions.strings, "texts": questions.texts})
        ids = compared(questions.strings, questions.ids, json.loads((folder / "ids.json").read_text("utf-8")), reference.composes)
        logits = apart(questions.texts, known, [np.load(folder / f"{i}.npy", mmap_mode="r") for i in range(len(known))])
    said = _spoken(artifact, questions)
    greedy = _greedy(questions.greedy, [one["tokens"] for one in said["prompts"]])
    size, bits = storage.size(artifact.path), storage.bits(artifact.path, artifact.way, checkpoint)
    return Parity(artifact.path.name, artifact.quantization, size, bits, ids, logits, greedy, memory=said["memory"])


def run(path: Path, folder: Path, task: Mapping[str, Any]) -> None:
    """A child does a task with what lies at `path`. Raises InputError with what it said where it failed."""
    (folder / "task.json").write_text(json.dumps({"path": str(path), **task}), "utf-8")
    command = [sys.executable, "-m", "export.parity.child", str(folder)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", errors="replace", env=environment, check=False, timeout=_LONGEST
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{path} cannot be run: it did not come to an end within {_LONGEST} seconds") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        said = next((line.removeprefix("error: ") for line in reversed(lines) if line.startswith("error: ")), lines[-1])
        raise InputError(f"{path} cannot be run: {said[:300]}")


def _spoken(artifact: Artifact, questions: Questions) -> dict[str, Any]:
    with TemporaryDirectory() as name:
        task = {
            "task": "speak",
            "way": artifact.way,
            "prompts": questions.prompts,
            "tokens": questions.tokens,
            "context": questions.context,
        }
        run(artifact.path, Path(name), task)
        found: dict[str, Any] = json.loads((Path(name) / "spoken.json").read_text("utf-8"))
    return found


def apart(texts: Sequence[list[int]], known: Sequence[Array], found: Sequence[Array]) -> Logits:
    """How far logits are from the known ones. Each (tokens, vocabulary); the last place of a text has no next token, but a distribution all the same."""
    parts, one_surprise, other_surprise = [], [], []
    for ids, expected, actual in zip(texts, known, found, strict=True):
        if expected.shape != actual.shape:
            raise InputError(f"it has logits {list(actual.shape)} where the checkpoint has {list(expected.shape)}")
        for start in range(0, len(ids), _ROWS):
            one, other = (log_softmax(logits[start : start + _ROWS]) for logits in (expected, actual))
            parts.append(beside(one, other))
            following = np.array(ids[start + 1 : start + 1 + _ROWS], np.int64)
            places = np.arange(len(following)), following
            one_surprise.append(-one[places])
            other_surprise.append(-other[places])
    divergence, top, certain = (np.concatenate(part) for part in zip(*parts, strict=True))
    of_sure = float(top[certain].mean()) if certain.any() else 1.0
    float32, perplexity = (math.exp(min(float(np.concatenate(part).mean()), 700.0)) for part in (one_surprise, other_surprise))
    return Logits(len(divergence), float(divergence.mean()), float(divergence.max()), float(top.mean()), of_sure, perplexity, float32)


def beside(one: Array, other: Array) -> tuple[Array, Array, Array]:
    """Of log probabilities (places, choices), float32's first: for each place the divergence in nats, whether the most probable is the same, and
    whether it is SURE times as probable as the second."""
    best = np.partition(one, -2, axis=-1)[:, -2:]
    return (np.exp(one) * (one - other)).sum(-1), one.argmax(-1) == other.argmax(-1), best[:, 1] - best[:, 0] >= math.log(SURE)


def log_softmax(logits: Array) -> Array:
    """Over the last axis, in float64."""
    exact = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    found: Array = exact - np.log(np.exp(exact).sum(-1, keepdims=True))
    return found


def _greedy(known: Sequence[list[int]], found: Sequence[list[int]]) -> Greedy:
    shares = [_prefix(one, other) for one, other in zip(known, found, strict=True)]
    whole = [one == other for one, other in zip(known, found, strict=True)]
    return Greedy(len(known), sum(map(len, known)), statistics.fmean(shares), statistics.fmean(whole))


def _prefix(known: list[int], found: list[int]) -> float:
    """Share of the known tokens before the first that differs; 1 for a text of none, if the other has none either."""
    if not known:
        return float(not found)
    return common(known, found) / len(known)


def _timed(found: list[Parity], artifacts: Sequence[Artifact], questions: Questions, rounds: int) -> list[Parity]:
    """In each round all artifacts take their turn, so that ratios are of one time; a busy machine slows all of them."""
    if not rounds:
        return found
    times = [[_rates(_spoken(artifact, questions)["prompts"]) for artifact in artifacts] for _ in range(rounds)]
    return [replace(one, speed=_speed([each[i] for each in times], [each[0] for each in times])) for i, one in enumerate(found)]


Rates = tuple[float, float | None]
"""Tokens a second: of the longest prompt until its first token, of all texts after it."""


def _rates(said: Sequence[Mapping[str, Any]]) -> Rates | None:
    heard = [one for one in said if one["first"]]
    if not heard:
        return None
    longest = max(heard, key=lambda one: one["read"])
    tokens, seconds = sum(len(one["tokens"]) - 1 for one in heard), sum(one["rest"] for one in heard)
    return longest["read"] / longest["first"], tokens / seconds if tokens >= _TIMED else None


def _speed(own: Sequence[Rates | None], first: Sequence[Rates | None]) -> Speed | None:
    pairs = [(one, base) for one, base in zip(own, first, strict=True) if one and base]
    if not pairs:
        return None
    decoded = [(one[1], base[1]) for one, base in pairs if one[1] and base[1]]
    return Speed(
        statistics.median(one[0] for one, _ in pairs),
        statistics.median(one for one, _ in decoded) if decoded else None,
        statistics.median(one[0] / base[0] for one, base in pairs),
        statistics.median(one / base for one, base in decoded) if decoded else None,
    )
