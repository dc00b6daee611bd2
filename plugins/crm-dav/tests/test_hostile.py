"""Attacks on the client: XML, sizes, times, other servers; and what is no DAV server at all."""

from __future__ import annotations

import hashlib
import re
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from crm_dav import addresses, discovery, errors, transport, xmltree
from crm_dav import multistatus as multistatus_module
from crm_dav.addresses import Origin
from crm_dav.client import Client
from crm_dav.refusals import refusal
from hypothesis import given
from hypothesis import strategies as st

from crmcli.api import CrmError, UsageError
from tests.support.dav_answers import SECRET, Answer, found, member, multistatus, serving
from tests.support.raw_http import RawServer, Request, reply, silent

if TYPE_CHECKING:
    from collections.abc import Iterator


def failing(answer: Answer, kind: type[CrmError], **options: Any) -> CrmError:
    """The error that discovery ends in where every request is answered so; the password is not in it."""
    with serving(answer, **options) as (one, _), pytest.raises(kind) as caught:
        one.discover()
    error = caught.value
    assert SECRET not in str(error)
    assert error.hint
    assert error.__cause__ is None
    assert "\x1b" not in str(error)
    return error


# Hostile XML.

LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><d:multistatus xmlns:d="DAV:">&b;</d:multistatus>'
SPY = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><d:multistatus xmlns:d="DAV:">&a;</d:multistatus>'
OUTSIDE = '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><d:multistatus xmlns:d="DAV:"/>'


@pytest.mark.parametrize("xml", [LAUGHS, SPY, OUTSIDE])
@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
@pytest.mark.parametrize("status", [207, 403])
def test_document_types_are_refused(xml: str, charset: str, status: int) -> None:
    error = failing(reply(status, xml.encode(charset)), CrmError)
    assert "root:" not in str(error)
    if status == 207:
        assert "declares a document type" in str(error)


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "no xml",
        "<a>",
        "<d:multistatus xmlns:d='DAV:'><d:response/></d:multistatus>",
        "<d:multistatus>",
        b"<a>\xff\xfe</a>",
        "<a>\x00</a>",
        "<?xml version='1.0' encoding='nonsense'?><a/>",
        "<d:multistatus xmlns:d='DAV:'>&unknown;</d:multistatus>",
    ],
)
def test_broken_xml_is_refused(xml: str | bytes) -> None:
    failing(reply(207, xml), errors.AnswerError)


@pytest.mark.parametrize(
    "xml",
    [
        b"<a>" * 60 + b"</a>" * 60,
        b"<a>" + b"<b/>" * 2000 + b"</a>",
        b"<a>" + b"<b c='' d=''/>" * 400 + b"</a>",
        # Each of these small elements would be a long name.
        b"<x:a xmlns:x='" + b"u" * 10_000 + b"'>" + b"<x:b/>" * 100 + b"</x:a>",
        b"<x:a xmlns:x='" + b"u" * 400 + b"'>" + b"".join(b"<x:b%d/>" % number for number in range(900)) + b"</x:a>",
    ],
    ids=["deep", "many", "attributes", "long names", "names"],
)
def test_xml_that_grows_in_memory_is_refused(xml: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmltree, "MAX_NODES", 1000)
    monkeypatch.setattr(xmltree, "MAX_NAMES", 500)
    with pytest.raises(errors.AnswerError, match="deeper or has more parts"):
        xmltree.read(xml)


TAGS = ["d:multistatus", "d:response", "d:href", "d:propstat", "d:prop", "d:status", "d:getetag", "d:resourcetype"]
TAGS += ["c:calendar", "a:addressbook", "d:sync-token", "d:current-user-privilege-set", "d:error", "x", "d:displayname"]


def trees(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    texts = st.sampled_from(["", "/", "/cal/", "HTTP/1.1 200 OK", "HTTP/1.1 507 x", "//", "http://[", "&#9;"])
    contents = st.lists(inside | texts, max_size=4).map("".join)
    return st.builds(lambda tag, inner: f"<{tag}>{inner}</{tag}>", st.sampled_from(TAGS), contents)


@given(st.lists(st.recursive(st.just(""), trees, max_leaves=12), max_size=4).map("".join) | st.binary())
def test_whatever_is_said_ends_in_words(inside: str | bytes) -> None:
    spaces = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:a="urn:ietf:params:xml:ns:carddav"'
    body = inside if isinstance(inside, bytes) else f"<d:multistatus {spaces}>{inside}</d:multistatus>".encode()
    origin = Origin("http", "127.0.0.1", 1)
    refusal(origin, "PUT", "/cal/a", 409, body)
    with suppress(errors.AnswerError, errors.NotDavError):
        for one in multistatus_module.read(body).responses:
            discovery.collection(addresses.href(origin, "/cal/", one.href), one.props)


def test_names_of_a_stranger_are_harmless() -> None:
    name = "\u202eevil\u200b &#9;name\n of " + "x" * 5000
    props = f"<d:resourcetype><d:collection/><c:calendar/></d:resourcetype><d:displayname>{name}</d:displayname>"
    with serving(multistatus(found("/", props))) as (one, _):
        (calendar,) = one.discover()
    assert calendar.name.startswith("evil name of xxx")
    assert len(calendar.name) == 200
    assert calendar.writable is None
    assert calendar.components == {"VEVENT", "VTODO"}


# Sizes and times.


def endless(head: bytes, piece: bytes, pause: float = 0.0) -> Callable[[Request], Iterator[bytes]]:
    def pieces(_: Request) -> Iterator[bytes]:
        yield head
        give_up = time.monotonic() + 20
        while time.monotonic() < give_up:
            yield piece
            time.sleep(pause)

    return pieces


def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER", 1 << 20)
    failing(endless(b"HTTP/1.1 207 Multi-Status\r\n\r\n<a>", b" " * 65536), errors.TooLargeError)


def test_a_refusal_without_end_is_cut() -> None:
    error = failing(endless(b"HTTP/1.1 403 Forbidden\r\n\r\n<a>", b" " * 65536), errors.ForbiddenError)
    assert "does not let this user" in str(error)


def test_a_question_for_the_password_without_end_is_not_read() -> None:
    head = b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n\r\n'
    start = time.monotonic()
    failing(endless(head, b" " * 65536), errors.PasswordError)
    assert time.monotonic() - start < 10


def test_packed_answers_are_not_unpacked() -> None:
    error = failing(reply(207, b"\x1f\x8b", Content_Encoding="gzip"), errors.AnswerError)
    assert "packs its answers" in str(error)


def test_silence_ends() -> None:
    with silent() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with Client(url, "ada", SECRET, timeout=0.2) as one, pytest.raises(errors.TroubleError, match="in time"):
            one.discover()


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 207 Multi-Status\r\n\r\n<a>", b"HTTP/1.1 207 Multi-Status\r\nX-Slow: "], ids=["body", "headers"]
)
def test_trickling_ends(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_SECONDS", 0.5)
    start = time.monotonic()
    failing(endless(head, b" ", 0.05), errors.AwayError, timeout=5.0)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("text", ["1", "Mon, 01 Jan 2024 00:00:00 GMT", "", "soon"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(status: int, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(transport, "sleep", waited.append)
    answers = iter([reply(status, Retry_After=text), multistatus(member("/cal/a.ics"))])
    with serving(lambda _: next(answers)) as (one, _):
        assert one.item("/cal/a.ics").href == "/cal/a.ics"
    assert len(waited) == 1
    assert waited[0] <= 2


@pytest.mark.parametrize("text", ["3600", "99999999999999999999", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_nobody_waits_for_hours(text: str) -> None:
    error = failing(reply(503, Retry_After=text), errors.BusyError)
    assert isinstance(error, errors.BusyError)
    assert error.seconds >= 3600


def test_nobody_asks_a_busy_server_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(transport, "sleep", waited.append)
    for status in (429, 503):
        waited.clear()
        with serving(reply(status, Retry_After="0")) as (one, requests):
            with pytest.raises(errors.TroubleError) as caught:
                one.item("/cal/a.ics")
            assert len(requests) == transport.MAX_TRIES
        assert len(waited) == transport.MAX_TRIES - 1, "nobody asks after that"
        assert "again later" in caught.value.hint


# Other servers, and passwords.


def test_no_other_server_is_asked() -> None:
    with RawServer(lambda _: multistatus()) as other:
        for url in (f"http://127.0.0.1:{other.port}/dav/", f"http://localhost:{other.port}/"):
            error = failing(reply(301, Location=url), errors.ElsewhereError)
            assert isinstance(error, errors.ElsewhereError)
            assert error.url == url
            assert "gets no password" in str(error)
        home = f"<c:calendar-home-set><d:href>http://localhost:{other.port}/</d:href></c:calendar-home-set>"
        error = failing(multistatus(found("/", home)), errors.AnswerError)
        assert "another server" in str(error)
        assert other.requests == []


@pytest.mark.parametrize("location", ["", "http://[", "//\x7f", "ftp://127.0.0.1/", "javascript:alert(1)"])
def test_a_redirect_to_nowhere(location: str) -> None:
    failing(reply(302, Location=location), CrmError)


def test_redirects_end() -> None:
    with serving(lambda request: reply(307, Location=request.path + "x")) as (one, requests):
        with pytest.raises(errors.AnswerError, match="without end"):
            one.item("/a")
        assert len(requests) == transport.MAX_REDIRECTS + 1


def test_a_redirect_keeps_the_question() -> None:
    def answer(request: Request) -> bytes:
        if request.path.startswith("/.well-known"):
            return reply(303, Location="/dav")
        if request.path != "/dav":
            return reply(404)
        kind = "<d:resourcetype><d:collection/><a:addressbook/></d:resourcetype>"
        return multistatus(found("/dav/", kind))

    with serving(answer) as (one, requests):
        assert [(found.href, found.kind, found.name) for found in one.discover()] == [("/dav/", "addressbook", "dav")]
    assert {request.method for request in requests} == {"PROPFIND"}


def test_the_password_goes_nowhere_in_the_open() -> None:
    for url in ("http://dav.example.org/", "http://10.0.0.1:5232/"):
        with pytest.raises(UsageError, match="others can read it"):
            Client(url, "ada", SECRET)
    Client("http://dav.example.org/", "ada", SECRET, allow_http=True).close()
    for url in (f"https://ada:{SECRET}@dav.example.org/", f"https://{SECRET}@h/", f"ftp://x/{SECRET}", "", "https://"):
        with pytest.raises(UsageError) as caught:
            Client(url, "ada", SECRET)
        assert SECRET not in str(caught.value)


def test_basic_waits_to_be_asked_where_others_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: Request) -> bytes:
        right = request.headers.get("authorization") == "Basic " + b64encode(f"ada:{SECRET}".encode()).decode()
        return reply(200, "X") if right else reply(401, WWW_Authenticate='Basic realm="dav"')

    with RawServer(answer) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        with Client("http://dav.example.org/", "ada", SECRET, allow_http=True) as one:
            one.item("/cal/a")
            one.item("/cal/b")
    assert [(request.path, "authorization" in request.headers) for request in proxy.requests] == [
        ("http://dav.example.org/cal/a", False),
        ("http://dav.example.org/cal/a", True),
        ("http://dav.example.org/cal/b", True),
    ]


def test_this_machine_is_asked_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(lambda _: reply(500)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        with serving(reply(200, "X")) as (one, requests):
            one.item("/cal/a")
        assert "authorization" in requests[0].headers
        assert proxy.requests == []


def digest_server(request: Request) -> bytes:
    """Lets in whoever answers a Digest question rightly, worked out by the letter of RFC 7616."""
    said = request.headers.get("authorization", "")
    ask = reply(401, WWW_Authenticate='Digest realm="dav", nonce="n0nce", qop="auth", algorithm=SHA-256')
    if not said.startswith("Digest "):
        return ask
    parts = dict(re.findall(r'(\w+)="?([^",]*)"?', said))

    def sha(*words: str) -> str:
        return hashlib.sha256(":".join(words).encode()).hexdigest()

    right = sha(
        sha("ada", "dav", SECRET), "n0nce", parts["nc"], parts["cnonce"], "auth", sha(request.method, request.path)
    )
    return reply(200, "BEGIN:VCALENDAR", ETag='"1"') if parts["response"] == right else ask


def test_digest() -> None:
    with serving(digest_server) as (one, requests):
        assert one.item("/cal/a%20b.ics").etag == '"1"'
        asked = len(requests)
        assert one.item("/cal/b.ics").data == "BEGIN:VCALENDAR"
        assert len(requests) == asked + 1
    with serving(digest_server, "wrong") as (one, requests):
        with pytest.raises(errors.PasswordError):
            one.item("/cal/a.ics")
        assert len(requests) <= 3


@pytest.mark.parametrize(
    "asked", ["Digest", "Digest realm", 'Digest realm="x", nonce="y", qop="auth-int"', "Negotiate"]
)
def test_questions_for_a_password_that_nobody_can_answer(asked: str) -> None:
    failing(reply(401, WWW_Authenticate=asked), CrmError)


# What is no DAV server.


@pytest.mark.parametrize("status", [200, 204, 404, 405, 501])
def test_what_is_no_dav_server_is_said(status: int) -> None:
    error = failing(reply(status, "<html><body>Welcome</body></html>"), CrmError)
    assert isinstance(error, (errors.NotDavError, errors.MissingError, errors.ForbiddenError))


def test_what_is_no_http_server_is_said() -> None:
    failing(lambda _: b"SSH-2.0-OpenSSH_9.2\r\n", errors.AnswerError)


def test_what_the_server_says_is_shown_harmlessly() -> None:
    body = (
        '<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:exception>X</s:exception>'
        "<s:message>Not \u202efor you</s:message></d:error>"
    )
    error = failing(reply(403, body), errors.ForbiddenError)
    assert "Not for you" in str(error)
