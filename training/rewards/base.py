"""What a reward is: a pure function of a batch of rollouts, one number in [0, 1] for each; None where it cannot be scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rpo_edge.records import Edit, Observation, StyleProfile


@dataclass(frozen=True)
class Rollout:
    """One sampled reflection and rewrite of a draft, and what it is judged by.

    rewrite: None where the completion was no trajectory's end. observations: None where the reflector writes none that could be
    judged (an edit reflector's are made from its edits). profile: the user's, with stated preferences. texts: of the user's private
    history. others: texts of other people of the same place, to tell what is the user's alone. gold and task: the reference and its LaMP
    task ("LaMP-3"), where there is one. edits: what led from the draft to the rewrite, None where that must be found by aligning them.
    """

    draft: str
    rewrite: str | None
    observations: tuple[Observation, ...] | None = None
    profile: StyleProfile = field(default_factory=StyleProfile)
    texts: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    query: str | None = None
    gold: str | None = None
    task: str | None = None
    edits: tuple[Edit, ...] | None = None


Reward = Callable[[Sequence[Rollout]], list[float | None]]
