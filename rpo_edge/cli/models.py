"""`rpo-edge models`, and `rpo-edge doctor`, which looks after them and the store."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from rpo_edge.cli.common import ask, group, place, say, write
from rpo_edge.errors import InputError, ModelError, RpoEdgeError

app = group(
    "Models: those that came with this build, and yours, which are kept in the user data folder (or where RPO_EDGE_MODELS says). "
    "Only `pull` uses the network."
)

Name = Annotated[str | None, typer.Option("--name", help="What to call it.", show_default="by its file")]


@app.command("list")
def models_list() -> None:
    """The reflectors there are: name, model, quantization, sha256, where it is from, and which is the default."""
    from rpo_edge.manifest import embedded
    from rpo_edge.shelf import Shelf

    shelf = Shelf()
    default = shelf.chosen()
    rows = [("rules", "built in, no model")]
    rows += [(folder.name, f"{_about(folder)}\tembedded") for folder in embedded()]
    rows += [(name, f"{_about(shelf.folder / name)}\tadded") for name in shelf.names()]
    for name, about in rows:
        write(f"{name}\t{about}{chr(9) + 'default' if name == default else ''}\n")


def _about(folder: Path) -> str:
    from rpo_edge.manifest import Manifest
    from rpo_edge.runtimes.header import shown

    try:
        manifest = Manifest.load(folder)
    except ModelError as error:
        return shown(str(error))
    return f"{shown(manifest.name)}\t{shown(manifest.quantization)}\t{manifest.sha256[:12]}"


@app.command("add")
def models_add(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A GGUF file of an instruct model, or a model folder.", show_default=False)],
    name: Name = None,
    link: Annotated[bool, typer.Option("--link", help="Leave the files where they are, and point to them.")] = False,
    adapter: Annotated[
        Path | None, typer.Option("--adapter", metavar="FILE", help="A LoRA adapter in GGUF to lay over it.", show_default=False)
    ] = None,
) -> None:
    """Put a model of yours among those that `rewrite --reflector NAME` knows, and print its name."""
    from rpo_edge.progress import bar
    from rpo_edge.shelf import Shelf
    from rpo_edge.shelf.adding import Way, add, size

    shelf = Shelf()
    free = shelf.free_name(path.resolve().name if path.is_dir() else path.stem, name)
    with bar("copying", 0 if link else size(path) + (size(adapter) if adapter else 0)) as progress:
        add(shelf, path, free, Way.link if link else Way.copy, progress, adapter)
    write(f"{free}\n")


@app.command("pull")
def models_pull(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="[OWNER/NAME/FILE]",
            help="A GGUF file at https://huggingface.co/OWNER/NAME/resolve/main/FILE.",
            show_default=False,
        ),
    ] = None,
    url: Annotated[str | None, typer.Option("--url", help="Any other https address.", metavar="URL")] = None,
    sha256: Annotated[str | None, typer.Option("--sha256", help="What the file must be.", metavar="HEX")] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Take whatever comes, without --sha256; begins anew each time.")] = False,
    name: Name = None,
) -> None:
    """Download a GGUF file, check it, and add it. A download that was broken off goes on where it was."""
    from rpo_edge.progress import bar
    from rpo_edge.shelf import Shelf
    from rpo_edge.shelf.adding import Way, add
    from rpo_edge.shelf.download import address, fetch, part_of

    where, expected = _address(file, url, address), _expected(sha256, trust)
    shelf = Shelf()
    free = shelf.free_name(Path(where.partition("?")[0].rpartition("/")[2]).stem, name)
    part = part_of(shelf.folder, where)
    if expected is None:
        part.unlink(missing_ok=True)  # what is there may be of another day's file, and nothing would tell
    fetch(where, part, bar)
    say(f"sha256 {_checked(part, expected, where)}")
    try:
        add(shelf, part, free, Way.move, lambda done: None)
    except RpoEdgeError as error:
        part.unlink(missing_ok=True)
        raise type(error)(str(error).replace(str(part), where)) from error
    write(f"{free}\n")


def _address(file: str | None, url: str | None, address: Callable[[str], str]) -> str:
    if (file is None) == (url is None):
        raise InputError("name one file: OWNER/NAME/FILE, or --url URL")
    return url if file is None else address(file)  # type: ignore[return-value]


def _expected(sha256: str | None, trust: bool) -> str | None:
    if sha256 is None and not trust:
        raise InputError("give --sha256 HEX, as the model's page shows it for the file, or --trust to take whatever comes")
    if sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise InputError(f"{sha256!r} is no sha256: 64 hexadecimal digits")
    return sha256.lower() if sha256 else None


def _checked(part: Path, expected: str | None, where: str) -> str:
    """The file's sha256. One that is not what was expected is deleted, unopened."""
    from rpo_edge.manifest import digest

    found = digest(part)
    if expected not in (None, found):
        part.unlink()
        raise ModelError(f"{where} is not what was expected and was deleted: its sha256 is {found}")
    return found


@app.command("use")
def models_use(name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)]) -> None:
    """Make a model, or `rules`, what `rewrite` runs where no --reflector is given; `edit` sets that back."""
    from rpo_edge.shelf import Shelf

    Shelf().use(name)


@app.command("verify")
def models_verify() -> None:
    """Check every byte of all models, embedded and added, against their manifests."""
    from rpo_edge.manifest import Manifest, embedded
    from rpo_edge.shelf import Shelf

    shelf, problems = Shelf(), []
    folders = [*embedded(), *(shelf.folder / name for name in shelf.names())]
    for folder in folders:
        try:
            Manifest.load(folder).verify()
        except ModelError as error:
            problems.append(str(error))
        else:
            write(f"{folder.name}: ok\n")
    if problems:
        raise ModelError("\n".join(problems))
    if not folders:
        say("rpo-edge: this build has no embedded model; the rules reflector needs none")


@app.command("remove")
def models_remove(name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)]) -> None:
    """Delete a model that was added; of one that was added by --link, only the link."""
    from rpo_edge.shelf import Shelf

    if Shelf().remove(name):
        say("rpo-edge: it was the default; edit is again")


def doctor(context: typer.Context) -> None:
    """Check store, models and onnxruntime, and say what is wrong."""
    from rpo_edge.doctor import checks

    failed = False
    for check in checks(place(context), ask):
        failed = failed or not check.ok
        write(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}\n")
    if failed:
        raise typer.Exit(2)
