"""Which edits of an encoder suit a place and a user, one operation at a time."""

import pytest

from rpo_edge.edits import apply, disjoint
from rpo_edge.features import Site
from rpo_edge.operations import Operation, Vocabulary, words_of
from rpo_edge.records import Edit, Habit
from rpo_edge.reflectors.base import Window
from rpo_edge.reflectors.suits import Sites, Suits, sides_by_family
from rpo_edge.usage import WORDS, family, sides


def made(
    draft: str, op: Operation, counts: dict[str, float] | None = None, before: str = "", habits: dict[str, dict[str, float]] | None = None
) -> str:
    """A draft with the operation wherever it fits and suits; by default its user has a habit of what it makes."""
    vocabulary, found = Vocabulary([op]), words_of(draft)
    seen = {WORDS: 5000.0, sides(op)[1]: 50.0, "^ and": 9.0, "^ but": 9.0, "^ so": 9.0} if counts is None else counts
    window = Window(draft, len(before), before=before, sentence=bool(before))
    known = {key: Habit(key.partition(":")[0], variants) for key, variants in (habits or {}).items()}
    suits, mask = Suits(window, seen, sides_by_family([op], [family(op)]), known), vocabulary.mask(draft, found)
    proposed = [vocabulary.edit(1, draft, found, i) for i in range(len(found)) if mask[i, 1]]
    return apply(draft, disjoint([edit for edit in proposed if edit and suits(edit, op, family(op))]))


def comma(following: str) -> Operation:
    return Operation(True, "", ",", following=following)


@pytest.mark.parametrize(
    ("draft", "rewrite"),
    [
        ("The snow was deep and the road was closed.", "The snow was deep, and the road was closed."),
        ("This is a risky situation and it's late.", "This is a risky situation, and it's late."),
        ("It fought between the US Navy's submarines and the Japanese Navy's convoy.", None),
        ("If the distance between the new question and the closest question is large, it is late.", None),
        ("And if he leaves the wolf and the goat alone together, the wolf will eat it.", None),
        ("A kit that includes a charge controller and a battery is the cheapest.", None),
        ("The type of fabric and the weather conditions might matter.", None),
        ("Both the wolf is hungry and the goat is late.", None),
        ("It was a combination of what it is and the cold was bad.", None),
        ("They see that they hate each other and that they should stop.", None),
        ("It was late and the road, which was closed, led home.", None),
    ],
)
def test_a_comma_is_put_between_two_clauses_and_not_between_the_halves_of_a_pair(draft, rewrite):
    assert made(draft, comma("and")) == (rewrite or draft)


@pytest.mark.parametrize(
    ("draft", "rewrite"),
    [
        ("The snow was deep so the road was closed.", "The snow was deep, so the road was closed."),
        ("We closed the road so that the snow was gone. The snow was deep and so on.", None),
        ("The road was closed so that we stay. The snow was so deep.", None),
        ("The bread in mleko so osnova.", None),
    ],
)
def test_a_comma_before_so_stands_before_what_follows_from_a_clause(draft, rewrite):
    assert made(draft, comma("so")) == (rewrite or draft)


@pytest.mark.parametrize(("said", "rewrite"), [(3.0, "It frequently rains."), (2.0, None)])
def test_a_formal_word_comes_of_who_wrote_it_three_times(said, rewrite):
    draft = "It often rains."
    assert made(draft, Operation(False, "often", "frequently"), {WORDS: 5000.0, "frequently": said}) == (rewrite or draft)


@pytest.mark.parametrize(
    ("following", "draft"),
    [
        ("if", "Power is cheap if you charge it at night."),
        ("because", "We stayed because it rained."),
        ("when", "We stayed when it rained."),
        ("while", "We stayed while it rained."),
        ("whether", "We asked whether it rained."),
        ("that", "We are glad that it rained."),
    ],
)
def test_no_comma_is_put_before_what_belongs_to_the_clause_before(following, draft):
    assert made(draft, comma(following)) == draft
    assert made("We stayed though it rained.", comma("though")) == "We stayed, though it rained."


@pytest.mark.parametrize(
    ("following", "draft", "rewrite"),
    [
        ("because", "We stayed, because it rained.", "We stayed because it rained."),
        ("because", "We didn't stop. We stayed, because it rained.", "We didn't stop. We stayed because it rained."),
        ("because", "You should not stop, because you may relapse.", None),
        ("because", "The plan was never carried out, because it was dear.", None),
        ("because", "No one leaves, because no one can.", None),
        ("if", "Don’t call, if you are late.", None),
        ("when", "We never spoke, when he was there.", None),
        ("but", "It isn't late, but it rains.", "It isn't late but it rains."),
        ("and", 'He added, "And perhaps not."', None),
        ("and", "“It is late,” and she left.", None),
    ],
)
def test_a_comma_stays_where_it_keeps_a_reason_out_of_a_negation_or_beside_a_quotation(following, draft, rewrite):
    assert made(draft, Operation(True, ",", "", following=following)) == (rewrite or draft)


@pytest.mark.parametrize(
    ("draft", "rewrite"),
    [
        ("That was very good and very clever. It is a very proper, very tender letter.", "really"),
        ("Is it very cheaper to run? It is very more useful, very worse, very less so.", None),
        ("It was the very end of their very existence. I am very much alive.", None),
        ("It is not very good. I'm not a very good cook. It isn't very good.", None),
    ],
)
def test_a_word_of_degree_stays_where_no_other_means_the_same(draft, rewrite):
    assert made(draft, Operation(False, "very", "really")) == (draft.replace("very", rewrite) if rewrite else draft)


def test_a_word_that_is_half_of_many_terms_stays():
    assert made("Rapid chargers stand by a rapid transit line.", Operation(False, "rapid", "quick")) == (
        "Rapid chargers stand by a rapid transit line."
    )


@pytest.mark.parametrize(
    ("before", "after", "draft", "rewrite"),
    [
        ("so", "therefore,", "It rains. So we stay.", "It rains. Therefore, we stay."),
        ("so", "thus,", "It rains. So we stay.", "It rains. Thus, we stay."),
        (
            "so",
            "therefore,",
            "So Young Kim will not attend. So be it. So it goes. So long. So that we are clear. So saying, he left.",
            None,
        ),
        ("moreover,", "and", "It rains. Moreover, it is cold.", "It rains. And it is cold."),
        ("moreover,", "and", "It rains. Moreover, and this is key, it is cold.", None),
        ("and", "also,", "It rains. And then? And so on. And it is cold.", "It rains. And then? And so on. Also, it is cold."),
        ("however,", "but", "It rains. However, we go.", "It rains. But we go."),
        ("however,", "but", "It rains. However, and this is key, we go.", None),
        ("therefore,", "so", "It rains. Therefore, $x$ is wet.", "It rains. So $x$ is wet."),
        ("yet", "but", "It rains. Yet we go. Yet when it stops, we stay.", "It rains. But we go. But when it stops, we stay."),
        ("yet", "but", "It rains. Yet another day is lost. Yet to come is May.", None),
        ("yet", "but", "It rains. Yet, the road is long. Yet, when it stops, we stay.", None),
        ("afterwards,", "then", "It rains. Afterwards, it went.", "It rains. Then it went."),
    ],
)
def test_what_a_sentence_begins_with_changes_where_rules_knows_that_it_may(before, after, draft, rewrite):
    assert made(draft, Operation(False, before, after, initial=True), None if after != "then" else {"^ then": 9.0}) == (rewrite or draft)


@pytest.mark.parametrize(
    ("short", "rewrite"),
    [({}, "It is about 5."), ({"approx.": 2.0}, None), ({"approx.": 1.0}, "It is about 5."), ({"standard": 9.0}, "It is about 5.")],
)
def test_who_writes_a_word_short_has_no_plain_one_put_for_it(short, rewrite):
    draft = "It is approximately 5."
    op = Operation(False, "approximately", "about")
    assert made(draft, op, habits={"shorthand:approximately": short}) == (rewrite or draft)


def test_a_place_is_asked_about_without_a_look_at_those_far_away():
    looked: list[int] = []

    class Watched(Site):
        def __getattribute__(self, name):
            if name == "end":
                looked.append(super().__getattribute__("start"))
            return super().__getattribute__(name)

    spans = [(i * 7, i * 7 + 1 + i % 5) for i in range(500)]
    sites = [Watched("contraction:it's", start, end, "expanded", {"contracted": "it's"}) for start, end in spans]
    found = Sites(sites[::-1])
    for start, end in [(0, 1), (1, 1), (700, 702), (701, 730), (3493, 3499), (9000, 9001)]:
        looked.clear()
        over = {site.start for site in found.over(Edit(start, end, "", "", ""))}
        assert over == {a for a, b in spans if a < end and start < b}
        assert len(looked) <= len(over) + 1
