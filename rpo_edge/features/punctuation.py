"""Punctuation and typography: marks a writer chooses between."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rpo_edge.features.base import Choice, Site
from rpo_edge.segment import prose_start, sentences, words

_DASHES = {"em": "—", "spaced em": " — ", "spaced en": " – ", "hyphen": " - ", "double hyphen": " -- ", "comma": ", "}
_DASH = re.compile(r"(?<=[A-Za-z)\"”’*])(?:—|[ ]—[ ]|[ ]–[ ]|[ ]--[ ]|[ ]-[ ])(?=[A-Za-z(\"“‘*])")
_AND = r"(?P<comma>,?) (?P<word>and|or) "
_OXFORD = re.compile(rf"(?<=, )(?P<item>[\w'’-]+(?: [\w'’-]+){{0,2}}){_AND}(?=[\w'’-])")
_CLAUSE = re.compile(r"(?<=\w)(?P<comma>,?) (?P<word>and|but|so|or) (?=(?:I|it|we|he|she|they|you|there|that|this)(?:['’]\w+)?\s\w)")
_ELLIPSIS = re.compile(r"(?<=\w)(?:\.\.\.|…)")
_APOSTROPHE = re.compile(r"(?<=[A-Za-z])['’](?=[A-Za-z])")
_AMPERSAND = re.compile(r"(?<=[a-z]) (?P<word>&|and) (?=[a-z])")
_LATIN = re.compile(r"\b(?P<short>e\.g\.,?|i\.e\.,?)(?= \w)|\b(?P<long>for example,|that is,)(?= \w)")
_SEMICOLON = re.compile(r"(?<=\w); (?=[a-z])")
_INTRODUCTION = re.compile(  # "In the end, Bob and Ann" is no list
    r"^(?:in|on|at|after|before|when|while|if|since|as|for|by|with|during|from|to|however|also|then|so|finally|first|"
    r"second|next|additionally|therefore|although|though|because|once|unless|until|under|over|of|yes|no|well|now)\b",
    re.IGNORECASE,
)
_WARM = re.compile(
    r"\b(?:thank|thanks|great|awesome|love|wow|yay|congrat\w*|welcome|enjoy|cool|amazing|happy|hi|hey|hello|nice|fun)\b", re.I
)


def _dashes(text: str) -> Iterator[Site]:
    names = {mark: name for name, mark in _DASHES.items()}
    for match in _DASH.finditer(text):
        variant = names[match[0]]
        options = {name: mark for name, mark in _DASHES.items() if name != variant}
        yield Site("dash", match.start(), match.end(), variant, options)


def _oxford(text: str) -> Iterator[Site]:
    for match in _OXFORD.finditer(text):
        start = max(text.rfind(mark, 0, match.start() - 1) for mark in (". ", "\n", ": ", "; ", "? ", "! "))
        lead = text[start + 1 : match.start() - 2].strip(" -*#>")
        if not lead or _INTRODUCTION.match(lead) or len(lead.split()) > 40 or not _is_item(match, text):
            continue
        comma = match.start("comma")
        if match["comma"]:
            yield Site("oxford_comma", comma, comma + 1, "yes", {"no": ""})
        else:
            yield Site("oxford_comma", comma, comma, "no", {"yes": ","})


_NOT_ITEMS = frozenset(
    [
        "and",
        "or",
        "but",
        "so",
        "which",
        "who",
        "that",
        "it",
        "i",
        "we",
        "you",
        "they",
        "he",
        "she",
        "this",
        "there",
        "is",
        "are",
        "was",
        "were",
        "as",
        "if",
        "when",
        "while",
        "in",
        "on",
        "at",
        "by",
        "for",
        "from",
        "of",
        "with",
        "to",
    ]
)
_ARTICLES = frozenset(["a", "an", "the"])


def _is_item(match: re.Match[str], text: str) -> bool:
    """Not a clause, and no "a sleek and modern studio": an item with an article is followed by one with an article."""
    first = match["item"].split()[0].lower()
    following = text[match.end() : match.end() + 4].lower().split()
    return first not in _NOT_ITEMS and (first not in _ARTICLES or (bool(following) and following[0] in _ARTICLES))


def _clause(text: str) -> Iterator[Site]:
    for match in _CLAUSE.finditer(text):
        comma = match.start("comma")
        key = f"clause_comma:{match['word']}"
        if match["comma"]:
            yield Site(key, comma, comma + 1, "yes", {"no": ""})
        else:
            yield Site(key, comma, comma, "no", {"yes": ","})


def _exclamation(text: str) -> Iterator[Site]:
    """Sentence ends: only warm, short sentences may gain an exclamation mark; any may lose it."""
    for span in sentences(text):
        sentence = text[span.start : span.end].rstrip()
        if not sentence.endswith((".", "!")) or sentence.endswith(("..", "!!")):
            continue
        body = words(sentence)
        warm = len(body) <= 12 and bool(_WARM.search(sentence))
        end = span.start + len(sentence)
        if sentence.endswith("!"):
            yield Site(f"exclamation:{'warm' if warm else 'plain'}", end - 1, end, "!", {".": "."})
        elif len(body) > 1:
            yield Site(f"exclamation:{'warm' if warm else 'plain'}", end - 1, end, ".", {"!": "!"} if warm else {})


def _ellipsis(text: str) -> Iterator[Site]:
    for match in _ELLIPSIS.finditer(text):
        variant, other = ("dots", {"character": "…"}) if match[0] == "..." else ("character", {"dots": "..."})
        yield Site("ellipsis", match.start(), match.end(), variant, other)


def _apostrophe(text: str) -> Iterator[Site]:
    for match in _APOSTROPHE.finditer(text):
        variant, other = ("straight", {"curly": "’"}) if match[0] == "'" else ("curly", {"straight": "'"})
        yield Site("apostrophe", match.start(), match.end(), variant, other)


def _ampersand(text: str) -> Iterator[Site]:
    for match in _AMPERSAND.finditer(text):
        variant, other = ("&", {"and": "and"}) if match["word"] == "&" else ("and", {"&": "&"})
        yield Site("ampersand", match.start("word"), match.end("word"), variant, other)


_LATIN_FORMS = {"e.g.": "for example,", "i.e.": "that is,"}


def _latin(text: str) -> Iterator[Site]:
    for match in _LATIN.finditer(text):
        if match["short"]:
            short = match["short"].rstrip(",")
            yield Site(f"latin:{short}", match.start(), match.end(), "abbreviated", {"spelled": _LATIN_FORMS[short]})
        else:
            short = next(s for s, long in _LATIN_FORMS.items() if long == match["long"])
            inside = text[: match.start()].endswith(("(", ", "))
            options = {"abbreviated": short} if inside else {}
            yield Site(f"latin:{short}", match.start(), match.end(), "spelled", options)


def _lower_start(text: str) -> Iterator[Site]:
    """Sentence-initial letters. The reflector lowers only words that are surely not names."""
    for span in sentences(text):
        start = prose_start(text, span)
        if start < span.end and text[start].isalpha() and not text[max(0, start - 8) : start].rstrip().endswith(("...", "…")):
            if text[start].islower():
                yield Site("sentence_case", start, start + 1, "lower", {"upper": text[start].upper()})
            else:
                yield Site("sentence_case", start, start + 1, "upper", {"lower": text[start].lower()})


def _semicolon(text: str) -> Iterator[Site]:
    """Semicolons between clauses; only those who never use them lose them."""
    for match in _SEMICOLON.finditer(text):
        following = text[match.end() : match.end() + 1]
        yield Site("semicolon", match.start(), match.end() + 1, "semicolon", {"full stop": ". " + following.upper()})


DASH = Choice("dash", "dashes", "share of each form among dashes", _dashes)
OXFORD = Choice("oxford_comma", "Oxford comma", "share of lists of three or more", _oxford)
CLAUSE = Choice("clause_comma", "comma before a new clause", "share of clauses joined by and, but, so, or", _clause)
EXCLAMATION = Choice("exclamation", "exclamation marks", "share of sentences", _exclamation)
ELLIPSIS = Choice("ellipsis", "ellipsis", "share of each form", _ellipsis)
APOSTROPHE = Choice("apostrophe", "apostrophe", "share of each form", _apostrophe)
AMPERSAND = Choice("ampersand", "& for and", "share of ands between words", _ampersand)
LATIN = Choice("latin", "e.g. and i.e.", "share of each form", _latin)
CASE = Choice("sentence_case", "lower-case sentence starts", "share of sentences", _lower_start)
SEMICOLON = Choice("semicolon", "semicolons", "per sentence", _semicolon)
