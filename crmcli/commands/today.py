"""crm today: what is due, late, silent and new."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun
from crmcli.results import Page
from crmcli.services import today as services

app = noun()


@app.command(
    "today",
    help="What needs you: overdue, due, silent, closing and new, each with its next step.",
    epilog="Examples:\n  crm today --owner me\n  crm today -o json",
)
def today(
    ctx: typer.Context,
    owner: Annotated[
        str, typer.Option("--owner", metavar="NAME", help="Only what is theirs; 'me' for yours", show_default=False)
    ] = "",
) -> Page:
    return services.today(book(ctx), owner=owner)
