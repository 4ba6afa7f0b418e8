"""`rpo-edge serve`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

import typer

from rpo_edge.cli.common import Like, manner, open_store, say
from rpo_edge.errors import OptionalDependencyError

Address = Annotated[
    str, typer.Option("--upstream", metavar="URL", help="The API that answers; its path takes the place of /v1.", show_default=False)
]
Token = Annotated[
    str | None,
    typer.Option("--token", envvar="RPO_EDGE_TOKEN", help="What each request must bring in its header rpo-edge-token.", show_default=False),
]


def serve(
    context: typer.Context,
    upstream: Address,
    host: Annotated[str, typer.Option("--host", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 is any that is free.")] = 8787,
    allow_remote: Annotated[bool, typer.Option("--allow-remote", help="Listen at other addresses than loopback; needs a token.")] = False,
    token: Token = None,
    reflector: Annotated[
        str | None,
        typer.Option("--reflector", metavar="NAME|PATH", help="As for `rewrite`.", show_default="what `models use` set, else rules"),
    ] = None,
    like: Like = None,
) -> None:
    """Stand between an assistant and a model's API, and rewrite the answers: OpenAI's chat completions and responses, Anthropic's messages."""
    for package in ("starlette", "uvicorn", "httpx"):
        if find_spec(package) is None:
            raise OptionalDependencyError(package, "serve")
    from rpo_edge.pipeline import Personalizer
    from rpo_edge.serve import run
    from rpo_edge.serve.app import application
    from rpo_edge.serve.safety import Safety
    from rpo_edge.serve.upstream import Upstream
    from rpo_edge.shelf import Shelf

    safety, behind = Safety(host, allow_remote, token), Upstream(upstream)
    with open_store(context) as history, Personalizer(manner(history, like), Shelf().chosen(reflector)) as personalizer:
        app = application(personalizer, behind, safety)
        run.serve(app, host, port, lambda address: say(f"rpo-edge: {address}/v1 answers from {upstream}"))
