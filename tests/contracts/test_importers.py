"""One suite over every importer: whatever the format, good items are kept and bad ones named."""

import json
import os
import sys
from pathlib import Path

import pytest

from rpo_edge import History
from rpo_edge.errors import InputError
from rpo_edge.importers import IMPORTERS, Options, Report, importer_of, read_paths

EXTENSIONS = {"jsonl": ".jsonl", "text": ".txt", "markdown": ".md"}
GOOD = {
    "jsonl": '{"text": "First text of mine.", "date": "2024-01-02"}\n\n{"text": "Second one, with é."}\n',
    "text": "First text of mine.\n\nSecond one, with é.\n",
    "markdown": "---\ntitle: A page\n---\n# Head\n\nFirst text of mine.\n\n```\ncode, not prose\n```\n\n> somebody else's\n\nSecond one, with é.\n",
}


@pytest.fixture(params=IMPORTERS, ids=lambda importer: importer.name)
def importer(request):
    return request.param


def read(importer, path, content: bytes):
    file = path / f"file{EXTENSIONS[importer.name]}"
    file.write_bytes(content)
    report = Report()
    return list(importer.read(file, Options(), report)), report.problems


def test_every_importer_has_a_sample():
    assert set(GOOD) == {importer.name for importer in IMPORTERS}


def test_its_sample_is_recognised(importer, tmp_path):
    file = tmp_path / f"file{EXTENSIONS[importer.name]}"
    file.write_text(GOOD[importer.name], "utf-8")
    assert importer_of(file) is importer


def test_reads_its_own_words_only(importer, tmp_path):
    items, problems = read(importer, tmp_path, GOOD[importer.name].encode())
    text = "\n".join(item.text for item in items)
    assert not problems and "First text of mine." in text and "Second one, with é." in text
    assert "somebody" not in text and "code," not in text and all(item.source and item.text.strip() for item in items)


def test_line_ends_and_byte_order_mark_change_nothing(importer, tmp_path):
    plain, _ = read(importer, tmp_path, GOOD[importer.name].encode())
    marked, problems = read(importer, tmp_path, b"\xef\xbb\xbf" + GOOD[importer.name].replace("\n", "\r\n").encode())
    assert not problems and [item.text for item in marked] == [item.text for item in plain]


def test_an_empty_file_has_no_items(importer, tmp_path):
    assert read(importer, tmp_path, b"") == ([], []) and read(importer, tmp_path, b"\n \n") == ([], [])


def test_bad_bytes_are_named_and_the_good_items_kept(importer, tmp_path):
    items, problems = read(importer, tmp_path, GOOD[importer.name].encode() + b"\n\nbad \xff\xfe bytes\n")
    assert any("First text" in item.text for item in items)
    assert len(problems) == 1 and f"file{EXTENSIONS[importer.name]}:" in problems[0]


def test_a_directory_in_the_place_of_a_file_is_a_problem(importer, tmp_path):
    report = Report()
    assert list(importer.read(tmp_path, Options(), report)) == [] and report.problems


def test_folders_are_read_in_order_without_hidden_files(tmp_path):
    (tmp_path / "b.txt").write_text("The second.", "utf-8")
    (tmp_path / "a.md").write_text("The first.", "utf-8")
    (tmp_path / ".hidden.txt").write_text("Not this.", "utf-8")
    (tmp_path / "c.bin").write_bytes(b"\0")
    items = list(read_paths([tmp_path], Report(), source="mine"))
    assert [(item.text, item.source) for item in items] == [("The first.", "mine"), ("The second.", "mine")]
    with pytest.raises(InputError):
        read_paths([tmp_path / "c.bin"], Report())
    with pytest.raises(InputError):
        read_paths([tmp_path / "nowhere"], Report())


@pytest.mark.parametrize("field", ["text", "source", "title"])
def test_half_a_surrogate_pair_is_a_bad_item_and_the_good_ones_are_stored(tmp_path, field):
    row = json.dumps({"text": "A text."} | {field: "x\ud800"})
    (tmp_path / "x.jsonl").write_text(f'{{"text": "Good one \\ud83d\\ude00."}}\n{row}\n{{"text": "Good two."}}\n', "utf-8")
    report = Report()
    with History.open(tmp_path / "h.db") as store:
        store.extend(read_paths([tmp_path / "x.jsonl"], report))
        assert [item.text for item in store] == ["Good one 😀.", "Good two."]
    assert len(report.problems) == 1 and "x.jsonl:2: " in report.problems[0] and field in report.problems[0]


@pytest.mark.skipif(os.name != "posix" or sys.platform == "darwin", reason="file names are text there")
def test_a_file_name_that_is_not_utf8_can_be_stored(importer, tmp_path):
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff" + EXTENSIONS[importer.name].encode()))
    file.write_text(GOOD[importer.name], "utf-8")
    with History.open(tmp_path / "h.db") as store:
        store.extend(importer.read(file, Options(), Report()))
        assert set(store.sources()) == {"a?"}
