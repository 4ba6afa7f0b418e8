"""Trajectories as a causal language model reads and writes them, and the model with the tokens that this needs.

A base learns one of two forms: "trajectory", with tokens of its own (`rpo_edge/prompt.py`), or, where it is an instruct model, "chat", which goes
through its chat template (`rpo_edge/chat.py`) and needs no new token, so that a LoRA adapter can be laid over the model that people have.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers.processors import TemplateProcessing
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from rpo_edge.chat import Chat
from rpo_edge.prompt import BEGIN, END, PAD, SPECIAL_TOKENS, Around
from rpo_edge.reflectors.generative import FORM, Form, TrajectoryForm, chat_of
from training.trajectories.base import Trajectory

FORMS = ("trajectory", "chat")


@dataclass(frozen=True)
class Base:
    """A model, its tokenizer, the ids of the tokens that it did not have, the form of its prompts, and the token that ends an answer."""

    model: Any
    tokenizer: PreTrainedTokenizerBase
    added: tuple[int, ...]
    form: Form
    end: str


def load(checkpoint: Path, context: int | None = None, form: str | None = None) -> Base:
    """Any local causal model in safetensors; of the trajectory's special tokens, those that it lacks are added.

    form: one of FORMS; if None, the one that it was trained on, or "trajectory". context: tokens that it will be trained to read, where other
    than it reads so far. Rotary positions (arXiv 2104.09864) need no weights for that, and get used to the places that are new to them.
    Raises OSError where the folder has no safetensors: nothing pickled is ever read; ValueError for a context that a model without
    rotary positions cannot have, for the form "chat" of one without a template, and for a form that is not known.
    """
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForCausalLM.from_pretrained(checkpoint, use_safetensors=True, dtype="float32")
    if context and context != model.config.max_position_embeddings:
        if not getattr(model.config, "rope_theta", None):
            raise ValueError(f"{checkpoint} reads {model.config.max_position_embeddings} tokens, and without rotary positions no more")
        model.config.max_position_embeddings = tokenizer.model_max_length = context
    if form not in (None, *FORMS):
        raise ValueError(f"no form is called {form!r}; there are: {', '.join(FORMS)}")
    if form == "chat" or (form is None and (checkpoint / FORM).exists()):
        chat = _chat(checkpoint, tokenizer)
        ends = _ends(model, tokenizer)
        tokenizer.eos_token = _turn_end(chat, ends)
        stops = list(dict.fromkeys(tokenizer.convert_tokens_to_ids([str(tokenizer.eos_token), *ends])))
        model.config.eos_token_id = model.generation_config.eos_token_id = stops
        return Base(model, tokenizer, (), chat, str(tokenizer.eos_token))
    known = tokenizer.get_vocab()
    missing = [token for token in SPECIAL_TOKENS if token not in known]
    if missing:
        tokenizer.add_special_tokens({"additional_special_tokens": missing})
        if len(tokenizer) > model.get_input_embeddings().num_embeddings:
            model.resize_token_embeddings(len(tokenizer))
    tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token = BEGIN, END, PAD
    for config in (model.config, model.generation_config):
        config.bos_token_id, config.eos_token_id, config.pad_token_id = (tokenizer.convert_tokens_to_ids(t) for t in (BEGIN, END, PAD))
    return Base(model, tokenizer, tuple(tokenizer.convert_tokens_to_ids(missing)), TrajectoryForm(), END)


def _ends(model: Any, tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Tokens that end a text or a turn, the tokenizer's own first."""
    said = [model.generation_config.eos_token_id, model.config.eos_token_id]
    ids = [number for one in said for number in (one if isinstance(one, list) else [one]) if number is not None]
    return list(dict.fromkeys([str(tokenizer.eos_token), *tokenizer.convert_ids_to_tokens(ids)]))


def _turn_end(chat: Chat, ends: Sequence[str]) -> str:
    """Of the tokens that end something, the one that the template writes after a user's message, since an answer ends with it, too; else the usual one."""
    return next((token for token in ends if chat.frame[2].startswith(token)), ends[0])


def plain(tokenizer: PreTrainedTokenizerFast) -> PreTrainedTokenizerFast:
    """The same, which puts nothing around a text by itself: prompts have all that they need, and a device adds nothing."""
    bare = copy.deepcopy(tokenizer)
    bare.backend_tokenizer.post_processor = TemplateProcessing(single="$A", pair="$A $B")
    return bare


def _chat(checkpoint: Path, tokenizer: PreTrainedTokenizerBase) -> Chat:
    if (checkpoint / FORM).exists():
        return Chat.load(checkpoint / FORM)
    found = chat_of(tokenizer)
    if found is None:
        raise ValueError(f"{checkpoint} has no chat template that can be used")
    return found


def room(base: Base) -> int:
    """Tokens that the model reads at most."""
    return int(getattr(base.model.config, "max_position_embeddings", 2048))


def length(tokenizer: PreTrainedTokenizerBase, text: str) -> int:
    """In tokens; the text has its special tokens itself."""
    return len(tokenizer(text, add_special_tokens=False).input_ids)


def prompt(base: Base, t: Trajectory, items: int, longest: int) -> str | None:
    """With as many of the best `items` of the history as fit into `longest` tokens; None where the draft alone does not."""
    around = Around(t.before, t.after)
    return base.form.fitted(t.draft, t.profile, t.history[:items], t.query, lambda text: length(base.tokenizer, text) <= longest, around)


def examples(base: Base, found: Iterable[Trajectory], items: Iterable[int], longest: int) -> Iterator[tuple[Trajectory, dict[str, str]]]:
    """Each trajectory that fits with its {"prompt", "completion"}; `items` says for each how much of its history is shown."""
    for t, n in zip(found, items, strict=False):
        completion = base.form.complete(t.observations, t.rewrite).removesuffix(base.end) + base.end
        text = prompt(base, t, n, longest - length(base.tokenizer, completion))
        if text is not None:
            yield t, {"prompt": text, "completion": completion}
