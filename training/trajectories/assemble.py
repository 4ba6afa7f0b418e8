"""From a builder's pairs to trajectories: what is retrieved for a draft, the profile of what may be seen, and the reflection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rpo_edge.edits import align
from rpo_edge.history import History
from rpo_edge.records import HistoryItem
from rpo_edge.steps.observe import observe
from rpo_edge.steps.profile import measure
from rpo_edge.steps.retrieve import retrieve
from training.trajectories.base import Author, Pair, Trajectory, profile_of, summed

SHOWN = 8
"""History items of a trajectory, best first; a curriculum takes fewer."""


class _Seen:
    """A store of which only some items may be found."""

    def __init__(self, store: History, ids: frozenset[int]) -> None:
        self._store, self._ids = store, ids

    def search(self, query: str, k: int) -> list[HistoryItem]:
        return self._kept(self._store.search(query, len(self._store)), k)

    def recent(self, k: int) -> list[HistoryItem]:
        return self._kept(self._store.recent(len(self._store)), k)

    def _kept(self, items: Sequence[HistoryItem], k: int) -> list[HistoryItem]:
        return [item for item in items if item.id in self._ids][:k]


def assemble(author: Author, pairs: Sequence[Pair], split: str) -> Iterator[Trajectory]:
    """Trajectories of one author. An item's id is the index of its text; of texts that are there twice, the first one's."""
    counts = [measure(text) for text in author.texts]
    with History.open(Path(":memory:"), create=False) as store:
        stored = store.extend(HistoryItem(text) for text in author.texts)
        index = {number: i for i, number in reversed(list(enumerate(stored)))}
        for pair in pairs:
            found = retrieve(_Seen(store, frozenset(stored[i] for i in pair.history)), pair.draft, pair.query, SHOWN)
            profile = profile_of(summed(counts[i] for i in pair.history), len(pair.history))
            yield Trajectory(
                draft=pair.draft,
                rewrite=pair.target,
                profile=profile,
                observations=observe(pair.draft, pair.target, profile) if pair.observations is None else pair.observations,
                edits=tuple(align(pair.draft, pair.target)),
                history=tuple(HistoryItem(item.text, author.source, id=index[item.id or 0]) for item in found.items),
                seen=pair.history,
                query=pair.query,
                author=author.name,
                source=author.source,
                licence=pair.licence or author.licence,
                split=split,
                builder=pair.builder,
                before=pair.around.before,
                after=pair.around.after,
                model=pair.model,
            )
