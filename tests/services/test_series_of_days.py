"""A series that no RRULE says goes out day by day, and its rule beside the days: what another book, a server and other
programs make of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import TASK
from crmcli.services import agenda, calendar_import, calendars, history, records, tasks
from crmcli.services.syncing import sync
from crmcli.services.syncing_tasks import EVENT, TODO, Tasks
from tests.support.sync_remotes import MemoryRemote

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.services.syncing import Outcome

RULE = "RSCALE=PERSIAN;FREQ=MONTHLY;BYMONTHDAY=-1"
#: The last days of Jalali months from Aban 1405 on.
DAYS = ["2026-11-21", "2026-12-21", "2027-01-20", "2027-02-19", "2027-03-20"]
SHAPES = pytest.mark.parametrize("shape", [EVENT, TODO])


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context, second_book: Context) -> None:
    monkeypatch.setenv("CRM_NOW", "2026-11-10T10:00:00+00:00")
    monkeypatch.setenv("CRM_TIMEZONE", "Asia/Tehran")
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    for one in (ctx, second_book):
        one.tick()


@pytest.fixture
def remote() -> MemoryRemote:
    return MemoryRemote()


def add(ctx: Context, due: str = "1405-08-30 10:30", **assigned: str) -> None:
    assert records.add(ctx, TASK, {"name": "اجاره", "due": due, "repeat": "monthly on the last day", **assigned}).ids


def run(ctx: Context, remote: MemoryRemote, shape: str) -> Outcome:
    return sync(ctx, Tasks(ctx, "", shape=shape), remote)


def settled(remote: MemoryRemote, shape: str, *books: Context) -> None:
    for one in (*books, *books):
        run(one, remote, shape)
    for one in books:
        found = run(one, remote, shape)
        assert (str(found), found.unsettled) == ("in step", [])


def days(ctx: Context, until: str = "2027-03-31") -> list[str]:
    return [row["date"] for row in agenda.agenda(ctx, [f"2026-11-20..{until}"]).rows]


def repeats(ctx: Context) -> list[str | None]:
    return [row["repeat"] for row in records.list_records(ctx, TASK, ["is:open"], columns="repeat").rows]


def known(ctx: Context, number: int = 1) -> dict[str, Any]:
    row = records.get(ctx, TASK, number)
    return {column: row[column] for column in ("uid", "due_on", "due_at", "repeat", "done_at")}


def listed(remote: MemoryRemote, day: str) -> int:
    """How many items of a collection take place on a day."""
    when = re.compile(rf"^(?:DTSTART|RDATE|DUE)[;:].*{day.replace('-', '')}", re.MULTILINE)
    return sum(when.search(text) is not None for text in remote.texts)


@pytest.mark.parametrize(("shape", "due"), [(EVENT, "1405-08-30 10:30"), (TODO, "1405-08-30")])
def test_it_is_a_series_in_another_book_by_a_file(ctx: Context, second_book: Context, shape: str, due: str) -> None:
    add(ctx, due)
    made = calendars.export(ctx, [], todo=shape == TODO).content
    found = calendar_import.import_calendar(second_book, made, called="x")
    assert found.changed.lines == ("imported x: 1 new",)
    assert known(second_book) == known(ctx)
    assert repeats(second_book) == [RULE]
    assert days(second_book) == days(ctx) == DAYS
    again = calendar_import.import_calendar(second_book, made, called="x")
    assert again.changed.lines == ("imported x: 1 known",)
    tasks.done(second_book, [1])
    back = calendars.export(second_book, ["(is:open or is:done)"], todo=shape == TODO).content
    assert calendar_import.import_calendar(ctx, back, called="x").refused == []
    assert days(ctx) == days(second_book) == DAYS[1:]
    assert known(ctx, 2) == known(second_book, 2)


@SHAPES
def test_a_day_that_is_done_in_another_book_is_no_more_there(
    ctx: Context, second_book: Context, remote: MemoryRemote, shape: str
) -> None:
    add(ctx)
    run(ctx, remote, shape)
    run(second_book, remote, shape)
    assert days(second_book) == days(ctx) == DAYS
    tasks.done(second_book, [1])
    settled(remote, shape, second_book, ctx)
    assert [listed(remote, day) for day in DAYS] == [1] * 5
    assert known(ctx, 2) == known(second_book, 2)
    assert days(second_book) == days(ctx) == DAYS[1:]
    history.undo(second_book)
    settled(remote, shape, second_book, ctx)
    assert [listed(remote, day) for day in DAYS] == [1] * 5
    assert days(second_book) == days(ctx) == DAYS


@SHAPES
def test_a_day_that_is_put_off_and_a_rule_that_changes_go_to_another_book(
    ctx: Context, second_book: Context, remote: MemoryRemote, shape: str
) -> None:
    add(ctx)
    run(ctx, remote, shape)
    run(second_book, remote, shape)
    tasks.snooze(second_book, [1], "1405-09-03 15:00")
    settled(remote, shape, second_book, ctx)
    assert days(ctx) == days(second_book) == ["2026-11-24", *DAYS[1:]]
    records.edit(ctx, TASK, [1], {"due": "1405-08-30 12:00", "repeat": "monthly on the 15th"})
    settled(remote, shape, ctx, second_book)
    assert repeats(second_book) == ["RSCALE=PERSIAN;FREQ=MONTHLY;BYMONTHDAY=15"]
    assert days(second_book) == days(ctx)
    records.edit(second_book, TASK, [1], {"repeat": ""})
    settled(remote, shape, second_book, ctx)
    assert repeats(ctx) == [None]
    assert not [text for text in remote.texts if "RDATE" in text or "X-CRM-REPEAT" in text]


LINE = "X-CRM-REPEAT:" + RULE.replace(";", "\\;")
DROPPED = f"{LINE}\r\n", ""


@SHAPES
def test_a_program_that_drops_the_rule_ends_no_series(
    ctx: Context, second_book: Context, remote: MemoryRemote, shape: str
) -> None:
    add(ctx)
    run(ctx, remote, shape)
    run(second_book, remote, shape)
    remote.edit(remote.only, DROPPED, ("SUMMARY:اجاره", "SUMMARY:Rent"))
    settled(remote, shape, ctx, second_book)
    for one in (ctx, second_book):
        assert (records.get(one, TASK, 1)["name"], repeats(one), days(one)) == ("Rent", [RULE], DAYS)
    made = calendars.export(ctx, [], todo=shape == TODO).content.replace(f"{LINE}\r\n".encode(), b"")
    calendar_import.import_calendar(ctx, made, called="x")
    assert repeats(ctx) == [RULE]
    records.edit(ctx, TASK, [1], {"name": "Rent again"})
    run(ctx, remote, shape)
    assert LINE in remote.texts[0]


@pytest.mark.parametrize("repeat", ["monthly on the last day", "FREQ=MONTHLY;BYMONTHDAY=21"])
def test_what_is_done_there_at_another_hour_has_no_further_days(
    ctx: Context, remote: MemoryRemote, repeat: str
) -> None:
    add(ctx, repeat=repeat)
    run(ctx, remote, TODO)
    # as todoman writes it
    done = ("STATUS:NEEDS-ACTION", "STATUS:COMPLETED\r\nCOMPLETED:20261110T090000Z")
    remote.edit(remote.only, ("DUE;TZID=Asia/Tehran:20261121T103000", "DUE:20261121T083000Z"), done)
    settled(remote, TODO, ctx)
    assert [listed(remote, day) for day in DAYS[:2]] == [1] * 2
    assert sum("RRULE" in text or "RDATE" in text for text in remote.texts) == 1
    assert known(ctx, 2)["due_at"] == "2026-12-21T08:30:00.000Z"


def test_a_to_do_that_is_ticked_off_with_all_its_days_goes_on(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx)
    run(ctx, remote, TODO)
    remote.edit(
        remote.only, DROPPED,
        ("STATUS:NEEDS-ACTION", "STATUS:COMPLETED\r\nCOMPLETED:20261110T090000Z"),
    )  # fmt: skip
    settled(remote, TODO, ctx)
    assert [listed(remote, day) for day in DAYS] == [1] * 5
    assert days(ctx) == DAYS[1:]


def cut(text: str, keep: int | None = None, *, but: int | None = None) -> str:
    """An item with the first days alone that stand one by one, or all but one of them."""
    line = re.search(r"RDATE[^:]*:([0-9T,]+)\r\n", text)
    assert line is not None
    each = line[1].split(",")
    left = [day for number, day in enumerate(each[:keep]) if number != but]
    return text.replace(line[0], line[0].replace(line[1], ",".join(left)) if left else "")


EXCEPT = "EXDATE;TZID=Asia/Tehran:20270120T103000"


@pytest.mark.parametrize(
    ("shape", "change", "expected"),
    [
        # khal takes the day itself away; phones write down that it is left out
        (EVENT, lambda text: cut(text, but=1), (RULE, [*DAYS[:2], *DAYS[3:]])),
        (TODO, lambda text: text.replace("X-CRM-REPEAT", f"{EXCEPT}\r\nX-CRM-REPEAT"), (RULE, [*DAYS[:2], *DAYS[3:]])),
        (EVENT, lambda text: cut(text, 3), ("RSCALE=PERSIAN;FREQ=MONTHLY;UNTIL=20270219;BYMONTHDAY=-1", DAYS[:4])),
        (TODO, lambda text: cut(text, 0), (None, DAYS[:1])),
        (EVENT, lambda text: cut(text, 0).replace("X-CRM-REPEAT", "RRULE:FREQ=MONTHLY;COUNT=2\r\nX-CRM-REPEAT"),
         ("FREQ=MONTHLY;COUNT=2;BYMONTHDAY=21", DAYS[:2])),
    ],
    ids=["taken away", "left out", "cut short", "no series", "another rule"],
)  # fmt: skip
def test_what_another_program_makes_of_the_days_the_books_take(
    ctx: Context, second_book: Context, remote: MemoryRemote, shape: str, change: Any, expected: tuple[Any, list[str]]
) -> None:
    add(ctx)
    run(ctx, remote, shape)
    remote.put(remote.only, change(remote.items[remote.only][1].replace("\r\n ", "")))
    settled(remote, shape, ctx, second_book)
    for one in (ctx, second_book):
        assert (*repeats(one), days(one)) == expected


def test_a_series_that_is_called_off_from_a_day_on_ends_before_it(ctx: Context, second_book: Context) -> None:
    add(ctx)
    uid = f"{records.get(ctx, TASK, 1)['uid']}@crm"
    made = calendars.export(ctx).content.decode()
    end = "\r\n".join([
        "BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261110T110000Z", "SEQUENCE:1", "STATUS:CANCELLED", "SUMMARY:x",
        "DTSTART;TZID=Asia/Tehran:20270120T103000",
        "RECURRENCE-ID;TZID=Asia/Tehran;RANGE=THISANDFUTURE:20270120T103000", "END:VEVENT", "END:VCALENDAR",
    ])  # fmt: skip
    for one in (ctx, second_book):
        found = calendar_import.import_calendar(one, made.replace("END:VCALENDAR", end).encode(), called="x")
        assert found.refused == []
        assert (repeats(one), days(one)) == (["RSCALE=PERSIAN;FREQ=MONTHLY;UNTIL=20270119;BYMONTHDAY=-1"], DAYS[:2])


def test_days_of_no_rule_are_told_and_left_out(
    ctx: Context, second_book: Context, remote: MemoryRemote, capsys: pytest.CaptureFixture[str]
) -> None:
    add(second_book)
    run(second_book, remote, EVENT)
    text = remote.items[remote.only][1].replace("\r\n ", "")
    remote.put(remote.only, re.sub(r"(RDATE[^:]*:)[0-9T,]+", r"\g<1>20261123T103000,20270105T103000", text))
    run(ctx, remote, EVENT)
    assert (repeats(ctx), days(ctx)) == ([None], DAYS[:1])
    assert "its further days one by one" in capsys.readouterr().err
