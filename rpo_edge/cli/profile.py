"""`rpo-edge profile`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
import typer.core

from rpo_edge import show
from rpo_edge.cli.common import Like, group, manner, on_terminal, open_store, write, write_new
from rpo_edge.errors import InputError

app = group("What your texts show of your habits, and what you state yourself.")


class ProfileFormat(StrEnum):
    """How a profile is shown."""

    text = "text"
    json = "json"
    html = "html"


@app.command("show")
def profile_show(
    context: typer.Context,
    path: Annotated[Path | None, typer.Argument(metavar="[PATH]", help="For html: the new file.", show_default=False)] = None,
    form: Annotated[ProfileFormat, typer.Option("--format", help="html: a page with plots over time and sentences.")] = ProfileFormat.text,
    like: Like = None,
) -> None:
    """Your habits, each with its rate, unit and how often it was seen; on a terminal with bars and what changed lately."""
    if like is not None and form is ProfileFormat.html:
        raise InputError("the page is of all texts, so --format html goes without --like")
    if (path is not None) != (form is ProfileFormat.html):
        raise InputError("--format html needs the PATH of a new file" if path is None else "only --format html writes to a PATH")
    write_new(path, _page(context)) if path is not None else write(_shown(context, form, like))


def _page(context: typer.Context) -> str:
    from rpo_edge.page import page

    with open_store(context) as history:
        return page(history.profile(), history.timeline())


def _shown(context: typer.Context, form: ProfileFormat, like: str | None) -> str:
    with open_store(context) as history:
        profile = manner(history, like).profile()
        if form is ProfileFormat.json:
            return show.profile_json(profile) + "\n"
        if not on_terminal():
            return show.profile_text(profile)
        return show.profile_table(profile, history.timeline().latest(profile) if like is None else None)


class _Set(typer.core.TyperCommand):
    """Its help ends with what may be stated, looked up when somebody asks: no other command needs to know."""

    @property
    def epilog(self) -> str | None:
        from rpo_edge.steps.preferences import possible

        return f"What may be stated:\n\n{possible()}"

    @epilog.setter
    def epilog(self, text: str | None) -> None:
        """What typer sets is not asked."""


@app.command("set", cls=_Set)
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
