"""LaMP's files, metrics, rows and reward, on texts of our own."""

import json
import math
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import data, lamp
from training.lamp import convert, layout, metrics
from training.rewards.base import Rollout
from training.rewards.task import task

QUESTIONS = [
    {
        "id": "310",
        "input": "Write a headline for this article: The bakery on Mill Lane opens an hour later in winter.",
        "profile": [
            {"id": "3100", "text": "The bridge is shut until the paint is dry.", "title": "Mind the paint", "date": "2014-03-02"},
            {"id": "3101", "text": "Ducks have moved into the fountain.", "title": "New tenants"},
            {"id": "3102", "text": " ", "title": "Nothing"},
        ],
    },
    {"id": "311", "input": "Write a headline for this article: Snow.", "profile": []},
]
OUTPUTS = {"task": "LaMP_4", "golds": [{"id": "311", "output": "Snow at last"}, {"id": "310", "output": "Late loaves on Mill Lane"}]}


def written(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def outputs(name: str, *texts: str) -> layout.Outputs:
    return layout.Outputs(name, {str(n): text for n, text in enumerate(texts)})


# layout


def test_questions_and_outputs_are_read_and_written_alike(tmp_path):
    questions = layout.read_questions(written(tmp_path / "q.json", QUESTIONS))
    golds = layout.read_outputs(written(tmp_path / "o.json", OUTPUTS))
    assert questions[0].profile[0] == layout.Item("3100", "The bridge is shut until the paint is dry.", "Mind the paint", "2014-03-02")
    assert questions[0].profile[1].date is None and questions[1].profile == ()
    layout.write_questions(tmp_path / "again.json", questions, layout.Fields())
    layout.write_outputs(tmp_path / "golds.json", golds)
    assert json.loads((tmp_path / "again.json").read_bytes()) == QUESTIONS
    assert json.loads((tmp_path / "golds.json").read_bytes()) == OUTPUTS


@pytest.mark.parametrize(
    ("item", "text", "label"),
    [
        ({"id": 7, "description": "A heist goes wrong.", "tag": "comedy", "date": "2009-01-01"}, "A heist goes wrong.", "comedy"),
        ({"id": "7", "text": "A fair.", "title": "Fair", "category": "travel", "date": 2012}, "A fair.", "travel"),
        ({"id": "7", "text": "It broke.", "score": 1}, "It broke.", "1"),
        ({"id": "7", "abstract": "We count.", "title": "Counting", "date": 2003}, "We count.", None),
    ],
)
def test_every_task_s_names_of_text_and_label_are_known(tmp_path, item, text, label):
    (question,) = layout.read_questions(written(tmp_path / "q.json", [{"id": 1, "input": "?", "profile": [item]}]))
    (read,) = question.profile
    assert (question.id, read.id, read.text, read.label) == ("1", "7", text, label)
    assert read.date == (str(item["date"]) if "date" in item else None)


def question(**changes: object) -> dict[str, object]:
    return {key: value for key, value in (QUESTIONS[0] | changes).items() if value is not None}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({}, "the questions are not a list"),
        ([3], "question 1: not an object"),
        ([question(), question(id=None)], "question 2: no 'id'"),
        ([question(id=True)], "question 1: 'id' is bool, not text"),
        ([question(input=None)], "question 1, id '310': no 'input'"),
        ([question(profile=None)], "id '310': the profile items are not a list"),
        ([question(profile=[{"id": "1", "text": "a"}, {"id": "2"}])], "id '310', profile item 2: one of text, abstract, description"),
        ([question(profile=[{"id": "1", "text": "a", "abstract": "b"}])], "profile item 1: one of text, .* there are text, abstract"),
        ([question(profile=[{"id": "1", "text": "a", "title": []}])], "profile item 1: 'title' is list, not text"),
        ([question(), question()], "question 2: the id '310' is there already"),
    ],
)
def test_an_error_in_questions_names_file_and_place(tmp_path, rows, message):
    with pytest.raises(ValueError, match=rf"q\.json: .*{message}"):
        layout.read_questions(written(tmp_path / "q.json", rows))


@pytest.mark.parametrize(
    ("whole", "message"),
    [
        ([], 'not an object with "task" and "golds"'),
        ({"golds": []}, "no 'task'"),
        ({"task": "LaMP_4"}, "the golds are not a list"),
        ({"task": "LaMP_4", "golds": [{"id": "1", "output": None}]}, "gold 1: 'output' is NoneType, not text"),
        ({"task": "LaMP_4", "golds": [{"id": "1", "output": "a"}] * 2}, "gold 2: the id '1' is there already"),
    ],
)
def test_an_error_in_outputs_names_file_and_place(tmp_path, whole, message):
    with pytest.raises(ValueError, match=rf"o\.json: .*{message}"):
        layout.read_outputs(written(tmp_path / "o.json", whole))


@pytest.mark.parametrize("content", [b"<html>", b'[{"id": "1"', b'"\xff"', b""])
def test_what_is_no_json_is_said_to_be_none(tmp_path, content):
    (tmp_path / "q.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"q\.json: not JSON"):
        layout.read_questions(tmp_path / "q.json")


# metrics, by hand


def test_accuracy_and_macro_f1():
    """[1]: 1 of 2 found, 1 of 2 right: 1/2. [2]: 1 of 2 found, 1 of 1 right: 2/3. "neither" is wrong, and no label's false positive."""
    found = metrics.score(outputs("LaMP_1", "[1]", " [1]\n", "[2]", "neither"), outputs("LaMP_1", "[1]", "[2]", "[2]", "[1]"))
    assert found["accuracy"] == 2 / 4 and found["f1"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert metrics.score(outputs("LaMP-1", "[1]", "x"), outputs("LaMP_1", "[1]", "[2]")) == {"accuracy": 0.5, "f1": 0.5}


def test_a_label_that_nobody_uses_counts_as_nothing():
    found = metrics.score(outputs("LaMP_2", "comedy", "comedy"), outputs("LaMP_2", "comedy", "comedy"))
    assert found == {"accuracy": 1, "f1": pytest.approx(1 / 15)}


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "neither"]), st.sampled_from(["a", "b"])), min_size=1))
def test_macro_f1_is_the_mean_of_harmonic_means_of_precision_and_recall(pairs):
    given_, golds = zip(*pairs, strict=True)
    each = []
    for label in ("a", "b", "c"):
        hits = pairs.count((label, label))
        precision, recall = (hits / max(1, texts.count(label)) for texts in (given_, golds))
        each.append(2 * precision * recall / (precision + recall) if hits else 0)
    assert metrics.label_scores(given_, golds, ("a", "b", "c"))["f1"] == pytest.approx(sum(each) / 3)


def test_the_two_tasks_of_the_name_lamp_2_are_told_apart_by_their_golds():
    assert len(metrics.TAGS) == len(metrics.CATEGORIES) == 15 and not set(metrics.TAGS) & set(metrics.CATEGORIES)
    assert metrics.labels_of("LaMP-2", ["comedy", "violence"]) == metrics.TAGS
    assert metrics.labels_of("LaMP-2", ["crime"]) == metrics.CATEGORIES
    with pytest.raises(ValueError, match="the gold 'crime' is no label of LaMP-2"):
        metrics.labels_of("LaMP-2", ["comedy", "crime", "classic"])


@pytest.mark.parametrize(
    ("text", "gold", "error"),
    [
        ("4", "4", 0),
        (" 4.0\n", "4", 0),
        ("2", "5", 3),
        ("9", "5", 4),
        ("good", "5", 4),
        ("good", "4", 3),
        ("", "3", 2),
        ("", "2", 3),
        ("4 stars", "1", 4),
        ("nan", "1", 4),
        ("-inf", "1", 4),
    ],
)
def test_a_rating_that_cannot_be_read_is_at_the_farther_end(text, gold, error):
    assert metrics.score(outputs("LaMP_3", text), outputs("LaMP_3", gold)) == {"MAE": error, "RMSE": error}


def test_mae_and_rmse():
    found = metrics.score(outputs("LaMP_3", "1", "4", "none"), outputs("LaMP_3", "1", "2", "5"))
    assert found == {"MAE": pytest.approx(6 / 3), "RMSE": pytest.approx(math.sqrt((0 + 4 + 16) / 3))}
    with pytest.raises(ValueError, match="the gold 'five' is no rating"):
        metrics.score(outputs("LaMP_3", "1"), outputs("LaMP_3", "five"))


@pytest.mark.parametrize(
    ("text", "gold", "one", "longest"),
    [
        ("Late loaves", "late LOAVES!", 1, 1),
        ("loaves late", "late loaves", 1, 1 / 2),
        ("the cat sat", "the cat the mat", 2 * 2 / 7, 2 * 2 / 7),
        ("the the the", "the cat", 2 * 1 / 5, 2 * 1 / 5),
        ("running", "runs", 0, 0),  # no stemming
        ("don't", "don t", 1, 1),
        ("", "late loaves", 0, 0),
        ("...", "...", 0, 0),
        ("ü", "ü", 0, 0),
    ],
)
def test_rouge(text, gold, one, longest):
    assert metrics.rouge(text, gold) == (pytest.approx(one), pytest.approx(longest))


def test_the_score_of_texts_is_the_mean_whatever_the_order():
    golds = outputs("LaMP_7", "a b", "c d")
    predictions = layout.Outputs("LaMP-7", {"1": "c x", "0": "b a"})
    assert metrics.score(predictions, golds) == {"rouge-1": pytest.approx(3 / 4), "rouge-L": pytest.approx(1 / 2)}


@pytest.mark.parametrize(
    ("predictions", "golds", "message"),
    [
        (outputs("LaMP_4", "a"), outputs("LaMP_5", "a"), "predictions are of the task 'LaMP_4', golds of 'LaMP_5'"),
        (outputs("LaMP_4", "a"), outputs("LaMP_4", "a", "b"), "1 ids of the golds are not in the predictions, the first is '1'"),
        (outputs("LaMP_4", "a", "b"), outputs("LaMP_4", "a"), "1 ids of the predictions are not in the golds"),
        (outputs("LaMP_4"), outputs("LaMP_4"), "no golds"),
        (outputs("LaMP_6", "a"), outputs("LaMP_6", "a"), "no metrics for the task 'LaMP_6'"),
    ],
)
def test_what_cannot_be_scored_is_refused(predictions, golds, message):
    with pytest.raises(ValueError, match=message):
        metrics.score(predictions, golds)


# the reward


@pytest.mark.parametrize(
    ("name", "rewrite", "gold", "reward"),
    [
        ("LaMP-1", "[2]\n", "[2]", 1),
        ("LaMP-1", "The answer is [2]", "[2]", 0),
        ("LaMP_2", "dark comedy", "comedy", 0),
        ("LaMP-3", "4", "4", 1),
        ("LaMP-3", "3", "5", 1 / 2),
        ("LaMP-3", "9", "1", 0),
        ("LaMP-3", "fine", "3", 0),
        ("LaMP-3", "nan", "3", 0),
        ("LaMP-3", None, "3", 0),
        ("LaMP-5", None, "Counting", 0),
        (None, "Counting", "Counting", None),
        ("LaMP-5", "Counting", None, None),
        (None, None, None, None),
    ],
)
def test_the_reward_of_a_task(name, rewrite, gold, reward):
    assert task([Rollout("a draft", rewrite, gold=gold, task=name)]) == [reward]


def test_the_reward_of_a_text_is_rouge_1():
    rollouts = [
        Rollout("", text, gold="counting sheep", task=name) for name in ("LaMP-4", "pairs-title") for text in ("sheep counting", "sheep")
    ]
    assert task(rollouts) == [1, pytest.approx(2 / 3)] * 2


def test_an_unknown_task_is_no_silent_zero():
    with pytest.raises(ValueError, match="LaMP-6"):
        task([Rollout("", "a", gold="a", task="LaMP-6")])


@given(st.text(), st.integers(1, 5))
def test_a_reward_is_within_its_bounds(text, gold):
    (reward,) = task([Rollout("", text, gold=str(gold), task="LaMP-3")])
    assert 0 <= reward <= 1


# conversion


def test_a_line_has_query_history_gold_task_and_no_draft(tmp_path, capsys):
    paths = [written(tmp_path / "q.json", QUESTIONS), written(tmp_path / "o.json", OUTPUTS), tmp_path / "out.jsonl"]
    lamp.main(["convert", *map(str, paths)])
    first, second = map(json.loads, paths[2].read_text("utf-8").splitlines())
    assert first == {
        "id": "310",
        "query": QUESTIONS[0]["input"],
        "history": QUESTIONS[0]["profile"][:2],
        "gold": "Late loaves on Mill Lane",
        "task": "LaMP-4",
        "draft": None,
    }
    assert second["history"] == [] and second["gold"] == "Snow at last"
    assert capsys.readouterr().out == "2 questions of LaMP-4, 2 texts\n"


def test_questions_without_an_output_are_refused_in_one_line(tmp_path):
    paths = [written(tmp_path / "q.json", QUESTIONS[:1]), written(tmp_path / "o.json", OUTPUTS), tmp_path / "out.jsonl"]
    with pytest.raises(SystemExit, match="error: 1 ids of the outputs are not in the questions, the first is '311'"):
        lamp.main(["convert", *map(str, paths)])
    assert not paths[2].exists()


def test_score_prints_the_metrics(tmp_path, capsys):
    golds = written(tmp_path / "o.json", {"task": "LaMP_3", "golds": [{"id": "1", "output": "5"}]})
    predictions = written(tmp_path / "p.json", {"task": "LaMP_3", "golds": [{"id": "1", "output": 3}]})
    lamp.main(["score", str(predictions), str(golds)])
    assert capsys.readouterr().out == "MAE 2.0000\nRMSE 2.0000\n"


PAPERS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["2025-01-01", "2025-01-02", "2025-02-01", "2025-10-01"])), max_size=12
).map(lambda pairs: [{"author": a, "date": d, "title": f"title {n}", "text": f"text {n}"} for n, (a, d) in enumerate(pairs)])


@given(PAPERS, st.integers(1, 3), st.randoms(use_true_random=False))
def test_a_profile_has_all_earlier_papers_of_the_same_author_alone(rows, least, rng):
    questions, golds = convert.title_questions(rows, least)
    by_title = {row["title"]: row for row in rows}
    for question in questions:
        target = by_title[golds.answers[question.id]]
        earlier = {row["title"] for row in rows if row["author"] == target["author"] and row["date"] < target["date"]}
        assert {item.title for item in question.profile} == earlier and len(earlier) >= least
        assert target["text"] in question.input and question.id not in {item.id for item in question.profile}
    shuffled = rng.sample(rows, len(rows))
    assert convert.title_questions(shuffled, least) == (questions, golds)


def test_pairs_are_files_of_lamp_s_form_but_not_lamp_and_of_dev_alone(tmp_path):
    if not data.available():
        pytest.skip("the research data is not there")
    lamp.main(["pairs", str(tmp_path), "--least", "40"])
    questions = layout.read_questions(tmp_path / "dev_questions.json")
    golds = layout.read_outputs(tmp_path / "dev_outputs.json")
    dev = {row["title"]: row for row in data.rows("pairs/arxiv", "dev")}
    assert golds.task == "pairs-title" and golds.answers.keys() == {question.id for question in questions}
    assert len(questions) > 50 and set(golds.answers.values()) <= dev.keys()
    for question in random.Random(0).sample(questions, 50):
        assert len(question.profile) >= 40
        target = dev[golds.answers[question.id]]
        assert all(dev[item.title]["author"] == target["author"] and item.date < target["date"] for item in question.profile)
        assert all(item.text != target["text"] for item in question.profile)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dev_outputs.json", "dev_questions.json"]
    row = next(convert.lines(questions, golds))
    assert row["task"] == "pairs-title" and {"id", "text", "title", "date"} == row["history"][0].keys()


# LongLaMP

LONG = {
    "LongLaMP-abstracts": {
        "name": "A",
        "profile": [{"id": "7", "title": "T", "abstract": "We swim.", "year": 2001}, {"title": "U", "abstract": ""}],
    },
    "LongLaMP-topics": {"author": "a", "profile": [{"content": "We swim.", "summary": "T"}]},
    "LongLaMP-reviews": {"reviewerId": "a", "profile": [{"reviewText": "We swim.", "summary": "T", "overall": "5.0", "description": "-"}]},
}


@pytest.mark.parametrize("name", LONG)
def test_a_file_of_longlamp_becomes_lines(tmp_path, capsys, name):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = [LONG[name] | {"input": f"Question {i}", "output": "We swim far."} for i in range(70)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "val.parquet")
    lamp.main(["long", str(tmp_path / "val.parquet"), str(tmp_path / "out.jsonl")])
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert capsys.readouterr().out == f"70 questions of {name}, 70 texts\n" and len({line["id"] for line in lines}) == 70
    line = lines[69]
    assert (line["query"], line["gold"], line["task"], line["draft"]) == ("Question 69", "We swim far.", name, None)
    (item,) = line["history"]
    assert item["text"] == "We swim." and item["title"] == "T" and {item.get("date"), item.get("label")} <= {"2001", "5.0", None}
    assert task([Rollout("", "we swim", gold=line["gold"], task=line["task"])]) == [pytest.approx(4 / 5)]


def test_what_is_not_longlamp_is_refused_in_a_line(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.Table.from_pylist([{"input": "a", "output": "b"}]), tmp_path / "other.parquet")
    (tmp_path / "text.parquet").write_text("no parquet", "utf-8")
    for name, what in (("other", "none of LongLaMP's"), ("text", "no parquet file"), ("nowhere", "nowhere")):
        with pytest.raises(SystemExit, match=what):
            lamp.main(["long", str(tmp_path / f"{name}.parquet"), str(tmp_path / "out.jsonl")])
