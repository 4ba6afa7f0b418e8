"""How a text is framed: stock openers and closers, what sentences begin with before they say anything, greeting, sign-off, and Markdown emphasis."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from rpo_edge.features.base import Choice, Site
from rpo_edge.features.context import line_of
from rpo_edge.lexicon import CLOSERS, LEAD_INS, NUMBER_WORDS, OPENERS
from rpo_edge.segment import LINE_PREFIX, plain_words, prose_start, sentences, words

GREETING = re.compile(
    r"\A\s*(?P<word>hi there|hey there|hello there|hi all|hey all|hi everyone|hello everyone|good (?:morning|afternoon|evening)|hi|hey|hello|dear)"
    r"(?P<rest>(?: [\w.\[\]'’-]+){0,3}\s*[,!.:\-—–]+)(?=\s)",
    re.IGNORECASE,
)
SIGN_OFF = re.compile(
    r"(?:\A|\n)[ \t]*(?P<text>(?:best(?: regards| wishes)?|kind regards|warm regards|regards|sincerely|yours(?: truly| sincerely)?|cheers|thanks|thank you|many thanks|"
    r"thanks again|take care|love|ciao|talk soon|see you|xoxo)[,.!]?(?P<name>\s*\n[ \t]*[^\n]{1,40}|[ \t]*[-—–][^\n]{1,30})?)\s*\Z",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"(?:certainly|sure(?: thing)?|(?:you )?got it|understood)!", re.IGNORECASE
)  # "Sure!" answers a question, unless an announcement follows
_ANNOUNCEMENT = re.compile(r"\s+(?:here|below|let|i(?:['’](?:d|m|ll)| would| am| will| can)|i[’']ve|happy|glad)\b", re.IGNORECASE)
_EMPHASIS = frozenset(
    ["not", "never", "no", "only", "must", "always", "all", "any", "every", "do", "don't", "cannot", "can't", "before", "after"]
)
_BOLD = re.compile(r"\*\*(?=\S)(?P<text>[^*\n]{1,120}?)(?<=\S)\*\*")
EMOJI = re.compile(
    "[\U0001f300-\U0001faff\u2600-\u27bf\U0001f1e6-\U0001f1ff][\ufe0f\U0001f3fb-\U0001f3ff]*(?:\u200d[\U0001f300-\U0001faff\u2600-\u27bf]\ufe0f?)*"
)

_LINKED = r"(?:(?:however|additionally|furthermore|moreover|finally|lastly|also), |(?:but|and|so),? )?"
_GOES_ON = re.compile(r"(?:[A-Za-z][a-z]+|[AaI]|\d+)(?:['’][a-z]+)?,? ")
"""A plain word or number: no code, symbol, name of a file or "iPhone"."""
_AND_THAT = re.compile(r"(?:,|\b(?:and|but|or|nor|also|not)) that\b|\band to\b")
"""More that the phrase announces."""
_AMOUNTS = NUMBER_WORDS | {"third", "average", "most", "total"}


@cache
def _stock(which: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{source})" for source in (OPENERS if which == "opener" else CLOSERS)), re.IGNORECASE)


def is_stock(sentence: str) -> bool:
    """Whether a sentence is, as a whole, one of the closed list of stock openers and closers."""
    text = sentence.strip()
    return bool(text) and bool(_stock("opener").fullmatch(text) or _stock("closer").fullmatch(text))


def _opener(text: str) -> Iterator[Site]:
    start = len(text) - len(text.lstrip())
    match = _stock("opener").match(text, start)
    if match and _ANSWER.fullmatch(match[0]) and not _ANNOUNCEMENT.match(text, match.end()):
        match = None
    if match and match.end() < len(text) and text[match.end()].isspace():
        end = match.end()
        while end < len(text) and text[end].isspace():
            end += 1
        if end < len(text):  # a text that is nothing else stays
            yield Site("opener", match.start(), end, "stock", {"none": ""})
    elif words(text):
        yield Site("opener", start, start, "none")


def _closer(text: str) -> Iterator[Site]:
    """All stock sentences at the end; a text that is nothing else stays."""
    spans = sentences(text)
    first = len(spans)
    while first > 0 and _stock("closer").fullmatch(text[spans[first - 1].start : spans[first - 1].end].strip()):
        first -= 1
    if 0 < first < len(spans):
        start = len(text[: spans[first].start].rstrip())
        yield Site("closer", start, len(text.rstrip()), "stock", {"none": ""})
    elif words(text):
        yield Site("closer", len(text), len(text), "none")


def announced(text: str, start: int) -> tuple[int, int] | None:
    """What the sentence that begins at `start` says before it says anything ("As an AI language model, "); None if it does not."""
    match = _leads("announcement").match(text, start)
    return match.span("lead") if match else None


@cache
def _leads(name: str) -> re.Pattern[str]:
    return re.compile(f"{_LINKED}(?P<lead>{'|'.join(LEAD_INS[name])})", re.IGNORECASE)


def _announcement(text: str) -> Iterator[Site]:
    return _lead_ins(text, "announcement")


def _conclusion(text: str) -> Iterator[Site]:
    """What "overall" says of a sentence with an amount may be a part of it."""
    return _lead_ins(text, "conclusion", _has_amount)


def _lead_ins(text: str, name: str, needs: Callable[[str], bool] = lambda rest: False) -> Iterator[Site]:
    """Sentences that begin with one of the phrases, and those that do not; what follows gets its capital. needs: whether the rest of a sentence does."""
    for span in sentences(text):
        start = prose_start(text, span)
        if start >= span.end:
            continue
        match = _leads(name).match(text, start)
        if not match:
            yield Site(name, start, start, "none")
            continue
        lead, end = match.start("lead"), match.end()
        first, rest = text[end : end + 1], text[end : span.end]
        free = _GOES_ON.match(text, end) and not (_AND_THAT.search(rest) or rest.rstrip().endswith("?") or needs(rest))
        options = {"none": ""} if free else {}
        if options and text[lead].isupper() and first.islower():
            end, options = end + 1, {"none": first.upper()}
        yield Site(name, lead, end, "stock", options)


def _has_amount(sentence: str) -> bool:
    return any(letter.isdigit() for letter in sentence) or not _AMOUNTS.isdisjoint(plain_words(sentence))


def _greeting(text: str) -> Iterator[Site]:
    """The variant is the greeting word itself, in lower case, or "none"."""
    match = GREETING.match(text)
    if match:
        yield Site("greeting", match.start("word"), match.end("word"), match["word"].lower(), {"*": ""})
    elif words(text):
        yield Site("greeting", 0, 0, "none", {"*": ""})


def _sign_off(text: str) -> Iterator[Site]:
    """The variant is the sign-off as written, line breaks included, or "none"."""
    match = SIGN_OFF.search(text, max(0, len(text) - 200))
    if match and len(text[: match.start()].split()) >= 3:
        yield Site("sign_off", match.start("text"), match.end("text"), match["text"].strip(), {"*": ""})
    elif words(text):
        yield Site("sign_off", len(text.rstrip()), len(text.rstrip()), "none", {"*": ""})


def _bold(text: str) -> Iterator[Site]:
    """Bold runs against sentences without one: the unit is bold runs per sentence."""
    for match in _BOLD.finditer(text):
        plain = {} if _carries(text, match) else {"plain": match["text"]}
        yield Site("bold", match.start(), match.end(), "bold", plain)
    for span in sentences(text):
        if "**" not in text[span.start : span.end]:
            yield Site("bold", span.start, span.start, "plain")


def _carries(text: str, match: re.Match[str]) -> bool:
    """Whether bold does work that plain letters would not: a heading, the lead of a line, a stressed word."""
    line = text.rfind("\n", 0, match.start()) + 1
    prefix = LINE_PREFIX.match(text, line)
    leads = prefix is not None and prefix.end() >= match.start()
    word = match["text"]
    return leads or line_of(text, match.start()).lstrip().startswith(("#", "|")) or word.isupper() or word.lower() in _EMPHASIS


def _emoji(text: str) -> Iterator[Site]:
    for match in EMOJI.finditer(text):
        start = match.start() - (text[match.start() - 1 : match.start()] == " ")
        yield Site("emoji", start, match.end(), "emoji", {"none": ""})
    for span in sentences(text):
        if not EMOJI.search(text, span.start, span.end):
            yield Site("emoji", span.start, span.start, "none")


STOCK = ("opener", "closer", "announcement", "conclusion")
"""Features that a draft has rather than a person: "stock" or "none"."""

OPENER = Choice("opener", "stock openers", "share of texts", _opener)
CLOSER = Choice("closer", "stock closers", "share of texts", _closer)
ANNOUNCEMENT = Choice("announcement", "announcements (it is worth noting that)", "share of sentences", _announcement)
CONCLUSION = Choice("conclusion", "conclusions (in summary)", "share of sentences", _conclusion)
GREETINGS = Choice("greeting", "greeting", "share of texts", _greeting)
SIGN_OFFS = Choice("sign_off", "sign-off", "share of texts", _sign_off)
BOLD = Choice("bold", "bold", "share of sentences", _bold)
EMOJIS = Choice("emoji", "emoji", "share of sentences", _emoji)
