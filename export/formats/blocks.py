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

FOREIGN = {
    "bf16": Recipe(gguf.LlamaFileType.MOSTLY_BF16, Kind.BF16),
    "q5_1": Recipe(gguf.LlamaFileType.MOSTLY_Q5_1, Kind.Q5_1),
    "q5_0": Recipe(gguf.LlamaFileType.MOSTLY_Q5_0, Kind.Q5_0),
    "q5_k_s": Recipe(gguf.LlamaFileType.MOSTLY_Q5_K_S, Kind.Q5_K),
    "q4_1": Recipe(gguf.LlamaFileType.MOSTLY_Q4_1, Kind.Q4_1),
    "q4_k_s": Recipe(gguf.LlamaFileType.MOSTLY_Q4_K_S, Kind.Q4_K),
    "iq4_nl": Recipe(gguf.LlamaFileType.MOSTLY_IQ4_NL, Kind.IQ4_NL),
    "iq4_xs": Recipe(gguf.LlamaFileType.MOSTLY_IQ4_XS, Kind.IQ4_XS),
    "q3_k_l": Recipe(gguf.LlamaFileType.MOSTLY_Q3_K_L, Kind.Q3_K),
    "q3_k_m": Recipe(gguf.LlamaFileType.MOSTLY_Q3_K_M, Kind.Q3_K),
    "q3_k_s": Recipe(gguf.LlamaFileType.MOSTLY_Q3_K_S, Kind.Q3_K),
    "iq3_m": Recipe(gguf.LlamaFileType.MOSTLY_IQ3_M, Kind.IQ3_S),
    "iq3_s": Recipe(gguf.LlamaFileType.MOSTLY_IQ3_S, Kind.IQ3_S),
    "iq3_xs": Recipe(gguf.LlamaFileType.MOSTLY_IQ3_XS, Kind.IQ3_S),
    "iq3_xxs": Recipe(gguf.LlamaFileType.MOSTLY_IQ3_XXS, Kind.IQ3_XXS),
    "q2_k": Recipe(gguf.LlamaFileType.MOSTLY_Q2_K, Kind.Q2_K),
    "q2_k_s": Recipe(gguf.LlamaFileType.MOSTLY_Q2_K_S, Kind.Q2_K),
    "iq2_m": Recipe(gguf.LlamaFileType.MOSTLY_IQ2_M, Kind.IQ2_S),
    "iq2_s": Recipe(gguf.LlamaFileType.MOSTLY_IQ2_S, Kind.IQ2_S),
    "iq2_xs": Recipe(gguf.LlamaFileType.MOSTLY_IQ2_XS, Kind.IQ2_XS),
    "iq2_xxs": Recipe(gguf.LlamaFileType.MOSTLY_IQ2_XXS, Kind.IQ2_XXS),
}
"""What files of other people are in, too: read and verified, not made."""

KNOWN = {"float32": FLOAT32, **RECIPES, **FOREIGN}
"""By the name that `parity/limits.py` knows it by."""

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
    """Weights of one block in the file's quantization. Raises InputError as `quantization` does."""
    return gguf.GGML_QUANT_SIZES[KNOWN[quantization(reader)].kind][0]


def quantization(reader: gguf.GGUFReader) -> str:
    """The row of KNOWN that an open file says it is; where it does not say, or says none of them, the first row of the type that most of its weights
    are in. Raises InputError where that is no row either."""
    field = reader.fields.get("general.file_type")
    said = int(field.contents()) & ~gguf.LlamaFileType.GUESSED if field else None
    weights = Counter[Kind]()
    for tensor in reader.tensors:
        weights[tensor.tensor_type] += int(tensor.n_elements)
    most = max(weights, key=lambda kind: weights[kind], default=Kind.F32)
    by_file = (name for name, recipe in KNOWN.items() if recipe.file_type == said)
    by_weights = (name for name, recipe in KNOWN.items() if recipe.kind == most)
    if found := next(by_file, None) or next(by_weights, None):
        return found
    raise InputError(f"it is of the file type {said} and its weights mostly {most.name}; {', '.join(KNOWN)} can be measured")


def counted(kinds: Iterable[Kind]) -> dict[str, int]:
    """The most frequent first."""
    return dict(Counter(kind.name for kind in kinds).most_common())
