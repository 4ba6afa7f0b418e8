"""Attribution of rewritten real drafts by a classifier that nothing was trained against."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

from rpo_edge.records import StyleProfile
from rpo_edge.reflectors.rules import RulesReflector
from training.classifier import Classifier, suspects
from training.evaluation.material import ANOTHERS, BEFORE, EDIT, SEED, Ground, both, edit
from training.evaluation.outcome import Outcome, Pairs, difference, label, table
from training.statistics import bootstrap
from training.users import Runs, rewritten

_MEASURES = ("named the user", "mean probability")
_CENTRE = 300  # drafts that are the classifier's zero


def attribution(ground: Ground) -> Outcome:
    """How often the classifier names the user, and how probable it finds them; intervals over users, paired by draft."""
    chosen = suspects(ground.people.values())
    drafts = [" ".join(draft.split(" ")[:150]) for draft in ground.found.drafts if 400 < len(draft) < 3000]
    random.Random(SEED).shuffle(drafts)
    classifier = Classifier([person.texts for person in chosen])
    classifier.centre(drafts[ground.drafts : ground.drafts + _CENTRE] or drafts)
    known = [(person.profile(), person.runs()) for person in chosen]
    tasks = [(draft, *known[i % len(chosen)], *known[(i + 7) % len(chosen)]) for i, draft in enumerate(drafts[: ground.drafts])]
    groups: dict[str, dict[str, dict[str, Pairs]]] = {name: defaultdict(lambda: defaultdict(list)) for name in _MEASURES}
    for i, outputs in enumerate(ground.pool.map(_rewrites, tasks, chunksize=4)):
        user = i % len(chosen)
        for method, row in zip(outputs, classifier.probabilities(list(outputs.values())), strict=True):
            for name, value in zip(_MEASURES, (float(row.argmax() == user), float(row[user])), strict=True):
                groups[name][method][chosen[user].name].append((value, 1.0))
    title = f"Attribution among {len(chosen)} users of {chosen[0].source}, {len(tasks)} drafts"
    figures, shown = _figures(groups)
    figures["right on held-out texts"] = classifier.accuracy
    return Outcome({"attribution": figures}, f"{title}; right on {classifier.accuracy:.2f} of held-out texts\n\n{shown}")


def _rewrites(task: tuple[str, StyleProfile, Runs, StyleProfile, Runs]) -> dict[str, str]:
    draft, own, runs, theirs, their_runs = task
    return {
        "draft unchanged": draft,
        "rules": rewritten(RulesReflector(), draft, own, runs)[0],
        ANOTHERS: rewritten(edit(), draft, theirs, their_runs)[0],
        **{name: rewritten(reflector, draft, own, runs)[0] for name, reflector in both().items()},
    }


def _figures(groups: dict[str, dict[str, dict[str, Pairs]]]) -> tuple[dict[str, Any], str]:
    """measure -> method, and paired differences -> interval; and the table."""
    figures = {}
    for name, methods in groups.items():
        figures[name] = {method: bootstrap(of_users) for method, of_users in methods.items()}
        for control in (ANOTHERS, BEFORE):
            if control in methods:
                figures[name][f"edit over {control}"] = bootstrap(difference(methods[EDIT], methods[control]))
    rows = [(label(row), *(figures[name][row] for name in _MEASURES)) for row in figures[_MEASURES[0]]]
    return figures, table(("method", *_MEASURES), rows)
