"""The optional teacher: what is asked, kept, dropped, and never asked again."""

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from killing import killed

from rpo_edge.errors import InputError

pytest.importorskip("httpx")

from test_endpoint import DRAFT, KEY, Reply, Server, chat, endpoint, formal

from training.trajectories import tasks, teacher
from training.trajectories.endpoint import NoAnswer
from training.trajectories.tasks import TASKS
from training.trajectories.teacher import Run

TEXT = "yeah so I'm off to the market, it's gonna be fun! don't wait for me"


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[int, dict], Reply]], Server]]:
    """Start a server with such a `reply`."""
    with ExitStack() as servers:
        yield lambda reply: servers.enter_context(Server(reply))


def written(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def texts(n: int) -> list[dict]:
    return [{"text": f"hello there, don't take road number {i}, it's closed", "author": f"author-{i}", "split": "train"} for i in range(n)]


def command(server: Server, source: Path, out: Path, *more: str) -> None:
    teacher.main(["drafts", str(source), str(out), "--endpoint", server.url, "--model", "m", "--per-minute", "60000", *more])


def test_drafts_stand_beside_what_a_row_had_and_nothing_else_of_it_is_sent(serve, tmp_path, capsys):
    server, rows = serve(formal), texts(7)
    command(server, written(tmp_path / "in", rows), tmp_path / "out")
    found = {row["text"]: row for row in lines(tmp_path / "out")}
    for row in rows:
        draft = row["text"].replace("don't", "do not").replace("it's", "it is")
        assert found[row["text"]] == row | {"draft": draft, "teacher": "m"}
    assert {path for path, _ in server.requests} == {"/v1/chat/completions"}
    assert all({*body} == {"model", "messages"} and "author" not in json.dumps(body) for _, body in server.requests)
    assert not any("Authorization" in headers for headers in server.headers)
    assert "7 written" in capsys.readouterr().out


def test_after_some_texts_without_any_answer_the_run_ends(serve, tmp_path, capsys):
    server = serve(lambda n, body: (503, {}, ""))
    run = Run(TASKS["drafts"], endpoint(server, tries=2), "m", tmp_path / "out")
    with pytest.raises(NoAnswer):
        run.fill({TASKS["drafts"].identity(row): row for row in texts(20)})
    assert len(server.requests) == 2 * 3 and run.counts["no answer"] == 3
    assert (tmp_path / "out").read_bytes() == b"" == (tmp_path / "out.dropped").read_bytes()
    assert "HTTP 503" in capsys.readouterr().err


def test_one_text_without_an_answer_does_not_stop_the_others(serve, tmp_path):
    server = serve(lambda n, body: (400, {}, "") if n % 2 else formal(n, body))
    run = Run(TASKS["drafts"], endpoint(server), "m", tmp_path / "out")
    run.fill({TASKS["drafts"].identity(row): row for row in texts(10)})
    assert run.counts["written"] == run.counts["no answer"] == 5 and len(server.requests) == 10


@pytest.mark.parametrize("status", [401, 403, 404, 302, 204])
def test_a_refusal_ends_the_command_at_once_with_one_clear_line(serve, tmp_path, capsys, status):
    elsewhere = serve(formal)
    server = serve(lambda n, body: (status, {"Location": elsewhere.url}, ""))
    with pytest.raises(SystemExit) as end:
        command(server, written(tmp_path / "in", texts(20)), tmp_path / "out", "--concurrency", "1")
    assert end.value.code == 1 and len(server.requests) == 1 and not elsewhere.requests
    (line,) = capsys.readouterr().err.splitlines()
    assert f"HTTP {status}" in line and server.url in line


@pytest.mark.parametrize("status", [401, 400])
def test_answers_under_way_when_a_run_ends_are_written_and_no_more_is_asked(serve, tmp_path, capsys, status):
    """Two are under way, a good one and an empty one, when the endpoint refuses (401) or gives one text after the other nothing (400)."""
    together = threading.Barrier(4, timeout=20)

    def reply(n: int, body: dict) -> Reply:
        if n < 4:
            together.wait()
        if n in (2, 3):
            time.sleep(0.3)
            return formal(n, body) if n == 3 else chat("")
        return status, {}, ""

    server = serve(reply)
    with pytest.raises(SystemExit) as end:
        command(server, written(tmp_path / "in", texts(40)), tmp_path / "out", "--concurrency", "4")
    assert end.value.code == 1 and len(lines(tmp_path / "out")) == len(lines(tmp_path / "out.dropped")) == 1
    assert len(server.requests) == 4 if status == 401 else len(server.requests) < 20
    shown = capsys.readouterr()
    assert "1 written" in shown.out and f"HTTP {status}" in shown.err.splitlines()[-1] and shown.err.count("error:") == 1


def test_the_key_goes_to_the_endpoint_and_nowhere_else(serve, tmp_path, capfd, caplog, monkeypatch):
    """A server that repeats the key in whatever it says, with the HTTP packages as talkative as they can be."""
    monkeypatch.setenv("TEACHER_KEY", f" {KEY}\n")
    replies = [(400, {}, KEY), chat(DRAFT), (401, {}, KEY)]
    server = serve(lambda n, body: replies[min(n, 2)])
    rows = [*texts(1), {"text": TEXT}, {"text": "I'm here"}]
    with caplog.at_level(logging.DEBUG), pytest.raises(SystemExit):
        command(server, written(tmp_path / "in", rows), tmp_path / "out", "--key-env", "TEACHER_KEY", "--concurrency", "1")
    shown = capfd.readouterr()
    assert len(lines(tmp_path / "out")) == 1 and "HTTP 400" in shown.err and "HTTP 401" in shown.err and caplog.text
    assert KEY not in shown.out + shown.err + caplog.text and not any(KEY.encode() in path.read_bytes() for path in tmp_path.iterdir())
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}


@pytest.mark.parametrize("value", [None, "", KEY + "\x7f", KEY + " b", KEY + "é"])
def test_a_key_that_is_none_is_not_shown_either(monkeypatch, value):
    """Also where the key itself was typed as the variable's name."""
    if value is not None:
        monkeypatch.setenv(KEY, value)
    with pytest.raises(InputError) as refusal:
        teacher.key_in(KEY)
    assert KEY not in str(refusal.value)


@pytest.mark.parametrize(
    ("given_", "asked"),
    [
        ("http://a:8080", "http://a:8080/v1/chat/completions"),
        ("https://a.b/v1/", "https://a.b/v1/chat/completions"),
        ("https://a.b/api/v1", "https://a.b/api/v1/chat/completions"),
        ("https://a.b/openai/chat/completions?api-version=2", "https://a.b/openai/chat/completions?api-version=2"),
    ],
)
def test_an_address_may_be_short_or_whole(given_, asked):
    assert str(teacher.completions(given_)) == asked


@pytest.mark.parametrize("address", ["", "localhost:8080", "ftp://a/v1", "http://", f"https://me:{KEY}@a/v1", "http://a:port"])
def test_what_is_no_address_is_refused_and_not_repeated(address):
    with pytest.raises(InputError) as refusal:
        teacher.completions(address)
    assert KEY not in str(refusal.value)


class Fake:
    """A local model: answers by what a prompt holds."""

    def __init__(self, answer: Callable[[str], str] = lambda prompt: DRAFT) -> None:
        self.answer, self.asked = answer, []

    def ask(self, prompt: str) -> str:
        self.asked.append(prompt)
        return self.answer(prompt)


def filled(out: Path, rows: list[dict], local: Fake, name: str = "m", task: str = "drafts") -> Run:
    run = Run(TASKS[task], local, name, out)
    run.fill({run.task.identity(row): row for row in rows})
    return run


def restored(prompt: str) -> str:
    return prompt.partition("Text:\n\n")[2].replace("don't", "do not")


def test_what_stands_in_out_is_not_asked_again_wherever_the_file_was_cut(tmp_path):
    rows, out = texts(3), tmp_path / "out"
    filled(out, rows, Fake(restored))
    whole = out.read_bytes()
    (tmp_path / "out.dropped").unlink()
    borders = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    for end in sorted({*range(0, len(whole), 23), *(end - back for end in borders for back in (0, 1, 2))} - {len(whole)}):
        out.write_bytes(whole[:end])
        local = Fake(restored)
        run = filled(out, rows, local)
        assert out.read_bytes() == whole
        assert len(local.asked) == run.counts["written"] == 3 - (whole[:end] + b"\n" * (whole[end : end + 1] == b"\n")).count(b"\n")


def test_a_killed_command_goes_on_where_it_was(serve, tmp_path):
    """`kill -9` while it waits for its sixth answer."""

    def stalls(n: int, body: dict) -> Reply:
        if n >= 5:
            server.over.wait(60)
        return formal(n, body)

    server, rows, out = serve(stalls), texts(9), tmp_path / "out"
    arguments = ["drafts", str(written(tmp_path / "in", rows)), str(out), "--endpoint", server.url, "--model", "m"]
    flags = ["--per-minute", "60000", "--concurrency", "1"]
    killed(["-m", "training", "teacher", *arguments, *flags], lambda: len(server.requests) > 5)
    assert len(lines(out)) == 5
    with out.open("ab") as file:
        file.write(b'{"text": "hel')
    again = serve(formal)
    command(again, tmp_path / "in", out)
    assert len(again.requests) == 4 and {row["text"] for row in lines(out)} == {row["text"] for row in rows} and len(lines(out)) == 9


def test_the_same_text_is_asked_once(tmp_path):
    rows = [{"text": TEXT, "author": name} for name in "abc"]
    asked = teacher.questions(written(tmp_path / "in", rows), TASKS["drafts"])
    assert [row["author"] for row in asked.values()] == ["a"]


def test_what_a_teacher_could_not_do_is_asked_of_another_only(tmp_path):
    bad, out = Fake(lambda prompt: ""), tmp_path / "out"
    for _ in range(2):
        filled(out, [{"text": TEXT}], bad)
    assert len(bad.asked) == 1
    assert [(row["teacher"], row["reason"]) for row in lines(tmp_path / "out.dropped")] == [("m", "empty")]
    assert TEXT not in (tmp_path / "out.dropped").read_text("utf-8")
    assert filled(out, [{"text": TEXT}], Fake(), name="another").counts["written"] == 1
    assert lines(out) == [{"text": TEXT, "draft": DRAFT, "teacher": "another"}]


def test_a_file_that_is_no_output_is_refused_and_stays_as_it_is(tmp_path, capsys):
    for name, text in {"rows": '{"text": "a"}\n{"text"', "other": "dear diary\nhalf a li", "one": '{"text": "a"}'}.items():
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(InputError, match="line 1"):
            filled(path, [{"text": TEXT}], Fake())
        assert path.read_text() == text
    filled(tmp_path / "drafts", [{"text": TEXT}], Fake())
    with pytest.raises(InputError, match="needs text, draft, teacher, reflection"):
        filled(tmp_path / "drafts", [{"text": TEXT, "draft": DRAFT}], Fake(), task="reflections")
    with pytest.raises(SystemExit) as end:
        teacher.main(["drafts", str(tmp_path / "one"), str(tmp_path / "one"), "--endpoint", "http://127.0.0.1:1", "--model", "m"])
    assert end.value.code == 2 and "one file" in capsys.readouterr().err


@pytest.mark.parametrize("bad", ["{", "[]", '{"words": "a"}', '{"text": 3}', '{"text": " "}', '{"text": "\\ud83d"}', "NaN"])
def test_a_row_without_a_text_is_refused_by_its_line_before_anything_is_asked(serve, tmp_path, capsys, bad):
    server = serve(formal)
    (tmp_path / "in").write_text(json.dumps({"text": TEXT}) + "\n\n" + bad)
    with pytest.raises(SystemExit) as end:
        command(server, tmp_path / "in", tmp_path / "out")
    assert end.value.code == 2 and "line 3" in capsys.readouterr().err and not server.requests and not (tmp_path / "out").exists()


def test_a_row_of_the_test_split_is_refused_by_its_line_before_anything_is_asked(serve, tmp_path, capsys):
    """Also where the same text stands in a row of another split first."""
    server, (row, *rows) = serve(formal), texts(3)
    source = written(tmp_path / "in", [row, *rows, row | {"split": "test"}])
    with pytest.raises(SystemExit) as end:
        command(server, source, tmp_path / "out")
    assert end.value.code == 2 and "line 4 is of the test split" in capsys.readouterr().err
    assert not server.requests and not (tmp_path / "out").exists()
    command(server, written(source, [row, rows[0] | {"split": "val"}, {"text": TEXT}]), tmp_path / "out")
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("text", "draft", "reason"),
    [
        (TEXT, DRAFT, None),
        (TEXT, " ", "empty"),
        (TEXT, f" {TEXT}\n", "copy"),
        (TEXT, "I'm sorry, but I cannot help with that.", "refused"),
        (TEXT, "As an AI language model, I do not go to markets.", "refused"),
        (TEXT, "I’m unable to assist with this request.", "refused"),
        ("Sorry, but I can't help you move, it's my back.", "I apologize, but I cannot help you move because of my back.", None),
        (TEXT, f"Here is the rewritten text:\n\n{DRAFT}", "announcement"),
        ("you need:\n\n- milk", "You need the following:\n\n- milk", None),
        (TEXT, "Yes.", "out of proportion"),
        (TEXT, " ".join([DRAFT] * 4), "out of proportion"),
        ("hi!", "Hello there, and welcome.", None),
        ("we saw three ships", "We observed several ships.", "number"),
        ("we saw 3 ships", "We observed 4 ships.", "frozen span"),
        ("see www.a.org for it", "Please consult the site for it.", "frozen span"),
        ("it isn't far, I think", "It is distant, in my opinion.", "negation"),
        ("we met in Paris, at last", "We finally met in France.", "name"),
        ("run `make all` first, ok", "First, run `make test`.", "frozen span"),
        ("she said “go home” and left", "She said “leave” and departed.", "frozen span"),
    ],
)
def test_why_a_draft_is_dropped(text, draft, reason):
    assert tasks.flaw(text, draft) == reason


def test_dropped_texts_are_counted_by_reason_and_a_long_one_is_not_sent(tmp_path, serve, capsys):
    answers = {"one": "", "two": "I cannot assist with that.", "six": "I own no cats at all."}
    rows = [{"text": f"I don't have {word} cats, you know"} for word in answers] + [{"text": "long " * tasks.LONGEST}]
    server = serve(lambda n, body: chat(next(answer for word, answer in answers.items() if word in body["messages"][0]["content"][-40:])))
    command(server, written(tmp_path / "in", rows), tmp_path / "out")
    shown = capsys.readouterr().out
    assert all(f"1 dropped: {reason}\n" in shown for reason in ("empty", "refused", "number", "too long to ask for"))
    assert len(server.requests) == 3 and (tmp_path / "out").read_bytes() == b""


@pytest.mark.parametrize("tag", ["think", "thinking", "reasoning", "THINK"])
def test_what_a_model_thought_first_is_no_part_of_its_draft(tmp_path, tag):
    filled(tmp_path / "out", [{"text": TEXT}], Fake(lambda prompt: f"<{tag}>\nHm, 3 of them.\n</{tag}>\n\n{DRAFT}\n"))
    assert lines(tmp_path / "out")[0]["draft"] == DRAFT


REFLECTION = "contraction: written out | contracts | expanded > contracted\n\nexclamation: none | one | added one"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "empty"),
        ("The person contracts more.", "not in the form asked for"),
        (REFLECTION + "<|end|>", "not in the form asked for"),
        ("humour: dry | wet | wetter", "a feature unknown or twice"),
        (REFLECTION + "\n" + REFLECTION, "a feature unknown or twice"),
    ],
)
def test_why_a_reflection_is_dropped(tmp_path, answer, reason):
    run = filled(tmp_path / "out", [{"text": TEXT, "draft": DRAFT}], Fake(lambda prompt: answer), task="reflections")
    assert run.counts[f"dropped: {reason}"] == 1


def test_a_reflection_is_the_observations_that_a_trajectory_has(tmp_path):
    row, local = {"text": TEXT, "draft": DRAFT, "author": "a"}, Fake(lambda prompt: REFLECTION)
    filled(tmp_path / "out", [row], local, task="reflections")
    (found,) = lines(tmp_path / "out")
    assert found.pop("reflection") == [
        {"feature": "contraction", "draft": "written out", "user": "contracts", "action": "expanded > contracted"},
        {"feature": "exclamation", "draft": "none", "user": "one", "action": "added one"},
    ]
    assert found == row | {"teacher": "m"}
    assert TEXT in local.asked[0] and DRAFT in local.asked[0] and "oxford_comma" in local.asked[0]


def test_without_llama_cpp_the_command_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    with pytest.raises(SystemExit) as end:
        teacher.main(["drafts", str(written(tmp_path / "in", texts(1))), str(tmp_path / "out"), "--gguf", "m.gguf", "--model", "m"])
    assert end.value.code == 2 and "pip install 'llama-cpp-python'" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--per-minute=0", "--per-minute=inf", "--concurrency=0", "--timeout=-1"])
def test_rates_and_times_are_more_than_nothing(tmp_path, option):
    with pytest.raises(SystemExit) as end:
        teacher.main(["drafts", os.devnull, str(tmp_path / "out"), "--endpoint", "http://127.0.0.1:1", "--model", "m", option])
    assert end.value.code == 2
