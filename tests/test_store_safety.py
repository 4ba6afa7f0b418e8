"""A store that many processes write, that is killed, that is brought up to date, that forgets: nothing is lost, and nothing stays.

The killing test kills 20 processes; RPO_EDGE_KILLS=200 python -m pytest tests/test_store_safety.py -k kill -n 0 kills 200.
"""

import gc
import inspect
import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rpo_edge import History
from rpo_edge.errors import StoreError
from rpo_edge.records import HistoryItem
from rpo_edge.store.copies import export_rows
from rpo_edge.store.forgetting import delete

ROOT = Path(__file__).resolve().parents[1]
STORES = sorted((ROOT / "tests/fixtures/stores").glob("version-*.db"))
KILLS = int(os.environ.get("RPO_EDGE_KILLS", "20"))
WORDS = ("pump", "well", "boat", "lighthouse", "keeper", "radio", "rain", "paint", "rope", "anchor", "harbour", "gull", "tide")


def text_of(name: str, i: int) -> str:
    """A text that nobody else has."""
    rng = random.Random(f"{name}{i}")
    return f"I don't know {name} number {i}; it's {' '.join(rng.choices(WORDS, k=30))}, and we can't say more."


def whole(path: Path) -> bool:
    """Whether SQLite finds nothing wrong, and the full-text index has the table's words and no others."""
    connection = sqlite3.connect(path, timeout=60)
    try:
        connection.execute("insert into items_fts(items_fts, rank) values('integrity-check', 1)")
        connection.rollback()
        totals = "select feature, variant, round(n, 6) from totals order by 1, 2"
        sums = "select feature, variant, round(sum(n), 6) from measures group by 1, 2 order by 1, 2"
        return (
            connection.execute("pragma integrity_check").fetchall() == [("ok",)]
            and connection.execute(totals).fetchall() == connection.execute(sums).fetchall()
        )
    finally:
        connection.close()


BEFORE = f"""
import random, shutil, sys
from pathlib import Path
from rpo_edge.history import History
from rpo_edge.records import HistoryItem
STORES = {[str(path) for path in STORES]}
WORDS = {WORDS}
{inspect.getsource(text_of)}
"""


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A process that runs `code`. Importing pytest would cost each a second."""
    command = [sys.executable, "-c", BEFORE + code, *map(str, arguments)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, text=True, **pipes)


# -- earlier versions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("old", STORES, ids=lambda path: path.stem)
def test_files_of_every_earlier_version_open(tmp_path, old):
    path = tmp_path / "h.db"
    shutil.copy(old, path)
    with History.open(path) as store, History.open(tmp_path / "new.db") as new:
        items = list(store)
        assert len(items) == 3 and items[0].source == "letters" and items[2].title == "Pump" and items[0].kind is None
        assert [item.id for item in store.search("boats")] == [2] and store.recent(1)[0].id == 2
        assert store.preferences() == ({} if old.stem == "version-1" else {"greeting": "Hello there"})
        new.extend(items)
        assert store.profile().habits == new.profile().habits
        assert store.add("Another one, with an origin.") == 4 and store.forget([1]).complete
    assert whole(path)


def test_there_is_a_file_of_every_earlier_version():
    from rpo_edge.store.migrations import LATEST

    assert [path.stem for path in STORES] == [f"version-{n}" for n in range(1, LATEST)]


# -- many processes ----------------------------------------------------------------------------------------------------

WRITE = """
name, path, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
for i in range(n):
    with History.open(path) as store:
        store.extend([HistoryItem(text_of(name, i), name)])
        store.profile()
"""
FORGET = """
name, path, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
for i in range(n):
    with History.open(path) as store:
        store.forget([store.add(text_of(name, i), name)])
"""


@pytest.mark.parametrize("begin", ["new", "version-1"])
def test_eight_processes_write_at_once(tmp_path, begin):
    """They make or migrate the file too, and one of them forgets and compacts it all the while."""
    path = tmp_path / "h.db"
    if begin != "new":
        shutil.copy(ROOT / f"tests/fixtures/stores/{begin}.db", path)
    times = 3
    children = [child(WRITE, f"writer{k}", path, times) for k in range(7)] + [child(FORGET, "forgotten", path, times)]
    for process in children:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    with History.open(path) as store:
        assert store.sources() == ({} if begin == "new" else {"letters": 2, "mail": 1}) | {f"writer{k}": times for k in range(7)}
    assert whole(path)


HOLD = """
import sqlite3, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("begin immediate")
print("held", flush=True)
time.sleep(0.5)
"""


def test_a_new_file_that_another_process_holds_is_waited_for(tmp_path):
    process = child(HOLD, tmp_path / "h.db")
    assert process.stdout.readline() == "held\n"
    with History.open(tmp_path / "h.db") as store:
        assert store.add("A text.") == 1
    process.communicate()


def test_measuring_again_lets_others_write(tmp_path, monkeypatch):
    """A process ends halfway through new counts; another goes on there, and both have the same counts in the end."""
    import rpo_edge.store.counting as counting

    monkeypatch.setattr(counting, "_BATCH", 2)
    path = tmp_path / "h.db"
    with History.open(path) as store:
        store.extend(HistoryItem(text_of("x", i)) for i in range(7))
        habits = store.profile().habits
        store._connection.execute("update facts set value = 'older' where key = 'features'")
        store._connection.execute("update measures set n = n + 1")
        assert counting._measure_some(store._connection, path) and counting._measured_with(store._connection).endswith(":2")
    with History.open(path) as store:
        assert store.profile().habits == habits
    assert whole(path)


# -- killed processes --------------------------------------------------------------------------------------------------

IMPORT = """
store = History.open(sys.argv[1])
print("begun", flush=True)
for k in range(10**6):
    items = [HistoryItem(text_of(sys.argv[2], 20 * k + i), sys.argv[2]) for i in range(20)]
    store.extend(items)
    print(k, flush=True)
"""
FORGET_ALL = """
store = History.open(sys.argv[1])
print("begun", flush=True)
for number in [item.id for item in store if item.source == "prey"]:
    store.forget([number])
    print(number, flush=True)
"""
MIGRATE = """
for n in range(10**6):
    path = Path(sys.argv[1]).with_name(f"{sys.argv[2]}-{n}.db")
    shutil.copy(STORES[n % len(STORES)], path.with_suffix(".part"))
    path.with_suffix(".part").rename(path)
    print(path, flush=True)
    History.open(path).close()
"""


def killed(code: str, *arguments: object, seconds: float) -> list[str]:
    """The lines that a process has printed when it was killed, some time after its first."""
    process = child(code, *arguments)
    first = process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    rest, err = process.communicate(timeout=60)
    assert first and process.returncode == -signal.SIGKILL, err
    return [first.strip(), *rest.splitlines()]


@pytest.mark.skipif(os.name != "posix", reason="no SIGKILL")
def test_a_killed_process_loses_nothing_that_it_reported(tmp_path):
    rng = random.Random()  # another moment at every run
    path = tmp_path / "h.db"
    stored: set[str] = set()
    for kill in range(KILLS):
        seconds = rng.uniform(0, 0.25)
        if kill % 3 == 0:
            lines = killed(IMPORT, path, f"import{kill}", seconds=seconds)
            stored |= {text_of(f"import{kill}", i) for i in range(20 * (len(lines) - 1))}
        elif kill % 3 == 1:
            with History.open(path) as store:  # more than it can forget in the time
                store.extend(HistoryItem(text_of(f"prey{kill}", i), "prey") for i in range(100))
            gone = {int(line) for line in killed(FORGET_ALL, path, seconds=seconds)[1:]}
        else:
            for line in killed(MIGRATE, path, f"old{kill}", seconds=seconds):
                with History.open(line) as store:
                    assert len(store) == 3
                assert whole(Path(line)), (kill, seconds)
            continue
        with History.open(path) as store:
            texts = {item.text for item in store}
            assert stored <= texts
            assert kill % 3 != 1 or not gone & {item.id for item in store}
        assert whole(path), (kill, seconds)


# -- forgetting --------------------------------------------------------------------------------------------------------


def filled(path: Path) -> History:
    store = History.open(path)
    store.extend(HistoryItem(text_of("kept", i), "kept", f"2024-01-{i + 1:02}") for i in range(20))
    return store


def test_the_receipt_says_what_was_looked_for(tmp_path):
    with filled(tmp_path / "h.db") as store:
        ids = [store.add("Quokkaphones hum by the zyxwvut lake.", "gone"), store.add("Mellifluous Ångström!", "gone")]
        receipt = store.forget([*ids, 999])
        size = (tmp_path / "h.db").stat().st_size
    assert receipt.ids == tuple(ids) and receipt.forgotten == 2 and receipt.complete and receipt.found == 0
    assert receipt.runs > 40 and receipt.scanned >= size
    row = json.loads(receipt.as_json())
    assert row["forgotten"] == 2 and row["complete"] and row["incomplete"] is None and "okka" not in receipt.as_json()


@pytest.mark.parametrize("left_out", ["vacuum", "pragma wal_checkpoint(truncate)"])
def test_the_search_sees_what_was_not_cleaned(tmp_path, monkeypatch, left_out):
    """Words that lie in free pages or in the log are found."""
    from rpo_edge.store import forgetting

    def clean_less(connection):
        for statement in {"vacuum", "pragma wal_checkpoint(truncate)"} - {left_out}:
            connection.execute("pragma secure_delete = off")
            connection.execute(statement)

    monkeypatch.setattr(forgetting, "_clean", clean_less)
    with filled(tmp_path / "h.db") as store:
        number = store.add("Quokkaphones hum by the zyxwvut lake.", "gone")
        store._connection.execute("pragma wal_checkpoint(truncate)")
        store._connection.execute("pragma secure_delete = off")
        receipt = store.forget([number])
    assert receipt.found and not receipt.complete


def test_a_reader_elsewhere_makes_the_receipt_incomplete(tmp_path, monkeypatch):
    from rpo_edge.store import forgetting

    monkeypatch.setattr(forgetting, "_READERS", 0.1)
    path = tmp_path / "h.db"
    code = "store = History.open(sys.argv[1]); rows = store._connection.execute('select * from items'); next(rows); print('reading', flush=True); sys.stdin.read()"
    with filled(path) as store:
        number = store.add("Quokkaphones hum by the zyxwvut lake.", "gone")
        reader = child(code, path)
        assert reader.stdout.readline() == "reading\n"
        receipt = store.forget([number])
        assert not receipt.complete and "reading" in receipt.incomplete and "okka" not in receipt.as_json()
        reader.communicate("")
        again, nothing = store.forget([number]), store.forget([number])
        assert again.complete and again.forgotten == 0 and again.scanned and not nothing.scanned
    assert not any(b"okkaphone" in file.read_bytes() for file in tmp_path.iterdir())


def test_an_open_statement_makes_the_receipt_incomplete(tmp_path):
    with filled(tmp_path / "h.db") as store:
        rows = store._connection.execute("select * from items")
        next(rows)
        assert "written anew" in store.forget([20]).incomplete
        rows.close()
        assert store.forget([19]).complete


def test_forgotten_texts_leave_the_profile(tmp_path):
    with filled(tmp_path / "one.db") as store, filled(tmp_path / "other.db") as never:
        ids = store.extend(HistoryItem(f"Dear Bo,\n\n{text_of('gone', i)} Cannot! – Perhaps; colour…\n\nYours,\nAl") for i in range(9))
        assert store.profile().habits != never.profile().habits
        assert store.forget(ids).complete
        one, other = store.profile(), never.profile()
    assert (one.items, one.words, one.habits.keys()) == (other.items, other.words, other.habits.keys())
    for feature, habit in one.habits.items():
        assert dict(habit.counts) == pytest.approx(dict(other.habits[feature].counts), abs=1e-9)
        assert habit.evidence == other.habits[feature].evidence


def test_words_that_stay_elsewhere_are_not_looked_for(tmp_path):
    with filled(tmp_path / "h.db") as store:
        one, two = (store.add("Quokkaphones hum by the zyxwvut lake.", name) for name in ("a", "b"))
        assert store.forget([one]).complete and [item.id for item in store.search("zyxwvut")] == [two]
        assert b"Quokkaphones" in (tmp_path / "h.db").read_bytes()
        assert store.forget(source="b").complete and b"uokkaphone" not in (tmp_path / "h.db").read_bytes()


def test_runs_are_chosen_of_what_nobody_else_has(tmp_path):
    with filled(tmp_path / "h.db") as store:
        number = store.add("anchor boat quokkas", "kept")
        with store._writing():
            runs = delete(store._connection, [number])
        found = {int(run).to_bytes(8, "little") for run in runs.text}
        assert b"at quokk" in found and b"anchor b" not in {run for run in found if any(run.decode() in item.text for item in store)}
        assert {int(run).to_bytes(8, "little")[:6] for run in runs.terms} == {b"quokka"}


def test_a_second_store_in_this_process_keeps_its_locks(tmp_path):
    """Reading the raw bytes must not drop the locks that SQLite holds on them: the log would be removed under the other one."""
    path = tmp_path / "h.db"
    with filled(path) as one:
        with History.open(path) as other:
            assert other.forget([1]).complete
        process = child(WRITE, "w", path, 1)
        assert process.communicate(timeout=60) and process.returncode == 0
        one.add("Written after the other process closed.", "late")
        code = "print(History.open(sys.argv[1]).sources())"
        assert "'late': 1" in child(code, path).communicate(timeout=60)[0]


# -- copies ------------------------------------------------------------------------------------------------------------


def test_a_backup_is_one_moment_of_a_store_that_is_written(tmp_path):
    path, copy = tmp_path / "h.db", tmp_path / "copy.db"
    with filled(path) as store:
        process = child(IMPORT, path, "w")
        assert process.stdout.readline() == "begun\n"
        for n in range(5):
            known = len(store)
            store.backup(copy.with_stem(f"copy{n}"))
            with History.open(copy.with_stem(f"copy{n}")) as saved:
                assert known <= len(saved) <= len(store) and (len(saved) - 20) % 20 == 0
            assert whole(copy.with_stem(f"copy{n}"))
        process.kill()
        process.communicate()
        with pytest.raises(StoreError, match="exists"):
            store.backup(copy.with_stem("copy0"))
    assert stat.S_IMODE(copy.with_stem("copy0").stat().st_mode) == 0o600 or os.name != "posix"


def test_rows_make_the_same_store(tmp_path):
    items = [
        HistoryItem("One.\r\nTwo \u2028three", "a", "2024-05-06", "A title", kind="email", origin="<1@b>"),
        HistoryItem("Bare", "b"),
    ]
    with History.open(tmp_path / "a.db") as one, History.open(tmp_path / "b.db") as other:
        one.extend(items)
        one.set_preference("greeting", "Hiya")
        one.set_preference("contractions", "always")
        rows = [json.loads(json.dumps(row)) for row in export_rows(one)]
        other.extend(HistoryItem(**row) for row in rows if "text" in row)
        for row in rows:
            if "preference" in row:
                other.set_preference(row["preference"], row["value"])
        assert list(one) == list(other) and len(rows) == 4 and one.preferences() == other.preferences()
        assert one.profile() == other.profile()


# -- search ------------------------------------------------------------------------------------------------------------


def test_common_words_are_left_out_of_a_large_store_alone(tmp_path):
    from rpo_edge.store.search import BEST, NEWEST, plan

    with History.open(tmp_path / "h.db") as store:
        with store._writing():
            rows = ((f"the pump {'of it' if i % 2 else ''} {'zebra' if i % 50 == 7 else ''}", str(i)) for i in range(5000))
            store._connection.executemany("insert into items(text, source, digest) values (?, 's', ?)", rows)
        assert plan(store._connection, "The zebra of the pump", 8)[:2] == ('"zebra"', BEST)
        assert plan(store._connection, "the pump", 8)[:2] == ('"the" OR "pump"', NEWEST)
        assert [item.id for item in store.search("the pump", 3)] == [5000, 4999, 4998] and len(store.search("zebra the", 9)) == 9
        assert len(store.search("the zebra", 5000)) == 5000
        store.forget(range(1001, 6000))
        assert plan(store._connection, "the zebra", 8)[:2] == ('"the" OR "zebra"', BEST)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no list of open files")
def test_no_descriptor_stays_open(tmp_path):
    for n in range(5):
        with filled(tmp_path / f"{n}.db") as store:
            store.forget([1])
        History.open(tmp_path / f"{n}.db")  # nobody closes it
    gc.collect()
    assert not [file for file in Path("/proc/self/fd").iterdir() if str(tmp_path) in os.path.realpath(file)]


def test_threads_open_and_forget(tmp_path):
    path = tmp_path / "h.db"
    failures: list[Exception] = []

    def work(name: str) -> None:
        try:
            for i in range(3):
                with History.open(path) as store:
                    store.forget([store.add(text_of(name, i), "gone")])
                    store.add(text_of(name, i + 10), "kept")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"t{k}",)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with History.open(path) as store:
        assert not failures and store.sources() == {"kept": 12}


@pytest.mark.skipif(os.name != "posix", reason="no such signal")
def test_whoever_waits_for_another_writer_waits_as_long_as_it_should_and_can_be_interrupted(tmp_path):
    path = tmp_path / "h.db"
    with History.open(path) as store, History.open(path) as other, other._writing():
        store._connection.execute("pragma busy_timeout = 1200")
        begun = time.monotonic()
        with pytest.raises(StoreError, match="locked"):
            store.add("A text.")
        assert 1.1 < time.monotonic() - begun < 5 and store._connection.execute("pragma busy_timeout").fetchone() == (1200,)
        hears = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"  # what runs in the background does not
        waiting = child(f"{hears}with History.open(sys.argv[1]) as store:\n print('open', flush=True)\n store.add('A text.')", path)
        try:
            assert waiting.stdout.readline() == "open\n"
            time.sleep(0.3)
            assert waiting.poll() is None
            waiting.send_signal(signal.SIGINT)
            assert "KeyboardInterrupt" in waiting.communicate(timeout=20)[1]
        finally:
            waiting.kill()
