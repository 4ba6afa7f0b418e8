"""Which items the words of a query find, in time also from a large store.

FTS5 computes BM25 for every item that has any of the words, some microseconds each, and "the" is in nearly all. So a large store is
asked in two steps:

    choose   the rarest words, as many as are in `_READ` items together (fewer in a store of hundreds of thousands):
             BM25 gives a word little weight that is in many items (the logarithm of the share that lack it); the best `_RANKED` items by
             these words are candidates
    rank     the candidates by BM25 for all words of the query, common ones too, of which a long draft has many

Small stores are asked for all words at once.

How many items have a term (after Porter's stemmer, as the index has it) stands in the table `words`, for every `_STEP`th item: common words
are what must be known, and of them a sample is enough. It is kept current by whatever stores or deletes items. A word that the sample
has too seldom to be sure is counted in the index, which is quick for such words, and ends at a limit.

Measured against BM25 for all words, 24 dev drafts and the 50,224 train texts: share of the best 8 that is found, and how much less their
BM25 is on the average. Rarest words alone, without ranking: 0.094, 0.361; 1,500 and 64: 0.141, 0.233; 6,000 and 150: 0.323, 0.129, in twice
the time.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rpo_edge.errors import InputError
from rpo_edge.store.files import LARGEST
from rpo_edge.store.terms import index_of, terms_of
from rpo_edge.store.within import ALL, Within

_WORD = re.compile(r"\w+")
MOST_WORDS = 400
"""Different words of a query that are read, the first ones."""
_SMALL = 2000  # items; all of them are ranked in some 10 ms
_LARGE = 200_000  # items; a smaller store has the time for more
_READ = {False: 6000, True: 1500}  # by whether it is large: items that are ranked, whose number is what costs,
_COMMON = 2000  # items; a word that more have is not counted on, nor chosen
_RANKED = {False: 150, True: 64}  # and candidates
_HEAD = 3000  # code points of a candidate that are ranked
_SURE = 8  # items of the sample; a word that so many have is not counted in the index (the error is a third, Poisson)
_STEP = 16  # of so many items, one is in the table `words`
_BATCH = 5000  # items whose words are counted together
_K1, _B = 1.2, 0.75  # as FTS5 has them (https://www.sqlite.org/fts5.html#the_bm25_function)

BEST = "bm25(items_fts), items_fts.rowid desc"
NEWEST = "items_fts.rowid desc"


class Plan(NamedTuple):
    """FTS5's expression, its order, and how many candidates are ranked by all words."""

    match: str
    order: str
    candidates: int


def checked(k: int) -> int:
    """A number of items to read; 0 is none. Raises InputError for fewer."""
    if k < 0:
        raise InputError(f"k, the number of history items, is 0 or more, not {k}")
    return k


def found(connection: sqlite3.Connection, query: str, k: int, within: Within = ALL) -> list[int]:
    """Ids of the k best items by BM25, best first; newer ones win ties."""
    planned = plan(connection, query, k)
    if planned is None:
        return []
    match, order, candidates = planned
    limit, meant = min(max(k, candidates), LARGEST), within.holds("items_fts.rowid")
    if order == NEWEST:
        sql = f"select rowid from items_fts where items_fts match ? and {meant} order by {order} limit ?"
        return [number for (number,) in connection.execute(sql, [match, *within.values, k])]
    sql = f"""select id, title, text from (select items_fts.rowid as number, bm25(items_fts) as score from items_fts where items_fts match ?
              and {meant} order by {order} limit ?) join items on id = number order by score, date desc, id desc"""
    words = words_of(query)
    if match == _any(words):
        return [number for number, _, _ in connection.execute(sql, [match, *within.values, limit])][:k]
    rows = connection.execute(sql, [match, *within.values, limit]).fetchall()
    scores = _scores(connection, words, rows[:candidates])
    best = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    return [rows[i][0] for i in [*best, *range(len(scores), len(rows))]][:k]


def plan(connection: sqlite3.Connection, query: str, k: int) -> Plan | None:
    """What finds the k best items; None where nothing can be found.

    Where all words are common none says much, and the newest items that have one are taken.
    """
    words = words_of(query)
    if not words or k < 1:
        return None
    (last,) = connection.execute("select max(id) from items").fetchone()
    large = (last or 0) > _LARGE
    if (last or 0) <= max(_SMALL, k):
        return Plan(_any(words), BEST, _RANKED[large])
    counts = _counts(connection, words)
    rare = [word for word in sorted(counts, key=counts.__getitem__) if counts[word] < _COMMON]
    if not rare:
        return Plan(_any(words), NEWEST, k)
    taken: list[str] = []
    read = 0
    for word in rare:
        if not taken or read + counts[word] <= _READ[large]:
            taken.append(word)
            read += counts[word]
    return Plan(_any(taken), BEST, _RANKED[large])


def words_of(query: str) -> list[str]:
    """The words that a query is read as."""
    return list(dict.fromkeys(_WORD.findall(query.lower())))[:MOST_WORDS]


def _any(words: Sequence[str]) -> str:
    return " OR ".join(f'"{word}"' for word in words)


def _counts(connection: sqlite3.Connection, words: Sequence[str]) -> dict[str, int]:
    """How many items have each word, common ones by the sample; of words with one stem the first stands for all."""
    terms = terms_of(tuple(words))
    first = {terms[word]: word for word in reversed(words) if terms.get(word)}
    sampled = _sampled(connection, [term for of in first for term in of])
    least = {word: min(sampled.get(term, 0) for term in of) for of, word in first.items()}
    return {word: _STEP * n if n >= _SURE else _count(connection, word) for word, n in least.items()}


def _count(connection: sqlite3.Connection, word: str) -> int:
    """How many items have the word, up to `_COMMON`."""
    sql = "select count(*) from (select 1 from items_fts where items_fts match ? limit ?)"
    return int(connection.execute(sql, [f'"{word}"', _COMMON]).fetchone()[0])


# -- ranking -----------------------------------------------------------------------------------------------------------


def _scores(connection: sqlite3.Connection, words: Sequence[str], rows: Sequence[tuple[int, str | None, str]]) -> list[float]:
    """BM25 of each row for all words; how long a text is, is compared with the other candidates."""
    terms = sorted({term for of in terms_of(tuple(words)).values() for term in of})
    sampled = _sampled(connection, terms)
    (items,) = connection.execute("select value from facts where key = 'items'").fetchone()
    weights = {term: _weight(_STEP * sampled.get(term, 0) or 1, int(items)) for term in terms}
    lengths = [len(text[:_HEAD]) for _, _, text in rows]
    mean = sum(lengths) / max(1, len(lengths))
    scores = [0.0] * len(rows)
    with index_of([(title, text[:_HEAD]) for _, title, text in rows]) as index:
        places = index.execute("select doc, term from places where term in (select value from json_each(?))", [json.dumps(terms)])
        for (i, term), n in Counter(places.fetchall()).items():
            scores[i] += weights[term] * n * (_K1 + 1) / (n + _K1 * (1 - _B + _B * lengths[i] / mean))
    return scores


def _weight(having: int, items: int) -> float:
    """Inverse document frequency, as FTS5 has it."""
    return max(1e-6, math.log((max(items, having) - having + 0.5) / (having + 0.5)))


# -- document frequencies ----------------------------------------------------------------------------------------------


def note(connection: sqlite3.Connection, items: Iterable[tuple[int, str | None, str]]) -> None:
    """Count the words of items (id, title, text) that a transaction has stored."""
    texts = [(title, text) for number, title, text in items if number % _STEP == 0]
    if not texts:
        return
    with index_of(texts) as index:
        (counts,) = index.execute("select json_group_object(term, doc) from terms").fetchone()
    sql = "insert into words select key, value from json_each(?) where true on conflict(term) do update set n = n + excluded.n"
    connection.execute(sql, [counts])


def count_again(connection: sqlite3.Connection) -> None:
    """Count the words of what is in the store, in a transaction: after items were deleted, no word of theirs alone may stay."""
    connection.execute("delete from words")
    last = -1
    sql = f"select id, title, text from items where id > ? and id % {_STEP} = 0 order by id limit ?"
    while batch := connection.execute(sql, [last, _BATCH]).fetchall():
        note(connection, batch)
        last = batch[-1][0]


def _sampled(connection: sqlite3.Connection, terms: Sequence[str]) -> dict[str, int]:
    sql = "select term, n from words where term in (select value from json_each(?))"
    return dict(connection.execute(sql, [json.dumps(terms)]).fetchall())
