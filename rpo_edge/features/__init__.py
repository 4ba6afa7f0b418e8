"""The style features: one row each. Adding one is a function in a file here and a row in its table.

Order matters for choices: where two want the same words, the earlier row has them.
"""

from rpo_edge.features import clauses, dashes, framing, layout, lists, measured, punctuation, register, shorthand, wording
from rpo_edge.features.base import Choice, Measure, Site
from rpo_edge.features.contractions import CONTRACTION

VERSION = 14
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
    punctuation.LATIN,
    dashes.DASH,
    clauses.SEMICOLON,
    lists.OXFORD,
    clauses.JOIN,
    clauses.COMMA,
    punctuation.EXCLAMATION,
    punctuation.LAST_STOP,
    punctuation.ELLIPSIS,
    punctuation.AMPERSAND,
    punctuation.APOSTROPHE,
    punctuation.TITLE_STOP,
    layout.HEADING,
    layout.BULLET,
    layout.BOLD,
    layout.EMOJIS,
    punctuation.CASE,
    punctuation.PRONOUN,
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

LABELS: dict[str, str] = {choice.name: choice.label for choice in CHOICES} | {m.name: m.label for m in MEASURES}

__all__ = ["CHOICES", "LABELS", "MEASURES", "VERSION", "Choice", "Measure", "Site"]
