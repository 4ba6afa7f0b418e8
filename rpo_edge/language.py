"""Is a text English? Rules, no model.

Long texts are told by their share of English function words. Some of those are words of other languages, too (the
Dutch "is", "in", "we", "was"), so the words that only English has must also outnumber those that only others have. In
short ones ("Restart nginx") there may be none, so there it takes signs of another language: its own function
words, and words with letters that English lacks. Not told: short texts of another language without either
("Guten Tag"), which then pass as English and are looked at by English rules that find little in them.

What is not English inside an English text (a translation, a sample letter) is told sentence by sentence, line by
line, with its paragraph for those without signs. Not told: a few foreign words inside an English sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rpo_edge.lexicon import FUNCTION_WORDS
from rpo_edge.segment import Span, paragraphs, prose_start, sentences, straight, words

_ENOUGH_WORDS = 12  # fewer say nothing by statistics
_ENGLISH_SHARE = 0.15  # English prose has 0.35 to 0.55, lists of terms 0.1 to 0.3, other languages under 0.1
_LATIN_END = "\u0250"
_FEW_SIGNS = 6  # words for each foreign sign in a sentence, at most: a longer one has a name ("de la Vega") or a phrase in it
_LATIN = re.compile("[À-ÖØ-öø-ɏ]")
_OTHER_SCRIPT = re.compile("[\u0370-\u1cff]{3}|[\u3040-\ud7a3]{2}")
"""Fewer letters are symbols of a formula."""


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
    mehr sehr schon hier jetzt
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


def is_long_english(text: str) -> bool:
    """Whether a text is surely English: what is left of a draft without its parts in another language should be, where those prevail."""
    return len(words(text)) >= _ENOUGH_WORDS and is_english(text)


def _speaks_english(found: list[str], folded: list[str]) -> bool:
    """Of a long text: whether it has as many words that only English has as words that only others have; of those, one shows nothing."""
    foreign = sum(straight(word) in _FOREIGN_IN_LONG for word in found)
    return foreign < 2 or foreign <= sum(word in _ENGLISH_ALONE for word in folded)


def foreign_parts(text: str, frozen: Iterable[tuple[int, int, str]]) -> list[Span]:
    """Sorted, disjoint spans of an English text that are in another language, by what is not frozen. Each lies within a line."""
    free = _blanked(text, frozen)
    found = words(straight(free))
    if "".join(found).isascii() and _FOREIGN_IN_LONG.isdisjoint(map(str.lower, found)):
        return []
    return [part for paragraph in paragraphs(free) for part in _foreign_in(free, paragraph)]


def _foreign_in(free: str, paragraph: Span) -> Iterator[Span]:
    lean = _lean(words(free[slice(*paragraph)]))
    for part in _line_sentences(free, paragraph):
        found = words(free[slice(*part)])
        own = _lean(found)
        if own > 0 or (own == 0 and lean > 0 and found):
            yield part


def _line_sentences(text: str, paragraph: Span) -> Iterator[Span]:
    """Where the words of each sentence stand, line by line."""
    start = paragraph.start
    for line in text[slice(*paragraph)].splitlines(keepends=True):
        for span in sentences(line):
            begin = prose_start(text, (start + span.start, start + span.end))
            end = begin + len(text[begin : start + span.end].rstrip())
            if begin < end:
                yield Span(begin, end)
        start += len(line)


def _lean(found: list[str]) -> int:
    """Above 0: signs of another language outnumber those of English, and are no few. Below 0: those of English do."""
    english = sum(_folded(word) in _ENGLISH_ALONE for word in found)
    foreign = sum(_foreign_weight(word, i == 0) for i, word in enumerate(map(straight, found)))
    return 0 if english <= foreign < max(2, len(found) / _FEW_SIGNS) else foreign - english


def _foreign_weight(word: str, first: bool) -> int:
    if (word.lower() if first else word) in _FOREIGN_IN_LONG:
        return 1
    if word.isascii() or word.lower() in _LOANS or (word[:1].isupper() and not first):
        return 0
    return 2 if _OTHER_SCRIPT.search(word) else len(word) > 1 and _LATIN.search(word) is not None


def _blanked(text: str, frozen: Iterable[tuple[int, int, str]]) -> str:
    """The text with spaces for what is frozen: what stands elsewhere stays in its place."""
    pieces, position = [], 0
    for start, end, _ in frozen:
        pieces += [text[position:start], " " * (end - start)]
        position = end
    return "".join([*pieces, text[position:]])


def _english_signs(found: list[str]) -> int:
    return sum(_folded(word) in FUNCTION_WORDS - _SHARED for word in found)


def _foreign_signs(found: list[str]) -> int:
    """Foreign function words, and words with letters outside ASCII that are neither names ("in Zürich") nor loans."""
    signs = 0
    for i, word in enumerate(map(straight, found)):
        name = i > 0 and word[:1].isupper()
        signs += word.lower() in _FOREIGN or not (word.isascii() or name or word.lower() in _LOANS)
    return signs


def _folded(word: str) -> str:
    return straight(word.lower())
