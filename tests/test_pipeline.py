"""The whole flow, on the example that the README shows."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpo_edge import History, InputError, Personalizer
from rpo_edge.edits import apply
from rpo_edge.records import Edit, HistoryItem, Observation, ReflectorInfo
from rpo_edge.reflectors.base import Reflection
from rpo_edge.reflectors.observed import Observed
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.guard import guard

ROOT = Path(__file__).resolve().parents[1]
DRAFT = (ROOT / "examples/response.txt").read_text("utf-8")


@pytest.fixture(scope="module")
def history(store):
    with History.open(store) as opened:
        yield opened


def run(store: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "rpo_edge", "--store", str(store), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)


def test_rewrites_the_example_deterministically(history):
    first, second = (Personalizer(history).rewrite(DRAFT) for _ in range(2))
    assert first.changed and first.text == second.text
    assert apply(DRAFT, first.edits) == first.text
    assert "It's unlikely" in first.text


@pytest.mark.parametrize("windows", ["paragraphs", "sentences"])
@pytest.mark.parametrize("wrong", [[Edit(0, 2, "He", "She", "")], [Edit(0, 2, "It", "He", ""), Edit(1, 4, "t i", "a", "")]])
def test_edits_that_do_not_fit_are_the_reflectors_failure(history, windows, wrong):
    class Wrong:
        info, counter = ReflectorInfo("wrong"), None

        def reflect(self, window, evidence, profile):
            return Reflection(edits=tuple(wrong))

    rewrite = Personalizer(history, Wrong()).rewrite("It is a text of one sentence.", windows=windows)
    assert rewrite.failed and rewrite.text == rewrite.draft and "does not fit" in rewrite.notices[0]


def test_after_prepare_nothing_is_counted_in_a_rewrite(tmp_path):
    counted: list[str] = []

    class Counting:
        digest = "of a test"

        def count(self, text):
            counted.append(text)
            return {"word": 1.0}

    class Counted:
        info, counter = ReflectorInfo("counted"), Counting()

        def reflect(self, window, evidence, profile):
            return Reflection()

    with History.open(tmp_path / "history.db") as history, Personalizer(history, Counted()) as personalizer:
        history.extend(HistoryItem(f"Text {n}.") for n in range(9))
        personalizer.prepare()
        assert len(counted) == 9
        personalizer.rewrite("It is a text.")
        assert len(counted) == 9


def test_edits_cite_items_that_show_their_feature(history):
    rewrite = Personalizer(history, "rules").rewrite(DRAFT)
    cited = [number for edit in rewrite.edits for number in edit.evidence]
    assert cited and all(history.get(number) is not None for number in cited)


PIECES = st.sampled_from(
    [
        "It is not bad, however we do not know.",
        "`do not touch`",
        "See https://x.org/do-not",
        "**I am** here!",
        '"It is so"',
        "- however, 12 km",
        "\n\n",
        "Certainly!",
        "```\nit is not\n```",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_frozen_spans_come_out_byte_for_byte(history, draft):
    rewrite = Personalizer(history, "rules").rewrite(draft)
    assert apply(draft, rewrite.edits) == rewrite.text
    assert [draft[s:e] for s, e, _ in freeze(draft)] == [rewrite.text[s:e] for s, e, _ in freeze(rewrite.text)]


@pytest.mark.parametrize("windows", ["paragraphs", "sentences"])
def test_no_history_items_are_none_and_fewer_are_refused(history, windows):
    """Without any, the profile decides all the same."""
    personalizer = Personalizer(history, "rules")
    assert personalizer.rewrite(DRAFT, k=0, windows=windows).changed
    for k in (-1, -3):
        for asked in (
            lambda k=k: personalizer.rewrite(DRAFT, k=k, windows=windows),
            lambda k=k: personalizer.streaming(k=k),
            lambda k=k: next(personalizer.stream([DRAFT], k=k)),
        ):
            with pytest.raises(InputError, match=f"0 or more, not {k}"):
                asked()


def test_guard_lets_stock_phrases_go():
    draft = "The pump works. Let me know if you have any other questions!"
    kept, verdict = guard(draft, [Edit(15, len(draft), draft[15:], "", "test")])
    assert kept and verdict.accepted


def test_command_line_contract(tmp_path):
    store = tmp_path / "history.db"
    empty = run(store, "rewrite", stdin=b"It is fine.")
    assert empty.stdout == b"It is fine." and b"history import" in empty.stderr
    assert not store.exists()  # reading makes no file
    assert run(store, "history", "import", str(ROOT / "examples/history")).returncode == 0
    if os.name == "posix":
        assert store.stat().st_mode & 0o777 == 0o600
    result = json.loads(run(store, "rewrite", "--format", "json", stdin=DRAFT.encode()).stdout)
    assert result["changed"] and not result["failed"] and result["notices"] == []
    assert run(store, "rewrite").stdout == b""
    assert run(store, "rewrite", stdin=DRAFT.rstrip().encode()).stdout[-1:] != b"\n"


@pytest.mark.parametrize(
    "arguments",
    [["rewrite", "nowhere.txt"], ["profile", "set", "tone", "warm"], ["rewrite", "--reflector", "nowhere"], ["history", "forget"]],
)
def test_bad_input_is_one_line_and_exit_2(tmp_path, arguments):
    done = run(tmp_path / "h.db", *arguments, stdin=b"x")
    assert done.returncode == 2 and done.stdout == b""
    assert len(done.stderr.splitlines()) == 1 and b"Traceback" not in done.stderr


def test_damaged_store_and_bad_bytes(tmp_path):
    store = tmp_path / "h.db"
    store.write_bytes(b"not a database, but long enough to look at" * 30)
    assert run(store, "rewrite", stdin=b"x").returncode == 2
    assert b"UTF-8" in run(tmp_path / "n.db", "rewrite", stdin=b"\xff\xfe").stderr


def test_malformed_import_keeps_the_good(tmp_path):
    bad = tmp_path / "x.jsonl"
    bad.write_text('{"text": "Good one."}\nnot json\n{"text": 5}\n', "utf-8")
    done = run(tmp_path / "h.db", "history", "import", str(bad))
    assert done.returncode == 1 and b"x.jsonl:2" in done.stderr and b"x.jsonl:3" in done.stderr
    assert b"1 items" in run(tmp_path / "h.db", "history", "stats").stdout


def test_forget_leaves_no_trace_in_profile_or_search(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        kept = store.add("I don't know what it is.")
        before = store.profile().habits
        gone = store.add("The xylophone isn't mine, and it's loud.")
        assert store.search("xylophone")
        store.forget([gone])
        assert not store.search("xylophone") and store.get(gone) is None and store.get(kept)
        assert store.profile().habits == before


@pytest.mark.parametrize("windows", ["paragraphs", "sentences"])
@pytest.mark.parametrize("reflector", ["rules", "edit"])
def test_observations_count_the_edits_of_all_windows(tmp_path, reflector, windows):
    part = "It is late, and we do not know it. " * 12
    with History.open(tmp_path / "h.db") as store:
        for n in range(12):
            store.add(f"It's {n} now, and we don't know it. You're here, I'm there, and they can't see it.")
        found = Personalizer(store, reflector).rewrite("\n\n".join([part.strip()] * 6), windows=windows)
    counted = {o.feature: int(o.action.split()[2]) for o in found.observations}
    assert counted == Counter(edit.feature for edit in found.edits) and sum(counted.values()) == len(found.edits) > 100


def test_observations_leave_out_what_the_guard_took_back():
    edits = tuple(Edit(n, n + 1, "a", "b", "test", (), name) for n, name in enumerate(("dash", "dash", "latin")))
    said = tuple(Observation(name, "", "", "changed in 9 places") for name in ("dash", "latin", "reflection"))
    observed = Observed()
    observed.add(Reflection(said[:2], edits[:1], seen={"dash": {"em": 3.0, "comma": 1.0}}))
    observed.add(Reflection(said[1:], edits[1:], seen={"dash": {"em": 1.0}}))
    assert observed.of(edits[:2]) == (Observation("dash", "'em' 80%, 'comma' 20%", "", "changed in 2 places"), said[2])


def test_help_is_light():
    code = "import sys; sys.argv=['rpo-edge','--help']\ntry:\n import rpo_edge.cli as c; c.app()\nexcept SystemExit: pass\nprint(sorted({'numpy','onnxruntime','sqlite_utils'} & set(sys.modules)), file=sys.stderr)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stderr.strip().endswith(b"[]")


def test_readme_shows_what_the_example_gives(tmp_path):
    run(tmp_path / "h.db", "history", "import", str(ROOT / "examples/history"))
    done = run(tmp_path / "h.db", "rewrite", str(ROOT / "examples/response.txt"), "--format", "diff", "--explain")
    quoted = [line[2:] for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.startswith("> ")]
    assert len(quoted) == 2
    assert quoted[0] in done.stdout.decode() and quoted[1] in done.stderr.decode()
