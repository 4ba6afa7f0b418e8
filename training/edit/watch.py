"""The watch (`training/watch.py`) over the edit reflector."""

from __future__ import annotations

from collections.abc import Sequence

from rpo_edge.history import SIDES, Counter
from rpo_edge.records import StyleProfile
from rpo_edge.reflectors.edit import EditReflector
from rpo_edge.steps.profile import measure
from training import watch
from training.trajectories.base import profile_of, summed
from training.users import Runs, rewritten


class Watch(watch.Watch):
    """Rewrites each draft with the profile of its user, of whose texts nothing is shown and nothing could leak."""

    def __init__(self, watched: watch.Watched, counter: Counter) -> None:
        super().__init__(watched)
        self._profiles = [_profile(user.texts[: watch.TEXTS], counter) for user in watched.users]

    def look(self, reflector: EditReflector) -> watch.Seen:
        """All drafts once."""
        found = []
        runs: Runs = set()
        for i, draft in enumerate(self._drafts):
            made = rewritten(reflector, draft.text, self._profiles[i % len(self._profiles)], runs)
            found.append(watch.Rewritten(made.text, len(made.edits), made.reverted))
        return self.seen(found)


def _profile(texts: Sequence[str], counter: Counter) -> StyleProfile:
    return profile_of(summed({**measure(text), SIDES: counter.count(text)} for text in texts), len(texts))
