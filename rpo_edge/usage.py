"""How often a user writes either side of each operation, and the columns of numbers that a reflector reads of that.

A *side* is what stands before or after an operation, as tokens: words in lower case, marks, and "^" where a sentence
begins. Counts of texts add up, so a store keeps them by item, and every count can name the items that show it. Training
and serving share this file.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from rpo_edge.lexicon import BARE, BRITISH_AMERICAN, FORMAL_PLAIN
from rpo_edge.operations import Operation, Vocabulary
from rpo_edge.segment import MARK, WORD, iter_sentence_starts, straight

Array = np.ndarray[Any, np.dtype[np.float32]]
Exact = np.ndarray[Any, np.dtype[np.float64]]

WORDS = ""
"""The side that counts every word."""
OF_USER = 11
"""Numbers that are read of the user alone for each operation,"""
COLUMNS = OF_USER + 5
"""and with those of the draft."""
BACKOFF = 4.0
"""Weight of the whole family's share against an operation's own counts, as in the profile's rates."""

_TOKEN = re.compile(f"{WORD.pattern}|{MARK.pattern}")
_START = "^"
_TOKENS = "2"
"""The version of `tokens`: stores count anew when it changes."""
_SHORT = re.compile(r"n't$|'(?:s|re|ve|ll|d|m)$")
_BRITISH = dict(BRITISH_AMERICAN)
_FORMAL = {(f, p) for formal, plain, _ in FORMAL_PLAIN for f, p in zip(formal, plain, strict=True)} | {
    ("crucial", "key"),
    ("residence", "home"),
    ("subsequently", "later"),
}
"""With pairs that the list has no more: models were trained with them in this family."""
FEATURES: Mapping[str, str] = {
    "contracted": "contraction", "expanded": "contraction", "american": "spelling", "british": "spelling", "plain": "register", "formal": "register",
}  # fmt: skip
"""Of families of operations, the features that mean the same; the others are none that `rules` knows."""


def tokens(text: str) -> list[str]:
    """Words, marks and sentence starts of a text."""
    starts = set(iter_sentence_starts(text))
    found = []
    for match in _TOKEN.finditer(text):
        if match.start() in starts:
            found.append(_START)
        plain = straight(match[0].lower())
        found.append(BARE.get(plain, plain))
    return found


def sides(op: Operation) -> tuple[str, str]:
    """What is counted for an operation: (before, after); WORDS where that side is empty."""
    found = []
    for text in (op.before, op.after):
        side = [straight(match[0].lower()) for match in _TOKEN.finditer(text)]
        if side and op.initial:
            side.insert(0, _START)
        if op.following:
            side.append(op.following)
        found.append(" ".join(side))
    return found[0], found[1]


def family(op: Operation) -> str:
    """Operations that show the same habit in other words."""
    before, after = op.before.strip(), op.after.strip()
    if bool(_SHORT.search(before)) != bool(_SHORT.search(after)):
        return "contracted" if _SHORT.search(after) else "expanded"
    if _BRITISH.get(before) == after or _BRITISH.get(after) == before:
        return "american" if before in _BRITISH else "british"
    if (before, after) in _FORMAL or (after, before) in _FORMAL:
        return "plain" if (before, after) in _FORMAL else "formal"
    if op.marks:
        return f"marks {before or '-'} {after or '-'}{' ' + 'in context' if op.following else ''}"
    kind = "put in" if not before else "left out" if not after else "other words"
    return f"{kind}{', first' if op.initial else ''}"


class Usage:
    """Counts sides in texts, and turns the counts of a user into columns."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        pairs = [sides(op) for op in vocabulary.operations]
        self.sides: tuple[str, ...] = tuple(sorted({side for pair in pairs for side in pair} | {WORDS}))
        number = {side: i for i, side in enumerate(self.sides)}
        self._wanted = {tuple(side.split()): side for side in self.sides if side}
        self._longest = max(map(len, self._wanted), default=0)
        self._before = np.array([number[before] for before, _ in pairs], dtype=np.int64)
        self._after = np.array([number[after] for _, after in pairs], dtype=np.int64)
        self._within = [self._contained(pairs, 0), self._contained(pairs, 1)]
        names = [family(op) for op in vocabulary.operations]
        self.families: tuple[str, ...] = tuple(sorted(set(names)))
        self._family = np.array([self.families.index(name) for name in names], dtype=np.int64)
        self._number = number
        self.digest = hashlib.blake2b("\n".join([_TOKENS, *self.sides]).encode(), digest_size=8).hexdigest()

    @staticmethod
    def _contained(pairs: list[tuple[str, str]], which: int) -> Array:
        """1 where this side stands inside the other one, whose uses then are none of its own."""
        return np.array([bool(p[which]) and f" {p[which]} " in f" {p[1 - which]} " for p in pairs], dtype=np.float32)

    def count(self, text: str) -> Counter[str]:
        """Uses of each side in one text; WORDS counts its words."""
        found = tokens(text)
        counts: Counter[str] = Counter()
        for i in range(len(found)):
            for n in range(1, self._longest + 1):
                side = self._wanted.get(tuple(found[i : i + n]))
                if side is not None:
                    counts[side] += 1
        counts[WORDS] = sum(token[0].isalnum() for token in found)
        return counts

    def vector(self, counts: Mapping[str, float]) -> Array:
        """(sides,) from counts by side."""
        result = np.zeros(len(self.sides), dtype=np.float32)
        for side, n in counts.items():
            if side in self._number:
                result[self._number[side]] = n
        return result

    def columns(self, vector: Array, draft: Array | None = None) -> tuple[Array, Array]:
        """(operations, COLUMNS) and (families,): what the user's counts say of each operation and each family.

        draft: the draft's own counts, (sides,); None, none of it is known. All zero for a user without texts. The columns: log odds of the
        operation's share, backed off to its family's; the family's; log counts of both sides, absolute and in 1,000 words; how sure
        the counts are; log of the words. Then the draft against them (`_against`), by operation and by family.
        """
        words = float(vector[self._number[WORDS]])
        size, kinds = len(self._before), len(self.families)
        if not words:
            return np.zeros((size, COLUMNS), dtype=np.float32), np.zeros(kinds, dtype=np.float32)
        a, b = self._both(vector)
        kin_a, kin_b = self._by_family(a), self._by_family(b)
        kin = (kin_a + 0.5) / (kin_a + kin_b + 1)
        share = (a + BACKOFF * kin[self._family]) / (a + b + BACKOFF)
        sure = np.minimum(1, (a + b) / 5)
        odds, kin_odds = np.log(share / (1 - share)), np.log(kin / (1 - kin))
        rates = [np.log1p(1000 * side / words) for side in (a, b)]
        ones = np.ones(size)
        table = [odds / 2, odds * sure / 2, kin_odds[self._family] / 2, np.log1p(a) / 2, np.log1p(b) / 2, *rates, sure, ones]
        table += [np.log1p(words) / 8 * ones, np.log1p((kin_a + kin_b)[self._family]) / 4]
        if draft is None:
            table += [np.zeros(size)] * (COLUMNS - OF_USER)
        else:
            now_a, now_b = self._both(draft)
            of_family = _against(kin, self._by_family(now_a), self._by_family(now_b))
            table += [*_against(share, now_a, now_b), np.log1p(now_a), *(column[self._family] for column in of_family)]
        whole = kin_odds * np.minimum(1, (kin_a + kin_b) / 10) / 2
        return np.stack(table, axis=1).astype(np.float32), whole.astype(np.float32)

    def _both(self, vector: Array) -> tuple[Exact, Exact]:
        """(operations,) uses of what stands after each operation, and before it; in single precision a share would come out as 1."""
        b, a = vector[self._before].astype(np.float64), vector[self._after].astype(np.float64)
        return np.maximum(a - self._within[1] * b, 0), np.maximum(b - self._within[0] * a, 0)

    def _by_family(self, uses: Exact) -> Exact:
        """(families,) sums."""
        return np.bincount(self._family, uses, len(self.families)).astype(np.float64)


def _against(share: Exact, after: Exact, before: Exact) -> tuple[Exact, Exact]:
    """How far a draft with so many uses of both sides is from a user's share of the second.

    First in standard deviations of that many draws (at most 3 either way): what is within one or two may well be the user's own text.
    Then how many places would have to change, signed, as log1p.
    """
    total = after + before
    due = share * total - after
    spread = np.sqrt(total * share * (1 - share) + 1)
    return np.clip(due / spread, -3, 3), np.sign(due) * np.log1p(np.abs(due))
