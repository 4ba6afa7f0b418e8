"""Quantizations: made of what their names say, where the widths allow it, and what they are not is said."""

import pytest

pytest.importorskip("gguf")
pytest.importorskip("torch")
pytest.importorskip("llama_cpp")

import causal_samples
import gguf
import numpy as np

from export.formats import blocks
from export.formats import gguf as format_
from export.parity import storage
from export.parity.measuring import Artifact
from rpo_edge.errors import InputError

pytestmark = pytest.mark.usefixtures("one_thread")
IDS = causal_samples.IDS[:60]


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    return causal_samples.checkpoint(tmp_path_factory.mktemp("wide"), "qwen2")


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    """Rows of 192 and 384, which K-quants cannot cut."""
    sizes = {"hidden_size": 192, "intermediate_size": 384}
    return causal_samples.checkpoint(tmp_path_factory.mktemp("narrow"), **sizes)


@pytest.mark.parametrize(
    ("quant", "kinds", "bits", "tolerance"),
    [
        ("f16", {"F16", "F32"}, 16.0, 0.005),
        ("q8_0", {"Q8_0", "F32"}, 8.5, 0.1),
        ("q6_k", {"Q6_K", "F32"}, 6.56, 0.2),
        ("q5_k_m", {"Q5_K", "Q6_K", "F32"}, 5.7, 0.35),
        ("q4_k_m", {"Q4_K", "Q6_K", "F32"}, 4.9, 0.6),
        ("q4_0", {"Q4_0", "Q6_K", "F32"}, 4.7, 0.7),
    ],
)
def test_a_quantization_is_what_it_is_called(wide, tmp_path, quant, kinds, bits, tolerance):
    format_.write(wide, tmp_path / "model.gguf", quant)
    found = format_.verify(wide, tmp_path / "model.gguf")
    assert set(found.types) == kinds and not found.others and "divided" not in str(found)
    assert bits <= found.bits < bits + 0.15  # biases and norms stay float32
    expected = causal_samples.torch_logits(causal_samples.loaded(wide), IDS)
    apart = causal_samples.llama_logits(tmp_path / "model.gguf", IDS) - expected
    assert np.linalg.norm(apart) / np.linalg.norm(expected) < tolerance


@pytest.mark.parametrize(("quant", "nominal", "instead"), [("q6_k", 6.56, {"Q8_0"}), ("q4_k_m", 4.9, {"Q5_0", "Q8_0"})])
def test_rows_without_whole_blocks_cost_more_and_it_is_said(narrow, tmp_path, quant, nominal, instead, capfd):
    format_.write(narrow, tmp_path / "model.gguf", quant)
    found = format_.verify(narrow, tmp_path / "model.gguf")
    assert instead <= set(found.others) and found.bits > nominal + 0.5
    assert sum(found.others.values()) >= 14 and "cannot be divided into its blocks are " + next(iter(found.others)) in str(found)
    assert capfd.readouterr().err == ""
    size = sum(tensor.n_bytes for tensor in gguf.GGUFReader(tmp_path / "model.gguf").tensors)
    assert found.bits == 8 * size / found.weights


@pytest.mark.parametrize("model", ["wide", "narrow", "odd"])
def test_q8_0_by_gguf_py_is_llama_cpps(request, tmp_path, model):
    if model == "odd":  # rows of 80, not even blocks of 32: F16 in both
        folder = causal_samples.checkpoint(tmp_path, hidden_size=80, intermediate_size=100, num_attention_heads=2)
    else:
        folder = request.getfixturevalue(model)
    format_.write(folder, tmp_path / "ours.gguf", "q8_0")
    format_.plain(folder, tmp_path / "float32.gguf", blocks.FLOAT32)
    blocks.quantize(tmp_path / "float32.gguf", tmp_path / "theirs.gguf", blocks.RECIPES["q8_0"])
    ours, theirs = ({t.name: t for t in gguf.GGUFReader(tmp_path / f"{name}.gguf").tensors} for name in ("ours", "theirs"))
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert ours[name].tensor_type == theirs[name].tensor_type and np.array_equal(ours[name].data, theirs[name].data)


BY_IMPORTANCE = {"iq3_xs", "iq3_xxs", "q2_k_s", "iq2_m", "iq2_s", "iq2_xs", "iq2_xxs"}
"""What llama.cpp does not make without an importance matrix."""
READ = {name: recipe for name, recipe in blocks.FOREIGN.items() if name not in BY_IMPORTANCE}


@pytest.mark.parametrize("name", READ)
def test_quantizations_of_other_people_are_told_by_their_files(wide, tmp_path, name):
    format_.plain(wide, tmp_path / "float32.gguf", blocks.FLOAT32)
    blocks.quantize(tmp_path / "float32.gguf", tmp_path / "model.gguf", READ[name])
    reader = gguf.GGUFReader(tmp_path / "model.gguf")
    found = blocks.written(reader)
    assert storage.quantization(tmp_path / "model.gguf", "gguf") == name and READ[name].kind.name in found.types
    assert storage.bits(tmp_path / "model.gguf", "gguf", wide) == found.bits and not found.others
    for tensor in reader.tensors:
        gguf.quants.dequantize(tensor.data, tensor.tensor_type)  # so that it leads back to a checkpoint


def test_a_file_that_does_not_say_it_is_told_by_its_weights(wide, tmp_path):
    format_.write(wide, tmp_path / "model.gguf", "q4_0")
    spoilt = gguf.GGUFReader(tmp_path / "model.gguf", "r+")
    for said, name in ((gguf.LlamaFileType.MOSTLY_Q4_0 | gguf.LlamaFileType.GUESSED, "q4_0"), (999, "q4_0"), (3, "q4_1")):
        field = spoilt.fields["general.file_type"]
        field.parts[field.data[0]][0] = said
        spoilt.data.flush()
        assert storage.quantization(tmp_path / "model.gguf", "gguf") == name


def test_what_no_limit_is_known_of_is_refused_before_it_is_measured(wide, tmp_path):
    format_.plain(wide, tmp_path / "float32.gguf", blocks.FLOAT32)
    ternary = blocks.Recipe(gguf.LlamaFileType.MOSTLY_TQ1_0, gguf.GGMLQuantizationType.TQ1_0)
    blocks.quantize(tmp_path / "float32.gguf", tmp_path / "model.gguf", ternary)
    with pytest.raises(InputError, match=r"cannot be measured: it is of the file type 36 and its weights mostly TQ1_0; .* can be measured"):
        Artifact.of(tmp_path / "model.gguf")


def test_weights_at_the_wrong_place_are_noticed(wide, tmp_path):
    """Twice as far as the coarsest quantization may be."""
    format_.write(wide, tmp_path / "model.gguf", "q4_0")
    reader = gguf.GGUFReader(tmp_path / "model.gguf", "r+")
    found = next(tensor for tensor in reader.tensors if tensor.name == "blk.1.ffn_up.weight")
    found.data[:] = found.data[::-1].copy()
    del reader, found
    with pytest.raises(InputError, match=r"blk.1.ffn_up.weight .* off by 1\d\d"):
        format_.verify(wide, tmp_path / "model.gguf")


def test_what_llama_cpp_cannot_quantize_is_an_error_in_a_line(tmp_path, capfd):
    (tmp_path / "bad.gguf").write_bytes(b"GGUF, but not really")
    with pytest.raises(InputError, match="could not quantize to MOSTLY_Q4_0"):
        blocks.quantize(tmp_path / "bad.gguf", tmp_path / "out.gguf", blocks.RECIPES["q4_0"])
    assert "raceback" not in capfd.readouterr().err
