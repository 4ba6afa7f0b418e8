"""A causal language model as an ONNX graph of onnxruntime's own operators, built node by node.

    input_ids [batch, tokens] int64            the new tokens
    total [] int32                             tokens in the cache after them
    since [1] int64                            from which of the new tokens on logits are wanted; -1: of the last alone
    past_key_values.N.key, .value [batch, key heads, room, head size] float32
    -> logits [batch, wanted, vocabulary] float32; present.N.key, .value as their pasts

Past and present are meant to be one buffer: GroupQueryAttention then writes the new tokens into it and copies nothing. It also turns
queries and keys by their positions (halves, as Hugging Face does). Matrices are MatMulNBits in blocks of 32: what they are multiplied by is
rounded to 8 bits, block by block. Operators: onnxruntime's docs/ContribOperators.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

import numpy as np
import torch
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper
from transformers import PretrainedConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from export.formats import rope
from export.formats.families import head_size

Array = np.ndarray[Any, Any]

BLOCK = 32
OWN = "com.microsoft"
OPSET, IR = 18, 10  # what the oldest onnxruntime that we support, 1.22, is sure to read
PAGE = 4096  # onnxruntime maps weights into memory, and systems map whole pages
TO_THE_END = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Recipe:
    """Bits a weight, 32 for float32. tables: of the embedding and the output, which lose more by rounding than matrices in the middle."""

    matrices: int
    tables: int


class Readable(Protocol):
    """A tensor that waits in a file."""

    def read(self) -> Array:
        """In float32."""
        ...


@dataclass(slots=True)
class Graph:
    """What has been written so far. data: the file of the large tensors, called `name`."""

    data: BinaryIO
    name: str
    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def add(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """One node with one output, whose name comes back."""
        return self.many(kind, inputs, 1, domain, **attributes)[0]

    def many(self, kind: str, inputs: Sequence[str], outputs: int, domain: str = "", **attributes: Any) -> list[str]:
        """One node; the names of its outputs come back."""
        names = [f"{kind}.{len(self.nodes)}.{n}" for n in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, f"{kind}.{len(self.nodes)}", domain=domain, **attributes))
        return names

    def constant(self, values: Any, kind: type[np.generic] = np.int64) -> str:
        """A small tensor, inside the graph."""
        self.constants.append(numpy_helper.from_array(np.asarray(values, kind), f"constant.{len(self.constants)}"))
        return str(self.constants[-1].name)

    def stored(self, values: Array) -> str:
        """A large one, in the file of tensors."""
        self.data.write(bytes(-self.data.tell() % PAGE))
        tensor = TensorProto(name=f"stored.{len(self.constants)}", data_type=helper.np_dtype_to_tensor_dtype(values.dtype))
        tensor.dims.extend(values.shape)
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", self.name), ("offset", self.data.tell()), ("length", values.nbytes)):
            tensor.external_data.add(key=key, value=str(value))
        self.data.write(np.ascontiguousarray(values).data)
        self.constants.append(tensor)
        return str(tensor.name)


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix (rows, inner) in a graph. names: its weights, and their scales where bits are not 32."""

    names: tuple[str, ...]
    rows: int
    inner: int
    bits: int


def build(graph: Graph, config: PretrainedConfig, tensors: Mapping[str, Readable], recipe: Recipe) -> ModelProto:
    """The whole model. tensors: by Hugging Face's names; which biases and norms there are is told by what is in it."""
    decoder = Decoder(graph, config, tensors, recipe)
    decoder.logits()
    shape = ["batch", config.num_key_value_heads, "room", head_size(config)]
    names = [f"{n}.{part}" for n in range(config.num_hidden_layers) for part in ("key", "value")]
    inputs = [
        value("input_ids", TensorProto.INT64, ["batch", "tokens"]),
        value("total", TensorProto.INT32, []),
        value("since", TensorProto.INT64, [1]),
        *(value(f"past_key_values.{name}", TensorProto.FLOAT, shape) for name in names),
    ]
    outputs = [
        value("logits", TensorProto.FLOAT, ["batch", "wanted", config.vocab_size]),
        *(value(f"present.{name}", TensorProto.FLOAT, shape) for name in names),
    ]
    made = helper.make_graph(graph.nodes, "decoder", inputs, outputs, graph.constants)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(OWN, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=IR)


def value(name: str, kind: int, shape: Sequence[int | str]) -> ValueInfoProto:
    """An input or output."""
    return helper.make_tensor_value_info(name, kind, shape)


class Decoder:
    """Writes the layers, one after the other."""

    def __init__(self, graph: Graph, config: PretrainedConfig, tensors: Mapping[str, Readable], recipe: Recipe) -> None:
        self._graph, self._config, self._tensors, self._recipe = graph, config, tensors, recipe
        self._heads, self._keys, self._size = config.num_attention_heads, config.num_key_value_heads, head_size(config)

    def logits(self) -> None:
        """From the tokens to the output of that name."""
        graph, config = self._graph, self._config
        table = self._matrix(["model.embed_tokens.weight"], self._recipe.tables)
        stream = self._rows(table)
        shared = [self._past(), *map(graph.stored, turns(config))]
        normed = graph.add("SimplifiedLayerNormalization", stream, self._vector("model.layers.0.input_layernorm"), **self._norm)
        for n in range(config.num_hidden_layers):
            following = f"model.layers.{n + 1}.input_layernorm" if n + 1 < config.num_hidden_layers else "model.norm"
            normed, stream = self._sum(self._attention(n, normed, shared), stream, f"model.layers.{n}.post_attention_layernorm")
            normed, stream = self._sum(self._feed_forward(f"model.layers.{n}.mlp", normed), stream, following)
        wanted = graph.add("Slice", normed, "since", graph.constant([TO_THE_END]), graph.constant([1]))
        output = table if config.tie_word_embeddings else self._matrix(["lm_head.weight"], self._recipe.tables)
        graph.nodes.append(helper.make_node("Identity", [self._product(wanted, output)], ["logits"]))

    def _rows(self, table: Matrix) -> str:
        """The embeddings of input_ids."""
        graph = self._graph
        found = graph.add("Gather", table.names[0], "input_ids")
        if table.bits == 32:
            return found
        whole = graph.add("Sub", graph.add("Cast", found, to=TensorProto.FLOAT), graph.constant(128, np.float32))
        scale = graph.add("Unsqueeze", graph.add("Gather", table.names[1], "input_ids"), graph.constant([-1]))
        return graph.add("Reshape", graph.add("Mul", whole, scale), graph.constant([0, 0, -1]))

    def _past(self) -> str:
        """Tokens in the cache less one, which is how GroupQueryAttention wants it."""
        graph = self._graph
        return graph.add("Reshape", graph.add("Sub", "total", graph.constant(1, np.int32)), graph.constant([1]))

    def _sum(self, added: str, stream: str, norm: str) -> tuple[str, str]:
        """(norm of the sum, the sum)."""
        inputs = (added, stream, self._vector(norm))
        outputs = self._graph.many("SkipSimplifiedLayerNormalization", inputs, 4, OWN, epsilon=self._config.rms_norm_eps)
        return outputs[0], outputs[3]

    def _attention(self, n: int, normed: str, shared: Sequence[str]) -> str:
        """shared: tokens in the cache less one, cosines, sines."""
        graph, prefix = self._graph, f"model.layers.{n}.self_attn"
        states = self._linear([f"{prefix}.{part}_proj" for part in "qkv"], normed)
        parts = self._parts(prefix, states) if f"{prefix}.q_norm.weight" in self._tensors else [states, "", ""]
        cache = [f"past_key_values.{n}.key", f"past_key_values.{n}.value"]
        node = helper.make_node(
            "GroupQueryAttention",
            [*parts, *cache, shared[0], "total", *shared[1:]],
            [f"attention.{n}", f"present.{n}.key", f"present.{n}.value"],
            domain=OWN,
            num_heads=self._heads,
            kv_num_heads=self._keys,
            do_rotary=1,
        )
        graph.nodes.append(node)
        return self._linear([f"{prefix}.o_proj"], f"attention.{n}")

    def _parts(self, prefix: str, states: str) -> list[str]:
        """Queries, keys and values apart, the first two with a norm over each head."""
        graph, sizes = self._graph, [heads * self._size for heads in (self._heads, self._keys, self._keys)]
        query, key, values = graph.many("Split", (states, graph.constant(sizes)), 3, axis=-1)
        return [self._by_head(query, f"{prefix}.q_norm", sizes[0]), self._by_head(key, f"{prefix}.k_norm", sizes[1]), values]

    def _by_head(self, states: str, norm: str, width: int) -> str:
        graph = self._graph
        heads = graph.add("Reshape", states, graph.constant([0, -1, self._size]))
        normed = graph.add("SimplifiedLayerNormalization", heads, self._vector(norm), **self._norm)
        return graph.add("Reshape", normed, graph.constant([0, -1, width]))

    def _feed_forward(self, prefix: str, normed: str) -> str:
        """SwiGLU, arXiv 2002.05202: silu(gate) up."""
        graph = self._graph
        both = self._linear([f"{prefix}.gate_proj", f"{prefix}.up_proj"], normed)
        gate, up = graph.many("Split", (both,), 2, axis=-1, num_outputs=2)
        silu = graph.add("Mul", gate, graph.add("Sigmoid", gate))
        return self._linear([f"{prefix}.down_proj"], graph.add("Mul", silu, up))

    def _linear(self, names: Sequence[str], states: str) -> str:
        """One product for several matrices that are multiplied by the same, with their biases where they have some."""
        product = self._product(states, self._matrix([f"{name}.weight" for name in names], self._recipe.matrices))
        if f"{names[0]}.bias" not in self._tensors:
            return product
        bias = np.concatenate([self._tensors[f"{name}.bias"].read() for name in names])
        return self._graph.add("Add", product, self._graph.stored(bias))

    def _product(self, states: str, matrix: Matrix) -> str:
        """states (…, inner) with the transposed matrix."""
        if matrix.bits == 32:
            return self._graph.add("MatMul", states, self._graph.add("Transpose", matrix.names[0]))
        sizes = {"K": matrix.inner, "N": matrix.rows, "bits": matrix.bits, "block_size": BLOCK, "accuracy_level": 4}
        return self._graph.add("MatMulNBits", states, *matrix.names, domain=OWN, **sizes)

    def _matrix(self, names: Sequence[str], bits: int) -> Matrix:
        """Matrices one below the other; float32 where rows cannot be divided into whole blocks."""
        values = np.concatenate([self._tensors[name].read() for name in names])
        kept = 32 if values.shape[1] % BLOCK else bits
        parts = (values,) if kept == 32 else packed(values, kept)
        return Matrix(tuple(map(self._graph.stored, parts)), *values.shape, kept)

    def _vector(self, name: str) -> str:
        return self._graph.stored(self._tensors[f"{name}.weight"].read())

    @property
    def _norm(self) -> dict[str, Any]:
        return {"axis": -1, "epsilon": self._config.rms_norm_eps}


def packed(matrix: Array, bits: int) -> tuple[Array, Array]:
    """(rows, inner) float32 as (rows, blocks, 32 bits / 8) uint8, two weights a byte where bits are 4, and scales (rows, blocks) float32.

    A weight is (stored - 2^(bits - 1)) scale. In each block the weight of the largest magnitude becomes -2^(bits - 1), as in
    ggml's Q4_0, so that every step is used on the side that reaches farthest."""
    half = 1 << (bits - 1)
    blocks = matrix.reshape(len(matrix), -1, BLOCK)
    farthest = np.take_along_axis(blocks, np.abs(blocks).argmax(-1)[..., None], -1)
    scale = np.where(farthest == 0, 1, farthest / -half).astype(np.float32)
    stored = np.clip(np.rint(blocks / scale) + half, 0, 2 * half - 1).astype(np.uint8)
    if bits == 4:
        stored = stored[..., ::2] | (stored[..., 1::2] << 4)
    return stored, scale[..., 0]


def turns(config: PretrainedConfig) -> tuple[Array, Array]:
    """Cosines and sines (positions, head size / 2) float32 of every position's angles, times what yarn scales attention by."""
    kind = rope.scaling(config)[1]
    frequencies, factor = ROPE_INIT_FUNCTIONS[kind](config, torch.device("cpu"))
    angles = np.outer(np.arange(config.max_position_embeddings, dtype=np.float32), frequencies.float().numpy())
    return (np.cos(angles) * np.float32(factor), np.sin(angles) * np.float32(factor))
