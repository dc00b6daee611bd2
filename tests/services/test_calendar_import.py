"""Calendar files that come in: meetings on the right contact, known again by their UID, and nothing lost on the way."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import CONTACT, TASK
from crmcli.errors import CrmError, ReadError
from crmcli.services import calendar_import, calendars, history, records, tasks, vocabulary

if TYPE_CHECKING:
    from crmcli.context import Context

#: A Saturday.
NOW = "2026-11-21T10:00:00+00:00"
CORPORA = Path(__file__).parents[3] / "shared" / "data" / "ical"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    monkeypatch.setenv("CRM_NOW", NOW)
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    monkeypatch.setenv("CRM_USER", "me-myself")
    ctx.tick()


def event(*lines: str, uid: str = "one@x.org", kind: str = "VEVENT") -> str:
    return "\r\n".join([f"BEGIN:{kind}", f"UID:{uid}", "DTSTAMP:20261101T000000Z", *lines, f"END:{kind}"])


def file(*parts: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", *parts, "END:VCALENDAR", ""]).encode()


def take(ctx: Context, *parts: str, **options: Any) -> str:
    """Take a file in; the line about it."""
    found = calendar_import.import_calendar(ctx, file(*parts), called="x.ics", **options)
    return found.changed.lines[0].removeprefix("imported x.ics: ")


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
        ("20200106T090000Z", "FREQ=WEEKLY;COUNT=6", "2020-01-06", None),
        ("20200106T090000Z", "FREQ=WEEKLY;UNTIL=20201231T000000Z", "2020-01-06", None),
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
