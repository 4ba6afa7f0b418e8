"""ONNX: a Hugging Face token classifier to one float32 graph, by optimum."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from optimum.exporters.onnx import onnx_export_from_model
from transformers import BertForTokenClassification

OPSET = 18
"""The least that optimum recommends for BERT, and one that onnxruntime reads since 1.14."""


def export(checkpoint: Path, out: Path) -> Path:
    """Write `checkpoint` as `out`: inputs input_ids, attention_mask, token_type_ids [batch, sequence] int64, both dynamic;
    output logits [batch, sequence, labels] float32. Eager attention, since the optimizer knows how to fuse no other."""
    model = BertForTokenClassification.from_pretrained(
        checkpoint, local_files_only=True, use_safetensors=True, attn_implementation="eager"
    ).eval()
    with TemporaryDirectory() as folder:  # optimum leaves tokenizer files beside the graph
        onnx_export_from_model(model, folder, opset=OPSET, task="token-classification", do_validation=False)
        shutil.copyfile(Path(folder) / "model.onnx", out)
    return out
