"""The list of words that are no names: how it is counted."""

from training.words import counted, no_names


def test_a_word_is_counted_inside_sentences_alone():
    lower, capital = counted(["Rose took a rose, and Mark saw a mark. Mark it, he said to rose-red Rose."])
    assert (lower["rose"], capital["rose"]) == (1, 1) and (lower["mark"], capital["mark"]) == (1, 1) and "took" not in lower
    assert capital["it"] == 0


def test_a_capital_beside_another_says_nothing_of_the_word():
    _, capital = counted(["we saw the Great War, and Reinforcement Learning, and Bill."])
    assert capital == {"bill": 1}


def test_a_capital_before_a_determiner_is_a_command():
    lower, _ = counted(["1. Chop the onions.\n2. Python is slow.\n- **Boil** it. Peel all of it. Stir the Pot.\n"])
    assert lower["chop"] == lower["peel"] == 1 and not {"python", "stir"} & set(lower)


def test_what_is_capitalised_too_often_may_be_a_name():
    books = counted(["we saw the tree and the mark, " * 100 + "said Mark, " * 90])
    today = counted(["we saw the tree, " * 3])
    assert {"saw", "the", "tree"} <= set(no_names(books, today)) and "mark" not in no_names(books, today)


def test_a_name_of_one_kind_of_text_is_a_name():
    books, today = counted(["the git saw a tree, " * 1000]), counted(["with Git, " * 40 + "a tree, "])
    assert "tree" in no_names(books, today) and "git" not in no_names(books, today)


def test_a_word_of_old_books_alone_must_stand_there_often():
    rare = counted(["the thou, " * 20])
    assert "thou" not in no_names(rare, counted([])) and "thou" in no_names(counted([]), rare)
    assert "thou" in no_names(counted(["the thou, " * 60]), counted([]))


def test_common_words_that_are_names_too_stay_out():
    assert not {"may", "teams"} & set(no_names(counted([]), counted(["so may all teams, " * 50])))
