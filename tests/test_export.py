"""Export: a tiny random checkpoint becomes a folder that verifies, stays near float32, and is refused once altered."""

# ruff: noqa: E402 - what needs torch is imported once it is known to be there

import json
import shutil

import pytest

import export.__main__  # first: it sets the environment that transformers and onnxruntime read

np = pytest.importorskip("numpy")
for package in ("torch", "transformers", "optimum.exporters.onnx", "onnx"):
    pytest.importorskip(package)

import torch
from transformers import BertConfig, BertForTokenClassification

from export import checkpoint as checkpoints
from export import edit
from export.parity import edits, gate
from export.parity.golden import golden
from export.parity.limits import LEAST_F1
from export.quantize import RECIPES
from rpo_edge.errors import InputError, ModelError
from rpo_edge.manifest import Manifest
from rpo_edge.operations import Operation, Vocabulary
from rpo_edge.prompt import CONTEXT
from rpo_edge.usage import COLUMNS, Usage

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(first + second for first in LETTERS[:4] for second in LETTERS)][:100]


OPERATIONS = [
    "just",
    "really",
    "very",
    "quite",
    "rather",
    "also",
    "still",
    "even",
    "only",
    "now",
    "then",
    "soon",
    "again",
    "perhaps",
    "maybe",
    "truly",
    "fully",
    "nearly",
    "almost",
]


def heads(vocabulary):
    """Of a model that no user sways."""
    many, kinds = len(OPERATIONS), len(Usage(vocabulary).families)
    shapes = {"own": (many, COLUMNS), "families": (many, kinds), "inner": (COLUMNS, 2), "inner_bias": (2,), "outer": (2,), "offset": ()}
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()} | {
        "scale": np.ones((), np.float32),
        "allowed": np.ones(many, np.float32),
    }


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(0)
    sizes = {"vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    config = BertConfig(**sizes, max_position_embeddings=160, type_vocab_size=3, num_labels=20, initializer_range=0.3)
    BertForTokenClassification(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n", "utf-8")
    vocabulary = Vocabulary([Operation(False, "", f"{word} ") for word in OPERATIONS])
    vocabulary.save(folder / "operations.json")
    np.savez(folder / "user.npz", **heads(vocabulary))
    training = {"base": "tiny", "licence": "Apache-2.0", "data": "none", "commit": "0", "command": "test", "metrics": {"a": 1, "b": 1}}
    training |= {"config": {"steps": 250, "seed": 3, "examples": None}, "curve": [[125, 0.078023, 0.08245, 0.1492], [250, 0.05, 0.06, 0.3]]}
    (folder / "training.json").write_text(json.dumps(training), "utf-8")
    return folder


@pytest.fixture(scope="module", params=RECIPES)
def exported(request, checkpoint, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    edit.write(checkpoint, out, "tiny", {"b": 2}, request.param, force=True)  # weights at random are sure of nothing
    return out


def test_pickled_weights_are_refused_unread(checkpoint, tmp_path, monkeypatch):
    shutil.copytree(checkpoint, tmp_path / "pickled")
    (tmp_path / "pickled" / "model.safetensors").unlink()
    torch.save(BertForTokenClassification.from_pretrained(checkpoint).state_dict(), tmp_path / "pickled" / "pytorch_model.bin")
    monkeypatch.setattr(torch, "load", None)
    with pytest.raises(InputError, match="could run code"):
        edit.write(tmp_path / "pickled", tmp_path / "out", "tiny", {}, "dynamic", force=True)
    with pytest.raises(OSError):
        edits.float_encoder(tmp_path / "pickled")


def test_the_folder_holds_these_files_and_verifies(exported, checkpoint):
    assert sorted(path.name for path in exported.iterdir()) == sorted([*edit.FILES, "manifest.json"])
    manifest = Manifest.load(exported)
    manifest.verify()
    assert (manifest.name, manifest.kind, manifest.quantization, manifest.prompt_version) == ("tiny", "edit", "int8", 0)
    assert sorted(manifest.files) == sorted(edit.FILES)
    assert json.loads((exported / "manifest.json").read_text("utf-8"))["metrics"] == {"a": 1, "b": 2}
    (stage,) = json.loads((exported / "manifest.json").read_text("utf-8"))["training"]
    assert stage["config"] == {"steps": 250, "seed": 3} and stage["curve"]["columns"] == ["step", "loss", "validation", "spread"]
    assert stage["curve"]["rows"] == [[125, 0.07802, 0.08245, 0.1492], [250, 0.05, 0.06, 0.3]]
    assert "[125, 0.07802, 0.08245, 0.1492]" in (exported / "manifest.json").read_text("utf-8")
    for name in edit.COPIED:
        assert (exported / name).read_bytes() == (checkpoint / name).read_bytes()


def test_int8_is_near_float32(exported, checkpoint):
    # An untrained model's best labels lie close together, and kernels round as their processor does: over a few words one
    # flipped tie would decide, over many the share is steady.
    words = [word for word in WORDS if not word.startswith("[")]
    texts = [" ".join(words[start::step][:30]) for step in range(1, 7) for start in range(step)]
    found = edits.agreement(checkpoint, exported, texts, batch=4)
    assert found.edits > 300
    assert found.relative < 0.1
    assert found.f1 > 0.8


def test_the_manifest_says_how_near_it_is(exported, checkpoint):
    said = json.loads((exported / "manifest.json").read_text("utf-8"))
    found = gate.edit_figures(checkpoint, exported, "tiny", "int8")
    assert said["parity"].pop("missed", None) is None or found.edits.f1 < LEAST_F1 or found.applied.f1 < LEAST_F1
    assert said["parity"] == found.as_json() and said["bits_per_weight"] == round(found.bits, 3)
    assert found.ids.strings > 5000 and found.ids.differ == 0 and found.edits.edits > 1000 and found.applied.edits > 10
    assert 8 < found.bits < 13 and found.size == pytest.approx(sum((exported / name).stat().st_size for name in edit.FILES) / 1e6)


def test_what_is_too_far_is_not_written(checkpoint, tmp_path):
    """One channel after the activation is a thousand times the others: it takes the scale that they share."""
    spoiled = tmp_path / "spoiled"
    shutil.copytree(checkpoint, spoiled)
    model = BertForTokenClassification.from_pretrained(checkpoint)
    with torch.no_grad():
        for layer in model.bert.encoder.layer:
            layer.intermediate.dense.bias[0] = 1000.0
            layer.output.dense.weight[:, 0] /= 1000.0
    model.save_pretrained(spoiled)
    with pytest.raises(InputError, match=r"--force.*F1 of labels is 0\.\d"):
        edit.write(spoiled, tmp_path / "out", "tiny", {})
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".export-*"))
    edit.write(spoiled, tmp_path / "out", "tiny", {}, force=True)
    assert "F1 of labels" in json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))["parity"]["missed"][0]


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
    assert edits.edits(expected) == {(0, 1), (2, 2)}
    assert edits.compare(expected, found).f1 == 0.5
    assert edits.compare(expected[1:2], found[1:2]).f1 == 1.0


def test_golden_prompts_show_what_stands_around_a_window():
    shown = [prompt.prompt.count(CONTEXT) for prompt in golden(10)]
    assert shown[:2] == [0, 0] and {1, 2} <= set(shown)


def test_an_unknown_command_prints_the_known(monkeypatch):
    monkeypatch.setattr("sys.argv", ["export", "nothing"])
    with pytest.raises(SystemExit, match="usage"):
        export.__main__.main()


@pytest.mark.parametrize("recipe", ["mixed", "dynamic"])
def test_a_model_folder_leads_back_to_its_checkpoint(checkpoint, tmp_path, recipe):
    trained = shutil.copytree(checkpoint, tmp_path / "trained")
    model = BertForTokenClassification.from_pretrained(trained)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) / 10)  # the optimizer shares constants that are alike, as in no trained model
    model.save_pretrained(trained)
    edit.write(trained, tmp_path / "model", "tiny", {}, recipe, force=True)
    checkpoints.write(tmp_path / "model", tmp_path / "back")
    one, other = (BertForTokenClassification.from_pretrained(folder).state_dict() for folder in (trained, tmp_path / "back"))
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.allclose(tensor, other[name], atol=float(tensor.abs().max()) / 60), name  # weights have seven bits
    for name in edit.COPIED:
        assert (tmp_path / "back" / name).read_bytes() == (checkpoint / name).read_bytes()
    edit.write(tmp_path / "back", tmp_path / "again", "tiny", {}, force=True)  # which says that it is a whole checkpoint


def test_what_does_not_lead_back_is_refused(checkpoint, tmp_path):
    edit.write(checkpoint, tmp_path / "model", "tiny", {}, "blockwise", force=True)
    with pytest.raises(InputError, match="does not lead back"):
        checkpoints.write(tmp_path / "model", tmp_path / "back")
    assert not (tmp_path / "back").exists()
