"""Is the edit approach worth its next step? Measured on dev authors, without any model.

    python -m training ceiling [--part restoration|attribution] [--users N] [--drafts N]

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

import argparse
import random
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from rpo_edge.edits import apply, disjoint
from rpo_edge.pipeline import own_phrases, reflect
from rpo_edge.records import Edit, Evidence, Habit, StyleProfile
from rpo_edge.reflectors.base import Reflector
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.segment import plain_words
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.guard import PRIVATE_RUN, guard
from rpo_edge.steps.profile import make_profile, measure
from training import data
from training.attribution import Classifier, feature_edits, greedy, surface_edits
from training.statistics import Interval, bootstrap
from training.trajectories.neutralise import summed

USERS = 20
SEED = 20

# The evaluation flattener's rules, backwards: (generic form, author's form, what the author's form looks like).
# A replacement may use groups of the generic pattern. Sites are counted by the same patterns in the author's texts.
INVERSES: tuple[tuple[str, str, str], ...] = (
    (r"\b(do|does|did|is|are|was|were|has|have|had|would|could|should) not\b", r"\1n't", r"\b(?:do|does|did|is|are|was|were|has|have|had|would|could|should)n't\b"),
    (r"\b([Cc]an)not\b", r"\1't", r"\b[Cc]an't\b"), (r"\b([Ww])ill not\b", r"\1on't", r"\b[Ww]on't\b"),
    (r"\bI am\b", "I'm", r"\bI'm\b"), (r"\b([Ii]t|[Tt]hat|[Tt]here|[Ww]hat|[Hh]e|[Ss]he) is\b", r"\1's", r"\b(?:[Ii]t|[Tt]hat|[Tt]here|[Ww]hat|[Hh]e|[Ss]he)'s\b"),
    (r"\b(\w+) are\b", r"\1're", r"\b\w+'re\b"), (r"\b(I|[Yy]ou|[Ww]e|[Tt]hey) have\b", r"\1've", r"\b(?:I|[Yy]ou|[Ww]e|[Tt]hey)'ve\b"),
    (r"\b(I|[Yy]ou|[Ww]e|[Tt]hey|[Ii]t) will\b", r"\1'll", r"\b(?:I|[Yy]ou|[Ww]e|[Tt]hey|[Ii]t)'ll\b"),
    (r"(?<=\w)\.(?=\s|$)", "!", r"(?<=\w)!(?=\s|$)"), (r"(?<=\w)\.(?=\s|$)", "...", r"(?<=\w)\.\.\.(?=\s|$)"),
    (r"(?<=\w), (?=\w)", " - ", r"(?<=\w) - (?=\w)"), (r"(?<=\w), (?=\w)", " -- ", r"(?<=\w) -- (?=\w)"), (r"(?<=\w), (?=\w)", "—", r"(?<=\w)—(?=\w)"),
    (r"(?<=\w)\. (?=[A-Z])", "; ", r"(?<=\w); (?=\w)"), (r" and (?=\w)", " & ", r" & (?=\w)"), (r"\bYes\b", "Yeah", r"\bYeah\b"), (r"\byes\b", "yeah", r"\byeah\b"),
    (r"(?:^|(?<=[.!?] ))Therefore, ", "So ", r"(?:^|(?<=[.!?] ))So,? "), (r"(?:^|(?<=[.!?] ))However, ", "But ", r"(?:^|(?<=[.!?] ))But "),
    (r"(?:^|(?<=[.!?] ))Additionally, ", "And ", r"(?:^|(?<=[.!?] ))And "), (r"\bmaterial\b", "stuff", r"\bstuff\b"), (r"\bmany\b", "a lot of", r"\b(?:a lot|lots) of\b"),
    (r"\bobtain (?=(?:a|the|some|your|our)\b)", "get ", r"\bget (?=(?:a|the|some|your|our)\b)"),
    (r"\butilize (?=(?:a|the|it|this|that|an)\b)", "use ", r"\buse (?=(?:a|the|it|this|that|an)\b)"), (r"\butilizing (?=(?:a|the|it|this|that|an)\b)", "using ", r"\busing (?=(?:a|the|it|this|that|an)\b)"),
    (r"\bmust\b", "need to", r"\bneed to\b"), (r"\bsignificant\b", "big", r"\bbig\b"), (r"\bsomewhat ", "kind of ", r"\b(?:kind|sort) of "),
    (r"\bvery (?=[a-z])", "really ", r"\breally (?=[a-z])"), (r"\bvery (?=[a-z])", "pretty ", r"\bpretty (?=[a-z])"), (r"\bassist (?=[a-z]+ )", "help ", r"\bhelp (?=[a-z]+ )"),
    (r"\bdemonstrates\b", "shows", r"\bshows\b"), (r"\bperhaps\b", "maybe", r"\bmaybe\b"), (r"\bPerhaps\b", "Maybe", r"\bMaybe\b"), (r"\bchildren\b", "kids", r"\bkids\b"),
    (r"\bresolve\b", "fix", r"\bfix\b"), (r"\bacceptable\b", "OK", r"\b(?:ok|OK)\b"), (r"\b([Cc]ol|[Ff]av|[Bb]ehavi|[Hh]on|[Ll]ab)or", r"\1our", r"(?:[Cc]ol|[Ff]av|[Bb]ehavi|[Hh]on|[Ll]ab)our"),
    (r"\b(real|organ|recogn|general|optim|initial|custom|summar)iz(e|ed|es|ing)\b", r"\1is\2", r"\b(?:real|organ|recogn|general|optim|initial|custom|summar)is(?:e|ed|es|ing)\b"),
    (r"(?<=\w) (and|or) (?=(?:I|it|we|he|she|they|you|there|that|this)\b)", r", \1 ", r"(?<=\w), (?:and|or) (?=(?:I|it|we|he|she|they|you|there|that|this)\b)"),
    (r"(?<=\w) (and|or) (?!(?:I|it|we|he|she|they|you|there|that|this)\b)", r", \1 ", r"(?<=\w), (?:and|or) (?!(?:I|it|we|he|she|they|you|there|that|this)\b)"),
)  # fmt: skip
_COMPILED = tuple((re.compile(generic), own, re.compile(looks)) for generic, own, looks in INVERSES)

Counts = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Author:
    """One dev author: texts, and their counts text by text."""

    name: str
    source: str
    texts: tuple[str, ...]
    counts: tuple[Counts, ...]
    inverses: tuple[tuple[tuple[int, int], ...], ...]  # text by text, (generic, own) for each of INVERSES

    def profile(self, without: str | None = None, only: Collection[str] | None = None) -> StyleProfile:
        """The profile of all texts but one, or of some of them only."""
        chosen = set(self.texts if only is None else only) - {without}
        kept = [counts for text, counts in zip(self.texts, self.counts, strict=True) if text in chosen]
        return make_profile({key: Habit(key, variants) for key, variants in summed(kept).items()}, {}, len(kept))

    def own_rates(self, without: str | None = None) -> list[float]:
        """For each of INVERSES: how often the author's form stands where either could."""
        kept = [pairs for text, pairs in zip(self.texts, self.inverses, strict=True) if text != without]
        sums = [(sum(pairs[i][0] for pairs in kept), sum(pairs[i][1] for pairs in kept)) for i in range(len(INVERSES))]
        return [own / (generic + own) if own else 0.0 for generic, own in sums]

    def runs(self, without: str | None = None) -> set[tuple[str, ...]]:
        """Runs of words that the guard must not let through."""
        found: set[tuple[str, ...]] = set()
        for text in self.texts:
            if text != without:
                tokens = plain_words(text)
                found.update(zip(*(tokens[i:] for i in range(PRIVATE_RUN)), strict=False))
        return found


def _count_inverses(text: str) -> tuple[tuple[int, int], ...]:
    return tuple((len(generic.findall(text)), len(looks.findall(text))) for generic, _, looks in _COMPILED)


def _counted(text: str) -> tuple[Counts, tuple[tuple[int, int], ...]]:
    return measure(text), _count_inverses(text)


def authors(rows: Iterable[data.Row], pool: ProcessPoolExecutor) -> dict[str, Author]:
    """Authors of history rows (author, source, text), measured on all cores."""
    texts: dict[str, list[str]] = defaultdict(list)
    origin: dict[str, str] = {}
    for row in rows:
        texts[row["author"]].append(row["text"])
        origin[row["author"]] = row["source"]
    counted = iter(pool.map(_counted, [text for group in texts.values() for text in group], chunksize=50))
    found = {}
    for name, group in texts.items():
        pairs = [next(counted) for _ in group]
        found[name] = Author(name, origin[name], tuple(group), tuple(c for c, _ in pairs), tuple(i for _, i in pairs))
    return found


def history_rows(groups: Iterable[str], split: str) -> Iterator[data.Row]:
    """Rows of history files; where a file is one source, its name is the source."""
    for group in groups:
        for row in data.rows(f"histories/{group}", split):
            yield row if row.get("source") else row | {"source": group}


def peers(name: str, people: Mapping[str, Author]) -> list[str]:
    """Other authors of the same source, else of the same kind of source (the name tells it)."""
    same = [n for n in sorted(people) if n != name and people[n].source == people[name].source]
    return same or [n for n in sorted(people) if n != name and n.partition("-")[0] == name.partition("-")[0]]


def rules(draft: str, profile: StyleProfile, runs: set[tuple[str, ...]]) -> str:
    """The shipped path: rules reflector, then guard."""
    return rewritten(RulesReflector(), draft, profile, runs)[0]


def rewritten(reflector: Reflector, draft: str, profile: StyleProfile, runs: set[tuple[str, ...]]) -> tuple[str, list[Edit], int]:
    """The text, the edits that the guard let through, and how many sentences it took back."""
    _, proposed = reflect(reflector, draft, freeze(draft), Evidence(), profile)
    kept, verdict = guard(draft, proposed, lambda run: tuple(run) in runs, own_phrases(profile))
    return apply(draft, kept), kept, len(verdict.reverted)


def invert(draft: str, rates: list[float], decide: Callable[[float], bool]) -> str:
    """The flattener backwards: each generic form goes where `decide(the author's rate)` says so."""
    edits = []
    for (generic, own, _), rate in sorted(zip(_COMPILED, rates, strict=True), key=lambda pair: -pair[1]):
        for match in generic.finditer(draft):
            if decide(rate):
                edits.append(Edit(match.start(), match.end(), match[0], match.expand(own), "oracle"))
    return apply(draft, disjoint(edits))


def similarity(a: str, b: str) -> float:
    """difflib ratio over whitespace tokens."""
    return SequenceMatcher(None, a.split(), b.split(), autojunk=False).ratio()


def _restore_author(task: tuple[Author, Author | None, list[dict[str, Any]]]) -> tuple[str, dict[str, list[tuple[float, float]]]]:
    author, other, items = task
    pairs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    shuffled = (other.profile(), other.runs()) if other else None
    for row in items:
        flat, target, text = row["flat"], row["target"], row["text"]
        outputs = {
            "rules": rules(flat, author.profile(text), author.runs(text)),
            "oracle": invert(flat, author.own_rates(text), lambda rate: rate > 0.5),
        }
        if shuffled:
            outputs["rules, other user"] = rules(flat, *shuffled)
        if other:
            outputs["oracle, other user"] = invert(flat, other.own_rates(), lambda rate: rate > 0.5)
        start = similarity(flat, target)
        for name, output in outputs.items():
            pairs[name].append((similarity(output, target) - start, 1 - start))
    return author.name, pairs


def restoration(people: Mapping[str, Author], pool: ProcessPoolExecutor) -> dict[str, Interval]:
    """Share of the distance closed, by method, with intervals over authors."""
    by_author: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in data.read(data.SHARED / "eval" / "restore-dev.jsonl.xz"):
        by_author[row["author"]].append(row)
    names = sorted(by_author)
    tasks = []
    for name in names:
        near = [n for n in peers(name, people) if n in by_author]
        other = people[random.Random(f"{SEED}{name}").choice(near)] if near else None
        tasks.append((people[name], other, by_author[name]))
    closed: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(dict)
    for name, pairs in pool.map(_restore_author, tasks):
        for method, values in pairs.items():
            closed[method][name] = values
    return {method: bootstrap(groups) for method, groups in sorted(closed.items())}


Runs = set[tuple[str, ...]]


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
    users = sorted((a for a in people.values() if a.source == source), key=lambda a: (-len(a.texts), a.name))[:USERS]
    drafts = [
        " ".join(row["response"].split(" ")[:150])
        for row in data.rows("drafts/00", "dev")
        if 400 < len(row["response"]) < 3000 and "```" not in row["response"]
    ]
    random.Random(SEED).shuffle(drafts)
    classifier = Classifier([user.texts for user in users])
    classifier.centre(drafts[n_drafts : n_drafts + 300])
    suspects = Suspects(users, classifier, [(user.profile(), user.runs()) for user in users])
    hits: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    with ProcessPoolExecutor() as pool:
        for name, methods in pool.map(suspects.attribute, enumerate(drafts[:n_drafts]), chunksize=max(1, n_drafts // 4)):
            for method, hit in methods.items():
                hits[method][name].append((hit, 1.0))
    return {method: bootstrap(groups) for method, groups in hits.items()}, classifier.accuracy


def main(argv: list[str]) -> None:
    """Run the parts and print their tables."""
    parser = argparse.ArgumentParser(prog="python -m training ceiling")
    parser.add_argument("--part", choices=("restoration", "attribution"))
    parser.add_argument("--drafts", type=int, default=200, help="drafts for each source of the attribution")
    options = parser.parse_args(argv)
    with ProcessPoolExecutor() as pool:
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
