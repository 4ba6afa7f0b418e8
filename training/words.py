"""The list of words that are surely no names: `python -m training words rpo_edge/words.txt`.

A word counts where it does not begin a sentence: it is on the list if it stands there often, and hardly ever with a capital. The texts are
the books and abstracts of the pretraining data, which are in the public domain, CC0 or Apache-2.0. A list of such counts has no text of theirs.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from training import data

SOURCES = ("gutenberg", "arxiv")
SEEN = 60
"""Times that a word must have been seen in lower case."""
CAPITALISED = 0.01
"""The most that may be capitalised."""

_INSIDE = re.compile(r"(?<=[a-z,;] )[A-Za-z][a-z]+(?![\w'’-])")


def counted(texts: Iterable[str]) -> tuple[Counter[str], Counter[str]]:
    """How often each word stands inside a sentence in lower case, and capitalised."""
    lower: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for text in texts:
        for word in _INSIDE.findall(text):
            (lower if word.islower() else capital)[word.lower()] += 1
    return lower, capital


def no_names(lower: Counter[str], capital: Counter[str], seen: int = SEEN) -> list[str]:
    """Words that are surely no names, in the order of the alphabet."""
    return sorted(word for word, n in lower.items() if n >= seen and capital[word] <= CAPITALISED * n)


def _untitled(text: str) -> str:
    """Without the first line, which is a title where there are several, and full of capitals."""
    return text.partition("\n")[2] or text


def main(argv: list[str]) -> None:
    """Count, write."""
    parser = argparse.ArgumentParser(prog="python -m training words")
    parser.add_argument("out", type=Path)
    options = parser.parse_args(argv)
    found = no_names(*counted(_untitled(row["text"]) for source in SOURCES for row in data.all_rows(f"pretrain/{source}")))
    options.out.write_text("\n".join(found) + "\n", "utf-8")
    print(f"{len(found)} words")
