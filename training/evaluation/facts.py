"""What a rewrite lost and what it invented, counted by kind.

What a number and a negation are, and whether a name is lost, is the guard's to say, which knows what may begin a sentence; all is counted over the whole text. A number in
digits, a date or an address is a frozen span too, and counts as both. What has only moved is neither lost nor invented.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from rpo_edge.edits import apply
from rpo_edge.features.framing import announced, is_stock
from rpo_edge.records import Edit
from rpo_edge.segment import WORD, iter_sentence_starts, straight, words
from rpo_edge.steps.facts import negations, numbers, parted
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.guard import Unit, name_rule
from rpo_edge.steps.loss import dropped

Change = tuple[int, int]
"""How many are lost, and how many invented."""

_ADDRESSES = ("url", "email")


def _frozen(text: str) -> Counter[str]:
    return Counter(text[start:end] for start, end, _ in freeze(text))


def _addresses(text: str) -> Counter[str]:
    return Counter(text[start:end] for start, end, kind in freeze(text) if kind in _ADDRESSES)


def _negations(text: str) -> Counter[str]:
    """All as one: "do not" and "don't" deny the same."""
    return Counter({"not": negations(text)})


def _differing(found: Callable[[str], Counter[str]]) -> Callable[[Unit], Change]:
    def changed(unit: Unit) -> Change:
        old, new = found(unit.before), found(unit.after)
        return (old - new).total(), (new - old).total()

    return changed


def _names(unit: Unit) -> Change:
    """By capitals inside a sentence, where the guard's rule finds anything; a name that begins one counts as one that is lost."""
    if name_rule(unit) is None:
        return 0, 0
    old, new = straight(unit.before), straight(unit.after)
    lost, invented = _capitals(old) - _bare(words(new)), _capitals(new) - _bare(words(old))
    return (lost.total(), invented.total()) if lost or invented else (1, 0)


def _capitals(text: str) -> Counter[str]:
    starts = set(iter_sentence_starts(text))
    return _bare([match[0] for match in WORD.finditer(text) if match[0][:1].isupper() and match.start() not in starts])


def _bare(found: Sequence[str]) -> Counter[str]:
    return Counter(parted(word)[0] for word in found)


KINDS: Mapping[str, Callable[[Unit], Change]] = {
    "frozen spans": _differing(_frozen),
    "numbers": _differing(numbers),
    "addresses": _differing(_addresses),
    "negations": _differing(_negations),
    "names": _names,
}
"""Kind -> how many of a draft's are lost, and how many of the rewrite's invented."""


def changes(draft: str, edits: Sequence[Edit], text: str) -> dict[str, Change]:
    """By kind, of those that changed. text: the draft with these edits. What stands in a stock phrase may go with it, whatever it is."""
    if text == draft:
        return {}
    kept = apply(draft, [edit for edit in edits if _drops_stock(draft, edit)])
    unit = Unit(kept, text, frozenset(words(draft)))
    return {kind: change for kind, changed in KINDS.items() if any(change := changed(unit))}


def _drops_stock(draft: str, edit: Edit) -> bool:
    """Whether a stock sentence or phrase goes, and at most a letter of what follows gets its capital."""
    lead = announced(draft, edit.start)
    return (not edit.after and is_stock(edit.before)) or (lead is not None and dropped(edit, *lead))
