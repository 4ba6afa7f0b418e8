"""The list of words that are surely no names: `python -m training words rpo_edge/words.txt`.

A word counts where it does not begin a sentence: it is on the list if it stands there often, and hardly ever with a capital. A capital
beside another one is a title's ("the Great War", "reinforcement learning" as "Reinforcement Learning (RL)") and says nothing of the word
alone. Some words hardly stand anywhere but at the beginning: where a determiner follows ("Chop the onions"), a capital is no name's either.

The texts are books and abstracts of the pretraining data and, of the training and development splits, the histories under permissive
licences and the answers of models whose terms permit it: in the public domain, CC0, or under Apache-2.0, MIT, BSD or zlib licences. A list
of such counts has no text of theirs. A few words of ours are added and taken away (OPENINGS, NAMES).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from rpo_edge.features.context import listed
from training import data, recipe

SEEN = 10
SEEN_IN_BOOKS = 60
"""Times that a word must have been seen in lower case, in all kinds of text; more where today's texts have none of it."""
CAPITALISED = 0.05
"""The most that may be capitalised, in all kinds of text; books that write "Truth" or "the Sea" set it this high."""
CAPITALISED_IN_ONE = 0.2
"""And in one kind: books know no Git, and abstracts no Bill."""
SLIPS = 15
"""Capitals in one kind that prove nothing."""

NAMES = listed(
    """
    amber ash brook brooks cliff dawn drew frost heath hunter ivy jay joy lang laurel may miles moss norm penny pierce rod rusty sandy sunny
    woods faith heather melody rocky mon sat wed angular confluence flutter helm hive jest kindle notion office outlook pages puppet sentry spark
    stripe swagger teams torch unreal word
    """
)
"""Common words that are names too, of people, days and products, in answers oftener than in these texts."""

OPENINGS = listed(
    """
    hello hi hey alright oh ah wow apologies greetings preheat whisk rinse knead mince drizzle garnish marinate reheat unplug uninstall
    unzip proofread
    """
)
"""Words of chats and of recipes that begin sentences, and hardly stand inside those of these texts."""

_PERMISSIVE = re.compile(r"public domain|PD|CC0|Apache|MIT|BSD|Zlib")
_INSIDE = re.compile(r"(?<![\w'’-])(?:[a-z][\w'’-]*|I)[,;]? (?=([a-z]+|[A-Z][a-z]+(?! [A-Z]))(?![\w'’-]))")
_COMMAND = re.compile(
    r"(?:^[ \t]*(?:(?:[-*+•]|\d{1,3}[.)])[ \t]+)?[*_]{0,2}|(?<=[.!?:] ))"
    r"([A-Z][a-z]+) (?:the|an?|your|all|any|it|them|this|these|each|some|both) [a-z]",
    re.MULTILINE,
)


class Counts(NamedTuple):
    """How often each word stands inside a sentence, or commands, without being a name, and capitalised by itself."""

    lower: Counter[str]
    capital: Counter[str]


def counted(texts: Iterable[str]) -> Counts:
    """The counts of one kind of text."""
    counts = Counts(Counter(), Counter())
    for text in texts:
        for word in _INSIDE.findall(text):
            (counts.lower if word.islower() else counts.capital)[word.lower()] += 1
        counts.lower.update(map(str.lower, _COMMAND.findall(text)))
    return counts


def no_names(books: Counts, *today: Counts) -> list[str]:
    """Words that are surely no names, in the order of the alphabet, by the counts of each kind of text."""
    kinds = (books, *today)
    lower, capital = (sum(each, Counter()) for each in zip(*kinds, strict=True))
    found = {
        word
        for word, n in lower.items()
        if n >= (SEEN if n > books.lower[word] else SEEN_IN_BOOKS)
        and capital[word] <= CAPITALISED * n
        and all(kind.capital[word] <= max(SLIPS, CAPITALISED_IN_ONE * kind.lower[word]) for kind in kinds)
    }
    return sorted(found - NAMES | OPENINGS)


def main(argv: list[str]) -> None:
    """Count, write."""
    parser = recipe.parser("words", __doc__)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(argv)
    found = no_names(*(counted(texts) for texts in (_books(), _abstracts(), _technical(), _answers())))
    options.out.write_text("\n".join(found) + "\n", "utf-8")
    print(f"{len(found)} words")


def _books() -> Iterator[str]:
    yield from map(_untitled, data.all_rows("pretrain/gutenberg"))
    yield from _histories("gutenberg")


def _abstracts() -> Iterator[str]:
    return map(_untitled, data.all_rows("pretrain/arxiv"))


def _technical() -> Iterator[str]:
    for group in ("blogs", "commits", "proposals", "rails"):
        yield from _histories(group)


def _answers() -> Iterator[str]:
    return (row["response"] for split in ("train", "dev") for row in data.permitted(split))


def _histories(group: str) -> Iterator[str]:
    for split in ("train", "dev"):
        for row in data.rows(f"histories/{group}", split):
            if _PERMISSIVE.search(row.get("licence") or data.LICENCES[group]):
                yield row["text"]


def _untitled(row: data.Row) -> str:
    """Without the first line, which is a title where there are several, and full of capitals."""
    text: str = row["text"]
    return text.partition("\n")[2] or text
