"""A LoRA adapter is merged into its base: the same logits, the right tokenizer, and nothing pickled on the way."""

import json

import pytest

pytest.importorskip("gguf")
pytest.importorskip("peft")
pytest.importorskip("trl")
pytest.importorskip("datasets")

import causal_samples
import numpy as np
import torch
from transformers import AutoTokenizer

from export import merge
from export.formats import gguf as format_
from rpo_edge.errors import InputError
from rpo_edge.prompt import SPECIAL_TOKENS
from training.generative import sft, text

pytestmark = pytest.mark.usefixtures("one_thread")
IDS = causal_samples.IDS[:60]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    base = causal_samples.checkpoint(folder / "base", "qwen2", tie_word_embeddings=True)
    return folder, causal_samples.adapted(base, folder / "adapter")


def test_the_merged_model_says_what_the_adapter_says(made, tmp_path, capsys):
    folder, model = made
    expected = causal_samples.torch_logits(model, IDS)
    merge.main([str(folder / "adapter"), str(tmp_path / "merged")])
    assert "logits differ by" in capsys.readouterr().out
    found = causal_samples.torch_logits(causal_samples.loaded(tmp_path / "merged"), IDS)
    before = causal_samples.torch_logits(causal_samples.loaded(folder / "base"), IDS)
    assert np.abs(found - expected).max() < 1e-4 < 1 < np.abs(before - expected).max()
    assert {path.suffix for path in (tmp_path / "merged").iterdir()} == {".json", ".safetensors"}
    format_.write(tmp_path / "merged", tmp_path / "merged.gguf", "f16")


@pytest.mark.parametrize("lora", [{"use_dora": True}, {"trainable_token_indices": [3, 5]}, {"target_modules": ["q_proj", "embed_tokens"]}])
def test_what_llama_cpp_cannot_lay_over_a_base_can_be_merged(tmp_path, lora):
    base = causal_samples.checkpoint(tmp_path / "base")
    model = causal_samples.adapted(base, tmp_path / "adapter", **lora)
    expected = causal_samples.torch_logits(model, IDS)
    assert merge.write(tmp_path / "adapter", tmp_path / "merged") < 1e-4
    assert np.abs(causal_samples.torch_logits(causal_samples.loaded(tmp_path / "merged"), IDS) - expected).max() < 1e-4


@pytest.mark.parametrize("tied", [True, False])
def test_tokens_that_a_training_added_come_along(tmp_path, tied):
    tokenizer = causal_samples.bytes_tokenizer()
    start = text.load(
        causal_samples.checkpoint(tmp_path / "base", tokenizer=tokenizer, vocab_size=len(tokenizer), tie_word_embeddings=tied)
    )
    model = causal_samples.shaken(start.model, sft.adapter("lora", 4, start.added))
    model.save_pretrained(tmp_path / "out" / "adapter")
    start.tokenizer.save_pretrained(tmp_path / "out")
    (tmp_path / "out" / "training.json").write_text('{"base": "tiny"}', "utf-8")
    merge.write(tmp_path / "out" / "adapter", tmp_path / "merged")
    ids = [*IDS, *start.added]
    assert start.added
    assert set(SPECIAL_TOKENS) <= AutoTokenizer.from_pretrained(tmp_path / "merged").get_vocab().keys()
    apart = causal_samples.torch_logits(causal_samples.loaded(tmp_path / "merged"), ids) - causal_samples.torch_logits(model, ids)
    assert np.abs(apart).max() < 1e-4 and json.loads((tmp_path / "merged" / "training.json").read_text("utf-8")) == {"base": "tiny"}


def test_special_tokens_of_the_base_itself_are_not_asked_about(tmp_path):
    """An untrained one makes more of rounding than the tolerance has room for."""
    tokenizer = causal_samples.bytes_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<own>"]})
    base = causal_samples.checkpoint(tmp_path / "base", tokenizer=tokenizer, vocab_size=len(tokenizer))
    texts = merge.prompts(tokenizer, base)
    tokenizer.add_tokens("<new>")
    assert merge.prompts(tokenizer, base) == [[tokenizer.convert_tokens_to_ids("<new>")], *texts]


def test_a_merge_that_does_not_say_the_same_is_not_kept(tmp_path):
    """A tied head cannot have an adapter of its own once it is merged."""
    base = causal_samples.checkpoint(tmp_path / "base", tie_word_embeddings=True)
    causal_samples.adapted(base, tmp_path / "adapter", target_modules=["lm_head"])
    with pytest.raises(InputError, match="logits are off by"):
        merge.write(tmp_path / "adapter", tmp_path / "merged")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter", "base"]


class Planted:
    """Opened as a pickle, it writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.mark.parametrize(("place", "safe", "pickled"), [("adapter", "adapter_model", "adapter_model"), ("base", "model", "pytorch_model")])
def test_nothing_pickled_is_opened(made, tmp_path, place, safe, pickled):
    for part in ("adapter", "base"):
        causal_samples.copied(made[0] / part, tmp_path / part)
    (tmp_path / place / f"{safe}.safetensors").unlink()
    torch.save(Planted(str(tmp_path / "ran")), tmp_path / place / f"{pickled}.bin")
    with pytest.raises(InputError, match="could run code"):
        merge.write(tmp_path / "adapter", tmp_path / "merged", tmp_path / "base")
    assert not (tmp_path / "ran").exists() and not (tmp_path / "merged").exists()


def test_what_cannot_be_merged_is_an_error_in_a_line(made, tmp_path):
    folder, _ = made
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    other = causal_samples.checkpoint(tmp_path / "other", "llama", hidden_size=128)
    for out, base, match in [
        (tmp_path / "full", None, "is not an empty folder"),
        (tmp_path / "nowhere" / "out", None, "cannot be written"),
        (tmp_path / "out", tmp_path / "nowhere", "say where it is with --base"),
        (tmp_path / "out", other, "cannot be read: .*size mismatch"),
    ]:
        with pytest.raises(InputError, match=match):
            merge.write(folder / "adapter", out, base)
    (tmp_path / "empty").mkdir()
    merge.write(folder / "adapter", tmp_path / "empty")
    assert (tmp_path / "empty" / "model.safetensors").exists()
