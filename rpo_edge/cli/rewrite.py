"""`rpo-edge rewrite`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from rpo_edge import show
from rpo_edge.cli.common import MARK, Like, Number, chunks, get_ready, manner, open_store, read, say, write
from rpo_edge.errors import InputError

if TYPE_CHECKING:
    from rpo_edge.pipeline import Personalizer
    from rpo_edge.records import Rewrite
    from rpo_edge.streaming import Stream


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
            show_default="what `models use` set, else edit",
        ),
    ] = None,
    like: Like = None,
    k: Number = 8,
    strength: Annotated[
        float,
        typer.Option(
            "--strength",
            min=0,
            max=1,
            help="How much of the way to your manner it goes: in places, or in whole sentences if a model writes them.",
        ),
    ] = 1.0,
    stream: Annotated[
        bool, typer.Option("--stream", help="Read the draft as it comes, and write each sentence as soon as it may leave.")
    ] = False,
    form: Annotated[RewriteFormat, typer.Option("--format", help="What to print.")] = RewriteFormat.text,
    explain: Annotated[bool, typer.Option("--explain", help="Say on stderr what was changed and why.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if the reflector failed.")] = False,
) -> None:
    """Rewrite a draft in your manner and print it."""
    from rpo_edge.pipeline import Personalizer
    from rpo_edge.shelf import Shelf

    if stream and form is not RewriteFormat.text:
        raise InputError(f"--stream writes text alone, not --format {form}")
    draft = "" if stream else read(file)
    with open_store(context) as history:
        personalizer = Personalizer(manner(history, like), Shelf().chosen(reflector), strength=strength)
        get_ready(history, personalizer)
        result = _stream(personalizer.streaming(query, k), chunks(file)) if stream else _rewrite(personalizer, draft, query, k)
    for notice in result.notices:
        say(f"rpo-edge: {notice}")
    if form is RewriteFormat.json:
        write(show.as_json(result) + "\n")
    elif not stream:
        write(show.as_diff(result, colour=sys.stdout.isatty()) if form is RewriteFormat.diff else result.text)
    if explain:
        say(show.as_reasons(result))
    if strict and result.failed:
        raise typer.Exit(1)


def _rewrite(personalizer: Personalizer, draft: str, query: str | None, k: int) -> Rewrite:
    """A byte order mark stays in front, but the first word is seen as if it were not there."""
    result = personalizer.rewrite(draft.removeprefix(MARK), query, k)
    return _marked(result) if draft.startswith(MARK) else result


def _stream(stream: Stream, texts: Iterator[str]) -> Rewrite:
    """The same, written as it leaves; where no more can be read, what was held, too."""
    first = next(filter(None, texts), "")
    marked = first.startswith(MARK)
    write(MARK if marked else "")
    try:
        for text in chain([first.removeprefix(MARK)], texts):
            write(stream.feed(text))
    except InputError:
        write(stream.finish())
        raise
    write(stream.finish())
    return _marked(stream.result) if marked else stream.result


def _marked(result: Rewrite) -> Rewrite:
    from rpo_edge.edits import shift

    text, draft = (MARK + text for text in (result.text, result.draft))
    return replace(result, text=text, draft=draft, edits=tuple(shift(edit, 1) for edit in result.edits))
