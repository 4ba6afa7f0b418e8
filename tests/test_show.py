"""What is shown on a terminal, and that it is shown there alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge import History, show
from rpo_edge.edits import apply
from rpo_edge.records import Edit, HistoryItem, Observation, ReflectorInfo, Reverted, Rewrite, Verdict
from rpo_edge.store.timeline import Change, wilson

ROOT = Path(__file__).resolve().parents[1]
BARS = "▏▎▍▌▋▊▉█"


@pytest.fixture(scope="module")
def moved(tmp_path_factory) -> Path:
    """A store whose user began to contract some weeks ago, and whose words try to be more than words."""
    path = tmp_path_factory.mktemp("moved") / "h.db"
    with History.open(path) as history:
        for i in range(60):
            verb = "don't" if i < 25 else "do not"
            text = f"Hi there,\n\nI {verb} know item {i}. I {verb} mind it!\n\nCheers,\nTom \x1b[m"
            day = date(2024, 6, 15) - timedelta(days=i if i < 25 else 10 + 2 * i)
            history.extend([HistoryItem(text, "[red]mail\x1b[2J" if i % 2 else "chat", day.isoformat())])
        history.set_preference("greeting", "[bold]Ahoy\x1b[31m")
    return path


def command(store: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "rpo_edge", "--store", str(store), *arguments]


def piped(store: Path, *arguments: str) -> str:
    done = subprocess.run(command(store, *arguments), capture_output=True, check=True, timeout=60, cwd=ROOT, encoding="utf-8")
    assert done.stderr == ""
    return done.stdout


def on_a_terminal(store: Path, *arguments: str, columns: int = 120) -> str:
    """What a pseudo-terminal gets; its line ends are ours again."""
    pty = pytest.importorskip("pty")
    main, terminal = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR")}
    environment |= {"COLUMNS": str(columns), "TERM": "xterm"}
    with subprocess.Popen(command(store, *arguments), stdout=terminal, stdin=subprocess.DEVNULL, env=environment, cwd=ROOT) as process:
        os.close(terminal)
        received = b"".join(iter(lambda: _read(main), b""))
    os.close(main)
    assert process.returncode == 0
    return received.decode("utf-8").replace("\r\n", "\n")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux ends a pseudo-terminal so
        return b""


# -- pieces ------------------------------------------------------------------------------------------------------------


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 20))
def test_bars_are_as_long_as_their_shares(one, other, width):
    lengths = [sum(8 if cell == "█" else " ▏▎▍▌▋▊▉█".index(cell) for cell in show.bar(share, width)) for share in (one, other)]
    assert all(len(show.bar(share, width)) == width for share in (one, other))
    assert abs(lengths[0] - one * width * 8) <= 1 and (lengths[0] > 0) == (one > 0)
    assert one > other or lengths[0] <= lengths[1]


@pytest.mark.parametrize(("values", "drawn"), [([], ""), ([0, 0], "  "), ([1, 0, 8], "▂ █"), ([5], "█")])
def test_sparks_are_as_high_as_their_values(values, drawn):
    assert show.spark(values) == drawn


@given(st.text())
def test_plain_text_is_a_line_that_a_terminal_does_not_obey(text):
    assert show.plain(text).isprintable() and (not text.isascii() or not text.isalnum() or show.plain(text) == text)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("dash", 0.0, "0%"),
        ("dash", 0.004, "0.4%"),
        ("dash", 0.623, "62%"),
        ("dash", 0.997, "99.7%"),
        ("dash", 1.0, "100%"),
        ("lexical", 0.0681, "6.8"),
        ("question", 0.00054, "0.054"),
        ("sentence_words", 14.93, "14.9"),
    ],
)
def test_amounts_are_read_by_people(name, value, text):
    assert show.amount(name, value) == text


def test_changes_say_what_was_and_what_is():
    change = Change("contracted", wilson(31, 50), wilson(40, 40))
    assert show.change_text("contraction", change) == "▲ contracted 62% → 100%"
    assert show.change_text("contraction", Change("!", change.now, change.before)) == "▼ exclamation mark 100% → 62%"


DIFFS = [
    (
        "It is also worth noting that the pizza is.",
        [("It is also worth noting that t", "T")],
        "[-It is also worth noting that the-]{+The+} pizza is.",
    ),
    ("However, we do.", [("However, w", "W")], "[-However, we-]{+We+} do."),
    ("We like colors.", [("", "u", 12)], "We like [-colors-]{+colours+}."),
    ("We organize.", [("z", "s")], "We [-organize-]{+organise+}."),
    ("We organized colors.", [("z", "s"), ("o", "ou", 16)], "We [-organized-]{+organised+} [-colors-]{+colours+}."),
    ("The unorganized.", [("The u", "U"), ("z", "s"), ("d", "", 14)], "[-The unorganized-]{+Unorganise+}."),
    ("He sees a cat", [("", "s", 13)], "He sees a [-cat-]{+cats+}"),
    ("Cats sleep", [("s", "", 3)], "[-Cats-]{+Cat+} sleep"),
    ("It's well-known", [("'", "’"), ("-", " ")], "[-It's-]{+It’s+} [-well-known-]{+well known+}"),
    ("well known", [(" ", "-")], "[-well known-]{+well-known+}"),
    ("I do not know.", [("do not", "don't")], "I [-do not-]{+don't+} know."),
    ("It is late.", [("", "really ", 6)], "It is {+really +}late."),
    ("It is very late.", [("very ", "")], "It is [-very -]late."),
    ("So it is. Is it", [("So i", "I"), (".", "!"), ("", "?", 15)], "[-So it-]{+It+} is[-.-]{+!+} Is it{+?+}"),
    ("one two", [("one", "1"), (" ", "", 3), ("two", "2")], "[-one two-]{+12+}"),
    ("one, two", [("one", "a"), (",", ";")], "[-one-]{+a+}[-,-]{+;+} two"),
    ("Same.", [], "Same."),
    ("", [("", "x", 0)], "{+x+}"),
]


def rewritten(draft, changes):
    """changes: (before, after), and where `before` stands if not at its first place."""
    edits = [Edit(start := place[0] if place else draft.index(old), start + len(old), old, new, "r") for old, new, *place in changes]
    return Rewrite(apply(draft, edits), draft, tuple(edits), (), Verdict(), ReflectorInfo("x"), {})


@pytest.mark.parametrize(("draft", "changes", "shown"), DIFFS)
def test_a_diff_shows_whole_words(draft, changes, shown):
    rewrite = rewritten(draft, changes)
    assert show.as_diff(rewrite, colour=False) == shown
    coloured = show.as_diff(rewrite, colour=True)
    assert re.sub(r"\x1b\[31;9m(.*?)\x1b\[0m", r"[-\1-]", re.sub(r"\x1b\[32m(.*?)\x1b\[0m", r"{+\1+}", coloured)) == shown


@given(st.lists(st.sampled_from(["ab", "c", " ", "-", "'", ".", "\n"]), max_size=12), st.lists(st.integers(0, 12), max_size=8))
def test_a_diff_has_the_draft_and_the_text(parts, places):
    draft, cuts = "".join(parts), sorted(places)
    pairs = [(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False) if b <= len(draft)]
    rewrite = rewritten(draft, [(draft[a:b], "xy"[: (a + b) % 3], a) for a, b in pairs])
    shown = show.as_diff(rewrite, colour=False)
    assert re.sub(r"\{\+.*?\+\}", "", re.sub(r"\[-(.*?)-\]", r"\1", shown, flags=re.DOTALL), flags=re.DOTALL) == draft
    assert re.sub(r"\[-.*?-\]", "", re.sub(r"\{\+(.*?)\+\}", r"\1", shown, flags=re.DOTALL), flags=re.DOTALL) == rewrite.text


@pytest.mark.parametrize("letter", ["\x1b", "\x00", "\x07", "\x9b", "\u202e", "\r", "\n", "\t"])
def test_lines_about_texts_have_nothing_that_a_terminal_obeys(letter):
    item = HistoryItem(f"It is{letter}[31m late.", f"ma{letter}il", f"2024{letter}", id=3)
    line = show.item_line(item)
    assert line.count("\t") == 3 and line.count("\n") == 1 and line.replace("\t", "").rstrip("\n").isprintable()
    assert "It is" in line and "[31m late." in line
    assert all(shown.isprintable() for shown in show.as_preview([item]).split("\n")) and show.as_preview([item]).count("\n") == 2
    edit, said = Edit(0, 2, "It", "That", f"you write {letter}x"), Observation("f", letter, letter, letter)
    rewrite = Rewrite("That", "It", (edit,), (said,), Verdict(False, (Reverted(f"A{letter}.", letter),)), ReflectorInfo("x"), {})
    assert all(shown.isprintable() for shown in show.as_reasons(rewrite).split("\n")) and show.as_reasons(rewrite).count("\n") == 2


def test_other_letters_are_shown_as_they_are():
    assert show.item_line(HistoryItem("Ça va — “é” 🙂 汉字", "notes", "2024-05-01", id=7)) == "7\t2024-05-01\tnotes\tÇa va — “é” 🙂 汉字\n"


# -- terminals and pipes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["profile", "show"], ["history", "stats"]], ids=" ".join)
def test_tables_are_for_terminals_alone(moved, arguments):
    table, lines = on_a_terminal(moved, *arguments), piped(moved, *arguments)
    assert "─" * 20 in table and any(cell in table for cell in BARS)
    assert "\x1b" not in lines.replace("\x1b[31m", "").replace("\x1b[m", "").replace("\x1b[2J", "") and not any(
        cell in lines for cell in "─" + BARS
    )


def test_in_a_pipe_the_lines_are_as_they_were(moved):
    with History.open(moved) as history:
        profile = history.profile()
    assert piped(moved, "profile", "show") == show.profile_text(profile)
    assert piped(moved, "history", "stats").splitlines()[1:] == ["      30  [red]mail\x1b[2J", "      30  chat"]


def test_a_terminal_shows_what_changed(moved):
    table = on_a_terminal(moved, "profile", "show")
    (row,) = [line for line in table.splitlines() if "contractions" in line]
    assert "since 2024-05-22" in table and "contracted 42%" in row and "▲ contracted 0% → 100%" in row and "120" in row
    assert [line for line in table.splitlines() if "▲" in line or "▼" in line] == [row]


def test_a_terminal_shows_where_the_texts_came_from_and_when(moved):
    table = on_a_terminal(moved, "history", "stats")
    assert [line.split() for line in table.splitlines() if line.strip().startswith("chat")] == [["chat", "████", "30", "+13"]]
    assert "2023-07" in table and "10 items in 2024-05, 15 in 2024-06" in table


@pytest.mark.parametrize("arguments", [["profile", "show"], ["history", "stats"]], ids=" ".join)
def test_the_users_words_do_nothing_to_a_terminal(moved, arguments):
    table = on_a_terminal(moved, *arguments, columns=200)
    assert not any(code in table for code in ("\x1b[2J", "\x1b[31m", "\x1b[m"))
    expected = ["[bold]Ahoy�[31m", "Cheers, Tom �[m"] if arguments[0] == "profile" else ["[red]mail�[2J"]
    assert all(words in table for words in expected)


@pytest.mark.parametrize("columns", [30, 80])
def test_a_narrow_terminal_is_not_overrun(moved, columns):
    for arguments in (["profile", "show"], ["history", "stats"]):
        bare = on_a_terminal(moved, *arguments, columns=columns).replace("\x1b[1m", "").replace("\x1b[0m", "")
        assert max(map(len, bare.splitlines())) <= columns


def test_json_is_json_on_a_terminal_too(moved):
    assert json.loads(on_a_terminal(moved, "profile", "show", "--format", "json"))["items"] == 60


def test_an_empty_history_is_a_line(tmp_path):
    at = tmp_path / "none.db"
    assert on_a_terminal(at, "profile", "show") == "0 items, 0 words\n"
    assert on_a_terminal(at, "history", "stats", columns=500).startswith("0 items, 0 words in ") and not at.exists()


def test_rich_is_not_waited_for_in_a_pipe(moved):
    code = "import sys, rpo_edge.cli as c\ntry: c.main()\nexcept SystemExit: sys.stderr.write(str('rich.table' in sys.modules))"
    for arguments in (["profile", "show"], ["history", "stats"]):
        line = [sys.executable, "-c", code, "--store", str(moved), *arguments]
        assert subprocess.run(line, capture_output=True, check=True, timeout=60, cwd=ROOT).stderr == b"False"
