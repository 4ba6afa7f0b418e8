"""`rpo-edge mcp`."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from rpo_edge.cli.common import Like, open_store, place, say
from rpo_edge.errors import InputError, OptionalDependencyError


def mcp(
    context: typer.Context,
    allow_remember: Annotated[bool, typer.Option("--allow-remember", help="Offer the tool that adds texts to the history.")] = False,
    expose_history: Annotated[
        bool, typer.Option("--expose-history", help="Let tools return texts of yours, to the assistant and its model.")
    ] = False,
    reflector: Annotated[
        str | None,
        typer.Option("--reflector", metavar="NAME|PATH", help="As for `rewrite`.", show_default="what `models use` set, else edit"),
    ] = None,
    like: Like = None,
) -> None:
    """Serve a local assistant by the Model Context Protocol, over standard input and output: see docs/mcp.md."""
    if sys.stdin is None or sys.stdout is None:
        raise InputError("the protocol needs standard input and standard output")
    if find_spec("mcp") is None:
        raise OptionalDependencyError("mcp", "mcp")
    from rpo_edge.mcp_server import Allowed, serve
    from rpo_edge.shelf import Shelf

    if sys.stdin.isatty():
        say("rpo-edge: waiting for an MCP client on standard input")
    serve(
        place(context),
        lambda: open_store(context, create=allow_remember),
        Shelf().chosen(reflector),
        Allowed(allow_remember, expose_history),
        like,
    )
