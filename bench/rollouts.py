"""`python -m bench rollouts CHECKPOINT [STYLE]`: what a step of reinforcement learning spends its time on.

Forward pass of the policy as a share of this machine's matrix multiplication (a 1,024 cube in the same run), samples drawn and made into
texts a second, and rollouts scored a second by each reward. STYLE is a style encoder's folder.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from training import rl as stage
from training.edit import rl
from training.edit.policy import split
from training.rewards import Composite, Rollout, table
from training.trajectories.base import authors

_STEPS = 6


def _seconds(run: Callable[[], object], times: int) -> float:
    begun = time.perf_counter()
    for _ in range(times):
        run()
    return (time.perf_counter() - begun) / times


def limit() -> float:
    """FLOP/s of a float32 matrix product."""
    cube = torch.randn(1024, 1024)
    cube @ cube
    return 2 * 1024**3 / _seconds(lambda: cube @ cube, 40)


def main(arguments: Sequence[str]) -> None:
    """Print a line each."""
    parser = argparse.ArgumentParser(
        prog="python -m bench rollouts", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("style", type=Path, nargs="?")
    options = parser.parse_args(arguments)
    checkpoint, style = options.checkpoint, options.style
    config = rl.Config(weights={"fidelity": 1.0})
    reward = Composite(config.weights, table())
    ground = rl.ground(rl.Policy.load(checkpoint, config.bolder), list(authors("train")), stage.of_model(config.drafts), reward, config)
    network, generator = ground.policy.model, torch.Generator().manual_seed(0)
    weights = sum(p.numel() for name, p in network.encoder.named_parameters() if "embeddings" not in name)
    forward, drawing, tokens = 0.0, 0.0, 0
    made: list[Rollout] = []
    for step in range(_STEPS):
        found, users, columns = rl.situations(ground, config, step)
        begun = time.perf_counter()
        with torch.no_grad():
            logs = split(network([s.example for s in found], columns), found)
        forward += time.perf_counter() - begun
        tokens += len(found) * max(len(s.example.ids) for s in found)
        begun = time.perf_counter()
        for log, of, user in zip(logs, found, users, strict=True):
            made += rl.sampled(ground, log, of, user, config.group, generator).rollouts()
        drawing += time.perf_counter() - begun
    print(f"forward pass of the policy / matrix product: {2 * weights * tokens / forward / limit():.2f} of its FLOP/s")
    print(f"drawn and made into texts: {len(made) / drawing:.0f} rollouts/s")
    for name, one in (stage.composite({"style": 1.0}, style).table if style else table()).items():
        one(made)  # what is made once for a user
        print(f"{name}: {len(made) / _seconds(lambda one=one: one(made), 1):.0f} rollouts/s")  # type: ignore[misc]
