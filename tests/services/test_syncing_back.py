"""What comes back, and what must not go: undo, several places, sides that lost much, servers that keep less."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import CONTACT, TASK
from crmcli.errors import RefusedError
from crmcli.services import history, merging, records, sync_links
from crmcli.services.sync_shapes import Seen
from crmcli.services.syncing import sync
from crmcli.services.syncing_contacts import Contacts
from crmcli.services.syncing_tasks import EVENT
from tests.support.sync_remotes import MemoryRemote
from tests.support.syncing import add, item, run, settled, task

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.services.syncing import Outcome

pytestmark = pytest.mark.usefixtures("saturday")


@pytest.fixture
def remote() -> MemoryRemote:
    return MemoryRemote()


@pytest.fixture
def other() -> MemoryRemote:
    """Another place."""
    found = MemoryRemote()
    found.url = "https://dav.example/ada/private/"
    return found


def cards(ctx: Context, remote: MemoryRemote, **options: Any) -> Outcome:
    return sync(ctx, Contacts(ctx), remote, **options)


def card(*lines: str, uid: str = "one@x.org", name: str = "Ada Lovelace") -> str:
    given, _, family = name.rpartition(" ")
    return "\r\n".join(
        ["BEGIN:VCARD", "VERSION:3.0", f"UID:{uid}", f"FN:{name}", f"N:{family};{given};;;", *lines, "END:VCARD", ""]
    )


# --- undo ---


def test_what_came_in_and_was_undone_stays_there(
    ctx: Context, remote: MemoryRemote, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        remote.put(f"/{number}.ics", item(f"SUMMARY:Item {number}", uid=f"{number}@x.org"))
    before = dict(remote.items)
    assert str(run(ctx, remote)) == "3 new here"
    undone = history.undo(ctx)
    found = run(ctx, remote)
    assert (str(found), found.unsettled, remote.items) == ("in step", [], before)
    assert "task:1 Item 0, task:2 Item 1, task:3 Item 2" in capsys.readouterr().err
    settled(ctx, remote)
    assert "Item 0" not in capsys.readouterr().err, "that is told once"
    history.undo(ctx, undone.batch)
    settled(ctx, remote)
    assert remote.items == before
    records.edit(ctx, TASK, [1], {"place": "Here"})
    assert str(run(ctx, remote)) == "1 changed there"
    assert "LOCATION:Here" in remote.items["/0.ics"][1]


def test_what_was_undone_and_changes_there_comes_in_again(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.ics", item("SUMMARY:Write"))
    run(ctx, remote)
    history.undo(ctx)
    run(ctx, remote)
    remote.edit("/a.ics", ("SUMMARY:Write", "SUMMARY:Write soon"))
    assert str(run(ctx, remote)) == "1 new here"
    settled(ctx, remote)
    remote.drop("/a.ics")
    assert str(run(ctx, remote)) == "1 removed here"


def test_what_was_undone_stays_out_while_it_is_the_same(ctx: Context, remote: MemoryRemote) -> None:
    text = item("SUMMARY:Write")
    remote.put("/a.ics", text)
    run(ctx, remote)
    history.undo(ctx)
    run(ctx, remote)
    remote.put("/a.ics", text)
    settled(ctx, remote)
    assert ctx.reader.value("SELECT count(*) FROM task") == 0


def test_what_was_made_here_and_undone_goes_there_as_well(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx)
    run(ctx, remote)
    history.undo(ctx)
    assert ctx.reader.value("SELECT count(*) FROM task") == 0
    assert str(run(ctx, remote)) == "1 removed there"
    assert not remote.items


def test_what_followed_here_and_was_undone_goes_there_as_well(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx, due="2026-11-20", repeat="weekly")
    run(ctx, remote)
    one = remote.only
    remote.edit(one, ("STATUS:NEEDS-ACTION", "STATUS:COMPLETED\r\nCOMPLETED:20261120T080000Z"))
    assert str(run(ctx, remote)) == "1 changed here, 1 new there, 1 changed there"
    history.undo(ctx)
    run(ctx, remote)
    assert remote.only == one
    settled(ctx, remote)


def test_what_another_book_made_is_left_alone_by_this_one(
    ctx: Context, second_book: Context, remote: MemoryRemote
) -> None:
    add(ctx)
    for book in (ctx, second_book):
        run(book, remote)
    history.undo(second_book)
    for book in (second_book, ctx):
        settled(book, remote)
    assert len(remote.items) == 1


def test_much_that_is_no_more_here_stays_there_until_somebody_says_so(ctx: Context, remote: MemoryRemote) -> None:
    numbers = [add(ctx, name=f"Task {number}") for number in range(21)]
    run(ctx, remote)
    records.remove(ctx, TASK, numbers[:18])
    assert str(run(ctx, remote)) == "18 removed there"
    records.remove(ctx, TASK, numbers[18:])
    found = run(ctx, remote)
    assert (str(found), len(remote.items)) == ("in step", 3)
    assert found.unsettled == [
        f"3 of the 3 items of {remote.url} were removed in the book; they stay there"
        " (if that was on purpose, --emptied removes them there as well)"
    ]
    assert str(run(ctx, remote, sure=True)) == "3 removed there"


def test_events_that_lost_their_days_are_not_lost(ctx: Context, remote: MemoryRemote) -> None:
    numbers = [add(ctx, name=f"Task {number}", due="2026-11-25") for number in range(2)]
    run(ctx, remote, shape=EVENT)
    records.edit(ctx, TASK, numbers, {"due": ""})
    assert str(run(ctx, remote, shape=EVENT)) == "2 removed there"
    settled(ctx, remote, shape=EVENT)


SERIES = (
    "SUMMARY:Weekly", "DTSTART;TZID=Asia/Tehran:20261125T093000", "DTEND;TZID=Asia/Tehran:20261125T103000",
    "RRULE:FREQ=WEEKLY", "EXDATE;TZID=Asia/Tehran:20261202T093000", "ORGANIZER:mailto:boss@x.org", "X-COLOUR:7",
    "END:VEVENT", "BEGIN:VEVENT", "UID:one@x.org", "DTSTAMP:20261101T000000Z", "SUMMARY:Weekly, later",
    "RECURRENCE-ID;TZID=Asia/Tehran:20261209T093000", "DTSTART;TZID=Asia/Tehran:20261210T093000",
)  # fmt: skip
BEYOND = (
    "UID:one@x.org", "EXDATE;TZID=Asia/Tehran:20261202T093000", "ORGANIZER:mailto:boss@x.org", "X-COLOUR:7",
    "SUMMARY:Weekly\\, later", "DTSTART;TZID=Asia/Tehran:20261125T093000",
)  # fmt: skip


@pytest.mark.parametrize("where", ["here", "there"])
def test_what_was_removed_and_taken_up_again_is_what_it_was(ctx: Context, remote: MemoryRemote, where: str) -> None:
    remote.put("/a.ics", item(*SERIES, kind="VEVENT").replace("Weekly, later", "Weekly\\, later"))
    run(ctx, remote, shape=EVENT)
    if where == "here":
        records.remove(ctx, TASK, [1])
    else:
        remote.drop("/a.ics")
    run(ctx, remote, shape=EVENT)
    assert not remote.items
    history.undo(ctx)
    records.edit(ctx, TASK, [1], {"place": "Office"})
    assert str(run(ctx, remote, shape=EVENT)) == "1 new there"
    for kept in (*BEYOND, "LOCATION:Office"):
        assert kept in remote.texts[0], remote.texts[0]
    settled(ctx, remote, shape=EVENT)


def test_what_was_changed_here_and_removed_there_is_put_there_as_it_was(ctx: Context, remote: MemoryRemote) -> None:
    remote.put("/a.ics", item(*SERIES, kind="VEVENT").replace("Weekly, later", "Weekly\\, later"))
    run(ctx, remote, shape=EVENT)
    records.edit(ctx, TASK, [1], {"place": "Office"})
    remote.drop("/a.ics")
    assert "and is put there again" in run(ctx, remote, shape=EVENT).unsettled[0]
    for kept in (*BEYOND, "LOCATION:Office"):
        assert kept in remote.texts[0], remote.texts[0]
    settled(ctx, remote, shape=EVENT)


def test_a_card_that_was_removed_and_taken_up_again_has_its_picture(ctx: Context, remote: MemoryRemote) -> None:
    photo = "QUJD" * 20_000
    remote.put("/a.vcf", card("EMAIL;TYPE=HOME:ada@x.org", "X-OTHER:1", f"PHOTO;ENCODING=b;TYPE=JPEG:{photo}"))
    cards(ctx, remote)
    records.remove(ctx, CONTACT, [1])
    cards(ctx, remote)
    assert not remote.items
    history.undo(ctx)
    assert str(cards(ctx, remote)) == "1 new there"
    for kept in ("UID:one@x.org", photo, "X-OTHER:1"):
        assert kept in remote.texts[0]
    assert str(cards(ctx, remote)) == "in step"


# --- several places ---


@pytest.mark.parametrize("both", [False, True])
def test_what_two_places_have_goes_when_it_is_removed_in_both(
    ctx: Context, remote: MemoryRemote, other: MemoryRemote, both: bool
) -> None:
    add(ctx)
    for place in (remote, other):
        assert str(run(ctx, place)) == "1 new there"
    remote.drop(remote.only)
    if both:
        other.drop(other.only)
    for place in (remote, other):
        run(ctx, place)
    assert not remote.items
    assert bool(task(ctx)["removed_at"]) == both
    settled(ctx, remote)
    if both:
        history.undo(ctx)
        assert str(run(ctx, other)) == "1 new there"
        return
    other.drop(other.only)
    assert str(run(ctx, other)) == "1 removed here"
    settled(ctx, remote)


@pytest.mark.parametrize("first", [0, 1])
def test_what_was_moved_stays_where_it_was_put(
    ctx: Context, remote: MemoryRemote, other: MemoryRemote, first: int
) -> None:
    add(ctx, name="Write")
    run(ctx, remote)
    run(ctx, other, "name:nothing")
    other.put("/moved.ics", remote.items[remote.only][1])
    remote.drop(remote.only)
    for _ in range(2):
        for place, chosen in ((remote, ""), (other, "name:nothing"))[:: (1, -1)[first]]:
            run(ctx, place, chosen)
    assert task(ctx)["removed_at"] is None
    assert (len(remote.items), len(other.items)) == (0, 1)
    remote.put("/back.ics", other.items[other.only][1])
    assert str(run(ctx, remote)) == "in step"
    settled(ctx, remote)
    remote.edit("/back.ics", ("SUMMARY:Write", "SUMMARY:Write soon"))
    assert str(run(ctx, remote)) == "1 changed here"


# --- what was lost ---


def test_what_the_book_has_no_more_is_not_lost_there(ctx: Context, remote: MemoryRemote) -> None:
    for number in range(6):
        remote.put(f"/{number}.ics", item(f"SUMMARY:Item {number}", uid=f"{number}@x.org"))
        run(ctx, remote)
    history.undo(ctx)
    records.remove(ctx, TASK, [1, 2, 3, 4, 5])
    for href in list(remote.items):
        remote.drop(href)
    settled(ctx, remote)


@pytest.mark.parametrize(("had", "left", "told"), [(2, 0, "has none of the 2"), (30, 1, "has only 1 of the 30"),
                                                   (1, 0, ""), (30, 4, "")])  # fmt: skip
def test_a_collection_that_lost_most_takes_nothing_along(
    ctx: Context, remote: MemoryRemote, had: int, left: int, told: str
) -> None:
    for number in range(had):
        add(ctx, name=f"Task {number}")
    run(ctx, remote)
    for href in list(remote.items)[left:]:
        remote.drop(href)
    if told:
        with pytest.raises(RefusedError, match=told):
            run(ctx, remote)
    assert str(run(ctx, remote, sure=bool(told))) == f"{had - left} removed here"


class Late(MemoryRemote):
    """Lists late what is new, as servers with several machines do."""

    def __init__(self, tokens: bool) -> None:
        super().__init__()
        self.tokens = tokens
        self.hidden: set[str] = set()

    def changes(self, token: str) -> Seen:
        found = super().changes(token if self.tokens else "")
        etags = {href: etag for href, etag in found.etags.items() if href not in self.hidden}
        return found._replace(etags=etags, token=found.token if self.tokens else "")


@pytest.mark.parametrize("tokens", [True, False])
def test_what_is_not_listed_yet_is_asked_for(ctx: Context, tokens: bool) -> None:
    remote = Late(tokens)
    for name in ("one", "two", "three"):
        add(ctx, name=name)
    remote.hidden = {f"/{task(ctx, 2)['uid']}@crm.ics"}
    assert str(run(ctx, remote)) == "3 new there"
    settled(ctx, remote)
    assert not task(ctx, 2)["removed_at"]
    remote.hidden.clear()
    settled(ctx, remote)


class Forgetful(MemoryRemote):
    """Says of no version what it is when it is put, and keeps less than it was given."""

    def _write(self, href: str, etag: str, text: str) -> tuple[str, str]:
        text = re.sub(r"BEGIN:VALARM.*?END:VALARM\r\n", "", text, flags=re.DOTALL)
        text = re.sub(r"(?:CATEGORIES|NOTE|LOCATION):[^\r]*\r\n", "", text)
        return super()._write(href, etag, text)[0], ""


def test_what_the_other_side_does_not_keep_stays_here(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    remote = Forgetful()
    add(ctx, due="2026-11-27 14:30", remind="15m", tags="vip", place="Here")
    assert str(run(ctx, remote)) == "1 new there"
    told = "does not keep what it is given: categories, place, reminders"
    assert told in capsys.readouterr().err
    settled(ctx, remote)
    for change in ({"priority": "high"}, {"remind": "15m,1d", "place": "There"}):
        records.edit(ctx, TASK, [1], change)
        assert str(run(ctx, remote)) == "1 changed there"
        settled(ctx, remote)
    remote.edit(remote.only, ("SUMMARY:Call Ada", "SUMMARY:Call her"))
    assert str(run(ctx, remote)) == "1 changed here"
    found = task(ctx)
    assert (found["name"], found["tags"], found["place"], found["remind"]) == ("Call her", ["vip"], "There", "15,1440")
    settled(ctx, remote)
    assert told not in capsys.readouterr().err, "that is told once"


def test_what_changed_there_before_it_was_read_is_taken(ctx: Context) -> None:
    remote = Forgetful()
    add(ctx, due="2026-11-27 14:30", remind="15m")
    asked = remote.changes

    def end(token: str) -> Seen:
        if remote.items:
            raise KeyboardInterrupt
        return asked(token)

    remote.changes = end  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        run(ctx, remote)
    remote.changes = asked  # type: ignore[method-assign]
    remote.edit(remote.only, ("SUMMARY:Call Ada", "SUMMARY:Call her"))
    assert str(run(ctx, remote)) == "1 changed here"
    assert (task(ctx)["name"], task(ctx)["remind"]) == ("Call her", "15")
    settled(ctx, remote)


def test_what_an_address_book_does_not_keep_stays_here(ctx: Context) -> None:
    remote = Forgetful()
    records.add(ctx, CONTACT, {"name": "Ada", "email": "ada@x.org", "description": "Likes numbers", "tags": "vip"})
    cards(ctx, remote)
    records.edit(ctx, CONTACT, [1], {"job_title": "Countess"})
    cards(ctx, remote)
    found = records.get(ctx, CONTACT, 1)
    assert (found["description"], found["tags"]) == ("Likes numbers", ["vip"])
    assert str(cards(ctx, remote)) == "in step"


# --- who stands in ---


def test_what_changed_on_the_card_of_somebody_merged_goes_to_who_stayed(ctx: Context, remote: MemoryRemote) -> None:
    for email in ("ada@x.org", "ada@y.org"):
        records.add(ctx, CONTACT, {"name": "Ada", "email": email})
    cards(ctx, remote)
    two = f"/{records.get(ctx, CONTACT, 2)['uid']}.ics"
    remote.edit(two, ("END:VCARD", "TITLE:Countess\r\nEND:VCARD"), ("ada@y.org", "ada@z.org"))
    merging.merge(ctx, CONTACT, [1, 2])
    found = cards(ctx, remote)
    assert str(found) == "1 changed here, 1 changed there, 1 removed there"
    assert len(found.unsettled) == 1
    assert "contact:1 Ada: its email was changed on both sides" in found.unsettled[0]
    assert "ada@z.org" in found.unsettled[0]
    assert records.get(ctx, CONTACT, 1)["job_title"] == "Countess"
    assert "TITLE:Countess" in remote.items[remote.only][1]
    again = cards(ctx, remote)
    assert (str(again), again.unsettled) == ("in step", [])


def test_an_event_that_lost_its_day_here_and_changed_there(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx, due="2026-11-25")
    run(ctx, remote, shape=EVENT)
    records.edit(ctx, TASK, [1], {"due": ""})
    remote.edit(remote.only, ("SUMMARY:Call Ada", "SUMMARY:Call her\r\nX-OTHER:1"))
    found = run(ctx, remote, shape=EVENT)
    assert (str(found), found.unsettled) == ("1 changed here, 1 removed there", [])
    assert (task(ctx)["name"], task(ctx)["due_on"]) == ("Call her", None)
    settled(ctx, remote, shape=EVENT)
    records.edit(ctx, TASK, [1], {"due": "2026-11-26"})
    assert str(run(ctx, remote, shape=EVENT)) == "1 new there"
    for kept in ("X-OTHER:1", "SUMMARY:Call her", "20261126"):
        assert kept in remote.texts[0]
    settled(ctx, remote, shape=EVENT)


def test_a_conflict_names_the_record_as_the_book_does(ctx: Context, remote: MemoryRemote) -> None:
    add(ctx)
    run(ctx, remote)
    remote.edit(remote.only, ("SUMMARY:Call Ada", "SUMMARY:Call her"))
    records.edit(ctx, TASK, [1], {"name": "Call Grace"})
    (line,) = run(ctx, remote).unsettled
    assert line.startswith("task:1 Call Grace: its name was changed on both sides")
    assert line.endswith("there it was Call her")


def test_what_is_there_no_more_is_not_counted_as_linked(ctx: Context, remote: MemoryRemote) -> None:
    for name in ("one", "two", "three"):
        add(ctx, name=name)
    run(ctx, remote)
    records.remove(ctx, TASK, [1])
    run(ctx, remote)
    assert sync_links.told(ctx.reader, [remote.url])[remote.url][1] == 2
