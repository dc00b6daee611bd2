"""Whether what an import has written so far still stands in the book: it may be undone or restored meanwhile."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from crmcli.errors import ConflictError, CrmError
from crmcli.store import connect

if TYPE_CHECKING:
    from crmcli.context import Context


class UndoneError(ConflictError):
    """What the import wrote before was undone."""


def check(ctx: Context, batch: int, settled: int, rows: int) -> None:
    """Stop an import whose `batch` was undone after `settled` of its `rows`: what would be added to it now could never
    be taken back. Until the transaction ends nobody can undo it. Raises ConflictError (UndoneError)."""
    lock = " FOR UPDATE" if ctx.reader.dialect == "postgresql" else ""
    found = ctx.reader.one(f"SELECT undone_by FROM batch WHERE id = ?{lock}", (batch,))
    if found is None:
        raise ConflictError("the book was replaced while the import ran")
    if found[0] is not None:
        raise UndoneError(
            f"the import was undone while it ran (batch {batch}, by batch {found[0]}); it stopped after"
            f" {settled:,} of {rows:,} rows: what it had written is taken back, the rest was not imported",
            f"'{ctx.settings.calling('undo', str(found[0]))}' brings back what was in; the same import again takes in"
            " what is missing",
        )


def told(ctx: Context, batch: int, settled: int, *, several: bool = False, back: bool = True) -> str:
    """What an import of one file, or of `several`, that stopped says of the `settled` rows before: that they are in the
    book, if they are, and how they are taken `back`."""
    stands, finished = _looked_up(ctx, batch)
    if not stands:
        return f"the {settled:,} rows that were taken in before are not in this book: import the file again"
    undo = ctx.settings.calling("undo", str(batch))
    if finished:
        return f"all {settled:,} rows are in" + (f"; '{undo}' takes them back" if back else "")
    takes = f"'{undo}' takes them back, " if back else ""
    goes_on = "the same files again find what is in by its keys" if several else "the same import with --resume goes on"
    return f"{settled:,} rows are in; {takes}{goes_on}"


def _looked_up(ctx: Context, batch: int) -> tuple[bool, bool]:
    """Whether the book that has the name now is the one that was written to, and the import stands in it, which who
    cannot look takes for true; and whether all its rows are in."""
    target = ctx.settings.database
    sql = (
        "SELECT b.undone_by, max(t.seq), max(t.hash) FROM batch b JOIN journal_tx t ON t.batch_id = b.id"
        " WHERE b.id = ? GROUP BY b.undone_by"
    )
    try:
        if not connect.is_url(target) and not connect.there(target):
            return False, False
        with contextlib.closing(connect.connect(target, say=ctx.say)) as now:
            found = now.one(sql, (batch,))
            if found is None or found[0] is not None:
                return False, False
            finished = bool(now.value("SELECT finished FROM import_run WHERE batch_id = ?", (batch,)))
            return connect.is_url(target) or found == ctx.reader.one(sql, (batch,)), finished
    except CrmError:
        return True, False
