"""How the journal is written and chained: the text of a change, its digest, and the hash of a transaction."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.types import Instant
from crmcli.errors import DamagedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crmcli.domain.change import Change
    from crmcli.store.connect import Connection

    #: A change as the journal keeps it: table, record, before, after, digest.
    Line = tuple[str, int, str | None, str | None, str]

ADVICE = "run 'crm db check --deep', then restore a backup with 'crm db restore FILE'"
#: From this revision on a batch can take one transaction of another one back alone (`undoes_seq`).
WITH_STEP = "0006"


def links(revision: str) -> str:
    """What reads the transactions after one, at most so many, each with the batch it belongs to, for `Link`, from a
    book of that revision."""
    step = "b.undoes_seq" if revision >= WITH_STEP else "NULL"
    return (
        f"SELECT x.seq, x.batch_id, x.at, b.at, b.actor, b.source, b.undoes, {step}, x.count, x.hash"
        " FROM journal_tx x LEFT JOIN batch b ON b.id = x.batch_id WHERE x.seq > ? ORDER BY x.seq LIMIT ?"
    )


def stands(besides: int = 0) -> str:
    """The condition that a transaction (`journal_tx x`) of a batch that stands does so too: no undo that stands takes
    it back alone. With `besides` as if the undo of that number did not stand."""
    other = f" AND part.id <> {int(besides)}" if besides else ""
    return f"NOT EXISTS (SELECT 1 FROM batch part WHERE part.undoes_seq = x.seq AND part.undone_by IS NULL{other})"


def canonical(value: Any) -> str | None:
    """The JSON text that the journal keeps and digests."""
    return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(entity: str, record: int, before: str | None, after: str | None) -> str:
    """SHA-256 of one journal row."""
    text = f"{entity}\n{record}\n{before if before is not None else '-'}\n{after if after is not None else '-'}"
    return hashlib.sha256(text.encode()).hexdigest()


def line(change: Change) -> Line:
    """A change as the journal keeps it."""
    before, after = canonical(change.before), canonical(change.after)
    return change.table, change.id, before, after, digest(change.table, change.id, before, after)


def columns(text: str | None) -> dict[str, Any] | None:
    """The columns that one side of a journal row holds, `canonical` read back. Raises DamagedError."""
    if text is None:
        return None
    try:
        found = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise DamagedError("the journal is damaged: it holds a change that is none", ADVICE, "a change is no JSON")
    return found


def head(connection: Connection, *, lock: bool = False) -> tuple[int, str]:
    """The number and the hash of the last transaction; `lock` keeps other writers from adding one until this one ends.
    Raises DamagedError."""
    wait = " FOR UPDATE" if lock and connection.dialect == "postgresql" else ""
    found = connection.one(f"SELECT seq, hash FROM journal_head WHERE id = 1{wait}")
    if found is None:
        raise DamagedError("the journal is damaged: it has lost its head", ADVICE, "the journal has lost its head")
    return found[0], found[1]


class Link(NamedTuple):
    """A transaction as the chain knows it: its place and time, and who began its batch, by which door, when, and to
    take back which other one, or which transaction of that alone. A batch's command is not in it, because a purge
    blanks that."""

    seq: int
    batch: int
    at: str
    begun: str
    actor: str
    source: str
    undoes: int | None
    undoes_seq: int | None

    @classmethod
    def read(cls, row: tuple[Any, ...]) -> Link:
        """From the first columns of `links`."""
        at = Instant().from_db
        return cls(row[0], row[1], at(row[2]), at(row[3]), *row[4:8])

    def hashed(self, previous: str, digests: Iterable[str]) -> str:
        """The hash of the transaction: over what it is and the digests of its rows, after the previous hash."""
        # Left out where there is none: so the hashes from before it could be are what they were.
        facts = self if self.undoes_seq is not None else self[:-1]
        return _over(f"{previous}\n{json.dumps(facts, default=str)}\n", digests)

    def hashed_before_0004(self, previous: str, digests: Iterable[str]) -> str:
        """The hash it had before revision 0004, which knew nothing of its batch but the number."""
        return _over(f"{previous}\n{self.seq}\n{self.batch}\n{self.at}\n", digests)


class Origin(NamedTuple):
    """Who begins a batch, by which door, with which command, and which other batch it takes back, or which transaction
    of that alone (`undoes_seq`)."""

    actor: str
    source: str
    command: str
    undoes: int | None = None
    undoes_seq: int | None = None


def append(connection: Connection, lines: Sequence[Line], at: str, origin: Origin, batch: int = 0) -> int:
    """Write a transaction of these lines and link it into the chain; the number of its batch. That is begun here, at
    the instant `at` as `origin` says, where it is not one (`batch`) that was begun before. Raises DamagedError."""
    # Identity order is not commit order on PostgreSQL: whoever holds this is the next link.
    connection.alone("chain")
    seq, previous = head(connection, lock=True)
    seq += 1
    begun: tuple[Any, ...] = (at, origin.actor, origin.source, origin.undoes, origin.undoes_seq)
    if batch:
        begun = connection.rows("SELECT at, actor, source, undoes, undoes_seq FROM batch WHERE id = ?", (batch,))[0]
    else:
        batch = connection.next_ids("batch", 1)[0]
        connection.run(
            "INSERT INTO batch (id, at, actor, source, undoes, undoes_seq, command) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (batch, *begun, origin.command),
        )
        if origin.undoes and not origin.undoes_seq:
            connection.run("UPDATE batch SET undone_by = ? WHERE id = ?", (batch, origin.undoes))
    chain = Link.read((seq, batch, at, *begun)).hashed(previous, [one[-1] for one in lines])
    connection.run(
        "INSERT INTO journal_tx (seq, batch_id, at, count, hash) VALUES (?, ?, ?, ?, ?)",
        (seq, batch, at, len(lines), chain),
    )
    connection.run_many(
        "INSERT INTO journal (seq, entity, record_id, before, after, digest) VALUES (?, ?, ?, ?, ?, ?)",
        [(seq, *one) for one in lines],
    )
    connection.run("UPDATE journal_head SET seq = ?, hash = ? WHERE id = 1", (seq, chain))
    return batch


def _over(text: str, digests: Iterable[str]) -> str:
    chain = hashlib.sha256(text.encode())
    for one in digests:
        chain.update(str(one).encode())
    return chain.hexdigest()
