"""A runtime without a model: it says what a function makes of the prompt. For tests, and for programs that are tried without a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rpo_edge.errors import ReflectorError
from rpo_edge.runtimes.base import Options, Piece, States, check_room, until_stop


class EchoRuntime:
    """A token is a character. answer: from the prompt to everything that is said."""

    room = 100_000

    def __init__(self, answer: Callable[[str], str]) -> None:
        self._answer: Callable[[str], str] | None = answer

    def count(self, text: str) -> int:
        """Characters."""
        return len(text)

    def generate(self, prompt: str, options: Options) -> Iterator[Piece]:
        """Character by character."""
        if self._answer is None:
            raise ReflectorError("the runtime is closed")
        check_room(len(prompt), self.room)
        logprob = 0.0 if options.logprobs else None
        pieces = (Piece(character, ord(character), logprob) for character in self._answer(prompt)[: options.tokens])
        return until_stop(pieces, options.stop)

    def remember(self, states: States | None) -> None:
        """Nothing is computed."""

    def close(self) -> None:
        """Nothing is held."""
        self._answer = None
