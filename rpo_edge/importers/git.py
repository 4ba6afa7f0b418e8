"""Commit messages of one author, from a git repository: read by the installed `git log`, as a child process, while it runs.

Without `--me` the author is the one whom the repository's own `user.email` names. A repository may be a stranger's, so nothing that it
configures is run: no hook, pager, alias, signature check or file system monitor; no transport is allowed, so nothing that is missing
in a partial clone is fetched; its mailmap, which could give the user another's commits, is not read. Whether git trusts a repository
of another owner is left to its `safe.directory`.

Of a message what git, a host or a bot wrote is cut: trailers, the lines that name a reverted or cherry-picked commit, the number of a
pull request, merges, quoted and indented code. Subject and body are the text, because a subject is a sentence in the author's manner
too; it is also the title. Only what HEAD reaches is read, so that a branch that was rebased is not read twice.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from rpo_edge.importers.base import HEAD, Importer, Options, Report
from rpo_edge.records import HistoryItem, iso_date
from rpo_edge.segment import FENCE

_FORMAT = "%H%x00%P%x00%an%x00%ae%x00%aI%x00%B"  # with -z each commit ends with a NUL too, and none can be inside a field
_FIELDS = 6

_SAFE = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.pager", "cat"),
    ("log.showSignature", "false"),
    ("log.mailmap", "false"),
    ("protocol.allow", "never"),
)
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # stronger than what a repository allows for single protocols
    "GIT_PAGER": "cat",
    "LC_ALL": "C",  # what git complains of is looked at
}
_THEIR_OWN = frozenset(["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH"])
"""Variables that say where the user's own git and its settings are."""


@dataclass(frozen=True, slots=True)
class _Commit:
    """One commit as git tells it. date: ISO 8601 with the author's own time zone."""

    hash: str
    parents: str
    name: str
    email: str
    date: str
    message: str


def _read(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    try:
        options = options if options.me else replace(options, me=_own_email(path))
        if options.me:
            yield from _items(path, options, report)
        else:
            report(path, "config", "it has no user.email that says who you are: say it with --me NAME")
    except FileNotFoundError:
        report(path, "log", "git is not installed, or not on the PATH")
    except OSError as error:
        report(path, "log", (error.strerror or str(error)).lower())


def _items(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    source = _name(path)
    for commit in _log(path, report):
        why = _left_out(commit, options)
        text = "" if why else _text(commit.message)
        if why or not re.search(r"[^\W\d_]{2}", text):
            report.skip(why or ("automatic messages" if _AUTOMATIC.match(commit.message) else "without words of their own"))
        else:
            subject = commit.message.strip().partition("\n")[0].strip()
            yield HistoryItem(text, source, iso_date(commit.date), subject, kind="commit", origin=commit.hash)


def _left_out(commit: _Commit, options: Options) -> str | None:
    """Why a commit has nothing that its author wrote."""
    if commit.name.endswith("[bot]") or "[bot]@" in commit.email:
        return "automatic messages"
    if not (options.mine(commit.name) or options.mine(commit.email)):
        return "written by others"
    return "automatic messages" if " " in commit.parents or _AUTOMATIC_WHOLE.match(commit.message) else None


def _own_email(path: Path) -> frozenset[str]:
    done = subprocess.run(_command(path, "config", "--get", "user.email"), capture_output=True, env=_environment(path), check=False)
    email = done.stdout.decode("utf-8", "replace").strip().casefold()
    return frozenset([email] if email else [])


def _command(path: Path, *arguments: str) -> list[str]:
    settings = [part for name, value in _SAFE for part in ("-c", f"{name}={value}")]
    return ["git", "-C", str(path.absolute()), "--no-pager", *settings, *arguments]


def _environment(path: Path) -> dict[str, str]:
    """The user's own, but for what points git elsewhere; git looks for a repository in the folder itself and not above it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _THEIR_OWN}
    return kept | _ENVIRONMENT | {"GIT_CEILING_DIRECTORIES": str(path.resolve().parent)}


def _log(path: Path, report: Report) -> Iterator[_Commit]:
    """Every commit that HEAD reaches, newest first. What git complains of, and what is not UTF-8, is reported."""
    command = _command(
        path, "log", "-z", "--no-color", "--no-show-signature", "--no-mailmap", "--encoding=UTF-8", f"--format=tformat:{_FORMAT}"
    )
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints, env=_environment(path))
        assert process.stdout is not None
        try:
            fields: list[bytes] = []
            for field in _fields(process.stdout, report):
                fields.append(field)
                if len(fields) == _FIELDS:
                    yield from _commit(fields, path, report)
                    fields = []
            code = process.wait()
        finally:
            process.kill()  # where the reader stopped early; else it has ended
            process.stdout.close()
            process.wait()
        complaints.seek(0)
        _complain(code, complaints.read(HEAD).decode("utf-8", "replace"), path, report)


def _fields(stream: IO[bytes], report: Report) -> Iterator[bytes]:
    """What stands before each NUL."""
    pending: list[bytes] = []
    while chunk := stream.read(HEAD):
        report.progress(len(chunk))
        *whole, rest = chunk.split(b"\0")
        for field in whole:
            yield b"".join([*pending, field])
            pending = []
        pending.append(rest)


def _commit(fields: list[bytes], path: Path, report: Report) -> Iterator[_Commit]:
    try:
        yield _Commit(*(field.decode("utf-8") for field in fields))
    except UnicodeDecodeError:
        report(path, fields[0].decode("ascii", "replace"), "not UTF-8")


def _complain(code: int, said: str, path: Path, report: Report) -> None:
    if code == 0 or "does not have any commits yet" in said:
        return
    if "dubious ownership" in said:
        what = f"git does not trust it, because it belongs to somebody else; if you do: git config --global --add safe.directory {path.absolute()}"
    else:
        what = next((line for line in said.splitlines() if line.startswith("fatal: ")), f"git log ended with {code}").removeprefix(
            "fatal: "
        )
    report(path, "log", what)


_AUTOMATIC_WHOLE = re.compile(
    r"Merge (?:branch|branches|pull request|remote-tracking branch|tag|commit)\b.*['#]|(?:fixup|squash|amend)! |vault backup\b"
    r"|(?:Initial commit|Add files via upload|(?:Update|Create|Delete) \S+\.\w+|Rename \S+ to \S+)\s*\Z"
)
"""Of git, of an Obsidian plugin, and what GitHub's own editor writes where nobody writes anything else."""

_AUTOMATIC = re.compile(r'(?:Revert|Reapply) "')
_GIT_LINE = re.compile(r"This reverts commit [0-9a-f]{7}|\(cherry picked from commit |changes made to [0-9a-f]{7}|[\w-]+-by: .*@")
_TRAILER = re.compile(
    r"(?:[\w-]+-(?:by|id|to|on|from|with|url|link|ticket|issue|bug|branch|off)"
    r"|cc|fix|fixes|close|closes|resolves|refs?|bug|issue|link|pr|see|ticket|reference|backport|part of)\s*(?::|#\d|\s#\d|\sGH-\d).*",
    re.IGNORECASE,
)
_LIST = re.compile(r"\s*(?:[-*+•]|\d+[.)])\s")
_INDENTED = re.compile(r" {4}|\t| {1,3}\t")
_FENCE = re.compile(rf"\s{{0,3}}(?:{FENCE.pattern})")


def _text(message: str) -> str:
    """A message's subject and body without what is not its author's prose; empty if nothing is left."""
    lines = message.replace("\r\n", "\n").strip().split("\n")
    subject = "" if _AUTOMATIC.match(lines[0]) else re.sub(r"\s*\((?:#|GH-)\d+\)$", "", lines[0].strip())
    body = _without_trailers(list(_prose(lines[1:])))
    return re.sub(r"\n{3,}", "\n\n", "\n".join([subject, *body])).strip()


def _prose(lines: Iterable[str]) -> Iterator[str]:
    """Lines that are neither code, quotation, nor git's."""
    fenced = code = in_list = False
    blank = True
    for line in lines:
        if _FENCE.match(line):
            fenced = not fenced
        elif not line.strip():
            blank = True
            yield ""
        elif not fenced:
            is_list = _LIST.match(line) is not None
            indented = _INDENTED.match(line) is not None
            code = indented and not is_list and not in_list and (blank or code)
            in_list = is_list or (in_list and line[0].isspace())
            blank = False
            if not (code or line.startswith(">") or _GIT_LINE.match(line)):
                yield line.rstrip()


def _without_trailers(lines: list[str]) -> list[str]:
    while lines and (not lines[-1] or _TRAILER.fullmatch(lines[-1])):
        lines.pop()
    return lines


def _name(path: Path) -> str:
    """What a repository is called: its folder, also where the path is its `.git`."""
    whole = path.resolve()
    name = (whole.parent if whole.name == ".git" else whole).name.removesuffix(".git") or "git"
    return name.encode("utf-8", "replace").decode("utf-8")


def _recognises(path: Path, head: bytes) -> bool:
    """A folder with `.git` in it, or a bare repository. A vault of notes that is kept in git is one of notes."""
    if not path.is_dir() or (path / ".obsidian").exists():
        return False
    bare = (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()
    return bare or (path / ".git").exists()


GIT = Importer("git", "a git repository: your commit messages", _recognises, _read)
