"""A collection of a DAV server as the other side of a synchronisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_dav.addresses import file_name
from crm_dav.errors import (
    ForbiddenError,
    MissingError,
    PreconditionError,
    RejectedError,
    SyncTokenError,
    TooLargeError,
    UidConflictError,
)
from crmcli.api import Fetched, NotTakenError, OvertakenError, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crm_dav.client import Client
    from crm_dav.shapes import Collection, Stored


class DavRemote:
    """One collection; it does not outlive its client."""

    def __init__(self, client: Client, collection: Collection) -> None:
        self._client, self._collection = client, collection
        self._ending = "ics" if collection.kind == "calendar" else "vcf"

    @property
    def url(self) -> str:
        """The address of the collection, with a slash at its end."""
        return f"{self._client.server}{self._collection.href.rstrip('/')}/"

    def changes(self, token: str) -> Seen:
        """What changed since `token`, or all there is."""
        try:
            found = self._client.changes(self._collection, token)
        except SyncTokenError:  # none yet, or one that the server forgot
            found = self._client.listing(self._collection)
        return Seen({one.href: one.etag for one in found.members}, found.removed, found.token, found.complete)

    def fetch(self, hrefs: Sequence[str]) -> Iterator[Fetched]:
        """Items that are there."""
        for item in self._client.fetch(self._collection, hrefs):
            yield Fetched(item.href, item.etag, item.data)

    def create(self, uid: str, text: str) -> tuple[str, str]:
        """Put a new item there."""
        return self._write(lambda: self._client.create(self._collection, file_name(uid, self._ending), text))

    def update(self, href: str, etag: str, text: str) -> tuple[str, str]:
        """Put a text in place of a version."""
        return self._write(lambda: self._client.update(self._collection, href, etag, text))

    def delete(self, href: str, etag: str) -> None:
        """Remove a version, unless it is gone already."""
        try:
            self._client.delete(href, etag)
        except MissingError:
            return
        except PreconditionError as error:
            if self._gone(href):  # some servers say so of what is no more
                return
            raise OvertakenError(error.message, error.hint) from None
        except (ForbiddenError, RejectedError) as error:
            raise NotTakenError(error.message, error.hint) from None

    def _gone(self, href: str) -> bool:
        return not list(self._client.fetch(self._collection, [href]))

    def _write(self, put: Callable[[], Stored]) -> tuple[str, str]:
        try:
            stored = put()
        except (PreconditionError, UidConflictError) as error:
            raise OvertakenError(error.message, error.hint) from None
        except (ForbiddenError, RejectedError, TooLargeError) as error:
            raise NotTakenError(error.message, error.hint) from None
        # What the server may have changed while it stored it is read again by the next run.
        return stored.href, stored.etag if stored.exact else ""
