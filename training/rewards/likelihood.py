"""Likelihood of the user: how much likelier the rewrite's small words and marks are from the user than from other people.

Texts are read as tokens of `rpo_edge.usage` (words in lower case, marks, sentence starts); words of content, which few of the
other people's texts have, become one token, so that a topic says nothing. Of a token or a pair of neighbours t, with its share q of
other people's tokens (smoothed) and its n_t uses among the user's n,

    p(t)   = (n_t + PRIOR q(t)) / (n + PRIOR)                      the user's share, backed off to the others'
    w(t)   = log p(t) / q(t), cut to [-MOST, MOST]                 the log likelihood ratio, as in keyness
    m(t)   = |v| p(t)                                              the user's own number of uses in a text v of |v| tokens, which has c_t
    s(v)   = 1/|v| sum_t w(t) * (min(c_t, m(t)) - max(0, c_t - m(t) - 1) if w(t) > 0 else c_t)
    reward = 1/2 + 1/2 * (s(r) - s(d)) / max(u - s(d), e), cut to [0, 1]

where u and e are mean and standard deviation of s over the user's own texts, each against weights without it. So an unchanged draft has
1/2, a rewrite as much the user's as their own texts has 1 and gains nothing beyond, and what other people of the same place say just as
often is worth nothing. No n-gram pays beyond the user's own rate of it, and what exceeds that by more than one use costs as much as it would have
paid: else every sentence would begin with "So".

The bag of n-grams with log ratios is that of Wang and Manning (2012); the bounds are against caricature.
What it does not see: whether the words stand where a reader wants them. The divergence from the fine-tuned policy looks after that.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np

from rpo_edge.lexicon import FUNCTION_WORDS
from rpo_edge.usage import tokens
from training.rewards.base import Rollout

PRIOR = 300.0
"""Tokens of other people's that stand beside the user's own."""
MOST = 1.5
COMMON = 0.05
"""Share of other people's texts in which a word must stand to be none of content."""
_LEAST = 0.01  # the shortest way, in s
_CONTENT = "*"


@dataclass(frozen=True)
class _People:
    """Other people's texts. common: words that are not of content; shares: q of each n-gram that they have more than once."""

    common: frozenset[str]
    shares: Mapping[str, float]

    def read(self, text: str) -> Counter[str]:
        """Uses of each token and each pair of neighbours; "" counts the tokens."""
        found = [token if token in self.common or not token[0].isalnum() else _CONTENT for token in tokens(text)]
        counts = Counter(found)
        counts.update(f"{one} {next_}" for one, next_ in pairwise(found))
        counts[""] = len(found)
        return counts

    def score(self, read: Counter[str], own: Counter[str], less: Counter[str] | None = None) -> float:
        """s of a text that was read, for a user whose texts have `own`, `less` those of one of them."""
        size, known, total = read[""], own[""] - (less[""] if less else 0) + PRIOR, 0.0
        for token, uses in read.items():
            q = self.shares.get(token)
            if q:
                p = (own[token] - (less[token] if less else 0) + PRIOR * q) / known
                weight = min(MOST, max(-MOST, math.log(p / q)))
                expected = size * p
                total += weight * (min(uses, expected) - max(0.0, uses - expected - 1) if weight > 0 else uses)
        return total / max(1, size)


@dataclass(frozen=True)
class _User:
    """counts: of all texts together. own, spread: u and e."""

    people: _People
    counts: Counter[str]
    own: float
    spread: float

    def score(self, text: str) -> float:
        """s of the module's text."""
        return self.people.score(self.people.read(text), self.counts)


def likelihood(rollouts: Sequence[Rollout]) -> list[float | None]:
    """In [0, 1]: 0.5 for an unchanged draft, 0 for an unparsed or blank rewrite; None where draft, user or others have no words."""
    return [_reward(rollout) for rollout in rollouts]


def _reward(rollout: Rollout) -> float | None:
    user = _user(rollout.texts, rollout.others)
    if user is None or not rollout.draft.strip():
        return None
    if not rollout.rewrite or not rollout.rewrite.strip():
        return 0.0
    before = user.score(rollout.draft)
    movement = (user.score(rollout.rewrite) - before) / max(user.own - before, user.spread, _LEAST)
    return 0.5 + 0.5 * min(1.0, max(-1.0, movement))


@lru_cache(maxsize=256)  # a run has some eighty users, of each many rollouts
def _user(texts: tuple[str, ...], others: tuple[str, ...]) -> _User | None:
    people = _people(others)
    read = [people.read(text) for text in texts]
    whole = _added(read)
    if not people.shares or not whole[""]:
        return None
    near = [people.score(one, whole, less=one) for one in read if one[""]] if len(read) > 1 else [0.0]
    return _User(people, whole, float(np.mean(near)), float(np.std(near)))


@lru_cache(maxsize=256)
def _people(others: tuple[str, ...]) -> _People:
    held = Counter(token for text in others for token in set(tokens(text)))
    common = FUNCTION_WORDS | {token for token, n in held.items() if n >= max(2.0, COMMON * len(others))}
    unread = _People(common, {})
    counts = _added(unread.read(text) for text in others)
    size = counts.pop("", 0)
    return replace(unread, shares={token: n / size for token, n in counts.items() if n > 1})


def _added(counts: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total
