"""profile: from counts to habits to rates.

`measure` counts one text; counts of texts add up, so a store can keep sums and a profile costs the same to
read for ten items as for a hundred thousand. `distribution` turns counts into rates with backoff: a detail
that was seldom seen ("they've") leans on its whole feature ("contractions").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from rpo_edge.features import CHOICES, MEASURES
from rpo_edge.features.base import Site
from rpo_edge.features.framing import SIGN_OFFS
from rpo_edge.records import Habit, StyleProfile
from rpo_edge.steps.freeze import SIGNATURE, freeze
from rpo_edge.steps.registers import counted_apart

Counts = Mapping[str, Mapping[str, float]]

BACKOFF = 4.0
"""Weight of the feature's own rate against a detail's counts, in sites. Chosen by reason, not by search."""

MINIMUM_SITES = 5.0
"""Fewer sites than this say nothing about a habit (rule of three: at 5 of 5 the rate may still be 55%)."""

UNANIMOUS = 3.0
"""But so many that all agree do: most writers have most of these features one way, and a short history has few sites."""


def free_sites(text: str, frozen: tuple[tuple[int, int, str], ...] | None = None, features: frozenset[str] | None = None) -> Iterator[Site]:
    """The sites of the named features (None: of all) outside frozen spans, feature by feature in the order of the table. A sign-off may have
    the place for a name in it.
    """
    spans = freeze(text) if frozen is None else frozen
    covered = bytearray(len(text) + 1)
    for start, end, *_ in spans:
        covered[start:end] = b"\1" * (end - start)
    signed = bytearray(covered)
    for start, end, kind in spans:
        if kind == SIGNATURE:
            signed[start:end] = bytes(end - start)
    for feature in CHOICES:
        if features is not None and feature.name not in features:
            continue
        closed = signed if feature is SIGN_OFFS else covered
        for site in feature.sites(text):
            if not closed.find(1, site.start, max(site.end, site.start + 1)) + 1:
                yield site


def count_sites(sites: Iterable[Site]) -> dict[str, dict[str, float]]:
    """How often each variant was seen, by feature key."""
    counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for site in sites:
        counts[site.key][site.variant] += 1
    return counts


def measure(text: str) -> dict[str, dict[str, float]]:
    """Counts by feature key and variant of one text; frozen spans (quotations, code…) do not count.

    What messages and formal letters show of some features stands under names of its own (`registers.py`).
    """
    counts = count_sites(free_sites(text))
    for feature in MEASURES:
        for variant, n in feature.count(text).items():
            if n:
                counts[feature.name][variant] += n
    return counted_apart({key: dict(variants) for key, variants in counts.items()}, text)


def totals_by_name(counts: Counts) -> dict[str, dict[str, float]]:
    """Counts summed over the details of each feature name."""
    return _summed(counts, lambda key: (key.partition(":")[0],))


def backoffs(counts: Counts) -> dict[str, dict[str, float]]:
    """What `distribution` leans on where a detail was seen seldom: counts by feature name, and those of nearer kin."""
    return _summed(counts, lambda key: {key.partition(":")[0], kin_of(key)})


def _summed(counts: Counts, names: Callable[[str], Iterable[str]]) -> dict[str, dict[str, float]]:
    totals: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for key, variants in counts.items():
        for name in names(key):
            for variant, n in variants.items():
                totals[name][variant] += n
    return totals


def kin_of(key: str) -> str:
    """Whose habits say most of a detail's: of contractions, those with "not" and those with a pronoun are two habits; else of the whole feature."""
    name, _, detail = key.partition(":")
    if name != "contraction" or not detail:
        return name
    return f"{name}: with not" if detail.endswith("n't") else f"{name}: with a pronoun"


def counts_of(profile: StyleProfile) -> Counts:
    """The bare counts of a profile's habits."""
    return {key: habit.counts for key, habit in profile.habits.items()}


def distribution(key: str, counts: Counts, totals: Counts, minimum: float = MINIMUM_SITES) -> dict[str, float] | None:
    """Rates of the variants of `key`, summing to 1, or None where the feature was seen less than `minimum`; UNANIMOUS places that agree are enough."""
    wholes = [totals.get(name, {}) for name in dict.fromkeys([kin_of(key), key.partition(":")[0]])]
    whole = next((one for one in wholes if sum(one.values()) >= max(minimum, 1)), wholes[-1])
    n_whole = sum(whole.values())
    if not n_whole or n_whole < min(minimum, UNANIMOUS if max(whole.values()) == n_whole else minimum):
        return None
    own = counts.get(key, {})
    n_own = sum(own.values())
    return {v: (own.get(v, 0.0) + BACKOFF * n / n_whole) / (n_own + BACKOFF) for v, n in whole.items()}


def make_profile(habits: Mapping[str, Habit], preferences: Mapping[str, str], items: int) -> StyleProfile:
    """A profile of summed habits; the number of words is one of the measures."""
    lexical = habits.get("lexical")
    return StyleProfile(dict(habits), dict(preferences), items, int(lexical.counts.get("words", 0)) if lexical else 0)
