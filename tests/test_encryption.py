"""An encrypted store: no word of it on disk, no key in a message, one line where it does not open."""

import os
import random
import subprocess
import sys
import time
import traceback
from pathlib import Path

import pytest

from rpo_edge import History
from rpo_edge.errors import InputError, OptionalDependencyError, StoreError
from rpo_edge.records import HistoryItem
from rpo_edge.store import keys
from rpo_edge.store.copies import export_rows
from rpo_edge.store.keys import PASSPHRASE_FILE, new_key

pytest.importorskip("sqlcipher3")

from rpo_edge.store.encryption import decrypt, encrypt, rekey

ROOT = Path(__file__).resolve().parents[1]
PASSPHRASE = 'it\'s a "secret" — really'
KEY = new_key()  # costs nothing to derive
TEXT = "Quokkaphones hum by the zyxwvut lake, and I don't mind."
WORDS = (b"uokkaphon", b"zyxwvut", b"CREATE TABLE", b"SQLite format", b"Marmaduke", b"contract")


@pytest.fixture(autouse=True)
def _no_key_elsewhere(monkeypatch):
    """Neither a keyring nor a file of whoever runs the tests."""
    monkeypatch.setattr(keys, "_keyring", lambda: None)
    monkeypatch.delenv(PASSPHRASE_FILE, raising=False)


def fill(store: History) -> None:
    store.extend([HistoryItem(TEXT, "Marmaduke", "2024-05-06", "Lakes"), HistoryItem("Nothing of the kind.", "kept")])
    store.set_preference("greeting", "Hiya")


@pytest.fixture
def plain(tmp_path) -> Path:
    path = tmp_path / "h.db"
    with History.open(path) as store:
        fill(store)
    return path


def on_disk(folder: Path) -> bytes:
    """Every byte in the folder, whatever the file is called."""
    return b"\0".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_the_words_are_there_before(plain):
    assert all(word in on_disk(plain.parent) for word in WORDS)


def test_encrypting_keeps_everything_and_shows_nothing(plain):
    with History.open(plain) as store:
        rows, profile = list(export_rows(store)), store.profile()
    encrypt(plain, PASSPHRASE)
    assert [file.name for file in plain.parent.iterdir()] == ["h.db"]
    assert not any(word in on_disk(plain.parent) for word in WORDS)
    assert os.name != "posix" or plain.stat().st_mode & 0o777 == 0o600
    with History.open(plain, key=PASSPHRASE) as store:
        assert store.encrypted and list(export_rows(store)) == rows and store.profile() == profile
        assert [item.title for item in store.search("zyxwvut")] == ["Lakes"]
        store._connection.execute("insert into items_fts(items_fts) values('integrity-check')")
    decrypt(plain, PASSPHRASE)
    with History.open(plain) as store:
        assert not store.encrypted and list(export_rows(store)) == rows and store.profile() == profile


def test_no_file_has_words_while_it_is_written(tmp_path):
    path = tmp_path / "h.db"
    with History.open(path, key=KEY) as store:
        fill(store)
        store._connection.execute("pragma cache_size = 10")  # more of what is sorted and written must go somewhere else
        store._connection.execute("pragma cache_spill = 1")
        with store._writing():
            rows = ((f"{TEXT} {i}", str(i)) for i in range(600))
            store._connection.executemany("insert into items(text, source, digest) values (?, 'Marmaduke', ?)", rows)
            seen = on_disk(tmp_path)
        store._connection.execute("select text from items order by text desc").fetchall()
        store._connection.execute("pragma cache_size = -2000")
        assert len(seen) > 100_000 and {file.name for file in tmp_path.iterdir()} >= {"h.db", "h.db-wal", "h.db-shm"}
        store.backup(tmp_path / "copy.db")
        assert not any(word in seen + on_disk(tmp_path) for word in WORDS)
        receipt = store.forget(source="Marmaduke")
        assert receipt.complete and receipt.forgotten == 601 and receipt.runs
        assert not any(word in on_disk(tmp_path) for word in WORDS)
    with History.open(tmp_path / "copy.db", key=KEY) as copy:
        assert len(copy) == 602


def test_rows_that_stay_in_an_encrypted_store_are_found(tmp_path, monkeypatch):
    from rpo_edge.store import forgetting

    with History.open(tmp_path / "h.db", key=KEY) as store:
        fill(store)
        clean = forgetting._clean

        def leave_some(connection):
            connection.execute("create table rest as select ? as words", [TEXT])
            return clean(connection)

        monkeypatch.setattr(forgetting, "_contents", lambda connection: iter(()))
        monkeypatch.setattr(forgetting, "_clean", leave_some)
        assert store.forget([1]).found


def test_what_was_there_before_is_overwritten(plain):
    """A descriptor of the old file and one of its log see zeros, though their names are gone."""
    store = History.open(plain)
    store.add("Another text of the zyxwvut kind.")
    code = "import os, sys; from rpo_edge import History; store = History.open(sys.argv[1]); store.add('zyxwvut again.'); os._exit(0)"
    store.close()
    subprocess.run([sys.executable, "-c", code, str(plain)], cwd=ROOT, check=True)  # it leaves its log behind
    log = plain.with_name("h.db-wal")
    assert b"zyxwvut again" in log.read_bytes()
    with plain.open("rb") as old, log.open("rb") as old_log:
        encrypt(plain, KEY)
        if os.name == "posix":
            assert not old.read().strip(b"\0") and not old_log.read().strip(b"\0")
    with History.open(plain, key=KEY) as store:
        assert len(store) == 4


def test_states_of_models_are_encrypted_with_the_store(plain):
    state = random.Random(0).randbytes(50_000)

    def shown() -> bool:
        seen = on_disk(plain.parent)
        return any(state[at : at + 16] in seen for at in range(0, len(state), 500))

    with History.open(plain) as store:
        store.states().put("a key", state)
        assert shown()
    encrypt(plain, KEY)
    assert not shown()
    with History.open(plain, key=KEY) as store:
        assert store.states().get("a key") == state
        store.states().put("another", state)
        assert not shown()
        store.backup(plain.with_name("copy.db"))
        with History.open(plain.with_name("copy.db"), key=KEY) as copy:
            assert copy.states().get("a key") is None and len(copy) == len(store)
        assert store.forget([1]).complete and store.states().get("a key") is None and store.states().get("another") is None
        (free,) = store._connection.execute("pragma freelist_count").fetchone()
        assert free == 0


def test_another_key(plain):
    encrypt(plain, KEY)
    other = new_key()
    rekey(plain, KEY, other)
    with pytest.raises(StoreError, match="key does not open"):
        History.open(plain, key=KEY)
    with History.open(plain, key=other) as store:
        assert len(store) == 2


@pytest.mark.parametrize(
    "attempt", [lambda p: History.open(p, key="wrong"), lambda p: decrypt(p, "wrong"), lambda p: rekey(p, "wrong", "x")]
)
def test_a_wrong_key_is_one_line_without_keys(plain, attempt, capfd):
    encrypt(plain, KEY)
    before = plain.read_bytes()
    with pytest.raises(StoreError) as caught:
        attempt(plain)
    told = "".join(traceback.format_exception(caught.value))
    assert "\n" not in str(caught.value) and "key does not open" in str(caught.value) and caught.value.exit_code == 2
    assert KEY not in told and "'wrong'" not in str(caught.value) and repr(KEY) not in told
    assert capfd.readouterr() == ("", "") and plain.read_bytes() == before
    assert [file.name for file in plain.parent.iterdir()] == ["h.db"]


ATTEMPTS = {
    "encrypt": lambda path: encrypt(path, KEY),
    "decrypt": lambda path: decrypt(path, KEY),
    "rekey": lambda path: rekey(path, KEY, "x"),
}


@pytest.mark.parametrize(
    ("state", "attempt", "told"),
    [
        ("plain", "decrypt", "is not encrypted"),
        ("plain", "rekey", "is not encrypted"),
        ("encrypted", "encrypt", "is encrypted already"),
        *((state, attempt, "there is no history at") for state in ("absent", "empty", "folder") for attempt in ATTEMPTS),
        *(("letter", attempt, "not a database") for attempt in ATTEMPTS),
    ],
)
def test_states_that_do_not_fit_are_refused(plain, state, attempt, told):
    if state == "encrypted":
        encrypt(plain, KEY)
    elif state != "plain":
        plain.unlink()
    if state == "folder":
        plain.mkdir()
    elif state in ("empty", "letter"):
        plain.write_text("Dear Ann,\n" if state == "letter" else "")
    before = plain.read_bytes() if plain.is_file() else None
    with pytest.raises(StoreError, match=told):
        ATTEMPTS[attempt](plain)
    assert before is None or plain.read_bytes() == before


@pytest.mark.parametrize("key", ["", "a\0b", "\ud800"])
def test_what_cannot_be_a_key_is_refused(plain, key):
    with pytest.raises(InputError):
        encrypt(plain, key)
    with History.open(plain) as store:
        assert len(store) == 2


def test_the_same_key_is_no_other_key(plain):
    encrypt(plain, PASSPHRASE)
    before = plain.read_bytes()
    with pytest.raises(InputError, match="the one that it has") as caught:
        rekey(plain, PASSPHRASE, PASSPHRASE)
    assert PASSPHRASE not in str(caught.value) and plain.read_bytes() == before


def test_a_store_in_use_is_refused(plain):
    with History.open(plain), pytest.raises(StoreError, match="in use"):
        encrypt(plain, KEY)
    code = "import sys; from rpo_edge import History; store = History.open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    other = subprocess.Popen([sys.executable, "-c", code, str(plain)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "open\n"
    with pytest.raises(StoreError, match="in use"):
        encrypt(plain, KEY)
    other.communicate("")
    encrypt(plain, KEY)


CONVERT = """
import sys
from pathlib import Path
from rpo_edge.store.encryption import decrypt, encrypt, rekey
path, one, other = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
print("begun", flush=True)
while True:
    encrypt(path, one); rekey(path, one, other); decrypt(path, other)
"""


@pytest.mark.skipif(os.name != "posix", reason="no SIGKILL")
def test_a_killed_conversion_leaves_the_old_store_or_the_new_one(plain):
    """RPO_EDGE_KILLS asks for more, as in test_store_safety.py."""
    other = new_key()
    for _ in range(int(os.environ.get("RPO_EDGE_KILLS", "6"))):
        process = subprocess.Popen([sys.executable, "-c", CONVERT, str(plain), KEY, other], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "begun\n"
        time.sleep(random.uniform(0, 0.4))
        process.kill()
        process.communicate()
        key = next(key for key in (None, KEY, other) if opens(plain, key))
        with History.open(plain, key=key) as store:
            assert len(store) == 2 and store.search("zyxwvut") and store.preferences() == {"greeting": "Hiya"}
            assert store._connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        if key is not None:
            decrypt(plain, key)
    encrypt(plain, KEY)
    assert not any(word in on_disk(plain.parent) for word in WORDS)


def opens(path: Path, key: str | None) -> bool:
    try:
        History.open(path, key=key).close()
    except StoreError:
        return False
    return True


WRITE = """
import sys
from rpo_edge import History
for i in range(5):
    with History.open(sys.argv[1], key=sys.argv[2]) as store:
        store.forget([store.add(f"Text {i} of {sys.argv[3]}.", "gone")]) if sys.argv[3] == "0" else store.add(f"Text {i} of {sys.argv[3]}.")
"""


def test_processes_write_an_encrypted_store_at_once(tmp_path):
    path = tmp_path / "h.db"
    children = [subprocess.Popen([sys.executable, "-c", WRITE, str(path), KEY, str(k)], cwd=ROOT, stderr=subprocess.PIPE) for k in range(4)]
    for process in children:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    with History.open(path, key=KEY) as store:
        assert len(store) == 15


def test_a_file_of_another_kind_is_no_encrypted_store(tmp_path):
    path = tmp_path / "h.db"
    path.write_bytes(b"This is a letter, not a database.\n")
    with pytest.raises(StoreError, match="not a database"):
        History.open(path)


def test_a_key_for_a_plain_store_is_refused(plain):
    """Whoever gives one believes that the texts are encrypted."""
    before = plain.read_bytes()
    with pytest.raises(StoreError, match="not encrypted"):
        History.open(plain, key=KEY)
    with History.open(plain) as store:
        assert len(store) == 2
    assert plain.read_bytes() == before


def test_without_the_package_it_says_what_to_install(plain, monkeypatch):
    encrypt(plain, KEY)
    monkeypatch.setitem(sys.modules, "sqlcipher3.dbapi2", None)
    with pytest.raises(OptionalDependencyError, match=r"pip install '\.\[encrypted\]'"):
        History.open(plain, key=KEY)
