"""task: how well a rewrite does its LaMP task, by the task's own metric, question by question.

    labels (LaMP-1, LaMP-2)             1 where it is the gold, apart from white space at the ends; else 0
    ratings (LaMP-3)                    1 - |error| / 4, the error in points of a scale from 1 to 5; 0 where that is negative
    texts (LaMP-4, -5, -7 and pairs)    ROUGE-1, F-measure

A rating that cannot be read earns 0, while the official MAE puts it at the farther end of the scale: with a gold of 3 that would be
half a reward for anything at all.
"""

from __future__ import annotations

from collections.abc import Sequence

from training.lamp.metrics import HIGHEST, LABELS, LOWEST, RATINGS, number, plain_name, rating_error, rouge
from training.rewards.base import Rollout


def task(rollouts: Sequence[Rollout]) -> list[float | None]:
    """Rewards in [0, 1]; None without task or gold, 0 without a rewrite. Raises ValueError where a task is unknown."""
    return [_reward(rollout) for rollout in rollouts]


def _reward(rollout: Rollout) -> float | None:
    if rollout.task is None or rollout.gold is None:
        return None
    name, gold = plain_name(rollout.task), rollout.gold.strip()
    if rollout.rewrite is None:
        return 0.0
    text = rollout.rewrite.strip()
    if name in LABELS:
        return float(text == gold)
    return _rating(text, gold) if name in RATINGS else rouge(text, gold)[0]


def _rating(text: str, gold: str) -> float:
    error = rating_error(text, gold)
    return 0.0 if number(text) is None else max(0.0, 1 - error / (HIGHEST - LOWEST))
