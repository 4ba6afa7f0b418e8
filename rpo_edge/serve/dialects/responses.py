"""OpenAI's responses. A part is a content part of an output item; its whole text comes again three times when it is done.

Events are numbered, so none is left out: one whose text is held goes with an empty delta.
"""

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

_CITING = ("web_search", "file_search", "code_interpreter")  # their annotations count the answer's characters
_QUIET = ("keepalive", "response.created", "response.in_progress", "response.queued")


def why_not(request: Json) -> str | None:
    """Why an answer is left alone."""
    choice, include = request.get("tool_choice"), request.get("include")
    tools = [str(tool.get("type")) for tool in mappings(request.get("tools"))]
    checks = {
        "structured-output": is_structured(mapping(request.get("text")).get("format")) or by_grammar(request),
        "logprobs": bool(request.get("top_logprobs")) or (isinstance(include, list) and "message.output_text.logprobs" in include),
        "forced-tool": isinstance(choice, dict) or choice == "required",
        "citations": any(tool.startswith(_CITING) for tool in tools),
        "prefill": ends_with_answer(request.get("input")),
    }
    return next((reason for reason, holds in checks.items() if holds), None)


def query(request: Json) -> str | None:
    """The input, or its last user message."""
    given = request.get("input")
    return given if isinstance(given, str) else last_question(given, "input_text")


def texts(answer: Json) -> Iterator[Text]:
    """The text parts of each message, unless annotations count their characters."""
    for at, item in enumerate(mappings(answer.get("output"))):
        yield from _of_item(item, at)


def _of_item(item: Json, at: object) -> Iterator[Text]:
    if item.get("type") == "message":
        for i, part in enumerate(mappings(item.get("content"))):
            yield from _of_part(part, (str(at), str(i)))


def _of_part(part: Json, key: Key) -> Iterator[Text]:
    if part.get("type") == "output_text" and is_text(part.get("text")) and not part.get("annotations"):
        yield Text(key, part, "text")


def read(event: Json) -> Reading:
    """Whatever is no piece of a text comes after the text so far."""
    kind, key = event.get("type"), (str(event.get("output_index")), str(event.get("content_index")))
    if kind == "response.output_text.delta" and is_text(event.get("delta")):
        return Reading((Text(key, event, "delta"),))
    return Reading() if kind in _QUIET else Reading(ends_all=True, wholes=tuple(_wholes(event, key)))


def _wholes(event: Json, key: Key) -> Iterator[Text]:
    if event.get("type") == "response.output_text.done" and is_text(event.get("text")):
        yield Text(key, event, "text")
    yield from _of_part(mapping(event.get("part")), key)
    yield from _of_item(mapping(event.get("item")), event.get("output_index"))
    yield from texts(mapping(event.get("response")))


def alone(event: Json, key: Key) -> Json:
    """A delta has one part as it is."""
    return event


RESPONSES = Dialect("/responses", why_not, query, texts, read, alone)
