"""Telegram: `result.json` as Telegram Desktop exports it, of one chat or of the whole account.

The export of an account says whose it is, so nobody need be named; that of one chat does not. Read event by event: a message is
put together when it comes, and nothing else is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import IO, Any

import ijson

from rpo_edge.importers.base import Importer, Options, Report, opened
from rpo_edge.importers.stream import HALF, events, sound, unread
from rpo_edge.records import HistoryItem

_MESSAGE = ("messages.item", "chats.list.item.messages.item", "left_chats.list.item.messages.item")
_CUT = frozenset(["pre", "code", "blockquote", "bot_command"])
"""Entities that are not the user's sentences."""

_CHAT_TYPE = re.compile(rb'"type"\s*:\s*"(?:personal_chat|saved_messages|bot_chat|(?:private|public)_(?:group|supergroup|channel))"')


@dataclass(slots=True)
class _Place:
    """Where the reading is: whose account, which chat, the last message. owner: None in the export of one chat."""

    owner: str | None = None
    chat: dict[str, str] = field(default_factory=dict)
    message: str = "start"

    def note(self, prefix: str, value: Any) -> None:
        """Keep what a value says about account or chat."""
        if prefix == "personal_information.user_id":
            self.owner = str(value)
        name = prefix.rpartition(".")[2]
        if name in ("name", "id") and prefix.removesuffix(name) in ("", "chats.list.item.", "left_chats.list.item."):
            self.chat[name] = str(value if value is not None else "").replace(HALF, "")


def _messages(file: IO[bytes], place: _Place) -> Iterator[dict[str, Any]]:
    """Raises ijson.JSONError where the file ends early or is no JSON."""
    builder: Any = None
    chunks = sound(file)
    first = next(chunks, b"")
    if not first:
        return
    for prefix, event, value in events(chain([first], chunks)):
        if builder is not None:
            builder.event(event, value)
            if event == "end_map" and prefix in _MESSAGE:
                yield builder.value
                builder = None
        elif event == "start_map" and prefix in _MESSAGE:
            builder = ijson.ObjectBuilder()
            builder.event(event, value)
        elif event in ("string", "number", "null"):
            place.note(prefix, value)
        elif event == "start_map" and prefix.endswith(".list.item"):
            place.chat = {}


def _read(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    place = _Place()
    try:
        with opened(path, report) as file:
            for row in _messages(file, place):
                if not options.me and place.owner is None:
                    report(path, "start", "does not say whose it is: say your name there, --me NAME")
                    return
                place.message = f"{place.chat.get('id', '?')}/{row.get('id', '?')}"
                why = _left_out(row, place, options)
                if why:
                    report.skip(why)
                else:
                    yield from _item(row, place, path, report)
    except (ijson.JSONError, ValueError) as error:
        report(path, f"after {place.message}", unread(error))
    except OSError as error:
        report(path, "start", (error.strerror or str(error)).lower())


def _left_out(row: dict[str, Any], place: _Place, options: Options) -> str | None:
    if row.get("type") != "message" or row.get("via_bot"):
        return "automatic messages"
    sender = str(row.get("from_id") or "")
    is_owner = place.owner is not None and sender in (place.owner, f"user{place.owner}")
    if not is_owner and not any(map(options.mine, (str(row.get("from") or ""), sender, sender.removeprefix("user")))):
        return "written by others"
    return "forwarded messages" if "forwarded_from" in row or "forwarded_from_id" in row else None


def _item(row: dict[str, Any], place: _Place, path: Path, report: Report) -> Iterator[HistoryItem]:
    """The item, unless the message is bad or has no words."""
    try:
        text = _text(row.get("text"))
        when = datetime.fromisoformat(str(row.get("date"))).isoformat()
    except ValueError as error:
        report(path, place.message, str(error))
        return
    if re.sub(r"https?://\S+", "", text).strip():
        yield HistoryItem(text, "telegram", when, place.chat.get("name") or None, kind="chat", origin=place.message)
    else:
        report.skip("without words of their own")


def _text(value: Any) -> str:
    """The words of a text, which is a string or a list of strings and entities. Raises ValueError for anything else."""
    pieces = [value] if isinstance(value, str) else value
    if not isinstance(pieces, list):
        raise ValueError("text is neither a string nor a list")
    text = "".join(_piece(piece) for piece in pieces)
    if HALF in text:
        raise ValueError("text has half a surrogate pair, which is no character")
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _piece(piece: Any) -> str:
    if isinstance(piece, str):
        return piece
    if not isinstance(piece, dict) or not isinstance(piece.get("text"), str):
        raise ValueError("text has a part that is none")
    return "" if piece.get("type") in _CUT else str(piece["text"])


def _recognises(path: Path, head: bytes) -> bool:
    if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return False
    is_account = b'"personal_information"' in head and b'"user_id"' in head
    return is_account or (b'"messages"' in head and bool(_CHAT_TYPE.search(head)))


TELEGRAM = Importer("telegram", "Telegram, `result.json` of a chat or an account", _recognises, _read)
