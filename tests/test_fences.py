"""What opens a block of code, for all who read it: CommonMark allows no backtick behind a fence of backticks on its line."""

import pytest

from rpo_edge.features.case import _lower_start
from rpo_edge.importers.git import _text
from rpo_edge.importers.markdown import prose
from rpo_edge.segment import FENCE
from rpo_edge.serve.parts import Part
from rpo_edge.steps.cut import Cutter
from rpo_edge.steps.freeze import freeze

AFTER = "It is not the end. You do not have to stop."

INLINE = [  # a line with code inside, and the code
    ("```pip install x``` is what you do not need. It is so.", "```pip install x```"),
    ("```pip install x```", "```pip install x```"),
    ("```a `b` c``` is what you need.", "```a `b` c```"),
    ("````a```b```` is what you need.", "````a```b````"),
    ("  ```x``` is what you need.", "```x```"),
    ("```x. It is``` one.", "```x. It is```"),
]
FENCED = ["```", "```py", "``` py title=x", "````", "~~~", "~~~ py `x`", "  ```", "~~~```x```"]


@pytest.mark.parametrize(("line", "code"), INLINE)
def test_a_line_with_code_inside_opens_nothing(line, code):
    assert not FENCE.match(line.strip())
    text = f"Run it first.\n\n{line}\n\n{AFTER}\n"
    assert [text[start:end] for start, end, _ in freeze(text)] == [code]
    assert list(prose(text.split("\n"))) == ["Run it first.", line, AFTER]
    assert _text(text) == f"Run it first.\n\n{line}\n\n{AFTER}"


@pytest.mark.parametrize("line", FENCED)
def test_a_fence_is_one_with_words_behind_it_too(line):
    assert FENCE.match(line.strip())
    closing = line.strip()[0] * (4 if "````" in line else 3)
    block = f"{line}\nit is not prose\n{closing}"
    text = f"Run it first.\n\n{block}\n\n{AFTER}\n"
    assert [text[start:end] for start, end, _ in freeze(text)] == [block]
    assert list(prose(text.split("\n"))) == ["Run it first.", AFTER] and _text(text) == f"Run it first.\n\n{AFTER}"


@pytest.mark.parametrize("text", ["```a`", "`" * 9 + "x`", "```x``", "``` `", "```a `b"])
def test_a_backtick_behind_it_makes_it_none_whatever_closes(text):
    assert (
        not FENCE.match(text)
        and not FENCE.match(f"{text}\n```")
        and not any("So" in text for text in cut(f"{text}. So it is.\n", 1, False))
    )


@pytest.mark.parametrize("text", ["", "`", "``", "~~", "`~`", "``\n`", "~ ~ ~"])
def test_less_than_three_are_none(text):
    assert not FENCE.match(text)


def cut(text: str, size: int, is_prose: bool) -> list[str]:
    cutter = Cutter()
    chunks = [text[start : start + size] for start in range(0, len(text), size)]
    return [
        piece.text for piece in (*(piece for chunk in chunks for piece in cutter.feed(chunk)), *cutter.finish()) if piece.prose is is_prose
    ]


@pytest.mark.parametrize("mark", ["", "- ", "1. "])
@pytest.mark.parametrize("line", [line for line, _ in INLINE] + FENCED + ["```" + "x" * 300, "```", "```x"])
def test_where_a_chunk_ends_decides_nothing(line, mark):
    for text in (f"Run it first.\n\n{mark}{line}\n\n{AFTER}\n", f"{mark}{line}\n{AFTER}", f"It is so.\n{mark}{line}"):
        whole = cut(text, len(text), True)
        assert all(cut(text, size, True) == whole for size in range(1, 24))
        assert ("not the end" in "".join(whole)) is (AFTER in text and not FENCE.match(line.strip()))


def test_a_block_s_first_line_waits_for_its_end_and_what_follows_does_not():
    cutter = Cutter()
    assert list(cutter.feed("It is so.\n\n```py")) == []
    assert "".join(piece.text for piece in cutter.feed("\n")) == "It is so.\n\n```py\n"
    assert [piece.text for letter in "it is" for piece in cutter.feed(letter)] == list("it is")


def test_a_line_with_code_inside_is_let_go_by_its_second_run_of_backticks():
    cutter = Cutter()
    assert list(cutter.feed("It is so.\n\n```ls. It is")) == []
    assert [piece.text for piece in cutter.feed("`")] == ["It is so."]
    assert [piece.text for piece in cutter.feed("`` one. I")] == ["\n\n```ls. It is``` one."]


@pytest.mark.parametrize("hard", ["```a` ", "```a\n", "```a`\n", "`" * 500 + "x", "`", "```x``y", "```", "~~~`"])
def test_no_line_takes_long(hard, within):
    text = hard * (60_000 // len(hard))
    with within(20):
        freeze(text)
        freeze(f"{text}x`")
        cut(text, 1, True)


def test_words_in_code_are_no_words_of_the_prose_but_those_behind_it_are():
    """A word in small letters elsewhere in the prose is no name."""
    for code, sites in (("```x``` is the zebras of it.", True), ("```\nthe zebras\n```", False)):
        text = f"Zebras are here.\n\n{code}\n"
        assert any(text[site.start : site.end] == "Z" for site in _lower_start(text)) is sites


class Passing:
    """A stream that lets everything go."""

    result = None

    def feed(self, text):
        return text

    def finish(self):
        return ""


@pytest.mark.parametrize(("line", "begins"), [("```x``` is one.", True), ("```x", False)])
def test_after_it_was_late_work_begins_at_a_paragraph_outside_of_code_alone(line, begins):
    begun = []
    part = Part(lambda: begun.append(1) or Passing())
    part.feed(f"It is late.\n{line}\n", True)
    part.feed("It is so.\n\nAnd on.", False)
    assert bool(begun) is begins
