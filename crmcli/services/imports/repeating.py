"""Rows that are no records of their own: repeats of earlier rows, removed records, and what may be several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES
from crmcli.services import aliases
from crmcli.services.imports import parents
from crmcli.services.imports.columns import Problem, Problems
from crmcli.services.imports.trial import Earlier
from crmcli.services.imports.updating import REPLACE

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.outcome import Outcome
    from crmcli.services.imports.writing import Put, Sorted, Writer

    #: takes the line, the cells and the problem of a row
    Refuse = Callable[[int, list[str], Problem], None]


class Repeats:
    """Judges such rows, by what earlier ones said: one that says no more is counted in the `outcome`, one with other
    values is given to `refuse`, so that it is not lost."""

    def __init__(self, writer: Writer, above: parents.Parents, outcome: Outcome, refuse: Refuse) -> None:
        self.ctx, self.kind, self.matcher, self.updater = writer.ctx, writer.kind, writer.matcher, writer.updater
        self._parents, self._outcome, self._refuse = above, outcome, refuse
        self._earlier = Earlier()
        #: whether what rows said of records that the book had is not what these have by then
        self._remembers = not writer.updates or writer.updater.conflicts != REPLACE
        #: why a row is refused that is what an earlier one is, and says something else
        self._other = f"an earlier row of the file is the same {self.kind.name}, with other values"
        #: what was made for links so far: stand-in -> id
        self.made: dict[int, int] = {}

    def remember(self, block: Block, rows: Sorted) -> None:
        """Bear in mind what the rows of a block say of known records."""
        if self._remembers:
            self._earlier.add(rows.known, block.columns | parents.said(block))

    def count(self, block: Block, rows: Sorted, put: Put) -> None:
        """Bear in mind what became of a block, and judge those of its rows that are no records of their own."""
        self.remember(block, rows)
        # What earlier rows said names what was new by its stand-ins; else those of this block are enough.
        if not self._earlier:
            self.made.clear()
        self.made.update(put.made)
        for row in rows.unclear:
            reason = f"several {self.kind.plural} can be this one: tell them apart with --id or --match"
            self._refuse(block.lines[row], block.cells[row], Problem("", "", reason))
        self._stay_removed(block, rows)
        if rows.again:
            self._judge(block, rows.again)

    def still_other(self, block: Block, found: list[int]) -> Problems:
        """Rows of a file of refused rows that say something else than an earlier row said, which is in the book by now:
        refused again, unless they were mended or the reason was taken away."""
        rows = [row for row, cells in enumerate(block.cells) if cells[1] == self._other and found[row] > 0]
        current = self.matcher.raw([found[row] for row in rows])
        return {
            row: Problem("", "", self._other)
            for row in rows
            if found[row] in current and self.updater.changes(block, row, current[found[row]], {})
        }

    def _judge(self, block: Block, again: list[tuple[int, int]]) -> None:
        """Count rows that say no more than an earlier row or the book, refuse those with other values."""
        own = [number for _, number in again if number > 0]
        current = self.matcher.raw(own) if own else {}
        # What the file said of records that the book had is not what the book has.
        said = self._earlier.contents([number for number in own if number not in self.matcher.made]) if own else {}
        for row, number in again:
            # Rows of one block name what is new by the same stand-ins.
            sources = [(block.content(-1 - number), {})] if number < 0 else [(current.get(number), self.made)]
            if number in said:
                sources.append(({"status": "open"} | self._by_now(said[number]), self.made))
            other = all(one is None or self.updater.changes(block, row, one, made) for one, made in sources)
            other = other and any(one is not None for one, _ in sources)
            if other or self._parents.differs(block, row, number, said.get(number, {}), current.get(number)):
                self._refuse(block.lines[row], block.cells[row], Problem("", "", self._other))
            else:
                self._outcome.repeat(block.lines[row])

    def _stay_removed(self, block: Block, rows: Sorted) -> None:
        """Rows of records that were removed: they stay so. An update of one is refused, so that it is not lost."""
        removed = self.matcher.removed
        for row, number in rows.removed:
            self.matcher.refused.add(number)
            back = self._restoring(number)
            reason = f"{removed[number]}:{number} was removed; '{back}' brings it back, then import the row again"
            self._refuse(block.lines[row], block.cells[row], Problem("", "", reason))
        for _, number in rows.known if removed else ():
            if number in removed:
                self._outcome.hide("" if self._outcome.hidden else self._restoring(number))

    def _restoring(self, number: int) -> str:
        """The command that brings back a record that was removed."""
        end = aliases.standing(self.ctx.reader, self.kind.table, [number])[number]
        return self.ctx.settings.calling(ENTITIES[self.matcher.removed[number]].command, "restore", str(end))

    def _by_now(self, said: dict[str, Any]) -> dict[str, Any]:
        """What a row said, with the ids that its links have by now."""
        found = dict(said)
        for name, value in said.items():
            if name == "tags":
                found[name] = [self.made.get(n, n) for n in value]
            elif name.endswith("_id") and isinstance(value, int):
                found[name] = self.made.get(value, value)
        return found
