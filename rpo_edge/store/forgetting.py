"""Forgetting that can be shown: delete, write index and file afresh, then look for the words in the raw bytes.

Deleting rows leaves words on disk, `secure_delete` or not: in the log, in the index's segments, in free pages. What removes them:

    delete             rows, counts and index entries go, and all states of models (see `states.py`); the sums and the document
                       frequencies are made again from what stays
    rebuild            the full-text index is made anew from what stays
    vacuum             the file is written anew, without free pages or gaps
    checkpoint         the log is moved into the file and cut to nothing, which has to wait for other processes' readers

Then *runs* of the forgotten texts are looked for: every 8 bytes in a row (as stored, letter case included) that occur in nothing that
stays, and every 6 of the index's terms (lower case, stems). Nothing of the kind must be found in the database, its log or its shared
memory. Of many items, runs are drawn evenly, so that each item has some. A run that stands there by chance, made by the end of a
text and the bytes after it, counts as found: the receipt may be too strict, never too kind.

Forgetting that did not end is noted in the store (fact `forgetting`), and the next call of `History.forget`, whatever it is to forget
(nothing, for one), cleans up for both. It has no runs of the earlier texts to look for, since nothing of them was kept.

What this does not cover: texts shorter than 8 bytes that stand between others' words; bytes that a file system or a solid-state disk
keeps elsewhere after the file was cut or overwritten; backups, exports and snapshots made before; a process that has copied a text.
The pages of an encrypted store cannot be read from outside: there the files are searched as they are (no plain words), and the rows of
all tables, the index's own included, after decryption.
"""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rpo_edge.store.counting import add_up, lower_marks
from rpo_edge.store.files import OPEN_FILES, PATIENCE, database_errors
from rpo_edge.store.search import count_again
from rpo_edge.store.states import drop_states
from rpo_edge.store.terms import index_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]

_TEXT, _TERM = 8, 6  # bytes of a run; 8 is what fits a machine word, and at 6 a chance hit in a gigabyte is one in a million
_RUNS = 200_000  # at most, over all forgotten items; more find nothing that these do not
_TERMS_OF = 2_000  # items whose terms are looked for
_BLOCK = 1 << 17  # bytes that are looked at together: what a processor's cache holds
_READERS = 5.0  # seconds that the checkpoint waits for other processes' readers
_TABLE = 20  # bits of the table that sorts most bytes out
_UNFINISHED = "forgetting"  # the fact that says so
_AGAIN = "`rpo-edge history forget` without arguments does the rest"
_MIX = 0x9E3779B97F4A7C15  # 2^64 / golden ratio: multiplicative hashing (Knuth, The Art of Computer Programming 3, 6.4)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was forgotten and how it was checked. It holds no text, nor anything made from one.

    scanned: bytes that were searched. runs: how many runs of bytes were looked for. found: how many of them were there; 0 unless
    `incomplete` says why.
    """

    ids: tuple[int, ...]
    when: str  # ISO 8601, UTC
    scanned: int = 0
    runs: int = 0
    found: int = 0
    incomplete: str | None = None

    @property
    def forgotten(self) -> int:
        """How many items went."""
        return len(self.ids)

    @property
    def complete(self) -> bool:
        """Whether nothing was found and nothing kept it from being looked for."""
        return self.incomplete is None

    def as_json(self) -> str:
        """One JSON object."""
        return json.dumps(asdict(self) | {"forgotten": self.forgotten, "complete": self.complete})


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of bytes as sorted numbers: `text` of 8 bytes, `terms` of 6."""

    text: Words
    terms: Words

    @classmethod
    def none(cls) -> Runs:
        """Nothing to look for."""
        import numpy as np

        return cls(np.zeros(0, np.uint64), np.zeros(0, np.uint64))

    def __len__(self) -> int:
        return len(self.text) + len(self.terms)

    def found_in(self, blocks: Iterable[bytes]) -> Runs:
        """Those that occur in a block."""
        import numpy as np

        text, terms = (np.zeros(len(runs), bool) for runs in (self.text, self.terms))
        tables = [_table(runs) for runs in (self.text, self.terms)]
        for block in blocks:
            _look(block, _TEXT, self.text, tables[0], text)
            _look(block, _TERM, self.terms, tables[1], terms)
        return Runs(self.text[text], self.terms[terms])

    def without(self, others: Runs) -> Runs:
        """Those that are not among `others`."""
        import numpy as np

        return Runs(np.setdiff1d(self.text, others.text), np.setdiff1d(self.terms, others.terms))


def now() -> str:
    """The time of a receipt: ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


# -- the steps ---------------------------------------------------------------------------------------------------------


def delete(connection: sqlite3.Connection, ids: Sequence[int]) -> Runs:
    """Delete items, to be called in a transaction; the runs by which they would be found again."""
    gone = set(ids)
    runs = _runs_of(_texts(connection, gone), max(1, len(gone)))
    connection.executemany("delete from items where id = ?", [(number,) for number in ids])
    connection.execute("insert into items_fts(items_fts) values('rebuild')")
    add_up(connection)
    lower_marks(connection)
    count_again(connection)
    drop_states(connection)
    connection.execute("insert or replace into facts values (?, '1')", [_UNFINISHED])
    return runs.without(runs.found_in(_contents(connection)))


def unfinished(connection: sqlite3.Connection) -> bool:
    """Whether something was forgotten and the files have not been cleaned since: a reader was in the way, or the process was killed."""
    return connection.execute("select 1 from facts where key = ?", [_UNFINISHED]).fetchone() is not None


def sweep(connection: sqlite3.Connection, path: Path | None, ids: Sequence[int], runs: Runs, encrypted: bool) -> Receipt:
    """Clean the files after `delete` was committed, and look for the runs. path: None for a store in memory."""
    when = now()
    reason = _clean(connection)
    found, scanned = _scan(connection, path, runs, encrypted)
    if len(found):  # the same words may have been added again by now, or be the end of a word and the number that stands after it
        found = found.without(found.found_in(_contents(connection))).without(found.found_in(_numbered(connection)))
    if len(found) and reason is None:
        reason = "words of forgotten items are still in the files"
    if reason is None:
        connection.execute("delete from facts where key = ?", [_UNFINISHED])
    return Receipt(tuple(ids), when, scanned, len(runs), len(found), reason)


def _clean(connection: sqlite3.Connection) -> str | None:
    """Write the file anew and empty the log; why that could not be done, or None."""
    try:
        connection.execute("vacuum")
        connection.execute(f"pragma busy_timeout = {int(1000 * _READERS)}")
        busy, _, _ = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
    except database_errors() as error:
        return f"the file could not be written anew ({error}); when it can be, {_AGAIN}"
    finally:
        connection.execute(f"pragma busy_timeout = {int(1000 * PATIENCE)}")
    return f"another process is reading, so the log could not be emptied; when it has ended, {_AGAIN}" if busy else None


def _scan(connection: sqlite3.Connection, path: Path | None, runs: Runs, encrypted: bool) -> tuple[Runs, int]:
    """The runs that are there, and the number of bytes that were searched."""
    scanned = 0

    def counted(blocks: Iterable[bytes]) -> Iterator[bytes]:
        nonlocal scanned
        for block in blocks:
            scanned += len(block)
            yield block

    def everything() -> Iterator[bytes]:
        if path is not None:
            yield from counted(OPEN_FILES.blocks(path, _BLOCK, _TEXT - 1))
        if path is None or encrypted:
            yield from counted(_rows(connection))

    return runs.found_in(everything()), scanned


# -- what is in the store ----------------------------------------------------------------------------------------------


def _texts(connection: sqlite3.Connection, ids: set[int]) -> Iterator[tuple[str, ...]]:
    """Title, text, source and origin of these items, one after the other."""
    for number in sorted(ids):
        row = connection.execute("select title, text, source, origin from items where id = ?", [number]).fetchone()
        yield tuple(part or "" for part in row)


def _contents(connection: sqlite3.Connection) -> Iterator[bytes]:
    """All words that may stand in the files: every row of the tables, the index's terms, the schema and the file's first words."""
    connection.execute("create virtual table if not exists temp.terms using fts5vocab(main, items_fts, row)")
    yield b"SQLite format 3"
    yield from _joined(connection.execute("select * from sqlite_master"))
    yield from _joined(connection.execute("select term from temp.terms"))
    # The index's data are its terms and numbers; counts by item repeat the names that their sums have.
    yield from _rows(connection, but=("items_fts_data", "items_fts_docsize", "measures"))
    connection.execute("drop table temp.terms")


def _numbered(connection: sqlite3.Connection) -> Iterator[bytes]:
    """The rows and index entries in which words touch numbers."""
    yield from _joined(connection.execute("select item_id, feature, variant, item_id, n from measures"))
    yield from _joined(connection.execute("select source, id, date, id, digest, id from items"))


def _rows(connection: sqlite3.Connection, but: Sequence[str] = ()) -> Iterator[bytes]:
    """The rows of every table that has pages of its own, the full-text index's tables included."""
    for (name,) in connection.execute("select name from sqlite_master where type = 'table' and rootpage > 0").fetchall():
        if name not in but:
            yield from _joined(connection.execute(f'select * from "{name}"'))


def _joined(rows: Iterable[tuple[Any, ...]]) -> Iterator[bytes]:
    """Rows as they are stored, in blocks: texts that stand side by side touch (SQLite has no byte between them)."""
    block: list[bytes] = []
    size = 0
    for row in rows:
        block += [value.encode() if type(value) is str else _stored(value) for value in row]
        block.append(b"\0")
        size += sum(map(len, block[-len(row) - 1 :]))
        if size > _BLOCK:
            yield b"".join(block)
            block, size = [], 0
    yield b"".join(block)


def _stored(value: Any) -> bytes:
    """A value's bytes in a record (https://www.sqlite.org/fileformat2.html, 2.1); whole numbers stand there as integers."""
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if value != int(value):
        return struct.pack(">d", value)
    width = next(width for width in (1, 2, 3, 4, 6, 8) if -(1 << 8 * width - 1) <= value < 1 << 8 * width - 1)
    return b"" if value in (0, 1) else int(value).to_bytes(width, "big", signed=True)


# -- runs --------------------------------------------------------------------------------------------------------------


def _runs_of(texts: Iterable[tuple[str, ...]], count: int) -> Runs:
    """All runs of the texts, or as many of each as `_RUNS` allows."""
    import numpy as np

    most, every = max(8, _RUNS // count), max(1, count // _TERMS_OF)
    found = [np.zeros(0, np.uint64)]
    termed = []
    for i, parts in enumerate(texts):
        for part in parts:
            found.append(_evenly(_numbers(part.encode(), _TEXT), most))
        if i % every == 0:
            termed.append(parts[:2])
    terms = np.unique(_numbers(b"\0".join(term.encode() for term in _terms(termed)), _TERM))
    return Runs(np.unique(np.concatenate(found)), _evenly(terms[_without_zero(terms)], _RUNS))


def _terms(texts: Sequence[tuple[str, ...]]) -> list[str]:
    """The terms that the full-text index has for texts."""
    with index_of([(parts[0], parts[1]) for parts in texts]) as index:
        return [term for (term,) in index.execute("select term from terms")]


def _numbers(data: bytes, width: int) -> Words:
    """The `width` bytes at each place of `data` as a number, len(data) - width + 1 of them, in order."""
    import numpy as np

    columns = _columns(data, width)
    whole = np.zeros((8, len(columns[0])), np.uint64)
    for k, column in enumerate(columns):
        whole[k, : len(column)] = column
    return whole.T.reshape(-1)[: max(0, len(data) - width + 1)]


def _columns(data: bytes, width: int) -> list[Words]:
    """The same in eight parts: the numbers at places 0, 8, 16 …, at 1, 9, 17 …; so nothing is copied but what is cut off."""
    import numpy as np

    padded, mask = data + b"\0" * (8 - width), np.uint64((1 << 8 * width) - 1)
    columns: list[Words] = []
    for k in range(8):
        numbers = np.frombuffer(padded, "<u8", max(0, len(padded) - k) // 8, min(k, len(padded)))
        columns.append(numbers if width == 8 else numbers & mask)
    return columns


def _without_zero(numbers: Words) -> NDArray[np.bool_]:
    """Which numbers of `_TERM` bytes have no zero byte: those do not reach from one term into the next."""
    import numpy as np

    whole: NDArray[np.bool_] = np.all(numbers.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :_TERM] != 0, axis=1)
    return whole


def _evenly(numbers: Words, most: int) -> Words:
    import numpy as np

    return numbers if len(numbers) <= most else numbers[np.linspace(0, len(numbers) - 1, most).astype(int)]


def _table(runs: Words) -> NDArray[np.bool_]:
    """Which hashes the runs have."""
    import numpy as np

    table = np.zeros(1 << _TABLE, bool)
    table[_hashed(runs)] = True
    return table


def _hashed(numbers: Words) -> Words:
    import numpy as np

    hashed: Words = (numbers * np.uint64(_MIX)) >> np.uint64(64 - _TABLE)
    return hashed


def _look(block: bytes, width: int, runs: Words, table: NDArray[np.bool_], seen: NDArray[np.bool_]) -> None:
    """Mark the runs that occur in the block."""
    import numpy as np

    for numbers in _columns(block, width) if len(runs) else ():
        candidates = numbers[table[_hashed(numbers)]]
        places = np.minimum(np.searchsorted(runs, candidates), len(runs) - 1)
        seen[places[runs[places] == candidates]] = True
