"""One suite over every runtime, and what only llama.cpp can get wrong."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge.errors import ModelError, OptionalDependencyError, ReflectorError
from rpo_edge.prompt import END, SPECIAL_TOKENS
from rpo_edge.runtimes.base import Options, Piece, until_stop
from rpo_edge.runtimes.echo import EchoRuntime
from rpo_edge.runtimes.gguf import GgufRuntime

TEXTS = ["It is late, and we do not know. It is fine!", "Café — “quotes”, 1984 and 🙂.\n\n- one\n- two", "  spaces\t\n", "汉字 עברית"]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A tiny model that was not trained, with weights large enough to be sure of what it says."""
    pytest.importorskip("llama_cpp")
    pytest.importorskip("transformers")
    import torch

    from export.formats import gguf
    from training import corpus, pretrain

    folder = tmp_path_factory.mktemp("model")
    tokenizer = corpus.train_tokenizer(TEXTS * 9, vocabulary=360)
    size = pretrain.Size(hidden=64, intermediate=64, layers=2, heads=2, kv_heads=2, context=256, batch=1, micro=1, rate=0.0, warmup=1)
    model = pretrain.network(size, len(tokenizer), 1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(6 if parameter.dim() > 1 else 1)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    gguf.write(folder, folder / "model.gguf", "f16")
    return folder


@pytest.fixture(params=["echo", "gguf"])
def runtime(request):
    made = (
        EchoRuntime(lambda prompt: prompt[::-1])
        if request.param == "echo"
        else GgufRuntime.open(request.getfixturevalue("file") / "model.gguf")
    )
    yield made
    made.close()


def said(runtime, prompt, **options):
    return "".join(piece.text for piece in runtime.generate(prompt, Options(**options)))


def test_greedy_decoding_says_the_same_every_time(runtime):
    found = [list(runtime.generate("It is late", Options(tokens=12))) for _ in range(2)]
    assert found[0] == found[1] and 0 < len(found[0]) <= 12


def test_no_more_tokens_than_asked_for(runtime):
    assert len(list(runtime.generate("It is late", Options(tokens=3)))) <= 3


def test_text_ends_before_a_stop_string(runtime):
    whole = said(runtime, "It is late", tokens=10)
    for stop in (whole[2:4], whole[1:5], whole[-1:]):
        assert said(runtime, "It is late", tokens=10, stop=("never said", stop)) == whole[: whole.index(stop)]


def test_logprobs_come_where_they_are_asked_for(runtime):
    assert all(piece.logprob is None for piece in runtime.generate("It is late", Options(tokens=4)))
    assert all(piece.logprob <= 0 for piece in runtime.generate("It is late", Options(tokens=4, logprobs=True)))


def test_a_prompt_must_fit(runtime):
    for prompt in ("", "x " * runtime.room):
        with pytest.raises(ReflectorError, match="tokens"):
            runtime.generate(prompt, Options())


def test_closing_twice_is_fine_and_generating_after_it_is_not(runtime):
    runtime.close()
    runtime.close()
    with pytest.raises(ReflectorError, match="closed"):
        runtime.generate("It is late", Options())


def test_more_text_has_no_fewer_tokens(runtime):
    assert [runtime.count(TEXTS[0][:n]) for n in (0, 5, 40)] == sorted(runtime.count(TEXTS[0][:n]) for n in (0, 5, 40))


@given(st.lists(st.text("ab<|>", min_size=0, max_size=4)), st.lists(st.text("ab<|>", min_size=1, max_size=4), max_size=3))
def test_whatever_the_pieces_are_the_text_ends_at_the_first_stop(texts, stop):
    whole = "".join(texts)
    places = [whole.find(string) for string in stop if string in whole]
    found = until_stop((Piece(text, 0) for text in texts), tuple(stop))
    assert "".join(piece.text for piece in found) == (whole[: min(places)] if places else whole)


def test_llama_cpp_cuts_text_as_the_tokenizer_does(file):
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast.from_pretrained(file)
    runtime = GgufRuntime.open(file / "model.gguf")
    for text in (*TEXTS, *(f"a{token}b" for token in SPECIAL_TOKENS)):
        assert runtime._tokens(text) == tokenizer(text, add_special_tokens=False).input_ids
    runtime.close()


def test_llama_cpp_computes_what_the_checkpoint_does(file):
    import torch
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

    tokenizer, model = PreTrainedTokenizerFast.from_pretrained(file), AutoModelForCausalLM.from_pretrained(file)
    ids = tokenizer(TEXTS[0], add_special_tokens=False).input_ids
    runtime = GgufRuntime.open(file / "model.gguf")
    for piece in runtime.generate(TEXTS[0], Options(tokens=12, logprobs=True)):
        with torch.no_grad():
            known = torch.log_softmax(model(torch.tensor([ids])).logits[0, -1], dim=0)
        assert piece.token == int(known.argmax()) and math.isclose(piece.logprob, float(known.max()), abs_tol=0.05)
        ids.append(piece.token)
    runtime.close()


def test_a_file_that_is_none_is_refused(file, tmp_path):
    (tmp_path / "model.gguf").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError, match="cannot be loaded"):
        GgufRuntime.open(tmp_path / "model.gguf")


def test_without_llama_cpp_the_message_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "llama_cpp", None)
    with pytest.raises(OptionalDependencyError, match=r"rpo-edge\[gguf\]"):
        GgufRuntime.open(tmp_path / "model.gguf")


def test_the_end_token_ends_the_text(runtime):
    assert END not in said(runtime, f"{END[::-1]}It is late", tokens=200, stop=(END,))
