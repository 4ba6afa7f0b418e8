"""What stands around the last conjunction of what may be a list, cut into stretches, and what kinds of words they hold.

A sentence is cut at its commas: in "We need eggs, milk, and bread today" the stretch before the item is "We need eggs", the item "milk", and
the last item begins with "bread". `lists` and `list_counting` ask what is here of such a `Chain`: how a stretch begins, whether it may
be an item, an introduction or a clause. Word classes are closed lists, as in `context`, beside a few endings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from rpo_edge.features.context import (
    AUXILIARIES,
    CONJUNCTIONS,
    DETERMINERS,
    PREPOSITIONS,
    SUBJECTS,
    SUBORDINATORS,
    left_of,
    listed,
    right_of,
)
from rpo_edge.features.layout import EMOJI
from rpo_edge.segment import straight, words

JOINT = re.compile(r"(?P<comma>,?) (?:and|or) (?=[\w\"“*_`(])")
"""A conjunction that a last item may follow, with the comma before it, if there is one."""
_NEAR = 64
"""Characters before a bare conjunction within which a comma must stand."""
_ASIDE = re.compile(r"\s?\([^()]*\)")
_CUTS = re.compile(rf"[()|\n—]| [–-]{{1,2}} |{EMOJI.pattern}")
"""An emoji ends a sentence as often as not."""
_SIGNS = re.compile(r"[{}\[\]=$\\<>]")

CLAUSE = SUBJECTS | AUXILIARIES | SUBORDINATORS | CONJUNCTIONS
NOT_HEADS = CLAUSE | listed(
    "such including using not also then thus hence even especially particularly whatever please let how here what where why just perhaps "
    "maybe too yes no well only instead however therefore often always sometimes usually never up out down away back both either neither now whereas "
    "otherwise etc one another thou"
)
"""Begin no item."""
INTRODUCES = (
    PREPOSITIONS
    | SUBORDINATORS
    | listed(
        "however also then so finally first second third next additionally therefore thus hence yes no well now including where given "
        "overall meanwhile yesterday today tomorrow moreover furthermore instead otherwise sometimes often again last "
        "besides but and or yet once when still much according across beyond below above throughout amid"
    )
)
"""Begin an introduction."""
ENDS_INTRODUCTION = listed(
    "later ago day night morning evening afternoon week month year time times end addition result contrast example instance course fact "
    "general particular short summary conclusion however therefore again here there first second hand third next last finally well too though"
)
"""End an introduction, or are all of it."""
APPOSITIVE = listed("two three four both following these those things ways types kinds several")
"""Tell that what follows the comma may explain: "two cats, Tom and Kit"."""
_PAST = listed(
    "left went said made took came began got saw told felt found kept gave knew thought became stood ran sat lost brought held wrote led "
    "met grew fell spent won built sent heard understood drew rose fled fought chose spoke broke bought taught "
    "caught slept ate drank sang swam flew threw drove rode taken given known seen shown born driven"
)
_NO_PARTICIPLES = listed(
    "thing things something anything nothing everything morning evening spring string king ring wing bring swing cling fling sling sting wring"
)
_NUMBERS = listed("one two three four five six seven eight nine ten")
_ADJECTIVES = listed(  # that stand after a noun or two before it
    "old young new big small large little tall short long thin thick wide narrow deep high low near far rich poor warm cold hot cool dry wet "
    "pure free vivid raw solid loose tight empty full quiet loud dark bright light heavy strong weak soft hard smooth rough sharp dull clean "
    "dirty sweet sour bitter kind gentle calm proud wild wise stern firm clear simple easy quick slow fast fresh ripe safe whole broken "
    "alone alive immediate remote inward outward plain dead sick ill happy sad angry glad ready true false real good bad better worse best fine great nice lean mellow "
    "snug red blue green yellow black white brown grey gray more less fierce intense robust complex beautiful young single"
)
_ADJECTIVE_ENDINGS = ("al", "ous", "ive", "ic", "ful", "able", "ible", "less", "ary", "ant", "ent")
_LIKE_ADJECTIVES = listed(  # nouns with such an ending
    "music public traffic fabric topic logic plastic clinic picnic comic mechanic graphic student parent talent client agent accident event "
    "scent rent tent cent percent president resident content restaurant plant assistant merchant servant elephant ant animal hospital metal "
    "journal festival capital meal deal material goal signal proposal manual rental hotel coral arrival approval olive archive drive dive "
    "native detective table cable library diary salary summary dictionary secretary chemical crystal cereal medal petal mineral"
)
NOUN_ENDINGS = ("tion", "sion", "ment", "ness", "ity", "ance", "ence", "ism", "ship", "ure", "ogy", "acy")
_SOON = 6  # words
_GOES_ON = SUBJECTS | SUBORDINATORS | PREPOSITIONS | {"but", "so"}
AGAIN = re.compile(r", (?:and|or) ")
"""A second conjunction, after the last item."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What stands around a conjunction: the sentence's stretches before it (`before` the item), the item, the words after it."""

    before: list[str]
    item: list[str]
    last: list[str]
    rest: str
    comma: bool

    @property
    def first(self) -> list[str]:
        """The words of the stretch before the item; the list's first item may end it."""
        return words(self.before[-1])


def cut_chain(text: str, match: re.Match[str]) -> Chain | None:
    """The chain around a match of JOINT; None where no comma, a formula or a mark says that there is no list."""
    start = match.start()
    if not match["comma"] and text.rfind(", ", max(0, start - _NEAR), start) < 0:
        return None
    stretches = _CUTS.split(_ASIDE.sub("", left_of(text, start)))[-1].split(", ")
    if len(stretches) > 2 and introduces(words(stretches[0]), words(stretches[1])):
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
    return Chain(stretches[:-1], item, last, rest, bool(match["comma"]))


def introduces(stretch: list[str], following: list[str]) -> bool:
    """Whether the first stretch of a sentence only leads to what follows: "In the end,", "Using a knife, cooks"."""
    if all(len(word) == 1 for word in stretch):  # "i.e."
        return True
    head = stretch[0].lower()
    adverb = kind_of(head) == "ly" and (len(stretch) == 1 or stretch[1].lower() in INTRODUCES)
    participle = kind_of(head) in ("ing", "ed") and len(following) > 1 and kind_of(following[0]) != kind_of(head)
    ends = stretch[-1].lower() in ENDS_INTRODUCTION and not SUBJECTS & stems(stretch[1:])  # not "This helps you save time"
    return head in INTRODUCES or adverb or participle or ends


def _is_aside(stretch: list[str]) -> bool:
    """ "for example", "on the other hand"."""
    if all(len(word) == 1 for word in stretch):  # "e.g."
        return True
    return 1 < len(stretch) < 5 and stretch[0] in PREPOSITIONS and stretch[-1] in ENDS_INTRODUCTION


def kind_of(word: str) -> str:
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


def stems(stretch: list[str]) -> set[str]:
    """In lower case, without what hangs on ("it's" is "it", "don't" is "do"); "IT" and "US" are no pronouns."""
    plain = (straight(word).lower() for word in stretch if len(word) == 1 or not word.isupper())
    return {"do" if word.endswith("n't") or word == "cannot" else word.partition("'")[0] for word in plain}


def is_adjective(word: str) -> bool:
    """As far as the closed list and endings tell."""
    lower = word.lower()
    return lower in _ADJECTIVES or (word.endswith(_ADJECTIVE_ENDINGS) and not word.endswith("ment") and lower not in _LIKE_ADJECTIVES)


def is_number(word: str) -> bool:
    """In digits, or a word up to ten."""
    return word.lower() in _NUMBERS or any(map(str.isdigit, word))


def is_item(item: list[str]) -> bool:
    """Whether words may be an item: they begin as one may, and hold no part of a clause."""
    return not stems(item[:1]) & NOT_HEADS and not stems(item) & (CLAUSE | {"both", "either"}) and not tells(item)


def tells(stretch: list[str]) -> bool:
    """Whether a past form stands before an object inside: "the birds raised the alarm"."""
    kinds = [kind_of(word) for word in stretch[1:6]]
    return ("ed", "determiner") in pairwise(kinds)


def is_short_item(stretch: str) -> bool:
    """Whether a whole stretch is an item of up to five words, and no introduction."""
    found = words(stretch)
    return 0 < len(found) <= 5 and is_item(found) and not introduces(found, found)


def ends_oddly(item: list[str]) -> bool:
    """ "its doors closed", "two going", "users get useful (and new answers)", "a well-known (and liked man)"."""
    end, counted = item[-1], kind_of(item[0]) == "determiner" or is_number(item[0])
    participle = end.endswith("ed") or (kind_of(end) == "ing" and counted)  # no "a small saw"
    return end.islower() and (participle or is_adjective(end) or "-" in item[0])


def is_long(chain: Chain) -> bool:
    """Whether a second short item stands before the item: four in all."""
    return len(chain.before) > 1 and is_short_item(chain.before[-1])


def joins_clause(chain: Chain, announced: bool) -> bool:
    """Whether a clause follows the conjunction, as far as auxiliaries tell: not where the list is the subject of the sentence."""
    after = stems(chain.last[:6])
    if SUBJECTS & stems(chain.last[:2]) or tells(chain.last):
        return True
    if not AUXILIARIES & after or SUBORDINATORS & after or announced:
        return False
    return any(stems(words(stretch)) & (SUBJECTS | AUXILIARIES) for stretch in chain.before)


def shares_adjectives(chain: Chain) -> bool:
    """Whether two describe what stands before ("a boy, young and wild") or two what follows ("a sharper, more stable image and sound")."""
    first = is_adjective(chain.first[-1]) or chain.first[-1].endswith("er") or (len(chain.first) > 1 and chain.first[-2].lower() == "more")
    last = is_adjective(chain.item[0]) or (len(chain.last) == 1 and is_adjective(chain.last[0]))
    return last and first == (len(chain.item) > 1)


def closes(rest: str) -> bool:
    """A comma soon after ends an insertion ("The house, big and red, is old") or goes on with the list that the two are one item of."""
    before, comma, after = rest.partition(",")
    following = after.split(maxsplit=1)
    return bool(comma) and len(before.split()) <= _SOON and not (following and following[0].lower() in _GOES_ON)


def goes_on(chain: Chain) -> bool:
    """Whether examples have ended before the item: "tools, such as saws, lack power and weight"."""
    starts = chain.before[-1].lower().startswith(("such as", "including", "like"))
    return starts and chain.first[-1].endswith("s") and not chain.item[-1].endswith("s")
