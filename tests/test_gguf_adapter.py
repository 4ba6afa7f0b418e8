"""A LoRA adapter as a GGUF file: llama.cpp lays it over the base and says what peft says; what it could not lay is refused."""

import json
from dataclasses import replace

import pytest

pytest.importorskip("gguf")
pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("llama_cpp")

import causal_samples
import gguf
import numpy as np
from gguf_headers import TEMPLATE
from safetensors.torch import load_file, save_file

from export import folder as folders
from export.formats import adapter
from export.formats import gguf as format_
from export.formats.blocks import FLOAT32
from rpo_edge.errors import InputError, ModelError
from rpo_edge.manifest import TRAJECTORY, Manifest
from rpo_edge.prompt import PROMPT_VERSION
from rpo_edge.reflectors.generative import opened
from rpo_edge.runtimes.gguf import GgufRuntime
from rpo_edge.shelf import Shelf
from rpo_edge.shelf.adding import Way, add

pytestmark = pytest.mark.usefixtures("one_thread")
IDS = causal_samples.IDS[:60]
PATTERNS = {"rank_pattern": {"q_proj": 4}, "alpha_pattern": {"layers.1.mlp.up_proj": 50, "k_proj": 3}}


@pytest.mark.parametrize(
    ("family", "options", "lora"),
    [
        ("llama", {"tie_word_embeddings": True}, {}),
        ("llama", {"attention_bias": True}, PATTERNS),
        ("qwen2", {}, {"use_rslora": True, "rank_pattern": {"v_proj": 2}}),
        ("qwen3", {"head_dim": 32}, {"target_modules": ["q_proj", "o_proj"], "layers_to_transform": [1]}),
    ],
)
def test_llama_cpp_says_what_peft_says(tmp_path, family, options, lora):
    base = causal_samples.checkpoint(tmp_path / "base", family, **options)
    model = causal_samples.adapted(base, tmp_path / "adapter", **lora)
    format_.plain(base, tmp_path / "base.gguf", FLOAT32)
    count, proof = adapter.write(tmp_path / "adapter", tmp_path / "adapter.gguf")
    assert proof.logits.kl < 1e-3 and count == (2 if "target_modules" in lora else 14)
    expected, before = causal_samples.torch_logits(model, IDS), causal_samples.torch_logits(causal_samples.loaded(base), IDS)
    found = causal_samples.llama_logits(tmp_path / "base.gguf", IDS, tmp_path / "adapter.gguf")
    assert np.abs(found - expected).max() < 2e-3 < 1 < np.abs(expected - before).max()
    assert (found.argmax(1) == expected.argmax(1)).all()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    base = causal_samples.checkpoint(folder / "base", tie_word_embeddings=True)
    causal_samples.adapted(base, folder / "adapter")
    return folder


def test_the_file_says_what_it_is(made, tmp_path):
    adapter.write(made / "adapter", tmp_path / "adapter.gguf")
    reader = gguf.GGUFReader(tmp_path / "adapter.gguf")
    said = [reader.fields[name].contents() for name in ("general.type", "general.architecture", "adapter.type", "adapter.lora.alpha")]
    assert said == ["adapter", "llama", "lora", 16.0]
    shapes = {tensor.name: tensor.shape.tolist() for tensor in reader.tensors}
    assert shapes["blk.1.attn_k.weight.lora_a"] == [256, 8] and shapes["blk.1.attn_k.weight.lora_b"] == [8, 128] and len(shapes) == 28


def set_to(**settings):
    def change(folder):
        said = json.loads((folder / "adapter_config.json").read_text("utf-8"))
        (folder / "adapter_config.json").write_text(json.dumps(said | settings), "utf-8")

    return change


def renamed(old, new):
    def change(folder):
        found = load_file(folder / "adapter_model.safetensors")
        save_file({name.replace(old, new): tensor for name, tensor in found.items()}, folder / "adapter_model.safetensors")

    return change


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (set_to(use_dora=True), "use_dora; merge it"),
        (set_to(bias="all"), "bias; merge it"),
        (set_to(init_lora_weights="pissa"), "init_lora_weights; merge it"),
        (set_to(something_new=True), "something_new; merge it"),
        (set_to(trainable_token_indices=[3]), "trainable_token_indices; merge it"),
        (set_to(peft_type="IA3"), "'IA3'"),
        (set_to(lora_alpha=0), "does nothing"),
        (set_to(lora_alpha="many"), "could not convert"),
        (set_to(alpha_pattern={"q_proj": "many"}), "could not convert"),
        (set_to(base_model_name_or_path="far/away"), "far/away; say where it is with --base"),
        (renamed("q_proj.lora_B", "q_proj.lora_C"), "q_proj.lora_C.weight"),
        (renamed("model.layers.0.self_attn.q_proj", "lm_head"), "no weight of its own for lm_head"),
        (renamed("model.layers.0.self_attn.q_proj", "model.embed_tokens"), "embed_tokens; merge it"),
        (renamed("layers.0.self_attn.q_proj", "layers.9.self_attn.q_proj"), "no weight of its own for model.layers.9"),
        (renamed("layers.0.self_attn.o_proj", "layers.0.mlp.spare"), "no weight of its own"),
        (lambda folder: (folder / "adapter_model.safetensors").write_bytes(b"half"), "cannot be read"),
        (lambda folder: (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin"), "could run code"),
        (lambda folder: (folder / "adapter_model.safetensors").unlink(), "lacks adapter_model.safetensors"),
        (lambda folder: (folder / "adapter_config.json").unlink(), "adapter_config.json cannot be read"),
    ],
)
def test_what_llama_cpp_could_not_lay_over_a_base_is_refused(made, tmp_path, change, match):
    causal_samples.copied(made / "adapter", tmp_path / "adapter")
    change(tmp_path / "adapter")
    with pytest.raises(InputError, match=match):
        adapter.write(tmp_path / "adapter", tmp_path / "adapter.gguf")
    assert not (tmp_path / "adapter.gguf").exists()


def test_another_base_is_noticed(made, tmp_path):
    other = causal_samples.checkpoint(tmp_path / "other", intermediate_size=256)
    with pytest.raises(InputError, match="is not of this base"):
        adapter.write(made / "adapter", tmp_path / "adapter.gguf", other)


def test_what_is_too_far_is_not_written(made, tmp_path, monkeypatch):
    folder = tmp_path / "adapter"
    causal_samples.adapted(made / "base", folder)
    monkeypatch.setattr(adapter, "scale", lambda module, rank, settings: 0.5)
    with pytest.raises(InputError, match="too far"):
        adapter.write(folder, tmp_path / "adapter.gguf")
    assert not (tmp_path / "adapter.gguf").exists()
    _, proof = adapter.write(folder, tmp_path / "adapter.gguf", force=True)
    assert proof.missed and (tmp_path / "adapter.gguf").exists()


def test_the_command(made, tmp_path, capsys):
    adapter.main([str(made / "adapter"), str(tmp_path / "adapter.gguf"), "--base", str(made / "base")])
    said, printed = folders.read(tmp_path / "adapter.gguf"), capsys.readouterr().out
    assert "for 14 weights" in printed and f"sha256 {said['files']['adapter.gguf']}" in printed and "licence unknown" in printed
    assert (said["kind"], said["base"], said["weights"]) == ("adapter", "base", 14) and said["parity"]["logits"]["kl"] < 1e-3


def test_adapters_are_laid_over_and_taken_off_while_a_model_runs(made, tmp_path):
    format_.plain(made / "base", tmp_path / "base.gguf", FLOAT32)
    adapter.write(made / "adapter", tmp_path / "adapter.gguf")
    runtime = GgufRuntime.open(tmp_path / "base.gguf", threads=1)

    def said():
        engine = runtime.engine(len(IDS))
        engine.truncate(0)
        return engine.extend(IDS, len(IDS)).copy()

    alone = said()
    runtime.adapt(tmp_path / "adapter.gguf")
    adapted = said()
    with pytest.raises(ModelError, match="no adapter"):
        runtime.adapt(tmp_path / "base.gguf")
    assert np.array_equal(said(), adapted)  # what was refused changed nothing
    runtime.adapt(tmp_path / "adapter.gguf", scale=0.5)
    half = said()
    runtime.adapt(None)
    expected = causal_samples.llama_logits(tmp_path / "base.gguf", IDS, tmp_path / "adapter.gguf")
    assert np.abs(adapted - expected).max() < 0.05 < 1 < np.abs(adapted - alone).max()  # keys and values are float16 here
    assert np.abs(half - adapted).max() > 0.1 and np.array_equal(said(), alone)
    runtime.close()


def test_a_model_may_have_an_adapter_on_the_shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("RPO_EDGE_MODELS", str(tmp_path / "models"))
    tokenizer = causal_samples.bytes_tokenizer()
    tokenizer.chat_template = TEMPLATE  # without one it is no instruct model
    base = causal_samples.checkpoint(tmp_path / "base", "llama", tokenizer, tie_word_embeddings=True)
    causal_samples.adapted(base, tmp_path / "trained" / "adapter")
    tokenizer.save_pretrained(tmp_path / "trained")
    (tmp_path / "trained" / "training.json").write_text('{"items": 2}', "utf-8")
    format_.plain(base, tmp_path / "base.gguf", FLOAT32)
    adapter.write(tmp_path / "trained" / "adapter", tmp_path / "adapter.gguf")
    shelf = Shelf()
    said = {}
    for name, laid in (("plain", None), ("mine", tmp_path / "adapter.gguf")):
        add(shelf, tmp_path / "base.gguf", name, Way.copy, lambda count: None, laid)
        manifest = Manifest.load(shelf.folder / name)
        manifest.verify()
        runtime, _ = opened(replace(manifest, prompt=TRAJECTORY, prompt_version=PROMPT_VERSION), threads=1)
        said[name] = runtime.engine(len(IDS)).extend(IDS, len(IDS)).copy()
        runtime.close()
        assert manifest.items == (2 if laid else None)
    assert manifest.adapter == "adapter.gguf" and np.abs(said["plain"] - said["mine"]).max() > 1
    with pytest.raises(ModelError, match="no LoRA adapter"):
        add(shelf, tmp_path / "base.gguf", "other", Way.copy, lambda count: None, tmp_path / "base.gguf")
    with pytest.raises(ModelError, match="adapter, which goes over one"):
        add(shelf, tmp_path / "adapter.gguf", "other", Way.copy, lambda count: None)
    with pytest.raises(InputError, match="has one"):
        add(shelf, shelf.folder / "mine", "other", Way.copy, lambda count: None, tmp_path / "adapter.gguf")
    assert shelf.names() == ["mine", "plain"]
