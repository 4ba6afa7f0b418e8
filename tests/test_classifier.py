"""The classifier that attributes, and the greedy search against it."""

import random

import numpy as np
import pytest

from rpo_edge.edits import apply
from rpo_edge.records import Edit

pytest.importorskip("sklearn")

from training.classifier import Classifier, feature_edits, greedy, surface_edits

SUBJECTS = ["the boat", "a garden", "this road", "my uncle", "the harbour", "that engine", "her letter", "the weather"]
DRAFT = "It is not easy to say what the river does in winter. However, it does not freeze, and the boats are there until March."


def texts(own: str, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(f"We saw {rng.choice(SUBJECTS)}{own} it was there{own} and we went on." for _ in range(5)) for _ in range(30)]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """Three writers on the same subjects who differ in what they put in between."""
    return Classifier([texts(", indeed,", 1), texts(" - really -", 2), texts(", I think", 3)], size=300)


def test_it_tells_the_writers_apart(classifier):
    assert classifier.accuracy > 0.9


def test_centring_takes_the_drafts_as_zero(classifier):
    classifier.centre([DRAFT])
    assert np.allclose(classifier.probabilities([DRAFT]), 1 / 3)


@pytest.mark.parametrize("user", range(3))
def test_greedy_edits_raise_the_users_probability_step_by_step(classifier, user):
    found = greedy(DRAFT, surface_edits(DRAFT), user, classifier, lambda edits: True, (1, 2, 6))
    scores = classifier.probabilities([DRAFT, found[1], found[2], found[6]])[:, user]
    assert list(scores) == sorted(scores) and scores[-1] > scores[0] + 0.1


def test_the_first_step_is_the_best_single_edit(classifier):
    """What is added up from differences of counts is what the classifier says of the whole text."""
    sites = surface_edits(DRAFT)
    each = classifier.probabilities([apply(DRAFT, [edit]) for edit in sites])[:, 1]
    assert greedy(DRAFT, sites, 1, classifier, lambda edits: True, (1,))[1] == apply(DRAFT, [sites[int(each.argmax())]])


def test_greedy_keeps_to_what_is_legal(classifier):
    assert greedy(DRAFT, surface_edits(DRAFT), 0, classifier, lambda edits: False, (6,)) == {6: DRAFT}
    assert greedy("", [], 0, classifier, lambda edits: True, (6,)) == {6: ""}
    one = greedy(DRAFT, surface_edits(DRAFT), 0, classifier, lambda edits: len(edits) <= 1, (1, 6))
    assert one[1] == one[6] != DRAFT


def test_edits_fit_the_draft_and_leave_frozen_spans():
    draft = "It is `a b c` and, however, it is not so."
    edits = surface_edits(draft)
    assert all(draft[edit.start : edit.end] == edit.before for edit in edits)
    assert all(apply(draft, [edit]).count("`a b c`") == 1 for edit in edits)
    assert Edit(28, 33, "it is", "it's", "option") in feature_edits(draft)
