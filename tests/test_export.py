"""Export: a tiny random checkpoint becomes a folder that verifies, stays near float32, and is refused once altered."""

# ruff: noqa: E402 - what needs torch is imported once it is known to be there

import json

import pytest

import export.__main__  # first: it sets the environment that transformers and onnxruntime read

np = pytest.importorskip("numpy")
for package in ("torch", "transformers", "optimum.exporters.onnx", "onnx"):
    pytest.importorskip(package)

import torch
from transformers import BertConfig, BertForTokenClassification

from export import edit, verify
from export.quantize import RECIPES
from rpo_edge.errors import InputError, ModelError
from rpo_edge.manifest import Manifest

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(first + second for first in LETTERS[:4] for second in LETTERS)][:100]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(0)
    sizes = {"vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    config = BertConfig(**sizes, max_position_embeddings=64, type_vocab_size=3, num_labels=20, initializer_range=0.3)
    BertForTokenClassification(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n", "utf-8")
    (folder / "operations.json").write_text("[]", "utf-8")
    np.savez(folder / "user.npz", weights=np.ones((3, 2), np.float32))
    training = {"base": "tiny", "licence": "Apache-2.0", "data": "none", "commit": "0", "command": "test", "metrics": {"a": 1, "b": 1}}
    (folder / "training.json").write_text(json.dumps(training), "utf-8")
    return folder


@pytest.fixture(scope="module", params=RECIPES)
def exported(request, checkpoint, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    edit.write(checkpoint, out, "tiny", {"b": 2}, request.param)
    return out


def test_the_folder_holds_these_files_and_verifies(exported, checkpoint):
    assert sorted(path.name for path in exported.iterdir()) == sorted([*edit.FILES, "manifest.json"])
    manifest = Manifest.load(exported)
    manifest.verify()
    assert (manifest.name, manifest.kind, manifest.quantization, manifest.prompt_version) == ("tiny", "edit", "int8", 1)
    assert sorted(manifest.files) == sorted(edit.FILES)
    assert json.loads((exported / "manifest.json").read_text("utf-8"))["metrics"] == {"a": 1, "b": 2}
    for name in edit.COPIED:
        assert (exported / name).read_bytes() == (checkpoint / name).read_bytes()


def test_int8_is_near_float32(exported, checkpoint):
    # An untrained model's best labels lie close together, and kernels round as their processor does: over a few words one
    # flipped tie would decide, over many the share is steady.
    words = [word for word in WORDS if not word.startswith("[")]
    texts = [" ".join(words[start::step][:30]) for step in range(1, 7) for start in range(step)]
    found = verify.agreement(checkpoint, exported, texts, batch=4)
    assert found.edits > 300
    assert found.relative < 0.1
    assert found.f1 > 0.8


def test_weights_are_int8(exported, checkpoint):
    import onnx

    model = onnx.load(exported / "model.onnx")
    large = [tensor for tensor in model.graph.initializer if len(tensor.dims) > 1 and tensor.dims[0] >= 64 and tensor.dims[1] > 1]
    assert large and all(tensor.data_type in (onnx.TensorProto.INT8, onnx.TensorProto.UINT8) for tensor in large)
    assert {known.domain for known in model.opset_import} <= {"", "com.microsoft"}


@pytest.mark.parametrize("name", edit.FILES)
def test_an_altered_byte_is_refused(exported, name, tmp_path):
    for path in exported.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    data = bytearray((tmp_path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ModelError, match="altered"):
        Manifest.load(tmp_path).verify()


def test_an_out_in_use_is_refused(exported, checkpoint):
    with pytest.raises(InputError, match="empty"):
        edit.write(checkpoint, exported, "tiny", {})


def test_a_pickle_in_the_arrays_is_refused(checkpoint, tmp_path):
    for path in checkpoint.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    np.savez(tmp_path / "user.npz", weights=np.array([{}], dtype=object))
    with pytest.raises(InputError, match=r"user\.npz"):
        edit.write(tmp_path, tmp_path / "out", "tiny", {})


def test_edits_are_compared_as_a_set_of_position_and_label():
    expected = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]], np.float32)
    found = np.array([[0, 1, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    assert verify.edits(expected) == {(0, 1), (2, 2)}
    assert verify.compare(expected, found).f1 == 0.5
    assert verify.compare(expected[1:2], found[1:2]).f1 == 1.0


def test_an_unknown_command_prints_the_known(monkeypatch):
    monkeypatch.setattr("sys.argv", ["export", "nothing"])
    with pytest.raises(SystemExit, match="usage"):
        export.__main__.main()
