"""WhatsApp: the text of an exported chat, alone or in the zip that a telephone makes ("_chat.txt", "WhatsApp Chat with Ann.txt").

A line begins a message if a date does: `[31.12.23, 18:00:05] Ann: …` on iOS, `12/31/23, 6:00 PM - Ann: …` on Android, in the
telephone's own date format. Which number is the day is decided over the whole file: a number over 12 tells it, and so does the
order of messages, which never goes back. Where neither does, the other marks of a locale decide: a month before the day goes
with slashes and a capital AM or PM. iOS puts an invisible U+200E before whatever it writes itself, in any language.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from rpo_edge.importers.base import UNREADABLE, Importer, Options, Report, lines, stem
from rpo_edge.records import HistoryItem

_MARK = "\u200e"
_PLAIN = {ord(c): None for c in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"} | {0x202F: " ", 0xA0: " "}
_INVISIBLE = {ord(c): None for c in "\u200e\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}
_LONGEST = 65_536  # characters of a message; the program allows no more, so what goes on is no message

_HEAD = re.compile(
    r"(?P<bracket>\[)?(?P<a>\d{1,4})(?P<mark>[./-]) ?(?P<b>\d{1,2})(?P=mark) ?(?P<c>\d{1,4})\.?"
    r"(?:,\s?|\s)(?P<before>[^\W\d_]{1,4}\.?)?\s?(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d))?"
    r"(?:\s?(?P<after>[ap]\.?\s?m\.?|[πμ]\.?\s?μ\.?|[صم]))?(?(bracket)\]\s|\s-\s)",
    re.IGNORECASE,
)
_AFTERNOON = re.compile(r"[pμم]|오후|下午|午後", re.IGNORECASE)
_CLOCK_WORDS = frozenset(["오전", "오후", "上午", "下午", "午前", "午後", "am", "pm"])
_OMITTED = r"(?:omitted|weggelassen|omitid[oa]|omis(?:e|es)?|omess[oa]|ocultad[oa]|absente?|weggelaten|pominięto)"
_SYSTEM = re.compile(rf"<[^<>\n]{{2,60}}>|null|(?:\w+ ){{1,3}}{_OMITTED}\.?", re.IGNORECASE)
_TAIL = re.compile(rf"(?:{_MARK}(?:<[^<>\n]{{2,80}}>|[^\n]{{1,40}}{_OMITTED}\.?)|<[^\W\d_]+ [^<>=/\n]{{4,60}}>)\Z", re.IGNORECASE)
_ATTACHED = re.compile(r"[^\n]{1,200}\.\w{2,5} \([^()\n]{3,40}\)(?:\n|\Z)")
_DELETED = frozenset(
    """This message was deleted|You deleted this message|Diese Nachricht wurde gelöscht|Du hast diese Nachricht gelöscht|Se eliminó este mensaje
    |Eliminaste este mensaje|Ce message a été supprimé|Vous avez supprimé ce message|Essa mensagem foi apagada|Esta mensagem foi apagada
    |Mensagem apagada|Você apagou esta mensagem|Questo messaggio è stato eliminato|Hai eliminato questo messaggio|Dit bericht is verwijderd
    |Je hebt dit bericht verwijderd|Это сообщение было удалено|Bu mesaj silindi|このメッセージは削除されました|此訊息已刪除""".casefold()
    .replace("\n", "")
    .replace("    |", "|")
    .split("|")
)
_DAY_FIRST, _MONTH_FIRST = "day first", "month first"


@dataclass(slots=True)
class _Message:
    """A message while its lines come. made: the program wrote it itself."""

    line: int
    head: re.Match[str]
    name: str | None
    made: bool
    text: str

    def add(self, line: str) -> None:
        """One more line."""
        if len(self.text) < _LONGEST:
            self.text += "\n" + line


def _begun(number: int, line: str) -> _Message | None:
    """The message that a line begins, if it does."""
    plain = line.translate(_PLAIN)
    head = _HEAD.match(plain)
    if not head:
        return None
    name, colon, text = plain[head.end() :].partition(": ")
    if not colon and plain.endswith(":"):
        name, colon = plain[head.end() : -1], ":"
    raw = line.partition(": ")[2]
    return _Message(number, head, name.removeprefix("~").strip() if colon else None, raw.startswith(_MARK), raw if text else "")


def _messages(numbered: Iterator[tuple[int, str]], path: Path, report: Report) -> Iterator[_Message]:
    message = None
    for number, line in numbered:
        begun = _begun(number, line)
        if begun:
            if message:
                yield message
            message = begun
        elif message:
            message.add(line)
        elif line.strip():
            report(path, number, "no chat: it does not begin with a date and a name")
            return
    if message:
        yield message


def _order(numbered: Iterator[tuple[int, str]]) -> str:
    """Which comes first in this file's dates. It is read until that is certain."""
    last: dict[str, date] = {}
    left = {_DAY_FIRST, _MONTH_FIRST}
    guess = _DAY_FIRST
    for _, line in numbered:
        head = _HEAD.match(line.translate(_PLAIN))
        if not head:
            continue
        guess = _MONTH_FIRST if head["mark"] == "/" and (head["after"] or "").isupper() else _DAY_FIRST
        for order in sorted(left):
            try:
                day = _moment(head, order).date()
            except ValueError:
                left.discard(order)
                continue
            if day < last.get(order, day):
                left.discard(order)
            last[order] = day
        if len(left) < 2:
            break
    return left.pop() if len(left) == 1 else guess


def _moment(head: re.Match[str], order: str) -> datetime:
    """Local time of a message. Raises ValueError for a day that is none."""
    a, b, c = int(head["a"]), int(head["b"]), int(head["c"])
    if len(head["a"]) > 2:
        year, month, day = a, b, c
    else:
        year = c if len(head["c"]) > 2 else 2000 + c
        day, month = (a, b) if order == _DAY_FIRST else (b, a)
    return datetime(year, month, day, _hour(head), int(head["minute"]), int(head["second"] or 0))


def _hour(head: re.Match[str]) -> int:
    before = head["before"] or ""
    half = head["after"] or (before if before.casefold() in _CLOCK_WORDS else "")
    hour = int(head["hour"])
    if half and hour <= 12:
        hour = hour % 12 + 12 * bool(_AFTERNOON.match(half))
    return hour


def _words(message: _Message) -> str:
    """What the user typed: without names of files, marks of the program, and invisible marks."""
    text = _TAIL.sub("", message.text.rstrip())
    text = text.translate(_INVISIBLE).strip()
    text = _ATTACHED.sub("", text, count=1) if _ATTACHED.match(text) else text
    return "" if _SYSTEM.fullmatch(text.strip()) else text.strip()


def _left_out(message: _Message, options: Options) -> str | None:
    text = message.text.translate(_INVISIBLE).strip()
    if message.name is None:
        return "automatic messages"
    if not options.mine(message.name):
        return "written by others"
    if text.rstrip(".").casefold() in _DELETED:
        return "deleted messages"
    if message.made:
        return "automatic messages"
    return None if re.sub(r"https?://\S+", "", _words(message)).strip() else "without words of their own"


def _read(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    member = _member(path)
    order = _order(_numbered(path, member, Report()))
    title = stem(Path(member)) if member and Path(member).name != "_chat.txt" else stem(path)
    for message in _messages(_numbered(path, member, report), path, report):
        why = _left_out(message, options)
        if why:
            report.skip(why)
            continue
        try:
            when = _moment(message.head, order).isoformat()
        except ValueError:
            report(path, message.line, f"{message.head[0].strip(' []-')!r} is no date here ({order})")
            continue
        yield HistoryItem(_words(message), "whatsapp", when, title, kind="chat", origin=f"{title}:{message.line}")


def _numbered(path: Path, member: str | None, report: Report) -> Iterator[tuple[int, str]]:
    """Numbered lines of a file or of a file in a zip. What cannot be read is reported and ends the iteration."""
    if not member:
        yield from lines(path, report)
        return
    number = 0
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            for number, raw in enumerate(file, 1):
                yield number, raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        report.progress(path.stat().st_size)
    except UnicodeDecodeError:  # in the line that was numbered last
        report(path, f"{member}:{number}", "not UTF-8; the rest of the file is skipped")
    except UNREADABLE as error:
        report(path, f"{member}:{number + 1}", f"{error or type(error).__name__}; the rest of the file is skipped")


def _member(path: Path) -> str | None:
    """The chat inside a zip; None for anything else."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except UNREADABLE:
        return None
    return next((name for name in names if Path(name).name == "_chat.txt" or re.search(r"whatsapp[^/]*\.txt\Z", name, re.IGNORECASE)), None)


def _recognises(path: Path, head: bytes) -> bool:
    if head.startswith(b"PK"):
        return _member(path) is not None
    first = next((line for line in head.decode("utf-8-sig", "replace").splitlines() if line.strip()), "")
    found = _HEAD.match(first.translate(_PLAIN))
    if not found:
        return False
    if path.name == "_chat.txt" or _MARK in head.decode("utf-8", "replace"):
        return True
    # A log has seconds outside brackets, or a date of ISO 8601 without a comma inside them.
    is_log = len(found["a"]) > 2 and found["mark"] == "-" and "," not in found[0]
    return not (found["bracket"] and is_log) and bool(found["bracket"] or not found["second"])


WHATSAPP = Importer("whatsapp", "WhatsApp, an exported chat (.txt or .zip)", _recognises, _read, asks_me=True)
