"""The evaluation of a generative reflector: every suite on a tiny model, and that each control is told what its name says."""

import inspect
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

pytest.importorskip("llama_cpp")
pytest.importorskip("gguf")

import torch
from test_evaluation import MODEL, papers, small  # noqa: F401  # `small`: the fixture's folder is a smaller one here, too

from export import generative as export
from rpo_edge.pipeline import Personalizer
from rpo_edge.prompt import DRAFT, END, HISTORY, QUERY, REFLECT, complete
from rpo_edge.records import Evidence, ReflectorInfo
from rpo_edge.reflectors.base import Window
from rpo_edge.reflectors.generative import GenerativeReflector
from rpo_edge.runtimes.base import Options
from rpo_edge.runtimes.echo import EchoRuntime
from rpo_edge.runtimes.gguf import GgufRuntime
from rpo_edge.steps.retrieve import retrieve
from training import corpus, evaluate, pretrain
from training.evaluation import causal, drafts, material, preferences, reflectors, report, restoration, sizes, titles, transfer
from training.evaluation.known import Asked, known, library
from training.evaluation.material import Ground, Material, Names
from training.users import Known, rewritten

pytestmark = pytest.mark.usefixtures("one_thread")
GENERATIVE = Names("generative")
OVER = GENERATIVE.over(GENERATIVE.anothers)
TEXTS = {  # anna contracts and writes of boats, bert does neither; the last one of each is what drafts are made of
    "anna": [f"It's boat {i} of mine, and I don't row it. It's fine, we don't mind." for i in range(9)],
    "bert": [f"It is horse {i} of mine, and I do not ride it. It is fine, we do not mind." for i in range(9)],
}
TARGET = "It's the walrus here. We don't row it now."
FLAT = TARGET.replace("It's", "It is").replace("don't", "do not")
ANYBODYS = "It is cold. We do not mind."
ROW = {"author": "anna", "source": "letters", "flat": FLAT, "target": TARGET, "text": TARGET}


def network(folder, silent):
    """A tiny model that was not trained. silent: it ends at once; else it says something, and is sure of it."""
    tokenizer = corpus.train_tokenizer([text for texts in TEXTS.values() for text in texts], vocabulary=360)
    size = pretrain.Size(hidden=64, intermediate=64, layers=1, heads=2, kv_heads=2, context=2048, batch=1, micro=1, rate=0.0, warmup=1)
    model = pretrain.network(size, len(tokenizer), 1)
    with torch.no_grad():
        if silent:
            rows = model.get_input_embeddings().weight
            rows[:, 0], rows[tokenizer.convert_tokens_to_ids(END), 0] = 1, 2
            model.model.norm.weight.zero_()[0] = 1
        else:
            for parameter in model.parameters():
                parameter.mul_(6 if parameter.dim() > 1 else 1)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "training.json").write_text('{"reflector": "generative", "base": "tiny"}', "utf-8")
    return folder


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return network(tmp_path_factory.mktemp("checkpoint"), silent=True)


@pytest.fixture(scope="module")
def model(checkpoint, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    export.write(checkpoint, folder, "tiny")
    return folder


@pytest.fixture
def fewer(tmp_path, monkeypatch):
    """Three authors of the small fixture, all of one source."""
    folder = tmp_path / "fixture"
    folder.mkdir()
    for path in material.FIXTURE.iterdir():
        rows = map(json.loads, path.read_text("utf-8").splitlines())
        kept = [row for row in rows if "author" not in row or row["author"].startswith("gutenberg")]
        (folder / path.name).write_text("".join(json.dumps(row) + "\n" for row in kept), "utf-8")
    monkeypatch.setattr(material, "FIXTURE", folder)


def test_every_suite_has_its_controls(model, fewer, tmp_path):
    options = ["--fixture", "--texts", "1", "--drafts", "2", "--reflector", str(model), "--against", str(MODEL), "--out", str(tmp_path)]
    evaluate.main(options)
    figures = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert set(figures) == {"about", "titles", "failures", report.GAINS, *evaluate.SUITES} and figures["about"]["reflector"].startswith(
        "tiny, q8_0, "
    )
    rows = {"rules", "oracle", "generative", GENERATIVE.nobodys, GENERATIVE.anothers, "edit, before", "edit after generative"}
    crossed = {f"generative, {who}" for who in ("right profile, another's texts", "another's profile, right texts")}
    closed = figures["restore"]["distance closed"]
    assert rows | crossed | {"generative over edit, before"} <= set(closed)
    assert not any(name.startswith("edit, right") or name.startswith("edit over") for name in closed)
    assert closed["generative"] == [0.0, 0.0, 0.0] != closed["edit after generative"]
    assert closed["edit after generative"] == closed["edit, before"]  # the model wrote nothing
    assert figures["llm-drafts"]["drafts"]["drafts with a window of which no rewrite could be read"]["generative"] == [1.0, 1.0, 1.0]
    told = {GENERATIVE.nobodys, GENERATIVE.anothers, "generative"}
    assert {name for row in figures["transfer"].values() for name in row} == {"texts", "rules", OVER, *told}
    assert {"generative", GENERATIVE.anothers, GENERATIVE.row(preferences.NO_HISTORY)} <= set(figures["preferences"]["fidelity"])
    assert told < set(figures["llm-drafts"]["drafts"]["fidelity"])
    assert "generative over edit, before" in figures["llm-drafts"]["attribution"]["named the user"]
    assert (tmp_path / "gain-by-author.png").exists() and (tmp_path / "distance-by-feature.png").exists()


def test_a_checkpoint_says_what_its_export_says(tmp_path):
    from export.formats import gguf

    folder = network(tmp_path, silent=False)
    gguf.write(folder, folder / "model.gguf", "f16")
    for prompt in ("It's boat", "Café — “boat” 🙂"):
        one, other = (
            "".join(piece.text for piece in runtime.generate(prompt, Options(tokens=24, stop=(END,))))
            for runtime in (causal.TorchRuntime(folder), GgufRuntime.open(folder / "model.gguf", threads=1))
        )
        assert one.rstrip("\ufffd") == other.rstrip("\ufffd") != ""  # of a character that was cut off, each has its own idea


def test_a_checkpoint_is_known_by_its_files(checkpoint, model):
    assert reflectors.kind(checkpoint) == reflectors.kind(model) == "generative" and reflectors.kind(MODEL) == "edit"
    assert reflectors.named(checkpoint).startswith("checkpoint ") and reflectors.named(model).startswith("tiny, ")
    seen = reflectors.load(checkpoint).reflect(Window(FLAT, 0), Evidence(), material.nobody().profile)
    assert not seen.edits and "not a reflection" in seen.observations[0].action


def parts(prompt):
    """Profile, and what stands between it and the draft."""
    before, draft = prompt.removesuffix(REFLECT).rsplit(DRAFT, 1)
    profile, _, texts = before.partition(HISTORY)
    return profile, texts, draft


def answer(prompt):
    """Contracts "it is" where boats are in the texts that are shown, "do not" where the profile says so."""
    profile, texts, draft = parts(prompt)
    if "boat" in texts:
        draft = draft.replace("It is", "It's")
    if "contracted 100%" in profile:
        draft = draft.replace("do not", "don't")
    return complete((), draft)


@pytest.fixture
def prompts(model, monkeypatch):
    """What the reflector was asked, which `answer` answers."""
    asked = []

    def answered(prompt):
        asked.append(prompt)
        return answer(prompt)

    def loaded(folder):
        return GenerativeReflector(EchoRuntime(answered), ReflectorInfo("echo"))

    monkeypatch.setitem(reflectors.KINDS, "generative", replace(reflectors.KINDS["generative"], exported=loaded, polished=False))
    material.start(model)
    return asked


@pytest.fixture(scope="module")
def ground():
    rows = [{"author": name, "source": "letters", "text": text} for name, texts in TEXTS.items() for text in texts]
    found = Material(
        [ROW], [*rows, {"author": "anna", "source": "letters", "text": TARGET}], [ANYBODYS], queries={ANYBODYS: "Where is it?"}
    )
    with ThreadPoolExecutor(1) as pool:
        yield Ground(found, pool, GENERATIVE, 2, 4)


def test_each_control_is_told_what_its_name_says(prompts, ground):
    anna, bert = ground.people["anna"], ground.people["bert"]
    with library(anna, reads=True) as own, library(bert, reads=True) as others:
        mine = own.memory(without=TARGET)
        outputs = restoration._outputs(ROW, mine.known(FLAT), mine, others.memory())
        moved, _ = transfer._outputs(FLAT, mine, others.memory())
    assert outputs["generative"] == moved["generative"] == TARGET
    for name in (GENERATIVE.anothers, GENERATIVE.nobodys):
        assert outputs[name] == FLAT
    assert moved[GENERATIVE.anothers] == moved[GENERATIVE.nobodys] == FLAT
    assert outputs["generative, right profile, another's texts"] == FLAT.replace("do not", "don't")
    assert outputs["generative, another's profile, right texts"] == FLAT.replace("It is", "It's")
    asked = [parts(prompt)[1] for prompt in prompts]
    assert not any("walrus" in texts for texts in asked)  # the text that the draft was made of
    assert not any("boat" in texts and "horse" in texts for texts in asked)
    assert {texts.count(HISTORY) + bool(texts) for texts in asked} == {0, 8}


def test_right_history_closes_what_anothers_does_not(prompts, ground):
    figures = restoration.restoration(ground).figures["distance closed"]
    assert figures["generative"] == figures["generative over generative, another user's history"] == (1.0, 1.0, 1.0)
    assert figures["generative, another user's history"].mean == 0
    assert 0 < figures["generative over generative, right profile, another's texts"].mean < 1
    by_size = sizes._by_size((ground.people["anna"], ground.people["bert"], [ROW]))
    gained = {key: pairs[0][0] / pairs[0][1] for key, pairs in by_size.items()}
    assert gained["all", "right"] == 1 and gained["all", "another's"] == 0 < gained["1", "right"]
    assert "1" in {str(parts(prompt)[1].count(HISTORY) + 1) for prompt in prompts if "boat" in parts(prompt)[1]}


def test_texts_of_the_user_come_with_every_draft(prompts, ground):
    task, *again = drafts.tasks_of(ground)
    assert [other.draft for other in again] == [task.draft] * (ground.drafts - 1)  # there is but one
    assert task.known.evidence.query == "Where is it?" == task.theirs.evidence.query and len(task.known.evidence.items) == 8
    other = next(name for name in TEXTS if name != task.name)
    assert {item.text for item in task.theirs.evidence.items} <= {*ground.people[other].texts} and task.theirs.runs == ground.people[
        other
    ].runs()
    assert {item.text for item in task.known.evidence.items} <= {*ground.people[task.name].texts}
    people = [ground.people[name] for name in ("bert", "anna", "bert")]
    found = known(ground, [Asked(person, ANYBODYS, query) for person, query in zip(people, [None, "Where?", None], strict=True)])
    assert [of.evidence.query for of in found] == [None, "Where?", None]
    for person, of in zip(people, found, strict=True):
        assert of.runs == person.runs() and {item.text for item in of.evidence.items} <= {*person.texts}
    told, edits = material.told(ANYBODYS, found[1])
    assert told == "It's cold. We don't mind." and {number for edit in edits for number in edit.evidence} == {*found[1].evidence.ids}
    assert QUERY in prompts[-1]


def test_a_real_draft_is_rewritten_by_whoevers_history_the_column_says(prompts, ground):
    tasks = drafts.tasks_of(ground)
    anna = next(task for task in tasks if task.name == "anna")
    found = drafts._draft(anna)
    assert found["generative"].text == "It's cold. We don't mind." and found["generative"].edits
    for name in (GENERATIVE.nobodys, GENERATIVE.anothers, drafts.UNCHANGED):
        assert found[name].text == ANYBODYS and found[name].before == found[name].after == found["generative"].before
    asked = [parts(prompt)[:2] for prompt in prompts]
    assert [("boat" in texts, "horse" in texts) for _, texts in asked].count((True, False)) == 1
    assert any(QUERY in profile and not texts for profile, texts in asked)  # no history: the query alone
    assert found["generative"].after["contraction"][0] < found["generative"].before["contraction"][0]


def test_what_is_stated_is_told_with_anothers_history_too(prompts, ground):
    task = next(preferences._tasks(ground))
    assert task.theirs.profile.preferences == task.known.profile.preferences != {}
    assert task.theirs.profile.habits != task.known.profile.habits
    scores, _ = preferences._scored(task)
    assert set(scores) >= {"generative", GENERATIVE.anothers, GENERATIVE.row(preferences.NO_HISTORY)}


def test_nothing_is_retrieved_for_who_reads_nothing(ground):
    with library(ground.people["anna"], reads=False) as texts:
        known = texts.memory(without=TARGET).known(FLAT)
    assert known.evidence == Evidence() and known.profile == ground.people["anna"].profile(TARGET)


def test_as_many_texts_as_the_pipeline_takes():
    k = [inspect.signature(step).parameters["k"].default for step in (Personalizer.rewrite, retrieve)]
    assert k == [8, 8]


def test_one_reflector_after_another(ground):
    known = Known(ground.people["anna"].profile(), set())
    first = GenerativeReflector(EchoRuntime(lambda prompt: complete((), parts(prompt)[2].replace("It is", "It's"))), ReflectorInfo("echo"))
    second = GenerativeReflector(
        EchoRuntime(lambda prompt: complete((), parts(prompt)[2].replace("do not", "don't"))), ReflectorInfo("echo")
    )
    assert rewritten(reflectors.Chain(first, second), f"{FLAT}\n\n{FLAT}", *known)[0] == f"{TARGET}\n\n{TARGET}"
    assert rewritten(reflectors.Chain(first, first), FLAT, *known)[0] == FLAT.replace("It is", "It's")


def test_a_prompt_is_answered_once():
    asked = []
    runtime = causal.Remembered(EchoRuntime(lambda prompt: asked.append(prompt) or prompt[::-1]))
    for prompt in ("one", "two", "one"):
        assert "".join(piece.text for piece in runtime.generate(prompt, Options())) == prompt[::-1]
    assert asked == ["one", "two"] and runtime.count("one") == 3


def test_titles_are_asked_with_the_authors_papers_or_anothers(prompts):
    import random

    rows = list(papers(random.Random(1)))
    with ThreadPoolExecutor(1) as pool:
        found = titles.titles(Ground(Material([], [], [], rows), pool, GENERATIVE, 2, 9))
    assert {"generative", GENERATIVE.anothers, GENERATIVE.over(GENERATIVE.anothers), titles.LAST_TITLE} <= set(found.figures["ROUGE-1"])
    title_of = {row["text"]: row["title"] for row in rows}
    author_of = {row["text"]: row["author"] for row in rows}
    shown = []
    for prompt in prompts:
        profile, texts, draft = parts(prompt)
        history, _, query = texts.partition(QUERY) if texts else ("", "", profile.partition(QUERY)[2])
        assert query == titles.ASKED and draft in title_of
        items = [item.split("\n\n") for item in history.split(HISTORY) if item]
        assert all(title_of[text] == title for title, text in items)
        shown.append({author_of[text] == author_of[draft] for _, text in items})
    assert shown == [set(), {False}, {True}] * 9
