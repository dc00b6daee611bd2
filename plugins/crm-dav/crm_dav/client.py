"""One account on a CalDAV and CardDAV server: find collections, see what changed, read and write items.

Nothing here keeps anything between calls, repeats a write whose answer was lost, or writes over what it has not seen:
`create` refuses what is there, `update` and `delete` what is another version. So whoever calls can stop anywhere and
begin again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from uuid import uuid4

from crm_dav import addresses, asking, bodies, discovery, multistatus
from crm_dav.errors import (
    AnswerError,
    ForbiddenError,
    MissingError,
    NotDavError,
    PreconditionError,
    RejectedError,
    SyncTokenError,
    TooLargeError,
    TroubleError,
)
from crm_dav.multistatus import DAV
from crm_dav.shapes import EVENT, TODO, Changes, Collection, Item, Member, Stored
from crm_dav.texts import crlf, shown
from crm_dav.transport import Transport
from crm_dav.xmltree import names_in, text_of
from crmcli.api import ConflictError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import httpx2

    from crm_dav.multistatus import Response
    from crm_dav.shapes import Kind
    from crm_dav.transport import Answer
    from crmcli.api import CrmError

    #: Told of an item that could not be read, and why.
    Unreadable = Callable[[str, CrmError], None]

#: Items that are asked for at once.
PORTION = 100
#: A server that fails at so many items, one after the other, has trouble of its own.
MAX_FAILURES = 3
#: Parts of one answer that a server may cut it into.
MAX_PARTS = 1000
_ETAG, _TYPE = DAV + "getetag", DAV + "resourcetype"
_GONE = (404, 410)
#: How pages come of whoever stands before the server, such as those that ask for a login: not as what says that
#: something was made, or that there is nothing to say.
_PAGE = 200
_WHOSE = "ask whoever runs the server"
_ALL = "list everything and compare"
_MEDIA: dict[Kind, str] = {"calendar": "text/calendar", "addressbook": "text/vcard"}


class Client:
    """An account on a DAV server; use it in a `with` block, from one thread.

    `url` is any address there: the server, a principal, a home, a collection. It has to be https unless it is this
    machine or `allow_http`. `ca_file` is a PEM file with the certificate of a server that signs for itself. `timeout`
    is in seconds, for each silence of the server. Every method raises errors of `crm_dav.errors`, all of which are
    CrmErrors with a hint; none of them ever holds the password.
    """

    def __init__(
        self, url: str, user: str = "", password: str = "", *, allow_http: bool = False, ca_file: str = "",
        timeout: float = 30.0,
    ) -> None:  # fmt: skip
        self._transport = Transport(url, user, password, allow_http=allow_http, ca_file=ca_file, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    @property
    def server(self) -> str:
        """The server without a path: `https://dav.example.org`."""
        return str(self._transport.origin)

    @property
    def requests(self) -> int:
        """How many requests were sent until now."""
        return self._transport.requests

    def discover(self) -> list[Collection]:
        """The calendars and address books that the account's address leads to, by href. Raises MissingError where
        there are none."""
        return discovery.discover(self._transport)

    def collection(self, href: str) -> Collection:
        """One collection as it is now; `ctag` and `token` tell whether anything changed in it. Raises MissingError for
        what is no calendar and no address book."""
        place = discovery.look(self._transport, addresses.normal(href))
        found = discovery.collection(place.href, place.props)
        if found is None:
            raise MissingError(
                f"{self.server}{shown(href)} is neither a calendar nor an address book", "choose another collection"
            )
        return found

    def make(self, kind: Kind, name: str, components: Iterable[str] = (EVENT, TODO), href: str = "") -> Collection:
        """Make a collection of that name in the user's home, or at `href`, and say what became of it: a server may take
        fewer components than it was asked for. Raises ConflictError where something is there already."""
        if not href:
            homes = discovery.homes(self._transport)[kind]
            if not homes:
                raise MissingError(f"{self.server} has no place for a new {kind}", "make it in the server's own pages")
            href = f"{homes[0].rstrip('/')}/{uuid4()}/"
        href = addresses.normal(href).rstrip("/") + "/"
        body = bodies.make_calendar(name, components) if kind == "calendar" else bodies.make_addressbook(name)
        method = "MKCALENDAR" if kind == "calendar" else "MKCOL"
        try:
            self._transport.ask(method, href, body, {"Content-Type": 'application/xml; charset="utf-8"'})
        except (ForbiddenError, RejectedError) as error:
            # Servers say in three ways that something is there: 403, 405, 409.
            if self._there(href):
                raise ConflictError(f"there is something at {self.server}{href} already", "choose another") from None
            raise error from None
        return self.collection(href)

    def _there(self, href: str) -> bool:
        try:
            discovery.look(self._transport, href)
        except (MissingError, ForbiddenError, NotDavError):
            return False
        return True

    def listing(self, collection: Collection) -> Changes:
        """All members that a collection has now, and the token for the next `changes`.

        The token is read before the members: what changes between the two is told twice, and nothing is missed.
        """
        token = self.collection(collection.href).token
        at, answer = asking.propfind(self._transport, collection.href, (_ETAG, _TYPE), 1)
        _whole(self.server, answer.responses)
        members = [
            _member(href, one)
            for href, one in asking.below(self._transport, at, answer.responses)
            if one.status not in _GONE and not _is_folder(href, one)
        ]
        return Changes(token, members, [], complete=True)

    def changes(self, collection: Collection, token: str) -> Changes:
        """What changed since `token`, which an earlier `listing` or `changes` gave. Answers that the server cuts into
        parts are followed to their end.

        Raises SyncTokenError where the server cannot say that (it forgot the token, or never knew any): call `listing`.
        """
        if not token:
            raise SyncTokenError("there is no token to ask with", _ALL)
        seen: dict[str, Member | None] = {}
        for _ in range(MAX_PARTS):
            answer = self._report_since(collection, token)
            own = asking.itself(self._transport, collection.href, answer.responses)
            cut = own is not None and own.status == 507
            for href, one in asking.below(self._transport, collection.href, answer.responses):
                if not _is_folder(href, one):
                    seen[href] = None if one.status in _GONE else _member(href, one)
            refused = own is not None and own.status >= 400 and not cut
            if refused or not answer.token or (cut and answer.token == token):
                raise SyncTokenError(f"{self.server} does not say where its changes end", _ALL)
            token = answer.token
            if not cut:
                removed = [href for href, member in seen.items() if member is None]
                return Changes(token, [member for member in seen.values() if member], removed, complete=False)
        raise AnswerError(f"{self.server} tells changes without end", "tell whoever runs the server")

    def _report_since(self, collection: Collection, token: str) -> multistatus.Multistatus:
        try:
            return asking.report(self._transport, collection.href, bodies.sync(token), 0)[1]
        except (ConflictError, ForbiddenError, MissingError, NotDavError, RejectedError):
            # Servers say it with 400, 403, 404, 409, 410, 412, 415 and 501. A listing is right whatever was meant, and
            # where the collection itself is the trouble it says so.
            raise SyncTokenError(f"{self.server} cannot say what changed in {collection.name}", _ALL) from None

    def fetch(self, collection: Collection, hrefs: Sequence[str], unread: Unreadable | None = None) -> Iterator[Item]:
        """The items at some hrefs of a collection, in portions, in any order. Those that are gone by now are left out;
        whatever else keeps one from being read raises, or `unread` is told of it. A server that fails at all of them
        raises TroubleError."""
        for start in range(0, len(hrefs), PORTION):
            yield from self._portion(collection, hrefs[start : start + PORTION], unread)

    def _portion(self, collection: Collection, hrefs: Sequence[str], unread: Unreadable | None) -> Iterator[Item]:
        try:
            at, answer = asking.report(self._transport, collection.href, bodies.multiget(collection.kind, hrefs), 1)
        except TooLargeError:
            if len(hrefs) == 1:
                yield from self._singly(hrefs, unread)
            else:
                for half in (hrefs[: len(hrefs) // 2], hrefs[len(hrefs) // 2 :]):
                    yield from self._portion(collection, half, unread)
            return
        except (AnswerError, TroubleError):  # one of them may be what it chokes on
            yield from self._singly(hrefs, unread, MAX_FAILURES)
            return
        tag = bodies.DATA[collection.kind]
        wanted = dict.fromkeys(hrefs)
        for href, one in asking.below(self._transport, at, answer.responses):
            if href not in wanted:
                continue
            data = one.props.get(tag)
            if one.status in _GONE:
                del wanted[href]
            elif data is not None and data.text:
                del wanted[href]
                yield Item(href, _member(href, one).etag, crlf(data.text))
        # What the server did not answer for, or without what it says.
        yield from self._singly(list(wanted), unread)

    def _singly(self, hrefs: Sequence[str], unread: Unreadable | None, most: int = 0) -> Iterator[Item]:
        """Items one by one. Where the server fails at `most` (0: any number) after each other, that raises."""
        failed = 0
        for href in hrefs:
            try:
                item = self.item(href)
            except MissingError:
                failed = 0
            except (AnswerError, ForbiddenError, NotDavError, RejectedError, TroubleError) as error:
                failed = failed + 1 if isinstance(error, (AnswerError, TroubleError)) else 0
                if unread is None or failed == most > 0:
                    raise
                unread(href, error)
            else:
                failed = 0
                yield item

    def item(self, href: str) -> Item:
        """One item. Raises MissingError."""
        answer = self._transport.ask("GET", href)
        charset = _charset(answer.headers)
        try:
            data = answer.body.decode(charset).removeprefix("\ufeff")
        except (UnicodeDecodeError, LookupError):
            raise AnswerError(
                f"{self.server}{href} is not in {shown(charset)}, as the server says", "save it anew in another program"
            ) from None
        return Item(href, multistatus.etag(answer.headers.get("etag", "")), crlf(data))

    def create(self, collection: Collection, name: str, data: str) -> Stored:
        """Put a new item into a collection; `name` is one of `addresses.file_name`. Where it stands is not known if
        the server says that it took it and has nothing there (see `Stored`).

        Raises PreconditionError where something of that name is there, UidConflictError where another item has its UID,
        RejectedError where the server does not take it.
        """
        if not name.strip("."):
            raise ValueError("an item needs a name of its own")
        href = addresses.normal(collection.href) + addresses.quoted(name)
        return self._put(collection, href, data, {"If-None-Match": "*"})

    def update(self, collection: Collection, href: str, etag: str, data: str) -> Stored:
        """Put another text in place of the version `etag` of an item. Raises PreconditionError where that is no longer
        the present one, and what `create` does."""
        stored = self._put(collection, href, data, {"If-Match": self._strong(href, etag)})
        if not stored.href:
            raise PreconditionError(
                f"{self.server}{href} was removed on the server meanwhile", "list what is there", href
            )
        if stored.etag == etag and not stored.exact:
            raise RejectedError(f"{self.server} says that it has changed {href}, and has not", _WHOSE)
        return stored

    def delete(self, href: str, etag: str) -> None:
        """Remove the version `etag` of an item. Raises PreconditionError where that is no longer the present one,
        MissingError where it is gone already, RejectedError where the server does not remove it."""
        answer = self._transport.ask("DELETE", href, headers={"If-Match": self._strong(href, etag)})
        if answer.status == _PAGE and b"DAV:" not in answer.body and self._version(href) is not None:
            raise RejectedError(f"{self.server} says that it has removed {href}, and has not", _WHOSE)

    def _put(self, collection: Collection, href: str, data: str, condition: dict[str, str]) -> Stored:
        headers = {"Content-Type": f"{_MEDIA[collection.kind]}; charset=utf-8", **condition}
        answer = self._transport.ask("PUT", href, crlf(data).encode(), headers)
        href = self._placed(answer)
        etag = multistatus.etag(answer.headers.get("etag", ""))
        if etag and not etag.startswith("W/") and answer.status != _PAGE:
            return Stored(href, etag, exact=True)
        version = self._version(href)
        return Stored("" if version is None else href, version or "", exact=False)

    def _placed(self, answer: Answer) -> str:
        """Where an item stands that was put: where the server says, if it is there at all."""
        location = answer.headers.get("location", "")
        if answer.status != 201 or not location:
            return answer.href
        try:
            return addresses.href(self._transport.origin, answer.href, location)
        except AnswerError:  # the item is stored, whatever the server calls itself
            return answer.href

    def _version(self, href: str) -> str | None:
        """The ETag of what stands at an href, empty where the server tells none; None where nothing stands there."""
        try:
            at, answer = asking.propfind(self._transport, href, (_ETAG,), 0)
        except MissingError:
            return None
        except (ForbiddenError, RejectedError):
            return ""
        one = asking.itself(self._transport, at, answer.responses)
        if one is None:
            return ""
        return None if one.status in _GONE else _member(href, one).etag

    def _strong(self, href: str, etag: str) -> str:
        """The ETag as If-Match takes it. A weak one never matches there; its strong form either does or is refused."""
        if not etag:
            raise UsageError(
                f"{self.server} has no ETag for {href}, so nobody can tell whether it was changed meanwhile",
                "items of this server can be read, and not written safely",
            )
        return etag.removeprefix("W/")


def _member(href: str, one: Response) -> Member:
    return Member(href, multistatus.etag(text_of(one.props.get(_ETAG))))


def _is_folder(href: str, one: Response) -> bool:
    return href.endswith("/") or DAV + "collection" in names_in(one.props.get(_TYPE))


def _whole(server: str, responses: Iterable[Response]) -> None:
    """Raises AnswerError where a list was cut: what is not in it would be taken for removed."""
    if any(one.status == 507 for one in responses):
        raise AnswerError(f"{server} does not list all that the collection has", "tell whoever runs the server")


def _charset(headers: httpx2.Headers) -> str:
    _, _, rest = headers.get("content-type", "").partition("charset=")
    return rest.partition(";")[0].strip(" \"'") or "utf-8"
