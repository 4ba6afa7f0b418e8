"""retrieve: the k history items that matter for a draft; never the whole store."""

from __future__ import annotations

from typing import Protocol

from rpo_edge.records import Evidence, HistoryItem

_HEAD = 2000  # code points of a draft that steer retrieval when there is no query


class Searchable(Protocol):
    """What is needed of a history."""

    def search(self, query: str, k: int) -> list[HistoryItem]: ...
    def recent(self, k: int) -> list[HistoryItem]: ...


def retrieve(history: Searchable, draft: str, query: str | None = None, k: int = 8) -> Evidence:
    """The k items nearest to the query and the draft by BM25, filled up with the newest ones."""
    steer = f"{query} {draft[:_HEAD]}" if query else draft[:_HEAD]
    found = history.search(steer, k)
    seen = {item.id for item in found}
    if len(found) < k:
        found += [item for item in history.recent(k) if item.id not in seen][: k - len(found)]
    return Evidence(tuple(found), query)
