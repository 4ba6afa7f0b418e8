"""The evaluation, always with its controls.

    python -m training evaluate [MODEL] [--final] [--fixture] [--texts N] [--drafts N] [--part …]

MODEL is a model folder (default: the embedded one). Four parts, each on authors that no training saw (dev; `--final`: test,
for the last report only):

restoration   texts flattened by the evaluation's own flattener, which no builder uses; share of the distance to the author's
              own words that is closed (word similarity: difflib ratio over whitespace tokens), ROUGE-1 and ROUGE-L F1.
              Controls: draft unchanged (0 by definition); rules; edit without history, with another user's of the same
              source, with the right habits (what rules reads) and another's counts, and the reverse; with the right habits
              and the counts of only the texts that are retrieved for the draft, or of as many others, which is what fits
              beside a draft in an encoder's window; the oracle that knows the flattener and the author's rates.
              Personalization is the gain of right over another's.
transfer      passages flattened by each neutraliser of the builders in turn, one of which no training saw.
drafts        real LLM drafts, each for some user: edits per 100 words, sentences that the guard took back, what is lost or
              invented after it, half-applied edits, and how far each feature's rate is from the user's, before and after.
attribution   real LLM drafts, 20 users of one source, a character n-gram classifier that nothing was trained against.

`--fixture` takes the texts of `examples/eval` instead of the research data, which a clone does not have. Intervals are 95%,
by bootstrap over authors; of differences, over authors too, paired.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from rpo_edge.manifest import Manifest, embedded
from rpo_edge.pipeline import reflect
from rpo_edge.records import Evidence
from rpo_edge.reflectors.edit import EditReflector
from rpo_edge.steps.freeze import freeze
from training import data
from training.evaluation import material
from training.evaluation.attribution import attribution
from training.evaluation.drafts import real_drafts
from training.evaluation.material import SEED, Material
from training.evaluation.restoration import restoration
from training.evaluation.transfer import transfer
from training.users import Author

PARTS = {"restoration": restoration, "transfer": transfer, "drafts": real_drafts, "attribution": attribution}


def agreement(checkpoint: Path, folder: Path, found: Material, people: Mapping[str, Author], n: int) -> float:
    """F1 of the exported model's edits (offsets and words) against those of the float32 checkpoint, over n flattened texts."""
    from training.edit.calibrate import float_encoder

    exported = EditReflector.load(Manifest.load(folder))
    exact = EditReflector.load(Manifest.load(folder), float_encoder(checkpoint))
    common = total = 0
    for row in random.Random(SEED).sample(found.restore, min(n, len(found.restore))):
        profile = people[row["author"]].profile(row["text"])
        draft = row["flat"]
        sets = [
            {(edit.start, edit.end, edit.after) for edit in reflect(reflector, draft, freeze(draft), Evidence(), profile)[1]}
            for reflector in (exact, exported)
        ]
        common += len(sets[0] & sets[1])
        total += len(sets[0]) + len(sets[1])
    print(f"\nEdits of the exported model against float32: F1 {2 * common / max(1, total):.3f} ({total // 2} edits, {n} texts)")
    return 2 * common / max(1, total)


def main(argv: list[str]) -> None:
    """Run the parts and print their tables."""
    parser = argparse.ArgumentParser(prog="python -m training evaluate")
    parser.add_argument("model", type=Path, nargs="?", help="model folder (default: the embedded one)")
    parser.add_argument("--final", action="store_true", help="test authors: for the last report only")
    parser.add_argument("--fixture", action="store_true", help="examples/eval instead of the research data")
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--texts", type=int, default=25, help="texts of each author to restore, at most")
    parser.add_argument("--drafts", type=int, default=300, help="real drafts")
    parser.add_argument("--checkpoint", type=Path, help="compare the model's edits with this float32 checkpoint, too")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args(argv)
    folder = options.model or next((path for path in embedded() if Manifest.load(path).kind == "edit"), None)
    if folder is None:
        parser.error("no model is embedded; name a model folder")
    found = material.read(options.final, options.fixture or not data.available())
    sizes = {"restoration": options.texts, "transfer": options.drafts, "drafts": options.drafts, "attribution": options.drafts}
    figures: dict[str, Any] = {}
    with ProcessPoolExecutor(initializer=material.start, initargs=(folder,)) as pool:
        people = material.users(found.histories, pool)
        for name, part in PARTS.items():
            if options.part in (None, name):
                figures[name] = part(found, people, pool, sizes[name])
    if options.checkpoint:
        figures["F1 of int8 against float32"] = agreement(options.checkpoint, folder, found, people, options.drafts)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
