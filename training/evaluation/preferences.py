"""Stated preferences: are they obeyed, at the user's own history otherwise? Real drafts, each for a user who states one to three.

What is stated is obeyed with anybody's history, or it would not be obeyed: the right one shows in the habits that nothing is stated of.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rpo_edge.edits import disjoint
from rpo_edge.engine import own_phrases
from rpo_edge.records import Edit
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.steps.guard import guard
from rpo_edge.steps.preferences import VALUES as FIXED
from rpo_edge.steps.preferences import stated_rates
from rpo_edge.steps.profile import free_sites
from training.evaluation.drafts import Task, tasks_of
from training.evaluation.material import SEED, Ground, Names, naming, nobody, told
from training.evaluation.outcome import Failure, Outcome, Pairs, difference, label, table
from training.evaluation.rates import RATED, Rates, closed
from training.rewards import REWARDS, Rollout
from training.rewards.fidelity import added, without
from training.statistics import Interval, bootstrap
from training.users import Known, rewritten

VALUES = FIXED | {
    "greeting": ("Hi there,", "Dear colleague,", "none"),
    "sign_off": ("Best wishes", "Cheers,", "none"),
}
"""What may be stated, by key, each value as likely as the others of its key."""

MOST = 3
"""Preferences that are stated at once."""
NO_HISTORY, NOT_STATED = "preferences but no history", "history but no preferences"
OBEYED, CLOSED = "places that obey", "share of the distance to the user's rates that is closed where nothing is stated"
_FRAMES = ("greeting", "sign_off")
_SHOWN = 5  # places that disobey


@dataclass(frozen=True)
class _Scores:
    """Of one method's rewrite. obeyed: share of places, by key and in all (""); None where there is no such place.

    closed: (distance closed, distance) to the user's rates of what nothing is stated of.
    """

    obeyed: Mapping[str, float | None]
    fidelity: float
    closed: tuple[float, float]


def preferences(ground: Ground) -> Outcome:
    """Share of places that obey by method, in all and by key, fidelity, and what the history does otherwise; intervals over users."""
    tasks = list(_tasks(ground))
    scored = list(ground.pool.map(_scored, tasks, chunksize=4))
    results = [scores for scores, _ in scored]
    names, main = [task.name for task in tasks], ground.names.kind
    whole = _obeyed(names, results, "")
    near = {method: _grouped(names, [result[method].closed for result in results]) for method in results[0]}
    faithful = {method: bootstrap(_grouped(names, [(result[method].fidelity, 1.0) for result in results])) for method in results[0]}
    figures: dict[str, Any] = {
        "fidelity": faithful,
        OBEYED: _with_differences(whole, ground.names),
        CLOSED: _with_differences(near, ground.names),
    }
    figures["by preference"], by_key = _by_key(names, results, main)
    places = sum(len(pairs) for pairs in whole[main].values()) if whole else 0
    shown = (OBEYED, CLOSED, "fidelity")
    methods = dict.fromkeys(method for name in shown for method in figures[name])
    rows = [(label(method), *(figures[name].get(method, "") for name in shown)) for method in methods]
    title = f"Stated preferences, {len(tasks)} drafts, 1 to {MOST} stated for each; {places} have places where they show"
    text = f"{title}\n\n{table(('method', *shown), rows)}\nBy preference\n\n{by_key}"
    over = ground.names.over(ground.names.anothers)
    gains = {name: figures[name][over] for name in (OBEYED, CLOSED) if figures[name]}
    return Outcome(figures, text, [failure for _, failure in scored if failure], gains)


def _tasks(ground: Ground) -> Iterator[Task]:
    for task in tasks_of(ground):
        rng = random.Random(f"{SEED}{task.draft}")
        stated = {key: rng.choice(VALUES[key]) for key in rng.sample(list(VALUES), rng.randint(1, MOST))}
        yield replace(task, known=_stated(task.known, stated), theirs=_stated(task.theirs, stated))


def _stated(known: Known, preferences: Mapping[str, str]) -> Known:
    """The same texts whatever is stated, so that it alone makes the difference."""
    return known._replace(profile=replace(known.profile, preferences=preferences))


def _scored(task: Task) -> tuple[dict[str, _Scores], Failure | None]:
    """method -> what its rewrite of the draft is worth to this user; and the rewrite of what is evaluated, if it does not obey everywhere."""
    draft, known, names = task.draft, task.known, naming()
    preferences = known.profile.preferences
    main, edits = told(draft, known)
    controls = {
        names.row(NO_HISTORY): _stated(nobody(known.evidence.query), preferences),
        names.row(NOT_STATED): _stated(known, {}),
        names.anothers: task.theirs,
    }
    rewrites = {
        "draft unchanged": (draft, known),
        "rules": (rewritten(RulesReflector(), draft, *known)[0], known),
        **{name: (told(draft, whose)[0], whose) for name, whose in controls.items()},
        names.kind: (main, known),
    }
    judge = _Judge(task)
    found = {method: judge.scores(text, whose) for method, (text, whose) in rewrites.items()}
    return found, _failure(task, main, edits, found[names.kind])


class _Judge:
    """Of the rewrites of one draft. What they have in common is judged once, since that is slow."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._rates = Rates(task.known.profile)
        self._free = set(RATED) - set(stated_rates(task.known.profile.preferences))
        self._obeyed: dict[str, Mapping[str, float | None]] = {}
        self._faithful: dict[tuple[str, tuple[str, ...]], float] = {}

    def scores(self, text: str, whose: Known) -> _Scores:
        """What a rewrite is worth to the user. whose: what it was made by, which says whose greeting may be added."""
        draft, key = self._task.draft, (text, own_phrases(whose.profile))
        if text not in self._obeyed:
            self._obeyed[text] = _shares(self._task, text)
        if key not in self._faithful:
            self._faithful[key] = _score("fidelity", Rollout(draft, text, profile=whose.profile)) or 0.0
        near = closed(self._rates.distances(draft), self._rates.distances(text), self._free)
        return _Scores(self._obeyed[text], self._faithful[key], near)


def _failure(task: Task, text: str, edits: Sequence[Edit], scores: _Scores) -> Failure | None:
    """The worse, the smaller a share of the places obeys."""
    share = scores.obeyed[""]
    if share is None or share == 1:
        return None
    stated = task.known.profile.preferences
    asked = ", ".join(f"{key}: {value}" for key, value in stated.items())
    wrong = [
        f"{key} in {found:.0%} of its places{_places(text, {key: stated[key]})}"
        for key, found in scores.obeyed.items()
        if key and found is not None and found < 1
    ]
    title = f"a draft for {task.name}, who wants {asked}; obeyed: {'; '.join(wrong) or f'{share:.0%} of the places'}"
    return Failure("preferences", title, 1 - share, task.draft, text, tuple(edits))


def _places(text: str, stated: Mapping[str, str]) -> str:
    """What stands, and could stand as it was asked for, if the guard has nothing against it."""
    choices = {name: max(rates, key=lambda v: rates[v]) for name, rates in stated_rates(stated).items() if name not in _FRAMES}
    found = []
    for name, wanted in choices.items():
        sites = [s for s in free_sites(text, features=frozenset([name])) if s.variant != wanted and wanted in s.options]
        edits = [Edit(s.start, s.end, text[s.start : s.end], s.options[wanted], "") for s in sites]
        found += [repr(edit.before) for edit in guard(text, disjoint(edits))[0]]
    return f", not in {', '.join(found[:_SHOWN])}" if found else ""


def _shares(task: Task, rewrite: str) -> dict[str, float | None]:
    """Share of places that obey, key by key and in all (""). A greeting that another key asked for is no place of this one."""
    whole = Rollout(task.draft, rewrite, profile=task.known.profile)
    body = without(rewrite, added(whole))
    shares = {"": _score("preferences", whole)}
    for key, value in task.known.profile.preferences.items():
        alone = replace(task.known.profile, preferences={key: value})
        shares[key] = _score("preferences", Rollout(task.draft, rewrite if key in _FRAMES else body, profile=alone))
    return shares


def _score(reward: str, rollout: Rollout) -> float | None:
    return REWARDS[reward]([rollout])[0]


def _obeyed(names: Sequence[str], results: Sequence[Mapping[str, _Scores]], key: str) -> dict[str, dict[str, Pairs]]:
    """method -> user -> shares, of the drafts where every method leaves a place to see; empty where none does."""
    rows = [(name, {m: scores.obeyed.get(key) for m, scores in result.items()}) for name, result in zip(names, results, strict=True)]
    seen = [(name, row) for name, row in rows if None not in row.values()]
    users = [name for name, _ in seen]
    return {method: _grouped(users, [(row[method] or 0.0, 1.0) for _, row in seen]) for method in (results[0] if seen else ())}


def _grouped(names: Sequence[str], pairs: Sequence[tuple[float, float]]) -> dict[str, Pairs]:
    groups: dict[str, Pairs] = defaultdict(list)
    for name, pair in zip(names, pairs, strict=True):
        groups[name].append(pair)
    return groups


def _with_differences(whole: Mapping[str, Mapping[str, Pairs]], names: Names) -> dict[str, Interval]:
    found = {method: bootstrap(groups) for method, groups in whole.items()}
    if whole:
        controls = ("rules", names.anothers, names.row(NO_HISTORY), names.row(NOT_STATED))
        found |= {names.over(control): bootstrap(difference(whole[names.kind], whole[control])) for control in controls}
    return found


def _by_key(names: Sequence[str], results: Sequence[Mapping[str, _Scores]], main: str) -> tuple[dict[str, Any], str]:
    figures: dict[str, Any] = {}
    for key in VALUES:
        if groups := _obeyed(names, results, key):
            figures[key] = {"drafts": sum(map(len, groups[main].values()))} | {method: bootstrap(g) for method, g in groups.items()}
    return figures, table(("preference", "drafts", *results[0]), [(key, *row.values()) for key, row in figures.items()])
