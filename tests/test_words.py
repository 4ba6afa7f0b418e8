"""The list of words that are no names: how it is counted."""

from training.words import counted, no_names


def test_a_word_is_counted_inside_sentences_alone():
    lower, capital = counted(["Rose took a rose, and Mark saw a mark. Mark it, he said to rose-red Rose."])
    assert (lower["rose"], capital["rose"]) == (1, 1) and (lower["mark"], capital["mark"]) == (1, 1) and "took" in lower
    assert capital["it"] == 0


def test_what_is_capitalised_too_often_may_be_a_name():
    lower, capital = counted(["we saw the tree and the mark, " * 200 + "said Mark, he and Mark, they and Mark, "])
    assert no_names(lower, capital, seen=100) == ["and", "saw", "the", "tree", "we"]
