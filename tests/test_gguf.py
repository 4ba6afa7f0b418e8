"""A checkpoint becomes a GGUF file and comes back from it: the same names, rows, tokens and logits."""

import json

import pytest

pytest.importorskip("gguf")
pytest.importorskip("torch")

import gguf
import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, BertConfig, LlamaConfig, LlamaForCausalLM

from export.formats import gguf as format_
from rpo_edge.errors import InputError
from rpo_edge.prompt import SPECIAL_TOKENS
from training import corpus


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A Llama of two layers with grouped key and value heads, random weights, and a tokenizer of its own."""
    out = tmp_path_factory.mktemp("checkpoint")
    tokenizer = corpus.train_tokenizer([f"The boat sails in {year}, and it isn't far. “So” what? — ünï" for year in range(1900, 1999)], 400)
    tokenizer.save_pretrained(out)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=128, intermediate_size=256, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, tie_word_embeddings=True, bos_token_id=0, eos_token_id=1, rope_theta=5000.0,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(out, max_shard_size="200KB")
    return out


@pytest.mark.parametrize(("quant", "tolerance"), [("f16", 0.002), ("q8_0", 0.05)])
def test_it_comes_back_with_the_same_logits(checkpoint, tmp_path, quant, tolerance):
    format_.write(checkpoint, tmp_path / "model.gguf", quant)
    ids = torch.tensor([[0, 20, 90, 30, 200, 45, 31]])
    with torch.no_grad():
        before = AutoModelForCausalLM.from_pretrained(checkpoint)(ids).logits
        after = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="model.gguf")(ids).logits
    assert float((before - after).norm() / before.norm()) < tolerance


def test_the_tokenizer_comes_back(checkpoint, tmp_path):
    format_.write(checkpoint, tmp_path / "model.gguf")
    before = AutoTokenizer.from_pretrained(checkpoint)
    fields = gguf.GGUFReader(tmp_path / "model.gguf").fields
    tokens = [bytes(fields["tokenizer.ggml.tokens"].parts[i]).decode() for i in fields["tokenizer.ggml.tokens"].data]
    assert before.convert_ids_to_tokens(range(len(before))) == tokens and tokens[: len(SPECIAL_TOKENS)] == list(SPECIAL_TOKENS)
    types = [int(fields["tokenizer.ggml.token_type"].parts[i][0]) for i in fields["tokenizer.ggml.token_type"].data]
    assert types[: len(SPECIAL_TOKENS)] == [3] * len(SPECIAL_TOKENS) and set(types[len(SPECIAL_TOKENS) :]) == {1}
    assert bytes(fields["tokenizer.ggml.pre"].parts[-1]).decode() == "smollm"
    merges = len(fields["tokenizer.ggml.merges"].data)
    assert merges == len(json.loads(before.backend_tokenizer.to_str())["model"]["merges"]) > 20


def test_rows_are_dealt_out_in_turn():
    matrix = np.arange(8, dtype=np.float32).reshape(8, 1)
    assert format_.interleaved(matrix, 2).ravel().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_what_was_altered_is_noticed(checkpoint, tmp_path):
    path = tmp_path / "model.gguf"
    format_.write(checkpoint, path)
    assert format_.verify(checkpoint, path) > 300_000
    data = bytearray(path.read_bytes())
    data[-40_000:] = bytes(40_000)
    path.write_bytes(data)
    with pytest.raises(InputError, match="is off by"):
        format_.verify(checkpoint, path)


def test_another_family_is_refused(tmp_path):
    BertConfig().save_pretrained(tmp_path)
    with pytest.raises(InputError, match="bert"):
        format_.write(tmp_path, tmp_path / "model.gguf")
