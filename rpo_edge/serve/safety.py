"""Who may ask: programs on this machine, and others only by a token.

A web page can make a browser send requests to this machine. Two checks refuse them: a page's own name for this machine (DNS rebinding)
stands in Host, and a page of another place stands in Origin or Sec-Fetch-Site. What they do not stop: any program that runs on this
machine, pages served from this machine, and, on other addresses than loopback, whoever reads the network, since this is plain HTTP.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from rpo_edge.errors import InputError

TOKEN = "rpo-edge-token"
SHORTEST = 16  # characters of a token
_LOCAL = "localhost"


@dataclass(frozen=True, slots=True)
class Safety:
    """host: the address that is bound. token: what each request has to bring in the header `rpo-edge-token`, if set.

    Raises InputError for an address other than loopback without `allow_remote` and a token, and for a short token.
    """

    host: str = "127.0.0.1"
    allow_remote: bool = False
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse what is not safe."""
        if self.token is not None and len(self.token.encode()) < SHORTEST:
            raise InputError(f"the token needs {SHORTEST} characters or more")
        if not self.allow_remote and not _is_loopback(self.host):
            raise InputError(f"{self.host} is reached from other machines: give --allow-remote and a token, or a loopback address")
        if self.allow_remote and self.token is None:
            raise InputError("--allow-remote needs a token, in RPO_EDGE_TOKEN or --token")

    def refusal(self, headers: Headers) -> tuple[int, str] | None:
        """Status and reason for a request that is not answered."""
        hosts = headers.getlist("host")
        host = _name(hosts[0]) if len(hosts) == 1 else None
        if host is None or not (self.allow_remote or self._is_here(host)):
            return 403, "this Host is not served"
        if not all(self._is_own(origin, host) for origin in headers.getlist("origin")):
            return 403, "this Origin is not served"
        if "origin" not in headers and headers.get("sec-fetch-site") == "cross-site":
            return 403, "other sites are not served"
        if self.token is not None and not hmac.compare_digest(headers.get(TOKEN, "").encode(), self.token.encode()):
            return 401, f"the header {TOKEN} is not right"
        return None

    def _is_here(self, name: str) -> bool:
        return name in (_LOCAL, self.host.lower()) or _is_loopback_address(name)

    def _is_own(self, origin: str, host: str) -> bool:
        scheme, _, place = origin.partition("://")
        name = _name(place)
        return scheme in ("http", "https") and name is not None and (self._is_here(name) or name == host)


class Guard:
    """Middleware that answers what is refused, and lets only HTTP through."""

    def __init__(self, app: ASGIApp, safety: Safety) -> None:
        self._app, self._safety = app, safety

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let pass, or refuse."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif refused := self._safety.refusal(Headers(scope=scope)):
            status, reason = refused
            await send_error(send, status, "refused", reason)
        else:
            await self._app(scope, receive, send)


async def send_error(send: Send, status: int, kind: str, reason: str, *more: tuple[bytes, bytes]) -> None:
    """An answer of ours, in the shape in which both OpenAI and Anthropic tell errors."""
    error = {"type": kind, "message": f"rpo-edge: {reason}", "param": None, "code": None}
    body = json.dumps({"type": "error", "error": error}).encode("ascii")
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _name(place: str) -> str | None:
    """The host of HOST[:PORT], in lower case; None if it is none."""
    try:
        parts = urlsplit(f"//{place}")
        parts.port  # noqa: B018 - raises ValueError for what is no port
    except ValueError:
        return None
    return (parts.hostname or "").rstrip(".") or None if parts.netloc == place and not parts.username else None


def _is_loopback_address(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    """Whether all addresses of a host are of this machine alone."""
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host or None, None, flags=socket.AI_PASSIVE)}
    except (OSError, UnicodeError) as error:
        raise InputError(f"{host} is no address of this machine") from error
    return all(_is_loopback_address(address) for address in found)
