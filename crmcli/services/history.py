"""What happened: the journal in words, the batches that can be undone; undo and purge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.custom import holds, labelled
from crmcli.domain.entities import ENTITIES, WITHHELD
from crmcli.domain.fields import OWN, installed
from crmcli.domain.money import format_money
from crmcli.domain.types import Instant, Integer, Money, readable
from crmcli.results import Column, Rows
from crmcli.services import aliases
from crmcli.services.batch import last_row, taken_back_alone
from crmcli.services.links import TARGETS
from crmcli.services.purging import purge
from crmcli.services.undoing import undo
from crmcli.store import journal
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crmcli.context import Context
    from crmcli.domain.change import Change
    from crmcli.domain.fields import Entity, Field

__all__ = ["batches", "history", "purge", "undo"]

#: What every new record has and nobody asks about.
TACIT = frozenset(("uid", "created_at", "updated_at", "position", "stage_since", "assigned_at"))


def history(ctx: Context, kind: Entity, number: int, limit: int = 50) -> Rows:
    """Every change of a record and of those that were merged into it, newest first: a row a field, in words; behind the
    field stands the merged record that it is of. `limit` counts changes; 0 is all.

    Raises NotFoundError where there never was such a record.
    """
    from crmcli.services.records import get

    every = [number, *sorted(aliases.merged(ctx.reader, kind.table, [number]) - {number})]
    most = f" LIMIT {int(limit)}" if limit else ""
    found: list[tuple[Any, ...]] = []
    for some, marks in portions(every):
        found += ctx.reader.rows(
            "SELECT x.at, b.actor, b.source, b.id, j.before, j.after, j.record_id, j.seq, j.id FROM journal j"
            " JOIN journal_tx x ON x.seq = j.seq JOIN batch b ON b.id = x.batch_id"
            f" WHERE j.entity = ? AND j.record_id IN ({marks}) ORDER BY j.seq DESC, j.id DESC{most}",
            (kind.table, *some),
        )
    if not found:
        get(ctx, kind, number)
    found = sorted(found, key=lambda row: row[-2:], reverse=True)[: int(limit) or None]
    steps = [(row, journal.columns(row[4]), journal.columns(row[5])) for row in found]
    names = _names(ctx, kind.table, [side for _, before, after in steps for side in (before, after) if side])
    words = {of: _Words(ctx, kind, names, _currency(ctx, kind, of)) for of in every}
    of_merged = {of: f" ({aliases.noun(ctx.reader, kind.table, of)}:{of})" for of in every[1:]}
    rows: list[dict[str, Any]] = []
    for (at, actor, source, batch, _, _, of, *_), before, after in steps:
        who = {"at": Instant().from_db(at), "who": actor, "source": source, "batch": batch}
        for field, old, new in words[of].lines(before, after):
            rows.append({**who, "field": f"{field}{of_merged.get(of, '')}", "before": old, "after": new})
    columns = (
        Column("at", Instant(), "At"), Column("who", None, "Who"), Column("source", None, "Source"),
        Column("batch", Integer(), "Batch"), Column("field", None, "Field"), Column("before", None, "Before"),
        Column("after", None, "After"),
    )  # fmt: skip
    return Rows(columns, rows, empty=f"nothing is known about {kind.name}:{number}")


def told(ctx: Context, change: Change, gone: dict[tuple[str, int], str]) -> list[tuple[str, str, str]]:
    """(field label, old, new) of one change, in words; `gone` names what it links to and the book no longer knows."""
    kind = ENTITIES[change.entity]
    names = gone | _names(ctx, kind.table, [side for side in (change.before, change.after) if side])
    words = _Words(ctx, kind, names, _currency(ctx, kind, change.id))
    return list(words.lines(change.before, change.after))


class _Words:
    """Stored values of one record as people read them, going back in time."""

    def __init__(self, ctx: Context, kind: Entity, names: dict[tuple[str, int], str], currency: str) -> None:
        self.ctx, self.kind, self.names, self.currency = ctx, kind, names, currency
        self.fields: dict[str, Field] = {f.column: f for f in installed().removed.get(kind.table, ())}
        for entity in (e for e in ENTITIES.values() if e.table == kind.table and e is not kind):
            self.fields.update({f.column: f for f in entity.stored()})
        self.fields.update({f.column: f for f in kind.stored()})
        if "tags" in kind.by_name:
            self.fields["tags"] = kind.by_name["tags"]

    def lines(self, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Iterable[tuple[str, str, str]]:
        """(field label, old, new) of one change."""
        if before is None and after is None:
            return [("(purged)", "", "")]
        old_currency = (before or {}).get("currency") or self.currency
        new_currency = (after or {}).get("currency") or self.currency
        found = [] if before and after else [("(taken away)" if after is None else "(added)", "", "")]
        for column in self._order(before, after):
            was, now = (before or {}).get(column), (after or {}).get(column)
            label = self.fields[column].label if column in self.fields else _unknown(column)
            found.append((label, self.show(column, was, old_currency), self.show(column, now, new_currency)))
        if before and before.get("currency"):
            self.currency = before["currency"]
        return found

    def _order(self, before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[str]:
        columns = {**(before or {}), **(after or {})}
        # A place on the board changes with the stage; alone it is a move within its column.
        moved = {"updated_at", "position"} if len(columns) > 2 else {"updated_at"}
        hidden = moved if before and after else TACIT
        rank = {column: i for i, column in enumerate(self.fields)}
        return sorted((c for c in columns if c not in hidden), key=lambda c: rank.get(c, -1))

    def show(self, column: str, value: Any, currency: str) -> str:
        """One stored value in words."""
        if value is None or value == []:
            return ""
        if column in WITHHELD:
            return "***"
        if column == "tags":
            return ", ".join(sorted(self.names.get(("tag", tag), f"#{tag}") for tag in value))
        target = TARGETS.get(self.kind.table, {}).get(column)
        if target:
            return self.names.get((target, value), f"#{value}")
        field = self.fields.get(column)
        if field is None:
            return str(value)
        if isinstance(field.type, Money):
            return f"{format_money(value, currency)} {currency}".strip()
        if not holds(field.type, value):
            return str(value)  # what it was while the field was of another type, or had that option
        if field.type.family in ("day", "instant"):
            return readable(field.type, value, zone=self.ctx.env.now.tzinfo, calendar=self.ctx.env.calendar)
        shown = field.type.show(value)
        return f"{shown}%" if field.type.name == "percent" else shown


def _unknown(column: str) -> str:
    """A label for a column that is no field: the kind of a lead or deal, and what people added and let go of again."""
    return "Kind" if column == "kind" else labelled(column.removeprefix(OWN)) if column.startswith(OWN) else column


def _currency(ctx: Context, kind: Entity, number: int) -> str:
    if "currency" not in kind.by_name:
        return ""
    return str(ctx.reader.value(f"SELECT currency FROM {kind.table} WHERE id = ?", (number,)) or "")


def _names(ctx: Context, table: str, sides: list[dict[str, Any]]) -> dict[tuple[str, int], str]:
    """The names of all that these values link to: the present ones, and of what is gone the last ones."""
    wanted: dict[str, set[int]] = {}
    for side in sides:
        for column, target in TARGETS.get(table, {}).items():
            if side.get(column) is not None:
                wanted.setdefault(target, set()).add(side[column])
        wanted.setdefault("tag", set()).update(side.get("tags") or ())
    found: dict[tuple[str, int], str] = {}
    for target, ids in wanted.items():
        for some, marks in portions(sorted(ids)):
            sql = f"SELECT id, name FROM {target} WHERE id IN ({marks})"
            found.update({(target, row[0]): row[1] for row in ctx.reader.rows(sql, some)})
        for number in (number for number in sorted(ids) if (target, number) not in found):
            gone = last_row(ctx.reader, target, number)
            if gone and gone.get("name"):
                found[target, number] = gone["name"]
    return found


def batches(ctx: Context, limit: int = 20) -> Rows:
    """The newest batches: what `undo` takes, with the number of changes in each. `status` is "undone", also where all
    of a batch was taken back bit by bit, "in part" where some of it was, else empty. `limit` 0 is all."""
    names = ("batch", "at", "actor", "source", "command", "records", "status", "undone_by")
    sql = (
        "SELECT b.id, b.at, b.actor, b.source, b.command,"
        " (SELECT coalesce(sum(x.count), 0) FROM journal_tx x WHERE x.batch_id = b.id),"
        " CASE WHEN b.undone_by IS NULL THEN '' ELSE 'undone' END, b.undone_by"
        " FROM batch b ORDER BY b.id DESC" + (f" LIMIT {int(limit)}" if limit else "")
    )
    rows = [dict(zip(names, row, strict=True)) for row in ctx.reader.rows(sql)]
    parts = taken_back_alone(ctx.reader)
    for row in rows:
        row["at"], row["records"] = Instant().from_db(row["at"]), int(row["records"])
        if not row["status"] and (apart := parts.get(row["batch"])):
            steps = ctx.reader.value("SELECT count(*) FROM journal_tx WHERE batch_id = ?", (row["batch"],))
            row["status"] = "in part" if len(apart) < steps else "undone"
    kinds = {"batch": Integer(), "at": Instant(), "records": Integer(), "undone_by": Integer()}
    labels = {"undone_by": "Undone by"}
    columns = tuple(Column(name, kinds.get(name), labels.get(name, name.capitalize())) for name in names)
    return Rows(columns, rows, empty="nothing was done yet")
