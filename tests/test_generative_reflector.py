"""The generative reflector: what a model writes becomes edits, and what it writes wrongly becomes nothing."""

import sys
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pytest

from rpo_edge import History, Personalizer
from rpo_edge.chat import Chat
from rpo_edge.edits import apply
from rpo_edge.errors import ModelError, OptionalDependencyError, ReflectorError
from rpo_edge.manifest import AUTO, CHAT, TRAJECTORY, Manifest
from rpo_edge.prompt import (
    CONTEXT,
    HISTORY,
    PROMPT_VERSION,
    REFLECT,
    REWRITE,
    SPECIAL_TOKENS,
    beginning,
    complete,
    ending,
    front,
)
from rpo_edge.prompt import (
    DRAFT as DRAFTED,
)
from rpo_edge.records import Evidence, Habit, HistoryItem, ReflectorInfo, StyleProfile
from rpo_edge.reflectors.base import Window
from rpo_edge.reflectors.generative import GenerativeReflector, TrajectoryForm, form_of, halves, weights
from rpo_edge.runtimes.base import Options
from rpo_edge.runtimes.echo import EchoRuntime
from rpo_edge.runtimes.gguf import GgufRuntime
from rpo_edge.runtimes.inspection import Inspected
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.observe import observe

PROFILE = StyleProfile({"contraction:it's": Habit("contraction:it's", {"contracted": 9.0})})
EVIDENCE = Evidence((HistoryItem("It's me, don't you see?", id=4), HistoryItem("x " * 90, id=7)), "When?")
DRAFT = "\n\nIt is late, and we do not know.\n"
REWRITTEN = "It's late, and we don't know."


def reflector(answer, room=100_000):
    runtime = EchoRuntime(answer if callable(answer) else lambda prompt: answer)
    runtime.room = room
    return GenerativeReflector(runtime, ReflectorInfo("tiny"))


def written(rewrite):
    return complete(observe(DRAFT.strip(), rewrite, PROFILE), rewrite)


def test_a_rewrite_becomes_edits_of_the_window_with_its_observations():
    found = reflector(written(REWRITTEN)).reflect(Window(DRAFT, 0), EVIDENCE, PROFILE)
    assert apply(DRAFT, found.edits) == f"\n\n{REWRITTEN}\n"
    assert [o.feature for o in found.observations] == ["contraction"] and all(e.evidence == (4, 7) for e in found.edits)


@pytest.mark.parametrize("answer", ["", "It's late.", REWRITE + "cut off <|draft|>", "nothing to read" + REWRITE + "It's late."])
def test_what_cannot_be_read_leaves_the_window_and_says_so(answer):
    found = reflector(answer).reflect(Window(DRAFT, 0), EVIDENCE, PROFILE)
    assert not found.edits and found.observations[0].action.startswith("none: ")


def test_a_user_of_whom_nothing_is_known_and_an_empty_window_have_no_edits():
    for window, profile in ((Window(DRAFT, 0), StyleProfile()), (Window("\n\n", 0), PROFILE)):
        assert reflector(written(REWRITTEN)).reflect(window, EVIDENCE, profile).edits == ()


def test_closing_frees_the_model():
    closed = reflector(written("It's fine."))
    closed.close()
    closed.close()
    with pytest.raises(ReflectorError, match="closed"):
        closed.reflect(Window("It is fine.", 0), EVIDENCE, PROFILE)


def test_evidence_that_does_not_fit_is_left_out_the_worst_first():
    prompts = []

    def answer(prompt):
        prompts.append(prompt)
        return written(REWRITTEN)

    for room in (1000, 480, 330):
        reflector(answer, room).reflect(Window(DRAFT, 0), EVIDENCE, PROFILE)
    assert [prompt.count(HISTORY) for prompt in prompts] == [2, 1, 0]
    assert "none: the window is too long" in reflector(answer, 200).reflect(Window(DRAFT, 0), EVIDENCE, PROFILE).observations[0].action


def parts(prompt):
    """What stands before the draft, the draft, and what stands after it, as the prompt shows them."""
    left, _, right = prompt.removesuffix(REFLECT).partition(DRAFTED)
    draft, _, after = right.partition(CONTEXT)
    return left.partition(CONTEXT)[2], draft, after


def contracting(asked):
    """A reflector that contracts "it is", and notes what it is asked."""

    def answer(prompt):
        asked.append(prompt)
        return complete((), parts(prompt)[1].replace("it is", "it's"))

    return reflector(answer, room=6000)


def test_the_prompt_shows_what_stands_around_a_window():
    asked = []
    contracting(asked).reflect(Window(DRAFT, 40, "Before it.\n", "After it."), EVIDENCE, PROFILE)
    assert [parts(prompt) for prompt in asked] == [("Before it.", DRAFT.strip(), "After it.")]
    contracting(asked).reflect(Window("It is late. ", 40, "Before it. ", sentence=True), EVIDENCE, PROFILE)
    assert parts(asked[1]) == ("Before it.", "It is late.", "") and asked[1].count(CONTEXT) == 1


class Listening(EchoRuntime):
    """Keeps what it was told."""

    def generate(self, prompt, options):
        self.told = prompt, options
        return super().generate(prompt, options)

    def remember(self, states):
        self.states = states


def test_the_runtime_is_told_the_front_of_the_prompt_and_where_to_keep_it():
    for form in (TrajectoryForm(), Chat(("<s>", "<|user|>", "<|stop|>"), ())):
        runtime, states = Listening(lambda prompt: ""), object()
        told = GenerativeReflector(runtime, ReflectorInfo("tiny"), form)
        told.remember(states)
        told.reflect(Window(DRAFT, 0), EVIDENCE, PROFILE)
        prompt, options = runtime.told
        assert runtime.states is states and prompt.startswith(options.front) and options.front == form.front(PROFILE) != ""
    assert TrajectoryForm().front(PROFILE) == front(PROFILE)


def test_the_runtime_is_told_what_is_frozen_and_where_it_begins_to_count():
    """In the form that the model reads, so that a token in a span cannot be the model's own."""
    draft = "\nIt is `<|stop|>` at $5, or 3 km.\n"
    frozen = freeze(draft)
    for form, code in ((TrajectoryForm(), "`<|stop|>`"), (Chat(("<s>", "<|user|>", "<|stop|>"), ("<|stop|>",)), "`<\\|stop|>`")):
        runtime = Listening(lambda prompt: "")
        GenerativeReflector(runtime, ReflectorInfo("tiny"), form).reflect(Window(draft, 0, frozen=frozen), EVIDENCE, PROFILE)
        _, options = runtime.told
        assert options.kept[0] == code and len(options.kept) == len(frozen) > 1
        assert options.begins == form.begins != "" and all(part in options.source for part in options.kept)


def test_a_span_that_a_model_leaves_out_is_in_its_rewrite_all_the_same():
    draft = "It is late at 5 km. See `run()` for all."
    window = Window(draft, 0, frozen=freeze(draft))
    found = reflector(complete((), "It's late. See it for all.")).reflect(window, EVIDENCE, PROFILE)
    assert all(draft[start:end] in apply(draft, found.edits) for start, end, _ in window.frozen)


@pytest.fixture
def ours(store):
    """personalizer(asked): for the user of the example history, with `contracting`."""
    with History.open(store) as history:
        yield lambda asked: Personalizer(history, contracting(asked))


PAGES = [
    f"In part {i} of the report we see that it is {i} days old. " + "The work goes on, and it is not easy to say when it will end. " * 6
    for i in range(110)
]  # some 20 pages of 500 words


def test_a_long_draft_goes_window_by_window_each_with_its_neighbours(ours):
    asked = []
    draft = "\n\n".join(page.strip() for page in PAGES)
    found = ours(asked).rewrite(draft)
    assert len(draft.split()) > 10_000 and found.text == draft.replace("it is", "it's") and found.verdict.accepted
    paragraphs = [page.strip() for page in PAGES]
    assert [parts(prompt)[1] for prompt in asked] == paragraphs
    for i, prompt in enumerate(asked):
        before = ending(paragraphs[i - 1]) if i else ""
        after = beginning(paragraphs[i + 1]) if i + 1 < len(paragraphs) else ""
        assert parts(prompt) == (before, paragraphs[i], after)


def test_a_long_draft_that_comes_leaves_sentence_by_sentence_each_with_what_stood_before_it(ours):
    asked = []
    draft = "\n\n".join(PAGES[:40])
    chunks = (draft[i : i + 50] for i in range(0, len(draft), 50))
    left = []
    for text in ours(asked).stream(chunks):
        left.append(text)
        assert draft.replace("it is", "it's").startswith("".join(left))
    assert "".join(left) == draft.replace("it is", "it's") and len(left) > 200
    shown = [parts(prompt) for prompt in asked]
    assert all(after == "" and before == ending(before) and draft.count(before) for before, _, after in shown)
    assert all(one in other for (_, one, _), (other, _, _) in pairwise(shown)) and shown[0][0] == ""


def test_a_paragraph_longer_than_the_models_room_goes_in_parts(ours):
    asked = []
    draft = " ".join(page.strip() for page in PAGES[:24])
    found = ours(asked).rewrite(draft)
    assert found.text == draft.replace("it is", "it's") and not any("none: " in seen.action for seen in found.observations)
    assert " ".join(parts(prompt)[1] for prompt in asked) == draft
    shown = [parts(prompt) for prompt in asked]
    assert all(one.endswith(before) and other.startswith(after) for (_, one, after), (before, other, _) in pairwise(shown))
    assert len(shown) == 8 and all(before and after for before, _, after in shown[1:-1])


def test_halves_are_cut_between_sentences_and_never_in_what_is_frozen():
    text = "It is late. `It is. So. What. Is. It. There.` is code. It is far."
    spans = tuple((found.start, found.end, found.kind) for found in freeze(text))
    one, other = halves(Window(text, 7, "Before.", "After.", spans))
    assert one.text + other.text == text and (one.start, other.start) == (7, 7 + len(one.text)) and not one.last and other.last
    assert (one.before, one.after, other.before, other.after) == ("Before.", other.text, one.text, "After.")
    kept = [part.text[start:end] for part in (one, other) for start, end, _ in part.frozen]
    assert kept == [text[start:end] for start, end, _ in spans] and halves(Window("It is one.", 0)) is None


def test_a_rewrite_that_runs_on_is_none():
    found = reflector(lambda prompt: REWRITE + "on and on " * 1000).reflect(Window(DRAFT, 0), EVIDENCE, PROFILE)
    assert not found.edits and "end" in found.observations[0].action


ABOUT = Inspected("llama", "tiny", "", "q8_0", 128, ("<|stop|>",), True, ("<", ">", "|"))


def test_the_manifest_says_the_form_and_a_file_by_itself_shows_it(tmp_path):
    ours = replace(ABOUT, control=SPECIAL_TOKENS, template=False, frame=None)
    assert isinstance(form_of(TRAJECTORY, ABOUT, tmp_path), TrajectoryForm) and isinstance(form_of(AUTO, ours, tmp_path), TrajectoryForm)
    assert form_of(CHAT, ABOUT, tmp_path) == form_of(AUTO, ABOUT, tmp_path) == Chat(ABOUT.frame, ABOUT.control)
    for form, about, reason in (
        ("verse", ABOUT, "form 'verse'"),
        (CHAT, replace(ABOUT, template=False), "no chat template"),
        (CHAT, replace(ABOUT, frame=None), "cannot be used"),
    ):
        with pytest.raises(ModelError, match=reason):
            form_of(form, about, tmp_path)


def test_a_folder_has_one_file_of_weights(tmp_path):
    def manifest(*names):
        return Manifest(tmp_path, "x", "generative", dict.fromkeys(names, ""), "b", "l", "q", 1)

    assert weights(manifest("model.gguf", "readme.txt")).name == "model.gguf" and weights(manifest("blob")).name == "blob"
    for names in ((), ("a.gguf", "b.gguf"), ("a", "b")):
        with pytest.raises(ModelError, match="GGUF files"):
            weights(manifest(*names))


def test_a_folder_with_onnx_is_run_by_onnxruntime_and_says_its_prompts(tmp_path):
    manifest = Manifest(tmp_path, "x", "generative", {"model.onnx": "", "tokenizer.json": ""}, "b", "l", "q", PROMPT_VERSION)
    with pytest.raises((ModelError, OptionalDependencyError), match="tokenizer"):
        GenerativeReflector.load(manifest)
    with pytest.raises(ModelError, match=r"form 'chat', and has no chat\.json"):
        GenerativeReflector.load(replace(manifest, prompt=CHAT))
    chat = replace(manifest, prompt=CHAT, files=manifest.files | {"chat.json": ""})
    for damaged in (
        "",
        "[]",
        '{"frame": ["a", "b"], "control": []}',
        '{"frame": ["a", "b", 1], "control": []}',
        '{"frame": ["a", "b", "c"]}',
    ):
        (tmp_path / "chat.json").write_text(damaged)
        with pytest.raises(ModelError, match=r"chat\.json cannot be read"):
            GenerativeReflector.load(chat)
    form = Chat(("<s>\n", "é", "|"), ("<|stop|>",))
    form.save(tmp_path / "chat.json")
    assert Chat.load(tmp_path / "chat.json") == form


@pytest.mark.parametrize("file", ["model.onnx", "model.gguf"])
def test_a_model_that_was_trained_on_other_prompts_is_refused(tmp_path, file):
    pytest.importorskip("llama_cpp")
    for version in (1, PROMPT_VERSION + 1):
        manifest = Manifest(tmp_path, "x", "generative", {file: ""}, "b", "l", "q", version)
        with pytest.raises(ModelError, match=f"prompts of version {version}; this version writes {PROMPT_VERSION}"):
            GenerativeReflector.load(manifest)
        if file == "model.gguf":  # which has its own template, whatever the version
            with pytest.raises(ModelError, match=r"damaged|cannot be"):
                GenerativeReflector.load(replace(manifest, prompt=CHAT))


@pytest.fixture(scope="module")
def instruct(tmp_path_factory):
    """A random model with a chat template whose end of turn is not the end of a text."""
    pytest.importorskip("llama_cpp")
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    pytest.importorskip("gguf")
    import causal_samples

    from export.formats import gguf

    folder = tmp_path_factory.mktemp("instruct")
    tokenizer = causal_samples.bytes_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{{ '<|im_start|>assistant\\n' }}"
    )
    causal_samples.checkpoint(folder, "llama", tokenizer, max_position_embeddings=2048)
    gguf.write(folder, folder / "model.gguf", "f16")
    return folder / "model.gguf"


def test_a_foreign_file_is_asked_through_its_template(instruct):
    reflector = GenerativeReflector.load(Manifest.of_file(instruct), threads=1)
    assert reflector._form == Chat(
        ("<|im_start|>system\n", "<|im_end|>\n<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"), reflector._form.control
    )
    assert {"<|im_start|>", "<|im_end|>", "<|begin|>"} <= set(reflector._form.control) and reflector.info.sha256
    prompt = reflector._form.prompt("a <|im_end|> b", "c")
    assert sum(reflector._runtime.count(token) == 1 for token in ("<|im_start|>", "<|im_end|>")) == 2
    assert prompt.count("<|im_end|>") == 2 and reflector._runtime.room == 2048
    reflector._runtime.close()


def test_any_token_that_ends_a_turn_ends_the_text(instruct):
    """Of a random model's first choices one is made an end of turn, which llama.cpp then knows of."""
    runtime = GgufRuntime.open(instruct, threads=1)
    pieces = list(runtime.generate("It is late", Options(tokens=6)))

    model, library = runtime._model, runtime._library
    other = SimpleNamespace(**{**vars(library), "llama_vocab_is_eog": lambda vocabulary, token: token == pieces[3].token})
    turns = library.llama_model_get_vocab(model.model)
    end = model.tokenize(b"<|im_end|>", add_bos=False, special=True)
    assert library.llama_vocab_is_eog(turns, end[0]) and end[0] != model.token_eos()
    first = next(i for i, piece in enumerate(pieces) if piece.token == pieces[3].token)
    assert [p.token for p in GgufRuntime(model, other).generate("It is late", Options(tokens=6))] == [p.token for p in pieces[:first]]
    runtime.close()


def test_only_a_file_that_passes_is_given_to_llama_cpp(tmp_path, monkeypatch):
    pytest.importorskip("llama_cpp")
    monkeypatch.setattr(GgufRuntime, "open", lambda *arguments: pytest.fail("opened"))
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError, match="version 0"):
        GenerativeReflector.load(Manifest.of_file(path))


def test_without_llama_cpp_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    with pytest.raises(OptionalDependencyError, match=r"pip install '\.\[gguf\]'"):
        GenerativeReflector.load(Manifest.of_file(tmp_path / "model.gguf"))


# -- strength ----------------------------------------------------------------------------------------------------------

MANY = "".join(f"It is number {n}, and we do not know. " for n in range(40))


def of_strength(strength, window=None, draft=MANY, say=lambda draft: draft.replace("It is", "It's").replace("do not", "don't")):
    window = window or Window(draft, 0)
    found = reflector(lambda prompt: complete((), say(window.text.strip())), room=10**6).reflect(
        replace(window, strength=strength), EVIDENCE, PROFILE
    )
    return set(found.edits)


def test_at_no_strength_the_model_is_not_asked():
    def asked(prompt):
        raise AssertionError(prompt)

    assert reflector(asked).reflect(Window(DRAFT, 0, strength=0.0), EVIDENCE, PROFILE).edits == ()


def test_more_strength_never_makes_fewer_edits_and_all_of_it_makes_all():
    found = [of_strength(n / 8) for n in range(9)]
    assert all(one <= other for one, other in pairwise(found)) and not found[0] and len(found[8]) == 80
    assert all(abs(len(edits) / 80 - n / 8) < 0.2 for n, edits in enumerate(found))


def test_a_sentence_changes_as_a_whole_or_not():
    kept = [sentence for sentence in apply(MANY, sorted(of_strength(0.5), key=lambda edit: edit.start)).split(". ") if sentence]
    assert {("It's" in sentence, "don't" in sentence) for sentence in kept} == {(True, True), (False, False)}


@pytest.mark.parametrize(
    "say",
    [
        lambda draft: draft.replace("late. We", "late, and we"),
        lambda draft: draft.replace("late. We", "late; we"),
        lambda draft: draft.replace("late. ", "late.\n\n").replace("We", "So we"),
        lambda draft: draft.replace("late. We are", "late and"),
    ],
)
def test_sentences_that_an_edit_joins_go_together(say):
    for n in range(40):
        draft = f"It is {n} o'clock, and late. We are here, all {n} of us."
        edits = of_strength(0.5, draft=draft, say=say)
        assert apply(draft, sorted(edits, key=lambda edit: edit.start)) in (draft, say(draft))


def test_others_do_not():
    found = [of_strength(0.5, draft=f"It is {n}. It is so that {n} is it.") for n in range(60)]
    assert {len(edits) for edits in found} == {0, 1, 2}


def test_what_is_added_at_the_end_goes_with_the_last_sentence():
    found = [of_strength(0.5, draft=f"It is {n}. We go.", say=lambda draft: f"{draft}\n\nCheers") for n in range(9)]
    assert len({len(edits) for edits in found}) == 1  # the last sentence is the same


def test_a_stream_chooses_the_sentences_that_a_whole_does():
    whole = of_strength(0.5)
    for window in [Window(text + " ", 0, sentence=True) for text in MANY.split(". ")[:40]]:
        text = window.text.strip()
        at = MANY.index(text)
        expected = {(edit.start - at, edit.after) for edit in whole if at <= edit.start < at + len(text)}
        assert {(edit.start, edit.after) for edit in of_strength(0.5, replace(window, text=text + ". "))} == expected


def test_a_personalizer_hands_its_strength_on(tmp_path):
    with History.open(tmp_path / "h.db") as history:
        history.add("It's me, don't you see?")
        model = reflector(lambda prompt: complete((), "It's late."))
        texts = [Personalizer(history, model, strength=strength).rewrite("It is late.").text for strength in (0.0, 1.0)]
    assert texts == ["It is late.", "It's late."]
