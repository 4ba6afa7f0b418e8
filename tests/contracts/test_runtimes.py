"""One suite over every runtime, and what only those with a model can get wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge.errors import ModelError, OptionalDependencyError, ReflectorError
from rpo_edge.prompt import END, SPECIAL_TOKENS
from rpo_edge.runtimes.base import Options, Piece, until_stop
from rpo_edge.runtimes.echo import EchoRuntime
from rpo_edge.runtimes.gguf import GgufRuntime
from rpo_edge.runtimes.onnx import OnnxRuntime
from rpo_edge.runtimes.states import LEAST, sealed

TEXTS = ["It is late, and we do not know. It is fine!", "Café — “quotes”, 1984 and 🙂.\n\n- one\n- two", "  spaces\t\n", "汉字 עברית"]


STEPS = 120
OPEN = {
    "gguf": lambda folder, **more: GgufRuntime.open(folder / "model.gguf", threads=1, **more),
    "onnx": lambda folder, **more: OnnxRuntime.open(folder / "onnx", threads=1, **more),
}
"""One thread each: tests run side by side, and threads that wait for each other take seconds."""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A tiny model that has learnt a few texts by heart, and so is sure of what it says."""
    pytest.importorskip("transformers")
    import torch

    from training import corpus, pretrain

    folder = tmp_path_factory.mktemp("model")
    tokenizer = corpus.train_tokenizer(TEXTS * 9, vocabulary=360)
    size = pretrain.Size(hidden=64, intermediate=64, layers=2, heads=2, kv_heads=2, context=256, batch=1, micro=1, rate=0.0, warmup=1)
    model = pretrain.network(size, len(tokenizer), 1)
    learnt = [token for text in TEXTS * 9 for token in tokenizer(f"{text} ", add_special_tokens=False).input_ids]
    rows = torch.tensor(learnt[: len(learnt) // 120 * 120]).reshape(-1, 120)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = pretrain.loss_of(model, rows)
        loss.backward()
        optimizer.step()
    assert loss < 0.5
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def gguf(checkpoint):
    """With it as model.gguf."""
    pytest.importorskip("llama_cpp")
    from export.formats import gguf

    gguf.write(checkpoint, checkpoint / "model.gguf", "f16")
    return checkpoint


@pytest.fixture(scope="module")
def onnx(checkpoint):
    """With it as the folder onnx."""
    pytest.importorskip("onnx")
    pytest.importorskip("gguf")
    from export.formats import causal_onnx

    causal_onnx.write(checkpoint, checkpoint / "onnx", "float32")
    return checkpoint


def opened(request, name, **more):
    return OPEN[name](request.getfixturevalue(name), **more)


@pytest.fixture(params=["echo", *OPEN])
def runtime(request):
    made = EchoRuntime(lambda prompt: prompt[::-1]) if request.param == "echo" else opened(request, request.param)
    yield made
    made.close()


@pytest.fixture(params=OPEN)
def model(request):
    """A runtime that has the checkpoint in it."""
    made = opened(request, request.param)
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


def test_text_is_cut_as_the_tokenizer_does(model, checkpoint):
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast.from_pretrained(checkpoint)
    for text in (*TEXTS, *(f"a{token}b" for token in SPECIAL_TOKENS)):
        assert model.count(text) == len(tokenizer(text, add_special_tokens=False).input_ids)


def test_tokens_are_those_that_the_checkpoint_would_choose(model, checkpoint):
    import torch
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

    tokenizer, known = PreTrainedTokenizerFast.from_pretrained(checkpoint), AutoModelForCausalLM.from_pretrained(checkpoint)
    ids = tokenizer(TEXTS[0], add_special_tokens=False).input_ids
    for piece in model.generate(TEXTS[0], Options(tokens=12)):
        with torch.no_grad():
            assert piece.token == int(known(torch.tensor([ids])).logits[0, -1].argmax())
        ids.append(piece.token)


def test_a_character_spread_over_tokens_comes_whole(model, checkpoint):
    """What comes back is what the whole row of tokens decodes to, but for an end that is not whole."""
    from transformers import PreTrainedTokenizerFast

    options = Options(tokens=30, source="It is late, and we do not 🙃 know.", kept=("🙃",))  # of a character that no token is
    pieces = list(model.generate("It is", options))
    whole = PreTrainedTokenizerFast.from_pretrained(checkpoint).decode(
        [piece.token for piece in pieces], clean_up_tokenization_spaces=False
    )
    text = "".join(piece.text for piece in pieces)
    assert any(not piece.text for piece in pieces) and "🙃" in text and whole.rstrip("\ufffd") == text.rstrip("\ufffd")


def test_there_is_no_more_text_than_room(model):
    before = model.count("x " * 100)
    assert len(list(model.generate("x " * 100, Options(tokens=1000)))) <= model.room - before
    assert list(model.generate("x", Options(tokens=0))) == []


SOURCES = (
    lambda text: text,
    lambda text: text[: len(text) // 2] + "汉字 and so on " + text[len(text) // 2 :],
    lambda text: text[5:9] * 40,
    lambda text: "It is late. " * 200,
    lambda text: " ",
)


@pytest.mark.parametrize("made", range(len(SOURCES)))
def test_a_source_changes_no_token(model, made):
    """Whether it is what the model says, half of it, or nothing of the kind."""
    for prompt in TEXTS[:2]:
        plain = list(model.generate(prompt, Options(tokens=60)))
        source = SOURCES[made]("".join(piece.text for piece in plain))
        assert list(model.generate(prompt, Options(tokens=60, source=source))) == plain


def test_what_is_known_of_a_prompt_changes_no_token(model):
    prompts = (TEXTS[0], TEXTS[0] + TEXTS[1], TEXTS[0][:9], TEXTS[1], TEXTS[0], TEXTS[0])
    apart = []
    for prompt in prompts:
        model.generate(TEXTS[3], Options(tokens=1)).__next__()  # so that nothing of it is known
        apart.append([piece.token for piece in model.generate(prompt, Options(tokens=20))])
    assert [[piece.token for piece in model.generate(prompt, Options(tokens=20))] for prompt in prompts] == apart


def test_a_text_that_is_left_in_the_middle_leaves_nothing_behind(model):
    whole = [piece.token for piece in model.generate(TEXTS[0], Options(tokens=30))]
    source = said(model, TEXTS[0], tokens=30)
    for n in range(1, 9):
        begun = model.generate(TEXTS[0], Options(tokens=30, source=source))
        assert [next(begun).token for _ in range(n)] == whole[:n]
        begun.close()
        assert [piece.token for piece in model.generate(TEXTS[0], Options(tokens=30))] == whole


def test_a_file_that_is_none_is_refused(tmp_path, checkpoint):
    pytest.importorskip("llama_cpp")
    (tmp_path / "onnx").mkdir()
    for path in (tmp_path / "model.gguf", tmp_path / "onnx/model.onnx"):
        path.write_bytes(b"GGUF" + bytes(100))
    (tmp_path / "onnx/tokenizer.json").write_bytes((checkpoint / "tokenizer.json").read_bytes())
    for name in OPEN:
        with pytest.raises(ModelError, match="cannot be loaded"):
            OPEN[name](tmp_path)


@pytest.mark.parametrize(("package", "name"), [("llama_cpp", "gguf"), ("tokenizers", "onnx")])
def test_without_its_package_the_message_says_what_to_install(monkeypatch, tmp_path, package, name):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(OptionalDependencyError, match=rf"pip install '\.\[{name}\]'"):
        OPEN[name](tmp_path)


def test_the_end_token_ends_the_text(runtime):
    assert END not in said(runtime, f"{END[::-1]}It is late", tokens=200, stop=(END,))


def test_an_engine_gives_the_logits_of_as_many_places_as_asked_for(model):
    """More than llama.cpp reads at once, too; the last of them are those that are asked for alone."""
    if isinstance(model, GgufRuntime):
        model._engine._most = 7
    tokens = list(range(10, 40))
    engine = model.engine(len(tokens))
    engine.truncate(0)
    whole = engine.extend(tokens, len(tokens)).copy()
    for wanted in (1, 8, 20):
        engine.truncate(0)
        rows = engine.extend(tokens, wanted)
        assert rows.shape == (wanted, whole.shape[1]) and rows == pytest.approx(whole[-wanted:], abs=1e-3)


# -- states of prompts' fronts -----------------------------------------------------------------------------------------

FRONT = TEXTS[0] + "\n" + TEXTS[1] * 2 + "\n"
REST = ("It is late.", "We do not know.\n")


class Kept(dict):
    """States in memory."""

    def put(self, key, data):
        self[key] = data


@pytest.fixture
def process(request, model):
    """process(states, digest=…): the model opened anew, as another process has it."""
    name = "onnx" if isinstance(model, OnnxRuntime) else "gguf"
    made = []

    def _process(states, digest="a digest", **more):
        runtime = opened(request, name, digest=digest, **more)
        runtime.remember(states)
        made.append(runtime)
        return runtime

    yield _process
    for runtime in made:
        runtime.close()


def pieces(runtime, prompt, front=FRONT):
    """Twelve tokens after a prompt with the logit of each, and how many tokens were computed for them."""
    engine = runtime.engine(runtime.room)
    computed, logits, extend = [], [], engine.extend

    def watched(tokens, wanted):
        computed.extend(tokens)
        rows = extend(tokens, wanted)
        logits.append(float(rows[-1].max()))
        return rows

    engine.extend = watched
    found = list(runtime.generate(prompt, Options(tokens=12, front=front)))
    engine.extend = extend
    return [(piece.token, logit) for piece, logit in zip(found, logits[-len(found) :], strict=True)], len(computed)


def same(one, other):
    assert [token for token, _ in one] == [token for token, _ in other]
    assert [logit for _, logit in one] == pytest.approx([logit for _, logit in other], abs=5e-3)


def test_a_front_is_computed_once_for_all_processes(model, process):
    states, n = Kept(), model.count(FRONT)
    for i, rest in enumerate(REST):
        expected, all_of_it = pieces(process(None), FRONT + rest)
        found, computed = pieces(process(states), FRONT + rest)
        same(found, expected)
        assert computed == all_of_it - (n if i else 0) and len(states) == 1
    found, computed = pieces(process(states), FRONT + REST[1])
    again, none = pieces(process(states), FRONT + REST[1])
    assert found == again and computed == none < n  # the same bits, once loaded


def test_what_is_known_in_memory_is_not_looked_for(process):
    states = Kept()
    runtime = process(states)
    first, _ = pieces(runtime, FRONT + REST[0])
    states.clear()
    pieces(runtime, FRONT + REST[1])
    assert not states
    found, _ = pieces(runtime, FRONT + REST[0])
    same(found, first)


def test_a_front_of_another_text_is_not_taken(model, process):
    states = Kept()
    pieces(process(states), FRONT + REST[0])
    other = FRONT.replace("late", "fine") + REST[1]
    expected, all_of_it = pieces(process(None), other)
    found, computed = pieces(process(states), other, FRONT.replace("late", "fine"))
    same(found, expected)
    assert computed == all_of_it and len(states) == 2


@pytest.mark.parametrize("front", ["", "It is late", "汉字" * 40, TEXTS[2]])
def test_what_is_not_worth_it_is_not_kept(model, process, front):
    """Too short, or no beginning of the prompt."""
    states = Kept()
    expected, _ = pieces(process(None), FRONT + REST[0])
    found, _ = pieces(process(states), FRONT + REST[0], front)
    same(found, expected)
    assert not states


def test_a_prompt_that_is_all_front_has_a_token_to_compute(model, process):
    states = Kept()
    expected, _ = pieces(process(None), FRONT)
    for left in (model.count(FRONT), 1):
        found, computed = pieces(process(states), FRONT)
        same(found, expected)
        assert computed == left + len(found) - 1


def test_without_the_models_digest_nothing_is_kept(process):
    states = Kept()
    pieces(process(states, digest=""), FRONT + REST[0])
    assert not states


def test_the_key_has_what_a_state_depends_on(model, process, monkeypatch):
    states = Kept()
    runtime = process(states)
    pieces(runtime, FRONT + REST[0])
    pieces(process(states, digest="another"), FRONT + REST[0])
    assert len(states) == 2
    if isinstance(model, OnnxRuntime):
        monkeypatch.setattr("onnxruntime.__version__", "0.0.1")
        pieces(process(states), FRONT + REST[0])
        assert len(states) == 3
        return
    pieces(process(states, context=512), FRONT + REST[0])
    monkeypatch.setattr("llama_cpp.__version__", "0.0.1")
    pieces(process(states), FRONT + REST[0])
    assert len(states) == 4


DAMAGE = {
    "empty": lambda state, key: b"",
    "cut": lambda state, key: state[:-1],
    "half": lambda state, key: state[: len(state) // 2],
    "longer": lambda state, key: state + b"\0",
    "one bit": lambda state, key: state[:-9] + bytes([state[-9] ^ 1]) + state[-8:],
    "zeros": lambda state, key: bytes(len(state)),
    "another's": lambda state, key: sealed("another key", state[48:]),
    "another shape": lambda state, key: sealed(key, state[48:-4]),
    "nothing in it": lambda state, key: sealed(key, bytes(64)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_state_is_computed_again(process, damage):
    states = Kept()
    expected, all_of_it = pieces(process(states), FRONT + REST[0])
    whole = dict(states)
    ((key, state),) = states.items()
    states[key] = DAMAGE[damage](state, key)
    found, computed = pieces(process(states), FRONT + REST[0])
    same(found, expected)
    assert computed == all_of_it and states == whole


def test_a_state_of_another_length_is_computed_again(model, process):
    """Whole, and of this model, but of fewer tokens than its key says."""
    states, other = Kept(), Kept()
    expected, all_of_it = pieces(process(states), FRONT + REST[0])
    pieces(process(other), FRONT + REST[0], FRONT[:-20])
    ((key, state),), (fewer,) = states.items(), other.values()
    assert len(fewer) < len(state)
    states[key] = sealed(key, fewer[48:])
    found, computed = pieces(process(states), FRONT + REST[0])
    same(found, expected)
    assert computed == all_of_it and states[key] == state


def test_a_model_with_an_adapter_has_states_of_its_own(gguf, tmp_path, process, model):
    if isinstance(model, OnnxRuntime):
        pytest.skip("no adapters")
    pytest.importorskip("peft")
    import causal_samples

    from export.formats import adapter

    causal_samples.adapted(gguf, tmp_path / "adapter")
    adapter.write(tmp_path / "adapter", tmp_path / "adapter.gguf", force=True)
    states = Kept()
    for many, scale in ((1, None), (2, 1.0), (3, 0.5), (3, 0.5)):
        found = []
        for kept in (None, states):
            runtime = process(kept)
            if scale:
                runtime.adapt(tmp_path / "adapter.gguf", scale)
            found.append(pieces(runtime, FRONT + REST[0])[0])
        same(*found)
        assert len(states) == many


def test_no_state_is_of_fewer_tokens_than_it_takes(model, process):
    states = Kept()
    for n in range(0, len(FRONT), 7):
        pieces(process(states), FRONT + REST[0], FRONT[:n])
        assert bool(states) == (model.count(FRONT[:n]) >= LEAST) or model.count(FRONT[:n]) in (LEAST, LEAST + 1)
        states.clear()
