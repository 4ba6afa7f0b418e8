"""The loop that all engines share: what of a prompt is known already, which token comes next, and proposals from a source,
judged in one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np

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


def decode(
    engine: Engine,
    prompt: Sequence[int],
    most: int,
    ends: Callable[[int], bool],
    copier: Copier | None = None,
    allowed: Filter | None = None,
) -> Iterator[int]:
    """Tokens after the prompt, each the most probable, at most `most`, until one that ends a text.

    What the engine knows of the prompt's beginning is not computed again. The tokens do not depend on the copier.
    """
    shared = common(engine.known, prompt[:-1])
    engine.truncate(shared)
    rows, proposed = engine.extend(prompt[shared:], 1), list[int]()
    for left in range(most - 1, -1, -1):
        logits = rows[len(rows) - 1 - len(proposed)]  # after the last token that is certain
        token = int((allowed(logits) if allowed else logits).argmax())
        if ends(token):
            return
        yield token
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
