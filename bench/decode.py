"""`python -m bench decode [--shape 135m|0.5b] [--model FOLDER] [--runs N]`: plain and copy-aware decoding by llama.cpp and onnxruntime.

The models have real shapes and random weights (SmolLM2-135M, Qwen2.5-0.5B), or are the causal checkpoint of `--model`; llama.cpp runs them as
Q4_0, onnxruntime with the same blocks of 4 bits. Random weights rewrite nothing, so what comes out is given: every pass costs what it costs, but its
logits are put aside and the next token is that of a rewrite made beforehand, in which a known share of the draft's tokens is kept and runs of one
to four others stand for the rest. The draft is examples/response.txt, the words for the others and the prompt are of examples/history.

Printed: decoding as a ratio to plain llama.cpp in the same run (all ways take turns, median of the runs, least to most), tokens that were
proposed and kept, passes; prefill and decoding in tokens a second, and the time to the first token; peak memory, each in a process of its own.
Plain greedy decoding and copy-aware decoding choose the same tokens but for rounding: whether they do on this model, with its own tokens, and how
often the two best logits were as good as equal, is printed last. llama-cli's own n-gram drafting is not among them, since no package brings that program.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from export.formats import causal_onnx, gguf
from export.parity.child import peak
from rpo_edge.runtimes.base import Options
from rpo_edge.runtimes.decoding import Array, Engine, decode
from rpo_edge.runtimes.drafting import LLAMA, ONNX, Copier, Prices
from rpo_edge.runtimes.gguf import GgufRuntime
from rpo_edge.runtimes.onnx import OnnxRuntime

ROOT = Path(__file__).resolve().parents[1]
SHAPES: dict[str, dict[str, Any]] = {
    "135m": {"hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "vocab_size": 49152},
    "0.5b": {"hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936},
}  # fmt: skip
KEPT = (0.7, 0.9, 1.0)
PROMPT = 600  # tokens
WIDTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24)
TOLD = 200  # tokens of the model's own
NEAR = 1e-3  # of two logits that are as good as equal
Opened = GgufRuntime | OnnxRuntime


class Watched:
    """An engine of which a bench sees what it computes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def known(self) -> list[int]:
        """The engine's."""
        return self._engine.known

    def extend(self, tokens: Sequence[int], wanted: int) -> Array:
        """The engine's work."""
        rows = self._engine.extend(tokens, wanted)
        self.seen(rows)
        return rows

    def truncate(self, length: int) -> None:
        """The engine's."""
        self._engine.truncate(length)

    def seen(self, rows: Array) -> None:
        """The logits of a pass; what is written over them holds."""
        raise NotImplementedError


class Replay(Watched):
    """Its logits say a text that is given, whatever the engine computes; counts the passes."""

    def __init__(self, engine: Engine, prompt: int, text: Sequence[int]) -> None:
        super().__init__(engine)
        self._prompt, self._text = prompt, text
        self.passes = 0

    def seen(self, rows: Array) -> None:
        """The given text's next tokens have the largest logits."""
        self.passes += 1
        first = len(self.known) - len(rows) + 1 - self._prompt
        for i, row in enumerate(rows):
            row[self._text[min(first + i, len(self._text) - 1)]] = np.inf


class Gaps(Watched):
    """Notes how far apart the two best logits were at each place."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.gaps: list[float] = []

    def seen(self, rows: Array) -> None:
        """Of all rows."""
        best = np.partition(rows, -2, axis=1)[:, -2:]
        self.gaps += (best[:, 1] - best[:, 0]).tolist()


@dataclass(frozen=True)
class Taken:
    """Seconds of the prompt with the first token and of the other tokens; passes for these."""

    first: float
    rest: float
    passes: int


def prices_of(runtime: Opened) -> Prices:
    """What it reckons with."""
    return ONNX if isinstance(runtime, OnnxRuntime) else LLAMA


def replayed(runtime: Opened, prompt: Sequence[int], text: Sequence[int], source: Sequence[int] | None) -> Taken:
    """One decoding of `text`, token by token or with proposals from `source`."""
    engine = runtime.engine(len(prompt) + len(text))
    engine.truncate(0)
    replay = Replay(engine, len(prompt), text)
    begun = time.perf_counter()
    copier = Copier(source, prices=prices_of(runtime)) if source else None
    found = decode(replay, prompt, Options(), len(text), lambda token: False, copier)
    said = [next(found).token]
    first = time.perf_counter()
    said += [chosen.token for chosen in found]
    if said != list(text):
        raise RuntimeError("decoding did not say what was given")
    return Taken(first - begun, time.perf_counter() - first, replay.passes - 1)


def rewritten(draft: Sequence[int], kept: float, others: Sequence[int], rng: random.Random) -> list[int]:
    """A draft of which about this share is kept: in place of the rest stand runs of one to four other tokens."""
    text, at = [], 0
    lost = round((1 - kept) * len(draft))
    runs = []
    while sum(runs) < lost:
        runs.append(min(rng.randint(1, 4), lost - sum(runs)))
    starts = sorted(rng.sample(range(len(draft) // 5), len(runs)))  # every fifth token may begin one, so none touch
    for start, run in zip((5 * start for start in starts), runs, strict=True):
        text += draft[at:start]
        text += rng.choices(others, k=rng.randint(1, 4))
        at = start + run
    return [*text, *draft[at:]]


def checkpoint(shape: str, folder: Path) -> Path:
    """Random weights of a real shape, and a tokenizer of the examples, filled up to its size."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from training import corpus

    said = SHAPES[shape]
    tokenizer = corpus.train_tokenizer(_texts() * 2, vocabulary=4096)
    tokenizer.add_tokens([f"<unused_{i}>" for i in range(said["vocab_size"] - len(tokenizer))])
    torch.manual_seed(0)
    config = LlamaConfig(
        **said, tie_word_embeddings=True, max_position_embeddings=2048, bos_token_id=None, eos_token_id=tokenizer.eos_token_id
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _texts() -> list[str]:
    lines = (ROOT / "examples/history/posts.jsonl").read_text("utf-8").splitlines()
    return [(ROOT / "examples/response.txt").read_text("utf-8"), *(json.loads(line)["text"] for line in lines)]


def artifacts(source: Path, folder: Path) -> dict[str, Path]:
    """Both forms of a checkpoint in 4 bits."""
    gguf.write(source, folder / "model.gguf", "q4_0")
    causal_onnx.write(source, folder / "onnx", "int4")
    return {"llama.cpp Q4_0": folder / "model.gguf", "onnxruntime 4-bit": folder / "onnx"}


def opened(path: Path) -> Opened:
    """As a device opens it, with as many threads as there are cores."""
    return OnnxRuntime.open(path, os.cpu_count()) if path.is_dir() else GgufRuntime.open(path, os.cpu_count(), 2048)


def measured(runtimes: dict[str, Opened], tokenizer: Any, runs: int) -> None:
    """Print a line for each way and share."""
    draft, *others = (tokenizer(text, add_special_tokens=False).input_ids for text in _texts())
    rest = [token for text in others for token in text]
    prompt = rest[:PROMPT]
    ways = [(name, copied) for name in runtimes for copied in (False, True)]
    for kept in KEPT:
        text = rewritten(draft, kept, rest, random.Random(0))
        taken: dict[tuple[str, bool], list[Taken]] = {way: [] for way in ways}
        for _ in range(runs):
            for name, copied in ways:
                taken[name, copied].append(replayed(runtimes[name], prompt, text, draft if copied else None))
        plain = taken[ways[0]]
        for (name, copied), each in taken.items():
            ratios = [base.rest / one.rest for base, one in zip(plain, each, strict=True)]
            speed = statistics.median((len(text) - 1) / one.rest for one in each)
            first = statistics.median(one.first for one in each)
            print(
                f"{kept:4.0%} kept  {name + (', copying' if copied else ''):28}"
                f"{statistics.median(ratios):5.2f} of plain llama.cpp ({min(ratios):.2f} to {max(ratios):.2f})  "
                f"{(len(text) - 1) / each[0].passes:5.2f} tokens a pass  {speed:6.1f} tokens/s  "
                f"prefill {len(prompt) / first:6.0f} tokens/s, first token after {first * 1000:.0f} ms",
                flush=True,
            )


def prices(runtime: Opened, prompt: Sequence[int], runs: int) -> list[float]:
    """What a pass over each of WIDTHS tokens costs after the prompt, in passes over one; the least of the runs, in turns."""
    engine = runtime.engine(len(prompt) + max(WIDTHS))
    engine.truncate(0)
    engine.extend(prompt, 1)
    least = dict.fromkeys(WIDTHS, float("inf"))
    for _ in range(runs):
        for width in WIDTHS:
            begun = time.perf_counter()
            engine.extend(prompt[:width], width)
            least[width] = min(least[width], time.perf_counter() - begun)
            engine.truncate(len(prompt))
    return [least[width] / least[1] for width in WIDTHS]


def ties(runtime: Opened, prompt: Sequence[int]) -> str:
    """The model's own text, plainly and copying that: places where two tokens are as good as equal, and whether another was taken."""
    gaps = Gaps(runtime.engine(len(prompt) + TOLD))
    plain = [chosen.token for chosen in decode(gaps, prompt, Options(), TOLD, lambda token: False)]
    copier = Copier(plain, prices=prices_of(runtime))
    copied = [chosen.token for chosen in decode(runtime.engine(len(prompt) + TOLD), prompt, Options(), TOLD, lambda token: False, copier)]
    apart = next((i for i, pair in enumerate(zip(plain, copied, strict=True)) if pair[0] != pair[1]), None)
    said = "the same tokens" if apart is None else f"another token at {apart}"
    return f"{said}; the two best were nearer than {NEAR} at {sum(gap < NEAR for gap in gaps.gaps)} of {TOLD} places"


def peak_of(path: Path) -> str:
    """Peak memory of a process that opens a model, reads a prompt and writes twenty tokens."""
    command = [sys.executable, "-m", "bench", "decode", "--once", str(path)]
    return subprocess.run(command, capture_output=True, check=True, cwd=ROOT, text=True).stdout.strip()


def once(path: Path) -> None:
    """What `peak_of` asks."""
    runtime = opened(path)
    list(runtime.generate(_texts()[0], Options(tokens=20)))
    memory = peak()
    print("unknown" if memory is None else f"{memory:.0f} MiB")


def main(arguments: Sequence[str]) -> None:
    """Make the models, run them."""
    parser = argparse.ArgumentParser(
        prog="python -m bench decode", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", choices=SHAPES, default="135m")
    parser.add_argument("--model", type=Path, help="a checkpoint of ours in place of random weights")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.once:
        once(options.once)
        return
    from transformers import PreTrainedTokenizerFast

    with tempfile.TemporaryDirectory() as folder:
        source = options.model or checkpoint(options.shape, Path(folder) / "checkpoint")
        paths = artifacts(source, Path(folder))
        runtimes = {name: opened(path) for name, path in paths.items()}
        tokenizer = PreTrainedTokenizerFast.from_pretrained(source)
        prompt = tokenizer(_texts()[1]).input_ids[:PROMPT]
        for name, runtime in runtimes.items():
            said = "  ".join(
                f"{width}: {price:.2f}" for width, price in zip(WIDTHS, prices(runtime, prompt, 4 * options.runs), strict=True)
            )
            print(f"{name}: a pass over so many tokens costs so many single ones  {said}", flush=True)
        measured(runtimes, tokenizer, options.runs)
        for name, runtime in runtimes.items():
            print(
                f"{name}: copying its own text, {ties(runtime, tokenizer(_texts()[1]).input_ids[:PROMPT])}; peak memory {peak_of(paths[name])}"
            )
            runtime.close()
