"""guard: sentence by sentence, edits that could change what is said are taken back.

Each rule is one function (Unit) -> reason or None. A unit is a sentence of the draft, or several where an edit
spans them, and what became of it. One that fails any rule goes back to the draft's words, with the reason.

Not covered: meaning. A word replaced by a false friend, a joke that turns sour, a sentence in whose place another
one stands, a name that begins a sentence and is a common word too ("Will", "May"): nothing here notices.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile

from rpo_edge.edits import shift
from rpo_edge.features.framing import stock
from rpo_edge.features.layout import LED
from rpo_edge.lexicon import BRITISH_AMERICAN
from rpo_edge.names import no_name
from rpo_edge.records import Edit, Reverted, Verdict
from rpo_edge.segment import WORD, Span, line_mark, sentences, straight, words
from rpo_edge.steps.facts import addresses, first_words, names, near_negations, negations, numbers, opposite, said, uncontracted
from rpo_edge.steps.freeze import SIGNATURE, Frozen, freeze, prose
from rpo_edge.steps.loss import Change, dropped_lead, frame_of, loss
from rpo_edge.steps.private import PRIVATE_RUN, Leaks

_LOOKS = 16
_BORDERS = 16  # of one difference that are looked at: those of its first spans
_NEUTRAL = "so "
_OTHER_SPELLING = dict(BRITISH_AMERICAN) | {american: british for british, american in BRITISH_AMERICAN}
_ANY_BULLET = re.compile(r"^[-*+•]")
_KINDS = {"#": "heading", "-": "bullet"}


@dataclass(frozen=True, slots=True)
class Unit:
    """One stretch of the draft and what became of it. lower: the words that the draft has in lower case; unwanted: as of `guard`."""

    before: str
    after: str
    lower: frozenset[str]
    unwanted: frozenset[str] = frozenset()


def frozen_rule(unit: Unit) -> str | None:
    """Every frozen span is there as often as before, unchanged, and none is new."""
    old, new = (Counter(text[start:end] for start, end, _ in freeze(text)) for text in (unit.before, unit.after))
    return None if old == new else f"a frozen span would change: {_first(old - new or new - old)}"


def number_rule(unit: Unit) -> str | None:
    """No number is lost or invented, in digits or in words."""
    old, new = numbers(unit.before), numbers(unit.after)
    return None if old == new else f"a number would change: {_first(old - new or new - old)}"


def url_rule(unit: Unit) -> str | None:
    """No address is lost or invented."""
    old, new = addresses(unit.before), addresses(unit.after)
    return None if old == new else f"an address would change: {_first(old - new or new - old)}"


def negation_rule(unit: Unit) -> str | None:
    """As many negations as before."""
    old, new = negations(unit.before), negations(unit.after)
    if old != new:
        return f"negations would change from {old} to {new}"
    nearly, still = near_negations(unit.before), near_negations(unit.after)
    if nearly.total() != still.total():
        return f"what is nearly a negation would change: {min(nearly.keys() ^ still.keys(), default='it')!r}"
    turned = opposite(unit.before, unit.after) or opposite(unit.after, unit.before)
    return f"{turned!r} would become its opposite" if turned else None


def name_rule(unit: Unit) -> str | None:
    """No capitalised word inside a sentence is lost or invented; a first word loses its capital only if it is no name."""
    before, after = straight(unit.before), straight(unit.after)
    old, new = names(before), names(after)
    lost = old - Counter(said(after))
    if lost:
        return f"a name would be lost: {_first(lost)}"
    kept = set(map(str.lower, said(after)))
    first = [word for word in map(uncontracted, first_words(before)) if not no_name(word)]
    gone = [word for word in first if {word.lower(), _OTHER_SPELLING.get(word.lower(), "")}.isdisjoint(unit.lower | kept)]
    if gone:
        return f"a name may be lost: {min(gone)}"
    lowered = (first_words(before) & set(map(str.capitalize, said(after)))) - set(said(after))
    unknown = {word for word in lowered if not no_name(word) and word.lower() not in unit.lower}
    if unknown:
        return f"a name may lose its capital: {min(unknown)}"
    invented = new - Counter(said(before))
    return f"a name would be invented: {_first(invented)}" if invented else None


def structure_rule(unit: Unit) -> str | None:
    """Heading, list and quote marks stay at their lines, whichever mark a bullet has (an emoji, too), or go where the user wants none."""
    old, new = _markers(unit.before), _markers(unit.after)
    staying = [mark for mark in old if _KINDS.get(mark[:1]) not in unit.unwanted]
    return None if new in (old, staying, _markers(LED.sub("- ", unit.before))) else "the Markdown structure would change"


RULES: tuple[Callable[[Unit], str | None], ...] = (frozen_rule, number_rule, url_rule, negation_rule, name_rule, structure_rule)


def guard(
    draft: str,
    edits: Sequence[Edit],
    known_run: Callable[[Sequence[str]], bool] = lambda run: False,
    allowed: Sequence[str] = (),
    unwanted: frozenset[str] = frozenset(),
) -> tuple[list[Edit], Verdict]:
    """The edits that may stay, and the verdict.

    draft: the whole draft; edits: sorted and disjoint, offsets into it.
    known_run: whether a run of words stands in the private history.
    allowed: texts the user chose to have added (greeting, sign-off); as whole words that an edit adds, no rule looks at them.
    unwanted: features that the user wants none of; of "greeting", "sign_off", "heading" and "bullet" the draft's may go then.
    """
    frozen = freeze(draft)
    unit_reason = _UnitReason(draft, frozen, Leaks(draft, known_run), _as_added(allowed), unwanted)
    kept: list[_Group] = []
    reverted: list[Reverted] = []
    for group in _groups(draft, edits, [(f.start, f.end) for f in frozen]):
        reason = unit_reason(group)
        if reason is None:
            kept.append(group)
        else:
            reverted.append(Reverted(group.shown(draft), reason))
    kept, undone = _same_frozen_spans(draft, frozen, kept, _as_added(allowed))
    reverted += [Reverted(group.shown(draft), "what is frozen would change around it") for group in undone]
    return [edit for group in kept for edit in group.edits], Verdict(not reverted, tuple(reverted))


@dataclass(slots=True)
class _Group:
    """The edits of one unit, `draft[start:end]`; they stay or go together."""

    start: int
    end: int
    edits: list[Edit]

    def shown(self, draft: str) -> str:
        """The sentence for the verdict; what would have been put in where the unit is white space only."""
        before = draft[self.start : self.end]
        return before.strip() or "".join(edit.after for edit in self.edits).strip() or repr(before)


def _groups(draft: str, edits: Sequence[Edit], closed: Sequence[tuple[int, int]]) -> list[_Group]:
    """Sentences with the edits inside them; sentences that one edit spans become one unit. Untouched ones are left out."""
    groups: list[_Group] = []
    spans = sentences(draft, closed)
    position = 0
    for edit in edits:
        while position + 1 < len(spans) and spans[position].end <= edit.start:
            position += 1
        start, end = spans[position] if spans else (0, 0)
        last = position
        while end < edit.end and last + 1 < len(spans):
            last += 1
            end = spans[last].end
        if groups and groups[-1].end > start:
            groups[-1].end = max(end, groups[-1].end)
            groups[-1].edits.append(edit)
        else:
            groups.append(_Group(start, end, [edit]))
    return groups


def _as_added(allowed: Sequence[str]) -> tuple[str, ...]:
    """The user's own texts, longest first, also with the line ends of a draft that has \\r\\n."""
    both = {text for own in allowed if own.strip() for text in (own, own.replace("\r\n", "\n").replace("\n", "\r\n"))}
    return tuple(sorted(both, key=lambda text: (-len(text), text)))


class _UnitReason:
    """Why a unit must go back to the draft's words, or None. Holds what is worked out once for the whole draft."""

    def __init__(self, draft: str, frozen: Sequence[Frozen], leaks: Leaks, allowed: Sequence[str], unwanted: frozenset[str]) -> None:
        self._unwanted = unwanted
        self._draft, self._frozen, self._leaks, self._allowed = draft, frozen, leaks, allowed
        self._ends = [span.end for span in frozen]
        self._lower = frozenset(straight(word) for word in words(prose(draft, frozen)) if word.islower())

    def __call__(self, group: _Group) -> str | None:
        for edit in group.edits:
            if (touched := self._touched(edit)) is not None:
                return f"a frozen span would change: {self._draft[touched.start : touched.end]!r}"
        before, edits = self._unsigned(group)
        change = Change.of(before, edits, self._allowed)
        if not change.after.strip() and frame_of(before) in self._unwanted and self._at_edge(group):
            return None
        if reason := _reason(change, self._lower, self._unwanted):
            return reason
        leaks = self._leaks.has(group.start, group.end, change)
        return f"{PRIVATE_RUN} words in a row would come out of the private history" if leaks else None

    def _at_edge(self, group: _Group) -> bool:
        """Whether nothing is said before a greeting, or after a sign-off."""
        beside = self._draft[: group.start] if frame_of(self._draft[group.start : group.end]) == "greeting" else self._draft[group.end :]
        return not WORD.search(beside)

    def _inside(self, edit: Edit) -> Iterator[Frozen]:
        """Frozen spans of which an edit has some."""
        return takewhile(lambda span: span.start < edit.end, islice(self._frozen, bisect_right(self._ends, edit.start), None))

    def _touched(self, edit: Edit) -> Frozen | None:
        return next((span for span in self._inside(edit) if not self._signs(edit, span)), None)

    def _unsigned(self, group: _Group) -> tuple[str, list[Edit]]:
        """A unit without the places for a name that its edits fill, which no rule is to miss, and these edits."""
        before, edits, cut = self._draft[group.start : group.end], [], 0
        for edit in group.edits:
            moved = shift(edit, -group.start - cut)
            for span in self._inside(edit):
                start, end = span.start - group.start - cut, span.end - group.start - cut
                before = f"{before[:start]}{before[end:]}"
                cut += end - start
                moved = replace(moved, end=moved.end - (end - start), before=before[moved.start : moved.end - (end - start)])
            edits.append(moved)
        return before, edits

    def _signs(self, edit: Edit, span: Frozen) -> bool:
        """Whether a place for the user's name is filled by a sign-off of theirs."""
        return span.kind == SIGNATURE and edit.start <= span.start and span.end <= edit.end and edit.after in self._allowed


def _same_frozen_spans(
    draft: str, frozen: Sequence[Frozen], groups: list[_Group], allowed: Sequence[str]
) -> tuple[list[_Group], list[_Group]]:
    """A last look at the whole: an edit beside a fence or a quotation mark may change what these enclose.

    Where frozen spans differ, the unit nearest to the place is given up, and the look is taken again; after a few
    looks, each linear in the draft, everything is. Returns the units that stay and those that do not.
    """
    kept = groups
    for _ in range(_LOOKS):
        moved = _Moved(draft, kept, allowed)
        bad = {moved.nearest(points) for points in _differences(moved.expected(frozen), moved.found())}
        if not bad:
            break
        kept = [group for i, group in enumerate(kept) if i not in bad]
    else:
        kept = []
    staying = {id(group) for group in kept}
    return kept, [group for group in groups if id(group) not in staying]


class _Moved:
    """Where things are after the edits of some units: the units' edits, frozen spans, and the user's own texts."""

    def __init__(self, draft: str, groups: Sequence[_Group], allowed: Sequence[str]) -> None:
        pairs = [(i, edit) for i, group in enumerate(groups) for edit in group.edits]
        self._unit = [i for i, _ in pairs]
        self._change = Change.of(draft, [edit for _, edit in pairs], allowed)
        self._starts = [start for start, _ in self._change.put]

    def expected(self, frozen: Sequence[Frozen]) -> set[tuple[int, int]]:
        """Where the draft's frozen spans must be now, without places for a name that an edit fills; no other edit lies in one."""
        ends = [edit.end for edit in self._change.edits]
        moved = [0, *(now - end for end, (_, now) in zip(ends, self._change.put, strict=True))]  # what stands behind the first n edits
        before = [(f, bisect_right(ends, f.start)) for f in frozen]
        filled = {f for f, n in before if n < len(ends) and self._change.edits[n].start < f.end}
        return {(f.start + moved[n], f.end + moved[n]) for f, n in before if f not in filled}

    def found(self) -> set[tuple[int, int]]:
        """Where frozen spans are now, without those inside texts that the user chose to have added."""
        return {(f.start, f.end) for f in freeze(self._change.after) if 0 in self._change.own[f.start : f.end]}

    def nearest(self, points: Sequence[int]) -> int:
        """The unit with an edit at the first of the `points` that has one, else with the last edit before them all end."""
        for point in points:
            place = bisect_right(self._starts, point + 1) - 1
            if place >= 0 and self._change.put[place][1] >= point - 1:
                return self._unit[place]
        return self._unit[max(0, bisect_right(self._starts, points[-1]) - 1)]


def _differences(expected: set[tuple[int, int]], found: set[tuple[int, int]]) -> list[list[int]]:
    """Borders of the spans that are in one set only, in order; spans that overlap have one cause, so they make one list."""
    differences: list[list[int]] = []
    for start, end in sorted(expected ^ found):
        if differences and start < differences[-1][-1]:
            differences[-1] = sorted([*differences[-1], start, end]) if len(differences[-1]) < _BORDERS else differences[-1]
        else:
            differences.append([start, end])
    return differences


def _reason(change: Change, lower: frozenset[str], unwanted: frozenset[str]) -> str | None:
    reason = loss(change)
    if reason or not change.after.strip():
        return reason
    if 1 in change.own and frame_of(change.before) and not words(change.foreign()):
        return None  # the user's own greeting or sign-off in place of the draft's, names and all
    unit = Unit(*_without_stock(change), lower, unwanted)
    return next((reason for rule in RULES if (reason := rule(unit))), None)


def _without_stock(change: Change) -> tuple[str, str]:
    """What was and what is, without what the rewrite may drop whatever names and negations it has: stock sentences, and a phrase that only
    announces a sentence. Of the latter one edit takes all and puts back at most the capital of what follows."""
    before, after = change.before, change.foreign()
    whole = [span for span in stock(before) if not freeze(before[slice(*span)]) and _is_deleted(change, span)]
    for start, end in reversed(sentences(before)):
        if any(a <= start and end <= b for a, b in whole):
            before = before[:start] + before[end:]
        elif lead := dropped_lead(change, Span(start, end)):
            before = f"{before[: lead[0]]}{_NEUTRAL}{before[lead[1] :]}"  # what follows begins no sentence, so a name there still is one
    return before, after


def _is_deleted(change: Change, span: Span) -> bool:
    """Whether each word of a sentence lies in an edit that puts in none."""
    gone = [edit for edit in change.edits if not WORD.search(edit.after)]
    found = [match.span() for match in WORD.finditer(change.before, *span)]
    return all(any(edit.start <= start and end <= edit.end for edit in gone) for start, end in found)


def _markers(text: str) -> list[str]:
    return [_ANY_BULLET.sub("-", mark) for mark in map(line_mark, text.splitlines()) if mark]


def _first(counter: Counter[str]) -> str:
    return repr(min(counter)) if counter else ""
