"""What the header, or the last comment of a stream, says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rpo_edge.engine import EMPTY_HISTORY, NOT_ENGLISH
from rpo_edge.serve.parts import Outcome

HEADER = "rpo-edge"
OFF = "off"
STREAMING = "streaming"
_NOTICES = {EMPTY_HISTORY: "empty-history", NOT_ENGLISH: "not-english"}


def unchanged(reason: str) -> str:
    """The header's value where nothing was done."""
    return f"unchanged; reason={reason}"


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of an answer's texts.

    passed: sentences that overload left as they were; failed: something of ours went wrong outside of them.
    """

    outcomes: tuple[Outcome, ...] = ()
    passed: int = 0
    failed: bool = False
    reason: str | None = None

    def __str__(self) -> str:
        """The header's value."""
        changed = any(outcome.changed for outcome in self.outcomes)
        said = "rewritten" if changed else unchanged(self._why())
        failed = sum(outcome.failed for outcome in self.outcomes)
        said += f"; failed={failed}" if changed and failed else ""
        return f"{said}; passed={self.passed}" if self.passed else said

    def _why(self) -> str:
        if self.reason:
            return self.reason
        if self.failed or any(outcome.failed for outcome in self.outcomes):
            return "failed"
        if self.passed:
            return "overloaded"
        return _of_notices(notice for outcome in self.outcomes for notice in outcome.notices) if self.outcomes else "no-prose"


def _of_notices(notices: Iterable[str]) -> str:
    return next((_NOTICES[notice] for notice in notices if notice in _NOTICES), "no-change")
