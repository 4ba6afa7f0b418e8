"""Structured rewriting trajectories, made from texts for which no generic draft exists, and from drafts that a teacher wrote.

    python -m training trajectories build OUT [--recipe training/recipes/edit.toml] [--authors N]

One file a builder, one row in BUILDERS. A recipe (TOML) names the split and, one after the other, what is built with which options;
`files.py` says what OUT holds. Same recipe and same files, same bytes. Two builders are of files that a trainer has: `lamp` of LaMP's, as
`python -m training lamp convert` leaves them, and `teacher` of what `python -m training teacher` wrote.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.progress import Progress

from rpo_edge.errors import RpoEdgeError
from training import data, processes
from training import recipe as recipes
from training.recipe import RECIPES
from training.trajectories import lamp, neutralise, pairs, persona, taught
from training.trajectories.assemble import assemble
from training.trajectories.base import Author, Pair, authors
from training.trajectories.files import UNWRITTEN, Row, Writer, as_row

Builder = Callable[..., Iterator[tuple[Author, list[Pair]]]]
BUILDERS: dict[str, tuple[Builder, type]] = {
    "neutralise": (neutralise.build, neutralise.Options),
    "persona": (persona.build, persona.Options),
    "pairs": (pairs.build, pairs.Options),
    "lamp": (lamp.build, lamp.Options),
    "teacher": (taught.build, taught.Options),
}
"""build(people, pool, options), and what its options are."""

_OF_FILES = ("lamp", "teacher")
"""Builders of files that a trainer has; they need no research data."""


@dataclass(frozen=True)
class Written:
    """How many trajectories there are, and how many edits, by builder; and how many drafts are by which language model."""

    trajectories: Counter[str] = field(default_factory=Counter)
    edits: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)

    def count(self, row: Row) -> None:
        """One more."""
        self.trajectories[row["builder"]] += 1
        self.edits[row["builder"]] += len(row["edits"])
        self.models[row["model"] or UNWRITTEN] += 1


def build(recipe: Row, people: list[Author], pool: ProcessPoolExecutor) -> Iterator[tuple[Author, list[Row]]]:
    """Authors and their trajectories' rows, builder after builder.

    Raises ValueError before anything is built for a builder or an option that is none, a file that is not there, or personas that bear the names of others.
    """
    parts = [_chosen(part) for part in recipe["build"]]
    names = [options.name for _, options in parts if isinstance(options, persona.Options)]
    if twice := [name for name, n in Counter(names).items() if n > 1]:
        raise ValueError(f"personas of two parts are called {twice[0]!r}: give those of one another name (name = …)")
    return _built(parts, recipe["split"], people, pool)


def _chosen(part: Row) -> tuple[Builder, Any]:
    name = part["builder"]
    if name not in BUILDERS:
        raise ValueError(f"no builder is called {name!r}; there are: {', '.join(BUILDERS)}")
    builder, options = BUILDERS[name]
    try:
        return builder, options(**{key: value for key, value in part.items() if key != "builder"})
    except TypeError as error:
        raise ValueError(f"{name} has no such option, or needs another: {error}") from error


def _built(
    parts: Iterable[tuple[Builder, Any]], split: str, people: list[Author], pool: ProcessPoolExecutor
) -> Iterator[tuple[Author, list[Row]]]:
    for builder, options in parts:
        yield from pool.map(partial(_rows, split=split), builder(people, pool, options), chunksize=1)


def _rows(made: tuple[Author, list[Pair]], split: str) -> tuple[Author, list[Row]]:
    return made[0], [as_row(trajectory) for trajectory in assemble(*made, split)]


def write(recipe: Row, people: list[Author], out: Path) -> Written:
    """The whole folder. Raises ValueError as `build` does, and then has changed nothing; where one author has other texts in one part than in another;
    and where nothing was built."""
    written = Written()
    texts: dict[tuple[str, str], tuple[str, ...]] = {}
    with processes.pool() as pool:
        found = build(recipe, people, pool)
        out.mkdir(parents=True, exist_ok=True)
        for old in (*out.glob("*.jsonl.gz"), out / "trajectories.json"):
            old.unlink(missing_ok=True)
        with Progress() as progress, closing(Writer(out, "trajectories")) as rows, closing(Writer(out, "authors", 200)) as names:
            bar = progress.add_task("trajectories", total=len(people) * len(recipe["build"]))
            for author, of_author in found:
                _same(texts.setdefault((author.name, author.source), author.texts), author)
                names.add(asdict(author))
                for row in of_author:
                    rows.add(row)
                    written.count(row)
                progress.advance(bar)
    if not written.trajectories:
        raise ValueError(f"nothing was built: there were {len(people)} authors of the split {recipe['split']!r}")
    facts = {
        "recipe": recipe,
        "trajectories": dict(sorted(written.trajectories.items())),
        "models": dict(written.models.most_common()),
        "sha256": rows.shards | names.shards,
    }
    (out / "trajectories.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    return written


def _same(known: tuple[str, ...], author: Author) -> None:
    """Trajectories say by number which texts they may show. Raises ValueError where these are other ones in another part."""
    both = min(len(known), len(author.texts))
    if known[:both] != author.texts[:both]:
        raise ValueError(
            f"{author.name} ({author.source}) has other texts in another part of the recipe: build these parts into folders of their own"
        )


def _people(recipe: Row) -> list[Author]:
    """Nobody where the data is not here and not needed. Raises InputError where it is needed."""
    needless = all(part["builder"] in _OF_FILES for part in recipe["build"])
    return [] if needless and not data.available() else list(authors(recipe["split"]))


def main(argv: list[str]) -> None:
    """Build and write trajectories; print how many there are by builder, their edits, and which models wrote the drafts."""
    commands = recipes.parser("trajectories", __doc__)
    parser = commands.add_subparsers(required=True).add_parser("build", help="everything that a recipe names")
    parser.add_argument("out", type=Path, help="a folder to write into; shards that are there go")
    parser.add_argument("--recipe", type=Path, default=RECIPES / "edit.toml")
    parser.add_argument("--authors", type=int, help="only so many, evenly over the sources")
    options = commands.parse_args(argv)
    recipe: dict[str, Any] = tomllib.loads(options.recipe.read_text("utf-8"))["trajectories"]
    people = _people(recipe)
    if options.authors:
        people = people[:: max(1, len(people) // options.authors)][: options.authors]
    try:
        written = write(recipe, people, options.out)
    except (RpoEdgeError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    for name, n in sorted(written.trajectories.items()):
        print(f"{n:8d} trajectories by {name}, {written.edits[name] / n:.1f} edits each")
    for name, n in written.models.most_common():
        print(f"{n:8d} drafts by {name}")


__all__ = ["BUILDERS", "Written", "authors", "build", "main", "write"]
