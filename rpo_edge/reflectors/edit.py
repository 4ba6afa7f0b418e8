"""The `edit` reflector: a small encoder that proposes one operation a word, and counts that know the user.

    logit(word, op) = encoder(draft)[word] . W[op]                      what may be said otherwise in this place
                    + counts(user, draft)[op] . U[op] + shared(counts(user, draft)[op]) + V[op] . families(user)     how this user says it

The encoder reads the draft alone; the user comes in through the counts of `rpo_edge.usage`, taken over the whole history. A
count says more of a habit than the few texts that would fit beside the draft, costs nothing to read, and can name the
items that show it. The draft's own counts stand beside them, in models that read them: where it already says a thing as often as
the user does, it may stay. Operations that do not fit a place are left out before probabilities are taken; each word has two
choices, one at the word and one among the marks after it. What could be put in beside any word ("just", a comma) is never used: it would have to be
looked for everywhere, and where it makes good English can hardly be told.

What suits the place and the user is asked first, and the encoder reads only the sentences where something does, which are few.

Of each family of operations (contractions, say) as many places change as their probabilities add up to, the most probable
first, so a habit of 62% does not come out always. As the user's part is calibrated (twice what training learnt), it comes out bolder than its rate.

What is one way or the other all over a text (spelling, apostrophes, greeting, sign-off, case, dashes, emphasis), what no training showed the
encoder ("in conclusion", "such as", "that"), and whatever the user stated in words, is left to `rules`. Where `rules` knows what grammar allows
(contractions, formal and plain words), the encoder chooses among the places that `rules` finds possible; and nothing is put in that the
user was never seen to write.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from rpo_edge.errors import ModelError, ReflectorError
from rpo_edge.features import CHOICES, LABELS
from rpo_edge.features.base import Site
from rpo_edge.features.punctuation import can_be_spelled, spelled
from rpo_edge.features.wording import CONNECTIVE_NAMES
from rpo_edge.history import SIDES
from rpo_edge.manifest import Manifest
from rpo_edge.operations import Vocabulary, words_of
from rpo_edge.records import Edit, Evidence, Observation, ReflectorInfo, StyleProfile
from rpo_edge.reflectors.base import Reflection, Window
from rpo_edge.reflectors.choices import LEAST, Place, choose_on
from rpo_edge.reflectors.chunks import batch, chunks
from rpo_edge.reflectors.manner import apostrophe
from rpo_edge.reflectors.observed import changed, listed
from rpo_edge.reflectors.openers import Openers
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.reflectors.suits import Suits, sides_by_family
from rpo_edge.runtimes.ort import onnxruntime
from rpo_edge.steps.profile import free_sites
from rpo_edge.usage import FEATURES, OF_USER, Array, Usage, family, sides
from rpo_edge.wordpiece import WordPiece

ENCODED = CONNECTIVE_NAMES | {"contraction", "intensifier"}
"""Features that the encoder decides, as far as the user's rate of them is not all or nothing."""
LEFT_TO_RULES = frozenset(choice.name for choice in CHOICES) - ENCODED
"""Features that `rules` looks after even here; of `register`, what the encoder leaves."""

_SURE = 50.0
"""A logit beyond which nothing is surer."""
_CARRY = "encoder: "  # before the names of families, so that they are none of `rules`' features


class Encoder(Protocol):
    """What runs the encoder: ids, mask and word shapes, each (chunks, pieces), to logits (chunks, pieces, operations)."""

    def __call__(self, ids: Array, mask: Array, shapes: Array) -> Array: ...


@dataclass(frozen=True)
class Heads:
    """The user's part of the model; see the module's text for U, V and the two layers of `shared`."""

    own: Array  # (operations, COLUMNS)
    families: Array  # (operations, families)
    inner: Array  # (COLUMNS, hidden)
    inner_bias: Array  # (hidden,)
    outer: Array  # (hidden,)
    scale: Array  # () how much the user counts
    allowed: Array  # (operations,) 1; 0 for those that are learnt, but not to be used
    offset: Array  # () how much likelier any operation is in a draft that was never the user's than in training

    @classmethod
    def load(cls, path: Path) -> Heads:
        """Read arrays; nothing pickled is ever read. Raises ModelError where they are not there."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return cls(*(arrays[name].astype(np.float32) for name in cls.__dataclass_fields__))
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"{path} cannot be read as the user's part of a model") from error

    @property
    def reads_draft(self) -> bool:
        """Whether the draft's own counts matter; older models know the user's alone."""
        return int(self.own.shape[1]) > OF_USER

    def __call__(self, columns: tuple[Array, Array]) -> Array:
        """(operations,) logits that depend on the user alone."""
        of_operations, of_families = columns
        of_operations = of_operations[:, : self.own.shape[1]]
        shared = np.tanh(of_operations @ self.inner + self.inner_bias) @ self.outer
        of_user = (of_operations * self.own).sum(axis=1) + self.families @ of_families + shared
        result: Array = self.scale * of_user + self.offset
        return result


Choices = Mapping[tuple[int, bool], Sequence[tuple[int, Edit]]]
"""By where a word begins, and whether it is of the marks after it: the operations that fit, each with its edit."""


class EditReflector:
    """See the module's text."""

    cites_only: Literal[True] = True

    def __init__(self, encoder: Encoder, vocabulary: Vocabulary, heads: Heads, tokenizer: WordPiece, info: ReflectorInfo) -> None:
        self.info = info
        self.vocabulary, self.counter = vocabulary, Usage(vocabulary)
        self._encoder, self._heads, self._tokenizer = encoder, heads, tokenizer
        self._marks = np.array([False, *(op.marks for op in vocabulary.operations)])
        self._allowed = frozenset(int(i) for i in np.flatnonzero(heads.allowed) + 1)
        self.families = [family(op) for op in vocabulary.operations]
        self._kin = sides_by_family(vocabulary.operations, self.families)
        self._rules = RulesReflector()

    @classmethod
    def load(cls, manifest: Manifest, encoder: Encoder | None = None) -> EditReflector:
        """From the files of a model folder that was checked; `encoder` runs in place of its own. Raises ModelError."""
        folder = manifest.folder
        with ThreadPoolExecutor(1) as beside:  # the network loads without the interpreter, which reads the rest meanwhile
            network = beside.submit(lambda: encoder) if encoder else beside.submit(_session, folder / "model.onnx", onnxruntime())
            vocabulary = Vocabulary.load(folder / "operations.json")
            tokenizer = WordPiece.load(folder / "vocab.txt")
            info, heads = ReflectorInfo(manifest.name, manifest.sha256), Heads.load(folder / "user.npz")
            return cls(network.result(), vocabulary, heads, tokenizer, info)

    def reflect(self, window: Window, evidence: Evidence, profile: StyleProfile) -> Reflection:
        """Edits of the encoder and of `rules`, with one observation for each family or feature that changes."""
        user = self._rules.user(profile, window)
        ruled = LEFT_TO_RULES | user.decided | user.settled
        edits, left = self._edits(window, user.profile, evidence) if SIDES in profile.habits else ([], {})
        edits = [edit for edit in edits if not _touches(edit, window.text, user.decided)]
        framed = self._rules.finish(edits, window, evidence, profile, ruled)
        kept = [edit for edit in framed.edits if edit in edits]
        return Reflection((*_observations(kept), *framed.observations), framed.edits, {**framed.carry, **left}, framed.seen)

    def close(self) -> None:
        """Free the encoder."""
        self._encoder = _closed
        self._rules.close()

    def places(self, text: str, counts: Mapping[str, float], least: float = LEAST) -> list[Place]:
        """Of every word and of the marks after it the most probable operation, where one of probability `least` or more fits."""
        choices = self._choices(text, ())
        return self._weighed(text, choices, self._bias(counts, text), least) if choices else []

    def _edits(self, window: Window, profile: StyleProfile, evidence: Evidence) -> tuple[list[Edit], dict[str, float]]:
        """The encoder's edits, surest first, and what rounding leaves of each family."""
        counts = profile.habits[SIDES].counts
        draft = f"{window.lead}{window.text}"
        of_user, kind = Suits(window, counts, self._kin, profile.habits), apostrophe(draft, profile, window.formal)

        def suits(number: int, edit: Edit) -> bool:
            op, name = self.vocabulary.operations[number - 1], self.families[number - 1]
            return of_user(edit, op, name) and can_be_spelled(edit.before, edit.after, kind)

        choices = self._choices(window.text, window.frozen)
        choices = {where: fits for where, fits in choices.items() if any(suits(*fit) for fit in fits)}
        carried = {name.removeprefix(_CARRY): part for name, part in window.carry.items() if name.startswith(_CARRY)}
        found = self._weighed(window.text, choices, self._bias(counts, draft)) if choices else []
        places = [place for place in found if suits(place.number, place.edit)]
        # Where two want the same words, the surer one, which comes first, has them.
        chosen, left = choose_on(places, self.families, carried, strength=window.strength)
        openers = Openers(window)
        edits = [self._explained(place, kind, counts, profile, evidence) for place in chosen if openers.take(place.edit)]
        return edits, {f"{_CARRY}{name}": part for name, part in left.items()}

    def _choices(self, text: str, frozen: Sequence[tuple[int, int, str]]) -> Choices:
        """The operations that may be used outside of frozen spans."""
        words, ends = words_of(text), [end for _, end, _ in frozen]
        found: dict[tuple[int, bool], list[tuple[int, Edit]]] = defaultdict(list)
        for i, number, edit in self.vocabulary.anchored(text, words, self._allowed):
            near = bisect_right(ends, edit.start)
            if near == len(frozen) or frozen[near][0] >= max(edit.end, edit.start + 1):
                found[words[i].start, bool(self._marks[number])].append((number, edit))
        return found

    def _bias(self, counts: Mapping[str, float], draft: str) -> Array:
        """(operations,) the user's part of the logits, keeping first."""
        there = self.counter.vector(self.counter.count(draft)) if self._heads.reads_draft else None
        return np.concatenate([[0], self._heads(self.counter.columns(self.counter.vector(counts), there))])

    def _weighed(self, text: str, choices: Choices, bias: Array, least: float = LEAST) -> list[Place]:
        """Of each choice the most probable operation, where any is of probability `least` or more. Sentences without a choice are not read."""
        logits: dict[int, Array] = {}  # by where a word begins
        for chunk in chunks(text, self._tokenizer, wanted=[start for start, _ in choices]):
            if chunk.words:
                # One at a time: int8 activations share their scale over a batch, so a text's logits would depend on its neighbours.
                read = self._encoder(*batch([chunk]))[0]
                logits.update((chunk.start + word.start, read[head]) for word, head in zip(chunk.words, chunk.heads, strict=True))
        places = []
        for (start, _), fits in choices.items():
            if start not in logits:
                continue  # behind what the encoder reads of a long sentence
            weighed = [(float(logits[start][number] + bias[number]), number, edit) for number, edit in fits]
            odds = sum(math.exp(min(score, _SURE)) for score, *_ in weighed)  # to keeping's logit of 0
            _, number, edit = max(weighed, key=lambda choice: choice[0])
            if odds / (1 + odds) > least:
                places.append(Place(odds / (1 + odds), number, edit))
        return places

    def _explained(self, place: Place, mark: str, counts: Mapping[str, float], profile: StyleProfile, evidence: Evidence) -> Edit:
        before, after = sides(self.vocabulary.operations[place.number - 1])
        name = self.families[place.number - 1]
        shown = profile.habits[SIDES].evidence.get(after, ()) if after else ()
        feature = FEATURES.get(name, name)
        label = LABELS.get(feature, name)
        if counts.get(before) or counts.get(after):
            reason = f"{label}: you write {_said(after, counts)} and {_said(before, counts)}"
        else:
            others, own = (int(sum(counts.get(side, 0) for side in some)) for some in self._kin[name])
            reason = (
                f"{label}: you write neither {_shown(after)} nor {_shown(before)}, but of this kind {own} places so and {others} otherwise"
            )
        put = spelled(place.edit.after, mark)
        ids = tuple(sorted(shown, key=lambda number: number not in evidence.ids))
        return Edit(place.edit.start, place.edit.end, place.edit.before, put, reason, ids, feature)


def _said(side: str, counts: Mapping[str, float]) -> str:
    n = int(counts.get(side, 0))
    if not side:
        return f"{n} words in all"
    return f"{_shown(side)} {({0: 'never', 1: 'once', 2: 'twice'}).get(n, f'{n} times')}"


def _shown(side: str) -> str:
    """A side as it is written: marks stand by their words."""
    first = ", first in a sentence," if side.startswith("^ ") else ""
    return f"{re.sub(r' (?=[,.;:!?])', '', side.removeprefix('^ '))!r}{first}"


def _touches(edit: Edit, text: str, features: frozenset[str]) -> bool:
    """Whether an edit changes a place, or makes one, of a feature that the user's own words decide."""
    if not features:
        return False
    near = slice(max(0, edit.start - 30), edit.end + 30)
    left = edit.start - near.start
    changed = text[near.start : edit.start] + edit.after + text[edit.end : near.stop]

    def sites(part: str, length: int) -> Iterator[Site]:
        # That there is nothing ("none" where a sentence begins) is no place.
        there = (site for site in free_sites(part, (), features) if site.options or site.end > site.start)
        return (site for site in there if site.start < left + length and left < max(site.end, site.start + 1))

    return any(sites(text[near], edit.end - edit.start)) or any(sites(changed, len(edit.after)))


def _observations(edits: Sequence[Edit]) -> list[Observation]:
    """One for each feature or family that changes: the draft's ways, the user's, and in how many places."""
    found: dict[str, list[Edit]] = defaultdict(list)
    for edit in edits:
        found[edit.feature].append(edit)
    return [
        Observation(name, listed(e.before for e in group), listed(e.after for e in group), changed(len(group)))
        for name, group in sorted(found.items())
    ]


def _closed(ids: Array, mask: Array, shapes: Array) -> Array:
    raise ReflectorError("the model is closed")


def _session(path: Path, ort: Any) -> Encoder:
    options = ort.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # threads that wait leave the cores to Python
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL  # the file was optimised when it was made
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no common base of its errors
        raise ModelError(f"{path} cannot be run: {error}") from error

    def run(ids: Array, mask: Array, shapes: Array) -> Array:
        try:
            logits: Array = session.run(["logits"], {"input_ids": ids, "attention_mask": mask, "token_type_ids": shapes})[0]
        except Exception as error:
            raise ReflectorError(f"the model failed: {error}") from error
        return logits

    return run
