"""The counting tier of lists: a place that is not sure enough to be edited may still be probable enough to be counted.

It asks the same of both variants, or writers who leave the comma out would be taken for writers who set it: that the first stretch ends in
what the item and the last item are, and that there is no introduction, insertion or clause among them. `lists` holds the sure tier and the
feature, `list_chains` what both tiers ask.
"""

from __future__ import annotations

from itertools import pairwise

from rpo_edge.features.context import (
    AUXILIARIES,
    CONJUNCTIONS,
    DETERMINERS,
    PREPOSITIONS,
    SUBJECTS,
    SUBORDINATORS,
    ends_like_plural,
    listed,
)
from rpo_edge.features.list_chains import (
    AGAIN,
    APPOSITIVE,
    ENDS_INTRODUCTION,
    INTRODUCES,
    NOT_HEADS,
    NOUN_ENDINGS,
    Chain,
    closes,
    ends_oddly,
    goes_on,
    is_adjective,
    is_item,
    is_long,
    is_number,
    joins_clause,
    kind_of,
    shares_adjectives,
    stems,
    tells,
)
from rpo_edge.segment import straight, words

_LONGEST_PROBABLE = 5  # words
_INSIDE = 5  # words at the end of the first stretch where its item may begin
_NO_ITEMS = listed(
    "together alongside along thereby except half due say eg ie namely similar unlike please thanks hello hi hey okay ok sure dear sir madam "
    "indeed according rather because again enough hidden already still here prior afraid first us me him "
    "yeah yep nah oh ah hmm right late know mean guess thereafter afterward afterwards"
)
"""Begin what explains or goes on; no item begins or ends so."""
_NO_END = NOT_HEADS | INTRODUCES | ENDS_INTRODUCTION | _NO_ITEMS
_OPENS = INTRODUCES | _NO_ITEMS | {"all"}
_OPENS_CLAUSES = listed("that and but or so because")
_FOLLOWS = listed("along so where all respectively plus")
"""Go on after a list with a comma, beside what `closes` knows."""
_ENDS_HEAD = PREPOSITIONS | AUXILIARIES | SUBORDINATORS
_MODIFIERS = listed(
    "washing swimming sleeping shopping parking living dining running walking building cooking reading writing sewing fishing"
)
"""In -ing, and as a rule before a noun: "swimming pools"."""
_VERBS = listed("use think lack enable require provide allow ensure pick remove exhibit make take give get keep let find show need want")
"""What they open is no item, as a rule."""
_PAIRS = listed(
    "father&son mother&daughter mothers&sons sons&daughters men&women boys&girls mum&dad friends&family young&old rich&poor high&low up&down backward&forward "
    "question&answer search&rescue trial&error salt&pepper bread&butter day&night black&white"
)
"""One item as a rule."""


def is_probable(chain: Chain) -> bool:
    """Whether the stretches are like enough for the place to be counted, not to be edited."""
    item, last = chain.item, chain.last
    if len(item) > _LONGEST_PROBABLE or not is_item(item) or item[-1].lower() == last[0].lower():
        return False
    if {"and", "or"}.intersection(map(str.lower, last[:2])) or {"alike", "half"}.intersection(last[:4]):
        return False
    named = stems(item) - ({"first"} if kind_of(item[0]) == "determiner" else set())  # "the first month"
    if (named | stems(last[:1])) & _NO_ITEMS or stems(last[:1]) & NOT_HEADS:
        return False
    if (PREPOSITIONS - {"of", "on", "up"}).intersection(item) or (len(item) > 1 and ends_oddly(item)):
        return False
    return not (joins_clause(chain, False) or _is_inserted(chain) or _leads(chain)) and _match(chain)


def _is_inserted(chain: Chain) -> bool:
    """Whether a comma after the last item closes an insertion, or goes on with a list that item and last are one item of."""
    rest, comma = chain.rest, chain.rest.find(",")
    if is_long(chain):
        return bool(AGAIN.search(rest)) or (closes(rest) and rest.count(",") > 1)
    if again := AGAIN.match(rest, comma):
        return not stems(words(rest[again.end() :][:40])[:1]) & SUBJECTS
    following = words(rest[comma:][:40])
    return closes(rest) and not (following and (kind_of(following[0]) == "ing" or following[0].lower() in _FOLLOWS))


def _leads(chain: Chain) -> bool:
    """Whether the stretch before the item may lead to it, as an introduction, an insertion or what the two explain, and hold no first item."""
    first = [straight(word).lower() for word in chain.first]
    if (
        first[0] in SUBORDINATORS
        or first[-1] in _NO_END
        or {"and", "or"}.intersection(first[-4 if len(chain.item) > 1 else -2 :])
        or goes_on(chain)
    ):
        return True
    if any(one in _OPENS_CLAUSES and other in INTRODUCES for one, other in pairwise(first)):
        return True  # "and in the end, cats and dogs sleep"
    if (APPOSITIVE | {"one"}).intersection(first[-4:]) and not is_number(chain.item[0]):
        return True
    if len(first) > 1 and all(len(word) == 1 for word in first[-2:]):  # "e.g."
        return True
    subject = bool(stems(chain.first) & SUBJECTS)
    if len(chain.before) == 1:
        return not subject and (first[0] in _OPENS or kind_of(first[0]) in ("ing", "ly", "ed"))
    if kind_of(first[0].rpartition("-")[2]) in ("ly", "ed"):  # "Tom, tired by now, sleeps and eats"
        return True
    return first[0] in _OPENS - {"including", "like", "with"} and not (subject and first[0] in CONJUNCTIONS)


def _match(chain: Chain) -> bool:
    """Whether the first stretch ends in what item and last are: names, phrases with an article, adverbs, verbs, nouns or adjectives."""
    first, item, last = chain.first[-_INSIDE:], chain.item, chain.last
    kinds, one, other = [kind_of(word) for word in first], kind_of(item[0]), kind_of(last[0])
    if _is_name(first[-1]) and one != "ly" and all(map(_is_name, item)):
        return _is_name(last[0]) or other == "determiner"
    if one == other == "determiner":
        return _share_articles(chain, first, kinds)
    if one == other and one in ("ly", "ing"):
        return kinds[-1] == one and len(item) == 1
    if one == other == "ed":
        return kinds[-1] == one if len(item) == 1 else one in kinds[:-1] and "determiner" in map(kind_of, item[1:3]) and not tells(item[1:])
    plain = one == "" or item[0].lower() in _MODIFIERS
    goes_with = other in ("", "determiner", "capital") or (other == "ed" and len(last) > 1 and last[1].endswith("s"))  # "abandoned cars"
    return plain and goes_with and kinds[-1] != "ly" and _are_plain(chain)


def _is_name(word: str) -> bool:
    return word[0].isupper() and word.lower() not in DETERMINERS | PREPOSITIONS


def _share_articles(chain: Chain, first: list[str], kinds: list[str]) -> bool:
    """Whether three phrases begin alike, and not only the two that may explain: "this man, the king of Rome and the hope of all"."""
    begin = next((word for word, kind in zip(reversed(first), reversed(kinds), strict=True) if kind == "determiner"), "that")
    one, *two = ["a" if word.lower() == "an" else word.lower() for word in (begin, chain.item[0], chain.last[0])]
    if {"that", "most", "both", "all", "each"}.intersection([one, *two]):
        return False
    return (two[0] != two[1] or one == two[0]) and (chain.item[-1].endswith("s") or not first[-1].endswith("s"))


def _are_plain(chain: Chain) -> bool:
    """Whether plain words are three nouns, three verbs or three adjectives, and no adjective of the first stretch shares the item's noun."""
    first, item, last = chain.first, chain.item, _head_of(chain.last)
    before = first[-2].lower() if len(first) > 1 else ""
    if len(item) == 1 and before in SUBJECTS and kind_of(first[-1]) != "ed":
        return not (is_adjective(item[0]) and is_adjective(last[0]))  # "we cook, clean and shop", no "it was, cold and wet"
    if shares_adjectives(chain) or _tells_plainly(chain) or _explains_name(chain):
        return False
    numbers = is_number(first[-1]) and (len(item) > 1 or is_number(last[0]))  # no "May 5, 2020 and"
    if (is_number(item[-1]) and not numbers) or f"{item[0]}&{last[0]}".lower() in _PAIRS:
        return False
    adjective, plural = is_adjective(first[-1]), first[-1].endswith("s")
    if kind_of(first[-1]) == "ed" and not is_adjective(item[0]):  # "the car stopped, doors and windows opened"
        return False
    if len(item) == 1:
        return adjective == is_adjective(item[0]) == is_adjective(last[0]) and ("-" not in item[0] or "-" in first[-1] or adjective)
    if adjective or item[0].lower() in INTRODUCES or (is_adjective(item[0]) and not first[-1].endswith(("s", *NOUN_ENDINGS))):
        return False
    shared = before in DETERMINERS | INTRODUCES and not (before in ("a", "an") and item[-1].endswith("s"))  # "a red, round ball"
    return plural or not shared


def _head_of(last: list[str]) -> list[str]:
    """The last item as far as it surely goes: no preposition and no auxiliary inside."""
    return last[: next((i for i, word in enumerate(last[:4]) if i and word.lower() in _ENDS_HEAD), 4)]


def _explains_name(chain: Chain) -> bool:
    """Whether a name is explained ("Ann, printer and publisher"), or what is no name by two: "our models, ONE and TWO"."""
    first, item = chain.first, chain.item
    opens = len(first) == len(chain.before) == len(item) == 1  # a capital there says nothing
    named = _is_name(first[-1]) and not opens
    if _is_name(item[0]):
        return not named and (len(item) > 1 or _is_name(chain.last[0]))
    return named and not first[-1].isupper() and not item[0].endswith("s")


def _tells_plainly(chain: Chain) -> bool:
    """Whether a verb in the present may open the item: "improves the view", "lack tools"."""
    item = chain.item
    if len(item) == 1:
        return False
    runs = len(chain.before) == 1 and ends_like_plural(chain.last[0])  # "it sells eggs, makes bread and mends cars"
    verb = item[0].lower() in _VERBS or (ends_like_plural(item[0]) and not runs)
    return verb or "-" in item[-1] or kind_of(item[1]) in ("determiner", "on", "up") or (item[1] == "of" and is_adjective(item[0]))
