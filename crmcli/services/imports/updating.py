"""What `import --update` gives to records that the book has already: filled cells that differ, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain import pipeline as rules
from crmcli.domain.address import followed_domain
from crmcli.domain.types import show_instant
from crmcli.services import aliases
from crmcli.services.imports import addresses
from crmcli.services.imports.salesforce_ids import same
from crmcli.services.stages import next_position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from crmcli.services.imports.block_reader import Reader
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.last_said import LastSaid
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
#: What of that a row says; the rest follows.
_TELLING = frozenset(("status", "stage_id"))
#: What an update does where a record and its row both have a value, and another one: the row's counts, the record's
#: stays, that counts which was changed last; `EMPTY` gives a record nothing but what it has empty, no tags either.
REPLACE, KEEP, NEWEST, EMPTY = "replace", "keep", "newest", "only empty"
#: A day and its time are one value, and so is an address: half of one beside half of another is nobody's.
_WHOLE = (("due_on", "due_at"), addresses.FIELDS)


class Kept(NamedTuple):
    """A value that a record keeps against the one in its row: the field, and what the record has, as it is stored."""

    field: str
    column: str
    value: Any


class Given(NamedTuple):
    """What a record gets of its row, by column, and what it keeps."""

    changes: dict[str, Any]
    kept: tuple[Kept, ...] = ()


class Updater:
    """Compares the rows of a block with the records that they are. `made` gives the ids of links made for the block,
    `conflicts` says which value counts where both have one."""

    def __init__(self, reader: Reader, last: LastSaid, conflicts: str = REPLACE) -> None:
        self.reader, self.kind, self.last, self.conflicts = reader, reader.kind, last, conflicts
        self._money = {field.column for field in reader.kind.fields if field.type.family == "money" and field.column}
        self._fields = {field.column: field for field in reader.kind.stored()}
        #: columns that are news together
        self._groups = (*_WHOLE, _PLACE)

    def update(
        self, tx: Transaction, block: Block, row: int, number: int, made: Mapping[int, int]
    ) -> tuple[bool, tuple[Kept, ...]]:
        """Give a record the values of its row; whether it was changed, and what it keeps."""
        current = tx.row(self.kind.name, number)
        changes, kept = self.given(block, row, current, made)
        if not changes:
            return False, kept
        if current.get("merged_into_id"):
            return self._passed_on(tx, current, changes), kept
        if "stage_id" in changes:
            changes.update(self._entered(tx, current, changes))
        if "owner_id" in changes and "assigned_at" in self.kind.by_name:
            changes["assigned_at"] = tx.stamp
        self.last.gave(number, changes)
        return tx.change(self.kind.name, number, changes), kept

    def _passed_on(self, tx: Transaction, current: Mapping[str, Any], changes: dict[str, Any]) -> bool:
        """A row of a record that was merged: in what it differs from what that had is news for the one that it is now.
        Both get it, so that it is none the next time. An external id is that of the merged one alone."""
        tx.change(self.kind.name, current["id"], changes)
        end = aliases.standing(tx.connection, self.kind.table, [current["id"]])[current["id"]]
        noun = aliases.noun(tx.connection, self.kind.table, end)
        stays = tx.row(noun, end)
        own = self._news_for(stays, current, changes)
        if "stage_id" in own:
            own.update(self._entered(tx, stays, own))
        if "owner_id" in own and "assigned_at" in self.kind.by_name:
            own["assigned_at"] = tx.stamp
        if "tags" in changes:
            new = set(changes["tags"]).difference(current.get("tags") or ())
            own["tags"] = sorted(new.union(stays.get("tags") or ()))
        if own and self.conflicts == NEWEST and "updated_at" in changes:
            own["updated_at"] = max(changes["updated_at"], stays["updated_at"])
        self.last.pass_on(end, stays, own)
        tx.change(noun, end, own)
        return True

    def _news_for(
        self, stays: Mapping[str, Any], merged: Mapping[str, Any], changes: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What the record that `stays` gets of the `changes` of one that was `merged` into it: not what its own row
        gives it, nor in place of a value of its own what that row said before somebody edited the merged one."""
        found = {
            c: v for c, v in changes.items() if c not in ("tags", "external_id", "updated_at") and stays.get(c) != v
        }
        older = self.conflicts == NEWEST and changes.get("updated_at", "") <= stays["updated_at"]
        if older or self.conflicts in (KEEP, EMPTY):
            found = {c: v for c, v in found.items() if not self._filled(c, stays)}
        home = changes.get("currency", merged.get("currency"))
        if stays.get("currency") not in (None, home):
            found = {c: v for c, v in found.items() if c not in self._money and c != "currency"}
        said = self.last.imported(merged["id"]) if found else {}
        stale = {
            c for c, v in found.items() if c in said and said[c] == v and stays.get(c) not in (None, merged.get(c))
        }
        found = self._without(found, stale | self.last.given(stays["id"]))
        if "description" in found:
            found["description"] = _in_place(stays.get("description"), merged.get("description"), found["description"])
        return found

    def _without(self, found: dict[str, Any], stale: Iterable[str]) -> dict[str, Any]:
        """The columns that are `found` but for `stale` ones; what is one value stays or goes as a whole."""
        left = found.keys() - set(stale) - (_PLACE - _TELLING)
        # amounts belong together where they change their currency, else each is a value of its own
        amounts = [self._money | {"currency"}] if "currency" in found else []
        for together in (*self._groups, *amounts):
            if not left.isdisjoint(together):
                left |= found.keys() & set(together)
        return {column: value for column, value in found.items() if column in left}

    def _news(self, current: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
        """Of what differs (`found`) what a row says anew, where the record has got values of others that were merged
        into it: what it had itself before, its row said already."""
        own = self.last.own(current["id"]) if found and "id" in current else {}
        if not own:
            return found
        found = self._without(found, [c for c, v in found.items() if v == own.get(c, current.get(c))])
        if "description" in found and "description" in own:
            found["description"] = _in_place(current.get("description"), own["description"], found["description"])
        return found

    def given(self, block: Block, row: int, current: Mapping[str, Any], made: Mapping[int, int]) -> Given:
        """What a record gets of its row. Where the newest counts and the row is that, the record is as old as the row
        from then on: it is the state of then, and what the file's own program changes later is newer again."""
        found = self._differing(block, row, current, made)
        if self.conflicts == REPLACE:
            return Given(self._followed(block, row, current, self._news(current, found)))
        if self.conflicts == NEWEST:
            at = block.columns["updated_at"][row]
            if at and at > current["updated_at"]:
                found = self._followed(block, row, current, self._news(current, found))
                return Given({**found, "updated_at": min(at, show_instant(self.reader.env.now))} if found else {})
        return self._filling(block, row, current, found)

    def changes(self, block: Block, row: int, current: Mapping[str, Any], made: Mapping[int, int]) -> dict[str, Any]:
        """All in which a row differs from a record, whichever of them counts."""
        return self._followed(block, row, current, self._news(current, self._differing(block, row, current, made)))

    def wanted(self, block: Block, row: int, current: Mapping[str, Any]) -> tuple[set[int], set[int]]:
        """The stand-ins of links, and of stages, among what a record would get: what nobody gets is not made."""
        changes, _ = self.given(block, row, current, {})
        stages = {n for n in (changes.get("stage_id"),) if n is not None and n < 0}
        columns = [c for c in changes if c.endswith("_id") and c not in ("stage_id", "pipeline_id")]
        links = {n for c in columns if isinstance(n := changes[c], int) and n < 0}
        return links | {n for n in changes.get("tags", ()) if n < 0}, stages

    def _filling(self, block: Block, row: int, current: Mapping[str, Any], found: dict[str, Any]) -> Given:
        """Of all that differs (`found`) what the record has empty, and what it keeps."""
        kept: list[Kept] = []

        def keep(column: str) -> None:
            found.pop(column, None)
            if column in self._fields:
                kept.append(Kept(self._fields[column].name, column, current.get(column)))

        if self.kind.kind and (place := _PLACE & found.keys()):
            moved = next((c for c in ("stage_id", "status") if c in place and found[c] != current.get(c)), "stage_id")
            for column in place - {moved}:
                del found[column]
            keep(moved)
        self._keep_amounts(block, row, current, found, keep)
        if self.conflicts == EMPTY and "tags" in found and current.get("tags"):
            found.pop("tags")
            kept.append(Kept("tags", "tags", current["tags"]))
        for column in [c for c in found if c not in self._money and c not in ("currency", "tags")]:
            if self._filled(column, current):
                keep(column)
        held = {one.column for one in kept}
        for together in _WHOLE:
            if not held.isdisjoint(together):
                for column in [c for c in together if c in found]:
                    keep(column)
        return Given(self._followed(block, row, current, found), tuple(kept))

    def _keep_amounts(
        self, block: Block, row: int, current: Mapping[str, Any], found: dict[str, Any], keep: Callable[[str], None]
    ) -> None:
        """Keep the amounts that a record has, and all of them where those of its row are in another currency."""
        held = {column for column in self._money if current.get(column) is not None}
        home = current.get("currency")
        if held and home and found.get("currency", home) != home:
            said = [c for c in sorted(self._money) if c in block.columns and block.columns[c][row] is not None]
            for column in said:
                keep(column)
            found.pop("currency")
            return
        for column in sorted(held & found.keys()):
            keep(column)
        if not self._money & found.keys():
            found.pop("currency", None)

    def _filled(self, column: str, current: Mapping[str, Any]) -> bool:
        value = current.get(column)
        if column == "name" and self.kind.name in ("lead", "contact") and value == current.get("email"):
            return False  # people are called by their address until there is a name
        return value is not None and column in self._fields and value != self._fields[column].empty

    def _differing(self, block: Block, row: int, current: Mapping[str, Any], made: Mapping[int, int]) -> dict[str, Any]:
        """The columns whose cells are filled and differ; tags are added to those that the record has."""
        found: dict[str, Any] = {}
        amounts = self.reader.amounts.of_row(block, row, current.get("currency") or "")
        found.update({name: value for name, value in amounts.items() if current.get(name) != value})
        aside = _ONCE | self._money | (_PLACE if self.kind.kind else frozenset())
        mapped = self.reader.compared(block)
        for link in block.addresses:  # whoever has the address by now is linked
            linked = self.kind.field(link).column
            mapped.setdefault(linked, block.columns[linked])
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
            if name == "external_id" and same(current.get(name), value):
                continue
            if isinstance(value, int) and value < 0 and name.endswith("_id"):
                value = made.get(value, value)
            if current.get(name) != value and not (name == "description" and self._joined(current, value)):
                found[name] = value
        if block.done and (said := block.done[row]) is not None and said != bool(current.get("done_at")):
            found["done_at"] = block.columns["done_at"][row] if said else None
        if self.kind.kind:
            found.update(self._placed(block, row, current, made))
        return found

    def _followed(self, block: Block, row: int, current: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
        """The changes with what follows from them."""
        if "due_on" in found and "due_at" not in found and current.get("due_at"):
            found["due_at"] = None  # a time of a day belongs to that day
        if self.kind.name == "company":
            domains = self.reader.compared(block).get("domain")
            if not (domains and domains[row]):
                found.update(followed_domain(current, found))
        return found

    def _joined(self, current: Mapping[str, Any], value: str) -> bool:
        """Whether a description is a part of that which a merge has joined."""
        part = f"\n\n{value}\n\n" in f"\n\n{current.get('description') or ''}\n\n"
        return part and "id" in current and bool(self.last.others(current["id"]))

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


def _in_place(joined: str | None, part: str | None, new: str) -> str:
    """A description that a merge has joined, with `new` in place of a part of it; `new` where that is no part."""
    among = f"\n\n{joined or ''}\n\n"
    if not part or f"\n\n{part}\n\n" not in among:
        return new
    return among.replace(f"\n\n{part}\n\n", f"\n\n{new}\n\n", 1)[2:-2]
