"""How much history does it take? Restoration with 1, 2, 4, 8, 16 and all texts of the right and of another's history."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from training import data
from training.evaluation.known import library
from training.evaluation.material import SEED, Ground, naming, told
from training.evaluation.outcome import Outcome, Pairs, difference, table
from training.evaluation.restoration import rows_of
from training.statistics import bootstrap
from training.users import Author, similarity

SIZES = (1, 2, 4, 8, 16)
ALL = "all"
_TEXTS = 3  # of an author: a subset, since each is rewritten twice for every size


def sizes(ground: Ground) -> Outcome:
    """Distance closed by size. The authors are the same at each size: those who, like their peer, have enough texts for all."""
    tasks = [task for task in rows_of(ground, _TEXTS) if min(len(person.texts) for person in task[:2]) > SIZES[-1]]
    groups: dict[tuple[str, str], dict[str, Pairs]] = defaultdict(dict)
    for (author, _, _), found in zip(tasks, ground.pool.map(_by_size, tasks), strict=True):
        for key, pairs in found.items():
            groups[key][author.name] = pairs
    if not tasks:
        return Outcome({}, f"Distance closed by size of the history: no author has more than {SIZES[-1]} texts.\n")
    figures = {}
    for size in (*map(str, SIZES), ALL):
        right, wrong = groups[size, "right"], groups[size, "another's"]
        figures[size] = {"right": bootstrap(right), "another's": bootstrap(wrong), "gain": bootstrap(difference(right, wrong))}
    title = f"Distance closed by size of the history, {len(tasks)} authors, {sum(len(rows) for _, _, rows in tasks)} texts"
    rows = [(size, *row.values()) for size, row in figures.items()]
    kind = ground.names.kind
    head = ("texts of history", kind, f"{kind}, another user's", "right over another's")
    return Outcome({"by history size": figures}, f"{title}\n\n{table(head, rows)}")


def _by_size(task: tuple[Author, Author, list[data.Row]]) -> dict[tuple[str, str], Pairs]:
    """(size, whose history) -> (distance closed, distance) of one author's texts. A smaller lot is a part of the larger one."""
    author, other, rows = task
    found: dict[tuple[str, str], Pairs] = defaultdict(list)
    for whose, person in (("right", author), ("another's", other)):
        with library(person, naming().reads) as texts:
            for row in rows:
                flat, target = row["flat"], row["target"]
                start = similarity(flat, target)
                for size, lot in _lots([text for text in person.texts if text != row["text"]], f"{SEED}{flat}").items():
                    text, _ = told(flat, texts.memory(row["text"], lot).known(flat))
                    found[size, whose].append((similarity(text, target) - start, 1 - start))
    return dict(found)


def _lots(texts: Sequence[str], seed: str) -> dict[str, Sequence[str]]:
    shuffled = random.Random(seed).sample(texts, min(SIZES[-1], len(texts)))
    return {str(size): shuffled[:size] for size in SIZES} | {ALL: texts}
