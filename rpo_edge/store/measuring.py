"""Measuring many texts at once: in this process, or in others, one a core.

The others are started by their command line, not by `multiprocessing`, which would run the caller's main module again; they read a JSON
list of texts a line and answer with a line of counts. They end with this process, because their input does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rpo_edge.interpreter import python

Row = tuple[str, str, float]
"""Feature key, variant, count."""

_FRAMES = ("greeting", "sign_off")
_WORTH = 2_000  # items; starting the processes takes as long as measuring some hundred
_MOST = 8  # processes
_COMMAND = "from rpo_edge.store.measuring import serve; serve()"


def rows_of(text: str) -> list[Row]:
    """The counts of one text."""
    from rpo_edge.steps.profile import measure

    return [(key, variant, n) for key, counts in measure(text).items() for variant, n in counts.items()]


def of_kind(rows: Sequence[Row], kind: str | None) -> Sequence[Row]:
    """The counts as they are kept of an item of this kind: who greets in mail need not greet in an answer, and "hey" in a chat greets as no
    letter does.
    """
    from rpo_edge.features.letters import frame_key

    if kind == "chat":
        return [row for row in rows if row[0] not in _FRAMES]
    if kind == "email":
        return [(frame_key(key, False, True) if key in _FRAMES else key, variant, n) for key, variant, n in rows]
    return rows


class Here:
    """Measures in this process."""

    def rows(self, texts: Sequence[str]) -> list[list[Row]]:
        """For each text its counts."""
        return [rows_of(text) for text in texts]

    def close(self) -> None:
        """Nothing to end."""


class Processes:
    """Measures in `count` processes of `program`, a Python. Where one cannot be started or has died, this process does the work."""

    def __init__(self, program: str, count: int) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path[1:]])}
        command, pipe = [program, "-P", "-c", _COMMAND], subprocess.PIPE
        try:
            for _ in range(count):
                self._processes.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment))
        except OSError:
            self.close()

    def rows(self, texts: Sequence[str]) -> list[list[Row]]:
        """For each text its counts; each process gets a share of the texts."""
        try:
            return self._rows(texts) if self._processes else Here().rows(texts)
        except (OSError, ValueError):
            self.close()
            return Here().rows(texts)

    def _rows(self, texts: Sequence[str]) -> list[list[Row]]:
        share = -(-len(texts) // len(self._processes)) or 1
        shares = [texts[start : start + share] for start in range(0, len(texts), share)]
        for process, some in zip(self._processes, shares, strict=False):
            assert process.stdin is not None
            process.stdin.write(json.dumps(some).encode() + b"\n")
            process.stdin.flush()
        found: list[list[Row]] = []
        for process, some in zip(self._processes, shares, strict=False):
            assert process.stdout is not None
            answer = json.loads(process.stdout.readline())
            if len(answer) != len(some):
                raise ValueError("not an answer for every text")
            found += [[(key, variant, n) for key, variant, n in rows] for rows in answer]
        return found

    def close(self) -> None:
        """End them."""
        for process in self._processes:
            process.kill()
            process.communicate()
        self._processes = []


def measurer(items: int) -> Here | Processes:
    """What measures about so many items; to be closed."""
    count, program = min(os.cpu_count() or 1, _MOST), python()
    return Processes(program, count) if items > _WORTH and count > 1 and program else Here()


def serve() -> None:
    """Answer until the input ends."""
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(json.dumps([rows_of(text) for text in json.loads(line)]).encode() + b"\n")
        sys.stdout.buffer.flush()
