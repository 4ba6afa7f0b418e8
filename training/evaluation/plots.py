"""Plots of an evaluation's figures, each a PNG; a plot whose suite was not run is not drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluation.drafts import CLOSED, DISTANCE, UNCHANGED
from training.evaluation.material import Names
from training.evaluation.restoration import ANOTHERS

Figures = Mapping[str, Any]
_BLUE, _ORANGE, _GREY = "#0072b2", "#d55e00", "#777777"  # apart for the colour-blind too (Okabe and Ito)


def draw(figures: Figures, out: Path) -> list[str]:
    """Draw what there are figures for; names of the files."""
    drawn = []
    for name, plot in PLOTS.items():
        path = out / f"{name}.png"
        path.unlink(missing_ok=True)
        if figure := plot(figures):
            figure.savefig(path, dpi=110)
            drawn.append(path.name)
    return drawn


def by_history_size(figures: Figures) -> Figure | None:
    """Right over another's history, and both, against the number of texts."""
    found = figures.get("restore", {}).get("by history size")
    if not found:
        return None
    figure, (left, right) = _panels(2, (9, 3.6))
    for shift, name, colour in ((0.0, "right", _BLUE), (0.1, "another's", _GREY)):  # side by side, or intervals would lie on each other
        _points(left, [i + shift for i in range(len(found))], [row[name] for row in found.values()], colour, name)
    _points(right, range(len(found)), [row["gain"] for row in found.values()], _BLUE, "")
    right.axhline(0, color=_GREY, linewidth=0.8)
    left.legend(frameon=False)
    for panel, title in ((left, "distance closed"), (right, "right over another's history")):
        panel.set_xticks(range(len(found)), list(found))
        panel.set(title=title, xlabel="texts of history")
    return figure


def by_author(figures: Figures) -> Figure | None:
    """What the right history adds over another's, author by author, sorted."""
    found = figures.get("restore", {}).get("by author")
    if not found:
        return None
    gain = Names(figures["about"]["kind"]).over(ANOTHERS)
    rows = sorted(found.items(), key=lambda row: row[1][gain][0])
    figure, (panel,) = _panels(1, (7, 1.2 + 0.17 * len(rows)))
    _gains(panel, {f"{name} ({row['texts']})": row[gain] for name, row in rows}, size=6)
    panel.set(title="right over another's history, by author (texts)", xlabel="distance closed", ylim=(-0.7, len(rows) - 0.3))
    return figure


def by_feature(figures: Figures) -> Figure | None:
    """Distance of each feature's rate to the user's, before and after."""
    rows = figures.get("llm-drafts", {}).get(DISTANCE)
    if not rows:
        return None
    methods = {"before": (UNCHANGED, 0.2, _GREY), "after": (figures["about"]["kind"], -0.2, _BLUE)}
    shown = [feature for feature in reversed(rows) if all(rows[feature][method] for method, *_ in methods.values())]
    figure, (panel,) = _panels(1, (7, 1.2 + 0.35 * len(shown)))
    for when, (method, shift, colour) in methods.items():
        values = [rows[feature][method] for feature in shown]
        places = [i + shift for i in range(len(shown))]
        panel.barh(places, [value[0] for value in values], height=0.38, color=colour, label=when)
        panel.errorbar([value[0] for value in values], places, xerr=_error(values), fmt="none", ecolor="black", linewidth=0.7)
    panel.set_yticks(range(len(shown)), [feature.replace("_", " ") for feature in shown])
    panel.legend(frameon=False)
    panel.set(title="distance to the user's rate, real drafts", xlabel="total variation")
    return figure


def gain_by_feature(figures: Figures) -> Figure | None:
    """What the right history adds to another's, feature by feature: of real drafts, and of those for personas."""
    names = Names(figures["about"]["kind"])
    over = names.over(names.anothers)
    panels = {
        "real drafts: share of the distance to the user's rate closed": figures.get("llm-drafts", {}).get(CLOSED),
        "personas: recall of edits": figures.get("personas", {}).get("recall by feature"),
    }
    gains = {title: {name: row[over] for name, row in rows.items()} for title, rows in panels.items() if rows}
    if not gains:
        return None
    figure, drawn = _panels(len(gains), (7 * len(gains), 1.2 + 0.3 * max(map(len, gains.values()))))
    for panel, (title, rows) in zip(drawn, gains.items(), strict=True):
        _gains(panel, {name.replace("_", " "): row for name, row in reversed(rows.items())})
        panel.set(title=title, xlabel="right over another's history")
    return figure


def by_change_rate(figures: Figures) -> Figure | None:
    """Fidelity of what was proposed and of what the guard let through, against how much was changed."""
    steps = figures.get("llm-drafts", {}).get("fidelity by change rate")
    if not steps:
        return None
    figure, (panel,) = _panels(1, (6, 3.6))
    places = [step["edits per 100 words"] for step in steps]
    for shift, name, colour in ((0.03, "fidelity before the guard", _ORANGE), (0.0, "fidelity", _BLUE)):
        _points(panel, [place + shift for place in places], [step[name] for step in steps], colour, name)
    panel.legend(frameon=False)
    panel.set(title="fidelity by change rate, real drafts", xlabel="edits per 100 words")
    return figure


PLOTS: dict[str, Callable[[Figures], Figure | None]] = {
    "gain-by-history-size": by_history_size,
    "gain-by-author": by_author,
    "gain-by-feature": gain_by_feature,
    "distance-by-feature": by_feature,
    "fidelity-by-change-rate": by_change_rate,
}
"""File's name -> what draws it."""


def _panels(n: int, size: tuple[float, float]) -> tuple[Figure, Sequence[Axes]]:
    figure = Figure(figsize=size, layout="constrained")
    return figure, list(figure.subplots(1, n, squeeze=False).flat)


def _gains(panel: Axes, rows: Mapping[str, Sequence[float]], size: float | None = None) -> None:
    """A bar each, upwards; what is lost is of another colour. size: of the names, in points."""
    gains = list(rows.values())
    means = [mean for mean, _, _ in gains]
    panel.barh(range(len(rows)), means, color=[_BLUE if mean >= 0 else _ORANGE for mean in means])
    panel.errorbar(means, range(len(rows)), xerr=_error(gains), fmt="none", ecolor=_GREY, linewidth=0.7)
    panel.set_yticks(range(len(rows)), list(rows), fontsize=size)
    panel.axvline(0, color=_GREY, linewidth=0.8)


def _points(panel: Axes, places: Sequence[float], values: Sequence[Sequence[float]], colour: str, name: str) -> None:
    panel.errorbar(places, [value[0] for value in values], yerr=_error(values), color=colour, marker="o", capsize=2, label=name)


def _error(values: Sequence[Sequence[float]]) -> list[list[float]]:
    """Lengths below and above the mean; a percentile interval may miss it, so none is less than 0."""
    return [[max(0.0, mean - low) for mean, low, _ in values], [max(0.0, high - mean) for mean, _, high in values]]
