"""What `import --update` gives to records that the book has already: filled cells that differ, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain import pipeline as rules
from crmcli.domain.address import followed_domain
from crmcli.services.stages import next_position

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.services.imports.blocks import Block, Reader
    from crmcli.store.write import Transaction

#: Set when a record is made, and left alone by --update.
_ONCE = frozenset((
    "uid", "created_at", "updated_at", "assigned_at", "stage_since", "position", "currency", "closed_at", "archived_at",
))  # fmt: skip
#: Where a lead or deal stands: set together, and only where a row says a stage or a status.
_PLACE = frozenset((
    "status", "stage_id", "pipeline_id", "probability_bp", "probability_manual", "closed_at", "archived_at",
    "stage_since", "lost_reason_id",
))  # fmt: skip


class Updater:
    """Compares the rows of a block with the records that they are. `made` gives the ids of links made for the block."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.kind = reader, reader.kind
        self._money = {field.column for field in reader.kind.fields if field.type.family == "money" and field.column}

    def update(self, tx: Transaction, block: Block, row: int, number: int, made: Mapping[int, int]) -> bool:
        """Give a record the values of its row; whether anything differed."""
        current = tx.row(self.kind.name, number)
        changes = self.changes(block, row, current, made)
        if not changes:
            return False
        if "stage_id" in changes:
            changes.update(self._entered(tx, current, changes))
        if "owner_id" in changes and "assigned_at" in self.kind.by_name:
            changes["assigned_at"] = tx.stamp
        return tx.change(self.kind.name, number, changes)

    def changes(self, block: Block, row: int, current: Mapping[str, Any], made: Mapping[int, int]) -> dict[str, Any]:
        """The columns whose cells are filled and differ; tags are added to those that the record has."""
        found: dict[str, Any] = {}
        amounts = self.reader.amounts(block, row, current.get("currency") or "")
        found.update({name: value for name, value in amounts.items() if current.get(name) != value})
        aside = _ONCE | self._money | (_PLACE if self.kind.kind else frozenset())
        mapped = self.reader.compared(block)
        for name, column in mapped.items():
            value = column[row]
            if value is None or name in aside or (name == "name" and block.unnamed and block.unnamed[row]):
                continue
            if name == "tags":
                has = set(current.get("tags") or ())
                both = has | {made.get(n, n) for n in value}
                if both != has:
                    found["tags"] = sorted(both)
                continue
            if isinstance(value, int) and value < 0 and name.endswith("_id"):
                value = made.get(value, value)
            if current.get(name) != value:
                found[name] = value
        if "due_on" in found and "due_at" not in found and current.get("due_at"):
            found["due_at"] = None  # a time of a day belongs to that day
        domains = mapped.get("domain")
        if self.kind.name == "company" and not (domains and domains[row]):
            found.update(followed_domain(current, found))
        if block.done and (said := block.done[row]) is not None and said != bool(current.get("done_at")):
            found["done_at"] = block.columns["done_at"][row] if said else None
        if self.kind.kind:
            found.update(self._placed(block, row, current, made))
        return found

    def _placed(self, block: Block, row: int, current: Mapping[str, Any], made: Mapping[int, int]) -> dict[str, Any]:
        """Where a lead or deal goes, if the row says a stage or a status and it is elsewhere."""
        says_status = "status" in self.reader.fills
        if not (says_status or {"stage", "pipeline"} & set(block.links)):
            return {}
        if not says_status and not (block.links.get("stage") or [""] * len(block))[row]:
            return {}
        stage, status = block.columns["stage_id"][row], (block.columns.get("status") or ["open"] * len(block))[row]
        if (made.get(stage, stage), status) == (current["stage_id"], current["status"]):
            return {}
        found = {name: block.columns[name][row] for name in _PLACE if name in block.columns}
        return found | {name: made.get(found[name], found[name]) for name in ("stage_id", "pipeline_id")}

    def _entered(self, tx: Transaction, current: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
        """A record that an update moves enters its new stage now, by the rules of every move."""
        move = rules.left(current, changes["stage_id"], tx.stamp)
        if move:
            tx.add("stage_move", move)
        extra: dict[str, Any] = {"stage_since": tx.stamp} if move else {"stage_since": current.get("stage_since")}
        if current["kind"] == "deal" and move:
            extra["position"] = next_position(tx, changes["stage_id"])
        if changes.get("status") == "open" and current.get("probability_manual"):
            extra.update(probability_bp=current["probability_bp"], probability_manual=True)
        return extra
