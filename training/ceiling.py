"""Is the edit approach worth its next step? Measured on dev authors, without any model.

    python -m training ceiling [--part restoration|attribution] [--drafts N]

1. Restoration: texts of dev authors, flattened by the evaluation's own flattener, are rewritten with the
   author's other texts as history. Measure: word similarity (difflib ratio over whitespace tokens) to the
   author's own words, as the share of the distance closed. Draft unchanged is 0 by definition.
   - rules: the shipped reflector, guard included;
   - rules, other user: the same with the history of another author of the same source;
   - oracle: knows the flattener's rules backwards and, for each, how often the author's other texts have the
     author's form against the generic one; it restores where that is more often than not. Not held to the guard;
   - oracle, other user: the same with that other author's rates: what rates hold of this author is the difference.
2. Attribution: 20 users of one source, a character n-gram classifier trained on their texts, real LLM drafts
   rewritten for each: how often does it name the user the draft was rewritten for? (chance: 0.05)
   - unchanged; rules; oracle: the flattener's rules backwards at the author's rates, then rules;
   - greedy: of guard-legal surface edits (options at the features' sites, marks, small words in and out, case),
     those that raise the classifier's odds of the user most, one after another. It cheats and has no
     sense of meaning, and so bounds what such edits can reach;
   - greedy, options: the same of the options at the features' sites alone, which is all that `rules` can do.
   The classifier's accuracy on held-out texts of the same users is printed first: without it the rest says nothing.

Deviation: the oracle's rates come from the author's other texts, not from the text itself.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from rpo_edge.edits import disjoint
from rpo_edge.records import Edit, StyleProfile
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.steps.guard import guard
from training import data, processes, recipe
from training.classifier import USERS, Classifier, feature_edits, greedy, surface_edits, suspects
from training.oracle import invert
from training.statistics import Interval, bootstrap
from training.users import Author, Runs, another, authors, history_rows, rewritten, similarity

SEED = 20


def rules(draft: str, profile: StyleProfile, runs: Runs) -> str:
    """The shipped path: rules reflector, then guard."""
    return rewritten(RulesReflector(), draft, profile, runs)[0]


def _restore_author(task: tuple[Author, Author | None, list[dict[str, Any]]]) -> tuple[str, dict[str, list[tuple[float, float]]]]:
    author, other, items = task
    pairs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    theirs = (other.profile(), other.runs(), other.own_rates()) if other else None
    for row in items:
        flat, target, text = row["flat"], row["target"], row["text"]
        outputs = {
            "rules": rules(flat, author.profile(text), author.runs(text)),
            "oracle": invert(flat, author.own_rates(text), lambda rate: rate > 0.5),
        }
        if theirs:
            outputs["rules, other user"] = rules(flat, *theirs[:2])
            outputs["oracle, other user"] = invert(flat, theirs[2], lambda rate: rate > 0.5)
        start = similarity(flat, target)
        for name, output in outputs.items():
            pairs[name].append((similarity(output, target) - start, 1 - start))
    return author.name, pairs


def restoration(people: Mapping[str, Author], pool: ProcessPoolExecutor) -> dict[str, Interval]:
    """Share of the distance closed, by method, with intervals over authors."""
    by_author: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in data.flattened():
        by_author[row["author"]].append(row)
    names = sorted(by_author)
    tasks = []
    for name in names:
        tasks.append((people[name], another(name, {n: people[n] for n in by_author}, SEED), by_author[name]))
    closed: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(dict)
    for name, pairs in pool.map(_restore_author, tasks):
        for method, values in pairs.items():
            closed[method][name] = values
    return {method: bootstrap(groups) for method, groups in sorted(closed.items())}


@dataclass(frozen=True)
class Suspects:
    """The users that a draft may be rewritten for, and the classifier that tells them apart."""

    users: list[Author]
    classifier: Classifier
    known: list[tuple[StyleProfile, Runs]]

    def attribute(self, task: tuple[int, str]) -> tuple[str, dict[str, float]]:
        """The user whose turn it is with a draft's number, and for each method whether the classifier names them."""
        number, draft = task
        target = number % len(self.users)
        user, (profile, runs) = self.users[target], self.known[target]
        coin = random.Random(f"{SEED}{number}")
        restored = invert(draft, user.own_rates(), lambda rate: coin.random() < rate)
        outputs = {
            "unchanged": draft,
            "rules": rules(draft, profile, runs),
            "rules, other user": rules(draft, *self.known[(target + 7) % len(self.users)]),
            "oracle": rules(restored, profile, runs),
        }

        def legal(edits: list[Edit]) -> bool:
            return len(guard(draft, disjoint(edits), lambda run: tuple(run) in runs)[0]) == len(edits)

        for name, sites in (("greedy, options", feature_edits(draft)), ("greedy", surface_edits(draft))):
            texts = greedy(draft, sites, target, self.classifier, legal, (6, 24))
            outputs |= {f"{name}, {n} edits": text for n, text in texts.items()}
        named = self.classifier.probabilities(list(outputs.values())).argmax(axis=1)
        return user.name, {method: float(name == target) for method, name in zip(outputs, named, strict=True)}


def attribution(people: Mapping[str, Author], source: str, n_drafts: int) -> tuple[dict[str, Interval], float]:
    """How often the classifier names the user a draft was rewritten for, by method; and its accuracy on held-out texts."""
    users = suspects(people.values(), source)
    drafts = [
        " ".join(row["response"].split(" ")[:150])
        for row in data.rows("drafts/00", "dev")
        if 400 < len(row["response"]) < 3000 and "```" not in row["response"]
    ]
    random.Random(SEED).shuffle(drafts)
    classifier = Classifier([user.texts for user in users])
    classifier.centre(drafts[n_drafts : n_drafts + 300])
    lineup = Suspects(users, classifier, [(user.profile(), user.runs()) for user in users])
    hits: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    with processes.pool() as pool:
        for name, methods in pool.map(lineup.attribute, enumerate(drafts[:n_drafts]), chunksize=max(1, n_drafts // 4)):
            for method, hit in methods.items():
                hits[method][name].append((hit, 1.0))
    return {method: bootstrap(groups) for method, groups in hits.items()}, classifier.accuracy


def main(argv: list[str]) -> None:
    """Run the parts and print their tables."""
    parser = recipe.parser("ceiling", __doc__)
    parser.add_argument("--part", choices=("restoration", "attribution"))
    parser.add_argument("--drafts", type=int, default=200, help="drafts for each source of the attribution")
    options = parser.parse_args(argv)
    with processes.pool() as pool:
        people = authors(history_rows((*data.HISTORIES, "arxiv"), "dev"), pool)
        if options.part != "attribution":
            print("Restoration: share of the distance closed, 95% interval over authors")
            for method, value in restoration(people, pool).items():
                print(f"  {method:20} {value}", flush=True)
        if options.part != "restoration":
            for source in ("thechangelog/transcripts", "arxiv"):
                table, accuracy = attribution(people, source, options.drafts)
                print(
                    f"Attribution among {USERS} users of {source}, {options.drafts} drafts; classifier right on {accuracy:.3f} of held-out texts"
                )
                for method, value in table.items():
                    print(f"  {method:20} {value}", flush=True)
