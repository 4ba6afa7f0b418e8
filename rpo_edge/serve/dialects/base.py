"""What an API form has to say: which requests are left alone, what was asked, and where prose stands in answers and events.

All of it reads JSON of others, so nothing may be taken for granted: what has another shape than expected is no text.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Key = Hashable

GRAMMARS = ("format", "grammar", "json_schema", "guided_json", "guided_regex", "guided_choice", "guided_grammar", "structured_outputs")
"""How local servers (Ollama, llama.cpp, vLLM) are asked for structured output, beside the way of the API itself."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text, and the place in the JSON where it stands. `key` names the part that it is (a piece) of."""

    key: Key
    holder: Json
    name: str

    @property
    def value(self) -> str:
        """The text."""
        return str(self.holder[self.name])

    def put(self, value: str) -> None:
        """Put another in its place."""
        self.holder[self.name] = value


@dataclass(frozen=True, slots=True)
class Reading:
    """What an event does with the parts of an answer.

    deltas: next pieces of parts. ends: parts that end with it, after their piece if it has one; ends_all: so do all others.
    wholes: texts of whole parts, repeated. off: parts that are no prose. bare: without its pieces it says nothing, and may be left out.
    """

    deltas: tuple[Text, ...] = ()
    ends: frozenset[Key] = frozenset()
    ends_all: bool = False
    wholes: tuple[Text, ...] = ()
    off: frozenset[Key] = frozenset()
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Dialect:
    """An API form.

    path: below /v1. why_not: of a request whose answer is to be left alone, the reason as the header gives it. query: what the user
    asked last. texts: the prose of a whole answer. read: an event. alone: an event with one part of it alone, and no usage.
    """

    path: str
    why_not: Callable[[Json], str | None]
    query: Callable[[Json], str | None]
    texts: Callable[[Json], Iterator[Text]]
    read: Callable[[Json], Reading]
    alone: Callable[[Json, Key], Json]


def mappings(value: object) -> list[Json]:
    """The objects of a list; none if it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapping(value: object) -> Json:
    """The object; an empty one if it is none."""
    return value if isinstance(value, dict) else {}


def is_text(value: object) -> bool:
    """Whether it is a text that says something."""
    return isinstance(value, str) and value != ""


def last_question(messages: object, *kinds: str) -> str | None:
    """The text of the last message of a user that has one; `kinds` are the types of parts that are text."""
    for message in reversed(mappings(messages)):
        content = message.get("content")
        if message.get("role") != "user":
            continue
        parts = [part.get("text") for part in mappings(content) if part.get("type") in kinds]
        found = content if isinstance(content, str) else "\n".join(part for part in parts if isinstance(part, str))
        if found.strip():
            return found
    return None


def ends_with_answer(messages: object) -> bool:
    """Whether the request begins the answer itself, of which the rest then is no whole text."""
    listed = mappings(messages)
    return bool(listed) and listed[-1].get("role") == "assistant"


def is_structured(format_: object) -> bool:
    """Whether a format says something else than plain text."""
    return format_ is not None and mapping(format_).get("type") != "text"


def by_grammar(request: Json) -> bool:
    """Whether a local server is asked for structured output."""
    return any(request.get(name) for name in GRAMMARS)
