"""An eye on a run that its rewards do not have: who wrote it, says a character n-gram classifier, and what does the guard take back?"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rpo_edge.history import SIDES, Counter
from rpo_edge.records import StyleProfile
from rpo_edge.reflectors.edit import EditReflector
from rpo_edge.segment import sentences
from rpo_edge.steps.profile import measure
from rpo_edge.usage import Array
from training.classifier import Classifier, suspects
from training.trajectories.base import LONGEST, Author, passage, profile_of, summed
from training.users import Runs, rewritten

_TEXTS = 40  # of a user


@dataclass(frozen=True)
class Watched:
    """Users of one source and drafts that no step may use."""

    users: list[Author]
    drafts: list[str]
    centre: list[str]

    @property
    def names(self) -> set[str]:
        """Of the users."""
        return {user.name for user in self.users}

    @classmethod
    def of(cls, people: Sequence[Author], drafts: Sequence[str], size: int = 60, seed: int = 5) -> Watched:
        """The suspects of the source that has most people; of the drafts `size`, and as many to centre by."""
        chosen = random.Random(seed).sample(drafts, min(2 * size, len(drafts)))
        return cls(suspects(people), chosen[:size], chosen[size:])


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
    """Rewrites the watched drafts as a device would, each for one of the users in turn."""

    def __init__(self, watched: Watched, counter: Counter) -> None:
        self._watched = watched
        self._classifier = Classifier([user.texts for user in watched.users])
        rng = random.Random(1)
        self._drafts = [passage(draft, LONGEST, rng) for draft in watched.drafts]
        self._classifier.centre([passage(draft, LONGEST, rng) for draft in watched.centre])
        self._profiles = [_profile(user.texts[:_TEXTS], counter) for user in watched.users]
        self._first: Seen | None = None

    def look(self, reflector: EditReflector) -> Seen:
        """All drafts once."""
        texts, reverted, edits, whole = [], 0, 0, 0
        profiles = self._profiles
        runs: Runs = set()
        for i, draft in enumerate(self._drafts):
            text, kept, back = rewritten(reflector, draft, profiles[i % len(profiles)], runs)
            texts.append(text)
            reverted, edits, whole = reverted + back, edits + len(kept), whole + len(sentences(draft))
        found = self._classifier.probabilities(texts)
        who = np.arange(len(texts)) % len(profiles)
        seen = Seen(
            found[np.arange(len(texts)), who], float((found.argmax(axis=1) == who).mean()), 100 * reverted / whole, edits / len(texts)
        )
        self._first = self._first or seen
        return seen

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


def _profile(texts: Sequence[str], counter: Counter) -> StyleProfile:
    return profile_of(summed({**measure(text), SIDES: counter.count(text)} for text in texts), len(texts))
