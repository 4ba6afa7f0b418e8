"""The command line: parse, call, print, nothing else. Results go to stdout, everything said about them to stderr.

Exit codes: 0 done; 1 an import met bad items, a text could not surely be forgotten, or --strict and a reflector failed; 2 bad input,
store or model.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from rpo_edge import __version__
from rpo_edge.cli import keeping, models, profile
from rpo_edge.cli.common import discard, group, say, write
from rpo_edge.cli.mcp import mcp
from rpo_edge.cli.rewrite import rewrite
from rpo_edge.cli.serve import serve
from rpo_edge.errors import RpoEdgeError

app = group("Rewrite cloud LLM answers into your own manner, on your own device.")
app.command()(rewrite)
app.command()(mcp)
app.command()(serve)
app.add_typer(keeping.app, name="history")
app.add_typer(profile.app, name="profile")
app.add_typer(models.app, name="models")
app.command()(models.doctor)

StoreOption = Annotated[
    Path | None, typer.Option("--store", envvar="RPO_EDGE_STORE", help="The history file.", show_default="user data folder")
]


def _said(wanted: bool) -> None:
    if wanted:
        write(f"rpo-edge {__version__}\n")
        raise typer.Exit


VersionOption = Annotated[bool, typer.Option("--version", help="Say which version this is, and exit.", is_eager=True, callback=_said)]


@app.callback()
def _main(context: typer.Context, store: StoreOption = None, version: VersionOption = False) -> None:
    context.obj = store


def main() -> NoReturn:
    """Run the command line; errors of ours are one line (a line a bad item for imports) on stderr."""
    try:
        app()
    except RpoEdgeError as error:
        _fail(str(error), error.exit_code)
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            discard(sys.stdout)  # the reader went away (`| head`), which Typer ends with 1: no failure, nothing to say
            sys.exit(0)
        raise
    except OSError as error:  # files are translated where they are opened; what is left is standard output
        discard(sys.stdout)
        _fail(f"{error.filename or 'standard output'}: {(error.strerror or str(error)).lower()}", 2)
    sys.exit(0)


def _fail(message: str, code: int) -> NoReturn:
    for line in message.splitlines():
        say(f"rpo-edge: {line}")
    sys.exit(code)


if __name__ == "__main__":
    main()
