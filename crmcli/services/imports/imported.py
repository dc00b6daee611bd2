"""What an import did, counted row by row, and how it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.services.imports.columns import Misfit

#: How an import is told that takes in all rows or none, and refused one.
WITHHELD = "nothing was saved"


class Imported(NamedTuple):
    """What became of the rows: `rows` = new + updated + same + repeated + refused + passed.

    `same` rows are records that the book had already, `repeated` ones are the same record as an earlier row of the
    file, `passed` ones are passed over (`passing`); `listed` names the first refused, repeated and passed ones;
    `rejects` is the file of refused rows, "" for none, and `again` the command that imports it; `undo` is the command
    that takes the `batch` back, "" for none.

    `kept` counts the values that records kept against those in their rows, `conflicts` names the first of them: (line,
    column, the file's value, the record's). `before` rows were settled when the import was cut that this one went on
    with. `withheld`: nothing was saved, because a row was refused. `misfits` says of columns how many cells do not fit
    their fields, with the first one of each.
    """

    kind: str
    rows: int
    new: int
    updated: int
    same: int
    repeated: int
    refused: int
    listed: tuple[tuple[int, str, str, str], ...] = ()
    rejects: str = ""
    again: str = ""
    batch: int = 0
    notes: tuple[str, ...] = ()
    undo: str = ""
    kept: int = 0
    conflicts: tuple[tuple[int, str, str, str], ...] = ()
    before: int = 0
    withheld: bool = False
    misfits: Mapping[str, Misfit] = {}
    passed: int = 0

    @property
    def came_in(self) -> bool:
        """Whether a row came in, or was there already."""
        return bool(self.new or self.updated or self.same)

    def of_batch(self, batch: int, undo: str) -> Imported:
        """The same as part of a batch, which this command takes back."""
        return self._replace(batch=batch, undo=undo)

    @property
    def refusals(self) -> list[dict[str, Any]]:
        """`listed`, by name."""
        return [dict(zip(("line", "column", "value", "reason"), row, strict=True)) for row in self.listed]

    @property
    def clashes(self) -> list[dict[str, Any]]:
        """`conflicts`, by name."""
        return [dict(zip(("line", "column", "file", "book"), row, strict=True)) for row in self.conflicts]

    @property
    def gist(self) -> str:
        """The counts in words."""
        counts = (
            (self.new, "new"), (self.updated, "updated"), (self.same, "known already"),
            (self.repeated, "repeated in the file"), (self.refused, "refused"), (self.passed, "passed over"),
        )  # fmt: skip
        said = ", ".join(f"{count:,} {what}" for count, what in counts if count) or "nothing"
        if self.kept:
            said += f"; {self.kept:,} value{'s' * (self.kept > 1)} of the book kept against the file's"
        if self.before:
            said += f"; {self.before:,} rows were in before"
        return f"{self.rows:,} row{'s' if self.rows != 1 else ''} of {self.kind}: {said}"

    @property
    def lines(self) -> tuple[str, ...]:
        """What to tell people."""
        found = [f"{WITHHELD}: {self.gist}" if self.withheld else self.gist, *self.notes]
        if self.rejects:
            found += [f"the refused rows are in {self.rejects}: mend them there, then", f"  {self.again}"]
        if self.undo:
            found.append(f"'{self.undo}' takes the import back")
        return tuple(found)
