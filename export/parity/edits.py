"""How far an exported edit model is from its checkpoint: the logits, and the edits they choose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from transformers import BertForTokenClassification, BertTokenizerFast

from export.parity.figures import Agreement, Applied, Ids, compared
from export.parity.golden import person
from rpo_edge.manifest import Manifest
from rpo_edge.pipeline import reflect
from rpo_edge.records import Evidence
from rpo_edge.reflectors.edit import EditReflector, Encoder
from rpo_edge.steps.freeze import freeze
from rpo_edge.wordpiece import WordPiece

Array = np.ndarray[Any, np.dtype[Any]]
Batch = Mapping[str, Array]


def agreement(checkpoint: Path, folder: Path, texts: Sequence[str], batch: int = 8, longest: int = 160) -> Agreement:
    """Run float32 PyTorch and the exported int8 over `texts`, cut at `longest` word pieces, padded within a `batch`."""
    batches = list(token_batches(checkpoint, texts, batch, longest))
    kept = [tokens["attention_mask"].astype(bool) for tokens in batches]
    expected, found = (
        np.concatenate([logits[mask] for logits, mask in zip(run, kept, strict=True)])
        for run in (torch_logits(checkpoint, batches), onnx_logits(folder, batches))
    )
    return compare(expected, found)


def ids(checkpoint: Path, folder: Path, strings: Sequence[str]) -> Ids:
    """What the device's WordPiece makes of each string, against transformers' own."""
    known, device = BertTokenizerFast(str(checkpoint / "vocab.txt")), WordPiece.load(folder / "vocab.txt")
    expected = known(list(strings), add_special_tokens=False).input_ids
    return compared(strings, expected, [[piece.id for piece in device(text)] for text in strings])


def applied(checkpoint: Path, folder: Path, drafts: Sequence[str]) -> Applied:
    """Drafts edited for the person of the example history by the exported model, and by the same with the checkpoint's network in its place."""
    manifest = Manifest(folder, "exported", "edit", {}, "", "", "int8", 0)
    exported, exact = EditReflector.load(manifest), EditReflector.load(manifest, float_encoder(checkpoint))
    with person() as history:
        profile = history.profile(exported.counter)
    common = total = of_exact = 0
    for draft in drafts:
        one, other = (
            {(edit.start, edit.end, edit.after) for edit in reflect(reflector, draft, freeze(draft), Evidence(), profile)[1]}
            for reflector in (exact, exported)
        )
        common, total, of_exact = common + len(one & other), total + len(one) + len(other), of_exact + len(one)
    return Applied(2 * common / total if total else 1.0, of_exact, len(drafts))


def float_encoder(checkpoint: Path) -> Encoder:
    """The checkpoint's network in float32, called as the device calls the exported one."""
    model = BertForTokenClassification.from_pretrained(checkpoint, local_files_only=True, use_safetensors=True).eval()

    @torch.inference_mode()
    def run(ids: Array, mask: Array, shapes: Array) -> Array:
        parts = {"input_ids": ids, "attention_mask": mask, "token_type_ids": shapes}
        logits: Array = model(**{name: torch.from_numpy(values) for name, values in parts.items()}).logits.numpy()
        return logits

    return run


def int8_encoder(folder: Path) -> Encoder:
    """`folder/model.onnx`, run as the device does: the graph as it was saved."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])

    def run(ids: Array, mask: Array, shapes: Array) -> Array:
        parts = {"input_ids": ids, "attention_mask": mask, "token_type_ids": shapes}
        logits: Array = session.run(["logits"], parts)[0]
        return logits

    return run


def compare(expected: Array, found: Array) -> Agreement:
    """Both [positions, labels]; padding must be gone already."""
    apart = found - expected
    one, two = edits(expected), edits(found)
    f1 = 2 * len(one & two) / (len(one) + len(two)) if one or two else 1.0
    error, spread = float(np.sqrt(np.mean(apart**2))), float(np.sqrt(expected.var(axis=0).mean()))
    relative, of_words = error / max(float(expected.std()), 1e-12), error / max(spread, 1e-12)
    return Agreement(float(np.abs(apart).max()), relative, f1, len(one), spread, of_words)


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
    run = float_encoder(checkpoint)
    for tokens in batches:
        yield run(tokens["input_ids"], tokens["attention_mask"], tokens["token_type_ids"])


def onnx_logits(folder: Path, batches: Iterable[Batch]) -> Iterator[Array]:
    """Logits [batch, sequence, labels] of `folder/model.onnx`."""
    run = int8_encoder(folder)
    for tokens in batches:
        yield run(tokens["input_ids"], tokens["attention_mask"], tokens["token_type_ids"])
