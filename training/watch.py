"""An eye on a run that its rewards do not have: who wrote it, says a character n-gram classifier, and what does the guard take back?

How the watched drafts are rewritten is said beside each kind's trainer (`edit/watch.py`, `generative/watch.py`).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rpo_edge.segment import sentences
from rpo_edge.usage import Array
from training.classifier import Classifier, suspects
from training.trajectories.base import LONGEST, Author, excerpt

TEXTS = 40
"""Texts of a user that make the profile."""


@dataclass(frozen=True)
class Watched:
    """Users of one source and drafts that no step may use."""

    users: list[Author]
    drafts: list[str]
    centre: list[str]

    @classmethod
    def of(cls, people: Sequence[Author], drafts: Sequence[str], size: int = 60, seed: int = 5) -> Watched:
        """The suspects of the source that has most people; of the drafts `size`, at most a third, and as many to centre by.

        Raises ValueError where there are fewer than three drafts.
        """
        size = min(size, len(drafts) // 3)
        if not size:
            raise ValueError(f"a watch takes two drafts of three at most, and there are {len(drafts)}")
        chosen = random.Random(seed).sample(drafts, 2 * size)
        return cls(suspects(people), chosen[:size], chosen[size:])

    def rest(self, people: Sequence[Author], drafts: Sequence[str]) -> tuple[list[Author], list[str]]:
        """Whom and what a run may learn from. Raises ValueError where that is nobody or nothing."""
        names, kept = {user.name for user in self.users}, set(self.drafts)
        others, free = [author for author in people if author.name not in names], sorted(set(drafts) - kept)
        if not others or not free:
            raise ValueError(
                f"{len(names)} users and {len(kept)} drafts are watched, which leaves {len(others)} and {len(free)} to learn from"
            )
        return others, free


class Rewritten(NamedTuple):
    """A watched draft as its user would get it. edits: that the guard let through; reverted: sentences that it took back."""

    text: str
    edits: int
    reverted: int


@dataclass(frozen=True)
class Seen:
    """One look. probabilities: (drafts,) of the user for whom a draft was rewritten; reverted: sentences of a hundred."""

    probabilities: Array
    named: float
    reverted: float
    edits: float

    def row(self) -> dict[str, float]:
        """For the log."""
        mean = float(self.probabilities.mean())
        return {
            "probability": round(mean, 4),
            "named": round(self.named, 4),
            "reverted": round(self.reverted, 3),
            "edits": round(self.edits, 2),
        }


class Watch:
    """The watched drafts, one for each of the users in turn; whoever inherits it rewrites them as a device would."""

    def __init__(self, watched: Watched) -> None:
        self._users = watched.users
        self._classifier = Classifier([user.texts for user in watched.users])
        rng = random.Random(1)
        self._drafts = [excerpt(draft, LONGEST, rng) for draft in watched.drafts]
        self._classifier.centre([excerpt(draft, LONGEST, rng).text for draft in watched.centre])
        self._first: Seen | None = None

    def seen(self, rewritten: Sequence[Rewritten]) -> Seen:
        """A look at all drafts. The first is what later ones are held against."""
        found = self._classifier.probabilities([one.text for one in rewritten])
        who = np.arange(len(rewritten)) % len(self._users)
        whole = sum(len(sentences(draft.text)) for draft in self._drafts)
        reverted, edits = (sum(values) for values in zip(*((one.reverted, one.edits) for one in rewritten), strict=True))
        seen = Seen(
            found[np.arange(len(rewritten)), who],
            float((found.argmax(axis=1) == who).mean()),
            100 * reverted / whole,
            edits / len(rewritten),
        )
        self._first = self._first or seen
        return seen

    def first(self) -> dict[str, Any] | None:
        """The first look, if there was one, for a run's state."""
        return self._first and self._first.__dict__ | {"probabilities": self._first.probabilities.tolist()}

    def recall(self, first: dict[str, Any]) -> None:
        """Hold later looks against that one: a run that goes on began before."""
        self._first = Seen(**first | {"probabilities": np.array(first["probabilities"])})

    def objection(self, seen: Seen, risen: float) -> str | None:
        """Why a run whose reward rose by so much must stop: against the first look, and beyond what chance explains (95%)."""
        first = self._first
        if first is None or risen <= 0:
            return None
        change = seen.probabilities - first.probabilities
        error = 1.96 * float(change.std()) / max(1, len(change)) ** 0.5
        if change.mean() + error < 0:
            return f"the reward rose by {risen:.3f}, but the user's probability fell by {-change.mean():.4f}"
        if seen.reverted > 1.5 * first.reverted + 1:
            return f"the reward rose by {risen:.3f}, but the guard takes back {seen.reverted:.1f} sentences of a hundred, not {first.reverted:.1f}"
        return None
