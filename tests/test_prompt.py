"""Prompt and completion of a trajectory: what is rendered is parsed back, and nobody's text can pretend to be structure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge.prompt import (
    ALONE,
    AROUND,
    BEGIN,
    CONTEXT,
    DRAFT,
    END,
    HISTORY,
    ITEM,
    REFLECT,
    REWRITE,
    SPECIAL_TOKENS,
    Around,
    beginning,
    complete,
    ending,
    fitted,
    front,
    parse,
    render,
)
from rpo_edge.records import Habit, HistoryItem, Observation, StyleProfile
from rpo_edge.steps.observe import observe

TALKER = StyleProfile({"contraction:it is": Habit("contraction:it is", {"contracted": 17, "expanded": 3})})
TEXTS = st.text() | st.lists(st.sampled_from([*SPECIAL_TOKENS, "It is fine.", "\n", "\\", "<|", " | "])).map("".join)


def test_an_observation_says_what_the_draft_has_what_the_user_does_and_what_changed():
    found = observe("It is late, and we do not know. It is fine!", "It's late, and we don't know. It is fine.", TALKER)
    assert found == (
        Observation("contraction", "expanded 3", "contracted 85%, expanded 15%", "expanded 2 > contracted 2"),
        Observation("exclamation", "! 1, . 1", "", "! 1 > . 1"),
    )


def test_what_is_the_same_is_not_observed():
    assert observe("It is late.", "It is late.", TALKER) == ()


def test_a_stated_preference_is_the_users_rate():
    stated = StyleProfile(TALKER.habits, {"contractions": "never"})
    assert observe("It's late.", "It is late.", stated)[0].user == "expanded 100%"


def test_the_prompt_ends_where_the_model_begins_and_the_best_item_is_next_to_the_draft():
    items = [HistoryItem("the best"), HistoryItem("x" * (ITEM + 9)), HistoryItem("the worst")]
    prompt = render("It is late.", TALKER, items, "When?")
    assert prompt.startswith(f"{BEGIN}contraction: contracted 85%, expanded 15%{HISTORY}the worst{HISTORY}xxx")
    assert prompt.endswith(f"{HISTORY}the best<|query|>When?{DRAFT}It is late.{REFLECT}") and "x" * (ITEM + 1) not in prompt


def test_what_stands_around_is_on_either_side_of_the_draft():
    prompt = render("It is late.", TALKER, [HistoryItem("the best")], "When?", Around("Before.\n\n", "After."))
    assert prompt.endswith(f"{HISTORY}the best<|query|>When?{CONTEXT}Before.{DRAFT}It is late.{CONTEXT}After.{REFLECT}")
    for around in (ALONE, Around(" \n", "\n\n")):
        assert CONTEXT not in render("It is late.", TALKER, around=around)


def test_of_what_stands_around_the_nearest_sentences_are_shown():
    sentences = [f"Sentence {i} is about as long as the others are, {'very ' * (i % 3)}long." for i in range(9)]
    text = "\n\n".join(sentences)
    for found, expected in ((ending(text), text[text.index("Sentence 5") :]), (beginning(text), text[: text.index("Sentence 4")].rstrip())):
        assert found == expected and AROUND / 2 <= len(found) <= AROUND
    long = " ".join(["word"] * 99)
    assert ending(f"Short. {long}") == beginning(f"{long} short.") == " ".join(["word"] * (AROUND // 5))
    assert len(ending("x" * 999)) == len(beginning("x" * 999)) == AROUND


@given(TEXTS.map(lambda text: text * 9), st.integers(1, 40))
def test_what_is_shown_is_the_end_or_the_beginning_in_whole_words(text, most):
    last, first = ending(text, most), beginning(text, most)
    stripped = text.strip()
    assert stripped.endswith(last) and stripped.startswith(first) and len(last) <= most and len(first) <= most
    assert ending(last, most) == last and beginning(first, most) == first
    assert bool(last) == bool(first) == bool(stripped)
    left, right = stripped[: len(stripped) - len(last)][-1:], stripped[len(first) :][:1]
    assert not left or left.isspace() or len(last) == most
    assert not right or right.isspace() or len(first) == most


def test_what_is_too_long_loses_items_from_the_worst_then_what_stands_around():
    items, around = [HistoryItem("the best"), HistoryItem("the worst")], Around("Before.", "After.")
    shown = [
        render("It is late.", TALKER, items, "When?", around),
        render("It is late.", TALKER, items[:1], "When?", around),
        render("It is late.", TALKER, [], "When?", around),
        render("It is late.", TALKER, [], "When?"),
    ]
    tried: list[str] = []
    assert fitted("It is late.", TALKER, items, "When?", lambda prompt: bool(tried.append(prompt)), around) is None and tried == shown
    for prompt in shown:
        most = len(prompt)
        assert fitted("It is late.", TALKER, items, "When?", lambda text, most=most: len(text) <= most, around) == prompt


@given(TEXTS, st.lists(TEXTS, max_size=3), TEXTS, TEXTS, TEXTS, TEXTS)
def test_all_prompts_of_a_user_have_one_front(draft, items, query, before, after, habit):
    profile = StyleProfile({"contraction:it is": Habit("contraction:it is", {habit: 9.0})})
    prompt = render(draft, profile, [HistoryItem(item) for item in items], query, Around(before, after))
    assert prompt.startswith(front(profile)) and prompt[len(front(profile)) :].startswith((HISTORY, "<|query|>", CONTEXT, DRAFT))


@given(TEXTS, TEXTS)
def test_what_is_completed_is_parsed_back(draft, rewrite):
    observations = observe(draft, rewrite, TALKER)
    assert parse(complete(observations, rewrite)) == (observations, rewrite)


@given(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)
def test_no_text_adds_a_special_token_to_the_prompt(draft, item, query, before, after):
    prompt = render(draft, TALKER, [HistoryItem(item)], query, Around(before, after))
    counted = [prompt.count(token) for token in SPECIAL_TOKENS]
    assert counted == [1, 0, 0, 1, 1 if query else 0, 1, 1, 0, bool(before.strip()) + bool(after.strip())]


@pytest.mark.parametrize(
    "completion",
    ["", f"text{END}", f"{REWRITE}cut off", f"no observation{REWRITE}text{END}", f"{REWRITE}text{DRAFT}{END}", f"{REWRITE}{REWRITE}{END}"],
)
def test_what_is_no_trajectory_is_refused(completion):
    with pytest.raises(ValueError, match="not a"):
        parse(completion)
