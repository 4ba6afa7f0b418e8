"""A causal language model as a folder for onnxruntime.

    python -m export onnx CHECKPOINT OUT [--quant int8|int4|float32] [--route fused|optimum] [--base NAME] [--licence SPDX] [--force]

CHECKPOINT is a Hugging Face folder of a family of families.py. OUT, which must not exist or be empty, gets model.onnx (the graph of
decoder.py), model.onnx.data (its weights) and tokenizer.json. What the runtime has to know besides is in the graph's properties:
"context", tokens at most, and "ends", the tokens that end a text or a turn, with spaces between. "quantization" is there, too. int4 has
its embedding and output in 8 bits. A model with a chat template gets chat.json besides (`rpo_edge/chat.py`): its template in pieces, since
no folder for onnxruntime has a program in it. `rpo-edge rewrite --reflector OUT` takes such a folder, as it takes that of a trained reflector.

`--route optimum` is the plain way: optimum's exporter and its int8, for programs that read such folders (optimum_onnx.py). OUT appears once
what was written has been run and held against the checkpoint, with manifest.json: base, licence and recipe as far as the checkpoint (training.json,
README.md) or --base and --licence say them, the route, the real bits a weight, how near it is.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from transformers import AutoModelForCausalLM, PretrainedConfig

from export import arguments, inputs, provenance
from export import folder as folders
from export.formats import decoder, families, optimum_onnx, rope, vocabulary, weights
from export.formats.decoder import Recipe
from export.inputs import prompts
from export.outputs import whole_folder
from export.parity import gate, golden
from export.parity.figures import Parity
from export.parity.storage import OPTIMUM
from export.parity.ways import WAYS
from export.provenance import Origin
from rpo_edge.chat import Chat
from rpo_edge.errors import InputError
from rpo_edge.reflectors.generative import FORM

Array = np.ndarray[Any, Any]

MODEL, DATA, TOKENIZER = FILES = ("model.onnx", "model.onnx.data", "tokenizer.json")
RECIPES = {"int8": Recipe(8, 8), "int4": Recipe(4, 8), "float32": Recipe(32, 32)}
FARTHEST = {"int8": 0.2, "int4": 0.8, "float32": 1e-3}
"""How far logits may be from the checkpoint's, relative to how much they vary: several times what was seen of random and trained weights,
since outliers cost. A matrix in the wrong place is off by about 1.4."""
SCALINGS = ("default", "linear", "yarn", "llama3")
"""Rotary embeddings whose angles follow from the position alone."""
ROUTES = ("fused", "optimum")


def main(given: list[str]) -> None:
    """Write, run what was written, and print its size and how near it is."""
    parser = arguments.parser("onnx", __doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--quant", choices=RECIPES, default="int8")
    parser.add_argument(
        "--route", choices=ROUTES, default="fused", help=f"fused: the graph that rpo-edge runs; optimum: {optimum_onnx.FOR}"
    )
    provenance.options(parser)
    parser.add_argument("--force", action="store_true", help=gate.FORCE)
    options = parser.parse_args(given)
    inputs.config(options.checkpoint)
    origin = provenance.of(options.checkpoint, options.base, options.licence)
    found = export(options.checkpoint, options.out, options.quant, options.route, options.force, origin)
    print(f"{found.size:.2f} MB, {found}  {options.out}")
    provenance.say(origin)
    if options.route == "fused" and folders.read(options.out)["kind"] == "causal":
        print("It has no chat template that can be used, so rpo-edge rewrite cannot take it.")
    if options.route == "optimum":
        print(optimum_onnx.FOR)


def export(
    checkpoint: Path, out: Path, quant: str = "int8", route: str = "fused", force: bool = False, origin: Origin | None = None
) -> Parity:
    """The folder with a manifest, once it was found to be near its checkpoint. Raises InputError where it is not, and writes nothing. origin: as the
    checkpoint itself says it, if None."""
    origin = origin or provenance.of(checkpoint)
    with whole_folder(out) as unfinished:
        found = written(checkpoint, unfinished, out.resolve().name, quant, route, force)
        said = prompts(checkpoint) if route == "fused" else {}
        facts = origin.facts | {"prompt_version": 0}
        kind = "generative" if said else "causal"
        folders.describe(unfinished, out.resolve().name, kind, facts | said | told(found, route))
    return found


def written(checkpoint: Path, unfinished: Path, name: str, quant: str, route: str, force: bool) -> Parity:
    """All files but the manifest, and how near they are. Raises InputError where that is not near enough."""
    if route == "optimum" and quant != "int8":
        raise InputError(f"optimum's quantizer makes int8; {quant} has the route fused")
    if route == "optimum":
        optimum_onnx.write(checkpoint, unfinished)
        return gate.causal(checkpoint, unfinished, name, OPTIMUM, force)
    write(checkpoint, unfinished, quant)
    if not force:
        verify(checkpoint, unfinished, quant)
    return gate.causal(checkpoint, unfinished, name, quant, force)


def told(found: Parity, route: str) -> dict[str, Any]:
    """What a manifest says of it."""
    return {"quantization": found.quantization, "bits_per_weight": round(found.bits, 3), "route": route, "parity": found.as_json()}


def write(folder: Path, out: Path, quant: str = "int8") -> None:
    """The whole folder. Raises InputError for a checkpoint that cannot be written, or an OUT that is in use."""
    config = inputs.config(folder)
    check(config, folder)
    sources = weights.sources(folder, config, families.FAMILIES[config.model_type])
    tensors = {source.key: replace(source, heads=0) for source in sources}
    tokenizer = inputs.tokenizer(folder)
    ends = " ".join(map(str, vocabulary.stops(folder, config, tokenizer)))
    said = {"context": str(config.max_position_embeddings), "ends": ends, "quantization": quant}
    with whole_folder(out) as unfinished:
        with inputs.reading(folder), (unfinished / DATA).open("wb") as data:
            model = decoder.build(decoder.Graph(data, DATA), config, tensors, RECIPES[quant])
        onnx.helper.set_model_props(model, said)
        (unfinished / MODEL).write_bytes(model.SerializeToString())
        tokenizer.backend_tokenizer.save(str(unfinished / TOKENIZER))
        if isinstance(form := inputs.form(folder), Chat):
            form.save(unfinished / FORM)


def check(config: PretrainedConfig, folder: Path) -> None:
    """Raises InputError for what the graph would compute otherwise."""
    if config.model_type not in families.FAMILIES:
        raise InputError(f"{folder} is of the family {config.model_type!r}; {', '.join(families.FAMILIES)} can be written")
    if odd := families.oddity(config):
        raise InputError(f"{folder} cannot be written: {odd} are not in the graph")
    if (kind := rope.scaling(config)[1]) not in SCALINGS:
        raise InputError(f"{folder} cannot be written: the rope scaling {kind!r} is not in the graph")


def verify(folder: Path, out: Path, quant: str) -> float:
    """Logits of the first 48 tokens of a real answer, by what was written and by torch: the norm of their difference relative to the norm of
    what torch's vary by. Raises InputError where that is more than the quantization explains. Tokens at random would say nothing of a model that
    has learnt: a single one of them can throw it off its course."""
    config = inputs.config(folder)
    text = next(iter(golden.drafts()))
    ids = np.array([inputs.tokenizer(folder)(text, add_special_tokens=False).input_ids[: min(48, config.max_position_embeddings)]])
    with inputs.reading(folder), torch.inference_mode():
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, trust_remote_code=False).eval()
        known = model(torch.from_numpy(ids)).logits[0].numpy()
    with inputs.reading(out):
        found = logits(out, ids)
    off = float(np.linalg.norm(found - known) / max(1e-12, float(np.linalg.norm(known - known.mean(-1, keepdims=True)))))
    if not off <= FARTHEST[quant]:
        raise InputError(f"{out} computes other logits than {folder}: they are off by {off:.1%}")
    return off


def logits(out: Path, ids: Array) -> Array:
    """(tokens, vocabulary) of `ids` (1, tokens) in one pass."""
    return WAYS["onnx"].logits(out, ids.shape[1])(ids[0].tolist())
