"""What is said of a whole draft: the observations of all its windows, and how many edits of each feature were kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from rpo_edge.records import Edit, Observation
from rpo_edge.reflectors.base import Reflection

_SHOWN = 2  # variants of a feature, the most frequent ones


class Observed:
    """Takes in the reflections of a draft's windows, one after the other."""

    def __init__(self) -> None:
        self._first: dict[str, Observation] = {}
        self._seen: dict[str, Counter[str]] = defaultdict(Counter)
        self._edited: set[str] = set()

    def add(self, reflection: Reflection) -> None:
        """One window more."""
        for observation in reflection.observations:
            self._first.setdefault(observation.feature, observation)
        for feature, variants in reflection.seen.items():
            self._seen[feature].update(variants)
        self._edited.update(edit.feature for edit in reflection.edits)

    def of(self, edits: Iterable[Edit]) -> tuple[Observation, ...]:
        """One for each feature, in the order in which they came, given the edits that the guard kept.

        A feature of which it kept none is left out; what a reflector says without edits of a feature's name stays as it was said.
        """
        kept: dict[str, list[Edit]] = defaultdict(list)
        for edit in edits:
            kept[edit.feature].append(edit)
        found = []
        for feature, said in self._first.items():
            if feature not in self._edited:
                found.append(said)
            elif own := kept[feature]:
                draft = shares(self._seen[feature]) if feature in self._seen else listed(edit.before for edit in own)
                user = said.user if feature in self._seen else listed(edit.after for edit in own)
                found.append(Observation(feature, draft, user, changed(len(own))))
        return tuple(found)


def changed(places: int) -> str:
    """What is done about a feature."""
    return f"changed in {places} place{'s' * (places > 1)}"


def shares(counts: Mapping[str, float]) -> str:
    """The commonest variants of some counts or rates, with their shares."""
    total = sum(counts.values())
    top = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_SHOWN]
    return ", ".join(f"{variant!r} {n / total:.0%}" for variant, n in top)


def listed(texts: Iterable[str]) -> str:
    """Each of them once."""
    return ", ".join(sorted({repr(text) for text in texts}))
