"""Usage: what is counted of either side of an operation, and what that says of a user."""

import numpy as np
import pytest

from rpo_edge.operations import Operation, Vocabulary
from rpo_edge.usage import COLUMNS, WORDS, Usage, family, sides

DO_NOT, HOWEVER, COMMA = (
    Operation(False, "do not", "don't"),
    Operation(False, "however,", "but", True),
    Operation(True, "", ",", False, "and"),
)
JUST = Operation(False, "", "just ")
USAGE = Usage(Vocabulary([DO_NOT, HOWEVER, COMMA, JUST]))


def test_sides_are_counted_as_words_marks_and_sentence_starts():
    counts = USAGE.count("But I don’t know. DON'T ask, and do not tell, but go. However, it rains.")
    assert counts["don't"] == 2 and counts["do not"] == 1
    assert counts["^ but"] == 1 and counts["^ however ,"] == 1  # the "but" inside a sentence is another one
    assert counts[", and"] == 1 and counts["and"] == 1
    assert counts[WORDS] == 15 and counts["just"] == 0


def test_counts_of_texts_add_up():
    one, two = "I don't. And but so.", "However, do not, and don't."
    whole = USAGE.count(one) + USAGE.count(two)
    assert whole == USAGE.count(one + "\n\n" + two)


@pytest.mark.parametrize(
    ("op", "pair", "name"),
    [
        (DO_NOT, ("do not", "don't"), "contracted"),
        (Operation(False, "don't", "do not"), ("don't", "do not"), "expanded"),
        (HOWEVER, ("^ however ,", "^ but"), "other words, first"),
        (COMMA, ("and", ", and"), "marks - , in context"),
        (JUST, (WORDS, "just"), "put in"),
        (Operation(False, "utilize", "use"), ("utilize", "use"), "plain"),
        (Operation(False, "so ", "", True), ("^ so", WORDS), "left out, first"),
    ],
)
def test_sides_and_family(op, pair, name):
    assert sides(op) == pair and family(op) == name


def test_nobody_says_nothing():
    columns, families = USAGE.columns(USAGE.vector({}))
    assert columns.shape == (4, COLUMNS) and not columns.any() and not families.any()


def test_more_of_one_side_moves_the_odds_to_it():
    odds = []
    for often in (0, 2, 20):
        counts = {WORDS: 1000.0, "don't": float(often), "do not": 5.0}
        odds.append(USAGE.columns(USAGE.vector(counts))[0][0, 0])
    assert odds[0] < odds[1] < odds[2] and np.isfinite(odds).all()


def test_a_side_inside_the_other_is_not_counted_twice():
    """Five "and", all with a comma: none without."""
    always = USAGE.columns(USAGE.vector({WORDS: 100.0, "and": 5.0, ", and": 5.0}))[0][2, 0]
    half = USAGE.columns(USAGE.vector({WORDS: 100.0, "and": 10.0, ", and": 5.0}))[0][2, 0]
    assert always > 0.5 > abs(half)


def test_a_draft_that_is_as_the_user_writes_is_told_from_one_that_is_not():
    """Somebody who contracts four times of five: of five places, all written out are odd, one written out is not."""
    user = USAGE.vector({WORDS: 1000.0, "don't": 80.0, "do not": 20.0})
    known, _ = USAGE.columns(user)
    full, _ = USAGE.columns(user, USAGE.vector({WORDS: 100.0, "do not": 5.0}))
    own, _ = USAGE.columns(user, USAGE.vector({WORDS: 100.0, "don't": 4.0, "do not": 1.0}))
    over, _ = USAGE.columns(user, USAGE.vector({WORDS: 100.0, "don't": 5.0}))
    odd, due = 11, 12  # the first of the columns on the draft
    assert not known[:, odd:].any() and (known[:, :odd] == full[:, :odd]).all()
    assert full[0, odd] > 1.5 > 0.2 > abs(own[0, odd]) and over[0, odd] < 0
    assert full[0, due] == pytest.approx(np.log1p(4), abs=0.1) and over[0, due] < 0
    words_put_in = USAGE.columns(USAGE.vector({WORDS: 1000.0, "just": 20.0}), USAGE.vector({WORDS: 100.0}))[0][3, due]
    assert words_put_in == pytest.approx(np.log1p(2), abs=0.2)


def test_a_share_of_nearly_everything_stays_finite():
    user = USAGE.vector({WORDS: 1e7, "don't": 3e6, "just": 4e6})
    columns, families = USAGE.columns(user, USAGE.vector({WORDS: 100.0, "do not": 5.0}))
    assert np.isfinite(columns).all() and np.isfinite(families).all()
