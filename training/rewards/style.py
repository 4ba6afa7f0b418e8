"""Nearness to the user's manner: how far a rewrite went from the draft toward the user's texts and nobody else's, as a style encoder sees it.

With unit vectors d (draft), r (rewrite), x_1 … x_n (the user's texts), their mean m and that of other people's texts b, made unit vectors
(b = 0 where no others are known):

    s(v)     = cos(v, m) - cos(v, b)
    own_i    = cos(x_i, mean of the other x) - cos(x_i, b)         how near the user's own texts are; 1 - cos(x, b) for n = 1
    u, e     = mean and standard deviation of own_i
    way      = max(u - s(d), 1 - u, GAP) without others, max(u - s(d), e, GAP) with them       what there is to go
    movement = (s(r) - s(d)) / way                                 the share of it that was gone, negative if away
    reward   = 1/2 + 1/2 * movement, with movement cut to [-1, 1]

So an unchanged draft has 1/2, and of a draft from afar, a rewrite as near to the user as their own texts are has 1; what is nearer
still, a caricature, gains nothing more. What leads to everybody alike (from a model's answer to people's words, say) leads to b as
well, and needs no history: it is worth nothing. Leaving the draft is no term of its own: |s(r) - s(d)| is never more than twice the
distance |r - d| (Cauchy-Schwarz), so nothing is gained without it, and a term for it would pay for leaving in any direction,
nonsense included. No way is taken to be shorter than the spread of the user's own texts (1 - u, or e): where the draft is as near as
those from the start, what is noise stays small, however near to each other an encoder puts all texts. GAP is for users of one text.

Authorship style transfer is judged by "away" and "towards", both as an authorship encoder sees them (Patel et al., arXiv
2212.08986); this is the second, with a price for the wrong way.

What it does not see: whether the rewrite still says what the draft did. Other rewards do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rpo_edge.usage import Array
from training.rewards.base import Rollout

BEGINNING = 600
"""Code points of a known text that are read: about what a draft has; the rest would cost ten times as long and change a mean little."""

GAP = 0.01
"""The shortest way of all, in cosine; it keeps the division from zero."""


class Encoder(Protocol):
    """Texts to (n, dim) unit vectors."""

    def embed(self, texts: Sequence[str]) -> Array: ...


@dataclass(frozen=True)
class _User:
    """toward: (dim,) m - b. own, spread: u, and e (1 - u without others)."""

    toward: Array
    own: float
    spread: float


class Style:
    """The reward of the module's text. A user's means are made once, and kept by the tuples of their texts and of others'."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._users: dict[tuple[tuple[str, ...], tuple[str, ...]], _User] = {}

    def __call__(self, rollouts: Sequence[Rollout]) -> list[float | None]:
        """In [0, 1]: 0.5 for an unchanged draft; 0 for an unparsed or blank rewrite; None where the user has no text, or the draft none."""
        asked = [_texts(rollout.texts) for rollout in rollouts]
        needed = sorted({text for rollout, texts in zip(rollouts, asked, strict=True) if texts for text in _judged(rollout)})
        vectors = dict(zip(needed, self._encoder.embed(needed), strict=True)) if needed else {}
        return [self._score(rollout, texts, vectors) for rollout, texts in zip(rollouts, asked, strict=True)]

    def _score(self, rollout: Rollout, texts: tuple[str, ...], vectors: dict[str, Array]) -> float | None:
        if not texts or not rollout.draft.strip():
            return None
        if not rollout.rewrite or not rollout.rewrite.strip():
            return 0.0
        user = self._user(texts, _texts(rollout.others))
        before, after = (float(vectors[text] @ user.toward) for text in (rollout.draft, rollout.rewrite))
        movement = (after - before) / max(user.own - before, user.spread, GAP)
        return 0.5 + 0.5 * min(1.0, max(-1.0, movement))

    def _user(self, texts: tuple[str, ...], others: tuple[str, ...]) -> _User:
        if (texts, others) not in self._users:
            vectors = self._encoder.embed(texts)
            total = vectors.sum(axis=0)
            back = _unit(self._encoder.embed(others).sum(axis=0)) if others else np.zeros_like(total)
            near = [float(vector @ _unit(total - vector)) for vector in vectors] if len(texts) > 1 else [1.0]
            own = np.array(near) - vectors @ back
            spread = float(own.std()) if others else 1 - float(own.mean())
            self._users[texts, others] = _User(_unit(total) - back, float(own.mean()), spread)
        return self._users[texts, others]


def _texts(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(text[:BEGINNING] for text in texts if text[:BEGINNING].strip())


def _judged(rollout: Rollout) -> tuple[str, ...]:
    """What must be embedded: nothing where the answer is known without."""
    return (rollout.draft, rollout.rewrite) if rollout.rewrite and rollout.rewrite.strip() and rollout.draft.strip() else ()


def _unit(vector: Array) -> Array:
    result: Array = vector / max(1e-9, float(np.linalg.norm(vector)))
    return result
