"""Tasks that come again: the next one on completion, from the deadline or the day, and what undo makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import CONTACT, DEAL, TASK
from crmcli.errors import FieldError
from crmcli.services import history, records, tasks
from crmcli.services.recurring import KEPT

if TYPE_CHECKING:
    from crmcli.context import Context

#: A Saturday.
NOW = "2026-11-21T10:00:00+00:00"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    at(monkeypatch, ctx, NOW)


def at(monkeypatch: pytest.MonkeyPatch, ctx: Context, moment: str, zone: str = "Europe/Berlin") -> None:
    monkeypatch.setenv("CRM_NOW", moment)
    monkeypatch.setenv("TZ", zone)
    ctx.tick()


def add(ctx: Context, **assigned: str) -> int:
    return int(records.add(ctx, TASK, {"name": "Report", **assigned}).ids[0])


def task(ctx: Context, number: int) -> dict[str, Any]:
    return records.get(ctx, TASK, number)


def next_day(ctx: Context, number: int) -> str | None:
    """Do a task; the day of the one that follows it."""
    tasks.done(ctx, [number])
    found = ctx.reader.rows("SELECT id, due_on FROM task WHERE follows_id = ? AND removed_at IS NULL", (number,))
    assert len(found) <= 1
    return str(found[0][1]) if found else None


@pytest.mark.parametrize(
    ("repeat", "due", "coming"),
    [
        ("every monday", "2026-11-23", "2026-11-30"),
        ("every monday", "2026-11-02", "2026-11-23"),  # two were passed over
        ("every 2 weeks", "2026-11-20", "2026-12-04"),
        ("daily", "2026-11-01", "2026-11-21"),
        ("monthly", "2026-10-31", "2026-11-30"),
        ("monthly", "2027-01-31", "2027-02-28"),
        ("monthly on the last day", "2026-11-30", "2026-12-31"),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "2027-01-31", "2027-03-31"),
        ("yearly", "2028-02-29", "2029-02-28"),
        ("every weekday", "2026-11-20", "2026-11-23"),
        ("weekly until 2026-11-27", "2026-11-20", "2026-11-27"),
        ("weekly until 2026-11-26", "2026-11-20", None),
        ("FREQ=WEEKLY;COUNT=3", "2026-11-20", "2026-11-27"),
        ("FREQ=WEEKLY;COUNT=1", "2026-11-20", None),
    ],
)
def test_the_next_one_counts_from_the_deadline(ctx: Context, repeat: str, due: str, coming: str | None) -> None:
    assert next_day(ctx, add(ctx, repeat=repeat, due=due)) == coming


@pytest.mark.parametrize(
    ("repeat", "coming"),
    [
        ("every 2 weeks", "2026-12-05"),
        ("monthly", "2026-12-21"),
        ("every friday", "2026-11-27"),
        ("daily", "2026-11-22"),
    ],
)
def test_the_next_one_counts_from_the_day_it_was_done(ctx: Context, repeat: str, coming: str) -> None:
    for due in ("2026-10-05", "2026-12-24"):
        assert next_day(ctx, add(ctx, repeat=repeat, due=due, repeat_from="done")) == coming


def test_the_end_of_months_stays_the_end_of_months(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    number, days = add(ctx, repeat="monthly", due="2026-12-31"), []
    for month in range(1, 5):
        at(monkeypatch, ctx, f"2027-0{month}-01T10:00:00+00:00")
        days.append(next_day(ctx, number))
        number = ctx.reader.value("SELECT max(id) FROM task")
    assert days == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]


def test_a_series_of_the_jalali_calendar(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    ctx.tick()
    number = add(ctx, repeat="monthly on the last day", due="1405-12-29")  # the last day of a common year
    assert task(ctx, number)["due_on"] == "2027-03-20"
    assert next_day(ctx, number) == "2027-04-20"  # 31 Farvardin 1406


def test_what_is_put_off_does_not_move_its_series(ctx: Context) -> None:
    number = add(ctx, repeat="every 2 weeks on friday", due="2026-11-20")
    tasks.snooze(ctx, [number], "2026-11-25")
    tasks.snooze(ctx, [number], "2026-11-30")
    assert task(ctx, number)["series_on"] == "2026-11-20"
    assert next_day(ctx, number) == "2026-12-04"
    moved = add(ctx, repeat="every 2 weeks on friday", due="2026-11-20")
    tasks.snooze(ctx, [moved], "2026-11-25")
    records.edit(ctx, TASK, [moved], {"due": "2026-11-27"})
    assert task(ctx, moved)["series_on"] is None
    assert next_day(ctx, moved) == "2026-12-11"


@pytest.mark.parametrize(
    ("zone", "due", "coming"),
    [
        ("Europe/Berlin", "2027-03-22 09:00", "2027-03-29T07:00:00.000Z"),  # summer time begins on the 28th
        ("Europe/Berlin", "2027-10-25 09:00", "2027-11-01T08:00:00.000Z"),
        ("Asia/Tehran", "2027-03-15 09:00", "2027-03-22T05:30:00.000Z"),  # no summer time since 2022
        ("Pacific/Fiji", "2027-11-08 09:00", "2027-11-14T21:00:00.000Z"),  # nor since 2021
        ("America/New_York", "2027-03-08 02:30", "2027-03-15T06:30:00.000Z"),
    ],
)
def test_the_clock_of_the_wall_stays(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, zone: str, due: str, coming: str
) -> None:
    at(monkeypatch, ctx, NOW, zone)
    number = add(ctx, repeat="weekly", due=due)
    next_day(ctx, number)
    assert task(ctx, number + 1)["due_at"] == coming


def test_the_next_one_is_the_same_task_again(ctx: Context) -> None:
    records.add(ctx, DEAL, {"name": "Engine"})
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.org"})
    number = add(
        ctx, repeat="weekly", due="2026-11-23 09:00", on="deal:1", contact="Ada", type="meeting", minutes="45",
        priority="high", place="Office", remind="15m", attendees="Ada, bob@y.org", tags="vip,key", description="why",
    )  # fmt: skip
    tasks.delegate(ctx, [number], "grace")
    before = ctx.reader.value("SELECT count(*) FROM task")
    tasks.done(ctx, [number], "went well")
    (follower,) = (row[0] for row in ctx.reader.rows("SELECT id FROM task WHERE follows_id = ?", (number,)))
    one, two = task(ctx, number), task(ctx, follower)
    names = [f.name for f in TASK.core if f.column in KEPT] + ["tags"]
    assert len(names) == len(KEPT) + 1
    assert {name: two[name] for name in names} == {name: one[name] for name in names}
    assert (two["due_on"], two["done_at"], two["feedback"], two["follows_id"]) == ("2026-11-30", None, None, number)
    assert ctx.reader.value("SELECT count(*) FROM task") == before + 1
    history.undo(ctx)
    assert ctx.reader.value("SELECT count(*) FROM task") == before
    assert task(ctx, number)["done_at"] is None


def test_what_was_done_twice_is_followed_once(ctx: Context) -> None:
    number = add(ctx, repeat="weekly", due="2026-11-23")
    tasks.done(ctx, [number])
    tasks.done(ctx, [number], "and one more thing")
    tasks.reopen(ctx, [number])
    tasks.done(ctx, [number])
    assert ctx.reader.value("SELECT count(*) FROM task") == 2
    records.remove(ctx, TASK, [2])
    tasks.reopen(ctx, [number])
    tasks.done(ctx, [number])
    assert ctx.reader.value("SELECT count(*) FROM task WHERE removed_at IS NULL") == 2


def test_a_count_is_used_up(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    ctx.quiet = False
    number = add(ctx, repeat="FREQ=DAILY;COUNT=4", due="2026-11-19")
    tasks.done(ctx, [number])  # 20 November is passed over
    follower = task(ctx, number + 1)
    assert (follower["due_on"], follower["repeat"]) == ("2026-11-21", "FREQ=DAILY;COUNT=2")
    tasks.done(ctx, [number + 1])
    tasks.done(ctx, [number + 2])
    told = capsys.readouterr().err
    assert "1 of its series passed over" in told
    assert "task:3 was the last of its series" in told
    assert ctx.reader.value("SELECT count(*) FROM task") == 3


def test_a_series_without_a_day_begins_on_its_first(ctx: Context) -> None:
    assert task(ctx, add(ctx, repeat="every monday"))["due_on"] == "2026-11-23"
    assert task(ctx, add(ctx, repeat="monthly on the 31st"))["due_on"] == "2026-11-30"
    assert task(ctx, add(ctx, repeat="FREQ=MONTHLY;BYMONTHDAY=31"))["due_on"] == "2026-12-31"


def test_what_makes_no_series_is_refused(ctx: Context) -> None:
    number = add(ctx, repeat="weekly", due="2026-11-23")
    for assigned in ({"repeat": "now and then"}, {"due": ""}):
        with pytest.raises(FieldError):
            records.edit(ctx, TASK, [number], assigned)
    with pytest.raises(FieldError, match="does not repeat"):
        add(ctx, repeat_from="done")
    records.edit(ctx, TASK, [number], {"repeat_from": "done"})
    records.edit(ctx, TASK, [number], {"repeat": "", "due": ""})
    assert (task(ctx, number)["repeat"], task(ctx, number)["repeat_from"]) == (None, None)
    assert next_day(ctx, number) is None
