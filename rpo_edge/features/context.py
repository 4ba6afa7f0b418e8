"""What stands around a place: the words before and after it, whether it begins a clause, the rest of its sentence.

Word classes are closed lists; where a list cannot tell, the features offer nothing.
"""

from __future__ import annotations

import re

from rpo_edge.segment import straight


def listed(words: str) -> frozenset[str]:
    """A closed class of words, written with spaces between."""
    return frozenset(words.split())


def alternatives(*groups: str) -> str:
    """For patterns: any of the words (or patterns) of the groups, written with spaces between."""
    return "|".join(word for group in groups for word in group.split())


SUBJECTS = frozenset(["i", "you", "he", "she", "it", "we", "they", "there"])
DETERMINERS = listed("a an the this that these those my your our his her their its any some all each every both no most many few several")
PREPOSITIONS = listed(
    "in on at by for from of with to into over under about through during without within between against upon like "
    "than as before after until since per via among around behind beside besides despite toward towards"
)
AUXILIARIES = listed("is are was were am be been being has have had do does did can could will would shall should may might must")
MODALS = listed("can could will would shall should may might must")
CONJUNCTIONS = frozenset(["and", "or", "but", "nor", "yet", "so"])
SUBORDINATORS = listed(
    "if when whenever because that which who whom whose while although though since unless until whether as after before than once"
)
VERB_AFTER = AUXILIARIES | SUBJECTS | listed("to not who that which and or then please also usually often always never only just")
"""What a verb may follow."""
PLURALS = listed("people children men women")
"""Those without an -s."""
CLAUSE_STARTS = "I|it|we|he|she|they|you|there|the|this|that|these|those|my|your|our|his|her|their|its"
"""For patterns: what a clause begins with as a rule."""
_CLAUSE_OPENERS = frozenset(["but", "so", "because", "that", "since", "while", "although", "though", "then"])
_WORDS_BEFORE = re.compile(r"(?:[^\W_]+(?:['’-][^\W_]+)*[ \n]){1,4}\Z")
_WORD_AFTER = re.compile(r"\s+([^\W_]+(?:['’-][^\W_]+)*)")
HEAD = re.compile(r"(?<![\w'’-])[^\W\d_]+")
"""The first letters of each word: what to look up before a pattern is tried."""
_LIST_LINE = r"\n[ \t]*(?:[-*+•>#|]|\d{1,3}[.)])[ \t]"
_STOP = r"(?:[!?;:…]|(?<!\bvs)(?<!\be\.g)(?<!\bi\.e)\.)"  # "reads vs. writes" goes on
_BOUNDARY = re.compile(rf"{_STOP}[\"'”’)\]*_]*\s|\n[ \t]*\n|{_LIST_LINE}")
_END = re.compile(rf"{_STOP}[\"'”’)\]*_]*(?=\s|\Z)|\n[ \t]*\n|{_LIST_LINE}")
_REACH = 400  # characters; a longer sentence is cut


def words_before(text: str, start: int) -> list[str]:
    """Up to four words before `start`, in lower case, with nothing but single spaces or line breaks between."""
    near = max(0, start - 80)
    while near and near < start and not text[near - 1].isspace():
        near += 1
    match = _WORDS_BEFORE.search(text, near, start)
    return straight(match[0].lower()).split() if match else []


def word_before(text: str, start: int) -> str:
    """The word before `start` in lower case; "" at the start of a line, a sentence or a phrase."""
    found = words_before(text, start)
    return found[-1] if found else ""


def word_after(text: str, end: int) -> str:
    """The word after `end` in lower case; "" if a mark or the end of the text comes first."""
    match = _WORD_AFTER.match(text, end)
    return straight(match[1].lower()) if match else ""


def left_of(text: str, start: int) -> str:
    """The sentence's words before `start`."""
    near = max(0, start - _REACH)
    for match in _BOUNDARY.finditer(text, near, start):
        near = match.end()
    return text[near:start].lstrip(" \t\n-*#>")


def right_of(text: str, end: int) -> str:
    """The sentence's words from `end` on."""
    far = min(len(text), end + _REACH)
    match = _END.search(text, end, far)
    return text[end : match.start() if match else far]


def begins_clause(after: list[str]) -> bool:
    """Whether words may be a clause: "it rained", "the rain was over"; not "the only one"."""
    said = [word.lower() for word in after]
    first = straight(said[0]).partition("'")[0]  # "it's"
    return first in SUBJECTS or (
        first in DETERMINERS and (not AUXILIARIES.isdisjoint(said) or any("'" in word or "’" in word for word in said))
    )


def ends_like_plural(word: str) -> bool:
    """ "cats", "he runs"; not "class", "bus", "this"."""
    return word.endswith("s") and not word.endswith(("ss", "us", "is"))


def is_plural(word: str) -> bool:
    """Whether a word ends like a plural, or is one without an -s."""
    return ends_like_plural(word) or word in PLURALS


def is_line_with(text: str, position: int, marks: tuple[str, ...]) -> bool:
    """Whether the line of `position` begins with one of the marks, after white space."""
    return text[text.rfind("\n", 0, position) + 1 :][:40].lstrip().startswith(marks)


def line_of(text: str, position: int) -> str:
    """The line that holds `position`."""
    end = text.find("\n", position)
    return text[text.rfind("\n", 0, position) + 1 : end if end >= 0 else len(text)]


def starts_clause(text: str, start: int) -> bool:
    """Whether a subject at `start` surely begins a clause: after a mark or a conjunction, and no "all that you"."""
    before = words_before(text, start)
    if not before:
        return True
    if before[-1] in ("and", "or"):
        return text[max(0, start - 6) : start].lower().endswith((", and ", ", or "))
    return before[-1] in _CLAUSE_OPENERS and not {"all", "everything", "anything", "whatever", "what", "only"}.intersection(before)


def without_quoted(text: str, instead: str, others: str = "") -> str:
    """`text` with `instead` for each quotation within a line, and for what the pattern `others` finds; none may begin with “.

    From a “ without its end no other “ of the line has one: the rest is taken at once and looked through for what is no “, as reading on
    from each takes time that grows with their square.
    """
    closed = rf'"[^"\n]*"|{others}' if others else r'"[^"\n]*"'
    return re.sub(rf"{closed}|“[^”\n]*+(?P<end>”)?", lambda found: _left(found, closed, instead), text)


def _left(found: re.Match[str], closed: str, instead: str) -> str:
    unclosed = found[0].startswith("“") and not found["end"]
    return re.sub(closed, lambda _: instead, found[0]) if unclosed else instead


def is_capitalised(text: str, start: int) -> bool:
    """Whether the word at `start` has a capital."""
    return text[start : start + 1].isupper()


def begins_sentence(text: str, start: int) -> bool:
    """Whether a sentence, a line or its prose begins at `start`."""
    return not start or text.endswith(("\n", ". ", "! ", "? ", "* ", "- "), 0, start)
