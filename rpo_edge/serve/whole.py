"""A whole answer: bytes in, bytes out, with what was done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Protocol

from rpo_edge.segment import sentences
from rpo_edge.serve.dialects.base import Dialect, Text
from rpo_edge.serve.outcome import Summary
from rpo_edge.serve.parts import Outcome, is_prose


class Rewritten(Outcome, Protocol):
    """What the proxy wants of a `Rewrite` of a whole text."""

    @property
    def text(self) -> str:
        """The text in the user's manner."""


def rewrite_answer(dialect: Dialect, body: bytes, rewrite: Callable[[str], Rewritten], late: bool) -> tuple[bytes, Summary]:
    """The answer with its texts rewritten; the very bytes if nothing changed. late: rewrite nothing, but count the sentences."""
    try:
        answer = json.loads(body.decode())
        found = [text for text in dialect.texts(answer) if is_prose(text.value)]
    except (ValueError, TypeError, AttributeError, RecursionError):  # no UTF-8, no JSON, or JSON of no sense
        return body, Summary(reason="unreadable")
    if late:
        return body, Summary(passed=sum(len(sentences(text.value)) for text in found))
    try:
        outcomes = _put(found, rewrite)
    except Exception:  # whatever goes wrong with us, the answer goes on
        return body, Summary(failed=True)
    changed = any(outcome.changed for outcome in outcomes)
    return json.dumps(answer, separators=(",", ":")).encode("ascii") if changed else body, Summary(outcomes)


def _put(texts: Iterable[Text], rewrite: Callable[[str], Rewritten]) -> tuple[Rewritten, ...]:
    outcomes = []
    for text in texts:
        outcomes.append(rewrite(text.value))
        text.put(outcomes[-1].text)
    return tuple(outcomes)
