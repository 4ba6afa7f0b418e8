"""Plots for the page of habits: inline SVG with title and description.

`Habit` is what a card of the page and its plot are made of; `escaped` is for every text of the user's, in either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from rpo_edge.show import amount, variant_name
from rpo_edge.steps.profile import MINIMUM_SITES
from rpo_edge.store.timeline import PER_WORD, SPREADS, Estimate, Month, Sample, estimates, month_name, month_number, wilson, words_of

MOST_MONTHS = 120
"""Months on a plot; what is older is in the whole alone."""
MOST_LINES = 3  # variants on a plot
_FEWEST_WORDS = 100  # of a month with a point, for what is counted against words
_JOINED = 3  # months that a line may span without a point
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 360, 150, 42, 8, 8, 20
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")  # in no HTML and no XML


def escaped(text: str) -> str:
    """Text for between tags or within quotes."""
    return escape(_UNFIT.sub("�", text), quote=True)


def own(text: str) -> str:
    """Words of the user's, whichever way they run."""
    return f"<bdi>{escaped(text)}</bdi>"


@dataclass(frozen=True)
class Habit:
    """What a card is made of. months: of the whole store; samples: by variant."""

    name: str
    label: str
    rates: Mapping[str, Estimate]
    months: Mapping[str, Month]
    changed: str
    samples: Mapping[str, Sequence[Sample]]

    def show(self, value: float) -> str:
        """A rate as people read it, without its unit."""
        return amount(self.name, value)

    def tick(self, value: float) -> str:
        """A round number on the axis."""
        per = 1 if self.name in SPREADS else 100
        return f"{round(per * value, 6):g}" + ("" if self.name in SPREADS | PER_WORD else "%")


def axis_of(months: Mapping[str, Month]) -> list[str]:
    """All months from the first to the last one, of which at most MOST_MONTHS are kept."""
    last = month_number(max(months))
    first = max(month_number(min(months)), last - MOST_MONTHS + 1)
    return [month_name(number) for number in range(first, last + 1)]


@dataclass(frozen=True)
class _Frame:
    """The plane of a plot: months from left to right, values from 0 to `top` upward."""

    axis: Sequence[str]
    top: float

    def x(self, k: float) -> float:
        """Of the k-th month."""
        return _LEFT + k * (_WIDTH - _LEFT - _RIGHT) / max(1, len(self.axis) - 1)

    def y(self, value: float) -> float:
        """What is higher than the plot is cut off."""
        return _TOP + (1 - min(value / self.top, 1.0)) * (_HEIGHT - _TOP - _BOTTOM)

    def points(self, pairs: Iterable[tuple[int, float]]) -> str:
        """As SVG has them."""
        return " ".join(f"{self.x(k):.1f},{self.y(value):.1f}" for k, value in pairs)

    def ruled(self, show: Callable[[float], str]) -> str:
        """Lines and numbers at 0, half and top; the first and the last month."""
        lines = "".join(
            f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{self.y(value):.1f}" y2="{self.y(value):.1f}"/>'
            f'<text class="label" x="{_LEFT - 4}" y="{self.y(value) + 4:.1f}" text-anchor="end">{show(value)}</text>'
            for value in (0.0, self.top / 2, self.top)
        )
        ends = [(_LEFT, "start", self.axis[0])] + [(_WIDTH - _RIGHT, "end", self.axis[-1])] * (len(self.axis) > 1)
        return lines + "".join(f'<text class="label" x="{x}" y="{_HEIGHT - 5}" text-anchor="{a}">{name}</text>' for x, a, name in ends)


def round_up(value: float) -> float:
    """The next 1, 2 or 5 with any number of zeros."""
    scale = 10.0 ** int(f"{value:e}".partition("e")[2])
    return next(step * scale for step in (1, 2, 5, 10) if step * scale >= value * (1 - 1e-9))


def _svg(title: str, description: str, key: str, inside: str) -> str:
    return (
        f'<svg role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-labelledby="{key}-t {key}-d">'
        f'<title id="{key}-t">{escaped(title)}</title><desc id="{key}-d">{escaped(description)}</desc>{inside}</svg>'
    )


def columns(axis: Sequence[str], months: Mapping[str, Month]) -> str:
    """Words of each month."""
    found = [(k, months[name].words) for k, name in enumerate(axis) if name in months]
    frame = _Frame(axis, round_up(max(1.0, *(n for _, n in found))))
    width = max(1.0, 0.8 * (_WIDTH - _LEFT - _RIGHT) / len(axis))
    right = _WIDTH - _RIGHT - width
    bars = "".join(
        f'<rect class="fill" x="{_LEFT + k * (right - _LEFT) / max(1, len(axis) - 1):.1f}" y="{frame.y(n):.1f}" width="{width:.1f}" '
        f'height="{frame.y(0) - frame.y(n):.1f}"/>'
        for k, n in found
    )
    most, words = max(found, key=lambda pair: pair[1])
    description = f"{len(found)} months with texts from {axis[0]} to {axis[-1]}; most words, {words:,.0f}, in {axis[most]}."
    return _svg(
        "Words by month", description, "words", bars + frame.ruled(lambda value: f"{value:g}" if value < 1000 else f"{value / 1000:g}k")
    )


Points = dict[str, list[tuple[int, Estimate]]]
"""Months, as their places on the axis, with estimates, by variant."""


def points_of(habit: Habit, axis: Sequence[str]) -> Points:
    """Of months with enough sites; of two variants that make up the whole only the first, as the other is its mirror."""
    chosen = list(habit.rates)[: 1 if len(habit.rates) == 2 and habit.name not in PER_WORD else MOST_LINES]
    found: Points = {variant: [] for variant in chosen}
    for k, name in enumerate(axis):
        counts = habit.months[name].counts if name in habit.months else {}
        words = words_of(counts)
        rates = estimates(habit.name, counts.get(habit.name, {}), words)
        of = words if habit.name in PER_WORD else max((rate.of for rate in rates.values()), default=0.0)
        for variant in chosen if of >= (_FEWEST_WORDS if habit.name in PER_WORD else MINIMUM_SITES) else ():
            found[variant].append((k, rates.get(variant) or wilson(0.0, of)))
    return found


def lines(habit: Habit, axis: Sequence[str], points: Points, key: str) -> str:
    peak = max(rate.value for pairs in points.values() for _, rate in pairs)
    share = habit.name not in PER_WORD | SPREADS
    frame = _Frame(axis, 1.0 if share and peak > 0.5 else round_up(max(1.05 * peak, 1e-4)))
    drawn = _band(frame, next(iter(points.values())))
    for i, pairs in enumerate(points.values()):
        for run in _runs(pairs):
            drawn += f'<polyline class="line l{i}" points="{frame.points((k, rate.value) for k, rate in run)}"/>'
        drawn += "".join(f'<circle class="d{i}" cx="{frame.x(k):.1f}" cy="{frame.y(rate.value):.1f}" r="2"/>' for k, rate in pairs)
    told = "; ".join(_told(habit, axis, variant, pairs) for variant, pairs in points.items() if pairs)
    return _svg(f"{habit.label} by month", f"{told}.", key, drawn + frame.ruled(habit.tick))


def _band(frame: _Frame, pairs: Sequence[tuple[int, Estimate]]) -> str:
    """The 95% intervals of the first line; of a point that stands alone, a stroke."""
    drawn = ""
    for run in _runs(pairs):
        outline = frame.points([*((k, rate.high) for k, rate in run), *((k, rate.low) for k, rate in reversed(run))])
        drawn += f'<polygon class="band{" alone" * (len(run) == 1)}" points="{outline}"/>'
    return drawn


def _runs(pairs: Sequence[tuple[int, Estimate]]) -> list[list[tuple[int, Estimate]]]:
    """Points that one line joins: no gap of months without texts is drawn over."""
    runs: list[list[tuple[int, Estimate]]] = []
    for pair in pairs:
        if runs and pair[0] - runs[-1][-1][0] <= _JOINED:
            runs[-1].append(pair)
        else:
            runs.append([pair])
    return runs


def _told(habit: Habit, axis: Sequence[str], variant: str, pairs: Sequence[tuple[int, Estimate]]) -> str:
    """A line in words."""
    least, most = (choose(pairs, key=lambda pair: pair[1].value) for choose in (min, max))
    marks = {"from": pairs[0], "to": pairs[-1], "lowest": least, "highest": most}
    return f"{variant_name(variant)}: " + ", ".join(f"{word} {habit.show(rate.value)} in {axis[k]}" for word, (k, rate) in marks.items())
