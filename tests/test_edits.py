"""Edits: what is found is what was changed, and putting it in place gives the target."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpo_edge.edits import align, apply, disjoint
from rpo_edge.records import Edit

PIECES = st.sampled_from(["do", "not", "don't", "it", "really", "Well", ",", ".", " ", " ", "\n", "\n\n", "- ", "…", "é", "_", "12", "**"])
TEXTS = st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=40)


@given(TEXTS, TEXTS)
def test_applying_what_was_aligned_gives_the_target(draft, target):
    edits = align(draft, target)
    assert apply(draft, edits) == target and disjoint(edits) == edits


@pytest.mark.parametrize(
    ("draft", "target", "changes"),
    [
        ("They do not know.", "They don't know.", [("do not", "don't")]),
        ("It is good.", "It is really good.", [("", "really ")]),
        ("It is really good.", "It is good.", [("really ", "")]),
        ("Yes, it is so. He came.", "Yes - it is so! He came.", [(",", " -"), (".", "!")]),
        ("So it was, and I left.", "So it was and I left.", [(",", "")]),
        ("However, it rained.", "But it rained.", [("However,", "But")]),
        ("Well. No.", "Well... No.", [(".", "...")]),
        ("The same.", "The same.", []),
        ("", "New.", [("", "New.")]),
    ],
)
def test_what_is_found(draft, target, changes):
    assert [(edit.before, edit.after) for edit in align(draft, target)] == changes


@pytest.mark.parametrize(
    "edits", [[Edit(0, 2, "xx", "y", "t")], [Edit(0, 2, "ab", "y", "t"), Edit(1, 3, "bc", "z", "t")], [Edit(2, 1, "", "", "t")]]
)
def test_what_does_not_fit_is_refused(edits):
    with pytest.raises(ValueError, match="does not fit"):
        apply("abcd", edits)


def simple_disjoint(edits):
    """What `disjoint` means, put as plainly as can be: every edit against every one that was kept."""
    kept = []
    for edit in edits:
        clash = any((edit.start < k.end and k.start < edit.end) or (edit.start, edit.end) == (k.start, k.end) for k in kept)
        if edit.before != edit.after and not clash:
            kept.append(edit)
    return sorted(kept, key=lambda edit: (edit.start, edit.end))


PLACES = st.tuples(st.integers(0, 12), st.integers(0, 4), st.sampled_from(["", "x", "y"]))


@settings(max_examples=1000)
@given(st.lists(PLACES, max_size=15))
def test_disjoint_keeps_what_comparing_all_pairs_keeps(places):
    edits = [Edit(start, start + length, "x" * length, after, str(i)) for i, (start, length, after) in enumerate(places)]
    assert disjoint(edits) == simple_disjoint(edits)


def test_many_edits_take_no_quadratic_time(within):
    edits = [Edit(i, i + 1, "a", "b", "t") for i in range(0, 60_000, 2)]
    with within(10):  # comparing all pairs takes minutes
        assert disjoint(reversed(edits)) == edits
