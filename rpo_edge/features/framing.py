"""How a text is framed: stock openers and closers, what sentences begin with before they say anything, greeting and sign-off.

What a letter is stands in `letters.py`, the stock phrases themselves in `stock.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from rpo_edge.features.base import Choice, Site
from rpo_edge.features.context import begins_clause
from rpo_edge.features.layout import EMOJI
from rpo_edge.features.letters import (
    GREETING,
    OWN_NAME,
    RULE,
    SIGNED,
    awaits_name,
    below_letter,
    body,
    end_left_open,
    frame_key,
    has_frame,
    is_formal,
    is_letter,
    sign_off_of,
)
from rpo_edge.features.stock import AGREEMENTS, CLOSERS, CLOSING_HEADINGS, LEAD_INS, OFFERS, OPENERS, PRAISE, WISHES
from rpo_edge.lexicon import NUMBER_WORDS
from rpo_edge.segment import WORD, Span, plain_words, prose_start, sentences, straight, words

_TITLE_GOES_ON = re.compile(
    r",[ \t]+(?:(?:an?|the) [^,.!?\n]{1,40}, )?(?:is|was)\b|,[ \t]+(?:an?|the) [^,.!?\n]{1,40}, (?:are|were|has|had)\b"
)
"""Behind "Hey Jude", which greets nobody then."""
_ANSWER = re.compile(
    r"(?:certainly|absolutely|of course|sure(?: thing)?|(?:you )?got it|understood)!", re.IGNORECASE
)  # "Sure!" answers a question, unless an announcement follows
_ANNOUNCEMENT = re.compile(r"\s+(?:here|below|let|i(?:['’](?:d|m|ll)| would| am| will| can)|i[’']ve|happy|glad)\b", re.IGNORECASE)
_ABOVE = re.compile(
    r"\s*(?:(?:#{1,6}[ \t]+|(?:\*\*)?subject:)[^\n]*\n\s*|\*\*[^*\n]+ [^*\n]*[^*:\n]\*\*[ \t]*\r?\n[ \t]*\r?\n\s*){1,2}", re.IGNORECASE
)
"""A title or subject; what is bold and of one word or with a colon may be who speaks."""
_DIVIDER = re.compile(
    rf"(?:[-*_]{{3,}}|(?:#{{1,6}}[ \t]+|\*\*)(?:{CLOSING_HEADINGS})[:?!]?(?:\*\*)?:?)[ \t]*(?:\r?\n\s*|\Z)", re.IGNORECASE
)
"""What may set a closer apart: a rule, or a heading that says as little."""
_RULE_BELOW = re.compile(r"\s*\n[ \t]*[-*_]{3,}[ \t]*(?=\r?\n|\Z)")
"""What sets an opener apart from the answer, which would begin with it."""
_TAIL = re.compile(rf"(?:\s*(?:{EMOJI.pattern}|[:;]-?[)D]))+\Z")
_LEFT_OVER = re.compile(rf"(?:\s*(?:{EMOJI.pattern}|[:;]-?[)D]))+(?=\s)")
"""Emoji behind the stop of what stands before, which a sentence begins with."""
_TAIL_LENGTH = 200  # a search through a whole run of white space, from each place in it, would be quadratic
_GLAD = re.compile(r"(?:i(?:['’]m| am) )?(?:always )?(?:happy|glad) to (?:help|assist)\b", re.IGNORECASE)
_OFFERED = re.compile(
    r"(?:please |just |and )?(?:would you (?:like|prefer)|do you want|want (?:me|us)|shall (?:i|we)|should i|can i|let (?:me|us) know|if you)\b",
    re.IGNORECASE,
)
_MOST_SPANS = 3  # a divider, a closer and an emoji; or an opener of two sentences
_HEADS = re.compile(r"(?:#{1,6}[ \t][^\n]*|\*\*[^*\n]+\*\*:?|[^\n]*:|P\.?S\.?)")
"""A line that would have nothing under it."""
_LAST_RULE = re.compile(r"\r?\n[ \t]*\r?\n[ \t]*[-*_]{3,}\s*\Z")
_GREETING_MARKS = (",", "!", ".")
_GREETING_DASHES = (" -", " –", " —")
_COLON = ":"
"""Behind a greeting that has its line to itself: American business letters have it."""
_LINE_ENDS = re.compile(r"[ \t]*\r?\n")
_ASIDE = frozenset(["yes", "no", "here's", "here", "let's"])

_NEAR = 80
_OFFERED_IN = 600
"""Code points that stock sentences below a letter may have."""
_LINKED = r"(?:(?:however|additionally|furthermore|moreover|finally|lastly|also), |(?:but|and|so),? )?"
_GOES_ON = re.compile(r"(?:[A-Za-z][a-z]+|[AaI]|\d+)(?:['’][a-z]+)?,? ")
"""A plain word or number: no code, symbol, name of a file or "iPhone"."""
_AND_THAT = re.compile(r"(?:,|\b(?:and|but|or|nor|also|not)) that\b|\band to\b")
"""More that the phrase announces."""
_AMOUNTS = NUMBER_WORDS | {"third", "average", "most", "total"}
_LISTS = {"opener": OPENERS, "agreement": AGREEMENTS, "closer": CLOSERS, "offer": OFFERS, "praise": (PRAISE,), "wish": WISHES}


@cache
def _stock(which: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{source})" for source in _LISTS[which]), re.IGNORECASE)


def is_stock(sentence: str) -> bool:
    """Whether a sentence is, as a whole, one of the closed list of stock openers and closers, with what sets it apart."""
    text = sentence.strip()
    rule = _RULE_BELOW.search(text, max(0, len(text) - _TAIL_LENGTH))
    said = text[: rule.start()] if rule and rule.end() == len(text) else text
    return bool(text) and (any(_stock(which).fullmatch(said) for which in ("opener", "agreement")) or _closes(text, offers=True))


def _closes(sentence: str, offers: bool) -> bool:
    """Whether a sentence is a stock closer, with a rule, heading or emoji before it and emoji behind it. offers: also those that offer more."""
    left_over = _LEFT_OVER.match(sentence)
    text = sentence[left_over.end() if left_over else 0 :].strip()
    divider = _DIVIDER.match(text)
    text = text[divider.end() if divider else 0 :]
    tail = _TAIL.search(text, max(0, len(text) - _TAIL_LENGTH))
    text = text[: tail.start()] if tail else text
    return bool(_stock("closer").fullmatch(text) or (offers and _stock("offer").fullmatch(text)))


def stock(text: str) -> Iterator[Span]:
    """The stock sentences of a text; one of two ("Certainly! Here is a summary:") is one, and so is a closer with what sets it apart."""
    spans, i = sentences(text), 0
    while i < len(spans):
        together = [Span(spans[i].start, span.end) for span in spans[i : i + _MOST_SPANS]]
        n = next((n for n in range(len(together), 0, -1) if is_stock(text[slice(*together[n - 1])])), 0)
        if n:
            yield together[n - 1]
        i += n or 1


def is_all_stock(text: str) -> bool:
    """Whether a text says nothing but stock sentences."""
    return bool(text.strip()) and sum(end - start for start, end in stock(text)) == len(text)


def says_something(text: str) -> bool:
    """Whether a part of a text has more than greeting, sign-off and stock sentences."""
    said = text[slice(*body(text))].strip()
    return bool(said) and not _DIVIDER.fullmatch(said) and not is_all_stock(said)


def is_greeted(text: str) -> bool:
    """Whether a text is a letter from its first word on, but for a stock opener, a title or a subject; not one inside an answer."""
    return bool(GREETING.match(text[_letter_start(text) :]))


def _letter_start(text: str) -> int:
    """Where a letter greets, if it does."""
    start = opener_end(text)
    above = _ABOVE.match(text, start)
    return above.end() if above else start


def _letter_end(text: str) -> int:
    """Where a letter ends, if it does: above a rule or behind a place for a name, below which it is talked about, or before stock sentences."""
    for rule in RULE.finditer(text):
        if sign_off_of(text[: rule.start()]):
            return rule.start()
    if left_open := end_left_open(text):
        return left_open
    start = max(0, len(text) - SIGNED - _OFFERED_IN)
    tail = text[start:]
    end = len(tail)
    for span in reversed([*stock(tail)]):
        if tail[span.end : end].strip():
            break
        end = span.start
    return start + end


def _opener(text: str) -> Iterator[Site]:
    """After a title, a subject and a greeting, if there is one."""
    stop, start = body(text).end, _said_from(text)
    end = opener_end(text, start)
    praise = _stock("praise").match(text, start)
    if praise and _is_clause(text[praise.end() : stop]) and not is_letter(text):
        yield Site("opener", start, praise.end() + 1, "stock", {"none": text[praise.end()].upper()})
    elif end > start and WORD.search(text, end, stop):  # a text that is nothing else stays
        yield Site("opener", start, end, "stock", {"none": ""})
        inner = _said_from(text, end)  # of a letter below the line that leads it in
        if (wish := _stock("wish").match(text, inner) if inner > end else None) and WORD.search(text, _next(text, wish.end()), stop):
            yield Site("opener", inner, _next(text, wish.end()), "stock", {"none": ""})
    elif end == start and words(text):
        yield Site("opener", start, start, "none")


def _is_clause(text: str) -> bool:
    said = straight(text[:_NEAR]).split()[:5]
    return bool(said) and (said[0].lower().strip(",") in _ASIDE or begins_clause(said))


def _said_from(text: str, start: int = 0) -> int:
    above = _ABOVE.match(text, start)
    begin = above.end() if above else start
    greeting = GREETING.match(text[begin:])
    return _next(text, begin + greeting.end() if greeting else begin)


def opener_end(text: str, start: int = 0) -> int:
    """Where the text goes on after a stock opener at `start`, and the rule below it; `start` if there is none."""
    match, agreement = _stock("opener").match(text, start), _stock("agreement").match(text, start)
    if agreement and not is_letter(text):
        match = agreement
    if not match or not text[match.end() : match.end() + 1].isspace():
        return start
    is_answer = _ANSWER.fullmatch(match[0]) and not _ANNOUNCEMENT.match(text, match.end())
    if is_answer:
        return start
    rule = _RULE_BELOW.match(text, match.end())
    return _next(text, rule.end() if rule else match.end())


def _next(text: str, start: int) -> int:
    """The first place from `start` on that is no white space."""
    return start + len(text[start:]) - len(text[start:].lstrip())


def _closer(text: str) -> Iterator[Site]:
    """All stock sentences at the end, before a sign-off or a last rule; one under a heading stays, and a text that is nothing else."""
    begin, end = body(text)
    end = begin + len(_LAST_RULE.sub("", text[begin:end]))
    spans = [Span(begin + start, begin + stop) for start, stop in sentences(text[begin:end])]
    first = _first_closing(text, spans, offers=below_letter(text) if is_letter(text) else begin)
    if 0 < first < len(spans) and _GLAD.match(text, spans[first].start) and _OFFERED.match(text, spans[first - 1].start):
        first += 1  # what it would be glad to do stays
    if 0 < first < len(spans) and WORD.search(text, begin, spans[first].start):
        start = spans[first].start
        if (emoji := _LEFT_OVER.match(text, start)) and text[text.rfind("\n", 0, start) + 1 : start].strip():
            start = emoji.end()
        start = len(text[:start].rstrip())
        options = {} if _HEADS.fullmatch(text[slice(*spans[first - 1])].strip()) else {"none": ""}
        yield Site("closer", start, len(text[:end].rstrip()), "stock", options)
    elif words(text):
        yield Site("closer", len(text), len(text), "none")


def _first_closing(text: str, spans: list[Span], offers: int) -> int:
    """The number of the first of the spans from which on all are stock closers; from `offers` on also those that offer more."""
    first = len(spans)
    while first:
        starts = [spans[i].start for i in range(max(0, first - _MOST_SPANS), first)]
        found = next((start for start in starts if _closes(text[start : spans[first - 1].end], start >= offers)), None)
        if found is None:
            break
        first -= len(starts) - starts.index(found)
    return first


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


def _addition(text: str) -> Iterator[Site]:
    """For who begins sentences so, or with what says the same, there is a choice of openers."""
    return _lead_ins(text, "addition")


def _has_amount(sentence: str) -> bool:
    return any(letter.isdigit() for letter in sentence) or not _AMOUNTS.isdisjoint(plain_words(sentence))


def _greeting(text: str) -> Iterator[Site]:
    """The variant is the greeting word itself, in lower case, or "none"; the site is all up to what is said. A letter inside an answer has its own."""
    start = _letter_start(text)
    match = GREETING.match(text[start:])
    if match and _TITLE_GOES_ON.match(text, start + match.end() - 1):
        return
    if match:
        word = start + match.start("word")
        yield Site(frame_key("greeting", is_formal(text)), word, _next(text, start + match.end()), match["word"].lower(), {"*": ""})
    elif words(text) and not has_frame("greeting", text):
        yield Site("greeting", 0, 0, "none", {"*": ""})


def fits_behind(text: str, end: int, mark: str, other: str) -> bool:
    """Whether another mark may stand in a greeting's place for one that ends at `end`: "Hi Tom! It rains" has a capital, "Hi Tom, it rains" none."""
    return bool(_LINE_ENDS.match(text, end)) or mark == other or {mark, other} == {"!", "."}


def _greeting_mark(text: str) -> Iterator[Site]:
    """What stands behind a greeting. A colon stays: of a draft, it may lead in something. In formal letters a comma is the other custom.

    A dash is one only at the end of its line ("Hi all -"), and so is what is behind no name: "Hello! How are you".
    """
    start = _letter_start(text)
    match = GREETING.match(text[start:])
    if not match:
        return
    end, rest, formal = start + match.end(), match["rest"], is_formal(text)
    last = bool(_LINE_ENDS.match(text, end))
    mark = rest[-2:] if rest[-2:] in _GREETING_DASHES else rest[-1]
    before = rest[: -len(mark)]
    marks: tuple[str, ...] = (",",) if formal else _GREETING_MARKS
    if last:
        marks = (*marks, _COLON) if formal else (*marks, _COLON, *_GREETING_DASHES)
    dear = match["word"].lower() == "dear"
    if mark in marks and not before.endswith(_GREETING_MARKS) and (before or (last and " " in match["word"])):
        others = [other for other in marks if mark not in (other, _COLON) and fits_behind(text, end, mark, other)]
        others = [other for other in others if not (dear and other in _GREETING_DASHES)]  # it is no word of who dashes on
        yield Site(frame_key("greeting_mark", formal), end - len(mark), end, mark, {other: other for other in others})


def _sign_off(text: str) -> Iterator[Site]:
    """The variant is the sign-off as written, line breaks included, or "none"; the site leaves out what stands below a name, and ends with a place for one."""
    whole = text if not has_frame("sign_off", text) or sign_off_of(text) else text[: _letter_end(text)]
    match = sign_off_of(whole)
    if match and len(text[: match.start()].split()) >= 3:
        name = OWN_NAME.search(text, match.end("phrase"), match.end("text"))
        if name and awaits_name(text, *name.span()):
            end = name.end()
        else:
            end = match.end("phrase" if match["lines"] or "[" in (match["name"] or "") else "text")
        yield Site(frame_key("sign_off", is_formal(text)), match.start("text"), end, match["text"].strip(), {"*": ""})
    elif words(text) and not has_frame("sign_off", text):
        yield Site(frame_key("sign_off", is_formal(text)), len(text.rstrip()), len(text.rstrip()), "none", {"*": ""})


STOCK = ("opener", "closer", "announcement", "conclusion")
"""Features that a draft has rather than a person: "stock" or "none"."""

OPENER = Choice("opener", "stock openers", "share of texts", _opener)
CLOSER = Choice("closer", "stock closers", "share of texts", _closer)
ANNOUNCEMENT = Choice("announcement", "announcements (it is worth noting that)", "share of sentences", _announcement)
CONCLUSION = Choice("conclusion", "conclusions (in summary)", "share of sentences", _conclusion)
ADDITION = Choice("addition", "furthermore and the like", "share of sentences", _addition)
GREETINGS = Choice("greeting", "greeting", "share of texts", _greeting)
GREETING_MARK = Choice("greeting_mark", "mark behind the greeting", "share of greetings", _greeting_mark)
SIGN_OFFS = Choice("sign_off", "sign-off", "share of texts", _sign_off)
