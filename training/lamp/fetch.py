"""Downloads LaMP's official files, for those who can and may: the data has licences of its own, and LaMP-6 needs a licensed corpus.

    https://ciir.cs.umass.edu/downloads/LaMP/LaMP_4/dev/dev_questions.json           users apart
    https://ciir.cs.umass.edu/downloads/LaMP/time/LaMP_4/dev/dev_questions.json      times apart

(the addresses that https://lamp-benchmark.github.io/download links). Movie tagging lies in `LaMP_2/new`, the older news categorization
in `LaMP_2`. Golds of test splits are not public. A file comes to OUT/user/LaMP_4/dev/dev_questions.json:

- A download that breaks off leaves a `.part` file; the next run asks for the rest, if the server can show by its ETag or its date that
  it still has the same file, and else begins again.
- OUT/SHA256SUMS records the sum of each file, in the form of `sha256sum`; the servers publish none, so it tells a change, not a forgery.
- What is there already is left alone if it has its recorded sum, and refused otherwise.
- The server answers some wrong addresses with a page instead of an error: what does not begin like JSON is refused.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import OpenerDirector, Request

BASE = "https://ciir.cs.umass.edu/downloads/LaMP"
PAGE = "https://lamp-benchmark.github.io/download"
FOLDERS = {
    "LaMP-1": "LaMP_1",
    "LaMP-2": "LaMP_2/new",
    "LaMP-2N": "LaMP_2",
    "LaMP-3": "LaMP_3",
    "LaMP-4": "LaMP_4",
    "LaMP-5": "LaMP_5",
    "LaMP-7": "LaMP_7",
}
SPLITS = ("train", "dev", "test")
SEPARATIONS = ("user", "time")
SUMS = "SHA256SUMS"

_SECONDS = 60  # without a byte
_RANGE_NOT_SATISFIABLE = 416
_PARTIAL = 206


def names(task: str, split: str, by: str) -> list[str]:
    """Where the files of a split go, relative to OUT."""
    kinds = ("questions",) if split == "test" else ("questions", "outputs")
    return [f"{by}/{FOLDERS[task]}/{split}/{split}_{kind}.json" for kind in kinds]


def address(name: str) -> str:
    """The address of one of `names`."""
    return f"{BASE}/{name.removeprefix('user/')}"


def fetch(out: Path, wanted: list[str], opener: OpenerDirector) -> Iterator[Path]:
    """Download what is not there yet, and yield each file's path once it is there and has its recorded sum.

    Raises OSError where the server cannot be reached, breaks off or refuses; ValueError where something different is in the way, or
    what came is no JSON or not what it once was.
    """
    for name in wanted:
        target = out / name
        recorded = sums(out).get(name)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(target.name + ".part")
            _download(opener, address(name), part)
            _accept(out, name, part, recorded)
        elif recorded != sha256(target):
            raise ValueError(f"{target} is not the file that {out / SUMS} records: move it away to download it")
        yield target


def sums(out: Path) -> dict[str, str]:
    """Recorded sums by name. Raises ValueError where a line is of another form."""
    path = out / SUMS
    found = {}
    for n, line in enumerate(path.read_text("utf-8").splitlines() if path.exists() else (), 1):
        digest, gap, name = line.partition("  ")
        if not gap or len(digest) != 64:
            raise ValueError(f"{path}, line {n}: not a sum and a name")
        found[name] = digest
    return found


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(opener: OpenerDirector, url: str, part: Path) -> None:
    """Bring `part` to the file's full length. It stays where it is when the connection breaks."""
    tag = _tag(part)
    try:
        with opener.open(Request(url, headers=_resume(part, tag)), timeout=_SECONDS) as answer:
            _copy(answer, part, tag)
    except HTTPError as error:
        if not _is_whole(part, error):
            raise OSError(f"{url}: the server answers {error.code} {error.reason}; see {PAGE}") from None
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise OSError(f"{url} cannot be downloaded: {reason}. Run it again to go on; {PAGE} has the links for a browser") from None
    tag.unlink(missing_ok=True)


def _resume(part: Path, tag: Path) -> dict[str, str]:
    """Headers that ask for the rest of a file that did not change meanwhile (RFC 9110, 13.1.5 and 14.2)."""
    validator = tag.read_text("utf-8") if tag.exists() else ""
    if not (validator and part.exists() and part.stat().st_size):
        return {}
    return {"Range": f"bytes={part.stat().st_size}-", "If-Range": validator}


def _is_whole(part: Path, error: HTTPError) -> bool:
    """Whether the server refuses to send more because nothing is missing. What it cannot go on with is thrown away."""
    if error.code != _RANGE_NOT_SATISFIABLE:
        return False
    whole = part.exists() and error.headers.get("Content-Range") == f"bytes */{part.stat().st_size}"
    if not whole:
        part.unlink(missing_ok=True)
    return whole


def _copy(answer: Any, part: Path, tag: Path) -> None:
    """Append the rest to `part`, or begin it again where the server sends the whole."""
    begun = part.stat().st_size if answer.status == _PARTIAL else 0
    if answer.status == _PARTIAL and not answer.headers.get("Content-Range", "").startswith(f"bytes {begun}-"):
        raise OSError("the server sent another range than was asked for")
    if not begun:
        part.unlink(missing_ok=True)  # first, so that a new tag never stands beside an old part
        tag.write_text(_validator(answer.headers), encoding="utf-8")
    with part.open("ab") as file:
        shutil.copyfileobj(answer, file)
    length = answer.headers.get("Content-Length")
    if length and part.stat().st_size != begun + int(length):
        raise OSError(f"it broke off at {part.stat().st_size} of {begun + int(length)} bytes")


def _validator(headers: HTTPMessage) -> str:
    """What tells whether the server's file is still the same: a strong ETag, or its date; empty if there is neither."""
    etag = headers.get("ETag", "")
    return etag if etag.startswith('"') else headers.get("Last-Modified", "")


def _accept(out: Path, name: str, part: Path, recorded: str | None) -> None:
    """Check a whole download, record its sum, and give it its name: in this order, so that no file is without a sum."""
    with part.open("rb") as file:
        if file.read(64).lstrip()[:1] not in (b"[", b"{"):
            part.unlink()
            raise ValueError(f"{address(name)} gave no JSON; see {PAGE}")
    digest = sha256(part)
    if recorded is None:
        with (out / SUMS).open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"{digest}  {name}\n")
    elif recorded != digest:
        part.unlink()
        raise ValueError(f"{address(name)} is not what {out / SUMS} records of {name}: take its line away to accept the new file")
    part.rename(out / name)


def _tag(part: Path) -> Path:
    return part.with_name(part.name + ".tag")
