"""The proxy: what is rewritten, what passes byte for byte, and that nothing of the history leaves."""

import asyncio
import gzip
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

import httpx
from serve_samples import (
    ANSWER,
    KEY,
    QUESTION,
    SECRET,
    Cloud,
    chat,
    chat_event,
    chat_events,
    clouded,
    events,
    message_events,
    proxied,
    response_events,
    streaming,
)
from starlette.responses import JSONResponse, Response, StreamingResponse

from rpo_edge import History, Personalizer
from rpo_edge.errors import InputError, StoreError
from rpo_edge.importers import Report, read_paths
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.reopening import Store
from rpo_edge.serve.app import PATIENCE, application
from rpo_edge.serve.dialects import DIALECTS
from rpo_edge.serve.outcome import Summary
from rpo_edge.serve.plan import planned
from rpo_edge.serve.run import bound
from rpo_edge.serve.safety import Safety
from rpo_edge.serve.sse import Parser
from rpo_edge.serve.transform import Transform
from rpo_edge.serve.upstream import Patience, Upstream
from rpo_edge.serve.whole import rewrite_answer
from rpo_edge.serve.workers import Workers

ROOT = Path(__file__).resolve().parents[1]
ASKED = {"model": "m", "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 99}
BODIES = {"/v1/chat/completions": ASKED, "/v1/messages": ASKED, "/v1/responses": {"model": "m", "input": QUESTION}}
SAMPLES = {"/chat/completions": chat_events, "/responses": response_events, "/messages": message_events}
HEADERS = {"authorization": f"Bearer {KEY}", "x-api-key": KEY}


@pytest.fixture(scope="module")
def secret_store(tmp_path_factory):
    path = tmp_path_factory.mktemp("serve") / "history.db"
    with History.open(path) as history:
        history.extend(read_paths([ROOT / "examples/history"], Report()))
        for n in range(3):
            history.add(f"{SECRET} It's {n}. I don't know whether the pizza will survive in orbit, it's hard to say.")
    return path


@pytest.fixture(scope="module")
def rewriter(secret_store):
    with History.open(secret_store) as history:
        yield Personalizer(history, "rules")  # whose sentences say here what its paragraphs do


@pytest.fixture(scope="module")
def wanted(rewriter) -> str:
    text = rewriter.rewrite(ANSWER, QUESTION, windows="sentences").text
    assert text != ANSWER
    return text


@contextmanager
def serving(rewriter, cloud: Cloud, safety: Safety | None = None, workers: Workers | None = None, **patience) -> Iterator[httpx.Client]:
    app = application(rewriter, Upstream(cloud.url + "/v1", Patience(**patience)), safety or Safety(), workers)
    with proxied(app) as url, httpx.Client(base_url=url, timeout=30, trust_env=False, headers=HEADERS) as client:
        yield client


@pytest.fixture(scope="module")
def servers(rewriter):
    with clouded() as cloud, serving(rewriter, cloud, workers=Workers(2, 60.0, 60.0), read=2.0) as client:
        yield cloud, client


@pytest.fixture
def both(servers):
    """The cloud as it was made, and a client of the proxy."""
    cloud, client = servers
    cloud.reply = Cloud().reply
    cloud.requests.clear()
    client.cookies.clear()
    return cloud, client


def data_of(stream: bytes) -> list[dict]:
    found = [event.data for event in Parser().feed(stream)]
    return [json.loads(data) for data in found if data and data != b"[DONE]"]


def said(path: str, stream: bytes) -> str:
    """The text of a stream, as a client puts it together."""
    dialect = DIALECTS[path]
    return "".join(text.value for data in data_of(stream) for text in dialect.read(data).deltas)


class Loud:
    """A stream that writes in capitals, a sentence at a time."""

    def __init__(self) -> None:
        self.held, self.given = "", ""

    def feed(self, text: str) -> str:
        self.held += text
        self.given += text
        at = self.held.rfind(". ") + 1
        ready, self.held = self.held[:at], self.held[at:]
        return ready.upper()

    def finish(self) -> str:
        ready, self.held = self.held, ""
        return ready.upper()

    @property
    def result(self):
        return SimpleNamespace(changed=self.given.upper() != self.given, failed=False, notices=())


def through(path: str, chunks: list[bytes], late=lambda: False, begin=Loud, whole: bool = True) -> bytes:
    transform, out = Transform(DIALECTS[path], begin), b""
    for chunk in chunks:
        transform.take(chunk)
        while (step := transform.step(late())) is not None:
            out += step
    return out + transform.close(whole)


# -- Streams ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SAMPLES)
@given(cuts=st.lists(st.integers(0, 100_000), max_size=12), end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_chunks_may_end_anywhere(path, cuts, end):
    """Inside characters, between CR and LF; the answer is the same, and so is every event that has no text."""
    stream = SAMPLES[path]().replace(b"\n", end.encode())
    places = sorted({0, len(stream), *(cut % len(stream) for cut in cuts)})
    chunks = [stream[a:b] for a, b in pairwise(places)]
    out = through(path, chunks)
    assert said(path, out) == ANSWER.upper()
    assert out == through(path, [stream])


class Counting(Loud):
    """Notes each time something is let go, and whether the chunk was quiet."""

    quiet, let_go = False, ()

    def feed(self, text):
        out = super().feed(text)
        Counting.let_go += (Counting.quiet,) if out else ()
        return out


@pytest.mark.parametrize("path", SAMPLES)
def test_in_a_quiet_chunk_no_sentence_ends(path):
    """And most chunks are quiet, so that they cost no thread."""
    Counting.let_go = ()
    transform, quiet = Transform(DIALECTS[path], Counting), []
    for event in SAMPLES[path]().split(b"\n\n"):
        Counting.quiet = transform.take(event + b"\n\n")
        quiet.append(Counting.quiet)
        while transform.step(False) is not None:
            pass
    assert Counting.let_go and not any(Counting.let_go) and sum(quiet) > 10


@given(st.lists(st.binary(max_size=9), max_size=20), st.integers(0, 99))
def test_the_parser_keeps_every_byte(chunks, seed):
    random.seed(seed)
    chunks = [bytes(random.choice(b"\r\n:d ") if byte % 2 else byte for byte in chunk) for chunk in chunks]
    parser, kept = Parser(), b""
    for chunk in chunks:
        kept += b"".join(event.raw for event in parser.feed(chunk))
    assert kept + parser.drain() == b"".join(chunks)


def test_events_without_text_keep_their_bytes():
    stream = message_events()
    out = through("/messages", [stream])
    texts = [event.raw for event in Parser().feed(stream) if b"text_delta" not in event.raw]
    at = 0
    for raw in texts:  # all there, in their order
        at = out.index(raw, at) + len(raw)
    assert out.endswith(b": rpo-edge: rewritten\n\n")


def test_every_full_text_of_a_response_is_the_rewritten_one():
    got = data_of(through("/responses", [response_events()]))
    kinds = {data["type"]: data for data in got}
    (item,) = kinds["response.completed"]["response"]["output"]
    texts = [kinds["response.output_text.done"]["text"], kinds["response.content_part.done"]["part"]["text"]]
    texts += [kinds["response.output_item.done"]["item"]["content"][0]["text"], item["content"][0]["text"]]
    assert texts == [ANSWER.upper()] * 4
    assert kinds["response.completed"]["response"]["usage"]["output_tokens"] == 222
    numbers = [data["sequence_number"] for data in got]
    assert numbers == sorted(numbers) and set(numbers) == set(range(len(data_of(response_events()))))


def test_text_never_passes_a_tool_call_or_the_end():
    call = {"tool_calls": [{"index": 0, "id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}
    listed = [chat_event({"content": "let me"}), chat_event({"content": " look. so"}), chat_event(call), chat_event({"content": "after"})]
    stream = events([*listed, chat_event({}, "stop")], names=False) + b"data: [DONE]\n\n"
    got = data_of(through("/chat/completions", [stream]))
    order = [choice["delta"].get("content") or ("call" if "tool_calls" in choice["delta"] else choice["finish_reason"]) for data in got for choice in data["choices"]]  # fmt: skip
    assert order == ["LET ME LOOK.", " SO", "call", "AFTER", "stop"]
    assert got[2] == chat_event(call)


def test_text_in_the_event_that_ends_it():
    got = data_of(
        through("/chat/completions", [events([chat_event({"content": "one"}), chat_event({"content": " two"}, "stop")], names=False)])
    )
    assert got == [chat_event({"content": "ONE TWO"}, "stop")]


def test_choices_are_parts_of_their_own():
    both = [{**chat_event({"content": a}), "choices": [*chat_event({"content": a})["choices"], *chat_event({"content": b}, index=1)["choices"]]} for a, b in (("a ", "x. "), ("b.", "y"))]  # fmt: skip
    ends = [chat_event({}, "stop", 1), chat_event({}, "stop", 0)]
    got = data_of(through("/chat/completions", [events([*both, *ends], names=False)]))
    texts = {0: "", 1: ""}
    for data in got:
        for choice in data["choices"]:
            texts[choice["index"]] += choice["delta"].get("content", "")
    assert texts == {0: "A B.", 1: "X. Y"}


@pytest.mark.parametrize(
    "delta",
    [{"reasoning_content": "i think. so"}, {"refusal": "no. never"}, {"audio": {"data": "a. b"}}, {"function_call": {"name": "f. g"}}],
)
def test_what_is_no_content_keeps_its_bytes(delta):
    stream = events([chat_event(delta), chat_event({}, "stop")], names=False) + b"data: [DONE]\n\n"
    assert through("/chat/completions", [stream]) == stream + b": rpo-edge: unchanged; reason=no-prose\n\n"


@pytest.mark.parametrize(
    ("beside", "ends"),
    [
        ({"id": "abc"}, False),
        ({"x_index": 3, "x_last": True}, False),
        ({"reasoning_content": None, "tool_calls": [], "refusal": ""}, False),
        ({"reasoning_content": "so"}, True),
        ({"reasoning": "so"}, True),
        ({"refusal": "no"}, True),
        ({"tool_calls": [{"index": 0}]}, True),
        ({"audio": {"id": "a"}}, True),
    ],
)
def test_what_a_server_says_beside_each_piece_of_content_ends_it_only_where_it_is_content_too(beside, ends):
    listed = [chat_event({"content": piece, **beside}) for piece in ("let me", " look. so")]
    got = data_of(through("/chat/completions", [events([*listed, chat_event({}, "stop")], names=False) + b"data: [DONE]\n\n"]))
    deltas = [choice["delta"] for data in got for choice in data["choices"]]
    assert "".join(delta.get("content", "") for delta in deltas) == "LET ME LOOK. SO"
    assert [delta["content"] for delta in deltas if delta.get("content")] == (["LET ME", " LOOK. SO"] if ends else ["LET ME LOOK.", " SO"])
    if any(beside.values()):  # it is neither lost nor said twice
        assert [[delta.get(name) for delta in deltas].count(value) for name, value in beside.items()] == [2] * len(beside)


@pytest.mark.parametrize("kind", ["thinking_delta", "input_json_delta", "signature_delta"])
def test_other_blocks_keep_their_bytes(kind):
    listed = [{"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}]
    listed += [{"type": "content_block_delta", "index": 0, "delta": {"type": kind, "text": "a. b", "thinking": "a. b"}}]
    stream = events([*listed, {"type": "content_block_stop", "index": 0}])
    assert through("/messages", [stream]).startswith(stream)


def test_a_block_with_citations_keeps_its_bytes():
    stream = message_events().replace(b'"text": ""}', b'"text": "", "citations": []}')
    assert through("/messages", [stream]).startswith(stream)


def test_an_answer_that_is_json_keeps_its_bytes():
    stream = chat_events('  {"a": "it is. so"}')
    assert through("/chat/completions", [stream]).startswith(stream.replace(b'"content": "  ', b'"content": "  ', 1)[:50])
    assert said("/chat/completions", through("/chat/completions", [stream])) == '  {"a": "it is. so"}'


def test_surrogate_pairs_in_two_events_are_one_character():
    halves = [chat_event({"content": piece}) for piece in ("pizza \ud83c", "\udf55 hot")]
    stream = b"".join(b"data: " + json.dumps(data).encode() + b"\n\n" for data in halves) + b"data: [DONE]\n\n"
    assert said("/chat/completions", through("/chat/completions", [stream])) == "PIZZA 🍕 HOT"


def test_half_a_pair_alone_is_left_alone():
    stream = b"".join(b"data: " + json.dumps(chat_event({"content": text})).encode() + b"\n\n" for text in ("a b", " \ud83c c", " d"))
    assert said("/chat/completions", through("/chat/completions", [stream])) == "A B \ud83c c d"


@pytest.mark.parametrize(
    "nonsense", [b"data: \xff\xfe\n\n", b"data: {broken\n\n", b'data: {"choices": [{"delta": {"content": "\xff"}}]}\n\n']
)
def test_after_nonsense_the_rest_passes(nonsense):
    first, rest = events([chat_event({"content": "one. two"})], names=False), events([chat_event({"content": "three. four"})], names=False)
    out = through("/chat/completions", [first + nonsense + rest])
    assert nonsense + rest in out and said("/chat/completions", out.replace(nonsense, b"")) == "ONE. TWOthree. four"


def test_half_a_stream_ends_with_all_that_came():
    stream = chat_events()
    cut = stream[: len(stream) * 2 // 3]
    parser = Parser()
    whole = b"".join(event.raw for event in parser.feed(cut))
    out = through("/chat/completions", [cut], whole=False)
    assert said("/chat/completions", out) == said("/chat/completions", whole).upper() and out.endswith(parser.drain())
    assert b": rpo-edge" not in out


def test_what_comes_too_late_passes_in_order_and_is_counted():
    text = "one thing. two things. three things. four things. five.\n\nsix now. seven now."
    asked = iter([False] * 4 + [True] * 4 + [False] * 99)
    chunks = [event.raw for event in Parser().feed(chat_events(text))]
    out = through("/chat/completions", chunks, late=lambda: next(asked))
    got = said("/chat/completions", out)
    assert got.lower() == text and got.startswith("ONE") and "four things. five." in got and got.endswith("SIX NOW. SEVEN NOW.")
    assert out.endswith(b": rpo-edge: rewritten; passed=4\n\n")


def test_after_overload_no_stream_begins_inside_code():
    text = "```\nx = 1\n\ny = 2. 3. 4\n```\n\nit is. so"
    asked = iter([True] * 3 + [False] * 99)
    chunks = [event.raw for event in Parser().feed(chat_events(text))]
    assert said("/chat/completions", through("/chat/completions", chunks, late=lambda: next(asked))) == text.replace(
        "it is. so", "IT IS. SO"
    )


# -- What a request asks for -----------------------------------------------------------------------------------------

LEFT_ALONE = [
    ("/chat/completions", {"response_format": {"type": "json_object"}}, "structured-output"),
    ("/chat/completions", {"format": "json"}, "structured-output"),
    ("/chat/completions", {"logprobs": True}, "logprobs"),
    ("/chat/completions", {"tool_choice": "required"}, "forced-tool"),
    ("/chat/completions", {"tool_choice": {"type": "function", "function": {"name": "f"}}}, "forced-tool"),
    ("/chat/completions", {"modalities": ["text", "audio"]}, "audio"),
    ("/chat/completions", {"web_search_options": {}}, "citations"),
    ("/chat/completions", {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}, "prefill"),
    ("/responses", {"text": {"format": {"type": "json_schema"}}}, "structured-output"),
    ("/responses", {"include": ["message.output_text.logprobs"]}, "logprobs"),
    ("/responses", {"top_logprobs": 3}, "logprobs"),
    ("/responses", {"tool_choice": {"type": "function", "name": "f"}}, "forced-tool"),
    ("/responses", {"tools": [{"type": "web_search_preview"}]}, "citations"),
    ("/messages", {"output_format": {"type": "json_schema"}}, "structured-output"),
    ("/messages", {"output_config": {"format": {"type": "json_schema"}}}, "structured-output"),
    ("/messages", {"tool_choice": {"type": "any"}}, "forced-tool"),
    ("/messages", {"messages": [{"role": "assistant", "content": "{"}]}, "prefill"),
]


@pytest.mark.parametrize(("path", "asks", "reason"), LEFT_ALONE, ids=lambda value: str(value)[:40])
def test_requests_whose_answers_are_left_alone(both, path, asks, reason):
    cloud, client = both
    for streamed in (False, True):
        body = {**BODIES["/v1" + path], **asks, "stream": streamed}
        got = client.post("/v1" + path, json=body)
        direct = httpx.post(cloud.url + "/v1" + path, json=body, trust_env=False)
        assert got.content == direct.content and got.headers["rpo-edge"] == f"unchanged; reason={reason}"


@pytest.mark.parametrize(
    "asks", [{"tool_choice": "auto"}, {"response_format": {"type": "text"}}, {"logprobs": False}, {"tools": [{"type": "function"}]}]
)
def test_other_requests_are_not(asks):
    assert planned(DIALECTS["/chat/completions"], {}, json.dumps({**ASKED, **asks}).encode()).dialect


def test_the_query_is_the_users_last_message():
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "data:"}}, {"type": "text", "text": "here"}]
    chats = [{"role": "user", "content": "old"}, {"role": "user", "content": parts}, {"role": "tool", "content": "9"}]
    assert planned(DIALECTS["/chat/completions"], {}, json.dumps({"messages": chats}).encode()).query == "look\nhere"
    items = [{"role": "user", "content": [{"type": "input_text", "text": "q"}]}, {"type": "function_call_output", "output": "9"}]
    assert planned(DIALECTS["/responses"], {}, json.dumps({"input": items}).encode()).query == "q"
    results = [{"role": "user", "content": "q"}, {"role": "user", "content": [{"type": "tool_result", "content": "9"}]}]
    assert planned(DIALECTS["/messages"], {}, json.dumps({"messages": results}).encode()).query == "q"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["choices", "delta", "content", "type", "message", "messages", "role", "output", "text", "index", "part", "item", "response", "input", "tools", "include", "modalities"]), inner)))  # fmt: skip
def test_json_of_any_shape_is_survived(value):
    body = json.dumps(value).encode()
    for path, dialect in DIALECTS.items():
        planned(dialect, {}, body)
        assert rewrite_answer(dialect, body, lambda text: pytest.fail("no text"), late=True)[0] == body
        through(path, [b"data: " + body + b"\n\n"])


# -- Over HTTP -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", BODIES)
def test_whole_and_streamed_answers_are_the_users(both, wanted, path):
    _, client = both
    whole = client.post(path, json=BODIES[path])
    (text,) = DIALECTS[path.removeprefix("/v1")].texts(whole.json())
    assert text.value == wanted and whole.headers["rpo-edge"] == "rewritten"
    streamed = client.post(path, json={**BODIES[path], "stream": True})
    assert said(path.removeprefix("/v1"), streamed.content) == wanted
    assert streamed.headers["rpo-edge"] == "streaming" and streamed.content.endswith(b": rpo-edge: rewritten\n\n")
    assert streamed.headers["x-request-id"] == "abc"


def test_all_but_the_text_is_the_upstreams(both, wanted):
    _, client = both
    got = client.post("/v1/chat/completions", json=ASKED)
    assert got.json() == chat(wanted) and got.headers["set-cookie"] == "a=b" and int(got.headers["content-length"]) == len(got.content)


@pytest.mark.parametrize("streamed", [False, True])
def test_off_passes_the_bytes(both, streamed):
    cloud, client = both
    body = {**ASKED, "stream": streamed}
    got = client.post("/v1/chat/completions", json=body, headers={"rpo-edge": "off"})
    assert got.headers["rpo-edge"] == "off" and got.content == (chat_events() if streamed else json.dumps(chat(), separators=(",", ":"), ensure_ascii=False).encode())  # fmt: skip
    assert "rpo-edge" not in cloud.requests[-1][1]


def test_a_request_goes_as_it_came(both):
    cloud, client = both
    body = b'{ "model":"m", "n": 1.0, "messages":[{"role":"user","content":"caf\xc3\xa9 \\u00e9"}]}'
    sent = {"content-type": "application/json", "x-mine": "1", "connection": "keep-alive, x-hop", "x-hop": "2", "user-agent": "me/1"}
    client.post("/v1/chat/completions?a=%2Fb&a=c", content=body, headers=sent)
    target, headers, arrived = cloud.requests[-1]
    assert (target, arrived) == ("/v1/chat/completions?a=%2Fb&a=c", body)
    assert headers.pop("host") == cloud.url.removeprefix("http://") and headers.pop("accept-encoding") == "identity"
    assert headers.pop("accept") == "*/*" and headers.pop("authorization") == f"Bearer {KEY}" and headers.pop("x-api-key") == KEY
    assert headers == {"content-type": "application/json", "x-mine": "1", "user-agent": "me/1", "content-length": str(len(body))}


def test_other_paths_pass(both):
    cloud, client = both
    assert client.get("/v1/models").json()["data"][0]["id"] == "m"

    async def echo(request, body):
        return Response(gzip.compress(body[::-1]), 418, {"content-encoding": "gzip", "x-a": "b"}, "application/octet-stream")

    cloud.reply = echo
    uploaded = iter([b"abc", bytes(range(256)) * 999])
    got = client.put("/v1/files/a%2Fb?x=1", content=uploaded)
    assert (got.status_code, got.headers["x-a"], got.content) == (418, "b", (b"abc" + bytes(range(256)) * 999)[::-1])
    assert cloud.requests[-1][0] == "/v1/files/a%2Fb?x=1" and got.headers["rpo-edge"] == "unchanged; reason=other-path"
    client.get("/api/tags")
    assert cloud.requests[-1][0] == "/api/tags?"


def test_a_compressed_answer_is_read(both, wanted):
    cloud, client = both

    async def packed(request, body):
        return Response(gzip.compress(json.dumps(chat()).encode()), headers={"content-encoding": "gzip"}, media_type="application/json")

    cloud.reply = packed
    got = client.post("/v1/chat/completions", json=ASKED)
    assert got.json() == chat(wanted) and "content-encoding" not in got.headers


def test_an_encoding_that_is_not_known_passes(both):
    cloud, client = both

    async def strange(request, body):
        return Response(b"\x01\x02", headers={"content-encoding": "rot13"}, media_type="application/json")

    cloud.reply = strange
    got = client.post("/v1/chat/completions", json=ASKED)
    assert (got.content, got.headers["content-encoding"], got.headers["rpo-edge"]) == (b"\x01\x02", "rot13", "unchanged; reason=unreadable")


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503, 529])
def test_errors_pass(both, status):
    cloud, client = both
    error = {"error": {"message": "it is wrong. it is.", "type": "x", "param": None, "code": None}}

    async def fails(request, body):
        return JSONResponse(error, status, headers={"retry-after": "7"})

    cloud.reply = fails
    got = client.post("/v1/chat/completions", json={**ASKED, "stream": True})
    assert (got.status_code, got.json(), got.headers["retry-after"]) == (status, error, "7")


@pytest.mark.parametrize("content", [b'{"choices": [{"message": {"content": "\xff it is."}}]}', b"<html>", b"", b"[1]", b'{"choices": 3}'])
def test_answers_of_no_sense_pass(both, content):
    cloud, client = both

    async def nonsense(request, body):
        return Response(content, media_type="application/json")

    cloud.reply = nonsense
    assert client.post("/v1/chat/completions", json=ASKED).content == content


def test_no_upstream_is_an_error_that_says_so(rewriter):
    with bound("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
    with serving(rewriter, Cloud(url=f"http://127.0.0.1:{port}")) as client:
        got = client.post("/v1/messages", json=ASKED)
    assert got.status_code == 502 and got.json()["error"]["type"] == "upstream_error"


def test_an_upstream_that_says_nothing_is_a_timeout(both):
    cloud, client = both

    async def stalls(request, body):
        await asyncio.sleep(4)
        return Response()

    cloud.reply = stalls
    assert client.post("/v1/messages", json=ASKED).status_code == 504


@pytest.mark.parametrize("kind", ["text/event-stream", "application/json"])
def test_half_an_answer_breaks_off_as_it_did(both, kind):
    cloud, client = both
    sent = chat_events()[:2000] if "event" in kind else json.dumps(chat()).encode()[:200]

    async def half(request, body):
        async def chunks():
            yield sent
            raise RuntimeError("the line went dead")

        return StreamingResponse(chunks(), media_type=kind)

    cloud.reply = half
    with client.stream("POST", "/v1/chat/completions", json=ASKED) as got:
        got_bytes, broke = b"", False
        try:
            for chunk in got.iter_raw():
                got_bytes += chunk
        except httpx.RemoteProtocolError:
            broke = True
    assert broke and got.status_code == 200
    if "json" in kind:
        assert got_bytes == sent
    else:
        assert said("/chat/completions", got_bytes).endswith(said("/chat/completions", sent)[-5:])


def test_a_client_that_goes_ends_the_upstreams_work(both):
    cloud, client = both
    gone = threading.Event()

    async def endless(request, body):
        async def chunks():
            try:
                yield events([chat_event({"content": "It is so. It is"})], names=False)
                await asyncio.sleep(1.5)  # the proxy hears nothing meanwhile, and the upstream's patience is longer
                gone.clear()
            except asyncio.CancelledError:
                gone.set()
                raise

        return StreamingResponse(chunks(), media_type="text/event-stream")

    cloud.reply = endless
    with client.stream("POST", "/v1/chat/completions", json=ASKED) as got:
        assert next(got.iter_raw())
    assert gone.wait(1.2)


def test_a_slow_client_gets_all(both, wanted):
    _, client = both
    with client.stream("POST", "/v1/chat/completions", json={**ASKED, "stream": True}) as got:
        content = b""
        for chunk in got.iter_raw(200):
            content += chunk
            time.sleep(0.01)
    assert said("/chat/completions", content) == wanted


def test_overload_passes_whole_answers_and_counts(rewriter):
    with clouded() as cloud, serving(rewriter, cloud, workers=Workers(1, -1.0, -1.0)) as client:  # whatever begins is late
        got = client.post("/v1/chat/completions", json=ASKED)
        assert got.json() == chat() and got.headers["rpo-edge"] == "unchanged; reason=overloaded; passed=5"
        streamed = client.post("/v1/chat/completions", json={**ASKED, "stream": True}).content
        assert said("/chat/completions", streamed) == ANSWER and b"reason=overloaded; passed=5" in streamed


class Held:
    """Whole answers are begun, and wait until `done`; streams do not."""

    def __init__(self, rewriter):
        self.begun, self.done = threading.Semaphore(0), threading.Event()
        self.streaming, self._rewriter = rewriter.streaming, rewriter

    def rewrite(self, draft, query=None, *, windows="sentences"):
        self.begun.release()
        self.done.wait(20)
        return self._rewriter.rewrite(draft, query, windows=windows)


@pytest.mark.parametrize(("patience", "rewritten"), [(None, 4), (PATIENCE, 2)])
def test_whole_answers_wait_longer_than_a_sentence(rewriter, patience, rewritten):
    """Four at once, of which two are in work for longer than a sentence of a stream would wait. With its patience for both, the others pass."""
    slow = Held(rewriter)
    workers = None if patience is None else Workers(2, patience, patience)
    with clouded() as cloud, serving(slow, cloud, workers=workers) as client, ThreadPoolExecutor(4) as pool:
        wholes = [pool.submit(client.post, "/v1/chat/completions", json=ASKED) for _ in range(4)]
        try:
            assert all(slow.begun.acquire(timeout=10) for _ in range(2))
            until = time.monotonic() + 10
            while len(cloud.requests) < 4 and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(5 * PATIENCE)
        finally:
            slow.done.set()
        headers = sorted(whole.result().headers["rpo-edge"] for whole in wholes)
    assert headers == ["rewritten"] * rewritten + ["unchanged; reason=overloaded; passed=5"] * (4 - rewritten)


def test_a_stream_does_not_wait_for_whole_answers(rewriter, wanted):
    slow = Held(rewriter)
    with clouded() as cloud, serving(slow, cloud, workers=Workers(2, 60.0, 60.0)) as client, ThreadPoolExecutor(2) as pool:
        wholes = [pool.submit(client.post, "/v1/chat/completions", json=ASKED) for _ in range(2)]
        try:
            assert all(slow.begun.acquire(timeout=10) for _ in wholes)
            got = client.post("/v1/chat/completions", json={**ASKED, "stream": True}, timeout=10)
        finally:
            slow.done.set()
        assert said("/chat/completions", got.content) == wanted
        assert all(whole.result().json()["choices"][0]["message"]["content"] == wanted for whole in wholes)


def test_long_whole_answers_let_streams_between(rewriter):
    asked = []

    class Watched:
        streaming = rewriter.streaming

        def rewrite(self, draft, query=None, *, windows):
            asked.append((len(draft), windows, query))
            return rewriter.rewrite(draft, query, windows=windows)

    long = "It is late, and we do not know. " * 100
    for text in (ANSWER, long):

        async def reply(request, body, text=text):
            return JSONResponse(chat(text))

        with clouded() as cloud, serving(Watched(), cloud, workers=Workers(2, 60.0, 60.0)) as client:
            cloud.reply = reply
            client.post("/v1/chat/completions", json=ASKED)
    assert asked == [(len(ANSWER), "paragraphs", QUESTION), (len(long), "sentences", QUESTION)]


def test_when_rewriting_fails_the_original_passes(secret_store):
    history = History.open(secret_store)
    history.close()
    with clouded() as cloud, serving(Personalizer(history), cloud) as client:
        got = client.post("/v1/chat/completions", json=ASKED)
        assert got.json() == chat() and got.headers["rpo-edge"] == "unchanged; reason=failed"
        streamed = client.post("/v1/messages", json={**ASKED, "stream": True})
        assert said("/messages", streamed.content) == ANSWER and streamed.content.endswith(b": rpo-edge: unchanged; reason=failed\n\n")


def test_a_rewrite_that_raises_costs_no_answer():
    def fails(text: str):
        raise RuntimeError("no")

    body = json.dumps(chat()).encode()
    got, summary = rewrite_answer(DIALECTS["/chat/completions"], body, fails, late=False)
    assert got == body and str(summary) == "unchanged; reason=failed"


@pytest.mark.parametrize(
    ("outcomes", "passed", "said"),
    [
        (("rewritten", "same"), 0, "rewritten"),
        (("rewritten", "failed", "in part", "same"), 2, "rewritten; failed=2; passed=2"),
        (("failed", "same"), 0, "unchanged; reason=failed"),
    ],
)
def test_what_failed_is_told_beside_what_was_rewritten(outcomes, passed, said):
    """In part: a stream of which some sentence failed."""
    found = [SimpleNamespace(changed=o in ("rewritten", "in part"), failed=o in ("failed", "in part"), notices=()) for o in outcomes]
    assert str(Summary(tuple(found), passed)) == said


def test_an_empty_history_is_named(tmp_path):
    with History.open(tmp_path / "h.db") as history, clouded() as cloud, serving(Personalizer(history), cloud) as client:
        got = client.post("/v1/chat/completions", json=ASKED)
        assert got.json() == chat() and got.headers["rpo-edge"] == "unchanged; reason=empty-history"


# -- The store that lies there now ------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="no such signal")
def test_a_history_that_is_made_after_the_start_is_seen(tmp_path):
    ours = [sys.executable, "-m", "rpo_edge", "--store", tmp_path / "late.db"]
    with (
        clouded() as cloud,
        subprocess.Popen([*ours, "serve", "--upstream", cloud.url + "/v1", "--port", "0"], cwd=ROOT, stderr=subprocess.PIPE) as proxy,
    ):
        try:
            url = proxy.stderr.readline().split()[1].decode()
            assert proxy.stderr.readline().startswith(b"rpo-edge: the history is empty")
            asked = [httpx.post(url + "/chat/completions", json=ASKED, trust_env=False)]
            subprocess.run([*ours, "history", "import", ROOT / "examples/history"], cwd=ROOT, capture_output=True, check=True)
            asked.append(httpx.post(url + "/chat/completions", json=ASKED, trust_env=False))
            streamed = httpx.post(url + "/chat/completions", json={**ASKED, "stream": True}, trust_env=False).content
        finally:
            proxy.send_signal(signal.SIGINT)
        assert proxy.stderr.read() == b""
    assert [got.headers["rpo-edge"] for got in asked] == ["unchanged; reason=empty-history", "rewritten"]
    assert streamed.endswith(b": rpo-edge: rewritten\n\n") and said("/chat/completions", streamed) != ANSWER


class Opened:
    """A store whose histories are kept, and may be asked whether they are open."""

    def __init__(self, path: Path) -> None:
        self.made: list[History] = []
        self.told: list[str] = []
        self.store = Store(path, lambda: self.open(path), "rules", None, self.told.append)

    def open(self, path: Path) -> History:
        self.made.append(History.open(path, create=False))
        return self.made[-1]

    def closed(self) -> list[bool]:
        return [is_closed(history) for history in self.made]


def is_closed(history: History) -> bool:
    try:
        return len(history) < 0
    except StoreError:
        return True


@pytest.fixture
def opened(tmp_path, secret_store):
    """A store at `path`, which is a copy of the secret one."""
    path = tmp_path / "history.db"
    replaced(path, secret_store)
    found = Opened(path)
    yield path, found
    found.store.close()


def replaced(path: Path, by: Path) -> None:
    with History.open(by) as history:
        history.backup(path.with_name("new.db"))
    path.with_name("new.db").replace(path)


def test_a_stream_ends_with_the_history_it_began_with(opened, secret_store, wanted):
    path, found = opened
    stream, out = found.store.streaming(QUESTION), []
    halves = ANSWER[: len(ANSWER) // 2], ANSWER[len(ANSWER) // 2 :]
    out.append(stream.feed(halves[0]))
    replaced(path, secret_store)
    assert found.store.rewrite(ANSWER, QUESTION, windows="sentences").text == wanted
    assert found.closed() == [False, False]
    out += [stream.feed(halves[1]), stream.finish()]
    assert "".join(out) == wanted and not stream.result.failed
    del stream
    found.store.rewrite(ANSWER)
    assert found.closed() == [True, False]


def test_a_whole_answer_ends_with_the_history_it_began_with(opened, secret_store, monkeypatch):
    path, found = opened
    found.store.personalizer()
    reflect = RulesReflector.reflect

    def slow(*given):
        monkeypatch.setattr(RulesReflector, "reflect", reflect)
        replaced(path, secret_store)
        assert not found.store.streaming(QUESTION).feed("It is"), "another has begun"
        assert found.closed() == [False, False]
        return reflect(*given)

    monkeypatch.setattr(RulesReflector, "reflect", slow)
    assert found.store.rewrite(ANSWER, QUESTION, windows="sentences").changed
    found.store.rewrite(ANSWER)
    assert found.closed() == [True, False]


def test_threads_that_ask_at_once_open_one_history(opened):
    _, found = opened
    with ThreadPoolExecutor(8) as pool:
        texts = {result.text for result in pool.map(lambda n: found.store.rewrite(ANSWER, QUESTION), range(16))}
    assert len(found.made) == len(texts) == 1 and texts != {ANSWER}


def test_a_file_that_is_being_made_is_no_history_yet(opened):
    path, found = opened
    texts = path.read_bytes()
    path.write_bytes(b"")
    assert not found.store.rewrite(ANSWER).changed
    path.write_bytes(texts)
    assert found.store.rewrite(ANSWER).changed


def test_a_store_that_cannot_be_opened_again_costs_no_answer_and_is_told_once(opened, secret_store, wanted):
    path, found = opened
    with clouded() as cloud, serving(found.store, cloud, workers=Workers(2, 60.0, 60.0)) as client:
        assert client.post("/v1/chat/completions", json=ASKED).headers["rpo-edge"] == "rewritten"
        path.with_name("bad.db").write_bytes(b"SQLite format 3\0" + bytes(5000))
        path.with_name("bad.db").replace(path)
        got = client.post("/v1/chat/completions", json=ASKED)
        assert got.json() == chat() and got.headers["rpo-edge"] == "unchanged; reason=failed"
        for api, streams in (("/chat/completions", chat_events), ("/messages", message_events)):
            streamed = client.post("/v1" + api, json={**ASKED, "stream": True}).content
            assert said(api, streamed) == said(api, streams()) and streamed.endswith(b": rpo-edge: unchanged; reason=failed\n\n")
        assert len(found.told) == 1 and str(path) in found.told[0]
        replaced(path, secret_store)
        streamed = client.post("/v1/chat/completions", json={**ASKED, "stream": True}).content
        assert said("/chat/completions", streamed) == wanted


# -- Nothing leaves --------------------------------------------------------------------------------------------------


def test_nothing_of_the_history_arrives_upstream(secret_store, rewriter, caplog):
    """Every byte, with and without streaming, with errors, retries and half streams. The key is there, so the bytes are."""
    words = [" ".join(SECRET.split()[i : i + 3]).encode() for i in range(len(SECRET.split()) - 2)]
    with History.open(secret_store) as history:
        assert any(SECRET in item.text for item in history.search(QUESTION, 8))  # what retrieval finds for this question
    with clouded() as cloud, serving(rewriter, cloud, read=1.0) as client:
        plain, n = cloud.reply, 0

        async def unsteady(request, body):
            nonlocal n
            n += 1
            if n % 3 == 0:
                return JSONResponse({"error": {"message": "busy"}}, 503)
            if n % 5 == 0:
                return streaming(chat_events()[:900])
            return await plain(request, body)

        cloud.reply = unsteady
        with caplog.at_level(0):
            for path, body in BODIES.items():
                for streamed in (False, True) * 4:
                    for _ in range(2):  # a client tries again
                        if client.post(path, json={**body, "stream": streamed}).is_success:
                            break
            client.get("/v1/models")
        seen = bytes(cloud.seen)
    assert QUESTION.encode() in seen and KEY.encode() in seen and len(seen) > 5000
    assert not [word for word in words if word in seen]
    ours = "".join(record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore", "asyncio")))
    assert QUESTION not in ours and KEY not in ours and SECRET not in ours


# -- Who may ask -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 403),
        ({"host": "evil.example:8787"}, 403),
        ({"host": "127.0.0.1.evil.example"}, 403),
        ({"host": "127.0.0.1@evil.example"}, 403),
        ({"host": ""}, 403),
        ({"host": "localhost:1"}, 200),
        ({"host": "[::1]:8787"}, 200),
        ({"host": "LOCALHOST."}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost.evil.example"}, 403),
        ({"origin": "http://localhost:3000"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
    ],
    ids=str,
)
def test_host_and_origin(both, headers, status):
    cloud, client = both
    got = client.get("/v1/models", headers=headers)
    assert got.status_code == status and (status == 200) == bool(cloud.requests)


def test_other_machines_need_a_token(rewriter):
    token = "a-token-of-some-length"
    for unsafe in ({"host": "0.0.0.0"}, {"host": "::"}, {"host": ""}, {"host": "192.0.2.7"}, {"allow_remote": True}, {"token": "short"}):
        with pytest.raises(InputError):
            Safety(**unsafe)
    safety = Safety("0.0.0.0", allow_remote=True, token=token)
    assert token not in repr(safety)
    with clouded() as cloud, serving(rewriter, cloud, safety) as client:
        assert client.get("/v1/models").status_code == 401
        assert client.get("/v1/models", headers={"rpo-edge-token": token[:-1]}).status_code == 401
        assert not cloud.requests
        assert client.get("/v1/models", headers={"rpo-edge-token": token, "host": "my-machine"}).status_code == 200
        assert token.encode() not in cloud.seen
        assert client.get("/v1/models", headers={"rpo-edge-token": token, "origin": "https://evil.example"}).status_code == 403


def test_a_target_cannot_name_another_host(both):
    cloud, client = both
    at = client.base_url.host, client.base_url.port
    with socket.create_connection(at) as raw:
        raw.sendall(b"GET http://evil.example/v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b" 404 " in raw.recv(100)
    assert not cloud.requests


@pytest.mark.parametrize(
    "url", ["HOST/v1", "ftp://h/v1", "https://", "https://a:b@h/v1", "https://h/v1?key=1", "http://[::1", "https://h:x/"]
)
def test_addresses_that_are_none(url):
    with pytest.raises(InputError):
        Upstream(url)


def test_the_command_says_what_is_wrong(run):
    assert run("serve", "--upstream", "https://h/v1", "--host", "0.0.0.0")[0] == 2
    assert b"token" in run("serve", "--upstream", "https://h/v1", "--host", "0.0.0.0", "--allow-remote")[2]
    with bound("127.0.0.1", 0) as taken:
        code, _, err = run("serve", "--upstream", "https://h/v1", "--port", taken.getsockname()[1])
    assert code == 2 and b"in use" in err


@pytest.mark.skipif(os.name != "posix", reason="no such signal")
def test_the_command_says_nothing_of_clients_that_go(secret_store):
    async def much(request, body):
        async def chunks():
            for _ in range(5000):
                yield events([chat_event({"reasoning_content": "It is"})], names=False)

        return StreamingResponse(chunks(), media_type="text/event-stream")

    with clouded() as cloud:
        cloud.reply = much
        command = [sys.executable, "-m", "rpo_edge", "--store", secret_store, "serve", "--upstream", cloud.url + "/v1", "--port", "0"]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as proxy:
            try:
                url = proxy.stderr.readline().split()[1].decode()
                for path in ("/chat/completions", "/other") * 4:  # rewritten, and as it comes
                    with httpx.stream("POST", url + path, json={**ASKED, "stream": True}, trust_env=False) as got:
                        next(got.iter_raw())
                        with suppress(OSError):
                            got.extensions["network_stream"].get_extra_info("socket").setsockopt(
                                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                            )
                    time.sleep(0.1)
                assert httpx.get(url + "/models", trust_env=False).status_code == 200
            finally:
                proxy.send_signal(signal.SIGINT)
            assert proxy.stderr.read() == b"" and proxy.wait(20) in (0, 130)
