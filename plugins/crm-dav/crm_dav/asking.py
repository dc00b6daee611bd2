"""The two questions that a DAV server answers with a list: properties, and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_dav import addresses, bodies, multistatus
from crm_dav.errors import AnswerError, NotDavError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crm_dav.multistatus import Multistatus, Response
    from crm_dav.transport import Transport

_XML = {"Content-Type": 'application/xml; charset="utf-8"'}


def propfind(transport: Transport, href: str, tags: Iterable[str], depth: int) -> tuple[str, Multistatus]:
    """(the href after redirects, what is said): properties of a thing (`depth` 0), of its members too (1)."""
    return _listed(transport, "PROPFIND", href, bodies.propfind(tags), depth)


def report(transport: Transport, href: str, body: bytes, depth: int) -> tuple[str, Multistatus]:
    """(the href after redirects, what is said) by a REPORT."""
    return _listed(transport, "REPORT", href, body, depth)


def _listed(transport: Transport, method: str, href: str, body: bytes, depth: int) -> tuple[str, Multistatus]:
    answer = transport.ask(method, href, body, {**_XML, "Depth": str(depth)})
    if answer.status != 207:
        raise NotDavError(
            f"{transport.origin}{href} is no CalDAV or CardDAV address",
            "ask whoever runs the server for its CalDAV or CardDAV address",
        )
    return answer.href, multistatus.read(answer.body)


def below(transport: Transport, collection: str, responses: Iterable[Response]) -> Iterator[tuple[str, Response]]:
    """(href, what is said of it) for all that is said of things inside a collection.

    Raises AnswerError for things outside of it: a server that names its members otherwise than we asked for them would
    look as if all of them were gone.
    """
    for one in responses:
        href = addresses.href(transport.origin, collection, one.href)
        if addresses.below(collection, href):
            yield href, one
        elif not addresses.same(collection, href):
            raise AnswerError(
                f"{transport.origin} was asked for {collection} and tells of {href}",
                "a proxy before it probably changes paths; tell whoever runs the server",
            )


def itself(transport: Transport, href: str, responses: Iterable[Response]) -> Response | None:
    """What is said of the thing itself that was asked for, not of its members."""
    for one in responses:
        if addresses.same(addresses.href(transport.origin, href, one.href), href):
            return one
    return None
