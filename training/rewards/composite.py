"""composite: one number for a rollout, of many rewards."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.rewards.base import Reward, Rollout

GATES = ("fidelity", "leak")
"""Where one of these is 0.0, nothing else makes good for it. They are asked whatever they weigh, if the table has them."""


@dataclass(frozen=True)
class Scores:
    """What a batch is worth: totals, one for each rollout; parts, for the logs: reward's name -> its values."""

    totals: list[float]
    parts: Mapping[str, list[float | None]]


@dataclass(frozen=True)
class Composite:
    """A weighted mean over the parts that could be scored; 0.0 where a gate is 0.0, the rewrite is None, or nothing was scored.

    weights: by name, 0 or more; what has no name here weighs nothing. table: rewards by name. Raises ValueError for a name that
    the table lacks, for a weight below 0, and if nothing weighs anything.
    """

    weights: Mapping[str, float]
    table: Mapping[str, Reward]

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.weights) - set(self.table)):
            raise ValueError(f"no reward is called {', '.join(map(repr, unknown))}; there are: {', '.join(sorted(self.table))}")
        if not all(0 <= weight < math.inf for weight in self.weights.values()) or not any(self.weights.values()):
            raise ValueError("weights are finite and 0 or more, and one of them is more than 0")

    def __call__(self, rollouts: Sequence[Rollout]) -> list[float]:
        """One number in [0, 1] for each rollout."""
        return self.scores(rollouts).totals

    def scores(self, rollouts: Sequence[Rollout]) -> Scores:
        """The same with the values of each part. Raises ValueError where a reward gives not one value for each rollout."""
        names = [name for name in self.table if self.weights.get(name) or name in GATES]
        parts = {name: self.table[name](rollouts) for name in names}
        for name, values in parts.items():
            if len(values) != len(rollouts):
                raise ValueError(f"{name} gives {len(values)} values for {len(rollouts)} rollouts")
        rows = [{name: values[i] for name, values in parts.items()} for i in range(len(rollouts))]
        return Scores([self._total(rollout, row) for rollout, row in zip(rollouts, rows, strict=True)], parts)

    def _total(self, rollout: Rollout, row: Mapping[str, float | None]) -> float:
        if rollout.rewrite is None or any(row.get(gate) == 0.0 for gate in GATES):
            return 0.0
        scored = [(self.weights.get(name, 0.0), value) for name, value in row.items() if value is not None]
        whole = sum(weight for weight, _ in scored)
        return sum(weight * value for weight, value in scored) / whole if whole else 0.0
