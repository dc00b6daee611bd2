"""What a DAV server may say, in XML, and a client of the plugin crm-dav that is told it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from crm_dav.client import Client
from crm_dav.shapes import Collection

from tests.support.raw_http import RawServer, Request, reply

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The answer to every request, or what makes one of each request: whole, or in pieces.
Answer = bytes | Callable[[Request], Any]
SECRET = "s3cret-of-ada"
#: A calendar that was discovered earlier.
CAL = Collection(
    href="/cal/", kind="calendar", name="Cal", components=frozenset({"VTODO"}), ctag="", token="t1", privileges=None,
    vcards=frozenset(),
)  # fmt: skip


@contextmanager
def serving(answer: Answer, password: str = SECRET, **options: Any) -> Iterator[tuple[Client, list[Request]]]:
    """A client of a server that answers so, and the requests that come there."""
    server = RawServer(answer if callable(answer) else lambda _: answer)
    with server, Client(server.url, "ada", password, **options) as one:
        yield one, server.requests


def multistatus(*responses: str, token: str = "") -> bytes:
    """A whole answer of the kind 207, with the new token of a sync-collection report."""
    inside = "".join(responses) + (f"<d:sync-token>{token}</d:sync-token>" if token else "")
    spaces = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:a="urn:ietf:params:xml:ns:carddav"'
    return reply(207, f"<d:multistatus {spaces}>{inside}</d:multistatus>", Content_Type="application/xml")


def found(href: str, props: str, missing: str = "<d:owner/>") -> str:
    """A response with properties that are there, and some that are not."""
    there = f"<d:propstat><d:prop>{props}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
    not_there = f"<d:propstat><d:prop>{missing}</d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>"
    return f"<d:response><d:href>{href}</d:href>{there}{not_there}</d:response>"


def stated(href: str, status: int) -> str:
    """A response that is a status alone."""
    return f"<d:response><d:href>{href}</d:href><d:status>HTTP/1.1 {status} Whatever</d:status></d:response>"


def member(href: str, etag: str = '"1"') -> str:
    """A response as lists of members have it."""
    return found(href, f"<d:getetag>{etag}</d:getetag><d:resourcetype/>")


#: What its server says of it.
CALENDAR = found("/cal/", "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>")
