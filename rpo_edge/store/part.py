"""Part: a history's texts of one source or kind ("letters", "email", "chat"), to be read as if they were all there is.

Who writes otherwise to friends than to customers has two manners, and the whole history shows their mean. What is private is so in every
part, and what the user stated holds for all: phrases are looked for in the whole history, and its preferences are the part's.

A part's counts are added up when they are asked for and kept until the store changes: the time grows with the number of its texts, where
the sums of the whole lie ready.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from rpo_edge.records import Habit, HistoryItem, StyleProfile
from rpo_edge.steps.profile import make_profile
from rpo_edge.store.counting import SIDES, Counter, counted, measured_habits
from rpo_edge.store.files import LARGEST, translated
from rpo_edge.store.search import checked, found
from rpo_edge.store.states import KeptStates
from rpo_edge.store.within import Within


class Whole(Protocol):
    """What a part leaves to its history."""

    def get(self, number: int) -> HistoryItem | None: ...
    def contains_phrase(self, run: Sequence[str]) -> bool: ...
    def preferences(self) -> dict[str, str]: ...
    def states(self) -> KeptStates | None: ...


class Part:
    """See the module's text. `History.part` makes one, which can be read while its history is open."""

    def __init__(self, whole: Whole, connection: sqlite3.Connection, path: Path, lock: threading.RLock, name: str) -> None:
        self._whole, self._connection, self._path, self._lock = whole, connection, path, lock
        self._within = Within(name)
        self._state: tuple[int, int] | None = None
        self._shown: dict[str | None, dict[str, Habit]] = {}  # by the digest of what counts besides
        self.get, self.contains_phrase = whole.get, whole.contains_phrase
        self.preferences, self.states = whole.preferences, whole.states

    def __len__(self) -> int:
        with self._lock, translated(self._path):
            (number,) = self._connection.execute(f"select count(*) from ({self._within.ids})", self._within.values).fetchone()
            return int(number)

    def search(self, query: str, k: int = 10) -> list[HistoryItem]:
        """As `History.search`."""
        with self._lock, translated(self._path):
            return self._items(found(self._connection, query, checked(k), self._within))

    def recent(self, k: int) -> list[HistoryItem]:
        """As `History.recent`."""
        sql = f"select id from items where {self._within.holds('id')} order by date desc, id desc limit ?"
        with self._lock, translated(self._path):
            rows = self._connection.execute(sql, [*self._within.values, min(checked(k), LARGEST)]).fetchall()
            return self._items(number for (number,) in rows)

    def profile(self, counter: Counter | None = None) -> StyleProfile:
        """As `History.profile`."""
        with self._lock, translated(self._path):
            digest = None if counter is None else counter.digest
            # Another value once anybody has written to the store: before it is read, so that what comes meanwhile is seen the next time.
            state = self._connection.execute("pragma data_version").fetchone()[0], self._connection.total_changes
            if state != self._state:
                self._state, self._shown = state, {}
            if digest not in self._shown:
                shown = measured_habits(self._connection, self._path, self._within)
                if counter is not None:
                    shown[SIDES] = counted(self._connection, self._path, counter, self._within)
                self._shown[digest] = shown
            return make_profile(self._shown[digest], self.preferences(), len(self))

    def _items(self, numbers: Iterable[int]) -> list[HistoryItem]:
        return [item for number in numbers if (item := self.get(number)) is not None]
