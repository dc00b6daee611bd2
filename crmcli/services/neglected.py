"""What an open lead or deal lacks: a next step, a word for too long, a move out of its stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.query import neglect
from crmcli.results import Column, Rows, Section
from crmcli.services.stages import stage_by_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.context import Context
    from crmcli.domain.fields import Entity


def rots(ctx: Context, row: Mapping[str, Any]) -> str:
    """For how long a lead or deal has been rotting: `rotting for 12 days (stage limit 14)`; "" where it does not."""
    limit = int((stage_by_id(ctx, row.get("stage_id")) or {}).get("rot_days") or 0)
    days = neglect.rotting_days(row, ctx.env.now, limit)
    if days is None:
        return ""
    return f"rotting {f'for {_days(days)}' if days else 'since today'} (stage limit {limit})"


def warnings(ctx: Context, kind: Entity, row: Mapping[str, Any]) -> Section | None:
    """What is to be looked after in an open lead or deal, each with the command that does; None where nothing is."""
    if row.get("status") != "open" or row.get("archived_at") or row.get("removed_at"):
        return None
    ref, call = f"{kind.name}:{row['id']}", ctx.settings.calling
    log, found = f'{call("log", "call", ref)} "..."', []
    if kind.name == "deal" and not row.get("open_tasks"):
        found.append({"what": "no next step", "next": call("task", "add", "Call", "--on", ref, "--due", "tomorrow")})
    if rotting := rots(ctx, row):
        found.append({"what": rotting, "next": log})
    days = neglect.quiet_days(row, ctx.env.now)
    if days >= ctx.env.silent_days and not rotting:
        found.append({"what": f"silent for {_days(days)}", "next": log})
    columns = (Column("what", None, "What"), Column("next", None, "Next step"))
    return Section("warnings", "To look after", Rows(columns, found, numbered=False)) if found else None


def _days(days: int) -> str:
    return f"{days} day{'' if days == 1 else 's'}"
