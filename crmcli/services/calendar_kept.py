"""What calendar files said of each item last, kept beside the tasks (`sync_link`): the same file says nothing new then,
and a later one is held against it.

It is kept with the batch that took it in. What is undone was not said, and what was said before it counts again: each
version stands under the name of its item until the next one comes, and then under that of the batch which put it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.entities import TASK
from crmcli.services import sync_links
from crmcli.services.calendar_items import opening
from crmcli.services.calendar_tasks import key_of, series_key
from crmcli.services.sync_links import Link
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from crmcli.context import Context
    from crmcli.exchange.ical import Item
    from crmcli.store.write import Transaction

#: The place of `sync_link` that files have in common.
PLACE = "calendar files"
#: Between the name of an item and the batch which put another version there. No UID has it.
_BEFORE = "\x1f"
#: A version that was replaced so many batches ago is forgotten: nobody undoes these one after the other.
_REMEMBERED = 500


class Kept:
    """What files said of the items with these keys, and of all days of the series with these UIDs, in the transaction
    that takes another file in. To make one lets nobody else take a file in meanwhile."""

    def __init__(self, ctx: Context, tx: Transaction, keys: Iterable[str], uids: Collection[str]) -> None:
        self.ctx, self.tx = ctx, tx
        self.place = sync_links.place(tx, PLACE)
        self._days: dict[str, list[str]] = {}
        series = {series_key(uid) for uid in uids}
        hrefs = {*keys} | series | self._hrefs_of_days(series)
        self._before = self._read(hrefs)
        self._texts = {key: link.base for key, link in self._before.items() if link.base}
        self._parsed: dict[str, Item] = {}
        self._written: dict[str, tuple[Item, str]] = {}
        self._new: list[Link] = []

    @property
    def keys(self) -> set[str]:
        """What was said of these."""
        return {*self._texts}

    def is_same(self, item: Item) -> bool:
        """Whether an item says what it said last."""
        return self._texts.get(key_of(item)) == self._text(item)

    def last(self, item: Item) -> Item | None:
        """An item as it was said last."""
        return self._item(key_of(item))

    def days(self, uid: str) -> list[Item]:
        """The days of a series of which something was said, as it was said last."""
        return [item for key in self._days.get(series_key(uid), ()) if (item := self._item(key)) is not None]

    def keep(self, item: Item, number: int) -> None:
        """Keep what an item says now, when all of it is in the book: in the task `number`, which may be that of its
        series."""
        key, text = key_of(item), self._text(item)
        if self._texts.get(key) != text:
            self._put(key, number, text)

    def named_otherwise(self, uid: str) -> list[tuple[str, Item]]:
        """The days of a series of which something was said under another key than theirs: one without a zone was named
        by a moment of the zone in which it was read."""
        found = [(key, item) for key in self._days.get(series_key(uid), ()) if (item := self._item(key)) is not None]
        return [(key, item) for key, item in found if key_of(item) != key]

    def rename(self, key: str, was: Item, now: Item) -> None:
        """What was said of one day of a series, under a key, was said of another one: the series moved, and the day
        with it."""
        renamed = was._replace(recurrence_id=now.recurrence_id)
        self._put(key_of(now), self._before[key].record, self._text(renamed))
        self._put(key, 0, "")
        self._days.setdefault(series_key(now.uid), []).append(key_of(now))

    def forget(self, item: Item) -> None:
        """What was said of an item holds no more: a later version of its series says nothing of it."""
        self._put(key_of(item), 0, "")

    @property
    def count(self) -> int:
        """How much was kept."""
        return len(self._new)

    def drop(self, count: int) -> None:
        """Keep no more than the first `count`."""
        del self._new[count:]

    def write(self) -> None:
        """Write it down, when all is done that the transaction does."""
        self.tx.flush()
        if self.tx.unsettled:
            self.tx.settle()
        if not self._new:
            return
        connection, batch = self.tx.connection, str(self.tx.batch or "")
        for link in {link.href: link for link in self._new}.values():
            before = self._before.get(link.href)
            if before and batch:
                earlier = before._replace(href=f"{link.href}{_BEFORE}{batch}")
                sync_links.keep(connection, self.place, TASK.name, earlier)
            # What changed nothing in the book stands as long as what was said before it.
            etag = batch or (before.etag if before else "0")
            sync_links.keep(connection, self.place, TASK.name, link._replace(etag=etag))
        self._prune(self.tx.batch - _REMEMBERED)

    def _prune(self, batch: int) -> None:
        """Forget the versions that were replaced before a batch."""
        connection = self.tx.connection
        sql = "SELECT href FROM sync_link WHERE place_id = ? AND href LIKE ?"
        names = [href for (href,) in connection.rows(sql, (self.place, f"%{_BEFORE}%"))]
        sync_links.drop(connection, self.place, [name for name in names if int(name.rpartition(_BEFORE)[2]) < batch])

    def _put(self, key: str, number: int, text: str) -> None:
        self._new.append(Link(key, number, "", text))
        self._texts[key] = text
        self._parsed.pop(key, None)

    def _item(self, key: str) -> Item | None:
        from crmcli.exchange.ical_reader import read_calendar

        text = self._texts.get(key)
        if not text:
            return None
        if key not in self._parsed:
            found = read_calendar(text.encode(), zone=self.ctx.zone_name, opening=opening(self.ctx)).items
            if not found:
                return None
            self._parsed[key] = found[0]
        return self._parsed[key]

    def _hrefs_of_days(self, series: Collection[str]) -> set[str]:
        """The names of all days of these series."""
        sql = "SELECT href FROM sync_link WHERE place_id = ? AND href LIKE '%/%' ORDER BY href"
        for (href,) in self.tx.connection.rows(sql, (self.place,)):
            key = href.rpartition("/")[0]
            if key in series and _BEFORE not in href:
                self._days.setdefault(key, []).append(href)
        return {href for hrefs in self._days.values() for href in hrefs}

    def _read(self, keys: Collection[str]) -> dict[str, Link]:
        """UID -> what a file said of it last, as far as that was not undone."""
        found: dict[str, Link] = {}
        wanted = {key: key for key in keys}  # the name under which a version stands -> the item
        while wanted:
            links: list[Link] = []
            for some, marks in portions(sorted(map(sync_links.digest, wanted))):
                sql = f"SELECT href, record_id, etag, base FROM sync_link WHERE place_id = ? AND digest IN ({marks})"
                rows = self.tx.connection.rows(sql, (self.place, *some))
                links += [Link(href, int(record or 0), batch or "", base or "") for href, record, batch, base in rows]
            undone = self._undone({int(link.etag) for link in links})
            found |= {wanted[link.href]: link for link in links if int(link.etag) not in undone}
            left = [(wanted[link.href], link.etag) for link in links if int(link.etag) in undone]
            wanted = {f"{key}{_BEFORE}{batch}": key for key, batch in left}
        return {key: link._replace(href=key) for key, link in found.items()}

    def _undone(self, batches: Collection[int]) -> set[int]:
        """Those of these batches that were undone."""
        found: set[int] = set()
        for some, marks in portions(sorted(batches)):
            sql = f"SELECT id FROM batch WHERE undone_by IS NOT NULL AND id IN ({marks})"
            found.update(number for (number,) in self.tx.connection.rows(sql, some))
        return found

    def _text(self, item: Item) -> str:
        """An item as it is kept: the same for every file that says the same of it."""
        from crmcli.exchange.ical import write_one

        item_then, text = self._written.get(key_of(item), (None, ""))
        if item_then is not item:
            text = write_one(item, zone=self.ctx.zone_name, lengths=True).decode()
            self._written[key_of(item)] = item, text
        return text
