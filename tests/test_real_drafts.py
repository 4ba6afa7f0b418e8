"""Real LLM drafts and real histories (the research data, where it is there): what must hold for any text holds for these."""

from collections import defaultdict
from itertools import islice

import pytest

from rpo_edge.records import Habit
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.profile import backoffs, counts_of, make_profile, measure
from training import data
from training.evaluation.drafts import HALF_APPLIED
from training.users import rewritten

pytestmark = pytest.mark.skipif(not data.available(), reason="the research data is not here")

DRAFTS = 1000


@pytest.fixture(scope="module")
def drafts():
    return [row["response"] for row in islice(data.rows("drafts/00", "train"), 0, 12 * DRAFTS, 12)]


def profile_of(texts):
    total = defaultdict(lambda: defaultdict(float))
    for text in texts:
        for key, variants in measure(text).items():
            for variant, n in variants.items():
                total[key][variant] += n
    return make_profile({key: Habit(key, variants) for key, variants in total.items()}, {}, len(texts))


@pytest.fixture(scope="module")
def users():
    """Two writers of unlike manner."""
    texts = defaultdict(list)
    for source in ("blogs", "rails"):
        for row in islice(data.rows(f"histories/{source}", "train"), 400):
            texts[row["author"]].append(row["text"])
    return [profile_of(group[:60]) for group in sorted(texts.values(), key=len)[-2:]]


def rewrite(draft, profile):
    made = rewritten(RulesReflector(), draft, profile, set())
    return made.text, made.edits, freeze(draft)


def test_frozen_spans_and_form_of_a_thousand_drafts(drafts, users):
    changed = 0
    for i, draft in enumerate(drafts):
        text, _, frozen = rewrite(draft, users[i % 2])
        assert [draft[f.start : f.end] for f in frozen] == [text[f.start : f.end] for f in freeze(text)]
        assert len(HALF_APPLIED.findall(text)) <= len(HALF_APPLIED.findall(draft)), text
        assert draft.count("\n- ") == text.count("\n- ") and draft.count("\n#") == text.count("\n#")
        changed += text != draft
    assert changed > len(drafts) / 2


def test_rates_move_to_the_users_rates_and_not_past_them(drafts, users):
    """Over many drafts the share of contractions, with "not" and with a pronoun, lies nearer to the user's than the drafts' did."""
    for profile in users:
        own = backoffs(counts_of(profile))
        before, after = (
            backoffs(counts_of(profile_of(texts))) for texts in (drafts[:200], [rewrite(draft, profile)[0] for draft in drafts[:200]])
        )
        for kin in ("contraction: with not", "contraction: with a pronoun"):
            user, old, new = (counts[kin]["contracted"] / sum(counts[kin].values()) for counts in (own, before, after))
            assert abs(new - user) < max(0.1, 0.5 * abs(old - user)), (kin, user, old, new)
