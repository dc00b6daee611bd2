"""What `import --update` gives to records that the book has already: filled cells that differ, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain import pipeline as rules
from crmcli.domain.address import followed_domain
from crmcli.domain.text import fold
from crmcli.domain.types import show_instant
from crmcli.errors import FieldError
from crmcli.services import aliases, recurring, tasks
from crmcli.services.imports import addresses, placing, series
from crmcli.services.imports.salesforce_ids import same
from crmcli.services.stages import next_position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from crmcli.context import Context
    from crmcli.services.imports.block_reader import Reader
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.last_said import LastSaid
    from crmcli.services.imports.placing import Stages
    from crmcli.store.write import Transaction

#: Set when a record is made, and left alone by --update.
_ONCE = frozenset((
    "uid", "created_at", "updated_at", "assigned_at", "stage_since", "position", "currency", "closed_at", "archived_at",
))  # fmt: skip
#: Where a lead or deal stands: set together, and only where a row says a stage or a status.
_PLACE = frozenset(placing.STANDING)
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

    def __init__(self, ctx: Context, reader: Reader, last: LastSaid, stages: Stages, conflicts: str = REPLACE) -> None:
        self.ctx, self.reader, self.kind, self.last, self.conflicts = ctx, reader, reader.kind, last, conflicts
        self._stages = stages
        #: the fields that rows can have themselves
        self._fills = reader.fills
        #: the records that go to the first stage of a pipeline which their rows name without a stage
        self._first: set[int] = set()
        self._money = {field.column for field in reader.kind.fields if field.type.family == "money" and field.column}
        self._fields = {field.column: field for field in reader.kind.stored()}
        #: columns that are news together
        self._groups = (*_WHOLE, _PLACE)

    @property
    def notes(self) -> Iterator[str]:
        """What is to be told of the places of leads and deals."""
        if count := len(self._first):
            one, its = ("goes", "its row names") if count == 1 else ("go", "their rows name")
            where = f"the first stage of the pipeline that {its} without a stage"
            yield f"{count:,} of the {self.kind.plural} {one} to {where}"

    def update(
        self, tx: Transaction, block: Block, row: int, number: int, made: Mapping[int, int]
    ) -> tuple[bool, tuple[Kept, ...]]:
        """Give a record the values of its row; whether it was changed, and what it keeps."""
        current = tx.row(self.kind.name, number)
        changes, kept = self.given(block, row, current, made)
        if not current.get("merged_into_id"):
            self.last.gave(current, self._anew(block, row, current, made) | changes.keys(), self._as_of(block, row))
        if not changes:
            return False, kept
        if current.get("merged_into_id"):
            return self._passed_on(tx, block, row, current, changes, made), kept
        if self.kind.kind and not placing.TELLING.isdisjoint(changes):
            changes.update(self._entered(tx, current, changes))
        if "owner_id" in changes and "assigned_at" in self.kind.by_name:
            changes["assigned_at"] = tx.stamp
        if self.kind.name != "task":
            return tx.change(self.kind.name, number, changes), kept
        changed = tx.change("task", number, series.changed(self.ctx, tx, current, changes))
        if changes.get("done_at") and not current.get("done_at"):
            recurring.next_one(self.ctx, tx, current)
        elif "done_at" in changes and not changes["done_at"]:
            tasks.tell_following(self.ctx, tx, number)
        return changed, kept

    def _passed_on(
        self,
        tx: Transaction,
        block: Block,
        row: int,
        current: Mapping[str, Any],
        changes: dict[str, Any],
        made: Mapping[int, int],
    ) -> bool:
        """A row of a record that was merged: in what it differs from what that had is news for the one that it is now.
        Both get it, so that it is none the next time. An external id is that of the merged one alone."""
        tx.change(self.kind.name, current["id"], changes)
        end = self.last.end(current["id"])
        noun = aliases.noun(tx.connection, self.kind.table, end)
        stays = tx.row(noun, end)
        theirs = changes
        if not _PLACE.isdisjoint(changes):  # which goes where its row says from where it stands itself
            theirs = {c: v for c, v in changes.items() if c not in _PLACE} | self._placed(block, row, stays, made)
        own = self._news_for(stays, current, theirs)
        if self.kind.kind and not placing.TELLING.isdisjoint(own):
            own.update(self._entered(tx, stays, own))
        if "owner_id" in own and "assigned_at" in self.kind.by_name:
            own["assigned_at"] = tx.stamp
        if "tags" in changes:
            new = set(changes["tags"]).difference(current.get("tags") or ())
            own["tags"] = sorted(new.union(stays.get("tags") or ()))
        if own and self.conflicts == NEWEST and "updated_at" in changes:
            own["updated_at"] = max(changes["updated_at"], self.last.changed(stays))
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
        at = changes.get("updated_at", "")
        older = self.conflicts == NEWEST and at <= self.last.changed(stays)
        if older or self.conflicts in (KEEP, EMPTY):
            found = {c: v for c, v in found.items() if not self._filled(c, stays)}
        home = changes.get("currency", merged.get("currency"))
        if stays.get("currency") not in (None, home):
            found = {c: v for c, v in found.items() if c not in self._money and c != "currency"}
        said = self.last.imported(merged["id"]) if found else {}
        stale = {
            c for c, v in found.items() if c in said and said[c] == v and stays.get(c) not in (None, merged.get(c))
        }
        found = self._without(found, stale | self.last.given(stays["id"], at))
        if "description" in found:
            found["description"] = _in_place(stays.get("description"), merged.get("description"), found["description"])
        return found

    def _without(self, found: dict[str, Any], stale: Iterable[str]) -> dict[str, Any]:
        """The columns that are `found` but for `stale` ones; what is one value stays or goes as a whole."""
        left = found.keys() - set(stale) - (_PLACE - placing.TELLING)
        # amounts belong together where they change their currency, else each is a value of its own
        amounts = [self._money | {"currency"}] if "currency" in found else []
        for together in (*self._groups, *amounts):
            if not left.isdisjoint(together):
                left |= found.keys() & set(together)
        return {column: value for column, value in found.items() if column in left}

    def _news(
        self, block: Block, row: int, current: Mapping[str, Any], found: dict[str, Any], made: Mapping[int, int]
    ) -> dict[str, Any]:
        """Of what differs (`found`) what a row says anew, where the record has got values of others that were merged
        into it: what it had itself before, its row said already."""
        own = self.last.own(current) if found else {}
        if not own:
            return found
        found = self._without(found, found.keys() - self._differing(block, row, {**current, **own}, made).keys())
        if "description" in found and "description" in own:
            found["description"] = _in_place(current.get("description"), own["description"], found["description"])
        return found

    def _anew(self, block: Block, row: int, current: Mapping[str, Any], made: Mapping[int, int]) -> set[str]:
        """The columns of which a row says something else than its record had before it got values of others, also where
        it has that by now: in the same file this counts for more than what their rows say."""
        own = self.last.own(current)
        counts = self.conflicts == REPLACE or (self.conflicts == NEWEST and self._is_newer(block, row, current))
        return set(self._differing(block, row, {**current, **own}, made)) if own and counts else set()

    def _as_of(self, block: Block, row: int) -> str:
        """How old a row is, where the newest counts: an instant, not after now; "" where it does not say."""
        at = block.columns["updated_at"][row] if self.conflicts == NEWEST else None
        return min(at, show_instant(self.reader.env.now)) if at else ""

    def _is_newer(self, block: Block, row: int, current: Mapping[str, Any]) -> bool:
        """Whether a row is newer than its record."""
        at = block.columns["updated_at"][row]
        return bool(at) and at > self.last.changed(current)

    def given(self, block: Block, row: int, current: Mapping[str, Any], made: Mapping[int, int]) -> Given:
        """What a record gets of its row. Where the newest counts and the row is that, the record is as old as the row
        from then on: it is the state of then, and what the file's own program changes later is newer again."""
        found = self._differing(block, row, current, made)
        given = self._chosen(block, row, current, found, made)
        if given.changes.get("pipeline_id", current.get("pipeline_id")) != current.get("pipeline_id"):
            said = placing.said(block, row, self._fills)
            if not said.stage and given.changes["status"] != "won":
                self._first.add(current["id"])
        return given

    def _chosen(
        self, block: Block, row: int, current: Mapping[str, Any], found: dict[str, Any], made: Mapping[int, int]
    ) -> Given:
        """What a record gets of that in which its row differs (`found`), and what it keeps."""
        kept: tuple[Kept, ...] = ()
        newer = self.conflicts == NEWEST and self._is_newer(block, row, current)
        if self.conflicts != REPLACE and not newer:
            kept = self._filling(block, row, current, found)
        changes = self._followed(block, row, current, self._news(block, row, current, found, made))
        if changes and newer:
            changes["updated_at"] = self._as_of(block, row)
        return Given(changes, kept)

    def changes(self, block: Block, row: int, current: Mapping[str, Any], made: Mapping[int, int]) -> dict[str, Any]:
        """All in which a row differs from a record, whichever of them counts."""
        found = self._news(block, row, current, self._differing(block, row, current, made), made)
        return self._followed(block, row, current, found)

    def wanted(self, block: Block, row: int, current: Mapping[str, Any]) -> tuple[set[int], set[int]]:
        """The stand-ins of links, and of stages, among what a record would get: what nobody gets is not made."""
        changes, _ = self.given(block, row, current, {})
        stages = {n for n in (changes.get("stage_id"),) if n is not None and n < 0}
        columns = [c for c in changes if c.endswith("_id") and c not in ("stage_id", "pipeline_id")]
        links = {n for c in columns if isinstance(n := changes[c], int) and n < 0}
        return links | {n for n in changes.get("tags", ()) if n < 0}, stages

    def _filling(self, block: Block, row: int, current: Mapping[str, Any], found: dict[str, Any]) -> tuple[Kept, ...]:
        """Leave of all that differs (`found`) what the record has empty; what it keeps."""
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
        if self._has_another_parent(block, row, current):
            kept.append(Kept("parent", "parent_id", current["parent_id"]))
        return tuple(kept)

    def _has_another_parent(self, block: Block, row: int, current: Mapping[str, Any]) -> bool:
        """Whether a company is under another one than its row says; the parents of a file are linked at its end."""
        if "parent" not in block.links or not current.get("parent_id"):
            return False
        name, uids = block.links["parent"][row], block.uids.get("parent")
        uid = uids[row] if uids else None
        sql = "SELECT uid, name_key FROM company WHERE id = ?"
        its_uid, its_name = self.ctx.reader.one(sql, (current["parent_id"],)) or (None, None)
        return bool(name or uid) and (uid != its_uid if uid else fold(name or "") != its_name)

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
        reached = (current.get(to) for to in ("email", "phone", "mobile"))
        if column == "name" and self.kind.name in ("lead", "contact") and value in reached:
            return False  # people are called by what they are reached by until there is a name
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
            if value is None or name in aside or (name == "name" and self._nameless(block, row)):
                continue
            if name == "tags":
                has = set(current.get("tags") or ())
                both = has | {made.get(n, n) for n in value}
                if both != has:
                    found["tags"] = sorted(both)
                continue
            if name == "external_id" and same(current.get(name), value):
                continue
            if name == "repeat" and current.get(name) and recurring.same_rule(current, value, self.ctx.env.now):
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

    def _nameless(self, block: Block, row: int) -> bool:
        """Whether a row has no name of its own but stands under something else that it says."""
        return bool(block.unnamed and block.unnamed[row]) or block.called_by_reach(row)

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
        return part and bool(self.last.others(current))

    def _placed(self, block: Block, row: int, current: Mapping[str, Any], made: Mapping[int, int]) -> dict[str, Any]:
        """Where a lead or deal goes, if the row says a stage, a pipeline or a status and it is elsewhere. The stage of
        a lead says nothing of the deal that it became."""
        said = placing.said(block, row, self._fills)
        if not any(said) or (self.kind.name == "lead" and current.get("kind") == "deal"):
            return {}
        pipeline, name = ((block.links.get(link) or [None] * len(block))[row] or "" for link in ("pipeline", "stage"))
        as_new, as_said = self._stages.find(pipeline, name, (block.states and block.states[row]) or "")
        try:
            stage, status = self._stages.goes(said, current, pipeline)
        except FieldError:  # its own pipeline, in an old book, has no such stage
            stage, status = as_new, as_said
        place = {"stage_id": stage["id"], "pipeline_id": stage["pipeline_id"]}
        if stage["id"] == as_new["id"]:
            place = {column: made.get(n := block.columns[column][row], n) for column in place}
        if (place["stage_id"], status) == (current["stage_id"], current["status"]):
            return {}
        if status == as_said:
            found = {column: block.columns[column][row] for column in _PLACE if column in block.columns}
        else:
            moment = show_instant(self.reader.env.now)
            found = {} if status == "lost" else rules.enter(dict(current), stage, moment)[0]
        if status == "open" and not found.get("probability_manual"):
            found["probability_bp"] = stage["probability_bp"]
        return found | place | {"status": status}

    def _entered(self, tx: Transaction, current: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
        """A record that an update moves enters its new stage now, by the rules of every move."""
        to = changes.get("stage_id", current["stage_id"])
        move = rules.left(current, to, tx.stamp)
        if move:
            tx.add("stage_move", move)
        extra: dict[str, Any] = {"stage_since": tx.stamp} if move else {"stage_since": current.get("stage_since")}
        if current["kind"] == "deal" and move:
            extra["position"] = next_position(tx, to)
        by_hand = current["probability_bp"] if current.get("probability_manual") else current.get("probability_kept_bp")
        if by_hand is not None and changes.get("status", current["status"]) == "open":
            extra.update(probability_bp=by_hand, probability_manual=True, probability_kept_bp=None)
        elif by_hand is not None:  # it waits until the record is open again
            extra["probability_kept_bp"] = by_hand
        return extra


def _in_place(joined: str | None, part: str | None, new: str) -> str:
    """A description that a merge has joined, with `new` in place of a part of it; `new` where that is no part."""
    among = f"\n\n{joined or ''}\n\n"
    if not part or f"\n\n{part}\n\n" not in among:
        return new
    return among.replace(f"\n\n{part}\n\n", f"\n\n{new}\n\n", 1)[2:-2]
