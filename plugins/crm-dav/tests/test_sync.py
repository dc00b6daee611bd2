"""Tasks in step with collections of Radicale and Xandikos; and other programs that write there too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from crm_dav.remote import DavRemote

from crmcli.api import contact_sync, task_sync
from crmcli.domain.entities import CONTACT, TASK
from crmcli.services import records, tasks

if TYPE_CHECKING:
    from crm_dav.client import Client
    from crm_dav.shapes import Collection

    from crmcli.api import Outcome
    from crmcli.context import Context


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, ctx: Context) -> None:
    monkeypatch.setenv("CRM_TIMEZONE", "Europe/Berlin")
    ctx.tick()


@pytest.fixture
def todos(client: Client) -> Collection:
    """An empty calendar that takes to-dos alone."""
    return client.make("calendar", f"Tasks {uuid4()}", ["VTODO"])


def add(ctx: Context, **assigned: str) -> int:
    return int(records.add(ctx, TASK, {"name": "Call Ada", **assigned}).ids[0])


def run(ctx: Context, client: Client, collection: Collection, **options: Any) -> Outcome:
    return task_sync(ctx, DavRemote(client, collection), todos=not collection.events, **options).run()


def settled(ctx: Context, client: Client, collection: Collection, requests: int = 1) -> None:
    """Nothing is left to do on either side, and few questions say so."""
    before, sent = ctx.reader.value("SELECT seq FROM journal_head"), client.requests
    found = run(ctx, client, collection)
    assert (str(found), found.unsettled) == ("in step", [])
    assert ctx.reader.value("SELECT seq FROM journal_head") == before
    assert client.requests - sent <= requests


def edit(client: Client, collection: Collection, *changes: tuple[str, str], index: int = 0) -> None:
    """Change an item there as another program does."""
    member = sorted(client.listing(collection).members)[index]
    item = client.item(member.href)
    text = item.data
    for old, new in changes:
        assert old in text, text
        text = text.replace(old, new)
    client.update(collection, item.href, item.etag, text)


def texts(client: Client, collection: Collection) -> list[str]:
    hrefs = [member.href for member in client.listing(collection).members]
    return [item.data.replace("\r\n ", "") for item in client.fetch(collection, hrefs)]


@pytest.mark.parametrize("shape", ["calendar", "todos"])
def test_there_and_back(ctx: Context, client: Client, request: pytest.FixtureRequest, shape: str) -> None:
    collection: Collection = request.getfixturevalue(shape)
    add(ctx, due="2026-11-27 14:30", minutes="90", remind="15m,1d", place="Office; 2nd floor", description="a\n\nb, c")
    add(ctx, name="گزارش", due="2026-11-30", repeat="weekly", priority="high", tags="vip,big")
    tasks.snooze(ctx, [add(ctx, name="Weekly", due="2026-11-27 09:00", repeat="weekly")], "2026-11-30 15:00")
    add(ctx, name="With people", due="2026-12-01", attendees="Ada Lovelace <ada@x.org>, bob@x.org")
    assert str(run(ctx, client, collection)) == "4 new there"
    settled(ctx, client, collection)
    settled(ctx, client, collection)


def test_what_was_changed_on_either_side(ctx: Context, client: Client, todos: Collection) -> None:
    add(ctx, due="2026-11-27 14:30", place="Office")
    run(ctx, client, todos)
    edit(client, todos, ("SUMMARY:Call Ada", "SUMMARY:Call her\r\nX-OTHER;X-P=1:kept"))
    records.edit(ctx, TASK, [1], {"place": "Here"})
    found = run(ctx, client, todos)
    assert (str(found), found.unsettled) == ("1 changed here, 1 changed there", [])
    assert records.get(ctx, TASK, 1)["name"] == "Call her"
    (text,) = texts(client, todos)
    assert "LOCATION:Here" in text
    assert "X-OTHER;X-P=1:kept" in text
    settled(ctx, client, todos)
    edit(client, todos, ("LOCATION:Here", "LOCATION:There"))
    records.edit(ctx, TASK, [1], {"place": "Nowhere"})
    found = run(ctx, client, todos)
    assert [line.partition(":")[0] for line in found.unsettled] == ["task"]
    assert "LOCATION:Nowhere" in texts(client, todos)[0]
    settled(ctx, client, todos)


def test_what_was_removed_on_either_side(ctx: Context, client: Client, todos: Collection) -> None:
    for name in ("one", "two", "three"):
        add(ctx, name=name)
    run(ctx, client, todos)
    member = client.listing(todos).members[0]
    client.delete(member.href, member.etag)
    assert str(run(ctx, client, todos)) == "1 removed here"
    (left, other) = [row["id"] for row in records.list_records(ctx, TASK, ["is:open"], limit=0).rows]
    records.remove(ctx, TASK, [left])
    assert str(run(ctx, client, todos)) == "1 removed there"
    settled(ctx, client, todos)
    edit(client, todos, ("STATUS:NEEDS-ACTION", "STATUS:COMPLETED\r\nCOMPLETED:20261121T080000Z"))
    assert str(run(ctx, client, todos)) == "1 changed here"
    assert records.get(ctx, TASK, other)["done_at"]
    settled(ctx, client, todos)


def test_what_is_new_there(ctx: Context, client: Client, calendar: Collection) -> None:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", "BEGIN:VEVENT", "UID:one@x.org",
             "DTSTAMP:20261101T000000Z", "SUMMARY:Lunch", "DTSTART:20261127T110000Z", "DTEND:20261127T120000Z",
             "END:VEVENT", "END:VCALENDAR", ""]  # fmt: skip
    client.create(calendar, "lunch.ics", "\r\n".join(lines))
    assert str(run(ctx, client, calendar)) == "1 new here"
    settled(ctx, client, calendar)
    records.edit(ctx, TASK, [1], {"due": "2026-11-27 13:00"})
    assert str(run(ctx, client, calendar)) == "1 changed there"
    assert "UID:one@x.org" in texts(client, calendar)[0]
    settled(ctx, client, calendar)


def test_two_machines_on_one_book(
    ctx: Context, client: Client, todos: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(ctx)
    create, others = DavRemote.create, iter([1])

    def other_is_faster(self: DavRemote, uid: str, text: str) -> tuple[str, str]:
        for _ in others:
            run(ctx, client, todos)
        return create(self, uid, text)

    monkeypatch.setattr(DavRemote, "create", other_is_faster)
    assert not run(ctx, client, todos).unsettled
    assert len(client.listing(todos).members) == 1
    settled(ctx, client, todos)


def test_what_many_cost(ctx: Context, client: Client, todos: Collection) -> None:
    with ctx.writing() as tx:
        for number in range(120):
            tx.add("task", {"name": f"Task {number}", "due_on": "2026-12-01"})
    sent = client.requests
    assert str(run(ctx, client, todos)) == "120 new there"
    assert client.requests - sent <= 120 + 3
    settled(ctx, client, todos, requests=1)
    for member in client.listing(todos).members[:10]:
        item = client.item(member.href)
        client.update(todos, item.href, item.etag, item.data.replace("SUMMARY:Task", "SUMMARY:Do"))
    sent = client.requests
    assert str(run(ctx, client, todos)) == "10 changed here"
    assert client.requests - sent <= 2, "they come together"


def card(*lines: str) -> str:
    return "\r\n".join(
        ["BEGIN:VCARD", "VERSION:3.0", "UID:one@x.org", "FN:Grace Hopper", "N:Hopper;Grace;;;", *lines, "END:VCARD", ""]
    )


def test_contacts_there_and_back(ctx: Context, client: Client, book: Collection) -> None:
    def settle() -> None:
        for _ in range(2):
            found = contact_sync(ctx, DavRemote(client, book)).run()
            assert (str(found), found.unsettled) == ("in step", [])

    ada = {
        "name": "Ada Lovelace",
        "email": "ada@x.org",
        "company": "Engines",
        "tags": "vip,big",
        "street": "Main St; 1",
    }
    records.add(ctx, CONTACT, {**ada, "phone": "+98 21 8888 7777", "birthday": "1815-12-10"})
    photo = "PHOTO;ENCODING=b;TYPE=JPEG:" + "QUJD" * 20_000
    client.create(book, "grace.vcf", card("EMAIL;TYPE=HOME:grace@x.org", "X-OTHER:kept", photo))
    assert str(contact_sync(ctx, DavRemote(client, book)).run()) == "1 new here, 1 new there"
    settle()
    records.edit(ctx, CONTACT, [2], {"job_title": "Admiral"})
    (href,) = [member.href for member in client.listing(book).members if "grace" not in member.href]
    item = client.item(href)
    client.update(book, item.href, item.etag, item.data.replace("Engines", "Analytical Engines"))
    found = contact_sync(ctx, DavRemote(client, book)).run()
    assert (str(found), found.unsettled) == ("1 changed here, 1 changed there", [])
    assert records.get(ctx, CONTACT, 1)["company"] == "Analytical Engines"
    text = client.item(f"{book.href}grace.vcf").data.replace("\r\n ", "")
    for kept in ("TITLE:Admiral", "X-OTHER:kept", "QUJD" * 20_000, "UID:one@x.org"):
        assert kept in text
    settle()
