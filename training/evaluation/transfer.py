"""Does restoration carry over to a neutraliser that no training saw? Dev authors' passages, flattened by each in turn."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rpo_edge.records import Edit
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.steps.profile import Counts, measure
from training.evaluation.known import Memory, library
from training.evaluation.material import SEED, Ground, Names, naming, nobody, told
from training.evaluation.outcome import Failure, Outcome, Pairs, difference, label, table
from training.statistics import bootstrap
from training.trajectories import base
from training.trajectories.base import LONGEST, summed
from training.trajectories.neutralise import HELD_OUT, NEUTRALISERS, Task
from training.users import Author, another, rewritten, similarity

ALL = "all together"
_TEXTS = 6  # of an author, at most


@dataclass(frozen=True)
class _Task:
    """One author's passages, the peer whose history is the control, another one toward whom one neutraliser flattens, what is generic, and how many
    passages. Where these two are one, for want of peers, that neutraliser is left out: the control would write as the passage was flattened."""

    author: Author
    other: Author
    toward: Author
    generic: Counts
    texts: int


def _flatten(task: _Task) -> tuple[dict[tuple[str, str], Pairs], list[Failure]]:
    """(neutraliser, method) -> (distance closed, distance) of one author's passages; and those that what is evaluated leads away."""
    author, other = task.author, task.other
    found: dict[tuple[str, str], Pairs] = defaultdict(list)
    failures = []
    rng = random.Random(f"{SEED}{author.name}")
    writer = base.Author(author.name, author.source, author.texts)
    flattening = Task(writer, (), summed(task.toward.counts), task.generic, (1.0, 1.0))
    with library(author, naming().reads) as own, library(other, naming().reads) as others:
        theirs = others.memory()
        for text in rng.sample(author.texts, min(task.texts, len(author.texts))):
            mine, target = own.memory(without=text), base.passage(text, LONGEST, rng)
            for name, neutraliser in NEUTRALISERS.items():
                if name == "other" and task.toward.name == task.other.name:
                    continue
                flat = neutraliser(target, flattening, rng)
                distance = 1 - similarity(flat, target)
                if not distance:
                    continue
                outputs, edits = _outputs(flat, mine, theirs)
                for method, output in outputs.items():
                    found[name, method].append((similarity(output, target) - 1 + distance, distance))
                if (gained := found[name, naming().kind][-1][0]) < 0:
                    title = f"{author.name} ({author.source}), flattened by {name}: {-gained:.3f} farther from the author's own words"
                    failures.append(Failure("transfer", title, -gained, flat, outputs[naming().kind], tuple(edits), target))
    return dict(found), failures


def _outputs(flat: str, mine: Memory, theirs: Memory) -> tuple[dict[str, str], list[Edit]]:
    """By method; and the edits that the right history leads to."""
    own = mine.known(flat)
    text, edits = told(flat, own)
    return {
        "rules": rewritten(RulesReflector(), flat, *own)[0],
        naming().nobodys: told(flat, nobody())[0],
        naming().anothers: told(flat, theirs.known(flat))[0],
        naming().kind: text,
    }, edits


def transfer(ground: Ground) -> Outcome:
    """Distance closed, each neutraliser a row, and all. As many drafts as are given show what is generic."""
    generic = summed(ground.pool.map(measure, ground.found.drafts[: ground.drafts], chunksize=10))
    tasks = [
        _Task(author, other, toward, generic, min(_TEXTS, ground.texts))
        for author, other in ground.pairs_of_users()
        for toward in [another(author.name, ground.people, SEED, but=[other.name]) or other]
    ]
    groups: dict[str, dict[str, dict[str, Pairs]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    failures: list[Failure] = []
    for task, (pairs_of, worse) in zip(tasks, ground.pool.map(_flatten, tasks), strict=True):
        failures += worse
        for (name, method), pairs in pairs_of.items():
            for row in (name, ALL):
                groups[row][method][task.author.name] += pairs
    shown = {
        f"{name} (held out of training)" if name in HELD_OUT else name: groups[name] for name in (*NEUTRALISERS, ALL) if name in groups
    }
    found: dict[str, dict[str, Any]] = {name: _figures(methods, ground.names) for name, methods in shown.items()}
    over = ground.names.over(ground.names.anothers)
    methods = [method for method in next(iter(found.values()), {}) if method != "texts"]
    lines = [(name, *row.values()) for name, row in found.items()]
    text = f"Distance closed by neutraliser, {len(tasks)} authors\n\n{table(('neutraliser', 'texts', *map(label, methods)), lines)}"
    return Outcome(found, text, failures, {f"distance closed, {name}": row[over] for name, row in found.items()})


def _figures(methods: Mapping[str, dict[str, Pairs]], names: Names) -> dict[str, Any]:
    """Of one neutraliser: how many texts, the distance closed by method, and what the right history adds to another's."""
    right = methods[names.kind]
    return {
        "texts": sum(map(len, right.values())),
        **{method: bootstrap(methods[method]) for method in ("rules", names.nobodys, names.anothers, names.kind)},
        names.over(names.anothers): bootstrap(difference(right, methods[names.anothers])),
    }
