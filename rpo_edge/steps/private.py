"""private: no run of words comes out of the private history into a rewrite, unless the draft had it.

Words are compared without regard to case, marks and contractions: who says "do not hesitate" where the draft has "don't hesitate"
says nothing new. Not seen: what is told in other words, or in shorter runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rpo_edge.lexicon import BARE
from rpo_edge.segment import plain_words, words
from rpo_edge.steps.facts import parted
from rpo_edge.steps.loss import Change

PRIVATE_RUN = 6
"""Words in a row from the private history that may not appear unless the draft had them."""

_MARGIN = 40 * PRIVATE_RUN  # code points around a change that surely hold the words of a run that crosses its border
_SPOKEN = {"is": "'s", "has": "'s", "had": "'d", "would": "'d", "am": "'m", "are": "'re", "have": "'ve", "will": "'ll"}
"""What contracts with the word before it, as it is then written."""


def runs(tokens: Sequence[str]) -> set[tuple[str, ...]]:
    """Each PRIVATE_RUN words in a row."""
    return set(zip(*(tokens[i:] for i in range(PRIVATE_RUN)), strict=False))


class Leaks:
    """Finds what changes of a draft would tell. known: whether a run of words stands in the private history.

    What is worked out of the draft is so once, and only if a change puts words in.
    """

    def __init__(self, draft: str, known: Callable[[Sequence[str]], bool]) -> None:
        self._draft, self._known = draft, known
        self._runs: set[tuple[str, ...]] | None = None
        self._spoken = ""

    def has(self, start: int, end: int, change: Change) -> bool:
        """Whether the change of `draft[start:end]` would tell something, together with the words beside it."""
        if not any(words(edit.after) for edit in change.edits):
            return False
        if self._runs is None:
            self._runs = runs(plain_words(self._draft))
            self._spoken = _spoken(plain_words(self._draft))
        left, right = self._draft[max(0, start - _MARGIN) : start], self._draft[end : end + _MARGIN]
        near = [*plain_words(left)[-PRIVATE_RUN + 1 :], *plain_words(change.foreign()), *plain_words(right)[: PRIVATE_RUN - 1]]
        # The history is asked last: most runs are new by a contraction alone.
        return any(_spoken(run) not in self._spoken and self._known(run) for run in runs(near) - self._runs)


def _spoken(tokens: Sequence[str]) -> str:
    """A run of words with all contracted that can be, so that "do not hesitate" is the draft's where that has "don't hesitate"."""
    parts: list[str] = []
    for token in tokens:
        full = BARE.get(token, token)
        stem, clitic = parted(full)
        parts.append(_SPOKEN.get(stem, stem))
        if clitic or full == "cannot":
            parts.append("not" if clitic in ("", "n't") else clitic)
    return f" {' '.join(parts)} "
