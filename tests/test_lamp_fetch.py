"""Downloads of LaMP's files: the server is a handler of urllib's that answers from memory, so nothing is sent anywhere."""

import hashlib
import io
from email.message import Message
from pathlib import Path
from urllib.error import URLError
from urllib.request import BaseHandler, OpenerDirector, Request, build_opener
from urllib.response import addinfourl

import pytest

from training import lamp
from training.lamp import fetch

NAME = "user/LaMP_4/dev/dev_questions.json"
CONTENT = b'[{"id": "310", "input": "Write a headline for this article: Ducks have moved into the fountain of Mill Lane.", "profile": []}]'


class Server(BaseHandler):
    """Answers https from memory, with ranges; `breaks` bytes of an answer arrive, then the connection ends."""

    handler_order = 0  # before urllib's own, which must never be asked

    def __init__(self, content: bytes, etag: str | None = '"1"', breaks: int | None = None) -> None:
        self.content, self.etag, self.breaks = content, etag, breaks
        self.ranges: list[str | None] = []
        self.addresses: list[str] = []

    def https_open(self, request: Request) -> addinfourl:
        asked = request.get_header("Range")
        self.ranges.append(asked)
        self.addresses.append(request.full_url)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and request.get_header("If-range") == self.etag else 0
        if start and start >= len(self.content):
            return answer(416, b"", {"Content-Range": f"bytes */{len(self.content)}"}, request)
        rest = self.content[start:]
        headers = {"Content-Length": str(len(rest))} | ({"ETag": self.etag} if self.etag else {})
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        return answer(206 if start else 200, rest[: self.breaks], headers, request)


class Nothing(BaseHandler):
    """A machine without a network."""

    handler_order = 0

    def https_open(self, request: Request) -> addinfourl:
        raise URLError("Name or service not known")


class Missing(BaseHandler):
    handler_order = 0

    def https_open(self, request: Request) -> addinfourl:
        return answer(404, b"", {}, request)


def answer(code: int, content: bytes, headers: dict[str, str], request: Request) -> addinfourl:
    message = Message()
    for name, value in headers.items():
        message[name] = value
    response = addinfourl(io.BytesIO(content), message, request.full_url, code)
    response.msg = "as it is"
    return response


def got(out: Path, handler: BaseHandler) -> bytes:
    opener: OpenerDirector = build_opener(handler)
    (path,) = fetch.fetch(out, [NAME], opener)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("task_name", "split", "by", "addresses"),
    [
        ("LaMP-4", "dev", "user", ["LaMP_4/dev/dev_questions.json", "LaMP_4/dev/dev_outputs.json"]),
        ("LaMP-4", "train", "time", ["time/LaMP_4/train/train_questions.json", "time/LaMP_4/train/train_outputs.json"]),
        ("LaMP-2", "test", "user", ["LaMP_2/new/test/test_questions.json"]),
        ("LaMP-2N", "test", "time", ["time/LaMP_2/test/test_questions.json"]),
    ],
)
def test_the_official_addresses(task_name, split, by, addresses):
    found = [fetch.address(name) for name in fetch.names(task_name, split, by)]
    assert found == [f"https://ciir.cs.umass.edu/downloads/LaMP/{address}" for address in addresses]


def test_a_download_is_recorded_and_not_repeated(tmp_path):
    server = Server(CONTENT)
    assert got(tmp_path, server) == got(tmp_path, server) == CONTENT
    assert server.addresses == ["https://ciir.cs.umass.edu/downloads/LaMP/LaMP_4/dev/dev_questions.json"]
    assert (tmp_path / "SHA256SUMS").read_text() == f"{hashlib.sha256(CONTENT).hexdigest()}  {NAME}\n"
    assert sorted(path.name for path in (tmp_path / NAME).parent.iterdir()) == ["dev_questions.json"]


@pytest.mark.parametrize("broken", [1, 100, len(CONTENT) - 1])
def test_a_download_that_broke_off_goes_on_where_it_was(tmp_path, broken):
    with pytest.raises(OSError, match=rf"broke off at {broken} of {len(CONTENT)} bytes. Run it again"):
        got(tmp_path, Server(CONTENT, breaks=broken))
    assert not (tmp_path / NAME).exists() and not (tmp_path / "SHA256SUMS").exists()
    server = Server(CONTENT)
    assert got(tmp_path, server) == CONTENT and server.ranges == [f"bytes={broken}-"]


@pytest.mark.parametrize("etag", ['"2"', None])
def test_it_begins_again_where_the_file_is_another_now(tmp_path, etag):
    with pytest.raises(OSError):
        got(tmp_path, Server(b'["an older and longer file than that"]', breaks=9))
    assert got(tmp_path, Server(CONTENT, etag=etag)) == CONTENT


@pytest.mark.parametrize("etag", [None, 'W/"1"'])
def test_it_begins_again_where_the_server_cannot_show_that_the_file_is_the_same(tmp_path, etag):
    with pytest.raises(OSError):
        got(tmp_path, Server(CONTENT, etag=etag, breaks=9))
    server = Server(CONTENT, etag=etag)
    assert got(tmp_path, server) == CONTENT and server.ranges == [None]


def test_a_whole_part_is_accepted_and_one_that_is_too_long_is_not(tmp_path):
    part = (tmp_path / NAME).with_name("dev_questions.json.part")
    part.parent.mkdir(parents=True)
    part.with_name(part.name + ".tag").write_text('"1"')
    part.write_bytes(CONTENT + b"]")
    with pytest.raises(OSError, match="416"):
        got(tmp_path, Server(CONTENT))
    assert not part.exists()
    part.write_bytes(CONTENT)
    server = Server(CONTENT)
    assert got(tmp_path, server) == CONTENT and server.ranges == [f"bytes={len(CONTENT)}-"]


@pytest.mark.parametrize("recorded", [True, False])
def test_something_different_is_not_overwritten(tmp_path, recorded):
    if recorded:
        got(tmp_path, Server(CONTENT))
    (tmp_path / NAME).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / NAME).write_bytes(b"mine")
    with pytest.raises(ValueError, match="move it away"):
        got(tmp_path, Server(CONTENT))
    assert (tmp_path / NAME).read_bytes() == b"mine"


def test_a_file_that_is_no_longer_what_was_recorded_is_refused(tmp_path):
    got(tmp_path, Server(CONTENT))
    (tmp_path / NAME).unlink()
    with pytest.raises(ValueError, match=r"is not what .*SHA256SUMS records"):
        got(tmp_path, Server(b"[]"))
    assert not (tmp_path / NAME).exists()
    assert got(tmp_path, Server(CONTENT)) == CONTENT
    assert len(fetch.sums(tmp_path)) == len((tmp_path / "SHA256SUMS").read_text().splitlines()) == 1


def test_a_page_in_place_of_a_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match="gave no JSON"):
        got(tmp_path, Server(b"\n<html><body>Sorry</body></html>"))
    assert not (tmp_path / NAME).exists() and fetch.sums(tmp_path) == {}


def test_offline_and_missing_files_are_said_plainly(tmp_path):
    with pytest.raises(OSError, match=r"cannot be downloaded: Name or service not known\. Run it again"):
        got(tmp_path, Nothing())
    with pytest.raises(OSError, match="the server answers 404"):
        got(tmp_path, Missing())
    assert not (tmp_path / NAME).exists()


def test_a_damaged_list_of_sums_is_refused(tmp_path):
    (tmp_path / "SHA256SUMS").write_text("abc\n")
    with pytest.raises(ValueError, match="SHA256SUMS, line 1"):
        got(tmp_path, Server(CONTENT))


def test_the_command_says_in_one_line_what_is_in_the_way(tmp_path):
    """It looks at what is there before it asks any server."""
    (tmp_path / NAME).parent.mkdir(parents=True)
    (tmp_path / NAME).write_bytes(b"mine")
    with pytest.raises(SystemExit, match=r"error: .*dev_questions\.json is not the file that .*SHA256SUMS records"):
        lamp.main(["fetch", str(tmp_path), "--task", "LaMP-4"])
