"""guard: every rule is attacked by an edit that no other rule refuses."""

import re

import pytest

from rpo_edge.records import Edit, Verdict
from rpo_edge.segment import plain_words
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


def test_a_sign_off_with_an_address_does_not_undo_other_edits():
    draft = "It is cold. Use `a` at 5 p.m."
    signed = "\n\nBest, al@x.org 7"
    edits = [Edit(0, 5, "It is", "It's", "good"), Edit(len(draft), len(draft), "", signed, "sign-off")]
    assert guard(draft, edits, allowed=(signed.strip(),)) == (edits, Verdict())
    assert guard(draft, edits)[0] == edits[:1]


@pytest.mark.parametrize(("own", "separator"), [('Best "al', ", "), ("```", "\n\n")])
def test_a_greeting_that_would_freeze_more_than_itself_is_refused(own, separator):
    draft = 'It is cold. He said "no" twice.'
    edits = [Edit(0, 0, "", own + separator, "greeting"), Edit(0, 5, "It is", "It's", "good")]
    kept, verdict = guard(draft, edits, allowed=(own,))
    assert edits[0] not in kept and all(reverted.sentence for reverted in verdict.reverted)


def test_only_the_unit_that_moves_a_frozen_span_is_given_up():
    draft = 'It is cold. He said "no" twice.\n\nIt is really warm.'
    last = draft.rindex("It is")
    bad = Edit(0, 0, "", 'Best "al, ', "greeting")  # no rule of a unit minds the user's own text
    good = [Edit(last, last + 5, "It is", "It's", "good"), Edit(last + 6, last + 13, "really ", "", "good")]
    kept, verdict = guard(draft, [bad, *good], allowed=('Best "al',))
    assert kept == good and [reverted.sentence for reverted in verdict.reverted] == ["It is cold."]


def test_reverted_insertions_name_a_sentence():
    for draft, edit in (("", Edit(0, 0, "", "In 1999", "t")), (" \n", Edit(2, 2, "", "```", "t"))):
        kept, verdict = guard(draft, [edit])
        assert not kept and verdict.reverted[0].sentence


def test_time_is_not_quadratic_in_edits(within):
    pieces = 'It is so. It is "so" `x`. ' * 4000
    places = [match.start() for match in re.finditer("It is", pieces)]
    with within(30):  # half a second; a search through all edits for each takes minutes
        kept, _ = guard(pieces, [Edit(start, start + 5, "It is", "It's", "t") for start in places])
    assert len(kept) == len(places)


def test_curly_apostrophes_are_no_names():
    before, after = "Don’t go. I don’t know O’Neil.", "don’t go. I don't know O'Neil."
    assert module.name_rule(Unit(before, after, frozenset())) is None
    assert module.name_rule(Unit("I know O’Neil.", "I know it.", frozenset()))


def test_abbreviations_are_one_word_of_a_private_run():
    private = plain_words("We grow, e.g. a red rose and nothing else")
    runs = {tuple(private[i : i + 6]) for i in range(len(private) - 5)}
    draft = "They cut for example a red rose."
    edit = Edit(9, 20, "for example", "e.g.", "t")
    assert guard(draft, [edit], lambda run: tuple(run) in runs)[0] == [edit]
    more = "They grow for example a red rose and leave."
    edit = Edit(10, 21, "for example", "e.g.", "t")
    assert not guard(more, [edit], lambda run: tuple(run) in runs)[0]
