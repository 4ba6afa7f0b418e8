"""Marks and case: which places may change, and which must stay, text by text."""

import pytest

from rpo_edge.features.case import CASE
from rpo_edge.features.exclamation import EXCLAMATION
from rpo_edge.features.layout import BOLD
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
        ("It rose by 15%.", ["stop"]),
        ("Then type `ROLLBACK`.", ["stop"]),
        ('The answer is "no".', ["stop"]),
        ("So we have $x = 3$.", ["stop"]),
        ("It is a **very good plan**.", ["stop"]),
        ("See the last page (of the second part).", ["stop"]),
        ("The text of it is process_content(Content).", []),
        ("We see it in the notes [1]_.", []),
        ("We wait for it...", []),
        ("What it gives is P", []),
        ("See the last page (of the second part)", []),
    ],
)
def test_what_a_last_stop_stands_behind(text, variants):
    assert shown(LAST_STOP, text) == variants


def test_all_items_of_a_list_may_lose_their_stop():
    text = "1. It rose by 15%.\n2. Use `COMMIT`.\n3. It is due by June.\n4. Keep it short (one page)."
    assert ["none" in site.options for site in LAST_STOP.sites(text)] == [True] * 4


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("✅ The coffee is good.", ["T"]),
        ("It is. 😀 The coffee is good.", ["I", "T"]),
        ("😀😀 the coffee is good.", ["t"]),
        ("The coffee 😀 The best", ["T"]),
    ],
)
def test_a_sentence_begins_behind_its_emoji(text, starts):
    assert [text[site.start] for site in CASE.sites(text)] == starts


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


@pytest.mark.parametrize(
    ("text", "called_out"),
    [
        ("We did it. Have you seen it?", [True]),
        ("Let's meet at the pool. I will bring your towel.", [True, True]),
        ("Your diary remains our best source.", [True]),
        ("Pepys's diary remains our best source.", [False]),
        ("Let's solve it step by step. We can use the chain rule.", [False, False]),
        ('"Are you ill?" he said to the king, who was by then an old and tired man. Our best source is his diary.', [False, False]),
        ("Keep it dry. You will see.", [False, True]),
        ("You need to keep the wound dry. You need to keep the wood dry.", [False, True]),
        ("Check that the power is off before you start. Check that the lamp is off before you start.", [False, True]),
        ("It is essential that you rest. It is fun that you rest.", [False, True]),
        ("Thank you for writing. I know of the loss of your father.", [False, False]),
        ("Thank you for writing. You feel hopeless.", [False, False]),
        ("Thank you for writing. You feel hopeful.", [True, True]),
        ("Thank you for writing. I heard of the loss of two points.", [True, False]),
        ("You can read it. Hale, J. (n.d.). About Us. Retrieved from a site.", [True, False, False, False]),
        ("You can read it. See it (at home). About us.", [True, False, True]),
    ],
)
def test_what_may_be_called_out(text, called_out):
    assert ["!" in site.options for site in EXCLAMATION.sites(text) if site.variant == "."] == called_out


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("Happy birthday!", ". everywhere"),
        ("Congratulations, Ann!", ". everywhere"),
        ("Well done to all of you!", ". everywhere"),
        ("Good luck, Ann!", ". everywhere"),
        ("Good luck with your project!", "."),
        ("She was happy on her birthday!", "."),
        ("Thank you so much!", "."),
        ("Cheerful people came!", "."),
    ],
)
def test_the_mark_of_a_wish_stays_but_for_who_wants_none(text, option):
    assert [dict(site.options) for site in EXCLAMATION.sites(text)] == [{option: "."}]


@pytest.mark.parametrize(
    ("text", "key", "ways"),
    [
        ("A **bold** word", "bold", ["plain", "plain everywhere"]),
        ("Above it\nA **bold** word", "bold", ["plain", "plain everywhere"]),
        ("**Lead** and words", "bold", ["plain everywhere"]),
        ("Above it\n> ✅ **Lead** and words", "bold", ["plain everywhere"]),
        ("Above it\n\n  - **Lead** and words", "bold:list", ["plain", "plain everywhere"]),
        ("2. **Lead** and words", "bold:list", ["plain", "plain everywhere"]),
        ("- Above it\nA **bold** word", "bold", ["plain", "plain everywhere"]),
        ("# A **bold** word", "bold", ["plain everywhere"]),
        (f"| {'cell ' * 40}| **bold** |", "bold", ["plain everywhere"]),
        ("You must **not** go", "bold", ["plain everywhere"]),
    ],
)
def test_what_bold_does_in_its_line(text, key, ways):
    assert [(site.key, list(site.options)) for site in BOLD.sites(text) if site.variant == "bold"] == [(key, ways)]


@pytest.mark.parametrize("piece", ["**Bold** text is *here* and ", "- **Bold**: it is here\n", "✅ **Bold** it is.\n\n"])
def test_bold_takes_no_quadratic_time(piece, within):
    with within(30):  # a tenth of a second; reading the text before each run again takes minutes
        assert sum(site.variant == "bold" for site in BOLD.sites(piece * 40_000)) == 40_000


@pytest.mark.parametrize(
    ("text", "small"),
    [
        ("Type I and Type II errors are common.", ""),
        ("Vitamin D helps. Part 2 is late. Type A people go. Phase III begins.", ""),
        ("Type it in. Part of it is late. Phase in the rest.", "TPP"),
        ("Table tops are red.", "T"),
        ("Young found it. It was seen that Young was right.", "I"),
        ("Scope is small. This makes a Scope app.", "T"),
        ("Young people found it. It was seen that young people were right.", "YI"),
        ("Movies are long.\n\nThe Effects of Movies on Us", "MT"),  # a title's capitals say nothing
        ("Scope is small.\n\n```\nmake a nice Scope here\n```", "S"),
        ("But it is so. He thinks that But is a word.", "BH"),
    ],
)
def test_names_keep_their_capital_at_the_start_of_a_sentence(text, small):
    assert "".join(text[site.start] for site in CASE.sites(text) if "lower" in site.options) == small
