"""What a reflector is: it sees a window of a draft, evidence and profile, and proposes edits with reasons.

At the edges: an empty window, or a profile without habits and preferences, gives no edits. Nothing here
checks safety: the guard does, for every reflector alike. Same window, same profile: same reflection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from rpo_edge.history import Counter
from rpo_edge.records import Edit, Evidence, Observation, ReflectorInfo, StyleProfile
from rpo_edge.segment import words
from rpo_edge.steps.registers import MESSAGE, Register

if TYPE_CHECKING:
    from rpo_edge.runtimes.base import States


@dataclass(frozen=True, slots=True)
class Window:
    """`draft[start:end]`: whole paragraphs, with the paragraphs around them as context; or one sentence of a draft that is still coming.

    `frozen` are the frozen spans inside the window, relative to its start. last: whether the draft ends here.
    sentence: whether it is one; `after` is unknown then, `before` ends where the window starts, and the white space between both is the
    window's. carry: what rounding left in the sentences before it, by the reflector's own names. strength: how much of the way to the user,
    0 to 1; what is one way all over a text goes from one half on, what they stated always. A reflector that writes the text anew, whose
    edits belong together, goes so much of the way in whole sentences, and at 0 none. More never makes fewer edits. formal: whether the draft
    is a letter to someone who is called by a title or an office. opening: what was known of the draft where it begins, so that what is put at
    its end goes with what was put there. grave: whether nothing in the draft is called out.
    """

    text: str
    start: int
    before: str = ""
    after: str = ""
    frozen: tuple[tuple[int, int, str], ...] = ()
    last: bool = True
    sentence: bool = False
    carry: Mapping[str, float] = field(default_factory=dict)
    strength: float = 1.0
    formal: bool = False
    opening: str = ""
    grave: bool = False

    @property
    def first(self) -> bool:
        """Whether the draft begins here."""
        return self.start == 0

    @property
    def register(self) -> Register:
        """What the whole draft is, as far as it is known. What is still to come may be long, so a sentence belongs to no message."""
        if self.formal:
            return "formal letters"
        short = not self.sentence and len(words(f"{self.before}{self.text}{self.after}")) < MESSAGE
        return "messages" if short else ""

    @property
    def lead(self) -> str:
        """What the window's text is to be read after, so that it is read as a part of its draft: `before` for a sentence, else nothing."""
        return self.before if self.sentence else ""


@dataclass(frozen=True, slots=True)
class Reflection:
    """What the reflector saw, and the edits (offsets into the window) that follow from it. carry: for the next sentence, see `Window`.

    seen: of the features that change, how often each variant stands in the window; observations speak of the features of edits by their names.
    """

    observations: tuple[Observation, ...] = ()
    edits: tuple[Edit, ...] = ()
    carry: Mapping[str, float] = field(default_factory=dict)
    seen: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


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


@runtime_checkable
class Closable(Protocol):
    """A reflector that holds something, a model say. What it reflects afterwards raises ReflectorError where it needs that; closing twice is fine."""

    def close(self) -> None:
        """Free it."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """A reflector whose model computes something that is worth keeping from one process to the next."""

    def remember(self, states: States | None) -> None:
        """Where, for what it reflects from now on; None: nowhere."""
        ...


@runtime_checkable
class Citing(Protocol):
    """A reflector that reads no texts, as it goes by the profile: of those that are retrieved it only names what it cites first."""

    @property
    def cites_only(self) -> Literal[True]:
        """That it is one."""
        ...
