"""Is a text English? Rules, no model.

Long texts are told by their share of English function words. Some of those are words of other languages, too (the
Dutch "is", "in", "we", "was"), so the words that only English has must also outnumber those that only others have. In
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
# More of them, also of Afrikaans, Latin, Catalan, Romanian, the languages of Scandinavia and others: an English text may have one in a name
# or a phrase ("de facto", "coup d'état"), so they tell only of long texts, and only in lower case.
_FOREIGN_IN_LONG = (_FOREIGN - _words("y lo os per et")) | _words(
    """
    de en er wat waar waren dat deze dit te om aan ook maar bij nog naar uit wordt hij zij geen als dan toch hun onze meer weer
    uur jij jou gaan heb heeft hebben vir ons sy julle hulle dis
    es dass im dem den sich wird auch noch nach wenn oder nur aus durch über vom beim haben einem einer eines seine ihre aber doch
    mehr sehr schon da hier jetzt
    au aux du un ce cette ces sa ses leur mais ou où sont été être comme tout lui c'est d'un d'une qu'il j'ai
    que del se su sus más este esta estos fue muy ya todo cuando ha tu mi
    das em um na nos nas ao à seu sua mas foi são está isso às fim dia gente
    della dei delle nel nella più anche questo questa ma alla dal mi ti ci io voce
    est cum quod ut sed sunt quae qui hoc esse ab atque enim etiam quid
    och att som ett är på av för jag har hon og af ikke jeg hun vi
    și să la că nu cu din ca pe sau mai fost cel
    amb els dels aquest però perquè
    się jest że na co jak az és egy hogy nem van itt ja ei se että oli hän ve bir bu ile
    yang dan di itu dengan untuk ini dari tidak akan pada ang ng mga ay
    """
)
# They stand in other languages as often as in English, so they show neither.
_SHARED = _words("a an as do he in is no me on or so was am will of over")
_SHARED_IN_LONG = _SHARED | _words("we at to for has had have are under her most may been still also via by up it last next")
_ENGLISH_ALONE = FUNCTION_WORDS - _SHARED_IN_LONG
_LOANS = _words("café cafés résumé résumés naïve façade cliché clichés fiancé fiancée déjà voilà über jalapeño piñata sauté à señor")


def is_english(text: str) -> bool:
    """Whether nothing speaks against English: a text without words is English too."""
    letters = [character for character in text if character.isalpha()]
    if letters and sum(character < _LATIN_END for character in letters) < len(letters) / 2:
        return False
    found = words(text)
    if len(found) < _ENOUGH_WORDS:
        return _english_signs(found) >= _foreign_signs(found)
    folded = [_folded(word) for word in found]
    share = sum(word in FUNCTION_WORDS for word in folded) / len(found)
    return share >= _ENGLISH_SHARE and (_FOREIGN_IN_LONG.isdisjoint(found) or _speaks_english(found, folded))


def _speaks_english(found: list[str], folded: list[str]) -> bool:
    """Of a long text: whether it has as many words that only English has as words that only others have; of those, one shows nothing."""
    foreign = sum(_unquoted(word) in _FOREIGN_IN_LONG for word in found)
    return foreign < 2 or foreign <= sum(word in _ENGLISH_ALONE for word in folded)


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
