"""Tasks in step with a calendar of another program: what one side changed, what both did, and what ends early."""

from __future__ import annotations

import itertools
import random
import re
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import CONTACT, TASK
from crmcli.errors import RefusedError
from crmcli.services import history, purging, records, sync_links, tasks, vocabulary
from crmcli.services.syncing_tasks import EVENT, TODO, Tasks
from tests.support.sync_remotes import MemoryRemote
from tests.support.syncing import add, item, run, settled, task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.context import Context

pytestmark = pytest.mark.usefixtures("saturday")


@pytest.fixture
def remote() -> MemoryRemote:
    return MemoryRemote()


def test_what_the_book_has_goes_there_once(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx, due="2026-11-27 14:30", remind="15m")
    add(ctx, name="Someday")
    tasks.done(ctx, [add(ctx, name="Long ago")])
    assert str(run(ctx, remote, "name:Call due:2026-11-27")) == "1 new there"
    assert str(run(ctx, remote, "name:Call due:2026-11-27")) == "in step"
    assert str(run(ctx, remote)) == "1 new there"
    assert sorted(line for text in remote.texts for line in text.split("\r\n") if line.startswith("SUMMARY")) == [
        "SUMMARY:Call Ada", "SUMMARY:Someday"
    ]  # fmt: skip
    settled(ctx, remote)
    assert remote.reads == 0, "what the program put there itself is not read again"


def test_what_is_new_there_comes_in_once(ctx: Context, remote: MemoryRemote) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.org"})
    remote.put("/a.ics", item("SUMMARY:Write", "DUE:20261127T133000Z", "ATTENDEE:mailto:ada@x.org", "CATEGORIES:vip"))
    found = run(ctx, remote)
    assert (str(found), found.ids) == ("1 new here", [1])
    assert (task(ctx)["name"], task(ctx)["due_at"]) == ("Write", "2026-11-27T13:30:00.000Z")
    assert (task(ctx)["contact"], task(ctx)["tags"]) == ("Ada", ["vip"])
    settled(ctx, remote)
    history.undo(ctx)
    assert ctx.reader.value("SELECT count(*) FROM task") == 0
    settled(ctx, remote)
    assert remote.only == "/a.ics", "that it came in was undone, and not that it was there"


def test_what_one_side_changed_the_other_takes(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx, due="2026-11-27 14:30", description="mine")
    run(ctx, remote)
    remote.edit(remote.only, ("SUMMARY:Call Ada", "SUMMARY:Call her"), ("T143000", "T160000"))
    records.edit(ctx, TASK, [1], {"description": "my own", "remind": "1d"})
    found = run(ctx, remote)
    assert (str(found), found.unsettled) == ("1 changed here, 1 changed there", [])
    assert (task(ctx)["name"], task(ctx)["due_at"], task(ctx)["description"]) == (
        "Call her",
        "2026-11-27T15:00:00.000Z",
        "my own",
    )
    (text,) = remote.texts
    assert "SUMMARY:Call her" in text
    assert "DESCRIPTION:my own" in text
    assert "TRIGGER;RELATED=END:-P1D" in text or "TRIGGER:-P1D" in text
    settled(ctx, remote)


def test_what_both_changed_is_a_conflict_and_the_books_stays(
    ctx: Context, remote: MemoryRemote, capsys: pytest.CaptureFixture[str]
) -> None:
    add(ctx, place="Office")
    run(ctx, remote)
    remote.edit(remote.only, ("LOCATION:Office", "LOCATION:There"), ("SUMMARY:Call Ada", "SUMMARY:Call her"))
    records.edit(ctx, TASK, [1], {"place": "Here"})
    found = run(ctx, remote)
    line = "task:1 Call her: its place was changed on both sides; the book's stays, and goes there; there it was There"
    assert found.unsettled == [line]
    assert line in capsys.readouterr().err
    assert (task(ctx)["name"], task(ctx)["place"]) == ("Call her", "Here")
    assert "LOCATION:Here" in remote.texts[0]
    settled(ctx, remote)


def test_the_same_change_on_both_sides_is_none(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx, place="Office")
    run(ctx, remote)
    remote.edit(remote.only, ("LOCATION:Office", "LOCATION:There"))
    records.edit(ctx, TASK, [1], {"place": "There"})
    assert str(run(ctx, remote)) == "in step"
    settled(ctx, remote)


FOREIGN = (
    "SUMMARY:Review", "DTSTART;TZID=Europe/London:20261127T090000", "DUE;TZID=Europe/London:20261127T100000",
    "X-APPLE-SORT-ORDER:7", "ORGANIZER;CN=Boss:mailto:boss@x.org", "ATTENDEE;PARTSTAT=DECLINED;CN=Bob:mailto:bob@x.org",
    "RELATED-TO:parent@x.org", "PERCENT-COMPLETE:40", "STATUS:IN-PROCESS", "URL:https://x.org/1", "CLASS:PRIVATE",
    "BEGIN:VALARM", "ACTION:EMAIL", "SUMMARY:x", "DESCRIPTION:y", "ATTENDEE:mailto:me@x.org", "TRIGGER:-PT3M",
    "END:VALARM",
)  # fmt: skip
BEYOND = (
    "X-APPLE-SORT-ORDER:7", "ORGANIZER;CN=Boss:mailto:boss@x.org", "PARTSTAT=DECLINED", "RELATED-TO:parent@x.org",
    "URL:https://x.org/1", "CLASS:PRIVATE", "ACTION:EMAIL", "TRIGGER:-PT3M",
)  # fmt: skip


def test_what_no_field_says_survives(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.ics", item(*FOREIGN))
    run(ctx, remote)
    assert task(ctx)["due_at"] == "2026-11-27T10:00:00.000Z"
    records.edit(ctx, TASK, [1], {"name": "Review it", "attendees": "+carol@x.org"})
    assert str(run(ctx, remote)) == "1 changed there"
    for kept in (*BEYOND, "DTSTART;TZID=Europe/London:20261127T090000", "PERCENT-COMPLETE:40", "STATUS:IN-PROCESS"):
        assert kept in remote.texts[0], remote.texts[0]
    assert "SUMMARY:Review it" in remote.texts[0]
    assert "carol@x.org" in remote.texts[0]
    settled(ctx, remote)
    records.edit(ctx, TASK, [1], {"due": "2026-11-28 13:00"})
    assert str(run(ctx, remote)) == "1 changed there"
    assert "DTSTART;TZID=Europe/London:20261128T110000" in remote.texts[0]
    assert "DUE;TZID=Europe/London:20261128T120000" in remote.texts[0]
    assert "SEQUENCE:1" in remote.texts[0]
    tasks.done(ctx, [1])
    run(ctx, remote)
    assert "STATUS:COMPLETED" in remote.texts[0]
    assert "PERCENT-COMPLETE:100" in remote.texts[0]
    tasks.reopen(ctx, [1])
    run(ctx, remote)
    for kept in BEYOND:
        assert kept in remote.texts[0], remote.texts[0]
    assert "COMPLETED" not in remote.texts[0]
    assert "PERCENT-COMPLETE" not in remote.texts[0]
    settled(ctx, remote)


def test_what_was_done_there_is_done_here(ctx: Context, remote: MemoryRemote) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.org"})
    add(ctx, due="2026-11-20", repeat="weekly", contact="Ada")
    run(ctx, remote)
    remote.edit(remote.only, ("STATUS:NEEDS-ACTION", "STATUS:COMPLETED\r\nCOMPLETED:20261120T080000Z"))
    found = run(ctx, remote)
    assert str(found) == "1 changed here, 1 new there, 1 changed there"
    assert task(ctx)["done_at"] is not None
    assert task(ctx, 2)["follows"] is not None
    assert ctx.reader.value("SELECT count(*) FROM interaction") == 1
    settled(ctx, remote)
    done = next(href for href, (_, text) in remote.items.items() if "COMPLETED" in text)
    remote.edit(done, ("STATUS:COMPLETED", "STATUS:NEEDS-ACTION"), ("COMPLETED:2026", "X-WAS:2026"))
    run(ctx, remote)
    assert task(ctx)["done_at"] is None


def test_what_was_removed_there_is_removed_here(ctx: Context, remote: MemoryRemote) -> None:
    for name in ("one", "two"):
        add(ctx, name=name)
    run(ctx, remote)
    remote.drop(f"/{task(ctx)['uid']}@crm.ics")
    remote.edit(remote.only, ("STATUS:NEEDS-ACTION", "STATUS:CANCELLED"))
    assert str(run(ctx, remote)) == "2 removed here"
    assert task(ctx)["removed_at"] is not None
    assert len(remote.items) == 1, "what was called off there stays there"
    settled(ctx, remote)
    history.undo(ctx)
    assert "1 new there" in str(run(ctx, remote))


def test_what_was_changed_here_and_removed_there_stays_and_is_told(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx)
    run(ctx, remote)
    remote.drop(remote.only)
    records.edit(ctx, TASK, [1], {"name": "Call Grace"})
    found = run(ctx, remote)
    assert found.unsettled == ["task:1 was removed there and changed in the book; it stays, and is put there again"]
    assert "SUMMARY:Call Grace" in remote.texts[0]
    settled(ctx, remote)
    remote.edit(remote.only, ("STATUS:NEEDS-ACTION", "STATUS:CANCELLED"))
    records.edit(ctx, TASK, [1], {"name": "Call Bob"})
    assert run(ctx, remote).unsettled == ["task:1 Call Grace was called off there and changed in the book; it stays"]
    assert "SUMMARY:Call Bob" in remote.texts[0]
    assert "STATUS:NEEDS-ACTION" in remote.texts[0]
    settled(ctx, remote)


def test_what_was_removed_here_is_removed_there_unless_it_changed(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx)
    run(ctx, remote)
    records.remove(ctx, TASK, [1])
    assert str(run(ctx, remote)) == "1 removed there"
    assert not remote.items
    add(ctx)
    run(ctx, remote)
    records.remove(ctx, TASK, [2])
    remote.edit(remote.only, ("SUMMARY:Call Ada", "SUMMARY:Call her"))
    told = [
        "task:2 Call Ada was removed in the book and changed there; it stays there"
        " ('crm task restore 2' takes it up again)"
    ]
    assert run(ctx, remote).unsettled == told
    assert run(ctx, remote).unsettled == told, "until somebody decides"
    records.restore(ctx, TASK, [2])
    assert str(run(ctx, remote)) == "1 changed here"
    assert task(ctx, 2)["name"] == "Call her"
    settled(ctx, remote)


@pytest.mark.parametrize("after", [0, 1, 30, 49])
def test_a_run_that_ends_early_is_finished_by_the_next(ctx: Context, remote: MemoryRemote, after: int) -> None:
    for number in range(50):
        add(ctx, name=f"Task {number}")

    def end(_href: str) -> None:
        if remote.writes == after:
            raise KeyboardInterrupt

    remote.before = end
    with pytest.raises(KeyboardInterrupt):
        run(ctx, remote)
    # What was put there last is not known here, as after a kill.
    ctx.reader.run("DELETE FROM sync_link WHERE id > ?", (after // 2,))
    remote.before = lambda _href: None
    found = run(ctx, remote)
    assert not found.unsettled
    assert len(remote.items) == 50
    assert ctx.reader.value("SELECT count(*) FROM task") == 50
    settled(ctx, remote)


def test_who_is_faster_there_is_not_written_over(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx, place="Office")
    run(ctx, remote)
    records.edit(ctx, TASK, [1], {"place": "Here"})
    edits = iter([("SUMMARY:Call Ada", "SUMMARY:Call her")])

    def faster(href: str) -> None:
        for change in edits:
            remote.edit(href, change)

    remote.before = faster
    found = run(ctx, remote)
    assert not found.unsettled
    assert (task(ctx)["name"], task(ctx)["place"]) == ("Call her", "Here")
    assert "LOCATION:Here" in remote.texts[0]
    settled(ctx, remote)
    records.edit(ctx, TASK, [1], {"place": "There"})
    remote.before = lambda href: remote.put(href, remote.items[href][1])
    assert run(ctx, remote).unsettled == [
        "task:1 Call her: changes there while it is being written; the next run tries again"
    ]
    remote.before = lambda _href: None
    assert str(run(ctx, remote)) == "1 changed there"


def test_one_item_that_is_not_taken_keeps_no_other(ctx: Context, remote: MemoryRemote) -> None:
    for name in ("one", "two"):
        add(ctx, name=name)
    remote.refused = {f"/{task(ctx)['uid']}@crm.ics"}
    found = run(ctx, remote)
    assert found.unsettled == ["task:1 one: the server does not take it"]
    assert "SUMMARY:two" in remote.texts[0]


def test_what_is_no_task_is_told_once_and_left(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.ics", "rubbish")
    remote.put("/b.ics", item("SUMMARY:Diary", kind="VJOURNAL"))
    remote.put("/c.ics", item("SUMMARY:Fine"))
    found = run(ctx, remote)
    assert str(found) == "1 new here"
    assert [line.partition(":")[0] for line in found.unsettled] == ["/a.ics", "/b.ics"]
    settled(ctx, remote)
    assert len(remote.items) == 3


def test_one_direction(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx)
    remote.put("/a.ics", item("SUMMARY:Fine"))
    assert str(run(ctx, remote, direction="pull")) == "1 new here"
    assert str(run(ctx, remote, direction="push")) == "1 new there"
    records.edit(ctx, TASK, [1, 2], {"place": "Here"})
    remote.edit("/a.ics", ("SUMMARY:Fine", "SUMMARY:Changed"))
    found = run(ctx, remote, direction="push")
    assert (str(found), found.unsettled) == ("2 changed there", [])
    assert "SUMMARY:Fine" in remote.items["/a.ics"][1]
    remote.put("/b.ics", item("SUMMARY:New", uid="two@x.org"))
    assert str(run(ctx, remote, direction="push")) == "in step"
    records.edit(ctx, TASK, [1], {"place": "There"})
    assert str(run(ctx, remote, direction="pull")) == "1 new here"
    assert str(run(ctx, remote)) == "1 changed there"
    settled(ctx, remote)


def test_events_need_a_day(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx, name="Someday")
    add(ctx, name="Meeting", due="2026-11-27 14:30", minutes="90", attendees="ada@x.org")
    assert str(run(ctx, remote, shape=EVENT)) == "1 new there"
    assert "DURATION:PT1H30M" in remote.texts[0]
    assert "ATTENDEE:mailto:ada@x.org" in remote.texts[0]
    settled(ctx, remote, shape=EVENT)
    remote.edit(remote.only, ("DURATION:PT1H30M", "DURATION:PT1H"))
    run(ctx, remote, shape=EVENT)
    assert task(ctx, 2)["minutes"] == 60
    records.edit(ctx, TASK, [2], {"due": ""})
    assert str(run(ctx, remote, shape=EVENT)) == "1 removed there"
    records.edit(ctx, TASK, [2], {"due": "2026-11-30"})
    assert str(run(ctx, remote, shape=EVENT)) == "1 new there"
    settled(ctx, remote, shape=EVENT)


SERIES = (
    "SUMMARY:Weekly", "DTSTART;TZID=Europe/London:20200106T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY",
    "EXDATE;TZID=Europe/London:20261214T090000",
)  # fmt: skip


def test_a_series_of_others_stays_one(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.ics", item(*SERIES, kind="VEVENT"))
    run(ctx, remote, shape=EVENT)
    assert task(ctx)["due_at"] == "2026-11-23T09:00:00.000Z"
    settled(ctx, remote, shape=EVENT)
    records.edit(ctx, TASK, [1], {"place": "Office"})
    run(ctx, remote, shape=EVENT)
    for kept in SERIES:
        assert kept in remote.texts[0]
    tasks.snooze(ctx, [1], "2026-11-24 15:00")
    run(ctx, remote, shape=EVENT)
    for kept in SERIES:
        assert kept in remote.texts[0]
    assert "RECURRENCE-ID;TZID=Europe/London:20261123T090000" in remote.texts[0]
    assert "DTSTART;TZID=Europe/London:20261124T140000" in remote.texts[0]
    settled(ctx, remote, shape=EVENT)
    remote.edit("/a.ics", ("20261124T140000", "20261125T140000"))
    run(ctx, remote, shape=EVENT)
    assert (task(ctx)["due_at"], task(ctx)["series_on"]) == ("2026-11-25T14:00:00.000Z", "2026-11-23")
    settled(ctx, remote, shape=EVENT)


def test_what_is_done_of_a_series_of_others_leaves_it_one(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.ics", item(*SERIES, kind="VEVENT"))
    run(ctx, remote, shape=EVENT)
    tasks.done(ctx, [1])
    remote.edit("/a.ics", ("SUMMARY:Weekly", "SUMMARY:Weekly, renamed"))
    assert str(run(ctx, remote, shape=EVENT)) == "1 changed here"
    assert (task(ctx)["name"], task(ctx, 2)["name"]) == ("Weekly", "Weekly, renamed")
    settled(ctx, remote, shape=EVENT)
    tasks.done(ctx, [2])
    tasks.done(ctx, [3])
    settled(ctx, remote, shape=EVENT)
    records.edit(ctx, TASK, [4], {"place": "Office"})
    assert str(run(ctx, remote, shape=EVENT)) == "1 changed there"
    for kept in SERIES[1:]:
        assert kept in remote.texts[0]
    records.remove(ctx, TASK, [4])
    assert str(run(ctx, remote, shape=EVENT)) == "1 removed there"


def test_what_is_done_of_to_dos_of_others_moves_on_there(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.ics", item("SUMMARY:Bins", "DTSTART;VALUE=DATE:20261123", "DUE;VALUE=DATE:20261123",
                              "RRULE:FREQ=WEEKLY;COUNT=3"))  # fmt: skip
    run(ctx, remote)
    tasks.done(ctx, [1])
    assert str(run(ctx, remote)) == "1 changed there"
    assert "DUE;VALUE=DATE:20261130" in remote.texts[0]
    assert "COUNT=2" in remote.texts[0]
    assert "STATUS:COMPLETED" not in remote.texts[0]
    settled(ctx, remote)


def test_a_series_of_ours(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx, due="2026-11-23 09:00", repeat="weekly")
    run(ctx, remote, shape=EVENT)
    tasks.snooze(ctx, [1], "2026-11-24 15:00")
    assert str(run(ctx, remote, shape=EVENT)) == "1 changed there"
    assert "RRULE" in remote.texts[0]
    assert "RECURRENCE-ID" in remote.texts[0]
    settled(ctx, remote, shape=EVENT)
    tasks.done(ctx, [1])
    assert str(run(ctx, remote, shape=EVENT)) == "1 new there, 1 changed there"
    settled(ctx, remote, shape=EVENT)


def test_a_collection_that_lost_everything_takes_nothing_along(ctx: Context, remote: MemoryRemote) -> None:
    for number in range(6):
        add(ctx, name=f"Task {number}")
    run(ctx, remote)
    for href in list(remote.items):
        remote.drop(href)
    with pytest.raises(RefusedError, match="none of the 6 items"):
        run(ctx, remote)
    assert str(run(ctx, remote, sure=True)) == "6 removed here"


@pytest.mark.parametrize("ends", [False, True])
def test_what_goes_right_after_it_was_put_there(ctx: Context, remote: MemoryRemote, ends: bool) -> None:
    for name in ("one", "two", "three"):
        add(ctx, name=name)
    run(ctx, remote)
    add(ctx, name="four")
    add(ctx, name="five")
    four = f"/{task(ctx, 4)['uid']}@crm.ics"

    def drop(href: str) -> None:
        if href != four:
            remote.drop(four)
            remote.before = lambda _href: None
            if ends:
                raise KeyboardInterrupt

    remote.before = drop
    if ends:
        with pytest.raises(KeyboardInterrupt):
            run(ctx, remote)
        assert str(run(ctx, remote)) == "1 removed here, 1 new there"
    else:
        assert str(run(ctx, remote)) == "1 removed here, 2 new there"
    assert task(ctx, 4)["removed_at"] is not None
    settled(ctx, remote)


def test_a_rehearsal_writes_on_neither_side(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx)
    remote.put("/a.ics", item("SUMMARY:Fine"))
    with ctx.rehearsal():
        assert str(run(ctx, remote)) == "1 new here, 1 new there"
    assert remote.writes == 0
    assert ctx.reader.value("SELECT count(*) FROM task") == 1
    assert ctx.reader.value("SELECT count(*) FROM sync_link") == 0
    assert str(run(ctx, remote)) == "1 new here, 1 new there"


def test_another_version_of_an_unknown_item_of_ours_is_a_conflict(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx)
    run(ctx, remote)
    ctx.reader.run("DELETE FROM sync_link")
    ctx.reader.run("DELETE FROM sync_place")
    assert str(run(ctx, remote)) == "in step"
    ctx.reader.run("DELETE FROM sync_link")
    ctx.reader.run("DELETE FROM sync_place")
    records.edit(ctx, TASK, [1], {"name": "Call Grace"})
    found = run(ctx, remote)
    assert len(found.unsettled) == 1
    assert "SUMMARY:Call Grace" in remote.texts[0]
    settled(ctx, remote)


def test_an_item_that_was_moved_stays_the_same(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx)
    run(ctx, remote)
    text = remote.items[remote.only][1]
    remote.drop(remote.only)
    remote.put("/moved.ics", text)
    assert str(run(ctx, remote)) == "in step"
    settled(ctx, remote)
    remote.put("/copy.ics", text)
    assert "is there twice" in run(ctx, remote).unsettled[0]
    settled(ctx, remote)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("foreign", [False, True])
def test_what_was_moved_to_another_collection_is_not_lost(
    ctx: Context, remote: MemoryRemote, first: int, foreign: bool
) -> None:
    other = MemoryRemote()
    other.url = "https://dav.example/ada/private/"
    if foreign:
        remote.put("/a.ics", item("SUMMARY:Write"))
    else:
        add(ctx, name="Write")
    run(ctx, remote)
    run(ctx, other, "name:nothing")
    text = remote.items[remote.only][1]
    remote.drop(remote.only)
    other.put("/moved.ics", text.replace("SUMMARY:Write", "SUMMARY:Write soon"))
    for one in ((remote, other), (other, remote))[first]:
        run(ctx, one, "name:nothing")
    assert task(ctx)["removed_at"] is None
    assert len(other.items) == 1
    assert not remote.items
    assert str(run(ctx, other, "name:nothing")) == "in step"
    assert ctx.reader.value("SELECT count(*) FROM task") == 1


def test_what_somebody_removed_here_and_was_never_linked_stays_out(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx)
    run(ctx, remote)
    text = remote.items[remote.only][1]
    records.remove(ctx, TASK, [1])
    run(ctx, remote)
    remote.put("/again.ics", text)
    assert str(run(ctx, remote)) == "in step"
    assert task(ctx)["removed_at"] is not None
    assert len(remote.items) == 1
    settled(ctx, remote)


def test_what_people_of_the_book_are_called_goes_along(ctx: Context, remote: MemoryRemote) -> None:
    vocabulary.user_add(ctx, "tester", {"email": "me@us.example"})
    records.add(ctx, CONTACT, {"name": "Ada", "phone": "+98 21 8888 7777"})
    add(ctx, contact="Ada", description="mine")
    run(ctx, remote)
    records.edit(ctx, CONTACT, [1], {"phone": "+98 21 8888 0000"})
    assert str(run(ctx, remote)) == "1 changed there"
    assert "0000" in remote.texts[0]
    settled(ctx, remote)
    remote.edit(remote.only, ("DESCRIPTION:mine", "DESCRIPTION:theirs"))
    run(ctx, remote)
    assert task(ctx)["description"] == "theirs"
    settled(ctx, remote)


def test_what_is_purged_is_forgotten(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx)
    run(ctx, remote)
    records.remove(ctx, TASK, [1])
    run(ctx, remote)
    purging.purge(ctx, TASK, [1])
    assert str(run(ctx, remote)) == "in step"


def test_a_thousand(ctx: Context, remote: MemoryRemote) -> None:
    with ctx.writing() as tx:
        for number in range(1000):
            tx.add("task", {"name": f"Task {number}", "due_on": "2026-12-01"})
    assert str(run(ctx, remote)) == "1,000 new there"
    settled(ctx, remote)


@pytest.mark.parametrize("text", ["\0", "\x1b[31m", "\u202e", "\ud800", "x" * 100_000, "\r", "\u2028"])
@pytest.mark.parametrize(
    "line", ["ATTENDEE:mailto:a{}@x.org", "ATTENDEE;CN=a{}:mailto:a@x.org", "SUMMARY:{}", "CATEGORIES:{}", "X-MORE:{}",
             "DUE:{}", "LOCATION:{}", "RRULE:FREQ=DAILY;{}", "DESCRIPTION:{}"],
)  # fmt: skip
def test_hostile_items_come_in_or_are_refused(ctx: Context, remote: MemoryRemote, text: str, line: str) -> None:
    remote.put("/a.ics", item("SUMMARY:a", line.format(text), uid=f"one{text}@x.org"))
    remote.put("/b.ics", item("SUMMARY:Fine"))
    run(ctx, remote)
    assert ctx.reader.value("SELECT count(*) FROM task") in (1, 2)
    settled(ctx, remote)
    for (number,) in ctx.reader.rows("SELECT id FROM task"):
        records.edit(ctx, TASK, [number], {"priority": "high"})
    run(ctx, remote)
    settled(ctx, remote)


WORDS = ("one", "two", "three", "Büro", "گزارش")
DAYS = ("2026-11-19", "2026-11-27 14:30", "2026-11-30", "2026-12-01 09:00")


def _here(ctx: Context, dice: random.Random) -> None:
    """Somebody works in the book."""
    there = [row[0] for row in ctx.reader.rows("SELECT id FROM task WHERE removed_at IS NULL ORDER BY id")]
    step = dice.randrange(7)
    if step == 0 or not there:
        series = {"repeat": dice.choice(("weekly", "monthly", "every 2 days"))} if dice.random() < 0.4 else {}
        add(ctx, name=dice.choice(WORDS), due=dice.choice(DAYS), **series)
        return
    number = dice.choice(there)
    if step in (1, 2):
        field = dice.choice((("name", WORDS), ("place", WORDS), ("due", DAYS), ("remind", ("15m", "1d", ""))))
        records.edit(ctx, TASK, [number], {field[0]: dice.choice(field[1])})
    elif step == 3:
        tasks.done(ctx, [number])
    elif step == 4 and not task(ctx, number)["done_at"]:
        tasks.snooze(ctx, [number], dice.choice(DAYS))
    elif step == 5:
        records.remove(ctx, TASK, [number])
    else:
        tasks.reopen(ctx, [number])


def _there(remote: MemoryRemote, dice: random.Random, serial: Iterator[int]) -> None:
    """Somebody works there."""
    step = dice.randrange(6)
    if step == 0 or not remote.items:
        number = next(serial)
        series = ("RRULE:FREQ=WEEKLY",) if dice.random() < 0.4 else ()
        due = dice.choice(("DUE;VALUE=DATE:20261128", "DUE;TZID=Europe/London:20261126T100000"))
        remote.put(f"/t{number}.ics", item(f"SUMMARY:{dice.choice(WORDS)}", due, *series, uid=f"t{number}@x.org"))
        return
    href = dice.choice(sorted(remote.items))
    text = remote.items[href][1].replace("\r\n ", "")
    if step in (1, 2):
        remote.put(href, re.sub(r"SUMMARY:[^\r]*", f"SUMMARY:{dice.choice(WORDS)}", text, count=1))
    elif step == 3 and "RECURRENCE-ID" not in text:
        zones, mark, items = text.partition("BEGIN:VTODO")
        moved = re.sub(r"((?:DTSTART|DUE)[^\r]*:)\d{8}", rf"\g<1>202612{dice.randrange(10, 28)}", items)
        remote.put(href, zones + mark + moved)
    elif step == 4 and "STATUS:COMPLETED" not in text:
        done = "STATUS:COMPLETED\r\nCOMPLETED:20261121T080000Z\r\n"
        remote.put(href, re.sub(r"STATUS:[^\r]*\r\n", "", text).replace("END:VTODO", f"{done}END:VTODO", 1))
    elif step == 5:
        remote.drop(href)


@pytest.mark.parametrize("seed", [*range(25), 249, 865, 1284, 1317])
def test_whatever_both_do_they_come_together(ctx: Context, remote: MemoryRemote, seed: int) -> None:
    dice, serial = random.Random(seed), itertools.count()
    for _ in range(12):
        for _ in range(dice.randrange(1, 4)):
            _here(ctx, dice)
        for _ in range(dice.randrange(3)):
            _there(remote, dice, serial)
        run(ctx, remote, sure=True)
        again = run(ctx, remote, sure=True)
        assert str(again) == "in step"
        assert all("was removed in the book and changed there" in line for line in again.unsettled)
        kept = len(again.unsettled)
        kind = Tasks(ctx, shape=TODO)
        links = list(sync_links.links_of(ctx.reader, remote.url, "task").values())
        links = [one for one in links if one.record and one.there]
        assert len({one.record for one in links}) == len(links)
        here = kind.here({one.record: TODO for one in links})
        assert len(here) == len(links) - kept
        for one in links:
            if one.record not in here:
                continue
            there = kind.said(kind.parse(remote.items[one.href][1]), one.record)
            if task(ctx, one.record)["done_at"]:
                there.pop("series")  # one that was finished there stays there as it is
            assert {part: here[one.record][part] for part in there} == there
