"""Made-up users: real drafts, each for a persona whose every text is in one voice, and what the voice would make of the draft.

Here there is a right answer to every place of a draft, so edits are counted: precision, recall, and F0.5, which holds a wrong edit for worse
than one that is missing. A text of the history is a person's, rendered through the voice as the target is. What a voice does not know (pairs of
words that are not among its own, say) counts as wrong, so precision is a floor.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple

from rpo_edge.edits import align
from rpo_edge.reflectors.rules import RulesReflector
from training.evaluation.known import library
from training.evaluation.material import SEED, Ground, Names, asked, naming, nobody, told, users
from training.evaluation.outcome import Failure, Outcome, Pairs, difference, label, table
from training.evaluation.voices import Voice, rendered, voice, ways
from training.statistics import Interval, bootstrap, bootstrap_gain
from training.users import Author, rewritten

TEXTS = 50
FEW = 3
STRANGE = 0.2
_DRAFTS = 5  # of a persona
_FEWEST = 10  # texts of who lends them to a persona
_LENGTHS = range(200, 1800)  # code points of a draft
_BETA = 0.25  # the square of 0.5

Edits = set[tuple[int, int, str]]


class Count(NamedTuple):
    """Edits of a draft that are right, wrong, and missing."""

    right: int
    wrong: int
    missing: int

    @classmethod
    def of(cls, made: Edits, wanted: Edits) -> Count:
        """Of what was made, against what the voice makes."""
        return cls(len(made & wanted), len(made - wanted), len(wanted - made))

    @property
    def f(self) -> tuple[float, float]:
        """F0.5 as numerator and denominator, which may be added up."""
        right = (1 + _BETA) * self.right
        return right, right + _BETA * self.missing + self.wrong

    @property
    def precision(self) -> tuple[float, float]:
        """Right ones, of those that were made."""
        return self.right, self.right + self.wrong

    @property
    def recall(self) -> tuple[float, float]:
        """Right ones, of those that were wanted."""
        return self.right, self.right + self.missing


@dataclass(frozen=True)
class _Task:
    """A persona with its drafts. few, mixed: the same one by a few texts, and by a history of which a part is other people's."""

    person: Author
    other: Author
    few: Author
    mixed: Author
    voice: Voice
    drafts: tuple[str, ...]


@dataclass(frozen=True)
class _Result:
    """counts: by method, draft after draft. found: by feature and method, (edits that were made, edits) of each draft that has any."""

    counts: Mapping[str, Sequence[Count]]
    found: Mapping[str, Mapping[str, Pairs]]
    failures: Sequence[Failure]


def personas(ground: Ground) -> Outcome:
    """F0.5, precision and recall by method, and recall by feature; intervals over personas."""
    tasks = list(_tasks(ground))
    if not tasks:
        return Outcome({}, "Personas: nobody has texts enough.\n")
    results = {task.person.name: result for task, result in zip(tasks, ground.pool.map(_persona, tasks), strict=True)}
    methods = next(iter(results.values())).counts
    counts = {method: {name: result.counts[method] for name, result in results.items()} for method in methods}
    figures: dict[str, Any] = {
        measure: {method: bootstrap({n: [getattr(c, at) for c in cs] for n, cs in by.items()}) for method, by in counts.items()}
        for measure, at in (("F0.5", "f"), ("precision", "precision"), ("recall", "recall"))
    }
    figures["F0.5"] |= _differences(counts, ground.names)
    figures["recall by feature"] = by_feature = _by_feature(results, ground.names)
    over = ground.names.over(ground.names.anothers)
    shown = ("rules", ground.names.kind, over)
    head = f"Personas, {len(tasks)}, {sum(len(task.drafts) for task in tasks)} drafts"
    rows = [(label(m), value, figures["precision"].get(m), figures["recall"].get(m)) for m, value in figures["F0.5"].items()]
    features = table(
        ("feature", "edits", *map(label, shown)), [(name, row["edits"], *(row[m] for m in shown)) for name, row in by_feature.items()]
    )
    text = f"{head}\n\n{table(('method', 'F0.5', 'precision', 'recall'), rows)}\nRecall by feature\n\n{features}"
    failures = [failure for result in results.values() for failure in result.failures]
    return Outcome(figures, text, failures, {"F0.5": figures["F0.5"][over]})


def _differences(counts: Mapping[str, Mapping[str, Sequence[Count]]], names: Names) -> dict[str, Interval]:
    """One F0.5 less the other, of the same personas."""

    def of(method: str) -> dict[str, Pairs]:
        return {name: [count.f for count in found] for name, found in counts[method].items()}

    controls = [method for method in ("rules", names.nobodys, names.anothers, names.before) if method in counts]
    return {names.over(method): bootstrap_gain(of(names.kind), of(method)) for method in controls}


def _by_feature(results: Mapping[str, _Result], names: Names) -> dict[str, dict[str, Any]]:
    """feature -> how many edits, the recall of each method, and what the right history adds to it."""
    groups: dict[str, dict[str, dict[str, Pairs]]] = defaultdict(lambda: defaultdict(dict))
    for name, result in results.items():
        for feature, methods in result.found.items():
            for method, pairs in methods.items():
                groups[feature][method][name] = pairs
    return {
        feature: {
            "edits": int(sum(n for pairs in next(iter(by.values())).values() for _, n in pairs)),
            **{method: bootstrap(group) for method, group in by.items()},
            names.over(names.anothers): bootstrap(difference(by[names.kind], by[names.anothers])),
        }
        for feature, by in ((feature, groups[feature]) for feature in ways() if feature in groups)
    }


def _tasks(ground: Ground) -> Iterator[_Task]:
    """As many personas as there are drafts and authors for."""
    drafts = [draft for draft in ground.found.drafts if len(draft) in _LENGTHS]
    texts: dict[str, list[str]] = defaultdict(list)
    for row in ground.found.histories:
        texts[row["author"]].append(row["text"])
    writers = sorted(name for name, own in texts.items() if len(own) >= _FEWEST)
    for lot in (drafts, writers):
        random.Random(SEED).shuffle(lot)
    chosen = writers[: max(2, ground.drafts // _DRAFTS)]
    voices = {name: voice(random.Random(f"{SEED}{name} voice")) for name in chosen}
    strangers = [row["text"] for row in ground.found.histories]
    people = users(_histories(voices, texts, strangers), ground.pool)
    for i, name in enumerate(chosen):
        if lot := drafts[i * _DRAFTS : (i + 1) * _DRAFTS]:
            others = people[chosen[i - 1]], people[f"{name}, few"], people[f"{name}, mixed"]
            yield _Task(people[name], *others, voices[name], tuple(lot))


def _histories(voices: Mapping[str, Voice], texts: Mapping[str, list[str]], strangers: list[str]) -> Iterator[dict[str, str]]:
    """Rows of each persona's texts: all, a few, and all with a part that is other people's."""
    for name, manner in voices.items():
        rng = random.Random(f"{SEED}{name}")
        own = [rendered(text, manner) for text in rng.sample(texts[name], min(TEXTS, len(texts[name])))]
        strange = rng.sample(strangers, min(len(strangers), round(len(own) * STRANGE)))
        lots = {name: own, f"{name}, few": own[:FEW], f"{name}, mixed": [*own[len(strange) :], *strange]}
        yield from ({"author": who, "source": "personas", "text": text} for who, lot in lots.items() for text in lot)


def _persona(task: _Task) -> _Result:
    """What becomes of each draft, and how near that is to the voice."""
    counts: dict[str, list[Count]] = defaultdict(list)
    found: dict[str, dict[str, Pairs]] = defaultdict(lambda: defaultdict(list))
    failures = []
    for draft, texts in _rewrites(task):
        gold = rendered(draft, task.voice)
        wanted, made = _edits(draft, gold), {method: _edits(draft, text) for method, text in texts.items()}
        for method, edits in made.items():
            counts[method].append(Count.of(edits, wanted))
        for feature, way in task.voice.items():
            alone = _edits(draft, rendered(draft, {feature: way})) & wanted
            for method, edits in made.items() if alone else ():
                found[feature][method].append((len(alone & edits), len(alone)))
        text = texts[naming().kind]
        if wrong := counts[naming().kind][-1].wrong:
            title = f"{task.person.name}: {wrong} edits that are not the voice's ({', '.join(f'{f} {w}' for f, w in task.voice.items())})"
            failures.append(Failure("personas", title, float(wrong), draft, text, tuple(align(draft, text)), gold))
    return _Result(dict(counts), {feature: dict(methods) for feature, methods in found.items()}, failures)


def _rewrites(task: _Task) -> Iterator[tuple[str, dict[str, str]]]:
    """Each draft with its rewrites by method."""
    names = naming()
    with ExitStack() as stack:
        people = (task.person, task.other, task.few, task.mixed)
        own, others, few, mixed = (stack.enter_context(library(person, names.reads)).memory() for person in people)
        for draft in task.drafts:
            mine = own.known(draft)
            yield (
                draft,
                {
                    "draft unchanged": draft,
                    "rules": rewritten(RulesReflector(), draft, *mine)[0],
                    names.nobodys: told(draft, nobody())[0],
                    names.anothers: told(draft, others.known(draft))[0],
                    names.row(f"{FEW} texts"): told(draft, few.known(draft))[0],
                    names.row(f"{STRANGE:.0%} of the texts other people's"): told(draft, mixed.known(draft))[0],
                    **{name: rewritten(reflector, draft, *mine)[0] for name, reflector in asked().items()},
                },
            )


def _edits(draft: str, text: str) -> Edits:
    return {(edit.start, edit.end, edit.after) for edit in align(draft, text)}
