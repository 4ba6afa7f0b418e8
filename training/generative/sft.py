"""Supervised fine-tuning of the generative reflector: next-token cross-entropy on what comes after the prompt.

trl's SFTTrainer trains the whole model or a LoRA adapter (arXiv 2106.09685; of tokens that the base lacked, the embeddings too).
How much of the history is shown is drawn for each trajectory, so that a model knows every number of items, none included.
Interrupted, the same command goes on from the last checkpoint in OUT/state with the same batches; another recipe, base or set of trajectories is refused
there. Curves go to OUT/state (TensorBoard)
and OUT/curve.png; nothing is sent anywhere.

`accelerate launch -m training sft …` runs the same code over several processes, and a base that one GPU cannot hold under FSDP: docs/training.md.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch
from accelerate import PartialState
from datasets import Dataset, concatenate_datasets
from huggingface_hub import metadata_load
from peft import LoraConfig, PeftModel, get_peft_model
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM
from trl import SFTConfig, SFTTrainer

from rpo_edge.chat import Chat
from rpo_edge.reflectors.generative import FORM
from training import curves
from training.generative import text
from training.recipe import commit
from training.state import belongs, fingerprint
from training.trajectories import files
from training.trajectories.neutralise import HELD_OUT

IGNORED = -100
"""The label of a token that is only read."""
WEIGHTS = ("config.json", "tokenizer.json", "*.safetensors")
"""Files that a model is told by."""
STATE = "state/run.json"
"""In OUT: what the run depends on whose state is there."""
_PART = 1000  # examples that are lists of Python's at once


@dataclass(frozen=True)
class Config:
    """A recipe's `sft`. batch: of all processes together, in sequences; micro: of one process at once. context: tokens of a sequence,
    if other than the base has read so far. form: of the prompts, see `text.load`. shown: history items of a prompt, one of these by lot.
    unchanged: share of the examples whose draft is left as it is, at most; all that there are if None. personas: share of the examples that are
    real drafts for made-up users, until there are no more of one kind; that of the trajectories if None. recompute: activations instead of
    keeping them, which takes a third longer and is for models that fill the memory."""

    steps: int = 1000
    tuning: str = "full"
    batch: int = 16
    micro: int = 4
    rate: float = 5e-4
    warmup: int = 50
    lora_rank: int = 32
    seed: int = 3
    save: int = 100
    context: int | None = None
    form: str | None = None
    shown: tuple[int, ...] = (0, 1, 2, 4, 8)
    unchanged: float | None = None
    personas: float | None = None
    recompute: bool = False

    def __post_init__(self) -> None:
        if self.unchanged is not None and not 0 <= self.unchanged < 1:
            raise ValueError(f"a share of unchanged drafts is at least 0 and less than 1, not {self.unchanged}")
        if self.personas is not None and not 0 <= self.personas <= 1:
            raise ValueError(f"a share of made-up users is from 0 to 1, not {self.personas}")


def data(base: text.Base, folder: Path, config: Config, longest: int, cache: Path) -> tuple[Dataset, dict[str, dict[str, int]]]:
    """Prompts and completions of the trajectories that are seen, none of held-out neutralisers; and what these are made of.

    Trajectories are read from the disk one by one, by way of the folder `cache`; examples are Arrow's, not lists of Python's. Raises ValueError where
    none fits into `longest` tokens.
    """
    lines = files.table(folder, cache)
    found = [kind for kind in map(_kind, range(len(lines)), lines) if kind.builder.rpartition(":")[2] not in HELD_OUT]
    rng = random.Random(config.seed)
    rng.shuffle(found)
    if config.unchanged is not None:
        found = _with_fewer_unchanged(found, config.unchanged, rng)
    if config.personas is not None:
        found = list(_with_personas(found, config.personas, rng))
    shown = [rng.choice(config.shown) for _ in found]
    trajectories = (files.from_line(lines[kind.line]) for kind in found)
    origins: list[tuple[str, str, str]] = []
    parts = []
    seen = islice(text.examples(base, trajectories, shown, longest), config.steps * config.batch)  # no more than are seen
    while part := list(islice(seen, _PART)):
        origins += [(t.builder, t.licence, t.model) for t, _ in part]
        parts.append(Dataset.from_list([row for _, row in part]))
    if not parts:
        raise ValueError(
            f"of {len(found)} trajectories of {folder} none fits into {longest} tokens (--set context=… lets the base read more)"
        )
    return concatenate_datasets(parts), files.described(origins)


class _Kind(NamedTuple):
    """What decides whether a trajectory is taken, and the number of its line."""

    line: int
    builder: str
    changed: bool


def _kind(number: int, line: files.Row) -> _Kind:
    row = json.loads(line["text"])
    return _Kind(number, row["builder"], row["draft"] != row["rewrite"])


def _with_fewer_unchanged(found: list[_Kind], share: float, rng: random.Random) -> list[_Kind]:
    """All that change something, and of the rest as many, by lot, as make `share` of the whole. The order stays."""
    rest = [n for n, kind in enumerate(found) if not kind.changed]
    room = int((len(found) - len(rest)) * share / (1 - share))
    dropped = set(rng.sample(rest, max(0, len(rest) - room)))
    return [kind for n, kind in enumerate(found) if n not in dropped]


def _with_personas(found: list[_Kind], share: float, rng: random.Random) -> Iterator[_Kind]:
    """All of them; whether the next is of a made-up user is decided by lot, until there are no more of one kind."""
    kinds = {made_up: iter([kind for kind in found if (kind.builder == "persona") == made_up]) for made_up in (False, True)}
    for kind in (rng.random() < share for _ in found):
        following = next(kinds[kind], None)
        if following is None:
            break
        yield following
    yield from kinds[False]
    yield from kinds[True]


def common(out: Path, save: int, seed: int) -> dict[str, Any]:
    """What both of trl's trainers are told: state and logs stay in OUT/state."""
    return {
        "output_dir": str(out / "state"),
        "logging_steps": 1,
        "save_steps": save,
        "save_total_limit": 1,
        "seed": seed,
        "report_to": ["tensorboard"],
        "disable_tqdm": True,
        "bf16": torch.cuda.is_available(),
    }


def arguments(config: Config, out: Path, longest: int) -> SFTConfig:
    """For trl. Each process has its share of the batch. Raises ValueError where that is no whole number of micro-batches."""
    made = SFTConfig(
        **common(out, config.save, config.seed),
        max_steps=config.steps,
        per_device_train_batch_size=config.micro,
        learning_rate=config.rate,
        lr_scheduler_type="cosine",
        warmup_steps=config.warmup,
        max_length=longest,
        completion_only_loss=True,
        packing=False,
        gradient_checkpointing=config.recompute,
    )
    made.gradient_accumulation_steps, rest = divmod(config.batch, config.micro * made.world_size)
    if rest or not made.gradient_accumulation_steps:
        raise ValueError(f"a batch of {config.batch} cannot be parted among {made.world_size} processes with {config.micro} at once")
    return made


def adapter(tuning: str, rank: int, added: tuple[int, ...]) -> Any:
    """What peft trains, or None for the whole model. added: tokens whose embeddings are trained, too."""
    if tuning == "full":
        return None
    return LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        trainable_token_indices=list(added) or None,
    )


def last(out: Path) -> str | None:
    """The newest whole checkpoint of a run: its state is what is written last."""
    found = [path.parent for path in (out / "state").glob("checkpoint-*/trainer_state.json")]
    return str(max(found, key=lambda path: int(path.name.rpartition("-")[2]))) if found else None


def origin(base: Path) -> dict[str, str]:
    """What training.json says of where a model comes from: name and licence of its base, by that one's own training.json or its model card (the folder's
    name where neither has one, no licence where neither has that), and the commit of this code."""
    read = json.loads((base / "training.json").read_text("utf-8")) if (base / "training.json").is_file() else {}
    card = metadata_load(base / "README.md") if (base / "README.md").is_file() else None
    found = {
        "base": read.get("base") or (card or {}).get("model_name") or base.resolve().name,
        "licence": read.get("licence") or (card or {}).get("license"),
        "commit": commit(),
    }
    return {name: str(value) for name, value in found.items() if value}


def weights(trainer: Any) -> dict[str, torch.Tensor]:
    """A copy of the trained model's, in memory of the processor, on the main process; {} on the others.

    To be called by all processes: under FSDP each holds a part of every tensor.
    """
    found = trainer.accelerator.get_state_dict(trainer.model_wrapped)
    return {name: value.detach().to("cpu", copy=True) for name, value in found.items()} if trainer.is_world_process_zero() else {}


def finish(trainer: Any, base: text.Base, weights: dict[str, torch.Tensor], facts: dict[str, Any], out: Path) -> None:
    """The checkpoint folder, an adapter merged into its base; `training.json`, the curve and a chat's form beside it.

    The weights are put into a model of the main process's own, since that which was trained may be spread over all of them.
    """
    if not trainer.is_world_process_zero():
        return
    trained = trainer.accelerator.unwrap_model(trainer.model)
    model = AutoModelForCausalLM.from_config(base.model.config)
    model.generation_config = base.model.generation_config
    if isinstance(trained, PeftModel):
        model = get_peft_model(model, trained.peft_config["default"])
    model.load_state_dict(weights)
    if isinstance(model, PeftModel):
        model.save_pretrained(out / "adapter")
        model = model.merge_and_unload()
    model.save_pretrained(out)
    base.tokenizer.save_pretrained(out)
    (out / FORM).unlink(missing_ok=True)
    if isinstance(base.form, Chat):
        base.form.save(out / FORM)
    logged = [row for row in trainer.state.log_history if "loss" in row]
    names = sorted({name for row in logged for name, value in row.items() if isinstance(value, float)} - {"epoch"})
    curves.draw({name: [row[name] for row in logged if isinstance(row.get(name), float)] for name in names}, out)  # trl has None for none
    curve = [(row["step"], row["loss"]) for row in logged]
    (out / "training.json").write_text(json.dumps(facts | {"curve": curve}, indent=1) + "\n", "utf-8")


class Trainer(SFTTrainer):
    """trl's, with scores for the tokens that are learnt alone where no graphics processor does that for it: prompts are four fifths of what is
    read, and a vocabulary costs a small model a quarter of its time."""

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        """Of one forward pass: cross-entropy in nats a token, of all tokens of a step if their number is given."""
        if return_outputs or torch.cuda.is_available():
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        wanted = inputs.pop("labels")[:, 1:]
        scored = (wanted != IGNORED).any(0).nonzero().squeeze(1)
        logits = model(**inputs, use_cache=False, logits_to_keep=scored).logits
        total = cross_entropy(logits.flatten(0, 1), wanted[:, scored].flatten(), ignore_index=IGNORED, reduction="sum")
        if num_items_in_batch is None:
            return total / (wanted != IGNORED).sum().clamp(min=1)
        # These are the tokens of all processes, over which gradients are averaged.
        return total / num_items_in_batch * self.accelerator.num_processes


def run(trajectories: Path, base: Path, out: Path, config: Config) -> None:
    """Load, train (on), save."""
    start = text.load(base, config.context, config.form)
    longest = text.room(start)
    rows, described = data(start, trajectories, config, longest, out / "state" / "trajectories")
    if PartialState().is_main_process:
        print(f"{len(rows)} examples for {config.steps * config.batch} places of {config.steps} steps", flush=True)
    trainer = Trainer(
        model=start.model,
        args=arguments(config, out, longest),
        train_dataset=rows,
        processing_class=text.plain(start.tokenizer),
        peft_config=adapter(config.tuning, config.lora_rank, start.added),
    )
    of = {
        "config": asdict(config),
        "base": fingerprint(base, *WEIGHTS),
        "trajectories": fingerprint(trajectories, "trajectories-*.jsonl.gz"),
    }
    belongs(out / STATE, of, last(out) is not None)
    trainer.train(resume_from_checkpoint=last(out))
    facts = {
        "reflector": "generative",
        **origin(base),
        "items": max(config.shown),
        "data": {**described, "examples": len(rows)},
        "config": asdict(config),
    }
    finish(trainer, start, weights(trainer), facts, out)
