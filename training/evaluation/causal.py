"""What runs a causal language model here besides the device's runtimes: torch for a checkpoint, and a memory of prompts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rpo_edge.errors import ReflectorError
from rpo_edge.runtimes.base import Options, Piece, Runtime, States, check_room, until_stop

_KEPT = 64  # prompts whose answers are remembered


class Remembered:
    """The same runtime, asked once for the same prompt: some rows of the tables have the first steps in common."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: OrderedDict[tuple[str, Options], list[Piece]] = OrderedDict()
        self.room, self.count, self.remember, self.close = runtime.room, runtime.count, runtime.remember, runtime.close

    def generate(self, prompt: str, options: Options) -> Iterator[Piece]:
        """All pieces at once, of the runtime or from memory."""
        key = prompt, options
        if key not in self._known:
            self._known[key] = list(self._runtime.generate(prompt, options))
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return iter(self._known[key])


class TorchRuntime:
    """See `Runtime`. A checkpoint in float32, the most probable token each time: what the evaluation asks for is greedy.

    Frozen spans are not forced while it decodes, as a device forces them: more of its sentences are the guard's to take back.
    """

    def __init__(self, checkpoint: Path) -> None:
        """Raises OSError where the folder has no safetensors."""
        import torch

        from training.generative import text

        torch.set_num_threads(1)
        base = text.load(checkpoint)
        self._model: Any = base.model.eval()
        self._tokenizer, self.form = base.tokenizer, base.form
        self.room = text.room(base)

    def count(self, text: str) -> int:
        """By the checkpoint's tokenizer."""
        return len(self._ids(text))

    def generate(self, prompt: str, options: Options) -> Iterator[Piece]:
        """Raises ReflectorError where the prompt does not fit, or the model is closed."""
        ids = self._ids(prompt)
        if self._model is None:
            raise ReflectorError("the runtime is closed")
        check_room(len(ids), self.room - 1)
        return until_stop(self._pieces(ids, min(options.tokens, self.room - len(ids))), options.stop)

    def remember(self, states: States | None) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Free the model."""
        self._model = None

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False).input_ids)

    def _pieces(self, prompt: list[int], tokens: int) -> Iterator[Piece]:
        """A character whose bytes are not all there yet waits for them."""
        said: list[int] = []
        shown = ""
        for token in self._greedy(prompt, tokens):
            said.append(token)
            whole = self._tokenizer.decode(said, skip_special_tokens=False, clean_up_tokenization_spaces=False)
            new = "" if whole.endswith("\ufffd") else whole[len(shown) :]
            shown += new
            yield Piece(new, token)

    def _greedy(self, prompt: list[int], tokens: int) -> Iterator[int]:
        """Up to the model's end token."""
        import torch

        new, past = torch.tensor([prompt]), None
        for _ in range(tokens):
            with torch.inference_mode():
                answer = self._model(input_ids=new, past_key_values=past, use_cache=True)
            past, token = answer.past_key_values, int(answer.logits[0, -1].argmax())
            if token == self._tokenizer.eos_token_id:
                return
            yield token
            new = torch.tensor([[token]])
