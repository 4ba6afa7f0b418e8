"""LongLaMP (arXiv 2407.11016): long texts in a user's manner. From its parquet files to lines for the workshop, as `convert.lines` makes them.

A row of a file has the question ("input"), the gold ("output") and the user's profile, with names that tell the task:

    task                         user          an item's text     its title      its label
    abstracts of papers          name          abstract           title
    topics (forum posts)         author        content            summary
    reviews of products          reviewerId    reviewText         summary        overall

E-mail completion needs a licensed collection of e-mail and is left out, as LaMP-6 is. There are no ids of questions: the file's name and
the row's number make one. The files lie on a model hub; who can download them puts them into a folder. `score` gives ROUGE; the paper's
METEOR is not computed, since it needs a lexical database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.lamp.layout import Row


@dataclass(frozen=True, slots=True)
class Form:
    """The names of one task's fields."""

    task: str
    text: str
    title: str
    label: str | None = None


FORMS = {
    "name": Form("LongLaMP-abstracts", "abstract", "title"),
    "author": Form("LongLaMP-topics", "content", "summary"),
    "reviewerId": Form("LongLaMP-reviews", "reviewText", "summary", "overall"),
}
"""By the field that holds the user."""


def lines(path: Path) -> Iterator[Row]:
    """One row for each question of a parquet file; memory holds a batch of them. Raises ValueError for a file that is none of LongLaMP's."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            user = next((name for name in FORMS if name in file.schema_arrow.names), None)
            if user is None or not {"input", "output", "profile"} <= set(file.schema_arrow.names):
                raise ValueError(f"{path} has the fields {', '.join(file.schema_arrow.names)}; none of LongLaMP's tasks has these")
            number = 0
            for batch in file.iter_batches(batch_size=64):
                for row in batch.to_pylist():
                    yield _line(row, FORMS[user], f"{path.stem}-{number}")
                    number += 1
    except ArrowException as error:
        raise ValueError(f"{path} is no parquet file: {error}") from error


def _line(row: Mapping[str, Any], form: Form, key: str) -> Row:
    items = [_item(item, form, f"{key}-{i}") for i, item in enumerate(row["profile"] or ())]
    return {
        "id": key,
        "query": str(row["input"]),
        "history": [item for item in items if item["text"].strip()],
        "gold": str(row["output"]),
        "task": form.task,
        "draft": None,
    }


def _item(item: Mapping[str, Any], form: Form, key: str) -> Row:
    found = {"title": item.get(form.title), "date": item.get("year"), "label": item.get(form.label) if form.label else None}
    return {"id": key, "text": str(item.get(form.text) or "")} | {name: str(value) for name, value in found.items() if value is not None}
