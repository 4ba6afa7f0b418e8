"""What the proxy's tests stand on: a cloud on this machine that remembers every byte, and the proxy in front of it."""

import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from rpo_edge.serve.run import bound, server_of

SECRET = "My grandmother's violet submarine sleeps under the third willow."
QUESTION = "Will the pizza survive in orbit?"
ANSWER = (
    "It is unlikely that a pizza would survive in orbit. It would be difficult to see, and it is cold there. "
    "Café owners — even naïve ones 🍕 — do not know it.\n\nHowever, it is possible to utilize a strong box. I do not think that it is needed."
)
KEY = "sk-of-the-client-77"
Body = dict[str, Any]


def pieces(text: str, size: int = 7) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def events(named: list[Body], *, names: bool = True) -> bytes:
    """An event stream of these data; their type is the event's name."""
    return b"".join(
        (f"event: {data['type']}\n" if names else "").encode() + b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"
        for data in named
    )


USAGE = {"prompt_tokens": 11, "completion_tokens": 222, "total_tokens": 233}


def chat(text: str = ANSWER) -> Body:
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": USAGE, "x_unknown": [1.5]}


def chat_event(delta: Body, finish: str | None = None, index: int = 0) -> Body:
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], "x_unknown": {"a": 1}}


def chat_events(text: str = ANSWER) -> bytes:
    listed = [chat_event({"role": "assistant", "content": ""}), *(chat_event({"content": piece}) for piece in pieces(text))]
    usage = {**chat_event({}), "choices": [], "usage": USAGE}
    return events([*listed, chat_event({}, "stop"), usage], names=False) + b"data: [DONE]\n\n"


def message(text: str = ANSWER) -> Body:
    content = [{"type": "text", "text": text, "citations": None}]
    usage = {"input_tokens": 11, "output_tokens": 222}
    return {"id": "m1", "type": "message", "role": "assistant", "model": "m", "content": content, "stop_reason": "end_turn", "stop_sequence": None, "usage": usage}  # fmt: skip


def message_events(text: str = ANSWER) -> bytes:
    start = {**message(), "content": [], "stop_reason": None}
    listed: list[Body] = [{"type": "message_start", "message": start}]
    listed += [{"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}, {"type": "ping"}]
    listed += [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}} for piece in pieces(text)]
    listed += [{"type": "content_block_stop", "index": 0}]
    listed += [{"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 222}}]
    return events([*listed, {"type": "message_stop"}])


def response(text: str = ANSWER, status: str = "completed") -> Body:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    item = {"type": "message", "id": "msg1", "status": status, "role": "assistant", "content": [part]}
    usage = {"input_tokens": 11, "output_tokens": 222, "total_tokens": 233}
    usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 5}}
    return {"id": "r1", "object": "response", "created_at": 1, "status": status, "model": "m", "output": [item], "usage": usage, "error": None, "tools": [], "tool_choice": "auto", "parallel_tool_calls": True, "instructions": None, "metadata": {}, "incomplete_details": None, "temperature": 1.0, "top_p": 1.0}  # fmt: skip


def response_events(text: str = ANSWER) -> bytes:
    whole = response(text)
    (item,) = whole["output"]
    at = {"item_id": "msg1", "output_index": 0, "content_index": 0}
    empty = {**whole, "output": [], "status": "in_progress"}
    blank = {**item["content"][0], "text": ""}
    listed: list[Body] = [{"type": "response.created", "response": empty}, {"type": "response.in_progress", "response": empty}]
    listed += [{"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": [], "status": "in_progress"}}]
    listed += [{"type": "response.content_part.added", **at, "part": blank}]
    listed += [{"type": "response.output_text.delta", **at, "delta": piece, "logprobs": []} for piece in pieces(text)]
    listed += [{"type": "response.output_text.done", **at, "text": text, "logprobs": []}]
    listed += [{"type": "response.content_part.done", **at, "part": item["content"][0]}]
    listed += [{"type": "response.output_item.done", "output_index": 0, "item": item}, {"type": "response.completed", "response": whole}]
    return events([{**data, "sequence_number": n} for n, data in enumerate(listed)])


ANSWERS = {
    "/v1/chat/completions": (chat, chat_events),
    "/v1/responses": (response, response_events),
    "/v1/messages": (message, message_events),
}


async def answer(request: Request, body: bytes) -> Response:
    """A cloud that works: as the API form says, in chunks of 50 bytes if streaming is asked for."""
    if request.url.path == "/v1/models":
        return JSONResponse({"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "me"}]})
    whole, streamed = ANSWERS[request.url.path]
    if not json.loads(body).get("stream"):
        return JSONResponse(whole(), headers={"x-request-id": "abc", "set-cookie": "a=b"})
    return streaming(streamed())


def streaming(data: bytes, size: int = 50) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(data), size):
            yield data[at : at + size]

    return StreamingResponse(chunks(), headers={"content-type": "text/event-stream; charset=utf-8", "x-request-id": "abc"})


@dataclass
class Cloud:
    """A server that answers as `reply` says and keeps all bytes that arrive."""

    reply: Callable[[Request, bytes], Awaitable[Response]] = answer
    seen: bytearray = field(default_factory=bytearray)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    gone: int = 0
    url: str = ""

    async def __call__(self, request: Request) -> Response:
        body = await request.body()
        target = request.scope["raw_path"].decode() + "?" + request.scope["query_string"].decode()
        self.requests.append((target, dict(request.headers), body))
        return await self.reply(request, body)

    def app(self) -> Starlette:
        methods = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"]
        return Starlette(routes=[Route("/{path:path}", self.__call__, methods=methods)])

    def protocol(self) -> type[H11Protocol]:
        seen = self.seen

        class Recording(H11Protocol):
            def data_received(self, data: bytes) -> None:
                seen.extend(data)
                super().data_received(data)

        return Recording


@contextmanager
def running(server: uvicorn.Server) -> Iterator[str]:
    """The server in a thread; its address."""
    with bound("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


@contextmanager
def clouded() -> Iterator[Cloud]:
    cloud = Cloud()
    config = uvicorn.Config(cloud.app(), http=cloud.protocol(), log_level="critical", log_config=None, access_log=False)
    with running(uvicorn.Server(config)) as cloud.url:
        yield cloud


@contextmanager
def proxied(app) -> Iterator[str]:
    with running(server_of(app)) as url:
        yield url
