"""States of models in the user's store: bounded, gone with whatever is forgotten, in no copy, and never what a rewrite fails by."""

import os
import random
import sqlite3
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge import History, Personalizer
from rpo_edge.engine import Engine
from rpo_edge.records import ReflectorInfo
from rpo_edge.reflectors.base import Reflection, Remembering
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.runtimes.states import sealed, unsealed
from rpo_edge.steps.retrieve import ALL
from rpo_edge.store import states as kept
from rpo_edge.store.copies import export_rows
from rpo_edge.store.files import files_of
from rpo_edge.streaming import Stream

STATE = random.Random(0).randbytes(100_000)
TEXTS = ("I don't know the lighthouse keeper, but it's fine.", "It isn't late, and we can't say more.", "They don't mind the rain.")
DRAFT = "It is late. We do not know what it is. It is not the pump."


@pytest.fixture
def store(tmp_path):
    with History.open(tmp_path / "h.db") as history:
        for text in TEXTS:
            history.add(text)
        yield history


def keys(history: History) -> list[str]:
    return [key for (key,) in history._connection.execute("select key from states order by used")]


def on_disk(history: History) -> bytes:
    return b"".join(file.read_bytes() for file in files_of(history.path) if file.exists())


def test_a_state_is_there_for_the_next_process(store):
    store.states().put("a", STATE)
    with History.open(store.path) as other:
        assert other.states().get("a") == STATE and other.states().get("b") is None
        other.states().put("a", STATE[::-1])
    assert store.states().get("a") == STATE[::-1] and keys(store) == ["a"]


def test_the_ones_used_last_stay(store, monkeypatch):
    monkeypatch.setattr(kept, "BYTES", 1000)
    monkeypatch.setattr(kept, "MANY", 4)
    states = store.states()
    for key in "abcd":
        states.put(key, bytes(200))
    assert states.get("a") and keys(store) == ["b", "c", "d", "a"]
    states.put("e", bytes(200))
    assert keys(store) == ["c", "d", "a", "e"]
    states.put("f", bytes(500))
    assert keys(store) == ["a", "e", "f"]
    states.put("g", bytes(1001))
    assert keys(store) == ["a", "e", "f"]
    states.put("h", bytes(1000))
    assert keys(store) == ["h"]


@pytest.mark.parametrize("puts", [[("k", 40_000)] * 3 + [(str(n), 40_000) for n in range(30)]])
def test_the_file_does_not_grow_without_end(store, monkeypatch, puts):
    monkeypatch.setattr(kept, "BYTES", 100_000)
    for key, size in puts:
        store.states().put(key, bytes(size))
    assert store._connection.execute("pragma page_count").fetchone()[0] * 4096 < 400_000


@pytest.mark.parametrize("how", [{"ids": [1]}, {"source": "manual"}, {"everything": True}])
def test_all_go_when_anything_is_forgotten(store, how):
    store.states().put("a", STATE)
    assert STATE[50_000:50_100] in on_disk(store)
    receipt = store.forget(**how)
    assert receipt.complete and receipt.runs and keys(store) == []
    left = on_disk(store)
    assert not any(STATE[at : at + 16] in left for at in range(0, len(STATE), 1000))
    store.states().put("a", STATE)
    assert keys(store) == ["a"]  # what is read from now on


def test_nothing_goes_when_nothing_is_forgotten(store):
    store.states().put("a", STATE)
    store.forget([99])
    store.add("One more.")
    assert keys(store) == ["a"]


@pytest.mark.parametrize("change", [lambda store: store.set_preference("greeting", "Hi"), lambda store: store.unset_preference("greeting")])
def test_all_go_when_a_preference_changes(store, change):
    store.states().put("a", STATE)
    change(store)
    assert keys(store) == []


def test_what_was_read_before_something_was_forgotten_is_not_kept(store):
    """Also where another process forgets: the profile that makes this state may know the text."""
    before = store.states()
    with History.open(store.path) as other:
        other.forget([1])
    before.put("a", STATE)
    assert keys(store) == []


def test_copies_have_none(store, tmp_path):
    store.states().put("a", STATE)
    store.backup(tmp_path / "copy.db")
    assert keys(store) == ["a"]
    saved = (tmp_path / "copy.db").read_bytes()
    assert len(saved) < len(STATE) and not any(STATE[at : at + 16] in saved for at in range(0, len(STATE), 1000))
    with History.open(tmp_path / "copy.db") as copy:
        assert keys(copy) == [] and len(copy) == len(TEXTS)
    assert [set(row) for row in export_rows(store)] == [{"text", "source"}] * len(TEXTS)


def test_a_large_backup_is_not_written_anew(store, tmp_path):
    """A few zeros among much else may stay there."""
    store._connection.execute("create table more as select randomblob(1000000) as x union all select randomblob(1000000)")
    store.states().put("a", STATE)
    store.backup(tmp_path / "copy.db")
    saved = (tmp_path / "copy.db").read_bytes()
    assert not any(STATE[at : at + 16] in saved for at in range(0, len(STATE), 1000))
    with History.open(tmp_path / "copy.db") as copy:
        assert copy._connection.execute("pragma freelist_count").fetchone()[0] > 20


def test_a_store_that_may_not_be_written_is_read(store, monkeypatch):
    store.states().put("a", STATE)
    store.states().put("b", STATE)
    store.close()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with History.open(store.path) as again:
        again.states().put("c", STATE)
        assert again.states().get("a") == STATE and keys(again) == ["a", "b"]


def test_nobody_waits_long_for_others(store):
    store.states().put("a", STATE)
    store.states().put("b", STATE)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("begin immediate")
    begun = time.monotonic()
    store.states().put("c", STATE)
    assert store.states().get("a") == STATE and keys(store) == ["a", "b"]
    assert time.monotonic() - begun < 20
    other.execute("rollback")
    other.close()
    assert store._connection.execute("pragma busy_timeout").fetchone() == (120_000,)


def test_a_full_disk_fails_nothing(store):
    (pages,) = store._connection.execute("pragma page_count").fetchone()
    store._connection.execute(f"pragma max_page_count = {pages + 5}")
    store.states().put("a", STATE)
    assert keys(store) == [] and store.add("One more.") == len(TEXTS) + 1


def test_a_closed_store_fails_nothing(store):
    states = store.states()
    store.close()
    states.put("a", STATE)
    assert states.get("a") is None


def test_a_store_in_memory_has_none(tmp_path):
    with History.open(tmp_path / "h.db", create=False) as store:
        assert store.states() is None


def test_threads_share_them(store):
    states, wrong = store.states(), []

    def work(n: int) -> None:
        for i in range(20):
            data = bytes([n, i]) * 500
            states.put(f"{n}", data)
            found = states.get(f"{n}")
            wrong.extend([found] if found != data else [])
            store.search("rain")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and sorted(keys(store)) == ["0", "1", "2", "3"]


# -- on the way to the reflector ---------------------------------------------------------------------------------------


class Keeping:
    """Proposes nothing, and keeps a state for each window."""

    info, counter = ReflectorInfo("keeping"), None

    def __init__(self):
        self.given = []

    def remember(self, states):
        self.given.append(states)

    def reflect(self, window, evidence, profile):
        if self.given[-1] is not None:
            self.given[-1].put(window.text.strip(), b"state")
        return Reflection()


def test_a_reflector_that_can_has_the_historys(store):
    personalizer = Personalizer(store, "rules")
    assert not isinstance(personalizer._engine.reflector, Remembering) and isinstance(Keeping(), Remembering)
    personalizer.rewrite(DRAFT)
    assert keys(store) == []
    personalizer = Personalizer(store, Keeping())
    personalizer.rewrite(DRAFT)
    assert keys(store) == [DRAFT]
    assert personalizer.rewrite(DRAFT, windows="sentences").text == DRAFT and len(keys(store)) == 4


def test_an_absent_store_gives_it_none(tmp_path):
    with History.open(tmp_path / "h.db", create=False) as store:
        store.add(TEXTS[0])
        reflector = Keeping()
        assert not Stream(Engine(store, reflector, ALL)).feed(DRAFT).startswith(DRAFT)
        assert reflector.given and set(reflector.given) == {None}


def test_a_stream_that_began_before_something_was_forgotten_keeps_nothing_more(store):
    engine = Engine(store, Keeping(), ALL)
    stream, other = Stream(engine), Stream(engine)
    stream.feed("It is late. We do not ")
    assert keys(store) == ["It is late."]
    store.forget([1])
    other.feed("It is not fine. We do not ")
    stream.feed("know what it is. It is ")
    assert keys(store) == ["It is not fine."]
    assert stream.finish() and other.finish()


def test_the_rules_keep_nothing(store):
    assert not isinstance(RulesReflector(), Remembering)


# -- the seal ----------------------------------------------------------------------------------------------------------


@given(st.text(max_size=9), st.binary(min_size=1, max_size=60), st.data())
def test_a_state_comes_back_whole_or_not_at_all(key, state, data):
    whole = sealed(key, state)
    assert bytes(unsealed(key, whole)) == state
    at = data.draw(st.integers(0, len(whole) - 1))
    bit = data.draw(st.integers(0, 7))
    assert unsealed(key, whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]) is None
    assert unsealed(key, whole[:at]) is None and unsealed(key, whole + b"\0") is None and unsealed(key + "x", whole) is None
