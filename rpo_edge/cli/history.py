"""`rpo-edge history`: add, import, look. What keeps the store is in `keeping.py`."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rpo_edge import show
from rpo_edge.cli.common import MANY, MARK, ListFormat, Number, Source, group, measure, on_terminal, open_store, prepare, read, say, write
from rpo_edge.errors import ImportProblems, InputError, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rpo_edge.history import History
    from rpo_edge.importers import Report
    from rpo_edge.records import HistoryItem

KeepSecrets = Annotated[bool, typer.Option("--keep-secrets", help="Store texts with keys, card numbers or passwords too.")]

app = group("Your texts: add, import, search, forget.")


@app.command("add")
def history_add(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="[TEXT|-]", help="The text; - is standard input.", show_default=False)] = "-",
    source: Source = None,
    date: Annotated[str | None, typer.Option("--date", metavar="ISO", help="When it was written.")] = None,
    keep_secrets: KeepSecrets = False,
) -> None:
    """Store one text and print its id. One that seems to hold a secret is refused."""
    from rpo_edge.importers.secrets import why_left_out
    from rpo_edge.store.items import checked_date

    body = read("-").removeprefix(MARK) if text == "-" else text
    date = checked_date(date)  # no store is made for one that is none
    if not keep_secrets and (why := why_left_out(body)):
        raise InputError(f"the text was not added: it seems to be one {why}; --keep-secrets adds it")
    with open_store(context, create=True) as history:
        write(f"{history.add(body, source or 'manual', date)}\n")


@app.command("import")
def history_import(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders; `history formats` lists what is known.")],
    form: Annotated[str, typer.Option("--format", metavar="auto|NAME", help="What they are, where it cannot be seen.")] = "auto",
    me: Annotated[
        list[str] | None, typer.Option("--me", metavar="NAME", help="Your address or name there, where others write too; may be repeated.")
    ] = None,
    source: Source = None,
    keep_secrets: KeepSecrets = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count and show; store nothing.")] = False,
) -> None:
    """Import texts of yours. Importing the same twice adds nothing; an import that was broken off goes on where it was."""
    from rpo_edge import importers

    report = importers.Report()
    options = importers.Options(frozenset(name.strip().casefold() for name in me or ()))
    found = importers.find(paths, report, form, options)
    reading = _reading(report, importers.size(found))
    items = importers.read(found, report, options, source, keep_secrets)
    if dry_run:
        with reading:
            said = show.as_preview(items)
    else:
        said = _stored(context, items, report.preferences, reading)
    say("\n".join([said, *(f"left out: {n} {why}" for why, n in report.left_out.most_common())]))
    if report.problems:
        raise ImportProblems(list(report.problems))


@contextmanager
def _reading(report: Report, size: int) -> Iterator[None]:
    from rpo_edge.progress import bar

    with bar("reading", size) as report.progress:
        yield


def _stored(
    context: typer.Context, items: Iterable[HistoryItem], preferences: Mapping[str, str], reading: AbstractContextManager[object]
) -> str:
    """preferences: those that turn up as the items are read. What other programs store meanwhile is not counted.

    reading: held while they are. A few are measured as they are stored, as `History.extend` says.
    """
    from rpo_edge.store.counting import AT_ONCE

    stored: list[int] = []
    with open_store(context, create=True) as history:
        with reading:
            read = len(history.extend(items, measure=False, stored=stored.append))
        for key, value in preferences.items():
            history.set_preference(key, value)
        new = sum(stored)
        if read > AT_ONCE:
            measure(history)
        if new >= MANY:
            _prepare(history)
    return f"{new} items added, {read - new} were there already"


def _prepare(history: History) -> None:
    """Count for the package's model what a first rewrite would wait for. Models of the user's own may take long to load."""
    from rpo_edge.pipeline import Personalizer
    from rpo_edge.reflectors import DEFAULT
    from rpo_edge.shelf import Shelf

    with suppress(ModelError):  # of settings that cannot be read, whoever rewrites is told
        if Shelf().chosen() == DEFAULT:
            with Personalizer(history) as personalizer:
                prepare(personalizer)


@app.command("formats")
def history_formats() -> None:
    """The formats that `import` reads."""
    from rpo_edge.importers import IMPORTERS

    for importer in IMPORTERS:
        write(f"{importer.name}\t{importer.about}{' (needs --me)' if importer.asks_me else ''}\n")


@app.command("search")
def history_search(
    context: typer.Context,
    query: str,
    k: Number = 10,
    form: Annotated[ListFormat, typer.Option("--format")] = ListFormat.text,
) -> None:
    """Find texts by their words, best first."""
    with open_store(context) as history:
        found = history.search(query, k)
    if form is ListFormat.json:
        write(json.dumps([asdict(item) for item in found], ensure_ascii=False) + "\n")
    else:
        write("".join(show.item_line(item) for item in found))


@app.command("list")
def history_list(context: typer.Context) -> None:
    """One line for each text."""
    with open_store(context) as history:
        for item in history:
            write(show.item_line(item))


@app.command("show")
def history_show(context: typer.Context, number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Print one text."""
    with open_store(context) as history:
        item = history.get(number)
    if item is None:
        raise InputError(no_item(number))
    write(item.text if item.text.endswith("\n") else item.text + "\n")


def no_item(*numbers: int) -> str:
    return f"no item {', '.join(map(str, numbers))} in the history"


@app.command("stats")
def history_stats(context: typer.Context) -> None:
    """How much is stored, by source and kind; on a terminal with bars and what came lately."""
    with open_store(context) as history:
        profile, sources = history.profile(), history.sources()
        about = f"{profile.items} items, {profile.words} words in {history.path}"
        kinds = [f"by kind: {', '.join(f'{kind} {n}' for kind, n in found.items())}"] if (found := history.kinds()) else []
        if on_terminal():
            timeline = history.timeline()
            write(show.stats_table(about, sources, timeline.recent(), timeline.year(), kinds))
        else:
            write("\n".join([about, *(f"{n:8d}  {source}" for source, n in sources.items()), *kinds]) + "\n")
