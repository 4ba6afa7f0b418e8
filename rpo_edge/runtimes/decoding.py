"""The loop that all engines share: what of a prompt is known already, which token comes next, and proposals from a source, judged in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rpo_edge.runtimes.base import Options, log_probability
from rpo_edge.runtimes.drafting import Copier

Array = np.ndarray[Any, Any]


class Engine(Protocol):
    """A model, and what it has computed of one text."""

    @property
    def known(self) -> list[int]:
        """The tokens of that text."""
        ...

    def extend(self, tokens: Sequence[int], wanted: int) -> Array:
        """Read so many tokens more; (wanted, vocabulary) logits of what comes after each of the last. The next call may write over them."""
        ...

    def truncate(self, length: int) -> None:
        """Forget all but the first tokens."""
        ...


class Filter(Protocol):
    """Lets through what may come next."""

    def __call__(self, logits: Array) -> Array:
        """(vocabulary,) logits, minus infinity where a token may not come."""
        ...

    def add(self, token: int) -> None:
        """The text has one token more."""
        ...


@dataclass(frozen=True, slots=True)
class Chosen:
    """A token, and the natural logarithm of its probability if that was asked for."""

    token: int
    logprob: float | None


def decode(
    engine: Engine,
    prompt: Sequence[int],
    options: Options,
    most: int,
    ends: Callable[[int], bool],
    copier: Copier | None = None,
    allowed: Filter | None = None,
) -> Iterator[Chosen]:
    """Tokens after the prompt, at most `most`, until one that ends a text.

    What the engine knows of the prompt's beginning is not computed again. copier: for greedy decoding alone, whose tokens do not depend on it.
    """
    random = np.random.default_rng(options.seed)
    shared = common(engine.known, prompt[:-1])
    engine.truncate(shared)
    rows, proposed = engine.extend(prompt[shared:], 1), list[int]()
    for left in range(most - 1, -1, -1):
        logits = rows[len(rows) - 1 - len(proposed)]  # after the last token that is certain
        logits = allowed(logits) if allowed else logits
        token = drawn(logits, options.temperature, random)
        if ends(token):
            return
        yield Chosen(token, log_probability(logits, token) if options.logprobs else None)
        if not left:
            return
        if allowed:
            allowed.add(token)
        if copier:
            copier.add(token)
        if proposed and token == proposed[0]:
            del proposed[0]
        else:
            engine.truncate(len(engine.known) - len(proposed))
            proposed = copier.proposed()[: left - 1] if copier else []
            rows = engine.extend([token, *proposed], 1 + len(proposed))


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """Tokens with which both begin."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def drawn(logits: Array, temperature: float, random: np.random.Generator) -> int:
    """The most probable token at temperature 0, else one by its probability: the largest after Gumbel's noise (arXiv 1411.0030)."""
    if temperature <= 0:
        return int(logits.argmax())
    return int((logits / temperature + random.gumbel(size=logits.shape)).argmax())
