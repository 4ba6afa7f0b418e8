"""Restoration of texts that the evaluation's own flattener made generic, with all controls."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rpo_edge.reflectors.rules import RulesReflector
from training import data
from training.evaluation.crossed import CROSSED, OTHER_TEXTS, Row
from training.evaluation.known import Memory, library
from training.evaluation.material import Ground, Names, asked, naming, nobody, told
from training.evaluation.outcome import Failure, Outcome, Pairs, difference, label, table
from training.oracle import invert
from training.statistics import bootstrap, rouge
from training.users import Author, Known, rewritten, similarity

FEW = 5
"""Authors of a source that has a row of its own."""

ANOTHERS = "another's"
CLOSED = "distance closed"
_ROUGE = ("ROUGE-1", "ROUGE-L")

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
    figures, whole = _whole(groups, ground.names)
    figures["by source"], sources = _by_source({name: person.source for name, person in ground.people.items()}, groups, ground.names)
    figures["by author"] = _by_author(ground.people, groups, ground.names)
    gains = {CLOSED: figures[CLOSED][ground.names.over(ground.names.anothers)]}
    return Outcome(figures, f"{title}\n{whole}\n{sources}", failures, gains)


def rows_of(ground: Ground, most: int | None = None) -> Iterator[tuple[Author, Author, list[data.Row]]]:
    """Authors with texts to restore, each with a peer and that many rows at most (as many as the run is told, if not given)."""
    by_author: dict[str, list[data.Row]] = defaultdict(list)
    for row in ground.found.restore:
        by_author[row["author"]].append(row)
    for author, other in ground.pairs_of_users():
        if author.name in by_author:
            yield author, other, by_author[author.name][: min(ground.texts, most or ground.texts)]


def _restore(task: _Task) -> tuple[dict[str, dict[str, Pairs]], list[Failure]]:
    """method -> measure -> (value, weight) of one author's texts; and those that what is evaluated leads away."""
    found: dict[str, dict[str, Pairs]] = defaultdict(lambda: defaultdict(list))
    failures = []
    with library(task.author, naming().reads) as own, library(task.other, naming().reads) as others:
        theirs = others.memory()
        for row in task.rows:
            start = similarity(row["flat"], row["target"])
            mine = own.memory(without=row["text"])
            known = mine.known(row["flat"])
            for name, output in _outputs(row, known, mine, theirs).items():
                found[name]["closed"].append((similarity(output, row["target"]) - start, 1 - start))
                for n, score in zip(_ROUGE, rouge(output, row["target"]), strict=True):
                    found[name][n].append((score, 1.0))
            if found[naming().kind]["closed"][-1][0] < 0:
                failures.append(_failure(task.author, row, known))
    return {name: dict(measures) for name, measures in found.items()}, failures


def _outputs(row: data.Row, known: Known, mine: Memory, theirs: Memory) -> dict[str, str]:
    """The draft as each method leaves it. known: of the author; mine, theirs: what the author and another user have."""
    flat, own_rates, their_rates = row["flat"], mine.library.author.own_rates(row["text"]), theirs.library.author.own_rates()
    other = theirs.known(flat)
    rules = RulesReflector()
    crossed = CROSSED[naming().kind](Row(flat, known, other, mine))
    controls = {naming().nobodys: nobody(), naming().anothers: other} | {naming().row(name): whose for name, whose in crossed.items()}
    main, *beside = asked().items()
    return {
        "draft unchanged": flat,
        "rules, another user's history": rewritten(rules, flat, *other)[0],
        "rules": rewritten(rules, flat, *known)[0],
        **{name: told(flat, whose)[0] for name, whose in controls.items()},
        **{name: rewritten(reflector, flat, *known)[0] for name, reflector in [*beside, main]},
        "oracle, another user's rates": invert(flat, their_rates, lambda rate: rate > 0.5),
        "oracle": invert(flat, own_rates, lambda rate: rate > 0.5),
    }


def _failure(author: Author, row: data.Row, known: Known) -> Failure:
    text, edits = told(row["flat"], known)
    worse = similarity(row["flat"], row["target"]) - similarity(text, row["target"])
    title = f"{author.name} ({author.source}): {worse:.3f} farther from the author's own words"
    return Failure("restoration", title, worse, row["flat"], text, tuple(edits), row["target"])


def _whole(groups: Groups, names: Names) -> tuple[dict[str, Any], str]:
    """Figures and table of all authors."""
    main = groups[names.kind]["closed"]
    closed = {method: bootstrap(measures["closed"]) for method, measures in groups.items()}
    scores = {name: {method: bootstrap(measures[name]) for method, measures in groups.items()} for name in _ROUGE}
    rows: list[list[object]] = [[method, closed[method], *(scores[name][method].mean for name in _ROUGE)] for method in groups]
    for control in (names.anothers, names.nobodys, "rules", names.before, names.row(OTHER_TEXTS)):
        if control in groups:
            name = names.over(control)
            closed[name] = bootstrap(difference(main, groups[control]["closed"]))
            rows.append([label(name), closed[name], "", ""])
    return {CLOSED: closed, **scores}, table(("method", CLOSED, *_ROUGE), rows)


def _by_source(source_of: Mapping[str, str], groups: Groups, names: Names) -> tuple[dict[str, Any], str]:
    """What the right history adds in each source of at least FEW authors, and in the others taken together."""
    main, over = names.kind, names.over(ANOTHERS)
    sizes = Counter(source_of[name] for name in groups[main]["closed"])
    authors_of: dict[str, set[str]] = defaultdict(set)
    for name in groups[main]["closed"]:
        authors_of[source_of[name] if sizes[source_of[name]] >= FEW else "others"].add(name)
    whole = _weight(groups[main]["closed"])
    figures, rows = {}, []
    for source, authors in sorted(authors_of.items(), key=lambda row: -len(row[1])):
        closed = {method: _of(authors, groups[method]["closed"]) for method in groups}
        figures[source] = {
            main: bootstrap(closed[main]),
            over: bootstrap(difference(closed[main], closed[names.anothers])),
            "oracle over another's": bootstrap(difference(closed["oracle"], closed["oracle, another user's rates"])),
        }
        rows.append([source, len(authors), f"{_weight(closed[main]) / max(1e-12, whole):.2f}", *figures[source].values()])
    return figures, table(("source", "authors", "share of the distance", main, over, "oracle over another's"), rows)


def _by_author(people: Mapping[str, Author], groups: Groups, names: Names) -> dict[str, Any]:
    """What the right history adds, author by author; intervals over the author's texts."""
    main = groups[names.kind]["closed"]
    gains = difference(main, groups[names.anothers]["closed"])
    return {
        name: {
            "source": people[name].source,
            "texts": len(pairs),
            names.kind: bootstrap(_each(main[name])),
            names.over(ANOTHERS): bootstrap(_each(pairs)),
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
