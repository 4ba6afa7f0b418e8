"""A reflector's predictions for a file of LaMP's questions, in the layout that the official evaluation reads.

Each question is put as `posed.py` says, with what a device would know: the profile of the question's texts, and those of them that are retrieved.
An edit reflector rewrites the draft, and the guard has its say, as on a device; it writes no labels and no titles. Of a generative one what it
writes is taken, in one line, without the guard, for which a label, or a title in place of an abstract, is a text that lost nearly everything.
What a question's draft is, is the trainer's choice: a reflector does best at what it was trained on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.progress import track

from rpo_edge.edits import apply
from rpo_edge.errors import RpoEdgeError
from rpo_edge.pipeline import reflect
from rpo_edge.reflectors.base import Reflector
from rpo_edge.segment import plain_words
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.private import runs
from rpo_edge.steps.profile import measure
from rpo_edge.steps.retrieve import retrieve
from training import processes
from training.evaluation import reflectors
from training.lamp import convert, layout
from training.lamp.layout import Outputs, Row
from training.lamp.metrics import plain_name
from training.lamp.posed import Posed, posed, read_lines, shown
from training.users import Known, cited, rewritten, stored

_FREELY = "generative"


@dataclass(frozen=True)
class Predictor:
    """A reflector of a kind, and the form of drafts where lines have none (`posed.FORMS`)."""

    reflector: Reflector
    kind: str
    form: str

    def answer(self, line: Row) -> str:
        """The prediction for a question."""
        question = posed(line, self.form)
        user = known([shown(item) for item in line["history"]], question, self.reflector)
        if self.kind != _FREELY:
            return rewritten(self.reflector, question.draft, *user)[0]
        _, edits = reflect(self.reflector, question.draft, freeze(question.draft), user.evidence, user.profile)
        return " ".join(apply(question.draft, edits).split())


_predictor: Predictor  # one a process: `_start` makes it


def run(questions: Path, out: Path, task: str | None, folder: Path | None, form: str | None) -> None:
    """Predict, write, and say how many. Raises ValueError and OSError for what a user can mend, before a model answers anything."""
    rows = list(_rows(questions, task))
    names = Counter(plain_name(row["task"]) for row in rows)
    if len(names) != 1:
        raise ValueError(f"{questions} has questions of {', '.join(names) or 'no task'}; predictions are of one")
    folder = folder or reflectors.default()
    if folder is None:
        raise ValueError("no model is embedded: name one with --reflector")
    try:
        kind = reflectors.kind(folder)
    except RpoEdgeError as error:
        raise ValueError(str(error)) from error
    chosen = form or ("text" if kind == _FREELY else "opening")
    for row in rows:
        posed(row, chosen)
    with processes.pool(_start, folder, kind, chosen) as pool:
        answers = track(pool.map(_answer, rows, chunksize=4), "questions", len(rows))
        outputs = Outputs(next(iter(names)).replace("LaMP-", "LaMP_"), dict(zip((row["id"] for row in rows), answers, strict=True)))
    layout.write_outputs(out, outputs)
    print(f"{len(rows)} predictions of {outputs.task} by {reflectors.named(folder)}")


def _rows(path: Path, task: str | None) -> Iterator[Row]:
    if path.suffix == ".jsonl":
        yield from read_lines(path)
    elif task is None:
        raise ValueError(f"which task the questions of {path} are of has to be said: --task LaMP-4")
    else:
        yield from (convert.line(question, task) for question in layout.read_questions(path))


def _start(folder: Path, kind: str, form: str) -> None:
    global _predictor
    _predictor = Predictor(reflectors.load(folder), kind, form)


def _answer(row: Row) -> str:
    return _predictor.answer(row)


def known(texts: Iterable[str], question: Posed, reflector: Reflector) -> Known:
    """What a device knows of somebody who has written these texts, each once, for a question."""
    texts = list(dict.fromkeys(texts))
    sides = [{"sides": reflector.counter.count(text)} if reflector.counter else {} for text in texts]
    counts = [measure(text) | side for text, side in zip(texts, sides, strict=True)]
    store, ids = stored(texts)
    with store:
        profile = cited(counts, ids)
        evidence = retrieve(store, question.draft, question.query, profile=profile)
    return Known(profile, {run for text in texts for run in runs(plain_words(text))}, evidence)
