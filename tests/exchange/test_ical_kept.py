"""Calendars in and out again: nothing is lost on the way, of ours or of other programs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.exchange.ical import Item, write_calendar, write_one
from crmcli.exchange.ical_lines import many_lines, one_line, safe_uri
from crmcli.exchange.ical_more import more_without
from crmcli.exchange.ical_values import Attendee
from tests.support.ical import CORPORA, DEFINED, RICH, START, event, one, plain, read, wrapped

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = st.text(max_size=40) | st.sampled_from(
    [
        "مریم احمدی، ۱۴۰۵\nעברית",
        "👩‍👩‍👧 🍣",
        'a,b;c\\d\\n:"e"',
        "\\;\\,\\\\",
        "x\u2028y\x0bz",
        " spaces  inside ",
        "é" * 90,
    ]
)
LINES = TEXTS.map(one_line)
MOMENTS = st.integers(0, 2**31).map(lambda second: datetime.fromtimestamp(second, UTC))
DAYS = st.dates(date(1600, 1, 1), date(9899, 12, 31))
PEOPLE = st.builds(
    Attendee,
    LINES.filter(lambda name: "@" not in name),
    st.sampled_from(["ada@x.org", "b+c@x.example", "ü@x.org", "100%@x.org", "o'b?a&b=1@x.org"]),
    st.sampled_from(["", "ACCEPTED", "DECLINED", "NEEDS-ACTION"]),
    st.sampled_from(["", "", "room", "group", "resource"]),
)
RULES = st.sampled_from([None, "FREQ=DAILY;COUNT=3", "FREQ=WEEKLY;UNTIL=20361231;BYDAY=MO,FR", "FREQ=YEARLY"])
DAY_BY_DAY = st.sampled_from([None, "RSCALE=PERSIAN;FREQ=MONTHLY;UNTIL=20361231;BYMONTHDAY=31;SKIP=BACKWARD"])
MORE = st.lists(
    st.sampled_from(["CLASS:PRIVATE", "TRANSP:OPAQUE", "COMMENT:a\\, b", 'X-APPLE;X-TITLE="a;b":geo:1,2', "X-A:1"]),
    max_size=4,
)


@st.composite
def items(draw: st.DrawFn) -> Item:
    """Items as a reader gives them."""
    kind = draw(st.sampled_from(["event", "todo"]))
    when: date | datetime = draw(st.one_of(DAYS, MOMENTS))
    timed = isinstance(when, datetime)
    more = draw(st.lists(MOMENTS if timed else DAYS, max_size=3, unique=True))
    lengths = st.none() | (st.integers(1, 5000) if timed else st.integers(2, 9).map(lambda days: days * 1440))
    description = many_lines(draw(TEXTS))
    rule = draw(RULES)
    repeat = None if rule else draw(DAY_BY_DAY)
    done = draw(st.none() | MOMENTS) if kind == "todo" else None
    created = draw(st.none() | MOMENTS)
    return Item(
        uid=draw(LINES.filter(bool)),
        kind=kind,
        summary=draw(LINES),
        description=description if description.strip() else "",
        start=when if kind == "event" else None,
        minutes=draw(lengths) if kind == "event" else None,
        due=when if kind == "todo" else None,
        done_at=done,
        created_at=created,
        updated_at=draw(MOMENTS),
        sequence=draw(st.integers(0, 9)),
        status=draw(st.sampled_from(["", "CANCELLED"])),
        categories=draw(st.lists(LINES.filter(bool), max_size=3, unique=True)),
        priority=draw(st.integers(0, 9)),
        url=safe_uri(draw(st.sampled_from(["", "https://x.example/ü?a=1,2;b"]))),
        location=draw(LINES),
        alarms=sorted(draw(st.sets(st.sampled_from([0, 5, 60, 1440, 1500, 20160])))),
        rrule=rule,
        rdates=sorted(more[:2]) if rule or repeat else [],
        exdates=sorted(more[2:]) if rule or repeat else [],
        repeat=repeat,
        organizer=draw(st.none() | PEOPLE.map(lambda person: person._replace(standing="", what=""))),
        attendees=draw(st.lists(PEOPLE, max_size=3, unique_by=lambda person: person.mailbox)),
        more=sorted(draw(MORE)),
    )


@settings(max_examples=300, deadline=None)
@given(items(), st.sampled_from(["UTC", "Europe/Berlin", "Asia/Tehran", "Pacific/Fiji"]))
def test_what_is_written_is_read_again(item: Item, zone: str) -> None:
    found = read(write_one(item, zone=zone), zone=zone)
    assert (found.refusals, found.notes) == ([], [])
    (again,) = found.items
    # A book that knows mailboxes alone keeps the lines of those who have answered.
    answers = sum(bool(person.standing or person.what) for person in item.attendees)
    assert all(line.startswith("ATTENDEE;") for line in again.more[:answers])
    assert plain(again._replace(more=again.more[answers:])) == plain(item)
    assert write_one(again, zone=zone) == write_one(again._replace(more=item.more), zone=zone)


@settings(max_examples=30, deadline=None)
@given(st.lists(items(), max_size=4, unique_by=lambda item: item.uid))
def test_a_whole_calendar_is_read_again_without_attendees(some: list[Item]) -> None:
    data = write_calendar(some, name="A, b", zone="Europe/Berlin")
    found = read(data)
    assert (found.name, found.method) == ("A, b", "PUBLISH")
    assert [plain(item) for item in found.items] == [
        plain(item._replace(attendees=[], task_status="NEEDS-ACTION" if item.kind == "event" else ""))
        for item in sorted(some, key=lambda item: item.uid)
    ]
    assert b"ATTENDEE" not in data


def corpus() -> list[Any]:
    if not CORPORA.is_dir():
        return [pytest.param(None, marks=pytest.mark.skip(reason="there are no calendars in ../shared/data/ical"))]
    return [pytest.param(path, id=path.stem) for path in sorted(CORPORA.glob("*.ics"))]


@pytest.mark.parametrize("path", corpus())
def test_calendars_of_other_programs_come_back_as_they_were_read(path: Path) -> None:
    found = read(path.read_bytes())
    for item in found.items:
        once = write_one(item, zone="Europe/Berlin")
        again = read(once)
        assert (again.refusals, again.notes) == ([], [])
        assert [plain(one) for one in again.items] == [plain(item)]
        assert write_one(again.items[0], zone="Europe/Berlin") == once


@pytest.mark.parametrize(
    ("name", "items", "reasons"),
    [
        ("i4j_valid_google_aus_holidays", 96, []),
        ("i4j_valid_rfc5545-sec3.6.5", 0, []),
        ("ica_bom_calendar", 0, []),
        ("ica_broken_ical", 1, []),
        ("ica_created_calendar_with_unicode_fields", 2, ["it has no start"]),
        ("khal_event_dt_local_missing_tz", 1, []),
    ],
)
def test_what_the_corpora_hold(name: str, items: int, reasons: list[str]) -> None:
    path = CORPORA / f"{name}.ics"
    if not path.is_file():
        pytest.skip("there are no calendars in ../shared/data/ical")
    found = read(path.read_bytes())
    assert len(found.items) == items
    assert [refusal.reason for refusal in found.refusals] == reasons


def test_what_the_fields_do_not_say_is_kept_and_goes_back() -> None:
    (item,) = read(RICH).items
    assert item.alarms == [15, 1440]
    assert item.organizer == Attendee("Lovelace, Ada", "ada@x.org")
    assert item.attendees == [Attendee("Bob", "Bob@x.org", "ACCEPTED"), Attendee("Eve", "eve@x.org")]
    # A book that keeps mailboxes alone, and all else as lines, gives the same back.
    poor = item._replace(
        attendees=[Attendee("", "bob@x.org"), Attendee("", "eve@x.org")], organizer=Attendee("", "ADA@x.org")
    )
    data = write_one(poor, zone="Europe/Berlin").replace(b"\r\n ", b"").decode().split("\r\n")
    for line in (
        "SUMMARY;LANGUAGE=de:Treffen\\, groß",
        'LOCATION;ALTREP="https://x.example/a,b":Raum 1',
        'ORGANIZER;CN="Lovelace, Ada";SENT-BY="mailto:c@x.org":MAILTO:ada@x.org',
        "ATTENDEE;ROLE=CHAIR;CN=Bob;PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:Bob@x.org",
        "ATTENDEE;CN=Eve;EMAIL=eve@x.org;CUTYPE=INDIVIDUAL:urn:uuid:1-2",
        "ATTENDEE;CUTYPE=ROOM:urn:room:7",
        'X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE="a;b":geo:52.5,13.4',
        "ATTACH:https://x.example/a.pdf",
        "ATTACH:https://x.example/b.pdf",
        "X-WR-ALARMUID:a-1",
        "TRIGGER;VALUE=DATE-TIME:20261127T080000Z",
    ):
        assert line in data
    assert data.count("BEGIN:VALARM") == 3


@pytest.mark.parametrize(
    ("line", "name", "mailbox"),
    [
        ("ATTENDEE:mailto:ada@x.org", "", "ada@x.org"),
        ("ATTENDEE;CN=ada@x.org:MAILTO:Ada@x.org", "", "Ada@x.org"),
        ("ATTENDEE;CN=Lovelace, Ada:mailto:ada@x.org", "Lovelace, Ada", "ada@x.org"),
        ('ATTENDEE;CN="Lovelace, Ada";CN=x:mailto:ada@x.org?subject=x', "Lovelace, Ada", "ada@x.org"),
        ("ATTENDEE;CN=The ^'Countess^' ^^^n:mailto:ada%40x.org", 'The "Countess" ^', "ada@x.org"),
        ('ATTENDEE;CN="Ada;EMAIL=x:mailto:ada@x.org', "Ada", "ada@x.org"),
        ("ATTENDEE;EMAIL=ada@x.org:/principals/ada", "", "ada@x.org"),
        ("ATTENDEE;CN=Ada:ada@x.org", "Ada", "ada@x.org"),
        ("ATTENDEE;CN=Ada;ROLE=CHAIR:ada@x.org", "Ada", "ada@x.org"),
        ("ATTENDEE;ROLE=OWNER:Ada Lovelace <ada@x.org>", "", "ada@x.org"),
    ],
)
def test_attendees(line: str, name: str, mailbox: str) -> None:
    found = event(line)
    assert found.attendees == [Attendee(name, mailbox)]
    assert read(write_one(found, zone="UTC")).items[0].attendees == found.attendees


def test_who_takes_part_is_a_person_or_a_thing_and_comes_or_not() -> None:
    lines = [
        "ATTENDEE;CN=Ada;CUTYPE=INDIVIDUAL;PARTSTAT=DECLINED:mailto:ada@x.org",
        "ATTENDEE;CN=Hall;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:hall@x.org",
        "ATTENDEE;CN=All;CUTYPE=GROUP:mailto:all@x.org",
        "ATTENDEE;CN=Beamer;CUTYPE=RESOURCE:mailto:beamer@x.org",
        "ATTENDEE;CN=Eve;CUTYPE=UNKNOWN:mailto:eve@x.org",
    ]
    found = event(*lines)
    assert [(one.what, one.standing) for one in found.attendees] == [
        ("", "DECLINED"), ("room", "ACCEPTED"), ("group", ""), ("resource", ""), ("", ""),
    ]  # fmt: skip
    data = write_one(found, zone="UTC").replace(b"\r\n ", b"").decode().split("\r\n")
    assert [line for line in data if line.startswith("ATTENDEE")] == lines
    assert "ATTENDEE;CN=Hall;CUTYPE=ROOM:mailto:hall@x.org" in (
        write_one(found._replace(more=(), attendees=[Attendee("Hall", "hall@x.org", what="room")]), zone="UTC").decode()
    )


def test_a_mailbox_in_two_spellings_is_one() -> None:
    found = event(
        "ATTENDEE;ROLE=CHAIR:mailto:behruz@مثال.ایران", "ATTENDEE;CN=B:mailto:Behruz@xn--mgbh0fb.xn--mgba3a4f16a"
    )
    assert [one.mailbox for one in found.attendees] == ["behruz@مثال.ایران"]
    # A book has it in ASCII.
    ascii_only = found._replace(attendees=[Attendee("", "behruz@xn--mgbh0fb.xn--mgba3a4f16a")])
    assert "ATTENDEE;ROLE=CHAIR:mailto:behruz@مثال.ایران" in write_one(ascii_only, zone="UTC").decode()


@pytest.mark.parametrize(
    ("kind", "status", "plain_status"),
    [("event", "TENTATIVE", "CONFIRMED"), ("todo", "IN-PROCESS", "NEEDS-ACTION")],
)
def test_a_status_finer_than_that_of_a_book_stays(kind: str, status: str, plain_status: str) -> None:
    found = one(START, f"STATUS:{status}", kind="VEVENT" if kind == "event" else "VTODO")
    assert found.status == status
    for ours, written in ((plain_status, status), (status, status), ("CANCELLED", "CANCELLED")):
        assert f"\r\nSTATUS:{written}\r\n" in write_one(found._replace(status=ours), zone="UTC").decode()
    assert plain_status not in one(START, f"STATUS:{plain_status}", kind="VEVENT" if kind == "event" else "VTODO").more


def test_times_without_a_zone_are_written_without_one_and_those_in_one_with_it() -> None:
    lines = [
        "RRULE:FREQ=DAILY;UNTIL=20261201T143000",
        "EXDATE:20261128T143000",
        "RDATE;TZID=Asia/Tehran:20261220T160000",
    ]
    found = one("DTSTART:20261127T143000", *lines, "DTEND:20261127T150000")
    assert (found.floating, event().floating) == (True, False)
    data = write_one(found, zone="Europe/Berlin").decode().split("\r\n")
    for line in ("DTSTART:20261127T143000", "EXDATE:20261128T143000", "RDATE:20261220T133000", "DURATION:PT30M"):
        assert line in data
    assert "RRULE:FREQ=DAILY;UNTIL=20261201T235959" in data
    assert not any("TZID" in line for line in data)
    assert one("DTSTART:20261127T143000", "DUE;TZID=Asia/Tehran:20261127T180000", kind="VTODO").floating
    assert not one("DUE;VALUE=DATE:20261127T143000", kind="VTODO").floating


def test_a_kept_line_has_its_zone_defined_or_is_left_out() -> None:
    defined = DEFINED.replace("+0100", "+0110")
    found = read(
        wrapped(
            START, "X-FOO;TZID=Eastern Standard Time:20261127T090000", "X-BAR;TZID=Customized Time Zone:20261127T0900",
            "BEGIN:VALARM", "ACTION:EMAIL", "TRIGGER:-PT1H", "X-BAZ;TZID=asia/tehran:20261127T090000", "END:VALARM",
            before=defined,
        )
    )  # fmt: skip
    assert found.notes == ["left out of their items, for want of their time zone: X-BAR"]
    data = write_one(found.items[0]._replace(more=[*found.items[0].more, "X-BAR;TZID=Gone:1"]), zone="UTC").decode()
    assert "X-FOO;TZID=America/New_York:20261127T090000" in data
    assert "X-BAR" not in data
    zones = [line for line in data.split("\r\n") if line.startswith("TZID:")]
    assert zones == ["TZID:America/New_York", "TZID:Asia/Tehran", "TZID:Europe/Berlin"]


STRUCTURED = "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=x:geo:1,2"


@pytest.mark.parametrize(
    ("part", "gone"),
    [
        ("description", ["X-ALT-DESC;FMTTYPE=text/html:<b>x</b>", "STYLED-DESCRIPTION;VALUE=TEXT:x"]),
        ("place", ["GEO:52.5;13.4", STRUCTURED, "BEGIN:VLOCATION", "UID:1", "NAME:x", "END:VLOCATION"]),
        ("when", ["X-MICROSOFT-CDO-ALLDAYEVENT:TRUE"]),
        ("length", ["X-MICROSOFT-CDO-ALLDAYEVENT:TRUE"]),
        ("series", ["X-MICROSOFT-CDO-ALLDAYEVENT:TRUE", "X-MICROSOFT-CDO-INSTTYPE:1"]),
        ("priority", ["X-MICROSOFT-CDO-IMPORTANCE:2"]),
        ("name", []),
    ],
)
def test_what_repeats_a_part_that_was_changed_here_goes(part: str, gone: list[str]) -> None:
    found = event(
        "X-ALT-DESC;FMTTYPE=text/html:<b>x</b>", "STYLED-DESCRIPTION;VALUE=TEXT:x", "GEO:52.5;13.4",
        STRUCTURED, "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
        "X-MICROSOFT-CDO-INSTTYPE:1", "X-MICROSOFT-CDO-IMPORTANCE:2", "CLASS:PRIVATE", "SUMMARY;LANGUAGE=de:a",
        "BEGIN:VLOCATION", "UID:1", "NAME:x", "END:VLOCATION", "BEGIN:PARTICIPANT", "GEO:1;2", "END:PARTICIPANT",
    )  # fmt: skip
    assert set(gone) <= set(found.more)
    assert more_without(found.more, {part, "name"}) == [line for line in found.more if line not in gone]
    assert more_without(found.more, ()) == list(found.more)


def alarm(trigger: str, action: str = "DISPLAY") -> list[str]:
    return ["BEGIN:VALARM", f"ACTION:{action}", f"TRIGGER{trigger}", "DESCRIPTION:x", "END:VALARM"]


@pytest.mark.parametrize(
    ("lines", "lacks"),
    [
        (alarm(":-PT15M"), []),
        (alarm(":PT0S"), []),
        (alarm(":PT9H"), ["its reminder after it begins"]),
        (alarm(";RELATED=END:PT1H"), ["its reminder after it ends"]),
        (alarm(";RELATED=END:-PT1H"), ["its reminder before it ends"]),
        (alarm(":-PT15S"), ["its reminder to the second"]),
        (alarm(":-PT15M", "EMAIL"), ["its reminder by email"]),
        (alarm(";VALUE=DATE-TIME:20261127T080000Z") * 2, ["its reminder at a moment of its own"]),
        (alarm(";VALUE=DATE-TIME:19760401T005545Z", "NONE"), []),
        (["DURATION:P69D"], []),
        (["DURATION:P400D"], ["its length, which is more than 69 days"]),
        (["RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY"], ["its rule for days that are left out (EXRULE)"]),
        (
            ["RECURRENCE-ID;RANGE=THISANDFUTURE:20261127T133000Z"],
            ["that all later days are like it (RANGE=THISANDFUTURE)"],
        ),
    ],
)
def test_what_an_item_loses_is_said(lines: list[str], lacks: list[str]) -> None:
    found = event(*lines)
    assert list(found.lacks) == lacks
    assert list(read(write_one(found, zone="Europe/Berlin")).items[0].lacks) == lacks  # and is written back


def test_kept_lines_follow_what_was_changed_here() -> None:
    (item,) = read(RICH).items
    changed = item._replace(
        summary="Talk", attendees=[Attendee("Robert", "bob@x.org", "DECLINED")], alarms=[15], location=""
    )
    data = write_one(changed, zone="Europe/Berlin").replace(b"\r\n ", b"").decode()
    assert "ATTENDEE;ROLE=CHAIR;CN=Robert;PARTSTAT=DECLINED;RSVP=TRUE:mailto:Bob@x.org" in data
    assert "SUMMARY:Talk" in data
    assert "LANGUAGE" not in data
    assert "eve" not in data
    assert "LOCATION:" not in data
    assert "X-WR-ALARMUID" not in data
    assert "ACTION:EMAIL" in data
