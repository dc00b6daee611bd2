"""What the deadlines of imported tasks bring with them: a moment has its day, and what repeats is a series like any
other (`services.recurring`), so that the next one comes on the right day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.types import due_day
from crmcli.errors import FieldError
from crmcli.services import recurring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.context import Context
    from crmcli.store.write import Transaction

#: What decides about a series.
DECIDES = ("due_on", "due_at", "repeat", "repeat_from")


def complete(ctx: Context, tx: Transaction, columns: dict[str, list[Any]], count: int) -> None:
    """Fill what follows for `count` new tasks into their columns."""
    told = [name for name in DECIDES if any(columns.get(name) or ())]
    if "due_at" not in told and "repeat" not in told and "repeat_from" not in told:
        return
    moved = [columns[name] for name in recurring.OF_A_SERIES if name in columns]
    for place in range(count):
        if any(column[place] for column in moved):
            continue  # a file of ours says itself where in its series a task stands
        row = {name: columns[name][place] for name in told if columns[name][place] is not None}
        found = changed(ctx, tx, {}, row)
        for name in {*row, *found}:
            columns.setdefault(name, [None] * count)[place] = found.get(name)


def changed(ctx: Context, tx: Transaction, row: Mapping[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The changed columns of a task with what follows from them. Where they make no series, that is said, and the task
    is none."""
    if changes.get("due_at") and not {**row, **changes}.get("due_on"):
        day = due_day(None, changes["due_at"], ctx.env.now)
        changes = {**changes, "due_on": day.isoformat() if day else None}
    if changes.keys().isdisjoint(DECIDES):
        return changes
    try:
        return recurring.settled(ctx, tx, row, changes, told=False)
    except FieldError as error:
        ctx.say_once(f"{error.field or 'repeat'}: {error.message}: such tasks do not repeat")
        return {name: value for name, value in changes.items() if name not in ("repeat", "repeat_from")}
