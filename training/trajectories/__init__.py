"""Structured rewriting trajectories, made from texts for which no generic draft exists.

    python -m training trajectories OUT [--builder neutralise|persona] [--split train|dev] [--authors N] [--texts N]

One file a builder, one row in BUILDERS. OUT is a folder: BUILDER.jsonl holds a trajectory a line (builder, neutraliser,
author, source, draft, target, edits, the index of the author's text that holds the target, and the indices of those that
are its history), BUILDER.authors.jsonl the authors and their texts. Same seed, same bytes.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from training.trajectories import neutralise, persona
from training.trajectories.base import Author, Trajectory, authors

BUILDERS: dict[str, Callable[[list[Author], ProcessPoolExecutor, int], Iterator[tuple[Author, list[Trajectory]]]]] = {
    "neutralise": neutralise.build,
    "persona": persona.build,
}


def main(argv: list[str]) -> None:
    """Build and write trajectories; print how many there are by neutraliser, and their edits."""
    parser = argparse.ArgumentParser(prog="python -m training trajectories")
    parser.add_argument("out", type=Path, help="a folder to write into")
    parser.add_argument("--builder", choices=BUILDERS, default="neutralise")
    parser.add_argument("--split", choices=("train", "dev"), default="train")
    parser.add_argument("--authors", type=int, help="only so many, evenly over the sources")
    parser.add_argument(
        "--texts", type=int, default=40, help="neutralise: texts of each author that become targets; persona: texts of its history"
    )
    options = parser.parse_args(argv)
    people = list(authors(options.split))
    if options.authors:
        people = people[:: max(1, len(people) // options.authors)][: options.authors]
    written: Counter[str] = Counter()
    edits: Counter[str] = Counter()
    options.out.mkdir(parents=True, exist_ok=True)
    paths = [options.out / f"{options.builder}{kind}.jsonl" for kind in ("", ".authors")]
    with ProcessPoolExecutor() as pool, ExitStack() as stack:
        rows, names = (stack.enter_context(path.open("w", encoding="utf-8", newline="\n")) for path in paths)
        for author, trajectories in BUILDERS[options.builder](people, pool, options.texts):
            names.write(json.dumps(asdict(author), ensure_ascii=False) + "\n")
            for trajectory in trajectories:
                rows.write(json.dumps(trajectory.as_row(), ensure_ascii=False) + "\n")
                written[trajectory.neutraliser] += 1
                edits[trajectory.neutraliser] += len(trajectory.edits)
    for name, n in sorted(written.items()):
        print(f"{n:8d} trajectories by {name}, {edits[name] / n:.1f} edits each")
