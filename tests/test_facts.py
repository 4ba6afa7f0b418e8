"""What a text says that no rewrite may change, told by its words."""

import re
from collections import Counter

import pytest

from rpo_edge.steps.facts import addresses, first_words, names, near_negations, negations, numbers, opposite, parted, uncontracted


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3 of 12.5 at 10:30, on 1/2/2024.", ["3", "12.5", "10:30", "1/2/2024"]),
        ("Half of seventeen euros.", ["half", "seventeen", "euros"]),
        ("The third and the first.", ["third"]),
        ("One of them, once.", []),
    ],
)
def test_numbers_are_in_digits_or_words(text, found):
    assert numbers(text) == Counter(found)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("I do not. I don't.", 2),
        ("I dont, you cant, it wont.", 3),
        ("Nobody came, nor did he.", 2),
        ("We went without it, w/o us.", 2),
        ("It is o/w/o, or w/o/w, w/ or w/others.", 0),
        ("A note on knots.", 0),
        ("I hardly do.", 0),
    ],
)
def test_a_text_denies_so_often(text, count):
    assert negations(text) == count


def test_what_nearly_denies_is_counted_by_word():
    assert near_negations("Hardly ever, rarely, and hardly now: hard.") == Counter(["hardly", "hardly", "rarely"])


@pytest.mark.parametrize(
    ("one", "other", "turned"),
    [
        ("It is unsafe.", "It is safe.", "unsafe"),
        ("It is safe.", "It is unsafe.", None),
        ("It is unsafe.", "It is not unsafe, but safe.", None),
        ("It is unsafe or safe.", "It is safe.", None),
        ("It is under us.", "It is der us.", None),
    ],
)
def test_a_word_that_lost_its_un_is_the_opposite(one, other, turned):
    assert opposite(one, other) == turned


@pytest.mark.parametrize(
    ("text", "inside", "first"),
    [
        ("Ask Maria. Bob's here.", ["Maria"], {"Ask", "Bob's"}),
        ("NASA and iPhone users know IT and C.", ["NASA", "iPhone", "IT", "C"], {"NASA"}),
        ("Then I think It is so, Dont you.", [], {"Then"}),
        ("She lives near Ive.", ["Ive"], {"She"}),
        ("I do. A day.", [], set()),
    ],
)
def test_names_stand_inside_a_sentence_and_may_begin_one(text, inside, first):
    assert names(text) == Counter(inside) and first_words(text) == first


@pytest.mark.parametrize(
    ("word", "without"),
    [
        ("Maria's", "Maria"),
        ("don't", "do"),
        ("Dont", "Do"),
        ("can't", "can"),
        ("Cannot", "Can"),
        ("wont", "will"),
        ("Ive", "Ive"),
        ("ive", "i"),
    ],
)
def test_what_is_contracted_with_a_word_is_taken_off(word, without):
    assert uncontracted(word) == without


@pytest.mark.parametrize(
    ("word", "parts"), [("isn't", ("is", "n't")), ("won't", ("will", "n't")), ("cannot", ("can", "")), ("so", ("so", ""))]
)
def test_a_word_is_parted_from_its_clitic(word, parts):
    assert parted(word) == parts


@pytest.mark.parametrize(
    "text", ["a@b.c", "Mail x.y+z@no-one.org, now", "(a@b.de)", "see www.a.b and HTTPS://c.d", "é@b.ü", "no @ here a@b", "@a.b"]
)
def test_addresses_are_found_as_if_each_place_were_looked_at(text):
    everywhere = re.compile(r"(?:https?|ftp)://\S+|www\.\S+|[\w.+-]+@[\w-]+\.\w+", re.IGNORECASE)
    assert addresses(text) == Counter(everywhere.findall(text))
