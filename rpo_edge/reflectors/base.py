"""What a reflector is: it sees a window of a draft, evidence and profile, and proposes edits with reasons.

At the edges: an empty window, or a profile without habits and preferences, gives no edits. Nothing here
checks safety: the guard does, for every reflector alike. Same window, same profile: same reflection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rpo_edge.history import Counter
from rpo_edge.records import Edit, Evidence, Observation, ReflectorInfo, StyleProfile


@dataclass(frozen=True, slots=True)
class Window:
    """`draft[start:end]`: whole paragraphs, with the paragraphs around them as context.

    `frozen` are the frozen spans inside the window, relative to its start.
    """

    text: str
    start: int
    before: str = ""
    after: str = ""
    frozen: tuple[tuple[int, int, str], ...] = ()

    @property
    def first(self) -> bool:
        """Whether the draft begins here."""
        return self.start == 0

    @property
    def last(self) -> bool:
        """Whether the draft ends here."""
        return not self.after


@dataclass(frozen=True, slots=True)
class Reflection:
    """What the reflector saw, and the edits (offsets into the window) that follow from it."""

    observations: tuple[Observation, ...] = ()
    edits: tuple[Edit, ...] = ()


class Reflector(Protocol):
    """One narrow method; comfort lives in the pipeline. Raises ReflectorError when it cannot go on."""

    @property
    def info(self) -> ReflectorInfo:
        """Name and model digest."""
        ...

    @property
    def counter(self) -> Counter | None:
        """What must be counted in the history for it, beyond the profile; the profile then has it under "sides"."""
        ...

    def reflect(self, window: Window, evidence: Evidence, profile: StyleProfile) -> Reflection:
        """Observations and sorted, disjoint edits for one window."""
        ...
