"""From any address of a server to its calendars and address books (RFC 6764 without DNS, RFC 5397, 4791, 6352)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crm_dav import addresses, asking
from crm_dav.errors import (
    AnswerError,
    AwayError,
    ElsewhereError,
    ForbiddenError,
    MissingError,
    NotDavError,
    RejectedError,
)
from crm_dav.multistatus import CAL, CARD, CS, DAV
from crm_dav.shapes import EVENT, TODO, Collection
from crm_dav.texts import shown
from crm_dav.xmltree import local, names_in, text_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from crm_dav.multistatus import Response
    from crm_dav.shapes import Kind
    from crm_dav.transport import Transport
    from crmcli.api import CrmError

_TYPE = DAV + "resourcetype"
_PRINCIPAL = DAV + "current-user-principal"
_HOMES: dict[Kind, str] = {"calendar": CAL + "calendar-home-set", "addressbook": CARD + "addressbook-home-set"}
_KINDS: dict[str, Kind] = {CAL + "calendar": "calendar", CARD + "addressbook": "addressbook"}
_RIGHTS = DAV + "current-user-privilege-set"
_COMPONENTS, _VCARDS = CAL + "supported-calendar-component-set", CARD + "supported-address-data"
_OF_COLLECTIONS = (
    _TYPE,
    DAV + "displayname",
    DAV + "sync-token",
    _RIGHTS,
    CS + "getctag",
    _COMPONENTS,
    _VCARDS,
)
_OF_ALL = (*_OF_COLLECTIONS, _PRINCIPAL, *_HOMES.values())
#: Homes of one user that are looked into.
MAX_HOMES = 20
#: What says that there is nothing at an address, and another one may be tried.
_NOTHING = (AnswerError, ForbiddenError, MissingError, NotDavError, RejectedError)


class Place(NamedTuple):
    """An href with all properties that discovery asks for."""

    href: str
    props: dict[str, Element]


def look(transport: Transport, href: str) -> Place:
    """What stands at an href. Raises MissingError and what `Transport.ask` does."""
    at, answer = asking.propfind(transport, href, _OF_ALL, 0)
    one = asking.itself(transport, at, answer.responses)
    if one is None and len(answer.responses) == 1:  # it goes by another name there
        one = answer.responses[0]
    if one is None or one.status >= 400:
        raise MissingError(f"there is nothing at {transport.origin}{at}", "check the address")
    return Place(addresses.href(transport.origin, at, one.href), one.props)


def discover(transport: Transport) -> list[Collection]:
    """The calendars and address books that the account's address leads to, by href.

    A collection leads to itself; a folder that holds some, to these; everything else to the homes of the user. Where
    the address leads nowhere, the server's well-known ones are tried. Raises MissingError where there are none, and
    errors of `crm_dav.errors`.
    """
    found: dict[str, Collection] = {}
    why: CrmError | None = None
    for number, start in enumerate((transport.href, "/.well-known/caldav", "/.well-known/carddav")):
        if (number == 1 and found) or len({one.kind for one in found.values()}) == len(_KINDS):
            break
        try:
            found.update(_from(transport, start))
        except (*_NOTHING, ElsewhereError, AwayError) as error:
            if isinstance(error, AwayError) and not number:
                raise
            # Where to go instead says more than that there is nothing here.
            why = error if why is None or isinstance(error, ElsewhereError) else why
    if not found:
        raise why or MissingError(
            f"no calendars and no address books at {transport.origin}{transport.href}",
            "make one on the server, or give another address",
        )
    return [found[href] for href in sorted(found)]


def _from(transport: Transport, href: str) -> dict[str, Collection]:
    place = look(transport, href)
    one = collection(place.href, place.props)
    if one is not None:
        return {one.href: one}
    homes = _homes(transport, place)
    if not any(homes.values()):
        try:
            found = _inside(transport, place.href)
        except _NOTHING:  # many servers do not list their root
            found = {}
        if found:
            return found
        homes = _homes(transport, principal(transport, place))
    found = {}
    for home in dict.fromkeys(home for each in homes.values() for home in each):
        found.update(_inside(transport, home))
    return found


def homes(transport: Transport) -> dict[Kind, list[str]]:
    """The hrefs below which the user's calendars and address books stand, and new ones can be made."""
    place = None
    for start in (transport.href, "/.well-known/caldav", "/.well-known/carddav"):
        try:
            place = look(transport, start)
            break
        except _NOTHING:
            continue
    if place is None:
        raise NotDavError(f"{transport.origin} is no CalDAV or CardDAV server", "check the address")
    found = _homes(transport, place)
    return found if any(found.values()) else _homes(transport, principal(transport, place))


def principal(transport: Transport, place: Place) -> Place:
    """The user who asks, as a place; `place` itself where the server does not tell."""
    named = place.props.get(_PRINCIPAL)
    text = text_of(named.find(DAV + "href")) if named is not None else ""
    if not text:
        return place
    href = addresses.href(transport.origin, place.href, text)
    return place if addresses.same(href, place.href) else look(transport, href)


def _homes(transport: Transport, place: Place) -> dict[Kind, list[str]]:
    found: dict[Kind, list[str]] = {}
    for kind, tag in _HOMES.items():
        element = place.props.get(tag)
        texts = [text_of(href) for href in element.findall(DAV + "href")[:MAX_HOMES]] if element is not None else []
        found[kind] = [addresses.href(transport.origin, place.href, text) for text in texts if text]
    return found


def _inside(transport: Transport, href: str) -> dict[str, Collection]:
    at, answer = asking.propfind(transport, href, _OF_COLLECTIONS, 1)
    hrefs = ((addresses.href(transport.origin, at, one.href), one) for one in answer.responses)
    found = (_usable(href, one) for href, one in hrefs)
    return {one.href: one for one in found if one is not None}


def _usable(href: str, one: Response) -> Collection | None:
    return collection(href, one.props) if one.status < 400 else None


def collection(href: str, props: dict[str, Element]) -> Collection | None:
    """The calendar or address book that has these properties; None for everything else."""
    kind = next((_KINDS[tag] for tag in names_in(props.get(_TYPE)) if tag in _KINDS), None)
    if kind is None:
        return None
    rights = props.get(_RIGHTS)
    return Collection(
        href=href if href.endswith("/") else href + "/",
        kind=kind,
        name=shown(text_of(props.get(DAV + "displayname")) or addresses.last_segment(href)),
        components=_components(props.get(_COMPONENTS)) if kind == "calendar" else frozenset(),
        ctag=text_of(props.get(CS + "getctag")),
        token=text_of(props.get(DAV + "sync-token")),
        privileges=None if rights is None else frozenset(local(tag) for one in rights for tag in names_in(one)),
        vcards=_vcards(props.get(_VCARDS)) if kind == "addressbook" else frozenset(),
    )


def _components(element: Element | None) -> frozenset[str]:
    """The kinds of items of a calendar; one that does not say takes all."""
    if element is None:
        return frozenset((EVENT, TODO))
    return frozenset(child.get("name", "").upper() for child in element) - {""}


def _vcards(element: Element | None) -> frozenset[str]:
    """The versions of vCard of an address book; 3.0 where it does not say (RFC 6352, 6.2.2)."""
    types = element if element is not None else ()
    told = {one.get("version", "3.0") for one in types if one.get("content-type", "text/vcard") == "text/vcard"}
    return frozenset(told or {"3.0"})
