"""Stated preferences: are they obeyed, at the user's own history otherwise? Real drafts, each for a user who states one to three."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rpo_edge.reflectors.rules import RulesReflector
from training.evaluation.drafts import Task, tasks_of
from training.evaluation.material import SEED, Ground, Names, naming, nobody, told
from training.evaluation.outcome import Outcome, Pairs, difference, label, table
from training.rewards import REWARDS, Rollout
from training.rewards.fidelity import added, without
from training.statistics import Interval, bootstrap
from training.users import Known, rewritten

VALUES: dict[str, tuple[str, ...]] = {
    "contractions": ("always", "never"),
    "spelling": ("british", "american"),
    "words": ("plain", "formal"),
    "oxford_comma": ("always", "never"),
    "exclamation": ("never",),
    "case": ("lower", "standard"),
    "dash": ("em", "spaced em", "spaced en", "hyphen", "double hyphen", "comma"),
    "stock_phrases": ("keep", "drop"),
    "headings": ("keep", "never"),
    "bullets": ("-", "*", "never"),
    "bold": ("keep", "never"),
    "emoji": ("keep", "never"),
    "greeting": ("Hi there,", "Dear colleague,", "none"),
    "sign_off": ("Best wishes", "Cheers,", "none"),
}
"""What may be stated, by key, each value as likely as the others of its key."""

MOST = 3
"""Preferences that are stated at once."""
NO_HISTORY, NOT_STATED = "preferences but no history", "history but no preferences"
_FRAMES = ("greeting", "sign_off")


@dataclass(frozen=True)
class _Scores:
    """Of one method's rewrite. obeyed: share of places, by key and in all (""); None where there is no such place."""

    obeyed: Mapping[str, float | None]
    fidelity: float


def preferences(ground: Ground) -> Outcome:
    """Share of places that obey and fidelity by method, in all and by key; intervals over users."""
    tasks = list(_tasks(ground))
    results = list(ground.pool.map(_scored, tasks, chunksize=4))
    names, main = [task.name for task in tasks], ground.names.kind
    whole = _obeyed(names, results, "")
    faithful = {method: bootstrap(_grouped(names, [result[method].fidelity for result in results])) for method in results[0]}
    figures: dict[str, Any] = {"fidelity": faithful, **_with_differences(whole, ground.names)}
    figures["by preference"], by_key = _by_key(names, results, main)
    places = sum(len(pairs) for pairs in whole[main].values()) if whole else 0
    rows = [(label(method), value, faithful.get(method, "")) for method, value in figures["places that obey"].items()]
    title = f"Stated preferences, {len(tasks)} drafts, 1 to {MOST} stated for each; {places} have places where they show"
    return Outcome(figures, f"{title}\n\n{table(('method', 'places that obey', 'fidelity'), rows)}\nBy preference\n\n{by_key}")


def _tasks(ground: Ground) -> Iterator[Task]:
    for task in tasks_of(ground):
        rng = random.Random(f"{SEED}{task.draft}")
        stated = {key: rng.choice(VALUES[key]) for key in rng.sample(list(VALUES), rng.randint(1, MOST))}
        yield replace(task, known=_stated(task.known, stated))


def _stated(known: Known, preferences: Mapping[str, str]) -> Known:
    """The same texts whatever is stated, so that it alone makes the difference."""
    return known._replace(profile=replace(known.profile, preferences=preferences))


def _scored(task: Task) -> dict[str, _Scores]:
    """method -> what its rewrite of the draft is worth to this user."""
    draft, known, names = task.draft, task.known, naming()
    profile = known.profile
    rewrites = {
        "draft unchanged": draft,
        "rules": rewritten(RulesReflector(), draft, *known)[0],
        names.row(NO_HISTORY): told(draft, _stated(nobody(), profile.preferences))[0],
        names.row(NOT_STATED): told(draft, _stated(known, {}))[0],
        names.kind: told(draft, known)[0],
    }
    return {
        method: _Scores(_shares(task, text), _score("fidelity", Rollout(draft, text, profile=profile)) or 0.0)
        for method, text in rewrites.items()
    }


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
    return {method: _grouped(users, [row[method] or 0.0 for _, row in seen]) for method in (results[0] if seen else ())}


def _grouped(names: Sequence[str], values: Sequence[float]) -> dict[str, Pairs]:
    groups: dict[str, Pairs] = defaultdict(list)
    for name, value in zip(names, values, strict=True):
        groups[name].append((value, 1.0))
    return groups


def _with_differences(whole: Mapping[str, Mapping[str, Pairs]], names: Names) -> dict[str, dict[str, Interval]]:
    found = {method: bootstrap(groups) for method, groups in whole.items()}
    if whole:
        controls = ("rules", names.row(NO_HISTORY), names.row(NOT_STATED))
        found |= {names.over(control): bootstrap(difference(whole[names.kind], whole[control])) for control in controls}
    return {"places that obey": found}


def _by_key(names: Sequence[str], results: Sequence[Mapping[str, _Scores]], main: str) -> tuple[dict[str, Any], str]:
    figures: dict[str, Any] = {}
    for key in VALUES:
        if groups := _obeyed(names, results, key):
            figures[key] = {"drafts": sum(map(len, groups[main].values()))} | {method: bootstrap(g) for method, g in groups.items()}
    return figures, table(("preference", "drafts", *results[0]), [(key, *row.values()) for key, row in figures.items()])
