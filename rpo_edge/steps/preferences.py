"""Stated preferences: what a user says outranks what their texts show.

Each key names the features it governs and what its values mean as rates; greeting and sign-off take text.
"""

from __future__ import annotations

from collections.abc import Mapping

from rpo_edge.errors import InputError
from rpo_edge.features.dashes import NO_DASHES
from rpo_edge.features.framing import STOCK

# key -> value -> feature name -> rates of the variants
_VALUES: dict[str, dict[str, dict[str, dict[str, float]]]] = {
    "contractions": {
        "always": {"contraction": {"contracted": 1.0, "expanded": 0.0}},
        "never": {"contraction": {"contracted": 0.0, "expanded": 1.0}},
    },
    "spelling": {
        "british": {"spelling": {"british": 1.0, "american": 0.0}},
        "american": {"spelling": {"british": 0.0, "american": 1.0}},
    },
    "words": {
        "plain": {"register": {"plain": 1.0, "formal": 0.0}},
        "formal": {"register": {"plain": 0.0, "formal": 1.0}},
    },
    "oxford_comma": {
        "always": {"oxford_comma": {"yes": 1.0, "no": 0.0}},
        "never": {"oxford_comma": {"yes": 0.0, "no": 1.0}},
    },
    "exclamation": {"never": {"exclamation": {"!": 0.0, ".": 1.0, ". everywhere": 1.0}}},
    "case": {
        "lower": {name: {"lower": 1.0, "upper": 0.0} for name in ("sentence_case", "pronoun_case")},
        "standard": {name: {"lower": 0.0, "upper": 1.0} for name in ("sentence_case", "pronoun_case")},
    },
    "dash": {form: {"dash": {form: 1.0}} for form in ("em", "spaced em", "spaced en", "hyphen", "double hyphen")}
    | {"comma": {"dash": NO_DASHES}},
    "stock_phrases": {
        "keep": {name: {"stock": 1.0} for name in STOCK},
        "drop": {name: {"none": 1.0} for name in STOCK},
    },
    "headings": {"keep": {"heading": {"marked": 1.0}}, "never": {"heading": {"none": 1.0}}},
    "bullets": {mark: {"bullet": {mark: 1.0}} for mark in ("-", "*", "•")} | {"never": {"bullet": {"none": 1.0}}},
    "bold": {"keep": {"bold": {"bold": 1.0}}, "never": {"bold": {"plain": 1.0, "plain everywhere": 1.0}}},
    "emoji": {"keep": {"emoji": {"emoji": 1.0}}, "never": {"emoji": {"none": 1.0}}},
}
_TEXTS = ("greeting", "sign_off")
_LONGEST_TEXT = 60

KEYS: tuple[str, ...] = (*_VALUES, *_TEXTS)

VALUES: dict[str, tuple[str, ...]] = {key: tuple(meanings) for key, meanings in _VALUES.items()}
"""What may be stated, by key; greeting and sign-off, which are any text, are not here."""


def possible() -> str:
    """What may be stated, a paragraph a key."""
    return "\n\n".join(f"{key}: {', '.join(VALUES.get(key, ('none', 'or a text of your own')))}" for key in KEYS)


def check(key: str, value: str) -> None:
    """Raise InputError, with what is possible, unless `value` is a value of `key`."""
    if key in _TEXTS:
        if not value.strip() or len(value) > _LONGEST_TEXT:
            raise InputError(f"{key} is a text of 1 to {_LONGEST_TEXT} characters, or 'none'")
    elif key not in _VALUES:
        raise InputError(f"no preference is called {key!r}; there are: {', '.join(KEYS)}")
    elif value not in _VALUES[key]:
        raise InputError(f"{key} is one of: {', '.join(_VALUES[key])}")


def stated_rates(preferences: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Feature name -> rates of its variants, for the preferences that fix them."""
    rates: dict[str, dict[str, float]] = {}
    for key, value in preferences.items():
        if key in _TEXTS:
            rates[key] = {"none" if value == "none" else value: 1.0}
        else:
            rates |= _VALUES.get(key, {}).get(value, {})
    return rates
