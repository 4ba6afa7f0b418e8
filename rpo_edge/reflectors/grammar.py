"""Where English lets an encoder's edit stand, whoever the user is: commas and words of degree."""

from __future__ import annotations

import re

from rpo_edge.features.clauses import stands_alone
from rpo_edge.features.context import DETERMINERS, left_of, listed, right_of, word_after, word_before, words_before
from rpo_edge.features.parts import is_sentence
from rpo_edge.features.wording import DEGREES, degree_stays
from rpo_edge.lexicon import NEGATIONS, NUMBER_WORDS
from rpo_edge.operations import Operation
from rpo_edge.records import Edit
from rpo_edge.segment import straight, words

_BUT = listed("can cannot can't could nothing anything all none nobody anybody anyone everybody everyone everything nowhere help")
"""Words to which a "but" behind them belongs: "I cannot but agree"."""
_BELONGING = listed("if that whether because when while")
"""What follows on them belongs to the clause before: who sets it off has other things in mind ("Please tell me, if this is ok")."""
_REASONS = listed("because if when while unless since")
"""Behind a negation, the comma before them says that they are not what is denied: "It was never built, because it was dear"."""
_NOW_AND_THEN = "once twice then now today yesterday tomorrow tonight later earlier ago"
_SPANS = "second minute hour day week weekend month year decade century generation period age era time moment"
_PARTS = "morning noon afternoon evening night midnight spring summer autumn fall winter season childhood"
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_MONTHS = "january february march april may june july august september october november december"
_TIMES = listed(f"{_NOW_AND_THEN} {_SPANS} {_PARTS} {_DAYS} {_MONTHS}") | NUMBER_WORDS
"""Behind them "when" tells of that time: "It is made once, when it is called", "in June, when it rains"."""
_LIST_GOES_ON = re.compile(r"[^,.;:!?\n]*,? (?:and|or)\b")
"""After a comma, the rest of a list: one of its commas is no matter of taste."""
_QUOTATION = re.compile(r"\s*[\"'“‘”’]")
_PAIR_OPEN = re.compile(r"\b(?:between|both|either|neither|combination of)\b[^,]*\Z", re.IGNORECASE)
"""A pair of which the second is still to come."""
_SUBJECT_PRONOUNS = listed("i we you he she it they")
_SAID = 4
"""Words before "and we", which say something by themselves."""
_SCOPE = 2
"""Words before one of degree of which a negation is about it: "not a very good cook"."""
_DEFINITE = listed("the this that these those my your our his her its their")
_BEHIND_YET = listed("another to more again")
""" "Yet another", "yet to come": no "but"."""
_BEHIND_SO = listed("that as on far")
"""What says to what end ("wait so that we can go"), or is no clause of its own."""
_TERMS = frozenset(["rapid"])
"""Words that are half of too many terms to be put otherwise: "rapid chargers", "rapid response", "rapid transit"."""


def allows(text: str, edit: Edit, op: Operation) -> bool:
    """Whether an operation's edit is English in its place, and says what was said."""
    if op.marks:
        return _leaves_clauses(text, edit, op)
    if op.before == "yet":
        return word_after(text, edit.end) not in _BEHIND_YET and not text.startswith(",", edit.end)  # no "But, the road is long"
    if {op.before, op.after} & DEGREES:
        return not _is_exact(text, edit) and not degree_stays(text, edit.start, edit.start + len(op.before))
    return op.before not in _TERMS


def _is_negated(said: str) -> bool:
    """Whether words deny something."""
    return any(word in NEGATIONS or word.endswith("n't") for word in map(straight, words(said.lower())))


def _is_exact(text: str, edit: Edit) -> bool:
    """Whether no other word of degree would mean the same: "not very good" is more than "not really good"; "the very end", "very much alive"."""
    if edit.before.lower() == "very" and (word_before(text, edit.start) in _DEFINITE or word_after(text, edit.end) == "much"):
        return True
    return _is_negated(" ".join(words_before(text, edit.start)[-_SCOPE:]))


def _leaves_clauses(text: str, edit: Edit, op: Operation) -> bool:
    """Whether a comma goes, comes or turns into another mark without joining or parting what was not so."""
    if op.before.strip() == "," and ";" in op.after:
        return False  # what is no clause would stand alone
    if not op.before and op.following == "as":
        return False  # "such, as"
    if not op.before and op.after == ",":
        return _takes_comma(text, edit.end, op.following)
    if edit.before.startswith(",") and not edit.after.startswith(","):
        if _LIST_GOES_ON.match(text, edit.start + 1) or _QUOTATION.match(text, edit.start + 1):
            return False  # "what happened, when it did, and who was there"; 'he added, "And now?"'
        if op.following == "when" and _is_time(words(left_of(text, edit.start))):
            return False
        return not (op.following in _REASONS and _is_negated(left_of(text, edit.start)))
    return True


def _is_time(before: list[str]) -> bool:
    """Whether words end in a time: "in 2022", "the 1990s", "twice", "two days"."""
    last = before[-1].lower() if before else ""
    return any(map(str.isdigit, last)) or not _TIMES.isdisjoint((last, last.removesuffix("s")))


def _takes_comma(text: str, at: int, following: str) -> bool:
    if following in _BELONGING or (following == "but" and word_before(text, at + 1) in _BUT):
        return False
    if following == "so" and word_after(text, at + len(" so")) in _BEHIND_SO:
        return False
    return following not in ("and", "or", "but", "so") or _joins_clauses(text, at)


def _joins_clauses(text: str, at: int) -> bool:
    """Whether the conjunction at `at` stands between two clauses, not between words or phrases: "Delilah and Stacy", "firm but polite"."""
    left = left_of(text, at)
    following = words(right_of(text, at).partition(",")[0])[1:]
    if not following or _PAIR_OPEN.search(left):
        return False
    begun = words(left.lower())
    if len(following) > 1 and following[0].lower() in _SUBJECT_PRONOUNS and len(begun) >= _SAID:
        return following[0] != "I" or not (words(left)[-1][0].isupper() or begun[-2] in DETERMINERS)  # "that my wife and I left"
    return is_sentence(following) and stands_alone(left)
