"""Restoration of texts that the evaluation's own flattener made generic, with all controls."""

from __future__ import annotations

import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from rpo_edge.history import History
from rpo_edge.records import HistoryItem
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.steps.retrieve import retrieve
from training import data
from training.evaluation.material import SEED, Material, Pairs, crossed, edit, nobody
from training.oracle import invert
from training.statistics import bootstrap, rouge
from training.users import Author, another, rewritten, similarity

ANOTHERS = "edit, another user's history"
FEW = 5
"""Authors of a source that has a row of its own."""
RETRIEVED = 3
"""Texts that stand for the snippets of an encoder's window (256 pieces)."""


def _restore(task: tuple[Author, Author, list[data.Row]]) -> dict[str, dict[str, Pairs]]:
    """method -> measure -> (value, weight) of one author's texts."""
    author, other, rows = task
    found: dict[str, dict[str, Pairs]] = defaultdict(lambda: defaultdict(list))
    theirs, their_runs = other.profile(), other.runs()
    for row, near in zip(rows, _retrieved(author, rows), strict=True):
        flat, target = row["flat"], row["target"]
        own, runs = author.profile(row["text"]), author.runs(row["text"])
        lot = random.Random(f"{SEED}{flat}").sample([text for text in author.texts if text != row["text"]], len(near))
        outputs = {
            "draft unchanged": flat,
            "rules, another user's history": rewritten(RulesReflector(), flat, theirs, their_runs)[0],
            "rules": rewritten(RulesReflector(), flat, own, runs)[0],
            "edit, no history": rewritten(edit(), flat, nobody(), set())[0],
            ANOTHERS: rewritten(edit(), flat, theirs, their_runs)[0],
            "edit, right habits, another's counts": rewritten(edit(), flat, crossed(own, theirs), runs)[0],
            "edit, another's habits, right counts": rewritten(edit(), flat, crossed(theirs, own), runs)[0],
            f"edit, right habits, counts of {RETRIEVED} texts by lot": rewritten(
                edit(), flat, crossed(own, author.profile(only=lot)), runs
            )[0],
            f"edit, right habits, counts of {RETRIEVED} retrieved texts": rewritten(
                edit(), flat, crossed(own, author.profile(only=near)), runs
            )[0],
            "edit": rewritten(edit(), flat, own, runs)[0],
            "oracle, another user's rates": invert(flat, other.own_rates(), lambda rate: rate > 0.5),
            "oracle": invert(flat, author.own_rates(row["text"]), lambda rate: rate > 0.5),
        }
        start = similarity(flat, target)
        for name, output in outputs.items():
            found[name]["closed"].append((similarity(output, target) - start, 1 - start))
            for n, score in zip(("ROUGE-1", "ROUGE-L"), rouge(output, target), strict=True):
                found[name][n].append((score, 1.0))
    return {name: dict(measures) for name, measures in found.items()}


def _retrieved(author: Author, rows: list[data.Row]) -> list[list[str]]:
    """The author's texts that a store of them retrieves for each row's draft, without the one it was made of."""
    found = []
    with tempfile.TemporaryDirectory() as folder, History.open(Path(folder) / "history.db") as history:
        history.extend(HistoryItem(text) for text in author.texts)
        for row in rows:
            items = retrieve(history, row["flat"], k=RETRIEVED + 1).items
            found.append([item.text for item in items if item.text != row["text"]][:RETRIEVED])
    return found


def restoration(found: Material, people: Mapping[str, Author], pool: ProcessPoolExecutor, texts: int) -> dict[str, Any]:
    """Print the table; return its figures."""
    by_author: dict[str, list[data.Row]] = defaultdict(list)
    for row in found.restore:
        by_author[row["author"]].append(row)
    tasks = []
    for name, rows in sorted(by_author.items()):
        if other := another(name, people, SEED):
            tasks.append((people[name], other, rows[:texts]))
    groups: dict[str, dict[str, dict[str, Pairs]]] = defaultdict(lambda: defaultdict(dict))
    for (author, _, _), methods in zip(tasks, pool.map(_restore, tasks), strict=True):
        for method, measures in methods.items():
            for measure_name, pairs in measures.items():
                groups[method][measure_name][author.name] = pairs
    print(f"Restoration, {len(tasks)} authors, {sum(len(rows) for _, _, rows in tasks)} texts\n")
    print("| method | distance closed | ROUGE-1 | ROUGE-L |\n|---|---|---|---|")
    figures = {}
    for method, measures in groups.items():
        closed = bootstrap(measures["closed"])
        figures[method] = closed
        print(f"| {method} | {closed} | {bootstrap(measures['ROUGE-1']).mean:.3f} | {bootstrap(measures['ROUGE-L']).mean:.3f} |")
    edited = groups["edit"]["closed"]
    for control in (ANOTHERS, "edit, no history", "rules"):
        figures[f"edit over {control}"] = bootstrap(_difference(edited, groups[control]["closed"]))
        print(f"| **edit over {control}** | {figures[f'edit over {control}']} | | |")
    figures["by source"] = _by_source({name: person.source for name, person in people.items()}, groups)
    return figures


def _difference(one: Mapping[str, Pairs], other: Mapping[str, Pairs]) -> dict[str, Pairs]:
    """By author, of the same texts: what one closes more."""
    return {name: [(a - b, w) for (a, w), (b, _) in zip(pairs, other[name], strict=True)] for name, pairs in one.items()}


def _by_source(source_of: Mapping[str, str], groups: Mapping[str, Mapping[str, Mapping[str, Pairs]]]) -> dict[str, Any]:
    """Print what the right history adds in each source of at least FEW authors, and in the others taken together."""
    sizes = Counter(source_of[name] for name in groups["edit"]["closed"])
    rows: dict[str, set[str]] = defaultdict(set)
    for name in groups["edit"]["closed"]:
        rows[source_of[name] if sizes[source_of[name]] >= FEW else "others"].add(name)
    whole = sum(w for pairs in groups["edit"]["closed"].values() for _, w in pairs)
    print("\n| source | authors | share of the distance | edit | edit over another's | oracle over another's |\n|---|---|---|---|---|---|")
    figures = {}
    for source, names in sorted(rows.items(), key=lambda row: -len(row[1])):
        closed = {method: {n: p for n, p in groups[method]["closed"].items() if n in names} for method in groups}
        weight = sum(w for pairs in closed["edit"].values() for _, w in pairs) / whole
        gain = bootstrap(_difference(closed["edit"], closed[ANOTHERS]))
        bound = bootstrap(_difference(closed["oracle"], closed["oracle, another user's rates"]))
        figures[source] = {"edit": bootstrap(closed["edit"]), "edit over another's": gain, "oracle over another's": bound}
        print(f"| {source} | {len(names)} | {weight:.2f} | {bootstrap(closed['edit'])} | {gain} | {bound} |")
    return figures
