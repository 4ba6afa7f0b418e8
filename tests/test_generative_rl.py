"""Reinforcement of the generative reflector in miniature: its prompts and rewards, its watch, stopped, over processes and under FSDP."""

import json
import random
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from killing import ENVIRONMENT, ROOT, killed

pytest.importorskip("torch")
pytest.importorskip("trl")
pytest.importorskip("datasets")
pytest.importorskip("peft")

import generative_samples as samples
import torch
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.utils import DistributedType
from safetensors.torch import load_file
from trl import GRPOTrainer

from rpo_edge.prompt import CONTEXT, complete, parse
from rpo_edge.steps import preferences
from rpo_edge.steps.observe import observe
from training.generative import rl, rollouts, sft, text
from training.recipe import RECIPES
from training.rewards import Composite, Rollout, table
from training.trajectories.base import Author
from training.watch import Watched

PROGRAM = str(ROOT / "tests" / "generative_samples.py")
LAUNCH = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", "2", "--mixed_precision", "no", "--main_process_port", "0"]
ON_CPU = [*LAUNCH, "--cpu", "--num_machines", "1", "--dynamo_backend", "no", PROGRAM]
FSDP = [*LAUNCH, "--config_file", str(RECIPES / "fsdp.yaml"), PROGRAM]

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return samples.base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def trajectories(tmp_path_factory):
    return samples.trajectories(tmp_path_factory.mktemp("trajectories"))


@pytest.fixture(scope="module")
def tuned(base, trajectories, tmp_path_factory):
    """A checkpoint that mostly says what the draft says."""
    out = tmp_path_factory.mktemp("tuned")
    sft.run(trajectories, base, out, samples.TUNING)
    return out


@pytest.fixture(scope="module")
def whole(tuned, tmp_path_factory):
    """A run in one go."""
    out = tmp_path_factory.mktemp("whole")
    samples.reinforce(tuned, out)
    return out


@pytest.fixture(scope="module")
def written(tuned, tmp_path_factory):
    """A run in one process, whose completions are given."""
    out = tmp_path_factory.mktemp("written")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GRPOTrainer, "_generate_single_turn", samples.written)
        samples.reinforce(tuned, out)
    return out


def facts(out: Path) -> dict:
    return json.loads((out / "training.json").read_text("utf-8"))


def log(out: Path) -> list[dict[str, float]]:
    states = sorted((out / "state").glob("checkpoint-*/trainer_state.json"), key=lambda path: int(path.parent.name[11:]))
    return json.loads(states[-1].read_text("utf-8"))["log_history"]


def assert_same_course(one: Path, other: Path) -> None:
    """Losses, gradients, rewards and divergence, step by step, and what the watch saw."""
    rows = [[row for row in log(out) if "loss" in row] for out in (one, other)]
    assert len(rows[0]) == len(rows[1]) == 6 and max(row["reward"] for row in rows[0]) > 0
    for name in ("loss", "grad_norm", "reward", "kl"):
        assert [row[name] for row in rows[0]] == pytest.approx([row[name] for row in rows[1]], abs=2e-3), name
    assert facts(one)["watched"] == facts(other)["watched"]


def author(n: int = 20) -> Author:
    return Author("anna", "letters", tuple(f"It's item {k}, don't you see?" for k in range(n)))


def test_a_completion_is_judged_by_what_it_says(base):
    start, one = text.load(base), Rollout("It is late.", None)
    observations = observe("It is late.", "It's late.", one.profile)
    said = rollouts.judged(start, one, complete(observations, "It's late."))
    assert said.rewrite == "It's late." and said.observations == observations == parse(complete(observations, "It's late."))[0]
    assert rollouts.judged(start, one, "It's late.").rewrite is None


def test_a_curriculum_is_the_order_of_the_prompts(base):
    config = rl.Config(weights={}, stages=((1, 2), (4, 3)), group=2, batch=4, stated=0.0)
    found = rl.asked([author()], [samples.DRAFT], config, text.load(base), 700)
    with pytest.raises(ValueError, match="hardly fit into 20 tokens"):
        rl.asked([author()], [samples.DRAFT], config, text.load(base), 20)
    assert [one.prompt.count("<|history|>") for one in found] == [1] * 4 + [4] * 6


def test_a_draft_to_be_reinforced_is_a_part_of_its_answer(base):
    config = rl.Config(weights={}, stages=((1, 20),), group=2, batch=2)
    draft = " ".join(f"It is sentence {i} of the answer, and we do not know." for i in range(40))
    found = rl.asked([author()], [draft], config, text.load(base), 10**6)
    assert {one.prompt.count(CONTEXT) for one in found} >= {2} and all(one.rollout.draft in draft for one in found)


def test_a_share_of_users_state_preferences_which_prompt_and_reward_know(base):
    config = rl.Config(weights={}, stages=((1, 200),), group=2, batch=2, stated=0.25)
    found = rl.asked([author()], [samples.DRAFT], config, text.load(base), 10**6)
    stating = [one for one in found if one.rollout.profile.preferences]
    assert 30 < len(stating) < 70
    for one in stating:
        for key, value in one.rollout.profile.preferences.items():
            preferences.check(key, value)
    assert {key for one in stating for key in one.rollout.profile.preferences} == set(preferences.KEYS)
    never = next(one for one in stating if one.rollout.profile.preferences.get("contractions") == "never")
    assert "contraction: expanded 100%" in never.prompt
    assert not any("contraction: expanded 100%" in one.prompt for one in found if one not in stating)
    worth = Composite({"preferences": 1.0}, table())
    obeying, other = (replace(never.rollout, rewrite=rewrite) for rewrite in (samples.DRAFT, samples.FAITHFUL))
    assert worth([obeying])[0] > worth([other])[0]
    assert not any(
        one.rollout.profile.preferences for one in rl.asked([author()], [samples.DRAFT], replace(config, stated=0.0), text.load(base), 700)
    )
    with pytest.raises(ValueError, match="from 0 to 1"):
        replace(config, stated=1.5)


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in rollouts.STATED.items() for value in values])
def test_what_may_be_stated_is_what_a_user_may_say(key, value):
    preferences.check(key, value)
    assert set(rollouts.STATED) == set(preferences.KEYS)


def test_completions_come_from_a_server_of_vllm_where_a_recipe_says_so(tmp_path):
    config = samples.config("kept", vllm=True, vllm_host="10.0.0.2", vllm_port=8001, vllm_wait=30.0)
    found = rl.arguments(config, tmp_path)
    assert (found.use_vllm, found.vllm_mode) == (True, "server")
    assert (found.vllm_server_host, found.vllm_server_port, found.vllm_server_timeout) == ("10.0.0.2", 8001, 30.0)
    assert not rl.arguments(samples.config("kept"), tmp_path).use_vllm


def test_reinforcement_runs_and_logs_every_reward_and_look(tuned, tmp_path):
    config = rl.Config(weights={}, stages=((1, 1), (2, 1)), group=2, batch=2, longest=16, watch=1, tuning="lora", lora_rank=4)
    rl.run(tuned, samples.people(), samples.DRAFTS, Composite({"format": 1.0, "fidelity": 1.0}, table()), tmp_path, config)
    rows = [row for row in log(tmp_path) if "loss" in row]
    assert {"reward", "kl", "reward/format", "reward/fidelity", "watch/probability"} <= set(rows[0])
    found = facts(tmp_path)
    assert [look["step"] for look in found["watched"]] == [0, 1, 2] and found["stopped"] is None
    assert (tmp_path / "adapter" / "adapter_model.safetensors").exists() and text.load(tmp_path).tokenizer.eos_token == "<|end|>"


def test_nothing_that_is_watched_is_learnt_from():
    people = samples.people()
    watched = Watched.of(people, samples.DRAFTS, 40)
    others, rest = watched.rest(people, samples.DRAFTS)
    assert len(watched.users) == 20 and len(others) == 4 and not {one.name for one in others} & {one.name for one in watched.users}
    assert len(watched.drafts) == len(watched.centre) == 3 and not set(rest) & set(watched.drafts)
    with pytest.raises(ValueError, match="leaves 0 and 6"):
        Watched.of(people[:20], samples.DRAFTS).rest(people[:20], samples.DRAFTS)
    with pytest.raises(ValueError, match="two drafts of three"):
        Watched.of(people, samples.DRAFTS[:2])


GAMED = {"reward": "negation_lost", "stages": ((1, 40),), "watch": 5, "rate": 3e-3}
"""Pays for a lost "not", which the guard takes back."""


@pytest.fixture(scope="module")
def gamed(tuned, tmp_path_factory):
    """What such a run leaves, and what it said."""
    out, said = tmp_path_factory.mktemp("gamed"), StringIO()
    with redirect_stdout(said):
        samples.reinforce(tuned, out, **GAMED)
    return out, said.getvalue()


def test_a_run_that_games_its_reward_stops_and_ends_with_the_weights_before(tuned, gamed):
    out, said = gamed
    found = facts(out)
    steps = [look["step"] for look in found["watched"]]
    assert "the guard takes back" in found["stopped"] and f"stopped at step {steps[-1]}: {found['stopped']}" in said
    assert steps == list(range(0, steps[-1] + 1, 5)) and steps[-1] < 40
    assert found["watched"][0]["reverted"] == 0 and found["watched"][-1]["reverted"] > 50
    before = tuned if steps[-1] == 5 else out / "state" / f"checkpoint-{steps[-2]}"
    kept, wanted = load_file(out / "model.safetensors"), load_file(before / "model.safetensors")
    assert set(kept) == set(wanted) and all(torch.equal(kept[name], wanted[name]) for name in wanted)


def test_a_run_that_goes_on_is_held_against_its_first_look(tuned, gamed, tmp_path):
    """Were it held against the look where it goes on, one that was stopped would pass a little later."""
    shutil.copytree(gamed[0], tmp_path, dirs_exist_ok=True)
    stopped = facts(tmp_path)
    (tmp_path / "training.json").unlink()
    samples.reinforce(tuned, tmp_path, **GAMED)
    assert facts(tmp_path)["stopped"] == stopped["stopped"] and facts(tmp_path)["watched"] == stopped["watched"]


def test_a_killed_run_goes_on_to_the_same_curve(tuned, whole, tmp_path):
    killed([PROGRAM, str(tuned), str(tmp_path)], lambda: bool(list((tmp_path / "state").glob("checkpoint-*/trainer_state.json"))))
    assert not (tmp_path / "training.json").exists()
    random.seed(99)  # what comes is drawn from the state, not from this process
    torch.manual_seed(99)
    samples.reinforce(tuned, tmp_path)
    assert_same_course(tmp_path, whole)


def test_two_processes_learn_what_one_does(tuned, written, tmp_path):
    """With the same completions: each process draws from its own random numbers."""
    subprocess.run(
        [*ON_CPU, str(tuned), str(tmp_path / "two"), "--written"], cwd=ROOT, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL
    )
    assert_same_course(tmp_path / "two", written)


def test_two_processes_that_hold_half_a_model_each_learn_what_one_does(tuned, written, tmp_path):
    """Under FSDP, whose every save needs both."""
    subprocess.run(
        [*FSDP, str(tuned), str(tmp_path / "two"), "--written", "--fsdp"], cwd=ROOT, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL
    )
    assert_same_course(tmp_path / "two", written)
    one, two = (load_file(out / "model.safetensors") for out in (written, tmp_path / "two"))
    assert set(one) == set(two) and all(torch.allclose(one[name], two[name], atol=2e-3) for name in one)


def test_the_recipe_for_fsdp_is_one_of_accelerates():
    found = load_config_from_file(str(RECIPES / "fsdp.yaml"))
    assert found.distributed_type == DistributedType.FSDP and found.mixed_precision == "bf16"
    assert found.fsdp_config["fsdp_state_dict_type"] == "FULL_STATE_DICT" and found.fsdp_config["fsdp_version"] == 2
