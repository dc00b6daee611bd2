"""crm timeline: what happened with a record."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun, whole
from crmcli.results import Rows
from crmcli.services import naming
from crmcli.services import timeline as services

app = noun()


@app.command(
    "timeline", help="What happened with a record, newest first.", epilog="Examples:\n  crm timeline contact:7"
)
def timeline(
    ctx: typer.Context,
    record: Annotated[list[str], typer.Argument(metavar="RECORD", help="contact:7, a name, an e-mail address")],
    limit: Annotated[
        int, typer.Option("--limit", "-n", parser=whole, metavar="N", help="How many entries; 0 = all")
    ] = 50,
) -> Rows:
    context = book(ctx)
    kind, number = naming.resolve_any(context, " ".join(record))
    return services.timeline(context, kind, number, limit=limit)
