"""A model's reasoning in the text of its answer: frozen as a whole, passed while it comes, and the draft begins behind it."""

import pytest
from test_fences import Passing

from rpo_edge import History, Personalizer
from rpo_edge.edits import apply
from rpo_edge.segment import answer_start
from rpo_edge.serve.parts import Part, is_prose
from rpo_edge.steps.cut import Cutter
from rpo_edge.steps.freeze import freeze

THOUGHT = "<think>\nI do not know. Let us see:\n\nIt is not so. Dear Bob,\n</think>"
DRAFT = "Certainly! Here is what I would do. It is not clear whether this works for you, and we do not know.\n\nI hope this helps!"
LETTER = "Dear Bob,\n\nIt is not clear whether this works for you, and I do not know who has the key of it.\n\nBest regards,\nAnn"


def pieces(text: str, size: int) -> list[tuple[str, bool]]:
    cutter = Cutter()
    come = [piece for start in range(0, len(text), size) for piece in cutter.feed(text[start : start + size])]
    return [(piece.text, piece.prose) for piece in (*come, *cutter.finish())]


def prose(text: str, size: int) -> list[str]:
    return [piece for piece, is_prose in pieces(text, size) if is_prose]


@pytest.mark.parametrize(
    ("text", "frozen"),
    [
        (f"{THOUGHT}\n\nIt is so.", THOUGHT),
        ("<thinking>It is < not.</thinking> It is so.", "<thinking>It is < not.</thinking>"),
        ("It is so.\n<reasoning>\nIt is.\n</think>\nnot\n</reasoning>\nIt is.", "<reasoning>\nIt is.\n</think>\nnot\n</reasoning>"),
        ("It is so.\n\n<think>\nIt is.\n\nNot closed.", "<think>\nIt is.\n\nNot closed."),
        ("<think>\n```\nIt is.\n</think>\nIt is so.", "<think>\n```\nIt is.\n</think>"),
        ("It is so. <think>It is. Not.</think> It is so.", "<think>It is. Not.</think>"),
        ("```\n<think>\nit is\n```\nIt is so.", "```\n<think>\nit is\n```"),
    ],
)
def test_it_is_frozen_as_a_whole_and_no_more(text, frozen):
    assert [text[start:end].strip() for start, end, _ in freeze(text)] == [frozen]
    for size in (1, 3, len(text)):
        said = "".join(prose(text, size))
        assert "It is so." in said and said.replace(frozen, "").count("It is") == text.replace(frozen, "").count("It is")


@pytest.mark.parametrize(
    "text",
    [
        "It puts all of that into <think> tags. It is so.",
        "It is `<think>` that begins it. It is so.",
        "<thinker> It is so.",
        "<think It is so.",
        "</think> It is so.",
        "<Thinkpad> It is so.",
        "- <think> It is so.",
    ],
)
def test_what_only_names_a_tag_opens_nothing(text):
    assert not any("It is so" in text[start:end] for start, end, _ in freeze(text))
    assert any("It is so" in piece for size in (1, len(text)) for piece in prose(text, size))
    assert answer_start(text) == 0


def test_it_passes_as_it_comes():
    cutter = Cutter()
    assert [piece.text for letter in THOUGHT[:7] for piece in cutter.feed(letter)] == ["<think>"]
    assert [piece.text for letter in THOUGHT[7:] for piece in cutter.feed(letter)] == list(THOUGHT[7:])
    assert [piece.text for letter in "\n\nIt is. N" for piece in cutter.feed(letter)] == ["\n\n", "It is."]


AHEAD = [
    f"{THOUGHT}\n\n",
    f"\n {THOUGHT}\n",
    f"{THOUGHT} ",
    THOUGHT,
    "<think>\n\n</think>\n\n",
    f"<thinking>Hm.</thinking>\n{THOUGHT}\n\n",
    "<reasoning>It is not\n\n```\nx</reasoning>\n\n",
    f"{THOUGHT}\n\n".replace("\n", "\r\n"),
]


@pytest.fixture(scope="module")
def personalizer(tmp_path_factory):
    with History.open(tmp_path_factory.mktemp("reasoning") / "h.db") as history:
        for n in range(12):
            history.add(f"Hi Jo,\n\nI don't know about number {n}, and it's not what we'd want. It isn't here.\n\nCheers,\nTom")
        yield Personalizer(history, "rules")


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("draft", [DRAFT, LETTER])
@pytest.mark.parametrize("windows", ["paragraphs", "sentences"])
def test_a_draft_is_rewritten_behind_it_as_without_it(personalizer, ahead, draft, windows):
    alone, behind = (personalizer.rewrite(text, windows=windows) for text in (draft, ahead + draft))
    assert alone.changed and alone.text[:4] not in (draft[:4], "Dear")
    assert behind.text == ahead + alone.text == apply(ahead + draft, behind.edits) and answer_start(ahead + draft) == len(ahead)
    assert windows == "paragraphs" or "".join(personalizer.stream(ahead + draft)) == behind.text


@pytest.mark.parametrize("windows", ["paragraphs", "sentences"])
def test_within_a_draft_it_stays_and_what_is_around_it_does_not(personalizer, windows):
    first, last = DRAFT.split("\n\n")
    text = personalizer.rewrite(f"{first}\n\n{THOUGHT}\n\nWe do not know, and it is not here.\n\n{last}", windows=windows).text
    assert f"\n\n{THOUGHT}\n\n" in text and not text.startswith("Certainly") and "do not" not in text.replace(THOUGHT, "")


@pytest.mark.parametrize("windows", ["paragraphs", "sentences"])
@pytest.mark.parametrize("open_", ["<think>\nIt is not so. We do not know.\n\nIt is", f"{THOUGHT}\n\n", f"{THOUGHT}\n\n<think>It is not"])
def test_reasoning_alone_stays(personalizer, windows, open_):
    assert personalizer.rewrite(open_, windows=windows).text == open_


@pytest.mark.parametrize("hard", ["<think>", "</think>", "<think></think>", "<think>\n", "<think></think>\n", "\n <think", "<"])
def test_no_tags_take_long(hard, within):
    text = hard * (60_000 // len(hard))
    with within(20):
        freeze(text)
        answer_start(text)
        pieces(text, 1)
        pieces(text, len(text))


@pytest.mark.parametrize(("text", "works"), [('{"a": "It is"}', False), ("It is so.", True), ('<b>{"a": 1}</b>', True)])
@pytest.mark.parametrize("ahead", ["", f"{THOUGHT}\n\n", "\n<think>\n</think>", f"{THOUGHT}\n{THOUGHT}"])
@pytest.mark.parametrize("size", [1, 4, 1000])
def test_json_behind_it_is_no_prose(text, works, ahead, size):
    given, came = ahead + text, []

    class Noting(Passing):
        def feed(self, text):
            came.append(text)
            return text

    part = Part(Noting)
    out = [part.feed(given[start : start + size], False) for start in range(0, len(given), size)]
    assert "".join(out) == given and is_prose(given) is works
    assert (text[1:3] in "".join(came)) is works


def test_after_it_was_late_work_begins_behind_it():
    begun = []
    part = Part(lambda: begun.append(1) or Passing())
    part.feed("<think>It is late.\n", True)
    part.feed("It is so.\n\nAnd on.", False)
    assert not begun
    part.feed("</think>\n\nIt is so.", False)
    assert begun
