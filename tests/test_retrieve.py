"""Retrieval: what is chosen and why, what must never be chosen, and the experiment that compares ways to choose."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpo_edge import History
from rpo_edge.pipeline import Personalizer
from rpo_edge.records import Habit, HistoryItem, ReflectorInfo, StyleProfile
from rpo_edge.reflectors.base import Reflection
from rpo_edge.steps.profile import measure
from rpo_edge.steps.retrieve import ALL, Mix, retrieve, wants

RELEVANCE = Mix(recency=False, coverage=False)
WORDS = ("boat", "rope", "sail", "harbour", "wind", "tide", "mast", "anchor")
STIFF = [f"The {word} does not move and it is not known why the {word} does not." for word in WORDS]
LOOSE = "I don't cook much. It isn't fun, and I won't pretend it's cheap, but we can't always go out and they don't deliver."
DRAFT = "The boat does not sail. It is not the wind. We do not know."


def in_memory(*texts: str) -> History:
    """A store of texts, the last of which is the newest."""
    history = History.open(Path(":memory:"), create=False)
    history.extend(HistoryItem(text) for text in texts)
    return history


def chosen(history: History, draft: str, k: int = 3, mix: Mix = ALL) -> list[str]:
    return [item.text for item in retrieve(history, draft, k=k, profile=history.profile(), mix=mix).items]


texts = st.lists(st.lists(st.sampled_from([*WORDS, "don't", "do not", "it is", "and", "but"]), min_size=1, max_size=9), max_size=12)
mixes = st.builds(Mix, st.booleans(), st.booleans(), st.booleans())


@settings(max_examples=20, deadline=None)
@given(texts, st.lists(st.sampled_from([*WORDS, "do not", "it is"]), max_size=12), st.integers(-1, 9), mixes)
def test_never_more_than_k_never_the_same_twice_always_the_same_choice(some, words, k, mix):
    draft = " ".join(words) + "."
    with in_memory(*(" ".join(text) for text in some)) as history:
        found = chosen(history, draft, k, mix)
        assert len(found) <= max(k, 0)
        assert len({text.lower() for text in found}) == len(found)
        assert chosen(history, draft, k, mix) == found
        assert all(f" {text} " not in f" {draft[:-1]} " for text in found if len(text.split()) > 5)


@pytest.mark.parametrize(
    "source", [DRAFT, f"Dear all. {DRAFT} Bye.", "sail. It is not the wind!", DRAFT.upper()], ids=["whole", "inside", "part", "case"]
)
@pytest.mark.parametrize("mix", [ALL, RELEVANCE, Mix(relevance=False, coverage=False), Mix(relevance=False, recency=False)])
def test_the_drafts_own_source_is_left_out(source, mix):
    with in_memory(*STIFF, source) as history:
        assert source not in chosen(history, DRAFT, len(STIFF) + 1, mix)


def test_the_same_words_from_two_places_are_shown_once():
    with in_memory(STIFF[0], *STIFF[1:]) as history:
        history.add(STIFF[0], source="elsewhere")
        assert len(history) == len(STIFF) + 1
        assert sorted(chosen(history, DRAFT, 99)) == sorted(STIFF)


def test_relevance_alone_is_the_search():
    with in_memory(*STIFF) as history:
        assert chosen(history, "Which anchor, which tide?", 2, RELEVANCE) == [item.text for item in history.search("which anchor tide", 2)]
        assert chosen(history, "zebra", 2, RELEVANCE) == []


def test_the_newest_fill_up_what_relevance_leaves():
    with in_memory(*STIFF) as history:
        assert chosen(history, "zebra giraffe", 3, Mix(coverage=False)) == STIFF[:-4:-1]
        assert set(STIFF[:2]) <= set(chosen(history, "boat rope", 3, Mix(coverage=False)))


def test_of_equally_near_items_the_newer_comes_first():
    with in_memory("A boat of ours.", "A boat of yours.") as history:
        assert chosen(history, "boat", 1, Mix(coverage=False)) == ["A boat of yours."]


def test_the_query_steers():
    with in_memory(*STIFF) as history:
        found = retrieve(history, "zebra", "the mast, please", 1, mix=RELEVANCE)
        assert [item.text for item in found.items] == [STIFF[6]]
        assert found.query == "the mast, please"


@pytest.mark.parametrize(("asked", "said"), [(3, 3), (450, 3), (450, 250), (3, 450), (450, 450), (250, 350)])
def test_query_and_draft_both_steer_however_long_they_are(asked, said):
    """The words that could find anything stand at the end of what is certain to be read: half of the words, or all of a shorter text."""
    question, draft = ([f"{letter}{n}" for n in range(min(number, 200) - 1)] for letter, number in (("q", asked), ("d", said)))
    query = " ".join([*question, "anchor", *(f"q{n}" for n in range(200, asked))])
    text = " ".join([*draft, "harbour", *(f"d{n}" for n in range(200, said))])
    with in_memory("The harbour is far.", "The anchor is old.", "A mast is high.") as history:
        assert {item.text for item in retrieve(history, text, query, 3, mix=RELEVANCE).items} == {
            "The harbour is far.",
            "The anchor is old.",
        }


def test_a_long_query_leaves_words_that_a_short_draft_does_not_need():
    with in_memory("The anchor is old.", "A mast is high.") as history:
        query = " ".join([*(f"q{n}" for n in range(390)), "anchor"])
        assert [item.text for item in retrieve(history, "It sails.", query, 3, mix=RELEVANCE).items] == ["The anchor is old."]


def test_what_shows_the_habit_comes_in_from_far():
    with in_memory(LOOSE, *STIFF) as history:
        assert LOOSE not in chosen(history, DRAFT, 3, Mix(coverage=False))
        assert LOOSE in chosen(history, DRAFT, 3)


def test_what_every_text_shows_takes_no_seat():
    everywhere = [text.replace("does not", "doesn't").replace("is not", "isn't") for text in STIFF]
    with in_memory(LOOSE, *everywhere) as history:
        assert LOOSE not in chosen(history, "The boat does not sail. The rope does not.", 3)


def test_items_together_show_more_than_the_best_ones_each():
    """Two that show contractions are no better than one; the one that begins with "But" is."""
    buts = "But it rained. But we ate. But it was late. But they sang. But she read. But he slept. But I left."
    twins = LOOSE, LOOSE.replace("cook", "read")
    with in_memory(buts, *twins, *STIFF * 2) as history:
        found = chosen(history, f"{DRAFT} However, the tide turns. However, it is late.", 3)
        assert buts in found
        assert len({*twins} & {*found}) == 1


def test_nothing_is_wanted_of_stated_preferences_or_rare_sights():
    with in_memory(LOOSE, *STIFF) as history:
        assert "contraction" in {want.key.partition(":")[0] for want in wants(DRAFT, history.profile())}
        history.set_preference("contractions", "always")
        assert "contraction" not in {want.key.partition(":")[0] for want in wants(DRAFT, history.profile())}
    with in_memory("I don't know.") as history:
        assert wants(DRAFT, history.profile()) == []


def test_wants_count_the_drafts_places():
    habit = Habit("contraction:do not", {"contracted": 9.0, "expanded": 1.0}, {"contracted": (7, 5), "expanded": (1,)})
    (want,) = [want for want in wants("We do not go. They don't stay.", StyleProfile({habit.feature: habit}, items=18), 2) if want.places]
    assert (want.variant, want.places, want.other, want.shown_by) == ("contracted", 2, 1, {7, 5})
    assert want.missed == pytest.approx(math.exp(-2 * 9 / 18))


def test_an_item_that_is_gone_since_the_profile_was_read_is_passed_over():
    with in_memory(LOOSE, *STIFF) as history:
        profile = history.profile()
        history.forget([1])
        assert 1 not in retrieve(history, DRAFT, k=3, profile=profile).ids


class Counting:
    """A store that counts the items it was asked for."""

    def __init__(self, history):
        self._history, self.asked = history, 0

    def search(self, query, k):
        self.asked += k
        return self._history.search(query, k)

    def recent(self, k):
        self.asked += k
        return self._history.recent(k)

    def get(self, number):
        self.asked += 1
        return self._history.get(number)


def test_of_a_large_store_and_a_long_draft_little_is_read(within):
    with in_memory(*(text.replace("why", f"{i}, why") for i in range(10) for text in (LOOSE, *STIFF))) as history:
        counting, profile = Counting(history), history.profile()
        with within(2.0):
            for _ in range(10):
                assert len(retrieve(counting, DRAFT * 4000, k=2, profile=profile).items) == 2
        assert counting.asked < 10 * 40 < 10 * len(history)


def test_the_pipeline_cites_what_the_mix_chose_first():
    old = "The boat doesn't sail and we don't know."
    with in_memory(old, *[LOOSE.replace("cook", verb) for verb in ("read", "paint")]) as history:
        draft = "The boat does not sail. We do not know. They do not care."
        first = {
            mix: {edit.evidence[0] for edit in Personalizer(history, "rules", mix).rewrite(draft, k=1).edits if edit.before == "do not"}
            for mix in (RELEVANCE, Mix(False, False, False))
        }
        assert first[RELEVANCE] == {1}
        assert 1 not in first[Mix(False, False, False)]


@pytest.mark.parametrize("cites", [False, True])
def test_texts_that_show_habits_are_looked_for_where_they_are_read(cites):
    seen: list[str] = []

    class Reader:
        info, counter = ReflectorInfo("reader"), None

        def reflect(self, window, evidence, profile):
            seen.extend(item.text for item in evidence.items)
            return Reflection()

    class Citing(Reader):
        cites_only = True

    with in_memory(LOOSE, *STIFF) as history:
        Personalizer(history, Citing() if cites else Reader()).rewrite(DRAFT, k=3)
    assert len(seen) == 3 and (LOOSE in seen) is not cites


# -- the experiment ----------------------------------------------------------------------------------------------------

retrieval = pytest.importorskip("training.retrieval")


def test_ranked_figures_of_a_list_that_was_computed_by_hand():
    found = retrieval.ranked([9, 1, 2, 8], {1, 8, 5})
    gain = (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3) + 1 / math.log2(4))
    assert found == pytest.approx({"recall@8": 2 / 3, "nDCG@8": gain, "reciprocal rank": 1 / 2})
    assert retrieval.ranked(list(range(20)), {19})["recall@8"] == 0
    assert retrieval.ranked(list(range(20)), set(range(20))) == pytest.approx(dict.fromkeys(retrieval.RANKED, 1.0))


def test_shown_counts_places_not_features():
    with in_memory(LOOSE, *STIFF) as history:
        wanted = wants(DRAFT, history.profile())
    loose, nothing = retrieval.shown(wanted, [measure(LOOSE)]), retrieval.shown(wanted, [])
    assert loose["shown, to change"] == (4.0, 4.0)
    assert nothing["shown"][0] == 0 < nothing["shown"][1] == loose["shown"][1]


def test_gold_is_of_titles_and_never_the_source():
    pytest.importorskip("sklearn")
    titles = ["Sailing the harbour", "Sailing the harbour", "Harbour sailing for all", "Bread", None, "podcast 1", "podcast 2"]
    alike = retrieval.Topics(
        [
            *filter(None, titles),
            *(f"podcast {i} on {'abcdefghij'[i % 10] * 3}{'klmnopqrst'[i // 10 % 10] * 3}{i // 100 * 'z'}" for i in range(300)),
        ]
    )
    asked = retrieval.query("draft", 0, titles, alike)
    assert (asked.document, asked.topic) == ({1}, {2})
    assert retrieval.query("draft", 5, titles, alike).topic == set()
    assert retrieval.query("draft", 4, titles, alike) == retrieval.Query("draft", 4)
    assert retrieval.query("draft", 0, titles[:3], alike).document == {1}
    assert retrieval.query("draft", 0, [titles[0]] * 3, alike).document == set()


def a_person() -> "retrieval.Person":
    texts = (LOOSE, *STIFF)
    titles = ("Food", *(f"{'Sea' if i % 2 else 'Land'}" for i in range(len(STIFF))))
    queries = (
        retrieval.Query("The boat does not move.", 1, frozenset({3, 5, 7})),
        retrieval.Query("A rope does not.", 2, topic=frozenset({4})),
    )
    return retrieval.Person("p", texts, titles, queries, (retrieval.Query(DRAFT),), tuple(map(measure, texts)))


@pytest.mark.parametrize("without", [set(), {0}, {3, 8}])
def test_the_profile_is_that_of_a_store_of_the_other_texts(without):
    person = a_person()
    kept = [i for i in range(len(person.texts)) if i not in without]
    with in_memory(*(person.texts[i] for i in kept)) as history:
        number = {i: n for n, i in enumerate(kept, 1)}
        ids = [number.get(i, 99) for i in range(len(person.texts))]
        assert person.profile(without, ids) == history.profile()


def letters(some):
    """Texts as counts of letters, unit length."""
    np = pytest.importorskip("numpy")
    rows = np.array([[text.lower().count(chr(97 + i)) + 0.01 for i in range(26)] for text in some], dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_every_method_answers_and_none_finds_what_it_must_not():
    person = a_person()
    history, ids = retrieval._store(person.texts)
    queries = dict(zip((q.text for q in person.queries), letters([q.text for q in person.queries]), strict=True))
    with history:
        shelf = retrieval.Shelf(history, ids, letters(person.texts), queries, frozenset({ids[1], ids[4]}))
        for how in (retrieval.BM25, retrieval.DENSE, retrieval.BOTH):
            shelf.how = how
            found = [item.id for item in shelf.search(person.queries[0].text, 9)]
            assert len(found) == len(set(found)) > 3
            assert not shelf.without & {*found, *(item.id for item in shelf.recent(99))}
        assert shelf.get(ids[4]) is None


def test_the_whole_experiment_on_one_made_up_person():
    experiment = retrieval.Experiment([a_person()], letters, True)
    own = experiment.own("document")
    assert set(own["recall@8"]) == set(retrieval.METHODS)
    assert {len(pairs) for groups in own.values() for by in groups.values() for pairs in by.values()} == {1}
    assert set(experiment.mixed("topic")["nDCG@8"]) == {"relevance (BM25)", "dense", "BM25 and dense, fused"}
    text = retrieval.report("Own", experiment.own("draft"), retrieval.SHOWN)
    assert "1 authors, 1 drafts" in text
    assert "**all** over relevance (BM25)" in text
