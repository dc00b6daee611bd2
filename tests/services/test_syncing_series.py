"""Series in step with a calendar of another program: single days put off, called off or done, on either side."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import TASK
from crmcli.services import agenda, records, tasks
from crmcli.services.syncing import sync
from crmcli.services.syncing_tasks import EVENT, TODO, Tasks
from tests.support.sync_remotes import MemoryRemote

if TYPE_CHECKING:
    from pathlib import Path

    from crmcli.services.syncing import Outcome


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    monkeypatch.setenv("CRM_NOW", "2026-11-21T10:00:00+00:00")
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    ctx.tick()


@pytest.fixture
def remote() -> MemoryRemote:
    return MemoryRemote()


def run(ctx: Context, remote: MemoryRemote, shape: str = EVENT) -> Outcome:
    return sync(ctx, Tasks(ctx, "", shape=shape), remote)


def settled(ctx: Context, remote: MemoryRemote, shape: str = EVENT) -> None:
    found = run(ctx, remote, shape)
    assert (str(found), found.unsettled) == ("in step", [])


def task(ctx: Context, number: int = 1) -> dict[str, Any]:
    return records.get(ctx, TASK, number)


def days(ctx: Context) -> list[str]:
    return [row["start"][:16] for row in agenda.agenda(ctx, ["2026-11-23..2026-12-16"]).rows]


STANDUP = "\r\n".join([
    "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", "BEGIN:VEVENT", "UID:standup@x.org",
    "DTSTAMP:20261101T000000Z", "SUMMARY:Stand-up", "DTSTART;TZID=Asia/Tehran:20261118T093000", "DURATION:PT15M",
    "RRULE:FREQ=WEEKLY;BYDAY=WE", "END:VEVENT", "END:VCALENDAR", "",
])  # fmt: skip
PUT_OFF = "\r\n".join([
    "BEGIN:VEVENT", "UID:standup@x.org", "DTSTAMP:20261101T000000Z", "SUMMARY:Stand-up",
    "RECURRENCE-ID;TZID=Asia/Tehran:20261125T093000", "DTSTART;TZID=Asia/Tehran:20261125T150000", "DURATION:PT15M",
    "END:VEVENT", "END:VCALENDAR",
])  # fmt: skip


@pytest.mark.parametrize("side", ["there", "here"])
def test_a_day_of_others_that_was_put_off_and_done_leaves_the_series_as_it_was(
    ctx: Context, remote: MemoryRemote, side: str
) -> None:
    remote.put("/a.ics", STANDUP)
    run(ctx, remote)
    assert days(ctx) == ["2026-11-25T07:00", "2026-12-02T07:00", "2026-12-09T07:00", "2026-12-16T07:00"]
    if side == "there":
        remote.edit("/a.ics", ("END:VCALENDAR", PUT_OFF))
        assert str(run(ctx, remote)) == "1 changed here"
    else:
        tasks.snooze(ctx, [1], "2026-11-26 16:00")
        assert str(run(ctx, remote)) == "1 changed there"
    before = remote.texts[0]
    tasks.done(ctx, [1])
    assert task(ctx, 2)["due_at"] == "2026-12-02T06:00:00.000Z"
    run(ctx, remote)
    assert "DTSTART;TZID=Asia/Tehran:20261118T093000" in remote.texts[0]
    assert remote.texts[0].count("BEGIN:VEVENT") == before.count("BEGIN:VEVENT")
    settled(ctx, remote)
    assert days(ctx) == ["2026-12-02T07:00", "2026-12-09T07:00", "2026-12-16T07:00"]


def test_a_day_of_ours_that_was_called_off_there_is_passed_over(
    ctx: Context, remote: MemoryRemote, capsys: pytest.CaptureFixture[str]
) -> None:
    records.add(ctx, TASK, {"name": "Gym", "due": "2026-11-23 09:00", "repeat": "weekly"})
    run(ctx, remote)
    remote.edit(remote.only, ("RRULE:", "EXDATE;TZID=Europe/Berlin:20261123T090000,20261207T090000\r\nRRULE:"))
    capsys.readouterr()
    assert str(run(ctx, remote)) == "1 changed here, 1 changed there"
    assert "task:1 Gym: its day 2026-11-23 is left out by now, the next is 2026-11-30" in capsys.readouterr().err
    assert days(ctx) == ["2026-11-30T09:00", "2026-12-14T09:00"]
    run(ctx, remote)
    settled(ctx, remote)
    tasks.done(ctx, [1])
    assert days(ctx) == ["2026-12-14T09:00"]


@pytest.mark.parametrize(("status", "expected"), [("CANCELLED", None), ("COMPLETED", True)])
def test_a_single_day_of_a_to_do_that_was_called_off_or_done_there(
    ctx: Context, remote: MemoryRemote, status: str, expected: bool | None
) -> None:
    records.add(ctx, TASK, {"name": "Water", "due": "2026-11-23", "repeat": "weekly"})
    run(ctx, remote, TODO)
    over = "\r\n".join([
        "BEGIN:VTODO", f"UID:{task(ctx)['uid']}@crm", "DTSTAMP:20261101T000000Z", "SUMMARY:Water",
        "RECURRENCE-ID;VALUE=DATE:20261123", "DUE;VALUE=DATE:20261123", f"STATUS:{status}", "END:VTODO",
        "END:VCALENDAR",
    ])  # fmt: skip
    remote.edit(remote.only, ("END:VCALENDAR", over))
    assert str(run(ctx, remote, TODO)).startswith("1 changed here")
    assert bool(task(ctx)["done_at"]) is bool(expected)
    (left,) = records.list_records(ctx, TASK, ["is:open"]).rows
    assert left["due_on"] == "2026-11-30"
    run(ctx, remote, TODO)
    settled(ctx, remote, TODO)


def test_a_series_that_no_rule_of_others_says_changes_there_too(
    ctx: Context, remote: MemoryRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    ctx.tick()
    records.add(ctx, TASK, {"name": "قسط وام", "due": "1405-09-01", "repeat": "monthly"})
    run(ctx, remote)
    assert remote.texts[0].count("20261222") == 1
    tasks.done(ctx, [1])
    run(ctx, remote)
    settled(ctx, remote)
    assert sum(text.count("20270121") for text in remote.texts) == 1
    records.edit(ctx, TASK, [2], {"repeat": ""})
    run(ctx, remote)
    assert not [text for text in remote.texts if "RDATE" in text]
    settled(ctx, remote)


def test_further_days_of_others_stay_when_the_task_is_moved(ctx: Context, remote: MemoryRemote) -> None:
    days = "RDATE;TZID=Asia/Tehran:20261130T093000,20270112T093000"
    remote.put("/a.ics", STANDUP.replace("RRULE:FREQ=WEEKLY;BYDAY=WE", days).replace("20261118T", "20261124T"))
    run(ctx, remote)
    records.edit(ctx, TASK, [1], {"due": "2026-11-24 08:30"})
    run(ctx, remote)
    assert "RDATE" in remote.texts[0]
    assert "20270112" in remote.texts[0]
    settled(ctx, remote)


def test_days_that_differ_go_by_the_hour_that_the_series_has_by_now(ctx: Context, remote: MemoryRemote) -> None:
    over = PUT_OFF.replace("20261125T093000", "20261209T093000").replace("20261125T150000", "20261210T150000")
    remote.put("/a.ics", STANDUP.replace("END:VCALENDAR", over))
    run(ctx, remote)
    records.edit(ctx, TASK, [1], {"due": "2026-11-25 08:30"})
    run(ctx, remote)
    assert "DTSTART;TZID=Asia/Tehran:20261125T110000" in remote.texts[0]
    assert "RECURRENCE-ID;TZID=Asia/Tehran:20261209T110000" in remote.texts[0]
    settled(ctx, remote)


def test_what_is_late_in_one_book_is_late_in_another(ctx: Context, remote: MemoryRemote, tmp_path: Path) -> None:
    records.add(ctx, TASK, {"name": "Report", "due": "2026-11-10", "repeat": "weekly"})
    run(ctx, remote, TODO)
    with closing(Context(Settings({"db": str(tmp_path / "other.db")}), quiet=True, plugins=False)) as other:
        other.create(str(tmp_path / "other.db"))
        run(other, remote, TODO)
        assert task(other)["due_on"] == "2026-11-10"
        tasks.done(ctx, [1])
        tasks.done(other, [1])
        for one in (ctx, other, ctx, other):
            run(one, remote, TODO)
        assert [row["due_on"] for row in records.list_records(other, TASK, ["is:open"]).rows] == ["2026-11-24"]
