"""How far the exported model's edits are those of its float32 checkpoint."""

from __future__ import annotations

import random
from pathlib import Path

from rpo_edge.pipeline import reflect
from rpo_edge.steps.freeze import freeze
from training.evaluation import reflectors
from training.evaluation.known import library
from training.evaluation.material import SEED, Ground
from training.evaluation.outcome import Outcome


def agreement(checkpoint: Path, folder: Path, ground: Ground) -> Outcome:
    """F1 of the edits (offsets and words) of both over flattened texts, as many as there are drafts; 1 if neither has any."""
    exact, exported = reflectors.load(checkpoint), reflectors.load(folder)
    texts = random.Random(SEED).sample(ground.found.restore, min(ground.drafts, len(ground.found.restore)))
    common = total = 0
    for row in texts:
        draft = row["flat"]
        with library(ground.people[row["author"]], ground.names.reads) as own:
            known = own.memory(without=row["text"]).known(draft)
        found = [reflect(reflector, draft, freeze(draft), known.evidence, known.profile)[1] for reflector in (exact, exported)]
        sets = [{(edit.start, edit.end, edit.after) for edit in edits} for edits in found]
        common += len(sets[0] & sets[1])
        total += len(sets[0]) + len(sets[1])
    score = 2 * common / total if total else 1.0
    return Outcome({"F1": score}, f"Edits of the exported model against float32: F1 {score:.3f} ({total // 2} edits, {len(texts)} texts)\n")
