"""What the type of a task brings with it: what is usual for a task, and what comes after one that is done; and which
deals have no next step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain import task_kinds
from crmcli.domain.dates import When, describe, show_day
from crmcli.domain.offsets import shifted
from crmcli.domain.text import blank
from crmcli.domain.types import due_day
from crmcli.errors import FieldError
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from crmcli.context import Context
    from crmcli.store.write import Transaction

DEADLINE, TRIGGER = "deadline", "trigger"
#: What the type of a task is called that is of no other.
USUAL = "to-do"
#: What a task that comes after another one has of it.
KEPT = ("opportunity_id", "contact_id", "company_id", "owner_id")
#: So many lines of a kind are said of one command; the rest are counted.
MOST = 5
#: Open deals without an open task, of those given.
IDLE = (
    "SELECT id FROM opportunity WHERE kind = 'deal' AND status = 'open' AND open_tasks = 0"
    " AND coalesce(archived_at, removed_at) IS NULL AND id IN ({})"
)


# --- what is usual ---------------------------------------------------------------------------------------------------


def typical(tx: Transaction, what: str) -> int:
    """The type of task that is a meeting, a call ... (`domain.task_kinds`), whatever it is called in this book; made
    where there is none."""
    if ("typical", what) not in tx.memory:
        rows = tx.connection.rows("SELECT id, name, counts_as FROM task_type")
        kinds = [dict(zip(("id", "name", "counts_as"), row, strict=True)) for row in rows]
        found = task_kinds.typical(kinds, what)
        tx.memory["typical", what] = found or tx.word("task_type", USUAL if what == "task" else what) or 0
    return int(tx.memory["typical", what])


def usual(ctx: Context, tx: Transaction, row: Mapping[str, Any]) -> dict[str, Any]:
    """What a new task gets from its type, where its stored columns (`row`) do not say it: a name, how long it takes,
    and the day that is the type's delay from today, which is said."""
    kind = tx.row("task_type", row["type_id"]) if row.get("type_id") else {}
    found: dict[str, Any] = {}
    if blank(row.get("name") or "") and kind.get("summary"):
        found["name"] = kind["summary"]
    if "minutes" not in row and kind.get("minutes") is not None:
        found["minutes"] = kind["minutes"]
    if "due_on" not in row and kind.get("delay"):
        day = _from(ctx, ctx.env.now.date(), kind)
        found |= {"due_on": day.isoformat(), "due_at": None}
        ctx.say(f"due {describe(When(day), ctx.env.now, ctx.env.calendar)}, as is usual for {kind['name']}")
    return found


def _from(ctx: Context, base: date, kind: Mapping[str, Any]) -> date:
    """The day that a type's delay leads to; one without a delay is due on the day itself. Raises FieldError."""
    try:
        return shifted(base, kind.get("delay") or "0d", calendar=ctx.env.calendar, workdays=ctx.env.workdays)
    except FieldError as error:
        hint = f"give the type another one: {ctx.settings.calling('task', 'type', 'edit', kind['name'], 'delay=2wd')}"
        raise FieldError(f"the delay of {kind['name']} tasks: {error.message}", "delay", hint) from None


# --- what comes after ------------------------------------------------------------------------------------------------


def after(ctx: Context, tx: Transaction, row: Mapping[str, Any], done_on: date) -> int | None:
    """What comes after a task (`row`, as it was before) that was done on a day of the user's: where its type triggers
    another one it is made, and its number returned; where it suggests one, the command that makes it is said.

    Nothing comes after a task of a lead or deal that is lost, or of a record that is out of sight, nor twice after one
    that was taken up again. Raises FieldError where the delay leads out of the calendar.
    """
    kind = tx.row("task_type", row["type_id"]) if row.get("type_id") else {}
    if not kind.get("next_type_id") or _followed(tx, row["id"], kind["next_type_id"]) or not _goes_on(tx, row):
        return None
    following = tx.row("task_type", kind["next_type_id"])
    deadline = due_day(row.get("due_on"), row.get("due_at"), ctx.env.now)
    base = deadline if deadline and following.get("delay_from") == DEADLINE else done_on
    day = _from(ctx, base, following)
    if kind.get("next_mode") != TRIGGER:
        _say(ctx, tx, f"next: {_command(ctx, tx, row, following, day)}")
        return None
    values = {column: row.get(column) for column in KEPT}
    if row.get("owner_id") and not tx.row("user", row["owner_id"]).get("active"):
        values["owner_id"] = None  # who has left gets nothing new
    number = tx.add("task", {
        **values, "name": following.get("summary") or following["name"], "type_id": following["id"],
        "minutes": following.get("minutes"), "due_on": day.isoformat(), "triggered_by_id": row["id"],
    })  # fmt: skip
    name = tx.row("task", number)["name"]
    _say(ctx, tx, f"next: task:{number} {name}, due {describe(When(day), ctx.env.now, ctx.env.calendar)}")
    return number


def _followed(tx: Transaction, number: int, kind: int) -> bool:
    """Whether a task of that type comes after this one already."""
    sql = "SELECT 1 FROM task WHERE triggered_by_id = ? AND type_id = ? AND removed_at IS NULL LIMIT 1"
    return tx.connection.value(sql, (number, kind)) is not None


def _goes_on(tx: Transaction, row: Mapping[str, Any]) -> bool:
    """Whether the record that a task hangs on still has tasks to come."""
    for kind, column in (("deal", "opportunity_id"), ("contact", "contact_id"), ("company", "company_id")):
        if row.get(column):
            about = tx.row(kind, row[column])
            return not about.get("removed_at") and about.get("status") != "lost"
    return True


def _command(ctx: Context, tx: Transaction, row: Mapping[str, Any], following: Mapping[str, Any], day: date) -> str:
    """The command that makes the task which comes after another one."""
    words = ["task", "add"] if following.get("summary") else ["task", "add", following["name"]]
    words += ["--type", following["name"]]
    for kind, column in (("deal", "opportunity_id"), ("contact", "contact_id"), ("company", "company_id")):
        if row.get(column):
            noun = tx.row("deal", row[column])["kind"] if kind == "deal" else kind
            words += ["--on", f"{noun}:{row[column]}"]
            break
    words += ["--due", show_day(day, ctx.env.calendar)]
    if row.get("owner_id") and tx.row("user", row["owner_id"]).get("active"):
        words += ["--owner", tx.row("user", row["owner_id"])["name"]]
    return ctx.settings.calling(*words)


def _say(ctx: Context, tx: Transaction, line: str) -> None:
    """Say what comes next, of the first few tasks of a command."""
    said = tx.memory.get(("next", "said"), 0)
    tx.memory["next", "said"] = said + 1
    if said < MOST:
        ctx.say(line)
    elif said == MOST:
        ctx.say("next: and so on for the others")


# --- deals without a next step ---------------------------------------------------------------------------------------


def tell_idle(ctx: Context, deals: Iterable[int]) -> None:
    """Say which of these deals are open and have no open task, and the command that gives one a next step."""
    idle: list[int] = []
    for some, marks in portions(sorted(set(deals))):
        idle += [row[0] for row in ctx.reader.rows(IDLE.format(marks), some)]
    for number in idle[:MOST]:
        words = ctx.settings.calling("task", "add", "...", "--on", f"deal:{number}", "--due", "tomorrow")
        ctx.say(f"deal:{number} has no next step: {words}")
    if len(idle) > MOST:
        ctx.say(f"{len(idle) - MOST} more have none: {ctx.settings.calling('deal', 'list', 'is:idle')}")


def tell_idle_after(ctx: Context, tasks: Sequence[int]) -> None:
    """`tell_idle` of the deals that these tasks hang on."""
    found: set[int] = set()
    for some, marks in portions(tasks):
        sql = f"SELECT opportunity_id FROM task WHERE id IN ({marks}) AND opportunity_id IS NOT NULL"
        found.update(row[0] for row in ctx.reader.rows(sql, some))
    tell_idle(ctx, found)
