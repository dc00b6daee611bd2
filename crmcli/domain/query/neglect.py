"""Open leads and deals that nobody looks after: silent ones, and those that rot in their stage.

Silent is what nobody has been in touch with for so many days: neither an interaction nor a done task, and it was not
entered since. It rots where it has, besides, been in its stage for as long as that stage takes (`rot_days`; 0 is
never). Both are counted from the moment, in days of 24 hours, and by what the stage says now.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain.query.tree import And, Compare, Empty, LinkedTo, Or
from crmcli.domain.types import read_instant, show_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from crmcli.domain.fields import Entity
    from crmcli.domain.query.tree import Node

DAY = timedelta(days=1)


def silent(entity: Entity, now: datetime, days: int) -> Node:
    """Neither entered nor touched for so many days."""
    before = _before(now, days)
    return And((_by(entity, "created_at", before), _untouched(entity, before)))


def rotting(entity: Entity, now: datetime, stages: Iterable[tuple[int, int]]) -> Node:
    """In one of these stages (number, days to rot), neither moved nor touched for its days."""
    found: list[Node] = []
    for number, days in stages:
        before = _before(now, days)
        moved = Or((
            _by(entity, "stage_since", before),
            And((Empty(entity.by_name["stage_since"]), _by(entity, "created_at", before))),
        ))  # fmt: skip
        found.append(And((LinkedTo(entity.by_name["stage"], number), moved, _untouched(entity, before))))
    return Or(tuple(found)) if found else Compare(entity.by_name["id"], "<", 0)


def quiet_days(row: Mapping[str, Any], now: datetime) -> int:
    """For how many whole days neither entered nor touched."""
    return _whole(row, now, "created_at", "last_touch")


def rotting_days(row: Mapping[str, Any], now: datetime, days: int) -> int | None:
    """For how many whole days a lead or deal rots in a stage of so many `days`; None where it does not."""
    past = _whole(row, now, "stage_since" if row.get("stage_since") else "created_at", "last_touch") - days
    return past if days and past >= 0 else None


def _whole(row: Mapping[str, Any], now: datetime, *names: str) -> int:
    latest = max(row[name] for name in names if row.get(name))
    return (now - read_instant(latest)) // DAY


def _before(now: datetime, days: int) -> str:
    return show_instant(now - days * DAY)


def _by(entity: Entity, name: str, before: str) -> Node:
    return Compare(entity.by_name[name], "<=", before)


def _untouched(entity: Entity, before: str) -> Node:
    return Or((Empty(entity.by_name["last_touch"]), _by(entity, "last_touch", before)))
