"""Time that grows with the length of a draft and not with its square, whatever mark a line repeats."""

import re
import time

import pytest

from rpo_edge.features import CHOICES, MEASURES, Site
from rpo_edge.features.context import without_quoted
from rpo_edge.records import Habit, StyleProfile
from rpo_edge.reflectors.base import Window
from rpo_edge.reflectors.frames import framed
from rpo_edge.reflectors.rates import Rates, User
from rpo_edge.steps.freeze import freeze

READERS = {choice.name: lambda text, choice=choice: list(choice.sites(text)) for choice in CHOICES}
READERS |= {measure.name: measure.count for measure in MEASURES} | {"freeze": freeze}
PIECES = ["“", "“a ", '"', "'", "*", "_", "(", "[", "—", " — a", "7", " ", "a, ", "- "]
SHORT = 10_000  # characters; a text of twice as many takes twice the time, and four times if it is quadratic
RATIO, SLIGHT = 3.3, 0.2  # SLIGHT: seconds of the processor that say nothing, as the clock and the machine's noise are a part of them
TRIES = 3


def grows(reader, piece: str) -> bool:
    """Whether the processor takes more than it would if each half of a text cost the same."""
    long = (piece * (2 * SHORT))[: 2 * SHORT]
    once, twice = (_seconds(reader, text) for text in (long[:SHORT], long))
    return twice > max(SLIGHT, RATIO * once)


def _seconds(reader, text: str) -> float:
    begun = time.process_time()
    reader(text)
    return time.process_time() - begun


@pytest.mark.parametrize("piece", PIECES)
def test_a_line_of_one_piece_takes_linear_time(piece):
    for reader in READERS.values():  # patterns are compiled once, and that is no part of it
        reader(piece * 20)
    assert [name for name, reader in READERS.items() if all(grows(reader, piece) for _ in range(TRIES))] == []


OLD = r'"[^"\n]*"|“[^”\n]*”'
"""What `without_quoted` was: each mark without an end reads on to the end of the line."""


def test_what_is_quadratic_is_found():
    assert any(grows(lambda text: re.sub(OLD, " ", text), "“") for _ in range(TRIES))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a “b” c “d” e",
        'a "b" c',
        "“a “b” c” d",
        "“a",
        '“a "b" c',
        '“a “b "c" “d',
        "“a\nb” c",
        '"“a" b”',
        '“a "b\n"c" d',
        'a “b” “c "d" e',
        "“",
        "””",
        "“”",
    ],
)
def test_quotations_are_what_the_plain_pattern_finds(text):
    assert without_quoted(text, " ") == re.sub(OLD, " ", text)
    starred = text.replace("b", "*b*").replace("e", "*")
    assert without_quoted(starred, "", r"\*[^*\n]+\*") == re.sub(rf"{OLD}|\*[^*\n]+\*", "", starred)


def test_a_greeting_waits_for_no_end_of_quotations(within):
    said = f'It was late, and you know that "no," she said, was all that anybody heard of it in all of the house on that one day. {"“" * 100_000}'
    with within(10):  # a hundredth of a second; reading on from each mark takes minutes
        found = framed(
            Site("greeting", 0, 0, "none"), Rates(User(StyleProfile({"greeting": Habit("greeting", {"hi": 9.0})})), {}), Window(said, 0)
        )
    assert found == ("hi", "Hi,\n\n")
