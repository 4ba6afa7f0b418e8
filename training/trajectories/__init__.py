"""Structured rewriting trajectories, made from texts for which no generic draft exists.

    python -m training trajectories OUT [--builder neutralise] [--split train|dev] [--authors N] [--texts N]

One file a builder, one row in BUILDERS. A trajectory is one JSON object a line: builder, neutraliser, author, source,
draft, target, edits, and the ids of the author's other texts that are its history. Same seed, same bytes.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from training.trajectories import neutralise
from training.trajectories.base import Author, Trajectory, authors

BUILDERS: dict[str, Callable[[list[Author], ProcessPoolExecutor, int], Iterator[Trajectory]]] = {"neutralise": neutralise.build}


def main(argv: list[str]) -> None:
    """Build and write trajectories; print how many there are by neutraliser, and their edits."""
    parser = argparse.ArgumentParser(prog="python -m training trajectories")
    parser.add_argument("out", type=Path, help="a .jsonl file to write")
    parser.add_argument("--builder", choices=BUILDERS, default="neutralise")
    parser.add_argument("--split", choices=("train", "dev"), default="train")
    parser.add_argument("--authors", type=int, help="only so many, evenly over the sources")
    parser.add_argument("--texts", type=int, default=40, help="texts of each author that become targets")
    options = parser.parse_args(argv)
    people = list(authors(options.split))
    if options.authors:
        people = people[:: max(1, len(people) // options.authors)][: options.authors]
    written: Counter[str] = Counter()
    edits: Counter[str] = Counter()
    with ProcessPoolExecutor() as pool, options.out.open("w", encoding="utf-8", newline="\n") as file:
        for trajectory in BUILDERS[options.builder](people, pool, options.texts):
            file.write(json.dumps(trajectory.as_row(), ensure_ascii=False) + "\n")
            written[trajectory.neutraliser] += 1
            edits[trajectory.neutraliser] += len(trajectory.edits)
    for name, n in sorted(written.items()):
        print(f"{n:8d} trajectories by {name}, {edits[name] / n:.1f} edits each")
