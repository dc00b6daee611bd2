"""Tasks: done with what came of it and what follows, snoozed, taken up again, given to somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain import task_kinds
from crmcli.domain.dates import When, describe, instant_of, local, parse_when
from crmcli.domain.entities import TASK
from crmcli.domain.types import due_day, read_instant, show_instant
from crmcli.errors import RefusedError, UsageError
from crmcli.services import linking, needs, next_activity, recurring
from crmcli.services.attending import attending
from crmcli.services.records import each

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.context import Context
    from crmcli.results import Changed
    from crmcli.store.write import Transaction

#: Whose word it was, where the type says so: an e-mail that was a task of ours is one from us.
DIRECTIONS = {"email": "out", "message": "out"}
#: What a task hangs on.
LINKS = ("opportunity_id", "contact_id", "company_id")
AFTER = (
    "SELECT id FROM task WHERE (follows_id = ? OR triggered_by_id = ?) AND done_at IS NULL AND removed_at IS NULL"
    " ORDER BY id"
)


def done(
    ctx: Context, numbers: Sequence[int], feedback: str = "", *, source: str = "cli", at: str | None = None
) -> Changed:
    """Mark tasks done; each lands on the timeline of its record, and of the contacts who take part, with the feedback.
    One that repeats has its next one made. Feedback on one that is done already is added to what it has, and told as
    well. What a task still needs, and what can go on now, is said. `at` is when it was done, a stored
    instant; now unless it is said."""
    types = {
        number: task_kinds.counts_as({"name": name, "counts_as": what})
        for number, name, what in ctx.reader.rows("SELECT id, name, counts_as FROM task_type")
    }
    said = feedback.strip()

    def step(tx: Transaction, row: dict[str, Any]) -> bool:
        again, before = bool(row.get("done_at")), row.get("feedback")
        if again and (not said or said in (before or "").split("\n\n")):
            return False
        feedback = f"{before}\n\n{said}" if again and before else said
        tx.change("task", row["id"], {"done_at": row.get("done_at") or at or tx.stamp, "feedback": feedback or None})
        links = {c: row.get(c) for c in LINKS}
        people = [{"contact_id": n} for n in attending(tx.connection, row.get("attendees")) if n != links["contact_id"]]
        for whose in [*([links] if any(links.values()) else ()), *people]:
            word = types.get(row.get("type_id"), "task")
            body = row["name"] + (f": {said}" if said else "")
            tx.add("interaction", {
                "kind": word, "at": at or tx.stamp, "body": body, "minutes": None if again else row.get("minutes"),
                "direction": DIRECTIONS.get(word), "task_id": row["id"], "author_id": tx.word("user", ctx.actor),
                **whose,
            })  # fmt: skip
        if not again:
            fresh.append(row["id"])
            recurring.next_one(ctx, tx, row)
            next_activity.after(ctx, tx, row, ctx.env.now.date())
        return True

    fresh: list[int] = []
    unmet = needs.still_open(ctx.reader, numbers)
    changed = each(ctx, TASK, numbers, step, "done", source, named=True)
    for number in fresh:
        if left := [n for n in unmet.get(number, ()) if n not in fresh]:
            ctx.say(f"task:{number} needs what is still open: {' '.join(f'task:{n}' for n in left)}")
    _say_free(ctx, fresh)
    next_activity.tell_idle_after(ctx, fresh)
    return changed


def _say_free(ctx: Context, finished: Sequence[int]) -> None:
    """Say which tasks waited for these and for nothing else."""
    later = sorted({n for each in needs.waiting(ctx.reader, finished).values() for n in each})
    unmet = needs.still_open(ctx.reader, later)
    for number in later:
        if number not in unmet:
            name = ctx.reader.value("SELECT name FROM task WHERE id = ?", (number,))
            ctx.say(f"task:{number} {name} can go on now")


def delegate(ctx: Context, numbers: Sequence[int], to: str, *, source: str = "cli") -> Changed:
    """Give tasks to another user, who has them from whoever does so. Given back, a task is its owner's own again.
    Raises what a wrong user raises."""
    field = TASK.field("owner")

    def step(tx: Transaction, row: dict[str, Any]) -> bool:
        me = tx.word("user", ctx.actor)
        owner = linking.link(ctx, tx, field, to, row)
        values: dict[str, Any] = {"owner_id": owner}
        if owner != row.get("owner_id"):
            values["delegated_by_id"] = None if owner in (me, row.get("delegated_by_id")) else me
        return tx.change("task", row["id"], values)

    if not to.strip():
        raise UsageError("delegate to whom?", "as in 'crm task delegate 7 grace'")
    return each(ctx, TASK, numbers, step, f"delegated to {to}:", source)


def reopen(ctx: Context, numbers: Sequence[int], *, source: str = "cli") -> Changed:
    """Take done tasks up again; what stands on the timeline stays there."""

    def step(tx: Transaction, row: dict[str, Any]) -> bool:
        tell_following(ctx, tx, row["id"])
        return tx.change("task", row["id"], {"done_at": None, "feedback": None})

    return each(ctx, TASK, numbers, step, "re-opened", source)


def tell_following(ctx: Context, tx: Transaction, number: int) -> None:
    """Say which open tasks the done one had made that is taken up again: they stay."""
    if after := [str(one) for (one,) in tx.connection.rows(AFTER, (number, number))]:
        what = f"task:{after[0]} follows it, and stays" if len(after) == 1 else f"{len(after)} follow it, and stay"
        ctx.say(f"{what}: {ctx.settings.calling('task', 'remove', *after)}")


def snooze(ctx: Context, numbers: Sequence[int], to: str, *, source: str = "cli") -> Changed:
    """Put tasks off to a date word. A day keeps each task's time of day; `+2d` counts from today. It is said when that
    is earlier than a task that was still to come. Done tasks are left alone; RefusedError where there is none else."""
    if not to.strip():
        raise UsageError("snooze to when?", "write a day or time, such as tomorrow, mon, +3d or 'fri 14:30'")
    when = parse_when(to, ctx.env.now, ctx.env.calendar, week_start=ctx.env.week_start, workdays=ctx.env.workdays)
    said: dict[str, None] = {}
    finished: list[int] = []
    earlier: dict[int, str] = {}

    def step(tx: Transaction, row: dict[str, Any]) -> bool:
        if row.get("done_at"):
            finished.append(row["id"])
            return False
        values: dict[str, Any] = {"due_on": when.day.isoformat(), "due_at": None, **recurring.put_off(ctx, row)}
        clock = when.time
        if clock is None and row.get("due_at"):
            clock = recurring.clock_here(ctx, row)
        if clock is not None:
            values["due_at"] = show_instant(instant_of(when._replace(time=clock), ctx.env.now))
        said[describe(when._replace(time=clock), ctx.env.now, ctx.env.calendar)] = None
        changed = tx.change("task", row["id"], values)
        if changed and _order(ctx, values) < _order(ctx, row) and (was := _to_come(ctx, row)):
            earlier[row["id"]] = was
        return changed

    def done() -> str:
        if finished and len(finished) == len(numbers):
            some = " ".join(map(str, finished[:10]))
            what = f"task:{some} is done" if len(finished) == 1 else f"these {len(finished)} tasks are done"
            raise RefusedError(what, f"to take up again what is done: crm task reopen {some}")
        to = next(iter(said)) if len(said) == 1 else describe(when, ctx.env.now, ctx.env.calendar)
        return f"snoozed to {to}{f', {len(earlier)} of them earlier' if len(earlier) > 1 else ''}:"

    changed = each(ctx, TASK, numbers, step, done, source)
    if len(earlier) == 1:
        ((number, was),) = earlier.items()
        ctx.say(f"task:{number} was due {was}: it comes up earlier now")
    elif earlier:
        some = [f"task:{number}" for number in earlier]
        named = " ".join([*some[:10], *(["..."] if len(some) > 10 else [])])
        ctx.say(f"{len(some)} of these tasks come up earlier than they were due: {named}")
    return changed


def _order(ctx: Context, row: Mapping[str, Any]) -> tuple[str, str]:
    """What is due earlier is less; a day without a time comes before its times, no day at all before every day."""
    day = due_day(row.get("due_on"), row.get("due_at"), ctx.env.now)
    return day.isoformat() if day else "", row.get("due_at") or ""


def _to_come(ctx: Context, row: Mapping[str, Any]) -> str:
    """When a task was due that was still to come, in words; empty for one that was due today or before."""
    now = ctx.env.now
    day = due_day(row.get("due_on"), row.get("due_at"), now)
    if day is None or day <= now.date():
        return ""
    clock = local(read_instant(row["due_at"]), now.tzinfo).time() if row.get("due_at") else None
    return describe(When(day, clock), now, ctx.env.calendar)
