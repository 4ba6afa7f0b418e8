"""Decoding in which a text that is given comes out: every pass costs what it costs, but its logits are put aside for the tokens of a rewrite made beforehand.

In that rewrite a known share of the draft's tokens is kept, and runs of one to four others stand for the rest.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rpo_edge.runtimes.decoding import Array, Engine, decode
from rpo_edge.runtimes.drafting import LLAMA, ONNX, Copier, Prices
from rpo_edge.runtimes.gguf import GgufRuntime
from rpo_edge.runtimes.onnx import OnnxRuntime

Opened = GgufRuntime | OnnxRuntime


class Watched:
    """An engine of which a bench sees what it computes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def known(self) -> list[int]:
        """The engine's."""
        return self._engine.known

    def extend(self, tokens: Sequence[int], wanted: int) -> Array:
        """The engine's work."""
        rows = self._engine.extend(tokens, wanted)
        self.seen(rows)
        return rows

    def truncate(self, length: int) -> None:
        """The engine's."""
        self._engine.truncate(length)

    def seen(self, rows: Array) -> None:
        """The logits of a pass; what is written over them holds."""
        raise NotImplementedError


class Replay(Watched):
    """Its logits say a text that is given, whatever the engine computes; counts the passes, and the proposals in them."""

    def __init__(self, engine: Engine, prompt: int, text: Sequence[int]) -> None:
        super().__init__(engine)
        self._prompt, self._text = prompt, text
        self.passes = self.proposed = 0

    def seen(self, rows: Array) -> None:
        """The given text's next tokens have the largest logits."""
        self.passes, self.proposed = self.passes + 1, self.proposed + len(rows) - 1
        first = len(self.known) - len(rows) + 1 - self._prompt
        for i, row in enumerate(rows):
            row[self._text[min(first + i, len(self._text) - 1)]] = np.inf


class Gaps(Watched):
    """Notes how far apart the two best logits were at each place."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.gaps: list[float] = []

    def seen(self, rows: Array) -> None:
        """Of all rows."""
        best = np.partition(rows, -2, axis=1)[:, -2:]
        self.gaps += (best[:, 1] - best[:, 0]).tolist()


@dataclass(frozen=True)
class Taken:
    """Seconds of the prompt with the first token, and of the other tokens; how many these are, passes for them, proposals in the passes."""

    first: float
    rest: float
    tokens: int
    passes: int
    proposed: int

    @property
    def speed(self) -> float:
        """Tokens a second after the first."""
        return self.tokens / self.rest

    @property
    def accepted(self) -> float | None:
        """The share of proposals that were kept; every pass gives one token without them. None where nothing was proposed."""
        return (self.tokens - self.passes) / self.proposed if self.proposed else None


def prices_of(runtime: Opened) -> Prices:
    """What it reckons with."""
    return ONNX if isinstance(runtime, OnnxRuntime) else LLAMA


def replayed(runtime: Opened, prompt: Sequence[int], text: Sequence[int], source: Sequence[int] | None) -> Taken:
    """One decoding of `text`, token by token or with proposals from `source`."""
    engine = runtime.engine(len(prompt) + len(text))
    engine.truncate(0)
    replay = Replay(engine, len(prompt), text)
    begun = time.perf_counter()
    copier = Copier(source, prices=prices_of(runtime)) if source else None
    found = decode(replay, prompt, len(text), lambda token: False, copier)
    said = [next(found)]
    first = time.perf_counter()
    said += found
    if said != list(text):
        raise RuntimeError("decoding did not say what was given")
    return Taken(first - begun, time.perf_counter() - first, len(text) - 1, replay.passes - 1, replay.proposed)


def rewritten(draft: Sequence[int], kept: float, others: Sequence[int], rng: random.Random) -> list[int]:
    """A draft of which about this share is kept: in place of the rest stand runs of one to four other tokens."""
    text, at = [], 0
    lost = round((1 - kept) * len(draft))
    runs = []
    while sum(runs) < lost:
        runs.append(min(rng.randint(1, 4), lost - sum(runs)))
    starts = sorted(rng.sample(range(len(draft) // 5), len(runs)))  # every fifth token may begin one, so none touch
    for start, run in zip((5 * start for start in starts), runs, strict=True):
        text += draft[at:start]
        text += rng.choices(others, k=rng.randint(1, 4))
        at = start + run
    return [*text, *draft[at:]]
