"""Merging: records that are the same become one, which has what hung on the others and goes by their names too."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain import pipeline
from crmcli.domain.change import written
from crmcli.domain.entities import ENTITIES
from crmcli.domain.hierarchy import upwards
from crmcli.domain.merging import ADDRESS, AMOUNTS, STAYING, Outcome, combined, ranked
from crmcli.domain.struct import Struct
from crmcli.domain.types import readable
from crmcli.errors import FieldError, NotFoundError, UsageError
from crmcli.results import Changed
from crmcli.services import aliases, moving, naming, values
from crmcli.services.stages import check_there, every_stage, next_position, stage_by_id
from crmcli.store import read
from crmcli.store.tables import noun_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


class Asked(NamedTuple):
    """Which records of a kind (leads and deals may be mixed) are to be one, which of them stays (`into`, None: the best
    of them), whose value a field has then (`keep`: field -> record), and whether they may be more than five."""

    kind: Entity
    ids: Sequence[int]
    into: int | None = None
    keep: Mapping[str, int] = MappingProxyType({})
    many: bool = False


class Plan(Struct):
    """A merge in the making: what was asked, the rows (the first stays), what it comes to, whose stage and whose
    probability the one that stays gets (None: its own)."""

    asked: Asked
    rows: tuple[Mapping[str, Any], ...]
    outcome: Outcome
    stage_of: Mapping[str, Any] | None = None
    probability_of: Mapping[str, Any] | None = None

    @property
    def table(self) -> str:
        return self.asked.kind.table

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
        _settle(tx)
        before = len(tx.changes)
        planned = plan(ctx, kind, ids, into, keep, many=many)
        number, table = planned.stays["id"], planned.table
        changes = _changes(ctx, tx, planned)
        moved = moving.counted(tx.connection, moving.move(tx, table, number, planned.losers))
        tx.change(noun_of(table, planned.stays), number, changes)
        for row in planned.rows[1:]:
            tx.change(noun_of(table, row), row["id"], {"removed_at": tx.stamp, "merged_into_id": number})
        noun = planned.kind.name
        stays = tx.row(noun, number)
        name, aside = stays["name"], out_of_lists(stays)
        _settle(tx)
    done = tx.changes[before:]
    name = written(done, noun, number, "name", name)
    others = ", ".join(f"{noun_of(table, row)}:{row['id']} {row['name']}" for row in planned.rows[1:])
    line = f"merged {others} into {noun}:{number} {name}"
    if aside and not all(map(out_of_lists, planned.rows[1:])):
        line += f", which is {aside}"
    lines = [f"{line}{moved and f'; moved along: {moved}'}", *behind(planned)]
    return Changed(tuple(lines), tuple(done), ctx.batch, (number,), noun)


def out_of_lists(row: Mapping[str, Any]) -> str:
    """Why lists leave a record out that is there: `lost`, `won`, `archived`; "" where they do not."""
    status = str(row.get("status", "open"))
    return status if status != "open" else "archived" if row.get("archived_at") else ""


def _settle(tx: Transaction) -> None:
    """End a part of a transaction: each merge is one of its own in the journal, so that it can be taken apart alone.
    Where others write meanwhile, whose link in the chain comes first is settled by who is done."""
    tx.flush()
    if tx.sole and tx.unsettled:
        tx.settle()


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
    asked = Asked(kind, tuple(ids), into, keep or {}, many)
    table, keep = kind.table, asked.keep
    if table not in aliases.TABLES:
        raise UsageError(f"{kind.one} cannot be merged", "lead, deal, contact and company can")
    said = [*ids, *([] if into is None else [into]), *keep.values()]
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
    return _settled(ctx, asked, rows, {field: known[number] for field, number in keep.items()})


class _Kept(Struct):
    """Whose values --keep wants: column -> record, and the rows that the stage and the probability are to come from."""

    columns: dict[str, int]
    stage_of: Mapping[str, Any] | None = None
    probability_of: Mapping[str, Any] | None = None


def _settled(ctx: Context, asked: Asked, rows: Sequence[Mapping[str, Any]], keep: Mapping[str, int]) -> Plan:
    """The plan for rows in their order."""
    table = asked.kind.table
    deal = any(row.get("kind") == "deal" for row in rows)
    kind = ENTITIES[table if table != "opportunity" else "deal" if deal else "lead"]
    kept = _kept(kind, {row["id"]: row for row in rows}, keep)
    outcome = combined(table, rows, kept.columns)
    taken = {"vcard": _cards(rows, outcome)} if sum(bool(row.get("vcard")) for row in rows) > 1 else {}
    if table == "company":
        taken["parent_id"] = _parent(ctx.reader, rows, kept.columns.get("parent_id"))
    for column, (value, origin) in taken.items():
        outcome = Outcome(outcome.values | {column: value}, outcome.origin | {column: origin}, outcome.left)
    return Plan(asked, tuple(rows), outcome, kept.stage_of, kept.probability_of)


def _kept(kind: Entity, rows: Mapping[int, Mapping[str, Any]], keep: Mapping[str, int]) -> _Kept:
    """What is to be kept of which of these rows, by their numbers. Raises UsageError, FieldError."""
    columns: dict[str, int] = {}
    stage_of = probability_of = None
    said: dict[str, tuple[str, int]] = {}
    for name, number in sorted(keep.items(), key=lambda item: item[0] not in PARTS):
        if number not in rows:
            raise UsageError(f"--keep {name}={number}: {number} is not among those that are merged")
        if name in PARTS and ADDRESS[0] in kind.by_name:
            columns.update(dict.fromkeys(PARTS[name], number))
            continue
        field = values.check_field(kind, name)
        first, of = said.setdefault("stage" if field.name in PLACED else field.name, (name, number))
        if of != number:
            raise contradiction(first, of, name, number)
        if field.column and counterpart(ENTITIES[noun_of(kind.table, rows[number])], field) is None:
            what = f"{noun_of(kind.table, rows[number])}:{number} has no such field"
            raise UsageError(
                f"--keep {name}={number}: {what}", f"set it afterwards: crm {kind.name} edit ID {name}=..."
            )
        if field.name in PLACED:
            stage_of = rows[number]
        elif field.name == "probability":
            probability_of = rows[number]
        elif field.name == "external_id":
            raise UsageError(
                "each record keeps its external id, and all of them lead to the one that stays", "leave that --keep out"
            )
        else:
            columns[field.column or field.name] = number
    _check_one_currency(kind, columns, rows)
    return _Kept(columns, stage_of, probability_of)


def _cards(rows: Sequence[Mapping[str, Any]], outcome: Outcome) -> tuple[Any, tuple[int, ...]]:
    """What their vCards say beyond the fields, together, and whose it is: nobody's second address is lost."""
    from crmcli.exchange.vcard_fields import joined  # only where several have a card

    having = [row for row in rows if row.get("vcard")]
    said = [str(outcome.values[column]) for column in ("email", "phone", "mobile") if outcome.values.get(column)]
    return joined([row["vcard"] for row in having], said), tuple(row["id"] for row in having)


def contradiction(first: str, of: int, second: str, other: int) -> UsageError:
    """That two fields which are one cannot be kept of two records."""
    placed = first != second and first in PLACED
    hint = "a stage and its pipeline come from one record" if placed else "keep one of them"
    return UsageError(f"--keep {first}={of} and --keep {second}={other} contradict each other", hint)


def counterpart(entity: Entity, field: Field) -> Field | None:
    """What a field is in another kind of the same table: the company of a lead is a name."""
    if not field.column:
        return entity.by_name.get(field.name)
    return next((other for other in entity.fields if other.column == field.column), None)


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


class Place(NamedTuple):
    """Where the one that stays comes to stand: its new columns, and the move from the stage that it leaves, if any."""

    columns: Row
    move: Row | None = None


def placed(ctx: Context, planned: Plan, now: str) -> Place:
    """What becomes of the place in the pipeline and of the probability, at the instant `now`, where those of another
    record are kept. Raises UsageError for a stage that is no more."""
    row, move = dict(planned.stays), None
    found: Row = {}
    if planned.stage_of is not None and planned.stage_of["stage_id"] != row["stage_id"]:
        stage = stage_by_id(ctx, planned.stage_of["stage_id"])
        if stage is None:
            raise UsageError("the stage to be kept was removed", "leave --keep stage out")
        found, move = pipeline.enter(row, stage, now)
    if planned.probability_of is not None:
        other, after = planned.probability_of, row | found
        found |= pipeline.set_probability(after, own_probability(other), stage_by_id(ctx, after["stage_id"]))
    return Place(found, move)


def own_probability(row: Mapping[str, Any]) -> int | None:
    """The probability that somebody set, in basis points, also where it waits for a closed one to be open again; None
    where it is that of the stage."""
    return row["probability_bp"] if row["probability_manual"] else row.get("probability_kept_bp")


def _changes(ctx: Context, tx: Transaction, planned: Plan) -> Row:
    """The new values of the one that stays."""
    row = dict(planned.stays)
    found = {c: v for c, v in planned.outcome.values.items() if c not in STAYING and row.get(c) != v}
    if planned.table != "opportunity":
        return found
    place = placed(ctx, planned, tx.stamp)
    found |= place.columns
    if "stage_id" in place.columns and (stage := stage_by_id(ctx, found["stage_id"])):
        check_there(tx, stage)
        found["position"] = next_position(tx, stage["id"])
    if place.move:
        tx.add("stage_move", place.move)
    if planned.kind.name != row["kind"]:
        found |= {"kind": "deal", "converted_at": tx.stamp, "position": next_position(tx, row["stage_id"])}
    return {c: v for c, v in found.items() if row.get(c) != v}


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
