"""Which record is which item of another program, and what both had when they last agreed: `sync_place`, `sync_link`.

They say nothing of the book, so they are not journalled: an undo leaves them, and the next comparison finds out.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

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


def elsewhere(connection: Connection, number: int, entity: str, record: int) -> bool:
    """Whether a record is in another place than `number` as well."""
    sql = "SELECT 1 FROM sync_link WHERE entity = ? AND record_id = ? AND place_id <> ? AND etag IS NOT NULL LIMIT 1"
    return connection.value(sql, (entity, record, number)) is not None


def told(connection: Connection, urls: Sequence[str]) -> dict[str, tuple[str | None, int]]:
    """url -> (when it was last brought in step, how many records are linked), of those that ever were."""
    found: dict[str, tuple[str | None, int]] = {}
    for url in urls:
        row = connection.one(
            "SELECT p.synced_at, (SELECT count(*) FROM sync_link l WHERE l.place_id = p.id AND l.record_id > 0)"
            " FROM sync_place p WHERE p.digest = ?",
            (digest(url),),
        )
        if row:
            found[url] = (row[0], int(row[1]))
    return found
