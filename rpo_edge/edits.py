"""Edits of a draft: found, put in order, applied. Serving and training share this file.

An `Edit` replaces `draft[start:end]`; edits of one draft are sorted and do not overlap. An insertion
(start == end) may touch a replacement but not lie inside one.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from rpo_edge.records import Edit
from rpo_edge.segment import MARK, WORD

_TOKEN = re.compile(rf"{WORD.pattern}|\s|{MARK.pattern}|_")
_ISLAND = 1  # a single space or mark that stays between two changed words does not part them: "do not" -> "don't" is one edit


def apply(draft: str, edits: Sequence[Edit]) -> str:
    """The text that results when sorted, disjoint `edits` are made in `draft`.

    Raises ValueError where an edit overlaps its predecessor or does not fit the draft.
    """
    pieces, position = [], 0
    for edit in edits:
        if edit.start < position or edit.end < edit.start or draft[edit.start : edit.end] != edit.before:
            raise ValueError(f"edit {edit.start}:{edit.end} does not fit the draft")
        pieces += [draft[position : edit.start], edit.after]
        position = edit.end
    pieces.append(draft[position:])
    return "".join(pieces)


def align(draft: str, target: str, reason: str = "align") -> list[Edit]:
    """Edits of whole words and marks that turn `draft` into `target`: `apply(draft, align(draft, target)) == target`.

    Where an insertion or deletion could stand in several places ("is [really ]good", "is[ really] good") it stands as far
    right as it can, so that the same change is always the same edit.
    """
    old, new = _TOKEN.findall(draft), _TOKEN.findall(target)
    offsets = [0]
    for token in old:
        offsets.append(offsets[-1] + len(token))
    edits = []
    for i, j, after in _joined(SequenceMatcher(None, old, new, autojunk=False).get_opcodes(), old, new):
        i, j, after = _slid(i, j, after, old)
        edits.append(Edit(offsets[i], offsets[j], "".join(old[i:j]), "".join(after), reason))
    return edits


def _joined(opcodes: Iterable[tuple[str, int, int, int, int]], old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, list[str]]]:
    """(start, end, tokens in place of old[start:end]) of each change; replacements that only an island parts are one."""
    changes: list[tuple[int, int, list[str]]] = []
    for kind, i1, i2, j1, j2 in opcodes:
        if kind == "equal":
            continue
        if changes and i1 - changes[-1][1] <= _ISLAND and (i2 > i1 or changes[-1][1] > changes[-1][0]):
            start, end, after = changes[-1]
            changes[-1] = (start, i2, [*after, *old[end:i1], *new[j1:j2]])
        else:
            changes.append((i1, i2, list(new[j1:j2])))
    return changes


def _slid(i: int, j: int, after: list[str], old: Sequence[str]) -> tuple[int, int, list[str]]:
    """A pure insertion or deletion, moved right while that says the same."""
    while not after and i < j < len(old) and old[i] == old[j]:
        i, j = i + 1, j + 1
    while i == j < len(old) and after and after[0] == old[i]:
        after = [*after[1:], old[i]]
        i, j = i + 1, j + 1
    return i, j, after


def disjoint(edits: Iterable[Edit]) -> list[Edit]:
    """Sorted by offset; of two that overlap, the one given first is kept, edits without effect are dropped."""
    kept: list[Edit] = []
    taken: list[tuple[int, int]] = []
    for edit in edits:
        span = (edit.start, edit.end)
        place = bisect_left(taken, span)
        # What is taken does not overlap, so its ends are in order too, and only the two neighbours can clash.
        if edit.before != edit.after and not any(_clash(span, other) for other in taken[max(0, place - 1) : place + 1]):
            kept.append(edit)
            taken.insert(place, span)
    return sorted(kept, key=lambda edit: (edit.start, edit.end))


def _clash(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two spans share a code point, one lies strictly inside the other, or both are the same place."""
    return one == other or (one[0] < other[1] and other[0] < one[1])


def shift(edit: Edit, offset: int) -> Edit:
    """The same edit in a text in which the window begins at `offset`."""
    return replace(edit, start=edit.start + offset, end=edit.end + offset)
