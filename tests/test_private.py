"""No six words in a row come out of the private history, unless the draft had them."""

import pytest

from rpo_edge.edits import align
from rpo_edge.records import Edit
from rpo_edge.segment import plain_words
from rpo_edge.steps.guard import guard
from rpo_edge.steps.private import PRIVATE_RUN, runs


def known(text):
    """Whether a run stands in a history of this one text."""
    return [*runs(plain_words(text))].__contains__


def test_words_of_the_history_stay_there():
    secret = "my sister lives beside the old mill"
    kept, verdict = guard("Hello there.", [Edit(11, 11, "", f" and {secret}", "test")], known(secret))
    assert not kept and "private history" in verdict.reverted[0].reason


@pytest.mark.parametrize(
    ("draft", "target", "told"),
    [
        ("They go.", "They go, and it is what we all want.", True),
        ("They go, and it's what we all want.", "They go. It is what we all want.", False),
        ("It is what we all want. They go.", "It's what we all want, and they go.", False),
        ("It is what we all want. They go.", "It is what we all want. They go, so it's what we all want.", False),
        ("They go, and it is what we all.", "They go, and it is what we all want.", True),
        ("They go and it. What we all want is here.", "They go and it is. What we all want is here.", True),
    ],
)
def test_what_the_draft_has_is_the_draft_s(draft, target, told):
    """Contracted or not; and what stands beside an edit counts with it."""
    _, verdict = guard(draft, align(draft, target), known("For them it is what we all want."))
    assert ["private history" in reverted.reason for reverted in verdict.reverted] == [True] * told


def test_a_run_is_six_words():
    words = plain_words("in this house we sing loud")
    assert len(words) == PRIVATE_RUN and runs(words) == {tuple(words)} and runs(words[1:]) == set()


def test_abbreviations_are_one_word_of_a_private_run():
    private = known("We grow, e.g. a red rose and nothing else")
    draft = "They cut for example a red rose."
    edit = Edit(9, 20, "for example", "e.g.", "t")
    assert guard(draft, [edit], private)[0] == [edit]
    more = "They grow for example a red rose and leave."
    edit = Edit(10, 21, "for example", "e.g.", "t")
    assert not guard(more, [edit], private)[0]


def test_a_text_of_the_users_inside_a_word_does_not_break_a_private_run():
    private = known("in this house we sing loud")
    draft = "It is cold."
    edits = align(draft, "It is cold in this house we sing loud.")
    assert not guard(draft, edits, private, allowed=("hi",))[0]
    assert guard(draft, edits, private, allowed=("in this house",))[0] == edits
