"""fidelity: the draft's facts and form are in the rewrite, and about as many words.

The judge is the device's own guard, over the edits that lead from the draft to the rewrite: what it would take back there is worth
0.0 here. So a fact that was moved past others counts as lost, as it does on the device. What the guard does not see (meaning, which
of two names did what) is not seen here either: a rewrite of other words and the same length passes, and other rewards must notice.
"""

from __future__ import annotations

from collections.abc import Sequence

from rpo_edge.edits import align
from rpo_edge.engine import own_phrases, unwanted
from rpo_edge.features.framing import is_stock
from rpo_edge.segment import sentences, words
from rpo_edge.steps.guard import guard
from training.rewards.base import Rollout

SHORTEST, LONGEST = 0.7, 1.4
"""Words of the rewrite for a word of the draft that cost nothing. Chosen by reason, not by search.

Contractions, plain words and lighter punctuation move the number of words by a tenth or so, so the borders leave three times that, as
much (each is about the other's reciprocal) for the terse as for the wordy. Beyond lies what the guard cannot see: left out or made up.
"""

_FREE = 2  # words added to both sides, so that one contraction costs a sentence of three words nothing
_MARKS = " \t\r\n.,!"  # may follow a greeting or sign-off


def fidelity(rollouts: Sequence[Rollout]) -> list[float | None]:
    """0.0 where the guard would take anything back or there is no rewrite, else 1.0, lowered as the length departs from the draft's.

    Outside SHORTEST..LONGEST the value falls as the quotient of border and ratio: twice as far off is worth half. The user's own
    greeting and sign-off may be added and stock phrases dropped; neither counts for the length. None where there is a task: a label,
    rating or title in a draft is a guess to be mended, not a fact to be kept.
    """
    return [_kept(rollout, rollout.rewrite) for rollout in rollouts]


def _kept(rollout: Rollout, rewrite: str | None) -> float | None:
    if rewrite is None:
        return 0.0
    if rollout.task is not None:
        return None
    own = added(rollout)
    edits = align(rollout.draft, rewrite) if rollout.edits is None else rollout.edits
    _, verdict = guard(rollout.draft, edits, allowed=own, unwanted=unwanted(rollout.profile))
    if not verdict.accepted:
        return 0.0
    new = [text for text in own if not opens(rollout.draft, text) and not closes(rollout.draft, text)]
    return _length(rollout.draft, without(rewrite, new))


def added(rollout: Rollout) -> tuple[str, ...]:
    """The user's own greetings and sign-offs with which the rewrite begins or ends, longest first, without marks after them.

    Only there: "hi" inside "nothing" is no greeting.
    """
    rewrite = rollout.rewrite or ""
    shapes = (shape for own in own_phrases(rollout.profile) for shape in (bare(own), bare(own).replace("\n", "\r\n")))
    return tuple(dict.fromkeys(shape for shape in shapes if opens(rewrite, shape) or closes(rewrite, shape)))


def bare(own: str) -> str:
    """A greeting or sign-off without the white space around it and the marks after it."""
    return own.rstrip(_MARKS).lstrip()


def opens(text: str, own: str) -> bool:
    """Whether a text begins with a bare greeting, as whole words."""
    text = text.lstrip()
    return bool(own) and text.startswith(own) and not text[len(own) :][:1].isalnum()


def closes(text: str, own: str) -> bool:
    """Whether a text ends with a bare sign-off, as whole words, and marks."""
    text = text.rstrip(_MARKS)
    return bool(own) and text.endswith(own) and not text[: -len(own)][-1:].isalnum()


def without(text: str, own: Sequence[str]) -> str:
    """The text without a greeting that it begins with and a sign-off that it ends with; of several, the first."""
    greeting = next((phrase for phrase in own if opens(text, phrase)), "")
    text = text.lstrip()[len(greeting) :]
    sign_off = next((phrase for phrase in own if closes(text, phrase)), "")
    return text.rstrip(_MARKS)[: -len(sign_off)] if sign_off else text


def _length(draft: str, rewrite: str) -> float:
    """1.0 inside the borders, else how far outside, as a quotient; a draft of no words admits none."""
    before, after = _words(draft), _words(rewrite)
    if not before or not after:
        return float(before == after)
    ratio = (after + _FREE) / (before + _FREE)
    return min(1.0, ratio / SHORTEST, LONGEST / ratio)


def _words(text: str) -> int:
    return sum(len(words(text[start:end])) for start, end in sentences(text) if not is_stock(text[start:end]))
