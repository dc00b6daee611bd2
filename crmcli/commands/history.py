"""crm history: who changed what in a record."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun, whole
from crmcli.results import Rows
from crmcli.services import naming

app = noun()


@app.command("history", help="Who changed what in a record, and when.", epilog="Examples:\n  crm history deal:31")
def history(
    ctx: typer.Context,
    record: Annotated[list[str], typer.Argument(metavar="RECORD", help="deal:31, task:7, a name, an e-mail address")],
    limit: Annotated[
        int, typer.Option("--limit", "-n", parser=whole, metavar="N", help="How many changes; 0 = all")
    ] = 50,
) -> Rows:
    from crmcli.services import history as services

    context = book(ctx)
    kind, number = naming.resolve_any(context, " ".join(record))
    return services.history(context, kind, number, limit=limit)
