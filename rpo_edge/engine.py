"""What every rewrite has in common, in paragraphs or sentence by sentence: history and reflector, what is read for a draft, and the guard."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rpo_edge.features.letters import SIGN_OFF, without_lines
from rpo_edge.history import History
from rpo_edge.records import Edit, Evidence, StyleProfile, Verdict
from rpo_edge.reflectors.base import Citing, Reflector, Remembering
from rpo_edge.steps.guard import guard
from rpo_edge.steps.preferences import stated_rates
from rpo_edge.steps.retrieve import Mix, retrieve
from rpo_edge.store.part import Part
from rpo_edge.store.states import KeptStates

WINDOW_WORDS = 120
"""A window of paragraphs is filled up to about so many words, and a sentence has so many before it."""

EMPTY_HISTORY = "the history is empty, so the draft is unchanged; add texts of yours with: rpo-edge history import PATH"
NOT_ENGLISH = "the draft is not English, so it is unchanged"
PARTLY_ENGLISH = "parts of the draft are not English, so they are unchanged"


class Clock:
    """Milliseconds by step."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.spent[step] = round(self.spent.get(step, 0.0) + (time.perf_counter() - begun) * 1000, 3)


def is_empty(history: History | Part) -> bool:
    """Whether there is nothing to go by: no texts, and no stated preferences."""
    return len(history) == 0 and not history.preferences()


@dataclass(frozen=True, slots=True)
class Material:
    """What one rewrite goes by. states: where its reflector may keep what it makes of that, if it does so."""

    profile: StyleProfile
    evidence: Evidence
    states: KeptStates | None


@dataclass(frozen=True)
class Engine:
    """What rewrites have in common.

    history: all texts, or those of one source or kind. notices: of the reflector's choice. strength: see `Window`. lock: held while model
    and store are used.
    """

    history: History | Part
    reflector: Reflector
    mix: Mix
    notices: tuple[str, ...] = ()
    strength: float = 1.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def material(self, draft: str, query: str | None, k: int, clock: Clock) -> Material:
        """What a rewrite goes by."""
        states = self.history.states() if isinstance(self.reflector, Remembering) else None  # before the rest is read, see there
        with clock("profile"):
            profile = self.history.profile(self.reflector.counter)
        shown = None if isinstance(self.reflector, Citing) else profile  # nobody needs texts that show each habit
        with clock("retrieve"):
            return Material(profile, retrieve(self.history, draft, query, k, shown, self.mix), states)

    def remember(self, material: Material) -> None:
        """Before the reflector sees this material."""
        if isinstance(self.reflector, Remembering):
            self.reflector.remember(material.states)


def guarded(
    draft: str, edits: Sequence[Edit], profile: StyleProfile, is_private: Callable[[Sequence[str]], bool]
) -> tuple[list[Edit], Verdict]:
    """What the guard leaves of a reflector's edits for this user. is_private: whether a run of words stands in their history."""
    return guard(draft, edits, is_private, own_phrases(profile), unwanted(profile))


def unwanted(profile: StyleProfile) -> frozenset[str]:
    """Features of which the user stated that they want none: greeting, sign-off, headings, bullets…"""
    return frozenset(name for name, rates in stated_rates(profile.preferences).items() if rates == {"none": 1.0})


def own_phrases(profile: StyleProfile) -> tuple[str, ...]:
    """Greetings and sign-offs of the user's, with the name and without it: the only texts that may be added as they stand."""
    found = [v for key, habit in profile.habits.items() if key.partition(":")[0] in ("greeting", "sign_off") for v in habit.counts]
    found += [profile.preferences[name] for name in ("greeting", "sign_off") if name in profile.preferences]
    found += [text for match in map(SIGN_OFF.fullmatch, found) if match for text in (match["phrase"], without_lines(match))]
    return tuple(sorted({v for text in found if text != "none" for v in (text, text[:1].upper() + text[1:])}, key=len, reverse=True))
