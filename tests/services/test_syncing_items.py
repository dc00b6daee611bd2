"""What an item says beside the task: its UID, the text behind its text, its clock; also to two books that share it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import CONTACT, TASK
from crmcli.services import history, records, tasks
from crmcli.services.syncing_tasks import EVENT, TODO
from tests.support.sync_remotes import MemoryRemote
from tests.support.syncing import add, item, run, settled, task

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.context import Context

pytestmark = pytest.mark.usefixtures("saturday")


@pytest.fixture
def remote() -> MemoryRemote:
    return MemoryRemote()


@pytest.mark.parametrize("shape", [EVENT, TODO])
def test_what_two_books_finish_goes_on_once(
    ctx: Context, second_book: Context, remote: MemoryRemote, shape: str
) -> None:
    add(ctx, due="2026-11-23 09:00", repeat="weekly")
    for book in (ctx, second_book):
        run(book, remote, shape=shape)
    for turn in (1, 2, 3):
        for book in (ctx, second_book):
            tasks.done(book, [turn])
        for book in (ctx, second_book) * 2:
            run(book, remote, shape=shape)
        assert len(remote.items) == turn + 1
        for book in (ctx, second_book):
            settled(book, remote, shape=shape)
            assert book.reader.value("SELECT count(*) FROM task") == turn + 1


@pytest.mark.parametrize("shape", [EVENT, TODO])
def test_what_one_book_has_done_is_done_in_another(
    ctx: Context, second_book: Context, remote: MemoryRemote, shape: str
) -> None:
    add(ctx, due="2026-11-23 09:00")
    add(ctx, due="2026-11-24", repeat="weekly")
    books = (ctx, second_book)

    def stand() -> list[tuple[str, bool]]:
        for book in (*books, *books):
            run(book, remote, shape=shape)
        for book in books:
            settled(book, remote, shape=shape)
        sql = "SELECT due_on, done_at IS NOT NULL FROM task WHERE removed_at IS NULL ORDER BY due_on"
        found = [[(str(day), bool(done)) for day, done in book.reader.rows(sql)] for book in books]
        assert found[0] == found[1]
        return found[0]

    before = [("2026-11-23", False), ("2026-11-24", False)]
    assert stand() == before
    tasks.done(ctx, [1, 2])
    after = [("2026-11-23", True), ("2026-11-24", True), ("2026-12-01", False)]
    assert stand() == after
    history.undo(ctx)
    assert stand() == before
    tasks.done(second_book, [1, 2])
    assert stand() == after
    tasks.reopen(ctx, [1])
    assert stand() == [before[0], *after[1:]]
    history.undo(ctx)
    assert stand() == after


def put_off(ctx: Context) -> None:
    tasks.snooze(ctx, [1], "2026-12-20")


#: How a day of a series comes to be put off. While another task goes on with its series it has no rule, and it has it
#: again when that one is removed; a new day is a new series, and its undo the one that was put off again.
WAYS: dict[str, tuple[Callable[[Context], object], ...]] = {
    "taken up again": (
        lambda ctx: tasks.done(ctx, [1]), lambda ctx: tasks.reopen(ctx, [1]), put_off,
        lambda ctx: records.remove(ctx, TASK, [2]),
    ),
    "undone": (put_off, lambda ctx: records.edit(ctx, TASK, [1], {"due": "2026-12-11 11:00"}), history.undo),
}  # fmt: skip


@pytest.mark.parametrize("shape", [EVENT, TODO])
@pytest.mark.parametrize("rule", ["weekly", "monthly"])
@pytest.mark.parametrize("way", WAYS)
def test_a_day_that_is_put_off_again_is_so_in_every_book(
    ctx: Context, second_book: Context, remote: MemoryRemote, shape: str, rule: str, way: str
) -> None:
    add(ctx, due="2026-11-23 10:00", repeat=rule)
    run(ctx, remote, shape=shape)
    run(second_book, remote, shape=shape)
    for change in WAYS[way]:
        change(ctx)
        run(ctx, remote, shape=shape)
        run(second_book, remote, shape=shape)
    fields = ("due_on", "due_at", "repeat", "series_on", "series_time", "series_zone")
    its = {field: task(ctx)[field] for field in fields}
    assert (its["due_on"], its["series_on"]) == ("2026-12-20", "2026-11-23")
    assert {field: task(second_book)[field] for field in fields} == its
    for book in (ctx, second_book):
        settled(book, remote, shape=shape)


def test_an_event_says_of_tasks_of_ours_alone_whether_they_are_done(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx, due="2026-11-23 09:00")
    remote.put("/theirs.ics", item("DTSTART:20261124T090000Z", "X-CRM-STATUS:COMPLETED", kind="VEVENT"))
    run(ctx, remote, shape=EVENT)
    assert [task(ctx, number)["done_at"] for number in (1, 2)] == [None, None]
    ours = next(href for href in remote.items if href != "/theirs.ics")
    tasks.done(ctx, [1])
    run(ctx, remote, shape=EVENT)
    # A phone that keeps no such line says nothing of it.
    remote.edit(ours, ("X-CRM-STATUS:COMPLETED\r\n", ""), ("SUMMARY:", "SUMMARY:Our "))
    assert str(run(ctx, remote, shape=EVENT)) == "1 changed here"
    assert task(ctx)["done_at"]
    settled(ctx, remote, shape=EVENT)
    tasks.reopen(ctx, [1])
    run(ctx, remote, shape=EVENT)
    assert "X-CRM-STATUS:NEEDS-ACTION\r\n" in remote.items[ours][1]


def test_what_is_late_and_open_in_one_book_is_so_in_a_new_one(
    ctx: Context, second_book: Context, remote: MemoryRemote
) -> None:
    add(ctx, due="2026-11-19 09:00")
    add(ctx, due="2026-11-12 09:00", repeat="weekly")
    for book in (ctx, second_book):
        run(book, remote, shape=EVENT)
        settled(book, remote, shape=EVENT)
    assert second_book.reader.rows("SELECT done_at FROM task") == [(None,), (None,)]
    assert second_book.reader.value("SELECT count(*) FROM interaction") == 0


def test_what_was_undone_and_came_to_the_book_otherwise_is_the_same_again(
    ctx: Context, second_book: Context, remote: MemoryRemote
) -> None:
    add(ctx, due="2026-11-27", repeat="weekly")
    for book in (ctx, second_book):
        run(book, remote)
    tasks.done(second_book, [1])
    for book in (second_book, ctx):
        run(book, remote)
    history.undo(ctx)
    run(ctx, remote)
    tasks.done(ctx, [1])
    for book in (ctx, second_book):
        run(book, remote)
        settled(book, remote)
    assert len(remote.items) == 2
    records.edit(second_book, TASK, [2], {"place": "Here"})
    assert str(run(second_book, remote)) == "1 changed there"
    assert str(run(ctx, remote)) == "1 changed here"


@pytest.mark.parametrize("shape", [EVENT, TODO])
def test_a_day_that_was_put_off_is_so_in_both_books_when_it_is_taken_up_again(
    ctx: Context, second_book: Context, remote: MemoryRemote, shape: str
) -> None:
    add(ctx, due="2026-11-23 10:00", repeat="weekly")
    for book in (ctx, second_book):
        run(book, remote, shape=shape)
    tasks.snooze(second_book, [1], "2026-11-24")
    for book in (second_book, ctx):
        run(book, remote, shape=shape)
    tasks.done(second_book, [1])
    for book in (second_book, ctx):
        run(book, remote, shape=shape)
    history.undo(second_book)
    for book in (second_book, ctx):
        run(book, remote, shape=shape)
    for book in (ctx, second_book):
        settled(book, remote, shape=shape)
        assert [str(task(book)[field]) for field in ("due_on", "series_on")] == ["2026-11-24", "2026-11-23"]


def test_a_series_in_two_places_that_was_put_off_keeps_its_days_when_the_present_one_is_taken_up_again(
    ctx: Context, second_book: Context, remote: MemoryRemote
) -> None:
    calendar = MemoryRemote()
    calendar.url = "https://dav.example/ada/cal/"
    lines = ("SUMMARY:Board", "DTSTART;TZID=Europe/Berlin:20261128T100000", "RRULE:FREQ=WEEKLY;INTERVAL=2")
    remote.put("/f.ics", item(*lines))

    def both(*books: Context) -> None:
        for book in books * 2:
            run(book, calendar, shape=EVENT)
            run(book, remote, shape=TODO)

    both(ctx, second_book)
    tasks.snooze(ctx, [1], "2026-12-01")
    both(ctx, second_book)
    tasks.done(second_book, [1])
    both(second_book, ctx)
    history.undo(second_book)
    both(second_book, ctx)
    for book in (ctx, second_book):
        its = task(book)
        assert [str(its[field]) for field in ("due_on", "series_on")] == ["2026-12-01", "2026-11-28"]
        assert its["repeat"] == "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA"


def test_what_was_undone_here_and_removed_when_it_came_otherwise_stays_out(ctx: Context, remote: MemoryRemote) -> None:
    other = MemoryRemote()
    other.url = "https://dav.example/ada/private/"
    for place in (remote, other):
        place.put("/a.ics", item("SUMMARY:Write"))
        run(ctx, place)
    history.undo(ctx)
    for place in (remote, other):
        run(ctx, place)
    remote.edit("/a.ics", ("SUMMARY:Write", "SUMMARY:Write soon"))
    assert str(run(ctx, remote)) == "1 new here"
    records.remove(ctx, TASK, [2])
    assert str(run(ctx, remote)) == "1 removed there"
    other.edit("/a.ics", ("SUMMARY:Write", "SUMMARY:Write later"))
    for _ in range(2):
        settled(ctx, other)


def test_what_was_undone_and_changes_in_one_of_two_places_is_linked_in_both(
    ctx: Context, second_book: Context, remote: MemoryRemote
) -> None:
    other = MemoryRemote()
    other.url = "https://dav.example/ada/private/"
    places = (remote, other)
    add(ctx, due="2026-12-01")
    for book in (ctx, second_book):
        for place in places:
            run(book, place)
    history.undo(second_book)
    for place in places:
        run(second_book, place)
    remote.edit(remote.only, ("SUMMARY:Call Ada", "SUMMARY:Call Grace"))
    assert str(run(second_book, remote)) == "1 new here"
    assert str(run(second_book, other)) == "1 changed there"
    for place in places:
        settled(second_book, place)
    other.edit(other.only, ("SUMMARY:Call Grace", "SUMMARY:Call Ada soon"))
    assert str(run(second_book, other)) == "1 changed here"
    assert str(run(second_book, remote)) == "1 changed there"


# --- what is not the task's own ---


def test_another_book_keeps_nobodys_footer(ctx: Context, second_book: Context, remote: MemoryRemote) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "phone": "+98 21 8888 7777"})
    add(ctx, contact="Ada", description="mine", attendees="bob@x.org")
    add(ctx, name="Bare", contact="Ada")
    for book in (ctx, second_book):
        run(book, remote)
    assert (task(second_book)["description"], task(second_book, 2)["description"]) == ("mine", None)
    records.edit(second_book, TASK, [1], {"description": "ours"})
    for book in (second_book, ctx):
        run(book, remote)
    assert task(ctx)["description"] == "ours"
    records.edit(ctx, CONTACT, [1], {"phone": "+98 21 8888 0000"})
    for book in (ctx, second_book):
        run(book, remote)
    assert (task(ctx)["description"], task(second_book)["description"]) == ("ours", "ours")
    (text,) = [text for text in remote.texts if "SUMMARY:Call Ada" in text]
    assert text.count("With: bob@x.org") == 2, "in the text, and said to be no part of it"
    assert "8888 0000" in text
    assert "8888 7777" not in text
    for book in (ctx, second_book):
        settled(book, remote)


@pytest.mark.parametrize(("text", "own"), [
    ("theirs\\n\\nContact: Ada (contact:1)", "theirs"),
    ("mine\\n\\nContact: Ada (contact:1)\\nand more", "mine\n\nand more"),
    ("Contact: Ada (contact:1)", None),
    ("no more", "no more"),
    ("my Contact: Ada (contact:1)", "my Contact: Ada (contact:1)"),
])  # fmt: skip
def test_the_own_text_is_what_somebody_wrote_around_the_footer(
    ctx: Context, remote: MemoryRemote, text: str, own: str | None
) -> None:
    records.add(ctx, CONTACT, {"name": "Ada"})
    add(ctx, contact="Ada", description="mine")
    run(ctx, remote)
    remote.put(remote.only, re.sub(r"DESCRIPTION:[^\r]*", lambda _: f"DESCRIPTION:{text}", remote.texts[0]))
    assert str(run(ctx, remote)) == "1 changed here"
    assert task(ctx)["description"] == own
    settled(ctx, remote)


FLOATING = (
    "SUMMARY:Lunch", "DTSTART:20261125T120000", "DTEND:20261125T130000",
    "RRULE:FREQ=WEEKLY;UNTIL=20261230T120000", "EXDATE:20261209T120000",
)  # fmt: skip


def test_a_time_without_a_zone_stays_without_one(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.ics", item(*FLOATING, kind="VEVENT"))
    run(ctx, remote, shape=EVENT)
    assert task(ctx)["due_at"] == "2026-11-25T11:00:00.000Z"
    records.edit(ctx, TASK, [1], {"name": "Late lunch"})
    run(ctx, remote, shape=EVENT)
    (text,) = remote.texts
    assert "TZID" not in text
    assert "DTSTART:20261125T120000\r\n" in text
    assert "UNTIL=20261230T235959\r\n" in text
    assert "EXDATE:20261209T120000\r\n" in text
    settled(ctx, remote, shape=EVENT)
    remote.put("/b.ics", item("SUMMARY:Once", "DTSTART:20261126T120000", uid="two@x.org", kind="VEVENT"))
    run(ctx, remote, shape=EVENT)
    records.edit(ctx, TASK, [2], {"due": "2026-11-26 14:00"})
    run(ctx, remote, shape=EVENT)
    assert "DTSTART:20261126T140000\r\n" in remote.items["/b.ics"][1]
    settled(ctx, remote, shape=EVENT)


WEEKLY = ("SUMMARY:Weekly", "DUE;TZID=Europe/London:20261222T100000", "RRULE:FREQ=WEEKLY")


def test_a_series_that_both_moved_is_what_the_book_says(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.ics", item(*WEEKLY))
    run(ctx, remote)
    tasks.snooze(ctx, [1], "2026-12-23")
    remote.edit("/a.ics", ("20261222", "20261221"))
    (line,) = run(ctx, remote).unsettled
    assert "its when was changed on both sides; the book's stays, and goes there; there it was 2026-12-21" in line
    assert "RRULE:FREQ=WEEKLY;BYDAY=TU" in remote.texts[0]
    assert "DUE;TZID=Europe/London:20261222T100000" in remote.texts[0]
    assert "DUE;TZID=Europe/London:20261223T100000" in remote.texts[0]
    settled(ctx, remote)


def test_a_series_that_the_book_moved_goes_by_its_clock(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.ics", item(*WEEKLY))
    run(ctx, remote)
    records.edit(ctx, TASK, [1], {"due": "2026-12-23 14:30", "repeat": "weekly"})
    assert str(run(ctx, remote)) == "1 changed there"
    assert "DTSTART;TZID=Europe/Berlin:20261223T1" in remote.texts[0]
    assert "DUE;TZID=Europe/Berlin:20261223T143000" in remote.texts[0]
    settled(ctx, remote)


def test_an_event_without_a_length_gets_none_by_being_in_a_second_place(ctx: Context, remote: MemoryRemote) -> None:
    """A task without a length goes out as an event of the usual one; that of others stays what it is."""
    other = MemoryRemote()
    other.url = f"{remote.url}other/"
    text = item("SUMMARY:Demo", "DTSTART;TZID=Europe/Berlin:20261201T100000", kind="VEVENT")
    for place in (remote, other):
        place.put("/a.ics", text)
        assert str(run(ctx, place, shape=EVENT)) in ("1 new here", "in step")
    assert (remote.texts, other.texts) == ([text], [text])
    other.edit("/a.ics", ("END:VEVENT", "DURATION:PT2H\r\nEND:VEVENT"))
    assert str(run(ctx, other, shape=EVENT)) == "1 changed here"
    assert task(ctx)["minutes"] == 120
    assert str(run(ctx, remote, shape=EVENT)) == "1 changed there"
    assert "DURATION:PT2H" in remote.texts[0]
    records.edit(ctx, TASK, [1], {"duration": ""})
    for place in (remote, other):
        run(ctx, place, shape=EVENT)
        assert "DURATION:PT30M" in place.texts[0]
        settled(ctx, place, shape=EVENT)
    assert task(ctx)["minutes"] is None
