"""Does restoration carry over to a neutraliser that no training saw? Dev authors' passages, flattened by each in turn."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.steps.profile import Counts, measure
from training.evaluation.material import SEED, Material, Pairs, edit
from training.statistics import bootstrap
from training.trajectories import base
from training.trajectories.base import LONGEST, summed
from training.trajectories.neutralise import HELD_OUT, NEUTRALISERS, Task
from training.users import Author, another, rewritten, similarity

_TEXTS = 6  # of an author


def _flatten(task: tuple[Author, Author, Counts]) -> dict[tuple[str, str], Pairs]:
    """(neutraliser, method) -> (distance closed, distance) of one author's passages."""
    author, other, generic = task
    found: dict[tuple[str, str], Pairs] = defaultdict(list)
    rng = random.Random(f"{SEED}{author.name}")
    writer = base.Author(author.name, author.source, author.texts)
    flattening = Task(writer, (), summed(other.counts), generic, (1.0, 1.0))
    theirs, their_runs = other.profile(), other.runs()
    for text in rng.sample(author.texts, min(_TEXTS, len(author.texts))):
        own, runs, target = author.profile(text), author.runs(text), base.passage(text, LONGEST, rng)
        for name, neutraliser in NEUTRALISERS.items():
            flat = neutraliser(target, flattening, rng)
            distance = 1 - similarity(flat, target)
            if distance:
                outputs = {
                    "rules": rewritten(RulesReflector(), flat, own, runs)[0],
                    "edit, another user's history": rewritten(edit(), flat, theirs, their_runs)[0],
                    "edit": rewritten(edit(), flat, own, runs)[0],
                }
                for method, output in outputs.items():
                    found[name, method].append((similarity(output, target) - 1 + distance, distance))
    return dict(found)


def transfer(found: Material, people: Mapping[str, Author], pool: ProcessPoolExecutor, n: int) -> dict[str, Any]:
    """Print the table, each neutraliser a row; return its figures. n: drafts that show what is generic."""
    generic = summed(pool.map(measure, found.drafts[:n], chunksize=10))
    tasks = []
    for name in sorted(people):
        if other := another(name, people, SEED):
            tasks.append((people[name], other, generic))
    groups: dict[tuple[str, str], dict[str, Pairs]] = defaultdict(dict)
    for (author, _, _), pairs_of in zip(tasks, pool.map(_flatten, tasks), strict=True):
        for key, pairs in pairs_of.items():
            groups[key][author.name] = pairs
    figures = {key: bootstrap(group) for key, group in groups.items()}
    methods = ("rules", "edit, another user's history", "edit")
    print(
        f"\nDistance closed by neutraliser, {len(tasks)} authors\n\n| neutraliser | texts | {' | '.join(methods)} |\n|---|---|---|---|---|"
    )
    for name in NEUTRALISERS:
        size = sum(map(len, groups[name, "edit"].values()))
        label = f"{name} (held out of training)" if name in HELD_OUT else name
        print(f"| {label} | {size} | {' | '.join(str(figures[name, method]) for method in methods)} |")
    return {f"{name}: {method}": value for (name, method), value in figures.items()}
