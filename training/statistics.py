"""Bootstrap intervals over groups: the unit that varies is the author, not the text."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")
_Sum = tuple[float, float]
"""Numerator and denominator of one group."""


class Interval(NamedTuple):
    """A mean with its 95% interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap(groups: Mapping[str, Sequence[tuple[float, float]]], samples: int = 1000, seed: int = 0) -> Interval:
    """Ratio of sums of (numerator, denominator) pairs, resampling whole groups; percentile interval."""
    return _interval(_sums(groups), _ratio, samples, seed)


def bootstrap_gain(
    one: Mapping[str, Sequence[tuple[float, float]]], other: Mapping[str, Sequence[tuple[float, float]]], samples: int = 1000, seed: int = 0
) -> Interval:
    """One ratio of sums less the other, of the same groups, drawn together: for measures such as F0.5, whose denominators differ, too."""

    def gain(chosen: Sequence[tuple[_Sum, _Sum]]) -> float:
        return _ratio([a for a, _ in chosen]) - _ratio([b for _, b in chosen])

    return _interval(list(zip(_sums(one), _sums(other), strict=True)), gain, samples, seed)


def _sums(groups: Mapping[str, Sequence[tuple[float, float]]]) -> list[_Sum]:
    return [(sum(a for a, _ in pairs), sum(b for _, b in pairs)) for _, pairs in sorted(groups.items())]


def _ratio(sums: Sequence[_Sum]) -> float:
    return sum(a for a, _ in sums) / max(1e-12, sum(b for _, b in sums))


def _interval(groups: list[T], statistic: Callable[[Sequence[T]], float], samples: int, seed: int) -> Interval:
    rng = random.Random(seed)
    drawn = sorted(statistic(rng.choices(groups, k=len(groups))) for _ in range(samples))
    return Interval(statistic(groups), drawn[int(0.025 * samples)], drawn[int(0.975 * samples) - 1])


def rouge(text: str, reference: str) -> tuple[float, float]:
    """ROUGE-1 and ROUGE-L F1 over lower-cased whitespace tokens (Lin 2004), no stemming."""
    a, b = text.lower().split(), reference.lower().split()
    if not a or not b:
        return (float(a == b),) * 2
    common = sum((Counter(a) & Counter(b)).values())
    row = [0] * (len(b) + 1)
    for token in a:
        previous = 0
        for j, other in enumerate(b, 1):
            previous, row[j] = row[j], previous + 1 if token == other else max(row[j], row[j - 1])
    return 2 * common / (len(a) + len(b)), 2 * row[-1] / (len(a) + len(b))
