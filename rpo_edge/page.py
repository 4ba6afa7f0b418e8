"""The habits as one HTML page: plots over time, what changed lately, and sentences that show each habit.

The page stands alone. It has no script, and its Content-Security-Policy forbids whatever it does not hold itself: all but the one style
sheet, by its digest, so that nothing is fetched when it is opened, whatever the texts say. Every text of the user's goes through
`escaped`. Plots are inline SVG with title and description; their numbers stand below them in a table. Elements are closed as XML
wants it, which tests make use of.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

from rpo_edge.plots import MOST_LINES, Habit, axis_of, columns, escaped, lines, own, points_of
from rpo_edge.records import StyleProfile
from rpo_edge.show import change_text, estimated, present, unit_of, variant_name
from rpo_edge.steps.profile import MINIMUM_SITES
from rpo_edge.store.timeline import PER_WORD, SPREADS, Latest, Month, Sample, Timeline

_ROWS = 6  # variants in a list

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
    axis = axis_of(months)
    yield f'<section class="wide"><h2>Words by month</h2><figure>{columns(axis, months)}</figure>'
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
            samples = {variant: timeline.samples(profile, name, variant) for variant in list(there)[:MOST_LINES]}
            cards.append(_card(Habit(name, label, there, months, changed, samples), len(cards)))
    yield f'<h2>Habits</h2><div class="cards">{"".join(cards)}</div>'
    for title, labels in (("Seen too seldom to say anything", seldom), ("Never seen", never)):
        if labels:
            yield f"<h2>{title}</h2><p>{escaped('; '.join(labels))}</p>"


def _card(habit: Habit, number: int) -> str:
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


def _rates(habit: Habit) -> str:
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


def _sentences(habit: Habit) -> str:
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


def _figure(habit: Habit, number: int) -> str:
    """The plot of a habit with its legend and numbers; a line of text where there is nothing to draw."""
    axis = axis_of(habit.months) if habit.months else []
    points = points_of(habit, axis)
    if max((len(pairs) for pairs in points.values()), default=0) < 2:
        return '<p class="faint">Too few dated texts to draw it over time.</p>'
    legend = " ".join(
        f'<span><svg class="key" viewBox="0 0 26 10" aria-hidden="true"><line class="line l{i}" x1="0" x2="26" y1="5" y2="5"/></svg> '
        f"{own(variant_name(variant))}</span>"
        for i, variant in enumerate(points)
    )
    plot = lines(habit, axis, points, f"h{number}")
    shown = [k for k in range(len(axis)) if any(k == place for pairs in points.values() for place, _ in pairs)]
    cells = {variant: {k: habit.show(rate.value) for k, rate in pairs} for variant, pairs in points.items()}
    rows = [(axis[k], *(cells[variant].get(k, "") for variant in points)) for k in reversed(shown)]
    numbers = _numbers(f"{habit.label} by month", ("month", *map(variant_name, points)), rows)
    return f"<figure>{plot}<figcaption>{legend}</figcaption></figure>{numbers}"
