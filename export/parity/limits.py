"""How far an artifact may be from its checkpoint. Beyond this it is not written, but by `--force`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from export.parity.figures import Parity
from export.parity.storage import OPTIMUM
from rpo_edge.errors import InputError


@dataclass(frozen=True, slots=True)
class Limit:
    """kl: mean Kullback-Leibler divergence in nats a token, at most; top1: `Logits.sure`, at least."""

    kl: float
    top1: float


# llama.cpp's tools/perplexity/README.md has, for Llama 3 8B on Wikitext: q8_0 0.0014 nats and 97.7% the same token, q6_K 0.0055 and 96.0%,
# q5_K_M 0.011, q4_K_M 0.031 and 91.9%, q4_0 0.072. That is a model that has learnt much; one of 4 million weights, trained for 400 steps on
# `examples/`, lost 0.00004 (q8_0, int8) to 0.0015 (q4_0, int4), and no place where it was sure. Other models, and the few texts of an
# export, vary: so about five times llama.cpp's figures. What is broken lies beyond all of them: a rotary embedding in 8 bits, say, was off
# by 0.3 nats on average and 8 at most. Weights at random are sure of nothing, and miss the limits of 5 bits and less. What is only read (the
# rows from bf16 on) has five times that table's figures, too, by importance matrix where there is no other; below 2 bits a limit would say nothing.
LIMITS = {
    "float32": Limit(1e-4, 0.99),
    "f16": Limit(1e-3, 0.98),
    "q8_0": Limit(0.01, 0.93),
    "q6_k": Limit(0.03, 0.90),
    "q5_k_m": Limit(0.06, 0.87),
    "q4_k_m": Limit(0.15, 0.80),
    "q4_0": Limit(0.35, 0.70),
    "int8": Limit(0.01, 0.93),  # as q8_0: blocks of 32 with a scale each
    "int4": Limit(0.35, 0.70),  # as q4_0, its embedding in 8 bits
    OPTIMUM: Limit(0.1, 0.85),  # activations share one scale a pass, so outliers cost more than in blocks
    "bf16": Limit(0.005, 0.95),  # seven bits after the point
    "q5_k_s": Limit(0.08, 0.85),
    "q5_1": Limit(0.09, 0.85),
    "q5_0": Limit(0.11, 0.84),
    "q4_k_s": Limit(0.2, 0.78),
    "iq4_nl": Limit(0.2, 0.78),
    "iq4_xs": Limit(0.2, 0.78),
    "q4_1": Limit(0.35, 0.70),
    "q3_k_l": Limit(0.45, 0.65),
    "q3_k_m": Limit(0.5, 0.65),
    "iq3_m": Limit(0.5, 0.65),
    "iq3_s": Limit(0.55, 0.60),
    "iq3_xs": Limit(0.7, 0.60),
    "iq3_xxs": Limit(0.9, 0.55),
    "q3_k_s": Limit(1.1, 0.50),
    "iq2_m": Limit(1.6, 0.45),
    "q2_k_s": Limit(2.0, 0.40),
    "q2_k": Limit(2.2, 0.40),
    "iq2_s": Limit(2.2, 0.40),
    "iq2_xs": Limit(2.7, 0.35),
    "iq2_xxs": Limit(4.0, 0.25),
}
"""By quantization; the ids of every string are the same whatever it is."""

LEAST_F1 = 0.95
"""Of an edit model's labels, of its choices where float32 is sure, and of the edits that a user sees, int8 against float32: the embedded one has
0.993 of edits on development texts."""


def missed(found: Parity) -> list[str]:
    """Each limit that was not kept, with its figure. Raises InputError for a quantization without limits."""
    said = []
    for what, part in (("labels", found.edits), ("edits", found.applied)):
        if part and not part.f1 >= LEAST_F1:
            said.append(f"F1 of {what} is {part.f1:.3f}, and {LEAST_F1} at least is needed")
    if found.choices and not found.choices.sure >= LEAST_F1:
        said.append(f"where float32 is sure, {found.choices.sure:.1%} of its choices are the same, and {LEAST_F1:.0%} at least are needed")
    if found.ids and found.ids.differ:
        said.append(f"{found.ids.differ} of {found.ids.strings} strings have other token ids: {found.ids.first[0]}")
    if found.logits:
        if found.quantization not in LIMITS:
            raise InputError(f"{found.artifact} is of the quantization {found.quantization!r}; {', '.join(LIMITS)} have limits")
        limit = LIMITS[found.quantization]
        if not found.logits.kl <= limit.kl:
            said.append(
                f"the mean KL divergence is {found.logits.kl:.2g} nats, and {limit.kl:g} at most is allowed for {found.quantization}"
            )
        if not found.logits.sure >= limit.top1:
            said.append(
                f"top-1 agreement where float32 is sure is {found.logits.sure:.1%}, and {limit.top1:.0%} at least is needed for {found.quantization}"
            )
    return said


def judged(found: Parity, force: bool) -> Parity:
    """The figures, with what they miss where that is forced. Raises InputError where it is not: nothing may be written then."""
    said = missed(found)
    if said and not force:
        raise InputError(f"{found.artifact} is too far from its checkpoint, and was not written (--force writes it): {'; '.join(said)}")
    return replace(found, missed=tuple(said))
