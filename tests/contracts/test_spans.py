"""Frozen spans are guaranteed while decoding, by every runtime with a model in it, whether its tokenizer goes by bytes or by pieces.

The model has learnt by heart to leave spans out, or to say other things in their place, and to come to its end after that.
"""

from __future__ import annotations

import pytest

pytest.importorskip("gguf")
pytest.importorskip("torch")
pytest.importorskip("llama_cpp")
pytest.importorskip("onnx")

import causal_samples
import torch
from torch.nn.functional import cross_entropy

from export.formats import causal_onnx
from export.formats import gguf as format_
from rpo_edge.runtimes.base import Options
from rpo_edge.runtimes.echo import EchoRuntime
from rpo_edge.runtimes.gguf import GgufRuntime
from rpo_edge.runtimes.onnx import OnnxRuntime

pytestmark = pytest.mark.usefixtures("one_thread")

DRAFT = "It costs $5 at most.\n\nSee `run()` for all of it.\n\nThen pay $5 once more."
KEPT = ("$5", "`run()`", "$5")
PAYS, RUNS = "\n\nThen pay $5 once more.", "\n\nSee `run()` for all of it."
WRONG, RIGHT = "It costs 7 at most. Thanks.", "It costs $5 at most. Thanks."
NOTE, BEGINS = "Note: it costs $5, $5, see `run()`. It costs 7.\n", "Rewrite:"
PROMPTS = {"Plain:\n": "", "Noted:\n": f"{NOTE}{BEGINS}\n"}
TOKENIZERS = {
    "bytes": (lambda: causal_samples.bytes_tokenizer(), {}),
    "pieces": (lambda: causal_samples.pieces_tokenizer(), {"bos_token_id": 1, "eos_token_id": 2}),
}
OPEN = {
    "gguf": lambda folder: GgufRuntime.open(folder / "model.gguf", threads=1),
    "onnx": lambda folder: OnnxRuntime.open(folder / "onnx", threads=1),
}


def taught():
    """(text, how often): what it says by itself twice as often as what is forced upon it, so that it ends wherever it may."""
    for prompt, before in PROMPTS.items():
        for begun, parts in ((16.0, (WRONG, PAYS, PAYS, RUNS)), (4.0, (RIGHT, PAYS, RUNS))):
            for n in range(1, len(parts) + 1):
                yield f"{prompt}{before}{''.join(parts[:n])}", begun / 2 ** (n - 1)


@pytest.fixture(scope="module", params=TOKENIZERS)
def folder(request, tmp_path_factory):
    """The model as model.gguf and as the folder onnx."""
    out, (make, ids) = tmp_path_factory.mktemp("model"), TOKENIZERS[request.param]
    tokenizer = make()
    sizes = {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_attention_heads": 2,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 512,
    }
    causal_samples.checkpoint(out, tokenizer=tokenizer, initializer_range=0.02, **ids, **sizes)
    texts = [([*tokenizer(text, add_special_tokens=False).input_ids, tokenizer.eos_token_id], often) for text, often in taught()]
    model, longest = causal_samples.loaded(out).train(), max(len(ids) for ids, _ in texts)
    rows = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in texts])
    weights = torch.tensor([[often] * (len(ids) - 1) + [0.0] * (longest - len(ids)) for ids, often in texts])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(250):
        losses = cross_entropy(model(rows).logits[:, :-1].transpose(1, 2), rows[:, 1:], reduction="none")
        optimizer.zero_grad()
        ((losses * weights).sum() / weights.sum()).backward()
        optimizer.step()
    model.eval().save_pretrained(out)
    format_.write(out, out / "model.gguf", "f16")
    causal_onnx.write(out, out / "onnx", "float32")
    return out


@pytest.fixture(params=OPEN)
def model(request, folder):
    made = OPEN[request.param](folder)
    yield made
    made.close()


def said(runtime, prompt, **options):
    return "".join(piece.text for piece in runtime.generate(prompt, Options(tokens=250, **options)))


def test_alone_it_leaves_the_spans_out(model):
    for more in ({}, {"source": DRAFT}):
        assert said(model, "Plain:\n", **more) == WRONG
        assert said(model, "Noted:\n", **more) == f"{NOTE}{BEGINS}\n{WRONG}"


def test_a_span_comes_where_its_place_is_and_before_the_end_what_is_missing(model):
    """Whole, though several tokens make one, and as often as the draft has it."""
    assert model.count("`run()`") > 3
    assert said(model, "Plain:\n", source=DRAFT, kept=KEPT) == f"{RIGHT}{PAYS}{RUNS}"


def test_what_stands_before_the_rewrite_is_left_alone_and_does_not_count(model):
    assert said(model, "Noted:\n", source=DRAFT, kept=KEPT, begins=BEGINS) == f"{NOTE}{BEGINS}\n{RIGHT}{PAYS}{RUNS}"


def test_where_the_rewrite_never_begins_the_whole_text_must_have_them(model):
    assert said(model, "Plain:\n", source=DRAFT, kept=KEPT, begins=BEGINS) == f"{WRONG}{PAYS}{PAYS}{RUNS}"


def test_a_part_that_the_draft_has_not_is_not_asked_for(model):
    assert said(model, "Plain:\n", source=DRAFT, kept=("$6", "")) == WRONG


def test_a_stop_string_of_one_token_is_an_end(model):
    """It may come once nothing is missing."""
    found = said(model, "Plain:\n", source="A `run()` there.", kept=("`run()`",), stop=("7",))
    assert "`run()`" in found and "7" not in found


def test_the_echo_keeps_them_too():
    for prompt, answer in PROMPTS.items():
        echo = EchoRuntime(lambda prompt, answer=answer: f"{answer}{RIGHT}<|end|>not said")
        options = {"source": DRAFT, "kept": KEPT, "begins": BEGINS if answer else "", "stop": ("<|end|>",)}
        assert said(echo, prompt, **options)[:250] == f"{answer}{RIGHT}{PAYS}{RUNS}"[:250]
    assert said(EchoRuntime(lambda prompt: WRONG), "x", source=DRAFT, kept=KEPT) == f"It costs $57 at most. Thanks.{PAYS}{RUNS}"
    assert said(EchoRuntime(lambda prompt: WRONG), "x", source=DRAFT) == WRONG
