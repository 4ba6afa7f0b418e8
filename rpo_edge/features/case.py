"""Small letters: at the start of sentences, and "i" for "I"."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace

from rpo_edge.features.base import Choice, Site
from rpo_edge.features.context import AUXILIARIES, DETERMINERS, PREPOSITIONS, SUBJECTS, line_of, listed, word_after, word_before
from rpo_edge.features.exclamation import GOES_ON, is_no_end
from rpo_edge.features.layout import BOLD_RUN, EMOJI, LONGEST_LEAD, is_label, leads
from rpo_edge.features.parts import has_ing_form
from rpo_edge.features.punctuation import BEGINS_ITEM, without_code
from rpo_edge.lexicon import FUNCTION_WORDS
from rpo_edge.names import no_name
from rpo_edge.segment import FENCE, ITEM_MARK, WORD, prose_start, sentences, words

_GREETINGS = frozenset(["hello", "hi", "hey", "dear", "oh", "ah"])
_INITIALS_NEXT = re.compile(r", [A-Z]\.")  # an author's
_CAPITAL_NEXT = re.compile(r" [*_\"“]*([A-Z][a-z]\w*)")
_CAPITAL_INSIDE = re.compile(r"(?<![^\s(])[a-z]+,? [a-z]+,? (?=([A-Z]\w+))")
"""Two small words before it: in a title there is a capital nearer."""
_NUMBER_NEXT = re.compile(r" (?:[IVX]+|[A-Z]|\d+)(?![\w'’])")
_TITLE = re.compile(r"(?: (?:[*_\"“]*[A-Z][^\s:(.!?]*|(?:of|and|or|the|an?|in|for|to|on|with|&)(?= )))+(?:[:(\n]| [-–—(]|\Z)")
_NAMES_BUT_BEFORE = {"go": PREPOSITIONS | {"ahead", "away", "back", "down", "easy", "out", "up"}, "will": SUBJECTS | DETERMINERS}
"""Names that are verbs too, and the words before which they are."""
_LEADING_EMOJI = re.compile(rf"(?:(?:{EMOJI.pattern})[ \t]*)+")
_EMPHASISED = re.compile(r"[*_](?=[A-Z])")
_LABEL = re.compile(r"(?:\*\*|__)[^*_\n]{1,60}(?:[:?!.](?:\*\*|__)|(?:\*\*|__):)")
_DASHED = re.compile(r" [-–—] ")
_LIST_LINE = re.compile(
    rf"^(?P<indent>[ \t]*)(?:(?P<mark>{ITEM_MARK})[ \t]+(?:\[[ xX]\][ \t]+)?(?:(?:{EMOJI.pattern})[ \t]*)*[*_\"“'‘(]*|(?=[^\s`~]))",
    re.MULTILINE,
)
"""A line with an item's mark, up to its first word; or another, which ends the list where it is not indented."""
_FENCED = re.compile(rf"^[ \t>]*(?P<fence>{FENCE.pattern}).*?(?:^[ \t>]*(?P=fence)|\Z)", re.MULTILINE | re.DOTALL)
_ARTICLE = re.compile(r"[Aa] \w\w|[^Aa]")


def _lower_start(text: str) -> Iterator[Site]:
    """Sentence-initial letters. Those of a list's items change all or none, and labels in bold keep theirs."""
    return _kept_alike(text, [*_starts(text)])


def without_bold(text: str, marks: Collection[int]) -> Iterator[Site]:
    """The same of a text in which bold goes, so that what it led is a sentence like others; labels and titles keep their capitals.

    marks: where a mark goes.
    """
    plain, kept = list(text), set()
    for mark in marks:
        bold = BOLD_RUN.match(text, mark)
        line = text.rfind("\n", 0, mark) + 1
        if not bold or mark - line > LONGEST_LEAD or not leads(text[line:mark]):
            continue
        if (
            is_label(text, bold)
            or _DASHED.match(text, bold.end())
            or any(word[0].isupper() and no_name(word) for word in words(bold["text"])[1:])
        ):
            kept.add(bold.start("text"))  # "Time: 5 minutes", "Time - 5 minutes", "Set Up a Plan"
        if mark > line or not line_of(text, mark).rstrip().endswith("**"):  # no heading
            plain[mark : mark + 2] = "  "
    sites = {site.start: site for site in (*_starts(text), *_starts("".join(plain))) if site.start not in kept}
    return _kept_alike("".join(plain), [*sites.values()])


def _kept_alike(text: str, sites: list[Site]) -> Iterator[Site]:
    large = {site.start for site in sites if site.variant == "upper"}
    free = {start for start in large if not _begins_label(text, start)}
    kept = large - free | _beside_capitals(text, free)
    for site in sites:
        yield replace(site, options={}) if site.start in kept else site


def _begins_label(text: str, start: int) -> bool:
    """Whether bold begins here that leads its line and ends as labels do: "**Time:** 5 minutes", "**Too hot?** Add milk"."""
    line = text.rfind("\n", 0, start) + 1
    return start - line <= LONGEST_LEAD and bool(_LABEL.match(text, max(0, start - 2))) and leads(text[line : max(0, start - 2)])


def _beside_capitals(text: str, free: set[int]) -> set[int]:
    """Of the letters that may change, those that begin an item of a list in which another item, no name, keeps its capital."""
    levels: dict[str, list[int]] = defaultdict(list)  # of the list, by indent: where its items' words begin
    found: set[int] = set()
    prose = _FENCED.sub(lambda code: " " * len(code[0]), text)  # code ends no list
    for line in (*_LIST_LINE.finditer(prose), None):
        if line and line["mark"]:
            levels[line["indent"]].append(line.end())
        elif line is None or not line["indent"]:
            for starts in levels.values():
                if any(start not in free and _is_common(text, start) for start in starts):
                    found.update(starts)
            levels.clear()
    return found


def _is_common(text: str, start: int) -> bool:
    """Whether a word with a capital begins here that is no name, nor the word "I"."""
    word = WORD.match(text, start)
    return word is not None and word[0][0].isupper() and word[0][1:].islower() and no_name(word[0]) and not _PRONOUN.match(text, start)


def _starts(text: str) -> Iterator[Site]:
    """A capital is a choice only where the word is surely no name. "I" is a choice of its own (`_pronoun`)."""
    prose = without_code(text)
    named = frozenset(_CAPITAL_INSIDE.findall(prose))
    for span in sentences(text):
        start = prose_start(text, span)
        if emoji := _LEADING_EMOJI.match(text, start, span.end):
            start = emoji.end()
        if start >= span.end or not text[start].isalpha() or _continues(text, start, span.start):
            continue
        word = WORD.match(text, start)
        if word and (text[word.end() : word.end() + 1] == ":" or (len(word[0]) == 1 and not _ARTICLE.match(text, start))):
            continue  # a label: "A: Yes", "Date:"; a letter: "Grade: A"
        if _EMPHASISED.match(text, start - 1) and not text.startswith(("**", "__"), start - 2):
            continue  # a title, as "*Pride and Prejudice*"
        if text[start].islower():
            line = line_of(text, start)
            if BEGINS_ITEM.match(line) and not line.rstrip().endswith((".", "!", "?")):
                continue  # many write "- buy milk" and begin sentences with a capital
            yield Site("sentence_case", start, start + 1, "lower", {"upper": text[start].upper()})
        elif (
            word
            and (no_name(word[0]) or (word[0][1:].islower() and f" {word[0].lower()} " in prose))
            and not _may_be_name(text, word, named)
        ):
            yield Site("sentence_case", start, start + 1, "upper", {"lower": text[start].lower()})


def _may_be_name(text: str, word: re.Match[str], named: frozenset[str]) -> bool:
    """Whether a common word may begin a name or a title here: "Great Britain", "Game of Thrones", "Go is fast"; not "Install Docker", "Hi Ann".

    named: words that have a capital inside a sentence.
    """
    first = re.split("['’]", word[0])[0].lower()
    if first in _NAMES_BUT_BEFORE:
        return word_after(text, word.end()) not in _NAMES_BUT_BEFORE[first]
    if first in FUNCTION_WORDS or first in _GREETINGS:
        return False
    if word[0] in named or (first in _NUMBERED_THINGS and _NUMBER_NEXT.match(text, word.end())):
        return True
    if _INITIALS_NEXT.match(text, word.end()) or GOES_ON.match(text, word.end()):
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
    goes_on = text.endswith(" ", 0, sentence) and is_no_end(text, max(0, sentence - 8) + len(before))
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
_NUMBERED_THINGS = listed("type part phase class chapter level volume book act stage grade figure table section war element vitamin")


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


CASE = Choice("sentence_case", "lower-case sentence starts", "share of sentences", _lower_start)
PRONOUN = Choice("pronoun_case", "i for I", "share of its uses", _pronoun)
