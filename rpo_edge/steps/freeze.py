"""freeze: the spans of a draft that must come out byte for byte.

Found by patterns, in linear time. Not covered: code that nothing marks as code, reasoning whose opening tag stands in the prompt,
numbers in words (the guard counts those), quotations across paragraphs, names (the guard's business too).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rpo_edge.features.letters import awaits_name
from rpo_edge.segment import FENCE, ITEM_MARK, THOUGHT, THOUGHT_BEGINS, THOUGHTS, TO_ITS_END

SIGNATURE = "signature"
"""The kind of a placeholder below a parting phrase, which a sign-off of the user's may fill with their name, and nothing else may change."""


class Frozen(NamedTuple):
    """`text[start:end]` is frozen; `kind` says why."""

    start: int
    end: int
    kind: str


# Lines may end in \r\n everywhere: `$` and `[^\n]` see \r as a part of the line.
_TABLE_LINE = r"^[ \t]*\|?[^|\n]+\|[^\n]*$"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_EXTENSIONS = [
    "py",
    "js",
    "ts",
    "jsx",
    "tsx",
    "html",
    "css",
    "json",
    "yaml",
    "yml",
    "toml",
    "md",
    "txt",
    "csv",
    "xml",
    "sh",
    "bat",
    "sql",
    "rb",
    "go",
    "rs",
    "java",
    "kt",
    "cpp",
    "hpp",
    "pdf",
    "png",
    "jpg",
    "gif",
    "svg",
    "zip",
    "exe",
    "dll",
    "ini",
    "cfg",
    "log",
    "ipynb",
    "docx",
    "xlsx",
]

_DOMAINS = ("com", "org", "net", "io", "edu", "gov", "dev", "co.uk")
_CSS = (
    "text-(?:align|decoration|transform|indent|shadow)|font-(?:size|weight|family|style)|background-(?:color|image|size|position)|"
    "(?:border|margin|padding)-(?:top|right|bottom|left|color|radius|width|style)|align-(?:items|content|self)|justify-(?:content|items)|"
    "line-height|flex-(?:direction|wrap|grow)|(?:max|min)-(?:width|height)|z-index|vertical-align"
)
_TEXT_COMMANDS = "text[a-z]{2}|emph|(?:sub){0,2}section|paragraph|chapter|title|caption|footnote"  # what they hold is prose
_LINE_TEXT = r"(?:^[ \t]*|(?<=^[-*+•] )|(?<=^\d[.)] )|(?<=^\d\d[.)] )|(?<=^\[\d\] ))"  # where it begins, behind a list's mark
_CELL = r"(?:(?![.!?][\"')\]]*\s)[^\t\n])+"  # a sentence that ends in one makes prose of the row
_LONGEST_COMMENT = 5000
# Within a paragraph that is broken into lines.
_SOFT_BREAK = r"\r?\n(?![ \t]*(?:\r?\n|[-*+•>#|`~]|\d{1,3}[.)]|\Z))"

# Kind, strings of which every match has one (a text without any is not searched: most drafts have no "@"), pattern.
PATTERNS: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (kind, needs, re.compile(source, re.MULTILINE))
    for kind, needs, source in (
        (
            "code",
            ("```", "~~~", *THOUGHT_BEGINS),
            rf"^[ \t>]*(?P<fence>{FENCE.pattern})[^\n]*(?:\n(?![ \t>]*(?P=fence))[^\n]*)*(?:\n[ \t>]*(?P=fence)[`~]*|\Z)?"
            rf"|^{THOUGHT.pattern}{TO_ITS_END}",  # each may hold what opens the other
        ),
        ("code", ("    ", "\t"), rf"(?:\A|(?<=\n\n)|(?<=\n\r\n))(?:(?: {{4}}|\t)(?![ \t]*{ITEM_MARK}[ \t])[^\n]*(?:\n|\Z))+"),
        ("table", ("|",), rf"{_TABLE_LINE}\n[ \t]*\|?[ \t]*:?-{{2,}}:?[ \t]*(?:\|[ \t:\-|]*)?\r?$(?:\n{_TABLE_LINE})*"),
        ("table", ("|",), r"^[ \t]*\|[^\n]+\|[ \t]*\r?$"),  # a row by itself, or of a table without a separator line
        # Up to the next tag of the same name only, so that tags that are never closed do not cost quadratic time.
        (
            "html",
            ("<",),
            rf"(?i:<(?P<tag>pre|code|style|script|{'|'.join(THOUGHTS)})\b[^<>\n]{{0,200}}>(?:[^<]+|<(?!/?(?P=tag)\b))*+</(?P=tag)>)",
        ),
        ("code", ("---",), r"\A---[ \t]*\r?\n(?=[\w-]{1,40}:)(?:(?!---)[^\n]{0,500}\n){1,60}---[ \t]*\r?$"),  # front matter
        ("code", ("$ ", "@@ "), r"^[ \t]*\$ (?=[a-z.~/])[^\n]+|^@@ [^\n]{1,60} @@[^\n]*(?:\n[ +\-\\][^\n]*)*"),  # a shell's prompt, a diff
        (
            "code",
            ("=",),
            r"(?<![\w-])-{0,2}[A-Za-z][\w.-]{0,60}=[\w./#-]+(?<![.-])|^[ \t]*[\w.-]{1,60}[ \t]*=[ \t]*(?:true|false|\d[\w.]*|\"[^\"\n]{0,200}\")[ \t]*\r?$",
        ),
        ("code", ("=",), r"^[+-](?=[A-Za-z_])[\w.]{1,60}[ \t]*=[^\n]*"),
        ("code", ("(",), r"\b[A-Za-z_]\w{0,60}(?:\.[A-Za-z_]\w{0,60}){1,6}\((?:[\w.\"', =]{0,80}\))?"),
        ("code", (".",), r"(?<![\w.])(?:self|this|cls|np|pd|os|sys|Math|window|document|console)\.[a-z_]\w{1,60}(?:\.\w{1,60}){0,4}"),
        ("code", ("\\",), rf"\\(?:{_TEXT_COMMANDS})\b|\\[A-Za-z]{{2,30}}\*?(?:\[[^\]\n]{{0,60}}\])?(?:\{{[^{{}}\n]{{0,200}}\}}){{0,4}}"),
        ("code", ("{",), r"\{\s{0,20}[a-z-]{2,30}[ \t]?:[^{}]{1,300}\}"),
        ("code", ("-",), rf"(?<![\w-])(?:{_CSS}): ?[\w#%.-]+;?"),
        ("table", ("\t",), rf"^{_CELL}(?:\t{_CELL}){{2,}}$"),
        ("code", (":",), r"^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d[^\n]*"),  # a log's line
        (
            "path",
            ("/",),
            r"(?<![\w/])(?:~|src|lib|bin|usr|node_modules)/[\w.-]{1,80}(?:/[\w.-]{1,80}){0,8}(?<!\.)/?",
        ),
        (
            "citation",
            ("(19", "(20"),
            rf"{_LINE_TEXT}[*_]{{0,2}}[A-Z][\w'’-]{{1,40}},(?: ?[A-Z]\.-?){{1,4}}[^\n]{{0,300}}?\((?:19|20)\d\d[a-z]?\)[*_]{{0,2}}[.,:](?:(?!\.\*\*[ \t])[^\n])*",
        ),
        ("citation", ("[^",), r"^[ \t]*\[\^[\w-]{1,40}\]:[^\n]*"),  # a footnote
        ("quotation", (">",), r"^[ \t]*>[^\n]*(?:\n[ \t]*>[^\n]*)*"),
        ("math", ("$", "\\"), r"\$\$[^$]{1,2000}\$\$|\\\[[^\]]{1,2000}\\\]|\\\([^)\n]{1,500}\\\)|\\begin\{[a-z*]{1,20}\}"),
        ("math", ("$",), r"(?<![\\$\w])\$(?=[^\s$\d])[^$\n]{0,200}?(?<=[^\s\\])\$(?!\d)"),
        ("code", ("```",), r"(?<!`)(?P<ticks>`{3,4}+)(?!`)(?:[^`\n]|(?!(?P=ticks)(?!`))`++){1,500}(?P=ticks)(?!`)"),
        ("code", ("`",), r"(?<!`)`(?!`)[^`\n]{1,500}`(?!`)|(?<!`)``(?!`)(?:[^`\n]|`(?!`)){1,500}``(?!`)"),
        ("html", ("<",), r"</?[A-Za-z][^<>\n]{0,200}>"),
        ("link", ("](", "]:"), r"\]\([^()\s]{1,500}(?:[ \t]\"[^\"\n]{0,200}\")?\)|^[ \t]*\[[^\]\n]{1,100}\]:[ \t]\S{1,500}"),
        (
            "url",
            ("://", "www.", *(f".{domain}" for domain in _DOMAINS)),
            rf"(?:https?|ftp)://[^\s<>\"'”’)\]]+|\bwww\.[^\s<>\"'”’)\]]+|\b[\w-]{{1,60}}(?:\.[\w-]{{1,60}}){{0,3}}\.(?:{'|'.join(map(re.escape, _DOMAINS))})\b(?:/[^\s<>\"'”’)\]]*)?",
        ),
        ("email", ("@",), r"\b[\w.+-]{1,64}@[\w-]{1,60}(?:\.[\w-]{1,60}){1,4}\b"),
        ("handle", ("@",), r"(?<![\w@])@\w{2,30}\b"),
        ("placeholder", ("[", "{"), r"\[[A-Z][^\[\]\n]{0,60}\](?!\()|\{\{?[\w .-]{1,40}\}?\}"),
        ("path", ("/", "\\"), r"(?<![\w/])(?:~|\.{1,2})?/[\w.-]{1,80}(?:/[\w.-]{1,80})+/?|\b[A-Z]:\\[\w\\.-]{1,200}"),
        ("path", (".",), rf"\b[\w'’-]{{1,60}}\.(?:{'|'.join(_EXTENSIONS)})\b"),
        ("date", (), rf"\b\d{{1,2}}(?:st|nd|rd|th)? {_MONTH},? \d{{4}}\b|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?\b"),
        (
            "quotation",
            ('"', "“"),
            rf"(?<![\w\"])\"(?=[\w(])[^\"\n]{{1,300}}(?:{_SOFT_BREAK}[^\"\n]{{1,300}}){{1,4}}\"(?!\w)|“[^”\n]{{1,300}}(?:{_SOFT_BREAK}[^”\n]{{1,300}}){{1,4}}”",
        ),
        ("quotation", ("«", "»", "„"), r"«[^«»\n]{1,400}»|»[^«»\n]{1,400}«|„[^“”„\n]{1,400}[“”]"),
        ("quotation", ('"', "“", "‘"), r"(?<!\d)\"[^\"\n]{1,4000}+\"|“[^”\n]{1,4000}+”|‘(?:[^’\n]|(?<=\w)’(?=\w)){1,400}’(?!\w)"),
        ("quotation", ("'",), r"(?<![\w'])'(?=[\w(])(?:[^'\n]|(?<=\w)'(?=\w)){1,200}'(?!\w)"),
        (
            "number",
            (),
            r"(?:[$€£¥]\s?)?(?<![\w.,])[+-]?\w*\d[\w.,:/×^°%-]*(?<![.,:-])(?: ?(?:%|°[CF]?|[ap]\.?m\.?(?!\w)|(?:km|cm|mm|kg|mg|ml|mph|GB|MB|KB|TB|GHz|MHz|kWh|kW|lbs?|oz|ft|m|g|l)\b))?",
        ),
    )
)

_CALLOUT = re.compile(
    r"[ \t]*>[ \t]*(?:[^\w\s*_\[>]{1,4}[ \t]*)?(?P<mark>\*\*|__)(?:(?:important |quick |side ?)?note|(?:pro |quick )?tip|important|warning|caution|"
    r"hint|info|heads[ -]up|reminder|good to know):?(?P=mark)[^\n]*",
    re.IGNORECASE,
)
"""A line in a quotation's form that quotes nobody: "> **Note:** ...". One of several lines stays frozen: of the others, each by itself looks like
a quotation to the guard."""


def freeze(text: str) -> tuple[Frozen, ...]:
    """Sorted, disjoint, non-empty frozen spans of `text`; spans that overlap are united under the first one's kind."""
    found = [
        Frozen(
            match.start(),
            match.end() - match[0].endswith("\r"),
            SIGNATURE if kind == "placeholder" and awaits_name(text, *match.span()) else kind,
        )
        for kind, needs, pattern in PATTERNS
        if not needs or any(part in text for part in needs)
        for match in pattern.finditer(text)
        if match.end() > match.start() and not (kind == "number" and _is_list_number(text, match)) and not _CALLOUT.fullmatch(match[0])
    ]
    return united([*found, *_comments(text)])


def _comments(text: str) -> Iterator[Frozen]:
    """Comments of HTML. No pattern: each "<!--" that nothing closes would read on as far as one may go."""
    start, close = text.find("<!--"), 0
    while start >= 0:
        inside = start + len("<!--")
        close = text.find("-->", inside) if close < inside else close
        if close < 0:
            return
        whole = close - inside <= _LONGEST_COMMENT
        if whole:
            yield Frozen(start, close + len("-->"), "html")
        start = text.find("<!--", close if whole else inside)


def united(spans: Iterable[Frozen]) -> tuple[Frozen, ...]:
    """The spans, sorted; those that overlap become one, of the first one's kind."""
    merged: list[Frozen] = []
    for span in sorted(spans, key=lambda f: (f.start, -f.end)):
        if merged and span.start < merged[-1].end:
            if span.end > merged[-1].end:
                merged[-1] = merged[-1]._replace(end=span.end)
        else:
            merged.append(span)
    return tuple(merged)


def _is_list_number(text: str, match: re.Match[str]) -> bool:
    """ "1." and "2)" at the start of a line are markers, not facts."""
    line = text.rfind("\n", 0, match.start()) + 1
    return (
        match[0].isdigit()
        and len(match[0]) <= 3
        and not text[line : match.start()].strip(" \t>*")
        and text[match.end() : match.end() + 2] in (". ", ") ")
    )


def prose(draft: str, frozen: Iterable[Frozen | tuple[int, int, str]]) -> str:
    """What is not frozen."""
    pieces, position = [], 0
    for start, end, _ in frozen:
        pieces.append(draft[position:start])
        position = end
    return " ".join([*pieces, draft[position:]])
