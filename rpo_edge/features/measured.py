"""What is observed but never changed by rules: sums that add up over texts.

The last four (numerals, clock, dates, units) are facts' business: the guard forbids changing them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from rpo_edge.features.base import Measure
from rpo_edge.lexicon import BOOSTERS, HEDGES, NUMBER_WORDS, PROFANITY
from rpo_edge.segment import paragraphs, sentences, straight, words

_FIRST_PERSON = frozenset(
    ["i", "me", "my", "mine", "myself", "we", "us", "our", "ours", "i'm", "i've", "i'd", "i'll", "we're", "we've", "we'll"]
)
_LONGEST_PHRASE = 3
_PATTERNS: dict[str, dict[str, str]] = {
    "question": {"?": r"\?"},
    "parenthesis": {"()": r"\(\w"},
    "structure": {"bullets": r"^[ \t]*[-*+•][ \t]", "numbered": r"^[ \t]*\d{1,3}[.)][ \t]", "headings": r"^#{1,6} "},
    "clock": {"12": r"\b\d{1,2}(?::\d\d)? ?[ap]\.?m\b", "24": r"\b(?:1[3-9]|2[0-3]|0\d):\d\d\b"},
    "date_format": {"iso": r"\b\d{4}-\d\d-\d\d\b", "day first": r"\b\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)", "month first": r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w* \d{1,2}\b"},
    "units": {"metric": r"\b\d+ ?(?:km|m|cm|mm|kg|g|l|litres?|metres?|°C)\b", "imperial": r"\b\d+ ?(?:miles?|mi|feet|ft|inch(?:es)?|lbs?|pounds?|oz|°F)\b"},
}  # fmt: skip
_COMPILED = {n: {v: re.compile(p, re.M) for v, p in variants.items()} for n, variants in _PATTERNS.items()}


def _spread(lengths: list[int]) -> Mapping[str, float]:
    """Sums from which mean and spread follow: n, sum, sum of squares."""
    return {"n": len(lengths), "sum": sum(lengths), "squares": sum(length * length for length in lengths)}


def _sentence_words(text: str) -> Mapping[str, float]:
    return _spread([n for span in sentences(text) if (n := len(words(text[span.start : span.end])))])


def _paragraph_words(text: str) -> Mapping[str, float]:
    return _spread([n for span in paragraphs(text) if (n := len(words(text[span.start : span.end])))])


def _lexical(text: str) -> Mapping[str, float]:
    tokens = [straight(word.lower()) for word in words(text)]
    grams = Counter(tokens)  # some hedges and boosters are phrases of up to three words
    for n in range(2, _LONGEST_PHRASE + 1):
        grams.update(map(" ".join, zip(*(tokens[i:] for i in range(n)), strict=False)))
    lists = {"first person": _FIRST_PERSON, "hedges": HEDGES, "boosters": BOOSTERS, "profanity": PROFANITY, "number words": NUMBER_WORDS}
    counts = {name: float(sum(grams[member] for member in members)) for name, members in lists.items()}
    return counts | {"numerals": float(sum(token.isdigit() for token in tokens)), "words": float(len(tokens))}


def _marks(name: str, text: str) -> Mapping[str, float]:
    return {variant: float(len(pattern.findall(text))) for variant, pattern in _COMPILED[name].items()}


SENTENCE_WORDS = Measure("sentence_words", "sentence length", "words", _sentence_words)
PARAGRAPH_WORDS = Measure("paragraph_words", "paragraph length", "words", _paragraph_words)
LEXICAL = Measure("lexical", "word kinds", "per 100 words", _lexical)
QUESTION = Measure("question", "questions", "marks", lambda text: _marks("question", text))
PARENTHESIS = Measure("parenthesis", "parentheses", "pairs", lambda text: _marks("parenthesis", text))
STRUCTURE = Measure("structure", "lists and headings", "lines", lambda text: _marks("structure", text))
CLOCK = Measure("clock", "12 or 24 hour clock (never applied)", "times", lambda text: _marks("clock", text))
DATE_FORMAT = Measure("date_format", "date format (never applied)", "dates", lambda text: _marks("date_format", text))
UNITS = Measure("units", "metric or imperial (never applied)", "quantities", lambda text: _marks("units", text))
