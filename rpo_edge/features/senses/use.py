"""A form where it is used, and what can be said of the words around it; a sense is such a saying.

The lists that it is held against are of each pair's own words, so they stand with the pairs in the modules beside this one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rpo_edge.features.context import begins_sentence, listed, right_of, word_after

_NEAR = 80  # code points
_AMID = 200  # code points on either side, in which a study or a herd may be told of
_NO_OBJECT = listed("and or but if when as")


@dataclass(frozen=True, slots=True)
class Use:
    """A form in a text, and the words around it in lower case; "" where a mark comes first."""

    text: str
    start: int
    end: int
    before: str

    @property
    def after(self) -> str:
        """The next word."""
        return word_after(self.text, self.end)

    @property
    def following(self) -> str:
        """What the sentence goes on with."""
        return right_of(self.text, self.end)[:_NEAR]

    @property
    def begins(self) -> bool:
        """Whether it begins a sentence, or a comma follows."""
        return begins_sentence(self.text, self.start) or self.text.startswith(",", self.end)

    @property
    def is_alone(self) -> bool:
        """Whether nothing follows that it may be said of: a mark, or a conjunction."""
        return not self.after or self.after in _NO_OBJECT

    def near(self, words: frozenset[str], reach: int = 3) -> bool:
        """Whether one of these follows within so many words."""
        return any(word.strip("\"'“”‘’.,;:!?()*_") in words for word in self.following.lower().split()[:reach])

    def is_amid(self, talk: re.Pattern[str]) -> bool:
        """Whether the text around it, in other sentences too, is such talk."""
        return talk.search(self.text, max(0, self.start - _AMID), self.end + _AMID) is not None


Sense = Callable[[Use], bool]
"""Whether a form is used as its pair means it."""


def not_near(words: frozenset[str], reach: int = 3, also: Sense | None = None) -> Sense:
    """None of these follows within so many words."""
    return lambda use: not use.near(words, reach) and (also is None or also(use))


def not_after(*words: str) -> Sense:
    """None of these stands before it."""
    return lambda use: use.before not in words


def not_before(*words: str) -> Sense:
    """None of these comes next."""
    return lambda use: use.after not in words


def of_each(forms: str, sense: Sense) -> dict[str, Sense]:
    """The sense of several forms, written with spaces between, and with underscores for their own spaces."""
    return dict.fromkeys((form.replace("_", " ") for form in forms.split()), sense)
