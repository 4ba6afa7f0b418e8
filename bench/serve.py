"""`python -m bench serve [--streams 1,16,64] [--requests N] [--reflector NAME]`: what the proxy adds, beside the same upstream without it.

The upstream is a server on this machine that streams chat completions: examples/response.txt, a piece of about five characters every 20 ms, so
that a sentence takes about half a second, as a hosted model writes. Upstream, proxy and client are a process each. Both ways take turns.

Printed, for so many streams at once: when the first sentence was whole, and each sentence, later than without the proxy (median, 95th
percentile). A sentence leaves the proxy when the next one begins, so one piece's time is part of that. Then `--requests` requests, 64 at
once, half of them streamed, from an upstream that does not wait: errors, requests a second, sentences that overload left as they were, and
the proxy's memory after a tenth of them and after all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import re
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "examples" / "response.txt").read_text("utf-8").rstrip()
QUESTION = "What becomes of a pizza in orbit?"
PIECE, PAUSE = 5, 0.02  # characters, seconds
AT_ONCE = 64
_END = re.compile(r"[.!?](?=\s|$)")
_PASSED = re.compile(r"passed=(\d+)")


def cloud(ready: Connection, pause: float) -> None:
    """The upstream, until it is killed."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response, StreamingResponse
    from starlette.routing import Route

    from rpo_edge.serve import run

    events = [
        b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": TEXT[i : i + PIECE]}}]}).encode() + b"\n\n"
        for i in range(0, len(TEXT), PIECE)
    ]

    async def stream() -> AsyncIterator[bytes]:
        begun = time.monotonic()
        for n, event in enumerate(events, 1):
            yield event
            if n < len(events):  # the end is said with the last piece
                await asyncio.sleep(max(0.0, begun + n * pause - time.monotonic()))  # late once is not late for good
        yield b"data: [DONE]\n\n"

    async def answer(request: Request) -> Response:
        if (await request.json()).get("stream"):
            return StreamingResponse(stream(), media_type="text/event-stream")
        return JSONResponse({"choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}}]})

    run.serve(Starlette(routes=[Route("/v1/chat/completions", answer, methods=["POST"])]), "127.0.0.1", 0, ready.send)


def proxy(ready: Connection, upstream: str, store: Path, reflector: str) -> None:
    """The proxy, until it is killed."""
    from rpo_edge import History, Personalizer
    from rpo_edge.serve import run
    from rpo_edge.serve.app import application
    from rpo_edge.serve.safety import Safety
    from rpo_edge.serve.upstream import Upstream

    with History.open(store) as history:
        personalizer = Personalizer(history, reflector)
        personalizer.rewrite(TEXT, QUESTION, windows="sentences")
        run.serve(application(personalizer, Upstream(upstream + "/v1"), Safety()), "127.0.0.1", 0, ready.send)


@contextmanager
def process(work: Callable[..., None], *arguments: Any) -> Iterator[tuple[str, int]]:
    """A server in a process of its own: its address and number."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=work, args=(there, *arguments), daemon=True)
    server.start()
    try:
        if not here.poll(60):
            raise RuntimeError(f"{work.__name__} does not start")
        yield here.recv(), server.pid or 0
    finally:
        server.terminate()
        server.join()


async def streamed(client: Any, url: str) -> tuple[list[float], int]:
    """Seconds until each sentence was whole, and sentences that overload left as they were."""
    begun, text, times, passed = time.perf_counter(), "", list[float](), 0
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": QUESTION}]}
    async with client.stream("POST", url + "/v1/chat/completions", json=body) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if line.startswith("data: {"):
                text += json.loads(line[6:])["choices"][0]["delta"]["content"]
                times += [time.perf_counter() - begun] * (len(_END.findall(text)) - len(times))
            elif found := _PASSED.search(line):
                passed = int(found[1])
    return [*times, *[time.perf_counter() - begun] * (len(_END.findall(text)) - len(times))], passed


async def several(url: str, count: int) -> tuple[list[list[float]], int]:
    """So many streams at once, begun within the time of a sentence."""
    import httpx

    async with httpx.AsyncClient(timeout=600, trust_env=False, limits=httpx.Limits(max_connections=None)) as client:

        async def one(n: int) -> tuple[list[float], int]:
            await asyncio.sleep(0.5 * n / count)
            return await streamed(client, url)

        done = await asyncio.gather(*(one(n) for n in range(count)))
    return [times for times, _ in done], sum(passed for _, passed in done)


def added(direct: str, proxied: str, count: int, runs: int) -> str:
    """What the proxy adds at so many streams."""
    first, each, passed = list[float](), list[float](), 0
    for _ in range(runs):
        base = [statistics.median(times) for times in zip(*asyncio.run(several(direct, count))[0], strict=True)]
        streams, left = asyncio.run(several(proxied, count))
        passed += left
        later = [[(time - there) * 1000 for time, there in zip(times, base, strict=False)] for times in streams]
        first += [times[0] for times in later]
        each += [time for times in later for time in times]
    return f"first sentence {_shown(first)}, each sentence {_shown(each)}, passed as they were {passed} of {len(each)}"


def _shown(times: Sequence[float]) -> str:
    return (
        f"+{statistics.median(times):.0f} ms (p95 +{statistics.quantiles(times, n=20)[-1]:.0f})"
        if len(times) > 1
        else f"+{times[0]:.0f} ms"
    )


async def many(url: str, requests: int) -> tuple[int, int]:
    """Errors, and sentences passed as they were, of so many requests, AT_ONCE at once."""
    import httpx

    left, errors, passed = iter(range(requests)), 0, 0
    body = {"model": "m", "messages": [{"role": "user", "content": QUESTION}]}

    async def worker(client: httpx.AsyncClient) -> None:
        nonlocal errors, passed
        for n in left:
            try:
                response = await client.post(url + "/v1/chat/completions", json={**body, "stream": bool(n % 2)})
                errors += not response.is_success
                found = _PASSED.search(response.headers["rpo-edge"] if n % 2 == 0 else response.text[-60:])
                passed += int(found[1]) if found else 0
            except httpx.HTTPError:
                errors += 1

    async with httpx.AsyncClient(timeout=600, trust_env=False, limits=httpx.Limits(max_connections=None)) as client:
        await asyncio.gather(*(worker(client) for _ in range(AT_ONCE)))
    return errors, passed


def load(url: str, number: int, requests: int) -> str:
    """How the proxy bears so many requests."""
    import psutil

    memory = psutil.Process(number)
    first, passed = asyncio.run(many(url, requests // 10))
    before, begun = memory.memory_info().rss / 2**20, time.perf_counter()
    errors, more = asyncio.run(many(url, requests - requests // 10))
    speed = (requests - requests // 10) / (time.perf_counter() - begun)
    after = memory.memory_info().rss / 2**20
    left = f"{passed + more} of {requests * len(_END.findall(TEXT))} sentences passed as they were"
    return f"{first + errors} errors, {speed:.0f} requests/s, {left}, memory {before:.0f} MiB after a tenth, {after:.0f} MiB after all"


def main(arguments: Sequence[str]) -> None:
    """Start the servers, ask them."""
    parser = argparse.ArgumentParser(
        prog="python -m bench serve", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--streams", default="1,16,64")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--reflector", default="rules")
    options = parser.parse_args(arguments)

    from rpo_edge import History
    from rpo_edge.importers import Report, read_paths

    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "history.db"
        with History.open(store) as history:
            history.extend(read_paths([ROOT / "examples" / "history"], Report()))
        with process(cloud, PAUSE) as (direct, _), process(proxy, direct, store, options.reflector) as (proxied, _):
            for count in map(int, options.streams.split(",")):
                print(f"{count} streams: {added(direct, proxied, count, options.runs)}", flush=True)
        with process(cloud, 0.0) as (direct, _), process(proxy, direct, store, options.reflector) as (proxied, number):
            print(f"{options.requests} requests, {AT_ONCE} at once: {load(proxied, number, options.requests)}", flush=True)
