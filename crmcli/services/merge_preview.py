"""A merge as people look at it before it happens: what each record has, what stays and whose that is, what moves along,
and what somebody said against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES
from crmcli.domain.merging import STAYING
from crmcli.domain.text import clip
from crmcli.domain.types import readable
from crmcli.results import Column, Rows
from crmcli.services import aliases, apart, moving, rehearsal
from crmcli.services.merging import PLACED, counterpart, merge, own_probability
from crmcli.store import read
from crmcli.store.tables import noun_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity, Field
    from crmcli.services.merging import Plan

#: Fields that nobody looks at where records are compared.
UNSHOWN = frozenset((
    "id", "uid", "external_id", "created_at", "updated_at", "removed_at", "merged_into", "vcard", "position",
    "probability_manual", "probability_kept", "assigned_at", "stage_since", "converted_at",
))  # fmt: skip


def compared_fields(kind: Entity) -> list[Field]:
    """The fields that people look at where records of a kind are compared."""
    every = (field for field in kind.fields if field.name not in UNSHOWN and not field.derived)
    return [field for field in every if field.column or field.type.family == "tags"]


def preview(ctx: Context, planned: Plan) -> Rows:
    """The fields in which records differ that are to be merged: what each has, what stays and whose that is. The merge
    is made and rolled back, so that what is shown is what would be. Raises what `merging.merge` raises."""
    entities = [ENTITIES[noun_of(planned.table, row)] for row in planned.rows]
    before = [
        read.hydrate(ctx.reader, entity, [row["id"]])[0] for entity, row in zip(entities, planned.rows, strict=True)
    ]
    number = planned.stays["id"]
    kind, ids, into, keep, many = planned.asked
    with rehearsal.tried(ctx, lambda: merge(ctx, kind, ids, into, keep, many=many)):
        after = read.hydrate(ctx.reader, planned.kind, [number])[0]
    names = [f"{entity.name}:{row['id']}" for entity, row in zip(entities, planned.rows, strict=True)]
    columns = [Column(name, None, name) for name in names]
    rows = []
    for field in compared_fields(planned.kind):
        told = [_shown(ctx, counterpart(entity, field), row) for entity, row in zip(entities, before, strict=True)]
        stays = _shown(ctx, field, after)
        if set(told) != {stays}:
            line = {"field": field.label, **dict(zip(names, told, strict=True)), "stays": stays}
            rows.append({**line, "from": _source(planned, field, names, told, stays)})
    shown = (Column("field", None, "Field"), *columns, Column("stays", None, "Stays"), Column("from", None, "From"))
    return Rows(shown, rows, empty="they differ in nothing", numbered=False)


def _shown(ctx: Context, field: Field | None, row: Mapping[str, Any]) -> str:
    """A field of a record in words, on one line; "" where it has none."""
    value = row.get(field.name) if field else None
    if field is None or value is None:
        return ""
    if field.type.family == "tags":
        return ", ".join(value)
    currency = str(row.get("currency") or "")
    text = readable(field.type, value, currency=currency, zone=ctx.env.now.tzinfo, calendar=ctx.env.calendar)
    return clip(" ".join(text.split()), 60)


def _source(planned: Plan, field: Field, names: Sequence[str], told: Sequence[str], stays: str) -> str:
    """Whose value stays; "" where it is the own one of the record that stays."""
    by_id = {row["id"]: name for row, name in zip(planned.rows, names, strict=True)}
    column = field.column or field.name
    origin: tuple[int, ...] = planned.outcome.origin.get(column, (planned.stays["id"],))
    if field.name in PLACED and planned.stage_of is not None:
        origin = (planned.stage_of["id"],)
    if field.name == "probability" and planned.probability_of is not None:
        if own_probability(planned.probability_of) is None:
            return "" if told[0] == stays else "(its stage)"
        origin = (planned.probability_of["id"],)
    if column in STAYING and field.name not in (*PLACED, "probability"):
        return ""
    if not stays and told[0] and origin == (planned.stays["id"],):
        return "(emptied)"
    return "" if origin == (planned.stays["id"],) else ", ".join(by_id[number] for number in origin)


def along(ctx: Context, planned: Plan) -> str:
    """What would move along: '2 deals, 3 tasks'; "" for nothing in sight."""
    found = moving.hanging(ctx.reader, planned.table, planned.stays["id"], planned.losers)
    return moving.counted(ctx.reader, found)


def objections(ctx: Context, kind: Entity, ids: Iterable[int]) -> list[str]:
    """A line for each pair of these of which somebody said that they are not the same."""
    numbers = set(ids)
    found = sorted(pair for pair in apart.pairs(ctx.reader, kind.table, numbers) if numbers.issuperset(pair))
    called = {number: f"{aliases.noun(ctx.reader, kind.table, number)}:{number}" for pair in found for number in pair}
    return [f"somebody said that {called[one]} and {called[other]} are not the same" for one, other in found]
