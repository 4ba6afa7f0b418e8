"""What the style encoder is trained on: authors of one source, half of whom write about what another one does."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from rpo_edge.segment import WORD
from rpo_edge.usage import Array
from training.style.reading import is_content
from training.trajectories.base import Author

_FEWEST_AUTHORS = 3  # of a source that is trained on: with fewer, nobody else writes of the same things


def content_words(text: str) -> list[str]:
    """Lower-case words that tell what the text is about."""
    return [match[0].lower() for match in WORD.finditer(text) if is_content(match[0])]


class Group:
    """The authors of one source. Texts are numbered through; `owner` (texts,) says whose each is."""

    def __init__(self, people: Sequence[Author]) -> None:
        self.people = tuple(people)
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


def groups(people: Iterable[Author], texts: int) -> list[Group]:
    """Sources of several authors who have `texts` texts or more."""
    by_source: dict[str, list[Author]] = defaultdict(list)
    for person in people:
        if len(person.texts) >= texts:
            by_source[person.source].append(person)
    return [Group(some) for _, some in sorted(by_source.items()) if len(some) >= _FEWEST_AUTHORS]
