"""Real LLM drafts: what is changed, what is lost, and how far each feature's rate is from the user's."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from rpo_edge.edits import apply
from rpo_edge.features.framing import announced, is_stock
from rpo_edge.pipeline import own_phrases, reflect
from rpo_edge.records import Edit, StyleProfile
from rpo_edge.reflectors.base import Reflector
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.segment import words
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.guard import Unit, dropped, guard, name_rule, negation_rule, number_rule, url_rule
from rpo_edge.steps.profile import counts_of, distribution, measure, totals_by_name
from training.evaluation.known import Asked, known
from training.evaluation.material import SEED, Ground, asked
from training.evaluation.outcome import Failure, Outcome, Pairs, table
from training.rewards.base import Rollout
from training.rewards.fidelity import fidelity
from training.statistics import Interval, bootstrap
from training.users import Known

HALF_APPLIED = re.compile(r"\b(?:\w+n't not|willn't|cann't|amn't|it's is|do don't|a an?|an an?|the the)\b", re.IGNORECASE)
RATED = (
    "contraction",
    "connective_contrast",
    "connective_addition",
    "connective_result",
    "register",
    "exclamation",
    "clause_comma",
    "dash",
    "announcement",
    "conclusion",
    "example",
    "that_clause",
)
DISTANCE = "{feature}: distance to the user's rate, {when}"
"""Name of a feature's row."""
WHEN = ("before", "after")
_STAGES = ("fidelity before the guard", "fidelity")
_STEPS = 5


@dataclass(frozen=True)
class Task:
    """A draft, and the user it is rewritten for."""

    draft: str
    name: str
    known: Known


@dataclass(frozen=True)
class _Result:
    """What became of one draft under one reflector. fidelity: of what was proposed, and of what the guard let through."""

    text: str
    edits: tuple[Edit, ...]
    words: int
    reverted: int
    broken: tuple[str, ...]
    half: int
    fidelity: tuple[float, float]
    before: Mapping[str, Pairs]
    after: Mapping[str, Pairs]
    unread: bool = False  # whether a window stayed as it is, because no rewrite could be read


Column = Sequence[tuple[str, _Result]]
"""(user, result) of draft after draft, under one reflector."""


def _draft(task: Task) -> dict[str, _Result]:
    """What becomes of one draft under each reflector."""
    return {name: _result(reflector, task) for name, reflector in ({"rules": RulesReflector()} | asked()).items()}


def _result(reflector: Reflector, task: Task) -> _Result:
    draft, (profile, runs, evidence) = task.draft, task.known
    observations, proposed = reflect(reflector, draft, freeze(draft), evidence, profile)
    edits, verdict = guard(draft, proposed, lambda run: tuple(run) in runs, own_phrases(profile))
    text = apply(draft, edits)
    proposal = apply(draft, proposed)
    scores = {rewrite: _faithful(draft, rewrite, profile) for rewrite in {proposal, text}}  # mostly the same, and slow to judge
    half = len(HALF_APPLIED.findall(text)) - len(HALF_APPLIED.findall(draft))
    return _Result(
        text=text,
        edits=tuple(edits),
        words=len(words(draft)),
        reverted=len(verdict.reverted),
        broken=_broken(draft, edits, text),
        half=max(0, half),
        fidelity=(scores[proposal], scores[text]),
        before=_rates(draft, profile),
        after=_rates(text, profile),
        unread=any(seen.feature == "reflection" for seen in observations),
    )


def _faithful(draft: str, rewrite: str, profile: StyleProfile) -> float:
    return fidelity([Rollout(draft, rewrite, profile=profile)])[0] or 0.0


def _broken(draft: str, edits: Sequence[Edit], text: str) -> tuple[str, ...]:
    """What was lost or invented."""
    kept = apply(draft, [edit for edit in edits if _drops_stock(draft, edit)])  # which may go, whatever name it has
    unit = Unit(kept, text, frozenset(words(draft)))
    broken = [rule.__name__.removesuffix("_rule") for rule in (number_rule, url_rule, negation_rule, name_rule) if rule(unit)]
    if [kept[f.start : f.end] for f in freeze(kept)] != [text[f.start : f.end] for f in freeze(text)]:
        broken.append("frozen spans")
    return tuple(broken)


def _drops_stock(draft: str, edit: Edit) -> bool:
    """Whether a stock sentence or phrase goes, and at most a letter of what follows gets its capital."""
    lead = announced(draft, edit.start)
    return (not edit.after and is_stock(edit.before)) or (lead is not None and dropped(edit, *lead))


def _rates(text: str, profile: StyleProfile) -> dict[str, Pairs]:
    """For each rated feature that both show: by variant, (sites of the text with it, sites that would be the user's share of it)."""
    seen = totals_by_name(measure(text))
    counts = counts_of(profile)
    totals = totals_by_name(counts)
    found = {}
    for name in RATED:
        own = distribution(name, counts, totals)
        if own and seen.get(name):
            whole = sum(seen[name].values())
            found[name] = [(seen[name].get(variant, 0.0), own.get(variant, 0.0) * whole) for variant in sorted(own.keys() | seen[name])]
    return found


def real_drafts(ground: Ground) -> Outcome:
    """Figures and table of drafts, each for a user by lot; intervals over users."""
    tasks = tasks_of(ground)
    results = list(ground.pool.map(_draft, tasks, chunksize=4))
    columns = {name: [(task.name, result[name]) for task, result in zip(tasks, results, strict=True)] for name in results[0]}
    rows = {label: {name: figure(column) for name, column in columns.items()} for label, figure in _figures(ground.names.reads).items()}
    title = f"Real drafts, {len(tasks)}, each for one of {len(ground.people)} users"
    main = ground.names.kind
    steps = _by_change_rate(columns[main])
    text = f"{title}\n\n{table(('', *columns), [(label, *row.values()) for label, row in rows.items()])}"
    shown = table(("edits per 100 words", "drafts", *_STAGES), [tuple(step.values()) for step in steps])
    text += f"\nFidelity by how much is changed ({main})\n\n{shown}"
    failures = [found for task, result in zip(tasks, results, strict=True) for found in _failures(task, result[main])]
    return Outcome({"drafts": rows, "fidelity by change rate": steps}, text, failures)


def tasks_of(ground: Ground) -> list[Task]:
    """Drafts by lot, each for a user by lot; where more are asked for than there are, they come again."""
    rng = random.Random(SEED)
    names = sorted(ground.people)
    there, drafts = ground.found.drafts, []
    while there and len(drafts) < ground.drafts:  # more than there are: each again
        drafts += rng.sample(there, min(ground.drafts - len(drafts), len(there)))
    people = [ground.people[rng.choice(names)] for _ in drafts]
    pairs = [Asked(person, draft, ground.found.queries.get(draft)) for draft, person in zip(drafts, people, strict=True)]
    return [Task(pair.draft, pair.author.name, told) for pair, told in zip(pairs, known(ground, pairs), strict=True)]


def _figures(writes: bool) -> dict[str, Callable[[Column], Interval | float | None]]:
    """Row of the table -> what makes its cell of a column. writes: whether a reflector writes freely, so that not all can be read."""
    broken = "drafts with a number, address, negation, name or frozen span lost or invented"
    found: dict[str, Callable[[Column], Interval | float | None]] = {
        "edits per 100 words": partial(_ratio, of=lambda r: (len(r.edits), r.words / 100)),
        "drafts changed": partial(_ratio, of=lambda r: (float(bool(r.edits)), 1.0)),
        "sentences taken back by the guard, per 100 words": partial(_ratio, of=lambda r: (r.reverted, r.words / 100)),
        "fidelity before the guard": partial(_ratio, of=lambda r: (r.fidelity[0], 1.0)),
        "fidelity": partial(_ratio, of=lambda r: (r.fidelity[1], 1.0)),
        broken: lambda column: float(sum(bool(r.broken) for _, r in column)),
        "half-applied edits": lambda column: float(sum(r.half for _, r in column)),
    }
    if writes:
        found["drafts with a window of which no rewrite could be read"] = partial(_ratio, of=lambda r: (float(r.unread), 1.0))
    for feature in RATED:
        for when in WHEN:
            found[DISTANCE.format(feature=feature, when=when)] = partial(_ratio, of=partial(_distance, feature=feature, when=when))
    return found


def _ratio(column: Column, of: Callable[[_Result], tuple[float, float]]) -> Interval | None:
    """None where there is nothing to divide by, for no draft has such a place."""
    groups: dict[str, Pairs] = defaultdict(list)
    for user, result in column:
        groups[user].append(of(result))
    return bootstrap(groups) if any(weight for pairs in groups.values() for _, weight in pairs) else None


def _distance(result: _Result, feature: str, when: str) -> tuple[float, float]:
    """Half the sum of |share - user's share| (total variation) times sites, and the sites."""
    pairs = (result.before if when == WHEN[0] else result.after).get(feature, [])
    return sum(abs(a - b) for a, b in pairs) / 2, sum(a for a, _ in pairs)


def _by_change_rate(column: Column) -> list[dict[str, Any]]:
    """Drafts in _STEPS like groups, from those least to those most changed."""
    ranked = sorted(column, key=lambda row: len(row[1].edits) / max(1, row[1].words))
    groups = [ranked[len(ranked) * i // _STEPS : len(ranked) * (i + 1) // _STEPS] for i in range(_STEPS)]
    return [
        {
            "edits per 100 words": 100 * sum(len(r.edits) for _, r in group) / max(1, sum(r.words for _, r in group)),
            "drafts": len(group),
            **{stage: _ratio(group, partial(_fidelity, stage=i)) for i, stage in enumerate(_STAGES)},
        }
        for group in groups
        if group
    ]


def _fidelity(result: _Result, stage: int) -> tuple[float, float]:
    return result.fidelity[stage], 1.0


def _failures(task: Task, result: _Result) -> Iterator[Failure]:
    wrong = [f"lost or invented: {', '.join(result.broken)}"] if result.broken else []
    wrong += [f"half applied: {result.half}"] if result.half else []
    if wrong:
        title = f"a draft for {task.name}: {'; '.join(wrong)}"
        yield Failure("drafts", title, float(len(result.broken) + result.half), task.draft, result.text, result.edits)
