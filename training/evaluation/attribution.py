"""Attribution of rewritten real drafts by a classifier that nothing was trained against."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

from rpo_edge.reflectors.rules import RulesReflector
from training.classifier import Classifier, suspects
from training.evaluation.known import Asked, known
from training.evaluation.material import SEED, Ground, Names, asked, naming, nobody, told
from training.evaluation.outcome import Outcome, Pairs, difference, label, table
from training.statistics import bootstrap
from training.users import Known, rewritten

_MEASURES = ("named the user", "mean probability")
_CENTRE = 300  # drafts that are the classifier's zero
_FAR = 7  # places down the list stands the user whose history is the control


def attribution(ground: Ground) -> Outcome:
    """How often the classifier names the user, and how probable it finds them, with every control; intervals over users, paired by draft."""
    chosen = suspects(ground.people.values())
    found = [draft for draft in ground.found.drafts if 400 < len(draft) < 3000]
    random.Random(SEED).shuffle(found)
    drafts = [" ".join(draft.split(" ")[:150]) for draft in found]
    classifier = Classifier([person.texts for person in chosen])
    classifier.centre(drafts[ground.drafts : ground.drafts + _CENTRE] or drafts)
    shown = drafts[: ground.drafts]
    queries = [ground.found.queries.get(draft) for draft in found[: ground.drafts]]
    own, theirs = (
        known(ground, [Asked(chosen[(i + far) % len(chosen)], *one) for i, one in enumerate(zip(shown, queries, strict=True))])
        for far in (0, _FAR % len(chosen) or 1)
    )
    tasks = list(zip(shown, own, theirs, strict=True))
    groups: dict[str, dict[str, dict[str, Pairs]]] = {name: defaultdict(lambda: defaultdict(list)) for name in _MEASURES}
    for i, outputs in enumerate(ground.pool.map(_rewrites, tasks, chunksize=4)):
        user = i % len(chosen)
        for method, row in zip(outputs, classifier.probabilities(list(outputs.values())), strict=True):
            for name, value in zip(_MEASURES, (float(row.argmax() == user), float(row[user])), strict=True):
                groups[name][method][chosen[user].name].append((value, 1.0))
    title = f"Attribution among {len(chosen)} users of {chosen[0].source}, {len(tasks)} drafts"
    figures, rows = _figures(groups, ground.names)
    figures["right on held-out texts"] = classifier.accuracy
    over = ground.names.over(ground.names.anothers)
    gains = {f"attribution, {name}": figures[name][over] for name in _MEASURES}
    return Outcome({"attribution": figures}, f"{title}; right on {classifier.accuracy:.2f} of held-out texts\n\n{rows}", gains=gains)


def _rewrites(task: tuple[str, Known, Known]) -> dict[str, str]:
    draft, own, theirs = task
    return {
        "draft unchanged": draft,
        "rules": rewritten(RulesReflector(), draft, *own)[0],
        naming().nobodys: told(draft, nobody(own.evidence.query))[0],
        naming().anothers: told(draft, theirs)[0],
        **{name: rewritten(reflector, draft, *own)[0] for name, reflector in asked().items()},
    }


def _figures(groups: dict[str, dict[str, dict[str, Pairs]]], names: Names) -> tuple[dict[str, Any], str]:
    """measure -> method, and paired differences -> interval; and the table."""
    figures = {}
    for name, methods in groups.items():
        figures[name] = {method: bootstrap(of_users) for method, of_users in methods.items()}
        for control in (names.anothers, names.nobodys, names.before):
            if control in methods:
                figures[name][names.over(control)] = bootstrap(difference(methods[names.kind], methods[control]))
    rows = [(label(row), *(figures[name][row] for name in _MEASURES)) for row in figures[_MEASURES[0]]]
    return figures, table(("method", *_MEASURES), rows)
