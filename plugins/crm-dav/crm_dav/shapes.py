"""What the client hands out: collections, members, changes, items.

An href is always the path of a thing on the account's server in one normal form (`addresses.normal`), so that two of
them are equal as texts where they mean the same. An ETag is in its quoted form, weak ones with `W/`; empty where the
server gives none.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["calendar", "addressbook"]

#: The components of a calendar that are ours: what it holds where it does not say.
EVENT, TODO = "VEVENT", "VTODO"


class Collection(NamedTuple):
    """A calendar or an address book.

    `name` is one line made harmless to show. `components` (calendars) are the kinds of items that may be put there.
    `ctag` and `token` change whenever a member does; either is empty where the server has none, and with a `token` it
    usually answers `Client.changes`. `privileges` are the rights of this user (`read`, `write`, `write-content`,
    `bind`, `unbind`, `all` ...), None where the server does not tell. `vcards` are the versions that an address book
    takes (`3.0`, `4.0`).
    """

    href: str
    kind: Kind
    name: str
    components: frozenset[str]
    ctag: str
    token: str
    privileges: frozenset[str] | None
    vcards: frozenset[str]

    @property
    def events(self) -> bool:
        """Whether events may be put there."""
        return EVENT in self.components

    @property
    def todos(self) -> bool:
        """Whether tasks (VTODO) may be put there."""
        return TODO in self.components

    @property
    def writable(self) -> bool | None:
        """Whether this user may add, change and remove members; None where the server does not tell."""
        if self.privileges is None:
            return None
        return bool(self.privileges & {"all", "write"}) or self.privileges >= {"write-content", "bind", "unbind"}


class Member(NamedTuple):
    """That something stands in a collection, and which version of it."""

    href: str
    etag: str


class Changes(NamedTuple):
    """What became of a collection.

    `members` are there, new or changed; `removed` are hrefs that are no more. Where `complete`, `members` are all that
    it has, and whatever else was known of it is removed. `token` is for the next `Client.changes`; empty where the
    server has none.
    """

    token: str
    members: list[Member]
    removed: list[str]
    complete: bool


class Item(NamedTuple):
    """One member with what it says; `data` has CRLF at the end of every line."""

    href: str
    etag: str
    data: str


class Stored(NamedTuple):
    """Where the server put an item. Where not `exact`, it may have stored something else than was sent (it gave no
    strong ETag for it), and the item should be read again before it is compared. `href` is empty where it said that it
    took the item, and nothing stands where it was put: either it gave it a name of its own, and a listing has it, or
    it has no such item."""

    href: str
    etag: str
    exact: bool
