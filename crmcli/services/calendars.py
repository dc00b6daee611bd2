"""Tasks and follow-ups as an iCalendar file."""

from __future__ import annotations

import hashlib
from array import array
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import TASK
from crmcli.domain.query import narrowed
from crmcli.results import Bytes
from crmcli.services.calendar_items import COLUMNS, items
from crmcli.services.records import bound, filter_text, list_records
from crmcli.store import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context
    from crmcli.domain.query import Node

#: For so many days a task that was removed is in calendars as a cancelled one, so that programs which have it hear of
#: that.
CANCELLED_DAYS = 30


def export(ctx: Context, words: Sequence[str] = (), *, todo: bool = False) -> Bytes:
    """The tasks that fit a filter (open ones unless it says otherwise) as a calendar file.

    Each is an event on its day, or at its time for `minutes` (30 unless set); with `todo` a to-do. Events need a day,
    so tasks without one are left out of them, and that is said. The same tasks give the same bytes, but that one which
    was removed is there for 30 days more, as cancelled. Raises FilterError.
    """
    rows, left = chosen(ctx, filter_text(TASK, words), todo=todo)
    if left:
        ctx.say(f"{left} task{'s' if left > 1 else ''} without a day left out; --todo takes them too")
    return Bytes(written(ctx, rows, todo=todo, name="CRM tasks"), "crm-tasks.ics")


def asked(ctx: Context, text: str) -> tuple[Node, Node]:
    """What a filter has in a calendar, as it is meant at this moment: the tasks that fit, and those of them that were
    open when they were removed of late. Raises FilterError."""
    return bound(ctx, TASK, text), bound(ctx, TASK, _gone(text))


def fitting(ctx: Context, nodes: tuple[Node, Node]) -> tuple[bytes, ...]:
    """Digests of which tasks those are that `asked` means."""
    found = (array("q", read.all_ids(ctx.reader, TASK, node)) for node in nodes)
    return tuple(hashlib.sha256(ids.tobytes()).digest() for ids in found)


def chosen(ctx: Context, text: str, *, todo: bool) -> tuple[list[dict[str, Any]], int]:
    """The tasks that a filter has in a calendar, and how many are left out for want of a day."""
    rows = list(list_records(ctx, TASK, text=text, columns=COLUMNS, sort="id", limit=0).rows)
    there = {row["id"] for row in rows}
    gone = list_records(ctx, TASK, text=_gone(text), columns=COLUMNS, sort="id", limit=0)
    rows += [row for row in gone.rows if row["id"] not in there]
    dated = rows if todo else [row for row in rows if row["due_on"]]
    return dated, sum(1 for row in rows if not row["removed_at"]) - sum(1 for row in dated if not row["removed_at"])


def _gone(text: str) -> str:
    return " ".join(narrowed([text], "no:done_at", f"removed_at:-{CANCELLED_DAYS}d.."))


def written(ctx: Context, rows: Sequence[dict[str, Any]], *, todo: bool, name: str) -> bytes:
    """Tasks as the bytes of a calendar of this name."""
    from crmcli.exchange.ical import write_calendar

    zone = ctx.zone_name
    return write_calendar(items(ctx, rows, todo=todo), name=name, zone=zone)
