"""Is a text English? Rules, no model.

Long texts are told by their share of English function words, which no other language has in such numbers. In
short ones ("Restart nginx") there may be none, so there it takes signs of another language: its own function
words, and words with letters that English lacks. Not told: short texts of another language without either
("Guten Tag"), which then pass as English and are looked at by English rules that find little in them.
"""

from __future__ import annotations

from rpo_edge.lexicon import FUNCTION_WORDS
from rpo_edge.segment import words

_ENOUGH_WORDS = 12  # fewer say nothing by statistics
_ENGLISH_SHARE = 0.15  # English prose has 0.35 to 0.55, lists of terms 0.1 to 0.3, other languages under 0.1
_LATIN_END = "\u0250"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Function words and courtesies of German, French, Spanish, Portuguese, Italian and Dutch that are no English words.
_FOREIGN = _words(
    """
    ich du sie wir ihr ist sind nicht ein eine einen und oder der das dem den mit für auf von zu zum zur bei auch wie wo
    wann warum bitte danke guten haben kann können
    le la les des une et est je tu il elle nous vous ils pas ne pour avec dans sur que qui bonjour merci
    el los las una y es por con para pero como hola gracias
    os uma não com você obrigado
    lo gli che di è sono per non ciao grazie buongiorno
    het een ik niet zijn met voor naar je dank
    """
)
# They stand in other languages as often as in English, so they show neither.
_SHARED = _words("a an as do he in is no me on or so was am will of over")
_LOANS = _words("café cafés résumé résumés naïve façade cliché clichés fiancé fiancée déjà voilà über jalapeño piñata sauté à señor")


def is_english(text: str) -> bool:
    """Whether nothing speaks against English: a text without words is English too."""
    letters = [character for character in text if character.isalpha()]
    if letters and sum(character < _LATIN_END for character in letters) < len(letters) / 2:
        return False
    found = words(text)
    if len(found) < _ENOUGH_WORDS:
        return _english_signs(found) >= _foreign_signs(found)
    return sum(_folded(word) in FUNCTION_WORDS for word in found) >= _ENGLISH_SHARE * len(found)


def _english_signs(found: list[str]) -> int:
    return sum(_folded(word) in FUNCTION_WORDS - _SHARED for word in found)


def _foreign_signs(found: list[str]) -> int:
    """Foreign function words, and words with letters outside ASCII that are neither names ("in Zürich") nor loans."""
    signs = 0
    for i, word in enumerate(map(_unquoted, found)):
        name = i > 0 and word[:1].isupper()
        signs += word.lower() in _FOREIGN or not (word.isascii() or name or word.lower() in _LOANS)
    return signs


def _unquoted(word: str) -> str:
    return word.replace("’", "'")


def _folded(word: str) -> str:
    return _unquoted(word.lower())
