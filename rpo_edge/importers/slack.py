"""Slack: the export of a workspace, as the zip or unpacked. A folder a channel, in it a JSON list a day; users.json says who is who.

Days are read one after the other, and a day's messages one by one.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import IO, Any

import ijson

from rpo_edge.importers.base import UNREADABLE, Importer, Options, Report
from rpo_edge.importers.exports import words
from rpo_edge.importers.stream import HALF, TooDeepError, events, sound, unread
from rpo_edge.records import HistoryItem

_DAY = re.compile(r"(?:.*/)?(?P<channel>[^/]+)/\d{4}-\d\d-\d\d\.json")
_USERS = ("users.json", "org_users.json")
_LISTS = ("channels.json", "groups.json", "dms.json", "mpims.json")
_SPOKEN = frozenset([None, "thread_broadcast", "me_message", "file_share"])
"""Subtypes that somebody wrote; the others are joins, topics, bots and the like (Slack's list of message subtypes)."""

_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTED_LINE = re.compile(r"^&gt;[^\n]*$", re.MULTILINE)
_QUOTED_REST = re.compile(r"^&gt;&gt;&gt;.*\Z", re.MULTILINE | re.DOTALL)
_REFERENCE = re.compile(r"<(?P<sign>[@#!]?)(?P<target>[^<>|\s]+(?: [^<>|]*)?)(?:\|(?P<label>[^<>]*))?>")
_UPLOAD = re.compile(r"\A<@\w+(?:\|[^>]*)?> (?:uploaded|shared|commented on) ")


@dataclass(frozen=True, slots=True)
class _Export:
    """names: paths inside, with slashes. open: by such a name. size: bytes that a name takes up, for the progress."""

    names: list[str]
    open: Callable[[str], IO[bytes]]
    size: Callable[[str], int]


@dataclass(frozen=True, slots=True)
class _Members:
    """names: what a mention shows, by id. mine: ids of the user."""

    names: dict[str, str]
    mine: frozenset[str]


@contextmanager
def _export(path: Path) -> Iterator[_Export]:
    """Raises what UNREADABLE lists."""
    if path.is_dir():
        names = sorted(file.relative_to(path).as_posix() for file in path.rglob("*.json"))
        yield _Export(names, lambda name: (path / name).open("rb"), lambda name: (path / name).stat().st_size)
        return
    with zipfile.ZipFile(path) as archive:
        yield _Export(sorted(archive.namelist()), archive.open, lambda name: archive.getinfo(name).compress_size)


def _read(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    if path.is_file() and _is_blank(path):
        return
    try:
        with _export(path) as export:
            members = _members(export, path, options, report)
            for name in export.names if members.mine else []:
                if found := _DAY.fullmatch(name):
                    yield from _day(export, name, _utf8(found["channel"]), members, (path, report))
                    report.progress(export.size(name))
    except UNREADABLE as error:
        report(path, 0, f"no export of Slack: {(getattr(error, 'strerror', None) or str(error) or type(error).__name__).lower()}")


def _utf8(name: str) -> str:
    """A folder's name as text; bytes of it that are not UTF-8 become question marks."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _is_blank(path: Path) -> bool:
    with path.open("rb") as file:
        return not file.read(64).strip(b"\xef\xbb\xbf \r\n\t")


def _objects(export: _Export, name: str, path: Path, report: Report) -> Iterator[tuple[int, dict[str, Any]]]:
    """Numbered objects of a JSON list. What cannot be read is reported and ends the iteration."""
    number = 0
    try:
        with export.open(name) as file:
            for number, row in enumerate(ijson.items(events(chain(sound(file), [b""])), "item"), 1):
                if isinstance(row, dict):
                    yield number, row
                else:
                    report(path, f"{name}, item {number}", "not an object")
    except (ijson.JSONError, TooDeepError) as error:
        report(path, f"{name}, item {number + 1}", unread(error))
    except UNREADABLE as error:
        report(path, f"{name}, item {number + 1}", f"{error or type(error).__name__}; the rest of the file is skipped")


def _members(export: _Export, path: Path, options: Options, report: Report) -> _Members:
    """Who is who. A name that several members bear is nobody's; whoever is not found is one problem."""
    lists = [name for name in export.names if name.rpartition("/")[2] in _USERS]
    names: dict[str, str] = {}
    found: dict[str, set[str]] = {}
    for name in lists:
        for _, row in _objects(export, name, path, report):
            identity = words(row.get("id"))
            called = _called(row)
            names[identity] = next(iter(called[1:]), identity)
            for one in {call.strip().casefold() for call in called if options.mine(call)}:
                found.setdefault(one, set()).add(identity)
    for name, ids in found.items():
        if len(ids) > 1:
            report(
                path,
                (lists or ["users.json"])[0],
                f"{name!r} is the name of several members: say --me with one of the ids {', '.join(sorted(ids))}",
            )
    mine = frozenset(identity for ids in found.values() if len(ids) == 1 for identity in ids)
    if not found:
        report(
            path,
            (lists or ["users.json"])[0],
            f"no member is called {' or '.join(sorted(options.me)) or 'that'}: say your name there, --me NAME",
        )
    return _Members(names, mine)


def _called(row: dict[str, Any]) -> list[str]:
    """All that a member is called: the id, what the program shows, the full name, the account's name, the address."""
    profile = row.get("profile")
    profile = profile if isinstance(profile, dict) else {}
    all_names = [
        row.get("id"),
        profile.get("display_name"),
        profile.get("real_name"),
        row.get("real_name"),
        row.get("name"),
        profile.get("email"),
    ]
    return [name for name in map(words, all_names) if name]


def _day(export: _Export, name: str, channel: str, members: _Members, place: tuple[Path, Report]) -> Iterator[HistoryItem]:
    path, report = place
    for number, row in _objects(export, name, path, report):
        why = _left_out(row, members)
        text = "" if why else _plain(words(row.get("text")), members)
        if why or not re.sub(r"https?://\S+", "", text).strip():
            report.skip(why or "without words of their own")
        elif HALF in text:
            report(path, f"{name}, item {number}", "text has half a surrogate pair, which is no character")
        elif not (when := _date(row.get("ts"))):
            report(path, f"{name}, item {number}", f"{str(row.get('ts'))[:40]!r} is no time")
        else:
            yield HistoryItem(text, "slack", when, channel, kind="chat", origin=f"{channel}/{row['ts']}")


def _left_out(row: dict[str, Any], members: _Members) -> str | None:
    if row.get("subtype") == "tombstone":
        return "deleted messages"
    text = words(row.get("text"))
    if row.get("type") != "message" or row.get("subtype") not in _SPOKEN or row.get("bot_id") or _UPLOAD.match(text):
        return "automatic messages"
    return None if row.get("user") in members.mine else "written by others"


def _date(stamp: Any) -> str | None:
    """ISO 8601 of seconds since 1970, UTC; their fraction is a counter that tells messages apart, no time."""
    try:
        return datetime.fromtimestamp(int(words(stamp).partition(".")[0]), UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


def _plain(text: str, members: _Members) -> str:
    """Text as its reader sees it, without code blocks and quotes. Escapes come last: `&lt;` must not become a reference."""
    text = _QUOTED_LINE.sub("", _QUOTED_REST.sub("", _CODE.sub("", text)))
    text = _REFERENCE.sub(lambda found: _shown(found, members), text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _shown(found: re.Match[str], members: _Members) -> str:
    sign, target, label = found["sign"], found["target"], found["label"]
    if sign == "@":
        return "@" + (label or members.names.get(target, target))
    if sign == "#":
        return "#" + (label or target)
    if sign == "!":
        return label or "@" + target.partition("^")[0]
    return label or target.removeprefix("mailto:")


def _recognises(path: Path, head: bytes) -> bool:
    if path.is_dir():
        return any((path / name).is_file() for name in _USERS) and (
            any((path / name).is_file() for name in _LISTS) or any(_DAY.fullmatch(file.as_posix()) for file in path.glob("*/*.json"))
        )
    if not head.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.rpartition("/")[2] for name in archive.namelist()}
            return not names.isdisjoint(_USERS) and (not names.isdisjoint(_LISTS) or any(map(_DAY.fullmatch, archive.namelist())))
    except UNREADABLE:
        return False


SLACK = Importer("slack", "Slack, the export of a workspace (zip or folder)", _recognises, _read, asks_me=True)
