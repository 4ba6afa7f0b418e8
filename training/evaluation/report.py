"""The folder that `--out` names: figures.json, report.md with plots, failures.html."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.evaluation import failures, plots
from training.evaluation.outcome import Failure, Outcome


class Report:
    """Prints what each part found, and keeps it. about: what was evaluated, on what, for the reader."""

    def __init__(self, about: Mapping[str, Any]) -> None:
        self.figures: dict[str, Any] = {"about": dict(about)}
        self._texts: list[str] = []
        self._failures: list[Failure] = []

    def add(self, suite: str, outcome: Outcome) -> None:
        """Print a part's tables; its figures go to those of its suite."""
        print(outcome.text, flush=True)
        self.figures.setdefault(suite, {}).update(outcome.figures)
        self._texts.append(outcome.text)
        self._failures += outcome.failures

    def write(self, out: Path) -> None:
        """Make the folder; files of an earlier run are overwritten, plots of what was not run this time removed."""
        out.mkdir(parents=True, exist_ok=True)
        (out / "figures.json").write_text(json.dumps(self.figures, indent=1) + "\n", "utf-8")
        (out / "failures.html").write_text(failures.page(self._failures, _about(self.figures["about"])), "utf-8")
        (out / "report.md").write_text(self._markdown(plots.draw(self.figures, out)), "utf-8")

    def _markdown(self, drawn: Sequence[str]) -> str:
        shown = [f"![{name.removesuffix('.png').replace('-', ' ')}]({name})\n" for name in drawn]
        worst = f"[The worst failures](failures.html), {len(self._failures)} found in all.\n"
        return "\n".join(["# Evaluation\n", f"{_about(self.figures['about'])}. Intervals: 95%.\n", *self._texts, *shown, worst])


def _about(facts: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in facts.items() if value is not None)
