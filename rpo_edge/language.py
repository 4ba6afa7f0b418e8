"""Is a text English? By the share of function words, which no other language has in such numbers."""

from __future__ import annotations

from rpo_edge.lexicon import FUNCTION_WORDS
from rpo_edge.segment import words

_ENOUGH_WORDS = 12  # fewer say nothing by statistics
_ENGLISH_SHARE = 0.15  # English prose has 0.35 to 0.55, lists of terms 0.1 to 0.3, other languages under 0.1


def is_english(text: str) -> bool:
    """False only where the text is long enough to tell, or mostly in another script."""
    tokens = [word.lower() for word in words(text)]
    letters = [character for character in text if character.isalpha()]
    if letters and sum(character < "\u0250" for character in letters) < len(letters) / 2:
        return False
    if len(tokens) < _ENOUGH_WORDS:
        return True
    return sum(token in FUNCTION_WORDS for token in tokens) >= _ENGLISH_SHARE * len(tokens)
