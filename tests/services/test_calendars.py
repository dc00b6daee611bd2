"""The calendar file of tasks: what other programs read in it, and that it is the same until something changes."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from icalendar import Calendar

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, TASK
from crmcli.errors import FilterError
from crmcli.services import calendars, records, tasks
from tests.support.calendar_programs import calendar_program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = "2026-11-21T10:00:00+00:00"
INJECTION = "x\r\nBEGIN:VALARM\nATTENDEE:mailto:evil@example.com\u2028X-EVIL:1\x0b\x85END:VEVENT"


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """A book with five tasks: timed, of a day, without a day, done, and with a hostile text."""
    monkeypatch.setenv("CRM_NOW", NOW)
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    Context(plugins=False, quiet=True).create(Settings().database)
    context = Context(plugins=False)
    records.add(context, COMPANY, {"name": "Analytical Engines", "phone": "+44 20 7946 0000"})
    records.add(
        context, CONTACT, {"name": "Ada Lovelace", "company": "Analytical Engines", "mobile": "+44 7700 900123"}
    )
    records.add(context, DEAL, {"name": "Engine no. 2", "contact": "Ada Lovelace", "company": "Analytical Engines"})
    for assigned in (
        {"name": "Call Ada", "type": "call", "due": "2026-11-27 14:30", "on": "deal:1", "priority": "high"},
        {"name": "Send the offer", "due": "2026-11-30", "minutes": "45", "tags": "vip,offer"},
        {"name": "Some day"},
        {"name": "Was done", "due": "2026-11-20", "on": "contact:1"},
        {"name": INJECTION, "description": INJECTION, "due": "2026-12-01 09:00", "minutes": "90"},
    ):
        records.add(context, TASK, assigned)
    tasks.done(context, [4], "she agreed")
    yield context
    context.close()


def components(content: bytes, name: str) -> dict[str, Any]:
    return {str(c["SUMMARY"]).split(" ")[0]: c for c in Calendar.from_ical(content).walk(name)}


def test_open_tasks_are_events(book: Context, capsys: pytest.CaptureFixture[str]) -> None:
    got = calendars.export(book)
    assert got.name == "crm-tasks.ics"
    events = components(got.content, "VEVENT")
    assert sorted(events) == ["Call", "Send", "x"]
    assert "1 task without a day left out; --todo takes them too" in capsys.readouterr().err

    call = events["Call"]
    uid = book.reader.value("SELECT uid FROM task WHERE id = 1")
    assert str(call["UID"]) == f"{uid}@crm"
    assert call.decoded("DTSTART") == datetime(2026, 11, 27, 13, 30, tzinfo=UTC)
    assert call["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert call.decoded("DURATION") == timedelta(minutes=30)
    assert call.decoded("DTSTAMP") == call.decoded("LAST-MODIFIED") == datetime.fromisoformat(NOW)
    assert (str(call["STATUS"]), call["PRIORITY"], call["CATEGORIES"].cats) == ("CONFIRMED", 1, ["call"])
    assert str(call["DESCRIPTION"]).splitlines() == [
        "Deal: Engine no. 2 (deal:1), Ada Lovelace, Analytical Engines",
        "Contact: Ada Lovelace (contact:1), Analytical Engines, +44 7700 900123",
        "Company: Analytical Engines (company:1), +44 20 7946 0000",
    ]
    day = events["Send"]
    assert day.decoded("DTSTART") == date(2026, 11, 30)
    assert "DURATION" not in day
    assert day["CATEGORIES"].cats == ["to-do", "offer", "vip"]


def test_all_tasks_are_todos(book: Context) -> None:
    todos = components(calendars.export(book, ["is:any"], todo=True).content, "VTODO")
    assert len(todos) == 5
    assert todos["Call"].decoded("DUE") == datetime(2026, 11, 27, 13, 30, tzinfo=UTC)
    assert todos["Send"].decoded("DUE") == date(2026, 11, 30)
    assert "DUE" not in todos["Some"]
    assert str(todos["Some"]["STATUS"]) == "NEEDS-ACTION"
    done = todos["Was"]
    assert (str(done["STATUS"]), done.decoded("COMPLETED")) == ("COMPLETED", datetime.fromisoformat(NOW))
    assert str(done["DESCRIPTION"]).startswith("Done: she agreed\n\nContact: Ada Lovelace (contact:1)")


def test_a_filter_chooses(book: Context) -> None:
    assert list(components(calendars.export(book, ["tag:vip"]).content, "VEVENT")) == ["Send"]
    assert list(components(calendars.export(book, ["is:done"]).content, "VEVENT")) == ["Was"]
    with pytest.raises(FilterError):
        calendars.export(book, ["colour:red"])


@pytest.mark.parametrize("words", [("tag:vip", "or", "type:call"), ("tag:vip or type:call",)])
def test_what_was_removed_fits_the_whole_filter(
    book: Context, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A filter of several alternatives takes of each what was removed of late, and of none what was done or removed
    before that."""
    for name, field in (
        ("Long removed", {"tags": "vip"}),
        ("Just removed", {"tags": "vip"}),
        ("Gone", {"type": "call"}),
    ):
        records.add(book, TASK, {"name": name, "due": "2026-11-29", **field})
    tasks.done(book, [records.add(book, TASK, {"name": "Called", "due": "2026-11-20", "tags": "vip"}).ids[0]])
    records.remove(book, TASK, [6])
    monkeypatch.setenv("CRM_NOW", "2026-12-30T10:00:00+00:00")
    book.tick()
    records.remove(book, TASK, [7, 8])
    found = components(calendars.export(book, words).content, "VEVENT")
    assert {name: str(event["STATUS"]) for name, event in found.items()} == {
        "Call": "CONFIRMED", "Send": "CONFIRMED", "Just": "CANCELLED", "Gone": "CANCELLED",
    }  # fmt: skip


def test_no_tasks_make_an_empty_calendar(book: Context) -> None:
    assert components(calendars.export(book, ["nothing-is-called-so"]).content, "VEVENT") == {}


@pytest.mark.parametrize("todo", [False, True])
def test_the_bytes_change_only_with_the_tasks(todo: bool, book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    first = calendars.export(book, todo=todo).content
    monkeypatch.setenv("CRM_NOW", "2026-11-22T12:00:00+00:00")
    book.tick()
    assert calendars.export(book, todo=todo).content == first
    records.edit(book, TASK, [1], {"name": "Call Ada again"})
    second = calendars.export(book, todo=todo).content
    assert second != first
    kind = "VTODO" if todo else "VEVENT"
    before, after = components(first, kind)["Call"], components(second, kind)["Call"]
    assert before["UID"] == after["UID"]
    assert after["SEQUENCE"] == before["SEQUENCE"] == 0, "it is where it was"
    assert after.decoded("LAST-MODIFIED") == datetime(2026, 11, 22, 12, tzinfo=UTC)
    tasks.snooze(book, [1], "2026-11-28")
    third = components(calendars.export(book, todo=todo).content, kind)["Call"]
    assert third["SEQUENCE"] == 1


def test_a_change_of_whom_it_is_about_is_one_of_the_item(book: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_NOW", "2026-11-22T12:00:00+00:00")
    book.tick()
    records.edit(book, CONTACT, [1], {"mobile": "+44 7700 900124"})
    call = components(calendars.export(book).content, "VEVENT")["Call"]
    assert "900124" in str(call["DESCRIPTION"])
    assert call.decoded("LAST-MODIFIED") == datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_hostile_text_adds_nothing(book: Context) -> None:
    content = calendars.export(book, ["is:any"], todo=True).content + calendars.export(book, ["is:any"]).content
    text = content.decode().replace("\r\n ", "")
    assert all(word in text for word in ("ATTENDEE", "X-EVIL", "BEGIN:VALARM")), "it is there, as a text"
    for line in text.splitlines():
        assert not line.startswith(("ATTENDEE", "X-EVIL", "BEGIN:VALARM"))


def test_khal_lists_the_follow_ups(book: Context, tmp_path: Path) -> None:
    khal = calendar_program("khal")
    config = tmp_path / "khal.conf"
    config.write_text(
        f"[calendars]\n[[crm]]\npath = {tmp_path}/calendar\n"
        "[locale]\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
        "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
        "local_timezone = Europe/Berlin\ndefault_timezone = Europe/Berlin\n"
        f"[sqlite]\npath = {tmp_path}/khal.db\n[default]\ndefault_calendar = crm\n",
        encoding="utf-8",
    )
    (tmp_path / "calendar").mkdir()
    file = tmp_path / "follow-ups.ics"
    file.write_bytes(calendars.export(book, ["due:2026-11-27..2026-11-30"]).content)

    def call(*words: str) -> str:
        done = subprocess.run(
            [khal, "-c", str(config), *words], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    call("import", "--batch", "-a", "crm", str(file))
    form = "{start-date} {start-time} {end-time} {title}"
    listed = call("list", "--format", form, "--day-format", "", "2026-11-27", "4d").split("\n")
    assert [" ".join(line.split()) for line in listed if line.strip()] == [
        "2026-11-27 14:30 15:00 Call Ada",
        "2026-11-30 Send the offer",
    ]
    # A second import of the same file is the same calendar.
    call("import", "--batch", "-a", "crm", str(file))
    assert call("list", "--format", form, "--day-format", "", "2026-11-27", "4d").split("\n") == listed
