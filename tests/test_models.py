"""The user's models: what may be added, how one is fetched, and that a crafted file harms nobody."""

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from gguf_headers import File, changed

from rpo_edge.errors import InputError, ModelError
from rpo_edge.manifest import CHAT, TRAJECTORY, Manifest
from rpo_edge.progress import bar
from rpo_edge.prompt import SPECIAL_TOKENS
from rpo_edge.shelf import Shelf
from rpo_edge.shelf.download import address, fetch

ROOT = Path(__file__).resolve().parents[1]
DRAFT = (ROOT / "examples/response.txt").read_bytes()
DATA = bytes(File())
ENDLESS = bytes(changed(endless=struct.pack("<IIQ", 9, 8, 1 << 62)))
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("RPO_EDGE_MODELS", str(tmp_path / "models"))
    return Shelf()


@pytest.fixture
def run(run, shelf):
    """As anywhere, with a shelf of its own."""
    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "Tiny Instruct (1).gguf"
    path.write_bytes(DATA)
    return path


def refused(found, *words):
    code, out, err = found
    return code == 2 and out == b"" and err.startswith(b"rpo-edge: ") and err.count(b"\n") == 1 and all(word in err for word in words)


# The shelf


def test_a_file_is_added_as_a_model_folder_and_removed(run, shelf, file):
    assert run("models", "add", file)[:2] == (0, b"tiny-instruct-1\n")
    manifest = Manifest.load(shelf.folder / "tiny-instruct-1")
    manifest.verify()
    assert (manifest.name, manifest.kind, manifest.prompt, manifest.quantization) == ("Tiny Instruct", "generative", CHAT, "q8_0")
    assert manifest.files == {"model.gguf": SHA256} and manifest.licence == "cc0-1.0"
    assert b"tiny-instruct-1\tTiny Instruct\tq8_0\t" in run("models", "list")[1]
    assert refused(run("models", "add", file), b"already", b"--name")
    assert run("models", "add", file, "--name", "Other")[1] == b"Other\n"
    assert run("models", "remove", "tiny-instruct-1")[0] == 0 and shelf.names() == ["Other"] and file.read_bytes() == DATA
    assert refused(run("models", "remove", "tiny-instruct-1"), b"tiny-instruct-1") and refused(run("models", "remove", "edit"))
    assert [path.name for path in shelf.folder.iterdir()] == ["Other"]


@pytest.mark.parametrize("name", ["rules", "edit", "settings.json", "", "../x", "a/b", ".hidden", "a b", "x" * 65, "é", "-x"])
def test_names_that_are_taken_or_none(run, shelf, file, name):
    assert refused(run("models", "add", f"--name={name}", file))
    assert not shelf.folder.exists()


def test_a_folder_is_added_whole_and_nothing_else_of_it(run, shelf, tmp_path):
    source = tmp_path / "mine"
    shutil.copytree(ROOT / "rpo_edge/models/edit", source)
    (source / "diary.txt").write_text("not named", "utf-8")
    assert run("models", "add", source)[1] == b"mine\n"
    assert sorted(p.name for p in (shelf.folder / "mine").iterdir()) == sorted([*Manifest.load(source).files, "manifest.json"])
    named, given_path = (run("rewrite", "--reflector", which, stdin=DRAFT) for which in ("mine", shelf.folder / "mine"))
    assert named[0] == 0 and named[1] == given_path[1] != DRAFT
    (source / "vocab.txt").write_text("altered", "utf-8")
    assert refused(run("models", "add", source, "--name", "again"), b"altered") and shelf.names() == ["mine"]


def test_a_folder_that_rewrites_nothing_is_refused(run, shelf, tmp_path):
    source = tmp_path / "mine"
    shutil.copytree(ROOT / "rpo_edge/models/edit", source)
    said = json.loads((source / "manifest.json").read_text("utf-8"))
    (source / "manifest.json").write_text(json.dumps(said | {"kind": "causal"}), "utf-8")
    assert refused(run("models", "add", source), b"rewrites nothing") and not shelf.names()


def test_a_link_leaves_the_file_where_it_is(run, shelf, file):
    assert run("models", "add", "--link", file, "--name", "tiny")[0] == 0 and (shelf.folder / "tiny/model.gguf").is_symlink()
    assert run("models", "verify")[0] == 0
    file.write_bytes(DATA + b"more")
    assert run("models", "verify")[0] == 2
    assert run("models", "remove", "tiny")[0] == 0 and file.exists()


def test_verify_looks_at_every_byte_of_every_model(run, shelf, file):
    for name in ("first", "second", "third"):
        run("models", "add", file, "--name", name)
    (shelf.folder / "first/model.gguf").write_bytes(DATA[:-1] + b"\1")
    (shelf.folder / "third/manifest.json").write_text("{}", "utf-8")
    code, out, err = run("models", "verify")
    assert code == 2 and b"second: ok" in out and b"edit: ok" in out and err.count(b"\n") == 2 and b"altered" in err and b"damaged" in err
    code, out, _ = run("doctor")
    assert code == 2 and out.count(b"FAIL  model") == 2  # llama.cpp, which the second one needs, may be missing too
    assert run("models", "list")[0] == 0


def test_the_default_of_a_user(run, shelf, tmp_path):
    plain = run("rewrite", "--reflector", "edit", stdin=DRAFT)[1]
    assert run("rewrite", stdin=DRAFT)[1] == plain
    run("models", "add", ROOT / "rpo_edge/models/edit", "--name", "mine")
    assert run("models", "use", "mine")[0] == 0 and b"mine\tedit-minilm\tint8" in run("models", "list")[1]
    name = json.loads(run("rewrite", "--format", "json", stdin=DRAFT)[1])["reflector"]["name"]
    assert name == "edit-minilm" and run("models", "list")[1].rstrip().endswith(b"default")
    assert (
        run("models", "use", "rules")[0] == 0
        and json.loads(run("rewrite", "--format", "json", stdin=DRAFT)[1])["reflector"]["name"] == "rules"
    )
    assert run("rewrite", "--reflector", "edit", stdin=DRAFT)[1] == plain
    assert run("models", "use", "edit")[0] == 0 and run("rewrite", stdin=DRAFT)[1] == plain
    assert refused(run("models", "use", "nothing"), b"nothing")
    run("models", "use", "mine")
    assert b"default" in run("models", "remove", "mine")[2] and run("rewrite", stdin=DRAFT)[1] == plain


def test_a_default_that_went_away_is_said(run, shelf):
    shelf.make()
    (shelf.folder / "settings.json").write_text('{"reflector": "gone"}', "utf-8")
    assert refused(run("rewrite", stdin=DRAFT), b"gone") and b"FAIL  default reflector" in run("doctor")[1]
    (shelf.folder / "settings.json").write_text("{", "utf-8")
    assert refused(run("rewrite", stdin=DRAFT), b"settings.json") and refused(run("models", "list"), b"settings.json")
    assert run("rewrite", "--reflector", "rules", stdin=DRAFT)[0] == 0 and run("models", "use", "edit")[0] == 0
    assert run("rewrite", stdin=DRAFT)[0] == 0


@pytest.mark.skipif(os.name != "posix", reason="what Windows says of such a name differs")
def test_a_folder_that_cannot_be_read_stops_no_embedded_model(run, shelf, tmp_path, monkeypatch):
    """A name that is too long stands for all that can be wrong with a folder, whoever runs the tests."""
    monkeypatch.setenv("RPO_EDGE_MODELS", str(tmp_path / ("m" * 300)))
    assert run("rewrite", "--reflector", "edit", stdin=DRAFT)[0] == 0
    for arguments in (["--reflector", "mine"], []):  # its settings might name another model
        assert refused(run("rewrite", *arguments, stdin=DRAFT), b"cannot be read: file name too long")
    with pytest.raises(ModelError, match="cannot be read"):
        Shelf().names()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may become somebody who may not read")
@pytest.mark.parametrize("closed", ["models", "."])
def test_a_folder_that_others_may_not_read(shelf, tmp_path, closed):
    shelf.make()
    for folder in (tmp_path, *(parent for parent in tmp_path.parents if "pytest" in str(parent))):
        folder.chmod(0o755)
    (tmp_path / closed).chmod(0o700)
    child = os.fork()
    if child == 0:
        os._exit(_find_as_nobody(shelf))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _find_as_nobody(shelf):
    """Exit status of a child process: 0 if the embedded model is found, and it is said why no other can be."""
    try:
        os.setgid(65534)
        os.setuid(65534)
        assert shelf.find("edit") is not None
        with pytest.raises(ModelError, match="models cannot be read: permission denied"):
            shelf.find("mine")
        return 0
    except BaseException:
        return 1


def test_names_that_have_no_model(shelf):
    assert shelf.names() == []  # no folder yet
    shelf.make()
    for name in ("mine", ".hidden", "no name"):
        (shelf.folder / name).mkdir()
        (shelf.folder / name / "manifest.json").write_text("{}", "utf-8")
    (shelf.folder / "empty").mkdir()
    (shelf.folder / "file").write_text("", "utf-8")
    assert shelf.names() == ["mine"]


def test_a_name_is_not_a_folder_that_happens_to_be_there(run, shelf, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    run("models", "add", ROOT / "rpo_edge/models/edit", "--name", "mine")
    assert run("rewrite", "--reflector", "mine", stdin=DRAFT)[0] == 0
    assert refused(run("rewrite", "--reflector", "./mine", stdin=DRAFT), b"manifest.json")
    assert refused(run("rewrite", "--reflector", "other", stdin=DRAFT), b"models list")


def test_an_own_models_file_keeps_its_form(run, shelf, tmp_path):
    path = tmp_path / "own.gguf"
    tokens = {"tokenizer__ggml__tokens": [*SPECIAL_TOKENS, "a"], "tokenizer__ggml__token_type": [3] * len(SPECIAL_TOKENS) + [1]}
    path.write_bytes(bytes(changed(**tokens, tokenizer__chat_template=None)))
    assert run("models", "add", path)[0] == 0 and Manifest.load(shelf.folder / "own").prompt == TRAJECTORY


def test_the_command_refuses_a_bad_file(run, shelf, tmp_path):
    path = tmp_path / "bad.gguf"
    path.write_bytes(ENDLESS)
    assert refused(run("models", "add", path), b"elements in one array") and refused(run("rewrite", "--reflector", path, stdin=DRAFT))
    path.write_bytes(bytes(changed(tokenizer__chat_template=None)))
    assert refused(run("models", "add", path), b"no chat template")
    assert refused(run("models", "add", tmp_path / "nothing.gguf"), b"no such file") and not list(shelf.folder.iterdir())


# Downloads


class Server(BaseHTTPRequestHandler):
    """A file at /file.gguf, with ranges or (at /whole/) without; /broken/ stops half way; /away/ leads elsewhere."""

    data, asked, protocol_version = DATA, [], "HTTP/1.1"

    def do_GET(self):
        self.asked.append((self.path, self.headers.get("Range")))
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1]) if "/whole/" not in self.path else 0
        if "/away/" in self.path:
            self.send_response(302)
            self.send_header(
                "Location", {"/away/ftp": "ftp://127.0.0.1/x", "/away/http": "http://example.org/x"}.get(self.path, "/file.gguf")
            )
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif "/none/" in self.path or start >= len(self.data):
            self.send_error(404 if "/none/" in self.path else 416)
        else:
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(self.data) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(self.data) - 1}/{len(self.data)}")
            self.end_headers()
            self.wfile.write(self.data[start : len(self.data) // 2 if "/broken/" in self.path and not start else None])
            self.close_connection = True

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    Server.asked = []
    made = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    made.server_close()
    thread.join()


def test_a_file_is_fetched_checked_and_added(run, shelf, server):
    code, out, err = run("models", "pull", "--url", f"{server}/away/tiny.gguf?download=true", "--sha256", SHA256.upper())
    assert (code, out) == (0, b"tiny\n") and SHA256.encode() in err
    assert Manifest.load(shelf.folder / "tiny").files == {"model.gguf": SHA256} and not list(shelf.folder.glob(".*"))
    assert refused(run("models", "pull", "--url", f"{server}/tiny.gguf", "--sha256", SHA256), b"already") and len(Server.asked) == 2


def test_what_broke_off_goes_on_where_it_was(run, shelf, server):
    url, half = f"{server}/broken/tiny.gguf", len(DATA) // 2
    assert refused(run("models", "pull", "--url", url, "--sha256", SHA256), f"{half} of {len(DATA)}".encode())
    assert run("models", "pull", "--url", url, "--sha256", SHA256)[:2] == (0, b"tiny\n")
    assert [asked for _, asked in Server.asked] == [None, f"bytes={half}-"]


def test_a_server_without_ranges_sends_all_again(run, shelf, server, tmp_path):
    part = tmp_path / "part"
    part.write_bytes(DATA[:50] + b"x" * len(DATA))
    fetch(f"{server}/whole/tiny.gguf", part, bar)
    assert part.read_bytes() == DATA and Server.asked[0][1] is not None


def test_a_whole_part_is_not_asked_for_again(server, tmp_path):
    part = tmp_path / "part"
    part.write_bytes(DATA)
    fetch(f"{server}/file.gguf", part, bar)
    assert part.read_bytes() == DATA


def test_another_file_than_was_expected_is_deleted_unopened(run, shelf, server):
    assert refused(run("models", "pull", "--url", f"{server}/tiny.gguf", "--sha256", "0" * 64), SHA256.encode(), b"deleted")
    assert not list(shelf.folder.iterdir())


def test_trust_takes_what_comes_if_it_is_a_model(run, shelf, server, monkeypatch):
    url = f"{server}/tiny.gguf"
    assert refused(run("models", "pull", "--url", url), b"--sha256", b"--trust") and not Server.asked
    monkeypatch.setattr(Server, "data", ENDLESS)
    code, out, err = run("models", "pull", "--url", url, "--trust")
    assert (code, out) == (2, b"") and url.encode() in err and not list(shelf.folder.iterdir())
    monkeypatch.setattr(Server, "data", DATA)
    assert run("models", "pull", "--url", url, "--trust", "--name", "trusted")[:2] == (0, b"trusted\n")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["owner/name/file.gguf", "--url", "https://example.org/x"],
        ["owner/name"],
        ["../../etc/passwd"],
        ["owner/name/../x"],
        ["owner/name/file?x=y"],
        ["--url", "http://example.org/model.gguf"],
        ["--url", "file:///etc/passwd"],
        ["--url", "ftp://127.0.0.1/model.gguf"],
        ["--url", "https:///model.gguf"],
        ["--url", "https://[x/model.gguf"],
        ["--url", "http://127.0.0.1.example.org/model.gguf"],
    ],
)
def test_addresses_that_are_not_allowed(run, shelf, arguments):
    assert refused(run("models", "pull", *arguments, "--sha256", SHA256)) and not list(shelf.folder.glob("*"))


@pytest.mark.parametrize("path", ["/none/x.gguf", "/away/ftp", "/away/http"])
def test_a_failure_of_the_server_is_one_line(run, shelf, server, path):
    assert refused(run("models", "pull", "--url", server + path, "--sha256", SHA256, "--name", "x"))
    assert not shelf.names()


def test_nobody_there_is_one_line(run, server):
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as closed:
        port = closed.server_port
    assert refused(run("models", "pull", "--url", f"http://127.0.0.1:{port}/x.gguf", "--sha256", SHA256), b"refused")


def test_the_hubs_addresses():
    assert (
        address("Some-One/A.Model-GGUF/sub/m-q4_k_m.gguf") == "https://huggingface.co/Some-One/A.Model-GGUF/resolve/main/sub/m-q4_k_m.gguf"
    )
    with pytest.raises(InputError):
        address("one/two/")


def test_a_rewrite_by_rules_waits_for_none_of_this(store, tmp_path):
    heavy = ("urllib.request", "rpo_edge.runtimes.inspection", "rpo_edge.shelf.adding", "rpo_edge.chat", "jinja2", "llama_cpp")
    code = f"import atexit, sys; atexit.register(lambda: print([m for m in {heavy} if m in sys.modules])); from rpo_edge.cli import main; main()"
    command = [sys.executable, "-c", code, "--store", str(store), "rewrite", str(ROOT / "examples/response.txt")]
    environment = os.environ | {"RPO_EDGE_MODELS": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, check=True, text=True, cwd=ROOT, env=environment, timeout=60)
    assert done.stdout.endswith("[]\n") and "It's unlikely" in done.stdout


def test_the_network_has_one_door():
    users = [path.name for path in (ROOT / "rpo_edge").rglob("*.py") if "urllib.request" in path.read_text("utf-8")]
    assert users == ["download.py"]


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_the_folder_is_the_users_alone(run, shelf, file):
    run("models", "add", file)
    assert shelf.folder.stat().st_mode & 0o077 == 0
