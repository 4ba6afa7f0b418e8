"""What a part of the evaluation returns, and the few things that all parts' tables are made with.

Figures have one form, which the model cards read (`export/parity/suites.py`): figure -> method -> interval, number or None; or one level
deeper, group -> figure -> method -> …, where a group breaks down ("recall by feature") or keeps parts apart ("attribution"). Beside them may
stand what is of no method: a number, or rows for a plot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rpo_edge.records import Edit
from training.statistics import Interval

Pairs = list[tuple[float, float]]
"""(numerator, denominator) of one text after another."""


@dataclass(frozen=True)
class Failure:
    """A text that a person should look at. worse: how bad, within its part; target: where there is one."""

    part: str
    title: str
    worse: float
    draft: str
    rewrite: str
    edits: tuple[Edit, ...]
    target: str | None = None


@dataclass(frozen=True)
class Outcome:
    """Figures for JSON, by name; the same as Markdown, the first line saying of what and of how much; and the failures.

    gains: measure, of which more is better -> what the right history adds to another user's, paired.
    """

    figures: dict[str, Any]
    text: str
    failures: Sequence[Failure] = field(default=())
    gains: Mapping[str, Interval] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Of what the figures are, and of how much."""
        return self.text.partition("\n")[0]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; numbers with three digits, intervals as they print, a dash for None, the rest as it is."""
    return "\n".join([_line(head), "|" + "---|" * len(head), *map(_line, rows)]) + "\n"


def _line(cells: Sequence[object]) -> str:
    return "".join(f"| {text} " if text else "| " for text in map(_cell, cells)) + "|"


def _cell(cell: object) -> str:
    if cell is None:
        return "–"
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)


def label(name: str) -> str:
    """A row's name; differences ("edit over rules") stand out."""
    return f"**{name}**" if " over " in name else name


def difference(one: Mapping[str, Pairs], other: Mapping[str, Pairs]) -> dict[str, Pairs]:
    """By group, of the same texts in the same order: what one has more."""
    return {name: [(a - b, w) for (a, w), (b, _) in zip(pairs, other[name], strict=True)] for name, pairs in one.items()}
