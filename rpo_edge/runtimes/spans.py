"""Frozen spans, guaranteed while decoding: what must come out as it is, is not left to the model.

Where the text stands in its draft right before such a span (its last two tokens are the draft's there), the span's tokens follow, whatever
the model would say. Where the model would end and a span has not come as often as the draft has it, the draft's sentence with that span
comes first. So whatever the model does, a text that comes to its end has every span, byte for byte (an end of the model's, or a stop string
that is one token; one of several tokens, or as many tokens as there may be, end a text as it is); that it says them in the right sentences
is for the guard to see. What a model may no longer do is to put words of its own right before a span.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from rpo_edge.runtimes.base import Options
from rpo_edge.runtimes.decoding import Array
from rpo_edge.runtimes.drafting import Copier
from rpo_edge.segment import sentences

_SAME = 2  # tokens before a span that the text and its draft have in common


class Spans:
    """A `decoding.Filter`. See the module's text."""

    def __init__(
        self,
        source: str,
        kept: Sequence[str],
        tokens: Sequence[int],
        said: Callable[[int], bytes],
        ends: Callable[[int], bool],
        begins: str,
    ) -> None:
        """kept: parts of the source, in its order; what the source has not is not asked for. tokens: of the source. said: what a token adds
        to a text. ends: whether it ends one.

        begins: what stands before the text that must have the spans; where it never comes, all of it must.
        """
        self._said_by, self._ends, self._tokens = said, ends, list(tokens)
        found = _found(source, kept)
        self._begins, self._needed = begins.encode(), Counter(part for part, _, _ in found)
        self._sentences = {part: sentence for part, _, sentence in found}
        self._places = _Places(source, [said(token) for token in tokens])
        covered = [self._places.tokens(start, start + len(part)) for part, start, _ in found]
        self._spans = {first: last for first, last in covered if first >= _SAME}
        self._copier = Copier(self._tokens)
        self._text, self._tail, self._forced = b"", list[int](), list[int]()
        self._begun = not begins

    def __call__(self, logits: Array) -> Array:
        if not self._forced and self._ends(int(logits.argmax())):
            self._forced = self._missing()
        if not self._forced:
            return logits
        only = np.full(len(logits), -np.inf, np.float32)
        only[self._forced[0]] = logits[self._forced[0]]
        return only

    def add(self, token: int) -> None:
        """The text has one token more."""
        self._text += self._said_by(token)
        self._forced = self._forced[1:]
        if not self._begun:
            self._begun = self._begins in self._text
            return
        self._copier.add(token)
        self._tail = [*self._tail[1 - _SAME :], token]
        place = self._copier.place
        if not self._forced and place in self._spans and self._tokens[place - _SAME : place] == self._tail:
            self._forced = self._tokens[place : self._spans[place]]

    def _missing(self) -> list[int]:
        """Tokens of the sentence with the first span that did not come often enough."""
        text = self._text.partition(self._begins)[2] if self._begins and self._begun else self._text
        for part, many in self._needed.items():
            if text.count(part) < many:
                first, last = self._places.tokens(*self._sentences[part])
                while first and not self._said_by(self._tokens[first - 1]).strip():
                    first -= 1  # the line break before it
                return self._tokens[first:last]
        return []


def spans(
    options: Options, tokens: Callable[[str], Sequence[int]], said: Callable[[int], bytes], ends: Callable[[int], bool]
) -> Spans | None:
    """What these options ask for, if anything. Tokens that are a stop string end a text, too."""
    if not options.kept:
        return None
    stop = {string.encode() for string in options.stop}
    return Spans(
        options.source, options.kept, tokens(options.source), said, lambda token: ends(token) or said(token) in stop, options.begins
    )


class _Places:
    """Which tokens a stretch of the source's bytes lies in."""

    def __init__(self, source: str, pieces: Sequence[bytes]) -> None:
        self._ends = np.cumsum([len(piece) for piece in pieces])
        self._shift = max(0, b"".join(pieces).find(source.encode()))  # SentencePiece puts a space before a text

    def tokens(self, start: int, end: int) -> tuple[int, int]:
        """First and behind the last."""
        first = int(np.searchsorted(self._ends, start + self._shift, side="right"))
        return first, int(np.searchsorted(self._ends, end + self._shift, side="left")) + 1


def _found(source: str, kept: Sequence[str]) -> list[tuple[bytes, int, tuple[int, int]]]:
    """Each part that the source has, with the byte where it begins, and the bytes of its sentence or sentences."""
    cuts = [span.end for span in sentences(source)]
    found, at = [], 0
    for part in kept:
        start = source.find(part, at) if part else -1
        if start < 0:
            continue
        at = start + len(part)
        before, after = max([0, *(cut for cut in cuts if cut <= start)]), min(cut for cut in cuts if cut >= at)
        after = max(at, len(source[:after].rstrip()))  # white space is mostly part of the token after it
        found.append((part.encode(), _bytes(source, start), (_bytes(source, before), _bytes(source, after))))
    return found


def _bytes(source: str, place: int) -> int:
    return len(source[:place].encode())
