"""How a causal language model takes to the edits that reflectors make of real drafts: what is bad English stands at the head of the list.

    python -m training fluency CHECKPOINT [--reflector PATH] [--drafts N] [--worst N]

CHECKPOINT is any local causal model in safetensors (`python -m export checkpoint MODEL.gguf CHECKPOINT` makes one of a GGUF file). For each edit of `rules` and of the reflector
(default: the embedded one) the log likelihood of the words around it is told with the edit and without, in nats. A model's own drafts are likelier to a model
than what a person makes of them, so a mean below 0 is no fault; what lies far below it is worth a look. A deletion gains by the words that are no longer there to
be told, so a sentence that it left without sense stands nowhere near the head: this list finds wrong words, not lost ones. The features' lists were mended by it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rpo_edge.records import Edit
from rpo_edge.reflectors.rules import RulesReflector
from training import data, processes, recipe
from training.evaluation import material, reflectors
from training.evaluation.drafts import Task, tasks_of
from training.evaluation.material import Ground, Names, asked
from training.users import rewritten

_BEFORE, _AFTER = 160, 80  # code points around an edit
_BATCH = 32


@dataclass(frozen=True)
class Swap:
    """An edit where it stands: the words around it without and with it."""

    reflector: str
    feature: str
    edit: Edit
    before: str
    after: str

    @classmethod
    def of(cls, reflector: str, draft: str, edit: Edit) -> Swap:
        """Of a draft."""
        left, right = draft[max(0, edit.start - _BEFORE) : edit.start], draft[edit.end : edit.end + _AFTER]
        return cls(reflector, edit.feature, edit, f"{left}{edit.before}{right}", f"{left}{edit.after}{right}")


def likelihoods(model: Any, tokenizer: Any, texts: Sequence[str]) -> list[float]:
    """The sum of the tokens' log probabilities of each text, but for its first token."""
    found: list[float] = []
    pad = tokenizer.pad_token_id or 0
    for at in range(0, len(texts), _BATCH):
        ids = [tokenizer(text).input_ids for text in texts[at : at + _BATCH]]
        longest = max(map(len, ids))
        rows = torch.tensor([row + [pad] * (longest - len(row)) for row in ids])
        there = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids])
        with torch.inference_mode():
            logs = model(input_ids=rows, attention_mask=there).logits[:, :-1].float().log_softmax(-1)
        found += (logs.gather(-1, rows[:, 1:, None])[..., 0] * there[:, 1:]).sum(1).tolist()
    return found


def changes(model: Any, tokenizer: Any, swaps: Sequence[Swap]) -> list[float]:
    """How much likelier each edit makes the words around it, in nats."""
    without, with_it = (likelihoods(model, tokenizer, [getattr(swap, side) for swap in swaps]) for side in ("before", "after"))
    return [after - before for before, after in zip(without, with_it, strict=True)]


def _swaps(task: Task) -> list[Swap]:
    """Of one draft, for every reflector."""
    each = {"rules": RulesReflector()} | asked()
    edits = {name: rewritten(reflector, task.draft, *task.known)[1] for name, reflector in each.items()}
    return [Swap.of(name, task.draft, edit) for name, made in edits.items() for edit in made]


def report(swaps: Sequence[Swap], changed: Sequence[float], worst: int) -> str:
    """A line a feature, then the edits at the head of the list; the same edit in the same words once."""
    groups: dict[tuple[str, str], list[float]] = defaultdict(list)
    for swap, change in zip(swaps, changed, strict=True):
        groups[swap.reflector, swap.feature].append(change)
    lines = [
        f"{reflector:10} {feature:42} {len(values):6d} {sum(values) / len(values):7.2f} {min(values):7.1f}"
        for (reflector, feature), values in sorted(groups.items(), key=lambda row: sum(row[1]) / len(row[1]))
    ]
    shown = {(swap.edit.before, swap.edit.after, swap.before): (change, swap) for swap, change in zip(swaps, changed, strict=True)}
    ranked = sorted(shown.values(), key=lambda row: row[0])[:worst]
    lines += [f"{change:7.1f}  {swap.edit.before!r} -> {swap.edit.after!r}  in  {swap.before!r}" for change, swap in ranked]
    return "\n".join(lines)


def main(argv: list[str]) -> None:
    """Rewrite, score, print."""
    parser = recipe.parser("fluency", __doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument(
        "--reflector", type=Path, default=reflectors.default(), help="model or checkpoint folder (default: the embedded model)"
    )
    parser.add_argument("--drafts", type=int, default=300)
    parser.add_argument("--worst", type=int, default=60)
    options = parser.parse_args(argv)
    found = material.read(final=False, fixture=not data.available())
    with processes.pool(material.start, options.reflector, None) as pool:
        ground = Ground(found, pool, Names(reflectors.kind(options.reflector)), 0, options.drafts)
        swaps = [swap for made in pool.map(_swaps, tasks_of(ground), chunksize=4) for swap in made]
    model = AutoModelForCausalLM.from_pretrained(options.checkpoint, use_safetensors=True, dtype=torch.float32).eval()
    print(f"{'reflector':10} {'feature':42} {'edits':>6} {'mean':>7} {'least':>7}")
    print(report(swaps, changes(model, AutoTokenizer.from_pretrained(options.checkpoint), swaps), options.worst))
