"""`python -m bench rollouts CHECKPOINT [STYLE]`: what a step of reinforcement learning of the edit reflector spends its time on.

By the recipe's `rl` (training/recipes/edit.toml; `--set` as there): the forward pass of the policy as a share of this machine's limit, which is the
FLOP/s of matrix products (a 1,024 cube, measured between the passes), samples drawn and made into texts a second, and rollouts scored a second by each
reward. STYLE is a style encoder's folder. Needs the research data. What a reward makes once for a user is not in its figure.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from rpo_edge.records import StyleProfile
from training import recipe
from training import rl as stage
from training.edit import rl
from training.edit.policy import Policy, split
from training.rewards import Rollout
from training.trajectories.base import authors

_CUBE = 1024
_PRODUCTS = 8
_STATED = StyleProfile(preferences={"contractions": "always", "exclamation": "never"})


def _seconds(run: Callable[[], object], times: int = 1) -> float:
    begun = time.perf_counter()
    for _ in range(times):
        run()
    return (time.perf_counter() - begun) / times


def judged(name: str, rollout: Rollout) -> Rollout:
    """The rollout with what a reward asks for and the edit reflector's have not: without, it would have nothing to do.

    For style with few known texts: they are read once for a user, which takes minutes, and is not timed.
    """
    given: dict[str, Callable[[Rollout], Rollout]] = {
        "format": lambda r: replace(r, observations=()),
        "preferences": lambda r: replace(r, profile=_STATED),
        "style": lambda r: replace(r, texts=r.texts[:8], others=r.others[:8]),
        "task": lambda r: replace(r, task="LaMP-7", gold=r.draft),
    }
    return given[name](rollout) if name in given else rollout


def main(arguments: Sequence[str]) -> None:
    """Print a line each."""
    parser = argparse.ArgumentParser(
        prog="python -m bench rollouts", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("style", type=Path, nargs="?")
    parser.add_argument("--steps", type=int, default=6, help="whose samples are drawn and scored")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="another value, as TOML, for an option of the recipe"
    )
    options = parser.parse_args(arguments)
    config = recipe.read(recipe.RECIPES / "edit.toml", "rl", rl.Config, options.set)
    reward = stage.composite(config.weights, options.style)
    ground = rl.ground(
        Policy.load(options.checkpoint, config.bolder), list(authors("train")), stage.of_model(config.drafts), reward, config
    )
    made, seconds, share = drawn(ground, config, options.steps)
    print(f"forward pass of the policy: {share:.2g} of the FLOP/s of matrix products")
    print(f"drawn and made into texts: {len(made) / seconds:.0f} rollouts/s")
    for name, one in reward.table.items():
        asked = [judged(name, rollout) for rollout in made]
        one(asked)  # what is made once for a user
        print(f"{name}: {len(made) / _seconds(lambda one=one, asked=asked: one(asked)):.0f} rollouts/s")  # type: ignore[misc]


def drawn(ground: rl.Ground, config: rl.Config, steps: int) -> tuple[list[Rollout], float, float]:
    """The samples of so many steps, seconds for drawing them, and the forward passes' FLOP/s over those of matrix products."""
    network, generator, cube = ground.policy.model, torch.Generator().manual_seed(0), torch.randn(_CUBE, _CUBE)
    weights = sum(p.numel() for name, p in network.encoder.named_parameters() if "embeddings" not in name)
    made: list[Rollout] = []
    forward, drawing, product, tokens = 0.0, 0.0, 0.0, 0
    cube @ cube
    for step in range(steps):
        found, users, columns = rl.situations(ground, config, step)
        product += _seconds(lambda: cube @ cube, _PRODUCTS) / steps
        begun = time.perf_counter()
        with torch.no_grad():
            logs = split(network([s.example for s in found], columns), found)
        forward += time.perf_counter() - begun
        tokens += len(found) * max(len(s.example.ids) for s in found)
        begun = time.perf_counter()
        for log, of, user in zip(logs, found, users, strict=True):
            made += rl.sampled(ground, log, of, user, config.group, generator).rollouts()
        drawing += time.perf_counter() - begun
    return made, drawing, (2 * weights * tokens / forward) / (2 * _CUBE**3 / product)
