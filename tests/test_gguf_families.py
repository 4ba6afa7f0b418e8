"""llama.cpp computes what torch computes: each family, tied or not, with every kind of bias, norm, head and rope."""

import pytest

pytest.importorskip("gguf")
pytest.importorskip("torch")
pytest.importorskip("llama_cpp")

import gguf
import gguf_samples
import numpy as np
from transformers import MistralConfig

from export.formats import families
from export.formats import gguf as format_
from export.formats.blocks import FLOAT32
from rpo_edge.errors import InputError

pytestmark = pytest.mark.usefixtures("one_thread")
IDS = [int(i) for i in np.random.default_rng(0).integers(3, 480, 120)]
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}
YARN = {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 64}

MODELS = [
    ("llama", {}),
    ("llama", {"tie_word_embeddings": True, "num_key_value_heads": 4}),
    ("llama", {"attention_bias": True, "mlp_bias": True}),
    ("llama", {"head_dim": 32}),
    ("llama", {"rope_scaling": {"rope_type": "linear", "factor": 4.0}}),
    ("llama", {"rope_scaling": LLAMA3}),
    ("llama", {"rope_scaling": YARN}),
    ("llama", {"rope_scaling": YARN | {"attention_factor": 1.5}}),
    ("qwen2", {}),
    ("qwen2", {"tie_word_embeddings": True, "rope_scaling": YARN}),
    ("qwen3", {"head_dim": 128}),
    ("qwen3", {"tie_word_embeddings": True, "head_dim": 32}),
]


@pytest.mark.parametrize(("family", "options"), MODELS)
def test_llama_cpp_computes_the_same(tmp_path, family, options):
    folder = gguf_samples.checkpoint(tmp_path, family, **options)
    format_.plain(folder, tmp_path / "model.gguf", FLOAT32)
    format_.verify(folder, tmp_path / "model.gguf")
    expected = gguf_samples.torch_logits(gguf_samples.loaded(folder), IDS)
    found = gguf_samples.llama_logits(tmp_path / "model.gguf", IDS)
    assert np.abs(found - expected).max() < 1e-3 < expected.std()
    assert (found.argmax(1) == expected.argmax(1)).all()


def test_the_next_family_is_a_row(tmp_path, monkeypatch):
    """Mistral without windows is a Llama to llama.cpp; with them it is refused, as nothing there would say so."""
    monkeypatch.setitem(gguf_samples.FAMILIES, "mistral", MistralConfig)
    folder = gguf_samples.checkpoint(tmp_path / "whole", "mistral", sliding_window=None)
    with pytest.raises(InputError, match="'mistral'; llama, qwen2, qwen3 can be written"):
        format_.plain(folder, tmp_path / "model.gguf", FLOAT32)
    monkeypatch.setitem(families.FAMILIES, "mistral", families.FAMILIES["llama"])
    format_.plain(folder, tmp_path / "model.gguf", FLOAT32)
    found = gguf_samples.llama_logits(tmp_path / "model.gguf", IDS)
    assert np.abs(found - gguf_samples.torch_logits(gguf_samples.loaded(folder), IDS)).max() < 1e-3
    with pytest.raises(InputError, match="sliding windows"):
        format_.plain(gguf_samples.checkpoint(tmp_path / "windows", "mistral", sliding_window=64), tmp_path / "model.gguf", FLOAT32)


@pytest.mark.parametrize("family", gguf_samples.FAMILIES)
def test_float16_is_near(tmp_path, family):
    folder = gguf_samples.checkpoint(tmp_path, family)
    format_.write(folder, tmp_path / "model.gguf", "f16")
    expected = gguf_samples.torch_logits(gguf_samples.loaded(folder), IDS)
    found = gguf_samples.llama_logits(tmp_path / "model.gguf", IDS)
    assert np.abs(found - expected).max() < 0.05 and (found.argmax(1) == expected.argmax(1)).mean() > 0.98


def test_bfloat16_weights_are_read(tmp_path):
    folder = gguf_samples.checkpoint(tmp_path)
    gguf_samples.loaded(folder).bfloat16().save_pretrained(folder)
    format_.plain(folder, tmp_path / "model.gguf", FLOAT32)
    assert format_.verify(folder, tmp_path / "model.gguf").bits == 32
    found = gguf_samples.llama_logits(tmp_path / "model.gguf", IDS)
    assert np.abs(found - gguf_samples.torch_logits(gguf_samples.loaded(folder), IDS)).max() < 1e-3


@pytest.mark.parametrize(
    ("family", "scaling"), [("qwen2", LLAMA3), ("llama", YARN | {"beta_fast": 16.0}), ("llama", YARN | {"truncate": False})]
)
def test_a_rope_that_llama_cpp_would_turn_otherwise_is_refused(tmp_path, family, scaling):
    folder = gguf_samples.checkpoint(tmp_path, family, rope_scaling=scaling)
    with pytest.raises(InputError, match="rope scaling"):
        format_.write(folder, tmp_path / "model.gguf", "f16")


def test_qwen3_with_biases_is_refused(tmp_path):
    folder = gguf_samples.checkpoint(tmp_path, "qwen3", attention_bias=True)
    with pytest.raises(InputError, match=r"llama.cpp does not read model.layers.0.self_attn.*bias"):
        format_.write(folder, tmp_path / "model.gguf", "f16")


def test_shape_is_written(tmp_path):
    folder = gguf_samples.checkpoint(tmp_path, "qwen3", head_dim=128)
    format_.write(folder, tmp_path / "model.gguf", "f16")
    fields = gguf.GGUFReader(tmp_path / "model.gguf").fields
    names = ("attention.key_length", "attention.value_length", "rope.dimension_count", "attention.head_count_kv", "rope.freq_base")
    assert [fields[f"qwen3.{name}"].contents() for name in names] == [128, 128, 128, 2, 5000.0]
