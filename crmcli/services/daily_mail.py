"""Today's page as a mail once a day, however often it is asked for: it is claimed as a reminder is."""

from __future__ import annotations

from datetime import UTC, datetime, time
from hashlib import sha256
from typing import TYPE_CHECKING

from crmcli.domain.delivery import Fate, Outcome
from crmcli.domain.text import fold
from crmcli.services import claimants
from crmcli.services.reminder_due import Whose, is_abandoned
from crmcli.store import reminders as store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crmcli.context import Context
    from crmcli.store.reminders import Kept

_STATES = {Fate.SENT: store.SENT, Fate.DOUBTFUL: store.DOUBTFUL}


def key(ctx: Context, to: Sequence[str], owner: str = "") -> str:
    """What today's page of the tasks of an owner to these addresses is known by: one of this user, for a day."""
    return _names(ctx, to, owner)[0][0]


def _names(ctx: Context, to: Sequence[str], owner: str) -> list[tuple[str, str]]:
    """The names and channels that the row of this page may have, the first of which a new one has: who is put into the
    book meanwhile has had the mail before."""
    whose = Whose(ctx)
    page = ",".join(sorted({fold(address) for address in to})) + (f" {fold(owner)}" if owner else "")
    digests = [sha256(name.encode()).hexdigest()[:12] for name in whose.keys(page)]
    names = [f"today.{ctx.env.now:%Y%m%d}.{digest}" for digest in digests]
    return list(zip(names, whose.keys("today"), strict=True))


def send_once(ctx: Context, to: Sequence[str], owner: str, deliver: Callable[[], Outcome]) -> Outcome | str:
    """Deliver today's page of an owner to these addresses; the state that it is in where it was delivered, is just
    being, or may have been, which was told. What did not go out is tried again with the next call. Raises what
    `deliver` raises."""
    names, me = _names(ctx, to, owner), claimants.this_one()
    kept = _kept(ctx, names)
    if kept is not None and kept.state == store.CLAIMED and is_abandoned(kept, ctx.now):
        said = "its process ended while it was being sent"
        told = store.settle(ctx.reader, kept, store.DOUBTFUL, said)
        return Outcome(Fate.DOUBTFUL, said) if told else store.DOUBTFUL
    name, channel = names[0]
    given = store.Claim(channel, me, ctx.now)
    if kept is None:
        number = store.claim_page(ctx.reader, name, datetime.combine(ctx.env.now.date(), time(), UTC), given)
    else:
        number = kept.id if kept.state == store.FAILED and store.take_over(ctx.reader, kept, given) else 0
    if not number:
        kept = _kept(ctx, names)
        return kept.state if kept is not None else store.CLAIMED
    try:
        outcome = deliver()
    except BaseException:
        store.let_go(ctx.reader, number, me)
        raise
    state = _STATES.get(outcome.fate, store.FAILED)
    store.end(ctx.reader, number, me, state, outcome.detail, ctx.now)
    return outcome


def _kept(ctx: Context, names: Sequence[tuple[str, str]]) -> Kept | None:
    found = (store.of_page(ctx.reader, name, channel) for name, channel in names)
    return next((kept for kept in found if kept is not None), None)
