"""A workshop in miniature: research data and trajectories that are made up, and a checkpoint that learnt nothing."""

from __future__ import annotations

import json
import lzma
import random
from pathlib import Path

import torch
from transformers import BertConfig, BertForTokenClassification

from rpo_edge.edits import align
from rpo_edge.operations import Operation, Vocabulary
from rpo_edge.records import StyleProfile
from rpo_edge.usage import Usage
from training.data import HISTORIES
from training.edit import sft
from training.trajectories.base import Trajectory
from training.trajectories.files import Writer, as_row

OPERATIONS = [Operation(False, "do not", "don't"), Operation(False, "it is", "it's"), Operation(True, ",", "")]
PAIRS = [
    ("It is late and we do not know.", "It's late and we don't know."),
    ("I am here, and it is cold.", "I'm here, and it's cold."),
    ("We do not mind, since it is a long road.", "We don't mind, since it's a long road."),
]


def shared(folder: Path, people: int = 26, texts: int = 64) -> Path:
    """Research data, as `training.data` reads it: people of one source in each split who contract or not, and answers of models."""
    rng = random.Random(3)
    histories = [
        {"author": f"{split}-{i}", "source": "letters", "text": f"{_text(rng, i % 2)} Number {k}.", "licence": "CC0-1.0", "split": split}
        for split in ("train", "dev")
        for i in range(people)
        for k in range(texts)
    ]
    drafts = [
        {"query": f"What is {k}?", "model": model, "response": f"{_text(rng, 0)} Answer {k}.", "split": "train"}
        for k in range(90)
        for model in ("mixtral-8x7b", "mistral-7b")
    ]
    others: dict[str, list[dict[str, str]]] = {f"histories/{group}-00": [] for group in HISTORIES}
    for name, rows in (others | {"histories/blogs-00": histories, "drafts/00": drafts, "drafts/extra-00": []}).items():
        path = folder / "data" / f"{name}.jsonl.xz"
        path.parent.mkdir(parents=True, exist_ok=True)
        with lzma.open(path, "wt", encoding="utf-8", preset=0) as file:
            file.writelines(f"{json.dumps(row)}\n" for row in rows)
    return folder


def _text(rng: random.Random, side: int) -> str:
    return " ".join(pair[side] for pair in rng.choices(PAIRS, k=2))


def trajectories(folder: Path, people: int = 12, of_each: int = 6) -> Path:
    """A folder as `python -m training trajectories build` writes it."""
    rows, authors = Writer(folder, "trajectories"), Writer(folder, "authors")
    for i in range(people):
        texts = [f"{PAIRS[k % 3][i % 2]} Number {k}." for k in range(8)]
        authors.add({"name": f"person-{i}", "source": "letters", "licence": "CC0-1.0", "texts": texts})
        for k in range(of_each):
            draft, contracted = (f"{side} Number {k}." for side in PAIRS[k % 3])
            rewrite = contracted if i % 2 else draft
            edits = tuple(align(draft, rewrite))
            told = (f"person-{i}", "letters", "CC0-1.0", "train", "neutralise:spoken")
            rows.add(as_row(Trajectory(draft, rewrite, StyleProfile(), (), edits, (), tuple(range(8)), None, *told)))
    rows.close()
    authors.close()
    return folder


def checkpoint(folder: Path) -> Path:
    """Of an edit reflector with a tiny encoder that keeps nearly everything."""
    torch.manual_seed(1)
    vocabulary = Vocabulary(sorted(OPERATIONS))
    marks = torch.tensor([op.marks for op in vocabulary.operations])
    sizes = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "type_vocab_size": 3}
    network = BertForTokenClassification(BertConfig(num_labels=len(vocabulary), **sizes))
    torch.nn.init.constant_(network.classifier.bias, -4.0)
    sft.save(sft.Editor(network, len(vocabulary) - 1, len(Usage(vocabulary).families), marks), vocabulary, {}, folder)
    return folder
