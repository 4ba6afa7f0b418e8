"""A float32 BERT graph to one that starts fast, holds int8 weights and has its optimization done beforehand.

    fuse -> embeddings -> blockwise -> dynamic -> settle

Two ways to multiply by an int8 matrix, told apart by where the error comes from. *Dynamic* (DynamicQuantizeMatMul) gives
the activations of a whole batch one scale: fast, but BERT's feed-forward activations have outliers that eat the scale, and a
text's logits then depend a little on the texts beside it. *Blockwise* (MatMulNBits) scales weights, and activations, by
blocks of at most 128 along the inner dimension: several times nearer to float32, slower, needs onnxruntime 1.22.
A recipe says which matrices take the second way. Measure with `export.verify` before choosing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.fusion_options import FusionOptions
from onnxruntime.transformers.optimizer import optimize_model

_CONTRIB = "com.microsoft"
_IR = 10  # the newest format of a model file that onnxruntime 1.22, the oldest we support, is sure to read
_BLOCKS = (128, 64, 32, 16)


@dataclass(frozen=True, slots=True)
class Recipe:
    """`attention`: fuse it into one QAttention (its matrix is then dynamic whatever `blockwise` says).
    `blockwise`: fragments of names of the MatMuls that take the blockwise way; the others are dynamic."""

    attention: bool
    blockwise: tuple[str, ...]


RECIPES = {
    "dynamic": Recipe(attention=True, blockwise=()),
    "mixed": Recipe(attention=True, blockwise=("/intermediate/dense", "/output/dense", "/classifier")),
    "blockwise": Recipe(attention=False, blockwise=("MatMul",)),
}


def quantize(source: Path, out: Path, recipe: Recipe, heads: int, hidden: int) -> None:
    """Write the float32 graph at `source` as int8 at `out`; `heads` and `hidden` are the encoder's."""
    with TemporaryDirectory() as folder:
        half, whole = Path(folder) / "half.onnx", Path(folder) / "whole.onnx"
        model = fuse(source, heads, hidden, recipe.attention)
        _rewrite(model, "Gather", _rows_int8)
        _rewrite(model, "MatMul", lambda *of: _blockwise(*of) if any(f in of[0].name for f in recipe.blockwise) else None)
        onnx.save(model, half)
        dynamic(half, whole)
        settle(whole, out)


def fuse(source: Path, heads: int, hidden: int, attention: bool) -> onnx.ModelProto:
    """LayerNorm with its residual, GELU and, if asked, attention become one node each. The embeddings stay
    apart: QEmbedLayerNormalization has one scale for 30,000 rows, and quantizes LayerNorm's gain and bias as well."""
    options = FusionOptions("bert")
    options.enable_embed_layer_norm, options.enable_attention = False, attention
    options.enable_bias_gelu = False  # plain Gelu ran as fast or faster
    fused = optimize_model(str(source), "bert", heads, hidden, optimization_options=options, opt_level=0)
    model: onnx.ModelProto = fused.model
    if not any(known.domain == _CONTRIB for known in model.opset_import):  # added otherwise only when the optimizer saves
        model.opset_import.append(helper.make_opsetid(_CONTRIB, 1))
    return model


def dynamic(source: Path, out: Path) -> None:
    """Every MatMul and Attention that still has a float32 constant. Seven bits (`reduce_range`): on CPUs without VNNI two
    products are added up in 16 bits, which eight bits overflow."""
    quantize_dynamic(
        source,
        out,
        op_types_to_quantize=["MatMul", "Attention"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": TensorProto.FLOAT},
    )


def settle(source: Path, out: Path) -> None:
    """Save the graph as a session leaves it, so that the device need not optimize (load it with ORT_DISABLE_ALL).
    EXTENDED is portable; ORT_ENABLE_ALL would write this CPU's memory layouts. Imports that no node uses are dropped, and
    MatMulNBits' weight_prepacked (0: it is not), since an older onnxruntime refuses versions and attributes it does not know."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(out)
    options.log_severity_level = 3  # else it warns that the result may be bound to this machine, true of ENABLE_ALL alone
    onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    model = onnx.load(out)
    used = {node.domain for node in model.graph.node}
    kept = [known for known in model.opset_import if known.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    for node in model.graph.node:
        for attribute in [a for a in node.attribute if a.name == "weight_prepacked" and a.i == 0]:
            node.attribute.remove(attribute)
    model.ir_version = min(model.ir_version, _IR)
    onnx.save(model, out)


Replacement = tuple[Sequence[NodeProto], Sequence[TensorProto]]


def _rewrite(model: onnx.ModelProto, kind: str, replace: Callable[[NodeProto, str, np.ndarray], Replacement | None]) -> None:
    """Put `replace(node, constant's name, constant)` in place of each node of `kind` that has a float32 matrix as a constant."""
    graph, nodes = model.graph, []
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        name = node.input[{"Gather": 0, "MatMul": 1}[kind]] if node.op_type == kind else ""
        tensor = constants.get(name)
        found = tensor is not None and tensor.data_type == TensorProto.FLOAT and len(tensor.dims) == 2
        new = replace(node, name, numpy_helper.to_array(tensor)) if found else None
        nodes += new[0] if new else [node]
        graph.initializer.extend(new[1] if new else ())
    del graph.node[:]
    graph.node.extend(nodes)
    needed = {name for node in nodes for name in node.input}
    for tensor in [t for t in graph.initializer if t.name not in needed]:
        graph.initializer.remove(tensor)


def _rows_int8(node: NodeProto, name: str, matrix: np.ndarray) -> Replacement:
    """Embeddings: int8 with a scale for each row, dequantized after the rows are picked. (quantize_dynamic gives the whole
    table one scale, so one rare long row decides how coarse the others are.)"""
    scale = _scale(matrix)
    out, picked = node.output[0], (f"{name}_picked", f"{name}_picked_scale", f"{name}_picked_float")
    return [
        helper.make_node("Gather", [f"{name}_int8", node.input[1]], [picked[0]], f"{name}_gather"),
        helper.make_node("Gather", [f"{name}_scale", node.input[1]], [picked[1]], f"{name}_gather_scale"),
        helper.make_node("Cast", [picked[0]], [picked[2]], f"{name}_cast", to=TensorProto.FLOAT),
        helper.make_node("Mul", [picked[2], picked[1]], [out], f"{name}_mul"),
    ], [
        numpy_helper.from_array(np.rint(matrix / scale).astype(np.int8), f"{name}_int8"),
        numpy_helper.from_array(scale, f"{name}_scale"),
    ]


def _blockwise(node: NodeProto, name: str, matrix: np.ndarray) -> Replacement | None:
    """MatMulNBits with 8 bits, its zero at 128. onnxruntime's own quantizer needs onnx_ir for these lines. The accuracy level
    is 4: activations are int8 by block as well. None where no block size divides the matrix."""
    inner, outer = matrix.shape
    block = next((size for size in _BLOCKS if inner % size == 0), None)
    if block is None:
        return None
    blocks = matrix.T.reshape(outer, inner // block, block)
    scale = _scale(blocks)
    inputs = [node.input[0], f"{name}_uint8", f"{name}_scale"]
    sizes = {"K": inner, "N": outer, "bits": 8, "block_size": block, "accuracy_level": 4}
    return [helper.make_node("MatMulNBits", inputs, list(node.output), node.name, domain=_CONTRIB, **sizes)], [
        numpy_helper.from_array((np.rint(blocks / scale) + 128).astype(np.uint8), inputs[1]),
        numpy_helper.from_array(scale[..., 0], inputs[2]),
    ]


def _scale(values: np.ndarray) -> np.ndarray:
    """Of each row along the last axis: what the step of 127 steps is; 1 where all are zero."""
    largest = np.abs(values).max(axis=-1, keepdims=True)
    return np.where(largest == 0, 1, largest / 127).astype(np.float32)
