"""Titles of papers in LaMP's form (`pairs-title`, see `training/lamp/convert.py`). It is not LaMP: no figure may stand beside LaMP's.

Floors of the metric are the author's last title and the first words of the abstract. An edit reflector writes no titles: it shows what
becomes of these words with the author's, with another's and with no abstracts. A generative one is given the abstract as the draft, the wish for a
title as the query, and papers, each under its title, or none; its answer is what it writes, without the guard, for which a title is an abstract
that lost nearly everything. One that writes titles would beat the floors, and its own figure with another's history. Of the author,
papers of an earlier day are shown, of the other one any. What a kind of reflector does is a row of METHODS.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rpo_edge.edits import align, apply
from rpo_edge.pipeline import reflect
from rpo_edge.records import Evidence
from rpo_edge.steps.freeze import freeze
from training.evaluation.known import Asked, retrieved
from training.evaluation.material import SEED, Ground, Names, asked, naming, nobody, told, users
from training.evaluation.outcome import Failure, Outcome, Pairs, difference, label, table
from training.lamp.convert import PAIRS_TASK, title_questions
from training.lamp.layout import Question
from training.lamp.metrics import rouge
from training.lamp.posed import FIRST, first_words
from training.statistics import bootstrap
from training.users import Author, Known, another

LAST_TITLE, FIRST_WORDS = "the author's last title", f"first {FIRST} words of the abstract"
ASKED = "Write the title of this paper."
_MEASURES = ("ROUGE-1", "ROUGE-L")
_NOT_LAMP = f"Titles in LaMP's form, `{PAIRS_TASK}`. This is not LaMP: other papers, several questions of an author"


@dataclass(frozen=True)
class Task:
    """A question, what its author is known by (earlier papers), and the same of a peer."""

    question: Question
    abstract: str
    own: Known
    theirs: Known


@dataclass(frozen=True)
class Method:
    """What a kind of reflector makes of an abstract, for somebody of whom this is known. row: its name, {} being the reflector's.

    start: what it makes that of.
    """

    answer: Callable[[str, Known], str]
    start: Callable[[str], str]
    row: str
    note: str


def _edited(abstract: str, known: Known) -> str:
    """The floor as an edit reflector leaves it: a control of the metric, no attempt at a title."""
    return told(first_words(abstract), known)[0]


def _written(abstract: str, known: Known) -> str:
    """What the model writes, in one line."""
    reflector = asked()[naming().kind]
    _, edits = reflect(reflector, abstract, freeze(abstract), known.evidence, known.profile)
    return " ".join(apply(abstract, edits).split())


METHODS = {
    "edit": Method(
        _edited, first_words, f"{FIRST_WORDS}, {{}}", "An edit reflector writes no titles: these are floors, and controls of the metric."
    ),
    "generative": Method(_written, str, "{}", "What the reflector writes of the abstract, without the guard, beside the floors."),
}
"""By kind of reflector."""


def titles(ground: Ground) -> Outcome:
    """ROUGE of floors and of what the kind of reflector can do; intervals over authors."""
    kind = ground.names.kind
    if kind not in METHODS:
        return Outcome({}, f"Titles in LaMP's form: no reflector of kind '{kind}' can be asked.\n")
    tasks, golds = _tasks(ground)
    if not tasks:
        return Outcome({}, "Titles in LaMP's form: there are no papers here (they are not in the fixture).\n")
    groups: dict[str, dict[str, dict[str, Pairs]]] = {name: defaultdict(lambda: defaultdict(list)) for name in _MEASURES}
    failures = []
    for task, answers in zip(tasks, ground.pool.map(_answers, tasks, chunksize=4), strict=True):
        gold = golds[task.question.id]
        scores = {method: rouge(text, gold) for method, text in (_floors(task) | answers).items()}
        for method, of_method in scores.items():
            for name, score in zip(_MEASURES, of_method, strict=True):
                groups[name][method][author_of(task.question)].append((score, 1.0))
        right = rows(ground.names)[-1]
        if (worse := scores[FIRST_WORDS][0] - scores[right][0]) > 0:
            failures.append(_failure(METHODS[kind].start(task.abstract), answers[right], gold, worse, task.question))
    figures, shown = _figures(groups, ground.names)
    authors = len(groups[_MEASURES[0]][LAST_TITLE])
    text = f"{_NOT_LAMP}. {len(tasks)} questions, {authors} authors. {METHODS[kind].note}\n\n{shown}"
    over = ground.names.over(ground.names.anothers)
    return Outcome(figures, text, failures, {f"{name} of titles": figures[name][over] for name in _MEASURES})


def rows(names: Names) -> tuple[str, str, str]:
    """The methods that a reflector adds: without history, with another author's and with the right one."""
    form = METHODS[names.kind].row
    return form.format(names.nobodys), form.format(names.anothers), form.format(names.kind)


def _answers(task: Task) -> dict[str, str]:
    answer = METHODS[naming().kind].answer
    told_of = (nobody(task.own.evidence.query), task.theirs, task.own)
    return {name: answer(task.abstract, known) for name, known in zip(rows(naming()), told_of, strict=True)}


def _failure(start: str, answer: str, gold: str, worse: float, question: Question) -> Failure:
    title = f"{author_of(question)}: ROUGE-1 {worse:.3f} below that of the {FIRST_WORDS}"
    return Failure("titles", title, worse, start, answer, tuple(align(start, answer)), gold)


def author_of(question: Question) -> str:
    """The author's name is in the question's id."""
    return question.id.rpartition("-")[0]


def _floors(task: Task) -> dict[str, str]:
    return {LAST_TITLE: task.question.profile[-1].title or "", FIRST_WORDS: first_words(task.abstract)}


def _tasks(ground: Ground) -> tuple[list[Task], dict[str, str]]:
    """Questions by lot, of authors who have a peer among them; and all golds."""
    questions, outputs = title_questions(ground.found.papers)
    chosen = random.Random(SEED).sample(questions, min(ground.drafts, len(questions)))
    wanted = {author_of(question) for question in chosen}
    rows = [{"author": r["author"], "source": "papers", "text": r["text"]} for r in ground.found.papers if r["author"] in wanted]
    people = users(rows, ground.pool)
    peers = {name: peer for name in sorted(people) if (peer := another(name, people, SEED))}
    kept = [question for question in chosen if author_of(question) in peers]
    theirs = {name: (peer.profile(), peer.runs()) for name, peer in peers.items()}
    shown = _shown(ground, [(question, people[author_of(question)], peers[author_of(question)]) for question in kept])
    tasks = []
    for question, (own, others) in zip(kept, shown, strict=True):
        author, abstract = people[author_of(question)], _abstract(question)
        profile = author.profile(only=[item.text for item in question.profile])
        tasks.append(Task(question, abstract, Known(profile, author.runs(abstract), own), Known(*theirs[author.name], others)))
    return tasks, outputs.answers


def _abstract(question: Question) -> str:
    return question.input.partition(": ")[2]


def _shown(ground: Ground, asked: Sequence[tuple[Question, Author, Author]]) -> Iterator[tuple[Evidence, Evidence]]:
    """For each question, of what the author had written by then and of the peer's papers those that are retrieved for the abstract."""
    title_of = {row["text"]: row["title"] for row in ground.found.papers}
    own = [Asked(author, _abstract(q), ASKED, frozenset(item.text for item in q.profile)) for q, author, _ in asked]
    theirs = [Asked(peer, _abstract(q), ASKED) for q, _, peer in asked]
    found = [_titled(evidence, title_of) for evidence in retrieved(ground, [*own, *theirs])]
    return zip(found[: len(asked)], found[len(asked) :], strict=True)


def _titled(evidence: Evidence, title_of: Mapping[str, str]) -> Evidence:
    """Each paper under its title, as a prompt shows no titles of itself."""
    return replace(evidence, items=tuple(replace(item, text=f"{title_of[item.text]}\n\n{item.text}") for item in evidence.items))


def _figures(groups: dict[str, dict[str, dict[str, Pairs]]], names: Names) -> tuple[dict[str, Any], str]:
    figures: dict[str, Any] = {}
    without, wrong, right = rows(names)
    for name, methods in groups.items():
        figures[name] = {method: bootstrap(of_authors) for method, of_authors in methods.items()}
        figures[name][names.over(names.anothers)] = bootstrap(difference(methods[right], methods[wrong]))
        figures[name][names.over(names.nobodys)] = bootstrap(difference(methods[right], methods[without]))
    return figures, table(("method", *_MEASURES), _rows(figures))


def _rows(figures: dict[str, Any]) -> Sequence[tuple[object, ...]]:
    return [(label(method), *(figures[name][method] for name in _MEASURES)) for method in figures[_MEASURES[0]]]
