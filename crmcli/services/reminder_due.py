"""Which reminders are due, whose they are and by which channel, and since when anybody was promised them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain import reminders as rules
from crmcli.domain.entities import TASK
from crmcli.domain.query import And
from crmcli.domain.struct import Struct
from crmcli.domain.text import fold
from crmcli.domain.types import read_instant
from crmcli.services import claimants, records
from crmcli.services.today import OPEN_TASK
from crmcli.store import read
from crmcli.store import reminders as store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crmcli.context import Context
    from crmcli.domain.reminders import Moment
    from crmcli.services.notifying import Channel
    from crmcli.store.reminders import Kept

#: Whose tasks are meant where no filter says it.
MINE = "owner:me or no:owner"
#: What is due later has no reminder yet.
FURTHEST = timedelta(days=367)
#: Since when one of the setting `remind` counts is kept under this and its minutes; channels have no blanks.
_USUAL = "usual "
_FIELDS = tuple(TASK.by_name[name] for name in ("id", "due_on", "due_at", "remind", "created_at"))


class Waiting(Struct):
    """A reminder of a task at a moment that is to be sent by a channel, which the book knows by `key`; `kept` is its
    row where it was tried before. It goes in place of the earlier moments (keys) that it `overtakes`."""

    task: int
    moment: Moment
    channel: Channel
    key: str
    kept: Kept | None
    overtakes: tuple[datetime, ...] = ()


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


class Due:
    """What is due of the tasks that fit a filter, by these channels: `waiting` is to be sent, the earliest first;
    `missed` is too late, and nobody was told. `begins` is since when what nobody used before counts, by its name in the
    book, and `before` of how many tasks a channel is not used because they were due before."""

    def __init__(self, ctx: Context, words: Sequence[str], by: Iterable[Channel]) -> None:
        self.waiting: list[Waiting] = []
        self.missed: list[Waiting] = []
        self.before: dict[str, int] = {}
        self._ctx, self._whose, self._ways = ctx, Whose(ctx), list(by)
        self._usual = _Usual(ctx)
        self._since = self._counted()
        self.begins = self._begun()
        self._since |= dict(self.begins)
        tasks = _tasks(ctx, words, self._usual)
        self._known: dict[tuple[int, datetime], dict[str, Kept]] = {}
        for kept in store.of_tasks(ctx.reader, tasks):
            if (name := self._whose.channel(kept.channel)) is not None:
                self._known.setdefault((kept.task, kept.at), {})[name] = kept
        for number, moments in self._promised(tasks).items():
            for way in self._ways:
                self._sort_out(number, moments, way)
        self.waiting.sort(key=lambda one: (one.moment.at, one.task))

    def _counted(self) -> dict[str, datetime]:
        """Since when each channel, and each reminder that is usual, counts for this user."""
        found: dict[str, datetime] = {}
        for key, at in store.since(self._ctx.reader).items():
            # What began later than now began by a clock that was ahead: it has not begun.
            if (name := self._whose.channel(key)) is not None and at <= self._ctx.now:
                found[name] = min(at, found.get(name, at))
        return {self._whose.key(name): at for name, at in found.items()}

    def _begun(self) -> list[tuple[str, datetime]]:
        """A channel counts from a day before it is used for the first time, so that who tries it has what is due. A
        reminder that is usual counts from now on, unless it is the first that is."""
        now, key = self._ctx.now, self._whose.key
        first = now - rules.LEAD
        others = any(name.startswith(key(_USUAL)) for name in self._since)
        names = {key(way.name): first for way in self._ways}
        names |= {key(f"{_USUAL}{minutes}"): now if others else first for minutes in self._usual.minutes}
        return [(name, at) for name, at in names.items() if name not in self._since]

    def _promised(self, tasks: dict[int, tuple[dict[str, Any], list[Moment]]]) -> dict[int, list[Moment]]:
        """Those of the moments that have come which the task had when they came: what was put elsewhere, given
        reminders, or imported later was promised to nobody before. What was tried once was."""
        known = self._known
        untold = [number for number, (_, some) in tasks.items() if any((number, one.key) not in known for one in some)]
        changes = store.changes(self._ctx.reader, untold)
        return {
            number: [
                one
                for one in moments
                if (number, one.key) in known or self._was_promised(row, changes.get(number, ()), one)
            ]
            for number, (row, moments) in tasks.items()
        }

    def _was_promised(
        self, row: dict[str, Any], changes: Iterable[tuple[datetime, dict[str, Any] | None]], moment: Moment
    ) -> bool:
        then = rules.as_at(row, changes, moment.at, self._ctx.now)
        if then is None or all(one.key != moment.key for one in self._usual.moments(then)):
            return False
        since = None if row["remind"] else self._since.get(self._whose.key(f"{_USUAL}{moment.minutes}"))
        return since is None or moment.at >= since

    def _sort_out(self, task: int, moments: Sequence[Moment], way: Channel) -> None:
        """Put those of one task by one channel to what waits, the latest of them alone, or to what is missed."""
        now, key = self._ctx.now, self._whose.key(way.name)
        late = now - timedelta(days=int(self._ctx.settings["remind_days"]))
        some: list[Waiting] = []
        for one in moments:
            kept = self._known.get((task, one.key), {}).get(way.name)
            if kept is not None or one.at >= self._since[key]:
                some.append(Waiting(task, one, way, key, kept))
        if len(some) < len(moments) and key in dict(self.begins):
            self.before[way.name] = self.before.get(way.name, 0) + 1
        due = [one for one in some if one.moment.at >= late and _is_wanted(one.kept, now)]
        if due:
            last = max(due, key=lambda one: one.moment.at)
            earlier = [one for one in some if one.moment.at < last.moment.at and _is_open(one.kept)]
            self.waiting.append(last._replace(overtakes=tuple(one.moment.key for one in earlier)))
        else:
            self.missed += [one for one in some if one.moment.at < late and (task, one.moment.key) not in self._known]


class _Usual:
    """The reminders that settings make usual: `minutes` before a task that has a time and none of its own."""

    def __init__(self, ctx: Context) -> None:
        self.minutes = rules.read_usual(str(ctx.settings["remind"]))
        self._opening = rules.read_clock(str(ctx.settings["remind_at"]))
        self._now = ctx.env.now

    def moments(self, row: Any) -> Iterable[Moment]:
        return rules.moments(row, self.minutes, self._opening, self._now)


def _is_open(kept: Kept | None) -> bool:
    return kept is None or (kept.state == store.FAILED and kept.tries < rules.MOST_TRIES)


def _is_wanted(kept: Kept | None, now: datetime) -> bool:
    return kept is None or (kept.state == store.FAILED and rules.may_be_tried(kept.tries, kept.claimed_at, now))


def _tasks(
    ctx: Context, words: Sequence[str], usual: _Usual, *, only: int = 0
) -> dict[int, tuple[dict[str, Any], list[Moment]]]:
    """The row and the reminders that have come, of each open task that fits a filter and has some, or `only` of one."""
    now, text = ctx.now, records.filter_text(TASK, words) or MINE
    last = (now + FURTHEST).date().isoformat()
    some = "(has:remind or has:due_at)" if usual.minutes else "has:remind"
    texts = (text, f"due_on:..{last} {some}", *([f"id:{only}"] if only else []))
    nodes = [records.bound(ctx, TASK, each, scope=False) for each in texts]
    found: dict[int, tuple[dict[str, Any], list[Moment]]] = {}
    keys = read.parse_sort(TASK, "due_on")
    for row in read.stream(ctx.reader, TASK, And((*OPEN_TASK, *nodes)), sort=keys, fields=_FIELDS):
        created = read_instant(row["created_at"])
        come = [
            moment for moment in usual.moments(row) if moment.at <= now and rules.was_promised(moment.at, created, now)
        ]
        if come:
            found[row["id"]] = (row, come)
    return found


def stands(ctx: Context, words: Sequence[str], one: Waiting) -> bool:
    """Whether a task is still open, fits the filter and has a reminder."""
    _, moments = _tasks(ctx, words, _Usual(ctx), only=one.task).get(one.task, ({}, []))
    return any(moment.key == one.moment.key for moment in moments)


def is_abandoned(kept: Kept, now: datetime) -> bool:
    """Whether nobody is sending a claimed reminder any more. Of a process of this machine that is known, whatever its
    clock says."""
    if claimants.runs(kept.claimed_by):
        return False
    return (
        kept.claimed_by == store.NOBODY
        or claimants.has_ended(kept.claimed_by)
        or rules.is_overdue(kept.claimed_at, now)
    )


def astray(ctx: Context) -> int:
    """How many reminders of whoever asks may not have come, and are tried by nobody any more."""
    now, whose = ctx.now, Whose(ctx)
    found = store.in_states(ctx.reader, (*store.UNSETTLED, store.CLAIMED))
    return sum(whose.channel(kept.channel) is not None and _is_astray(kept, now) for kept in found)


def _is_astray(kept: Kept, now: datetime) -> bool:
    if kept.state == store.CLAIMED:
        return is_abandoned(kept, now)
    tried = 1 <= kept.tries < rules.MOST_TRIES and kept.claimed_at > now - rules.GIVEN_UP
    return kept.state == store.DOUBTFUL or not tried
