"""How far the exported model is from the checkpoint: the logits, and the edits they choose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from transformers import BertForTokenClassification, BertTokenizerFast

Array = np.ndarray[Any, np.dtype[Any]]
Batch = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Agreement:
    """`largest`: greatest absolute difference of a logit; `relative`: root mean square of the differences over that of the
    float32 logits about their mean; `f1`: of the edits, (position, label) where the argmax is not 0, 1.0 if neither has any;
    `edits`: how many float32 chose."""

    largest: float
    relative: float
    f1: float
    edits: int


def agreement(checkpoint: Path, folder: Path, texts: Sequence[str], batch: int = 8, longest: int = 160) -> Agreement:
    """Run float32 PyTorch and the exported int8 over `texts`, cut at `longest` word pieces, padded within a `batch`."""
    batches = list(token_batches(checkpoint, texts, batch, longest))
    kept = [tokens["attention_mask"].astype(bool) for tokens in batches]
    expected, found = (
        np.concatenate([logits[mask] for logits, mask in zip(run, kept, strict=True)])
        for run in (torch_logits(checkpoint, batches), onnx_logits(folder, batches))
    )
    return compare(expected, found)


def compare(expected: Array, found: Array) -> Agreement:
    """Both [positions, labels]; padding must be gone already."""
    apart = found - expected
    one, two = edits(expected), edits(found)
    f1 = 2 * len(one & two) / (len(one) + len(two)) if one or two else 1.0
    relative = float(np.sqrt(np.mean(apart**2)) / max(float(expected.std()), 1e-12))
    return Agreement(float(np.abs(apart).max()), relative, f1, len(one))


def edits(logits: Array) -> set[tuple[int, int]]:
    """(position, label) where the argmax over the labels is not 0, which keeps the word."""
    labels = logits.argmax(axis=-1)
    return {(int(i), int(labels[i])) for i in np.flatnonzero(labels)}


def token_batches(checkpoint: Path, texts: Sequence[str], size: int, longest: int) -> Iterator[Batch]:
    """Arrays [batch, sequence] int64, by the names of the model's inputs."""
    tokenizer = BertTokenizerFast(str(checkpoint / "vocab.txt"))
    for start in range(0, len(texts), size):
        tokens = tokenizer(list(texts[start : start + size]), padding=True, truncation=True, max_length=longest, return_tensors="np")
        yield {name: values.astype(np.int64) for name, values in tokens.items()}


def torch_logits(checkpoint: Path, batches: Iterable[Batch]) -> Iterator[Array]:
    """Logits [batch, sequence, labels] of the checkpoint."""
    model = BertForTokenClassification.from_pretrained(checkpoint, local_files_only=True).eval()
    for tokens in batches:
        with torch.inference_mode():
            yield model(**{name: torch.from_numpy(values) for name, values in tokens.items()}).logits.numpy()


def onnx_logits(folder: Path, batches: Iterable[Batch]) -> Iterator[Array]:
    """Logits [batch, sequence, labels] of `folder/model.onnx`, run as the device does: the graph as it was saved."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])
    for tokens in batches:
        yield session.run(["logits"], dict(tokens))[0]
