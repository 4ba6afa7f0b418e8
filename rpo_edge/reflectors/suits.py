"""Which of an encoder's edits suit a place and a user: what grammar allows, as far as `rules` knows, and what the user was seen to write."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rpo_edge.features.base import Site
from rpo_edge.features.context import word_after
from rpo_edge.features.wording import CONNECTIVE_NAMES
from rpo_edge.operations import Operation
from rpo_edge.records import Edit, Habit
from rpo_edge.reflectors.base import Window
from rpo_edge.reflectors.grammar import allows
from rpo_edge.reflectors.policies import policy
from rpo_edge.reflectors.rates import FORMAL_USES, short_key, writes_short
from rpo_edge.segment import straight
from rpo_edge.steps.formality import is_talk
from rpo_edge.steps.profile import free_sites
from rpo_edge.usage import FEATURES, sides

_RULED = {name: feature for name, feature in FEATURES.items() if feature in ("contraction", "register")}
"""Families whose places grammar limits ("it is." does not contract, nor is "the most difficult" "the most hard"), by the feature that knows."""
_RULED_WORDS = {"must": "obligation"}
"""The same of words that an operation replaces ("I must say", and what binds)."""
_BESIDE = frozenset(["contracted", "expanded"])
"""Families in which one form shows the habit of another: who writes "don't" would write "you'll"."""
_OPENERS = frozenset([
    "additionally", "also", "and", "as a result", "but", "consequently", "furthermore", "hence", "however", "in addition", "moreover",
    "nevertheless", "nonetheless", "so", "therefore", "thus",
])  # fmt: skip
"""What a sentence begins with, and `rules` knows where another may ("So Young Kim", "Moreover, and this")."""
_VARIANTS = {"and": "plain", "but": "plain", "so": "plain", "also": "also"}
"""What `rules` calls them; all others are formal."""
_LOOKED_UP = frozenset([*_RULED.values(), *_RULED_WORDS.values(), *CONNECTIVE_NAMES])
_JOINING = frozenset(["and", "but", "or", "so"])
"""First words that join a sentence to the one before it: who begins with "But" may never begin with "So"."""
_TWICE = 2
"""Uses of the draft's way, with none of the other, by which a user keeps to it."""
_FOUR_TIMES = 4
"""Uses of a pair's other way that speak against the user's way with others of its kind: of two, both may be chance."""

Kin = Mapping[str, tuple[frozenset[str], frozenset[str]]]
"""Of each family, the sides that its operations have before and after."""


def sides_by_family(operations: Sequence[Operation], families: Sequence[str]) -> Kin:
    """The families of operations, each with its sides; what a family puts in where nothing was is no side."""
    found: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for op, name in zip(operations, families, strict=True):
        for some, side in zip(found[name], sides(op), strict=True):
            some.update([side] if side else [])
    # What some operations of a family put in and others take away shows neither.
    return {name: (frozenset(before - after), frozenset(after - before)) for name, (before, after) in found.items()}


class Suits:
    """Whether an edit can stand in a window and is the user's."""

    def __init__(self, window: Window, counts: Mapping[str, float], kin: Kin, habits: Mapping[str, Habit]) -> None:
        self._text, self._counts, self._kin, self._habits = window.text, counts, kin, habits
        self._lead, self._formal = window.lead, window.formal
        self._sites: Mapping[str, Sites] | None = None

    def __call__(self, edit: Edit, op: Operation, family: str) -> bool:
        before, after = sides(op)
        if not allows(self._text, edit, op) or not self._opens(edit, op):
            return False
        if after and not self._counts.get(after) and family not in _BESIDE:
            return False
        if family == "formal" and self._counts.get(after, 0) < FORMAL_USES:
            return False  # who wrote "frequently" once is not given it for each "often"
        if straight(edit.after).lower().startswith("you're") and self._writes_ur:
            return False
        ruled = _RULED.get(family) or _RULED_WORDS.get(op.before)
        sites = [*self._ruled(ruled or "register", edit)]
        if ruled == "contraction":
            return any(_same(self._text, edit, site) and self._contracts_so(site, before, family) for site in sites)
        return (not ruled and not sites) or any(_same(self._text, edit, site) and self._may(edit, site) for site in sites)

    def _opens(self, edit: Edit, op: Operation) -> bool:
        """Whether a sentence may begin so: what joins it to the last one stands in place of its like, and is the user's."""
        if not op.initial:
            return True
        first = op.after.split(" ")[0].strip(",").lower()
        if first in _JOINING and (self._formal or not self._counts.get(f"^ {first}")):
            return False
        if op.before.partition(",")[0] not in _OPENERS:
            return True
        if op.before.endswith(","):  # an opener in any case, if nothing joins behind it ("Moreover, and this")
            return word_after(self._text, edit.end) not in _JOINING
        variant = _VARIANTS.get(first, "formal")
        return any(variant in site.options for name in CONNECTIVE_NAMES for site in self._ruled(name, edit))

    def _contracts_so(self, site: Site, before: str, family: str) -> bool:
        """Whether the user would have this contraction the other way.

        Of the other way, only places that could be either count: who wrote "see where you are" had no choice.
        """
        (other,) = site.options
        own = self._habits[site.key].counts.get(other, 0) if site.key in self._habits else 0
        against, done = (sum(self._counts.get(side, 0) for side in some) for some in self._kin[family])
        if done < against:
            return own >= _FOUR_TIMES
        return own > 0 or (done > against and self._counts.get(before, 0) < _TWICE)

    @property
    def _writes_ur(self) -> bool:
        """Whether `rules` will put "ur" there."""
        seen = self._habits["you_are"].counts if "you_are" in self._habits else {}
        return seen.get("ur", 0) > 1 and seen["ur"] >= policy("you_are").at_least * sum(seen.values())

    def _may(self, edit: Edit, site: Site) -> bool:
        """Not where the user wrote the formal word, and never its twin, or writes it short, nor for "must" what the user does not say of these
        persons.
        """
        seen = self._habits[site.key].counts if site.key in self._habits else {}
        if site.name == "register" and self._formal and any(is_talk(site.key, variant) for variant in site.options):
            return False
        if site.name == "obligation":
            return seen.get(edit.after.lower(), 0) >= _TWICE
        short = self._habits.get(short_key(site.key))
        if short and writes_short(short.counts):
            return False
        return site.name != "register" or site.variant != "formal" or not seen.get("formal") or bool(seen.get("plain"))

    def _ruled(self, name: str, edit: Edit) -> Iterator[Site]:
        """What `rules` finds where an edit is, looked up once for a window."""
        if self._sites is None:
            lead = len(self._lead)
            found: dict[str, list[Site]] = defaultdict(list)
            for site in free_sites(f"{self._lead}{self._text}", (), _LOOKED_UP):
                if site.options and site.start >= lead:
                    found[site.name].append(replace(site, start=site.start - lead, end=site.end - lead))
            self._sites = {feature: Sites(sites) for feature, sites in found.items()}
        return self._sites[name].over(edit) if name in self._sites else iter(())


class Sites:
    """Those of one feature: a window may be a page long, and is asked about for every word that could change."""

    def __init__(self, sites: list[Site]) -> None:
        self._sites = sorted(sites, key=lambda site: site.start)
        self._longest = max(site.end - site.start for site in sites)

    def over(self, edit: Edit) -> Iterator[Site]:
        """Those that an edit overlaps."""
        first = bisect_right(self._sites, edit.start - self._longest, key=lambda site: site.start)
        last = bisect_left(self._sites, edit.end, key=lambda site: site.start)
        return (site for site in self._sites[first:last] if edit.start < site.end)


def _same(text: str, edit: Edit, site: Site) -> bool:
    """Whether one of a site's options leaves what the edit does, but for case and the kind of apostrophe, or what the edit ends with."""
    start, end = min(edit.start, site.start), max(edit.end, site.end)
    made = straight(text[start : edit.start] + edit.after + text[edit.end : end]).lower()
    options = [straight(text[start : site.start] + option + text[site.end : end]).lower() for option in site.options.values()]
    longer = edit.start < site.start and site.end == edit.end  # "additionally, that is": "and that's"
    return made in options or (longer and made.endswith(tuple(f" {straight(option).lower()}" for option in site.options.values())))
