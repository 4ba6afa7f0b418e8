"""The rotary embedding's settings: the base, and how positions past the trained context are scaled.

linear: every angle is divided by a factor. yarn: arXiv 2309.00071. llama3: each channel's frequency has a divisor of its own, which
is written as the tensor rope_freqs.weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gguf
import numpy as np
import torch
from transformers import PretrainedConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from export.formats.families import Family, head_size
from rpo_edge.errors import InputError

Array = np.ndarray[Any, Any]
FACTORS = "rope_freqs.weight"


def describe(writer: gguf.GGUFWriter, config: PretrainedConfig, family: Family) -> None:
    """Write the fields. Raises InputError for a scaling that llama.cpp does not know of this family."""
    writer.add_rope_dimension_count(head_size(config))
    writer.add_rope_freq_base(config.rope_theta)
    settings, kind = scaling(config)
    if kind == "default":
        return
    if kind not in family.scalings or not usual(settings):
        raise InputError(f"llama.cpp does not know the rope scaling {kind!r} of {config.model_type} as it is set here")
    if kind == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(float(settings["factor"]))
    elif kind == "yarn":
        yarn(writer, config, settings)


def scaling(config: PretrainedConfig) -> tuple[Mapping[str, Any], str]:
    """Its settings, and its kind: "default" for none."""
    settings = getattr(config, "rope_scaling", None) or {}
    return settings, str(settings.get("rope_type", settings.get("type", "default")))


def usual(settings: Mapping[str, Any]) -> bool:
    """Whether yarn's ramp is the paper's: another one can be written, but llama.cpp 0.3.36 for Python does not read it."""
    ramp = (settings.get("beta_fast") or 32, settings.get("beta_slow") or 1, settings.get("truncate", True))
    return ramp == (32, 1, True)


def yarn(writer: gguf.GGUFWriter, config: PretrainedConfig, settings: Mapping[str, Any]) -> None:
    """llama.cpp multiplies what it is told with the paper's 0.1 ln(factor) + 1."""
    factor = float(settings["factor"])
    writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
    writer.add_rope_scaling_factor(factor)
    writer.add_rope_scaling_orig_ctx_len(int(settings.get("original_max_position_embeddings") or config.max_position_embeddings))
    _, attention = ROPE_INIT_FUNCTIONS["yarn"](config, torch.device("cpu"))
    papers = 0.1 * np.log(max(factor, 1.0)) + 1.0
    if abs(attention / papers - 1) > 1e-6:
        writer.add_rope_scaling_attn_factors(float(attention / papers))


def factors(config: PretrainedConfig) -> Array | None:
    """(head size / 2) float32: what each frequency is divided by; None where there is no such tensor."""
    if scaling(config)[1] != "llama3":
        return None
    plain = 1.0 / config.rope_theta ** (np.arange(0, head_size(config), 2) / head_size(config))
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, torch.device("cpu"))
    return (plain / scaled.double().numpy()).astype(np.float32)
