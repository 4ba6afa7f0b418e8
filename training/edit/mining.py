"""The vocabulary of operations, mined of what trajectories need, and which operations are general enough to be learnt at all."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from rpo_edge.edits import align
from rpo_edge.features.shorthand import FORMS, PHRASES
from rpo_edge.lexicon import FORMAL_PLAIN, FUNCTION_WORDS
from rpo_edge.operations import Operation, Vocabulary, operation, words_of
from rpo_edge.segment import WORD
from rpo_edge.usage import family
from training.trajectories.files import Row, from_line

LEFT_FAMILIES = frozenset({"british", "american", "marks . !", "marks ! .", "marks . ...", "marks … ...", "marks . ;", "marks , ;"})
"""What rules does better: it knows contexts where an encoder hears exclamations in dull sentences, which two clauses a semicolon joins, and how an ellipsis is written."""
_LEFT_WORDS = frozenset(["e.g.", "i.e.", "must", "need"])
"""Words of features whose contexts `rules` knows: "need to" is "have to", but "need" is not "have"."""
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
_FILLERS = frozenset(["pretty", "basically", "honestly", "well", "guess", "mean", "think", "know", "course", "look", "right"])
"""Words of content that may be put in: they say how one talks, and nothing of the matter."""


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
