"""Rewards: what a rewrite is worth. One pure function a file, one row in REWARDS; `composite.py` makes one number of them.

`style.py` needs an encoder, so it has no row: `table` takes what was made of one.
"""

from __future__ import annotations

from training.rewards import fidelity, format, leak, likelihood, preferences, task
from training.rewards.base import Reward, Rollout
from training.rewards.composite import Composite, Scores

REWARDS: dict[str, Reward] = {
    "fidelity": fidelity.fidelity,
    "preferences": preferences.preferences,
    "format": format.format,
    "leak": leak.leak,
    "likelihood": likelihood.likelihood,
    "task": task.task,
}


def table(style: Reward | None = None) -> dict[str, Reward]:
    """The rewards by name, with that of style where there is one."""
    return REWARDS | ({"style": style} if style else {})


__all__ = ["REWARDS", "Composite", "Reward", "Rollout", "Scores", "table"]
