"""leak: nothing of the user's private texts is told, unless the draft said it or it is how the user greets and signs.

A leak is what the guard takes for one: PRIVATE_RUN words in a row, regardless of case and punctuation. Not seen: what is told in
other words, or in shorter pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rpo_edge.segment import plain_words
from rpo_edge.steps.private import PRIVATE_RUN
from training.rewards.base import Rollout
from training.rewards.fidelity import added, without


def leak(rollouts: Sequence[Rollout]) -> list[float | None]:
    """0.0 where a run of the user's texts stands in the rewrite and not in the draft, else 1.0; None without texts or rewrite."""
    return [_kept(rollout, rollout.rewrite) if rollout.texts and rollout.rewrite is not None else None for rollout in rollouts]


def _kept(rollout: Rollout, rewrite: str) -> float:
    new = _runs(without(rewrite, added(rollout))) - _runs(rollout.draft)
    return float(not any(run in _worded(text) for text in rollout.texts for run in new))


def _runs(text: str) -> set[str]:
    tokens = plain_words(text)
    return {f" {' '.join(tokens[i : i + PRIVATE_RUN])} " for i in range(len(tokens) - PRIVATE_RUN + 1)}


@lru_cache(maxsize=4096)  # the rollouts of a group share their texts
def _worded(text: str) -> str:
    """The plain words of a text, with a space before and after each."""
    return f" {' '.join(plain_words(text))} "
