"""What a prompt of reinforcement is made of, and what a completion of it says."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rpo_edge.records import HistoryItem, StyleProfile
from rpo_edge.steps.preferences import VALUES
from rpo_edge.steps.profile import measure
from training.generative import text
from training.rewards import Rollout
from training.trajectories.base import Author, Excerpt, profile_of, summed

STATED = VALUES | {
    "greeting": ("Hello,", "Hey!", "Good morning,", "none"),
    "sign_off": ("Regards", "Thanks!", "All the best,", "none"),
}
"""What a user may state, by key. Greetings and sign-offs are other ones than the evaluation's."""

MOST = 2
"""Preferences that are stated at once."""


@dataclass(frozen=True)
class Asked:
    """What a prompt was made of; rewards need it."""

    prompt: str
    rollout: Rollout


def user(known: Sequence[str], preferences: dict[str, str] | None = None) -> StyleProfile:
    """The profile of somebody of whom these texts are known, and who states this."""
    return replace(profile_of(summed(map(measure, known)), len(known)), preferences=preferences or {})


def stated(rng: random.Random) -> dict[str, str]:
    """One to MOST preferences by lot, each key and each of its values as likely as the others."""
    return {key: rng.choice(STATED[key]) for key in rng.sample(list(STATED), rng.randint(1, MOST))}


def ask(
    base: text.Base,
    draft: Excerpt,
    author: Author,
    profile: StyleProfile,
    known: tuple[str, ...],
    items: int,
    fits: Callable[[str], bool] = lambda prompt: True,
) -> Asked | None:
    """The prompt for a draft that shows the first `items` of an author's known texts, or as many as fit; None where the draft alone does not."""
    shown = [HistoryItem(item, author.source, id=i) for i, item in enumerate(known[:items])]
    prompt = base.form.fitted(draft.text, profile, shown, None, fits, draft.around)
    return None if prompt is None else Asked(prompt, Rollout(draft.text, None, None, profile, known))


def judged(base: text.Base, one: Rollout, completion: str) -> Rollout:
    """The rollout with what the model wrote; without a rewrite where that is no whole answer."""
    answer, ended, _ = completion.partition(base.end)
    try:
        observations, rewrite = base.form.read(answer, one.draft) if ended else (None, None)
    except ValueError:
        observations, rewrite = None, None
    return replace(one, rewrite=rewrite, observations=observations)
