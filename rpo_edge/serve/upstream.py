"""The cloud, by httpx: the one way on which bytes leave.

Requests go through httpx's transport, without its client, which would add headers, follow redirects, keep cookies, read proxies and
passwords from the environment, and log addresses. The target is sent as the client wrote it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import httpx

from rpo_edge.errors import InputError

Headers = list[tuple[bytes, bytes]]

_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade".split()
)
_DECODED = frozenset(["", "identity", "gzip", "deflate"])  # what httpx decodes by itself
_ERRORS: tuple[tuple[type[Exception], int, str], ...] = (
    (httpx.ConnectTimeout, 504, "the upstream could not be reached in time"),
    (httpx.TimeoutException, 504, "the upstream did not answer in time"),
    (httpx.ConnectError, 502, "the upstream could not be reached"),
    (httpx.HTTPError, 502, "the connection to the upstream broke"),
    (httpx.InvalidURL, 502, "the upstream cannot be asked for this"),
)  # the first that fits


class UpstreamError(Exception):
    """No answer, or no more of it; never shows what was asked."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for a connection, and for the next byte: models think before they write."""

    connect: float = 15.0
    read: float = 900.0


class Upstream:
    """What stands behind `url`, whose path takes the place of /v1.

    Raises InputError if it is no http(s) address, or has more than a path.
    """

    def __init__(self, url: str, patience: Patience | None = None) -> None:
        self._url = _checked(url)
        self._path = self._url.raw_path.rstrip(b"/")
        patience = patience or Patience()
        self._timeout = httpx.Timeout(patience.read, connect=patience.connect, pool=None).as_dict()
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=30)
        self._transport = httpx.AsyncHTTPTransport(limits=limits)

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    @asynccontextmanager
    async def ask(
        self, method: str, target: bytes, headers: Headers, content: bytes | AsyncIterator[bytes] | None
    ) -> AsyncIterator[httpx.Response]:
        """The answer, to be read by `chunks`. Raises UpstreamError, as whoever reads it does."""
        extensions = {"timeout": self._timeout, "target": self._target(target)}
        request = httpx.Request(method, self._url, headers=headers, content=content, extensions=extensions)
        with _translated():
            response = await self._transport.handle_async_request(request)
        response.request = request
        try:
            yield response
        finally:
            await response.aclose()

    def _target(self, target: bytes) -> bytes:
        """/v1/x is x below the upstream's path; anything else is beside its /v1."""
        if target.startswith(b"/v1/"):
            return self._path + target[3:]
        return self._path.removesuffix(b"/v1") + target


def end_to_end(headers: Headers, *also: bytes) -> Headers:
    """Headers without those that concern one connection, and without `also`."""
    named = {name.strip().lower() for key, value in headers if key.lower() == b"connection" for name in value.split(b",")}
    return [(key, value) for key, value in headers if key.lower() not in _HOP_BY_HOP | named | {*also}]


def can_decode(response: httpx.Response) -> bool:
    """Whether the text of the answer can be read here."""
    return {name.strip().lower() for name in response.headers.get("content-encoding", "").split(",")} <= _DECODED


async def chunks(response: httpx.Response, decoded: bool) -> AsyncIterator[bytes]:
    """The answer's bytes, with or without its content encoding."""
    with _translated():
        async for chunk in response.aiter_bytes() if decoded else response.aiter_raw():
            yield chunk


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        status, message = next((status, message) for kind, status, message in _ERRORS if isinstance(error, kind))
        raise UpstreamError(status, message) from error


def _checked(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise InputError(f"the upstream is no address: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise InputError("the upstream needs an address like https://HOST/v1")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise InputError("the upstream's address is only scheme, host and path; the key comes with each request")
    return parsed
