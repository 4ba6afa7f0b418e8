"""Reinforcement learning of the edit reflector: GRPO over sampled edit sequences, on real drafts of a model that fine-tuning never saw.

It begins with a fine-tuned and calibrated checkpoint. Interrupted, the same command goes on from OUT/state.pt to the same curve, which
OUT/log.jsonl, TensorBoard's events and OUT/curve.png show while it runs. One process learns: 22 million parameters are not worth several.

Method (GRPO, arXiv 2402.03300). For a draft x and a user h, whose n history items are drawn anew each step, the policy gives every
word w a distribution pi(. | x, h, w) over operations. G rewrites o_1 … o_G are drawn from one forward pass, each scored r_g in [0, 1]
by the recipe's composite of rewards. With the advantage A_g = (r_g - mean r) / (std r + 1e-4) the loss is

    - 1/G  sum_g  A_g  sum_w log pi(o_g,w | x, h, w)  +  beta  sum_w KL(pi_w || pi_SFT,w)  -  eta  sum_w H(pi_w)

divided by a constant number of words, not by each draft's (as arXiv 2503.20783 argues). Divergence and entropy are exact, since each
place's distribution is at hand.

With `credit = "operation"` every operation is held to what it brought alone, since one edit of three can break a fact and another be
the user's very word: in place of A_g stands

    A_g,w = (r_g - r_g without o_g,w) / (root mean square of these differences over the step + 1e-4)

each difference cut to [-CUT, CUT], 0 where the word is kept. That is the counterfactual baseline of COMA (arXiv 1705.08926) with "keep" as
the default action; it does not depend on what w drew, so the gradient stays unbiased but for the cut.

Deviations: one step for each set of samples, so the ratio of the new policy to the old is 1 and nothing is clipped; a curriculum
gives the user's n by stages of the recipe; the user's counts are of the n texts, the rewards of all of theirs that are known,
against texts of other people of the same source: what would lead to anybody is worth nothing.

Against reward hacking: every `watch` steps other drafts are rewritten for other users as a device would, and a character n-gram
classifier, which no reward ever sees, says how probable the user is. If the reward rose and that fell, or the guard takes back more,
the run stops, says so (`stopped` in training.json, too), and ends with the weights of the look before.

Not rewarded: what a user states in words. A device leaves that to `rules`, and drops what the encoder does there
(`rpo_edge/reflectors/edit.py`), so nothing could be learnt from it; nor does any draft here do a task. A recipe that weighs either is refused.
"""

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rpo_edge.edits import apply
from rpo_edge.records import Edit
from rpo_edge.usage import Array, Usage
from training import curves, processes
from training.edit import sft
from training.edit.examples import columns_of
from training.edit.policy import Policy, Situation, draw, live, split
from training.edit.watch import Watch
from training.rewards import Composite, Rollout
from training.state import keep
from training.trajectories.base import LONGEST, Author, passage, strangers
from training.watch import Watched

CUT = 0.1
"""The most that one operation may be worth: a gate that closes would drown all else."""
_WORDS = 100  # what a sum over words is divided by
_KNOWN = 40  # texts of a user that rewards know, at most
_USERS = 80
_UNREWARDED = ("preferences", "task")  # no rollout has what these judge


@dataclass(frozen=True)
class Config:
    """A recipe's `rl`. stages: (history items, steps), one after the other. bolder: what is added to every operation's logit at the
    start: a policy that changes one word in a hundred finds out nothing about the others. Raises ValueError for a credit that is none, and
    for weights of rewards that no rollout of this reflector can be given."""

    weights: dict[str, float]
    stages: tuple[tuple[int, int], ...] = ((1, 60), (2, 60), (4, 60), (8, 60))
    drafts: str = "mixtral"  # how the names of the models begin whose drafts are rewritten
    bolder: float = 1.0
    group: int = 8
    batch: int = 8
    rate: float = 2e-5  # of the encoder
    head_rate: float = 1e-3
    kl: float = 0.05
    entropy: float = 0.0
    credit: str = "rewrite"  # or "operation"
    others: int = 40  # texts of other people of the same source that rewards know
    watch: int = 30
    seed: int = 7

    def __post_init__(self) -> None:
        if self.credit not in ("rewrite", "operation"):
            raise ValueError(f"credit is given to a rewrite or an operation, not to {self.credit!r}")
        if never := [name for name in _UNREWARDED if self.weights.get(name)]:
            raise ValueError(f"no rewrite of the edit reflector can be given a reward for {' or '.join(never)}; weigh others")

    @property
    def steps(self) -> int:
        """Of all stages."""
        return sum(steps for _, steps in self.stages)

    def items(self, step: int) -> int:
        """History items that a user has at a step."""
        for items, steps in self.stages:
            if step < steps:
                return items
            step -= steps
        return self.stages[-1][0]


@dataclass(frozen=True)
class User:
    """Somebody to write for: texts, and for each the counts of the operations' sides."""

    author: Author
    counts: Array  # (texts, sides)
    others: tuple[str, ...]  # texts of other people of the same source

    @classmethod
    def of(cls, author: Author, others: tuple[str, ...], usage: Usage, rng: random.Random) -> User:
        """With _KNOWN of the texts at most."""
        texts = tuple(rng.sample(author.texts, min(_KNOWN, len(author.texts))))
        known = Author(author.name, author.source, texts, author.licence)
        return cls(known, np.stack([usage.vector(usage.count(text)) for text in texts]), others)


@dataclass(frozen=True)
class Ground:
    """What a run stands on, and does not change."""

    policy: Policy
    reference: Any
    users: list[User]
    drafts: list[str]
    reward: Composite


@dataclass
class Run:
    """Where a run stands. curve: a row a step (reward, its parts, divergence, entropy, edits); watched: a row a look; stopped: why the last one ended it."""

    step: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)
    watched: list[dict[str, float]] = field(default_factory=list)
    stopped: str | None = None


def situations(ground: Ground, config: Config, step: int) -> tuple[list[Situation], list[User], list[tuple[Array, Array]]]:
    """The drafts of a step, for whom they are rewritten, and what the policy knows of them; by the step's number alone."""
    rng = random.Random(f"{config.seed}{step}")
    found, users, columns = [], [], []
    while len(found) < config.batch:
        user, draft = rng.choice(ground.users), rng.choice(ground.drafts)
        history = tuple(rng.sample(range(len(user.counts)), min(config.items(step), len(user.counts))))
        place = ground.policy.situation(passage(draft, LONGEST, rng), (user.author.name, user.author.source), history)
        if place:
            found.append(place)
            users.append(user)
            columns.append(columns_of(place.example, user.counts[list(history)].sum(axis=0), ground.policy.usage))
    return found, users, columns


@dataclass(frozen=True)
class Drawn:
    """Samples of one draft. numbers: (samples, live places). edits: of each sample, by live place."""

    numbers: torch.Tensor
    edits: list[dict[int, Edit]]
    of: Situation
    user: User

    def rollout(self, sample: int, without: int | None = None) -> Rollout:
        """What a sample makes of the draft, before any guard; `without` the edit of one place."""
        edits = tuple(edit for place, edit in self.edits[sample].items() if place != without)
        return Rollout(self.of.text, apply(self.of.text, edits), edits=edits, texts=self.user.author.texts, others=self.user.others)

    def rollouts(self) -> list[Rollout]:
        """One for each sample."""
        return [self.rollout(sample) for sample in range(len(self.edits))]


def sampled(ground: Ground, log: torch.Tensor, of: Situation, user: User, size: int, generator: torch.Generator) -> Drawn:
    """`size` samples of the policy's distribution over a draft."""
    numbers = draw(log, size, generator)
    return Drawn(numbers, list(ground.policy.edits(numbers.numpy(), log, of)), of, user)


def advantages(rewards: Array) -> Array:
    """(drafts, samples), each row less its mean, by its standard deviation; 0 where all samples are worth the same."""
    centred = rewards - rewards.mean(axis=1, keepdims=True)
    return np.asarray(centred / (rewards.std(axis=1, keepdims=True) + 1e-4))


def credited(ground: Ground, config: Config, drawn: Sequence[Drawn], rewards: Array) -> list[Array]:
    """For each draft (samples, live places): what its operations gain; see the module's text. rewards: (drafts, samples)."""
    if config.credit == "rewrite":
        return [np.repeat(of[:, None], one.numbers.shape[1], axis=1) for one, of in zip(drawn, advantages(rewards), strict=True)]
    asked = [(i, sample, place) for i, one in enumerate(drawn) for sample, edits in enumerate(one.edits) for place in edits]
    without = [drawn[i].rollout(sample, place) for i, sample, place in asked]
    different = {(i, rollout.rewrite): rollout for (i, *_), rollout in zip(asked, without, strict=True)}  # most samples have an edit or two
    worth = dict(zip(different, ground.reward(list(different.values())), strict=True))
    gains = [np.zeros(tuple(one.numbers.shape)) for one in drawn]
    for (i, sample, place), rollout in zip(asked, without, strict=True):
        gains[i][sample, place] = np.clip(rewards[i, sample] - worth[i, rollout.rewrite], -CUT, CUT)
    size = (sum((gain**2).sum() for gain in gains) / max(1, len(asked))) ** 0.5
    return [gain / (size + 1e-4) for gain in gains]


def objective(
    logs: Sequence[torch.Tensor], references: Sequence[torch.Tensor], drawn: Sequence[torch.Tensor], gains: Sequence[Array]
) -> torch.Tensor:
    """(3,) mean over drafts of the policy's loss, the divergence from the reference, and the entropy, each by _WORDS.

    drawn, gains: for each draft (samples, live places).
    """
    rows = []
    for log, reference, samples, gain in zip(logs, references, drawn, gains, strict=True):
        alive = live(log)
        places, known = log[alive], reference[alive]
        chosen = places.expand(len(samples), -1, -1).gather(2, samples[..., None])[..., 0]
        share = places.exp()
        divergence = (share * (places - known)).sum()
        entropy = -(share * places).sum()
        rows.append(torch.stack([-(torch.from_numpy(gain).float() * chosen).sum() / len(samples), divergence, entropy]) / _WORDS)
    return torch.stack(rows).mean(dim=0)


def step_of(ground: Ground, config: Config, optimizer: torch.optim.Optimizer, step: int) -> dict[str, float]:
    """Draw, score, learn; a row of the curve."""
    found, users, columns = situations(ground, config, step)
    generator = torch.Generator().manual_seed(config.seed * 100_003 + step)
    batch = [s.example for s in found]
    logs = split(ground.policy.model(batch, columns), found)
    with torch.no_grad():
        references = split(ground.reference(batch, columns), found)
    drawn = [sampled(ground, log, s, u, config.group, generator) for log, s, u in zip(logs, found, users, strict=True)]
    begun = time.monotonic()
    scores = ground.reward.scores([rollout for one in drawn for rollout in one.rollouts()])
    scored = time.monotonic() - begun
    rewards = np.array(scores.totals).reshape(len(found), config.group)
    terms = objective(logs, references, [one.numbers for one in drawn], credited(ground, config, drawn, rewards))
    loss = terms[0] + config.kl * terms[1] - config.entropy * terms[2]
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(ground.policy.model.parameters(), 1.0)
    optimizer.step()
    parts = {name: float(np.mean([v for v in values if v is not None] or [0.0])) for name, values in scores.parts.items()}
    row = {"reward": float(rewards.mean()), **parts, "divergence": terms[1].item() * _WORDS, "entropy": terms[2].item() * _WORDS}
    changed = sum(len(edits) for one in drawn for edits in one.edits) / rewards.size
    return {name: round(value, 5) for name, value in row.items()} | {
        "edits": round(changed, 2),
        "rollouts/s": round(rewards.size / scored, 1),
    }


def train(ground: Ground, config: Config, watch: Watch, out: Path) -> Run:
    """Steps until the end, or until the watch stops the run; the state is kept at every look."""
    model, run = ground.policy.model, Run()
    slow, fast = list(model.encoder.parameters()), [p for n, p in model.named_parameters() if not n.startswith("encoder.")]
    optimizer = torch.optim.AdamW([{"params": slow, "lr": config.rate}, {"params": fast, "lr": config.head_rate}], weight_decay=0.0)
    state = out / "state.pt"
    if state.exists():
        kept = torch.load(state, weights_only=True)
        if kept["config"] != json.dumps(asdict(config)):
            raise ValueError(f"{state} is of another recipe; take another folder")
        model.load_state_dict(kept["model"])
        optimizer.load_state_dict(kept["optimizer"])
        run = Run(kept["step"], kept["curve"], kept["watched"])
        if kept["first"]:
            watch.recall(kept["first"])
    with curves.Log(out, run.step if run.watched else None) as log:
        while run.step < config.steps:
            if run.step % config.watch == 0 and len(run.watched) <= run.step // config.watch and _stops(ground, config, watch, run, log):
                break
            if run.step % config.watch == 0:
                _keep(model, optimizer, config, run, watch, state)
            run.curve.append(step_of(ground, config, optimizer, run.step))
            run.step += 1
            print(f"step {run.step:5d}  " + "  ".join(f"{name} {value:.3f}" for name, value in run.curve[-1].items()), flush=True)
            log.add(run.step, run.curve[-1])
        else:
            if not _stops(ground, config, watch, run, log):
                return run
    model.load_state_dict(torch.load(state, weights_only=True)["model"])
    return run


def _stops(ground: Ground, config: Config, watch: Watch, run: Run, log: curves.Log) -> bool:
    """Look, and whether the run must end here."""
    seen = watch.look(ground.policy.reflector())
    recent = [row["reward"] for row in run.curve[-config.watch :]]
    before = [row["reward"] for row in run.curve[: config.watch]]
    run.watched.append({"step": run.step, **seen.row()})
    print(f"watched at {run.step}: {run.watched[-1]}", flush=True)
    log.add(run.step, {f"watch/{name}": value for name, value in seen.row().items()})
    log.draw()
    reason = watch.objection(seen, float(np.mean(recent or [0.0]) - np.mean(before or [0.0])))
    if reason:
        print(f"stopped at step {run.step}: {reason}")
    run.stopped = reason
    return reason is not None


def _keep(model: torch.nn.Module, optimizer: torch.optim.Optimizer, config: Config, run: Run, watch: Watch, state: Path) -> None:
    values = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "config": json.dumps(asdict(config))}
    keep(values | {"step": run.step, "curve": run.curve, "watched": run.watched, "first": watch.first()}, state)


def ground(policy: Policy, people: Sequence[Author], drafts: Sequence[str], reward: Composite, config: Config) -> Ground:
    """_USERS of the people, by lot, who have texts enough for every stage, and all drafts."""
    reference = copy.deepcopy(policy.model).eval().requires_grad_(False)
    reference.encoder.classifier.bias[1:] -= config.bolder
    rng = random.Random(config.seed)
    enough = [author for author in people if len(author.texts) >= 2 * max(items for items, _ in config.stages)]
    others = strangers(people, config.others)
    chosen = rng.sample(enough, min(_USERS, len(enough)))
    users = [User.of(author, others[author.name, author.source], policy.usage, rng) for author in chosen]
    return Ground(policy, reference, users, list(drafts), reward)


def save(policy: Policy, run: Run, config: Config, checkpoint: Path, out: Path) -> None:
    """A checkpoint folder like the one that the run began with."""
    facts = json.loads((checkpoint / "training.json").read_text("utf-8"))
    facts["rl"] = {"config": asdict(config), "curve": run.curve, "watched": run.watched, "stopped": run.stopped}
    sft.save(policy.model, policy.vocabulary, facts, out, allowed=policy.heads()["allowed"])


def run(checkpoint: Path, people: Sequence[Author], drafts: Sequence[str], reward: Composite, out: Path, config: Config) -> None:
    """Load, learn (on), save. Of people and drafts, the watched ones are kept apart. Raises RuntimeError in one of several processes."""
    processes.alone("reinforcement of the edit reflector")
    torch.manual_seed(config.seed)
    watched = Watched.of(people, drafts)
    others, rest = watched.rest(people, drafts)
    stand = ground(Policy.load(checkpoint, config.bolder), others, rest, reward, config)
    print(f"{len(stand.users)} users, {len(stand.drafts)} drafts, {config.steps} steps", flush=True)
    out.mkdir(parents=True, exist_ok=True)
    save(stand.policy, train(stand, config, Watch(watched, stand.policy.usage), out), config, checkpoint, out)
