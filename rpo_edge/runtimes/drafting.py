"""Copying: which tokens come next, if a text goes on as the one that it is made from.

A rewrite mostly copies its draft, so the draft itself is the cheapest model of what comes next (prompt lookup decoding, after
arXiv 2304.04487): its next tokens are proposed at once, one forward pass judges them all, and those stay that the model would have chosen
anyway. What comes out is what the model says without it, but for rounding: a pass over several tokens rounds a little otherwise, so of two
tokens that are nearly as probable the other may come. Only the time is meant to differ.

How many to propose follows from how often proposals came true lately (r) and from what a longer pass costs. A pass over n + 1 tokens
takes 1 + n * COST times one over a single token, and n proposals give (1 - r^(n+1)) / (1 - r) tokens on average.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

COST = 0.23
"""Of one more token in a pass, in passes of one token, on two cores."""
WIDEST = 24
_MEMORY = 0.9  # weight of the tokens before, at each new one
_NEAR = 24  # tokens; so far from where the text stood, one token in common is enough
_LONGEST = 8  # tokens in common that are told apart


class Copier:
    """Follows a text through its source. source: token ids; cost: see COST."""

    def __init__(self, source: Sequence[int], cost: float = COST) -> None:
        self._source, self._cost = list(source), cost
        self._places: dict[int, list[int]] = defaultdict(list)
        for place, token in enumerate(self._source):
            self._places[token].append(place)
        self._at = 0  # the place in the source whose token should come next
        self._tail: list[int] = []
        self._hits, self._tries = 2.0, 3.0

    def add(self, token: int) -> None:
        """The text has one token more."""
        hit = self._at < len(self._source) and self._source[self._at] == token
        self._hits, self._tries = self._hits * _MEMORY + hit, self._tries * _MEMORY + 1
        self._tail = [*self._tail[1 - _LONGEST :], token]
        self._at = self._at + 1 if hit else self._found(token)

    def proposed(self) -> list[int]:
        """The source's next tokens, as many as pay."""
        return self._source[self._at : self._at + self._width()]

    def _found(self, token: int) -> int:
        """Where the text goes on: after the longest match of its last tokens, of several the nearest; else as if one token was replaced."""
        best, key = self._at + 1, (1, -_NEAR)
        for place in self._places.get(token, ()):
            match = 1
            while match < len(self._tail) and place >= match and self._source[place - match] == self._tail[-1 - match]:
                match += 1
            key, best = max((key, best), ((match, -abs(place - self._at)), place + 1))
        return best

    def _width(self) -> int:
        rate = min(0.99, self._hits / self._tries)
        gains = [(1 - rate ** (n + 1)) / (1 - rate) / (1 + n * self._cost) for n in range(WIDEST + 1)]
        return gains.index(max(gains))
