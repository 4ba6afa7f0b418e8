"""Attribution of rewritten real drafts by a classifier that nothing was trained against."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from rpo_edge.records import StyleProfile
from rpo_edge.reflectors.rules import RulesReflector
from training.ceiling import USERS
from training.classifier import Classifier
from training.evaluation.material import SEED, Material, Pairs, edit
from training.statistics import bootstrap
from training.users import Author, Runs, rewritten


def _rewrites(task: tuple[str, StyleProfile, Runs, StyleProfile, Runs]) -> dict[str, str]:
    draft, own, runs, theirs, their_runs = task
    return {
        "draft unchanged": draft,
        "rules": rewritten(RulesReflector(), draft, own, runs)[0],
        "edit, another user's history": rewritten(edit(), draft, theirs, their_runs)[0],
        "edit": rewritten(edit(), draft, own, runs)[0],
    }


def attribution(found: Material, people: Mapping[str, Author], pool: ProcessPoolExecutor, n: int) -> dict[str, Any]:
    """Print how often the classifier names the user; return the figures."""
    sizes = Counter(person.source for person in people.values())
    source = max(sorted(sizes), key=lambda name: sizes[name])
    chosen = sorted((p for p in people.values() if p.source == source), key=lambda p: (-len(p.texts), p.name))[:USERS]
    rng = random.Random(SEED)
    drafts = [" ".join(draft.split(" ")[:150]) for draft in found.drafts if 400 < len(draft) < 3000]
    rng.shuffle(drafts)
    classifier = Classifier([person.texts for person in chosen])
    classifier.centre(drafts[n : n + 300])
    known = [(person.profile(), person.runs()) for person in chosen]
    tasks = [(draft, *known[i % len(chosen)], *known[(i + 7) % len(chosen)]) for i, draft in enumerate(drafts[:n])]
    hits: dict[str, dict[str, Pairs]] = defaultdict(lambda: defaultdict(list))
    gains: dict[str, Pairs] = defaultdict(list)
    for i, outputs in enumerate(pool.map(_rewrites, tasks, chunksize=4)):
        probabilities = classifier.probabilities(list(outputs.values()))
        for method, row in zip(outputs, probabilities, strict=True):
            hits[method][chosen[i % len(chosen)].name].append((float(row.argmax() == i % len(chosen)), 1.0))
            gains[method].append((float(row[i % len(chosen)]), 1.0))
    print(
        f"\nAttribution among {len(chosen)} users of {source}, {len(tasks)} drafts; right on {classifier.accuracy:.2f} of held-out texts\n"
    )
    print("| method | named the user | mean probability |\n|---|---|---|")
    for method, groups in hits.items():
        print(f"| {method} | {bootstrap(groups)} | {sum(g for g, _ in gains[method]) / len(gains[method]):.3f} |")
    return {method: bootstrap(groups) for method, groups in hits.items()}
