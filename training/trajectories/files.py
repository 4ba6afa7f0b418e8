"""Trajectories on disk: shards of JSON lines that hold to `docs/trajectory.schema.json`, and a list of their sha256.

A folder has

    trajectories-00000.jsonl.gz   one trajectory a line
    authors-00000.jsonl.gz        one author a line: name, source, licence, all texts; an id of a trajectory is an index of these. Whoever is in several
                                  parts of a recipe has a line for each, of which the longest begins with the others' texts
    trajectories.json             recipe, number of trajectories by builder and by the model that wrote the draft, sha256 of each shard

Every row is validated when it is written and when it is read. Reading goes through `datasets`, so that a set may be larger than memory: `stream`
for whoever goes through all of it in order, `table` for whoever wants lines by their number. Both have lines as they are, for `from_line` to read.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from rpo_edge.records import Edit, Habit, HistoryItem, Observation, StyleProfile
from training.trajectories.base import Author, Trajectory

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "trajectory.schema.json"
SHARD = 5000
"""Lines of a shard."""
UNWRITTEN = "no model"
"""For the counts by model: the draft was made of a person's own words, by rules."""

_PLAIN = ("draft", "rewrite", "query", "author", "source", "licence", "split", "builder")  # what JSON has as it is
_LATER = ("before", "after", "model")  # as it is, too, but older files lack it

Row = dict[str, Any]


@cache
def validator() -> Draft202012Validator:
    """Of the published schema."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def as_row(t: Trajectory) -> Row:
    """The JSON object. Raises jsonschema's ValidationError."""
    row: Row = {name: getattr(t, name) for name in (*_PLAIN, *_LATER)}
    row["seen"], row["observations"] = list(t.seen), [asdict(observation) for observation in t.observations]
    row["profile"] = {
        "habits": {key: dict(habit.counts) for key, habit in sorted(t.profile.habits.items())},
        "preferences": dict(t.profile.preferences),
        "items": t.profile.items,
        "words": t.profile.words,
    }
    row["history"] = [{"id": item.id, "text": item.text} for item in t.history]
    row["edits"] = [{"start": e.start, "end": e.end, "after": e.after} for e in t.edits]
    validator().validate(row)
    return row


def from_row(row: Row) -> Trajectory:
    """What `as_row` was given. Raises jsonschema's ValidationError."""
    validator().validate(row)
    profile = row["profile"]
    habits = {key: Habit(key, counts) for key, counts in profile["habits"].items()}
    return Trajectory(
        **{name: row[name] for name in _PLAIN},
        **{name: row.get(name, "") for name in _LATER},
        profile=StyleProfile(habits, profile["preferences"], profile["items"], profile["words"]),
        observations=tuple(Observation(**o) for o in row["observations"]),
        edits=tuple(Edit(e["start"], e["end"], row["draft"][e["start"] : e["end"]], e["after"], "align") for e in row["edits"]),
        history=tuple(HistoryItem(item["text"], row["source"], id=item["id"]) for item in row["history"]),
        seen=tuple(row["seen"]),
    )


class Writer:
    """Lines into shards of one kind; the same lines give the same bytes. `close` writes the last shard."""

    def __init__(self, folder: Path, kind: str, size: int = SHARD) -> None:
        self._folder, self._kind, self._size = folder, kind, size
        self._lines: list[str] = []
        self.shards: dict[str, str] = {}

    def add(self, row: Row) -> None:
        """One line."""
        self._lines.append(json.dumps(row))  # in ASCII: `datasets` would end a line at U+2028, too
        if len(self._lines) == self._size:
            self.close()

    def close(self) -> None:
        """Write what waits."""
        if self._lines:
            path = self._folder / f"{self._kind}-{len(self.shards):05d}.jsonl.gz"
            buffer = io.BytesIO()
            with gzip.GzipFile(fileobj=buffer, mode="wb", filename="", mtime=0, compresslevel=6) as file:
                file.write("".join(f"{line}\n" for line in self._lines).encode())
            path.write_bytes(buffer.getvalue())
            self.shards[path.name] = hashlib.sha256(buffer.getvalue()).hexdigest()
            self._lines = []


def stream(folder: Path) -> IterableDataset:
    """The lines of a folder as {"text"}, in the order of its files. Raises FileNotFoundError where there are no trajectories."""
    from datasets import IterableDataset, load_dataset

    lines = load_dataset("text", data_files=_shards(folder), split="train", streaming=True)
    assert isinstance(lines, IterableDataset)
    return lines


def table(folder: Path, cache: Path) -> Dataset:
    """The same lines by their number, unpacked into the folder `cache` once and read from there as they are wanted.

    Raises FileNotFoundError where there are no trajectories.
    """
    from datasets import Dataset, load_dataset

    lines = load_dataset("text", data_files=_shards(folder), split="train", cache_dir=str(cache))
    assert isinstance(lines, Dataset)
    return lines


def _shards(folder: Path) -> list[str]:
    if paths := sorted(map(str, folder.glob("trajectories-*.jsonl.gz"))):
        return paths
    raise FileNotFoundError(f"no trajectories-*.jsonl.gz in {folder}; `python -m training trajectories build` makes them")


def from_line(row: Row) -> Trajectory:
    """The trajectory of a row of `stream` or `table`. Raises jsonschema's ValidationError."""
    return from_row(json.loads(row["text"]))


def read(folder: Path) -> Iterator[Trajectory]:
    """Every trajectory of a folder, streamed. Raises FileNotFoundError where there is none."""
    yield from map(from_line, stream(folder))


def described(origins: Iterable[tuple[str, str, str]]) -> dict[str, dict[str, int]]:
    """What trajectories are made of, for a card: how many by how the draft was made, by the licence of the person's texts (of personas, the draft's), and
    by the model that wrote the draft. origins: these three of each, the last "" where no model wrote it."""
    counted: tuple[Counter[str], Counter[str], Counter[str]] = Counter(), Counter(), Counter()
    for origin in origins:
        for names, name in zip(counted, origin, strict=True):
            names[name or UNWRITTEN] += 1
    return {kind: dict(names.most_common()) for kind, names in zip(("trajectories", "licences", "models"), counted, strict=True)}


def read_authors(folder: Path) -> Iterator[Author]:
    """Every author of a folder once, texts and all: as the part of the recipe has them that knows most."""
    found: dict[tuple[str, str], Author] = {}
    for path in sorted(folder.glob("authors-*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
            for row in map(json.loads, file):
                author = Author(row["name"], row["source"], tuple(row["texts"]), row["licence"])
                known = found.setdefault((author.name, author.source), author)
                if len(known.texts) < len(author.texts):
                    found[author.name, author.source] = author
    yield from found.values()
