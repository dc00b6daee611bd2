"""The client against Radicale and Xandikos: whatever is asked here, both have to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from crm_dav import client as client_module
from crm_dav import errors
from crm_dav.addresses import file_name
from crm_dav.client import Client

from crmcli.api import ConflictError, CrmError
from tests.support import dav_servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_dav.shapes import Collection, Stored

    from tests.support.dav_servers import DavServer


def todo(uid: str, summary: str = "Call Ada") -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//crm//test//", "BEGIN:VTODO", f"UID:{uid}"]
    return "\r\n".join([*lines, "DTSTAMP:20261101T080000Z", f"SUMMARY:{summary}", "END:VTODO", "END:VCALENDAR", ""])


def card(uid: str, name: str = "Ada Lovelace") -> str:
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"UID:{uid}", f"FN:{name}", f"N:{name};;;;", "END:VCARD", ""]
    return "\r\n".join(lines)


def put(client: Client, calendar: Collection, *uids: str) -> list[Stored]:
    return [client.create(calendar, file_name(uid, "ics"), todo(uid)) for uid in uids]


def test_from_the_root_to_all_collections(client: Client, calendar: Collection, book: Collection) -> None:
    found = {one.href: one for one in client.discover()}
    assert found[calendar.href] == client.collection(calendar.href)
    assert found[book.href].kind == "addressbook"
    assert (calendar.kind, calendar.events, calendar.todos, calendar.writable) == ("calendar", True, True, True)
    assert calendar.name.startswith("Calendar ")
    assert book.writable
    assert "3.0" in book.vcards
    assert calendar.token
    assert calendar.ctag


@pytest.mark.parametrize("start", ["", "{home}", ".well-known/caldav", "no/such/place/"])
def test_every_address_leads_there(server: DavServer, calendar: Collection, book: Collection, start: str) -> None:
    url = server.url + start.format(home=server.home.lstrip("/"))
    with Client(url, *server.login()[1:]) as client:
        found = {one.href for one in client.discover()}
    assert {calendar.href, book.href} <= found


def test_the_address_of_a_collection_leads_to_it_alone(server: DavServer, calendar: Collection) -> None:
    for end in ("", "/"):
        with Client(server.url + calendar.href.strip("/") + end, *server.login()[1:]) as client:
            assert [one.href for one in client.discover()] == [calendar.href]
            assert client.requests <= 3


def test_a_folder_of_collections_leads_to_them(server: DavServer, calendar: Collection) -> None:
    folder = calendar.href.rstrip("/").rpartition("/")[0]
    with Client(server.url + folder.strip("/") + "/", *server.login()[1:]) as client:
        assert calendar.href in {one.href for one in client.discover()}


def test_calendars_are_made_for_what_is_asked(client: Client) -> None:
    made = client.make("calendar", "Nur Aufgaben <&> פ", ["VTODO"])
    assert (made.todos, made.events, made.name) == (True, False, "Nur Aufgaben <&> פ")
    with pytest.raises(ConflictError, match="already"):
        client.make("calendar", "Again", href=made.href)


def test_an_item_goes_there_and_comes_back(client: Client, calendar: Collection, book: Collection) -> None:
    text = todo("a1", "Zwei\\nZeilen \U0001f4de سلام")
    stored = client.create(calendar, "a1.ics", text)
    assert stored.href == calendar.href + "a1.ics"
    assert stored.exact
    item = client.item(stored.href)
    (same,) = client.fetch(calendar, [stored.href])
    assert item == same
    assert item.etag == stored.etag
    assert sorted(item.data.split("\r\n")) == sorted(text.split("\r\n"))
    carded = client.create(book, "a1.vcf", card("a1"))
    (item,) = client.fetch(book, [carded.href])
    assert item.etag == carded.etag
    assert "FN:Ada Lovelace\r\n" in item.data


@pytest.mark.parametrize("name", ["a b.ics", "50%.ics", "grün@x+y.ics", "a=b~c+d.ics", "سلام.ics"])
def test_names_of_all_kinds(client: Client, calendar: Collection, name: str) -> None:
    stored = client.create(calendar, name, todo("named"))
    assert [one.href for one in client.listing(calendar).members] == [stored.href]
    assert stored.href == calendar.href + quote(name, safe="@")
    (item,) = client.fetch(calendar, [stored.href])
    assert (item.href, item.etag) == (stored.href, stored.etag)
    client.delete(stored.href, stored.etag)
    assert client.listing(calendar).members == []


def test_a_listing_has_every_member_once(client: Client, calendar: Collection) -> None:
    stored = put(client, calendar, *"abcde")
    listing = client.listing(calendar)
    assert listing.complete
    assert sorted(listing.members) == [(one.href, one.etag) for one in stored]
    assert client.changes(calendar, listing.token).members == []


def test_what_changed_since_a_token(client: Client, calendar: Collection) -> None:
    one, two, three = put(client, calendar, "one", "two", "three")
    token = client.listing(calendar).token
    changed = client.update(calendar, one.href, one.etag, todo("one", "Call again"))
    client.delete(two.href, two.etag)
    (four,) = put(client, calendar, "four")
    since = client.changes(calendar, token)
    assert not since.complete
    assert sorted(since.members) == sorted([(changed.href, changed.etag), (four.href, four.etag)])
    assert since.removed == [two.href]
    assert client.changes(calendar, since.token)[1:3] == ([], [])
    assert three.href not in {member.href for member in since.members}


@pytest.mark.parametrize("token", ["", "rubbish", "http://radicale.org/ns/sync/" + "0" * 64, "0" * 40])
def test_an_unknown_token_asks_for_a_listing(client: Client, calendar: Collection, token: str) -> None:
    put(client, calendar, "one")
    with pytest.raises(errors.SyncTokenError):
        client.changes(calendar, token)
    assert len(client.listing(calendar).members) == 1


def test_many_items_come_in_portions(client: Client, calendar: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "PORTION", 10)
    stored = put(client, calendar, *(f"u{number}" for number in range(25)))
    before = client.requests
    items = list(client.fetch(calendar, [one.href for one in stored]))
    assert client.requests == before + 3
    assert sorted((one.href, one.etag) for one in items) == sorted((one.href, one.etag) for one in stored)


def test_what_is_gone_is_left_out(client: Client, calendar: Collection) -> None:
    (one,) = put(client, calendar, "one")
    gone = calendar.href + "gone.ics"
    assert [item.href for item in client.fetch(calendar, [gone, one.href])] == [one.href]
    with pytest.raises(errors.MissingError):
        client.item(gone)


def test_nothing_is_written_over(client: Client, calendar: Collection) -> None:
    (one,) = put(client, calendar, "one")
    theirs = client.update(calendar, one.href, one.etag, todo("one", "theirs"))
    attempts = [
        lambda: client.update(calendar, one.href, one.etag, todo("one", "ours")),
        lambda: client.create(calendar, "one.ics", todo("one", "ours")),
        lambda: client.delete(one.href, one.etag),
    ]
    for attempt in attempts:
        with pytest.raises(errors.PreconditionError) as caught:
            attempt()
        assert caught.value.href == one.href
    assert "SUMMARY:theirs" in client.item(one.href).data
    client.delete(theirs.href, theirs.etag)
    with pytest.raises((errors.MissingError, errors.PreconditionError)):
        client.delete(theirs.href, theirs.etag)


def test_one_uid_is_there_once(client: Client, calendar: Collection) -> None:
    put(client, calendar, "one")
    with pytest.raises(errors.UidConflictError):
        client.create(calendar, "other.ics", todo("one"))
    assert len(client.listing(calendar).members) == 1


def test_rubbish_is_not_taken(client: Client, calendar: Collection) -> None:
    with pytest.raises(errors.RejectedError, match="does not take it"):
        client.create(calendar, "bad.ics", "rubbish")
    assert client.listing(calendar).members == []


def test_what_is_not_there_is_said(client: Client, calendar: Collection) -> None:
    with pytest.raises((errors.MissingError, errors.ForbiddenError)) as caught:
        client.collection("/nowhere/")
    assert caught.value.hint
    (one,) = put(client, calendar, "one")
    with pytest.raises(errors.MissingError, match="neither a calendar"):
        client.collection(one.href)
    with pytest.raises((errors.MissingError, errors.ForbiddenError)):
        client.listing(calendar._replace(href=calendar.href.rstrip("/") + "-gone/"))


@pytest.fixture(scope="module")
def guarded() -> Iterator[DavServer]:
    with dav_servers.radicale(tls=True) as one:
        yield one


@pytest.mark.parametrize(("user", "password"), [("ada", "wr0ng-secret"), ("nobody", "wr0ng-secret"), ("", "")])
def test_a_wrong_password_is_said_and_not_shown(guarded: DavServer, user: str, password: str) -> None:
    client = Client(guarded.url, user, password, ca_file=str(dav_servers.CERTIFICATE))
    with client, pytest.raises(errors.PasswordError) as caught:
        client.discover()
    assert "password" in str(caught.value)
    assert "wr0ng-secret" not in repr(vars(caught.value)) + str(caught.value)
    assert caught.value.__cause__ is None


def test_a_certificate_of_its_own_has_to_be_given(guarded: DavServer) -> None:
    with Client(*guarded.login()) as client, pytest.raises(errors.CertificateError, match="prove who it is") as caught:
        client.discover()
    assert "ca_file" in caught.value.hint
    with Client(*guarded.login(), ca_file=str(dav_servers.CERTIFICATE)) as client:
        client.make("calendar", "Behind TLS")
        assert [one.name for one in client.discover()] == ["Behind TLS"]


def test_tls_where_there_is_none(server: DavServer) -> None:
    with Client(server.url.replace("http:", "https:"), "ada", "x") as client, pytest.raises(errors.CertificateError):
        client.discover()


def test_a_server_that_is_away() -> None:
    client = Client(f"http://127.0.0.1:{dav_servers.free_port()}/", "ada", "x")
    with client, pytest.raises(errors.AwayError, match="cannot be reached") as caught:
        client.discover()
    assert isinstance(caught.value, CrmError)
    assert not isinstance(caught.value, errors.TroubleError), "no item is to blame for that"
    assert caught.value.hint
