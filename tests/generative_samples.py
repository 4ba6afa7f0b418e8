"""Generative training in miniature, for tests in this process and in others: a base, people, a draft, and a run that may be started as a program.

    python tests/generative_samples.py CHECKPOINT OUT [--written] [--lora] [--fsdp]
    python tests/generative_samples.py sft … [--fsdp]          what `python -m training sft …` does

`--written` puts fixed completions in place of the model's, so that any number of processes has the same; `--fsdp` lets accelerate take processors
for GPUs, which torch's FSDP does not mind.
"""

import os
import random
import sys
from pathlib import Path

if "--fsdp" in sys.argv:
    os.environ["ACCELERATE_TORCH_DEVICE"] = "cpu"

from accelerate import PartialState
from accelerate.utils import DistributedType
from trl import GRPOTrainer

from rpo_edge.edits import align
from rpo_edge.prompt import complete
from rpo_edge.records import HistoryItem
from training import corpus, pretrain
from training import sft as tune
from training.generative import rl, sft
from training.generative.rollouts import user
from training.rewards import Composite
from training.trajectories.base import Author, Trajectory
from training.trajectories.files import Writer, as_row

DRAFT = "It is late and we do not know."
FAITHFUL, FALSE = "It's late and we don't know.", "It's late and we know."
ANSWERS = (complete((), FAITHFUL), complete((), FALSE), "It's late")
DRAFTS = [DRAFT + " " * i for i in range(9)]
"""One passage, as nine drafts: three are watched, three are for centring, three to learn from."""


def people(n: int = 24) -> list[Author]:
    """Of one source, each with the words of their own."""
    rng = random.Random(2)
    words = ("It's cold, don't you think?", "We're late, I'm afraid.", "That's not what they'd say!", "I do not mind.", "It is fine.")
    return [Author(f"user-{i}", "letters", tuple(" ".join(rng.choices(words, k=12)) + f" {i}." for _ in range(24))) for i in range(n)]


def base(out: Path, context: int = 768) -> Path:
    """A network of 100,000 parameters that knows nothing."""
    tokenizer = corpus.train_tokenizer([DRAFT, *people(1)[0].texts, *ANSWERS] * 5, vocabulary=360)
    size = pretrain.Size(hidden=64, intermediate=64, layers=1, heads=2, kv_heads=2, context=context, batch=1, micro=1, rate=0.0, warmup=1)
    pretrain.network(size, len(tokenizer), 1).save_pretrained(out)
    tokenizer.save_pretrained(out)
    return out


def trajectories(folder: Path) -> Path:
    """The draft for many people; of three rewrites, one says what it does not."""
    writer = Writer(folder, "trajectories")
    for i in range(400):
        author, rewrite = people()[i % 24], (FAITHFUL, FAITHFUL, FALSE)[i % 3]
        known = author.texts[i % 20 : i % 20 + 2]
        history = tuple(HistoryItem(text, author.source, id=k) for k, text in enumerate(known))
        parts = user(known), (), tuple(align(DRAFT, rewrite)), history, (0, 1), None
        writer.add(as_row(Trajectory(DRAFT, rewrite, *parts, author.name, author.source, "CC0-1.0", "train", "neutralise:spoken")))
    writer.close()
    return folder


TUNING = sft.Config(steps=50, batch=8, micro=8, rate=5e-3, warmup=5, save=100, shown=(0, 1, 2))
"""Enough to say one of both rewrites, mostly."""


def negation_lost(rollouts):
    """Worth most what the guard would take back."""
    return [None if r.rewrite is None else float("n't" not in r.rewrite and "not" not in r.rewrite) for r in rollouts]


def kept(rollouts):
    """Worth most what keeps the draft's sense."""
    return [None if r.rewrite is None else float(r.rewrite == FAITHFUL) for r in rollouts]


REWARDS = {"negation_lost": negation_lost, "kept": kept}


def config(reward: str, **changes) -> rl.Config:
    """A few steps of the whole model."""
    some = {"stages": ((1, 4), (2, 2)), "group": 4, "batch": 8, "rate": 1e-3, "longest": 24, "watch": 2, "tuning": "full"}
    return rl.Config(weights={reward: 1.0}, **some | changes)


def reinforce(checkpoint: Path, out: Path, reward: str = "kept", **changes) -> None:
    """A run over these people and drafts."""
    chosen = config(reward, **changes)
    rl.run(checkpoint, people(), DRAFTS, Composite(chosen.weights, REWARDS), out, chosen)


def written(trainer, prompt_ids, *rest, **more):
    """Completions by the step and the place in the batch of all processes; takes the place of trl's sampling."""
    first = trainer.accelerator.process_index * len(prompt_ids) + trainer.state.global_step
    tokenizer = trainer.processing_class
    return [tokenizer(ANSWERS[i % len(ANSWERS)]).input_ids for i in range(first, first + len(prompt_ids))], None


if __name__ == "__main__":
    if "--fsdp" in sys.argv:
        PartialState._prepare_backend = lambda *arguments: ("gloo", DistributedType.MULTI_GPU)
    if "--written" in sys.argv:
        GRPOTrainer._generate_single_turn = written
    if sys.argv[1] == "sft":
        tune.main([part for part in sys.argv[2:] if part != "--fsdp"])
        sys.exit()
    reinforce(Path(sys.argv[1]), Path(sys.argv[2]), tuning="lora" if "--lora" in sys.argv else "full")
