"""Quantizations of a GGUF file: what each is made of, how one is made, and what a written file turned out to be.

Weights are stored in blocks with a scale of their own: 32 weights (Q8_0, Q4_0) or, in the K-quants, 256 in groups. F16 and Q8_0 are
written by gguf-py, whose Q8_0 is llama.cpp's to the bit; the others are made by llama.cpp itself from a float32 file. It spends more
bits on some matrices, and where a row cannot be divided into whole blocks it takes another type without saying so: so the types
are read back, and the bits a weight are what the file really has.
"""

from __future__ import annotations

import ctypes
import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import gguf

from rpo_edge.errors import InputError, OptionalDependencyError

Kind = gguf.GGMLQuantizationType


@dataclass(frozen=True, slots=True)
class Recipe:
    """kind: what most of its matrices are. direct: gguf-py writes it, else llama.cpp."""

    file_type: gguf.LlamaFileType
    kind: Kind
    direct: bool = False


RECIPES = {
    "f16": Recipe(gguf.LlamaFileType.MOSTLY_F16, Kind.F16, direct=True),
    "q8_0": Recipe(gguf.LlamaFileType.MOSTLY_Q8_0, Kind.Q8_0, direct=True),
    "q6_k": Recipe(gguf.LlamaFileType.MOSTLY_Q6_K, Kind.Q6_K),
    "q5_k_m": Recipe(gguf.LlamaFileType.MOSTLY_Q5_K_M, Kind.Q5_K),
    "q4_k_m": Recipe(gguf.LlamaFileType.MOSTLY_Q4_K_M, Kind.Q4_K),
    "q4_0": Recipe(gguf.LlamaFileType.MOSTLY_Q4_0, Kind.Q4_0),
}
FLOAT32 = Recipe(gguf.LlamaFileType.ALL_F32, Kind.F32, direct=True)
"""What llama.cpp quantizes from."""

ERRORS = {
    Kind.F32: 0.0, Kind.F16: 0.001, Kind.Q8_0: 0.03, Kind.Q6_K: 0.06, Kind.Q5_K: 0.12, Kind.Q5_1: 0.12, Kind.Q5_0: 0.12,
    Kind.Q4_K: 0.2, Kind.Q4_0: 0.25,
}  # fmt: skip
"""How far a matrix may be from the checkpoint's, relative to its norm: three to five times what normally distributed weights are off
by, since outliers cost. Rows in a wrong order are off by more than 1."""


def fits(shape: tuple[int, ...], recipe: Recipe) -> Kind:
    """The type that gguf-py writes a tensor in: vectors stay float32; rows without whole blocks become F16, as in llama.cpp."""
    if len(shape) == 1:
        return Kind.F32
    kind = recipe.kind
    return kind if shape[-1] % gguf.GGML_QUANT_SIZES[kind][0] == 0 else Kind.F16


def quantize(source: Path, out: Path, recipe: Recipe) -> None:
    """`source`, a float file, as `out`. Raises OptionalDependencyError without llama-cpp-python, InputError where llama.cpp fails."""
    try:
        library = import_module("llama_cpp")
    except ImportError as error:
        raise OptionalDependencyError("llama-cpp-python", "gguf") from error
    settings = library.llama_model_quantize_default_params()
    settings.ftype, settings.nthread = int(recipe.file_type), os.cpu_count() or 1
    with quiet():
        failed = library.llama_model_quantize(os.fsencode(source), os.fsencode(out), ctypes.byref(settings))
    if failed:
        raise InputError(f"llama.cpp could not quantize to {recipe.file_type.name}")


@contextmanager
def quiet() -> Iterator[None]:
    """llama.cpp says a line for each tensor, and each fallback as if it were an error; the summary afterwards says it once."""
    log = logging.getLogger("llama-cpp-python")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


@dataclass(frozen=True, slots=True)
class Written:
    """What a file holds. size: in bytes, of the tensors alone; types: how many tensors are of each; others: the same of those matrices
    whose rows cannot be divided into the blocks that were asked for."""

    weights: int
    size: int
    types: Mapping[str, int]
    others: Mapping[str, int]

    @property
    def bits(self) -> float:
        """A weight, vectors and scales included."""
        return 8 * self.size / self.weights

    def __str__(self) -> str:
        held = ", ".join(f"{name} {count}" for name, count in self.types.items())
        said = f"{self.bits:.2f} bits a weight ({held})"
        if self.others:
            odd = ", ".join(f"{name} {count}" for name, count in self.others.items())
            said += f"; rows that cannot be divided into its blocks are {odd}"
        return said


def written(reader: gguf.GGUFReader) -> Written:
    """The sum over the tensors of an open file."""
    tensors, width = reader.tensors, block(reader)
    return Written(
        sum(int(tensor.n_elements) for tensor in tensors),
        sum(int(tensor.n_bytes) for tensor in tensors),
        counted(tensor.tensor_type for tensor in tensors),
        counted(tensor.tensor_type for tensor in tensors if len(tensor.shape) > 1 and tensor.shape[0] % width),
    )


def block(reader: gguf.GGUFReader) -> int:
    """Weights of one block in the file's quantization."""
    file_type: Any = reader.fields["general.file_type"].contents()
    kind = next(recipe.kind for recipe in (*RECIPES.values(), FLOAT32) if recipe.file_type == file_type)
    return gguf.GGML_QUANT_SIZES[kind][0]


def counted(kinds: Iterable[Kind]) -> dict[str, int]:
    """The most frequent first."""
    return dict(Counter(kind.name for kind in kinds).most_common())
