"""The command line's contract, in the process where that is enough."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpo_edge import History, Personalizer, cli
from rpo_edge.errors import ReflectorError
from rpo_edge.reflectors.rules import RulesReflector

ROOT = Path(__file__).resolve().parents[1]
DRAFT = (ROOT / "examples/response.txt").read_text("utf-8")


@pytest.fixture
def run(store, tmp_path, monkeypatch, capfdbinary):
    def _run(*arguments, stdin=b"", at=store):
        path = tmp_path / "stdin"
        path.write_bytes(stdin)
        with path.open(encoding="utf-8") as file:
            monkeypatch.setattr("sys.stdin", file)
            monkeypatch.setattr("sys.argv", ["rpo-edge", "--store", str(at), *map(str, arguments)])
            with pytest.raises(SystemExit) as end:
                cli.main()
        captured = capfdbinary.readouterr()
        return end.value.code, captured.out, captured.err

    return _run


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
    assert result["changed"] == (result["text"] != draft) and result["reflector"]["name"] == "rules"


def test_diff_is_plain_in_a_pipe_and_reasons_go_to_stderr(run):
    code, out, err = run("rewrite", "--format", "diff", "--explain", "--reflector", "rules", stdin=DRAFT.encode())
    assert code == 0 and b"[-It is-]{+It's+}" in out and b"\x1b" not in out and b"contractions" in err


def test_carriage_returns_stay(run):
    draft = DRAFT.replace("\n", "\r\n").encode()
    _, out, _ = run("rewrite", "--reflector", "rules", stdin=draft)
    assert out != draft and out.count(b"\r\n") == draft.count(b"\r\n") == out.count(b"\n")


def test_other_languages_pass_unchanged(run):
    draft = "Die Pizza wäre so weit von der Erde entfernt, dass man sie nicht sehen könnte, und das ist schade für alle."
    code, out, err = run("rewrite", stdin=draft.encode())
    assert code == 0 and out.decode() == draft and b"not English" in err


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
    draft = b"It is organized. I do not mind."
    for i in range(8):
        run("history", "add", f"It is {i} and I do not know.", at=at)
    assert run("rewrite", "--reflector", "rules", stdin=draft, at=at)[1] == draft
    assert run("profile", "set", "contractions", "always", at=at)[0] == 0
    assert run("rewrite", "--reflector", "rules", stdin=draft, at=at)[1] == b"It's organized. I don't mind."
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
