"""Dates as the history keeps them: one form, in which they sort as text; what is none is refused, and an old store's is no obstacle."""

import json

import pytest

from rpo_edge import History, HistoryItem
from rpo_edge.errors import InputError
from rpo_edge.importers import Report, read_paths
from rpo_edge.records import iso_date
from rpo_edge.store.copies import export_rows

DATES = [
    ("2016", "2016"),
    ("2016-05", "2016-05"),
    ("2024-01-02", "2024-01-02"),
    ("20240102", "2024-01-02"),
    ("2024-W05-1", "2024-01-29"),
    ("2024W051", "2024-01-29"),
    ("2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05.678Z"),
    ("2024-01-02T10:00+05:30", "2024-01-02T10:00+05:30"),
    ("2024-01-02 10:00", "2024-01-02T10:00"),
    ("20240102T101112", "2024-01-02T10:11:12"),
    ("20240102T101112Z", "2024-01-02T10:11:12+00:00"),
]
NONE = [
    "", " ", "last week", "201", "201605", "2016-13", "2016-00", "2024-02-30", "20240230", "2024-1-2", "02.01.2024", "01/02/2024", "2024-01-02T",
    "2024-01-02T25:00", "2024-01-02 at noon", "2024-01-02_10:00", "2024-01-02\n", "2024-01-02T10:00:00+51:30", "1704067200", "1701012410123",
    "２０２４", "２０２４-01-02", "2024-01-02T10:00\ud800",
]  # fmt: skip


@pytest.mark.parametrize(("written", "kept"), DATES)
def test_a_date_is_kept_in_the_form_that_sorts(written, kept):
    assert iso_date(written) == kept == iso_date(kept)
    with History.open("none.db", create=False) as store:
        assert store.get(store.add("Mine.", date=written)).date == kept


@pytest.mark.parametrize("written", NONE)
def test_what_is_no_date_is_refused(written):
    assert iso_date(written) is None
    with History.open("none.db", create=False) as store:
        with pytest.raises(InputError, match="no ISO 8601 date"):
            store.add("Mine.", date=written)
        with pytest.raises(InputError, match="no ISO 8601 date"):
            store.extend([HistoryItem("Mine."), HistoryItem("Mine too.", date=written)])
        assert len(store) == 0


def test_the_newest_come_first_however_their_dates_were_written():
    with History.open("none.db", create=False) as store:
        for date in ("2024-12-31", "20240102", "2024-12-30 23:00", "2024-12-30T22:00", "2023", "2023-06", None):
            store.add(f"Of {date}.", date=date)
        assert [item.text for item in store.recent(9)] == [
            f"Of {date}." for date in ("2024-12-31", "2024-12-30 23:00", "2024-12-30T22:00", "20240102", "2023-06", "2023", None)
        ]


def imported(path, store) -> Report:
    report = Report()
    store.extend(read_paths([path], report))
    return report


def exported(store, path):
    path.write_text("".join(json.dumps(row) + "\n" for row in export_rows(store)), "utf-8")
    return path


def test_what_was_taken_from_lamp_and_by_add_comes_back_as_it_was(tmp_path):
    profile = [{"id": str(n), "text": f"Text {n}.", "date": date} for n, date in enumerate(("2016", "2016-05", 2015, "20160512", "soon"))]
    (tmp_path / "lamp.json").write_text(json.dumps([{"id": "1", "input": "?", "profile": profile}]), "utf-8")
    with History.open("a.db", create=False) as one, History.open("b.db", create=False) as other:
        assert not imported(tmp_path / "lamp.json", one).problems
        for written, _ in DATES:
            one.add(f"Of {written}.", date=written)
        report = imported(exported(one, tmp_path / "rows.jsonl"), other)
        assert not report.problems and len(one) == len(profile) + len(DATES) and list(one) == list(other)


def test_an_older_store_s_dates_are_read_exported_and_no_text_is_lost(tmp_path):
    odd = ["last week", "2024-13-01", "20240102", "2024-01-02 10:00"]
    with History.open(tmp_path / "old.db") as store:
        store.extend(HistoryItem(f"Text {n}.") for n in range(len(odd)))
        for n, date in enumerate(odd, 1):
            store._connection.execute("update items set date = ? where id = ?", [date, n])
        store._connection.commit()
    with History.open(tmp_path / "old.db") as store, History.open("b.db", create=False) as other:
        assert [item.date for item in store] == odd and len(store.recent(9)) == len(odd)
        store.timeline().year()
        report = imported(exported(store, tmp_path / "rows.jsonl"), other)
        assert [(item.text, item.date) for item in other] == [
            ("Text 0.", None), ("Text 1.", None), ("Text 2.", "2024-01-02"), ("Text 3.", "2024-01-02T10:00"),
        ]  # fmt: skip
        assert len(report.problems) == 2 and all("kept without it" in problem for problem in report.problems)


@pytest.mark.parametrize("date", [None, ""])
def test_a_line_with_an_empty_date_has_none(tmp_path, date):
    (tmp_path / "x.jsonl").write_text(json.dumps({"text": "Mine.", "date": date}) + "\n", "utf-8")
    report = Report()
    assert [item.date for item in read_paths([tmp_path / "x.jsonl"], report)] == [None] and not report.problems


def test_a_note_s_date_is_kept_in_that_form_too(tmp_path):
    for date, kept in (("20240102", "2024-01-02"), ('"2024-01"', "2024-01"), ("soon", None)):
        (tmp_path / "x.md").write_text(f"---\ndate: {date}\n---\nMine.\n", "utf-8")
        assert [item.date for item in read_paths([tmp_path / "x.md"], Report())] == [kept]


def test_the_command_takes_what_the_history_takes(run, tmp_path):
    at = tmp_path / "h.db"
    assert run("history", "add", "Mine.", "--date", "last week", at=at)[0] == 2 and not at.exists()
    assert run("history", "add", "Mine.", "--date", "2016-05", at=at)[0] == 0
    assert b"\t2016-05\t" in run("history", "list", at=at)[1]
