"""Mail that the user sent: mbox files, and single messages (.eml).

An mbox is read line by line, and of others' messages only the head is looked at. The standard library's `mailbox` would first
read the whole file into a table of contents, which grows with the number of messages, and takes every line that begins with
"From " for a new message; here it must look as RFC 4155 has it, with weekday, month and time. What the user added to a message is read by
`mail_body`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO

from rpo_edge.importers.base import HEAD, Importer, Options, Report, opened, stem
from rpo_edge.importers.mail_body import own_words, text_of
from rpo_edge.records import HistoryItem

_BOM = b"\xef\xbb\xbf"
_MESSAGE_BYTES = 4_194_304  # what follows in a message is attachments: text comes first, and mail programs write it in kilobytes

_SEPARATOR = re.compile(
    rb"From (?:.{0,300} )?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]?\d \d\d:\d\d.{0,40}\d{4}"
)
_ESCAPED = re.compile(rb">+From ")
_FIELD = re.compile(rb"[!-9;-~]+:|[ \t]")
_FROM = re.compile(rb"^from[ \t]*:((?:.*\n[ \t])*.*)", re.IGNORECASE | re.MULTILINE)
_BRACKETED = re.compile(r"<\s*([^<>\s]+@[^<>\s]+)\s*>")
_ADDRESS = re.compile(r"[^\s<>\"',;()]+@[^\s<>\"',;()]+")
_MAIL_ONLY = re.compile(rb"^(?:message-id|mime-version|received|return-path|x-mailer|delivered-to)[ \t]*:", re.IGNORECASE | re.MULTILINE)

_FORWARDS = r"(?:fwd?|wg|tr|rv|enc|doorst|vl|vb|pd|ilt|i̇lt|转发|轉寄)"
_REPLIES = r"(?:re|aw|sv|vs|antw|odp|rif|res|ynt|回复|回覆|答复)"
_FORWARD = re.compile(rf"\s*{_FORWARDS}\s*[:：]", re.IGNORECASE)
_PREFIXES = re.compile(rf"\A(?:\s*(?:{_FORWARDS}|{_REPLIES})\s*(?:\[\d+\]|\(\d+\))?\s*[:：]\s*)+", re.IGNORECASE)
# What `email` raises on broken mail.
_BAD = (LookupError, ValueError, AttributeError, TypeError, AssertionError, RecursionError, MessageError)


@dataclass(slots=True)
class _Raw:
    """One message as it comes: the head, and the body too if the user sent it. start: the line that it begins in."""

    start: int
    options: Options
    sent: bool | None = None  # None until the head is complete
    data: bytearray = field(default_factory=bytearray)

    def add(self, line: bytes) -> None:
        if self.sent is None and not line.strip():
            self.end_head()
        if self.sent is not False and len(self.data) < _MESSAGE_BYTES:
            self.data += line

    def end_head(self) -> None:
        """Decide, from the head, whose message it is."""
        self.sent = any(self.options.mine(address) for address in _senders(self.data))


def _senders(head: bytes | bytearray) -> list[str]:
    """Addresses of the From field, read by hand: spam has fields that make `email` raise, and it is not the user's."""
    found = _FROM.search(head)
    text = found[1].decode("utf-8", "replace") if found else ""
    return _BRACKETED.findall(text) or _ADDRESS.findall(text)


def _numbered(file: IO[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Lines with their numbers, and whether they begin a line: over-long ones come in pieces."""
    number, begins = 1, True
    while line := file.readline(HEAD):
        yield number, line.removeprefix(_BOM) if number == 1 else line, begins
        begins = line.endswith(b"\n")
        number += begins


def _of_mbox(path: Path, options: Options, report: Report) -> Iterator[_Raw]:
    message: _Raw | None = None
    with opened(path, report) as file:
        for number, line, begins in _numbered(file):
            if begins and line.startswith(b"From ") and _SEPARATOR.match(line):
                if message:
                    yield message
                message = _Raw(number, options)
            elif message:
                message.add(line[1:] if begins and _ESCAPED.match(line) else line)
            elif line.strip():
                report(path, number, 'no mbox: it does not begin with "From ", a sender and a date')
                return
    if message:
        yield message


def _of_eml(path: Path, options: Options, report: Report) -> Iterator[_Raw]:
    message = _Raw(1, options)
    with opened(path, report) as file:
        for _, line, _ in _numbered(file):
            message.add(line)
    yield message


def _items(messages: Iterable[_Raw], path: Path, source: str, report: Report) -> Iterator[HistoryItem]:
    try:
        for message in messages:
            if message.sent is None:
                message.end_head()
            if not message.sent:
                report.skip("written by others")
                continue
            try:
                yield from _item(message.data, source, f"{stem(path)}:{message.start}", report)
            except _BAD as error:
                report(path, message.start, f"a message that cannot be read: {error or type(error).__name__}")
    except OSError as error:
        report(path, 1, (error.strerror or str(error)).lower())


def _item(data: bytearray, source: str, place: str, report: Report) -> Iterator[HistoryItem]:
    """The item, unless the message has a good reason to be left out. Raises what _BAD lists."""
    parser = BytesFeedParser(policy=default)
    for start in range(0, len(data), HEAD):  # given all at once, it would make four bytes of each
        parser.feed(data[start : start + HEAD])
    mail = parser.close()
    subject = _head(mail, "subject")
    why = "automatic messages" if _is_automatic(mail) else "forwarded messages" if _FORWARD.match(subject) else None
    text = "" if why else own_words(text_of(mail))
    if why or not text:
        report.skip(why or "without words of their own")
        return
    title = _PREFIXES.sub("", subject) or None
    yield HistoryItem(text, source, _date(mail), title, kind="email", origin=_head(mail, "message-id").strip("<>") or place)


def _head(mail: Message, name: str) -> str:
    """A field as text, decoded; empty where there is none or it is beyond reading."""
    try:
        value = str(mail[name] or "")
    except _BAD:
        return ""
    return " ".join(value.encode("utf-8", "replace").decode().split())


def _date(mail: Message) -> str | None:
    try:
        return parsedate_to_datetime(_head(mail, "date")).isoformat()
    except _BAD:
        return None


def _is_automatic(mail: Message) -> bool:
    """Bounces, receipts and answers of a machine in the user's name (RFC 3834, RFC 6522)."""
    says = _head(mail, "auto-submitted").casefold() not in ("", "no") or _head(mail, "precedence").casefold() == "auto_reply"
    return says or mail.get_content_type() == "multipart/report" or bool(_head(mail, "x-autoreply"))


def _read_mbox(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    return _items(_of_mbox(path, options, report), path, stem(path), report)


def _read_eml(path: Path, options: Options, report: Report) -> Iterator[HistoryItem]:
    return _items(_of_eml(path, options, report), path, "mail", report)


def _is_mbox(path: Path, head: bytes) -> bool:
    return bool(_SEPARATOR.match(head.removeprefix(_BOM).lstrip()))


def _is_eml(path: Path, head: bytes) -> bool:
    fields = re.split(rb"\r?\n\r?\n", head.removeprefix(_BOM).lstrip(), maxsplit=1)[0]
    if not _FROM.search(fields) or not all(_FIELD.match(line) for line in fields.splitlines()):
        return False
    return path.suffix.lower() == ".eml" or bool(_MAIL_ONLY.search(fields))


MBOX = Importer("mbox", "mail folders: what you sent", _is_mbox, _read_mbox, asks_me=True)
EML = Importer("eml", "single mails: what you sent", _is_eml, _read_eml, asks_me=True)
