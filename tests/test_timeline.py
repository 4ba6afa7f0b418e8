"""Timelines: counts add up, changes are no chance, sentences show what they are shown for, and reading stays small."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge import History
from rpo_edge.records import HistoryItem
from rpo_edge.steps.profile import counts_of, measure, totals_by_name
from rpo_edge.store.timeline import ABSENT, MOST_RECENT, Timeline, beyond_chance, mean, month_name, month_number, wilson

TODAY = date(2024, 6, 15)
SENTENCES = ["I don't know.", "It is not so!", "We saw red, white, and blue birds.", "Perhaps it's fine.", "She is here; she will stay."]


def read(history: History) -> Timeline:
    own = history.timeline()
    return Timeline(own.connection, own.path, own.lock, TODAY)


def filled(path, items) -> History:
    """Dates are put in as they are: older versions took any."""
    history = History.open(path)
    ids = history.extend(replace(item, date=None) for item in items)
    with history._writing():
        history._connection.executemany(
            "update items set date = ? where id = ?", [(item.date, n) for item, n in zip(items, ids, strict=True)]
        )
    history.profile()  # whatever is still to be counted is counted by now
    return history


def dated(text: str, when: str | None) -> HistoryItem:
    return HistoryItem(text, "notes", when)


def days(n: int, text, last: date = TODAY) -> list[HistoryItem]:
    """An item for each of n days up to `last`; text: of the number of the day, newest 0."""
    return [dated(f"{text(i)} Number {i}.", (last - timedelta(days=i)).isoformat()) for i in range(n)]


# -- rates -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seen", "of", "low", "high"), [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)])
def test_intervals_are_those_that_newcombe_prints(seen, of, low, high):
    found = wilson(seen, of, 1.959964)
    assert found.value == seen / of and (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 50), st.integers(1, 50), st.floats(0.1, 4))
def test_intervals_hold_their_share_and_stay_between_0_and_1(seen, of, z):
    found = wilson(seen, of, z)
    assert 0 <= found.low <= found.value + 1e-12 and found.value <= found.high + 1e-12 and found.high <= 1


@given(st.lists(st.integers(1, 40), min_size=1))
def test_means_are_those_of_the_lengths(lengths):
    found = mean({"n": len(lengths), "sum": sum(lengths), "squares": sum(n * n for n in lengths)})
    assert found.value == pytest.approx(sum(lengths) / len(lengths)) and found.low <= found.value <= found.high and found.of == len(lengths)


def test_a_difference_beyond_chance_is_newcombes():
    # Method 10 of the paper gives 56/70 - 48/80 an interval from 0.0524 to 0.3339, and 9/10 - 3/10 one from 0.1705 to 0.8090.
    for one, other, sure in (((56, 70), (48, 80), True), ((9, 10), (3, 10), True), ((6, 7), (2, 7), True), ((5, 56), (0, 29), False)):
        assert beyond_chance(wilson(*one), wilson(*other)) is beyond_chance(wilson(*other), wilson(*one)) is sure
    assert not beyond_chance(wilson(56, 70, 3.29), wilson(48, 80, 3.29))


@given(st.integers(0, 60_000))
def test_months_have_names_and_numbers(number):
    assert month_number(month_name(number)) == number


# -- months ------------------------------------------------------------------------------------------------------------

ODD_DATES = [None, "", "soon", "2024", "2024-13-01", "2024-00-09", "20240506", "2099-01-01", "2024-W18-1", "0000-02-03"]


def test_months_add_up_to_the_items_that_are_dated_in_them(tmp_path):
    rng = random.Random(3)
    items = [dated(" ".join(rng.choices(SENTENCES, k=4)) + f" {i}", f"2024-0{rng.randint(1, 6)}-1{rng.randint(0, 5)}") for i in range(60)]
    items += [dated(f"I don't mind {i}.", odd) for i, odd in enumerate(ODD_DATES)]
    with filled(tmp_path / "h.db", items) as history:
        months = read(history).months()
        assert list(months) == sorted({item.date[:7] for item in items[:60]})
        for name, month in months.items():
            inside = [item for item in items if item.date is not None and item.date.startswith(f"{name}-")]
            assert month.items == len(inside) > 0
            expected: dict = {}
            for item in inside:
                for key, counts in totals_by_name(measure(item.text)).items():
                    for variant, n in counts.items():
                        expected.setdefault(key, {}).setdefault(variant, 0.0)
                        expected[key][variant] += n
            assert {key: dict(counts) for key, counts in month.counts.items()} == expected and month.words == expected["lexical"]["words"]


def test_undated_items_count_in_the_whole_alone(tmp_path):
    with filled(tmp_path / "h.db", [dated("I don't know.", "2024-05-01"), dated("We don't know.", None)]) as history:
        months, whole = read(history).months(), totals_by_name(counts_of(history.profile()))
    assert list(months) == ["2024-05"] and months["2024-05"].counts["contraction"] == {"contracted": 1.0}
    assert whole["contraction"] == {"contracted": 2.0}


def test_a_reflectors_counts_are_no_habit(tmp_path):
    class Words:
        digest = "d"

        def count(self, text):
            return {"": len(text.split())}

    with filled(tmp_path / "h.db", [dated("I don't know.", "2024-05-01")]) as history:
        profile = history.profile(Words())
        assert "sides" in profile.habits and "sides" not in read(history).months()["2024-05"].counts
        assert "sides" not in read(history).latest(history.profile()).now


def test_an_encrypted_store_is_read_as_well(tmp_path):
    pytest.importorskip("sqlcipher3")
    with History.open(tmp_path / "h.db", key="a key") as history:
        history.extend(days(3, lambda i: "I don't know."))
        history.profile()
        assert read(history).months()["2024-06"].items == read(history).latest(history.profile()).items == 3


# -- what is new -------------------------------------------------------------------------------------------------------


def contracted(share: float, i: int) -> str:
    return " ".join("I don't know." if (7 * i + k) % 10 < 10 * share else "I do not know." for k in range(4))


def test_a_new_habit_is_told_with_what_it_was(tmp_path):
    with filled(tmp_path / "h.db", days(200, lambda i: contracted(1.0 if i <= 30 else 0.3, i))) as history:
        latest = read(history).latest(history.profile())
    change = latest.changes()["contraction"]
    assert (latest.since, latest.items) == ("2024-05-16", 31) and change.variant == "contracted"
    assert change.now.value == 1.0 and change.before.value == pytest.approx(0.3, abs=0.02) and change.now.of == 4 * 31


def test_the_same_habit_is_no_change_and_few_sites_say_nothing(tmp_path):
    with filled(tmp_path / "same.db", days(200, lambda i: contracted(0.5, i))) as history:
        assert read(history).latest(history.profile()).changes() == {}
    for newer, told in ((4, False), (6, True)):  # 16 sites, and 24
        items = days(100, lambda i: contracted(0.0, i), TODAY - timedelta(days=90)) + days(newer, lambda i: contracted(1.0, i))
        with filled(tmp_path / f"{newer}.db", items) as history:
            assert ("contraction" in read(history).latest(history.profile()).changes()) is told


def test_drawn_by_the_same_lot_hardly_anything_changes():
    """Of 2000 pairs of samples of one rate, about two may seem to differ."""
    rng = random.Random(0)
    draws = [[wilson(sum(rng.random() < 0.7 for _ in range(n)), n, 3.29) for n in (40, 200)] for _ in range(2000)]
    assert sum(beyond_chance(*pair) for pair in draws) <= 10


def test_a_longer_sentence_is_a_change_of_the_mean(tmp_path):
    with filled(
        tmp_path / "h.db", days(120, lambda i: ("one two three four five six seven eight " * (1 + (i <= 30)))[:-1] + ".")
    ) as history:
        change = read(history).latest(history.profile()).changes()["sentence_words"]
    assert change.variant == "mean" and change.now.value > change.before.value + 3


@pytest.mark.parametrize("odd", [*ODD_DATES, "2024-02-30", "0001-01-01", "9999-12-31"])
def test_odd_dates_hinder_nothing(tmp_path, odd):
    with filled(tmp_path / "h.db", [dated("I don't know.", odd), dated("It's fine.", "2024-05-31T23:59:59+02:00")]) as history:
        timeline = read(history)
        assert timeline.latest(history.profile()).since == "2024-05-31" and timeline.recent() == {"notes": 1}
        assert len(timeline.year()) == 12 and list(timeline.year().items())[-1] == ("2024-05", 1)
        assert timeline.months()["2024-05"].items == 1


def test_without_dates_there_is_nothing_new(tmp_path):
    with filled(tmp_path / "h.db", [dated("I don't know.", None)]) as history:
        timeline = read(history)
        assert timeline.latest(history.profile()) is None and not timeline.months() and not timeline.recent() and not timeline.year()


def steps(history: History, what) -> int:
    """Hundreds of SQLite's instructions that a reading takes: the same on every machine."""
    connection, n = history.timeline().connection, [0]

    def one_more() -> int:
        n[0] += 1
        return 0

    connection.set_progress_handler(one_more, 100)
    what()
    connection.set_progress_handler(None, 0)
    return n[0]


def test_what_is_read_for_a_terminal_does_not_grow_with_the_store(tmp_path):
    found = []
    for n in (120, 600):
        with filled(tmp_path / f"{n}.db", [dated(f"I don't know {i}.", f"2024-06-{1 + i % 15:02}") for i in range(n)]) as h:
            profile = h.profile()
            assert read(h).latest(profile).items == MOST_RECENT
            found.append((steps(h, lambda: read(h).latest(profile)), steps(h, h.profile), steps(h, lambda: read(h).months())))  # noqa: B023
    (latest, profile_steps, months), (latest_5, profile_5, months_5) = found
    assert latest_5 < 1.2 * latest and profile_5 < 1.2 * profile_steps + 5
    assert months_5 > 4 * months  # what does grow is seen to


# -- sentences ---------------------------------------------------------------------------------------------------------


def test_sentences_are_the_users_and_show_their_variant(store):
    with History.open(store) as history:
        profile, timeline = history.profile(), history.timeline()
        shown = 0
        for name, counts in totals_by_name(counts_of(profile)).items():
            for variant in counts:
                samples = timeline.samples(profile, name, variant)
                assert len(samples) <= 3 and len({s.before + s.shown + s.after for s in samples}) == len(samples)
                assert not samples or (name, variant) not in ABSENT
                for sample in samples:
                    text = history.get(sample.item).text
                    sentence = (sample.before + sample.shown + sample.after).strip("… ")
                    assert sentence in " ".join(text.split()) and sample.shown.strip()
                    assert totals_by_name(measure(text))[name][variant] > 0
                    shown += 1
    assert shown > 30


def test_the_place_is_marked_in_whole_words_and_what_is_frozen_is_not_shown(tmp_path):
    text = "Run `I don't` first. We saw red, white and blue birds there.  But we\ncan't say\x1b why."
    with filled(tmp_path / "h.db", [dated(text, "2024-05-01")]) as history:
        profile, timeline = history.profile(), read(history)
        (contraction,) = timeline.samples(profile, "contraction", "contracted")
        assert (contraction.before, contraction.shown, contraction.after) == ("But we ", "can't", " say\x1b why.")
        assert (contraction.item, contraction.date) == (1, "2024-05-01")
        (comma,) = timeline.samples(profile, "oxford_comma", "no")
        assert comma.shown == "white" and comma.after == " and blue birds there."
        assert timeline.samples(profile, "contraction", "no such") == timeline.samples(profile, "sentence_words", "mean") == []


def test_long_sentences_are_cut_around_the_place(tmp_path):
    with filled(tmp_path / "h.db", [dated("word " * 400 + "I don't know " + "word " * 400, None)]) as history:
        (sample,) = read(history).samples(history.profile(), "contraction", "contracted")
    assert sample.shown == "don't" and sample.before.startswith("…") and sample.after.endswith("…")
    assert len(sample.before + sample.shown + sample.after) < 260
