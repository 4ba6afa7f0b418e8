"""Claude: `conversations.json` of the export that Anthropic sends, or the zip that holds it.

A conversation lists its messages. In newer exports each names its parent, and the list holds every branch that an edited message or a
repeated answer began. Which of them is shown the export does not say: it is taken to be the one that the newest message stands on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rpo_edge.importers.base import Importer, Options, Report
from rpo_edge.importers.exports import NOT_SHOWN, Export, date_of, label, own_words, rows, words
from rpo_edge.records import HistoryItem

EXPORT = Export(
    re.compile(r"(?:^|/)conversations(?:-\d+)?\.json$"),
    (re.compile(rb'"chat_messages"\s*:\s*\['), re.compile(rb'"uuid"\s*:')),
)

Message = dict[str, Any]


def _read(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    for conversation, complain in EXPORT.objects(path, report):
        messages = [message for message in rows(conversation.get("chat_messages")) if isinstance(message, dict)]
        shown = _branch(messages, conversation.get("current_leaf_message_uuid"))
        for position, message in enumerate(messages):
            if message.get("sender") != "human":
                report.skip("written by others")
            elif position not in shown:
                report.skip(NOT_SHOWN)
            else:
                yield from own_words(_item(conversation, message), report, complain)


def _branch(messages: list[Message], leaf: Any) -> set[int]:
    """Positions of the messages that are shown: all, where none names a parent."""
    if not any(message.get("parent_message_uuid") for message in messages):
        return set(range(len(messages)))
    places = {words(message.get("uuid")): position for position, message in enumerate(messages)}
    # The newest message has no answer yet, so it ends its branch; of two at one time the later in the file does.
    newest = max(range(len(messages)), key=lambda position: (date_of(messages[position].get("created_at")) or "", position))
    position: int | None = places.get(words(leaf), newest)
    found: set[int] = set()
    while position is not None and position not in found:
        found.add(position)
        position = places.get(words(messages[position].get("parent_message_uuid")))
    return found


def _item(conversation: dict[str, Any], message: Message) -> HistoryItem:
    """A message of the user's; its text as it was sent. Attachments are others' texts, and stand elsewhere."""
    blocks = [block for block in rows(message.get("content")) if isinstance(block, dict) and block.get("type") == "text"]
    text = "\n\n".join(filter(None, (words(block.get("text")) for block in blocks))) or words(message.get("text"))
    date = date_of(message.get("created_at")) or date_of(conversation.get("created_at"))
    origin = f"{label(conversation.get('uuid'))}/{label(message.get('uuid'))}"
    return HistoryItem(text, "claude", date, label(conversation.get("name")) or None, kind="chat", origin=origin)


CLAUDE = Importer("claude", "Claude's export (conversations.json, or the zip)", EXPORT.recognises, _read)
