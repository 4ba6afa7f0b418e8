"""Evaluations out of the figures.json that `python -m training evaluate --out FOLDER` writes: a file, since export and training meet on disk alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from export.parity.suites import gains, suites
from rpo_edge.errors import InputError

FIGURES = {
    "fidelity": ("llm-drafts", "drafts", "fidelity"),
    "attribution": ("llm-drafts", "attribution", "named the user"),
    "distance closed": ("restore", "distance closed"),
    "F0.5 of edits": ("personas", "F0.5"),
    "preferences obeyed": ("preferences", "places that obey"),
}
"""What is told first: where it stands, before the name of the reflector's kind. fidelity: share of real drafts that lost or invented nothing;
attribution: share of real drafts by which a classifier names their user; distance closed: of flattened texts to their authors' own words; F0.5
of edits: of drafts for made-up users; preferences obeyed: share of the places where a stated preference shows."""

CONTROLS = (
    "draft unchanged",
    "rules",
    "{kind}, no history",
    "{kind}, another user's history",
    "{kind} over {kind}, another user's history",
    "{kind} over rules",
)
"""What the same figures are told of besides, where the run has them; "over" is a paired difference."""

SIZES = {"drafts": "llm-drafts", "texts": "restore"}
"""How much was evaluated, and of which suite that is said: "drafts" in all, "texts" of each author at most."""

TEST = "test"
"""Authors of the last report: neither training nor the choice of anything saw them."""

FIXTURE = "fixture"
"""The authors of `examples/eval`, a few of the development ones; licences allow to show what they wrote."""


def read(path: Path) -> dict[str, Any]:
    """ "about" of the run: reflector, kind, authors and sizes; each figure that it has, an interval (mean, low, high), and those of "controls";
    all "suites"; "gains", what the right history adds in each; "failures" where the run has any that may be shown. Raises InputError."""
    try:
        said = json.loads(path.read_text("utf-8"))
        about = said["about"]
        kind = str(about["kind"])
        facts = {"reflector": str(about["reflector"]), "kind": kind, "authors": str(about["authors"])}
        facts |= {"features": str(about["features"])} if "features" in about else {}  # older reports do not say it
        sizes = {name: int(about[name]) for name, suite in SIZES.items() if suite in said}
        controls = {name: found for one in CONTROLS if (found := dict(_figures(said, name := one.format(kind=kind))))}
        more = {"controls": controls, "suites": suites(said), "gains": gains(said), "failures": _failures(said)}
        return {**facts, **sizes, **dict(_figures(said, kind)), **{name: found for name, found in more.items() if found}}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is no figures.json of `python -m training evaluate --out`: {error!r}") from error


def _figures(said: Mapping[str, Any], method: str) -> Iterator[tuple[str, list[float]]]:
    for name, place in FIGURES.items():
        found: Any = said
        for step in (*place, method):
            found = found.get(step, {})
        if found:
            yield name, [round(float(value), 4) for value in found]


def _failures(said: Mapping[str, Any]) -> list[dict[str, str]]:
    """Of texts that may be shown alone, whatever the file has."""
    return [{str(name): str(text) for name, text in one.items()} for one in said.get("failures", ()) if said["about"]["authors"] == FIXTURE]


def together(evaluations: Sequence[Mapping[str, Any]], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Those of one artifact as one: each suite may have its own run; one of `examples/eval` has but its failures to add to those of others, and those
    of test authors, beside others, confirm the main figures. before: what is known already, which keeps what is not given anew. Raises
    InputError where they are of different authors, or two have the same suite."""
    final = [one for one in evaluations if one["authors"] == TEST]
    others = [one for one in evaluations if one["authors"] != TEST]
    kept = before or {}
    result = _united(others) or dict(kept if kept.get("authors") != TEST else {}) or _united(final)
    confirmed = {name: found for name, found in _united(final).items() if name not in ("suites", "failures")} or kept.get("confirmed")
    return result | ({"confirmed": confirmed} if confirmed and result["authors"] != TEST else {})


def _united(evaluations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for one in [one for one in evaluations if one["authors"] != FIXTURE] or evaluations:
        if result and one["authors"] != result["authors"]:
            raise InputError(f"evaluations of {result['authors']!r} and of {one['authors']!r} authors do not go together")
        if twice := [name for name in one.get("suites", {}) if name in result.get("suites", {})]:
            raise InputError(f"two evaluations of {one['reflector']!r} have {', '.join(twice)}")
        known, new = result.get("controls", {}), one.get("controls", {})
        controls = {name: {**known.get(name, {}), **new.get(name, {})} for name in (*known, *(name for name in new if name not in known))}
        both = {name: {**result.get(name, {}), **one.get(name, {})} for name in ("suites", "gains")}
        result |= {**one, **({"controls": controls} if controls else {}), **{name: found for name, found in both.items() if found}}
    failures = [failure for one in evaluations for failure in one.get("failures", ())]
    return result | ({"failures": failures} if failures else {})


def is_of(evaluation: Mapping[str, Any], sha256: str) -> bool:
    """Whether it evaluated the model folder with this digest: a report names the digest's beginning."""
    return str(evaluation["reflector"]).endswith(sha256[:12])
