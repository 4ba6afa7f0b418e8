"""Search in a large store: few items are ranked, the best of them by all words; document frequencies and counts stay current."""

import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from rpo_edge import History, history
from rpo_edge.records import HistoryItem
from rpo_edge.store import counting, measuring, search
from rpo_edge.store.terms import index_of

ROOT = Path(__file__).resolve().parents[1]
VOCABULARY = [f"word{'abcdefghij'[i % 10]}{i}" for i in range(400)]


def texts(count: int, seed: int = 1) -> list[str]:
    """Words of a frequency that falls with their rank (Zipf)."""
    rng = random.Random(seed)
    weights = [1 / (i + 1) for i in range(len(VOCABULARY))]
    return [f"Item {i}: I don't have {' '.join(rng.choices(VOCABULARY, weights, k=20))}." for i in range(count)]


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    with History.open(tmp_path_factory.mktemp("large") / "h.db") as store:
        store.extend((HistoryItem(text) for text in texts(6000)), measure=False)
        yield store


def frequencies(connection: sqlite3.Connection) -> dict[str, int]:
    """What the table `words` must hold, from an index that has the sampled items alone."""
    rows = connection.execute(f"select title, text from items where id % {search._STEP} = 0").fetchall()
    with index_of(rows) as index:
        return dict(index.execute("select term, doc from terms").fetchall())


# -- words of a query --------------------------------------------------------------------------------------------------


def test_few_items_are_ranked_for_a_long_draft(large, monkeypatch):
    monkeypatch.setattr(search, "_READ", {False: 500})
    connection = large._connection
    match, order, _ = search.plan(connection, " ".join(VOCABULARY), 8)
    (ranked,) = connection.execute("select count(*) from items_fts where items_fts match ?", [match]).fetchone()
    assert order == search.BEST and 0 < ranked <= 2 * 500  # a sample says how many: roughly
    assert f'"{VOCABULARY[0]}"' not in match and len(large.search(" ".join(VOCABULARY), 8)) == 8


def test_candidates_are_ranked_by_common_words_too(large, monkeypatch):
    """Of many items with one rare word, the one that has all the common words of the query comes first."""
    monkeypatch.setattr(search, "_COMMON", 200)
    common = VOCABULARY[20:23]
    for i in range(20):
        large.add(f"A quokka and number {i} of some others.")
    best = large.add(f"A quokka and {' '.join(common)} of some others.")
    for i in range(20, 40):
        large.add(f"A quokka and number {i} of some others.")
    match, *_ = search.plan(large._connection, f"{' '.join(common)} quokka", 8)
    assert match == '"quokka"'
    assert [item.id for item in large.search(f"{' '.join(common)} quokka", 1)] == [best]


def test_more_than_the_candidates_can_be_asked_for(large):
    query = f"{VOCABULARY[0]} {VOCABULARY[150]}"
    ids = [item.id for item in large.search(query, 300)]
    assert len(ids) == len(set(ids)) > search._RANKED[False] / 2
    assert ids[:5] == [item.id for item in large.search(query, 5)]


def test_words_of_one_stem_are_asked_for_once(large):
    assert search._counts(large._connection, ["quokkas", "quokka", "wombats"]).keys() == {"quokkas", "wombats"}


@pytest.mark.parametrize("query", ["_", "don_t ___", "日本", "é" * 300, "a\0b", "\ud800"])
def test_odd_words_are_harmless_in_a_large_store(large, query):
    if query == "\ud800":
        assert large.search(query) == []
    else:
        assert large.search(f"{query} quokka") is not None


def test_newer_ones_win_ties(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        store.extend(HistoryItem("The same pump.", f"s{i}", f"2024-01-{1 + i % 3:02}") for i in range(9))
        assert [item.id for item in store.search("pump", 4)] == [9, 6, 3, 8]


# -- what is kept current ----------------------------------------------------------------------------------------------


def test_document_frequencies_follow_the_items(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        connection = store._connection
        store.extend(HistoryItem(text, title="Common title") for text in texts(100))
        assert dict(connection.execute("select term, n from words")) == frequencies(connection) != {}
        for text in texts(40, seed=2):
            store.add(text)
        assert dict(connection.execute("select term, n from words")) == frequencies(connection)
        store.forget([*range(1, 60), 140])
        assert dict(connection.execute("select term, n from words")) == frequencies(connection)
        store.forget(everything=True)
        assert not connection.execute("select * from words").fetchall() and len(store) == 0


def test_no_forgotten_word_stays_among_the_frequencies(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        ids = [store.add(f"A zyxwvut of the quokkaphones, number {i}.", "gone") for i in range(2 * search._STEP)]
        store.add("Something else.")
        assert store._connection.execute("select n from words where term = 'zyxwvut'").fetchone() == (2,)
        assert store.forget(ids).complete
    assert not any(b"zyxwvut" in file.read_bytes() for file in tmp_path.iterdir())


def test_the_number_of_items_is_kept(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        store.extend(HistoryItem(text) for text in [*texts(50), *texts(60)])
        assert len(store) == 60 == store._connection.execute("select count(*) from items").fetchone()[0]
        store.forget([1, 2, 999])
        assert len(store) == 58 and store.profile().items == 58


def test_equal_texts_of_one_batch_have_one_id(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        assert store.extend(HistoryItem(text) for text in ["One.", "Two.", "One."]) == [1, 2, 1]
        assert store.extend([HistoryItem("Two."), HistoryItem("Three.")]) == [2, 3] and len(store) == 3


# -- measuring in a second pass ----------------------------------------------------------------------------------------


def same(one: History, other: History) -> bool:
    """Whether two stores have the same habits, but for rounding."""
    habits = [store.profile().habits for store in (one, other)]
    return habits[0].keys() == habits[1].keys() and all(
        dict(habit.counts) == pytest.approx(dict(habits[1][name].counts)) and habit.evidence == habits[1][name].evidence
        for name, habit in habits[0].items()
    )


def test_a_profile_is_right_whoever_measures(tmp_path):
    """At once, one by one; in a second pass; of a store with both."""
    items = [HistoryItem(text) for text in texts(60)]
    with History.open(tmp_path / "a.db") as one, History.open(tmp_path / "b.db") as other:
        for item in items:
            one.add(item.text)
        other.extend(items[:50], measure=False)
        assert not other._connection.execute("select count(*) from measures").fetchone()[0]
        for item in items[50:]:
            other.extend([item], measure=False)
        assert same(one, other)
        again = one.extend([HistoryItem("I can't say: we've none!")])
        assert one._connection.execute("select count(*) from measures where item_id = ?", again).fetchone()[0]
        assert not same(one, other)


def test_adding_one_text_does_not_measure_what_waits(tmp_path):
    items = [HistoryItem(text) for text in texts(60)]
    with History.open(tmp_path / "a.db") as one, History.open(tmp_path / "b.db") as other:
        one.extend(items, measure=False)
        one.add("I can't say: we've none!")
        assert not one._connection.execute("select count(*) from measures").fetchone()[0]
        other.extend([*items, HistoryItem("I can't say: we've none!")])
        assert same(one, other)


def test_items_that_are_not_measured_yet_can_be_forgotten(tmp_path):
    with History.open(tmp_path / "a.db") as one, History.open(tmp_path / "b.db") as other:
        items = [HistoryItem(text) for text in texts(60)]
        one.extend(items, measure=False)
        assert one.forget(range(31, 61)).complete
        one.extend([HistoryItem("I can't say.")])  # gets an id that is free again
        other.extend([*items[:30], HistoryItem("I can't say.")])
        assert same(one, other)


def test_an_id_that_is_free_again_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(counting, "_BATCH", 40)
    with History.open(tmp_path / "a.db") as one, History.open(tmp_path / "b.db") as other:
        items = [HistoryItem(text) for text in texts(60)]
        one.extend(items, measure=False)
        counting._measure_some(one._connection, one.path)
        one.forget(range(31, 61))
        one.extend([HistoryItem("I can't say.")], measure=False)
        other.extend([*items[:30], HistoryItem("I can't say.")])
        assert same(one, other)


def test_a_store_that_may_not_be_written_is_measured_as_it_is_read(tmp_path):
    with History.open(tmp_path / "h.db") as store, History.open(tmp_path / "b.db") as other:
        store.extend([HistoryItem(text) for text in texts(10)])
        store.extend([HistoryItem(text) for text in texts(60)], measure=False)
        other.extend([HistoryItem(text) for text in texts(60)])
        store._connection.execute("pragma query_only = on")
        assert same(store, other)
        store._connection.execute("pragma query_only = off")
        store._connection.execute("update facts set value = 'older' where key = 'features'")
        store._connection.execute("pragma query_only = on")
        assert same(store, other)


KILLED = """
import sys
from rpo_edge import History
from rpo_edge.store import counting
counting._BATCH = 30
store = History.open(sys.argv[1])
work = counting._insert
def insert(connection, counts):
    work(connection, counts)
    print("batch", flush=True)
    sys.stdin.readline()
counting._insert = insert
store.measure()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL")
def test_measuring_goes_on_after_a_kill(tmp_path):
    with History.open(tmp_path / "a.db") as one, History.open(tmp_path / "b.db") as other:
        one.extend([HistoryItem(text) for text in texts(90)], measure=False)
        other.extend([HistoryItem(text) for text in texts(90)])
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path / "a.db")], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(2):  # the first batch is in, the second one is not
            assert process.stdout.readline() == "batch\n"
            process.stdin.write("\n" if not _ else "")
            process.stdin.flush()
        process.kill()
        process.communicate()
        assert counting._measured_with(one._connection).endswith(">30")
        assert same(one, other)


def test_other_processes_measure_as_this_one_does(monkeypatch):
    monkeypatch.setattr(measuring, "_WORTH", 10)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    some = texts(7)
    measurer = measuring.measurer(11)
    try:
        assert isinstance(measurer, measuring.Processes) and len(measurer._processes) == 2
        assert measurer.rows(some) == measuring.Here().rows(some) and measurer.rows([]) == []
        for process in measurer._processes:
            process.kill()
            process.wait()
        assert measurer.rows(some) == measuring.Here().rows(some) and not measurer._processes
    finally:
        measurer.close()
    assert isinstance(measuring.measurer(10), measuring.Here)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert isinstance(measuring.measurer(11), measuring.Here)


def test_a_batch_ends_by_its_size_too(tmp_path, monkeypatch):
    monkeypatch.setattr(history, "_CHARACTERS", 100)
    with History.open(tmp_path / "h.db") as store:
        seen = []
        monkeypatch.setattr(store, "_store", lambda batch, tell: seen.append(len(batch)) or [0] * len(batch))
        store.extend(HistoryItem("x" * 60) for _ in range(5))
    assert seen == [2, 2, 1]


def measured_by(store, how, monkeypatch):
    """A store of 60 texts that is measured so far."""
    store.extend([HistoryItem(text) for text in texts(60)], measure=how == "all of it")
    if how.startswith("half of it"):
        monkeypatch.setattr(counting, "_BATCH", 30)
        store.measure(1)
    if how == "all of it, otherwise":
        store.measure()
    if how.endswith("otherwise"):
        store._connection.execute("update facts set value = 'older' where key = 'features'")
    if how == "half of it, and some forgotten":
        store.forget(range(26, 36))
    if how == "nothing, and one more":
        store.add("One more.")
    if how == "nothing, in a store that may not be written":
        store._connection.execute("pragma query_only = on")


@pytest.mark.parametrize(
    ("how", "left"),
    [
        ("nothing", 60),
        ("all of it", 0),
        ("half of it", 30),
        ("half of it, and some forgotten", 25),
        ("half of it, otherwise", 60),
        ("all of it, otherwise", 60),
        ("nothing, and one more", 61),
        ("nothing, in a store that may not be written", 0),
    ],
)
def test_a_store_tells_how_much_waits_to_be_measured(tmp_path, monkeypatch, how, left):
    with History.open(tmp_path / "h.db") as store:
        measured_by(store, how, monkeypatch)
        told = []
        assert store.unmeasured() == left
        store.measure(measured=told.append)
        assert sum(told) == left and store.unmeasured() == 0 and (len(told) > 1) is (how == "half of it, otherwise")


@pytest.mark.parametrize("version", [None, "older"])
def test_measuring_that_was_broken_off_before_its_last_step_is_ended(tmp_path, version):
    with History.open(tmp_path / "a.db") as store:
        store.extend([HistoryItem(text) for text in texts(60)], measure=version is not None)
        if version:
            store._connection.execute("update facts set value = ? where key = 'features'", [version])
        counting._measure_some(store._connection, store.path)
        assert counting._measured_with(store._connection).endswith("60") and store.unmeasured() == 0
        store.profile()
        assert counting._measured_with(store._connection) == counting._features()


# -- a reflector's counts ----------------------------------------------------------------------------------------------


class Letters:
    """Counts the letter e."""

    digest = "letters"

    def __init__(self) -> None:
        self.asked = 0

    def count(self, text: str) -> dict[str, float]:
        self.asked += 1
        return {"": float(len(text.split())), "e": float(text.count("e"))}


def test_a_reflector_counts_each_item_once(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        store.extend(HistoryItem(text) for text in texts(50))
        counter = Letters()
        first = store.profile(counter).habits["sides"].counts
        store.extend(HistoryItem(text) for text in texts(70))
        second = store.profile(counter).habits["sides"].counts
        store.profile(counter)
        assert counter.asked == 70 and second["e"] == sum(text.count("e") for text in texts(70)) > first["e"]
        store._connection.execute("update facts set value = 'older' where key = 'features'")
        assert store.profile(counter).habits["sides"].counts == second and counter.asked == 70


@pytest.mark.parametrize(
    ("state", "asked"),
    [
        ("all counted", 0),
        ("the last 9 not", 9),
        ("broken off at 30", 20),
        ("by another counter", 50),
        ("broken off by another counter", 50),
        ("never", 50),
    ],
)
@pytest.mark.parametrize("part", [False, True])
def test_a_store_that_may_not_be_written_is_counted_where_it_lacks_counts(tmp_path, monkeypatch, state, asked, part):
    counter, another = Letters(), Letters()
    another.digest = "of other letters"
    some = [HistoryItem(text, "notes" if n % 2 else "mail") for n, text in enumerate(texts(50))]
    with History.open(tmp_path / "a.db") as store, History.open(tmp_path / "b.db") as other:
        store.extend(some[:41] if state == "the last 9 not" else some)
        other.extend(some)
        if state.startswith("broken off"):
            monkeypatch.setattr(counting, "_BATCH", 30)
            counting._count_some(store._connection, store.path, another if state.endswith("another counter") else counter)
        elif state != "never":
            store.profile(another if state == "by another counter" else counter)
        if state == "the last 9 not":
            store.extend(some[41:])
        store._connection.execute("pragma query_only = on")
        one, all_of_it = (of.part("mail") if part else of for of in (store, other))
        counter.asked = 0
        found = one.profile(counter).habits["sides"]
        assert counter.asked == (len([i for i in range(50 - asked, 50) if i % 2 == 0]) if part else asked)
        expected = all_of_it.profile(Letters()).habits["sides"]
        assert found.counts == expected.counts and found.evidence == expected.evidence
