"""Personalizer: the whole flow on one screen.

freeze - profile - retrieve - reflect - guard - Rewrite
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rpo_edge.edits import apply, disjoint, shift
from rpo_edge.errors import ReflectorError
from rpo_edge.history import History
from rpo_edge.language import is_english
from rpo_edge.manifest import embedded
from rpo_edge.records import Edit, Evidence, Observation, Reverted, Rewrite, StyleProfile, Verdict
from rpo_edge.reflectors import DEFAULT, load
from rpo_edge.reflectors.base import Reflector, Window
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.segment import paragraphs
from rpo_edge.shelf import manifest_of
from rpo_edge.steps.freeze import Frozen, freeze
from rpo_edge.steps.guard import guard
from rpo_edge.steps.retrieve import ALL, Mix, retrieve

WINDOW_WORDS = 120
"""A window is filled with whole paragraphs up to about so many words."""

EMPTY_HISTORY = "the history is empty, so the draft is unchanged; add texts of yours with: rpo-edge history import PATH"
NOT_ENGLISH = "the draft is not English, so it is unchanged"


class Personalizer:
    """Rewrites drafts for the user whose history it holds.

    history: the store; it stays the caller's to close. reflector: "rules", "edit" (the embedded model; `rules`
    runs in its place where this build has none, and the rewrite's notices say so), or a model folder. mix: what
    history items are chosen for.
    Raises ModelError if the folder is absent, altered or of an unknown kind.
    """

    def __init__(self, history: History, reflector: str | os.PathLike[str] = DEFAULT, mix: Mix = ALL) -> None:
        self._history, self._mix = history, mix
        self._reflector, self._notices = _load(reflector)

    def rewrite(self, draft: str, query: str | None = None, k: int = 8) -> Rewrite:
        """The draft in the user's manner. `query` steers retrieval only; `k` is how many history items are read."""
        clock = _Clock()
        if not draft.strip():
            return self._unchanged(draft, clock)
        if len(self._history) == 0 and not self._history.preferences():
            return self._unchanged(draft, clock, EMPTY_HISTORY)
        with clock("freeze"):
            frozen = freeze(draft)
        if not is_english(_prose(draft, frozen)):
            return self._unchanged(draft, clock, NOT_ENGLISH)
        with clock("profile"):
            profile = self._history.profile(self._reflector.counter)
        with clock("retrieve"):
            evidence = retrieve(self._history, draft, query, k, profile, self._mix)
        try:
            with clock("reflect"):
                observations, proposed = reflect(self._reflector, draft, frozen, evidence, profile)
        except Exception as error:  # a reflector may be anyone's: whatever goes wrong in it, the draft is still an answer
            reason = str(error) if isinstance(error, ReflectorError) else f"the reflector failed: {type(error).__name__}: {error}"
            failed = Verdict(False, (Reverted(draft, reason),))
            return self._unchanged(draft, clock, reason, *self._notices, verdict=failed, failed=True)
        with clock("guard"):
            edits, verdict = guard(draft, proposed, self._history.contains_phrase, own_phrases(profile))
        return Rewrite(apply(draft, edits), draft, tuple(edits), observations, verdict, self._reflector.info, clock.spent, self._notices)

    def _unchanged(self, draft: str, clock: _Clock, *notices: str, verdict: Verdict | None = None, failed: bool = False) -> Rewrite:
        return Rewrite(draft, draft, (), (), verdict or Verdict(), self._reflector.info, clock.spent, notices, failed)


def reflect(
    reflector: Reflector, draft: str, frozen: Sequence[Frozen], evidence: Evidence, profile: StyleProfile
) -> tuple[tuple[Observation, ...], list[Edit]]:
    """What the reflector says of all windows of a draft: the first observation of each feature, and every edit."""
    observations: dict[str, Observation] = {}
    edits: list[Edit] = []
    for window in windows(draft, frozen):
        reflection = reflector.reflect(window, evidence, profile)
        edits += [shift(edit, window.start) for edit in reflection.edits]
        for observation in reflection.observations:
            observations.setdefault(observation.feature, observation)
    return tuple(observations.values()), disjoint(edits)


def windows(draft: str, frozen: Sequence[Frozen]) -> Iterator[Window]:
    """Windows that cover the draft, each of whole paragraphs, with its neighbour windows as context."""
    closed = [(f.start, f.end) for f in frozen]
    groups: list[list[int]] = []
    size = 0
    for start, end in paragraphs(draft, closed):
        n = len(draft[start:end].split())
        if groups and size + n <= WINDOW_WORDS:
            groups[-1][1], size = end, size + n
        else:
            groups.append([start, end])
            size = n
    k = 0
    for i, (start, end) in enumerate(groups):
        before = draft[slice(*groups[i - 1])] if i else ""
        after = draft[slice(*groups[i + 1])] if i + 1 < len(groups) else ""
        while k < len(frozen) and frozen[k].end <= start:
            k += 1
        inside = []
        for j in range(k, len(frozen)):
            if frozen[j].start >= end:
                break
            inside.append((max(frozen[j].start - start, 0), min(frozen[j].end, end) - start, frozen[j].kind))
        yield Window(draft[start:end], start, before, after, tuple(inside))


def _load(reflector: str | os.PathLike[str]) -> tuple[Reflector, tuple[str, ...]]:
    """The reflector by name, folder or GGUF file, and what the user should know about the choice."""
    if reflector == "rules":
        return RulesReflector(), ()
    if reflector == "edit" and not any(path.name == "edit" for path in embedded()):
        return RulesReflector(), ("this build has no embedded model, so the rules reflector runs",)
    return load(manifest_of(reflector)), ()


def _prose(draft: str, frozen: Sequence[Frozen]) -> str:
    pieces, position = [], 0
    for span in frozen:
        pieces.append(draft[position : span.start])
        position = span.end
    return " ".join([*pieces, draft[position:]])


def own_phrases(profile: StyleProfile) -> tuple[str, ...]:
    """Greetings and sign-offs of the user's: the only texts that may be added as they stand."""
    found = [v for name in ("greeting", "sign_off") if name in profile.habits for v in profile.habits[name].counts]
    found += [profile.preferences[name] for name in ("greeting", "sign_off") if name in profile.preferences]
    return tuple(sorted({v for text in found if text != "none" for v in (text, text[:1].upper() + text[1:])}, key=len, reverse=True))


class _Clock:
    """Milliseconds by step."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.spent[step] = round((time.perf_counter() - begun) * 1000, 3)


__all__ = ["EMPTY_HISTORY", "NOT_ENGLISH", "WINDOW_WORDS", "Personalizer", "own_phrases", "reflect", "windows"]
