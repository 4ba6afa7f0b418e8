"""Full-text indexes in memory, of the store's kind: which terms texts and words have.

They are filled by one statement: between two, FTS5 would begin a new segment, and a thread would wait for Python's lock. The texts go in as
one piece of bytes with the places in it, so that nothing in them is changed on the way, as JSON would at NUL.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import lru_cache

TOKENIZER = "porter unicode61"
"""Of the store's index."""

_HASHSIZE = 2**30  # bytes that FTS5 may gather before it writes a segment; what is gathered is bounded by the texts
_FILL = """insert into texts(rowid, title, text) select json_extract(value, '$[0]'),
           cast(substr(?1, json_extract(value, '$[1]'), json_extract(value, '$[2]')) as text),
           cast(substr(?1, json_extract(value, '$[3]'), json_extract(value, '$[4]')) as text) from json_each(?2)"""


def _filled(index: sqlite3.Connection, items: Iterable[tuple[str | None, str]]) -> None:
    """The table `texts` with (title, text) of items."""
    index.execute(f"create virtual table texts using fts5(title, text, content='', tokenize='{TOKENIZER}')")
    index.execute("insert into texts(texts, rank) values ('hashsize', ?)", [_HASHSIZE])
    parts: list[bytes] = []
    places: list[tuple[int, int, int, int, int]] = []
    at = 1
    for number, (title, text) in enumerate(items):
        one, other = title.encode() if title else b"", text.encode()
        places.append((number, at, len(one), at + len(one), len(other)))
        parts += one, other
        at += len(one) + len(other)
    index.execute(_FILL, [b"".join(parts), json.dumps(places)])


@contextmanager
def index_of(texts: Iterable[tuple[str | None, str]]) -> Iterator[sqlite3.Connection]:
    """An index of (title, text) with what is in it: tables `terms` and `places`; ids count from 0."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as index:
        _filled(index, texts)
        index.execute("create virtual table terms using fts5vocab(texts, row)")
        index.execute("create virtual table places using fts5vocab(texts, instance)")
        yield index


@lru_cache(maxsize=1)  # a query's words are asked for twice
def terms_of(words: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The terms that each word (a run of `\\w` in lower case) stands for: one, or several where FTS5 parts what Python does not."""
    found: dict[str, tuple[str, ...]] = {}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as index:
        index.execute(f"create virtual table texts using fts5(word, content='', columnsize=0, tokenize='{TOKENIZER}')")
        index.execute("create virtual table places using fts5vocab(texts, instance)")
        index.execute("insert into texts(rowid, word) select key, value from json_each(?)", [json.dumps(words)])
        for i, term in index.execute('select doc, term from places order by doc, "offset"'):
            found[words[i]] = (*found.get(words[i], ()), term)
    return found
