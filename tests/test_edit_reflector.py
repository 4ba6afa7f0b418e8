"""The edit reflector around its encoder: rates, evidence, preferences, frozen spans, long texts. The encoder here is a table."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rpo_edge
from rpo_edge import History, Personalizer
from rpo_edge.edits import apply, disjoint
from rpo_edge.errors import ReflectorError
from rpo_edge.operations import Operation, Vocabulary
from rpo_edge.records import Evidence, Habit, HistoryItem, ReflectorInfo, StyleProfile
from rpo_edge.reflectors.base import Window
from rpo_edge.reflectors.chunks import LONGEST, chunks, shape
from rpo_edge.reflectors.edit import EditReflector, Heads
from rpo_edge.usage import COLUMNS, WORDS, Usage, family
from rpo_edge.wordpiece import WordPiece

OPERATIONS = [
    Operation(False, "do not", "don't"),
    Operation(False, "utilize", "use"),
    Operation(False, "", "really "),
    Operation(True, ".", "!"),
]
PAIRS = {"don't": "do not", "it's": "it is", "you've": "you have", "you're": "you are"}
VOCABULARY = Vocabulary(OPERATIONS)
TOKENIZER = WordPiece(["[UNK]", "[CLS]", "[SEP]", "we", "do", "not", "utilize", "it", ".", "!"])
KINDS = len(Usage(VOCABULARY).families)
HEADS = Heads(
    np.zeros((4, COLUMNS)), np.zeros((4, KINDS)), np.zeros((COLUMNS, 2)), np.zeros(2), np.zeros(2), np.ones(()), np.ones(4), np.zeros(())
)


def reflector(*logits: float) -> EditReflector:
    """One whose encoder gives each operation the same logit everywhere."""

    def encoder(ids, mask, shapes):
        assert ids.shape == mask.shape == shapes.shape and ids.shape[1] <= LONGEST
        return np.broadcast_to(np.array([0.0, *logits]), (*ids.shape, 5))

    return EditReflector(encoder, VOCABULARY, HEADS, TOKENIZER, ReflectorInfo("test"))


def profile(preferences=None, **counts: float) -> StyleProfile:
    named = {name.replace("_", " ").replace("dont", "don't"): n for name, n in counts.items()}
    shown = {side: (1, 2) for side, n in named.items() if n}
    return StyleProfile({"sides": Habit("sides", {WORDS: 500.0, **named}, shown), **contractions(named)}, preferences or {})


def contractions(counts: Mapping[str, float]) -> dict[str, Habit]:
    """What the history would say of places that could be either way."""
    found = {short: {"contracted": counts.get(short, 0.0), "expanded": counts.get(long, 0.0)} for short, long in PAIRS.items()}
    return {f"contraction:{short}": Habit(f"contraction:{short}", of) for short, of in found.items()}


def logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


NEVER = -9.0


@pytest.mark.parametrize(("rate", "changed"), [(0.62, 5), (0.9, 7), (0.3, 2), (0.1, 0), (0.999, 8)])
def test_a_habit_is_applied_at_its_rate(rate, changed):
    draft = "We do not utilize it. " * 8
    reflection = reflector(logit(rate), NEVER, NEVER, NEVER).reflect(Window(draft, 0), Evidence(), profile(dont=7))
    assert apply(draft, reflection.edits).count("don't") == changed


@pytest.mark.parametrize(("contracted", "expanded", "changed"), [(7, 0, 2), (8, 0, 8), (8, 1, 2), (19, 1, 8), (18, 1, 2)])
def test_a_settled_habit_leaves_no_place_the_other_way(contracted, expanded, changed):
    draft = "We do not utilize it. " * 8
    given = profile(dont=contracted, **({"do_not": expanded} if expanded else {}))
    reflection = reflector(logit(0.3), NEVER, NEVER, NEVER).reflect(Window(draft, 0), Evidence(), given)
    assert apply(draft, reflection.edits).count("don't") == changed


def test_same_window_same_edits_and_they_cite_items_that_show_the_side():
    evidence = Evidence((HistoryItem("I don't.", id=2),))
    draft = "We do not utilize it."
    first, second = (reflector(5, 5, NEVER, NEVER).reflect(Window(draft, 0), evidence, profile(dont=7, use=1)) for _ in range(2))
    assert first == second and apply(draft, first.edits) == "We don't use it."
    do_not, utilize = first.edits
    assert do_not.evidence == (2, 1) and "don't" in do_not.reason and utilize.evidence == (2, 1)  # the retrieved one first
    assert {observation.feature for observation in first.observations} == {"contraction", "register"}


def test_without_counts_the_encoder_is_not_asked():
    assert reflector(5, 5, 5, 5).reflect(Window("We do not.", 0), Evidence(), StyleProfile()).edits == ()


def test_frozen_spans_stay():
    draft = "We `do not` utilize it."
    reflection = reflector(5, 5, 5, NEVER).reflect(Window(draft, 0, frozen=((3, 11, "code"),)), Evidence(), profile(dont=7, use=2))
    assert "`do not`" in apply(draft, reflection.edits) and reflection.edits


def test_what_the_user_stated_outranks_the_encoder():
    draft = "We do not utilize it. It is cold today."
    given = profile({"contractions": "never", "exclamation": "never"}, dont=7, use=2)
    assert (
        apply(draft, reflector(5, 5, NEVER, 5).reflect(Window(draft, 0), Evidence(), given).edits) == "We do not use it. It is cold today."
    )
    given = profile({"contractions": "always"}, dont=7)
    assert (
        apply(draft, reflector(NEVER, NEVER, NEVER, NEVER).reflect(Window(draft, 0), Evidence(), given).edits)
        == "We don't utilize it. It's cold today."
    )


def test_what_is_stated_of_emoji_and_bold_is_no_matter_of_how_sentences_begin():
    given = profile({"emoji": "never", "bold": "never", "stock_phrases": "drop"}, dont=7)
    edits = reflector(5, NEVER, NEVER, NEVER).reflect(Window("Do not go. It is cold 🙂 today.", 0), Evidence(), given).edits
    assert [edit.after for edit in edits] == ["Don't", ""]


def test_apostrophes_are_of_the_users_kind():
    given = profile(dont=7)
    curly = StyleProfile({**given.habits, "apostrophe": Habit("apostrophe", {"curly": 9.0})})
    edits = reflector(5, NEVER, NEVER, NEVER).reflect(Window("We do not.", 0), Evidence(), curly).edits
    assert [edit.after for edit in edits] == ["don’t"]


def test_a_formal_letter_keeps_its_apostrophes():
    """Who leaves them out in chats writes "don't" to an office."""
    bare = StyleProfile({**profile(dont=7).habits, "apostrophe": Habit("apostrophe", {"none": 9.0})})
    for draft, formal, rewrite in [
        ("We do not.", False, "We dont."),
        ("We do not.", True, "We don't."),
        ("We’ve come. We do not.", True, "We’ve come. We don’t."),
    ]:
        edits = reflector(5, NEVER, NEVER, NEVER).reflect(Window(draft, 0, formal=formal), Evidence(), bare).edits
        assert apply(draft, edits) == rewrite


def test_long_windows_are_read_in_runs_of_sentences():
    text = "We do not utilize it. " * 60 + "We " + "do not " * 200
    found = list(chunks(text, TOKENIZER))
    assert len(found) > 2 and max(len(chunk.ids) for chunk in found) <= LONGEST
    assert "".join(chunk.text for chunk in found) == text
    assert all(text.startswith(chunk.text, chunk.start) for chunk in found)
    edits = reflector(5, NEVER, NEVER, NEVER).reflect(Window(text, 0), Evidence(), profile(dont=7)).edits
    assert len(edits) >= 60 and disjoint(edits) == list(edits)


def remembering(asked: list[list[int]], *logits: float) -> EditReflector:
    """One whose encoder gives each operation the same logit everywhere, and keeps the ids of what it reads."""

    def encoder(ids, mask, shapes):
        asked.append([int(i) for i in ids[0]])
        return np.broadcast_to(np.array([0.0, *logits]), (*ids.shape, 5))

    return EditReflector(encoder, VOCABULARY, HEADS, TOKENIZER, ReflectorInfo("test"))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("We do. It is cold. It is not so.", []),
        ("We do. We do not. It is cold.", ["We do not. "]),
        ("We do not. It is cold. We utilize it.", ["We do not. ", "We utilize it."]),
        ("It is. We do not. We do not. It is.", ["We do not. We do not. "]),
        ("It is cold. " * 90 + "We do not. " + "It is cold. " * 90, ["We do not. "]),
    ],
)
def test_sentences_where_nothing_can_change_are_not_read(text, read):
    asked: list[list[int]] = []
    edits = remembering(asked, 5, 5, 5, NEVER).reflect(Window(text, 0), Evidence(), profile(dont=7, use=2, really=90)).edits
    assert asked == [chunk.ids for part in read for chunk in chunks(part, TOKENIZER)]
    assert bool(edits) == bool(read)


def test_what_the_user_would_not_write_is_no_reason_to_read():
    asked: list[list[int]] = []
    editor = remembering(asked, 5, 5, NEVER, NEVER)
    assert not editor.reflect(Window("We utilize it.", 0), Evidence(), profile(dont=7)).edits and not asked  # never "use"
    assert not editor.reflect(Window("We do not.", 0), Evidence(), profile(do_not=7)).edits and not asked
    frozen = Window("We `do not` go.", 0, frozen=((3, 11, "code"),))
    assert not editor.reflect(frozen, Evidence(), profile(dont=7)).edits and not asked


def test_whatever_could_be_put_in_anywhere_is_not():
    asked: list[list[int]] = []
    assert not remembering(asked, NEVER, NEVER, 9, NEVER).reflect(Window("We do it.", 0), Evidence(), profile(really=90)).edits
    assert not asked


@pytest.mark.parametrize(("closed", "told"), [(True, "the model is closed"), (False, "the model failed")])
def test_what_fails_while_it_reads_leaves_the_draft(tmp_path, closed, told):
    def encoder(ids, mask, shapes):
        raise ReflectorError("the model failed")

    editor = EditReflector(encoder, VOCABULARY, HEADS, TOKENIZER, ReflectorInfo("test"))
    with History.open(tmp_path / "history.db") as history:
        history.add("I don't know. We don't.")
        if closed:
            editor.close()
        rewrite = Personalizer(history, editor).rewrite("We do not utilize it, and it is cold.")
    assert rewrite.failed and rewrite.text == "We do not utilize it, and it is cold." and rewrite.notices == (told,)


def test_an_operation_that_is_not_allowed_is_not_used():
    heads = replace(HEADS, allowed=np.array([0.0, 1, 1, 1]))
    editor = EditReflector(lambda ids, *_: np.full((*ids.shape, 5), 5.0), VOCABULARY, heads, TOKENIZER, ReflectorInfo("test"))
    edits = editor.reflect(Window("We do not utilize it.", 0), Evidence(), profile(dont=7, use=2)).edits
    assert not any("n't" in edit.after for edit in edits) and any(edit.after == "use" for edit in edits)


CERTAIN = Vocabulary(
    [
        Operation(False, "it is", "it's"),
        Operation(False, "you have", "you've"),
        Operation(False, "you are", "you're"),
        Operation(False, "it's", "it is"),
        Operation(False, "you're", "you are"),
        Operation(False, "difficult", "hard"),
        Operation(False, "perhaps", "maybe"),
        Operation(False, "thus,", "so", initial=True),
        Operation(False, "", "so ", initial=True),
        Operation(False, "afterwards,", "then", initial=True),
        Operation(False, "must", "have to"),
        Operation(False, "very", "really"),
        Operation(True, "", ",", following="but"),
        Operation(True, "", ",", following="that"),
        Operation(True, "", ",", following="and"),
        Operation(True, ",", "", following="when"),
        Operation(True, "", ","),
    ]
)


def certain(draft: str, counts: dict[str, float], habits: dict[str, Habit] | None = None) -> str:
    """What an encoder that is sure of every operation makes of a draft."""
    n, kinds = len(CERTAIN.operations), len(Usage(CERTAIN).families)
    heads = replace(HEADS, own=np.zeros((n, COLUMNS)), families=np.zeros((n, kinds)), allowed=np.ones(n))
    editor = EditReflector(lambda ids, *_: np.full((*ids.shape, n + 1), 9.0), CERTAIN, heads, TOKENIZER, ReflectorInfo("test"))
    known = StyleProfile({"sides": Habit("sides", {WORDS: 500.0, **counts}), **contractions(counts), **(habits or {})})
    return apply(draft, editor.reflect(Window(draft, 0), Evidence(), known).edits)


@pytest.mark.parametrize(
    ("draft", "rewrite"),
    [
        ("Yes, it is. It is, now, cold.", None),
        ("See how it is in May.", None),
        ("If you have time, go.", None),
        ("Since you have been here, it is cold.", "Since you've been here, it's cold."),
        ("It's been cold. It's cold.", "It's been cold. It is cold."),
        ("It was the most difficult one.", None),
        ("That was difficult.", "That was hard."),
    ],
)
def test_what_is_no_english_in_a_place_is_not_put_there(draft, rewrite):
    """The encoder would: grammar is asked of `rules`. A made-up vocabulary does one of a pair only."""
    counts = {"it's": 9.0, "hard": 9.0, "it is": 9.0, "you've": 9.0}
    assert certain(draft, counts) == (rewrite or draft)


@pytest.mark.parametrize(
    ("counts", "free", "rewrite"),
    [
        ({"it's": 9, "you are": 2}, 2, None),
        ({"it's": 9, "you are": 9}, 0, None),  # "see where you are" and its like
        ({"it's": 9, "you are": 4}, 4, "Since you are here, we go."),
        ({"it is": 9, "you are": 1}, 1, "Since you are here, we go."),
        ({"it is": 9, "you are": 1}, 0, "Since you are here, we go."),
        ({"it is": 9}, 0, "Since you are here, we go."),
        ({"it is": 9, "you're": 2}, 0, None),
    ],
)
def test_against_the_kind_a_user_must_be_seen_to_choose_the_other_form_often(counts, free, rewrite):
    own = {"contraction:you're": Habit("contraction:you're", {"expanded": free, "contracted": counts.get("you're", 0)})}
    assert certain("Since you're here, we go.", counts, own) == (rewrite or "Since you're here, we go.")


def test_who_writes_ur_gets_it_and_no_contraction():
    ur = {"shorthand:your": Habit("shorthand:your", {"ur": 9.0}), "you_are": Habit("you_are", {"ur": 9.0})}
    draft = "You have been here. You are late."
    assert certain(draft, {"you've": 9.0, "you're": 9.0}) == "You've been here. You're late."
    assert certain(draft, {"you've": 9.0, "you're": 9.0}, ur) == "You've been here. Ur late."


def test_nothing_is_put_in_that_the_user_was_never_seen_to_write():
    draft = "Perhaps we can. We should, perhaps."
    assert certain(draft, {}) == certain(draft, {"perhaps": 3}) == draft
    assert certain(draft, {"maybe": 1}) == certain(draft, {"maybe": 1, "perhaps": 3}) == "Maybe we can. We should, maybe."


@pytest.mark.parametrize(("shown", "rewrite"), [("^ so", "So it goes."), ("^ but", None), ("^ and", None), ("so", None)])
def test_only_who_begins_sentences_with_so_may_begin_them_with_it(shown, rewrite):
    assert certain("Thus, it goes.", {shown: 2}) == (rewrite or "Thus, it goes.")


def test_who_was_never_seen_to_begin_with_a_word_gets_none_for_others_of_its_kind():
    assert certain("Thus, it goes. Afterwards, it went.", {"^ so": 9}) == "So it goes. Afterwards, it went."


@pytest.mark.parametrize(
    ("draft", "rewrite"),
    [
        ("Thus, it goes. Thus, we go.", "So it goes. Thus, we go."),
        ("Thus, it goes. We go. Thus, they go.", "So it goes. We go. So they go."),
        ("So we go. Thus, it goes.", None),
        ("Thus, it goes.\n\nSo, we go.", None),
        ("Thus, it goes. Some of us go.", "So it goes. Some of us go."),
    ],
)
def test_no_two_neighbours_come_to_begin_with_one_opener(draft, rewrite):
    assert certain(draft, {"^ so": 9}) == (rewrite or draft)


def test_a_word_that_joins_is_put_nowhere():
    assert certain("We can. We can — now.", {"^ so": 5.0}) == "We can. We can — now."


@pytest.mark.parametrize(
    ("draft", "rewrite"),
    [
        ("The snow was deep and it was cold.", "The snow was deep, and it was cold."),
        ("The snow was deep and the road was closed.", "The snow was deep, and the road was closed."),
        ("Delilah and Stacy laughed.", None),
        ("He saw the snow and the road.", None),
        ("Both the snow and the ice fell and.", None),
        ("It snowed all day but the road was open.", "It snowed all day, but the road was open."),
        ("Here is a firm but polite letter, short but to the point. They left but came back.", None),
    ],
)
def test_a_comma_before_and_or_but_stands_before_a_clause_alone(draft, rewrite):
    assert certain(draft, {", and": 9.0, ", but": 9.0}) == (rewrite or draft)


@pytest.mark.parametrize(
    ("draft", "rewrite"),
    [
        ("We laughed, when it rained.", "We laughed when it rained."),
        ("The road is long, when it rains.", "The road is long when it rains."),
        ("The list is made once, when it is called.", None),
        ("It rose in 2022, when it rained. It rose in the 1990s, when we left.", None),
        ("We met in June, when it rained. We met on Fridays, when we could.", None),
        ("It was a great war (1962), when many left. It was at ten, when we left.", None),
        ("We met that day, when it rained. We laughed then, when it rained.", None),
    ],
)
def test_a_comma_before_when_stays_behind_a_time(draft, rewrite):
    assert certain(draft, {"when": 9.0}) == (rewrite or draft)


@pytest.mark.parametrize(
    ("draft", "rewrite"),
    [
        ("I cannot but agree. I can but try. It is all but done.", None),
        ("The snow was deep but it was warm.", "The snow was deep, but it was warm."),
        ("Not that we know. Now that it rains, so that we stay.", None),
        ("Very well, we go. It was very very good, of very low density.", None),
        ("It was very good and very low.", "It was really good and really low."),
        ("I must say so. You must keep it safe.", None),
        ("We must go.", "We have to go."),
    ],
)
def test_set_phrases_stay(draft, rewrite):
    counts = {", but": 9.0, ", that": 9.0, "really": 9.0, "have to": 9.0}
    habits = {"obligation": Habit("obligation", {"have to": 9.0})}
    assert certain(draft, counts, habits) == (rewrite or draft)


def test_where_neither_way_was_seen_the_reason_tells_of_its_kind():
    n = len(CERTAIN.operations)
    heads = replace(HEADS, own=np.zeros((n, COLUMNS)), families=np.zeros((n, len(Usage(CERTAIN).families))), allowed=np.ones(n))
    editor = EditReflector(lambda ids, *_: np.full((*ids.shape, n + 1), 9.0), CERTAIN, heads, TOKENIZER, ReflectorInfo("test"))
    known = StyleProfile({"sides": Habit("sides", {WORDS: 500.0, "it's": 4.0})})
    (edit,) = editor.reflect(Window("You have been here.", 0), Evidence(), known).edits
    assert edit.reason == "contractions: you write neither \"you've\" nor 'you have', but of this kind 4 places so and 0 otherwise"


def test_shapes():
    assert [shape(word) for word in ("we", "We", "WE", "iPod", "I", "3")] == [0, 1, 2, 2, 1, 0]


def test_the_families_of_the_embedded_model_are_those_it_was_trained_with():
    operations = Vocabulary.load(Path(rpo_edge.__file__).parent / "models" / "edit" / "operations.json").operations
    names = "\n".join(f"{op.before}>{op.after} {family(op)}" for op in operations)
    assert hashlib.sha256(names.encode()).hexdigest()[:16] == "fae0a79cffa71309"
