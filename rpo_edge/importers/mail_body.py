"""What the writer of a mail said: its text, without quotes, headers of replies, forwarded text and signature.

Replies are taken apart by mail-parser-reply: on 21 invented mails in 11 languages it knew the headers of replies in seven, where
email-reply-parser knows English alone. What it cuts too eagerly (a paragraph that begins with "Thank you,", answers between
quotes) is put right here, and a sign-off stays, because it is a habit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from html.parser import HTMLParser
from typing import Any

from rpo_edge.errors import OptionalDependencyError

_TEXT_CHARACTERS = 100_000  # nobody writes more in one mail; patterns need time in proportion
_SEARCHED_LINE = 250  # characters; the headers of replies are shorter, and their patterns are quadratic in a line's length
_SIGNATURE_LINES = 12
_SIGN_OFFS = 20  # paragraphs that may begin like one
_SHORT = 40  # characters of a sign-off or a name
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


def _leaves(part: Message) -> Iterator[Message]:
    """Text parts that are shown, in order; not those of a message that is attached."""
    if part.get_content_maintype() == "message" or part.get_content_disposition() == "attachment":
        return
    if part.is_multipart():
        for child in part.get_payload():
            yield from _leaves(child)  # type: ignore[arg-type]
    elif part.get_content_maintype() in ("text", "multipart"):  # a multipart without parts has lost its border, and is text
        yield part


def text_of(mail: Message) -> str:
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
