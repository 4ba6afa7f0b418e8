"""ChatGPT: `conversations.json` of the export that OpenAI sends, its newer shards (`conversations-000.json` …), or the zip that holds them.

A conversation is a tree: every edited message and every regenerated answer begins a branch, and the file keeps them all. The user
sees one, from `current_node` up through each `parent`; only that one counts, or a message would come in with all its drafts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rpo_edge.importers.base import Importer, Options, Report
from rpo_edge.importers.exports import NOT_SHOWN, Complain, Export, date_of, label, own_words, rows, table
from rpo_edge.records import HistoryItem

EXPORT = Export(
    re.compile(r"(?:^|/)conversations(?:-\d+)?\.json$"),
    (re.compile(rb'"mapping"\s*:\s*\{'), re.compile(rb'"create_time"\s*:')),  # DeepSeek's has `mapping` too, and `inserted_at`
)


def _read(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    for conversation, complain in EXPORT.objects(path, report):
        for message in _messages(conversation, report, complain):
            yield from own_words(message, report, complain)


def _messages(conversation: dict[str, Any], report: Report, complain: Complain) -> Iterator[HistoryItem]:
    """The user's messages in a conversation, from the first to the last; text as it was sent."""
    nodes = table(conversation.get("mapping"))
    shown = _branch(conversation, complain)
    for node in shown:
        message = table(table(nodes[node]).get("message"))
        why = _left_out(message) if message else None
        if why:
            report.skip(why)
        elif message:
            yield _item(conversation, node, message)
    for node in nodes.keys() - shown.keys():
        message = table(table(nodes[node]).get("message"))
        if message and not _left_out(message):
            report.skip(NOT_SHOWN)


def _branch(conversation: dict[str, Any], complain: Complain) -> dict[str, None]:
    """Ids of the nodes that are shown, in order, the root first."""
    nodes = table(conversation.get("mapping"))
    found: dict[str, None] = {}
    node = conversation.get("current_node")
    if node is None and nodes:
        complain("no current_node, which would say what branch is shown")
    while isinstance(node, str) and node in nodes and node not in found:
        found[node] = None
        node = table(nodes[node]).get("parent")
    if node is not None:
        missing = not isinstance(node, str) or node not in found
        complain(f"its branch leads to {node!r}, which is not there" if missing else f"its branch leads in a circle to {node!r}")
    return dict.fromkeys(reversed(found))


def _left_out(message: dict[str, Any]) -> str | None:
    """Why a message is not the user's; None where it is."""
    role = table(message.get("author")).get("role")
    metadata = table(message.get("metadata"))
    hidden = metadata.get("is_visually_hidden_from_conversation") or metadata.get("is_user_system_message")
    # The user's standing instructions come as a message of this type, at the head of each conversation anew.
    if role == "system" or hidden or table(message.get("content")).get("content_type") == "user_editable_context":
        return "automatic messages"
    return None if role == "user" else "written by others"


def _item(conversation: dict[str, Any], node: str, message: dict[str, Any]) -> HistoryItem:
    content = table(message.get("content"))
    typed = content.get("content_type") in ("text", "multimodal_text")
    text = "\n\n".join(part for part in rows(content.get("parts")) if isinstance(part, str)) if typed else ""
    date = date_of(message.get("create_time")) or date_of(conversation.get("create_time"))
    origin = f"{label(conversation.get('conversation_id') or conversation.get('id'))}/{label(message.get('id')) or label(node)}"
    return HistoryItem(text, "chatgpt", date, label(conversation.get("title")) or None, kind="chat", origin=origin)


CHATGPT = Importer("chatgpt", "ChatGPT's export (conversations.json, or the zip)", EXPORT.recognises, _read)
