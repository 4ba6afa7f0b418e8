"""`rpo-edge rewrite`."""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from rpo_edge import show
from rpo_edge.cli.common import MARK, Like, Number, manner, open_store, read, say, write

if TYPE_CHECKING:
    from rpo_edge.pipeline import Personalizer
    from rpo_edge.records import Rewrite


class RewriteFormat(StrEnum):
    """What `rewrite` prints."""

    text = "text"
    json = "json"
    diff = "diff"


def rewrite(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="[FILE|-]", help="The draft; - is standard input.", show_default=False)] = "-",
    query: Annotated[str | None, typer.Option("--query", help="The question that was asked; steers retrieval only.")] = None,
    reflector: Annotated[
        str | None,
        typer.Option(
            "--reflector",
            metavar="NAME|PATH",
            help="What rewrites: a name from `models list`, a model folder, or a GGUF file.",
            show_default="what `models use` set, else rules",
        ),
    ] = None,
    like: Like = None,
    k: Number = 8,
    strength: Annotated[
        float, typer.Option("--strength", min=0, max=1, help="How much of the way to your manner `rules` and `edit` go.")
    ] = 1.0,
    form: Annotated[RewriteFormat, typer.Option("--format", help="What to print.")] = RewriteFormat.text,
    explain: Annotated[bool, typer.Option("--explain", help="Say on stderr what was changed and why.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if the reflector failed.")] = False,
) -> None:
    """Rewrite a draft in your manner and print it."""
    from rpo_edge.pipeline import Personalizer
    from rpo_edge.shelf import Shelf

    draft = read(file)
    with open_store(context) as history:
        result = _rewrite(Personalizer(manner(history, like), Shelf().chosen(reflector), strength=strength), draft, query, k)
    for notice in result.notices:
        say(f"rpo-edge: {notice}")
    if form is RewriteFormat.json:
        write(show.as_json(result) + "\n")
    else:
        write(show.as_diff(result, colour=sys.stdout.isatty()) if form is RewriteFormat.diff else result.text)
    if explain:
        say(show.as_reasons(result))
    if strict and result.failed:
        raise typer.Exit(1)


def _rewrite(personalizer: Personalizer, draft: str, query: str | None, k: int) -> Rewrite:
    """A byte order mark stays in front, but the first word is seen as if it were not there."""
    from rpo_edge.edits import shift

    result = personalizer.rewrite(draft.removeprefix(MARK), query, k)
    if not draft.startswith(MARK):
        return result
    return replace(result, text=MARK + result.text, draft=draft, edits=tuple(shift(edit, 1) for edit in result.edits))
