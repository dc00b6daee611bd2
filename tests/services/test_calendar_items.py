"""What other programs get of a task: its series, alarms, place and people; that it was moved, and that it is gone."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import vobject
from dateutil.rrule import rruleset, rrulestr
from icalendar import Calendar

from crmcli.domain.entities import CONTACT, TASK
from crmcli.services import agenda, calendar_import, calendars, history, records, tasks
from tests.support.calendar_programs import calendar_program

if TYPE_CHECKING:
    from pathlib import Path

    from crmcli.context import Context

#: A Saturday.
NOW = "2026-11-21T10:00:00+00:00"


def at(monkeypatch: pytest.MonkeyPatch, ctx: Context, moment: str, zone: str = "Europe/Berlin") -> None:
    monkeypatch.setenv("CRM_NOW", moment)
    monkeypatch.setenv("CRM_TIMEZONE", zone)
    ctx.tick()


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    at(monkeypatch, ctx, NOW)


def add(ctx: Context, **assigned: str) -> int:
    return int(records.add(ctx, TASK, {"name": "Report", **assigned}).ids[0])


def test_what_is_done_goes_to_another_book_with_a_calendar_file(ctx: Context, second_book: Context) -> None:
    add(ctx, due="2026-11-23 10:00")

    def hand_over() -> dict[str, Any]:
        calendar_import.import_calendar(
            second_book, calendars.export(ctx, ["(is:open or is:done)"]).content, called="x"
        )
        return records.get(second_book, TASK, 1)

    assert hand_over()["done_at"] is None
    tasks.done(ctx, [1])
    assert hand_over()["done_at"]


def events(ctx: Context, *words: str, todo: bool = False) -> list[Any]:
    content = calendars.export(ctx, words, todo=todo).content
    assert len(list(vobject.readComponents(content.decode()))) == 1
    return list(Calendar.from_ical(content).walk("VTODO" if todo else "VEVENT"))


def days(event: Any, count: int) -> list[str]:
    """The days, or moments in UTC, on which an event takes place, as dateutil has them."""
    start = event.decoded("DTSTART")
    first = datetime(start.year, start.month, start.day) if not isinstance(start, datetime) else start  # noqa: DTZ001
    every = rruleset()
    every.rdate(first)
    if "RRULE" in event:
        every.rrule(rrulestr(event["RRULE"].to_ical().decode(), dtstart=first))
    for one in event["RDATE"].dts if "RDATE" in event else ():
        every.rdate(one.dt if isinstance(one.dt, datetime) else datetime(one.dt.year, one.dt.month, one.dt.day))  # noqa: DTZ001
    found = [one for one, _ in zip(every, range(count), strict=False)]
    return [f"{one.astimezone(UTC):%Y-%m-%dT%H:%MZ}" if one.tzinfo else f"{one:%Y-%m-%d}" for one in found]


@pytest.mark.parametrize(
    ("zone", "repeat", "due", "known"),
    [
        (
            "Europe/Berlin",
            "weekly",
            "2027-03-22 09:00",
            ["2027-03-22T08:00Z", "2027-03-29T07:00Z", "2027-04-05T07:00Z"],
        ),
        ("Europe/Berlin", "weekly", "2027-10-25 09:00", ["2027-10-25T07:00Z", "2027-11-01T08:00Z"]),
        ("Asia/Tehran", "weekly", "2027-03-15 09:00", ["2027-03-15T05:30Z", "2027-03-22T05:30Z", "2027-03-29T05:30Z"]),
        ("Pacific/Fiji", "weekly", "2027-11-08 09:00", ["2027-11-07T21:00Z", "2027-11-14T21:00Z"]),
        ("UTC", "monthly on the 15th", "2027-01-15", ["2027-01-15", "2027-02-15", "2027-03-15"]),
        ("UTC", "monthly", "2027-01-31", ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
        ("UTC", "monthly on the last day", "2028-01-31", ["2028-01-31", "2028-02-29", "2028-03-31"]),
        ("UTC", "FREQ=MONTHLY;BYMONTHDAY=31", "2027-01-31", ["2027-01-31", "2027-03-31", "2027-05-31"]),
        ("UTC", "yearly", "2028-02-29", ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
        ("UTC", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2028-02-29", ["2028-02-29", "2032-02-29"]),
        (
            "Asia/Tehran",
            "every 2 weeks until 2026-12-31",
            "2026-12-04 14:30",
            ["2026-12-04T11:00Z", "2026-12-18T11:00Z"],
        ),
        ("UTC", "every monday", "2026-11-27", ["2026-11-27", "2026-11-30", "2026-12-07"]),
        ("UTC", "FREQ=DAILY;COUNT=3", "2026-11-27", ["2026-11-27", "2026-11-28", "2026-11-29"]),
    ],
)
def test_the_days_of_a_series(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, zone: str, repeat: str, due: str, known: list[str]
) -> None:
    at(monkeypatch, ctx, NOW, zone)
    add(ctx, repeat=repeat, due=due)
    (event,) = events(ctx)
    assert days(event, len(known)) == known
    if "until" in repeat or "COUNT" in repeat:
        assert days(event, 99) == known
    (todo,) = events(ctx, todo=True)
    assert ("RRULE" in todo, "RDATE" in todo) == ("RRULE" in event, "RDATE" in event)
    assert "DTSTART" in todo


def test_jalali_months_go_out_day_by_day(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    at(monkeypatch, ctx, NOW, "Asia/Tehran")
    add(ctx, repeat="monthly on the last day", due="1405-11-30 09:00")
    (event,) = events(ctx)
    assert "RRULE" not in event
    assert days(event, 4) == ["2027-02-19T05:30Z", "2027-03-20T05:30Z", "2027-04-20T05:30Z", "2027-05-21T05:30Z"]


def test_one_that_counts_from_the_day_it_is_done_has_no_series(ctx: Context) -> None:
    add(ctx, repeat="weekly", repeat_from="done", due="2026-11-27")
    (event,) = events(ctx)
    assert not {"RRULE", "RDATE"} & set(event)


def test_what_was_put_off_is_one_day_of_its_series(ctx: Context) -> None:
    number = add(ctx, repeat="weekly", due="2026-11-27 09:00")
    tasks.snooze(ctx, [number], "2026-11-30 15:00")
    series, moved = sorted(events(ctx), key=lambda event: "RECURRENCE-ID" in event)
    assert days(series, 2) == ["2026-11-27T08:00Z", "2026-12-04T08:00Z"]
    assert moved.decoded("RECURRENCE-ID") == series.decoded("DTSTART")
    assert moved.decoded("DTSTART") == datetime(2026, 11, 30, 14, tzinfo=UTC)
    assert "RRULE" not in moved
    assert moved["UID"] == series["UID"]


def test_alarms_place_length_and_people(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.org"})
    add(ctx, due="2026-11-27 09:00", remind="15m,1d", place="Office; 2nd floor", minutes="1h30", attendees="Ada")
    (event,) = events(ctx)
    assert event.decoded("DURATION") == timedelta(minutes=90)
    assert str(event["LOCATION"]) == "Office; 2nd floor"
    alarms = [alarm.decoded("TRIGGER") for alarm in event.walk("VALARM")]
    assert sorted(alarms) == [timedelta(days=-1), timedelta(minutes=-15)]
    assert "With: Ada <ada@x.org>" in str(event["DESCRIPTION"])
    assert "ATTENDEE" not in event, "who subscribes to a published calendar must not write to them"
    tasks.done(ctx, [1])
    (done,) = events(ctx, "is:done")
    assert done.walk("VALARM") == []


def test_its_sequence_is_how_often_it_was_moved(ctx: Context) -> None:
    number = add(ctx, due="2026-11-27", description='"due_on":"x"')

    def sequence() -> int:
        return int(events(ctx)[0]["SEQUENCE"])

    records.edit(ctx, TASK, [number], {"description": '"due_on":', "priority": "high"})
    assert sequence() == 0
    for count, assigned in enumerate(
        ({"due": "2026-11-28"}, {"minutes": "45"}, {"place": "x"}, {"repeat": "daily"}), 1
    ):
        records.edit(ctx, TASK, [number], assigned)
        assert sequence() == count
    history.undo(ctx)
    assert sequence() == 5


def test_what_was_removed_is_cancelled_for_a_month(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    add(ctx, due="2026-11-27")
    tasks.done(ctx, [add(ctx, due="2026-11-20")])
    records.remove(ctx, TASK, [1, 2])
    (event,) = events(ctx)
    assert (str(event["STATUS"]), int(event["SEQUENCE"])) == ("CANCELLED", 1)
    (todo,) = events(ctx, todo=True)
    assert str(todo["STATUS"]) == "CANCELLED"
    assert events(ctx, "name:Other") == []
    at(monkeypatch, ctx, "2026-12-21T12:00:00+00:00")
    assert len(events(ctx)) == 1
    at(monkeypatch, ctx, "2026-12-22T12:00:00+00:00")
    assert events(ctx) == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles", "Asia/Tehran"])
def test_a_day_is_that_day_everywhere(ctx: Context, monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    add(ctx, due="2028-02-29")
    at(monkeypatch, ctx, NOW, zone)
    (event,) = events(ctx)
    assert event.decoded("DTSTART") == date(2028, 2, 29)


def test_khal_and_todoman_read_the_series(ctx: Context, tmp_path: Path) -> None:
    khal, todo = calendar_program("khal"), calendar_program("todo")
    add(ctx, repeat="weekly", due="2027-03-22 09:00", remind="15m")
    number = add(ctx, name="گزارش", repeat="weekly", due="2026-11-27 09:00")
    tasks.snooze(ctx, [number], "2026-11-30 15:00")
    (tmp_path / "calendar").mkdir()
    (tmp_path / "khal.conf").write_text(
        f"[calendars]\n[[crm]]\npath = {tmp_path}/calendar\n"
        "[locale]\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
        "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
        "local_timezone = Europe/Berlin\ndefault_timezone = Europe/Berlin\n"
        f"[sqlite]\npath = {tmp_path}/khal.db\n[default]\ndefault_calendar = crm\n",
        encoding="utf-8",
    )
    (tmp_path / "crm.ics").write_bytes(calendars.export(ctx).content)

    def run(*words: str) -> str:
        done = subprocess.run([khal, "-c", f"{tmp_path}/khal.conf", *words], capture_output=True, text=True, check=True)
        return done.stdout

    run("import", "--batch", "-a", "crm", f"{tmp_path}/crm.ics")
    listed = run("list", "--format", "{start} {title}", "--day-format", "", "2027-03-22", "2027-04-06")
    assert "2027-03-22 09:00 Report" in listed
    assert "2027-03-29 09:00 Report" in listed
    early = run("list", "--format", "{start} {title}", "--day-format", "", "2026-11-27", "2026-12-05")
    assert [line for line in early.splitlines() if "گ" in line] == [
        "2026-11-30 15:00 گزارش", "2026-12-04 09:00 گزارش"
    ]  # fmt: skip

    (tmp_path / "todos").mkdir()
    content = calendars.export(ctx, ["name:Report"], todo=True).content
    (tmp_path / "todos" / "one.ics").write_bytes(content)
    (tmp_path / "todo.py").write_text(
        f'path = "{tmp_path}/todos"\ncache_path = "{tmp_path}/todo.cache"\ndate_format = "%Y-%m-%d"\n'
        'time_format = "%H:%M"\ndefault_list = "todos"\n',
        encoding="utf-8",
    )
    done = subprocess.run(
        [todo, "--config", f"{tmp_path}/todo.py", "list"], capture_output=True, text=True, check=True,
        env={"TZ": "Europe/Berlin", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert "2027-03-22 09:00 ⟳Report" in done.stdout


@pytest.mark.parametrize("due", ["2026-11-22", "2026-11-22 09:00"])
@pytest.mark.parametrize(
    "repeat",
    [
        "every 2 weeks on fri", "every 3 weeks on fri", "every friday 3 times", "every 2 weeks on fri until 2027-01-31",
        "every weekday", "monthly on the 10th", "every 2 months on the 10th", "yearly on 3 march",
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=2TU;COUNT=4", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=5", "every 2 weeks",
    ],
)  # fmt: skip
def test_what_goes_out_is_what_the_agenda_has_and_what_is_done_in_turn(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, repeat: str, due: str
) -> None:
    """Also of a task whose day is none of its rule's."""
    number = add(ctx, repeat=repeat, due=due)
    (event,) = events(ctx)
    span = agenda.agenda(ctx, ["2026-11-22..2032-11-21"]).rows
    in_agenda = [row["date"] for row in span][:5]
    in_turn = [due[:10]]
    while len(in_turn) < 5:
        at(monkeypatch, ctx, f"{in_turn[-1]}T08:00:00+00:00")
        tasks.done(ctx, [number])
        found = ctx.reader.rows("SELECT id, due_on FROM task WHERE follows_id = ?", (number,))
        if not found:
            break
        number = found[0][0]
        in_turn.append(str(found[0][1]))
    assert in_agenda == in_turn
    assert [day[:10] for day in days(event, len(in_turn))] == in_turn
    if len(in_turn) < 5:
        assert len(days(event, 99)) == len(in_turn)


def test_days_that_are_left_out_go_out_as_exdates(ctx: Context) -> None:
    number = add(ctx, repeat="weekly", due="2026-11-27 09:00")
    with ctx.writing("test") as tx:
        tx.change("task", number, {"series_skips": "2026-11-20,2026-12-04"})
    (event,) = events(ctx)
    assert [one.dt.astimezone(UTC) for one in event["EXDATE"].dts] == [datetime(2026, 12, 4, 8, tzinfo=UTC)]
    assert [row["date"] for row in agenda.agenda(ctx, ["2026-11-27..2026-12-12"]).rows] == ["2026-11-27", "2026-12-11"]


def test_a_series_goes_out_in_the_zone_it_was_made_in(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    add(ctx, repeat="every monday", due="2027-03-08 01:00")
    at(monkeypatch, ctx, "2026-11-21T10:00:00+00:00", "America/New_York")
    (event,) = events(ctx)
    assert event["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert days(event, 4) == ["2027-03-08T00:00Z", "2027-03-15T00:00Z", "2027-03-22T00:00Z", "2027-03-28T23:00Z"]


def test_an_undone_change_is_a_later_one(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who goes by LAST-MODIFIED sees what is undone."""
    number = add(ctx, due="2026-11-27 09:00")
    stamps = []
    for moment, change in (("2026-11-22", "edit"), ("2026-11-23", "undo")):
        at(monkeypatch, ctx, f"{moment}T10:00:00+00:00")
        records.edit(ctx, TASK, [number], {"name": "Paper"}) if change == "edit" else history.undo(ctx)
        (event,) = events(ctx)
        stamps.append(f"{event.decoded('LAST-MODIFIED'):%Y-%m-%d}")
    assert stamps == ["2026-11-22", "2026-11-23"]
    assert str(event["SUMMARY"]) == "Report"


def test_one_that_was_taken_up_again_is_one_day_and_no_second_series(ctx: Context) -> None:
    number = add(ctx, repeat="weekly", due="2026-11-27 09:00")
    tasks.done(ctx, [number])
    tasks.reopen(ctx, [number])
    assert sum("RRULE" in event for event in events(ctx)) == 1
    dates = [row["date"] for row in agenda.agenda(ctx, ["2026-11-27..2026-12-12"]).rows]
    assert dates == ["2026-11-27", "2026-12-04", "2026-12-11"]
    records.remove(ctx, TASK, [number + 1])
    dates = [row["date"] for row in agenda.agenda(ctx, ["2026-11-27..2026-12-12"]).rows]
    assert dates == ["2026-11-27", "2026-12-04", "2026-12-11"]
