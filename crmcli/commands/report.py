"""crm report: figures."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun
from crmcli.results import Rows
from crmcli.services import reports

app = noun()


@app.command(
    "report",
    help="Run a report over the records that fit a filter; without a name list the reports.",
    epilog="Examples:\n  crm report\n  crm report pipeline owner:me\n  crm report win-loss -o csv",
)
def report(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Which report", show_default=False)] = "",
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORDS]...", help="A filter")] = None,
) -> Rows:
    if not name:
        return reports.listing(book(ctx))
    return reports.report(book(ctx), name, tuple(words or ()))
