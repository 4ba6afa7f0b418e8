"""ONNX folders by onnxruntime: model.onnx with its weights, and tokenizer.json (`pip install 'rpo-edge[onnx]'`).

The graph is that of `export/formats/decoder.py`: keys and values of a text lie in buffers as long as the text may become, each of
which is bound as a past and as its present, so that nothing of them is ever copied.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rpo_edge.errors import ModelError, ReflectorError
from rpo_edge.runtimes.base import Options, Piece, check_room, log_probability, until_stop
from rpo_edge.runtimes.ort import onnxruntime
from rpo_edge.runtimes.tokens import Tokenizer

Array = np.ndarray[Any, Any]
_PAST = "past_key_values"


class OnnxRuntime:
    """See `Runtime`. Text ends at any of the tokens that the file names, an end of turn among them."""

    def __init__(self, session: Any, tokenizer: Tokenizer, context: int = 0) -> None:
        said = session.get_modelmeta().custom_metadata_map
        self._session, self._tokenizer = session, tokenizer
        self._ends = frozenset(map(int, said["ends"].split()))
        self._room = min(int(said["context"]), context or int(said["context"]))

    @classmethod
    def open(cls, folder: Path, threads: int | None = None, context: int = 0) -> OnnxRuntime:
        """threads: one for each core if None; context: tokens, as many as the file says if 0.

        Raises OptionalDependencyError without onnxruntime or tokenizers, ModelError for a folder that they cannot load.
        """
        ort, tokenizer = onnxruntime(), Tokenizer.open(folder / "tokenizer.json")
        settings = ort.SessionOptions()
        settings.intra_op_num_threads = threads or 0
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting in a loop halves a busy machine's speed
        try:
            return cls(ort.InferenceSession(folder / "model.onnx", settings, providers=["CPUExecutionProvider"]), tokenizer, context)
        except KeyError as error:
            raise ModelError(f"{folder} cannot be loaded: its model.onnx does not say {error}") from error
        except Exception as error:  # onnxruntime has no common base of its errors
            raise ModelError(f"{folder} cannot be loaded: {error}") from error

    @property
    def room(self) -> int:
        """The model's context."""
        self._opened()
        return self._room

    def count(self, text: str) -> int:
        """By the model's own tokenizer."""
        self._opened()
        return len(self._tokenizer.tokens(text))

    def generate(self, prompt: str, options: Options) -> Iterator[Piece]:
        """Raises ReflectorError where the prompt does not fit, or onnxruntime fails."""
        session, tokens = self._opened(), self._tokenizer.tokens(prompt)
        check_room(len(tokens), self._room - 1)
        return until_stop(self._pieces(session, tokens, options), options.stop)

    def close(self) -> None:
        """Free the model."""
        self._session = None

    def _opened(self) -> Any:
        if self._session is None:
            raise ReflectorError("the runtime is closed")
        return self._session

    def _pieces(self, session: Any, tokens: list[int], options: Options) -> Iterator[Piece]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a character may be spread over tokens
        random = np.random.default_rng(options.seed)
        length = min(len(tokens) + options.tokens, self._room)
        text, new = _Text(session, length), tokens
        for _ in range(length - len(tokens)):
            logits = text.go_on(new)
            token = _drawn(logits, options.temperature, random)
            if token in self._ends:
                return
            logprob = log_probability(logits, token) if options.logprobs else None
            yield Piece(decoder.decode(self._tokenizer.bytes_of(token)), token, logprob)
            new = [token]


class _Text:
    """A text that a model reads and writes: room for `length` tokens, and what it has computed of those it knows."""

    def __init__(self, session: Any, length: int) -> None:
        self._session, self._binding = session, session.io_binding()
        self._total = np.zeros((), np.int32)
        self._logits = np.empty((1, 1, session.get_outputs()[0].shape[2]), np.float32)
        value = onnxruntime().OrtValue
        self._binding.bind_cpu_input("total", self._total)
        self._binding.bind_cpu_input("since", np.full(1, -1, np.int64))
        self._binding.bind_ortvalue_output("logits", value.ortvalue_from_numpy(self._logits))
        for past in session.get_inputs():
            if past.name.startswith(_PAST):
                _, heads, _, size = past.shape
                buffer = value.ortvalue_from_shape_and_type((1, heads, length, size), np.float32)
                self._binding.bind_ortvalue_input(past.name, buffer)
                self._binding.bind_ortvalue_output(past.name.replace(_PAST, "present"), buffer)

    def go_on(self, tokens: list[int]) -> Array:
        """Logits (vocabulary) float32 of what comes after these tokens and all before; the next call writes over them."""
        self._total += len(tokens)
        try:
            self._binding.bind_cpu_input("input_ids", np.array([tokens], np.int64))
            self._session.run_with_iobinding(self._binding)
        except Exception as error:  # onnxruntime has no common base of its errors
            raise ReflectorError(f"the model failed: {error}") from error
        found: Array = self._logits[0, 0]
        return found


def _drawn(logits: Array, temperature: float, random: np.random.Generator) -> int:
    """The most probable token at temperature 0, else one by its probability: the largest after Gumbel's noise (arXiv 1411.0030)."""
    if temperature <= 0:
        return int(logits.argmax())
    return int((logits / temperature + random.gumbel(size=logits.shape)).argmax())
