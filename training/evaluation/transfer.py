"""Does restoration carry over to a neutraliser that no training saw? Dev authors' passages, flattened by each in turn."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.steps.profile import Counts, measure
from training.evaluation.known import Memory, library
from training.evaluation.material import SEED, Ground, naming, told
from training.evaluation.outcome import Outcome, Pairs, table
from training.statistics import bootstrap
from training.trajectories import base
from training.trajectories.base import LONGEST, summed
from training.trajectories.neutralise import HELD_OUT, NEUTRALISERS, Task
from training.users import Author, rewritten, similarity

_TEXTS = 6  # of an author, at most


@dataclass(frozen=True)
class _Task:
    """One author's passages, the peer whose history is the control, what is generic, and how many passages."""

    author: Author
    other: Author
    generic: Counts
    texts: int


def _flatten(task: _Task) -> dict[tuple[str, str], Pairs]:
    """(neutraliser, method) -> (distance closed, distance) of one author's passages."""
    author, other = task.author, task.other
    found: dict[tuple[str, str], Pairs] = defaultdict(list)
    rng = random.Random(f"{SEED}{author.name}")
    writer = base.Author(author.name, author.source, author.texts)
    flattening = Task(writer, (), summed(other.counts), task.generic, (1.0, 1.0))
    with library(author, naming().reads) as own, library(other, naming().reads) as others:
        theirs = others.memory()
        for text in rng.sample(author.texts, min(task.texts, len(author.texts))):
            mine, target = own.memory(without=text), base.passage(text, LONGEST, rng)
            for name, neutraliser in NEUTRALISERS.items():
                flat = neutraliser(target, flattening, rng)
                distance = 1 - similarity(flat, target)
                for method, output in _outputs(flat, mine, theirs).items() if distance else ():
                    found[name, method].append((similarity(output, target) - 1 + distance, distance))
    return dict(found)


def _outputs(flat: str, mine: Memory, theirs: Memory) -> dict[str, str]:
    own = mine.known(flat)
    return {
        "rules": rewritten(RulesReflector(), flat, *own)[0],
        naming().anothers: told(flat, theirs.known(flat))[0],
        naming().kind: told(flat, own)[0],
    }


def transfer(ground: Ground) -> Outcome:
    """Distance closed, each neutraliser a row. As many drafts as are given show what is generic."""
    generic = summed(ground.pool.map(measure, ground.found.drafts[: ground.drafts], chunksize=10))
    tasks = [_Task(author, other, generic, min(_TEXTS, ground.texts)) for author, other in ground.pairs_of_users()]
    groups: dict[tuple[str, str], dict[str, Pairs]] = defaultdict(dict)
    for task, pairs_of in zip(tasks, ground.pool.map(_flatten, tasks), strict=True):
        for key, pairs in pairs_of.items():
            groups[key][task.author.name] = pairs
    figures = {key: bootstrap(group) for key, group in groups.items()}
    main = ground.names.kind
    methods = ("rules", ground.names.anothers, main)
    found: dict[str, dict[str, Any]] = {}
    for name in NEUTRALISERS:
        if groups[name, main]:
            label = f"{name} (held out of training)" if name in HELD_OUT else name
            texts = sum(map(len, groups[name, main].values()))
            found[label] = {"texts": texts, **{method: figures[name, method] for method in methods}}
    rows = [(label, *row.values()) for label, row in found.items()]
    text = f"Distance closed by neutraliser, {len(tasks)} authors\n\n{table(('neutraliser', 'texts', *methods), rows)}"
    return Outcome(found, text)
