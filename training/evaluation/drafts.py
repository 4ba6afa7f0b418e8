"""Real LLM drafts: what is changed, what is lost, and how far each feature's rate is from the user's, with every control.

What is lost or invented is counted by kind (`facts.py`), of each the share of drafts with its interval. A share of 0 has an interval of no width,
which says nothing of what is rarer than once in all these drafts.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from rpo_edge.edits import apply
from rpo_edge.engine import own_phrases
from rpo_edge.records import Edit
from rpo_edge.reflectors.base import Reflector
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.segment import words
from training.evaluation import facts
from training.evaluation.facts import Change
from training.evaluation.known import Asked, known
from training.evaluation.material import SEED, Ground, Names, asked, naming, nobody
from training.evaluation.outcome import Failure, Outcome, Pairs, difference, label, table
from training.evaluation.rates import RATED, Distances, Rates, closed
from training.rewards.base import Rollout
from training.rewards.fidelity import fidelity
from training.statistics import Interval, bootstrap
from training.users import Known, rewritten

HALF_APPLIED = re.compile(r"\b(?:\w+n't not|willn't|cann't|amn't|(\w+) \1n't|it's is|an? an?|the the)\b", re.IGNORECASE)
DRAFTS, LOST, DISTANCE, CLOSED = (
    "drafts",
    "lost and invented",
    "distance to the user's rate",
    "share of the distance to the user's rate that is closed",
)
"""Groups of figures. Of the distances, that of the unchanged draft is what a rewrite starts from."""
UNCHANGED, ALL = "draft unchanged", "all features"
_STAGES = ("fidelity before the guard", "fidelity")
_STEPS = 5


@dataclass(frozen=True)
class Task:
    """A draft, the user it is rewritten for, and what there is of the peer whose history is the control."""

    draft: str
    name: str
    known: Known
    theirs: Known


@dataclass(frozen=True)
class _Result:
    """What became of one draft under one reflector. changed: by kind, what is lost and invented. fidelity: of what was proposed, and of what the
    guard let through. before, after: how far the draft and the rewrite are from the user's rates."""

    text: str
    words: int
    before: Distances
    after: Distances
    edits: tuple[Edit, ...] = ()
    reverted: int = 0
    changed: Mapping[str, Change] = field(default_factory=dict)
    half: int = 0
    fidelity: tuple[float, float] = (1.0, 1.0)
    unread: bool = False  # whether a window stayed as it is, because no rewrite could be read


Column = Sequence[tuple[str, _Result]]
"""(user, result) of draft after draft, under one reflector."""
Columns = Mapping[str, Column]
Row = Callable[[Column], Interval | float | None]
"""What makes a row's cell of a column."""


def _draft(task: Task) -> dict[str, _Result]:
    """What becomes of one draft under each reflector, whatever it is told."""
    judge, names = _Judge(task), naming()
    main = asked()[names.kind]
    return {
        UNCHANGED: judge.unchanged(),
        "rules": judge.result(RulesReflector(), task.known),
        names.nobodys: judge.result(main, nobody(task.known.evidence.query)),
        names.anothers: judge.result(main, task.theirs),
        **{name: judge.result(reflector, task.known) for name, reflector in asked().items()},
    }


class _Judge:
    """Of one draft's rewrites, by the rates of the user it is for. Rewrites that are alike are judged once, since that is slow."""

    def __init__(self, task: Task) -> None:
        self._draft = task.draft
        self._rates = Rates(task.known.profile)
        self._faithful: dict[tuple[tuple[tuple[int, int, str], ...], tuple[str, ...]], float] = {}

    def unchanged(self) -> _Result:
        """The draft itself."""
        found = self._rates.distances(self._draft)
        return _Result(self._draft, len(words(self._draft)), found, found)

    def result(self, reflector: Reflector, told: Known) -> _Result:
        """What is told need not be the user's own; the guard keeps what is private to whoever it is of."""
        draft, phrases = self._draft, own_phrases(told.profile)
        text, edits, reverted, observed, proposed = rewritten(reflector, draft, *told)
        half = len(HALF_APPLIED.findall(text)) - len(HALF_APPLIED.findall(draft))
        return _Result(
            text=text,
            words=len(words(draft)),
            before=self._rates.distances(draft),
            after=self._rates.distances(text),
            edits=tuple(edits),
            reverted=reverted,
            changed=facts.changes(draft, edits, text),
            half=max(0, half),
            fidelity=(self._fidelity(proposed, told, phrases), self._fidelity(edits, told, phrases)),
            unread=any(seen.feature == "reflection" for seen in observed.of(edits)),
        )

    def _fidelity(self, edits: Sequence[Edit], told: Known, phrases: tuple[str, ...]) -> float:
        """By the edits that were made: guessed from both texts, a lost emoji beside a changed mark looks like a lost sentence."""
        if not edits:
            return 1.0
        key = tuple((edit.start, edit.end, edit.after) for edit in edits), phrases
        if key not in self._faithful:
            rollout = Rollout(self._draft, apply(self._draft, edits), profile=told.profile, edits=tuple(edits))
            self._faithful[key] = fidelity([rollout])[0] or 0.0
        return self._faithful[key]


def real_drafts(ground: Ground) -> Outcome:
    """Figures and tables of drafts, each for a user by lot; intervals over users."""
    tasks = tasks_of(ground)
    results = list(ground.pool.map(_draft, tasks, chunksize=4))
    columns = {name: [(task.name, result[name]) for task, result in zip(tasks, results, strict=True)] for name in results[0]}
    main, over = ground.names.kind, ground.names.over(ground.names.anothers)
    figures: dict[str, dict[str, dict[str, Any]]] = {
        DRAFTS: _figures(columns, _rows(ground.names.reads)),
        LOST: _figures(columns, _lost_rows()),
        DISTANCE: _figures(columns, {feature: partial(_ratio, of=partial(_distance, feature=feature)) for feature in RATED}),
        CLOSED: _closed(columns, ground.names),
    }
    steps = _by_change_rate(columns[main])
    shown = {f"Real drafts, {len(tasks)}, each for one of {len(ground.people)} users": DRAFTS}
    shown |= {"Lost and invented": LOST, "Distance to the user's rate": DISTANCE, "Share of that distance that is closed": CLOSED}
    text = "\n".join(f"{title}\n\n{_table(figures[name])}" for title, name in shown.items())
    by_rate = table(("edits per 100 words", "drafts", *_STAGES), [tuple(step.values()) for step in steps])
    text += f"\nFidelity by how much is changed ({main})\n\n{by_rate}"
    failures = [found for task, result in zip(tasks, results, strict=True) for found in _failures(task, result[main])]
    gains = {f"{CLOSED}, {ALL}": gain} if (gain := figures[CLOSED].get(ALL, {}).get(over)) else {}
    return Outcome({**figures, "fidelity by change rate": steps}, text, failures, gains)


def tasks_of(ground: Ground) -> list[Task]:
    """Drafts by lot, each for a user by lot who has a peer; where more are asked for than there are, they come again."""
    rng = random.Random(SEED)
    users = ground.pairs_of_users()
    there = ground.found.drafts
    drafts: list[str] = []
    while there and len(drafts) < ground.drafts:  # more than there are: each again
        drafts += rng.sample(there, min(ground.drafts - len(drafts), len(there)))
    chosen = [rng.choice(users) for _ in drafts]
    own, theirs = (
        [Asked(pair[i], draft, ground.found.queries.get(draft)) for draft, pair in zip(drafts, chosen, strict=True)] for i in (0, 1)
    )
    told = known(ground, [*own, *theirs])
    return [Task(one.draft, one.author.name, *both) for one, *both in zip(own, told[: len(own)], told[len(own) :], strict=True)]


def _rows(writes: bool) -> dict[str, Row]:
    """What is changed. writes: whether a reflector writes freely, so that not all can be read."""
    found: dict[str, Row] = {
        "edits per 100 words": partial(_ratio, of=lambda r: (len(r.edits), r.words / 100)),
        "drafts changed": partial(_ratio, of=lambda r: (float(bool(r.edits)), 1.0)),
        "sentences taken back by the guard, per 100 words": partial(_ratio, of=lambda r: (r.reverted, r.words / 100)),
        "fidelity before the guard": partial(_ratio, of=lambda r: (r.fidelity[0], 1.0)),
        "fidelity": partial(_ratio, of=lambda r: (r.fidelity[1], 1.0)),
        "drafts with a number, address, negation, name or frozen span lost or invented": partial(_count, of=lambda r: bool(r.changed)),
        "half-applied edits": partial(_count, of=lambda r: r.half),
        "share of drafts with a half-applied edit": partial(_share, of=lambda r: r.half),
    }
    if writes:
        found["drafts with a window of which no rewrite could be read"] = partial(_share, of=lambda r: r.unread)
    return found


def _lost_rows() -> dict[str, Row]:
    """Counts by kind, and of each the share of drafts."""
    found: dict[str, Row] = {}
    for kind in facts.KINDS:
        found[f"{kind} lost"] = partial(_count, of=partial(_changed, kind=kind, way=0))
        found[f"{kind} invented"] = partial(_count, of=partial(_changed, kind=kind, way=1))
        found[f"share of drafts with {kind} lost or invented"] = partial(_share, of=partial(_any_changed, kind=kind))
    return found | {"share of drafts with anything lost or invented": partial(_share, of=lambda r: bool(r.changed))}


def _figures(columns: Columns, rows: Mapping[str, Row]) -> dict[str, dict[str, Interval | float | None]]:
    return {name: {method: row(column) for method, column in columns.items()} for name, row in rows.items()}


def _table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    methods = dict.fromkeys(method for of in figures.values() for method in of)
    return table(("", *map(label, methods)), [(name, *(of.get(method) for method in methods)) for name, of in figures.items()])


def _count(column: Column, of: Callable[[_Result], int]) -> float:
    return float(sum(of(result) for _, result in column))


def _changed(result: _Result, kind: str, way: int) -> int:
    return result.changed.get(kind, (0, 0))[way]


def _any_changed(result: _Result, kind: str) -> bool:
    return kind in result.changed


def _share(column: Column, of: Callable[[_Result], int]) -> Interval | None:
    return _ratio(column, lambda result: (float(of(result) > 0), 1.0))


def _ratio(column: Column, of: Callable[[_Result], tuple[float, float]]) -> Interval | None:
    """None where there is nothing to divide by, for no draft has such a place."""
    groups = _pairs(column, of)
    return bootstrap(groups) if _weigh(groups) else None


def _pairs(column: Column, of: Callable[[_Result], tuple[float, float]]) -> dict[str, Pairs]:
    groups: dict[str, Pairs] = defaultdict(list)
    for user, result in column:
        groups[user].append(of(result))
    return groups


def _weigh(groups: Mapping[str, Pairs]) -> bool:
    return any(weight for pairs in groups.values() for _, weight in pairs)


def _distance(result: _Result, feature: str) -> tuple[float, float]:
    return result.after.get(feature, (0.0, 0.0))


def _closed(columns: Columns, names: Names) -> dict[str, dict[str, Interval]]:
    """Of all features together and of each: what each method closes, and the right history over another's. Nothing of what no draft is away from."""
    found = {}
    for name, features in {ALL: RATED, **{feature: (feature,) for feature in RATED}}.items():
        groups = {method: _pairs(column, partial(_closing, features=features)) for method, column in columns.items()}
        if _weigh(groups[UNCHANGED]):
            found[name] = {method: bootstrap(group) for method, group in groups.items()}
            found[name][names.over(names.anothers)] = bootstrap(difference(groups[names.kind], groups[names.anothers]))
    return found


def _closing(result: _Result, features: Sequence[str]) -> tuple[float, float]:
    return closed(result.before, result.after, features)


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
    wrong = [f"{kind}: {lost} lost, {invented} invented" for kind, (lost, invented) in result.changed.items()]
    wrong += [f"half applied: {result.half}"] if result.half else []
    if wrong:
        title = f"a draft for {task.name}: {'; '.join(wrong)}"
        worse = float(sum(map(sum, result.changed.values())) + result.half)
        yield Failure("drafts", title, worse, task.draft, result.text, result.edits)
