"""The rates that `rules` goes by: the user's and the draft's, by feature and variant, what counts as a habit, and how a reason says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from rpo_edge.features import LABELS
from rpo_edge.features.base import Site
from rpo_edge.features.dashes import NO_DASHES
from rpo_edge.features.framing import STOCK
from rpo_edge.features.letters import SIGN_OFF, frame_key
from rpo_edge.features.shorthand import STANDARD
from rpo_edge.records import StyleProfile
from rpo_edge.reflectors.observed import shares
from rpo_edge.reflectors.policies import MAJORITY, policy
from rpo_edge.steps.formality import Formality
from rpo_edge.steps.preferences import stated_rates
from rpo_edge.steps.profile import MINIMUM_SITES, UNANIMOUS, Counts, backoffs, counts_of, distribution, kin_of, totals_by_name
from rpo_edge.steps.registers import Register, differing, in_register

_FEWEST_SEEN = 2
_NOISE = 0.05  # rates below this are slips and misreadings of ours as often as habits
_STRAY = 0.1  # of contractions of a kind: who does so less often, and of this pair not thrice, has slipped
_WITHOUT_DASHES = 800  # words, in which people have two dashes (2.7 in 1,000 of train histories), models five
_WITHOUT_ADDITIONS = 1200  # words
_SPELLED = 2 / 3  # of the words with two spellings, the share that makes one the user's: many who learnt the language mix both
_OF_PERSONS = 0.9  # of "someone" or "somebody" and the like, the share that makes one the user's (training histories: nine in ten keep it)
_LEAD = 3.0  # words more than the other spelling has, which do so, too
_OF_SEMICOLONS = 0.135  # of two clauses that could be one sentence, the share joined so that makes it a habit
_LIST_ITEMS = 8.0
"""None of them with bold: the user's lists have none."""
FORMAL_USES = 3.0  # of a formal word, before it stands in a plain one's place: one in a letter to an office makes it nobody's word
_STRANGE = 0.4  # a formal word of which less is the user's share of models' is not the user's
FEWEST_FRAMES = 2
"""Texts with the same greeting or sign-off that make a habit; one that was seen once is none."""
_SETTLED, _PLACES = 0.95, 20.0
"""Of so many places, the share of one variant from which on a user leaves none the other way, which sums of probabilities would."""
_PLACES_ALIKE = 8.0
"""So many are enough where all are alike."""


class User:
    """What a profile says of how a draft of a register is written, worked out once for all its windows.

    profile: in that register; counts: its habits', by feature key; stated: what the user's own words decide, by feature.
    """

    def __init__(self, profile: StyleProfile, register: Register = "") -> None:
        self.profile = in_register(profile, register)
        self.counts = counts_of(self.profile)
        self.totals = backoffs(self.counts)
        self.stated = stated_rates(profile.preferences)
        self._of = profile, register

    def is_of(self, profile: StyleProfile, register: Register) -> bool:
        """Whether it is of this very profile."""
        return self._of[0] is profile and self._of[1] == register

    @cached_property
    def formality(self) -> Formality:
        """Counted when first asked for: most drafts have no formal word."""
        return Formality(self.counts)

    @cached_property
    def decided(self) -> frozenset[str]:
        """Features that need no rates: what the user stated, and what they do otherwise in formal letters."""
        return differing(self._of[0]) | self.stated.keys()

    @cached_property
    def settled(self) -> frozenset[str]:
        """Features that the user has one way all but everywhere."""
        found = ((name, sum(seen.values()), max(seen.values())) for name, seen in totals_by_name(self.counts).items())
        return frozenset(name for name, n, most in found if (n >= _PLACES and most >= _SETTLED * n) or n == most >= _PLACES_ALIKE)


class Rates:
    """User's and draft's distributions by feature key; a stated preference replaces the user's."""

    def __init__(self, user: User, draft: Counts) -> None:
        self.stated = user.stated
        self._of, self._user, self._user_totals = user, user.counts, user.totals
        self._draft, self._draft_totals = draft, backoffs(draft)

    @property
    def _formality(self) -> Formality:
        return self._of.formality

    def user(self, key: str, shown: str = "") -> Mapping[str, float] | None:
        """By variant. shown: the variant in a place, where how often it came at all says more."""
        name = key.partition(":")[0]
        if name in self.stated:
            return self.stated[name]
        if policy(key).stated_only:
            return None
        read = Rates._by_word if policy(key).own_count else _READ.get(name, Rates._shares)
        return read(self, key, shown)

    def _shares(self, key: str, shown: str) -> Mapping[str, float] | None:
        return distribution(key, self._user, self._user_totals)

    def _by_word(self, key: str, shown: str) -> Mapping[str, float] | None:
        seen = self._user.get(key, {})
        return {variant: n / sum(seen.values()) for variant, n in seen.items()} if sum(seen.values()) >= _FEWEST_SEEN else None

    def _contracted(self, key: str, shown: str) -> Mapping[str, float] | None:
        """Without strays: one "it is" in thirty texts of "it's" and "they're" is none to leave or to put beside them."""
        rates = self._shares(key, shown)
        kind, own = self._user_totals.get(kin_of(key), {}), self._user.get(key, {})
        if not rates or ":" not in key:
            return rates
        few = _STRAY * sum(kind.values())
        kept = {v: p for v, p in rates.items() if kind.get(v, 0.0) >= few or own.get(v, 0.0) >= UNANIMOUS}
        return {variant: rate / sum(kept.values()) for variant, rate in kept.items()}

    def _spelled(self, key: str, shown: str) -> Mapping[str, float] | None:
        """None of who mixes both: one word more is no majority, and many of the others are spelled as their own are."""
        rates = self._shares(key, shown)
        own = self._user.get(key, {})
        seen = own if sum(own.values()) >= MINIMUM_SITES else self._user_totals.get(key.partition(":")[0], {})
        leads = 2 * max(seen.values(), default=0.0) - sum(seen.values()) >= _LEAD
        return rates if rates and (leads or max(rates.values()) >= _SPELLED) else None

    def _persons(self, key: str, shown: str) -> Mapping[str, float] | None:
        """Of who has one way all but everywhere, and this word no other: "nobody" is also theirs who write "someone"."""
        rates, own = self._shares(key, shown), self._user.get(key, {})
        way = max(rates, key=lambda variant: rates[variant]) if rates else ""
        kind = self._user_totals.get(kin_of(key), {})
        if not rates or kind[way] < _OF_PERSONS * sum(kind.values()) or own.get(way, 0.0) < own.get(shown, 0.0):
            return None
        return {way: 1.0} if way == "-body" or key != "person_word:no one" or own else None

    def _joined(self, key: str, shown: str) -> Mapping[str, float] | None:
        joins = self._user_totals.get("semicolon", {})
        if joins.get("semicolon", 0.0) > _OF_SEMICOLONS * sum(joins.values()):
            return {"semicolon": 1.0}  # other sentences outnumber them in anybody's texts
        return self._shares(key, shown)

    def _dashes(self, key: str, shown: str) -> Mapping[str, float] | None:
        forms = self._user_totals.get("dash", {})
        if self._formality.words < _WITHOUT_DASHES or sum(forms.values()) >= UNANIMOUS:
            return self._shares(key, shown)
        return NO_DASHES if not forms else {next(iter(forms)): 1.0} if len(forms) == 1 else None

    def _bold(self, key: str, shown: str) -> Mapping[str, float] | None:
        if key != "bold:list":
            return self._shares(key, shown)
        items = sum(self._user_totals.get("bullet", {}).values())
        return {"plain": 1.0} if items >= _LIST_ITEMS and not self._user_totals.get("bold", {}).get("bold") else None

    def _stops(self, key: str, shown: str) -> Mapping[str, float] | None:
        """Of notes as of prose, but for who is seen to end notes with a stop."""
        if self._user.get("last_stop:note", {}).get("stop", 0.0) >= _FEWEST_SEEN and key != "last_stop":
            return {"stop": 1.0}
        return distribution("last_stop", self._user, {"last_stop": self._user.get("last_stop", {})})

    def _added(self, key: str, shown: str) -> Mapping[str, float] | None:
        """Who writes neither "Furthermore," nor another opener for it, in so many words, has no place for one."""
        known = distribution("connective_addition", self._user, self._user_totals)
        begun = self._user_totals.get("addition", {}).get("stock")
        return None if known or begun or self._formality.words < _WITHOUT_ADDITIONS else {"none": 1.0}

    def _stock(self, key: str, shown: str) -> Mapping[str, float] | None:
        rates = self._shares(key, shown)
        once = bool(rates) and self._user_totals[key].get("stock", 0.0) < _FEWEST_SEEN
        return {"none": 1.0} if once else rates  # a slip, or a misreading of ours

    def _formal_or_plain(self, key: str, shown: str) -> Mapping[str, float] | None:
        """A draft has such a word once or twice, and who writes it at all is told by other words: it stays or goes."""
        if writes_short(self._user.get(short_key(key), {})):
            return {shown: 1.0}  # left to the short form
        if agreed := _agreed(self._user.get(key, {}), shown):
            return agreed
        rates = self._shares(key, shown)
        kept = self._kept(key) if shown == "formal" and rates else None
        return rates if kept is None else {"formal": float(kept >= _STRANGE), "plain": float(kept < _STRANGE)}

    def main(self, name: str) -> str | None:
        """The user's commonest variant of a feature."""
        rates = self.user(name) or {}
        return max(sorted(rates), key=lambda variant: rates[variant], default=None)

    def mostly(self, name: str, variant: str) -> bool:
        """Whether the user does so in more than half of the places."""
        return (self.user(name) or {}).get(variant, 0.0) > MAJORITY

    def _kept(self, key: str) -> float | None:
        """Of a formal word, the share that stays; None where the user has shown more than once which of the two it is."""
        own = self._user.get(key, {})
        if not policy(key).per_word or sum(own.values()) >= _FEWEST_SEEN:
            return None
        return self._formality.kept(key)

    def is_habit(self, key: str, variant: str, rate: float) -> bool:
        """Whether to move toward a variant: not for stray uses, and a minority form must have been seen, of words this very one."""
        name = key.partition(":")[0]
        followed = policy(key)
        if rate < followed.at_least:
            return False
        if followed.own_count:
            return rate >= _NOISE and self._user.get(key, {}).get(variant, 0.0) >= _FEWEST_SEEN
        own = self._user.get(key, {})
        if followed.seen_first and own.get(variant, 0.0) < _FEWEST_SEEN:
            return False
        shown = followed.per_word and name not in self.stated
        if shown and variant == "formal" and own.get(variant, 0.0) < FORMAL_USES:
            return False
        # One use tells where nothing else does: how often models write the word is not known of every one.
        fewest = 1 if name == "register" and self._kept(key) is None else _FEWEST_SEEN
        if shown and not own.get(variant) and sum(own.values()) >= fewest:
            return False  # of this word the other way only
        seen = own if followed.per_word else self._user_totals.get(kin_of(key), {})
        return rate >= MAJORITY or (rate >= _NOISE and seen.get(variant, 0.0) > 0)

    def draft(self, key: str) -> Mapping[str, float]:
        """By variant, of the draft; empty where it has none."""
        return distribution(key, self._draft, self._draft_totals, minimum=0.0) or {}

    def seen(self, key: str) -> Mapping[str, float]:
        """How often the user showed each variant of a greeting or sign-off; a stated text counts as often as needed.

        Who is known by formal letters alone writes so to everybody, but nobody writes to an office as to friends, nor to oneself as in mail.
        """
        name, _, detail = key.partition(":")
        if name in self.stated:
            return {variant: float(FEWEST_FRAMES) for variant in self.stated[name]}
        own = self._user.get(key, {})
        known = (
            bool(detail)
            or self.knows(frame_key(name, False, True))
            or any(n >= FEWEST_FRAMES for variant, n in own.items() if variant != "none")
        )
        return own if known else self._user_totals.get(name, {})

    def knows(self, key: str) -> bool:
        """Whether the user's texts show anything of it."""
        return key in self._user

    def reason(self, site: Site, variant: str, text: str = "") -> str:
        """What an edit of the site says for itself: the feature, and what the user's texts show of the variant. text: as it was put.

        It goes where texts of the user's do not, so of a sign-off it has the stock phrase alone, unless they stated it.
        """
        name = site.name
        joined = name == "dash" and text.startswith(";")
        variant = "semicolon" if joined else variant
        detail = site.key.partition(":")[2]
        what = f"{LABELS[name]}: {detail + ', ' if detail and not policy(name).frame else ''}{variant!r}"
        if name in self.stated:
            return f"{what} is your stated preference"
        if policy(name).frame:
            return f"{LABELS[name]}: {self._frames(site.key, variant)} {f'{detail}s' if detail else 'texts'}"
        if site.variant == "formal" and self._kept(site.key) is not None:
            once = "once" if self._user.get(site.key, {}).get("formal") else "never"
            uses = round(self._formality.uses)
            rates = f"such words {'once' if uses == 1 else f'{uses} times' if uses else 'never'}, where models would write {self._formality.of_models:.0f}"
            return f"{LABELS[name]}: {detail}, 'formal' {once} in your {self._formality.words:,.0f} words; {rates}"
        if name == "dash" and not self._user_totals.get(name):
            joins = f", and it joins {_part(self._user_totals.get('semicolon', {}), variant)} of your pairs of clauses" if joined else ""
            return f"{LABELS[name]}: {variant!r}, since there is no dash in your {self._formality.words:,.0f} words{joins}"
        draft = self._draft.get(site.key, {})
        there = f", in {_part(draft, variant)} of the draft's" if draft else ""
        return f"{what} in {self._shown(site.key, variant)}{there}"

    def _frames(self, key: str, variant: str) -> str:
        """A greeting or sign-off, and how often it stands in how many texts; of sign-offs all with the phrase count."""
        shown = stock_phrase if key.partition(":")[0] == "sign_off" else str
        seen = self.seen(key)
        alike = sum(n for other, n in seen.items() if shown(other) == shown(variant))
        return f"{shown(variant)!r} in {int(alike)} of your {int(sum(seen.values()))}"

    def _shown(self, key: str, variant: str) -> str:
        """In how many of the user's places the variant stands: of this very detail, and of its kind where these are few."""
        own, kin = self._user.get(key, {}), self._user_totals.get(kin_of(key), {})
        few = sum(own.values()) < MINIMUM_SITES and sum(kin.values()) > sum(own.values())
        of_kind = f"{_part(kin, variant)} of your places of this kind" if few else ""
        of_own = f"{_part(own, variant)} of your places" if own else ""
        return " and ".join(filter(None, [of_own, of_kind]))

    def described(self, name: str) -> str:
        """The user's commonest variants of a feature, with their rates, for an observation."""
        rates = self.user(name)
        return shares({"none": 1.0} if rates == NO_DASHES else rates or distribution(name, self._user, self._user_totals) or {})


_READ: Mapping[str, Callable[[Rates, str, str], Mapping[str, float] | None]] = {
    "register": Rates._formal_or_plain,
    "contraction": Rates._contracted,
    "spelling": Rates._spelled,
    "person_word": Rates._persons,
    "semicolon": Rates._joined,
    "dash": Rates._dashes,
    "bold": Rates._bold,
    "addition": Rates._added,
    "last_stop": Rates._stops,
    **dict.fromkeys(STOCK, Rates._stock),
}
"""How a user's rates are read where shares of the places are not all that is known."""


def stock_phrase(sign_off: str) -> str:
    """A sign-off without what follows its phrase, which may be a name, an address or any line of the user's; "other" for what is none."""
    match = SIGN_OFF.fullmatch(sign_off)
    if match is None:
        return sign_off if sign_off == "none" else "other"
    return sign_off[: match.start("name")] if match["name"] else sign_off


def short_key(key: str) -> str:
    """The key of the short forms of a pair's formal word: who writes "approx." has no "about" put there."""
    return f"shorthand:{key.partition(':')[2].partition('/')[0]}"


def writes_short(seen: Mapping[str, float]) -> bool:
    """Whether one of a word's short forms was seen often enough for a habit."""
    return max((n for form, n in seen.items() if form != STANDARD), default=0.0) >= _FEWEST_SEEN


def _part(counts: Mapping[str, float], variant: str) -> str:
    return f"{counts.get(variant, 0):.0f} of {sum(counts.values()):.0f}"


def _agreed(seen: Mapping[str, float], shown: str) -> Mapping[str, float] | None:
    """The one way in which a word was seen, if twice or more: who never writes "purchase" keeps none of a draft's. The way that is shown
    stays if it was seen oftener than the other.
    """
    way = max(seen, key=lambda variant: seen[variant], default="")
    most, every = seen.get(way, 0.0), sum(seen.values())
    return {way: 1.0} if most >= _FEWEST_SEEN and (most == every or (way == shown and 2 * most > every)) else None
