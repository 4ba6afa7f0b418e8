"""Nouns, quantities, and the prepositions between nouns: "a number of books", not "a number of 5"; "questions regarding" it."""

from __future__ import annotations

import re

from rpo_edge.features.context import (
    AUXILIARIES,
    DETERMINERS,
    PREPOSITIONS,
    SUBJECTS,
    begins_sentence,
    is_plural,
    listed,
    words_before,
)
from rpo_edge.features.senses.use import Sense, Use, not_after, not_before, of_each

_SOUGHT = (
    DETERMINERS | PREPOSITIONS | AUXILIARIES | listed("further more additional need want ask offer provide give seek request appreciate")
)
_INFORMATION = listed(
    "advice email guidance data help input feedback meeting letter news research debate insight law evidence knowledge policy doubt "
    "clarity talk conversation anything something nothing more"
)
_INFORMATION_ENDS = ("s", "tion", "sion", "ment", "ce", "ry", "ty")
_TELLS = listed("explores discusses says writes presents examines offers gives provides has is was")
_OWED = listed("amount amounts balance fee fees money payment payments rent sum sums tax taxes owed respect credit thanks")
_OF_LIVING = re.compile(
    r"\b(?:species|offspring|organisms?|genetic\w*|traits?|mating|alleles?|genes?|evolution|herds?|plants?|animals?|"
    r"crossover|mutat\w+|chromosomes?|fittest|fitness (?:functions?|values?|scores?|of|is))\b",
    re.IGNORECASE,
)
"""Where individuals may be no people, but animals, or solutions that a program breeds."""
_SAID_OF_NUMBERS = listed("is was there's represent represents denote denotes equals means gives enter specify count counts")
_HAVE_CHANCES = DETERMINERS | listed(
    "with more new great good have has had provide provides offer offers give gives create find seek and of"
)
_GOING_ALONG = listed("get gets getting got go goes going went come comes came play sing work works working worked")
_ODDS = listed("lose fail die survive win live hit occur happen be inflict bypass apply deal avoid")
"""What one may do by mere chance: "a chance to die" is no opportunity."""
_TAKEN = listed("take takes took taking taken")
_GIVES_CHANCES = listed("more many new great good better have has had provide provides offer offers give gives create find")
_AFTER_HELP = listed("and or but if when where because that which so please today now immediately required needed available")
_MEASURED = listed("hills mountains peaks values numbers temperatures frequencies ages dates prices wavelengths speeds degrees years")
_FROM_TO = re.compile(r"(?: [\w'’-]+){1,4} (?:from|between) (?:\S+ ){1,3}(?:to|and)\b")
"""A range of hills, or of values from 0 to 9, is one thing."""
_SINGULAR = re.compile(r" (?:[\w-]+ ){1,3}(?:is|was|has|makes|does)\b")
_ENUMERATES = re.compile(r" (?:[\w'’-]+ ){0,2}[\w'’-]+s, (?!such|including|which|from|like|and|or|but|so|that)", re.IGNORECASE)


def _asks_or_tells(use: Use) -> bool:
    """ "questions regarding", not "the highly regarding", nor at the start of a sentence."""
    before = use.before
    if not before:
        return not begins_sentence(use.text, use.start)
    if before in _TELLS:
        return False
    return before in _INFORMATION or (before.endswith(_INFORMATION_ENDS) and before not in DETERMINERS | AUXILIARIES)


def _are_many(use: Use) -> bool:
    """ "a number of books are", not where there "is" one, nor one that "is"."""
    one = use.before in ("is", "was", "be", "been", "being") or use.before.endswith("'s")
    return not one and not _SINGULAR.match(use.text, use.end)


def _is_many(use: Use) -> bool:
    """ "all kinds of books are", not "such a wide range of books"."""
    return use.before not in ("such", "over", "across") and not use.near(_MEASURED) and _are_many(use)


def _is_many_things(use: Use) -> bool:
    """ "a variety of fresh herbs", not "of food", nor one that "is", nor of fruits, nuts, and seeds."""
    things = use.following.split()[:2]
    named = any(is_plural(thing.rstrip(",:)*_")) for thing in things)
    inside = _ENUMERATES.match(use.text, use.end) or _FROM_TO.match(use.text, use.end)
    return named and use.before not in DETERMINERS and _is_many(use) and not inside


def _is_opportunity(use: Use) -> bool:
    """ "a chance to see it", not "a 10% chance to", nor "took a chance to"."""
    said = words_before(use.text, use.start)
    return bool(said) and _TAKEN.isdisjoint(said[-2:]) and not use.near(_ODDS, 2)


def _is_help(use: Use) -> bool:
    """ "need assistance with it", not "an assistance dog"; "liquidity assistance" is a thing of its own."""
    goes_on = not use.after or use.after in PREPOSITIONS | AUXILIARIES | SUBJECTS | _AFTER_HELP
    return (not use.before or (use.before in _SOUGHT and use.before not in ("a", "an"))) and goes_on


NOUNS: dict[str, Sense] = {
    **of_each("a_wide_range_of a_wide_variety_of", _is_many),
    **of_each("a_variety_of a_range_of a_myriad_of", _is_many_things),
    "assistance": _is_help,
    "a number of": lambda use: use.before not in _SAID_OF_NUMBERS and _are_many(use),
    **of_each("a_large_number_of a_great_number_of a_small_number_of", _are_many),
    **of_each("a_wide_array_of a_broad_range_of a_diverse_range_of", _is_many),
    "individuals": lambda use: use.before != "as" and not use.is_amid(_OF_LIVING),
    **of_each("your_inquiry your_inquiries", not_before("into")),
    "a small amount of": not_before("something", "anything"),
    "in a manner": not_before("of"),
    "physician": lambda use: not use.after.startswith("assistant") and use.after != "of",
    **of_each("regarding with_regard in_regard pertaining", _asks_or_tells),
    "in addition to": lambda use: begins_sentence(use.text, use.start),
    "due": lambda use: use.before not in _OWED | AUXILIARIES and not use.before.endswith("ly"),
    "as a": lambda use: use.before not in AUXILIARIES,
    "upon": not_after("once"),
    "in conjunction with": lambda use: use.before not in AUXILIARIES | _GOING_ALONG,
    "chance": _is_opportunity,
    "chances": lambda use: use.before in _GIVES_CHANCES and _is_opportunity(use),
    "opportunities": lambda use: use.before in _HAVE_CHANCES,
}
