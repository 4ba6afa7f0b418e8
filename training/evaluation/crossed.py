"""Controls that give a reflector one part of what there is of a user, and another part of what there is of somebody else.

What a reflector goes by differs from kind to kind, and so do its parts: a row of CROSSED.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from rpo_edge.records import StyleProfile
from rpo_edge.steps.retrieve import retrieve
from training.evaluation.known import Memory
from training.evaluation.material import SEED
from training.users import Known, stored

RETRIEVED = 3
"""Texts that stand for the snippets of an encoder's window (256 pieces)."""
OTHER_TEXTS = "right profile, another's texts"


@dataclass(frozen=True)
class Row:
    """A draft, what there is for it of its author and of another user, and all that the author has."""

    draft: str
    own: Known
    other: Known
    mine: Memory


def _counts(row: Row) -> dict[str, Known]:
    """Of a reflector that reads no texts: the habits that rules reads of one, the counts of sides of another, or of a few texts."""
    mine, own, other = row.mine, row.own.profile, row.other.profile
    texts = [text for text in mine.library.author.texts if text != mine.without]
    near = _near(row.draft, mine)
    lot = random.Random(f"{SEED}{row.draft}").sample(texts, len(near))
    profiles = {
        "right habits, another's counts": _crossed(own, other),
        "another's habits, right counts": _crossed(other, own),
        f"right habits, counts of {RETRIEVED} texts by lot": _crossed(own, mine.library.memory(only=lot).profile),
        f"right habits, counts of {RETRIEVED} retrieved texts": _crossed(own, mine.library.memory(only=near).profile),
    }
    return {name: row.own._replace(profile=profile) for name, profile in profiles.items()}


def _near(draft: str, mine: Memory) -> list[str]:
    """What a store of the author's texts retrieves by words and date alone, without the one that the draft was made of."""
    store, _ = stored(mine.library.author.texts)
    with store:
        items = retrieve(store, draft, k=RETRIEVED + 1).items
    return [item.text for item in items if item.text != mine.without][:RETRIEVED]


def _crossed(habits: StyleProfile, counts: StyleProfile) -> StyleProfile:
    return replace(habits, habits={**habits.habits, "sides": counts.habits["sides"]})


def _texts(row: Row) -> dict[str, Known]:
    """Of a reflector that reads texts: the profile of one, the texts of another. The guard keeps back the words of whose texts are read."""
    own, other = row.own, row.other
    return {
        OTHER_TEXTS: other._replace(profile=own.profile),
        "another's profile, right texts": own._replace(profile=other.profile),
    }


CROSSED: dict[str, Callable[[Row], dict[str, Known]]] = {"edit": _counts, "generative": _texts}
"""Kind of reflector -> name of the control, but for the kind -> what is told."""
