"""Persona trajectories: an answer of a language model, and the same answer as a persona would put it.

A persona has the measured habits of a real writer, a part of them replaced by a variant by lot. Its history is texts of
another writer, rendered through the persona by the rules reflector; drafts are answers of makers whose terms allow
training on them, and targets the same answers rendered through the same persona. Here a reflector sees what it will be
used on, answers in Markdown, and learns that most of such an answer stays as it is.

What it cannot teach is what no feature knows: that is what self-neutralised texts are for.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from rpo_edge.features import CHOICES
from rpo_edge.steps.profile import measure
from training.trajectories.base import Author, Trajectory, passage
from training.trajectories.neutralise import LONGEST, SEED, lead, permitted_drafts, summed

_RENDERED = frozenset(["contraction", "connective_contrast", "connective_addition", "connective_result", "register", "exclamation"])
"""Features that rules render without a sense of the sentence; the rest is learnt from people's own texts alone."""
_BY_LOT = 0.4  # of the features, the part whose habit is not the writer's
_HISTORY = (6, 30)  # rendered texts of a persona
_DRAFTS = 8  # of each persona


def build(people: list[Author], pool: ProcessPoolExecutor, texts: int) -> Iterator[tuple[Author, list[Trajectory]]]:
    """One persona for each of the people, with `texts` texts of another as its history (at most), persona after persona."""
    drafts = permitted_drafts()
    tasks = []
    for i, author in enumerate(people):
        rng = random.Random(f"{SEED}persona{i}")
        voice, size = rng.choice(people), min(texts, round(math.exp(rng.uniform(*map(math.log, _HISTORY)))))
        history = rng.sample(voice.texts, min(size, len(voice.texts)))
        tasks.append((f"persona-{i:04d}", author.texts[:40], history, rng.sample(drafts, min(_DRAFTS, len(drafts)))))
    yield from pool.map(_persona, tasks, chunksize=2)


def _persona(arguments: tuple[str, tuple[str, ...], list[str], list[str]]) -> tuple[Author, list[Trajectory]]:
    name, manner, history, drafts = arguments
    rng = random.Random(f"{SEED}{name}")
    counts = summed(map(measure, manner))
    variants: dict[str, set[str]] = defaultdict(set)
    for key, seen in counts.items():
        variants[key.partition(":")[0]].update(seen)
    lots = {c.name: rng.choice(sorted(variants[c.name])) for c in CHOICES if variants[c.name] and rng.random() < _BY_LOT}
    persona = {
        key: {lots[feature]: 50.0} if feature in lots else seen
        for key, seen in counts.items()
        if (feature := key.partition(":")[0]) in _RENDERED
    }
    texts = tuple(lead(text, persona) for text in history)
    own = Author(name, "persona", texts)
    found = []
    for draft in drafts:
        piece = passage(draft, LONGEST, rng)
        found.append(Trajectory("persona", "persona", name, "persona", piece, lead(piece, persona), None, tuple(range(len(texts)))))
    return own, found
