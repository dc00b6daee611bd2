"""Tasks that come again: what a new one needs to be a series, and the next one when one is done.

A series counts from the deadline, or from the day when its task is done (`repeat_from`). Each task of a series is a
record of its own: the one that is done keeps what came of it, and the next one follows it. What was put off is done for
its day of the series all the same, so that every second Friday stays every second Friday.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from crmcli.domain.dates import When, describe, instant_of, local
from crmcli.domain.fields import OWN
from crmcli.domain.types import Repeat, due_day, read_instant, readable, show_instant
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.context import Context
    from crmcli.store.write import Transaction

DEADLINE, DONE = "deadline", "done"
#: What the next task of a series has of the one before.
KEPT = (
    "name", "type_id", "minutes", "priority", "place", "remind", "repeat_from", "owner_id", "delegated_by_id",
    "opportunity_id", "contact_id", "company_id", "attendees", "description",
)  # fmt: skip


def settled(ctx: Context, tx: Transaction, row: Mapping[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The changed columns of a task with what follows from them for its series: a new one without a day begins on its
    first, and one that counts from the deadline names the days that it takes from it. Raises FieldError."""
    rule = changes.get("repeat", row.get("repeat"))
    if not rule:
        if changes.get("repeat_from"):
            raise FieldError("the task does not repeat", "repeat_from", "say how often, too: repeat='every monday'")
        gone = ("repeat_from", "series_on") if "repeat" in changes else ()
        return {**changes, **{column: None for column in gone if row.get(column)}}
    if not changes.keys() & {"repeat", "repeat_from", "due_on", "due_at"}:
        return changes
    after = {**row, **changes}
    found = dict(changes)
    day = due_day(after.get("due_on"), after.get("due_at"), ctx.env.now)
    if day is None:
        if "repeat" not in changes:
            raise FieldError("a task that repeats is due on a day", "due", "to end the series: repeat=")
        day = _first(ctx, rule)
        found["due_on"] = day.isoformat()
        ctx.say(f"due {describe(When(day, None), ctx.env.now, ctx.env.calendar)}")
    if after.get("repeat_from") != DONE:
        from crmcli.domain.recurrence import anchored

        found["repeat"] = anchored(rule, day)
    if row.get("series_on"):
        found["series_on"] = None  # a new deadline is a new beginning; what is only put off goes by `put_off`
    if "repeat" in changes and ("repeat", rule) not in tx.memory:
        tx.memory["repeat", rule] = 1
        ctx.say(f"repeats {spoken(ctx, found.get('repeat', rule))}")
    return found


def put_off(ctx: Context, row: Mapping[str, Any]) -> dict[str, Any]:
    """What a task of a series keeps in mind when it is put off: the day that its series gave it."""
    if not row.get("repeat") or row.get("repeat_from") == DONE or row.get("series_on"):
        return {}
    day = due_day(row.get("due_on"), row.get("due_at"), ctx.env.now)
    return {"series_on": day.isoformat()} if day else {}


def next_one(ctx: Context, tx: Transaction, row: Mapping[str, Any]) -> int | None:
    """Make the task that follows one which was done just now; its number, or None where its series ends or that task is
    there already. What was passed over, and that a series ends, is said."""
    if not row.get("repeat") or _followed(tx, row["id"]):
        return None
    from crmcli.domain.recurrence import after_done, following, less_one

    now, rule, passed = ctx.env.now, str(row["repeat"]), 0
    due = due_day(row.get("due_on"), row.get("due_at"), now) or now.date()
    if row.get("repeat_from") == DONE:
        day = after_done(rule, now.date())
    else:
        given = date.fromisoformat(row["series_on"]) if row.get("series_on") else due
        found = following(rule, given, not_before=now.date())
        day, passed = found or (None, 0)
    left = less_one(rule, passed)
    if day is None or left is None:
        ctx.say(f"task:{row['id']} was the last of its series")
        return None
    if passed:
        ctx.say(f"{passed} of its series passed over: {'its day was' if passed == 1 else 'their days were'} over")
    values = {column: row.get(column) for column in KEPT} | {c: v for c, v in row.items() if c.startswith(OWN)}
    clock = local(read_instant(row["due_at"]), now.tzinfo).time() if row.get("due_at") else None
    when = When(day, clock)
    values |= {"repeat": left, "follows_id": row["id"], "tags": list(row.get("tags") or ())}
    values |= {"due_on": day.isoformat(), "due_at": show_instant(instant_of(when, now)) if clock else None}
    number = tx.add("task", values)
    ctx.say(f"next: task:{number} {describe(when, now, ctx.env.calendar)}")
    return number


def spoken(ctx: Context, rule: str) -> str:
    """A rule in the words of the user's calendar."""
    return readable(Repeat(), rule, calendar=ctx.env.calendar)


def _first(ctx: Context, rule: str) -> date:
    from crmcli.domain.recurrence import first

    found = first(rule, ctx.env.now.date())
    if found is None:
        raise FieldError("that has no day from today on", "repeat")
    return found


def _followed(tx: Transaction, number: int) -> bool:
    """Whether a task that follows this one is there already: it was done before, and taken up again."""
    sql = "SELECT 1 FROM task WHERE follows_id = ? AND removed_at IS NULL LIMIT 1"
    return tx.connection.value(sql, (number,)) is not None
