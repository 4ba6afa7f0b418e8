"""guard: sentence by sentence, edits that could change what is said are taken back.

Each rule is one function (before, after) -> reason or None, over one unit: a sentence of the draft, or
several where an edit spans them. A unit that fails any rule goes back to the draft's words, with the reason.

Not covered: meaning. A word replaced by a false friend, a joke that turns sour, a name that begins a sentence
and is a common word too ("Will", "May"): nothing here notices.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rpo_edge.edits import apply, shift
from rpo_edge.features.framing import is_stock
from rpo_edge.lexicon import FUNCTION_WORDS, NEGATIONS, NUMBER_WORDS
from rpo_edge.records import Edit, Reverted, Verdict
from rpo_edge.segment import LINE_PREFIX, WORD, iter_sentence_starts, sentences, words
from rpo_edge.steps.freeze import freeze

PRIVATE_RUN = 6
"""Words in a row from the private history that may not appear unless the draft had them."""

_NUMBER = re.compile(r"\d[\d.,:/]*\d|\d")
_URL = re.compile(r"(?:https?|ftp)://\S+|www\.\S+|[\w.+-]+@[\w-]+\.\w+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unit:
    """One stretch of the draft and what became of it. `lower` are the words that the draft has in lower case."""

    before: str
    after: str
    lower: frozenset[str]


def frozen_rule(unit: Unit) -> str | None:
    """Every frozen span is there as often as before, unchanged, and none is new."""
    old, new = (Counter(text[start:end] for start, end, _ in freeze(text)) for text in (unit.before, unit.after))
    return None if old == new else f"a frozen span would change: {_first(old - new or new - old)}"


def number_rule(unit: Unit) -> str | None:
    """No number is lost or invented, in digits or in words."""
    old, new = _numbers(unit.before), _numbers(unit.after)
    return None if old == new else f"a number would change: {_first(old - new or new - old)}"


def url_rule(unit: Unit) -> str | None:
    """No address is lost or invented."""
    old, new = Counter(_URL.findall(unit.before)), Counter(_URL.findall(unit.after))
    return None if old == new else f"an address would change: {_first(old - new or new - old)}"


def negation_rule(unit: Unit) -> str | None:
    """As many negations as before."""
    old, new = _negations(unit.before), _negations(unit.after)
    return None if old == new else f"negations would change from {old} to {new}"


def name_rule(unit: Unit) -> str | None:
    """No capitalised word inside a sentence is lost or invented; a first word loses its capital only if it is no name."""
    old, new = _names(unit.before), _names(unit.after)
    lost = old - Counter(_tokens(unit.after))
    if lost:
        return f"a name would be lost: {_first(lost)}"
    lowered = (_initials(unit.before) & set(map(str.capitalize, _tokens(unit.after)))) - set(_tokens(unit.after))
    unknown = {word for word in lowered if word.lower() not in FUNCTION_WORDS and word.lower() not in unit.lower}
    if unknown:
        return f"a name may lose its capital: {min(unknown)}"
    invented = new - Counter(_tokens(unit.before))
    return f"a name would be invented: {_first(invented)}" if invented else None


def structure_rule(unit: Unit) -> str | None:
    """Headings, list markers and quote marks stay at the lines where they are."""
    old, new = _markers(unit.before), _markers(unit.after)
    return None if old == new else "the Markdown structure would change"


RULES: tuple[Callable[[Unit], str | None], ...] = (frozen_rule, number_rule, url_rule, negation_rule, name_rule, structure_rule)


def removal_reason(before: str, after: str) -> str | None:
    """A whole sentence may go only if it is a stock opener or closer without a frozen span."""
    if after.strip() or not before.strip():
        return None
    gone = [before[start:end] for start, end in sentences(before)]
    if all(is_stock(sentence) for sentence in gone) and not freeze(before):
        return None
    return "a sentence would be lost"


def guard(
    draft: str,
    edits: Sequence[Edit],
    known_run: Callable[[Sequence[str]], bool] = lambda run: False,
    allowed: Sequence[str] = (),
) -> tuple[list[Edit], Verdict]:
    """The edits that may stay, and the verdict.

    draft: the whole draft; edits: sorted and disjoint, offsets into it.
    known_run: whether a run of words stands in the private history.
    allowed: texts the user chose to have added (greeting, sign-off); they count neither as names nor as a leak.
    """
    frozen = freeze(draft)
    lower = frozenset(word for word in words(draft) if word.islower())
    runs: set[tuple[str, ...]] | None = None
    kept: list[Edit] = []
    reverted: list[Reverted] = []
    for start, end, group in _units(draft, edits, [(f.start, f.end) for f in frozen]):
        before = draft[start:end]
        after = apply(before, [shift(edit, -start) for edit in group])
        reason = next(
            (
                f"a frozen span would change: {draft[f.start : f.end]!r}"
                for f in frozen
                for e in group
                if e.start < f.end and f.start < e.end
            ),
            None,
        )
        reason = reason or _reason(before, after, lower, allowed)
        if reason is None and any(words(edit.after) for edit in group):
            runs = _runs(_plain(draft)) if runs is None else runs
            reason = _leak(draft[:start], after, draft[end:], runs, known_run, allowed)
        if reason is None:
            kept += group
        else:
            reverted.append(Reverted(before.strip(), reason))
    kept, undone = _same_frozen_spans(draft, kept)
    reverted += undone
    return kept, Verdict(not reverted, tuple(reverted))


def _same_frozen_spans(draft: str, edits: list[Edit]) -> tuple[list[Edit], list[Reverted]]:
    """A last look at the whole: an edit beside a fence or a quotation mark may change what these enclose.

    Deletions are given up first, since they move what follows to the start of a line; then everything is.
    """
    frozen = [draft[start:end] for start, end, _ in freeze(draft)]
    for kept in (edits, [edit for edit in edits if edit.after], []):
        text = apply(draft, kept)
        if kept == [] or [text[start:end] for start, end, _ in freeze(text)] == frozen:
            break
    return kept, [Reverted(edit.before, "what is frozen would change around it") for edit in edits if edit not in kept]


def _units(draft: str, edits: Sequence[Edit], closed: Sequence[tuple[int, int]]) -> list[tuple[int, int, list[Edit]]]:
    """Sentences with the edits inside them; sentences that one edit spans become one unit. Untouched ones are left out."""
    units: list[tuple[int, int, list[Edit]]] = []
    spans = sentences(draft, closed) or []
    position = 0
    for edit in edits:
        while position + 1 < len(spans) and spans[position].end <= edit.start:
            position += 1
        start, end = spans[position] if spans else (0, 0)
        last = position
        while end < edit.end and last + 1 < len(spans):
            last += 1
            end = spans[last].end
        if units and units[-1][1] > start:
            units[-1] = (units[-1][0], max(end, units[-1][1]), [*units[-1][2], edit])
        else:
            units.append((start, end, [edit]))
    return units


def _reason(before: str, after: str, lower: frozenset[str], allowed: Sequence[str]) -> str | None:
    if not after.strip():
        return removal_reason(before, after)
    for text in allowed:
        if text in after and text not in before:
            after = after.replace(text, "", 1)
    kept, cut = _without_stock(before, after)
    unit = Unit(kept, cut, lower)
    return next((reason for rule in RULES if (reason := rule(unit))), None)


def _without_stock(before: str, after: str) -> tuple[str, str]:
    """Stock sentences that the rewrite dropped do not count for the rules: neither their negation nor their names."""
    for start, end in reversed(sentences(before)):
        sentence = before[start:end]
        if is_stock(sentence) and not freeze(sentence) and sentence.strip() not in after:
            before = before[:start] + before[end:]
    return before, after


def _leak(
    left: str, after: str, right: str, runs: set[tuple[str, ...]], known: Callable[[Sequence[str]], bool], allowed: Sequence[str]
) -> str | None:
    for text in allowed:
        after = after.replace(text, "\0")
    margin = 40 * PRIVATE_RUN
    near = [*_plain(left[-margin:])[-PRIVATE_RUN + 1 :], *_plain(after), *_plain(right[:margin])[: PRIVATE_RUN - 1]]
    for run in sorted(_runs(near) - runs):
        if known(run):
            return f"{PRIVATE_RUN} words in a row would come out of the private history"
    return None


def _plain(text: str) -> list[str]:
    return [word.lower().replace("’", "'") for word in words(text)]


def _runs(tokens: list[str]) -> set[tuple[str, ...]]:
    return set(zip(*(tokens[i:] for i in range(PRIVATE_RUN)), strict=False))


def _numbers(text: str) -> Counter[str]:
    return Counter(_NUMBER.findall(text)) + Counter(word for word in _plain(text) if word in NUMBER_WORDS)


def _negations(text: str) -> int:
    return sum(word in NEGATIONS or word.endswith("n't") for word in _plain(text))


def _tokens(text: str) -> list[str]:
    return [re.sub(r"['’](?:s|re|ve|ll|d|m)$", "", word) for word in words(text)]


def _starts(text: str) -> set[int]:
    return set(iter_sentence_starts(text))


def _names(text: str) -> Counter[str]:
    """Capitalised words that do not begin a sentence, and words with a capital or digit inside, anywhere."""
    starts = _starts(text)
    found = (re.sub(r"['’](?:s|re|ve|ll|d|m)$", "", m[0]) for m in WORD.finditer(text) if m.start() not in starts or not m[0][1:].islower())
    return Counter(word for word in found if not word.islower() and word not in ("I", "A") and any(c.isupper() for c in word))


def _initials(text: str) -> set[str]:
    return {
        match[0] for start in _starts(text) if (match := WORD.match(text, start)) and match[0][:1].isupper() and match[0] not in ("I", "A")
    }


def _markers(text: str) -> list[str]:
    found = (LINE_PREFIX.match(line) for line in text.splitlines())
    return [match[0].strip() for match in found if match and match[0].strip()]


def _first(counter: Counter[str]) -> str:
    return repr(min(counter)) if counter else ""
