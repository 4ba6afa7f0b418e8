"""Formal and plain words: where a word of the list has its twin's meaning, and a twin that fits."""

from __future__ import annotations

import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from rpo_edge.features.base import Choice, Site, like
from rpo_edge.features.context import (
    DETERMINERS,
    HEAD,
    PREPOSITIONS,
    SUBJECTS,
    VERB_AFTER,
    begins_sentence,
    is_capitalised,
    is_line_with,
    is_plural,
    left_of,
    line_of,
    listed,
    right_of,
    starts_clause,
    word_before,
    words_before,
)
from rpo_edge.features.senses import SENSES
from rpo_edge.features.senses.use import Use
from rpo_edge.lexicon import BEFORE_OBJECTS, FORMAL_PLAIN, FUNCTION_WORDS

_EVERYONES = listed(
    "important stressing several people start starts started starting shows show reduce reduces reducing avoid "
    "avoids avoiding covers has have having different long free key move moves moved moving live lives lived living "
    "happen happens happened happening understand understands understood understanding expect question questions "
    "problems car cars home homes many now about try tries"
)


@cache
def _twins() -> tuple[dict[str, tuple[str, str, str, str]], dict[str, list[str]]]:
    """Word -> (detail, variant, other variant, other word or "" if it must stay), and first word -> its forms, longest first.

    A plain side made of grammar alone ("to" for "in order to", "use" for "utilize") is no evidence: it is everyone's
    word, and to count it would make every writer look plain. Whether such a formal word stays follows from the
    writer's other pairs. Nor are words that formal writers use as well ("different" for "various").
    """
    forms: dict[str, tuple[str, str, str, str]] = {}
    for formal, plain, context in FORMAL_PLAIN:
        detail = "/".join(_without_common_end(formal[0], plain[0]))
        everyones = FUNCTION_WORDS.issuperset(plain[0].split())
        for f, p in zip(formal, plain, strict=True):
            forms.setdefault(f, (detail, "formal", "plain", p))
            if context != "formal" or not (everyones or not _EVERYONES.isdisjoint(p.split())):
                forms.setdefault(p, (detail, "plain", "formal", "" if context == "formal" else f))
    by_first: dict[str, list[str]] = defaultdict(list)
    for form in sorted(forms, key=len, reverse=True):
        by_first[form.partition(" ")[0]].append(form)
    return forms, dict(by_first)


def _without_common_end(one: str, other: str) -> tuple[str, str]:
    """ "require a", "need a" -> "require", "need": the words that both end with are context."""
    a, b = one.split(), other.split()
    while len(a) > 1 and len(b) > 1 and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    return " ".join(a), " ".join(b)


_TO = "to"
_FORM_ENDS = re.compile(r"(?![\w'’-])")


def _matches(text: str) -> Iterator[tuple[int, str]]:
    """Start and form of each word of the pairs, looked up by its first word."""
    forms, by_first = _twins()
    end = 0
    for head in HEAD.finditer(text):
        start = head.start()
        for form in by_first.get(head[0].lower(), ()) if start >= end else ():
            if text[start : start + len(form)].lower() == form and _FORM_ENDS.match(text, start + len(form)):
                yield start, form
                end = start + len(_without_common_end(form, forms[form][3])[0] if forms[form][3] else form)
                end -= len(_TO) if form.endswith(f" {_TO}") else 0  # "in order to purchase" has two
                break


# Set phrases in which the word is not the one of the pair.
_SET_PHRASES = re.compile(
    r"(?:frequently asked|often than not|often as not|(?:utili[sz]ed|occur(?:s|red)?) to|occur(?:s|red)? in|sufficient conditions?)\b",
    re.IGNORECASE,
)
_PREPOSITIONS_TOO = listed("due regarding")
_FINITE = ("must", "need", "are", "have")
_ARCHAIC = re.compile(r"\b(?:thou|thee|thy|thine|shalt|hath|doth)\b", re.IGNORECASE)
_VERSE = 60
"""Code points of a line of verse, at most."""
_LINE_ENDS = re.compile(r"[.,;:!?…]*\n(?=[ \t]*[A-Z])")
_VERSES = 200
"""Code points around an old word in which nothing is put in today's."""


def _fits(text: str, start: int, form: str) -> bool:
    """Whether the form is used here as the pair means it."""
    use = Use(text, start, start + len(form), word_before(text, start))
    first, _, rest = form.partition(" ")
    meant = SENSES.get(form) or SENSES.get(" ".join(form.split(" ", 2)[:2])) or SENSES.get(first)
    if _SET_PHRASES.match(text, start) or (meant and not meant(use)) or _may_rhyme(text, use.end):
        return False
    if not rest:
        return not (first.endswith("ed") and use.before in DETERMINERS)  # "the constructed graph"
    if first in SUBJECTS and rest.startswith(_FINITE):
        return starts_clause(text, start)
    return form.rpartition(" ")[2] not in BEFORE_OBJECTS or first in PREPOSITIONS | _PREPOSITIONS_TOO or _is_verb_place(first, use.before)


def _may_rhyme(text: str, end: int) -> bool:
    """Whether a short line ends here, and another follows."""
    if not _LINE_ENDS.match(text, end):
        return False
    line = line_of(text, end - 1)
    return len(line) < _VERSE and not is_line_with(text, end - 1, ("-", "*", "+", "•", ">", "#", "|")) and not line.lstrip()[:1].isdigit()


def _is_verb_place(verb: str, before: str) -> bool:
    """Whether a verb of this form may follow the word; the bare form is also a noun ("the need"), so it needs a verb's company."""
    if before in DETERMINERS or (before in PREPOSITIONS and not verb.endswith("ing")):
        return False
    if verb.endswith(("ed", "ing")) or (verb.endswith("s") and verb != "discuss"):
        return True
    return not before or is_plural(before) or before in VERB_AFTER or before.endswith(("ly", "n't"))


_TALKED_OF = listed("word verb noun adjective adverb term phrase replace replaces replaced replacing")
"""What a word comes after that is named, and not used."""
_TALKED_OF_BY = listed("synonym synonyms opposite antonym")
"""The same with "of" or "for" between."""


def _is_named(text: str, start: int, end: int, twin: str) -> bool:
    """Whether a text talks of the word: "the verb commence", or beside its twin, as in "Choose between difficult and hard"."""
    before = words_before(text, start)
    if not _TALKED_OF.isdisjoint(before[-1:]) or (before[-1:] in (["of"], ["for"]) and not _TALKED_OF_BY.isdisjoint(before[-2:-1])):
        return True
    twin = twin.removeprefix(f"{_TO} ")
    if FUNCTION_WORDS.issuperset(twin.split()):
        return False
    sentence = f"{left_of(text, start)} {right_of(text, end)}"
    return bool(re.search(rf"(?<![\w'’-]){re.escape(twin)}(?![\w'’-])", sentence, re.IGNORECASE))


_CAPITAL_NEXT = re.compile(r" (?!I\b)[A-Z]")
_ARTICLE_BEFORE = re.compile(r"(?<![\w'’-])an? \Z", re.IGNORECASE)


def _sites(text: str) -> Iterator[Site]:
    forms, _ = _twins()
    archaic = [match.start() for match in _ARCHAIC.finditer(text)]
    for start, form in _matches(text):
        detail, variant, other, word = forms[form]
        named = not begins_sentence(text, start) or _CAPITAL_NEXT.match(text, start + len(form))  # "Rapid Fire", also at the start of one
        if (is_capitalised(text, start) and named) or not _fits(text, start, form):
            continue
        nearest = bisect(archaic, start - _VERSES)
        if nearest < len(archaic) and archaic[nearest] < start + _VERSES:
            continue
        own, word = _without_common_end(form, word) if word else (form, "")
        end = start + len(own)
        if _is_named(text, start, end, word):
            continue
        if own.startswith(f"{_TO} ") and word.startswith(f"{_TO} "):
            start, word = start + len(_TO) + 1, word[len(_TO) + 1 :]
        if not word:
            yield Site(f"register:{detail}", start, end, variant)
            continue
        after = like(text[start:end], word)
        if article := _ARTICLE_BEFORE.search(text, max(0, start - 4), start):
            # a/an follows the sound of the next word; spelling decides, with the exceptions of our own lists
            right = "an" if word[0] in "aeiou" and not word.startswith(("use", "usu", "uni", "one")) else "a"
            if after.partition(" ")[0] in ("a", "many", "several", "enough"):
                continue
            if right != article[0].strip().lower():
                start, after = article.start(), f"{like(article[0].strip(), right)} {after}"
        yield Site(f"register:{detail}", start, end, variant, {other: after})


REGISTER = Choice("register", "formal or plain words", "share of the words that have a twin", _sites)
