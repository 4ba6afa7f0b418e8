"""Stated preferences: are they obeyed, at the user's own history otherwise? Real drafts, each for a user who states one to three."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rpo_edge.reflectors.rules import RulesReflector
from training.evaluation.drafts import Task, tasks_of
from training.evaluation.material import EDIT, SEED, Ground, edit, nobody
from training.evaluation.outcome import Outcome, Pairs, difference, label, table
from training.rewards import REWARDS, Rollout
from training.rewards.fidelity import added, without
from training.statistics import Interval, bootstrap
from training.users import rewritten

VALUES: dict[str, tuple[str, ...]] = {
    "contractions": ("always", "never"),
    "spelling": ("british", "american"),
    "words": ("plain", "formal"),
    "oxford_comma": ("always", "never"),
    "exclamation": ("never",),
    "case": ("lower", "standard"),
    "dash": ("em", "spaced em", "spaced en", "hyphen", "double hyphen", "comma"),
    "stock_phrases": ("keep", "drop"),
    "bold": ("keep", "never"),
    "emoji": ("keep", "never"),
    "greeting": ("Hi there,", "Dear colleague,", "none"),
    "sign_off": ("Best wishes", "Cheers,", "none"),
}
"""What may be stated, by key, each value as likely as the others of its key."""

MOST = 3
"""Preferences that are stated at once."""
NO_HISTORY, NOT_STATED = "edit, preferences but no history", "edit, history but no preferences"
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
    names = [task.name for task in tasks]
    whole = _obeyed(names, results, "")
    faithful = {method: bootstrap(_grouped(names, [result[method].fidelity for result in results])) for method in results[0]}
    figures: dict[str, Any] = {"fidelity": faithful, **_with_differences(whole)}
    figures["by preference"], by_key = _by_key(names, results)
    places = sum(len(pairs) for pairs in whole[EDIT].values()) if whole else 0
    rows = [(label(method), value, faithful.get(method, "")) for method, value in figures["places that obey"].items()]
    title = f"Stated preferences, {len(tasks)} drafts, 1 to {MOST} stated for each; {places} have places where they show"
    return Outcome(figures, f"{title}\n\n{table(('method', 'places that obey', 'fidelity'), rows)}\nBy preference\n\n{by_key}")


def _tasks(ground: Ground) -> Iterator[Task]:
    for task in tasks_of(ground):
        rng = random.Random(f"{SEED}{task.draft}")
        stated = {key: rng.choice(VALUES[key]) for key in rng.sample(list(VALUES), rng.randint(1, MOST))}
        yield replace(task, profile=replace(task.profile, preferences=stated))


def _scored(task: Task) -> dict[str, _Scores]:
    """method -> what its rewrite of the draft is worth to this user."""
    draft, profile, runs = task.draft, task.profile, task.runs
    rewrites = {
        "draft unchanged": draft,
        "rules": rewritten(RulesReflector(), draft, profile, runs)[0],
        NO_HISTORY: rewritten(edit(), draft, replace(nobody(), preferences=profile.preferences), set())[0],
        NOT_STATED: rewritten(edit(), draft, replace(profile, preferences={}), runs)[0],
        EDIT: rewritten(edit(), draft, profile, runs)[0],
    }
    return {
        method: _Scores(_shares(task, text), _score("fidelity", Rollout(draft, text, profile=profile)) or 0.0)
        for method, text in rewrites.items()
    }


def _shares(task: Task, rewrite: str) -> dict[str, float | None]:
    """Share of places that obey, key by key and in all (""). A greeting that another key asked for is no place of this one."""
    whole = Rollout(task.draft, rewrite, profile=task.profile)
    body = without(rewrite, added(whole))
    shares = {"": _score("preferences", whole)}
    for key, value in task.profile.preferences.items():
        alone = replace(task.profile, preferences={key: value})
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


def _with_differences(whole: Mapping[str, Mapping[str, Pairs]]) -> dict[str, dict[str, Interval]]:
    found = {method: bootstrap(groups) for method, groups in whole.items()}
    if whole:
        found |= {f"edit over {other}": bootstrap(difference(whole[EDIT], whole[other])) for other in ("rules", NO_HISTORY, NOT_STATED)}
    return {"places that obey": found}


def _by_key(names: Sequence[str], results: Sequence[Mapping[str, _Scores]]) -> tuple[dict[str, Any], str]:
    figures: dict[str, Any] = {}
    for key in VALUES:
        if groups := _obeyed(names, results, key):
            figures[key] = {"drafts": sum(map(len, groups[EDIT].values()))} | {method: bootstrap(g) for method, g in groups.items()}
    return figures, table(("preference", "drafts", *results[0]), [(key, *row.values()) for key, row in figures.items()])
