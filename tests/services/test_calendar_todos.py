"""Repeating to-dos that start on one day and are due on another. A rule, and what names single days of it, is about
those on which each starts (RFC 5545, 3.8.5.3); a task of the book is one of the day when it is due."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from dateutil.rrule import rrulestr
from icalendar import Calendar

from crmcli.domain.entities import TASK
from crmcli.exchange.ical_reader import read_calendar
from crmcli.services import agenda, calendar_import, calendars, records, tasks
from crmcli.services.calendar_changes import said
from tests.support.calendar_files import event, file, take
from tests.support.sync_remotes import MemoryRemote
from tests.support.syncing import add, item, run, task

if TYPE_CHECKING:
    from crmcli.context import Context

BERLIN, TEHRAN, ALL_DAY = ";TZID=Europe/Berlin:", ";TZID=Asia/Tehran:", ";VALUE=DATE:"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    at(monkeypatch, ctx, "2026-11-21T10:00:00+00:00")


@pytest.fixture
def remote() -> MemoryRemote:
    return MemoryRemote()


def at(monkeypatch: pytest.MonkeyPatch, ctx: Context, moment: str, zone: str = "Europe/Berlin") -> None:
    monkeypatch.setenv("CRM_NOW", moment)
    monkeypatch.setenv("CRM_TIMEZONE", zone)
    ctx.tick()


def each(start: str, due: str, rule: str, *lines: str) -> tuple[str, ...]:
    return (f"DTSTART{start}", f"DUE{due}", f"RRULE:{rule}", *lines)


# --- what comes in ---


@pytest.mark.parametrize(
    ("lines", "columns"),
    [
        (
            each(f"{ALL_DAY}20261201", f"{ALL_DAY}20261205", "FREQ=MONTHLY;BYMONTHDAY=1", f"EXDATE{ALL_DAY}20270101"),
            ("2026-12-05", "FREQ=MONTHLY;BYMONTHDAY=5", "2027-01-05"),
        ),
        (
            each(f"{ALL_DAY}20261201", f"{ALL_DAY}20261205", "FREQ=MONTHLY;UNTIL=20270201"),
            ("2026-12-05", "FREQ=MONTHLY;UNTIL=20270205;BYMONTHDAY=5", None),
        ),
        (
            each(f"{BERLIN}20261122T234500", f"{BERLIN}20261123T001500", "FREQ=WEEKLY;BYDAY=SU",
                 f"EXDATE{BERLIN}20261129T234500"),
            ("2026-11-23", "FREQ=WEEKLY;BYDAY=MO", "2026-11-30"),
        ),
        (  # the day of Tehran, which is the one before in Berlin
            each(f"{TEHRAN}20261122T234500", f"{TEHRAN}20261123T001500", "FREQ=WEEKLY;BYDAY=SU",
                 "EXDATE:20261129T201500Z"),
            ("2026-11-22", "FREQ=WEEKLY;BYDAY=MO", "2026-11-30"),
        ),
        (
            (f"DTSTART{BERLIN}20261130T100000", "DURATION:P1D", "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1"),
            ("2026-12-01", "FREQ=MONTHLY;BYMONTHDAY=1", None),
        ),
        (  # its rule has the day when it is due, and not the one when it starts
            each(f"{BERLIN}20261122T234500", f"{BERLIN}20261123T001500", "FREQ=WEEKLY;BYDAY=MO"),
            ("2026-11-23", "FREQ=WEEKLY;BYDAY=MO", None),
        ),
    ],
)  # fmt: skip
def test_a_series_is_counted_by_the_days_when_it_is_due(
    ctx: Context, lines: tuple[str, ...], columns: tuple[str, str, str | None]
) -> None:
    (one,) = read_calendar(file(event(*lines, kind="VTODO")), zone="Europe/Berlin").items
    found = said(ctx, one)
    assert (found.columns["due_on"], found.columns["repeat"], found.columns["series_skips"]) == columns
    assert not found.lacks


def test_the_days_of_a_file_are_those_in_the_book(ctx: Context) -> None:
    lines = each(f"{ALL_DAY}20261201", f"{ALL_DAY}20261205", "FREQ=MONTHLY;BYMONTHDAY=1", f"EXDATE{ALL_DAY}20270101")
    vat = event("SUMMARY:VAT return", *lines, kind="VTODO")
    assert take(ctx, vat) == "1 new"
    days = [row["date"] for row in agenda.agenda(ctx, ["2026-11-21..2027-03-10"]).rows]
    assert days == ["2026-12-05", "2027-02-05", "2027-03-05"]
    assert take(ctx, vat) == "1 known"


def test_days_that_no_rule_has_are_told(ctx: Context) -> None:
    lines = each(f"{ALL_DAY}20261127", f"{ALL_DAY}20261130", "FREQ=MONTHLY;BYDAY=-1FR")
    (one,) = read_calendar(file(event(*lines, kind="VTODO")), zone="Europe/Berlin").items
    found = said(ctx, one)
    assert (found.columns["due_on"], found.columns["repeat"]) == ("2026-11-30", None)
    assert [lack.startswith("its series: ") for lack in found.lacks] == [True]


# --- what goes out ---


@pytest.mark.parametrize(
    ("zone", "repeat", "due", "minutes"),
    [
        ("Europe/Berlin", "every monday", "2026-11-23 00:15", ""),
        ("Asia/Tehran", "every saturday", "2026-11-28 00:00", ""),
        ("Europe/Berlin", "monthly on the last day", "2026-11-30 08:00", "10h"),
        ("Europe/Berlin", "monthly on the 1st", "2026-12-01 09:00", "9h30m"),
        ("Europe/Berlin", "every sunday", "2027-03-28 03:10", ""),
        ("Europe/Berlin", "every sunday", "2026-10-25 03:10", ""),
        ("Europe/Berlin", "weekdays", "2026-11-23 10:00", "45m"),
    ],
)
def test_our_series_starts_on_a_day_of_its_rule(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, zone: str, repeat: str, due: str, minutes: str
) -> None:
    """What other programs make of it: DTSTART by the rule, and each as long before its DUE as the first."""
    at(monkeypatch, ctx, "2026-10-20T10:00:00+00:00", zone)
    add(ctx, due=due, repeat=repeat, duration=minutes)
    content = calendars.export(ctx, [], todo=True).content
    (found,) = Calendar.from_ical(content).walk("VTODO")
    start, first = found.decoded("DTSTART"), found.decoded("DUE")
    assert first.replace(tzinfo=None) == datetime.fromisoformat(due)
    assert start.utcoffset() == first.utcoffset()
    rule = rrulestr(found["RRULE"].to_ical().decode(), dtstart=start.replace(tzinfo=None))
    wanted = [one + (first - start) for one in rule[:12]]
    rows = agenda.agenda(ctx, ["2026-10-20..2028-01-01"]).rows
    ours = [datetime.fromisoformat(row["start"]).astimezone(first.tzinfo).replace(tzinfo=None) for row in rows[:12]]
    assert ours == wanted
    assert calendar_import.import_calendar(ctx, content, called="x.ics").changed.lines[0].endswith(" 1 known")


# --- what changes there ---


def moments(remote: MemoryRemote) -> list[str]:
    """What an item there says of when it takes place, and of single days of it."""
    lines = remote.texts[0].partition("BEGIN:VTODO")[2].split("\r\n")
    return sorted(line for line in lines if line.startswith(("DTSTART", "DUE", "RRULE", "EXDATE", "RECURRENCE-ID")))


def settled(ctx: Context, remote: MemoryRemote) -> None:
    found = run(ctx, remote)
    assert (str(found), found.unsettled) == ("in step", [])


@pytest.mark.parametrize(
    ("lines", "later"),
    [
        (
            each(f"{BERLIN}20261123T090000", f"{BERLIN}20261123T170000", "FREQ=WEEKLY"),
            each(f"{BERLIN}20261130T090000", f"{BERLIN}20261130T170000", "FREQ=WEEKLY"),
        ),
        (
            each(f"{BERLIN}20261123T090000", f"{BERLIN}20261125T170000", "FREQ=WEEKLY;BYDAY=MO"),
            each(f"{BERLIN}20261130T090000", f"{BERLIN}20261202T170000", "FREQ=WEEKLY;BYDAY=MO"),
        ),
        (
            each(f"{ALL_DAY}20261201", f"{ALL_DAY}20261205", "FREQ=MONTHLY;COUNT=5;BYMONTHDAY=1"),
            each(f"{ALL_DAY}20270101", f"{ALL_DAY}20270105", "FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1"),
        ),
        (
            (f"DTSTART{BERLIN}20261123T100000", "RRULE:FREQ=WEEKLY"),
            (f"DTSTART{BERLIN}20261130T100000", "RRULE:FREQ=WEEKLY"),
        ),
    ],
    ids=["hours", "days", "whole days", "no DUE"],
)
def test_a_series_of_others_starts_as_long_before_it_is_due_as_it_did(
    ctx: Context, remote: MemoryRemote, lines: tuple[str, ...], later: tuple[str, ...]
) -> None:
    remote.put("/a.ics", item("SUMMARY:VAT return", *lines))
    run(ctx, remote)
    tasks.done(ctx, [1])
    assert str(run(ctx, remote)) == "1 changed there"
    assert moments(remote) == sorted(later)
    settled(ctx, remote)


def test_a_day_that_was_put_off_is_named_by_when_it_starts(
    ctx: Context, second_book: Context, remote: MemoryRemote
) -> None:
    lines = each(f"{ALL_DAY}20261201", f"{ALL_DAY}20261205", "FREQ=MONTHLY;BYMONTHDAY=1")
    remote.put("/a.ics", item("SUMMARY:VAT return", *lines))
    for book in (ctx, second_book):
        run(book, remote)
    tasks.snooze(ctx, [1], "2026-12-07")
    assert str(run(ctx, remote)) == "1 changed there"
    moved = (f"RECURRENCE-ID{ALL_DAY}20261201", f"DTSTART{ALL_DAY}20261203", f"DUE{ALL_DAY}20261207")
    assert moments(remote) == sorted((*lines, *moved))
    assert str(run(second_book, remote)) == "1 changed here"
    assert (task(second_book)["due_on"], task(second_book)["series_on"]) == ("2026-12-07", "2026-12-05")
    tasks.done(second_book, [1])
    for book in (second_book, ctx):
        run(book, remote)
        settled(book, remote)
    assert moments(remote) == sorted(each(f"{ALL_DAY}20270101", f"{ALL_DAY}20270105", "FREQ=MONTHLY;BYMONTHDAY=1"))
    assert task(ctx)["due_on"] == "2027-01-05"


def test_a_day_that_was_done_there_is_done_here(ctx: Context, remote: MemoryRemote) -> None:
    lines = each(f"{ALL_DAY}20261201", f"{ALL_DAY}20261205", "FREQ=MONTHLY;BYMONTHDAY=1")
    remote.put("/a.ics", item("SUMMARY:VAT return", *lines))
    run(ctx, remote)
    done = event(f"RECURRENCE-ID{ALL_DAY}20261201", f"DUE{ALL_DAY}20261205", "STATUS:COMPLETED", kind="VTODO")
    remote.edit("/a.ics", ("END:VCALENDAR", f"{done}\r\nEND:VCALENDAR"))
    run(ctx, remote)
    assert task(ctx)["done_at"]
    assert task(ctx, 2)["due_on"] == "2027-01-05"


def test_the_rule_of_the_book_is_written_for_the_days_when_each_starts(ctx: Context, remote: MemoryRemote) -> None:
    lines = each(f"{BERLIN}20261123T090000", f"{BERLIN}20261125T170000", "FREQ=WEEKLY;BYDAY=MO")
    remote.put("/a.ics", item("SUMMARY:VAT return", *lines, f"EXDATE{BERLIN}20261207T090000"))
    run(ctx, remote)
    records.edit(ctx, TASK, [1], {"repeat": "monthly on the 25th"})
    run(ctx, remote)
    assert "RRULE:FREQ=MONTHLY;BYMONTHDAY=23" in moments(remote)
    assert f"DTSTART{BERLIN}20261123T090000" in moments(remote)
    settled(ctx, remote)
    records.edit(ctx, TASK, [1], {"repeat": "monthly on the last wednesday"})
    run(ctx, remote)
    assert "RRULE:FREQ=MONTHLY;BYDAY=-1WE" in moments(remote)
    assert f"DTSTART{BERLIN}20261125T163000" in moments(remote), "no rule has the days before the last Wednesdays"
    settled(ctx, remote)


def test_a_day_that_was_put_off_may_be_where_the_series_begins_anew(
    ctx: Context, second_book: Context, remote: MemoryRemote
) -> None:
    lines = each(f"{BERLIN}20261123T090000", f"{BERLIN}20261123T170000", "FREQ=DAILY")
    remote.put("/a.ics", item("SUMMARY:Water", *lines))
    for book in (ctx, second_book):
        run(book, remote)
    tasks.snooze(ctx, [1], "2026-11-24 17:00")
    for book in (ctx, second_book):
        run(book, remote)
    assert task(second_book)["series_on"] == "2026-11-23"
    tasks.done(ctx, [1])  # the next day is the one to which that was put off
    for book in (ctx, second_book):
        run(book, remote)
        settled(book, remote)
    assert (task(second_book)["due_on"], task(second_book)["series_on"]) == ("2026-11-24", None)


def test_a_new_rule_of_the_book_has_the_days_that_were_left_out_before(
    ctx: Context, second_book: Context, remote: MemoryRemote
) -> None:
    lines = each(f"{BERLIN}20261123T090000", f"{BERLIN}20261124T170000", "FREQ=DAILY", f"EXDATE{BERLIN}20261124T090000")
    remote.put("/a.ics", item("SUMMARY:Water", *lines))
    for book in (ctx, second_book):
        run(book, remote)
    assert task(ctx)["due_on"] == "2026-11-24"
    tasks.snooze(ctx, [1], "2026-11-25 17:00")  # onto the day that the series leaves out
    records.edit(ctx, TASK, [1], {"repeat": "every 3 days"})
    for book in (ctx, second_book):
        run(book, remote)
        settled(book, remote)
    assert not [line for line in moments(remote) if line.startswith("EXDATE")]
    assert task(second_book)["due_on"] == "2026-11-25"


def test_days_that_differ_in_a_file_are_named_by_when_they_start(ctx: Context) -> None:
    lines = each(f"{ALL_DAY}20261201", f"{ALL_DAY}20261205", "FREQ=MONTHLY;BYMONTHDAY=1")
    vat = event("SUMMARY:VAT return", *lines, "SEQUENCE:0", kind="VTODO")
    later = vat.replace("SEQUENCE:0", "SEQUENCE:1")
    done = event("SUMMARY:VAT return", f"RECURRENCE-ID{ALL_DAY}20261201", f"DUE{ALL_DAY}20261205", "SEQUENCE:1",
                 "STATUS:COMPLETED", "COMPLETED:20261121T090000Z", kind="VTODO")  # fmt: skip
    moved = event("SUMMARY:VAT return", f"RECURRENCE-ID{ALL_DAY}20270101", f"DUE{ALL_DAY}20270106", "SEQUENCE:1",
                  kind="VTODO")  # fmt: skip
    take(ctx, vat)
    take(ctx, later, done, moved)
    days = [row["date"] for row in agenda.agenda(ctx, ["2026-11-21..2027-03-10"]).rows]
    assert days == ["2027-01-06", "2027-02-05", "2027-03-05"]
    take(ctx, event(f"RECURRENCE-ID;RANGE=THISANDFUTURE{ALL_DAY}20270201", f"DTSTART{ALL_DAY}20270201", "SEQUENCE:2",
                    "STATUS:CANCELLED", kind="VTODO"))  # fmt: skip
    assert [row["date"] for row in agenda.agenda(ctx, ["2026-11-21..2027-03-10"]).rows] == ["2027-01-06"]
