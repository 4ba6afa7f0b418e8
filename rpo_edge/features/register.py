"""Formal and plain words: where a word of the list has its twin's meaning, and a twin that fits."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from rpo_edge.features.base import Choice, Site, like
from rpo_edge.features.context import (
    AUXILIARIES,
    DETERMINERS,
    HEAD,
    PREPOSITIONS,
    SUBJECTS,
    begins_sentence,
    is_capitalised,
    listed,
    right_of,
    starts_clause,
    word_after,
    word_before,
)
from rpo_edge.lexicon import DETERMINERS as OBJECTS
from rpo_edge.lexicon import FORMAL_PLAIN, FUNCTION_WORDS, NEGATIONS, NUMBER_WORDS

_EVERYONES = listed(
    "people start starts started starting shows show reduce reduces reducing avoid avoids avoiding covers has have having different long free key move moves moved moving live lives lived living happen happens happened happening understand understands "
    "understood understanding expect question questions problems car cars home homes many now about"
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


_FORM_ENDS = re.compile(r"(?![\w'’-])")


def _matches(text: str) -> Iterator[tuple[int, str]]:
    """Start and form of each word of the pairs, looked up by its first word."""
    _, by_first = _twins()
    end = 0
    for head in HEAD.finditer(text):
        start = head.start()
        for form in by_first.get(head[0].lower(), ()) if start >= end else ():
            if text[start : start + len(form)].lower() == form and _FORM_ENDS.match(text, start + len(form)):
                yield start, form
                end = start + len(form) if " " not in form else start + 1
                break


# Set phrases in which the word is not the one of the pair.
_SET_PHRASES = re.compile(
    r"(?:frequently asked|often than not|often as not|(?:utili[sz]ed|occur(?:s|red)?) to|occur(?:s|red)? in|depart from|in residence|sufficient conditions?)\b",
    re.IGNORECASE,
)
_SOUGHT = (
    DETERMINERS | PREPOSITIONS | AUXILIARIES | listed("further more additional need want ask offer provide give seek request appreciate")
)
_FINITE = ("must", "need", "are", "have")
_VERB_AFTER = AUXILIARIES | SUBJECTS | listed("to not who that which and or then please also usually often always never only just")
_INFORMATION = listed(
    "advice email guidance data help input feedback meeting letter news research debate insight law evidence knowledge policy doubt "
    "clarity talk conversation anything something nothing more"
)
_INFORMATION_ENDS = ("s", "tion", "sion", "ment", "ce", "ry", "ty")


@dataclass(frozen=True, slots=True)
class _Use:
    """A form in a text, and the words around it."""

    text: str
    start: int
    end: int
    before: str

    @property
    def after(self) -> str:
        return word_after(self.text, self.end)


def _asks_or_tells(use: _Use) -> bool:
    """ "questions regarding", not "the highly regarding"."""
    before = use.before
    return not before or before in _INFORMATION or (before.endswith(_INFORMATION_ENDS) and before not in DETERMINERS | AUXILIARIES)


def _counts_things(use: _Use) -> bool:
    """ "a sufficient reason" has no "enough"."""
    return use.before not in ("no", "a", "and", "or", "but", "necessary")


def _is_many(use: _Use) -> bool:
    """ "all kinds of books are", not "such a wide range of books", nor one that "is"."""
    return use.before not in ("such", "over", "across") and not _SINGULAR.match(use.text, use.end)


def _is_many_things(use: _Use) -> bool:
    """ "a variety of fresh herbs", not "of food", nor one that "is", nor such, wide or numbered ones."""
    things = right_of(use.text, use.end).split()[:2]
    named = any(thing.rstrip(",:)*_").endswith("s") and not thing.endswith(("ss", "us", "is")) for thing in things)
    return named and use.before not in DETERMINERS and _is_many(use)


def _describes(use: _Use) -> bool:
    """ "a more challenging task", not "challenging the idea"."""
    return use.after not in DETERMINERS | SUBJECTS


def _is_quality(use: _Use) -> bool:
    """The same of the bare form, which needs company that a quality has."""
    return _describes(use) and (
        use.before in DETERMINERS | AUXILIARIES | _DEGREES
        or use.before.endswith("ly")
        or (use.before in ("it", "them") and use.after == "to")
    )


_DEGREES = listed("very really extremely quite so too and or as")
_OWED = listed("amount amounts balance fee fees money payment payments rent sum sums tax taxes owed respect credit thanks")
_SINGULAR = re.compile(r" (?:[\w-]+ ){1,3}(?:is|was|has)\b")
_PEOPLE = listed(
    "person people customer customers child children man men woman women boss client clients guest guests patient patients student students"
)


_MEANT: dict[str, Callable[[_Use], bool]] = {  # by a form or its first word; of others the grammar alone decides
    "approximately": lambda use: use.text.startswith((" ", "\n"), use.end) and use.before != "the",  # not "= 13 (approximately)"
    "a wide range of": _is_many,
    "a wide variety of": _is_many,
    "assists": lambda use: use.before not in NUMBER_WORDS,
    "complimentary": lambda use: bool(use.after) and use.before not in AUXILIARIES,  # of a review, it is praise
    "currently": lambda use: use.before not in DETERMINERS | NEGATIONS and not use.before.endswith("n't"),  # "the currently selected row"
    "difficult": lambda use: use.after not in _PEOPLE and use.before not in ("more", "most"),
    "merely": lambda use: use.before not in DETERMINERS,
    "a number of": lambda use: use.before not in ("is", "was", "there's"),
    "physician": lambda use: not use.after.startswith("assistant"),
    "solely": lambda use: use.after in PREPOSITIONS or use.after == "because",  # "solely responsible" shares with nobody
    "sufficient": _counts_things,
    "assistance": lambda use: not use.before or use.before in _SOUGHT,  # "liquidity assistance" is a thing of its own
    "often": lambda use: use.before != "so",
    "frequently": lambda use: use.before != "so",
    "regarding": _asks_or_tells,
    "utilized": lambda use: use.before in _VERB_AFTER,  # "a utilized car" is not a used one
    "utilised": lambda use: use.before in _VERB_AFTER,
    "in addition to": lambda use: begins_sentence(use.text, use.start),
    "beginning": lambda use: use.before not in DETERMINERS | PREPOSITIONS,
    "challenging": _is_quality,
    "more challenging": _describes,
    "most challenging": _describes,
    "due": lambda use: use.before not in _OWED | AUXILIARIES and not use.before.endswith("ly"),
    "as a result of": lambda use: use.before not in AUXILIARIES,
    "upon": lambda use: use.before != "once",
    "a variety of": _is_many_things,
    "a range of": _is_many_things,
    "a myriad of": _is_many_things,
    "seeking": lambda use: use.before not in DETERMINERS,
    "in conjunction with": lambda use: use.before not in AUXILIARIES,
    "along with": lambda use: (
        use.before not in ("get", "gets", "getting", "got", "go", "goes", "going", "went", "come", "comes", "came", "play", "sing")
    ),
    "usually": lambda use: use.before not in ("than", "as"),
}


def _fits(text: str, start: int, form: str) -> bool:
    """Whether the form is used here as the pair means it."""
    use = _Use(text, start, start + len(form), word_before(text, start))
    first, _, rest = form.partition(" ")
    meant = _MEANT.get(form) or _MEANT.get(first)
    if _SET_PHRASES.match(text, start) or (meant and not meant(use)):
        return False
    if not rest:
        return not (first.endswith("ed") and use.before in DETERMINERS)  # "the constructed graph"
    if first in SUBJECTS and rest.startswith(_FINITE):
        return starts_clause(text, start)
    return form.rpartition(" ")[2] not in OBJECTS or _is_verb_place(first, use.before)


def _is_verb_place(verb: str, before: str) -> bool:
    """Whether a verb of this form may follow the word; the bare form is also a noun ("the need"), so it needs a verb's company."""
    if before in DETERMINERS or (before in PREPOSITIONS and not verb.endswith("ing")):
        return False
    if verb.endswith(("ed", "ing")) or (verb.endswith("s") and verb != "discuss"):
        return True
    plural = before.endswith("s") and not before.endswith(("ss", "us", "is"))
    return not before or plural or before in _VERB_AFTER or before.endswith(("ly", "n't"))


_CAPITAL_NEXT = re.compile(r" (?!I\b)[A-Z]")
_ARTICLE_BEFORE = re.compile(r"(?<![\w'’-])an? \Z", re.IGNORECASE)


def _sites(text: str) -> Iterator[Site]:
    forms, _ = _twins()
    for start, form in _matches(text):
        detail, variant, other, word = forms[form]
        if (is_capitalised(text, start) and not begins_sentence(text, start)) or not _fits(text, start, form):
            continue  # a capital inside a sentence: part of a name
        if is_capitalised(text, start) and _CAPITAL_NEXT.match(text, start + len(form)):
            continue  # "Rapid Fire", at the start of one
        own, word = _without_common_end(form, word) if word else (form, "")
        end = start + len(own)
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
