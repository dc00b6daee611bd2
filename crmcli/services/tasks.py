"""Tasks: done with what came of it, snoozed, taken up again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.dates import describe, instant_of, parse_when
from crmcli.domain.entities import INTERACTION_KINDS, TASK
from crmcli.domain.types import show_instant
from crmcli.errors import UsageError
from crmcli.results import Changed
from crmcli.services.records import summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context

#: The type of a task -> what its completion is on the timeline.
AS_INTERACTION = {"call": "call", "email": "email", "meeting": "meeting", "document": "document"}


def done(ctx: Context, numbers: Sequence[int], feedback: str = "", *, source: str = "cli") -> Changed:
    """Mark tasks done; each lands on the timeline of its record with the feedback."""
    changed, lines = [], []
    with ctx.writing(source) as tx:
        tx.load("task", list(numbers))
        types = {row[0]: row[1] for row in ctx.reader.rows("SELECT id, name FROM task_type")}
        for number in numbers:
            row = tx.row("task", number)
            if row.get("done_at"):
                continue
            tx.change("task", number, {"done_at": tx.stamp, "feedback": feedback.strip() or None})
            changed.append(number)
            lines.append(f"done task:{number} {row['name']}")
            links = {c: row.get(c) for c in ("opportunity_id", "contact_id", "company_id")}
            if any(links.values()):
                word = AS_INTERACTION.get(types.get(row.get("type_id"), ""), "task")
                assert word in INTERACTION_KINDS
                body = row["name"] + (f": {feedback.strip()}" if feedback.strip() else "")
                tx.add("interaction", {
                    "kind": word, "at": tx.stamp, "body": body, "minutes": row.get("minutes"), "task_id": number,
                    "author_id": tx.word("user", ctx.actor), **links,
                })  # fmt: skip
    return Changed(tuple(lines[:1]) if len(numbers) == 1 and lines else (summary(TASK, changed, len(numbers), "done"),),
                   tuple(tx.changes), ctx.batch, tuple(changed), "task")  # fmt: skip


def reopen(ctx: Context, numbers: Sequence[int], *, source: str = "cli") -> Changed:
    """Take done tasks up again; what stands on the timeline stays there."""
    changed = []
    with ctx.writing(source) as tx:
        tx.load("task", list(numbers))
        for number in numbers:
            tx.row("task", number)
            if tx.change("task", number, {"done_at": None, "feedback": None}):
                changed.append(number)
    return Changed(
        (summary(TASK, changed, len(numbers), "re-opened"),), tuple(tx.changes), ctx.batch, tuple(changed), "task"
    )


def snooze(ctx: Context, numbers: Sequence[int], to: str, *, source: str = "cli") -> Changed:
    """Put tasks off to a date word. A day keeps each task's time of day; `+2d` counts from today."""
    if not to.strip():
        raise UsageError("snooze to when?", "write a day or time, such as tomorrow, mon, +3d or 'fri 14:30'")
    when = parse_when(to, ctx.env.now, ctx.env.calendar)
    changed = []
    with ctx.writing(source) as tx:
        tx.load("task", list(numbers))
        for number in numbers:
            row = tx.row("task", number)
            values: dict[str, Any] = {"due_on": when.day.isoformat(), "due_at": None}
            clock = when.time
            if clock is None and row.get("due_at"):
                clock = _clock(ctx, row["due_at"])
            if clock is not None:
                values["due_at"] = show_instant(instant_of(when._replace(time=clock), ctx.env.now))
            if tx.change("task", number, values):
                changed.append(number)
    line = summary(TASK, changed, len(numbers), f"snoozed to {describe(when, ctx.env.now)}:")
    return Changed((line,), tuple(tx.changes), ctx.batch, tuple(changed), "task")


def _clock(ctx: Context, stored: str) -> Any:
    from crmcli.domain.types import read_instant

    return read_instant(stored).astimezone(ctx.env.now.tzinfo).time()
