"""A trained generative reflector to a model folder.

    python -m export generative CHECKPOINT OUT [--name generative] [--format gguf|onnx] [--quant …] [--base NAME] [--licence SPDX] [--force]

CHECKPOINT is what training leaves: a causal language model whose tokenizer has the prompt's special tokens, or whose chat template it was
trained through (chat.json), and training.json. OUT, which must not exist or be empty, becomes the folder that `rpo_edge.manifest.Manifest` reads:
model.gguf, or model.onnx with its weights, tokenizer and chat.json, and manifest.json, which also says how many bits a weight the files really
have, how near they are to the checkpoint, and where that comes from: base, licence and recipe as training.json or the model card (README.md) have
them, or as --base and --licence state them. Quantizations are those of `python -m export gguf` (q8_0 unless another is named) and
`python -m export onnx` (int8).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export import arguments, inputs, provenance
from export import folder as folders
from export.formats import causal_onnx, gguf
from export.outputs import whole_folder
from export.parity import gate
from export.provenance import Origin
from rpo_edge.errors import InputError
from rpo_edge.manifest import Manifest

MODEL = "model.gguf"


@dataclass(frozen=True, slots=True)
class Format:
    """quantizations: the first is the usual one. fill: (checkpoint, folder, name, quantization, force, origin) -> what the manifest says of the files."""

    quantizations: tuple[str, ...]
    fill: Callable[[Path, Path, str, str, bool, Origin], dict[str, Any]]


def _gguf(checkpoint: Path, folder: Path, name: str, quant: str, force: bool, origin: Origin) -> dict[str, Any]:
    return gguf.told(*gguf.written(checkpoint, folder / MODEL, quant, force, origin))


def _onnx(checkpoint: Path, folder: Path, name: str, quant: str, force: bool, origin: Origin) -> dict[str, Any]:
    return causal_onnx.told(causal_onnx.written(checkpoint, folder, name, quant, "fused", force), "fused")


FORMATS = {
    "gguf": Format(("q8_0", *(name for name in gguf.QUANTIZATIONS if name != "q8_0")), _gguf),
    "onnx": Format(tuple(causal_onnx.RECIPES), _onnx),
}


def main(given: list[str]) -> None:
    """Export, verify what was written, and say how large it is."""
    parser = arguments.parser("generative", __doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--name", default="generative")
    parser.add_argument("--format", choices=FORMATS, default="gguf")
    parser.add_argument("--quant", help="; ".join(f"{name}: {', '.join(format.quantizations)}" for name, format in FORMATS.items()))
    provenance.options(parser)
    parser.add_argument("--force", action="store_true", help=gate.FORCE)
    options = parser.parse_args(given)
    inputs.config(options.checkpoint)
    origin = provenance.of(options.checkpoint, options.base, options.licence)
    write(options.checkpoint, options.out, options.name, options.quant, options.format, options.force, origin)
    said = folders.read(options.out)
    for file in said["files"]:
        print(f"{(options.out / file).stat().st_size / 1e6:8.2f} MB  {file}")
    held = ", ".join(f"{name} {count}" for name, count in said.get("tensors", {}).items())
    print(f"{said['quantization']}, {said['bits_per_weight']} bits a weight{f' ({held})' if held else ''}")
    for what in said["parity"].get("missed", ()):
        print(f"MISSED: {what}")
    provenance.say(origin)


def write(
    checkpoint: Path,
    out: Path,
    name: str,
    quant: str | None = None,
    kind: str = "gguf",
    force: bool = False,
    origin: Origin | None = None,
) -> Manifest:
    """The whole export; returns the manifest of the verified folder. kind: a row of FORMATS. origin: as the checkpoint itself says it, if None. Raises InputError if either folder cannot be
    used, or what was written is too far from the checkpoint, OptionalDependencyError where it cannot be run; nothing is there then."""
    chosen = FORMATS[kind]
    quant = quant or chosen.quantizations[0]
    if quant not in chosen.quantizations:
        raise InputError(f"{kind} has no {quant}; it has {', '.join(chosen.quantizations)}")
    inputs.read_json(checkpoint / provenance.TRAINING)  # a reflector was trained
    origin = origin or provenance.of(checkpoint)
    prompts = inputs.prompts(checkpoint)
    if not prompts:
        raise InputError(f"{checkpoint} has neither the tokens of a trajectory nor a chat template; only a reflector can be exported")
    with whole_folder(out) as unfinished:
        filled = chosen.fill(checkpoint, unfinished, name, quant, force, origin)
        folders.describe(unfinished, name, "generative", origin.facts | prompts | filled)
        Manifest.load(unfinished).verify()
    return Manifest.load(out)
