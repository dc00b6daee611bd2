"""What an import did, counted row by row, and how it is told."""

from __future__ import annotations

from typing import NamedTuple


class Imported(NamedTuple):
    """What became of the rows: `rows` = new + updated + same + repeated + refused.

    `same` rows are records that the book had already, `repeated` ones are the same record as an earlier row of the
    file; `listed` names the first refused and repeated rows; `rejects` is the file of refused rows, "" for none, and
    `again` the command that imports it; `undo` is the command that takes the `batch` back, "" for none.
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

    @property
    def gist(self) -> str:
        """The counts in words."""
        counts = (
            (self.new, "new"), (self.updated, "updated"), (self.same, "known already"),
            (self.repeated, "repeated in the file"), (self.refused, "refused"),
        )  # fmt: skip
        said = ", ".join(f"{count:,} {what}" for count, what in counts if count) or "nothing"
        return f"{self.rows:,} rows of {self.kind}: {said}"

    @property
    def lines(self) -> tuple[str, ...]:
        """What to tell people."""
        found = [self.gist, *self.notes]
        if self.rejects:
            found += [f"the refused rows are in {self.rejects}: mend them there, then", f"  {self.again}"]
        if self.undo:
            found.append(f"'{self.undo}' takes the import back")
        return tuple(found)
