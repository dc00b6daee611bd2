"""Series in step with a calendar of another program: single days put off, called off or done, on either side."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import TASK
from crmcli.services import agenda, history, records, tasks
from crmcli.services.syncing_tasks import EVENT, TODO
from tests.support.sync_remotes import MemoryRemote
from tests.support.syncing import run, settled, task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("saturday")


@pytest.fixture
def remote() -> MemoryRemote:
    return MemoryRemote()


def days(ctx: Context) -> list[str]:
    return [row["start"][:16] for row in agenda.agenda(ctx, ["2026-11-23..2026-12-16"]).rows]


def said(text: str) -> list[str]:
    """The lines of an item that say more than its version."""
    quiet = ("SEQUENCE", "DTSTAMP", "LAST-MODIFIED", "PRODID", "CALSCALE", "STATUS:NEEDS-ACTION")
    return sorted(line for line in text.split("\r\n") if not line.startswith(quiet))


STANDUP = "\r\n".join([
    "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", "BEGIN:VEVENT", "UID:standup@x.org",
    "DTSTAMP:20261101T000000Z", "SUMMARY:Stand-up", "DTSTART;TZID=Asia/Tehran:20261118T093000", "DURATION:PT15M",
    "RRULE:FREQ=WEEKLY;BYDAY=WE", "END:VEVENT", "END:VCALENDAR", "",
])  # fmt: skip
WATER = "\r\n".join([
    "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", "BEGIN:VTODO", "UID:water@x.org",
    "DTSTAMP:20261101T000000Z", "SUMMARY:Water", "DTSTART;VALUE=DATE:20261123", "DUE;VALUE=DATE:20261123",
    "RRULE:FREQ=WEEKLY", "END:VTODO", "END:VCALENDAR", "",
])  # fmt: skip
PUT_OFF = "\r\n".join([
    "BEGIN:VEVENT", "UID:standup@x.org", "DTSTAMP:20261101T000000Z", "SUMMARY:Stand-up",
    "RECURRENCE-ID;TZID=Asia/Tehran:20261125T093000", "DTSTART;TZID=Asia/Tehran:20261125T150000", "DURATION:PT15M",
    "END:VEVENT", "END:VCALENDAR",
])  # fmt: skip


#: What one day of a series says that was moved.
LATER = ("DUE;VALUE=DATE:20261124",)
MOVED = ("DTSTART;TZID=Asia/Tehran:20261126T150000", "DURATION:PT45M")


def over(item: str, day: str, *lines: str) -> str:
    """A series with one day that differs."""
    text = item.split("\r\n")
    begin, uid, start = text[3], text[4], next(line for line in text if line.startswith("DTSTART"))
    own = [begin, uid, "DTSTAMP:20261101T000000Z", "SUMMARY:Differs",
           f"{start.replace('DTSTART', 'RECURRENCE-ID').partition(':')[0]}:{day}", *lines]  # fmt: skip
    return item.replace("END:VCALENDAR", "\r\n".join([*own, begin.replace("BEGIN", "END"), "END:VCALENDAR"]))


@pytest.mark.parametrize("side", ["there", "here"])
def test_a_day_of_others_that_was_put_off_and_done_leaves_the_series_as_it_was(
    ctx: Context, remote: MemoryRemote, side: str
) -> None:
    remote.put("/a.ics", STANDUP)
    run(ctx, remote, shape=EVENT)
    assert days(ctx) == ["2026-11-25T07:00", "2026-12-02T07:00", "2026-12-09T07:00", "2026-12-16T07:00"]
    if side == "there":
        remote.edit("/a.ics", ("END:VCALENDAR", PUT_OFF))
        assert str(run(ctx, remote, shape=EVENT)) == "1 changed here"
    else:
        tasks.snooze(ctx, [1], "2026-11-26 16:00")
        assert str(run(ctx, remote, shape=EVENT)) == "1 changed there"
    before = remote.texts[0]
    tasks.done(ctx, [1])
    assert task(ctx, 2)["due_at"] == "2026-12-02T06:00:00.000Z"
    run(ctx, remote, shape=EVENT)
    assert "DTSTART;TZID=Asia/Tehran:20261118T093000" in remote.texts[0]
    assert remote.texts[0].count("BEGIN:VEVENT") == before.count("BEGIN:VEVENT")
    settled(ctx, remote, shape=EVENT)
    assert days(ctx) == ["2026-12-02T07:00", "2026-12-09T07:00", "2026-12-16T07:00"]


@pytest.mark.parametrize("shape", [EVENT, TODO])
@pytest.mark.parametrize("times", [1, 2])
def test_a_series_of_others_is_what_it_was_when_its_day_is_taken_up_again(
    ctx: Context, remote: MemoryRemote, shape: str, times: int
) -> None:
    remote.put("/a.ics", STANDUP if shape == EVENT else WATER)
    run(ctx, remote, shape=shape)
    before = ""
    for number in range(1, times + 1):
        before = remote.texts[0]
        tasks.done(ctx, [number])
        run(ctx, remote, shape=shape)
    history.undo(ctx)
    run(ctx, remote, shape=shape)
    settled(ctx, remote, shape=shape)
    assert list(remote.items) == ["/a.ics"]
    assert said(remote.texts[0]) == said(before)
    remote.edit("/a.ics", ("SUMMARY:", "SUMMARY:Our "))
    assert str(run(ctx, remote, shape=shape)) == "1 changed here"
    assert task(ctx, times)["name"].startswith("Our ")
    remote.drop("/a.ics")
    assert str(run(ctx, remote, shape=shape)) == "1 removed here"


def test_a_day_of_others_that_is_done_there_leaves_the_series_as_it_is(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.ics", WATER)
    run(ctx, remote, shape=TODO)
    remote.put("/a.ics", over(WATER, "20261123", "DUE;VALUE=DATE:20261123", "STATUS:COMPLETED"))
    before = dict(remote.items)
    assert str(run(ctx, remote, shape=TODO)) == "1 changed here"
    assert task(ctx)["done_at"] is not None
    assert task(ctx, 2)["due_on"] == "2026-11-30"
    settled(ctx, remote, shape=TODO)
    assert remote.items == before
    tasks.done(ctx, [2])
    assert str(run(ctx, remote, shape=TODO)) == "1 changed there"
    assert "DUE;VALUE=DATE:20261207" in remote.texts[0]
    assert remote.texts[0].count("STATUS:COMPLETED") == 1
    settled(ctx, remote, shape=TODO)


def test_a_series_of_others_that_is_done_there_goes_on_as_one(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.ics", WATER)
    run(ctx, remote, shape=TODO)
    remote.edit("/a.ics", ("SUMMARY", "STATUS:COMPLETED\r\nSUMMARY"))
    assert str(run(ctx, remote, shape=TODO)) == "1 changed here, 1 changed there"
    (text,) = remote.texts
    assert "DUE;VALUE=DATE:20261130" in text
    assert "RRULE:FREQ=WEEKLY" in text
    assert "COMPLETED" not in text
    settled(ctx, remote, shape=TODO)


@pytest.mark.parametrize(
    ("item", "day", "lines", "due", "then"),
    [
        (STANDUP, "20261125T093000", MOVED, "2026-11-26", "2026-12-02"),
        (STANDUP, "20261125T093000", ("STATUS:CANCELLED", *MOVED), "2026-12-02", "2026-12-09"),
        (WATER, "20261123", ("STATUS:CANCELLED",), "2026-11-30", "2026-12-07"),
        (WATER, "20261123", ("STATUS:COMPLETED",), "2026-11-30", "2026-12-07"),
        (WATER, "20261123", LATER, "2026-11-24", "2026-11-30"),
    ],
)
def test_a_series_comes_in_with_the_day_that_its_next_one_was_moved_to(
    ctx: Context, remote: MemoryRemote, capsys: pytest.CaptureFixture[str], item: str, day: str,
    lines: tuple[str, ...], due: str, then: str,
) -> None:  # fmt: skip
    remote.put("/a.ics", over(item, day, *lines))
    shape = EVENT if item == STANDUP else TODO
    assert str(run(ctx, remote, shape=shape)) == "1 new here"
    assert "differ there" not in capsys.readouterr().err
    assert task(ctx)["due_on"] == due
    if lines == MOVED:
        assert (task(ctx)["due_at"], task(ctx)["minutes"]) == ("2026-11-26T11:30:00.000Z", 45)
    settled(ctx, remote, shape=shape)
    tasks.done(ctx, [1])
    assert task(ctx, 2)["due_on"] == then
    run(ctx, remote, shape=shape)
    settled(ctx, remote, shape=shape)


@pytest.mark.parametrize("lines", [("EXDATE;TZID=Asia/Tehran:20261125T093000",), ()])
@pytest.mark.parametrize("kind", ["EVENT", "TODO"])
def test_a_series_of_others_of_which_a_day_is_called_off_stays_as_it_is(
    ctx: Context, remote: MemoryRemote, kind: str, lines: tuple[str, ...]
) -> None:
    item = STANDUP.replace("VEVENT", f"V{kind}").replace("BYDAY=WE", "BYDAY=WE;COUNT=9")
    if kind == "TODO":  # a late one would be for the day that is past
        item = item.replace("20261118", "20261125")
    shape = EVENT if kind == "EVENT" else TODO
    remote.put("/a.ics", item)
    run(ctx, remote, shape=shape)
    off = over(item, "20261125T093000", "STATUS:CANCELLED", *MOVED)
    remote.put("/a.ics", item.replace("RRULE", "\r\n".join((*lines, "RRULE"))) if lines else off)
    before = remote.items["/a.ics"]
    assert str(run(ctx, remote, shape=shape)) == "1 changed here"
    assert remote.items["/a.ics"] == before
    assert task(ctx)["due_on"] == "2026-12-02"
    settled(ctx, remote, shape=shape)
    records.edit(ctx, TASK, [1], {"place": "Here"})
    assert str(run(ctx, remote, shape=shape)) == "1 changed there"
    settled(ctx, remote, shape=shape)


def test_a_series_that_was_moved_comes_to_the_day_that_differs_there(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.ics", over(STANDUP, "20261209T093000", *MOVED[1:], "DTSTART;TZID=Asia/Tehran:20261210T150000"))
    run(ctx, remote, shape=EVENT)
    tasks.done(ctx, [1])
    run(ctx, remote, shape=EVENT)
    assert task(ctx, 2)["due_at"] == "2026-12-02T06:00:00.000Z"
    remote.edit("/a.ics", ("20261118T093000", "20261209T093000"))
    run(ctx, remote, shape=EVENT)
    assert task(ctx, 2)["due_at"] == "2026-12-10T11:30:00.000Z"
    settled(ctx, remote, shape=EVENT)


def test_a_day_of_others_that_is_done_there_beforehand_is_passed_over(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.ics", WATER)
    run(ctx, remote, shape=TODO)
    remote.put("/a.ics", over(WATER, "20261130", "STATUS:COMPLETED"))
    run(ctx, remote, shape=TODO)
    assert task(ctx)["due_on"] == "2026-11-23"
    settled(ctx, remote, shape=TODO)
    tasks.done(ctx, [1])
    assert task(ctx, 2)["due_on"] == "2026-12-07"


@pytest.mark.parametrize("shape", [EVENT, TODO])
def test_a_rehearsal_says_what_is_done_of_a_series_of_others(ctx: Context, remote: MemoryRemote, shape: str) -> None:
    remote.put("/a.ics", STANDUP if shape == EVENT else WATER)
    run(ctx, remote, shape=shape)
    tasks.done(ctx, [1])
    with ctx.rehearsal():
        rehearsed = str(run(ctx, remote, shape=shape))
    assert rehearsed == str(run(ctx, remote, shape=shape)) == ("in step" if shape == EVENT else "1 changed there")


def test_a_day_of_ours_that_was_called_off_there_is_passed_over(
    ctx: Context, remote: MemoryRemote, capsys: pytest.CaptureFixture[str]
) -> None:
    records.add(ctx, TASK, {"name": "Gym", "due": "2026-11-23 09:00", "repeat": "weekly"})
    run(ctx, remote, shape=EVENT)
    remote.edit(remote.only, ("RRULE:", "EXDATE;TZID=Europe/Berlin:20261123T090000,20261207T090000\r\nRRULE:"))
    capsys.readouterr()
    assert str(run(ctx, remote, shape=EVENT)) == "1 changed here, 1 changed there"
    assert "task:1 Gym: its day 2026-11-23 is left out by now, the next is 2026-11-30" in capsys.readouterr().err
    assert days(ctx) == ["2026-11-30T09:00", "2026-12-14T09:00"]
    run(ctx, remote, shape=EVENT)
    settled(ctx, remote, shape=EVENT)
    tasks.done(ctx, [1])
    assert days(ctx) == ["2026-12-14T09:00"]


@pytest.mark.parametrize(("status", "expected"), [("CANCELLED", None), ("COMPLETED", True)])
def test_a_single_day_of_a_to_do_that_was_called_off_or_done_there(
    ctx: Context, remote: MemoryRemote, status: str, expected: bool | None
) -> None:
    records.add(ctx, TASK, {"name": "Water", "due": "2026-11-23", "repeat": "weekly"})
    run(ctx, remote, shape=TODO)
    over = "\r\n".join([
        "BEGIN:VTODO", f"UID:{task(ctx)['uid']}@crm", "DTSTAMP:20261101T000000Z", "SUMMARY:Water",
        "RECURRENCE-ID;VALUE=DATE:20261123", "DUE;VALUE=DATE:20261123", f"STATUS:{status}", "END:VTODO",
        "END:VCALENDAR",
    ])  # fmt: skip
    remote.edit(remote.only, ("END:VCALENDAR", over))
    assert str(run(ctx, remote, shape=TODO)).startswith("1 changed here")
    assert bool(task(ctx)["done_at"]) is bool(expected)
    (left,) = records.list_records(ctx, TASK, ["is:open"]).rows
    assert left["due_on"] == "2026-11-30"
    run(ctx, remote, shape=TODO)
    settled(ctx, remote, shape=TODO)


def test_a_series_that_no_rule_of_others_says_changes_there_too(
    ctx: Context, remote: MemoryRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    ctx.tick()
    records.add(ctx, TASK, {"name": "قسط وام", "due": "1405-09-01", "repeat": "monthly"})
    run(ctx, remote, shape=EVENT)
    assert remote.texts[0].count("20261222") == 1
    tasks.done(ctx, [1])
    run(ctx, remote, shape=EVENT)
    settled(ctx, remote, shape=EVENT)
    assert sum(text.count("20270121") for text in remote.texts) == 1
    records.edit(ctx, TASK, [2], {"repeat": ""})
    run(ctx, remote, shape=EVENT)
    assert not [text for text in remote.texts if "RDATE" in text]
    settled(ctx, remote, shape=EVENT)


def test_further_days_of_others_stay_when_the_task_is_moved(ctx: Context, remote: MemoryRemote) -> None:
    days = "RDATE;TZID=Asia/Tehran:20261130T093000,20270112T093000"
    remote.put("/a.ics", STANDUP.replace("RRULE:FREQ=WEEKLY;BYDAY=WE", days).replace("20261118T", "20261124T"))
    run(ctx, remote, shape=EVENT)
    records.edit(ctx, TASK, [1], {"due": "2026-11-24 08:30"})
    run(ctx, remote, shape=EVENT)
    assert "RDATE" in remote.texts[0]
    assert "20270112" in remote.texts[0]
    settled(ctx, remote, shape=EVENT)


def test_days_that_differ_go_by_the_hour_that_the_series_has_by_now(ctx: Context, remote: MemoryRemote) -> None:
    over = PUT_OFF.replace("20261125T093000", "20261209T093000").replace("20261125T150000", "20261210T150000")
    remote.put("/a.ics", STANDUP.replace("END:VCALENDAR", over))
    run(ctx, remote, shape=EVENT)
    records.edit(ctx, TASK, [1], {"due": "2026-11-25 08:30"})
    run(ctx, remote, shape=EVENT)
    assert "DTSTART;TZID=Asia/Tehran:20261125T110000" in remote.texts[0]
    assert "RECURRENCE-ID;TZID=Asia/Tehran:20261209T110000" in remote.texts[0]
    settled(ctx, remote, shape=EVENT)


def test_what_is_late_in_one_book_is_late_in_another(ctx: Context, remote: MemoryRemote, tmp_path: Path) -> None:
    records.add(ctx, TASK, {"name": "Report", "due": "2026-11-10", "repeat": "weekly"})
    run(ctx, remote, shape=TODO)
    with closing(Context(Settings({"db": str(tmp_path / "other.db")}), quiet=True, plugins=False)) as other:
        other.create(str(tmp_path / "other.db"))
        run(other, remote, shape=TODO)
        assert task(other)["due_on"] == "2026-11-10"
        tasks.done(ctx, [1])
        tasks.done(other, [1])
        for one in (ctx, other, ctx, other):
            run(one, remote, shape=TODO)
        assert [row["due_on"] for row in records.list_records(other, TASK, ["is:open"]).rows] == ["2026-11-24"]


def put_off(ctx: Context) -> None:
    tasks.snooze(ctx, [2], "2026-12-03 16:00")


def put_on_another_day(ctx: Context) -> None:
    records.edit(ctx, TASK, [2], {"due": "2026-12-03 16:00", "duration": "45m"})


def repeat_less(ctx: Context) -> None:
    records.edit(ctx, TASK, [2], {"repeat": "every 2 weeks on wednesday"})


@pytest.mark.parametrize("move", [put_off, put_on_another_day, repeat_less])
def test_what_follows_a_day_of_others_and_is_moved_before_the_next_run_is_moved_there(
    ctx: Context, remote: MemoryRemote, second_book: Context, move: Callable[[Context], None]
) -> None:
    other = MemoryRemote()
    for book, place in ((ctx, remote), (second_book, other)):
        place.put("/a.ics", STANDUP)
        run(book, place, shape=EVENT)
        tasks.done(book, [1])
        if book is second_book:
            run(book, place, shape=EVENT)
        move(book)
        assert str(run(book, place, shape=EVENT)) == "1 changed there"
        settled(book, place, shape=EVENT)
    assert said(remote.texts[0]) == said(other.texts[0]) != said(STANDUP)
    assert days(ctx) == days(second_book)


def test_what_follows_a_day_of_others_and_was_moved_there_is_not_written_again(
    ctx: Context, remote: MemoryRemote
) -> None:
    remote.put("/a.ics", over(STANDUP, "20261202T093000", "DTSTART;TZID=Asia/Tehran:20261203T183000", "DURATION:PT45M"))
    run(ctx, remote, shape=EVENT)
    tasks.done(ctx, [1])
    before = remote.texts[0]
    run(ctx, remote, shape=EVENT)
    settled(ctx, remote, shape=EVENT)
    assert (task(ctx, 2)["due_at"], task(ctx, 2)["minutes"]) == ("2026-12-03T15:00:00.000Z", 45)
    assert remote.texts[0] == before


def test_a_to_do_of_others_that_is_late_when_it_comes_in_is_late_here(ctx: Context, remote: MemoryRemote) -> None:
    """A phone moves a to-do on when its day is done: until then it is for that day."""
    remote.put("/a.ics", WATER.replace("20261123", "20261109"))
    run(ctx, remote)
    assert task(ctx)["due_on"] == "2026-11-09"
    settled(ctx, remote)
    done = over(WATER, "20261109", "STATUS:COMPLETED").replace("20261123", "20261109")
    remote.put("/b.ics", done.replace("water", "b"))
    run(ctx, remote)
    assert task(ctx, 2)["due_on"] == "2026-11-16", "the first one was done there"
    settled(ctx, remote)
