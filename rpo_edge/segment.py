"""Where paragraphs, sentences and words begin and end in English Markdown.

Everything is a span of code points; nothing here changes text. The sentence splitter is a rule, not a
model: it knows common abbreviations and initials, and prefers to split too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple


class Span(NamedTuple):
    """Half-open range of code points."""

    start: int
    end: int


WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*", re.UNICODE)
MARK = re.compile(r"\.{2,}|!{2,}|-{2,}|[^\w\s]")
"""What stands between words; "..." is one mark."""
PARAGRAPH_BREAK = re.compile(r"\n[ \t]*\r?\n\s*")
ITEM_MARK = r"(?:[-*+•]|\d{1,3}[.)])"
"""What begins an item of a list, for patterns."""
# What stands before the prose of a Markdown line: quote, heading, bullet, number, check box.
LINE_PREFIX = re.compile(rf"[ \t]*(?:>[ \t]*)*(?:#{{1,6}}[ \t]+|{ITEM_MARK}[ \t]+(?:\[[ xX]\][ \t]+)?)?")
# The mark that begins a line of code's fence; "```ls -l``` is a command" has inline code (CommonMark, 4.5).
FENCE = re.compile(r"`{3,}+(?![^\n`]*`)|~{3,}+")
THOUGHTS = ("think", "thinking", "reasoning")
"""Tags between which models put their reasoning."""
THOUGHT = re.compile(rf" {{0,3}}<(?P<thought>{'|'.join(THOUGHTS)})>")
"""What begins a model's reasoning in its answer, at the start of a line."""
TO_ITS_END = r"(?:[^<]++|<(?!/(?P=thought)>))*+(?:</(?P=thought)>|\Z)"
"""The rest of it, up to its closing tag; without one, to the end of the text."""
THOUGHT_BEGINS, THOUGHT_ENDS = tuple(f"<{tag}>" for tag in THOUGHTS), tuple(f"</{tag}>" for tag in THOUGHTS)
_BEFORE_ANSWER = re.compile(rf"(?:(?:\s*\n)?{THOUGHT.pattern}{TO_ITS_END})+(?:\s*\n|[ \t]*)")
_THOUGHT_FIRST = re.compile(_BEFORE_ANSWER.pattern, re.IGNORECASE)
_BOLD_LEAD = re.compile(r"(?:\*\*|__)[^*_\n]{1,60}(?::(?:\*\*|__)|(?:\*\*|__):)[ \t]+(?=[A-Z])")
ABBREVIATIONS = frozenset([
    "mr", "mrs", "ms", "dr", "prof", "sr", "jr", "st", "vs", "etc", "e.g", "i.e", "eg", "ie", "cf", "fig", "no", "vol", "pp", "ed", "eds",
    "al", "approx", "dept", "est", "inc", "ltd", "co", "corp", "gen", "col", "sgt", "capt", "lt", "rev", "hon", "jan", "feb", "mar",
    "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "mon", "tue", "wed", "thu", "fri", "sat", "sun",
])  # fmt: skip
_BEFORE_NUMBERS = frozenset(["no"])
"""What is an abbreviation before a number alone: others say no. A sentence ends there."""
_WORDS_TOO = frozenset(["sat", "sun", "fig", "mar", "col"])
"""Nor are these, unless a capital begins them, or a number follows."""
_NUMBER_NEXT = re.compile(r"\.\s*[#(]?\d")
_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]+[\"'”’)\]*_]*(?=\s)|\n(?=[ \t]*(?:[-*+•>#]|\d{1,3}[.)])[ \t]|[ \t]*\r?\n)")
_LAST_WORD = re.compile(r"([\w.]+)$")
_COMPARED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_](?![^\W_])|" + WORD.pattern)


def answer_start(text: str) -> int:
    """Where an answer begins: behind the model's reasoning and the white space below that; 0 where there is none."""
    reasoning = _BEFORE_ANSWER.match(text)
    return reasoning.end() if reasoning else 0


def without_thought(answer: str) -> str:
    """A model's answer without its reasoning, whatever the case of the tags; none where that has no end. White space around it goes, too."""
    answer = answer.strip()
    reasoning = _THOUGHT_FIRST.match(answer)
    return answer[reasoning.end() :] if reasoning else answer


def may_think(line: str) -> bool:
    """Whether a line that has no end yet may still go on to a tag that begins the model's reasoning."""
    begun = line.lstrip(" \t")
    return any(tag.startswith(begun) for tag in THOUGHT_BEGINS)


def words(text: str) -> list[str]:
    """The words of `text`, in order, as they are written."""
    return WORD.findall(text)


def plain_words(text: str) -> list[str]:
    """Words as two texts are compared by them: lower case, straight apostrophes, and "e.g." is one word, not two."""
    return [straight(word) for word in _COMPARED.findall(text.lower())]


def paragraphs(text: str, closed: Sequence[tuple[int, int]] = ()) -> list[Span]:
    """Spans that cover `text` without gaps, each a paragraph with the blank lines after it.

    A blank line inside a `closed` span (a code block, say) does not end a paragraph.
    """
    spans, start, k = [], 0, 0
    for match in PARAGRAPH_BREAK.finditer(text):
        while k < len(closed) and closed[k][1] <= match.start():
            k += 1
        if k < len(closed) and closed[k][0] < match.end():
            continue
        spans.append(Span(start, match.end()))
        start = match.end()
    if start < len(text):
        spans.append(Span(start, len(text)))
    return spans


def sentences(text: str, closed: Sequence[tuple[int, int]] = ()) -> list[Span]:
    """Spans that cover `text` without gaps, each a sentence with the white space after it.

    Line breaks before list items, headings and blank lines end a sentence too; nothing inside a `closed`
    span does.
    """
    return _sentences(text, closed) if closed else [*_last_read(text)]


@lru_cache(maxsize=2)
def _last_read(text: str) -> tuple[Span, ...]:
    """Feature after feature asks for the sentences of one text."""
    return tuple(_sentences(text, ()))


def _sentences(text: str, closed: Sequence[tuple[int, int]]) -> list[Span]:
    spans, start, k = [], 0, 0
    for match in _SENTENCE_END.finditer(text):
        end = match.end()
        if match.start() < start:
            continue  # in white space that was taken
        while k < len(closed) and closed[k][1] <= match.start():
            k += 1
        if k < len(closed) and closed[k][0] <= match.start() and match.start() + 1 < closed[k][1]:
            continue
        if match[0].startswith(".") and len(match[0].rstrip("\"'”’)]*_")) == 1 and _is_abbreviation(text, match.start()):
            continue
        while end < len(text) and text[end].isspace():
            end += 1
        # White space before an indented line belongs to that line, not to this sentence.
        newline = text.rfind("\n", match.start(), end)
        end = newline + 1 if newline >= 0 else end
        if end > start:
            spans.append(Span(start, end))
            start = end
    if start < len(text):
        spans.append(Span(start, len(text)))
    return spans


def _is_abbreviation(text: str, dot: int) -> bool:
    found = _LAST_WORD.search(text, max(0, dot - 12), dot)
    if not found:
        return False
    word = found[1]
    if word.isdigit():  # "1." at the start of a line is a list number
        return not text[text.rfind("\n", 0, dot) + 1 : found.start()].strip(" >")
    if word.lower() in _BEFORE_NUMBERS or (word in _WORDS_TOO):
        return bool(_NUMBER_NEXT.match(text, dot))
    return word.lower() in ABBREVIATIONS or (len(word) == 1 and word.isupper() and word != "I")


def line_mark(line: str) -> str:
    """What a line has before its text: a heading's, list item's or quotation's mark; "" if none."""
    match = LINE_PREFIX.match(line)
    return match[0].strip() if match else ""


def prose_start(text: str, span: tuple[int, int]) -> int:
    """Where the words of a sentence begin: after white space, Markdown markers, a bold lead ("**Note:** ") and opening marks."""
    start = span[0]
    while start < span[1] and text[start].isspace():
        start += 1
    if not text[text.rfind("\n", 0, start) + 1 : start].strip():
        start = LINE_PREFIX.match(text, start, span[1]).end()  # type: ignore[union-attr]  # it matches the empty string
    if lead := _BOLD_LEAD.match(text, start, span[1]):
        start = lead.end()
    while start < span[1] and text[start] in "*_\"'“‘([":
        start += 1
    return start


def iter_sentence_starts(text: str, closed: Sequence[tuple[int, int]] = ()) -> Iterator[int]:
    """Offsets where the words of each sentence begin."""
    for span in sentences(text, closed):
        start = prose_start(text, span)
        if start < span[1]:
            yield start


def straight(text: str) -> str:
    """The shape of an apostrophe is no part of a word, and word lists have the straight one."""
    return text.replace("’", "'")
