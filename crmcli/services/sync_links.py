"""Which record is which item of another program, and what both had when they last agreed: `sync_place`, `sync_link`.

They say nothing of the book, so they are not journalled: an undo leaves them, and the next comparison finds out. A link
outlives its item, so that what comes back is what was there (`sync_shapes.GONE`).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.services.sync_shapes import GONE, OUT, unpacked
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction


class Link(NamedTuple):
    """An item at `href` (a name within its place) in version `etag`, and the record that it is: 0 for one that is none,
    which is not looked at until it changes. `base` is what both had when they agreed, as whoever keeps it writes it."""

    href: str
    record: int
    etag: str
    base: str

    @property
    def there(self) -> bool:
        """Whether there is an item, as far as is known."""
        return bool(self.etag) or not self.base or unpacked(self.base).state not in (GONE, OUT)


#: What calendar files said is kept in `base` as a text, and is nobody's item.
_COMPARED = "base LIKE '{%'"


def digest(text: str) -> str:
    """What an index holds in place of a text of any length."""
    return hashlib.sha256(text.encode()).hexdigest()


def place(tx: Transaction, url: str) -> int:
    """The row of a place, made where it is new."""
    connection, key = tx.connection, digest(url)
    tx.names_alone()
    sql = "SELECT id FROM sync_place WHERE digest = ?"
    found = connection.value(sql, (key,))
    if found is None:
        connection.run("INSERT INTO sync_place (url, digest) VALUES (?, ?)", (url, key))
        found = connection.value(sql, (key,))
    return int(found)


def token_of(connection: Connection, url: str) -> str:
    """How far a place was read; empty where it never was."""
    return str(connection.value("SELECT token FROM sync_place WHERE digest = ?", (digest(url),)) or "")


def reached(connection: Connection, number: int, token: str, stamp: str) -> None:
    """Keep how far a place was read, and when."""
    connection.run("UPDATE sync_place SET token = ?, synced_at = ? WHERE id = ?", (token, stamp, number))


def links_of(connection: Connection, url: str, entity: str) -> dict[str, Link]:
    """href -> link, of all that a place has."""
    sql = (
        "SELECT l.href, l.record_id, l.etag, l.base FROM sync_link l JOIN sync_place p ON p.id = l.place_id"
        " WHERE p.digest = ? AND l.entity = ?"
    )
    rows = connection.rows(sql, (digest(url), entity))
    return {href: Link(href, int(record or 0), etag or "", base or "") for href, record, etag, base in rows}


def keep(connection: Connection, number: int, entity: str, link: Link) -> None:
    """Keep a link of the place `number`, instead of what was kept of that href."""
    drop(connection, number, [link.href])
    connection.run(
        "INSERT INTO sync_link (place_id, href, digest, entity, record_id, etag, base) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (number, link.href, digest(link.href), entity, link.record, link.etag or None, link.base),
    )


def drop(connection: Connection, number: int, hrefs: Iterable[str]) -> None:
    """Forget links of the place `number`."""
    connection.run_many(
        "DELETE FROM sync_link WHERE place_id = ? AND digest = ?", [(number, digest(href)) for href in hrefs]
    )


def linked(connection: Connection, entity: str, numbers: Iterable[int], *, but: int = 0) -> set[int]:
    """Those of these records that are an item of another program, in another place than `but`."""
    found: set[int] = set()
    for some, marks in portions(sorted(set(numbers))):
        sql = (
            "SELECT record_id, etag, base FROM sync_link"
            f" WHERE entity = ? AND place_id <> ? AND (etag IS NOT NULL OR {_COMPARED}) AND record_id IN ({marks})"
        )
        rows = connection.rows(sql, (entity, but, *some))
        found |= {record for record, etag, base in rows if Link("", record, etag or "", base).there}
    return found


def linked_but(connection: Connection, entity: str, numbers: Iterable[int], url: str) -> set[int]:
    """Those of these records that are an item in another place than that address."""
    number = connection.value("SELECT id FROM sync_place WHERE digest = ?", (digest(url),))
    return linked(connection, entity, numbers, but=int(number or 0))


def texts_of(connection: Connection, entity: str, numbers: Iterable[int]) -> list[tuple[int, str]]:
    """(record, text) of each item that one of these records is or was, in any place or calendar file."""
    found: list[tuple[int, str]] = []
    for some, marks in portions(sorted(set(numbers))):
        sql = f"SELECT record_id, base FROM sync_link WHERE entity = ? AND base <> '' AND record_id IN ({marks})"
        for record, base in connection.rows(sql, (entity, *some)):
            found.append((record, unpacked(base).there if base.startswith("{") else base))
    return found


def came_as(connection: Connection, entity: str, record: int) -> str:
    """What a record was known by elsewhere when it came into the book, as the journal has it; empty for one that was
    made here."""
    return str(as_made(connection, entity, record).get("external_id") or "")


def as_made(connection: Connection, entity: str, record: int) -> dict[str, Any]:
    """The stored columns of a record as it came into the book; empty where the journal does not have that any more."""
    sql = "SELECT after FROM journal WHERE entity = ? AND record_id = ? AND before IS NULL ORDER BY id LIMIT 1"
    after = connection.value(sql, (entity, record))
    return dict(json.loads(after)) if after else {}


def stay_out(connection: Connection, number: int, entity: str, record: int) -> None:
    """A record that is in the place `number` by now was moved there: it does not come back to those that it left."""
    sql = (
        "SELECT id, base FROM sync_link WHERE entity = ? AND record_id = ? AND place_id <> ? AND etag IS NULL"
        f" AND {_COMPARED}"
    )
    for row, base in list(connection.rows(sql, (entity, record, number))):
        agreed = unpacked(base)
        if agreed.state == GONE:
            connection.run("UPDATE sync_link SET base = ? WHERE id = ?", (agreed._replace(state=OUT).packed(), row))


def existing(connection: Connection, entity: str, numbers: Iterable[int], *, removed: bool = True) -> set[int]:
    """Those of these records that the book has, removed ones too unless otherwise said."""
    found: set[int] = set()
    where = "" if removed else " AND removed_at IS NULL"
    for some, marks in portions(sorted(set(numbers))):
        sql = f"SELECT id FROM {entity} WHERE id IN ({marks}){where}"
        found.update(number for (number,) in connection.rows(sql, some))
    return found


def told(connection: Connection, urls: Sequence[str]) -> dict[str, tuple[str | None, int]]:
    """url -> (when it was last brought in step, how many records are linked), of those that ever were."""
    found: dict[str, tuple[str | None, int]] = {}
    for url in urls:
        row = connection.one("SELECT id, synced_at FROM sync_place WHERE digest = ?", (digest(url),))
        if row:
            sql = "SELECT record_id, etag, CASE WHEN etag IS NULL THEN base END FROM sync_link WHERE place_id = ?"
            links = [Link("", int(n or 0), etag or "", base or "") for n, etag, base in connection.rows(sql, (row[0],))]
            found[url] = (row[1], sum(bool(link.record) and link.there for link in links))
    return found
