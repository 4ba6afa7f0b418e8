"""Corpus and pretraining, rehearsed with a model of a million parameters on the example history."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from killing import killed

from rpo_edge.prompt import BEGIN, SPECIAL_TOKENS, escape, unescape

pytest.importorskip("transformers")

import torch

from training import corpus, curves, pretrain

ROOT = Path(__file__).resolve().parents[1]
LIKE_TOKENS = st.lists(st.sampled_from(["<", "\\", "|", "|>", *SPECIAL_TOKENS, "end", "draft", " a"])).map("".join)
SIZE = pretrain.Size(hidden=256, intermediate=256, layers=1, heads=4, kv_heads=4, context=64, batch=4, micro=2, rate=4e-3, warmup=20)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A corpus of the example history, every ninth text held out."""
    texts = [
        json.loads(line)["text"] for path in sorted((ROOT / "examples/history").glob("*.jsonl")) for line in path.open(encoding="utf-8")
    ]
    out = tmp_path_factory.mktemp("corpus")
    corpus.build([corpus.Document("letters", text, i % 9 == 0) for i, text in enumerate(texts)], out, vocabulary=512)
    return out


def tokenizer(folder: Path):
    return corpus.PreTrainedTokenizerFast.from_pretrained(folder)


def model(seed: int = 5):
    return pretrain.network(SIZE, 512, seed)


@given(LIKE_TOKENS)
def test_what_looks_special_is_escaped_and_comes_back(text):
    assert unescape(escape(text)) == text
    assert not any(token in escape(text) for token in SPECIAL_TOKENS)


@given(st.text() | LIKE_TOKENS)
def test_any_text_survives_the_tokenizer_and_has_no_special_token(folder, text):
    cut = tokenizer(folder)
    text = text.encode("utf-8", "ignore").decode()
    ids = cut(escape(text), add_special_tokens=False).input_ids
    assert min(ids, default=99) >= len(SPECIAL_TOKENS)
    assert unescape(cut.decode(ids)) == text


def test_special_tokens_are_the_first_ids(folder):
    assert tokenizer(folder).convert_tokens_to_ids(list(SPECIAL_TOKENS)) == list(range(len(SPECIAL_TOKENS)))


def test_digits_are_tokens_of_their_own(folder):
    cut = tokenizer(folder)
    assert cut.convert_ids_to_tokens(cut("1984", add_special_tokens=False).input_ids) == ["1", "9", "8", "4"]


def test_shards_hold_whole_documents_and_an_altered_one_is_noticed(folder, tmp_path):
    cut, facts = tokenizer(folder), corpus.verify(folder)
    tokens = np.fromfile(folder / "train-00.bin", dtype="<u2")
    assert tokens[0] == cut.bos_token_id and tokens[-1] == cut.eos_token_id
    assert (tokens == cut.bos_token_id).sum() == facts["files"]["train-00.bin"]["documents"] > 20
    for name in (*facts["files"], "corpus.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "train-00.bin").write_bytes(b"\x09" + (folder / "train-00.bin").read_bytes()[1:])
    with pytest.raises(ValueError, match=r"train-00\.bin"):
        corpus.verify(tmp_path)


def test_shards_of_the_same_documents_are_the_same(folder, tmp_path):
    documents = [corpus.Document("letters", f"Dear friend, this is letter {i}. " * 5, False) for i in range(30)]
    facts = [corpus.build(documents, tmp_path / name, vocabulary=300) for name in ("a", "b")]
    assert facts[0] == facts[1]


def test_each_source_has_at_most_so_many_tokens(folder, tmp_path):
    documents = [corpus.Document("letters" if i % 3 else "notes", f"Dear friend, this is letter {i}. " * 5, i % 10 == 0) for i in range(90)]
    whole, bounded = (corpus.build(documents, tmp_path / str(most), vocabulary=300, most=most) for most in (9e9, 900))
    assert {name: source["tokens"] <= 900 for name, source in bounded["sources"].items()} == {"letters": True, "notes": True}
    assert all(source["tokens"] > 800 for source in bounded["sources"].values()) and whole["sources"]["letters"]["tokens"] > 900
    assert whole["files"]["validation-notes.bin"] == bounded["files"]["validation-notes.bin"]


def test_a_token_sees_its_own_document_alone(folder):
    """The second document of a packed row is predicted as if it stood alone."""
    network = model().eval()
    first, second = torch.tensor([[0, 20, 30, 40, 1]]), torch.tensor([[0, 50, 60, 70, 80]])
    packed = torch.cat([first, second], dim=1)
    with torch.no_grad():
        alone = network(input_ids=second, position_ids=pretrain.positions(second), use_cache=False).logits
        together = network(input_ids=packed, position_ids=pretrain.positions(packed), use_cache=False).logits[:, first.shape[1] :]
        blind = network(input_ids=packed, use_cache=False).logits[:, first.shape[1] :]
    assert torch.allclose(alone, together, atol=1e-5) and not torch.allclose(alone, blind, atol=1e-5)


def test_what_a_gpu_compiles_is_the_same_loss():
    """Traced whole, with the masks of packed documents in it."""
    network, rows = model(), torch.randint(20, 500, (2, 33))
    rows[:, ::12] = 0
    losses, gradients = [], []
    for loss in (pretrain.loss_of, torch.compile(pretrain.loss_of, backend="aot_eager", fullgraph=True)):
        network.zero_grad()
        found = loss(network, rows)
        found.backward()
        losses.append(found.item())
        gradients.append(network.model.layers[0].self_attn.q_proj.weight.grad.clone())
    assert losses[0] == pytest.approx(losses[1], abs=1e-5) and torch.allclose(*gradients, atol=1e-6)


def test_positions_begin_anew_with_each_document():
    tokens = torch.tensor([[7, 8, 0, 5, 5, 0, 0, 9]])
    assert pretrain.positions(tokens).tolist() == [[0, 1, 0, 1, 2, 0, 0, 1]]


def test_the_rate_rises_stays_and_falls():
    config = pretrain.Config(SIZE, steps=1000)
    rates = [pretrain.rate(step, config) / SIZE.rate for step in range(1000)]
    assert rates[0] < 0.1 and rates[20] == rates[799] == 1 and rates[-1] < 0.01 and rates[800:] == sorted(rates[800:], reverse=True)


def test_each_epoch_has_every_row_once_in_a_new_order(folder):
    shards = pretrain.Shards(folder, SIZE.context, seed=1)
    epochs = [[tuple(row.tolist()) for row in shards.batch(n, len(shards))] for n in (0, 1)]
    assert sorted(epochs[0]) == sorted(epochs[1]) and epochs[0] != epochs[1]


def test_the_loss_falls_and_a_run_that_was_stopped_gives_the_same_curve(folder, tmp_path):
    config = pretrain.Config(SIZE, steps=40)
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    whole = pretrain.train(model(), folder, config, tmp_path / "whole", minutes=9, every=10)
    parts = pretrain.Run()
    for _ in range(40):
        if parts.step < config.steps:  # no time at all: a step at a time
            parts = pretrain.train(model(seed=5 + parts.step), folder, config, tmp_path / "parts", minutes=0, every=10)
    assert [row[:2] for row in parts.curve] == [row[:2] for row in whole.curve]
    assert parts.validation == whole.validation
    assert whole.curve[-1][1] < whole.curve[0][1] - 0.2
    logs = [[(row["step"], row["loss"]) for row in curves.read(tmp_path / name) if "loss" in row] for name in ("whole", "parts")]
    assert logs[0] == logs[1] == [row[:2] for row in whole.curve] and (tmp_path / "parts" / "curve.png").exists()


def test_a_state_of_another_run_is_refused(folder, tmp_path):
    pretrain.train(model(), folder, pretrain.Config(SIZE, steps=2), tmp_path, minutes=9, every=10)
    for other in (pretrain.Config(SIZE, steps=3), pretrain.Config(SIZE, steps=2, seed=6)):
        with pytest.raises(ValueError, match="another run"):
            pretrain.train(model(), folder, other, tmp_path, minutes=9, every=10)
    fewer = tmp_path / "fewer"
    shutil.copytree(folder, fewer)
    shard = fewer / "train-00.bin"
    shard.write_bytes(shard.read_bytes()[:-512])
    with pytest.raises(ValueError, match="other shards"):
        pretrain.train(model(), fewer, pretrain.Config(SIZE, steps=2), tmp_path, minutes=9, every=10)


def test_a_run_is_lengthened_or_cut_short_while_its_rate_stays(folder, tmp_path):
    """Five steps of a run of 40, then as a run of 10: the curve of a run of 10."""
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    whole = pretrain.train(model(), folder, pretrain.Config(SIZE, steps=10), tmp_path / "whole", minutes=9, every=5)
    for _ in range(5):
        pretrain.train(model(), folder, pretrain.Config(SIZE, steps=40), tmp_path / "cut", minutes=0, every=5)
    cut = pretrain.train(model(seed=9), folder, pretrain.Config(SIZE, steps=10), tmp_path / "cut", minutes=9, every=5)
    assert [row[:2] for row in cut.curve] == [row[:2] for row in whole.curve]
    assert cut.validation == whole.validation


def command(folder: Path, out: Path) -> list[str]:
    return [
        "-m",
        "training",
        "pretrain",
        str(folder),
        str(out),
        "--size",
        "1m",
        "--tokens",
        "4e4",
        "--context",
        "128",
        "--every",
        "4",
    ]


def test_a_killed_command_goes_on_and_ends_with_a_checkpoint_and_its_card(folder, tmp_path):
    """`kill -9` amid the run; the next run of the same command ends with what `transformers` loads."""
    out = tmp_path / "base"
    killed(command(folder, out), (out / "state.pt").exists)
    assert not (out / "pretraining.json").exists()
    pretrain.main(command(folder, out)[3:])
    facts = json.loads((out / "pretraining.json").read_text("utf-8"))
    assert facts["curve"][-1][0] == facts["config"]["steps"] and facts["validation"][-1][1]["letters"] < 5
    assert "| letters |" in (out / "README.md").read_text("utf-8") and BEGIN not in (out / "README.md").read_text("utf-8")
    loaded = pretrain.LlamaForCausalLM.from_pretrained(out)
    assert sum(p.numel() for p in loaded.parameters()) == facts["parameters"]
    assert len(tokenizer(out)) == loaded.config.vocab_size
