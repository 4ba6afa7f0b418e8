"""Self-neutralised trajectories: a human text is flattened by one of several neutralisers; the target is the text itself.

What is to be learnt is this person, not "human instead of machine": so

- each text loses only a random part of its features' habits (an unflattened habit is no evidence of anything);
- `other` maps a text into the habits of another author of the same source, so that nothing but the history says which
  way to go; `generic` maps it into the rates of real LLM drafts;
- where an author already writes the other way, draft and target are the same, and the model must learn to keep;
- `spoken` and `written` know words that no feature has: fillers, and stock phrases of essays.

`written` is held out of training (HELD_OUT): transfer to it says whether a reflector learnt authors or a neutraliser.
Every neutraliser is our own and none is that of the evaluation.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice

from rpo_edge.edits import apply
from rpo_edge.features import CHOICES
from rpo_edge.pipeline import reflect
from rpo_edge.records import Evidence, Habit, StyleProfile
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.guard import guard
from rpo_edge.steps.profile import Counts, make_profile, measure
from training import data
from training.trajectories.base import Author, Trajectory

SEED = 3
HELD_OUT = frozenset({"written"})
PERMITTED = ("mistral", "phi", "qwen1.5")
"""Makers whose terms allow training on their models' answers; the generic rates are of their drafts alone."""

_SHARE = (0.3, 0.9)  # of the features, the part that a draft loses
_HISTORY = 12  # texts of the author that a trajectory may show
_SPOKEN = (
    (r"\b([Yy])eah\b", r"\1es"), (r"\b([Gg])onna\b", r"\1oing to"), (r"\b([Ww])anna\b", r"\1ant to"), (r"\b[Kk]ind of (?=[a-z])", ""),
    (r"\b[Ss]ort of (?=[a-z])", ""), (r"\b(?:actually|basically|just|literally|honestly) (?=[a-z])", ""), (r",? you know,", ","),
    (r"(?<=[.!?] )(?:Well|I mean|Look|Okay|OK|Right), (\w)", lambda m: m[1].upper()), (r"\bstuff\b", "things"), (r"\bguys\b", "people"),
    (r"\b([Aa]) (?:lot|bunch) of\b", lambda m: "Many" if m[1] == "A" else "many"), (r"\bsuper (?=[a-z])", "very "), (r"\bOK\b", "fine"),
    (r"\bpretty (?=(?:much|good|cool|well|big|hard|easy|close)\b)", "quite "), (r"!(?=\s|$)", "."), (r"\.\.\.(?=\s|$)", "."),
)  # fmt: skip
_WRITTEN = (
    (r"\b(?:I think|I believe|I guess) (?=(?:that|it|this|we|the)\b)", ""), (r"\breally (?=[a-z])", "highly "), (r"\bbig\b", "large"),
    (r"\b([Bb])ut (?=(?:I|we|it|the)\b)", lambda m: ("Yet " if m[1] == "B" else "yet ")), (r"\bneed to\b", "have to"), (r"\bget (?=(?:a|the)\b)", "acquire "),
    (r"\bshow(s?)\b (?=(?:that|how|the)\b)", r"illustrate\1 "), (r" - | -- |—", ", "), (r" \(([^()]{3,40})\)", r", \1,"), (r"(?<=\w);(?= [a-z])", ","),
    (r"\b(it|that|there|what)'s (?=(?:a|the|not|no|very|also)\b)", r"\1 is "), (r"\b(do|does|did|is|are|was|were)n't\b", r"\1 not"),
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    """What a worker needs for one author: the texts to flatten, and where the habits may be led."""

    author: Author
    texts: tuple[int, ...]
    other: Counts
    generic: Counts


def _substitute(rules: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]) -> Callable[[str, Task, random.Random], str]:
    def neutraliser(text: str, task: Task, rng: random.Random) -> str:
        for pattern, to in rules:
            if rng.random() < rng.uniform(*_SHARE):
                text = _outside_frozen(text, lambda free, pattern=pattern, to=to: re.sub(pattern, to, free))  # type: ignore[misc]
        return text

    return neutraliser


def _outside_frozen(text: str, change: Callable[[str], str]) -> str:
    pieces, position = [], 0
    for start, end, _ in freeze(text):
        pieces += [change(text[position:start]), text[start:end]]
        position = end
    return "".join([*pieces, change(text[position:])])


def _toward(which: str) -> Callable[[str, Task, random.Random], str]:
    """The rules reflector with somebody else's habits, of a random part of the features."""

    def neutraliser(text: str, task: Task, rng: random.Random) -> str:
        counts: Counts = getattr(task, which)
        chosen = {choice.name for choice in CHOICES if rng.random() < rng.uniform(*_SHARE)} - {"greeting", "sign_off"}
        profile = _profile({key: variants for key, variants in counts.items() if key.partition(":")[0] in chosen})
        _, proposed = reflect(RulesReflector(), text, freeze(text), Evidence(), profile)
        return apply(text, guard(text, proposed)[0])

    return neutraliser


NEUTRALISERS: dict[str, Callable[[str, Task, random.Random], str]] = {
    "generic": _toward("generic"),
    "other": _toward("other"),
    "spoken": _substitute(_SPOKEN),
    "written": _substitute(_WRITTEN),
}


def build(people: list[Author], pool: ProcessPoolExecutor, texts: int) -> Iterator[Trajectory]:
    """Every chosen text once by each neutraliser, author after author."""
    by_source: dict[str, list[Author]] = defaultdict(list)
    for author in people:
        by_source[author.source].append(author)
    drafts = [row["response"] for row in data.rows("drafts/00", "train") if row["model"].lower().startswith(PERMITTED)]
    generic = _sum(pool.map(measure, islice(drafts, 0, None, max(1, len(drafts) // 600)), chunksize=20))
    tasks = []
    for author in people:
        rng = random.Random(f"{SEED}{author.name}")
        peers = [peer for peer in by_source[author.source] if peer.name != author.name] or [p for p in people if p.name != author.name]
        chosen = tuple(sorted(rng.sample(range(len(author.texts)), min(texts, len(author.texts)))))
        tasks.append((author, chosen, rng.choice(peers).texts[:40] if peers else (), generic))
    for trajectories in pool.map(_neutralise, tasks, chunksize=2):
        yield from trajectories


def _neutralise(arguments: tuple[Author, tuple[int, ...], tuple[str, ...], Counts]) -> list[Trajectory]:
    author, chosen, other, generic = arguments
    task = Task(author, chosen, _sum(map(measure, other)), generic)
    found = []
    for i in chosen:
        for name, neutraliser in NEUTRALISERS.items():
            rng = random.Random(f"{SEED}{author.name}{i}{name}")
            draft = neutraliser(author.texts[i], task, rng)
            others = [j for j in range(len(author.texts)) if j != i]
            history = tuple(sorted(rng.sample(others, min(_HISTORY, len(others)))))
            found.append(Trajectory("neutralise", name, author.name, author.source, draft, author.texts[i], history))
    return found


def _sum(counted: Iterator[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    total: dict[str, dict[str, float]] = {}
    for counts in counted:
        for key, variants in counts.items():
            sums = total.setdefault(key, {})
            for variant, n in variants.items():
                sums[variant] = sums.get(variant, 0.0) + n
    return total


def _profile(counts: Counts) -> StyleProfile:
    return make_profile({key: Habit(key, variants) for key, variants in counts.items()}, {}, 1)
