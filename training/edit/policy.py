"""The edit reflector as a policy: one distribution over operations for every word, from which whole rewrites are drawn.

All samples of a draft come out of one forward pass: where operations stand does not depend on what was drawn elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers import BertForTokenClassification

from rpo_edge.edits import disjoint
from rpo_edge.operations import Vocabulary
from rpo_edge.records import Edit, ReflectorInfo
from rpo_edge.reflectors.chunks import LONGEST, Chunk, chunks
from rpo_edge.reflectors.edit import EditReflector, Encoder, Heads
from rpo_edge.steps.freeze import freeze
from rpo_edge.usage import Array, Usage
from rpo_edge.wordpiece import WordPiece
from training.edit.examples import Example, sides_of
from training.edit.sft import Editor

LIVE = 1e-3
"""A place where anything changes with a smaller probability than this is left out of samples, losses and sums: there are many."""


def encoder_of(network: nn.Module) -> Encoder:
    """A token classifier as an edit reflector runs it: arrays in, logits out."""

    @torch.no_grad()
    def encoder(ids: Array, mask: Array, shapes: Array) -> Array:
        tensors = [torch.from_numpy(array) for array in (ids, mask, shapes)]
        logits: Array = network(input_ids=tensors[0], attention_mask=tensors[1], token_type_ids=tensors[2]).logits.numpy()
        return logits

    return encoder


@dataclass(frozen=True)
class Policy:
    """The network, and what it is used with. allowed: (operations,) whether an operation may be used at all."""

    model: Editor
    vocabulary: Vocabulary
    allowed: Array
    tokenizer: WordPiece

    @classmethod
    def load(cls, checkpoint: Path, bolder: float = 0.0) -> Policy:
        """From a checkpoint folder; what calibration found (scale, offset) goes into the network's own weights.

        bolder: added to every operation's logit.
        """
        vocabulary = Vocabulary.load(checkpoint / "operations.json")
        heads = Heads.load(checkpoint / "user.npz")
        network = BertForTokenClassification.from_pretrained(
            checkpoint, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, classifier_dropout=0.0
        )
        marks = torch.tensor([op.marks for op in vocabulary.operations])
        model = Editor(network, len(vocabulary) - 1, len(Usage(vocabulary).families), marks)
        with torch.no_grad():
            known = heads.own.shape[1]  # an older checkpoint reads fewer columns
            model.own[:, :known] = torch.from_numpy(heads.scale * heads.own)
            model.families.copy_(torch.from_numpy(heads.scale * heads.families))
            model.inner.weight.zero_()
            model.inner.weight[:, :known] = torch.from_numpy(heads.inner.T)
            model.inner.bias.copy_(torch.from_numpy(heads.inner_bias))
            model.outer.copy_(torch.from_numpy(heads.scale * heads.outer))
            network.classifier.bias[1:] += float(heads.offset) + bolder
        return cls(model, vocabulary, heads.allowed > 0, WordPiece.load(checkpoint / "vocab.txt"))

    @cached_property
    def usage(self) -> Usage:
        """Counts what the operations are about."""
        return Usage(self.vocabulary)

    def heads(self) -> dict[str, Array]:
        """The user's part, as `rpo_edge.reflectors.edit.Heads` reads it."""
        return self.model.heads() | {"allowed": self.allowed.astype(np.float32)}

    def situation(self, text: str, author: tuple[str, str], history: tuple[int, ...]) -> Situation | None:
        """The first chunk of a text, whose frozen spans no operation fits; None where it has no words."""
        chunk = next(iter(chunks(text, self.tokenizer, LONGEST)), None)
        if chunk is None or not chunk.words:
            return None
        fits = self.vocabulary.mask(chunk.text, chunk.words)
        fits[:, 1:] &= self.allowed
        frozen = [(start, end) for start, end, _ in freeze(chunk.text)]
        for i, word in enumerate(chunk.words):
            if any(word.start < end and start <= word.end for start, end in frozen):
                fits[i] = False
        arrays = (np.array(chunk.ids, dtype=np.int32), np.array(chunk.shapes, dtype=np.int8), np.array(chunk.heads, dtype=np.int16))
        return Situation(
            chunk,
            Example(*arrays, np.packbits(fits, axis=1), np.zeros((0, 2), dtype=np.int32), author, history, sides_of(text, self.usage)),
        )

    def edits(self, drawn: Array, log: torch.Tensor, of: Situation) -> Iterator[dict[int, Edit]]:
        """Edits of each of the (samples, live places) drawn, by live place and in order; where two want the same words, the likelier one has them."""
        places = live(log)
        words, chances = places.nonzero()[:, 1].tolist(), log.detach()[places]
        for sample in drawn:
            changed = sorted(((float(chances[k, number]), k, int(number)) for k, number in enumerate(sample) if number), reverse=True)
            made = {k: self.vocabulary.edit(number, of.text, of.chunk.words, words[k]) for _, k, number in changed}
            number_of = {id(edit): k for k, edit in made.items()}
            yield {number_of[id(edit)]: edit for edit in disjoint(edit for edit in made.values() if edit)}

    def reflector(self) -> EditReflector:
        """The policy as a device runs it, in float32."""
        return EditReflector(
            encoder_of(self.model.encoder), self.vocabulary, Heads(**self.heads()), self.tokenizer, ReflectorInfo("policy")
        )


@dataclass(frozen=True)
class Situation:
    """A draft that fits the encoder at once, for somebody: `example` is what the network reads of it."""

    chunk: Chunk
    example: Example

    @property
    def text(self) -> str:
        """The draft."""
        return self.chunk.text


def split(log: torch.Tensor, situations: Sequence[Situation]) -> list[torch.Tensor]:
    """(2, words of all, operations + 1) log probabilities, situation by situation."""
    return list(log.split([len(s.chunk.words) for s in situations], dim=1))


def live(log: torch.Tensor) -> torch.Tensor:
    """(2, words) whether anything may change there."""
    return log[:, :, 0].detach().exp() < 1 - LIVE


def draw(log: torch.Tensor, samples: int, generator: torch.Generator) -> torch.Tensor:
    """(samples, live places) numbers of operations, 0 to keep; places in the order of `log[live(log)]`."""
    places = log.detach()[live(log)].exp()
    if not len(places):
        return torch.zeros(samples, 0, dtype=torch.long)
    return torch.multinomial(places, samples, replacement=True, generator=generator).T
