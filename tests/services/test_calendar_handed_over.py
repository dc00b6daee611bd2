"""Calendar files between books and phones: reminders of days, lengths, what stands behind a text, and files cut off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, TASK
from crmcli.services import calendar_import, calendars, records, tasks
from tests.support.calendar_files import event, file, take

if TYPE_CHECKING:
    from crmcli.context import Context

ALARM = "BEGIN:VALARM\r\nACTION:{}\r\nDESCRIPTION:A\r\nTRIGGER:{}\r\nEND:VALARM"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    monkeypatch.setenv("CRM_NOW", "2026-11-21T10:00:00+00:00")
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    ctx.tick()


def add(ctx: Context, **assigned: str) -> int:
    return int(records.add(ctx, TASK, {"name": "A", **assigned}).ids[0])


def exported(ctx: Context, *, todo: bool = False) -> str:
    return calendars.export(ctx, ["is:open or is:done"], todo=todo).content.decode()


def triggers(text: str) -> list[str]:
    return re.findall(r"TRIGGER[^\r]*", text)


def handed_over(ctx: Context, other: Context, *, todo: bool = False) -> dict[str, Any]:
    calendar_import.import_calendar(other, exported(ctx, todo=todo).encode(), called="x")
    return records.get(other, TASK, 1)


# -- reminders of days ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("opens", "hour", "day_before"), [("9:00", "PT8H", "-PT15H"), ("18:00", "PT17H", "-PT6H")])
def test_a_phone_rings_when_the_book_reminds(
    ctx: Context, second_book: Context, monkeypatch: pytest.MonkeyPatch, opens: str, hour: str, day_before: str
) -> None:
    monkeypatch.setenv("CRM_REMIND_AT", opens)
    for one in (ctx, second_book):
        one.tick()
    add(ctx, due="2026-11-26", remind="1h,1d")
    assert sorted(triggers(exported(ctx))) == sorted([f"TRIGGER:{hour}", f"TRIGGER:{day_before}"])
    ends = [f"TRIGGER;RELATED=END:{hour}", f"TRIGGER;RELATED=END:{day_before}"]
    assert sorted(triggers(exported(ctx, todo=True))) == sorted(ends)
    assert handed_over(ctx, second_book)["remind"] == "60,1440"
    assert exported(ctx) == exported(ctx)


@pytest.mark.parametrize(
    ("trigger", "remind"), [("-PT15H", "1440"), ("PT9H", "0"), ("PT8H", "60"), ("-P1DT15H", "2880")]
)
def test_an_alarm_of_a_day_comes_when_the_phone_has_it(ctx: Context, trigger: str, remind: str) -> None:
    take(ctx, event("SUMMARY:A", "DTSTART;VALUE=DATE:20261126", *ALARM.format("DISPLAY", trigger).split("\r\n")))
    assert records.get(ctx, TASK, 1)["remind"] == remind
    assert triggers(exported(ctx)) == [f"TRIGGER:{trigger}"]


@pytest.mark.parametrize("action", ["DISPLAY", "AUDIO"])
def test_a_task_that_gets_a_time_keeps_its_reminder(ctx: Context, action: str) -> None:
    alarm = ALARM.format(action, "PT8H").split("\r\n")
    take(ctx, event("SUMMARY:A", "DTSTART;VALUE=DATE:20261126", *alarm))
    records.edit(ctx, TASK, [1], {"due": "2026-11-26 14:00"})
    text = exported(ctx)
    assert (triggers(text), f"ACTION:{action}" in text) == (["TRIGGER:-PT1H"], True)
    records.edit(ctx, TASK, [1], {"due": "2026-11-26"})
    assert triggers(exported(ctx)) == ["TRIGGER:PT8H"]


def test_a_later_file_changes_the_reminder_of_a_day(ctx: Context) -> None:
    def at(trigger: str, stamp: str) -> str:
        lines = ("SUMMARY:A", "DTSTART;VALUE=DATE:20261126", f"LAST-MODIFIED:{stamp}")
        return take(ctx, event(*lines, *ALARM.format("DISPLAY", trigger).split("\r\n")))

    at("-PT15H", "20261101T000000Z")
    assert at("-PT15H", "20261101T000000Z") == "1 known"
    assert at("PT7H", "20261102T000000Z") == "1 changed"
    assert records.get(ctx, TASK, 1)["remind"] == "120"


# -- lengths ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("todo", [False, True])
@pytest.mark.parametrize(
    "assigned",
    [
        {"due": "2026-11-30 10:00"},
        {"due": "2026-11-30 10:00", "minutes": "30"},
        {"due": "2026-11-30 10:00", "minutes": "90"},
        {"due": "2026-11-30 10:00", "minutes": "90", "repeat": "weekly"},
        {"due": "2026-11-30 10:00", "repeat": "weekly"},
        {"due": "2026-11-30", "minutes": "45"},
        {"due": "2026-11-30"},
    ],
)
def test_a_length_is_the_same_in_another_book(
    ctx: Context, second_book: Context, assigned: dict[str, str], todo: bool
) -> None:
    add(ctx, **assigned)
    assert handed_over(ctx, second_book, todo=todo)["minutes"] == records.get(ctx, TASK, 1)["minutes"]
    assert exported(second_book, todo=todo).count("X-CRM-DURATION") == exported(ctx, todo=todo).count("X-CRM-DURATION")


@pytest.mark.parametrize("todo", [False, True])
def test_a_length_that_changes_goes_to_the_other_book(
    ctx: Context, second_book: Context, monkeypatch: pytest.MonkeyPatch, todo: bool
) -> None:
    add(ctx, due="2026-11-30 10:00")
    handed_over(ctx, second_book, todo=todo)
    for number, (minutes, stored) in enumerate({"90": 90, "45": 45, "": None}.items(), 1):
        monkeypatch.setenv("CRM_NOW", f"2026-11-21T11:0{number}:00+00:00")
        for one in (ctx, second_book):
            one.tick()
        records.edit(ctx, TASK, [1], {"minutes": minutes})
        assert handed_over(ctx, second_book, todo=todo)["minutes"] == stored


def test_a_length_that_another_program_gave_an_event_counts(ctx: Context) -> None:
    add(ctx, due="2026-11-30 10:00")
    theirs = exported(ctx).replace("DURATION:PT30M", "DURATION:PT2H").replace("SEQUENCE:0", "SEQUENCE:1")
    assert "X-CRM-DURATION:PT0M" in theirs
    calendar_import.import_calendar(ctx, theirs.encode(), called="x")
    assert records.get(ctx, TASK, 1)["minutes"] == 120


def test_a_length_of_ours_in_a_strangers_item_is_none_of_his(ctx: Context) -> None:
    take(ctx, event("SUMMARY:A", "DUE:20261130T100000Z", "X-CRM-DURATION:PT1H", kind="VTODO"))
    assert records.get(ctx, TASK, 1)["minutes"] is None


# -- what stands behind a text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("todo", [False, True])
def test_whom_a_new_task_of_another_book_is_about_is_told(
    ctx: Context, second_book: Context, capsys: pytest.CaptureFixture[str], todo: bool
) -> None:
    records.add(ctx, COMPANY, {"name": "Engines"})
    records.add(ctx, CONTACT, {"name": "Bob", "email": "bob@x.org"})
    add(ctx, due="2026-11-24 10:00", contact="Bob", attendees="bob@x.org, ann@x.org", description="mine")
    second_book.quiet = False
    capsys.readouterr()
    found = handed_over(ctx, second_book, todo=todo)
    line = "A: left out, what its own book has behind its text: Contact: Bob (contact:1), bob@x.org; With: bob@x.org"
    told = capsys.readouterr().err
    assert [one for one in told.splitlines() if "left out" in one] == [f"{line}, ann@x.org"]
    assert found["description"] == "mine"
    records.edit(ctx, TASK, [1], {"name": "B"})
    handed_over(ctx, second_book, todo=todo)
    assert "left out" not in capsys.readouterr().err, "once it is there that is no news"


def test_what_came_of_a_task_is_told_too_and_its_own_book_hears_nothing(
    ctx: Context, second_book: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    add(ctx, due="2026-11-20 10:00")
    tasks.done(ctx, [1], feedback="went well")
    second_book.quiet = False
    handed_over(ctx, second_book)
    assert "A: left out, what its own book has behind its text: Done: went well\n" in capsys.readouterr().err
    handed_over(ctx, ctx)
    assert "left out" not in capsys.readouterr().err


# -- files cut off ----------------------------------------------------------------------------------------------------


def test_a_file_that_ends_early_is_taken_as_far_as_it_goes_and_that_is_told(ctx: Context) -> None:
    whole = file(event("SUMMARY:A", "DTSTART:20261130T100000Z"))
    found = calendar_import.import_calendar(ctx, whole.replace(b"END:VCALENDAR\r\n", b""), called="x")
    assert found.changed.lines == ("imported x: 1 new; 1 refused",)
    assert found.refused == ["2: the rest of the calendar: it ends early, without END:VCALENDAR"]
    found = calendar_import.import_calendar(ctx, whole, called="x")
    assert (found.changed.lines, found.refused) == (("imported x: 1 known",), [])
