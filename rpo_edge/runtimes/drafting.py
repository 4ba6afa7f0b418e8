"""Copying: which tokens come next, if a text goes on as the one that it is made from.

A rewrite mostly copies its draft, so the draft itself is the cheapest model of what comes next (prompt lookup decoding, after
arXiv 2304.04487): its next tokens are proposed at once, one forward pass judges them all, and those stay that the model would have chosen
anyway. What comes out is what the model says without it, but for rounding: a pass over several tokens rounds a little otherwise, so of two
tokens that are nearly as probable the other may come. Only the time is meant to differ.

The user's own texts are a second source: where the rewrite leaves the draft, it often says what the user says.

How many to propose follows from how often proposals came true lately, and from what a longer pass costs. A source that was right about the
last token, or has the last few as they stand, will mostly be right about the next (rate r), another mostly will not (rate s). So n
proposals give on average 1 + f (1 - r^n) / (1 - r) tokens, f being r or s, and take the price of a pass over n + 1 tokens; the n with the
most tokens for its price is chosen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from rpo_edge.runtimes.base import Options

WIDEST = 24
_MEMORY = 0.9  # weight of the tokens before, at each new one
_NEAR = 24  # tokens; so far from where the text stood, one token in common is enough
_LONGEST = 8  # tokens in common that are told apart
_QUOTED = 3  # tokens in common that show where a text stands; fewer are not enough to follow another source than the first
_SURE = 0.99  # the most that a rate is taken for
_BREAK = -1  # stands between sources, and is no token


@dataclass(frozen=True, slots=True)
class Prices:
    """What a pass over so many tokens costs, in passes over one; between the widths it is taken to be straight.

    They are constants, not measured as it goes: how tokens are grouped into passes decides how they round, and the same prompt is to
    say the same each time.
    """

    widths: tuple[int, ...]
    costs: tuple[float, ...]

    def table(self) -> list[float]:
        """Of a pass with 0 to WIDEST proposals."""
        return [float(cost) for cost in np.interp(range(1, WIDEST + 2), self.widths, self.costs)]


# `python -m bench decode` prints them; two cores, 135 million weights in 4 bits.
LLAMA = Prices((1, 2, 3, 4, 6, 8, 12, 16, 24), (1.0, 1.58, 1.91, 2.18, 3.16, 3.14, 4.14, 4.33, 6.54))
ONNX = Prices((1, 2, 3, 4, 6, 8, 12, 16, 24), (1.0, 1.14, 1.29, 1.44, 1.80, 2.15, 2.79, 3.31, 4.67))


@dataclass(slots=True)
class _Rate:
    """Of what came true lately."""

    hits: float
    tries: float

    def add(self, hit: bool) -> None:
        self.hits, self.tries = self.hits * _MEMORY + hit, self.tries * _MEMORY + 1

    @property
    def value(self) -> float:
        return min(_SURE, self.hits / self.tries)


@dataclass(slots=True)
class _Rates:
    """Of tokens after one that was right, and after one that was not."""

    after_hit: _Rate = field(default_factory=lambda: _Rate(4.0, 5.0))
    after_miss: _Rate = field(default_factory=lambda: _Rate(1.0, 2.0))

    def of(self, hit: bool) -> _Rate:
        return self.after_hit if hit else self.after_miss


class Copier:
    """Follows a text through its sources. source: token ids of what it is made from; others: of texts that it may quote."""

    def __init__(self, source: Sequence[int], others: Sequence[Sequence[int]] = (), prices: Prices = LLAMA) -> None:
        self._source = [*source, *(token for other in others for token in (_BREAK, *other))]
        self._own, self._prices = len(source), prices.table()
        self._places: dict[int, list[int]] = defaultdict(list)
        for place, token in enumerate(self._source):
            self._places[token].append(place)
        self._at = 0  # the place in the sources whose token should come next
        self._left = 0  # the place in the first source where the text went on to quote another
        self._tail: list[int] = []
        self._rates, self._hit = _Rates(), True

    @property
    def place(self) -> int | None:
        """Where in the first source the text stands, if its last token was the source's there; the next token is that of this place."""
        return self._at if self._hit and self._at <= self._own else None

    def add(self, token: int) -> None:
        """The text has one token more."""
        hit = self._at < len(self._source) and self._source[self._at] == token
        self._rates.of(self._hit).add(hit)
        self._tail = [*self._tail[1 - _LONGEST :], token]
        match, self._at = (1, self._at + 1) if hit else self._found(token)
        self._hit = hit or match >= _QUOTED

    def proposed(self) -> list[int]:
        """The source's next tokens, as many as pay."""
        found = self._source[self._at : self._at + self._width()]
        return found[: found.index(_BREAK)] if _BREAK in found else found

    def _found(self, token: int) -> tuple[int, int]:
        """Where the text goes on: after the longest match of its last tokens, of several the nearest; else as if one token was replaced.

        The length of that match, and the place.
        """
        at = self._at if self._at <= self._own else self._left
        best, key = min(at + 1, self._own), (1, -_NEAR)
        for place in self._places.get(token, ()):
            match = self._match(place)
            if place < self._own or match >= _QUOTED:
                key, best = max((key, best), ((match, -abs(place - at) if place < self._own else -self._own - place), place + 1))
        self._left = at + 1 if best > self._own else self._left
        return key[0], best

    def _match(self, place: int) -> int:
        """How many of the text's last tokens end at a place of the sources."""
        match = 1
        while match < len(self._tail) and place >= match and self._source[place - match] == self._tail[-1 - match]:
            match += 1
        return match

    def _width(self) -> int:
        then = self._rates.after_hit.value
        first = self._rates.of(self._hit).value
        gains = [(1 + first * (1 - then**n) / (1 - then)) / price for n, price in enumerate(self._prices)]
        return gains.index(max(gains))


def copier(options: Options, tokens: Callable[[str], Sequence[int]], prices: Prices) -> Copier | None:
    """What proposes for a text with these options; none without sources."""
    if not (options.source or options.others):
        return None
    return Copier(tokens(options.source), [tokens(other) for other in options.others], prices)
