"""Exports of assistants: only what the user wrote, only the branch that is shown, one conversation in memory at a time."""

import io
import json
import tracemalloc
import zipfile
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge.importers import IMPORTERS, Options, Report
from rpo_edge.importers.chatgpt import CHATGPT
from rpo_edge.importers.claude import CLAUDE
from rpo_edge.importers.exports import date_of
from rpo_edge.importers.gemini import GEMINI
from rpo_edge.importers.stream import HALF, sound

ASSISTANTS = (CHATGPT, CLAUDE, GEMINI)
NAMES = {
    "chatgpt": "conversations.json",
    "claude": "data-2025/conversations.json",
    "gemini": "Takeout/My Activity/Gemini Apps/MyActivity.json",
}


@pytest.fixture(params=ASSISTANTS, ids=lambda importer: importer.name)
def importer(request):
    return request.param


def said(key, text, role="user", time=1714557600.25, **changes):
    """A node's message as OpenAI writes it."""
    return {
        "id": key,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": time,
        "update_time": None,
        "content": {"content_type": "text", "parts": [text]},
        "status": "finished_successfully",
        "end_turn": None,
        "weight": 1.0,
        "metadata": {},
        "recipient": "all",
        "channel": None,
    } | changes


def chat(nodes, current, title="A plan", time=1714550000.5, key="c1"):
    """nodes: id -> (parent, message)."""
    children = {node: [child for child, (parent, _) in nodes.items() if parent == node] for node in nodes}
    mapping = {
        node: {"id": node, "message": message, "parent": parent, "children": children[node]} for node, (parent, message) in nodes.items()
    }
    return {"title": title, "create_time": time, "update_time": time, "mapping": mapping, "current_node": current, "conversation_id": key}


def line(*messages, **changes):
    """A conversation without branches."""
    path = ["root", *(message["id"] for message in messages)]
    nodes = {"root": (None, None)} | {m["id"]: (parent, m) for m, (parent, _) in zip(messages, pairwise(path), strict=True)}
    return chat(nodes, path[-1], **changes)


def claude_message(key, text, sender="human", parent=None, **changes):
    own = {"uuid": key, "text": text, "content": [{"type": "text", "text": text, "citations": []}], "sender": sender}
    times = {"created_at": "2025-03-05T18:06:11.694633Z", "updated_at": "2025-03-05T18:06:11.694633Z"}
    tree = {"parent_message_uuid": parent} if parent else {}
    return own | times | {"attachments": [], "files": []} | tree | changes


def claude_chat(*messages, **changes):
    times = {"created_at": "2025-03-05T18:00:00.000000Z", "updated_at": "2025-03-05T18:10:00.000000Z"}
    return {"uuid": "k1", "name": "A plan", "summary": "", **times, "account": {"uuid": "a1"}, "chat_messages": list(messages)} | changes


def activity(title, **changes):
    return {
        "header": "Gemini Apps",
        "title": title,
        "time": "2025-05-17T12:34:56.789Z",
        "products": ["Gemini Apps"],
        "activityControls": ["Gemini Apps Activity"],
        "safeHtmlItem": [{"html": "<p>By somebody else.</p>"}],
    } | changes


TWO = ("First text of mine.", "Second one, with é.")


def sample(name, texts=TWO):
    """An export in which the user wrote `texts`, and somebody else the rest."""
    if name == "gemini":
        return [activity(f"Prompted {text}") for text in texts]
    if name == "claude":
        return [
            claude_chat(claude_message(f"m{n}", text), claude_message(f"a{n}", "By somebody.", "assistant")) for n, text in enumerate(texts)
        ]
    return [line(said(f"m{n}", text), said(f"a{n}", "By somebody.", "assistant"), key=f"c{n}") for n, text in enumerate(texts)]


def written(path: Path, content) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def zipped(path: Path, files: dict[str, object]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, bytes) else json.dumps(content))
    return path


def read(importer, path):
    report = Report()
    return list(importer.read(path, Options(), report)), report


def read_content(importer, folder, content):
    items, report = read(importer, written(folder / "file.json", content))
    return [item.text for item in items], report


# ---- all three


def test_the_users_words_alone_are_read(importer, tmp_path):
    items, report = read(importer, written(tmp_path / "file.json", sample(importer.name)))
    assert [item.text for item in items] == list(TWO) and not report.problems
    assert {(item.source, item.kind) for item in items} == {(importer.name, "chat")} and all(item.origin and item.date for item in items)


def test_each_recognises_its_own_and_nobody_else_does(importer, tmp_path):
    path = written(tmp_path / "export.json", sample(importer.name))
    for head in (path.read_bytes()[:65536], b"\xef\xbb\xbf\r\n" + json.dumps(sample(importer.name), indent=2).encode()):
        assert [one.name for one in (*ASSISTANTS, *IMPORTERS) if one.recognises(path, head)][:1] == [importer.name]
        assert not any(other.recognises(path, head) for other in ASSISTANTS if other is not importer)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"not JSON",
        b'[{"text": "A list of rows."}]',
        b'{"text": "First", "mapping": 1}\n',
        json.dumps({"text": json.dumps(sample("chatgpt") + sample("claude") + sample("gemini"))}).encode(),  # spoken of, inside a string
        json.dumps([json.dumps(sample("chatgpt") + sample("claude") + sample("gemini"))]).encode(),
        json.dumps([{"id": "x", "mapping": {"1": {"message": {"fragments": []}}}, "inserted_at": "2025-01-01"}]).encode(),  # DeepSeek
        json.dumps([activity("Searched for trains", header="Search", products=["Search"])]).encode(),
        b"PK\x03\x04 no zip at all",
    ],
)
def test_other_files_are_not_claimed(importer, tmp_path, content):
    assert not importer.recognises(written(tmp_path / "conversations.json", content), content[:65536])
    assert not importer.recognises(tmp_path, b"")


def test_lines_of_what_an_export_lists_are_no_export(importer, tmp_path):
    content = "\n".join(json.dumps(row) for row in sample(importer.name)).encode()
    assert not importer.recognises(written(tmp_path / "rows.jsonl", content), content)


def test_zips_are_recognised_and_read(importer, tmp_path):
    one, two = sample(importer.name)
    name = NAMES[importer.name]
    other = name.replace(".json", "-001.json")
    files = {name: [one], other: [two], f"__MACOSX/._{Path(name).name}": b"junk", "user.json": {"id": "u"}, "chat.html": b"<html>"}
    path = zipped(tmp_path / "export.zip", files)
    assert [each.name for each in ASSISTANTS if each.recognises(path, path.read_bytes()[:65536])] == [importer.name]
    told = []
    report = Report(progress=told.append)
    assert sorted(item.text for item in importer.read(path, Options(), report)) == sorted(TWO) and not report.problems
    assert 0 < sum(told) <= path.stat().st_size


def test_a_cut_file_keeps_what_stands_before(importer, tmp_path):
    whole = json.dumps(sample(importer.name)).encode()
    path = written(tmp_path / "file.json", whole[:-40])
    items, report = read(importer, path)
    assert [item.text for item in items] == [TWO[0]]
    assert len(report.problems) == 1 and report.problems[0].startswith(f"{path}:item 2: cut off")


def test_a_cut_file_in_a_zip_is_named(importer, tmp_path):
    name = NAMES[importer.name]
    path = zipped(tmp_path / "export.zip", {name: json.dumps(sample(importer.name)).encode()[:-40]})
    items, report = read(importer, path)
    assert [item.text for item in items] == [TWO[0]] and report.problems[0].startswith(f"{path}:{name}, item 2: cut off")


@pytest.mark.parametrize("content", [b"not JSON", b'{"a": [1]}', b"\xff\xfe[\x00", b'"[]"', b'[{"a": 1]', b"[1, 2", b"PK\x03\x04rest"])
def test_what_is_no_export_is_a_problem(importer, tmp_path, content):
    texts, report = read_content(importer, tmp_path, content)
    assert not texts and (len(report.problems) == 1 or content.startswith(b"["))
    assert report.problems and all(f"{tmp_path / 'file.json'}:item " in problem for problem in report.problems)


def test_an_empty_list_or_file_is_none(importer, tmp_path):
    for content in (b"[]", b"", b" \r\n", b"\xef\xbb\xbf[ ]\n"):
        texts, report = read_content(importer, tmp_path, content)
        assert not texts and not report.problems and not report.left_out


def test_a_zip_without_an_export_is_a_problem(importer, tmp_path):
    path = zipped(tmp_path / "a.zip", {"user.json": {}})
    items, report = read(importer, path)
    assert not items and report.problems == [f"{path}:0: no such export in this zip"]
    assert not importer.recognises(path, path.read_bytes())


def test_a_damaged_zip_is_a_problem(importer, tmp_path):
    name = NAMES[importer.name]
    path = zipped(tmp_path / "a.zip", {name: sample(importer.name, [f"Text {n}." for n in range(3000)])})
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 50] = bytes(50)
    items, report = read(importer, written(path, bytes(data)))
    assert 0 < len(items) < 3000 and len(report.problems) == 1 and f"{path}:{name}, item " in report.problems[0]
    assert not importer.recognises(written(path, bytes(data[:5000])), bytes(data[:5000]))
    assert read(importer, path)[1].problems


def test_what_markdown_marks_as_pasted_is_cut(importer, tmp_path):
    text = "Why does this fail?\r\n\r\n```python\nprint('code')\n```\n\n> said by a colleague\n\n| a | b |\n\nThanks **so** much."
    texts, report = read_content(importer, tmp_path, sample(importer.name, [text, "```\nonly code\n```", " \n"]))
    assert texts == ["Why does this fail?\n\nThanks **so** much."] and report.left_out["without words of their own"] == 2


def test_long_messages_become_several_items_of_one_origin(importer, tmp_path):
    long = "\n\n".join(f"Paragraph {n} " + "has words. " * 30 for n in range(20))
    items, _ = read(importer, written(tmp_path / "file.json", sample(importer.name, [long])))
    assert len(items) > 3 and len({item.origin for item in items}) == 1 and "\n\n".join(item.text for item in items) == long


def test_half_a_surrogate_pair_is_a_bad_item_alone(importer, tmp_path):
    texts, report = read_content(importer, tmp_path, sample(importer.name, ["Good 😀.", "Bad \ud800A.", "Bad \udc00.", "It's \\ud800."]))
    assert texts == ["Good 😀.", "It's \\ud800."]
    assert len(report.problems) == 2 and all("surrogate" in problem for problem in report.problems) and ":item 3: " in report.problems[1]


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [None], {"id": None}, [[]], True])
def test_fields_of_other_types_raise_nothing(importer, tmp_path, value):
    def spoilt(node):
        """The same tree many times over, with one value replaced each time."""
        yield value
        for key, below in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
            for changed in spoilt(below):
                yield {**node, key: changed} if isinstance(node, dict) else [*node[:key], changed, *node[key + 1 :]]

    (good, _) = sample(importer.name)
    texts, report = read_content(importer, tmp_path, [*spoilt(good), good])
    assert texts[-1] == TWO[0] and set(texts) <= {TWO[0], "x", "By somebody."} and all(":item " in problem for problem in report.problems)


def test_memory_does_not_grow_with_the_file(importer, tmp_path):
    text = json.dumps(sample(importer.name))[1:-1].replace("By somebody", "By somebody" + ", who has much to say" * 5000).encode()
    copies = 30_000_000 // len(text)
    path = tmp_path / "big.json"
    with path.open("wb") as file:
        file.write(b"[" + text)
        for _ in range(copies - 1):
            file.write(b"," + text)
        file.write(b"]")
    tracemalloc.start()
    try:
        assert sum(1 for _ in importer.read(path, Options(), Report())) == 2 * copies
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


# ---- the bytes below


class Drops(io.BytesIO):
    """A file that gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self.size = size

    def read(self, size=-1):
        return super().read(self.size)


UNITS = st.lists(st.sampled_from(["\ud83d", "\ude00", "\\", "u", "d", "8", "00", '"', "\n", "é", "a"]), max_size=12)


@given(UNITS, st.integers(1, 40), st.sampled_from([b"", b"\xef\xbb\xbf", b"\n \r\n"]), st.booleans())
def test_halves_are_marked_however_the_file_is_cut(units, size, before, upper):
    data = json.dumps(["".join(units)])
    if upper:
        data = data.replace("\\ud83d", "\\uD83D").replace("\\ude00", "\\uDE00")
    chunks = list(sound(Drops(before + data.encode(), max(size, 3))))
    expected = ["".join(HALF if "\ud800" <= c <= "\udfff" else c for c in text) for text in json.loads(data)]
    assert all(chunks) and json.loads(b"".join(chunks)) == expected


@pytest.mark.parametrize(
    ("value", "date"),
    [
        (1714557600.25, "2024-05-01T10:00:00+00:00"),
        (1714557600, "2024-05-01T10:00:00+00:00"),
        ("2025-03-05T18:06:11.694633+02:00", "2025-03-05T16:06:11+00:00"),
        ("2025-05-17T12:34:56.789Z", "2025-05-17T12:34:56+00:00"),
        ("2025-05-17", "2025-05-17T00:00:00"),
        *((value, None) for value in (None, 0, -5, 1e300, float("nan"), Decimal("1e999"), 10**30, True, "soon", "", [], {})),
    ],
)
def test_dates(value, date):
    assert date_of(value) == date


# ---- ChatGPT


def test_the_branch_that_is_shown_counts_alone(tmp_path):
    edited = {
        "client-created-root": (None, None),
        "s": ("client-created-root", said("s", "", "system", None, metadata={"is_visually_hidden_from_conversation": True})),
        "u1": ("s", said("u1", "Tell me about cats.")),
        "u2": ("s", said("u2", "Tell me about dogs.")),  # u1, edited
        "a1": ("u1", said("a1", "Cats.", "assistant")),
        "a2": ("u2", said("a2", "Dogs.", "assistant")),
        "a3": ("u2", said("a3", "Dogs, again.", "assistant")),  # a2, regenerated
        "u3": ("a2", said("u3", "Shorter, please.")),
        "u4": ("a3", said("u4", "Longer, please.")),
        "t": ("u4", said("t", "result", "tool")),
        "a4": ("t", said("a4", "Dogs, dogs.", "assistant")),
    }
    items, report = read(CHATGPT, written(tmp_path / "conversations.json", [chat(edited, "a4", "Dogs 🐶")]))
    assert [(item.text, item.origin, item.title) for item in items] == [
        ("Tell me about dogs.", "c1/u2", "Dogs 🐶"),
        ("Longer, please.", "c1/u4", "Dogs 🐶"),
    ]
    assert not report.problems
    assert report.left_out == {"on branches that are not shown": 2, "written by others": 3, "automatic messages": 1}


def test_what_the_user_did_not_type_is_left_out(tmp_path):
    image = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"}
    heard = {"content_type": "audio_transcription", "text": "Spoken.", "direction": "in"}
    messages = [
        said("u0", "", content={"content_type": "user_editable_context", "user_profile": "I am X.", "user_instructions": "Be short."}),
        said("u1", "Hidden.", metadata={"is_visually_hidden_from_conversation": True}),
        said("u2", "", content={"content_type": "multimodal_text", "parts": [image, "What is this?", {"text": "no"}]}),
        said("u3", "", content={"content_type": "multimodal_text", "parts": [heard]}),
        said("u4", "", content={"content_type": "code", "language": "python", "text": "print()", "parts": ["print()"]}),
        said("u5", "", content=None),
    ]
    texts, report = read_content(CHATGPT, tmp_path, [line(*messages)])
    assert texts == ["What is this?"] and report.left_out == {"automatic messages": 2, "without words of their own": 3}


def test_a_message_without_a_date_has_its_conversations(tmp_path):
    items, _ = read(
        CHATGPT,
        written(tmp_path / "c.json", [line(said("u1", "A.", time=None), said("u2", "B.")), line(said("u3", "C.", time=None), time=None)]),
    )
    assert [item.date for item in items] == ["2024-05-01T07:53:20+00:00", "2024-05-01T10:00:00+00:00", None]


@pytest.mark.parametrize("number", ["1e999", "-1.5e400", "123456789012345678901234567890"])
def test_numbers_of_any_size_end_nothing(tmp_path, number):
    content = json.dumps([line(said("u1", "A.", time=-77), time=-77), line(said("u2", "B."))]).replace("-77", number).encode()
    items, report = read(CHATGPT, written(tmp_path / "c.json", content))
    assert [(item.text, item.date) for item in items] == [("A.", None), ("B.", "2024-05-01T10:00:00+00:00")] and not report.problems


@pytest.mark.parametrize(
    ("current", "texts", "problem"),
    [
        (None, [], "no current_node"),
        ("gone", [], "leads to 'gone'"),
        ("u2", ["Circle.", "Mine."], "in a circle to 'u2'"),
        ("u4", ["Late."], "leads to 'lost'"),
    ],
)
def test_broken_trees_are_named_and_what_hangs_together_is_kept(tmp_path, current, texts, problem):
    nodes = {"u1": ("u2", said("u1", "Circle.")), "u2": ("u1", said("u2", "Mine.")), "u4": ("lost", said("u4", "Late."))}
    found, report = read_content(CHATGPT, tmp_path, [chat(nodes, current), line(said("m", "Good one."))])
    assert (
        found == [*texts, "Good one."] and len(report.problems) == 1 and problem in report.problems[0] and ":item 1: " in report.problems[0]
    )


def test_a_conversation_without_messages_is_no_problem(tmp_path):
    texts, report = read_content(CHATGPT, tmp_path, [chat({}, None)])
    assert not texts and not report.problems


def test_half_a_pair_in_a_title_loses_the_half_alone(tmp_path):
    items, report = read(CHATGPT, written(tmp_path / "c.json", [line(said("u1", "Good."), title="Cut \ud83d")]))
    assert [(item.text, item.title) for item in items] == [("Good.", "Cut")] and not report.problems


# ---- Claude


def test_newer_exports_have_branches_too(tmp_path):
    root = "00000000-0000-4000-8000-000000000000"
    messages = [
        claude_message("u1", "Cats?", parent=root, created_at="2025-01-01T10:00:00Z"),
        claude_message("a1", "Cats.", "assistant", "u1", created_at="2025-01-01T10:00:05Z"),
        claude_message("u2", "Dogs?", parent=root, created_at="2025-01-01T10:01:00Z"),
        claude_message("a2", "Dogs.", "assistant", "u2", created_at="2025-01-01T10:01:05Z"),
    ]
    texts, report = read_content(CLAUDE, tmp_path, [claude_chat(*messages)])
    assert texts == ["Dogs?"] and report.left_out == {"on branches that are not shown": 1, "written by others": 2}
    texts, _ = read_content(CLAUDE, tmp_path, [claude_chat(*messages, current_leaf_message_uuid="a1")])
    assert texts == ["Cats?"]
    circle = [claude_message("u1", "One.", parent="u2"), claude_message("u2", "Two.", parent="u1")]
    assert read_content(CLAUDE, tmp_path, [claude_chat(*circle)])[0] == ["One.", "Two."]


def test_text_comes_from_blocks_or_from_the_older_field(tmp_path):
    blocks = [{"type": "text", "text": "Part one."}, {"type": "tool_result", "content": "no"}, {"type": "text", "text": "Part two."}]
    messages = [
        claude_message("u1", "", content=blocks),
        claude_message("u2", "Old one.", content=[]),
        claude_message("u3", "", attachments=[{"file_name": "paste.txt", "extracted_content": "Pasted words."}]),
        {"uuid": "u4", "text": "Oldest.", "sender": "human"},
    ]
    items, report = read(CLAUDE, written(tmp_path / "conversations.json", [claude_chat(*messages)]))
    assert [item.text for item in items] == ["Part one.\n\nPart two.", "Old one.", "Oldest."]
    assert [item.origin for item in items] == ["k1/u1", "k1/u2", "k1/u4"] and {item.title for item in items} == {"A plan"}
    assert items[-1].date == "2025-03-05T18:00:00+00:00" and report.left_out == {"without words of their own": 1}


# ---- Gemini


def test_prompts_are_told_from_other_activity(tmp_path):
    entries = [
        activity("Prompted\u00a0make it shorter.\nAnd kinder."),
        activity("Prompted what is this? Attached 2 files.", attachedFiles=["a.png", "b.png"]),
        activity("Eingegebener Prompt: Guten Tag.", header="Gemini-Apps", products=["Gemini-Apps"]),
        activity("送信したメッセージ: こんにちは。", header="Gemini アプリ", products=["Gemini アプリ"]),
        activity("Prompted by the old name.", header="Bard", products=["Bard"]),
        activity("Created Gemini Canvas titled Prompted"),
        activity("Used an Assistant feature"),
        activity("Promptedly"),
        activity("Requête inconnue : bonjour", header="Applications Gemini"),
        activity("Searched for dogs", header="Search", products=["Search"]),
        activity("Prompted "),
        activity(None),
    ]
    items, report = read(GEMINI, written(tmp_path / "MyActivity.json", entries))
    assert [item.text for item in items] == [
        "make it shorter.\nAnd kinder.",
        "what is this?",
        "Guten Tag.",
        "こんにちは。",
        "by the old name.",
    ]
    assert {(item.date, item.origin, item.title) for item in items} == {("2025-05-17T12:34:56+00:00", "2025-05-17T12:34:56.789Z", None)}
    assert not report.problems
    assert report.left_out == {"activity that is not known to be a prompt": 5, "activity elsewhere": 1, "without words of their own": 1}


def test_pages_are_refused_with_advice(tmp_path):
    name = "Takeout/My Activity/Gemini Apps/MyActivity.html"
    page = written(tmp_path / name, b"<html>Prompted by me</html>")
    archive = zipped(tmp_path / "takeout-001.zip", {name: b"<html>", "Takeout/archive_browser.html": b"<html>"})
    for path in (page, archive):
        assert GEMINI.recognises(path, path.read_bytes())
        items, report = read(GEMINI, path)
        assert not items and len(report.problems) == 1 and name in report.problems[0] and "JSON" in report.problems[0]
    other = written(tmp_path / "Takeout/Gemini/gemini_gems_data.html", b"<html>")
    assert not GEMINI.recognises(other, b"<html>")


def test_nesting_without_end_is_a_problem_and_costs_little(tmp_path):
    file = written(tmp_path / "c.json", b"[" * 50_000)
    tracemalloc.start()
    items, report = read(CHATGPT, file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not items and "nested more than 100 deep" in report.problems[0] and peak < 5e6
