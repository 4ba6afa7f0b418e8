"""Restoration of texts that the evaluation's own flattener made generic, with all controls."""

from __future__ import annotations

import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rpo_edge.history import History
from rpo_edge.records import HistoryItem, StyleProfile
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.steps.retrieve import retrieve
from training import data
from training.evaluation.material import ANOTHERS, BEFORE, EDIT, SEED, Ground, crossed, edit, nobody
from training.evaluation.material import before as reflector_before
from training.evaluation.outcome import Failure, Outcome, Pairs, difference, label, table
from training.oracle import invert
from training.statistics import bootstrap, rouge
from training.users import Author, Runs, rewritten, similarity

FEW = 5
"""Authors of a source that has a row of its own."""
RETRIEVED = 3
"""Texts that stand for the snippets of an encoder's window (256 pieces)."""

Groups = Mapping[str, Mapping[str, Mapping[str, Pairs]]]
"""method -> measure -> author -> values and weights."""


@dataclass(frozen=True)
class _Task:
    """One author's texts, and the peer whose history is the control."""

    author: Author
    other: Author
    rows: list[data.Row]


def restoration(ground: Ground) -> Outcome:
    """Share of the distance closed, ROUGE-1 and ROUGE-L by method, in all, by source and by author."""
    tasks = [_Task(author, other, rows) for author, other, rows in rows_of(ground)]
    groups: dict[str, dict[str, dict[str, Pairs]]] = defaultdict(lambda: defaultdict(dict))
    failures: list[Failure] = []
    for task, (methods, worse) in zip(tasks, ground.pool.map(_restore, tasks), strict=True):
        failures += worse
        for method, measures in methods.items():
            for measure, pairs in measures.items():
                groups[method][measure][task.author.name] = pairs
    title = f"Restoration, {len(tasks)} authors, {sum(len(task.rows) for task in tasks)} texts\n"
    figures, whole = _whole(groups)
    figures["by source"], sources = _by_source({name: person.source for name, person in ground.people.items()}, groups)
    figures["by author"] = _by_author(ground.people, groups)
    return Outcome(figures, f"{title}\n{whole}\n{sources}", failures)


def rows_of(ground: Ground, most: int | None = None) -> Iterator[tuple[Author, Author, list[data.Row]]]:
    """Authors with texts to restore, each with a peer and that many rows at most (as many as the run is told, if not given)."""
    by_author: dict[str, list[data.Row]] = defaultdict(list)
    for row in ground.found.restore:
        by_author[row["author"]].append(row)
    for author, other in ground.pairs_of_users():
        if author.name in by_author:
            yield author, other, by_author[author.name][: min(ground.texts, most or ground.texts)]


def _restore(task: _Task) -> tuple[dict[str, dict[str, Pairs]], list[Failure]]:
    """method -> measure -> (value, weight) of one author's texts; and the texts that `edit` leads away."""
    found: dict[str, dict[str, Pairs]] = defaultdict(lambda: defaultdict(list))
    failures = []
    theirs = task.other.profile(), task.other.runs()
    for row, near in zip(task.rows, _retrieved(task.author, task.rows), strict=True):
        flat, target = row["flat"], row["target"]
        start = similarity(flat, target)
        for name, output in _outputs(task, theirs, row, near).items():
            found[name]["closed"].append((similarity(output, target) - start, 1 - start))
            for n, score in zip(("ROUGE-1", "ROUGE-L"), rouge(output, target), strict=True):
                found[name][n].append((score, 1.0))
        if found[EDIT]["closed"][-1][0] < 0:
            failures.append(_failure(task.author, row))
    return {name: dict(measures) for name, measures in found.items()}, failures


def _outputs(task: _Task, known: tuple[StyleProfile, Runs], row: data.Row, near: list[str]) -> dict[str, str]:
    """The draft as each method leaves it. known: profile and runs of the other user."""
    author, other, flat = task.author, task.other, row["flat"]
    theirs, their_runs = known
    own, runs = author.profile(row["text"]), author.runs(row["text"])
    lot = random.Random(f"{SEED}{flat}").sample([text for text in author.texts if text != row["text"]], len(near))
    asked = {
        "edit, no history": (nobody(), set()),
        ANOTHERS: (theirs, their_runs),
        "edit, right habits, another's counts": (crossed(own, theirs), runs),
        "edit, another's habits, right counts": (crossed(theirs, own), runs),
        f"edit, right habits, counts of {RETRIEVED} texts by lot": (crossed(own, author.profile(only=lot)), runs),
        f"edit, right habits, counts of {RETRIEVED} retrieved texts": (crossed(own, author.profile(only=near)), runs),
    }
    former = reflector_before()
    return {
        "draft unchanged": flat,
        "rules, another user's history": rewritten(RulesReflector(), flat, theirs, their_runs)[0],
        "rules": rewritten(RulesReflector(), flat, own, runs)[0],
        **{name: rewritten(edit(), flat, *whose)[0] for name, whose in asked.items()},
        **({BEFORE: rewritten(former, flat, own, runs)[0]} if former else {}),
        EDIT: rewritten(edit(), flat, own, runs)[0],
        "oracle, another user's rates": invert(flat, other.own_rates(), lambda rate: rate > 0.5),
        "oracle": invert(flat, author.own_rates(row["text"]), lambda rate: rate > 0.5),
    }


def _failure(author: Author, row: data.Row) -> Failure:
    text, edits, _ = rewritten(edit(), row["flat"], author.profile(row["text"]), author.runs(row["text"]))
    worse = similarity(row["flat"], row["target"]) - similarity(text, row["target"])
    title = f"{author.name} ({author.source}): {worse:.3f} farther from the author's own words"
    return Failure("restoration", title, worse, row["flat"], text, tuple(edits), row["target"])


def _retrieved(author: Author, rows: list[data.Row]) -> list[list[str]]:
    """The author's texts that a store of them retrieves for each row's draft, without the one it was made of."""
    found = []
    with tempfile.TemporaryDirectory() as folder, History.open(Path(folder) / "history.db") as history:
        history.extend(HistoryItem(text) for text in author.texts)
        for row in rows:
            items = retrieve(history, row["flat"], k=RETRIEVED + 1).items
            found.append([item.text for item in items if item.text != row["text"]][:RETRIEVED])
    return found


def _whole(groups: Groups) -> tuple[dict[str, Any], str]:
    """Figures and table of all authors."""
    figures: dict[str, Any] = {method: bootstrap(measures["closed"]) for method, measures in groups.items()}
    scores = {method: [bootstrap(measures[name]) for name in ("ROUGE-1", "ROUGE-L")] for method, measures in groups.items()}
    rows: list[list[object]] = [[method, figures[method], *(score.mean for score in both)] for method, both in scores.items()]
    for control in (ANOTHERS, "edit, no history", "rules", BEFORE):
        if control in groups:
            name = f"edit over {control}"
            figures[name] = bootstrap(difference(groups[EDIT]["closed"], groups[control]["closed"]))
            rows.append([label(name), figures[name], "", ""])
    figures["ROUGE-1 and ROUGE-L"] = scores
    return figures, table(("method", "distance closed", "ROUGE-1", "ROUGE-L"), rows)


def _by_source(source_of: Mapping[str, str], groups: Groups) -> tuple[dict[str, Any], str]:
    """What the right history adds in each source of at least FEW authors, and in the others taken together."""
    sizes = Counter(source_of[name] for name in groups[EDIT]["closed"])
    names_of: dict[str, set[str]] = defaultdict(set)
    for name in groups[EDIT]["closed"]:
        names_of[source_of[name] if sizes[source_of[name]] >= FEW else "others"].add(name)
    whole = _weight(groups[EDIT]["closed"])
    figures, rows = {}, []
    for source, names in sorted(names_of.items(), key=lambda row: -len(row[1])):
        closed = {method: _of(names, groups[method]["closed"]) for method in groups}
        figures[source] = {
            "edit": bootstrap(closed[EDIT]),
            "edit over another's": bootstrap(difference(closed[EDIT], closed[ANOTHERS])),
            "oracle over another's": bootstrap(difference(closed["oracle"], closed["oracle, another user's rates"])),
        }
        rows.append([source, len(names), f"{_weight(closed[EDIT]) / max(1e-12, whole):.2f}", *figures[source].values()])
    return figures, table(("source", "authors", "share of the distance", "edit", "edit over another's", "oracle over another's"), rows)


def _by_author(people: Mapping[str, Author], groups: Groups) -> dict[str, Any]:
    """What the right history adds, author by author; intervals over the author's texts."""
    gains = difference(groups[EDIT]["closed"], groups[ANOTHERS]["closed"])
    return {
        name: {
            "source": people[name].source,
            "texts": len(pairs),
            "edit": bootstrap(_each(groups[EDIT]["closed"][name])),
            "edit over another's": bootstrap(_each(pairs)),
        }
        for name, pairs in gains.items()
        if _weight({name: pairs})
    }


def _each(pairs: Pairs) -> dict[str, Pairs]:
    """A group for each text, but for those that were in the author's words from the start."""
    return {f"{i:03d}": [pair] for i, pair in enumerate(pairs) if pair[1]}


def _of(names: Collection[str], groups: Mapping[str, Pairs]) -> dict[str, Pairs]:
    return {name: pairs for name, pairs in groups.items() if name in names}


def _weight(groups: Mapping[str, Pairs]) -> float:
    return sum(weight for pairs in groups.values() for _, weight in pairs)
