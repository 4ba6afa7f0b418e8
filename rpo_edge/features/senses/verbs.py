"""Verbs: by who does it and to what. "The code attempts to", not "rescue attempts to"; "resolve the issue", not "the conflict"."""

from __future__ import annotations

import re

from rpo_edge.features.context import (
    DETERMINERS,
    MODALS,
    PLURALS,
    PREPOSITIONS,
    SUBJECTS,
    VERB_AFTER,
    left_of,
    listed,
    right_of,
    words_before,
)
from rpo_edge.features.senses.use import Sense, Use, not_near, of_each
from rpo_edge.lexicon import NEGATIONS, NUMBER_WORDS

_ATTEMPT_AFTER = MODALS | listed("i you we they do does did not don't doesn't didn't won't can't cannot wouldn't couldn't shouldn't")
_DOES = listed(
    "he she it which who code script program function method loop query browser compiler server author paper article book film novel study researcher"
)
"""What "attempts" is a verb after: "the code attempts to", not "rescue attempts to"."""
_REMAIN_AFTER = MODALS | listed("that which who it they you we he she i")
_NO_STAYING = listed("doubt question touch home bed")
"""What one remains in and does not stay in, or the other way: "in doubt", "at home"."""
_FAULT_NEXT = re.compile(r" (?:[\w-]+ )?(?:issue|problem|error)s?\b(?! (?:of|between|among|with|that)\b)")
_SAID_OF_BELIEF = listed("it this that any")
_BUYS_ELSE = listed("into off out up")
_BELIEVED = listed(
    "argument arguments story stories idea explanation excuse excuses theory claim claims notion logic premise narrative lie lies myth hype line reason reasons "
    "reasoning time farm peace silence loyalty votes"
)
_PROPERTY = listed("property company companies shares stake land business businesses assets title")
_KNOWLEDGE = listed("understanding skill skills knowledge experience expertise attention")
_TABLE = listed("row rows column columns cell cells element elements text record records")
_MADE = listed("name names sentence sentences grammar grammars vector vectors proof proofs argument arguments set sets string strings")
_TO_DO = re.compile(r"(?: [\w'’-]+){1,5} to\b(?! (?:a|an|the|this|that|these|those|my|your|our|his|her|their|its)\b)")
_MAGNITUDES = listed("value output speed stickiness rate rates number")
_BODIES = listed("body patient patients witness witnesses evidence")
_OF_LAW = re.compile(
    r"\b(?:in good faith|part(?:y|ies)|courts?|arbitrat\w+|mediat\w+|disputes?|lawsuits?|litigation|plaintiffs?|defendants?)\b",
    re.IGNORECASE,
)
"""Where what is resolved is a dispute."""
_TRADES = listed("position positions trade trades transaction transactions discussion discussions pat")
_GAZED_AT = listed(
    "eye eyes mirror mirrors camera cameras lens sky future past face faces distance sun hole void abyss room box window windows flames fire water "
    "crystal microscope telescope darkness night soul souls light heart hearts depths well glass"
)
"""What one looks into with one's eyes."""
_SAYING = listed("that of about when if whether how what why")
_AIMS = listed("value values criteria criterion setting settings rule rules flag flags used")
_ASSISTED = (DETERMINERS - {"most", "more", "few", "several", "no", "many"}) | listed(
    "me you him her it us them people users patients students customers clients"
)
_MAY_ASSIST = SUBJECTS | MODALS | listed("to please who that which also always gladly not don't doesn't didn't can't cannot")
_ASSISTS = listed("he she it who that which")
_IN_DOING = re.compile(r" (?:[\w'’-]+ ){1,4}in \w+ing\b")


def _is_bought(use: Use) -> bool:
    """For money: not "I don't buy it", nor "he bought the farm", "to buy us time", "we bought into it"."""
    denied = use.before in NEGATIONS or use.before.endswith("n't")
    verb, _, what = use.text[use.start : use.end].lower().partition(" ")
    return (
        not (denied and (what if verb == "buy" else use.after) in _SAID_OF_BELIEF)
        and use.after not in _BUYS_ELSE
        and not use.near(_BELIEVED)
    )


def _has_no_task(use: Use) -> bool:
    """ "the law requires a fee", not "the owner to pay", whom a need would not bind."""
    return not _TO_DO.match(use.text, use.end)


def _helps(use: Use) -> bool:
    """One "helps somebody do" a thing, not "in doing" it; nor are "7 assists" helps."""
    form = use.text[use.start : use.end].lower()
    said = use.before in (_MAY_ASSIST if form == "assist" else _ASSISTS) or (form == "assist" and not use.before and use.begins)
    verb = form == "assisting" or said or use.after in _ASSISTED
    noun = use.before in DETERMINERS | NUMBER_WORDS or use.before.isdigit()
    return verb and not noun and not _IN_DOING.match(use.text, use.end)


def _takes_object(use: Use) -> bool:
    """Not by itself: "a way to verify, there is"."""
    return not use.is_alone


def _is_straight(use: Use) -> bool:
    """No adverb before a verb whose twin ends in a preposition: "critically examine"."""
    return not use.before.endswith("ly") and use.before != "further"


def _is_fixed(use: Use) -> bool:
    """ "resolve the checkout issue", not "resolve the conflict", nor "the problem of" something, nor what parties do in good faith."""
    if _OF_LAW.search(f"{left_of(use.text, use.start)} {right_of(use.text, use.end)}"):
        return False
    words = use.text[use.start : use.end].lower().split()
    if words[-1].startswith(("issue", "problem")):
        return not (words[-1] == "problem" and use.after == "of")
    return bool(_FAULT_NEXT.match(use.text, use.end))


def _tells(use: Use) -> bool:
    """One tells somebody something."""
    return use.after in _SAYING


VERBS: dict[str, Sense] = {
    **of_each("assist assists assisting", _helps),
    "purchase": lambda use: not use.before or use.before in VERB_AFTER | PLURALS or use.before.endswith("s"),  # no "after the purchase"
    **of_each("bought buying to_buy buy", _is_bought),
    **of_each("utilized utilised", lambda use: use.before in VERB_AFTER),  # "a utilized car" is not a used one
    "beginning": lambda use: use.before not in DETERMINERS | PREPOSITIONS,
    "seeking": lambda use: use.before not in DETERMINERS,
    **of_each("acquire acquires acquiring", not_near(_PROPERTY)),
    **of_each("enhance enhances enhanced enhancing", not_near(_MAGNITUDES)),
    **of_each("examine examines examined examining", not_near(_BODIES, 2, _is_straight)),
    **of_each("explores investigate investigates investigating discuss discusses discussing tolerate tolerates tolerating", _is_straight),
    **of_each("encounter encounters encountering eliminate eliminates eliminating", _is_straight),
    **of_each("initiate initiates initiated initiating", not_near(_TRADES)),
    **of_each("occur occurs occurred", lambda use: use.after != "according" and not use.before.endswith(("'s", "arrivals"))),
    **of_each("look_into looks_into looking_into", not_near(_GAZED_AT, 4)),
    **of_each("require requires", not_near(_KNOWLEDGE, 4, _has_no_task)),
    **of_each("resolve resolves resolved resolving fix fixes fixed fixing", _is_fixed),
    "attempt to": lambda use: use.before in _ATTEMPT_AFTER,
    "attempts to": lambda use: use.before in _DOES,
    **of_each("obtained got", lambda use: use.before in SUBJECTS | {"who"}),
    **of_each("remain stay remains stays", lambda use: use.before in _REMAIN_AFTER and use.after not in _NO_STAYING),
    **of_each("select selects selecting", not_near(_TABLE)),
    **of_each("to_construct constructed constructing", lambda use: not (use.near(_MADE) or _MADE & {*words_before(use.text, use.start)})),
    "to determine": lambda use: use.before not in _AIMS and not use.near(frozenset(["should"]), 4),
    **of_each("to_remain will_remain", lambda use: use.after not in DETERMINERS),
    "to verify": _takes_object,
    **of_each("inform informs informed informing notify notifies notified notifying", _tells),
}
