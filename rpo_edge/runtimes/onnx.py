"""ONNX folders by onnxruntime: model.onnx with its weights, and tokenizer.json (`pip install '.[onnx]'`).

The graph is that of `export/formats/decoder.py`: keys and values of a text lie in buffers as long as the text may become, each of
which is bound as a past and as its present, so that nothing of them is ever copied. To forget the end of a text is to say that it is
shorter.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rpo_edge.errors import ModelError, ReflectorError
from rpo_edge.runtimes.base import Options, Piece, States, check_room, until_stop
from rpo_edge.runtimes.decoding import Array, decode
from rpo_edge.runtimes.drafting import ONNX, copier
from rpo_edge.runtimes.ort import onnxruntime
from rpo_edge.runtimes.spans import spans
from rpo_edge.runtimes.states import Saving, begin
from rpo_edge.runtimes.tokens import Tokenizer

_PAST = "past_key_values"


class OnnxRuntime:
    """See `Runtime`. Text ends at any of the tokens that the file names, an end of turn among them."""

    def __init__(self, session: Any, tokenizer: Tokenizer, context: int = 0, digest: str = "") -> None:
        said = session.get_modelmeta().custom_metadata_map
        self._session, self._tokenizer, self._digest = session, tokenizer, digest
        self._states: States | None = None
        self._ends = frozenset(map(int, said["ends"].split()))
        self._room = min(int(said["context"]), context or int(said["context"]))
        self._text: _Text | None = None

    @classmethod
    def open(cls, folder: Path, threads: int | None = None, context: int = 0, digest: str = "") -> OnnxRuntime:
        """threads: one for each core if None; context: tokens, as many as the file says if 0. digest: the folder's, or one that changes
        with it; without, `remember` does nothing.

        Raises OptionalDependencyError without onnxruntime or tokenizers, ModelError for a folder that they cannot load.
        """
        ort, tokenizer = onnxruntime(), Tokenizer.open(folder / "tokenizer.json")
        settings = ort.SessionOptions()
        settings.intra_op_num_threads = threads or 0
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting in a loop halves a busy machine's speed
        try:
            session = ort.InferenceSession(folder / "model.onnx", settings, providers=["CPUExecutionProvider"])
            return cls(session, tokenizer, context, digest)
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
        self._opened()
        tokens = self._tokenizer.tokens(prompt)
        check_room(len(tokens), self._room - 1)
        return until_stop(self._pieces(tokens, options), options.stop)

    def engine(self, room: int) -> Saving:
        """What computes, for a text of so many tokens at most."""
        session = self._opened()
        check_room(room, self._room)
        if self._text is None or self._text.room < room:
            self._text = _Text(session, min(self._room, room * 5 // 4))  # the next one may be a little longer
        return self._text

    def remember(self, states: States | None) -> None:
        """As the model's digest and the version of onnxruntime have it."""
        self._states = states

    def close(self) -> None:
        """Free the model."""
        self._session = self._text = None

    def _opened(self) -> Any:
        if self._session is None:
            raise ReflectorError("the runtime is closed")
        return self._session

    def _pieces(self, tokens: list[int], options: Options) -> Iterator[Piece]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a character may be spread over tokens
        most = min(options.tokens, self._room - len(tokens))
        told, said, ends = self._tokenizer.tokens, self._tokenizer.bytes_of, self._ends.__contains__
        copies, allowed = copier(options, told, ONNX), spans(options, told, said, ends)
        engine = self.engine(len(tokens) + most)
        if self._states is not None and self._digest and options.front:
            begin(engine, tokens, told(options.front), self._states, ["onnxruntime", onnxruntime().__version__, self._digest])
        for token in decode(engine, tokens, most, ends, copies, allowed):
            yield Piece(decoder.decode(said(token)), token)


class _Text:
    """See `decoding.Engine`. room: tokens at most."""

    def __init__(self, session: Any, room: int) -> None:
        self._session, self._binding, self.room = session, session.io_binding(), room
        self.known: list[int] = []
        self._total, self._since = np.zeros((), np.int32), np.zeros(1, np.int64)
        self._vocabulary = session.get_outputs()[0].shape[2]
        self._value = onnxruntime().OrtValue
        self._buffers: list[Array] = []
        for past in session.get_inputs():
            if past.name.startswith(_PAST):
                _, heads, _, size = past.shape
                self._buffers.append(np.zeros((1, heads, room, size), np.float32))
                buffer = self._value.ortvalue_from_numpy(self._buffers[-1])  # which holds nothing of its own
                self._binding.bind_ortvalue_input(past.name, buffer)
                self._binding.bind_ortvalue_output(past.name.replace(_PAST, "present"), buffer)

    def extend(self, tokens: Sequence[int], wanted: int) -> Array:
        """Raises ReflectorError where onnxruntime fails."""
        self._total += len(tokens)
        self._since[0] = len(tokens) - wanted
        logits = np.empty((1, wanted, self._vocabulary), np.float32)
        try:
            self._binding.bind_cpu_input("total", self._total)
            self._binding.bind_cpu_input("since", self._since)
            self._binding.bind_cpu_input("input_ids", np.array([tokens], np.int64))
            self._binding.bind_ortvalue_output("logits", self._value.ortvalue_from_numpy(logits))
            self._session.run_with_iobinding(self._binding)
        except Exception as error:  # onnxruntime has no common base of its errors
            raise ReflectorError(f"the model failed: {error}") from error
        self.known += tokens
        found: Array = logits[0]
        return found

    def state(self) -> bytes:
        """See `states.Saving`. The buffers one after the other, as far as they are in use."""
        return b"".join(buffer[:, :, : len(self.known)].tobytes() for buffer in self._buffers)

    def restore(self, tokens: Sequence[int], state: bytes | memoryview) -> bool:
        """See `states.Saving`."""
        self.truncate(0)
        parts = [buffer[:, :, : len(tokens)] for buffer in self._buffers]
        if len(state) != sum(part.nbytes for part in parts):
            return False
        at = 0
        for part in parts:
            part[...] = np.frombuffer(state, np.float32, part.size, at).reshape(part.shape)
            at += part.nbytes
        self.known = list(tokens)
        self._total[...] = len(tokens)
        return True

    def truncate(self, length: int) -> None:
        """What lies behind the end is written over."""
        self.known = self.known[:length]
        self._total[...] = len(self.known)
