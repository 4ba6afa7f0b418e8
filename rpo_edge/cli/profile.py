"""`rpo-edge profile`."""

from __future__ import annotations

from typing import Annotated

import typer

from rpo_edge import show
from rpo_edge.cli.common import ListFormat, group, open_store, write
from rpo_edge.errors import InputError

app = group("What your texts show of your habits, and what you state yourself.")


@app.command("show")
def profile_show(context: typer.Context, form: Annotated[ListFormat, typer.Option("--format")] = ListFormat.text) -> None:
    """Your habits, each with its rate, unit and how often it was seen."""
    with open_store(context) as history:
        profile = history.profile()
    write(show.profile_json(profile) + "\n" if form is ListFormat.json else show.profile_text(profile))


@app.command("set")
def profile_set(context: typer.Context, key: str, value: str) -> None:
    """State a preference; it outranks what your texts show."""
    from rpo_edge.steps.preferences import check

    check(key, value)
    with open_store(context, create=True) as history:
        history.set_preference(key, value)


@app.command("unset")
def profile_unset(context: typer.Context, key: str) -> None:
    """Take a preference back."""
    with open_store(context) as history:
        if not history.unset_preference(key):
            raise InputError(f"no preference {key!r} is stated")
