"""Thousands of strings on which a tokenizer and its copy in an artifact have to agree: the same ones every time.

Of every 128 code points of Unicode that hold a character, words of them; emoji in sequences; white space in its places; special tokens
as they are, escaped, and broken; and mixtures of all these. Which code points hold a character, Python's own table says, so another
version of Python may have a few more.
"""

from __future__ import annotations

import random
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

from rpo_edge.prompt import SPECIAL_TOKENS, escape

ROW = 128
_WORDS = 3  # of each row
_MIXED = 800
_NOBODYS = ("Cn", "Cs", "Co")  # unassigned, surrogates, private use

_WHITE = ["\t", "\n", "\x0b", "\x0c", "\r", "\r\n", "\x85", " ", "  ", "    ", "\xa0", "\u1680", "\u2003", "\u2009", "\u2028", "\u2029", "\u202f", "\u3000"]  # fmt: skip
_UNSEEN = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u202e", "\ufe0f", "\x00", "\x1b", "\x7f"]
_PEOPLE, _TONES, _THINGS = "👩👨🧑👧👶", "🏻🏼🏽🏾🏿", "💻🚀🎓🔬🍳✈⚕⚖"
_ALONE = "🙂😀🤖❤⭐🎉🔥👍🫠🥲⏰☃♟🀄🃏"
_PLAIN = [
    "Hello world", "I'm WE'RE don't DON'T it's 'tis y'all'd've ’s", "e.g. U.S.A. i.e., Mr. O'Neill", "snake_case camelCase kebab-case",
    "12345 1 22 333 4444", "3.14e-10 0x1F $1,234.56 50%", "!!!???...---___", "((({{{[[[", "https://example.org/a_b?c=d#e", "a" * 90,
    "def f(x):\n\treturn x  +  1\n\n\n    # four    spaces\r\n", "- one\n- two\n\n1. three", "| a | b |\n|---|---|\n", "“So” what? — well…",
    "▁▁x ▁", "Ġ Ċ ĉ", "<0x41> <0xFF>", "mixed中文and English、и русский", "ﾊﾝｶｸ ＦＵＬＬ", "1²½Ⅷ٣", "",
]  # fmt: skip


def strings(special: Sequence[str]) -> list[str]:
    """All of them, each once. special: the tokenizer's own added tokens."""
    found = [*_PLAIN, *words(), *emoji(), *spaces(), *tokens([*SPECIAL_TOKENS, *special])]
    return list(dict.fromkeys([*found, *mixed(found)]))


@cache
def rows() -> tuple[str, ...]:
    """The characters of each row of Unicode that has any."""
    found: dict[int, list[str]] = {}
    for character in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(character) not in _NOBODYS:
            found.setdefault(ord(character) // ROW, []).append(character)
    return tuple("".join(characters) for characters in found.values())


def words() -> Iterator[str]:
    """Of each row: a word, a word with its mark or digit between spaces, and two words in Latin company."""
    rng = random.Random(0)
    for row in rows():
        one, two, three = ("".join(rng.choices(row, k=rng.randint(1, 7))) for _ in range(_WORDS))
        yield one
        yield f" {two} {rng.choice(row)}"
        yield f"the {three}{rng.choice('.,!1 ')}{one}"


def emoji() -> Iterator[str]:
    """Alone and in rows, with skin and sex, families and professions joined by U+200D, flags, keycaps, text and emoji style."""
    yield from _ALONE
    for one, tone in product(_PEOPLE, _TONES):
        yield one + tone
        yield f"{one}{tone}\u200d{_THINGS[ord(tone) % len(_THINGS)]}\ufe0f ok"
    for one, two, child in product("👩👨🧑", "👩👨❤", "👧👶"):
        yield f"{one}\u200d{two}\u200d{child}"
        yield f"so {one}\u200d{two}\u200d{child}{child}!"
    letters = [chr(0x1F1E6 + i) for i in range(26)]
    yield from (one + two for one, two in zip(letters, letters[7:] + letters[:7], strict=True))
    yield from (f"{digit}\ufe0f\u20e3 {digit}" for digit in "0123456789#*")
    yield from (
        "❤\ufe0f ❤\ufe0e",
        "🏳\ufe0f\u200d🌈",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "👩\u200d",
        "\u200d👩",
        "🙂" * 20,
    )


def spaces() -> Iterator[str]:
    """Each kind of space alone, doubled, before, between and after words and lines; and what is not seen at all."""
    for white in (*_WHITE, *_UNSEEN):
        yield from (
            white,
            white * 2,
            white * 7,
            f"{white}a",
            f"a{white}",
            f"a{white}b",
            f"a {white}b",
            f"a{white} b",
            f"1{white}2",
            f"a{white}\nb",
        )
    yield from (f"a{one}{two}b" for one, two in product(_WHITE, repeat=2))


def tokens(special: Sequence[str]) -> Iterator[str]:
    """Each special token alone, between letters, spaces and lines, doubled, escaped as `rpo_edge.prompt` does, and not quite itself."""
    for token in dict.fromkeys(special):
        yield from (token, f"a{token}b", f"a {token} b", f"{token}\n\n", token * 3, f"🙂{token}é", f"'s{token}'s")
        yield from (
            escape(token),
            escape(escape(token)),
            f"a {escape(token)} b",
            token[:-1],
            token[1:],
            token.upper(),
            token.replace("|", "||"),
        )
    yield from (f"{one}{two}x" for one, two in product(SPECIAL_TOKENS, repeat=2))


def mixed(found: Sequence[str]) -> Iterator[str]:
    """A few of the others, one after another."""
    rng = random.Random(1)
    for _ in range(_MIXED):
        yield rng.choice(["", " ", "\n"]).join(rng.choices(found, k=rng.randint(2, 5)))
