"""Curves of a run: rows of figures as they come, and one PNG for a person. All are files in OUT; nothing is sent anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

_SMOOTH = 20  # values of a running mean

Row = dict[str, float]


class Log:
    """A row a step, {"step": n, name: figure}, into `out`/log.jsonl and TensorBoard's `out`/events.* at once.

    kept: the step of the state that a run goes on from, None where it begins. Rows of later steps, which were written before the run was killed
    and will be written again, are dropped, there and from TensorBoard's file, which is written anew from the rows that stay: TensorBoard reads files in
    the order of their names, which tell whole seconds, so that of two files of one second either could have the last word.
    """

    def __init__(self, out: Path, kept: int | None = None) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._out, self._path = out, out / "log.jsonl"
        self.rows = [] if kept is None else [row for row in read(out) if row["step"] <= kept]
        new = self._path.with_suffix(".new")
        new.write_text("".join(f"{json.dumps(row)}\n" for row in self.rows), "utf-8")
        new.replace(self._path)
        for events in out.glob("events.out.tfevents.*"):
            events.unlink()
        self._events = SummaryWriter(str(out), purge_step=0)  # for a TensorBoard that has read the old file
        for row in self.rows:
            self._show(row)
        self._events.flush()

    def add(self, step: int, figures: Mapping[str, float]) -> None:
        """What is known after so many steps."""
        row = {"step": step, **figures}
        self.rows.append(row)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(row)}\n")
        self._show(row)
        self._events.flush()

    def _show(self, row: Row) -> None:
        for name, value in row.items():
            if name != "step":
                self._events.add_scalar(name, value, int(row["step"]))

    def draw(self) -> None:
        """`out`/curve.png of all rows so far."""
        names = dict.fromkeys(name for row in self.rows for name in row if name != "step")
        found = {name: [(row["step"], row[name]) for row in self.rows if name in row] for name in names}
        draw({name: [y for _, y in values] for name, values in found.items()}, self._out, {n: [x for x, _ in v] for n, v in found.items()})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._events.close()


def read(out: Path) -> list[Row]:
    """The rows of `out`/log.jsonl, none where there is no such file; up to a line that a killed process left half written."""
    rows: list[Row] = []
    path = out / "log.jsonl"
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        try:
            rows.append(json.loads(line))
        except ValueError:
            break
    return rows


def draw(series: Mapping[str, Sequence[float]], out: Path, steps: Mapping[str, Sequence[float]] | None = None) -> None:
    """`out`/curve.png, a panel for each series with its running mean; nothing for no series. steps: of a series' values (0, 1, 2, …)."""
    if not series:
        return
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = min(3, len(series))
    rows = -(-len(series) // columns)
    figure, panels = pyplot.subplots(rows, columns, figsize=(4 * columns, 2.6 * rows), squeeze=False)
    for panel, (name, values) in zip(panels.flat, series.items(), strict=False):
        places = steps[name] if steps else range(len(values))
        panel.plot(places, values, linewidth=0.6, alpha=0.4)
        panel.plot(places, running(values))
        panel.set_title(name, fontsize=9)
    for panel in panels.flat[len(series) :]:
        panel.axis("off")
    figure.tight_layout()
    figure.savefig(out / "curve.png", dpi=110)
    pyplot.close(figure)


def running(values: Sequence[float]) -> list[float]:
    """Means of each value and up to _SMOOTH - 1 before it."""
    return [float(np.mean(values[max(0, i + 1 - _SMOOTH) : i + 1])) for i in range(len(values))]
