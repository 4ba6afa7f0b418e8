"""facts: what a text says that no rewrite may change, as far as words show it: numbers, addresses, negations and names.

Read off alike before and after a rewrite; what differs, and what may, is for `guard.py` to say.

Not seen: a name that begins a sentence and is a common word too ("Will", "May"), and whatever words do not show by themselves.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from rpo_edge.features.base import like
from rpo_edge.features.context import AUXILIARIES, SUBJECTS
from rpo_edge.lexicon import BARE, LEFT_BARE, NEGATIONS, NUMBER_WORDS
from rpo_edge.segment import WORD, iter_sentence_starts, plain_words, words

_NUMBER = re.compile(r"\d[\d.,:/]*\d|\d")
_ORDINALS = frozenset(["third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"])
_CURRENCIES = frozenset(
    ["dollar", "dollars", "euro", "euros", "pound", "pounds", "yen", "rupee", "rupees", "franc", "francs", "peso", "pesos"]
)
_COUNTED = NUMBER_WORDS | _ORDINALS | _CURRENCIES
_URL = re.compile(r"(?:https?|ftp)://\S+|www\.\S+|(?<![\w.+-])[\w.+-]++@[\w-]++\.\w+", re.IGNORECASE)  # one look at a run of letters
_NEARLY = frozenset(["hardly", "barely", "scarcely", "rarely", "seldom"])
"""Near-negations: who hardly knows does not know, and one may say the other."""
_DENIED = re.compile(
    r"(?:un|in|im|dis)(?P<stem>safe|able|likely|aware|clear|known|happy|healthy|stable|fair|important|willing|possible|correct|complete|valid|sufficient|secure|agree\w*|allow\w*)"
)
_WITHOUT = re.compile(r"(?<![\w/])w/o(?![\w/])", re.IGNORECASE)
_READ_BARE = BARE | {"cant": "can't", "wont": "won't"}
"""Of what a draft says in other words, "wont" is the same on both sides."""
_BARE_TOO = {word.replace("'", "") for word in LEFT_BARE.difference(BARE.values())}
_FORMULA = frozenset(["cordially", "faithfully", "regards", "respectfully", "sincerely", "thanks", "truly", "wishes"])  # "Best Regards"
_NO_NAMES = (SUBJECTS | AUXILIARIES | {"a", "that", "this", "what"} | _BARE_TOO | _FORMULA) - {"will", "may", "can", "might"}
"""With a capital inside a sentence, too."""
_LETTERS = ("I", "A", "U", "R")
_CLITIC = re.compile(r"n't$|'(?:s|re|ve|ll|d|m)$")
_CONTRACTED = {"can't": "can", "cannot": "can", "won't": "will", "shan't": "shall"}


def numbers(text: str) -> Counter[str]:
    """Each number of a text, in digits or in words, ordinals and currencies with them."""
    return Counter(_NUMBER.findall(text)) + Counter(word for word in plain_words(text) if word in _COUNTED)


def addresses(text: str) -> Counter[str]:
    """Each address of a page or a mailbox."""
    return Counter(_URL.findall(text))


def negations(text: str) -> int:
    """How often a text denies: "do not" and "don't" are one each, and so are "without" and "w/o"."""
    told = sum(word in NEGATIONS or _READ_BARE.get(word, word).endswith("n't") for word in plain_words(text))
    return told + len(_WITHOUT.findall(text))


def near_negations(text: str) -> Counter[str]:
    """Each word that nearly denies: "hardly", "rarely"."""
    return Counter(word for word in plain_words(text) if word in _NEARLY)


def opposite(one: str, other: str) -> str | None:
    """A word with "un-", "in-" or "dis-" that only the one text has, where only the other has it without; None if there is none."""
    old, new = set(plain_words(one)), set(plain_words(other))
    return next((w for w in sorted(old - new) if (m := _DENIED.fullmatch(w)) and m["stem"] in new - old), None)


def names(text: str) -> Counter[str]:
    """Capitalised words that do not begin a sentence, and words with a capital or digit inside, anywhere."""
    starts = set(iter_sentence_starts(text))
    found = (uncontracted(m[0]) for m in WORD.finditer(text) if m.start() not in starts or _has_inner(m[0]))
    return Counter(word for word in found if any(c.isupper() for c in word) and (word.lower() not in _NO_NAMES or _has_inner(word)))  # "IT"


def first_words(text: str) -> set[str]:
    """Capitalised words that begin a sentence; any may be a name."""
    return {
        match[0]
        for start in iter_sentence_starts(text)
        if (match := WORD.match(text, start)) and match[0][:1].isupper() and match[0] not in ("I", "A")
    }


def _has_inner(word: str) -> bool:
    """ "iPhone", "NASA", "C"; not the "U" of who writes "u"."""
    return not word[1:].islower() if len(word) > 1 else word not in _LETTERS


def said(text: str) -> list[str]:
    """The words of a text, uncontracted."""
    return [uncontracted(word) for word in words(text)]


@lru_cache(maxsize=1024)
def uncontracted(word: str) -> str:
    """A word without what is contracted with it, or the verb of a negation, however it is written."""
    full = _READ_BARE.get(word.lower(), word.lower())
    bare = full != word.lower() and (word.islower() or full.endswith("n't"))  # "Ive" is a name, "Dont" is none
    return like(word, parted(full)[0]) if bare or full in _CONTRACTED else _CLITIC.sub("", word)


def parted(word: str) -> tuple[str, str]:
    """A word in lower case without what is contracted with it, and that, "" for none: "can" and "n't"."""
    clitic = _CLITIC.search(word)
    return _CONTRACTED.get(word) or _CLITIC.sub("", word), clitic[0] if clitic else ""
