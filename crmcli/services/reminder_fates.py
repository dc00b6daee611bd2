"""What became of reminders, and those that people look after: sent once more, or taken for settled."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from crmcli.domain import reminders as rules
from crmcli.domain.types import Instant, show_instant
from crmcli.errors import ConflictError, CrmError, NotFoundError, UsageError
from crmcli.results import Column, Rows
from crmcli.services import claimants, notifying, reminder_astray, reminder_words, reminding
from crmcli.services.reminder_due import Waiting, Whose, is_abandoned
from crmcli.store import reminders as store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crmcli.context import Context
    from crmcli.services.reminding import Told
    from crmcli.store.reminders import Kept

STATES = (*store.STATES, "all")
COLUMNS = (
    Column("id", None, "ID"),
    Column("task", None, "Task"),
    Column("name", None, "Name"),
    Column("channel", None, "Channel"),
    Column("state", None, "State"),
    Column("last", Instant(), "Last try"),
    Column("detail", None, "Why"),
)


def listing(ctx: Context, state: str = "", *, everybody: bool = False) -> Rows:
    """The reminders of whoever asks, or of everybody, oldest first: those in a state, or all that are not settled and
    that matter still. A claim whose process is gone is shown as doubtful, which it becomes with the next reminders."""
    if state and state not in STATES:
        raise UsageError(f"'{state}' is no state of reminders", f"it is one of: {', '.join(STATES)}")
    now, whose = ctx.now, Whose(ctx)
    wanted: Sequence[str] = store.UNSETTLED
    if state:
        wanted = store.STATES if state == "all" else (state,)
        # What is claimed may be doubtful by now.
        found = store.in_states(ctx.reader, dict.fromkeys((*wanted, store.CLAIMED)))
    else:
        found = reminder_astray.unsettled(ctx)
    shown = [(kept, _state(kept, abandoned=is_abandoned(kept, now))) for kept in found]
    shown = [(kept, said) for kept, said in shown if said in wanted]
    mine = [(kept, said) for kept, said in shown if everybody or whose.channel(kept.channel) is not None]
    names = reminder_words.tasks(ctx, (kept.task for kept, _ in mine))
    rows = [
        {
            "id": kept.id, "task": f"task:{kept.task}", "name": names[kept.task]["name"],
            "channel": whose.channel(kept.channel) or kept.channel, "state": said,
            "last": show_instant(kept.claimed_at), "tries": kept.tries,
            "detail": reminding.ENDED if said != kept.state else kept.detail,
        }
        for kept, said in mine
    ]  # fmt: skip
    return Rows(COLUMNS, rows, empty="no such reminders" if state else "every reminder is settled")


def _state(kept: Kept, *, abandoned: bool) -> str:
    return store.DOUBTFUL if kept.state == store.CLAIMED and abandoned else kept.state


def settle(ctx: Context, numbers: Sequence[int]) -> list[int]:
    """Take these reminders for settled, doubtful and failed ones: their numbers. Raises NotFoundError, and
    ConflictError for one that was sent or is on its way."""
    chosen = _chosen(ctx, numbers, lambda _kept: True)
    if ctx.rehearsing:
        return [kept.id for kept in chosen]
    why = f"settled by {ctx.actor}"
    return [kept.id for kept in chosen if store.settle(ctx.reader, kept, store.SENT, why)]


def resend(ctx: Context, numbers: Sequence[int], *, stream: IO[str] | None = None) -> Iterator[Told]:
    """Send these reminders once more by the channels they were to go by, those that failed or are doubtful; what became
    of each. Raises NotFoundError, also for one of somebody else, and ConflictError for one that was sent, or is on its
    way, or that its task has no more. In a rehearsal nothing goes out."""
    whose = Whose(ctx)
    chosen = _chosen(ctx, numbers, lambda kept: whose.channel(kept.channel) is not None)
    told = reminder_words.tasks(ctx, (kept.task for kept in chosen))
    moot = reminder_astray.over(ctx, chosen)
    for kept in chosen:
        if kept.id in moot:
            what = f"task:{kept.task} {told[kept.task]['name']} {moot[kept.id]}"
            raise ConflictError(what, f"crm remind settle {kept.id}")
    ways = {kept.id: notifying.channel(ctx, whose.channel(kept.channel) or "", stream=stream) for kept in chosen}
    # A later one settles those that failed before it.
    for kept in sorted(chosen, key=lambda kept: kept.at) if not ctx.rehearsing else ():
        moment = rules.Moment(kept.at, kept.at, 0)
        one = Waiting(kept.task, moment, ways[kept.id], kept.channel, kept)
        if store.take_over(ctx.reader, kept, store.Claim(kept.channel, claimants.this_one(), ctx.now)):
            yield reminding.deliver(ctx, one, kept.id, told[kept.task])[0]


def _chosen(ctx: Context, numbers: Sequence[int], ours: Callable[[Kept], bool]) -> list[Kept]:
    """The reminders of these ids, in this order, all of which can be looked after."""
    now = ctx.now
    found = {kept.id: kept for kept in store.of_numbers(ctx.reader, numbers)}
    for number in numbers:
        kept = found.get(number)
        if kept is None or not ours(kept):
            whose = "of yours " if kept is not None else ""
            raise NotFoundError(f"there is no reminder {whose}{number}", "'crm remind list' shows their numbers")
        if problem := _settled(kept, abandoned=is_abandoned(kept, now)):
            raise problem
    return [found[number] for number in dict.fromkeys(numbers)]


def _settled(kept: Kept, *, abandoned: bool) -> CrmError | None:
    if kept.state == store.SENT:
        return ConflictError(f"the reminder {kept.id} was sent, or was settled already")
    if kept.state == store.CLAIMED and not abandoned:
        return ConflictError(f"the reminder {kept.id} is on its way", "wait for what becomes of it")
    return None
