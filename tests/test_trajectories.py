"""Trajectories: the same every time, honest about what may be seen, and built from train and dev rows only."""

import json
import os
import random
import tomllib
from collections import Counter
from dataclasses import replace
from operator import neg
from pathlib import Path

import pytest

pytest.importorskip("datasets")
pytest.importorskip("jsonschema")

from jsonschema import ValidationError

from rpo_edge.edits import apply
from rpo_edge.prompt import AROUND, CONTEXT, Around, complete, parse, render
from rpo_edge.records import Edit, Habit, HistoryItem, StyleProfile
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.observe import observe
from rpo_edge.steps.profile import measure
from training import data, makers, processes, trajectories
from training.recipe import RECIPES
from training.trajectories import neutralise
from training.trajectories.base import LONGEST, Author, Trajectory, excerpt, passage
from training.trajectories.files import SHARD, UNWRITTEN, Writer, as_row, from_line, from_row, read, read_authors, table
from training.trajectories.neutralise import HELD_OUT, NEUTRALISERS
from training.trajectories.persona import ALL, Options, _habits

needs_data = pytest.mark.skipif(not data.available(), reason="the research data is not here")
RECIPE = {"split": "dev", "build": [{"builder": "neutralise", "texts": 2}, {"builder": "persona", "texts": 8, "features": "all"}]}
EXAMPLE = Trajectory(
    draft="It is late.",
    rewrite="It's late.\u2028",
    profile=StyleProfile({"contraction:it's": Habit("contraction:it's", {"contracted": 9.0})}, {"emoji": "never"}, 2, 40),
    observations=observe("It is late.", "It's late.", StyleProfile()),
    edits=(Edit(2, 5, " is", "'s", "align"), Edit(11, 11, "", "\u2028", "align")),
    history=(HistoryItem("It's me.", "letters", id=4),),
    seen=(1, 4),
    query=None,
    author="anna",
    source="letters",
    licence="CC0-1.0",
    split="train",
    builder="neutralise:spoken",
    before="It was early.",
    after="It is dark.",
    model="Phi-3-mini-128k-instruct",
)


def parts(path):
    return tomllib.loads(path.read_text("utf-8")).get("trajectories", {}).get("build", [])


def built(folder, recipe=RECIPE, authors=4):
    people = list(trajectories.authors(recipe["split"]))
    trajectories.write(recipe, people[:: len(people) // authors][:authors], folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return built(tmp_path_factory.mktemp("trajectories"))


def test_a_row_holds_the_whole_trajectory():
    assert from_row(json.loads(json.dumps(as_row(EXAMPLE)))) == EXAMPLE


def test_a_row_of_before_there_were_neighbours_and_models_has_none():
    row = {name: value for name, value in as_row(EXAMPLE).items() if name not in ("before", "after", "model")}
    assert from_row(row) == replace(EXAMPLE, before="", after="", model="")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("after", None),
        ("draft", ""),
        ("split", "all"),
        ("builder", "Neutralise"),
        ("seen", ["1"]),
        ("history", [{"id": 1}]),
        ("query", 3),
        ("licence", None),
        ("model", None),
    ],
)
def test_a_row_that_is_none_is_refused(name, value):
    with pytest.raises(ValidationError):
        from_row(as_row(EXAMPLE) | {name: value})


def test_a_row_with_more_or_less_is_refused():
    row = as_row(EXAMPLE)
    with pytest.raises(ValidationError):
        from_row(row | {"extra": 1})
    with pytest.raises(ValidationError):
        from_row({name: value for name, value in row.items() if name != "profile"})


def test_shards_are_read_as_one(tmp_path):
    writer = Writer(tmp_path, "trajectories", size=2)
    for _ in range(5):
        writer.add(as_row(EXAMPLE))
    writer.close()
    assert len(writer.shards) == 3 < SHARD and list(read(tmp_path)) == [EXAMPLE] * 5


def test_a_folder_without_trajectories_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="no trajectories"):
        next(read(tmp_path))


def numbered(folder, rows=60, size=10):
    writer = Writer(folder, "trajectories", size)
    for i in range(rows):
        writer.add(as_row(replace(EXAMPLE, author=str(i))))
    writer.close()
    return folder


def order(found) -> list[int]:
    return [int(t.author) for t in found]


def test_what_is_not_asked_for_is_not_read(tmp_path):
    """The last shard is none; who reads the first ones does not meet it."""
    shards = sorted(numbered(tmp_path).glob("*.gz"))
    shards[-1].write_bytes(b"no gzip")
    rows = iter(read(tmp_path))
    assert order(next(rows) for _ in range(45)) == list(range(45))
    with pytest.raises(Exception, match=r"(?i)gzip|dataset"):
        list(rows)


def test_lines_can_be_had_by_their_number(tmp_path):
    found = table(numbered(tmp_path), tmp_path / "cache")
    assert order(from_line(found[n]) for n in (59, 0, 31)) == [59, 0, 31] and len(found) == 60
    assert found.cache_files and all(
        Path(file["filename"]).is_relative_to(tmp_path) for file in found.cache_files
    )  # on the disk, where it was told
    with pytest.raises(FileNotFoundError, match="trajectories build"):
        table(tmp_path / "cache", tmp_path / "cache")


def test_work_on_many_rows_is_in_order_and_takes_few_of_them_at_once():
    taken = []

    def rows():
        for n in range(1000):
            taken.append(n)
            yield n

    with processes.pool() as pool:
        done = processes.over(pool, neg, rows(), chunk=2)
        assert next(done) == 0 and len(taken) <= 2 * 16 * 2 * os.cpu_count() < 1000
        assert [0, *done] == [-n for n in range(1000)] and list(processes.over(pool, neg, [])) == []


@pytest.mark.parametrize(
    "part",
    [
        {"builder": "none"},
        {"builder": "persona", "wit": 3},
        {"builder": "persona", "features": "some"},
        {"builder": "lamp"},
        {"builder": "lamp", "path": "nowhere.jsonl"},
        {"builder": "teacher", "drafts": "nowhere.jsonl"},
        {"builder": "neutralise", "neutralisers": ["spoken", "shouted"]},
        {"builder": "neutralise", "neutralisers": ["spoken", "formal"], "ways": 3},
    ],
)
def test_a_recipe_with_what_is_not_there_is_refused_before_anything_is_built(part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trajectories-00000.jsonl.gz").write_bytes(b"of before")
    with pytest.raises(
        ValueError, match=r"no builder|no such option|features is|no file nowhere.jsonl|no neutraliser is called shouted|ways is 3"
    ):
        trajectories.write({"split": "dev", "build": [{"builder": "neutralise"}, part]}, [], tmp_path)
    assert (tmp_path / "trajectories-00000.jsonl.gz").read_bytes() == b"of before"


def test_an_excerpt_is_a_passage_with_what_stands_next_to_it():
    text = " ".join(f"It is sentence {i} of the text, and we do not know more." for i in range(40))
    sides = set()
    for seed in range(30):
        found = excerpt(text, LONGEST, random.Random(seed))
        assert (
            found.text == passage(text, LONGEST, random.Random(seed)) and max(map(len, (found.around.before, found.around.after))) <= AROUND
        )
        assert " ".join(filter(None, (found.around.before, found.text, found.around.after))) in text
        sides.add((bool(found.around.before), bool(found.around.after)))
    assert sides >= {(True, True)} and excerpt("It is short.", LONGEST, random.Random(1)) == ("It is short.", Around())


@pytest.mark.parametrize("name", ["careless", "other", "generic", "random"])
def test_what_stands_around_a_passage_loses_what_the_passage_loses(name):
    """Else it would show what the author had there."""
    author = Author("anna", "letters", tuple(f"We don't mind the number {i}. " * 40 for i in range(30)))
    expanding = measure("We do not mind. " * 50)
    task = neutralise.Task(author, (), expanding, expanding, share=(0.4, 0.6))
    lost = set()
    for i, text in enumerate(author.texts):
        rng = random.Random(i)
        passage, around = excerpt(text, LONGEST, rng)
        around = neutralise._flattened(around, NEUTRALISERS[name], task, rng)
        shown = f"{around.before} {NEUTRALISERS[name](passage, task, rng)} {around.after}"
        assert ("don't" in shown) != ("do not" in shown)
        lost.add("do not" in shown)
    assert lost == {True, False}


@needs_data
def test_people_of_two_parts_are_told_apart(tmp_path, monkeypatch):
    """A trajectory says by number which texts it may show: of an author with two lists, one would be read for the other."""
    with pytest.raises(ValueError, match="personas of two parts are called 'persona'"):
        trajectories.write({"split": "dev", "build": [{"builder": "persona"}, {"builder": "persona", "noise": 0.5}]}, [], tmp_path)
    monkeypatch.setattr(data, "permitted", lambda split: iter([{"query": "", "response": "It is so.", "model": "mistral-7b"}]))
    people = [Author(name, "letters", tuple(f"I don't know {name}'s {i}." for i in range(9))) for name in ("anna", "ben")]
    two = [{"builder": "persona", "name": name, "texts": n} for name, n in (("one", 5), ("other", 9))]
    written = trajectories.write({"split": "dev", "build": two}, people, tmp_path / "personas")
    assert written.trajectories["persona"] == 4 and len(list(read_authors(tmp_path / "personas"))) == 4

    def built(*lists):
        parts = [[(Author("anna", "letters", texts), [{"builder": "none", "edits": [], "model": ""}])] for texts in lists]
        monkeypatch.setattr(trajectories, "build", lambda recipe, people, pool: (row for part in parts for row in part))
        trajectories.write({"split": "dev", "build": []}, [], tmp_path / "known")
        return [author.texts for author in read_authors(tmp_path / "known")]

    assert built(("one", "two", "three"), ("one", "two")) == built(("one", "two"), ("one", "two", "three")) == [("one", "two", "three")]
    with pytest.raises(ValueError, match=r"anna \(letters\) has other texts"):
        built(("one", "two"), ("two", "one"))


def test_the_command_builds_and_says_how_many(tmp_path, capsys):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('[trajectories]\nsplit = "dev"\n[[trajectories.build]]\nbuilder = "neutralise"\ntexts = 1\n', "utf-8")
    trajectories.main(["build", str(tmp_path / "out"), "--recipe", str(recipe), "--authors", "2"])
    facts = json.loads((tmp_path / "out" / "trajectories.json").read_text("utf-8"))
    assert facts["trajectories"] == {f"neutralise:{name}": 2 for name in sorted(NEUTRALISERS)} and len(facts["sha256"]) == 2
    assert facts["models"] == {UNWRITTEN: 2 * len(NEUTRALISERS)}
    shown = capsys.readouterr().out
    assert "2 trajectories by neutralise:formal" in shown and f"{2 * len(NEUTRALISERS)} drafts by {UNWRITTEN}" in shown


def test_the_recipes_that_ship_name_what_is_there():
    for path in RECIPES.glob("*.toml"):
        for part in parts(path):
            assert trajectories.BUILDERS[part.pop("builder")][1](**part)


@pytest.mark.parametrize("name", ["edit", "generative"])
def test_one_more_neutraliser_changes_no_recipe_that_ships(name, monkeypatch):
    """Else the next row of the table would change what a pinned recipe builds."""
    author = Author("anna", "letters", tuple(f"So we really don't need {i} of them, and I think it's big! " * 3 for i in range(6)))
    counts = measure("We do not need it; it is not large. " * 20)
    (part,) = (part for part in parts(RECIPES / f"{name}.toml") if part.pop("builder") == "neutralise")
    assert part["neutralisers"], "a recipe that names none has all that there are"
    options = neutralise.Options(**part)

    def flattened():
        return neutralise._neutralise((author, tuple(range(6)), author.texts, counts, options))

    before = flattened()
    assert len({pair.draft for pair in before}) > 6
    monkeypatch.setitem(NEUTRALISERS, "upper", lambda text, task, rng: text.upper())
    assert flattened() == before


@needs_data
def test_same_recipe_same_bytes(folder, tmp_path):
    built(tmp_path)
    names = [path.name for path in sorted(folder.iterdir())]
    assert len(names) == 3 and all((folder / name).read_bytes() == (tmp_path / name).read_bytes() for name in names)


@needs_data
def test_trajectories_lead_to_the_authors_words_and_show_only_what_may_be_seen(folder):
    people = {(author.name, author.source): author for author in read_authors(folder)}
    rows = list(read(folder))
    assert {row.builder for row in rows} == {f"neutralise:{name}" for name in NEUTRALISERS} | {"persona"} and set(NEUTRALISERS) > HELD_OUT
    for row in rows:
        texts = people[row.author, row.source].texts
        assert apply(row.draft, row.edits) == row.rewrite and row.seen
        assert all(item.id in row.seen and texts[item.id] == item.text for item in row.history)
        assert len(row.history) == min(8, len({texts[i] for i in row.seen}))
        if row.builder != "persona":
            assert any(row.rewrite in text for text in texts) and not any(row.rewrite in texts[i] for i in row.seen)
    for builder in {row.builder for row in rows}:
        assert any(row.edits for row in rows if row.builder == builder)
    assert any(row.observations for row in rows) and any(row.query for row in rows) and not all(row.edits for row in rows)


@needs_data
def test_every_trajectory_has_its_text(folder):
    for row in read(folder):
        assert parse(complete(row.observations, row.rewrite)) == (row.observations, row.rewrite)
        assert all(item.text[:40] in render(row.draft, row.profile, row.history) for item in row.history if "<|" not in item.text)


@needs_data
def test_what_stands_around_is_of_the_text_that_the_draft_is_of(folder):
    answers = [row["response"] for row in data.permitted("train")]
    rows = [row for row in read(folder) if row.before or row.after]
    assert {row.builder for row in rows} == {"persona"} | {f"neutralise:{name}" for name in NEUTRALISERS}
    for row in rows:
        prompt = render(row.draft, row.profile, row.history, row.query, Around(row.before, row.after))
        assert prompt.count(CONTEXT) == bool(row.before) + bool(row.after)
        if row.builder == "persona":
            assert any(all(part in answer for part in (row.before, row.draft, row.after)) for answer in answers)


@needs_data
def test_every_draft_says_which_model_wrote_it(folder):
    """And that is the one that wrote the answer which the draft is of."""
    answers = [(row["response"], makers.plain_name(row["model"])) for row in data.permitted("train")]
    rows = list(read(folder))
    for row in rows:
        assert row.model in {model for answer, model in answers if row.draft in answer} if row.builder == "persona" else not row.model
    counted = json.loads((folder / "trajectories.json").read_text("utf-8"))["models"]
    assert counted == Counter(row.model or UNWRITTEN for row in rows) and len(counted) > 3


@needs_data
def test_a_persona_can_do_without_a_model(tmp_path):
    built(tmp_path, {"split": "dev", "build": [{"builder": "persona", "texts": 3, "drafts": 30, "without": ["qwen", "phi"]}]}, 2)
    models = {row.model for row in read(tmp_path)}
    assert models and not any(model.lower().startswith(("qwen", "phi")) for model in models)


@needs_data
def test_the_rules_as_neutraliser_keep_frozen_spans(folder):
    for row in read(folder):
        if row.builder in ("neutralise:generic", "neutralise:other", "neutralise:random"):
            spans = [[text[s:e] for s, e, _ in freeze(text)] for text in (row.draft, row.rewrite)]
            assert spans[0] == spans[1]


@needs_data
def test_noise_puts_other_texts_into_a_personas_history(tmp_path):
    part = {"builder": "persona", "texts": 12, "drafts": 1}
    texts = []
    for name, noise in (("clean", 0.0), ("noisy", 0.9)):
        (tmp_path / name).mkdir()
        built(tmp_path / name, {"split": "dev", "build": [part | {"noise": noise}]})
        texts.append([author.texts for author in read_authors(tmp_path / name)])
    changed = [sum(a != b for a, b in zip(*pair, strict=True)) / len(pair[0]) for pair in zip(*texts, strict=True)]
    assert 0.05 < sum(changed) / len(changed) < 0.95


@needs_data
def test_summaries_become_abstracts_that_the_history_does_not_hold(tmp_path):
    built(tmp_path, {"split": "dev", "build": [{"builder": "pairs", "split": "dev", "authors": 6}]})
    people = {author.name: author.texts for author in read_authors(tmp_path)}
    rows = list(read(tmp_path))
    assert len(people) > 3 and {row.author for row in rows} == set(people) and {row.model for row in rows} == {"DeepSeek"}
    assert all(row.rewrite not in [people[row.author][i] for i in row.seen] and len(row.seen) >= 3 for row in rows)


@needs_data
def test_the_habits_of_personas_are_many():
    """Each contraction and each pair of words is one of its own; the rest are whole features."""
    rng = random.Random(1)
    people = list(trajectories.authors("dev"))[:6]
    habits = [set(_habits(author.texts[:40], Options(features="all"), rng)) for author in people]
    assert len(set.union(*habits)) > 80 and {key.partition(":")[0] for key in set.union(*habits)} <= set(ALL)
    assert sum(map(len, habits)) / len(habits) > 40


@needs_data
def test_only_makers_that_permit_it():
    models = {row["model"].lower() for row in data.permitted("train")}
    assert not any(name in model for model in models for name in ("gpt", "claude", "llama", "vicuna", "mixtral", "gemma", "palm", "mega"))
    assert any("mistral" in model for model in models) and any("pythia" in model for model in models)
    assert not any("deepseek" in model or "dolly" in model for model in models)
    assert not {row["query"] for row in data.permitted("train") if row["query"]} & {row["query"] for row in data.permitted("dev")}


@needs_data
def test_every_model_of_the_drafts_is_permitted_or_left_out_for_one_reason():
    models = {row["model"] for group in ("00", "extra") for path in data._paths(f"drafts/{group}") for row in data.read(path)}
    assert len(models) > 150
    for model in models:
        assert len(makers.reasons(model)) == (not makers.permitted(model)), model
    assert set(makers.PERMITTED) == {
        begins for begins in makers.PERMITTED if any(makers.plain_name(m).lower().startswith(begins) for m in models)
    }


def test_a_model_that_no_table_has_is_not_trained_on():
    assert not makers.permitted("somebody/New-7B") and makers.permitted("mistralai/Mistral-7B-Instruct-v0.1")
