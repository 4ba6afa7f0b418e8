"""How far the rate of a habit is from the user's own, in a draft and in what became of it.

Unit: the sites of a text that would have to be otherwise (total variation of the shares of a feature's variants, times its sites). So features add up,
and what a rewrite closes of the draft's distance can be compared for whichever history it was made with: the user's rates and the draft are the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rpo_edge.records import StyleProfile
from rpo_edge.steps.profile import counts_of, distribution, measure, totals_by_name
from rpo_edge.steps.registers import in_register

RATED = (
    "contraction",
    "connective_contrast",
    "connective_addition",
    "connective_result",
    "register",
    "exclamation",
    "clause_comma",
    "dash",
    "announcement",
    "conclusion",
    "example",
    "that_clause",
)
"""Features whose rates are looked at."""

Distances = Mapping[str, tuple[float, float]]
"""feature -> (distance, sites) of a text, of the features that both it and the user show."""


class Rates:
    """A user's rates. A text is measured once."""

    def __init__(self, profile: StyleProfile) -> None:
        counts = counts_of(in_register(profile, ""))
        totals = totals_by_name(counts)
        self._own = {name: own for name in RATED if (own := distribution(name, counts, totals))}
        self._known: dict[str, Distances] = {}

    def distances(self, text: str) -> Distances:
        """Of the text to these rates."""
        if text not in self._known:
            seen = totals_by_name(measure(text))
            self._known[text] = {name: _distance(seen[name], own) for name, own in self._own.items() if seen.get(name)}
        return self._known[text]


def _distance(seen: Mapping[str, float], own: Mapping[str, float]) -> tuple[float, float]:
    whole = sum(seen.values())
    return sum(abs(seen.get(variant, 0.0) - own.get(variant, 0.0) * whole) for variant in own.keys() | seen) / 2, whole


def closed(before: Distances, after: Distances, features: Collection[str] = RATED) -> tuple[float, float]:
    """(distance closed, distance before) of some features together. What a rewrite has no site of is at no distance."""
    start = sum(before[name][0] for name in features if name in before)
    return start - sum(after[name][0] for name in features if name in after), start
