"""A GGUF file becomes a checkpoint again: the same tokens and logits, the chat template, and a refusal for what does not lead back."""

import pytest

pytest.importorskip("gguf")
pytest.importorskip("torch")
pytest.importorskip("llama_cpp")  # with which jinja2 comes, too

import causal_samples
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from export import dequantize
from export.formats import gguf, reopened
from rpo_edge.errors import InputError, RpoEdgeError
from rpo_edge.reflectors.generative import chat_of

pytestmark = pytest.mark.usefixtures("one_thread")
TEMPLATE = "{% for m in messages %}<|begin|>{{ m['role'] }}\n{{ m['content'] }}<|end|>\n{% endfor %}<|begin|>assistant\n"


@pytest.mark.parametrize("cut", sorted(causal_samples.CUTS))
def test_tokens_and_logits_come_back(tmp_path, cut):
    tokenizer = causal_samples.bytes_tokenizer(cut)
    tokenizer.chat_template = TEMPLATE
    before = causal_samples.checkpoint(tmp_path / "before", tokenizer=tokenizer, tie_word_embeddings=True)
    gguf.write(before, tmp_path / "model.gguf", "f16")
    dequantize.main([str(tmp_path / "model.gguf"), str(tmp_path / "after")])
    known = AutoTokenizer.from_pretrained(tmp_path / "after")
    strings = [
        text for text in causal_samples.STRINGS if cut != "qwen2" or text.isascii()
    ]  # that one composes Unicode, of which no file tells
    assert [known(text).input_ids for text in strings] == [tokenizer(text).input_ids for text in strings]
    assert [known.decode(known(text).input_ids) for text in strings] == strings
    assert (known.bos_token, known.eos_token, known.pad_token) == ("<|begin|>", "<|end|>", "<|pad|>")
    assert chat_of(known) == chat_of(tokenizer) and chat_of(known).frame[2] == "<|end|>\n<|begin|>assistant"
    one, other = (AutoModelForCausalLM.from_pretrained(folder) for folder in (before, tmp_path / "after"))
    ids = torch.tensor([causal_samples.IDS[:60]])
    with torch.inference_mode():
        assert (one(ids).logits - other(ids).logits).abs().max() < 0.05
    assert other.config.max_position_embeddings == 512 and other.config.rope_theta == 5000.0


def test_sentence_pieces_do_not_lead_back(tmp_path):
    before = causal_samples.checkpoint(tmp_path / "before", tokenizer=causal_samples.pieces_tokenizer(), vocab_size=520)
    gguf.write(before, tmp_path / "model.gguf", "f16")
    with pytest.raises(InputError, match="byte-level"):
        reopened.write(tmp_path / "model.gguf", tmp_path / "after")
    assert not (tmp_path / "after").exists()
    (tmp_path / "broken.gguf").write_bytes((tmp_path / "model.gguf").read_bytes()[:5000])
    with pytest.raises(RpoEdgeError):
        reopened.write(tmp_path / "broken.gguf", tmp_path / "after")
