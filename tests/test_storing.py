"""Many items at once: storing them in large transactions makes the store that one item after another makes."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from rpo_edge import History, history
from rpo_edge.errors import InputError
from rpo_edge.records import HistoryItem

ROOT = Path(__file__).resolve().parents[1]
WORDS = [f"word{'abcdefghij'[i % 10]}{i}" for i in range(300)]


def items(count: int, seed: int = 1) -> list[HistoryItem]:
    rng = random.Random(seed)
    odd = ("", " Ångström日本", " a\0b", " 😀 '\"{}", " \u2028x")
    return [
        HistoryItem(f"Item {i} of {seed}: {' '.join(rng.choices(WORDS, k=12))}{odd[i % 5]}", "notes", title="A title" if i % 3 else None)
        for i in range(count)
    ]


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(history, "_BATCH", 250)


def whole(connection: sqlite3.Connection) -> bool:
    """Whether the index has the table's words and no others (FTS5 raises otherwise), and SQLite finds nothing wrong."""
    connection.execute("insert into items_fts(items_fts, rank) values('integrity-check', 1)")
    return connection.execute("pragma integrity_check").fetchall() == [("ok",)]


def contents(store: History) -> list[list[tuple]]:
    """Everything but how the index is divided."""
    connection = store._connection
    connection.execute("create virtual table if not exists temp.terms using fts5vocab(main, items_fts, instance)")
    queries = (
        "select * from items",
        "select * from words",
        "select * from facts",
        "select * from items_fts_docsize",
        "select * from temp.terms",
    )
    scores = "select rowid, bm25(items_fts) from items_fts where items_fts match 'worda0 OR wordb1 OR title' order by rowid"
    return [connection.execute(query).fetchall() for query in (*queries, scores)]


def test_batches_make_the_store_that_single_items_make(tmp_path, small_batches):
    some = items(600)
    some += [some[7], some[580], *items(200, 2), some[7]]  # the same text in one batch, in the next one, and later
    with History.open(tmp_path / "a.db") as one, History.open(tmp_path / "b.db") as other:
        ids = one.extend(some, measure=False)
        assert ids == [*range(1, 601), 8, 581, *range(601, 801), 8]
        assert [number for item in some for number in other.extend([item], measure=False)] == ids
        one.measure()
        assert contents(one) == contents(other) and whole(one._connection) and whole(other._connection)


def test_a_store_goes_on_after_a_batch(tmp_path, small_batches):
    with History.open(tmp_path / "h.db") as store:
        first = store.add("A quokka, before the others.")
        assert len(store.search("quokka")) == 1  # this connection has read the index
        store.extend(items(1000), measure=False)
        assert [item.id for item in store.search("quokka")] == [first] and len(store.search("item", 2000)) == 1000
        added = [store.add(f"A wombat, number {i}.") for i in range(40)]
        assert {item.id for item in store.search("wombat", 99)} == set(added) and whole(store._connection)
        store.extend(items(500, 3), measure=False)
        assert store.forget([first, *range(2, 500), *added[:20]]).complete and whole(store._connection)
        store.extend(items(500, 4), measure=False)
        assert len(store.search("wombat", 99)) == 20 and not store.search("quokka") and whole(store._connection)


def test_others_may_write_while_items_are_read(tmp_path, small_batches):
    path, some = tmp_path / "h.db", items(1200)
    with History.open(path) as store, History.open(path) as other:

        def interrupted():
            for i, item in enumerate(some):
                if i % 130 == 7:
                    other.extend([some[i], HistoryItem(f"Another, number {i}.", "others")])
                yield item

        ids = store.extend(interrupted(), measure=False)
        assert len(set(ids)) == 1200 and [store.get(number).text for number in ids] == [item.text for item in some]
        assert store.sources() == {"notes": 1200, "others": 10} and whole(store._connection) and len(store) == 1210
        assert len(store.search("another", 99)) == len(other.search("another", 99)) == 10


def test_each_of_two_counts_what_it_stored_itself(tmp_path, small_batches):
    path, some, mine, others = tmp_path / "h.db", items(700), [], []
    with History.open(path) as store, History.open(path) as other:

        def interrupted():
            yield from some[:400]
            other.extend([*some[200:600], HistoryItem("Another.", "others")], measure=False, stored=others.append)
            yield from some[400:]

        store.extend([some[3]], stored=mine.append)
        store.extend(interrupted(), measure=False, stored=mine.append)
        assert sum(mine) + sum(others) == len(store) == 701 and 301 <= sum(others) < 401
        store.extend(some, measure=False, stored=mine.append)
        assert sum(mine) + sum(others) == 701


def test_what_was_read_before_an_error_is_stored(tmp_path, small_batches):
    with History.open(tmp_path / "h.db") as store:
        with pytest.raises(InputError):
            store.extend([*items(800), HistoryItem(" ")])
        assert len(store) == 750 and whole(store._connection)  # whole batches, as ever
        with pytest.raises(InputError):
            store.extend([*items(600, 2), HistoryItem("half \ud800"), *items(600, 3)], measure=False)
        assert whole(store._connection) and len(store) == 750 + 500


def test_an_error_of_the_callers_stays_what_it_is(tmp_path, small_batches):
    def broken():
        yield from items(300)
        raise OSError("the disk with the export is gone")

    with History.open(tmp_path / "h.db") as store:
        with pytest.raises(OSError, match="export"):
            store.extend(broken())
        assert len(store) == 250


def test_an_encrypted_store_takes_batches(tmp_path, small_batches):
    pytest.importorskip("sqlcipher3")
    with History.open(tmp_path / "h.db", key="a key") as store, History.open(tmp_path / "plain.db") as plain:
        for one in (store, plain):
            one.extend(items(600), measure=False)
        assert contents(store) == contents(plain) and whole(store._connection)
    assert b"worda0" not in (tmp_path / "h.db").read_bytes()


LOAD = """
import sys
from rpo_edge import History, history
from rpo_edge.records import HistoryItem
history._BATCH = 300
def items():
    for i in range(10**6):
        if i % 300 == 0:
            print(i, flush=True)
        yield HistoryItem(f"Loaded number {i} of many words, and others.")
History.open(sys.argv[1]).extend(items(), measure=False)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL")
def test_a_killed_import_leaves_whole_batches(tmp_path):
    path = tmp_path / "h.db"
    for kill in range(4):
        process = subprocess.Popen([sys.executable, "-c", LOAD, str(path)], cwd=ROOT, text=True, stdout=subprocess.PIPE)
        for _ in range(random.randint(2, 12)):
            last = int(process.stdout.readline())
        process.kill()
        process.communicate()
        with History.open(path) as store:
            assert len(store) >= last - 600 and len(store) % 300 == 0, kill
            assert whole(store._connection) and len(store.search("loaded", 10**6)) == len(store)
