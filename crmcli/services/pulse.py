"""Whether anything has changed since something was read: what a screen that stays open asks again and again, and what a
change that was begun on it asks before it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.entities import ENTITIES
from crmcli.errors import ConflictError
from crmcli.store import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from datetime import datetime

    from crmcli.context import Context


class Pulse(NamedTuple):
    """What is other after anything has changed."""

    #: The place of the journal's head: it moves with every commit by anyone.
    seq: int
    #: How many times the book was opened anew; see `Context.follow`.
    opened: int
    #: The present minute in the user's zone: what is "late" and "tomorrow" changes without anybody writing.
    minute: datetime
    #: The hash of the journal's head: only this book, and what goes on from it, has it at that place.
    head: str


class Shown(NamedTuple):
    """What a change is meant for: the book as it stood when it was read, in it a record (`number` 0: none that may not
    change meanwhile), and the place of the journal up to which its changes are known."""

    book: Pulse
    kind: str = ""
    number: int = 0
    since: int = 0


def pulse(ctx: Context) -> Pulse:
    """How the book stands now; what another process put in its place is opened first.

    Raises StoreError where the book cannot be reached, NewerDatabaseError where a newer program has upgraded it.
    """
    ctx.follow()
    found = ctx.reader.one("SELECT seq, hash, (SELECT max(version_num) FROM alembic_version) FROM journal_head")
    seq, head, revision = found or (0, "", None)
    if revision != schema.REVISION:
        schema.check(ctx.reader)
    return Pulse(int(seq or 0), ctx.opened, ctx.env.now.replace(second=0, microsecond=0), head or "")


def stamped(ctx: Context, verb: Callable[..., Any], *args: Any) -> tuple[Pulse, Any]:
    """What a verb reads, and the pulse from just before it: a change in between is then noticed afterwards."""
    return pulse(ctx), verb(ctx, *args)


def as_shown(
    ctx: Context, shown: Shown | None, own: Container[int], verb: Callable[..., Any], *args: Any, **named: Any
) -> Any:
    """Run a verb that changes the book for somebody who saw it as `shown` says (None: they saw nothing of it).

    Raises ConflictError, and changes nothing, where another book stands in the place of that one, and where somebody
    has changed the record since; `own` are the batches of the one who asks, which do not count.
    """
    version = _unchanged(ctx, shown, own) if shown else None
    if shown is None or version is None:
        return verb(ctx, *args, **named)
    with ctx.as_seen(shown.kind, {shown.number: version}):
        return verb(ctx, *args, **named)


def _unchanged(ctx: Context, shown: Shown, own: Container[int]) -> int | None:
    """The version of the record that is shown; None where there is none. Raises ConflictError."""
    reader, version, table = ctx.reader, None, ""
    if shown.number:
        table = ENTITIES[shown.kind].table
        # Before the journal is looked at: a change in between is found there, a later one by its version.
        version = reader.value(f"SELECT version FROM {table} WHERE id = ?", (shown.number,))
    found = reader.one(
        "SELECT seq, hash, (SELECT hash FROM journal_tx WHERE seq = ?) FROM journal_head", (shown.book.seq,)
    )
    seq, head, link = found or (shown.book.seq, shown.book.head, None)  # the write says that a journal has no head
    if shown.book.head != (head if seq == shown.book.seq else link):
        raise ConflictError("another book has taken the place of the one that was shown", "nothing was changed in it")
    if version is None:
        return None
    if seq > shown.since:
        changed = reader.rows(
            "SELECT x.batch_id, b.actor FROM journal j JOIN journal_tx x ON x.seq = j.seq"
            " JOIN batch b ON b.id = x.batch_id WHERE j.entity = ? AND j.record_id = ? AND j.seq > ? ORDER BY j.seq",
            (table, shown.number, shown.since),
        )
        if others := dict.fromkeys(actor for batch, actor in changed if batch not in own):
            raise ConflictError(
                f"{shown.kind}:{shown.number} was changed meanwhile by {', '.join(others)}",
                "see how it stands now, and do it again if it is still to be done",
            )
    return int(version)
