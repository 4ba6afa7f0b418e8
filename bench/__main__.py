"""`python -m bench rewrite`: cold process time as a ratio to importing onnxruntime, warm time, peak memory."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = 9


def _seconds(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def rewrite() -> None:
    """Pairs of runs, one after the other, so that a slow machine is slow for both."""
    from rpo_edge import History, Personalizer
    from rpo_edge.importers import Problems, read_paths

    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    draft = ROOT / "examples" / "response.txt"
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "history.db"
        with History.open(store) as history:
            history.extend(read_paths([ROOT / "examples" / "history"], None, Problems()))
            ours = [sys.executable, "-m", "rpo_edge", "--store", str(store), "rewrite", str(draft), "--reflector", "rules"]
            ratios = [_seconds(ours) / _seconds([sys.executable, "-c", "import onnxruntime"]) for _ in range(RUNS)]
            text = " ".join((draft.read_text("utf-8") * 4).split(" ")[:300])
            personalizer = Personalizer(history, "rules")
            personalizer.rewrite(text)
            times = []
            for _ in range(RUNS):
                begun = time.perf_counter()
                personalizer.rewrite(text)
                times.append((time.perf_counter() - begun) * 1000)
    print(f"cold rewrite / import onnxruntime: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    print(f"warm, 300 words: {statistics.median(times):.0f} ms ({min(times):.0f} to {max(times):.0f})")
    print(f"peak memory of a cold rewrite: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB (the larger child)")


if __name__ == "__main__":
    if sys.argv[1:] != ["rewrite"]:
        sys.exit("usage: python -m bench rewrite")
    rewrite()
