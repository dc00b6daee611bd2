"""Reminders: which are due, and their delivery, at most once.

Who sends a reminder has claimed it before, in a transaction of its own: its row in the book is there for one process
alone, on whatever machine. What became of it is written behind that. A process that died in between leaves a claim, and
nobody knows how far it came: that reminder is doubtful, told, and left to people.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import IO, TYPE_CHECKING, Any

from crmcli.domain import reminders as rules
from crmcli.domain.delivery import Fate, Outcome, read_channels
from crmcli.domain.entities import TASK
from crmcli.domain.query import And
from crmcli.domain.struct import Struct
from crmcli.domain.text import fold
from crmcli.domain.types import read_instant, show_instant
from crmcli.errors import CrmError, UsageError
from crmcli.results import Column, Rows
from crmcli.services import claimants, notifying, records, reminder_words
from crmcli.services.notifying import Channel, Message
from crmcli.services.today import OPEN_TASK
from crmcli.store import read
from crmcli.store import reminders as store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crmcli.context import Context
    from crmcli.domain.reminders import Moment
    from crmcli.store.reminders import Kept

#: Whose tasks are meant where no filter says it.
MINE = "owner:me or no:owner"
#: What is due later has no reminder yet.
FURTHEST = timedelta(days=367)
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
_FIELDS = tuple(TASK.by_name[name] for name in ("id", "due_on", "due_at", "remind", "created_at"))


class Told(Struct):
    """What became of a reminder in this run: `state` is sent, failed, doubtful or missed."""

    id: int
    task: int
    name: str
    at: datetime
    channel: str
    state: str
    tries: int
    detail: str = ""


class Waiting(Struct):
    """A reminder of a task at a moment that is to be sent by a channel, which the book knows by `key`; `kept` is its
    row where it was tried before. Without a `schedule` it is sent however things stand with the task."""

    task: int
    schedule: store.Schedule | None
    moment: Moment
    channel: Channel
    key: str
    kept: Kept | None


class Whose:
    """Whose reminders they are: each user of a book has their own, and the channels of their own settings.

    A user is known by their number in the book, so that another name is no other user; who is not in the book, by name.
    """

    def __init__(self, ctx: Context) -> None:
        name = fold(ctx.actor)
        number = ctx.reader.value("SELECT id FROM crm_user WHERE name_key = ?", (name,))
        self._keys = [*([f"user:{number}"] if number is not None else []), name]

    def key(self, channel: str) -> str:
        """What the rows of a channel of this user have."""
        return f"{self._keys[0]}/{channel}"

    def channel(self, key: str) -> str | None:
        """The channel of a row; None where it is somebody else's."""
        whose, _, channel = key.rpartition("/")
        return channel if whose in self._keys else None


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
    found: list[Channel] = [each for each in notifying.channels(ctx) if isinstance(each, notifying.Service)]
    if not found:
        raise UsageError("no other services are set up", "'crm config set notify.urls' asks for their addresses")
    return found


# --- what is due -----------------------------------------------------------------------------------------------------


def due(ctx: Context, words: Sequence[str], by: Iterable[Channel]) -> tuple[list[Waiting], list[Waiting]]:
    """The reminders of the tasks that fit a filter which are to be sent now, the earliest first; and those that are too
    late, of which nobody was told."""
    now, whose = ctx.now, Whose(ctx)
    tasks, ways = _tasks(ctx, words), list(by)
    known: dict[tuple[int, datetime], dict[str, Kept]] = {}
    for kept in store.of_tasks(ctx.reader, tasks):
        if (name := whose.channel(kept.channel)) is not None:
            known.setdefault((kept.task, kept.at), {})[name] = kept
    since = now - timedelta(days=int(ctx.settings["remind_days"]))
    waiting: list[Waiting] = []
    missed: list[Waiting] = []
    for number, (schedule, moments) in tasks.items():
        for moment in moments:
            tried = known.get((number, moment.key), {})
            each = [
                Waiting(number, schedule, moment, way, whose.key(way.name), tried.get(way.name))
                for way in ways
                if _is_wanted(tried.get(way.name), now)
            ]
            if moment.at >= since:
                waiting += each
            elif not tried:
                missed += each
    return sorted(waiting, key=lambda one: (one.moment.at, one.task)), missed


def _is_wanted(kept: Kept | None, now: datetime) -> bool:
    return kept is None or (kept.state == store.FAILED and rules.may_be_tried(kept.tries, kept.claimed_at, now))


def _tasks(ctx: Context, words: Sequence[str]) -> dict[int, tuple[store.Schedule, list[Moment]]]:
    """The reminders that have come, of each open task which fits a filter and has some."""
    now, own = ctx.now, ctx.settings
    usual, opening = rules.read_usual(str(own["remind"])), rules.read_clock(str(own["remind_at"]))
    text = records.filter_text(TASK, words) or MINE
    last = (now + FURTHEST).date().isoformat()
    some = "(has:remind or has:due_at)" if usual else "has:remind"
    nodes = [records.bound(ctx, TASK, each, scope=False) for each in (text, f"due_on:..{last} {some}")]
    keys = read.parse_sort(TASK, "due_on")
    found: dict[int, tuple[store.Schedule, list[Moment]]] = {}
    for row in read.stream(ctx.reader, TASK, And((*OPEN_TASK, *nodes)), sort=keys, fields=_FIELDS):
        created = read_instant(row["created_at"])
        come = [
            moment
            for moment in rules.moments(row, usual, opening, ctx.env.now)
            if moment.at <= now and rules.was_promised(moment.at, created, now)
        ]
        if come:
            found[row["id"]] = ((row["due_on"], row["due_at"], row["remind"]), come)
    return found


# --- sending ---------------------------------------------------------------------------------------------------------


def send(ctx: Context, words: Sequence[str], by: Sequence[Channel]) -> Iterator[Told]:
    """Send what is due by these channels, one after another; what became of each. A claim of this user's whose process
    is gone is told as doubtful, and what came too late as missed."""
    yield from _abandoned(ctx)
    waiting, missed = due(ctx, words, by)
    told = reminder_words.tasks(ctx, (one.task for one in (*waiting, *missed)))
    yield from _missed(ctx, missed, told)
    failed: dict[str, int] = {}
    for one in waiting:
        way = one.channel.name
        if one.task in told and failed.get(way, 0) < TIRED and (number := _claimed(ctx, one)):
            sent = deliver(ctx, one, number, told[one.task])
            failed[way] = failed.get(way, 0) + 1 if sent.state != store.SENT else 0
            yield sent


def planned(ctx: Context, words: Sequence[str], by: Sequence[Channel]) -> Rows:
    """What `send` would send, the earliest first, and what is missed."""
    waiting, missed = due(ctx, words, by)
    told = reminder_words.tasks(ctx, (one.task for one in (*waiting, *missed)))
    rows = [
        {
            "task": f"task:{one.task}", "name": told[one.task]["name"], "channel": one.channel.name, "state": state,
            "says": (reminder_words.of_task(ctx, told[one.task]).line,),
        }
        for some, state in ((missed, MISSED), (waiting, "due"))
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


def is_abandoned(kept: Kept, now: datetime) -> bool:
    """Whether nobody is sending a claimed reminder any more."""
    return claimants.has_ended(kept.claimed_by) or rules.is_overdue(kept.claimed_at, now)


def _missed(ctx: Context, missed: Sequence[Waiting], told: dict[int, dict[str, Any]]) -> Iterator[Told]:
    if not missed:
        return
    why = f"it is more than {ctx.settings['remind_days']} days late"
    rows = [(one.task, one.moment.key, one.key) for one in missed if one.task in told]
    store.miss(ctx.reader, rows, claimants.this_one(), ctx.now, f"{MISSED}: {why}")
    for one in missed:
        if one.task in told:
            name = told[one.task]["name"]
            yield Told(0, one.task, name, one.moment.at, one.channel.name, MISSED, 0, why)


def _claimed(ctx: Context, one: Waiting) -> int:
    """The id of the row of a reminder that is this process's to send; 0 where it is somebody else's, or its task was
    changed since."""
    me = claimants.this_one()
    if one.kept is not None:
        return one.kept.id if store.take_over(ctx.reader, one.kept, me, ctx.now, schedule=one.schedule) else 0
    assert one.schedule is not None
    return store.claim(ctx.reader, one.task, one.schedule, one.moment.key, one.key, me, ctx.now)


def deliver(ctx: Context, one: Waiting, number: int, row: dict[str, Any]) -> Told:
    """Send a reminder that was claimed, and write down what became of it."""
    me, tries = claimants.this_one(), one.kept.tries + 1 if one.kept else 1
    try:
        outcome = one.channel.deliver(message(ctx, one, row))
    except BaseException:
        store.end(ctx.reader, number, me, store.DOUBTFUL, "it was broken off while it was being sent", ctx.now)
        raise
    if outcome.fate is Fate.REFUSED:
        tries = rules.MOST_TRIES  # it would be refused again
    state = _STATES[outcome.fate]
    store.end(ctx.reader, number, me, state, outcome.detail, ctx.now, tries=tries)
    detail = _explained(outcome, tries)
    return Told(number, one.task, row["name"], one.moment.at, one.channel.name, state, tries, detail)


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
