"""Lists of three or more ("eggs, milk, and bread"): whether a comma stands before the last conjunction.

A sentence is cut at its commas; the stretch before the conjunction must be an item (short, no clause) that begins as the last item does,
and the stretch before it must end in one of the same kind. What says so aloud ("such as") and a third short stretch make up for unlike
beginnings. A comma that is there is evidence by itself: introductions and appositions with a pair after them ("In the end, Bob and Ann")
have none, so where there is none, more is asked.

What is not sure enough to be edited may still be probable enough to be counted: `_is_probable` asks the same of both variants, or writers
who leave the comma out would be taken for writers who set it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rpo_edge.features.base import Choice, Site
from rpo_edge.features.context import AUXILIARIES, DETERMINERS, PREPOSITIONS, SUBJECTS, SUBORDINATORS, left_of, listed, right_of
from rpo_edge.segment import straight, words

_JOINT = re.compile(r"(?P<comma>,?) (?:and|or) (?=[\w\"“*_`(])")
_NEAR = 64
"""Characters before a bare conjunction within which a comma must stand."""
_ASIDE = re.compile(r"\s?\([^()]*\)")
_CUTS = re.compile(r"[()|\n—]| [–-]{1,2} ")
_LEAD_IN = re.compile(r"(?<![\w-])(?:such as|including|like|includes?|namely|e\.g\.)(?=[ ,])(?! to )", re.IGNORECASE)

_CONJUNCTIONS = frozenset(["and", "or", "but", "nor", "yet", "so"])
_CLAUSE = SUBJECTS | AUXILIARIES | SUBORDINATORS | _CONJUNCTIONS
_NOT_HEADS = _CLAUSE | listed(
    "such including using not also then thus hence even especially particularly whatever please let how here what where why just perhaps "
    "maybe too yes no well only instead however therefore often always sometimes usually never up out down away back both either neither now whereas "
    "otherwise etc one another thou"
)
_ADVERBS = listed("even also then more most")
"""May stand before the last of verbs and adjectives."""
_INTRODUCES = (
    PREPOSITIONS
    | SUBORDINATORS
    | listed(
        "however also then so finally first second third next additionally therefore thus hence yes no well now including where given "
        "overall meanwhile yesterday today tomorrow moreover furthermore instead otherwise sometimes often again last "
        "besides but and or yet once when still much according across beyond below above throughout amid"
    )
)
_ENDS_INTRODUCTION = listed(
    "later ago day night morning evening afternoon week month year time times end addition result contrast example instance course fact "
    "general particular short summary conclusion however therefore again here there first second hand third next last finally well too though"
)
_APPOSITIVE = listed("two three four both following these those things ways types kinds several")
_PAST = listed(
    "left went said made took came began got saw told felt found kept gave knew thought became stood ran sat lost brought held wrote led "
    "met grew fell spent won built sent heard understood drew rose fled fought chose spoke broke bought taught "
    "caught slept ate drank sang swam flew threw drove rode taken given known seen shown born driven"
)
_MIXES = listed("other others more")
_NO_PARTICIPLES = listed("thing things something anything nothing everything morning evening spring string king ring wing")


@dataclass(frozen=True, slots=True)
class _Chain:
    """What stands around a conjunction: the sentence's stretches before it (`before` the item), the item, the words after it."""

    before: list[str]
    item: list[str]
    last: list[str]
    rest: str
    comma: bool

    @property
    def first(self) -> list[str]:
        return words(self.before[-1])


def _chain(text: str, match: re.Match[str]) -> _Chain | None:
    start = match.start()
    if not match["comma"] and text.rfind(", ", max(0, start - _NEAR), start) < 0:
        return None
    stretches = _CUTS.split(_ASIDE.sub("", left_of(text, start)))[-1].split(", ")
    if len(stretches) > 2 and _introduces(words(stretches[0]), words(stretches[1])):
        del stretches[0]
    if len(stretches) > 2 and _is_aside(words(stretches[-2].lower())):
        return None
    rest = _CUTS.split(_ASIDE.sub("", right_of(text, match.end())))[0]
    item, last = words(stretches[-1]), words(rest.partition(",")[0])
    if not match["comma"] and stretches[-1].endswith((".", ";", ":", "!", "?")):  # "Acme, Inc."
        return None
    if _SIGNS.search(stretches[-1]) or _SIGNS.search(rest[:40]):
        return None
    if len(stretches) < 2 or not item or not last or not words(stretches[-2]):
        return None
    return _Chain(stretches[:-1], item, last, rest, bool(match["comma"]))


def _introduces(stretch: list[str], following: list[str]) -> bool:
    """Whether the first stretch of a sentence only leads to what follows: "In the end,", "Using a knife, cooks"."""
    if all(len(word) == 1 for word in stretch):  # "i.e."
        return True
    head = stretch[0].lower()
    adverb = _kind(head) == "ly" and (len(stretch) == 1 or stretch[1].lower() in _INTRODUCES)
    participle = _kind(head) in ("ing", "ed") and len(following) > 1 and _kind(following[0]) != _kind(head)
    return head in _INTRODUCES or adverb or participle or stretch[-1].lower() in _ENDS_INTRODUCTION


def _is_aside(stretch: list[str]) -> bool:
    """ "for example", "on the other hand"."""
    if all(len(word) == 1 for word in stretch):  # "e.g."
        return True
    return 1 < len(stretch) < 5 and stretch[0] in PREPOSITIONS and stretch[-1] in _ENDS_INTRODUCTION


def _kind(word: str) -> str:
    """How an item begins: with an article, a preposition (itself), -ing, a past form, an adverb, a capital; "" for the rest ("NASA" too)."""
    lower = word.lower()
    if lower in DETERMINERS:
        return "determiner"
    if lower in PREPOSITIONS:
        return lower
    if "-" in word or (len(word) > 1 and word.isupper()):
        return ""
    if lower.endswith("ing") and len(lower) > 4 and lower not in _NO_PARTICIPLES:
        return "ing"
    if lower in _PAST or (lower.endswith("ed") and len(lower) > 3 and not lower.endswith("eed")):
        return "ed"
    if lower.endswith("ly") and len(lower) > 4:
        return "ly"
    return "capital" if word != lower else ""


_LONGEST = {True: 7, False: 3}
_LONGEST_SURE = {True: 9, False: 5}
_SIGNS = re.compile(r"[{}\[\]=$\\<>]")


def _stems(stretch: list[str]) -> set[str]:
    """In lower case, without what hangs on ("it's" is "it", "don't" is "do"); "IT" and "US" are no pronouns."""
    plain = (straight(word).lower() for word in stretch if len(word) == 1 or not word.isupper())
    return {"do" if word.endswith("n't") or word == "cannot" else word.partition("'")[0] for word in plain}


def _is_list(chain: _Chain) -> bool:
    """Whether the stretches are the items of one list."""
    announced = _is_announced(chain)
    sure = announced or _is_long(chain)
    if len(chain.item) > (_LONGEST_SURE if sure else _LONGEST)[chain.comma] or not _is_item(chain.item):
        return False
    if _stems(chain.last[:1]) & _NOT_HEADS - _ADVERBS or {"and", "or"}.intersection(map(str.lower, chain.last[:2])):
        return False
    only = not sure and len(chain.before) == 1
    if _begins_clause(chain, announced) or (only and _introduces(chain.first, chain.item) and not _opens_clause(chain)):
        return False
    return (chain.comma or _is_bare_list(chain, announced)) and _are_alike(chain, sure, announced)


def _is_item(item: list[str]) -> bool:
    return not _stems(item[:1]) & _NOT_HEADS and not _stems(item) & (_CLAUSE | {"both", "either"}) and not _tells(item)


def _tells(stretch: list[str]) -> bool:
    """Whether a past form stands before an object inside: "the birds raised the alarm"."""
    kinds = [_kind(word) for word in stretch[1:6]]
    return ("ed", "determiner") in pairwise(kinds)


def _is_announced(chain: _Chain) -> bool:
    """Whether "such as" or its like stands before the first item."""
    for i in range(len(chain.before) - 1, -1, -1):
        if found := _LEAD_IN.search(chain.before[i]):
            named, following = words(chain.before[i][: found.start()]), words(chain.before[i][found.end() :])
            compares = found[0].lower() == "like" and not (named and named[-1].endswith("s"))  # "Much like a bird,"
            return 0 < len(following) <= 6 and not compares and not _stems(following) & (_CLAUSE | _APPOSITIVE)
        if not _is_short_item(chain.before[i]):
            return False
    return False


def _is_long(chain: _Chain) -> bool:
    """Whether a second short item stands before the item: four in all."""
    return len(chain.before) > 1 and _is_short_item(chain.before[-1])


def _is_short_item(stretch: str) -> bool:
    found = words(stretch)
    return 0 < len(found) <= 5 and _is_item(found) and not _introduces(found, found)


def _begins_clause(chain: _Chain, announced: bool) -> bool:
    """Whether a clause follows the conjunction, as far as auxiliaries tell: not where the list is the subject of the sentence."""
    after = _stems(chain.last[:6])
    if SUBJECTS & _stems(chain.last[:2]) or _tells(chain.last):
        return True
    if not AUXILIARIES & after or SUBORDINATORS & after or announced:
        return False
    return any(_stems(words(stretch)) & (SUBJECTS | AUXILIARIES) for stretch in chain.before)


def _opens_clause(chain: _Chain) -> bool:
    """Whether a list ends the introduction that it stands in: "With eggs, milk, and bread, you"."""
    following = words(chain.rest.partition(",")[2][:40])
    return chain.comma and bool(_stems(following[:1]) & (SUBJECTS | DETERMINERS))


def _is_bare_list(chain: _Chain, announced: bool) -> bool:
    """What a conjunction without a comma must show beside: no introduction, apposition, insertion or pair inside an item."""
    if _AGAIN.search(chain.rest) and (len(chain.item) > 1 or len(chain.last) < 5):
        return False
    if _kind(chain.last[0]) == "ly" or (len(chain.before) == 1 and _introduces(chain.first, chain.item)):
        return False
    if len(chain.before) == 1 and len(chain.first) > _SHORT and AUXILIARIES & _stems(chain.last[1:4]):
        return False  # "the last city in the world, Ann and Bob were"
    if announced:
        starts = chain.before[-1].lower().startswith(("such as", "including", "like"))  # "signs, such as fever, doctors and nurses look"
        if (_closes(chain.rest) and chain.rest.partition(",")[2].count(",")) or {"to"}.intersection(chain.item) or _goes_on(chain):
            return False
        nouns = _kind(chain.item[0]) in ("", "capital", "determiner") and "ing" not in _kinds_within(
            words(_LEAD_IN.split(chain.before[-1])[-1])
        )
        return nouns and (not starts or len(chain.last) <= _SHORT)
    if _closes(chain.rest) or (len(chain.item) == 1 and chain.item[0].lower() in _ENDS_INTRODUCTION):
        return False
    if len(chain.item) > 1 and (_kind(chain.item[-1]) == "ing" or _ends_oddly(chain.item)):
        return False
    return not _shares_adjectives(chain) and (_is_run(chain) or not (_is_insertion(chain) or _is_apposition(chain) or _is_pair(chain)))


def _is_run(chain: _Chain) -> bool:
    """Whether the two stretches before the conjunction are like each other, and too short for an insertion and a verb."""
    one, other = words(chain.before[-1]), chain.item
    inner = PREPOSITIONS | DETERMINERS
    plain = len(one) <= _SHORT >= len(other) and not inner.intersection(one[1:]) and not inner.intersection(other[1:])
    return len(chain.before) > 1 and plain and _is_item(one) and _kind(one[-1]) != "ly" and _item_kind(one) == _item_kind(other)


def _is_insertion(chain: _Chain) -> bool:
    """Whether a verb and its second verb may follow an insertion: "Tom, an old cat, sleeps and eats"."""
    noun = _kind(chain.item[0]) == "capital" or (len(chain.item) == 1 and chain.item[0].endswith(_NOUN))
    return len(chain.before) > 1 and not noun and _kind(chain.first[0]) not in ("", "capital")


_NOUN = ("tion", "sion", "ment", "ness", "ity", "ance", "ence", "ism", "ship", "ure", "ogy", "acy")


def _is_apposition(chain: _Chain) -> bool:
    """Whether the two may follow an introduction or explain what stands before them: "two cats, Tom and Kit"."""
    first = [word.lower() for word in chain.first]
    known = set().union(*(_stems(words(stretch)) for stretch in chain.before))
    if known & SUBORDINATORS - {"that", "which", "who", "than", "as"} or _APPOSITIVE.intersection(first[-6:]):
        return True
    if any(one == "that" and other in _INTRODUCES for one, other in pairwise(first)):
        return True
    if first[-1] in _NOT_HEADS | _INTRODUCES | _ENDS_INTRODUCTION or _kind(first[-1]) == "ly" or _is_pair_of_roles(chain):
        return True
    if len(chain.before) == 1 and len(known) < _FEWEST_WORDS and not (SUBJECTS | AUXILIARIES) & known:
        return True
    capitals = [_kind(word[0]) == "capital" for word in (chain.first[-1:], chain.item)]
    return capitals[0] != capitals[1] and not chain.first[-1].isupper() and not chain.item[0].isupper()


def _is_pair_of_roles(chain: _Chain) -> bool:
    """ "her parents, a nurse and a cook"."""
    item, articles = chain.item, {chain.item[0].lower(), chain.last[0].lower()}
    return articles <= {"a", "an"} and chain.first[-1].endswith("s") and not item[-1].endswith("s")


_FEWEST_WORDS = 4  # a shorter lead needs a subject or an auxiliary, or it may be an introduction
_ADJECTIVES = listed(  # that stand after a noun or two before it
    "old young new big small large little tall short long thin thick wide narrow deep high low near far rich poor warm cold hot cool dry wet "
    "pure free vivid raw solid loose tight empty full quiet loud dark bright light heavy strong weak soft hard smooth rough sharp dull clean "
    "dirty sweet sour bitter kind gentle calm proud wild wise stern firm clear simple easy quick slow fast fresh ripe safe whole broken "
    "alone alive immediate remote inward outward plain dead sick ill happy sad angry glad ready true false real good bad better worse best fine great nice lean mellow "
    "snug red blue green yellow black white brown grey gray more less fierce intense robust complex beautiful young single"
)
_ADJECTIVE = ("al", "ous", "ive", "ic", "ful", "able", "ible", "less", "ary", "ant", "ent")
_LIKE_ADJECTIVES = listed(  # nouns with such an ending
    "music public traffic fabric topic logic plastic clinic picnic comic mechanic graphic student parent talent client agent accident event "
    "scent rent tent cent percent president resident content restaurant plant assistant merchant servant elephant ant animal hospital metal "
    "journal festival capital meal deal material goal signal proposal manual rental hotel coral arrival approval olive archive drive dive "
    "native detective table cable library diary salary summary dictionary secretary chemical crystal cereal medal petal mineral"
)


def _is_adjective(word: str) -> bool:
    lower = word.lower()
    return lower in _ADJECTIVES or (word.endswith(_ADJECTIVE) and not word.endswith("ment") and lower not in _LIKE_ADJECTIVES)


def _shares_adjectives(chain: _Chain) -> bool:
    """Whether two describe what stands before ("a boy, young and wild") or two what follows ("a sharper, more stable image and sound")."""
    first = _is_adjective(chain.first[-1]) or chain.first[-1].endswith("er") or (len(chain.first) > 1 and chain.first[-2].lower() == "more")
    last = _is_adjective(chain.item[0]) or (len(chain.last) == 1 and _is_adjective(chain.last[0]))
    return last and first == (len(chain.item) > 1)


def _is_pair(chain: _Chain) -> bool:
    """Whether the two may be one item."""
    if {"and", "or"}.intersection(map(str.lower, chain.first[-4:])):
        return True
    if "-" in chain.first[-1] or "-" in chain.item[0]:
        return True  # adjectives, as a rule
    if len(chain.item) == 1:
        singular = [not word.lower().endswith("s") for word in (chain.first[-1], chain.item[0], chain.last[0])]
        if singular == [False, True, True]:
            return True  # "children, young or old"
        kind = _kind(chain.item[0])  # "went away, beaten and tired"
        return kind in ("ing", "ed") and _kind(chain.first[-1]) != kind and not (kind == "ing" and _kind(chain.last[0]) != "ing")
    noun = chain.first[-1].lower() != chain.first[-1] or chain.first[-1].endswith("s")
    if len(chain.item) == 2 and len(chain.first) > 1 and not noun and chain.first[-2].lower() in PREPOSITIONS | DETERMINERS:
        return True  # "with soft, wispy clouds and birds"
    names = "capital" in (_kind(chain.item[0]), _kind(chain.last[0]))
    long = len(chain.last) > _SHORT and not names
    return long or bool(PREPOSITIONS.intersection(chain.item)) or _introduces(chain.first, chain.first)


_SHORT, _SOON = 3, 6  # words
_GOES_ON = SUBJECTS | SUBORDINATORS | PREPOSITIONS | {"but", "so"}
_AGAIN = re.compile(r", (?:and|or) ")


def _closes(rest: str) -> bool:
    """A comma soon after ends an insertion ("The house, big and red, is old") or goes on with the list that the two are one item of."""
    before, comma, after = rest.partition(",")
    following = after.split(maxsplit=1)
    return bool(comma) and len(before.split()) <= _SOON and not (following and following[0].lower() in _GOES_ON)


def _are_alike(chain: _Chain, sure: bool, announced: bool) -> bool:
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
        return sure or (chain.comma and len(chain.item) < 3 and (len(chain.item) < 2 or _kind((chain.first[-2:])[0]) != "determiner"))
    if one == "ed" and other == "":  # "limited time", "exhausted"
        return sure if len(chain.item) == 1 else chain.comma and _kind(chain.item[1]) == "" and chain.item[0].endswith("ed")
    return one == "" and (
        (other == "capital" and (sure or chain.item[0].isupper())) or (other == "ing" and chain.comma and len(chain.item) == 1)
    )


def _item_kind(item: list[str]) -> str:
    """Single words in -ing and -ly are nouns and adjectives as often as not."""
    kind = _kind(item[0])
    return "" if kind in ("ing", "ly") and len(item) == 1 else kind


def _last_kind(chain: _Chain) -> str:
    """The same of the last item, after adverbs: "and visually appealing", "and even run"."""
    last = chain.last
    adverb = _kind(last[0]) == "ly"
    if len(last) > 1 and (adverb or (last[0].lower() in _ADVERBS and _kind(last[1]) not in PREPOSITIONS)):
        last = last[1:]
    kind = _item_kind(last)
    if kind == "ing" and len(last) > 1 and _kind(last[1]) not in ("", "capital"):
        return "participle" if _item_kind(chain.item) != "ing" else kind
    return "" if adverb and kind == "ed" and _item_kind(chain.item) == "" else kind


def _kinds_within(stretch: list[str]) -> set[str]:
    """Of the words that may begin an item: "the scorching" is no participle."""
    return {_kind(word) for i, word in enumerate(stretch) if not i or _kind(stretch[i - 1]) != "determiner"}


_LONGEST_PROBABLE = 5  # words
_INSIDE = 5  # words at the end of the first stretch where its item may begin
_NO_ITEMS = listed(
    "together alongside along thereby except half due say eg ie namely similar unlike please thanks hello hi hey okay ok sure dear sir madam "
    "indeed according rather because again enough hidden already still here prior afraid first us me him "
    "yeah yep nah oh ah hmm right late know mean guess thereafter afterward afterwards"
)
"""Begin what explains or goes on; no item begins or ends so."""
_NO_END = _NOT_HEADS | _INTRODUCES | _ENDS_INTRODUCTION | _NO_ITEMS
_OPENS = _INTRODUCES | _NO_ITEMS | {"all"}
_OPENS_CLAUSES = listed("that and but or so because")
_FOLLOWS = listed("along so where all respectively plus")
"""Go on after a list with a comma, beside what _closes knows."""
_ENDS_HEAD = PREPOSITIONS | AUXILIARIES | SUBORDINATORS
_NUMBERS = listed("one two three four five six seven eight nine ten")
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


def _is_probable(chain: _Chain) -> bool:
    """Whether the stretches are like enough for the place to be counted, not to be edited."""
    item, last = chain.item, chain.last
    if len(item) > _LONGEST_PROBABLE or not _is_item(item) or item[-1].lower() == last[0].lower():
        return False
    if {"and", "or"}.intersection(map(str.lower, last[:2])) or {"alike", "half"}.intersection(last[:4]):
        return False
    if (_stems(item) | _stems(last[:1])) & _NO_ITEMS or _stems(last[:1]) & _NOT_HEADS:
        return False
    if (PREPOSITIONS - {"of", "on", "up"}).intersection(item) or (len(item) > 1 and _ends_oddly(item)):
        return False
    return not (_begins_clause(chain, False) or _is_inserted(chain) or _leads(chain)) and _match(chain)


def _ends_oddly(item: list[str]) -> bool:
    """ "its doors closed", "two going", "users get useful (and new answers)", "a well-known (and liked man)"."""
    end, counted = item[-1], _kind(item[0]) == "determiner" or _is_number(item[0])
    participle = end.endswith("ed") or (_kind(end) == "ing" and counted)  # no "a small saw"
    return end.islower() and (participle or _is_adjective(end) or "-" in item[0])


def _is_inserted(chain: _Chain) -> bool:
    """Whether a comma after the last item closes an insertion, or goes on with a list that item and last are one item of."""
    rest, comma = chain.rest, chain.rest.find(",")
    if _is_long(chain):
        return bool(_AGAIN.search(rest)) or (_closes(rest) and rest.count(",") > 1)
    if again := _AGAIN.match(rest, comma):
        return not _stems(words(rest[again.end() :][:40])[:1]) & SUBJECTS
    following = words(rest[comma:][:40])
    return _closes(rest) and not (following and (_kind(following[0]) == "ing" or following[0].lower() in _FOLLOWS))


def _leads(chain: _Chain) -> bool:
    """Whether the stretch before the item may lead to it, as an introduction, an insertion or what the two explain, and hold no first item."""
    first = [straight(word).lower() for word in chain.first]
    if (
        first[0] in SUBORDINATORS
        or first[-1] in _NO_END
        or {"and", "or"}.intersection(first[-4 if len(chain.item) > 1 else -2 :])
        or _goes_on(chain)
    ):
        return True
    if any(one in _OPENS_CLAUSES and other in _INTRODUCES for one, other in pairwise(first)):
        return True  # "and in the end, cats and dogs sleep"
    if (_APPOSITIVE | {"one"}).intersection(first[-4:]) and not _is_number(chain.item[0]):
        return True
    if len(first) > 1 and all(len(word) == 1 for word in first[-2:]):  # "e.g."
        return True
    subject = bool(_stems(chain.first) & SUBJECTS)
    if len(chain.before) == 1:
        return not subject and (first[0] in _OPENS or _kind(first[0]) in ("ing", "ly", "ed"))
    if _kind(first[0].rpartition("-")[2]) in ("ly", "ed"):  # "Tom, tired by now, sleeps and eats"
        return True
    return first[0] in _OPENS - {"including", "like", "with"} and not (subject and first[0] in _CONJUNCTIONS)


def _goes_on(chain: _Chain) -> bool:
    """Whether examples have ended before the item: "tools, such as saws, lack power and weight"."""
    starts = chain.before[-1].lower().startswith(("such as", "including", "like"))
    return starts and chain.first[-1].endswith("s") and not chain.item[-1].endswith("s")


def _match(chain: _Chain) -> bool:
    """Whether the first stretch ends in what item and last are: names, phrases with an article, adverbs, verbs, nouns or adjectives."""
    first, item, last = chain.first[-_INSIDE:], chain.item, chain.last
    kinds, one, other = [_kind(word) for word in first], _kind(item[0]), _kind(last[0])
    if _is_name(first[-1]) and one != "ly" and all(map(_is_name, item)):
        return _is_name(last[0]) or other == "determiner"
    if one == other == "determiner":
        return _share_articles(chain, first, kinds)
    if one == other and one in ("ly", "ing"):
        return kinds[-1] == one and len(item) == 1
    if one == other == "ed":
        return kinds[-1] == one if len(item) == 1 else one in kinds[:-1] and "determiner" in map(_kind, item[1:3]) and not _tells(item[1:])
    plain = one == "" or item[0].lower() in _MODIFIERS
    goes_with = other in ("", "determiner", "capital") or (other == "ed" and len(last) > 1 and last[1].endswith("s"))  # "abandoned cars"
    return plain and goes_with and kinds[-1] != "ly" and _are_plain(chain)


def _is_name(word: str) -> bool:
    return word[0].isupper() and word.lower() not in DETERMINERS | PREPOSITIONS


def _share_articles(chain: _Chain, first: list[str], kinds: list[str]) -> bool:
    """Whether three phrases begin alike, and not only the two that may explain: "this man, the king of Rome and the hope of all"."""
    begin = next((word for word, kind in zip(reversed(first), reversed(kinds), strict=True) if kind == "determiner"), "that")
    one, *two = ["a" if word.lower() == "an" else word.lower() for word in (begin, chain.item[0], chain.last[0])]
    if {"that", "most", "both", "all", "each"}.intersection([one, *two]):
        return False
    return (two[0] != two[1] or one == two[0]) and (chain.item[-1].endswith("s") or not first[-1].endswith("s"))


def _are_plain(chain: _Chain) -> bool:
    """Whether plain words are three nouns, three verbs or three adjectives, and no adjective of the first stretch shares the item's noun."""
    first, item, last = chain.first, chain.item, _head_of(chain.last)
    before = first[-2].lower() if len(first) > 1 else ""
    if len(item) == 1 and before in SUBJECTS and _kind(first[-1]) != "ed":
        return not (_is_adjective(item[0]) and _is_adjective(last[0]))  # "we cook, clean and shop", no "it was, cold and wet"
    if _shares_adjectives(chain) or _tells_plainly(chain) or _explains_name(chain):
        return False
    numbers = _is_number(first[-1]) and (len(item) > 1 or _is_number(last[0]))  # no "May 5, 2020 and"
    if (_is_number(item[-1]) and not numbers) or f"{item[0]}&{last[0]}".lower() in _PAIRS:
        return False
    adjective, plural = _is_adjective(first[-1]), first[-1].endswith("s")
    if _kind(first[-1]) == "ed" and not _is_adjective(item[0]):  # "the car stopped, doors and windows opened"
        return False
    if len(item) == 1:
        return adjective == _is_adjective(item[0]) == _is_adjective(last[0]) and ("-" not in item[0] or "-" in first[-1] or adjective)
    if adjective or item[0].lower() in _INTRODUCES or (_is_adjective(item[0]) and not first[-1].endswith(("s", *_NOUN))):
        return False
    shared = before in DETERMINERS | _INTRODUCES and not (before in ("a", "an") and item[-1].endswith("s"))  # "a red, round ball"
    return plural or not shared


def _head_of(last: list[str]) -> list[str]:
    """The last item as far as it surely goes: no preposition and no auxiliary inside."""
    return last[: next((i for i, word in enumerate(last[:4]) if i and word.lower() in _ENDS_HEAD), 4)]


def _is_number(word: str) -> bool:
    return word.lower() in _NUMBERS or any(map(str.isdigit, word))


def _explains_name(chain: _Chain) -> bool:
    """Whether a name is explained ("Ann, printer and publisher"), or what is no name by two: "our models, ONE and TWO"."""
    first, item = chain.first, chain.item
    opens = len(first) == len(chain.before) == len(item) == 1  # a capital there says nothing
    named = _is_name(first[-1]) and not opens
    if _is_name(item[0]):
        return not named and (len(item) > 1 or _is_name(chain.last[0]))
    return named and not first[-1].isupper() and not item[0].endswith("s")


def _tells_plainly(chain: _Chain) -> bool:
    """Whether a verb in the present may open the item: "improves the view", "lack tools"."""
    item = chain.item
    if len(item) == 1:
        return False
    runs = len(chain.before) == 1 and _is_third(chain.last[0])  # "it sells eggs, makes bread and mends cars"
    verb = item[0].lower() in _VERBS or (_is_third(item[0]) and not runs)
    return verb or "-" in item[-1] or _kind(item[1]) in ("determiner", "on", "up") or (item[1] == "of" and _is_adjective(item[0]))


def _is_third(word: str) -> bool:
    return word.endswith("s") and not word.endswith(("ss", "us", "is"))


def _oxford(text: str) -> Iterator[Site]:
    for match in _JOINT.finditer(text):
        chain = _chain(text, match)
        if chain is None:
            continue
        start, end = match.span("comma")
        variant, options = ("yes", {"no": ""}) if match["comma"] else ("no", {"yes": ","})
        if _is_list(chain):
            yield Site("oxford_comma", start, end, variant, options)
        elif not text.startswith("(", match.end()) and _is_probable(chain):
            yield Site("oxford_comma", start, end, variant)


OXFORD = Choice("oxford_comma", "Oxford comma", "share of lists of three or more", _oxford)
