"""llama.cpp computes what torch computes: each family, tied or not, with every kind of bias, norm, head and rope."""

import pytest

pytest.importorskip("gguf")
pytest.importorskip("torch")
pytest.importorskip("llama_cpp")

import causal_samples
import gguf
import numpy as np
from causal_samples import IDS, LLAMA3, MODELS, YARN
from transformers import MistralConfig

from export.formats import families
from export.formats import gguf as format_
from export.formats.blocks import FLOAT32
from rpo_edge.errors import InputError

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize(("family", "options"), MODELS)
def test_llama_cpp_computes_the_same(tmp_path, family, options):
    folder = causal_samples.checkpoint(tmp_path, family, **options)
    format_.plain(folder, tmp_path / "model.gguf", FLOAT32)
    format_.verify(folder, tmp_path / "model.gguf")
    expected = causal_samples.torch_logits(causal_samples.loaded(folder), IDS)
    found = causal_samples.llama_logits(tmp_path / "model.gguf", IDS)
    assert np.abs(found - expected).max() < 1e-3 < expected.std()
    assert (found.argmax(1) == expected.argmax(1)).all()


def test_the_next_family_is_a_row(tmp_path, monkeypatch):
    """Mistral without windows is a Llama to llama.cpp; with them it is refused, as nothing there would say so."""
    monkeypatch.setitem(causal_samples.FAMILIES, "mistral", MistralConfig)
    folder = causal_samples.checkpoint(tmp_path / "whole", "mistral", sliding_window=None)
    with pytest.raises(InputError, match="'mistral'; llama, qwen2, qwen3 can be written"):
        format_.plain(folder, tmp_path / "model.gguf", FLOAT32)
    monkeypatch.setitem(families.FAMILIES, "mistral", families.FAMILIES["llama"])
    format_.plain(folder, tmp_path / "model.gguf", FLOAT32)
    found = causal_samples.llama_logits(tmp_path / "model.gguf", IDS)
    assert np.abs(found - causal_samples.torch_logits(causal_samples.loaded(folder), IDS)).max() < 1e-3
    with pytest.raises(InputError, match="sliding windows"):
        format_.plain(causal_samples.checkpoint(tmp_path / "windows", "mistral", sliding_window=64), tmp_path / "model.gguf", FLOAT32)


@pytest.mark.parametrize("family", causal_samples.FAMILIES)
def test_float16_is_near(tmp_path, family):
    folder = causal_samples.checkpoint(tmp_path, family)
    format_.write(folder, tmp_path / "model.gguf", "f16")
    expected = causal_samples.torch_logits(causal_samples.loaded(folder), IDS)
    found = causal_samples.llama_logits(tmp_path / "model.gguf", IDS)
    assert np.abs(found - expected).max() < 0.05 and (found.argmax(1) == expected.argmax(1)).mean() > 0.98


def test_bfloat16_weights_are_read(tmp_path):
    folder = causal_samples.checkpoint(tmp_path)
    causal_samples.loaded(folder).bfloat16().save_pretrained(folder)
    format_.plain(folder, tmp_path / "model.gguf", FLOAT32)
    assert format_.verify(folder, tmp_path / "model.gguf").bits == 32
    found = causal_samples.llama_logits(tmp_path / "model.gguf", IDS)
    assert np.abs(found - causal_samples.torch_logits(causal_samples.loaded(folder), IDS)).max() < 1e-3


@pytest.mark.parametrize(
    ("family", "scaling"), [("qwen2", LLAMA3), ("llama", YARN | {"beta_fast": 16.0}), ("llama", YARN | {"truncate": False})]
)
def test_a_rope_that_llama_cpp_would_turn_otherwise_is_refused(tmp_path, family, scaling):
    folder = causal_samples.checkpoint(tmp_path, family, rope_scaling=scaling)
    with pytest.raises(InputError, match="rope scaling"):
        format_.write(folder, tmp_path / "model.gguf", "f16")


def test_qwen3_with_biases_is_refused(tmp_path):
    folder = causal_samples.checkpoint(tmp_path, "qwen3", attention_bias=True)
    with pytest.raises(InputError, match=r"llama.cpp does not read model.layers.0.self_attn.*bias"):
        format_.write(folder, tmp_path / "model.gguf", "f16")


def test_shape_is_written(tmp_path):
    folder = causal_samples.checkpoint(tmp_path, "qwen3", head_dim=128)
    format_.write(folder, tmp_path / "model.gguf", "f16")
    fields = gguf.GGUFReader(tmp_path / "model.gguf").fields
    names = ("attention.key_length", "attention.value_length", "rope.dimension_count", "attention.head_count_kv", "rope.freq_base")
    assert [fields[f"qwen3.{name}"].contents() for name in names] == [128, 128, 128, 2, 5000.0]
