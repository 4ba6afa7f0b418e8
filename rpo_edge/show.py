"""How results look: JSON, word diff, reasons, profile. Pure functions from records to text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rpo_edge.records import HistoryItem, Rewrite, StyleProfile

_RED, _GREEN, _PLAIN = "\x1b[31;9m", "\x1b[32m", "\x1b[0m"
_SPREADS = ("sentence_words", "paragraph_words")


def as_json(rewrite: Rewrite) -> str:
    """One object; offsets are code points into `draft`."""
    fields = asdict(rewrite)
    fields["changed"] = rewrite.changed
    order = ("text", "draft", "changed", "edits", "observations", "verdict", "reflector", "timings_ms")
    return json.dumps({name: fields[name] for name in order}, ensure_ascii=False)


def as_diff(rewrite: Rewrite, colour: bool) -> str:
    """The whole text with its edits: [-before-]{+after+} in a pipe, colours on a terminal."""
    pieces, position = [], 0
    for edit in rewrite.edits:
        gone, new = (
            (f"{_RED}{edit.before}{_PLAIN}", f"{_GREEN}{edit.after}{_PLAIN}") if colour else (f"[-{edit.before}-]", f"{{+{edit.after}+}}")
        )
        pieces += [rewrite.draft[position : edit.start], gone if edit.before else "", new if edit.after else ""]
        position = edit.end
    return "".join([*pieces, rewrite.draft[position:]])


def as_reasons(rewrite: Rewrite) -> str:
    """Observations, edits and what the guard took back, a line each."""
    lines = [f"{o.feature}: you {o.user or '-'}; draft {o.draft or '-'}; {o.action}" for o in rewrite.observations]
    for e in rewrite.edits:
        shown = f" (history {', '.join(map(str, e.evidence))})" if e.evidence else ""
        lines.append(f"  {e.start}: {e.before!r} -> {e.after!r}: {e.reason}{shown}")
    lines += [f"  kept as it was: {short(r.sentence)!r}: {r.reason}" for r in rewrite.verdict.reverted]
    return "\n".join(lines) or "nothing to change"


def short(text: str, length: int = 72) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def item_line(item: HistoryItem) -> str:
    """Id, date, source and beginning of an item."""
    return f"{item.id}\t{item.date or '-'}\t{item.source}\t{short(item.text)}\n"


def as_preview(items: Iterable[HistoryItem], samples: int = 3) -> str:
    """How many items there are, from where, and the beginnings of a few of each source; memory does not grow with them."""
    counts: Counter[str] = Counter()
    shown: dict[str, list[str]] = {}
    for item in items:
        counts[item.source] += 1
        if counts[item.source] <= samples:
            shown.setdefault(item.source, []).append(f"    {item.date or '-'}  {short(item.text)}")
    lines = [line for source, n in counts.most_common() for line in (f"  {n} from {source}, as", *shown[source])]
    return "\n".join([f"{counts.total()} items would be read", *lines])


def profile_rows(profile: StyleProfile) -> list[dict[str, Any]]:
    """One row for each feature name: variants with counts and rates (spreads: mean and deviation)."""
    from rpo_edge.features import CHOICES, MEASURES, Choice, Measure
    from rpo_edge.steps.profile import counts_of, totals_by_name

    totals = totals_by_name(counts_of(profile))
    features: list[Choice | Measure] = [*CHOICES, *MEASURES]
    rows = []
    for feature in features:
        counts = totals.get(feature.name)
        if not counts:
            continue
        if feature.name in _SPREADS:
            mean = counts["sum"] / counts["n"]
            rates = {"mean": mean, "deviation": max(0.0, counts["squares"] / counts["n"] - mean * mean) ** 0.5}
        elif feature.name == "lexical":
            rates = {name: 100 * n / counts["words"] for name, n in counts.items() if name != "words"}
        else:
            rates = {name: n / sum(counts.values()) for name, n in counts.items()}
        rows.append({"feature": feature.name, "label": feature.label, "unit": feature.unit, "counts": dict(counts), "rates": rates})
    return rows


def profile_json(profile: StyleProfile) -> str:
    """One object: items, words, preferences, features."""
    fields = {"items": profile.items, "words": profile.words, "preferences": dict(profile.preferences)}
    return json.dumps({**fields, "features": profile_rows(profile)}, ensure_ascii=False)


def profile_text(profile: StyleProfile) -> str:
    """For people: a line for each feature, commonest variants first."""
    lines = [f"{profile.items} items, {profile.words} words"]
    for row in profile_rows(profile):
        share = row["unit"].startswith(("share", "per sentence")) or row["feature"] not in (*_SPREADS, "lexical")
        top = sorted(row["rates"].items(), key=lambda pair: -pair[1])[:4]
        values = ", ".join(f"{name!s} {value:.0%}" if share else f"{name} {value:.1f}" for name, value in top)
        lines.append(
            f"{row['label']:38} {values}   [{row['unit']}; {sum(row['counts'].values()):.0f} seen]"
            if share
            else f"{row['label']:38} {values}   [{row['unit']}]"
        )
    lines += [f"stated: {key} = {value!r}" for key, value in profile.preferences.items()]
    return "\n".join(lines) + "\n"
