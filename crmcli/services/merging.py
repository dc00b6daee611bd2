"""Merging: records that are the same become one, which has what hung on the others and goes by their names too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain import pipeline
from crmcli.domain.change import written
from crmcli.domain.entities import ENTITIES
from crmcli.domain.hierarchy import upwards
from crmcli.domain.merging import ADDRESS, AMOUNTS, STAYING, Outcome, combined, ranked
from crmcli.domain.struct import Struct
from crmcli.domain.text import clip
from crmcli.domain.types import readable
from crmcli.errors import FieldError, NotFoundError, UsageError
from crmcli.results import Changed, Column, Rows
from crmcli.services import aliases, moving, naming, values
from crmcli.services.stages import check_there, every_stage, next_position, stage_by_id
from crmcli.store import read
from crmcli.store.sql import portions
from crmcli.store.tables import noun_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity, Field
    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction

    Row = dict[str, Any]

#: So many people merge at a time; programs and `many` know no limit.
MOST = 5
#: What --keep may name besides fields: columns that go together.
PARTS = {"address": ADDRESS}
#: Fields that follow from a place in the pipeline: kept by the rules of its moves.
PLACED = ("stage", "pipeline")
#: Fields that nobody looks at where records are compared.
UNSHOWN = frozenset((
    "id", "uid", "external_id", "created_at", "updated_at", "removed_at", "merged_into", "vcard", "position",
    "probability_manual", "probability_kept", "assigned_at", "stage_since", "converted_at",
))  # fmt: skip


class Plan(Struct):
    """A merge in the making: the table, its rows (the first stays), what it comes to, whose stage and whose probability
    the one that stays gets (None: its own)."""

    table: str
    rows: tuple[Mapping[str, Any], ...]
    outcome: Outcome
    stage_of: Mapping[str, Any] | None = None
    probability_of: Mapping[str, Any] | None = None

    @property
    def stays(self) -> Mapping[str, Any]:
        return self.rows[0]

    @property
    def losers(self) -> list[int]:
        return [row["id"] for row in self.rows[1:]]

    @property
    def called(self) -> list[str]:
        """Each as `lead:14`."""
        return [f"{noun_of(self.table, row)}:{row['id']}" for row in self.rows]

    @property
    def kind(self) -> Entity:
        """What the one that stays is in the end."""
        if self.table == "opportunity":
            return ENTITIES[self.outcome.values["kind"]]
        return ENTITIES[self.table]


def merge(
    ctx: Context,
    kind: Entity,
    ids: Sequence[int],
    into: int | None = None,
    keep: Mapping[str, int] | None = None,
    *,
    many: bool = False,
    source: str = "cli",
) -> Changed:
    """Make one record of several of a table (leads and deals may be mixed). Which one stays, and what it has then, is
    said in `domain.merging`; `into` chooses it, `keep` (field -> record) says whose value a field has, also where that
    is empty. What links to the others is linked to it; they stay as removed records that name it, with all that they
    had. Raises UsageError for fewer than two and, unless `many`, for more than five, NotFoundError, RefusedError for
    removed ones, FieldError.
    """
    with ctx.writing(source, alone=True) as tx:
        planned = plan(ctx, kind, ids, into, keep, many=many)
        number, table = planned.stays["id"], planned.table
        changes = _changes(ctx, tx, planned)
        moved = moving.counted(tx.connection, moving.move(tx, table, number, planned.losers))
        tx.change(noun_of(table, planned.stays), number, changes)
        for row in planned.rows[1:]:
            tx.change(noun_of(table, row), row["id"], {"removed_at": tx.stamp, "merged_into_id": number})
        noun = planned.kind.name
        name = tx.row(noun, number)["name"]
        tx.flush()
    name = written(tx.changes, noun, number, "name", name)
    others = ", ".join(f"{noun_of(table, row)}:{row['id']} {row['name']}" for row in planned.rows[1:])
    lines = [f"merged {others} into {noun}:{number} {name}{moved and f'; moved along: {moved}'}", *behind(planned)]
    return Changed(tuple(lines), tuple(tx.changes), ctx.batch, (number,), noun)


def plan(
    ctx: Context,
    kind: Entity,
    ids: Sequence[int],
    into: int | None = None,
    keep: Mapping[str, int] | None = None,
    *,
    many: bool = False,
) -> Plan:
    """What a merge would come to; nothing is changed. Raises what `merge` raises."""
    table = kind.table
    if table not in aliases.TABLES:
        raise UsageError(f"{kind.one} cannot be merged", "lead, deal, contact and company can")
    said = [*ids, *([] if into is None else [into]), *(keep or {}).values()]
    known = aliases.standing(ctx.reader, table, said)
    numbers = list(dict.fromkeys(known[number] for number in (*ids, *([] if into is None else [into]))))
    found = read.raw(ctx.reader, table, numbers)
    for number in numbers:
        if number not in found:
            raise NotFoundError(f"there is no {kind.name} {number}")
        naming.check_in_sight(ctx, ENTITIES[noun_of(table, found[number])], found[number])
    if len(numbers) < 2:
        hint = f"name two: crm {kind.name} merge 12 14"
        raise UsageError(f"a merge wants two {kind.plural} that are not one already", hint)
    if len(numbers) > MOST and not many:
        raise UsageError(
            f"{len(numbers)} {kind.plural} are many to look at; {MOST} at a time can be merged",
            "merge some of them first, or say --many",
        )
    places = {stage["id"]: stage["position"] for stage in every_stage(ctx)} if table == "opportunity" else {}
    rows = ranked(table, found.values(), places)
    if into is not None:
        rows.sort(key=lambda row: row["id"] != known[into])
    return _settled(ctx, table, rows, {field: known[number] for field, number in (keep or {}).items()})


def _settled(ctx: Context, table: str, rows: Sequence[Mapping[str, Any]], keep: Mapping[str, int]) -> Plan:
    """The plan for rows in their order."""
    by_id = {row["id"]: row for row in rows}
    deal = any(row.get("kind") == "deal" for row in rows)
    kind = ENTITIES[table if table != "opportunity" else "deal" if deal else "lead"]
    columns: dict[str, int] = {}
    stage_of = probability_of = None
    for name, number in sorted(keep.items(), key=lambda item: item[0] not in PARTS):
        if number not in by_id:
            raise UsageError(f"--keep {name}={number}: {number} is not among those that are merged")
        if name in PARTS and ADDRESS[0] in kind.by_name:
            columns.update(dict.fromkeys(PARTS[name], number))
            continue
        field = values.check_field(kind, name)
        of = ENTITIES[noun_of(table, by_id[number])]
        if field.column and _same(of, field) is None:
            said = f"{of.name}:{number} has no such field"
            raise UsageError(
                f"--keep {name}={number}: {said}", f"set it afterwards: crm {kind.name} edit ID {name}=..."
            )
        if field.name in PLACED:
            stage_of = by_id[number]
        elif field.name == "probability":
            probability_of = by_id[number]
        elif field.name == "external_id":
            raise UsageError(
                "each record keeps its external id, and all of them lead to the one that stays", "leave that --keep out"
            )
        else:
            columns[field.column or field.name] = number
    _check_one_currency(kind, columns, by_id)
    outcome = combined(table, rows, columns)
    if table == "company":
        parent = _parent(ctx.reader, rows, columns.get("parent_id"))
        outcome = Outcome(outcome.values | {"parent_id": parent[0]}, outcome.origin | {"parent_id": parent[1]})
    return Plan(table, tuple(rows), outcome, stage_of, probability_of)


def _check_one_currency(kind: Entity, keep: Mapping[str, int], rows: Mapping[int, Mapping[str, Any]]) -> None:
    """Amounts that are to be kept are of one currency. Raises FieldError."""
    said = [c for c in (*AMOUNTS.get(kind.table, ()), "currency") if c in keep]
    codes = {c: rows[keep[c]].get("currency") for c in said if rows[keep[c]].get(c) is not None}
    if len(set(codes.values())) > 1:
        raise FieldError(
            f"{kind.one} has one currency, and these are in {' and '.join(sorted(set(map(str, codes.values()))))}",
            "currency",
            "keep the amounts of one record",
        )


def _parent(
    connection: Connection, rows: Sequence[Mapping[str, Any]], kept: int | None
) -> tuple[int | None, tuple[int, ...]]:
    """The company above the one that stays, and whose it is: the first that is none of those merged and not under one
    of them. Raises FieldError where the one to be `kept` is."""
    stays, merged = rows[0]["id"], {row["id"] for row in rows}

    def above(number: int) -> int | None:
        found: int | None = connection.value("SELECT parent_id FROM company WHERE id = ?", (number,))
        return stays if found in merged else found

    for row in rows:
        parent = row.get("parent_id")
        if kept is not None and row["id"] != kept:
            continue
        if parent is not None and parent not in merged and stays not in upwards(parent, above):
            return parent, (row["id"],)
        if kept is not None:
            if parent is not None:
                raise FieldError("a company cannot be under itself", "parent", "leave --keep parent out")
            return None, (kept,)
    return None, (stays,)


def _changes(ctx: Context, tx: Transaction, planned: Plan) -> Row:
    """The new values of the one that stays."""
    row = dict(planned.stays)
    found = {c: v for c, v in planned.outcome.values.items() if c not in STAYING and row.get(c) != v}
    if planned.table != "opportunity":
        return found
    if planned.stage_of is not None and planned.stage_of["stage_id"] != row["stage_id"]:
        stage = stage_by_id(ctx, planned.stage_of["stage_id"])
        if stage is None:
            raise UsageError("the stage to be kept was removed", "leave --keep stage out")
        check_there(tx, stage)
        entered, left = pipeline.enter(row, stage, tx.stamp)
        if left:
            tx.add("stage_move", left)
        found |= {**entered, "position": next_position(tx, stage["id"])}
    if planned.probability_of is not None:
        other, now = planned.probability_of, {**row, **found}
        points = other["probability_bp"] if other["probability_manual"] else other.get("probability_kept_bp")
        found |= pipeline.set_probability(now, points, stage_by_id(ctx, now["stage_id"]))
    if planned.kind.name != row["kind"]:
        found |= {"kind": "deal", "converted_at": tx.stamp, "position": next_position(tx, row["stage_id"])}
    return {c: v for c, v in found.items() if row.get(c) != v}


# --- what is shown before it happens -------------------------------------------------------------------------------


def preview(
    ctx: Context,
    kind: Entity,
    ids: Sequence[int],
    into: int | None = None,
    keep: Mapping[str, int] | None = None,
    *,
    many: bool = False,
) -> Rows:
    """The fields in which records differ that are to be merged: what each has, what stays and whose that is. The merge
    is made and rolled back, so that what is shown is what would be. Raises what `merge` raises."""
    from crmcli.services import rehearsal

    planned = plan(ctx, kind, ids, into, keep, many=many)
    entities = [ENTITIES[noun_of(planned.table, row)] for row in planned.rows]
    before = [
        read.hydrate(ctx.reader, entity, [row["id"]])[0] for entity, row in zip(entities, planned.rows, strict=True)
    ]
    number = planned.stays["id"]
    with rehearsal.tried(ctx, lambda: merge(ctx, kind, ids, into, keep, many=many)):
        after = read.hydrate(ctx.reader, planned.kind, [number])[0]
    names = [f"{entity.name}:{row['id']}" for entity, row in zip(entities, planned.rows, strict=True)]
    columns = [Column(name, None, name) for name in names]
    rows = []
    for field in planned.kind.fields:
        if field.name in UNSHOWN or field.derived or not (field.column or field.type.family == "tags"):
            continue
        told = [_shown(ctx, _same(entity, field), row) for entity, row in zip(entities, before, strict=True)]
        stays = _shown(ctx, field, after)
        if set(told) != {stays}:
            line = {"field": field.label, **dict(zip(names, told, strict=True)), "stays": stays}
            rows.append({**line, "from": _source(planned, field, names, told, stays)})
    shown = (Column("field", None, "Field"), *columns, Column("stays", None, "Stays"), Column("from", None, "From"))
    return Rows(shown, rows, empty="they differ in nothing", numbered=False)


def _same(entity: Entity, field: Field) -> Field | None:
    """What a field is in another kind of the same table: the company of a lead is a name."""
    if not field.column:
        return entity.by_name.get(field.name)
    return next((other for other in entity.fields if other.column == field.column), None)


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


def behind(planned: Plan) -> list[str]:
    """A line for each amount that stays behind, since it is in another currency."""
    by_id = {row["id"]: row for row in planned.rows}
    stays, home = f"{planned.kind.name}:{planned.stays['id']}", planned.outcome.values.get("currency")
    found = []
    for number, column in planned.outcome.left:
        row = by_id[number]
        field = next(f for f in planned.kind.stored() if f.column == column)
        amount = readable(field.type, row[column], currency=str(row.get("currency") or ""))
        found.append(
            f"{field.label.lower()} {amount} of {noun_of(planned.table, row)}:{number} was left: {stays} is in {home}"
        )
    return found


def apart(ctx: Context, kind: Entity, ids: Iterable[int]) -> list[str]:
    """A line for each pair of these of which somebody said that they are not the same."""
    numbers = sorted(set(ids))
    found = []
    for some, marks in portions(numbers):
        sql = f"SELECT record_id, other_id FROM {kind.table}_distinct WHERE record_id IN ({marks}) ORDER BY id"
        for pair in ctx.reader.rows(sql, some):
            if pair[1] in numbers:
                one, other = (f"{aliases.noun(ctx.reader, kind.table, number)}:{number}" for number in pair)
                found.append(f"somebody said that {one} and {other} are not the same")
    return found
