"""guard: every rule is attacked by an edit that no other rule refuses."""

import pytest

from rpo_edge.records import Edit
from rpo_edge.steps import guard as module
from rpo_edge.steps.guard import RULES, Unit, guard, removal_reason

ATTACKS = {
    "frozen_rule": [("Use `abc` and wait.", "Use `abd` and wait."), ("He said “so it goes” again.", "He said “so it went” again.")],
    "number_rule": [("It has two parts.", "It has three parts."), ("Half of them left.", "All of them left.")],
    "url_rule": [("Go to WWW.Abc.De/x now.", "Go to WWW.Abc.De/y now.")],
    "negation_rule": [("It is not here.", "It is here."), ("It works.", "It never works."), ("They can't come.", "They can come.")],
    "name_rule": [
        ("Ask Maria about it.", "Ask her about it."),
        ("We met there.", "We met Bob there."),
        ("Berta came in.", "berta came in."),
    ],
    "structure_rule": [("# Title here\n", "Title here\n"), ("- one thing\n", "* one thing\n")],
}


def test_every_rule_is_attacked():
    assert set(ATTACKS) == {rule.__name__ for rule in RULES}


@pytest.mark.parametrize(("name", "before", "after"), [(name, *pair) for name, pairs in ATTACKS.items() for pair in pairs])
def test_the_rule_refuses(name, before, after):
    assert getattr(module, name)(Unit(before, after, frozenset()))
    kept, verdict = guard(before, [Edit(0, len(before), before, after, "attack")])
    assert kept == [] and not verdict.accepted and verdict.reverted[0].sentence == before.strip()


@pytest.mark.parametrize(
    ("name", "before", "after"), [(name, *pairs[0]) for name, pairs in ATTACKS.items() if name not in ("frozen_rule", "url_rule")]
)
def test_only_that_rule_refuses(name, before, after):
    """Frozen spans hold addresses too, so those two stand behind each other on purpose."""
    unit = Unit(before, after, frozenset())
    assert [rule.__name__ for rule in RULES if rule(unit)] == [name]


def test_a_sentence_goes_only_if_it_is_stock():
    assert removal_reason("This one matters a lot.", "")
    assert removal_reason("I hope this helps!", "") is None


def test_one_bad_sentence_does_not_undo_the_others():
    draft = "It is cold. It is not far."
    kept, verdict = guard(draft, [Edit(0, 5, "It is", "It's", "good"), Edit(12, 21, "It is not", "It's", "bad")])
    assert [edit.reason for edit in kept] == ["good"] and len(verdict.reverted) == 1


def test_an_edit_beside_a_fence_cannot_open_it():
    draft = "He said ``` and left.\nIt is so.\n"
    kept, _ = guard(draft, [Edit(0, 8, "He said ", "", "attack")])
    assert kept == []
