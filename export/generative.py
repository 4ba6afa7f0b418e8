"""A trained generative reflector to a model folder.

    python -m export generative CHECKPOINT OUT [--name generative] [--quant f16|q8_0|q6_k|q5_k_m|q4_k_m|q4_0]

CHECKPOINT is what training leaves: a causal language model whose tokenizer has the prompt's special tokens, and training.json. OUT,
which must not exist or be empty, becomes the folder that `rpo_edge.manifest.Manifest` reads: model.gguf and manifest.json, which also
says how many bits a weight the file really has, and how many tensors are of which type.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

from export import checkpoint as checkpoints
from export.formats import gguf
from rpo_edge.errors import InputError
from rpo_edge.manifest import Manifest
from rpo_edge.prompt import PROMPT_VERSION, SPECIAL_TOKENS

MODEL = "model.gguf"


def main(arguments: list[str]) -> None:
    """Export, verify what was written, and say how large it is."""
    parser = argparse.ArgumentParser(prog="python -m export generative")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--name", default="generative")
    parser.add_argument("--quant", choices=gguf.QUANTIZATIONS, default="q8_0")
    options = parser.parse_args(arguments)
    write(options.checkpoint, options.out, options.name, options.quant)
    said = json.loads((options.out / "manifest.json").read_text("utf-8"))
    held = ", ".join(f"{name} {count}" for name, count in said["tensors"].items())
    print(f"{(options.out / MODEL).stat().st_size / 1e6:8.2f} MB  {MODEL}  {said['bits_per_weight']} bits a weight ({held})")


def write(checkpoint: Path, out: Path, name: str, quant: str = "q8_0") -> Manifest:
    """The whole export; returns the manifest of the verified folder. Raises InputError if either folder cannot be used."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is not an empty folder")
    training = checkpoints.read_json(checkpoint / "training.json")
    known = checkpoints.tokenizer(checkpoint).get_vocab()
    if missing := [token for token in SPECIAL_TOKENS if token not in known]:
        raise InputError(f"the tokenizer of {checkpoint} lacks {', '.join(missing)}; only a trained reflector can be exported")
    out.mkdir(parents=True, exist_ok=True)
    gguf.write(checkpoint, out / MODEL, quant)
    written = gguf.verify(checkpoint, out / MODEL)
    described = {
        "name": name,
        "kind": "generative",
        "files": {MODEL: hashlib.sha256((out / MODEL).read_bytes()).hexdigest()},
        "base": training.get("base", "unknown"),
        "licence": training.get("licence", "as its base"),
        "quantization": quant,
        "bits_per_weight": round(written.bits, 3),
        "tensors": dict(written.types),
        "prompt_version": PROMPT_VERSION,
        "data": training.get("data", {}),
    }
    (out / "manifest.json").write_text(json.dumps(described, indent=2, ensure_ascii=False) + "\n", "utf-8")
    manifest = Manifest.load(out)
    manifest.verify()
    return manifest
