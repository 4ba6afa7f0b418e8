"""Punctuation and typography: marks a writer chooses between."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rpo_edge.features.base import Choice, Site
from rpo_edge.features.context import (
    begins_sentence,
    is_line_with,
    left_of,
    line_of,
    listed,
    word_after,
    word_before,
)
from rpo_edge.features.contractions import is_other_word
from rpo_edge.features.letters import body
from rpo_edge.lexicon import BARE, FUNCTION_WORDS, LEFT_BARE, NUMBER_WORDS
from rpo_edge.names import no_name
from rpo_edge.segment import FENCE, straight, words

_ELLIPSIS = re.compile(r"(?<=\w)(?:\.\.\.|…)")
_APOSTROPHE = re.compile(r"(?<=[A-Za-z])['’](?=[A-Za-z])")
_OR_PLURAL = re.compile(rf"{_APOSTROPHE.pattern}|(?<=[A-Za-z]s)['’](?=[ \n][a-z])")
_BARE = re.compile(rf"(?<![\w'’-])(?:{'|'.join(BARE)})(?![\w'’-])", re.IGNORECASE)
_LETTERS, _LETTERS_BEFORE = re.compile(r"[A-Za-z]*"), re.compile(r"[A-Za-z]*\Z")
_LONGEST_STEM = 8
_OPENING = re.compile(r"(?<![^\s(\[{*_—–-])'(?=\w)|‘")
_AMPERSAND = re.compile(r"(?<=[a-z]) (?P<word>&|and) (?=[a-z])")
_REST_OF_NUMBER = re.compile(rf" (?:a (?:half|quarter|third|fifth)|one|{'|'.join(sorted(NUMBER_WORDS))})(?:-[a-z]+)?(?![\w'’-])")
_LATIN = re.compile(r"\b(?P<short>e\.g\.,?|i\.e\.,?)(?= \w)|\b(?P<long>for example,|for instance,|that is,|(?<=\()such as)(?= \w)")
_NO_PROSE = ("#", "|", ">", "`", "~", "<")
_ITEM = r"[ \t]*(?:[-*+•]|\(?(?:\d{1,3}|[A-Za-z]|[ivx]{2,3})[.)])[ \t]"
BEGINS_ITEM = re.compile(_ITEM)
_ITEM_NEXT = re.compile(rf"[ \t]*\r?\n{_ITEM}")
_BEGINS_NOTE = re.compile(rf"{_ITEM}|[-*+•_ \t]")
_LAST_LINE = re.compile(rf"^(?:[ \t]*\S.*$(?=\s*(?:\n[ \t]*\r?\n|\Z))|(?:{_ITEM}|[ \t]+\S).*$(?=\n{_ITEM}))", re.MULTILINE)
_ABBREVIATED = re.compile(
    r"(?:\b(?:etc|[Ii]nc|[Ll]td|[Cc]orp|[Cc]o|[JS]r|al|approx|Ave|Blvd|Jan|Feb|Apr|Aug|Sept?|Oct|Nov|Dec|[A-Z][a-z]+,? [A-Z])|\.\w)\.\Z"
)
_CODE = re.compile(
    rf"^[ \t>]*(?P<fence>{FENCE.pattern})(?:(?!^[ \t>]*(?P=fence)).)*(?:^[ \t>]*(?P=fence)[`~]*)?|^(?: {{4}}|\t)[^\n]*|`[^`\n]+`",
    re.MULTILINE | re.DOTALL,
)
_BARE_WORDS = 3
"""Words of a last sentence that is no heading, name or label."""
_STOPPED = re.compile(r"(?:[^\W_]|[%`\"”$]|\w\*{1,2}|(?<=\s)\([^()\n]*\))\.\Z")
"""A last stop, behind a letter or digit, or the end of code, a quotation, a formula, bold or a parenthesis; not of "f(x)", which may be code."""
_LONGEST_PARENTHESIS = 200  # characters
_CAPITALISED = r"[A-Z][\w.'’-]*"
_SIGNED = re.compile(
    rf"\n[ \t]*\r?\n[ \t]*[^\n.!?:]{{1,39}},[ \t]*\r?\n[ \t]*{_CAPITALISED}(?: {_CAPITALISED}){{0,3}}(?:[ \t]*\r?\n[^\n]{{1,40}}){{0,3}}\s*\Z"
)
_LONGEST_SIGNATURE = 200  # characters


def _last_stop(text: str) -> Iterator[Site]:
    """The end of each paragraph of prose: chats and notes often leave the full stop out there. It may go, and never comes.

    Items of lists and paragraphs that are led by bold are notes: theirs go along, but for who is seen to put them; that notes have none says nothing,
    few people's have.
    """
    first, last = body(text)
    if signed := _SIGNED.search(text, max(0, len(text) - _LONGEST_SIGNATURE)):
        last = min(last, signed.start())  # a sign-off of one's own: "See you Tuesday,\nRos"
    for line in _LAST_LINE.finditer(text):
        said = line[0].rstrip()
        end = line.start() + len(said)
        if end <= first or end > last:
            continue  # a signature has no stop, whoever signs
        stop, note = said.endswith("."), bool(_BEGINS_NOTE.match(said))
        if is_line_with(text, line.start(), _NO_PROSE) or not (stop or (said[-1:].isalpha() and not note)):
            continue
        fewest = 1 if note else _BARE_WORDS
        ends = _STOPPED.search(said[-_LONGEST_PARENTHESIS:]) if stop else said[-2:-1].isalnum()
        if len(words(left_of(text, end - stop))) < fewest or not ends or _ABBREVIATED.search(said):
            continue
        yield Site("last_stop:note" if note else "last_stop", end - stop, end, "stop" if stop else "none", {"none": ""} if stop else {})


def ends_item(text: str, end: int) -> bool:
    """Whether an item of a list ends at `end`, and another follows."""
    return bool(_ITEM_NEXT.match(text, end) and BEGINS_ITEM.match(line_of(text, end)))


def _ellipsis(text: str) -> Iterator[Site]:
    for match in _ELLIPSIS.finditer(text):
        variant, other = ("dots", {"character": "…"}) if match[0] == "..." else ("character", {"dots": "..."})
        yield Site("ellipsis", match.start(), match.end(), variant, other)


def _apostrophe(text: str) -> Iterator[Site]:
    """Inside words, and of plurals ("tenants' right") where no quotation can end in it; and contractions without one."""
    pattern = _APOSTROPHE if _OPENING.search(without_code(text)) else _OR_PLURAL
    for match in pattern.finditer(text):
        variant, other = ("straight", {"curly": "’"}) if match[0] == "'" else ("curly", {"straight": "'"})
        word = f"{_left_letters(text, match.start())}'{_LETTERS.match(text, match.end())[0]}"  # type: ignore[index]  # it matches the empty string
        bare = {"none": ""} if word.lower() in LEFT_BARE else {}
        yield Site("apostrophe", match.start(), match.end(), variant, other | bare)
    for match in _BARE.finditer(text):
        if not is_other_word(text, match):
            yield Site("apostrophe", match.start(), match.end(), "none")


def without_code(text: str) -> str:
    """Code is no prose: what stands in lower case there may be a name's command ("python")."""
    return _CODE.sub(" ", text)


def _left_letters(text: str, end: int) -> str:
    """The letters right before `end`; few, as contractions have."""
    return _LETTERS_BEFORE.search(text, max(0, end - _LONGEST_STEM), end)[0]  # type: ignore[index]


def spelled(contraction: str, mark: str) -> str:
    """A contraction with the user's apostrophe; "" leaves it out of those that chats write without."""
    plain = straight(contraction)
    return plain.replace("'", mark) if mark or plain.lower() in LEFT_BARE else plain


def can_be_spelled(before: str, after: str, mark: str) -> bool:
    """Not where it would put in an apostrophe for a user who writes none, since without it the word would be another ("we're", "were")."""
    return bool(mark) or "'" not in spelled(after, mark) or "'" in straight(before)


def _is_number(text: str, before: str, joint: re.Match[str]) -> bool:
    """Whether a conjunction stands inside a number: "one hundred and twelve", "two and a half"."""
    counted = before.rpartition("-")[2] in NUMBER_WORDS | {"one"}
    return counted and bool(_REST_OF_NUMBER.match(text, joint.end("word")))


def _ampersand(text: str) -> Iterator[Site]:
    for match in _AMPERSAND.finditer(text):
        variant, other = ("&", {"and": "and"}) if match["word"] == "&" else ("and", {"&": "&"})
        before, after = word_before(text, match.start("word")), word_after(text, match.end("word"))
        free = before != after and not _is_number(text, before, match) and "=" not in line_of(text, match.start())  # "more and more"
        yield Site("ampersand", match.start("word"), match.end("word"), variant, other if free else {})


_LATIN_FORMS = {"e.g.": "for example,", "i.e.": "that is,"}


def _latin(text: str) -> Iterator[Site]:
    for match in _LATIN.finditer(text):
        if match["short"]:
            short = match["short"].rstrip(",")
            yield Site(f"latin:{short}", match.start(), match.end(), "abbreviated", {"spelled": _LATIN_FORMS[short]})
        else:
            short = "i.e." if match["long"] == "that is," else "e.g."
            inside = text.endswith("(", 0, match.start())
            options = {"abbreviated": short} if inside else {}
            yield Site(f"latin:{short}", match.start(), match.end(), "spelled", options)


_TITLE_STOP = re.compile(
    r"(?<![\w-])(?:Mr|Mrs|Ms|Dr)(?P<stop>\.?)(?=(?:(?: (?:and|or|&) |/)(?:Mr|Mrs|Ms|Dr)\.?)? (?P<name>[A-Z](?:[a-z]+|\.(?= ?[A-Z]))))"
)
_STREET = re.compile(r"(?P<name>\d\w*|[A-Z][\w'’-]*) Dr\Z")
_NO_STREETS = FUNCTION_WORDS | listed("dear hi hello hey ask thank")
"""Before a doctor: "Dear Dr Hale", "When Dr Hale came"."""


def _title_stop(text: str) -> Iterator[Site]:
    """ "Mr. Hale" or "Mr Hale", and both of "Mr. and Mrs. Hale"; no street ("5 Elm Dr. The house")."""
    for match in _TITLE_STOP.finditer(text):
        if no_name(match["name"]) or _is_street(text, match):
            continue
        stop = bool(match["stop"])
        yield Site("title_stop", *match.span("stop"), *(("stop", {"none": ""}) if stop else ("none", {"stop": "."})))


def _is_street(text: str, title: re.Match[str]) -> bool:
    """Whether "Dr" stands for "Drive": behind a number or a capitalised word that is no word of grammar."""
    street = _STREET.search(text, max(0, title.start() - 20), title.start("stop"))
    return bool(street) and street["name"].lower() not in _NO_STREETS and not begins_sentence(text, title.start())  # type: ignore[index]


LAST_STOP = Choice("last_stop", "full stop at the end of a paragraph", "share of paragraphs", _last_stop)
ELLIPSIS = Choice("ellipsis", "ellipsis", "share of each form", _ellipsis)
APOSTROPHE = Choice("apostrophe", "apostrophe", "share of each form", _apostrophe)
AMPERSAND = Choice("ampersand", "& for and", "share of ands between words", _ampersand)
LATIN = Choice("latin", "e.g. and i.e.", "share of each form", _latin)
TITLE_STOP = Choice("title_stop", "Mr. or Mr", "share of titles before names", _title_stop)
