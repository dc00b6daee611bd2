"""What calendar files said of each item last, kept beside the tasks (`sync_link`): the same file says nothing new then,
and a later one is held against it.

It is kept with the batch that took it in. What is undone was not said, and what was said before it counts again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.entities import TASK
from crmcli.services import sync_links
from crmcli.services.calendar_tasks import key_of
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crmcli.context import Context
    from crmcli.exchange.ical import Item
    from crmcli.store.write import Transaction

#: The place of `sync_link` that files have in common.
PLACE = "calendar files"


class Kept:
    """What files said of the items with these keys, in the transaction that takes another one in. To make one lets
    nobody else take a file in meanwhile."""

    def __init__(self, ctx: Context, tx: Transaction, keys: Iterable[str]) -> None:
        self.ctx, self.tx = ctx, tx
        self.place = sync_links.place(tx, PLACE)
        self._before = self._read(set(keys))
        self._texts = {key: link.base for key, link in self._before.items()}
        #: The keys of days of series that the task of their series stood for.
        self.days = {key for key, link in self._before.items() if not link.record}
        self._new: list[sync_links.Link] = []

    def __contains__(self, item: Item) -> bool:
        """Whether a file said something of an item before."""
        return key_of(item) in self._texts

    def is_same(self, item: Item) -> bool:
        """Whether an item says what it said last."""
        return self._texts.get(key_of(item)) == self._text(item)

    def last(self, item: Item) -> Item | None:
        """An item as it was said last."""
        from crmcli.exchange.ical_reader import read_calendar

        text = self._texts.get(key_of(item))
        return next(iter(read_calendar(text.encode(), zone=self.ctx.zone_name).items), None) if text else None

    def keep(self, item: Item, number: int, *, day: bool = False) -> None:
        """Keep what an item says now, when all of it is in the book; of a `day` that is no task of its own."""
        text, key = self._text(item), key_of(item)
        if self._texts.get(key) != text:
            self._new.append(sync_links.Link(key, 0 if day else number, "", text))
            self._texts[key] = text
        if day:
            self.days.add(key)

    @property
    def count(self) -> int:
        """How much was kept."""
        return len(self._new)

    def drop(self, count: int) -> None:
        """Keep no more than the first `count`."""
        del self._new[count:]

    def write(self) -> None:
        """Write it down, when all is done that the transaction does."""
        connection = self.tx.connection
        self.tx.flush()
        if self.tx.unsettled:
            self.tx.settle()
        for link in self._new:
            if before := self._before.get(link.href):
                sync_links.keep(connection, self.place, TASK.name, before._replace(href=_earlier(link.href)))
            sync_links.keep(connection, self.place, TASK.name, link._replace(etag=str(self.tx.batch)))

    def _read(self, keys: set[str]) -> dict[str, sync_links.Link]:
        """UID -> what a file said of it last, as far as that was not undone."""
        found: dict[str, sync_links.Link] = {}
        hrefs = {href: key for key in keys for href in (_earlier(key), key)}
        for some, marks in portions(sorted(map(sync_links.digest, hrefs))):
            sql = (
                f"SELECT href, record_id, etag, base FROM sync_link WHERE place_id = ? AND digest IN ({marks})"
                " AND NOT EXISTS (SELECT 1 FROM batch b WHERE b.undone_by IS NOT NULL"
                " AND CAST(b.id AS varchar) = sync_link.etag)"
            )
            for href, record, etag, base in self.tx.connection.rows(sql, (self.place, *some)):
                if href in keys or hrefs[href] not in found:
                    found[hrefs[href]] = sync_links.Link(hrefs[href], int(record or 0), etag or "", base)
        return found

    def _text(self, item: Item) -> str:
        """An item as it is kept: the same for every file that says the same of it."""
        from crmcli.exchange.ical import write_one

        return write_one(item, zone=self.ctx.zone_name).decode()


def _earlier(key: str) -> str:
    """Where what was said before the last time is kept."""
    return f"{key} before"
