"""Real LLM drafts: what is changed, what is lost, and how far each feature's rate is from the user's."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from rpo_edge.edits import apply
from rpo_edge.features.framing import is_stock
from rpo_edge.records import StyleProfile
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.segment import words
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.guard import Unit, name_rule, negation_rule, number_rule, url_rule
from rpo_edge.steps.profile import counts_of, distribution, measure, totals_by_name
from training.evaluation.material import SEED, Material, Pairs, edit
from training.users import Author, Runs, rewritten

HALF_APPLIED = re.compile(r"\b(?:\w+n't not|willn't|cann't|amn't|it's is|do don't|a an?|an an?|the the)\b", re.IGNORECASE)
RATED = (
    "contraction",
    "connective_contrast",
    "connective_addition",
    "connective_result",
    "register",
    "exclamation",
    "clause_comma",
    "dash",
)


def _draft(task: tuple[str, StyleProfile, Runs]) -> dict[str, dict[str, Any]]:
    """What becomes of one draft under both reflectors."""
    draft, profile, runs = task
    found = {}
    for name, reflector in (("rules", RulesReflector()), ("edit", edit())):
        text, edits, reverted = rewritten(reflector, draft, profile, runs)
        kept = apply(draft, [edit for edit in edits if not edit.after and is_stock(edit.before)])  # stock phrases may go as a whole
        unit = Unit(kept, text, frozenset(words(draft)))
        broken = [rule.__name__ for rule in (number_rule, url_rule, negation_rule, name_rule) if rule(unit)]
        if [kept[f.start : f.end] for f in freeze(kept)] != [text[f.start : f.end] for f in freeze(text)]:
            broken.append("frozen spans")
        half = len(HALF_APPLIED.findall(text)) - len(HALF_APPLIED.findall(draft))
        found[name] = {"edits": len(edits), "words": len(words(draft)), "reverted": reverted, "broken": broken, "half": max(0, half)}
        found[name] |= {"before": _rates(draft, profile), "after": _rates(text, profile)}
    return found


def _rates(text: str, profile: StyleProfile) -> dict[str, Pairs]:
    """For each rated feature: by variant, (sites of the text with it, user's share of it)."""
    seen = totals_by_name(measure(text))
    counts = counts_of(profile)
    totals = totals_by_name(counts)
    found = {}
    for name in RATED:
        own = distribution(name, counts, totals)
        if own and seen.get(name):
            found[name] = [(seen[name].get(variant, 0.0), share * sum(seen[name].values())) for variant, share in sorted(own.items())]
    return found


def real_drafts(found: Material, people: Mapping[str, Author], pool: ProcessPoolExecutor, n: int) -> dict[str, Any]:
    """Print the table over n drafts, each for a user by lot; return its figures."""
    rng = random.Random(SEED)
    names = sorted(people)
    drafts = rng.sample(found.drafts, min(n, len(found.drafts)))
    tasks = [(draft, people[name].profile(), people[name].runs()) for draft in drafts for name in [rng.choice(names)]]
    results = list(pool.map(_draft, tasks, chunksize=4))
    print(f"\nReal drafts, {len(drafts)}, each for one of {len(names)} users\n\n| | rules | edit |\n|---|---|---|")
    columns = {name: [result[name] for result in results] for name in ("rules", "edit")}
    rows: dict[str, dict[str, float]] = {}
    for name, column in columns.items():
        length = sum(r["words"] for r in column) / 100
        rows.setdefault("edits per 100 words", {})[name] = sum(r["edits"] for r in column) / length
        rows.setdefault("drafts changed", {})[name] = sum(r["edits"] > 0 for r in column) / len(column)
        rows.setdefault("sentences taken back by the guard, per 100 words", {})[name] = sum(r["reverted"] for r in column) / length
        rows.setdefault("drafts with a number, address, negation, name or frozen span lost or invented", {})[name] = sum(
            bool(r["broken"]) for r in column
        )
        rows.setdefault("half-applied edits", {})[name] = sum(r["half"] for r in column)
        for feature in RATED:
            for when in ("before", "after"):
                rows.setdefault(f"{feature}: distance to the user's rate, {when}", {})[name] = _distance(column, feature, when)
    for label, values in rows.items():
        print(f"| {label} | {values['rules']:.3f} | {values['edit']:.3f} |")
    return rows


def _distance(column: list[dict[str, Any]], feature: str, when: str) -> float:
    """Mean over users' drafts of half the sum of |share - user's share| (total variation), weighted by sites."""
    total = sites = 0.0
    for result in column:
        pairs = result[when].get(feature, [])
        total += sum(abs(a - b) for a, b in pairs) / 2
        sites += sum(a for a, _ in pairs)
    return total / max(1.0, sites)
