"""History: what is stored stays, what is forgotten is gone, and other versions are refused."""

import os
import sqlite3
import stat
import threading

import pytest

from rpo_edge import History
from rpo_edge.errors import InputError, StoreError
from rpo_edge.history import _MANY, _PAGE
from rpo_edge.records import Habit, HistoryItem, StyleProfile

CONTRACTED = Habit("contraction:isn't", {"contracted": 1}, {"contracted": (1,)})


def test_reopening_finds_everything(tmp_path):
    path = tmp_path / "deep" / "h.db"
    with History.open(path) as store:
        number = store.add("I don't know.", "mail", "2024-01-02", "A title")
        store.set_preference("greeting", "Hiya")
    with History.open(path) as store:
        assert store.get(number) == HistoryItem("I don't know.", "mail", "2024-01-02", "A title", number)
        assert store.preferences() == {"greeting": "Hiya"} and store.sources() == {"mail": 1}
        assert store.profile().habits["contraction:don't"].counts == {"contracted": 1.0}
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_same_text_has_one_id(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        first = store.add("One text.", "a")
        assert store.add("One text.", "a") == first and store.add("One text.", "b") != first
        assert len(store) == 2


@pytest.mark.parametrize("how", ["ids", "source", "all"])
def test_forgotten_words_leave_the_file(tmp_path, how):
    path = tmp_path / "h.db"
    with History.open(path) as store:
        number = store.add("The zyxwvut is a quokkaphone.", "gone")
        kept = store.add("Something else.", "kept")
        arguments = {"ids": ([number], {}), "source": ((), {"source": "gone"}), "all": ((), {"everything": True})}[how]
        assert store.forget(arguments[0], **arguments[1]).forgotten == (2 if how == "all" else 1)
        assert not store.search("quokkaphone") and (store.get(kept) is None) == (how == "all")
    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"quokkaphon" not in left and b"zyxwvut" not in left


def test_evidence_shows_the_variant(tmp_path):
    from rpo_edge.steps.profile import measure

    with History.open(tmp_path / "h.db") as store:
        for i in range(30):
            store.add(f"It's number {i}, and I can't say more." if i % 3 else f"It is number {i}. We do not know more!")
        for habit in store.profile().habits.values():
            for variant, ids in habit.evidence.items():
                assert ids and all(measure(store.get(i).text)[habit.feature].get(variant) for i in ids)


def test_a_newer_store_and_a_foreign_one_are_refused(tmp_path):
    newer, foreign = tmp_path / "n.db", tmp_path / "f.db"
    History.open(newer).close()
    for path, statement in ((newer, "pragma user_version = 99"), (foreign, "create table x (y)")):
        connection = sqlite3.connect(path)
        connection.execute(statement)
        connection.commit()
        connection.close()
        with pytest.raises(StoreError):
            History.open(path)


@pytest.mark.parametrize("version", ["0", "abc"])
def test_changed_features_are_measured_again(tmp_path, version):
    path = tmp_path / "h.db"
    with History.open(path) as store:
        store.add("I don't know.")
        habits = store.profile().habits
    connection = sqlite3.connect(path)
    connection.execute("delete from measures")
    connection.execute("update facts set value = ? where key = 'features'", [version])
    connection.commit()
    connection.close()
    with History.open(path) as store:
        assert store.profile().habits == habits


def test_empty_texts_are_refused_and_closing_twice_is_fine(tmp_path):
    store = History.open(tmp_path / "h.db")
    with pytest.raises(InputError):
        store.add("  \n")
    store.close()
    store.close()


@pytest.mark.parametrize("query", ['"', "a AND", "x* OR (", "NEAR(", "col:x", "", "'; drop table items"])
def test_any_words_can_be_searched_for(tmp_path, query):
    with History.open(tmp_path / "h.db") as store:
        store.add("A text about pumps.")
        store.search(query)
        assert len(store.search("pumps " + query)) == 1


def test_a_damaged_count_is_a_store_error(tmp_path):
    path = tmp_path / "h.db"
    with History.open(path) as store:
        store.add("I don't know.")
    connection = sqlite3.connect(path)
    connection.execute("update totals set n = 'abc'")
    connection.commit()
    connection.close()
    with History.open(path) as store, pytest.raises(StoreError):
        store.profile()


def test_without_create_an_absent_store_is_empty_and_stays_absent(tmp_path):
    path = tmp_path / "deep" / "h.db"
    with History.open(path, create=False) as store:
        assert len(store) == 0 and list(store) == [] and not store.search("x") and store.profile().items == 0
        assert store.get(1) is None and not store.preferences() and not store.sources() and not store.recent(3)
    assert not path.parent.exists()


@pytest.mark.skipif(os.name != "posix", reason="no file modes")
def test_an_empty_file_becomes_private(tmp_path):
    path = tmp_path / "h.db"
    path.touch(0o644)
    with History.open(path) as store:
        store.add("A text.")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("number", [10**30, -(10**30), 2**63])
def test_numbers_beyond_sqlite_are_not_there(tmp_path, number):
    with History.open(tmp_path / "h.db") as store:
        store.add("A text about pumps.")
        assert store.get(number) is None and store.forget([number]).forgotten == 0
        assert len(store.search("pumps", abs(number))) == len(store.recent(abs(number))) == 1


def test_what_is_no_text_is_refused(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        for attempt in (
            lambda: store.add("half \ud800"),
            lambda: store.add("x", "half \ud800"),
            lambda: store.set_preference("greeting", "\udcff"),
            lambda: store.unset_preference("\udcff"),
            lambda: store.forget(source="\udcff"),
        ):
            with pytest.raises(InputError):
                attempt()
        assert len(store) == 0


def test_a_phrase_is_compared_word_by_word(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        store.add("We don’t use well-known tools, e.g. a hammer.")
        assert store.contains_phrase(["we", "don't", "use", "well-known", "tools", "e.g", "a", "hammer"])
        assert not store.contains_phrase(["use", "well", "known", "tools"])
        assert not store.contains_phrase(["tools", "e", "g", "a"])
        assert not store.contains_phrase(["using", "well-known", "tools"])


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may become somebody who may not write")
@pytest.mark.parametrize("where", ["file", "folder"])
def test_a_store_that_may_not_be_written_is_read(tmp_path, where):
    path = tmp_path / "h.db"
    with History.open(path) as store:
        store.add("I don't know pumps.")
    for folder in (tmp_path, *(parent for parent in tmp_path.parents if "pytest" in str(parent))):  # one more of them under xdist
        folder.chmod(0o755)
    path.chmod(0o444 if where == "file" else 0o666)
    tmp_path.chmod(0o777 if where == "file" else 0o755)
    child = os.fork()
    if child == 0:
        os._exit(_look_as_nobody(path))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [file.name for file in tmp_path.iterdir()] == ["h.db"]


def _look_as_nobody(path):
    """Exit status of a child process: 0 if everything could be read and nothing be written."""
    try:
        os.setgid(65534)
        os.setuid(65534)
        with History.open(path) as store:
            assert len(store) == len(store.search("pumps")) == 1 and store.profile().items == 1
            with pytest.raises(StoreError):
                store.add("Another.")
        return 0
    except BaseException:
        return 1


def test_a_store_that_may_not_be_written_is_read_for_any_user(tmp_path, monkeypatch):
    """As on a read-only file system, where not even root may write."""
    path = tmp_path / "h.db"
    with History.open(path) as store:
        store.add("I don't know pumps.")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with History.open(path) as store:
        assert len(store.search("pumps")) == 1
        for attempt in (lambda: store.add("Another."), lambda: store.forget([1]), lambda: store.set_preference("greeting", "Hi")):
            with pytest.raises(StoreError):
                attempt()


@pytest.mark.parametrize("n", [0, 1, _PAGE - 1, _PAGE, _PAGE + 1, 3 * _PAGE])
def test_all_items_come_in_order_page_by_page(tmp_path, n):
    with History.open(tmp_path / "h.db") as store:
        ids = store.extend([HistoryItem(f"Text {i}.") for i in range(n)], measure=False)
        assert [(item.id, item.text) for item in store] == [(number, f"Text {i}.") for i, number in enumerate(ids)]


def test_what_others_change_while_all_are_read_is_seen_if_it_lies_ahead(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        ids = store.extend([HistoryItem(f"Text {i}.") for i in range(2 * _PAGE)], measure=False)
        items = iter(store)
        read = [next(items).id for _ in range(_PAGE)]
        assert store.forget([ids[0], ids[-1]]).complete  # no statement is left open, which would keep the file from being written anew
        added = store.add("One more.")
        assert read + [item.id for item in items] == [*ids[:-1], added]


def test_reading_all_waits_for_whoever_has_the_store_and_keeps_nobody_waiting(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        store.add("A text.")
        found = []
        reading = threading.Thread(target=lambda: found.extend(item for item in store))
        with store._lock:
            reading.start()
            reading.join(0.3)
            assert reading.is_alive() and not found
        reading.join(10)
        assert [item.text for item in found] == ["A text."]
        items = iter(store)  # which somebody is working on
        next(items)
        other = threading.Thread(target=lambda: found.append(store.get(1)))
        other.start()
        other.join(10)
        assert len(found) == 2


@pytest.mark.parametrize(("key", "value"), [("contraction", "always"), ("contractions", "sometimes"), ("greeting", " ")])
def test_a_preference_that_there_is_not_is_refused(tmp_path, key, value):
    with History.open(tmp_path / "h.db") as store:
        with pytest.raises(InputError):
            store.set_preference(key, value)
        store.set_preference("contractions", "always")
        assert store.preferences() == {"contractions": "always"}


@pytest.mark.parametrize(
    "use",
    [
        lambda store, timeline: store.close(),
        lambda store, timeline: store.backup(store.path.with_name("copy.db")),
        lambda store, timeline: timeline.months(),
        lambda store, timeline: timeline.recent(),
        lambda store, timeline: timeline.year(),
        lambda store, timeline: timeline.latest(StyleProfile()),
        lambda store, timeline: timeline.samples(StyleProfile({CONTRACTED.feature: CONTRACTED}), "contraction", "contracted"),
    ],
)
def test_a_thread_waits_until_anothers_transaction_is_done(tmp_path, use):
    with History.open(tmp_path / "h.db") as store:
        store.add("It isn't so.", date="2024-01-01")
        timeline = store.timeline()
        with store._writing():
            store._connection.execute("insert into facts values ('begun', '')")
            using = threading.Thread(target=use, args=(store, timeline))
            using.start()
            using.join(0.3)
            assert using.is_alive() and len(store) == 1 and not (tmp_path / "copy.db").exists()
            store._connection.execute("delete from facts where key = 'begun'")
        using.join(10)
        assert not using.is_alive()


def test_a_store_that_is_closed_in_the_midst_of_work_says_so(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        store.close()
        many = [HistoryItem(f"Text {i}.") for i in range(_MANY + 1)]
        for call in (
            lambda: store.extend(many),
            store.profile,
            store.timeline,
            lambda: list(store),
            lambda: store.backup(tmp_path / "b.db"),
        ):
            with pytest.raises(StoreError, match="closed"):
                call()
        assert not (tmp_path / "b.db").exists()


def test_fewer_items_than_none_are_not_looked_for(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        store.extend([HistoryItem(f"Pump {i}.") for i in range(5)])
        for asked in (lambda k: store.search("pump", k), store.recent):
            assert asked(0) == [] and len(asked(2)) == 2
            for k in (-1, -(10**30)):
                with pytest.raises(InputError, match=f"0 or more, not {k}"):
                    asked(k)
