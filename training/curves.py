"""Curves of a run: one PNG for a person, and TensorBoard's events beside it. Both are files; nothing is sent anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

_SMOOTH = 20  # values of a running mean


def draw(series: Mapping[str, Sequence[float]], out: Path) -> None:
    """`out`/curve.png, a panel for each series with its running mean, and `out`/events.*; nothing for no series."""
    if not series:
        return
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from torch.utils.tensorboard import SummaryWriter

    columns = min(3, len(series))
    rows = -(-len(series) // columns)
    figure, panels = pyplot.subplots(rows, columns, figsize=(4 * columns, 2.6 * rows), squeeze=False)
    for panel, (name, values) in zip(panels.flat, series.items(), strict=False):
        panel.plot(values, linewidth=0.6, alpha=0.4)
        panel.plot(running(values))
        panel.set_title(name, fontsize=9)
    for panel in panels.flat[len(series) :]:
        panel.axis("off")
    figure.tight_layout()
    figure.savefig(out / "curve.png", dpi=110)
    pyplot.close(figure)
    with SummaryWriter(str(out)) as writer:
        for name, values in series.items():
            for step, value in enumerate(values):
                writer.add_scalar(name, value, step)


def running(values: Sequence[float]) -> list[float]:
    """Means of each value and up to _SMOOTH - 1 before it."""
    return [float(np.mean(values[max(0, i + 1 - _SMOOTH) : i + 1])) for i in range(len(values))]
