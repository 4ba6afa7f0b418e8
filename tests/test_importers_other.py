"""Tables, git repositories, LaMP's files, and notes kept in Obsidian: the user's own words, and nothing else of them."""

import json
import os
import shutil
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge.importers import Options, Report, read_paths
from rpo_edge.importers import git as git_importer
from rpo_edge.importers.markdown import MARKDOWN
from rpo_edge.importers.table import TABLE, sure_date

pytest.importorskip("ijson")

from rpo_edge.importers.git import GIT
from rpo_edge.importers.lamp import LAMP


def options(*me: str) -> Options:
    return Options(frozenset(name.casefold() for name in me))


def read(importer, path, me: Options | None = None):
    report = Report()
    return list(importer.read(path, me or Options(), report)), report


# --- tables ---


def table(tmp_path, content: str | bytes, me: Options | None = None, name: str = "file.csv"):
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return read(TABLE, tmp_path / name, me)


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_rows_with_quoted_line_ends_and_every_separator(tmp_path, separator):
    rows = [
        ["Date", "Text", "Title", "Source"],
        ["2024-01-02", '"One, two; three.\nSaid ""four"" | five."', "A title", "letters"],
        ["", "Short.", "", ""],
    ]
    items, report = table(tmp_path, "\r\n".join(separator.join(row) for row in rows))
    assert [item.text for item in items] == ['One, two; three.\nSaid "four" | five.', "Short."] and not report.problems
    assert (items[0].date, items[0].title, items[0].source, items[0].origin) == ("2024-01-02", "A title", "letters", "line 3")
    assert (items[1].date, items[1].title, items[1].source) == (None, None, "file")


@pytest.mark.parametrize("name", ["text", "BODY", " Message ", "content"])
def test_the_column_of_texts_by_any_of_its_names(tmp_path, name):
    assert [item.text for item in table(tmp_path, f"id,{name}\n1,Mine.\n")[0]] == ["Mine."]
    assert [item.text for item in table(tmp_path, f"{name}\nMine.\n\n  \nMore.\n")[0]] == ["Mine.", "More."]


@pytest.mark.parametrize("header", ["Date,Amount", "Hello there", '"', "texts,b"])
def test_a_header_without_texts_is_one_clear_problem(tmp_path, header):
    items, report = table(tmp_path, f"{header}\n1,2\n3,4\n")
    assert not items and len(report.problems) == 1 and "file.csv:1: no column of the header is called text" in report.problems[0]


def test_bad_rows_are_named_and_the_good_ones_kept(tmp_path):
    items, report = table(tmp_path, "date,text\n2024-01-02,Good one.\n2024-01-02,too,many\n2024-01-03\n,\n2024-01-04,\n,Good two.,,\n")
    assert [item.text for item in items] == ["Good one.", "Good two."] and report.left_out == {"without words of their own": 1}
    assert [problem.split("file.csv:")[1] for problem in report.problems] == [
        "3: 3 cells, the header has 2",
        "4: 1 cells, the header has 2",
    ]


def test_a_cell_without_end_does_not_swallow_the_file(tmp_path):
    items, report = table(tmp_path, 'date,text\n,Good.\n,"never closed\n' + ",filler\n" * 20_000 + ",Last.\n")
    assert items[0].text == "Good." and items[-1].text == "Last." and "field limit" in report.problems[0]


def test_a_table_of_many_people_needs_me(tmp_path):
    content = "sender,message\nAnn,Mine.\nBob,By somebody else.\nANN@site.invalid,Mine too.\n"
    items, report = table(tmp_path, content, options("ann", "ann@site.invalid"))
    assert [item.text for item in items] == ["Mine.", "Mine too."] and report.left_out == {"written by others": 1}
    items, report = table(tmp_path, content)
    assert not items and len(report.problems) == 1 and "--me NAME" in report.problems[0]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-01-02", "2024-01-02"),
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024/01/02 10:00", "2024-01-02T10:00"),
        ("2024.01.02", "2024-01-02"),
        ("2024/01", "2024-01"),
        ("20240102", "2024-01-02"),
        ("1704067200", None),
        ("Tue, 02 Jan 2024 10:00:00 +0100", "2024-01-02T10:00:00+01:00"),
        ("01/02/2024", None),
        ("yesterday", None),
        ("2024-13-01", None),
    ],
)
def test_dates_are_read_where_their_order_is_sure(written, read):
    assert sure_date(written) == read


def test_an_unsure_date_costs_the_date_alone_and_is_said_once(tmp_path):
    items, report = table(tmp_path, "date,text\n01/02/2024,One.\n02/02/2024,Two.\n2024-02-03,Three.\n")
    assert (
        [item.date for item in items] == [None, None, "2024-02-03"]
        and len(report.problems) == 1
        and ":2: '01/02/2024'" in report.problems[0]
    )


@given(st.binary(max_size=200) | st.text(alphabet='text,date"\n\r\t;|\0é', max_size=80).map(lambda text: text.encode()))
def test_no_content_of_a_table_raises(tmp_path_factory, content):
    items, _ = table(tmp_path_factory.getbasetemp(), b"date,text\n" + content)
    assert all(item.text.strip() for item in items)


@pytest.mark.parametrize(
    ("name", "head", "known"),
    [
        ("a.csv", b"Date,Amount", True),
        ("a.tsv", b"", True),
        ("export", b"\xef\xbb\xbfdate;text;likes\n", True),
        ("a.txt", b"Text of the message, and more of it.\n", False),
        ("a.txt", b"text\n", False),
        ("a.jsonl", b'{"text": "a", "date": "b"}\n', False),
    ],
)
def test_what_is_taken_for_a_table(tmp_path, name, head, known):
    assert TABLE.recognises(tmp_path / name, head) is known and not TABLE.recognises(tmp_path, b"")


# --- git ---

ME = {"GIT_AUTHOR_NAME": "Ann Example", "GIT_AUTHOR_EMAIL": "ann@site.invalid", "GIT_AUTHOR_DATE": "2024-01-02T03:04:05+01:00"}
OTHER = {"GIT_AUTHOR_NAME": "Bob", "GIT_AUTHOR_EMAIL": "bob@site.invalid"}
needs_git = pytest.mark.skipif(not shutil.which("git"), reason="no git")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """An empty repository, with a home of its own where nothing is configured."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    subprocess.run(["git", "init", "-q", "-b", "main", tmp_path / "project.x"], check=True)
    return tmp_path / "project.x"


def run(repository, *arguments: str, given: str = "", **environment: str) -> str:
    everything = os.environ | ME | {"GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@site.invalid"} | environment
    done = subprocess.run(["git", "-C", repository, *arguments], check=True, capture_output=True, env=everything, input=given.encode())
    return done.stdout.decode().strip()


def commit(repository, message: str, **environment: str) -> str:
    run(repository, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "-", given=message, **environment)
    return run(repository, "rev-parse", "HEAD")


@needs_git
def test_own_messages_with_what_is_known_of_them(repository):
    commit(repository, "By somebody else", **OTHER)
    first = commit(repository, "First text of mine.\n\nSecond one, with é.\n")
    items, report = read(GIT, repository, options("ann example"))
    (item,) = items
    assert (item.text, item.title, item.kind, item.source, item.origin) == (
        "First text of mine.\n\nSecond one, with é.", "First text of mine.", "commit", "project.x", first,
    )  # fmt: skip
    assert item.date == "2024-01-02T03:04:05+01:00" and report.left_out == {"written by others": 1} and not report.problems
    assert read(GIT, repository, options("ANN@site.invalid"))[0] == items and not read(GIT, repository, options("an"))[0]


@needs_git
def test_without_me_it_is_the_repository_s_own_address(repository):
    commit(repository, "Mine it is.")
    commit(repository, "By somebody else", **OTHER)
    items, report = read(GIT, repository)
    assert not items and len(report.problems) == 1 and "--me" in report.problems[0]
    run(repository, "config", "user.email", "Ann@site.invalid")
    assert [item.text for item in read(GIT, repository)[0]] == ["Mine it is."]


CODE = "It broke here:\n\n    File x.py, line 2\n      raise\n\nso I mended it."
MESSAGES = [
    ("Mend it (#12)\n", "Mend it"),
    (
        "Mend it\n\nBecause.\n\nFixes: #3\nChange-Id: I123\nSigned-off-by: Ann <ann@site.invalid>\nCo-authored-by: Bob <b@site.invalid>\n",
        "Mend it\n\nBecause.",
    ),
    ("Mend it\n\nNote: this stays.\n", "Mend it\n\nNote: this stays."),
    ("Mend it\n\nOne.\n\nReviewed-by: Bob <b@site.invalid>\n\nTwo.\n", "Mend it\n\nOne.\n\nTwo."),
    ("Mend it\n\nCloses #4\n(cherry picked from commit 0123456789abcdef)\n", "Mend it"),
    (f"Mend it\n\n{CODE}\n", "Mend it\n\nIt broke here:\n\nso I mended it."),
    ("Mend it\n\n- one\n\n    more of one\n- two\n    goes on\n", "Mend it\n\n- one\n\n    more of one\n- two\n    goes on"),
    ("Mend it\n\n    * one point\n", "Mend it\n\n    * one point"),
    ("Mend it\n\n> as Bob said\n\nNo.\n\n```\ncode()\n```\n", "Mend it\n\nNo."),
    ('Revert "Mend it"\n\nThis reverts commit 0123456789abcdef.\n\nIt was wrong.\n', "It was wrong."),
    ('Revert "Mend it"\n\nThis reverts commit 0123456789abcdef, reversing\nchanges made to 0123456789abcdef.\n', None),
    ("Merge branch 'x' into main\n", None),
    ("Merge the two lists\n", "Merge the two lists"),
    ("fixup! Mend it\n", None),
    ("vault backup: 2024-01-02 10:00\n", None),
    ("Update README.md\n", None),
    ("Update README.md for readers\n", "Update README.md for readers"),
    ("1.2.3\n", None),
    ("\n\n", None),
]


@needs_git
def test_what_git_hosts_and_tools_wrote_is_cut(repository):
    for message, _ in MESSAGES:
        run(repository, "commit", "-q", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "-F", "-", given=message)
    items, report = read(GIT, repository, options("ann example"))
    assert [item.text for item in reversed(items)] == [text for _, text in MESSAGES if text]
    assert report.left_out == {"automatic messages": 5, "without words of their own": 2} and not report.problems


@needs_git
def test_merges_and_bots_are_left_out(repository):
    first = commit(repository, "The first.")
    tree = run(repository, "write-tree")
    side = run(repository, "commit-tree", tree, "-p", first, "-m", "By a bot", GIT_AUTHOR_NAME="helper[bot]")
    merge = run(repository, "commit-tree", tree, "-p", first, "-p", side, "-m", "I joined them by hand.")
    run(repository, "update-ref", "HEAD", merge)
    items, report = read(GIT, repository, options("ann@site.invalid"))
    assert [item.text for item in items] == ["The first."] and report.left_out == {"automatic messages": 2}


@needs_git
def test_bare_ones_worktrees_and_git_folders_are_known(repository, tmp_path):
    commit(repository, "The first.")
    run(repository, "clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    run(repository, "worktree", "add", "-q", "-b", "side", str(tmp_path / "tree"))
    for path, name in ((tmp_path / "bare.git", "bare"), (tmp_path / "tree", "tree"), (repository / ".git", "project.x")):
        assert GIT.recognises(path, b"")
        assert [(item.text, item.source) for item in read(GIT, path, options("ann example"))[0]] == [("The first.", name)]
    (tmp_path / "tree/.obsidian").mkdir()
    for path in (tmp_path / "tree", tmp_path / "home", repository / ".git/HEAD"):
        assert not GIT.recognises(path, b"")


@needs_git
def test_an_empty_repository_has_no_items_and_a_broken_one_a_problem(repository, tmp_path):
    assert read(GIT, repository, options("ann"))[1] == Report()
    commit(repository, "Not mine to read from inside.")
    (repository / "inner/.git").mkdir(parents=True)
    for path in (repository / "inner", tmp_path / "home"):
        items, report = read(GIT, path, options("ann example"))
        assert not items and len(report.problems) == 1 and "not a git repository" in report.problems[0]


@needs_git
@pytest.mark.skipif(os.name != "posix" or not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_what_git_does_not_trust_is_a_problem_that_says_what_to_do(repository):
    commit(repository, "In somebody else's folder.")
    os.chown(repository, 12345, 12345)
    items, report = read(GIT, repository, options("ann example"))
    assert not items and len(report.problems) == 1 and "safe.directory" in report.problems[0]


def raw(repository, tree: str, parent: str, zone: str, message: bytes) -> None:
    """A commit that no git of today would make."""
    of = f"tree {tree}\nparent {parent}\nauthor Ann <ann@site.invalid> 1700000000 {zone}\ncommitter C <c@x> 1700000000 +0000\n\n"
    made = ["git", "-C", repository, "hash-object", "-t", "commit", "-w", "--stdin", "--literally"]
    done = subprocess.run(made, input=of.encode() + message, check=True, capture_output=True)
    run(repository, "update-ref", "HEAD", done.stdout.decode().strip())


@needs_git
def test_a_time_zone_that_there_is_not_costs_the_date_alone(repository):
    commit(repository, "Good one.")
    raw(repository, run(repository, "write-tree"), run(repository, "rev-parse", "HEAD"), "+5130", b"Good two.")
    items, report = read(GIT, repository, options("ann@site.invalid"))
    assert [(item.text, item.date) for item in items] == [("Good two.", None), ("Good one.", "2024-01-02T03:04:05+01:00")]
    assert not report.problems


@needs_git
def test_a_message_that_is_not_utf8_is_named_and_the_others_kept(repository):
    commit(repository, "Good one.")
    tree, parent = run(repository, "write-tree"), run(repository, "rev-parse", "HEAD")
    raw(repository, tree, parent, "+0000", b"bad \xff")
    items, report = read(GIT, repository, options("ann@site.invalid"))
    assert [item.text for item in items] == ["Good one."]
    assert [problem.rsplit(":", 2)[1:] for problem in report.problems] == [[run(repository, "rev-parse", "HEAD"), " not UTF-8"]]


@pytest.fixture
def trap(repository, tmp_path):
    """A signed commit in a repository that would have a script run in every way that git knows; the file that the script makes."""
    sprung, script = tmp_path / "sprung", tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch '{sprung}'\n", "utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    commit(repository, "Mine.")
    raw = run(repository, "cat-file", "commit", "HEAD")
    head, _, body = raw.partition("\n\n")
    mark = "-" * 5
    signed = f"{head}\ngpgsig {mark}BEGIN PGP SIGNATURE{mark}\n \n x\n {mark}END PGP SIGNATURE{mark}\n\n{body}\n"
    run(repository, "update-ref", "HEAD", run(repository, "hash-object", "-t", "commit", "-w", "--stdin", given=signed))
    for name in ("gpg.program", "core.pager", "pager.log", "core.fsmonitor", "core.sshCommand", "diff.external", "core.editor"):
        run(repository, "config", name, str(script))
    for name in ("log.showSignature", "protocol.file.allow"):
        run(repository, "config", name, "always" if name.startswith("protocol") else "true")
    run(repository, "config", "alias.log", f"!{script}")
    run(repository, "config", "core.hooksPath", str(tmp_path))
    for hook in ("post-index-change", "reference-transaction", "post-checkout"):
        shutil.copy(script, tmp_path / hook)
    return sprung


@needs_git
@pytest.mark.skipif(os.name != "posix", reason="the trap is a shell script")
def test_nothing_that_a_repository_configures_is_run(repository, trap):
    trap.unlink(missing_ok=True)
    assert [item.text for item in read(GIT, repository, options("ann example"))[0]] == ["Mine."] and not trap.exists()
    run(repository, "log")
    assert trap.exists()


@needs_git
def test_nothing_is_fetched_and_no_mailmap_is_read(repository, tmp_path):
    commit(repository, "Mine.")
    run(repository, "clone", "-q", ".", str(tmp_path / "copy"))
    fetch = git_importer._command(tmp_path / "copy", "fetch", "origin")
    for allowed in ("user", "always"):
        run(tmp_path / "copy", "config", "protocol.file.allow", allowed)
        done = subprocess.run(fetch, env=git_importer._environment(tmp_path / "copy"), capture_output=True, check=False)
        assert done.returncode and b"not allowed" in done.stderr
    (repository / ".mailmap").write_text("Bob <bob@site.invalid> <ann@site.invalid>\n", "utf-8")
    assert not read(GIT, repository, options("bob"))[0] and read(GIT, repository, options("ann example"))[0]


def test_without_git_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    items, report = read(GIT, tmp_path, options("ann"))
    assert not items and len(report.problems) == 1 and "git is not installed" in report.problems[0]


@needs_git
def test_a_reader_that_stops_early_leaves_no_process(repository):
    for n in range(3):
        commit(repository, f"Message number {n}.")
    reading = GIT.read(repository, options("ann example"), Report())
    assert next(reading).text == "Message number 2."
    reading.close()
    if sys.platform == "linux":
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)


# --- LaMP ---


def lamp(tmp_path, value: object, me: Options | None = None):
    file = tmp_path / "dev_questions.json"
    file.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return read(LAMP, file, me)


PROFILES = [
    ({"id": "1", "title": "A paper", "abstract": "Mine."}, ("Mine.", "A paper", None, "paper")),
    ({"id": "2", "description": "Mine.", "tag": "sci-fi"}, ("Mine.", "sci-fi", None, "film")),
    ({"id": "3", "text": "Mine.", "title": "News", "category": "politics", "date": "2014-03-02"}, ("Mine.", "News", "2014-03-02", "post")),
    ({"id": "4", "text": "Mine.", "score": 5, "date": 2010}, ("Mine.", None, "2010", "review")),
    ({"id": "5", "text": "Mine.", "title": "", "date": "soon"}, ("Mine.", None, None, "post")),
    ({"id": "6", "text": "Mine.", "date": "2010-05"}, ("Mine.", None, "2010-05", "post")),
    ({"id": "7", "text": "Mine.", "date": 20100512}, ("Mine.", None, "2010-05-12", "post")),
    ({"id": "8", "text": "Mine.", "date": "2010-13"}, ("Mine.", None, None, "post")),
]


def test_profiles_of_every_task(tmp_path):
    items, report = lamp(tmp_path, [{"id": "11", "input": "A question?", "profile": [row for row, _ in PROFILES]}])
    assert [(item.text, item.title, item.date, item.kind) for item in items] == [wanted for _, wanted in PROFILES] and not report.problems
    assert items[0].origin == "11/1" and items[0].source == "dev_questions"


MANY = [{"id": n, "input": "?", "profile": [{"id": f"{n}-{i}", "text": f"Text {i} of {n}."} for i in range(3)]} for n in ("7", "8", "9")]


def test_of_many_users_the_chosen_ones(tmp_path):
    items, report = lamp(tmp_path, MANY, options("7", "9"))
    assert [item.text for item in items] == [f"Text {i} of {n}." for n in "79" for i in range(3)]
    assert report.left_out == {"written by others": 3} and not report.problems
    items, report = lamp(tmp_path, MANY)
    assert not items and len(report.problems) == 1 and "--me ID" in report.problems[0]
    items, report = lamp(tmp_path, MANY, options("77"))
    assert not items and len(report.problems) == 1 and "none of 3 has the id 77" in report.problems[0]


def test_bad_rows_of_a_profile_are_named_and_the_good_ones_kept(tmp_path):
    rows = [
        {"id": "a", "text": "Good one."},
        3,
        {"id": "b", "text": ["x"]},
        {"id": "c", "text": "half \ud800"},
        {"id": "d"},
        {"id": "e", "text": "Good two."},
    ]
    items, report = lamp(tmp_path, [{"id": 1, "input": "?", "profile": rows}])
    assert [item.text for item in items] == ["Good one.", "Good two."] and report.left_out == {"without words of their own": 1}
    assert [problem.split("question 1, item ")[1][:2] for problem in report.problems] == ["2:", "3:", "4:"]


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (b"", 0), (b"\n \n", 0), (b"\xef\xbb\xbf[]", 0), (b"[1, 2]", 2), (b"[", 1), (b"\xff", 1), (b'[{"id": "1", "profile": 5}]', 0), (b"{}", 0),
        (b"[" * 100_000, 1), (b'[{"a":' * 50_000, 1), (b"[{}] x", 1),
    ],
    ids=range(11),
)  # fmt: skip
def test_no_content_of_a_lamp_file_raises_or_takes_long(tmp_path, within, content, problems):
    with within(5):
        items, report = lamp(tmp_path, content)
    assert items == [] and len(report.problems) == problems


def test_what_is_taken_for_lamp(tmp_path):
    for head, known in (
        (b'[{"id": "1", "input": "x", "profile": [{"id": "2"}]}]', True),
        (b'\xef\xbb\xbf [\n {"id": 1, "input": "x", "profile": []}]', True),
        (b'{"id": "1", "input": "x", "profile": []}', False),
        (b'[{"id": "1", "mapping": {}, "text": "\\"input\\": \\"x\\", \\"profile\\": ["}]', False),
    ):
        assert LAMP.recognises(tmp_path / "x.json", head) is known
    assert not LAMP.recognises(tmp_path, b"")


# --- Obsidian ---

NOTES = [
    ("I met [[People/John Smith|John]] and [[Ann]].", "I met John and Ann."),
    ("See [[Garden#Spring plan]] or [[#Below]], or [a page](x.md).", "See Garden or Below, or a page."),
    ("![[photo.png|300]]", ""),
    ("Here ![[Other note#^abc]] it ends.", "Here  it ends."),
    ("#todo #home/garden", ""),
    ("- #todo", ""),
    ("It rained all day. #weather #diary", "It rained all day."),
    ("I learn #rust on Sundays, issue #12 and C# too.", "I learn rust on Sundays, issue #12 and C# too."),
    ("> [!note] A title\n> My own words.\n> More of them.", "My own words.\nMore of them."),
    ("> [!faq]- Fold\n> Outer.\n> > [!todo]\n> > Inner.", "Outer.\n\nInner."),
    ("> [!note]\n> Mine.\n> > somebody else's", "Mine."),
    ("> [!quote] Somebody\n> their words", ""),
    ("> [!note]\n> Mine.\n\n> their words", "Mine."),
    ("> [!tip]\n> ```js\n> code()\n> ```\n> Mine.", "Mine."),
    ("Seen %%not this%% here.", "Seen  here."),
    ("%%\nnot this\nnor this %%\n\nBut this.", "But this."),
    ("It is 100%% sure.\n\nAnd so on.", "It is 100%% sure.\n\nAnd so on."),
    ("```dataview\nTABLE x\n%% odd\n```\n\nAfter it.", "After it."),
    ("- [ ] Buy milk\n- [x] Call Ann\n1. [/] Half done", "- Buy milk\n- Call Ann\n1. Half done"),
    ("due:: 2024-01-02\n\nMine [status:: open] it is. ^block-1", "Mine  it is."),
    ("Write `[[ -f x ]] #tag %% y` so.", "Write `[[ -f x ]] #tag %% y` so."),
    ("A * b [ ] c and std::vec stay.", "A * b [ ] c and std::vec stay."),
    ("---\ntags:\n  - diary\n  - \"[[X]]\"\naliases: [one, two]\ndate: 2024-01-02\n---\nMine.", "Mine."),
]  # fmt: skip


RULED = [
    ("---\n\nI don't know.\n\nAnother one.\n", "I don't know.\n\nAnother one."),
    ("---\nI don't know.\n\n---\nThe second part.\n", "I don't know.\n\nThe second part."),
    ("---\nI say: it rains.\nIt rains.\n\n---\nThe second part.\n", "I say: it rains.\nIt rains.\n\nThe second part."),
    ("---\ntitle: x\nIt goes on: like this.\nAnd this.\n", "title: x\nIt goes on: like this.\nAnd this."),
    ("---\n---\nMine.", "Mine."),
    ("---", ""),
    ("---\n", ""),
]
FRONT = [
    "---\ntitle: X\ntags: [a]\n...\nMine.",
    "---\ntitle: X\n---\nMine.",
    "--- \ntitle: X\n--- \nMine.",
    '---\ndate created: 2024-01-02\n\n# a comment\n"title": x\ntitle: X\ntags:\n- a\n- b\nlist: [\n  c,\n]\nempty:\n---\nMine.',
    "---\n" + "".join(f"key{n}: {n}\n" for n in range(100)) + "title: X\n---\nMine.",
]


@pytest.mark.parametrize(("note", "own"), RULED)
def test_a_rule_above_prose_is_no_front_matter(tmp_path, note, own):
    (tmp_path / "note.md").write_text(note, "utf-8")
    items, report = read(MARKDOWN, tmp_path / "note.md")
    assert "\n\n".join(item.text for item in items) == own and not report.problems
    assert {item.title for item in items} <= {"note"}


@pytest.mark.parametrize("note", FRONT)
def test_front_matter_is_no_prose(tmp_path, note):
    (tmp_path / "note.md").write_text(note, "utf-8")
    items, _ = read(MARKDOWN, tmp_path / "note.md")
    assert [(item.text, item.title) for item in items] == [("Mine.", "X")]


@pytest.mark.parametrize(("note", "own"), NOTES)
def test_of_a_note_only_the_writer_s_own_words(tmp_path, note, own):
    (tmp_path / "note.md").write_text(note, "utf-8")
    items, report = read(MARKDOWN, tmp_path / "note.md")
    assert "\n\n".join(item.text for item in items) == own and not report.problems
    assert note[:3] != "---" or items[0].date == "2024-01-02"


def test_a_vault_is_read_without_its_hidden_folders(tmp_path):
    for name in ("A note.md", "deep/down/Another.md", ".obsidian/plugins/readme.md", ".trash/Old.md", "deep/.hidden/x.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"Words of [[{name[-12:-3]}]].", "utf-8")
    (tmp_path / ".git").mkdir()
    assert [item.title for item in read_paths([tmp_path], Report(), form="markdown")] == ["A note", "Another"]


@given(st.text(alphabet="[]|#!%>`~:- \n^x1=", max_size=60))
def test_no_note_raises(tmp_path_factory, text):
    file = tmp_path_factory.getbasetemp() / "any.md"
    file.write_text(text, "utf-8")
    assert all(item.text.strip() for item in read(MARKDOWN, file)[0])


@pytest.mark.parametrize("hard", ["[[", "![[a", "#a", "%%", "> ", "[a:: ", "- [ ] ", "`", "a-", "[[a|", "a ::"])
def test_no_note_takes_long(tmp_path, within, hard):
    (tmp_path / "note.md").write_text(hard * (30_000 // len(hard)), "utf-8")
    with within(5):
        read(MARKDOWN, tmp_path / "note.md")
