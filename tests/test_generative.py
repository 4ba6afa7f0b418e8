"""The generative reflector's training in miniature: a tiny base, made-up trajectories, every way to train, stopped and over two processes."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from killing import ENVIRONMENT, ROOT, killed

pytest.importorskip("torch")
pytest.importorskip("trl")
pytest.importorskip("datasets")
pytest.importorskip("peft")


import torch
from safetensors.torch import load_file
from tokenizers.processors import TemplateProcessing
from transformers import GPT2Config, GPT2LMHeadModel
from trl import SFTTrainer

from export import merge
from rpo_edge.chat import Chat
from rpo_edge.edits import align
from rpo_edge.prompt import CONTEXT, DRAFT, REFLECT, SPECIAL_TOKENS
from rpo_edge.records import Habit, HistoryItem, StyleProfile
from rpo_edge.steps.observe import observe
from training import corpus, pretrain
from training.generative import sft, text
from training.generative.rollouts import judged
from training.recipe import RECIPES
from training.rewards import Rollout
from training.trajectories.base import Trajectory
from training.trajectories.files import Writer, as_row

PAIRS = [("It is late and we do not know.", "It's late and we don't know."), ("I am here. It is cold!", "I'm here. It's cold.")]


pytestmark = pytest.mark.usefixtures("one_thread")


def trajectory(i: int) -> Trajectory:
    draft, rewrite = PAIRS[i % 2]
    draft, rewrite = f"{draft} {i}", f"{rewrite} {i}"
    profile = StyleProfile({"contraction:it's": Habit("contraction:it's", {"contracted": 9.0, "expanded": 1.0})}, {}, 2, 40)
    history = tuple(HistoryItem(f"It's item {k} of {i}, don't you see?", "letters", id=k) for k in range(4))
    edits = tuple(align(draft, rewrite))
    names = ("anna", "letters", "CC0-1.0", "train", "neutralise:spoken" if i % 5 else "neutralise:written")
    return Trajectory(draft, rewrite, profile, observe(draft, rewrite, profile), edits, history, (0, 1, 2, 3), None, *names)


@pytest.fixture(scope="module")
def trajectories(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trajectories")
    writer = Writer(folder, "trajectories")
    for i in range(40):
        writer.add(as_row(trajectory(i)))
    writer.close()
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    out = tmp_path_factory.mktemp("base")
    tokenizer = corpus.train_tokenizer([p for pair in PAIRS for p in pair] * 20, vocabulary=360)
    size = pretrain.Size(hidden=64, intermediate=64, layers=1, heads=2, kv_heads=2, context=768, batch=1, micro=1, rate=0.0, warmup=1)
    pretrain.network(size, len(tokenizer), 1).save_pretrained(out)
    tokenizer.save_pretrained(out)
    return out


def losses(out: Path) -> list[float]:
    return [loss for _, loss in json.loads((out / "training.json").read_text("utf-8"))["curve"]]


CONFIG = sft.Config(steps=6, batch=4, micro=2, rate=3e-3, warmup=1, save=2)


@pytest.fixture(scope="module")
def whole(trajectories, base, tmp_path_factory):
    """A run in one go."""
    out = tmp_path_factory.mktemp("whole")
    sft.run(trajectories, base, out, CONFIG)
    return out


def command(trajectories, base, out) -> list[str]:
    sets = [f"--set={name}={getattr(CONFIG, name)}" for name in ("steps", "batch", "micro", "rate", "warmup", "save")]
    return ["-m", "training", "sft", str(trajectories), str(out), "--reflector", "generative", "--base", str(base), *sets]


def test_a_prompt_has_as_much_history_as_fits(base):
    start = text.load(base)
    t = trajectory(1)
    lengths = [text.length(start.tokenizer, text.prompt(start, t, n, 10**6)) for n in range(5)]
    assert lengths == sorted(set(lengths)) and start.added == ()
    assert text.length(start.tokenizer, text.prompt(start, t, 4, lengths[2])) == lengths[2]
    assert text.prompt(start, t, 4, lengths[0] - 1) is None


def test_a_prompt_shows_what_stands_around_the_draft(base):
    start = text.load(base)
    tokenizer = start.tokenizer
    t = replace(trajectory(1), before="We are early.", after="We go on.")
    whole = text.prompt(start, t, 4, 10**6)
    assert whole.endswith(f"{CONTEXT}We are early.{DRAFT}{t.draft}{CONTEXT}We go on.{REFLECT}")
    assert text.prompt(start, t, 4, text.length(tokenizer, text.prompt(start, trajectory(1), 0, 10**6))).count(CONTEXT) == 0
    ((_, example),) = text.examples(start, [t], [4], 10**6)
    assert example["prompt"] == whole


def test_a_base_that_lacks_the_tokens_gets_them(base, tmp_path):
    tokenizer = corpus.PreTrainedTokenizerFast(tokenizer_object=corpus.Tokenizer(corpus.models.BPE()))
    tokenizer.add_tokens(list("abcdefgh "))
    size = pretrain.Size(hidden=64, intermediate=64, layers=1, heads=2, kv_heads=2, context=64, batch=1, micro=1, rate=0.0, warmup=1)
    pretrain.network(size, len(tokenizer), 1).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    start = text.load(tmp_path)
    assert len(start.added) == len(SPECIAL_TOKENS) and start.model.get_input_embeddings().num_embeddings >= max(start.added) + 1
    adapted = sft.adapter("lora", 4, start.added)
    assert adapted.trainable_token_indices == list(start.added) and sft.adapter("full", 4, ()) is None


def test_a_base_may_be_taught_to_read_farther_than_it_has_so_far(base, trajectories, tmp_path):
    before = text.room(text.load(base))
    sft.run(trajectories, base, tmp_path, replace(CONFIG, steps=1, context=2 * before))
    taught = text.load(tmp_path)
    assert text.room(taught) == taught.tokenizer.model_max_length == 2 * before
    with pytest.raises(ValueError, match=r"none fits into 16 tokens \(--set context"):
        sft.run(trajectories, base, tmp_path / "narrow", replace(CONFIG, context=16))
    other = tmp_path / "absolute"
    GPT2LMHeadModel(GPT2Config(vocab_size=300, n_positions=32, n_embd=8, n_layer=1, n_head=1)).save_pretrained(other)
    text.load(base).tokenizer.save_pretrained(other)
    with pytest.raises(ValueError, match="rotary"):
        text.load(other, 64)


def test_the_loss_is_of_what_comes_after_the_prompt_and_falls(whole):
    found = losses(whole)
    facts = json.loads((whole / "training.json").read_text("utf-8"))
    assert len(found) == 6 and found[-1] < found[0] - 0.5
    assert facts["data"]["trajectories"] == {"neutralise:spoken": 24} and (whole / "curve.png").stat().st_size > 1000
    assert list((whole / "state").rglob("events.out.tfevents*"))


def test_the_loss_is_trls_own(base, trajectories, tmp_path):
    """Only with fewer tokens scored: a step's, and a batch's by itself."""
    start = text.load(base)
    rows, _ = sft.data(start, trajectories, CONFIG, 768, tmp_path)
    trainer = sft.Trainer(start.model, sft.arguments(CONFIG, tmp_path, 768), train_dataset=rows, processing_class=start.tokenizer)
    batch = trainer.data_collator([trainer.train_dataset[i] for i in (0, 3)])
    for items in (None, torch.tensor(50)):
        mine = trainer.compute_loss(trainer.model, dict(batch), num_items_in_batch=items)
        theirs = SFTTrainer.compute_loss(trainer, trainer.model, dict(batch), num_items_in_batch=items)
        assert mine.item() == pytest.approx(theirs.item(), rel=1e-5)


@pytest.mark.parametrize(("share", "kept"), [(None, 20), (0.0, 0), (0.2, 5), (0.5, 20), (0.9, 20)])
def test_no_more_drafts_stay_as_they_are_than_a_recipe_says(share, kept, base, tmp_path):
    writer = Writer(tmp_path, "trajectories")
    for i in range(40):
        made = trajectory(5 * i + 1)
        writer.add(as_row(made if i % 2 else replace(made, rewrite=made.draft, edits=(), observations=())))
    writer.close()
    rows, _ = sft.data(text.load(base), tmp_path, replace(CONFIG, steps=40, unchanged=share), 768, tmp_path / "cache")
    same = sum("contraction" not in row["completion"] for row in rows)
    assert (same, len(rows)) == (kept, 20 + kept)


@pytest.mark.parametrize(("share", "seen"), [(None, range(1, 9)), (0.0, [0]), (0.5, range(6, 16)), (1.0, [10])])
def test_made_up_users_are_the_share_that_a_recipe_says_while_there_are_any(share, seen, base, tmp_path):
    writer = Writer(tmp_path, "trajectories")
    for i in range(50):
        writer.add(as_row(replace(trajectory(5 * i + 1), builder="neutralise:spoken" if i % 5 else "persona")))
    writer.close()
    first, all_of_them = (
        sft.data(text.load(base), tmp_path, replace(CONFIG, steps=n, batch=1, personas=share), 768, tmp_path / str(n))[1]["trajectories"]
        for n in (20, 50)
    )
    assert first.get("persona", 0) in seen and sum(first.values()) == 20
    assert all_of_them == {"neutralise:spoken": 40, "persona": 10}


@pytest.mark.parametrize("batch", [1, 3])
def test_a_batch_is_what_the_recipe_says_or_nothing(batch, base, tmp_path):
    with pytest.raises(ValueError, match=f"a batch of {batch}"):
        sft.arguments(replace(CONFIG, batch=batch), tmp_path, 768)


def test_a_tokenizer_that_puts_a_token_before_every_text_puts_none_before_a_prompt(base, trajectories, tmp_path):
    start = text.load(base)
    start.tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="<|pad|> $A", special_tokens=[("<|pad|>", 2)])
    assert start.tokenizer("a").input_ids[0] == 2
    rows, _ = sft.data(start, trajectories, CONFIG, 768, tmp_path)
    trainer = sft.Trainer(
        start.model, sft.arguments(CONFIG, tmp_path, 768), train_dataset=rows, processing_class=text.plain(start.tokenizer)
    )
    said = start.tokenizer(rows[0]["prompt"] + rows[0]["completion"], add_special_tokens=False).input_ids
    assert trainer.train_dataset[0]["input_ids"] == said


def test_nothing_is_told_to_anybody():
    """trl reports what it is used for, unless it is told not to before it is imported."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "ORT_", "CI"))}
    code = "import training.generative.sft, huggingface_hub.constants as c; print(c.HF_HUB_DISABLE_TELEMETRY, c.HF_HUB_OFFLINE)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=bare, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


def test_a_killed_run_goes_on_to_the_same_curve(trajectories, base, whole, tmp_path):
    killed(command(trajectories, base, tmp_path), lambda: bool(list((tmp_path / "state").glob("checkpoint-*/trainer_state.json"))))
    assert not (tmp_path / "training.json").exists()
    half = tmp_path / "state" / "checkpoint-999"  # killed amid writing one
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"half")
    sft.run(trajectories, base, tmp_path, CONFIG)
    assert losses(tmp_path) == pytest.approx(losses(whole), abs=1e-4)


@pytest.mark.parametrize("other", ["config", "base", "trajectories"])
def test_no_other_run_goes_on_from_a_state(other, trajectories, base, whole, tmp_path):
    """It would end with weights that are of neither, and a training.json that tells of the second alone."""
    out, copies = tmp_path / "out", {"base": tmp_path / "base", "trajectories": tmp_path / "trajectories"}
    shutil.copytree(whole, out)
    shutil.copytree(base, copies["base"])
    shutil.copytree(trajectories, copies["trajectories"])
    if other == "base":
        (copies["base"] / "config.json").write_text((base / "config.json").read_text("utf-8") + "\n", "utf-8")
    if other == "trajectories":
        writer = Writer(copies["trajectories"], "trajectories")
        writer.add(as_row(trajectory(99)))
        writer.close()
    config = replace(CONFIG, rate=1e-3) if other == "config" else CONFIG
    with pytest.raises(ValueError, match=f"another {other};"):
        sft.run(copies["trajectories"], copies["base"], out, config)


def test_two_processes_learn_what_one_does(trajectories, base, whole, tmp_path):
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1"]
    launch += ["--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"]
    subprocess.run([*launch, *command(trajectories, base, tmp_path)], cwd=ROOT, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    assert losses(tmp_path) == pytest.approx(losses(whole), abs=2e-3)


def test_an_adapter_is_trained_by_two_processes_that_hold_half_a_model_each(trajectories, base, tmp_path):
    """Under FSDP, whose every save needs both."""
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(RECIPES / "fsdp.yaml"), "--num_processes", "2"]
    launch += ["--mixed_precision", "no", "--main_process_port", "0", str(ROOT / "tests" / "generative_samples.py")]
    lora = replace(CONFIG, tuning="lora", lora_rank=4)
    arguments = [*command(trajectories, base, tmp_path / "two")[2:], "--set=tuning='lora'", "--set=lora_rank=4", "--fsdp"]
    subprocess.run([*launch, *arguments], cwd=ROOT, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    sft.run(trajectories, base, tmp_path / "one", lora)
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), abs=2e-3)
    for name in ("model.safetensors", "adapter/adapter_model.safetensors"):
        one, two = (load_file(tmp_path / run / name) for run in ("one", "two"))
        assert set(one) == set(two) and all(torch.allclose(one[key], two[key], atol=2e-3) for key in one), name


def test_an_adapter_is_trained_and_merged(trajectories, base, tmp_path):
    sft.run(trajectories, base, tmp_path, sft.Config(steps=2, batch=2, micro=2, tuning="lora", lora_rank=4, save=2))
    assert (tmp_path / "adapter" / "adapter_model.safetensors").exists()
    merged = text.load(tmp_path)
    assert not merged.added and not hasattr(merged.model, "peft_config")


def test_an_instruct_model_learns_to_answer_through_its_own_template(base, trajectories, tmp_path):
    tokenizer = text.load(base).tokenizer
    tokenizer.chat_template = "{% for m in messages %}<|begin|>{{ m['role'] }}: {{ m['content'] }}<|pad|>{% endfor %}<|begin|>"
    tokenizer.eos_token = "<|pad|>"
    for name in ("config.json", "model.safetensors", "generation_config.json"):
        shutil.copy(base / name, tmp_path)
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="no chat template"):
        text.load(base, form="chat")
    with pytest.raises(ValueError, match="no form"):
        text.load(base, form="chatt")
    out = tmp_path / "out"
    sft.run(trajectories, tmp_path, out, replace(CONFIG, steps=2, form="chat", tuning="lora", context=2048, shown=(1, 2)))
    trained = text.load(out)
    assert isinstance(trained.form, Chat) and trained.end == trained.tokenizer.eos_token == "<|pad|>" and not trained.added
    ((_, example),) = text.examples(trained, [trajectory(1)], [2], 2048)
    assert example["prompt"].startswith("<|begin|>system: You rewrite") and trajectory(1).history[1].text in example["prompt"]
    assert trained.model.config.eos_token_id == [trained.tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<|end|>")]
    merge.write(out / "adapter", tmp_path / "merged")
    assert text.load(tmp_path / "merged").form == trained.form
    answer = example["completion"].removesuffix("<|pad|>")
    notes, rewrite = trained.form.read(answer, trajectory(1).draft)
    assert rewrite == trajectory(1).rewrite and "contraction" in notes[0].action
    found = judged(trained, Rollout(trajectory(1).draft, None), example["completion"])
    assert found.rewrite == rewrite and judged(trained, Rollout(trajectory(1).draft, None), answer).rewrite is None
