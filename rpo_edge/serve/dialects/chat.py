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
_TEXTS = ("reasoning", "reasoning_content", "refusal", "thinking")  # of a delta, beside content


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
    """Whatever a choice has in the place of content comes after the content so far; so do texts, objects and lists beside it."""
    if "error" in event or not isinstance(event.get("choices"), list):
        return Reading(ends_all=True)
    choices = mappings(event["choices"])
    found = [Text(_key(choice), choice["delta"], "content") for choice in choices if is_text(mapping(choice.get("delta")).get("content"))]
    ends = frozenset(_key(choice) for choice in choices if _ends(choice))
    bare = len(choices) == len(found) == 1 and not ends and not event.get("usage") and not _beside(found[0].holder, "content")
    return Reading(tuple(found), ends, bare=bare)


def _key(choice: Json) -> Key:
    return str(choice.get("index", 0))


def _ends(choice: Json) -> bool:
    delta = mapping(choice.get("delta"))
    content, beside = delta.get("content"), _beside(delta, *_PROSE)
    if is_text(content):  # then a name or a number, which some server may write to each piece, says nothing of its own
        beside = {name: value for name, value in beside.items() if name in _TEXTS or isinstance(value, dict | list)}
    return bool(choice.get("finish_reason") or beside or (content and not is_text(content)))  # a list of parts, for one


def _beside(delta: Json, *names: str) -> Json:
    """What a delta says beside these."""
    return {name: value for name, value in delta.items() if value and name not in names}


def alone(event: Json, key: Key) -> Json:
    """One choice, of whose delta content and role alone. Usage is counted once."""
    choices = [{**choice, "delta": _prose(choice)} for choice in mappings(event.get("choices")) if _key(choice) == key]
    kept = {**event, "choices": choices}
    return {**kept, "usage": None} if kept.get("usage") else kept


def _prose(choice: Json) -> Json:
    return {name: value for name, value in mapping(choice.get("delta")).items() if name in _PROSE}


CHAT = Dialect("/chat/completions", why_not, query, texts, read, alone)
