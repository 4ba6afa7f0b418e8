"""Reinforcement learning of the generative reflector: trl's GRPOTrainer (arXiv 2402.03300) on real drafts and real histories.

A prompt shows a draft of a model that fine-tuning never saw, and some of a real user's texts; completions are drawn, parsed, and scored
by the recipe's composite of rewards. One that does not parse is worth 0. The curriculum is the order of the prompts: stage after stage
shows more items of the history. In a share of the prompts the user states preferences, by lot, which the profile shows and the reward
`preferences` judges. The reward `task` needs a gold answer, which a real draft has not: it is for rows of LaMP's form, and weighs nothing here.
The loss is trl's own, the mean over all tokens of a step (DAPO, arXiv 2503.14476), not first over each completion's.

Against reward hacking: every `watch` steps other drafts are rewritten for other users, greedily, and a character n-gram classifier, which no
reward ever sees, says how probable the user is. If the reward rose and that fell, or the guard takes back more, the run stops, says so, and
ends with the weights of the look before. Looks are in the log (`watch/…`).

Interrupted, the same command goes on from the last checkpoint in OUT/state; several GPUs and vLLM: docs/training.md.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from accelerate import PartialState
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from training.generative import sft, text
from training.generative.rollouts import Asked, ask, judged, stated, user
from training.generative.watch import DRAFTS, Watch, Watching, looks
from training.rewards import Composite, Rollout
from training.state import belongs, fingerprint
from training.trajectories.base import LONGEST, Author, excerpt, strangers
from training.watch import Watched

_REFUSALS = 1000  # prompts in a row that are too long
_KNOWN = 32  # texts of a user that rewards know, at most


@dataclass(frozen=True)
class Config:
    """A recipe's `rl`. stages: (history items, steps), one after the other; longest: tokens of a completion; stated: share of the prompts
    whose user states preferences; watch: steps between looks, and between states. vllm: completions come from trl's vLLM server at
    vllm_host and vllm_port, for which the run waits vllm_wait seconds at most."""

    weights: dict[str, float]
    stages: tuple[tuple[int, int], ...] = ((1, 50), (2, 50), (4, 50), (8, 50))
    drafts: str = "mixtral"
    group: int = 8
    batch: int = 16  # completions of a step
    rate: float = 1e-5
    kl: float = 0.02
    temperature: float = 1.0
    longest: int = 256
    stated: float = 0.2
    watch: int = 25
    seed: int = 7
    tuning: str = "lora"
    lora_rank: int = 32
    vllm: bool = False
    vllm_host: str = "127.0.0.1"
    vllm_port: int = 8000
    vllm_wait: float = 240.0

    def __post_init__(self) -> None:
        if not 0 <= self.stated <= 1:
            raise ValueError(f"a share of users who state preferences is from 0 to 1, not {self.stated}")


def asked(people: Sequence[Author], drafts: Sequence[str], config: Config, base: text.Base, longest: int) -> list[Asked]:
    """Prompts of every step, in order. longest: tokens of a prompt. Raises ValueError where hardly one is so short."""
    rng, others = random.Random(config.seed), strangers(people, _KNOWN)
    found: list[Asked] = []
    for items, steps in config.stages:
        n = len(found) + steps * max(1, config.batch // config.group)
        refused = 0
        while len(found) < n:
            if refused == _REFUSALS:
                raise ValueError(f"prompts with {items} history items hardly fit into {longest} tokens")
            author = rng.choice(people)
            known = tuple(rng.sample(author.texts, min(_KNOWN, len(author.texts))))
            profile = user(known[:items], stated(rng) if rng.random() < config.stated else {})
            one = ask(base, excerpt(rng.choice(drafts), LONGEST, rng), author, profile, known, items)
            assert one is not None  # whatever its length is
            if text.length(base.tokenizer, one.prompt) <= longest:
                found.append(replace(one, rollout=replace(one.rollout, others=others[author.name, author.source])))
                refused = 0
            else:
                refused += 1
    return found


def reward(
    prompts: list[str], completions: list[str], *, rows: Sequence[Rollout], composite: Composite, base: text.Base, **columns: Any
) -> list[float]:
    """For trl. Its `completions` lack special tokens, so they are read off the ids again."""
    written = [
        base.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False) for ids in columns["completion_ids"]
    ]
    scores = composite.scores([judged(base, rows[i], completion) for i, completion in zip(columns["row"], written, strict=True)])
    for name, values in scores.parts.items():
        scored = [value for value in values if value is not None]
        if scored and "log_metric" in columns:
            columns["log_metric"](f"reward/{name}", sum(scored) / len(scored))
    return scores.totals


def arguments(config: Config, out: Path) -> GRPOConfig:
    """For trl. Each process has its share of the batch. Raises ValueError where that is no whole number."""
    share, rest = divmod(config.batch, processes := PartialState().num_processes)
    if rest:
        raise ValueError(f"a batch of {config.batch} cannot be parted among {processes} processes")
    return GRPOConfig(
        **sft.common(out, config.watch, config.seed),
        max_steps=sum(steps for _, steps in config.stages),
        per_device_train_batch_size=share,
        num_generations=config.group,
        max_completion_length=config.longest,
        learning_rate=config.rate,
        lr_scheduler_type="constant_with_warmup",
        warmup_steps=5,
        beta=config.kl,
        temperature=config.temperature,
        shuffle_dataset=False,
        use_vllm=config.vllm,
        vllm_mode="server",
        vllm_server_host=config.vllm_host,
        vllm_server_port=config.vllm_port,
        vllm_server_timeout=config.vllm_wait,
    )


def run(checkpoint: Path, people: Sequence[Author], drafts: Sequence[str], composite: Composite, out: Path, config: Config) -> None:
    """Load, learn (on), save. Of people and drafts, the watched ones are kept apart.

    Raises ValueError for an adapter under FSDP, of which trl cannot draw completions.
    """
    base = text.load(checkpoint)
    longest, items = text.room(base) - config.longest, max(items for items, _ in config.stages)
    watched = Watched.of(people, drafts, DRAFTS)
    others, rest = watched.rest(people, drafts)
    rows = asked(others, rest, config, base, longest)
    give = partial(reward, rows=[one.rollout for one in rows], composite=composite, base=base)
    give.__name__ = "composite"  # type: ignore[attr-defined]  # trl asks for it
    trainer = GRPOTrainer(
        model=base.model,
        reward_funcs=give,
        args=arguments(config, out),
        train_dataset=Dataset.from_list([{"prompt": one.prompt, "row": i} for i, one in enumerate(rows)]),
        processing_class=text.plain(base.tokenizer),
        peft_config=sft.adapter(config.tuning, config.lora_rank, base.added),
    )
    if trainer.is_fsdp_enabled and config.tuning != "full":
        raise ValueError("under FSDP, reinforcement needs tuning='full'; an adapter is learnt by processes that hold the whole model each")
    watching = Watching(trainer, Watch(watched, base, items, longest), config.watch, config.longest)
    trainer.callback_handler.callbacks.insert(0, watching)  # before TensorBoard's, which writes what it sees
    belongs(out / sft.STATE, {"config": asdict(config), "checkpoint": fingerprint(checkpoint, *sft.WEIGHTS)}, sft.last(out) is not None)
    trainer.train(resume_from_checkpoint=sft.last(out))
    facts = {
        "reflector": "generative",
        **sft.origin(checkpoint),
        "items": items,
        "config": asdict(config),
        "watched": looks(trainer.state.log_history),
        "stopped": watching.objection,
    }
    sft.finish(trainer, base, watching.weights, facts, out)
