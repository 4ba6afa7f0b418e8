"""Self-neutralised trajectories: a human text is flattened by one of several neutralisers; the target is the text itself.

What is to be learnt is this person, not "human instead of machine": so

- each text loses only a random part of its features' habits (an unflattened habit is no evidence of anything);
- `other` maps a text into the habits of another author of the same source, so that nothing but the history says which
  way to go; `generic` maps it into the rates of real LLM drafts;
- `random` leads each of its features to a variant drawn by lot, whoever wrote the text: what the draft shows then says
  nothing about the author;
- where an author already writes the other way, draft and target are the same, and the model must learn to keep;
- `formal` puts the formal twin for plain words, `spoken` and `written` know words that no feature has: fillers, and stock
  phrases of essays;
- `careless` writes contractions out and opens sentences formally, `marks` takes commas and other marks out and puts commas
  in, both in more places than a rule may touch: flattening can leave bad English, which a rewrite must not.

`written` is held out of training (HELD_OUT): transfer to it says whether a reflector learnt authors or a neutraliser.
What stands around a passage in its text is flattened with it, by the same lot: on a device it is the rest of the draft. As the author wrote it,
it would show the way back, which no device can; flattened by another lot, it would show what the draft has lost.

Every neutraliser is our own and none is that of the evaluation.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from copy import copy
from dataclasses import dataclass
from functools import cache
from itertools import islice

from rpo_edge.edits import apply
from rpo_edge.features import CHOICES
from rpo_edge.features.base import like
from rpo_edge.features.context import DETERMINERS, listed
from rpo_edge.lexicon import FORMAL_PLAIN
from rpo_edge.pipeline import reflect
from rpo_edge.prompt import Around
from rpo_edge.records import Evidence
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.guard import guard
from rpo_edge.steps.profile import Counts, measure
from training.trajectories.base import LONGEST, SEED, Author, Pair, excerpt, permitted_drafts, profile_of, some, summed

HELD_OUT = frozenset({"written"})
FRAMES = frozenset({"greeting", "sign_off"})
_EVERYONES = DETERMINERS | listed(
    "to as for is are in now just can could about if only so many before after on and while though whether people a lot of important"
)
"""Plain forms that stand for grammar as often as for their formal twin."""
_SPOKEN = (
    (r"(?:^|(?<=[.!?] ))(?:And|But|So),? ([a-z])", lambda m: m[1].upper()), (r"\b(?:really|very) (?=[a-z])", ""), (r"\b[Mm]aybe ", ""),
    (r"\bI (?:think|guess|mean),? (?=(?:that|it|this|we|the|I|you)\b)", ""), (r"\b(?:so|then|also|now),? (?=[a-z])", ""), (r"\bof course,? ", ""),
    (r"\b([Yy])eah\b", r"\1es"), (r"\b([Gg])onna\b", r"\1oing to"), (r"\b([Ww])anna\b", r"\1ant to"), (r"\b[Kk]ind of (?=[a-z])", ""),
    (r"\b[Ss]ort of (?=[a-z])", ""), (r"\b(?:actually|basically|just|literally|honestly) (?=[a-z])", ""), (r",? you know,", ","),
    (r"(?<=[.!?] )(?:Well|I mean|Look|Okay|OK|Right), (\w)", lambda m: m[1].upper()), (r"\bstuff\b", "things"), (r"\bguys\b", "people"),
    (r"\b([Aa]) (?:lot|bunch) of\b", lambda m: "Many" if m[1] == "A" else "many"), (r"\bsuper (?=[a-z])", "very "), (r"\bOK\b", "fine"),
    (r"\bpretty (?=(?:much|good|cool|well|big|hard|easy|close)\b)", "quite "), (r"!(?=\s|$)", "."), (r"\.\.\.(?=\s|$)", "."),
)  # fmt: skip
_FULL = (  # without the care that a rewrite would need: flattening may leave a stressed "what it is" or a wrong "has"
    (r"\b(do|does|did|is|are|was|were|has|have|had|would|could|should)n['’]t\b", r"\1 not"), (r"\b([Cc])an['’]t\b", r"\1annot"), (r"\b([Ww])on['’]t\b", r"\1ill not"),
    (r"\bI['’]m\b", "I am"), (r"\b(\w+)['’]re\b", r"\1 are"), (r"\b(\w+)['’]ve\b", r"\1 have"), (r"\b(\w+)['’]ll\b", r"\1 will"), (r"\b(\w+)['’]d\b", r"\1 would"),
    (r"\b([Ii]t|[Tt]hat|[Tt]here|[Ww]hat|[Hh]e|[Ss]he|[Hh]ere|[Ww]ho|[Ww]here)['’]s\b", r"\1 is"), (r"\b([Ll])et['’]s\b", r"\1et us"),
)  # fmt: skip
_OPENINGS = {  # what begins a sentence, and what essays put there
    "So": ("Therefore,", "Thus,", "Consequently,", "As a result,"),
    "But": ("However,", "Nevertheless,", "Nonetheless,", "Yet"),
    "And": ("Additionally,", "Moreover,", "Furthermore,", "In addition,"),
    "Also": ("Additionally,", "Moreover,", "Furthermore,"),
    "Then": ("Subsequently,", "Afterwards,"),
    "Maybe": ("Perhaps",),
    "Still": ("Nevertheless,", "Nonetheless,"),
}
_LINKS = ("and", "or", "but", "so", "because", "which", "who", "then", "that", "when", "where", "if", "while", "as", "than", "though", "although", "since")  # fmt: skip
_MARKS = (
    *((rf"(?<=\w), (?={link}\b)", " ") for link in _LINKS),
    (r"(?P<start>(?:^|(?<=[.!?] ))[A-Z][\w'’]*(?: [a-z'’]+){0,3}), (?=[a-z])", r"\g<start> "), (r"(?<=\w), (?=(?:I|you|we|they|he|she|it|there|the|a)\b)", " "),
    (r"(?<=\w),? (?:-|--|–|—) (?=\w)|(?<=\w)—(?=\w)", ", "), (r"(?<=\w); (?=[a-z])", ", "), (r"(?<=\w)!(?=\s|$)", "."), (r"(?<=\w)(?:\.\.\.|…)(?=\s|$)", "."),
    # And the other way, so that commas of the draft's are taken out, too.
    (r"(?<=[a-z]) (?P<link>and|but|so|or) (?=(?:I|you|we|they|he|she|it|there|this|that)\b)", r", \g<link> "),
    (r"(?P<list>\w, [a-z]+) (?P<link>and|or) (?=\w)", r"\g<list>, \g<link> "), (r"(?<=[a-z]) (?P<link>because|when|if|which|while) ", r", \g<link> "),
)  # fmt: skip
_WRITTEN = (
    (r"\b(?:I think|I believe|I guess) (?=(?:that|it|this|we|the)\b)", ""), (r"\breally (?=[a-z])", "highly "), (r"\bbig\b", "large"),
    (r"\b([Bb])ut (?=(?:I|we|it|the)\b)", lambda m: ("Yet " if m[1] == "B" else "yet ")), (r"\bneed to\b", "have to"), (r"\bget (?=(?:a|the)\b)", "acquire "),
    (r"\bshow(s?)\b (?=(?:that|how|the)\b)", r"illustrate\1 "), (r" - | -- |—", ", "), (r" \(([^()]{3,40})\)", r", \1,"), (r"(?<=\w);(?= [a-z])", ","),
    (r"\b(it|that|there|what)'s (?=(?:a|the|not|no|very|also)\b)", r"\1 is "), (r"\b(do|does|did|is|are|was|were)n't\b", r"\1 not"),
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    """What a worker needs for one author: the texts to flatten, and where the habits may be led."""

    author: Author
    texts: tuple[int, ...]
    other: Counts
    generic: Counts
    share: tuple[float, float] = (0.3, 0.9)  # of the features, the part that a draft loses: between these, by lot


Neutraliser = Callable[[str, Task, random.Random], str]


def _substitute(rules: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]) -> Neutraliser:
    def neutraliser(text: str, task: Task, rng: random.Random) -> str:
        for pattern, to in rules:
            if rng.random() < rng.uniform(*task.share):
                text = _outside_frozen(text, lambda free, pattern=pattern, to=to: re.sub(pattern, to, free))  # type: ignore[misc]
        return text

    return neutraliser


def _outside_frozen(text: str, change: Callable[[str], str]) -> str:
    pieces, position = [], 0
    for start, end, _ in freeze(text):
        pieces += [change(text[position:start]), text[start:end]]
        position = end
    return "".join([*pieces, change(text[position:])])


def _toward(which: str) -> Neutraliser:
    """The rules reflector with somebody else's habits, of a random part of the features."""

    def neutraliser(text: str, task: Task, rng: random.Random) -> str:
        counts: Counts = getattr(task, which)
        chosen = {choice.name for choice in CHOICES if rng.random() < rng.uniform(*task.share)} - FRAMES
        return lead(text, {key: variants for key, variants in counts.items() if key.partition(":")[0] in chosen})

    return neutraliser


def lead(text: str, counts: Counts) -> str:
    """The text as the rules reflector rewrites it for somebody with these counts, guard included."""
    _, proposed = reflect(RulesReflector(), text, freeze(text), Evidence(), profile_of(counts, 1))
    return apply(text, guard(text, proposed)[0])


def _random(text: str, task: Task, rng: random.Random) -> str:
    """The rules reflector with a variant by lot for each of a random part of the features."""
    variants: dict[str, set[str]] = defaultdict(set)
    for counts in (task.other, task.generic):
        for key, seen in counts.items():
            variants[key.partition(":")[0]].update(seen)
    drawn = {
        choice.name: rng.choice(sorted(variants[choice.name]))
        for choice in CHOICES
        if variants[choice.name] and rng.random() < rng.uniform(*task.share)
    }
    keys = {key: name for key in (*task.other, *task.generic) if (name := key.partition(":")[0]) in drawn and name not in FRAMES}
    return lead(text, {key: {drawn[name]: 50.0} for key, name in keys.items()})


def _formal(text: str, task: Task, rng: random.Random) -> str:
    """Plain words give way to their formal twins, some pairs all over the text, others not at all."""
    pairs = [pair for pair in _twins() if rng.random() < rng.uniform(*task.share)]
    for plain, formal in pairs:
        if plain in text.lower():
            pattern = re.compile(rf"(?<![\w'’-]){re.escape(plain)}(?![\w'’-])", re.IGNORECASE)
            text = _outside_frozen(text, lambda free, pattern=pattern, formal=formal: pattern.sub(lambda m: like(m[0], formal), free))  # type: ignore[misc]
    return text


def _careless(text: str, task: Task, rng: random.Random) -> str:
    """Contractions written out and openings put formally, some kinds all over the text, others not at all."""
    text = _substitute(_FULL)(text, task, rng)
    for plain, formal in _OPENINGS.items():
        if rng.random() < rng.uniform(*task.share):
            pattern = re.compile(rf"(?:^|(?<=[.!?] )){plain},? (?P<next>[a-z]|I\b)")
            put = rng.choice(formal)
            text = _outside_frozen(text, lambda free, pattern=pattern, put=put: pattern.sub(rf"{put} \g<next>", free))  # type: ignore[misc]
    return text


@cache
def _twins() -> tuple[tuple[str, str], ...]:
    """(plain, formal), each plain form once: with the first formal form that the word list has for it."""
    twins: dict[str, str] = {}
    for formal, plain, _ in FORMAL_PLAIN:
        for f, p in zip(formal, plain, strict=True):
            if not _EVERYONES.issuperset(p.split()):
                twins.setdefault(p, f)
    return tuple(sorted(twins.items()))


NEUTRALISERS: dict[str, Neutraliser] = {
    "generic": _toward("generic"),
    "other": _toward("other"),
    "random": _random,
    "formal": _formal,
    "spoken": _substitute(_SPOKEN),
    "marks": _substitute(_MARKS),
    "careless": _careless,
    "written": _substitute(_WRITTEN),
}


def _flattened(around: Around, neutraliser: Neutraliser, task: Task, rng: random.Random) -> Around:
    """By the lot that the passage will have: no neutraliser's lot depends on the text, and `rng` stays as it is."""
    before, after = (neutraliser(text, task, copy(rng)) if text else "" for text in (around.before, around.after))
    return Around(before, after)


@dataclass(frozen=True)
class Options:
    """texts: of each author, those that become targets. neutralisers: those that flatten them; a recipe names its own, so that one more in
    NEUTRALISERS leaves its bytes as they are. ways: neutralisers of each passage, by lot (0: every one in turn).

    An encoder that meets a passage eight times learns it by heart: few ways of many texts teach more than all of few.
    Raises ValueError for a neutraliser that is none, and for more ways than there are.
    """

    texts: int = 40
    neutralisers: tuple[str, ...] = tuple(NEUTRALISERS)
    ways: int = 0

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.neutralisers) - set(NEUTRALISERS)):
            raise ValueError(f"no neutraliser is called {', '.join(unknown)}; there are: {', '.join(NEUTRALISERS)}")
        if self.ways > len(self.neutralisers):
            raise ValueError(f"ways is {self.ways}, and there are {len(self.neutralisers)} neutralisers")


def build(people: list[Author], pool: ProcessPoolExecutor, options: Options) -> Iterator[tuple[Author, list[Pair]]]:
    """Passages of the chosen texts by each neutraliser, or by some, author after author."""
    by_source: dict[str, list[Author]] = defaultdict(list)
    for author in people:
        by_source[author.source].append(author)
    drafts = permitted_drafts()
    generic = summed(pool.map(measure, islice(drafts, 0, None, max(1, len(drafts) // 600)), chunksize=20))
    tasks = []
    for author in people:
        rng = random.Random(f"{SEED}{author.name}")
        peers = [peer for peer in by_source[author.source] if peer.name != author.name] or [p for p in people if p.name != author.name]
        chosen = tuple(sorted(rng.sample(range(len(author.texts)), min(options.texts, len(author.texts)))))
        tasks.append((author, chosen, rng.choice(peers).texts[:40] if peers else (), generic, options))
    yield from zip(people, pool.map(_neutralise, tasks, chunksize=2), strict=True)


def _neutralise(arguments: tuple[Author, tuple[int, ...], tuple[str, ...], Counts, Options]) -> list[Pair]:
    author, chosen, other, generic, options = arguments
    task = Task(author, chosen, summed(map(measure, other)), generic)
    found = []
    for i in chosen:
        every, lot = options.neutralisers, random.Random(f"{SEED}{author.name}{i}")
        for name in lot.sample(every, options.ways) if options.ways else every:
            neutraliser = NEUTRALISERS[name]
            rng = random.Random(f"{SEED}{author.name}{i}{name}")
            target, around = excerpt(author.texts[i], LONGEST, rng)
            around = _flattened(around, neutraliser, task, rng)
            draft = neutraliser(target, task, rng)
            others = [j for j in range(len(author.texts)) if j != i]
            found.append(Pair(f"neutralise:{name}", draft, target, some(others, rng), around=around))
    return found
