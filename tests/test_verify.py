"""The proof: what is asked is the same every time and of every script, what is found is right, what is too far is refused, and the page says it."""

# ruff: noqa: E402 - what needs torch is imported once it is known to be there

import hashlib
import json
import math
import shutil
import struct
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

for package in ("gguf", "onnx", "torch", "tokenizers", "optimum.onnxruntime"):
    pytest.importorskip(package)

import causal_samples
import numpy as np
import torch
from gguf_headers import changed
from safetensors.numpy import load_file, save_file
from transformers import AutoModelForCausalLM

from export import checkpoint as checkpoints
from export import folder as folders
from export import generative, verify
from export.formats import blocks, causal_onnx, gguf
from export.parity import card, chapters, edits, evaluations, figures, limits, measuring, storage
from export.parity.choices import choices
from export.parity.figures import Agreement, Choices, Ids, Logits, Parity
from export.parity.golden import Golden, golden, read
from export.parity.measuring import Artifact, Effort
from export.parity.origin import ROUNDED, of_artifact
from export.parity.pace import pace
from export.parity.reference import Reference
from export.parity.strings import strings
from export.parity.ways import WAYS, OptimumRuntime
from rpo_edge.errors import InputError, ModelError, OptionalDependencyError
from rpo_edge.manifest import Manifest, embedded
from rpo_edge.prompt import DRAFT, HISTORY, REFLECT, SPECIAL_TOKENS, escape
from rpo_edge.runtimes.base import Options

ROOT = Path(__file__).resolve().parents[1]
MODEL = ROOT / "rpo_edge/models/edit"
ANSWER = "However, we do not know. It is late, and the boat does not sail, so they cannot leave. Additionally, we will utilize 3 oars."
SMALL = Effort(prompts=2, length=200, tokens=12, rounds=1)
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """As training leaves it."""
    out = tmp_path_factory.mktemp("checkpoint")
    causal_samples.trained(out)
    (out / "training.json").write_text('{"base": "tiny", "licence": "CC0-1.0", "data": {"boats": "99, CC0-1.0"}}', "utf-8")
    return out


@pytest.fixture(scope="module")
def exported(checkpoint, tmp_path_factory):
    """A model folder for onnxruntime; tests only read it."""
    out = tmp_path_factory.mktemp("model") / "tiny"
    generative.write(checkpoint, out, "Tiny", kind="onnx")
    return out


@pytest.fixture
def model(exported, tmp_path):
    """The same, to alter."""
    return causal_samples.copied(exported, tmp_path / "tiny")


# What is asked


def test_strings_are_thousands_the_same_every_time_and_of_every_script():
    found = strings(["<tool>"])
    assert len(found) > 5000 and len(set(found)) == len(found) and found == strings(["<tool>"])
    characters = set("".join(found))
    assigned = {ord(c) // 128 for c in map(chr, range(0x110000)) if unicodedata.category(c) not in ("Cn", "Cs", "Co")}
    assert assigned <= {ord(c) // 128 for c in characters}
    scripts = ("LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW", "DEVANAGARI", "THAI", "HANGUL", "CJK", "HIRAGANA", "ETHIOPIC", "CHEROKEE")
    assert all(any(unicodedata.name(c, "").startswith(script) for c in characters) for script in scripts)
    assert sum("\u200d" in text for text in found) > 50 and sum(not text.strip() for text in found if text) > 30
    for token in (*SPECIAL_TOKENS, "<tool>"):
        assert token in found and escape(token) in found and token[:-1] in found
    assert all(text == text.encode("utf-8").decode() for text in found)


def test_golden_prompts_are_what_a_device_would_ask():
    found = golden(8)
    assert found == golden(8) and golden(2) == found[:2] and len(found) == 8
    assert all(one.prompt.endswith(REFLECT) and DRAFT in one.prompt and one.answer for one in found)
    assert max(one.prompt.count(HISTORY) for one in found) >= 3 and "contracted" in found[4].prompt
    assert hashlib.sha256(found[0].text.encode()).hexdigest() == hashlib.sha256(golden(1)[0].text.encode()).hexdigest()


def test_own_prompts_are_read_or_refused(tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_text('{"prompt": "a", "answer": "b"}\n\n{"prompt": "c"}\n', "utf-8")
    assert read(path) == [Golden("a", "b"), Golden("c", "")]
    for bad in ("[]", '{"answer": "b"}', "{"):
        path.write_text(bad, "utf-8")
        with pytest.raises(InputError, match=r"prompts\.jsonl cannot be read"):
            read(path)


# What is found


def test_divergence_top_and_perplexity_by_hand():
    one = np.log(np.array([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]]))
    other = np.log(np.array([[0.25, 0.5, 0.25], [0.2, 0.2, 0.6]])) + 7.0  # logits are free up to a constant
    found = measuring.apart([[0, 2]], [one], [other])
    assert found.tokens == 2 and found.kl == pytest.approx(0.25 * math.log(2) / 2) and found.largest_kl == pytest.approx(0.25 * math.log(2))
    assert (found.top1, found.sure) == (0.5, 0.5)
    assert found.perplexity == pytest.approx(4) and found.float32 == pytest.approx(4)
    unsure = np.log(np.array([[0.4, 0.35, 0.25], [0.2, 0.2, 0.6]]))
    assert measuring.apart([[0, 2]], [unsure], [other]).sure == 1.0
    with pytest.raises(InputError, match="logits"):
        measuring.apart([[0, 2]], [one], [other[:, :2]])


def test_many_rows_are_compared_as_few():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 2 * measuring._ROWS + 1, 11))
    ids = rng.integers(0, 11, len(one)).tolist()
    expected, actual = (torch.log_softmax(torch.tensor(logits), -1) for logits in (one, other))
    found = measuring.apart([ids], [one], [other])
    assert found.kl == pytest.approx(float((expected.exp() * (expected - actual)).sum(-1).mean()))
    assert found.perplexity == pytest.approx(float(torch.nn.functional.nll_loss(actual[:-1], torch.tensor(ids[1:])).exp()))


@pytest.mark.parametrize(
    ("known", "found", "share"),
    [([1, 2, 3, 4], [1, 2, 9, 4], 0.5), ([1, 2], [1, 2], 1.0), ([1, 2], [1], 0.5), ([1], [1, 2], 1.0), ([], [], 1.0), ([], [1], 0.0)],
)
def test_the_share_of_a_text_that_is_the_same(known, found, share):
    assert measuring._prefix(known, found) == share
    assert measuring._greedy([known], [found]).whole == (known == found)


def test_ids_that_differ_are_shown_and_those_of_uncomposed_text_apart():
    texts = ["a", "e\u0301", "b"]
    assert figures.compared(texts, [[1], [2], [3]], [[1], [2], [3]]).differ == 0
    found = figures.compared(texts, [[1], [2], [3]], [[1], [9], [8]], composes=True)
    assert (found.differ, found.uncomposed) == (1, 1) and found.first == ("'b': [3], not [8]",)
    assert figures.compared(texts, [[1], [2], [3]], [[1], [9], [3]]).differ == 1


def test_greedy_text_is_that_of_transformers(checkpoint):
    reference, prompt = Reference(checkpoint), "The boat"
    ids = torch.tensor([reference.ids(prompt)])
    known = AutoModelForCausalLM.from_pretrained(checkpoint).generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=20, do_sample=False, pad_token_id=2
    )
    found = reference.greedy(ids[0].tolist(), 20)
    assert found == known[0, ids.shape[1] :].tolist()[: len(found)] and (len(found) == 20 or known[0, -1] in reference.ends)


def test_float32_is_the_same_and_int8_near(checkpoint, tmp_path):
    for quant in ("float32", "int8"):
        causal_onnx.write(checkpoint, tmp_path / quant, quant)
    artifacts = [Artifact.of(tmp_path / quant) for quant in ("float32", "int8")]
    assert [artifact.quantization for artifact in artifacts] == ["float32", "int8"]
    exact, near = measuring.measured(checkpoint, artifacts, SMALL)
    assert exact.logits.kl < 1e-9 < near.logits.kl < 0.01 and exact.logits.top1 == 1 and exact.greedy.whole == exact.greedy.prefix == 1
    assert exact.logits.perplexity == pytest.approx(exact.logits.float32, rel=1e-5) and near.logits.float32 == exact.logits.float32
    assert exact.ids == near.ids and exact.ids.strings > 5000 and exact.ids.differ == 0
    assert (
        32 < exact.bits < 34
        and 9 < near.bits < 11
        and near.size == pytest.approx(storage.size(tmp_path / "int8"))
        and near.size < exact.size
    )
    assert exact.speed.prefill_of_first == 1 and near.speed.prefill > 0 and near.speed.prefill_of_first > 0
    assert near.memory is None or 10 < near.memory < 250  # its own: this process has torch in it
    assert limits.missed(exact) == [] == limits.missed(near)


def test_another_tokenizer_is_noticed(checkpoint, model):
    path = model / "tokenizer.json"
    said = json.loads(path.read_text("utf-8"))
    said["added_tokens"] = [token for token in said["added_tokens"] if token["content"] != HISTORY]
    path.write_text(json.dumps(said), "utf-8")
    (found,) = measuring.measured(checkpoint, [Artifact.of(model)], SMALL)
    assert 0 < found.ids.differ < found.ids.strings and HISTORY in found.ids.first[0]
    with pytest.raises(InputError, match=r"other token ids.*history"):
        limits.judged(found, force=False)


def test_another_checkpoint_is_noticed(model, tmp_path, checkpoint):
    other = causal_samples.copied(checkpoint, tmp_path / "other")
    causal_samples.model(other, vocab_size=Reference(checkpoint).config.vocab_size, tie_word_embeddings=True, rope_theta=50.0)
    (found,) = measuring.measured(other, [Artifact.of(model)], SMALL)
    assert found.logits.kl > 0.01 and found.ids.differ == 0 and found.greedy.whole < 1
    assert "mean KL" in limits.missed(found)[0]


@pytest.mark.parametrize("name", ["model.onnx.data", "tokenizer.json", "model.onnx"])
def test_what_cannot_be_run_is_said_in_a_line(checkpoint, model, name):
    artifact = Artifact.of(model, "int8")
    (model / name).write_bytes(b"{}")
    with pytest.raises(InputError, match="tiny cannot be run: ") as said:
        measuring.measured(checkpoint, [artifact], SMALL)
    assert "\n" not in str(said.value)


def test_what_hangs_is_ended(checkpoint, model, monkeypatch):
    monkeypatch.setattr(measuring, "_LONGEST", 0.01)
    with pytest.raises(InputError, match=r"did not come to an end within 0\.01 seconds"):
        measuring.measured(checkpoint, [Artifact.of(model, "int8")], SMALL)


def test_what_is_no_artifact_is_refused(checkpoint, tmp_path):
    (tmp_path / "notes.txt").write_text("no model", "utf-8")
    for path in (tmp_path, tmp_path / "notes.txt", tmp_path / "nowhere", checkpoint):
        with pytest.raises(InputError, match="is no GGUF file, and no folder with"):
            Artifact.of(path)


def test_a_file_made_to_do_harm_reaches_no_other_parser(tmp_path, monkeypatch):
    path = tmp_path / "bad.gguf"
    path.write_bytes(bytes(changed(endless=struct.pack("<IIQ", 9, 8, 1 << 62))))  # an array for which other readers never come to an end
    monkeypatch.setattr("gguf.GGUFReader", None)
    with pytest.raises(ModelError, match=r"bad\.gguf"):
        Artifact.of(path)


def test_optimums_graph_goes_on_as_torch_does(tmp_path):
    """With a cache, in float32: the graph before it is quantized."""
    from optimum.exporters.onnx import onnx_export_from_model

    folder = causal_samples.checkpoint(tmp_path / "checkpoint", "qwen3", head_dim=32)
    onnx_export_from_model(causal_samples.loaded(folder), tmp_path / "onnx", task="text-generation-with-past", do_validation=False)
    reference, runtime = Reference(folder), OptimumRuntime(tmp_path / "onnx", 64)
    ids = reference.ids("The boat sails")
    assert np.abs(WAYS["optimum"].logits(tmp_path / "onnx", 0)(ids) - reference.logits(ids)).max() < 1e-3
    assert [piece.token for piece in runtime.generate("The boat sails", Options(tokens=20))] == reference.greedy(ids, 20)
    assert runtime.room == 64 and runtime.count("The boat sails") == len(ids)


@pytest.mark.parametrize("quant", ["f16", "q8_0"])
def test_llama_cpp_says_the_same(checkpoint, tmp_path, quant):
    pytest.importorskip("llama_cpp")
    gguf.write(checkpoint, tmp_path / "model.gguf", quant)
    (found,) = measuring.measured(checkpoint, [Artifact.of(tmp_path / "model.gguf")], replace(SMALL, rounds=0))
    assert found.quantization == quant and found.ids.strings > 5000 and limits.missed(found) == [] and found.speed is None


# What is found of edit models


@pytest.fixture(scope="module")
def back(tmp_path_factory):
    """The embedded model's own weights in float32."""
    out = tmp_path_factory.mktemp("back") / "float32"
    checkpoints.write(MODEL, out)
    return out


def altered(back, out, **added):
    """The same checkpoint with something added to a tensor."""
    copy = causal_samples.copied(back, out)
    tensors = load_file(copy / "model.safetensors")
    for name, value in added.items():
        tensors[name.replace("_", ".")] += value
    save_file(tensors, copy / "model.safetensors", {"format": "pt"})
    return copy


def test_logits_are_held_against_what_words_say():
    """Labels' own means are large, and the same at every place."""
    means, words = np.array([[-8.0, 0.0, 5.0]]), np.array([[0.1], [-0.1]])
    found = edits.compare(means + words, means + 1.5 * words)
    assert found.spread == pytest.approx(0.1) and found.apart == pytest.approx(0.5) and found.relative < 0.01 and found.f1 == 1


def test_a_network_that_tells_no_words_apart_is_noted():
    assert verify.notes_of(GOOD) == [] == verify.notes_of(replace(GOOD, edits=None))
    (said,) = verify.notes_of(replace(GOOD, edits=replace(GOOD.edits, spread=0.00078)))
    assert "vary by 0.00078, next to nothing" in said


def test_choices_are_those_of_a_device(back, tmp_path):
    drafts = [ANSWER, "However, it is very small. It was not seen, and they do not know it."]
    same = choices(back, MODEL, drafts)
    assert same.places > 10 and same.top1 == same.sure == 1 and 0 <= same.kl <= same.largest_kl < 0.01 and same.changed > 0
    many = len(load_file(back / "model.safetensors")["classifier.bias"])
    keep = np.where(np.arange(many) == 0, 50.0, 0.0).astype(np.float32)  # what the network says of keeping weighs nothing
    assert choices(altered(back, tmp_path / "keep", classifier_bias=keep), MODEL, drafts) == same
    timid = choices(altered(back, tmp_path / "timid", classifier_bias=np.float32(-30.0)), MODEL, drafts)
    assert timid.changed == 0 and timid.places == same.places and timid.kl > 0.01 and timid.top1 == 1 - same.changed / same.places


def test_a_checkpoint_of_the_artifact_itself_is_known(back, tmp_path):
    assert of_artifact(back, MODEL)
    assert not of_artifact(altered(back, tmp_path / "other", classifier_bias=np.float32(0.001)), MODEL)
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        of_artifact(tmp_path / "none", MODEL)


def test_the_pace_is_of_both_in_turn(back):
    found, memory = pace(back, MODEL, [ANSWER] * 2, rounds=1)
    assert found.words > 0 and found.of_float32 > 0
    assert memory is None or 30 < memory < found.float32_memory < 600  # float32 weights are 91 MB, and neither has torch in it


def test_the_command_proves_an_edit_model(back, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(verify, "EDITED", 1)
    monkeypatch.setattr(verify, "TIMED", 1)
    model = causal_samples.copied(MODEL, tmp_path / "edit")
    suites = [evaluation(tmp_path / "drafts.json", model, "edit"), restored(tmp_path / "texts.json", model)]
    given = [part for path in suites for part in ("--evaluation", str(path))]
    verify.main([str(back), str(model), *given, "--docs", str(tmp_path / "models.md")])
    Manifest.load(model).verify()
    assert Manifest.load(model).sha256 == Manifest.load(MODEL).sha256
    said, page = folders.read(model)["parity"], (tmp_path / "models.md").read_text("utf-8")
    assert (
        said["ids"]["strings"] > 5000 and said["ids"]["differ"] == 0 and said["choices"]["top1"] > 0.95 and said["pace"]["of_float32"] > 0
    )
    assert said["notes"][0] == ROUNDED and f"- edit: {ROUNDED}" in page and "| int8 |" in capsys.readouterr().out
    assert "| rules | 1.000 (1.000 to 1.000) | – | 0.250 (0.200 to 0.300) |" in page
    assert "Authors: dev; 300 real drafts; 2 texts of each author to restore, at most." in page


# What is refused

GOOD = Parity(
    "it", "q8_0", 1.0, 8.5, Ids(9, 0, 2, ()), Logits(9, 0.001, 0.1, 0.9, 0.99, 3.0, 3.0), edits=Agreement(0.1, 0.1, 0.99, 9, 1.0, 0.1)
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"logits": replace(GOOD.logits, kl=0.011)}, "mean KL divergence is 0.011 nats, and 0.01 at most"),
        ({"logits": replace(GOOD.logits, kl=math.nan)}, "mean KL divergence is nan"),
        ({"logits": replace(GOOD.logits, sure=0.9)}, "top-1 agreement where float32 is sure is 90.0%, and 93% at least"),
        ({"quantization": "float32"}, "0.0001 at most is allowed for float32"),
        ({"ids": Ids(9, 1, 0, ("'a': [1], not [2]",))}, "1 of 9 strings have other token ids: 'a': [1], not [2]"),
        ({"edits": Agreement(0.1, 0.1, 0.9, 9, 1.0, 0.1)}, "F1 of labels is 0.900"),
        ({"choices": Choices(9, 0.1, 0.1, 0.9, 0.94, 3)}, "94.0% of its choices are the same, and 95% at least"),
    ],
)
def test_each_limit_is_named_with_its_figure(change, said):
    assert limits.missed(GOOD) == []
    found = replace(GOOD, **change)
    assert said in limits.missed(found)[0] and len(limits.missed(found)) == 1
    with pytest.raises(InputError, match="was not written"):
        limits.judged(found, force=False)
    assert said in limits.judged(found, force=True).as_json()["missed"][0]


def test_every_quantization_that_can_be_written_or_read_has_limits():
    assert {*gguf.QUANTIZATIONS, *blocks.KNOWN, *causal_onnx.RECIPES, storage.OPTIMUM} == set(limits.LIMITS)
    with pytest.raises(InputError, match="'unknown'"):
        limits.missed(replace(GOOD, quantization="unknown"))


@pytest.mark.skipif(measuring.find_spec("llama_cpp") is not None, reason="llama.cpp is here")
def test_what_cannot_be_measured_is_written_by_force_alone(checkpoint, tmp_path):
    with pytest.raises(OptionalDependencyError):
        generative.write(checkpoint, tmp_path / "model", "tiny")
    generative.write(checkpoint, tmp_path / "model", "tiny", force=True)
    assert "not measured" in folders.read(tmp_path / "model")["parity"]["missed"][0]


def test_a_model_folder_of_onnx_is_one(exported, checkpoint, tmp_path):
    said = folders.read(exported)
    assert Manifest.load(exported).kind == "generative" and said["route"] == "fused" and said["quantization"] == "int8"
    assert 9 < said["bits_per_weight"] < 11 and said["parity"]["logits"]["kl"] < 0.01 and "missed" not in said["parity"]
    with pytest.raises(InputError, match="onnx has no q8_0"):
        generative.write(checkpoint, tmp_path / "other", "tiny", "q8_0", "onnx")
    assert not (tmp_path / "other").exists()


# What is told


def evaluation(path, model, kind="generative"):
    """As `python -m training evaluate --out` writes it."""
    manifest = Manifest.load(model)
    about = {"reflector": f"{manifest.name}, int8, {manifest.sha256[:12]}", "authors": "dev", "kind": kind, "drafts": 300}
    drafts = {"fidelity": {kind: [0.99, 0.98, 1.0], "rules": [1.0, 1.0, 1.0]}}
    named = {"attribution": {"named the user": {kind: [0.3, 0.2, 0.4]}}}
    path.write_text(json.dumps({"about": about, "llm-drafts": {"drafts": drafts, **named}}), "utf-8")
    return path


def restored(path, model):
    """The same of the suite "restore"."""
    manifest = Manifest.load(model)
    about = {"reflector": f"{manifest.name}, int8, {manifest.sha256[:12]}", "authors": "dev", "kind": "edit", "drafts": 300, "texts": 2}
    path.write_text(
        json.dumps({"about": about, "restore": {"distance closed": {"edit": [0.3, 0.2, 0.4], "rules": [0.25, 0.2, 0.3]}}}), "utf-8"
    )
    return path


def test_evaluations_of_one_artifact_are_told_together(tmp_path):
    drafts = evaluations.read(evaluation(tmp_path / "drafts.json", MODEL, "edit"))
    texts = evaluations.read(restored(tmp_path / "texts.json", MODEL))
    assert "texts" not in drafts and "drafts" not in texts
    found = evaluations.together([drafts, texts])
    assert found["controls"]["rules"] == {"fidelity": [1.0, 1.0, 1.0], "distance closed": [0.25, 0.2, 0.3]}
    assert (found["fidelity"], found["distance closed"], found["drafts"], found["texts"]) == ([0.99, 0.98, 1.0], [0.3, 0.2, 0.4], 300, 2)
    assert found == evaluations.together([texts, drafts]) and evaluations.together([]) == {}
    with pytest.raises(InputError, match="have llm-drafts"):
        evaluations.together([drafts, drafts])
    with pytest.raises(InputError, match="'dev' and of 'other' authors"):
        evaluations.together([drafts, texts | {"authors": "other"}])


def test_test_authors_confirm_what_is_told_of_others(tmp_path):
    drafts = evaluations.read(evaluation(tmp_path / "drafts.json", MODEL, "edit"))
    texts = evaluations.read(restored(tmp_path / "texts.json", MODEL)) | {"authors": "test", "features": "13"}
    found = evaluations.together([drafts, texts])
    assert "distance closed" not in found and found["confirmed"]["distance closed"] == [0.3, 0.2, 0.4]
    assert evaluations.together([texts], before=drafts) == found  # given later, it leaves the rest
    assert evaluations.together([drafts], before=found) == found  # and stays when the rest is given anew
    page = "\n".join(chapters.evaluation("it", found))
    assert (
        "### it on test authors" in page
        and "Authors: test; 2 texts of each author to restore, at most." in page
        and "features version 13" in page
    )
    alone = evaluations.together([texts])
    assert alone["authors"] == "test" and "confirmed" not in alone


def test_the_command_proves_records_and_tells(checkpoint, model, tmp_path, capsys):
    page, prompts = tmp_path / "models.md", tmp_path / "prompts.jsonl"
    prompts.write_text("".join(json.dumps({"prompt": one.prompt, "answer": one.answer}) + "\n" for one in golden(2)), "utf-8")
    page.write_text("# Old head\n\n<!-- model: Other -->\nkept\n<!-- end of Other -->\n", "utf-8")
    figures_file = evaluation(tmp_path / "figures.json", model)
    command = [str(checkpoint), str(model), "--prompts", str(prompts), "--evaluation", str(figures_file), "--docs", str(page)]
    before = Manifest.load(model).files
    for _ in range(2):
        verify.main(command)
    Manifest.load(model).verify()
    said, text = folders.read(model), page.read_text("utf-8")
    assert Manifest.load(model).files == before and said["base"] == "tiny"
    assert said["parity"]["speed"]["prefill_of_first"] == 1 and said["parity"]["evaluation"]["fidelity"] == [0.99, 0.98, 1.0]
    assert text.count("<!-- model: Tiny -->") == 1 and "<!-- model: Other -->\nkept\n" in text and text.startswith("# Models\n")
    assert "- licence: CC0-1.0" in text and "- boats: 99, CC0-1.0" in text and "0.300 (0.200 to 0.400)" in text
    assert "| int8 |" in capsys.readouterr().out


def test_what_misses_is_told_and_ends_with_an_error(checkpoint, model, tmp_path):
    other = causal_samples.copied(checkpoint, tmp_path / "other")
    causal_samples.model(other, vocab_size=Reference(checkpoint).config.vocab_size, tie_word_embeddings=True, rope_theta=50.0)
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text(json.dumps({"prompt": golden(1)[0].prompt}), "utf-8")
    with pytest.raises(InputError, match="tiny: the mean KL divergence"):
        verify.main([str(other), str(model), "--prompts", str(prompts), "--docs", str(tmp_path / "models.md")])
    assert "mean KL" in folders.read(model)["parity"]["missed"][0]
    assert "- tiny: the mean KL divergence" in (tmp_path / "models.md").read_text("utf-8")


def test_an_evaluation_of_another_model_is_refused(model, tmp_path):
    path = evaluation(tmp_path / "figures.json", model)
    with pytest.raises(InputError, match="none of these artifacts"):
        verify.evaluated([GOOD], [ROOT / "rpo_edge/models/edit"], [path])
    path.write_text("{}", "utf-8")
    with pytest.raises(InputError, match=r"no figures\.json"):
        evaluations.read(path)


def test_a_table_has_the_columns_that_are_known():
    rows = [GOOD.as_json(), replace(GOOD, artifact="other", logits=None, missed=("this",)).as_json()]
    head, _, first, second = card.table(rows).splitlines()
    assert "KL" in head and "peak MiB" not in head and "0.001" in first and "| – |" in second
    assert "- other: this" in card.section("it", {}, rows) and "2 strings that are not composed" in card.section("it", {}, rows)
    assert "missed" not in rows[0] and "speed" not in rows[0]


def test_an_embedded_model_may_be_evaluated_again_without_its_checkpoint(tmp_path, monkeypatch):
    folder = tmp_path / "edit"
    shutil.copytree(MODEL, folder)
    monkeypatch.setattr(verify, "embedded", lambda: [folder])
    before = folders.read(folder)["parity"]
    given = [
        f"--evaluation={evaluation(tmp_path / 'drafts.json', folder, 'edit')}",
        f"--evaluation={restored(tmp_path / 'texts.json', folder)}",
    ]
    verify.main([*given, f"--docs={tmp_path / 'models.md'}"])
    after = folders.read(folder)["parity"]
    assert after["evaluation"]["fidelity"] == [0.99, 0.98, 1.0] != before["evaluation"]["fidelity"]
    assert {name: value for name, value in after.items() if name != "evaluation"} == {n: v for n, v in before.items() if n != "evaluation"}
    Manifest.load(folder).verify()
    assert "0.990 (0.980 to 1.000)" in (tmp_path / "models.md").read_text("utf-8")


def test_the_page_is_what_the_embedded_models_say():
    page = (ROOT / "docs/models.md").read_text("utf-8")
    assert card.page(page, verify.sections(None, (), ())) == page, "run: python -m export verify --docs docs/models.md"
    for said in map(folders.read, embedded()):
        assert f"## {said['name']}" in page and said["commit"] in page and said["licence"] in page


def test_nothing_to_do_is_an_error():
    for arguments in ([], ["checkpoint"]):
        with pytest.raises(SystemExit):
            verify.main(arguments)
