"""Whether the words after a mark are surely a part of the sentence ("the only one left"), or a sentence of their own ("managers rarely skim").

A comma is right before the first alone, a full stop before the second; what is neither for sure keeps its dash. There is no list of verbs
here, so a noun phrase must show that none is in it.
"""

from __future__ import annotations

from itertools import pairwise

from rpo_edge.features.context import AUXILIARIES, DETERMINERS, PREPOSITIONS, SUBJECTS, SUBORDINATORS, begins_clause, is_plural, listed
from rpo_edge.names import no_name
from rpo_edge.segment import straight

FINITE = AUXILIARIES - {"be", "been", "being"}
"""Of which one makes a sentence."""
_BEGINS_PART = SUBORDINATORS | PREPOSITIONS | listed("where and or but so including especially particularly")
_FOCUS = listed("not just only even perhaps maybe mostly mainly sometimes usually")
"""May stand before a part or a verb ("just keep it")."""
_OBJECTS = listed("it them him her us me you itself themselves")
_ONE = listed("a an this that each every")
_MANY = listed("these those many most few several some all both")
_PRONOUNS = listed("something someone somebody anything everything nothing somewhere one")
_ENDS_PHRASE = PREPOSITIONS | SUBORDINATORS | listed("where and or to but")
_OF_THE_PHRASE = listed("of for that which who where when whose")
_LONGEST_PHRASE = 4
_SHORT = 6
_OFTEN = listed("typically usually often rarely always never sometimes generally frequently seldom")
_SUBORDINATE = SUBORDINATORS | SUBJECTS | listed("where to")
_SEVERAL = listed("the some many most these those few several our your my their his her")

_AGO = listed("before earlier later ago")
_TIMES = listed("second minute hour day week month year decade century centurie generation")
_LIKE_PLURALS = listed(
    "as was has does is always sometimes perhaps besides its hers ours yours theirs afterwards towards nowadays less unless versus"
)
"""End like a plural."""


def is_part(inner: list[str]) -> bool:
    """Whether words are surely no sentence, and may follow a comma."""
    said = [word.lower() for word in inner]
    first, second = said[0], said[1] if len(said) > 1 else ""
    if begins_clause(inner):
        return False
    if first in _BEGINS_PART or is_time(inner):
        return True
    if not FINITE.isdisjoint(said):
        return False
    if first in _FOCUS:
        return bool(second) and (second in _BEGINS_PART | {"just", "only"} or (second in DETERMINERS and _is_phrase(said[1:])))
    if first in _PRONOUNS:
        return second in _BEGINS_PART
    if first.endswith("ing"):
        return second.endswith("ly") or second in DETERMINERS | PREPOSITIONS | _OBJECTS
    if first.endswith(("ed", "ly")) and second in PREPOSITIONS:
        return True
    return _is_phrase(said) if first in DETERMINERS else _is_short(said)


def _is_short(said: list[str]) -> bool:
    """Whether a few words without a verb follow ("tired but glad of it"): no plural noun that may have one ("managers skim"), no "time flies", no
    "stay away"."""
    alone = is_plural(said[0]) or is_base(said[0]) or any(word.endswith("s") and not word.endswith("ss") for word in said[1:2])
    return len(said) <= _SHORT and not alone and (_SUBORDINATE - {"it", "you"}).isdisjoint(said)


def _is_phrase(said: list[str]) -> bool:
    """Whether a determiner begins a noun phrase without a verb after it."""
    words = said[1:]
    end = next((i for i, word in enumerate(words) if word in _ENDS_PHRASE), len(words))
    phrase, ended = words[:end], words[end] if end < len(words) else ""
    if len(phrase) > _LONGEST_PHRASE or not (DETERMINERS | _OBJECTS | SUBJECTS).isdisjoint(phrase):
        return False
    if any(word.endswith("ly") for word in phrase[1:]) or (phrase[1:] and phrase[-1].endswith("ed")):
        return False
    if any(map(is_plural, phrase[:-1])):
        return False  # "the managers skim"
    last = bool(phrase) and is_plural(phrase[-1])
    if said[0] in _ONE:
        return not last and (said[0] != "that" or bool(phrase))
    if said[0] not in _MANY and last:
        return False  # "the system works"
    return ended in _OF_THE_PHRASE or not ended


def is_time(words: list[str]) -> bool:
    """ "a year ago", "decades before he could", as far as no clause begins: "years ago it was"."""
    said = [word.lower() for word in words]
    times = [one.removesuffix("s") in _TIMES and other in _AGO for one, other in pairwise(said)]
    return bool(times) and (
        (times[-1] and FINITE.isdisjoint(said)) or (times[0] and (said[1] == "before" or (SUBJECTS | FINITE).isdisjoint(said)))
    )


def is_sentence(after: list[str]) -> bool:
    """Whether words are surely a clause: "it is late", "the rain was over"; "managers rarely skim"; not "a sign that it was late"."""
    said = [straight(word.lower()) for word in after]
    subject, mark, _ = said[0].partition("'")
    if subject in SUBJECTS or (mark and subject in DETERMINERS):  # "it's", "that's"
        return True
    if subject in DETERMINERS:
        main = next((i for i, word in enumerate(said) if i and word in _SUBORDINATE), len(said))
        if any(word in FINITE or word.endswith("n't") for word in said[:main]):
            return True
    noun = next((i for i, word in enumerate(said[:3]) if is_plural(word) and word not in _LIKE_PLURALS), None)
    if noun is None or (noun and said[0] not in _SEVERAL):
        return False
    rest = said[noun + 1 :]
    if rest[:1] and rest[0] in _OFTEN:
        return len(rest) > 1 and is_base(rest[1])
    if rest[1:] and rest[0] in FINITE:
        return True  # "families will be away"
    return len(rest) > 1 and is_base(rest[0]) and rest[1] in DETERMINERS


def is_base(word: str) -> bool:
    """Whether a word may be the verb of a plural: it has a form in -ing, and no ending of its own."""
    if word in _ENDS_PHRASE or word == "not" or word.endswith(("s", "ed", "ing", "ly")):
        return False
    return has_ing_form(word)


def has_ing_form(word: str) -> bool:
    """Whether there is a form in -ing, as of every verb, and of many a noun ("time")."""
    return any(no_name(form) for form in (f"{word}ing", f"{word.removesuffix('e')}ing", f"{word}{word[-1]}ing"))
