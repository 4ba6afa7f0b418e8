"""The evaluation, always with its controls.

    python -m training evaluate [MODEL] [--final] [--fixture] [--texts N] [--drafts N] [--part …]

MODEL is a model folder (default: the embedded one). Three parts, each on authors that no training saw (dev; `--final`: test,
for the last report only):

restoration   texts flattened by the evaluation's own flattener, which no builder uses; share of the distance to the author's
              own words that is closed (word similarity: difflib ratio over whitespace tokens), ROUGE-1 and ROUGE-L F1.
              Controls: draft unchanged (0 by definition); rules; edit without history, with another user's of the same
              source, with the right habits (what rules reads) and another's counts, and the reverse; with the right habits
              and the counts of only the texts that are retrieved for the draft, or of as many others, which is what fits
              beside a draft in an encoder's window; the oracle that knows the flattener and the author's rates.
              Personalization is the gain of right over another's.
drafts        real LLM drafts, each for some user: edits per 100 words, sentences that the guard took back, what is lost or
              invented after it, half-applied edits, and how far each feature's rate is from the user's, before and after.
attribution   real LLM drafts, 20 users of one source, a character n-gram classifier that nothing was trained against.

`--fixture` takes the texts of `examples/eval` instead of the research data, which a clone does not have. Intervals are 95%,
by bootstrap over authors; of differences, over authors too, paired.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rpo_edge.history import History
from rpo_edge.manifest import Manifest, embedded
from rpo_edge.pipeline import reflect
from rpo_edge.records import Evidence, Habit, HistoryItem, StyleProfile
from rpo_edge.reflectors.edit import EditReflector
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.segment import words
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.guard import Unit, name_rule, negation_rule, number_rule, url_rule
from rpo_edge.steps.profile import counts_of, distribution, measure, totals_by_name
from rpo_edge.steps.retrieve import retrieve
from training import data
from training.attribution import Classifier
from training.ceiling import USERS, Author, authors, history_rows, invert, peers, rewritten, similarity
from training.statistics import bootstrap, rouge

SEED = 21
FIXTURE = Path(__file__).resolve().parents[1] / "examples" / "eval"
HALF_APPLIED = re.compile(r"\b(?:\w+n't not|willn't|cann't|amn't|it's is|do don't|a an?|an an?|the the)\b", re.IGNORECASE)
RETRIEVED = 3
"""Texts that stand for the snippets of an encoder's window (256 pieces)."""
RATED = (
    "contraction",
    "connective_contrast",
    "connective_addition",
    "connective_result",
    "register",
    "exclamation",
    "clause_comma",
    "dash",
)

Pairs = list[tuple[float, float]]


@dataclass(frozen=True)
class Material:
    """What is evaluated on: rows to restore, authors' texts, real drafts."""

    restore: list[data.Row]
    histories: list[data.Row]
    drafts: list[str]


def material(final: bool, fixture: bool) -> Material:
    """From the fixture, or from the research data's dev (or test) split."""
    if fixture:
        rows = {name: list(_lines(FIXTURE / f"{name}.jsonl")) for name in ("restore", "histories", "drafts")}
        return Material(rows["restore"], rows["histories"], [row["response"] for row in rows["drafts"]])
    split = "test" if final else "dev"
    histories = list(history_rows(data.HISTORIES, split))
    restore = list(_flattened(histories)) if final else list(data.read(data.SHARED / "eval" / "restore-dev.jsonl.xz"))
    drafts = [row["response"] for row in data.rows("drafts/00", split) if "```" not in row["response"]]
    return Material(restore, histories, drafts)


def _lines(path: Path) -> Iterator[data.Row]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _flattened(histories: Iterable[data.Row], each: int = 25) -> Iterator[data.Row]:
    """What the evaluation's `build` does for dev authors, for others."""
    specification = importlib.util.spec_from_file_location("flatten", data.SHARED / "eval" / "flatten.py")
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    texts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in histories:
        texts[row["source"], row["author"]].append(row["text"])
    for (source, author), items in sorted(texts.items()):
        rng = random.Random(f"{SEED}{author}")
        for text in rng.sample(items, min(each, len(items))):
            pieces = re.split(r"(?<=[.!?])\s+", text)
            first = rng.randrange(len(pieces))
            last = first + 1
            while last < len(pieces) and len(" ".join(pieces[first:last])) < 160:
                last += 1
            target = " ".join(pieces[first:last])
            flat = module.flatten(target)
            if flat != target and 60 <= len(target) <= 700:
                yield {"author": author, "source": source, "flat": flat, "target": target, "text": text}


# -- users -----------------------------------------------------------------------------------------------------------------

_EDIT: EditReflector  # one a process: `_start` loads it


def _start(folder: Path) -> None:
    global _EDIT
    _EDIT = EditReflector.load(Manifest.load(folder))


def _sides(texts: tuple[str, ...]) -> list[Counter[str]]:
    return [_EDIT.counter.count(text) for text in texts]


def users(histories: Iterable[data.Row], pool: ProcessPoolExecutor) -> dict[str, Author]:
    """Authors whose counts hold the sides of the model's operations too."""
    people = authors(histories, pool)
    counted = pool.map(_sides, [person.texts for person in people.values()], chunksize=4)
    return {
        person.name: replace(person, counts=tuple({**c, "sides": s} for c, s in zip(person.counts, sides, strict=True)))
        for person, sides in zip(people.values(), counted, strict=True)
    }


def crossed(habits: StyleProfile, counts: StyleProfile) -> StyleProfile:
    """The habits that rules reads of one user, the counts of sides of another."""
    return replace(habits, habits={**habits.habits, "sides": counts.habits["sides"]})


def nobody() -> StyleProfile:
    """A profile of no texts, on which the encoder still runs."""
    return StyleProfile({"sides": Habit("sides", {})})


# -- restoration -----------------------------------------------------------------------------------------------------------


def _restore(task: tuple[Author, Author, list[data.Row]]) -> dict[str, dict[str, Pairs]]:
    """method -> measure -> (value, weight) of one author's texts."""
    author, other, rows = task
    found: dict[str, dict[str, Pairs]] = defaultdict(lambda: defaultdict(list))
    theirs, their_runs = other.profile(), other.runs()
    for row, near in zip(rows, _retrieved(author, rows), strict=True):
        flat, target = row["flat"], row["target"]
        own, runs = author.profile(row["text"]), author.runs(row["text"])
        lot = random.Random(f"{SEED}{flat}").sample([text for text in author.texts if text != row["text"]], len(near))
        outputs = {
            "draft unchanged": flat,
            "rules, another user's history": rewritten(RulesReflector(), flat, theirs, their_runs)[0],
            "rules": rewritten(RulesReflector(), flat, own, runs)[0],
            "edit, no history": rewritten(_EDIT, flat, nobody(), set())[0],
            "edit, another user's history": rewritten(_EDIT, flat, theirs, their_runs)[0],
            "edit, right habits, another's counts": rewritten(_EDIT, flat, crossed(own, theirs), runs)[0],
            "edit, another's habits, right counts": rewritten(_EDIT, flat, crossed(theirs, own), runs)[0],
            f"edit, right habits, counts of {RETRIEVED} texts by lot": rewritten(_EDIT, flat, crossed(own, author.profile(only=lot)), runs)[
                0
            ],
            f"edit, right habits, counts of {RETRIEVED} retrieved texts": rewritten(
                _EDIT, flat, crossed(own, author.profile(only=near)), runs
            )[0],
            "edit": rewritten(_EDIT, flat, own, runs)[0],
            "oracle": invert(flat, author.own_rates(row["text"]), lambda rate: rate > 0.5),
        }
        start = similarity(flat, target)
        for name, output in outputs.items():
            found[name]["closed"].append((similarity(output, target) - start, 1 - start))
            for n, score in zip(("ROUGE-1", "ROUGE-L"), rouge(output, target), strict=True):
                found[name][n].append((score, 1.0))
    return {name: dict(measures) for name, measures in found.items()}


def _retrieved(author: Author, rows: list[data.Row]) -> list[list[str]]:
    """The author's texts that a store of them retrieves for each row's draft, without the one it was made of."""
    found = []
    with tempfile.TemporaryDirectory() as folder, History.open(Path(folder) / "history.db") as history:
        history.extend(HistoryItem(text) for text in author.texts)
        for row in rows:
            items = retrieve(history, row["flat"], k=RETRIEVED + 1).items
            found.append([item.text for item in items if item.text != row["text"]][:RETRIEVED])
    return found


def restoration(found: Material, people: Mapping[str, Author], pool: ProcessPoolExecutor, texts: int) -> dict[str, Any]:
    """Print the table; return its figures."""
    by_author: dict[str, list[data.Row]] = defaultdict(list)
    for row in found.restore:
        by_author[row["author"]].append(row)
    tasks = []
    for name, rows in sorted(by_author.items()):
        near = peers(name, people)
        if near:
            tasks.append((people[name], people[random.Random(f"{SEED}{name}").choice(near)], rows[:texts]))
    groups: dict[str, dict[str, dict[str, Pairs]]] = defaultdict(lambda: defaultdict(dict))
    for (author, _, _), methods in zip(tasks, pool.map(_restore, tasks), strict=True):
        for method, measures in methods.items():
            for measure_name, pairs in measures.items():
                groups[method][measure_name][author.name] = pairs
    print(f"Restoration, {len(tasks)} authors, {sum(len(rows) for _, _, rows in tasks)} texts\n")
    print("| method | distance closed | ROUGE-1 | ROUGE-L |\n|---|---|---|---|")
    figures = {}
    for method, measures in groups.items():
        closed = bootstrap(measures["closed"])
        figures[method] = closed
        print(f"| {method} | {closed} | {bootstrap(measures['ROUGE-1']).mean:.3f} | {bootstrap(measures['ROUGE-L']).mean:.3f} |")
    edit = groups["edit"]["closed"]
    for control in ("edit, another user's history", "edit, no history", "rules"):
        difference = {
            name: [(a - b, w) for (a, w), (b, _) in zip(edit[name], groups[control]["closed"][name], strict=True)] for name in edit
        }
        figures[f"edit over {control}"] = bootstrap(difference)
        print(f"| **edit over {control}** | {figures[f'edit over {control}']} | | |")
    return figures


# -- real drafts -----------------------------------------------------------------------------------------------------------


def _draft(task: tuple[str, StyleProfile, set[tuple[str, ...]]]) -> dict[str, dict[str, Any]]:
    """What becomes of one draft under both reflectors."""
    draft, profile, runs = task
    found = {}
    for name, reflector in (("rules", RulesReflector()), ("edit", _EDIT)):
        text, edits, reverted = rewritten(reflector, draft, profile, runs)
        unit = Unit(draft, text, frozenset(words(draft)))
        broken = [rule.__name__ for rule in (number_rule, url_rule, negation_rule, name_rule) if rule(unit)]
        if [draft[f.start : f.end] for f in freeze(draft)] != [text[f.start : f.end] for f in freeze(text)]:
            broken.append("frozen spans")
        half = len(HALF_APPLIED.findall(text)) - len(HALF_APPLIED.findall(draft))
        found[name] = {"edits": len(edits), "words": len(words(draft)), "reverted": reverted, "broken": broken, "half": max(0, half)}
        found[name] |= {"before": _rates(draft, profile), "after": _rates(text, profile)}
    return found


def _rates(text: str, profile: StyleProfile) -> dict[str, Pairs]:
    """For each rated feature: by variant, (sites of the text with it, user's share of it)."""
    seen = totals_by_name(measure(text))
    counts = counts_of(profile)
    totals = totals_by_name(counts)
    found = {}
    for name in RATED:
        own = distribution(name, counts, totals)
        if own and seen.get(name):
            found[name] = [(seen[name].get(variant, 0.0), share * sum(seen[name].values())) for variant, share in sorted(own.items())]
    return found


def real_drafts(found: Material, people: Mapping[str, Author], pool: ProcessPoolExecutor, n: int) -> dict[str, Any]:
    """Print the table over n drafts, each for a user by lot; return its figures."""
    rng = random.Random(SEED)
    names = sorted(people)
    drafts = rng.sample(found.drafts, min(n, len(found.drafts)))
    tasks = [(draft, people[name].profile(), people[name].runs()) for draft in drafts for name in [rng.choice(names)]]
    results = list(pool.map(_draft, tasks, chunksize=4))
    print(f"\nReal drafts, {len(drafts)}, each for one of {len(names)} users\n\n| | rules | edit |\n|---|---|---|")
    columns = {name: [result[name] for result in results] for name in ("rules", "edit")}
    rows: dict[str, dict[str, float]] = {}
    for name, column in columns.items():
        length = sum(r["words"] for r in column) / 100
        rows.setdefault("edits per 100 words", {})[name] = sum(r["edits"] for r in column) / length
        rows.setdefault("drafts changed", {})[name] = sum(r["edits"] > 0 for r in column) / len(column)
        rows.setdefault("sentences taken back by the guard, per 100 words", {})[name] = sum(r["reverted"] for r in column) / length
        rows.setdefault("drafts with a number, address, negation, name or frozen span lost or invented", {})[name] = sum(
            bool(r["broken"]) for r in column
        )
        rows.setdefault("half-applied edits", {})[name] = sum(r["half"] for r in column)
        for feature in RATED:
            for when in ("before", "after"):
                rows.setdefault(f"{feature}: distance to the user's rate, {when}", {})[name] = _distance(column, feature, when)
    for label, values in rows.items():
        print(f"| {label} | {values['rules']:.3f} | {values['edit']:.3f} |")
    return rows


def _distance(column: list[dict[str, Any]], feature: str, when: str) -> float:
    """Mean over users' drafts of half the sum of |share - user's share| (total variation), weighted by sites."""
    total = sites = 0.0
    for result in column:
        pairs = result[when].get(feature, [])
        total += sum(abs(a - b) for a, b in pairs) / 2
        sites += sum(a for a, _ in pairs)
    return total / max(1.0, sites)


# -- attribution -----------------------------------------------------------------------------------------------------------


def _rewrites(task: tuple[str, StyleProfile, set[tuple[str, ...]], StyleProfile, set[tuple[str, ...]]]) -> dict[str, str]:
    draft, own, runs, theirs, their_runs = task
    return {
        "draft unchanged": draft,
        "rules": rewritten(RulesReflector(), draft, own, runs)[0],
        "edit, another user's history": rewritten(_EDIT, draft, theirs, their_runs)[0],
        "edit": rewritten(_EDIT, draft, own, runs)[0],
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


# -- quantization ----------------------------------------------------------------------------------------------------------


def agreement(checkpoint: Path, folder: Path, found: Material, people: Mapping[str, Author], n: int) -> float:
    """F1 of the exported model's edits (offsets and words) against those of the float32 checkpoint, over n flattened texts."""
    from training.calibrate import float_encoder

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


PARTS = {"restoration": restoration, "drafts": real_drafts, "attribution": attribution}


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
    found = material(options.final, options.fixture or not data.available())
    sizes = {"restoration": options.texts, "drafts": options.drafts, "attribution": options.drafts}
    figures: dict[str, Any] = {}
    with ProcessPoolExecutor(initializer=_start, initargs=(folder,)) as pool:
        people = users(found.histories, pool)
        for name, part in PARTS.items():
            if options.part in (None, name):
                figures[name] = part(found, people, pool, sizes[name])
    if options.checkpoint:
        figures["F1 of int8 against float32"] = agreement(options.checkpoint, folder, found, people, options.drafts)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
