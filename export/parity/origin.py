"""Where an edit model's checkpoint comes from: training, or the artifact itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from safetensors import safe_open

from export import inputs
from export.checkpoint import tensors

ROUNDED = (
    "its checkpoint was made of its own int8 weights (`python -m export checkpoint`), since the one it was exported from was not kept: the figures "
    "say what int8 activations cost, not what rounding the weights did"
)
"""What such figures do not say."""


def of_artifact(checkpoint: Path, folder: Path) -> bool:
    """Whether the checkpoint's weights are the artifact's own, int8 times their scales. Raises InputError for one that cannot be read."""
    try:
        back = tensors(onnx.load(folder / "model.onnx"))
    except (KeyError, IndexError, ValueError):  # of a recipe that does not lead back
        return False
    file = checkpoint / "model.safetensors"
    with inputs.reading(file), safe_open(file, framework="np") as held:
        return set(held.keys()) == set(back) and all(np.array_equal(held.get_tensor(name), value) for name, value in back.items())
