"""The embedded model: as its manifest says, small, refused when altered, and honest about its evidence."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rpo_edge import History, Personalizer
from rpo_edge.history import SIDES
from rpo_edge.manifest import Manifest, embedded
from rpo_edge.reflectors.edit import EditReflector
from rpo_edge.usage import sides

ROOT = Path(__file__).resolve().parents[1]
DRAFT = (ROOT / "examples/response.txt").read_text("utf-8")
MODEL = ROOT / "rpo_edge" / "models" / "edit"


@pytest.fixture(scope="module")
def editor():
    return EditReflector.load(Manifest.load(MODEL))


def test_the_model_is_embedded_whole_and_small():
    assert MODEL in embedded()
    Manifest.load(MODEL).verify()
    assert sum(path.stat().st_size for path in MODEL.iterdir()) <= 30 * 2**20
    facts = json.loads((MODEL / "manifest.json").read_text("utf-8"))
    assert {"base", "licence", "data", "commit", "metrics", "prompt_version"} <= set(facts)


def test_the_model_says_how_near_it_is_to_its_checkpoint():
    found = json.loads((MODEL / "manifest.json").read_text("utf-8"))["parity"]
    assert (
        found["ids"]["strings"] > 5000 and found["ids"]["differ"] == 0 and found["applied"]["f1"] > 0.95 and found["choices"]["top1"] > 0.95
    )
    assert "missed" not in found and found["edits"]["spread"] > 0.05, "what the network says of words is not all alike"
    assert found["evaluation"]["reflector"].endswith(Manifest.load(MODEL).sha256[:12])


def test_an_altered_byte_is_refused(tmp_path, store):
    folder = tmp_path / "edit"
    shutil.copytree(MODEL, folder)
    for name in Manifest.load(folder).files:
        original = (folder / name).read_bytes()
        (folder / name).write_bytes(original[:1000] + bytes([original[1000] ^ 1]) + original[1001:])
        command = [sys.executable, "-m", "rpo_edge", "--store", str(store), "rewrite", "--reflector", str(folder)]
        done = subprocess.run(command, input=DRAFT.encode(), capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stdout) == (2, b"") and b"altered" in done.stderr and done.stderr.count(b"\n") == 1
        (folder / name).write_bytes(original)


def test_same_draft_same_store_same_model_same_rewrite(store):
    with History.open(store) as history:
        first, second = (Personalizer(history, "edit").rewrite(DRAFT) for _ in range(2))
    assert first.reflector.name == Manifest.load(MODEL).name and first.reflector.sha256 == Manifest.load(MODEL).sha256
    assert first.changed and first.text == second.text and first.edits == second.edits


def test_every_cited_item_shows_the_side_of_its_edit(store, editor):
    """Of the edits that the model makes; those of rules say so in their reason."""
    cited = 0
    with History.open(store) as history:
        for edit in Personalizer(history, "edit").rewrite(DRAFT * 3).edits:
            family = edit.reason.partition(":")[0]
            if family not in editor.families:
                continue
            after = {sides(op)[1] for op in editor.vocabulary.operations if op.after.strip().lower() in edit.after.lower()}
            for number in edit.evidence:
                counts = editor.counter.count(history.get(number).text)
                assert any(counts[side] for side in after), (edit, number)
                cited += 1
    assert cited


def test_the_store_counts_what_is_new_and_forgets_what_is_gone(tmp_path, editor):
    with History.open(tmp_path / "h.db") as history:
        history.add("I don't know. It isn't here.")
        assert history.profile(editor.counter).habits[SIDES].counts["don't"] == 1
        gone = history.add("We don't, you don't.")
        habit = history.profile(editor.counter).habits[SIDES]
        assert habit.counts["don't"] == 3 and habit.evidence["don't"][0] == gone
        history.forget([gone])
        again = history.add("They do not.")  # takes the number that became free
        habit = history.profile(editor.counter).habits[SIDES]
        assert habit.counts["don't"] == 1 and habit.counts["do not"] == 1 and habit.evidence["do not"] == (again,)
        assert SIDES not in history.profile().habits


class Letters:
    """Another counter."""

    digest = "letters"

    def count(self, text):
        return {"": 1.0, "e": float(text.count("e"))}


def test_another_counter_counts_afresh(tmp_path, editor):
    with History.open(tmp_path / "h.db") as history:
        history.add("I don't see.")
        history.profile(editor.counter)
        assert history.profile(Letters()).habits[SIDES].counts == {"": 1.0, "e": 2.0}
        assert history.profile(editor.counter).habits[SIDES].counts["don't"] == 1
