"""`python -m bench rewrite`: for each reflector, cold process time as a ratio to importing onnxruntime, warm time, peak memory.
`python -m bench history --items N`, `python -m bench rollouts …`, `python -m bench decode`, `python -m bench serve`: see history.py, rollouts.py, decode.py and serve.py.

Runs of ours and of the import alternate, so that a slow machine is slow for both.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DRAFT = ROOT / "examples" / "response.txt"
RUNS = 9
REFLECTORS = ("rules", "edit")


def _run(command: list[str]) -> tuple[float, float]:
    """Seconds and peak memory (MiB) of a process."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{command} failed")
    return time.perf_counter() - begun, usage.ru_maxrss / 1024


def cold(store: Path, reflector: str) -> None:
    """Process time of a whole rewrite."""
    ours = [sys.executable, "-m", "rpo_edge", "--store", str(store), "rewrite", str(DRAFT), "--reflector", reflector]
    pairs = [(_run(ours), _run([sys.executable, "-c", "import onnxruntime"])[0]) for _ in range(RUNS)]
    ratios = [seconds / base for (seconds, _), base in pairs]
    print(f"{reflector}: cold rewrite / import onnxruntime: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    print(f"{reflector}: peak memory of a cold rewrite: {max(memory for (_, memory), _ in pairs):.0f} MiB")


def warm(store: Path, reflector: str) -> None:
    """Time of a rewrite of 300 words in a running process."""
    from rpo_edge import History, Personalizer

    text = " ".join((DRAFT.read_text("utf-8") * 4).split(" ")[:300])
    with History.open(store) as history:
        personalizer = Personalizer(history, reflector)
        personalizer.rewrite(text)
        times = []
        for _ in range(RUNS):
            begun = time.perf_counter()
            personalizer.rewrite(text)
            times.append((time.perf_counter() - begun) * 1000)
    print(f"{reflector}: warm, 300 words: {statistics.median(times):.0f} ms ({min(times):.0f} to {max(times):.0f})")


def rewrite() -> None:
    """Both, for every reflector, on the example history."""
    from rpo_edge import History
    from rpo_edge.importers import Report, read_paths

    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "history.db"
        with History.open(store) as history:
            history.extend(read_paths([ROOT / "examples" / "history"], Report()))
        for reflector in REFLECTORS:
            warm(store, reflector)
            cold(store, reflector)


if __name__ == "__main__":
    if sys.argv[1:] == ["rewrite"]:
        rewrite()
    elif sys.argv[1:2] == ["rollouts"] and len(sys.argv) in (3, 4):
        from bench import rollouts

        rollouts.main(sys.argv[2:])
    elif sys.argv[1:2] == ["history"]:
        from bench import history as history_bench

        history_bench.main(sys.argv[2:])
    elif sys.argv[1:2] == ["decode"]:
        from bench import decode

        decode.main(sys.argv[2:])
    elif sys.argv[1:2] == ["serve"]:
        from bench import serve

        serve.main(sys.argv[2:])
    else:
        sys.exit(
            "usage: python -m bench rewrite | history [--items N] | rollouts CHECKPOINT [STYLE] | decode [--shape 135m|0.5b] | serve [--requests N]"
        )
