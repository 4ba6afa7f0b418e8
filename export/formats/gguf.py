"""A causal language model as one GGUF file, which llama.cpp runs.

    python -m export gguf CHECKPOINT OUT.gguf [--quant f16|q8_0|q6_k|q5_k_m|q4_k_m|q4_0] [--base NAME] [--licence SPDX] [--force]

CHECKPOINT is a Hugging Face folder: a family of families.py, with a BPE tokenizer, byte-level or SentencePiece's. Names of tensors and
fields are gguf-py's, quantizations llama.cpp's (blocks.py). What is written is read back and held against the checkpoint, then run
by llama.cpp and held against it again (`export.parity`). OUT appears, or is replaced, once it has passed, and OUT.json beside it, which says
what `manifest.json` says of a folder: sha256, bits a weight, base, licence and recipe as far as they are known, and the figures.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from transformers import PretrainedConfig

from export import arguments, inputs, provenance
from export import folder as folders
from export.formats import blocks, families, rope, vocabulary, weights
from export.formats.blocks import FLOAT32, RECIPES, Recipe, Written
from export.outputs import whole_file
from export.parity import gate
from export.parity.figures import Parity
from export.provenance import Origin
from rpo_edge.errors import InputError

Array = np.ndarray[Any, Any]

QUANTIZATIONS = tuple(RECIPES)


def main(given: list[str]) -> None:
    """Write, read back, run, and print the size, what the weights became and how near they are."""
    parser = arguments.parser("gguf", __doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--quant", choices=QUANTIZATIONS, default="q8_0")
    provenance.options(parser)
    parser.add_argument("--force", action="store_true", help=gate.FORCE)
    options = parser.parse_args(given)
    inputs.config(options.checkpoint)
    origin = provenance.of(options.checkpoint, options.base, options.licence)
    with whole_file(options.out) as unfinished:
        found, parity = written(options.checkpoint, unfinished, options.quant, options.force, origin)
    facts = origin.facts | inputs.items(options.checkpoint) | told(found, parity)
    sha256 = folders.describe_file(options.out, options.checkpoint.resolve().name, "gguf", facts)
    print(f"{parity.size:.2f} MB, {found}; {parity}  {options.out}")
    print(f"sha256 {sha256}")
    provenance.say(origin)


def written(folder: Path, unfinished: Path, quant: str, force: bool, origin: Origin | None = None) -> tuple[Written, Parity]:
    """What the file holds, and how near it is. Raises InputError where that is not near enough."""
    write(folder, unfinished, quant, origin)
    found = verify(folder, unfinished)
    return found, gate.causal(folder, unfinished, unfinished.name, quant, force)


def told(found: Written, parity: Parity) -> dict[str, Any]:
    """What a manifest says of it."""
    bits = round(found.bits, 3)
    return {"quantization": parity.quantization, "bits_per_weight": bits, "tensors": dict(found.types), "parity": parity.as_json()}


def write(folder: Path, out: Path, quant: str = "q8_0", origin: Origin | None = None) -> None:
    """The whole file. Raises InputError for a checkpoint that cannot be written so that llama.cpp computes the same."""
    recipe = RECIPES[quant]
    with whole_file(out) as unfinished:
        if recipe.direct:
            plain(folder, unfinished, recipe, origin)
        else:
            source = unfinished.with_name("float32.gguf")
            plain(folder, source, FLOAT32, origin)
            blocks.quantize(source, unfinished, recipe)


def plain(folder: Path, out: Path, recipe: Recipe, origin: Origin | None = None) -> None:
    """A file as gguf-py writes it, one tensor in memory at a time. origin: as the checkpoint itself says it, if None."""
    config = inputs.config(folder)
    family = families.find(config, folder)
    sources = weights.sources(folder, config, family)
    with closing(gguf.GGUFWriter(out, family.name)) as writer:
        describe(writer, config, folder.resolve().name, recipe)
        trace(writer, origin or provenance.of(folder))
        with inputs.reading(folder):
            rope.describe(writer, config, family)
            vocabulary.describe(writer, folder, config)
            factors = rope.factors(config)
        fill(writer, sources, factors, recipe)


def fill(writer: gguf.GGUFWriter, sources: list[weights.Source], factors: Array | None, recipe: Recipe) -> None:
    """First what each tensor is, for all of them, then their weights in the same order."""
    if factors is not None:
        writer.add_tensor_info(rope.FACTORS, factors.shape, factors.dtype, factors.nbytes)
    for source in sources:
        kind = blocks.fits(source.shape, recipe)
        writer.add_tensor_info(source.name, source.shape, np.dtype(np.float32), size(source.shape, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    if factors is not None:
        writer.write_tensor_data(factors)
    for source in sources:
        writer.write_tensor_data(packed(source, recipe))


def size(shape: tuple[int, ...], kind: gguf.GGMLQuantizationType) -> int:
    """In bytes."""
    weights_in, bytes_of = gguf.GGML_QUANT_SIZES[kind]
    return int(np.prod(shape)) // weights_in * bytes_of


def packed(source: weights.Source, recipe: Recipe) -> Array:
    """A tensor's bytes. Raises InputError for weights beyond float16, in which F16 and every scale are stored."""
    tensor = source.read()
    if tensor.ndim > 1 and np.abs(tensor).max(initial=0) > np.finfo(np.float16).max:
        raise InputError(f"{source.key} in {source.file} has weights that are too large for float16")
    return gguf.quants.quantize(tensor, blocks.fits(source.shape, recipe))


def trace(writer: gguf.GGUFWriter, origin: Origin) -> None:
    """The fields that say where it comes from, as far as that is known; `rpo-edge models add` has the licence from there."""
    if origin.licence != provenance.UNKNOWN:
        writer.add_license(origin.licence)
    if origin.base != provenance.UNKNOWN:
        writer.add_base_model_count(1)
        writer.add_base_model_name(0, origin.base)


def describe(writer: gguf.GGUFWriter, config: PretrainedConfig, name: str, recipe: Recipe) -> None:
    """The fields that say what the model's shape is."""
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(name)
    writer.add_file_type(recipe.file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(families.head_size(config))
    writer.add_value_length(families.head_size(config))
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)


def verify(folder: Path, out: Path) -> Written:
    """Reads the file back and holds every tensor against the checkpoint's; returns what was written. Raises InputError."""
    config = inputs.config(folder)
    with inputs.reading(out):
        reader = gguf.GGUFReader(out)
        held = {tensor.name: tensor for tensor in reader.tensors if tensor.name != rope.FACTORS}
    for source in weights.sources(folder, config, families.find(config, folder)):
        found = held.pop(source.name, None)
        if found is None:
            raise InputError(f"{out} lacks {source.name}")
        near(source, found, out)
    if held:
        raise InputError(f"{out} has tensors of no origin: {', '.join(sorted(held))}")
    return blocks.written(reader)


def near(source: weights.Source, found: Any, out: Path) -> None:
    """Raises InputError where a tensor is farther from the checkpoint's than its type explains."""
    tensor = source.read()
    values = gguf.quants.dequantize(found.data, found.tensor_type).reshape(tensor.shape)
    error = float(np.linalg.norm(values - tensor) / max(1e-12, float(np.linalg.norm(tensor))))
    if not error <= blocks.ERRORS.get(found.tensor_type, 0.0):
        raise InputError(f"{source.name} in {out} is off by {error:.1%}")
