"""preferences: what the user stated in words is done in the rewrite, in the places where a writer could choose.

A place counts if it could be otherwise: a site with options, and one that disobeys only if the guard would let it change, so that a
name at the start of a sentence is no failure of those who write lower case. Some wishes show only where they fail ("never an
exclamation mark"), and some places cannot come anew ("keep bold"): for these the draft's places are counted too.
"""

from __future__ import annotations

from collections.abc import Sequence

from rpo_edge.edits import disjoint
from rpo_edge.engine import own_phrases, unwanted
from rpo_edge.features.base import Site
from rpo_edge.features.framing import STOCK
from rpo_edge.records import Edit, Evidence, StyleProfile
from rpo_edge.reflectors.base import Window
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.segment import WORD
from rpo_edge.steps.guard import guard
from rpo_edge.steps.preferences import stated_rates
from rpo_edge.steps.profile import free_sites
from training.rewards.base import Rollout
from training.rewards.fidelity import added, bare, closes, opens, without

_SHOW_NOTHING = frozenset(
    [(name, "none") for name in (*STOCK, "emoji")]
    + [(name, "none") for name in ("heading", "bullet")]
    + [("bold", "plain"), ("exclamation", "."), ("dash", "comma")]
)
"""Wishes of which a place that obeys is a place no more: (feature, wanted variant)."""

_COME_NEVER = frozenset([(name, "stock") for name in STOCK] + [("heading", "marked"), ("bold", "bold"), ("emoji", "emoji")])
"""Wishes to keep what the draft has: a place that disobeys is a place no more."""

_FRAMES = {"greeting": opens, "sign_off": closes}
_NONE = "none"
_EVERYWHERE = "plain everywhere"  # of bold that says something, what "plain" is of other bold
_ANY_FRAME = "Regards"


def preferences(rollouts: Sequence[Rollout]) -> list[float | None]:
    """The share of places that obey; None where nothing is stated, no text has such a place, or there is no rewrite."""
    return [None if rollout.rewrite is None else _share(rollout, rollout.rewrite) for rollout in rollouts]


def _share(rollout: Rollout, rewrite: str) -> float | None:
    wanted = {name: max(rates, key=lambda v: rates[v]) for name, rates in stated_rates(rollout.profile.preferences).items()}
    choices = {name: variant for name, variant in wanted.items() if name not in _FRAMES}
    counted = [_frame(rollout.draft, rewrite, name, variant) for name, variant in wanted.items() if name in _FRAMES]
    if choices:
        texts = (rollout.draft, without(rewrite, added(rollout)))
        before, after = (_Places(text, frozenset(choices), unwanted(rollout.profile)) for text in texts)
        counted += [_counted(before, after, name, variant) for name, variant in choices.items()]
    places = sum(n for _, n in counted)
    return sum(obeying for obeying, _ in counted) / places if places else None


class _Places:
    """The sites of some features in one text."""

    def __init__(self, text: str, features: frozenset[str], gone: frozenset[str]) -> None:
        self._text, self._gone = text, gone
        self._sites = [site for site in free_sites(text, features=features) if site.options and not _is_pronoun(text, site)]

    def obeying(self, name: str, wanted: str) -> int:
        """Places that show the wanted variant and could show another."""
        return sum(site.name == name and site.variant == wanted for site in self._sites)

    def disobeying(self, name: str, wanted: str) -> int:
        """Places that show another variant and could show the wanted one, if the guard has nothing against it."""
        there = [site for site in self._sites if site.name == name]
        edits = [
            self._edit(site, v) for site in there for v in (wanted, _EVERYWHERE) if v in site.options and (v == wanted or wanted == "plain")
        ]
        return len(guard(self._text, disjoint(edits), unwanted=self._gone)[0]) if edits else 0

    def _edit(self, site: Site, wanted: str) -> Edit:
        return Edit(site.start, site.end, self._text[site.start : site.end], site.options[wanted], "preferences")


def _is_pronoun(text: str, site: Site) -> bool:
    """ "I" is no choice of how sentences begin: it is a feature of its own."""
    match = WORD.match(text, site.start) if site.name == "sentence_case" else None
    return match is not None and match[0].replace("’", "'").partition("'")[0] in ("I", "i")


def _counted(before: _Places, after: _Places, name: str, wanted: str) -> tuple[int, int]:
    """How many places obey, and of how many."""
    obeying, disobeying = after.obeying(name, wanted), after.disobeying(name, wanted)
    if (name, wanted) in _SHOW_NOTHING:
        places = max(before.disobeying(name, wanted), disobeying)
        return places - disobeying, places
    if (name, wanted) in _COME_NEVER:
        return obeying, max(before.obeying(name, wanted), obeying)
    return obeying, obeying + disobeying


def _frame(draft: str, rewrite: str, name: str, wanted: str) -> tuple[int, int]:
    """The same for a greeting or sign-off: one place, where `rules` would set one or the draft has it already."""
    if wanted == _NONE:
        framed = _is_framed(rewrite, name)
        place = framed or _takes(draft, name, _ANY_FRAME)
        return int(place and not framed), int(place)
    shows = _FRAMES[name]
    before, after = (shows(text.replace("\r\n", "\n").casefold(), bare(wanted).casefold()) for text in (draft, rewrite))
    place = before or _takes(draft, name, wanted)
    return int(place and after), int(place)


def _is_framed(text: str, name: str) -> bool:
    return any(site.variant != _NONE for site in free_sites(text, features=frozenset([name])))


def _takes(draft: str, name: str, wanted: str) -> bool:
    """Whether a greeting or sign-off would be set here, and stay: not in a list, a table, code or a short answer."""
    asked = StyleProfile(preferences={name: wanted})
    edits = RulesReflector().finish((), Window(draft, 0), Evidence(), asked, frozenset([name])).edits
    return bool(guard(draft, edits, allowed=own_phrases(asked))[0])
