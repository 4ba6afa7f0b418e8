"""How a change is written by its user: in lower case, without last stops, with semicolons, with their apostrophe."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import Self

from rpo_edge.features.base import Site
from rpo_edge.features.layout import EMOJI
from rpo_edge.features.punctuation import can_be_spelled, ends_item, spelled
from rpo_edge.records import StyleProfile
from rpo_edge.reflectors.base import Window
from rpo_edge.reflectors.policies import policy
from rpo_edge.reflectors.rates import Rates
from rpo_edge.steps.profile import MINIMUM_SITES, UNANIMOUS

_STOP = re.compile(r"(?<=\w)\.\Z")
"""Of a paragraph that ends with it when what is behind it goes."""
_PARAGRAPH_END = re.compile(r"[ \t]*(?:\r?\n[ \t]*\r?\n|\s*\Z)")
_EMOJI = re.compile(rf"(?:[ \t]*(?:{EMOJI.pattern}))*")
"""Behind the mark that ends a sentence: "Enjoy! 😋"."""
_APOSTROPHES = {"straight": "'", "curly": "’", "none": ""}


@dataclass(frozen=True, slots=True)
class Manner:
    """lower: sentences begin small; stopless: paragraphs end without a full stop; joins: semicolons join clauses; mark: the apostrophe."""

    lower: bool
    stopless: bool
    joins: bool
    mark: str

    @classmethod
    def of(cls, rates: Rates, window: Window, profile: StyleProfile) -> Self:
        """A user's, who may have the draft's apostrophe."""
        return cls(
            _is_casual(rates, window, "sentence_case", "lower"),
            _is_casual(rates, window, "last_stop", "none"),
            rates.mostly("semicolon", "semicolon"),
            apostrophe(f"{window.lead}{window.text}", profile, window.formal),
        )

    def put(self, site: Site, variant: str, text: str, window: Window) -> tuple[int, str, str] | None:
        """Where the change of a site begins, what it replaces, and by what; None where this user cannot spell it."""
        start = site.start
        if self.stopless and (site.name == "exclamation" or not text) and _ends_paragraph(site.end, window):
            text = ""
            start -= bool(policy(site.key).behind_stop and _STOP.search(window.text, max(0, start - 2), start))
        if self.joins and site.name == "dash" and variant == "full stop":
            text = f"; {window.text[site.end - 1]}"
        if self.lower and (parts(site, variant) or policy(site.key).lead_in) and not _ends_in_pronoun(text, site.end, window):
            text = text.lower()
        before = window.text[start : site.end]
        if policy(site.key).frame and text:
            before, text = _less_alike(before, text, str.isspace if site.name == "greeting" else bool, whole_words=True)
        if site.name == "dash":  # the letter behind it is another edit's, unless it turns into a capital
            before, text = _less_alike(before, text, bool)
        if site.name == "contraction":
            if not can_be_spelled(before, text, self.mark):
                return None
            text = spelled(text, self.mark)
        return start, before, text


def _is_casual(rates: Rates, window: Window, name: str, variant: str) -> bool:
    """Whether the user mostly does so, and not only to friends in a letter to an office."""
    return rates.mostly(name, variant) and (name in rates.stated or not window.formal)


def parts(site: Site, variant: str) -> bool:
    """Whether one sentence becomes two."""
    return policy(site.key).splits or variant == "full stop"


def apostrophe(text: str, profile: StyleProfile, formal: bool = False) -> str:
    """The kind that the user writes, "" for those who leave it out, else the draft's. formal: in a letter that is so, where nobody leaves it out."""
    seen = profile.habits["apostrophe"].counts if "apostrophe" in profile.habits else {}
    n = sum(seen.values())
    bare = formal and max(seen, key=lambda kind: seen[kind], default="") == "none"
    if bare or n < (UNANIMOUS if n == max(seen.values(), default=0) else MINIMUM_SITES):
        seen = {"straight": text.count("'"), "curly": text.count("’")}
    return _APOSTROPHES[max(_APOSTROPHES, key=lambda kind: seen.get(kind, 0))]


def _ends_in_pronoun(text: str, end: int, window: Window) -> bool:
    """Whether what is put in before `end` ends in the word "I", which is no first letter of "It"."""
    return text.endswith("I") and not window.text[end : end + 1].isalpha()


def _ends_paragraph(end: int, window: Window) -> bool:
    if emoji := _EMOJI.match(window.text, end):
        end = emoji.end()
    ends = _PARAGRAPH_END.match(window.text, end) or ends_item(window.text, end)
    return not (window.sentence and not window.last) and bool(ends)


def _less_alike(before: str, after: str, of: Callable[[str], bool], whole_words: bool = False) -> tuple[str, str]:
    """Both without what they end with alike, as far as it is `of` that kind: what stays of a sign-off is the draft's, and no edit's.

    whole_words: the "m" that "Sam" and "Tom" end with is no such thing.
    """
    pairs = takewhile(lambda pair: pair[0] == pair[1] and of(pair[0]), zip(reversed(before), reversed(after), strict=False))
    same = sum(1 for _ in pairs)
    while whole_words and same and any(_is_inside_word(text, len(text) - same) for text in (before, after)):
        same -= 1
    return before[: len(before) - same], after[: len(after) - same]


def _is_inside_word(text: str, place: int) -> bool:
    return text[max(0, place - 1) : place].isalnum() and text[place : place + 1].isalnum()
