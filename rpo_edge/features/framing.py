"""How a text is framed: stock openers and closers, what sentences begin with before they say anything, greeting and sign-off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from rpo_edge.features.base import Choice, Site
from rpo_edge.features.context import begins_clause
from rpo_edge.features.layout import EMOJI
from rpo_edge.features.stock import AGREEMENTS, CLOSERS, CLOSING_HEADINGS, LEAD_INS, OFFERS, OPENERS, PRAISE, WISHES
from rpo_edge.lexicon import NUMBER_WORDS
from rpo_edge.segment import WORD, Span, plain_words, prose_start, sentences, straight, words

GREETING = re.compile(
    r"\A\s*(?P<word>hi there|hey there|hello there|hi all|hey all|hi everyone|hello everyone|good (?:morning|afternoon|evening)|hi|hey|hello|dear)"
    r"(?P<rest>(?: [\w.\[\]'’-]+){0,3}\s*[,!.:\-—–]+)(?=\s)",
    re.IGNORECASE,
)
_TITLE_GOES_ON = re.compile(
    r",[ \t]+(?:(?:an?|the) [^,.!?\n]{1,40}, )?(?:is|was)\b|,[ \t]+(?:an?|the) [^,.!?\n]{1,40}, (?:are|were|has|had)\b"
)
"""Behind "Hey Jude", which greets nobody then."""
_PARTING = (
    "(?:with )?(?:best|kind|warm|kindest|warmest)(?: regards| wishes)|best|regards|sincerely(?: yours)?|faithfully|"
    "(?:very )?(?:truly|sincerely) yours|yours(?: (?:very )?(?:truly|sincerely)| faithfully| ever| as ever| always| in haste)?|ever yours|as ever|"
    "respectfully(?: yours)?|cordially(?: yours)?|warmly|all the best|all best|(?:with )?(?:all|every) good wish(?:es)?|with good wishes|cheers|thanks(?: (?:&|and) (?:(?:best|kind|warm) )?regards| so much| again| in advance)?|with regards|all the very best|"
    "thank you(?: so much| in advance)?|many thanks(?: and (?:best|kind|warm) (?:regards|wishes))?|with thanks|with (?:much )?gratitude|gratefully|"
    "take care|have a (?:nice|great|good|lovely) (?:day|weekend|week|evening)|(?:with (?:all )?(?:my )?|all my |lots of |much )?love(?:,? as ever)?|ciao|(?:speak|talk) (?:soon|later)|see you(?: soon| later| (?:mon|tues|wednes|thurs|fri|satur|sun)day)?|xoxo|(?-i:xx+)|"
    "(?:with|in) (?:(?:(?:my|our) )?(?:heartfelt|deep|deepest|sincere|sincerest|warmest) |love and )?(?:sympathy|condolences)"
)
CONDOLES = re.compile(r"\b(?:sympathy|condolences)\b", re.IGNORECASE)
"""Of a sign-off that is meant: no other says it, and it says too much anywhere else."""
_BELOW = (
    r"(?:(?-i:(?![^\n]*(?:[!?:;]|(?<!Inc)(?<!Ltd)\.)[ \t]*(?:\n|\Z))[A-Z+(\[][^\n]{1,39})|[\w.+-]+@[\w.-]+|(?:https?://|www\.)[^\s]{1,39})"
)
_NAME = rf"\s*\n[ \t]*[^\n]{{1,40}}(?:\n[ \t]*\[[^\]\n]{{1,40}}\])*(?P<lines>(?:\n[ \t]*{_BELOW}){{0,3}})"
"""With what a template leaves open below it, and up to three lines of a title, a company, a telephone number."""
_INITIAL = r"(?-i:[A-Z])[\w.'’-]{0,20}(?: (?-i:[A-Z])[\w.'’-]{0,20}){0,2}"
"""A name in the line of the phrase: "Cheers, Tom"."""
SIGN_OFF = re.compile(
    rf"(?:\A|\n)[ \t]*(?P<text>(?P<phrase>(?:{_PARTING})[,.!]?)(?P<name>{_NAME}|[ \t]*[-—–][^\n]{{1,30}}|(?<=,)[ \t]{_INITIAL})?)\s*\Z",
    re.IGNORECASE,
)
"""With what stands below it; lines below a name stay where the phrase changes."""
OWN_NAME = re.compile(r"\[(?:(?:your|my|sender['’]?s?) )?(?:full |first )?name\]", re.IGNORECASE)
"""What a letter leaves open for the name of who sends it."""
_LEFT_OPEN = re.compile(
    rf"^[ \t]*(?:{_PARTING})[,.!]?[ \t]*(?:\r?\n[ \t]*){{1,2}}{OWN_NAME.pattern}(?:[ \t]*\r?\n[ \t]*\[[^\]\n]{{1,40}}\])*(?=[ \t]*\r?\n[ \t]*\r?\n)",
    re.IGNORECASE | re.MULTILINE,
)
"""A sign-off with a place for a name above a blank line."""
_TALK = re.compile(
    r"\s*(?!(?:p\.? ?p?\.?s|n\.?b|encl?|enclosures?|attached|attachments?|cc|bcc)\b)(?:[\w'’,-]+ ){3}[^\n]*[.!?:)*_][ \t]*(?:\r?\n|\Z)",
    re.IGNORECASE,
)
"""A sentence; "P.S.", what is enclosed and an address are the letter's."""
_SALUTATION = re.compile(
    r"^[>*_ \t]*(?:subject:|(?:hi|hey|hello|dear|good (?:morning|afternoon|evening))\b[^\n,!:.]{0,40}[,!:][*_ \t]*\r?$)",
    re.IGNORECASE | re.MULTILINE,
)
OFFICE = (
    r"(?:(?!(?:in|at|of|from|with|and)\b)[\w'’&-]+ ){0,3}(?:services?|support|relations|(?:customer|client|guest|patient|member) (?:care|experience)|"
    r"claims|complaints|billing|warranty|returns|refunds|reservations|admissions|hiring|recruit(?:ing|ment)|talent acquisition|human resources|hr|"
    r"legal|(?<!dear )(?:department|office)|(?:department|office)(?= of\b))"
)
"""Who answers letters that have no name on them; not who works there ("colleagues in support")."""
_FORMAL = re.compile(
    r"^[>*_ \t]*(?:(?:dear|hello|hi|good (?:morning|afternoon|evening)) (?:(?:mr|mrs|ms|mx|dr|prof)\b|miss [A-Z]|"
    r"\[?(?:[\w'’-]+ ){0,3}(?:sirs?|madam|professor|manager|committee|editors?|board|officer|recruiter|council|ambassador)\b)[^\n]{0,60}[,:][*_ \t]*\r?$|"
    rf"dear {OFFICE}(?: (?:team|staff|department|office|desk|unit|cent(?:er|re)))?(?: (?:at|of) [^\n,:]{{1,40}})?[,:][*_ \t]*\r?$|"
    r"to whom it may concern\b)",
    re.IGNORECASE | re.MULTILINE,
)
"""Who is called by a title or an office; friends who work there are greeted otherwise than by "Dear Support Team"."""
_PARTED = re.compile(rf"^[>*_ \t]*(?:{_PARTING})[,!]?[*_ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
"""Of a letter that stands inside an answer: who sends it has a greeting or sign-off in there already."""
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
_UNDER_LETTER = re.compile(
    rf"^[*_ \t]*(?:{_PARTING})[,!]?[*_ \t]*(?:\r?\n[ \t]*){{1,2}}[^\n!?:]{{0,39}}[^\s.!?:](?:\r?\n[ \t]*[^\n]{{1,40}}){{0,4}}\r?\n[ \t]*\r?\n\s*",
    re.IGNORECASE | re.MULTILINE,
)
"""From a sign-off to where something else begins below the name: who sends the letter says nothing there."""
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
RULE = re.compile(r"\n[ \t]*\r?\n[ \t]*[-*_]{3,}[ \t]*(?=\r?\n|\Z)")
"""A line that sets apart what follows."""
_OFFERED_IN = 600
"""Code points that stock sentences below a letter may have."""
_NAMED = 200
"""Code points that name and place of who signs may have."""
_SIGNED = 200
"""Code points from the end in which a sign-off may begin."""
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


def body(text: str) -> Span:
    """What stands between greeting and sign-off."""
    greeting, sign_off = GREETING.match(text), SIGN_OFF.search(text, max(0, len(text) - _SIGNED))
    start, end = greeting.end() if greeting else 0, sign_off.start() if sign_off else len(text)
    return Span(start, max(start, end))


def says_something(text: str) -> bool:
    """Whether a part of a text has more than greeting, sign-off and stock sentences."""
    said = text[slice(*body(text))].strip()
    return bool(said) and not _DIVIDER.fullmatch(said) and not is_all_stock(said)


def is_letter(text: str) -> bool:
    """Whether a text has a greeting or a sign-off, at its edges or inside."""
    begin, end = body(text)
    return begin > 0 or end < len(text) or bool(_SALUTATION.search(text) or _PARTED.search(text))


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
        if SIGN_OFF.search(text[max(0, rule.start() - _SIGNED) : rule.start()]):
            return rule.start()
    left_open = max((match.end() for match in _LEFT_OPEN.finditer(text)), default=0)
    if left_open and _is_talked_of(text[left_open:]):
        return left_open
    start = max(0, len(text) - _SIGNED - _OFFERED_IN)
    tail = text[start:]
    end = len(tail)
    for span in reversed([*stock(tail)]):
        if tail[span.end : end].strip():
            break
        end = span.start
    return start + end


def ends_letter(text: str, start: int, end: int, after: str) -> bool:
    """Whether a letter is talked about below a sign-off at text[start:end]. after: what follows the text."""
    below = f"{text[end:]}\n\n{after.lstrip()}"
    return bool(RULE.search(below[:_NAMED])) or (bool(OWN_NAME.search(text, start, end)) and _is_talked_of(below))


def _is_talked_of(below: str) -> bool:
    """Whether sentences follow that are no letter's, nor lead in another."""
    return bool(_TALK.match(below)) and not any(has_frame(name, below) for name in ("greeting", "sign_off"))


def has_frame(name: str, text: str) -> bool:
    """Whether there is a greeting, or a subject, or a sign-off (by the feature's name) anywhere in a text."""
    return bool((_SALUTATION if name == "greeting" else _PARTED).search(text))


def without_lines(sign_off: re.Match[str]) -> str:
    """A sign-off with its name, without the lines below that."""
    return sign_off["text"][: len(sign_off["text"]) - len(sign_off["lines"] or "")]


def awaits_name(text: str, start: int, end: int) -> bool:
    """Whether a placeholder stands where who sends a letter puts their name: alone in the line below a parting phrase."""
    if not OWN_NAME.fullmatch(text, start, end):
        return False
    above, _, left = text[max(0, start - _SIGNED) : start].rpartition("\n")
    right = text[end : end + _SIGNED].partition("\n")[0]
    return not f"{left}{right}".strip() and bool(_PARTED.fullmatch(above.rstrip().rpartition("\n")[2]))


def is_formal(text: str) -> bool:
    """Whether a text is, or has in it, a letter to someone who is called by a title or an office: "Dear Dr Hale", "Dear Sir or Madam"."""
    return bool(_FORMAL.search(text))


MAIL = "mail"
"""How the habits of mail are named."""


def frame_key(name: str, formal: bool, mail: bool = False) -> str:
    """People greet and sign off otherwise in formal letters and in mail, so these are habits of their own. mail: whether it surely is."""
    return f"{name}:formal letter" if formal else f"{name}:{MAIL}" if mail else name


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
    first = _first_closing(text, spans, offers=_below_letter(text) if is_letter(text) else begin)
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


def _below_letter(text: str) -> int:
    """Where something begins below the last letter's signature; the text's end where nothing does."""
    return max((match.end() for match in _UNDER_LETTER.finditer(text)), default=len(text))


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
    whole = text if not has_frame("sign_off", text) or SIGN_OFF.search(text, max(0, len(text) - _SIGNED)) else text[: _letter_end(text)]
    match = SIGN_OFF.search(whole, max(0, len(whole) - _SIGNED))
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
