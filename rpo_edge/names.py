"""Which words are surely no names, whether or not they have a capital.

Their long list lies in words.txt, and is read when first asked for.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rpo_edge.lexicon import FUNCTION_WORDS
from rpo_edge.segment import straight


def no_name(word: str) -> bool:
    """Whether a word, capitalised or not, is surely no name: "Focus", "Here's", "Long-term"; not "Mark", nor what is all capitals."""
    word = straight(word)
    stem = word.partition("'")[0]
    if not (stem[1:].islower() or stem == "A"):
        return False
    return word.lower() in FUNCTION_WORDS or all(part in FUNCTION_WORDS or part in _words() for part in stem.lower().split("-"))


@cache
def _words() -> frozenset[str]:
    """By `python -m training words`: words that books, abstracts and answers hardly ever capitalise inside a sentence."""
    return frozenset(Path(__file__).with_name("words.txt").read_text("utf-8").split())
