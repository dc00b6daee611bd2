"""The XML that the client sends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from crm_dav.multistatus import CAL, CARD, CS, DAV

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crm_dav.shapes import Kind

_PREFIXES = {DAV: "d", CAL: "c", CARD: "a", CS: "s"}
_SPACES = " ".join(f'xmlns:{prefix}="{space[1:-1]}"' for space, prefix in _PREFIXES.items())
#: What no XML can hold.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: What holds the items of each kind of collection, and the report that asks for many of them.
DATA: dict[Kind, str] = {"calendar": CAL + "calendar-data", "addressbook": CARD + "address-data"}
_MULTIGET: dict[Kind, str] = {"calendar": "c:calendar-multiget", "addressbook": "a:addressbook-multiget"}


def _document(root: str, inside: str) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{root} {_SPACES}>{inside}</{root}>\n'.encode()


def _text(text: str) -> str:
    return escape(_ILLEGAL.sub("", text))


def _prop(tags: Iterable[str]) -> str:
    names = (f"<{_PREFIXES[space + '}']}:{name}/>" for space, _, name in (tag.partition("}") for tag in tags))
    return f"<d:prop>{''.join(names)}</d:prop>"


def propfind(tags: Iterable[str]) -> bytes:
    """Ask for properties, given as `{namespace}name`."""
    return _document("d:propfind", _prop(tags))


def sync(token: str) -> bytes:
    """Ask what changed among the members of a collection since a token; an empty one asks for all."""
    level = f"<d:sync-token>{_text(token)}</d:sync-token><d:sync-level>1</d:sync-level>"
    return _document("d:sync-collection", level + _prop([DAV + "getetag"]))


def multiget(kind: Kind, hrefs: Iterable[str]) -> bytes:
    """Ask for the items at some hrefs, with their ETags."""
    names = "".join(f"<d:href>{_text(href)}</d:href>" for href in hrefs)
    return _document(_MULTIGET[kind], _prop([DAV + "getetag", DATA[kind]]) + names)


def make_calendar(name: str, components: Iterable[str]) -> bytes:
    """MKCALENDAR: a calendar for items of these kinds (VEVENT, VTODO)."""
    kinds = "".join(f"<c:comp name={quoteattr(component)}/>" for component in components)
    held = f"<c:supported-calendar-component-set>{kinds}</c:supported-calendar-component-set>"
    return _document("c:mkcalendar", f"<d:set><d:prop>{_displayed(name)}{held}</d:prop></d:set>")


def make_addressbook(name: str) -> bytes:
    """Extended MKCOL (RFC 5689): an address book."""
    kind = "<d:resourcetype><d:collection/><a:addressbook/></d:resourcetype>"
    return _document("d:mkcol", f"<d:set><d:prop>{kind}{_displayed(name)}</d:prop></d:set>")


def _displayed(name: str) -> str:
    return f"<d:displayname>{_text(name)}</d:displayname>"
