"""How a question of LaMP is put to a reflector, which rewrites drafts: what the draft is, and what it answers. For training and prediction alike.

    written     a teacher's answer to the question, which a line may bring along: as on a device. It comes before the others
    opening     of a title or headline the first ten words of the text that it is for, which are nobody's title; of a tweet the tweet
    text        the text that the question is about, with the question as the query, for a reflector that writes freely

A question is known by how LaMP's inputs end: "… for the following article: TEXT". That of a citation (LaMP-1) is all question, and the texts
of the history stand under their titles, and under what the user gave them: the tag, category or score.

The tweets of LaMP-7 are not as somebody wrote them: OpenAI's model put them in other words (arXiv 2304.11406), so a draft made of them is its.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training.lamp.layout import Row

FORMS = ("opening", "text")
FIRST = 10
"""Words of a text that stand for its title; the titles of papers have ten on average."""
TITLED = ("LaMP-4", "LaMP-5", "pairs-title")
"""Tasks of which an opening is a start of an answer."""

_PARAPHRASED = "LaMP-7"
_BEFORE = {  # the word, with a colon, that the text comes after
    "LaMP-2": "description|article",
    "LaMP-3": "review",
    "LaMP-4": "article",
    "LaMP-5": "paper|abstract",
    "LaMP-7": "it|tweet",
    "pairs-title": "abstract",
}


@dataclass(frozen=True, slots=True)
class Posed:
    """A draft and what it answers. model: which wrote it, "" if none did."""

    draft: str
    query: str | None
    model: str = ""


def posed(line: Row, form: str) -> Posed:
    """A question (`read_lines`), with the teacher's draft where it has one, else in one of FORMS.

    Raises ValueError where there is no such form, or the task has no opening that would be an answer.
    """
    task, query = line["task"].replace("_", "-"), line["query"]
    if line.get("draft"):
        return Posed(line["draft"], query, line.get("teacher", ""))
    if form not in FORMS:
        raise ValueError(f"the form of a draft is one of {', '.join(FORMS)}, not {form!r}")
    asked, text = parted(task, query)
    model = "gpt-3.5-turbo" if task == _PARAPHRASED else ""
    if form == "text":
        return Posed(text, asked, model)
    if task not in (*TITLED, _PARAPHRASED):
        raise ValueError(
            f"question '{line['id']}': {task} needs drafts; `python -m training teacher answers` writes them, or take the form 'text'"
        )
    return Posed(first_words(text) if task in TITLED else text, query, model)


def parted(task: str, query: str) -> tuple[str | None, str]:
    """What is asked, and the text that it is asked about; (None, the whole) where there is no such border."""
    words = _BEFORE.get(task)
    found = re.fullmatch(rf"(.*?\b(?:{words}):)\s+(\S.*)", query.strip(), re.DOTALL) if words else None
    return (found[1], found[2]) if found else (None, query.strip())


def first_words(text: str) -> str:
    """What a text begins with, without a mark at the end."""
    return " ".join(text.split()[:FIRST]).rstrip(".,;:")


def shown(item: Row) -> str:
    """A text of the profile, below its title and what the user gave it."""
    return "\n\n".join(part for name in ("label", "title", "text") if (part := item.get(name)))


def read_lines(path: Path) -> Iterator[Row]:
    """The lines that `convert` and `long` write, and the teacher out of those. Raises ValueError, which names file and line, OSError."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for n, line in enumerate(file, 1):
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not _is_question(row):
                raise ValueError(f"{path}, line {n}: no question as `python -m training lamp convert` writes it")
            yield row


def _is_question(row: object) -> bool:
    if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in ("id", "query", "gold", "task")):
        return False
    items = row.get("history")
    return isinstance(items, list) and all(isinstance(item, dict) and isinstance(item.get("text"), str) for item in items)
