"""Words a writer chooses between: spelling, formal or plain words, intensifiers, sentence openers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from rpo_edge.features.base import Choice, Site, alternation, like
from rpo_edge.lexicon import BRITISH_AMERICAN, FORMAL_PLAIN, FUNCTION_WORDS
from rpo_edge.segment import iter_sentence_starts

_CONNECTIVES = {  # one slot at the start of a sentence; the variants mean the same there
    "contrast": {"formal": "However, ", "plain": "But "},
    "addition": {"formal": "Additionally, ", "plain": "And ", "also": "Also, "},
    "result": {"formal": "Therefore, ", "plain": "So "},
}
_CONNECTIVE_FORMS = {  # what is recognised, longest first
    "However, ": ("contrast", "formal"), "But ": ("contrast", "plain"),
    "Additionally, ": ("addition", "formal"), "Furthermore, ": ("addition", "formal"), "Moreover, ": ("addition", "formal"),
    "In addition, ": ("addition", "formal"), "Also, ": ("addition", "also"), "And ": ("addition", "plain"),
    "Therefore, ": ("result", "formal"), "Consequently, ": ("result", "formal"), "As a result, ": ("result", "formal"),
    "Thus, ": ("result", "formal"), "So, ": ("result", "plain"), "So ": ("result", "plain"),
}  # fmt: skip
_INTENSIFIERS = ("very", "really", "pretty", "quite", "extremely")
_INTENSIFIER = re.compile(
    rf"(?<![\w-])(?P<word>{'|'.join(_INTENSIFIERS)})(?= (?:good|bad|nice|hard|easy|simple|useful|important|cool|fast|slow|big|"
    r"small|large|long|short|close|clear|well|likely|common|powerful|interesting|helpful|high|low|new|old|different|similar|"
    r"difficult|effective|strong|quickly|sure|happy|excited)\b)"
)


# A dictionary asked word by word: an alternation of a thousand words would be tried at every letter, forty times slower.
_LETTERS = re.compile(r"(?<![\w-])[^\W\d_]+(?![\w-])")
_SPELLINGS = {b: ("british", "american", a) for b, a in BRITISH_AMERICAN} | {a: ("american", "british", b) for b, a in BRITISH_AMERICAN}


def _spelling(text: str) -> Iterator[Site]:
    for match in _LETTERS.finditer(text):
        if (found := _SPELLINGS.get(match[0].lower())) is None:
            continue
        variant, other, word = found
        yield Site(f"spelling:{_spelling_family(match[0].lower())}", match.start(), match.end(), variant, {other: like(match[0], word)})


def _spelling_family(word: str) -> str:
    """British writers may still prefer -ize (Oxford spelling), so that ending is a habit of its own."""
    return "-ise" if re.search(r"i[sz](?:e|ed|es|ing|ation|ations|er|ers)$", word) else "other"


_HEAD = re.compile(r"(?<![\w'’-])[^\W\d_]+")


def _matches(pattern: re.Pattern[str], first_words: frozenset[str], text: str) -> Iterator[re.Match[str]]:
    """What `finditer` gives, tried only where a first word stands."""
    end = 0
    for head in _HEAD.finditer(text):
        if head.start() >= end and head[0].lower() in first_words and (match := pattern.match(text, head.start())):
            end = match.end()
            yield match


@cache
def _register() -> tuple[re.Pattern[str], dict[str, tuple[str, str, str, str]], frozenset[str]]:
    """A pattern of the words of the pairs, the words it can begin with, and word -> (detail, variant, other variant, other word or "" if it must stay).

    A plain side made of grammar alone ("to" for "in order to", "use" for "utilize") is no evidence: it is everyone's
    word, and to count it would make every writer look plain. Whether such a formal word stays follows from the
    writer's other pairs.
    """
    forms: dict[str, tuple[str, str, str, str]] = {}
    for formal, plain, context in FORMAL_PLAIN:
        detail = f"{formal[0]}/{plain[0]}"
        everyones = FUNCTION_WORDS.issuperset(plain[0].split())
        for f, p in zip(formal, plain, strict=True):
            forms.setdefault(f, (detail, "formal", "plain", p))
            if context != "formal" or not everyones:
                forms.setdefault(p, (detail, "plain", "formal", "" if context == "formal" else f))
    pattern = re.compile(rf"(?<![\w'’-])(?:(?P<article>an?) )?(?P<word>{alternation(list(forms))})(?![\w'’-])", re.IGNORECASE)
    return pattern, forms, frozenset(form.split()[0] for form in forms) | {"a", "an"}


def _register_sites(text: str) -> Iterator[Site]:
    pattern, forms, first_words = _register()
    for match in _matches(pattern, first_words, text):
        detail, variant, other, word = forms[match["word"].lower()]
        written = match["word"]
        if written[:1].isupper() and match.start() and not text.endswith(("\n", ". ", "! ", "? ", "* ", "- "), 0, match.start()):
            continue  # a capital inside a sentence: part of a name
        if not word:
            yield Site(f"register:{detail}", match.start("word"), match.end("word"), variant)
            continue
        after = like(written, word)
        if match["article"]:
            # a/an follows the sound of the next word; spelling decides, with the exceptions of our own lists
            article = "an" if word[0] in "aeiou" and not word.startswith(("use", "usu", "uni", "one")) else "a"
            if after.partition(" ")[0] in ("a", "many", "several", "enough"):
                continue
            after = f"{like(match['article'], article)} {after}"
        yield Site(f"register:{detail}", match.start(), match.end(), variant, {other: after})


# What may follow a plain connective that becomes a formal one: the start of a clause ("So far" has none, nor "And then?").
_CLAUSE = re.compile(
    r"(?:I|[Ii]t|[Ww]e|[Yy]ou|[Hh]e|[Ss]he|[Tt]hey|[Tt]he|[Aa]n?|[Tt]h(?:is|at|ere|ese|ose)|[Mm]y|[Yy]our|[Oo]ur|[Hh]is|[Hh]er|[Tt]heir|[Ii]ts)"
    r"(?:['’]\w+)? \w"
)


def _connectives(text: str) -> Iterator[Site]:
    for start in iter_sentence_starts(text):
        for form, (slot, variant) in _CONNECTIVE_FORMS.items():
            if text.startswith(form, start):
                following = text[start + len(form) : start + len(form) + 1]
                if following.isalpha():
                    movable = variant != "plain" or _CLAUSE.match(text, start + len(form))
                    options = {v: to for v, to in _CONNECTIVES[slot].items() if v != variant} if movable else {}
                    yield Site(f"connective_{slot}", start, start + len(form), variant, options)
                break


_OBLIGATION = re.compile(r"\b(?:I|[Yy]ou|[Ww]e|[Tt]hey) (?P<word>must|need to|have to)(?= (?!not\b|be\b|have\b)[a-z])")


def _obligation(text: str) -> Iterator[Site]:
    """Only after plural subjects and "I", where the three need no agreement."""
    for match in _OBLIGATION.finditer(text):
        others = {word: word for word in ("must", "need to", "have to") if word != match["word"]}
        yield Site("obligation", match.start("word"), match.end("word"), match["word"], others)


def _intensifiers(text: str) -> Iterator[Site]:
    for match in _INTENSIFIER.finditer(text):
        others = {w: w for w in _INTENSIFIERS if w != match["word"]}
        yield Site("intensifier", match.start(), match.end(), match["word"], others)


SPELLING = Choice("spelling", "British or American spelling", "share of the words that differ", _spelling)
REGISTER = Choice("register", "formal or plain words", "share of the words that have a twin", _register_sites)
OBLIGATION = Choice("obligation", "must, need to, have to", "share of each form", _obligation)
INTENSIFIER = Choice("intensifier", "intensifiers", "share of each word", _intensifiers)


def _connective(slot: str) -> Choice:
    name = f"connective_{slot}"
    return Choice(name, f"sentence openers ({slot})", "share of each form", lambda text: (s for s in _connectives(text) if s.key == name))


CONNECTIVES: tuple[Choice, ...] = tuple(_connective(slot) for slot in _CONNECTIVES)
