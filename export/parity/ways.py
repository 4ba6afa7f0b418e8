"""How each kind of artifact is run as its users run it. Nothing here imports torch, so that memory is the artifact's own.

gguf: a file, by llama.cpp. onnx: the folder that the device's own runtime reads. optimum: the folder that optimum's users read, by plain
onnxruntime, with a cache as long as the text.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from rpo_edge.errors import InputError, OptionalDependencyError
from rpo_edge.runtimes.base import Options, Piece, Runtime, check_room
from rpo_edge.runtimes.gguf import GgufRuntime
from rpo_edge.runtimes.onnx import OnnxRuntime
from rpo_edge.runtimes.ort import onnxruntime
from rpo_edge.runtimes.tokens import Tokenizer

Array = np.ndarray[Any, Any]
Tokens = Callable[[str], list[int]]
Logits = Callable[[Sequence[int]], Array]
Computing = GgufRuntime | OnnxRuntime

MODEL, TOKENIZER, CONFIG = "model.onnx", "tokenizer.json", "config.json"
_PAST, _PRESENT = "past_key_values", "present"


@dataclass(frozen=True, slots=True)
class Way:
    """runtime: opens it as a device does, for so many tokens. tokens: its tokenizer. logits: (tokens, vocabulary) of so many tokens at most."""

    runtime: Callable[[Path, int], Runtime]
    tokens: Callable[[Path], Tokens]
    logits: Callable[[Path, int], Logits]


def way_of(path: Path) -> str:
    """The row of WAYS for a file or folder. Raises InputError."""
    if path.is_file() and path.suffix == ".gguf":
        return "gguf"
    if (path / MODEL).is_file() and (path / TOKENIZER).is_file():
        return "optimum" if (path / CONFIG).is_file() else "onnx"
    raise InputError(f"{path} is no GGUF file, and no folder with {MODEL} and {TOKENIZER}")


def _logits(opened: Callable[[Path, int], Computing]) -> Callable[[Path, int], Logits]:
    """All logits of a text, by the engine that decodes on a device."""

    def of_text(path: Path, context: int) -> Logits:
        engine = opened(path, context).engine(context)

        def logits(ids: Sequence[int]) -> Array:
            engine.truncate(0)
            return engine.extend(list(ids), len(ids))

        return logits

    return of_text


def llama() -> Any:
    """Raises OptionalDependencyError without llama-cpp-python."""
    try:
        return import_module("llama_cpp")
    except ImportError as error:
        raise OptionalDependencyError("llama-cpp-python", "gguf") from error


def _gguf_runtime(path: Path, context: int) -> GgufRuntime:
    return GgufRuntime.open(path, os.cpu_count(), context)


def _gguf_tokens(path: Path) -> Tokens:
    model = llama().Llama(str(path), vocab_only=True, verbose=False)
    return lambda text: list(model.tokenize(text.encode("utf-8"), add_bos=False, special=True))


def _onnx_runtime(path: Path, context: int) -> OnnxRuntime:
    return OnnxRuntime.open(path, os.cpu_count(), context)


def _onnx_tokens(path: Path) -> Tokens:
    return Tokenizer.open(path / TOKENIZER).tokens


def _optimum_logits(path: Path, context: int) -> Logits:
    session = _session(path)
    return lambda ids: _optimum_pass(session, ids, 0, _empty(session))[0]


class OptimumRuntime:
    """Plain greedy decoding of optimum's graph, which hands its cache out and takes it back. See `Runtime`."""

    def __init__(self, path: Path, context: int) -> None:
        self._session, self._tokenizer, self._room = _session(path), Tokenizer.open(path / TOKENIZER), context
        self._ends = _ends(path)

    @property
    def room(self) -> int:
        """As many as it was opened for."""
        return self._room

    def count(self, text: str) -> int:
        """By its tokenizer.json."""
        return len(self._tokenizer.tokens(text))

    def generate(self, prompt: str, options: Options) -> Iterator[Piece]:
        """The most probable token each time. Raises ReflectorError where the prompt does not fit."""
        ids, cache, known = self._tokenizer.tokens(prompt), _empty(self._session), 0
        check_room(len(ids), self._room - 1)
        for _ in range(min(options.tokens, self._room - len(ids))):
            logits, cache = _optimum_pass(self._session, ids, known, cache)
            known += len(ids)
            token = int(logits[-1].argmax())
            if token in self._ends:
                return
            text = self._tokenizer.bytes_of(token).decode("utf-8", "replace")
            yield Piece(text, token)
            ids = [token]

    def close(self) -> None:
        """Free the session."""
        self._session = None


def _ends(path: Path) -> frozenset[int]:
    files = [path / name for name in (CONFIG, "generation_config.json")]
    said = [json.loads(file.read_text("utf-8")).get("eos_token_id") for file in files if file.is_file()]
    return frozenset(index for ids in said for index in (ids if isinstance(ids, list) else [ids]) if index is not None)


def _session(path: Path) -> Any:
    return onnxruntime().InferenceSession(path / MODEL, providers=["CPUExecutionProvider"])


def _empty(session: Any) -> dict[str, Array]:
    """A cache of nothing."""
    past = [known for known in session.get_inputs() if known.name.startswith(_PAST)]
    return {known.name: np.zeros((1, known.shape[1], 0, known.shape[3]), np.float32) for known in past}


def _optimum_pass(session: Any, ids: Sequence[int], known: int, cache: dict[str, Array]) -> tuple[Array, dict[str, Array]]:
    """Logits (tokens, vocabulary) of `ids` after `known` tokens, and the cache with them."""
    feeds = {
        "input_ids": np.array([ids], np.int64),
        "attention_mask": np.ones((1, known + len(ids)), np.int64),
        "position_ids": np.arange(known, known + len(ids), dtype=np.int64)[None],
    }
    wanted = {node.name for node in session.get_inputs()}
    names = [node.name for node in session.get_outputs()]
    found = dict(zip(names, session.run(names, {name: value for name, value in feeds.items() if name in wanted} | cache), strict=True))
    return found["logits"][0], {name: found[name.replace(_PAST, _PRESENT)] for name in cache}


WAYS = {
    "gguf": Way(_gguf_runtime, _gguf_tokens, _logits(_gguf_runtime)),
    "onnx": Way(_onnx_runtime, _onnx_tokens, _logits(_onnx_runtime)),
    "optimum": Way(OptimumRuntime, _onnx_tokens, _optimum_logits),
}
