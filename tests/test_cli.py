"""The command line's contract, in the process where that is enough."""

import hashlib
import json
import os
import socket
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing, nullcontext, suppress
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rpo_edge
from rpo_edge import History, HistoryItem, Personalizer, Rewrite
from rpo_edge.cli import history as commands
from rpo_edge.cli.history import _stored
from rpo_edge.engine import EMPTY_HISTORY
from rpo_edge.errors import ReflectorError
from rpo_edge.history import SIDES
from rpo_edge.importers import IMPORTERS
from rpo_edge.language import is_english
from rpo_edge.reflectors.rules import RulesReflector

ROOT = Path(__file__).resolve().parents[1]
DRAFT = (ROOT / "examples/response.txt").read_text("utf-8")


PARTS = [
    "It is so. ",
    "I do not know, ",
    "\r\n\r\n",
    "\n\n- ",
    "However, we can not. ",
    "`it is`",
    "🙂 ",
    "é",
    "Certainly! ",
    "color ",
    "\t",
]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draft=st.lists(st.sampled_from(PARTS), max_size=12).map("".join) | st.text(max_size=60).filter(lambda t: t.isprintable()))
def test_json_edits_applied_to_the_draft_give_the_text(run, draft):
    code, out, _ = run("rewrite", "--format", "json", "--reflector", "rules", stdin=draft.encode())
    result = json.loads(out)
    text, position = "", 0
    for edit in result["edits"]:
        assert draft[edit["start"] : edit["end"]] == edit["before"] and edit["reason"]
        text += draft[position : edit["start"]] + edit["after"]
        position = edit["end"]
    assert code == 0 and text + draft[position:] == result["text"] and result["draft"] == draft
    assert set(result) == {field.name for field in fields(Rewrite)} | {"changed"}
    assert result["changed"] == (result["text"] != draft) and result["reflector"]["name"] == "rules"


@pytest.mark.parametrize(
    ("draft", "arguments", "notice", "failed"),
    [
        ("Où est la gare ? Je ne sais pas où elle est, et il est tard.", (), "not English", False),
        (DRAFT, (), None, False),
        (DRAFT, ("--strict",), "the model cannot go on", True),
    ],
)
def test_json_says_why_a_draft_is_unchanged(run, monkeypatch, draft, arguments, notice, failed):
    def fails(self, *given):
        raise ReflectorError("the model cannot go on")

    if failed:
        monkeypatch.setattr(RulesReflector, "reflect", fails)
    code, out, _ = run("rewrite", "--format", "json", "--reflector", "rules", *arguments, stdin=draft.encode())
    result = json.loads(out)
    assert result["failed"] == failed == bool(code) and result["changed"] == (notice is None)
    assert [notice in said for said in result["notices"]] == ([True] if notice else [])


def test_json_says_that_the_history_is_empty(run, tmp_path):
    result = json.loads(run("rewrite", "--format", "json", stdin=b"It is late.", at=tmp_path / "none.db")[1])
    assert result["notices"] == [EMPTY_HISTORY] and not result["failed"] and not result["changed"]


def test_diff_is_plain_in_a_pipe_and_reasons_go_to_stderr(run):
    code, out, err = run("rewrite", "--format", "diff", "--explain", "--reflector", "rules", stdin=DRAFT.encode())
    assert code == 0 and b"[-It is-]{+It's+}" in out and b"\x1b" not in out and b"contractions" in err


def test_carriage_returns_stay(run):
    draft = DRAFT.replace("\n", "\r\n").encode()
    _, out, _ = run("rewrite", "--reflector", "rules", stdin=draft)
    assert out != draft and out.count(b"\r\n") == draft.count(b"\r\n") == out.count(b"\n")


def test_tables_and_code_stay_where_lines_end_in_carriage_returns(run):
    kept = b"| It is | not |\r\n|---|---|\r\n| It is | I do not |\r\n\r\n    it is not = 1\r\n\r\n| It is | alone |"
    draft = b"It is so. I do not know.\r\n\r\n" + kept + b"\r\n\r\nIt is not so, it is.\r\n"
    _, out, _ = run("rewrite", "--reflector", "rules", stdin=draft)
    assert out != draft and kept in out


def test_a_byte_order_mark_stays_and_does_not_hinder(run, tmp_path):
    mark = b"\xef\xbb\xbf"
    plain = run("rewrite", "--reflector", "rules", stdin=DRAFT.encode())[1]
    assert plain != DRAFT.encode() and run("rewrite", "--reflector", "rules", stdin=mark + DRAFT.encode())[1] == mark + plain
    result = json.loads(run("rewrite", "--reflector", "rules", "--format", "json", stdin=mark + DRAFT.encode())[1])
    assert result["edits"] and all(result["draft"][e["start"] : e["end"]] == e["before"] for e in result["edits"])
    number = run("history", "add", "-", stdin=mark + b"A text.", at=tmp_path / "h.db")[1].decode().strip()
    assert run("history", "show", number, at=tmp_path / "h.db")[1] == b"A text.\n"


# -- as it comes -------------------------------------------------------------------------------------------------------


def test_a_sentence_is_written_before_the_draft_has_ended(store):
    """By a writer that waits for it, in the middle of a sentence and of a character."""
    command = [sys.executable, "-m", "rpo_edge", "--store", str(store), "rewrite", "--reflector", "rules", "--stream", "--explain"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT) as rewriting:
        try:
            rewriting.stdin.write(b"It is late. I do not know the caf" + "é".encode()[:1])
            rewriting.stdin.flush()
            first = os.read(rewriting.stdout.fileno(), 100)
            rewriting.stdin.write("é".encode()[1:] + b" that it is.")
            out, err = rewriting.communicate(timeout=60)
        finally:
            rewriting.kill()
    assert first.rstrip() == b"It's late." and (first + out).decode() == "It's late. I don't know the café that it is."
    assert rewriting.returncode == 0 and b"contractions" in err and b"draft" not in out


@pytest.mark.parametrize(
    "draft", [DRAFT, DRAFT.replace("\n", "\r\n"), "", " \n", "🙂" * 200 + " It is so. " * 9, "Où est la gare ? Je ne sais pas."]
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_is_streamed_is_the_rewrite_by_sentences(run, store, draft, mark):
    with History.open(store) as history:
        expected = Personalizer(history, "rules").rewrite(draft, windows="sentences")
    code, out, err = run("rewrite", "--reflector", "rules", "--stream", stdin=(mark + draft).encode())
    assert (code, out.decode()) == (0, mark + expected.text)
    assert err.decode().splitlines() == [f"rpo-edge: {notice}" for notice in expected.notices]


def test_reasons_count_from_the_byte_order_mark_in_a_stream_too(run):
    draft = b"\xef\xbb\xbfIt is late."
    streamed, whole = (run("rewrite", "--reflector", "rules", "--explain", *more, stdin=draft) for more in (["--stream"], []))
    assert streamed == whole and b"  1: 'It is'" in whole[2]


def test_a_file_may_be_streamed_and_must_be_there(run, tmp_path):
    shown = run("rewrite", ROOT / "examples/response.txt", "--reflector", "rules", "--stream")[1]
    assert shown == run("rewrite", "--reflector", "rules", "--stream", stdin=DRAFT.encode())[1] != DRAFT.encode()
    code, out, err = run("rewrite", tmp_path / "none.txt", "--stream")
    assert (code, out) == (2, b"") and err.count(b"\n") == 1 and b"none.txt: no such file" in err


@pytest.mark.parametrize("before", ["", "é" * 127 + "it", "It is late, and we do not know. " * 9])
@pytest.mark.parametrize("bad", [b"\xff We do not.", b"\xc3", b"\xf0\x9f\x99 no"])
def test_what_is_not_utf8_is_said_where_it_stands(run, store, before, bad):
    """In a stream after what came before it; without one nothing is written."""
    with History.open(store) as history:
        rewritten = Personalizer(history, "rules").rewrite(before, windows="sentences").text
    for more, written in ((["--stream"], rewritten), ([], "")):
        code, out, err = run("rewrite", "--reflector", "rules", *more, stdin=before.encode() + bad)
        assert code == 2 and f"rpo-edge: standard input is not UTF-8 (byte {len(before.encode())})\n".encode() == err
        assert out.decode() == written


@pytest.mark.parametrize("form", ["json", "diff"])
def test_only_text_is_streamed(run, form):
    code, out, err = run("rewrite", "--stream", "--format", form, stdin=DRAFT.encode())
    assert (code, out) == (2, b"") and err == f"rpo-edge: --stream writes text alone, not --format {form}\n".encode()
    assert run("rewrite", "--stream", "--format", "text", stdin=DRAFT.encode())[0] == 0


def test_a_failing_reflector_streams_the_draft(run, monkeypatch):
    def fail(*_):
        raise ReflectorError("the model stumbled")

    monkeypatch.setattr(RulesReflector, "reflect", fail)
    for strict in (False, True):
        code, out, err = run("rewrite", "--reflector", "rules", "--stream", *(["--strict"] if strict else []), stdin=DRAFT.encode())
        assert code == int(strict) and out == DRAFT.encode() and err == b"rpo-edge: the model stumbled\n"


def test_other_languages_pass_unchanged(run):
    draft = "Die Pizza wäre so weit von der Erde entfernt, dass man sie nicht sehen könnte, und das ist schade für alle."
    code, out, err = run("rewrite", stdin=draft.encode())
    assert code == 0 and out.decode() == draft and b"not English" in err


@pytest.mark.parametrize(
    "text",
    [
        "Könnten wir morgen telefonieren, bitte?",
        "Ist das nicht gut?",
        "Vamos a la playa mañana.",
        "Où est la gare ?",
        "Não posso ir.",
        "Можем ли мы поговорить завтра?",
        "明日電話できますか",
    ],
)
def test_short_texts_of_other_languages_are_told(text):
    assert not is_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "Fix the pump.",
        "OK",
        "Restart nginx",
        "No.",
        "Meet Jürgen in Zürich.",
        "Send your résumé.",
        "Don’t go.",
        "Café closed",
        "42",
        "",
        "a = b",
        "🙂",
    ],
)
def test_short_english_texts_are_told(text):
    assert is_english(text)


@pytest.mark.parametrize("error", [ReflectorError("the model stumbled"), ZeroDivisionError("a bug")])
def test_a_failing_reflector_gives_the_draft_back(run, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(RulesReflector, "reflect", fail)
    for strict in (False, True):
        code, out, err = run("rewrite", "--reflector", "rules", *(["--strict"] if strict else []), stdin=DRAFT.encode())
        assert code == int(strict) and out == DRAFT.encode() and str(error).encode() in err and b"Traceback" not in err


def test_an_altered_model_is_refused(run, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"weights")
    manifest = {"name": "x", "kind": "edit", "base": "b", "licence": "l", "quantization": "int8", "prompt_version": 1}
    manifest["files"] = {"model.onnx": hashlib.sha256(b"weights").hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    (folder / "model.onnx").write_bytes(b"weighty")
    code, out, err = run("rewrite", "--reflector", folder, stdin=b"It is so.")
    assert code == 2 and out == b"" and b"altered" in err and err.count(b"\n") == 1
    (folder / "manifest.json").write_text("{}", "utf-8")
    code, _, err = run("rewrite", "--reflector", folder, stdin=b"It is so.")
    assert code == 2 and b"damaged" in err


def test_models_and_doctor_are_well(run):
    assert run("models", "list")[1].startswith(b"rules") and run("models", "verify")[0] == 0
    code, out, _ = run("doctor")
    assert code == 0 and b"FAIL" not in out


@pytest.mark.parametrize(
    ("data", "code", "said"), [(b"", 0, b"0 items in"), (b"no database at all", 2, b"FAIL  history"), (None, 0, b"none yet")]
)
def test_doctor_leaves_the_store_as_it_is(run, tmp_path, data, code, said):
    at = tmp_path / "own.db"
    if data is not None:
        at.write_bytes(data)
        at.chmod(0o600)
    before = sorted(tmp_path.glob("own*"))
    found, out, _ = run("doctor", at=at)
    assert found == code and said in out
    assert sorted(tmp_path.glob("own*")) == before and (data is None or at.read_bytes() == data)


@pytest.mark.skipif(os.name != "posix", reason="no modes")
@pytest.mark.parametrize("models", ["closed", "closed/models"])
def test_doctor_says_what_may_not_be_read(tmp_path, models):
    closed = tmp_path / "closed"
    (closed / "models").mkdir(parents=True)
    closed.chmod(0)
    code = """
import os, sys
from pathlib import Path
from rpo_edge.cli import main
from rpo_edge.doctor import checks

[*checks(Path("none.db"))]  # imports everything
if os.geteuid() == 0:  # who may read all
    os.setgid(65534)
    os.setuid(65534)
main()
"""
    command = [sys.executable, "-c", code, "--store", str(closed / "own.db"), "doctor"]
    environment = os.environ | {"RPO_EDGE_MODELS": str(tmp_path / models)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60)
    closed.chmod(0o700)
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 2 and done.stderr == b""
    assert [line for line in lines if "ermission denied" in line] == [
        f"FAIL  history: the history {closed / 'own.db'} cannot be used: Permission denied",
        f"FAIL  your models: {tmp_path / models} cannot be read: permission denied",
        f"FAIL  default reflector: {tmp_path / models / 'settings.json'} cannot be read: permission denied",
    ]
    assert any(line.startswith("ok    model edit") for line in lines) and any(line.startswith("ok    onnxruntime") for line in lines)


def test_history_commands(run, tmp_path):
    at, exported = tmp_path / "own.db", tmp_path / "out.jsonl"
    code, out, _ = run("history", "add", "I don't like pumps.", "--source", "mail", "--date", "2024-05-06", at=at)
    number = out.decode().strip()
    assert code == 0 and number.isdigit()
    assert run("history", "show", number, at=at)[1] == b"I don't like pumps.\n"
    assert b"pumps" in run("history", "search", "pumps", at=at)[1] and b"pumps" in run("history", "list", at=at)[1]
    assert json.loads(run("history", "search", "pumps", "--format", "json", at=at)[1])[0]["source"] == "mail"
    assert run("history", "export", exported, at=at)[0] == 0 and run("history", "export", exported, at=at)[0] == 2
    assert run("history", "forget", "--source", "mail", at=at)[0] == 0 and run("history", "show", number, at=at)[0] == 2
    assert b"1 items would" in run("history", "import", exported, "--dry-run", at=at)[2]
    assert run("history", "list", at=at)[1] == b""
    assert run("history", "import", exported, at=at)[0] == 0 and b"mail" in run("history", "stats", at=at)[1]
    assert run("history", "add", "x", "--date", "yesterday", at=at)[0] == 2


def test_stated_preferences_outrank_the_history(run, tmp_path):
    at = tmp_path / "own.db"
    draft = b"It is organized. I do not mind. The rest of this draft says nothing at all."
    for i in range(8):
        run("history", "add", f"It is {i} and I do not know.", at=at)
    assert run("rewrite", "--reflector", "rules", stdin=draft, at=at)[1] == draft
    assert run("profile", "set", "contractions", "always", at=at)[0] == 0
    assert run("rewrite", "--reflector", "rules", stdin=draft, at=at)[1].startswith(b"It's organized. I don't mind. The")
    assert run("profile", "set", "greeting", "Ahoy", at=at)[0] == 0
    assert run("rewrite", "--reflector", "rules", stdin=draft, at=at)[1].startswith(b"Ahoy,\n\nIt's")
    assert json.loads(run("profile", "show", "--format", "json", at=at)[1])["preferences"] == {"contractions": "always", "greeting": "Ahoy"}
    assert run("profile", "unset", "contractions", at=at)[0] == 0 and run("profile", "unset", "contractions", at=at)[0] == 2


def test_a_draft_of_ten_thousand_words(store):
    draft = "\n\n".join(f"## Part {i}\n\n{DRAFT.strip()}\n\n```\nit is not {i}\n```" for i in range(60))
    assert len(draft.split()) > 10_000
    with History.open(store) as history:
        rewrite = Personalizer(history, "rules").rewrite(draft)
    assert len(rewrite.edits) >= 60 and all(f"\nit is not {i}\n" in rewrite.text and f"## Part {i}\n" in rewrite.text for i in range(60))


def test_twenty_thousand_words_in_one_sentence(store, within):
    draft = "it is so and " * 5000 + "it is so."
    with History.open(store) as history, within(60):
        rewrite = Personalizer(history, "rules").rewrite(draft)
    assert len(rewrite.edits) > 1000


@pytest.mark.parametrize(
    "arguments",
    [["rewrite"], ["history", "list"], ["history", "search", "x"], ["history", "stats"], ["history", "export", "-"], ["profile", "show"]],
)
def test_reading_makes_no_store(run, tmp_path, arguments):
    at = tmp_path / "deep" / "h.db"
    assert run(*arguments, stdin=b"It is so.", at=at)[0] == 0 and run("rewrite", at=at)[:2] == (0, b"")
    assert not at.parent.exists()


def test_a_dry_run_counts_shows_and_stores_nothing(run, tmp_path):
    (tmp_path / "a.txt").write_text("\n\n".join(f"Note {i}. " + "word " * 190 for i in range(5)), "utf-8")
    (tmp_path / "b.jsonl").write_text('{"text": "A line of mine.", "date": "2024-01-02"}\n{"no": "text"}\n', "utf-8")
    (tmp_path / "c.bin").write_bytes(b"\0")
    at = tmp_path / "new.db"
    code, out, err = run("history", "import", tmp_path / "a.txt", tmp_path / "b.jsonl", "--dry-run", at=at)
    lines = err.decode().splitlines()
    assert (code, out) == (1, b"") and not at.exists()
    assert lines[:2] == ["6 items would be read", "  5 from a, as"] and sum("Note" in line for line in lines) == 3
    assert "    2024-01-02  A line of mine." in lines and any(line.endswith("b.jsonl:2: no text") for line in lines)


def test_texts_with_secrets_are_left_out_unless_they_are_wanted(run, tmp_path):
    secret = "the password is " + "Xk39" + "!fj2x"
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "A note."}) + "\n" + json.dumps({"text": secret}) + "\n", "utf-8")
    code, _, err = run("history", "import", tmp_path / "a.jsonl", at=tmp_path / "h.db")
    assert code == 0 and b"1 items added" in err and b"left out: 1 with a secret (password)" in err and secret[16:].encode() not in err
    assert b"1 items added" in run("history", "import", tmp_path / "a.jsonl", "--keep-secrets", at=tmp_path / "h.db")[2]


@pytest.mark.parametrize(
    ("file", "form"),
    [
        ("a.eml", "From: tom@a.org\nTo: ann@a.org\nSubject: {}\n\nThe gate is open, and I will be there at noon.\n"),
        ("a.jsonl", '{{"text": "The gate is open, and I will be there at noon.", "title": "{}"}}\n'),
    ],
)
@pytest.mark.parametrize(
    ("title", "held"),
    [("my password is hunter2" + "x9Q", True), ("password: swordfish", True), ("my password is late", False), ("password", False)],
)
def test_secrets_in_titles_and_subjects_count_as_well(run, tmp_path, file, form, title, held):
    at = tmp_path / "h.db"
    (tmp_path / file).write_text(form.format(title), "utf-8")
    code, _, err = run("history", "import", tmp_path / file, "--me", "tom@a.org", at=at)
    assert code == 0 and (b"left out: 1 with a secret (password)" in err) == held and title.encode() not in err
    assert (b"1 items added" in err) != held and (title.encode() in at.read_bytes()) != held
    assert b"1 items" in run("history", "import", tmp_path / file, "--me", "tom@a.org", "--dry-run", "--keep-secrets", at=at)[2]
    run("history", "import", tmp_path / file, "--me", "tom@a.org", "--keep-secrets", at=at)
    with History.open(at) as history:
        assert history.get(1).title == title


def test_a_format_with_many_people_asks_who_the_user_is(run, tmp_path):
    chat = tmp_path / "chat.txt"
    chat.write_text("[31.12.23, 18:00:06] Tom: I wrote this.\n[31.12.23, 18:01:00] Ann: And I this.\n", "utf-8")
    at = tmp_path / "h.db"
    code, _, err = run("history", "import", chat, at=at)
    assert code == 2 and b"--me" in err and not at.exists()
    code, _, err = run("history", "import", chat, "--me", "tom", at=at)
    assert code == 0 and b"1 items added" in err and b"left out: 1 written by others" in err
    assert b"1 were there already" in run("history", "import", chat, "--me", "tom", at=at)[2]
    assert b"2 items added" not in run("history", "import", chat, "--format", "text", at=at)[2]
    assert run("history", "import", chat, "--format", "nothing", at=at)[0] == 2
    listed = run("history", "formats", at=at)[1].decode()
    assert "whatsapp" in listed and listed.count("\n") == len(IMPORTERS)


def test_what_was_forgotten_has_a_receipt(run, tmp_path):
    at, receipt = tmp_path / "own.db", tmp_path / "receipt.json"
    run("history", "add", "Marmalade is made of zanzibar oranges.", at=at)
    run("history", "add", "Another note that stays.", at=at)
    code, _, err = run("history", "forget", "1", "--receipt", receipt, at=at)
    found = json.loads(receipt.read_text("utf-8"))
    assert code == 0 and b"1 items forgotten" in err and b"0 found" in err
    assert (
        found["ids"] == [1]
        and found["complete"]
        and found["found"] == 0 < found["scanned"]
        and "armalade" not in receipt.read_text("utf-8")
    )
    assert stat.S_IMODE(receipt.stat().st_mode) == 0o600 or os.name != "posix"
    assert b"zanzibar" not in b"".join(path.read_bytes() for path in tmp_path.glob("own.db*"))
    code, _, err = run("history", "forget", "7", "2", at=at)
    assert code == 0 and b"1 items forgotten" in err and b"no item 7" in err and run("history", "forget", "2", at=at)[0] == 2


@pytest.mark.parametrize("place", ["there.json", "absent/receipt.json", "closed/receipt.json"])
def test_nothing_is_forgotten_where_the_receipt_cannot_be(run, tmp_path, place):
    at, receipt = tmp_path / "own.db", tmp_path / place
    run("history", "add", "Marmalade is made of zanzibar oranges.", at=at)
    (tmp_path / "there.json").write_text("An older one.", "utf-8")
    (tmp_path / "closed").mkdir(mode=0o500)
    if "closed" in place and os.access(tmp_path / "closed", os.W_OK):
        pytest.skip("modes keep nobody here from writing")
    code, out, err = run("history", "forget", "--all", "--receipt", receipt, at=at)
    assert (code, out, err.count(b"\n")) == (2, b"", 1) and place.encode() in err
    assert b"zanzibar" in run("history", "list", at=at)[1] and (tmp_path / "there.json").read_text("utf-8") == "An older one."


@pytest.mark.parametrize(("arguments", "store"), [(["77"], None), ([], None), (["1", "--all"], None), (["--all"], b"no database at all")])
def test_a_forgetting_that_fails_leaves_no_receipt(run, tmp_path, arguments, store):
    at, receipt = tmp_path / "own.db", tmp_path / "receipt.json"
    run("history", "add", "Marmalade is made of zanzibar oranges.", at=at)
    if store:
        at.write_bytes(store)
    assert run("history", "forget", *arguments, "--receipt", receipt, at=at)[0] == 2 and not receipt.exists()


def test_a_receipt_that_cannot_be_written_after_all_is_printed(tmp_path):
    pytest.importorskip("resource")
    at, receipt = tmp_path / "own.db", tmp_path / "receipt.json"
    with History.open(at) as history:
        history.add("Marmalade is made of zanzibar oranges.")
    code = """
import resource
from rpo_edge.cli import main
from rpo_edge.history import History

class Full(History):
    def close(self):
        super().close()
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))  # from now on no file takes a byte

History.open = Full.open
main()
"""
    command = [sys.executable, "-c", code, "--store", str(at), "history", "forget", "1", "--receipt", str(receipt)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60)
    assert done.returncode == 1 and json.loads(done.stdout)["ids"] == [1] and b"1 items forgotten" in done.stderr
    assert b"the receipt is on standard output" in done.stderr and not receipt.exists()


def test_an_unsure_forgetting_ends_with_1(run, tmp_path):
    at = tmp_path / "own.db"
    run("history", "add", "Marmalade is made of zanzibar oranges.", at=at)
    reader = sqlite3.connect(at, isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from items").fetchone()  # holds the log, so that it cannot be cut
    code, _, err = run("history", "forget", "--all", at=at)
    reader.close()
    assert code == 1 and b"incomplete" in err and run("history", "list", at=at)[1] == b""


@pytest.mark.parametrize("arguments", [[], ["1"], ["--source", "nowhere"]])
def test_an_unsure_forgetting_is_finished_later(run, tmp_path, monkeypatch, arguments):
    """By the command that the first one names, or by any other."""
    monkeypatch.setattr("rpo_edge.store.forgetting._READERS", 0.1)
    at, receipt = tmp_path / "own.db", tmp_path / "receipt.json"
    run("history", "add", "Marmalade is made of zanzibar oranges.", at=at)
    run("history", "add", "Another note that stays.", at=at)
    reader = sqlite3.connect(at, isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from items").fetchone()
    code, _, err = run("history", "forget", "1", at=at)
    assert code == 1 and b"`rpo-edge history forget` without arguments" in err
    assert run("history", "forget", *arguments, at=at)[0] == 1  # the reader is still there
    reader.close()
    code, _, err = run("history", "forget", *arguments, "--receipt", receipt, at=at)
    found = json.loads(receipt.read_text("utf-8"))
    assert code == 0 and found["complete"] and found["ids"] == [] and found["scanned"]
    assert (b"no item 1 " in err) == (arguments == ["1"])
    assert b"zanzibar" not in b"".join(path.read_bytes() for path in tmp_path.glob("own.db*"))
    code, _, err = run("history", "forget", at=at)
    assert code == 2 and b"say what to forget" in err and run("history", "forget", "1", at=at)[0] == 2


def test_an_export_makes_the_same_store_again_and_so_does_a_backup(run, tmp_path):
    at, rows, copy, again = (tmp_path / name for name in ("own.db", "out.jsonl", "copy.db", "again.db"))
    run("history", "add", "Hi there.", "--source", "mail", "--date", "2024-05-06", at=at)
    run("profile", "set", "contractions", "always", at=at)
    assert run("history", "export", rows, at=at)[0] == 0 and run("history", "backup", copy, at=at)[0] == 0
    assert run("history", "import", rows, at=again)[0] == 0 and run("history", "backup", copy, at=at)[0] == 2
    stores = []
    for path in (at, copy, again):
        with History.open(path, create=False) as history:
            stores.append((list(history), history.preferences()))
    assert stores[0] == stores[1] == stores[2] and stores[0][1] == {"contractions": "always"}
    rows.write_text('{"preference": "contractions", "value": "sometimes?"}\n{"preference": 1, "value": "x"}\n{"text": "Good."}\n', "utf-8")
    code, _, err = run("history", "import", rows, at=again)
    assert code == 1 and err.count(b"out.jsonl:") == 2 and b"1 items added" in err


def test_a_store_is_encrypted_and_back(run, tmp_path, monkeypatch):
    pytest.importorskip("sqlcipher3")
    at, secret, wrong = tmp_path / "own.db", tmp_path / "secret", tmp_path / "wrong"
    secret.write_text("a long passphrase\n", "utf-8")
    wrong.write_text("not that one\n", "utf-8")
    monkeypatch.setenv("RPO_EDGE_PASSPHRASE_FILE", str(secret))
    run("history", "add", "Marmalade is made of zanzibar oranges.", at=at)
    assert run("history", "encrypt", at=at)[0] == 0 and b"zanzibar" not in at.read_bytes()
    assert b"zanzibar" in run("history", "search", "oranges", at=at)[1] and b", encrypted" in run("doctor", at=at)[1]
    monkeypatch.setenv("RPO_EDGE_PASSPHRASE_FILE", str(wrong))
    code, out, err = run("history", "list", at=at)
    assert code == 2 and out == b"" and err.count(b"\n") == 1 and b"not that" not in err
    monkeypatch.delenv("RPO_EDGE_PASSPHRASE_FILE")
    code, _, err = run("rewrite", stdin=b"It is so.", at=at)
    assert code == 2 and b"encrypted" in err and err.count(b"\n") == 1
    monkeypatch.setenv("RPO_EDGE_PASSPHRASE_FILE", str(secret))
    assert run("history", "decrypt", at=at)[0] == 0 and b"zanzibar" in at.read_bytes()
    assert run("history", "decrypt", at=at)[0] == 2


@pytest.mark.parametrize("arguments", [["history", "add", "x y"], ["profile", "set", "greeting", "Hi"], ["history", "import", "a.txt"]])
def test_writing_makes_a_private_store(run, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("A text.", "utf-8")
    at = tmp_path / "deep" / "h.db"
    assert run(*arguments, at=at)[0] == 0
    if os.name == "posix":
        assert stat.S_IMODE(at.stat().st_mode) == 0o600


def test_forgetting_says_which_ids_are_not_there(run, tmp_path):
    at = tmp_path / "h.db"
    numbers = [run("history", "add", text, at=at)[1].decode().strip() for text in ("One text.", "Two texts.")]
    code, _, err = run("history", "forget", "77", "88", at=at)
    assert code == 2 and b"77, 88" in err and err.count(b"\n") == 1
    code, _, err = run("history", "forget", numbers[0], "77", at=at)
    assert code == 0 and b"1 items forgotten" in err and b"no item 77 " in err
    assert run("history", "show", numbers[0], at=at)[0] == 2 and run("history", "show", numbers[1], at=at)[0] == 0


HUGE = "99999999999999999999"
NOT_UTF8 = "a\udcff"


@pytest.mark.parametrize(
    "arguments",
    [
        ["history", "add", NOT_UTF8],
        ["history", "add", "x", "--source", NOT_UTF8],
        ["history", "add", "x", "--source", ""],
        ["history", "import", "a.txt", "--source", NOT_UTF8],
        ["history", "import", "a.txt", "--source", " "],
        ["history", "forget", "--source", NOT_UTF8],
        ["history", "show", HUGE],
        ["history", "forget", HUGE],
        ["profile", "set", "greeting", NOT_UTF8],
        ["profile", "set", NOT_UTF8, "x"],
        ["profile", "unset", NOT_UTF8],
        ["rewrite", NOT_UTF8],
    ],
)
def test_bad_arguments_are_one_line(run, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("A text.", "utf-8")
    code, out, err = run(*arguments, at=tmp_path / "h.db")
    assert code == 2 and out == b"" and err.startswith(b"rpo-edge: ") and err.count(b"\n") == 1
    assert run("history", "list", at=tmp_path / "h.db")[1] == b""


def test_numbers_of_items_may_be_huge(run):
    everything = run("history", "search", "the", "-k", HUGE)
    assert everything[0] == 0 and everything == run("history", "search", "the", "-k", "100000")
    assert run("rewrite", "-k", HUGE, stdin=DRAFT.encode())[0] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes there")
def test_a_store_path_need_not_be_utf8(run, tmp_path):
    at = tmp_path / NOT_UTF8
    assert run("history", "add", "A text.", at=at)[0] == 0
    code, out, _ = run("history", "stats", at=at)
    assert code == 0 and b"1 items" in out and b"udcff" in out


def shell(store, command):
    """Exit status of `rpo-edge` where `command` puts it in a shell line, and what it said."""
    environment = os.environ | {"RPO_EDGE_STORE": str(store), "PYTHONPATH": str(ROOT)}
    line = command.replace("rpo-edge", f"'{sys.executable}' -m rpo_edge") + "; exit ${PIPESTATUS[0]}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=60, check=False, env=environment, cwd=ROOT)
    return done.returncode, done.stderr


REWRITE = "rpo-edge rewrite examples/response.txt --reflector rules"
LONG = [REWRITE, f"{REWRITE} --stream", "rpo-edge history list", "rpo-edge history export -", "rpo-edge --help", "rpo-edge --version"]


@pytest.mark.skipif(os.name != "posix", reason="no /dev/full")
@pytest.mark.parametrize("command", LONG)
def test_a_full_disk_is_one_line(store, command):
    code, err = shell(store, command + " > /dev/full")
    assert code == 2 and b"no space" in err and err.count(b"\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="no such shell")
@pytest.mark.parametrize("command", LONG)
@pytest.mark.parametrize("reader", ["true", "head -1", "head -c 1"])
def test_a_reader_that_goes_away_is_no_failure(store, command, reader):
    assert shell(store, f"{command} | {reader}") == (0, b"")


@pytest.mark.skipif(os.name != "posix", reason="no such shell")
def test_an_import_counts_nothing_that_another_stores_meanwhile(tmp_path):
    path = tmp_path / "h.db"

    def read():
        yield HistoryItem("One.")
        with History.open(path) as other:
            other.extend(map(HistoryItem, ["Two.", "Three."]))
        yield HistoryItem("Two.")
        yield HistoryItem("One.")

    assert _stored(SimpleNamespace(obj=path), read(), {}, nullcontext()) == "1 items added, 2 were there already"


@pytest.mark.parametrize(("new", "counted"), [(3, True), (2, False)])
def test_a_large_import_counts_for_the_model_that_is_the_default(tmp_path, monkeypatch, new, counted):
    path = tmp_path / "h.db"
    monkeypatch.setenv("RPO_EDGE_MODELS", str(tmp_path))
    monkeypatch.setattr(commands, "MANY", 3)
    _stored(SimpleNamespace(obj=path), (HistoryItem(f"It's text {n}.") for n in range(new)), {}, nullcontext())
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("select count(*) from measures where feature = ?", [SIDES]).fetchone()[0]
    assert bool(found) is counted


def unmeasured(path, count):
    """A store with texts that wait to be measured."""
    with History.open(path) as history:
        history.extend((HistoryItem(f"It's text {n}.") for n in range(count)), measure=False)
    return path


def on_a_terminal(path, *arguments, stdin=b""):
    """What a pseudo-terminal gets from stderr."""
    pty = pytest.importorskip("pty")
    main, terminal = pty.openpty()
    environment = os.environ | {"COLUMNS": "100", "TERM": "xterm"}
    command = [sys.executable, "-m", "rpo_edge", "--store", str(path), *map(str, arguments)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=subprocess.DEVNULL, stderr=terminal, env=environment, cwd=ROOT) as process:
        os.close(terminal)
        process.stdin.write(stdin)
        process.stdin.close()
        received = b""
        with suppress(OSError):  # Linux ends a pseudo-terminal so
            while block := os.read(main, 65536):
                received += block
    os.close(main)
    assert process.returncode == 0
    return received


@pytest.mark.skipif(os.name != "posix", reason="no pseudo-terminals")
@pytest.mark.parametrize(("waiting", "shown"), [(100, True), (99, False)])
def test_what_a_first_rewrite_waits_for_is_shown_on_a_terminal(tmp_path, waiting, shown):
    path = unmeasured(tmp_path / "h.db", waiting)
    said = on_a_terminal(path, "rewrite", "--reflector", "rules", stdin=b"It is late.")
    assert (b"measuring" in said and b"100/100" in said) is shown and (said == b"") is not shown
    assert on_a_terminal(path, "rewrite", "--reflector", "rules", stdin=b"It is late.") == b""


@pytest.mark.skipif(os.name != "posix", reason="no pseudo-terminals")
@pytest.mark.parametrize(
    ("texts", "shown"), [(1000, [b"reading", b"measuring", b"counting"]), (21, [b"reading", b"measuring"]), (20, [b"reading"])]
)
def test_what_an_import_waits_for_is_shown_on_a_terminal(run, tmp_path, monkeypatch, texts, shown):
    monkeypatch.setenv("RPO_EDGE_MODELS", str(tmp_path / "models"))
    file = tmp_path / "texts.jsonl"
    file.write_text("".join(json.dumps({"text": f"It's text {n}."}) + "\n" for n in range(texts)), "utf-8")
    said = on_a_terminal(tmp_path / "h.db", "history", "import", file)
    assert [word for word in (b"reading", b"measuring", b"counting") if word in said] == shown
    assert (f"{texts}/{texts}".encode() in said) is (texts > 20)
    assert run("history", "import", file, at=tmp_path / "other.db") == (0, b"", f"{texts} items added, 0 were there already\n".encode())


@pytest.mark.parametrize(("waiting", "said"), [(1000, b"rpo-edge: measuring 1,000 texts, once\n"), (999, b"")])
@pytest.mark.parametrize("more", [(), ("--like", "manual"), ("--stream",)])
def test_what_a_first_rewrite_waits_for_is_a_line_elsewhere(run, tmp_path, waiting, said, more):
    path = unmeasured(tmp_path / "h.db", waiting)
    command = ("rewrite", "--reflector", "rules", *more)
    assert run(*command, stdin=b"It is late.", at=path) == (0, b"It's late.", said)
    assert run(*command, stdin=b"It is late.", at=path) == (0, b"It's late.", b"")


def test_a_draft_that_streams_leaves_also_where_the_history_cannot_be_measured(run, tmp_path):
    path = unmeasured(tmp_path / "h.db", 100)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("drop table measures")
    code, out, said = run("rewrite", "--reflector", "rules", "--stream", stdin=b"It is late.", at=path)
    assert (code, out) == (0, b"It is late.") and b"cannot be used" in said


def test_a_proxy_measures_before_it_listens(run, tmp_path):
    pytest.importorskip("starlette")
    path = unmeasured(tmp_path / "h.db", 1000)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = ("serve", "--upstream", "https://h/v1", "--reflector", "rules", "--port", taken.getsockname()[1])
        first, second = (run(*command, at=path) for _ in range(2))
    line = b"rpo-edge: measuring 1,000 texts, once\n"
    assert first[0] == second[0] == 2 and first[2] == line + second[2] and b"measuring" not in second[2]


@pytest.mark.parametrize(("redirection", "what"), [(">&-", b"standard output"), ("<&-", b"standard input")])
def test_closed_streams_are_one_line(store, redirection, what):
    code, err = shell(
        store, f"rpo-edge rewrite --reflector rules {redirection if what.endswith(b'input') else '< README.md ' + redirection}"
    )
    assert code == 2 and what + b" is closed" in err and err.count(b"\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="no such shell")
def test_nobody_need_read_what_is_said(store, tmp_path):
    written = tmp_path / "out"
    code, _ = shell(store, f"rpo-edge rewrite examples/response.txt --reflector rules --explain 2> /dev/full > '{written}'")
    assert code == 0 and b"It's unlikely" in written.read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="no such signal")
@pytest.mark.parametrize("needed", ["rpo_edge.cli", "typer", "rpo_edge.show"])
def test_an_interrupted_start_says_nothing(needed):
    code = f"""
import os, signal, sys

signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {needed!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.argv = ["rpo-edge", "doctor"]
from rpo_edge.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_a_rewrite_waits_for_no_package_that_it_does_not_use(store):
    slow = {"asyncio", "sqlite_utils", "rich.console", "httpx", "pydantic", "detect_secrets", "requests", "rpo_edge.progress"}
    code = f"import atexit, sys; atexit.register(lambda: print(sorted({slow} & set(sys.modules)))); from rpo_edge.cli import main; main()"
    command = [sys.executable, "-c", code, "--store", str(store), "rewrite", "--reflector", "rules"]
    done = subprocess.run(command, input=b"It is late.", capture_output=True, timeout=60, check=True, cwd=ROOT)
    assert done.stdout == b"It's late.[]\n"


def test_the_version_is_said_and_nothing_else_done(run, tmp_path):
    assert run("--version", at=tmp_path / "deep" / "h.db") == (0, f"rpo-edge {rpo_edge.__version__}\n".encode(), b"")
    assert run("--version", "history", "add", "A text.", at=tmp_path / "deep" / "h.db")[0] == 0 and not (tmp_path / "deep").exists()


def test_usage_errors_end_with_2_and_help_with_0(run):
    assert run("--help")[0] == run("rewrite", "--help")[0] == 0
    assert run("rewrite", "--nonsense")[0] == run("nonsense")[0] == run("history", "show", "x")[0] == 2
