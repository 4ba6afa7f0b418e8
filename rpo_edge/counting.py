"""The counts that a profile is read from: of each item in `measures`, their sums in `totals` (kept by triggers).

The features' counts are made when an item is added. What a reflector counts besides stands under one feature more, `SIDES`, and is
made when a profile is asked for with its counter.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from rpo_edge.errors import StoreError
from rpo_edge.records import Habit
from rpo_edge.storage import translated, writing

SIDES = "sides"
"""The feature under which a `Counter`'s counts stand."""

_BATCH = 500  # items that are measured again in one transaction
_EVIDENCE = 3  # ids kept for each variant of a habit


class Counter(Protocol):
    """Counts something in texts for a reflector; counts of texts add up. Every text has a count of "" (its words)."""

    @property
    def digest(self) -> str:
        """Names what is counted: with another digest, everything is counted again."""
        ...

    def count(self, text: str) -> Mapping[str, float]:
        """Counts by name; names that do not occur may be left out."""
        ...


# -- the features' counts ----------------------------------------------------------------------------------------------


def add_measures(connection: sqlite3.Connection, number: int, text: str) -> None:
    """Measure one item, to be called in a transaction."""
    from rpo_edge.steps.profile import measure

    rows = [(key, variant, number, n) for key, counts in measure(text).items() for variant, n in counts.items()]
    connection.executemany("insert into measures values (?, ?, ?, ?)", rows)


def measure_again_if_needed(connection: sqlite3.Connection, path: Path) -> None:
    """With other features than the counts were made with, they are made again.

    In batches, so that other processes can write in between, and the one that comes next goes on where one ended.
    """
    while _measured_with(connection) != _features() and _measure_some(connection, path):
        pass


def _features() -> str:
    from rpo_edge.features import VERSION

    return str(VERSION)


def _measured_with(connection: sqlite3.Connection) -> str:
    """The version of the features; "VERSION:LAST ID" until all items are done."""
    row = connection.execute("select value from facts where key = 'features'").fetchone()
    return row[0] if row is not None else ""


def _measure_some(connection: sqlite3.Connection, path: Path) -> bool:
    """Measure the next batch again; False if none is left, or another process has ended it."""
    with writing(connection, path):
        done = _measured_with(connection)
        if done == _features():
            return False
        last = int(done.partition(":")[2]) if done.startswith(f"{_features()}:") else -1
        batch = connection.execute("select id, text from items where id > ? order by id limit ?", [last, _BATCH]).fetchall()
        for number, text in batch:
            connection.execute("delete from measures where item_id = ?", [number])
            add_measures(connection, number, text)
        if not batch:
            add_up(connection)
        state = f"{_features()}:{batch[-1][0]}" if batch else _features()
        connection.execute("insert or replace into facts values ('features', ?)", [state])
    return bool(batch)


def add_up(connection: sqlite3.Connection) -> None:
    """Make the sums anew. The triggers add and subtract, which leaves rounding errors of what is not a whole number."""
    connection.execute("delete from totals")
    connection.execute("insert into totals select feature, variant, sum(n) from measures group by feature, variant")


def habits(connection: sqlite3.Connection, path: Path, sides: bool = False) -> dict[str, Habit]:
    """The habits that the sums show, by feature: `SIDES` alone, or all others."""
    sql = f"""select feature, variant, n, (select group_concat(item_id) from (select item_id from measures m
              where m.feature = t.feature and m.variant = t.variant order by item_id desc limit {_EVIDENCE}))
              from totals t where feature {"=" if sides else "<>"} ? order by feature, variant"""
    counts: dict[str, dict[str, float]] = {}
    evidence: dict[str, dict[str, tuple[int, ...]]] = {}
    with translated(path):
        for feature, variant, n, ids in connection.execute(sql, [SIDES]):
            counts.setdefault(feature, {})[variant] = _number(n, path)
            evidence.setdefault(feature, {})[variant] = tuple(int(i) for i in ids.split(",")) if ids else ()
    return {feature: Habit(feature, counts[feature], evidence[feature]) for feature in counts}


def _number(value: Any, path: Path) -> float:
    if not isinstance(value, int | float):  # SQLite keeps any text in a column of numbers
        raise StoreError(f"the history {path} cannot be used: {value!r} stands where a count should be")
    return value


# -- a reflector's counts ----------------------------------------------------------------------------------------------


def counted(connection: sqlite3.Connection, path: Path, counter: Counter) -> Habit:
    """The counts of one counter at a time are kept; a store that may not be written is counted as it is read."""
    with translated(path):
        if connection.execute("pragma query_only").fetchone()[0]:
            return _counted_now(connection.execute("select id, text from items order by id"), counter)
        row = connection.execute("select value from facts where key = ?", [SIDES]).fetchone()
        (done,) = connection.execute("select count(*) from measures where feature = ? and variant = ''", [SIDES]).fetchone()
        (items,) = connection.execute("select count(*) from items").fetchone()
    if row is None or row[0] != counter.digest or done != items:
        _count(connection, path, counter)
    return habits(connection, path, sides=True).get(SIDES, Habit(SIDES, {}))


def _counted_now(items: Iterable[tuple[int, str]], counter: Counter) -> Habit:
    total: dict[str, float] = {}
    shown: dict[str, tuple[int, ...]] = {}
    for number, text in items:
        for side, n in counter.count(text).items():
            total[side] = total.get(side, 0.0) + n
            shown[side] = (number, *shown.get(side, ()))[:_EVIDENCE] if n else shown.get(side, ())
    return Habit(SIDES, total, shown)


def _count(connection: sqlite3.Connection, path: Path, counter: Counter) -> None:
    """Count what this counter has not counted yet; another one's counts go first."""
    with writing(connection, path):
        row = connection.execute("select value from facts where key = ?", [SIDES]).fetchone()
        if row is None or row[0] != counter.digest:
            connection.execute("delete from measures where feature = ?", [SIDES])
        missing = """select id, text from items where not exists
                     (select 1 from measures where feature = ? and variant = '' and item_id = items.id)"""
        for number, text in connection.execute(missing, [SIDES]).fetchall():
            rows = [(SIDES, side, number, n) for side, n in counter.count(text).items()]
            connection.executemany("insert into measures values (?, ?, ?, ?)", rows)
        connection.execute("insert or replace into facts values (?, ?)", [SIDES, counter.digest])
