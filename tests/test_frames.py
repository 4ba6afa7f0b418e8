"""Greetings and sign-offs of who greets in mail: they belong to letters."""

import pytest

from rpo_edge import History, HistoryItem, Personalizer

MAIL = [
    HistoryItem(f"Hi Tom,\n\nI don't think that report {n} is done, but it's close. I'll send it.\n\nCheers,\nSam", "sent", kind="email")
    for n in range(9)
]
NOTES = [HistoryItem(f"The pump {n} isn't fixed, and the well is dry. I don't know when.", "notes") for n in range(30)]
SAID = "The meeting is on Monday, and we would be glad if all of you came to it with the figures of last month, as always."
FORMAL = [
    HistoryItem(f"Dear Dr Hale,\n\nPlease find my report {n} below. The pump is fixed.\n\nYours sincerely,\nSam Ito", "sent", kind="email")
    for n in range(9)
]


@pytest.fixture
def history(tmp_path, request):
    with History.open(tmp_path / "h.db") as store:
        store.extend(request.param)
        yield store


CASES = [
    (f"Dear John,\n\n{SAID}\n\nBest regards,\n[Your Name]", "Hi John,\n\n", "\n\nCheers,\nSam"),
    (f"{SAID}\n\nBest regards,\nSam", "Hi,\n\n", "\n\nCheers,\nSam"),
    (f"Hello John,\n\n{SAID}", "Hi John,\n\n", "\n\nCheers,\nSam"),
    (SAID, "", ""),
    (f"Here is what to know. {SAID}", "", ""),
]


@pytest.mark.parametrize("history", [MAIL, MAIL + NOTES], indirect=True, ids=["mail", "mail and notes"])
@pytest.mark.parametrize(("draft", "greeting", "sign_off"), CASES)
def test_who_greets_in_mail_greets_in_letters_alone(history, draft, greeting, sign_off):
    text = Personalizer(history).rewrite(draft).text
    assert text.startswith(greeting) and text.endswith(sign_off)
    assert greeting or not (text.startswith(("Hi", "Hello")) or "Cheers" in text)


LETTER = f"Dear John,\n\n{SAID}\n\nBest regards,\n[Your Name]"
MINE = f"Hi John,\n\n{SAID}\n\nCheers,\nSam"
TALKED_OF = "\n\n---\n\n**Why this works:**\n\n- The first line says when.\n- All of them know what to bring."


@pytest.mark.parametrize("history", [MAIL], indirect=True)
@pytest.mark.parametrize(
    ("draft", "rewrite"),
    [
        (f"Subject: Monday\n\n{LETTER}", f"Subject: Monday\n\n{MINE}"),
        (f"# A letter\n\n{LETTER}", f"# A letter\n\n{MINE}"),
        (f"{LETTER}\n\nLet me know if you need anything else!", MINE),
        (f"{LETTER}{TALKED_OF}", f"{MINE}{TALKED_OF}"),
        (f"Subject: Monday\n\n{LETTER}{TALKED_OF} {'They do. ' * 150}", f"Subject: Monday\n\n{MINE}{TALKED_OF} {'They do. ' * 150}"),
        (f"Dear John,\n\n{SAID}\n\nBest regards,\n\n[Your Name]\n\nAdd the date if it helps.", f"{MINE}\n\nAdd the date if it helps."),
        (
            f"{LETTER}\n[Your Title]\n\nAdd the date if it helps. It should do.",
            f"{MINE}\n[Your Title]\n\nAdd the date if it helps. It should do.",
        ),
        (
            f"{LETTER}\n\nAdd the date if it helps. {'It should do. ' * 150}",
            f"{MINE}\n\nAdd the date if it helps. {'It should do. ' * 150}",
        ),
        *(
            (f"{LETTER}\n\n{below}", f"{LETTER.replace('Dear', 'Hi')}\n\n{below}")
            for below in (
                "P.S. Bring some cake for us.",
                "PS: Bring some cake for us.",
                "Enclosure: a plan of the house.",
                "[Your Phone]",
                "cc: all of them, too.",
            )
        ),
        (
            f"{LETTER}\n\nOr this one, if late:\n\n{LETTER}\n\nP.S. Bring cake.",
            f"{LETTER.replace('Dear', 'Hi')}\n\nOr this one, if late:\n\n{LETTER}\n\nP.S. Bring cake.",
        ),
        (f"They wrote:\n\n{LETTER}\n\nP.S. Bring some cake.", f"They wrote:\n\n{LETTER}\n\nP.S. Bring some cake."),
        (f"{SAID}\n\n---\n\nBest regards, they said.", f"{SAID}\n\n---\n\nBest regards, they said."),
    ],
)
def test_a_letter_is_framed_where_it_stands(history, draft, rewrite):
    assert Personalizer(history).rewrite(draft).text.rstrip() == rewrite.rstrip().replace("we would", "we'd")


@pytest.mark.parametrize("history", [MAIL], indirect=True)
def test_a_letter_is_signed_as_it_comes_too(history):
    text = Personalizer(history).rewrite(f"{LETTER}{TALKED_OF}", windows="sentences").text
    assert text == f"{MINE}{TALKED_OF}".replace("we would", "we'd")


def signed(*names: str) -> list[HistoryItem]:
    return [HistoryItem(f"Hi Ann,\n\n{SAID} {i}\n\nCheers{name}", "mail") for i, name in enumerate(names)]


@pytest.mark.parametrize(
    ("history", "below", "rewrite"),
    [
        (signed(*["\nSam"] * 5, "\nS."), "\n\n[Your Name]\n[Your Title]\n[Phone]", "\nSam\n[Your Title]\n[Phone]"),
        (signed(*["\nSam\n+44 20 1234"] * 5), "\n[Your Full Name]", "\nSam"),
        (signed(*[", Sam"] * 5), "\n[Your Name]", ", Sam"),
        (signed(*["\nSam"] * 5), " Kim", ", Kim"),
        (signed(*[" - Sam"] * 5), "\n[Name]", " - Sam"),
        (signed(*["\nSam"] * 5), "\n[Company Name]", "\n[Company Name]"),
        (signed(*["\nSam"] * 5), "\nRobin", "\nRobin"),
        (signed(*["\nSam"] * 5, *["\nAnn"] * 3), "\n[Your Name]", "\n[Your Name]"),
        (signed("\nSam", "\nSam"), "\n[Your Name]", "\n[Your Name]"),
        (signed(*[""] * 5), "\n[Your Name]", "\n[Your Name]"),
    ],
    indirect=["history"],
)
@pytest.mark.parametrize("windows", ["paragraphs", "sentences"])
def test_a_place_for_the_name_is_filled_by_who_signs_with_one(history, below, rewrite, windows):
    text = Personalizer(history).rewrite(f"Hello Kim,\n\n{SAID}\n\nBest regards,{below}", windows=windows).text
    assert text.endswith(f"\n\nCheers{rewrite}")


@pytest.mark.parametrize("history", [NOTES], indirect=True)
@pytest.mark.parametrize("stated", ["Cheers, Tom", "Cheers,\nJane"])
@pytest.mark.parametrize("name", ["Sam", "Claude", "[Your Name]"])
@pytest.mark.parametrize("below", ["", "\n[Phone]"])
def test_a_stated_sign_off_is_taken_at_its_word(history, stated, name, below):
    history.set_preference("sign_off", stated)
    text = Personalizer(history).rewrite(f"Dear Bob,\n\n{SAID}\n\nBest regards,\n{name}{below}").text
    assert text.endswith(f"\n\n{stated}{below}" if not below or name.startswith("[") else f"\n\nCheers,\n{name}{below}")


@pytest.mark.parametrize("history", [signed(*["\nSam"] * 5)], indirect=True)
@pytest.mark.parametrize("said", [f"{SAID} My name is [Your Name].", f"{SAID}\n\nAnn Lee:\n[Your Name]"])
def test_other_places_for_a_name_stay(history, said):
    assert "[Your Name]" in Personalizer(history).rewrite(f"Hi Ann,\n\n{said}\n\nThanks,\nKim").text


@pytest.mark.parametrize("history", [MAIL + NOTES + FORMAL], indirect=True)
def test_formal_letters_keep_a_manner_of_their_own(history):
    text = Personalizer(history).rewrite(f"Dear Professor Kim,\n\n{SAID}\n\nBest regards,\nSam Ito").text
    assert text.startswith("Dear Professor Kim,") and text.endswith("Yours sincerely,\nSam Ito")


@pytest.mark.parametrize("history", [[HistoryItem(item.text) for item in MAIL]], indirect=True)
def test_who_greets_in_every_text_greets_in_answers_too(history):
    text = Personalizer(history).rewrite(SAID).text
    assert text.startswith("Hi,\n\n") and text.endswith("\n\nCheers,\nSam")


@pytest.mark.parametrize("history", [[HistoryItem(f"Hey, see you at {n}", "slack", kind="chat") for n in range(9)]], indirect=True)
def test_a_chat_greets_as_no_letter_does(history):
    assert Personalizer(history).rewrite(SAID).text == SAID
    assert Personalizer(history).rewrite(f"Hello Bo,\n\n{SAID}").text.startswith("Hello Bo,")


@pytest.mark.parametrize("history", [signed(*[",\nSam"] * 5, *[",\nS."] * 2, ",", "\nSam")], indirect=True)
def test_a_reason_counts_sign_offs_by_their_phrase(history):
    edits = Personalizer(history).rewrite(LETTER).edits
    assert [edit.reason for edit in edits if edit.feature == "sign_off"] == ["sign-off: 'Cheers,' in 8 of your 9 texts"]


@pytest.mark.parametrize("history", [MAIL], indirect=True)
def test_a_reason_names_mails(history):
    edits = Personalizer(history).rewrite(CASES[0][0]).edits
    assert [edit.reason for edit in edits if edit.feature == "greeting"] == ["greeting: 'hi' in 9 of your 9 mails"]
    assert [edit.reason for edit in edits if edit.feature == "sign_off"] == ["sign-off: 'Cheers,' in 9 of your 9 mails"]
    cited = [history.get(number).text for edit in edits for number in edit.evidence if edit.feature == "greeting"]
    assert cited and all(text.startswith("Hi Tom") for text in cited)


STATED = [
    ("Hey,", "Hi there, little buddy! The road is long.", "Hey, little buddy. The road is long."),
    ("Hey,", "Hi! It rains, and the road is long.", "Hey! It rains, and the road is long."),
    ("Hey,", "Hello everyone, the road is long.", "Hey, the road is long."),
    ("Hey,", "Hi John,\n\nThe road is long.", "Hey John,\n\nThe road is long."),
    ("Hello there!", "Hi John,\n\nThe road is long.", "Hello there!\n\nThe road is long."),
    ("Hey,", "Hello Jude, a song, is by the Beatles.", "Hello Jude, a song, is by the Beatles."),
    ("Hey,", "Hello Jude, a song is on.", "Hey Jude, a song is on."),
]


@pytest.mark.parametrize("history", [NOTES], indirect=True)
@pytest.mark.parametrize(("stated", "draft", "text"), STATED)
def test_a_stated_greeting_has_one_mark_and_titles_stay(history, stated, draft, text):
    history.set_preference("greeting", stated)
    assert Personalizer(history).rewrite(draft).text == text


@pytest.mark.parametrize("history", [MAIL], indirect=True)
def test_a_stated_greeting_stands_before_answers_too(history):
    history.set_preference("greeting", "Hello there")
    assert Personalizer(history).rewrite(SAID).text.startswith("Hello there,\n\n")
