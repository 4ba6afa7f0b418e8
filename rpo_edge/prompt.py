"""The text of a rewriting trajectory, which a causal language model reads and writes; training and serving share it.

    <|begin|> profile <|history|> item <|history|> item … <|query|> … <|context|> before <|draft|> … <|context|> after
    <|reflect|> observations <|rewrite|> … <|end|>

`render` makes all up to `<|reflect|>`, the model what follows; `complete` is what it should write, and `parse` reads what it did.
What changes least comes first, so that a runtime keeps the front of its cache: all prompts of one user begin with `front`, and those of
one draft's windows with the same items. What stands around a window is there to be understood, and is not rewritten; without a neighbour
nothing is written. Where a prompt would be too long, items go first, from the worst, then what stands around. A model's vocabulary has
these tokens from its first day. Text of anybody's that looks like one is escaped here, and nowhere else: `<|end|>` in a draft becomes
`<\\|end|>`, and `unescape` takes that back, whatever was there before.

A line of the profile is "feature: variant rate, …"; a line of the reflection "feature: draft | user | action".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rpo_edge.features import CHOICES
from rpo_edge.records import HistoryItem, Observation, StyleProfile
from rpo_edge.segment import sentences
from rpo_edge.steps.observe import described, rates_of

PROMPT_VERSION = 2
"""A manifest names the version that its model was trained on."""

BEGIN, END, PAD = "<|begin|>", "<|end|>", "<|pad|>"
HISTORY, QUERY, DRAFT, REFLECT, REWRITE, CONTEXT = "<|history|>", "<|query|>", "<|draft|>", "<|reflect|>", "<|rewrite|>", "<|context|>"
SPECIAL_TOKENS = (BEGIN, END, PAD, HISTORY, QUERY, DRAFT, REFLECT, REWRITE, CONTEXT)
"""In the order of their ids, which are the first of the vocabulary."""

ITEM = 400
"""Code points of a history item that are shown."""

AROUND = 240
"""Code points of the text on one side of a draft that are shown: two or three sentences, which is as far as a "this" or a "however" at its
edge goes. They are other ones for each window, so no cache has them: more would be read anew every time.
"""

_LINE = re.compile(r"(?P<feature>\w+): (?P<draft>.*?) \| (?P<user>.*?) \| (?P<action>.*)")
_NAMES = "|".join(token[2:-2] for token in SPECIAL_TOKENS)
_LOOKS_SPECIAL = re.compile(rf"<(\\*)\|({_NAMES})\|>")
_ESCAPED = re.compile(rf"<\\(\\*)\|({_NAMES})\|>")


def escape(text: str) -> str:
    """The text with one more backslash in whatever looks like a special token, or like an escaped one."""
    return _LOOKS_SPECIAL.sub(r"<\\\1|\2|>", text)


def unescape(text: str) -> str:
    """What `escape` was given."""
    return _ESCAPED.sub(r"<\1|\2|>", text)


@dataclass(frozen=True, slots=True)
class Around:
    """What stands on either side of a draft that is a part of a longer text; of long texts a prompt shows what is nearest to the draft."""

    before: str = ""
    after: str = ""


ALONE = Around()
"""A draft that is a whole."""


def front(profile: StyleProfile) -> str:
    """What all prompts of a user of this profile begin with."""
    return f"{BEGIN}{escape(manner(profile))}"


def render(draft: str, profile: StyleProfile, history: Sequence[HistoryItem] = (), query: str | None = None, around: Around = ALONE) -> str:
    """What the model reads. history: best first; the best stands last, next to the draft."""
    shown = "".join(f"{HISTORY}{escape(item.text[:ITEM])}" for item in reversed(history))
    asked = f"{QUERY}{escape(query)}" if query else ""
    before, after = (f"{CONTEXT}{escape(text)}" if text else "" for text in (ending(around.before), beginning(around.after)))
    return f"{front(profile)}{shown}{asked}{before}{DRAFT}{escape(draft)}{after}{REFLECT}"


def fitted(
    draft: str,
    profile: StyleProfile,
    history: Sequence[HistoryItem],
    query: str | None,
    fits: Callable[[str], bool],
    around: Around = ALONE,
) -> str | None:
    """`render` with as much as fits of what `less` leaves; None where the draft alone does not."""
    prompts = (render(draft, profile, items, query, shown) for items, shown in less(history, around))
    return next((prompt for prompt in prompts if fits(prompt)), None)


def less(history: Sequence[HistoryItem], around: Around) -> Iterator[tuple[Sequence[HistoryItem], Around]]:
    """What may be shown beside a draft, ever less of it."""
    yield from ((history[:n], around) for n in range(len(history), -1, -1))
    if around != ALONE:
        yield (), ALONE


def ending(text: str, most: int = AROUND) -> str:
    """The last code points of a text, `most` at most: whole sentences if those are half of that or more, else whole words."""
    text = text.strip()
    if len(text) <= most:
        return text
    tail = text[-most - 1 :]  # one more, which is white space where a word begins behind it
    whole = next((span.start for span in sentences(tail)[1:]), len(tail))
    space = re.search(r"\s", tail)
    word = space.end() if space else 1
    return tail[whole if 2 * (len(tail) - whole) >= most else word :].strip()


def beginning(text: str, most: int = AROUND) -> str:
    """The first code points of a text, like `ending`."""
    text = text.strip()
    if len(text) <= most:
        return text
    head = text[: most + 1]
    whole = sentences(head)[-1].start
    space = re.search(r"\s\S*\Z", head)
    word = space.start() if space else most
    return head[: whole if 2 * whole >= most else word].strip()


def manner(profile: StyleProfile) -> str:
    """The user's rates, a feature a line, in the order of the features' table."""
    rates = rates_of(profile)
    return "\n".join(f"{feature.name}: {described(rates[feature.name])}" for feature in CHOICES if feature.name in rates)


def complete(observations: Sequence[Observation], rewrite: str) -> str:
    """What the model should write after `render`."""
    lines = (f"{o.feature}: {o.draft} | {o.user} | {o.action}" for o in observations)
    return f"{escape(chr(10).join(lines))}{REWRITE}{escape(rewrite)}{END}"


def parse(completion: str) -> tuple[tuple[Observation, ...], str]:
    """Observations and rewrite of what a model wrote. Raises ValueError where it is no trajectory's end, or was cut off."""
    reflection, found, rest = completion.partition(REWRITE)
    rewrite, ended, _ = rest.partition(END)
    if not found or not ended or any(token in reflection + rewrite for token in SPECIAL_TOKENS):
        raise ValueError("not a reflection, a rewrite and an end")
    observations = []
    for line in filter(None, unescape(reflection).split("\n")):
        match = _LINE.fullmatch(line)
        if not match:
            raise ValueError(f"not an observation: {line!r}")
        observations.append(Observation(**match.groupdict()))
    return tuple(observations), unescape(rewrite)
