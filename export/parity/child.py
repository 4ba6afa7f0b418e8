"""One artifact in a process of its own: `python -m export.parity.child FOLDER`.

FOLDER has task.json: {"path", "task": "answer", "speak" or "edit", …}. Of a crash of what runs a model, only this process dies; and what it takes
of memory is the artifact's.

answer  "way", "strings" -> ids.json, a list for each; "texts", lists of ids -> 0.npy, 1.npy, …: logits (tokens, vocabulary) float32
speak   "way", "prompts", "tokens", "context" -> spoken.json: greedy tokens of each prompt, seconds, and peak memory
edit    "drafts" -> edited.json: words a second, and peak memory
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from export.parity.golden import person
from export.parity.ways import WAYS
from rpo_edge.errors import RpoEdgeError
from rpo_edge.manifest import Manifest
from rpo_edge.pipeline import reflect
from rpo_edge.records import Evidence, StyleProfile
from rpo_edge.reflectors.edit import EditReflector
from rpo_edge.runtimes.base import Options, Runtime
from rpo_edge.steps.freeze import freeze

_ELSE = "1 2"  # read before each prompt: nothing of a prompt is known when its time is taken


def main(folder: Path) -> None:
    """Do what task.json says."""
    said = json.loads((folder / "task.json").read_text("utf-8"))
    {"answer": answer, "speak": speak, "edit": edit}[said["task"]](Path(said["path"]), said, folder)


def answer(path: Path, said: Mapping[str, Any], folder: Path) -> None:
    """Ids and logits."""
    way = WAYS[said["way"]]
    tokens = way.tokens(path)
    (folder / "ids.json").write_text(json.dumps([tokens(text) for text in said["strings"]]), "utf-8")
    if said["texts"]:
        logits = way.logits(path, max(map(len, said["texts"])))
        for i, ids in enumerate(said["texts"]):
            np.save(folder / f"{i}.npy", logits(ids))


def speak(path: Path, said: Mapping[str, Any], folder: Path) -> None:
    """Greedy text, as fast as it comes."""
    runtime = WAYS[said["way"]].runtime(path, said["context"])
    found = [spoken(runtime, prompt, said["tokens"]) for prompt in said["prompts"]]
    runtime.close()
    (folder / "spoken.json").write_text(json.dumps({"prompts": found, "memory": peak()}), "utf-8")


def edit(path: Path, said: Mapping[str, Any], folder: Path) -> None:
    """Drafts edited for the person of the example history; the first of them once before, for what only the first one pays."""
    reflector = EditReflector.load(Manifest.load(path))
    with person() as history:
        profile = history.profile(reflector.counter)
    edited(reflector, said["drafts"][0], profile)
    start = time.perf_counter()
    words = sum(edited(reflector, draft, profile) for draft in said["drafts"])
    (folder / "edited.json").write_text(json.dumps({"words": words / (time.perf_counter() - start), "memory": peak()}), "utf-8")


def edited(reflector: EditReflector, draft: str, profile: StyleProfile) -> int:
    """How many words it has."""
    reflect(reflector, draft, freeze(draft), Evidence(), profile)
    return len(draft.split())


def spoken(runtime: Runtime, prompt: str, tokens: int) -> dict[str, Any]:
    """tokens: their numbers; read: of the prompt; first: seconds until the first token, None where none came; rest: of the others."""
    list(runtime.generate(_ELSE, Options(1)))
    times = [time.perf_counter()]
    found = []
    for piece in runtime.generate(prompt, Options(tokens)):
        found.append(piece.token)
        times.append(time.perf_counter())
    first = times[1] - times[0] if found else None
    return {"tokens": found, "read": runtime.count(prompt), "first": first, "rest": times[-1] - times[1] if found else 0.0}


def peak() -> float | None:
    """MiB that this process had at most; None where the system does not say.

    Linux counts into `ru_maxrss` what the parent had before, so its own file is asked first."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text("utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    try:
        resource: Any = import_module("resource")
    except ImportError:  # Windows
        return None
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(taken / (1 << 20) if sys.platform == "darwin" else taken / 1024)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except Exception as error:  # the parent looks for this line: what runs models prints more when it is torn down
        sys.exit(f"error: {error}" if isinstance(error, RpoEdgeError) else f"error: {type(error).__name__}: {error}")
