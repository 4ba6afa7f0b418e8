"""The `rules` reflector: moves a draft's choices toward the user's rates. Deterministic, no model, no history texts.

At every site of a draft two rates meet: d, the draft's share of each variant, and p, the user's. Where d has
too much of a variant, a share (d - p) / d of its sites changes, to the variants of which d has too little. That
is the least change that turns one distribution into the other, so a habit of 62% comes out at 62%, and a draft
that already writes like the user stays as it is. Of what one text has once or never, d is how often models write it.
Which sites change is drawn by systematic sampling, seeded by the window's text: the same draft gives the same rewrite.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Literal, NamedTuple

from rpo_edge.edits import disjoint
from rpo_edge.features.base import Site
from rpo_edge.features.case import CASE, without_bold
from rpo_edge.features.dashes import NO_DASHES
from rpo_edge.features.letters import ends_letter
from rpo_edge.features.wording import CONNECTIVE_NAMES
from rpo_edge.names import no_name
from rpo_edge.records import Edit, Evidence, Observation, ReflectorInfo, StyleProfile
from rpo_edge.reflectors.base import Reflection, Window
from rpo_edge.reflectors.bold import Bold, is_mark
from rpo_edge.reflectors.frames import framed, key_of
from rpo_edge.reflectors.manner import Manner, parts
from rpo_edge.reflectors.observed import changed, shares
from rpo_edge.reflectors.openers import Openers, without_openers
from rpo_edge.reflectors.policies import policy
from rpo_edge.reflectors.rates import Rates, User
from rpo_edge.segment import WORD, words
from rpo_edge.steps.formality import is_talk
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.profile import Counts, count_sites, free_sites, totals_by_name

_HALF = 0.5
_LONGEST_WORD = 40
_ROUNDING = 1e-9


class _Sampler:
    """Systematic sampling: of n sites with share q, floor(nq) or ceil(nq) are drawn, evenly spread; also over windows that hand on `carry`."""

    def __init__(self, seed: str, carry: Mapping[str, float]) -> None:
        self._seeded = hashlib.blake2b(seed.encode("utf-8", "surrogatepass"), digest_size=8)
        self._sums = dict(carry)

    @property
    def carry(self) -> dict[str, float]:
        """The sums without what was drawn; what other reflectors carry stays as it is."""
        return {name: total % 1.0 if total >= 1.0 else total for name, total in self._sums.items()}

    def draw_word(self, key: str, share: float) -> bool:
        """One lot for all places of a word, in any text: nobody calls a thing hard and difficult by turns."""
        return _share(hashlib.blake2b(key.encode(), digest_size=8)) < share

    def draw(self, name: str, share: float) -> bool:
        before = self._sums.setdefault(name, self.uniform(name))
        self._sums[name] = before + share
        return int(before + share + _ROUNDING) > int(before + _ROUNDING)

    def uniform(self, name: str) -> float:
        """A number in [0, 1) that depends on the seed and the name alone."""
        seeded = self._seeded.copy()
        seeded.update(b"\0" + name.encode())
        return _share(seeded)


def _share(digest: hashlib.blake2b) -> float:
    return int.from_bytes(digest.digest()) / 2**64


class RulesReflector:
    """See the module's text. A window is its neighbours' context, too: what was found in the last ones is kept until then."""

    info = ReflectorInfo("rules")
    counter = None
    cites_only: Literal[True] = True

    def __init__(self) -> None:
        self._found, self._frozen = lru_cache(maxsize=4)(_found), lru_cache(maxsize=4)(freeze)
        self._user: User | None = None

    def reflect(self, window: Window, evidence: Evidence, profile: StyleProfile) -> Reflection:
        """Edits for the sites of one window, with one observation for each feature that changes."""
        return self.finish((), window, evidence, profile)

    def user(self, profile: StyleProfile, window: Window) -> User:
        """Of the window's register; that of the last window is kept, since a draft's have one profile."""
        user = self._user  # read once: reflectors may be shared by threads that rewrite for different users
        if user is None or not user.is_of(profile, window.register):
            user = self._user = User(profile, window.register)
        return user

    def finish(
        self, given: Sequence[Edit], window: Window, evidence: Evidence, profile: StyleProfile, features: frozenset[str] | None = None
    ) -> Reflection:
        """The `given` edits of another reflector, and around them those of the named features (None: of all).

        Stock phrases that go take along what was given inside them. Observations are of the features alone.
        """
        user = self.user(profile, window)
        profile, rates = user.profile, Rates(user, self._context(window, features))
        sampler, openers = _Sampler(window.text, without_openers(window.carry)), Openers(window)
        for edit in given:
            openers.take(edit)
        manner = Manner.of(rates, window, profile)
        phrases: list[Edit] = []
        edits: list[Edit] = []
        letters: list[Site] = []
        for site in self._sites(window, features):
            followed = policy(site.key)
            if followed.first_letter:
                letters.append(site)
                continue
            if (change := _chosen(site, window, rates, sampler)) is None:
                continue
            shown = _cite(profile, change.site, change.variant, evidence)
            if taken := next(filter(openers.take, _written(change, shown, manner, rates, window)), None):
                (phrases if followed.phrase or parts(change.site, change.variant) else edits).append(taken)
        known = {(edit.start, edit.end) for edit in given}
        bold = Bold(edits)
        edits = bold.paired(disjoint(_in_turn(phrases, disjoint([*given, *bold.parted(edits)]), window.text)))
        letters = _letters(letters, [edit.start for edit in edits if is_mark(edit)], window, rates)
        cases = [change.site for site in letters if (change := _chosen(site, window, rates, sampler))]
        edits = bold.joined(_apply_case(edits, cases, window, profile, rates, evidence))
        own = [edit for edit in edits if (edit.start, edit.end) not in known]
        seen = self._seen(window, features, frozenset(edit.feature for edit in own))
        return Reflection(_observations(own, seen, rates), tuple(edits), {**sampler.carry, **openers.carry}, seen)

    def close(self) -> None:
        """Forget the last windows, and whose they were."""
        self._user = None
        self._found.cache_clear()
        self._frozen.cache_clear()

    def _sites(self, window: Window, features: frozenset[str] | None) -> Iterator[Site]:
        """The window's sites, seen after its lead: where a line, a sentence or a closing formula begins cannot be told from a sentence alone."""
        lead = len(window.lead)
        for site in self._read(window, features):
            if site.start >= lead:
                yield replace(site, start=site.start - lead, end=site.end - lead) if lead else site

    def _read(self, window: Window, features: frozenset[str] | None) -> tuple[Site, ...]:
        """The sites of the window and its lead, looked for once."""
        lead = len(window.lead)
        frozen = (*self._frozen(window.lead), *((start + lead, end + lead, kind) for start, end, kind in window.frozen))
        return self._found(f"{window.lead}{window.text}", frozen, features)

    def _seen(self, window: Window, features: frozenset[str] | None, changing: frozenset[str]) -> Mapping[str, Mapping[str, float]]:
        """How often each variant of the features that change stands in the window."""
        return totals_by_name(count_sites(site for site in self._sites(window, features) if site.name in changing))

    def _context(self, window: Window, features: frozenset[str] | None) -> Counts:
        """How often each variant stands in the window and on both sides of it. Of what a text has once, the window alone says whether it has it."""
        if window.sentence:
            return count_sites(self._read(window, features))
        sites = [*self._found(window.text, tuple(window.frozen), features)]
        for part in (window.before, window.after):
            sites += [site for site in self._found(part, self._frozen(part), features) if not policy(site.key).once]
        return count_sites(sites)


def _found(text: str, frozen: tuple[tuple[int, int, str], ...], features: frozenset[str] | None) -> tuple[Site, ...]:
    return tuple(free_sites(text, frozen, features))


def _in_turn(phrases: list[Edit], edits: list[Edit], text: str) -> list[Edit]:
    """Phrases that go before other edits; where one leaves its first letter to what is edited, too, that puts it there.

    Of two phrases in a row the first goes up to the second: "Additionally, it is worth noting that the" is "The".
    """
    found = [*phrases]
    edited = {edit.start: i for i, edit in reversed([*enumerate(edits)])}
    begun = {phrase.start: i for i, phrase in enumerate(phrases)}
    for n in sorted(range(len(found)), key=lambda n: found[n].start):
        phrase = found[n]
        start = phrase.end - 1
        second, word = begun.get(start, n), edited.get(start, -1)
        if not phrase.after or (second == n and (word < 0 or not edits[word].after)):
            continue
        if phrase.after.isupper() and second != n:
            found[second] = _capital(found[second], text)
        elif phrase.after.isupper():
            edits[word] = _capital(edits[word], text)
        found[n] = replace(phrase, end=start, before=phrase.before[:-1], after=phrase.after[:-1])
    return [*found, *edits]


def _capital(edit: Edit, text: str) -> Edit:
    """An edit that puts a capital where it begins; one that leaves nothing takes the next letter in."""
    if not edit.after:
        edit = replace(edit, end=edit.end + 1, before=edit.before + text[edit.end], after=text[edit.end])
    return replace(edit, after=edit.after[0].upper() + edit.after[1:])


def _out_of_place(site: Site, window: Window) -> bool:
    """Openers and greetings belong to the draft's first window, closers and sign-offs to its last, last stops to paragraphs' ends."""
    if site.name == "last_stop":  # of a sentence alone it is not known whether the paragraph goes on
        return window.sentence and not window.last
    if site.name == "sign_off" and site.variant != "none" and ends_letter(window.text, site.start, site.end, window.after):
        return False  # of a letter, below which there are notes
    return (site.name in ("opener", "greeting") and not window.first) or (site.name in ("closer", "sign_off") and not window.last)


class _Chosen(NamedTuple):
    """A site that changes to `variant`, which reads `text`."""

    site: Site
    variant: str
    text: str


def _chosen(site: Site, window: Window, rates: Rates, sampler: _Sampler) -> _Chosen | None:
    """What becomes of a site; None: nothing."""
    if _out_of_place(site, window):
        return None
    followed = policy(site.key)
    if followed.frame:
        site = replace(site, key=key_of(site, rates, window))
    stated = site.name in rates.stated
    if (followed.frame or _is_undivided(site, rates)) and window.strength < _HALF and not stated:
        return None
    chosen = framed(site, rates, window) if followed.frame else _choose(site, rates, sampler, window.strength)
    if chosen is None or (window.grave and site.name == "exclamation" and chosen[0] == "!"):
        return None
    if window.formal and not stated and (followed.is_casual(chosen[0]) or is_talk(site.key, chosen[0])):
        return None
    return _Chosen(site, *chosen)


def _written(change: _Chosen, shown: tuple[int, ...], manner: Manner, rates: Rates, window: Window) -> Iterator[Edit]:
    """The edits that may make a change, best first."""
    site, variant, text = change
    for place, wanted, more in (*_reopened(site, text, window, rates), (site, text, "")):
        if (put := manner.put(place, variant, wanted, window)) is not None:
            start, before, after = put
            yield Edit(start, start + len(before), before, after, f"{rates.reason(site, variant, after)}{more}", shown, site.name)


def _choose(site: Site, rates: Rates, sampler: _Sampler, strength: float) -> tuple[str, str] | None:
    """The variant that the site changes to, with its text; None if it stays. strength: of the surplus, the part that changes."""
    user = rates.user(site.key, site.variant)
    if user is None or not site.options:
        return None
    if policy(site.key).uniform:
        user = {max(sorted(user.items()), key=lambda pair: (pair[1], pair[0] == site.variant))[0]: 1.0}
    draft = rates.draft(site.key)
    usual = policy(site.key).usual
    present = draft.get(site.variant, 0.0) if usual is None else usual
    surplus = present - user.get(site.variant, 0.0)
    wanting = {v: user.get(v, 0.0) - draft.get(v, 0.0) for v in site.options if rates.is_habit(site.key, v, user.get(v, 0.0))}
    wanting = {v: lack for v, lack in wanting.items() if lack > _ROUNDING}
    part = 1.0 if _is_undivided(site, rates) or site.name in rates.stated else strength
    if surplus <= _ROUNDING or not wanting:
        return None
    share = part * surplus / present
    if not (sampler.draw_word(site.key, share) if site.name == "register" else sampler.draw(site.name, share)):
        return None
    variant = _weighted(wanting, sampler.uniform(f"{site.key}@{site.start}"))
    return variant, site.options[variant]


def _reopened(site: Site, text: str, window: Window, rates: Rates) -> Iterator[tuple[Site, str, str]]:
    """A split whose second sentence begins with the user's word for the draft's, and more of its reason: "; however, it" as ". But it"."""
    if site.name != "semicolon" or window.formal:
        return
    first = f"{window.text[: site.start]}{text}"
    start = len(first) - 1
    for opener in free_sites(f"{first}{window.text[site.end :]}", (), CONNECTIVE_NAMES):
        user = rates.user(opener.key) or {}
        own = rates.main(opener.key) or ""
        if opener.start == start and own in opener.options and rates.is_habit(opener.key, own, user[own]):
            yield (
                replace(site, end=site.end + opener.end - start - 1),
                f"{text[:-1]}{opener.options[own]}",
                f"; {rates.reason(opener, own)}",
            )


def _is_undivided(site: Site, rates: Rates) -> bool:
    """Whether all places of a text change or none; of a strength, nothing below one half. Half a pair of parentheses would stand alone."""
    return policy(site.key).undivided or (site.name == "dash" and rates.user("dash") == NO_DASHES)


def _weighted(weights: Mapping[str, float], point: float) -> str:
    """The variant at `point` (in [0, 1)) of the weights laid end to end."""
    point *= sum(weights.values())
    for variant, weight in sorted(weights.items()):
        if point < weight:
            return variant
        point -= weight
    return max(weights)


def _cite(profile: StyleProfile, site: Site, variant: str, evidence: Evidence) -> tuple[int, ...]:
    """Items that do show the variant: of the same detail if there are any, retrieved ones first."""
    habit = profile.habits.get(site.key)
    shown = habit.evidence.get(variant, ()) if habit else ()
    if not shown:
        keys = (key for key in profile.habits if key.partition(":")[0] == site.name)
        shown = next((ids for key in keys if (ids := profile.habits[key].evidence.get(variant, ()))), ())
    return tuple(sorted(shown, key=lambda number: number not in evidence.ids))


def _letters(letters: list[Site], marks: list[int], window: Window, rates: Rates) -> list[Site]:
    """First letters, of which those that bold led are read as they stand when it is gone. marks: where it goes."""
    if not marks or not rates.mostly(CASE.name, "lower"):
        return letters
    lead = len(window.lead)
    found = without_bold(f"{window.lead}{window.text}", [lead + mark for mark in marks])
    moved = (replace(site, start=site.start - lead, end=site.end - lead) for site in found if site.start >= lead)
    covered = {place for start, end, _ in window.frozen for place in range(start, end)}
    return [*(site for site in letters if site.name != CASE.name), *(site for site in moved if site.start not in covered)]


def _apply_case(
    edits: list[Edit], cases: list[Site], window: Window, profile: StyleProfile, rates: Rates, evidence: Evidence
) -> list[Edit]:
    """Case comes last, so that it also reaches the first letter of what another edit put there."""
    insertions = [edit for edit in edits if edit.start == edit.end]  # a greeting stands before an edit of the first word
    by_start = {edit.start: edit for edit in edits if edit.end > edit.start}
    said = frozenset(words(window.text)) if cases else frozenset()
    spoken_for = {position for edit in edits for position in range(edit.start, edit.end)}
    for site in cases:
        variant, letter = next(iter(site.options.items()))
        if variant == "upper" and site.name not in rates.stated:
            continue  # a draft's lower case is deliberate more often than not: code, formulas, lists
        there = by_start.get(site.start)
        if there is not None and there.after[:1].isalpha():
            first = f"{there.after}{window.text[there.end : there.end + _LONGEST_WORD]}".split()[0].strip(
                ","
            )  # an edit may end within a word
            replaced = there.before.split()[:1]  # a short form is in no list of words; what it stands for is
            if (
                (site.name == "pronoun_case" and there.after[0] == "I")
                or no_name(first)
                or (variant == "lower" and replaced and no_name(replaced[0].strip(",")) and first not in said)
            ):
                lowered = there.after[0].lower() if variant == "lower" else there.after[0].upper()
                by_start[site.start] = replace(there, after=lowered + there.after[1:])
        elif site.start not in spoken_for and WORD.match(window.text, site.start):
            shown = _cite(profile, site, variant, evidence)
            before = window.text[site.start : site.end]
            by_start[site.start] = Edit(site.start, site.end, before, letter, rates.reason(site, variant), shown, site.name)
    return disjoint([*insertions, *by_start.values()])


def _observations(edits: list[Edit], seen: Mapping[str, Mapping[str, float]], rates: Rates) -> tuple[Observation, ...]:
    found = Counter(edit.feature for edit in edits)
    return tuple(Observation(name, shares(seen.get(name, {})), rates.described(name), changed(n)) for name, n in found.items())
