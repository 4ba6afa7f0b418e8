"""Which formal words of a model's draft are the user's: by how often people and models write each of them, and by how seldom this user does.

That somebody writes "use" shows nothing of "utilize", for everybody does. What shows something is that a word does not come: models write "numerous"
6 times in 100,000 words, people twice; in 20,000 words of somebody who never does, it is a stranger. But "in order to" people write oftener than
models, so who has not yet may still.

With N words of the user's that hold the word O times, the user's rate is (O + K) / (N + K / prior): what a Gamma prior of shape K leaves after Poisson counts.
The prior mean is people's rate times the user's formality, f: the formal words of the whole list, against what people would write in as many words, or,
of pairs whose plain word counts, in as many choices. For who is more formal than people are it goes over to models' rate as f comes to theirs. What is kept is rate / models' rate, a share that
`rules` takes for yes or no; of who writes as formally as models do, everything: any one word that has not come is one of many that might have.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from rpo_edge.lexicon import TALK
from rpo_edge.steps.profile import Counts, totals_by_name

FEATURE = "register"
_SHAPE = 0.3
"""Shape of the prior: the likeliest for the 607 train authors of 1,500 words and more (0.15, 0.3, 0.5 … were tried)."""
_SHRUNK = 2.0
"""Formal words that everybody is taken to have written as often as models do: of whom little is known, nothing is changed."""
_TIMES = 4.0
"""A word counts for the user's formality no oftener than so many times, and that beyond people's rate: one pet phrase makes nobody formal."""
_PER = 100_000


@dataclass(frozen=True)
class Rate:
    """Uses of a formal word in 100,000 words of models and of people; plain: of its twin by people, 0 where that is no evidence."""

    models: float
    people: float
    plain: float

    def expected(self, words: float, choices: float) -> float:
        """Formal uses of people in so many words with so many uses of either of the pair."""
        return choices * self.people / (self.people + self.plain) if self.plain else words * self.people / _PER


class Formality:
    """What is known of a user's formal words. uses: of all of them, and `of_models` in as many words; likeness: 0 who writes them as people do, 1 as models do."""

    def __init__(self, user: Counts) -> None:
        self.words = user.get("lexical", {}).get("words", 0.0)
        self._user, rates = user, usual()
        people, models = sum(rate.people for rate in rates.values()), sum(rate.models for rate in rates.values())
        uses, capped, expected = 0.0, 0.0, 0.0
        for detail, rate in rates.items():
            own = user.get(f"{FEATURE}:{detail}", {})
            formal = own.get("formal", 0.0)
            counted = min(formal, _TIMES * (self.words * rate.people / _PER + 1))
            uses, capped = uses + formal, capped + counted
            expected += rate.expected(self.words, counted + own.get("plain", 0.0))
        self.uses, self.of_models = uses, models * self.words / _PER
        self._f = (capped + _SHRUNK * models / people) / (expected + _SHRUNK)
        self.likeness = math.log(self._f) / math.log(models / people)

    def kept(self, key: str) -> float | None:
        """The share that stays of a formal word in a model's draft, 0 to 1; None where models hardly write it.

        All of one whose twin is talk, for who was not seen to talk: neither to write the twin nor to contract mostly.
        """
        detail = key.partition(":")[2]
        twin, rate = detail.partition("/")[2], usual().get(detail)
        if twin in TALK and twin not in self._said and not self._contracts:
            return 1.0
        if rate is None:
            return None
        uses = self._user.get(key, {}).get("formal", 0.0)
        between = min(1.0, max(0.0, self.likeness))
        prior = rate.people * (self._f if self._f < 1 else max(1.0, rate.models / rate.people) ** between)
        share = min(1.0, _PER * (uses + _SHAPE) / (self.words + _PER * _SHAPE / prior) / rate.models)
        return float(share ** (1 - between))

    @cached_property
    def _said(self) -> frozenset[str]:
        """Plain twins that the user was seen to write, of whatever formal word."""
        return frozenset(key.rpartition("/")[2] for key, seen in self._user.items() if key.startswith(f"{FEATURE}:") and seen.get("plain"))

    @cached_property
    def _contracts(self) -> bool:
        seen = totals_by_name(self._user).get("contraction", {})
        return seen.get("contracted", 0.0) > seen.get("expanded", 0.0)


def is_talk(key: str, variant: str) -> bool:
    """Whether a variant is a plain twin that belongs to talk."""
    return variant == "plain" and key.startswith(f"{FEATURE}:") and key.rpartition("/")[2] in TALK


@cache
def usual() -> Mapping[str, Rate]:
    """Of each pair's formal words, how often models and people write them, by `python -m training formal`."""
    lines = Path(__file__).parents[1].joinpath("formal.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return {detail: Rate(*map(float, numbers)) for detail, *numbers in rows}
