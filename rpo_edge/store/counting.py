"""The counts that a profile is read from: of each item in `measures`, their sums in `totals` (kept by triggers).

A few items are measured as they are stored. Many are measured afterwards, in batches, each a transaction, so that other processes can
write in between, and whoever comes next goes on where one was killed: fact `features` says how far that is (see `migrations.py`).
Measuring takes ten times as long as storing, so for many items other processes help, one a core.

What a reflector counts besides stands under one feature more, `SIDES`, and is made when a profile is asked for with its counter.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from rpo_edge.errors import StoreError
from rpo_edge.records import EVIDENCE_IDS, Habit
from rpo_edge.store.files import translated, writing
from rpo_edge.store.measuring import Row, measurer, of_kind, rows_of
from rpo_edge.store.within import ALL, Within

SIDES = "sides"
"""The feature under which a `Counter`'s counts stand."""

AT_ONCE = 20
"""Items that are measured in the transaction that stores them."""

_BATCH = 500  # items that are measured in one transaction
_NEW, _AGAIN = ">", ":"  # between version (or digest) and the last id that is done


class Measure(Protocol):
    """Measures texts: for each the rows of `measures` that it has, without its id."""

    def __call__(self, texts: Sequence[str]) -> list[list[Row]]: ...


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


def added(connection: sqlite3.Connection, items: Sequence[tuple[int, str, str | None]], last: int) -> None:
    """Measure items (id, text, kind) that a transaction has stored after the id `last`, or note that it is to be done."""
    features = _features()
    if not last:  # in an empty store, all is measured
        _note(connection, "features", features)
    if _measured_with(connection) == features:
        if len(items) <= AT_ONCE:
            _insert(connection, ((number, of_kind(rows_of(text), kind)) for number, text, kind in items))
        else:
            _note(connection, "features", f"{features}{_NEW}{last}")
    connection.execute("update facts set value = value || ? where key = ? and value not like ?", [f"{_NEW}{last}", SIDES, f"%{_NEW}%"])


def _insert(connection: sqlite3.Connection, counts: Iterable[tuple[int, Sequence[Row]]]) -> None:
    rows = ((feature, variant, number, n) for number, found in counts for feature, variant, n in found)
    connection.executemany("insert into measures values (?, ?, ?, ?)", rows)


def unmeasured(connection: sqlite3.Connection, path: Path) -> int:
    """How many items `measure_missing` has to measure. They are looked through only where not all are measured."""
    with translated(path):
        done = _measured_with(connection)
        if done == _features() or _read_only(connection):
            return 0
        return int(connection.execute("select count(*) from items where id > ?", [_last(done)]).fetchone()[0])


def measure_missing(
    connection: sqlite3.Connection, path: Path, most: int | None = None, measured: Callable[[int], object] = lambda done: None
) -> None:
    """Measure what was not measured yet, or with other features; nothing in a store that may not be written.

    most: how many items, up to whole batches; None: all. measured: told after each batch how many items it had.
    """
    with translated(path):
        done = _measured_with(connection)
        if done == _features() or _read_only(connection):
            return
        (last,) = connection.execute("select coalesce(max(id), 0) from items").fetchone()
    left = last - _last(done) if most is None else most
    with closing(measurer(left)) as measure:
        while (most is None or left > 0) and (count := _measure_some(connection, path, measure.rows)):
            measured(count)
            left -= _BATCH


def _read_only(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("pragma query_only").fetchone()[0])


def _features() -> str:
    from rpo_edge.features import VERSION

    return str(VERSION)


def _measured_with(connection: sqlite3.Connection) -> str:
    """The version of the features; "VERSION>ID" or "VERSION:ID" until all items are done."""
    row = connection.execute("select value from facts where key = 'features'").fetchone()
    return row[0] if row is not None else ""


def _last(done: str) -> int:
    """The last id that is measured with the present features, by what the fact says."""
    for mark in (_NEW, _AGAIN):
        if done.startswith(_features() + mark):
            return int(done.partition(mark)[2])
    return -1


def _note(connection: sqlite3.Connection, key: str, value: str) -> None:
    connection.execute("insert or replace into facts values (?, ?)", [key, value])


def _here(texts: Sequence[str]) -> list[list[Row]]:
    return [rows_of(text) for text in texts]


def _measure_some(connection: sqlite3.Connection, path: Path, measure: Measure = _here) -> int:
    """Measure the next batch and return how many items it had; 0 if none is left, or another process has ended it."""
    with writing(connection, path):
        done = _measured_with(connection)
        if done == _features():
            return 0
        mark = _NEW if done.startswith(_features() + _NEW) else _AGAIN
        batch = connection.execute("select id, text, kind from items where id > ? order by id limit ?", [_last(done), _BATCH]).fetchall()
        if mark == _AGAIN:
            connection.executemany("delete from measures where item_id = ? and feature <> ?", [(number, SIDES) for number, _, _ in batch])
        rows = measure([text for _, text, _ in batch])
        _insert(connection, ((number, of_kind(of, kind)) for (number, _, kind), of in zip(batch, rows, strict=True)))
        if mark == _AGAIN and not batch:
            add_up(connection)
        _note(connection, "features", f"{_features()}{mark}{batch[-1][0]}" if batch else _features())
    return len(batch)


def lower_marks(connection: sqlite3.Connection) -> None:
    """After items were deleted: an id that is free may be given again, to a text that is not measured."""
    (last,) = connection.execute("select coalesce(max(id), 0) from items").fetchone()
    for key in ("features", SIDES):
        row = connection.execute("select value from facts where key = ?", [key]).fetchone()
        for mark in (_NEW, _AGAIN):
            version, found, number = row[0].partition(mark) if row else ("", "", "")
            if found and int(number) > last:
                _note(connection, key, f"{version}{mark}{last}")


def add_up(connection: sqlite3.Connection) -> None:
    """Make the sums anew. The triggers add and subtract, which leaves rounding errors of what is not a whole number."""
    connection.execute("delete from totals")
    connection.execute("insert into totals select feature, variant, sum(n) from measures group by feature, variant")


def measured_habits(connection: sqlite3.Connection, path: Path, within: Within = ALL) -> dict[str, Habit]:
    """The habits of the items that are meant: what is not measured yet is measured now,
    in a store that may not be written for this answer alone.
    """
    with translated(path):
        measure_missing(connection, path)
        done = _measured_with(connection)
        if done == _features():
            return habits(connection, path, within)
        known = habits(connection, path, within) if done.startswith(_features() + _NEW) else {}
        sql = f"select id, text, kind from items where id > ? and {within.holds('id')} order by id"
        return _with(known, connection.execute(sql, [_last(done) if known else -1, *within.values]))


def _with(known: Mapping[str, Habit], items: Iterable[tuple[int, str, str | None]]) -> dict[str, Habit]:
    """Habits with the counts of more items (id, text, kind), which have later ids."""
    counts = {feature: dict(habit.counts) for feature, habit in known.items()}
    shown = {feature: dict(habit.evidence) for feature, habit in known.items()}
    for number, text, kind in items:
        for feature, variant, n in of_kind(rows_of(text), kind):
            of, ids = counts.setdefault(feature, {}), shown.setdefault(feature, {})
            of[variant] = of.get(variant, 0.0) + n
            ids[variant] = (number, *ids.get(variant, ()))[:EVIDENCE_IDS]
    return {feature: Habit(feature, counts[feature], shown[feature]) for feature in sorted(counts)}


def habits(connection: sqlite3.Connection, path: Path, within: Within = ALL, sides: bool = False) -> dict[str, Habit]:
    """The habits that the counts show, by feature: `SIDES` alone, or all others."""
    counts: dict[str, dict[str, float]] = {}
    evidence: dict[str, dict[str, tuple[int, ...]]] = {}
    of = "=" if sides else "<>"
    sql = _SUMS.format(of=of) if within == ALL else _SUMMED.format(of=of, within=within.holds("item_id"))
    with translated(path):
        for feature, variant, n, ids in connection.execute(sql, [SIDES, *within.values]):
            counts.setdefault(feature, {})[variant] = _number(n, path)
            evidence.setdefault(feature, {})[variant] = tuple(sorted(map(int, ids.split(",")), reverse=True)) if ids else ()
    return {feature: Habit(feature, counts[feature], evidence[feature]) for feature in counts}


_SUMS = f"""select feature, variant, n, (select group_concat(item_id) from (select item_id from measures m
            where m.feature = t.feature and m.variant = t.variant order by item_id desc limit {EVIDENCE_IDS}))
            from totals t where feature {{of}} ? order by feature, variant"""
_SUMMED = f"""select feature, variant, sum(n), group_concat(case when place <= {EVIDENCE_IDS} then item_id end) from (
              select feature, variant, n, item_id, row_number() over (partition by feature, variant order by item_id desc) as place
              from measures where feature {{of}} ? and {{within}}) group by feature, variant order by feature, variant"""


def _number(value: Any, path: Path) -> float:
    if not isinstance(value, int | float):  # SQLite keeps any text in a column of numbers
        raise StoreError(f"the history {path} cannot be used: {value!r} stands where a count should be")
    return value


# -- a reflector's counts ----------------------------------------------------------------------------------------------


def counted(connection: sqlite3.Connection, path: Path, counter: Counter, within: Within = ALL) -> Habit:
    """The counts of one counter at a time are kept; what a store that may not be written lacks is counted as it is read."""
    with translated(path):
        if _read_only(connection):
            return _counted_as_read(connection, path, counter, within)
    while _counted_with(connection) != counter.digest:
        _count_some(connection, path, counter)
    return _kept(connection, path, within)


def _kept(connection: sqlite3.Connection, path: Path, within: Within) -> Habit:
    return habits(connection, path, within, sides=True).get(SIDES, Habit(SIDES, {}))


def _counted_as_read(connection: sqlite3.Connection, path: Path, counter: Counter, within: Within) -> Habit:
    digest, missing, last = _counted_with(connection).partition(_NEW)
    if digest != counter.digest:
        known, condition, values = Habit(SIDES, {}), "true", []
    else:
        known = _kept(connection, path, within)
        if not missing:
            return known
        condition, values = _UNCOUNTED, [int(last), SIDES]
    sql = f"select id, text from items where {condition} and {within.holds('id')} order by id"
    return _with_more(known, connection.execute(sql, [*values, *within.values]), counter)


def _with_more(known: Habit, items: Iterable[tuple[int, str]], counter: Counter) -> Habit:
    """Counts with those of more items (id, text), which have later ids."""
    total, shown = dict(known.counts), dict(known.evidence)
    for number, text in items:
        for side, n in counter.count(text).items():
            total[side] = total.get(side, 0.0) + n
            shown[side] = (number, *shown.get(side, ()))[:EVIDENCE_IDS] if n else shown.get(side, ())
    return Habit(SIDES, total, shown)


def _counted_with(connection: sqlite3.Connection) -> str:
    """The digest of the counter; "DIGEST>ID" where items after ID may not be counted yet."""
    row = connection.execute("select value from facts where key = ?", [SIDES]).fetchone()
    return row[0] if row is not None else ""


def _count_some(connection: sqlite3.Connection, path: Path, counter: Counter) -> None:
    """Count the next items that this counter has not counted yet; another one's counts go first."""
    with writing(connection, path):
        digest, _, last = _counted_with(connection).partition(_NEW)
        if digest != counter.digest:
            connection.execute("delete from measures where feature = ?", [SIDES])
        after = int(last or 0) if digest == counter.digest else 0
        sql = f"select id, text from items where {_UNCOUNTED} order by id limit ?"
        batch = connection.execute(sql, [after, SIDES, _BATCH]).fetchall()
        _insert(connection, ((number, [(SIDES, side, n) for side, n in counter.count(text).items()]) for number, text in batch))
        _note(connection, SIDES, f"{counter.digest}{_NEW}{batch[-1][0]}" if batch else counter.digest)


_UNCOUNTED = "id > ? and not exists (select 1 from measures where feature = ? and variant = '' and item_id = items.id)"
