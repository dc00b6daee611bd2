"""Which reminders are due, whose they are and by which channel, and since when anybody was promised them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain import reminders as rules
from crmcli.domain.entities import TASK
from crmcli.domain.query import And, matches
from crmcli.domain.struct import Struct
from crmcli.domain.text import fold
from crmcli.domain.types import read_instant
from crmcli.services import claimants, records
from crmcli.services.reminder_since import Since, usual_ones
from crmcli.services.today import OPEN_TASK
from crmcli.store import read
from crmcli.store import reminders as store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from crmcli.context import Context
    from crmcli.domain.query import Node
    from crmcli.domain.reminders import Moment
    from crmcli.services.notifying import Channel
    from crmcli.store.reminders import Kept

    #: Tasks by their numbers: the row of each, and those of its reminders that have come.
    _Tasks = dict[int, tuple[dict[str, Any], list[Moment]]]

#: Whose tasks are meant where no filter says it.
MINE = "owner:me or no:owner"
#: What is due later has no reminder yet.
FURTHEST = timedelta(days=367)
#: What a task can be about: the first of them that it names.
_ABOUT = ("opportunity", "contact", "company")
_FIELDS = tuple(TASK.by_name[name] for name in ("id", "due_on", "due_at", "remind", "created_at"))
#: What a reminder that a task had once depends on, of what may have changed since.
_THEN = tuple(
    TASK.by_name[name] for name in ("id", "due_on", "due_at", "remind", "done_at", "removed_at", "owner", *_ABOUT)
)


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
        return self.keys(channel)[0]

    def keys(self, channel: str) -> list[str]:
        """What rows of a channel of this user may have, also those from before they were in the book."""
        return [f"{key}/{channel}" for key in self._keys]

    def channel(self, key: str) -> str | None:
        """The channel of a row; None where it is somebody else's."""
        whose, _, channel = key.rpartition("/")
        return channel if whose in self._keys else None


class Due:
    """What is due of the tasks that fit a filter, by these channels: `waiting` is to be sent, the earliest first;
    `missed` is too late, and nobody was told. `since` says from when each counts, and `before` of how many tasks a
    channel says nothing because their moments came before that, overdue ones (True) and others."""

    def __init__(self, ctx: Context, words: Sequence[str], by: Iterable[Channel]) -> None:
        self.waiting: list[Waiting] = []
        self.missed: list[Waiting] = []
        self.before: Counter[tuple[str, bool]] = Counter()
        self._ctx, self._whose, self._ways = ctx, Whose(ctx), list(by)
        self._usual = _Usual(ctx)
        self._node = _node(ctx, words)
        self.since = Since(ctx, self._whose, [way.name for way in self._ways], self._usual.minutes)
        tasks = _tasks(ctx, self._node, self._usual)
        self._known: dict[tuple[int, datetime], dict[str, Kept]] = {}
        for kept in store.of_tasks(ctx.reader, tasks):
            if (name := self._whose.channel(kept.channel)) is not None:
                self._known.setdefault((kept.task, kept.at), {})[name] = kept
        self._tried = {(task, name) for (task, _), some in self._known.items() for name in some}
        self._sent = self._sent_of(tasks)
        for number, moments in self._promised(tasks).items():
            for way in self._ways:
                self._sort_out(tasks[number][0], moments, way)
        self.waiting.sort(key=lambda one: (one.moment.at, one.task))

    def _sent_of(self, tasks: _Tasks) -> dict[int, list[tuple[str, datetime, Kept]]]:
        """The reminders of each task where it is now that have come and were sent: the channel and the moment of each.
        They may be some that are usual where another machine has other settings."""
        found: dict[int, list[tuple[str, datetime, Kept]]] = {}
        known, ways = self._known, [way.name for way in self._ways]
        untold = {
            number: row
            for number, (row, moments) in tasks.items()
            if any(way not in known.get((number, one.key), ()) for one in moments for way in ways)
        }
        used = usual_ones(self._ctx) if known else ()
        theirs = {n: {one.key: one.at for one in self._usual.moments(row, used)} for n, row in untold.items()}
        for (number, key), some in known.items():
            at = theirs.get(number, {}).get(key)
            if at is not None and at <= self._ctx.now:
                sent = [(name, at, kept) for name, kept in some.items() if kept.state == store.SENT]
                found.setdefault(number, []).extend(sent)
        return found

    def _promised(self, tasks: _Tasks) -> dict[int, list[Moment]]:
        """Those of the moments that have come which the task had for this user when they came: what was put elsewhere,
        given reminders, or imported later was promised to nobody before, and what was somebody else's, done or removed
        not to this user. What was tried once was."""
        known = self._known
        untold = [number for number, (_, some) in tasks.items() if any((number, one.key) not in known for one in some)]
        past = _Past(self._ctx, self._node, self._usual, untold)
        return {
            number: [one for one in moments if (number, one.key) in known or past.promised(number, one)]
            for number, (_, moments) in tasks.items()
        }

    def _sort_out(self, row: dict[str, Any], moments: Sequence[Moment], way: Channel) -> None:
        """Put those of one task by one channel to what waits, the latest of them alone, or to what is missed."""
        now, key, task = self._ctx.now, self._whose.key(way.name), row["id"]
        late = now - timedelta(days=int(self._ctx.settings["remind_days"]))
        sent = self._sent.get(task, [])
        # What was sent overtakes what was before it, a day later by the other channels too: one that is taken up again
        # does not repeat what came while it was not used.
        over = [at for name, at, kept in sent if name == way.name or now - _told(kept) >= rules.LEAD]
        some: list[Waiting] = []
        passed_over = False
        for one in moments:
            kept = self._known.get((task, one.key), {}).get(way.name)
            usual = None if row["remind"] else one.minutes
            if kept is None and over and one.at <= max(over):
                continue
            if kept is not None or one.at >= self.since.start(way.name, usual):
                some.append(Waiting(task, one, way, key, kept))
            else:
                passed_over |= self.since.passes_over(way.name, usual, one.at)
        silent = passed_over and not some and (task, way.name) not in self._tried
        if silent and not any(one.at > now for one in self._usual.moments(row)):
            overdue = records.bound(self._ctx, TASK, "is:overdue", scope=False)
            self.before[way.name, matches(overdue, row, TASK, self._ctx.env)] += 1
        due = [one for one in some if one.moment.at >= late and _is_wanted(one.kept, now)]
        if due:
            last = max(due, key=lambda one: one.moment.at)
            earlier = [one for one in some if one.moment.at < last.moment.at and _is_open(one.kept)]
            self.waiting.append(last._replace(overtakes=tuple(one.moment.key for one in earlier)))
        else:
            lost = [one for one in some if one.moment.at < late and (task, one.moment.key) not in self._known]
            self.missed += [one for one in lost if not any(at >= one.moment.at for _, at, _ in sent)]


class _Past:
    """What tasks were when their moments came, by the journal, and what they are about."""

    def __init__(self, ctx: Context, node: Node, usual: _Usual, tasks: Sequence[int]) -> None:
        self._ctx, self._node, self._usual = ctx, node, usual
        self._rows = {row["id"]: row for row in read.hydrate(ctx.reader, TASK, tasks, _THEN)}
        about: dict[str, set[int]] = {kind: set() for kind in _ABOUT}
        for kind, number in filter(None, map(_about, self._rows.values())):
            about[kind].add(number)
        own = store.changes(ctx.reader, tasks)
        self._changes = {TASK.name: own} | {kind: store.changes(ctx.reader, about[kind], kind) for kind in _ABOUT}
        handed = [number for number, some in own.items() if any("owner_id" in (before or ()) for _, before in some)]
        self._handed = {record["id"]: record for record in read.hydrate(ctx.reader, TASK, handed)}
        self._names = dict(ctx.reader.rows("SELECT id, name FROM crm_user")) if handed else {}

    def promised(self, task: int, moment: Moment) -> bool:
        """Whether a task had a moment when it came, was open, and fitted the filter with the owner that it had."""
        row = self._rows.get(task)  # none where it was purged meanwhile
        then = self._as_at(TASK.name, task, row, moment) if row else None
        if then is None or then["done_at"] or then["removed_at"] or not self._fitted(task, then["owner_id"]):
            return False
        about = _about(then)
        whom = self._as_at(*about, {}, moment) if about else None
        removed = whom is not None and whom.get("removed_at")
        return not removed and any(one.key == moment.key for one in self._usual.moments(then))

    def _as_at(self, kind: str, number: int, row: Mapping[str, Any], moment: Moment) -> Mapping[str, Any] | None:
        return rules.as_at(row, self._changes[kind].get(number, ()), moment.at, self._ctx.now)

    def _fitted(self, task: int, owner: int | None) -> bool:
        record = self._handed.get(task)
        if record is None:
            return True
        then = {**record, "owner": self._names.get(owner), "owner_id": owner}
        return matches(self._node, then, TASK, self._ctx.env)


def _about(row: Mapping[str, Any]) -> tuple[str, int] | None:
    """The kind and id of the record that a task is about."""
    return next(((kind, row[f"{kind}_id"]) for kind in _ABOUT if row[f"{kind}_id"] is not None), None)


class _Usual:
    """The reminders that settings make usual: `minutes` before a task that has a time and none of its own."""

    def __init__(self, ctx: Context) -> None:
        self.minutes = rules.read_usual(str(ctx.settings["remind"]))
        self._opening = rules.read_clock(str(ctx.settings["remind_at"]))
        self._now = ctx.env.now

    def moments(self, row: Any, minutes: tuple[int, ...] | None = None) -> Iterable[Moment]:
        """The reminders of a task, also with other minutes than these."""
        return rules.moments(row, self.minutes if minutes is None else minutes, self._opening, self._now)


def _is_open(kept: Kept | None) -> bool:
    return kept is None or (kept.state == store.FAILED and kept.tries < rules.MOST_TRIES)


def _is_wanted(kept: Kept | None, now: datetime) -> bool:
    return kept is None or (kept.state == store.FAILED and rules.may_be_tried(kept.tries, kept.claimed_at, now))


def _told(kept: Kept) -> datetime:
    """When one that was sent went out, or was settled."""
    return kept.sent_at or kept.claimed_at


def _node(ctx: Context, words: Sequence[str]) -> Node:
    """What a filter means."""
    return records.bound(ctx, TASK, records.filter_text(TASK, words) or MINE, scope=False)


def _tasks(ctx: Context, node: Node, usual: _Usual, *, only: int = 0) -> _Tasks:
    """The open tasks that fit a filter and have reminders that have come, or `only` one."""
    now = ctx.now
    last = (now + FURTHEST).date().isoformat()
    some = "(has:remind or has:due_at)" if usual.minutes else "has:remind"
    texts = (f"due_on:..{last} {some}", *([f"id:{only}"] if only else []))
    nodes = [records.bound(ctx, TASK, each, scope=False) for each in texts]
    found: _Tasks = {}
    keys = read.parse_sort(TASK, "due_on")
    for row in read.stream(ctx.reader, TASK, And((*OPEN_TASK, node, *nodes)), sort=keys, fields=_FIELDS):
        created = read_instant(row["created_at"])
        come = [
            moment for moment in usual.moments(row) if moment.at <= now and rules.was_promised(moment.at, created, now)
        ]
        if come:
            found[row["id"]] = (row, come)
    return found


def stands(ctx: Context, words: Sequence[str], one: Waiting) -> bool:
    """Whether a task is still open, fits the filter and has a reminder."""
    _, moments = _tasks(ctx, _node(ctx, words), _Usual(ctx), only=one.task).get(one.task, ({}, []))
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
