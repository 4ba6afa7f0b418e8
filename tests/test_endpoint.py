"""How a teacher is asked, of a server on this machine that answers, refuses, stalls and talks nonsense as it is told."""

import json
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge.errors import ModelError, OptionalDependencyError

pytest.importorskip("httpx")

import httpx

from training.trajectories.endpoint import Bucket, Clock, Endpoint, EndpointRefused, Local, NoAnswer, Service, Unusable, retry_after

KEY = "sk-tell-nobody-5f2c"
DRAFT = "Yes, I am going to the market, and it will be fun. Do not wait for me."
Reply = tuple[int, dict[str, str], str]


class Server(ThreadingHTTPServer):
    """Answers each request with what `reply` makes of its number (from 0) and body; remembers bodies and headers."""

    daemon_threads = True

    def __init__(self, reply: Callable[[int, dict], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply, self.requests, self.headers, self.lock, self.over = reply, [], [], threading.Lock(), threading.Event()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def server_close(self) -> None:
        self.over.set()
        self.shutdown()
        super().server_close()

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
    """Start a server with such a `reply`."""
    with ExitStack() as servers:
        yield lambda reply: servers.enter_context(Server(reply))


class Time:
    """A clock on which sleeping takes no time."""

    def __init__(self) -> None:
        self.seconds, self.lock = 1000.0, threading.Lock()
        self.clock = Clock(lambda: self.seconds, self.sleep)

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.seconds += seconds


def service(server: Server, key: str | None = None, **patience: float) -> Service:
    return Service(httpx.URL(server.url + "/v1/chat/completions"), "m", key, **patience)


def endpoint(server: Server, passing: Time | None = None, **patience: float) -> Endpoint:
    clock = (passing or Time()).clock
    return Endpoint(service(server, **patience), Bucket(60_000, clock), clock)


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
    server.server_close()
    with pytest.raises(NoAnswer, match="ConnectError"):
        endpoint(server).ask("?")


@pytest.mark.parametrize("reply", [(429, {"Retry-After": "1"}, KEY), (500, {}, KEY), (200, {}, KEY), (401, {}, KEY), (404, {}, KEY)])
def test_no_error_has_the_key_in_it(serve, caplog, reply):
    asked, passing = service(serve(lambda n, body: reply), KEY), Time()
    with caplog.at_level(logging.DEBUG), pytest.raises((NoAnswer, EndpointRefused)) as failure:
        Endpoint(asked, Bucket(60_000, passing.clock), passing.clock).ask("?")
    assert KEY not in caplog.text + repr(asked) + "".join(traceback.format_exception(failure.value))


def test_a_proxy_of_the_environment_gets_nothing(serve, monkeypatch):
    proxy, server = serve(formal), serve(formal)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.setenv("NO_PROXY", "")
    assert endpoint(server).ask("Text:\n\nit's") == "it is" and not proxy.requests


@pytest.mark.parametrize(("reply", "reason"), [(chat("So", "length"), "cut off"), (chat("So", "content_filter"), "refused")])
def test_half_an_answer_is_none(serve, reply, reason):
    with pytest.raises(Unusable, match=reason):
        endpoint(serve(lambda n, body: reply)).ask("?")


def test_an_answer_without_words_is_empty(serve):
    assert endpoint(serve(lambda n, body: chat(None))).ask("?") == ""


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
    assert [retry_after(value, now) for value in ("0", "12", " 2.5")] == [0, 12, 2.5]
    assert retry_after(format_datetime(now + timedelta(seconds=90), usegmt=True), now) == 90
    assert retry_after(format_datetime(now - timedelta(days=1), usegmt=True), now) == 0


@given(st.text() | st.from_regex(r"[-+ 0-9:,.a-zA-Z]*", fullmatch=True))
def test_any_other_retry_after_is_none(value):
    seconds = retry_after(value, datetime(2026, 1, 2, tzinfo=UTC))
    assert seconds is None or seconds >= 0


class Llama:
    """What llama-cpp-python's class does, as far as it is used."""

    def create_chat_completion(self, messages: list[dict], *, max_tokens: int) -> dict:
        if len(messages[0]["content"]) > 50:
            raise ValueError("Requested tokens (60) exceed context window of 50")
        return {"choices": [{"message": {"content": messages[0]["content"].upper()}, "finish_reason": "stop"}]}


def test_a_local_model_answers_or_says_that_the_prompt_is_too_long():
    local = Local(Llama())
    assert local.ask("so?") == "SO?"
    with pytest.raises(NoAnswer, match="context window"):
        local.ask("so?" * 30)


def test_without_llama_cpp_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    with pytest.raises(OptionalDependencyError, match="pip install 'llama-cpp-python'"):
        Local.load(tmp_path / "model.gguf")


def test_a_file_that_is_no_model_is_refused(tmp_path):
    pytest.importorskip("llama_cpp")
    with pytest.raises(ModelError):
        Local.load(tmp_path / "absent.gguf")
