"""JSON lines with texts: read with checks, added to, and told apart by what they ask."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from rpo_edge.errors import InputError
from training.data import Row


def identity(row: Row, names: Sequence[str]) -> str:
    """The sha256 of these texts of a row; whatever else it says, it is the same question."""
    return hashlib.sha256("\0".join(row[name] for name in names).encode()).hexdigest()


def read(path: Path, texts: Collection[str], others: Collection[str] = ()) -> Iterator[tuple[str, Row]]:
    """Rows with their places ("FILE, line 3"), one after another; blank lines are none. Raises InputError as `row_of` does, OSError."""
    with path.open("rb") as file:
        for n, line in enumerate(file, 1):
            if line.strip():
                where = f"{path}, line {n}"
                yield where, row_of(line, where, texts, others)


class Lines:
    """A file of JSON objects, one a line, that is only added to, each line whole. `rows` are those that were there.

    Raises InputError where a line is not an object with all `fields`, and then has changed nothing; half a last line is taken off.
    """

    def __init__(self, path: Path, texts: Collection[str], others: Collection[str] = ()) -> None:
        *lines, last = path.read_bytes().split(b"\n") if path.exists() else [b""]
        whole = _is_json(last)
        self.rows = [row_of(line, f"{path}, line {n}", texts, others) for n, line in enumerate([*lines, last] if whole else lines, 1)]
        if last:
            with path.open("rb+") as file:
                end = file.seek(0, os.SEEK_END)
                file.write(b"\n") if whole else file.truncate(end - len(last))
        self._file = path.open("ab")

    def add(self, row: Row) -> None:
        """One more line, in the file when this returns."""
        self._file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        self._file.flush()

    def close(self) -> None:
        """No more lines."""
        self._file.close()


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def row_of(line: bytes, where: str, texts: Collection[str], others: Collection[str] = ()) -> Row:
    """The object of a line. Raises InputError unless it has `texts`, not blank, and `others`, and can be written again."""
    try:
        row = json.loads(line)
        json.dumps(row, ensure_ascii=False).encode()
    except ValueError:
        raise InputError(f"{where} is no JSON in UTF-8") from None
    if not isinstance(row, dict) or not all(isinstance(row.get(name), str) and row[name].strip() for name in texts) or {*others} - {*row}:
        raise InputError(f"{where} needs {', '.join((*texts, *others))}")
    return row
