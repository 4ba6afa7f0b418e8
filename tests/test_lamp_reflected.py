"""LaMP's questions put to a reflector: as trajectories to train on, and as questions to predict."""

import json
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("datasets")
pytest.importorskip("jsonschema")

from rpo_edge.edits import apply
from rpo_edge.errors import InputError
from rpo_edge.manifest import embedded
from rpo_edge.prompt import DRAFT, HISTORY, QUERY, complete
from rpo_edge.records import ReflectorInfo
from rpo_edge.reflectors.generative import GenerativeReflector
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.runtimes.echo import EchoRuntime
from training import data, lamp, trajectories
from training.lamp import layout
from training.lamp.posed import FIRST, parted, posed, read_lines
from training.lamp.predict import Predictor
from training.trajectories.files import read, read_authors

TEXT = "We do not know how bread is baked. It is late on Mill Lane, and nobody has told us more than that."
PROFILE = [
    {"id": "1", "abstract": "We don't mind loaves, it's fine.", "title": "Minding loaves"},
    {"id": "2", "abstract": "It's late. We can't wait.", "title": "Waiting"},
]
QUESTIONS = [
    {"id": "a", "input": f"Generate a title for the following abstract of a paper: {TEXT}", "profile": PROFILE},
    {"id": "b", "input": "Generate a title for the following abstract of a paper: Snow falls.", "profile": PROFILE[:1]},
    {"id": "c", "input": "Generate a title for the following abstract of a paper: Ice melts.", "profile": []},
]
OUTPUTS = {"task": "LaMP_5", "golds": [{"id": key, "output": text} for key, text in (("a", "Late bread"), ("b", "Snow"), ("c", "Ice"))]}
OPENING = "We do not know how bread is baked. It is"


@pytest.fixture
def files(tmp_path) -> Path:
    """Official files of a small task, and the lines made of them."""
    (tmp_path / "train_questions.json").write_text(json.dumps(QUESTIONS), "utf-8")
    (tmp_path / "outputs.json").write_text(json.dumps(OUTPUTS), "utf-8")
    lamp.main(["convert", *(str(tmp_path / name) for name in ("train_questions.json", "outputs.json", "lines.jsonl"))])
    return tmp_path


def built(folder: Path, **options):
    out = folder / "trajectories"
    trajectories.write({"split": "train", "build": [{"builder": "lamp", "path": str(folder / "lines.jsonl")} | options]}, [], out)
    return list(read(out)), {author.name: author for author in read_authors(out)}


# how a question is put


@pytest.mark.parametrize(
    ("task", "query", "asked", "text"),
    [
        ("LaMP-1", 'Which reference is related? [1]: "A" [2]: "B"', None, 'Which reference is related? [1]: "A" [2]: "B"'),
        ("LaMP-2", "Which tag? tags: [classic, comedy] description: A heist: it fails.", "Which tag? tags: [classic, comedy] description:", "A heist: it fails."),
        ("LaMP-2", "Which category? categories: [crime] article: Snow.", "Which category? categories: [crime] article:", "Snow."),
        ("LaMP-3", "What is the score of the following review? review: It broke.", "What is the score of the following review? review:", "It broke."),
        ("LaMP-4", "Generate a headline for the following article: One\n\ntwo: three", "Generate a headline for the following article:", "One\n\ntwo: three"),
        ("LaMP-7", "Paraphrase the following tweet without any explanation before or after it: so late", "Paraphrase the following tweet without any explanation before or after it:", "so late"),
        ("pairs-title", "Write the title of the paper with this abstract: Abstract: we count.", "Write the title of the paper with this abstract:", "Abstract: we count."),
        ("LongLaMP-reviews", "Write a review: of this", None, "Write a review: of this"),
    ],
)  # fmt: skip
def test_a_question_is_parted_from_its_text(task, query, asked, text):
    assert parted(task, query) == (asked, text)


def test_a_teachers_draft_comes_first_and_names_its_model():
    line = {"id": "1", "task": "LaMP-1", "query": "Which?", "draft": "[1]", "teacher": "m", "history": []}
    assert posed(line, "opening") == posed(line, "text") and posed(line, "text").model == "m" and posed(line, "text").query == "Which?"


def test_labels_have_no_opening_but_may_be_asked_about_their_text():
    line = {"id": "7", "task": "LaMP-3", "query": "Which score? review: It broke.", "draft": None, "history": []}
    with pytest.raises(ValueError, match=r"question '7': LaMP-3 needs drafts; `python -m training teacher answers`"):
        posed(line, "opening")
    assert posed(line, "text").draft == "It broke."
    with pytest.raises(ValueError, match="form of a draft"):
        posed(line, "title")


def test_what_is_no_line_is_refused_by_its_place(files):
    path = files / "lines.jsonl"
    path.write_text(path.read_text("utf-8") + '{"id": "d", "query": "?", "gold": "a", "task": "LaMP-5", "history": [{}]}\n', "utf-8")
    with pytest.raises(ValueError, match=r"lines\.jsonl, line 4: no question"):
        list(read_lines(path))


# trajectories


def test_lines_become_trajectories_with_an_opening_as_the_draft(files):
    rows, people = built(files, licence="mine")
    first, second = rows
    assert (first.draft, first.rewrite, first.query, first.model) == (OPENING, "Late bread", QUESTIONS[0]["input"], "")
    assert len(OPENING.split()) == FIRST and apply(first.draft, first.edits) == first.rewrite
    assert people[first.author].texts == tuple(f"{item['title']}\n\n{item['abstract']}" for item in PROFILE)
    assert sorted(item.text for item in first.history) == sorted(people[first.author].texts) and first.seen == (0, 1)
    assert first.profile.habits["contraction:it's"].counts["contracted"] == 2 and first.licence == "mine" and first.builder == "lamp"
    assert (second.draft, second.rewrite, first.source) == ("Snow falls", "Snow", "LaMP-5")  # and "c", without a history, is none


def test_the_text_itself_may_be_the_draft(files):
    rows, _ = built(files, draft="text", questions=1)
    assert [(row.draft, row.query) for row in rows] == [(TEXT, QUESTIONS[0]["input"].removesuffix(f" {TEXT}"))]


def test_the_drafts_of_a_teacher_are_taken_and_its_model_is_counted(files):
    path = files / "lines.jsonl"
    lines = list(read_lines(path))
    drafts = [line | {"draft": f"On {n}", "teacher": "org/Some-7B"} for n, line in enumerate(lines)]
    path.write_text("".join(json.dumps(line) + "\n" for line in drafts), "utf-8")
    rows, _ = built(files)
    assert [(row.draft, row.model) for row in rows] == [("On 0", "Some-7B"), ("On 1", "Some-7B")]
    assert json.loads((files / "trajectories" / "trajectories.json").read_text("utf-8"))["models"] == {"Some-7B": 2}


def test_tweets_are_drafts_of_the_model_that_put_them_in_other_words(files):
    line = {"id": "1", "task": "LaMP-7", "gold": "so late lol", "draft": None, "history": [{"id": "2", "text": "lol"}]}
    line["query"] = "Paraphrase the following tweet without any explanation before or after it: I am quite late."
    (files / "lines.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    ((row,), _) = built(files)
    assert (row.draft, row.rewrite, row.model) == ("I am quite late.", "so late lol", "gpt-3.5-turbo")


@pytest.mark.parametrize(
    ("options", "message"), [({"split": "dev"}, "of the split train, and dev"), ({"draft": "title"}, "form of a draft")]
)
def test_lines_of_another_split_or_form_are_refused(files, options, message):
    with pytest.raises(ValueError, match=message):
        built(files, **options)


def test_own_files_need_no_research_data(files, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "SHARED", tmp_path / "nowhere")
    recipe = tmp_path / "recipe.toml"
    part = f'[[trajectories.build]]\nbuilder = "lamp"\npath = "{files / "lines.jsonl"}"\n'
    recipe.write_text(f'[trajectories]\nsplit = "train"\n{part}', "utf-8")
    trajectories.main(["build", str(tmp_path / "out"), "--recipe", str(recipe)])
    assert (tmp_path / "out" / "trajectories.json").exists()
    recipe.write_text(f'[trajectories]\nsplit = "train"\n{part}[[trajectories.build]]\nbuilder = "neutralise"\n', "utf-8")
    with pytest.raises(InputError, match="research data is not here"):
        trajectories.main(["build", str(tmp_path / "other"), "--recipe", str(recipe)])


def test_without_files_the_command_says_in_a_line_what_makes_them(tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('[trajectories]\nsplit = "none"\n[[trajectories.build]]\nbuilder = "lamp"\npath = "LaMP_4.jsonl"\n', "utf-8")
    with pytest.raises(SystemExit, match=r"error: there is no file LaMP_4\.jsonl; `python -m training lamp convert`"):
        trajectories.main(["build", str(tmp_path / "out"), "--recipe", str(recipe)])
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not data.available(), reason="the research data is not here")
def test_files_of_lamps_form_go_the_whole_way(tmp_path):
    lamp.main(["pairs", str(tmp_path), "--least", "60"])
    lamp.main(["convert", *(str(tmp_path / name) for name in ("dev_questions.json", "dev_outputs.json", "lines.jsonl"))])
    rows, people = built(tmp_path, split="dev", questions=5)
    papers = {row["title"]: row for row in data.rows("pairs/arxiv", "dev")}
    assert len(rows) == 5
    for row in rows:
        paper = papers[row.rewrite]
        assert paper["text"].startswith(row.draft) and paper["text"] in row.query and len(row.seen) >= 60
        assert not any(paper["text"] in text for text in people[row.author].texts) and len(row.history) == 8


# predictions


def wrote(prompt: str) -> str:
    return complete((), f"Bread,\nby {prompt.count(HISTORY)}")


def test_a_generative_reflector_is_asked_about_the_text_with_the_papers_under_their_titles(files):
    asked = []
    line = next(read_lines(files / "lines.jsonl"))
    with closing(
        GenerativeReflector(EchoRuntime(lambda prompt: asked.append(prompt) or wrote(prompt)), ReflectorInfo("echo"))
    ) as reflector:
        assert Predictor(reflector, "generative", "text").answer(line) == "Bread, by 2"
    (prompt,) = asked
    assert prompt.partition(DRAFT)[2].startswith(TEXT) and prompt.partition(QUERY)[2].startswith("Generate a title")
    assert "Waiting\n\nIt's late." in prompt


def test_another_reflector_rewrites_the_draft_under_the_guard(files):
    line = next(read_lines(files / "lines.jsonl")) | {"draft": "It is late. We do not mind.", "teacher": "m"}
    line["history"] = [{"id": str(n), "text": f"It's {n}. We don't mind, it's {n}."} for n in range(30)]
    assert Predictor(RulesReflector(), "rules", "opening").answer(line) == "It's late. We don't mind."
    assert Predictor(RulesReflector(), "rules", "opening").answer(line | {"history": []}) == line["draft"]


def test_predictions_are_files_that_score_reads(files, capsys):
    if not embedded():
        pytest.skip("no model is embedded")
    predictions = files / "predictions.json"
    lamp.main(["predict", str(files / "train_questions.json"), str(predictions), "--task", "LaMP_5"])
    found = layout.read_outputs(predictions)
    assert found.task == "LaMP_5" and list(found.answers) == ["a", "b", "c"] and found.answers["c"] == "Ice melts"
    assert "3 predictions of LaMP_5 by edit" in capsys.readouterr().out
    lamp.main(["score", str(predictions), str(files / "outputs.json")])
    shown = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert 0.3 < float(shown["rouge-1"]) < 1 and shown.keys() == {"rouge-1", "rouge-L"}
    of_questions = predictions.read_bytes()
    lamp.main(["predict", str(files / "lines.jsonl"), str(predictions)])
    assert predictions.read_bytes() == of_questions


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([], "--task LaMP-4"),
        (["--task", "LaMP_6"], "no metrics for the task"),
        (["--task", "LaMP_3"], "needs drafts"),
        (["--task", "LaMP_5", "--reflector", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_predicted_is_refused_in_a_line(files, more, message):
    with pytest.raises(SystemExit, match=f"error: .*{message}"):
        lamp.main(["predict", str(files / "train_questions.json"), str(files / "out.json"), *more])
    assert not (files / "out.json").exists()
