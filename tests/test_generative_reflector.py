"""The generative reflector: what a model writes becomes edits, and what it writes wrongly becomes nothing."""

import pytest

from rpo_edge.edits import apply
from rpo_edge.prompt import HISTORY, REWRITE, complete
from rpo_edge.records import Evidence, Habit, HistoryItem, ReflectorInfo, StyleProfile
from rpo_edge.reflectors.base import Window
from rpo_edge.reflectors.generative import GenerativeReflector
from rpo_edge.runtimes.echo import EchoRuntime
from rpo_edge.steps.observe import observe

PROFILE = StyleProfile({"contraction:it's": Habit("contraction:it's", {"contracted": 9.0})})
EVIDENCE = Evidence((HistoryItem("It's me, don't you see?", id=4), HistoryItem("x " * 90, id=7)), "When?")
DRAFT = "\n\nIt is late, and we do not know.\n"
REWRITTEN = "It's late, and we don't know."


def reflector(answer, room=100_000):
    runtime = EchoRuntime(answer if callable(answer) else lambda prompt: answer)
    runtime.room = room
    return GenerativeReflector(runtime, ReflectorInfo("tiny"))


def written(rewrite):
    return complete(observe(DRAFT.strip(), rewrite, PROFILE), rewrite)


def test_a_rewrite_becomes_edits_of_the_window_with_its_observations():
    found = reflector(written(REWRITTEN)).reflect(Window(DRAFT, 0), EVIDENCE, PROFILE)
    assert apply(DRAFT, found.edits) == f"\n\n{REWRITTEN}\n"
    assert [o.feature for o in found.observations] == ["contraction"] and all(e.evidence == (4, 7) for e in found.edits)


@pytest.mark.parametrize("answer", ["", "It's late.", REWRITE + "cut off <|draft|>", "nothing to read" + REWRITE + "It's late."])
def test_what_cannot_be_read_leaves_the_window_and_says_so(answer):
    found = reflector(answer).reflect(Window(DRAFT, 0), EVIDENCE, PROFILE)
    assert not found.edits and found.observations[0].action.startswith("none: ")


def test_a_user_of_whom_nothing_is_known_and_an_empty_window_have_no_edits():
    for window, profile in ((Window(DRAFT, 0), StyleProfile()), (Window("\n\n", 0), PROFILE)):
        assert reflector(written(REWRITTEN)).reflect(window, EVIDENCE, profile).edits == ()


def test_evidence_that_does_not_fit_is_left_out_the_worst_first():
    prompts = []

    def answer(prompt):
        prompts.append(prompt)
        return written(REWRITTEN)

    for room in (1000, 480, 330):
        reflector(answer, room).reflect(Window(DRAFT, 0), EVIDENCE, PROFILE)
    assert [prompt.count(HISTORY) for prompt in prompts] == [2, 1, 0]
    assert "none: the window is too long" in reflector(answer, 200).reflect(Window(DRAFT, 0), EVIDENCE, PROFILE).observations[0].action


def test_a_rewrite_that_runs_on_is_none():
    found = reflector(lambda prompt: REWRITE + "on and on " * 1000).reflect(Window(DRAFT, 0), EVIDENCE, PROFILE)
    assert not found.edits and "end" in found.observations[0].action
