"""Copying from sources: where a text stands in them, how much to propose, and that only the time depends on it; and spans that must come."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge.runtimes.decoding import common, decode
from rpo_edge.runtimes.drafting import ONNX, WIDEST, Copier, Prices
from rpo_edge.runtimes.spans import Spans

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
    kept, lost = SOURCE[:30], [token if i % 3 else 7 for i, token in enumerate(SOURCE[:30])]
    widths = [len(follow(text)[0].proposed()) for text in ([*lost, SOURCE[30]], [*lost[:24], *SOURCE[24:31]], kept)]
    assert 0 < widths[0] < widths[1] < widths[2] <= WIDEST
    assert follow([7] * 30)[0].proposed() == []  # what never comes true costs nothing more
    assert len(follow([*([7] * 30), *SOURCE[:20]])[0].proposed()) > 4


def test_where_the_text_leaves_its_draft_the_users_texts_are_followed_and_then_the_draft_again():
    other = [7, 8, 9, 10, 11, 12, 13, 14]
    copier = Copier(SOURCE, [[1, 2, 3], other])
    for token in (*SOURCE[:10], 8, 9, 10):
        copier.add(token)
    assert copier.proposed()[:2] == [11, 12] and copier.place is None
    for token in (11, 12, *SOURCE[10:14]):
        copier.add(token)
    assert copier.proposed()[:1] == [SOURCE[14]] and copier.place == 14


def test_two_tokens_in_common_are_no_quotation():
    copier = Copier(SOURCE, [[7, 8, 9, 10, 11]])
    for token in (*SOURCE[:10], 8, 9):
        copier.add(token)
    assert 10 not in copier.proposed()


@given(st.lists(st.lists(st.integers(0, 5), max_size=12), min_size=1, max_size=4), st.lists(st.integers(0, 5), max_size=60))
def test_proposals_are_a_run_of_one_source(sources, text):
    copier = Copier(sources[0], sources[1:])
    runs = {tuple(source[i:j]) for source in sources for i in range(len(source) + 1) for j in range(i, len(source) + 1)}
    for token in text:
        copier.add(token)
        assert tuple(copier.proposed()) in runs


def test_where_a_longer_pass_is_cheap_more_is_proposed():
    free, dear = Prices((1, 24), (1.0, 1.2)), Prices((1, 2, 24), (1.0, 2.0, 24.0))
    widths = []
    for prices in (dear, ONNX, free):
        copier = Copier(SOURCE, prices=prices)
        for token in (*SOURCE[:6], 7, *SOURCE[7:12]):
            copier.add(token)
        widths.append(len(copier.proposed()))
    assert widths[0] == 0 and widths == sorted(widths) and widths[-1] == WIDEST


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
    plain = list(decode(Table(after), prompt, most, lambda token: token == 11))
    engine = Table(after)
    engine.extend(source[:3], 0)  # something else was known
    copied = list(decode(engine, prompt, most, lambda token: token == 11, Copier(plain if own else source)))
    assert copied == plain and len(plain) <= most
    assert engine.known[: len(prompt)] == prompt or not plain


def test_what_is_copied_takes_fewer_passes():
    after = {(a, b): (b + 1) % 10 for a in range(12) for b in range(12)} | {(a,): (a + 1) % 10 for a in range(12)}
    source = [token % 10 for token in range(1, 61)]
    passes = []
    for copier in (None, Copier(source)):
        engine = Table(after)
        assert list(decode(engine, [0], 60, lambda token: False, copier)) == source
        passes.append(engine.passes)
    assert passes[0] == 60 and passes[1] < 12


def test_what_a_prompt_shares_with_the_text_before_is_not_read_again():
    after = {(a, b): 3 for a in range(12) for b in range(12)} | {(a,): 3 for a in range(12)}
    engine = Table(after)
    seen = []
    extend, engine.extend = engine.extend, lambda tokens, wanted: (seen.append(list(tokens)), extend(tokens, wanted))[1]
    for prompt in ([1, 2, 4, 5], [1, 2, 4, 6], [1, 2, 4, 6]):
        list(decode(engine, prompt, 1, lambda token: False))
    assert seen == [[1, 2, 4, 5], [6], [6]]


def test_common():
    assert [common(*pair) for pair in (([], [1]), ([1, 2], [1, 2, 3]), ([1, 2], [1, 3]), ([2], [1]))] == [0, 2, 1, 0]


DRAFT = "It costs $5 at most. See `run()` for all of it.\n\nThen pay $5 once more. That is all of it."
KEPT = ("$5", "`run()`", "$5")
LETTERS = sorted(set(DRAFT + "#xyz"))
END = LETTERS.index("#")  # a token is a character, and this one ends a text


def told(most, begins, weights):
    """What a model says whose next token depends on the last two, mostly as the draft goes on, with the spans kept."""
    ids = [LETTERS.index(character) for character in DRAFT]
    rng = np.random.default_rng(weights)
    rows = rng.normal(size=(len(LETTERS), len(LETTERS), len(LETTERS))).astype(np.float32)
    for i in range(len(ids) - 2):
        rows[ids[i], ids[i + 1], ids[i + 2]] += 6 * rng.random()
    rows[:, :, END] += 2 * rng.random()

    class Letters(Table):
        def extend(self, tokens, wanted):
            self.known += tokens
            ends = range(len(self.known) - wanted + 1, len(self.known) + 1)
            return np.stack([rows[self.known[end - 2], self.known[end - 1]] + end % 7 / 5 * np.eye(len(LETTERS))[end % 9] for end in ends])

    spans = Spans(DRAFT, KEPT, ids, lambda token: LETTERS[token].encode(), lambda token: token == END, begins)
    prompt = [LETTERS.index(character) for character in "xy"]
    found = decode(Letters({}), prompt, most, lambda token: token == END, Copier(ids), spans)
    return "".join(LETTERS[token] for token in found)


@given(st.integers(0, 2**32), st.sampled_from(["", "z"]))
def test_whatever_the_model_says_a_text_that_ends_has_every_span(seed, begins):
    text = told(4000, begins, seed)
    rewrite = text.partition(begins)[2] if begins and begins in text else text
    assert len(text) == 4000 or all(rewrite.count(span) >= many for span, many in Counter(KEPT).items())


def test_right_before_a_span_the_span_comes_and_nothing_else():
    ids = [LETTERS.index(character) for character in DRAFT]
    spans = Spans(DRAFT, KEPT, ids, lambda token: LETTERS[token].encode(), lambda token: token == END, "")
    said = ""
    for wanted in "It costs ":
        spans.add(LETTERS.index(wanted))
    for _ in range(2):
        logits = np.zeros(len(LETTERS), np.float32)
        logits[LETTERS.index("x")] = 9
        said += LETTERS[int(spans(logits).argmax())]
        spans.add(LETTERS.index(said[-1]))
    assert said == "$5" and int(spans(logits).argmax()) == LETTERS.index("x")


def test_before_the_end_come_the_sentences_whose_spans_are_missing():
    ids = [LETTERS.index(character) for character in DRAFT]
    spans = Spans(DRAFT, KEPT, ids, lambda token: LETTERS[token].encode(), lambda token: token == END, "z")
    logits = np.zeros(len(LETTERS), np.float32)
    logits[END] = 9
    said = ""
    for token in map(LETTERS.index, "$5 $5 z$5"):  # what stands before the rewrite does not count
        spans.add(token)
    while (token := int(spans(logits).argmax())) != END:
        said += LETTERS[token]
        spans.add(token)
    assert said == "\n\nThen pay $5 once more. See `run()` for all of it."
