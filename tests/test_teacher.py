"""The optional teacher, against a server on this machine that answers, refuses, stalls and talks nonsense as it is told."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge.errors import InputError, ModelError, OptionalDependencyError

pytest.importorskip("httpx")

from training.trajectories import teacher
from training.trajectories.teacher import TASKS, Bucket, Clock, Endpoint, EndpointRefused, NoAnswer, Run, Service, Unusable

ROOT = Path(__file__).resolve().parents[1]
KEY = "sk-tell-nobody-5f2c"
TEXT = "yeah so I'm off to the market, it's gonna be fun! don't wait for me"
DRAFT = "Yes, I am going to the market, and it will be fun. Do not wait for me."
Reply = tuple[int, dict[str, str], str]


class Server(ThreadingHTTPServer):
    """Answers each request with what `reply` makes of its number (from 0) and body; remembers bodies and headers."""

    daemon_threads = True

    def __init__(self, reply: Callable[[int, dict], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply, self.requests, self.headers, self.lock, self.over = reply, [], [], threading.Lock(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            n = len(self.server.requests)
            self.server.requests.append((self.path, body))
            self.server.headers.append(dict(self.headers))
        status, headers, text = self.server.reply(n, body)
        try:
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(text.encode()))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())
        except OSError:
            pass  # nobody waits any more

    def log_message(self, *arguments: object) -> None:
        pass


def chat(text: str | None, ended: str = "stop") -> Reply:
    message = {"role": "assistant", "content": text}
    return 200, {"Content-Type": "application/json"}, json.dumps({"choices": [{"message": message, "finish_reason": ended}]})


def formal(n: int, body: dict) -> Reply:
    """A model that does as it is asked, for texts of this file."""
    return chat(body["messages"][0]["content"].partition("Text:\n\n")[2].replace("don't", "do not").replace("it's", "it is"))


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[int, dict], Reply]], Server]]:
    servers = []

    def start(reply: Callable[[int, dict], Reply]) -> Server:
        servers.append(Server(reply))
        threading.Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.over.set()
        server.shutdown()
        server.server_close()


class Time:
    """A clock on which sleeping takes no time."""

    def __init__(self) -> None:
        self.seconds, self.lock = 1000.0, threading.Lock()
        self.clock = Clock(lambda: self.seconds, self.sleep)

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.seconds += seconds


def endpoint(server: Server, passing: Time | None = None, **service: float) -> Endpoint:
    clock = (passing or Time()).clock
    return Endpoint(Service(teacher.completions(server.url), "m", **service), Bucket(60_000, clock), clock)


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


def test_after_429_it_waits_as_long_as_it_is_told(serve):
    server, passing = serve(lambda n, body: chat(DRAFT) if n else (429, {"Retry-After": "7"}, "")), Time()
    assert endpoint(server, passing).ask("?") == DRAFT
    assert len(server.requests) == 2 and 7 <= passing.seconds - 1000 < 8


def test_what_one_question_is_told_holds_for_all():
    passing = Time()
    bucket = Bucket(6000, passing.clock)
    bucket.close(30)
    bucket.close(3)
    bucket.take()
    assert passing.seconds == 1030


def test_an_endpoint_that_wants_a_day_is_left_alone(serve):
    server = serve(lambda n, body: (429, {"Retry-After": "86400"}, ""))
    with pytest.raises(EndpointRefused, match="86400 s"):
        endpoint(server).ask("?")
    assert len(server.requests) == 1


def test_a_server_that_fails_for_ever_is_asked_ever_more_seldom_and_then_no_more(serve):
    server, passing = serve(lambda n, body: (500, {}, "trace")), Time()
    with pytest.raises(NoAnswer, match="5 tries: HTTP 500"):
        endpoint(server, passing).ask("?")
    assert len(server.requests) == 5 and 15 <= passing.seconds - 1000 < 16


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


@pytest.mark.parametrize(
    "nonsense", ["", "<html>", "[]", "{}", '{"choices": []}', '{"choices": [{"message": {"content": 3}}]}', "\x00", "[1"]
)
def test_nonsense_is_asked_again(serve, nonsense):
    server = serve(lambda n, body: chat(DRAFT) if n else (200, {}, nonsense))
    assert endpoint(server).ask("?") == DRAFT and len(server.requests) == 2


def test_half_a_surrogate_pair_is_nonsense_too(serve):
    assert endpoint(serve(lambda n, body: chat(DRAFT if n else "so \ud83d"))).ask("?") == DRAFT


def test_a_slow_answer_is_not_waited_for(serve):
    def stalls(n: int, body: dict) -> Reply:
        if n == 0:
            server.over.wait(20)
        return chat(DRAFT)

    server = serve(stalls)
    begun = time.monotonic()
    assert endpoint(server, timeout=0.2).ask("?") == DRAFT
    assert time.monotonic() - begun < 10 and len(server.requests) == 2
    with pytest.raises(NoAnswer, match=r"nothing came for 0\.2 s"):
        endpoint(serve(lambda n, body: (server.over.wait(20), chat(DRAFT))[1]), timeout=0.2, tries=1).ask("?")


def test_nobody_at_the_address_is_no_answer(serve):
    server = serve(formal)
    server.shutdown()
    server.server_close()
    with pytest.raises(NoAnswer, match="ConnectError"):
        endpoint(server).ask("?")


@pytest.mark.parametrize("status", [401, 403, 404, 302, 204])
def test_a_refusal_ends_the_command_at_once_with_one_clear_line(serve, tmp_path, capsys, status):
    elsewhere = serve(formal)
    server = serve(lambda n, body: (status, {"Location": elsewhere.url}, ""))
    with pytest.raises(SystemExit) as end:
        command(server, written(tmp_path / "in", texts(20)), tmp_path / "out", "--concurrency", "1")
    assert end.value.code == 1 and len(server.requests) == 1 and not elsewhere.requests
    (line,) = capsys.readouterr().err.splitlines()
    assert f"HTTP {status}" in line and server.url in line


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


@pytest.mark.parametrize("reply", [(429, {"Retry-After": "1"}, KEY), (500, {}, KEY), (200, {}, KEY), (401, {}, KEY), (404, {}, KEY)])
def test_no_error_has_the_key_in_it(serve, caplog, reply):
    service, passing = Service(teacher.completions(serve(lambda n, body: reply).url), "m", KEY), Time()
    with caplog.at_level(logging.DEBUG), pytest.raises((NoAnswer, EndpointRefused)) as failure:
        Endpoint(service, Bucket(60_000, passing.clock), passing.clock).ask("?")
    assert KEY not in caplog.text + repr(service) + "".join(traceback.format_exception(failure.value))


@pytest.mark.parametrize("value", [None, "", KEY + "\x7f", KEY + " b", KEY + "é"])
def test_a_key_that_is_none_is_not_shown_either(monkeypatch, value):
    """Also where the key itself was typed as the variable's name."""
    if value is not None:
        monkeypatch.setenv(KEY, value)
    with pytest.raises(InputError) as refusal:
        teacher.key_in(KEY)
    assert KEY not in str(refusal.value)


def test_a_proxy_of_the_environment_gets_nothing(serve, monkeypatch):
    proxy, server = serve(formal), serve(formal)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.setenv("NO_PROXY", "")
    assert endpoint(server).ask("Text:\n\nit's") == "it is" and not proxy.requests


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
    process = subprocess.Popen(
        [sys.executable, "-m", "training", "teacher", *arguments, "--per-minute", "60000", "--concurrency", "1"],
        cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    for _ in range(2000):
        if len(server.requests) > 5 or process.poll() is not None:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
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
    assert teacher.flaw(text, draft) == reason


def test_dropped_texts_are_counted_by_reason_and_a_long_one_is_not_sent(tmp_path, serve, capsys):
    answers = {"one": "", "two": "I cannot assist with that.", "six": "I own no cats at all."}
    rows = [{"text": f"I don't have {word} cats, you know"} for word in answers] + [{"text": "long " * teacher.LONGEST}]
    server = serve(lambda n, body: chat(next(answer for word, answer in answers.items() if word in body["messages"][0]["content"][-40:])))
    command(server, written(tmp_path / "in", rows), tmp_path / "out")
    shown = capsys.readouterr().out
    assert all(f"1 dropped: {reason}\n" in shown for reason in ("empty", "refused", "number", "too long to ask for"))
    assert len(server.requests) == 3 and (tmp_path / "out").read_bytes() == b""


@pytest.mark.parametrize(("reply", "reason"), [(chat("So", "length"), "cut off"), (chat("So", "content_filter"), "refused")])
def test_half_an_answer_is_none(serve, reply, reason):
    with pytest.raises(Unusable, match=reason):
        endpoint(serve(lambda n, body: reply)).ask("?")


def test_an_answer_without_words_is_empty(serve):
    assert endpoint(serve(lambda n, body: chat(None))).ask("?") == ""


def test_what_a_model_thought_first_is_no_part_of_its_draft(tmp_path):
    filled(tmp_path / "out", [{"text": TEXT}], Fake(lambda prompt: f"<think>\nHm, 3 of them.\n</think>\n\n{DRAFT}\n"))
    assert lines(tmp_path / "out")[0]["draft"] == DRAFT


@given(st.lists(st.floats(0, 5), min_size=2, max_size=60), st.floats(1, 600), st.integers(1, 5))
def test_no_stretch_of_time_has_more_questions_than_its_share(pauses, per_minute, capacity):
    """Between any two questions, as many as come in that time and what the bucket holds; and none waits for nothing."""
    passing, taken = Time(), []
    bucket = Bucket(per_minute, passing.clock, capacity)
    for pause in pauses:
        passing.seconds += pause
        asked = passing.seconds
        bucket.take()
        taken.append(passing.seconds)
        assert passing.seconds - asked <= 60 / per_minute + 1e-3
    for i, first in enumerate(taken):
        for n, last in enumerate(taken[i:], 1):
            assert n <= capacity + (last - first) * per_minute / 60 + 1e-3


def test_several_threads_share_the_rate():
    passing = Time()
    bucket = Bucket(60, passing.clock)
    threads = [threading.Thread(target=lambda: [bucket.take() for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passing.seconds - 1000 >= 19 - 1e-3


def test_retry_after_is_a_number_or_a_date():
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert [teacher.retry_after(value, now) for value in ("0", "12", " 2.5")] == [0, 12, 2.5]
    assert teacher.retry_after(format_datetime(now + timedelta(seconds=90), usegmt=True), now) == 90
    assert teacher.retry_after(format_datetime(now - timedelta(days=1), usegmt=True), now) == 0


@given(st.text() | st.from_regex(r"[-+ 0-9:,.a-zA-Z]*", fullmatch=True))
def test_any_other_retry_after_is_none(value):
    seconds = teacher.retry_after(value, datetime(2026, 1, 2, tzinfo=UTC))
    assert seconds is None or seconds >= 0


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


class Llama:
    """What llama-cpp-python's class does, as far as it is used."""

    def create_chat_completion(self, messages: list[dict], *, max_tokens: int) -> dict:
        if len(messages[0]["content"]) > 50:
            raise ValueError("Requested tokens (60) exceed context window of 50")
        return {"choices": [{"message": {"content": messages[0]["content"].upper()}, "finish_reason": "stop"}]}


def test_a_local_model_answers_or_says_that_the_prompt_is_too_long():
    local = teacher.Local(Llama())
    assert local.ask("so?") == "SO?"
    with pytest.raises(NoAnswer, match="context window"):
        local.ask("so?" * 30)


def test_without_llama_cpp_the_command_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    with pytest.raises(OptionalDependencyError, match="pip install 'llama-cpp-python'"):
        teacher.Local.load(tmp_path / "model.gguf")
    with pytest.raises(SystemExit) as end:
        teacher.main(["drafts", str(written(tmp_path / "in", texts(1))), str(tmp_path / "out"), "--gguf", "m.gguf", "--model", "m"])
    assert end.value.code == 2 and "pip install 'llama-cpp-python'" in capsys.readouterr().err


def test_a_file_that_is_no_model_is_refused(tmp_path):
    pytest.importorskip("llama_cpp")
    with pytest.raises(ModelError):
        teacher.Local.load(tmp_path / "absent.gguf")


@pytest.mark.parametrize("option", ["--per-minute=0", "--per-minute=inf", "--concurrency=0", "--timeout=-1"])
def test_rates_and_times_are_more_than_nothing(tmp_path, option):
    with pytest.raises(SystemExit) as end:
        teacher.main(["drafts", os.devnull, str(tmp_path / "out"), "--endpoint", "http://127.0.0.1:1", "--model", "m", option])
    assert end.value.code == 2
