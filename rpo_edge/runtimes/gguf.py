"""GGUF files by llama.cpp (llama-cpp-python). The one door to it: it is imported when a model is opened."""

from __future__ import annotations

import codecs
import ctypes
import os
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from rpo_edge.errors import ModelError, OptionalDependencyError, ReflectorError
from rpo_edge.manifest import digest as digest_of
from rpo_edge.runtimes.base import Options, Piece, States, check_room, until_stop
from rpo_edge.runtimes.decoding import Array, decode
from rpo_edge.runtimes.drafting import LLAMA, copier
from rpo_edge.runtimes.spans import spans
from rpo_edge.runtimes.states import Saving, begin


class GgufRuntime:
    """See `Runtime`. Text ends at any token that ends one in the model's vocabulary, an end of turn among them.

    What was computed of a prompt and its text is kept: the next prompt is computed only from where it differs.
    """

    def __init__(self, model: Any, library: Any, digest: str = "") -> None:
        self._model, self._library = model, library
        self._states: States | None = None
        self._about = _about(model, library, digest) if digest else None
        self._laid = ("", 0.0)  # digest of the adapter, and its scale
        self._engine = _Engine(model, library)
        self._ends = partial(library.llama_vocab_is_eog, library.llama_model_get_vocab(model.model))
        self._adapter: Any = None

    @classmethod
    def open(cls, path: Path, threads: int | None = None, context: int = 0, digest: str = "") -> GgufRuntime:
        """threads: as many as there are processors if None; context: tokens, as many as the file says if 0. digest: the file's, or one that
        changes with it; without, `remember` does nothing.

        Raises OptionalDependencyError without llama-cpp-python, ModelError for a file that it cannot load. A file of unknown origin is to
        pass `inspection.inspected` first.
        """
        try:
            library = import_module("llama_cpp")
        except ImportError as error:
            raise OptionalDependencyError("llama-cpp-python", "gguf") from error
        try:
            model = library.Llama(str(path), n_ctx=context, n_threads=threads or os.cpu_count(), n_threads_batch=threads, verbose=False)
        except (ValueError, OSError, RuntimeError, AssertionError) as error:
            raise ModelError(f"{path} cannot be loaded: {error}") from error
        return cls(model, library, digest)

    @property
    def room(self) -> int:
        """The model's context."""
        return int(self._opened().n_ctx())

    def count(self, text: str) -> int:
        """By the model's own tokenizer."""
        return len(self._tokens(text))

    def adapt(self, path: Path | None, scale: float = 1.0) -> None:
        """Lay a LoRA adapter (`python -m export adapter`) over the model, in place of the one before; None: the model alone.

        Raises ModelError for a file that is no adapter of this model. One of unknown origin is to pass `inspection.inspected` first.
        """
        model, library = self._opened(), self._library
        adapter = None
        if path is not None:
            adapter = library.llama_adapter_lora_init(model.model, os.fsencode(path))
            if not adapter:
                raise ModelError(f"{path} is no adapter that this model can have")
        held = (library.llama_adapter_lora_p_ctypes * 1)(adapter) if adapter else None
        if library.llama_set_adapters_lora(model.ctx, held, int(adapter is not None), (ctypes.c_float * 1)(scale)):
            if adapter:
                library.llama_adapter_lora_free(adapter)
            raise ModelError(f"{path} cannot be laid over this model")
        if self._adapter:
            library.llama_adapter_lora_free(self._adapter)
        self._adapter = adapter
        self._laid = (digest_of(path), scale) if path is not None and self._about else ("", 0.0)
        self._engine.truncate(0)

    def generate(self, prompt: str, options: Options) -> Iterator[Piece]:
        """Raises ReflectorError where the prompt does not fit, or llama.cpp fails."""
        tokens = self._tokens(prompt)
        check_room(len(tokens), self.room - 1)
        return until_stop(self._pieces(tokens, options), options.stop)

    def engine(self, room: int) -> Saving:
        """What computes, for a text of so many tokens at most."""
        self._opened()
        check_room(room, self.room)
        return self._engine

    def remember(self, states: States | None) -> None:
        """As the model's digest, the adapter's, llama.cpp's own file and the kind of cache have it."""
        self._states = states

    def close(self) -> None:
        """Free the model."""
        if self._model is not None:
            self._engine.close()
            self._model.close()  # frees its adapters, too
            self._model = None

    def _opened(self) -> Any:
        if self._model is None:
            raise ReflectorError("the runtime is closed")
        return self._model

    def _tokens(self, text: str) -> list[int]:
        return list(self._opened().tokenize(text.encode("utf-8", "replace"), add_bos=False, special=True))

    def _pieces(self, tokens: list[int], options: Options) -> Iterator[Piece]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a character may be spread over tokens
        most = min(options.tokens, self.room - len(tokens))
        copies = copier(options, self._tokens, LLAMA)
        allowed = spans(options, self._tokens, self._bytes_of, self._ends)
        engine = self.engine(len(tokens) + most)
        if self._states is not None and self._about and options.front:
            begin(engine, tokens, self._tokens(options.front), self._states, [*self._about, *self._laid])
        for token in decode(engine, tokens, most, self._ends, copies, allowed):
            yield Piece(decoder.decode(self._bytes_of(token)), token)

    def _bytes_of(self, token: int) -> bytes:
        return bytes(self._opened().detokenize([token], special=True))


def _about(model: Any, library: Any, digest: str) -> list[object] | None:
    """What a state depends on besides adapter and tokens.

    None where it cannot be told which llama.cpp this is: no other's state is ever read.
    """
    try:
        built = Path(library.llama_cpp._lib._name).stat()
    except (AttributeError, OSError):
        return None
    set_so = model.context_params
    cache = (model.n_ctx(), set_so.type_k, set_so.type_v, set_so.flash_attn_type, set_so.swa_full)
    return ["llama.cpp", library.__version__, built.st_size, built.st_mtime_ns, *cache, digest]


class _Engine:
    """See `decoding.Engine`. Drives `llama_decode` itself: logits are computed of the places that are asked for alone."""

    def __init__(self, model: Any, library: Any) -> None:
        self._model = model  # which frees the context when nobody holds it
        self._context, self._library, self._size = model.ctx, library, model.n_vocab()
        self._most = int(library.llama_n_batch(model.ctx))
        self._batch = library.llama_batch_init(self._most, 0, 1)
        self._memory = library.llama_get_memory(model.ctx)
        self.known: list[int] = []
        library.llama_memory_clear(self._memory, False)  # what else was done with this model

    def extend(self, tokens: Sequence[int], wanted: int) -> Array:
        """Raises ReflectorError where llama.cpp fails."""
        rows, first = np.empty((wanted, self._size), np.float32), len(tokens) - wanted
        for start in range(0, len(tokens), self._most):
            part = tokens[start : start + self._most]
            self._decode(part, max(0, first - start))
            for i in range(max(0, first - start), len(part)):
                at = self._library.llama_get_logits_ith(self._context, i)
                rows[start + i - first] = np.ctypeslib.as_array(at, shape=(self._size,))
        return rows

    def truncate(self, length: int) -> None:
        """A model that can only forget all of a text reads its beginning again."""
        kept = self.known[:length]
        if len(kept) == len(self.known):
            return
        if kept and self._library.llama_memory_seq_rm(self._memory, 0, length, -1):
            self.known = kept
            return
        self._library.llama_memory_clear(self._memory, False)
        self.known = []
        if kept:
            self.extend(kept, 1)

    def state(self) -> bytes:
        """See `states.Saving`."""
        state = (ctypes.c_uint8 * self._library.llama_state_seq_get_size(self._context, 0))()
        size = self._library.llama_state_seq_get_data(self._context, state, len(state), 0)
        return memoryview(state)[:size].tobytes()

    def restore(self, tokens: Sequence[int], state: bytes | memoryview) -> bool:
        """See `states.Saving`."""
        self._library.llama_memory_clear(self._memory, False)
        self.known = []
        data = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        read = self._library.llama_state_seq_set_data(self._context, data, len(state), 0)
        if read != len(state) or self._library.llama_memory_seq_pos_max(self._memory, 0) != len(tokens) - 1:
            self._library.llama_memory_clear(self._memory, False)
            return False
        self.known = list(tokens)
        return True

    def close(self) -> None:
        """Free the batch."""
        self._library.llama_batch_free(self._batch)

    def _decode(self, tokens: Sequence[int], first: int) -> None:
        """first: of the tokens after which logits are wanted."""
        batch = self._batch
        batch.n_tokens = len(tokens)
        for i, token in enumerate(tokens):
            batch.token[i], batch.pos[i] = token, len(self.known) + i
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, 0
            batch.logits[i] = i >= first
        failed = self._library.llama_decode(self._context, batch)
        if failed:
            raise ReflectorError(f"the model failed: llama_decode gave {failed}")
        self.known += tokens
