"""The checkpoint in float32 PyTorch: what artifacts are held against."""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM

from export import inputs
from export.formats import vocabulary

Array = np.ndarray[Any, Any]


class Reference:
    """A causal checkpoint, opened. Raises InputError where it is none."""

    def __init__(self, folder: Path) -> None:
        self.config, self.tokenizer = inputs.config(folder), inputs.tokenizer(folder)
        inputs.files(folder)
        with inputs.reading(folder):
            self._model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, use_safetensors=True, trust_remote_code=False)
        self._model.eval()
        self.ends: Set[int] = frozenset(vocabulary.stops(folder, self.config, self.tokenizer))

    @property
    def context(self) -> int:
        """Tokens at most."""
        return int(self.config.max_position_embeddings)

    @property
    def special(self) -> list[str]:
        """Tokens that were added to the tokenizer."""
        return list(self.tokenizer.get_added_vocab())

    @property
    def composes(self) -> bool:
        """Whether the tokenizer composes a text (NFC) before it looks at it."""
        return (inputs.facts(self.tokenizer)["normalizer"] or {}).get("type") == "NFC"

    def ids(self, text: str) -> list[int]:
        """Nothing is put around the text."""
        found: list[int] = self.tokenizer(text, add_special_tokens=False).input_ids
        return found

    @torch.inference_mode()
    def logits(self, ids: Sequence[int]) -> Array:
        """(tokens, vocabulary)."""
        found: Array = self._model(input_ids=torch.tensor([list(ids)])).logits[0].numpy()
        return found

    @torch.inference_mode()
    def greedy(self, ids: Sequence[int], most: int) -> list[int]:
        """The most probable tokens, up to an end: not by `generate`, since a checkpoint's generation_config.json may say otherwise."""
        found: list[int] = []
        step, cache = list(ids), None
        while len(found) < most:
            out = self._model(input_ids=torch.tensor([step]), past_key_values=cache, use_cache=True)
            token, cache = int(out.logits[0, -1].argmax()), out.past_key_values
            if token in self.ends:
                break
            found.append(token)
            step = [token]
        return found
