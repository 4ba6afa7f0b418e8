"""The habits as one HTML page: plots over time, what changed lately, and sentences that show each habit.

The page stands alone. It has no script, and its Content-Security-Policy forbids whatever it does not hold itself: all but the one style
sheet, by its digest, so that nothing is fetched when it is opened, whatever the texts say. Every text of the user's goes through
`escaped`. Plots are inline SVG with title and description; their numbers stand below them in a table. Elements are closed as XML
wants it, which tests make use of.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape

from rpo_edge.records import StyleProfile
from rpo_edge.show import amount, change_text, estimated, present, unit_of, variant_name
from rpo_edge.steps.profile import MINIMUM_SITES
from rpo_edge.store.timeline import (
    PER_WORD,
    SPREADS,
    Estimate,
    Latest,
    Month,
    Sample,
    Timeline,
    estimates,
    month_name,
    month_number,
    wilson,
    words_of,
)

MOST_MONTHS = 120
"""Months on a plot; what is older is in the whole alone."""

_LINES = 3  # variants on a plot
_ROWS = 6  # variants in a list
_FEWEST_WORDS = 100  # of a month with a point, for what is counted against words
_JOINED = 3  # months that a line may span without a point
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 360, 150, 42, 8, 8, 20

_STYLE = """
:root{color-scheme:light dark;--paper:#fbfaf7;--card:#fff;--ink:#1d1f23;--faint:#5b6067;--rule:#d9d6cf;--mark:#ffe9a8;
--s0:#0b5cad;--s1:#a8410f;--s2:#2f6b2a}
@media (prefers-color-scheme:dark){:root{--paper:#15171a;--card:#1e2125;--ink:#e8e6e1;--faint:#a5abb3;--rule:#3a3f46;--mark:#5c4a10;
--s0:#7ab8f5;--s1:#f0a06c;--s2:#8fcf86}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;
overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.25rem;margin:2rem 0 .5rem}h3{font-size:1.05rem;margin:0}h3::first-letter{text-transform:uppercase}
p{margin:.25rem 0}.faint,figcaption,summary,caption{color:var(--faint);font-size:.875rem}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:1rem}
.card{background:var(--card);border:1px solid var(--rule);border-radius:.5rem;padding:.75rem;min-width:0}
figure{margin:.5rem 0}svg{display:block;width:100%;height:auto}.wide{max-width:26rem}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.15rem .5rem .15rem 0;vertical-align:top;border-top:1px solid var(--rule)}
th{font-weight:normal}.n{text-align:right}td.bar{width:40%;vertical-align:middle}
.scroll{overflow-x:auto}summary{cursor:pointer;padding:.35rem 0}
blockquote{margin:.35rem 0;padding-left:.6rem;border-left:3px solid var(--rule)}mark{background:var(--mark);color:inherit}
.axis{stroke:var(--rule)}.label{fill:var(--faint);font:11px system-ui,sans-serif}
.line{fill:none;stroke-width:2;stroke-linejoin:round}.band{fill:var(--s0);opacity:.15}.alone{stroke:var(--s0);stroke-width:3}.fill{fill:var(--s0)}
.l0{stroke:var(--s0)}.l1{stroke:var(--s1);stroke-dasharray:6 3}.l2{stroke:var(--s2);stroke-dasharray:2 3}
.d0{fill:var(--s0)}.d1{fill:var(--s1)}.d2{fill:var(--s2)}
.key{display:inline-block;width:1.6rem;height:.6rem;vertical-align:middle}
"""
_DIGEST = b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'"
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")  # in no HTML and no XML


def escaped(text: str) -> str:
    """Text for between tags or within quotes."""
    return escape(_UNFIT.sub("�", text), quote=True)


def own(text: str) -> str:
    """Words of the user's, whichever way they run."""
    return f"<bdi>{escaped(text)}</bdi>"


# -- the page ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Habit:
    """What a card is made of. months: of the whole store; samples: by variant."""

    name: str
    label: str
    rates: Mapping[str, Estimate]
    months: Mapping[str, Month]
    changed: str
    samples: Mapping[str, Sequence[Sample]]

    def show(self, value: float) -> str:
        """A rate as people read it, without its unit."""
        return amount(self.name, value)

    def tick(self, value: float) -> str:
        """A round number on the axis."""
        per = 1 if self.name in SPREADS else 100
        return f"{round(per * value, 6):g}" + ("" if self.name in SPREADS | PER_WORD else "%")


def page(profile: StyleProfile, timeline: Timeline) -> str:
    """The whole page. Reads the counts of every item, so it takes time in proportion to the store."""
    months = timeline.months() if profile.items else {}
    latest = timeline.latest(profile)
    body = [*_head(profile, months, latest), *(_habits(profile, timeline, months, latest) if profile.items else []), *_stated(profile)]
    made = f"<p>Made on {timeline.today} on your own device. Sentences of yours stand in it: keep it as private as the history.</p>"
    return "\n".join(
        [*_document(), "<body>", "<main>", *body, "</main>", f'<footer class="faint">{made}</footer>', "</body>", "</html>", ""]
    )


def _document() -> list[str]:
    return [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8"/>',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"/>',
        '<meta name="referrer" content="no-referrer"/>',
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
        "<title>Your writing habits</title>",
        f"<style>{_STYLE}</style>",
        "</head>",
    ]


def _head(profile: StyleProfile, months: Mapping[str, Month], latest: Latest | None) -> Iterator[str]:
    yield "<h1>Your writing habits</h1>"
    if not profile.items:
        yield "<p>The history is empty, so there is nothing to show yet. <code>rpo-edge history import</code> brings your texts in.</p>"
        return
    dated = sum(month.items for month in months.values())
    yield f"<p>{profile.items:,} texts, {profile.words:,} words; {dated:,} of the texts have a date.</p>"
    if latest:
        yield (
            f'<p class="faint">Changes compare the newest {latest.items} texts, since {latest.since}, with all others; they are shown where '
            "chance alone hardly differs so. Shaded bands are 95% intervals.</p>"
        )
    if not months:
        yield "<p>No text has a date, so nothing can be drawn over time.</p>"
        return
    axis = _axis(months)
    yield f'<section class="wide"><h2>Words by month</h2><figure>{_columns(axis, months)}</figure>'
    rows = [(name, f"{months[name].items:,}", f"{months[name].words:,.0f}") for name in reversed(axis) if name in months]
    yield _numbers("Texts and words by month", ("month", "texts", "words"), rows) + "</section>"


def _habits(profile: StyleProfile, timeline: Timeline, months: Mapping[str, Month], latest: Latest | None) -> Iterator[str]:
    """A card for each habit; then, in a line each, what was seen too seldom and what never."""
    changes = latest.changes() if latest else {}
    cards: list[str] = []
    seldom: list[str] = []
    never: list[str] = []
    for name, label, rates in estimated(profile):
        there = present(name, rates)
        if not there:
            never.append(label)
        elif name not in PER_WORD and next(iter(rates.values())).of < MINIMUM_SITES:
            seldom.append(label)
        else:
            changed = change_text(name, changes[name]) + unit_of(name) if name in changes else ""
            samples = {variant: timeline.samples(profile, name, variant) for variant in list(there)[:_LINES]}
            cards.append(_card(_Habit(name, label, there, months, changed, samples), len(cards)))
    yield f'<h2>Habits</h2><div class="cards">{"".join(cards)}</div>'
    for title, labels in (("Seen too seldom to say anything", seldom), ("Never seen", never)):
        if labels:
            yield f"<h2>{title}</h2><p>{escaped('; '.join(labels))}</p>"


def _card(habit: _Habit, number: int) -> str:
    of = next(iter(habit.rates.values())).of
    seen = f"{of:,.0f} {'words' if habit.name in PER_WORD else 'seen'}{unit_of(habit.name) and f';{unit_of(habit.name)}'}"
    changed = f"<p><strong>Lately:</strong> {own(habit.changed)}</p>" if habit.changed else ""
    parts = [
        f'<section class="card"><h3>{escaped(habit.label)}</h3><p class="faint">{seen}</p>',
        _rates(habit),
        changed,
        _figure(habit, number),
    ]
    return "".join([*parts, _sentences(habit), "</section>\n"])


def _rates(habit: _Habit) -> str:
    """Variants with their share of the whole history."""
    most = max(rate.value for rate in habit.rates.values()) if habit.name in PER_WORD else 1.0
    rows = [
        f'<tr><th scope="row">{own(variant_name(variant))}</th><td class="bar">'
        + ("" if habit.name in SPREADS else _bar(rate.value / most))
        + f'</td><td class="n">{habit.show(rate.value)}</td></tr>'
        for variant, rate in list(habit.rates.items())[:_ROWS]
    ]
    return f"<table><caption>in all texts</caption>{''.join(rows)}</table>"


def _bar(share: float) -> str:
    width = round(100 * share, 1)
    return f'<svg viewBox="0 0 100 6" aria-hidden="true"><rect class="fill" x="0" y="0" width="{width}" height="6" rx="1"/></svg>'


def _sentences(habit: _Habit) -> str:
    """What was found for each variant."""
    quotes = "".join(
        f"<p>{own(variant_name(variant))}</p>" + "".join(map(_quote, samples)) for variant, samples in habit.samples.items() if samples
    )
    return f"<details><summary>Sentences that show it</summary>{quotes}</details>" if quotes else ""


def _quote(sample: Sample) -> str:
    where = f"text {sample.item}" + (f", {sample.date[:10]}" if sample.date else "")
    sentence = f"{escaped(sample.before)}<mark>{escaped(sample.shown)}</mark>{escaped(sample.after)}"
    return f'<blockquote><p dir="auto">{sentence}</p><p class="faint">{escaped(where)}</p></blockquote>'


def _numbers(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{own(heading)}</th>' for heading in headings)
    body = "".join(f'<tr><th scope="row">{row[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in row[1:]) + "</tr>" for row in rows)
    table = f"<table><caption>{escaped(title)}</caption><tr>{head}</tr>{body}</table>"
    return f'<details><summary>The numbers</summary><div class="scroll">{table}</div></details>'


def _stated(profile: StyleProfile) -> Iterator[str]:
    if profile.preferences:
        rows = "".join(f'<tr><th scope="row">{own(key)}</th><td>{own(value)}</td></tr>' for key, value in profile.preferences.items())
        yield f"<h2>What you stated yourself</h2><table>{rows}</table>"


# -- plots -------------------------------------------------------------------------------------------------------------


def _axis(months: Mapping[str, Month]) -> list[str]:
    """All months from the first to the last one, of which at most MOST_MONTHS are kept."""
    last = month_number(max(months))
    first = max(month_number(min(months)), last - MOST_MONTHS + 1)
    return [month_name(number) for number in range(first, last + 1)]


@dataclass(frozen=True)
class _Frame:
    """The plane of a plot: months from left to right, values from 0 to `top` upward."""

    axis: Sequence[str]
    top: float

    def x(self, k: float) -> float:
        """Of the k-th month."""
        return _LEFT + k * (_WIDTH - _LEFT - _RIGHT) / max(1, len(self.axis) - 1)

    def y(self, value: float) -> float:
        """What is higher than the plot is cut off."""
        return _TOP + (1 - min(value / self.top, 1.0)) * (_HEIGHT - _TOP - _BOTTOM)

    def points(self, pairs: Iterable[tuple[int, float]]) -> str:
        """As SVG has them."""
        return " ".join(f"{self.x(k):.1f},{self.y(value):.1f}" for k, value in pairs)

    def ruled(self, show: Callable[[float], str]) -> str:
        """Lines and numbers at 0, half and top; the first and the last month."""
        lines = "".join(
            f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{self.y(value):.1f}" y2="{self.y(value):.1f}"/>'
            f'<text class="label" x="{_LEFT - 4}" y="{self.y(value) + 4:.1f}" text-anchor="end">{show(value)}</text>'
            for value in (0.0, self.top / 2, self.top)
        )
        ends = [(_LEFT, "start", self.axis[0])] + [(_WIDTH - _RIGHT, "end", self.axis[-1])] * (len(self.axis) > 1)
        return lines + "".join(f'<text class="label" x="{x}" y="{_HEIGHT - 5}" text-anchor="{a}">{name}</text>' for x, a, name in ends)


def round_up(value: float) -> float:
    """The next 1, 2 or 5 with any number of zeros."""
    scale = 10.0 ** int(f"{value:e}".partition("e")[2])
    return next(step * scale for step in (1, 2, 5, 10) if step * scale >= value * (1 - 1e-9))


def _svg(title: str, description: str, key: str, inside: str) -> str:
    return (
        f'<svg role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-labelledby="{key}-t {key}-d">'
        f'<title id="{key}-t">{escaped(title)}</title><desc id="{key}-d">{escaped(description)}</desc>{inside}</svg>'
    )


def _columns(axis: Sequence[str], months: Mapping[str, Month]) -> str:
    """Words of each month."""
    found = [(k, months[name].words) for k, name in enumerate(axis) if name in months]
    frame = _Frame(axis, round_up(max(1.0, *(n for _, n in found))))
    width = max(1.0, 0.8 * (_WIDTH - _LEFT - _RIGHT) / len(axis))
    right = _WIDTH - _RIGHT - width
    columns = "".join(
        f'<rect class="fill" x="{_LEFT + k * (right - _LEFT) / max(1, len(axis) - 1):.1f}" y="{frame.y(n):.1f}" width="{width:.1f}" '
        f'height="{frame.y(0) - frame.y(n):.1f}"/>'
        for k, n in found
    )
    most, words = max(found, key=lambda pair: pair[1])
    description = f"{len(found)} months with texts from {axis[0]} to {axis[-1]}; most words, {words:,.0f}, in {axis[most]}."
    return _svg(
        "Words by month", description, "words", columns + frame.ruled(lambda value: f"{value:g}" if value < 1000 else f"{value / 1000:g}k")
    )


Points = dict[str, list[tuple[int, Estimate]]]
"""Months, as their places on the axis, with estimates, by variant."""


def _points(habit: _Habit, axis: Sequence[str]) -> Points:
    """Of months with enough sites; of two variants that make up the whole only the first, as the other is its mirror."""
    chosen = list(habit.rates)[: 1 if len(habit.rates) == 2 and habit.name not in PER_WORD else _LINES]
    found: Points = {variant: [] for variant in chosen}
    for k, name in enumerate(axis):
        counts = habit.months[name].counts if name in habit.months else {}
        words = words_of(counts)
        rates = estimates(habit.name, counts.get(habit.name, {}), words)
        of = words if habit.name in PER_WORD else max((rate.of for rate in rates.values()), default=0.0)
        for variant in chosen if of >= (_FEWEST_WORDS if habit.name in PER_WORD else MINIMUM_SITES) else ():
            found[variant].append((k, rates.get(variant) or wilson(0.0, of)))
    return found


def _figure(habit: _Habit, number: int) -> str:
    """The plot of a habit with its legend and numbers; a line of text where there is nothing to draw."""
    axis = _axis(habit.months) if habit.months else []
    points = _points(habit, axis)
    if max((len(pairs) for pairs in points.values()), default=0) < 2:
        return '<p class="faint">Too few dated texts to draw it over time.</p>'
    legend = " ".join(
        f'<span><svg class="key" viewBox="0 0 26 10" aria-hidden="true"><line class="line l{i}" x1="0" x2="26" y1="5" y2="5"/></svg> '
        f"{own(variant_name(variant))}</span>"
        for i, variant in enumerate(points)
    )
    plot = _lines(habit, axis, points, f"h{number}")
    shown = [k for k in range(len(axis)) if any(k == place for pairs in points.values() for place, _ in pairs)]
    cells = {variant: {k: habit.show(rate.value) for k, rate in pairs} for variant, pairs in points.items()}
    rows = [(axis[k], *(cells[variant].get(k, "") for variant in points)) for k in reversed(shown)]
    numbers = _numbers(f"{habit.label} by month", ("month", *map(variant_name, points)), rows)
    return f"<figure>{plot}<figcaption>{legend}</figcaption></figure>{numbers}"


def _lines(habit: _Habit, axis: Sequence[str], points: Points, key: str) -> str:
    peak = max(rate.value for pairs in points.values() for _, rate in pairs)
    share = habit.name not in PER_WORD | SPREADS
    frame = _Frame(axis, 1.0 if share and peak > 0.5 else round_up(max(1.05 * peak, 1e-4)))
    drawn = _band(frame, next(iter(points.values())))
    for i, pairs in enumerate(points.values()):
        for run in _runs(pairs):
            drawn += f'<polyline class="line l{i}" points="{frame.points((k, rate.value) for k, rate in run)}"/>'
        drawn += "".join(f'<circle class="d{i}" cx="{frame.x(k):.1f}" cy="{frame.y(rate.value):.1f}" r="2"/>' for k, rate in pairs)
    told = "; ".join(_told(habit, axis, variant, pairs) for variant, pairs in points.items() if pairs)
    return _svg(f"{habit.label} by month", f"{told}.", key, drawn + frame.ruled(habit.tick))


def _band(frame: _Frame, pairs: Sequence[tuple[int, Estimate]]) -> str:
    """The 95% intervals of the first line; of a point that stands alone, a stroke."""
    drawn = ""
    for run in _runs(pairs):
        outline = frame.points([*((k, rate.high) for k, rate in run), *((k, rate.low) for k, rate in reversed(run))])
        drawn += f'<polygon class="band{" alone" * (len(run) == 1)}" points="{outline}"/>'
    return drawn


def _runs(pairs: Sequence[tuple[int, Estimate]]) -> list[list[tuple[int, Estimate]]]:
    """Points that one line joins: no gap of months without texts is drawn over."""
    runs: list[list[tuple[int, Estimate]]] = []
    for pair in pairs:
        if runs and pair[0] - runs[-1][-1][0] <= _JOINED:
            runs[-1].append(pair)
        else:
            runs.append([pair])
    return runs


def _told(habit: _Habit, axis: Sequence[str], variant: str, pairs: Sequence[tuple[int, Estimate]]) -> str:
    """A line in words."""
    least, most = (choose(pairs, key=lambda pair: pair[1].value) for choose in (min, max))
    marks = {"from": pairs[0], "to": pairs[-1], "lowest": least, "highest": most}
    return f"{variant_name(variant)}: " + ", ".join(f"{word} {habit.show(rate.value)} in {axis[k]}" for word, (k, rate) in marks.items())
