"""What the style encoder is trained on: authors of one source, half of whom write about what another one does; and moves, which are
passages of theirs with drafts that say the same in another manner."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from rpo_edge.segment import WORD
from rpo_edge.usage import Array
from training.style.reading import is_content
from training.trajectories import neutralise
from training.trajectories.base import Author

Move = tuple[str, str]
"""A draft, and the author's own words for it."""
Name = tuple[str, str]
"""Of an author, and the source: somebody may write in two places."""

_FEWEST_AUTHORS = 3  # of a source that is trained on: with fewer, nobody else writes of the same things


def content_words(text: str) -> list[str]:
    """Lower-case words that tell what the text is about."""
    return [match[0].lower() for match in WORD.finditer(text) if is_content(match[0])]


class Group:
    """The authors of one source. Texts are numbered through; `owner` (texts,) says whose each is."""

    def __init__(self, people: Sequence[Author], moves: Mapping[Name, Sequence[Move]] | None = None) -> None:
        """moves: of texts that are not among the authors', by author's name and source."""
        self.people = tuple(people)
        self.moves = [list((moves or {}).get((person.name, person.source), ())) for person in people]
        self.texts = [text for person in people for text in person.texts]
        self.owner: Array = np.repeat(np.arange(len(people)), [len(person.texts) for person in people])
        self._numbers = [np.flatnonzero(self.owner == i).tolist() for i in range(len(people))]

    def __len__(self) -> int:
        """Authors."""
        return len(self._numbers)

    @cached_property
    def topics(self) -> Any:
        """(texts, words) sparse unit vectors over content words, so that a product is a cosine."""
        return TfidfVectorizer(analyzer=content_words, sublinear_tf=True).fit_transform(self.texts).tocsr()

    def likeness(self, number: int) -> Array:
        """(texts,) cosines of topic with one text."""
        result: Array = (self.topics @ self.topics[number].T).toarray().ravel()
        return result

    def draw(self, rng: random.Random, authors: int, texts: int) -> list[int]:
        """Numbers of `texts` texts of each of `authors` authors, author after author: half of them by lot, and after each a neighbour.

        A neighbour wrote the text nearest in topic to one of the author's, among the authors not yet drawn.
        """
        chosen: list[int] = []
        while len(chosen) < min(authors, len(self)):
            chosen.append(rng.choice([author for author in range(len(self)) if author not in chosen]))
            if len(chosen) < min(authors, len(self)):
                likeness = self.likeness(rng.choice(self._numbers[chosen[-1]]))
                likeness[np.isin(self.owner, chosen)] = -1
                chosen.append(int(self.owner[likeness.argmax()]))
        return [number for author in chosen for number in rng.sample(self._numbers[author], texts)]


def groups(people: Iterable[Author], texts: int, moves: Mapping[Name, Sequence[Move]] | None = None) -> list[Group]:
    """Sources of several authors who have `texts` texts or more."""
    by_source: dict[str, list[Author]] = defaultdict(list)
    for person in people:
        if len(person.texts) >= texts:
            by_source[person.source].append(person)
    return [Group(some, moves) for _, some in sorted(by_source.items()) if len(some) >= _FEWEST_AUTHORS]


def parted(people: Iterable[Author], passages: int, seed: int) -> Iterator[tuple[Author, Author]]:
    """Each author twice: with `passages` of the texts, a third of them at most, and with the others."""
    for author in people:
        size = min(passages, len(author.texts) // 3)
        chosen = set(random.Random(f"{seed} {author.name}").sample(range(len(author.texts)), size))
        parts = [tuple(text for i, text in enumerate(author.texts) if (i in chosen) is which) for which in (True, False)]
        yield replace(author, texts=parts[0]), replace(author, texts=parts[1])


def moves(people: Sequence[Author], pool: ProcessPoolExecutor) -> dict[Name, list[Move]]:
    """Passages of all of their texts, flattened by every neutraliser that may train; where one left a passage alone, there is no move."""
    most = max((len(author.texts) for author in people), default=0)
    return {
        (author.name, author.source): [
            (p.draft, p.target) for p in found if p.draft != p.target and p.builder.partition(":")[2] not in neutralise.HELD_OUT
        ]
        for author, found in neutralise.build(list(people), pool, neutralise.Options(texts=most))
    }
