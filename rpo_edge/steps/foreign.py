"""foreign: whether a draft is English, and its parts that are not, which are frozen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rpo_edge.language import foreign_parts, is_english, is_long_english
from rpo_edge.steps.freeze import Frozen, prose, united


class English(NamedTuple):
    """Whether a text is to be read as English, its frozen spans, and whether parts in another language are among them."""

    here: bool
    frozen: tuple[Frozen, ...]
    partly: bool


def in_english(text: str, frozen: Sequence[Frozen]) -> English:
    """By what is not frozen. A text that does not look English as a whole is, if what is left without its foreign parts surely is."""
    here = is_english(prose(text, frozen))
    foreign = foreign_parts(text, frozen)
    if not foreign:
        return English(here, tuple(frozen), False)
    both = united((*frozen, *(Frozen(*part, "foreign") for part in foreign)))
    return English(here or is_long_english(prose(text, both)), both, True)
