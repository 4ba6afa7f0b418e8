"""Prompt and completion of a trajectory: what is rendered is parsed back, and nobody's text can pretend to be structure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge.prompt import BEGIN, DRAFT, END, HISTORY, ITEM, REFLECT, REWRITE, SPECIAL_TOKENS, complete, parse, render
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


@given(TEXTS, TEXTS)
def test_what_is_completed_is_parsed_back(draft, rewrite):
    observations = observe(draft, rewrite, TALKER)
    assert parse(complete(observations, rewrite)) == (observations, rewrite)


@given(TEXTS, TEXTS, TEXTS)
def test_no_text_adds_a_special_token_to_the_prompt(draft, item, query):
    prompt = render(draft, TALKER, [HistoryItem(item)], query)
    counted = [prompt.count(token) for token in SPECIAL_TOKENS]
    assert counted == [1, 0, 0, 1, 1 if query else 0, 1, 1, 0]


@pytest.mark.parametrize(
    "completion",
    ["", f"text{END}", f"{REWRITE}cut off", f"no observation{REWRITE}text{END}", f"{REWRITE}text{DRAFT}{END}", f"{REWRITE}{REWRITE}{END}"],
)
def test_what_is_no_trajectory_is_refused(completion):
    with pytest.raises(ValueError, match="not a"):
        parse(completion)
