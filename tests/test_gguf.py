"""A checkpoint becomes a GGUF file and comes back from it: the same names, rows, tokens and logits; what cannot is refused in a line."""

import hashlib
import json
import shutil
import sys
from importlib import import_module

import pytest

pytest.importorskip("gguf")
pytest.importorskip("torch")

import causal_samples
import gguf
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, BertConfig

from export import folder as folders
from export import generative, provenance
from export.__main__ import COMMANDS
from export.__main__ import main as command
from export.formats import causal_onnx, weights
from export.formats import gguf as format_
from rpo_edge.errors import InputError
from rpo_edge.manifest import Manifest
from rpo_edge.prompt import SPECIAL_TOKENS
from rpo_edge.runtimes.inspection import inspected

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """As training leaves it: a Llama in several shards, and the tokenizer of the corpus."""
    out = tmp_path_factory.mktemp("checkpoint")
    causal_samples.trained(out, hidden_size=128, intermediate_size=256)
    AutoModelForCausalLM.from_pretrained(out).save_pretrained(out, max_shard_size="200KB")
    (out / "model.safetensors").unlink()
    (out / "training.json").write_text('{"base": "tiny"}', "utf-8")
    return out


@pytest.fixture
def altered(checkpoint, tmp_path):
    """A copy to spoil, in one file of weights."""
    copy = tmp_path / "copy"
    AutoModelForCausalLM.from_pretrained(checkpoint).save_pretrained(copy)
    AutoTokenizer.from_pretrained(checkpoint).save_pretrained(copy)
    return copy


@pytest.mark.parametrize(("quant", "tolerance"), [("f16", 0.002), ("q8_0", 0.1)])
def test_it_comes_back_with_the_same_logits(checkpoint, tmp_path, quant, tolerance):
    format_.write(checkpoint, tmp_path / "model.gguf", quant)
    ids = torch.tensor([[0, 20, 90, 30, 200, 45, 31]])
    with torch.no_grad():
        before = AutoModelForCausalLM.from_pretrained(checkpoint)(ids).logits
        after = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="model.gguf")(ids).logits
    assert float((before - after).norm() / before.norm()) < tolerance


def test_the_tokenizer_comes_back(checkpoint, tmp_path):
    format_.write(checkpoint, tmp_path / "model.gguf")
    before = AutoTokenizer.from_pretrained(checkpoint)
    fields = gguf.GGUFReader(tmp_path / "model.gguf").fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    assert before.convert_ids_to_tokens(range(len(before))) == tokens and tokens[: len(SPECIAL_TOKENS)] == list(SPECIAL_TOKENS)
    types = fields["tokenizer.ggml.token_type"].contents()
    assert types[: len(SPECIAL_TOKENS)] == [3] * len(SPECIAL_TOKENS) and set(types[len(SPECIAL_TOKENS) :]) == {1}
    assert fields["tokenizer.ggml.pre"].contents() == "smollm" and fields["tokenizer.ggml.add_bos_token"].contents() is False
    merges = len(fields["tokenizer.ggml.merges"].data)
    assert merges == len(json.loads(before.backend_tokenizer.to_str())["model"]["merges"]) > 20


def test_rows_are_dealt_out_in_turn():
    matrix = np.arange(8, dtype=np.float32).reshape(8, 1)
    assert weights.interleaved(matrix, 2).ravel().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]
    assert weights.interleaved(matrix.ravel(), 1).tolist() == [0, 4, 1, 5, 2, 6, 3, 7]


def test_what_was_altered_is_noticed(checkpoint, tmp_path):
    path = tmp_path / "model.gguf"
    format_.write(checkpoint, path)
    assert format_.verify(checkpoint, path).weights > 300_000
    data = bytearray(path.read_bytes())
    data[-40_000:] = bytes(40_000)
    path.write_bytes(data)
    with pytest.raises(InputError, match="is off by"):
        format_.verify(checkpoint, path)
    path.write_bytes(data[:3000])
    with pytest.raises(InputError, match="cannot be read"):
        format_.verify(checkpoint, path)


def test_a_model_folder_says_what_its_weights_became(checkpoint, tmp_path):
    pytest.importorskip("llama_cpp")
    generative.write(checkpoint, tmp_path / "model", "tiny", "f16")
    said = json.loads((tmp_path / "model" / "manifest.json").read_text("utf-8"))
    assert said["parity"]["ids"]["differ"] == 0 and said["parity"]["logits"]["kl"] < 1e-3 and "missed" not in said["parity"]
    assert said["quantization"] == "f16" and 16 < said["bits_per_weight"] < 16.1 and set(said["tensors"]) == {"F16", "F32"}
    Manifest.load(tmp_path / "model").verify()
    for name, match in (("training.json", "training.json"), ("tokenizer.json", "cannot be read")):
        broken = tmp_path / name
        shutil.copytree(checkpoint, broken)
        (broken / name).unlink()
        with pytest.raises(InputError, match=match):
            generative.write(broken, tmp_path / "other", "tiny")


def refused(folder, tmp_path, match):
    out = tmp_path / "refused.gguf"
    with pytest.raises(InputError, match=match):
        format_.write(folder, out, "f16")
    assert not out.exists() and not list(tmp_path.glob(".export-*"))


def test_another_family_is_refused(tmp_path):
    BertConfig().save_pretrained(tmp_path)
    refused(tmp_path, tmp_path, "bert.*llama, qwen2, qwen3")
    refused(tmp_path / "nowhere", tmp_path, "config.json is not there")


def spoiled(change):
    def spoil(folder):
        found = load_file(folder / "model.safetensors")
        change(found)
        save_file(found, folder / "model.safetensors", metadata={"format": "pt"})

    return spoil


def configured(**settings):
    def configure(folder):
        said = json.loads((folder / "config.json").read_text("utf-8"))
        (folder / "config.json").write_text(json.dumps(said | settings), "utf-8")

    return configure


Q = "model.layers.0.self_attn.q_proj"


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (spoiled(lambda found: found.pop(f"{Q}.weight")), r"lacks model.layers.0.self_attn.q_proj.weight"),
        (spoiled(lambda found: found.update({f"{Q}.weight": torch.zeros(3, 3)})), r"has not: .*q_proj.weight \[3, 3\]"),
        (spoiled(lambda found: found.update({"model.extra": torch.zeros(3)})), "has not: model.extra"),
        (spoiled(lambda found: found[f"{Q}.weight"].fill_(float("nan"))), "q_proj.weight .* not finite"),
        (spoiled(lambda found: found[f"{Q}.weight"].fill_(1e5)), "too large for float16"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"half"), "cannot be read"),
        (lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"), "could run code"),
        (lambda folder: (folder / "model.safetensors").unlink(), "lacks model.safetensors"),
        (lambda folder: (folder / "config.json").write_text("{", "utf-8"), "config.json cannot be read"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}", "utf-8"), "cannot be read"),
        (lambda folder: (folder / "tokenizer.json").rename(folder / "tokenizer.model"), "tokenizer.model|cannot be read"),
        (configured(model_type="mystery"), "cannot be read"),
        (configured(hidden_act="gelu"), "activation 'gelu'"),
        (configured(quantization_config={"quant_method": "gptq", "bits": 4}), "quantized already"),
        (configured(model_type="qwen2", use_sliding_window=True, max_window_layers=0, sliding_window=64), "sliding windows"),
        (configured(rope_scaling={"rope_type": "dynamic", "factor": 2.0}), "rope scaling 'dynamic'"),
        (configured(rope_scaling={"rope_type": "yarn"}), "factor"),
        (configured(rope_scaling={"rope_type": "llama3", "factor": 2.0}), "low_freq_factor"),
        (configured(model_type="qwen3", attention_bias=True), "lacks|does not read"),
    ],
)
def test_what_cannot_be_written_is_refused_and_nothing_is_left(altered, tmp_path, spoil, match):
    spoil(altered)
    refused(altered, tmp_path, match)


def test_a_place_that_cannot_be_written_is_refused(altered, tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        format_.write(altered, tmp_path / "nowhere" / "model.gguf")
    with pytest.raises(InputError, match="is a folder"):
        format_.write(altered, tmp_path)


def card(**said):
    return lambda folder: provenance.write_card(folder, said, "A model.")


def trained_on(**said):
    return lambda folder: (folder / "training.json").write_text(json.dumps(said), "utf-8")


ORIGINS = {
    "nothing": ((), {}, ("unknown", "unknown")),
    "card": ((card(base_model="org/name", license="mit"),), {}, ("org/name", "mit")),
    "training": ((card(base_model="org/name", license="mit"), trained_on(base="tiny", licence="CC0-1.0")), {}, ("tiny", "CC0-1.0")),
    "both": ((card(license="mit"), trained_on(base="tiny")), {}, ("tiny", "mit")),
    "stated": ((card(license="mit"), trained_on(base="base")), {"base": "SmolLM2", "licence": "Apache-2.0"}, ("SmolLM2", "Apache-2.0")),
    "a place": ((card(base_model="/home/somebody/base"),), {}, ("base", "unknown")),
    "empty": ((card(license=""), trained_on(base="", licence=" ")), {}, ("unknown", "unknown")),
}


@pytest.mark.parametrize("case", ORIGINS)
def test_base_and_licence_are_what_is_stated_or_was_written_down(tmp_path, case, capsys):
    files, stated, expected = ORIGINS[case]
    for write in files:
        write(tmp_path)
    found = provenance.of(tmp_path, **stated)
    assert (found.base, found.licence) == expected
    provenance.say(found)
    assert capsys.readouterr().out.count("unknown: the checkpoint does not say it, --") == expected.count("unknown")


def test_an_empty_statement_is_refused_and_so_is_a_card_that_cannot_be_read(tmp_path):
    for stated in ({"base": ""}, {"licence": " "}):
        with pytest.raises(InputError, match="is empty"):
            provenance.of(tmp_path, **stated)
    (tmp_path / "README.md").write_text("---\nlicense: [\n---\n", "utf-8")
    with pytest.raises(InputError, match=r"README.md cannot be read"):
        provenance.of(tmp_path)


@pytest.mark.parametrize("kind", ["gguf", "onnx"])
def test_a_model_folder_says_where_it_is_from(checkpoint, tmp_path, kind, monkeypatch, capsys):
    copy = shutil.copytree(checkpoint, tmp_path / "copy")
    trained_on(base="base", commit="0a1b", data={"boats": 99}, config={"steps": 3}, curve=[[1, 0.5]])(copy)
    options = ["--format", kind, "--base", "SmolLM2-135M-Instruct", "--force"]
    monkeypatch.setattr(sys, "argv", ["export", "generative", str(copy), str(tmp_path / "model"), *options])
    command()
    said, printed = folders.read(tmp_path / "model"), capsys.readouterr().out
    assert (said["base"], said["licence"], said["commit"], said["data"]) == ("SmolLM2-135M-Instruct", "unknown", "0a1b", {"boats": 99})
    assert said["training"][0]["config"] == {"steps": 3} and Manifest.load(tmp_path / "model").base == said["base"]
    assert "base SmolLM2-135M-Instruct\n" in printed and "licence unknown: the checkpoint does not say it, --licence does" in printed


def test_a_file_has_its_record_beside_it_as_long_as_it_is_that_file(checkpoint, tmp_path, capsys):
    pytest.importorskip("llama_cpp")
    out = tmp_path / "model.gguf"
    format_.main([str(checkpoint), str(out), "--licence", "CC0-1.0"])
    said, printed = folders.read(out), capsys.readouterr().out
    sha256 = hashlib.sha256(out.read_bytes()).hexdigest()
    assert (
        said["files"] == {"model.gguf": sha256}
        and f"sha256 {sha256}\n" in printed
        and sorted(tmp_path.iterdir()) == [out, folders.place(out)]
    )
    assert (said["kind"], said["base"], said["licence"], said["quantization"]) == ("gguf", "tiny", "CC0-1.0", "q8_0")
    assert (
        said["bits_per_weight"] == pytest.approx(8.55, abs=0.01) and said["parity"]["logits"]["kl"] < 0.01 and said["tensors"]["Q8_0"] == 15
    )
    assert inspected(out).licence == "CC0-1.0"  # so `rpo-edge models add` has it
    folders.save(out, said | {"parity": {"again": 1}})  # as `verify` does
    assert folders.read(out) == said | {"parity": {"again": 1}}
    with out.open("ab") as file:
        file.write(b"\0")
    assert folders.read(out) == {}


def test_an_adapters_folder_is_told_apart(tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}", "utf-8")
    for main in (format_.main, causal_onnx.main, generative.main):
        with pytest.raises(InputError, match="is a LoRA adapter: `python -m export merge`"):
            main([str(tmp_path), str(tmp_path / "out")])


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_a_command_does(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["export", name, "--help"])
    with pytest.raises(SystemExit):
        command()
    text = import_module(COMMANDS[name]).__doc__
    assert text.strip() in capsys.readouterr().out and f"python -m export {name}" in text


def test_the_command_says_what_it_wrote_and_fails_in_one_line(altered, tmp_path, monkeypatch, capsys):
    pytest.importorskip("llama_cpp")
    monkeypatch.setattr(sys, "argv", ["export", "gguf", str(altered), str(tmp_path / "model.gguf"), "--quant", "q8_0"])
    command()
    said = capsys.readouterr().out
    assert "8.55 bits a weight (Q8_0 15, F32 5)" in said and "KL divergence 0.0" in said and "MISSED" not in said
    monkeypatch.setattr(sys, "argv", ["export", "gguf", str(tmp_path / "nowhere"), str(tmp_path / "other.gguf")])
    with pytest.raises(SystemExit) as ended:
        command()
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.startswith("error: ") and said.count("\n") == 1
