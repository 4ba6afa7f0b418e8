"""A GGUF file becomes a checkpoint again: the same tokens and logits, the chat template, and a refusal for what does not lead back."""

import pytest

pytest.importorskip("gguf")
pytest.importorskip("torch")
pytest.importorskip("llama_cpp")  # with which jinja2 comes, too

import causal_samples
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from export import checkpoint as checkpoints
from export import provenance
from export.formats import blocks, gguf, reopened
from export.parity.limits import missed
from export.parity.measuring import Artifact, Effort, measured
from export.provenance import Origin
from rpo_edge.errors import InputError, RpoEdgeError
from rpo_edge.manifest import digest
from rpo_edge.reflectors.generative import chat_of

pytestmark = pytest.mark.usefixtures("one_thread")
TEMPLATE = "{% for m in messages %}<|begin|>{{ m['role'] }}\n{{ m['content'] }}<|end|>\n{% endfor %}<|begin|>assistant\n"


@pytest.mark.parametrize("cut", sorted(causal_samples.CUTS))
def test_tokens_and_logits_come_back(tmp_path, cut):
    tokenizer = causal_samples.bytes_tokenizer(cut)
    tokenizer.chat_template = TEMPLATE
    before = causal_samples.checkpoint(tmp_path / "before", tokenizer=tokenizer, tie_word_embeddings=True)
    gguf.write(before, tmp_path / "model.gguf", "f16")
    checkpoints.main([str(tmp_path / "model.gguf"), str(tmp_path / "after")])
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


def test_a_file_of_other_peoples_is_proved_to_lead_back(tmp_path):
    """Q4_1, as SmolLM2 is to be had: the checkpoint says what the file says, and where it is from; training takes it over."""
    sft = pytest.importorskip("training.generative.sft")
    tokenizer = causal_samples.bytes_tokenizer()
    tokenizer.chat_template = TEMPLATE
    before = causal_samples.checkpoint(tmp_path / "before", tokenizer=tokenizer, tie_word_embeddings=True, max_position_embeddings=2048)
    origin = Origin("their base", "Apache-2.0", {})
    gguf.plain(before, tmp_path / "float32.gguf", blocks.FLOAT32, origin)
    blocks.quantize(tmp_path / "float32.gguf", tmp_path / "model.gguf", blocks.FOREIGN["q4_1"])
    checkpoints.main([str(tmp_path / "model.gguf"), str(tmp_path / "after")])
    (found,) = measured(tmp_path / "after", [Artifact.of(tmp_path / "model.gguf")], Effort(prompts=2, length=200, tokens=12, rounds=0))
    assert found.quantization == "q4_1" and 5 < found.bits < 6 and not missed(found)
    assert found.ids.differ == 0 and found.logits.kl < 0.01  # the weights are the same; activations are rounded
    card = (tmp_path / "after/README.md").read_text("utf-8")
    assert f"sha256 {digest(tmp_path / 'model.gguf')}" in card
    known = provenance.of(tmp_path / "after")
    assert (known.base, known.licence, provenance.named(tmp_path / "after")) == ("their base", "Apache-2.0", "before")
    assert sft.origin(tmp_path / "after")["base"] == "before" and sft.origin(tmp_path / "after")["licence"] == "Apache-2.0"


def test_sentence_pieces_do_not_lead_back(tmp_path):
    before = causal_samples.checkpoint(tmp_path / "before", tokenizer=causal_samples.pieces_tokenizer(), vocab_size=520)
    gguf.write(before, tmp_path / "model.gguf", "f16")
    with pytest.raises(InputError, match="byte-level"):
        reopened.write(tmp_path / "model.gguf", tmp_path / "after")
    assert not (tmp_path / "after").exists()
    (tmp_path / "broken.gguf").write_bytes((tmp_path / "model.gguf").read_bytes()[:5000])
    with pytest.raises(RpoEdgeError):
        reopened.write(tmp_path / "broken.gguf", tmp_path / "after")
