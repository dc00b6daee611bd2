"""A rehearsal of an edit: made and rolled back, to show what it would change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.results import Column, Rows
from crmcli.services import values
from crmcli.store import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity, Field


def preview(ctx: Context, kind: Entity, numbers: Sequence[int], assigned: Mapping[str, str]) -> Rows:
    """What an edit would change: a row for each record that would, with old and new values. The edit is made and rolled
    back, so that what is shown is what would be. Of a long list the first 200 are tried."""
    fields = list(dict.fromkeys(kind.field(values.alias(kind, name)) for name in assigned))
    wanted = [kind.field("name"), *fields] if "name" in kind.by_name else fields
    some = list(numbers[:200])
    before = read.hydrate(ctx.reader, kind, some, wanted)
    after = {row["id"]: row for row in _rehearsed(ctx, kind, some, assigned, wanted)}
    rows = []
    for old in before:
        new = after.get(old["id"], old)  # somebody may have taken it away meanwhile
        told = {f.name: (values.shown(f, old) or "(empty)", values.shown(f, new) or "(empty)") for f in fields}
        if any(was != now for was, now in told.values()):
            line = {name: f"{was} -> {now}" if was != now else was for name, (was, now) in told.items()}
            rows.append({"id": old["id"], "name": old.get("name", ""), **line})
    own = (Column("id", kind.by_name["id"].type, "ID"), Column("name", None, "Name"))
    columns = (*own, *(Column(f.name, None, f.label) for f in fields if f.name != "name"))
    return Rows(
        columns, rows, empty=f"nothing would change in {len(some)} {kind.plural if len(some) != 1 else kind.name}"
    )


class _Rehearsal(Exception):
    """Ends a transaction that was only to show what it would do."""


def _rehearsed(
    ctx: Context, kind: Entity, numbers: list[int], assigned: Mapping[str, str], fields: list[Field]
) -> list[dict[str, Any]]:
    quiet, ctx.quiet = ctx.quiet, True
    after: list[dict[str, Any]] = []
    try:
        with ctx.writing("rehearsal") as tx:
            tx.load(kind.name, numbers)
            for number in numbers:
                values.update(ctx, tx, kind, number, assigned)
            tx.flush()
            after = read.hydrate(ctx.reader, kind, numbers, fields)
            raise _Rehearsal
    except _Rehearsal:
        return after
    finally:
        ctx.quiet = quiet
