"""crm sql: ask the documented views."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun
from crmcli.commands.words import text_of
from crmcli.results import Rows

app = noun()


@app.command(
    "sql",
    help="Run one SELECT, read-only, on the views v_lead, v_deal, v_contact ...",
    epilog='Examples:\n  crm sql "select stage, count(*) from v_deal group by 1"\n  crm sql - < report.sql',
)
def sql(
    ctx: typer.Context,
    text: Annotated[list[str], typer.Argument(metavar="SELECT|-", help="The statement; - reads it from stdin")],
) -> Rows:
    from crmcli.services import asking

    return asking.sql(book(ctx), text_of(text))
