"""The parents of the companies that a file names: they come last, for a file may name one before its own row."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.hierarchy import upwards
from crmcli.domain.text import fold
from crmcli.errors import FieldError
from crmcli.services import aliases, values
from crmcli.services.imports.blocks import ID
from crmcli.services.imports.linked_names import SEVERAL, which
from crmcli.services.imports.trial import TRIED
from crmcli.services.imports.writing import Put
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from crmcli.context import Context
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.linking import Links
    from crmcli.services.imports.trial import Seen, Tried
    from crmcli.services.imports.updating import Kept
    from crmcli.services.imports.writing import Sorted
    from crmcli.store.write import Transaction

#: So many are linked in one transaction.
AT_ONCE = 2000
_MOST_NOTED = 100
_REMOVED = "it was removed meanwhile"
#: Companies as an import made them, which nobody has touched since.
_UNTOUCHED = """SELECT c.id FROM company c
WHERE c.id IN ({marks}) AND c.parent_id IS NULL AND c.version = 1 AND c.removed_at IS NULL AND EXISTS (
    SELECT 1 FROM journal j JOIN journal_tx t ON t.seq = j.seq JOIN batch b ON b.id = t.batch_id
    WHERE j.entity = 'company' AND j.record_id = c.id AND j.before IS NULL AND b.source = 'import'
)"""


class Child(NamedTuple):
    """A company, from a line of the file, and the name and uid of its parent there. `counted`: its row is counted as
    new or updated already; `updates`: a parent that it has may be changed."""

    line: int
    number: int
    name: str
    parent: str | None
    uid: str | None
    counted: bool
    updates: bool

    @property
    def mends(self) -> bool:
        """Whether it is in from an import that was cut before it came to the parents."""
        return not (self.counted or self.updates)


class Parents:
    """Gathers, outside memory, what the rows of companies say of their parents: of new ones, of all in an update, and
    of those that an import before this one left without. A company whose parent is no single record, is itself or would
    be under it in turn has none: `notes` says so."""

    def __init__(self, ctx: Context, links: Links) -> None:
        self.ctx, self.links = ctx, links
        self._notes: list[str] = []
        self._without = 0
        self._raw: sqlite3.Connection | None = None

    def __bool__(self) -> bool:
        return self._raw is not None

    @property
    def notes(self) -> list[str]:
        """What is to be said of companies that come in without their parents."""
        more = self._without - len(self._notes)
        return self._notes + ([f"{more:,} more come in without their parents"] if more else [])

    def add(self, block: Block, rows: Sorted, put: Put, *, updates: bool) -> None:
        """Remember the parents of the records that the rows of a block have become."""
        names = block.links.get("parent")
        if not names:
            return
        uids, own = block.uids.get("parent") or [None] * len(block), block.columns["name"]
        told = [(row, number, True, False) for row, number in zip(rows.new, put.ids, strict=True)]
        if updates:
            keeping = [any(one.field == "parent" for one in kept) for kept in put.kept] or [False] * len(rows.known)
            known = zip(rows.known, put.changed, keeping, strict=True)
            told += [(row, number, changed, True) for (row, number), changed, keeps in known if not keeps]
        else:
            left = self.untouched([number for row, number in rows.known if names[row] or uids[row]])
            told += [(row, number, False, False) for row, number in rows.known if number in left]
        self._keep(
            (block.lines[row], number, own[row], names[row], uids[row], counted, update)
            for row, number, counted, update in sorted(told)
            if names[row] or uids[row]
        )

    def recall(
        self, block: Block, rows: Sorted, made: Seen, kept: Mapping[int, tuple[Kept, ...]], *, updates: bool
    ) -> None:
        """Remember the parents of rows that were settled, and counted, before their import was cut, which had `made`
        these companies by then; known ones `kept` these values against their rows."""
        if updates:
            new = [(row, number) for row, number in rows.known if number in made]
            known = [(row, number) for row, number in rows.known if number not in made]
        else:
            left = self.untouched([number for _, number in rows.known]) if "parent" in block.links else set()
            new, known = [(row, number) for row, number in rows.known if number in left], []
        told = rows._replace(new=[row for row, _ in new], known=known)
        put = Put([number for _, number in new], [True] * len(known), {}, [kept.get(number, ()) for _, number in known])
        self.add(block, told, put, updates=updates)

    def untouched(self, numbers: Sequence[int]) -> set[int]:
        """Those of these companies that have no parent and are as an import made them."""
        reader = self.ctx.reader
        return {n for some, marks in portions(numbers) for (n,) in reader.rows(_UNTOUCHED.format(marks=marks), some)}

    def _keep(self, children: Iterator[tuple[Any, ...]]) -> None:
        if self._raw is None:
            self._raw = sqlite3.connect("", isolation_level=None)
            self._raw.execute("CREATE TABLE child (place INTEGER PRIMARY KEY, line, id, name, parent, uid, c, u)")
            self._raw.execute("CREATE INDEX child_id ON child (id)")
            self._raw.execute("CREATE TABLE above (id INTEGER PRIMARY KEY, parent)")
            self._raw.execute("BEGIN")
        self._raw.executemany(
            "INSERT INTO child (line, id, name, parent, uid, c, u) VALUES (?, ?, ?, ?, ?, ?, ?)", children
        )

    def differs(
        self, block: Block, row: int, number: int, said: Mapping[str, Any], current: Mapping[str, Any] | None
    ) -> bool:
        """Whether a row that repeats an earlier one names another parent than that one did and than the record has.
        `number` is the row's outcome, `said` what the earlier row said of a record `current` that the book had."""
        name, uid = named(block, row)
        if not (name or uid):
            return False
        before = named(block, -1 - number) if number < 0 else self._said(number)
        name_before, uid_before = (said["parent"], said["parent_uid"]) if "parent" in said else before
        if uid == uid_before if uid and uid_before else fold(name or "") == fold(name_before or ""):
            return False
        parent = current.get("parent_id") if current else None
        return parent is None or self.links.look("company", [name], [uid]) != [parent]

    def _said(self, number: int) -> tuple[str | None, str | None]:
        """The name and uid of the parent that an earlier row said of a company."""
        sql = "SELECT parent, uid FROM child WHERE id = ?"
        found = self._raw.execute(sql, (number,)).fetchone() if self._raw else None
        return found or (None, None)

    def portions(self) -> Iterator[list[Child]]:
        """All that were gathered, in the order of the file, as many at a time as one transaction takes."""
        place, sql = 0, "SELECT * FROM child WHERE place > ? ORDER BY place LIMIT ?"
        while self._raw and (found := self._raw.execute(sql, (place, AT_ONCE)).fetchall()):
            place = found[-1][0]
            yield [Child(*row) for _, *row in found]

    def link(self, tx: Transaction, some: list[Child]) -> int:
        """Put these companies under their parents, which are made where there are none; how many rows count as updated
        by that alone."""
        self.links.settle()
        self.links.forget()
        there = tx.rows("company", [one.number for one in some])
        some = [one for one in some if self._stands(one, there.get(one.number))]
        found = self.links.look("company", [one.parent for one in some], [one.uid for one in some])
        made = self.links.make(tx, {n for n in found if n is not None and n < 0})
        tx.flush()
        updated = 0
        parents = [made.get(n, n) if n is not None else None for n in found]
        tx.load("company", [*(one.number for one in some), *(n for n in parents if n)])
        hidden = self.links.names.hidden("company", {n for n in found if n and n > 0})
        ends = aliases.standing(tx.connection, "company", [one.number for one in some])
        for one, parent in zip(some, parents, strict=True):
            end = ends[one.number]
            if not parent:
                self._unclear(one, parent)
            elif self._has(tx.row("company", one.number).get("parent_id"), merged=end != one.number) == parent:
                continue
            elif parent in hidden:
                self._note(one, hidden[parent])
            elif tx.row("company", end).get("removed_at"):
                self._note(one, _REMOVED)
            else:
                try:
                    values.check_parent(tx, tx.row("company", end), parent)
                except FieldError:
                    self._circle(one, itself=parent == end)
                    continue
                for number in self._getting(one, end):
                    tx.change("company", number, {"parent_id": parent}, touch=one.updates)
                updated += not one.counted
        return updated

    def _stands(self, one: Child, row: Mapping[str, Any] | None) -> bool:
        """Whether a company is still there to be put under another, or what it is since it was merged; what was edited
        meanwhile needs no mending."""
        if row is None or (row.get("removed_at") and not row.get("merged_into_id")):
            self._note(one, _REMOVED)
            return False
        return not one.mends or (row.get("parent_id") is None and row["version"] == 1)

    def _getting(self, one: Child, end: int) -> set[int]:
        """The companies that get the parent of a row: its own, so that it is no news the next time, and what that is
        since it was merged, unless a row of its own says whose that one is."""
        return {one.number} if self._said(end) != (None, None) else {one.number, end}

    def _has(self, parent: int | None, *, merged: bool) -> int | None:
        """The company that one is under; links of `merged` ones stay as they were."""
        return aliases.standing(self.ctx.reader, "company", [parent])[parent] if merged and parent else parent

    def rehearse(self, tried: Tried) -> int:
        """Note and count what `link` would, where the companies stand in a dry run."""
        updated = 0
        for some in self.portions():
            found = self._tried(some, tried)
            hidden = self.links.names.hidden("company", {n for n in found if n and 0 < n < TRIED})
            ends = aliases.standing(self.ctx.reader, "company", [one.number for one in some if one.number < TRIED])
            for one, parent in zip(some, found, strict=True):
                end = ends.get(one.number, one.number)
                if not parent:
                    self._unclear(one, parent)
                elif self._has(self._above(one.number), merged=end != one.number) == parent:
                    continue
                elif parent in hidden:
                    self._note(one, hidden[parent])
                elif end in upwards(parent, self._above):
                    self._circle(one, itself=parent == end)
                else:
                    assert self._raw is not None
                    given = [(number, parent) for number in self._getting(one, end)]
                    self._raw.executemany("INSERT OR REPLACE INTO above VALUES (?, ?)", given)
                    updated += not one.counted
        return updated

    def _above(self, number: int) -> int | None:
        """The parent that a company would have by now."""
        assert self._raw is not None
        found = self._raw.execute("SELECT parent FROM above WHERE id = ?", (number,)).fetchone()
        if found is None and 0 < number < TRIED:
            found = self.ctx.reader.one("SELECT parent_id FROM company WHERE id = ?", (number,))
        return found[0] if found else None

    def _tried(self, some: list[Child], tried: Tried) -> list[int | None]:
        found = self.links.look("company", [one.parent for one in some], [one.uid for one in some])
        by_uid = _among(tried, "uid", [one.uid for one in some if one.uid])
        by_name = _among(tried, "name_key", [fold(one.parent) for one in some if one.parent])
        ids = [one.parent.removeprefix(ID) for one in some if one.parent and one.parent.startswith(ID)]
        by_id = _among(tried, "external_id", ids)
        for place, one in enumerate(some):
            number = found[place]
            if one.uid and one.uid in by_uid:
                found[place] = by_uid[one.uid][0]
            elif one.parent and (new := by_id.get(one.parent.removeprefix(ID))):
                found[place] = new[0]
            elif one.parent and (new := by_name.get(fold(one.parent))) and number is not None:
                found[place] = new[0] if (number < 0 or number >= TRIED) and len(new) == 1 else SEVERAL
        return found

    def _unclear(self, one: Child, parent: int | None) -> None:
        """Note why a parent is no single record (SEVERAL, or None for a uid that nobody has)."""
        if parent == SEVERAL:
            self._note(one, which(one.parent or "", self.links.names.called("company", one.parent or "")))
        elif one.uid:
            self._note(one, f"there is no company with the uid {one.uid}")
        else:
            self._note(one, f"there is no company with the id {(one.parent or '').removeprefix(ID)}")

    def _circle(self, one: Child, *, itself: bool) -> None:
        why = f"{(one.parent or '').removeprefix(ID) or 'its parent'} is under it already"
        self._note(one, "a company cannot be under itself" if itself else why)

    def _note(self, one: Child, why: str) -> None:
        self._without += 1
        if len(self._notes) < _MOST_NOTED:
            self._notes.append(f"line {one.line}: {one.name} comes in without its parent: {why}")


def named(block: Block, row: int) -> tuple[str | None, str | None]:
    """The name and the uid of the parent of a row's company."""
    names, uids = block.links.get("parent"), block.uids.get("parent")
    return names[row] if names else None, uids[row] if uids else None


def said(block: Block) -> dict[str, list[str | None]]:
    """The names and uids of the parents in a block, as columns; none where it has no such column."""
    names = block.links.get("parent")
    return {"parent": names, "parent_uid": block.uids.get("parent") or [None] * len(block)} if names else {}


def _among(tried: Tried, column: str, wanted: list[str]) -> dict[str, list[int]]:
    """value -> ids of the new companies of a dry run that have it."""
    found: dict[str, list[int]] = {}
    for some, marks in portions(wanted):
        for value, number in tried.rows(f"SELECT {column}, id FROM tried WHERE {column} IN ({marks})", some):
            if number >= TRIED and number not in found.setdefault(value, []):
                found[value].append(number)
    return {value: numbers for value, numbers in found.items() if numbers}
