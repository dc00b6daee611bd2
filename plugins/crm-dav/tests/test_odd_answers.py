"""Answers that no proper server gives, and the freedoms that servers take."""

from __future__ import annotations

import re
import time

import pytest
from crm_dav import client as client_module
from crm_dav import errors, transport
from crm_dav.remote import DavRemote

from crmcli.api import ConflictError, CrmError, NotTakenError, OvertakenError, RefusedError, UsageError
from tests.support.dav_answers import CAL, CALENDAR, found, member, multistatus, serving, stated
from tests.support.raw_http import Request, reply

# Discovery.


@pytest.mark.parametrize("root", ["/", "/by/another/name/"])
def test_a_root_that_is_not_listed(root: str) -> None:
    def answer(request: Request) -> bytes:
        if request.path == "/":
            me = "<d:current-user-principal><d:href>/me/</d:href></d:current-user-principal>"
            return multistatus(found(root, me)) if request.headers["depth"] == "0" else reply(403)
        if request.path == "/me/":
            return multistatus(found("/me/", "<c:calendar-home-set><d:href>/homes/me/</d:href></c:calendar-home-set>"))
        inbox = found("/homes/me/inbox/", "<d:resourcetype><d:collection/><c:schedule-inbox/></d:resourcetype>")
        if request.path != "/homes/me/":
            return reply(403)
        return multistatus(found("/homes/me/", "<d:resourcetype/>"), inbox, CALENDAR)

    with serving(answer) as (one, requests):
        assert [calendar.href for calendar in one.discover()] == ["/cal/"]
    assert {request.path for request in requests} <= {"/", root, "/me/", "/homes/me/"}


def test_what_the_server_refuses_to_tell_is_not_there() -> None:
    kind = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
    refused = "<d:displayname>No</d:displayname><d:sync-token>no</d:sync-token><d:getetag>no</d:getetag>"
    with serving(multistatus(found("/cal/", kind, refused), found("/cal/a", "<d:resourcetype/>", refused))) as (one, _):
        calendar = one.collection("/cal")
        assert (calendar.name, calendar.token) == ("cal", "")
        assert one.listing(calendar).members == [("/cal/a", "")]


# Making collections.


def test_a_server_without_a_place_for_calendars() -> None:
    nothing = multistatus(found("/", "<d:resourcetype><d:collection/></d:resourcetype>"))
    with serving(nothing) as (one, requests), pytest.raises(errors.MissingError, match="no place"):
        one.make("calendar", "New")
    assert {request.method for request in requests} == {"PROPFIND"}


@pytest.mark.parametrize("status", [403, 405, 409])
@pytest.mark.parametrize("there", [True, False])
def test_a_collection_that_cannot_be_made(status: int, there: bool) -> None:
    """Servers say with the same numbers that something is there and that it may not be made."""

    def answer(request: Request) -> bytes:
        if request.method == "MKCOL":
            return reply(status)
        if request.path == "/":
            homes = "<a:addressbook-home-set><d:href>/home</d:href></a:addressbook-home-set>"
            return multistatus(found("/", homes))
        return multistatus(found(request.path, "<d:resourcetype/>")) if there else reply(404)

    with serving(answer) as (one, requests), pytest.raises(ConflictError if there else RefusedError):
        one.make("addressbook", "A & <B>\x00")
    (made,) = [request for request in requests if request.method == "MKCOL"]
    assert re.fullmatch("/home/[0-9a-f-]{36}/", made.path)
    assert b"<d:displayname>A &amp; &lt;B&gt;</d:displayname>" in made.body


# Members, changes, items.


def test_hrefs_are_compared_in_one_form() -> None:
    hrefs = ["http://127.0.0.1:1/cal/a%40b%c3%a9.ics", "/cal/./x/../a@b\u00e9.ics", "/cal/a%40b%C3%A9.ics"]
    for href in hrefs:
        with serving(multistatus(member("/cal", ""), member(href), token="t")) as (one, _):
            assert one.changes(CAL, "t0").members == [("/cal/a@b%C3%A9.ics", '"1"')]


def test_members_elsewhere_are_not_taken_for_an_empty_list() -> None:
    for href in ("/other/a.ics", "http://evil.example.org/cal/a.ics", "/cal/../a.ics", "/calm/a.ics"):
        with serving(multistatus(CALENDAR, member(href))) as (one, _), pytest.raises(errors.AnswerError):
            one.listing(CAL)


def test_folders_and_what_just_left_are_no_members() -> None:
    folder = found("/cal/sub", "<d:resourcetype><d:collection/></d:resourcetype>")
    inside = [CALENDAR, folder, stated("/cal/gone.ics", 404), stated("/cal/odd.ics", 403), member("/cal/a")]
    with serving(multistatus(*inside)) as (one, _):
        listing = one.listing(CAL)
    assert listing == ("", [("/cal/odd.ics", ""), ("/cal/a", '"1"')], [], True)


def test_a_cut_listing_is_refused() -> None:
    answers = iter([multistatus(CALENDAR), multistatus(member("/cal/a"), stated("/cal/", 507))])
    with serving(lambda _: next(answers)) as (one, _), pytest.raises(errors.AnswerError, match="does not list all"):
        one.listing(CAL)


def test_changes_in_parts_are_followed() -> None:
    answers = iter(
        [
            multistatus(member("/cal/a"), member("/cal/b"), stated("/cal/", 507), token="t1"),
            multistatus(member("/cal/a", '"2"'), stated("/cal/b", 404), stated("/cal/", 507), token="t2"),
            multistatus(member("/cal/c"), token="t3"),
        ]
    )
    with serving(lambda _: next(answers)) as (one, requests):
        changes = one.changes(CAL, "t0")
    assert changes == ("t3", [("/cal/a", '"2"'), ("/cal/c", '"1"')], ["/cal/b"], False)
    asked = [re.search(rb"sync-token>(.*?)<", request.body)[1] for request in requests]  # type: ignore[index]
    assert asked == [b"t0", b"t1", b"t2"]


def test_changes_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "MAX_PARTS", 3)

    def more(_: Request) -> bytes:
        return multistatus(stated("/cal/", 507), token=str(time.monotonic_ns()))

    with serving(more) as (one, requests), pytest.raises(errors.AnswerError, match="without end"):
        one.changes(CAL, "t0")
    assert len(requests) == 3
    with serving(multistatus(stated("/cal/", 507), token="t0")) as (one, _), pytest.raises(errors.SyncTokenError):
        one.changes(CAL, "t0")


@pytest.mark.parametrize(
    "answer",
    [
        *(reply(status) for status in (400, 403, 405, 409, 410, 412, 415, 501)),
        multistatus(member("/cal/a")),
        multistatus(stated("/cal/", 403), token="t2"),
        reply(403, '<d:error xmlns:d="DAV:"><d:valid-sync-token/></d:error>'),
    ],
)
def test_a_refused_token_asks_for_a_listing(answer: bytes) -> None:
    with serving(answer) as (one, _), pytest.raises(errors.SyncTokenError):
        one.changes(CAL, "t0")


def test_trouble_is_no_refused_token() -> None:
    for status, kind in ((401, errors.PasswordError), (500, errors.AwayError)):
        with serving(reply(status)) as (one, _), pytest.raises(kind):
            one.changes(CAL, "t0")


def data(href: str, text: str, etag: str = '"1"') -> str:
    return found(href, f"<d:getetag>{etag}</d:getetag><c:calendar-data>{text}</c:calendar-data>")


def test_what_a_multiget_leaves_out_is_asked_for_by_itself() -> None:
    def answer(request: Request) -> bytes:
        if request.method == "REPORT":
            kept = [data("/cal/a", "A\n&lt;B>\n"), stated("/cal/gone", 404), stated("/cal/c", 500), member("/cal/d")]
            return multistatus(*kept, data("/cal/unasked", "X"))
        return reply(200, "\ufeffD\r\n", ETag='"4"') if request.path != "/cal/e" else reply(404)

    with serving(answer) as (one, _):
        items = sorted(one.fetch(CAL, ["/cal/a", "/cal/gone", "/cal/c", "/cal/d", "/cal/e"]))
    assert items == [("/cal/a", '"1"', "A\r\n<B>\r\n"), ("/cal/c", '"4"', "D\r\n"), ("/cal/d", '"4"', "D\r\n")]


def test_a_portion_that_is_too_large_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER", 5000)

    def answer(request: Request) -> bytes:
        hrefs = re.findall(rb"<d:href>(.*?)<", request.body)
        return multistatus(*(data(href.decode(), "x" * 1000) for href in hrefs))

    with serving(answer) as (one, _):
        hrefs = [f"/cal/{number}" for number in range(8)]
        assert sorted(item.href for item in one.fetch(CAL, hrefs)) == hrefs


@pytest.mark.parametrize("report", [reply(500), b"", reply(207, "<a>\x0b</a>")])
def test_a_report_that_one_item_breaks_is_done_without(report: bytes) -> None:
    def answer(request: Request) -> bytes:
        if request.method == "REPORT":
            return report
        return reply({"/cal/b": 500, "/cal/c": 404, "/cal/d": 403}.get(request.path, 200), request.path)

    hrefs = [f"/cal/{name}" for name in "abcdebfb"]
    unread: list[str] = []
    with serving(answer) as (one, requests):
        found = [item.href for item in one.fetch(CAL, hrefs, lambda href, _: unread.append(href))]
        assert (found, unread) == (["/cal/a", "/cal/e", "/cal/f"], ["/cal/b", "/cal/d", "/cal/b", "/cal/b"])
        unread.clear()
        asked = len(requests)
        with pytest.raises(errors.TroubleError):
            list(one.fetch(CAL, ["/cal/b"] * 9, lambda href, _: unread.append(href)))
        assert (len(unread), len(requests) - asked) == (client_module.MAX_FAILURES - 1, 1 + client_module.MAX_FAILURES)


def test_items_that_a_report_leaves_out_are_each_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server answers, so it is not the server that is in trouble."""
    monkeypatch.setattr(transport, "MAX_ANSWER", 5000)

    def answer(request: Request) -> bytes:
        if request.method == "REPORT" and b"/cal/large" not in request.body:
            return multistatus(data("/cal/a", "A"), *(stated(f"/cal/{number}", 500) for number in range(5)))
        return reply(207, "x" * 9000) if request.path in ("/cal/", "/cal/large") else reply(500)

    told: dict[str, CrmError] = {}
    with serving(answer) as (one, _):
        hrefs = ["/cal/a", *(f"/cal/{number}" for number in range(5)), "/cal/large"]
        assert [item.href for item in one.fetch(CAL, hrefs, told.__setitem__)] == ["/cal/a"]
    assert sorted(told) == sorted(hrefs[1:])
    assert isinstance(told["/cal/large"], errors.TooLargeError)


def test_an_item_that_cannot_be_read_is_no_missing_one() -> None:
    for status, kind in ((403, errors.ForbiddenError), (500, errors.AwayError)):

        def answer(request: Request, status: int = status) -> bytes:
            return multistatus() if request.method == "REPORT" else reply(status)

        with serving(answer) as (one, _), pytest.raises(kind):
            list(one.fetch(CAL, ["/cal/a"]))
    for charset, body in (("utf-8", b"\xff"), ("nonsense", b"x")):
        sent = reply(200, body, Content_Type=f"text/calendar; charset={charset}")
        with serving(sent) as (one, _), pytest.raises(errors.AnswerError, match="as the server says"):
            one.item("/cal/a")


# Writing.


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_names_that_would_be_the_collection_itself(name: str) -> None:
    with serving(reply(201)) as (one, requests), pytest.raises(ValueError, match="name"):
        one.create(CAL, name, "X")
    assert requests == []


@pytest.mark.parametrize(
    ("header", "exact", "etag"), [('"1"', True, '"1"'), ('W/"1"', False, '"2"'), ("", False, '"2"'), ("5", True, '"5"')]
)
def test_the_etag_of_what_was_put(header: str, exact: bool, etag: str) -> None:
    def answer(request: Request) -> bytes:
        return reply(201, ETag=header) if request.method == "PUT" else multistatus(member(request.path, '"2"'))

    with serving(answer) as (one, requests):
        assert one.create(CAL, "a b.ics", "X\n") == ("/cal/a%20b.ics", etag, exact)
    sent = requests[0]
    assert sent.headers["if-none-match"] == "*"
    assert sent.headers["content-type"] == "text/calendar; charset=utf-8"
    assert sent.body == b"X\r\n"


@pytest.mark.parametrize(
    ("location", "href"),
    [("/cal/other.ics", "/cal/other.ics"), ("http://evil.example.org/x", "/cal/a.ics"), ("b.ics", "/cal/b.ics")],
)
def test_the_server_chooses_where_an_item_stands(location: str, href: str) -> None:
    with serving(reply(201, ETag='"1"', Location=location)) as (one, _):
        assert one.create(CAL, "a.ics", "X").href == href


def test_a_weak_etag_is_tried_in_its_strong_form() -> None:
    with serving(reply(204, ETag='"2"')) as (one, requests):
        one.update(CAL, "/cal/a.ics", 'W/"1"', "X")
        one.delete("/cal/a.ics", '"2"')
        assert [request.headers["if-match"] for request in requests] == ['"1"', '"2"']
        for attempt in (lambda: one.update(CAL, "/cal/a.ics", "", "X"), lambda: one.delete("/cal/a.ics", "")):
            with pytest.raises(UsageError, match="no ETag"):
                attempt()
        assert len(requests) == 2


@pytest.mark.parametrize("etag", ["", '"', '""', '"a\u00e9"', '"a"b"'])
def test_etags_that_no_header_can_carry_are_none(etag: str) -> None:
    with serving(multistatus(CALENDAR, member("/cal/a", etag))) as (one, _):
        assert one.listing(CAL).members == [("/cal/a", "")]


UID_CONFLICT = (
    '<d:error xmlns:d="DAV:"><c:no-uid-conflict xmlns:c="urn:ietf:params:xml:ns:caldav"><d:href>/cal/b.ics</d:href>'
    "</c:no-uid-conflict></d:error>"
)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (412, "", errors.PreconditionError),
        # Some servers say in the answer which header it was, in a namespace of their own.
        (412, '<d:error xmlns:d="DAV:"><s:header xmlns:s="x">If-Match</s:header></d:error>', errors.PreconditionError),
        (409, UID_CONFLICT, errors.UidConflictError),
        (507, "", errors.RejectedError),
        (413, "", errors.RejectedError),
        (403, "", errors.ForbiddenError),
        (404, "", errors.MissingError),
        (410, "", errors.MissingError),
        (418, "", errors.AnswerError),
        (423, "", errors.RejectedError),
        (500, "", errors.TroubleError),
    ],
)
def test_what_becomes_of_a_refused_write(status: int, body: str, kind: type[CrmError]) -> None:
    with serving(reply(status, body)) as (one, requests):
        with pytest.raises(kind) as caught:
            one.update(CAL, "/cal/a.ics", '"1"', "X")
        assert len(requests) == 1
    assert isinstance(caught.value, CrmError)
    assert caught.value.hint
    # The address was right: nobody would get further by looking at it.
    assert "check the address" not in caught.value.hint
    if isinstance(caught.value, errors.UidConflictError):
        assert caught.value.href == "/cal/b.ics"


def test_who_has_the_uid_of_an_item_was_not_faster() -> None:
    with serving(reply(409, UID_CONFLICT)) as (one, _):
        with pytest.raises(OvertakenError):  # a new one may be known there: that is read
            DavRemote(one, CAL).create("a", "X")
        with pytest.raises(NotTakenError, match="has its UID already"):
            DavRemote(one, CAL).update("/cal/a.ics", '"1"', "X")


PAGE = reply(200, "<html><body>Log in</body></html>", ETag='"page"')


@pytest.mark.parametrize("there", [reply(404), multistatus(stated("/cal/a.ics", 404))])
def test_what_was_taken_and_is_not_there_has_no_place(there: bytes) -> None:
    for put in (PAGE, reply(201), reply(204)):
        with serving(lambda request, put=put: put if request.method == "PUT" else there) as (one, _):
            assert one.create(CAL, "a.ics", "X") == ("", "", False)
            with pytest.raises(errors.PreconditionError, match="removed"):
                one.update(CAL, "/cal/a.ics", '"1"', "X")


def test_a_page_in_place_of_an_answer_changes_nothing() -> None:
    def answer(request: Request) -> bytes:
        return multistatus(member(request.path, '"1"')) if request.method == "PROPFIND" else PAGE

    with serving(answer) as (one, _):
        with pytest.raises(errors.RejectedError, match=r"has changed /cal/a\.ics, and has not"):
            one.update(CAL, "/cal/a.ics", '"1"', "X")
        with pytest.raises(errors.RejectedError, match=r"has removed /cal/a\.ics, and has not"):
            one.delete("/cal/a.ics", '"1"')
        assert one.update(CAL, "/cal/a.ics", '"0"', "X") == ("/cal/a.ics", '"1"', False)
    with serving(lambda request: reply(404) if request.method == "PROPFIND" else PAGE) as (one, requests):
        one.delete("/cal/a.ics", '"1"')
        assert len(requests) == 2


@pytest.mark.parametrize("status", [403, 405, 409])
def test_an_item_that_nothing_can_be_asked_of_is_there(status: int) -> None:
    with serving(lambda request: reply(201 if request.method == "PUT" else status)) as (one, _):
        assert one.create(CAL, "a.ics", "X") == ("/cal/a.ics", "", False)


def test_a_write_whose_answer_is_lost_is_not_repeated() -> None:
    with serving(b"") as (one, requests):
        with pytest.raises(CrmError):
            one.update(CAL, "/cal/a.ics", '"1"', "X")
        assert len(requests) == 1
