"""How fast an exported edit model rewrites beside its checkpoint in float32, and what it takes of memory.

What is held against it is the same graph with the same fusions in the same onnxruntime: PyTorch takes more of both, and would flatter it.
"""

from __future__ import annotations

import json
import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx

from export.edit import COPIED
from export.formats import onnx as classifier
from export.parity.figures import Pace
from export.parity.measuring import run
from export.quantize import fuse, settle
from rpo_edge.manifest import Manifest


def pace(checkpoint: Path, folder: Path, drafts: Sequence[str], rounds: int = 3) -> tuple[Pace, float | None]:
    """And MiB that the exported model took at most. In each round both take their turn, each in a process of its own, so that a busy machine slows
    both. Raises InputError where one cannot be run."""
    with TemporaryDirectory() as name:
        exact = float32(checkpoint, Path(name))
        times = [[_edited(path, drafts) for path in (folder, exact)] for _ in range(rounds)]
    words = statistics.median(one["words"] for one, _ in times)
    ratio = statistics.median(one["words"] / other["words"] for one, other in times)
    memory, other_memory = (_most([each[i]["memory"] for each in times]) for i in range(2))
    return Pace(words, ratio, other_memory), memory


def float32(checkpoint: Path, folder: Path) -> Path:
    """A model folder of the checkpoint as it is, at `folder`."""
    config = json.loads((checkpoint / "config.json").read_text("utf-8"))
    with TemporaryDirectory() as name:
        source, fused = classifier.export(checkpoint, Path(name) / "float32.onnx"), Path(name) / "fused.onnx"
        onnx.save(fuse(source, config["num_attention_heads"], config["hidden_size"], attention=True), fused)
        settle(fused, folder / "model.onnx")
    for file in COPIED:
        shutil.copyfile(checkpoint / file, folder / file)
    Manifest(folder, "float32", "edit", {}, "", "", "float32", 0).save()
    return folder


def _edited(path: Path, drafts: Sequence[str]) -> dict[str, Any]:
    with TemporaryDirectory() as name:
        run(path, Path(name), {"task": "edit", "drafts": drafts})
        found: dict[str, Any] = json.loads((Path(name) / "edited.json").read_text("utf-8"))
    return found


def _most(found: Sequence[float | None]) -> float | None:
    """The greatest; None where the system does not say."""
    return max((one for one in found if one is not None), default=None)
