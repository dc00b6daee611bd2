"""What a phone says of single days of a book's own series: that one is done, or is none any more."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import TASK
from crmcli.services import history, records, tasks
from crmcli.services.syncing_tasks import EVENT, TODO
from tests.support.sync_remotes import MemoryRemote
from tests.support.syncing import add, item, run, settled, task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context

pytestmark = pytest.mark.usefixtures("saturday")

SHAPES = pytest.mark.parametrize("shape", [EVENT, TODO])


@pytest.fixture
def remote() -> MemoryRemote:
    return MemoryRemote()


def in_step(books: Sequence[Context], remote: MemoryRemote, shape: str) -> None:
    """Every book takes what is there and puts there what it has, until none has anything to say."""
    for book in (*books, *books):
        run(book, remote, shape=shape)
    for book in books:
        settled(book, remote, shape=shape)


def open_ones(book: Context) -> list[tuple[str, str]]:
    rows = records.list_records(book, TASK, ["is:open"], columns="due_on,repeat", sort="due").rows
    return [(row["due_on"], row["repeat"]) for row in rows]


def tick_off(remote: MemoryRemote, day: str, **times: str) -> None:
    """As Thunderbird and jtx Board do: a day of its own says that it is done, and the series stays as it is."""
    ((href, (_, text)),) = remote.items.items()
    (uid,) = set(re.findall(r"UID:(.*)\r\n", text))
    when = times.get("when", f";VALUE=DATE:{day}")
    remote.edit(href, ("END:VCALENDAR", "\r\n".join([
        "BEGIN:VTODO", f"UID:{uid}", "DTSTAMP:20261121T090000Z", "SUMMARY:Call Ada",
        f"RECURRENCE-ID{times.get('named', when)}", f"DTSTART{when}", f"DUE{when}", "STATUS:COMPLETED",
        "COMPLETED:20261121T090000Z", "PERCENT-COMPLETE:100", "END:VTODO", "END:VCALENDAR"])))  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "day", "next_one"),
    [
        ({"due": "2026-11-30", "repeat": "weekly"}, "20261130", "2026-12-07"),
        ({"due": "2026-12-31", "repeat": "monthly on the 31st"}, "20261231", "2027-01-31"),
    ],
)
@pytest.mark.parametrize("how", ["", "put off", "a phone alone"])
def test_a_day_of_ours_that_is_ticked_off_there_is_done_everywhere(
    ctx: Context, second_book: Context, remote: MemoryRemote, columns: dict[str, str], day: str, next_one: str, how: str
) -> None:
    add(ctx, **columns)
    books = [ctx] if how == "a phone alone" else [ctx, second_book]
    in_step(books, remote, TODO)
    if how == "put off":
        later = date.fromisoformat(columns["due"]) + timedelta(days=1)
        tasks.snooze(ctx, [1], later.isoformat())
        in_step(books, remote, TODO)
        for href, (_, text) in list(remote.items.items()):
            own = re.findall(r"BEGIN:VTODO.*?END:VTODO\r\n", text, re.S)
            remote.edit(href, (own[1], ""))
        tick_off(remote, day, when=f";VALUE=DATE:{later:%Y%m%d}", named=f";VALUE=DATE:{day}")
    else:
        tick_off(remote, day)
    in_step(books, remote, TODO)
    (done,) = [text for text in remote.texts if "COMPLETED" in text]
    assert "NEEDS-ACTION" not in done
    assert "COMPLETED:20261121T" in done
    assert done.count("BEGIN:VTODO") == 1
    assert len(remote.texts) == 2
    for book in books:
        assert [due for due, _ in open_ones(book)] == [next_one]
    history.undo(ctx)
    in_step(books, remote, TODO)
    assert all("COMPLETED:" not in text for text in remote.texts)
    assert len({tuple(open_ones(book)) for book in books}) == 1


@SHAPES
@pytest.mark.parametrize("how", ["left out", "called off"])
def test_what_follows_a_day_that_was_put_off_and_called_off_there_is_moved_everywhere(
    ctx: Context, second_book: Context, remote: MemoryRemote, shape: str, how: str
) -> None:
    add(ctx, due="2026-11-30", repeat="weekly")
    in_step((ctx, second_book), remote, shape)
    tasks.snooze(ctx, [1], "2026-12-01")
    in_step((ctx, second_book), remote, shape)
    ((href, (_, text)),) = remote.items.items()
    name = "VEVENT" if shape == EVENT else "VTODO"
    (own,) = [one for one in re.findall(rf"BEGIN:{name}.*?END:{name}\r\n", text, re.S) if "RECURRENCE-ID" in one]
    if how == "left out":
        remote.edit(href, (own, ""), ("RRULE", "EXDATE;VALUE=DATE:20261130\r\nRRULE"))
    else:
        remote.edit(href, (own, re.sub(r"STATUS:\S+", "STATUS:CANCELLED", own)))
    in_step((ctx, second_book), remote, shape)
    assert [open_ones(book)[0][0] for book in (ctx, second_book)] == ["2026-12-07"] * 2
    tasks.snooze(second_book, [1], "2026-12-09")
    in_step((second_book, ctx), remote, shape)
    assert [open_ones(book)[0][0] for book in (ctx, second_book)] == ["2026-12-09"] * 2


@SHAPES
@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"due": "2026-11-24", "repeat": "weekly on mon, thu"}, "FREQ=WEEKLY;BYDAY=MO,TH"),
        ({"due": "2026-12-06", "repeat": "monthly on the last day"}, "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ({"due": "2026-11-25", "repeat": "every 2 weeks on fri"}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"),
    ],
)
def test_a_series_without_an_end_has_none_when_its_first_day_is_called_off_there(
    ctx: Context, second_book: Context, remote: MemoryRemote, shape: str, columns: dict[str, str], rule: str
) -> None:
    add(ctx, **columns)
    in_step((ctx, second_book), remote, shape)
    ((href, (_, _text)),) = remote.items.items()
    remote.edit(href, ("\r\nSTATUS:", f"\r\nEXDATE;VALUE=DATE:{columns['due'].replace('-', '')}\r\nSTATUS:"))
    in_step((ctx, second_book), remote, shape)
    assert [[repeat for _, repeat in open_ones(book)] for book in (ctx, second_book)] == [[rule]] * 2
    tasks.done(second_book, [1])
    in_step((second_book, ctx), remote, shape)
    assert open_ones(ctx) == open_ones(second_book)
    assert [repeat for _, repeat in open_ones(ctx)] == [rule]
    assert "UNTIL" not in "".join(remote.texts)


@SHAPES
@pytest.mark.parametrize("how", ["restore", "undo"])
def test_what_one_book_removed_and_another_restored_is_back(
    ctx: Context, second_book: Context, remote: MemoryRemote, shape: str, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    add(ctx, due="2026-12-09")
    in_step((ctx, second_book), remote, shape)
    records.remove(ctx, TASK, [1])
    in_step((ctx, second_book), remote, shape)
    assert remote.texts == []
    if how == "restore":
        records.restore(second_book, TASK, [1])
    else:
        history.undo(second_book)
    capsys.readouterr()
    in_step((second_book, ctx), remote, shape)
    assert "task:1 Call Ada was put there again, and is back" in capsys.readouterr().err
    assert open_ones(ctx) == open_ones(second_book) == [("2026-12-09", None)]
    history.undo(ctx)
    in_step((ctx, second_book), remote, shape)
    assert open_ones(ctx) == open_ones(second_book) == []


def test_a_to_do_of_which_all_is_done_is_done(ctx: Context, remote: MemoryRemote) -> None:
    """Thunderbird takes it for done, and writes so."""
    remote.put("/a.ics", item("SUMMARY:Call", "DUE;VALUE=DATE:20261201", "PERCENT-COMPLETE:100"))
    run(ctx, remote)
    assert task(ctx)["done_at"]
    settled(ctx, remote)
    tasks.reopen(ctx, [1])
    run(ctx, remote)
    assert "PERCENT" not in remote.texts[0]
    settled(ctx, remote)


@SHAPES
@pytest.mark.parametrize("moved", ["before", "at once"])
def test_where_a_day_is_left_out_there_the_next_one_is_when_it_is_there(
    ctx: Context, second_book: Context, remote: MemoryRemote, shape: str, moved: str
) -> None:
    add(ctx, due="2026-11-30 10:00", repeat="weekly", duration="30m")
    in_step((ctx, second_book), remote, shape)
    ((href, (_, text)),) = remote.items.items()
    name = "VEVENT" if shape == EVENT else "VTODO"
    (own,) = re.findall(rf"BEGIN:{name}.*?END:{name}\r\n", text, re.S)
    day = re.sub(r"RRULE.*\r\n", "", own).replace("20261130T", "20261209T")
    start = re.search(r"DTSTART(\S*?:)\d{8}(T\d+Z?)", own)
    assert start
    day = day.replace("SUMMARY", f"RECURRENCE-ID{start[1]}20261207{start[2]}\r\nSUMMARY")
    remote.edit(href, (own, own + day))
    if moved == "before":
        run(ctx, remote, shape=shape)
    remote.edit(href, ("RRULE", f"EXDATE{start[1]}20261130{start[2]}\r\nRRULE"))
    in_step((ctx, second_book), remote, shape)
    assert [open_ones(book)[0][0] for book in (ctx, second_book)] == ["2026-12-09"] * 2
    tasks.done(second_book, [1])
    in_step((second_book, ctx), remote, shape)
    assert [open_ones(book)[0][0] for book in (ctx, second_book)] == ["2026-12-14"] * 2


def test_a_series_that_one_book_ended_and_todoman_finished_goes_on_as_a_task_of_its_own(
    ctx: Context, remote: MemoryRemote
) -> None:
    """todoman takes the rule off what it finishes, and puts a new to-do with the rule there."""
    add(ctx, due="2026-12-04", repeat="weekly")
    run(ctx, remote)
    ((href, (_, text)),) = remote.items.items()
    rule = re.search(r"RRULE.*\r\n", text)
    assert rule
    remote.edit(href, (rule[0], ""), ("STATUS:NEEDS-ACTION", "STATUS:COMPLETED\r\nCOMPLETED:20261121T090000Z"))
    remote.put("/new.ics", item("SUMMARY:Call Ada", "DUE;VALUE=DATE:20261211", rule[0].strip(), uid="new@todoman"))
    records.edit(ctx, TASK, [1], {"repeat": ""})
    run(ctx, remote)
    settled(ctx, remote)
    assert open_ones(ctx) == [("2026-12-11", "FREQ=WEEKLY;BYDAY=FR")]
    assert task(ctx)["done_at"]
