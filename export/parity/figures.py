"""What is found of one artifact: plain numbers, which become the "parity" of its manifest and a row of docs/models.md."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

SURE = 1.5
"""Where two tokens are nearly as probable, either may come out first: that says nothing of an artifact, and a model that knows little has many such."""
_SHOWN = 5  # strings that differ


@dataclass(frozen=True, slots=True)
class Ids:
    """Of the tokenizer. differ: strings whose ids are others; uncomposed: strings that are not composed (NFC) and whose ids are others only
    for that, where the checkpoint's tokenizer composes and the artifact's cannot; first: the first of those that differ."""

    strings: int
    differ: int
    uncomposed: int
    first: tuple[str, ...]


def compared(strings: Sequence[str], expected: Sequence[list[int]], found: Sequence[list[int]], composes: bool = False) -> Ids:
    """composes: the checkpoint's tokenizer composes a text first, and the artifact's cannot."""
    differ = [i for i, pair in enumerate(zip(expected, found, strict=True)) if pair[0] != pair[1]]
    loose = {i for i in differ if composes and not unicodedata.is_normalized("NFC", strings[i])}
    first = [i for i in differ if i not in loose][:_SHOWN]
    told = tuple(f"{strings[i]!a}: {expected[i][:12]}, not {found[i][:12]}" for i in first)
    return Ids(len(found), len(differ) - len(loose), len(loose), told)


@dataclass(frozen=True, slots=True)
class Logits:
    """Over the golden texts, against float32 PyTorch: Kullback-Leibler divergence in nats a token, mean and greatest; top1: share of places
    whose most probable next token is the same; sure: the same of those places where float32's best token is SURE times as probable as
    its second, 1 where there are none; perplexity by the artifact, and by float32."""

    tokens: int
    kl: float
    largest_kl: float
    top1: float
    sure: float
    perplexity: float
    float32: float


@dataclass(frozen=True, slots=True)
class Greedy:
    """Text after the golden prompts. prefix: share of float32's tokens before the first that differs; whole: share of texts without one."""

    prompts: int
    tokens: int
    prefix: float
    whole: float


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second, the median of the rounds; of_first: the same as a ratio to the first artifact of that run, round by round. decode:
    None where the model says too little."""

    prefill: float
    decode: float | None
    prefill_of_first: float
    decode_of_first: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of an edit model's network alone. `largest`: greatest absolute difference of a logit; `relative`: root mean square of the differences
    over that of the float32 logits about their mean; `f1`: of the edits, (position, label) where the argmax is not 0, 1.0 if neither has any;
    `edits`: how many float32 chose; `spread`: root mean square of the float32 logits about each label's own mean, which is what words say;
    `apart`: the root mean square of the differences over that."""

    largest: float
    relative: float
    f1: float
    edits: int
    spread: float
    apart: float


@dataclass(frozen=True, slots=True)
class Choices:
    """Of an edit model, as a device weighs it for the person of the example history: at each place, a word or the marks after it, what fits
    there and to keep it. places: where anything fits; kl, largest_kl: in nats a place; top1: share of places whose most probable choice is the
    same; sure: the same of those where float32's best is SURE times as probable as its second; changed: where float32's best is not to keep."""

    places: int
    kl: float
    largest_kl: float
    top1: float
    sure: float
    changed: int


@dataclass(frozen=True, slots=True)
class Applied:
    """Edits (place and words) of real drafts for the person of the example history. f1: of the exported model's and float32's, 1.0 if neither
    has any; edits: how many float32 made."""

    f1: float
    edits: int
    drafts: int


@dataclass(frozen=True, slots=True)
class Pace:
    """Of an edit model, rewriting real drafts for the person of the example history: words a second, the median of the rounds; of_float32: how
    many times those of the same graph in float32, round by round; float32_memory: MiB that this took at most."""

    words: float
    of_float32: float
    float32_memory: float | None


@dataclass(frozen=True, slots=True)
class Parity:
    """size: MB (10^6 bytes) of all its files; bits: of the weights as they are stored, a weight of the checkpoint; memory: MiB at most while
    it runs. edits, choices, applied, pace: of an edit model, which has no text of its own. evaluation: of `python -m training evaluate`. notes:
    what the figures do not say. missed: limits that were not kept, where it was written all the same."""

    artifact: str
    quantization: str
    size: float
    bits: float
    ids: Ids | None = None
    logits: Logits | None = None
    greedy: Greedy | None = None
    speed: Speed | None = None
    memory: float | None = None
    edits: Agreement | None = None
    choices: Choices | None = None
    applied: Applied | None = None
    pace: Pace | None = None
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = [f"{self.bits:.2f} bits a weight"]
        if self.logits:
            said.append(f"KL divergence {self.logits.kl:.2g} nats, top-1 agreement {self.logits.top1:.1%}")
        if self.edits:
            said.append(f"F1 of labels {self.edits.f1:.3f}")
        if self.applied:
            said.append(f"of {self.applied.edits} edits {self.applied.f1:.3f}")
        return "; ".join([*said, *(f"MISSED: {what}" for what in self.missed)])

    def as_json(self) -> dict[str, Any]:
        """For a manifest; what was not measured is left out, numbers have six digits."""
        return {name: rounded(value) for name, value in asdict(self).items() if value not in (None, {}, ())}


def rounded(value: Any) -> Any:
    """For a manifest: numbers with six digits, at any depth."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items() if part is not None}
    return [rounded(part) for part in value] if isinstance(value, (list, tuple)) else value
