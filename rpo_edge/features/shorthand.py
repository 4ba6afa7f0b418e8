"""Words that some write short ("u", "info", "gonna"): each word is a habit of its own, and how chats and trackers look.

A short form is taken up only by those who write it of this very word (see `reflectors/rules.py`), so the list may be long. Single letters
count where no symbol would stand: "r" after a subject, "u" where no sign is near, and neither in a text with other letters by themselves, whose "u"
is a vertex or a velocity.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from rpo_edge.features.base import Choice, Site, like
from rpo_edge.features.context import (
    DETERMINERS,
    SUBJECTS,
    begins_sentence,
    listed,
    starts_clause,
    word_after,
    word_before,
    words_before,
)

STANDARD = "standard"
"""The variant of the whole word; a short form is a variant by itself."""

_WORDS = """
you u
your ur
are r
because bc b/c cuz coz
though tho
through thru
please pls plz
thanks thx
people ppl
probably prob probs
about abt
really rly
okay ok OK
yes yeah yep yup
information info
documentation docs
repository repo
repositories repos
configuration config
application app
applications apps
parameters params
environment env
administrator admin
developers devs
approximately approx approx.
versus vs vs.
favorite fave fav
television TV
with w/
without w/o
something smth
message msg
messages msgs
tomorrow tmrw tmr
tonight tn
government govt
university uni
department dept
management mgmt
introduction intro
specification spec
specifications specs
statistics stats
vegetables veggies veg
refrigerator fridge
photo pic
photos pics
minutes mins
hours hrs
seconds secs
years yrs
"""
_PHRASES = """
going to=gonna
want to=wanna
kind of=kinda
sort of=sorta
"""
_VERBS = listed(
    "be have do get make take go see need use try work say tell give show look help keep run start add change happen let put find come know think talk "
    "cover explain call write read build move leave stay play pay cost feel want like buy send ask end stop turn set become "
    "provide create include explore discuss learn require continue focus"
)
_BEFORE_STOP = {"vs": re.compile(r" \w"), "approx": re.compile(r" [a-z0-9£$€]")}
"""What goes on behind a stop that belongs to the abbreviation: those of a sentence or an ellipsis stay where they are."""
_OF_TIME = listed("minutes mins hours hrs seconds secs years yrs")
_BEFORE_TIME = listed(
    "a few several some many two three four five six seven eight nine ten fifteen twenty thirty forty sixty of couple last next more extra"
)
_SAID_OF_SYMBOLS = listed("is are was be equals denotes represents has and or")
_OF_PROGRAMS = listed(
    "dev development test testing staging production prod virtual build runtime local python conda shell desktop cloud target"
)
_OF_SCREENS = listed(
    "install download open launch deploy web mobile desktop phone tablet android ios native software server client cloud java python smartphone browser"
)
_OF_SOFTWARE = listed(
    "code server developer developers development logic layer software programming design store crashes crash runs running"
)
_CONFIGURED = re.compile(
    r"`|\b(?:files?|folders?|director(?:y|ies)|servers?|software|code|scripts?|apps?|applications?|docker\w*|kubernetes|terraform|nginx|webpack|ya?ml|"
    r"json|toml|apis?|databases?|plugins?|packages?|modules?|routers?|networks?|dhcp|dns|ssh|deploy\w*|install\w*|clusters?|repositor(?:y|ies)|repos?|"
    r"git|settings?|browsers?|frameworks?|windows|linux|python|java\w*|hardware|operating systems?)\b",
    re.IGNORECASE,
)
_ARRANGED = re.compile(
    r"\b(?:spins?|electron\w*|molec\w+|atom\w*|circuits?|batter(?:y|ies)|resistors?|wings?|seats?|seating|qubits?)\b", re.IGNORECASE
)
"""What has a configuration that nobody calls a config."""
_NEAR = 100
"""Code points around a word in which its trade shows."""
_BEFORE_ARE = listed("you u we they these those there what where how who")
_SIGNS = "=+*/<>^|\\$_"
_SLASHED = "b/c"
_SHARED = listed("ratio ratios and or")
"""Behind what is no word: "the b/c ratio", "options a/c, b/c and a/b"."""


FORMS: dict[str, str] = {form: word for line in _WORDS.split("\n") if line for word, *short in [line.split()] for form in (word, *short)}
"""Form -> the whole word, which is a form of its own."""


@cache
def _table() -> dict[str, tuple[str, str, dict[str, str]]]:
    """Form in lower case ("ok" for both "ok" and "OK") -> whole word, variant, and the other forms by variant."""
    table = {}
    for line in _WORDS.split("\n"):
        if line:
            word, *short = line.split()
            forms = {STANDARD: word} | {form: form for form in short}
            for variant, form in forms.items():
                table[form] = (word, variant, {v: f for v, f in forms.items() if v != variant})
    return table


_WORD = re.compile(r"(?<![\w'’@#/\\.-])(?:[Ww]/(?= [\w'‘“\"])|w/o(?= \w)|b/c(?= \w)|[A-Za-z]+(?![\w'’@/-]|\.\w))")


_SYMBOL = re.compile(r"(?<![\w'’./])[b-hjlmo-qstv-z](?![\w'’/]|\.\w)")  # chats write "k", "n", "b/c" and "w/" themselves


def _sites(text: str) -> Iterator[Site]:
    table, symbols = _table(), bool(_SYMBOL.search(text))
    for match in _WORD.finditer(text):
        form = match[0] if match[0] in table else match[0].lower()
        if form in table and not (symbols and (len(form) == 1 or form == _SLASHED)) and _is_word(text, match, form):
            end = match.end()
            if text.startswith(".", end) and _takes_stop(text, end + 1, f"{form}."):
                form, end = f"{form}.", end + 1
            word, variant, others = table[form]
            if form == "ur":
                others = {}  # it may be "you're"
            options = {v: put if put.isupper() else like(match[0], put) for v, put in others.items() if _takes_stop(text, end, put)}
            if symbols or not word_after(text, end) or begins_sentence(text, match.start()):
                options.pop(_SLASHED, None)  # "B/c" begins no sentence
            yield Site(f"shorthand:{word}", match.start(), end, variant, options)
    yield from _phrases(text)


def _takes_stop(text: str, end: int, form: str) -> bool:
    """Whether a form that may end with its own stop ("vs.", "approx. 5") can end here."""
    goes_on = _BEFORE_STOP.get(form.removesuffix("."))
    return not form.endswith(".") or bool(goes_on and goes_on.match(text, end))


def _is_word(text: str, match: re.Match[str], form: str) -> bool:
    """Whether the form means its word here, and no name, letter or part of a formula."""
    start, end = match.span()
    if match[0] != form and (match[0] != form.capitalize() or not begins_sentence(text, start)):
        return False
    beside = {text[max(0, start - 3) : start].rstrip()[-1:], text[end : end + 3].lstrip()[:1]}
    if len(form) <= 2 and (beside & set(_SIGNS) or (len(form) == 1 and match[0] != form)):
        return False  # "(ad + bc)"
    if form in ("u", "r") and word_after(text, end) in _SAID_OF_SYMBOLS:  # "where r is the radius"
        return False
    if form in (_SLASHED, "w/o") and word_before(text, start) in DETERMINERS:
        return False  # "a w/o emulsion"
    if form == _SLASHED:
        return word_after(text, end) not in _SHARED
    if form in _OF_TIME:  # "the minutes of the meeting"
        return text[start - 2 : start - 1].isdigit() or word_before(text, start) in _BEFORE_TIME
    if form in ("with", "without", "w/o"):  # "the man he spoke with", "with which"
        return (
            match[0] == form
            and not (form == "without" and begins_sentence(text, start))
            and word_after(text, end) not in ("", "which", "whom")
            and text[end : end + 1] == " "
        )
    if form in ("configuration", "configurations"):
        near = text[max(0, start - _NEAR) : end + _NEAR]
        return bool(_CONFIGURED.search(near)) and not _ARRANGED.search(near) and word_after(text, end) not in ("of", "space")
    if form in ("application", "applications"):  # an "application" is a request and a use, too
        return word_after(text, end) in _OF_SOFTWARE or not _OF_SCREENS.isdisjoint(words_before(text, start))
    if form == "environment":
        return word_before(text, start) in _OF_PROGRAMS or word_after(text, end) in ("variable", "variables", "file", "setup")
    if form in ("are", "r"):
        return bool(word_after(text, end)) and word_before(text, start) in _BEFORE_ARE
    if form in ("yes", "yeah", "yep", "yup"):
        return begins_sentence(text, start) and text[end : end + 1] in (",", ".", "!")
    if form in ("ur", "your"):
        return bool(word_after(text, end))
    return True


_PAIRS = dict(line.split("=") for line in _PHRASES.split("\n") if line)
PHRASES = frozenset([*_PAIRS, *_PAIRS.values()])
"""Phrases and their short forms."""
_PHRASE = re.compile(r"(?<![\w'’-])(?P<form>going to|gonna|want to|wanna|kind of|kinda|sort of|sorta)(?= [a-z])")
_FULL = {short: whole for whole, short in _PAIRS.items()}
_PERSONS = listed("you him her them us me it")
_PLURAL = ("i", "you", "u", "we", "they")
_DEGREE_BEFORE = listed("is are was were it's that's i'm feel feels felt look looks looked seem seems seemed just")


def _phrases(text: str) -> Iterator[Site]:
    for match in _PHRASE.finditer(text):
        form, before = match["form"], word_before(text, match.start())
        whole = _FULL.get(form, form)
        if form == "going to" and word_after(text, match.end()) not in _VERBS:
            continue  # "going to school"
        if form == "want to" and before not in _PLURAL:
            continue  # "he doesn't want to" is fine, "the want to know" is not
        if form in ("kind of", "sort of") and word_after(text, match.end()) in _PERSONS:
            continue  # "it is kind of you to ask"
        if form in ("kind of", "sort of") and before not in _DEGREE_BEFORE:
            continue  # "a kind of bird"
        variant, other = (form, {STANDARD: whole}) if form != whole else (STANDARD, {_PAIRS[whole]: _PAIRS[whole]})
        yield Site(f"shorthand:{whole}", match.start(), match.end(), variant, other)


_YOU_ARE = re.compile(r"(?<![\w'’@#/.-])(?:[Yy]ou(?:['’]?re| are)|[Uu]r)(?= [a-z])")


def _you_are(text: str) -> Iterator[Site]:
    """ "ur" for "you're": who writes it for "your" writes it for both, unless they are seen to write "you're"."""
    for match in _YOU_ARE.finditer(text):
        start = match.start()
        if match[0].lower() == "ur":
            yield Site("you_are", start, match.end(), "ur")
        elif match[0][3:] != " are" or (starts_clause(text, start) and word_after(text, match.end()) not in _NO_PREDICATE):
            yield Site("you_are", start, match.end(), STANDARD, {"ur": like(match[0], "ur")})


_NO_PREDICATE = SUBJECTS | listed("and or but if when because now then")
_KINDLY = re.compile(r"(?<![\w'’-])(?P<word>please|kindly) (?P<verb>[a-z]+)", re.IGNORECASE)
_NO_DEED = listed("know understand think feel want need like happen become")
"""Nobody is asked so to do anything: "please know that I am with you", "please feel free"."""
_REQUESTS = (_VERBS - _NO_DEED) | listed(
    "add advise allow arrange attach avoid bring check click complete confirm consider contact copy don enter ensure fill find follow "
    "forward hold inform join mention note notify open post print provide refer remove reply respond return review save select share "
    "sign submit update upload visit wait"
)


def _please(text: str) -> Iterator[Site]:
    """Requests: "Please send it", "could you please send it"; not "he kindly sent it"."""
    for match in _KINDLY.finditer(text):
        word, before = match["word"].lower(), words_before(text, match.start())
        asked = begins_sentence(text, match.start()) or (
            before[-1:] == ["you"] and before[-2:-1] in (["could"], ["can"], ["would"], ["will"])
        )
        assures = match["verb"] == "be" and word_after(text, match.end()) in ("aware", "assured")
        if asked and match["verb"] in _REQUESTS and not assures:
            other = {"please": "kindly", "kindly": "please"}[word]
            yield Site("please", *match.span("word"), word, {other: like(match["word"], other)})


YOU_ARE = Choice("you_are", '"ur" for "you\'re"', "share of its uses", _you_are)
PLEASE = Choice("please", "please or kindly", "share of requests", _please)
SHORTHAND = Choice("shorthand", "short forms of words", "share of each word's forms", _sites)
