"""Answers of the kind 207: what a server says of several things at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from crm_dav import xmltree
from crm_dav.errors import AnswerError, NotDavError
from crm_dav.xmltree import local, names_in, text_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

DAV, CAL, CARD, CS = (
    "{DAV:}",
    "{urn:ietf:params:xml:ns:caldav}",
    "{urn:ietf:params:xml:ns:carddav}",
    "{http://calendarserver.org/ns/}",
)
_STATUS = re.compile(r"HTTP/\S+\s+(\d{3})\b")


class Response(NamedTuple):
    """What is said of one thing: its href as it is written, its status (200 where only properties have one), and the
    properties that it has; those that the server refused or does not know are not there."""

    href: str
    status: int
    props: dict[str, Element]


class Multistatus(NamedTuple):
    """Everything that one answer says; `token` is the new one of a sync-collection report, else empty."""

    responses: list[Response]
    token: str


def read(data: bytes) -> Multistatus:
    """The body of a 207. Raises AnswerError for hostile and broken XML, NotDavError for what is another document."""
    root = xmltree.read(data)
    if root.tag != DAV + "multistatus":
        raise NotDavError(
            "what answers there is no DAV server", "ask whoever runs it for its CalDAV or CardDAV address"
        )
    responses = [one for element in root.findall(DAV + "response") for one in _responses(element)]
    return Multistatus(responses, text_of(root.find(DAV + "sync-token")))


def _responses(element: Element) -> list[Response]:
    hrefs = [text_of(href) for href in element.findall(DAV + "href")]
    if not hrefs or not all(hrefs):
        raise AnswerError("the server's answer does not say what it is about", "tell whoever runs the server")
    status = _status(element.find(DAV + "status"))
    props: dict[str, Element] = {}
    for propstat in element.findall(DAV + "propstat"):
        if _status(propstat.find(DAV + "status")) == 200:
            props.update((prop.tag, prop) for prop in propstat.findall(f"{DAV}prop/*"))
    return [Response(href, status, props) for href in hrefs]


def _status(element: Element | None) -> int:
    """The code of a status line; 200 where there is none, for a thing whose properties are told has none of its own."""
    if element is None:
        return 200
    match = _STATUS.match(text_of(element))
    return int(match[1]) if match else 500


class Complaint(NamedTuple):
    """Why a request failed, as the XML of a refusal says: the preconditions' names without namespace, the href that
    one of them names, and what the server adds for people."""

    conditions: frozenset[str]
    href: str
    text: str


def complaint(data: bytes) -> Complaint:
    """What the body of a refusal says; nothing where it is no XML of DAV, or hostile."""
    if b"<" not in data[:200] or b"DAV:" not in data:
        return Complaint(frozenset(), "", "")
    try:
        root = xmltree.read(data)
    except AnswerError:
        return Complaint(frozenset(), "", "")
    error = root if root.tag == DAV + "error" else root.find(f".//{DAV}error")
    if error is None:
        return Complaint(frozenset(), "", "")
    said = next((text_of(e) for e in root.iter() if local(e.tag) in ("message", "responsedescription")), "")
    # Servers also put things of their own there: the name of an exception, a trace.
    conditions = frozenset(local(tag) for tag in names_in(error) if tag.startswith((DAV, CAL, CARD)))
    return Complaint(conditions, text_of(error.find(f"*/{DAV}href")), said)


def etag(text: str) -> str:
    """An ETag in its quoted form; empty for what no header could carry."""
    text = text.strip()
    weak = text.startswith("W/")
    opaque = text.removeprefix("W/").strip('"')
    if not opaque or not all("!" <= char <= "~" and char != '"' for char in opaque):
        return ""
    return ("W/" if weak else "") + f'"{opaque}"'
