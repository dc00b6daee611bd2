"""crm lookup: who is behind a phone number or e-mail address."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun
from crmcli.results import Page
from crmcli.services import finding

app = noun()


@app.command(
    "lookup",
    help="Who has this phone number or e-mail address, with the last touches.",
    epilog="Examples:\n  crm lookup +982188887777\n  crm lookup ada@engines.example",
)
def lookup(ctx: typer.Context, text: Annotated[list[str], typer.Argument(metavar="PHONE|E-MAIL")]) -> Page:
    return finding.lookup(book(ctx), " ".join(text))
