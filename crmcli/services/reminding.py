"""Reminders: which are due, and their delivery, at most once.

Who sends a reminder has claimed it before, in a transaction of its own: its row in the book is there for one process
alone, on whatever machine. What became of it is written behind that. A process that died in between leaves a claim, and
nobody knows how far it came: that reminder is doubtful, told, and left to people.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any

from crmcli.domain import reminders as rules
from crmcli.domain.delivery import Fate, Outcome, read_channels
from crmcli.domain.struct import Struct
from crmcli.domain.types import show_instant
from crmcli.errors import CrmError, UsageError
from crmcli.results import Column, Rows
from crmcli.services import claimants, notifying, reminder_words
from crmcli.services.notifying import Channel, Message
from crmcli.services.reminder_due import Due, Whose, is_abandoned, stands
from crmcli.store import reminders as store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from crmcli.context import Context
    from crmcli.services.reminder_due import Waiting

#: In a list of channels: every service of the setting notify.urls.
SERVICES = "notify"
MISSED = "missed"
PLANNED = (
    Column("task", None, "Task"),
    Column("name", None, "Name"),
    Column("channel", None, "Channel"),
    Column("state", None, "State"),
)
ENDED = "its process ended while it was being sent: look whether it came"
#: A channel by which so many did not come, one after another, is left alone until the next run.
TIRED = 3
_STATES = {
    Fate.SENT: store.SENT,
    Fate.DEFERRED: store.FAILED,
    Fate.REFUSED: store.FAILED,
    Fate.DOUBTFUL: store.DOUBTFUL,
}


class Told(Struct):
    """What became of a reminder in this run: `state` is sent, failed, doubtful or missed; `lacks` is whom one that was
    sent will never reach."""

    id: int
    task: int
    name: str
    at: datetime
    channel: str
    state: str
    tries: int
    detail: str = ""
    lacks: str = ""


# --- channels --------------------------------------------------------------------------------------------------------


def channels(ctx: Context, via: str = "", *, stream: IO[str] | None = None) -> tuple[list[Channel], list[str]]:
    """The channels that a text names, or the setting remind_channels, and why some of them cannot be had: the others go
    on without them. Raises what is wrong with the first where none can be had."""
    found: list[Channel] = []
    lacking: list[CrmError] = []
    for name in read_channels(via or str(ctx.settings["remind_channels"])):
        try:
            found += _services(ctx) if name == SERVICES else [notifying.channel(ctx, name, stream=stream)]
        except CrmError as error:
            lacking.append(error)
    if not found:
        raise lacking[0]
    return list({each.name: each for each in found}.values()), [str(error) for error in lacking]


def _services(ctx: Context) -> list[Channel]:
    found: list[Channel] = [*notifying.services(ctx)]
    if not found:
        raise UsageError("no other services are set up", "'crm config set notify.urls' asks for their addresses")
    return found


# --- sending ---------------------------------------------------------------------------------------------------------


def send(ctx: Context, words: Sequence[str], by: Sequence[Channel]) -> Iterator[Told]:
    """Send what is due by these channels, one after another; what became of each. A claim of this user's whose process
    is gone is told as doubtful, and what came too late as missed. What was sent long ago is forgotten."""
    yield from _abandoned(ctx)
    days = timedelta(days=int(ctx.settings["remind_days"]))
    store.prune(ctx.reader, ctx.now - max(rules.KNOWN, days))
    due = Due(ctx, words, by)
    if due.since.begins or due.since.over:
        _say_before(due)
        store.begin(ctx.reader, due.since.begins, due.since.over)
    told = reminder_words.tasks(ctx, (one.task for one in (*due.waiting, *due.missed)))
    yield from _missed(ctx, due.missed, told)
    failed: dict[str, int] = {}
    for one in due.waiting:
        way = one.channel.name
        if one.task in told and failed.get(way, 0) < TIRED and (number := _claimed(ctx, words, one)):
            sent, down = deliver(ctx, one, number, told[one.task])
            failed[way] = TIRED if down else 0 if sent.state == store.SENT else failed.get(way, 0) + 1
            yield sent


def _say_before(due: Due) -> None:
    """Say of how many tasks nothing is said because their moments came before: once, and so also to who wants quiet."""
    for (way, overdue), many in sorted(due.before.items(), reverse=True):
        why = "is used for the first time" if due.since.is_new(way) else "has other usual reminders from now on"
        some = f"{many} task{'s' * (many != 1)}"
        some += f" that {'were' if many != 1 else 'was'} due before" if overdue else " to come whose reminders are past"
        listed = "is:overdue" if overdue else "due:today.."
        sys.stderr.write(f"{way} {why}: it says nothing of {some}; 'crm task list {listed}' shows them\n")


def planned(ctx: Context, words: Sequence[str], by: Sequence[Channel]) -> Rows:
    """What `send` would send, the earliest first, and what is missed."""
    due = Due(ctx, words, by)
    told = reminder_words.tasks(ctx, (one.task for one in (*due.waiting, *due.missed)))
    rows = [
        {
            "task": f"task:{one.task}", "name": told[one.task]["name"], "channel": one.channel.name, "state": state,
            "says": (reminder_words.of_task(ctx, told[one.task]).line,),
        }
        for some, state in ((due.missed, MISSED), (due.waiting, "due"))
        for one in some
        if one.task in told
    ]  # fmt: skip
    return Rows(PLANNED, rows, empty="no reminder is due", below="says", numbered=False)


def _abandoned(ctx: Context) -> Iterator[Told]:
    whose, left = Whose(ctx), []
    for kept in store.in_states(ctx.reader, (store.CLAIMED,)):
        own = whose.channel(kept.channel) is not None
        if own and is_abandoned(kept, ctx.now) and store.settle(ctx.reader, kept, store.DOUBTFUL, ENDED):
            left.append(kept)
    names = reminder_words.tasks(ctx, (kept.task for kept in left))
    for kept in left:
        name = names[kept.task]["name"] if kept.task in names else ""
        channel = whose.channel(kept.channel) or ""
        yield Told(kept.id, kept.task, name, kept.at, channel, store.DOUBTFUL, kept.tries, ENDED)


def _missed(ctx: Context, missed: Sequence[Waiting], told: dict[int, dict[str, Any]]) -> Iterator[Told]:
    if not missed:
        return
    why = f"it is more than {ctx.settings['remind_days']} days late"
    some = [one for one in missed if one.task in told]
    rows = [(one.task, one.moment.key, one.key) for one in some]
    numbers = store.miss(ctx.reader, rows, claimants.this_one(), ctx.now, f"{MISSED}: {why}")
    for number, one in zip(numbers, some, strict=True):
        yield Told(number, one.task, told[one.task]["name"], one.moment.at, one.channel.name, MISSED, 0, why)


def _claimed(ctx: Context, words: Sequence[str], one: Waiting) -> int:
    """The id of the row of a reminder that is this process's to send; 0 where it is somebody else's, or its task was
    changed since so that it is not due any more."""
    given = store.Claim(one.key, claimants.this_one(), ctx.now, one.overtakes, lambda: stands(ctx, words, one))
    if one.kept is not None:
        return one.kept.id if store.take_over(ctx.reader, one.kept, given) else 0
    return store.claim(ctx.reader, one.task, one.moment.key, given)


def deliver(ctx: Context, one: Waiting, number: int, row: dict[str, Any]) -> tuple[Told, bool]:
    """Send a reminder that was claimed, and write down what became of it; whether its channel is down. One that is
    broken off stays claimed, by nobody: the next run tells it."""
    me, tries = claimants.this_one(), one.kept.tries + 1 if one.kept else 1
    try:
        outcome = one.channel.deliver(message(ctx, one, row))
    except BaseException as error:
        store.let_go(ctx.reader, number, me)
        error.add_note(f"a reminder of task:{one.task} by {one.channel.name} may have gone out: the next run tells it")
        raise
    if outcome.fate is Fate.REFUSED:
        tries = rules.MOST_TRIES  # it would be refused again
    state = _STATES[outcome.fate]
    store.end(ctx.reader, number, me, state, outcome.detail, ctx.now, tries=tries)
    detail = _explained(outcome, tries)
    told = Told(number, one.task, row["name"], one.moment.at, one.channel.name, state, tries, detail, outcome.lacks)
    return told, outcome.down


def _explained(outcome: Outcome, tries: int) -> str:
    if outcome.fate in (Fate.DEFERRED, Fate.REFUSED):
        again = "it is tried again" if tries < rules.MOST_TRIES else "it is not tried again"
        return f"{outcome.detail}; {again}" if outcome.detail else again
    return outcome.detail


def message(ctx: Context, one: Waiting, row: dict[str, Any]) -> Message:
    """What a channel is given. The key is the same however often it is tried, and another one for each moment and
    user."""
    from hashlib import sha256

    said = reminder_words.of_task(ctx, row)
    channel = sha256(one.key.encode()).hexdigest()[:8]
    stamp = show_instant(one.moment.key).translate({ord(sign): None for sign in "-:"})
    key = f"remind.{row['uid']}.{stamp}.{channel}"
    if one.channel.name == notifying.Terminal.name:
        return Message(said.line, "", key)
    return Message(said.title, said.body, key)
