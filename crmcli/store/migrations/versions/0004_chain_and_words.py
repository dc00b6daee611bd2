"""The hash of a transaction covers who began its batch, by which door, when, and what it takes back. PostgreSQL's word
indexes part words where SQLite's do: they are made anew after every upgrade. No table changes.

The two formulas stand here as they are in this revision, whatever `store/journal.py` makes of them later.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from alembic import op

from crmcli.domain.types import Instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crmcli.store.connect import Connection

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: So many transactions, and so many of their changes, are read at a time.
PAGE, MANY = 1000, 5000
TRANSACTIONS = (
    "SELECT x.seq, x.batch_id, x.at, b.at, b.actor, b.source, b.undoes, x.count, x.hash"
    " FROM journal_tx x LEFT JOIN batch b ON b.id = x.batch_id WHERE x.seq > ? ORDER BY x.seq LIMIT ?"
)


def upgrade() -> None:
    context = op.get_context().config
    assert context is not None
    relink(context.attributes["store"])


def relink(connection: Connection) -> None:
    """Give every transaction its new hash. Where its old one was wrong it is left, and with it what `crm db check`
    says of it."""
    old = new = ""
    last = 0
    while page := connection.rows(TRANSACTIONS, (last, PAGE)):
        fresh = []
        for some in _together(page):
            own = _digests(connection, some[0][0], some[-1][0])
            for row in some:
                at, begun = map(Instant().from_db, row[2:4])
                seq, batch, stored, digests = row[0], row[1], row[-1], own.get(row[0], ())
                known = _hash(f"{old}\n{seq}\n{batch}\n{at}\n", digests) == stored
                facts = json.dumps([seq, batch, at, begun, *row[4:7]], default=str)
                made = _hash(f"{new}\n{facts}\n", digests) if known else stored
                fresh.append((made, seq))
                old, new, last = stored, made, seq
        connection.run_many("UPDATE journal_tx SET hash = ? WHERE seq = ?", fresh)
    connection.run("UPDATE journal_head SET hash = ? WHERE id = 1 AND hash = ?", (new, old))


def _hash(text: str, digests: Iterable[str]) -> str:
    chain = hashlib.sha256(text.encode())
    for one in digests:
        chain.update(str(one).encode())
    return chain.hexdigest()


def _together(page: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Transactions parted where they have some thousand changes together: a larger one stands alone."""
    some: list[tuple[Any, ...]] = []
    many = 0
    for row in page:
        if some and many + row[-2] > MANY:
            yield some
            some, many = [], 0
        some.append(row)
        many += row[-2]
    yield some


def _digests(connection: Connection, first: int, last: int) -> dict[int, list[str]]:
    """transaction -> the digests of its rows in their order."""
    found: dict[int, list[str]] = {}
    sql = "SELECT seq, digest FROM journal WHERE seq >= ? AND seq <= ? ORDER BY seq, id"
    for seq, one in connection.rows(sql, (first, last)):
        found.setdefault(seq, []).append(one)
    return found
