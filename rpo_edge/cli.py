"""The command line: parse, call, print, nothing else. Results go to stdout, everything said about them to stderr.

Exit codes: 0 done; 1 an import met bad items, or --strict and a reflector failed; 2 bad input, store or model.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TextIO

import typer

from rpo_edge import show
from rpo_edge.errors import ImportProblems, InputError, RpoEdgeError
from rpo_edge.history import History, default_path
from rpo_edge.reflectors import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rpo_edge.pipeline import Personalizer
    from rpo_edge.records import HistoryItem, Rewrite

_MARK = "\ufeff"  # byte order mark


def _typer(text: str) -> typer.Typer:
    return typer.Typer(help=text, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


app = _typer("Rewrite cloud LLM answers into your own manner, on your own device.")
history_app = _typer("Your texts: add, import, search, forget.")
profile_app = _typer("What your texts show of your habits, and what you state yourself.")
models_app = _typer("The models that came with this build.")
app.add_typer(history_app, name="history")
app.add_typer(profile_app, name="profile")
app.add_typer(models_app, name="models")


class RewriteFormat(StrEnum):
    """What `rewrite` prints."""

    text = "text"
    json = "json"
    diff = "diff"


class ListFormat(StrEnum):
    """How lists are printed."""

    text = "text"
    json = "json"


StoreOption = Annotated[
    Path | None, typer.Option("--store", envvar="RPO_EDGE_STORE", help="The history file.", show_default="user data folder")
]
Number = Annotated[int, typer.Option("-k", min=0, help="History items to read.")]


def _named(source: str | None) -> str | None:
    if source is not None and not source.strip():
        raise InputError("--source needs a name")
    return source


Source = Annotated[str | None, typer.Option("--source", help="Name of the place the texts come from.", callback=_named)]


@app.callback()
def _main(context: typer.Context, store: StoreOption = None) -> None:
    context.obj = store


def _open(context: typer.Context, create: bool = False) -> History:
    """The store; only commands that put something in make its file."""
    return History.open(context.obj or default_path(), create=create)


def _read(name: str) -> str:
    """A file's or (-) standard input's text. Newlines stay as they are."""
    place = "standard input" if name == "-" else name
    if name == "-" and sys.stdin is None:
        raise InputError(f"{place} is closed")
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"{place}: {(error.strerror or str(error)).lower()}") from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{place} is not UTF-8 (byte {error.start})") from error


def _write(text: str) -> None:
    """To stdout byte for byte: no newline added, none translated. Only paths may hold what is not UTF-8; it is shown escaped."""
    if sys.stdout is None:
        raise InputError("standard output is closed")
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def _say(text: str) -> None:
    """To stderr. That nobody reads it must not cost the result."""
    try:
        typer.echo(text, err=True)
    except OSError:
        _discard(sys.stderr)


@app.command()
def rewrite(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="[FILE|-]", help="The draft; - is standard input.", show_default=False)] = "-",
    query: Annotated[str | None, typer.Option("--query", help="The question that was asked; steers retrieval only.")] = None,
    reflector: Annotated[str, typer.Option("--reflector", metavar="edit|rules|PATH", help="What rewrites.")] = DEFAULT,
    k: Number = 8,
    form: Annotated[RewriteFormat, typer.Option("--format", help="What to print.")] = RewriteFormat.text,
    explain: Annotated[bool, typer.Option("--explain", help="Say on stderr what was changed and why.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if the reflector failed.")] = False,
) -> None:
    """Rewrite a draft in your manner and print it."""
    from rpo_edge.pipeline import Personalizer

    draft = _read(file)
    with _open(context) as history:
        result = _rewrite(Personalizer(history, reflector), draft, query, k)
    for notice in result.notices:
        _say(f"rpo-edge: {notice}")
    if form is RewriteFormat.json:
        _write(show.as_json(result) + "\n")
    else:
        _write(show.as_diff(result, colour=sys.stdout.isatty()) if form is RewriteFormat.diff else result.text)
    if explain:
        _say(show.as_reasons(result))
    if strict and result.failed:
        raise typer.Exit(1)


def _rewrite(personalizer: Personalizer, draft: str, query: str | None, k: int) -> Rewrite:
    """A byte order mark stays in front, but the first word is seen as if it were not there."""
    from rpo_edge.edits import shift

    result = personalizer.rewrite(draft.removeprefix(_MARK), query, k)
    if not draft.startswith(_MARK):
        return result
    return replace(result, text=_MARK + result.text, draft=draft, edits=tuple(shift(edit, 1) for edit in result.edits))


@history_app.command("add")
def history_add(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="[TEXT|-]", help="The text; - is standard input.", show_default=False)] = "-",
    source: Source = None,
    date: Annotated[str | None, typer.Option("--date", metavar="ISO", help="When it was written.")] = None,
) -> None:
    """Store one text and print its id."""
    from datetime import datetime

    body = _read("-").removeprefix(_MARK) if text == "-" else text
    try:
        if date is not None:
            datetime.fromisoformat(date)
    except ValueError as error:
        raise InputError(f"{date!r} is no ISO 8601 date") from error
    with _open(context, create=True) as history:
        _write(f"{history.add(body, source or 'manual', date)}\n")


@history_app.command("import")
def history_import(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders; `history formats` lists what is known.")],
    form: Annotated[str, typer.Option("--format", metavar="auto|NAME", help="What they are, where it cannot be seen.")] = "auto",
    me: Annotated[
        list[str] | None, typer.Option("--me", metavar="NAME", help="Your address or name there, where others write too; may be repeated.")
    ] = None,
    source: Source = None,
    keep_secrets: Annotated[bool, typer.Option("--keep-secrets", help="Store texts with keys, card numbers or passwords too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count and show; store nothing.")] = False,
) -> None:
    """Import texts of yours. Importing the same twice adds nothing; an import that was broken off goes on where it was."""
    from rpo_edge import importers
    from rpo_edge.progress import bar

    report = importers.Report()
    options = importers.Options(frozenset(name.strip().casefold() for name in me or ()))
    found = importers.find(paths, report, form, options)
    with bar("reading", importers.size(found)) as report.progress:
        items = importers.read(found, report, options, source, keep_secrets)
        said = show.as_preview(items) if dry_run else _stored(context, items)
    _say("\n".join([said, *(f"left out: {n} {why}" for why, n in report.left_out.most_common())]))
    if report.problems:
        raise ImportProblems(list(report.problems))


def _stored(context: typer.Context, items: Iterable[HistoryItem]) -> str:
    with _open(context, create=True) as history:
        before = len(history)
        read = len(history.extend(items))
        new = len(history) - before
    return f"{new} items added, {read - new} were there already"


@history_app.command("formats")
def history_formats() -> None:
    """The formats that `import` reads."""
    from rpo_edge.importers import IMPORTERS

    for importer in IMPORTERS:
        _write(f"{importer.name}\t{importer.about}{' (needs --me)' if importer.asks_me else ''}\n")


@history_app.command("search")
def history_search(
    context: typer.Context,
    query: str,
    k: Number = 10,
    form: Annotated[ListFormat, typer.Option("--format")] = ListFormat.text,
) -> None:
    """Find texts by their words, best first."""
    with _open(context) as history:
        found = history.search(query, k)
    if form is ListFormat.json:
        _write(json.dumps([asdict(item) for item in found], ensure_ascii=False) + "\n")
    else:
        _write("".join(show.item_line(item) for item in found))


@history_app.command("list")
def history_list(context: typer.Context) -> None:
    """One line for each text."""
    with _open(context) as history:
        for item in history:
            _write(show.item_line(item))


@history_app.command("show")
def history_show(context: typer.Context, number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Print one text."""
    with _open(context) as history:
        item = history.get(number)
    if item is None:
        raise InputError(_no_item(number))
    _write(item.text if item.text.endswith("\n") else item.text + "\n")


def _no_item(*numbers: int) -> str:
    return f"no item {', '.join(map(str, numbers))} in the history"


@history_app.command("forget")
def history_forget(
    context: typer.Context,
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID...")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Forget everything from there.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Forget everything.")] = False,
) -> None:
    """Delete texts for good: from the table, the index, the profile and the file's free pages."""
    if bool(ids) + (source is not None) + everything != 1:
        raise InputError("say what to forget: ids, or --source NAME, or --all")
    with _open(context) as history:
        absent = [number for number in dict.fromkeys(ids or ()) if history.get(number) is None]
        gone = history.forget(ids or (), source=source, everything=everything).forgotten
    if absent and not gone:
        raise InputError(_no_item(*absent))
    _say(f"{gone} items forgotten")
    if absent:
        _say(f"rpo-edge: {_no_item(*absent)}")


@history_app.command("export")
def history_export(
    context: typer.Context, path: Annotated[str, typer.Argument(metavar="PATH", help="A .jsonl file; - is stdout.")]
) -> None:
    """Write all texts as JSON lines, as `import` reads them."""
    with _open(context) as history:
        rows = (
            json.dumps({name: value for name, value in asdict(item).items() if name != "id" and value is not None}, ensure_ascii=False)
            + "\n"
            for item in history
        )
        if path == "-":
            for row in rows:
                _write(row)
            return
        try:
            # As private as the store itself; an existing file is not overwritten.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline="\n") as file:
                file.writelines(rows)
        except OSError as error:
            raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from error


@history_app.command("stats")
def history_stats(context: typer.Context) -> None:
    """How much is stored, by source."""
    with _open(context) as history:
        profile = history.profile()
        lines = [f"{n:8d}  {source}" for source, n in history.sources().items()]
        _write("\n".join([f"{profile.items} items, {profile.words} words in {history.path}", *lines]) + "\n")


@profile_app.command("show")
def profile_show(context: typer.Context, form: Annotated[ListFormat, typer.Option("--format")] = ListFormat.text) -> None:
    """Your habits, each with its rate, unit and how often it was seen."""
    with _open(context) as history:
        profile = history.profile()
    _write(show.profile_json(profile) + "\n" if form is ListFormat.json else show.profile_text(profile))


@profile_app.command("set")
def profile_set(context: typer.Context, key: str, value: str) -> None:
    """State a preference; it outranks what your texts show."""
    from rpo_edge.steps.preferences import check

    check(key, value)
    with _open(context, create=True) as history:
        history.set_preference(key, value)


@profile_app.command("unset")
def profile_unset(context: typer.Context, key: str) -> None:
    """Take a preference back."""
    with _open(context) as history:
        if not history.unset_preference(key):
            raise InputError(f"no preference {key!r} is stated")


@models_app.command("list")
def models_list() -> None:
    """The reflectors of this build."""
    from rpo_edge.manifest import Manifest, embedded

    _write("rules\tbuilt in, no model\n")
    for folder in embedded():
        manifest = Manifest.load(folder)
        _write(f"{folder.name}\t{manifest.name}\t{manifest.quantization}\t{manifest.sha256[:12]}\n")


@models_app.command("verify")
def models_verify() -> None:
    """Check every byte of the embedded models against their manifests."""
    from rpo_edge.manifest import Manifest, embedded

    folders = embedded()
    for folder in folders:
        Manifest.load(folder).verify()
        _write(f"{folder.name}: ok\n")
    if not folders:
        _say("rpo-edge: this build has no embedded model; the rules reflector needs none")


@app.command()
def doctor(context: typer.Context) -> None:
    """Check store, models and onnxruntime, and say what is wrong."""
    from rpo_edge.doctor import checks

    failed = False
    for check in checks(context.obj or default_path()):
        failed = failed or not check.ok
        _write(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}\n")
    if failed:
        raise typer.Exit(2)


def main() -> NoReturn:
    """Run the command line; errors of ours are one line (a line a bad item for imports) on stderr."""
    try:
        app()
    except RpoEdgeError as error:
        _fail(str(error), error.exit_code)
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            _discard(sys.stdout)  # the reader went away (`| head`), which Typer ends with 1: no failure, nothing to say
            sys.exit(0)
        raise
    except OSError as error:  # files are translated where they are opened; what is left is standard output
        _discard(sys.stdout)
        _fail(f"{error.filename or 'standard output'}: {(error.strerror or str(error)).lower()}", 2)
    sys.exit(0)


def _fail(message: str, code: int) -> NoReturn:
    for line in message.splitlines():
        _say(f"rpo-edge: {line}")
    sys.exit(code)


def _discard(stream: TextIO | None) -> None:
    """What could not be written is not tried again when Python ends, which would complain."""
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    main()
