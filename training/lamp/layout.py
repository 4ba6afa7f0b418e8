"""LaMP's files: questions (`dev_questions.json`) and outputs (`dev_outputs.json`), read with checks and written.

    questions   [{"id", "input", "profile": [{"id", "text", "title", "date", ...}]}]
    outputs     {"task": "LaMP_4", "golds": [{"id", "output"}]}; predictions have the same form

An item's own text stands under another name in some tasks: "abstract" (LaMP-1, LaMP-5), "description" (LaMP-2); and what the user
gave it, here its label: "tag" (LaMP-2), "category" (the older LaMP-2), "score" (LaMP-3). A date may be a year alone. Sources: the
README and the field names that the prompts of github.com/LaMP-Benchmark/LaMP use. Ids and labels that are JSON numbers become text.
Fields that are not named here are not kept. A whole file is read at once: the largest are above 800 MB.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, Any]

TEXTS = ("text", "abstract", "description")
LABELS = ("tag", "category", "score")


@dataclass(frozen=True, slots=True)
class Item:
    """One text of a user's profile. label: the tag, category or score that the user gave it."""

    id: str
    text: str
    title: str | None = None
    date: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One question about one user, whose own answer is not in the profile."""

    id: str
    input: str
    profile: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Outputs:
    """Answers by the question's id: the golds of a task, or predictions. task: as in the file, "LaMP_4"."""

    task: str
    answers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Fields:
    """What a task calls an item's text and label."""

    text: str = "text"
    label: str | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a file a value stands, for the errors."""

    path: Path
    where: str = ""

    def at(self, where: str) -> _Place:
        return _Place(self.path, f"{self.where}, {where}" if self.where else where)

    def wrong(self, what: str) -> ValueError:
        return ValueError(f"{self.path}: {self.where + ': ' if self.where else ''}{what}")

    def rows(self, value: Any, name: str) -> Iterator[tuple[Row, _Place]]:
        """Objects of a list, each with its place. Raises ValueError where the list is none, or holds something else."""
        if not isinstance(value, list):
            raise self.wrong(f"the {name}s are not a list")
        for n, row in enumerate(value, 1):
            here = self.at(f"{name} {n}")
            if not isinstance(row, dict):
                raise here.wrong("not an object")
            yield row, here

    def text(self, row: Row, key: str, numbers: bool = False) -> str:
        """The text under `key`, which must be there; a number is made text where `numbers` may stand."""
        if key not in row:
            raise self.wrong(f"no '{key}'")
        value = row[key]
        if numbers and isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            raise self.wrong(f"'{key}' is {type(value).__name__}, not text")
        return value

    def optional(self, row: Row, key: str | None) -> str | None:
        """As `text`, numbers allowed; None where there is none."""
        return None if key is None or row.get(key) is None else self.text(row, key, numbers=True)


def read_questions(path: Path) -> list[Question]:
    """The questions of a file. Raises ValueError, which names file and place, where it is not of the layout or an id comes twice."""
    found: dict[str, Question] = {}
    for row, place in _Place(path).rows(_json(path), "question"):
        question = _question(row, place)
        if question.id in found:
            raise place.wrong(f"the id '{question.id}' is there already")
        found[question.id] = question
    return list(found.values())


def read_outputs(path: Path) -> Outputs:
    """The golds or predictions of a file. Raises as `read_questions`."""
    whole, place = _json(path), _Place(path)
    if not isinstance(whole, dict):
        raise place.wrong('not an object with "task" and "golds"')
    answers: dict[str, str] = {}
    for row, here in place.rows(whole.get("golds"), "gold"):
        key = here.text(row, "id", numbers=True)
        if key in answers:
            raise here.wrong(f"the id '{key}' is there already")
        answers[key] = here.text(row, "output", numbers=True)
    return Outputs(place.text(whole, "task"), answers)


def write_questions(path: Path, questions: Sequence[Question], fields: Fields) -> None:
    """Write questions; what an item lacks is left out."""
    _write(path, [{"id": q.id, "input": q.input, "profile": [_row(item, fields) for item in q.profile]} for q in questions])


def write_outputs(path: Path, outputs: Outputs) -> None:
    """Write golds or predictions."""
    _write(path, {"task": outputs.task, "golds": [{"id": key, "output": text} for key, text in outputs.answers.items()]})


def same_ids(one: Sequence[str], other: Sequence[str], names: tuple[str, str]) -> None:
    """Raises ValueError where an id is on one side alone; names: what the sides are called."""
    for here, there, (name, missing) in ((one, other, names), (other, one, names[::-1])):
        lone = sorted(set(here) - set(there))
        if lone:
            raise ValueError(f"{len(lone)} ids of {name} are not in {missing}, the first is '{lone[0]}'")


def _question(row: Row, place: _Place) -> Question:
    key = place.text(row, "id", numbers=True)
    place = place.at(f"id '{key}'")
    items = tuple(_item(item, here) for item, here in place.rows(row.get("profile"), "profile item"))
    return Question(key, place.text(row, "input"), items)


def _item(row: Row, place: _Place) -> Item:
    key = place.text(row, "id", numbers=True)
    named = [name for name in TEXTS if name in row]
    if len(named) != 1:
        raise place.wrong(f"one of {', '.join(TEXTS)} is needed, there are {', '.join(named) or 'none'}")
    label = next((name for name in LABELS if name in row), None)
    title, date = (place.optional(row, name) for name in ("title", "date"))
    return Item(key, place.text(row, named[0]), title, date, place.optional(row, label))


def _row(item: Item, fields: Fields) -> Row:
    row = {"id": item.id, fields.text: item.text, "title": item.title, "date": item.date}
    if fields.label:
        row[fields.label] = item.label
    return {key: value for key, value in row.items() if value is not None}


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:  # of JSON or of UTF-8
        raise ValueError(f"{path}: not JSON: {error}") from None


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
