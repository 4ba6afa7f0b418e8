"""From trajectories to what a token classifier learns: the vocabulary of operations, and examples with their labels."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from scipy import sparse

from rpo_edge.edits import align
from rpo_edge.features.shorthand import FORMS, PHRASES
from rpo_edge.lexicon import FORMAL_PLAIN, FUNCTION_WORDS
from rpo_edge.operations import Operation, Vocabulary, operation, words_of
from rpo_edge.reflectors.chunks import chunks
from rpo_edge.segment import WORD
from rpo_edge.usage import Array, Usage, family
from training.minilm import tokenizer
from training.trajectories.base import Author
from training.trajectories.files import Row, from_line


@dataclass(frozen=True)
class Example:
    """One chunk of a draft: pieces, where words begin, what fits (packed bits), (word, operation) that is right, and whose it is.

    draft: (n, 2) sides that the whole draft has, by number, and how often.
    """

    ids: Array
    shapes: Array
    heads: Array
    fits: Array
    labels: Array
    author: tuple[str, str]  # name and source: somebody may write in two places
    history: tuple[int, ...]
    draft: Array


@dataclass(frozen=True)
class Outline:
    """What a run keeps in mind of a trajectory: whose it is, how its draft was made and by which model, and how many edits it has."""

    author: tuple[str, str]
    maker: str
    licence: str
    model: str
    edits: int


def outlined(line: Row) -> tuple[Outline, list[Operation]]:
    """Of a line of a trajectory, with the operations that it needs."""
    t = from_line(line)
    words = words_of(t.draft)
    found = (operation(edit, t.draft, words) for edit in t.edits)
    # A neutraliser has a name; a builder may have one way alone.
    outline = Outline((t.author, t.source), t.builder.rpartition(":")[2], t.licence, t.model, len(t.edits))
    return outline, [pair[1] for pair in found if pair]


def mine(rows: Iterable[tuple[Outline, list[Operation]]], fewest: int, fewest_authors: int) -> Vocabulary:
    """The operations that trajectories need at least `fewest` times, and those of at least `fewest_authors`.

    One that mostly stands inside sentences holds everywhere; one that mostly begins them holds there alone.
    """
    by: dict[Operation, Counter[str]] = defaultdict(Counter)
    for outline, operations in rows:
        for op in operations:
            by[op][outline.author[0]] += 1
    for op in [op for op in by if op.initial]:
        anywhere = Operation(op.marks, op.before, op.after, False, op.following)
        if op.before and op.after and by[op].total() < 3 * by[anywhere].total():
            by[anywhere].update(by.pop(op))
    chosen = (op for op, seen in by.items() if seen.total() >= fewest and len(seen) >= fewest_authors and general(op))
    return Vocabulary(sorted(chosen))


LEFT_FAMILIES = frozenset({"british", "american", "marks . !", "marks ! .", "marks . ..."})
"""What rules does better: it knows contexts where an encoder hears exclamations in dull sentences."""


def general(op: Operation) -> bool:
    """No operation puts in a word of content where none was (it would invent), says something else, breaks lines, is left to rules, or lost its
    context."""
    text = op.before + op.after
    if "\n" in text or "&" in text or family(op) in LEFT_FAMILIES or not (op.before.strip() or op.after.strip()):
        return False
    if op.following in _RELATIVES or (op.before, op.after) in _OTHER_WORDS:
        return False
    if left_to_rules(op) or tuple(map(_bare, (op.before, op.after))) in out_of_context():
        return False
    if op.marks:
        if _DASHES.search(op.before) or _DASHES.search(op.after):
            return False
        return bool(text.strip()) and not any(character.isalnum() for character in text)
    invented = WORD.findall(op.after) if not WORD.search(op.before) else []
    return all((word.lower() in FUNCTION_WORDS or word.lower() in _FILLERS) and word.lower() not in _SAYING for word in invented)


_RELATIVES = frozenset(["that", "which", "who", "where"])
"""With a comma before them they say more of a thing, without one they say which thing is meant."""
_SAYING = frozenset(["but", "maybe", "perhaps", "kind", "sort", "very", "really", "literally"])
"""A contrast, a doubt, a degree: put in, they say what nobody said."""
_DASHES = re.compile(r"[—–]| --?(?: |$)")
"""What rules does better: it knows pairs of them, lists, and how the user writes one."""
_OTHER_WORDS = frozenset(
    [
        ("inquiry", "question"),
        ("inquiries", "questions"),
        ("just", "merely"),
        ("now", "currently"),
        ("only", "solely"),
        ("people", "guys"),
        ("things", "stuff"),
    ]
)
"""Of use in few places: what a "scientific inquiry", "just then", "the only way" or "these things" are, the other word does not say."""


_LEFT_WORDS = frozenset(["e.g.", "i.e.", "must", "need"])
"""Words of features whose contexts `rules` knows: "need to" is "have to", but "need" is not "have"."""


def left_to_rules(op: Operation) -> bool:
    """Whether both sides are forms of one word of a feature that `rules` looks after."""
    before, after = ([*side.split(), *WORD.findall(side)] for side in (op.before.lower(), op.after.lower()))
    short = {FORMS[word] for word in before if word in FORMS} & {FORMS[word] for word in after if word in FORMS}
    short |= {phrase for phrase in PHRASES if phrase in (op.before, op.after)}
    return bool(op.before and op.after) and (bool(short) or not _LEFT_WORDS.isdisjoint([*before, *after]))


def _bare(side: str) -> str:
    """Without an article that only follows its noun's sound."""
    return side.removeprefix("an ").removeprefix("a ")


@cache
def out_of_context() -> frozenset[tuple[str, str]]:
    """(before, after) that are right only in phrases of the word list: "a chance to" gives an opportunity, "a 1% chance" none."""
    pairs = {pair for formal, plain, _ in FORMAL_PLAIN for pair in zip(formal, plain, strict=True)}
    parts = {(e.before, e.after) for f, p in pairs for one, other in ((f, p), (p, f)) for e in align(one, other)}
    return frozenset(parts - pairs - {(plain, formal) for formal, plain in pairs})


_FILLERS = frozenset(
    [
        "really",
        "pretty",
        "basically",
        "literally",
        "honestly",
        "well",
        "guess",
        "mean",
        "think",
        "know",
        "course",
        "look",
        "right",
    ]
)


def prepare(line: Row, vocabulary: Vocabulary, usage: Usage, longest: int, unchanged: float, seed: int) -> list[Example]:
    """Examples of a line of a trajectory, a chunk of up to `longest` pieces each; of those without edits, the share `unchanged`."""
    row = from_line(line)
    found = []
    rng = random.Random(f"{seed}{row.draft}")
    draft = sides_of(row.draft, usage)
    for chunk in chunks(row.draft, tokenizer(), longest):
        if not chunk.words:
            continue
        mask = vocabulary.mask(chunk.text, chunk.words)
        labels = []
        for edit in row.edits:
            if chunk.start <= edit.start and edit.end <= chunk.start + len(chunk.text):
                moved = type(edit)(edit.start - chunk.start, edit.end - chunk.start, edit.before, edit.after, edit.reason)
                place = operation(moved, chunk.text, chunk.words)
                number = vocabulary.number(place[1]) if place else None
                if place and number and mask[place[0], number]:
                    labels.append((place[0], number))
        if not labels and rng.random() > unchanged:
            continue
        found.append(
            Example(
                np.array(chunk.ids, dtype=np.int32),
                np.array(chunk.shapes, dtype=np.int8),
                np.array(chunk.heads, dtype=np.int16),
                np.packbits(mask, axis=1),
                np.array(labels, dtype=np.int32).reshape(-1, 2),
                (row.author, row.source),
                row.seen,
                draft,
            )
        )
    return found


def sides_of(text: str, usage: Usage) -> Array:
    """(n, 2) int32: sides that a text has, by number, and how often."""
    vector = usage.vector(usage.count(text))
    found = np.flatnonzero(vector)
    return np.stack([found, vector[found]], axis=1).astype(np.int32)


def columns_of(example: Example, user: Array, usage: Usage) -> tuple[Array, Array]:
    """What `usage` reads of a user, (sides,), and the example's draft."""
    draft = np.zeros(len(usage.sides), dtype=np.float32)
    draft[example.draft[:, 0]] = example.draft[:, 1]
    return usage.columns(user, draft)


def _counted(texts: list[str], usage: Usage) -> Any:
    return sparse.csr_matrix(np.stack([usage.vector(usage.count(text)) for text in texts]))


class Users:
    """Counts of every author's texts, text by text."""

    def __init__(self, authors: list[Author], usage: Usage, pool: ProcessPoolExecutor) -> None:
        counted = pool.map(partial(_counted, usage=usage), [list(author.texts) for author in authors], chunksize=4)
        self._texts = dict(zip([(author.name, author.source) for author in authors], counted, strict=True))
        self._nobody = np.zeros(len(usage.sides), dtype=np.float32)

    def vector(self, author: tuple[str, str], history: tuple[int, ...]) -> Array:
        """Sums over the texts of a history; zeros for none."""
        return np.asarray(self._texts[author][list(history)].sum(axis=0)).ravel() if history else self._nobody


def held_back(author: tuple[str, str]) -> bool:
    """One author in forty is for validation."""
    return hashlib.sha1(author[0].encode()).digest()[0] % 40 == 0
