"""A checkpoint's tensors under llama.cpp's names and in its order of rows, read one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, PretrainedConfig

from export import inputs
from export.formats.families import Family
from rpo_edge.errors import InputError

Array = np.ndarray[Any, Any]
HEAD = "lm_head.weight"
BUFFER = "rotary_emb.inv_freq"
"""Old checkpoints hold what follows from the configuration."""


@dataclass(frozen=True, slots=True)
class Source:
    """name: llama.cpp's; key: in the file. heads: how many the rows are dealt out in, 0 where they keep their order."""

    name: str
    shape: tuple[int, ...]
    file: Path
    key: str
    heads: int = 0

    def read(self) -> Array:
        """In float32. Raises InputError where a weight is no finite number."""
        with inputs.reading(self.file), safe_open(self.file, framework="pt") as file:
            tensor = file.get_tensor(self.key).float().numpy()
        if not np.isfinite(tensor).all():
            raise InputError(f"{self.key} in {self.file} is not finite")
        return interleaved(tensor, self.heads) if self.heads else tensor


def sources(folder: Path, config: PretrainedConfig, family: Family) -> list[Source]:
    """All that the model needs; a tied output is left out. Raises InputError where a tensor lacks, is too much or of another shape."""
    needed, names = shapes(config), gguf.get_tensor_name_map(family.architecture, config.num_hidden_layers)
    found = []
    for path in inputs.files(folder):
        with inputs.reading(path), safe_open(path, framework="pt") as file:
            held = {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118  # a safe_open is no mapping
        for key, shape in held.items():
            if key.endswith(BUFFER) or (key == HEAD and config.tie_word_embeddings):
                continue
            if needed.pop(key, None) != shape:
                raise InputError(f"{path} has a tensor that {config.model_type} of this configuration has not: {key} {list(shape)}")
            name = names.get_name(key, try_suffixes=(".weight", ".bias"))
            if name is None or not known(name, family):
                raise InputError(f"llama.cpp does not read {key} of {config.model_type}")
            found.append(Source(name, shape, path, key, turned(name, config, family)))
    if needed:
        raise InputError(f"{folder} lacks {', '.join(sorted(needed))}")
    return found


def shapes(config: PretrainedConfig) -> dict[str, tuple[int, ...]]:
    """Every tensor of such a model, by Hugging Face's name; no memory is taken for them."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    found = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    if config.tie_word_embeddings:
        found.pop(HEAD, None)
    return found


def known(name: str, family: Family) -> bool:
    """Whether llama.cpp reads a tensor of this name in this family: a bias that it does not know, it would not miss."""
    return not name.endswith(".bias") or part(name) in family.biases


def part(name: str) -> str:
    """ "blk.0.attn_q.weight" -> "attn_q"."""
    return name.split(".")[-2]


def turned(name: str, config: PretrainedConfig, family: Family) -> int:
    """In how many heads the rows of this tensor are dealt out."""
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    return heads.get(part(name), 0) if family.interleaved else 0


def interleaved(tensor: Array, heads: int) -> Array:
    """(rows, …) with each head's halves of rows dealt out in turn: 0, half, 1, half + 1, …"""
    halves = tensor.reshape(heads, 2, -1, *tensor.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(tensor.shape)
