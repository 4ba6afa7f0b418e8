"""Commands that are killed amid their work."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONPATH": str(ROOT)}


def killed(command: Sequence[str], when: Callable[[], bool], data: Path | None = None) -> None:
    """`python COMMAND` is killed (`kill -9`) as soon as `when()` is true. data: its research data. Fails where it ends before."""
    environment = ENVIRONMENT | ({"RPO_EDGE_SHARED": str(data)} if data else {})
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        for _ in range(6000):
            if process.poll() is not None or when():
                break
            time.sleep(0.02)
        assert process.poll() is None, f"it ended by itself ({process.returncode})"
    finally:
        process.kill()
        process.wait()
