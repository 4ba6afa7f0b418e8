"""Titles of papers in LaMP's form (`pairs-title`, see `training/lamp/convert.py`). It is not LaMP: no figure may stand beside LaMP's.

An edit reflector writes no titles. What it can show are the metric's floors and controls: the author's last title, the first words of
the abstract, and these words as it rewrites them with the author's and with another's earlier abstracts. A reflector that writes would
beat the floors, and its own figure with another's history. Which methods a kind of reflector has is a row of METHODS.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rpo_edge.records import StyleProfile
from training.evaluation.material import ANOTHERS, EDIT, SEED, Ground, edit, users
from training.evaluation.outcome import Outcome, Pairs, difference, label, table
from training.lamp.convert import PAIRS_TASK, title_questions
from training.lamp.layout import Question
from training.lamp.metrics import rouge
from training.statistics import bootstrap
from training.users import Author, Runs, another, rewritten

FIRST = 10
"""Words of the abstract that stand for a title; titles here have ten on average."""
LAST_TITLE, FIRST_WORDS = "the author's last title", f"first {FIRST} words of the abstract"
OVER = "edit over edit, another author's history"
_MEASURES = ("ROUGE-1", "ROUGE-L")
_NOT_LAMP = f"Titles in LaMP's form, `{PAIRS_TASK}`. This is not LaMP: other papers, several questions of an author"


@dataclass(frozen=True)
class Task:
    """A question, what its author is known by (earlier abstracts), and the same of a peer."""

    question: Question
    abstract: str
    own: tuple[StyleProfile, Runs]
    theirs: tuple[StyleProfile, Runs]


def _edited(task: Task) -> dict[str, str]:
    """The floor as an edit reflector leaves it: a control of the metric, no attempt at a title."""
    words = first_words(task.abstract)
    asked = {ANOTHERS: task.theirs, EDIT: task.own}
    return {f"{FIRST_WORDS}, {name}": rewritten(edit(), words, *known)[0] for name, known in asked.items()}


METHODS: dict[str, Callable[[Task], dict[str, str]]] = {"edit": _edited}
"""Kind of reflector -> what it makes of a question: name of the method -> title."""


def titles(ground: Ground) -> Outcome:
    """ROUGE of floors and of what the kind of reflector can do; intervals over authors."""
    if ground.kind not in METHODS:
        return Outcome({}, f"Titles in LaMP's form: no reflector of kind '{ground.kind}' can be asked.\n")
    tasks, golds = _tasks(ground)
    if not tasks:
        return Outcome({}, "Titles in LaMP's form: there are no papers here (they are not in the fixture).\n")
    groups: dict[str, dict[str, dict[str, Pairs]]] = {name: defaultdict(lambda: defaultdict(list)) for name in _MEASURES}
    for task, answers in zip(tasks, ground.pool.map(METHODS[ground.kind], tasks, chunksize=4), strict=True):
        for method, text in (_floors(task) | answers).items():
            for name, score in zip(_MEASURES, rouge(text, golds[task.question.id]), strict=True):
                groups[name][method][author_of(task.question)].append((score, 1.0))
    figures, shown = _figures(groups)
    note = "An edit reflector writes no titles: these are floors, and controls of the metric."
    return Outcome(figures, f"{_NOT_LAMP}. {len(tasks)} questions, {len(groups[_MEASURES[0]][LAST_TITLE])} authors. {note}\n\n{shown}")


def author_of(question: Question) -> str:
    """The author's name is in the question's id."""
    return question.id.rpartition("-")[0]


def first_words(abstract: str) -> str:
    """What an abstract begins with, without a mark at the end."""
    return " ".join(abstract.split()[:FIRST]).rstrip(".,;:")


def _floors(task: Task) -> dict[str, str]:
    return {LAST_TITLE: task.question.profile[-1].title or "", FIRST_WORDS: first_words(task.abstract)}


def _tasks(ground: Ground) -> tuple[list[Task], dict[str, str]]:
    """Questions by lot, of authors who have a peer among them; and all golds."""
    questions, outputs = title_questions(ground.found.papers)
    chosen = random.Random(SEED).sample(questions, min(ground.drafts, len(questions)))
    wanted = {author_of(question) for question in chosen}
    rows = [{"author": r["author"], "source": "papers", "text": r["text"]} for r in ground.found.papers if r["author"] in wanted]
    people = users(rows, ground.pool)
    peers = {name: another(name, people, SEED) for name in sorted(people)}
    known = {name: (peer.profile(), peer.runs()) for name, peer in peers.items() if peer}
    return [
        _task(question, people[name], known[name]) for question in chosen for name in [author_of(question)] if name in known
    ], outputs.answers


def _task(question: Question, author: Author, theirs: tuple[StyleProfile, Runs]) -> Task:
    abstract = question.input.partition(": ")[2]
    return Task(question, abstract, (author.profile(only=[item.text for item in question.profile]), author.runs(abstract)), theirs)


def _figures(groups: dict[str, dict[str, dict[str, Pairs]]]) -> tuple[dict[str, Any], str]:
    figures: dict[str, Any] = {}
    for name, methods in groups.items():
        figures[name] = {method: bootstrap(of_authors) for method, of_authors in methods.items()}
        right, wrong = (f"{FIRST_WORDS}, {method}" for method in (EDIT, ANOTHERS))
        if right in methods:
            figures[name][OVER] = bootstrap(difference(methods[right], methods[wrong]))
    return figures, table(("method", *_MEASURES), _rows(figures))


def _rows(figures: dict[str, Any]) -> Sequence[tuple[object, ...]]:
    return [(label(method), *(figures[name][method] for name in _MEASURES)) for method in figures[_MEASURES[0]]]
