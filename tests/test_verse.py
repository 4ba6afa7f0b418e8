"""Verse: what is told as such, what only looks like it, and that it stays as it is in a rewrite."""

import pytest

from rpo_edge import History, Personalizer
from rpo_edge.records import HistoryItem
from rpo_edge.steps.cut import Cutter
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.verse import stanzas

POEM = """She does not count the summers any more,
but every swallow knows her by the gate —
the way she'll leave a window, or a door,
ajar for anything that's running late."""
OTHER = "She's grown more fond of silence than of praise,\nof apples on the sill, of bread, of rain,\nand she will not say, she'll ask you back again."
HAIKU = "Autumn moonlight—\na worm digs silently\ninto the chestnut."
SONG = "I can't stop loving you\nI can't end this love\nI'll always run back to you"
COUPLET = "It is not late, my dear.\nThe summer is still here."


def found(text: str) -> list[str]:
    return [text[slice(*span)] for span in stanzas(text, freeze(text))]


@pytest.mark.parametrize(
    "text",
    [
        POEM,
        HAIKU,
        SONG,
        "An old silent pond...\nA frog jumps into the pond—\nsplash! Silence again.",
        f"**Eighty Summers**\n{POEM}",
        f"[Verse 1]\n{SONG}",
        f"**Final Chorus:**\n{SONG}",
        "Refrain:\nIt is not late. It is.\nWe are not here. We are.",
        f"(Verse 1)\nI'm down on the street{', and we do not know what it is' * 4}, and I'll say it is late.",
        "[Hook]\nI don't know you at all.",
        POEM.replace("\n", "  \n"),
        POEM.replace("\n", "\\\n"),
        "\n".join(f"*{line}*" for line in POEM.split("\n")),
        "Through the smoke and mirrors, I see the truth that is unfolding,\nand I do not know what it is that my hand is still holding,\nbut I hold it.",
        "She said: it is not late,\nand went to shut the gate,\nand there she stood to wait,\nand did not see.",
    ],
)
def test_verse(text):
    assert found(f"Here is one:\n\n{text}\n\nIt is short.") == [text]
    carriage = text.replace("\n", "\r\n")
    assert found(f"Here is one:\r\n\r\n{carriage}\r\n\r\nIt is short.") == [carriage]


def test_what_may_be_a_stanza_is_one_beside_another():
    assert found(f"{COUPLET}\n\n{POEM}\n\n{COUPLET}\n\n{COUPLET}") == [COUPLET, POEM, COUPLET, COUPLET]
    assert found(f"{COUPLET}\n\nIt is short.\n\n{POEM}") == [POEM]
    assert found(COUPLET) == []


def test_lines_that_stand_apart_are_a_song_below_its_labels():
    said = "These lyrics are about a house that is late."
    lines = ["In the quiet of the night, I hear your whispers fade,", "And I don't know you at all.", "We're two strangers in the shade"]
    assert found("\n\n".join(["Here it is.", "(Verse 1)", *lines[:2], "**Chorus:**", lines[2], said])) == lines
    assert found("\n\n".join(["Here it is.", *lines, said])) == []
    assert found("\n\n".join(["(Verse 1)", "- We stayed, and it is late.", *lines])) == []
    assert found("\n\n".join(["(Verse 1)", lines[0], "I hope this helps you.", lines[1]])) == lines[:1]
    long = "It is a song of two who do not know each other, and who find it out on the first day of the year, late."
    assert found("\n\n".join(["(Verse 1)", long, lines[1]])) == []


@pytest.mark.parametrize(
    "text",
    [
        "Kind regards,\nAnna Maria Smith\nHead of Research and Care",
        "Thank you again for all your help,\nand see you on the first day of the week,\nAnna Smith",
        "Hi Anna,\nthanks for the note\nand see you there, I hope",
        "Anna Maria Smith\nThe Old Mill House\nUpper Town, North Hill",
        "Anna: it is late, is it not\nBo: I do not know\nAnna: we will be there, I think",
        "Name: the old one, I think\nPlace: where we were\nTime: we do not know",
        "- she went out,\n- he came in,\n- they did not speak",
        "1. she went out,\n2. he came in,\n3. they did not speak",
        "a) she went out,\nb) he came in,\nc) they did not speak",
        f"Verse 1:\nIt is a verse of two who do not know what it is{', and who say that it is late' * 4}.",
        "(Intro)\n- she went out,\n- he came in,",
        "I. The man and his time\nA. What he did not say\nB. What they said of him",
        "Introduction to the topic\nBackground of the study\nResearch question and aims",
        "Introduction to the Topic,\nHistory of the Modern Railways,\nEffects on Modern Trade and Travel",
        "We went to the shop.\nIt was not open.\nSo we came back home,\nand that was it.\nIt is late.",
        "It is not late. We do not know what it is, and we will wait until they are here, as we said\nthat we would,\nand then go.",
        "We went to the shop and it was not open,\nso we came back home.",
        "> She went out,\n> he came in,\n> they did not speak,",
        "# She went out,\nand he came in,\nand they did not speak",
        "Where:\nT is the time,\nD is the way he went,\nand A is not known",
        "y = the way he went,\nx = the time she had,\nz = what they said",
        "if he is in:\n    say(what he did),\n    say(what she did),",
        "99 bottles on the wall,\n98 bottles on the wall,\n97 bottles on the wall",
        "Yes,\nno,\nhe,\nshe,\nthey",
        "I write to say that we do not know what the\ncouncil said of the park and of the bridge,\nand that we have not heard from them since\nthe first of the month.",
        "| She went out,\n| he came in,\n| they did not speak,",
        f"```\n{POEM}\n```",
        "",
    ],
)
def test_what_only_looks_like_it(text):
    assert found(f"Here is one:\n\n{text}\n\nIt is short.") == []


TALK = ["I don't know what she'll say, but I'm sure it's fine.", "It's late, so I can't go. They aren't here, and we're not sure why.",
    "She's not in. He's gone too, and that's all I've heard. Don't wait."]  # fmt: skip


@pytest.mark.parametrize("windows", ["paragraphs", "sentences"])
def test_a_poem_stays_and_the_prose_around_it_does_not(windows):
    draft = (
        f"I do not know your grandmother. It is a short poem:\n\n**Summers**\n\n{POEM}\n\n{OTHER}\n\nThe last line is not long. It is soft."
    )
    prose = draft.replace("I do not", "I don't").replace("It is", "It's").replace("is not long", "isn't long")
    with History.open("no such file", create=False) as history:
        history.extend([HistoryItem(text) for text in TALK * 3])
        rewrite = Personalizer(history, "rules").rewrite(draft, windows=windows)
        lines = "We do not know.\nIt is not here.\nThey are not sure."
        assert Personalizer(history, "rules").rewrite(lines, windows=windows).changed
        assert not Personalizer(history, "rules").rewrite(f"{POEM}\n\n{OTHER}", windows=windows).notices
    assert rewrite.text == prose


def test_lines_that_may_be_verse_leave_at_the_end_of_their_paragraph():
    def left(text: str) -> str:
        return "".join(piece.text for piece in Cutter().feed(text))

    assert left("It is so.\nWe do not know. W") == ""
    assert left(f"It is so.\nWe do not know. {'We do not know ' * 6}what. W").startswith("It is so.")
    assert left("It is so.\n\nW") == left("It is so. W") == "It is so."
    assert left("It is so.\n- W") == "It is so."


@pytest.mark.parametrize(
    "piece", ["it is,\n", "it is so,\n\n", "\n", "it is so,\n", "**a**\n", "a: b\n", "it is so,\nit is so,\nit is so,\n\n"]
)
def test_no_quadratic_time(piece, within):
    text = piece * (150_000 // len(piece))
    with within(30):
        stanzas(text, ())
        cutter = Cutter()
        assert "".join(found.text for line in text.splitlines(True) for found in [*cutter.feed(line)]) or True
