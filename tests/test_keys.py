"""No command loses a key or locks anybody out: where keys are kept and looked for, what a failed conversion leaves; and files that are open."""

import gc
import json
import os
import shutil
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import pytest

from rpo_edge import History
from rpo_edge.errors import InputError, StoreError
from rpo_edge.store import keys
from rpo_edge.store.files import OPEN_FILES, OpenFiles
from rpo_edge.store.keys import NEW_PASSPHRASE_FILE, PASSPHRASE_FILE, find_key, new_key

ROOT = Path(__file__).resolve().parents[1]
PASSPHRASE, OTHER = "a long passphrase", "another passphrase"


class Ring:
    """A keyring in memory, with the package's names."""

    class errors:
        KeyringError = LookupError

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.entries.get((service, name))

    def set_password(self, service: str, name: str, key: str) -> None:
        self.entries[service, name] = key

    def delete_password(self, service: str, name: str) -> None:
        del self.entries[service, name]


@pytest.fixture(autouse=True)
def ring(monkeypatch) -> Ring:
    """In the place of whatever keyring and files whoever runs the tests has."""
    ring = Ring()
    monkeypatch.setattr(keys, "_keyring", lambda: ring)
    monkeypatch.delenv(PASSPHRASE_FILE, raising=False)
    monkeypatch.delenv(NEW_PASSPHRASE_FILE, raising=False)
    return ring


@pytest.fixture
def plain(tmp_path) -> Path:
    pytest.importorskip("sqlcipher3")
    path = tmp_path / "h.db"
    with History.open(path) as store:
        store.add("Marmalade is made of zanzibar oranges.")
    return path


@pytest.fixture
def file(tmp_path, monkeypatch):
    """file(variable, text): a file with a text, named by an environment variable."""

    def _file(variable: str, text: str) -> None:
        path = tmp_path / variable
        path.write_text(text + "\n", "utf-8")
        monkeypatch.setenv(variable, str(path))

    return _file


@pytest.fixture
def history(run):
    """history(store, *arguments): `rpo-edge history`; exit code, stdout, stderr."""

    def _history(at: Path, *arguments: str) -> tuple[int, str, str]:
        code, out, err = run("history", *arguments, at=at)
        return code, out.decode(), err.decode()

    return _history


def opened(history, path: Path) -> bool:
    """Whether the store opens by what is in the keyring and in files."""
    code, out, _ = history(path, "list")
    return code == 0 and "zanzibar" in out


# -- where it is looked for --------------------------------------------------------------------------------------------


def test_keyring_then_file_then_question(plain, history, file, ring):
    assert history(plain, "encrypt")[0] == 0
    (key,) = ring.entries.values()
    file(PASSPHRASE_FILE, "of the file")
    assert find_key(plain, lambda _: "asked") == key
    kept, ring.entries = ring.entries, {}
    assert find_key(plain, lambda _: "asked") == "of the file"
    Path(os.environ[PASSPHRASE_FILE]).write_bytes(b"\xef\xbb\xbf" + key.encode() + b"\r\n")  # as Windows' editors write it
    assert find_key(plain) == key and opened(history, plain)
    del os.environ[PASSPHRASE_FILE]
    assert find_key(plain, lambda path: "asked" if path == plain else None) == "asked"
    with History.open(plain, ask=lambda _: key) as store:
        assert len(store) == 1
    for nobody in (None, lambda _: None):
        with pytest.raises(StoreError, match="no key"):
            find_key(plain, nobody)
    ring.entries = kept
    assert opened(history, plain)


@pytest.mark.parametrize("has_it", [True, False])
def test_an_entry_named_by_the_path_counts_if_it_opens_the_store(plain, history, file, ring, has_it):
    """Earlier versions wrote them, keys without a salt, and left them behind."""
    from rpo_edge.store.encryption import encrypt

    key, stale = f"x'{'ab' * 32}'", f"x'{'cd' * 32}'"
    encrypt(plain, key)
    ring.set_password("rpo-edge", str(plain.resolve()), key if has_it else stale)
    assert opened(history, plain) == has_it
    file(PASSPHRASE_FILE, key)
    assert opened(history, plain)
    del os.environ[PASSPHRASE_FILE]
    if has_it:
        assert history(plain, "rekey")[0] == 0 and opened(history, plain)
        assert history(plain, "backup", str(plain.with_name("copy.db")))[0] == 0 and opened(history, plain.with_name("copy.db"))


def test_a_real_keyring_without_a_backend_is_passed_over(plain, monkeypatch):
    keyring = pytest.importorskip("keyring")
    from keyring.backends import fail, null

    from rpo_edge.store.encryption import encrypt

    encrypt(plain, new_key())
    monkeypatch.setattr(keys, "_keyring", lambda: keyring)
    before = keyring.get_keyring()
    try:
        for backend in (fail.Keyring(), null.Keyring()):  # the second takes every key and keeps none
            keyring.set_keyring(backend)
            assert find_key(plain, lambda _: "asked") == "asked"
            assert not keys.remember_key(new_key())
            keys.drop_unused(plain, new_key())
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize(
    ("written", "told"), [(None, "no such file"), (b"geheim\xff", "not UTF-8"), (b"", "is empty"), (b"\ngeheim\n", "is empty")]
)
@pytest.mark.parametrize("variable", [PASSPHRASE_FILE, NEW_PASSPHRASE_FILE])
def test_a_file_without_a_passphrase_is_told(plain, history, tmp_path, monkeypatch, ring, written, told, variable):
    path = tmp_path / "passphrase"
    if written is not None:
        path.write_bytes(written)
    monkeypatch.setenv(variable, str(path))
    with pytest.raises(StoreError, match=told) as caught:
        keys.passphrase_from_file(variable)
    assert "geheim" not in "".join(traceback.format_exception(caught.value))
    code, _, err = history(plain, "encrypt")
    assert code == 2 and told in err and variable in err and not ring.entries and opened(history, plain)


# -- what a failed conversion leaves -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "state", "told"),
    [
        ("encrypt", "encrypted", "is encrypted already"),
        ("encrypt", "absent", "there is no history at"),
        ("encrypt", "letter", "not a database"),
        ("decrypt", "plain", "is not encrypted"),
        ("decrypt", "absent", "there is no history at"),
        ("rekey", "plain", "is not encrypted"),
        ("rekey", "absent", "there is no history at"),
        ("key", "plain", "is not encrypted"),
        ("key", "absent", "there is no history at"),
    ],
)
def test_what_does_not_fit_the_store_touches_no_key(plain, history, ring, command, state, told):
    if state == "encrypted":
        assert history(plain, "encrypt")[0] == 0
    elif state == "absent":
        plain.unlink()
    elif state == "letter":
        plain.write_text("Dear Ann,\n")
    before = dict(ring.entries)
    code, out, err = history(plain, command)
    assert code == 2 and out == "" and told in err and err.count("\n") == 1
    assert ring.entries == before and (state in ("absent", "letter") or opened(history, plain))


@pytest.mark.parametrize("command", ["encrypt", "rekey"])
@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_store_in_use_keeps_its_key(plain, history, ring, command, elsewhere):
    if command == "rekey":
        assert history(plain, "encrypt")[0] == 0
    before = dict(ring.entries)
    key = next(iter(before.values()), "")
    if elsewhere:
        code = "import sys; from rpo_edge import History; s = History.open(sys.argv[1], key=sys.argv[2] or None); print(1, flush=True); input()"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        other = subprocess.Popen([sys.executable, "-c", code, str(plain), key], cwd=ROOT, text=True, **pipes)
        assert other.stdout.readline() == "1\n"
        result = history(plain, command)
        other.communicate("\n")
    else:
        with History.open(plain):
            result = history(plain, command)
    assert result[0] == 2 and "in use" in result[2] and ring.entries == before and opened(history, plain)
    assert history(plain, command)[0] == 0 and opened(history, plain)


@pytest.mark.parametrize("command", ["encrypt", "rekey"])
@pytest.mark.parametrize("done", [True, False])
def test_a_conversion_that_is_broken_off_leaves_the_key_of_the_store(plain, history, ring, monkeypatch, command, done):
    """Right before the new file takes the old one's place, or right after: there is one key more only where there is one store more."""
    if command == "rekey":
        assert history(plain, "encrypt")[0] == 0
    before = dict(ring.entries)
    replace = Path.replace

    def broken(self, target):
        if done:
            replace(self, target)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", broken)
        assert history(plain, command)[0] not in (0, 2)
    assert opened(history, plain) and ring.entries.items() >= before.items() and len(ring.entries) == len(before) + done


RING = """
import json, os
from keyring import errors
from keyring.backend import KeyringBackend


class Ring(KeyringBackend):
    priority = 1

    def _read(self):
        return json.load(open(os.environ["RING"])) if os.path.exists(os.environ["RING"]) else {}

    def _write(self, entries):
        with open(os.environ["RING"] + ".new", "w") as file:
            json.dump(entries, file)
        os.replace(os.environ["RING"] + ".new", os.environ["RING"])

    def get_password(self, service, name):
        return self._read().get(name)

    def set_password(self, service, name, key):
        self._write(self._read() | {name: key})

    def delete_password(self, service, name):
        entries = self._read()
        if name not in entries:
            raise errors.PasswordDeleteError
        del entries[name]
        self._write(entries)
"""

CONVERT = """
import os, sys
from pathlib import Path
import rpo_edge.cli
replace, place = Path.replace, sys.argv.pop(1)

def killed(self, target):
    if place == "after":
        replace(self, target)
    os._exit(9)

Path.replace = killed
rpo_edge.cli.main()
"""


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_killed_conversion_loses_no_key(plain, history, tmp_path, ring, place):
    """In a process of its own, with the package keyring: again and again, with nobody to clean up."""
    pytest.importorskip("keyring")
    (tmp_path / "file_ring.py").write_text(RING)
    path = os.pathsep.join([str(tmp_path), str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": path, "PYTHON_KEYRING_BACKEND": "file_ring.Ring", "RING": str(tmp_path / "ring.json")}

    def call(*arguments: str) -> int:
        return subprocess.run([sys.executable, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True).returncode

    command = ["--store", str(plain), "history"]
    assert call("-m", "rpo_edge", *command, "encrypt") == 0
    for _ in range(2):
        assert call("-c", CONVERT, place, *command, "rekey") == 9
        assert call("-m", "rpo_edge", *command, "list") == 0
    assert call("-m", "rpo_edge", *command, "rekey") == 0
    ring.entries = {("rpo-edge", name): key for name, key in json.loads((tmp_path / "ring.json").read_text()).items()}
    assert opened(history, plain)


# -- from one key to another -------------------------------------------------------------------------------------------


def test_from_the_keyring_to_a_passphrase_and_back(plain, history, file):
    assert history(plain, "encrypt")[0] == 0
    file(NEW_PASSPHRASE_FILE, PASSPHRASE)
    assert history(plain, "rekey")[0] == 0 and not opened(history, plain)
    file(PASSPHRASE_FILE, PASSPHRASE)
    assert opened(history, plain)
    del os.environ[NEW_PASSPHRASE_FILE]
    assert history(plain, "rekey")[0] == 0 and opened(history, plain)
    del os.environ[PASSPHRASE_FILE]
    assert opened(history, plain)
    assert history(plain, "decrypt")[0] == 0 and opened(history, plain)
    file(PASSPHRASE_FILE, OTHER)
    assert history(plain, "encrypt")[0] == 0 and opened(history, plain)
    del os.environ[PASSPHRASE_FILE]
    assert not opened(history, plain)


def test_from_one_passphrase_to_another(plain, history, file):
    file(PASSPHRASE_FILE, PASSPHRASE)
    assert history(plain, "encrypt")[0] == 0
    file(NEW_PASSPHRASE_FILE, PASSPHRASE)
    before = plain.read_bytes()
    code, _, err = history(plain, "rekey")
    assert code == 2 and "the one that it has" in err and PASSPHRASE not in err and plain.read_bytes() == before
    file(NEW_PASSPHRASE_FILE, OTHER)
    assert history(plain, "rekey")[0] == 0 and not opened(history, plain)
    file(PASSPHRASE_FILE, OTHER)
    assert opened(history, plain)


def test_for_a_new_store_its_own_file_is_asked_first(plain, history, file):
    file(PASSPHRASE_FILE, PASSPHRASE)
    file(NEW_PASSPHRASE_FILE, OTHER)
    assert history(plain, "encrypt")[0] == 0 and not opened(history, plain)
    file(PASSPHRASE_FILE, OTHER)
    assert opened(history, plain)


def test_where_there_is_no_keyring_and_no_terminal_it_says_what_to_set(plain, history, file, ring, monkeypatch):
    def refuse(*_) -> None:
        raise LookupError

    monkeypatch.setattr(ring, "set_password", refuse)
    for arguments in (["encrypt"], ["encrypt", "--passphrase"]):
        code, _, err = history(plain, *arguments)
        assert code == 2 and NEW_PASSPHRASE_FILE in err and opened(history, plain)
    file(PASSPHRASE_FILE, PASSPHRASE)
    assert history(plain, "encrypt")[0] == 0
    code, _, err = history(plain, "rekey")
    assert code == 2 and NEW_PASSPHRASE_FILE in err and opened(history, plain)


@pytest.mark.skipif(os.name != "posix", reason="no pseudo-terminals")
@pytest.mark.parametrize("command", ["encrypt", "rekey"])
def test_the_option_asks_at_the_terminal_whatever_files_there_are(plain, history, file, command):
    import pty

    file(PASSPHRASE_FILE, OTHER)
    if command == "rekey":
        assert history(plain, "encrypt")[0] == 0
    file(NEW_PASSPHRASE_FILE, "neither of them")
    ours, theirs = pty.openpty()
    environment = os.environ | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    called = [sys.executable, "-m", "rpo_edge", "--store", str(plain), "history", command, "--passphrase"]
    with subprocess.Popen(called, cwd=ROOT, env=environment, stdin=theirs, stderr=theirs, start_new_session=True) as process:
        os.close(theirs)
        seen = b""
        for question in (b"New passphrase: ", b"Once more: "):
            while not seen.endswith(question):
                seen += os.read(ours, 1000)
            os.write(ours, PASSPHRASE.encode() + b"\n")
        assert process.wait() == 0 and PASSPHRASE.encode() not in seen
    os.close(ours)
    assert not opened(history, plain)
    file(PASSPHRASE_FILE, PASSPHRASE)
    assert opened(history, plain)


# -- copies and other places -------------------------------------------------------------------------------------------


def test_backups_and_moved_stores_open_by_the_keyring(plain, history, tmp_path):
    copy, moved, copied = (tmp_path / name for name in ("copy.db", "moved.db", "copied.db"))
    assert history(plain, "encrypt")[0] == 0 and history(plain, "backup", str(copy))[0] == 0
    shutil.copy(plain, copied)
    plain.rename(moved)
    with History.open(plain) as store:  # another one in its place, which gets a key of its own
        store.add("Another zanzibar.")
    assert history(plain, "encrypt")[0] == 0
    with History.open(moved) as store:  # what writes the whole file anew leaves its beginning
        assert store.forget([store.add("A text that goes.")]).complete
    assert all(opened(history, path) for path in (plain, copy, moved, copied))
    assert history(moved, "rekey")[0] == 0 and history(copied, "decrypt")[0] == 0
    assert all(opened(history, path) for path in (plain, copy, moved, copied))


def test_the_key_opens_the_store_where_its_keyring_is_not(plain, history, file, ring):
    assert history(plain, "encrypt")[0] == 0
    code, out, err = history(plain, "key")
    assert code == 0 and out == f"{next(iter(ring.entries.values()))}\n" and err.count("\n") == 1 and out.strip() not in err
    ring.entries.clear()
    code, nothing, err = history(plain, "key")
    assert code == 2 and nothing == "" and "no key" in err
    file(PASSPHRASE_FILE, "wrong")
    code, nothing, err = history(plain, "key")
    assert code == 2 and nothing == "" and "does not open" in err
    file(PASSPHRASE_FILE, out.strip())
    assert opened(history, plain) and history(plain, "key")[1] == out
    assert history(plain, "rekey")[0] == 0
    del os.environ[PASSPHRASE_FILE]
    assert opened(history, plain) and history(plain, "key")[1] != out


# -- files that are open -----------------------------------------------------------------------------------------------


def test_the_collector_may_close_a_store_in_the_middle_of_it(tmp_path):
    gc.disable()
    try:
        store = History.open(tmp_path / "h.db")
        store.itself = store  # nobody closes it, and only the collector finds it

        def collect() -> None:
            nonlocal store
            with OPEN_FILES._lock:
                del store
                gc.collect()

        thread = threading.Thread(target=collect, daemon=True)
        thread.start()
        thread.join(10)
        assert not thread.is_alive() and OPEN_FILES.connections((tmp_path / "h.db").resolve()) == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("method", ["enter", "leave"])
def test_a_connection_that_goes_at_any_step_is_counted_once(tmp_path, method):
    """As the collector would have it: another connection's `leave` between any two instructions."""
    path = tmp_path / "h.db"
    path.write_bytes(b"SQLite format 3")
    step = injected = 0
    while injected == step:
        step += 1
        files = OpenFiles()
        files.enter(path)
        if method == "leave":
            files.enter(path)
        files.head(path, 10)
        (descriptor,) = files._descriptors[str(path)].values()
        seen = 0

        def trace(frame, event, _, files=files, stop=step):
            nonlocal seen, injected
            if frame.f_code is not getattr(OpenFiles, method).__code__:
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                seen += 1
                if seen == stop:
                    injected = stop
                    sys.settrace(None)
                    files.leave(path)
            return trace

        tracer = sys.gettrace()
        sys.settrace(trace)
        try:
            getattr(files, method)(path)
        finally:
            sys.settrace(tracer)
        if injected == step:
            assert files.connections(path) == (method == "enter")
            if method == "leave":
                with pytest.raises(OSError, match="Bad file descriptor"):
                    os.fstat(descriptor)
    assert step > 10


def test_no_file_is_named_as_if_it_were_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="create=False"):
        History.open(":memory:")
    with History.open(":memory:", create=False) as store:
        store.add("A text.")
        assert len(store) == 1
    assert not list(tmp_path.iterdir())
    with History.open(tmp_path / ":memory:") if os.name == "posix" else History.open("h.db") as store:  # a path is meant as one
        assert len(store) == 0
