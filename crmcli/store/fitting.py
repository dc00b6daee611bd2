"""Whether what a plugin made of a change fits the book as a typed change would: its links lead somewhere, its name is
free where names are, its amounts are none too large, and its status, stage, closing time and probability go together.

What it finds would otherwise be refused by the engine, in words that name neither plugin nor column, or would stand in
the book as what no command could have made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain import money, pipeline
from crmcli.domain.entities import ENTITIES
from crmcli.domain.hierarchy import upwards
from crmcli.domain.text import fold
from crmcli.domain.types import Money, Ref
from crmcli.store import read
from crmcli.store.sql import table_of
from crmcli.store.tables import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crmcli.domain.change import Change
    from crmcli.store.connect import Connection

#: Tables whose names are unique, and the column within which they are.
NAMED = {
    **dict.fromkeys(
        ("crm_user", "tag", "source", "medium", "campaign", "lost_reason", "task_type", "pipeline", "saved_view"), ""
    ),
    "plan": "",
    "stage": "pipeline_id",
    "custom_field": "entity",
}
#: The columns that say together whether a lead or deal is open, won or lost.
STANDING = frozenset((
    "stage_id", "pipeline_id", "status", "closed_at", "archived_at", "probability_bp", "lost_reason_id",
))  # fmt: skip


class Fitting:
    """The book as it will be once these changes are written; `put` tells of one that an answer amended."""

    def __init__(self, connection: Connection, changes: Iterable[Change]) -> None:
        self.connection = connection
        self._pending = {(change.table, change.id): change for change in changes}
        self._stored: dict[tuple[str, int], dict[str, Any] | None] = {}

    def put(self, change: Change) -> None:
        self._pending[change.table, change.id] = change

    def fault(self, given: Change, amended: Change) -> str:
        """What of `amended` that was not in `given` does not fit the book; "" if all does."""
        before, after = given.after or {}, amended.after or {}
        touched = {column for column in before | after if before.get(column) != after.get(column)}
        return (
            self._loose_end(amended, before, after, touched)
            or self._taken(amended, touched)
            or self._too_large(amended, touched)
            or (self._standing(amended) if amended.table == "opportunity" and touched & STANDING else "")
        )

    def _row(self, table: str, number: int) -> dict[str, Any] | None:
        """A row as it will stand; None where there will be none."""
        change = self._pending.get((table, number))
        if change is None:
            return self._found(table, number)
        return None if change.after is None else self._laid_over(change)

    def _found(self, table: str, number: int) -> dict[str, Any] | None:
        key = (table, number)
        if key not in self._stored:
            self._stored[key] = read.raw(self.connection, table, [number]).get(number)
        return self._stored[key]

    def _laid_over(self, change: Change) -> dict[str, Any]:
        """The row that a change makes, or makes of the one that is there."""
        found = DEFAULTS.get(change.table, {}) if change.before is None else self._found(change.table, change.id) or {}
        return {**found, **(change.after or {}), "id": change.id}

    def _loose_end(self, change: Change, before: Mapping[str, Any], after: Mapping[str, Any], touched: set[str]) -> str:
        """A link that leads nowhere, to what is removed, or round to where it starts."""
        targets = {
            field.column: field.type.entity for field in ENTITIES[change.entity].stored() if isinstance(field.type, Ref)
        }
        for column in sorted(touched & targets.keys()):
            if after.get(column) is not None and not self._in_sight(table_of(targets[column]), after[column]):
                return f"there is no {targets[column]} {after[column]} for '{column}' of a {change.entity}"
        for tag in sorted(set(after.get("tags") or ()) - set(before.get("tags") or ())):
            if not self._in_sight("tag", tag):
                return f"there is no tag {tag} for 'tags' of a {change.entity}"
        if "parent_id" in touched and change.id in upwards(after["parent_id"], self._parent):
            return "a company cannot be under itself"
        return ""

    def _in_sight(self, table: str, number: int) -> bool:
        row = self._row(table, number)
        return row is not None and row.get("removed_at") is None

    def _parent(self, company: int) -> int | None:
        return (self._row("company", company) or {}).get("parent_id")

    def _taken(self, change: Change, touched: set[str]) -> str:
        """A name or a number of another system that something else has."""
        if change.table in NAMED and "name" in touched:
            row = self._laid_over(change)
            within = {column: row[column] for column in (NAMED[change.table],) if column}
            if self._others(change, "name", fold(row["name"]), within):
                return f"there is a {change.entity} '{row['name']}' already"
        if "external_id" in touched and (change.after or {}).get("external_id"):
            row = self._laid_over(change)
            within = {"kind": row["kind"]} if change.table == "opportunity" else {}
            if self._others(change, "external_id", row["external_id"], within):
                return f"there is a {change.entity} with the external id '{row['external_id']}' already"
        return ""

    def _too_large(self, change: Change, touched: set[str]) -> str:
        """An amount larger than its currency may have."""
        amounts = {f.column: f.type.currency for f in ENTITIES[change.entity].stored() if isinstance(f.type, Money)}
        if not touched & {*amounts, *amounts.values()}:
            return ""
        row = self._laid_over(change)
        for column, currency in amounts.items():
            code = row.get(currency) or ""
            if row.get(column) is not None and abs(row[column]) > money.largest(code):
                return f"{row[column]} is too large an amount for '{column}' of a {change.entity}"
        return ""

    def _others(self, change: Change, column: str, value: str, within: Mapping[str, Any]) -> bool:
        """Whether another row will have this key."""
        conditions = "".join(f" AND {name} = ?" for name in within)
        key = "name_key" if column == "name" else column
        sql = f"SELECT id FROM {change.table} WHERE {key} = ?{conditions}"
        for (number,) in self.connection.rows(sql, [value, *within.values()]):
            other = self._pending.get((change.table, int(number)))
            if other is None or (other.after is not None and column not in other.after):
                return True
        for (table, number), other in self._pending.items():
            given = other.after.get(column) if table == change.table and number != change.id and other.after else None
            if given is not None and value == (fold(given) if column == "name" else given):
                row = self._laid_over(other)
                if all(row.get(name) == wanted for name, wanted in within.items()):
                    return True
        return False

    def _standing(self, change: Change) -> str:
        """What does not go together in a lead or deal that an answer made won, lost, open, or moved."""
        row = self._laid_over(change)
        status = row["status"]
        stage = self._row("stage", row["stage_id"]) if row.get("stage_id") else None
        if stage is not None and stage["pipeline_id"] != row.get("pipeline_id"):
            return f"the stage '{stage['name']}' is of another pipeline"
        if stage is not None and pipeline.misplaced(status, bool(stage["is_won"])):
            return f"in the stage '{stage['name']}' a {row['kind']} is not {status}"
        if (row.get("closed_at") is None) != (status == "open"):
            return f"'closed_at' of a {row['kind']} that is {status}"
        if row.get("lost_reason_id") is not None and status != "lost":
            return f"'lost_reason_id' of a {row['kind']} that is {status}"
        if status == "lost" and row.get("archived_at") is None:
            return f"'archived_at' of a {row['kind']} that is lost"
        if status != "open" and row["probability_bp"] != (10_000 if status == "won" else 0):
            return f"'probability_bp' of a {row['kind']} that is {status}"
        return ""
