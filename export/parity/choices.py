"""What an exported edit model and its checkpoint choose between, weighed as the device does.

The encoder's logits alone choose nothing: of its operations only some fit a place, the user's counts are added, and to keep what is there
weighs 0 whatever the encoder says of label 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.parity.edits import float_encoder, int8_encoder
from export.parity.figures import Choices
from export.parity.golden import person
from export.parity.measuring import beside, log_softmax
from rpo_edge.history import SIDES
from rpo_edge.operations import Vocabulary
from rpo_edge.pipeline import windows
from rpo_edge.reflectors.chunks import batch, chunks
from rpo_edge.reflectors.edit import Encoder, Heads
from rpo_edge.steps.freeze import freeze
from rpo_edge.usage import Usage
from rpo_edge.wordpiece import WordPiece

Array = np.ndarray[Any, np.dtype[Any]]
_NEVER = -1e4  # the logit of what does not fit: finite, since a share of 0 has no logarithm


def choices(checkpoint: Path, folder: Path, drafts: Sequence[str]) -> Choices:
    """Over every place of the drafts, for the person of the example history."""
    runs, parts, changed = (float_encoder(checkpoint), int8_encoder(folder)), [], 0
    for one, other in _weighed(folder, drafts, runs):
        parts.append(beside(one, other))
        changed += int((one.argmax(-1) != 0).sum())
    kl, same, sure = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Choices(len(kl), float(kl.mean()), float(kl.max()), float(same.mean()), float(same[sure].mean()) if sure.any() else 1.0, changed)


def _weighed(folder: Path, drafts: Sequence[str], runs: tuple[Encoder, Encoder]) -> Iterator[tuple[Array, Array]]:
    """Log probabilities (places, operations and to keep) by each of the two encoders, chunk after chunk."""
    vocabulary, tokenizer, heads = (
        Vocabulary.load(folder / "operations.json"),
        WordPiece.load(folder / "vocab.txt"),
        Heads.load(folder / "user.npz"),
    )
    allowed, usage = np.concatenate([[True], heads.allowed > 0]), Usage(vocabulary)
    with person() as history:
        counts = history.profile(usage).habits[SIDES].counts
    for draft in drafts:
        for window in windows(draft, freeze(draft)):
            bias = _bias(usage, heads, counts, f"{window.lead}{window.text}")
            for chunk in (found for found in chunks(window.text, tokenizer) if found.words):
                fits = vocabulary.mask(chunk.text, chunk.words) & allowed
                scores = (run(*batch([chunk]))[0, chunk.heads] + bias for run in runs)
                one, other = (_shares(found, fits, vocabulary) for found in scores)
                if len(one):
                    yield one, other


def _bias(usage: Usage, heads: Heads, counts: Mapping[str, float], draft: str) -> Array:
    """The user's part of each label's logit."""
    there = usage.vector(usage.count(draft)) if heads.reads_draft else None
    return np.concatenate([[0], heads(usage.columns(usage.vector(counts), there))])


def _shares(scores: Array, fits: Array, vocabulary: Vocabulary) -> Array:
    """Of the places where anything fits: a word's, then those of the marks after it."""
    marks = np.array([False, *(operation.marks for operation in vocabulary.operations)])
    found = []
    for group in (~marks, marks):
        of_group = fits & group
        of_group[:, 0] = False
        masked = np.where(of_group, scores, _NEVER)
        masked[:, 0] = 0.0
        found.append(log_softmax(masked)[of_group.any(axis=1)])
    return np.concatenate(found)
