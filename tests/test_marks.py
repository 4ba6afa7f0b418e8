"""Marks and case: which places may change, and which must stay, text by text."""

import pytest

from rpo_edge.features.punctuation import AMPERSAND, LAST_STOP, TITLE_STOP


def shown(choice, text):
    """What the sites of a text show, in order."""
    return [site.variant for site in choice.sites(text)]


@pytest.mark.parametrize(
    ("signature", "variants"),
    [
        ("Thanks & Regards,\nRekha Nair", ["none"]),
        ("See you Tuesday,\nRos", ["none"]),
        ("Love and hugs,\nMum", ["none"]),
        ("Have a nice day,\r\nAnke Jean-Paul O'Neil\r\nHead of Sales\r\nAcme", ["none"]),
        ("we had eggs,\nmilk and bread for tea", ["none", "none"]),
        ("It was late, and we had eggs,\nMilk and Bread with us", ["none", "none"]),
        ("He came on Monday, she on Tuesday and they at last on Friday,\nRos was there", ["none", "none"]),
    ],
)
def test_what_is_a_signature_has_no_last_stop_to_leave_out(signature, variants):
    assert shown(LAST_STOP, f"I checked the list again\n\n{signature}") == variants


@pytest.mark.parametrize(
    ("text", "variants"),
    [
        ("Dear Ms. Calloway,", ["stop"]),
        ("Dear Dr Hale, ask Dr Lee.", ["none", "none"]),
        ("Poor Mrs Bennet left. But Mr. Bennet stayed.", ["none", "stop"]),
        ("Hi Dr. Hale, I think it is late. As Dr. Lee says, it is.", ["stop", "stop"]),
        ("Mr. and Mrs. Hale", ["stop", "stop"]),
        ("He lives at 5 Elm Dr. Springfield is near.", []),
        ("Meet at 12 Dr Lane's gate, or on Maple Dr. Ann will come.", []),
        ("It is on Elm Dr and Oak St. Peter goes there.", []),
    ],
)
def test_titles_and_streets(text, variants):
    assert shown(TITLE_STOP, text) == variants


@pytest.mark.parametrize(
    ("text", "may_change"),
    [
        ("bread and butter", True),
        ("sixty people and two dogs", True),
        ("two and a bit more", True),
        ("one and only", True),
        ("one hundred and twelve of them", False),
        ("a hundred and twenty-five, a thousand and one", False),
        ("two and a half hours", False),
        ("two & a half hours", False),
        ("thousands and thousands", False),
    ],
)
def test_no_ampersand_inside_a_number(text, may_change):
    assert [bool(site.options) for site in AMPERSAND.sites(text)] in ([may_change], [may_change] * 2)
