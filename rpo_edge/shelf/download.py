"""Getting a model file over the network: opened only for `rpo-edge models pull`. Beside it, only `serve/upstream.py` opens connections.

Nothing is sent but the request itself. https alone, redirects too; plain http is for this machine's own addresses. What came before a connection
broke is kept, and asked for no second time (Range, RFC 9110 section 14).
"""

from __future__ import annotations

import hashlib
import http.client
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from rpo_edge import __version__
from rpo_edge.errors import InputError, ModelError

HUB = "https://huggingface.co"

_SILENCE = 30.0  # seconds without a byte
_BLOCK = 1 << 20
_FILE = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)/(?P<file>[\w.+ -]+(?:/[\w.+ -]+)*)", re.ASCII)
_RANGE = re.compile(r"bytes (?P<start>\d+)-\d+/(?P<total>\d+|\*)")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

Bar = Callable[[str, int], Any]
"""As `progress.bar`: a context with a function that is told of bytes."""


def address(file: str) -> str:
    """OWNER/NAME/FILE -> https://huggingface.co/OWNER/NAME/resolve/main/FILE. Raises InputError for another form."""
    found = _FILE.fullmatch(file)
    if not found or any(part in (".", "..") for part in file.split("/")):
        raise InputError(f"{file!r} is not of the form OWNER/NAME/FILE; another address goes with --url")
    return f"{HUB}/{found['repository']}/resolve/main/{urllib.parse.quote(found['file'])}"


def part_of(folder: Path, url: str) -> Path:
    """Where a file is while it is coming."""
    return folder / f".{hashlib.sha256(url.encode()).hexdigest()[:16]}.part"


def fetch(url: str, part: Path, bar: Bar) -> None:
    """All of the file at `url`, after what `part` has of it. Raises InputError for an address that is not allowed, ModelError if it fails."""
    _allow(url)
    part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    there = part.stat().st_size if part.exists() else 0
    with _translated(url), _answer(url, there) as answer:
        if answer.status == 416:  # nothing after what is there: it is whole, or another file's, which its digest will show
            return
        start, total = _place(answer)
        if start not in (0, there):
            raise ModelError(f"{url} answers with another part of the file than was asked for")
        with part.open("r+b" if start else "wb") as file, bar("downloading", total or 0) as progress:
            file.seek(start)
            progress(start)
            _copy(answer, file, progress)
            reached = file.tell()
    if total is not None and reached < total:
        raise ModelError(f"{url} broke off after {reached} of {total} bytes; the same command goes on from there")


def _answer(url: str, there: int) -> Any:
    request = urllib.request.Request(url, headers={"User-Agent": f"rpo-edge/{__version__}", "Accept-Encoding": "identity"})
    if there:
        request.add_header("Range", f"bytes={there}-")
    proxies = [urllib.request.ProxyHandler({})] if _host(url) in _LOOPBACK else []
    try:
        return urllib.request.build_opener(_Careful, *proxies).open(request, timeout=_SILENCE)
    except urllib.error.HTTPError as error:
        if there and error.code == 416:
            return error
        raise


def _place(answer: Any) -> tuple[int, int | None]:
    """Where the answer begins in the file, and how long the file is, None if that is not said."""
    if answer.status == 206:
        found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if not found:
            raise ModelError("the server does not say which part of the file it sends")
        return int(found["start"]), None if found["total"] == "*" else int(found["total"])
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _copy(answer: IO[bytes], file: BinaryIO, progress: Callable[[int], None]) -> None:
    while block := answer.read(_BLOCK):
        file.write(block)
        progress(len(block))
    file.truncate()


class _Careful(urllib.request.HTTPRedirectHandler):
    """Follows redirects to allowed addresses; from elsewhere none leads to this machine."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        _allow(newurl)
        if _host(newurl) in _LOOPBACK and _host(req.full_url) not in _LOOPBACK:
            raise InputError(f"{req.full_url} leads to an address of this machine")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _host(url: str) -> str:
    try:
        return urllib.parse.urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _allow(url: str) -> None:
    scheme, host = url.partition(":")[0].lower(), _host(url)
    if not host or not (scheme == "https" or (scheme == "http" and host in _LOOPBACK)):
        raise InputError(f"{url} is not an https address")


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except urllib.error.HTTPError as error:
        raise ModelError(f"{url} cannot be fetched: the server says {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise ModelError(f"{url} cannot be fetched: {_why(error.reason)}") from error
    except (OSError, http.client.HTTPException) as error:
        raise ModelError(f"{url} cannot be fetched: {_why(error)}; what came is kept, the same command goes on") from error
    except ValueError as error:  # http.client's word for an address with odd characters
        raise InputError(f"{url} is no address: {error}") from error


def _why(error: object) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    return str(getattr(error, "strerror", None) or error or type(error).__name__).lower()
