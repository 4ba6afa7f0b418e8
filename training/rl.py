"""Reinforcement learning of the edit reflector, from a fine-tuned checkpoint.

    python -m training rl CHECKPOINT OUT --style STYLE [--recipe training/recipes/rl-edit.toml]

STYLE is a folder of `python -m training style`. What is learnt, and how, is said in `edit/rl.py`. OUT becomes a checkpoint folder with
`rl.json` (recipe, curve, what the watch saw), `curve.png` and TensorBoard's events; it keeps its state, so that the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tomllib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from training import curves
from training.edit import rl
from training.edit.watch import Watch, Watched
from training.rewards import Composite, table
from training.rewards.style import Style
from training.style_encoder import StyleEncoder
from training.trajectories.base import authors

RECIPE = Path(__file__).parent / "recipes" / "rl-edit.toml"
_WATCHED_DRAFTS = 60


def config_of(recipe: Path) -> rl.Config:
    """A recipe's `rl`. Raises ValueError for an option that is none."""
    values = tomllib.loads(recipe.read_text("utf-8"))["rl"]
    try:
        return rl.Config(**values | {"stages": tuple(map(tuple, values["stages"]))} if "stages" in values else values)
    except TypeError as error:
        raise ValueError(f"{recipe} has an option that is none: {error}") from error


def save(ground: rl.Ground, run: rl.Run, config: rl.Config, checkpoint: Path, out: Path) -> None:
    """A checkpoint folder like the one that the run began with."""
    policy = ground.policy
    policy.model.encoder.save_pretrained(out)
    policy.vocabulary.save(out / "operations.json")
    np.savez(out / "user.npz", **policy.heads())
    shutil.copyfile(checkpoint / "vocab.txt", out / "vocab.txt")
    facts = json.loads((checkpoint / "training.json").read_text("utf-8"))
    facts["rl"] = {"recipe": asdict(config), "curve": run.curve, "watched": run.watched}
    (out / "training.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    curves.draw({name: [row[name] for row in run.curve] for name in (run.curve[0] if run.curve else ())}, out)


def main(argv: list[str]) -> None:
    """Load, learn, save."""
    parser = argparse.ArgumentParser(prog="python -m training rl")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--style", type=Path, required=True)
    parser.add_argument("--recipe", type=Path, default=RECIPE)
    options = parser.parse_args(argv)
    config = config_of(options.recipe)
    torch.manual_seed(config.seed)
    reward = Composite(config.weights, table(Style(StyleEncoder.load(options.style))))
    watched = Watched.of(list(authors("train")), rl.of_model(config.drafts), _WATCHED_DRAFTS)
    ground = rl.ground(options.checkpoint, reward, config, watched)
    print(f"{len(ground.users)} users, {len(ground.drafts)} drafts, {config.steps} steps", flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    run = rl.train(ground, config, Watch(watched), options.out)
    save(ground, run, config, options.checkpoint, options.out)
