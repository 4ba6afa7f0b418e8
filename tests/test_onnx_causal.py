"""onnxruntime computes what torch computes: each family, in one pass and token by token, and near it when quantized."""

import json
import re

import pytest

pytest.importorskip("gguf")
pytest.importorskip("onnx")
pytest.importorskip("optimum.onnxruntime")
pytest.importorskip("torch")
pytest.importorskip("tokenizers")

import causal_samples
import numpy as np
import onnx
import torch
from causal_samples import IDS, MODELS

from export.formats import causal_onnx, decoder, gguf, optimum_onnx
from rpo_edge.chat import Chat
from rpo_edge.errors import InputError, ModelError
from rpo_edge.manifest import TRAJECTORY, Manifest
from rpo_edge.prompt import PROMPT_VERSION
from rpo_edge.reflectors import load
from rpo_edge.runtimes.base import Options
from rpo_edge.runtimes.inspection import inspected
from rpo_edge.runtimes.onnx import OnnxRuntime
from rpo_edge.runtimes.tokens import Tokenizer

pytestmark = pytest.mark.usefixtures("one_thread")


def written(tmp_path, family="llama", quant="float32", **options):
    """(the checkpoint, the folder for onnxruntime)."""
    folder = causal_samples.checkpoint(tmp_path / "checkpoint", family, **options)
    causal_onnx.write(folder, tmp_path / "onnx", quant)
    return folder, tmp_path / "onnx"


def divergence(known, found):
    """Kullback-Leibler, nats a token: of found from known logits (tokens, vocabulary)."""
    one, other = (np.asarray(torch.log_softmax(torch.tensor(logits, dtype=torch.float64), -1)) for logits in (known, found))
    return float((np.exp(one) * (one - other)).sum(-1).mean())


@pytest.mark.parametrize(("family", "options"), MODELS)
def test_onnxruntime_computes_the_same(tmp_path, family, options):
    folder, out = written(tmp_path, family, **options)
    expected = causal_samples.torch_logits(causal_samples.loaded(folder), IDS)
    found = causal_onnx.logits(out, np.array([IDS]))
    assert np.abs(found - expected).max() < 1e-3 < expected.std()
    assert causal_onnx.verify(folder, out, "float32") < 1e-4


@pytest.mark.parametrize("family", causal_samples.FAMILIES)
def test_a_cache_gives_what_one_pass_gives(tmp_path, family):
    """Whatever the tokens are cut into: a prompt, one token, several after a cache that is not empty."""
    _, out = written(tmp_path, family)
    whole, text = causal_onnx.logits(out, np.array([IDS])), OnnxRuntime.open(out, threads=1).engine(len(IDS) + 7)
    for start, end in ((0, 50), *((n, n + 1) for n in range(50, 100)), (100, 117), (117, 120)):
        assert np.abs(text.extend(IDS[start:end], 1)[0] - whole[end - 1]).max() < 1e-4


@pytest.mark.parametrize("family", causal_samples.FAMILIES)
def test_greedy_text_is_torchs(tmp_path, family):
    folder, out = written(tmp_path, family)
    model, tokenizer = causal_samples.loaded(folder), causal_samples.bytes_tokenizer()
    prompt = tokenizer(causal_samples.TEXTS[0], return_tensors="pt", add_special_tokens=False).input_ids
    known = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=40, do_sample=False, pad_token_id=2)
    known = known[0, prompt.shape[1] :].tolist()
    found = [piece.token for piece in OnnxRuntime.open(out, threads=1).generate(causal_samples.TEXTS[0], Options(tokens=40))]
    assert found == known[: known.index(1)] if 1 in known else found == known


QUANTIZED = [(family, quant) for family in causal_samples.FAMILIES for quant in ("int8", "int4")]
NEAR = {"int8": (0.85, 0.005), "int4": (0.4, 0.25)}
"""Share of tokens whose most probable next one is the same, at least; divergence, nats, at most. The model is random, and unsure."""


@pytest.mark.parametrize(("family", "quant"), QUANTIZED)
def test_quantized_is_near(tmp_path, family, quant):
    folder, out = written(tmp_path, family, quant, tie_word_embeddings=family == "qwen3")
    expected, found = causal_samples.torch_logits(causal_samples.loaded(folder), IDS), causal_onnx.logits(out, np.array([IDS]))
    same, far = (found.argmax(1) == expected.argmax(1)).mean(), divergence(expected, found)
    least, most = NEAR[quant]
    assert same >= least and 0 < far <= most, (same, far)


@pytest.mark.parametrize(("bits", "least", "most"), [(8, 0.001, 0.01), (4, 0.05, 0.12)])
def test_blocks_are_as_near_as_their_bits_allow(bits, least, most):
    matrix = np.random.default_rng(1).standard_normal((6, 96)).astype(np.float32)
    matrix[2, 32:64] = 0
    stored, scale = decoder.packed(matrix, bits)
    assert stored.shape == (6, 3, 4 * bits) and scale.shape == (6, 3)
    weights = np.stack([stored & 15, stored >> 4], -1).reshape(6, 3, 32) if bits == 4 else stored
    values = ((weights.astype(np.float32) - (1 << (bits - 1))) * scale[..., None]).reshape(matrix.shape)
    assert least < np.linalg.norm(values - matrix) / np.linalg.norm(matrix) < most
    assert (values[2, 32:64] == 0).all()


def test_a_tied_table_is_stored_once(tmp_path):
    sizes = []
    for tied in (True, False):
        written(tmp_path / str(tied), quant="int8", tie_word_embeddings=tied, vocab_size=8192)
        sizes.append((tmp_path / str(tied) / "onnx" / causal_onnx.DATA).stat().st_size)
    assert sizes[1] - sizes[0] == pytest.approx(8192 * 256 * 36 / 32, abs=2 * decoder.PAGE)


def test_rows_without_whole_blocks_stay_float32(tmp_path):
    folder, out = written(tmp_path, quant="int4", intermediate_size=500)
    kinds = [node.op_type for node in onnx.load(out / causal_onnx.MODEL, load_external_data=False).graph.node]
    assert kinds.count("MatMul") == 2 and kinds.count("MatMulNBits") == 7
    assert causal_onnx.verify(folder, out, "int4") < causal_onnx.FARTHEST["int4"]


def test_other_weights_are_noticed(tmp_path):
    _, out = written(tmp_path)
    other = causal_samples.checkpoint(tmp_path / "other", rope_theta=50.0)
    with pytest.raises(InputError, match="computes other logits"):
        causal_onnx.verify(other, out, "float32")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rope_scaling": {"rope_type": "dynamic", "factor": 2.0}}, "rope scaling 'dynamic'"),
        ({"hidden_act": "gelu"}, "the activation 'gelu'"),
    ],
)
def test_what_the_graph_does_not_compute_is_refused(tmp_path, options, said):
    with pytest.raises(InputError, match=said):
        written(tmp_path, **options)
    assert not (tmp_path / "onnx").exists()


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx/mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not an empty folder"):
        written(tmp_path)
    assert [path.name for path in (tmp_path / "onnx").iterdir()] == ["mine.txt"]


def test_the_command_writes_and_says_how_near_it_is(tmp_path, capsys):
    folder, out = causal_samples.checkpoint(tmp_path / "checkpoint"), tmp_path / "new/onnx"
    causal_onnx.main([str(folder), str(out)])
    said, printed = json.loads((out / "manifest.json").read_text("utf-8")), capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == sorted([*causal_onnx.FILES, "manifest.json"])
    assert "bits a weight" in printed and "top-1 agreement" in printed and "MISSED" not in printed
    assert (said["route"], said["quantization"], sorted(said["files"])) == ("fused", "int8", sorted(causal_onnx.FILES))
    assert 9 < said["bits_per_weight"] < 10 and 0 < said["parity"]["logits"]["kl"] < 0.01


TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


def test_a_model_with_a_chat_template_is_a_folder_that_rewrites(tmp_path, monkeypatch, run, store):
    """Its prompts are to the letter those of the GGUF file of the same checkpoint, whose header the device reads."""
    tokenizer = causal_samples.bytes_tokenizer()
    tokenizer.chat_template = TEMPLATE
    folder, out = causal_samples.checkpoint(tmp_path / "checkpoint", tokenizer=tokenizer, max_position_embeddings=4096), tmp_path / "onnx"
    causal_onnx.export(folder, out)
    gguf.write(folder, tmp_path / "model.gguf", "f16")
    about, form = inspected(tmp_path / "model.gguf"), Chat.load(out / "chat.json")
    assert form.frame == about.frame and set(form.control) == set(about.control) and form.frame[0].startswith("<|begin|>")
    monkeypatch.setenv("RPO_EDGE_MODELS", str(tmp_path / "models"))
    assert run("models", "add", out, "--name", "mine")[:2] == (0, b"mine\n")
    draft = b"It is not far. We do not know."
    code, rewritten, _ = run("rewrite", "--reflector", "mine", "--format", "json", stdin=draft)
    assert code == 0 and re.search(r"none: the (answer is no rewrite|model did not come to an end)", rewritten.decode())


def test_what_reads_no_prompt_is_no_reflector(tmp_path, capsys):
    plain, ours = causal_samples.checkpoint(tmp_path / "plain"), causal_samples.trained(tmp_path / "ours")
    causal_onnx.main([str(plain), str(tmp_path / "base")])
    assert "cannot take it" in capsys.readouterr().out and Manifest.load(tmp_path / "base").kind == "causal"
    causal_onnx.main([str(ours), str(tmp_path / "trained"), "--force"])
    manifest = Manifest.load(tmp_path / "trained")
    assert (manifest.kind, manifest.prompt, manifest.prompt_version) == ("generative", TRAJECTORY, PROMPT_VERSION)
    load(manifest).close()


def test_what_is_too_far_is_written_by_force_alone(tmp_path, capsys):
    """Four bits of weights at random, which are sure of nothing."""
    folder, out = causal_samples.checkpoint(tmp_path / "checkpoint"), tmp_path / "onnx"
    with pytest.raises(InputError, match=r"top-1 agreement where float32 is sure is .* for int4"):
        causal_onnx.main([str(folder), str(out), "--quant", "int4"])
    assert not out.exists() and not list(tmp_path.glob(".export-*"))
    causal_onnx.main([str(folder), str(out), "--quant", "int4", "--force"])
    said = json.loads((out / "manifest.json").read_text("utf-8"))
    assert "top-1 agreement" in said["parity"]["missed"][0] and "MISSED: top-1" in capsys.readouterr().out


def test_optimums_route_is_near_in_long_texts_too(tmp_path, capsys):
    folder, out = causal_samples.checkpoint(tmp_path / "checkpoint"), tmp_path / "onnx"
    causal_onnx.main([str(folder), str(out), "--route", "optimum"])
    said = json.loads((out / "manifest.json").read_text("utf-8"))
    assert said["route"] == "optimum" and {"config.json", "model.onnx", "tokenizer.json"} < set(said["files"])
    assert 8 < said["bits_per_weight"] < 9 and "rpo-edge itself runs what --route fused writes" in capsys.readouterr().out
    assert said["parity"]["logits"]["tokens"] > 512 and said["parity"]["logits"]["kl"] < 0.1
    with pytest.raises(InputError, match="int4 has the route fused"):
        causal_onnx.main([str(folder), str(tmp_path / "other"), "--route", "optimum", "--quant", "int4"])


def test_the_angles_of_positions_are_not_quantized(tmp_path):
    """Plain onnxruntime says of position 500 what torch says: in 8 bits it would stand where another one is."""
    folder = causal_samples.checkpoint(tmp_path / "checkpoint")
    optimum_onnx.write(folder, tmp_path / "onnx")
    names = {node.op_type: node.name for node in onnx.load(tmp_path / "onnx/model.onnx").graph.node if "rotary" in node.name}
    assert "MatMul" in names and "MatMulInteger" not in names


def test_text_ends_at_every_end_that_is_named(tmp_path):
    folder, out = written(tmp_path)
    (first,) = OnnxRuntime.open(out, threads=1).generate("The boat", Options(tokens=1))
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [1, first.token]}))
    causal_onnx.write(folder, tmp_path / "again", "float32")
    assert list(OnnxRuntime.open(tmp_path / "again", threads=1).generate("The boat", Options(tokens=5))) == []


def test_a_shorter_context_is_kept_to(tmp_path):
    _, out = written(tmp_path)
    runtime = OnnxRuntime.open(out, threads=1, context=20)
    before = runtime.count("The boat")
    assert runtime.room == 20 and len(list(runtime.generate("The boat", Options()))) <= 20 - before
    assert OnnxRuntime.open(out, context=10**6).room == 512


TOKENIZERS = {"bytes": causal_samples.bytes_tokenizer, "pieces": causal_samples.pieces_tokenizer}


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_bytes_of_tokens_are_the_text(tmp_path, kind):
    tokenizer = TOKENIZERS[kind]()
    tokenizer.save_pretrained(tmp_path)
    device = Tokenizer.open(tmp_path / "tokenizer.json")
    for text in causal_samples.STRINGS:
        ids = tokenizer(text, add_special_tokens=False).input_ids
        assert device.tokens(text) == ids
        assert b"".join(map(device.bytes_of, ids)).decode("utf-8", "replace") == tokenizer.decode(ids)
    assert device.bytes_of(10_000) == b"" and device.tokens("a\ud800") == device.tokens("a?")


def test_a_tokenizer_that_cuts_off_or_pads_does_neither(tmp_path):
    tokenizer = causal_samples.bytes_tokenizer()
    tokenizer.backend_tokenizer.enable_truncation(2)
    tokenizer.backend_tokenizer.enable_padding(length=50)
    tokenizer.backend_tokenizer.save(str(tmp_path / "tokenizer.json"))
    device = Tokenizer.open(tmp_path / "tokenizer.json")
    assert 2 < len(device.tokens("The boat sails")) < 50


@pytest.mark.parametrize("damage", ["properties", "weights", "tokenizer"])
def test_a_damaged_folder_is_refused(tmp_path, damage):
    _, out = written(tmp_path)
    if damage == "properties":
        model = onnx.load(out / causal_onnx.MODEL, load_external_data=False)
        del model.metadata_props[:]
        (out / causal_onnx.MODEL).write_bytes(model.SerializeToString())
    elif damage == "weights":
        (out / causal_onnx.DATA).unlink()
    else:
        (out / causal_onnx.TOKENIZER).write_text(json.dumps({"version": "1.0"}))
    with pytest.raises(ModelError, match="cannot be loaded"):
        OnnxRuntime.open(out, threads=1)
