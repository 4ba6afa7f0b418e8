"""Suites of a figures.json, as a manifest keeps them: rounded, without what makes them long, in the same form.

The form is that of `training/evaluation/outcome.py`: figure -> method -> interval or number, or one level deeper, group -> figure -> method -> ….
One walk reads all suites by it; nothing here knows what a suite is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Said = Mapping[str, Any]

GAINS = "right over another's history"
"""Of all suites: suite -> measure -> "difference", an interval, and whether it "holds"."""
NO_SUITES = ("about", "titles", "failures", "agreement", GAINS)
"""What else is in the file. agreement: of an export with its checkpoint, which `export verify` measures better."""
OF_PERSONS = ("by author",)
"""Groups that are too long, and of single persons."""


def suites(said: Said) -> dict[str, dict[str, Any]]:
    """suite -> "titles", which say of how much it is, and "figures". Raises ValueError for a file of another form."""
    kind, titles = str(said["about"]["kind"]), said.get("titles", {})
    return {
        suite: {"titles": list(titles.get(suite, ())), "figures": _figures(suite, found, kind)}
        for suite, found in said.items()
        if suite not in NO_SUITES
    }


def gains(said: Said) -> dict[str, dict[str, dict[str, Any]]]:
    """What stands under GAINS, rounded."""
    return {
        str(suite): {
            str(measure): {"difference": [round(float(part), 4) for part in gain["difference"]], "holds": bool(gain["holds"])}
            for measure, gain in found.items()
        }
        for suite, found in said.get(GAINS, {}).items()
    }


def _figures(suite: str, found: Said, kind: str) -> dict[str, Any]:
    if unnamed := [name for name, value in found.items() if is_interval(value)]:
        raise ValueError(f"{suite}: {unnamed[0]!r} has an interval, but of no figure: the file is of an older form")
    kept = {name: _lean(value, _control(kind) if breaks_down(name) else _none) for name, value in found.items() if name not in OF_PERSONS}
    return {name: value for name, value in kept.items() if isinstance(value, dict)}


def _lean(value: Any, left_out: Callable[[str], bool]) -> Any:
    """Rounded; None for what is neither figures nor a mapping to them."""
    if isinstance(value, Mapping):
        kept = {name: lean for name, part in value.items() if not left_out(name) and (lean := _lean(part, left_out)) is not None}
        return kept or None
    if is_interval(value):
        return [round(float(part), 4) for part in value]
    return round(value, 4) if _is_number(value) else None


def breaks_down(name: str) -> bool:
    """Such a group has many rows, and is told of what was evaluated and of `rules` alone."""
    return "by" in name.split()


def _none(name: str) -> bool:
    return False


def _control(kind: str) -> Callable[[str], bool]:
    return lambda name: name == "draft unchanged" or name.startswith(f"{kind}, ")


def tables(figures: Said) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """(title, figure -> method -> value) of a suite: its own figures first, without a title, then each group."""
    groups = {name: found for name, found in figures.items() if any(isinstance(part, Mapping) for part in found.values())}
    own = {name: found for name, found in figures.items() if name not in groups}
    if own:
        yield "", own
    for name, found in groups.items():
        yield name, {figure: methods for figure, methods in found.items() if isinstance(methods, Mapping)}


def is_interval(value: Any) -> bool:
    """(mean, low, high)."""
    return isinstance(value, (list, tuple)) and len(value) == 3 and all(map(_is_number, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
