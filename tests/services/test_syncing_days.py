"""Coming days of a series that somebody moved, or called off, there: what becomes of them as the series goes on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import TASK
from crmcli.services import history, records, tasks
from crmcli.services.syncing_tasks import EVENT, TODO
from tests.support.sync_remotes import MemoryRemote
from tests.support.syncing import add, item, run, settled, task

if TYPE_CHECKING:
    from crmcli.context import Context

pytestmark = pytest.mark.usefixtures("saturday")

WEEKLY = {"due": "2026-11-23 10:00", "repeat": "weekly", "duration": "30m"}
#: Behind the rules of the clocks.
SERIES = re.compile(r"BEGIN:(VEVENT|VTODO)\r\n.*^(RRULE|RDATE)", re.S | re.M)
SHAPES = pytest.mark.parametrize("shape", [EVENT, TODO])


@pytest.fixture
def remote() -> MemoryRemote:
    return MemoryRemote()


def differ(remote: MemoryRemote, day: str, to: str = "", *lines: str) -> None:
    """On the phone one day of the series is moved, or otherwise said to be another one."""
    (href,) = [href for href, (_, text) in remote.items.items() if SERIES.search(text)]
    main = re.search(r"BEGIN:(VEVENT|VTODO)\r\n.*?END:\1\r\n", remote.items[href][1], re.S)
    assert main
    own = re.sub(r"(?:RRULE|RDATE|EXDATE|X-CRM-REPEAT)(?:.|\r\n )*?\r\n(?! )", "", main[0])
    start = re.search(r"DTSTART(\S*:)\d{8}", own)
    assert start
    own = re.sub(r"(?<=[:])\d{8}(?=T\d{6}\r\n)", to or day, own)
    clock = re.search(r"DTSTART\S*:\d{8}(T\d{6})", own)
    named = f"RECURRENCE-ID{start[1]}{day}{clock[1] if clock else ''}"
    own = own.replace("SUMMARY", "\r\n".join([named, *lines, "SUMMARY"]), 1)
    remote.edit(href, ("END:VCALENDAR", own + "END:VCALENDAR"))


def named(remote: MemoryRemote) -> list[list[str]]:
    """Of each item that is a series: its first day, and each day that differs with the one on which it takes place."""
    found = []
    for text in remote.texts:
        parts = re.split(r"(?=BEGIN:VEVENT|BEGIN:VTODO)", text)[1:]
        days = [(re.search(r"RECURRENCE-ID\S*:(\d{8})", part), re.search(r"(?:DTSTART|DUE)\S*:(\d{8})", part))
                for part in parts]  # fmt: skip
        if SERIES.search(text):
            found.append([f"{of[1]} {at[1]}" if of else at[1] for of, at in days if at])
    return found


def due(ctx: Context) -> list[str | None]:
    rows = records.list_records(ctx, TASK, ["is:open"], columns="id,due_on", sort="id").rows
    return [row["due_on"] for row in rows]


def done(ctx: Context) -> None:
    (row,) = records.list_records(ctx, TASK, ["is:open"]).rows
    tasks.done(ctx, [row["id"]])


@SHAPES
def test_a_coming_day_that_was_moved_there_goes_with_the_series(
    ctx: Context, second_book: Context, remote: MemoryRemote, shape: str, capsys: pytest.CaptureFixture[str]
) -> None:
    add(ctx, **WEEKLY)
    for book in (ctx, second_book):
        run(book, remote, shape=shape)
    differ(remote, "20261130", "20261202")
    differ(remote, "20261214", "20261215")
    capsys.readouterr()
    run(ctx, remote, shape=shape)
    assert "task:1 Call Ada: 2 of its days differ there and not in the book" in capsys.readouterr().err
    run(second_book, remote, shape=shape)
    for expected, there in (
        ("2026-12-02", ["20261130", "20261130 20261202", "20261214 20261215"]),
        ("2026-12-07", ["20261207", "20261214 20261215"]),
        ("2026-12-15", ["20261214", "20261214 20261215"]),
        ("2026-12-21", ["20261221"]),
    ):
        done(ctx)
        for book in (ctx, second_book, ctx):
            assert run(book, remote, shape=shape).unsettled == []
        assert named(remote) == [there]
        for book in (ctx, second_book):
            settled(book, remote, shape=shape)
            assert due(book) == [expected]


@SHAPES
@pytest.mark.parametrize("back", ["undo", "reopen"])
def test_days_that_differ_come_back_when_the_present_one_is_taken_up_again(
    ctx: Context, second_book: Context, remote: MemoryRemote, shape: str, back: str
) -> None:
    add(ctx, **WEEKLY)
    run(ctx, remote, shape=shape)
    run(second_book, remote, shape=shape)
    differ(remote, "20261207", "20261208")
    run(ctx, remote, shape=shape)
    for _ in range(2):
        tasks.done(ctx, [1])
        for book in (ctx, second_book, ctx):
            run(book, remote, shape=shape)
        assert named(remote) == [["20261130", "20261207 20261208"]]
        if back == "undo":
            history.undo(ctx)
        else:
            tasks.reopen(ctx, [1])
            records.remove(ctx, TASK, [max(row[0] for row in ctx.reader.rows("SELECT id FROM task"))])
        for book in (ctx, second_book, ctx):
            assert run(book, remote, shape=shape).unsettled == []
        assert named(remote) == [["20261123", "20261207 20261208"]]
        assert due(ctx) == due(second_book) == ["2026-11-23"]
        settled(ctx, remote, shape=shape)
    done(ctx)
    run(ctx, remote, shape=shape)
    done(ctx)
    run(ctx, remote, shape=shape)
    assert due(ctx) == ["2026-12-08"]
    assert named(remote) == [["20261207", "20261207 20261208"]]


@SHAPES
@pytest.mark.parametrize("how", ["EXDATE", "CANCELLED"])
def test_a_coming_day_that_was_called_off_there_before_that_was_known_is_passed_over(
    ctx: Context, remote: MemoryRemote, shape: str, how: str
) -> None:
    add(ctx, **WEEKLY)
    run(ctx, remote, shape=shape)
    tasks.done(ctx, [1])
    assert due(ctx) == ["2026-11-30"]
    if how == "CANCELLED":
        differ(remote, "20261130", "", "STATUS:CANCELLED")
    else:
        clock = "100000" if shape == EVENT else "093000"
        remote.edit(
            remote.only,
            ("\r\nRRULE:FREQ=WEEKLY;", f"\r\nEXDATE;TZID=Europe/Berlin:20261130T{clock}\r\nRRULE:FREQ=WEEKLY;"),
        )
    run(ctx, remote, shape=shape)
    assert due(ctx) == ["2026-12-07"]
    assert [days[0] for days in named(remote)] == ["20261207"]
    settled(ctx, remote, shape=shape)


@SHAPES
def test_a_day_that_both_moved_is_where_the_book_has_it(ctx: Context, remote: MemoryRemote, shape: str) -> None:
    add(ctx, **WEEKLY)
    run(ctx, remote, shape=shape)
    tasks.done(ctx, [1])
    tasks.snooze(ctx, [2], "2026-12-03")
    differ(remote, "20261130", "20261202")
    (line,) = run(ctx, remote, shape=shape).unsettled
    assert line.startswith("task:2 Call Ada: its when was changed on both sides; the book's stays, and goes there")
    assert named(remote) == [["20261130", "20261130 20261203"]]
    settled(ctx, remote, shape=shape)
    assert due(ctx) == ["2026-12-03"]


@SHAPES
def test_a_series_that_no_rule_of_others_says_keeps_the_days_that_differ(
    ctx: Context, remote: MemoryRemote, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    ctx.tick()
    add(ctx, due="1405-09-01 10:00", repeat="monthly")
    run(ctx, remote, shape=shape)
    differ(remote, "20261222", "20261223")
    differ(remote, "20270121", "20270124")
    run(ctx, remote, shape=shape)
    done(ctx)
    run(ctx, remote, shape=shape)
    assert due(ctx) == ["2026-12-23"]
    assert named(remote) == [["20261222", "20261222 20261223", "20270121 20270124"]]
    settled(ctx, remote, shape=shape)


@SHAPES
@pytest.mark.parametrize("known", [True, False])
def test_a_coming_day_of_others_that_was_moved_is_when_its_turn_comes(
    ctx: Context, remote: MemoryRemote, shape: str, known: bool
) -> None:
    kind = "VEVENT" if shape == EVENT else "VTODO"
    weekly = ("SUMMARY:Board", "DTSTART;TZID=Europe/Berlin:20261128T100000", "RRULE:FREQ=WEEKLY")
    remote.put("/f.ics", item(*weekly, kind=kind))
    run(ctx, remote, shape=shape)
    differ(remote, "20261205", "20261206")
    if known:
        run(ctx, remote, shape=shape)
    before = remote.only, *remote.texts
    done(ctx)
    assert str(run(ctx, remote, shape=shape)).startswith("1 changed here")
    assert (due(ctx), task(ctx, 2)["series_on"]) == (["2026-12-06"], "2026-12-05")
    assert (before == (remote.only, *remote.texts)) is (shape == EVENT)
    assert named(remote) == [["20261128" if shape == EVENT else "20261205", "20261205 20261206"]]
    settled(ctx, remote, shape=shape)
    done(ctx)
    run(ctx, remote, shape=shape)
    assert due(ctx) == ["2026-12-12"]


def test_days_that_cannot_go_along_are_told(
    ctx: Context, remote: MemoryRemote, capsys: pytest.CaptureFixture[str]
) -> None:
    add(ctx, **WEEKLY)
    run(ctx, remote)
    differ(remote, "20261207", "20261208")
    run(ctx, remote)
    tasks.done(ctx, [1])
    records.edit(ctx, TASK, [2], {"due": "2026-12-01 10:00"})
    capsys.readouterr()
    run(ctx, remote)
    assert "task:2 Call Ada: what differed there of its days is lost: 2026-12-07" in capsys.readouterr().err
    settled(ctx, remote)


@SHAPES
def test_two_books_that_finish_a_day_take_what_was_moved_there_meanwhile(
    ctx: Context, second_book: Context, remote: MemoryRemote, shape: str
) -> None:
    add(ctx, **WEEKLY)
    for book in (ctx, second_book):
        run(book, remote, shape=shape)
    for book in (ctx, second_book):
        tasks.done(book, [1])
    differ(remote, "20261130", "20261202")
    for book in (ctx, second_book, ctx):
        assert run(book, remote, shape=shape).unsettled == []
    for book in (ctx, second_book):
        settled(book, remote, shape=shape)
        assert due(book) == ["2026-12-02"]
    assert named(remote) == [["20261130", "20261130 20261202"]]
