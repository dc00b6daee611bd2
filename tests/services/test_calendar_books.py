"""Two books that hand each other calendar files: what is done, taken up again and undone in one is so in the other, and
each series is there once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import TASK
from crmcli.services import agenda, calendar_import, calendars, history, records, tasks

if TYPE_CHECKING:
    from crmcli.context import Context

#: One book hands a file of all its tasks to the other one, finished ones too unless it is one of "open" ones; the line
#: about it.
HandOver = Callable[["Context", "Context"], str]
CALL, WEEKLY, FOLLOWING = 1, 2, 3


@pytest.fixture(params=["events", "to-dos", "events backwards", "to-dos backwards"])
def hand_over(
    request: pytest.FixtureRequest, ctx: Context, second_book: Context, monkeypatch: pytest.MonkeyPatch
) -> HandOver:
    minutes = iter(range(60))

    def turn() -> None:
        monkeypatch.setenv("CRM_NOW", f"2026-11-21T10:{next(minutes):02}:00+00:00")
        for one in (ctx, second_book):
            one.tick()

    def given(one: Context, two: Context) -> str:
        turn()
        words = [] if "open" in request.param else ["(is:open or is:done)"]
        content = calendars.export(one, words, todo="to-dos" in request.param).content
        if "backwards" in request.param:
            content = backwards(content)
        found = calendar_import.import_calendar(two, content, called="x")
        again = calendar_import.import_calendar(two, content, called="x")
        assert not again.changed.ids, "the same file says nothing new"
        turn()
        return found.changed.lines[0].removeprefix("imported x: ")

    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    turn()
    return given


@pytest.fixture
def both(ctx: Context, second_book: Context, hand_over: HandOver) -> tuple[Context, Context]:
    """Two books with a call and a weekly task of 20 November, the day before, which the first one has done."""
    records.add(ctx, TASK, {"name": "Call", "due": "2026-11-20 09:00"})
    records.add(ctx, TASK, {"name": "Weekly", "due": "2026-11-20", "repeat": "weekly"})
    assert hand_over(ctx, second_book) == "2 new"
    assert undone(second_book) == [CALL, WEEKLY]
    tasks.done(ctx, [CALL, WEEKLY])
    hand_over(ctx, second_book)
    assert undone(second_book) == undone(ctx) == [FOLLOWING]
    return ctx, second_book


def backwards(content: bytes) -> bytes:
    """A calendar with the last item first: which one comes first says nothing."""
    before, *items = re.split(rb"(?=BEGIN:V(?:EVENT|TODO))", content)
    last, end = items[-1].split(b"END:VCALENDAR")
    return b"".join([before, last, *reversed(items[:-1]), b"END:VCALENDAR", end])


def undone(book: Context) -> list[int]:
    return [number for (number,) in book.reader.rows("SELECT id FROM task WHERE done_at IS NULL ORDER BY id")]


def uids(book: Context) -> list[str]:
    return [uid for (uid,) in book.reader.rows("SELECT uid FROM task ORDER BY id")]


def task_of(book: Context, uid: str) -> int:
    """The number that a task of the other book has in this one, which depends on the order of a file."""
    return int(book.reader.value("SELECT id FROM task WHERE uid = ?", (uid,)))


def days(book: Context) -> list[str]:
    rows = agenda.agenda(book, ["2026-11-01..2026-12-12"]).rows
    return sorted(f"{row['name']} {row['date'][5:]}" for row in rows)


#: What is late the agenda has today.
LATE = ["Call 11-21", "Weekly 11-21"]
LATER = ["Weekly 11-27", "Weekly 12-04", "Weekly 12-11"]


def test_what_was_undone_in_one_book_is_open_in_the_other(both: tuple[Context, Context], hand_over: HandOver) -> None:
    one, two = both
    history.undo(one)
    assert hand_over(one, two) == "2 changed"
    assert undone(two) == [CALL, WEEKLY, FOLLOWING], "as one that is taken up again by hand: what follows it stays"
    assert days(two) == days(one) == [*LATE, *LATER]
    hand_over(two, one)
    assert days(one) == days(two)
    call, weekly, following = (task_of(two, uid) for uid in uids(one))
    tasks.done(two, [weekly])
    assert undone(two) == sorted([call, following])
    hand_over(two, one)
    assert days(one) == days(two) == [LATE[0], *LATER]


def test_what_was_taken_up_again_and_done_again_is_there_once(
    both: tuple[Context, Context], hand_over: HandOver
) -> None:
    one, two = both
    tasks.reopen(one, [CALL, WEEKLY])
    hand_over(one, two)
    assert days(two) == days(one) == [*LATE, *LATER]
    tasks.done(two, [CALL, WEEKLY])
    hand_over(two, one)
    assert undone(one) == undone(two) == [FOLLOWING]
    assert days(two) == days(one) == LATER


@pytest.mark.parametrize("how", ["undo", "reopen and remove"])
def test_what_was_put_off_and_undone_is_put_off_in_the_other_book(
    ctx: Context, second_book: Context, hand_over: HandOver, how: str
) -> None:
    records.add(ctx, TASK, {"name": "Weekly", "due": "2026-11-23", "repeat": "weekly"})
    tasks.snooze(ctx, [1], "2026-12-02")
    hand_over(ctx, second_book)
    tasks.done(ctx, [1])
    hand_over(ctx, second_book)
    if how == "undo":
        history.undo(ctx)
    else:
        tasks.reopen(ctx, [1])
        records.remove(ctx, TASK, [2])
    for turn in ((ctx, second_book), (second_book, ctx), (ctx, second_book)):
        hand_over(*turn)
        for book in turn:
            assert records.get(book, TASK, 1)["due_on"] == "2026-12-02"
            assert days(book) == ["Weekly 11-30", "Weekly 12-02", "Weekly 12-07"]


@pytest.mark.parametrize("hand_over", ["open events", "open to-dos"], indirect=True)
def test_what_was_undone_is_open_where_files_have_open_tasks_alone(
    ctx: Context, second_book: Context, hand_over: HandOver
) -> None:
    """What follows says there that a task is done: that it is not, its own item does."""
    records.add(ctx, TASK, {"name": "Weekly", "due": "2026-11-20", "repeat": "weekly"})
    hand_over(ctx, second_book)
    first = calendars.export(ctx).content
    tasks.done(ctx, [1])
    hand_over(ctx, second_book)
    assert records.get(second_book, TASK, 1)["done_at"][:16] == records.get(ctx, TASK, 1)["done_at"][:16]
    assert undone(second_book) == [2]
    calendar_import.import_calendar(second_book, first, called="x")
    assert undone(second_book) == [2], "an older copy says nothing of that"
    history.undo(ctx)
    hand_over(ctx, second_book)
    assert days(second_book) == days(ctx)
    assert undone(second_book) == [1, 2]
    tasks.done(ctx, [1])
    hand_over(ctx, second_book)
    assert undone(second_book) == [2]


def test_an_older_copy_takes_nothing_up_again(ctx: Context, second_book: Context, hand_over: HandOver) -> None:
    """The copy is younger than what was done, for the other book has it since; it never knew that."""
    records.add(ctx, TASK, {"name": "Call", "due": "2026-11-27 09:00"})
    then = calendars.export(ctx).content
    tasks.done(ctx, [CALL])
    calendar_import.import_calendar(second_book, then, called="x")
    hand_over(second_book, ctx)
    assert undone(ctx) == []


def test_another_program_leaves_out_what_is_done_and_says_nothing(
    ctx: Context, second_book: Context, both: tuple[Context, Context]
) -> None:
    content = calendars.export(ctx, ["(is:open or is:done)"]).content.decode()
    lines = [line for line in content.splitlines() if not line.startswith("X-CRM-STATUS")]
    theirs = "\r\n".join([*lines, ""]).replace("PRODID:-//crmcli", "PRODID:-//other").encode()
    for book in both:
        calendar_import.import_calendar(book, theirs, called="x")
        assert undone(book) == [FOLLOWING]


@pytest.mark.parametrize("rule", ["", "RRULE:FREQ=WEEKLY\r\n"])
def test_one_of_our_series_that_was_ticked_off_elsewhere_is_that_day(ctx: Context, rule: str) -> None:
    """Also where another program leaves its rule beside, and it was done here before: what follows stays open."""
    records.add(ctx, TASK, {"name": "Weekly", "due": "2026-11-20", "repeat": "weekly"})
    then = calendars.export(ctx, todo=True).content.decode()
    tasks.done(ctx, [1])
    ticked = then.replace("STATUS:NEEDS-ACTION\r\n", "STATUS:COMPLETED\r\nCOMPLETED:20261121T120000Z\r\n")
    ticked = "".join(f"{line}\r\n" for line in ticked.split("\r\n")[:-1] if not line.startswith("RRULE"))
    ticked = ticked.replace("END:VTODO", f"{rule}LAST-MODIFIED:20261121T120000Z\r\nEND:VTODO")
    calendar_import.import_calendar(ctx, ticked.encode(), called="x")
    assert undone(ctx) == [2]
    assert days(ctx) == LATER
