"""Which of the places that an encoder would change do change: of each family as many as its probabilities add up to."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rpo_edge.records import Edit

LEAST = 0.2
"""Places less probable than this neither change nor count: they are noise, and many."""


@dataclass(frozen=True)
class Place:
    """One choice: the best operation at a word or at the marks after it, and the probability that anything changes there."""

    probability: float
    number: int
    edit: Edit

    def shifted(self, offset: float) -> Place:
        """The same place where every operation's logit is larger by `offset`."""
        odds = self.probability / max(1e-9, 1 - self.probability) * math.exp(offset)
        return replace(self, probability=odds / (1 + odds))


def choose(places: Iterable[Place], families: Sequence[str], least: float = LEAST) -> list[Place]:
    """Of each family as many places as its probabilities add up to, the most probable first; the surest of all first.

    families: by operation number less 1.
    """
    return choose_on(places, families, {}, least)[0]


def choose_on(
    places: Iterable[Place], families: Sequence[str], carry: Mapping[str, float], least: float = LEAST, strength: float = 1.0
) -> tuple[list[Place], dict[str, float]]:
    """`choose` where a text comes in parts: what rounding left of each family so far is added, and what is left now comes back.

    strength: of what the probabilities add up to, the part that changes.
    """
    by_family: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        if place.probability >= least:
            by_family[families[place.number - 1]].append(place)
    chosen, left = [], dict(carry)
    for name, group in by_family.items():
        group.sort(key=lambda place: (-place.probability, place.edit.start))
        total = strength * sum(place.probability for place in group) + carry.get(name, 0.0)
        part = group[: int(total + 0.5)]
        left[name] = total - len(part)
        chosen += part
    return sorted(chosen, key=lambda place: -place.probability), left
