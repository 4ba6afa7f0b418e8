"""Persona trajectories: an answer of a language model, and the same answer as a persona would put it.

A persona has the measured habits of a real writer, a part of them replaced by a variant by lot: each contraction, each pair of a
formal word and its plain twin, and each other feature is a habit of its own, and they combine. Its history is texts of another
writer, rendered through the persona by the rules reflector; drafts are answers of makers whose terms allow training on them, and
targets the same answers rendered through the same persona. Here a reflector sees what it will be used on, answers in Markdown, and
learns that most of such an answer stays as it is.

With `noise`, a part of the history is not the persona's: other people's texts as they stand, and texts that contradict it, which are
rendered through the habits of somebody else (the noisy preferences of PersonaGym, arXiv 2407.18416, are of these kinds). No item is on the
topic of the draft but by chance.

What a persona cannot teach is what no feature knows: that is what self-neutralised texts are for.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from rpo_edge.features import CHOICES
from rpo_edge.steps.profile import measure
from training import data, makers
from training.trajectories.base import LONGEST, SEED, Author, Pair, excerpt, summed
from training.trajectories.neutralise import FRAMES, lead

SURE = ("contraction", "connective_contrast", "connective_addition", "connective_result", "register", "exclamation")
"""Features that rules render without a sense of the sentence. An edit reflector learns the rest from people's own texts alone."""
ALL = tuple(choice.name for choice in CHOICES if choice.name not in FRAMES)
_BY_LOT = 0.4  # of the habits, the part that is not the writer's


@dataclass(frozen=True)
class Options:
    """texts: of a persona's history, at least a fifth of them; drafts: of each persona; features: that it renders, "sure" or "all";
    noise: part of the history that is not the persona's, at most; without: models whose answers are not taken, by how their names begin;
    name: how the personas' names begin, in each part of a recipe another."""

    texts: int = 30
    drafts: int = 8
    features: str = "sure"
    noise: float = 0.0
    without: tuple[str, ...] = ()
    name: str = "persona"

    def __post_init__(self) -> None:
        if self.features not in ("sure", "all"):
            raise ValueError(f'features is "sure" or "all", not {self.features!r}')


@dataclass(frozen=True)
class _Task:
    """What a worker needs for one persona."""

    name: str
    manner: tuple[str, ...]
    contrary: tuple[str, ...]
    history: tuple[str, ...]
    others: tuple[str, ...]
    drafts: tuple[Draft, ...]
    options: Options


Draft = tuple[str | None, str, str, str]  # query, answer, licence, model


def build(people: list[Author], pool: ProcessPoolExecutor, options: Options) -> Iterator[tuple[Author, list[Pair]]]:
    """One persona for each of the people, persona after persona."""
    drafts = [
        (row["query"], row["response"], row.get("licence") or "Apache-2.0", model)
        for row in data.permitted("train")
        if not (model := makers.plain_name(row["model"])).lower().startswith(tuple(options.without))
    ]
    tasks = []
    for i, author in enumerate(people):
        rng = random.Random(f"{SEED}{options.name}{i}")
        voice, contrary, other = (rng.choice(people) for _ in range(3))
        size = round(math.exp(rng.uniform(math.log(max(1, options.texts / 5)), math.log(options.texts))))
        history = tuple(rng.sample(voice.texts, min(size, len(voice.texts))))
        chosen = tuple(rng.sample(drafts, min(options.drafts, len(drafts))))
        name = f"{options.name}-{i:04d}"
        tasks.append(_Task(name, author.texts[:40], contrary.texts[:40], history, other.texts[:40], chosen, options))
    yield from pool.map(_persona, tasks, chunksize=2)


def _persona(task: _Task) -> tuple[Author, list[Pair]]:
    rng = random.Random(f"{SEED}{task.name}")
    persona = _habits(task.manner, task.options, rng)
    texts = tuple(lead(text, persona) for text in task.history)
    if task.options.noise:
        texts = tuple(_noisy(texts, task, rng))
    found = []
    for query, answer, licence, model in task.drafts:
        piece, around = excerpt(answer, LONGEST, rng)
        found.append(Pair("persona", piece, lead(piece, persona), tuple(range(len(texts))), query, licence, around, model))
    return Author(task.name, "persona", texts, "as the texts it is made of"), found


def _habits(manner: Iterable[str], options: Options, rng: random.Random) -> dict[str, dict[str, float]]:
    """Counts of a writer's texts, those of some features by lot; of words and contractions each is one of its own."""
    counts = summed(map(measure, manner))
    rendered = SURE if options.features == "sure" else ALL
    variants: dict[str, set[str]] = defaultdict(set)
    for key, seen in counts.items():
        variants[key.partition(":")[0]].update(seen)
    persona = {}
    for key in sorted(counts):
        feature = key.partition(":")[0]
        if feature in rendered:
            persona[key] = {rng.choice(sorted(variants[feature])): 50.0} if rng.random() < _BY_LOT else counts[key]
    return persona


def _noisy(texts: Iterable[str], task: _Task, rng: random.Random) -> Iterator[str]:
    """Some texts give way to other people's, or to ones that contradict the persona."""
    share = rng.uniform(0, task.options.noise)
    contrary = _habits(task.contrary, task.options, rng)
    for text in texts:
        if rng.random() >= share:
            yield text
        elif rng.random() < 0.5:
            yield rng.choice(task.others)
        else:
            yield lead(text, contrary)
