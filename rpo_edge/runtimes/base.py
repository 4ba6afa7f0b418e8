"""What runs a causal language model: one narrow method that streams.

At the edges: an empty prompt, or one of more tokens than `room`, raises ReflectorError before anything is generated; a stop string is
not part of the text that comes back, even where it is spread over pieces; closing twice is fine, generating after it raises
ReflectorError. The most probable token is taken each time, so the same prompt gives the same pieces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from rpo_edge.errors import ReflectorError


@dataclass(frozen=True, slots=True)
class Options:
    """How to go on. tokens: new ones at most; stop: strings that end the text.

    source: a text that will mostly be copied, others: texts that may be quoted; decoding is faster for them, and says the same (see
    `drafting`). kept: parts of the source, in its order, that the text must have once it has said `begins` (see `spans`).
    front: a beginning of the prompt that other prompts will have, too (see `Runtime.remember`).
    """

    tokens: int = 256
    stop: tuple[str, ...] = ()
    source: str = ""
    others: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    begins: str = ""
    front: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """One token. text: what it adds, "" while a character is not whole."""

    text: str
    token: int


class States(Protocol):
    """Where states of an engine are kept from one process to the next. Neither method raises: what is not there is computed again."""

    def get(self, key: str) -> bytes | None:
        """What was put under this key, as far as it is still there."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Keep it, if possible."""
        ...


class Runtime(Protocol):
    """A model that is loaded, for one thread at a time."""

    @property
    def room(self) -> int:
        """Tokens of prompt and text together, at most."""
        ...

    def count(self, text: str) -> int:
        """Tokens of a text; special tokens in it are one each."""
        ...

    def generate(self, prompt: str, options: Options) -> Iterator[Piece]:
        """What comes after the prompt, until a stop string, the model's end token, or so many tokens. Raises ReflectorError."""
        ...

    def remember(self, states: States | None) -> None:
        """Where to keep what was computed of prompts' fronts, from now on; None: nowhere. A runtime that cannot does nothing."""
        ...

    def close(self) -> None:
        """Free what the model holds."""
        ...


def check_room(tokens: int, most: int) -> None:
    """Raises ReflectorError for an empty prompt, or one of more tokens than there may be."""
    if not 0 < tokens <= most:
        raise ReflectorError(f"the prompt has {tokens} tokens; there is room for 1 to {most}")


def until_stop(pieces: Iterator[Piece], stop: tuple[str, ...]) -> Iterator[Piece]:
    """Pieces up to the first stop string; text that may begin one waits until it is known."""
    waiting: list[Piece] = []
    text = ""
    for piece in pieces:
        waiting.append(piece)
        text += piece.text
        ends = [place for place in map(text.find, stop) if place >= 0]
        if ends:
            yield from _cut(waiting, min(ends))
            return
        if not any(text.endswith(string[:n]) for string in stop for n in range(1, len(string))):
            yield from waiting
            waiting, text = [], ""
    yield from waiting


def _cut(pieces: list[Piece], length: int) -> Iterator[Piece]:
    """The first `length` code points of pieces."""
    for piece in pieces:
        if length <= 0:
            return
        yield Piece(piece.text[:length], piece.token)
        length -= len(piece.text)
