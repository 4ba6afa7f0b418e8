"""Whether "'s" before an irregular participle is "has" or "is": "he's slept", "she's worn a coat", "it's driven by love".

Many a participle may follow either; an object after it tells, since nobody is worn a coat.
"""

from __future__ import annotations

import re

from rpo_edge.features.context import listed

_PEOPLE, _THINGS = frozenset(["he", "she", "who"]), frozenset(["it", "that"])
_ONLY_HAS = listed("slept died lied swum wept leapt crept arisen lain undergone")
"""Of nothing can it be said that it "is" so."""
_OF_PEOPLE = listed("eaten sung fought fled ridden quit dreamt outgrown")
"""Done by people, not to them: "he's eaten"; "it's eaten" may be either."""
_EITHER = listed(
    "driven drawn flown worn cost hurt beaten bitten blown burnt caught dealt dug drunk fed frozen hung learnt lent lit laid rung sworn swept sunk slid "
    "spilt spoilt spread sprung stuck struck stung swung torn thrown trodden woken woven wound withdrawn shrunk shut cast burst bet rid overcome overtaken "
    "sat bent bred bled split shed sped shot shaken rewritten undone outdone redone rebuilt overheard withheld foreseen sewn sown mown shaven"
)
_OF_THINGS = listed("cost hurt struck caught drawn torn swept overcome outgrown beaten spoilt spread")
"""What a thing does to something else, too: "It's cost us a lot"."""
_TAKES_TWO = listed("dealt fed lent sworn thrown cast shot")
"""May have an object in the passive ("He's dealt a hand")."""
_OBJECT = re.compile(
    r"\s+(?:(?:me|us|him|them|it)\b|(?:an?|my|your|his|her|our|their|the(?=\s+\w+\s*[.,;!?)]))\b"
    r"(?!(?:\s+\w+){0,2}\s+(?:lot|bit|little|few|while|times?|way|same|most|least|world|rest|day|week|month|year|mile)\b))",
    re.IGNORECASE,
)
"""No measure, as "a lot", "the world over"."""
_BY = re.compile(r"\s+by\b")


def verb_of(text: str, end: int, word: str, subject: str) -> str | None:
    """The verb before the participle `word`, which ends at `end`: "has" or "is"; "" where it may be either, None for words that are not known here."""
    if word not in _ONLY_HAS | _OF_PEOPLE | _EITHER:
        return None
    if _BY.match(text, end):
        return "is" if subject in _THINGS and word not in _ONLY_HAS else ""
    people = subject in _PEOPLE
    if (word in _ONLY_HAS and (people or subject in _THINGS)) or (people and word in _OF_PEOPLE):
        return "has"
    takes = word not in _TAKES_TWO and (people or (subject in _THINGS and word in _OF_THINGS))
    return "has" if takes and _OBJECT.match(text, end) else ""
