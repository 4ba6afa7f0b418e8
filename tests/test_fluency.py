"""Edits ranked by a causal language model: the sums are the model's own, and what it likes least comes first."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import causal_samples
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rpo_edge.records import Edit
from training import fluency

pytestmark = pytest.mark.usefixtures("one_thread")
DRAFT = "The boat sails in 1984, and it is not far."


@pytest.fixture(scope="module")
def scorer(tmp_path_factory):
    folder = causal_samples.checkpoint(tmp_path_factory.mktemp("model"))
    return AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)


def test_a_text_is_as_likely_as_its_tokens_alone_or_beside_a_longer_one(scorer):
    model, tokenizer = scorer
    texts = [DRAFT, "It is."]
    found = fluency.likelihoods(model, tokenizer, texts)
    for text, value in zip(texts, found, strict=True):
        ids = torch.tensor([tokenizer(text).input_ids])
        with torch.inference_mode():
            loss = model(input_ids=ids, labels=ids).loss.item()
        assert value == pytest.approx(-loss * (ids.shape[1] - 1), rel=1e-3)


def test_what_is_liked_least_comes_first(scorer):
    edits = [
        Edit(28, 37, "it is not", after, after, (), "contraction") for after in ("it isn't", "far far far far far far far far", "it is not")
    ]
    swaps = [fluency.Swap.of("rules", DRAFT, edit) for edit in edits]
    assert [swap.before for swap in swaps] == [DRAFT] * 3 and swaps[0].after == "The boat sails in 1984, and it isn't far."
    changed = fluency.changes(*scorer, swaps)
    assert changed[2] == pytest.approx(0, abs=1e-4) and changed[1] < changed[0]
    head, *rows = fluency.report(swaps, changed, worst=2).split("\n")
    assert head.split()[:3] == ["rules", "contraction", "3"] and len(rows) == 2 and "far far far" in rows[0]
