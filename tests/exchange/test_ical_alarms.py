"""Alarms of days: a TRIGGER counts from midnight (RFC 5545, 3.8.6.3), minutes from where it opens."""

from __future__ import annotations

from datetime import date

import pytest

from crmcli.exchange.ical import write_one
from crmcli.exchange.ical_reader import read_calendar
from tests.support.ical import BERLIN, START, one, read, wrapped

DAY = {"VEVENT": ["DTSTART;VALUE=DATE:20261126"], "VTODO": ["DUE;VALUE=DATE:20261126"]}


def alarm(trigger: str, action: str = "DISPLAY", related: str = "") -> list[str]:
    text = f"TRIGGER{f';RELATED={related}' if related else ''}:{trigger}"
    return ["BEGIN:VALARM", f"ACTION:{action}", "DESCRIPTION:", text, "END:VALARM"]


@pytest.mark.parametrize("action", ["DISPLAY", "AUDIO"])
@pytest.mark.parametrize("kind", ["VEVENT", "VTODO"])
@pytest.mark.parametrize(
    ("minutes", "trigger"),
    [(0, "PT9H"), (15, "PT8H45M"), (540, "-PT0M"), (600, "-PT1H"), (1440, "-PT15H"), (2880, "-P1DT15H")],
)
def test_a_reminder_of_a_day_rings_so_long_before_nine(kind: str, minutes: int, trigger: str, action: str) -> None:
    related = "END" if kind == "VTODO" else ""
    found = one(*DAY[kind], *alarm(trigger, action, related), kind=kind)
    assert (found.alarms, found.lacks) == ([minutes], ())
    data = write_one(found, zone="Europe/Berlin")
    assert f"\r\n{alarm(trigger, related=related)[3]}\r\n" in data.decode()
    again = read(data).items[0]
    assert (again.alarms, again.more) == (found.alarms, found.more)
    assert write_one(again, zone="Europe/Berlin") == data


def test_a_todo_that_is_due_on_a_day_may_count_from_its_start() -> None:
    assert one(*DAY["VTODO"], *alarm("PT8H"), kind="VTODO").alarms == [60]
    timed = one(START, *DAY["VTODO"], *alarm("PT8H"), kind="VTODO")
    assert (timed.alarms, timed.lacks) == ([], ("its reminder after it begins",))


@pytest.mark.parametrize(("opening", "minutes"), [(480, 0), (540, 60), (1080, 600)])
def test_a_day_opens_when_the_book_says(opening: int, minutes: int) -> None:
    data = wrapped("UID:u", *DAY["VEVENT"], *alarm("PT8H")).encode()
    (found,) = read_calendar(data, zone="Europe/Berlin", opening=opening).items
    assert found.alarms == [minutes]
    assert b"TRIGGER:PT8H\r\n" in write_one(found, zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("trigger", "lack"),
    [("PT9H1M", "its reminder after it begins"), ("P1D", "its reminder after it begins"), ("PT8H59M30S", ""),
     ("-PT15M30S", "its reminder to the second")],
)  # fmt: skip
def test_what_is_no_reminder_of_a_day_is_kept_and_told(trigger: str, lack: str) -> None:
    found = one(*DAY["VEVENT"], *alarm(trigger))
    assert found.alarms == []
    assert not lack or found.lacks == (lack,)
    assert f"TRIGGER:{trigger}\r\n" in write_one(found, zone="Europe/Berlin").decode()


@pytest.mark.parametrize("action", ["DISPLAY", "AUDIO"])
def test_a_reminder_of_a_day_stands_for_its_minutes_where_that_gets_a_time(action: str) -> None:
    found = one(*DAY["VEVENT"], *alarm("PT8H", action))
    timed = found._replace(start=one(START).start)
    data = write_one(timed, zone="Europe/Berlin").decode()
    assert ("TRIGGER:-PT1H\r\n" in data, f"ACTION:{action}" in data, data.count("VALARM")) == (True, True, 2)
    assert read(data).items[0].alarms == [60]
    data = write_one(read(data).items[0]._replace(start=date(2026, 11, 26)), zone="Europe/Berlin").decode()
    assert ("TRIGGER:PT8H\r\n" in data, f"ACTION:{action}" in data, data.count("VALARM")) == (True, True, 2)


def test_a_time_has_its_reminders_as_they_are() -> None:
    found = one(START, *alarm("-PT1H"), *alarm("PT8H"))
    assert found.start is not None
    assert (found.alarms, found.lacks) == ([60], ("its reminder after it begins",))
    assert found.start == found.start.astimezone(BERLIN)  # type: ignore[union-attr]
