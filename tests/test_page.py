"""The page: it fetches nothing, obeys nothing that a text says, can be read without eyes, and draws the numbers there are."""

from __future__ import annotations

import html
import os
import re
import stat
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from base64 import b64encode
from datetime import date, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge import History
from rpo_edge.page import page
from rpo_edge.plots import MOST_MONTHS, escaped, round_up
from rpo_edge.records import HistoryItem
from rpo_edge.store.timeline import Timeline, wilson

ROOT = Path(__file__).resolve().parents[1]
TODAY = date(2024, 6, 15)
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></title><svg onload=alert(1)>",
    "]]> &amp; &lt; <!-- <b",
    "\x00\x1b[31m\ufffe\u202e",
    "javascript:alert(1) url(http://example.org/x)",
]


def page_of(path: Path, items, preferences=()) -> str:
    with History.open(path) as history:
        history.extend(items)
        for key, value in preferences:
            history.set_preference(key, value)
        own = history.timeline()
        return page(history.profile(), Timeline(own.connection, own.path, own.lock, TODAY))


def read(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def words(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def plots(text: str) -> dict[str, ElementTree.Element]:
    """By title."""
    return {svg.findtext("title"): svg for svg in read(text).iter("svg") if svg.get("role") == "img"}


def hostile_page(path: Path, bad: str) -> str:
    items = [
        HistoryItem(f"Hi there,\n\nI don't know {bad} {i}. It's fine!\n\nCheers,\n{bad[:38]}", bad, f"2024-0{1 + i % 6}-02", bad)
        for i in range(12)
    ]
    return page_of(path, items, [("greeting", bad)])


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> str:
    """A page of three years; 60% of the sites of each month are contracted but in the last one."""
    items = []
    for k in range(36):
        for i in range(10):
            verb = "don't" if i < 6 or k == 35 else "do not"
            items.append(
                HistoryItem(f"I {verb} know about item {k} {i}.", "mail", f"{2021 + (k + 6) // 12}-{(k + 6) % 12 + 1:02}-1{i % 5}")
            )
    return page_of(tmp_path_factory.mktemp("made") / "h.db", items, [("greeting", "Ahoy <you>")])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> dict[str, str]:
    """A page for each bad text."""
    return {bad: hostile_page(tmp_path_factory.mktemp("hostile") / "h.db", bad) for bad in HOSTILE}


# -- nothing comes from elsewhere, nothing runs ------------------------------------------------------------------------

HTML = "html head meta title style body main footer section h1 h2 h3 p div table caption tr th td details summary blockquote mark bdi"
ALLOWED = frozenset(f"{HTML} figure figcaption span strong code svg desc rect line text polyline polygon circle".split())


def test_only_harmless_elements_and_attributes(made, hostile):
    for text in (made, *hostile.values()):
        for element in read(text).iter():
            assert element.tag in ALLOWED, element.tag
            assert not {name for name in element.keys() if name.startswith("on") or name in ("src", "href", "style", "srcset", "action")}  # noqa: SIM118
        (style,) = read(text).iter("style")
        assert not re.search(r"url\(|@import|@font-face|expression|</", style.text)


def test_the_policy_allows_this_style_sheet_and_nothing_else(made):
    head = read(made).find("head")
    (policy,) = [meta.get("content") for meta in head if meta.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    digest = b64encode(sha256(made.partition("<style>")[2].partition("</style>")[0].encode()).digest()).decode()
    assert rules == {"default-src": "'none'", "style-src": f"'sha256-{digest}'", "base-uri": "'none'", "form-action": "'none'"}
    assert head[0].get("charset") == "utf-8" and head[1].get("content") == policy  # before anything that it is to hold for


def test_hostile_texts_are_shown_as_they_are(hostile):
    for bad, text in hostile.items():
        safe = re.sub("[\x00\x1b\ufffe]", "�", bad)
        assert f"know {safe} 11." in words(read(text)) and f"greeting{safe}" in words(read(text))
        assert "<script" not in text and "<img" not in text and "\x1b" not in text


@given(st.text())
def test_escaped_text_comes_back_and_is_xml(text):
    safe = escaped(text)
    assert not set("<>\"'").intersection(safe)
    element = read(f'<p title="{safe}">{safe}</p>')
    assert html.unescape(safe).replace("�", "") == re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff�]", "", text)
    assert (element.text or "") == html.unescape(safe).replace("\r\n", "\n").replace("\r", "\n")


# -- what is drawn -----------------------------------------------------------------------------------------------------


def test_a_plot_draws_the_counts(made):
    plot = plots(made)["contractions by month"]
    circles = [(float(c.get("cx")), float(c.get("cy"))) for c in plot.iter("circle")]
    assert len(circles) == 36 and {y for _, y in circles[:-1]} == {circles[0][1]}
    rules = sorted(float(line.get("y1")) for line in plot.iter("line"))
    top, bottom = rules[0], rules[-1]  # 100% and 0%
    assert circles[-1][1] == top and circles[0][1] == pytest.approx(bottom + 0.6 * (top - bottom), abs=0.06)
    gaps = [b[0] - a[0] for a, b in pairwise(circles)]
    assert max(gaps) - min(gaps) < 0.11
    (band,) = plot.iter("polygon")
    ys = [float(pair.split(",")[1]) for pair in band.get("points").split()]
    rate = wilson(6, 10)
    assert (ys[0], ys[-1]) == pytest.approx(tuple(bottom + r * (top - bottom) for r in (rate.high, rate.low)), abs=0.06)
    labels = [text.text for text in plot.iter("text")]
    assert labels == ["0%", "50%", "100%", "2021-07", "2024-06"]


def test_everything_is_inside_its_plot(made, hostile):
    for text in (made, *hostile.values()):
        for plot in plots(text).values():
            _, _, width, height = map(float, plot.get("viewBox").split())
            for element in plot.iter():
                pairs = re.findall(r"([-\d.]+),([-\d.]+)", element.get("points", ""))
                places = [(element.get(x), element.get(y)) for x, y in (("x", "y"), ("cx", "cy"), ("x1", "y1"), ("x2", "y2"))]
                for x, y in [*pairs, *(place for place in places if place[0])]:
                    assert 0 <= float(x) <= width and 0 <= float(y) <= height
                if element.tag == "rect":
                    assert float(element.get("x")) + float(element.get("width")) <= width and float(element.get("height")) >= 0


def test_plots_have_titles_words_and_numbers_for_those_who_do_not_see_them(made):
    root, found = read(made), plots(made)
    names = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(names) == len(set(names)) and len(found) > 3
    for plot in found.values():
        assert plot.get("aria-labelledby").split() == [plot.find("title").get("id"), plot.find("desc").get("id")]
    assert all(svg.get("role") == "img" or svg.get("aria-hidden") == "true" for svg in root.iter("svg"))
    assert found["contractions by month"].findtext("desc") == (
        "contracted: from 60% in 2021-07, to 100% in 2024-06, lowest 60% in 2021-07, highest 100% in 2024-06."
    )
    (table,) = [table for table in root.iter("table") if table.findtext("caption") == "contractions by month"]
    rows = [words(row) for row in table.iter("tr")]
    assert rows[:3] == ["monthcontracted", "2024-06100%", "2024-0560%"] and len(rows) == 37
    assert root.get("lang") == "en" and [h.tag for h in root.iter() if h.tag in ("h1", "h2", "h3")][:2] == ["h1", "h2"]


def test_sentences_stand_behind_each_habit_with_the_place_marked(made):
    (card,) = [section for section in read(made).iter("section") if section.findtext("h3") == "contractions"]
    quotes = [words(quote) for quote in card.iter("blockquote")]
    assert {mark.text for mark in card.iter("mark")} == {"don't", "do not"} and 2 < len(quotes) <= 6
    assert any(re.fullmatch(r"I don't know about item \d+ \d\.text \d+, 2024-06-1\d", quote) for quote in quotes)
    assert "Lately: ▲ contracted 60% → 100%" not in words(card)  # ten texts are too few to say so


def test_what_changed_is_told(tmp_path):
    def text(i: int) -> str:
        return f"I {'don’t' if i < 25 else 'do not'} know {i}."

    items = [HistoryItem(text(i), "mail", (TODAY - timedelta(days=i if i < 25 else 3 * i)).isoformat()) for i in range(80)]
    assert "Lately: ▲ contracted 0% → 100%" in words(read(page_of(tmp_path / "h.db", items)))


def test_stated_preferences_and_what_was_never_seen_are_told(made):
    shown = words(read(made))
    assert "Ahoy <you>" in shown and "Never seen" in shown and "emoji" in shown.partition("Never seen")[2]


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([], "The history is empty"),
        ([HistoryItem(f"I don't know {i}.") for i in range(9)], "No text has a date"),
        ([HistoryItem(f"I don't know {i}.", date="2024-05-01") for i in range(9)], "Too few dated texts"),
    ],
)
def test_little_is_said_to_be_little(tmp_path, items, told):
    text = page_of(tmp_path / "h.db", items)
    assert told in words(read(text)) and not any("contractions" in title for title in plots(text))


def test_axes_end_somewhere(tmp_path):
    items = [
        HistoryItem(f"On {day} I don't know {i}.", date=day)
        for day in ("1970-01-01", "2024-05-01", "2024-06-01", "2099-01-01")
        for i in range(9)
    ]
    plot = plots(page_of(tmp_path / "h.db", items))["contractions by month"]
    assert [text.text for text in plot.iter("text")][-2:] == ["2014-07", "2024-06"] and MOST_MONTHS == 120
    assert len(list(plot.iter("circle"))) == 2


@given(st.floats(1e-6, 1e9))
def test_axes_end_at_round_numbers(value):
    top = round_up(value)
    assert value <= top * (1 + 1e-6) and top <= 10 * value and f"{top:e}"[0] in "125"


# -- the command -------------------------------------------------------------------------------------------------------


def rpo(store: Path, *arguments: object) -> tuple[int, bytes, bytes]:
    line = [sys.executable, "-m", "rpo_edge", "--store", str(store), "profile", "show", *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, check=False, timeout=60, cwd=ROOT)
    return done.returncode, done.stdout, done.stderr


def test_the_file_is_private_and_no_other_is_overwritten(store, tmp_path):
    out = tmp_path / "habits.html"
    assert rpo(store, "--format", "html", out) == (0, b"", b"")
    assert os.name != "posix" or stat.S_IMODE(out.stat().st_mode) == 0o600
    before = out.read_bytes()
    assert "contractions by month" in plots(before.decode("utf-8"))
    code, printed, said = rpo(store, "--format", "html", out)
    assert (code, printed) == (2, b"") and said.count(b"\n") == 1 and b"exists" in said and out.read_bytes() == before


@pytest.mark.parametrize("arguments", [["--format", "html"], ["x.html"], ["--format", "json", "x.html"], ["--format", "html", "no/x.html"]])
def test_a_path_goes_with_a_page(store, arguments, tmp_path):
    code, printed, said = rpo(store, *(str(tmp_path / a) if a.endswith(".html") else a for a in arguments))
    assert (code, printed) == (2, b"") and said.startswith(b"rpo-edge: ") and said.count(b"\n") == 1 and not list(tmp_path.iterdir())


def test_an_empty_history_makes_a_page_and_no_store(tmp_path):
    assert rpo(tmp_path / "h.db", "--format", "html", tmp_path / "x.html") == (0, b"", b"")
    assert "The history is empty" in (tmp_path / "x.html").read_text("utf-8") and not (tmp_path / "h.db").exists()
