"""A causal language model as a folder for onnxruntime.

    python -m export onnx CHECKPOINT OUT [--quant int8|int4|float32]

CHECKPOINT is a Hugging Face folder of a family of families.py. OUT, which must not exist or be empty, gets model.onnx (the graph of
decoder.py), model.onnx.data (its weights) and tokenizer.json. What the runtime has to know besides is in the graph's properties:
"context", tokens at most, and "ends", the tokens that end a text or a turn, with spaces between. What is written is run, and held against the checkpoint.

int4 has its embedding and output in 8 bits.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import torch
from transformers import AutoModelForCausalLM, PretrainedConfig, PreTrainedTokenizerFast

from export import checkpoint
from export.formats import decoder, families, rope, vocabulary, weights
from export.formats.decoder import Recipe
from rpo_edge.errors import InputError
from rpo_edge.runtimes.ort import onnxruntime

Array = np.ndarray[Any, Any]

MODEL, DATA, TOKENIZER = FILES = ("model.onnx", "model.onnx.data", "tokenizer.json")
RECIPES = {"int8": Recipe(8, 8), "int4": Recipe(4, 8), "float32": Recipe(32, 32)}
FARTHEST = {"int8": 0.2, "int4": 0.8, "float32": 1e-3}
"""How far logits may be from the checkpoint's, relative to how much they vary: several times what was seen of random and trained weights,
since outliers cost. A matrix in the wrong place is off by about 1.4."""
SCALINGS = ("default", "linear", "yarn", "llama3")
"""Rotary embeddings whose angles follow from the position alone."""


def main(arguments: list[str]) -> None:
    """Write, run what was written, and print its size and how near it is."""
    parser = argparse.ArgumentParser(prog="python -m export onnx")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--quant", choices=RECIPES, default="int8")
    options = parser.parse_args(arguments)
    write(options.checkpoint, options.out, options.quant)
    off = verify(options.checkpoint, options.out, options.quant)
    size = sum((options.out / name).stat().st_size for name in FILES)
    print(f"{size / 1e6:.2f} MB, logits off by {off:.2%}  {options.out}")


def write(folder: Path, out: Path, quant: str = "int8") -> None:
    """The whole folder. Raises InputError for a checkpoint that cannot be written, or an OUT that is in use."""
    config = checkpoint.config(folder)
    check(config, folder)
    sources = weights.sources(folder, config, families.FAMILIES[config.model_type])
    tensors = {source.key: replace(source, heads=0) for source in sources}
    tokenizer = checkpoint.tokenizer(folder)
    said = {"context": str(config.max_position_embeddings), "ends": " ".join(map(str, ends(folder, config, tokenizer)))}
    with whole(out) as unfinished:
        with checkpoint.reading(folder), (unfinished / DATA).open("wb") as data:
            model = decoder.build(decoder.Graph(data, DATA), config, tensors, RECIPES[quant])
        onnx.helper.set_model_props(model, said)
        (unfinished / MODEL).write_bytes(model.SerializeToString())
        tokenizer.backend_tokenizer.save(str(unfinished / TOKENIZER))


def ends(folder: Path, config: PretrainedConfig, tokenizer: PreTrainedTokenizerFast) -> list[int]:
    """Tokens after which nothing comes: the tokenizer's end, the configurations', and the end of a turn. Raises InputError without any."""
    path = folder / "generation_config.json"
    generation = checkpoint.read_json(path) if path.is_file() else {}
    named = [tokenizer.eos_token_id, vocabulary.turn_end(folder, tokenizer), config.eos_token_id, generation.get("eos_token_id")]
    found = {index for ids in named for index in (ids if isinstance(ids, list) else [ids]) if index is not None}
    if not found:
        raise InputError(f"{folder} does not say which token ends a text")
    return sorted(found)


def check(config: PretrainedConfig, folder: Path) -> None:
    """Raises InputError for what the graph would compute otherwise."""
    if config.model_type not in families.FAMILIES:
        raise InputError(f"{folder} is of the family {config.model_type!r}; {', '.join(families.FAMILIES)} can be written")
    if odd := families.oddity(config):
        raise InputError(f"{folder} cannot be written: {odd} are not in the graph")
    if (kind := rope.scaling(config)[1]) not in SCALINGS:
        raise InputError(f"{folder} cannot be written: the rope scaling {kind!r} is not in the graph")


@contextmanager
def whole(out: Path) -> Iterator[Path]:
    """A folder to write in, which becomes `out` if nothing was raised. Raises InputError where `out` is in use, or the disk full."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is not an empty folder")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=out.parent, prefix=".export-") as folder:
            yield Path(folder)
            for path in sorted(Path(folder).iterdir()):
                path.replace(out / path.name)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror or error}") from error


def verify(folder: Path, out: Path, quant: str) -> float:
    """Logits of 48 tokens drawn at random, by what was written and by torch: the norm of their difference relative to the norm of what
    torch's vary by. Raises InputError where that is more than the quantization explains."""
    config = checkpoint.config(folder)
    ids = np.random.default_rng(0).integers(0, config.vocab_size, (1, min(48, config.max_position_embeddings)))
    with checkpoint.reading(folder), torch.inference_mode():
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, trust_remote_code=False).eval()
        known = model(torch.from_numpy(ids)).logits[0].numpy()
    with checkpoint.reading(out):
        found = logits(out, ids)
    off = float(np.linalg.norm(found - known) / max(1e-12, float(np.linalg.norm(known - known.mean(-1, keepdims=True)))))
    if not off <= FARTHEST[quant]:
        raise InputError(f"{out} computes other logits than {folder}: they are off by {off:.1%}")
    return off


def logits(out: Path, ids: Array) -> Array:
    """(tokens, vocabulary) of `ids` (1, tokens) in one pass."""
    session = onnxruntime().InferenceSession(out / MODEL, providers=["CPUExecutionProvider"])
    feeds = {"input_ids": ids.astype(np.int64), "total": np.array(ids.shape[1], np.int32), "since": np.zeros(1, np.int64)}
    for known in session.get_inputs()[len(feeds) :]:
        feeds[known.name] = np.zeros((1, known.shape[1], 0, known.shape[3]), np.float32)
    found: Array = session.run(["logits"], feeds)[0][0]
    return found
