"""What the refusals of a server mean, in our words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_dav import addresses
from crm_dav.errors import (
    AnswerError,
    ForbiddenError,
    MissingError,
    NotDavError,
    PasswordError,
    PreconditionError,
    RejectedError,
    TroubleError,
    UidConflictError,
)
from crm_dav.multistatus import complaint
from crm_dav.texts import shown

if TYPE_CHECKING:
    from crm_dav.addresses import Origin
    from crmcli.api import CrmError

#: Preconditions of RFC 4791, 6352, 5689 and 4331, and what they come to.
_MEANINGS = {
    "valid-calendar-data": "it cannot read the item",
    "valid-address-data": "it cannot read the card",
    "valid-calendar-object-resource": "it does not take such an item",
    "supported-calendar-data": "it does not take this kind of file",
    "supported-address-data": "it does not take this version of vCard",
    "supported-calendar-component": "the calendar is for other kinds of items",
    "supported-calendar-component-set": "it makes no calendars for these kinds of items",
    "max-resource-size": "the item is too large for it",
    "quota-not-exceeded": "there is no room left on it",
    "sufficient-disk-space": "there is no room left on it",
    "need-privileges": "this user may not",
    "resource-must-be-null": "something is there already",
    "valid-sync-token": "it does not know the token any more",
    "lock-token-submitted": "another program has locked it",
    "no-conflicting-lock": "another program has locked it",
}
#: The same, of refusals that say no more than their number.
_BARE = {
    413: "the item is too large for it",
    423: "another program has locked it",
    507: "there is no room left on it",
}
_WHOSE = "ask whoever runs the server"


def refusal(origin: Origin, method: str, href: str, status: int, body: bytes) -> CrmError:
    """The error for an answer that is no success."""
    said = complaint(body)
    place = f"{origin}{shown(href)}"
    if status == 401:
        return PasswordError(
            f"{origin} does not accept the user or the password", "check both; some servers want a password for apps"
        )
    if status in (404, 410) and method == "PUT":
        return MissingError(f"{origin} has no place for {shown(href)}", "look whether the collection is still there")
    if status in (404, 410):
        return MissingError(f"there is nothing at {place}", "it may have been removed, or be another user's")
    if "no-uid-conflict" in said.conditions:
        return UidConflictError(
            f"another item beside {place} has its UID already", "read that one", _named(origin, href, said.href)
        )
    if status == 412 and not said.conditions:
        return PreconditionError(
            f"{place} was made or changed on the server meanwhile", "read it again, then decide", href
        )
    if status in (403, 405) and not said.conditions:
        why = f": {shown(said.text)}" if said.text else ""
        return ForbiddenError(f"{origin} does not let this user do that ({method} {shown(href)}){why}", _WHOSE)
    if said.conditions or status in (400, 409, 413, 415, 422, 423, 507):
        return RejectedError(
            f"{origin} does not take it ({method} {shown(href)}): {_reason(said.conditions, said.text, status)}",
            _WHOSE,
            said.conditions,
        )
    if status == 501:
        return NotDavError(
            f"{origin} does not know {method}: it is no DAV server, or an older one", "check the address"
        )
    if status == 429:
        return TroubleError(f"{origin} is busy still (HTTP {status})", "try again later")
    if status >= 500:
        return TroubleError(f"{origin} has trouble of its own (HTTP {status})", "try again later")
    return AnswerError(f"{origin} answered {method} with HTTP {status}", _WHOSE)


def _reason(conditions: frozenset[str], text: str, status: int) -> str:
    known = [_MEANINGS[condition] for condition in sorted(conditions) if condition in _MEANINGS]
    named = ", ".join(map(shown, sorted(conditions)))
    return "; ".join(known) or shown(text) or named or _BARE.get(status) or f"HTTP {status}"


def _named(origin: Origin, base: str, text: str) -> str:
    try:
        return addresses.href(origin, base, text) if text else ""
    except AnswerError:
        return ""
