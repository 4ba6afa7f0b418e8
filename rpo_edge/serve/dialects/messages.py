"""Anthropic's messages. A part is a content block; one with citations is left alone, for it is a piece of a sentence with its source."""

from __future__ import annotations

from collections.abc import Iterator

from rpo_edge.serve.dialects.base import (
    Dialect,
    Json,
    Key,
    Reading,
    Text,
    by_grammar,
    ends_with_answer,
    is_structured,
    is_text,
    last_question,
    mapping,
    mappings,
)


def why_not(request: Json) -> str | None:
    """Why an answer is left alone."""
    formats = request.get("output_format"), mapping(request.get("output_config")).get("format")
    checks = {
        "structured-output": any(is_structured(one) for one in formats) or by_grammar(request),
        "forced-tool": mapping(request.get("tool_choice")).get("type") in ("any", "tool"),
        "prefill": ends_with_answer(request.get("messages")),
    }
    return next((reason for reason, holds in checks.items() if holds), None)


def query(request: Json) -> str | None:
    """The last user message that is no tool's result."""
    return last_question(request.get("messages"), "text")


def texts(answer: Json) -> Iterator[Text]:
    """The text blocks."""
    for i, block in enumerate(mappings(answer.get("content"))):
        if block.get("type") == "text" and is_text(block.get("text")) and not _cites(block):
            yield Text(str(i), block, "text")


def _cites(block: Json) -> bool:
    return isinstance(block.get("citations"), list)


def read(event: Json) -> Reading:
    """Whatever is no piece of a text comes after the text so far."""
    kind, key, delta = event.get("type"), str(event.get("index")), mapping(event.get("delta"))
    if kind == "ping":
        return Reading()
    if kind == "content_block_start" and _cites(mapping(event.get("content_block"))):
        return Reading(ends_all=True, off=frozenset([key]))
    if kind == "content_block_delta" and delta.get("type") == "text_delta" and is_text(delta.get("text")):
        return Reading((Text(key, delta, "text"),), bare=True)
    return Reading(ends_all=True)


def alone(event: Json, key: Key) -> Json:
    """A delta has one block as it is."""
    return event


MESSAGES = Dialect("/messages", why_not, query, texts, read, alone)
