"""Days that other programs write for "never", moments that only some zones have, and the first day of the week."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.__main__ import main
from crmcli.exchange.tables import open_table

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("start", "first", "last"),
    [
        ("monday", "2026-11-16", "2026-11-22"),
        ("saturday", "2026-11-21", "2026-11-27"),
        ("sunday", "2026-11-22", "2026-11-28"),
    ],
)
def test_the_first_day_of_the_week_counts_in_words_filters_and_imports(
    crm: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, start: str, first: str, last: str
) -> None:
    monkeypatch.setenv("CRM_NOW", "2026-11-22T09:00:00+00:00")  # a Sunday
    monkeypatch.setenv("CRM_WEEK_START", start)
    assert crm("task", "add", "typed", "--due", "eow").code == 0
    (tmp_path / "tasks.csv").write_text("Task,Due date\nfiled,eow\n")
    assert crm("import", str(tmp_path / "tasks.csv"), "--as", "task", "--yes").code == 0
    assert crm("task", "snooze", "1", "sow").code == 0
    deal = crm("deal", "list", "-o", "ids").out.strip()
    assert crm("deal", "edit", deal, "close_on=eow").code == 0
    rows = {row["name"]: row["due_on"] for row in crm("task", "list", "-o", "json").json}
    assert rows == {"Call Ada": first, "typed": last, "filed": last}
    assert crm("deal", "list", f"close_on:{last}", "-o", "ids").out.strip() == deal
    assert len(crm("task", "list", "due:this-week", "-o", "json").json) == 3
    assert crm("task", "list", "due:next-week", "-o", "ids").out == ""
    there = ["1", "2", "3"] if start == "monday" else ["2", "3"]  # the first was made on Friday
    assert crm("task", "list", "created_at:this-week", "--sort", "id", "-o", "ids").out.split() == there


@pytest.mark.parametrize(
    ("place", "week", "third"),
    [
        ("", "", "2026-12-28"),
        ("", "mon-sun", "2026-12-26"),
        ("DE", "", "2026-12-29"),
        ("DE", "mon-sat", "2026-12-29"),
        ("IR", "", "2026-12-27"),
    ],
)
@pytest.mark.parametrize("calendar", ["jalali", "gregorian"])
def test_working_days_count_by_the_settings_in_words_and_filters(
    crm: Any, monkeypatch: pytest.MonkeyPatch, calendar: str, place: str, week: str, third: str
) -> None:
    for name, value in (
        ("NOW", "2026-12-23T09:00:00+00:00"), ("CALENDAR", calendar), ("HOLIDAYS", place), ("WORKDAYS", week),
    ):  # fmt: skip
        monkeypatch.setenv(f"CRM_{name}", value)
    assert crm("task", "add", "typed", "--due", "+3wd").code == 0
    assert crm("task", "add", "in digits of Persian", "--due", "+۳wd 14:30").code == 0
    assert crm("task", "snooze", "1", "in 3 workdays").code == 0
    deal = crm("deal", "list", "-o", "ids").out.strip()
    assert crm("deal", "edit", deal, "close_on=+3wd").code == 0
    assert {row["due_on"] for row in crm("task", "list", "-o", "json").json} == {third}
    assert len(crm("task", "list", "due:..+3wd", "-o", "json").json) == 3
    assert len(crm("task", "list", "due_at:+3wd", "-o", "json").json) == 2
    assert crm("task", "list", "due:..+2wd", "-o", "ids").out == ""
    assert crm("deal", "list", "close_on:+3wd..+4wd", "-o", "ids").out.strip() == deal
    assert crm("deal", "list", "close_on:+4wd..", "-o", "ids").out == ""


@pytest.mark.parametrize("words", [("task", "list", "due:..+1wd"), ("task", "snooze", "1", "+1wd")])
def test_no_working_day_is_counted_without_the_holidays_that_were_asked_for(
    crm: Any, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    monkeypatch.setenv("CRM_HOLIDAYS", "DE")
    done = crm(*words)
    assert (done.code, done.out) == (1, "")
    assert "public holidays need the library holidays" in done.err
    assert "pip install 'holidays>=" in done.err
    assert crm("task", "list", "due:..+1d").code == 0
    monkeypatch.setenv("CRM_HOLIDAYS", "ED")
    monkeypatch.delitem(sys.modules, "holidays")
    done = crm(*words)
    assert (done.code, done.out) == (2, "")
    assert "CRM_HOLIDAYS: there are no holidays of a country 'ED'" in done.err


@pytest.mark.parametrize("zone", ["Asia/Tehran", "Pacific/Kiritimati", "America/New_York"])
@pytest.mark.parametrize("calendar", ["jalali", "gregorian"])
def test_never_can_be_shown_and_written(crm: Any, monkeypatch: pytest.MonkeyPatch, calendar: str, zone: str) -> None:
    deal = crm("deal", "list", "-o", "ids").out.strip()
    for words in (("task", "edit", "1", "due=9999-12-31 23:59"), ("deal", "edit", deal, "close_on=9999-12-31")):
        assert crm(*words).code == 0
    assert crm("contact", "edit", "1", "birthday=1600-01-01").code == 0
    monkeypatch.setenv("CRM_CALENDAR", calendar)
    monkeypatch.setenv("CRM_TIMEZONE", zone)
    moment = "9999-12-31 18:59" if zone == "America/New_York" else "9999-12-31 23:59"
    for words, shown in (
        (("deal", "list", "-o", "table"), "9999-12-31"),
        (("deal", "show", deal, "-o", "table"), "9999-12-31"),
        (("history", f"deal:{deal}"), "9999-12-31"),
        (("brief", f"deal:{deal}"), "9999-12-31"),
        (("contact", "show", "1", "-o", "table"), "1600-01-01"),
        (("task", "list", "-o", "table"), moment),
        (("task", "show", "1", "-o", "table"), moment),
        (("history", "task:1"), moment),
        (("search", "call"), "9999-12-31"),
        (("today", "-o", "table"), ""),
        (("calendar", "export", "--todo"), "DUE"),
        (("calendar", "export"), "DTSTART"),
        (("export", "tasks", "-o", "csv"), "9999-12-31T23:59"),
        (("task", "snooze", "1", "2026-11-30"), ""),
    ):
        answer = crm(*words)
        assert answer.code == 0, (words, answer.err)
        assert shown in answer.out, words


@pytest.mark.parametrize("zone", ["Asia/Tehran", "America/New_York"])
def test_never_in_a_sheet(crm: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, zone: str) -> None:
    assert crm("task", "edit", "1", "due=9999-12-31 23:59").code == 0
    monkeypatch.setenv("CRM_TIMEZONE", zone)
    crm.capture.readouterr()
    assert main(["export", "tasks", "-o", "xlsx", "--columns", "name,due_at"]) == 0
    (tmp_path / "tasks.xlsx").write_bytes(crm.capture.readouterr().out)
    with open_table(str(tmp_path / "tasks.xlsx")) as table:
        [row] = table.rows
    assert row.cells == ["Call Ada", "9999-12-31T18:59:00" if zone == "America/New_York" else "9999-12-31T23:59:00"]


def test_a_present_at_the_end_of_the_calendar_is_refused(crm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for now, zone in (("0001-01-01T00:00:00+00:00", "America/New_York"), ("9999-12-31T23:59:00+00:00", "Asia/Tehran")):
        monkeypatch.setenv("CRM_NOW", now)
        monkeypatch.setenv("CRM_TIMEZONE", zone)
        answer = crm("today")
        assert answer.code == 2
        assert f"CRM_NOW is out of range: {now}" in answer.err
