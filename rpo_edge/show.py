"""How results look: JSON, word diff, reasons, profile, and tables on a terminal. Pure functions from records to text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import count
from typing import TYPE_CHECKING, Any

from rpo_edge.records import HistoryItem, Rewrite, StyleProfile
from rpo_edge.segment import WORD, Span

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from rpo_edge.store.timeline import Change, Estimate, Latest

_RED, _GREEN, _PLAIN = "\x1b[31;9m", "\x1b[32m", "\x1b[0m"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = "▁▂▃▄▅▆▇█"
_MARKS = {".": "full stop", "!": "exclamation mark", "?": "question mark", "()": "parentheses", "&": "ampersand"}


def as_json(rewrite: Rewrite) -> str:
    """One object with all fields of the record, and `changed`; offsets are code points into `draft`."""
    return json.dumps(asdict(rewrite) | {"changed": rewrite.changed}, ensure_ascii=False)


def as_diff(rewrite: Rewrite, colour: bool) -> str:
    """The whole text with its edits: [-before-]{+after+} in a pipe, colours on a terminal.

    An edit inside a word is shown as another word.
    """
    pieces, position = [], 0
    for old, new in _changes(rewrite):
        before, after = rewrite.draft[slice(*old)], rewrite.text[slice(*new)]
        shown = (f"{_RED}{before}{_PLAIN}", f"{_GREEN}{after}{_PLAIN}") if colour else (f"[-{before}-]", f"{{+{after}+}}")
        pieces += [rewrite.draft[position : old.start], shown[0] if before else "", shown[1] if after else ""]
        position = old.end
    return "".join([*pieces, rewrite.draft[position:]])


def _changes(rewrite: Rewrite) -> list[tuple[Span, Span]]:
    """Where draft and text differ, in whole words of both; edits of one word are one change."""
    in_draft, in_text = _inner(rewrite.draft), _inner(rewrite.text)

    def inside(place: int, now: int) -> bool:
        return bool(in_draft[place] or in_text[now])

    changes: list[tuple[Span, Span]] = []
    moved = 0  # by the edits so far: what follows them
    for edit in rewrite.edits:
        start, now = edit.start, edit.start + moved
        if changes and all(inside(place, place + moved) for place in range(changes[-1][0].end, start + 1)):
            (start, _), (now, _) = changes.pop()
        moved += len(edit.after) - len(edit.before)
        changes.append((Span(start, edit.end), Span(now, edit.end + moved)))
    return [_widened(old, new, inside) for old, new in changes]


def _widened(old: Span, new: Span, inside: Callable[[int, int], bool]) -> tuple[Span, Span]:
    """By what the first and the last word have beside the change, which both texts have."""
    left = next(n for n in count() if not inside(old.start - n, new.start - n))
    right = next(n for n in count() if not inside(old.end + n, new.end + n))
    return Span(old.start - left, old.end + right), Span(new.start - left, new.end + right)


def _inner(text: str) -> bytearray:
    """A byte for each place between two code points, and for both ends: 1 inside a word."""
    inner = bytearray(len(text) + 1)
    for match in WORD.finditer(text):
        inner[match.start() + 1 : match.end()] = b"\1" * (len(match[0]) - 1)
    return inner


def as_reasons(rewrite: Rewrite) -> str:
    """Observations, edits and what the guard took back, a line each."""
    lines = [plain(f"{o.feature}: you {o.user or '-'}; draft {o.draft or '-'}; {o.action}") for o in rewrite.observations]
    for e in rewrite.edits:
        shown = f" (history {', '.join(map(str, e.evidence))})" if e.evidence else ""
        lines.append(f"  {e.start}: {e.before!r} -> {e.after!r}: {plain(e.reason)}{shown}")
    lines += [f"  kept as it was: {short(r.sentence)!r}: {plain(r.reason)}" for r in rewrite.verdict.reverted]
    return "\n".join(lines) or "nothing to change"


def short(text: str, length: int = 72) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def item_line(item: HistoryItem) -> str:
    """Id, date, source and beginning of an item, in nothing of which a terminal finds a command."""
    return "\t".join([str(item.id), plain(item.date or "-"), plain(item.source), plain(short(item.text))]) + "\n"


def as_preview(items: Iterable[HistoryItem], samples: int = 3) -> str:
    """How many items there are, from where, and the beginnings of a few of each source; memory does not grow with them."""
    counts: Counter[str] = Counter()
    shown: dict[str, list[str]] = {}
    for item in items:
        counts[item.source] += 1
        if counts[item.source] <= samples:
            shown.setdefault(item.source, []).append(f"    {plain(item.date or '-')}  {plain(short(item.text))}")
    lines = [line for source, n in counts.most_common() for line in (f"  {n} from {plain(source)}, as", *shown[source])]
    return "\n".join([f"{counts.total()} items would be read", *lines])


def profile_rows(profile: StyleProfile) -> list[dict[str, Any]]:
    """One row for each feature name: variants with counts and rates (spreads: mean and deviation)."""
    from rpo_edge.features import CHOICES, LABELS, MEASURES
    from rpo_edge.steps.profile import counts_of, totals_by_name
    from rpo_edge.store.timeline import SPREADS

    totals = totals_by_name(counts_of(profile))
    units = {choice.name: choice.unit for choice in CHOICES} | {measure.name: measure.unit for measure in MEASURES}
    rows = []
    for name, label in LABELS.items():
        counts = totals.get(name)
        if not counts:
            continue
        if name in SPREADS:
            mean = counts["sum"] / counts["n"]
            rates = {"mean": mean, "deviation": max(0.0, counts["squares"] / counts["n"] - mean * mean) ** 0.5}
        elif name == "lexical":
            rates = {name: 100 * n / counts["words"] for name, n in counts.items() if name != "words"}
        else:
            rates = {variant: n / sum(counts.values()) for variant, n in counts.items()}
        rows.append({"feature": name, "label": label, "unit": units[name.partition(" in ")[0]], "counts": dict(counts), "rates": rates})
    return rows


def profile_json(profile: StyleProfile) -> str:
    """One object: items, words, preferences, features."""
    fields = {"items": profile.items, "words": profile.words, "preferences": dict(profile.preferences)}
    return json.dumps({**fields, "features": profile_rows(profile)}, ensure_ascii=False)


def profile_text(profile: StyleProfile) -> str:
    """For people: a line for each feature, commonest variants first."""
    from rpo_edge.store.timeline import SPREADS

    lines = [f"{profile.items} items, {profile.words} words"]
    for row in profile_rows(profile):
        share = row["unit"].startswith(("share", "per sentence")) or row["feature"] not in (*SPREADS, "lexical")
        top = sorted(row["rates"].items(), key=lambda pair: -pair[1])[:4]
        values = ", ".join(f"{name!s} {value:.0%}" if share else f"{name} {value:.1f}" for name, value in top)
        lines.append(
            f"{row['label']:38} {values}   [{row['unit']}; {sum(row['counts'].values()):.0f} seen]"
            if share
            else f"{row['label']:38} {values}   [{row['unit']}]"
        )
    lines += [f"stated: {key} = {value!r}" for key, value in profile.preferences.items()]
    return "\n".join(lines) + "\n"


# -- on a terminal -----------------------------------------------------------------------------------------------------


def bar(share: float, width: int = 8) -> str:
    """A bar of `width` cells for a share from 0 to 1, to an eighth of a cell; what is not 0 is seen."""
    eighths = max(round(min(share, 1.0) * width * 8), int(share > 0))
    full, rest = divmod(eighths, 8)
    return ("█" * full + _EIGHTHS[rest] * (rest > 0)).ljust(width)


def spark(values: Sequence[float]) -> str:
    """A small bar for each value, as high as it is against the greatest; nothing for 0."""
    most = max(values, default=0)
    return "".join(_HEIGHTS[round(7 * value / most)] if value else " " for value in values)


def plain(text: str) -> str:
    """On one line, and nothing in it that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "�" for letter in " ".join(text.split()))


def variant_name(variant: str) -> str:
    """Marks in words."""
    return _MARKS.get(variant, plain(variant))


def amount(name: str, value: float) -> str:
    """A rate of the named feature as people read it: words, a number per 100 words (see `unit_of`), or a percentage."""
    from rpo_edge.store.timeline import PER_WORD, SPREADS

    if name in SPREADS:
        return f"{value:.1f}"
    if name in PER_WORD:
        return f"{100 * value:.1f}" if value >= 0.001 or not value else f"{100 * value:.2g}"
    return f"{value:.1%}" if 0 < value < 0.095 or 0.99 < value < 1 else f"{value:.0%}"


def unit_of(name: str) -> str:
    """What stands after an amount."""
    from rpo_edge.store.timeline import PER_WORD, SPREADS

    return " words" if name in SPREADS else " per 100 words" if name in PER_WORD else ""


def profile_table(profile: StyleProfile, latest: Latest | None) -> str:
    """For a terminal: a row for each feature, with a bar for its commonest variant and what changed lately."""
    table = _table("habit", "", "how often", ">of", f"since {latest.since}" if latest else "lately")
    changes = latest.changes() if latest else {}
    for name, label, rates in estimated(profile):
        table.add_row(*map(_cell, _profile_cells(name, label, rates, changes.get(name))))
    lines = [f"stated: {key} = {plain(value)}" for key, value in profile.preferences.items()]
    if latest:
        lines.append(f"since {latest.since}: the newest {latest.items} texts against all others, where chance alone hardly differs so")
    return _drawn(f"{profile.items} items, {profile.words} words", table, *lines)


def estimated(profile: StyleProfile) -> list[tuple[str, str, dict[str, Estimate]]]:
    """Name, label and estimates of each feature that was seen."""
    from rpo_edge.features import LABELS
    from rpo_edge.steps.profile import counts_of, totals_by_name
    from rpo_edge.store.timeline import estimates, words_of

    totals = totals_by_name(counts_of(profile))
    found = ((name, label, estimates(name, totals.get(name, {}), words_of(totals))) for name, label in LABELS.items())
    return [row for row in found if row[2]]


def present(name: str, rates: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """The variants that say that something is there ("!"), not that nothing is (".")."""
    from rpo_edge.store.timeline import ABSENT

    return {variant: rate for variant, rate in rates.items() if (name, variant) not in ABSENT}


def _profile_cells(name: str, label: str, rates: Mapping[str, Estimate], change: Change | None) -> Iterable[str]:
    from rpo_edge.store.timeline import PER_WORD, SPREADS

    top = list(present(name, rates).items())[:3]
    values = ", ".join(f"{variant_name(variant)} {amount(name, rate.value)}" for variant, rate in top) + unit_of(name)
    drawn = "" if name in SPREADS | PER_WORD or not top else bar(top[0][1].value)
    of = next(iter(rates.values())).of
    return label, drawn, values if top else "never", f"{of:.0f}", change_text(name, change) if change else ""


def change_text(name: str, change: Change) -> str:
    """What a variant was, and what it is now."""
    arrow = "▲" if change.now.value > change.before.value else "▼"
    return f"{arrow} {variant_name(change.variant)} {amount(name, change.before.value)} → {amount(name, change.now.value)}"


def stats_table(
    about: str, sources: Mapping[str, int], recent: Mapping[str, int], year: Mapping[str, int], kinds: Iterable[str] = ()
) -> str:
    """For a terminal: a row for each source, with a bar for its share and what came lately; then the last twelve months.

    recent: items of the last 30 days by source; year: items by month (see `Timeline`). kinds: lines that say more.
    """
    table = _table("source", "", ">items", ">last 30 days")
    for source, n in sorted(sources.items(), key=lambda pair: -pair[1]):
        table.add_row(
            *map(_cell, (plain(source), bar(n / sum(sources.values())), str(n), f"+{recent[source]}" if source in recent else ""))
        )
    months, counts = list(year), list(year.values())
    lines = [f"{months[0]} {spark(counts)} {months[-1]}: {counts[-2]} items in {months[-2]}, {counts[-1]} in {months[-1]}"] if year else []
    return _drawn(plain(about), table, *map(plain, kinds), *lines)


def _table(*headings: str) -> Table:
    """A heading that begins with > is one of numbers."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading.removeprefix(">"), justify="right" if heading.startswith(">") else "left")
    return table


def _cell(text: str) -> Text:
    """Words of the user's are no markup."""
    from rich.text import Text

    return Text(text)


def _drawn(about: str, table: Table, *lines: str) -> str:
    """As standard output's terminal shows them: its width, its colours. A table without rows is left out."""
    from rich.console import Console

    console = Console()
    with console.capture() as capture:
        for part in (_cell(about), *([table] if table.row_count else []), *map(_cell, lines)):
            console.print(part)
    return capture.get()
