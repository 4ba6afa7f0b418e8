"""The way of a request: checked, planned, asked upstream, and its answer relayed, as it is or rewritten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Literal, Protocol

import httpx
from anyio import CancelScope, create_task_group, to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from rpo_edge.serve.outcome import HEADER, STREAMING, unchanged
from rpo_edge.serve.parts import TextStream
from rpo_edge.serve.plan import Plan, dialect_of, planned
from rpo_edge.serve.safety import TOKEN, Guard, Safety, send_error
from rpo_edge.serve.transform import LARGEST, Transform
from rpo_edge.serve.upstream import Headers, Upstream, UpstreamError, can_decode, chunks, end_to_end
from rpo_edge.serve.whole import Rewritten, rewrite_answer
from rpo_edge.serve.workers import Workers

THREADS = 2
PATIENCE = 0.1  # seconds that a sentence may wait for a thread before it passes as it is
PATIENCE_OF_WHOLES = 10.0  # seconds that a whole answer may: its client has waited for all of it, and sees no pause
AT_ONCE = 2400
"""Code points of a text, some 400 words, that take less than a stream's patience to rewrite."""
_OURS = (HEADER.encode(), TOKEN.encode())
_OF_BYTES = (b"content-length", b"content-encoding", b"etag", b"content-md5", b"digest", b"content-digest", b"repr-digest")


class Rewriter(Protocol):
    """What the proxy wants of a `Personalizer`."""

    def rewrite(self, draft: str, query: str | None = None, *, windows: Literal["sentences", "paragraphs"] = ...) -> Rewritten:
        """The whole text."""

    def streaming(self, query: str | None = None) -> TextStream:
        """A text that comes in pieces."""


class Unopened:
    """A stream where none could be begun, and its result, which says why: everything passes."""

    changed, failed = False, True

    def __init__(self, error: Exception) -> None:
        self.notices = (str(error),)

    def feed(self, text: str) -> str:
        """All of it."""
        return text

    def finish(self) -> str:
        """Nothing was held."""
        return ""

    @property
    def result(self) -> Unopened:
        """Failed."""
        return self


def application(rewriter: Rewriter, upstream: Upstream, safety: Safety, workers: Workers | None = None) -> Starlette:
    """The proxy; it closes the upstream when it ends, and not the rewriter. workers: two threads for streams; one rewrites (a
    Personalizer does one thing at a time), and the other sees to what needs no rewriting. Two more for whole answers, which
    wait longer for one."""
    proxy = Proxy(rewriter, upstream, workers or Workers(THREADS, PATIENCE, PATIENCE_OF_WHOLES))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await upstream.close()

    return Starlette(routes=[Route("/{path:path}", proxy)], middleware=[Middleware(Guard, safety)], lifespan=lifespan)


class Reply:
    """An answer to the client. One that is begun and not ended is broken off by the server."""

    def __init__(self, send: Send) -> None:
        self._send, self.begun = send, False

    async def begin(self, response: httpx.Response, said: str, *less: bytes, length: int | None = None) -> None:
        """Status and headers: the upstream's, less those of one connection and `less`."""
        headers = [*end_to_end(response.headers.raw, HEADER.encode(), *less), (HEADER.encode(), said.encode("ascii"))]
        if length is not None:
            headers.append((b"content-length", b"%d" % length))
        self.begun = True
        await self._send({"type": "http.response.start", "status": response.status_code, "headers": headers})

    async def go_on(self, data: bytes) -> None:
        """More of the body. Waits while the client is slow."""
        if data:
            await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes = b"") -> None:
        """The end of the body."""
        await self._send({"type": "http.response.body", "body": data})


class Proxy:
    """An ASGI application for everything that is not refused."""

    def __init__(self, rewriter: Rewriter, upstream: Upstream, workers: Workers) -> None:
        self._rewriter, self._upstream, self._workers = rewriter, upstream, workers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, unless the client goes: then the upstream's connection is closed too."""
        reply = Reply(send)
        async with create_task_group() as group:
            try:
                await self._answer(Request(scope, receive), reply, lambda: group.start_soon(_until_gone, receive, group.cancel_scope))
            except ClientDisconnect:
                pass
            except UpstreamError as error:
                if not reply.begun:
                    said = HEADER.encode(), unchanged("upstream-error").encode("ascii")
                    await send_error(send, error.status, "upstream_error", str(error), said)
            group.cancel_scope.cancel()

    async def _answer(self, request: Request, reply: Reply, watch: Callable[[], object]) -> None:
        dialect = dialect_of(request.method, request.url.path)
        body = await request.body() if dialect else b""
        plan = await to_thread.run_sync(planned, dialect, request.headers, body)
        content = body if dialect else _uploaded(request, watch)
        if dialect or content is None:
            watch()
        target = request.scope["raw_path"] + (b"?" + request.scope["query_string"] if request.scope["query_string"] else b"")
        async with self._upstream.ask(request.method, target, _asked(request, plan), content) as response:
            await self._relay(response, reply, plan)

    async def _relay(self, response: httpx.Response, reply: Reply, plan: Plan) -> None:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if plan.dialect is None:
            await _passed(response, reply, plan.said)
        elif not response.is_success:
            await _passed(response, reply, unchanged("upstream-error"))
        elif not can_decode(response) or kind not in ("text/event-stream", "application/json"):
            await _passed(response, reply, unchanged("unreadable"))
        elif kind == "text/event-stream":
            await self._stream(response, reply, Transform(plan.dialect, partial(self._begun, plan.query)))
        else:
            await self._whole(response, reply, plan)

    async def _stream(self, response: httpx.Response, reply: Reply, transform: Transform) -> None:
        await reply.begin(response, STREAMING, *_OF_BYTES)
        broken = None
        try:
            async for chunk in chunks(response, decoded=True):
                quiet = transform.take(chunk)
                while (out := transform.step(False) if quiet else await self._workers.run(transform.step)) is not None:
                    await reply.go_on(out)
        except UpstreamError as error:
            broken = error
        await reply.go_on(await self._workers.run(lambda late: transform.close(whole=broken is None)))
        if broken:
            raise broken
        await reply.end()

    async def _whole(self, response: httpx.Response, reply: Reply, plan: Plan) -> None:
        body, stream, broken = bytearray(), chunks(response, decoded=True), None
        try:
            async for chunk in stream:
                body += chunk
                if len(body) > LARGEST:
                    break
        except UpstreamError as error:
            broken = error
        if broken or len(body) > LARGEST:
            await reply.begin(response, unchanged("unreadable"), *_OF_BYTES)
            await reply.go_on(bytes(body))
            async for chunk in stream:
                await reply.go_on(chunk)
        else:
            done, said = await self._workers.run(lambda late: self._rewritten(plan, bytes(body), late), whole=True)
            await reply.begin(response, said, *_OF_BYTES, length=len(done))
            await reply.go_on(done)
        if broken:
            raise broken
        await reply.end()

    def _begun(self, query: str | None) -> TextStream:
        try:
            return self._rewriter.streaming(query)
        except Exception as error:  # whatever goes wrong with us, the answer goes on
            return Unopened(error)

    def _rewritten(self, plan: Plan, body: bytes, late: bool) -> tuple[bytes, str]:
        assert plan.dialect is not None
        done, summary = rewrite_answer(plan.dialect, body, partial(self._rewrite, query=plan.query), late)
        return done, str(summary)

    def _rewrite(self, text: str, query: str | None) -> Rewritten:
        """By paragraphs, which know what follows and take a tenth of the time; a long text sentence by sentence,
        so that streams get between.
        """
        return self._rewriter.rewrite(text, query, windows="paragraphs" if len(text) <= AT_ONCE else "sentences")


async def _passed(response: httpx.Response, reply: Reply, said: str) -> None:
    """The answer byte for byte."""
    await reply.begin(response, said)
    async for chunk in chunks(response, decoded=False):
        await reply.go_on(chunk)
    await reply.end()


async def _until_gone(receive: Receive, scope: CancelScope) -> None:
    """Cancel everything when the client goes. To be started when the request was read."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _uploaded(request: Request, watch: Callable[[], object]) -> AsyncIterator[bytes] | None:
    """The body, as it comes; None if there is none."""
    if "transfer-encoding" not in request.headers and request.headers.get("content-length", "0") == "0":
        return None

    async def body() -> AsyncIterator[bytes]:
        async for chunk in request.stream():
            yield chunk
        watch()

    return body()


def _asked(request: Request, plan: Plan) -> Headers:
    """The client's headers for the upstream. A text that is to be read here comes uncompressed."""
    mine = (b"host", b"expect", *_OURS)
    if plan.dialect is None:
        return end_to_end(request.headers.raw, *mine)
    return [*end_to_end(request.headers.raw, *mine, b"accept-encoding"), (b"accept-encoding", b"identity")]
