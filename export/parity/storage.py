"""What an artifact takes on the disk, read from its own headers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gguf
import onnx
from onnx import TensorProto, helper
from safetensors import safe_open

from export import inputs
from export.folder import MANIFEST
from export.formats import blocks
from export.parity.ways import MODEL
from rpo_edge.errors import InputError

OPTIMUM = "optimum-int8"
"""Where activations have one scale for all of them: another thing than int8 by blocks."""


def quantization(path: Path, way: str) -> str:
    """The name that the limits know it by; "unknown" where an ONNX folder does not say. Raises InputError for a GGUF file of none."""
    if way == "gguf":
        with inputs.reading(path):
            reader = gguf.GGUFReader(path)
        try:
            return blocks.quantization(reader)
        except InputError as error:
            raise InputError(f"{path} cannot be measured: {error}") from error
    if way == "optimum":
        return OPTIMUM
    return {prop.key: prop.value for prop in graph(path / MODEL).metadata_props}.get("quantization", "unknown")


def size(path: Path) -> float:
    """MB of all its files; what a manifest says of them does not count."""
    files = [path] if path.is_file() else [file for file in path.iterdir() if file.is_file() and file.name != MANIFEST]
    return sum(file.stat().st_size for file in files) / 1e6


def bits(path: Path, way: str, source: Path) -> float:
    """That a weight of the checkpoint takes, scales and vectors included."""
    if way == "gguf":
        with inputs.reading(path):
            return blocks.written(gguf.GGUFReader(path)).bits
    return 8 * sum(map(stored, graph(path / MODEL).graph.initializer)) / sum(weights(source))


def weights(folder: Path) -> Iterator[int]:
    """How many each tensor of a checkpoint has."""
    for file in inputs.files(folder):
        with inputs.reading(file), safe_open(file, framework="pt") as held:
            for key in held.keys():  # noqa: SIM118  # a safe_open is no mapping
                count = 1
                for side in held.get_slice(key).get_shape():
                    count *= side
                yield count


def graph(path: Path) -> onnx.ModelProto:
    """Without weights that lie in a file beside it."""
    with inputs.reading(path):
        return onnx.load(path, load_external_data=False)


def stored(tensor: TensorProto) -> int:
    """Bytes of a constant."""
    count = 1
    for side in tensor.dims:
        count *= side
    return count * helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
