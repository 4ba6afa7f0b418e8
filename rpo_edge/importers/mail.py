"""Mail that the user sent: mbox files, and single messages (.eml).

An mbox is read line by line, and of others' messages only the head is looked at. The standard library's `mailbox` would first
read the whole file into a table of contents, which grows with the number of messages, and takes every line that begins with
"From " for a new message; here it must look as RFC 4155 has it, with weekday, month and time.

Replies are taken apart by mail-parser-reply: on 21 invented mails in 11 languages it knew the headers of replies in seven, where
email-reply-parser knows English alone. What it cuts too eagerly (a paragraph that begins with "Thank you,", answers between
quotes) is put right here, and a sign-off stays, because it is a habit.
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
from html.parser import HTMLParser
from pathlib import Path
from typing import IO, Any

from rpo_edge.errors import OptionalDependencyError
from rpo_edge.importers.base import HEAD, Importer, Options, Report, opened, stem
from rpo_edge.records import HistoryItem

_BOM = b"\xef\xbb\xbf"
_MESSAGE_BYTES = 4_194_304  # what follows in a message is attachments: text comes first, and mail programs write it in kilobytes
_TEXT_CHARACTERS = 100_000  # nobody writes more in one mail; patterns need time in proportion
_SEARCHED_LINE = 250  # characters; the headers of replies are shorter, and their patterns are quadratic in a line's length
_SIGNATURE_LINES = 12
_SIGN_OFFS = 20  # paragraphs that may begin like one
_SHORT = 40  # characters of a sign-off or a name

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
_FORWARDED = re.compile(
    r"^(?:-{5,} ?[^\W\d_][^\n]{2,60}? ?-{5,}|(?:Begin forwarded message|Anfang der weitergeleiteten Nachricht|Début du message (?:transféré|réexpédié)) ?:)$",
    re.MULTILINE,
)
_ARMOUR = re.compile(
    r"-----BEGIN PGP (?:SIGNATURE|MESSAGE|PUBLIC KEY BLOCK)-----.*|-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Z][^\n]*\n)*", re.DOTALL
)
_DEVICE = re.compile(
    r"(?:sent (?:from|via)|get outlook|gesendet (?:von|mit)|von meinem .* gesendet|envoyé (?:de|depuis|avec)|enviado (?:desde|do|de)|inviato da|"
    r"verzonden va|verstuurd va|sendt fra|skickat från|wysłano z|odesláno z|отправлено (?:с|из)|lähetetty|从我的)[^\n.!?]{0,60}$",
    re.IGNORECASE,
)
_MOMENT = re.compile(r"\b\d{4}\b|\d{1,2}[:.]\d{2}")
# What a reply or a telephone writes, not the user: a language's patterns are used where its marks are.
_LANGUAGE_MARKS = """cs:napsal(a) cs:Odesláno da:skrev da:Sendt de:schrieb de:Gesendet es:escribió es:Enviado fr:écrit fr:Envoyé it:scritto it:Inviato
    ja:年 ko:작성하였습니다 ko:보낸 nl:schreef nl:Verzonden pl:napisał pl:Wysłano sv:skrev sv:Skickat zh:写道 zh:发件人"""
_WIDER = {"iso-8859-1": "cp1252", "us-ascii": "utf-8", "gb2312": "gb18030", "ks_c_5601-1987": "cp949"}
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
    text = "" if why else own_words(_text(mail))
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


def _leaves(part: Message) -> Iterator[Message]:
    """Text parts that are shown, in order; not those of a message that is attached."""
    if part.get_content_maintype() == "message" or part.get_content_disposition() == "attachment":
        return
    if part.is_multipart():
        for child in part.get_payload():
            yield from _leaves(child)  # type: ignore[arg-type]
    elif part.get_content_maintype() in ("text", "multipart"):  # a multipart without parts has lost its border, and is text
        yield part


def _text(mail: Message) -> str:
    """What the message says: its plain text, or else its HTML without tags. Raises ValueError for bytes that are not of their charset."""
    leaves = list(_leaves(mail))
    plain = "\n\n".join(_plain(part) for part in leaves if part.get_content_subtype() not in ("html", "calendar"))
    if plain.strip():
        return plain
    return "\n\n".join(_reduced(_decoded(part)) for part in leaves if part.get_content_subtype() == "html")


def _decoded(part: Message) -> str:
    data: Any = part.get_payload(decode=True) or b""
    named = str(part.get_content_charset() or "us-ascii").strip("'\" ")
    for charset in (_WIDER.get(named, named), "utf-8"):
        try:
            return str(data.decode(charset)).replace("\0", "")
        except UnicodeDecodeError:
            if named == "utf-8":
                raise  # it says what it is, and is not: cut off, or damaged
        except LookupError:
            continue
    return str(data.decode("cp1252", "replace"))


def _plain(part: Message) -> str:
    text = _decoded(part).replace("\r\n", "\n")
    if str(part.get_param("format") or "").casefold() != "flowed":
        return text
    return _unflowed(text, str(part.get_param("delsp") or "").casefold() == "yes")


def _unflowed(text: str, without_space: bool) -> str:
    """Paragraphs of format=flowed (RFC 3676) in one line each; quotes stay as they are, since they go."""
    out: list[str] = []
    flows = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        line = line.removeprefix(" ")
        if flows and not quoted and line != "-- ":
            out[-1] += line
        else:
            out.append(line)
        flows = line.endswith(" ") and line != "-- " and not quoted
        if flows and without_space:
            out[-1] = out[-1][:-1]
    return "\n".join(out)


class _Reader(HTMLParser):
    """HTML to lines: a block is a line, a paragraph has an empty line around it; quotes and signatures are left out."""

    _unseen = frozenset(["head", "style", "script", "title", "blockquote"])
    _blocks = {"p": 2} | dict.fromkeys(["div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6"], 1)
    _marks = re.compile(r"gmail_quote|gmail_signature|moz-cite-prefix|moz-signature|yahoo_quoted")

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._cut, self._depth, self._ends = "", 0, 2

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._cut:
            self._depth += tag == self._cut
        elif tag in self._unseen or (tag == "div" and self._marks.search(dict(attrs).get("class") or "")):
            self._cut, self._depth = tag, 1
        elif tag == "br":
            self._end_lines(self._ends + 1)
        else:
            self._end_lines(self._blocks.get(tag, 0))
            if tag == "li":
                self.handle_data("- ")

    def handle_endtag(self, tag: str) -> None:
        if self._cut:
            self._depth -= tag == self._cut
            self._cut = self._cut if self._depth else ""
        else:
            self._end_lines(self._blocks.get(tag, 0))

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if self._cut or (not text and self._ends):
            return
        before, after = data[:1].isspace() and not self._ends, data[-1:].isspace()
        self.pieces.append(" " * before + text + " " * (after and bool(text)))
        self._ends = 0

    def _end_lines(self, wanted: int) -> None:
        if wanted > self._ends:
            self.pieces.append("\n" * (wanted - self._ends))
            self._ends = wanted


def _reduced(html: str) -> str:
    reader = _Reader()
    reader.feed(
        re.sub(r"<!--.*?(?:-->|\Z)|<!\[[^>]{0,200}>", "", html, flags=re.DOTALL)
    )  # the parser raises at some of Office's conditions
    reader.close()
    return "".join(reader.pieces)


def own_words(body: str) -> str:
    """What the writer of a mail added: without quotes, headers of replies, forwarded text, signature and what a telephone appends."""
    try:
        from mailparser_reply import EmailMessage
    except ImportError as error:
        raise OptionalDependencyError("mail-parser-reply") from error
    text = re.sub(r"\n\s*\n\s*\n+", "\n\n", _ARMOUR.sub("", body.replace("\r\n", "\n"))[:_TEXT_CHARACTERS])
    marks = (entry.split(":") for entry in _LANGUAGE_MARKS.split())
    languages = sorted({code for code, mark in marks if mark in text})
    message = EmailMessage(text=text, languages=languages, keep_hyphen_lists=True)
    text = message.text
    if forwarded := _FORWARDED.search(text):
        text = text[: forwarded.start()]
    searched = "\n".join(line if len(line) <= _SEARCHED_LINE else "x" * len(line) for line in text.split("\n"))
    for header in message.HEADER_REGEX.finditer(searched):
        if "@" not in header[0] and not _MOMENT.search(header[0]):
            continue  # "On the card she wrote:", "To: be\nFrom: here"
        attribution = header[0].rstrip().endswith((":", "："))
        answers = text[header.end() :] if attribution and text[header.end() :].lstrip().startswith(">") else ""
        text = f"{text[: header.start()]}\n\n{answers}"
        break
    return _unsigned(_unquoted(text.strip()), message.SIGNATURE_REGEX).strip()


def _unquoted(text: str) -> str:
    """Without quoted lines and what introduces them, in any language: a line with a moment or an address that ends in a colon."""
    kept: list[str] = []
    quoted = False
    for line in text.split("\n"):
        if line.startswith(">"):
            if not quoted:
                _drop_attribution(kept)
            quoted = True
        else:
            quoted = quoted and not line
            kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept))


def _drop_attribution(kept: list[str]) -> None:
    while kept and not kept[-1]:
        kept.pop()
    last = kept[-1] if kept else ""
    if last.endswith((":", "：")) and ("@" in last or _MOMENT.search(last)):
        kept.pop()
        if not _MOMENT.search(last) and kept and _MOMENT.search(kept[-1]):
            kept.pop()  # the first half of a long one
    kept.append("")


def _unsigned(text: str, pattern: re.Pattern[str]) -> str:
    """Without a signature. A sign-off stays, with the name below it; where sentences follow, it was none."""
    start = 0
    for _ in range(_SIGN_OFFS):
        found = pattern.search(text, start)
        if not found:
            break
        tail = found[0].strip().split("\n")
        if tail[0].startswith(("--", "__")) or _DEVICE.match(tail[0]):
            return text[: found.start()]
        if _is_signature(tail):
            return text[: found.start()] + "\n" * found[0].startswith("\n") + "\n".join(_sign_off(tail))
        start = text.find(tail[0], found.start()) + len(tail[0])
    lines = text.rstrip().split("\n")
    return "\n".join(lines[:-1]) if _DEVICE.match(lines[-1]) else text


def _is_signature(tail: list[str]) -> bool:
    rest = [line for line in tail[1:] if line]
    is_prose = any(len(line) > 70 or line.endswith((".", "?", "!")) for line in rest)
    return len(tail[0]) <= _SHORT and len(rest) <= _SIGNATURE_LINES and not is_prose


def _sign_off(tail: list[str]) -> list[str]:
    name = next((line for line in tail[1:] if line), "")
    is_name = re.fullmatch(rf"[^\d@/|]{{1,{_SHORT}}}", name) and not _DEVICE.match(name)
    return [tail[0], name] if is_name else tail[:1]


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
