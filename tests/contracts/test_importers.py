"""One suite over every importer: whatever the format, good items are kept and bad ones named."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rpo_edge import History
from rpo_edge.errors import InputError
from rpo_edge.importers import IMPORTERS, Options, Report, importer_of, read_paths
from rpo_edge.records import iso_date

ME = Options(frozenset({"tom baker", "tom@example.org"}))


def _chatgpt() -> str:
    said = [("user", "First text of mine.\n\n```\ncode, not prose\n```"), ("assistant", "By somebody."), ("user", "Second one, with é.")]
    nodes = {
        f"n{i}": {
            "message": {"id": f"n{i}", "author": {"role": role}, "content": {"content_type": "text", "parts": [text]}},
            "parent": f"n{i - 1}",
        }
        for i, (role, text) in enumerate(said, 1)
    }
    conversation = {"title": "T", "create_time": 1714550000.5, "mapping": {"n0": {"message": None, "parent": None}} | nodes}
    return json.dumps([conversation | {"current_node": "n3", "conversation_id": "c1"}], indent=1, ensure_ascii=False)


def _claude() -> str:
    said = [("human", "First text of mine."), ("assistant", "By somebody."), ("human", "Second one, with é.")]
    messages = [{"uuid": str(i), "sender": sender, "text": text} for i, (sender, text) in enumerate(said)]
    conversation = {"uuid": "k", "name": "T", "created_at": "2025-03-05T18:00:00Z", "chat_messages": messages}
    return json.dumps([conversation], indent=1, ensure_ascii=False)


def _gemini() -> str:
    answer = {"safeHtmlItem": [{"html": "<p>By somebody.</p>"}], "time": "2025-05-17T12:34:56.789Z", "products": ["Gemini Apps"]}
    texts = ("First text of mine.", "Second one, with é.")
    return json.dumps([{"header": "Gemini Apps", "title": f"Prompted {text}"} | answer for text in texts], indent=1, ensure_ascii=False)


MAIL = (
    "From: Tom <tom@example.org>\nMessage-ID: <1@x>\nDate: Mon, 08 Jan 2024 15:15:00 +0100\nSubject: Re: Plans\n"
    "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
)
FROM = "From t Mon Jan  8 15:15:00 2024\n"
MESSAGE = {"type": "message", "date": "2024-01-08T15:15:01"}
TELEGRAM = [
    MESSAGE | {"id": 1, "from": "Tom Baker", "from_id": "user7", "text": "First text of mine."},
    MESSAGE | {"id": 2, "from": "Ann", "from_id": "user8", "text": "somebody else's"},
    MESSAGE | {"id": 3, "from": "Tom Baker", "from_id": "user7", "text": "Second one, with é."},
]
SLACK = {
    "users.json": [{"id": "U1", "real_name": "Tom Baker"}, {"id": "U2", "name": "ann"}],
    "channels.json": [],
    "general/2024-01-08.json": [
        {"type": "message", "user": user, "text": text, "ts": f"170472330{i}.0001"}
        for i, (user, text) in enumerate([("U1", "First text of mine."), ("U2", "somebody else's"), ("U1", "Second one, with é.")])
    ],
}
LAMP = {
    "Tom Baker": [{"id": "1", "text": "First text of mine."}, {"id": "2", "text": "Second one, with é."}],
    "somebody": [{"id": "3", "text": "By somebody else."}],
}
EXTENSIONS = {
    "jsonl": ".jsonl", "text": ".txt", "markdown": ".md", "chatgpt": ".json", "claude": ".json", "gemini": ".json", "mbox": ".mbox",
    "eml": ".eml", "whatsapp": ".txt", "telegram": ".json", "slack": ".zip", "lamp": ".json", "table": ".csv", "git": "",
}  # fmt: skip
GOOD = {
    "jsonl": '{"text": "First text of mine.", "date": "2024-01-02"}\n\n{"text": "Second one, with é."}\n',
    "text": "First text of mine.\n\nSecond one, with é.\n",
    "markdown": "---\ntitle: A page\n---\n# Head\n\nFirst text of mine.\n\n```\ncode, not prose\n```\n\n> somebody else's\n\nSecond one, with é.\n",
    "chatgpt": _chatgpt(),
    "claude": _claude(),
    "gemini": _gemini(),
    "mbox": f"{FROM}{MAIL}First text of mine.\n\n{FROM}From: a@x.org\n\nsomebody else's\n\n{FROM}{MAIL}Second one, with é.\n",
    "eml": f"{MAIL}First text of mine.\n\nSecond one, with é.\n\nOn Mon, Jan 8, 2024 at 3:15 PM A <a@x.org> wrote:\n> somebody else's\n",
    "whatsapp": "[31.12.23, 18:00:06] Tom Baker: First text of mine.\n[31.12.23, 18:01:00] Ann: somebody else's\n[01.01.24, 00:00:01] Tom Baker: Second one, with é.\n",
    "lamp": json.dumps([{"id": who, "input": "?", "profile": profile} for who, profile in LAMP.items()], indent=1, ensure_ascii=False),
    "table": 'sender,date,text\nTom Baker,2024-01-02,First text of mine.\nsomebody,2024-01-02,Not mine.\nTom Baker,,"Second one, with é."\n',
    "telegram": json.dumps({"name": "Ann", "type": "personal_chat", "id": 55, "messages": TELEGRAM}, indent=1, ensure_ascii=False),
}
"""By format, what is one file of text: the user wrote two texts, somebody else a third."""


def write(name: str, path: Path) -> Path:
    """The sample of a format as a file."""
    if name == "slack":
        with zipfile.ZipFile(path, "w") as archive:
            for member, rows in SLACK.items():
                archive.writestr(member, json.dumps(rows))
    elif name == "git":
        subprocess.run(["git", "init", "-q", path], check=True)
        for who, message in (("Tom Baker", "First text of mine."), ("somebody", "Not mine."), ("Tom Baker", "Second one, with é.")):
            of = {
                f"GIT_{role}_{what}": value
                for role in ("AUTHOR", "COMMITTER")
                for what, value in (("NAME", who), ("EMAIL", "x@site.invalid"))
            }
            subprocess.run(["git", "-C", path, "commit", "-q", "--allow-empty", "-m", message], env=os.environ | of, check=True)
    else:
        path.write_text(GOOD[name], "utf-8")
    return path


@pytest.fixture(params=IMPORTERS, ids=lambda importer: importer.name)
def importer(request):
    return request.param


@pytest.fixture(params=[one for one in IMPORTERS if one.name in GOOD], ids=lambda importer: importer.name)
def textual(request):
    """An importer whose format is one file of text."""
    return request.param


def read(importer, path, content: bytes):
    file = path / f"file{EXTENSIONS[importer.name]}"
    file.write_bytes(content)
    report = Report()
    return list(importer.read(file, ME, report)), report.problems


def test_every_importer_has_a_sample():
    assert set(EXTENSIONS) == {importer.name for importer in IMPORTERS} == {*GOOD, "slack", "git"}


def test_its_sample_is_recognised(importer, tmp_path):
    assert importer_of(write(importer.name, tmp_path / f"file{EXTENSIONS[importer.name]}")) is importer


def test_reads_its_own_words_only(importer, tmp_path):
    report = Report()
    read = []
    report.progress = read.append
    file = write(importer.name, tmp_path / f"file{EXTENSIONS[importer.name]}")
    items = list(importer.read(file, ME, report))
    text = "\n".join(item.text for item in items)
    assert sum(read) > 0 or importer.name == "git"  # of which only git knows how much it is
    assert not report.problems and "First text of mine." in text and "Second one, with é." in text
    assert "somebody" not in text and "code," not in text and all(item.source and item.text.strip() for item in items)
    assert all(item.date is None or item.date == iso_date(item.date) for item in items)


def test_line_ends_and_byte_order_mark_change_nothing(textual, tmp_path):
    plain, _ = read(textual, tmp_path, GOOD[textual.name].encode())
    marked, problems = read(textual, tmp_path, b"\xef\xbb\xbf" + GOOD[textual.name].replace("\n", "\r\n").encode())
    assert not problems and [item.text for item in marked] == [item.text for item in plain]


def test_an_empty_file_has_no_items(textual, tmp_path):
    assert read(textual, tmp_path, b"") == ([], []) and read(textual, tmp_path, b"\n \n") == ([], [])


def test_bad_bytes_are_named_and_the_good_items_kept(textual, tmp_path):
    items, problems = read(textual, tmp_path, GOOD[textual.name].encode() + b"\n\nbad \xff\xfe bytes\n")
    assert any("First text" in item.text for item in items) or textual.name == "eml"  # where the one item is the bad one
    assert len(problems) == 1 and f"file{EXTENSIONS[textual.name]}:" in problems[0]


def test_a_directory_in_the_place_of_a_file_is_a_problem(importer, tmp_path):
    report = Report()
    assert list(importer.read(tmp_path, ME, report)) == [] and report.problems


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


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file that cannot be read whoever asks")
@pytest.mark.parametrize("form", ["auto", "text"])
def test_a_file_that_cannot_be_read_costs_the_others_of_its_folder_nothing(tmp_path, form):
    for name in ("a.txt", "c.txt"):
        (tmp_path / name).write_text(f"I wrote {name}.", "utf-8")
    (tmp_path / "b.txt").symlink_to("/proc/self/mem")
    report = Report()
    assert [item.text for item in read_paths([tmp_path], report, form)] == ["I wrote a.txt.", "I wrote c.txt."]
    assert len(report.problems) == 1 and f"{tmp_path / 'b.txt'}:0: " in report.problems[0]
    if form == "auto":
        with pytest.raises(InputError, match=r"b\.txt"):
            read_paths([tmp_path / "a.txt", tmp_path / "b.txt"], Report())


def test_many_people_s_files_in_a_folder_cost_the_notes_nothing(tmp_path):
    (tmp_path / "a.txt").write_text("The first.", "utf-8")
    (tmp_path / "chat.txt").write_text(GOOD["whatsapp"], "utf-8")
    for name in ("m.eml", "n.eml"):
        (tmp_path / name).write_text(GOOD["eml"], "utf-8")
    report = Report()
    assert [item.text for item in read_paths([tmp_path], report)] == ["The first."]
    chat, mail = report.problems
    assert chat.startswith(f"{tmp_path / 'chat.txt'}:0: it is of the format whatsapp") and chat.endswith("--me NAME")
    assert mail.startswith(f"{tmp_path / 'm.eml'}:0: it and 1 more are of the format eml") and mail.endswith("--me NAME")
    report = Report()
    assert len(list(read_paths([tmp_path], report, options=ME))) == 5 and not report.problems
    with pytest.raises(InputError, match="--me NAME"):
        read_paths([tmp_path, tmp_path / "m.eml"], Report())


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
    write(importer.name, file)
    with History.open(tmp_path / "h.db") as store:
        store.extend(importer.read(file, ME, Report()))
        assert len(store) > 0 and all(source.startswith("a?") or source in ("mail", importer.name) for source in store.sources())
