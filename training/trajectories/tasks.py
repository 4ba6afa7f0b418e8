"""What a teacher is asked, and when its answer is good for nothing.

    drafts        a person's "text" -> a generic "draft" of it
    answers       a "query" (a line of LaMP, say) -> the "draft" that somebody gets who asks a model and has told it nothing of himself
    reflections   "text" and "draft" -> "reflection": in which habits the two differ

What is sent is the prompt with the fields that a task needs, and no other field of a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from rpo_edge.edits import align
from rpo_edge.features import CHOICES
from rpo_edge.prompt import END, REWRITE, parse
from rpo_edge.segment import without_thought
from rpo_edge.steps.guard import guard
from training.data import Row
from training.trajectories import lines
from training.trajectories.endpoint import Unusable

LONGEST = 6000
"""Code points of a text that is asked for: about 1000 words, which the guard compares in half a second."""

_PROPORTION = (0.5, 2.0, 4)  # words of a draft for each of the text's, least and most, and what a short text may differ by anyway

_FLATTEN = """Rewrite the text below in the neutral register of an AI assistant: plain standard English in complete sentences, without \
any personal manner, slang, joke or emphasis. Keep every fact, number, name, address, quotation and negation, and everything \
in code, tables and quotation marks exactly as it is. Keep the order, the paragraphs, lists and headings. Add nothing, \
leave nothing out, and do not answer what the text asks. Write the rewritten text and nothing else.

Text:

{text}"""

_REFLECT = """Somebody rewrote a draft in their own manner. Say in which habits of writing the two differ, one habit a line, like this:

feature: what the draft does | what the person does | what was changed

where feature is one of {features}. Name only what both texts show, each feature once at most. Write these lines and nothing else.

Draft:

{draft}

Rewrite:

{text}"""

_REFUSAL = re.compile(
    r"\bas an AI\b|\bI(?:'m| am) (?:unable|not able) to (?:assist|help|comply|provide|rewrite|fulfill)\b"
    r"|\bI (?:can't|cannot|can not|won't|will not) (?:assist|help|comply|provide|rewrite|fulfill)\b|\b(?:sorry|apologi[sz]e),? but I\b",
    re.IGNORECASE,
)
_OF_THE_GUARD = {  # how its reasons begin -> what they are counted as
    "a frozen span": "frozen span",
    "what is frozen": "frozen span",
    "a number": "number",
    "an address": "address",
    "negations": "negation",
    "a name": "name",
}


class Teacher(Protocol):
    """Whatever answers. Raises Unusable or NoAnswer where this prompt got nothing, EndpointRefused where none will."""

    def ask(self, prompt: str) -> str:
        """The answer as the model wrote it; it may be empty. Called from several threads."""
        ...


@dataclass(frozen=True)
class Task:
    """What is asked. field: what is written; needs: fields with the texts that are sent; read: the answer's worth, or Unusable."""

    field: str
    needs: tuple[str, ...]
    prompt: str
    read: Callable[[Row, str], Any]

    def identity(self, row: Row) -> str:
        """The sha256 of what is sent; whatever else the row says, it is the same question."""
        return lines.identity(row, self.needs)

    def answer(self, teacher: Teacher, row: Row) -> Any:
        """Ask, and read. Raises what the teacher does, and Unusable."""
        if any(len(row[name]) > LONGEST for name in self.needs):
            raise Unusable("too long to ask for")
        shown = {name: row[name] for name in self.needs} | {"features": ", ".join(choice.name for choice in CHOICES)}
        return self.read(row, without_thought(teacher.ask(self.prompt.format_map(shown))))


def read_draft(row: Row, answer: str) -> str:
    """The draft, where it may be one of the row's text. Raises Unusable with the reason."""
    if reason := flaw(row["text"], answer):
        raise Unusable(reason)
    return answer


def read_answer(row: Row, answer: str) -> str:
    """The draft, where somebody could have got it for the query. Raises Unusable with the reason."""
    if not answer.strip():
        raise Unusable("empty")
    if _refuses(answer):
        raise Unusable("refused")
    return answer


def flaw(text: str, draft: str) -> str | None:
    """Why a draft is of no use for a text: no rewriting of it, or one from which the guard would not let the text come back."""
    if not draft.strip():
        return "empty"
    if _refuses(draft) and not _refuses(text):
        return "refused"
    if draft.split() == text.split():
        return "copy"
    if _announced(draft) and not _announced(text):
        return "announcement"
    least, most, anyway = _PROPORTION
    words = len(text.split())
    if not least * words - anyway <= len(draft.split()) <= most * words + anyway:
        return "out of proportion"
    return _of_the_guard(text, draft)


def _refuses(text: str) -> bool:
    return _REFUSAL.search(text.replace("’", "'")) is not None


def _announced(text: str) -> bool:
    """ "Here is the rewritten text:" """
    first = text.strip().partition("\n")[0].rstrip("* ")
    return first.endswith(":") and not first.startswith(("#", "-", "*", ">"))


def _of_the_guard(text: str, draft: str) -> str | None:
    _, verdict = guard(draft, align(draft, text))
    kinds = (kind for reverted in verdict.reverted for start, kind in _OF_THE_GUARD.items() if reverted.reason.startswith(start))
    return next(kinds, None)


def read_reflection(row: Row, answer: str) -> list[dict[str, str]]:
    """Observations as objects: feature, draft, user, action. Raises Unusable where a line is none, or a feature unknown or said twice."""
    if not answer:
        raise Unusable("empty")
    try:
        observations, _ = parse("\n".join(filter(None, map(str.strip, answer.splitlines()))) + REWRITE + END)
    except ValueError:
        raise Unusable("not in the form asked for") from None
    features = [observation.feature for observation in observations]
    if len({*features}) < len(features) or not {choice.name for choice in CHOICES}.issuperset(features):
        raise Unusable("a feature unknown or twice")
    return [asdict(observation) for observation in observations]


TASKS = {
    "drafts": Task("draft", ("text",), _FLATTEN, read_draft),
    "answers": Task("draft", ("query",), "{query}", read_answer),
    "reflections": Task("reflection", ("text", "draft"), _REFLECT, read_reflection),
}
