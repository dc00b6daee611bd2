"""Reminders that did not come, or may not have, and that matter still: of the list, the page of the day and doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain import reminders as rules
from crmcli.domain.entities import TASK
from crmcli.services.reminder_due import is_abandoned
from crmcli.services.reminder_since import usual_ones
from crmcli.store import read
from crmcli.store import reminders as store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from crmcli.context import Context
    from crmcli.store.reminders import Kept

_FIELDS = tuple(TASK.by_name[name] for name in ("id", "due_on", "due_at", "remind", "done_at", "removed_at"))


def unsettled(ctx: Context) -> list[Kept]:
    """The reminders of all users that people may settle, oldest first: the doubtful ones, with claims whose process is
    gone, and those that failed and that their task still has."""
    found = _found(ctx)
    moot = over(ctx, found)
    return [kept for kept in found if kept.state != store.FAILED or kept.id not in moot]


def astray(ctx: Context) -> list[Kept]:
    """Those of all users that may not have come, that their task still has, and that nobody tries any more."""
    found = [kept for kept in _found(ctx) if not _is_tried(kept, ctx.now)]
    moot = over(ctx, found)
    return [kept for kept in found if kept.id not in moot]


def over(ctx: Context, found: Iterable[Kept]) -> dict[int, str]:
    """Why a task has a reminder no more, by the id of the reminder: the task is done or gone, or was put elsewhere."""
    found = list(found)
    rows = {row["id"]: row for row in read.hydrate(ctx.reader, TASK, sorted({kept.task for kept in found}), _FIELDS)}
    usual = usual_ones(ctx) if found else ()
    said = {kept.id: _over(ctx, rows[kept.task], kept, usual) for kept in found}
    return {number: why for number, why in said.items() if why}


def _over(ctx: Context, row: dict[str, Any], kept: Kept, usual: tuple[int, ...]) -> str:
    if row["done_at"] or row["removed_at"]:
        return "is done" if row["done_at"] else "was removed"
    opening = rules.read_clock(str(ctx.settings["remind_at"]))  # no key depends on it
    # The settings of others are not known, only what they have made usual.
    has = any(moment.key == kept.at for moment in rules.moments(row, usual, opening, ctx.env.now))
    return "" if has else "has no reminder there any more"


def _found(ctx: Context) -> list[Kept]:
    some = store.in_states(ctx.reader, (*store.UNSETTLED, store.CLAIMED))
    return [kept for kept in some if kept.state != store.CLAIMED or is_abandoned(kept, ctx.now)]


def _is_tried(kept: Kept, now: datetime) -> bool:
    """Whether what failed is tried again."""
    failed = kept.state == store.FAILED and 1 <= kept.tries < rules.MOST_TRIES
    return failed and kept.claimed_at > now - rules.GIVEN_UP
