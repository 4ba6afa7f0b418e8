"""What a model cannot do, out of what was measured of it: each line is of figures that miss a mark, so that a better model has fewer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from export.parity.evaluations import FIGURES
from export.parity.markdown import interval
from rpo_edge.engine import NOT_ENGLISH

Said = Mapping[str, Any]

RARELY = 0.25
"""Recall of a feature under which nobody should count on it."""
STYLE = {name: place for name, place in FIGURES.items() if name != "fidelity"}
"""Figures of whether a user's own manner was met. Who changes nothing is as faithful as can be, so fidelity is none of them."""
BROKEN = ("drafts with a number, address, negation, name or frozen span lost or invented", "half-applied edits")
"""Counts of llm-drafts that ought to be 0."""


def shortfalls(evaluation: Said) -> list[str]:
    """A line for each kind. evaluation: of a manifest; where it has no suites, nothing is known."""
    suites = {suite: said["figures"] for suite, said in evaluation.get("suites", {}).items()}
    return [line for find in FINDERS for line in find(suites, evaluation["kind"])] if suites else []


def languages(suites: Said, kind: str) -> Iterator[str]:
    """What stands before every reflector, whatever its figures are."""
    yield f'Languages other than English: all it says is "{NOT_ENGLISH}".'


def not_above_rules(suites: Said, kind: str) -> Iterator[str]:
    """Style figures whose interval does not lie above that of the fixed rules."""
    pairs = [(name, of[kind], of["rules"]) for name, of in _style(suites) if kind in of and "rules" in of]
    found = [f"{name} {interval(own)} against {interval(rules)}" for name, own, rules in pairs if own[1] <= rules[2]]
    if found:
        yield f"It does not surpass `rules` with intervals apart in {'; '.join(found)}."


def not_by_the_users_own(suites: Said, kind: str) -> Iterator[str]:
    """Style figures that the right history does not raise above another user's."""
    over = f"{kind} over {kind}, another user's history"
    found = [f"{name} ({interval(of[over])})" for name, of in _style(suites) if over in of and of[over][1] <= 0]
    if found:
        yield f"The user's own history is not shown to do more than another user's in {'; '.join(found)}."


def rare_features(suites: Said, kind: str) -> Iterator[str]:
    """Habits of made-up users that are seldom met, the rarest first."""
    rows = suites.get("personas", {}).get("recall by feature", {})
    seldom = sorted((row[kind][0], name, row["edits"]) for name, row in rows.items() if kind in row and row[kind][0] < RARELY)
    if seldom:
        told = "; ".join(f"{name} ({recall:.1%} of {edits})" for recall, name, edits in seldom)
        yield f"Of the edits that made-up users would want, it makes fewer than a quarter of these kinds: {told}."


def not_restored(suites: Said, kind: str) -> Iterator[str]:
    """Ways to flatten a text from which no distance is closed for certain."""
    found = [f"{name} ({interval(of[kind])})" for name, of in suites.get("transfer", {}).items() if kind in of and of[kind][1] <= 0]
    if found:
        yield f"Texts that were flattened in these ways are not shown to come nearer to their authors' words: {'; '.join(found)}."


def broken(suites: Said, kind: str) -> Iterator[str]:
    """What went wrong in real drafts in spite of the guard."""
    rows = suites.get("llm-drafts", {}).get("drafts", {})
    if found := [f"{name}: {rows[name][kind]:.0f}" for name in BROKEN if rows.get(name, {}).get(kind)]:
        yield f"Of the real drafts that were rewritten, {'; '.join(found)}."


FINDERS: tuple[Callable[[Said, str], Iterator[str]], ...] = (
    languages,
    not_above_rules,
    not_by_the_users_own,
    rare_features,
    not_restored,
    broken,
)


def _style(suites: Said) -> Iterator[tuple[str, Said]]:
    """(name, method -> interval) of each style figure that was evaluated."""
    for name, place in STYLE.items():
        found: Any = suites
        for step in place:
            found = found.get(step, {})
        if found:
            yield name, found
