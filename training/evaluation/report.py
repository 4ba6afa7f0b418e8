"""The folder that `--out` names: figures.json, report.md with plots, failures.html.

figures.json: "about" the run; the figures of each suite, in the form of `outcome.py`; "titles", which say of how much each suite is; and, of all
suites that ran, what the right history adds to another user's, which is what personalization is ("right over another's history": suite ->
measure -> "difference", an interval, and whether it "holds", that is, lies above 0). A run on
`examples/eval`, whose licences allow it, also has "failures": a few texts of the worst rewrites. Texts of the research data stay in failures.html.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from training.evaluation import excerpts, failures, plots
from training.evaluation.outcome import Failure, Outcome, table
from training.statistics import Interval

GAINS = "right over another's history"
EXAMPLES = "fixture"
"""Who the authors of a run on `examples/eval` are said to be."""


class Report:
    """Prints what each part found, and keeps it. about: what was evaluated, on what ("authors"), for the reader."""

    def __init__(self, about: Mapping[str, Any]) -> None:
        self.figures: dict[str, Any] = {"about": dict(about)}
        self._titles: dict[str, list[str]] = {}
        self._texts: list[str] = []
        self._failures: dict[str, list[Failure]] = {}
        self._gains: dict[str, dict[str, Interval]] = {}

    def add(self, suite: str, outcome: Outcome) -> None:
        """Print a part's tables; its figures go to those of its suite."""
        print(outcome.text, flush=True)
        self.figures.setdefault(suite, {}).update(outcome.figures)
        self._titles.setdefault(suite, []).append(outcome.title)
        self._texts.append(outcome.text)
        self._failures.setdefault(suite, []).extend(outcome.failures)
        if outcome.gains:
            self._gains.setdefault(suite, {}).update(outcome.gains)

    def close(self) -> None:
        """Print the table that comes last: whether the right history is more than another's, suite by suite."""
        rows = [
            (suite, measure, gain, "yes" if _holds(gain) else "no") for suite, of in self._gains.items() for measure, gain in of.items()
        ]
        if rows:
            head = ("suite", "measure", GAINS, "holds")
            self._texts.append(f"Right over another's history, by suite. It holds where the interval lies above 0.\n\n{table(head, rows)}")
            print(self._texts[-1], flush=True)

    def write(self, out: Path) -> None:
        """Make the folder; files of an earlier run are overwritten, plots of what was not run this time removed."""
        out.mkdir(parents=True, exist_ok=True)
        gains = {
            suite: {name: {"difference": gain, "holds": _holds(gain)} for name, gain in of.items()} for suite, of in self._gains.items()
        }
        said = self.figures | {"titles": self._titles, GAINS: gains}
        if said["about"]["authors"] == EXAMPLES:
            said["failures"] = excerpts.worst(self._failures)
        found = chain.from_iterable(self._failures.values())
        (out / "figures.json").write_text(json.dumps(said, indent=1) + "\n", "utf-8")
        (out / "failures.html").write_text(failures.page(found, _about(said["about"])), "utf-8")
        (out / "report.md").write_text(self._markdown(plots.draw(self.figures, out)), "utf-8")

    def _markdown(self, drawn: Sequence[str]) -> str:
        shown = [f"![{name.removesuffix('.png').replace('-', ' ')}]({name})\n" for name in drawn]
        worst = f"[The worst failures](failures.html), {sum(map(len, self._failures.values()))} found in all.\n"
        return "\n".join(["# Evaluation\n", f"{_about(self.figures['about'])}. Intervals: 95%.\n", *self._texts, *shown, worst])


def _holds(gain: Interval) -> bool:
    """An interval of no width is that of a single user or author, and says nothing of others."""
    return 0 < gain.low < gain.high


def _about(facts: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in facts.items() if value is not None)
