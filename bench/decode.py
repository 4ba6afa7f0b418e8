"""`python -m bench decode [--shape 135m|0.5b] [--model FOLDER] [--lookup PROGRAM] [--runs N]`: plain and copy-aware decoding by llama.cpp and onnxruntime.

The models have real shapes and random weights (SmolLM2-135M, Qwen2.5-0.5B), or are the causal checkpoint of `--model`; llama.cpp runs them as
Q4_0, onnxruntime with the same blocks of 4 bits. Random weights rewrite nothing, so what comes out is given: every pass costs what it costs, but its
logits are put aside and the next token is that of a rewrite made beforehand, in which a known share of the draft's tokens is kept and runs of one
to four others stand for the rest (`replay.py`), or of the rewrite that `rules` makes of it. That draft is examples/response.txt; the words for the others, and the prompt, at whose end a draft
stands, are of examples/history. "By people" are texts of examples/eval as their authors wrote them, each from the draft that was flattened of it: real
pairs, whose figures are of all of them together. A model with little room gets the beginning of each.

llama.cpp's own drafting from n-grams says the same rewrite where its program is built (`lookup.py`: what its figures have in them and ours have not).

Printed: decoding as a ratio to plain llama.cpp in the same run and to the same engine's plain decoding (all ways take turns, median of the runs,
least to most), tokens a pass, and the share of proposals that were kept; prefill and decoding in tokens a second, and the time to the first token;
peak memory, each way in a process of its own. Plain greedy decoding and copy-aware decoding choose the same tokens but for rounding: whether they do
on this model, with its own tokens after each of the drafts, and how often the two best logits were as good as equal, is printed last.
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
from dataclasses import astuple, dataclass
from difflib import SequenceMatcher
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
TOLD = 200  # tokens of the model's own, after a prompt
PEOPLE = 8  # authors of examples/eval
PASSAGES = 4  # of an author, one after the other
NEAR = 1e-3  # of two logits that are as good as equal


@dataclass(frozen=True)
class Rewrite:
    """Token ids: a prompt, at whose end the draft stands, that draft, and what is to come out."""

    prompt: list[int]
    draft: list[int]
    text: list[int]

    @property
    def kept(self) -> int:
        """Tokens of the draft that are in the text, in their order."""
        blocks = SequenceMatcher(None, self.draft, self.text, autojunk=False).get_matching_blocks()
        return sum(block.size for block in blocks)


@dataclass(frozen=True)
class Texts:
    """What is replayed, by the name of its row, and the tokenizer's way back. room: tokens at most that a model reads and writes."""

    room: int
    rows: dict[str, list[Rewrite]]
    read: Callable[[Sequence[int]], str]

    @classmethod
    def of(cls, tokenizer: Any, room: int) -> Texts:
        """Of the examples; prompt and draft take half of the room at most."""
        draft, *others = (_ids(tokenizer, text) for text in _texts())
        rest = [token for text in others for token in text]
        draft = draft[: room // 4]
        read = partial(tokenizer.decode, clean_up_tokenization_spaces=False)

        def rewrite(draft: list[int], text: list[int]) -> Rewrite:
            return Rewrite(rest[: min(PROMPT, room // 2) - len(draft)] + draft, draft, text)

        rows = {f"{kept:4.0%} kept": [rewrite(draft, rewritten(draft, kept, rest, random.Random(0)))] for kept in KEPT}
        rows["by rules"] = [rewrite(draft, _ids(tokenizer, _by_rules(read(draft))))]
        people = ([_ids(tokenizer, text) for text in pair] for pair in _pairs())
        rows["by people"] = [rewrite(flat[: room // 4], target[: room // 4]) for flat, target in people]
        return cls(room, rows, read)

    @property
    def first(self) -> Rewrite:
        """The one of which prefill, prices and memory are told."""
        return next(iter(self.rows.values()))[0]


@dataclass(frozen=True)
class Way:
    """What decodes, whether it proposes, and how."""

    name: str
    copying: bool
    run: Callable[[Rewrite], Taken]


def checkpoint(shape: str, folder: Path, texts: Sequence[str] = (), vocabulary: int = 4096) -> Path:
    """Random weights of a real shape, and a tokenizer of the examples and other texts, filled up to its size."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from training import corpus

    said = SHAPES[shape]
    tokenizer = corpus.train_tokenizer([*_texts(), *texts] * 2, vocabulary=vocabulary)
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


def _ids(tokenizer: Any, text: str) -> list[int]:
    found: list[int] = tokenizer(text, add_special_tokens=False).input_ids
    return found


def _pairs() -> list[tuple[str, str]]:
    """Flattened drafts and their authors' own texts, of authors from all over the file."""
    authors: dict[str, list[dict[str, str]]] = {}
    for line in (ROOT / "examples/eval/restore.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        authors.setdefault(row["author"], []).append(row)
    chosen = list(authors.values())[:: len(authors) // PEOPLE][:PEOPLE]
    flat, target = (["\n\n".join(row[key] for row in rows[:PASSAGES]) for rows in chosen] for key in ("flat", "target"))
    return list(zip(flat, target, strict=True))


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

    def ours(runtime: Opened, copying: bool, rewrite: Rewrite) -> Taken:
        return replayed(runtime, rewrite.prompt, rewrite.text, rewrite.draft if copying else None)

    def theirs(program: Lookup, drafting: bool, rewrite: Rewrite) -> Taken:
        return program.replayed(texts.read(rewrite.prompt), rewrite.text, drafting)

    found = []
    for name, runtime in runtimes.items():
        found.append(Way(name, False, partial(ours, runtime, False)))
        found.append(Way(f"{name}, copying", True, partial(ours, runtime, True)))
    if program:
        found.append(Way(lookup.NAME, False, partial(theirs, program, False)))
        found.append(Way(f"{lookup.NAME}, drafting {lookup.WIDEST}", True, partial(theirs, program, True)))
    return found


def measured(ways: Sequence[Way], texts: Texts, runs: int) -> None:
    """Print a line for each row of rewrites and each way."""
    for name, rewrites in texts.rows.items():
        drafts, read = sum(len(rewrite.draft) for rewrite in rewrites), sum(len(rewrite.prompt) for rewrite in rewrites)
        share = sum(rewrite.kept for rewrite in rewrites) / drafts
        print(f"{name}: {len(rewrites)} of {drafts} tokens, {share:.0%} of which are kept", flush=True)
        columns = taken(name, ways, rewrites, runs)
        plain = base = columns[ways[0].name]
        for way in ways:
            if each := columns.get(way.name):
                plain = plain if way.copying else each
                own = f", {ratio(each, plain)} of its own" if way.copying and plain is not base else ""
                print(f"{name:9}  {way.name:28}{ratio(each, base)} of plain llama.cpp{own}  {told(each, read, len(rewrites))}", flush=True)


def taken(name: str, ways: Sequence[Way], rewrites: Sequence[Rewrite], runs: int) -> dict[str, list[Taken]]:
    """By way, run after run, all ways in turns; without llama.cpp's program where that fails on a text, which is said."""
    found: dict[str, list[Taken]] = {way.name: [] for way in ways}
    for way in (way for _ in range(runs) for way in ways if way.name in found):
        try:
            found[way.name].append(total([way.run(rewrite) for rewrite in rewrites]))
        except lookup.Failed as error:
            del found[way.name]
            print(f"{name:9}  {way.name:28}left out: {error}", flush=True)
    return found


def total(each: Sequence[Taken]) -> Taken:
    """Of several rewrites as if they were one."""
    return Taken(*map(sum, zip(*map(astuple, each), strict=True)))


def ratio(each: Sequence[Taken], base: Sequence[Taken]) -> str:
    """Of two ways' speeds: the median of the runs, and the least to the most."""
    found = [one.speed / other.speed for one, other in zip(each, base, strict=True)]
    return f"{statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"


def told(each: Sequence[Taken], read: int, prompts: int) -> str:
    """Passes and proposals, which are the same in each run, and speeds of a way. read: tokens of so many prompts."""
    one, first = each[0], statistics.median(taken.first for taken in each)
    kept = "" if one.accepted is None else f", {one.accepted:.0%} of {one.proposed} proposals kept"
    speed = statistics.median(taken.speed for taken in each)
    return (
        f"{one.tokens / one.passes:.2f} tokens a pass{kept}  {speed:.1f} tokens/s  "
        f"prefill {read / first:.0f} tokens/s, first token after {first / prompts * 1000:.0f} ms"
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


def ties(runtime: Opened, prompts: Sequence[list[int]]) -> str:
    """The model's own texts, plainly and copying those: places where two tokens are as good as equal, and texts in which another was taken."""
    found = [tie(runtime, prompt) for prompt in prompts]
    left, said = [apart for apart, _ in found if apart is not None], TOLD * len(prompts)
    same = said - sum(TOLD - apart for apart in left)
    near = sum(gap < NEAR for _, gaps in found for gap in gaps)
    often = f", once in {same // len(left)} tokens" if left else ""
    return (
        f"{len(left)} of {len(prompts)} texts of {TOLD} tokens came out otherwise{often}; "
        f"the two best were nearer than {NEAR} at {near} of {said} places"
    )


def tie(runtime: Opened, prompt: Sequence[int]) -> tuple[int | None, list[float]]:
    """Where copying first takes another token than plain decoding, and how far apart the two best were at each place of the latter."""
    gaps = Gaps(runtime.engine(len(prompt) + TOLD))
    plain = list(decode(gaps, prompt, TOLD, lambda token: False))
    copier = Copier(plain, prices=prices_of(runtime))
    copied = list(decode(runtime.engine(len(prompt) + TOLD), prompt, TOLD, lambda token: False, copier))
    return next((i for i, pair in enumerate(zip(plain, copied, strict=True)) if pair[0] != pair[1]), None), gaps.gaps


def peak_of(path: Path, texts: Texts, copying: bool) -> str:
    """Peak memory of a process that opens a model, reads the prompt and writes twenty tokens."""
    command = [sys.executable, "-m", "bench", "decode", "--once", str(path)]
    prompt, draft = texts.read(texts.first.prompt), texts.read(texts.first.draft)
    task = {"room": texts.room, "prompt": prompt, "source": draft if copying else ""}
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
        said = "  ".join(
            f"{width}: {price:.2f}" for width, price in zip(WIDTHS, prices(runtime, texts.first.prompt, 4 * runs), strict=True)
        )
        print(f"{name}: a pass over so many tokens costs so many single ones  {said}", flush=True)
    measured(ways_of(runtimes, program, texts), texts, runs)
    asked = [texts.first.prompt, *(rewrite.prompt for rewrite in texts.rows["by people"])]
    for name, runtime in runtimes.items():
        print(f"{name}: copying its own texts, {ties(runtime, asked)}", flush=True)
        runtime.close()
    for name, path in paths.items():
        print(f"{name}: peak memory {peak_of(path, texts, False)}, copying {peak_of(path, texts, True)}", flush=True)
    if program:
        print(f"{lookup.NAME}: peak memory {mebibytes(program.peak(texts.read(texts.first.prompt), texts.first.draft[:20]))}")


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
