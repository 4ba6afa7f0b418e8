"""From a teacher behind an endpoint to shards of trajectories: drafts, reflections, and answers to LaMP's questions."""

import json

import pytest

pytest.importorskip("httpx")
pytest.importorskip("datasets")
pytest.importorskip("jsonschema")

from test_endpoint import Server, chat, formal

from rpo_edge.edits import apply
from rpo_edge.records import Observation
from rpo_edge.steps.observe import observe
from training import trajectories
from training.trajectories import teacher
from training.trajectories.base import Author
from training.trajectories.files import read, read_authors

REFLECTION = "contraction: written out | contracts | expanded > contracted"
SAID = Observation("contraction", "written out", "contracts", "expanded > contracted")
TEXTS = [
    {"text": f"hello there, don't take road number {i}, it's closed", "author": name, "source": "letters", "licence": "CC0-1.0"}
    for i, name in enumerate("aaabbc")
]
SPOILT = "hello there, don't take road number 1, it's closed"


def drafted(n: int, body: dict):
    """Formal drafts; of one text a draft with another number, which the guard's filter drops."""
    if "road number 1," in body["messages"][0]["content"]:
        return chat("Hello there. Do not take road number 7. It is closed.")
    return formal(n, body)


def written(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def taught(task, source, out, reply, model="org/Some-7B"):
    with Server(reply) as server:
        teacher.main(
            [task, str(source), str(out), "--endpoint", server.url, "--model", model, "--per-minute", "60000", "--concurrency", "1"]
        )
        return server


@pytest.fixture
def drafts(tmp_path):
    taught("drafts", written(tmp_path / "in.jsonl", TEXTS), tmp_path / "drafts.jsonl", drafted)
    return tmp_path / "drafts.jsonl"


def built(folder, people=(), **options):
    trajectories.write({"split": "train", "build": [{"builder": "teacher"} | options]}, list(people), folder)
    return list(read(folder)), {author.name: author for author in read_authors(folder)}


def test_from_an_endpoint_to_a_shard(drafts, tmp_path):
    rows, people = built(tmp_path / "out", drafts=str(drafts), texts=str(tmp_path / "in.jsonl"))
    # "c" has one text alone; of "a" the spoilt draft was dropped, but the text is part of the history.
    assert [(row.author, row.rewrite) for row in rows] == [
        (t["author"], t["text"]) for t in TEXTS if t["author"] != "c" and t["text"] != SPOILT
    ]
    assert set(people) == {"a", "b"} and {*people["a"].texts} == {row["text"] for row in TEXTS[:3]}
    for row in rows:
        assert row.draft == row.rewrite.replace("don't", "do not").replace("it's", "it is") != row.rewrite == apply(row.draft, row.edits)
        assert (row.builder, row.model, row.source, row.licence, row.split) == ("teacher", "Some-7B", "letters", "CC0-1.0", "train")
        shown = {people[row.author].texts[i] for i in row.seen}
        assert shown and row.rewrite not in shown and {item.text for item in row.history} == shown
        assert row.observations == observe(row.draft, row.rewrite, row.profile) != ()
    facts = json.loads((tmp_path / "out" / "trajectories.json").read_text("utf-8"))
    assert facts["models"] == {"Some-7B": 4} and facts["trajectories"] == {"teacher": 4}


def test_the_same_files_give_the_same_bytes(drafts, tmp_path):
    for name in ("one", "other"):
        built(tmp_path / name, drafts=str(drafts))
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 3 and all((tmp_path / "one" / n).read_bytes() == (tmp_path / "other" / n).read_bytes() for n in names)


def test_a_teachers_reflection_stands_for_the_computed_one(drafts, tmp_path):
    reflections = tmp_path / "reflections.jsonl"
    server = taught("reflections", drafts, reflections, lambda n, body: chat(REFLECTION if n % 2 else "I would say so."), "another")
    rows, _ = built(tmp_path / "out", drafts=str(drafts), reflections=str(reflections))
    reflected = {row["text"] for row in map(json.loads, reflections.read_text("utf-8").splitlines())}
    assert len(server.requests) == 5 and len(reflected) == 2
    for row in rows:
        assert row.observations == ((SAID,) if row.rewrite in reflected else observe(row.draft, row.rewrite, row.profile))
        assert row.model == "Some-7B"  # who wrote the draft, not the reflection
    assert {SAID} == {row.observations[0] for row in rows if row.rewrite in reflected}


def test_an_author_of_the_research_data_has_all_its_texts(drafts, tmp_path):
    known = Author("c", "letters", (TEXTS[5]["text"], "I've more to say, it's this."), "MIT")
    rows, people = built(tmp_path / "out", [known, Author("a", "elsewhere", ("no",))], drafts=str(drafts))
    assert people["c"] == known and [row.licence for row in rows if row.author == "c"] == ["MIT"]
    assert "no" not in people["a"].texts


def test_rows_of_another_split_are_left_and_none_at_all_is_an_error(drafts, tmp_path):
    rows = [json.loads(line) | {"split": "dev"} for line in drafts.read_text("utf-8").splitlines()]
    written(drafts, rows)
    with pytest.raises(ValueError, match="no draft of the split train"):
        built(tmp_path / "out", drafts=str(drafts))
    assert len(built(tmp_path / "out", drafts=str(drafts), split="dev")[0]) == 4


def test_a_row_without_an_author_is_refused_by_its_line(drafts, tmp_path, capsys):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f'[trajectories]\nsplit = "none"\n[[trajectories.build]]\nbuilder = "teacher"\ndrafts = "{drafts}"\n', "utf-8")
    with drafts.open("a") as file:
        file.write('{"text": "a", "draft": "b", "teacher": "m"}\n')
    with pytest.raises(SystemExit, match=r"error: .*line 6 needs text, draft, teacher, author"):
        trajectories.main(["build", str(tmp_path / "out"), "--recipe", str(recipe)])


def test_answers_to_questions_are_drafts_of_lamps_trajectories(tmp_path):
    lines = [
        {"id": key, "query": f"Which one is it, {key}? [1] or [2]", "history": [{"id": "1", "text": "We count."}], "gold": "[2]"}
        for key in ("a", "b", "c")
    ]
    source = written(tmp_path / "lines.jsonl", [line | {"task": "LaMP-1", "draft": None, "split": "train"} for line in lines])
    refusing = ", b?"

    def reply(n: int, body: dict):
        asked = body["messages"][0]["content"]
        assert asked in {line["query"] for line in lines}
        return chat("I'm sorry, but I cannot help with that." if refusing in asked else "[1]")

    taught("answers", source, tmp_path / "answered.jsonl", reply)
    part = {"builder": "lamp", "path": str(tmp_path / "answered.jsonl")}
    trajectories.write({"split": "train", "build": [part]}, [], tmp_path / "out")
    found = [(row.author, row.query, row.draft, row.rewrite, row.model) for row in read(tmp_path / "out")]
    assert found == [(f"LaMP-1 {line['id']}", line["query"], "[1]", "[2]", "Some-7B") for line in lines if line["id"] != "b"]
