"""Stream: rewrites a draft sentence by sentence while it comes.

    cut - freeze - (profile, retrieve: once) - reflect - guard, for each sentence as soon as the next one begins

What follows a sentence is not known, so less is known than in windows of paragraphs: the draft's own rates are those of the text so far,
and what a sentence becomes rests on it and on what stands before it alone. Rounding is carried from sentence to sentence, or a habit of 62%
would come out at all or nothing. The guard reads the words that have left before the sentence, so that a run of private words over the
border is found where the sentence's own edits make it; where words that have left and the draft's next words make one, nothing can be taken
back.

Whatever fails here, the sentence passes as it is, and the result says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from rpo_edge.edits import apply, shift
from rpo_edge.engine import (
    EMPTY_HISTORY,
    NOT_ENGLISH,
    PARTLY_ENGLISH,
    WINDOW_WORDS,
    Clock,
    Engine,
    Material,
    guarded,
    is_empty,
)
from rpo_edge.errors import InputError, RpoEdgeError
from rpo_edge.features.letters import is_formal
from rpo_edge.records import Edit, Reverted, Rewrite, StyleProfile, Verdict
from rpo_edge.reflectors.base import Window
from rpo_edge.reflectors.observed import Observed
from rpo_edge.segment import words
from rpo_edge.steps.cut import Cutter, Piece, frozen_after, lead_of
from rpo_edge.steps.foreign import in_english
from rpo_edge.steps.freeze import Frozen, freeze, prose
from rpo_edge.steps.verse import with_verse
from rpo_edge.store.search import checked

_RUN = re.compile(r"\S+\s*")
_MOST = 2000  # characters that so many words may have
_PLAIN = re.compile(r"[^\W_]+(?:['’.\-][^\W_]+)*")  # words without the marks between them, in which nothing can stand open


@dataclass
class _Record:
    """What the result will say."""

    draft: list[str] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    observed: Observed = field(default_factory=Observed)
    reverted: list[Reverted] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    english: int = 0  # sentences
    foreign: int = 0

    def fail(self, sentence: str, error: Exception) -> None:
        reason = str(error) if isinstance(error, RpoEdgeError) else f"rewriting failed: {type(error).__name__}: {error}"
        self.reverted.append(Reverted(sentence.strip(), reason))
        if reason not in self.failures:
            self.failures.append(reason)

    def notices(self, general: Iterable[str]) -> tuple[str, ...]:
        if self.foreign and not self.english:
            return (*self.failures, NOT_ENGLISH)
        return (*self.failures, *general, *([PARTLY_ENGLISH] if self.foreign else []))


class Stream:
    """One draft on its way: `feed` its chunks as they come, then `finish`; what both return makes up the rewrite.

    It belongs to one thread at a time; several streams may run at once.
    """

    def __init__(self, engine: Engine, query: str | None = None, k: int = 8) -> None:
        self._engine, self._query, self._k = engine, query, checked(k)
        self._cutter: Cutter | None = None  # None: everything passes
        self._clock, self._record = Clock(), _Record()
        self._begun = self._empty = False
        self._result: Rewrite | None = None
        self._material: Material | None = None
        self._start = self._ahead = 0  # of the next piece, in the draft, and of where the draft begins behind the model's reasoning
        self._before = self._left = self._behind = ""  # the draft's prose, the rewrite's, and the draft's last letter before it
        self._carry: Mapping[str, float] = {}
        self._formal = False  # whether the draft is a formal letter, as far as it has come
        self._opening = ""  # its first sentence

    def feed(self, text: str) -> str:
        """What may leave now that `text` has come, "" if nothing. Raises InputError after `finish`, and for nothing else."""
        if self._result is not None:
            raise InputError("the stream is finished")
        if not text:
            return ""
        self._begin(text)
        self._record.draft.append(text)
        return text if self._cutter is None else self._gone(lambda cutter: cutter.feed(text))

    def finish(self) -> str:
        """The rest; "" the second time."""
        if self._result is not None:
            return ""
        rest = "" if self._cutter is None else self._gone(Cutter.finish)
        self._result = self._made()
        return rest

    @property
    def result(self) -> Rewrite:
        """The whole. Raises InputError before `finish`."""
        if self._result is None:
            raise InputError("the stream is not finished")
        return self._result

    def _begin(self, text: str) -> None:
        """With the first text: whether there is anything to go by."""
        if self._begun:
            return
        self._begun = True
        try:
            with self._engine.lock:
                self._empty = is_empty(self._engine.history)
            self._cutter = None if self._empty else Cutter()
        except Exception as error:
            self._record.fail(text, error)

    def _gone(self, pieces: Callable[[Cutter], Iterator[Piece]]) -> str:
        """The text of the pieces. If the cutter fails, what it has passes, and all that follows."""
        assert self._cutter is not None
        gone: list[str] = []
        try:
            gone.extend(self._passed(piece) for piece in pieces(self._cutter))
        except Exception as error:
            rest = self._cutter.rest()
            self._record.fail(rest, error)
            self._cutter = None
            gone.append(rest)
        return "".join(gone)

    def _passed(self, piece: Piece) -> str:
        """The piece as it leaves."""
        text = self._sentence(piece) if piece.prose else piece.text
        self._start += len(piece.text)
        self._behind = "" if piece.ahead else piece.text[-1]
        self._ahead = self._start if piece.ahead else self._ahead
        self._before = _ended(self._before, piece.text if piece.prose else "\n")
        self._left = _ended(self._left, text if piece.prose else "\n")
        return text

    def _sentence(self, piece: Piece) -> str:
        try:
            with self._engine.lock:
                return self._rewritten(self._window(piece))
        except Exception as error:  # a reflector may be anyone's: whatever goes wrong in it, the sentence is still an answer
            self._record.fail(piece.text, error)
            return piece.text

    def _window(self, piece: Piece) -> Window:
        with self._clock("freeze"):
            frozen = frozen_after(lead_of(self._behind), piece.text)
        self._formal = self._formal or is_formal(f"{self._before}{piece.text}")
        self._opening = self._opening or piece.text
        strength = self._engine.strength
        start = self._start - self._ahead
        return Window(piece.text, start, self._before, "", frozen, piece.last, True, self._carry, strength, self._formal, self._opening)

    def _rewritten(self, window: Window) -> str:
        with self._clock("freeze"):
            english, frozen, kept = _told(window)
        self._record.english += english
        self._record.foreign += not english or frozen != window.frozen
        if not english:
            return window.text
        window = replace(window, frozen=kept)
        if self._material is None:
            self._material = self._engine.material(window.text, self._query, self._k, self._clock)
        profile, evidence = self._material.profile, self._material.evidence
        with self._clock("reflect"):
            self._engine.remember(self._material)
            reflection = self._engine.reflector.reflect(window, evidence, profile)
        with self._clock("guard"):
            edits, verdict = self._guarded(window, reflection.edits, profile)
            text = apply(window.text, edits)
        self._carry = reflection.carry
        self._record.edits += [shift(edit, self._start) for edit in edits]
        self._record.reverted += verdict.reverted
        self._record.observed.add(reflection)
        return text

    def _guarded(self, window: Window, edits: Iterable[Edit], profile: StyleProfile) -> tuple[list[Edit], Verdict]:
        """The guard's answer with the words before the sentence, as they have left, in its sight."""
        words = " ".join(_PLAIN.findall(self._left))
        lead = f"{words}{lead_of(self._behind)}"  # the mark in `lead_of` ends their sentence
        shifted = [shift(edit, len(lead)) for edit in edits]
        kept, verdict = guarded(f"{lead}{window.text}", shifted, profile, self._engine.history.contains_phrase)
        return [shift(edit, -len(lead)) for edit in kept], verdict

    def _made(self) -> Rewrite:
        record, engine = self._record, self._engine
        draft = "".join(record.draft)
        notices = (EMPTY_HISTORY,) if self._empty else record.notices(engine.notices)
        verdict = Verdict(not record.reverted, tuple(record.reverted))
        text = apply(draft, record.edits)
        return Rewrite(
            text,
            draft,
            tuple(record.edits),
            record.observed.of(record.edits),
            verdict,
            engine.reflector.info,
            self._clock.spent,
            notices,
            bool(record.failures),
        )


def _told(window: Window) -> tuple[bool, tuple[Frozen, ...], tuple[Frozen, ...]]:
    """Whether the sentence is English, by what stands before it, too; its frozen spans with what is not English in it, and with verse, too."""
    by, text = len(window.before), window.before + window.text
    frozen = (*freeze(window.before), *(Frozen(start + by, end + by, kind) for start, end, kind in window.frozen))
    english = in_english(text, frozen)
    inside, kept = (_behind(by, spans) for spans in (english.frozen, with_verse(text, english.frozen)))
    return english.here and not (english.partly and not words(prose(window.text, inside))), inside, kept


def _behind(by: int, frozen: Iterable[Frozen]) -> tuple[Frozen, ...]:
    """The frozen spans of a text without its first code points, `by` of them."""
    return tuple(Frozen(max(0, start - by), end - by, kind) for start, end, kind in frozen if end > by)


def _ended(text: str, added: str) -> str:
    """The last words of a text that goes on. What passed is a line's end there, however many parts it came in."""
    if added == "\n" and (not text or text.endswith("\n")):
        return text
    runs = _RUN.findall((text + added)[-_MOST:])
    return "".join(runs[-WINDOW_WORDS:])
