"""The values that travel between the steps: frozen dataclasses, no behaviour beyond derived facts.

Offsets are code points into the draft, half open: `draft[start:end]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

EVIDENCE_IDS = 3
"""How many items a habit names for each of its variants, at most."""

_PARTIAL_DATE = re.compile(r"[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?")
_DATE = re.compile(r"(?P<day>[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-?W[0-9]{2}(?:-?[1-7])?)(?:[T ](?P<time>(?P<basic>[0-9]{3})?.+))?")


def iso_date(value: str) -> str | None:
    """A date in ISO 8601's extended form, in which dates sort as text ("20240102" is "2024-01-02"); None for what is none.

    value: a year, a month or a day, and a day may have a time; said as precisely in what is returned.
    """
    if _PARTIAL_DATE.fullmatch(value):
        return value
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    try:
        moment, day = datetime.fromisoformat(value), date.fromisoformat(found["day"])
    except ValueError:
        return None
    if found["time"] is None:
        return day.isoformat()
    return moment.isoformat() if found["basic"] else f"{day.isoformat()}T{found['time']}"


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One text the user wrote. `id` is None until the store has given one.

    source: the place that the user knows it by ("letters"); kind: what it is ("email", "chat", "note", "commit" …); origin: where
    exactly it came from, as its format names places (a message's id, a commit, a file).
    """

    text: str
    source: str = "manual"
    date: str | None = None  # ISO 8601, as precise as is known; see `iso_date`
    title: str | None = None
    id: int | None = None
    kind: str | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The history items that were retrieved for one draft, best first."""

    items: tuple[HistoryItem, ...] = ()
    query: str | None = None

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids of the items, best first."""
        return tuple(item.id for item in self.items if item.id is not None)


@dataclass(frozen=True, slots=True)
class Habit:
    """What a user's history shows of one style feature.

    counts: variant -> how often it was seen (for measures: a named sum).
    evidence: variant -> ids of items that show this variant, newest first, EVIDENCE_IDS at most.
    """

    feature: str
    counts: Mapping[str, float]
    evidence: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StyleProfile:
    """The measured habits of a user, by feature key, and the preferences they stated."""

    habits: Mapping[str, Habit] = field(default_factory=dict)
    preferences: Mapping[str, str] = field(default_factory=dict)
    items: int = 0
    words: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """How the user differs from the draft in one feature, and what is done about it."""

    feature: str
    draft: str
    user: str
    action: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `draft[start:end]` (which is `before`) by `after`; `evidence` are history ids, `feature` is an observation's."""

    start: int
    end: int
    before: str
    after: str
    reason: str
    evidence: tuple[int, ...] = ()
    feature: str = ""


@dataclass(frozen=True, slots=True)
class Reverted:
    """A sentence of the draft whose edits were refused, and why."""

    sentence: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the guard decided: `accepted` is False when anything was reverted."""

    accepted: bool = True
    reverted: tuple[Reverted, ...] = ()


@dataclass(frozen=True, slots=True)
class ReflectorInfo:
    """Name of the reflector that ran and the digest of its model (None: it has none)."""

    name: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The result: applying `edits` to `draft` gives `text`. Timings are in milliseconds."""

    text: str
    draft: str
    edits: tuple[Edit, ...]
    observations: tuple[Observation, ...]
    verdict: Verdict
    reflector: ReflectorInfo
    timings_ms: Mapping[str, float]
    notices: tuple[str, ...] = ()  # for the user: why a draft was left alone, what stood in for what
    failed: bool = False  # a reflector failed while running; `text` is the draft, or of a stream that sentence is the draft's

    @property
    def changed(self) -> bool:
        """Whether the text differs from the draft."""
        return self.text != self.draft
