"""Proof that the journal is whole: every digest, every link of its chain, every batch that another one took back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.errors import DamagedError
from crmcli.store import journal, schema
from crmcli.store.journal import WITH_STEP, Link, digest, links

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.store.connect import Connection

#: So many transactions are read at a time; so many faults of a kind are looked for.
PAGE, MOST = 50, 1000
#: From this revision on the hash of a transaction covers its batch.
WITH_BATCH = "0004"


def chain(connection: Connection) -> Iterator[str]:
    """Recompute the journal: every digest, every link, up to the head that stood at the start."""
    final = None
    try:
        head, final = journal.head(connection)
    except DamagedError as error:
        yield error.detail
        head = int(connection.value("SELECT max(seq) FROM journal_tx") or 0)
    revision = schema.revision(connection) or ""
    hashed = Link.hashed if revision >= WITH_BATCH else Link.hashed_before_0004
    previous, expected = "", 0
    while expected < head:
        page = [row for row in connection.rows(links(revision), (expected, PAGE)) if row[0] <= head]
        if not page:
            yield f"the journal ends at {expected}, its head says {head}"
            return
        for row in page:
            this, (count, stored) = Link.read(row), row[-2:]
            expected += 1
            if this.seq != expected:
                yield f"journal transaction {expected} is missing"
                expected = this.seq
            digests: list[str] = []
            yield from _changes(connection, this.seq, digests)
            if len(digests) != count:
                yield f"journal transaction {this.seq} has {len(digests)} rows, not {count}"
            if hashed(this, previous, digests) != stored:
                yield f"journal transaction {this.seq} does not link to the one before it"
            previous = stored
    if final is not None and previous != final:
        yield "the journal's head is not the hash of its last transaction"
    beyond = connection.value("SELECT count(*) FROM journal_tx WHERE seq > (SELECT seq FROM journal_head WHERE id = 1)")
    if beyond:
        yield f"{beyond} journal transactions stand beyond the head"
    step = "undoes_seq" if revision >= WITH_STEP else "NULL"
    yield from taken_back(connection, step)
    if revision >= WITH_STEP:
        yield from taken_back_alone(connection)


def _changes(connection: Connection, seq: int, digests: list[str]) -> Iterator[str]:
    """Recompute the changes of a transaction, and gather their digests."""
    sql = "SELECT id, entity, record_id, before, after, digest FROM journal WHERE seq = ? ORDER BY id"
    for number, entity, record, before, after, stored in connection.rows(sql, (seq,)):
        digests.append(stored)
        if (before is not None or after is not None) and digest(entity, record, before, after) != stored:
            yield f"journal row {number} ({entity} {record}) was altered"


def taken_back(connection: Connection, step: str = "undoes_seq") -> Iterator[str]:
    """Which batches are taken back, worked out anew from the undos in their order; the chain covers those. A batch of
    which an undo took one transaction back alone (`step` reads which; older books do not know) stands."""
    rows = connection.rows(
        f"SELECT id, undoes, {step}, undone_by FROM batch WHERE undoes IS NOT NULL OR undone_by IS NOT NULL ORDER BY id"
    )
    undoes = {number: target for number, target, alone, _ in rows if target is not None and alone is None}
    by: dict[int, int | None] = {}
    for number, target in undoes.items():
        by[target] = number
        # An undo that is undone puts what it took back in force again, and so on down the line.
        child, stands = target, True
        while child in undoes and undoes[child] < child:
            by[undoes[child]] = None if stands else child
            child, stands = undoes[child], not stands
    said = {number: now for number, _, _, now in rows}
    for number in sorted(said.keys() | by.keys()):
        now, wanted = said.get(number), by.get(number)
        if now != wanted:
            what = f"batch {wanted} took it back" if wanted else "no batch that stands took it back"
            yield f"batch {number} is said to {f'be taken back by batch {now}' if now else 'stand'}, and {what}"


def taken_back_alone(connection: Connection) -> Iterator[str]:
    """What is taken back alone is a transaction of the batch that is named with it, and of one that is no undo."""
    rows = connection.rows(
        "SELECT part.id, part.undoes_seq, part.undoes FROM batch part LEFT JOIN journal_tx x ON x.seq = part.undoes_seq"
        " LEFT JOIN batch b ON b.id = part.undoes WHERE part.undoes_seq IS NOT NULL"
        " AND (x.batch_id IS NULL OR part.undoes IS NULL OR x.batch_id <> part.undoes OR b.undoes IS NOT NULL)"
        f" ORDER BY part.id LIMIT {MOST}"
    )
    for number, seq, target in rows:
        yield f"batch {number} is said to take back transaction {seq} alone, which is none of batch {target}'s own"


def purged(connection: Connection) -> list[str]:
    """Journal rows without content are those of purged records only."""
    empty = "j.before IS NULL AND j.after IS NULL"
    rows = connection.rows(
        f"SELECT DISTINCT j.entity, j.record_id FROM journal j WHERE {empty} AND NOT EXISTS"
        " (SELECT 1 FROM journal p JOIN journal_tx x ON x.seq = p.seq JOIN batch b ON b.id = x.batch_id"
        "  WHERE p.entity = j.entity AND p.record_id = j.record_id AND b.source = 'purge' AND p.before IS NULL"
        f"  AND p.after IS NULL) LIMIT {MOST}"
    )
    return [f"the journal of {row[0]} {row[1]} is empty, but nobody purged it" for row in rows]
