"""The content of a trajectory as a conversation, for instruct models that were never trained on one.

`messages` makes a system message (the task and the form of the answer) and a user's (profile, history items, what stands around the draft,
draft, in the order of `prompt.render` but that all of what stands around comes before the draft); `Chat` puts them into the pieces of the
model's own chat template; `read` finds the rewrite in the answer, whatever a small model puts around it: a greeting of its own, code
fences, quotes, an explanation. What it takes away is never something that the draft has at the same place.

Text of anybody's that looks like a control token of the model's is escaped here as `prompt.escape` does it: `<|im_end|>` in a draft becomes
`<\\|im_end|>`, and the answer is read with that taken back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rpo_edge.errors import ModelError
from rpo_edge.prompt import ALONE, ITEM, Around, beginning, ending, less, manner
from rpo_edge.records import HistoryItem, Observation, StyleProfile
from rpo_edge.segment import without_thought

TASK = """\
You rewrite a draft so that it reads as if the user had written it. You are told how the user writes.
Keep every fact, number, name, link, quotation and piece of code, the order of what is said, and the Markdown. Add no facts and answer no questions.
Change only the manner: contractions, spelling, punctuation, greeting, choice of words. Where the draft is in the user's manner, copy it.

Answer in exactly this form and write nothing after it:
Notes: one short line on how the user's manner differs from the draft's
Rewrite:
the whole draft, rewritten"""

_NO_NOTE = "none"
_NOTES, _NOTE = 3, 200  # notes that are kept, and code points of one
# Of the draft's longer words, and of the rewrite's: at least so many are in both; a model that goes on with a history item has fewer.
_KEPT = 0.5

_MARKER = re.compile(
    r"^[\W_]*(?:rewrite|rewritten|revised)(?: (?:draft|text|version|message))?[*_\s]*:[*_]*[ \t]*", re.IGNORECASE | re.MULTILINE
)
_PREAMBLE = re.compile(
    r"\A[^\n:]{0,80}\b(?:rewrite|rewritten|rewrote|revised|version|draft|text)\b[^\n:]{0,80}:[*_]*[ \t]*\n+|\A(?:sure|certainly|of course)[!.,][^\n]*\n\n",
    re.IGNORECASE,
)
_FENCED = re.compile(r"\A(?P<mark>```|~~~)[^\n`]*\n(?P<inside>.*?)\n?^(?P=mark)[ \t]*$.*", re.DOTALL | re.MULTILINE)
_TAGGED = re.compile(r"\A<(?P<tag>draft|rewrite|text)>\n?(?P<inside>.*?)\n?</(?P=tag)>.*", re.DOTALL | re.IGNORECASE)
_AFTERWORD = re.compile(  # begins behind a letter, so that blank lines are looked at once
    r"(?<=\S)[^\S\n]*\n[^\S\n]*\n\s*(?:[*_(\[]+\s*){0,2}(?:(?:notes?|explanation|changes(?: made)?)[*_]*:"
    r"|(?:i (?:have |'ve )?(?:changed|rewrote|rewritten|kept|made|used)|let me know|feel free|this (?:rewrite|rewritten|version))\b).*",
    re.DOTALL | re.IGNORECASE,
)
_QUOTES = {'"': '"', "“": "”", "'": "'", "‘": "’", "`": "`"}


def messages(
    draft: str, profile: StyleProfile, history: Sequence[HistoryItem] = (), query: str | None = None, around: Around = ALONE
) -> tuple[str, str]:
    """The system message and the user's. history: best first; the best stands last, next to the draft.

    The draft is the end, and nothing has tags around it: models of 135 million parameters go on with whatever form they saw last. What
    stands around it is on one line a side, with an ellipsis where the draft is cut off from it or it is from the whole: it looks like no
    draft.
    """
    shown = "\n\n".join(item.text[:ITEM] for item in reversed(history))
    parts = [f"Texts of mine, which show my manner:\n\n{shown}"] if shown else []
    parts += [f"The draft below answers this question: {query}"] if query else []
    parts += _neighbours(around)
    return TASK, _opening(profile) + "\n\n".join([*parts, f"Rewrite this draft in my manner, and keep what it says:\n\n{draft}"])


def _opening(profile: StyleProfile) -> str:
    """What is the same whatever the draft."""
    return f"How I write, with the share of each choice in my texts:\n{manner(profile)}\n\n"


def _neighbours(around: Around) -> list[str]:
    before, after = (" ".join(text.split()) for text in (ending(around.before), beginning(around.after)))
    lines = ["The draft below is a part of a longer text. What stands around it is not to be rewritten or repeated:"]
    lines += [f"Before the draft: … {before} …"] if before else []
    lines += [f"After the draft: … {after} …"] if after else []
    return ["\n".join(lines)] if len(lines) > 1 else []


def read(answer: str, draft: str) -> tuple[tuple[Observation, ...], str]:
    """Notes, one observation each, and the rewrite. Raises ValueError where the answer has no rewrite of the draft."""
    answer = without_thought(answer)
    markers = list(_MARKER.finditer(answer))
    asked_for = len(markers) > len(_MARKER.findall(draft))  # one more than the draft has itself
    notes, rewrite = (answer[: markers[0].start()], answer[markers[0].end() :]) if asked_for else ("", answer)
    rewrite = _bare(rewrite.strip(), draft)
    if not rewrite:
        raise ValueError("no rewrite in the answer")
    wanted, found = _words(draft), _words(rewrite)
    if len(wanted & found) < _KEPT * max(len(wanted), len(found)):
        raise ValueError("the answer is no rewrite of the draft")
    return tuple(Observation("note", "", "", note) for note in _lines(notes)), rewrite


def _bare(text: str, draft: str) -> str:
    """Without what is around a rewrite, outermost first."""
    bare = text
    if (preamble := _PREAMBLE.match(bare)) and not draft.startswith(preamble[0].strip()):
        bare = bare[preamble.end() :].strip()
    for pattern in (_TAGGED, _FENCED):
        found = pattern.match(bare)
        if found and not pattern.match(draft):
            bare = found["inside"].strip()
    afterword = _AFTERWORD.search(bare)
    if afterword and afterword[0].strip()[:20] not in draft:
        bare = bare[: afterword.start()].strip()
    return bare if bare == draft else _unquoted(bare, draft)


def _unquoted(text: str, draft: str) -> str:
    """Without quotes around everything, unless the draft has them or they are only the first and the last of several quotations."""
    close = _QUOTES.get(text[:1])
    if close is None or len(text) < 2 or text[-1] != close or draft[:1] in _QUOTES:
        return text
    inside = text[1:-1]
    return (
        text if close in inside and close in _QUOTES and close not in "'’" and draft.count(close) != inside.count(close) else inside.strip()
    )


def _lines(notes: str) -> list[str]:
    lines = (
        re.sub(r"^[\W_]*(?:notes?|observations?|reflection)[*_\s]*:|^[-*•\s]+", "", line, flags=re.IGNORECASE)
        for line in notes.splitlines()
    )
    return [line.strip(" *_")[:_NOTE] for line in lines if line.strip(" *_") not in ("", _NO_NOTE)][:_NOTES]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _words(text: str) -> set[str]:
    """Words of four letters and more; all where there are none."""
    return set(re.findall(r"\w{4,}", text.lower())) or set(re.findall(r"\w+", text.lower()))


@dataclass(frozen=True, slots=True)
class Chat:
    """The form of prompt and answer of a model with a chat template.

    frame: pieces before, between and after the messages; control: see `Inspected`.
    """

    frame: tuple[str, str, str]
    control: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Chat:
        """From a file that `save` wrote. Raises ModelError."""
        try:
            said = json.loads(path.read_text("utf-8"))
            before, between, after = map(_text, said["frame"])
            return cls((before, between, after), tuple(token for token in map(_text, said["control"]) if len(token) > 1))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{path} cannot be read") from error

    def save(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps({"frame": self.frame, "control": self.control}, indent=2, ensure_ascii=False) + "\n", "utf-8")

    @property
    def stop(self) -> tuple[str, ...]:
        """The model's own end of turn, which the runtime knows, is the only one."""
        return ()

    begins = "Rewrite:"

    def front(self, profile: StyleProfile) -> str:
        """What all prompts of a user of this profile begin with: up to where the history begins.

        Nothing where a control token could lie across that place, which is a blank line: what follows would say how the front is escaped.
        """
        if any("\n" in token[:-1] for token in self.control):
            return ""
        before, between, _ = self.frame
        return f"{before}{self.escape(TASK)}{between}{self.escape(_opening(profile))}"

    def fitted(
        self,
        draft: str,
        profile: StyleProfile,
        history: Sequence[HistoryItem],
        query: str | None,
        fits: Callable[[str], bool],
        around: Around = ALONE,
    ) -> str | None:
        """The prompt with as much as fits of what `prompt.less` leaves; None where the draft alone does not."""
        prompts = (self.prompt(*messages(draft, profile, items, query, shown)) for items, shown in less(history, around))
        return next((prompt for prompt in prompts if fits(prompt)), None)

    def prompt(self, system: str, user: str) -> str:
        """Both messages in the model's template, up to where its answer begins."""
        before, between, after = self.frame
        return f"{before}{self.escape(system)}{between}{self.escape(user)}{after}"

    def complete(self, observations: Sequence[Observation], rewrite: str) -> str:
        """What a model should answer, but for the end of its turn."""
        known = [seen for seen in observations if seen.user]
        notes = "; ".join(f"{seen.feature}: {seen.user}, not {seen.draft}" for seen in known[:_NOTES]) or _NO_NOTE
        return self.escape(f"Notes: {notes}\n{self.begins}\n{rewrite}")

    def read(self, answer: str, draft: str) -> tuple[tuple[Observation, ...], str]:
        """See the module's `read`."""
        return read(self.unescape(answer), draft)

    def escape(self, text: str) -> str:
        """One more backslash in whatever looks like a control token, or like an escaped one."""
        return self._replaced(text, r"\\*", lambda found: found[0][0] + "\\" + found[0][1:])

    def unescape(self, text: str) -> str:
        """What `escape` was given."""
        return self._replaced(text, r"\\+", lambda found: found[0][0] + found[0][2:])

    def _replaced(self, text: str, backslashes: str, change: Callable[[re.Match[str]], str]) -> str:
        plain = text.replace("\\", "")  # thousands of tokens, of which a text has none as a rule
        shown = sorted((token for token in self.control if token.replace("\\", "") in plain), key=len, reverse=True)
        if not shown:
            return text
        return re.sub("|".join(f"{re.escape(token[0])}{backslashes}{re.escape(token[1:])}" for token in shown), change, text)
