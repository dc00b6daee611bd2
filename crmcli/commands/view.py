"""crm view: filters with a name."""

from __future__ import annotations

from typing import Annotated

import typer

from crmcli.commands.frame import book, noun, run_of
from crmcli.domain.entities import LEAD, entity
from crmcli.results import Changed, Column, Record, Rows
from crmcli.services import records, saved_views

app = noun('Examples:\n  crm view save hot "stage:proposition value:10k.. not due:.."\n  crm deal list view:hot')
Name = Annotated[str, typer.Argument(metavar="NAME")]


@app.command(
    "save",
    help="Keep a filter under a name; 'view:NAME' uses it.",
    epilog="Examples:\n"
    '  crm view save hot "stage:proposition value:10k.."\n'
    "  crm view save mine owner:me --for deal --columns id,name,value --sort -value",
)
def save(
    ctx: typer.Context,
    name: Name,
    words: Annotated[list[str], typer.Argument(metavar="FILTER...")],
    kind: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="KIND",
            help="lead, deal, contact, company or task; any that fits unless given",
            show_default=False,
        ),
    ] = "",
    columns: Annotated[
        str, typer.Option("--columns", "-c", metavar="A,B", help="Its columns", show_default=False)
    ] = "",
    sort: Annotated[str, typer.Option("--sort", "-s", metavar="FIELD", help="Its order", show_default=False)] = "",
) -> Changed:
    about = entity(kind) if kind else None
    book(ctx).learn()
    return saved_views.save(
        book(ctx), name, about, records.filter_text(about or LEAD, words), columns=columns, sort=sort
    )


@app.command("list", help="List the saved views.")
def list_(ctx: typer.Context) -> Rows:
    return saved_views.views(book(ctx))


@app.command("show", help="Show what a view says.")
def show(ctx: typer.Context, name: Name) -> Record:
    kind, text = saved_views.get(book(ctx), name)
    columns = (Column("name", None, "Name"), Column("entity", None, "For"), Column("filter", None, "Filter"))
    return Record(f"view:{name}", columns, {"name": name, "entity": kind or None, "filter": text})


@app.command("remove", help="Forget a saved view; one that others are made of only with --yes.")
def remove(ctx: typer.Context, name: Name) -> Changed:
    return saved_views.remove(book(ctx), name, used=bool(run_of(ctx).flags.get("yes")))
