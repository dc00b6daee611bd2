"""crm undo: take back a command or an import."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun, whole
from crmcli.results import Changed, Rows

app = noun()


@app.command(
    "undo",
    help="Take back the last change, or the one of a number; undo can be undone. Of a batch that merged many records, "
    "one merge can be taken apart alone.",
    epilog="Examples:\n  crm undo\n  crm undo --list\n  crm undo 118\n  crm undo 118 --dry-run\n"
    "  crm undo 118 contact:14     # of all that batch 118 merged, contact:14 alone",
)
def undo(
    ctx: typer.Context,
    batch: Annotated[
        int | None,
        typer.Argument(parser=whole, metavar="[N]", help="The number that 'crm undo --list' shows", show_default=False),
    ] = None,
    merged: Annotated[
        str,
        typer.Argument(metavar="[RECORD]", help="A record that it merged: only that merge", show_default=False),
    ] = "",
    listed: Annotated[bool, typer.Option("--list", help="List the last changes instead", show_default=False)] = False,
    limit: Annotated[
        int, typer.Option("--limit", "-n", parser=whole, metavar="N", help="How many to list; 0 = all")
    ] = 20,
) -> Changed | Rows:
    from crmcli.services import history, undo_merges

    if listed:
        return history.batches(book(ctx), limit=limit)
    return history.undo(book(ctx), batch, undo_merges.named(book(ctx), merged) if merged else None)
