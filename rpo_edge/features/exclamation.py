"""Exclamation marks: which sentences may gain one, which may lose theirs, and beside what nobody calls anything out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rpo_edge.features.base import Choice, Site
from rpo_edge.features.context import alternatives, line_of, without_quoted
from rpo_edge.features.letters import OFFICE, is_letter
from rpo_edge.segment import line_mark, paragraphs, prose_start, sentences, words

_WARM = re.compile(
    r"\b(?:thank|thanks|great|awesome|love|wow|yay|congrat\w*|welcome|enjoy|cool|amazing|happy|hi|hey|hello|nice|fun)\b", re.I
)
_BETWEEN_US = re.compile(
    r"\b(?:i|me|my|we|us|our|you|your|let['’]?s)\b|^\W*(?:thank\w*|great|awesome|wow|yay|congrat\w*|welcome|enjoy|happy|hi|hey|hello|nice|cool|amazing|have|that|this|it)\b",
    re.IGNORECASE,
)
"""What is called out is said to somebody, not told of others ("The king was happy")."""
_LONGEST_CALL = 12  # words
_LONGEST_NAME = 10  # characters, with its mark
_TO_YOU = re.compile(r"\b(?:you|your)\b", re.IGNORECASE)
_OF_US = re.compile(r"\b(?:we|us|our|let['’]?s)\b", re.IGNORECASE)
"""Said to somebody only where a "you" stands beside it: of mankind, or of who works a sum out, essays say "we"."""
_WISH = re.compile(r"\W*(?:happy birthday|congratulations|cheers|good luck(?! (?:with|on|in)\b)|well done)\b", re.IGNORECASE)
"""Called out even by who calls nothing else out; "Good luck with your project!" is a closing phrase of models'."""
_UNDATED = re.compile(r"\(n\.d\.\)\.?\s*\Z")
_HARDSHIP = r"hard\w* difficult\w* tough exhaust\w* overwhelm\w* stress\w* tired anxi\w+ worr\w+ afraid fear\w* alone lonely cry\w*"
_ILLNESS = r"pain\w* hurt\w* ill illness sick\w* doctor\w* hospital symptom\w* treatment\w* medic\w+ wound\w* infect\w+"
_LOSS = r"died dead death dying loss lost lose losing grie\w+"
_PAYMENT = r"fees? overdue owe\w* penalt\w+ late billed charged? debt\w*"
_REFUSAL = r"refus\w+ declin\w+ unable locked blocked banned cancel\w* closed expired delay\w*"
_FAULT = r"wrong bad worse worst risk\w* danger\w* warn\w* careful\w* caution problem\w* issue\w* error\w* fail\w* mistake\w*"
_LAW = r"lawyer\w* legal\w* court police emergency"
_WEIGHT = r"essential crucial vital"
_TACT = r"apolog\w+ regret\w* understand\w* however although though shall must may might could would should"
_GRAVE = re.compile(
    rf"\b(?:{alternatives(_HARDSHIP, _ILLNESS, _LOSS, _PAYMENT, _REFUSAL, _FAULT, _LAW, _WEIGHT, _TACT)}|(?:power|gas|water) is (?:turned |switched )?off)\b|"
    r"\d|^\W*\w+,",
    re.IGNORECASE,
)
"""What nobody calls out: what is grave, a hint, and what an enumeration begins."""
_NO_END = re.compile(r"(?:[\d)]|(?<![\w'’])[A-Za-z]|(?<!\w)(?:Yahoo|Jeopardy|Kahoot|Joomla))!\Z")
"""The mark of a factorial ("5!", "(n-1)!") or a name, which ends no sentence."""
GOES_ON = re.compile(r"! +[*_\"“(]*[a-z]")
"""A small letter after the mark."""
_DISMISSAL = r"den(?:ied|ial) rejected fired dismiss(?:ed|al) redundan\w+ terminat\w+ evict\w* foreclos\w+ suspended"
_CHARGE = r"lawsuit\w* sued arrest\w* convict\w* prosecut\w+ prison"
_RUIN = r"bankrupt\w* hack(?:ed|ers?) breach\w* stolen fraud\w* scam\w* overdue penalty"
_BEREAVEMENT = r"condolence\w* sympathy bereave\w* mourn\w* funeral\w* grie\w+ died death dying miscarr\w+"
_VIOLENCE = r"suicid\w* self-harm abus\w+ assault\w* violen\w+ overdos\w+ victim\w*"
_ALARM = r"diagnos\w+ cancer\w* tumou?r\w* emergency ambulance 911 999 stroke bleeding unconscious crisis"
_SADNESS = r"tragic tragedy heartbr\w+ depress\w+ trauma\w* sad(?:ness|den\w*) despair\w* hopeless\w* break-?ups?"
_SORROWFUL_PHRASES = (
    r"laid off|past due|loss of (?:your|his|her|their)\b|"
    r"(?:your|her|his|their|our|['’]s) loss|pass(?:ed|ing) away|passed (?:last|this|peacefully|yesterday)|['’]s passing|"
    r"tested positive|(?:test|result)s? (?:is|was|are|were|came back) positive|heart attack|miss (?:him|her)\b(?! (?:up|out))|"
    r"(?:so|very|deeply|truly|terribly|really) sorry|(?:be|being|feel|feels|feeling|felt) sad|(?:hurt|harm|kill)ing yourself"
)
_SORROW = re.compile(
    rf"\b(?:{alternatives(_DISMISSAL, _CHARGE, _RUIN, _BEREAVEMENT, _VIOLENCE, _ALARM, _SADNESS)}|{_SORROWFUL_PHRASES})\b", re.IGNORECASE
)
"""Beside what tells of such things nobody calls anything out, not even a thank-you."""
_GRIEF = re.compile(
    r"\b(?:condolences?|bereave\w*|(?:heartfelt|deepest|sincere|with) sympathy|(?:saddened|sorry) to (?:hear|learn) (?:about|of)\b[^.!?\n]{0,40}\b(?:loss|passing|death)|"
    r"sorry (?:for|about) (?:your|her|his|their)\b[^.!?\n]{0,30}\bloss)\b",
    re.IGNORECASE,
)
"""What makes the whole of a letter one of condolence."""
_BARE_SALUTATION = re.compile(r"\s*(?:dear|hi|hello|hey)\b[^\n,!:.]{0,40}[,!:]\s*", re.IGNORECASE)
_SERVICE = re.compile(rf"^[>*_ \t]*dear (?:{OFFICE}|(?:[\w'’-]+ ){{0,3}}team)\b", re.IGNORECASE | re.MULTILINE)
_COMPLAINT = re.compile(
    r"\b(?:refund\w*|defect\w*|faulty|dissatisf\w+|complain\w*|disappoint\w*|unacceptable|overcharg\w*|breach|stopped working)\b", re.I
)
_COOL = re.compile(r"\b(?:not|no|never|nothing|but|if|sorry|unfortunately|sad|sadly)\b|n['’]t\b", re.I)  # no sentence to call out
_STIFF = re.compile(r"; |\b(?:attention to this matter|earliest convenience)\b", re.IGNORECASE)
"""Who calls things out would not say it so."""


def _exclamation(text: str) -> Iterator[Site]:
    """Sentence ends: only short sentences between people may gain an exclamation mark, warm ones before all, and no list's; any may lose it.

    Where a small letter follows, a name has the mark ("They sued Yahoo! last year"), but for who writes small letters throughout. The mark of a
    wish ("Happy birthday!") goes only for who wants none anywhere.
    """
    grave, to_you = _grave_parts(text), bool(_TO_YOU.search(without_quoted(text, " ")))
    for span in sentences(text):
        sentence = text[span.start : span.end].rstrip()
        if not sentence.endswith((".", "!")) or sentence.endswith(("..", "!!", "?!")):
            continue
        said = words(sentence)
        short = len(said) <= _LONGEST_CALL and not _COOL.search(sentence)
        warm = short and bool(_WARM.search(sentence) and _BETWEEN_US.search(sentence))
        said_to_you = bool(_TO_YOU.search(sentence) or (to_you and _OF_US.search(sentence)))
        free = warm or (short and said_to_you and not _GRAVE.search(sentence) and not line_mark(line_of(text, span.start)))
        key, end = f"exclamation:{'warm' if warm else 'plain'}", span.start + len(sentence)
        if sentence.endswith("!"):
            goes_on = GOES_ON.match(text, end - 1)
            if not is_no_end(text, end) and not (goes_on and text[prose_start(text, span)].isupper()):
                way = ". everywhere" if _WISH.match(sentence) else "."
                yield Site(key, end - 1, end, "!", {} if goes_on else {way: "."})
        elif len(said) > 1:
            cool = _STIFF.search(sentence) or _is_cited(text, span.start) or any(start <= span.start < stop for start, stop in grave)
            yield Site(key, end - 1, end, ".", {"!": "!"} if free and not cool else {})


def _is_cited(text: str, start: int) -> bool:
    """Whether the title of a work begins at `start`: behind its author and "(n.d.)."."""
    return bool(_UNDATED.search(text, max(0, start - _LONGEST_NAME), start))


def _grave_parts(text: str) -> list[tuple[int, int]]:
    """The paragraphs that tell of something grave, each with those beside it; the whole where two do, and of a letter of condolence or complaint."""
    parts = [part for part in paragraphs(text) if not _BARE_SALUTATION.fullmatch(text, *part)]
    found = [i for i, part in enumerate(parts) if _SORROW.search(text, *part)]
    if len(found) > 1 or (is_letter(text) and _GRIEF.search(text)) or (_SERVICE.search(text) and _COMPLAINT.search(text)):
        return [(0, len(text))]
    return [(parts[max(0, i - 1)].start, parts[min(i + 1, len(parts) - 1)].end) for i in found]


def is_grave(text: str) -> bool:
    """Whether nothing in a text is called out."""
    return _grave_parts(text) == [(0, len(text))]


def is_no_end(text: str, end: int) -> bool:
    """Whether the exclamation mark before `end` is a part of its word."""
    return bool(_NO_END.search(text, max(0, end - _LONGEST_NAME), end))


EXCLAMATION = Choice("exclamation", "exclamation marks", "share of sentences", _exclamation)
