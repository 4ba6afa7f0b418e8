"""How a style encoder is judged, on dev authors: each figure is the share of comparisons that come out right.

A comparison has two pairs of texts (or of a mean and a text), and is right where the pair that belongs together has the
larger cosine (a tie counts half): over many of them, the area under the ROC curve of "same author?". The other author is
always one of the same source.

    one text and one              two texts of the author; a text of the author's and one of another's
    8 texts and one               the mean of 8 texts of the author's, and a text of theirs or of another's
    topic against it              of a text, the author's farthest in topic against another's nearest (Wegmann et al.,
                                  arXiv 2204.04907: does manner count for more than content?)
    named among 20                the nearest of 20 authors' means of 8 texts, same source first, by another text; chance is 0.05
    manner                        an original passage and its draft, same content in two manners: the original must be nearer to
                                  the author's other texts; beside it, how often it is nearer to another author's,
                                  which is what an encoder gets for liking originals
    move, by a neutraliser        the way from the draft to the original must lead toward the author's texts more than toward another's:
                                  what a reward needs that pays for this user's manner and nobody else's; `written` is a
                                  neutraliser that no encoder was trained with; also of 4 passages at once, added up

`manner` is after STEL (Wegmann and Nguyen 2021, ACL Anthology 2021.emnlp-main.569), with drafts in place of paraphrases.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rpo_edge.usage import Array
from training import processes
from training.statistics import Interval, bootstrap
from training.style.batches import Group
from training.trajectories import neutralise
from training.trajectories.base import Author, Pair, authors

SEED = 17
MEAN = 8
CANDIDATES = 20
TOGETHER = 4
KNOWN = 16
"""Texts of either author that a move is held against, at most."""

Embed = Callable[[Sequence[str]], Array]
Texts = tuple[str, ...]


@dataclass(frozen=True)
class Sizes:
    """How much is compared: of each author so many pairs of each kind, texts, and passages that are flattened."""

    pairs: int = 40
    authors: int | None = None
    texts: int = 24
    passages: int = 2


@dataclass(frozen=True)
class Comparison:
    """Two pairs, each of some texts (their mean counts) and one; `author` is what intervals are taken over."""

    task: str
    author: str
    near: tuple[Texts, str]
    far: tuple[Texts, str]


@dataclass(frozen=True)
class Guess:
    """Whose is `text`, by the nearest mean? The first of `candidates` is right."""

    author: str
    text: str
    candidates: tuple[Texts, ...]


@dataclass(frozen=True)
class Moved:
    """Do these moves, each from a draft to its original, lead toward `own` more than toward `others`?"""

    task: str
    author: str
    moves: tuple[tuple[str, str], ...]
    own: Texts
    others: Texts


@dataclass(frozen=True)
class Questions:
    """All that is asked of an encoder."""

    comparisons: list[Comparison]
    named: list[Guess]
    moved: list[Moved]

    def texts(self) -> Iterator[str]:
        """Every text that is looked at."""
        for one in self.comparisons:
            yield from (*one.near[0], one.near[1], *one.far[0], one.far[1])
        for guess in self.named:
            yield guess.text
            yield from (text for some in guess.candidates for text in some)
        for move in self.moved:
            yield from (*move.own, *move.others, *(text for pair in move.moves for text in pair))


class Vectors:
    """Every text's vector, made once. texts: those that will be asked for."""

    def __init__(self, embed: Embed, texts: Iterator[str]) -> None:
        unique = sorted(set(texts))
        self._of = dict(zip(unique, embed(unique), strict=True))

    def mean(self, some: Texts) -> Array:
        """The direction of the mean of some texts, as a unit vector."""
        total: Array = np.sum([self._of[one] for one in some], axis=0)
        return total / np.linalg.norm(total)  # type: ignore[no-any-return]

    def cosine(self, some: Texts, text: str) -> float:
        """Of the mean of some texts and one."""
        return float(self.mean(some) @ self._of[text])

    def toward(self, move: Moved) -> float:
        """How much further it leads toward its author than toward the other."""
        way = np.sum([self._of[original] - self._of[draft] for draft, original in move.moves], axis=0)
        return float(way @ (self.mean(move.own) - self.mean(move.others)))


def people(sizes: Sizes) -> list[Group]:
    """Dev authors with a peer in their source, a sample of each one's texts; of fewer authors, the same share of each source."""
    by_source: dict[str, list[Author]] = defaultdict(list)
    for author in authors("dev"):
        rng = random.Random(f"{SEED}{author.name}")
        texts = tuple(rng.sample(author.texts, min(sizes.texts, len(author.texts))))
        if len(set(texts)) > MEAN + 2:
            by_source[author.source].append(Author(author.name, author.source, tuple(dict.fromkeys(texts))))
    total = sum(map(len, by_source.values()))
    share = min(1.0, sizes.authors / total) if sizes.authors else 1.0
    kept = [some[: round(share * len(some))] for _, some in sorted(by_source.items())]
    return [Group(some) for some in kept if len(some) > 1]


def pairs(group: Group, n: int) -> Iterator[Comparison]:
    """The comparisons of plain texts, `n` of each kind for each author."""
    for i, author in enumerate(group.people):
        rng = random.Random(f"{SEED}{author.name} pairs")
        others = [text for other in group.people if other.name != author.name for text in other.texts]
        for _ in range(n):
            x, y, z = rng.sample(author.texts, 3)
            yield Comparison("one text and one", author.name, ((x,), y), ((z,), rng.choice(others)))
            *some, y = rng.sample(author.texts, MEAN + 1)
            yield Comparison(f"{MEAN} texts and one", author.name, (tuple(some), y), (tuple(some), rng.choice(others)))
        for number in rng.sample(np.flatnonzero(group.owner == i).tolist(), min(n, len(author.texts))):
            likeness = group.likeness(number)
            own = group.texts[int(np.where(group.owner == i, likeness, np.inf).argmin())]
            other = group.texts[int(np.where(group.owner == i, -np.inf, likeness).argmax())]
            yield Comparison("topic against it", author.name, ((group.texts[number],), own), ((group.texts[number],), other))


def guesses(found: Sequence[Group], n: int) -> Iterator[Guess]:
    """For each author, up to `n` texts to be named."""
    everybody = [author for group in found for author in group.people]
    for author in everybody:
        rng = random.Random(f"{SEED}{author.name} names")
        peers = [one for one in everybody if one.source == author.source and one.name != author.name]
        rest = [one for one in everybody if one.source != author.source and one.name != author.name]
        others = (rng.sample(peers, len(peers)) + rng.sample(rest, len(rest)))[: CANDIDATES - 1]
        own = rng.sample(author.texts, len(author.texts))
        candidates = (tuple(own[:MEAN]), *(tuple(rng.sample(other.texts, MEAN)) for other in others))
        yield from (Guess(author.name, text, candidates) for text in own[MEAN : MEAN + n])


def manners(group: Group, i: int, drafts: Sequence[Pair]) -> Iterator[Comparison]:
    """For one author's passages: original against draft, nearer to the author's other texts; and the same with another author's."""
    for pair, rng, own, other in _flattened(group, i, drafts):
        for whose, some in (("own", own), ("another's", other)):
            mean = tuple(rng.sample(some, min(MEAN, len(some))))
            yield Comparison(f"manner, {whose}", group.people[i].name, (mean, pair.target), (mean, pair.draft))


def moved(group: Group, i: int, drafts: Sequence[Pair], together: int) -> Iterator[Moved]:
    """Each passage of one author's by itself, and `together` times TOGETHER of them."""
    known = list(_flattened(group, i, drafts))
    for pair, rng, own, other in known:
        some, others = (tuple(rng.sample(texts, min(KNOWN, len(texts)))) for texts in (own, other))
        for task in (f"move, {pair.builder.partition(':')[2]}", "move, all"):
            yield Moved(task, group.people[i].name, ((pair.draft, pair.target),), some, others)
    rng = random.Random(f"{SEED}{group.people[i].name} together")
    for _ in range(together if len(known) >= TOGETHER else 0):
        chosen = rng.sample(known, TOGETHER)
        own = [text for text in chosen[0][2] if not any(pair.target in text for pair, *_ in chosen)]
        if own:
            some, others = (tuple(rng.sample(texts, min(KNOWN, len(texts)))) for texts in (own, chosen[0][3]))
            yield Moved(f"move, {TOGETHER} together", group.people[i].name, tuple((p.draft, p.target) for p, *_ in chosen), some, others)


def _flattened(group: Group, i: int, drafts: Sequence[Pair]) -> Iterator[tuple[Pair, random.Random, list[str], list[str]]]:
    """Pairs that differ, each with a generator of its own, the author's other texts, and another author's."""
    author, others = group.people[i], [one for one in group.people if one is not group.people[i]]
    for pair in drafts:
        if pair.draft != pair.target:
            rng = random.Random(f"{SEED}{author.name}{pair.draft}")
            yield pair, rng, [text for text in author.texts if pair.target not in text], list(rng.choice(others).texts)


def shares(embed: Embed, asked: Questions) -> dict[str, Interval]:
    """For each task, the share that is right, with its interval over authors."""
    vectors = Vectors(embed, asked.texts())
    right: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for one in asked.comparisons:
        right[one.task][one.author].append((_ahead(vectors.cosine(*one.near) - vectors.cosine(*one.far)), 1.0))
    for guess in asked.named:
        cosines = [vectors.cosine(some, guess.text) for some in guess.candidates]
        right[f"named among {CANDIDATES}"][guess.author].append((float(np.argmax(cosines) == 0), 1.0))
    for move in asked.moved:
        right[move.task][move.author].append((_ahead(vectors.toward(move)), 1.0))
    return {task: bootstrap(groups) for task, groups in right.items()}


def _ahead(difference: float) -> float:
    return 0.5 if difference == 0 else float(difference > 0)


def questions(sizes: Sizes) -> Questions:
    """What is asked about dev authors."""
    found = people(sizes)
    everybody = [(group, i) for group in found for i in range(len(group))]
    asked = Questions([one for group in found for one in pairs(group, sizes.pairs)], list(guesses(found, sizes.pairs)), [])
    if sizes.passages:
        with processes.pool() as pool:
            made = neutralise.build([group.people[i] for group, i in everybody], pool, neutralise.Options(texts=sizes.passages))
            for (group, i), (_, drafts) in zip(everybody, made, strict=True):
                asked.comparisons.extend(manners(group, i, drafts))
                asked.moved.extend(moved(group, i, drafts, sizes.pairs))
    return asked


def figures(encoders: Mapping[str, Embed], sizes: Sizes) -> dict[str, dict[str, Interval]]:
    """Print the table; return the figures of each encoder."""
    asked = questions(sizes)
    result = {name: shares(embed, asked) for name, embed in encoders.items()}
    authors = len({one.author for one in asked.comparisons})
    print(f"\n{authors} dev authors, {len(asked.comparisons)} comparisons, {len(asked.named)} texts to name, {len(asked.moved)} moves\n")
    print(table(result))
    return result


def table(result: Mapping[str, Mapping[str, Interval]]) -> str:
    """Markdown: a row a task, a column an encoder."""
    tasks = sorted(next(iter(result.values())), key=lambda task: (task.startswith(("manner", "move")), task))
    head = f"| task | {' | '.join(result)} |\n|{'---|' * (len(result) + 1)}"
    return "\n".join([head, *(f"| {task} | {' | '.join(str(found[task]) for found in result.values())} |" for task in tasks)])
