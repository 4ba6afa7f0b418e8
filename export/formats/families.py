"""The families of language models that become GGUF files: one row each.

llama.cpp turns pairs of neighbouring channels for Llama, where Hugging Face turns channel i with channel i + half: there, the rows of
the query and key matrices change places. For the others it turns halves as Hugging Face does.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

import gguf
from transformers import PretrainedConfig

from rpo_edge.errors import InputError

ATTENTION = frozenset({"attn_q", "attn_k", "attn_v"})


@dataclass(frozen=True, slots=True)
class Family:
    """architecture: llama.cpp's. interleaved: see above. biases: the matrices that may have one. scalings: of the rotary embedding."""

    architecture: gguf.MODEL_ARCH
    interleaved: bool
    biases: Set[str]
    scalings: Set[str]

    @property
    def name(self) -> str:
        """llama.cpp's name, which stands before the names of fields."""
        return gguf.MODEL_ARCH_NAMES[self.architecture]


FAMILIES = {
    "llama": Family(
        gguf.MODEL_ARCH.LLAMA,
        interleaved=True,
        biases=ATTENTION | {"attn_output", "ffn_gate", "ffn_up", "ffn_down"},
        scalings=frozenset({"linear", "yarn", "llama3"}),
    ),
    "qwen2": Family(gguf.MODEL_ARCH.QWEN2, interleaved=False, biases=ATTENTION, scalings=frozenset({"linear", "yarn"})),
    "qwen3": Family(gguf.MODEL_ARCH.QWEN3, interleaved=False, biases=frozenset(), scalings=frozenset({"linear", "yarn"})),
}
"""Hugging Face's model_type -> how it is written."""


def find(config: PretrainedConfig, folder: Path) -> Family:
    """The row of a checkpoint. Raises InputError for another family, and for what its llama.cpp counterpart does not compute."""
    family = FAMILIES.get(config.model_type)
    if family is None:
        raise InputError(f"{folder} is of the family {config.model_type!r}; {', '.join(FAMILIES)} can be written")
    if odd := oddity(config):
        raise InputError(f"{folder} cannot be written: llama.cpp has no {config.model_type} with {odd}")
    return family


def oddity(config: PretrainedConfig) -> str | None:
    """What in a model of these families llama.cpp would silently compute otherwise."""
    if config.hidden_act not in ("silu", "swish"):
        return f"the activation {config.hidden_act!r}"
    layers = getattr(config, "layer_types", None)
    if "sliding_attention" in layers if layers else getattr(config, "sliding_window", None):
        return "sliding windows"
    if getattr(config, "partial_rotary_factor", 1.0) != 1.0:
        return "partly rotated heads"
    return None


def head_size(config: PretrainedConfig) -> int:
    """Channels of one head."""
    return int(getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads)
