"""cut: a draft that is still coming, cut into what passes as it is and sentences that can be worked on.

What passes does so as it comes: fenced code, also before the fence closes, a model's reasoning in its tags, before which no draft begins,
and, line by line, quoted lines, table rows and indented code. The line that may open a fence of backticks waits for its end, or for the
backtick that makes it prose ("```ls -l``` is a command").
Prose is cut where a sentence ends, as soon as the first letter behind it is there. White space between two sentences begins the second.
Every decision rests on the text up to that letter, each is made once, and none is taken back, so the cuts are the same however the text
was chunked, and a long text costs time in proportion to its length.

No cut is made where it would hide something from `freeze`: inside a quotation, formula, comment or code span that may yet be closed (for
as long as `freeze` would let it be open), and in a line that may be the head of a table. Stock phrases, greetings and sign-offs stay with
their neighbour, because they are judged by it. So do the lines of what may be verse, up to the paragraph's end.

Not seen: a stanza's first sentence, where it ends within the first line; that a line is the head of a table if a whole sentence of it comes
before the first "|"; a quotation that goes on over a line's end where a sentence ends there, too; a comment or formula that begins inside of
what passes, or is longer than about 6,000 characters; a quotation, from 600 characters on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rpo_edge.features.framing import is_stock
from rpo_edge.features.letters import GREETING, SIGN_OFF
from rpo_edge.segment import FENCE, ITEM_MARK, PARAGRAPH_BREAK, THOUGHT, THOUGHTS, may_think, sentences
from rpo_edge.steps.freeze import Frozen, freeze
from rpo_edge.steps.verse import may_be_verse


class Piece(NamedTuple):
    """A part of the draft. prose: it can be rewritten; else it passes as it is. last: nothing comes after it.

    ahead: it is the model's reasoning or the white space below it, and nothing but that has come: the draft begins behind it.
    """

    text: str
    prose: bool
    last: bool = False
    ahead: bool = False


_FENCE = re.compile(rf"[ \t>]*(?:{ITEM_MARK}[ \t]+)?({FENCE.pattern})")
_QUOTE, _ROW = re.compile(r"[ \t]*>"), re.compile(r"[ \t]*\|")
_CODE = re.compile(rf"(?: {{4}}|\t)(?![ \t]*{ITEM_MARK}[ \t])")
_ITEM = re.compile(rf"[ \t]*(?:{ITEM_MARK}|#{{1,6}})[ \t]")
_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-{2,}")  # between the head and the rows of a table
_UNDECIDED = re.compile(r"[ \t]*(?:(?:[-*+•]|\d{1,3}[.)]?)[ \t]*)?[`~]{0,2}\Z|[ \t]*(?:#{1,6}|:-?|\|[ \t]*:?-?)\Z")
_HEAD = 200  # characters of a line that say of what kind it is
_ROW_HEAD = 1000  # and of one that follows a table's row

MARKS = ".!?…\"'”’)]*_\n|`"
"""Without one of these in a text, or right before it, nothing can be cut when it comes."""

_EVENT = re.compile(r"[.!?…\"'”’)\]*_](?=\s)|\n")
_NO_SPACE = re.compile(r"\S")
_NEAR = 64  # characters before the end of a sentence that show whether it is one
_WITHIN, _OVER = 600, 6000  # and in which something may be open, within a line and over lines
_RETRY = 150  # characters after which what is open is looked at again
_LONGEST_STOCK = 1000
_BLOCK = 4096


class _Open(NamedTuple):
    """What may stand open at the end of a sentence: how it begins and ends, and what has to come before it is worth another look."""

    begins: str
    ends: str
    release: re.Pattern[str]


_WITHIN_LINE = tuple(
    _Open(begins, ends, re.compile(release))
    for begins, ends, release in (
        ('"', '"', '["\n]'),
        ("“", "”", "[”\n]"),
        ("«", "»", "[»\n]"),
        ("„", "“", "[“”\n]"),
        ("‘", "’", "[’\n]"),
        ("'", "'", "['\n]"),
        ("`", "`", "[`\n]"),
        ("``", "``", "[`\n]"),
        ("```", "```", "[`\n]"),
        ("````", "````", "[`\n]"),
        ("$", "$", "[$\n]"),
        ("\\(", "\\)", r"\\\)|\n"),
        ("<", ">", "[<>\n]"),
        ("[", "]", "[]\n]"),
        ("{", "}", "[}\n]"),
        ("](", ")", "[)\n]"),
    )
)
_OVER_LINES = tuple(
    _Open(begins, ends, re.compile(re.escape(ends)))
    for begins, ends in (
        ("$$", "$$"),
        ("\\[", "\\]"),
        ("<!--", "-->"),
        ("<code", "</code>"),
        ("<pre", "</pre>"),
        ("<style", "</style>"),
        ("<script", "</script>"),
        *((f"<{tag}", f"</{tag}>") for tag in THOUGHTS),
    )
)


class Cutter:
    """See the module's text. `feed` it the draft's chunks, then `finish`, and read each to its end; the pieces make up the draft."""

    def __init__(self) -> None:
        self._buffer = ""  # what has come and not gone
        self._chunks: list[str] = []  # what has come after it, where nothing can be decided
        self._behind = ""  # the last letters that have gone
        self._before: str | None = None  # kind of the last line that passed as it is, if nothing has gone since
        self._passing: str | None = None  # kind of the line that passes
        self._fence: str | None = None  # the mark that will close the code or reasoning that passes
        self._head = ""  # of the line that passes; of reasoning, what came last
        self._said = False  # whether anything has gone but white space and reasoning
        self._restart()

    def _restart(self, line: int = 0, scan: int = 0, fresh: bool = True) -> None:
        """Begin with the buffer as it is now. line: where its first line begins, -1: before it. fresh: its kind is to be found."""
        self._line, self._scan, self._fresh = line, scan, fresh
        self._seek = 0  # white space up to here
        self._since = 0  # where the last sentence begins, of those that were held back
        self._piped = False  # whether the line has a "|" up to `_scan`
        self._wait: tuple[re.Pattern[str], int] | None = None  # for what, from where on

    def feed(self, text: str) -> Iterator[Piece]:
        """Pieces that are certain now. Long chunks go in block by block: each piece that goes moves what is left."""
        for start in range(0, len(text), _BLOCK):
            block = text[start : start + _BLOCK]
            self._chunks.append(block)
            if self._awake(block):
                self._join()
                yield from self._pieces(False)

    def finish(self) -> Iterator[Piece]:
        """The rest. The last piece is marked as such if it is prose."""
        self._join()
        yield from self._pieces(True)
        if rest := self._taken(len(self._buffer)):
            yield Piece(rest, bool(rest.strip()), True)

    def _join(self) -> None:
        self._buffer += "".join(self._chunks)
        self._chunks = []

    def rest(self) -> str:
        """What has come and not gone; it is forgotten."""
        self._join()
        rest = self._taken(len(self._buffer))
        self._restart()
        return rest

    def _awake(self, text: str) -> bool:
        """Whether anything can be decided by more text: not in the middle of a sentence."""
        if self._passing or self._fresh or self._scan < len(self._buffer):
            return True
        return any(mark in text for mark in MARKS)

    def _pieces(self, final: bool) -> Iterator[Piece]:
        while self._buffer and (step := self._passed() if self._passing else self._prose(final)) is not None:
            yield from step

    # -- what passes -----------------------------------------------------------------------------------------------

    def _passed(self) -> list[Piece] | None:
        """The rest of a line or of reasoning, or what is there of it."""
        if self._passing == "thought":
            return self._thought()
        if self._passing == "ahead":
            return self._ahead()
        end = self._buffer.find("\n") + 1 or len(self._buffer)
        text = self._taken(end)
        self._head = (self._head + text)[:_HEAD]
        if text.endswith("\n"):
            self._line_passed()
        return [Piece(text, False)]

    def _line_passed(self) -> None:
        fence = _FENCE.match(self._head)
        if self._fence is not None:
            if self._head.lstrip(" \t>").startswith(self._fence):
                self._fence = None
                self._passing, self._before = None, "fence"
        elif fence:
            self._fence, self._passing = fence[1], "fence"
        else:
            self._passing, self._before = None, self._passing
        self._head = ""
        self._restart()

    def _thought(self) -> list[Piece]:
        """What is there of the model's reasoning, up to its closing tag, which may come in parts."""
        tag, come = self._fence or "", len(self._head)
        over = f"{self._head}{self._buffer[: len(tag)]}".find(tag)
        at = over - come if over >= 0 else self._buffer.find(tag)
        closed = over >= 0 or at >= 0
        text = self._taken(at + len(tag) if closed else len(self._buffer))
        self._head = f"{self._head}{text}"[1 - len(tag) :]
        if closed:
            self._passing, self._before = None if self._said else "ahead", "thought"
            self._fence, self._head = None, ""
            self._restart()
        return [Piece(text, False, ahead=not self._said)]

    def _ahead(self) -> list[Piece] | None:
        """The white space below reasoning, but for that of the line with which the draft begins."""
        begins = _NO_SPACE.search(self._buffer, self._seek)
        if begins is None:
            self._seek = len(self._buffer)
            return None
        text = self._taken(self._buffer.rfind("\n", 0, begins.start()) + 1 or begins.start())
        self._passing, self._behind = None, ""
        self._restart()
        return [Piece(text, False, ahead=True)] if text else []

    def _pass_line(self, start: int, kind: str) -> list[Piece]:
        """Let the line that begins at `start` pass; prose before it ends there."""
        end = len(self._buffer[:start].rstrip())
        pieces = [Piece(self._taken(end), True)] if end else []
        if start > end:
            pieces.append(Piece(self._taken(start - end), False))
        self._passing, self._head = kind, ""
        if kind == "thought" and (opened := THOUGHT.match(self._buffer)):
            self._fence = f"</{opened['thought']}>"
        return pieces

    def _taken(self, end: int) -> str:
        text, self._buffer = self._buffer[:end], self._buffer[end:]
        self._behind = (self._behind + text)[-3:]
        self._said = self._said or not (self._passing in ("thought", "ahead") or text.isspace())
        return text

    # -- prose -----------------------------------------------------------------------------------------------------

    def _prose(self, final: bool) -> list[Piece] | None:
        """One step: pieces, or None where more text is needed."""
        if self._fresh:
            kind = self._kind(0, final)
            if kind in (None, "text", "item"):
                self._fresh = kind is None
                return None if kind is None else []
            return self._pass_line(0, kind or "")
        event = _EVENT.search(self._buffer, self._scan)
        if event is None:
            end = len(self._buffer) - (self._buffer[-1:] in ".!?…\"'”’)]*_")  # white space may follow it
            self._piped = self._piped or "|" in self._buffer[self._scan : end]
            self._scan = max(self._scan, end)
            return None
        here = event.end() if event[0] != "\n" else self._text_end(event.start())
        self._seek = max(self._seek, here)
        following = _NO_SPACE.search(self._buffer, self._seek)
        if following is None:
            self._seek = len(self._buffer)
            return None
        return self._gap(here, following.start(), event.end(), final)

    def _text_end(self, end: int) -> int:
        while end > 0 and self._buffer[end - 1].isspace():
            end -= 1
        return end

    def _gap(self, here: int, following: int, seen: int, final: bool) -> list[Piece] | None:
        """Look at the white space from `here` to `following`: a new line may pass, a sentence may end."""
        piped = self._piped or "|" in self._buffer[self._scan : seen]
        line = self._buffer.rfind("\n", here, following) + 1
        kind = None
        if line:
            kind = self._kind(line, final, piped)
            if kind is None:
                return None
            if kind == "rule":  # what looked like prose is the head of a table
                return self._pass_line(max(0, self._line), "row")
            if kind not in ("text", "item"):
                return self._pass_line(line, kind)
        if self._ends(here, following, bool(line), kind == "item", piped):
            piece = Piece(self._taken(here), True)
            self._before = None
            self._restart(line - here if line else -1, following - here, False)
            return [piece]
        self._scan = following
        self._line, self._piped = (line, False) if line else (self._line, piped)
        return []

    def _kind(self, line: int, final: bool, piped: bool = False) -> str | None:
        """What the line is: a fence, thought, quote, row or code, which pass; item or text; None: not known yet. piped: the line before was."""
        head = self._buffer[line : line + _HEAD]
        whole = final or "\n" in head or len(head) == _HEAD
        if fence := _FENCE.match(head):
            return "fence" if whole or fence[1].startswith("~") else None  # "```py" may go on to "```py``` is"
        if THOUGHT.match(head):
            return "thought"
        if not whole and (_UNDECIDED.match(head) or may_think(head)):
            return None
        if _RULE.match(head) and (piped or (line == 0 and self._before == "row")):
            return "rule" if piped else "row"
        kind = self._passing_kind(line, head)
        if kind == "text" and line == 0 and self._before == "row":
            return self._under_row(final)
        passes = kind in ("quote", "row", "code")
        return "text" if passes and self._reaches_over(line) else kind

    def _reaches_over(self, line: int) -> bool:
        """Whether something frozen reaches over a line's begin, or could if more text came."""
        if not self._waits(line + 1):
            found = self._crossing(_OVER_LINES, line, line + 1, _OVER)
            self._wait = (found.release, line + 1) if found else None
        return self._wait is not None

    def _waits(self, end: int) -> bool:
        """Whether what was found open stays so up to `end`, for all that is looked at."""
        if self._wait is None:
            return False
        release, since = self._wait
        return end - since <= _RETRY and not release.search(self._buffer, since, end)

    def _passing_kind(self, line: int, head: str) -> str:
        if _QUOTE.match(head):
            return "quote"
        if _ROW.match(head):
            return "row"
        if _CODE.match(head) and self._code_may_begin(line):
            return "code"
        return "item" if _ITEM.match(head) else "text"

    def _code_may_begin(self, line: int) -> bool:
        behind = (self._behind + self._buffer[max(0, line - 3) : line])[-3:]
        return not behind or behind.endswith(("\n\n", "\n\r\n")) or (line == 0 and self._before == "code")

    def _under_row(self, final: bool) -> str | None:
        """A line under a table's row belongs to the table if it has a "|" anywhere."""
        line = self._buffer[:_ROW_HEAD].partition("\n")
        if "|" in line[0]:
            return "row"
        return "text" if line[1] or final or len(line[0]) == _ROW_HEAD else None

    # -- where a sentence ends -------------------------------------------------------------------------------------

    def _ends(self, here: int, following: int, new_line: bool, item: bool, piped: bool) -> bool:
        if not self._buffer[:here].strip():
            return False
        surely = item or (new_line and PARAGRAPH_BREAK.search(self._buffer, here, following) is not None)
        if not surely and ((piped and not new_line) or not self._sentence_ends(here)):
            return False
        return not (self._open(here, following, new_line) or self._held(here) or (not surely and self._in_stanza(here, new_line)))

    def _sentence_ends(self, here: int) -> bool:
        near = self._buffer[max(0, here - _NEAR) : here]
        return sentences(f"{near} X")[-1].start == len(near) + 1

    def _in_stanza(self, here: int, new_line: bool) -> bool:
        """Whether the paragraph, which goes on, may be verse: that is known at its end. Its first sentence goes before anything is known."""
        begun = max(0, here - _OVER)
        begun = max((found.end() for found in PARAGRAPH_BREAK.finditer(self._buffer, begun, here)), default=begun)
        lines = self._buffer[begun:here].lstrip().split("\n")
        return (new_line or len(lines) > 1) and here - begun < _OVER and may_be_verse(lines)

    def _held(self, here: int) -> bool:
        """Stock phrases, sign-offs and the greeting wait for the next sentence."""
        sentence = self._buffer[self._since : here].strip()
        held = here < _LONGEST_STOCK and (is_stock(sentence) or bool(SIGN_OFF.fullmatch(sentence)) or self._greets(here))
        if held:
            self._since = here
        return held

    def _greets(self, here: int) -> bool:
        """Whether the draft's first words are a greeting, or a stock phrase or the begin of one ("Of course! I can help.")."""
        if self._behind:
            return False
        text = self._buffer[:here].strip()
        found = GREETING.match(f"{text}\n")
        return (found is not None and found.end() == len(text)) or is_stock(text) or is_stock(f"{text} I can help.")

    def _open(self, here: int, following: int, new_line: bool) -> bool:
        """Whether something frozen reaches over the place, or could if more text came. Over a line's end few things do."""
        if self._waits(following + 1):
            return True
        self._wait = None
        if self._crossed(here, following + 1, _WITHIN):
            return True
        found = self._crossing(_OVER_LINES, here, following + 1, _OVER)
        if found is None and not new_line:
            found = self._crossing(_WITHIN_LINE, here, following + 1, _WITHIN)
        self._wait = (found.release, following + 1) if found else None
        return found is not None

    def _crossing(self, kinds: Sequence[_Open], here: int, end: int, most: int) -> _Open | None:
        """What is frozen over the place `here` if it ends at `end`."""
        text = self._buffer[max(0, here - most) : here]
        return next((what for what in kinds if what.begins in text and self._crossed(here, end, most, what.ends)), None)

    def _crossed(self, here: int, end: int, most: int, added: str = "") -> bool:
        start = max(0, here - most)
        return any(s < here - start < e for s, e in self._frozen(self._buffer[start:end] + added))

    def _frozen(self, text: str) -> Iterator[tuple[int, int]]:
        return ((start, end) for start, end, _ in frozen_after(lead_of(self._behind), text))


def lead_of(behind: str) -> str:
    """What stands for the text behind a piece where frozen spans are looked for: it matters whether a line, or the draft, begins there."""
    return "" if not behind else "!\n" if behind.endswith("\n") else "!"


def frozen_after(lead: str, text: str) -> tuple[Frozen, ...]:
    """Frozen spans of a text that stands after `lead`, by offsets into the text."""
    by = len(lead)
    return tuple(Frozen(max(0, start - by), end - by, kind) for start, end, kind in freeze(lead + text) if end > by)


__all__ = ["MARKS", "Cutter", "Piece", "frozen_after", "lead_of"]
