"""Calendars out: stable bytes, right times, and no text that turns into a line of its own."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import icalendar
import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.errors import CrmError
from crmcli.exchange import ical
from crmcli.exchange.ical import Item, write_calendar, write_one
from crmcli.exchange.ical_clocks import zone_lines
from crmcli.exchange.ical_lines import many_lines, one_line, safe_uri
from crmcli.exchange.ical_reader import read_calendar
from crmcli.exchange.ical_values import Attendee

NOW = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)


def item(**changes: Any) -> Item:
    plain: dict[str, Any] = {
        "uid": "0190-a@crm",
        "kind": "event",
        "summary": "Call Ada",
        "description": "about; the, engines\nand more",
        "start": NOW,
        "minutes": 30,
        "due": None,
        "done_at": None,
        "created_at": NOW - timedelta(days=1),
        "updated_at": NOW,
        "sequence": 3,
        "status": "CONFIRMED",
        "categories": ["vip", "a,b"],
        "url": "https://x.example/7",
        "location": "Zürich",
        "alarms": [15],
        "rrule": None,
        "priority": 5,
    }
    return Item(**(plain | changes))


def todo(**changes: Any) -> Item:
    return item(**({"kind": "todo", "start": None, "minutes": None, "due": NOW, "status": "NEEDS-ACTION"} | changes))


def parsed(data: bytes) -> icalendar.Calendar:
    calendar = icalendar.Calendar.from_ical(data)
    assert isinstance(calendar, icalendar.Calendar)
    return calendar


def strict_lines(data: bytes) -> list[str]:
    """RFC 5545: lines end in CR LF, a line that starts with white space goes on."""
    return data.decode().replace("\r\n ", "").split("\r\n")[:-1]


def naive_lines(data: bytes) -> list[str]:
    """A careless reader: every character that anything takes for a line end ends a line."""
    return [line for line in re.split("[\r\n\x0b\x0c\x85\u2028\u2029]+", data.decode()) if line]


def names(lines: list[str]) -> Counter[str]:
    """Property names with their values for BEGIN and END; lines that go on a folded one are left out."""
    found = (line if line.startswith(("BEGIN:", "END:")) else re.split("[;:]", line)[0] for line in lines)
    return Counter(name for name in found if not name.startswith((" ", "\t")))


def test_an_event_in_full() -> None:
    data = write_calendar([item(rrule="FREQ=WEEKLY;COUNT=3")], name="My, book", zone="UTC")
    assert strict_lines(data) == [
        "BEGIN:VCALENDAR",
        "PRODID:-//crmcli//crm//EN",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "NAME:My\\, book",
        "X-WR-CALNAME:My\\, book",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "X-PUBLISHED-TTL:PT15M",
        "BEGIN:VEVENT",
        "UID:0190-a@crm",
        "DTSTAMP:20240501T100000Z",
        "CREATED:20240430T100000Z",
        "LAST-MODIFIED:20240501T100000Z",
        "SEQUENCE:3",
        "SUMMARY:Call Ada",
        "DTSTART:20240501T100000Z",
        "DURATION:PT30M",
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "DESCRIPTION:about\\; the\\, engines\\nand more",
        "LOCATION:Zürich",
        "STATUS:CONFIRMED",
        "CATEGORIES:vip,a\\,b",
        "PRIORITY:5",
        "URL:https://x.example/7",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Call Ada",
        "TRIGGER:-PT15M",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_a_done_todo() -> None:
    data = write_calendar([todo(status="COMPLETED", done_at=NOW, due=date(2024, 5, 3))], name="x", zone="Asia/Tehran")
    lines = strict_lines(data)
    for line in ("DUE;VALUE=DATE:20240503", "COMPLETED:20240501T100000Z", "PERCENT-COMPLETE:100", "STATUS:COMPLETED"):
        assert line in lines
    assert "TRIGGER;RELATED=END:PT8H45M" in lines
    assert "BEGIN:VTIMEZONE" not in lines  # a day needs no zone


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Tehran"])
def test_the_clocks_change_in_the_file_when_they_do_in_the_zone(zone: str) -> None:
    """RFC 5545, 3.6.5: the onset of an observance is written in the clock before it (TZOFFSETFROM)."""
    data = write_calendar([item(start=datetime(1975, 1, 15, 9, tzinfo=UTC))], name="x", zone=zone)
    changes = 0
    for part in parsed(data).timezones[0].subcomponents:
        was, now = part["TZOFFSETFROM"].td, part["TZOFFSETTO"].td
        first = part["DTSTART"].dt
        for onset in onsets(first, part, was):
            instant = (onset - was).replace(tzinfo=UTC)
            assert instant.astimezone(ZoneInfo(zone)).utcoffset() == now, onset
            assert (instant - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).utcoffset() == was, onset
            changes += 1
    assert changes > 20


def onsets(first: datetime, part: Any, was: timedelta) -> list[datetime]:
    """The clocks of an observance up to 2050."""
    if "RRULE" not in part:
        return [first]
    rule = dict(part["RRULE"])
    until = rule.pop("UNTIL", [None])[0]
    last = (until + was).replace(tzinfo=None) if until else datetime(2050, 1, 1)  # noqa: DTZ001 - a clock
    text = icalendar.vRecur(rule).to_ical().decode()
    return list(rrulestr(text, dtstart=first).between(first, last, inc=True))


@pytest.mark.parametrize("zone", sorted(available_timezones() - {"Factory", "localtime"}))
def test_the_clocks_of_every_zone_are_those_of_the_file(zone: str) -> None:
    """Also after a rule of today has gone on for years, and where there is none."""
    changes: list[tuple[datetime, timedelta]] = []
    for year in (1970, 2026):
        text = "\r\n".join(zone_lines(zone, year)).encode()
        for part in icalendar.Timezone.from_ical(text).subcomponents:
            was, now = part["TZOFFSETFROM"].td, part["TZOFFSETTO"].td  # type: ignore[attr-defined]
            some = onsets(part["DTSTART"].dt, part, was)  # type: ignore[attr-defined]
            changes += [((onset - was).replace(tzinfo=UTC), now) for onset in some]
        here, offset, coming = ZoneInfo(zone), None, sorted(changes, reverse=True)
        moment, step = datetime(year, 1, 2, 12, tzinfo=UTC), timedelta(days=5)
        for _ in range(0, 365 * (2040 - year), 5):
            while coming and coming[-1][0] <= moment:
                offset = coming.pop()[1]
            assert offset == moment.astimezone(here).utcoffset(), moment
            moment += step


def test_times_are_local_with_their_zone_and_mean_the_same_instant() -> None:
    moments = [datetime(2024, 1, 15, 9, tzinfo=UTC), datetime(2024, 7, 15, 9, tzinfo=timezone(timedelta(hours=3)))]
    items = [item(uid=f"{n}", start=moment) for n, moment in enumerate(moments)]
    data = write_calendar(items, name="x", zone="Europe/Berlin")
    assert data.count(b"BEGIN:VTIMEZONE") == 1
    assert b"DTSTART;TZID=Europe/Berlin:20240115T100000" in data
    assert b"DTSTART;TZID=Europe/Berlin:20240715T080000" in data
    events: list[Any] = list(parsed(data).events)
    assert [event.start.astimezone(UTC) for event in events] == [moment.astimezone(UTC) for moment in moments]
    zone = parsed(data).timezones[0].to_tz()
    for moment in moments:
        assert moment.astimezone(zone).utcoffset() == moment.astimezone(ZoneInfo("Europe/Berlin")).utcoffset()


def test_an_all_day_event_is_a_date() -> None:
    lines = strict_lines(write_calendar([item(start=date(2024, 5, 3))], name="x", zone="Europe/Berlin"))
    assert "DTSTART;VALUE=DATE:20240503" in lines
    assert not any(line.startswith(("DURATION", "DTEND")) for line in lines)


def test_equal_items_in_any_order_give_equal_bytes() -> None:
    items = [item(uid=f"{n:04}", summary=f"Call {n} é🍣" * (n % 9)) for n in range(60)] + [todo(uid="t")]
    first = write_calendar(items, name="x", zone="America/New_York")
    random.Random(7).shuffle(items)
    assert write_calendar(iter(items), name="x", zone="America/New_York") == first


EVIL = [
    "a\r\nBEGIN:VALARM\r\nX-EVIL:1",
    "a\rATTENDEE:mailto:e@x.example\rX-EVIL:1",
    "a\nEND:VEVENT\nBEGIN:VEVENT",
    "a\u2028X-EVIL:1\u2029BEGIN:VALARM",
    "a\x0bX-EVIL:1\x0cBEGIN:VALARM\x85X-EVIL:2\x1c\x1d\x1eX-EVIL:3",
    "a\0b\x1b[2J\x07\x7f\x9b",
    "BEGIN:VALARM",
    "\r\n \r\nX-EVIL:1",
    '\\nX-EVIL:1\\,;:"',
    "x" * 73 + "\r\nX-EVIL:1",
    "é" * 40 + "🍣" * 40,
    "a\ud800b",
]


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("make", [item, todo], ids=["event", "todo"])
def test_hostile_text_in_every_field_stays_text(make: Any, evil: str) -> None:
    tame = make(alarms=[15, 60])
    nasty = tame._replace(
        uid=evil + "1", summary=evil + "s", description=evil + "d", categories=[evil + "c", evil + "k"],
        url="https://x.example/" + evil, location=evil + "l",
    )  # fmt: skip
    data = write_calendar([nasty], name=evil + "n", zone="Asia/Tehran")
    wanted = names(strict_lines(write_calendar([tame], name="n", zone="Asia/Tehran")))
    assert names(strict_lines(data)) == wanted
    assert names(naive_lines(data)) == wanted
    read = parsed(data)
    kind = "VEVENT" if make is item else "VTODO"
    assert [part.name for part in read.subcomponents] == ["VTIMEZONE", kind]
    assert Counter(part.name for part in read.walk())["VALARM"] == 2
    assert not any("EVIL" in key or key == "ATTENDEE" for part in read.walk() for key in part)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", data)
    assert data.count(b"\r") == data.count(b"\n") == data.count(b"\r\n")


@pytest.mark.parametrize("evil", EVIL)
def test_hostile_text_about_people_and_in_kept_lines_adds_nothing(evil: str) -> None:
    people = [Attendee(evil + "n", f"ada{evil}@x.org", "ACCEPTED"), Attendee('"' + evil, "bob@x.org", evil)]
    kept = [f"COMMENT:{evil}", evil, f"X-A;X-B={evil}:c", f"ATTENDEE;X-C={evil}:mailto:bob@x.org", "UID:other",
            "METHOD:CANCEL", "DTSTART:20200101", "BEGIN:VEVENT", "X-D:1", "END:VEVENT", "BEGIN:VALARM", f"X-E:{evil}",
            "BEGIN:VALARM", "BEGIN:VTIMEZONE", "END:VTIMEZONE"]  # fmt: skip
    data = write_one(item(attendees=people, organizer=people[0], more=kept), zone="UTC")
    allowed = names(strict_lines(write_one(item(attendees=people[1:] * 2, organizer=people[1]), zone="UTC")))
    for lines in (strict_lines(data), naive_lines(data)):
        extra = names(lines) - allowed
        assert set(extra) <= {"COMMENT", "X-A", "X-D"}
    assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", data)
    (read,) = read_calendar(data, zone="UTC").items
    assert (read.uid, read.start, len(read.attendees)) == ("0190-a@crm", NOW, 2)


def test_a_stored_object_has_no_method_and_one_that_is_published_no_attendees() -> None:
    invited = item(attendees=[Attendee("Ada", "ada@x.org", "ACCEPTED")], organizer=Attendee("", "bob@x.org"))
    lines = strict_lines(write_one(invited, zone="UTC"))
    assert lines[:5] == [
        "BEGIN:VCALENDAR", "PRODID:-//crmcli//crm//EN", "VERSION:2.0", "CALSCALE:GREGORIAN", "BEGIN:VEVENT",
    ]  # fmt: skip
    assert sum(line.startswith("UID:") for line in lines) == 1
    assert "ORGANIZER:mailto:bob@x.org" in lines
    assert "ATTENDEE;CN=Ada;PARTSTAT=ACCEPTED:mailto:ada@x.org" in lines
    published = write_calendar([invited], name="x", zone="UTC")
    assert b"METHOD:PUBLISH" in published
    assert b"ATTENDEE" not in published


@pytest.mark.parametrize("status", ["", "NEEDS-ACTION", "COMPLETED"])
def test_an_event_says_what_its_task_is(status: str) -> None:
    said = item(task_status=status)
    line = f"X-CRM-STATUS:{status}\r\n" if status else "SUMMARY:Call Ada\r\n"
    data = write_one(said, zone="UTC")
    assert line in data.decode()
    (found,) = read_calendar(data, zone="UTC").items
    assert (found.task_status, found.status, found.more) == (status, "CONFIRMED", [])
    published = write_calendar([said], name="x", zone="UTC").decode()
    assert ("X-CRM-STATUS" in published) is (status == "COMPLETED")


def test_an_item_that_never_says_when_it_changed_has_the_same_stamp_each_time() -> None:
    data = write_one(item(created_at=None, updated_at=None), zone="UTC")
    assert "DTSTAMP:19700101T000000Z" in strict_lines(data)
    assert not {"CREATED", "LAST-MODIFIED"} & set(names(strict_lines(data)))


def test_ten_thousand_items_are_written_in_time() -> None:
    many = [
        item(uid=f"{n:05}", start=NOW + timedelta(hours=n), rrule="FREQ=WEEKLY;UNTIL=20301231") for n in range(10_000)
    ]
    begun = time.process_time()
    data = write_calendar(many, name="x", zone="Europe/Berlin")
    assert time.process_time() - begun < 3.5
    assert data.count(b"BEGIN:VTIMEZONE") == 1


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.text(max_size=60))
def test_any_text_keeps_its_words(description: str, summary: str) -> None:
    event = parsed(write_calendar([item(description=description, summary=summary)], name=summary, zone="UTC")).events[0]
    assert str(event["SUMMARY"]) == one_line(summary)
    if description.strip():
        assert str(event.get("DESCRIPTION", "")) == many_lines(description)


def test_texts_are_cleaned() -> None:
    assert one_line(" a\r\nb\tc\u2028d\x00e ") == "a b c de"
    assert many_lines("a\r\nb\rc\x85d\te\x1b") == "a\nb\nc\nd e"
    assert safe_uri(" https://x.example/ü b\r\nX:1\u2028") == "https://x.example/%C3%BC%20bX:1"


def test_a_wrong_result_is_never_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the cleaning, a naive reader would see more lines: the check of the finished bytes must notice.
    monkeypatch.setattr(ical, "one_line", lambda text: text)
    with pytest.raises(CrmError, match="came out wrong"):
        write_calendar([item(summary="a\u2028X-EVIL:1")], name="x", zone="UTC")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "journal"},
        {"status": "MAYBE"},
        {"start": None},
        {"rrule": "every tuesday"},
        {"rrule": "FREQ=SOMETIMES"},
    ],
)
def test_values_that_no_calendar_has_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CrmError):
        write_calendar([item(**wrong)], name="x", zone="UTC")


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(CrmError, match="no time zone 'Mars/Olympus'"):
        write_calendar([], name="x", zone="Mars/Olympus")


def test_an_empty_calendar_is_whole() -> None:
    assert strict_lines(write_calendar([], name="x", zone="Europe/Berlin"))[-1] == "END:VCALENDAR"
