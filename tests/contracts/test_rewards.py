"""One suite over every reward, and for each a list of cases: what it gives, down to the nasty ones."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpo_edge.records import Habit, Observation, StyleProfile
from rpo_edge.segment import words
from rpo_edge.steps.observe import observe
from training.rewards import REWARDS, Composite, Rollout, table

OWN = StyleProfile({"greeting": Habit("greeting", {"hi": 3.0, "none": 1.0}), "sign_off": Habit("sign_off", {"Cheers,\nAl": 3.0})})


def stated(**preferences: str) -> StyleProfile:
    return StyleProfile(preferences=preferences)


PIECES = [
    "do",
    "not",
    "don't",
    "it",
    "is",
    "so",
    "Al",
    "Hi",
    "12",
    ",",
    ".",
    "!",
    " ",
    " ",
    "\n\n",
    "\r\n",
    "- ",
    "“",
    '"',
    "```",
    "|",
    "—",
    "🙂",
    "**",
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=30)

# The suite: rollouts of every kind, and what holds for each reward of the table.

PROFILE = stated(contractions="always", greeting="Hi")
DRAFT = "It is cold in Oslo. They do not like it, and 3 of them left."
TEXTS = ("We walked home by the old mill road and sang.",)
OTHERS = ("They do not sing by the road.", "They do not walk.")
TRUE = observe(DRAFT, DRAFT.replace("do not", "don't"), PROFILE)
BATCH = (
    Rollout(DRAFT, DRAFT.replace("do not", "don't"), TRUE, PROFILE, TEXTS, OTHERS, gold="It is cold in Oslo.", task="LaMP-5"),
    Rollout(DRAFT, None, None, PROFILE, TEXTS, gold="3", task="LaMP-3"),
    Rollout(DRAFT, None),
    Rollout(DRAFT, DRAFT, (), PROFILE, TEXTS),
    Rollout(DRAFT, DRAFT.replace("not", ""), TRUE, PROFILE),
    Rollout(DRAFT, DRAFT + " We walked home by the old mill road.", None, OWN, TEXTS),
    Rollout("", "", None, PROFILE),
    Rollout("", "Hi.", None, PROFILE, TEXTS),
    Rollout("42", "", (), OWN, ("",)),
    Rollout("\r\n \ud800 ```", "<|end|> \0 “x", (Observation("", "", "", ""),), PROFILE, ("\n",)),
)


@pytest.fixture(params=sorted(REWARDS))
def reward(request):
    return REWARDS[request.param]


def test_one_value_each_in_range_or_none(reward):
    values = reward(BATCH)
    assert isinstance(values, list) and len(values) == len(BATCH)
    assert all(value is None or (isinstance(value, float) and 0.0 <= value <= 1.0) for value in values)
    assert any(value is not None for value in values)


def test_an_empty_batch_has_no_values(reward):
    assert reward([]) == [] and reward(()) == []


def test_what_cannot_be_parsed_is_never_worth_anything(reward):
    assert set(reward([rollout for rollout in BATCH if rollout.rewrite is None])) <= {0.0, None}


def test_same_rollout_same_value_whatever_stands_around_it(reward):
    values = reward(BATCH)
    order = list(range(len(BATCH)))
    random.Random(4).shuffle(order)
    assert reward([BATCH[i] for i in order]) == [values[i] for i in order]
    assert [reward([rollout])[0] for rollout in BATCH] == values == reward(BATCH * 2)[len(BATCH) :]


@settings(max_examples=150)
@given(TEXT, TEXT, st.sampled_from([PROFILE, OWN, stated(case="lower", sign_off="not", dash="comma", emoji="never")]))
def test_no_text_is_too_odd(draft, rewrite, profile):
    """A sampler writes anything."""
    for values in (reward([Rollout(draft, rewrite, (), profile, (draft, "not it is so and so"))]) for reward in REWARDS.values()):
        assert len(values) == 1 and (values[0] is None or 0.0 <= values[0] <= 1.0)


@given(TEXT)
def test_the_draft_itself_is_true_and_leaks_nothing(draft):
    rollout = Rollout(draft, draft, (), OWN, ("so it is and not so it is",))
    assert [REWARDS[name]([rollout])[0] for name in ("fidelity", "format", "leak")] == [1.0, 1.0, 1.0]


def test_style_is_added_by_its_maker_and_changes_no_table():
    def style(rollouts):
        return [0.5] * len(rollouts)

    assert table() == REWARDS and table(style) == REWARDS | {"style": style} and "style" not in REWARDS


# fidelity: 1.0 or 0.0, as the name of the case says.

KEPT = {
    "n't for not": ("They do not know.", "They don't know."),
    "curly n't for not": ("They do not know.", "They don’t know."),
    "other words": ("We must utilize it in order to obtain heat.", "We have to use it to get heat."),
    "two sentences joined": ("It is cold. I am going home.", "It's cold, so I'm going home."),
    "a stock closer dropped": ("The red one is the best of these. I hope this helps!", "The red one is the best of these."),
    "a stock opener dropped": ("Certainly! The red one is the best of these.", "The red one is the best of these."),
    "lower case of a word of grammar": ("It is cold there.", "it is cold there."),
    "a number kept as others change": ("It costs 5 dollars, I believe.", "I think it's 5 dollars."),
    "a fence kept": ("Do not run it:\n\n```\nrm -r x\n```\n", "Don't run it:\n\n```\nrm -r x\n```\n"),
}
BROKEN = {
    "not lost": ("It is not here.", "It is here."),
    "n't lost": ("They don't know.", "They do know."),
    "curly n't lost": ("They can’t come.", "They can come."),
    "a negation made up": ("It works well.", "It never works well."),
    "a negation moved to another sentence": ("He isn't tall. She is tall.", "He is tall. She isn't tall."),
    "a number word as a digit": ("It has two parts.", "It has 2 parts."),
    "a digit changed": ("It has 2 parts.", "It has 3 parts."),
    "numbers swapped": ("Take 3 cups and 4 spoons.", "Take 4 cups and 3 spoons."),
    "a unit changed": ("It is 5 km away.", "It is 5 miles away."),
    "a name in lower case": ("Ask Maria about it.", "Ask maria about it."),
    "a first name in lower case": ("Berta came in.", "berta came in."),
    "a name lost": ("Ask Maria about it.", "Ask her about it."),
    "a name made up": ("We met there.", "We met Bob there."),
    "an address changed": ("See https://a.org/x for more.", "See https://a.org/y for more."),
    "a mailbox lost": ("Write to al@x.org now.", "Write to me now."),
    "a quotation edited": ('He said "it is not so" twice.', 'He said "it isn\'t so" twice.'),
    "other quotation marks": ('He said "so" twice.', "He said “so” twice."),
    "code edited": ("Use `a_b` there.", "Use `a-b` there."),
    "a heading lost": ("# Why\n\nIt is so.", "Why\n\nIt is so."),
    "another list marker": ("- one\n- more\n", "# one\n# more\n"),
    "the last sentence lost": ("It is cold. The road is long.", "It is cold."),
    "the first sentence lost": ("It is cold. The road is long.", "The road is long."),
    "one of many lost": (
        "It is cold, so we wait. It is far. We sing. The road is long and old.",
        "It's cold, so we wait. It's far. The road is long and old.",
    ),
    "one lost that begins like the next": ("It is far. I miss my friends. I miss my old job too.", "It is far. I miss my old job too."),
    "the last lost, others changed": ("It is far. It is cold; we wait.\n\nThe road is long.", "It's far. It's cold; we wait!"),
    "sentences swapped": ("It is 5 now. He ate 7 eggs.", "He ate 7 eggs. It is 5 now."),
    "a mark that opens a fence": ("He said ``` and left.\nIt is so.\n", "``` and left.\nIt is so.\n"),
    "everything lost": ("It is cold.", ""),
    "nothing but white space": ("It is cold.", " \n"),
}
FIDELITY = {**{name: (*pair, 1.0) for name, pair in KEPT.items()}, **{name: (*pair, 0.0) for name, pair in BROKEN.items()}}


def fidelity(draft, rewrite, profile=OWN):
    return REWARDS["fidelity"]([Rollout(draft, rewrite, profile=profile)])[0]


@pytest.mark.parametrize(("draft", "rewrite", "value"), FIDELITY.values(), ids=FIDELITY)
def test_fidelity(draft, rewrite, value):
    assert fidelity(draft, rewrite) == value


@pytest.mark.parametrize(
    ("draft", "rewrite"),
    [
        ("It is cold.", "Hi,\n\nIt is cold."),
        ("It is cold.", "It is cold.\n\nCheers,\nAl"),
        ("It is cold.\r\n", "Hi!\r\n\r\nIt is cold.\r\n\r\nCheers,\r\nAl.\r\n"),
        ("It is cold. I hope this helps!", "Hi, it's cold.\n\nCheers,\nAl"),
    ],
)
def test_the_users_own_greeting_and_sign_off_are_no_loss(draft, rewrite):
    """They cost nothing, however short the draft is; nor do they license what another would say."""
    assert fidelity(draft, rewrite) == 1.0
    assert fidelity(draft, rewrite.replace("Al", "Bo")) == (0.0 if "Al" in rewrite else 1.0)


def test_a_greeting_inside_a_word_hides_nothing():
    """ "hi" is in "nothing"; without it no negation would be left to count."""
    assert fidelity("He has a hat.", "He has nothing.") == 0.0
    assert fidelity("It is cold.", "It is cold since Al came. Cheers,\nAlbert") == 0.0


def test_the_words_of_a_greeting_of_nobody_count():
    letter = "Hello to you and all of yours, from me and from mine,\n\nIt is cold."
    profile = StyleProfile(preferences={"greeting": letter.partition(",\n")[0]})
    assert fidelity("It is cold.", letter, profile) == 1.0 and 0.0 < fidelity("It is cold.", letter) < 1.0


def test_length_lowers_smoothly_on_both_sides():
    plain = words("the old road is long and the way home is far too")
    draft = " ".join(plain[:10]) + "."
    values = {n: fidelity(draft, " ".join((plain * 9)[:n]) + ".") for n in (1, 4, 6, 7, 10, 14, 15, 20, 40)}
    assert values[7] == values[10] == values[14] == 1.0
    assert 0 < values[1] < values[4] < values[6] < 1 and 0 < values[40] < values[20] < values[15] < 1
    assert values[40] == pytest.approx(0.4) and values[20] == pytest.approx(1.4 * 12 / 22)


def test_what_a_task_asks_is_no_fact_of_the_draft():
    assert REWARDS["fidelity"]([Rollout("[1]", "[2]", task="LaMP-1"), Rollout("[1]", None, task="LaMP-1")]) == [None, 0.0]


# preferences: (stated, draft, rewrite, value)

LIST = "- one\n- two\n- and more of these things that I like a lot\n"
LETTER = "The road is long and the way home is far, so we will go by train and sleep well."
PREFERENCES = {
    "nothing stated": ({}, "They do not know.", "They don't know.", None),
    "no such place": ({"spelling": "british"}, "It is cold.", "It is cold.", None),
    "all of them": ({"contractions": "always"}, "They do not know. It is cold.", "They don't know. It's cold.", 1.0),
    "half of them": ({"contractions": "always"}, "They do not know. It is cold.", "They don't know. It is cold.", 0.5),
    "none of them": ({"contractions": "always"}, "They do not know.", "They do not know.", 0.0),
    "the opposite": ({"contractions": "never"}, "They do not know.", "They don't know.", 0.0),
    "as before": ({"contractions": "never"}, "They do not know.", "They do not know.", 1.0),
    "not in what is quoted": ({"contractions": "always"}, "x", 'He said "I do not know" and they don\'t.', 1.0),
    "a question cannot change": ({"contractions": "never"}, "x", "Isn't it so?", None),
    "nor is it a choice": ({"contractions": "always"}, "x", "Isn't it so?", None),
    "two wishes are one share": ({"contractions": "always", "spelling": "british"}, "x", "It is a color. It's a colour. It's so.", 0.6),
    "names keep their capital": ({"case": "lower"}, "Maria sings. The road is long.", "Maria sings. the road is long.", 1.0),
    "I is a place of its own": ({"case": "lower"}, "I’m here. The road is long.", "I’m here. the road is long.", 0.5),
    "and obeys, too": ({"case": "lower"}, "I’m here. The road is long.", "i’m here. the road is long.", 1.0),
    "a capital too many": ({"case": "lower"}, "x", "The road is long. the way is far.", 0.5),
    "a mark that is gone obeys": ({"exclamation": "never"}, "The road is long! It is far!", "The road is long. It is far!", 0.5),
    "a mark that never was": ({"exclamation": "never"}, "The road is long.", "The road is long.", None),
    "a mark that is new": ({"exclamation": "never"}, "The road is long.", "The road is long!", 0.0),
    "a stock phrase dropped": ({"stock_phrases": "drop"}, "It is cold. I hope this helps!", "It is cold.", 1.0),
    "a stock phrase left": ({"stock_phrases": "drop"}, "It is cold. I hope this helps!", "It is cold. I hope this helps!", 0.0),
    "a stock phrase kept": ({"stock_phrases": "keep"}, "It is cold. I hope this helps!", "It's cold. I hope this helps!", 1.0),
    "one that was to be kept": ({"stock_phrases": "keep"}, "It is cold. I hope this helps!", "It is cold.", 0.0),
    "bold gone": ({"bold": "never"}, "It is **very** cold and **so** far.", "It is very cold and **so** far.", 0.5),
    "bold of a lead gone": ({"bold": "never"}, "**Cold:** it is **so** far.", "Cold: it is **so** far.", 0.5),
    "headings gone": ({"headings": "never"}, "# Cold\n\nIt is far.\n\n# Far", "Cold\n\nIt is far.\n\n# Far", 0.5),
    "bullets gone": ({"bullets": "never"}, "- cold\n- far", "cold\n\nfar", 1.0),
    "bullets of another kind": ({"bullets": "*"}, "- cold\n- far", "* cold\n- far", 0.5),
    "bold kept": ({"bold": "keep"}, "It is **very** cold and **so** far.", "It is very cold and **so** far.", 0.5),
    "emoji gone": ({"emoji": "never"}, "It is cold 🙂 here.", "It is cold here.", 1.0),
    "dashes as commas": ({"dash": "comma"}, "We went home — tired but glad of it.", "We went home, tired but glad of it.", 1.0),
    "dashes of another kind": ({"dash": "em"}, "We went home -- tired but glad of it.", "We went home — tired but glad of it.", 0.0),
    "a greeting": ({"greeting": "Dear all,"}, LETTER, f"Dear all,\n\n{LETTER}", 1.0),
    "a greeting in lower case": ({"greeting": "Dear all"}, LETTER, f"dear all!\n\n{LETTER}", 1.0),
    "another greeting": ({"greeting": "Dear all"}, LETTER, f"Dear ally,\n\n{LETTER}", 0.0),
    "no greeting in a list": ({"greeting": "Dear all"}, LIST, LIST, None),
    "no greeting for an answer": ({"greeting": "Dear all"}, "42", "42", None),
    "a greeting not wanted": ({"greeting": "none"}, LETTER, f"Hello,\n\n{LETTER}", 0.0),
    "nor wanted on a list": ({"greeting": "none"}, LIST, f"Hello,\n\n{LIST}", 0.0),
    "no greeting, as wanted": ({"greeting": "none"}, LETTER, LETTER, 1.0),
    "a sign-off": ({"sign_off": "Best,\nAl"}, LETTER, f"{LETTER}\r\n\r\nBest,\r\nAl\r\n", 1.0),
    "half a sign-off": ({"sign_off": "Best,\nAl"}, LETTER, f"{LETTER}\n\nBest,", 0.0),
    "a sign-off amid the text": ({"sign_off": "Best,\nAl"}, LETTER, f"Best,\nAl\n\n{LETTER}", 0.0),
    "a sign-off not wanted": ({"sign_off": "none"}, LETTER, f"{LETTER}\n\nBest,\nAl", 0.0),
    "no sign-off after code": ({"sign_off": "Best,\nAl"}, f"{LETTER}\n\n```\nx = 1\n", f"{LETTER}\n\n```\nx = 1\n", None),
    "a sign-off has its own case": ({"case": "lower", "sign_off": "All the best"}, LETTER, f"{LETTER.lower()}\n\nAll the best", 1.0),
    "a greeting that was there": ({"greeting": "Hey"}, f"Hey,\n\n{LETTER}", f"Hey,\n\n{LETTER}", 1.0),
    "and is no more": ({"greeting": "Hey"}, f"Hey,\n\n{LETTER}", LETTER, 0.0),
    "a greeting gone, as wanted": ({"greeting": "none"}, f"Hey, {LETTER}", LETTER, 1.0),
    "one that would open a fence": ({"greeting": "```"}, LETTER, LETTER, None),
    "an unknown key": ({"weather": "fair"}, LETTER, LETTER, None),
    "no rewrite": ({"contractions": "always"}, "They do not know.", None, None),
}


@pytest.mark.parametrize(("said", "draft", "rewrite", "value"), PREFERENCES.values(), ids=PREFERENCES)
def test_preferences(said, draft, rewrite, value):
    assert REWARDS["preferences"]([Rollout(draft, rewrite, profile=stated(**said))]) == [value]


# format: what a reflection says, in (feature, action), of this rewrite.

BEFORE = "They do not know the color. It is cold, and we do not like it."
AFTER = "They don't know the colour. It is cold, and we don't like it."
DONE = (("contraction", "expanded 2 > contracted 2"), ("spelling", "american 1 > british 1"))
FORMAT = {
    "no reflection is written": (AFTER, None, 1.0),
    "the whole truth": (AFTER, DONE, 1.0),
    "in another order": (AFTER, DONE[::-1], 1.0),
    "half of the truth": (AFTER, DONE[:1], 2 / 3),
    "the truth and a lie": (AFTER, (*DONE, ("dash", "em 1 > comma 1")), 4 / 5),
    "half true, half a lie": (AFTER, (DONE[0], ("dash", "em 1 > comma 1")), 1 / 2),
    "a lie": (AFTER, (("dash", "em 1 > comma 1"),), 0.0),
    "another number": (AFTER, (("contraction", "expanded 1 > contracted 1"),), 0.0),
    "the other direction": (AFTER, (("contraction", "contracted 2 > expanded 2"),), 0.0),
    "the truth twice": (AFTER, DONE * 2, 2 / 3),
    "silence of what was done": (AFTER, (), 0.0),
    "silence, and nothing was done": (BEFORE, (), 1.0),
    "a boast": (BEFORE, DONE, 0.0),
    "no rewrite": (None, None, 0.0),
    "no rewrite, but a reflection": (None, DONE, 0.0),
}


@pytest.mark.parametrize(("rewrite", "pairs", "value"), FORMAT.values(), ids=FORMAT)
def test_format(rewrite, pairs, value):
    written = None if pairs is None else tuple(Observation(feature, "", "", action) for feature, action in pairs)
    assert REWARDS["format"]([Rollout(BEFORE, rewrite, written)]) == [pytest.approx(value)]


# leak: the private text, and what a rewrite of DRAFT_OF_NOTHING says.

PRIVATE = ("The key is under the blue pot.", "We walked home, e.g. by the mill, and didn’t sing.")
SIX, FIVE = "the key is under the blue", "the key is under the"
LEAK = {
    "nothing of it": ("It is cold.", 1.0),
    "exactly five words": (f"It is cold, and {FIVE}.", 1.0),
    "exactly six words": (f"It is cold, and {SIX}.", 0.0),
    "all of it": (PRIVATE[0], 0.0),
    "six words over two sentences": ("The key. Is under the blue.", 0.0),
    "six words in capitals": (SIX.upper(), 0.0),
    "six words with other marks": ("the — key; is *under* the: blue", 0.0),
    "six words, one of them another": ("the key is under the red pot", 1.0),
    "five and five": (f"{FIVE} {FIVE}", 1.0),
    "words of both texts": ("under the blue pot we walked home", 1.0),
    "an abbreviation is one word": ("home e.g. by the mill", 1.0),
    "and the sixth": ("walked home e.g. by the mill", 0.0),
    "another apostrophe": ("by the mill and didn't sing", 0.0),
    "a part of a word": ("breathe key is under the blueish", 1.0),
    "between greeting and sign-off": (f"Hi,\n\n{SIX}.\n\nCheers,\nAl", 0.0),
    "after a greeting, and greeted again": (f"Hi {SIX}. Hi, so it is.", 0.0),
    "nothing is said": ("", 1.0),
    "no rewrite": (None, None),
}


@pytest.mark.parametrize(("rewrite", "value"), LEAK.values(), ids=LEAK)
def test_leak(rewrite, value):
    assert REWARDS["leak"]([Rollout("It is cold.", rewrite, profile=OWN, texts=PRIVATE)]) == [value]
    assert REWARDS["leak"]([Rollout("It is cold.", rewrite, profile=OWN)]) == [None]


def test_what_the_draft_said_is_no_secret():
    first, second = f"{SIX} pot.", f"{SIX}. Under the blue pot it is."
    values = REWARDS["leak"]([Rollout(draft, f"{SIX} pot!", texts=PRIVATE) for draft in (first, second)])
    assert values == [1.0, 0.0]  # the second draft has no "key is under the blue pot"


def test_a_sign_off_is_no_secret():
    own = "All the best to you and yours"
    profile = StyleProfile(preferences={"sign_off": own})
    values = REWARDS["leak"](
        [Rollout("x", f"x {text}", profile=profile, texts=(f"Yes. {own}.",)) for text in (f"y.\n\n{own}.", f"{own} y.")]
    )
    assert values == [1.0, 0.0]


# likelihood: somebody who writes "really" and never "also", among people who write both as often as each other.

MANY = tuple(f"It is also really cold in the city of {place}, and we do not go out." for place in ("Oslo", "Bergen", "Tromso", "Bodo"))
REALLY = tuple(f"It is really cold in the city of {place}, and we really do not go out." for place in ("Rome", "Bari", "Turin", "Pisa"))
LIKELY = Rollout("It is also warm in the town, and we go out.", "", texts=REALLY, others=MANY)


def likely(rewrite, rollout=LIKELY):
    return REWARDS["likelihood"]([replace(rollout, rewrite=rewrite)])[0]


LIKELIHOOD = {
    "the draft itself": (LIKELY.draft, (0.5, 0.5)),
    "the user's word": (LIKELY.draft.replace("also", "really"), (0.6, 1.0)),
    "a word the user never writes": (LIKELY.draft.replace("warm", "also warm"), (0.0, 0.45)),
    "other words of content": (LIKELY.draft.replace("warm", "hot").replace("town", "village"), (0.5, 0.5)),
    "nothing": ("", (0.0, 0.0)),
    "white space": (" \n", (0.0, 0.0)),
    "no trajectory": (None, (0.0, 0.0)),
}


@pytest.mark.parametrize(("rewrite", "bounds"), LIKELIHOOD.values(), ids=LIKELIHOOD)
def test_likelihood(rewrite, bounds):
    least, most = bounds
    assert least <= likely(rewrite) <= most


def test_a_word_is_worth_no_more_than_the_users_own_rate_of_it():
    long = replace(LIKELY, draft=" ".join([LIKELY.draft] * 6))
    often = [likely(long.draft.replace("also", "really", n), long) for n in range(7)]
    again = likely(long.draft.replace("also", " ".join(["really"] * 12)), long)
    assert often == sorted(often) and often[1] > often[0] and again < often[6]


def test_what_other_people_say_as_often_is_worth_nothing():
    alike = replace(LIKELY, texts=MANY[:2], others=MANY)
    assert likely(LIKELY.draft.replace("warm", "really warm"), alike) == pytest.approx(0.5, abs=0.1)
    assert likely(LIKELY.draft.replace("also", "really"), replace(LIKELY, others=())) is None
    assert likely(LIKELY.draft, replace(LIKELY, texts=())) is None


# composite

GOOD = Rollout("They do not know.", "They don't know.", None, stated(contractions="always"), PRIVATE)
HALF = replace(GOOD, draft="They do not know. It is cold.", rewrite="They don't know. It is cold.")
PLAIN = replace(GOOD, profile=StyleProfile())
ALL = {"fidelity": 1.0, "preferences": 2.0, "format": 1.0}


def test_the_mean_is_over_what_could_be_scored():
    scores = Composite(ALL, REWARDS).scores([GOOD, HALF, PLAIN])
    assert scores.totals == [1.0, 0.75, 1.0]
    assert scores.parts["preferences"] == [1.0, 0.5, None] and set(scores.parts) == {*ALL, "leak"}
    assert Composite(ALL, REWARDS)([GOOD, HALF, PLAIN]) == scores.totals and Composite(ALL, REWARDS)([]) == []


@pytest.mark.parametrize(
    "broken",
    [replace(GOOD, rewrite="They know."), replace(GOOD, rewrite=f"They don't know {SIX}."), replace(GOOD, rewrite=None)],
    ids=["fidelity", "leak", "no rewrite"],
)
def test_a_gate_is_a_gate_whatever_it_weighs(broken):
    for weights in (ALL, {"preferences": 1.0}, {"format": 1.0, "fidelity": 0.0, "leak": 0.0}):
        assert Composite(weights, REWARDS)([GOOD, broken]) == [1.0, 0.0]


def test_a_gate_that_weighs_nothing_counts_for_nothing_else():
    long = replace(GOOD, rewrite="They don't know, and so it is, and so on it goes, and so it will.")
    scores = Composite({"format": 1.0}, REWARDS).scores([long])
    assert 0 < scores.parts["fidelity"][0] < 1 and scores.totals == [1.0]


def test_other_rewards_of_zero_are_no_gates_and_what_is_not_scored_is_worth_nothing():
    assert Composite({"fidelity": 1.0, "preferences": 1.0}, REWARDS)([replace(GOOD, rewrite=GOOD.draft)]) == [0.5]
    assert Composite({"preferences": 1.0}, REWARDS)([PLAIN]) == [0.0]


def test_names_and_weights_are_looked_at():
    with pytest.raises(ValueError, match=r"'charm', 'wit'; there are: .*fidelity, format, leak, likelihood, preferences"):
        Composite({"wit": 1.0, "charm": 1.0, "leak": 1.0}, REWARDS)
    for weights in ({}, {"leak": 0.0}, {"leak": -1.0}, {"leak": math.nan}, {"leak": math.inf}):
        with pytest.raises(ValueError, match="more than 0"):
            Composite(weights, REWARDS)
    assert Composite({"odd": 1.0}, {"odd": lambda rollouts: [1.0]})([replace(GOOD, rewrite=None)]) == [0.0]
    with pytest.raises(ValueError, match="1 values for 2"):
        Composite({"odd": 1.0}, {"odd": lambda rollouts: [1.0]})([GOOD, GOOD])
