"""Registers: who leaves out full stops in chats does not do so on a page, and who contracts nothing to an office does to friends.

So what a message or a formal letter shows of some features is counted under a name of its own ("last_stop in messages"), and which counts a
draft goes by depends on what it is itself. A message is a text of fewer than `MESSAGE` words, and so a draft may be one as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal

from rpo_edge.features import APART, named_apart
from rpo_edge.features.letters import is_formal
from rpo_edge.records import EVIDENCE_IDS, Habit, StyleProfile
from rpo_edge.segment import words

Register = Literal["", "messages", "formal letters"]
Counts = Mapping[str, Mapping[str, float]]

MESSAGE = 25
"""Words. Shorter texts are answers and remarks, whatever program they come from."""

_Habits = Mapping[str, Habit]  # of one feature, by detail

_IN = " in "
_FEWEST = 5.0  # places; of fewer, those of all registers say more


def register_of(text: str) -> Register:
    """What a whole text is."""
    if is_formal(text):
        return "formal letters"
    return "messages" if len(words(text)) < MESSAGE else ""


def counted_apart(counts: dict[str, dict[str, float]], text: str) -> dict[str, dict[str, float]]:
    """The counts of one text, under the names that its register has for them."""
    register = register_of(text)
    return {_key(key, register): variants for key, variants in counts.items()} if register else counts


def _key(key: str, register: Register) -> str:
    name, mark, detail = key.partition(":")
    return f"{named_apart(name, register)}{mark}{detail}"


def in_register(profile: StyleProfile, register: Register) -> StyleProfile:
    """What the profile shows of how a draft of this register is written, under the features' own names.

    A message goes by all texts, others by no message. A letter goes by letters of its kind if these have places enough, and others by the others.
    """
    by_name: dict[str, dict[str, Habit]] = defaultdict(dict)  # and then by detail
    for key, habit in profile.habits.items():
        name, _, detail = key.partition(":")
        by_name[name][detail] = habit
    if not any(_IN in name for name in by_name):
        return profile
    for of, features in APART.items():
        for feature in features:
            others = by_name.pop(named_apart(feature, of), {})
            by_name[feature] = _together(_chosen(by_name[feature], others, of, register))
    habits = {f"{name}:{detail}" if detail else name: habit for name, details in by_name.items() for detail, habit in details.items()}
    return StyleProfile(habits, profile.preferences, profile.items, profile.words)


def _chosen(own: _Habits, others: _Habits, of: str, register: Register) -> list[_Habits]:
    """What is gone by, of the habits that all texts but those of a register show, and of that register's."""
    if of == "messages":
        return [own, others] if register == of else [own]
    near, far = (others, own) if register == of else (own, others)
    return [near] if _places(near.values()) >= _FEWEST else [near, far]


def differing(profile: StyleProfile) -> frozenset[str]:
    """Features that the user has mostly one way in formal letters and mostly another way elsewhere: no mean of both is theirs."""
    of = "formal letters"
    mostly = {name: _mostly(profile, name) for feature in APART[of] for name in (feature, named_apart(feature, of))}
    return frozenset(name for name in APART[of] if None not in (ways := {mostly[name], mostly[named_apart(name, of)]}) and len(ways) > 1)


def _mostly(profile: StyleProfile, name: str) -> str | None:
    """The variant of a feature that was seen most, if the feature was seen often enough."""
    sums: dict[str, float] = defaultdict(float)
    for key, habit in profile.habits.items():
        if key.partition(":")[0] == name:
            for variant, n in habit.counts.items():
                sums[variant] += n
    return max(sums, key=sums.__getitem__) if sum(sums.values()) >= _FEWEST else None


def _places(habits: Iterable[Habit]) -> float:
    return sum(sum(habit.counts.values()) for habit in habits)


def _together(groups: Iterable[_Habits]) -> dict[str, Habit]:
    """Habits with the counts of all groups, and the newest items that show them."""
    groups = [group for group in groups if group]
    if len(groups) == 1:
        return dict(groups[0])
    found: dict[str, Habit] = {}
    for group in groups:
        for detail, habit in group.items():
            known = found.get(detail, Habit(habit.feature, {}))
            variants = dict.fromkeys([*known.counts, *habit.counts])
            counts = {variant: known.counts.get(variant, 0.0) + habit.counts.get(variant, 0.0) for variant in variants}
            ids = {v: sorted({*known.evidence.get(v, ()), *habit.evidence.get(v, ())}, reverse=True)[:EVIDENCE_IDS] for v in variants}
            found[detail] = Habit(habit.feature, counts, {variant: tuple(of) for variant, of in ids.items() if of})
    return found
