"""Tasks that come again: what a new one needs to be a series, and the next one when one is done.

A series counts from the deadline, or from the day when its task is done (`repeat_from`). Each task of a series is a
record of its own: the one that is done keeps what came of it, and the next one follows it. What was put off is done for
its day of the series all the same, so that every second Friday stays every second Friday; and a series keeps the clock
and the zone in which it was made, whoever does its tasks from where, and whatever the clocks skip in between.
"""

from __future__ import annotations

from datetime import date, time
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from crmcli.domain.dates import When, describe, instant_of, local
from crmcli.domain.fields import OWN
from crmcli.domain.types import Repeat, due_day, read_instant, readable, show_instant
from crmcli.errors import FieldError
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime, tzinfo

    from crmcli.context import Context
    from crmcli.domain.recurrence.series import Series, Turn
    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction

DEADLINE, DONE = "deadline", "done"
#: What a task keeps of its series beside the rule.
OF_A_SERIES = ("series_on", "series_time", "series_zone", "series_skips")
#: What the next task of a series has of the one before.
KEPT = (
    "name", "type_id", "minutes", "priority", "place", "remind", "repeat_from", "owner_id", "delegated_by_id",
    "opportunity_id", "contact_id", "company_id", "attendees", "description",
)  # fmt: skip


def series(row: Mapping[str, Any], now: datetime) -> Series:
    """The series that a task stands for, whatever day it is put off to. One that says no zone is counted in that of
    `now`, and one without a day from its today."""
    from crmcli.domain.recurrence import Series, anchored

    clock, zone = None, now.tzinfo
    if row.get("series_time"):
        clock, zone = time.fromisoformat(row["series_time"]), _zone(row.get("series_zone"), zone)
    elif row.get("due_at") and not row.get("series_on"):
        clock = local(read_instant(row["due_at"]), zone).time()
    if row.get("due_at") and not row.get("series_on"):
        given = local(read_instant(row["due_at"]), zone).date()
    else:
        day = row.get("series_on") or row.get("due_on")
        given = date.fromisoformat(day) if day else now.date()
    return Series(anchored(row["repeat"], given), given, clock, zone, frozenset(skips_of(row)))


def skips_of(row: Mapping[str, Any]) -> list[date]:
    """The days that the series of a task leaves out."""
    return [date.fromisoformat(day) for day in (row.get("series_skips") or "").split(",") if day]


def skips_text(days: Iterable[date]) -> str | None:
    """Days that a series leaves out, as they are stored."""
    return ",".join(sorted({day.isoformat() for day in days})) or None


def clock_of(due_at: str | None, zone: tzinfo | None) -> dict[str, Any]:
    """The columns that say when on its days a series takes place: by the clock of a zone, nothing without a moment."""
    if not due_at:
        return {"series_time": None, "series_zone": None}
    clock = local(read_instant(due_at), zone).time()
    return {"series_time": clock.isoformat("auto"), "series_zone": getattr(zone, "key", None)}


def clock_here(ctx: Context, row: Mapping[str, Any]) -> time:
    """The time of the day, on the clocks here, at which a task with a moment is due. One of a series that the clocks
    of its day have moved (02:30 where they skip it) has that of its series."""
    zone = ctx.env.now.tzinfo
    moment = read_instant(row["due_at"])
    if row.get("series_time") and row.get("series_zone") == getattr(zone, "key", None):
        its = series(row, ctx.env.now)
        if its.clock is not None and instant_of(When(its.given, its.clock), ctx.env.now) == moment:
            return its.clock
    return local(moment, zone).time()


def settled(
    ctx: Context, tx: Transaction, row: Mapping[str, Any], changes: dict[str, Any], *, told: bool = True
) -> dict[str, Any]:
    """The changed columns of a task with what follows from them for its series: a new one without a day begins on its
    first, one that counts from the deadline names the days that it takes from it, and another day or time of its task
    moves it. What is not obvious is said, if it is to be `told`. Raises FieldError."""
    say = ctx.say if told else _silent
    said_anew = changes.keys() & {"due_on", "due_at"}
    if changes.get("repeat") and row.get("repeat") and not said_anew and same_rule(row, changes["repeat"], ctx.env.now):
        changes = {column: value for column, value in changes.items() if column != "repeat"}
    rule = changes.get("repeat", row.get("repeat"))
    if not rule:
        if changes.get("repeat_from"):
            raise FieldError("the task does not repeat", "repeat_from", "say how often, too: repeat='every monday'")
        gone = ("repeat_from", *OF_A_SERIES) if "repeat" in changes else ()
        return {**changes, **{column: None for column in gone if row.get(column)}}
    if not changes.keys() & {"repeat", "repeat_from", "due_on", "due_at"}:
        return changes
    after = {**row, **changes}
    found = dict(changes)
    # What is edited from elsewhere stays a series of the zone in which it was made.
    zone = series(row, ctx.env.now).zone if row.get("series_time") and "repeat" not in changes else ctx.env.now.tzinfo
    day = due_day(after.get("due_on"), after.get("due_at"), ctx.env.now.astimezone(zone))
    if day is None:
        if "repeat" not in changes:
            raise FieldError("a task that repeats is due on a day", "due", "to end the series: repeat=")
        day = _first(ctx, rule)
        found["due_on"] = day.isoformat()
        say(f"due {describe(When(day, None), ctx.env.now, ctx.env.calendar)}")
    if "repeat" in changes:
        found |= {column: None for column in ("series_on", "series_skips") if row.get(column)}
    if after.get("repeat_from") != DONE:
        found |= _on_its_day(ctx, say, row, rule, day, anew="repeat" in changes)
    if "due_at" in changes or "repeat" in changes or not row.get("repeat"):
        clock = clock_of(after.get("due_at"), zone)
        found |= {column: value for column, value in clock.items() if value != row.get(column)}
    if "repeat" in changes and ("repeat", rule) not in tx.memory:
        tx.memory["repeat", rule] = 1
        say(f"repeats {spoken(ctx, found.get('repeat', rule))}")
    return found


def _silent(_: str) -> None:
    """Say nothing."""


def same_rule(row: Mapping[str, Any], rule: str, now: datetime) -> bool:
    """Whether a rule is that of the series already, which has named the days that it takes from its task."""
    from crmcli.domain.recurrence import anchored

    return bool(row["repeat"] in (rule, anchored(rule, series(row, now).given)))


def _on_its_day(
    ctx: Context, say: Callable[[str], None], row: Mapping[str, Any], rule: str, day: date, *, anew: bool
) -> dict[str, Any]:
    """The rule of a series whose task is due on a day. A new deadline is a new beginning, and one that names no more
    than its day moves with it; what is only put off goes by `put_off`."""
    from crmcli.domain.recurrence import anchored, first, moved

    was = series(row, ctx.env.now) if row.get("repeat") and not anew else None
    if was is None or due_day(row.get("due_on"), row.get("due_at"), ctx.env.now.astimezone(was.zone)) == day:
        return {"repeat": anchored(rule, day if was is None else was.given)}
    after = moved(was.rule, was.given, day)
    if after is None and first(was.rule, day) != day:
        say(f"the series stays: {spoken(ctx, was.rule)}")
    return {"repeat": after or was.rule, **({"series_on": None} if row.get("series_on") else {})}


def put_off(ctx: Context, row: Mapping[str, Any]) -> dict[str, Any]:
    """What a task of a series keeps in mind when it is put off: the day and the clock that its series gave it."""
    if not row.get("repeat") or row.get("repeat_from") == DONE or row.get("series_on"):
        return {}
    if not row.get("due_on"):
        return {}
    its = series(row, ctx.env.now)
    clock = {} if row.get("series_time") else clock_of(row.get("due_at"), its.zone)
    return {"series_on": its.given.isoformat(), **clock}


def next_one(ctx: Context, tx: Transaction, row: Mapping[str, Any], *, held: int = 0) -> int | None:
    """Make the task that follows one which was done just now; its number, or None where its series ends or that task is
    there already. What was passed over, but for so many days that were `held` as well, and that a series ends, is
    said."""
    if not row.get("repeat") or followed(tx.connection, [row["id"]]) or _is_there(tx, row):
        return None
    turn = _turn(ctx, row)
    if turn is None or turn.rule is None:
        ctx.say(f"task:{row['id']} was the last of its series")
        return None
    if (passed := turn.passed - held) > 0:
        days = "its day was" if passed == 1 else "their days were"
        ctx.say(f"{passed} of its series passed over: {days} over")
    values = {"repeat": turn.rule, **on_day(ctx, row, turn.day)}
    number = follow_on(tx, row, values)
    if row.get("owner_id") and tx.row("task", number).get("owner_id") is None:
        ctx.say(f"task:{number} is nobody's: {tx.row('user', row['owner_id'])['name']} has left")
    moment = local(read_instant(values["due_at"]), ctx.env.now.tzinfo) if values["due_at"] else None
    when = When(moment.date(), moment.time()) if moment else When(turn.day)
    ctx.say(f"next: task:{number} {describe(when, ctx.env.now, ctx.env.calendar)}")
    return number


def follow_on(tx: Transaction, row: Mapping[str, Any], days: Mapping[str, Any]) -> int:
    """The task that follows another one of its series; `days` are the columns that say when."""
    values = {column: row.get(column) for column in KEPT} | {c: v for c, v in row.items() if c.startswith(OWN)}
    values |= {"follows_id": row["id"], "tags": list(row.get("tags") or ()), **days}
    if row.get("owner_id") and not tx.row("user", row["owner_id"]).get("active"):
        values["owner_id"] = None  # who has left gets nothing new
    return tx.add("task", {**values, "uid": _uid(tx, row["uid"])})


def uid_after(before: str) -> str:
    """The UID of the task that follows another one: the same for whoever does that, on whatever day. Two books that
    share a calendar make one task of it, not two."""
    return str(uuid5(UUID(before), "next"))


def _is_there(tx: Transaction, row: Mapping[str, Any]) -> bool:
    """Whether the task that follows another one came from another book, which had done that; it is linked to it."""
    sql = "SELECT id, follows_id FROM task WHERE uid = ? AND removed_at IS NULL"
    for number, follows in list(tx.connection.rows(sql, (uid_after(row["uid"]),))):
        if follows is None:
            tx.change("task", number, {"follows_id": row["id"]})
        return True
    return False


def _uid(tx: Transaction, before: str) -> str:
    found = uid_after(before)
    taken = tx.connection.value("SELECT 1 FROM task WHERE uid = ?", (found,))  # it was removed, and its task done again
    return tx.new_uid() if taken else found


def on_day(ctx: Context, row: Mapping[str, Any], day: date) -> dict[str, Any]:
    """The columns of a task of the series of another one, for a day of it: when it is due, and what of the series is
    still to come."""
    its = series(row, ctx.env.now)
    at = None if its.clock is None else instant_of(When(day, its.clock), ctx.env.now.replace(tzinfo=its.zone))
    here = local(at, ctx.env.now.tzinfo).date() if at else day
    return {
        "due_on": here.isoformat(), "due_at": show_instant(at) if at else None, "series_on": None,
        "series_time": its.clock.isoformat("auto") if its.clock else None,
        "series_zone": getattr(its.zone, "key", None) if its.clock else None,
        "series_skips": skips_text(skip for skip in its.skips if skip > day),
    }  # fmt: skip


def _turn(ctx: Context, row: Mapping[str, Any]) -> Turn | None:
    from crmcli.domain.recurrence import after_done, less_one
    from crmcli.domain.recurrence.series import Turn

    its = series(row, ctx.env.now)
    today = local(ctx.env.now, its.zone).date()
    if row.get("repeat_from") != DONE:
        return its.next(today)
    day = after_done(row["repeat"], today)
    return None if day is None else Turn(day, 0, less_one(row["repeat"]))


def followed(connection: Connection, numbers: Iterable[int]) -> set[int]:
    """Those of these tasks whose series goes on in another one already: they were done, and taken up again."""
    found: set[int] = set()
    for some, marks in portions(sorted(numbers)):
        sql = f"SELECT follows_id FROM task WHERE follows_id IN ({marks}) AND removed_at IS NULL"
        found.update(number for (number,) in connection.rows(sql, some))
    return found


def spoken(ctx: Context, rule: str) -> str:
    """A rule in the words of the user's calendar."""
    return readable(Repeat(), rule, calendar=ctx.env.calendar, week=ctx.env.week)


def _first(ctx: Context, rule: str) -> date:
    from crmcli.domain.recurrence import first

    found = first(rule, ctx.env.now.date())
    if found is None:
        raise FieldError("that has no day from today on", "repeat")
    return found


def _zone(name: str | None, otherwise: tzinfo | None) -> tzinfo | None:
    """A time zone by its name; `otherwise` where this machine does not know it."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name) if name else otherwise
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return otherwise
