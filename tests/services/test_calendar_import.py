"""Calendar files that come in: meetings on the right contact, known again by their UID, and nothing lost on the way."""

from __future__ import annotations

from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import CONTACT, TASK
from crmcli.errors import CrmError, ReadError
from crmcli.services import agenda, calendar_import, calendars, history, records, tasks, vocabulary
from tests.support.calendar_files import BERLIN, event, file, in_agenda, plain, put_off, take, weekly

#: A Saturday.
NOW = "2026-11-21T10:00:00+00:00"
CORPORA = Path(__file__).parents[3] / "shared" / "data" / "ical"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    monkeypatch.setenv("CRM_NOW", NOW)
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    monkeypatch.setenv("CRM_USER", "me-myself")
    ctx.tick()


def task(ctx: Context, number: int = 1) -> dict[str, Any]:
    return records.get(ctx, TASK, number)


MEETING = (
    "SUMMARY:Kick-off", "DTSTART;TZID=Europe/Berlin:20261127T143000", "DTEND;TZID=Europe/Berlin:20261127T160000",
    "LOCATION:Office", "DESCRIPTION:Bring the plan", "URL:https://meet.example/1", "PRIORITY:1",
    "CATEGORIES:vip,Meeting", "ORGANIZER;CN=Me:mailto:me@us.example",
    "ATTENDEE;CN=Me;PARTSTAT=ACCEPTED:mailto:ME@us.example", "ATTENDEE;CN=Nobody:mailto:nobody@x.org",
    "ATTENDEE;CN=Ada Lovelace:mailto:Ada@X.org",
    "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT15M", "END:VALARM",
)  # fmt: skip


def test_a_meeting_lands_on_its_contact(ctx: Context) -> None:
    vocabulary.user_add(ctx, "me-myself", {"email": "me@us.example"})
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.org", "company": "Engines"})
    assert take(ctx, event(*MEETING)) == "1 new"
    found = task(ctx)
    assert {name: found[name] for name in ("name", "type", "due_at", "minutes", "place", "priority", "remind")} == {
        "name": "Kick-off", "type": "meeting", "due_at": "2026-11-27T13:30:00.000Z", "minutes": 90,
        "place": "Office", "priority": 3, "remind": "15",
    }  # fmt: skip
    assert found["description"] == "Bring the plan\n\nhttps://meet.example/1"
    assert (found["contact"], found["company"], found["owner"], found["tags"]) == (
        "Ada",
        "Engines",
        "me-myself",
        ["vip"],
    )
    assert found["attendees"] == "Nobody <nobody@x.org>, Ada Lovelace <ada@x.org>"
    assert found["done_at"] is None


def test_the_same_file_says_nothing_new(ctx: Context) -> None:
    parts = [event(*MEETING), event("SUMMARY:Write", "DUE;VALUE=DATE:20261130", uid="two", kind="VTODO")]
    assert take(ctx, *parts) == "2 new"
    before = ctx.reader.value("SELECT seq FROM journal_head")
    assert take(ctx, *parts) == "2 known"
    again = [part.replace("20261101T000000Z", "20261120T000000Z") for part in parts]
    assert take(ctx, *again) == "2 known", "when it was written down makes no difference"
    assert ctx.reader.value("SELECT seq FROM journal_head") == before
    history.undo(ctx)
    assert ctx.reader.value("SELECT count(*) FROM task") == 0
    assert take(ctx, *parts) == "2 new"


def test_what_the_file_changed_is_taken_and_what_the_book_changed_stays(
    ctx: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    ctx.quiet = False
    take(ctx, event(*MEETING))
    records.edit(ctx, TASK, [1], {"description": "My own words", "place": "Here"})
    moved = [line.replace("20261127T1", "20261130T1").replace("Office", "There") for line in MEETING]
    assert take(ctx, event(*moved)) == "1 changed"
    found = task(ctx)
    assert found["due_at"] == "2026-11-30T13:30:00.000Z"
    assert found["description"] == "My own words"
    assert found["place"] == "Here"
    assert "task:1: its place was changed in the book and in the file; the book's stays" in capsys.readouterr().err
    assert take(ctx, event(*moved)) == "1 known"


def test_what_was_cancelled_goes(ctx: Context) -> None:
    take(ctx, event(*MEETING))
    assert take(ctx, event(*MEETING, "STATUS:CANCELLED"), event("SUMMARY:x", "DTSTART:20261130T100000Z",
                "STATUS:CANCELLED", uid="other")) == "1 removed"  # fmt: skip
    assert task(ctx)["removed_at"] is not None
    assert take(ctx, event(*MEETING)) == "1 known", "who removed it in the book does not get it back"
    assert ctx.reader.value("SELECT count(*) FROM task") == 1


def test_what_is_over_is_on_the_timeline_of_all_who_took_part(ctx: Context) -> None:
    for name, email in (("Ada", "ada@x.org"), ("Grace", "grace@x.org")):
        records.add(ctx, CONTACT, {"name": name, "email": email})
    take(
        ctx, event("SUMMARY:Lunch", "DTSTART:20261110T110000Z", "DURATION:PT1H", "ATTENDEE:mailto:ada@x.org",
                   "ATTENDEE:mailto:grace@x.org"),
    )  # fmt: skip
    assert task(ctx)["done_at"] == "2026-11-10T12:00:00.000Z"
    for number in (1, 2):
        assert records.get(ctx, CONTACT, number)["last_touch"] == "2026-11-10T12:00:00.000Z"
    assert ctx.reader.value("SELECT count(*) FROM interaction") == 2


def test_unknown_people_become_contacts_if_asked(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    ctx.quiet = False
    take(ctx, event(*MEETING))
    assert "nobody@x.org is nobody's in the book; --add-contacts adds who is unknown" in capsys.readouterr().err
    assert ctx.reader.value("SELECT count(*) FROM contact") == 0
    take(ctx, event(*MEETING, uid="two"), add_contacts=True)
    names = [row[0] for row in ctx.reader.rows("SELECT name FROM contact ORDER BY id")]
    assert sorted(names) == ["Ada Lovelace", "Me", "Nobody"]
    assert task(ctx, 2)["contact"] in names


@pytest.mark.parametrize(
    ("start", "rule", "due", "repeat"),
    [
        ("20261123T090000Z", "FREQ=WEEKLY", "2026-11-23", "FREQ=WEEKLY;BYDAY=MO"),
        ("20200106T090000Z", "FREQ=WEEKLY;BYDAY=MO", "2026-11-23", "FREQ=WEEKLY;BYDAY=MO"),
        ("20261102T090000Z", "FREQ=WEEKLY;COUNT=6", "2026-11-23", "FREQ=WEEKLY;COUNT=3;BYDAY=MO"),
        ("20200106T090000Z", "FREQ=WEEKLY;COUNT=6", "2020-02-10", None),
        ("20200106T090000Z", "FREQ=WEEKLY;UNTIL=20201231T000000Z", "2020-12-28", None),
        ("20261123T090000Z", "FREQ=HOURLY", "2026-11-23", None),
        ("20280229T090000Z", "FREQ=YEARLY", "2028-02-29", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
    ],
)
def test_a_series_goes_on_from_today(ctx: Context, start: str, rule: str, due: str, repeat: str | None) -> None:
    assert take(ctx, event("SUMMARY:Weekly", f"DTSTART:{start}", f"RRULE:{rule}")) == "1 new"
    assert (task(ctx)["due_on"], task(ctx)["repeat"]) == (due, repeat)
    assert (task(ctx)["done_at"] is None) == (due >= "2026-11-21")
    assert take(ctx, event("SUMMARY:Weekly", f"DTSTART:{start}", f"RRULE:{rule}")) == "1 known"


def test_one_day_of_a_series_that_differs_is_a_task_of_its_own(ctx: Context) -> None:
    parts = [
        event("SUMMARY:Weekly", "DTSTART:20261123T090000Z", "RRULE:FREQ=WEEKLY"),
        event("SUMMARY:Weekly, later", "RECURRENCE-ID:20261130T090000Z", "DTSTART:20261130T150000Z"),
    ]
    assert take(ctx, *parts) == "2 new"
    assert take(ctx, *parts) == "2 known"
    assert task(ctx, 2)["due_at"] == "2026-11-30T15:00:00.000Z"


def test_to_dos_are_done_where_they_were_done(ctx: Context) -> None:
    take(
        ctx, event("SUMMARY:A", "DUE:20261130T100000Z", kind="VTODO", uid="a"),
        event("SUMMARY:B", "STATUS:COMPLETED", "COMPLETED:20261119T080000Z", kind="VTODO", uid="b"),
        event("SUMMARY:C", kind="VTODO", uid="c"),
    )  # fmt: skip
    assert [task(ctx, n)["done_at"] for n in (1, 2, 3)] == [None, "2026-11-19T08:00:00.000Z", None]
    assert {task(ctx, n)["type"] for n in (1, 2, 3)} == {"to-do"}
    assert task(ctx, 3)["due_on"] is None


def test_what_stands_behind_a_text_is_no_part_of_it(ctx: Context, second_book: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "phone": "+98 21 8888 7777"})
    assigned = {"name": "Call", "due": "2026-11-27", "contact": "Ada", "attendees": "bob@x.org"}
    records.add(ctx, TASK, {**assigned, "description": "mine"})
    content = calendars.export(ctx).content
    records.edit(ctx, CONTACT, [1], {"phone": "+98 21 8888 0000"})
    assert "1 known" in calendar_import.import_calendar(ctx, content, called="x").changed.lines[0]
    assert task(ctx)["description"] == "mine"
    assert "1 new" in calendar_import.import_calendar(second_book, content, called="x").changed.lines[0]
    assert task(second_book)["description"] == "mine"


def test_our_own_file_changes_nothing_and_what_was_changed_in_it_is_taken(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.org"})
    for assigned in (
        {"name": "Call", "due": "2026-11-27 14:30", "contact": "Ada", "description": "mine", "remind": "15m"},
        {"name": "Report", "due": "2026-11-30", "repeat": "monthly", "attendees": "Ada", "tags": "vip"},
        {"name": "Weekly", "due": "2026-11-27 09:00", "repeat": "weekly"},
        {"name": "A day", "due": "2026-11-28", "minutes": "45"},
        {"name": "Days", "due": "2026-11-28", "minutes": "3d"},
    ):
        records.add(ctx, TASK, assigned)
    tasks.snooze(ctx, [3], "2026-11-30 15:00")
    for todo in (False, True):
        content = calendars.export(ctx, todo=todo).content
        found = calendar_import.import_calendar(ctx, content, called="x")
        assert "new" not in found.changed.lines[0]
        assert "changed" not in found.changed.lines[0], todo
    changed = (
        calendars.export(ctx).content.replace(b"SUMMARY:Call", b"SUMMARY:Call her").replace(b"T143000", b"T160000")
    )
    calendar_import.import_calendar(ctx, changed, called="x")
    assert (task(ctx)["name"], task(ctx)["due_at"]) == ("Call her", "2026-11-27T15:00:00.000Z")
    assert (task(ctx)["description"], task(ctx)["attendees"]) == ("mine", None)


def test_a_long_name_and_a_long_uid_fit(ctx: Context) -> None:
    take(ctx, event("SUMMARY:" + "x" * 5000, "DTSTART:20261130T100000Z", uid="u" * 3000))
    assert task(ctx)["description"] == "x" * 5000
    assert take(ctx, event("SUMMARY:" + "x" * 5000, "DTSTART:20261130T100000Z", uid="u" * 3000)) == "1 known"


def test_nothing_is_saved_of_a_rehearsal(ctx: Context) -> None:
    with ctx.rehearsal():
        assert take(ctx, event(*MEETING)) == "1 new"
    for table in ("task", "sync_link", "sync_place"):
        assert ctx.reader.value(f"SELECT count(*) FROM {table}") == 0


@pytest.mark.parametrize("content", [b"", b"<html>", b"BEGIN:VCARD\r\nEND:VCARD\r\n", b"\x00" * 100])
def test_what_is_no_calendar_is_refused(ctx: Context, content: bytes) -> None:
    with pytest.raises(ReadError):
        calendar_import.import_calendar(ctx, content, called="x.ics")


@pytest.mark.parametrize(
    "path", sorted(CORPORA.glob("*.ics")) or [None], ids=lambda path: getattr(path, "name", "none")
)
def test_every_published_file_comes_in_or_is_refused(ctx: Context, path: Path | None) -> None:
    if path is None:
        pytest.skip("../shared is absent")
    try:
        first = calendar_import.import_calendar(ctx, path.read_bytes(), called=path.name)
    except CrmError:
        return
    second = calendar_import.import_calendar(ctx, path.read_bytes(), called=path.name)
    assert second.refused == first.refused
    assert not second.changed.ids
    assert ctx.reader.value("SELECT count(*) FROM task") == len(first.changed.ids)


def test_a_thousand_meetings(ctx: Context) -> None:
    parts = [
        event(f"SUMMARY:Meeting {n}", f"DTSTART;VALUE=DATE:{date(2026, 12, 1) + timedelta(n):%Y%m%d}", uid=f"m{n}",
              ).replace("END:VEVENT", f"ATTENDEE:mailto:p{n}@x.org\r\nEND:VEVENT")
        for n in range(1000)
    ]  # fmt: skip
    assert take(ctx, *parts, add_contacts=True) == "1,000 new"
    assert take(ctx, *parts) == "1,000 known"
    assert ctx.reader.value("SELECT count(*) FROM contact") == 1000


def series_file(
    *more: str, rule: str = "FREQ=WEEKLY;BYDAY=MO", start: str = "20261102T100000", **changed: str
) -> list[str]:
    """A weekly series of Berlin that was made elsewhere, and further items of its UID."""
    head = {"SUMMARY": "Jour fixe", "SEQUENCE": "0", "LAST-MODIFIED": "20261001T100000Z", **changed}
    return [event(*(f"{name}:{value}" for name, value in head.items()), f"DTSTART;TZID=Europe/Berlin:{start}",
                  f"DTEND;TZID=Europe/Berlin:{start[:9]}110000", f"RRULE:{rule}", *more)]  # fmt: skip


def of_a_day(day: str, *lines: str) -> str:
    return event("SUMMARY:Jour fixe", f"RECURRENCE-ID;TZID=Europe/Berlin:{day}T100000", *lines)


MOVED = ("DTSTART;TZID=Europe/Berlin:20261215T100000", "DTEND;TZID=Europe/Berlin:20261215T110000")


def test_days_that_a_series_leaves_out_are_not_in_the_book(ctx: Context) -> None:
    """By EXDATE, by a day that was put elsewhere, by one that was called off; also when a later file says so."""
    off = of_a_day("20261221", "DTSTART;TZID=Europe/Berlin:20261221T100000", "STATUS:CANCELLED")
    items = [*series_file("EXDATE;TZID=Europe/Berlin:20261207T100000"), of_a_day("20261214", *MOVED), off]
    assert take(ctx, *items) == "2 new"
    expected = ["2026-11-23T10:00", "2026-11-30T10:00", "2026-12-15T10:00", "2026-12-28T10:00"]
    assert in_agenda(ctx, "2026-11-23..2026-12-31") == expected
    assert take(ctx, *items) == "3 known"
    more = "EXDATE;TZID=Europe/Berlin:20261207T100000,20261123T100000"
    assert take(ctx, *series_file(more, SEQUENCE="1"), *items[1:]) == "1 changed, 2 known"
    assert in_agenda(ctx, "2026-11-23..2026-12-31") == expected[1:]
    assert (
        take(ctx, of_a_day("20261228", "DTSTART;TZID=Europe/Berlin:20261228T100000", "STATUS:CANCELLED")) == "1 changed"
    )
    assert in_agenda(ctx, "2026-11-23..2026-12-31") == expected[1:-1]


def test_a_day_of_our_own_series_that_was_called_off_or_put_elsewhere_there(ctx: Context) -> None:
    records.add(ctx, TASK, {"name": "Weekly", "due": "2026-11-23 10:00", "repeat": "every monday"})
    uid = f"{task(ctx)['uid']}@crm"
    cancelled = event("SUMMARY:Weekly", "RECURRENCE-ID;TZID=Europe/Berlin:20261130T100000", "STATUS:CANCELLED",
                      "DTSTART;TZID=Europe/Berlin:20261130T100000", uid=uid)  # fmt: skip
    assert take(ctx, cancelled) == "1 changed"
    assert in_agenda(ctx, "2026-11-23..2026-12-13") == ["2026-11-23T10:00", "2026-12-07T10:00"]
    moved = event("SUMMARY:Weekly", "RECURRENCE-ID;TZID=Europe/Berlin:20261123T100000",
                  "DTSTART;TZID=Europe/Berlin:20261124T110000", uid=uid)  # fmt: skip
    assert take(ctx, moved) == "1 changed"
    assert in_agenda(ctx, "2026-11-23..2026-12-13") == ["2026-11-24T11:00", "2026-12-07T10:00"]
    tasks.done(ctx, [1])
    assert in_agenda(ctx, "2026-11-25..2026-12-15") == ["2026-12-07T10:00", "2026-12-14T10:00"]


def test_a_series_of_another_zone_keeps_its_days_and_its_clock(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TIMEZONE", "Asia/Tehran")
    ctx.tick()
    start = "DTSTART;TZID=America/Los_Angeles:20261123T160000"
    assert take(ctx, event("SUMMARY:Sync", start, "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=4")) == "1 new"
    expected = ["2026-11-24T03:30", "2026-12-01T03:30", "2026-12-08T03:30", "2026-12-15T03:30"]
    assert in_agenda(ctx, "2026-11-23..2026-12-31") == expected
    tasks.done(ctx, [1])
    assert in_agenda(ctx, "2026-11-23..2026-12-31")[:2] == expected[1:3]


def test_a_later_version_of_a_series_that_went_on_is_taken_and_an_earlier_one_is_not(
    ctx: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    take(ctx, *series_file())
    tasks.done(ctx, [1])
    assert take(ctx, *series_file(start="20261102T140000", SEQUENCE="1")) == "1 changed"
    assert in_agenda(ctx, "2026-11-23..2026-12-10") == ["2026-11-30T14:00", "2026-12-07T14:00"]
    capsys.readouterr()
    assert take(ctx, *series_file()) == "1 known"
    assert "Jour fixe: the file has an older version of it; the book's stays" in capsys.readouterr().err
    assert take(ctx, *series_file(STATUS="CANCELLED", SEQUENCE="2")) == "1 removed"
    assert (task(ctx, 1)["done_at"] is not None, task(ctx, 1)["removed_at"]) == (True, None)
    assert task(ctx, 2)["removed_at"] is not None


def test_an_old_copy_of_our_own_file_changes_nothing(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    records.add(ctx, TASK, {"name": "Call", "due": "2026-11-27 14:30"})
    content = calendars.export(ctx).content
    monkeypatch.setenv("CRM_NOW", "2026-11-22T10:00:00+00:00")
    ctx.tick()
    records.edit(ctx, TASK, [1], {"name": "Ring", "due": "2026-11-28 14:30"})
    found = calendar_import.import_calendar(ctx, content, called="x")
    assert found.changed.lines == ("imported x: 1 known",)
    assert (task(ctx)["name"], task(ctx)["due_on"]) == ("Ring", "2026-11-28")
    assert "its name was changed in the book and in the file; the book's stays" in capsys.readouterr().err


def test_what_was_undone_is_taken_again(ctx: Context) -> None:
    take(ctx, *series_file())
    take(ctx, *series_file(SUMMARY="Weekly", SEQUENCE="1"))
    history.undo(ctx)
    assert task(ctx)["name"] == "Jour fixe"
    assert take(ctx, *series_file(SUMMARY="Weekly", SEQUENCE="1")) == "1 changed"
    assert task(ctx)["name"] == "Weekly"


def test_a_to_do_that_was_done_there_is_done_here_with_what_comes_of_it(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Ada"})
    records.add(ctx, TASK, {"name": "Water", "on": "contact:1", "due": "2026-11-23", "repeat": "every monday"})
    content = calendars.export(ctx, todo=True).content.replace(b"STATUS:NEEDS-ACTION", b"STATUS:COMPLETED")
    found = calendar_import.import_calendar(ctx, content, called="x")
    assert found.changed.lines == ("imported x: 1 changed",)
    assert task(ctx)["done_at"]
    assert task(ctx, 2)["due_on"] == "2026-11-30"
    assert ctx.reader.value("SELECT count(*) FROM interaction WHERE contact_id = 1") == 1


def test_an_event_and_a_to_do_of_one_uid(ctx: Context) -> None:
    todo = event("SUMMARY:B", "DUE:20261130T100000Z", kind="VTODO")
    assert take(ctx, event("SUMMARY:A", "DTSTART:20261130T100000Z"), todo) == "1 new; 1 refused"


def test_a_version_without_attendees_takes_nobody_away(ctx: Context) -> None:
    take(ctx, event(*MEETING))
    before = task(ctx)["attendees"]
    assert before
    take(ctx, event(*(line for line in MEETING if not line.startswith("ATTENDEE")), "SEQUENCE:1"))
    assert task(ctx)["attendees"] == before


def test_one_item_that_no_task_can_be_keeps_no_other(ctx: Context) -> None:
    odd = event("SUMMARY:Odd", "DTSTART:20261130T100000Z", f"CATEGORIES:{'x' * 700}", uid="odd")
    found = calendar_import.import_calendar(ctx, file(event("SUMMARY:A", "DTSTART:20261130T100000Z"), odd), called="x")
    assert found.changed.lines == ("imported x: 1 new; 1 refused",)
    assert found.refused[0].startswith("Odd: the name of a tag")


def test_people_are_found_by_the_address_that_contacts_have(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "بهروز", "email": "behruz@مثال.ایران"})
    take(
        ctx, event("SUMMARY:A", "DTSTART:20261130T100000Z", "ATTENDEE;CN=B:mailto:Behruz@مثال.ایران"), add_contacts=True
    )
    assert task(ctx)["contact_id"] == 1
    assert ctx.reader.value("SELECT count(*) FROM contact") == 1


def test_only_addresses_become_contacts(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    people = ("ATTENDEE;CN=A:mailto:a@@b", "ATTENDEE;CN=B:mailto:bob@x.example", "ATTENDEE;CN=C:mailto:a(b@x..org")
    take(ctx, event("SUMMARY:A", "DTSTART:20261130T100000Z", *people), add_contacts=True)
    assert ctx.reader.rows("SELECT name, email FROM contact") == [("B", "bob@x.example")]


def test_who_is_new_in_a_later_version_becomes_a_contact(ctx: Context) -> None:
    one = ("SUMMARY:A", "DTSTART:20261130T100000Z", "ATTENDEE;CN=A:mailto:a@x.example")
    take(ctx, event(*one), add_contacts=True)
    take(ctx, event(*one, "SEQUENCE:1", "ATTENDEE;CN=B:mailto:b@x.example"), add_contacts=True)
    assert [name for (name,) in ctx.reader.rows("SELECT name FROM contact ORDER BY id")] == ["A", "B"]


def test_the_timeline_has_who_came_and_when(ctx: Context) -> None:
    for name in ("ada", "bob"):
        records.add(ctx, CONTACT, {"name": name, "email": f"{name}@x.example"})
    people = ("ATTENDEE:mailto:ada@x.example", "ATTENDEE;PARTSTAT=DECLINED:mailto:bob@x.example")
    rule = ("DTSTART:20260901T100000Z", "DTEND:20260901T110000Z", "RRULE:FREQ=WEEKLY;COUNT=3")
    take(ctx, event("SUMMARY:Over", *rule, *people, uid="over"))
    take(
        ctx,
        event(
            "SUMMARY:On", "DTSTART:20260901T100000Z", "DTEND:20260901T110000Z", "RRULE:FREQ=WEEKLY", *people, uid="on"
        ),
    )
    found = ctx.reader.rows("SELECT body, contact_id, at FROM interaction ORDER BY id")
    assert [(body, who, str(at)[:10]) for body, who, at in found] == [
        *(("Over", 1, f"2026-09-{day:02}") for day in (1, 8, 15)),
        *(("On", 1, (date(2026, 9, 1) + timedelta(weeks=week)).isoformat()) for week in range(12)),
    ]


def test_what_was_called_off_and_takes_place_again(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    meeting = ("SUMMARY:A", "DTSTART:20261130T100000Z")
    take(ctx, event(*meeting))
    assert take(ctx, event(*meeting, "SEQUENCE:1", "STATUS:CANCELLED")) == "1 removed"
    assert take(ctx, event(*meeting, "SEQUENCE:1", "STATUS:CANCELLED")) == "1 known"
    assert take(ctx, event(*meeting, "SEQUENCE:2")) == "1 changed"
    assert task(ctx)["removed_at"] is None
    records.remove(ctx, TASK, [1])
    capsys.readouterr()
    assert take(ctx, event(*meeting, "SEQUENCE:2")) == "1 known"
    assert take(ctx, event(*meeting, "SEQUENCE:3")) == "1 known"
    assert "task:1 A was removed in the book: crm" in capsys.readouterr().err


def test_categories_of_a_later_version_are_tags(ctx: Context) -> None:
    meeting = ("SUMMARY:A", "DTSTART:20261130T100000Z")
    take(ctx, event(*meeting, "CATEGORIES:one,two"))
    records.edit(ctx, TASK, [1], {"tags": "+ours"})
    assert take(ctx, event(*meeting, "SEQUENCE:1", "CATEGORIES:two,three")) == "1 changed"
    assert sorted(task(ctx)["tags"]) == ["ours", "three", "two"]


def test_a_room_is_nobody(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Room", "email": "room@x.example"})
    people = ("ATTENDEE;CUTYPE=ROOM;CN=Hall:mailto:room@x.example", "ATTENDEE;CUTYPE=RESOURCE:mailto:beamer@x.example")
    take(ctx, event("SUMMARY:A", "DTSTART:20261130T100000Z", *people, "ATTENDEE:mailto:b@x.example"), add_contacts=True)
    assert ctx.reader.value("SELECT name FROM contact WHERE id = ?", (task(ctx)["contact_id"],)) == "b@x.example"
    assert ctx.reader.value("SELECT count(*) FROM contact") == 2


def test_what_repeats_a_part_goes_when_that_is_changed(ctx: Context) -> None:
    more = ("X-ALT-DESC;FMTTYPE=text/html:<b>Old</b>", "GEO:52.5;13.4", "X-MINE:stays")
    take(ctx, event("SUMMARY:A", "DTSTART:20261130T100000Z", "DESCRIPTION:Old", "LOCATION:There", *more))
    records.edit(ctx, TASK, [1], {"description": "New"})
    content = calendars.export(ctx).content
    assert b"X-ALT-DESC" not in content
    assert b"GEO:52.5;13.4" in content
    records.edit(ctx, TASK, [1], {"place": "Here"})
    content = calendars.export(ctx).content
    assert b"GEO" not in content
    assert b"X-MINE:stays" in content


def test_what_a_reminder_cannot_be_is_told(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:PT12H", "END:VALARM")
    take(ctx, event("SUMMARY:A", "DTSTART;VALUE=DATE:20261130", *alarm))
    assert "A: left out, what a task has not: " in capsys.readouterr().err


def test_a_series_that_was_ended_and_leaves_days_out_is_gone(ctx: Context) -> None:
    take(ctx, weekly("20261002T100000"))
    ended = weekly("20261002T110000", "FREQ=WEEKLY;UNTIL=20261110T100000Z", 1, f"EXDATE;{BERLIN}20261009T110000")
    assert take(ctx, ended) == "1 changed"
    assert task(ctx)["removed_at"] is not None


@pytest.mark.parametrize("source", ["theirs", "ours"])
def test_a_day_that_was_put_off_and_done_does_not_come_back(ctx: Context, source: str) -> None:
    if source == "theirs":
        parts = [weekly("20261123T100000"), put_off("20261123", "20261124T110000")]
        take(ctx, *parts)
        content = file(*parts)
    else:
        records.add(ctx, TASK, {"name": "S", "due": "2026-11-23 10:00", "repeat": "weekly"})
        tasks.snooze(ctx, [1], "2026-11-24 11:00")
        content = calendars.export(ctx).content
    tasks.done(ctx, [1])
    found = calendar_import.import_calendar(ctx, content, called="x")
    assert found.changed.lines == ("imported x: 2 known",)
    assert ctx.reader.value("SELECT count(*) FROM task") == 2


@pytest.mark.parametrize(
    ("first", "then", "done", "expected"),
    [
        (("20261109T100000", "FREQ=WEEKLY;COUNT=6"), ("20261109T100000", "FREQ=WEEKLY;COUNT=8"), 0,
         ["11-23", "11-30", "12-07", "12-14", "12-21", "12-28"]),
        (("20261102T100000", "FREQ=WEEKLY"), ("20261102T100000", "FREQ=WEEKLY;INTERVAL=2"), 0,
         ["11-30", "12-14", "12-28"]),
        (("20261102T100000", "FREQ=WEEKLY"), ("20261102T100000", "FREQ=WEEKLY;UNTIL=20261118T000000Z"), 0, []),
        (("20261102T100000", "FREQ=WEEKLY"), ("20261102T100000", "FREQ=WEEKLY;UNTIL=20261124T000000Z"), 1, []),
        (("20261102T100000", "FREQ=WEEKLY"), ("20261105T140000", "FREQ=WEEKLY"), 0,
         ["11-26", "12-03", "12-10", "12-17", "12-24", "12-31"]),
        (("20261002T100000", "FREQ=WEEKLY;COUNT=3"), ("20261002T100000", "FREQ=WEEKLY;COUNT=10"), 0,
         ["11-27", "12-04"]),
    ],
)  # fmt: skip
def test_a_later_version_is_counted_from_its_first_day(
    ctx: Context, first: tuple[str, str], then: tuple[str, str], done: int, expected: list[str]
) -> None:
    take(ctx, weekly(*first))
    if done:
        tasks.done(ctx, [1])
    assert take(ctx, weekly(*then, 1)) == "1 changed"
    rows = agenda.agenda(ctx, ["2026-11-22..2027-01-01"]).rows
    assert [row["date"][5:] for row in rows] == expected
    assert take(ctx, weekly(*then, 1)) == "1 known"


@pytest.mark.parametrize("how", ["EXDATE", "CANCELLED"])
def test_the_first_day_of_a_series_may_be_left_out(ctx: Context, how: str) -> None:
    parts = [
        weekly("20261130T100000", "FREQ=WEEKLY", 0, *([f"EXDATE;{BERLIN}20261130T100000"] if how == "EXDATE" else []))
    ]
    if how == "CANCELLED":
        parts.append(put_off("20261130", "20261130T100000", 0, "STATUS:CANCELLED"))
    assert take(ctx, *parts) == "1 new"
    assert task(ctx)["due_on"] == "2026-12-07"
    assert take(ctx, *parts) == ("1 known" if how == "EXDATE" else "2 known")


def test_a_series_of_which_every_day_is_left_out_is_none(ctx: Context) -> None:
    found = calendar_import.import_calendar(
        ctx, file(weekly("20261130T100000", "FREQ=WEEKLY;COUNT=1", 0, f"EXDATE;{BERLIN}20261130T100000")), called="x"
    )
    assert found.refused == ["S: every day of its series is left out"]


def test_an_older_cancellation_removes_nothing(ctx: Context) -> None:
    take(ctx, plain("SEQUENCE:5"))
    assert take(ctx, plain("SEQUENCE:2", "STATUS:CANCELLED")) == "1 known"
    assert task(ctx)["removed_at"] is None


def test_a_present_day_that_is_something_else_is_a_task_of_its_own(ctx: Context) -> None:
    special = put_off("20261123", "20261123T100000", 0, "LOCATION:Hall 5")
    assert take(ctx, weekly("20261123T100000"), special) == "2 new"
    rows = agenda.agenda(ctx, ["2026-11-22..2026-12-05"]).rows
    assert [(row["date"], records.get(ctx, TASK, row["id"])["place"]) for row in rows] == [
        ("2026-11-23", "Hall 5"), ("2026-11-30", None),
    ]  # fmt: skip
    assert take(ctx, weekly("20261123T100000"), special) == "2 known"


def test_a_day_that_both_put_off_is_a_conflict_and_an_older_one_is_none(
    ctx: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    series = weekly("20261123T100000")
    take(ctx, series)
    assert take(ctx, series, put_off("20261123", "20261125T100000", 3)) == "1 changed, 1 known"
    assert take(ctx, series, put_off("20261123", "20261124T100000", 1)) == "2 known"
    assert task(ctx)["due_on"] == "2026-11-25"
    tasks.snooze(ctx, [1], "2026-11-27")
    capsys.readouterr()
    assert take(ctx, series, put_off("20261123", "20261126T100000", 4)) == "2 known"
    assert "task:1: its when was changed in the book and in the file" in capsys.readouterr().err
    assert task(ctx)["due_on"] == "2026-11-27"


def test_what_was_put_off_here_stays_so_when_the_series_has_another_clock(ctx: Context) -> None:
    take(ctx, weekly("20261123T100000"))
    tasks.snooze(ctx, [1], "2026-11-27")
    assert take(ctx, weekly("20261123T140000", "FREQ=WEEKLY", 1)) == "1 changed"
    assert in_agenda(ctx, "2026-11-22..2026-12-02") == ["2026-11-27T10:00", "2026-11-30T14:00"]


def test_an_event_that_was_over_and_takes_place_later_is_open_again(ctx: Context) -> None:
    take(ctx, plain(**{f"DTSTART;{BERLIN[:-1]}": "20261110T100000"}))
    assert task(ctx)["done_at"]
    assert take(ctx, plain("SEQUENCE:1")) == "1 changed"
    assert (task(ctx)["done_at"], task(ctx)["due_on"]) == (None, "2026-11-27")


def test_what_was_undone_leaves_what_was_said_before(ctx: Context) -> None:
    first = plain("LOCATION:Office")
    take(ctx, first)
    records.edit(ctx, TASK, [1], {"place": "Mine"})
    take(ctx, plain("LOCATION:Office", "SEQUENCE:1", **{f"DTSTART;{BERLIN[:-1]}": "20261128T100000"}))
    history.undo(ctx)
    assert take(ctx, first) == "1 known"
    assert task(ctx)["place"] == "Mine"
    assert (
        take(ctx, plain("LOCATION:Office", "SEQUENCE:1", **{f"DTSTART;{BERLIN[:-1]}": "20261128T100000"}))
        == "1 changed"
    )


def test_single_days_that_are_known_are_counted(ctx: Context) -> None:
    take(ctx, weekly("20261123T100000"))
    moved = put_off("20261123", "20261124T100000", 1)
    assert take(ctx, moved) == "1 changed"
    assert take(ctx, moved) == "1 known"


def test_a_to_do_has_the_moment_at_which_it_was_done_there_and_may_be_taken_up_again(ctx: Context) -> None:
    todo = ("SUMMARY:A", "DUE;VALUE=DATE:20261130")
    take(ctx, event(*todo, kind="VTODO"))
    take(ctx, event(*todo, "STATUS:COMPLETED", "COMPLETED:20261118T080000Z", "SEQUENCE:1", kind="VTODO"))
    assert task(ctx)["done_at"] == "2026-11-18T08:00:00.000Z"
    assert take(ctx, event(*todo, "STATUS:NEEDS-ACTION", "SEQUENCE:2", kind="VTODO")) == "1 changed"
    assert task(ctx)["done_at"] is None


def test_who_was_unknown_is_added_later_if_asked(ctx: Context) -> None:
    meeting = plain("ATTENDEE;CN=Bo:mailto:bo@x.example")
    take(ctx, meeting)
    assert task(ctx)["contact_id"] is None
    take(ctx, meeting, add_contacts=True)
    assert task(ctx)["contact"] == "Bo"


def test_what_the_owner_declined_is_not_in_the_book(ctx: Context) -> None:
    vocabulary.user_add(ctx, "me-myself", {"email": "me@us.example"})
    declined = plain("ATTENDEE;PARTSTAT=DECLINED:mailto:me@us.example")
    assert take(ctx, declined) == "no event or to-do in it"
    take(ctx, plain("ATTENDEE;PARTSTAT=ACCEPTED:mailto:me@us.example"))
    assert take(ctx, plain("ATTENDEE;PARTSTAT=DECLINED:mailto:me@us.example", "SEQUENCE:1")) == "1 removed"


def test_two_books_have_one_task_of_one_item(ctx: Context, tmp_path: Path) -> None:
    records.add(ctx, TASK, {"name": "S", "due": "2026-11-23 10:00", "repeat": "weekly"})
    with closing(Context(Settings({"db": str(tmp_path / "other.db")}), quiet=True, plugins=False)) as other:
        other.create(str(tmp_path / "other.db"))
        for _ in range(2):
            for one, two in ((ctx, other), (other, ctx)):
                calendar_import.import_calendar(two, calendars.export(one).content, called="x")
        tasks.done(ctx, [1])
        tasks.done(other, [1])
        calendar_import.import_calendar(other, calendars.export(ctx).content, called="x")
        assert other.reader.value("SELECT count(*) FROM task") == ctx.reader.value("SELECT count(*) FROM task") == 2


def test_a_changed_day_that_a_later_version_has_no_more_stays_and_is_told(
    ctx: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    take(ctx, weekly("20261123T100000"), put_off("20261130", "20261201T100000"))
    records.edit(ctx, TASK, [2], {"place": "Mine"})
    capsys.readouterr()
    assert take(ctx, weekly("20261124T100000", "FREQ=WEEKLY", 1)) == "1 changed"
    assert "task:2 S: a day of its series that the file has no more; it stays" in capsys.readouterr().err
    assert in_agenda(ctx, "2026-11-22..2026-12-03") == ["2026-11-24T10:00", "2026-12-01T10:00", "2026-12-01T10:00"]


def test_a_day_that_was_called_off_and_takes_place_after_all(ctx: Context) -> None:
    off = put_off("20261130", "20261130T100000", 0, "STATUS:CANCELLED")
    take(ctx, weekly("20261123T100000"), off)
    again = [weekly("20261123T100000", "FREQ=WEEKLY", 1), put_off("20261130", "20261130T150000", 1)]
    take(ctx, *again)
    assert in_agenda(ctx, "2026-11-22..2026-12-08") == ["2026-11-23T10:00", "2026-11-30T15:00", "2026-12-07T10:00"]
    assert take(ctx, *again) == "2 known"


def test_what_an_older_version_says_of_single_days_is_as_old(ctx: Context) -> None:
    take(ctx, weekly("20261123T100000"), put_off("20261123", "20261125T100000", 3))
    assert take(ctx, put_off("20261123", "20261123T100000", 1, "STATUS:CANCELLED")) == "1 known"
    assert in_agenda(ctx, "2026-11-22..2026-11-29") == ["2026-11-25T10:00"]
    take(ctx, weekly("20261123T100000", "FREQ=WEEKLY", 4))
    older_one = [weekly("20261123T100000", "FREQ=WEEKLY", 2), put_off("20261130", "20261201T100000", 2)]
    assert take(ctx, *older_one) == "2 known"
    assert in_agenda(ctx, "2026-11-29..2026-12-05") == ["2026-11-30T10:00"]


def test_a_series_that_is_none_any_more_is_on_its_one_day(ctx: Context) -> None:
    take(ctx, weekly("20261123T100000"))
    tasks.snooze(ctx, [1], "2026-11-26")
    assert (
        take(ctx, event("SUMMARY:S", f"DTSTART;{BERLIN}20261123T100000", "DURATION:PT1H", "SEQUENCE:1")) == "1 changed"
    )
    assert in_agenda(ctx, "2026-11-22..2026-12-08") == ["2026-11-23T10:00"]
