"""Punctuation and typography: marks a writer chooses between."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rpo_edge.features.base import Choice, Site
from rpo_edge.features.context import (
    AUXILIARIES,
    DETERMINERS,
    PREPOSITIONS,
    SUBJECTS,
    begins_sentence,
    is_line_with,
    left_of,
    line_of,
    listed,
    word_after,
    word_before,
)
from rpo_edge.features.contractions import is_other_word
from rpo_edge.features.framing import body, is_letter
from rpo_edge.features.parts import has_ing_form
from rpo_edge.lexicon import BARE, FUNCTION_WORDS, LEFT_BARE, no_name
from rpo_edge.segment import WORD, line_mark, paragraphs, prose_start, sentences, straight, words

_ELLIPSIS = re.compile(r"(?<=\w)(?:\.\.\.|…)")
_APOSTROPHE = re.compile(r"(?<=[A-Za-z])['’](?=[A-Za-z])")
_OR_PLURAL = re.compile(rf"{_APOSTROPHE.pattern}|(?<=[A-Za-z]s)['’](?=[ \n][a-z])")
_BARE = re.compile(rf"(?<![\w'’-])(?:{'|'.join(BARE)})(?![\w'’-])", re.IGNORECASE)
_LETTERS, _LETTERS_BEFORE = re.compile(r"[A-Za-z]*"), re.compile(r"[A-Za-z]*\Z")
_LONGEST_STEM = 8
_OPENING = re.compile(r"(?<![^\s(\[{*_—–-])'(?=\w)|‘")
_AMPERSAND = re.compile(r"(?<=[a-z]) (?P<word>&|and) (?=[a-z])")
_LATIN = re.compile(r"\b(?P<short>e\.g\.,?|i\.e\.,?)(?= \w)|\b(?P<long>for example,|for instance,|that is,|(?<=\()such as)(?= \w)")
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
_TO_YOU = re.compile(r"\b(?:you|your|we|us|our|let['’]?s)\b", re.IGNORECASE)
_GRAVE = re.compile(
    r"\b(?:hard\w*|difficult\w*|tough|exhaust\w*|overwhelm\w*|stress\w*|tired|anxi\w+|worr\w+|afraid|fear\w*|pain\w*|hurt\w*|ill|illness|sick\w*|died|dead|death|dying|loss|lost|"
    r"lose|losing|grie\w+|alone|lonely|cry\w*|shall|must|fees?|overdue|owe\w*|penalt\w+|late|refus\w+|declin\w+|unable|locked|blocked|banned|billed|charged?|cancel\w*|closed|expired|delay\w*|wrong|bad|worse|worst|risk\w*|danger\w*|warn\w*|careful\w*|caution|problem\w*|issue\w*|error\w*|fail\w*|mistake\w*|debt\w*|doctor\w*|"
    r"hospital|symptom\w*|treatment\w*|medic\w+|lawyer\w*|legal\w*|court|police|emergency|apolog\w+|regret\w*|understand\w*|however|although|though|may|might|could|would|should)\b"
    r"|\d|^\W*\w+,",
    re.IGNORECASE,
)
"""What nobody calls out: what is grave, a hint, and what an enumeration begins."""
_NO_END = re.compile(r"(?:[\d)]|(?<![\w'’])[A-Za-z]|(?<!\w)(?:Yahoo|Jeopardy|Kahoot|Joomla))!\Z")
"""The mark of a factorial ("5!", "(n-1)!") or a name, which ends no sentence."""
_GOES_ON = re.compile(r"! +[*_\"“(]*[a-z]")
_SORROW = re.compile(
    r"\b(?:den(?:ied|ial)|rejected|fired|laid off|dismiss(?:ed|al)|redundan\w+|terminat\w+|evict\w*|foreclos\w+|lawsuit\w*|sued|arrest\w*|convict\w*|prosecut\w+|prison|"
    r"bankrupt\w*|hack(?:ed|ers?)|breach\w*|stolen|fraud\w*|scam\w*|suspended|overdue|past due|penalty|condolence\w*|sympathy|bereave\w*|mourn\w*|funeral\w*|grie\w+|"
    r"(?:your|her|his|their|our|['’]s) loss|pass(?:ed|ing) away|passed (?:last|this|peacefully|yesterday)|['’]s passing|died|death|dying|suicid\w*|self-harm|miscarr\w+|abus\w+|assault\w*|violen\w+|overdos\w+|diagnos\w+|cancer\w*|tumou?r\w*|"
    r"tested positive|(?:test|result)s? (?:is|was|are|were|came back) positive|emergency|ambulance|911|999|heart attack|stroke|bleeding|unconscious|crisis|tragic|tragedy|heartbr\w+|"
    r"depress\w+|trauma\w*|victim\w*|sad(?:ness|den\w*)|miss (?:him|her)\b(?! (?:up|out))|(?:so|very|deeply|truly|terribly) sorry)\b",
    re.IGNORECASE,
)
"""Beside what tells of such things nobody calls anything out, not even a thank-you."""
_GRIEF = re.compile(
    r"\b(?:condolences?|bereave\w*|(?:heartfelt|deepest|sincere|with) sympathy|(?:saddened|sorry) to (?:hear|learn) (?:about|of)\b[^.!?\n]{0,40}\b(?:loss|passing|death)|"
    r"sorry (?:for|about) (?:your|her|his|their)\b[^.!?\n]{0,30}\bloss)\b",
    re.IGNORECASE,
)
"""What makes the whole of a letter one of condolence."""
_BARE_SALUTATION = re.compile(r"\s*(?:dear|hi|hello|hey)\b[^\n,!:.]{0,40}[,!:]\s*", re.IGNORECASE)
_SERVICE = re.compile(
    r"^[>*_ \t]*dear (?:[\w'’-]+ ){0,3}(?:service|support|department|relations|claims|billing|team)\b", re.IGNORECASE | re.MULTILINE
)
_COMPLAINT = re.compile(
    r"\b(?:refund\w*|defect\w*|faulty|dissatisf\w+|complain\w*|disappoint\w*|unacceptable|overcharg\w*|breach|stopped working)\b", re.I
)
_COOL = re.compile(r"\b(?:not|no|never|nothing|but|if|sorry|unfortunately|sad|sadly)\b|n['’]t\b", re.I)  # no sentence to call out
_STIFF = re.compile(r"; |\b(?:attention to this matter|earliest convenience)\b", re.IGNORECASE)
"""Who calls things out would not say it so."""


_NO_PROSE = ("#", "|", ">", "`", "~", "<")
_ITEM = r"[ \t]*(?:[-*+•]|\(?(?:\d{1,3}|[A-Za-z]|[ivx]{2,3})[.)])[ \t]"
_BEGINS_ITEM = re.compile(_ITEM)
_ITEM_NEXT = re.compile(rf"[ \t]*\r?\n{_ITEM}")
_BEGINS_NOTE = re.compile(rf"{_ITEM}|[-*+•_ \t]")
_LAST_LINE = re.compile(rf"^(?:[ \t]*\S.*$(?=\s*(?:\n[ \t]*\r?\n|\Z))|(?:{_ITEM}|[ \t]+\S).*$(?=\n{_ITEM}))", re.MULTILINE)
_ABBREVIATED = re.compile(
    r"(?:\b(?:etc|[Ii]nc|[Ll]td|[Cc]orp|[Cc]o|[JS]r|al|approx|Ave|Blvd|Jan|Feb|Apr|Aug|Sept?|Oct|Nov|Dec|[A-Z][a-z]+,? [A-Z])|\.\w)\.\Z"
)
_CODE = re.compile(
    r"^[ \t>]*(?P<fence>```+|~~~+)(?:(?!^[ \t>]*(?P=fence)).)*(?:^[ \t>]*(?P=fence)[`~]*)?|^(?: {4}|\t)[^\n]*|`[^`\n]+`",
    re.MULTILINE | re.DOTALL,
)
_GREETINGS = frozenset(["hello", "hi", "hey", "dear", "oh", "ah"])
_INITIALS_NEXT = re.compile(r", [A-Z]\.")  # an author's
_CAPITAL_NEXT = re.compile(r" [*_\"“]*([A-Z][a-z]\w*)")
_TITLE = re.compile(r"(?: (?:[*_\"“]*[A-Z][^\s:(.!?]*|(?:of|and|or|the|an?|in|for|to|on|with|&)(?= )))+(?:[:(\n]| [-–—(]|\Z)")
_NAMES_BUT_BEFORE = {"go": PREPOSITIONS | {"ahead", "away", "back", "down", "easy", "out", "up"}, "will": SUBJECTS | DETERMINERS}
"""Names that are verbs too, and the words before which they are."""


def _exclamation(text: str) -> Iterator[Site]:
    """Sentence ends: only short sentences between people may gain an exclamation mark, warm ones before all, and no list's; any may lose it.

    Where a small letter follows, a name has the mark ("They sued Yahoo! last year"), but for who writes small letters throughout.
    """
    grave = _grave_parts(text)
    for span in sentences(text):
        sentence = text[span.start : span.end].rstrip()
        if not sentence.endswith((".", "!")) or sentence.endswith(("..", "!!", "?!")):
            continue
        said = words(sentence)
        short = len(said) <= _LONGEST_CALL and not _COOL.search(sentence)
        warm = short and bool(_WARM.search(sentence) and _BETWEEN_US.search(sentence))
        free = warm or (
            short and bool(_TO_YOU.search(sentence)) and not _GRAVE.search(sentence) and not line_mark(line_of(text, span.start))
        )
        key, end = f"exclamation:{'warm' if warm else 'plain'}", span.start + len(sentence)
        if sentence.endswith("!"):
            goes_on = _GOES_ON.match(text, end - 1)
            if not _is_no_end(text, end) and not (goes_on and text[prose_start(text, span)].isupper()):
                yield Site(key, end - 1, end, "!", {} if goes_on else {".": "."})
        elif len(said) > 1:
            grieves = _STIFF.search(sentence) or any(start <= span.start < stop for start, stop in grave)
            yield Site(key, end - 1, end, ".", {"!": "!"} if free and not grieves else {})


def _grave_parts(text: str) -> list[tuple[int, int]]:
    """The paragraphs that tell of something grave, each with those beside it; the whole of a letter of condolence, or of complaint."""
    parts = [part for part in paragraphs(text) if not _BARE_SALUTATION.fullmatch(text, *part)]
    if (is_letter(text) and _GRIEF.search(text)) or (_SERVICE.search(text) and _COMPLAINT.search(text)):
        return [(0, len(text))]
    return [
        (parts[max(0, i - 1)].start, parts[min(i + 1, len(parts) - 1)].end) for i, part in enumerate(parts) if _SORROW.search(text, *part)
    ]


def _is_no_end(text: str, end: int) -> bool:
    """Whether the exclamation mark before `end` is a part of its word."""
    return bool(_NO_END.search(text, max(0, end - _LONGEST_NAME), end))


_BARE_WORDS = 3
"""Words of a last sentence that is no heading, name or label."""


def _last_stop(text: str) -> Iterator[Site]:
    """The end of each paragraph of prose: chats and notes often leave the full stop out there. It may go, and never comes.

    Items of lists and paragraphs that are led by bold are notes: theirs go along, but for who is seen to put them; that notes have none says nothing,
    few people's have.
    """
    first, last = body(text)
    for line in _LAST_LINE.finditer(text):
        said = line[0].rstrip()
        end = line.start() + len(said)
        if end <= first or end > last:
            continue  # a signature has no stop, whoever signs
        stop, note = said.endswith("."), bool(_BEGINS_NOTE.match(said))
        if is_line_with(text, line.start(), _NO_PROSE) or not (stop or (said[-1:].isalpha() and not note)):
            continue
        fewest = 1 if note else _BARE_WORDS
        if len(words(left_of(text, end - stop))) < fewest or not said[:-1][-1:].isalnum() or _ABBREVIATED.search(said):
            continue
        yield Site("last_stop:note" if note else "last_stop", end - stop, end, "stop" if stop else "none", {"none": ""} if stop else {})


def ends_item(text: str, end: int) -> bool:
    """Whether an item of a list ends at `end`, and another follows."""
    return bool(_ITEM_NEXT.match(text, end) and _BEGINS_ITEM.match(line_of(text, end)))


def _ellipsis(text: str) -> Iterator[Site]:
    for match in _ELLIPSIS.finditer(text):
        variant, other = ("dots", {"character": "…"}) if match[0] == "..." else ("character", {"dots": "..."})
        yield Site("ellipsis", match.start(), match.end(), variant, other)


def _apostrophe(text: str) -> Iterator[Site]:
    """Inside words, and of plurals ("tenants' right") where no quotation can end in it; and contractions without one."""
    pattern = _APOSTROPHE if _OPENING.search(_without_code(text)) else _OR_PLURAL
    for match in pattern.finditer(text):
        variant, other = ("straight", {"curly": "’"}) if match[0] == "'" else ("curly", {"straight": "'"})
        word = f"{_left_letters(text, match.start())}'{_LETTERS.match(text, match.end())[0]}"  # type: ignore[index]  # it matches the empty string
        bare = {"none": ""} if word.lower() in LEFT_BARE else {}
        yield Site("apostrophe", match.start(), match.end(), variant, other | bare)
    for match in _BARE.finditer(text):
        if not is_other_word(text, match):
            yield Site("apostrophe", match.start(), match.end(), "none")


def _left_letters(text: str, end: int) -> str:
    """The letters right before `end`; few, as contractions have."""
    return _LETTERS_BEFORE.search(text, max(0, end - _LONGEST_STEM), end)[0]  # type: ignore[index]


def spelled(contraction: str, mark: str) -> str:
    """A contraction with the user's apostrophe; "" leaves it out of those that chats write without."""
    plain = straight(contraction)
    return plain.replace("'", mark) if mark or plain.lower() in LEFT_BARE else plain


def can_be_spelled(before: str, after: str, mark: str) -> bool:
    """Not where it would put in an apostrophe for a user who writes none, since without it the word would be another ("we're", "were")."""
    return bool(mark) or "'" not in spelled(after, mark) or "'" in straight(before)


def _ampersand(text: str) -> Iterator[Site]:
    for match in _AMPERSAND.finditer(text):
        variant, other = ("&", {"and": "and"}) if match["word"] == "&" else ("and", {"&": "&"})
        again = word_before(text, match.start() + 1) == word_after(text, match.end() - 1)  # "more and more"
        free = not again and "=" not in line_of(text, match.start())
        yield Site("ampersand", match.start("word"), match.end("word"), variant, other if free else {})


_LATIN_FORMS = {"e.g.": "for example,", "i.e.": "that is,"}


def _latin(text: str) -> Iterator[Site]:
    for match in _LATIN.finditer(text):
        if match["short"]:
            short = match["short"].rstrip(",")
            yield Site(f"latin:{short}", match.start(), match.end(), "abbreviated", {"spelled": _LATIN_FORMS[short]})
        else:
            short = "i.e." if match["long"] == "that is," else "e.g."
            inside = text.endswith("(", 0, match.start())
            options = {"abbreviated": short} if inside else {}
            yield Site(f"latin:{short}", match.start(), match.end(), "spelled", options)


def _lower_start(text: str) -> Iterator[Site]:
    """Sentence-initial letters; a capital is a choice only where the word is surely no name. "I" is a choice of its own (`_pronoun`)."""
    prose = _without_code(text)
    for span in sentences(text):
        start = prose_start(text, span)
        if start >= span.end or not text[start].isalpha() or _continues(text, start, span.start):
            continue
        word = WORD.match(text, start)
        if word and (text[word.end() : word.end() + 1] == ":" or (len(word[0]) == 1 and not _ARTICLE.match(text, start))):
            continue  # a label: "A: Yes", "Date:"; a letter: "Grade: A"
        if _EMPHASISED.match(text, start - 1) and not text.startswith(("**", "__"), start - 2):
            continue  # a title, as "*Pride and Prejudice*"
        if text[start].islower():
            line = line_of(text, start)
            if _BEGINS_ITEM.match(line) and not line.rstrip().endswith((".", "!", "?")):
                continue  # many write "- buy milk" and begin sentences with a capital
            yield Site("sentence_case", start, start + 1, "lower", {"upper": text[start].upper()})
        elif word and (no_name(word[0]) or (word[0][1:].islower() and f" {word[0].lower()} " in prose)) and not _may_be_name(text, word):
            yield Site("sentence_case", start, start + 1, "upper", {"lower": text[start].lower()})


_EMPHASISED = re.compile(r"[*_](?=[A-Z])")
_ARTICLE = re.compile(r"[Aa] \w\w|[^Aa]")


def _without_code(text: str) -> str:
    """Code is no prose: what stands in lower case there may be a name's command ("python")."""
    return _CODE.sub(" ", text)


def _may_be_name(text: str, word: re.Match[str]) -> bool:
    """Whether a common word may begin a name or a title here: "Great Britain", "Game of Thrones", "Go is fast"; not "Install Docker", "Hi Ann"."""
    first = re.split("['’]", word[0])[0].lower()
    if first in _NAMES_BUT_BEFORE:
        return word_after(text, word.end()) not in _NAMES_BUT_BEFORE[first]
    if first in FUNCTION_WORDS or first in _GREETINGS:
        return False
    if _INITIALS_NEXT.match(text, word.end()) or _GOES_ON.match(text, word.end()):
        return True
    title, following = _TITLE.match(text, word.end()), _CAPITAL_NEXT.match(text, word.end())
    if _is_verb(first):
        return bool(title) and not (following and not no_name(following[1]))
    return bool(title or following)


def _is_verb(word: str) -> bool:
    """Whether there is a form in -ing, or it is one."""
    return word.endswith("ing") or has_ing_form(word)


def _continues(text: str, start: int, sentence: int) -> bool:
    """After "...", "5!" or speech ('"Yay!" he said') a sentence may go on; a heading, or a line all bold, has a case of its own."""
    before = text[max(0, sentence - 8) : sentence].rstrip()
    line = line_of(text, start).strip()
    speech = before.endswith(('"', "”", "’", "'")) and text[start].islower()
    goes_on = text.endswith(" ", 0, sentence) and _is_no_end(text, max(0, sentence - 8) + len(before))
    return (
        goes_on or speech or before.endswith(("...", "…")) or line.startswith(("#", "|")) or (line.startswith("**") and line.endswith("**"))
    )


_PRONOUN = re.compile(
    r"(?<![\w'’./(-])(?:I(?=['’](?:m|ve|d|ll)\b| [a-z])|(?<=\b(?:do|am) )[Ii](?=[.,!?])|"
    r"i(?=['’](?:m|ve|d|ll)\b| (?:am|was|have|had|think|thought|can|could|will|would|do|did|don|didn|"
    r"know|need|want|like|love|hope|see|saw|got|get|use|used|guess|feel|just|also|still|really|should|might|went|made|tried|put|said)\b))"
)
_BARE_PRONOUN = re.compile(
    r"(?<![\w'’./(-])[Ii](?:(?=(?:m|ve)(?![\w'’./-]))|(?<=i)(?= (?:dont|didnt|cant|wont|wasnt|havent|hadnt|couldnt|wouldnt|shouldnt|aint)(?![\w'’-]))|"
    r"(?=ll (?:be|go|get|check|do|see|try|have|take|let|call|just|send|make|ask|come|tell|give|find|text|bring|meet|probably|never|always|also|still|pay|pick|wait|show)(?![\w'’-]))|"
    r"(?=d (?:like|love|rather|say|be|go|have|prefer|never|probably|just|definitely|still|hate)(?![\w'’-])))"
)
"""Before a contraction that is written without its apostrophe ("im", "ill go", "i cant")."""
_ILL_AFTER = (
    AUXILIARIES
    | DETERMINERS
    | PREPOSITIONS
    | listed("mentally seriously critically terminally feel feeling feels felt get got fall fell user")
)
"""Behind these "ill" and "id" are words of their own."""
_NUMBERED_THINGS = listed("type part phase class chapter level volume book act stage grade figure table section war element")


def _pronoun(text: str) -> Iterator[Site]:
    """ "I" or "i"; of the small letter only what no formula has, of the capital what is no number ("World War I was"). Bare contractions only tell."""
    for match in _BARE_PRONOUN.finditer(text):
        if not (text[match.end()] in "ld" and word_before(text, match.start()) in _ILL_AFTER):
            yield Site("pronoun_case", match.start(), match.end(), "lower" if match[0] == "i" else "upper")
    for match in _PRONOUN.finditer(text):
        if match[0] == "i":
            yield Site("pronoun_case", match.start(), match.end(), "lower", {"upper": "I"})
        elif word_before(text, match.start()) not in _NUMBERED_THINGS and not _NAME_BEFORE.search(
            text, max(0, match.start() - 30), match.start()
        ):
            yield Site("pronoun_case", match.start(), match.end(), "upper", {"lower": "i"})


_NAME_BEFORE = re.compile(r"[a-z,] (?:[A-Z][\w'’-]+ )*[A-Z][\w'’-]+ \Z")
"""A capitalised word inside a sentence: a name that may have a number."""
_TITLE_STOP = re.compile(
    r"(?<![\w-])(?:Mr|Mrs|Ms|Dr)(?P<stop>\.?)(?=(?:(?: (?:and|or|&) |/)(?:Mr|Mrs|Ms|Dr)\.?)? (?P<name>[A-Z](?:[a-z]+|\.(?= ?[A-Z]))))"
)
_STREET = re.compile(r"(?:\d\w*|[A-Z][\w'’-]*) \Z")


def _title_stop(text: str) -> Iterator[Site]:
    """ "Mr. Hale" or "Mr Hale", and both of "Mr. and Mrs. Hale"; no street ("5 Elm Dr. The house")."""
    for match in _TITLE_STOP.finditer(text):
        near = max(0, match.start() - 20)
        street = _STREET.search(text, near, match.start()) and not begins_sentence(text, match.start())
        if street or no_name(match["name"]):
            continue
        stop = bool(match["stop"])
        yield Site("title_stop", *match.span("stop"), *(("stop", {"none": ""}) if stop else ("none", {"stop": "."})))


EXCLAMATION = Choice("exclamation", "exclamation marks", "share of sentences", _exclamation)
LAST_STOP = Choice("last_stop", "full stop at the end of a paragraph", "share of paragraphs", _last_stop)
ELLIPSIS = Choice("ellipsis", "ellipsis", "share of each form", _ellipsis)
APOSTROPHE = Choice("apostrophe", "apostrophe", "share of each form", _apostrophe)
AMPERSAND = Choice("ampersand", "& for and", "share of ands between words", _ampersand)
LATIN = Choice("latin", "e.g. and i.e.", "share of each form", _latin)
PRONOUN = Choice("pronoun_case", "i for I", "share of its uses", _pronoun)
TITLE_STOP = Choice("title_stop", "Mr. or Mr", "share of titles before names", _title_stop)
CASE = Choice("sentence_case", "lower-case sentence starts", "share of sentences", _lower_start)
