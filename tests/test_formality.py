"""Formal words that a model writes and the user does not."""

from collections import Counter

import pytest

from rpo_edge import History, Personalizer
from rpo_edge.lexicon import FORMAL_PLAIN, TALK
from rpo_edge.steps.formality import Formality, usual
from rpo_edge.steps.profile import free_sites
from training.formal import rates, summed, uses

FORMS = ["They have numerous tools.", "It is crucial.", "We utilize it."]
PLAIN = "We make sure that it works, and we try to keep it short. You need to go there often, since it is a hard road and a big help. "


def user(words: float, **formal: float) -> Formality:
    return Formality({"lexical": {"words": words}} | {f"register:{usual_key(name)}": {"formal": n} for name, n in formal.items()})


def usual_key(first: str) -> str:
    return next(detail for detail in usual() if detail.partition("/")[0] == first)


def kept(of: Formality, first: str) -> float:
    share = of.kept(f"register:{usual_key(first)}")
    assert share is not None
    return share


def test_of_whom_nothing_is_known_everything_stays():
    assert all(user(0).kept(f"register:{detail}") == pytest.approx(1) for detail in usual())


def test_a_word_that_never_comes_is_not_the_users():
    assert kept(user(20_000), "numerous") < 0.2 < kept(user(500), "numerous")


def test_what_people_write_more_than_models_needs_a_longer_silence():
    assert kept(user(20_000), "in order to") > kept(user(20_000), "numerous")


def test_a_word_that_came_once_speaks_for_itself():
    assert kept(user(20_000, numerous=1.0), "numerous") > 2 * kept(user(20_000), "numerous")


def test_who_writes_as_formally_as_models_keeps_more_of_every_word():
    formal = user(20_000, **{detail.partition("/")[0]: 20_000 / 100_000 * rate.models for detail, rate in usual().items()})
    assert formal.likeness > 0.8 and user(20_000).likeness < 0
    assert kept(formal, "numerous") > 0.8 and kept(formal, "crucial") > 0.8


def test_one_pet_phrase_makes_nobody_formal():
    assert user(20_000, crucial=500.0).likeness < 0


def test_a_pair_that_models_hardly_write_is_left_to_its_own_counts():
    assert user(20_000).kept("register:no such/pair") is None


CONTRACTED = {"contraction:it's": {"contracted": 6.0, "expanded": 5.0}}
EXPANDED = {"contraction:it's": {"contracted": 5.0, "expanded": 5.0}}


@pytest.mark.parametrize(
    ("seen", "detail", "stays"),
    [
        (EXPANDED, "a small amount/a bit", True),
        ({}, "a significant/a big", True),
        (EXPANDED, "procure/get", True),
        (CONTRACTED, "a small amount/a bit", False),
        (EXPANDED | {"register:a small amount/a bit": {"plain": 1.0}}, "a small amount/a bit", False),
        (EXPANDED | {"register:a great deal/a lot": {"plain": 1.0}}, "a significant amount/a lot", False),
        (EXPANDED | {"register:a great deal/a lot": {"formal": 1.0}}, "a significant amount/a lot", True),
        (EXPANDED, "crucial/important", False),
        (EXPANDED, "a vital/a key", False),
    ],
)
def test_talk_is_put_in_for_who_talks(seen, detail, stays):
    assert (Formality({"lexical": {"words": 20_000.0}} | seen).kept(f"register:{detail}") == 1) == stays


def test_words_of_talk_are_twins_of_the_list():
    twins = [f"{form} " for _, plain, _ in FORMAL_PLAIN for form in plain]
    assert all(any(twin.startswith(f"{word} ") for twin in twins) for word in TALK)


def test_no_pair_stands_in_the_list_twice():
    """But for one that names the habit of a second row, which is read one way only."""
    rows = [(list(zip(formal, plain, strict=True)), context) for formal, plain, context in FORMAL_PLAIN]
    both_ways = {pairs[0] for pairs, context in rows if not context}
    said = Counter(pair for pairs, context in rows for pair in (pairs[1:] if context and pairs[0] in both_ways else pairs))
    assert [pair for pair, n in said.items() if n > 1] == []
    assert all(formal != plain for formal, plain in said)


@pytest.mark.parametrize(
    ("formal", "plain"),
    [
        ("purchased", "bought"),
        ("to purchase", "to buy"),
        ("purchase an", "buy an"),
        ("purchase every", "buy every"),
        ("purchase them", "buy them"),
    ],
)
def test_one_row_has_the_forms_of_purchase(formal, plain):
    (row,) = (row for row in FORMAL_PLAIN if row[0][0] == "purchased")
    assert (formal, plain) in zip(row[0], row[1], strict=True) and "purchase" not in row[0]


def test_no_talk_is_put_in_for_who_spells_out(tmp_path):
    for name, words in (("spelled", "It is late."), ("contracted", "It's late.")):
        with History.open(tmp_path / f"{name}.db") as store:
            for n in range(150):
                store.add(f"{words} We need a new plan for day {n}, and it has to be short.")
            text = Personalizer(store).rewrite("We add a small amount of salt. They obtain a form. It is crucial.").text
        talk = "a bit of salt. They get a form" in text
        assert "important" in text and talk == (name == "contracted"), text


@pytest.mark.parametrize(
    ("history", "after"), [(PLAIN, "They have many tools."), (PLAIN + "We have numerous tools. ", "They have numerous tools.")]
)
def test_rewriting_tells_a_stranger_from_a_word_of_the_users(tmp_path, history, after):
    with History.open(tmp_path / "history.db") as store:
        for n in range(150):
            store.add(f"{history} Text {n} tells of a day.")
        rewrite = Personalizer(store).rewrite("They have numerous tools.")
    assert rewrite.text == after
    assert ["never in your" in edit.reason and "models" in edit.reason for edit in rewrite.edits] == [True] * (
        after == "They have many tools."
    )


def test_the_table_is_of_pairs_of_the_list_and_none_is_0():
    details = {site.key.partition(":")[2] for form in FORMS for site in free_sites(form)}
    assert all(rate.models > 0 and rate.people > 0 for rate in usual().values()) and len(usual()) > 100
    assert details.intersection(usual())


def test_half_strength_changes_some_words_and_each_everywhere(tmp_path):
    said = (
        "They have numerous tools.",
        "They utilize it.",
        "We demonstrate it.",
        "They commence it.",
        "They assist us.",
        "It is sufficient for us.",
    )
    draft = " ".join([*said, *said])
    with History.open(tmp_path / "history.db") as store:
        for n in range(150):
            store.add(f"{PLAIN} Text {n} tells of a day.")
        none, some, all_ = ([e.before for e in Personalizer(store, strength=s).rewrite(draft).edits] for s in (0.0, 0.5, 1.0))
    assert not none and set() < set(some) < set(all_)
    assert all(found.count(word) == 2 for found in (some, all_) for word in found)


def test_a_formal_word_that_was_never_the_users_is_not_put_in(tmp_path):
    with History.open(tmp_path / "history.db") as store:
        for n in range(30):
            store.add(f"It is crucial to utilize various methods, and we ensure that it works on day {n}.")
        assert Personalizer(store).rewrite("At the end of the day we help them.").text == "At the end of the day we help them."


def test_rates_are_per_word_and_no_author_weighs_more_than_his_share():
    models = summed([uses("We have numerous tools, numerous ones, and numerous more.")])
    assert models[0]["numerous/many", "formal"] == 3 and models[1] == 9
    seldom, often = uses("We have tools."), (Counter({("numerous/many", "formal"): 40_000, ("numerous/many", "plain"): 20_000}), 40_000.0)
    ((detail, ours, *theirs),) = rates(models, [seldom, often])
    assert (detail, ours) == ("numerous/many", pytest.approx(100_000 * 3 / 9))
    assert theirs == pytest.approx([100_000 * 20_000 / 20_003, 50_000], rel=0.01)
