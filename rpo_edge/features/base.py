"""What a style feature is: places where a writer has a choice, and which choice was made.

A `Site` is such a place. The profile counts the variants at the sites of the user's own texts; the rules
reflector finds the sites of a draft and moves their variants toward the user's rates. Because measuring and
rewriting look through the same patterns, a rate means the same thing on both sides.

A `Measure` counts what is observed but never changed here (sentence length, first person, clock format…).

A feature's key is `name` or `name:detail` ("contraction:it is"); sites whose keys share a name share their
variants, so a rare detail can lean on the rate of the whole name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Site:
    """One choice in a text: `text[start:end]` shows `variant`; `options` are the other ways to put it.

    A site without options counts for the rate but cannot be changed safely.
    """

    key: str
    start: int
    end: int
    variant: str
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The feature's name without its detail."""
        return self.key.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Choice:
    """A feature with sites. `unit` says what the rate counts; `label` is read by people."""

    name: str
    label: str
    unit: str
    sites: Callable[[str], Iterator[Site]]


@dataclass(frozen=True, slots=True)
class Measure:
    """A feature that is only observed: `count` gives additive sums by name."""

    name: str
    label: str
    unit: str
    count: Callable[[str], Mapping[str, float]]


def like(word: str, replacement: str) -> str:
    """`replacement` in the case of `word`: Capitalised, ALL CAPS (two letters or more) or as it is."""
    if len(word) > 1 and word.isupper() and word != "I":
        return replacement.upper()
    if word[:1].isupper() and not word.startswith(("I ", "I'", "I’")):
        return replacement[:1].upper() + replacement[1:]
    return replacement
