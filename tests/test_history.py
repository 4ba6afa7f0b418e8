"""History: what is stored stays, what is forgotten is gone, and other versions are refused."""

import os
import sqlite3

import pytest

from rpo_edge import History
from rpo_edge.errors import InputError, StoreError
from rpo_edge.records import HistoryItem


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
        assert store.forget(arguments[0], **arguments[1]) == (2 if how == "all" else 1)
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


def test_changed_features_are_measured_again(tmp_path):
    path = tmp_path / "h.db"
    with History.open(path) as store:
        store.add("I don't know.")
        habits = store.profile().habits
    connection = sqlite3.connect(path)
    connection.execute("delete from measures")
    connection.execute("update facts set value = '0' where key = 'features'")
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
