"""Free time beside what is on, on both engines: known answers, and what is never there."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import TASK
from crmcli.domain.slots import opening, read_hours
from crmcli.errors import CrmError, FieldError, FilterError, UsageError
from crmcli.services import agenda, freetime, records, tasks
from crmcli.services.freetime import Wanted

#: Monday to Wednesday after the Saturday on which the books live.
DAYS = "2026-11-23..2026-11-25"


def add(ctx: Context, name: str, due: str, **fields: str) -> int:
    return records.add(ctx, TASK, {"name": name, "due": due, **fields}).ids[0]


def slots(ctx: Context, limit: int = 0, **wanted: Any) -> list[str]:
    """The slots as day of the month, start and end."""
    wanted = {"within": DAYS, **wanted}
    rows = freetime.free(ctx, Wanted(**wanted), limit).rows
    return [f"{row['date'][8:]} {row['start'][11:16]}-{row['end'][11:16]}" for row in rows]


def test_free_is_what_lies_between(ctx: Context) -> None:
    add(ctx, "meeting", "2026-11-23 10:00", minutes="1h")
    add(ctx, "call", "2026-11-23 11:00")  # half an hour
    add(ctx, "early", "2026-11-24 08:00", minutes="90m")
    add(ctx, "late", "2026-11-24 16:45", minutes="2h")
    add(ctx, "a day", "2026-11-24")
    add(ctx, "all of it", "2026-11-25 09:00", minutes="8h")
    assert slots(ctx) == ["23 09:00-10:00", "23 11:30-17:00", "24 09:30-16:45"]
    assert slots(ctx, duration="1h30") == ["23 11:30-17:00", "24 09:30-16:45"]
    assert slots(ctx, duration="8h") == []
    assert slots(ctx, limit=1) == ["23 09:00-10:00"]
    assert slots(ctx, hours="8:30-12,13-17:30", duration="45m") == [
        "23 08:30-10:00", "23 13:00-17:30", "24 09:30-12:00", "24 13:00-16:45",
    ]  # fmt: skip
    assert slots(ctx, hours="8:30-12,13-17:30", duration="30m")[1:3] == ["23 11:30-12:00", "23 13:00-17:30"]
    assert slots(ctx, between="15m") == ["23 09:00-09:45", "23 11:45-17:00", "24 09:45-16:30"]
    assert slots(ctx, all_day_busy=True) == ["23 09:00-10:00", "23 11:30-17:00"]
    rows = freetime.free(ctx, Wanted(within=DAYS))
    assert rows.rows[1] == {  # type: ignore[index]
        "date": "2026-11-23", "start": "2026-11-23T11:30+00:00", "end": "2026-11-23T17:00+00:00", "minutes": 330,
        "state": "", "length": "5h30",
    }  # fmt: skip


def test_what_is_done_or_gone_takes_no_time(ctx: Context) -> None:
    for name in ("done", "removed"):
        add(ctx, name, "2026-11-23 10:00", minutes="1h")
    tasks.done(ctx, [1])
    records.remove(ctx, TASK, [2])
    assert slots(ctx, within="2026-11-23") == ["23 09:00-17:00"]


def test_several_people_are_free_when_all_are(ctx: Context) -> None:
    me = ctx.actor
    add(ctx, "mine", "2026-11-23 09:00", minutes="1h", owner=me)
    add(ctx, "hers", "2026-11-23 10:00", minutes="1h", owner="grace")
    add(ctx, "his", "2026-11-23 11:00", minutes="1h", owner="ali")
    add(ctx, "nobody's", "2026-11-23 12:00", minutes="1h")

    def monday(*people: str) -> list[str]:
        return slots(ctx, within="2026-11-23", people=people)

    assert monday("me") == ["23 10:00-12:00", "23 13:00-17:00"]
    assert monday("grace") == ["23 09:00-10:00", "23 11:00-12:00", "23 13:00-17:00"]
    assert monday("me", "grace") == ["23 11:00-12:00", "23 13:00-17:00"]
    assert monday("me", "grace", "ali") == ["23 13:00-17:00"]
    with pytest.raises(FilterError, match="nobody"):
        monday("me", "nobody")


def test_over_midnight_and_for_days(ctx: Context) -> None:
    add(ctx, "night", "2026-11-23 22:00", minutes="4h")
    add(ctx, "fair", "2026-11-24 12:00", minutes="1d")
    add(ctx, "since long", "2026-11-01 00:00", minutes="22d")
    assert slots(ctx, hours="0-24") == ["23 00:00-22:00", "24 02:00-12:00", "25 12:00-00:00"]
    assert slots(ctx, hours="0-24", within="2026-11-22..2026-11-23", any_day=True) == ["23 00:00-22:00"]
    assert slots(ctx, hours="22-24,0-6", within="2026-11-23..2026-11-24") == ["23 00:00-06:00", "24 02:00-06:00"]
    assert slots(ctx, hours="0-24", between="3h") == ["23 03:00-19:00", "24 05:00-09:00", "25 15:00-00:00"]


def test_what_comes_again_takes_its_time(ctx: Context) -> None:
    add(ctx, "stand-up", "2026-11-23 09:00", minutes="15m", repeat="every weekday")
    assert slots(ctx) == ["23 09:15-17:00", "24 09:15-17:00", "25 09:15-17:00"]
    add(ctx, "watering", "2026-11-23 12:00", minutes="1h", repeat="every day", repeat_from="done")
    assert slots(ctx)[-1] == "25 09:15-17:00"


def test_never_before_now(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_NOW", "2026-11-24T10:07:00+00:00")
    ctx.tick()
    assert slots(ctx) == ["24 10:15-17:00", "25 09:00-17:00"]
    assert slots(ctx, step="1h") == ["24 11:00-17:00", "25 09:00-17:00"]
    assert slots(ctx, step="5m")[0] == "24 10:10-17:00"
    assert slots(ctx, within="2026-11-23") == []
    assert slots(ctx, within="today", hours="8-10:20") == []
    assert slots(ctx, within="today", hours="8-10:45") == ["24 10:15-10:45"]
    assert slots(ctx, within="", limit=2) == ["24 10:15-17:00", "25 09:00-17:00"]
    monkeypatch.setenv("CRM_NOW", "2026-11-24T23:50:00+00:00")
    ctx.tick()
    assert slots(ctx, hours="0-24") == ["25 00:00-00:00"]


def open_book(ctx: Context, monkeypatch: pytest.MonkeyPatch, **settings: str) -> Context:
    """The same book with other habits."""
    for name, value in settings.items():
        monkeypatch.setenv(f"CRM_{name.upper()}", value)
    return Context(Settings({"db": ctx.reader.target}), plugins=False)


def test_working_days_and_hours_are_those_of_the_settings(book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    week = "2026-12-21..2026-12-27"
    assert [slot[:2] for slot in slots(book, within=week)] == ["21", "22", "23", "24", "25"]
    german = open_book(book, monkeypatch, holidays="DE", hours="8-12")
    assert slots(german, within=week)[-1] == "24 08:00-12:00"
    assert [slot[:2] for slot in slots(german, within=week, any_day=True)] == [f"{day}" for day in range(21, 28)]
    german.close()
    iranian = open_book(book, monkeypatch, workdays="sat-wed", holidays="", hours="", calendar="jalali")
    assert [slot[:2] for slot in slots(iranian, within="1405-09-01..1405-09-07")] == ["22", "23", "24", "25", "28"]
    iranian.close()
    unknown = open_book(book, monkeypatch, workdays="", holidays="DE")
    with pytest.raises(FieldError, match="not known for 2150"):
        slots(unknown, within="2150-01")
    assert len(slots(unknown, within="2150-01", any_day=True)) == 31
    unknown.close()


@pytest.mark.parametrize(
    ("zone", "day", "hours", "event", "left"),
    [
        (
            "Europe/Berlin",
            "2027-03-28",
            "0-6",
            ("2027-03-28 01:30", "1h"),
            ["00:00+01:00 01:30+01:00", "03:30+02:00 06:00+02:00"],
        ),
        (
            "Europe/Berlin",
            "2026-10-25",
            "0-6",
            ("2026-10-25 01:30", "1h"),
            ["00:00+02:00 01:30+02:00", "02:30+02:00 06:00+01:00"],
        ),
        (
            "Europe/Berlin",
            "2026-10-25",
            "0-6",
            ("2026-10-25 01:30", "2h"),
            ["00:00+02:00 01:30+02:00", "02:30+01:00 06:00+01:00"],
        ),
        ("Europe/Berlin", "2026-10-25", "2-3", ("2026-10-24 01:30", "2h"), ["02:00+02:00 03:00+01:00"]),
        (
            "Asia/Tehran",
            "2026-11-28",
            "9-17",
            ("2026-11-28 12:00", "1h"),
            ["09:00+03:30 12:00+03:30", "13:00+03:30 17:00+03:30"],
        ),
        ("America/Havana", "2026-11-01", "0-2", ("2026-10-31 23:30", "1h"), ["00:30-04:00 02:00-05:00"]),
    ],
)
def test_where_clocks_change(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, zone: str, day: str, hours: str, event: tuple[str, str],
    left: list[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("CRM_TIMEZONE", zone)
    monkeypatch.setenv("CRM_NOW", "2026-10-20T10:00:00+00:00")
    ctx.tick()
    add(ctx, "on", event[0], minutes=event[1])
    rows = freetime.free(ctx, Wanted(within=day, hours=hours, any_day=True)).rows
    assert [f"{row['start'][11:]} {row['end'][11:]}" for row in rows] == left


def test_a_week_of_many_tasks_is_taken_and_free_to_the_minute(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each minute of the hours of two weeks around a change of the clocks is either taken or free, never both."""
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    monkeypatch.setenv("CRM_NOW", "2026-10-01T10:00:00+00:00")
    ctx.tick()
    minute = timedelta(minutes=1)
    taken = set()
    for number in range(60):
        start = datetime(2026, 10, 18, tzinfo=UTC) + 337 * number * minute
        length = (number * 53) % 400
        add(ctx, f"{number}", start.isoformat(), minutes=str(length))
        taken |= {start + each * minute for each in range(length or 30)}
    found = set()
    for row in freetime.free(ctx, Wanted("10m", "2026-10-19..2026-11-01", "7-12,12:30-24", any_day=True)).rows:
        start, end = (datetime.fromisoformat(row[side]).astimezone(UTC) for side in ("start", "end"))
        assert end - start == row["minutes"] * minute >= 10 * minute
        minutes = {start + each * minute for each in range(row["minutes"])}
        assert not minutes & found
        found |= minutes
    assert not found & taken
    zone = ctx.env.now.tzinfo
    assert zone is not None
    hours = {
        start + each * minute
        for day in agenda.read_range(ctx, "2026-10-19..2026-11-01").days()
        for start, end in opening(day, read_hours("7-12,12:30-24"), zone)
        for each in range((end - start) // minute)
    }
    assert found <= hours
    for start in hours - taken - found:  # gaps of less than ten minutes
        around = {start + each * minute for each in range(-9, 10)}
        assert around & (taken | (around - hours))


def test_how_to_book_the_first(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    slots(ctx, duration="45m")
    assert (
        capsys.readouterr()
        .err.rstrip()
        .endswith('task add Call --type meeting --due "2026-11-23 09:00" --duration 45m')
    )
    freetime.free(ctx, Wanted("8h30", hours="9-17:30", within="sat"))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("calendar", ["gregorian", "jalali"])
def test_what_is_booked_is_what_was_free(
    ctx: Context, calendar: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also in the second of two hours that clocks show alike: the advice, taken until nothing is free, takes all."""
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    monkeypatch.setenv("CRM_CALENDAR", calendar)
    monkeypatch.setenv("CRM_NOW", "2026-10-25T00:00:00+02:00")
    ctx.tick()
    taken = []
    wanted = Wanted("30m", "today", "1:30-3:30", any_day=True)
    capsys.readouterr()
    while slot := [*freetime.free(ctx, wanted).rows][:1]:
        due = shlex.split(capsys.readouterr().err)[-3]
        add(ctx, "Call", due, minutes="30m")
        taken.append(slot[0]["start"][11:])
        assert len(taken) < 9
        capsys.readouterr()
    assert taken == [
        "01:30+02:00", "02:00+02:00", "02:30+02:00", "02:00+01:00", "02:30+01:00", "03:00+01:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "error", "message"),
    [
        ({"duration": "soon"}, FieldError, "'soon' is not a length of time"),
        ({"duration": "0m"}, UsageError, "more than no time"),
        ({"step": "0"}, UsageError, "more than no time"),
        ({"duration": "9h"}, UsageError, "9h do not fit into the hours of a day"),
        ({"duration": "5h", "hours": "8-12,13-17"}, UsageError, "5h do not fit"),
        ({"hours": "17-9"}, FieldError, "end before they start"),
        ({"within": "whenever"}, FieldError, "'whenever' is not a day"),
        ({"within": "..2026-01"}, UsageError, "no day that an agenda can begin with"),
    ],
)
def test_what_cannot_be_looked_for(book: Context, wanted: dict[str, str], error: type[CrmError], message: str) -> None:
    with pytest.raises(error, match=message):
        freetime.free(book, Wanted(**wanted))  # type: ignore[arg-type]


def test_a_setting_that_names_no_hours_is_refused(book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_HOURS", "nine to five")
    with pytest.raises(UsageError, match="CRM_HOURS: 'nine to five' names no hours"):
        freetime.free(book, Wanted())


def test_what_comes_again_for_days_takes_all_of_them(ctx: Context) -> None:
    add(ctx, "fair", "2026-11-09 10:00", minutes="52h", repeat="every 2 weeks on mon")
    assert slots(ctx, within="2026-11-23..2026-11-26") == ["23 09:00-10:00", "25 14:00-17:00", "26 09:00-17:00"]


def test_all_days_of_a_holiday_are_taken(ctx: Context) -> None:
    add(ctx, "holiday", "2026-11-23", minutes="3d")
    wanted = {"within": "2026-11-23..2026-11-26", "all_day_busy": True}
    assert slots(ctx, **wanted) == ["26 09:00-17:00"]
