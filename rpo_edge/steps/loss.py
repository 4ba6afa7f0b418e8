"""What edits do to a text as a whole: which words are the user's own, and whether a sentence is lost.

A sentence is lost when its words go and none of those that say something come back; two sentences may become one. The user's greeting
or sign-off is theirs only as whole words that an edit put there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

from rpo_edge.edits import apply
from rpo_edge.features.context import listed
from rpo_edge.features.framing import announced, is_all_stock, stock
from rpo_edge.features.letters import GREETING, SIGN_OFF
from rpo_edge.lexicon import FUNCTION_WORDS
from rpo_edge.records import Edit
from rpo_edge.segment import WORD, Span, prose_start, sentences, straight, words
from rpo_edge.steps.freeze import freeze

_ADDRESSED = listed(
    "all and both colleague colleagues customer customers everybody everyone folks friend friends guys madam members of or reader readers sir "
    "team the there"
)
"""What a greeting has beside names."""
_MOST_NAMES = 8
_LISTED = re.compile(r"^[ \t]*[-*+•]", re.MULTILINE)
_LOST = "a sentence would be lost"
_INSIDE = re.compile(r"(?<=[^\W_])['’\-]?(?=[^\W_])|(?<=[^\W_]['’\-])(?=[^\W_])")  # a place that a WORD goes across
_CLITIC = re.compile(r"n't\b|'(?:s|re|ve|ll|d|m)\b")
_PART = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Change:
    """A text before and after `edits`, whose offsets are into `before`.

    put: for each edit, where in `after` its words are. own: one byte for each code point of `after`, 1 in texts of the user's own.
    """

    before: str
    after: str
    edits: Sequence[Edit]
    put: Sequence[tuple[int, int]]
    own: bytearray

    @classmethod
    def of(cls, before: str, edits: Sequence[Edit], allowed: Sequence[str]) -> Change:
        put, moved = [], 0
        for edit in edits:
            put.append((edit.start + moved, edit.start + moved + len(edit.after)))
            moved += len(edit.after) - len(edit.before)
        after = apply(before, edits)
        return cls(before, after, edits, put, _own(before, after, put, allowed))

    def foreign(self, start: int = 0, end: int | None = None) -> str:
        """`after[start:end]` without the texts of the user's own."""
        text, own = self.after[start:end], self.own[start:end]
        return "".join(compress(text, (not mark for mark in own))) if 1 in own else text


def _own(before: str, after: str, put: Sequence[tuple[int, int]], allowed: Sequence[str]) -> bytearray:
    """Marks the allowed texts that `after` has more often than `before`: whole words, some of which an edit put there."""
    own, new = bytearray(len(after)), bytearray(len(after))
    for start, end in put:
        new[start:end] = b"\1" * (end - start)
    for text in allowed:
        found = _places(after, text)
        added = len(found) - len(_places(before, text)) if found else 0
        for start, end in [(start, end) for start, end in found if 1 in new[start:end]][: max(0, added)]:
            own[start:end] = new[start:end]  # a name below that the draft has, too, is still the draft's
            new[start:end] = bytes(end - start)  # a text inside a longer one is no second one
    return own


def _places(text: str, phrase: str) -> list[tuple[int, int]]:
    """Where a phrase stands, without places where a word goes across its border, or would if it were cut out."""
    if phrase not in text:
        return []
    found = [match.span() for match in re.finditer(re.escape(phrase), text)]
    found = [(start, end) for start, end in found if not (text[start - 1 : start].isalnum() and text[end : end + 1].isalnum())]
    return [span for span in found if not any(_INSIDE.match(text, border) for border in span)]


def loss(change: Change) -> str | None:
    """Whether a sentence is lost that may not go; the user's own greeting may stand for the draft's, and nothing else."""
    before, rest, framed = change.before, change.foreign(), 1 in change.own
    if framed and frame_of(before):
        return None
    if not words(rest) and not framed:
        return removal_reason(before, rest)
    gone = _lost(change, rest) if words(rest) else [span for span in sentences(before) if WORD.search(before, *span)]
    said = [span for span in stock(before) if not freeze(before[slice(*span)])] if gone else []
    may_go = all((framed and frame_of(before[start:end])) or any(a <= start and end <= b for a, b in said) for start, end in gone)
    return None if may_go else _LOST


def frame_of(sentence: str) -> str | None:
    """ "greeting" or "sign_off" where a sentence is one and nothing else: with names and titles at most, and no word that says something."""
    text = sentence.strip()
    greeting, sign_off = GREETING.match(text + "\n"), SIGN_OFF.fullmatch(text)
    if greeting and greeting.end() == len(text) and not text.endswith(".") and _are_names(greeting["rest"]):
        return "greeting"
    if sign_off and _are_names(sign_off["name"] or "") and not _LISTED.search(sign_off["name"] or ""):
        return "sign_off"
    return None


def _are_names(text: str) -> bool:
    found = words(text)
    return len(found) <= _MOST_NAMES and all(word[0].isupper() or word.lower() in _ADDRESSED for word in found)


def _lost(change: Change, rest: str) -> list[Span]:
    """Of several sentences, those that say nothing any more.

    An edit took something of theirs and put no words into the same sentence; of all the words that say something none
    came back anywhere, and of the others no more than as many. Where just one sentence changes, it may be said in
    other words, and "It is cold. It rains." may become "It is cold; it rains." What only announced a sentence is not missed.
    """
    spans = [span for span in sentences(change.before) if WORD.search(change.before, *span)]
    if len(spans) < 2:
        return []
    said = {span: _said(_unannounced(change, span)) for span in spans}
    taken, missing = _taken(change, spans), sum(said.values(), Counter[str]()) - _said(rest)
    return [span for span in spans if 1 in taken[slice(*span)] and _says_nothing(said[span], missing)]


def _unannounced(change: Change, span: Span) -> str:
    lead = dropped_lead(change, span)
    return change.before[lead[1] if lead else span.start : span.end]


def dropped_lead(change: Change, span: Span) -> tuple[int, int] | None:
    """What a sentence of `before` says before it says anything ("It is important to note that "), where an edit takes just that."""
    lead = announced(change.before, prose_start(change.before, span))
    return lead if lead and any(dropped(edit, *lead) for edit in change.edits) else None


def dropped(edit: Edit, start: int, end: int) -> bool:
    """Whether an edit takes just `start` to `end`, and at most gives the next letter its capital."""
    if edit.start != start:
        return False
    return (edit.end == end and not edit.after) or (edit.end == end + 1 and edit.after == edit.before[-1:].upper())


def _taken(change: Change, spans: Sequence[Span]) -> bytearray:
    """A byte for each code point of `before`: 1 in what was deleted, and in words for which an edit put others across sentences.

    A deletion counts whole, but for the white space it begins with: "We sing. We sing and laugh." may have lost "We sing. " or ". We sing",
    which is the same. A mark that goes, or becomes another, takes nothing that was said, nor does one before a stock sentence that goes.
    """
    taken, starts = bytearray(len(change.before)), [span.start for span in spans]
    for edit, place in zip(change.edits, change.put, strict=True):
        if not words(change.foreign(*place)):
            first = WORD.search(edit.before)
            said = edit.before.lstrip() if first else ""
            if first and is_all_stock(edit.before[first.start() :]):
                said = edit.before[first.start() :]
            taken[edit.end - len(said) : edit.end] = b"\1" * len(said)
        elif edit.end > spans[max(0, bisect_right(starts, edit.start) - 1)].end:
            for match in WORD.finditer(change.before, edit.start, edit.end):
                taken[match.start() : match.end()] = b"\1" * len(match[0])
    return taken


def _says_nothing(said: Counter[str], missing: Counter[str]) -> bool:
    absent = (said & missing).total()
    telling = [word for word in said if len(word) > 2 and word not in FUNCTION_WORDS]  # a short one may be the "ca" of "can't"
    return all(missing[word] >= said[word] for word in telling) and 2 * absent >= said.total() + (not telling)


def _said(text: str) -> Counter[str]:
    """How often each word is there, however it is contracted or hyphenated: "I'm" says "I"."""
    return Counter(_PART.findall(_CLITIC.sub("", straight(text.lower()))))


def removal_reason(before: str, after: str) -> str | None:
    """Where no word is left: a whole sentence may go only if it is a stock opener or closer without a frozen span."""
    if (words(after) if words(before) else after.strip()) or not before.strip():
        return None
    return None if is_all_stock(before) and not freeze(before) else _LOST
