"""From LaMP's files to lines for the workshop; and files of LaMP's form made from papers, because LaMP itself cannot be had everywhere.

`lines` gives one JSON object for each question: id, query (the input), history (the profile: id and text; title, date and label where
present), gold, task, split where the name of the file says it ("dev_questions.json"), and draft, which is null until
`python -m training teacher answers` writes one, if it is asked. The builder `lamp` (`training/trajectories/lamp.py`) makes trajectories of
them. Items without text are left out. LaMP's questions have no date of their own, so where users are apart nothing says which items of a
profile are older than the question.

"pairs-title" is not LaMP, and none of its figures may stand beside LaMP's. It has the form of LaMP-5: from an abstract to its title,
with the author's earlier papers as the profile. The papers are those of `pairs/arxiv` (see training/data.py), whose authors are first
or last authors of papers that several people wrote; LaMP-5 is from another collection, and asks one question of each user where this
asks one for each paper. A profile holds papers of an earlier day only: never the target, nor one that was listed on the same day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from training.lamp.fetch import SPLITS
from training.lamp.layout import Fields, Item, Outputs, Question, Row, same_ids

PAIRS_TASK = "pairs-title"
PAIRS_FIELDS = Fields(text="abstract")


def lines(questions: Sequence[Question], outputs: Outputs, split: str | None = None) -> Iterator[Row]:
    """One row for each question. Raises ValueError where questions and outputs do not have the same ids."""
    same_ids([question.id for question in questions], list(outputs.answers), ("the questions", "the outputs"))
    said = {"split": split} if split else {}
    for question in questions:
        yield line(question, outputs.task) | {"gold": outputs.answers[question.id]} | said


def line(question: Question, task: str) -> Row:
    """The row of a question whose gold is not known."""
    return {
        "id": question.id,
        "query": question.input,
        "history": [_history_row(item) for item in question.profile if item.text.strip()],
        "task": task.replace("_", "-"),
        "draft": None,
    }


def split_of(path: Path) -> str | None:
    """What the name of a file of questions says: "dev" of "dev_questions.json"."""
    begins = path.name.partition("_")[0]
    return begins if begins in SPLITS else None


def _history_row(item: Item) -> Row:
    row = {"id": item.id, "text": item.text, "title": item.title, "date": item.date, "label": item.label}
    return {key: value for key, value in row.items() if value is not None}


def title_questions(rows: Iterable[Row], least: int = 1) -> tuple[list[Question], Outputs]:
    """Questions and golds of "pairs-title".

    rows: author, date (ISO 8601, to the day), title and text of each paper. least: papers of which an earlier profile must consist;
    questions with fewer are left out. The same rows give the same ids, whatever their order.
    """
    papers: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        papers[row["author"]].append(row)
    questions, titles = [], {}
    for author, own in sorted(papers.items()):
        own.sort(key=lambda row: (row["date"], row["title"]))
        items = [Item(f"{author}-{n:03d}", row["text"], row["title"], row["date"]) for n, row in enumerate(own)]
        for paper in items:
            earlier = tuple(item for item in items if (item.date or "") < (paper.date or ""))
            if len(earlier) >= least:
                questions.append(Question(paper.id, f"Write the title of the paper with this abstract: {paper.text}", earlier))
                titles[paper.id] = paper.title or ""
    return questions, Outputs(PAIRS_TASK, titles)
