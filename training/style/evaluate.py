"""How a style encoder is judged, on dev authors: each figure is the share of comparisons that come out right.

A comparison has two pairs of texts (or of a mean and a text), and is right where the pair that belongs together has the
larger cosine (a tie counts half): over many of them, the area under the ROC curve of "same author?". The other author is
always one of the same source.

    one text and one              two texts of the author; a text of the author's and one of another's
    8 texts and one               the mean of 8 texts of the author's, and a text of theirs or of another's
    topic against it              of a text, the author's farthest in topic against another's nearest (Wegmann et al.,
                                  arXiv 2204.04907: does manner count for more than content?)
    named among 20                the nearest of 20 authors' means of 8 texts, same source first, by another text; chance is 0.05
    manner, by a neutraliser      an original passage and its draft, same content in two manners: the original must be nearer to
                                  the author's other texts; beside it, how often it is nearer to another author's,
                                  which is what an encoder gets for liking originals

The last is after STEL (Wegmann and Nguyen 2021, ACL Anthology 2021.emnlp-main.569), with drafts in place of paraphrases.
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


class Vectors:
    """Every text's vector, made once. texts: those that will be asked for."""

    def __init__(self, embed: Embed, texts: Iterator[str]) -> None:
        unique = sorted(set(texts))
        self._of = dict(zip(unique, embed(unique), strict=True))

    def cosine(self, some: Texts, text: str) -> float:
        """Of the mean of some texts and one."""
        mean = np.sum([self._of[one] for one in some], axis=0)
        return float(mean @ self._of[text] / np.linalg.norm(mean))


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
    author, others = group.people[i], [one for one in group.people if one is not group.people[i]]
    for pair in drafts:
        if pair.draft == pair.target:
            continue
        rng = random.Random(f"{SEED}{author.name}{pair.draft}")
        own = [text for text in author.texts if pair.target not in text]
        for whose, some in (("own", own), ("another's", rng.choice(others).texts)):
            mean = tuple(rng.sample(some, min(MEAN, len(some))))
            for how in (pair.builder.partition(":")[2], "all"):
                yield Comparison(f"manner, {how}, {whose}", author.name, (mean, pair.target), (mean, pair.draft))


def _used(comparisons: Sequence[Comparison], named: Sequence[Guess]) -> Iterator[str]:
    for one in comparisons:
        yield from (*one.near[0], one.near[1], *one.far[0], one.far[1])
    for guess in named:
        yield guess.text
        yield from (text for some in guess.candidates for text in some)


def shares(embed: Embed, comparisons: Sequence[Comparison], named: Sequence[Guess]) -> dict[str, Interval]:
    """For each task, the share that is right, with its interval over authors."""
    vectors = Vectors(embed, _used(comparisons, named))
    right: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for one in comparisons:
        near, far = vectors.cosine(*one.near), vectors.cosine(*one.far)
        right[one.task][one.author].append((0.5 if near == far else float(near > far), 1.0))
    for guess in named:
        cosines = [vectors.cosine(some, guess.text) for some in guess.candidates]
        right[f"named among {CANDIDATES}"][guess.author].append((float(np.argmax(cosines) == 0), 1.0))
    return {task: bootstrap(groups) for task, groups in right.items()}


def figures(encoders: Mapping[str, Embed], sizes: Sizes) -> dict[str, dict[str, Interval]]:
    """Print the table; return the figures of each encoder."""
    found = people(sizes)
    everybody = [(group, i) for group in found for i in range(len(group))]
    comparisons = [one for group in found for one in pairs(group, sizes.pairs)]
    if sizes.passages:
        with processes.pool() as pool:
            made = neutralise.build([group.people[i] for group, i in everybody], pool, neutralise.Options(texts=sizes.passages))
            for (group, i), (_, drafts) in zip(everybody, made, strict=True):
                comparisons += manners(group, i, drafts)
    named = list(guesses(found, sizes.pairs))
    result = {name: shares(embed, comparisons, named) for name, embed in encoders.items()}
    print(f"\n{len(everybody)} dev authors of {len(found)} sources, {len(comparisons)} comparisons, {len(named)} texts to name\n")
    print(table(result))
    return result


def table(result: Mapping[str, Mapping[str, Interval]]) -> str:
    """Markdown: a row a task, a column an encoder."""
    tasks = sorted(next(iter(result.values())), key=lambda task: (task.startswith("manner"), task))
    head = f"| task | {' | '.join(result)} |\n|{'---|' * (len(result) + 1)}"
    return "\n".join([head, *(f"| {task} | {' | '.join(str(found[task]) for found in result.values())} |" for task in tasks)])
