"""The watch (`training/watch.py`) over the generative reflector: fixed prompts, answered greedily; and the callback that ends a run by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from accelerate.utils import broadcast_object_list
from transformers import TrainerCallback, TrainerControl, TrainerState
from transformers.trainer_callback import ExportableState
from trl.models import unwrap_model_for_generation

from rpo_edge.edits import align, apply
from rpo_edge.engine import guarded
from rpo_edge.segment import plain_words
from rpo_edge.steps.private import runs
from training import watch
from training.generative import sft, text
from training.generative.rollouts import Asked, ask, judged, user
from training.trajectories.base import Author, Excerpt
from training.users import Runs

DRAFTS = 40
"""Watched drafts: two for each user, which a processor answers in minutes."""
_BATCH = 8  # prompts that are answered at once

Write = Callable[[Sequence[str]], list[str]]
"""From prompts to completions, with all their tokens."""


class Watch(watch.Watch):
    """Each draft's prompt shows texts of its user, which the guard then lets nothing out of. What cannot be read leaves the draft as it is."""

    def __init__(self, watched: watch.Watched, base: text.Base, items: int, longest: int) -> None:
        """items: of the history, that a prompt shows; longest: its tokens, at most."""
        super().__init__(watched)
        self._base, self._items, self._longest = base, items, longest
        self._asked = [self._ask(draft, self._users[i % len(self._users)]) for i, draft in enumerate(self._drafts)]

    def look(self, write: Write) -> watch.Seen:
        """All drafts once."""
        answers = iter(write([one.prompt for one in self._asked if one]))
        drafts = zip(self._drafts, self._asked, strict=True)
        return self.seen([self._rewritten(one, next(answers)) if one else watch.Rewritten(draft.text, 0, 0) for draft, one in drafts])

    def _ask(self, draft: Excerpt, author: Author) -> Asked | None:
        known = author.texts[: watch.TEXTS]
        fits = lambda prompt: text.length(self._base.tokenizer, prompt) <= self._longest  # noqa: E731
        return ask(self._base, draft, author, user(known), known, self._items, fits)

    def _rewritten(self, one: Asked, answer: str) -> watch.Rewritten:
        rollout = judged(self._base, one.rollout, answer)
        if rollout.rewrite is None:
            return watch.Rewritten(rollout.draft, 0, 0)
        private: Runs = set().union(*(runs(plain_words(item)) for item in rollout.texts))
        edits = align(rollout.draft, rollout.rewrite.strip())
        kept, verdict = guarded(rollout.draft, edits, rollout.profile, lambda run: tuple(run) in private)
        return watch.Rewritten(apply(rollout.draft, kept), len(kept), len(verdict.reverted))


class Watching(TrainerCallback, ExportableState):  # type: ignore[misc]
    """Looks before the first step, after every so many, and after the last. A look that objects ends the run; the model stays that of the look before.

    All processes look, since those of FSDP hold a part of the model each; the first one judges.
    """

    def __init__(self, trainer: Any, watch: Watch, every: int, longest: int) -> None:
        """longest: tokens of an answer."""
        self.weights: dict[str, torch.Tensor] = {}
        self.objection: str | None = None
        self._trainer, self._watch, self._every, self._longest = trainer, watch, every, longest

    def state(self) -> dict[str, Any]:
        """What a checkpoint of trl's keeps."""
        return {"args": {}, "attributes": {"first": self._watch.first()}}

    def on_train_begin(self, args: Any, state: TrainerState, control: TrainerControl, **rest: Any) -> None:
        """The first look; or, where a run goes on, the one of its beginning."""
        first = state.stateful_callbacks.get(type(self).__name__, self.state())["attributes"]["first"]
        if first:
            self._watch.recall(first)
        else:
            self._trainer.log(_row(self._watch.look(self._greedy)))
        self.weights = sft.weights(self._trainer)

    def on_log(self, args: Any, state: TrainerState, control: TrainerControl, logs: dict[str, float], **rest: Any) -> None:
        """Look, where it is time, at a step whose reward is known. What is seen goes into the step's row, which others log after this."""
        if "reward" not in logs or (state.global_step % self._every and state.global_step < state.max_steps):
            return
        rewards = [row["reward"] for row in state.log_history if "reward" in row]
        risen = float(np.mean(rewards[-self._every :]) - np.mean(rewards[: self._every]))
        seen = self._watch.look(self._greedy)
        logs |= _row(seen)
        state.log_history[-1] |= _row(seen)
        (self.objection,) = broadcast_object_list([self._watch.objection(seen, risen)])
        if self.objection is None:
            self.weights = sft.weights(self._trainer)
            return
        control.should_training_stop, control.should_save = True, False
        if state.is_world_process_zero:
            print(f"stopped at step {state.global_step}: {self.objection}", flush=True)

    def _greedy(self, prompts: Sequence[str]) -> list[str]:
        """Every process answers all prompts: what is asked of the parts of a model must be asked of all at once."""
        trainer, tokenizer, found = self._trainer, self._trainer.processing_class, []
        with unwrap_model_for_generation(trainer.model_wrapped, trainer.accelerator) as model, torch.no_grad():
            model.eval()
            for start in range(0, len(prompts), _BATCH):
                read = tokenizer(prompts[start : start + _BATCH], padding=True, padding_side="left", return_tensors="pt")
                said = model.generate(
                    input_ids=read.input_ids.to(trainer.accelerator.device),
                    attention_mask=read.attention_mask.to(trainer.accelerator.device),
                    max_new_tokens=self._longest,
                    do_sample=False,
                    repetition_penalty=1.0,
                    pad_token_id=tokenizer.pad_token_id,
                )
                new = said[:, read.input_ids.shape[1] :]
                found += tokenizer.batch_decode(new, skip_special_tokens=False, clean_up_tokenization_spaces=False)
            model.train()
        return found


_PREFIX = "watch/"


def _row(seen: watch.Seen) -> dict[str, float]:
    return {f"{_PREFIX}{name}": value for name, value in seen.row().items()}


def looks(log: Sequence[dict[str, float]]) -> list[dict[str, float]]:
    """What was seen, step by step, out of a log that has other things too."""
    rows = [
        {name.removeprefix(_PREFIX): value for name, value in row.items() if name.startswith(_PREFIX)} | {"step": row["step"]}
        for row in log
    ]
    return [row for row in rows if len(row) > 1]
