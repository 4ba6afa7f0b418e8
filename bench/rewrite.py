"""`python -m bench rewrite [--llama]`: for each reflector, cold process time as a ratio to importing onnxruntime, warm time, peak memory.

Cold runs and those of the import alternate, so that a slow machine is slow for both. Warm, each of some twenty answers of `examples/eval` is rewritten once, since
what was just read is remembered; times are brought to 300 words.

`--llama`: how many times as long llama.cpp needs to say the same rewrites token by token, with a model of SmolLM2-135M's shape in Q4_0 whose prompt it has
read already. Its weights are random: the tokens of the rewrite are given (`replay.py`), cut by a tokenizer of the examples, and every one costs what it costs.
Both take turns. Needs what `python -m bench decode` needs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rpo_edge import History, Personalizer
from rpo_edge.importers import Report, read_paths

ROOT = Path(__file__).resolve().parents[1]
DRAFT = ROOT / "examples" / "response.txt"
ANSWERS = ROOT / "examples" / "eval" / "drafts.jsonl"
RUNS = 9
WORDS = 300
VOCABULARY = 8192
"""Of a tokenizer that knows these answers: it needs 1.3 tokens a word for them, as SmolLM2's own does, which is six times as large."""
_NEAR = 50
"""Words more or less that an answer may have."""
REFLECTORS = ("rules", "edit")


def _run(command: list[str]) -> tuple[float, float]:
    """Seconds and peak memory (MiB) of a process."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{command} failed")
    return time.perf_counter() - begun, usage.ru_maxrss / 1024


def answers() -> list[str]:
    """Of language models, each of about so many words."""
    said = [json.loads(line)["response"] for line in ANSWERS.read_text("utf-8").splitlines()]
    return [text for text in said if abs(len(text.split()) - WORDS) <= _NEAR]


def timed(personalizer: Personalizer, text: str) -> tuple[float, str]:
    """Seconds for the rewrite of a text that it has not seen, and the rewrite."""
    begun = time.perf_counter()
    text = personalizer.rewrite(text).text
    return time.perf_counter() - begun, text


def spread(values: Sequence[float], digits: int = 0) -> str:
    """The median of the runs, and the least to the most."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def cold(store: Path, reflector: str) -> None:
    """Process time of a whole rewrite."""
    ours = [sys.executable, "-m", "rpo_edge", "--store", str(store), "rewrite", str(DRAFT), "--reflector", reflector]
    pairs = [(_run(ours), _run([sys.executable, "-c", "import onnxruntime"])[0]) for _ in range(RUNS)]
    ratios = [seconds / base for (seconds, _), base in pairs]
    print(f"{reflector}: cold rewrite / import onnxruntime: {spread(ratios, 2)}")
    print(f"{reflector}: peak memory of a cold rewrite: {max(memory for (_, memory), _ in pairs):.0f} MiB")


def warm(store: Path, reflector: str) -> None:
    """Time of rewrites in a running process."""
    with History.open(store) as history, Personalizer(history, reflector) as personalizer:
        timed(personalizer, DRAFT.read_text("utf-8"))
        times = [timed(personalizer, text)[0] * 1000 * WORDS / len(text.split()) for text in answers()]
    print(f"{reflector}: warm, {WORDS} words, {len(times)} answers: {spread(times)} ms")


def against_llama(store: Path, reflector: str, folder: Path) -> None:
    """What llama.cpp needs for the rewrites' tokens, as a ratio to what the warm reflector needs for the rewrites."""
    from transformers import PreTrainedTokenizerFast

    from bench import decode
    from bench.replay import replayed
    from export.formats import gguf

    source = folder / "checkpoint"
    if not source.exists():
        decode.checkpoint("135m", source, answers(), VOCABULARY)
        gguf.write(source, folder / "model.gguf", "q4_0")
    tokenizer = PreTrainedTokenizerFast.from_pretrained(source)
    runtime = decode.opened(folder / "model.gguf", decode.CONTEXT)
    ratios, tokens, words = [], 0, 0
    with History.open(store) as history, Personalizer(history, reflector) as personalizer:
        timed(personalizer, DRAFT.read_text("utf-8"))
        for text in answers():
            ours, rewrite = timed(personalizer, text)
            prompt, said = (tokenizer(t, add_special_tokens=False).input_ids for t in (text, rewrite))
            ratios.append(replayed(runtime, prompt, said, None).rest / ours)
            tokens, words = tokens + len(said), words + len(rewrite.split())
    runtime.close()
    print(f"{reflector}: llama.cpp with 135 million parameters, Q4_0, {tokens / words:.2f} tokens a word / warm rewrite: {spread(ratios)}")


def main(arguments: Sequence[str]) -> None:
    """For every reflector, on the example history."""
    parser = argparse.ArgumentParser(
        prog="python -m bench rewrite", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--llama", action="store_true", help="also hold it against llama.cpp")
    options = parser.parse_args(arguments)
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = folder / "history.db"
        with History.open(store) as history:
            history.extend(read_paths([ROOT / "examples" / "history"], Report()))
        for reflector in REFLECTORS:
            warm(store, reflector)
            cold(store, reflector)
        for reflector in REFLECTORS if options.llama else ():  # at last: a process is told as large as the one that it was begun by
            against_llama(store, reflector, folder)
