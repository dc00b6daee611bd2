"""The parents of the companies that a file brings: they come last, for a file may name one before its own row."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.hierarchy import upwards
from crmcli.domain.text import fold
from crmcli.errors import FieldError
from crmcli.services import values
from crmcli.services.imports.linking import SEVERAL, which
from crmcli.services.imports.trial import TRIED
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.linking import Links
    from crmcli.services.imports.trial import Tried
    from crmcli.store.write import Transaction

#: So many are linked in one transaction.
AT_ONCE = 2000


class Child(NamedTuple):
    """A new company, from a line of the file, and the name and uid of its parent there."""

    line: int
    number: int
    name: str
    parent: str
    uid: str | None


class Parents:
    """Gathers what the rows of new companies say of their parents. A company whose parent is no single record, is
    itself or would be under it in turn has none: `notes` says so."""

    def __init__(self, links: Links) -> None:
        self.links = links
        self.notes: list[str] = []
        self._children: list[Child] = []

    def add(self, block: Block, rows: Sequence[int], numbers: Sequence[int]) -> None:
        """Remember the parents of the records that these rows of a block have become."""
        names = block.links.get("parent")
        if not names:
            return
        uids, own = block.uids.get("parent") or [None] * len(block), block.columns["name"]
        self._children += [
            Child(block.lines[row], number, own[row], name, uids[row])
            for row, number in zip(rows, numbers, strict=True)
            if (name := names[row])
        ]

    def portions(self) -> list[list[Child]]:
        """All that were gathered, in the order of the file, as many at a time as one transaction takes."""
        return [self._children[start : start + AT_ONCE] for start in range(0, len(self._children), AT_ONCE)]

    def link(self, tx: Transaction, some: list[Child]) -> None:
        """Put these companies under their parents, which are made where there are none."""
        self.links.forget()
        found = self.links.look("company", [one.parent for one in some], [one.uid for one in some])
        made = self.links.make(tx, {n for n in found if n is not None and n < 0})
        tx.flush()
        parents = [made.get(n, n) if n is not None else None for n in found]
        tx.load("company", [*(one.number for one in some), *(n for n in parents if n)])
        for one, parent in zip(some, parents, strict=True):
            if parent == SEVERAL:
                self._note(one, which(one.parent, self.links.called("company", one.parent)))
            elif parent is not None:
                try:
                    values.check_parent(tx, tx.row("company", one.number), parent)
                except FieldError:
                    self._circle(one, itself=parent == one.number)
                else:
                    tx.change("company", one.number, {"parent_id": parent}, touch=False)

    def rehearse(self, tried: Tried) -> None:
        """Note what `link` would note, where the companies stand in a dry run."""
        above: dict[int, int] = {}  # no company of the book is under one that is not there yet
        for some in self.portions():
            for one, parent in zip(some, self._tried(some, tried), strict=True):
                if parent == SEVERAL:
                    self._note(one, which(one.parent, self.links.called("company", one.parent)))
                elif parent is not None:
                    if one.number in upwards(parent, above.get):
                        self._circle(one, itself=parent == one.number)
                    else:
                        above[one.number] = parent

    def _tried(self, some: list[Child], tried: Tried) -> list[int | None]:
        found = self.links.look("company", [one.parent for one in some], [one.uid for one in some])
        by_uid = _among(tried, "uid", [one.uid for one in some if one.uid])
        by_name = _among(tried, "name_key", [fold(one.parent) for one in some])
        for place, one in enumerate(some):
            number = found[place]
            if one.uid and one.uid in by_uid:
                found[place] = by_uid[one.uid][0]
            elif (new := by_name.get(fold(one.parent))) and number is not None:
                found[place] = new[0] if number < 0 and len(new) == 1 else SEVERAL
        return found

    def _circle(self, one: Child, *, itself: bool) -> None:
        self._note(one, "a company cannot be under itself" if itself else f"{one.parent} is under it already")

    def _note(self, one: Child, why: str) -> None:
        self.notes.append(f"line {one.line}: {one.name} comes in without its parent: {why}")


def _among(tried: Tried, column: str, wanted: list[str]) -> dict[str, list[int]]:
    """value -> ids of the new companies of a dry run that have it."""
    found: dict[str, list[int]] = {}
    for some, marks in portions(wanted):
        for value, number in tried.rows(f"SELECT {column}, id FROM tried WHERE {column} IN ({marks})", some):
            if number >= TRIED and number not in found.setdefault(value, []):
                found[value].append(number)
    return {value: numbers for value, numbers in found.items() if numbers}
