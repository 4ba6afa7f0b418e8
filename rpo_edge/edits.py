"""Edits of a draft: put in order, applied. Serving and training share this file.

An `Edit` replaces `draft[start:end]`; edits of one draft are sorted and do not overlap. An insertion
(start == end) may touch a replacement but not lie inside one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rpo_edge.records import Edit


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


def disjoint(edits: Iterable[Edit]) -> list[Edit]:
    """Sorted by offset; of two that overlap, the one given first is kept, edits without effect are dropped."""
    kept: list[Edit] = []
    taken: list[tuple[int, int]] = []
    for edit in edits:
        clash = any((edit.start < end and start < edit.end) or (edit.start, edit.end) == (start, end) for start, end in taken)
        if edit.before != edit.after and not clash:
            kept.append(edit)
            taken.append((edit.start, edit.end))
    return sorted(kept, key=lambda edit: (edit.start, edit.end))


def shift(edit: Edit, offset: int) -> Edit:
    """The same edit in a text in which the window begins at `offset`."""
    return Edit(edit.start + offset, edit.end + offset, edit.before, edit.after, edit.reason, edit.evidence)
