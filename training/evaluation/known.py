"""What a reflector is told of a user for one draft: as a device would, from the texts that it may see there.

Texts are retrieved by the step that serves, as many as the pipeline takes, out of a store of the author's; the one that a draft was made of
is in neither store nor profile. Where the reflector reads counts alone, nothing is retrieved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from rpo_edge.history import History
from rpo_edge.records import Evidence, StyleProfile
from rpo_edge.steps.retrieve import retrieve
from training.evaluation.material import Ground
from training.users import NO_TEXTS, Author, Known, Runs, Shelf, stored


@dataclass(frozen=True)
class Library:
    """An author's texts; `store` holds them where they are read (None: they are not), under these ids."""

    author: Author
    store: History | None = None
    ids: Sequence[int] = ()

    def memory(self, without: str | None = None, only: Collection[str] | None = None) -> Memory:
        """All texts but one, or some of them."""
        return Memory(self, without, frozenset(only) if only is not None else None)


@dataclass(frozen=True)
class Memory:
    """A part of a library, for draft after draft."""

    library: Library
    without: str | None = None
    only: frozenset[str] | None = None

    @cached_property
    def profile(self) -> StyleProfile:
        """Of this part; it cites the store's items."""
        return self.library.author.profile(self.without, self.only, self.library.ids if self.library.store else None)

    @cached_property
    def runs(self) -> Runs:
        """What the guard must not let through: of all texts but the one, also where some only are shown."""
        return self.library.author.runs(self.without)

    def known(self, draft: str, query: str | None = None) -> Known:
        """What there is of the user for a draft."""
        return Known(self.profile, self.runs, self.retrieved(draft, query))

    def retrieved(self, draft: str, query: str | None = None) -> Evidence:
        """The texts for a draft, best first."""
        if self.library.store is None:
            return NO_TEXTS
        texts = zip(self.library.author.texts, self.library.ids, strict=True)
        hidden = frozenset(i for text, i in texts if text == self.without or (self.only is not None and text not in self.only))
        return retrieve(Shelf(self.library.store, hidden), draft, query, profile=self.profile)


@contextmanager
def library(author: Author, reads: bool) -> Iterator[Library]:
    """The author's texts. reads: whether they are read themselves."""
    if not reads:
        yield Library(author)
        return
    store, ids = stored(author.texts)
    with store:
        yield Library(author, store, ids)


@dataclass(frozen=True)
class Asked:
    """A draft for an author. only: texts that may be seen (None: all)."""

    author: Author
    draft: str
    query: str | None = None
    only: frozenset[str] | None = None


def known(ground: Ground, asked: Sequence[Asked]) -> list[Known]:
    """What there is of each author for their draft, of all their texts; profile and runs are made once."""
    authors = {one.author.name: one.author for one in asked}
    whole = {name: (author.profile(), author.runs()) for name, author in authors.items()}
    return [Known(*whole[one.author.name], evidence) for one, evidence in zip(asked, retrieved(ground, asked), strict=True)]


def retrieved(ground: Ground, asked: Sequence[Asked]) -> list[Evidence]:
    """The texts for each draft, on all processors; an author's store is made once."""
    if not ground.names.reads:
        return [NO_TEXTS] * len(asked)
    of_author: dict[str, list[int]] = defaultdict(list)
    for i, one in enumerate(asked):
        of_author[one.author.name].append(i)
    found = ground.pool.map(_retrieved, [[asked[i] for i in numbers] for numbers in of_author.values()])
    by_number = {
        i: evidence for numbers, some in zip(of_author.values(), found, strict=True) for i, evidence in zip(numbers, some, strict=True)
    }
    return [by_number[i] for i in range(len(asked))]


def _retrieved(asked: Sequence[Asked]) -> list[Evidence]:
    """Of one author."""
    with library(asked[0].author, reads=True) as texts:
        memories = {only: texts.memory(only=only) for only in {one.only for one in asked}}
        return [memories[one.only].retrieved(one.draft, one.query) for one in asked]
