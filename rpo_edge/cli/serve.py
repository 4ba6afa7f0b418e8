"""`rpo-edge serve`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from importlib.util import find_spec
from typing import Annotated

import typer

from rpo_edge.cli.common import Like, get_ready, manner, open_store, place, say
from rpo_edge.errors import OptionalDependencyError
from rpo_edge.history import History

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
        typer.Option("--reflector", metavar="NAME|PATH", help="As for `rewrite`.", show_default="what `models use` set, else edit"),
    ] = None,
    like: Like = None,
) -> None:
    """Stand between an assistant and a model's API, and rewrite the answers:
    OpenAI's chat completions and responses, Anthropic's messages.
    """
    for package in ("starlette", "uvicorn", "httpx"):
        if find_spec(package) is None:
            raise OptionalDependencyError(package, "serve")
    from rpo_edge.engine import is_empty
    from rpo_edge.reopening import Store
    from rpo_edge.serve import run
    from rpo_edge.serve.app import application
    from rpo_edge.serve.safety import Safety
    from rpo_edge.serve.upstream import Upstream
    from rpo_edge.shelf import Shelf

    def told(line: str) -> None:
        say(f"rpo-edge: {line}")

    safety, behind = Safety(host, allow_remote, token), Upstream(upstream)
    with closing(Store(place(context), _opener(context), Shelf().chosen(reflector), like, told)) as store:
        texts = manner(store.history(), like)
        get_ready(store.history(), store.personalizer())
        store.personalizer().prepare()  # what it lacks is said at once, and no answer waits for the history's counts

        def ready(address: str) -> None:
            told(f"{address}/v1 answers from {upstream}")
            if is_empty(texts):
                told("the history is empty, so answers stay as they are until you add texts of yours: rpo-edge history import PATH")

        run.serve(application(store, behind, safety), host, port, ready)


def _opener(context: typer.Context) -> Callable[[], History]:
    """Opens the store. A key may be asked for the first time, not later, when nobody need sit there."""
    ways = iter([partial(open_store, context)])
    return lambda: next(ways, partial(History.open, place(context), create=False))()
