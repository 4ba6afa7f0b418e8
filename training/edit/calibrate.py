"""Sets how readily a trained editor changes anything, and how much it heeds the user's counts.

    python -m training calibrate TRAJECTORIES CHECKPOINT [--texts 40]

In training, a draft has lost only a part of its author's habits, so that nothing but the history tells which; a real draft
was never the author's, and all of it is generic. The difference is one of priors: the same number (`offset`) is added to
every operation's logit. `scale` multiplies what depends on the user. Both are chosen on the authors that `sft` holds back
for validation, whose passages are flattened here by three neutralisers of training, one after the other, at full strength: the pair under which most
of the distance to the author's own words is closed. Neither the evaluation's authors nor its flattener are seen.
Writes both into the checkpoint's `user.npz`, and what was found into `training.json`.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from transformers import BertForTokenClassification

from rpo_edge.edits import apply, disjoint
from rpo_edge.operations import Vocabulary
from rpo_edge.records import ReflectorInfo
from rpo_edge.reflectors.choices import Place, choose
from rpo_edge.reflectors.edit import EditReflector, Encoder, Heads
from rpo_edge.steps.profile import measure
from rpo_edge.usage import Usage
from rpo_edge.wordpiece import WordPiece
from training import recipe
from training.edit.examples import held_back
from training.edit.mining import general
from training.edit.policy import encoder_of
from training.statistics import bootstrap
from training.trajectories.base import SEED, Author, passage, permitted_drafts, summed
from training.trajectories.files import read_authors
from training.trajectories.neutralise import NEUTRALISERS, Task
from training.users import similarity

OFFSETS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
SCALES = (1.0, 1.5, 2.0, 2.5)
_STEPS = ("generic", "spoken", "formal")  # one after the other
_LONGEST = 350  # code points of a passage


def float_encoder(checkpoint: Path) -> Encoder:
    """The checkpoint's network in float32."""
    return encoder_of(BertForTokenClassification.from_pretrained(checkpoint).eval())


def reflector(checkpoint: Path, encoder: Encoder, **heads: float) -> EditReflector:
    """The checkpoint's reflector with other numbers in its heads."""
    own = Heads.load(checkpoint / "user.npz")
    changed = Heads(**{name: np.float32(heads[name]) if name in heads else getattr(own, name) for name in own.__dataclass_fields__})
    tokenizer = WordPiece.load(checkpoint / "vocab.txt")
    return EditReflector(encoder, Vocabulary.load(checkpoint / "operations.json"), changed, tokenizer, ReflectorInfo("checkpoint"))


def flattened(authors: list[Author], texts: int, usage: Usage) -> list[tuple[str, str, str, Counter[str]]]:
    """(author, draft, target, what `usage` counts in the author's other texts)."""
    generic = summed(map(measure, permitted_drafts()[::20]))
    found = []
    for author in authors:
        rng = random.Random(f"{SEED}{author.name}")
        task = Task(author, (), generic, generic, (1.0, 1.0))
        counts = [usage.count(text) for text in author.texts]
        total: Counter[str] = sum(counts, Counter())
        for i in rng.sample(range(len(author.texts)), min(texts, len(author.texts))):
            draft = target = passage(author.texts[i], _LONGEST, rng)
            for name in _STEPS:
                draft = NEUTRALISERS[name](draft, task, rng)
            if draft != target:
                found.append((author.name, draft, target, total - counts[i]))
    return found


def closed(drafts: list[tuple[str, str, str, list[Place]]], families: list[str], offset: float) -> Any:
    """Share of the distance closed, with its interval."""
    groups: Mapping[str, list[tuple[float, float]]] = defaultdict(list)
    for author, draft, target, places in drafts:
        moved = [place.shifted(offset) for place in places]
        text = apply(draft, disjoint(place.edit for place in choose(moved, families)))
        start = similarity(draft, target)
        groups[author].append((similarity(text, target) - start, 1 - start))
    return bootstrap(groups)


def allow(checkpoint: Path) -> None:
    """Of a vocabulary mined by earlier rules, only what would be mined now is used; and of what would be, nothing that fits beside any word."""
    operations = Vocabulary.load(checkpoint / "operations.json").operations
    with np.load(checkpoint / "user.npz", allow_pickle=False) as arrays:
        heads = {**arrays, "allowed": np.array([general(op) and op.anchored for op in operations], dtype=np.float32)}
    np.savez(checkpoint / "user.npz", **heads)


def main(argv: list[str]) -> None:
    """Try every pair, keep the best."""
    parser = recipe.parser("calibrate", __doc__)
    parser.add_argument("trajectories", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--texts", type=int, default=40, help="of each author")
    options = parser.parse_args(argv)
    people = (author for author in read_authors(options.trajectories) if author.source != "persona" and held_back((author.name, "")))
    usage = Usage(Vocabulary.load(options.checkpoint / "operations.json"))
    found = flattened([replace(author, texts=author.texts[:80]) for author in people], options.texts, usage)
    if not found:
        sys.exit(
            f"error: {options.trajectories} has no passages of authors that fine-tuning holds back, of whom one in forty is: build more authors"
        )
    allow(options.checkpoint)
    encoder = float_encoder(options.checkpoint)
    table = {}
    for scale in SCALES:
        editor = reflector(options.checkpoint, encoder, scale=scale, offset=0.0)
        drafts = []
        for author, draft, target, counts in found:
            places = editor.places(draft, counts, least=0.02)
            drafts.append((author, draft, target, places))
        for offset in OFFSETS:
            table[scale, offset] = closed(drafts, editor.families, offset)
            print(f"scale {scale:.2f}  offset {offset:.2f}  closed {table[scale, offset]}", flush=True)
    scale, offset = max(table, key=lambda pair: table[pair].mean)
    with np.load(options.checkpoint / "user.npz", allow_pickle=False) as arrays:
        heads = {**arrays, "scale": np.float32(scale), "offset": np.float32(offset)}
    np.savez(options.checkpoint / "user.npz", **heads)
    path = options.checkpoint / "training.json"
    facts = json.loads(path.read_text("utf-8")) | {"calibration": {"scale": scale, "offset": offset, "closed": table[scale, offset].mean}}
    path.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    print(f"kept: scale {scale}, offset {offset}, {len(found)} passages")
