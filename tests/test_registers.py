"""What messages and formal letters show is their own, and what a draft is decides which of it counts."""

import pytest

from rpo_edge import History, HistoryItem, Personalizer
from rpo_edge.records import Habit, StyleProfile
from rpo_edge.reflectors.base import Window
from rpo_edge.steps.profile import measure
from rpo_edge.steps.registers import MESSAGE, differing, in_register, register_of

CHATS = [f"hey, dont know if i can come at {n}. u could ask the others & tell me" for n in range(1, 40)]
NOTES = [
    f"The pump in house {n} is not fixed, and the well behind it is dry. I do not know when it will be, but we can go and look at it. It is far."
    for n in range(9)
]
FRIENDS = [
    f"I don't know if it's the pump in house {n}, and I can't go there before Monday. It's far, and they're all away until then. We'll see what it's like."
    for n in range(9)
]
LETTERS = [
    f"Dear Dr Hale,\n\nI do not know whether pump {n} is fixed. It is not in the report, and I cannot say who has seen it. I am sorry for the delay, and "
    "I will write again.\n\nYours sincerely,\nAnn Lee"
    for n in range(9)
]
DRAFT = "I do not know whether you can come, and it is not clear who will be here. You could ask the others, and they will tell you that it is late."
REPLY = "I am not sure that you can come."
FORMAL = f"Dear Professor Kim,\n\n{DRAFT.replace('do not', 'don’t').replace('it is', 'it’s')}\n\nYours sincerely,\nAnn Lee"


@pytest.mark.parametrize(
    ("text", "register"),
    [
        ("ok, see you", "messages"),
        ("so " * (MESSAGE - 1), "messages"),
        ("so " * MESSAGE, ""),
        ("Dear Dr Hale,\n\nIt rains.", "formal letters"),
    ],
)
def test_what_a_text_is(text, register):
    assert register_of(text) == register


def test_a_feature_has_a_name_for_each_register():
    assert {"last_stop in messages", "pronoun_case in messages", "shorthand in messages:you"} <= measure(CHATS[0]).keys()
    assert "last_stop" in measure(NOTES[0]) and "contraction in formal letters:don't" in measure(LETTERS[0])


def rewritten(texts, draft, reflector="rules", windows="paragraphs"):
    with History.open(create=False, path="none.db") as history:
        history.extend(HistoryItem(text, kind="chat" if text in CHATS else None) for text in texts)
        return Personalizer(history, reflector).rewrite(draft, windows=windows).text


@pytest.mark.parametrize("reflector", ["rules", "edit"])
@pytest.mark.parametrize("texts", [CHATS, CHATS + NOTES], ids=["chats", "chats and notes"])
def test_a_page_is_not_written_like_messages(texts, reflector):
    for windows in ("paragraphs", "sentences"):
        text = rewritten(texts, DRAFT, reflector, windows)
        assert text.startswith("I ") and text.endswith("late.") and " u " not in text and "&" not in text and "dont" not in text


def test_a_message_is():
    assert rewritten(CHATS, REPLY) == "im not sure that u can come"
    assert rewritten(CHATS, f"{REPLY} {REPLY}\n\n{REPLY} " + "It is far, and we are late. " * 3).startswith("I")


@pytest.mark.parametrize("reflector", ["rules", "edit"])
def test_an_office_is_not_written_to_as_friends_are(reflector):
    plain, formal = (rewritten(FRIENDS + LETTERS, draft, reflector) for draft in (DRAFT, FORMAL))
    assert "don't" in plain and "do not" not in plain and "it is " not in plain
    assert "do not" in formal and "it is" in formal and "’" not in formal


def habits(**counts):
    return StyleProfile(
        {key.replace("__", " "): Habit(key.replace("__", " "), of, dict.fromkeys(of, (1,))) for key, of in counts.items()}, {}, 9, 90
    )


def shown(profile, register, key):
    return dict(in_register(profile, register).habits[key].counts) if key in in_register(profile, register).habits else None


MESSAGES = habits(last_stop={"stop": 3.0}, last_stop__in__messages={"none": 9.0, "stop": 1.0}, emoji={"none": 4.0})
LETTER = habits(**{"contraction": {"contracted": 7.0}, "contraction__in__formal__letters": {"expanded": 6.0}})
FEW = habits(**{"contraction": {"contracted": 7.0}, "contraction__in__formal__letters": {"expanded": 2.0}})


@pytest.mark.parametrize(
    ("profile", "register", "key", "counts"),
    [
        (MESSAGES, "messages", "last_stop", {"stop": 4.0, "none": 9.0}),
        (MESSAGES, "", "last_stop", {"stop": 3.0}),
        (MESSAGES, "formal letters", "last_stop", {"stop": 3.0}),
        (MESSAGES, "messages", "emoji", {"none": 4.0}),
        (LETTER, "formal letters", "contraction", {"expanded": 6.0}),
        (LETTER, "", "contraction", {"contracted": 7.0}),
        (FEW, "formal letters", "contraction", {"contracted": 7.0, "expanded": 2.0}),
        (FEW, "messages", "contraction", {"contracted": 7.0}),
    ],
)
def test_which_counts_a_draft_goes_by(profile, register, key, counts):
    assert shown(profile, register, key) == counts
    assert not any(" in " in name for name in in_register(profile, register).habits)


def test_evidence_of_both_is_the_newest():
    both = StyleProfile(
        {
            "last_stop": Habit("last_stop", {"none": 2.0}, {"none": (9, 4)}),
            "last_stop in messages": Habit("x", {"none": 3.0}, {"none": (8, 7, 1)}),
        }
    )
    assert in_register(both, "messages").habits["last_stop"].evidence == {"none": (9, 8, 7)}


def test_where_registers_differ_no_mean_is_taken():
    assert differing(LETTER) == {"contraction"} and not differing(FEW) and not differing(MESSAGES)


def test_a_sentence_of_a_stream_belongs_to_no_message():
    assert Window(REPLY, 0).register == "messages" and Window(REPLY, 0, sentence=True).register == ""
    assert Window(REPLY, 0, formal=True).register == "formal letters" and Window(REPLY, 0, after=DRAFT).register == ""
