"""What an item says beside the task: its UID, the text behind its text, its clock; also to two books that share it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import CONTACT, TASK
from crmcli.services import history, records, tasks
from crmcli.services.syncing_tasks import EVENT, TODO
from tests.support.sync_remotes import MemoryRemote
from tests.support.syncing import add, item, run, task

if TYPE_CHECKING:
    from crmcli.context import Context


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    monkeypatch.setenv("CRM_NOW", "2026-11-21T10:00:00+00:00")
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    ctx.tick()


@pytest.fixture
def remote() -> MemoryRemote:
    return MemoryRemote()


def settled(ctx: Context, remote: MemoryRemote, **options: Any) -> None:
    """A further run changes nothing on either side."""
    before, writes = ctx.reader.value("SELECT seq FROM journal_head"), remote.writes
    found = run(ctx, remote, **options)
    assert (str(found), found.unsettled) == ("in step", [])
    assert (ctx.reader.value("SELECT seq FROM journal_head"), remote.writes) == (before, writes)


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
