"""crm brief: one page before a call."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun
from crmcli.results import Page
from crmcli.services import naming, today

app = noun()


@app.command(
    "brief",
    help="One page before a call: who, open deals, last touches, open tasks, promises.",
    epilog="Examples:\n  crm brief contact:7\n  crm brief ada@engines.example -o json",
)
def brief(
    ctx: typer.Context,
    record: Annotated[list[str], typer.Argument(metavar="RECORD", help="contact:7, a name, an e-mail address")],
) -> Page:
    context = book(ctx)
    kind, number = naming.resolve_any(context, " ".join(record))
    return today.brief(context, kind, number)
