"""GGUF files by llama.cpp (llama-cpp-python). The one door to it: it is imported when a model is opened."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from rpo_edge.errors import ModelError, OptionalDependencyError, ReflectorError
from rpo_edge.runtimes.base import Options, Piece, check_room, log_probability, until_stop


class GgufRuntime:
    """See `Runtime`. Text ends at any token that ends one in the model's vocabulary, an end of turn among them."""

    def __init__(self, model: Any, library: Any) -> None:
        self._model, self._library = model, library

    @classmethod
    def open(cls, path: Path, threads: int | None = None, context: int = 0) -> GgufRuntime:
        """threads: as many as there are processors if None; context: tokens, as many as the file says if 0.

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
        return cls(model, library)

    @property
    def room(self) -> int:
        """The model's context."""
        return int(self._opened().n_ctx())

    def count(self, text: str) -> int:
        """By the model's own tokenizer."""
        return len(self._tokens(text))

    def generate(self, prompt: str, options: Options) -> Iterator[Piece]:
        """Raises ReflectorError where the prompt does not fit, or llama.cpp fails."""
        model, tokens = self._opened(), self._tokens(prompt)
        check_room(len(tokens), self.room - 1)
        return until_stop(self._pieces(model, tokens, options), options.stop)

    def close(self) -> None:
        """Free the model."""
        if self._model is not None:
            self._model.close()
            self._model = None

    def _opened(self) -> Any:
        if self._model is None:
            raise ReflectorError("the runtime is closed")
        return self._model

    def _tokens(self, text: str) -> list[int]:
        return list(self._opened().tokenize(text.encode("utf-8", "replace"), add_bos=False, special=True))

    def _pieces(self, model: Any, tokens: list[int], options: Options) -> Iterator[Piece]:
        vocabulary = self._library.llama_model_get_vocab(model.model)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a character may be spread over tokens
        model.set_seed(options.seed)
        try:
            found = model.generate(tokens, temp=options.temperature, top_k=0, top_p=1.0, min_p=0.0, repeat_penalty=1.0)
            for _, token in zip(range(min(options.tokens, self.room - len(tokens))), found, strict=False):
                if self._library.llama_vocab_is_eog(vocabulary, token):
                    return
                logprob = self._logprob(model, token) if options.logprobs else None
                yield Piece(decoder.decode(model.detokenize([token], special=True)), token, logprob)
        except (RuntimeError, ValueError) as error:
            raise ReflectorError(f"the model failed: {error}") from error

    def _logprob(self, model: Any, token: int) -> float:
        logits = np.ctypeslib.as_array(self._library.llama_get_logits_ith(model.ctx, -1), shape=(model.n_vocab(),))
        return log_probability(logits, token)
