"""Tasks that come again: the next one on completion, from the deadline or the day, and what undo makes of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import pytest

from crmcli.domain.entities import CONTACT, DEAL, TASK
from crmcli.errors import FieldError
from crmcli.services import history, records, task_types, tasks, vocabulary
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


def follower(ctx: Context, number: int) -> dict[str, Any]:
    """Do a task; the one that follows it."""
    tasks.done(ctx, [number])
    (found,) = ctx.reader.rows("SELECT id FROM task WHERE follows_id = ? AND removed_at IS NULL", (number,))
    return task(ctx, found[0])


@pytest.mark.parametrize(
    ("zone", "clock", "skipped", "moved", "after"),
    [
        ("Europe/Berlin", "02:30", "2027-03-28", "2027-03-28T01:30:00.000Z", "2027-03-29T00:30:00.000Z"),
        ("Australia/Lord_Howe", "02:15", "2026-10-04", "2026-10-03T15:45:00.000Z", "2026-10-04T15:15:00.000Z"),
        ("Asia/Beirut", "00:20", "2027-03-28", "2027-03-27T22:20:00.000Z", "2027-03-28T21:20:00.000Z"),
    ],
)  # fmt: skip
def test_a_series_comes_back_to_its_clock_after_a_time_that_is_skipped(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, zone: str, clock: str, skipped: str, moved: str, after: str
) -> None:
    day = date.fromisoformat(skipped)
    at(monkeypatch, ctx, f"{day - timedelta(days=1)}T00:01:00+00:00", zone)
    number = add(ctx, repeat="daily", due=f"{day - timedelta(days=1)} {clock}")
    on_the_day = follower(ctx, number)
    assert on_the_day["due_at"] == moved
    at(monkeypatch, ctx, moved.replace("Z", "+00:00"), zone)
    assert follower(ctx, on_the_day["id"])["due_at"] == after


def test_a_series_put_off_from_a_day_that_skips_its_time_keeps_its_clock(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, ctx, "2027-03-26T10:00:00+00:00")
    number = add(ctx, repeat="daily", due="2027-03-27 02:30")
    number = follower(ctx, number)["id"]
    assert task(ctx, number)["due_at"] == "2027-03-28T01:30:00.000Z"
    tasks.snooze(ctx, [number], "2027-03-30")
    assert task(ctx, number)["due_at"] == "2027-03-30T00:30:00.000Z"


def test_whoever_does_it_from_where_the_series_stays_where_it_was_made(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, ctx, "2026-11-08T15:00:00+00:00")
    number = add(ctx, repeat="monthly on the 1st", due="2026-12-01 01:00")
    monday = add(ctx, repeat="every monday", due="2026-11-09 01:00")
    at(monkeypatch, ctx, "2026-11-08T15:00:00+00:00", "America/New_York")
    following = follower(ctx, number)
    # The day is that of whoever writes it, as wherever a moment is typed.
    assert (following["due_on"], following["due_at"]) == ("2026-12-31", "2027-01-01T00:00:00.000Z")
    assert follower(ctx, monday)["due_at"] == "2026-11-16T00:00:00.000Z"
    at(monkeypatch, ctx, "2026-11-08T15:00:00+00:00", "Asia/Tehran")
    assert follower(ctx, following["id"])["due_at"] == "2027-02-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("repeat", "due", "edited", "coming"),
    [
        ("weekly", "2026-11-27 09:00", "2026-12-03 09:00", "2026-12-10"),
        ("every friday", "2026-11-27", "2026-11-26", "2026-12-03"),
        ("every 2 weeks", "2026-11-27", "2026-12-02", "2026-12-16"),
        ("monthly", "2026-12-31", "2027-01-05", "2027-02-05"),
        ("monthly", "2027-01-05", "2027-01-31", "2027-02-28"),
        ("yearly", "2026-12-01", "2026-12-24", "2027-12-24"),
        ("monthly on the 31st", "2026-12-31", "2026-12-05", "2027-01-05"),
    ],
)
def test_another_day_moves_a_series_that_names_no_more_than_its_day(
    ctx: Context, repeat: str, due: str, edited: str, coming: str
) -> None:
    number = add(ctx, repeat=repeat, due=due)
    records.edit(ctx, TASK, [number], {"due": edited})
    assert next_day(ctx, number) == coming


def test_another_day_leaves_every_other_series_where_it_is_and_that_is_said(
    ctx: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    number = add(ctx, repeat="every monday, thursday", due="2026-11-23")
    capsys.readouterr()
    records.edit(ctx, TASK, [number], {"due": "2026-11-24"})
    assert "the series stays: every monday and thursday" in capsys.readouterr().err
    assert next_day(ctx, number) == "2026-11-26"


@pytest.mark.parametrize("edited", ["2026-12-01 14:00", "2026-12-01"])
def test_another_time_of_what_was_put_off_keeps_its_place_in_the_series(ctx: Context, edited: str) -> None:
    number = add(ctx, repeat="every 2 weeks on fri", due="2026-11-27 09:00")
    tasks.snooze(ctx, [number], "2026-12-01")
    records.edit(ctx, TASK, [number], {"due": edited})
    assert next_day(ctx, number) == "2026-12-11"


def test_what_was_put_off_to_another_time_leaves_the_series_its_own(ctx: Context) -> None:
    number = add(ctx, repeat="weekly", due="2026-11-27 09:00")
    tasks.snooze(ctx, [number], "2026-11-27 16:00")
    following = follower(ctx, number)
    assert following["due_at"] == "2026-12-04T08:00:00.000Z"
    tasks.snooze(ctx, [following["id"]], "2026-12-05 16:00")
    assert follower(ctx, following["id"])["due_at"] == "2026-12-11T08:00:00.000Z"


def test_days_that_are_left_out_do_not_come_and_are_counted(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number = add(ctx, repeat="every friday 5 times", due="2026-11-27 09:00")
    with ctx.writing("test") as tx:
        tx.change("task", number, {"series_skips": "2026-12-04,2026-12-18"})
    following = follower(ctx, number)
    assert (following["due_on"], following["series_skips"]) == ("2026-12-11", "2026-12-18")
    at(monkeypatch, ctx, "2026-12-12T10:00:00+00:00")
    capsys.readouterr()
    assert follower(ctx, following["id"])["due_on"] == "2026-12-25"
    assert "passed over" not in capsys.readouterr().err
    tasks.done(ctx, [following["id"] + 1])
    assert "was the last of its series" in capsys.readouterr().err


def test_two_books_of_one_task_make_one_task_of_what_follows(ctx: Context) -> None:
    """Also where they do it on different days, and one passes days over."""
    number = add(ctx, repeat="daily", due="2026-11-21")
    first = follower(ctx, number)
    assert first["uid"] == str(uuid5(UUID(task(ctx, number)["uid"]), "next"))
    records.remove(ctx, TASK, [first["id"]])
    tasks.reopen(ctx, [number])
    assert follower(ctx, number)["uid"] != first["uid"]


def test_a_next_task_that_came_from_another_book_is_the_next_one(ctx: Context) -> None:
    add(ctx, due="2026-11-23", repeat="weekly")
    uid = str(uuid5(UUID(task(ctx, 1)["uid"]), "next"))
    with ctx.writing("sync") as tx:
        there = tx.add("task", {"name": "Report", "uid": uid, "due_on": "2026-11-30", "repeat": "FREQ=WEEKLY;BYDAY=MO"})
    assert next_day(ctx, 1) == "2026-11-30"
    assert ctx.reader.value("SELECT count(*) FROM task") == 2
    assert task(ctx, there)["follows_id"] == 1
    history.undo(ctx)
    assert task(ctx, there)["follows_id"] is None


def test_the_next_task_of_somebody_who_has_left_is_nobodys(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    ctx.quiet = False
    vocabulary.user_add(ctx, "bob", {})
    number = add(ctx, repeat="weekly", due="2026-11-21", owner="bob")
    vocabulary.user_edit(ctx, "bob", {"active": "no"})
    following = follower(ctx, number)
    assert following["owner_id"] is None
    assert f"task:{following['id']} is nobody's: bob has left" in capsys.readouterr().err


def test_a_moment_is_on_the_day_that_it_is_here(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though its series is counted elsewhere, where that is still the day before."""
    at(monkeypatch, ctx, "2026-11-21T15:00:00+00:00", "America/New_York")
    number = add(ctx, repeat="every monday", due="2026-11-30 22:00")
    at(monkeypatch, ctx, "2026-11-21T15:00:00+00:00", "Europe/Berlin")
    following = follower(ctx, number)
    assert (following["due_on"], following["due_at"]) == ("2026-12-08", "2026-12-08T03:00:00.000Z")
    assert follower(ctx, following["id"])["due_at"] == "2026-12-15T03:00:00.000Z"


def test_what_its_type_triggers_is_no_task_of_the_series(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    task_types.edit(ctx, "call", {"next_type": "email", "next_mode": "trigger"})
    number = add(ctx, type="call", due="2026-11-21", repeat="every week")
    tasks.done(ctx, [number])
    capsys.readouterr()
    tasks.reopen(ctx, [number])
    said = capsys.readouterr().err
    assert "2 follow it, and stay: crm" in said
    assert f"task remove {number + 1} {number + 2}\n" in said
    records.remove(ctx, TASK, [number + 1])
    assert next_day(ctx, number) == "2026-11-28"


@pytest.mark.parametrize(
    ("type_", "name"),
    [("email", "ایمیل"), ("email", "Post"), ("call", "تماس"), ("call", "Arama"), ("meeting", "Treffen")],
)
def test_a_type_of_another_name_counts_as_what_it_is(ctx: Context, type_: str, name: str) -> None:
    records.add(ctx, CONTACT, {"name": "Ada"})
    task_types.edit(ctx, type_, {"name": name})
    number = add(ctx, type=name, on="contact:1", due="2026-11-21")
    tasks.done(ctx, [number])
    (row,) = ctx.reader.rows("SELECT kind, direction FROM interaction")
    assert row == (type_, "out" if type_ == "email" else None)
    assert {row["name"]: row["counts_as"] for row in task_types.task_types(ctx).rows}[name] == type_


def test_a_new_type_says_what_it_counts_as(ctx: Context) -> None:
    task_types.add(ctx, "E-Mail", {})
    task_types.add(ctx, "demo", {"counts_as": "meeting"})
    task_types.add(ctx, "cleanup", {})
    counted = {row["name"]: row["counts_as"] for row in task_types.task_types(ctx).rows}
    assert [counted[name] for name in ("E-Mail", "demo", "cleanup", "to-do")] == ["email", "meeting", "task", "task"]
    task_types.edit(ctx, "to-do", {"name": "کارها"})
    assert task(ctx, add(ctx, due="2026-11-21"))["type"] == "کارها"


def test_many_that_come_up_earlier_are_said_in_one_line(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = [add(ctx, due=day) for day in ("2026-12-24", "2026-12-25", "2026-11-21")]
    capsys.readouterr()
    changed = tasks.snooze(ctx, numbers, "+1d")
    assert capsys.readouterr().err == "2 of these tasks come up earlier than they were due: task:1 task:2\n"
    assert "snoozed to Sun 2026-11-22, 2 of them earlier:" in changed.lines[0]


@pytest.mark.parametrize(
    ("repeat", "due", "zone", "edited", "days"),
    [
        ("every monday", "2026-11-23 01:00", "America/New_York", "2026-11-22 20:00",
         ["2026-11-23T01:00:00.000Z", "2026-11-30T01:00:00.000Z"]),
        ("monthly", "2026-12-01 01:00", "America/New_York", "2026-11-30 19:30",
         ["2026-12-01T00:30:00.000Z", "2027-01-01T00:30:00.000Z"]),
        ("every monday", "2026-11-23 09:00", "Asia/Tokyo", "2026-11-24 17:00",
         ["2026-11-24T08:00:00.000Z", "2026-12-01T08:00:00.000Z"]),
    ],
)  # fmt: skip
def test_what_is_edited_from_elsewhere_stays_a_series_of_its_zone(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, repeat: str, due: str, zone: str, edited: str, days: list[str]
) -> None:
    number = add(ctx, repeat=repeat, due=due)
    at(monkeypatch, ctx, NOW, zone)
    records.edit(ctx, TASK, [number], {"due": edited})
    assert [task(ctx, number)["due_at"], follower(ctx, number)["due_at"]] == days
    assert task(ctx, number + 1)["series_zone"] == "Europe/Berlin"


def test_another_rule_is_counted_where_it_is_given(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, ctx, NOW, "America/New_York")
    number = add(ctx, repeat="daily", due="2026-11-24 20:00")
    at(monkeypatch, ctx, NOW)
    records.edit(ctx, TASK, [number], {"repeat": "weekly"})
    following = follower(ctx, number)
    assert (following["due_on"], following["due_at"]) == ("2026-12-02", "2026-12-02T01:00:00.000Z")
    assert following["series_zone"] == "Europe/Berlin"
