"""The style features: one row each. Adding one is a function in a file here and a row in its table.

Order matters for choices: where two want the same words, the earlier row has them.
"""

from collections.abc import Mapping

from rpo_edge.features import (
    case,
    clauses,
    dashes,
    exclamation,
    framing,
    layout,
    lists,
    measured,
    punctuation,
    register,
    shorthand,
    wording,
)
from rpo_edge.features.base import Choice, Measure, Site
from rpo_edge.features.contractions import CONTRACTION

VERSION = 16
"""Raise when any pattern or list below changes: stores then measure their items again."""

CHOICES: tuple[Choice, ...] = (
    framing.OPENER,
    framing.CLOSER,
    framing.ANNOUNCEMENT,
    framing.CONCLUSION,
    framing.GREETINGS,
    framing.GREETING_MARK,
    framing.SIGN_OFFS,
    *wording.CONNECTIVES,
    framing.ADDITION,
    shorthand.YOU_ARE,
    CONTRACTION,
    register.REGISTER,
    wording.SPELLING,
    shorthand.SHORTHAND,
    shorthand.PLEASE,
    wording.INTENSIFIER,
    wording.OBLIGATION,
    wording.EXAMPLE,
    wording.THAT_CLAUSE,
    wording.PERSON_WORD,
    punctuation.LATIN,
    dashes.DASH,
    clauses.SEMICOLON,
    lists.OXFORD,
    clauses.JOIN,
    clauses.COMMA,
    exclamation.EXCLAMATION,
    punctuation.LAST_STOP,
    punctuation.ELLIPSIS,
    punctuation.AMPERSAND,
    punctuation.APOSTROPHE,
    punctuation.TITLE_STOP,
    layout.HEADING,
    layout.BULLET,
    layout.BOLD,
    layout.EMOJIS,
    case.CASE,
    case.PRONOUN,
)

MEASURES: tuple[Measure, ...] = (
    measured.SENTENCE_WORDS,
    measured.PARAGRAPH_WORDS,
    measured.LEXICAL,
    measured.QUESTION,
    measured.PARENTHESIS,
    measured.STRUCTURE,
    measured.CLOCK,
    measured.DATE_FORMAT,
    measured.UNITS,
)

APART: Mapping[str, frozenset[str]] = {
    "messages": frozenset(["sentence_case", "pronoun_case", "last_stop", "apostrophe", "shorthand", "you_are", "ampersand"]),
    "formal letters": frozenset(["contraction"]),
}
"""By register, what people do otherwise in such texts: it is counted under a name of its own (`rpo_edge.steps.registers`)."""


def named_apart(feature: str, register: str) -> str:
    """The feature's name in a register."""
    return f"{feature} in {register}" if feature in APART.get(register, ()) else feature


_LABELS = {choice.name: choice.label for choice in CHOICES} | {measure.name: measure.label for measure in MEASURES}
LABELS: dict[str, str] = _LABELS | {
    named_apart(feature, register): f"{_LABELS[feature]}, in {register}"
    for register, features in APART.items()
    for feature in sorted(features)
}

__all__ = ["APART", "CHOICES", "LABELS", "MEASURES", "VERSION", "Choice", "Measure", "Site", "named_apart"]
