"""crm lead: people and firms that may become customers."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crmcli.commands.frame import book, noun
from crmcli.commands.merging import named, register_merge
from crmcli.commands.opportunity import register_outcomes
from crmcli.commands.records import register
from crmcli.domain.entities import LEAD
from crmcli.services import naming

app = noun(
    'Examples:\n  crm lead add "Ada Lovelace" --company Engines --email ada@engines.example\n'
    "  crm lead list stage:new,qualified tag:vip not owner:me value:1k..\n"
    "  crm lead edit source:web stage:new owner=grace --dry-run"
)
register(app, LEAD, example="stage:new not owner:me value:1k..")
register_outcomes(app, LEAD)
register_merge(app, LEAD)


@app.command(
    "convert",
    help="Make a lead a deal, with its contact and company.",
    epilog="Examples:\n  crm lead convert 12\n  crm lead convert 12 --to contact,company\n"
    "  crm lead convert 14 --merge deal:12",
)
def convert(
    ctx: typer.Context,
    which: Annotated[str, typer.Argument(metavar="WHICH", help="A number, name, e-mail or phone")],
    to: Annotated[
        str, typer.Option("--to", metavar="KINDS", help="What to make: contact, company, deal")
    ] = "contact,company,deal",
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="The deal's name", show_default=False)] = "",
    merge: Annotated[
        list[str] | None,
        typer.Option(
            "--merge",
            metavar="WHICH",
            help="A lead or deal that is the same: deal:12; may be repeated",
            show_default=False,
        ),
    ] = None,
) -> Any:
    from crmcli.services import deals

    context = book(ctx)
    kinds = tuple(word.strip() for word in to.split(",") if word.strip())
    same = [named(context, LEAD, text) for text in merge or ()]
    return deals.convert(context, naming.resolve(context, LEAD, which), to=kinds, name=name, merge=same)
