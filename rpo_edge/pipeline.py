"""Personalizer: the whole flow on one screen.

freeze - profile - retrieve - reflect - guard - Rewrite

In windows of paragraphs here; sentence by sentence, while a draft comes, in `streaming.py`.
"""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from types import TracebackType
from typing import Literal, NamedTuple, Self

from rpo_edge.edits import apply, disjoint, shift
from rpo_edge.engine import EMPTY_HISTORY, NOT_ENGLISH, PARTLY_ENGLISH, WINDOW_WORDS, Clock, Engine, guarded, is_empty
from rpo_edge.errors import InputError, ReflectorError
from rpo_edge.features.exclamation import is_grave
from rpo_edge.features.framing import says_something
from rpo_edge.features.letters import is_formal
from rpo_edge.history import History
from rpo_edge.manifest import embedded
from rpo_edge.records import Edit, Evidence, Reverted, Rewrite, StyleProfile, Verdict
from rpo_edge.reflectors import DEFAULT, load
from rpo_edge.reflectors.base import Closable, Reflector, Window
from rpo_edge.reflectors.observed import Observed
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.segment import Span, answer_start, paragraphs
from rpo_edge.shelf import manifest_of
from rpo_edge.steps.foreign import in_english
from rpo_edge.steps.freeze import Frozen, freeze
from rpo_edge.steps.retrieve import ALL, Mix
from rpo_edge.steps.verse import with_verse
from rpo_edge.store.part import Part
from rpo_edge.store.search import checked
from rpo_edge.streaming import Stream

Windows = Literal["paragraphs", "sentences"]


class Personalizer:
    """Rewrites drafts for the user whose history it holds. Several threads may use one, and share its model.

    history: the store, which stays the caller's to close, or its texts of one source or kind (`History.part`). reflector: "rules", "edit"
    (the embedded model; `rules` runs in its place where this build has none, and the rewrite's notices say so), a model folder, or a
    `Reflector` of the caller's, which stays theirs to close and is called by one thread at a time. mix: what history items are chosen for.
    strength: how much of the way to the user it goes, 0 to 1; with `rules` and `edit`, what is one way all over a text (spelling, case,
    greeting) goes from one half on, and what the user stated in words always; of what a language model writes, so large a part of the
    sentences is taken.
    Raises ModelError if the folder is absent, altered or of an unknown kind; InputError for another strength.
    """

    def __init__(
        self, history: History | Part, reflector: str | os.PathLike[str] | Reflector = DEFAULT, mix: Mix = ALL, *, strength: float = 1.0
    ) -> None:
        if not 0 <= strength <= 1:
            raise InputError(f"strength is from 0 to 1, not {strength}")
        loaded, notices = _load(reflector) if isinstance(reflector, str | os.PathLike) else (reflector, ())
        self._loaded = loaded if loaded is not reflector else None  # here, so that it is closed here
        self._engine = Engine(history, loaded, mix, notices, strength)

    def prepare(self) -> None:
        """Measure and count now what the first rewrite would wait for: texts that are new in the history, or all for a model that is new to it.

        Raises StoreError where the history cannot be read.
        """
        with self._engine.lock:
            self._engine.history.profile(self._engine.reflector.counter)

    def rewrite(self, draft: str, query: str | None = None, k: int = 8, windows: Windows = "paragraphs") -> Rewrite:
        """The draft in the user's manner. `query` steers retrieval only; `k` is how many history items are read: with 0, the
        profile alone decides.

        windows: "sentences" gives what a stream of the draft gives, and for the same text always the same.
        Raises StoreError where the history cannot be read ("sentences": the result says so); InputError for other windows, and for a k
        below 0.
        """
        if windows == "paragraphs":
            with self._engine.lock:
                return _in_paragraphs(self._engine, draft, query, checked(k))
        if windows != "sentences":
            raise InputError(f"windows are paragraphs or sentences, not {windows!r}")
        stream = self.streaming(query, k)
        stream.feed(draft)
        stream.finish()
        return stream.result

    async def arewrite(self, draft: str, query: str | None = None, k: int = 8, windows: Windows = "paragraphs") -> Rewrite:
        """`rewrite`, in a thread."""
        import asyncio  # 28 ms, which other rewrites need not wait for

        return await asyncio.to_thread(self.rewrite, draft, query, k, windows)

    def streaming(self, query: str | None = None, k: int = 8) -> Stream:
        """A stream for one draft, to be fed with its chunks."""
        return Stream(self._engine, query, k)

    def stream(self, chunks: Iterable[str], query: str | None = None, k: int = 8) -> Iterator[str]:
        """The rewrite of a draft that comes in chunks, sentence by sentence. What `chunks` raises, this raises."""
        stream = self.streaming(query, k)
        for chunk in chunks:
            if text := stream.feed(chunk):
                yield text
        if text := stream.finish():
            yield text

    async def astream(self, chunks: AsyncIterable[str], query: str | None = None, k: int = 8) -> AsyncIterator[str]:
        """`stream`, with the work in a thread."""
        import asyncio

        stream = self.streaming(query, k)
        async for chunk in chunks:
            if text := await asyncio.to_thread(stream.feed, chunk):
                yield text
        if text := await asyncio.to_thread(stream.finish):
            yield text

    def close(self) -> None:
        """Free the model, when no rewrite uses it; twice is fine. Drafts that come later stay as they are where one is needed.

        A reflector that was handed over stays open.
        """
        with self._engine.lock:
            if isinstance(self._loaded, Closable):
                self._loaded.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _in_paragraphs(engine: Engine, draft: str, query: str | None, k: int) -> Rewrite:
    clock, reflector = Clock(), engine.reflector

    def unchanged(*notices: str, verdict: Verdict | None = None, failed: bool = False) -> Rewrite:
        return Rewrite(draft, draft, (), (), verdict or Verdict(), reflector.info, clock.spent, notices, failed)

    with clock("freeze"):
        seen = read(draft)
    if not seen.answer.strip():
        return unchanged()
    if is_empty(engine.history):
        return unchanged(EMPTY_HISTORY)
    if not seen.english:
        return unchanged(NOT_ENGLISH)
    material = engine.material(seen.answer, query, k, clock)
    try:
        with clock("reflect"):
            engine.remember(material)
            observed, proposed = reflect(reflector, seen.answer, seen.frozen, material.evidence, material.profile, engine.strength)
    except Exception as error:  # a reflector may be anyone's: whatever goes wrong in it, the draft is still an answer
        reason = str(error) if isinstance(error, ReflectorError) else f"the reflector failed: {type(error).__name__}: {error}"
        return unchanged(reason, *engine.notices, verdict=Verdict(False, (Reverted(seen.answer, reason),)), failed=True)
    with clock("guard"):
        edits, verdict = guarded(seen.answer, proposed, material.profile, engine.history.contains_phrase)
        edits = [shift(edit, seen.start) for edit in edits]
    notices = (*engine.notices, PARTLY_ENGLISH) if seen.partly else engine.notices
    return Rewrite(apply(draft, edits), draft, tuple(edits), observed.of(edits), verdict, reflector.info, clock.spent, notices)


class Reading(NamedTuple):
    """What of a draft is to be rewritten: `answer`, which begins at `start`, behind a model's reasoning, but for its `frozen` spans.

    english: whether it is English; partly: whether some of it is not, and so is frozen.
    """

    start: int
    answer: str
    english: bool
    partly: bool
    frozen: tuple[Frozen, ...]


def read(draft: str) -> Reading:
    """A draft before anything is known of the user."""
    start = answer_start(draft)
    answer = draft[start:]
    english = in_english(answer, freeze(answer))
    return Reading(start, answer, english.here, english.partly, with_verse(answer, english.frozen) if english.here else english.frozen)


def reflect(
    reflector: Reflector, draft: str, frozen: Sequence[Frozen], evidence: Evidence, profile: StyleProfile, strength: float = 1.0
) -> tuple[Observed, list[Edit]]:
    """What the reflector says of all windows of a draft, and every edit."""
    observed = Observed()
    edits: list[Edit] = []
    for window in windows(draft, frozen):
        reflection = reflector.reflect(replace(window, strength=strength), evidence, profile)
        apply(window.text, reflection.edits)  # raises for edits that do not fit
        edits += [shift(edit, window.start) for edit in reflection.edits]
        observed.add(reflection)
    return observed, disjoint(edits)


def windows(draft: str, frozen: Sequence[Frozen]) -> Iterator[Window]:
    """Windows that cover the draft, each of whole paragraphs that say something, with its neighbour windows as context."""
    spans = _groups(draft, [(f.start, f.end) for f in frozen])
    texts = [draft[start:end] for start, end in spans]
    ends = [f.end for f in frozen]
    opening, formal, grave = "".join(texts[:2]), is_formal(draft), is_grave(draft)
    for i, (start, end) in enumerate(spans):
        before, after = "".join(texts[max(0, i - 1) : i]), "".join(texts[i + 1 : i + 2])
        near = islice(frozen, bisect_right(ends, start), bisect_left(frozen, end, key=lambda f: f.start))
        inside = tuple((max(f.start - start, 0), min(f.end, end) - start, f.kind) for f in near)
        last = i + 1 == len(spans)
        yield Window(texts[i], start, before, after, inside, last=last, formal=formal, opening=opening, grave=grave)


def _groups(draft: str, closed: Sequence[tuple[int, int]]) -> list[Span]:
    """Runs of paragraphs of about `WINDOW_WORDS` words.

    An opener by itself takes the next paragraph in, however long that is; a closer joins what stands before it, for it goes only from there.
    """
    groups: list[Span] = []
    size, said = 0, False  # of the last group: its words, and whether it says something
    for start, end in paragraphs(draft, closed):
        n, says = len(draft[start:end].split()), says_something(draft[start:end])
        after_opener = len(groups) == 1 and not said and size <= WINDOW_WORDS
        closing = not says and size + n <= 2 * WINDOW_WORDS
        if groups and (size + n <= WINDOW_WORDS or closing or after_opener):
            groups[-1], size, said = Span(groups[-1].start, end), size + n, said or says
        else:
            groups.append(Span(start, end))
            size, said = n, says
    return groups


def _load(reflector: str | os.PathLike[str]) -> tuple[Reflector, tuple[str, ...]]:
    """The reflector by name, folder or GGUF file, and what the user should know about the choice."""
    if reflector == "rules":
        return RulesReflector(), ()
    if reflector == "edit" and not any(path.name == "edit" for path in embedded()):
        return RulesReflector(), ("this build has no embedded model, so the rules reflector runs",)
    return load(manifest_of(reflector)), ()
