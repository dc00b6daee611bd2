"""How far an import has come: how many rows are settled, in which batch they are, and where the refused ones are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.services.imports.rejects import Rejects
from crmcli.services.imports.resuming import Ledger

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.services.imports.planning import Plan
    from crmcli.services.imports.resuming import Cut
    from crmcli.services.imports.together import Together
    from crmcli.store.write import Transaction


class Settled:
    """So many `rows` of a file are settled: in the book, in this `batch` (0 before anything is written), or among the
    `rejects` on the disk. It begins where the import that was `cut` ended, and in the batch of the files before it."""

    def __init__(
        self, ctx: Context, made: Plan, *, dry_run: bool, cut: Cut | None, batch: int, together: Together | None
    ) -> None:
        self.batch, self.rows = (cut.batch, cut.settled) if cut else (together.batch if together else batch, 0)
        self.rejects = Rejects(made.path, made.header, ctx.env.now, cut.rejects if cut else "", self.rows)
        self._ledger = None if dry_run else together.ledger if together else Ledger(made, cut)
        self._before = together.settled if together else 0

    @property
    def in_all(self) -> int:
        """How many rows are settled, those of the files before this one included."""
        return self.rows + self._before

    @property
    def ended(self) -> bool:
        """Whether it is noted that all is settled, or nothing was written of which that could be noted."""
        return not self.batch or self._ledger is None or self._ledger.finished

    def keep(self, tx: Transaction, rows: int, *, finished: bool) -> None:
        """Note, with what a transaction has written, that so many rows are settled, and whether that is all of it."""
        self.rejects.save()
        self._note(tx, rows + self._before, finished=finished)

    def end(self, tx: Transaction) -> None:
        """Note that all of the file is settled, in a transaction that has written what was left."""
        self._note(tx, self.in_all, finished=True)

    def _note(self, tx: Transaction, rows: int, *, finished: bool) -> None:
        if self._ledger and tx.batch:
            self._ledger.keep(tx, rows, self.rejects.path, finished=finished)
