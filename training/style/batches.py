"""What the style encoder is trained on: authors of one source, and texts of the others that are nearest in topic."""

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
        """Numbers of `texts` texts of each of `authors` authors, and for each author one text of another nearest to one of theirs."""
        chosen = rng.sample(range(len(self)), min(authors, len(self)))
        found = [number for author in chosen for number in rng.sample(self._numbers[author], min(texts, len(self._numbers[author])))]
        for number in [next(n for n in found if self.owner[n] == author) for author in chosen]:
            likeness = self.likeness(number)
            likeness[(self.owner == self.owner[number])] = -1
            likeness[found] = -1  # each text once
            found.append(int(likeness.argmax()))
        return found


def groups(people: Iterable[Author], texts: int) -> list[Group]:
    """Sources of several authors who have `texts` texts or more."""
    by_source: dict[str, list[Author]] = defaultdict(list)
    for person in people:
        if len(person.texts) >= texts:
            by_source[person.source].append(person)
    return [Group(some) for _, some in sorted(by_source.items()) if len(some) >= _FEWEST_AUTHORS]
