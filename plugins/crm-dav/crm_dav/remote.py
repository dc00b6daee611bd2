"""A collection of a DAV server as the other side of a synchronisation."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from crm_dav.addresses import file_name
from crm_dav.client import MAX_FAILURES
from crm_dav.errors import (
    AnswerError,
    ForbiddenError,
    MissingError,
    PreconditionError,
    RejectedError,
    SyncTokenError,
    TroubleError,
    UidConflictError,
)
from crmcli.api import Fetched, NotTakenError, OvertakenError, Seen, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crm_dav.client import Client
    from crm_dav.shapes import Collection, Stored


class DavRemote:
    """One collection; it does not outlive its client."""

    def __init__(self, client: Client, collection: Collection) -> None:
        self._client, self._collection = client, collection
        self._ending = "ics" if collection.kind == "calendar" else "vcf"
        self._failures = 0

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

    def fetch(self, hrefs: Sequence[str]) -> Iterator[Fetched | Unread]:
        """Items that are there, and which of them cannot be read."""
        unread: list[Unread] = []
        for item in self._client.fetch(
            self._collection, hrefs, lambda href, error: unread.append(Unread(href, error.message))
        ):
            yield Fetched(item.href, item.etag, item.data)
        yield from unread

    def create(self, uid: str, text: str) -> tuple[str, str]:
        """Put a new item there."""
        with self._writing():
            return _placed(self._client.create(self._collection, file_name(uid, self._ending), text))

    def update(self, href: str, etag: str, text: str) -> tuple[str, str]:
        """Put a text in place of a version."""
        with self._writing():
            try:
                return _placed(self._client.update(self._collection, href, etag, text))
            except UidConflictError as error:  # nobody was faster: to read it again would change nothing
                raise NotTakenError(f"not changed there: {error.message}", "one of the two is to go there") from None

    def delete(self, href: str, etag: str) -> None:
        """Remove a version, unless it is gone already."""
        try:
            with self._writing(), suppress(MissingError):
                self._client.delete(href, etag)
        except OvertakenError:
            if not self._gone(href):  # some servers say so of what is no more
                raise

    def _gone(self, href: str) -> bool:
        unread: list[str] = []
        found = list(self._client.fetch(self._collection, [href], lambda one, _: unread.append(one)))
        return not found and not unread

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """What the errors of the client mean for one item. What the server fails at may be due to this item alone, and
        the others go on; not so where it fails at several in a row."""
        failures, self._failures = self._failures + 1, 0
        try:
            yield
        except (PreconditionError, UidConflictError) as error:
            raise OvertakenError(error.message, error.hint) from None
        except (ForbiddenError, MissingError, RejectedError) as error:
            raise NotTakenError(error.message, error.hint) from None
        except (AnswerError, TroubleError) as error:
            self._failures = failures
            if failures == MAX_FAILURES:
                raise
            raise NotTakenError(error.message, error.hint) from None


def _placed(stored: Stored) -> tuple[str, str]:
    # What the server may have changed while it stored it is read again.
    return stored.href, stored.etag if stored.exact else ""
