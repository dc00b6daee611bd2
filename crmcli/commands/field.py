"""crm field: fields of your own."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from crmcli.commands.frame import book, noun
from crmcli.commands.records import Values, assignments
from crmcli.domain import custom
from crmcli.results import Changed, Rows
from crmcli.services import custom as fields

#: The types of fields, as the help lists them: two lines that a narrow terminal holds.
TYPES = f"Types: {', '.join(list(custom.TYPES)[:8])},\n{', '.join(list(custom.TYPES)[8:])}."

app = noun(
    "Examples:\n"
    "  crm field add lead.industry choice Steel,Food,Energy --label Industry\n"
    "  crm field add contact.national_id identifier --label 'کد ملی'\n"
    '  crm lead add "Ada Lovelace" industry=Steel\n'
    "  crm lead list industry:steel --columns id,name,industry --sort industry\n"
    "\n"
    "A field of leads is one of deals alike: lead.industry and deal.industry are the\n"
    f"same, and a converted lead keeps its value.\n\n{TYPES}"
)
Which = Annotated[str, typer.Argument(metavar="KIND.NAME", help="lead.industry, company.sector ...")]


@app.command("list", help="List the fields of your own, and how many records have a value.")
def list_(
    ctx: typer.Context,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="[KIND]", help="lead, deal, contact, company or task; all unless given", show_default=False
        ),
    ] = "",
    removed: Annotated[bool, typer.Option("--all", help="Those that were removed too", show_default=False)] = False,
) -> Rows:
    return fields.fields(book(ctx), custom.table_of(kind) if kind else "", removed=removed)


@app.command(
    "add",
    help="Give leads and deals, contacts, companies or tasks a field. It can be filtered, sorted, listed, imported and "
    "exported as any other; one that was removed comes back with its values.",
    epilog="Examples:\n"
    "  crm field add lead.industry choice Steel,Food,Energy --label Industry\n"
    "  crm field add company.score number --help-text 'From 0 to 10'\n"
    f"\n{TYPES}",
)
def add(
    ctx: typer.Context,
    which: Which,
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="What its values are: text, number, date, choice ...")],
    options: Annotated[
        list[str] | None, typer.Argument(metavar="[OPTIONS]...", help="What a choice chooses from, with commas")
    ] = None,
    label: Annotated[
        str, typer.Option("--label", metavar="TEXT", help="How people read its name, in any script", show_default=False)
    ] = "",
    about: Annotated[str, typer.Option("--help-text", metavar="TEXT", help="What it is for", show_default=False)] = "",
) -> Changed:
    table, name = custom.place(which)
    listed = [option for word in options or () for option in re.split(r"[,;،]", word) if option.strip()]
    return fields.add(book(ctx), table, name, kind, listed, label=label, about=about)


@app.command(
    "edit",
    help="Change the label, help, options or name of a field; a new name is that of its values too.",
    epilog="Examples:\n"
    "  crm field edit lead.industry options=+Wood,-Food\n"
    "  crm field edit lead.industry label='Branche' help='Where they earn most'\n"
    "  crm field edit lead.industry name=sector",
)
def edit(ctx: typer.Context, which: Which, words: Values) -> Changed:
    return fields.edit(book(ctx), *custom.place(which), assignments(words))


@app.command(
    "remove",
    help="Put a field out of sight. Its values stay in the records; restore, undo, or adding it again as what it was "
    "bring them back.",
)
def remove(ctx: typer.Context, which: Which) -> Changed:
    return fields.remove(book(ctx), *custom.place(which))


@app.command("restore", help="Bring a removed field back, with its values.")
def restore(ctx: typer.Context, which: Which) -> Changed:
    return fields.restore(book(ctx), *custom.place(which))
