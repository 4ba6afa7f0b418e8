"""The rules reflector through the whole flow: what a short history of plain habits makes of a draft."""

from pathlib import Path

import pytest

from rpo_edge import History, Personalizer
from rpo_edge.edits import apply
from rpo_edge.errors import InputError
from rpo_edge.features import CHOICES
from rpo_edge.lexicon import FUNCTION_WORDS
from rpo_edge.names import no_name
from rpo_edge.records import Edit, Evidence, Habit, HistoryItem, StyleProfile
from rpo_edge.reflectors.base import Window
from rpo_edge.reflectors.policies import _POLICIES
from rpo_edge.reflectors.rates import User
from rpo_edge.reflectors.rules import RulesReflector

LONG = "The information explains how people set it up. It works well, and most of them like the color of the page"


def rewritten(texts, draft, windows="paragraphs"):
    with History.open(Path(":memory:"), create=False) as history:
        history.extend(HistoryItem(text) for text in texts)
        return Personalizer(history, "rules").rewrite(draft, windows=windows).text


def test_a_short_form_is_taken_up_of_the_words_that_show_it_alone():
    texts = ["The info says how it works, and people like it.", "I wrote the info for people who asked.", "Look at the info, it helps."]
    found = rewritten(texts, f"{LONG}.")
    assert "The info explains" in found and "how people set" in found


def test_one_short_form_is_no_habit():
    assert "information" in rewritten(["The info says how it works.", "It works for me.", "We like it that way."], f"{LONG}.")


@pytest.mark.parametrize("windows", ["paragraphs", "sentences"])
def test_who_ends_without_a_full_stop_gets_paragraphs_without(windows):
    texts = [
        "that works for me, and for the two others who were asked about it last week. thanks for the quick help with it, and for all of it",
        "we tried it here, with the pump that came last week, and with the old one, too. it fails on my machine as on all others",
        "no idea why, but the others who were here when it broke may well know more of it. maybe ask the two who wrote it",
    ]
    found = rewritten(texts, f"{LONG}.\n\n- A list ends as prose does.\n\nIt works now. That is all there is to say.", windows)
    assert found.endswith("to say")
    assert (
        ("page\n\n" in found) == ("as prose does\n\n" in found) == (windows == "paragraphs")
    )  # a sentence alone does not show that its paragraph ends


def test_case_follows_the_writer_but_for_names():
    texts = [
        "that works for me. i tried it twice. it is fine.",
        "we like it. you may try. thanks.",
        "no idea, ask mark. he knows. they do too.",
    ]
    found = rewritten(texts, "Focus on this first. Washington is a city. Mark said so. I think NASA knows.")
    assert found.startswith("focus on this first. Washington is") and "Mark said" in found and "I think" in found


def test_three_places_that_agree_are_enough_and_two_are_not():
    british = ["I like the colour.", "Which flavour do you want?", "It is in the centre of town."]
    assert "colour" in rewritten(british, f"{LONG}.") and "color " in rewritten(british[:2], f"{LONG}.")
    assert "color " in rewritten([*british[:2], "A color film."], f"{LONG}.")


STOCK = "It is important to note that the sky is blue. We went out. In conclusion, the day was good."


def test_what_says_nothing_goes_for_whom_it_is_no_habit():
    assert (
        rewritten(["It rained all day.", "We stayed at home.", "It was a good day."], STOCK)
        == "The sky is blue. We went out. The day was good."
    )
    noting = ["Note that it rained.", "We stayed at home.", "Please note that it was a good day."]
    assert rewritten(noting, STOCK) == "It is important to note that the sky is blue. We went out. The day was good."


@pytest.mark.parametrize("windows", ["paragraphs", "sentences"])
def test_what_follows_a_stock_phrase_has_the_writers_case(windows):
    texts = [
        "that works for me, and it does for the others who came here in the rain. no, it does not rain now. we like it so.",
        "we like it here, as all others do who came by the ferry in the last days of that week. you may try. thanks for it.",
    ]
    assert rewritten(texts, STOCK, windows) == "the sky is blue. we went out. the day was good."


def test_a_stock_phrase_goes_with_what_another_reflector_would_change_in_it():
    draft = "It is worth noting that the boat is late. It is cold."
    given = [Edit(start, start + 5, "It is", "It's", "contracted") for start in (0, 42)]
    habits = {"announcement": Habit("announcement", {"none": 90.0}), "contraction:it's": Habit("contraction:it's", {"contracted": 9.0})}
    found = RulesReflector().finish(given, Window(draft, 0), Evidence(), StyleProfile(habits, {}, 9, 900), frozenset(["announcement"]))
    assert apply(draft, found.edits) == "The boat is late. It's cold."


def test_the_list_of_no_names():
    path = Path(__file__).resolve().parents[1] / "rpo_edge" / "words.txt"
    words = path.read_text("utf-8").split()
    assert words == sorted(set(words)) and all(word.isascii() and word.islower() for word in words) and len(words) > 5000
    assert all(map(no_name, ["Focus", "Here's", "Provide", "The", "A", "It’s", "Long-term"]))
    assert not any(map(no_name, ["Mark", "April", "Washington", "US", "Jack’s", "NASA", "I", "", "Coca-cola", "Spider-Man"]))
    assert not {"mark", "may", "grace", "bill", "china", "go"} & set(words) - FUNCTION_WORDS


@pytest.mark.parametrize(
    "word", ["People", "Hello", "Hi", "Hey", "Water", "Install", "Open", "Preheat", "Chop", "Boil", "Great", "Basically"]
)
def test_common_first_words_are_no_names(word):
    assert no_name(word)


@pytest.mark.parametrize(
    "word",
    ["Python", "Docker", "Git", "Excel", "Pages", "Apple", "May", "Rose", "Jordan", "Swift", "Rust", "Word", "Teams", "Slack", "Zoom"],
)
def test_names_that_are_words_too_stay_names(word):
    assert not no_name(word)


DRAFT = (
    "However, it is hard. It is not clear that we are able to utilize it. It is fine, and they do not require a new one. I am sure that "
    "you are right. It is what we have. However, they will not commence. We cannot demonstrate that it is the color. It is numerous."
)


@pytest.mark.parametrize("reflector", ["rules", "edit"])
def test_more_strength_never_makes_fewer_edits(store, reflector):
    draft = f"{DRAFT}\n\n{(Path(__file__).resolve().parents[1] / 'examples/response.txt').read_text('utf-8')}"
    with History.open(store) as history:
        found = [Personalizer(history, reflector, strength=i / 8).rewrite(draft) for i in range(9)]
        assert found[-1].edits == Personalizer(history, reflector).rewrite(draft).edits
    edits = [len(rewrite.edits) for rewrite in found]
    assert edits == sorted(edits) and edits[0] == 0 < edits[4] < edits[8]


def test_what_is_stated_is_done_at_any_strength():
    with History.open(Path(":memory:"), create=False) as history:
        history.set_preference("contractions", "always")
        assert "it's hard" in Personalizer(history, "rules", strength=0.0).rewrite(DRAFT).text
    with History.open(Path(":memory:"), create=False) as history, pytest.raises(InputError):
        Personalizer(history, strength=1.5)


def test_contractions_have_the_users_own_apostrophe():
    texts = ["It’s here, and we don’t know. They’re fine, that’s it.", "I can’t say that it’s so. You’re right, isn’t it?"]
    found = rewritten(texts, "It is not clear that they do not know. We cannot tell, and it's late.")
    assert "’" in found and "'" not in found


def contracted(counts, draft="It is late. They are here. It is far. We are glad. It is here. It is not."):
    habits = {key: Habit(key, {"contracted": float(yes), "expanded": float(no)}) for key, (yes, no) in counts.items()}
    found = RulesReflector().reflect(Window(draft, 0), Evidence(), StyleProfile(habits, {}, 9, 900))
    return apply(draft, found.edits)


def test_a_stray_form_is_neither_left_nor_put_in():
    most = {"contraction:they're": (50, 2)}
    every = "It's late. They're here. It's far. We're glad. It's here. It isn't."
    assert contracted({**most, "contraction:it's": (6, 1), "contraction:isn't": (6, 0)}, every) == every
    assert contracted({**most, "contraction:it's": (6, 1), "contraction:isn't": (6, 0)}) == every
    assert contracted({"contraction:they're": (2, 50), "contraction:it's": (1, 6)}).count("'") == 0


@pytest.mark.parametrize(
    ("counts", "expanded"),
    [
        ({"contraction:they're": (50, 2), "contraction:it's": (6, 3)}, 10),
        ({"contraction:they're": (20, 3), "contraction:it's": (5, 1)}, 6),
        ({"contraction:they're": (150, 2), "contraction:it's": (1, 9)}, 26),
    ],
    ids=["thrice of this pair", "more than one in ten of the kind", "this pair mostly"],
)
def test_what_is_no_stray_is_drawn(counts, expanded):
    draft = " ".join(["It is late."] * 40)
    assert contracted(counts, draft).count("It is") in (expanded, expanded + 1)


def test_a_label_keeps_its_hyphen():
    texts = ["One thing—the best—is this.", "We left—all of us—at noon.", "It works—mostly—now and then."]
    found = rewritten(
        texts, "1. The old bunker (1999) - A romantic comedy about a man who lives there.\n\nIt is good - and very much so at that."
    )
    assert "(1999) - A romantic" in found and "good—and" in found


@pytest.mark.parametrize(("stated", "text"), [("lower", "yes, i think so, and i'm here"), ("standard", "Yes, I think so, and I'm here")])
def test_a_stated_case_is_that_of_the_pronoun_too(tmp_path, stated, text):
    with History.open(tmp_path / "h.db") as history:
        for own in ("yes i think so", "i'm here and i know it", "i have it"):
            history.add(own)
        history.set_preference("case", stated)
        rewrites = {
            Personalizer(history).rewrite(draft).text for draft in ("Yes, I think so, and I'm here.", "yes, i think so, and i'm here.")
        }
    assert rewrites == {text}


def test_an_observation_says_the_users_side_of_short_forms_too():
    profile = StyleProfile({"shorthand:you": Habit("shorthand:you", {"u": 9.0})})
    found = RulesReflector().reflect(Window("Can you come now?", 0), Evidence(), profile).observations
    assert [o.user for o in found if o.feature == "shorthand"] == ["'u' 100%"]


def test_every_policy_is_of_a_feature():
    names = {choice.name for choice in CHOICES}
    assert {key.partition(":")[0] for key in _POLICIES} <= names


def test_what_a_sentence_and_the_text_before_it_hold_is_looked_for_once():
    """The sentence's own sites, the rates around it, and what is said of them."""
    reflector = RulesReflector()
    profile = StyleProfile({"contraction:it's": Habit("contraction:it's", {"contracted": 9.0})})
    window = Window("It is late. ", 9, "We came. ", sentence=True)
    assert [edit.after for edit in reflector.reflect(window, Evidence(), profile).edits] == ["It's"]
    assert reflector._found.cache_info().misses == 1 < reflector._found.cache_info().hits


def test_who_shares_a_reflector_gets_their_own_habits(monkeypatch):
    """Another thread may rewrite for somebody else between the look at whose habits are remembered and their use."""
    mine, theirs = (StyleProfile({"dash": Habit("dash", {way: 9.0})}) for way in ("comma", "colon"))
    shared, window = RulesReflector(), Window("It is late.", 0)
    shared.user(mine, window)
    asked = User.is_of

    def is_of(self, profile, register):
        same = asked(self, profile, register)
        monkeypatch.setattr(User, "is_of", asked)
        shared.user(theirs, window)
        return same

    monkeypatch.setattr(User, "is_of", is_of)
    assert shared.user(mine, window).profile is mine and shared.user(theirs, window).profile is theirs
