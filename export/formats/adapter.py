"""A LoRA adapter as a GGUF file, which llama.cpp lays over a base when it loads it.

    python -m export adapter ADAPTER OUT.gguf [--base CHECKPOINT] [--licence SPDX] [--force]

A weight W becomes W + (alpha / rank) B A (arXiv 2106.09685). A keeps the order of its columns; the rows of B are W's and go where
those of W went in the base's GGUF file. Scales that the file cannot say (rank-stabilised LoRA, ranks or alphas of single modules)
are multiplied into B. Float32, since adapters are small. What is more than two matrices for a weight is refused: merge it.
OUT appears once llama.cpp, with it over the base, says what peft says. It goes over files of this base alone: one that reinforcement trained goes over
the fine-tuned checkpoint, not over what that was made of. How many history items it was trained to read goes along. OUT.json beside it has sha256,
base, licence and recipe as far as they are known, and how near it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from safetensors import safe_open

from export import adapters, arguments, inputs, merge, provenance
from export import folder as folders
from export.adapters import PREFIX, Adapter
from export.formats import families, weights
from export.outputs import whole_file
from export.parity import adapted, gate
from export.parity.figures import Parity
from rpo_edge.errors import InputError
from rpo_edge.runtimes.header import ITEMS

Array = np.ndarray[Any, Any]
_KEY = re.compile(rf"{re.escape(PREFIX)}(?P<module>.+)\.lora_(?P<half>[AB])\.weight")
_HARMLESS = {
    *("task_type", "peft_type", "auto_mapping", "peft_version", "base_model_name_or_path", "revision", "inference_mode", "runtime_config"),
    *("r", "lora_alpha", "rank_pattern", "alpha_pattern", "use_rslora", "lora_dropout"),
    *("target_modules", "exclude_modules", "layers_to_transform", "layers_pattern"),
    *("eva_config", "corda_config", "lora_ga_config", "loftq_config", "megatron_core", "qalora_group_size"),
}
"""Settings that leave B A and its scale as they are written here; any other that is set may not."""
_STARTS = (True, False, "gaussian", "eva", "orthogonal")
"""Ways to begin an adapter that leave the base alone."""


@dataclass(frozen=True, slots=True)
class Pair:
    """name: of the weight in the base's file. a: (rank, columns); b: (rows, rank), in that file's order and scale."""

    name: str
    a: Array
    b: Array


def main(given: list[str]) -> None:
    """Write it and print the size."""
    parser = arguments.parser("adapter", __doc__)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--base", type=Path, help="the checkpoint that it was trained on, where its own word for it does not lead there")
    provenance.licence(parser)
    parser.add_argument("--force", action="store_true", help=gate.FORCE)
    options = parser.parse_args(given)
    adapter = adapters.find(options.adapter, options.base)
    origin = provenance.of_adapter(adapter.base, merge.vocabulary(adapter), options.licence)
    count, found = write(options.adapter, options.out, options.base, options.force)
    facts = {"quantization": "float32", "bits_per_weight": 32.0, "weights": count, "parity": found.as_json()}
    sha256 = folders.describe_file(
        options.out, options.adapter.resolve().name, "adapter", origin.facts | inputs.items(merge.vocabulary(adapter)) | facts
    )
    print(f"{options.out.stat().st_size / 1e6:.2f} MB, for {count} weights  {options.out}")
    print(found)
    print(f"sha256 {sha256}")
    provenance.say(origin)


def write(folder: Path, out: Path, base: Path | None = None, force: bool = False) -> tuple[int, Parity]:
    """The whole file, once it is proved; returns how many weights it alters, and the proof.

    Raises InputError for what llama.cpp cannot lay over a base, or what is too far from peft; OptionalDependencyError without llama.cpp.
    """
    adapter = adapters.find(folder, base)
    config = inputs.config(adapter.base)
    family = families.find(config, adapter.base)
    with inputs.reading(folder / adapters.SETTINGS):
        alpha = float(adapter.settings.get("lora_alpha") or 0)
    if alpha <= 0:  # llama.cpp would take 0 for alpha = rank
        raise InputError(f"{folder} has the alpha {alpha}, with which it does nothing")
    pairs = list(read(adapter, weights.sources(adapter.base, config, family)))
    with whole_file(out) as unfinished, closing(gguf.GGUFWriter(unfinished, family.name)) as writer:
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, alpha)
        writer.add_name(folder.resolve().name)
        for items in inputs.items(merge.vocabulary(adapter)).values():
            writer.add_uint32(ITEMS, items)
        writer.add_file_type(gguf.LlamaFileType.ALL_F32)
        for pair in pairs:
            writer.add_tensor(f"{pair.name}.lora_a", pair.a)
            writer.add_tensor(f"{pair.name}.lora_b", pair.b)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        found = gate.adapter(partial(adapted.figures, adapter, unfinished), unfinished, force)
    return len(pairs), found


def read(adapter: Adapter, sources: list[weights.Source]) -> Iterator[Pair]:
    """Every weight that the adapter alters. Raises InputError where llama.cpp would leave something out or has no such weight."""
    known = {source.key.removesuffix(".weight"): source for source in sources}
    for module in modules(adapter):
        source = known.get(module)
        if source is None:
            raise InputError(f"{adapter.base} has no weight of its own for {module}, which {adapter.folder} alters; merge it instead")
        with inputs.reading(adapter.weights), safe_open(adapter.weights, framework="pt") as file:
            a, b = (file.get_tensor(f"{PREFIX}{module}.lora_{half}.weight").float().numpy() for half in "AB")
        if (b.shape[0], a.shape[1]) != source.shape or a.shape[0] != b.shape[1]:
            raise InputError(f"{module} has {list(source.shape)} weights in {adapter.base}: {adapter.folder} is not of this base")
        with inputs.reading(adapter.folder / adapters.SETTINGS):
            b = b * np.float32(scale(module, a.shape[0], adapter.settings) / (float(adapter.settings["lora_alpha"]) / a.shape[0]))
        yield Pair(source.name, a, weights.interleaved(b, source.heads) if source.heads else b)


def modules(adapter: Adapter) -> list[str]:
    """The modules that have both matrices. Raises InputError for anything else that an adapter may hold."""
    odd = unusual(adapter.settings)
    halves: dict[str, set[str]] = {}
    for key in adapter.names():
        if (found := _KEY.fullmatch(key)) is None:
            odd.append(key)
        else:
            halves.setdefault(found["module"], set()).add(found["half"])
    odd += [module for module, held in halves.items() if held != {"A", "B"} or module.endswith("embed_tokens")]
    if odd or not halves:
        raise InputError(
            f"llama.cpp cannot lay {adapter.folder} over a base: it has {', '.join(odd[:5]) or 'no matrices'}; merge it instead"
        )
    return sorted(halves)


def unusual(settings: Mapping[str, Any]) -> list[str]:
    """The settings with which an adapter is more than B A on an unaltered base."""
    odd = [name for name, value in settings.items() if value and name not in _HARMLESS | {"bias", "init_lora_weights"}]
    if settings.get("bias", "none") != "none":
        odd.append("bias")
    if settings.get("init_lora_weights", True) not in _STARTS:
        odd.append("init_lora_weights")
    return odd


def scale(module: str, rank: int, settings: Mapping[str, Any]) -> float:
    """What B A is multiplied by: alpha over the rank, or over its root in rank-stabilised LoRA (arXiv 2312.03732)."""
    alpha = float(settings["lora_alpha"])
    for pattern, value in (settings.get("alpha_pattern") or {}).items():
        if re.match(rf"(.*\.)?({pattern})$", module):  # as peft looks them up: the first that matches the end of the name
            alpha = float(value)
            break
    return alpha / math.sqrt(rank) if settings.get("use_rslora") else alpha / rank
