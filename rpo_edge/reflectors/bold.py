"""Bold that goes, for `rules`: an edit of either mark, so that what was bold may change as well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rpo_edge.features.layout import BOLD
from rpo_edge.records import Edit

_MARK = "**"


class Bold:
    """The edits of one window that take bold away."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self._whole = {edit.start: edit for edit in edits if edit.feature == BOLD.name and edit.before == f"{_MARK}{edit.after}{_MARK}"}

    def parted(self, edits: Iterable[Edit]) -> list[Edit]:
        """With an edit of either mark in place of each."""
        found = []
        for edit in edits:
            n = len(_MARK)
            left = replace(edit, end=edit.start + n, before=_MARK, after="")
            found += [left, replace(left, start=edit.end - n, end=edit.end)] if self._whole.get(edit.start) is edit else [edit]
        return found

    def paired(self, edits: list[Edit]) -> list[Edit]:
        """Without a mark of which the other stays."""
        there = {edit.start for edit in edits if is_mark(edit)}
        pairs = [(edit.start, edit.end - len(_MARK)) for edit in self._whole.values()]
        alone = {mark for pair in pairs if not there.issuperset(pair) for mark in pair}
        return [edit for edit in edits if not (is_mark(edit) and edit.start in alone)]

    def joined(self, edits: Iterable[Edit]) -> list[Edit]:
        """With one edit for two marks between which nothing changes."""
        found: list[Edit] = []
        for edit in edits:
            whole = self._whole.get(found[-1].start) if found and is_mark(found[-1]) else None
            if whole and is_mark(edit) and edit.end == whole.end:
                found[-1] = whole
            else:
                found.append(edit)
        return found


def is_mark(edit: Edit) -> bool:
    """Whether an edit takes one mark of bold away."""
    return edit.feature == BOLD.name and edit.before == _MARK and not edit.after
