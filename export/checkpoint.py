"""An edit model folder back to a checkpoint in float32, so that training can go on from a model whose checkpoint is gone.

    python -m export checkpoint MODEL OUT

A GGUF file goes back as well, see `formats/reopened.py`. MODEL is what `python -m export edit` wrote with attention as one node (recipes "mixed" and "dynamic"), for example the embedded one. OUT, which must not exist or be
empty, becomes a checkpoint folder. Its weights are the int8 ones times their scales: as the device has them, not as they once were.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import BertConfig, BertForTokenClassification

from export import arguments
from export.edit import COPIED
from export.formats import reopened
from export.outputs import whole_folder
from rpo_edge.errors import InputError
from rpo_edge.manifest import Manifest

Array = np.ndarray[Any, Any]

_CARRIED = ("base", "licence", "data", "commit", "command", "calibration", "training", "metrics")


def main(given: list[str]) -> None:
    """Verify the model, then write."""
    parser = arguments.parser("checkpoint", __doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(given)
    if options.model.is_file():
        reopened.write(options.model, options.out)
    else:
        write(options.model, options.out)
    print(f"{options.out} is a checkpoint of {options.model}")


def write(model: Path, out: Path) -> None:
    """The whole way back. Raises InputError for a folder that is no edit model, or one of another recipe."""
    manifest = Manifest.load(model)
    manifest.verify()
    if manifest.kind != "edit":
        raise InputError(f"{model} is a {manifest.kind} model; only edit models go back to a checkpoint")
    graph = onnx.load(model / "model.onnx")
    weights, heads = tensors(graph), [a.i for node in graph.graph.node for a in node.attribute if a.name == "num_heads"]
    if not heads:
        raise InputError(f"{model} was written by a recipe that does not lead back: its attention is not one node")
    network = BertForTokenClassification(config(weights, heads[0]))
    missing, unknown = network.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in weights.items()}, strict=False)
    if lost := [name for name in missing if not name.endswith("position_ids")] + list(unknown):
        raise InputError(f"{model} was written by a recipe that does not lead back: {', '.join(lost[:3])}")
    with whole_folder(out) as unfinished:
        network.save_pretrained(unfinished)
        for name in COPIED:
            shutil.copyfile(model / name, unfinished / name)
        facts = {name: value for name, value in json.loads((model / "manifest.json").read_text("utf-8")).items() if name in _CARRIED}
        (unfinished / "training.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


def config(weights: dict[str, Array], heads: int) -> BertConfig:
    """A BERT of these widths."""
    hidden = weights["bert.embeddings.word_embeddings.weight"].shape
    return BertConfig(
        vocab_size=hidden[0],
        hidden_size=hidden[1],
        num_hidden_layers=1 + max(int(name.split(".")[3]) for name in weights if name.startswith("bert.encoder.layer.")),
        num_attention_heads=heads,
        intermediate_size=len(weights["bert.encoder.layer.0.intermediate.dense.bias"]),
        type_vocab_size=len(weights["bert.embeddings.token_type_embeddings.weight"]),
        max_position_embeddings=len(weights["bert.embeddings.position_embeddings.weight"]),
        num_labels=len(weights["classifier.bias"]),
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        classifier_dropout=0.0,
    )


def tensors(model: onnx.ModelProto) -> dict[str, Array]:
    """The graph's constants under the names of the checkpoint's parameters, float32."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    found = {name: value for name, value in constants.items() if name.startswith(("bert.", "classifier.")) and value.dtype == np.float32}
    scaled = [name.removesuffix("_int8") for name in constants if name.endswith("_int8")]
    found |= {name: constants[f"{name}_int8"].astype(np.float32) * found.pop(f"{name}_scale") for name in scaled}
    for node in model.graph.node:
        if node.op_type == "DynamicQuantizeMatMul":
            found[f"{_parameter(node)}.weight"] = _matrix(constants, *node.input[1:4]).T
        elif node.op_type == "MatMulNBits":
            found[f"{_parameter(node)}.weight"] = _blocks(constants, *node.input[1:3])
        elif node.op_type == "QAttention":
            found |= dict(_attention(constants, node))
    return found


def _parameter(node: onnx.NodeProto) -> str:
    return str(node.name).removeprefix("/").split("/MatMul")[0].replace("/", ".")


def _blocks(constants: dict[str, Array], quantized: str, scale: str) -> Array:
    """(outer, inner) of blocks along the inner dimension, whose zero is at 128."""
    blocks = constants[quantized].astype(np.float32) - 128
    return np.asarray(blocks * constants[scale].reshape(*blocks.shape[:2], 1)).reshape(len(blocks), -1)


def _attention(constants: dict[str, Array], node: onnx.NodeProto) -> Iterator[tuple[str, Array]]:
    layer = node.name.split("_")[1]  # Attention_0_quant, …, in the order of the layers
    weights, bias = _matrix(constants, node.input[1], node.input[4], node.input[7]), constants[node.input[2]]
    parts = zip(("query", "key", "value"), np.split(weights, 3, axis=1), np.split(bias, 3), strict=True)
    for name, matrix, offset in parts:
        yield f"bert.encoder.layer.{layer}.attention.self.{name}.weight", matrix.T
        yield f"bert.encoder.layer.{layer}.attention.self.{name}.bias", offset


def _matrix(constants: dict[str, Array], quantized: str, scale: str, zero: str) -> Array:
    return np.asarray((constants[quantized].astype(np.float32) - constants[zero].astype(np.float32)) * constants[scale])
