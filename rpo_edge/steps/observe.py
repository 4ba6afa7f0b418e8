"""observe: how a rewrite differs from its draft, feature by feature, beside what the user does.

The reflection of a trajectory is made by this function; a reflector that writes its own is held against it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from rpo_edge.features import CHOICES
from rpo_edge.records import Observation, StyleProfile
from rpo_edge.steps.preferences import stated_rates
from rpo_edge.steps.profile import count_sites, counts_of, distribution, free_sites, totals_by_name
from rpo_edge.steps.registers import in_register

_SHOWN = 2  # variants of a feature, the most frequent ones
_LEAST = 0.05  # a smaller share is not worth a word


def observe(draft: str, rewrite: str, profile: StyleProfile) -> tuple[Observation, ...]:
    """One observation for each feature of which a variant gave way to another, in the order of the features' table.

    draft and action count places ("expanded 3", "expanded > contracted 3"); user gives rates ("contracted 85%").
    """
    before, after = (totals_by_name(count_sites(free_sites(text))) for text in (draft, rewrite))
    rates = rates_of(profile)
    found = []
    for feature in CHOICES:
        old, new = (Counter(counts.get(feature.name, {})) for counts in (before, after))
        lost, gained = old - new, new - old
        if lost and gained:  # a variant gave way to another; sites that only came or went are by-products
            action = f"{_named(lost)} > {_named(gained)}"
            found.append(Observation(feature.name, _named(old), described(rates.get(feature.name, {})), action))
    return tuple(found)


def rates_of(profile: StyleProfile) -> dict[str, dict[str, float]]:
    """Feature name -> rates of its variants: what the user stated, else what their texts show often enough."""
    totals = totals_by_name(counts_of(in_register(profile, "")))
    shown = {name: rates for name in totals if (rates := distribution(name, {}, totals)) is not None}
    return shown | stated_rates(profile.preferences)


def described(rates: Mapping[str, float]) -> str:
    """ "contracted 85%, expanded 15%"; the empty text where nothing is known."""
    often = sorted(rates.items(), key=lambda pair: (-pair[1], pair[0]))[:_SHOWN]
    return ", ".join(f"{variant} {round(100 * rate)}%" for variant, rate in often if rate >= _LEAST)


def _named(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{variant} {int(n)}" for variant, n in sorted(counts.items()))
