"""What a reminder says."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from crmcli.domain.dates import When, describe, local, relative, spoken_zone
from crmcli.domain.entities import TASK
from crmcli.domain.struct import Struct
from crmcli.domain.types import read_instant
from crmcli.services import calendar_items, timeline
from crmcli.store import read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crmcli.context import Context

_FIELDS = tuple(
    TASK.by_name[name]
    for name in (
        "id", "uid", "name", "type", "due_on", "due_at", "place", "opportunity", "contact", "company",
        "attendees", "done_at", "removed_at",
    )
)  # fmt: skip


class Words(Struct):
    """A reminder as a title with its text, and as one `line` for a terminal."""

    title: str
    body: str
    line: str


def tasks(ctx: Context, numbers: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What reminders of these tasks say, by the number of the task."""
    rows = read.hydrate(ctx.reader, TASK, sorted(set(numbers)), _FIELDS)
    about = calendar_items.whom(ctx, rows)
    return {row["id"]: {**row, "about": about[row["id"]]} for row in rows}


def of_task(ctx: Context, row: dict[str, Any]) -> Words:
    """The words for one of `tasks`, as things stand now."""
    soon, when = _soon(ctx, row), _when(ctx, row)
    name = f"{row['name']} ({row['type']})" if row["type"] else str(row["name"])
    step = ctx.settings.calling("task", "done", str(row["id"]))
    place = f"Place: {row['place']}" if row["place"] else ""
    attending = f"With: {row['attendees']}" if row["attendees"] else ""
    told = [*row["about"], place, attending]
    due = f"{when} {spoken_zone(ctx.env.now)}" if row["due_at"] else when
    body = [name, f"Due: {due}, {soon}" if when else "", *told, f"Done: {step} --feedback TEXT"]
    line = " · ".join(filter(None, [name, when, *told, step]))
    return Words(f"{soon}: {row['name']}", "\n".join(filter(None, body)), f"{soon}: {line}")


def _soon(ctx: Context, row: dict[str, Any]) -> str:
    """When a task is due, as seen from now: `in 15 min`, `now`, `was due 2 h 10 min ago`, of a day `tomorrow`."""
    now = ctx.now
    if row["due_at"]:
        minutes = round((read_instant(row["due_at"]) - now).total_seconds() / 60)
        span = timeline.duration(abs(minutes) * 60)
        return "now" if not minutes else f"in {span}" if minutes > 0 else f"was due {span} ago"
    if not row["due_on"]:
        return "reminder"
    day, today = date.fromisoformat(row["due_on"]), now.date()
    said = relative(day, today)
    return f"was due {said}" if day < today else said


def _when(ctx: Context, row: dict[str, Any]) -> str:
    now, calendar = ctx.env.now, ctx.env.calendar
    if row["due_at"]:
        wall = local(read_instant(row["due_at"]), now.tzinfo)
        return describe(When(wall.date(), wall.time()), now, calendar)
    if not row["due_on"]:
        return ""
    return describe(When(date.fromisoformat(row["due_on"]), None), now, calendar)
