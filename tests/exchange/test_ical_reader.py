"""Calendars in: what other programs write, and what is broken in it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crmcli.errors import ReadError
from crmcli.exchange.ical import write_one
from tests.support.ical import BERLIN, DEFINED, PLAIN, START, event, one, plain, read, wrapped


def refused(*lines: str, kind: str = "VEVENT") -> str:
    found = read(wrapped("UID:u", "SUMMARY:Talk", *lines, kind=kind))
    assert found.items == []
    (refusal,) = found.refusals
    return f"{refusal.what}: {refusal.reason}"


# -- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "start"),
    [
        ("DTSTART:20261127T143000Z", datetime(2026, 11, 27, 14, 30, tzinfo=UTC)),
        ("DTSTART:20261127T143000", datetime(2026, 11, 27, 14, 30, tzinfo=BERLIN)),
        ("DTSTART;TZID=Europe/Berlin:20261127T1430", datetime(2026, 11, 27, 14, 30, tzinfo=BERLIN)),
        ("DTSTART;TZID=W. Europe Standard Time:20261127T143000", datetime(2026, 11, 27, 14, 30, tzinfo=BERLIN)),
        ("DTSTART;TZID=/citadel.org/20210210_1/Asia/Tehran:20261127T143000", datetime(2026, 11, 27, 11, tzinfo=UTC)),
        ("DTSTART;TZID=GMT+0100:20261127T143000", datetime(2026, 11, 27, 13, 30, tzinfo=UTC)),
        ("DTSTART;VALUE=DATE:20261127", date(2026, 11, 27)),
        ("DTSTART:20261127", date(2026, 11, 27)),
        ("DTSTART;VALUE=DATE:20261127T000000", date(2026, 11, 27)),
        ("DTSTART:2026-11-27T14:30:00+01:00", datetime(2026, 11, 27, 13, 30, tzinfo=UTC)),
        ("DTSTART:20261127T240000Z", datetime(2026, 11, 28, tzinfo=UTC)),
        ("DTSTART:20161231T235960Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("DTSTART;VALUE=DATE:16000101", date(1600, 1, 1)),
        ("DTSTART;VALUE=DATE:98991231", date(9899, 12, 31)),
        ("DTSTART:98991231T235959Z", datetime(9899, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_starts(line: str, start: date | datetime) -> None:
    found = one(line)
    assert type(found.start) is type(start)
    assert plain(found).start == plain(found._replace(start=start)).start
    assert plain(read(write_one(found, zone="Europe/Berlin")).items[0]) == plain(found)


@pytest.mark.parametrize("text", ["20261301", "20260230T100000", "soon", "20261127T250000", "99991231T235959", "-1"])
def test_what_is_no_start_is_refused(text: str) -> None:
    zone = ";TZID=America/New_York" if text.startswith("9") else ""
    said = "is at the end of the calendar" if zone else "is no date"
    assert refused(f"DTSTART{zone}:{text}") == f"event 'Talk': {text!r} {said}"


@pytest.mark.parametrize(
    ("lines", "minutes"),
    [
        (["DTEND;TZID=Europe/Berlin:20261127T160000"], 90),
        (["DTEND:20261127T150000Z"], 90),
        (["DURATION:PT1H30M"], 90),
        (["DURATION:P1D"], 1440),
        (["DURATION:P1W"], 10080),
        (["DURATION:PT89M1S"], 90),
        (["DTEND;TZID=Europe/Berlin:20261127T140000"], None),
        (["DURATION:-PT1H"], None),
        (["DURATION:PT0S"], None),
        ([], None),
    ],
)
def test_lengths(lines: list[str], minutes: int | None) -> None:
    assert event(*lines).minutes == minutes


def test_an_end_before_the_start_is_told() -> None:
    assert read(wrapped("UID:u", START, "DURATION:-PT1H")).notes == [
        "some end before they begin: they are taken without a length"
    ]


def test_a_night_in_which_the_clocks_change_is_as_long_as_it_was() -> None:
    night = one("DTSTART;TZID=Europe/Berlin:20261024T220000", "DTEND;TZID=Europe/Berlin:20261025T060000")
    assert night.minutes == 9 * 60
    day = one("DTSTART;TZID=Europe/Berlin:20261024T220000", "DURATION:P1D")
    assert day.minutes == 25 * 60


def test_days_of_several_days() -> None:
    assert one("DTSTART;VALUE=DATE:20261127", "DTEND;VALUE=DATE:20261130").minutes == 3 * 1440
    assert one("DTSTART;VALUE=DATE:20261127", "DTEND;VALUE=DATE:20261128").minutes is None


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("PRIORITY:12", "priority", 0),
        ("PRIORITY:-1", "priority", 0),
        ("PRIORITY:3", "priority", 3),
        ("SEQUENCE:many", "sequence", 0),
        ("SEQUENCE:99999999999999999999", "sequence", 0),
        ("STATUS:confirmed", "status", "CONFIRMED"),
        ("STATUS:COMPLETED", "status", ""),
        ("CATEGORIES:a\\,b,c,,a\\,b", "categories", ["a,b", "c"]),
        ("DESCRIPTION:a\\nb\\N\\;\\\\n\x1b[2J", "description", "a\nb\n;\\n[2J"),
        ("LOCATION:a\\nb\u2028c", "location", "a b c"),
        ("CREATED:yesterday", "created_at", None),
        ("CREATED:20260101", "created_at", datetime(2025, 12, 31, 23, tzinfo=UTC)),
        ("RRULE:COUNT=3;freq=daily", "rrule", "FREQ=DAILY;COUNT=3"),
        ("RRULE:FREQ=WEEKLY;BYDAY=MO, TU;", "rrule", "FREQ=WEEKLY;BYDAY=MO,TU"),
        ("RRULE:FREQ=DAILY;UNTIL=20261130T225959Z", "rrule", "FREQ=DAILY;UNTIL=20261130"),
        ("RRULE:FREQ=DAILY;UNTIL=20261130T080000Z", "rrule", "FREQ=DAILY;UNTIL=20261129"),
        ("RRULE:FREQ=DAILY;UNTIL=20261130", "rrule", "FREQ=DAILY;UNTIL=20261130"),
        ("RRULE:FREQ=HOURLY;UNTIL=20261130T080000Z", "rrule", "FREQ=HOURLY;UNTIL=20261130T080000Z"),
        ("EXDATE;VALUE=DATE:20261128", "exdates", [datetime(2026, 11, 28, 14, 30, tzinfo=BERLIN)]),
        ("RDATE;VALUE=PERIOD:20261201T100000Z/PT1H", "rdates", [datetime(2026, 12, 1, 10, tzinfo=UTC)]),
    ],
)
def test_fields(line: str, field: str, value: object) -> None:
    assert getattr(event(line), field) == value


def test_todos() -> None:
    found = one("SUMMARY:a", "DUE;VALUE=DATE:20261127", "STATUS:IN-PROCESS", "PERCENT-COMPLETE:40", kind="VTODO")
    assert (found.kind, found.due, found.status, found.more) == (
        "todo", date(2026, 11, 27), "IN-PROCESS", ["STATUS:IN-PROCESS", "PERCENT-COMPLETE:40"],
    )  # fmt: skip
    done = one("COMPLETED:20261127T100000Z", "PERCENT-COMPLETE:100", kind="VTODO")
    assert (done.done_at, done.due, done.more) == (datetime(2026, 11, 27, 10, tzinfo=UTC), None, [])
    assert one(START, "DURATION:PT1H", kind="VTODO").due == datetime(2026, 11, 27, 15, 30, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("kind", "lines", "alarms"),
    [
        ("VEVENT", [START], {"": [15], "END": []}),
        ("VTODO", [START], {"": [15], "END": []}),
        ("VTODO", ["DUE:20261127T133000Z"], {"": [15], "END": [15]}),
        ("VTODO", [START, "DUE:20261127T133000Z"], {"": [15], "END": [15]}),
        ("VTODO", [START, "DUE:20261127T143000Z"], {"": [], "END": [15]}),
        ("VTODO", [], {"": [], "END": []}),
    ],
)
def test_alarms_are_before_the_start_of_an_event_and_the_due_date_of_a_todo(
    kind: str, lines: list[str], alarms: dict[str, list[int]]
) -> None:
    for edge, wanted in alarms.items():
        trigger = f"TRIGGER{';RELATED=END' if edge else ''}:-PT15M"
        found = one(*lines, "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:", trigger, "END:VALARM", kind=kind)
        assert found.alarms == wanted
        # What is not counted from there stays as it is.
        assert (trigger in found.more) == (not wanted)
        again = read(write_one(found, zone="UTC")).items[0]
        assert (again.alarms, again.more) == (found.alarms, found.more)


def test_a_series_with_one_that_differs() -> None:
    found = read(
        wrapped("UID:s", START, "RRULE:FREQ=WEEKLY", "SUMMARY:all")
        + wrapped("UID:s", "DTSTART;TZID=Europe/Berlin:20261205T100000",
                  "RECURRENCE-ID;TZID=Europe/Berlin;RANGE=THISANDFUTURE:20261204T143000", "SUMMARY:one")
    )  # fmt: skip
    whole, differing = found.items
    assert (whole.recurrence_id, differing.recurrence_id) == (None, datetime(2026, 12, 4, 14, 30, tzinfo=BERLIN))
    data = write_one(whole, zone="Asia/Tehran", overrides=[differing])
    assert b"RECURRENCE-ID;TZID=Europe/Berlin;RANGE=THISANDFUTURE:20261204T143000" in data.replace(b"\r\n ", b"")
    assert [plain(item) for item in read(data).items] == [plain(item) for item in found.items]


def test_of_two_versions_the_later_is_taken() -> None:
    early, late = (wrapped("UID:u", START, f"SEQUENCE:{n}", f"SUMMARY:v{n}") for n in (1, 2))
    for data in (early + late, late + early, early + late + late):
        found = read(data)
        assert [item.summary for item in found.items] == ["v2"]
        assert {refusal.reason for refusal in found.refusals} == {"the file has another version of it, which is taken"}


def test_an_item_without_a_uid_has_a_stable_one() -> None:
    first, again, other = (
        read(wrapped(START, f"SUMMARY:{text}", f"DTSTAMP:{stamp}T000000Z")).items[0].uid
        for text, stamp in (("a", "20260101"), ("a", "20260202"), ("b", "20260101"))
    )
    assert first == again != other
    assert len(first) == 40


def test_a_cancelled_meeting() -> None:
    found = read(wrapped("UID:u", START, before="METHOD:CANCEL\r\n"))
    assert (found.method, found.items[0].status) == ("CANCEL", "CANCELLED")


@pytest.mark.parametrize(
    ("kind", "lines", "said"),
    [
        ("VJOURNAL", [], "VJOURNAL 'Talk': it is a journal entry"),
        ("VFREEBUSY", [], "VFREEBUSY 'Talk': it says only when somebody is busy"),
        ("VEVENT", [], "event 'Talk': it has no start"),
        ("VEVENT", [START, "RRULE:W1 MO #0"], "event 'Talk': 'W1 MO #0' is no recurrence rule"),
        ("VEVENT", [START, "RRULE:FREQ=DAILY", "RRULE:FREQ=YEARLY"], "event 'Talk': it has more than one recurrence"),
        ("VEVENT", [START, "EXDATE:never"], "event 'Talk': 'never' is no date"),
        ("VEVENT", [START, "DURATION:P9999999D"], "event 'Talk': it reaches beyond the end of the calendar"),
    ],
)
def test_refusals_say_why(kind: str, lines: list[str], said: str) -> None:
    assert refused(*lines, kind=kind).startswith(said)


@pytest.mark.parametrize(
    "line",
    ["DTSTART:00010101T100000Z", "DTSTART:99991231T100000Z", "DTSTART;VALUE=DATE:15991231", "DTEND:99991231T235959Z",
     "RDATE:99991231T100000Z", "EXDATE:00010101T100000Z", "RECURRENCE-ID:99001231T100000Z", "DURATION:P2900000D"],
)  # fmt: skip
def test_what_takes_place_in_no_year_of_ours_is_refused_and_nothing_else(line: str) -> None:
    lines = [line] if line.startswith("DTSTART") else [START, line]
    other = "BEGIN:VEVENT\r\nUID:v\r\nSUMMARY:Other\r\nDTSTART:20261127T143000Z\r\nEND:VEVENT\r\nEND:VCALENDAR"
    found = read(wrapped("UID:u", "SUMMARY:Talk", *lines).replace("END:VCALENDAR", other))
    assert [item.summary for item in found.items] == ["Other"]
    assert [refusal.reason[10:] for refusal in found.refusals] == [" is no day of the years 1600 to 9899"]


def test_a_moment_of_no_year_that_says_only_when_it_was_written_is_passed_over() -> None:
    found = event("CREATED:00010101T000000Z", "LAST-MODIFIED:99991231T235959Z")
    assert (found.created_at, found.updated_at) == (None, None)


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("REPLY", "an answer to an invitation"),
        ("counter", "a proposal to change a meeting"),
        ("DECLINECOUNTER", "an answer to a proposal"),
        ("REFRESH", "a request to be sent a meeting again"),
        ("ADD", "further days of a meeting, without the meeting itself"),
    ],
)
def test_what_is_said_about_a_meeting_is_no_meeting(method: str, said: str) -> None:
    found = read(wrapped("UID:u", START, "SUMMARY:Accepted: Talk", before=f"METHOD:{method}\r\n"))
    assert found.items == []
    assert [refusal.reason for refusal in found.refusals] == [f"{said} (METHOD:{method.upper()}), no meeting"]


# -- several calendars in a file ---------------------------------------------------------------------------------------


def test_each_calendar_of_a_file_has_its_own_method() -> None:
    ways = ["METHOD:CANCEL\r\n", "METHOD:REQUEST\r\n", "", "METHOD:REPLY\r\n"]
    found = read("".join(wrapped(f"UID:{n}", START, before=way) for n, way in enumerate(ways)))
    assert [(item.uid, item.status) for item in found.items] == [("0", "CANCELLED"), ("1", ""), ("2", "")]
    assert [refusal.number for refusal in found.refusals] == [4]
    assert found.method == "CANCEL"


def test_each_calendar_of_a_file_defines_its_own_zones() -> None:
    plain_zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n"
        "{}END:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    data = "".join(
        wrapped(
            f"UID:{shift}",
            "DTSTART;TZID=Customized Time Zone:20261127T120000",
            before=plain_zone.format(f"TZOFFSETFROM:{shift}\r\nTZOFFSETTO:{shift}\r\n") if shift else "",
        )
        for shift in ("-0500", "+0900", "")
    )
    found = read(data)
    hours = [plain(item).start.hour for item in found.items if isinstance(item.start, datetime)]  # type: ignore[union-attr]
    assert hours == [17, 3, 11]
    assert found.notes == ["there is no time zone 'Customized Time Zone': its times are read as Europe/Berlin"]


def test_each_calendar_of_a_file_has_its_own_zone_for_times_without_one() -> None:
    lines = ("DTSTART:20261127T120000", "RRULE:FREQ=DAILY;UNTIL=20261201T120000", "EXDATE:20261128T120000")
    data = "".join(
        wrapped(f"UID:{n}", *lines, before=f"X-WR-TIMEZONE:{zone}\r\n" if zone else "")
        for n, zone in enumerate(["Asia/Tehran", "", "Nowhere/Else"])
    )
    found = read(data)
    assert [plain(item).start for item in found.items] == [
        datetime(2026, 11, 27, 8, 30, tzinfo=UTC), *[datetime(2026, 11, 27, 11, tzinfo=UTC)] * 2,
    ]  # fmt: skip
    assert [item.floating for item in found.items] == [False, True, True]
    assert {item.rrule for item in found.items} == {"FREQ=DAILY;UNTIL=20261201"}
    assert found.zone == "Asia/Tehran"
    assert plain(read(write_one(found.items[0], zone="Europe/Berlin")).items[0]) == plain(found.items[0])


# -- zones ------------------------------------------------------------------------------------------------------------

LOTUS = DEFINED.replace("FREQ=YEARLY", "FREQ=YEARLY;BYMINUTE=0;BYHOUR=2")


@pytest.mark.parametrize("defined", [DEFINED, LOTUS], ids=["Outlook", "Lotus"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Tehran"])
def test_a_zone_that_only_the_file_knows(zone: str, defined: str) -> None:
    lines = [f"DTSTART;TZID=Customized Time Zone:{clock}" for clock in ("20260328T120000", "20260329T120000")]
    data = "".join(wrapped(f"UID:{n}", line, before=defined) for n, line in enumerate(lines))
    found = read(data, zone=zone)
    assert found.notes == []
    assert [plain(item).start for item in found.items] == [
        datetime(2026, 3, 28, 11, tzinfo=UTC), datetime(2026, 3, 29, 10, tzinfo=UTC),
    ]  # fmt: skip
    # Where its clocks are those of the zone of the book, it is that zone, and a series stays right.
    own = found.items[0].start
    assert isinstance(own, datetime)
    assert isinstance(own.tzinfo, ZoneInfo) == (zone == "Europe/Berlin")


@pytest.mark.parametrize("offset", [timedelta(hours=hour / 2) for hour in range(-4, 5)])
def test_a_defined_zone_has_the_clocks_of_its_model(offset: timedelta) -> None:
    """Around both changes: clocks that are passed over, and those that come twice."""
    found = read(wrapped("UID:u", "DTSTART;TZID=Customized Time Zone:20260101T000000", before=DEFINED), zone="UTC")
    assert isinstance(found.items[0].start, datetime)
    own = found.items[0].start.tzinfo
    for change in (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)):
        there = (change + offset).astimezone(own)
        assert there.replace(tzinfo=None) == (change + offset).astimezone(BERLIN).replace(tzinfo=None)
        assert there.astimezone(UTC) == change + offset


@pytest.mark.parametrize(
    "tzid",
    ["asia/tehran", "ASIA/TEHRAN", "/x.org/asia/tehran", '"(UTC+03:30) Tehran, Mashhad"', "Tehran\\, Mashhad"],
)
def test_names_of_zones_in_other_spellings(tzid: str) -> None:
    name = tzid.strip('"').replace("\\", "").replace(",", "\\,")
    own = (
        f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n"
        "TZOFFSETFROM:+0330\r\nTZOFFSETTO:+0330\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    found = read(wrapped("UID:u", f"DTSTART;TZID={tzid}:20261127T143000", before=own if "," in name else ""))
    assert (found.refusals, found.notes) == ([], [])
    assert plain(found.items[0]).start == datetime(2026, 11, 27, 11, tzinfo=UTC)


def test_an_unknown_zone_is_told() -> None:
    found = read(wrapped("UID:u", "DTSTART;TZID=FOO:20261127T143000"))
    assert found.items[0].start == datetime(2026, 11, 27, 14, 30, tzinfo=BERLIN)
    assert found.notes == ["there is no time zone 'FOO': its times are read as Europe/Berlin"]


# -- bytes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n", "\n\n"])
def test_encodings_and_line_ends(codec: str, end: str) -> None:
    found = read(PLAIN.replace("\n", end).encode(codec))
    assert [item.summary for item in found.items] == ["Größe und Über-Übung"]
    assert bool(found.notes) == (codec == "cp1252")


def test_one_wrong_byte_does_not_make_it_another_encoding() -> None:
    found = read(PLAIN.encode().replace(b"alle", b"a\xffle"))
    assert found.items[0].summary == "Größe und Über-Übung"
    assert found.notes == ["not all of it is UTF-8: a sign in the place of each wrong byte"]


def test_folds_also_inside_a_character() -> None:
    data = write_one(event()._replace(summary="é" * 200), zone="UTC")
    cut = data.replace("é".encode(), b"\xc3\r\n \xa9")
    assert read(cut).items[0].summary == "é" * 200


def test_lines_that_were_broken_without_a_fold() -> None:
    data = wrapped("UID:u", START, "DESCRIPTION:first", "second line, Tel: 1", "", "third", "SUMMARY:s")
    item = read(data).items[0]
    assert (item.description, item.summary, item.more) == ("first\nsecond line, Tel: 1\nthird", "s", [])


def test_a_calendar_of_the_old_kind() -> None:
    data = "BEGIN:VCALENDAR\nVERSION:1.0\nBEGIN:VEVENT\nUID:u\nDTSTART:20261127T143000Z\n" \
           "SUMMARY;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Gr=F6=\n=DFe\nEND:VEVENT\nEND:VCALENDAR\n"  # fmt: skip
    assert read(data).items[0].summary == "Größe"


def test_ends_that_are_missing() -> None:
    begun = (
        f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\n{START}\nBEGIN:VALARM\nACTION:DISPLAY\nBEGIN:VEVENT\nUID:b\n{START}\n"
    )
    found = read(f"{begun}END:VEVENT\nEND:VCALENDAR")
    assert [item.uid for item in found.items] == ["a", "b"]
    found = read(begun)
    assert ([item.uid for item in found.items], found.refusals[0].reason) == (["a"], "the file ends inside it")


EVENT = f"BEGIN:VEVENT\nUID:{{}}\n{START}\nEND:VEVENT\n"
CUT = "the rest of the calendar: it ends early, without END:VCALENDAR"


@pytest.mark.parametrize(
    ("text", "uids", "refused"),
    [
        (f"BEGIN:VCALENDAR\n{EVENT.format('a')}", ["a"], [(2, CUT)]),
        (f"BEGIN:VCALENDAR\n{EVENT.format('a')}BEGIN:VTIMEZONE\nTZID:x\n", ["a"], [(3, CUT)]),
        ("BEGIN:VCALENDAR\nVERSION:2.0\n", [], [(1, CUT)]),
        (
            f"BEGIN:VCALENDAR\n{EVENT.format('a')}BEGIN:VCALENDAR\n{EVENT.format('b')}END:VCALENDAR\n",
            ["a", "b"],
            [(2, CUT)],
        ),
        (
            f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{START}\nBEGIN:VCALENDAR\n{EVENT.format('b')}END:VCALENDAR",
            ["b"],
            [(1, "event without a summary: another calendar begins inside it")],
        ),
        (
            f"BEGIN:VCALENDAR\n{EVENT.format('a')}BEGIN:VJOURNAL\nUID:j\n",
            ["a"],
            [(2, "VJOURNAL without a summary: it is a journal entry"), (3, CUT)],
        ),
        (EVENT.format("a"), ["a"], []),
        (f"BEGIN:VCALENDAR\n{EVENT.format('a')}end:vcalendar", ["a"], []),
    ],
)
def test_a_calendar_that_ends_early_is_told(text: str, uids: list[str], refused: list[tuple[int, str]]) -> None:
    found = read(text)
    assert [item.uid for item in found.items] == uids
    assert [(one.number, f"{one.what}: {one.reason}") for one in found.refusals] == refused


def test_other_components_are_passed_over() -> None:
    data = wrapped("UID:u", START, "BEGIN:X-A", "SUMMARY:no", "BEGIN:X-B", "END:X-B", "END:X-A", "SUMMARY:yes")
    found = read(data.replace("BEGIN:VEVENT", "BEGIN:X-C\r\nSUMMARY:x\r\nEND:X-C\r\nBEGIN:VEVENT"))
    assert ([item.summary for item in found.items], found.refusals) == (["yes"], [])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "x.ics is empty."),
        (b" \r\n\t", "x.ics is empty."),
        (b"\xef\xbb\xbf", "x.ics is no calendar"),
        (b"hello\n", "x.ics is no calendar: there is no BEGIN:VCALENDAR in it."),
        (b"<!DOCTYPE html><html>", "x.ics is an HTML page, not a calendar."),
        (b"<?xml version='1.0'?>", "x.ics is XML"),
        (
            b"BEGIN:VCARD\nVERSION:3.0\nFN:Ada\nEND:VCARD\n",
            "is an address book (vCard), not a calendar.\n  Take it in with",
        ),
        (b'["vcalendar",[],[]]', "x.ics is JSON"),
        (b"PK\x03\x04abc", "x.ics is an archive"),
        (bytes(range(256)) * 9, "x.ics is no calendar"),
        (b"\xff\xfe\x00", "x.ics is no calendar"),
    ],
)
def test_what_is_no_calendar(data: bytes, said: str) -> None:
    with pytest.raises(ReadError) as caught:
        read(data, called="x.ics")
    assert said in str(caught.value)
    assert caught.value.hint or said.endswith("empty.")


def test_a_wrong_encoding_is_told() -> None:
    with pytest.raises(ReadError, match="no encoding 'klingon'"):
        read(PLAIN, encoding="klingon")
    assert read(PLAIN.encode("cp437"), encoding="cp437").items[0].summary == "Größe und Über-Übung"
