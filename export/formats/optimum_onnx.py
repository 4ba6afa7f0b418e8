"""A causal language model as optimum writes it: its exporter, with keys and values handed in and out, then its quantizer to int8.

For programs that read such folders, as optimum's ORTModelForCausalLM. rpo-edge's own runtime does not: every step copies the whole cache, and
activations have one scale a pass. It reads the graph of decoder.py.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
from optimum.exporters.onnx import onnx_export_from_model
from optimum.onnxruntime import AutoQuantizationConfig, ORTQuantizer
from transformers import AutoModelForCausalLM

from export import inputs
from export.outputs import whole_folder

MODEL = "model.onnx"
FOR = "for optimum and what reads its folders; rpo-edge itself runs what --route fused writes"


def write(folder: Path, out: Path) -> None:
    """The whole folder. Raises InputError for a checkpoint that optimum cannot export, or an OUT that is in use."""
    tokenizer = inputs.tokenizer(folder)
    inputs.config(folder)
    inputs.files(folder)
    with whole_folder(out) as unfinished, TemporaryDirectory() as between, inputs.reading(folder), quiet():
        model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32", use_safetensors=True, trust_remote_code=False)
        onnx_export_from_model(model.eval(), between, task="text-generation-with-past", do_validation=False)
        settings = AutoQuantizationConfig.avx2(is_static=False, per_channel=True, nodes_to_exclude=unstored(Path(between) / MODEL))
        quantizer = ORTQuantizer.from_pretrained(between, file_name=MODEL)
        quantizer.quantize(save_dir=unfinished, quantization_config=settings, file_suffix=None)
        model.generation_config.save_pretrained(unfinished)
        tokenizer.save_pretrained(unfinished)


def unstored(path: Path) -> list[str]:
    """Names of the products of which no factor is a stored matrix. The quantizer would take them, too: attention's own, and the rotary
    embedding's angles, which are positions times frequencies: 8 bits are too few for position 700, and every text of that length goes wrong."""
    graph = onnx.load(path, load_external_data=False).graph
    stored = {tensor.name for tensor in graph.initializer}
    return [node.name for node in graph.node if node.op_type == "MatMul" and not stored.intersection(node.input)]


@contextmanager
def quiet() -> Iterator[None]:
    """Tracing warns of every branch of a model, the quantizer of every shape that it does not know."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
