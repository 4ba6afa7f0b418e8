"""Trajectories: the same every time, honest about what may be seen, and built from train and dev rows only."""

import json

import pytest

from rpo_edge.edits import apply
from rpo_edge.records import Edit
from rpo_edge.steps.freeze import freeze
from training import data, trajectories
from training.trajectories.neutralise import HELD_OUT, NEUTRALISERS

pytestmark = pytest.mark.skipif(not data.available(), reason="the research data is not here")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trajectories")
    for name in ("a", "b"):
        trajectories.main([str(folder / name), "--split", "dev", "--authors", "6", "--texts", "4"])
    return tuple((folder / name / "neutralise.jsonl").read_bytes() for name in ("a", "b"))


def test_same_seed_same_bytes(built):
    assert built[0] == built[1]


def test_edits_lead_to_the_authors_words(built):
    rows = [json.loads(line) for line in built[0].splitlines()]
    people = {(author.name, author.source): author for author in trajectories.authors("dev")}
    assert {row["neutraliser"] for row in rows} == set(NEUTRALISERS) > HELD_OUT
    for row in rows:
        edits = [Edit(start, end, row["draft"][start:end], after, "t") for start, end, after in row["edits"]]
        texts = people[row["author"], row["source"]].texts
        assert apply(row["draft"], edits) == row["target"] and row["target"] in texts[row["text"]]
        assert row["text"] not in row["history"] and row["history"]
    assert all(any(row["edits"] for row in rows if row["neutraliser"] == name) for name in NEUTRALISERS)


def test_the_rules_as_neutraliser_keep_frozen_spans(built):
    for row in map(json.loads, built[0].splitlines()):
        if row["neutraliser"] in ("generic", "other", "random"):
            spans = [[text[s:e] for s, e, _ in freeze(text)] for text in (row["draft"], row["target"])]
            assert spans[0] == spans[1]


def test_a_persona_renders_its_history_and_its_drafts(tmp_path):
    trajectories.main([str(tmp_path), "--builder", "persona", "--split", "dev", "--authors", "3", "--texts", "8"])
    people = {row["name"]: row["texts"] for row in map(json.loads, (tmp_path / "persona.authors.jsonl").open(encoding="utf-8"))}
    rows = list(map(json.loads, (tmp_path / "persona.jsonl").open(encoding="utf-8")))
    assert len(people) == 3 and {row["author"] for row in rows} == set(people)
    assert all(row["text"] is None and row["history"] == list(range(len(people[row["author"]]))) for row in rows)
    assert any(row["edits"] for row in rows) and any(not row["edits"] for row in rows)


def test_only_makers_that_permit_it():
    models = {row["model"].lower() for row in data.rows("drafts/00", "train")}
    assert {model for model in models if model.startswith(data.PERMITTED)} == {
        "phi-3-mini-128k-instruct",
        "qwen1.5-72b-chat",
        "mistral-7b-instruct-v0.1",
    }
