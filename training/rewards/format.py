"""format: the completion was a trajectory's end, and its reflection says what the rewrite did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rpo_edge.records import Observation
from rpo_edge.steps.observe import observe
from training.rewards.base import Rollout


def format(rollouts: Sequence[Rollout]) -> list[float | None]:
    """0.0 where there is no rewrite; 1.0 where there is and the reflector writes no reflection; else how truly it reflects.

    That is F1 (van Rijsbergen 1979) between the (feature, action) pairs that were written and those that `observe` finds between draft
    and rewrite; 1.0 where both are none. A pair that is written twice is right once. Rates that the reflection gives are not judged.
    """
    return [_truth(rollout) for rollout in rollouts]


def _truth(rollout: Rollout) -> float:
    if rollout.rewrite is None:
        return 0.0
    if rollout.observations is None:
        return 1.0
    written, done = _pairs(rollout.observations), _pairs(observe(rollout.draft, rollout.rewrite, rollout.profile))
    if not written and not done:
        return 1.0
    return 2 * (written & done).total() / (written.total() + done.total())


def _pairs(observations: Iterable[Observation]) -> Counter[tuple[str, str]]:
    return Counter((observation.feature, observation.action) for observation in observations)
