"""How a text is framed: stock openers and closers, what sentences begin with before they say anything, greeting and sign-off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from rpo_edge.features.base import Choice, Site
from rpo_edge.features.stock import CLOSERS, LEAD_INS, OPENERS
from rpo_edge.lexicon import NUMBER_WORDS
from rpo_edge.segment import WORD, Span, plain_words, prose_start, sentences, words

GREETING = re.compile(
    r"\A\s*(?P<word>hi there|hey there|hello there|hi all|hey all|hi everyone|hello everyone|good (?:morning|afternoon|evening)|hi|hey|hello|dear)"
    r"(?P<rest>(?: [\w.\[\]'’-]+){0,3}\s*[,!.:\-—–]+)(?=\s)",
    re.IGNORECASE,
)
_PARTING = (
    "(?:with )?(?:best|kind|warm|kindest|warmest)(?: regards| wishes)|best|regards|sincerely(?: yours)?|yours(?: truly| sincerely| faithfully)?|faithfully|"
    "respectfully(?: yours)?|warmly|all the best|all best|cheers|thanks(?: so much| again)?|thank you(?: so much)?|many thanks|with thanks|"
    "take care|love|ciao|talk soon|see you|xoxo"
)
SIGN_OFF = re.compile(
    rf"(?:\A|\n)[ \t]*(?P<text>(?P<phrase>(?:{_PARTING})[,.!]?)(?P<name>\s*\n[ \t]*[^\n]{{1,40}}(?:\n[ \t]*\[[^\]\n]{{1,40}}\])*|[ \t]*[-—–][^\n]{{1,30}})?)\s*\Z",
    re.IGNORECASE,
)
"""With the name below it, and what a template leaves open there ("[Your Position]")."""
_SALUTATION = re.compile(
    r"^[>*_ \t]*(?:subject:|(?:hi|hey|hello|dear|good (?:morning|afternoon|evening))\b[^\n,!:.]{0,40}[,!:][*_ \t]*$)",
    re.IGNORECASE | re.MULTILINE,
)
_PARTED = re.compile(rf"^[>*_ \t]*(?:{_PARTING})[,!]?[*_ \t]*$", re.IGNORECASE | re.MULTILINE)
"""Of a letter that stands inside an answer: who sends it has a greeting or sign-off in there already."""
_ANSWER = re.compile(
    r"(?:certainly|sure(?: thing)?|(?:you )?got it|understood)!", re.IGNORECASE
)  # "Sure!" answers a question, unless an announcement follows
_ANNOUNCEMENT = re.compile(r"\s+(?:here|below|let|i(?:['’](?:d|m|ll)| would| am| will| can)|i[’']ve|happy|glad)\b", re.IGNORECASE)

_SIGNED = 200
"""Code points from the end in which a sign-off may begin."""
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


def stock(text: str) -> Iterator[Span]:
    """The stock sentences of a text; a phrase of two ("Certainly! Here is a summary:") is one."""
    spans, i = sentences(text), 0
    while i < len(spans):
        both = Span(spans[i].start, spans[min(i + 1, len(spans) - 1)].end)
        found = next((span for span in (both, spans[i]) if is_stock(text[slice(*span)])), None)
        if found:
            yield found
        i += 2 if found == both != spans[i] else 1


def is_all_stock(text: str) -> bool:
    """Whether a text says nothing but stock sentences."""
    return bool(text.strip()) and sum(end - start for start, end in stock(text)) == len(text)


def body(text: str) -> Span:
    """What stands between greeting and sign-off."""
    greeting, sign_off = GREETING.match(text), SIGN_OFF.search(text, max(0, len(text) - _SIGNED))
    start, end = greeting.end() if greeting else 0, sign_off.start() if sign_off else len(text)
    return Span(start, max(start, end))


def says_something(text: str) -> bool:
    """Whether a part of a text has more than greeting, sign-off and stock sentences."""
    start, end = body(text)
    return bool(text[start:end].strip()) and not is_all_stock(text[start:end].strip())


def _opener(text: str) -> Iterator[Site]:
    """After a greeting, if there is one."""
    begin, stop = body(text)
    start = _next(text, begin)
    end = opener_end(text, start)
    if end > start and WORD.search(text, end, stop):  # a text that is nothing else stays
        yield Site("opener", start, end, "stock", {"none": ""})
    elif end == start and words(text):
        yield Site("opener", start, start, "none")


def opener_end(text: str, start: int = 0) -> int:
    """Where the text goes on after a stock opener at `start`; `start` if there is none."""
    match = _stock("opener").match(text, start)
    if not match or not text[match.end() : match.end() + 1].isspace():
        return start
    is_answer = _ANSWER.fullmatch(match[0]) and not _ANNOUNCEMENT.match(text, match.end())
    return start if is_answer else _next(text, match.end())


def _next(text: str, start: int) -> int:
    """The first place from `start` on that is no white space."""
    return start + len(text[start:]) - len(text[start:].lstrip())


def _closer(text: str) -> Iterator[Site]:
    """All stock sentences at the end, before a sign-off; a text that is nothing else stays."""
    begin, end = body(text)
    spans = sentences(text[begin:end])
    first = len(spans)
    while first > 0 and _stock("closer").fullmatch(text[begin + spans[first - 1].start : begin + spans[first - 1].end].strip()):
        first -= 1
    if 0 < first < len(spans) and WORD.search(text, begin, begin + spans[first].start):
        start = len(text[: begin + spans[first].start].rstrip())
        yield Site("closer", start, len(text[:end].rstrip()), "stock", {"none": ""})
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
    return _lead_ins(text, "conclusion", lambda lead, rest: lead.lower().startswith(("overall", "all in all")) and _has_amount(rest))


def _lead_ins(text: str, name: str, needs: Callable[[str, str], bool] = lambda lead, rest: False) -> Iterator[Site]:
    """Sentences that begin with one of the phrases, and those that do not; what follows gets its capital. needs: whether the rest does the phrase."""
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
        free = _GOES_ON.match(text, end) and not (_AND_THAT.search(rest) or rest.rstrip().endswith("?") or needs(match["lead"], rest))
        options = {"none": ""} if free else {}
        if options and text[lead].isupper() and first.islower():
            end, options = end + 1, {"none": first.upper()}
        yield Site(name, lead, end, "stock", options)


def _has_amount(sentence: str) -> bool:
    return any(letter.isdigit() for letter in sentence) or not _AMOUNTS.isdisjoint(plain_words(sentence))


def _greeting(text: str) -> Iterator[Site]:
    """The variant is the greeting word itself, in lower case, or "none"; the site is all up to what is said. A letter inside an answer has its own."""
    match = GREETING.match(text)
    if match:
        yield Site("greeting", match.start("word"), _next(text, match.end()), match["word"].lower(), {"*": ""})
    elif words(text) and not _SALUTATION.search(text):
        yield Site("greeting", 0, 0, "none", {"*": ""})


def _sign_off(text: str) -> Iterator[Site]:
    """The variant is the sign-off as written, line breaks included, or "none"; the site leaves out what a template leaves open."""
    match = SIGN_OFF.search(text, max(0, len(text) - _SIGNED))
    if match and len(text[: match.start()].split()) >= 3:
        end = match.end("phrase" if "[" in (match["name"] or "") else "text")
        yield Site("sign_off", match.start("text"), end, match["text"].strip(), {"*": ""})
    elif words(text) and not _PARTED.search(text):
        yield Site("sign_off", len(text.rstrip()), len(text.rstrip()), "none", {"*": ""})


STOCK = ("opener", "closer", "announcement", "conclusion")
"""Features that a draft has rather than a person: "stock" or "none"."""

OPENER = Choice("opener", "stock openers", "share of texts", _opener)
CLOSER = Choice("closer", "stock closers", "share of texts", _closer)
ANNOUNCEMENT = Choice("announcement", "announcements (it is worth noting that)", "share of sentences", _announcement)
CONCLUSION = Choice("conclusion", "conclusions (in summary)", "share of sentences", _conclusion)
GREETINGS = Choice("greeting", "greeting", "share of texts", _greeting)
SIGN_OFFS = Choice("sign_off", "sign-off", "share of texts", _sign_off)
