"""The server: uvicorn, on a socket that is bound before anything is said. It logs nothing: addresses can hold keys."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from rpo_edge.errors import InputError

_KEEP = 75  # seconds that an idle connection stays; shorter than clients keep theirs would break requests
_LEAVE = 5  # seconds for answers under way when the server ends


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises InputError if the address is taken or is not this machine's."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except (OSError, UnicodeError, OverflowError) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        raise InputError(f"{host}:{port}: {reason.lower()}") from error


def server_of(app: ASGIApp) -> uvicorn.Server:
    """A server for the application."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=_KEEP,
            timeout_graceful_shutdown=_LEAVE,
        )
    )


def serve(app: ASGIApp, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until interrupted; `ready` is told the address."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it warns of every byte for a client that has gone
    with bound(host, port) as listening:
        name, at = listening.getsockname()[:2]
        ready(f"http://{f'[{name}]' if ':' in name else name}:{at}")
        server_of(app).run(sockets=[listening])
