"""`python -m bench decode [--shape 135m|0.5b] [--model FOLDER] [--lookup PROGRAM] [--runs N]`: plain and copy-aware decoding by llama.cpp and onnxruntime.

The models have real shapes and random weights (SmolLM2-135M, Qwen2.5-0.5B), or are the causal checkpoint of `--model`; llama.cpp runs them as
Q4_0, onnxruntime with the same blocks of 4 bits. Random weights rewrite nothing, so what comes out is given: every pass costs what it costs, but its
logits are put aside and the next token is that of a rewrite made beforehand, in which a known share of the draft's tokens is kept and runs of one
to four others stand for the rest (`replay.py`), or of the rewrite that `rules` makes of it. The draft is examples/response.txt, the words for the others and the prompt, at whose end the draft
stands, are of examples/history. A model with little room gets the beginning of both.

llama.cpp's own drafting from n-grams says the same rewrite where its program is built (`lookup.py`: what its figures have in them and ours have not).

Printed: decoding as a ratio to plain llama.cpp in the same run and to the same engine's plain decoding (all ways take turns, median of the runs,
least to most), tokens a pass, and the share of proposals that were kept; prefill and decoding in tokens a second, and the time to the first token;
peak memory, each way in a process of its own. Plain greedy decoding and copy-aware decoding choose the same tokens but for rounding: whether they do
on this model, with its own tokens, and how often the two best logits were as good as equal, is printed last.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench import lookup
from bench.lookup import Lookup
from bench.replay import Gaps, Opened, Taken, prices_of, replayed, rewritten
from export.parity.child import peak
from rpo_edge import History, Personalizer
from rpo_edge.records import HistoryItem
from rpo_edge.runtimes.base import Options
from rpo_edge.runtimes.decoding import decode
from rpo_edge.runtimes.drafting import Copier
from rpo_edge.runtimes.gguf import GgufRuntime
from rpo_edge.runtimes.onnx import OnnxRuntime

ROOT = Path(__file__).resolve().parents[1]
SHAPES: dict[str, dict[str, Any]] = {
    "135m": {"hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "vocab_size": 49152},
    "0.5b": {"hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936},
}  # fmt: skip
KEPT = (0.7, 0.9, 1.0)
LLAMA_CPP = "llama.cpp Q4_0"
PROMPT = 600  # tokens
CONTEXT = 2048  # tokens at most
WIDTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24)
TOLD = 200  # tokens of the model's own
NEAR = 1e-3  # of two logits that are as good as equal


@dataclass(frozen=True)
class Texts:
    """Token ids, and the tokenizer's way back. room: tokens at most that a model reads and writes; real: the draft as `rules` rewrites it."""

    room: int
    prompt: list[int]
    draft: list[int]
    others: list[int]
    real: list[int]
    read: Callable[[Sequence[int]], str]

    @classmethod
    def of(cls, tokenizer: Any, room: int) -> Texts:
        """Of the examples; prompt and draft take half of the room at most."""
        draft, *others = (tokenizer(text, add_special_tokens=False).input_ids for text in _texts())
        rest = [token for text in others for token in text]
        draft = draft[: room // 4]
        before = rest[: min(PROMPT, room // 2) - len(draft)]
        read = partial(tokenizer.decode, clean_up_tokenization_spaces=False)
        real = tokenizer(_by_rules(read(draft)), add_special_tokens=False).input_ids
        return cls(room, before + draft, draft, rest, real, read)


@dataclass(frozen=True)
class Way:
    """What decodes, whether it proposes, and how: of a rewrite."""

    name: str
    copying: bool
    run: Callable[[Sequence[int]], Taken]


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


def _by_rules(draft: str) -> str:
    """The draft as the writer of the other texts would have it."""
    with History.open(Path(":memory:"), create=False) as history:
        history.extend(map(HistoryItem, _texts()[1:]))
        return Personalizer(history, "rules").rewrite(draft).text


def artifacts(source: Path, folder: Path) -> dict[str, Path]:
    """Both forms of a checkpoint in 4 bits."""
    from export.formats import causal_onnx, gguf  # torch comes with them, which the processes of `peak_of` are not to hold

    gguf.write(source, folder / "model.gguf", "q4_0")
    causal_onnx.write(source, folder / "onnx", "int4")
    return {LLAMA_CPP: folder / "model.gguf", "onnxruntime 4-bit": folder / "onnx"}


def opened(path: Path, context: int) -> Opened:
    """As a device opens it, with as many threads as there are cores."""
    kind = OnnxRuntime if path.is_dir() else GgufRuntime
    return kind.open(path, os.cpu_count(), context)


def ways_of(runtimes: dict[str, Opened], program: Lookup | None, texts: Texts) -> list[Way]:
    """Plain llama.cpp first; each engine's plain decoding before its other."""
    found = []
    for name, runtime in runtimes.items():
        found.append(Way(name, False, partial(replayed, runtime, texts.prompt, source=None)))
        found.append(Way(f"{name}, copying", True, partial(replayed, runtime, texts.prompt, source=texts.draft)))
    if program:
        prompt = texts.read(texts.prompt)
        found.append(Way(lookup.NAME, False, partial(program.replayed, prompt, drafting=False)))
        found.append(Way(f"{lookup.NAME}, drafting {lookup.WIDEST}", True, partial(program.replayed, prompt, drafting=True)))
    return found


def measured(ways: Sequence[Way], texts: Texts, runs: int) -> None:
    """Print a line for each way and rewrite."""
    made = {f"{kept:4.0%} kept": rewritten(texts.draft, kept, texts.others, random.Random(0)) for kept in KEPT}
    for name, text in (made | {"by rules": texts.real}).items():
        turns = [[way.run(text) for way in ways] for _ in range(runs)]
        columns = list(zip(*turns, strict=True))
        for i, (way, each) in enumerate(zip(ways, columns, strict=True)):
            own = f", {ratio(each, columns[i - 1])} of its own" if way.copying and i > 1 else ""
            print(
                f"{name:9}  {way.name:28}{ratio(each, columns[0])} of plain llama.cpp{own}  {told(each, len(texts.prompt))}",
                flush=True,
            )


def ratio(each: Sequence[Taken], base: Sequence[Taken]) -> str:
    """Of two ways' speeds: the median of the runs, and the least to the most."""
    found = [one.speed / other.speed for one, other in zip(each, base, strict=True)]
    return f"{statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"


def told(each: Sequence[Taken], prompt: int) -> str:
    """Passes and proposals, which are the same in each run, and speeds of a way."""
    one, first = each[0], statistics.median(taken.first for taken in each)
    kept = "" if one.accepted is None else f", {one.accepted:.0%} of {one.proposed} proposals kept"
    speed = statistics.median(taken.speed for taken in each)
    return (
        f"{one.tokens / one.passes:.2f} tokens a pass{kept}  {speed:.1f} tokens/s  "
        f"prefill {prompt / first:.0f} tokens/s, first token after {first * 1000:.0f} ms"
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


def peak_of(path: Path, texts: Texts, copying: bool) -> str:
    """Peak memory of a process that opens a model, reads the prompt and writes twenty tokens."""
    command = [sys.executable, "-m", "bench", "decode", "--once", str(path)]
    task = {"room": texts.room, "prompt": texts.read(texts.prompt), "source": texts.read(texts.draft) if copying else ""}
    return subprocess.run(
        command, input=json.dumps(task), capture_output=True, check=True, cwd=ROOT, text=True, encoding="utf-8"
    ).stdout.strip()


def once(path: Path) -> None:
    """What `peak_of` asks."""
    task = json.load(sys.stdin)
    runtime = opened(path, task["room"])
    list(runtime.generate(task["prompt"], Options(tokens=20, source=task["source"])))
    print(mebibytes(peak()))


def mebibytes(memory: float | None) -> str:
    """As it is printed."""
    return f"{memory:.0f} MiB" if memory else "unknown"


def lookup_of(named: Path | None, model: Path, context: int) -> Lookup | None:
    """The program that is named, or the one on PATH; None, which is said, where there is none."""
    found = named or shutil.which(lookup.NAME)
    if not found:
        print(f"llama.cpp's own n-gram drafting: not built (no {lookup.NAME} on PATH, none named by --lookup)", flush=True)
        return None
    return Lookup(Path(found).resolve(), model, os.cpu_count() or 1, context)


def compared(source: Path, folder: Path, named: Path | None, runs: int) -> None:
    """Print all there is to say of a checkpoint."""
    from transformers import PreTrainedTokenizerFast

    paths = artifacts(source, folder)
    room = min(CONTEXT, json.loads((source / "config.json").read_text("utf-8"))["max_position_embeddings"])
    runtimes = {name: opened(path, room) for name, path in paths.items()}
    texts = Texts.of(PreTrainedTokenizerFast.from_pretrained(source), room)
    program = lookup_of(named, paths[LLAMA_CPP], room)
    for name, runtime in runtimes.items():
        said = "  ".join(f"{width}: {price:.2f}" for width, price in zip(WIDTHS, prices(runtime, texts.prompt, 4 * runs), strict=True))
        print(f"{name}: a pass over so many tokens costs so many single ones  {said}", flush=True)
    measured(ways_of(runtimes, program, texts), texts, runs)
    for name, runtime in runtimes.items():
        print(f"{name}: copying its own text, {ties(runtime, texts.prompt)}", flush=True)
        runtime.close()
    for name, path in paths.items():
        print(f"{name}: peak memory {peak_of(path, texts, False)}, copying {peak_of(path, texts, True)}", flush=True)
    if program:
        print(f"{lookup.NAME}: peak memory {mebibytes(program.peak(texts.read(texts.prompt), texts.draft[:20]))}")


def main(arguments: Sequence[str]) -> None:
    """Make the models, run them."""
    parser = argparse.ArgumentParser(
        prog="python -m bench decode", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", choices=SHAPES, default="135m")
    parser.add_argument("--model", type=Path, help="a checkpoint of ours in place of random weights")
    parser.add_argument("--lookup", type=Path, help=f"{lookup.NAME}, where it is not on PATH")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.once:
        once(options.once)
        return
    if options.lookup and not options.lookup.is_file():
        parser.error(f"{options.lookup} is no program")
    with tempfile.TemporaryDirectory() as folder:
        source = options.model or checkpoint(options.shape, Path(folder) / "checkpoint")
        compared(source, Path(folder), options.lookup, options.runs)
