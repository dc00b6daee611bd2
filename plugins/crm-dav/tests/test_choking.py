"""Real servers behind somebody who chokes on one item, says what is not so, or gives things other names: nothing is
lost, all else goes on, and what could not be settled is told by its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from crm_dav import transport
from crm_dav.client import Client
from crm_dav.errors import AwayError, BusyError
from crm_dav.remote import DavRemote

from crmcli.api import contact_sync, task_sync
from crmcli.domain.entities import CONTACT, TASK
from crmcli.services import records
from tests.support.dav_proxy import Answer, Asked, Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crm_dav.shapes import Collection

    from crmcli.api import Outcome
    from crmcli.context import Context
    from tests.support.dav_servers import DavServer

PAGE = Answer(200, {"Content-Type": "text/html"}, b"<html><body>Log in</body></html>")


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited for a server that is busy."""
    found: list[float] = []
    monkeypatch.setattr(transport, "sleep", found.append)
    return found


@pytest.fixture
def proxy(server: DavServer) -> Iterator[Proxy]:
    with Proxy(server.url) as one:
        yield one


@pytest.fixture
def through(server: DavServer, proxy: Proxy) -> Iterator[Client]:
    """A client that asks the proxy."""
    with Client(proxy.url, *server.login()[1:]) as one:
        yield one


@pytest.fixture
def todos(client: Client) -> Collection:
    return client.make("calendar", f"Tasks {uuid4()}", ["VTODO"])


def tasks(ctx: Context, *names: str) -> None:
    for name in names:
        records.add(ctx, TASK, {"name": name})


def run(ctx: Context, through: Client, collection: Collection, **options: Any) -> Outcome:
    if collection.kind == "addressbook":
        return contact_sync(ctx, DavRemote(through, collection), **options).run()
    return task_sync(ctx, DavRemote(through, collection), todos=True, **options).run()


def settled(ctx: Context, through: Client, proxy: Proxy, collection: Collection) -> None:
    """All is well again: what waited goes, and then nothing is left to do or to tell."""
    proxy.rule = lambda _: None
    found = run(ctx, through, collection)
    assert found.unsettled == []
    found = run(ctx, through, collection)
    assert (str(found), found.unsettled) == ("in step", [])


def named(found: Outcome) -> list[str]:
    """The records of which something is told, by number and name."""
    return sorted(line.partition(":")[2].partition(":")[0] for line in found.unsettled)


def names_here(ctx: Context) -> list[str]:
    return sorted(row["name"] for row in records.list_records(ctx, TASK, [], columns="name", limit=0).rows)


def names_there(client: Client, collection: Collection) -> list[str]:
    hrefs = [member.href for member in client.listing(collection).members]
    return sorted(re.findall(r"(?:SUMMARY|FN):(.*)\r", "".join(one.data for one in client.fetch(collection, hrefs))))


def of(text: str, answer: Answer, method: str = "PUT") -> Callable[[Asked], Answer | None]:
    """A rule: so is answered what holds this text."""
    return lambda asked: answer if asked.method == method and text.encode() in asked.body else None


# What was put, and is not there.


def test_a_page_in_place_of_the_server_stores_nothing_and_nothing_is_lost(
    ctx: Context, client: Client, through: Client, proxy: Proxy, book: Collection
) -> None:
    for name in ("One", "Two"):
        records.add(ctx, CONTACT, {"name": name})
    proxy.rule = of("FN:Two", PAGE)
    found = run(ctx, through, book)
    assert str(found) == "1 new there"
    (line,) = found.unsettled
    assert line.startswith("contact:2 Two: ")
    assert "does not have it" in line
    settled(ctx, through, proxy, book)
    assert names_there(client, book) == ["One", "Two"]


def test_a_page_in_place_of_the_server_takes_no_change_back(
    ctx: Context, client: Client, through: Client, proxy: Proxy, todos: Collection
) -> None:
    tasks(ctx, "One", "Two", "Three")
    run(ctx, through, todos)
    records.edit(ctx, TASK, [1], {"name": "Uno"})
    records.edit(ctx, TASK, [2], {"name": "Due"})
    records.remove(ctx, TASK, [3])
    proxy.rule = lambda asked: (
        PAGE if b"SUMMARY:Due" in asked.body or asked.method == "DELETE" else None
    )  # fmt: skip
    found = run(ctx, through, todos)
    assert str(found) == "1 changed there"
    assert named(found) == ["2 Due", "3 Three"]
    assert names_here(ctx) == ["Due", "Uno"]
    settled(ctx, through, proxy, todos)
    assert names_there(client, todos) == names_here(ctx) == ["Due", "Uno"]


@pytest.mark.parametrize("told", ["", "Location"])
def test_a_server_that_gives_new_items_names_of_its_own(
    ctx: Context, client: Client, through: Client, proxy: Proxy, todos: Collection, told: str
) -> None:
    def rule(asked: Asked) -> Answer | None:
        if "If-None-Match" not in asked.headers:
            return None
        path = f"{todos.href}server-{uuid4()}.ics"
        answer = proxy.forward(asked._replace(path=path))
        answer.headers.pop("ETag", None)
        return answer._replace(headers=answer.headers | ({told: path} if told else {}))

    tasks(ctx, "One", "Two", "Three")
    proxy.rule = rule
    found = run(ctx, through, todos)
    assert (str(found), found.unsettled) == ("3 new there", [])
    found = run(ctx, through, todos)
    assert (str(found), found.unsettled) == ("in step", [])
    assert names_there(client, todos) == names_here(ctx) == ["One", "Three", "Two"]
    records.edit(ctx, TASK, [1], {"name": "Uno"})
    assert str(run(ctx, through, todos)) == "1 changed there"
    settled(ctx, through, proxy, todos)


# One item that cannot be written.


@pytest.mark.parametrize("status", [403, 404, 409, 412, 413, 418, 423, 429, 500, 503, 507, 0])
def test_one_item_that_is_not_taken_keeps_no_other(
    ctx: Context, client: Client, through: Client, proxy: Proxy, todos: Collection, status: int, waits: list[float]
) -> None:
    tasks(ctx, "One", "Two", "Three", "Four")
    proxy.rule = of("SUMMARY:Two", Answer(status, {"Retry-After": "1"} if status in (429, 503) else {}, b""))
    for _ in range(2):
        waits.clear()
        found = run(ctx, through, todos)
        (line,) = found.unsettled
        assert line.startswith("task:2 Two: ")
        assert "check the address" not in line
        assert "changes there while" not in line, "nobody does"
        assert names_there(client, todos) == ["Four", "One", "Three"]
        # Not after the last try.
        assert len(waits) == (transport.MAX_TRIES - 1 if status in (429, 503) else 0)
    settled(ctx, through, proxy, todos)
    assert names_there(client, todos) == ["Four", "One", "Three", "Two"]


@pytest.mark.parametrize("status", [404, 423, 500])
def test_one_item_that_cannot_be_changed_or_removed_keeps_no_other(
    ctx: Context, client: Client, through: Client, proxy: Proxy, todos: Collection, status: int
) -> None:
    tasks(ctx, "One", "Two", "Three", "Four")
    run(ctx, through, todos)
    href = next(one.href for one in client.fetch(todos, _hrefs(client, todos)) if "SUMMARY:Three" in one.data)
    records.edit(ctx, TASK, [1], {"name": "Uno"})
    records.edit(ctx, TASK, [2], {"name": "Due"})
    records.edit(ctx, TASK, [4], {"name": "Quattro"})
    records.remove(ctx, TASK, [3])
    proxy.rule = lambda asked: (
        Answer(status, {}, b"")
        if b"SUMMARY:Due" in asked.body or (asked.method, asked.path) == ("DELETE", href) else None
    )  # fmt: skip
    found = run(ctx, through, todos)
    # One that is gone when it is to be removed is no trouble.
    assert named(found) == (["2 Due"] if status == 404 else ["2 Due", "3 Three"])
    assert {"Uno", "Quattro"} <= set(names_there(client, todos))
    proxy.rule = lambda _: None
    if status == 404:
        client.delete(href, client.item(href).etag)
    settled(ctx, through, proxy, todos)
    assert names_there(client, todos) == names_here(ctx) == ["Due", "Quattro", "Uno"]


def _hrefs(client: Client, collection: Collection) -> list[str]:
    return [member.href for member in client.listing(collection).members]


def test_a_server_that_fails_three_times_in_a_row_is_left_alone(
    ctx: Context, through: Client, proxy: Proxy, todos: Collection
) -> None:
    tasks(ctx, *"abcdefg")
    puts = iter([None, 500, 500, None, 500, 423, 500, 500, 500])

    def rule(asked: Asked) -> Answer | None:
        status = next(puts, 500) if asked.method == "PUT" else None
        return Answer(status, {}, b"") if status else None

    proxy.rule = rule
    found = run(ctx, through, todos)  # one came between them
    assert len(found.unsettled) == 5
    with pytest.raises(AwayError, match="trouble of its own"):
        run(ctx, through, todos)
    assert [status for asked, status in proxy.asked if asked.method == "PUT"][-3:] == [500, 500, 500]
    settled(ctx, through, proxy, todos)


def test_a_server_that_wants_to_be_left_alone_is(
    ctx: Context, through: Client, proxy: Proxy, todos: Collection, waits: list[float]
) -> None:
    tasks(ctx, "One", "Two", "Three")
    proxy.rule = of("SUMMARY:Two", Answer(429, {"Retry-After": "3600"}, b""))
    with pytest.raises(BusyError, match="3600 seconds"):
        run(ctx, through, todos)
    assert (waits, len([1 for asked, _ in proxy.asked if asked.method == "PUT"])) == ([], 2)
    settled(ctx, through, proxy, todos)


# One item that cannot be read.


@pytest.mark.parametrize("status", [500, 403, 423])
@pytest.mark.parametrize("linked", [False, True])
def test_one_item_that_cannot_be_read_keeps_no_other(
    ctx: Context, client: Client, through: Client, proxy: Proxy, todos: Collection, status: int, linked: bool
) -> None:
    tasks(ctx, *(["One", "Two"] if linked else ["Two"]))
    run(ctx, through, todos)
    text = client.item(_hrefs(client, todos)[0]).data
    for name in ("Three", "Four"):
        changed = re.sub("SUMMARY:.*\r", f"SUMMARY:{name}\r", re.sub("UID:.*\r", f"UID:{name}\r", text))
        client.create(todos, f"{name}.ics", changed)
    choking = f"{todos.href}Three.ics"
    if linked:
        choking = next(one.href for one in client.fetch(todos, _hrefs(client, todos)) if "SUMMARY:One" in one.data)
        one = client.item(choking)
        client.update(todos, choking, one.etag, one.data.replace("SUMMARY:One", "SUMMARY:Uno"))
        records.edit(ctx, TASK, [1], {"priority": "high"})
    records.edit(ctx, TASK, [2 if linked else 1], {"name": "Due"})
    called = choking.rpartition("/")[2].partition("%40")[0].partition("@")[0]

    def rule(asked: Asked) -> Answer | None:
        if asked.method == "GET" and called in asked.path:
            return Answer(status, {}, b"")
        if asked.method != "REPORT" or b"multiget" not in asked.body or called.encode() not in asked.body:
            return None
        answer = proxy.forward(asked)
        refused = f'<d:response xmlns:d="DAV:"><d:href>{choking}</d:href><d:status>HTTP/1.1 {status} X</d:status>'
        one = rf"<(\w*:?)response\b(?:(?!</\w*:?response>).)*{re.escape(called)}.*?</\1response>"
        body = re.sub(one.encode(), refused.encode() + b"</d:response>", answer.body, flags=re.DOTALL)
        assert body != answer.body
        return answer._replace(body=body)

    proxy.rule = rule
    before = _link(ctx, choking)
    for _ in range(2):
        found = run(ctx, through, todos)
        (line,) = found.unsettled
        assert line.startswith("task:1 One: " if linked else choking)
        assert "cannot be read" in line
        assert _link(ctx, choking)[:1] == before[:1]
    assert names_here(ctx) == (["Due", "Four", "One", "Three"] if linked else ["Due", "Four"])
    assert "Due" in names_there(client, todos)
    settled(ctx, through, proxy, todos)
    assert names_here(ctx) == names_there(client, todos) == ["Due", "Four", "Three", *(["Uno"] if linked else [])]


def _link(ctx: Context, href: str) -> tuple[Any, ...]:
    found = ctx.reader.one("SELECT record_id, etag FROM sync_link WHERE href = ?", (href,))
    return tuple(found or ())


def test_a_report_that_chokes_on_one_item_is_done_without(
    ctx: Context, client: Client, through: Client, proxy: Proxy, todos: Collection
) -> None:
    """The server fails as a whole where one item is asked for among others."""
    tasks(ctx, *"abcdef")
    run(ctx, client, todos)
    choking = _hrefs(client, todos)[2]

    def rule(asked: Asked) -> Answer | None:
        bad = choking.encode() in asked.body or (asked.method == "GET" and asked.path == choking)
        return Answer(500, {}, b"") if bad else None

    proxy.rule = rule
    there = DavRemote(through, todos)
    refused = [one.href for one in there.fetch(_hrefs(client, todos)) if not hasattr(one, "text")]
    assert refused == [choking]
    proxy.rule = lambda asked: Answer(500, {}, b"") if asked.method in ("GET", "REPORT") else None
    with pytest.raises(AwayError):
        list(there.fetch(_hrefs(client, todos)))
    assert [status for _, status in proxy.asked][-4:] == [500, 500, 500, 500]


# No versions.


def test_a_server_without_versions_is_not_written_over_and_that_is_said(
    ctx: Context, client: Client, through: Client, proxy: Proxy, todos: Collection
) -> None:
    def rule(asked: Asked) -> Answer:
        answer = proxy.forward(asked)
        answer.headers.pop("ETag", None)
        return answer._replace(body=re.sub(rb"<(\w*:?)getetag>.*?</\1getetag>", b"", answer.body))

    tasks(ctx, "One", "Two", "Three")
    proxy.rule = rule
    found = run(ctx, through, todos)
    assert (str(found), found.unsettled) == ("3 new there", [])
    records.edit(ctx, TASK, [1], {"name": "Uno"})
    records.remove(ctx, TASK, [2])
    for _ in range(2):
        found = run(ctx, through, todos)
        assert named(found) == ["1 Uno", "2 Two"]
        assert all("ETag" in line for line in found.unsettled)
        assert not any("next run" in line or "stays there" in line for line in found.unsettled)
    settled(ctx, through, proxy, todos)
    assert names_there(client, todos) == ["Three", "Uno"]
