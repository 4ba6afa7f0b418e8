"""verse: poems and songs in a draft, which stay as they are.

A change that suits prose breaks a line's metre or its rhyme, and a stanza in which some places change and others do not is in nobody's manner.
Told by the form of a paragraph: short lines that end before a sentence does; or by a label ("(Chorus)") alone in a paragraph, with each line
below it a paragraph of its own. In drafts alone; in a history, such lines are as often messages
of somebody who writes no full stops, and those are to count.

Not seen: verse of lines longer than `_LONGEST`, but below a label in brackets, or of one or two words each; stanzas of two lines, or with a sentence's end in most lines,
that stand beside no others; in a stream, lines so far below their label that it is out of sight.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rpo_edge.features.letters import GREETING, SIGN_OFF
from rpo_edge.segment import Span, paragraphs, words
from rpo_edge.steps.freeze import Frozen, united

_FEWEST_LINES, _FEWEST_ALONE, _FEWEST_WORDS = 2, 3, 3  # of a stanza, of one without others, and of a line on average
_LONGEST = 90  # code points of a line
_WRAPPED, _SURELY_WRAPPED = 40, 60  # code points of the longest line, where prose is broken into lines
_NO_LINE = re.compile(r"[ \t]*(?:[-+•>#|`~%/:(\[]|\*[ \t]|[_*]*\d|(?:[A-Za-z]|[IVXivx]{1,4})[.)][ \t])|.*(?:[={}≈≡≤≥]|\w\(|\\.)")
"""A list's, a table's or a formula's line, code, or one that begins with a number."""
_FIELD = re.compile(r"[^\n:]{1,25}:[*_]*[ \t]+\S")
"""What somebody says, or a value under its name."""
_PART = r"(?:verse|stanza|(?:pre-)?chorus|refrain|bridge|hook|intro|outro)\b"
_LABEL = re.compile(rf"[*_]{{0,3}}(?:[\[(][^\])\n]{{0,15}}\b{_PART}[^\])\n]{{0,30}}[\])]|{_PART}(?: \d)?:?)[*_:]{{0,4}}", re.IGNORECASE)
_ENDS_SONG = re.compile(r":\Z|\b(?:lyrics?|songs?|verses?|chorus|(?:I|this|these) (?:hope|help))", re.IGNORECASE)
"""In what is said of a song below it."""
_TITLE = re.compile(r"\*\*[^*\n]{1,60}\*\*:?")
_STOPPED = re.compile(r"(?:(?<!\.)\.|[!?])[\"'”’)*_]*\\?\Z")
_MARKED = re.compile(r"[.!?,;—–…-][\"'”’)*_]*\\?\Z")
_TELLS = re.compile(r"\b(?:i|me|my|he|him|his|she|her|they|them|we|us)\b", re.IGNORECASE)
_LIST_NEXT = re.compile(r"\W*\w+(?: \w+)?\W*:\W*")  # "Where:"
_NAME = re.compile(r"(?:[A-Z][\w.'’-]*[ \t]*){1,4}")
_OTHERS = frozenset(["code", "math", "table", "html", "citation"])


def with_verse(text: str, frozen: Sequence[Frozen]) -> tuple[Frozen, ...]:
    """The frozen spans of a draft and its verse."""
    return united((*frozen, *(Frozen(start, end, "verse") for start, end in stanzas(text, frozen))))


def stanzas(text: str, frozen: Sequence[Frozen]) -> list[Span]:
    """The paragraphs of `text` that are verse. frozen: its other frozen spans; what has code or formulas in it is none."""
    others = [(span.start, span.end) for span in frozen if span.kind in _OTHERS]
    spans = [Span(start, start + len(text[start:end].rstrip())) for start, end in paragraphs(text, others)]
    likely = [_likeness(text, span, others) for span in spans]
    for order in (range(len(spans)), reversed(range(len(spans)))):
        beside = False
        for i in order:
            likely[i] = beside if likely[i] is None and beside else likely[i]
            beside = bool(likely[i])
    sung = _below_labels(text, spans, others)
    return [span for span, is_verse in zip(spans, likely, strict=True) if is_verse or span in sung]


def _below_labels(text: str, spans: Sequence[Span], others: Sequence[tuple[int, int]]) -> set[Span]:
    """The lines of a song that stand apart from each other, from a label to what is no line."""
    found, below = set(), False
    for span in spans:
        line = text[slice(*span)].strip()
        if _LABEL.fullmatch(line):
            below = True
            continue
        below = (
            below
            and "\n" not in line
            and may_be_verse([line])
            and _is_said([line])
            and not _ENDS_SONG.search(line)
            and not any(start < span.end and span.start < end for start, end in others)
        )
        if below:
            found.add(span)
    return found


def _likeness(text: str, span: Span, others: Sequence[tuple[int, int]]) -> bool | None:
    """Whether a paragraph is a stanza, with a title or a label ("Chorus:") above it; None where its neighbours say so."""
    lines = [line.strip() for line in text[slice(*span)].split("\n")]
    labelled = bool(_LABEL.fullmatch(lines[0]))
    sung = labelled and lines[0].lstrip("*_")[:1] in "(["  # "Verse 1:" may stand above what is said of it
    if labelled or _TITLE.fullmatch(lines[0]):
        del lines[0]
    if not (_are_lines(lines) if sung and lines else len(lines) >= _FEWEST_LINES and may_be_verse(lines)) or not _is_said(lines):
        return False
    if any(start < span.end and span.start < end for start, end in others):
        return False
    if labelled:
        return True
    if _is_framed(text[slice(*span)], lines) or _is_wrapped(lines):
        return False
    return True if len(lines) >= _FEWEST_ALONE and _goes_on(lines) else None


def may_be_verse(lines: Sequence[str]) -> bool:
    """Whether what has come of a paragraph may be the beginning of a stanza."""
    return all(len(line) <= _LONGEST for line in map(str.strip, lines)) and _are_lines(lines)


def _are_lines(lines: Sequence[str]) -> bool:
    return not any(_NO_LINE.match(line.strip()) for line in lines)


def _is_framed(paragraph: str, lines: Sequence[str]) -> bool:
    """Whether it is the beginning or the end of a letter, or has what comes before a list as its first line."""
    return bool(_LIST_NEXT.fullmatch(lines[0]) or GREETING.match(paragraph) or SIGN_OFF.search(paragraph) or _NAME.fullmatch(lines[-1]))


def _is_said(lines: Sequence[str]) -> bool:
    """Whether lines are in words of sentences; not names, titles, or values under their names."""
    said = [words(line) for line in lines]
    inside = [word for line in said for word in line[1:]]
    fields = sum(map(bool, map(_FIELD.match, lines)))
    return (
        all(said)
        and sum(map(len, said)) >= _FEWEST_WORDS * len(lines)
        and 3 * sum(word[0].islower() for word in inside) >= 2 * len(inside)
        and 4 * fields <= len(lines)
    )


def _goes_on(lines: Sequence[str]) -> bool:
    """Whether sentences go on from line to line; not a list without marks."""
    ended = sum(map(bool, map(_STOPPED.search, lines)))
    return 2 * ended <= len(lines) and (any(map(_MARKED.search, lines)) or sum(map(bool, map(_TELLS.search, lines))) > 1)


def _is_wrapped(lines: Sequence[str]) -> bool:
    """Whether the lines are as long as they can be below a limit, as those of prose are that a program broke."""
    longest = max(map(len, lines))
    fills = all(len(line) + 1 + len(following.split()[0]) > longest for line, following in pairwise(lines))
    marked = 2 * sum(map(bool, map(_MARKED.search, lines[:-1]))) >= len(lines) - 1
    return fills and (longest >= _SURELY_WRAPPED or (longest >= _WRAPPED and not marked))
