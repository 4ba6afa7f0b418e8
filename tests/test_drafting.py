"""Copying from a source: where a text stands in it, how much to propose, and that only the time depends on it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge.runtimes.base import Options
from rpo_edge.runtimes.decoding import common, decode
from rpo_edge.runtimes.drafting import WIDEST, Copier

SOURCE = list(range(100, 160))


def follow(text, source=SOURCE):
    """A copier that has seen a text; and how many tokens it would have proposed right, one at a time."""
    copier, right = Copier(source), 0
    for token in text:
        right += copier.proposed()[:1] == [token]
        copier.add(token)
    return copier, right


def test_the_source_is_proposed_from_its_beginning():
    assert Copier(SOURCE).proposed()[:2] == SOURCE[:2]
    assert Copier([]).proposed() == []


@pytest.mark.parametrize(
    "text",
    [
        [*SOURCE[:10], 7, *SOURCE[11:30]],  # replaced
        [*SOURCE[:10], *SOURCE[13:30]],  # left out
        [*SOURCE[:10], 7, 8, 9, *SOURCE[10:30]],  # put in
        [7, 8, *SOURCE[:30]],  # begun with something else
        [*SOURCE[30:45], *SOURCE[:15]],  # in another order
    ],
)
def test_a_text_is_found_again_where_it_departs(text):
    copier, right = follow(text)
    assert right >= len(text) - 6
    assert copier.proposed()[:1] == [text[-1] + 1]


def test_of_like_places_the_longer_match_counts_then_the_nearer():
    source = [1, 2, 3, 9, 5, 2, 3, 8, 1, 1, 1, 1]
    assert follow([5, 2, 3], source)[0].proposed()[0] == 8
    assert follow([1, 2, 3], source)[0].proposed()[0] == 9


def test_more_is_proposed_the_oftener_it_comes_true():
    widths = [len(follow(text)[0].proposed()) for text in ([], SOURCE[:6], SOURCE[:30])]
    assert 0 < widths[0] < widths[1] < widths[2] <= WIDEST
    assert follow([7] * 30)[0].proposed() == []  # what never comes true costs nothing more
    assert len(follow([*([7] * 30), *SOURCE[:20]])[0].proposed()) > 4


class Table:
    """A model that says the next token by the last two, and counts its passes."""

    def __init__(self, after, size=12):
        self.after, self.size, self.known, self.passes = after, size, [], 0

    def extend(self, tokens, wanted):
        self.passes += 1
        self.known += tokens
        rows = np.zeros((wanted, self.size), np.float32)
        for i in range(wanted):
            end = len(self.known) - wanted + 1 + i
            rows[i, self.after[tuple(self.known[max(0, end - 2) : end])] % self.size] = 1
        return rows

    def truncate(self, length):
        self.known = self.known[:length]


TOKENS = st.integers(0, 11)


@given(st.integers(0, 2**32), st.lists(TOKENS, min_size=1, max_size=8), st.lists(TOKENS, max_size=40), st.integers(1, 40), st.booleans())
def test_with_and_without_a_source_the_same_is_said(seed, prompt, source, most, own):
    rng = np.random.default_rng(seed)
    after = {key: int(rng.integers(12)) for key in [(a, b) for a in range(12) for b in range(12)] + [(a,) for a in range(12)]}
    plain = [c.token for c in decode(Table(after), prompt, Options(), most, lambda token: token == 11)]
    engine = Table(after)
    engine.extend(source[:3], 0)  # something else was known
    copied = [c.token for c in decode(engine, prompt, Options(), most, lambda token: token == 11, Copier(plain if own else source))]
    assert copied == plain and len(plain) <= most
    assert engine.known[: len(prompt)] == prompt or not plain


def test_what_is_copied_takes_fewer_passes():
    after = {(a, b): (b + 1) % 10 for a in range(12) for b in range(12)} | {(a,): (a + 1) % 10 for a in range(12)}
    source = [token % 10 for token in range(1, 61)]
    passes = []
    for copier in (None, Copier(source)):
        engine = Table(after)
        assert [c.token for c in decode(engine, [0], Options(), 60, lambda token: False, copier)] == source
        passes.append(engine.passes)
    assert passes[0] == 60 and passes[1] < 12


def test_what_a_prompt_shares_with_the_text_before_is_not_read_again():
    after = {(a, b): 3 for a in range(12) for b in range(12)} | {(a,): 3 for a in range(12)}
    engine = Table(after)
    seen = []
    extend, engine.extend = engine.extend, lambda tokens, wanted: (seen.append(list(tokens)), extend(tokens, wanted))[1]
    for prompt in ([1, 2, 4, 5], [1, 2, 4, 6], [1, 2, 4, 6]):
        list(decode(engine, prompt, Options(), 1, lambda token: False))
    assert seen == [[1, 2, 4, 5], [6], [6]]


def test_common():
    assert [common(*pair) for pair in (([], [1]), ([1, 2], [1, 2, 3]), ([1, 2], [1, 3]), ([2], [1]))] == [0, 2, 1, 0]
