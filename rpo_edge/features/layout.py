"""How a text is laid out: Markdown headings, bullets and bold, and emoji.

A heading or bullet never goes because a history has none, as most texts of a history are no answers with parts; it goes, or gets
another mark, for those who say so, and so does bold that says something ("plain everywhere"). Where bold leads the items of a list, lists of
the user's without any show that it is not theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rpo_edge.features.base import Choice, Site
from rpo_edge.segment import ITEM_MARK, LINE_PREFIX, sentences

_EMPHASIS = frozenset(
    ["not", "never", "no", "only", "must", "always", "all", "any", "every", "do", "don't", "cannot", "can't", "before", "after"]
)
BOLD_RUN = re.compile(r"\*\*(?=\S)(?P<text>[^*\n]{1,120}?)(?<=\S)\*\*")
_FIXED = re.compile(r"[\d\"“'‘`@/]")
"""Of what may be frozen."""
_MARKS_TOO = re.compile(
    r"://|www\.|\.\w+/|\((?:19|20)\d\d|\A(?:[^\"]*\"[^\"]*\")*[^\"]*\"[^\"]*\Z|\A(?:[^`]*`[^`]*`)*[^`]*`[^`]*\Z|[“‘][^”’]*\Z"
)
"""Of what may be frozen with a mark beside it: an address, a citation, a quotation or code that goes on."""
EMOJI = re.compile(
    "(?:[\U0001f300-\U0001faff\u2600-\u27bf\u2b05-\u2b55\u23e9-\u23fa\U0001f1e6-\U0001f1ff]|[\u25b6\u25c0\u2194-\u21aa]\ufe0f)[\ufe0f\U0001f3fb-\U0001f3ff]*(?:\u200d[\U0001f300-\U0001faff\u2600-\u27bf]\ufe0f?)*"
)
LED = re.compile(rf"^[ \t]*(?:{EMOJI.pattern})[ \t]*(?=\S)", re.MULTILINE)
"""What leads a line in place of a bullet."""
_HEADING = re.compile(r"^(?P<mark>#{1,6}[ \t]+)(?=\S)(?![*_\"“‘(]*\d)[^\n]*", re.MULTILINE)
"""No number first: without its mark it would be a list's."""
_TEXT_NEXT = re.compile(r"\r?\n(?![ \t]*\r?\n|[ \t]*(?:[-*+•#|>`~]|\d{1,3}[.)])[ \t`~-]|\Z)")
_BULLET = re.compile(r"^(?P<indent>[ \t]*)(?P<mark>[-*+•])[ \t]+(?=\S)(?![-*_ \t]+$)", re.MULTILINE)
_NUMBERED = re.compile(r"^[ \t]*\d{1,3}[.)][ \t]+(?=\S)", re.MULTILINE)
_ITEM = re.compile(rf"[ \t]*{ITEM_MARK}[ \t]+")
LONGEST_LEAD = 100
"""Characters before bold that leads its line: indents, marks, emoji. A limit, as a line of many bold runs would else be read again for each."""
_MARKS = ("-", "*", "•")


def _heading(text: str) -> Iterator[Site]:
    for match in _HEADING.finditer(text):
        yield Site("heading", *match.span("mark"), "marked", {"none": ""})
        if _TEXT_NEXT.match(text, match.end()):  # without a mark, the line would run on into the next
            yield Site("heading", match.end(), match.end(), "marked", {"none": "\n"})


def _bullet(text: str) -> Iterator[Site]:
    """Marks of list items. Without one, an item is a paragraph. A number is no mark to change, but its item is one of a list."""
    for match in _NUMBERED.finditer(text):
        yield Site("bullet:number", *match.span(), "number")
    for match in _BULLET.finditer(text):
        variant, checkbox = match["mark"], text.startswith(("[ ] ", "[x] ", "[X] "), match.end())
        above = text.rfind("\n", 0, match.start() - 1) + 1
        gap = "\n" if match.start() and text[above : match.start()].strip() else ""
        options = {mark: f"{match['indent']}{mark} " for mark in _MARKS if mark != variant}
        yield Site("bullet", *match.span(), variant, options if checkbox else options | {"none": gap})


def _bold(text: str) -> Iterator[Site]:
    """Bold runs against sentences without one: the unit is bold runs per sentence."""
    line = searched = 0
    lead: tuple[int, str] | None = None  # of the last line that bold leads: where it begins, and the key of its lead
    for match in BOLD_RUN.finditer(text):
        line = text.rfind("\n", searched, match.start()) + 1 or line
        searched = match.start()
        before = text[line : match.start()] if match.start() - line <= LONGEST_LEAD else None
        key = "bold:list" if before and _ITEM.fullmatch(before) else "bold"
        carries = _carries(text, line, before, match["text"])
        if leads(before):
            lead = line, key
        elif lead and lead[0] == line and is_label(text, match):
            key, carries = lead[1], True
        fixed = bool(_FIXED.search(match["text"]))
        ways = _ways_out(match["text"], fixed, key == "bold:list", carries)
        if fixed:  # a number may not be touched, the marks around it may
            yield Site(key, match.start(), match.start("text"), "bold", dict.fromkeys(ways, ""))
            yield Site(key, match.end("text"), match.end(), "bold", dict.fromkeys(ways, ""))
        else:
            yield Site(key, *match.span(), "bold", dict.fromkeys(ways, match["text"]))
    for span in sentences(text):
        if "**" not in text[span.start : span.end]:
            yield Site("bold", span.start, span.start, "plain")


def _ways_out(said: str, fixed: bool, in_list: bool, carries: bool) -> tuple[str, ...]:
    """The variants for which bold goes. fixed: something in it may be frozen; carries: it says something."""
    if fixed and _MARKS_TOO.search(said):
        return ()  # one mark would stay
    return ("plain", "plain everywhere") if in_list or not (fixed or carries) else ("plain everywhere",)


def is_label(text: str, bold: re.Match[str]) -> bool:
    """Whether what is bold names what follows, as "**Time:** 5 minutes"."""
    return bold["text"].endswith(":") or text.startswith(":", bold.end())


def _carries(text: str, line: int, before: str | None, said: str) -> bool:
    """Whether bold does work that plain letters would not: a heading, the lead of a line, a stressed word.

    line: where the line begins; before: its part before the bold; None if that is too long for a lead.
    """
    in_heading = text[line : line + LONGEST_LEAD].lstrip().startswith(("#", "|"))
    return leads(before) or in_heading or said.isupper() or _EMPHASIS.issuperset(said.lower().split())


def leads(before: str | None) -> bool:
    """Whether bold leads its line; before: what stands before it there, None if that is too long for a lead."""
    return before is not None and not EMOJI.sub("", LINE_PREFIX.sub("", before, count=1)).strip()


def _emoji(text: str) -> Iterator[Site]:
    for match in EMOJI.finditer(text):
        start, end, key, without = *match.span(), "emoji", ""
        if not text[text.rfind("\n", 0, start) + 1 : start].strip(" \t#>-*+•"):
            end, key = end + (text[end : end + 1] == " "), "emoji:lead"  # the line's mark has a space of its own
            without = "- " if _is_listed(text, start) else ""
        else:
            start -= text[start - 1 : start] == " "
        yield Site(key, start, end, "emoji", {"none": without})
    for span in sentences(text):
        if not EMOJI.search(text, span.start, span.end):
            yield Site("emoji", span.start, span.start, "none")


def _is_listed(text: str, start: int) -> bool:
    """Whether the emoji at `start` leads one of several lines in a row; without a bullet in its place, they would run together."""
    begin = text.rfind("\n", 0, start) + 1
    end = text.find("\n", start) + 1
    above = text.rfind("\n", 0, max(0, begin - 1)) + 1
    return begin == start and bool((end and LED.match(text, end)) or (begin and LED.match(text, above)))


HEADING = Choice("heading", "headings", "share of headings", _heading)
BULLET = Choice("bullet", "bullets", "share of each mark", _bullet)
BOLD = Choice("bold", "bold", "share of sentences", _bold)
EMOJIS = Choice("emoji", "emoji", "share of sentences", _emoji)
