"""OpenAI's chat completions, which most local servers speak too. A part is a choice."""

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

_PROSE = ("content", "role")


def why_not(request: Json) -> str | None:
    """Why an answer is left alone."""
    forced = request.get("tool_choice"), request.get("function_call")
    checks = {
        "structured-output": is_structured(request.get("response_format")) or by_grammar(request),
        "logprobs": bool(request.get("logprobs") or request.get("top_logprobs")),
        "forced-tool": any(isinstance(choice, dict) or choice == "required" for choice in forced),
        "audio": "audio" in (request.get("modalities") or ()),
        "citations": "web_search_options" in request,  # they count the answer's characters
        "prefill": ends_with_answer(request.get("messages")),
    }
    return next((reason for reason, holds in checks.items() if holds), None)


def query(request: Json) -> str | None:
    """The last user message."""
    return last_question(request.get("messages"), "text")


def texts(answer: Json) -> Iterator[Text]:
    """The content of each choice, unless annotations count its characters."""
    for choice in mappings(answer.get("choices")):
        message = mapping(choice.get("message"))
        if is_text(message.get("content")) and not message.get("annotations"):
            yield Text(_key(choice), message, "content")


def read(event: Json) -> Reading:
    """Whatever a choice has beside content comes after the content so far."""
    if "error" in event or not isinstance(event.get("choices"), list):
        return Reading(ends_all=True)
    choices = mappings(event["choices"])
    found = [Text(_key(choice), choice["delta"], "content") for choice in choices if is_text(mapping(choice.get("delta")).get("content"))]
    ends = frozenset(_key(choice) for choice in choices if _ends(choice))
    bare = len(choices) == len(found) == 1 and not ends and not event.get("usage") and "role" not in found[0].holder
    return Reading(tuple(found), ends, bare=bare)


def _key(choice: Json) -> Key:
    return str(choice.get("index", 0))


def _ends(choice: Json) -> bool:
    delta = mapping(choice.get("delta"))
    strange = delta.get("content") and not isinstance(delta["content"], str)  # a list of parts
    return bool(choice.get("finish_reason") or strange or any(value for name, value in delta.items() if name not in _PROSE))


def alone(event: Json, key: Key) -> Json:
    """One choice. Usage is counted once."""
    kept = {**event, "choices": [choice for choice in mappings(event.get("choices")) if _key(choice) == key]}
    return {**kept, "usage": None} if kept.get("usage") else kept


CHAT = Dialect("/chat/completions", why_not, query, texts, read, alone)
