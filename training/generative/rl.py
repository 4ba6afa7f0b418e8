"""Reinforcement learning of the generative reflector: trl's GRPOTrainer (arXiv 2402.03300) on real drafts and real histories.

A prompt shows a draft of a model that fine-tuning never saw, and some of a real user's texts; completions are drawn, parsed, and scored
by the recipe's composite of rewards. One that does not parse is worth 0. The curriculum is the order of the prompts: stage after stage
shows more items of the history. Interrupted, the same command goes on from the last checkpoint in OUT/state.

Larger than one machine: `accelerate launch -m training rl …`; and with a recipe's `vllm = true`, completions come from trl's vLLM server
(`trl vllm-serve --model CHECKPOINT` on another GPU), which this project does not start.
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

from rpo_edge.records import HistoryItem
from rpo_edge.steps.profile import measure
from training.generative import sft, text
from training.rewards import Composite, Rollout
from training.trajectories.base import LONGEST, Author, Excerpt, excerpt, profile_of, strangers, summed

_REFUSALS = 1000  # prompts in a row that are too long
_KNOWN = 32  # texts of a user that rewards know, at most


@dataclass(frozen=True)
class Config:
    """A recipe's `rl`. stages: (history items, steps), one after the other; longest: tokens of a completion."""

    weights: dict[str, float]
    stages: tuple[tuple[int, int], ...] = ((1, 50), (2, 50), (4, 50), (8, 50))
    drafts: str = "mixtral"
    group: int = 8
    batch: int = 16  # completions of a step
    rate: float = 1e-5
    kl: float = 0.02
    temperature: float = 1.0
    longest: int = 256
    save: int = 25
    seed: int = 7
    tuning: str = "lora"
    lora_rank: int = 32
    vllm: bool = False


@dataclass(frozen=True)
class Asked:
    """What a prompt was made of; rewards need it."""

    prompt: str
    rollout: Rollout


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
            one = _ask(base, author, excerpt(rng.choice(drafts), LONGEST, rng), items, rng)
            one = replace(one, rollout=replace(one.rollout, others=others[author.name]))
            if text.length(base.tokenizer, one.prompt) <= longest:
                found.append(one)
                refused = 0
            else:
                refused += 1
    return found


def _ask(base: text.Base, author: Author, draft: Excerpt, items: int, rng: random.Random) -> Asked:
    known = tuple(rng.sample(author.texts, min(_KNOWN, len(author.texts))))
    shown = [HistoryItem(item, author.source, id=i) for i, item in enumerate(known[:items])]
    profile = profile_of(summed(map(measure, known[:items])), items)
    prompt = base.form.fitted(draft.text, profile, shown, None, lambda prompt: True, draft.around)
    assert prompt is not None  # whatever its length is
    return Asked(prompt, Rollout(draft.text, None, None, profile, known))


def judged(base: text.Base, one: Rollout, completion: str) -> Rollout:
    """The rollout with what the model wrote; without a rewrite where that is no whole answer."""
    answer, ended, _ = completion.partition(base.end)
    try:
        observations, rewrite = base.form.read(answer, one.draft) if ended else (None, None)
    except ValueError:
        observations, rewrite = None, None
    return replace(one, rewrite=rewrite, observations=observations)


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
        **sft.common(out, config.save, config.seed),
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
    )


def run(checkpoint: Path, people: Sequence[Author], drafts: Sequence[str], composite: Composite, out: Path, config: Config) -> None:
    """Load, learn (on), save."""
    base = text.load(checkpoint)
    rows = asked(people, drafts, config, base, text.room(base) - config.longest)
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
    trainer.train(resume_from_checkpoint=sft.last(out))
    items = max(items for items, _ in config.stages)
    facts = {"reflector": "generative", **sft.origin(checkpoint), "items": items, "config": asdict(config)}
    sft.finish(trainer, base, facts, out)
