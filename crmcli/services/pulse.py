"""Whether anything has changed since something was read: what a screen that stays open asks again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.store import schema

if TYPE_CHECKING:
    from collections.abc import Callable
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


def pulse(ctx: Context) -> Pulse:
    """How the book stands now; what another process put in its place is opened first.

    Raises StoreError where the book cannot be reached, NewerDatabaseError where a newer program has upgraded it.
    """
    ctx.follow()
    found = ctx.reader.one("SELECT seq, (SELECT max(version_num) FROM alembic_version) FROM journal_head")
    seq, revision = found or (0, None)
    if revision != schema.REVISION:
        schema.check(ctx.reader)
    return Pulse(int(seq or 0), ctx.opened, ctx.env.now.replace(second=0, microsecond=0))


def stamped(ctx: Context, verb: Callable[..., Any], *args: Any) -> tuple[Pulse, Any]:
    """What a verb reads, and the pulse from just before it: a change in between is then noticed afterwards."""
    return pulse(ctx), verb(ctx, *args)
