"""History enters here: one file a format, one row in IMPORTERS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from rpo_edge.errors import InputError
from rpo_edge.importers.base import HEAD, Importer, Options, Report
from rpo_edge.importers.chatgpt import CHATGPT
from rpo_edge.importers.claude import CLAUDE
from rpo_edge.importers.gemini import GEMINI
from rpo_edge.importers.git import GIT
from rpo_edge.importers.jsonl import JSONL
from rpo_edge.importers.lamp import LAMP
from rpo_edge.importers.mail import EML, MBOX
from rpo_edge.importers.markdown import MARKDOWN
from rpo_edge.importers.secrets import why_left_out
from rpo_edge.importers.slack import SLACK
from rpo_edge.importers.table import TABLE
from rpo_edge.importers.telegram import TELEGRAM
from rpo_edge.importers.text import TEXT
from rpo_edge.importers.whatsapp import WHATSAPP
from rpo_edge.records import HistoryItem

IMPORTERS: tuple[Importer, ...] = (
    CHATGPT, CLAUDE, GEMINI, SLACK, TELEGRAM, LAMP, GIT, MBOX, EML, WHATSAPP, JSONL, TABLE, MARKDOWN, TEXT,
)  # fmt: skip
"""In the order in which they are asked whether a file is theirs: those that look closest come first."""

AUTO = "auto"

Source = tuple[Path, Importer]


def read_paths(
    paths: Iterable[Path], report: Report, form: str = AUTO, options: Options | None = None, source: str | None = None
) -> Iterator[HistoryItem]:
    """Items of files and folders, as `find` and `read` give them."""
    return read(find(paths, report, form, options), report, options, source)


def find(paths: Iterable[Path], report: Report, form: str = AUTO, options: Options | None = None) -> list[Source]:
    """What is to be read of files and folders (in sorted order, hidden ones left out), and by whom; nothing is read yet.

    form: a name of IMPORTERS, or AUTO. Raises InputError for one of `paths` that is not there or cannot be read, that no importer knows, or
    whose importer must be told who the user is. Files inside of a folder are reported and passed over for these.
    """
    named = list(paths)
    found: list[Source] = []
    unasked: dict[str, list[Path]] = {}
    for path, importer in chain.from_iterable(sources(one, form, report) for one in named):
        if not importer.asks_me or (options and options.me):
            found.append((path, importer))
        elif path in named:
            raise InputError(f"{path} is of {_asking(importer.name)}")
        else:
            unasked.setdefault(importer.name, []).append(path)
    for name, files in unasked.items():
        report(files[0], 0, f"{f'it and {len(files) - 1} more are' if files[1:] else 'it is'} of {_asking(name)}")
    return found


def _asking(name: str) -> str:
    return f"the format {name}, which holds many people's texts: say which are yours, --me NAME"


def read(
    found: Iterable[Source], report: Report, options: Options | None = None, source: str | None = None, keep_secrets: bool = False
) -> Iterator[HistoryItem]:
    """Items, under `source` if one is given. Those whose text or title seems to hold a key, a card number or a password are left out, unless kept."""
    for path, importer in found:
        for item in importer.read(path, options or Options(), report):
            if not keep_secrets and (why := why_left_out(f"{item.title or ''}\n{item.text}")):
                report.skip(why)
            else:
                yield replace(item, source=source) if source else item


def size(found: Iterable[Source]) -> int:
    """Bytes of all that is to be read; what cannot be looked at counts nothing."""
    return sum(_bytes(file) for path, _ in found for file in (path.rglob("*") if path.is_dir() else (path,)))


def _bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def sources(path: Path, form: str, report: Report) -> Iterator[Source]:
    """What is to be read: a file or folder that an importer knows as a whole, or else the known files of a folder."""
    if not path.exists():
        raise InputError(f"no such file: {path}")
    importer = importer_of(path, form)
    if importer:
        yield path, importer
    elif path.is_dir():
        yield from _inside(path, form, report)
    else:
        raise InputError(f"{path}: unknown format; there are: {', '.join(one.name for one in IMPORTERS)}, and folders of them")


def importer_of(path: Path, form: str = AUTO) -> Importer | None:
    """Whose a file or folder is; None where nobody knows it. Raises InputError for a form that is none, or a file that cannot be read."""
    try:
        return _known(path, form)
    except OSError as error:
        raise InputError(f"{path}: {_reason(error)}") from error


def _known(path: Path, form: str) -> Importer | None:
    """As `importer_of`, but for OSError."""
    if form != AUTO:
        chosen = next((one for one in IMPORTERS if one.name == form), None)
        if chosen is None:
            raise InputError(f"no format is called {form!r}; there are: {', '.join([AUTO, *(one.name for one in IMPORTERS)])}")
        return chosen if not path.is_dir() or chosen.recognises(path, b"") else None
    head = b""
    if not path.is_dir():
        with path.open("rb") as file:
            head = file.read(HEAD)
    return next((one for one in IMPORTERS if one.recognises(path, head)), None)


def _inside(folder: Path, form: str, report: Report) -> Iterator[Source]:
    for file in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in file.relative_to(folder).parts):
            continue
        try:
            if not file.is_file():
                continue
            importer = _known(file, form)
        except OSError as error:
            report(file, 0, _reason(error))
            continue
        if importer:
            yield file, importer
        else:
            report.skip("files of unknown format")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


__all__ = ["AUTO", "IMPORTERS", "Importer", "Options", "Report", "find", "importer_of", "read", "read_paths", "size"]
