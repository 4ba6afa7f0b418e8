"""A runtime without a model: it says what a function makes of the prompt. For tests, and for programs that are tried without a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

from rpo_edge.errors import ReflectorError
from rpo_edge.runtimes.base import Options, Piece, States, check_room, until_stop
from rpo_edge.runtimes.spans import spans


class EchoRuntime:
    """A token is a character. answer: from the prompt to everything that is said."""

    room = 100_000

    def __init__(self, answer: Callable[[str], str]) -> None:
        self._answer: Callable[[str], str] | None = answer

    def count(self, text: str) -> int:
        """Characters."""
        return len(text)

    def generate(self, prompt: str, options: Options) -> Iterator[Piece]:
        """Character by character, with the spans that are to be kept."""
        if self._answer is None:
            raise ReflectorError("the runtime is closed")
        check_room(len(prompt), self.room)
        answer = self._answer(prompt)
        said = islice(_with_spans(answer, options) if options.kept else answer, options.tokens)
        return until_stop((Piece(character, ord(character)) for character in said), options.stop)

    def remember(self, states: States | None) -> None:
        """Nothing is computed."""

    def close(self) -> None:
        """Nothing is held."""
        self._answer = None


def _with_spans(answer: str, options: Options) -> Iterator[str]:
    """The answer of a model that is sure of each character: where a span comes instead of what it would say,
    it goes on with that afterwards.
    """
    text = answer[: min((place for stop in options.stop if (place := answer.find(stop)) >= 0), default=len(answer))]
    letters = sorted({*text, *options.source})
    tokens, end = {letter: token for token, letter in enumerate(letters)}, len(letters)
    allowed = spans(
        replace(options, stop=()),
        lambda source: [tokens[letter] for letter in source],
        lambda token: letters[token].encode(),
        lambda token: token == end,
    )
    wanted, at = [*(tokens[letter] for letter in text), end], 0
    while True:
        logits = np.zeros(end + 1, np.float32)
        logits[wanted[at]] = 1
        token = int((allowed(logits) if allowed else logits).argmax())
        if token == end:
            return
        yield letters[token]
        if allowed:
            allowed.add(token)
        at += token == wanted[at]
