"""Features: what each finds in a text, what it offers, and that an option put in place is read back as that variant."""

import pytest

from rpo_edge.edits import apply
from rpo_edge.features import CHOICES, LABELS, MEASURES
from rpo_edge.records import Edit
from rpo_edge.steps.profile import free_sites, measure

CASES = [  # text, key, variant seen there
    ("It is here.", "contraction:it's", "expanded"),
    ("They don't know.", "contraction:don't", "contracted"),
    ("However, it rained.", "connective_contrast", "formal"),
    ("But it rained.", "connective_contrast", "plain"),
    ("Additionally, it rained.", "connective_addition", "formal"),
    ("So we left.", "connective_result", "plain"),
    ("A hard day.", "register:difficult/hard", "plain"),
    ("My favourite colour.", "spelling:other", "british"),
    ("We organize it.", "spelling:-ise", "american"),
    ("A really good day.", "intensifier", "really"),
    ("You must go.", "obligation", "must"),
    ("Fruit (e.g. pears) helps.", "latin:e.g.", "abbreviated"),
    ("One thing — the best.", "dash", "spaced em"),
    ("One thing--the best", "dash", None),
    ("It rained; we left.", "semicolon", "semicolon"),
    ("We had tea, bread, and jam.", "oxford_comma", "yes"),
    ("We had tea, bread and jam.", "oxford_comma", "no"),
    ("It rained, and we left.", "clause_comma:and", "yes"),
    ("Thanks a lot!", "exclamation:warm", "!"),
    ("Well... no.", "ellipsis", "dots"),
    ("salt & pepper", "ampersand", "&"),
    ("It’s so.", "apostrophe", "curly"),
    ("A **bold** word.", "bold", "bold"),
    ("Nice 🙂 day.", "emoji", "emoji"),
    ("nothing here is upper case.", "sentence_case", "lower"),
    ("Certainly! Here is it.", "opener", "stock"),
    ("It works well. I hope this helps!", "closer", "stock"),
    ("Hi Bob,\n\nit works.", "greeting", "hi"),
    ("It works for me now.\n\nCheers,\nBob", "sign_off", "Cheers,\nBob"),
]


@pytest.mark.parametrize(("text", "key", "variant"), CASES)
def test_what_is_seen(text, key, variant):
    seen = measure(text).get(key, {})
    assert (variant in seen) if variant else not seen


def test_every_choice_has_a_case():
    assert {key.partition(":")[0] for _, key, variant in CASES if variant} == {choice.name for choice in CHOICES}
    assert len(LABELS) == len(CHOICES) + len(MEASURES)


# Options whose result is no longer a site of the same feature: two sentences, or nothing at all.
_LEAVES = {"semicolon", "opener", "closer", "bold", "emoji", "dash", "greeting", "sign_off", "latin"}


@pytest.mark.parametrize(("text", "key", "variant"), CASES)
def test_an_option_is_read_back_as_its_variant(text, key, variant):
    for site in free_sites(text):
        if site.key != key or site.name in _LEAVES:
            continue
        for other, after in site.options.items():
            changed = apply(text, [Edit(site.start, site.end, text[site.start : site.end], after, "test")])
            assert other in measure(changed).get(key, {}), (changed, other)


@pytest.mark.parametrize(
    "text",
    ["So far it works.", "And then?", "Here it is.", "I know who you are.", "In the end, Bob and Ann left.", "Will Smith met Mark Must."],
)
def test_what_must_not_be_changed(text):
    risky = [
        site for site in free_sites(text) if site.options and site.name not in ("sentence_case", "exclamation", "greeting", "sign_off")
    ]
    assert not risky


def test_phrases_count_as_hedges_and_boosters():
    assert measure("It is more or less done, of course.")["lexical"]["hedges"] == 1
    assert measure("It is more or less done, of course.")["lexical"]["boosters"] == 1
