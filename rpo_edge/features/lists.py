"""Lists of three or more ("eggs, milk, and bread"): whether a comma stands before the last conjunction.

A sentence is cut at its commas (`list_chains`); the stretch before the conjunction must be an item (short, no clause) that begins as the
last item does, and the stretch before it must end in one of the same kind. What says so aloud ("such as") and a third short stretch make up
for unlike beginnings. A comma that is there is evidence by itself: introductions and appositions with a pair after them ("In the end, Bob
and Ann") have none, so where there is none, more is asked.

What is not sure enough to be edited may still be probable enough to be counted: `list_counting`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from rpo_edge.features.base import Choice, Site
from rpo_edge.features.context import AUXILIARIES, DETERMINERS, PREPOSITIONS, SUBJECTS, SUBORDINATORS, listed
from rpo_edge.features.list_chains import (
    AGAIN,
    APPOSITIVE,
    CLAUSE,
    ENDS_INTRODUCTION,
    INTRODUCES,
    JOINT,
    NOT_HEADS,
    NOUN_ENDINGS,
    Chain,
    closes,
    cut_chain,
    ends_oddly,
    goes_on,
    introduces,
    is_item,
    is_long,
    is_short_item,
    joins_clause,
    kind_of,
    shares_adjectives,
    stems,
)
from rpo_edge.features.list_counting import is_probable
from rpo_edge.segment import words

_LEAD_IN = re.compile(r"(?<![\w-])(?:such as|including|like|includes?|namely|e\.g\.)(?=[ ,])(?! to )", re.IGNORECASE)
_AMPERSAND = re.compile(r"(?P<comma>,?) & (?=[a-z])")
"""Tells of a writer's comma, too; a company's name has capitals."""
_ADVERBS = listed("even also then more most")
"""May stand before the last of verbs and adjectives."""
_MIXES = listed("other others more")
_LONGEST = {True: 7, False: 3}
_LONGEST_SURE = {True: 9, False: 5}
_SHORT = 3  # words
_FEWEST_WORDS = 4  # a shorter lead needs a subject or an auxiliary, or it may be an introduction


def _is_list(chain: Chain) -> bool:
    """Whether the stretches are the items of one list."""
    announced = _is_announced(chain)
    sure = announced or is_long(chain)
    if len(chain.item) > (_LONGEST_SURE if sure else _LONGEST)[chain.comma] or not is_item(chain.item):
        return False
    if stems(chain.last[:1]) & NOT_HEADS - _ADVERBS or {"and", "or"}.intersection(map(str.lower, chain.last[:2])):
        return False
    only = not sure and len(chain.before) == 1
    if joins_clause(chain, announced) or (only and introduces(chain.first, chain.item) and not _opens_clause(chain)):
        return False
    return (chain.comma or _is_bare_list(chain, announced)) and _are_alike(chain, sure, announced)


def _is_announced(chain: Chain) -> bool:
    """Whether "such as" or its like stands before the first item."""
    for i in range(len(chain.before) - 1, -1, -1):
        if found := _LEAD_IN.search(chain.before[i]):
            named, following = words(chain.before[i][: found.start()]), words(chain.before[i][found.end() :])
            compares = found[0].lower() == "like" and not (named and named[-1].endswith("s"))  # "Much like a bird,"
            return 0 < len(following) <= 6 and not compares and not stems(following) & (CLAUSE | APPOSITIVE)
        if not is_short_item(chain.before[i]):
            return False
    return False


def _opens_clause(chain: Chain) -> bool:
    """Whether a list ends the introduction that it stands in: "With eggs, milk, and bread, you"."""
    following = words(chain.rest.partition(",")[2][:40])
    return chain.comma and bool(stems(following[:1]) & (SUBJECTS | DETERMINERS))


def _is_bare_list(chain: Chain, announced: bool) -> bool:
    """What a conjunction without a comma must show beside: no introduction, apposition, insertion or pair inside an item."""
    if AGAIN.search(chain.rest) and (len(chain.item) > 1 or len(chain.last) < 5):
        return False
    if kind_of(chain.last[0]) == "ly" or (len(chain.before) == 1 and introduces(chain.first, chain.item)):
        return False
    if len(chain.before) == 1 and len(chain.first) > _SHORT and AUXILIARIES & stems(chain.last[1:4]):
        return False  # "the last city in the world, Ann and Bob were"
    if announced:
        starts = chain.before[-1].lower().startswith(("such as", "including", "like"))  # "signs, such as fever, doctors and nurses look"
        if (closes(chain.rest) and chain.rest.partition(",")[2].count(",")) or {"to"}.intersection(chain.item) or goes_on(chain):
            return False
        nouns = kind_of(chain.item[0]) in ("", "capital", "determiner") and "ing" not in _kinds_within(
            words(_LEAD_IN.split(chain.before[-1])[-1])
        )
        return nouns and (not starts or len(chain.last) <= _SHORT)
    if closes(chain.rest) or (len(chain.item) == 1 and chain.item[0].lower() in ENDS_INTRODUCTION):
        return False
    if len(chain.item) > 1 and (kind_of(chain.item[-1]) == "ing" or ends_oddly(chain.item)):
        return False
    return not shares_adjectives(chain) and (_is_run(chain) or not (_is_insertion(chain) or _is_apposition(chain) or _is_pair(chain)))


def _is_run(chain: Chain) -> bool:
    """Whether the two stretches before the conjunction are like each other, and too short for an insertion and a verb."""
    one, other = words(chain.before[-1]), chain.item
    inner = PREPOSITIONS | DETERMINERS
    plain = len(one) <= _SHORT >= len(other) and not inner.intersection(one[1:]) and not inner.intersection(other[1:])
    return len(chain.before) > 1 and plain and is_item(one) and kind_of(one[-1]) != "ly" and _item_kind(one) == _item_kind(other)


def _is_insertion(chain: Chain) -> bool:
    """Whether a verb and its second verb may follow an insertion: "Tom, an old cat, sleeps and eats"."""
    noun = kind_of(chain.item[0]) == "capital" or (len(chain.item) == 1 and chain.item[0].endswith(NOUN_ENDINGS))
    return len(chain.before) > 1 and not noun and kind_of(chain.first[0]) not in ("", "capital")


def _is_apposition(chain: Chain) -> bool:
    """Whether the two may follow an introduction or explain what stands before them: "two cats, Tom and Kit"."""
    first = [word.lower() for word in chain.first]
    known = set().union(*(stems(words(stretch)) for stretch in chain.before))
    if known & SUBORDINATORS - {"that", "which", "who", "than", "as"} or APPOSITIVE.intersection(first[-6:]):
        return True
    if any(one == "that" and other in INTRODUCES for one, other in pairwise(first)):
        return True
    if first[-1] in NOT_HEADS | INTRODUCES | ENDS_INTRODUCTION or kind_of(first[-1]) == "ly" or _is_pair_of_roles(chain):
        return True
    if len(chain.before) == 1 and len(known) < _FEWEST_WORDS and not (SUBJECTS | AUXILIARIES) & known:
        return True
    capitals = [kind_of(word[0]) == "capital" for word in (chain.first[-1:], chain.item)]
    return capitals[0] != capitals[1] and not chain.first[-1].isupper() and not chain.item[0].isupper()


def _is_pair_of_roles(chain: Chain) -> bool:
    """ "her parents, a nurse and a cook"."""
    item, articles = chain.item, {chain.item[0].lower(), chain.last[0].lower()}
    return articles <= {"a", "an"} and chain.first[-1].endswith("s") and not item[-1].endswith("s")


def _is_pair(chain: Chain) -> bool:
    """Whether the two may be one item."""
    if {"and", "or"}.intersection(map(str.lower, chain.first[-4:])):
        return True
    if "-" in chain.first[-1] or "-" in chain.item[0]:
        return True  # adjectives, as a rule
    if len(chain.item) == 1:
        singular = [not word.lower().endswith("s") for word in (chain.first[-1], chain.item[0], chain.last[0])]
        if singular == [False, True, True]:
            return True  # "children, young or old"
        kind = kind_of(chain.item[0])  # "went away, beaten and tired"
        return kind in ("ing", "ed") and kind_of(chain.first[-1]) != kind and not (kind == "ing" and kind_of(chain.last[0]) != "ing")
    noun = chain.first[-1].lower() != chain.first[-1] or chain.first[-1].endswith("s")
    if len(chain.item) == 2 and len(chain.first) > 1 and not noun and chain.first[-2].lower() in PREPOSITIONS | DETERMINERS:
        return True  # "with soft, wispy clouds and birds"
    names = "capital" in (kind_of(chain.item[0]), kind_of(chain.last[0]))
    long = len(chain.last) > _SHORT and not names
    return long or bool(PREPOSITIONS.intersection(chain.item)) or introduces(chain.first, chain.first)


def _are_alike(chain: Chain, sure: bool, announced: bool) -> bool:
    """Whether the item and the last begin in one way, and the first has a word of that kind where it may begin."""
    one, other, first = _item_kind(chain.item), _last_kind(chain), _kinds_within(chain.first[-7:])
    if one == other == "" or (announced and {one, other} <= {"", "ing", "capital", "determiner"} and (chain.comma or one == "")):
        return True
    if one in PREPOSITIONS and other in PREPOSITIONS:
        return other in first and (one == other or chain.comma)
    if one == other:
        return one in first and (one != "ing" or chain.comma or sure)
    if one == "capital":
        return sure or chain.last[0].lower() in _MIXES
    if one == "" and other == "determiner":
        return sure or (chain.comma and len(chain.item) < 3 and (len(chain.item) < 2 or kind_of((chain.first[-2:])[0]) != "determiner"))
    if one == "determiner" and other == "" and chain.comma:  # "a coat, a hat, and gloves"
        return len(chain.last) == 1 and chain.last[0].endswith("s") and one in _kinds_within(chain.first[-3:])
    if one == "ed" and other == "":  # "limited time", "exhausted"
        return sure if len(chain.item) == 1 else chain.comma and kind_of(chain.item[1]) == "" and chain.item[0].endswith("ed")
    return one == "" and (
        (other == "capital" and (sure or chain.item[0].isupper())) or (other == "ing" and chain.comma and len(chain.item) == 1)
    )


def _item_kind(item: list[str]) -> str:
    """Single words in -ing and -ly are nouns and adjectives as often as not."""
    kind = kind_of(item[0])
    return "" if kind in ("ing", "ly") and len(item) == 1 else kind


def _last_kind(chain: Chain) -> str:
    """The same of the last item, after adverbs: "and visually appealing", "and even run"."""
    last = chain.last
    adverb = kind_of(last[0]) == "ly"
    if len(last) > 1 and (adverb or (last[0].lower() in _ADVERBS and kind_of(last[1]) not in PREPOSITIONS)):
        last = last[1:]
    kind = _item_kind(last)
    if kind == "ing" and len(last) > 1 and kind_of(last[1]) not in ("", "capital"):
        return "participle" if _item_kind(chain.item) != "ing" else kind
    return "" if adverb and kind == "ed" and _item_kind(chain.item) == "" else kind


def _kinds_within(stretch: list[str]) -> set[str]:
    """Of the words that may begin an item: "the scorching" is no participle."""
    return {kind_of(word) for i, word in enumerate(stretch) if not i or kind_of(stretch[i - 1]) != "determiner"}


def _oxford(text: str) -> Iterator[Site]:
    for match in JOINT.finditer(text):
        chain = cut_chain(text, match)
        if chain is None:
            continue
        start, end = match.span("comma")
        variant, options = ("yes", {"no": ""}) if match["comma"] else ("no", {"yes": ","})
        if _is_list(chain):
            yield Site("oxford_comma", start, end, variant, options)
        elif not text.startswith("(", match.end()) and is_probable(chain):
            yield Site("oxford_comma", start, end, variant)
    for match in _AMPERSAND.finditer(text):
        chain = cut_chain(text, match)
        if chain and (_is_list(chain) or is_probable(chain)):
            yield Site("oxford_comma", *match.span("comma"), "yes" if match["comma"] else "no")


OXFORD = Choice("oxford_comma", "Oxford comma", "share of lists of three or more", _oxford)
