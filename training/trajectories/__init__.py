"""Structured rewriting trajectories, made from texts for which no generic draft exists.

    python -m training trajectories build OUT [--recipe training/recipes/edit.toml] [--authors N]

One file a builder, one row in BUILDERS. A recipe (TOML) names the split and, one after the other, what is built with which options;
`files.py` says what OUT holds. Same recipe, same bytes.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from rich.progress import Progress

from training import processes
from training.recipe import RECIPES
from training.trajectories import neutralise, pairs, persona
from training.trajectories.assemble import assemble
from training.trajectories.base import Author, Pair, authors
from training.trajectories.files import Row, Writer, as_row

BUILDERS: dict[str, tuple[Callable[..., Iterator[tuple[Author, list[Pair]]]], type]] = {
    "neutralise": (neutralise.build, neutralise.Options),
    "persona": (persona.build, persona.Options),
    "pairs": (pairs.build, pairs.Options),
}
"""build(people, pool, options), and what its options are."""


def build(recipe: Row, people: list[Author], pool: ProcessPoolExecutor) -> Iterator[tuple[Author, list[Row]]]:
    """Authors and their trajectories' rows, builder after builder. Raises ValueError for a builder or an option that is none."""
    for part in recipe["build"]:
        name = part["builder"]
        if name not in BUILDERS:
            raise ValueError(f"no builder is called {name!r}; there are: {', '.join(BUILDERS)}")
        builder, options = BUILDERS[name]
        try:
            chosen = options(**{key: value for key, value in part.items() if key != "builder"})
        except TypeError as error:
            raise ValueError(f"{name} has no such option: {error}") from error
        found = builder(people, pool, chosen)
        yield from pool.map(partial(_rows, split=recipe["split"]), found, chunksize=1)


def _rows(made: tuple[Author, list[Pair]], split: str) -> tuple[Author, list[Row]]:
    return made[0], [as_row(trajectory) for trajectory in assemble(*made, split)]


def write(recipe: Row, people: list[Author], out: Path) -> tuple[Counter[str], Counter[str]]:
    """The whole folder. Returns how many trajectories there are, and how many edits, by builder."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.jsonl.gz"):
        old.unlink()
    written: Counter[str] = Counter()
    edits: Counter[str] = Counter()
    with (
        processes.pool() as pool,
        Progress() as progress,
        closing(Writer(out, "trajectories")) as rows,
        closing(Writer(out, "authors", 200)) as names,
    ):
        bar = progress.add_task("trajectories", total=len(people) * len(recipe["build"]))
        for author, found in build(recipe, people, pool):
            names.add(asdict(author))
            for row in found:
                rows.add(row)
                written[row["builder"]] += 1
                edits[row["builder"]] += len(row["edits"])
            progress.advance(bar)
    facts = {"recipe": recipe, "trajectories": dict(sorted(written.items())), "sha256": rows.shards | names.shards}
    (out / "trajectories.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    return written, edits


def main(argv: list[str]) -> None:
    """Build and write trajectories; print how many there are by builder, and their edits."""
    commands = argparse.ArgumentParser(prog="python -m training trajectories")
    parser = commands.add_subparsers(required=True).add_parser("build", help="everything that a recipe names")
    parser.add_argument("out", type=Path, help="a folder to write into; shards that are there go")
    parser.add_argument("--recipe", type=Path, default=RECIPES / "edit.toml")
    parser.add_argument("--authors", type=int, help="only so many, evenly over the sources")
    options = commands.parse_args(argv)
    recipe: dict[str, Any] = tomllib.loads(options.recipe.read_text("utf-8"))["trajectories"]
    people = list(authors(recipe["split"]))
    if options.authors:
        people = people[:: max(1, len(people) // options.authors)][: options.authors]
    written, edits = write(recipe, people, options.out)
    for name, n in sorted(written.items()):
        print(f"{n:8d} trajectories by {name}, {edits[name] / n:.1f} edits each")


__all__ = ["BUILDERS", "authors", "build", "main", "write"]
