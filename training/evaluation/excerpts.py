"""The worst rewrites in a few lines each, for a model's card: the draft, the rewrite and what was wanted, cut around what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice, zip_longest

from rpo_edge.edits import align, apply, shift
from rpo_edge.records import Edit
from training.evaluation.outcome import Failure

WORST = 5
LONGEST = 400
"""Code points of a draft."""
_MOST = 500  # of what became of them
_BEFORE = 80  # of them, before the first edit that is shown
_CUT = "…"


def worst(failures: Mapping[str, Iterable[Failure]]) -> list[dict[str, str]]:
    """The worst WORST, in turn of each suite: suite, what is wrong, draft, rewrite, and what was "wanted" where that is known."""
    ranked = ([(suite, one) for one in sorted(found, key=lambda f: (-f.worse, f.title))] for suite, found in failures.items())
    turns = filter(None, chain.from_iterable(zip_longest(*ranked)))
    return [{"suite": suite, "what": one.title, **excerpt(one)} for suite, one in islice(turns, WORST)]


def excerpt(failure: Failure) -> dict[str, str]:
    """The same place of its texts: where most edits are that the target has not, or of all edits if there is no target."""
    made = align(failure.draft, failure.rewrite)
    wanted = align(failure.draft, failure.target) if failure.target is not None else []
    start, end = _place(failure.draft, [edit for edit in made if edit not in wanted] or made)
    texts = {"draft": _cut(failure.draft, [], start, end), "rewrite": _cut(failure.draft, made, start, end)}
    return texts | ({"wanted": _cut(failure.draft, wanted, start, end)} if failure.target is not None else {})


def _place(draft: str, edits: Sequence[Edit]) -> tuple[int, int]:
    """Of the draft, between words: LONGEST code points with the most of these edits."""
    places = [edit.start for edit in edits] or [0]
    first = max(places, key=lambda place: sum(place <= other < place + LONGEST - _BEFORE for other in places))
    start = max(0, first - _BEFORE)
    end = start + LONGEST
    if start:
        start = draft.find(" ", start, first) + 1 or start
    if end < len(draft):
        end = draft.rfind(" ", first, end) if " " in draft[first:end] else end
    return start, end


def _cut(draft: str, edits: Sequence[Edit], start: int, end: int) -> str:
    """What these edits make of draft[start:end]; one that lies across an end is shown, and what is very long cut again."""
    across = [edit for edit in edits if any(edit.start < place < edit.end for place in (start, end))]
    start, end = min([start, *(edit.start for edit in across)]), max([end, *(edit.end for edit in across)])
    within = [shift(edit, -start) for edit in edits if start <= edit.start and edit.end <= end]
    text = apply(draft[start:end], within)
    return f"{_CUT if start else ''}{text[:_MOST]}{_CUT if end < len(draft) or len(text) > _MOST else ''}"
