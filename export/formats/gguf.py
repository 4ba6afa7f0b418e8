"""A causal language model as one GGUF file, which llama.cpp runs and `transformers` reads back for further training.

    python -m export gguf CHECKPOINT OUT.gguf [--quant q8_0]

CHECKPOINT is a Hugging Face folder of the Llama family with a byte-level BPE tokenizer. Matrices are quantized (Q8_0: blocks of
32 weights with one float16 scale, 8.5 bits a weight), norms stay float32. Names of tensors and fields, and the quantization,
are gguf-py's. What is written is read back and compared.

llama.cpp turns pairs of neighbouring channels where Hugging Face's Llama turns channel i with channel i + half, so the rows of
the query and key matrices change places.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from safetensors import safe_open
from transformers import AutoConfig, LlamaConfig, PreTrainedTokenizerFast

from rpo_edge.errors import InputError

Array = np.ndarray[Any, Any]

QUANTIZATIONS = {
    "f16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16),
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
}
PRE_TOKENIZERS = {
    ("Split", "ByteLevel"): "smollm",  # digits one by one, then GPT-2's cut
    ("Digits", "ByteLevel"): "smollm",
    ("ByteLevel",): "gpt-2",
}
"""What a tokenizer's pre-tokenizers are, by type -> llama.cpp's name for that cut."""


def main(arguments: list[str]) -> None:
    """Write, read back, and print the size."""
    parser = argparse.ArgumentParser(prog="python -m export gguf")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--quant", choices=QUANTIZATIONS, default="q8_0")
    options = parser.parse_args(arguments)
    write(options.checkpoint, options.out, options.quant)
    size, weights = options.out.stat().st_size, verify(options.checkpoint, options.out)
    print(f"{size / 1e6:.2f} MB, {8 * size / weights:.2f} bits a weight  {options.out}")


def write(checkpoint: Path, out: Path, quant: str = "q8_0") -> None:
    """The whole file. Raises InputError for a checkpoint of another family, or with another tokenizer."""
    config = AutoConfig.from_pretrained(checkpoint)
    if not isinstance(config, LlamaConfig):
        raise InputError(f"{checkpoint} is of the family {config.model_type!r}; only Llama can be written")
    kind, file_type = QUANTIZATIONS[quant]
    writer = gguf.GGUFWriter(out, "llama")
    describe(writer, config, checkpoint.name, file_type)
    vocabulary(writer, PreTrainedTokenizerFast.from_pretrained(checkpoint))
    for name, tensor in tensors(checkpoint, config):
        if tensor.ndim == 1:
            writer.add_tensor(name, tensor)
        else:
            writer.add_tensor(name, gguf.quants.quantize(tensor, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def describe(writer: gguf.GGUFWriter, config: LlamaConfig, name: str, file_type: gguf.LlamaFileType) -> None:
    """The fields that say what the model's shape is."""
    writer.add_name(name)
    writer.add_file_type(file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)


def vocabulary(writer: gguf.GGUFWriter, tokenizer: PreTrainedTokenizerFast) -> None:
    """Tokens, merges, and which pre-tokenizer cuts the text."""
    facts = json.loads(tokenizer.backend_tokenizer.to_str())
    first = facts["pre_tokenizer"]
    types = tuple(step["type"] for step in first.get("pretokenizers", [first]))
    if facts["model"]["type"] != "BPE" or types not in PRE_TOKENIZERS:
        raise InputError(f"a {facts['model']['type']} tokenizer that cuts by {' and '.join(types)} cannot be written")
    tokens = [token for token, _ in sorted(tokenizer.get_vocab().items(), key=lambda pair: pair[1])]
    special = {token["content"] for token in facts["added_tokens"] if token["special"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZERS[types])
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens])
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in facts["model"]["merges"]])
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_add_bos_token(False)


def tensors(checkpoint: Path, config: LlamaConfig) -> Iterator[tuple[str, Array]]:
    """Each tensor in float32 under llama.cpp's name, and in its order of rows; a tied output is left out. Raises InputError."""
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for path in sorted(checkpoint.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118  # a safe_open is no mapping
                if name == "lm_head.weight" and config.tie_word_embeddings:
                    continue
                tensor = file.get_tensor(name).float().numpy()
                if name.endswith(("q_proj.weight", "k_proj.weight")):
                    heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
                    tensor = interleaved(tensor, heads)
                target = names.get_name(name, try_suffixes=(".weight", ".bias"))
                if target is None:
                    raise InputError(f"{checkpoint} has a tensor that Llama has not: {name}")
                yield target, tensor


def interleaved(matrix: Array, heads: int) -> Array:
    """(rows, columns) with each head's halves of rows dealt out in turn: 0, half, 1, half + 1, …"""
    halves = matrix.reshape(heads, 2, -1, matrix.shape[1])
    return np.ascontiguousarray(halves.transpose(0, 2, 1, 3)).reshape(matrix.shape)


def verify(checkpoint: Path, out: Path) -> int:
    """Reads the file back and holds every tensor against the checkpoint's; returns the number of weights. Raises InputError."""
    written = {tensor.name: tensor for tensor in gguf.GGUFReader(out).tensors}
    weights = 0
    for name, tensor in tensors(checkpoint, AutoConfig.from_pretrained(checkpoint)):
        found = written.pop(name, None)
        if found is None:
            raise InputError(f"{out} lacks {name}")
        values = gguf.quants.dequantize(found.data, found.tensor_type).reshape(tensor.shape)
        error = float(np.linalg.norm(values - tensor) / max(1e-12, float(np.linalg.norm(tensor))))
        if error > 0.01:  # Q8_0 of a normal distribution is off by 0.4%
            raise InputError(f"{name} in {out} is off by {error:.1%}")
        weights += tensor.size
    if written:
        raise InputError(f"{out} has tensors of no origin: {', '.join(sorted(written))}")
    return weights
