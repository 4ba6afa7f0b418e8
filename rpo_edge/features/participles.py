"""Whether a participle follows "have", which then contracts: "I have added it", not "I have added duties"; and which verb "'s" is before an irregular one.

Many a participle may follow "has" or "is" ("he's slept", "it's driven by love"); an object after it tells, since nobody is worn a coat.
"""

from __future__ import annotations

import re

from rpo_edge.features.context import alternatives, listed

_PERFECT = (  # participles that are nothing else after "has"
    "been got had become made done seen gone come taken begun gotten found said told thought brought kept heard met meant sent spent "
    "taught understood won stood held forgotten chosen bought eaten slept overtaken"
)
_LOOSE = (  # participles that may stand before a noun ("has known issues"): taken where a word of grammar follows
    "left set put run read lost built broken paid hidden grown sold split known written given shown felt led spoken stolen hit cut let risen "
    "fallen decided tried asked wanted worked started changed added updated moved talked used needed helped looked noticed finished "
    "received called lived played loved enjoyed happened agreed realized realised missed attached completed reached created developed "
    "discussed checked learned improved increased decreased evolved expanded opened closed passed turned stayed remained proven proved "
    "served caused provided allowed seemed appeared tended failed managed stopped gained earned considered mentioned included introduced "
    "produced contributed influenced inspired affected shaped ended begun"
)
_ADVERBS = (
    "not never also already just always only recently both all ever really probably definitely still since long even actually finally"
)
ADVERBS = rf"(?:\s+(?:{alternatives(_ADVERBS)}))"
_MANNER = (  # adverbs that may stand before the verb, of those in -ly that are no nouns
    "successfully recently previously carefully clearly quickly significantly greatly largely consistently certainly truly deeply "
    "fully completely personally simply gladly happily highly strongly first then therefore thus often sometimes now instead"
)
MANNER = rf"(?:\s+(?:{alternatives(_MANNER)}))?"
_BEFORE_NOUNS = "a an the this that these those my your our his her their its several many more most each every"
_OBJECTS = "it me you us him them"
_PLACES = "to for in on at by with from into over as through before"
_GRAMMAR_TOO = r"up out off how what why when where some any all since so too and but about after because if \w+ly"
_GRAMMAR = rf"(?:\s+(?:{alternatives(_BEFORE_NOUNS, _OBJECTS, _PLACES, _GRAMMAR_TOO)})\b|\s*[.,;:!?)]|\s*\Z)"
_WITH_ADVERB = (  # participles with words that are no nouns behind them
    r"fallen\s+(?:behind|apart|ill|asleep|short|away|back|down) passed\s+away broken\s+(?:down|apart) moved\s+away grown\s+apart turned\s+away"
)
_DETERMINED_TOO = (
    "myself yourself ourselves themselves how what which anything something everything throughout during together one two three four five"
)
_DETERMINED = rf"(?:\s+(?:{alternatives(_BEFORE_NOUNS, _OBJECTS, _PLACES, _DETERMINED_TOO)})\b|\s+\d|\s*[.;:!?](?!\w))"
"""After it, what ends in -ed is a participle: "have honed my skills"."""
PARTICIPLE = re.compile(
    rf"{ADVERBS}{{0,2}}{MANNER}\s+(?:(?-i:(?!hatred|hundred|kindred|sacred)[a-z]{{2,}}[b-df-z]ed)(?={_DETERMINED})|"
    rf"(?:{alternatives(_PERFECT, _WITH_ADVERB)})(?![\w-])|(?:{alternatives(_LOOSE)})(?={_GRAMMAR}))",
    re.IGNORECASE,
)
_WE_HAVE = (
    "attached enclosed included received reviewed noticed witnessed encountered provided collected installed visited implemented identified "
    "tried enjoyed"
)
_ADDED_THINGS = (
    "value benefit bonus security safety protection flexib cost pressure incentive sugar responsib advantage weight stress expense complex"
)
_LOST_THINGS = "weight interest touch track count sight faith hope trust patience contact control confidence sleep"
BY_US = re.compile(  # before a bare noun, after "I", "we" and "you": "have attached copies"; they may "have attached garages"
    rf"{ADVERBS}{{0,2}}{MANNER}\s+(?:(?:{alternatives(_WE_HAVE)}|added(?!\s+(?:{alternatives(_ADDED_THINGS)})))(?=\s+\w)|"
    rf"lost\s+(?:{alternatives(_LOST_THINGS)})\b)"
)
PARTICIPLES = frozenset(f"{_PERFECT} {_LOOSE}".split())

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
