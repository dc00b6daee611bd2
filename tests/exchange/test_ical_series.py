"""Days, moments and series of calendar files with known answers, as other readers see them."""

from __future__ import annotations

import io
import subprocess
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from dateutil import rrule

from crmcli.domain import recurrence
from crmcli.errors import CrmError
from crmcli.exchange.ical import Item, write_calendar, write_one
from crmcli.exchange.ical_reader import read_calendar
from tests.support.calendar_programs import calendar_program

if TYPE_CHECKING:
    from pathlib import Path

CHANGED = datetime(2026, 1, 1, tzinfo=UTC)


def item(start: date | datetime | None, rule: str | None = None, **more: Any) -> Item:
    said: dict[str, Any] = {
        "uid": "u", "kind": "event", "summary": "Call", "description": "", "start": start, "minutes": None, "due": None,
        "done_at": None, "created_at": CHANGED, "updated_at": CHANGED, "sequence": 0, "status": "", "categories": [],
        "priority": 0, "rrule": rule,
    }  # fmt: skip
    return Item(**(said | more))


def at(zone: str, *clock: int) -> datetime:
    return datetime(*clock, tzinfo=ZoneInfo(zone))  # type: ignore[arg-type,misc]


def line(data: bytes, name: str) -> str:
    """The property of the item, not those of its zone."""
    unfolded = data.replace(b"\r\n ", b"").decode().split("BEGIN:VEVENT")[-1].split("BEGIN:VTODO")[-1]
    return next(one for one in unfolded.split("\r\n") if one.startswith(name))


def read_by_icalendar(data: bytes) -> Any:
    return icalendar.Calendar.from_ical(data).walk("VEVENT")[0]


def by_vobject(data: bytes, count: int) -> list[Any]:
    """The first of a series as vobject has them, by the clocks that the file itself defines."""
    # It keeps a zone, by its name, as the first file of the process defines it.
    zones = vars(vobject.icalendar)["__tzidMap"]
    for name in zones.keys() - {"UTC"}:
        del zones[name]
    event: Any = vobject.readOne(io.StringIO(data.decode())).vevent
    found = []
    for one in event.getrruleset(addRDate=True):
        found.append(one)
        if len(found) == count:
            break
    return found


@pytest.mark.parametrize(
    ("zone", "instant", "clock"),
    [
        # The clocks in Berlin go forward on 2026-03-29 and back on 2026-10-25, both at 01:00 UTC.
        ("Europe/Berlin", "2026-03-29T00:59", "20260329T015900"),
        ("Europe/Berlin", "2026-03-29T01:00", "20260329T030000"),
        ("Europe/Berlin", "2026-10-25T00:30", "20261025T023000"),
        ("Europe/Berlin", "2026-10-25T01:30", ""),  # 02:30 for the second time
        ("Europe/Berlin", "2026-10-25T02:00", "20261025T030000"),
        # Iran had its last summer time in 2022.
        ("Asia/Tehran", "2022-07-01T12:00", "20220701T163000"),
        ("Asia/Tehran", "2023-07-01T12:00", "20230701T153000"),
        ("Asia/Tehran", "2026-07-01T12:00", "20260701T153000"),
        # Fiji had its last from 2020-12-20 to 2021-01-17.
        ("Pacific/Fiji", "2021-01-10T12:00", "20210111T010000"),
        ("Pacific/Fiji", "2021-02-10T12:00", "20210211T000000"),
        ("Pacific/Fiji", "2026-01-10T12:00", "20260111T000000"),
        # Samoa had no 2011-12-30.
        ("Pacific/Apia", "2011-12-30T09:59", "20111229T235900"),
        ("Pacific/Apia", "2011-12-30T10:00", "20111231T000000"),
        ("America/New_York", "2006-04-01T12:00", "20060401T070000"),
        ("America/New_York", "2007-04-01T12:00", "20070401T080000"),  # since 2007 from March on
        ("Europe/Berlin", "1969-07-20T20:17", "19690720T211700"),
        ("Europe/Berlin", "2099-07-20T20:17", "20990720T221700"),
    ],
)
def test_a_moment_is_written_on_the_clock_of_its_zone(zone: str, instant: str, clock: str) -> None:
    moment = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    data = write_one(item(moment), zone=zone)
    assert line(data, "DTSTART") == (f"DTSTART;TZID={zone}:{clock}" if clock else "DTSTART:20261025T013000Z")
    assert read_by_icalendar(data).decoded("DTSTART").astimezone(UTC) == moment
    (found,) = read_calendar(data, zone="UTC").items
    assert isinstance(found.start, datetime)
    assert found.start.astimezone(UTC) == moment


@pytest.mark.parametrize(
    ("zone", "start", "rule", "instants"),
    [
        (
            "Europe/Berlin", (2026, 3, 20, 9), "FREQ=WEEKLY;COUNT=4",
            ["2026-03-20T08:00", "2026-03-27T08:00", "2026-04-03T07:00", "2026-04-10T07:00"],
        ),
        (
            "Europe/Berlin", (2026, 10, 16, 9), "FREQ=WEEKLY;COUNT=4",
            ["2026-10-16T07:00", "2026-10-23T07:00", "2026-10-30T08:00", "2026-11-06T08:00"],
        ),
        (
            "Asia/Tehran", (2022, 9, 20, 9), "FREQ=DAILY;COUNT=3",
            ["2022-09-20T04:30", "2022-09-21T04:30", "2022-09-22T05:30"],
        ),
        (
            "Asia/Tehran", (2023, 3, 20, 9), "FREQ=DAILY;COUNT=3",
            ["2023-03-20T05:30", "2023-03-21T05:30", "2023-03-22T05:30"],
        ),
        (
            "Pacific/Fiji", (2021, 1, 15, 9), "FREQ=DAILY;COUNT=3",
            ["2021-01-14T20:00", "2021-01-15T20:00", "2021-01-16T21:00"],
        ),
        ("America/New_York", (2026, 3, 7, 9), "FREQ=DAILY;COUNT=2", ["2026-03-07T14:00", "2026-03-08T13:00"]),
    ],
)  # fmt: skip
def test_a_series_keeps_its_clock_when_the_clocks_change(
    zone: str, start: tuple[int, ...], rule: str, instants: list[str]
) -> None:
    wanted = [datetime.fromisoformat(instant).replace(tzinfo=UTC) for instant in instants]
    # In the zone of the calendar or, in one of another zone, in its own.
    for data in (
        write_one(item(at(zone, *start).astimezone(UTC), rule), zone=zone),
        write_one(item(at(zone, *start), rule), zone="Asia/Tokyo"),
    ):
        assert [one.astimezone(UTC) for one in by_vobject(data, 9)] == wanted
        event = read_by_icalendar(data)
        first = event.decoded("DTSTART")
        clocks = rrule.rrulestr(event["RRULE"].to_ical().decode(), dtstart=first.replace(tzinfo=None))
        assert [clock.replace(tzinfo=first.tzinfo).astimezone(UTC) for clock in clocks] == wanted


@pytest.mark.parametrize(
    ("said", "start", "days"),
    [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2024-02-29", ["2024-02-29", "2028-02-29", "2032-02-29"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-31", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2024-01-31", ["2024-01-31", "2024-02-29", "2024-03-31"]),
        ("RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD", "2026-01-31",
         ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("RSCALE=GREGORIAN;FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;SKIP=BACKWARD", "2024-02-29",
         ["2024-02-29", "2025-02-28", "2026-02-28"]),
        ("FREQ=DAILY;INTERVAL=366", "2024-02-29", ["2024-02-29", "2025-03-01", "2026-03-02"]),
    ],
)  # fmt: skip
def test_series_of_days(said: str, start: str, days: list[str]) -> None:
    """As the book has them, and as every program reads them in the file."""
    first = date.fromisoformat(start)
    assert [str(day) for day in recurrence.occurrences(said, first, 3)] == days
    data = write_one(item(first, recurrence.as_rrule(said, first)), zone="Asia/Tehran")
    assert [str(one)[:10] for one in by_vobject(data, 3)] == days
    rule = read_by_icalendar(data)["RRULE"].to_ical().decode()
    expanded = rrule.rrulestr(rule, dtstart=datetime.combine(first, datetime.min.time()))
    assert [str(one.date()) for one in expanded[:3]] == days


@pytest.mark.parametrize("start", [date(2026, 3, 20), at("Asia/Tehran", 2026, 3, 20, 9)])
def test_a_series_that_no_rule_can_say_goes_out_day_by_day(start: date | datetime) -> None:
    first = start.date() if isinstance(start, datetime) else start
    rule = "RSCALE=PERSIAN;FREQ=MONTHLY;BYMONTHDAY=-1"
    assert recurrence.as_rrule(rule, first) is None
    days = list(recurrence.occurrences(rule, first, 4))
    assert [str(day) for day in days] == ["2026-03-20", "2026-04-20", "2026-05-21", "2026-06-21"]
    data = write_one(item(start, rdates=days[1:], exdates=[days[2]], repeat=rule), zone="Europe/Berlin")
    assert line(data, "X-CRM-REPEAT") == "X-CRM-REPEAT:RSCALE=PERSIAN\\;FREQ=MONTHLY\\;BYMONTHDAY=-1"
    timed = isinstance(start, datetime)
    assert line(data, "RDATE") == (
        "RDATE;TZID=Asia/Tehran:20260420T090000,20260521T090000,20260621T090000"
        if timed
        else "RDATE;VALUE=DATE:20260420,20260521,20260621"
    )
    found = by_vobject(data, 9)
    assert [str(one)[:10] for one in found] == ["2026-03-20", "2026-04-20", "2026-06-21"]
    (again,) = read_calendar(data, zone="Europe/Berlin").items
    assert [str(one)[:10] for one in (*again.rdates, *again.exdates)] == [str(day) for day in (*days[1:], days[2])]
    assert again.repeat == rule


@pytest.mark.parametrize(
    ("said", "repeat"),
    [
        ("X-CRM-REPEAT:freq=monthly\\;bymonthday=-1\\;rscale=persian", "RSCALE=PERSIAN;FREQ=MONTHLY;BYMONTHDAY=-1"),
        (
            "X-CRM-REPEAT;VALUE=RECUR:RSCALE=PERSIAN;FREQ=MONTHLY;BYMONTHDAY=-1",
            "RSCALE=PERSIAN;FREQ=MONTHLY;BYMONTHDAY=-1",
        ),
        ("X-CRM-REPEAT:", None),
        ("X-CRM-REPEAT:every month", None),
        ("X-CRM-REPEAT:RSCALE=PERSIAN;FREQ=MONTHLY\\nRRULE:FREQ=DAILY", None),
        # What another program made of it since says which days it has.
        ("RRULE:FREQ=WEEKLY\r\nX-CRM-REPEAT:RSCALE=PERSIAN;FREQ=MONTHLY", None),
    ],
)
def test_the_rule_of_days_that_stand_one_by_one(said: str, repeat: str | None) -> None:
    data = write_one(item(date(2026, 3, 20)), zone="UTC").replace(b"SUMMARY", f"{said}\r\nSUMMARY".encode())
    (found,) = read_calendar(data, zone="UTC").items
    assert (found.repeat, found.more) == (repeat, [])
    assert b"X-CRM-REPEAT" not in write_one(found._replace(repeat=None), zone="UTC")


@pytest.mark.parametrize(
    ("start", "zone", "until", "written"),
    [
        (date(2026, 11, 23), "Europe/Berlin", "20261231", "20261231"),
        (date(2026, 11, 23), "Europe/Berlin", "20261231T225959Z", "20261231"),
        (at("Europe/Berlin", 2026, 11, 23, 9), "UTC", "20261231", "20261231T225959Z"),
        (at("America/New_York", 2026, 7, 1, 9), "UTC", "20260731", "20260801T035959Z"),
        (datetime(2026, 11, 23, 9, tzinfo=UTC), "UTC", "20261231", "20261231T235959Z"),
        (datetime(2026, 11, 23, 9, tzinfo=UTC), "Asia/Tehran", "20261231", "20261231T202959Z"),
        (datetime(2026, 11, 23, 9, tzinfo=UTC), "America/New_York", "98981231", "98990101T045959Z"),
        (datetime(2026, 11, 23, 9, tzinfo=UTC), "Asia/Tehran", "20261231T202959Z", "20261231T202959Z"),
    ],
)
def test_the_end_of_a_series_is_of_the_kind_of_its_start(
    start: date | datetime, zone: str, until: str, written: str
) -> None:
    data = write_one(item(start, f"FREQ=DAILY;UNTIL={until};BYDAY=MO"), zone=zone)
    assert line(data, "RRULE") == f"RRULE:FREQ=DAILY;UNTIL={written};BYDAY=MO"
    (found,) = read_calendar(data, zone=zone).items
    assert found.rrule == f"FREQ=DAILY;UNTIL={until[:8]};BYDAY=MO"


def test_an_end_at_the_end_of_the_calendar_is_for_ever() -> None:
    start = datetime(2026, 11, 23, 9, tzinfo=UTC)
    data = write_one(item(start, "FREQ=DAILY;UNTIL=99991231;BYDAY=MO"), zone="America/New_York")
    assert line(data, "RRULE") == "RRULE:FREQ=DAILY;UNTIL=99991231T235959Z;BYDAY=MO"
    for zone in ("America/New_York", "Asia/Tehran"):
        (found,) = read_calendar(data, zone=zone).items
        assert found.rrule == "FREQ=DAILY;BYDAY=MO"


@pytest.mark.parametrize("wrong", ["FREQ=DAILY;UNTIL=20261399", "FREQ=DAILY;X=1", "FREQ=DAILY;COUNT=1;COUNT=2"])
def test_a_rule_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(CrmError):
        write_one(item(CHANGED, wrong), zone="UTC")


@pytest.mark.parametrize("due", [date(2026, 11, 27), at("Europe/Berlin", 2026, 11, 27, 9)])
def test_a_todo_that_comes_again_has_a_start(due: date | datetime) -> None:
    data = write_one(item(None, "FREQ=WEEKLY", kind="todo", due=due, alarms=[15]), zone="Europe/Berlin")
    assert line(data, "DTSTART").partition(":")[2] == line(data, "DUE").partition(":")[2]
    (found,) = read_calendar(data, zone="Europe/Berlin").items
    assert (found.start, found.due, found.alarms, found.rrule) == (None, due, [15], "FREQ=WEEKLY")
    assert "DTSTART" not in write_one(item(None, kind="todo", due=due), zone="UTC").decode().split("BEGIN:VTODO")[1]


def test_each_zone_is_defined_once() -> None:
    zones = ("Asia/Tehran", "Europe/Berlin", "UTC", "Asia/Tehran", "America/New_York")
    some = [item(at(zone, 2026, 11, 27, 9), uid=str(n)) for n, zone in enumerate(zones)]
    data = write_calendar(some, name="x", zone="Europe/Berlin").decode()
    defined = [part.partition("\r\n")[0] for part in data.split("BEGIN:VTIMEZONE\r\nTZID:")[1:]]
    assert defined == ["America/New_York", "Asia/Tehran", "Europe/Berlin"]
    assert "DTSTART:20261127T090000Z" in data


def test_a_day_is_that_day_in_every_zone() -> None:
    day = item(date(2026, 11, 27), minutes=3 * 1440)
    written = {write_one(day, zone=zone) for zone in ("Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago")}
    assert len(written) == 1
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        (found,) = read_calendar(next(iter(written)), zone=zone).items
        assert (found.start, found.minutes) == (date(2026, 11, 27), 3 * 1440)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Kiritimati", "America/New_York"])
def test_khal_lists_them_right(zone: str, tmp_path: Path) -> None:
    """Whatever zone khal shows: days stay, moments are shown on its clocks."""
    khal = calendar_program("khal")
    start = at("Europe/Berlin", 2026, 10, 20, 9)
    some = [
        item(
            start, "FREQ=DAILY;COUNT=8", uid="series", summary="Series", minutes=30, exdates=[start + timedelta(days=3)]
        ),
        item(date(2026, 10, 23), uid="day", summary="Day"),
        item(date(2026, 10, 31), "FREQ=MONTHLY;BYMONTHDAY=31;UNTIL=20261231", uid="31", summary="Month"),
    ]
    file = tmp_path / "x.ics"
    file.write_bytes(write_calendar(some, name="x", zone="Europe/Berlin"))
    (tmp_path / "calendar").mkdir()
    config = tmp_path / "khal.conf"
    config.write_text(
        f"[calendars]\n[[crm]]\npath = {tmp_path}/calendar\n[locale]\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\n"
        "longdateformat = %Y-%m-%d\ndatetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
        f"local_timezone = {zone}\ndefault_timezone = {zone}\n[sqlite]\npath = {tmp_path}/khal.db\n",
        encoding="utf-8",
    )

    def call(*words: str) -> list[str]:
        done = subprocess.run(
            [khal, "-c", str(config), *words], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return sorted(" ".join(one.split()) for one in done.stdout.splitlines() if one.strip())

    call("import", "--batch", "-a", "crm", str(file))
    days = [start + timedelta(days=number) for number in range(8) if number != 3]
    clocks = [day.astimezone(ZoneInfo(zone)) for day in days]
    form = ("--format", "{start-date} {start-time} {title}", "--day-format", "")
    assert call("list", *form, "2026-10-01", "120d") == sorted(
        [f"{clock:%Y-%m-%d %H:%M} Series" for clock in clocks]
        + ["2026-10-23 Day", "2026-10-31 Month", "2026-12-31 Month"]
    )


def test_todoman_reads_and_changes_a_stored_todo(tmp_path: Path) -> None:
    todo = calendar_program("todo")
    due = at("Europe/Berlin", 2026, 11, 27, 9)
    kept = ["X-CRM-A;X-B=c:d", "CLASS:PRIVATE"]
    stored = item(None, kind="todo", due=due, alarms=[15], description="über; a, b\nc", more=kept, priority=1)
    (tmp_path / "crm").mkdir()
    file = tmp_path / "crm" / "u.ics"
    file.write_bytes(write_one(stored, zone="Europe/Berlin"))
    config = tmp_path / "config.py"
    config.write_text(f"path = {str(tmp_path)!r} + '/*'\ncache_path = {str(tmp_path / 'cache')!r}\n", encoding="utf-8")

    def call(*words: str) -> str:
        environment = {"TODOMAN_CONFIG": str(config), "HOME": str(tmp_path), "TZ": "Europe/Berlin", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [todo, *words], capture_output=True, text=True, timeout=60, check=False, env=environment, encoding="utf-8"
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert {"11/27/26", "09:00:00", "Call"} <= set(call("list").split())
    assert "über; a, b" in call("show", "1")
    call("done", "1")
    (found,) = read_calendar(file.read_bytes(), zone="UTC").items
    assert found.status == "COMPLETED"
    assert found.done_at is not None
    assert (found.uid, found.due, found.description, found.alarms) == ("u", due, stored.description, [15])
    assert set(kept) <= set(found.more)
