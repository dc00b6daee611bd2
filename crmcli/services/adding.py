"""A new record, and at once what it may be the same as."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from crmcli.errors import CrmError
from crmcli.services import duplicates, next_activity, records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.results import Changed


def added(
    ctx: Context, kind: Entity, assigned: Mapping[str, str], *, note: str = "", source: str = "cli"
) -> tuple[Changed, list[str]]:
    """Add a record (`records.add`, whose errors it raises); also a line for each record that it may be the same as.
    That a deal has no next step yet is said."""
    done = records.add(ctx, kind, assigned, note=note, source=source)
    with contextlib.suppress(CrmError):  # it is saved: nothing that is asked about it may look like a refusal
        if kind.name == "deal":
            next_activity.tell_idle(ctx, done.ids)
        return done, [line for number in done.ids for line in duplicates.warnings(ctx, kind, number)]
    return done, []
