"""Today's page as a mail once a day, however often it is asked for: it is claimed as a reminder is."""

from __future__ import annotations

from datetime import UTC, datetime, time
from hashlib import sha256
from typing import TYPE_CHECKING

from crmcli.domain.delivery import Fate, Outcome
from crmcli.services import claimants
from crmcli.services.reminder_due import Whose, is_abandoned
from crmcli.store import reminders as store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crmcli.context import Context

_STATES = {Fate.SENT: store.SENT, Fate.DOUBTFUL: store.DOUBTFUL}


def key(ctx: Context, to: Sequence[str]) -> str:
    """What today's page to these addresses is known by: one of this user, for a day."""
    return f"today.{ctx.env.now:%Y%m%d}.{sha256(Whose(ctx).key(','.join(to)).encode()).hexdigest()[:12]}"


def send_once(ctx: Context, to: Sequence[str], deliver: Callable[[], Outcome]) -> Outcome | None:
    """Deliver today's page to these addresses; None where it was, is just being, or may have been, which was told. What
    did not go out is tried again with the next call. Raises what `deliver` raises."""
    name, me = key(ctx, to), claimants.this_one()
    given = store.Claim(Whose(ctx).key("today"), me, ctx.now)
    kept = store.of_page(ctx.reader, name, given.channel)
    if kept is not None and kept.state == store.CLAIMED and is_abandoned(kept, ctx.now):
        said = "its process ended while it was being sent"
        return Outcome(Fate.DOUBTFUL, said) if store.settle(ctx.reader, kept, store.DOUBTFUL, said) else None
    if kept is None:
        number = store.claim_page(ctx.reader, name, datetime.combine(ctx.env.now.date(), time(), UTC), given)
    else:
        number = kept.id if kept.state == store.FAILED and store.take_over(ctx.reader, kept, given) else 0
    if not number:
        return None
    try:
        outcome = deliver()
    except BaseException:
        store.let_go(ctx.reader, number, me)
        raise
    state = _STATES.get(outcome.fate, store.FAILED)
    store.end(ctx.reader, number, me, state, outcome.detail, ctx.now)
    return outcome
